/* SPDX-License-Identifier: Apache-2.0 */
#include "tasks.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "collector/playbook_run.h"
#include "collector/stand_in.h"
#include "mem.h"
#include "text.h"

/* ---- the desk ---- */

static void list_people(const struct district *district)
{
    fputs("hallwatch: people of this district:", stderr);
    for (size_t i = 0; i < district->person_count; i++)
        fprintf(stderr, "%s %s", i ? "," : "", district->people[i].id);
    fputs("\n", stderr);
}

/* Who was named; or who HALLWATCH_PERSON names, for somebody's own shell. */
static bool find_person(struct desk *d)
{
    const char *id = d->options->person ? d->options->person : getenv("HALLWATCH_PERSON");

    d->person = id ? district_person(d->district, id) : NULL;
    if (!id || d->person)
        return true;
    fprintf(stderr, "hallwatch: there is nobody called \"%s\" in the district\n", id);
    list_people(d->district);
    return false;
}

bool desk_open(struct desk *d, const struct tasks_options *o)
{
    *d = (struct desk){.options = o};
    if (!store_choose(&o->choice, false, &d->store, &d->district))
        return false;
    d->now = store_now(d->store);
    return find_person(d);
}

void desk_done(struct desk *d)
{
    store_close(d->store);
    district_free(d->district);
}

uint32_t desk_roles(const struct desk *d)
{
    uint32_t roles = 0;

    for (unsigned role = 0; d->person && role < names_role.count; role++)
        if (run_may_act(d->district, role, d->person->id))
            roles |= UINT32_C(1) << role;
    return roles;
}

bool desk_sees(const struct desk *d, const struct store_task *t)
{
    return !d->person || (stand_in_roles(d->district, d->person, d->now) |
                          stand_in_taken(d->store, d->person, t->incident)) >>
                                 t->role &
                             1;
}

bool desk_task(struct desk *d, const char *word, struct store_task *ret_task)
{
    uint64_t id = 0;

    if (text_parse_number(word, &id) != 0 || id > INT64_MAX) {
        fprintf(stderr,
                "hallwatch: a task has a number, \"%s\" is none: `hallwatch tasks list` "
                "shows them\n",
                word);
        return false;
    }
    if (store_task_get(d->store, (int64_t)id, ret_task) == 0)
        return true;
    fprintf(stderr, "hallwatch: %s: `hallwatch tasks list` shows those that wait\n",
            store_error(d->store));
    return false;
}

/* ---- list ---- */

struct listing {
    const struct desk *desk;
    struct json *json; /* NULL: for people */
    size_t count;
};

static struct json *seen_json(const struct desk *d, const struct store_task *t)
{
    struct json *json = store_task_json(t);

    if (!desk_sees(d, t)) {
        json_put(json, "detail", json_new_object());
        json_put(json, "answer", json_new_object());
    }
    return json;
}

static void add_task(const struct store_task *t, void *arg)
{
    struct listing *l = arg;

    if (l->json) {
        json_add(l->json, seen_json(l->desk, t));
        return;
    }
    if (l->count++ == 0)
        task_print_head();
    task_print_row(l->desk, t);
}

static bool read_role(const char *word, uint32_t *ret_roles)
{
    int role = word ? names_find(&names_role, word) : -1;

    if (role >= 0)
        *ret_roles = UINT32_C(1) << role;
    if (word && role < 0) {
        fprintf(stderr, "hallwatch: there is no role \"%s\"; there are", word);
        for (size_t i = 0; i < names_role.count; i++)
            fprintf(stderr, " %s", names_role.at[i]);
        fputs("\n", stderr);
    }
    return !word || role >= 0;
}

/* Whether there is one of that number, if any was asked for. */
static bool find_incident(struct desk *d)
{
    struct store_incident i;

    if (d->options->incident == 0)
        return true;
    if (store_incident_get(d->store, (int64_t)d->options->incident, &i) < 0) {
        fprintf(stderr, "hallwatch: %s\n", store_error(d->store));
        return false;
    }
    store_incident_done(&i);
    return true;
}

static int list_tasks(struct desk *d)
{
    struct store_task_filter f = {.incident = (int64_t)d->options->incident,
                                  .roles = desk_roles(d),
                                  .states = d->options->all ? UINT32_MAX : 0,
                                  .limit = 1000};
    auto_json struct json *json = d->options->json ? json_new_list() : NULL;
    struct listing l = {.desk = d, .json = json};
    auto_free char *text = NULL;

    if (!read_role(d->options->role, &f.roles))
        return OPTIONS_USAGE;
    if (!find_incident(d))
        return EXIT_FAULT;
    if (store_task_each(d->store, &f, add_task, &l) < 0) {
        fprintf(stderr, "hallwatch: %s\n", store_error(d->store));
        return EXIT_FAULT;
    }
    if (json) {
        text = json_write_pretty(json);
        puts(text);
    } else if (l.count == 0) {
        puts(d->person ? "Nothing waits for you." : "No task waits for anybody.");
    }
    return 0;
}

static int list(const void *values, int argc, char **argv)
{
    auto_desk struct desk d;

    (void)argc;
    (void)argv;
    return desk_open(&d, values) ? list_tasks(&d) : EXIT_FAULT;
}

static int show(const void *values, int argc, char **argv)
{
    auto_desk struct desk d;
    struct store_task t;

    (void)argc;
    if (!desk_open(&d, values) || !desk_task(&d, argv[0], &t))
        return EXIT_FAULT;
    if (d.options->json) {
        auto_json struct json *json = seen_json(&d, &t);
        auto_free char *text = json_write_pretty(json);

        puts(text);
    } else {
        task_print(&d, &t);
    }
    store_task_done(&t);
    return 0;
}

/* ---- the tables ---- */

#define OPTION(member) offsetof(struct tasks_options, member)
#define AS                                                            \
    {                                                                 \
        "as", 'a', OPTION_TEXT, OPTION(person), "PERSON",             \
            "who you are, an id of district.yaml ($HALLWATCH_PERSON)" \
    }
#define JSON                                                       \
    {                                                              \
        "json", 'j', OPTION_FLAG, OPTION(json), NULL, "print JSON" \
    }
#define WAITING                                             \
    {                                                       \
        "wait", 'w', OPTION_DURATION, OPTION(wait), "TIME", \
            "how long to wait for what comes of it (10s)"   \
    }

static const struct option_row list_options[] = {
    AS,
    {"role", 'r', OPTION_TEXT, OPTION(role), "ROLE", "those of this role only"},
    {"incident", 'i', OPTION_COUNT, OPTION(incident), "N", "those of this incident only"},
    {"all", 0, OPTION_FLAG, OPTION(all), NULL, "also those that are over"},
    JSON,
    STORE_OPTIONS,
    {0},
};
static const struct option_row show_options[] = {
    AS,
    JSON,
    STORE_OPTIONS,
    {0},
};
static const struct option_row take_options[] = {
    AS,
    WAITING,
    STORE_OPTIONS,
    {0},
};
const struct option_row tasks_answer_options[] = {
    AS,      {"reason", 'm', OPTION_TEXT, OPTION(reason), "TEXT", "why, for the record"},
    WAITING, STORE_OPTIONS,
    {0},
};

#define SIZE sizeof(struct tasks_options)

const struct command tasks_commands[] = {
    {"list", NULL, 0, 0, "show what waits for people, the most urgent first",
     "With --as, what this person may do.", NULL, list_options, SIZE, list},
    {"show", "TASK", 1, 1, "show one task: what to do, what not, what is asked", NULL,
     NULL, show_options, SIZE, show},
    {"take", "TASK", 1, 1, "say: I have it",
     "An incident that is to be taken is yours then. Any other task is with you until\n"
     "you answer it or give it back.",
     NULL, take_options, SIZE, task_take},
    {"give-back", "TASK", 1, 1, "let somebody else have it", NULL, NULL, take_options,
     SIZE, task_give_back},
    {"answer", "TASK [ANSWER...]", 1, INT_MAX, "say that it is done, or what you decided",
     "ANSWER is, for a task with questions: FIELD=VALUE for each; for a decision: one of\n"
     "its options; for an approval: yes or no; for closing an incident: confirmed,\n"
     "benign, false-positive, unknown or drill. Without any, at a terminal, you are\n"
     "asked.",
     NULL, tasks_answer_options, SIZE, task_answer},
    {"done", "TASK", 1, 1, "say that it is done (the same as answer)", NULL, NULL,
     tasks_answer_options, SIZE, task_answer},
    {0},
};
