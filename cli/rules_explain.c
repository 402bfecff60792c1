/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rules.h"
#include "cli/rules_event.h"
#include "diag_codes.h"
#include "file.h"
#include "mem.h"

#define INPUT_MAX ((size_t)64 << 20)

struct explaining {
    const struct rules_options *options;
    const struct ruleset *rules;
    struct matcher *matcher;
    struct event *event;
    struct diags *diags;
    const char *name;
    size_t only; /* a rule, or SIZE_MAX */
    uint8_t *verdicts;
    struct json *all; /* --json */
};

enum { UNMET, MET, EXCEPTED };

static void note(size_t rule, enum match_verdict verdict, void *arg)
{
    struct explaining *x = arg;

    x->verdicts[rule] = verdict == MATCH_HIT ? MET : EXCEPTED;
}

static void add_json(struct explaining *x, size_t i, const char *text)
{
    static const char *const words[] = {"no", "yes", "excepted"};
    struct json *o = json_new_object();

    json_put_text(o, "rule", ruleset_rule(x->rules, i)->id);
    json_put_text(o, "matches", words[x->verdicts[i]]);
    json_put_text(o, "explanation", text);
    json_add(x->all, o);
}

/* Any form of the rule that was named. */
static bool is_asked(const struct explaining *x, size_t i)
{
    return x->only == SIZE_MAX || strcmp(ruleset_rule(x->rules, i)->id,
                                         ruleset_rule(x->rules, x->only)->id) == 0;
}

static void explain_rule(struct explaining *x, size_t i)
{
    const struct rule *rule = ruleset_rule(x->rules, i);
    bool whole = x->options->all || x->verdicts[i] != UNMET || x->only != SIZE_MAX;
    auto_buffer struct buffer out = {0};

    if (x->only == SIZE_MAX && !(rule->watch >> event_kind(x->event) & 1))
        return;
    ruleset_explain(x->matcher, i, x->event, &out);
    if (x->options->json)
        add_json(x, i, out.at);
    else if (whole)
        printf("%s\n", out.at);
    else
        printf("%s: does not match\n", rule->id);
}

static void explain_event(struct explaining *x, const struct json *doc)
{
    if (!json_is_object(doc) || !rules_event(x->event, x->name, doc, x->diags))
        return;
    memset(x->verdicts, UNMET, ruleset_count(x->rules));
    ruleset_match(x->matcher, x->event, note, x);
    for (size_t i = 0; i < ruleset_count(x->rules); i++)
        if (ruleset_holds(x->rules, i, x->event) && is_asked(x, i))
            explain_rule(x, i);
}

/* One document, or one in each line. */
static void explain_text(struct explaining *x, const char *text, size_t len)
{
    auto_json struct json *whole = json_parse(text, len, NULL);
    const char *end = text + len;
    unsigned number = 0;

    if (whole) {
        explain_event(x, whole);
        return;
    }
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t line = (size_t)((stop ? stop : end) - text);
        auto_free char *error = NULL;
        auto_json struct json *doc = line ? json_parse(text, line, &error) : NULL;

        number++;
        if (doc)
            explain_event(x, doc);
        else if (line)
            diags_error(x->diags, (struct place){x->name, number, 1, 1}, "E0116",
                        "not JSON: %s", error ? error : "");
        text += line + (stop != NULL);
    }
}

static bool find_rule(struct explaining *x)
{
    int found;

    x->only = SIZE_MAX;
    if (!x->options->rule)
        return true;
    found = ruleset_find(x->rules, x->options->rule);
    if (found < 0)
        fprintf(stderr, "hallwatch: there is no rule \"%s\"\n", x->options->rule);
    x->only = (size_t)found;
    return found >= 0;
}

/* An event or alert may stand on the command line itself, as it was copied. */
static bool is_document(const char *word)
{
    return word[strspn(word, " \t\r\n")] == '{';
}

static bool read_input(const char *word, char **ret_text, size_t *ret_len)
{
    const char *path = strcmp(word, "-") == 0 ? "/dev/stdin" : word;
    int err;

    if (is_document(word)) {
        *ret_text = xstrdup(word);
        *ret_len = strlen(word);
        return true;
    }
    err = file_read(path, INPUT_MAX, ret_text, ret_len);
    if (err)
        fprintf(stderr, "hallwatch: %s cannot be read: %s\n", word, strerror(-err));
    return !err;
}

static int explain(struct explaining *x, const char *word)
{
    auto_free char *text = NULL;
    size_t len;

    if (!read_input(word, &text, &len) || !find_rule(x))
        return EXIT_FAULT;
    x->verdicts = xcalloc(ruleset_count(x->rules) + 1, 1);
    x->event = event_new();
    x->matcher = matcher_new(x->rules);
    x->all = json_new_list();
    explain_text(x, text, len);
    if (x->options->json) {
        auto_free char *out = json_write_pretty(x->all);

        puts(out);
    }
    json_free(x->all);
    matcher_free(x->matcher);
    event_free(x->event);
    free(x->verdicts);
    return 0;
}

int rules_explain(const void *values, int argc, char **argv)
{
    const struct rules_options *o = values;
    auto_diags struct diags *d = diags_new(), *faults = diags_new();
    struct world_settings settings = rules_world(o, argc - 1, argv + 1);
    struct explaining x = {.options = o,
                           .diags = faults,
                           .name = is_document(argv[0]) ? "the event" : argv[0]};
    struct world w = {0};
    int status = EXIT_FAULT;

    if (world_load(&w, &settings, d)) {
        x.rules = w.rules;
        status = explain(&x, argv[0]);
        if (diags_errors(faults))
            status = report_aside(faults);
    } else {
        report_aside(d);
    }
    world_done(&w);
    return status;
}

int rules_explain_code(const void *values, int argc, char **argv)
{
    const struct rules_options *o = values;
    const struct diag_code *code = diag_code_find(argv[0]);

    (void)argc;
    if (!code) {
        fprintf(stderr, "hallwatch: there is no code \"%s\"\n", argv[0]);
        return EXIT_FAULT;
    }
    if (o->json) {
        auto_json struct json *doc = json_new_object();
        auto_free char *text = NULL;

        json_put_text(doc, "code", code->code);
        json_put_text(doc, "title", code->title);
        json_put_text(doc, "page", code->page);
        text = json_write_pretty(doc);
        puts(text);
    } else {
        printf("%s: %s\n\n%s\n", code->code, code->title, code->page);
    }
    return 0;
}
