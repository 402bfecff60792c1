/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor_dress.h - puts into an event what a sensor knows beside the protocol: the two
 * ends, where in the district they are, and what has become of the flow.
 */
#ifndef SENSOR_DRESS_H
#define SENSOR_DRESS_H

#include "agent/flow.h"
#include "agent/packet.h"
#include "district.h"
#include "event.h"

/* The ends of a flow, or of a packet without one (f is NULL), and their segments; their
 * groups, too, when somebody asks for them. */
void dress_ends(const struct district *district, bool groups, struct event *e,
                const struct packet *p, const struct flow *f);

/* Which way a flow goes, seen from the district's networks. */
enum direction dress_direction(const struct district *district, const struct flow *f);

/* The groups of an event that was made from another, from the ends and segments in it. */
void dress_groups(const struct district *district, struct event *e);

/* Counters and state of a flow so far. */
void dress_flow(struct event *e, const struct flow *f);

/* What passed of it since it was last told of, as flow.delta_ and flow.rate_. */
void dress_part(struct event *e, const struct flow_part *part);

/* What application it was, and its host. */
void dress_application(struct event *e, const struct flow *f);

/* Into what is told of a flow itself, and its hellos: whether its client had looked its
 * server's address up, and where no host is named, the name that led to it. */
void dress_looked_up(struct event *e, const struct flow *f);

/* The flow remembers the host that a TLS, QUIC or HTTP event of it names, and what its
 * media type says of the application. */
void dress_keep(struct flow *f, const struct event *e);

#endif
