/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus's text format, version 0.0.4. Nothing in it names a device or a person.
 */
#include <errno.h>
#include <inttypes.h>

#include "collector/api_inside.h"
#include "collector/store_agent.h"
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
    return put_agents(a->set.store, out);
}
