/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A playbook in sentences, for who knows neither its format nor the names of facts.
 */
#include <string.h>

#include "collector/playbook_show.h"

/* "answer.STEP.FIELD": the answer to what that step asks. */
static void say_answer(const struct playbook *p, const char *name, size_t len,
                       struct buffer *out)
{
    for (size_t i = 0; i < p->step_count; i++) {
        const struct playbook_step *s = &p->steps[i];

        for (size_t k = 0; k < s->form_count; k++) {
            auto_buffer struct buffer full = {0};

            buffer_print(&full, "answer.%s.%s", s->id, s->form[k].name);
            if (full.len != len || memcmp(full.at, name, len) != 0)
                continue;
            buffer_print(out, "step %zu, \"%s\"", i + 1, s->form[k].ask);
            return;
        }
    }
    buffer_text(out, "what was answered before");
}

static void say_fact(const struct playbook *p, const char *name, size_t len,
                     struct buffer *out)
{
    const struct fact *f = fact_find(name, len);

    if (f)
        buffer_text(out, f->meaning);
    else
        say_answer(p, name, len, out);
}

void playbook_each_part(const struct playbook *p, const char *text, playbook_part_fn *fn,
                        void *arg)
{
    const char *at, *end;

    while ((at = strstr(text, "${")) && (end = strchr(at, '}'))) {
        auto_buffer struct buffer words = {0};

        fn((struct text){.at = text, .len = (size_t)(at - text)}, false, arg);
        say_fact(p, at + 2, strcspn(at + 2, "|}"), &words);
        fn((struct text){.at = words.at, .len = words.len}, true, arg);
        text = end + 1;
    }
    fn(text_of(text), false, arg);
}

static void in_brackets(struct text part, bool fact, void *arg)
{
    buffer_print(arg, fact ? "[%.*s]" : "%.*s", (int)part.len, part.at);
}

void playbook_say_text(const struct playbook *p, const char *text, struct buffer *out)
{
    playbook_each_part(p, text, in_brackets, out);
}

/* "how many devices: at least 4" */
void playbook_say_condition(const struct playbook *p, const struct condition *c,
                            struct buffer *out)
{
    static const char *const ops[] = {
        [CONDITION_IS] = "",
        [CONDITION_IS_NOT] = "not ",
        [CONDITION_AT_LEAST] = "at least ",
        [CONDITION_AT_MOST] = "at most ",
    };

    say_fact(p, c->name, strlen(c->name), out);
    buffer_print(out, ": %s", ops[c->op]);
    for (size_t i = 0; i < c->value_count; i++)
        buffer_print(out, "%s%s", i ? " or " : "", c->values[i]);
}

void playbook_say_target(int step, struct buffer *out)
{
    if (step < 0)
        buffer_text(out, "the end");
    else
        buffer_print(out, "step %d", step + 1);
}

static void say_readers(const struct playbook_step *s, struct buffer *out)
{
    bool first = true;

    for (size_t i = 0; i < names_reader.count; i++)
        if (s->readers >> i & 1) {
            buffer_print(out, "%s%s", first ? "" : ", ", names_reader.at[i]);
            first = false;
        }
}

static void say_wait(const struct playbook *p, const struct playbook_step *s,
                     struct buffer *out)
{
    char time[CLOCK_TEXT];

    if (s->until) {
        buffer_text(out, "Wait until ");
        playbook_say_condition(p, s->until, out);
        return;
    }
    clock_print_duration(s->wait_for, time);
    buffer_print(out, "Wait %s", time);
}

void playbook_say_step(const struct playbook *p, const struct playbook_step *s,
                       struct buffer *out)
{
    static const char *const plain[] = {
        [STEP_ACK] = "Take this incident",
        [STEP_TASK] = "Do this",
        [STEP_DECIDE] = "Decide",
        [STEP_BRANCH] = "Depending on what is known",
        [STEP_CLOSE] = "Say what it was, and close the incident",
        [STEP_REVIEW] = "Look back at it",
    };
    char time[CLOCK_TEXT];

    if (*s->title)
        playbook_say_text(p, s->title, out);
    else if (s->kind == STEP_NOTIFY)
        buffer_print(out, "Tell %s", s->to ? s->to : names_get(&names_role, s->role));
    else if (s->kind == STEP_WAIT)
        say_wait(p, s, out);
    else if (s->kind == STEP_EVIDENCE) {
        clock_print_duration(s->hold_for, time);
        buffer_print(out, "Keep what there is as evidence, for %s", time);
        clock_print_duration(s->record, time);
        if (s->record)
            buffer_print(out, ", and record the device for %s", time);
    } else if (s->kind == STEP_CALL)
        buffer_print(out, "Follow the playbook %s", s->playbook);
    else if (s->kind == STEP_COMMUNICATE) {
        buffer_text(out, "Write to ");
        say_readers(s, out);
    } else
        buffer_text(out, plain[s->kind]);
}

void playbook_say_not_done(const struct playbook_step *s, struct buffer *out)
{
    if (s->not_done != PLAYBOOK_NONE)
        playbook_say_target(s->not_done, out);
    else
        buffer_text(out, s->timeout == TIMEOUT_LAST_RESPONDER
                             ? "it stays open, and the last responder is told at once"
                             : "it stays open, and the next one on the roster is told at "
                               "once");
}

void playbook_say_deadline(const struct playbook_step *s, struct buffer *out)
{
    char time[CLOCK_TEXT];

    clock_print_duration(s->within, time);
    buffer_print(out, "within %s", time);
    if (s->timeout == TIMEOUT_STEP) {
        buffer_text(out, ", else ");
        playbook_say_target(s->on_timeout, out);
    } else if (step_is_human(s->kind))
        buffer_text(out, s->timeout == TIMEOUT_LAST_RESPONDER
                             ? ", else the last responder is told"
                             : ", else the next one on the roster is told");
}
