/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_alert.h - alerts: written once by the intake, given a fate by the engine.
 */
#ifndef STORE_ALERT_H
#define STORE_ALERT_H

#include "names.h"
#include "store.h"

/* What the engine made of an alert. */
enum alert_fate {
    ALERT_NEW,       /* not looked at yet */
    ALERT_OPENED,    /* the first one of its incident */
    ALERT_JOINED,    /* belongs to an incident that was there */
    ALERT_SILENCED,  /* kept and counted, nobody is told */
    ALERT_INHIBITED, /* another alert explains it: kept and counted */
    ALERT_ALONE,     /* its rule leads to no playbook */
};
extern const struct names names_alert_fate;

struct store_alert {
    int64_t id;
    const char *agent;
    uint64_t epoch, seq;
    usec_t at;      /* packet time */
    usec_t arrived; /* our clock */
    const char *rule, *title;
    enum severity severity;
    const char *site, *segment;
    const char *device; /* pseudonym, or what the rule's identity lets be shown; or "" */
    const char *playbook;
    enum role owner; /* who acts first; also the class that sight.h goes by */
    bool drill;
    bool summary; /* repeats of an earlier alert, no new matter */
    uint64_t repeats;
    enum alert_fate fate;
    int64_t incident;
    const char *document; /* the JSON as it came */
};

/* id, fate and incident are the store's. -EEXIST: that (agent, epoch, seq) is there. */
int store_alert_put(struct store *s, const struct store_alert *a);

typedef void store_alert_fn(const struct store_alert *a, void *arg);

/* The oldest that have no fate yet, at most limit. */
int store_alert_each_new(struct store *s, size_t limit, store_alert_fn *fn, void *arg);

/* Those with ids above `after`, oldest first, at most limit, whatever their fate. */
int store_alert_each_after(struct store *s, int64_t after, size_t limit,
                           store_alert_fn *fn, void *arg);

/* The last id; 0: there are none. And the last one of those that arrived before a time,
 * when they arrived in order. */
int store_alert_last(struct store *s, int64_t *ret_id);
int store_alert_before(struct store *s, usec_t arrived, int64_t *ret_id);

int store_alert_settle(struct store *s, int64_t id, enum alert_fate fate,
                       int64_t incident);

/* Up to which id all are known to have a fate; to be told after they were settled. */
int store_alert_settled(struct store *s, int64_t *ret_id);
int store_alert_settled_to(struct store *s, int64_t id);

int store_alert_get(struct store *s, int64_t id, struct store_alert *ret_alert);
void store_alert_done(struct store_alert *a);
struct json *store_alert_json(const struct store_alert *a);

/* {0} asks for everything. Newest first, by id; go on with before = the last id seen.
 * Arrivals are found by halves, so that where a clock was set back in between, some that
 * arrived at the wrong time may be missing from a page of since and until. */
struct store_alert_filter {
    int64_t before;                              /* ids below; 0: from the newest */
    const char *rule, *site, *device, *playbook; /* NULL: any */
    int64_t incident;                            /* 0: any */
    enum severity least;
    usec_t since, until; /* by arrival, until exclusive; 0: open */
    uint32_t owners;     /* bit 1 << role; 0: any */
    bool leave_out_drills;
    size_t limit; /* 0: 100; at most 10,000 */
};

int store_alert_each(struct store *s, const struct store_alert_filter *f,
                     store_alert_fn *fn, void *arg);

#endif
