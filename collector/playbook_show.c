/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/playbook_show.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define INDENT "      "

/* ---- text ---- */

static void text_list(const struct playbook *p, const char *head,
                      const char *const *items, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        buffer_print(out, INDENT "%s ", head);
        playbook_say_text(p, items[i], out);
        buffer_text(out, "\n");
    }
}

static void text_ways(const struct playbook *p, const struct playbook_step *s,
                      struct buffer *out)
{
    for (size_t i = 0; i < s->way_count; i++) {
        buffer_text(out, INDENT "- ");
        if (s->kind == STEP_BRANCH)
            playbook_say_condition(p, &s->ways[i].condition, out);
        else
            buffer_text(out, s->ways[i].label);
        buffer_text(out, ": ");
        playbook_say_target(s->ways[i].then, out);
        buffer_text(out, "\n");
    }
}

static void text_form(const struct playbook *p, const struct playbook_step *s,
                      struct buffer *out)
{
    for (size_t i = 0; i < s->form_count; i++) {
        buffer_text(out, INDENT "? ");
        playbook_say_text(p, s->form[i].ask, out);
        if (s->form[i].done)
            buffer_print(out, " (done only with \"%s\")", s->form[i].done);
        buffer_text(out, s->form[i].required ? " (must be answered)\n" : "\n");
    }
    if (step_may_be_undone(s)) {
        buffer_text(out, INDENT "  not done: ");
        playbook_say_not_done(s, out);
        buffer_text(out, "\n");
    }
}

static void text_step(const struct playbook *p, size_t i, struct buffer *out)
{
    const struct playbook_step *s = &p->steps[i];

    buffer_print(out, "\n%3zu.  ", i + 1);
    playbook_say_step(p, s, out);
    buffer_text(out, "\n");
    if (step_is_human(s->kind))
        buffer_print(out, INDENT "who: %s\n", names_get(&names_role, s->role));
    if (s->has_approve)
        buffer_print(out, INDENT "nothing happens before %s agrees\n",
                     names_get(&names_role, s->approve));
    if (s->within) {
        buffer_text(out, INDENT);
        playbook_say_deadline(s, out);
        buffer_text(out, "\n");
    }
    if (*s->question) {
        buffer_text(out, INDENT);
        playbook_say_text(p, s->question, out);
        buffer_text(out, "\n");
    }
    text_list(p, "*", s->does, s->do_count, out);
    text_list(p, "!!", s->do_nots, s->do_not_count, out);
    text_form(p, s, out);
    text_ways(p, s, out);
    if (s->kind == STEP_DECIDE)
        return;
    buffer_print(out, INDENT "%s ", s->kind == STEP_BRANCH ? "else:" : "then:");
    playbook_say_target(s->then, out);
    buffer_text(out, "\n");
}

static void text_person(enum role role, const char *when, const struct person *person,
                        void *arg)
{
    struct buffer *out = arg;

    buffer_print(out, "  %-16s %-28s %s", names_get(&names_role, role), when,
                 person->name);
    for (size_t i = 0; i < person->phone_count; i++)
        buffer_print(out, ", telephone %s", person->phones[i]);
    for (size_t i = 0; i < person->contact_count; i++)
        if (strcmp(person->contacts[i].kind, "mail") == 0)
            buffer_print(out, ", %s", person->contacts[i].at);
    buffer_text(out, "\n");
}

void playbook_show_text(const struct playbook *p, const struct district *district,
                        struct buffer *out)
{
    buffer_print(
        out,
        "%s (%s, version %llu)\n%s\n\nLed by: %s. Lines with !! say what must not be done.\n",
        p->title, p->id, (unsigned long long)p->version, p->summary,
        names_get(&names_role, p->lead));
    for (size_t i = 0; i < p->step_count; i++)
        text_step(p, i, out);
    if (!district)
        return;
    buffer_text(out, "\nWho is reached how\n");
    playbook_each_reach(p, district, text_person, out);
}

/* ---- Graphviz ---- */

static void dot_text(const char *text, size_t len, struct buffer *out)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buffer_text(out, "\\");
        buffer_add(out, text[i] == '\n' ? " " : &text[i], 1);
    }
}

static void dot_edge(size_t from, int to, const char *label, const char *style,
                     struct buffer *out)
{
    buffer_print(out, "  s%zu -> ", from);
    if (to < 0)
        buffer_text(out, "end");
    else
        buffer_print(out, "s%d", to);
    buffer_print(out, " [style=%s, label=\"", style);
    dot_text(label, strlen(label), out);
    buffer_text(out, "\"];\n");
}

static const char *dot_shape(const struct playbook_step *s)
{
    if (s->kind == STEP_DECIDE || s->kind == STEP_BRANCH)
        return "diamond";
    return step_is_human(s->kind) ? "box" : "ellipse";
}

static void dot_step(const struct playbook *p, size_t i, struct buffer *out)
{
    const struct playbook_step *s = &p->steps[i];
    auto_buffer struct buffer words = {0};

    playbook_say_step(p, s, &words);
    buffer_print(out, "  s%zu [shape=%s, label=\"%zu. ", i, dot_shape(s), i + 1);
    dot_text(words.at, words.len, out);
    if (step_is_human(s->kind))
        buffer_print(out, "\\n%s", names_get(&names_role, s->role));
    if (s->within) {
        char time[CLOCK_TEXT];

        clock_print_duration(s->within, time);
        buffer_print(out, "\\nwithin %s", time);
    }
    buffer_text(out, "\"];\n");
    for (size_t j = 0; j < s->way_count; j++) {
        auto_buffer struct buffer label = {0};

        if (s->kind == STEP_BRANCH)
            playbook_say_condition(p, &s->ways[j].condition, &label);
        else
            buffer_text(&label, s->ways[j].label);
        dot_edge(i, s->ways[j].then, label.at, "solid", out);
    }
    if (s->kind != STEP_DECIDE)
        dot_edge(i, s->then, "", "solid", out);
    if (s->timeout == TIMEOUT_STEP && s->on_timeout != PLAYBOOK_NONE)
        dot_edge(i, s->on_timeout, "nobody in time", "dashed", out);
    if (s->on_refused != PLAYBOOK_NONE)
        dot_edge(i, s->on_refused, "refused", "dashed", out);
    if (s->not_done != PLAYBOOK_NONE)
        dot_edge(i, s->not_done, "not done", "dashed", out);
}

void playbook_show_dot(const struct playbook *p, struct buffer *out)
{
    buffer_text(out, "digraph playbook {\n  node [fontname=\"sans-serif\"];\n"
                     "  end [shape=doublecircle, label=\"end\"];\n");
    for (size_t i = 0; i < p->step_count; i++)
        dot_step(p, i, out);
    buffer_text(out, "}\n");
}
