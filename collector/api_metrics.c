/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus's text format, version 0.0.4. Nothing in it names a device or a person.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "collector/api_inside.h"
#include "collector/engine.h"
#include "collector/store_agent.h"
#include "collector/store_evidence.h"
#include "text.h"

static void head(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_print(out, "# HELP hallwatch_%s %s\n# TYPE hallwatch_%s %s\n", name, help,
                 name, type);
}

static void single(struct buffer *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "gauge", help);
    buffer_print(out, "hallwatch_%s %" PRIu64 "\n", name, value);
}

static void by_name(struct buffer *out, const char *name, const char *label,
                    const struct names *names, const uint64_t *values)
{
    for (size_t i = 0; i < names->count; i++)
        buffer_print(out, "hallwatch_%s{%s=\"%s\"} %" PRIu64 "\n", name, label,
                     names->at[i], values[i]);
}

static void put_counts(const struct api *a, const struct store_counts *c, usec_t now,
                       struct buffer *out)
{
    head(out, "alerts_total", "counter", "alerts stored");
    by_name(out, "alerts_total", "severity", &names_severity, a->alerts.of);
    head(out, "incidents", "gauge", "incidents by state");
    by_name(out, "incidents", "state", &names_incident_state, c->incidents);
    single(out, "alerts_waiting", "alerts that the engine has not looked at yet",
           c->alerts_new);
    single(out, "runs_active", "playbook runs under way", c->runs_active);
    single(out, "timers_late", "timers that should have fired over a minute ago",
           c->timers_late);
    single(out, "tasks_waiting", "tasks that wait for a person", c->tasks_waiting);
    single(out, "tasks_overdue", "tasks whose time is up", c->tasks_overdue);
    single(out, "outbox_waiting", "messages that wait to be sent", c->wishes_waiting);
    single(out, "outbox_failed", "messages that could not be sent", c->wishes_failed);
    single(out, "outbox_oldest_seconds", "how long the oldest of them has been due",
           c->oldest_wish && c->oldest_wish < now ? (now - c->oldest_wish) / USEC_PER_SEC
                                                  : 0);
}

struct agents {
    struct buffer heard, lost, rejected;
};

static void add_agent(const struct store_agent *a, void *arg)
{
    struct agents *all = arg;

    if (a->revoked)
        return;
    buffer_print(&all->heard, "hallwatch_agent_heard_timestamp_seconds{agent=\"%s\"} ",
                 a->name);
    buffer_print(&all->heard, "%" PRIu64 ".%06" PRIu64 "\n", a->heard / USEC_PER_SEC,
                 a->heard % USEC_PER_SEC);
    buffer_print(&all->lost, "hallwatch_agent_lost_total{agent=\"%s\"} %" PRIu64 "\n",
                 a->name, a->lost);
    buffer_print(&all->rejected,
                 "hallwatch_agent_rejected_total{agent=\"%s\"} %" PRIu64 "\n", a->name,
                 a->rejected);
}

static void put(struct buffer *out, struct buffer *lines)
{
    buffer_add(out, lines->at, lines->len);
    buffer_done(lines);
}

static int put_agents(struct store *s, struct buffer *out)
{
    struct agents all = {0};
    int r = store_agent_each(s, add_agent, &all);

    head(out, "agent_heard_timestamp_seconds", "gauge",
         "when the agent was heard last; 0: never");
    put(out, &all.heard);
    head(out, "agent_lost_total", "counter", "records that the agent had to give up");
    put(out, &all.lost);
    head(out, "agent_rejected_total", "counter", "records that could not be read");
    put(out, &all.rejected);
    return r;
}

static void put_processes(const struct board *board, struct buffer *out)
{
    if (!board)
        return;
    head(out, "process_starts_total", "counter",
         "how often each process of this host was started");
    for (size_t i = 0; i < COLLECTOR_ROLES; i++)
        buffer_print(out, "hallwatch_process_starts_total{process=\"%s\"} %llu\n",
                     names_get(&names_collector_role, i), atomic_load(&board->starts[i]));
}

/* ---- rules at the collector: what the engine counted since it began ---- */

static const struct {
    const char *name, *key, *help;
} across_totals[] = {
    {"across_late_total", "late", "alerts that came after their time was counted"},
    {"across_too_late_total", "too_late", "alerts that came too late to be counted"},
    {"across_recounts_total", "recounts",
     "how often all was counted again for late ones"},
    {"across_left_out_total", "left_out", "alerts that did not fit into a recount"},
};
static const struct {
    const char *name, *key, *help;
} across_by_rule[] = {
    {"across_rule_matches_total", "hits", "alerts that met a rule at the collector"},
    {"across_rule_alerts_total", "alerts", "alerts that it raised, or would have"},
    {"across_rule_repeats_total", "repeats", "repeats of them, which are summed up"},
    {"across_rule_evicted_total", "evicted",
     "things that it had to forget because its memory was full"},
};

struct across_lines {
    struct buffer *out;
    size_t row;
};

static void put_across_rule(const char *id, struct json *counts, void *arg)
{
    const struct across_lines *l = arg;

    buffer_print(l->out, "hallwatch_%s{rule=\"%s\"} %" PRId64 "\n",
                 across_by_rule[l->row].name, id,
                 json_get_number(counts, across_by_rule[l->row].key, 0));
}

static void put_across_counts(const struct json *counts, struct buffer *out)
{
    for (size_t i = 0; i < sizeof(across_totals) / sizeof(*across_totals); i++) {
        head(out, across_totals[i].name, "counter", across_totals[i].help);
        buffer_print(out, "hallwatch_%s %" PRId64 "\n", across_totals[i].name,
                     json_get_number(counts, across_totals[i].key, 0));
    }
    for (size_t i = 0; i < sizeof(across_by_rule) / sizeof(*across_by_rule); i++) {
        head(out, across_by_rule[i].name, "counter", across_by_rule[i].help);
        json_each(json_get(counts, "rules"), put_across_rule,
                  &(struct across_lines){out, i});
    }
}

/* Ids of rules are words of small letters, digits, '.', '-' and '_'. */
static int put_across(struct store *s, struct buffer *out)
{
    auto_free char *text = NULL;
    auto_json struct json *counts = NULL;
    int r = store_meta_get(s, ENGINE_ACROSS_COUNTS, &text);

    if (r)
        return r == -ENOENT ? 0 : r;
    counts = json_parse(text, strlen(text), NULL);
    if (json_is_object(counts) && json_is_object(json_get(counts, "rules")))
        put_across_counts(counts, out);
    return 0;
}

static int put_evidence(struct store *s, struct buffer *out)
{
    auto_free char *text = NULL;
    struct store_evidence_held held;
    uint64_t room = 0;
    int r = store_evidence_held(s, &held);

    if (r == 0)
        r = store_meta_get(s, STORE_EVIDENCE_ROOM, &text);
    if (r != 0 && r != -ENOENT)
        return r;
    if (text && text_parse_number(text, &room) != 0)
        room = 0;
    single(out, "evidence_held", "pieces of evidence that somebody, or a step, holds",
           held.count);
    single(out, "evidence_held_bytes", "bytes of them", held.bytes);
    single(out, "evidence_room_bytes", "room for what nobody holds", room);
    return 0;
}

int api_metrics(struct api *a, struct buffer *out)
{
    struct store_counts counts = {0};
    int r = store_count_alerts(a->set.store, &a->alerts);

    if (r == 0)
        r = store_count(a->set.store, &counts);
    if (r != 0)
        return r;
    put_counts(a, &counts, store_now(a->set.store), out);
    put_processes(a->set.board, out);
    r = put_across(a->set.store, out);
    if (r == 0)
        r = put_evidence(a->set.store, out);
    if (r != 0)
        return r;
    return put_agents(a->set.store, out);
}
