/* SPDX-License-Identifier: Apache-2.0 */
#include "incidents.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "collector/playbook_run.h"
#include "collector/store_run.h"
#include "mem.h"

#define EVERYBODYS ((UINT32_C(2) << ROLE_EXAMS_OFFICER) - 1) /* who acts first on any */
#define NOT_CLOSED ((1U << INCIDENT_CLOSED) - 1)

/* ---- list ---- */

struct listing {
    struct viewer *viewer;
    struct json *json; /* NULL: for people */
    size_t count;
    int64_t last;
};

static void print_row(const struct viewer *r, const struct store_incident *i)
{
    char opened[VIEWER_WHEN];

    viewer_when(r, i->site, i->opened, opened);
    printf("%8" PRId64 "  %-16s %-8s %-12s ", i->id, opened,
           names_get(&names_severity, i->severity),
           names_get(&names_incident_state, i->state));
    viewer_print(i->site, 12);
    printf(" %6" PRIu64 "  %-14s ", i->alerts, names_get(&names_role, i->owner));
    fputs(i->drill ? "[drill] " : "", stdout);
    viewer_print(i->title, 0);
    putchar('\n');
}

static struct json *seen_json(const struct viewer *r, const struct store_incident *i)
{
    struct json *json = store_incident_json(i);

    if (!(viewer_sight(r, i->owner, i->id) & SIGHT_DEVICE)) {
        json_put_text(json, "device", "");
        json_put_text(json, "key", "");
    }
    return json;
}

static void add_incident(const struct store_incident *i, void *arg)
{
    struct listing *l = arg;

    l->last = i->id;
    if (l->json) {
        json_add(l->json, seen_json(l->viewer, i));
        return;
    }
    if (l->count++ == 0)
        printf("%8s  %-16s %-8s %-12s %-12s %6s  %-14s %s\n", "INCIDENT", "OPENED",
               "SEVERITY", "STATE", "SITE", "ALERTS", "ACTS FIRST", "WHAT");
    print_row(l->viewer, i);
}

static bool read_name(const char *word, const struct names *names, unsigned otherwise,
                      unsigned *ret)
{
    int index = word ? names_find(names, word) : (int)otherwise;

    if (index >= 0) {
        *ret = (unsigned)index;
        return true;
    }
    fprintf(stderr, "hallwatch: there is no %s \"%s\"; there are:", names->what, word);
    /* "none" is what an incident is that is not closed. */
    for (size_t i = names == &names_disposition; i < names->count; i++)
        fprintf(stderr, " %s", names->at[i]);
    fputs("\n", stderr);
    return false;
}

static void count_one(const struct store_incident *i, void *arg)
{
    (void)i;
    ++*(uint64_t *)arg;
}

/* Whoever does not see all must not take an empty page for a quiet day. */
static void print_none(const struct viewer *r, const struct store_incident_filter *seen,
                       bool all)
{
    const char *open = all ? "" : " is open";
    struct store_incident_filter f = *seen;
    uint64_t count = 0;

    f.owners = viewer_owners(r, SIGHT_COUNT, 0);
    f.limit = 1000;
    store_incident_each(r->store, &f, count_one, &count);
    if ((seen->owners & EVERYBODYS) == EVERYBODYS)
        printf("%s\n", all ? "There is no incident." : "No incident is open.");
    else if (seen->owners & EVERYBODYS)
        printf("No incident%s that your roles see; there may be others.\n",
               all ? "" : open);
    else if (count >= SIGHT_LEAST)
        printf("%" PRIu64 "%s incidents%s; your roles see how many, not which.\n", count,
               count == 1000 ? " or more" : "", all ? "" : " are open");
    else
        printf("Your roles see how many incidents there are, not which, and no number "
               "under %d: there may be some.\n",
               SIGHT_LEAST);
}

static int list(const void *values, int argc, char **argv)
{
    const struct incidents_options *o = values;
    auto_viewer struct viewer r;
    auto_json struct json *json = o->viewer.json ? json_new_list() : NULL;
    struct listing l = {.viewer = &r, .json = json};
    struct store_incident_filter f = {.before = (int64_t)o->before,
                                      .site = o->site,
                                      .states = o->all ? 0 : NOT_CLOSED,
                                      .leave_out_drills = !o->drills,
                                      .limit = o->limit};

    (void)argc;
    (void)argv;
    if (!viewer_open(&r, &o->viewer))
        return EXIT_FAULT;
    if (!read_name(o->severity, &names_severity, SEVERITY_INFO, &f.least))
        return OPTIONS_USAGE;
    if (!viewer_audit(&r, "incident.list", "", ""))
        return EXIT_FAULT;
    f.owners = viewer_owners(&r, SIGHT_WHAT, 0);
    if (store_incident_each(r.store, &f, add_incident, &l) < 0)
        return viewer_fault(&r);
    if (l.last == 0 && !viewer_site(&r, o->site))
        return EXIT_FAULT;
    if (json)
        viewer_json(json);
    else if (l.count == 0)
        print_none(&r, &f, o->all);
    else if (l.count == (o->limit ? o->limit : 100))
        printf("There may be older ones: --before %" PRId64 "\n", l.last);
    return 0;
}

/* ---- one of them ---- */

/* The incident of the command line, if the viewer may know of it. False after a
 * complaint; *ret_status is the exit code then. */
static bool find(struct viewer *r, const char *word, struct store_incident *ret,
                 int *ret_status)
{
    int64_t id;

    *ret_status = OPTIONS_USAGE;
    if (!viewer_number(word, "incident", &id))
        return false;
    *ret_status = EXIT_FAULT;
    if (store_incident_get(r->store, id, ret) < 0) {
        viewer_fault(r);
        return false;
    }
    if (viewer_sight(r, ret->owner, ret->id) & SIGHT_WHAT)
        return true;
    fprintf(stderr, "hallwatch: incident %" PRId64 " is not for your roles%s\n", id,
            run_may_act(r->district, ret->owner, r->person->id)
                ? ": you stand in for them, and see it once you have taken one of its "
                  "tasks (hallwatch tasks list)"
                : "");
    store_incident_done(ret);
    return false;
}

static int show(const void *values, int argc, char **argv)
{
    const struct incidents_options *o = values;
    auto_viewer struct viewer r;
    struct store_incident i;
    char about[32];
    int status;

    (void)argc;
    if (!viewer_open(&r, &o->viewer))
        return EXIT_FAULT;
    if (!find(&r, argv[0], &i, &status))
        return status;
    snprintf(about, sizeof(about), "incident/%" PRId64, i.id);
    status =
        viewer_audit(&r, "incident.show", about, "") ? incident_show(&r, &i) : EXIT_FAULT;
    store_incident_done(&i);
    return status;
}

/* ---- changes ---- */

/* Who acts first on it, or stands in for them. */
static bool may_change(const struct viewer *r, const struct store_incident *i)
{
    if (run_may_act(r->district, i->owner, r->person->id))
        return true;
    fprintf(stderr,
            "hallwatch: incident %" PRId64
            " is for whoever is %s; %s is not, and does not "
            "stand in\n",
            i->id, names_get(&names_role, i->owner), r->person->id);
    return false;
}

static void count_run(const struct store_run *run, void *arg)
{
    (void)run;
    *(bool *)arg = true;
}

/* Whether anybody gets a task now. */
static void tell_reopened(const struct viewer *r, int64_t id)
{
    bool runs = false;

    store_run_each(r->store, &(struct store_run_filter){.incident = id, .limit = 1},
                   count_run, &runs);
    if (runs)
        printf("Its playbook begins anew, with its first task: hallwatch tasks list "
               "--incident %" PRId64 "\n",
               id);
    else
        puts("It has no playbook: nobody gets a task. Whoever acts first on it has to be "
             "told.");
}

static int write_change(struct viewer *r, const struct store_incident *i,
                        const struct incident_change *c)
{
    int rc = store_begin(r->store), status;

    if (rc == 0)
        rc = store_incident_change(r->store, i->id, c);
    status = viewer_commit(r, rc);
    if (status == 0)
        printf("incident %" PRId64 " is %s\n", i->id,
               names_get(&names_incident_state, c->to));
    if (status == 0 && c->from == INCIDENT_CLOSED)
        tell_reopened(r, i->id);
    return status;
}

static int write_note(struct viewer *r, const struct store_incident *i, const char *text)
{
    int rc = store_begin(r->store), status;

    if (rc == 0)
        rc = store_incident_note(r->store, i->id, r->who, text);
    status = viewer_commit(r, rc);
    if (status == 0)
        printf("noted on incident %" PRId64 "\n", i->id);
    return status;
}

/* to: where to; a note when it is past the last state. */
static int act(const struct incidents_options *o, char **argv, unsigned to,
               enum disposition was)
{
    auto_viewer struct viewer r;
    struct store_incident i;
    int status;

    if (!viewer_open(&r, &o->viewer) || !viewer_is_somebody(&r))
        return EXIT_FAULT;
    if (!find(&r, argv[0], &i, &status))
        return status;
    status = EXIT_FAULT;
    if (may_change(&r, &i)) {
        const struct incident_change c = {
            .from = i.state, .to = to, .disposition = was, .who = r.who, .why = o->why};

        status =
            to > INCIDENT_CLOSED ? write_note(&r, &i, argv[1]) : write_change(&r, &i, &c);
    }
    store_incident_done(&i);
    return status;
}

static int acknowledge(const void *values, int argc, char **argv)
{
    (void)argc;
    return act(values, argv, INCIDENT_ACKNOWLEDGED, DISPOSITION_NONE);
}

static int contain(const void *values, int argc, char **argv)
{
    (void)argc;
    return act(values, argv, INCIDENT_CONTAINED, DISPOSITION_NONE);
}

static int recover(const void *values, int argc, char **argv)
{
    (void)argc;
    return act(values, argv, INCIDENT_RECOVERED, DISPOSITION_NONE);
}

static int reopen(const void *values, int argc, char **argv)
{
    (void)argc;
    return act(values, argv, INCIDENT_OPEN, DISPOSITION_NONE);
}

static int note(const void *values, int argc, char **argv)
{
    (void)argc;
    if (argv[1][strspn(argv[1], " \t\r\n")] == '\0') {
        fputs("hallwatch: the note is empty: nothing was written down\n", stderr);
        return OPTIONS_USAGE;
    }
    return act(values, argv, INCIDENT_CLOSED + 1, DISPOSITION_NONE);
}

static int close_it(const void *values, int argc, char **argv)
{
    const struct incidents_options *o = values;
    unsigned was = DISPOSITION_NONE;

    (void)argc;
    if (!read_name(o->was, &names_disposition, DISPOSITION_NONE, &was))
        return OPTIONS_USAGE;
    return act(o, argv, INCIDENT_CLOSED, was);
}

/* ---- the table ---- */

#define OPTION(member) offsetof(struct incidents_options, member)
#define WHY                                                                    \
    {                                                                          \
        "reason", 'm', OPTION_TEXT, OPTION(why), "TEXT", "why, for the record" \
    }
#define SIZE sizeof(struct incidents_options)

static const struct option_row list_options[] = {
    {"all", 0, OPTION_FLAG, OPTION(all), NULL, "closed ones too"},
    {"site", 's', OPTION_TEXT, OPTION(site), "SITE", "those of this site only"},
    {"severity", 0, OPTION_TEXT, OPTION(severity), "LEAST", "from this severity on"},
    {"before", 'b', OPTION_COUNT, OPTION(before), "N", "those before incident N"},
    {"limit", 'n', OPTION_COUNT, OPTION(limit), "N", "at most so many (100)"},
    {"drills", 0, OPTION_FLAG, OPTION(drills), NULL, "drills too"},
    VIEWER_OPTIONS,
    {0},
};
static const struct option_row show_options[] = {
    VIEWER_OPTIONS,
    {0},
};
static const struct option_row change_options[] = {
    WHY,
    VIEWER_OPTIONS,
    {0},
};
static const struct option_row close_options[] = {
    {"was", 'w', OPTION_TEXT, OPTION(was), "WORD",
     "confirmed, benign, false-positive, unknown or drill"},
    WHY,
    VIEWER_OPTIONS,
    {0},
};

const struct command incidents_commands[] = {
    {"list", NULL, 0, 0, "show open incidents, the newest first", NULL, NULL,
     list_options, SIZE, list},
    {"show", "INCIDENT", 1, 1, "show one: alerts, plan, tasks, what people did", NULL,
     NULL, show_options, SIZE, show},
    {"ack", "INCIDENT", 1, 1, "say: somebody deals with it", NULL, NULL, change_options,
     SIZE, acknowledge},
    {"contain", "INCIDENT", 1, 1, "say: it does no more harm", NULL, NULL, change_options,
     SIZE, contain},
    {"recover", "INCIDENT", 1, 1, "say: everything works again", NULL, NULL,
     change_options, SIZE, recover},
    {"close", "INCIDENT", 1, 1, "end it, saying what it was", NULL, NULL, close_options,
     SIZE, close_it},
    {"reopen", "INCIDENT", 1, 1, "it is not over after all", NULL, NULL, change_options,
     SIZE, reopen},
    {"note", "INCIDENT TEXT", 2, 2, "write something down about it", NULL, NULL,
     show_options, SIZE, note},
    {0},
};
