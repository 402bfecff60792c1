/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uplink.h - takes what the agent has to say to a collector: into the spool first, then
 * over the wire, to the next address when one doesn't answer (docs/WIRE.md).
 *
 *     uplink_append(u, WIRE_ALERTS, text, len);
 *
 * is all that its user does. It commits and sends by itself, on the loop.
 */
#ifndef UPLINK_H
#define UPLINK_H

#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "cur.h"
#include "link.h"
#include "loop.h"
#include "spool.h"
#include "wire.h"

struct uplink;

struct uplink_settings {
    struct loop *loop;
    struct spool *spool;          /* borrowed; nobody else commits it */
    const char *const *addresses; /* of collectors, "tcp://10.0.0.2:5570"; borrowed */
    size_t address_count;         /* at least 1 */
    const char *server_key;       /* the collectors' public key; borrowed */
    struct wire_keys keys;        /* this agent's */
    const char *version;          /* of the program; borrowed */
    uint8_t boot[WIRE_BOOT];
    /* Messages about bundles; may be NULL */
    void (*on_config)(const struct wire_head *head, struct cur payload, void *arg);
    /* Evidence is asked for; may be NULL */
    void (*on_ask)(const struct wire_ask *ask, void *arg);
    void *arg;
};

/* The boot id of this start of the machine, as text in /proc/sys/kernel/random/boot_id;
 * -errno when it cannot be read. */
int uplink_boot_id(uint8_t ret_boot[WIRE_BOOT]);

/* 0; -EINVAL: an address or key is none; -errno of wire_new. */
int uplink_new(const struct uplink_settings *set, struct uplink **ret_uplink);
void uplink_free(struct uplink *u); /* says BYE; the spool stays. NULL is fine */
AUTO_DEFINE(uplink, uplink_free)
#define auto_uplink __attribute__((cleanup(auto_uplink_run)))

/* As spool_append. */
int uplink_append(struct uplink *u, enum wire_stream stream, const void *bytes,
                  size_t len);

/* What was appended is on disk, or -errno: then it still waits in memory. */
int uplink_commit(struct uplink *u);

/* To the collector, when there is a session: 0 or -EAGAIN. For bundles, and what
 * was asked. */
int uplink_say(struct uplink *u, const struct wire_head *head, const void *payload,
               size_t len);

/* The serial of the bundle in use. */
void uplink_set_bundle(struct uplink *u, uint64_t serial);

/* For the agent's health report; borrowed until the next call. */
struct uplink_counts {
    const struct spool_counts *spool;
    const struct link_counts *link;
    const char *address; /* that is connected to or being tried */
    uint64_t connections;
    uint64_t refused_keys, refused_handshakes;
};

const struct uplink_counts *uplink_counts(struct uplink *u);

#endif
