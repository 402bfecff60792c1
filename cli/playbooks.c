/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "collector/notice.h"
#include "collector/playbook_check.h"
#include "collector/playbook_show.h"

struct options {
    const char *district, *notices, *folder, *format;
    bool json, dot, html;
};

#define OPTION(member) offsetof(struct options, member)
#define DISTRICT                                                                   \
    {                                                                              \
        "district", 'd', OPTION_TEXT, OPTION(district), "FILE",                    \
            "the district.yaml with the people; else the example with the shipped" \
            " playbooks"                                                           \
    }
#define JSON                                                       \
    {                                                              \
        "json", 'j', OPTION_FLAG, OPTION(json), NULL, "print JSON" \
    }

static const struct option_row check_options[] = {
    DISTRICT,
    {"notices", 'n', OPTION_TEXT, OPTION(notices), "DIR",
     "the templates of messages; else the shipped ones"},
    {"format", 'f', OPTION_TEXT, OPTION(format), "FORMAT",
     "print faults as text, json or sarif"},
    JSON,
    {0},
};

static const struct option_row show_options[] = {
    DISTRICT,
    {"folder", 'p', OPTION_TEXT, OPTION(folder), "PATH",
     "where the playbooks are; else the shipped ones"},
    {"format", 'f', OPTION_TEXT, OPTION(format), "FORMAT",
     "text, html (a page to print), dot (a diagram for Graphviz) or json"},
    {"dot", 0, OPTION_FLAG, OPTION(dot), NULL, "the same as --format dot"},
    {"html", 0, OPTION_FLAG, OPTION(html), NULL, "the same as --format html"},
    JSON,
    {0},
};

static struct district *load_district(const struct options *o, bool shipped,
                                      struct diags *d)
{
    auto_free char *example = share_path("deploy/examples/district.yaml");

    if (!o->district && !shipped)
        return NULL;
    return district_load(o->district ? o->district : example, d);
}

/* ---- check ---- */

static int check(const void *values, int argc, char **argv)
{
    const struct options *o = values;
    auto_free char *shipped = share_path("rules/playbooks");
    auto_free char *words = share_path("rules/notices");
    auto_diags struct diags *d = diags_new();
    auto_playbooks struct playbooks *all = NULL;
    auto_notices struct notices *notices = NULL;
    auto_district struct district *district = NULL;
    enum report_format format;
    int status;

    if (!report_format(o->format, o->json, &format))
        return OPTIONS_USAGE;
    all = playbooks_load(argc ? argv[0] : shipped, d);
    notices = notices_load(o->notices ? o->notices : words, d);
    district = load_district(o, argc == 0, d);
    if (all && notices)
        playbooks_check(&(struct playbook_check){all, notices, district}, d);
    status = report(d, format);
    if (status == EXIT_SUCCESS && all && notices && format == REPORT_TEXT)
        printf("%zu playbook%s in %zu language%s, no errors\n", all->count,
               all->count == 1 ? "" : "s", notices->count,
               notices->count == 1 ? "" : "s");
    return status;
}

/* ---- show ---- */

static struct json *texts_json(const char *const *texts, size_t count)
{
    struct json *list = json_new_list();

    for (size_t i = 0; i < count; i++)
        json_add(list, json_new_text(texts[i]));
    return list;
}

static struct json *step_json(const struct playbook_step *s)
{
    struct json *step = json_new_object();

    json_put_text(step, "id", s->id);
    json_put_text(step, "kind", names_get(&names_step_kind, s->kind));
    json_put_text(step, "title", s->title);
    json_put_text(step, "role", names_get(&names_role, s->role));
    json_put_number(step, "within_seconds", (int64_t)(s->within / USEC_PER_SEC));
    json_put(step, "do", texts_json(s->does, s->do_count));
    json_put(step, "do_not", texts_json(s->do_nots, s->do_not_count));
    return step;
}

static char *playbook_json(const struct playbook *p)
{
    auto_json struct json *json = json_new_object();
    struct json *steps = json_new_list();

    json_put_text(json, "playbook", p->id);
    json_put_number(json, "version", (int64_t)p->version);
    json_put_text(json, "title", p->title);
    json_put_text(json, "summary", p->summary);
    json_put_text(json, "for", names_get(&names_role, p->lead));
    for (size_t i = 0; i < p->step_count; i++)
        json_add(steps, step_json(&p->steps[i]));
    json_put(json, "steps", steps);
    return json_write_pretty(json);
}

enum show_format { SHOW_TEXT, SHOW_HTML, SHOW_DOT, SHOW_JSON };
static const char *const show_formats[] = {"text", "html", "dot", "json"};
#define SHOW_FORMATS (sizeof(show_formats) / sizeof(show_formats[0]))

/* False after a complaint. */
static bool show_format(const struct options *o, enum show_format *ret)
{
    const char *near;

    *ret = o->json ? SHOW_JSON : o->html ? SHOW_HTML : o->dot ? SHOW_DOT : SHOW_TEXT;
    if (!o->format)
        return true;
    for (unsigned i = 0; i < SHOW_FORMATS; i++)
        if (strcmp(o->format, show_formats[i]) == 0) {
            *ret = i;
            return true;
        }
    near = text_nearest(o->format, show_formats, SHOW_FORMATS);
    fprintf(
        stderr,
        "hallwatch: a playbook is shown as text, html, dot or json, not \"%s\"%s%s%s\n",
        o->format, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    return false;
}

static void print(enum show_format format, const struct playbook *p,
                  const struct district *district)
{
    auto_buffer struct buffer out = {0};
    auto_free char *json = NULL;

    switch (format) {
    case SHOW_JSON:
        json = playbook_json(p);
        puts(json);
        return;
    case SHOW_DOT:
        playbook_show_dot(p, &out);
        break;
    case SHOW_HTML:
        playbook_show_html(p, district, &out);
        break;
    case SHOW_TEXT:
        playbook_show_text(p, district, &out);
        break;
    }
    fputs(out.at, stdout);
}

static int print_all(const struct playbooks *all)
{
    for (size_t i = 0; i < all->count; i++)
        printf("%-22s %s\n", all->at[i]->id, all->at[i]->title);
    return EXIT_SUCCESS;
}

static int refuse(const struct playbooks *all, const char *id)
{
    const char **ids = calloc(all->count + 1, sizeof(*ids));

    for (size_t i = 0; ids && i < all->count; i++)
        ids[i] = all->at[i]->id;
    fprintf(stderr, "hallwatch: there is no playbook \"%s\"", id);
    if (ids && text_nearest(id, ids, all->count))
        fprintf(stderr, "; did you mean \"%s\"?", text_nearest(id, ids, all->count));
    fprintf(stderr, "\n`hallwatch playbooks show` lists them\n");
    free(ids);
    return EXIT_FAULT;
}

static int show(const void *values, int argc, char **argv)
{
    const struct options *o = values;
    auto_free char *shipped = share_path("rules/playbooks");
    auto_diags struct diags *d = diags_new();
    auto_playbooks struct playbooks *all =
        playbooks_load(o->folder ? o->folder : shipped, d);
    auto_district struct district *district = load_district(o, !o->folder, d);
    const struct playbook *p;
    enum show_format format;

    if (!show_format(o, &format))
        return OPTIONS_USAGE;
    if (!all || diags_errors(d))
        return report_aside(d);
    if (argc == 0)
        return print_all(all);
    p = playbooks_find(all, argv[0]);
    if (!p)
        return refuse(all, argv[0]);
    print(format, p, district);
    return EXIT_SUCCESS;
}

const struct command playbooks_commands[] = {
    {"check", .args = "[PATH]", .max_args = 1, .help = "say what is wrong with playbooks",
     .more = "Without PATH, the shipped ones. Exits with 1 when there is an error.",
     .options = check_options, .size = sizeof(struct options), .run = check},
    {"show", .args = "[ID]", .max_args = 1,
     .help = "show a playbook as text, diagram or page",
     .more = "Without ID, the names of all playbooks.", .options = show_options,
     .size = sizeof(struct options), .run = show},
    {0},
};
