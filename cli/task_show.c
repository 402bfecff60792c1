/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task as somebody reads it who is no technician and has little time: what it is about,
 * by when, what not to do, what to do, what is asked, and the words to type.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "collector/playbook_run.h"
#include "collector/sight.h"
#include "collector/stand_in.h"
#include "mem.h"
#include "tasks.h"
#include "text.h"

/* ---- times ---- */

void due_print(usec_t due, usec_t now, char ret_text[DUE_TEXT])
{
    usec_t left = due > now ? due - now : now - due;
    unsigned long long n = left / USEC_PER_MIN;
    const char *unit = "min";

    if (n >= 2 * 24 * 60)
        n /= 24 * 60, unit = "days";
    else if (n >= 2 * 60)
        n /= 60, unit = "h";
    if (due == 0)
        snprintf(ret_text, DUE_TEXT, "no limit");
    else if (due > now)
        snprintf(ret_text, DUE_TEXT, "in %llu %s", n, unit);
    else
        snprintf(ret_text, DUE_TEXT, "%llu %s late", n, unit);
}

void when_print(const struct desk *d, const char *site, usec_t time,
                char ret_text[WHEN_TEXT])
{
    const struct site *s = district_site(d->district, site);
    struct local_time local;
    int year;
    unsigned month, day;

    if (!s && d->district->site_count)
        s = &d->district->sites[0];
    if (!s) {
        char text[CLOCK_TEXT];

        clock_print(time, text);
        snprintf(ret_text, WHEN_TEXT, "%.16sZ", text);
        return;
    }
    local = zone_local(s->zone, time);
    date_of_day(local.day, &year, &month, &day);
    snprintf(ret_text, WHEN_TEXT, "%04d-%02u-%02u %02u:%02u", year, month, day,
             local.minute / 60, local.minute % 60);
}

/* ---- one a line ---- */

static void print_safe(const char *text)
{
    auto_buffer struct buffer b = {0};

    buffer_text_visible(&b, text_of(text));
    fputs(b.at ? b.at : "", stdout);
}

void task_print_head(void)
{
    printf("%6s  %-12s %-9s %-16s %-24s %s\n", "TASK", "DUE", "INCIDENT", "FOR", "WITH",
           "WHAT");
}

static const char *with_whom(const struct store_task *t)
{
    if (t->state == TASK_TAKEN)
        return t->taken_by;
    return t->state == TASK_OPEN ? "nobody yet" : names_get(&names_task_state, t->state);
}

void task_print_row(const struct desk *d, const struct store_task *t)
{
    char due[DUE_TEXT];

    due_print(t->due, d->now, due);
    printf("%6" PRId64 "  %-12s %-9" PRId64 " %-16s %-24s %s", t->id,
           t->state <= TASK_TAKEN ? due : "-", t->incident,
           names_get(&names_role, t->role), with_whom(t), t->drill ? "[drill] " : "");
    print_safe(t->title);
    putchar('\n');
}

/* ---- in full ---- */

static void print_list(const struct json *detail, const char *key, const char *head,
                       const char *mark)
{
    const struct json *list = json_get(detail, key);

    if (json_count(list) == 0)
        return;
    printf("\n%s\n", head);
    for (size_t i = 0; i < json_count(list); i++) {
        printf("  %s ", mark);
        print_safe(json_text(json_item(list, i), ""));
        putchar('\n');
    }
}

static void print_field(const struct json *field)
{
    const struct json *choices = json_get(field, "choices");

    printf("  %s", json_get_text(field, "field", ""));
    printf(" (%s%s",
           strcmp(json_get_text(field, "type", ""), "yesno") == 0
               ? "yes or no"
               : json_get_text(field, "type", ""),
           json_get_bool(field, "required", false) ? "" : ", may be left out");
    if (json_get(field, "done"))
        printf("; done only with %s", json_get_text(field, "done", ""));
    fputs("): ", stdout);
    print_safe(json_get_text(field, "ask", ""));
    for (size_t i = 0; i < json_count(choices); i++)
        printf("%s%s", i ? ", " : " - one of: ", json_text(json_item(choices, i), ""));
    putchar('\n');
}

/* Why it is asked once more. */
static void print_again(const struct json *detail)
{
    if (!json_get(detail, "again"))
        return;
    fputs("\nAsked again: ", stdout);
    print_safe(json_get_text(detail, "again", ""));
    putchar('\n');
}

static void print_form(const struct json *detail)
{
    const struct json *form = json_get(detail, "form");

    if (json_count(form))
        puts("\nTo answer");
    for (size_t i = 0; i < json_count(form); i++)
        print_field(json_item(form, i));
}

static void print_options(const struct json *detail)
{
    const struct json *options = json_get(detail, "options");

    if (json_get(detail, "question")) {
        fputs("\nTo decide: ", stdout);
        print_safe(json_get_text(detail, "question", ""));
        putchar('\n');
    }
    for (size_t i = 0; i < json_count(options); i++) {
        const struct json *option = json_item(options, i);

        printf("  %-12s ", json_get_text(option, "option", ""));
        print_safe(json_get_text(option, "label", ""));
        putchar('\n');
    }
}

static void print_message(const struct json *detail)
{
    const struct json *readers = json_get(detail, "audience");

    if (!json_get(detail, "template"))
        return;
    printf("\nThe message: \"%s\", to", json_get_text(detail, "template", ""));
    for (size_t i = 0; i < json_count(readers); i++)
        printf("%s %s", i ? "," : "", json_text(json_item(readers, i), ""));
    putchar('\n');
}

/* What its incident is about, as far as the person may see it. */
static bool may_see(const struct desk *d, const struct store_incident *i)
{
    uint32_t roles = d->person ? stand_in_roles(d->district, d->person, d->now) |
                                     stand_in_taken(d->store, d->person, i->id)
                               : 0;

    for (unsigned role = 0; role < names_role.count; role++)
        if (roles >> role & 1 && sight_of(role, i->owner) & SIGHT_WHAT)
            return true;
    return false;
}

static void print_incident(const struct desk *d, const struct store_incident *i)
{
    printf("  Incident %" PRId64 " at %s, %s, %s", i->id, i->site,
           names_get(&names_severity, i->severity),
           names_get(&names_incident_state, i->state));
    if (may_see(d, i)) {
        fputs(": ", stdout);
        print_safe(i->title);
    }
    putchar('\n');
}

static void print_state(const struct desk *d, const struct store_task *t,
                        const char *site)
{
    char opened[WHEN_TEXT], due[WHEN_TEXT], left[DUE_TEXT], answered[WHEN_TEXT];

    when_print(d, site, t->opened, opened);
    when_print(d, site, t->due, due);
    when_print(d, site, t->answered, answered);
    due_print(t->due, d->now, left);
    printf("  For %s, open since %s", names_get(&names_role, t->role), opened);
    if (t->due)
        printf(", due %s", due);
    if (t->state <= TASK_TAKEN)
        printf(" (%s)", left);
    putchar('\n');
    if (t->state == TASK_TAKEN)
        printf("  With %s\n", t->taken_by);
    if (t->state == TASK_DONE)
        printf("  Done by %s, %s\n", *t->answered_by ? t->answered_by : t->taken_by,
               t->answered ? answered : "when it was taken");
    if (t->state > TASK_DONE)
        printf("  It is over: %s\n", names_get(&names_task_state, t->state));
}

/* ---- what was answered ---- */

struct answer {
    const struct json *detail;
    struct buffer *out;
};

static const char *option_label(const struct json *detail, const char *name)
{
    const struct json *options = json_get(detail, "options");

    for (size_t i = 0; i < json_count(options); i++)
        if (strcmp(json_get_text(json_item(options, i), "option", ""), name) == 0)
            return json_get_text(json_item(options, i), "label", name);
    return name;
}

/* One word of it; the reason comes last. */
static void say_answer(const char *key, struct json *value, void *arg)
{
    struct answer *a = arg;
    const char *text = json_text(value, "");
    bool option = strcmp(key, "option") == 0;
    const char *label = option ? option_label(a->detail, text) : text;

    if (strcmp(key, "reason") == 0)
        return;
    buffer_text(a->out, a->out->len ? "; " : "");
    if (!option && strcmp(key, "approve") != 0 && strcmp(key, "disposition") != 0)
        buffer_print(a->out, "%s: ", key);
    if (json_is_number(value))
        buffer_print(a->out, "%" PRId64, json_number(value, 0));
    else
        buffer_text(a->out, text);
    if (strcmp(label, text) != 0)
        buffer_print(a->out, " (%s)", label);
}

char *task_answer_text(const struct store_task *t)
{
    auto_json struct json *detail = json_parse(t->detail, strlen(t->detail), NULL);
    auto_json struct json *answer = json_parse(t->answer, strlen(t->answer), NULL);
    const char *reason = json_get_text(answer, "reason", "");
    struct buffer out = {0};

    if (t->state != TASK_DONE || json_count(answer) == 0)
        return NULL;
    json_each(answer, say_answer, &(struct answer){detail, &out});
    if (*reason)
        buffer_print(&out, "%s%s", out.len ? ": " : "", reason);
    return buffer_take(&out);
}

/* The words to type: before the task's number and behind it. */
static void print_how(const struct desk *d, const struct store_task *t,
                      const struct json *form)
{
    static const char *const how[][2] = {
        [TASK_ACK] = {"tasks take", ""},
        [TASK_TASK] = {"tasks answer", ""},
        [TASK_DECIDE] = {"decide", " OPTION --reason WHY"},
        [TASK_APPROVE] = {"decide", " yes (or: no) --reason WHY"},
        [TASK_CLOSE] = {"tasks answer", " confirmed (or: benign, false-positive, "
                                        "unknown) --reason WHY"},
        [TASK_REVIEW] = {"tasks answer", ""},
        [TASK_TROUBLE] = {"tasks done", ""},
    };

    if (t->state > TASK_TAKEN)
        return;
    printf("\nThen: hallwatch %s %" PRId64 "%s", how[t->kind][0], t->id, how[t->kind][1]);
    for (size_t i = 0; i < json_count(form); i++)
        printf(" %s=...", json_get_text(json_item(form, i), "field", ""));
    if (d->person)
        printf(" --as %s", d->person->id);
    putchar('\n');
}

/* Only who may take it is told to. */
static void print_hidden(const struct desk *d, const struct store_task *t)
{
    const char *role = names_get(&names_role, t->role);

    if (!run_may_act(d->district, t->role, d->person->id))
        printf(
            "\nIt is for %s. What is to be done is shown to them and to whoever stands "
            "in for them; %s does not.\n",
            role, d->person->id);
    else if (t->state > TASK_TAKEN)
        printf("\nYou stand in for %s. It is over; what it said is theirs to read.\n",
               role);
    else
        printf("\nYou stand in for %s. What is to be done is shown to who has taken it: "
               "hallwatch tasks take %" PRId64 " --as %s\n",
               role, t->id, d->person->id);
}

static void print_answer(const struct store_task *t)
{
    auto_free char *text = task_answer_text(t);

    if (!text)
        return;
    fputs("\nAnswered: ", stdout);
    print_safe(text);
    putchar('\n');
}

void task_print(const struct desk *d, const struct store_task *t)
{
    auto_json struct json *detail = json_parse(t->detail, strlen(t->detail), NULL);
    struct store_incident i;
    bool known = store_incident_get(d->store, t->incident, &i) == 0;

    printf("Task %" PRId64 "%s: ", t->id, t->drill ? " (a drill)" : "");
    print_safe(t->title);
    putchar('\n');
    if (known)
        print_incident(d, &i);
    print_state(d, t, known ? i.site : "");
    if (known)
        store_incident_done(&i);
    if (!desk_sees(d, t)) {
        print_hidden(d, t);
        return;
    }
    print_answer(t);
    print_again(detail);
    print_list(detail, "do_not", "Do not", "x");
    print_list(detail, "do", "To do", "-");
    print_message(detail);
    print_form(detail);
    print_options(detail);
    print_how(d, t, json_get(detail, "form"));
}
