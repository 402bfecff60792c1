/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "alert_say.h"
#include "collector/stand_in.h"
#include "collector/store_alert.h"
#include "collector/store_custody.h"
#include "collector/store_run.h"
#include "collector/store_task.h"
#include "collector/store_wish.h"
#include "evidence.h"
#include "incidents.h"
#include "mem.h"
#include "rule_book.h"
#include "tasks.h"

#define ALERTS 10 /* shown of an incident */

/* ---- as JSON ---- */

static void add_entry(const struct store_entry *e, void *arg)
{
    json_add(arg, store_entry_json(e));
}

/* Whether what a task says and was answered is for the viewer: whose task it is, who sees
 * the incident as they do, and nobody of the district, who has the terminal. */
static bool sees_task(const struct viewer *r, const struct store_incident *i,
                      enum role role)
{
    uint32_t roles;

    if (!r->person || viewer_sight(r, i->owner, i->id) & SIGHT_DEVICE)
        return true;
    roles = stand_in_roles(r->district, r->person, r->now) |
            stand_in_taken(r->store, r->person, i->id);
    return roles >> role & 1;
}

struct task_list {
    const struct viewer *viewer;
    const struct store_incident *incident;
    struct json *list;
};

static void add_task(const struct store_task *t, void *arg)
{
    const struct task_list *l = arg;
    struct json *json = store_task_json(t);

    if (!sees_task(l->viewer, l->incident, t->role)) {
        json_put(json, "detail", json_new_object());
        json_put(json, "answer", json_new_object());
    }
    json_add(l->list, json);
}

struct evidence_list {
    const struct viewer *viewer;
    struct json *list;
};

static void add_evidence(const struct store_evidence *e, void *arg)
{
    const struct evidence_list *l = arg;
    struct json *json, *history;

    if (!(evidence_sight(l->viewer, e) & SIGHT_WHAT))
        return;
    json = store_evidence_json(e);
    history = store_custody_list(l->viewer->store, e->id);
    json_put(json, "history", history ? history : json_new_null());
    json_add(l->list, json);
}

static void add_alert(const struct store_alert *a, void *arg)
{
    json_add(arg, json_new_number(a->id));
}

static struct json *record_json(const struct store_record *r)
{
    struct json *json = json_new_object();

    json_put_number(json, "alerts", (int64_t)r->alerts);
    json_put_number(json, "incidents", (int64_t)r->incidents);
    json_put_number(json, "closed", (int64_t)r->closed);
    json_put_number(json, "confirmed", (int64_t)r->confirmed);
    json_put_number(json, "benign", (int64_t)r->benign);
    json_put_number(json, "false_positive", (int64_t)r->false_positive);
    json_put_number(json, "unknown", (int64_t)r->unknown);
    return json;
}

/* Those that the person may know of: an incident may have alerts of several owners. */
static struct store_alert_filter alerts_of(const struct viewer *r,
                                           const struct store_incident *i)
{
    return (struct store_alert_filter){.incident = i->id,
                                       .owners = viewer_owners(r, SIGHT_WHAT, i->id),
                                       .limit = ALERTS};
}

static struct store_evidence_filter evidence_of(const struct viewer *r,
                                                const struct store_incident *i)
{
    return (struct store_evidence_filter){.incident = i->id,
                                          .owners = viewer_owners(r, SIGHT_WHAT, i->id),
                                          .limit = ALERTS};
}

static int show_json(struct viewer *r, const struct store_incident *i)
{
    auto_json struct json *json = store_incident_json(i);
    struct json *entries = json_new_list(), *tasks = json_new_list(),
                *alerts = json_new_list(), *evidence = json_new_list();
    const struct store_task_filter all = {.incident = i->id, .states = UINT32_MAX};
    const struct store_alert_filter of_it = alerts_of(r, i);
    const struct store_evidence_filter kept = evidence_of(r, i);
    struct evidence_list e = {r, evidence};
    struct task_list t = {r, i, tasks};
    struct store_record record = {0};
    int rc = store_incident_each_entry(r->store, i->id, add_entry, entries);

    if (rc == 0)
        rc = store_task_each(r->store, &all, add_task, &t);
    if (rc == 0)
        rc = store_alert_each(r->store, &of_it, add_alert, alerts);
    if (rc == 0)
        rc = store_evidence_each(r->store, &kept, add_evidence, &e);
    if (rc == 0)
        rc = store_rule_record(r->store, i->rule, &record);
    if (!(viewer_sight(r, i->owner, i->id) & SIGHT_DEVICE)) {
        json_put_text(json, "device", "");
        json_put_text(json, "key", "");
    }
    json_put(json, "newest_alerts", alerts);
    json_put(json, "evidence", evidence);
    json_put(json, "tasks", tasks);
    json_put(json, "entries", entries);
    json_put(json, "rule_record", record_json(&record));
    if (rc < 0)
        return viewer_fault(r);
    viewer_json(json);
    return 0;
}

/* ---- for people ---- */

struct page {
    struct viewer *viewer;
    const struct store_incident *incident;
    const char *head; /* of the next part, printed before its first line */
};

/* Two blanks, the time, two blanks; and the part's head before its first line. */
static void begin_line(struct page *p, usec_t at)
{
    char when[VIEWER_WHEN];

    if (p->head)
        printf("\n%s\n", p->head);
    p->head = NULL;
    viewer_when(p->viewer, p->incident->site, at, when);
    printf("  %-16s  ", when);
}

/* How often, where its rule counts; and the day by which it was judged. */
static void print_more(const struct store_alert *a)
{
    auto_json struct json *document = json_parse(a->document, strlen(a->document), NULL);
    auto_free char *count = alert_say_count(document);

    if (count)
        printf("  %18s          %s\n", "", count);
    if (!json_get_path(document, "hallwatch.day"))
        return;
    printf("  %18s          day: ", "");
    viewer_print_day(document);
    putchar('\n');
}

static void print_alert(const struct store_alert *a, void *arg)
{
    begin_line(arg, a->at);
    printf("%8" PRId64 "  %-8s ", a->id, names_get(&names_severity, a->severity));
    viewer_print(a->title, 0);
    if (a->summary)
        printf(" (%" PRIu64 " more)", a->repeats);
    putchar('\n');
    print_more(a);
}

static void print_custody(const struct store_custody *c, void *arg)
{
    char when[VIEWER_WHEN];

    viewer_when(arg, "", c->at, when);
    printf("  %18s          %s, %s by ", "", when, c->what);
    viewer_print(c->who, 0);
    if (c->why[0]) {
        fputs(": ", stdout);
        viewer_print(c->why, 0);
    }
    putchar('\n');
}

static void print_evidence(const struct store_evidence *e, void *arg)
{
    const struct page *p = arg;
    char state[EVIDENCE_STATE];

    if (!(evidence_sight(p->viewer, e) & SIGHT_WHAT))
        return;
    begin_line(arg, e->arrived);
    evidence_state(e, store_now(p->viewer->store), state);
    printf("%8" PRId64 "  of alert %" PRId64 ": %s\n", e->id, e->alert, state);
    store_custody_each(p->viewer->store, e->id, print_custody, p->viewer);
}

static void print_answer(const struct page *p, const struct store_task *t)
{
    auto_free char *text =
        sees_task(p->viewer, p->incident, t->role) ? task_answer_text(t) : NULL;

    if (!text)
        return;
    printf("  %18s          answered: ", "");
    viewer_print(text, 0);
    putchar('\n');
}

static void print_task(const struct store_task *t, void *arg)
{
    begin_line(arg, t->due);
    printf("%8" PRId64 "  %-9s %-15s ", t->id, names_get(&names_task_state, t->state),
           names_get(&names_role, t->role));
    viewer_print(t->title, 0);
    if (t->state == TASK_TAKEN)
        printf(" (with %s)", t->taken_by);
    if (t->state == TASK_DONE)
        printf(" (by %s)", *t->answered_by ? t->answered_by : t->taken_by);
    putchar('\n');
    print_answer(arg, t);
}

static void print_run(const struct store_run *run, void *arg)
{
    begin_line(arg, run->started);
    printf("%8" PRId64 "  %s version %" PRIu64 ", %s\n", run->id, run->playbook,
           run->version, names_get(&names_run_status, run->status));
}

/* Why it has not gone out yet, and until when. A first attempt has its time from the
 * playbook, which lets what can wait wait for somebody's hours; a later one from the
 * runner. */
static void print_wait(const struct page *p, const struct store_wish *w)
{
    usec_t now = store_now(p->viewer->store);
    char until[VIEWER_WHEN];

    viewer_when(p->viewer, p->incident->site, w->next_try, until);
    if (w->held_until > now)
        fputs(": it is going out now", stdout);
    else if (w->attempts)
        printf(": it did not go out, and is tried again %s%s",
               w->next_try > now ? "at " : "now", w->next_try > now ? until : "");
    else if (w->next_try > now)
        printf(" until %s: it may wait, and its reader is on duty then", until);
    else if (now - w->next_try < USEC_PER_MIN)
        fputs(": it goes out now", stdout);
    else
        printf(" since %s: it goes out as soon as the collector's runner runs", until);
}

static void print_wish(const struct store_wish *w, void *arg)
{
    begin_line(arg, w->made);
    printf("%-10s of the step %s, %s", w->action, w->step,
           names_get(&names_wish_state, w->state));
    if (w->state == WISH_WAITING)
        print_wait(arg, w);
    if (w->attempts > 1)
        printf(" (%" PRIu64 " attempts)", w->attempts);
    putchar('\n');
}

static void print_entry(const struct store_entry *e, void *arg)
{
    begin_line(arg, e->at);
    viewer_print(e->who, 0);
    if (e->was != e->became)
        printf(": %s -> %s", names_get(&names_incident_state, e->was),
               names_get(&names_incident_state, e->became));
    if (e->was != e->became && e->became == INCIDENT_CLOSED)
        printf(" (%s)", names_get(&names_disposition, e->disposition));
    if (e->text[0]) {
        fputs(": ", stdout);
        viewer_print(e->text, 0);
    }
    putchar('\n');
}

static void print_head(const struct viewer *r, const struct store_incident *i)
{
    char first[VIEWER_WHEN], last[VIEWER_WHEN];
    bool device = viewer_sight(r, i->owner, i->id) & SIGHT_DEVICE;

    viewer_when(r, i->site, i->first, first);
    viewer_when(r, i->site, i->last, last);
    printf("Incident %" PRId64 "%s: ", i->id, i->drill ? " (a drill)" : "");
    viewer_print(i->title, 0);
    printf("\n  %-12s %s%s%s\n", "state", names_get(&names_incident_state, i->state),
           i->state == INCIDENT_CLOSED ? ", it was: " : "",
           i->state == INCIDENT_CLOSED ? names_get(&names_disposition, i->disposition)
                                       : "");
    viewer_line("severity", names_get(&names_severity, i->severity));
    viewer_line("site", i->site);
    viewer_line("segment", i->segment);
    if (i->device[0])
        viewer_line("device", device ? i->device : "(hidden)");
    viewer_line("rule", i->rule);
    viewer_line("first acts", names_get(&names_role, i->owner));
    printf("  %-12s %" PRIu64 ", from %s to %s\n", "alerts", i->alerts, first, last);
    if (i->reopened)
        printf("  %-12s %" PRIu64 " time%s\n", "reopened", i->reopened,
               i->reopened == 1 ? "" : "s");
}

static int print_record(struct viewer *r, const struct store_incident *i)
{
    struct store_record record;
    int rc = store_rule_record(r->store, i->rule, &record);

    if (rc == 0)
        printf("\nThis rule here: %" PRIu64 " alerts in %" PRIu64
               " incidents; of %" PRIu64 " closed, %" PRIu64 " confirmed, %" PRIu64
               " benign, %" PRIu64 " false positives\n",
               record.alerts, record.incidents, record.closed, record.confirmed,
               record.benign, record.false_positive);
    return rc;
}

static void print_what_now(const struct store_task *t, void *arg)
{
    struct page *p = arg;

    if (p->head)
        printf("\n%s\n", p->head);
    p->head = NULL;
    printf("  %s: ", names_get(&names_role, t->role));
    viewer_print(t->title, 0);
    printf(". What to do, and what not: hallwatch tasks show %" PRId64 "\n", t->id);
}

static int print_waiting(struct viewer *r, const struct store_incident *i)
{
    const struct store_task_filter open = {.incident = i->id};
    struct page p = {.viewer = r, .incident = i, .head = "What to do now"};
    int rc = store_task_each(r->store, &open, print_what_now, &p);

    if (rc == 0 && p.head)
        printf("\n%s\n  Nothing waits for anybody.\n", p.head);
    return rc;
}

static int print_parts(struct viewer *r, const struct store_incident *i)
{
    const struct store_task_filter tasks = {.incident = i->id, .states = UINT32_MAX};
    const struct store_run_filter runs = {.incident = i->id};
    const struct store_alert_filter alerts = alerts_of(r, i);
    const struct store_evidence_filter kept = evidence_of(r, i);
    struct page p = {.viewer = r, .incident = i, .head = "Newest alerts"};
    int rc = store_alert_each(r->store, &alerts, print_alert, &p);

    p.head = "Evidence";
    if (rc == 0)
        rc = store_evidence_each(r->store, &kept, print_evidence, &p);
    p.head = "Playbook";
    if (rc == 0)
        rc = store_run_each(r->store, &runs, print_run, &p);
    p.head = "Tasks, by when they are due";
    if (rc == 0)
        rc = store_task_each(r->store, &tasks, print_task, &p);
    p.head = "Sent and done";
    if (rc == 0)
        rc = store_wish_each(r->store, i->id, print_wish, &p);
    p.head = "What people did";
    if (rc == 0)
        rc = store_incident_each_entry(r->store, i->id, print_entry, &p);
    return rc;
}

int incident_show(struct viewer *r, const struct store_incident *i)
{
    auto_ruleset struct ruleset *book = NULL;
    int rc;

    if (r->options->json)
        return show_json(r, i);
    book = rule_book_open(&r->options->choice, r->district);
    print_head(r, i);
    rule_book_print(rule_book_find(book, i->rule));
    rc = print_waiting(r, i);
    if (rc == 0)
        rc = print_parts(r, i);
    if (rc == 0)
        rc = print_record(r, i);
    return rc < 0 ? viewer_fault(r) : 0;
}
