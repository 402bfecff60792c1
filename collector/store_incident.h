/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_incident.h - incidents, each change with who, when and why, and notes.
 */
#ifndef STORE_INCIDENT_H
#define STORE_INCIDENT_H

#include "incident.h"
#include "names.h"
#include "store.h"

struct store_incident {
    int64_t id;
    const char *key; /* what correlate.h put it together by */
    const char *playbook, *rule, *title;
    const char *site, *segment, *device;
    enum severity severity; /* the highest of its alerts */
    enum role owner;
    enum incident_state state;
    enum disposition disposition;
    bool drill;
    uint64_t reopened;    /* how many times */
    uint64_t alerts;      /* its alerts, repeats included */
    usec_t first, last;   /* packet time of its first and last alert */
    usec_t opened, heard; /* our clock: made, and when its last alert joined */
    usec_t closed;
};

/* id, state, disposition, reopened, closed are the store's. */
int store_incident_open(struct store *s, const struct store_incident *i, int64_t *ret_id);

/* One more alert: counts, first and last, the highest severity. */
int store_incident_join(struct store *s, int64_t id, usec_t at, enum severity severity,
                        uint64_t alerts);

/* The newest incident with this key that is not closed. -ENOENT. */
int store_incident_find(struct store *s, const char *key, struct store_incident *ret);

/*
 * Moves it, if incident_refuse has nothing against it, and writes the change down; also
 * as an input "incident" for its runs, and on the audit record. -EPERM: refused,
 * store_error says why; -ESTALE: it is no longer in c->from.
 */
int store_incident_change(struct store *s, int64_t id, const struct incident_change *c);

int store_incident_note(struct store *s, int64_t id, const char *who, const char *text);

int store_incident_get(struct store *s, int64_t id, struct store_incident *ret);
void store_incident_done(struct store_incident *i);
struct json *store_incident_json(const struct store_incident *i);

struct store_incident_filter {
    int64_t before;                       /* ids below; newest first */
    const char *site, *playbook, *device; /* NULL: any */
    enum severity least;
    uint32_t states; /* bit 1 << state; 0: any */
    uint32_t owners; /* bit 1 << role; 0: any */
    bool leave_out_drills;
    size_t limit; /* 0: 100; at most 10,000 */
};

typedef void store_incident_fn(const struct store_incident *i, void *arg);
int store_incident_each(struct store *s, const struct store_incident_filter *f,
                        store_incident_fn *fn, void *arg);

/* Changes and notes of one incident, oldest first. */
struct store_entry {
    int64_t id, incident;
    usec_t at;
    const char *who;
    enum incident_state was, became; /* equal for a note */
    enum disposition disposition;
    const char *text; /* the reason or the note */
};
typedef void store_entry_fn(const struct store_entry *e, void *arg);
struct json *store_entry_json(const struct store_entry *e);
int store_incident_each_entry(struct store *s, int64_t id, store_entry_fn *fn, void *arg);

/* How often a rule's incidents turned out to be true here; drills are left out. */
struct store_record {
    uint64_t alerts, incidents;
    uint64_t closed, confirmed, benign, false_positive, unknown;
};
int store_rule_record(struct store *s, const char *rule, struct store_record *ret);

#endif
