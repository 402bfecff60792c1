/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages: {"alerts": [...], "next": "before=4711"}, newest first; "next" is the query
 * of the page that follows, null when this one was the last.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/api_inside.h"
#include "collector/sight.h"
#include "collector/store_agent.h"
#include "collector/store_alert.h"
#include "collector/store_incident.h"
#include "collector/store_run.h"
#include "collector/store_task.h"

#define PAGE      100
#define PAGE_MOST 1000

struct page {
    struct question *question;
    struct json *list;
    size_t limit;
    int64_t last; /* id of the last row */
};

static struct page page_of(struct question *q)
{
    uint64_t limit = question_number(q, "limit", PAGE);

    if (limit < 1 || limit > PAGE_MOST)
        question_refuse(q, 400, "\"limit\" is from 1 to %d", PAGE_MOST);
    return (struct page){.question = q, .list = json_new_list(), .limit = (size_t)limit};
}

static void page_put(struct page *p, const char *name)
{
    struct json *o = json_new_object();
    char next[32];

    snprintf(next, sizeof(next), "before=%" PRId64, p->last);
    json_put(o, "next",
             p->last && json_count(p->list) == p->limit ? json_new_text(next)
                                                        : json_new_null());
    json_put(o, name, p->list);
    p->question->answer = o;
}

/* Gives the page to the question when its rows could be read. */
static int page_end(struct page *p, const char *name, int r)
{
    if (r == 0 && !p->question->status)
        page_put(p, name);
    else
        json_free(p->list);
    return r;
}

static enum severity least(struct question *q)
{
    int word = question_word(q, "severity", &names_severity);

    return word < 0 ? SEVERITY_INFO : (enum severity)word;
}

static bool leave_out_drills(struct question *q)
{
    return http_query(q->request, "drills") && !question_flag(q, "drills");
}

/* What may be seen of what; those of whom nothing may be seen were not asked for. Who
 * asks for a device would learn from the answer whose it is. */
static uint32_t owners_of(struct question *q)
{
    bool device = http_query(q->request, "device");

    return sight_owners(q->role, device ? SIGHT_WHAT | SIGHT_DEVICE : SIGHT_WHAT);
}

/* ---- alerts ---- */

static struct json *seen_alert(const struct store_alert *a, unsigned sight)
{
    struct json *json = store_alert_json(a);
    auto_json struct json *document = json_parse(a->document, strlen(a->document), NULL);

    json_put(json, "document", sight_document(document, sight));
    if (!(sight & SIGHT_DEVICE))
        json_put_text(json, "device", "");
    return json;
}

static void add_alert(const struct store_alert *a, void *arg)
{
    struct page *p = arg;

    json_add(p->list, seen_alert(a, sight_of(p->question->role, a->owner)));
    p->last = a->id;
}

int api_alerts(struct question *q)
{
    struct page page = page_of(q);
    struct store_alert_filter f = {
        .before = (int64_t)question_number(q, "before", 0),
        .rule = http_query(q->request, "rule"),
        .site = http_query(q->request, "site"),
        .device = http_query(q->request, "device"),
        .playbook = http_query(q->request, "playbook"),
        .incident = (int64_t)question_number(q, "incident", 0),
        .least = least(q),
        .since = question_time(q, "since"),
        .until = question_time(q, "until"),
        .owners = owners_of(q),
        .leave_out_drills = leave_out_drills(q),
        .limit = page.limit,
    };

    return page_end(&page, "alerts",
                    q->status ? 0 : store_alert_each(q->store, &f, add_alert, &page));
}

/* ---- incidents ---- */

/* The key names the device as well. */
static struct json *seen_incident(const struct store_incident *i, unsigned sight)
{
    struct json *json = store_incident_json(i);

    if (!(sight & SIGHT_DEVICE)) {
        json_put_text(json, "device", "");
        json_put_text(json, "key", "");
    }
    return json;
}

static void add_incident(const struct store_incident *i, void *arg)
{
    struct page *p = arg;

    json_add(p->list, seen_incident(i, sight_of(p->question->role, i->owner)));
    p->last = i->id;
}

int api_incidents(struct question *q)
{
    struct page page = page_of(q);
    struct store_incident_filter f = {
        .before = (int64_t)question_number(q, "before", 0),
        .site = http_query(q->request, "site"),
        .playbook = http_query(q->request, "playbook"),
        .device = http_query(q->request, "device"),
        .least = least(q),
        .states = question_words(q, "state", &names_incident_state),
        .owners = owners_of(q),
        .leave_out_drills = leave_out_drills(q),
        .limit = page.limit,
    };

    return page_end(&page, "incidents",
                    q->status ? 0
                              : store_incident_each(q->store, &f, add_incident, &page));
}

static void add_entry(const struct store_entry *e, void *arg)
{
    json_add(arg, store_entry_json(e));
}

static void add_task(const struct store_task *t, void *arg)
{
    struct page *p = arg;
    struct json *json = store_task_json(t);

    /* It was written for the role that does it, with what that role may see. */
    if (t->role != p->question->role) {
        json_put_text(json, "title", "");
        json_put(json, "detail", json_new_null());
        json_put(json, "answer", json_new_null());
    }
    json_add(p->list, json);
}

/* Where the run is, without the facts that it knows. */
static struct json *seen_state(const char *text)
{
    static const char *const names[] = {"step", "due", "visit", "rung"};
    auto_json struct json *state = json_parse(text, strlen(text), NULL);
    struct json *seen = json_new_object();

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (json_get(state, names[i]))
            json_put(seen, names[i], json_clone(json_get(state, names[i])));
    return seen;
}

static void add_run(const struct store_run *r, void *arg)
{
    struct page *p = arg;
    struct json *json = store_run_json(r);

    json_put(json, "text", json_new_null()); /* long, and the same for every run of it */
    json_put(json, "state", seen_state(r->state));
    json_add(p->list, json);
    p->last = r->id;
}

/* The incident with all that hangs on it. */
static int incident_parts(struct question *q, struct json *incident)
{
    struct json *entries = json_new_list();
    struct page tasks = {.question = q, .list = json_new_list()};
    struct page runs = {.question = q, .list = json_new_list()};
    struct store_task_filter of_tasks = {.incident = q->id, .states = UINT32_MAX};
    struct store_run_filter of_runs = {.incident = q->id};
    int r = store_incident_each_entry(q->store, q->id, add_entry, entries);

    if (r == 0)
        r = store_task_each(q->store, &of_tasks, add_task, &tasks);
    if (r == 0)
        r = store_run_each(q->store, &of_runs, add_run, &runs);
    json_put(incident, "entries", entries);
    json_put(incident, "tasks", tasks.list);
    json_put(incident, "runs", runs.list);
    return r ? r : api_evidence_of(q, q->id, incident);
}

int api_incident(struct question *q)
{
    struct store_incident i;
    unsigned sight;
    int r = store_incident_get(q->store, q->id, &i);

    if (r < 0)
        return r;
    sight = sight_of(q->role, i.owner);
    if (sight & SIGHT_WHAT)
        q->answer = seen_incident(&i, sight);
    else
        question_refuse(q, 403, "the role of this token (%s) may not see this incident",
                        names_get(&names_role, q->role));
    store_incident_done(&i);
    return q->answer ? incident_parts(q, q->answer) : 0;
}

/* ---- evidence ---- */

static void add_evidence(const struct store_evidence *e, void *arg)
{
    struct page *p = arg;

    json_add(p->list, api_evidence_seen(p->question, e));
    p->last = e->id;
}

int api_evidence_list(struct question *q)
{
    struct page page = page_of(q);
    struct store_evidence_filter f = {
        .before = (int64_t)question_number(q, "before", 0),
        .incident = (int64_t)question_number(q, "incident", 0),
        .owners = owners_of(q),
        .limit = page.limit,
    };

    return page_end(&page, "evidence",
                    q->status ? 0
                              : store_evidence_each(q->store, &f, add_evidence, &page));
}

/* ---- runs, tasks, agents ---- */

int api_runs(struct question *q)
{
    struct page page = page_of(q);
    struct store_run_filter f = {
        .before = (int64_t)question_number(q, "before", 0),
        .incident = (int64_t)question_number(q, "incident", 0),
        .owners = owners_of(q),
        .active_only = question_flag(q, "active"),
        .limit = page.limit,
    };

    return page_end(&page, "runs",
                    q->status ? 0 : store_run_each(q->store, &f, add_run, &page));
}

int api_tasks(struct question *q)
{
    struct page page = page_of(q);
    struct store_task_filter f = {
        .incident = (int64_t)question_number(q, "incident", 0),
        .run = (int64_t)question_number(q, "run", 0),
        .roles = question_words(q, "role", &names_role),
        .states = question_words(q, "state", &names_task_state),
        .owners = owners_of(q),
        .reader = q->role,
        .limit = page.limit,
    };

    return page_end(&page, "tasks",
                    q->status ? 0 : store_task_each(q->store, &f, add_task, &page));
}

static void add_agent(const struct store_agent *a, void *arg)
{
    struct page *p = arg;

    json_add(p->list, store_agent_json(a));
}

int api_agents(struct question *q)
{
    struct page page = {.question = q, .list = json_new_list(), .limit = SIZE_MAX};

    return page_end(&page, "agents", store_agent_each(q->store, add_agent, &page));
}
