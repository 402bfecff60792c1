/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person does is written to the store, where the engine finds it. The command then
 * waits for what comes of it, and says so; when the engine does not run, it says that
 * nothing is lost.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collector/playbook_run.h"
#include "collector/store_audit.h"
#include "mem.h"
#include "tasks.h"
#include "text.h"

#define WAIT (10 * USEC_PER_SEC)
#define POLL (50 * USEC_PER_MSEC)

/* ---- who may ---- */

static bool may_act(const struct desk *d, const struct store_task *t)
{
    if (!d->person) {
        fputs("hallwatch: say who you are: --as PERSON, an id of district.yaml\n",
              stderr);
        return false;
    }
    if (run_may_act(d->district, t->role, d->person->id))
        return true;
    fprintf(stderr, "hallwatch: task %" PRId64 " is for %s, and %s is not:", t->id,
            names_get(&names_role, t->role), d->person->id);
    for (size_t i = 0; i < d->district->person_count; i++)
        if (run_may_act(d->district, t->role, d->district->people[i].id))
            fprintf(stderr, " %s", d->district->people[i].id);
    fputs(" may do it\n", stderr);
    return false;
}

/* ---- what came of it ---- */

static void find_input(const struct store_input *i, void *arg)
{
    (void)i;
    *(bool *)arg = true;
}

/* Whether the engine has taken up all that the run was told. */
static bool is_taken_up(struct store *s, int64_t run)
{
    bool waits = false;

    return store_input_each(s, run, 1, find_input, &waits) == 0 && !waits;
}

static bool wait_for_engine(struct store *s, int64_t run, usec_t patience)
{
    usec_t until = clock_monotonic() + (patience ? patience : WAIT);
    const struct timespec pause = {.tv_nsec = (long)(POLL * 1000)};

    while (!is_taken_up(s, run)) {
        if (clock_monotonic() >= until)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

struct next {
    struct desk *desk;
    const char *site;
    size_t count;
};

static void print_next(const struct store_task *t, void *arg)
{
    struct next *n = arg;
    char due[WHEN_TEXT];

    when_print(n->desk, n->site, t->due, due);
    printf("%s task %" PRId64 " for %s%s%s: %s\n", n->count++ ? "  and" : "Next:", t->id,
           names_get(&names_role, t->role), t->due ? ", until " : "", t->due ? due : "",
           t->title);
}

/* Where the incident stands now. */
static void tell_outcome(struct desk *d, const struct store_task *t)
{
    struct store_incident i;
    struct next next = {.desk = d};
    struct store_task_filter f = {.incident = t->incident};

    if (!wait_for_engine(d->store, t->run, d->options->wait)) {
        puts("It is stored. The engine has not taken it up yet and does so as soon as it "
             "runs: is the collector running?");
        return;
    }
    if (store_incident_get(d->store, t->incident, &i) < 0)
        return;
    printf("Incident %" PRId64 " is %s.\n", i.id,
           names_get(&names_incident_state, i.state));
    next.site = i.site;
    store_task_each(d->store, &f, print_next, &next);
    if (next.count == 0)
        puts("Nothing more waits for anybody now.");
    store_incident_done(&i);
}

/* ---- doing ---- */

/* As whom somebody acts is on the record, and who sits at the terminal. */
static int record(struct desk *d, const struct store_task *t)
{
    auto_free char *login = login_name(), *about = xasprintf("task/%" PRId64, t->id);
    auto_json struct json *detail = json_new_object();
    auto_free char *text = NULL;

    json_put_text(detail, "as", d->person->id);
    text = json_write(detail);
    return store_audit_add(d->store, login, "task.terminal", about, text);
}

static bool commit(struct desk *d, const struct store_task *t, int r)
{
    if (r == 0)
        r = record(d, t);
    if (r == 0)
        r = store_commit(d->store);
    if (r == 0)
        return true;
    fprintf(stderr, "hallwatch: %s\n", store_error(d->store));
    store_rollback(d->store);
    return false;
}

static bool begin(struct desk *d)
{
    if (store_begin(d->store) == 0)
        return true;
    fprintf(stderr, "hallwatch: %s\n", store_error(d->store));
    return false;
}

static int take_it(struct desk *d, const struct store_task *t)
{
    if (!may_act(d, t) || !begin(d))
        return EXIT_FAULT;
    if (!commit(d, t, store_task_take(d->store, t->id, d->person->id)))
        return EXIT_FAULT;
    printf("Task %" PRId64 " is with %s.\n", t->id, d->person->id);
    tell_outcome(d, t);
    return 0;
}

static int give_it_back(struct desk *d, const struct store_task *t)
{
    if (!may_act(d, t) || !begin(d))
        return EXIT_FAULT;
    if (!commit(d, t, store_task_give_back(d->store, t->id, d->person->id)))
        return EXIT_FAULT;
    printf("Task %" PRId64 " can be taken by somebody else.\n", t->id);
    return 0;
}

/* ---- answers ---- */

static const struct json *find_field(const struct json *form, const char *name,
                                     size_t len)
{
    for (size_t i = 0; i < json_count(form); i++) {
        const char *field = json_get_text(json_item(form, i), "field", "");

        if (strlen(field) == len && strncmp(field, name, len) == 0)
            return json_item(form, i);
    }
    return NULL;
}

static void put_field(struct json *answer, const struct json *field, const char *name,
                      const char *value)
{
    uint64_t number = 0;

    if (strcmp(json_get_text(field, "type", ""), "number") == 0 &&
        text_parse_number(value, &number) == 0 && number <= INT64_MAX)
        json_put_number(answer, name, (int64_t)number);
    else
        json_put_text(answer, name, value);
}

/* "FIELD=VALUE" */
static bool read_field(struct json *answer, const struct json *form, const char *word)
{
    const char *equals = strchr(word, '=');
    auto_free char *name = NULL;

    if (!equals) {
        fprintf(stderr, "hallwatch: \"%s\" answers nothing: FIELD=VALUE does\n", word);
        return false;
    }
    name = xstrndup(word, (size_t)(equals - word));
    put_field(answer, find_field(form, name, strlen(name)), name, equals + 1);
    return true;
}

/* What is typed; NULL: nothing. Yours to free. */
static char *read_line(void)
{
    auto_free char *line = NULL;
    size_t capacity = 0;

    fflush(stdout);
    if (getline(&line, &capacity, stdin) <= 0)
        return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    return *line ? take(line) : NULL;
}

static void ask_field(struct json *answer, const struct json *field)
{
    const char *name = json_get_text(field, "field", "");
    auto_free char *line = NULL;

    printf("%s (%s) ", json_get_text(field, "ask", ""),
           strcmp(json_get_text(field, "type", ""), "yesno") == 0
               ? "yes or no"
               : json_get_text(field, "type", ""));
    line = read_line();
    if (line)
        put_field(answer, field, name, line);
}

static void print_choices(enum task_kind kind, const struct json *detail)
{
    const struct json *options = json_get(detail, "options");

    if (kind == TASK_APPROVE)
        fputs("Do you agree? (yes or no) ", stdout);
    if (kind == TASK_CLOSE)
        fputs(json_get_bool(detail, "drill", false)
                  ? "What was it? (drill) "
                  : "What was it? (confirmed, benign, false-positive or unknown) ",
              stdout);
    if (kind != TASK_DECIDE)
        return;
    puts(json_get_text(detail, "question", ""));
    for (size_t i = 0; i < json_count(options); i++)
        printf("  %-12s %s\n", json_get_text(json_item(options, i), "option", ""),
               json_get_text(json_item(options, i), "label", ""));
    fputs("One of these: ", stdout);
}

/* A decision, an approval, what an incident was; and why. */
static void ask_word(struct json *answer, enum task_kind kind, const struct json *detail,
                     const char *word)
{
    auto_free char *line = NULL, *reason = NULL;

    print_choices(kind, detail);
    line = read_line();
    if (line)
        json_put_text(answer, word, line);
    if (json_get(answer, "reason"))
        return;
    fputs("Why? ", stdout);
    reason = read_line();
    if (reason)
        json_put_text(answer, "reason", reason);
}

/* By the kind of task: what its one word means. */
static const char *const word_means[] = {
    [TASK_DECIDE] = "option", [TASK_APPROVE] = "approve", [TASK_CLOSE] = "disposition",
    [TASK_REVIEW] = NULL,     [TASK_TROUBLE] = NULL,
};

static bool read_answer(struct json *answer, const struct store_task *t,
                        const struct json *detail, int argc, char **argv)
{
    const struct json *form = json_get(detail, "form");
    const char *word = word_means[t->kind];

    for (int i = 0; i < argc; i++) {
        if (word && !strchr(argv[i], '='))
            json_put_text(answer, word, argv[i]);
        else if (!read_field(answer, form, argv[i]))
            return false;
    }
    if (argc == 0 && word && isatty(STDIN_FILENO))
        ask_word(answer, t->kind, detail, word);
    if (argc == 0 && isatty(STDIN_FILENO))
        for (size_t i = 0; i < json_count(form); i++)
            ask_field(answer, json_item(form, i));
    return true;
}

static bool fits(const struct store_task *t, const struct json *detail,
                 const struct json *answer)
{
    auto_free char *refusal = run_answer_refuse(t->kind, detail, answer);

    if (refusal)
        fprintf(stderr,
                "hallwatch: %s%s `hallwatch tasks show %" PRId64
                "` says what is asked; nothing was changed\n",
                refusal, refusal[strlen(refusal) - 1] == '?' ? "" : ".", t->id);
    return !refusal;
}

static void tell_answered(const struct store_task *t, const struct json *detail,
                          const struct json *answer)
{
    const struct json *field = run_answer_not_done(detail, answer);
    const char *name = json_get_text(field, "field", "");

    if (field)
        printf("Task %" PRId64 " is answered, but not done: %s=%s.\n", t->id, name,
               json_get_text(answer, name, ""));
    else
        printf("Task %" PRId64 " is done.\n", t->id);
}

static int answer_it(struct desk *d, const struct store_task *t, int argc, char **argv)
{
    auto_json struct json *detail = json_parse(t->detail, strlen(t->detail), NULL);
    auto_json struct json *answer = json_new_object();
    auto_free char *text = NULL;

    if (d->options->reason)
        json_put_text(answer, "reason", d->options->reason);
    if (!may_act(d, t) || !read_answer(answer, t, detail, argc, argv))
        return EXIT_FAULT;
    if (!fits(t, detail, answer) || !begin(d))
        return EXIT_FAULT;
    text = json_write(answer);
    if (!commit(d, t, store_task_answer(d->store, t->id, d->person->id, text)))
        return EXIT_FAULT;
    tell_answered(t, detail, answer);
    tell_outcome(d, t);
    return 0;
}

/* ---- commands ---- */

typedef int act_fn(struct desk *d, const struct store_task *t, int argc, char **argv);

static int act(const void *values, int argc, char **argv, act_fn *fn)
{
    auto_desk struct desk d;
    struct store_task t;
    int status;

    if (!desk_open(&d, values) || !desk_task(&d, argv[0], &t))
        return EXIT_FAULT;
    status = fn(&d, &t, argc - 1, argv + 1);
    store_task_done(&t);
    return status;
}

static int act_take(struct desk *d, const struct store_task *t, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return take_it(d, t);
}

static int act_give_back(struct desk *d, const struct store_task *t, int argc,
                         char **argv)
{
    (void)argc;
    (void)argv;
    return give_it_back(d, t);
}

/* What waits for somebody to have it is answered by taking it. */
static int act_answer(struct desk *d, const struct store_task *t, int argc, char **argv)
{
    return t->kind == TASK_ACK ? take_it(d, t) : answer_it(d, t, argc, argv);
}

int task_take(const void *values, int argc, char **argv)
{
    return act(values, argc, argv, act_take);
}

int task_give_back(const void *values, int argc, char **argv)
{
    return act(values, argc, argv, act_give_back);
}

int task_answer(const void *values, int argc, char **argv)
{
    return act(values, argc, argv, act_answer);
}
