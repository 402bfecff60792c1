/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rule_cost.h"
#include "cli/rules.h"
#include "cli/rules_event.h"
#include "items.h"
#include "json.h"
#include "mem.h"
#include "rule_test.h"
#include "rule_tests.h"
#include "ruleset.h"

#define GENERATED_MAX 10000 /* of one generator */

struct costing {
    struct rule_costs *costs;
    struct event *event;
    struct diags *diags;
    const char *name;
    size_t left_out;
};

/* ---- events ---- */

static void keep(struct costing *c)
{
    c->left_out += !rule_costs_add(c->costs, c->event);
}

static void add_generated(struct costing *c, const struct rule_test *test,
                          const struct node *g)
{
    uint64_t count = 0, every = 0, after = 0;

    node_read_number(node_get(g, "count"), 1, UINT32_MAX, &count, c->diags);
    if (node_get(g, "every"))
        node_read_duration(node_get(g, "every"), &every, c->diags);
    if (node_get(g, "at"))
        node_read_duration(node_get(g, "at"), &after, c->diags);
    for (uint64_t n = 1; n <= count && n <= GENERATED_MAX; n++)
        if (rule_test_event(c->event, node_get(g, "event"), n, test->start,
                            test->start + after + (n - 1) * every, c->diags))
            keep(c);
    c->left_out += count > GENERATED_MAX ? count - GENERATED_MAX : 0;
}

static void add_test(struct costing *c, const struct rule_test *test)
{
    usec_t at = test->start;

    for (size_t i = 0; test->events && i < node_count(test->events); i++)
        if (rule_test_event(c->event, node_item(test->events, i), 1, test->start, at,
                            c->diags)) {
            at = event_time(c->event);
            keep(c);
        }
    for (size_t i = 0; test->generate && i < items_count(test->generate); i++)
        add_generated(c, test, items_at(test->generate, i));
}

static void add_line(const char *line, void *arg)
{
    struct costing *c = arg;
    auto_json struct json *doc = json_parse(line, strlen(line), NULL);

    if (doc && strcmp(json_get_text(doc, "event_type", ""), "alert") != 0 &&
        rules_event(c->event, c->name, doc, c->diags))
        keep(c);
}

static bool add_captures(struct costing *c, const struct option_texts *pcaps,
                         const struct world_settings *s, const struct world *w)
{
    for (size_t i = 0; i < pcaps->count; i++) {
        int err;

        c->name = pcaps->items[i];
        err = rules_run_agent_events(c->name, s, w->lists_path, add_line, c);
        if (err == 0)
            continue;
        fprintf(stderr,
                err == -ENOENT
                    ? "hallwatch: there is no hallwatch-agent to read %s: build "
                      "or install it\n"
                    : "hallwatch: hallwatch-agent could not run %s\n",
                c->name);
        return false;
    }
    return true;
}

/* ---- telling ---- */

static int by_cost(const void *a, const void *b)
{
    const struct rule_cost *const *x = a, *const *y = b;

    if (rule_cost_ns(*x) != rule_cost_ns(*y))
        return rule_cost_ns(*x) > rule_cost_ns(*y) ? -1 : 1;
    return (*x)->rule < (*y)->rule ? -1 : 1;
}

static uint64_t total_ns(const struct rule_cost *const *all, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += rule_cost_ns(all[i]);
    return sum;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static double each_ns(const struct rule_cost *k)
{
    return k->evaluated ? (double)rule_cost_ns(k) / (double)k->evaluated : 0;
}

static void print_row(const struct ruleset *set, const struct rule_cost *k, uint64_t sum)
{
    printf(
        "%-34s %5zu %5zu %5zu %9llu %9llu %9llu %7llu %7.0f %6.0f%% %6.1f%% %6llu %6llu "
        "%7llu\n",
        ruleset_rule(set, k->rule)->id, k->predicates, k->lists, k->patterns,
        (unsigned long long)k->state_most / 1024, (unsigned long long)k->evaluated,
        (unsigned long long)k->asked, (unsigned long long)k->hits, each_ns(k),
        rule_cost_spread(k), share(rule_cost_ns(k), sum), (unsigned long long)k->keys,
        (unsigned long long)k->keys_peak, (unsigned long long)k->evicted);
}

static void print_text(const struct ruleset *set, const struct rule_cost *const *all,
                       size_t events)
{
    size_t count = ruleset_count(set);
    uint64_t sum = total_ns(all, count), evaluated = 0, asked = 0;

    printf("%-34s %5s %5s %5s %9s %9s %9s %7s %7s %7s %7s %6s %6s %7s\n", "RULE", "PREDS",
           "LISTS", "PATTS", "STATE KiB", "EVALUATED", "ASKED", "HITS", "NS EACH",
           "SPREAD", "SHARE", "KEYS", "PEAK", "EVICTED");
    for (size_t i = 0; i < count; i++) {
        print_row(set, all[i], sum);
        evaluated += all[i]->evaluated;
        asked += all[i]->asked;
    }
    printf("%zu rules, %zu events: %llu evaluations, %llu predicates asked", count,
           events, (unsigned long long)evaluated, (unsigned long long)asked);
    if (events > 0)
        printf("; for each event %.1f rules and %.0f ns",
               (double)evaluated / (double)events, (double)sum / (double)events);
    putchar('\n');
}

static struct json *row_json(const struct ruleset *set, const struct rule_cost *k,
                             uint64_t sum)
{
    const struct rule *rule = ruleset_rule(set, k->rule);
    struct json *o = json_new_object(), *kinds = json_new_list();

    for (unsigned i = 0; i < EVENT_KINDS; i++)
        if (rule->watch >> i & 1)
            json_add(kinds, json_new_text(names_get(&names_event_kind, i)));
    json_put_text(o, "rule", rule->id);
    json_put(o, "watch", kinds);
    json_put_number(o, "predicates", (int64_t)k->predicates);
    json_put_number(o, "lists", (int64_t)k->lists);
    json_put_number(o, "patterns", (int64_t)k->patterns);
    json_put_number(o, "state_most", (int64_t)k->state_most);
    json_put_number(o, "evaluated", (int64_t)k->evaluated);
    json_put_number(o, "asked", (int64_t)k->asked);
    json_put_number(o, "hits", (int64_t)k->hits);
    json_put_number(o, "excepted", (int64_t)k->excepted);
    json_put_real(o, "ns_each", each_ns(k));
    json_put_real(o, "spread", rule_cost_spread(k));
    json_put_real(o, "share", share(rule_cost_ns(k), sum));
    json_put_number(o, "keys", (int64_t)k->keys);
    json_put_number(o, "keys_peak", (int64_t)k->keys_peak);
    json_put_number(o, "evicted", (int64_t)k->evicted);
    return o;
}

static void print_json(const struct ruleset *set, const struct rule_cost *const *all,
                       size_t events)
{
    auto_json struct json *doc = json_new_object();
    struct json *rules = json_new_list();
    uint64_t sum = total_ns(all, ruleset_count(set));
    auto_free char *text = NULL;

    for (size_t i = 0; i < ruleset_count(set); i++)
        json_add(rules, row_json(set, all[i], sum));
    json_put_number(doc, "events", (int64_t)events);
    json_put_number(doc, "rounds", RULE_COST_ROUNDS);
    json_put(doc, "rules", rules);
    text = json_write_pretty(doc);
    puts(text);
}

static void tell(const struct costing *c, const struct ruleset *set, bool json)
{
    size_t count = ruleset_count(set), events = rule_costs_events(c->costs);
    auto_free const struct rule_cost **all = xcalloc(count + 1, sizeof(*all));

    for (size_t i = 0; i < count; i++)
        all[i] = rule_costs_get(c->costs, i);
    if (count > 0)
        qsort(all, count, sizeof(struct rule_cost *), by_cost);
    if (json)
        print_json(set, all, events);
    else
        print_text(set, all, events);
    if (c->left_out > 0)
        fprintf(stderr, "hallwatch: %zu events were left out: there are too many\n",
                c->left_out);
}

/* What the agent never writes is missing from the events of a capture. */
static bool asks_memory(const struct expr *e)
{
    enum field_id f;

    if (!e)
        return false;
    if (e->kind == EXPR_MACRO && e->macro)
        return asks_memory(e->macro->expr);
    f = e->kind == EXPR_PREDICATE ? field_find(e->name.at, e->name.len) : FIELD_UNKNOWN;
    return (f != FIELD_UNKNOWN && field_get(f)->privacy == PRIVACY_MEMORY) ||
           asks_memory(e->left) || asks_memory(e->right);
}

static void note_memory(const struct ruleset *set)
{
    size_t count = 0;

    for (size_t i = 0; i < set->rule_count; i++)
        count += asks_memory(set->rules[i].when);
    if (count > 0)
        fprintf(stderr,
                "hallwatch: %zu rules ask for what an agent never writes (http.path, "
                "segment.gateway and its like): over captures they are met less often "
                "here\n",
                count);
}

static int cost(const struct cost_options *o, const struct world_settings *s,
                const struct world *w)
{
    auto_diags struct diags *faults = diags_new();
    struct costing c = {
        .costs = rule_costs_new(w->rules), .event = event_new(), .diags = faults};
    const struct ruleset_tests *tests = w->rules->tests;
    bool good = add_captures(&c, &o->pcaps, s, w);

    for (size_t i = 0; o->pcaps.count == 0 && i < tests->count; i++)
        add_test(&c, &tests->at[i]);
    if (good) {
        rule_costs_measure(c.costs);
        tell(&c, w->rules, o->rules.json);
        if (o->pcaps.count > 0)
            note_memory(w->rules);
    }
    rule_costs_free(c.costs);
    event_free(c.event);
    return good ? 0 : EXIT_FAULT;
}

int rules_cost(const void *values, int argc, char **argv)
{
    const struct cost_options *o = values;
    auto_diags struct diags *d = diags_new();
    struct world_settings settings = rules_world(&o->rules, argc, argv);
    struct world w = {0};
    int status = EXIT_FAULT;

    settings.example = o->pcaps.count == 0;
    if (world_load(&w, &settings, d))
        status = cost(o, &settings, &w);
    else
        report_aside(d);
    world_done(&w);
    return status;
}
