/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/rules.h"
#include "json.h"
#include "mem.h"
#include "rule_test.h"

struct testing {
    const struct rules_options *options;
    const struct world_settings *settings;
    const struct world *world;
    size_t number;
};

struct counting {
    const char *ruleset, *rule; /* rule NULL: all of the rule set */
    uint64_t alerts;
};

static void count_alert(const char *line, void *arg)
{
    struct counting *c = arg;
    auto_json struct json *doc = json_parse(line, strlen(line), NULL);
    const char *wanted = c->rule ? c->rule : c->ruleset;

    if (doc && !json_get_path(doc, "hallwatch.summary") &&
        strcmp(
            json_text(
                json_get_path(doc, c->rule ? "hallwatch.rule" : "hallwatch.ruleset"), ""),
            wanted) == 0)
        c->alerts++;
}

static int run_pcap(const char *pcap, const char *ruleset, const char *rule,
                    uint64_t *ret_alerts, void *arg)
{
    const struct testing *t = arg;
    struct counting c = {.ruleset = ruleset, .rule = rule};
    int err = rules_run_agent(pcap, t->settings, t->world->lists_path, count_alert, &c);

    *ret_alerts = c.alerts;
    return err;
}

static void say(const char *owner, const char *test, enum rule_test_verdict verdict,
                const char *why, void *arg)
{
    struct testing *t = arg;

    t->number++;
    if (t->options->tap)
        printf("%sok %zu - %s: %s%s%s\n", verdict == TEST_FAILED ? "not " : "", t->number,
               owner, test, verdict == TEST_SKIPPED ? " # SKIP " : "", why ? why : "");
    else if (verdict == TEST_SKIPPED && !t->options->json && !t->options->format)
        printf("skipped: %s: %s: %s\n", owner, test, why);
}

/* TAP has the faults as comments. */
static void say_tap(struct diags *d, const struct testing *t)
{
    auto_free char *text = diags_text(d);

    for (char *line = text; *line;) {
        size_t len = strcspn(line, "\n");

        printf("# %.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
    printf("1..%zu\n", t->number);
}

int rules_test(const void *values, int argc, char **argv)
{
    const struct rules_options *o = values;
    auto_diags struct diags *d = diags_new();
    struct world_settings settings = rules_world(o, argc, argv);
    struct rule_test_counts counts = {0};
    enum report_format format;
    struct world w = {0};
    struct testing t = {.options = o, .settings = &settings, .world = &w};

    settings.example = true;
    if (!report_format(o->format, o->json, &format))
        return OPTIONS_USAGE;
    if (world_load(&w, &settings, d))
        counts = ruleset_test(
            w.rules,
            &(struct rule_test_settings){
                .pcap = run_pcap, .each = say, .arg = &t, .coverage = o->coverage},
            d);
    if (o->tap)
        say_tap(d, &t);
    else
        report(d, format);
    if (w.rules && !o->tap && format == REPORT_TEXT)
        printf("%zu passed, %zu failed, %zu skipped\n", counts.passed, counts.failed,
               counts.skipped);
    world_done(&w);
    return diags_errors(d) ? EXIT_FAULT : 0;
}
