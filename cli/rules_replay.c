/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rules.h"
#include "json.h"
#include "mem.h"

struct tally {
    struct {
        char *rule, *severity, *first;
        uint64_t alerts, repeats;
    } * rows;
    size_t count, capacity;
    bool json;
};

static void tally_add(struct tally *t, const struct json *doc)
{
    const char *rule = json_text(json_get_path(doc, "hallwatch.rule"), "?");
    int64_t repeats = json_number(json_get_path(doc, "hallwatch.summary.repeats"), 0);
    size_t i = 0;

    while (i < t->count && strcmp(t->rows[i].rule, rule) != 0)
        i++;
    if (i == t->count) {
        t->rows = xgrow(t->rows, t->count++, &t->capacity, sizeof(*t->rows));
        t->rows[i].rule = xstrdup(rule);
        t->rows[i].severity =
            xstrdup(json_text(json_get_path(doc, "hallwatch.severity"), ""));
        t->rows[i].first = xstrdup(json_get_text(doc, "timestamp", ""));
        t->rows[i].alerts = t->rows[i].repeats = 0;
    }
    t->rows[i].alerts += !json_get_path(doc, "hallwatch.summary");
    t->rows[i].repeats += (uint64_t)repeats;
}

static void on_line(const char *line, void *arg)
{
    struct tally *t = arg;
    auto_json struct json *doc = NULL;

    if (t->json) {
        fputs(line, stdout);
        return;
    }
    doc = json_parse(line, strlen(line), NULL);
    if (doc && strcmp(json_get_text(doc, "event_type", ""), "alert") == 0)
        tally_add(t, doc);
}

static void print_tally(struct tally *t, bool whole)
{
    if (t->count == 0 && !t->json && whole)
        puts("No alerts.");
    for (size_t i = 0; i < t->count; i++) {
        if (i == 0)
            printf("%-36s %-9s %7s %8s  %s\n", "RULE", "SEVERITY", "ALERTS", "REPEATS",
                   "FIRST");
        printf("%-36s %-9s %7llu %8llu  %s\n", t->rows[i].rule, t->rows[i].severity,
               (unsigned long long)t->rows[i].alerts,
               (unsigned long long)t->rows[i].repeats, t->rows[i].first);
        free(t->rows[i].rule);
        free(t->rows[i].severity);
        free(t->rows[i].first);
    }
    free(t->rows);
}

int rules_replay(const void *values, int argc, char **argv)
{
    const struct rules_options *o = values;
    auto_diags struct diags *d = diags_new();
    struct world_settings settings = rules_world(o, argc - 1, argv + 1);
    struct tally t = {.json = o->json};
    struct world w = {0};
    int err;

    if (!world_load(&w, &settings, d)) {
        world_done(&w);
        return report_aside(d);
    }
    err = rules_run_agent(argv[0], &settings, w.lists_path, on_line, &t);
    world_done(&w);
    print_tally(&t, err == 0);
    if (err == -ENOENT)
        fputs("hallwatch: there is no hallwatch-agent beside this program: build or "
              "install it\n",
              stderr);
    return err ? EXIT_FAULT : 0;
}
