/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>

#include "cli/rules.h"
#include "collector/store_rule_week.h"
#include "mem.h"

#define WEEKS_DEFAULT 4

struct printing {
    struct json *all; /* --json */
    size_t count;
};

static void print_week(const struct store_rule_week *w, void *arg)
{
    struct printing *p = arg;
    char week[CLOCK_TEXT];

    if (p->all) {
        json_add(p->all, store_rule_week_json(w));
        return;
    }
    if (p->count++ == 0)
        printf("%-36s %-8s %-10s %9s %8s %8s %8s %9s\n", "RULE", "MODE", "WEEK OF",
               "MATCHES", "ALERTS", "REPEATS", "IN BURST", "INHIBITED");
    clock_print(w->week, week);
    printf("%-36s %-8s %.10s %9llu %8llu %8llu %8llu %9llu\n", w->rule,
           names_get(&names_rule_mode, w->mode), week, (unsigned long long)w->matches,
           (unsigned long long)w->alerts, (unsigned long long)w->repeats,
           (unsigned long long)w->in_burst, (unsigned long long)w->inhibited);
}

static usec_t weeks_ago(struct store *s, uint64_t weeks)
{
    usec_t now = store_now(s), span;

    weeks = weeks ? weeks : WEEKS_DEFAULT;
    span = (weeks - 1) * 7 * USEC_PER_DAY;
    return now > span ? now - span : 0;
}

int rules_shadow(const void *values, int argc, char **argv)
{
    const struct shadow_options *o = values;
    auto_district struct district *district = NULL;
    auto_store struct store *store = NULL;
    auto_json struct json *all = json_new_list();
    struct printing p = {.all = o->json ? all : NULL};
    auto_free char *text = NULL;

    (void)argc;
    (void)argv;
    if (o->weeks > STORE_RULE_WEEKS) {
        fprintf(stderr, "hallwatch: --weeks is at most %d: no more are kept\n",
                STORE_RULE_WEEKS);
        return OPTIONS_USAGE;
    }
    if (!store_choose(&o->choice, false, &store, &district))
        return EXIT_FAULT;
    if (store_rule_week_each(store, weeks_ago(store, o->weeks), !o->all, print_week, &p) <
        0) {
        fprintf(stderr, "hallwatch: %s\n", store_error(store));
        return EXIT_FAULT;
    }
    if (o->json) {
        text = json_write_pretty(all);
        puts(text);
    } else if (p.count == 0) {
        puts(o->all ? "No rule was met in that time."
                    : "No rule in shadow mode was met in that time.");
    }
    return 0;
}

#define OPTION(member) offsetof(struct shadow_options, member)

const struct option_row rules_shadow_options[] = {
    {"weeks", 'w', OPTION_COUNT, OPTION(weeks), "N", "of how many weeks; 4, at most 26"},
    {"all", 'a', OPTION_FLAG, OPTION(all), NULL,
     "of all rules, not those in shadow mode"},
    {"json", 'j', OPTION_FLAG, OPTION(json), NULL, "print JSON"},
    STORE_OPTIONS,
    {0},
};
