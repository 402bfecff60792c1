/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page is black on white, has boxes to tick and lines to write on, and ends with who
 * is reached how.
 */
#include <string.h>

#include "collector/playbook_show.h"

static const char *const style =
    "body{font:11pt/1.4 sans-serif;max-width:46em;margin:2em auto;padding:0 1em}"
    "section{border-top:1px solid #888;padding:.5em 0;break-inside:avoid}"
    "h2{font-size:12pt;margin:.3em 0}ul{list-style:none;padding-left:1.4em;margin:.3em 0}"
    "li::before{content:'\\2610\\00a0';margin-left:-1.4em}"
    ".no{border:2px solid #000;padding:.2em .6em;margin:.4em 0}"
    ".no li::before,.way li::before{content:''}.by{font-weight:bold}"
    ".line{border-bottom:1px solid #888;height:1.6em}table{border-collapse:collapse}"
    ".fact{display:inline-block;min-width:9em;border-bottom:1px solid #000}"
    "small{font-weight:normal}a{color:inherit}tr{break-inside:avoid}"
    "td:nth-child(4){white-space:nowrap}"
    "td,th{border:1px solid #888;padding:.2em .5em;text-align:left}";

/* A fact is a line to write on, and what belongs there. */
static void put_part(struct text part, bool fact, void *arg)
{
    struct buffer *out = arg;

    if (fact)
        buffer_text(out, "<span class=\"fact\"></span> <small>(");
    if (part.len)
        buffer_text_html(out, part);
    if (fact)
        buffer_text(out, ")</small>");
}

static void put(const struct playbook *p, const char *text, struct buffer *out)
{
    playbook_each_part(p, text, put_part, out);
}

static void put_plain(const char *text, struct buffer *out)
{
    buffer_text_html(out, text_of(text));
}

static void put_list(const struct playbook *p, const char *open, const char *const *items,
                     size_t count, const char *close, struct buffer *out)
{
    if (count == 0)
        return;
    buffer_text(out, open);
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, "<li>");
        put(p, items[i], out);
        buffer_text(out, "</li>\n");
    }
    buffer_text(out, close);
}

static void put_target(int step, struct buffer *out)
{
    if (step < 0)
        buffer_text(out, "the end");
    else
        buffer_print(out, "<a href=\"#s%d\">step %d</a>", step + 1, step + 1);
}

static void put_ways(const struct playbook *p, const struct playbook_step *s,
                     struct buffer *out)
{
    if (s->way_count > 0)
        buffer_text(out, "<ul class=\"way\">\n");
    for (size_t i = 0; i < s->way_count; i++) {
        auto_buffer struct buffer words = {0};

        if (s->kind == STEP_BRANCH)
            playbook_say_condition(p, &s->ways[i].condition, &words);
        else
            buffer_text(&words, s->ways[i].label);
        buffer_text(out, "<li>&#x2610; ");
        buffer_text_html(out, (struct text){words.at, words.len});
        buffer_text(out, " &rarr; ");
        put_target(s->ways[i].then, out);
        buffer_text(out, "</li>\n");
    }
    if (s->way_count > 0)
        buffer_text(out, "</ul>\n");
    if (s->kind == STEP_DECIDE)
        return;
    buffer_text(out, s->kind == STEP_BRANCH ? "<p>else &rarr; " : "<p>&rarr; ");
    put_target(s->then, out);
    buffer_text(out, "</p>\n");
}

static void put_who(const struct playbook_step *s, struct buffer *out)
{
    auto_buffer struct buffer deadline = {0};

    if (!step_is_human(s->kind) && s->within == 0)
        return;
    buffer_text(out, "<p class=\"by\">");
    if (step_is_human(s->kind))
        put_plain(names_get(&names_role, s->role), out);
    if (s->within) {
        playbook_say_deadline(s, &deadline);
        buffer_text(out, step_is_human(s->kind) ? ", " : "");
        buffer_text_html(out, (struct text){deadline.at, deadline.len});
    }
    buffer_text(out, "</p>\n");
    if (s->has_approve)
        buffer_print(out,
                     "<p>Nothing happens before <b>%s</b> agrees: ______________</p>\n",
                     names_get(&names_role, s->approve));
}

static void put_title(const struct playbook *p, const struct playbook_step *s,
                      struct buffer *out)
{
    auto_buffer struct buffer words = {0};

    if (*s->title) {
        put(p, s->title, out);
        return;
    }
    playbook_say_step(p, s, &words);
    buffer_text_html(out, (struct text){words.at, words.len});
}

static void put_step(const struct playbook *p, size_t i, struct buffer *out)
{
    const struct playbook_step *s = &p->steps[i];
    buffer_print(out, "<section id=\"s%zu\"><h2>%zu. ", i + 1, i + 1);
    put_title(p, s, out);
    buffer_text(out, "</h2>\n");
    put_who(s, out);
    if (*s->question) {
        buffer_text(out, "<p>");
        put(p, s->question, out);
        buffer_text(out, "</p>\n");
    }
    put_list(p, "<ul>\n", s->does, s->do_count, "</ul>\n", out);
    put_list(p, "<div class=\"no\"><b>Do not</b><ul>\n", s->do_nots, s->do_not_count,
             "</ul></div>\n", out);
    for (size_t j = 0; j < s->form_count; j++) {
        buffer_text(out, "<p>");
        put(p, s->form[j].ask, out);
        buffer_text(out, "</p><div class=\"line\"></div>\n");
    }
    if (step_may_be_undone(s)) {
        auto_buffer struct buffer words = {0};

        playbook_say_not_done(s, &words);
        buffer_text(out, "<p>Not done: ");
        put_plain(words.at, out);
        buffer_text(out, "</p>\n");
    }
    put_ways(p, s, out);
    buffer_text(out, "</section>\n");
}

static void put_phones(const struct person *p, struct buffer *out)
{
    if (p->phone_count == 0)
        buffer_text(out, "<span class=\"fact\"></span>");
    for (size_t i = 0; i < p->phone_count; i++) {
        buffer_text(out, i ? "<br><b>" : "<b>");
        put_plain(p->phones[i], out);
        buffer_text(out, "</b>");
    }
}

/* The address of a webhook is a secret, and no use on paper. */
static void put_mails(const struct person *p, struct buffer *out)
{
    bool first = true;

    for (size_t i = 0; i < p->contact_count; i++) {
        if (strcmp(p->contacts[i].kind, "mail") != 0)
            continue;
        buffer_text(out, first ? "" : "<br>");
        put_plain(p->contacts[i].at, out);
        first = false;
    }
}

static void put_person(enum role role, const char *when, const struct person *person,
                       void *arg)
{
    struct buffer *out = arg;

    buffer_print(out, "<tr><td>%s</td><td>", names_get(&names_role, role));
    put_plain(when, out);
    buffer_text(out, "</td><td>");
    put_plain(person->name, out);
    buffer_text(out, "</td><td>");
    put_phones(person, out);
    buffer_text(out, "</td><td>");
    put_mails(person, out);
    buffer_text(out, "</td></tr>\n");
}

void playbook_show_html(const struct playbook *p, const struct district *district,
                        struct buffer *out)
{
    buffer_print(out,
                 "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                 "<title>%s</title><style>%s</style></head><body>\n<h1>",
                 p->id, style);
    put(p, p->title, out);
    buffer_text(out, "</h1>\n<p>");
    put(p, p->summary, out);
    buffer_print(out,
                 "</p>\n<p>Led by %s. Playbook %s, version %llu. Incident number "
                 "________ Date ____________</p>\n",
                 names_get(&names_role, p->lead), p->id, (unsigned long long)p->version);
    for (size_t i = 0; i < p->step_count; i++)
        put_step(p, i, out);
    if (district) {
        buffer_text(out,
                    "<section><h2>Who is reached how</h2><table>\n<tr><th>For</th>"
                    "<th>When</th><th>Who</th><th>Telephone</th><th>Mail</th></tr>\n");
        playbook_each_reach(p, district, put_person, out);
        buffer_text(out, "</table></section>\n");
    }
    buffer_text(out, "</body></html>\n");
}
