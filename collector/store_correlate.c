/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A burst is usually about one matter, so an engine's batch asks for the same key many
 * times; the index on keys makes that cheap. Silences are few: they are read for each
 * alert, so that none is a moment late.
 */
#include "collector/store_correlate.h"

#include <errno.h>
#include <stdlib.h>

#include "collector/store_freeze.h"
#include "collector/store_run.h"
#include "collector/store_sql.h"
#include "mem.h"

/* One alert on its way to its fate. */
struct matter {
    struct store *s;
    const struct correlate *c;
    const struct store_alert *a;
    usec_t now;
    struct correlate_facts facts;
    int64_t silence;
    int rc;
};

/* ---- what is known about it ---- */

static void try_silence(const struct store_silence *silence, void *arg)
{
    struct matter *m = arg;

    if (m->facts.silenced || !correlate_silences(silence, m->a, m->now))
        return;
    m->facts.silenced = true;
    m->silence = silence->id;
}

static void try_other(const struct store_alert *other, void *arg)
{
    struct matter *m = arg;

    if (other->id != m->a->id && correlate_inhibits(m->c, other, m->a))
        m->facts.inhibited = true;
}

static void ask_source(const char *rule, usec_t within, void *arg)
{
    struct matter *m = arg;
    const struct store_alert_filter recent = {
        .rule = rule,
        .site = m->a->site[0] ? m->a->site : NULL,
        .since = m->now > 2 * within ? m->now - 2 * within : 1,
        .limit = 1000,
    };

    if (m->rc == 0 && !m->facts.inhibited)
        m->rc = store_alert_each(m->s, &recent, try_other, m);
}

/* ---- what comes of it ---- */

static int open_incident(struct matter *m, const char *key, int64_t *ret_id)
{
    const struct store_alert *a = m->a;
    const struct store_incident i = {.key = key,
                                     .playbook = a->playbook,
                                     .rule = a->rule,
                                     .title = a->title,
                                     .site = a->site,
                                     .segment = a->segment,
                                     .device = a->device,
                                     .severity = a->severity,
                                     .owner = a->owner,
                                     .drill = a->drill,
                                     .alerts = 1,
                                     .first = a->at,
                                     .last = a->at};

    return store_incident_open(m->s, &i, ret_id);
}

static int tell_runs(struct matter *m, int64_t incident)
{
    auto_json struct json *object = json_new_object();
    auto_free char *document = NULL;

    json_put_number(object, "alert", m->a->id);
    json_put_text(object, "rule", m->a->rule);
    json_put_text(object, "severity", names_get(&names_severity, m->a->severity));
    document = json_write(object);
    return store_input_put_all(m->s, incident, INPUT_ALERT, "engine", document);
}

static int join(struct matter *m, int64_t incident)
{
    uint64_t alerts = m->a->summary ? m->a->repeats : 1;
    int rc = store_incident_join(m->s, incident, m->a->at, m->a->severity, alerts);

    return rc ? rc : tell_runs(m, incident);
}

static int carry_out(struct matter *m, const char *key, struct settled *ret)
{
    const struct store_incident *joined = m->facts.incident;
    int rc = 0;

    if (ret->fate == ALERT_OPENED)
        rc = open_incident(m, key, &ret->incident);
    else if (ret->fate == ALERT_JOINED && joined)
        rc = join(m, ret->incident = joined->id);
    else if (ret->fate == ALERT_SILENCED)
        rc = store_silence_hit(m->s, m->silence);
    if (rc == 0)
        rc = store_alert_settle(m->s, m->a->id, ret->fate, ret->incident);
    if (rc == 0 && ret->fate == ALERT_JOINED && joined)
        rc = store_freeze_join(m->s, joined->id, m->a->id);
    return rc;
}

int store_correlate(struct store *s, const struct correlate *c,
                    const struct store_alert *a, struct settled *ret)
{
    struct matter m = {.s = s, .c = c, .a = a, .now = store_now(s)};
    auto_free char *key = correlate_key(c, a, &m.facts.within);
    struct store_incident incident;
    int rc = store_silence_each(s, m.now, try_silence, &m), found;

    if (rc)
        return rc;
    correlate_each_source(c, a, ask_source, &m);
    if (m.rc)
        return m.rc;
    found = store_incident_find(s, key, &incident);
    if (found != 0 && found != -ENOENT)
        return found;
    m.facts.incident = found == 0 ? &incident : NULL;
    *ret = (struct settled){.fate = correlate_decide(a, &m.facts)};
    rc = carry_out(&m, key, ret);
    if (found == 0)
        store_incident_done(&incident);
    return rc;
}

/* ---- a batch ---- */

/* Read first, then settled: the rows that are being walked should stand still. */
struct batch {
    int64_t *ids;
    size_t count, capacity;
};

static void remember(const struct store_alert *a, void *arg)
{
    struct batch *b = arg;

    b->ids = xgrow(b->ids, b->count, &b->capacity, sizeof(*b->ids));
    b->ids[b->count++] = a->id;
}

static int settle_one(struct store *s, const struct correlate *c, int64_t id,
                      settled_fn *fn, void *arg)
{
    struct store_alert a;
    struct settled done;
    int rc = store_alert_get(s, id, &a);

    if (rc)
        return rc;
    rc = store_correlate(s, c, &a, &done);
    if (rc == 0)
        rc = fn(&a, &done, arg);
    store_alert_done(&a);
    return rc;
}

int store_correlate_new(struct store *s, const struct correlate *c, size_t limit,
                        settled_fn *fn, void *arg, size_t *ret_count)
{
    struct batch b = {0};
    int rc = store_alert_each_new(s, limit, remember, &b);

    for (size_t i = 0; rc == 0 && i < b.count; i++)
        rc = settle_one(s, c, b.ids[i], fn, arg);
    if (rc == 0 && b.count > 0)
        rc = store_alert_settled_to(s, b.ids[b.count - 1]);
    if (rc == 0)
        *ret_count = b.count;
    free(b.ids);
    return rc;
}
