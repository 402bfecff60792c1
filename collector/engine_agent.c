/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent that is silent raises no alert about it, so the collector does: what the
 * intake noticed about agents, and what agents had to give up, become alerts of the
 * collector's own, and take the same way as all others. How far they were looked at is
 * remembered in the store; an alert of the same row is the same alert.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/engine_inside.h"
#include "collector/store_agent.h"
#include "collector/store_alert.h"
#include "collector/store_incident.h"
#include "mem.h"

#define OURSELVES "collector"
#define PLAYBOOK  "monitoring-failure"
#define A_TURN    1000 /* rows of each table, in one transaction */

/* Streams of our own: the number of a row is the alert's sequence number in it. */
enum source { SOURCE_NOTICES = 1, SOURCE_LOSSES = 2 };

static const char *const marks[] = {
    [SOURCE_NOTICES] = "engine.notices",
    [SOURCE_LOSSES] = "engine.losses",
};

struct told {
    const char *rule; /* NULL: no alert */
    const char *title;
    enum severity severity;
    bool can_wait; /* nobody is woken for it */
};

static const struct told notices_told[] = {
    [NOTICE_SILENT] = {"agent.silent", "A sensor is silent", SEVERITY_HIGH, false},
    [NOTICE_BACK] = {NULL, "the sensor speaks again", SEVERITY_INFO, false},
    [NOTICE_EPOCH] = {"agent.new-spool", "A sensor lost what it had not sent yet",
                      SEVERITY_MEDIUM, false},
    [NOTICE_COPY] = {"agent.copy", "Two machines speak with the key of one sensor",
                     SEVERITY_CRITICAL, false},
    [NOTICE_HELD] = {"evidence.held", "Evidence that is held takes much of its room",
                     SEVERITY_LOW, true},
};
static const struct told loss_told = {
    "agent.lost", "A sensor had to give up alerts or reports", SEVERITY_MEDIUM, false};

/* One row, of either table. */
struct matter {
    int64_t id;
    char *agent;
    const struct told *told;
    usec_t at;
    uint64_t epoch; /* of NOTICE_EPOCH; else 0 */
    char *detail;   /* or NULL */
};

struct matters {
    struct matter *at;
    size_t count, capacity;
};

static void matters_done(struct matters *m)
{
    while (m->count > 0) {
        free(m->at[--m->count].agent);
        free(m->at[m->count].detail);
    }
    free(m->at);
}

static struct matter *matter_new(struct matters *all, int64_t id, const char *agent)
{
    struct matter *m;

    all->at = xgrow(all->at, all->count, &all->capacity, sizeof(*all->at));
    m = &all->at[all->count++];
    *m = (struct matter){.id = id, .agent = xstrdup(agent)};
    return m;
}

static void take_notice(const struct store_notice *n, void *arg)
{
    struct matters *all = arg;
    struct matter *m;

    m = matter_new(all, n->id, n->agent);
    m->told = &notices_told[n->kind];
    m->at = n->at;
    m->epoch = n->kind == NOTICE_EPOCH ? n->epoch : 0;
}

static void take_loss(const struct store_loss *l, void *arg)
{
    struct matters *all = arg;
    struct matter *m;

    m = matter_new(all, l->id, l->agent);
    m->told = &loss_told;
    m->at = l->told;
    m->detail = xasprintf("%" PRIu64 " records (%s)", l->count, l->reason);
}

/* ---- what comes of one ---- */

static char *document(const struct matter *m)
{
    auto_json struct json *doc = json_new_object();
    char time[CLOCK_TEXT];

    clock_print(m->at, time);
    json_put_text(doc, "timestamp", time);
    json_put_text(doc, "event_type", "alert");
    json_put_path(doc, "alert.signature", json_new_text(m->told->title));
    json_put_path(doc, "hallwatch.rule", json_new_text(m->told->rule));
    json_put_path(doc, "hallwatch.severity",
                  json_new_text(names_get(&names_severity, m->told->severity)));
    json_put_path(doc, "hallwatch.agent", json_new_text(m->agent));
    json_put_path(doc, "hallwatch.playbook", json_new_text(PLAYBOOK));
    json_put_path(doc, "hallwatch.after_hours",
                  json_new_text(m->told->can_wait ? "digest" : "page"));
    if (m->detail)
        json_put_path(doc, "hallwatch.detail", json_new_text(m->detail));
    return json_write(doc);
}

static int put_alert(struct store *s, const struct matter *m, enum source source,
                     const char *site)
{
    auto_free char *text = document(m);
    auto_free char *title = xasprintf("%s: %s", m->told->title, m->agent);
    struct store_alert a = {.agent = OURSELVES,
                            .epoch = source,
                            .seq = (uint64_t)m->id,
                            .at = m->at,
                            .arrived = store_now(s),
                            .rule = m->told->rule,
                            .title = title,
                            .severity = m->told->severity,
                            .site = site,
                            .device = m->agent,
                            .playbook = PLAYBOOK,
                            .owner = ROLE_NETWORK_ADMIN,
                            .document = text};
    int rc = store_alert_put(s, &a);

    return rc == -EEXIST ? 0 : rc;
}

static void find_incident(const struct store_incident *i, void *arg)
{
    *(int64_t *)arg = i->id;
}

/* Good news: whoever brings it back reads it in the incident. */
static int put_note(struct store *s, const struct matter *m)
{
    const struct store_incident_filter f = {.playbook = PLAYBOOK,
                                            .device = m->agent,
                                            .states = (1u << INCIDENT_CLOSED) - 1,
                                            .limit = 1};
    int64_t incident = 0;
    int rc = store_incident_each(s, &f, find_incident, &incident);

    if (rc || incident == 0)
        return rc;
    return store_incident_note(s, incident, "engine", m->told->title);
}

/* An agent's first spool is not the loss of one. */
static int is_first_spool(struct store *s, const struct matter *m, bool *ret_first)
{
    const struct store_notice n = {.id = m->id, .agent = m->agent, .epoch = m->epoch};
    bool follows = false;
    int rc = m->epoch ? store_notice_follows(s, &n, &follows) : 0;

    *ret_first = m->epoch && !follows;
    return rc;
}

static int tell(struct store *s, const struct matter *m, enum source source)
{
    struct store_agent agent = {0};
    bool first = false;
    int rc = is_first_spool(s, m, &first);

    if (rc || first)
        return rc;
    if (!m->told->rule)
        return put_note(s, m);
    rc = store_agent_get(s, m->agent, &agent);
    if (rc && rc != -ENOENT)
        return rc;
    rc = put_alert(s, m, source, agent.site ? agent.site : "");
    store_agent_done(&agent);
    return rc;
}

/* ---- all that are new ---- */

static int read_mark(struct store *s, enum source source, int64_t *ret_after)
{
    auto_free char *text = NULL;
    uint64_t after = 0;
    int rc = store_meta_get(s, marks[source], &text);

    if (rc == 0)
        rc = text_parse_number(text, &after);
    *ret_after = (int64_t)after;
    return rc == -ENOENT ? 0 : rc;
}

static int write_mark(struct store *s, enum source source, int64_t id)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, id);
    return store_meta_put(s, marks[source], text);
}

static int read_new(struct store *s, enum source source, struct matters *ret)
{
    int64_t after = 0;
    int rc = read_mark(s, source, &after);

    if (rc)
        return rc;
    return source == SOURCE_NOTICES
               ? store_notice_each(s, after, A_TURN, take_notice, ret)
               : store_loss_each(s, after, A_TURN, take_loss, ret);
}

/* What is more than fits into a turn waits for the next one. */
static int tell_new(struct store *s, enum source source, bool *ret_more)
{
    struct matters all = {0};
    int rc = read_new(s, source, &all);

    for (size_t i = 0; rc == 0 && i < all.count; i++)
        rc = tell(s, &all.at[i], source);
    if (rc == 0 && all.count > 0)
        rc = write_mark(s, source, all.at[all.count - 1].id);
    *ret_more = *ret_more || all.count == A_TURN;
    matters_done(&all);
    return rc;
}

int engine_tell_agents(struct engine *e, bool *ret_more)
{
    int rc = store_begin(e->set.store);

    if (rc)
        return rc;
    rc = tell_new(e->set.store, SOURCE_NOTICES, ret_more);
    if (rc == 0)
        rc = tell_new(e->set.store, SOURCE_LOSSES, ret_more);
    if (rc == 0)
        return store_commit(e->set.store);
    store_rollback(e->set.store);
    return rc;
}
