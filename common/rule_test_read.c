/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of `tests:`, checked when the rules are: a test that could not be run is a
 * fault like any other.
 */
#include "items.h"
#include "mem.h"
#include "rule_test.h"
#include "rule_tests.h"

#define COUNT_MAX 20000

static const char *const count_words[EXPECTED_COUNTS] = {
    "alerts", "match", "excepted", "summaries", "in_burst", "inhibited"};

const char *rule_test_count_name(enum expected_count c)
{
    return count_words[c];
}

const char *rule_test_word_name(enum expected_word w)
{
    static const char *const words[EXPECTED_WORDS] = {"severity", "mode", "playbook"};

    return words[w];
}

static bool read_generate(struct rule_reader *r, const struct node *n, struct event *room)
{
    static const char *const keys[] = {"count", "every", "at", "event"};
    const struct node *count, *every, *event, *at;
    uint64_t number, duration;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "generate", keys, 4, r->diags);
    count = node_need(n, "generate", "count", r->diags);
    event = node_need(n, "generate", "event", r->diags);
    every = node_get(n, "every");
    at = node_get(n, "at");
    if (!count || !event || !node_read_number(count, 1, COUNT_MAX, &number, r->diags) ||
        (every && !node_read_duration(every, &duration, r->diags)) ||
        (at && !node_read_duration(at, &duration, r->diags)))
        return false;
    if (node_get(event, "at")) {
        diags_error(r->diags, node_place(node_get(event, "at")), "E0602",
                    "generated events take their time from `every`");
        return false;
    }
    return rule_test_event(room, event, 1, 0, 0, r->diags) &&
           (number == 1 || rule_test_event(room, event, number, 0, 0, r->diags));
}

static bool read_input(struct rule_reader *r, struct rule_test *t)
{
    auto_event struct event *room = event_new();
    const struct node *start = node_get(t->node, "start");
    bool good = true;

    t->start = RULE_TEST_START;
    if (start)
        good = node_read_time(start, &t->start, r->diags);
    t->events = node_get(t->node, "events");
    t->generate = node_get(t->node, "generate");
    t->pcap = node_get(t->node, "pcap");
    if (!t->events + !t->generate == 2 ? !t->pcap : t->pcap != NULL) {
        diags_error(r->diags, node_place(t->node), "E0104",
                    "a test has events, generate or both, or else a pcap");
        return false;
    }
    if (t->events && !node_is(t->events, NODE_LIST, r->diags))
        return false;
    for (size_t i = 0; t->events && i < node_count(t->events); i++)
        good = rule_test_event(room, node_item(t->events, i), 1, 0, 0, r->diags) && good;
    for (size_t i = 0; t->generate && i < items_count(t->generate); i++)
        good = read_generate(r, items_at(t->generate, i), room) && good;
    return good;
}

static bool read_fields(struct rule_reader *r, struct rule_test *t)
{
    if (!t->fields)
        return true;
    if (!node_is(t->fields, NODE_MAP, r->diags))
        return false;
    for (size_t i = 0; i < node_count(t->fields); i++) {
        enum field_id f;

        if (!rule_read_field(r, node_key(t->fields, i), UINT32_MAX, &f))
            return false;
    }
    return true;
}

static bool read_words(struct rule_reader *r, struct rule_test *t,
                       const struct node *expect)
{
    static const struct names *const known[EXPECTED_WORDS] = {
        [EXPECT_SEVERITY] = &names_severity, [EXPECT_MODE] = &names_rule_mode};
    bool good = true;

    for (size_t i = 0; i < EXPECTED_WORDS; i++) {
        const struct node *n =
            node_get(expect, rule_test_word_name((enum expected_word)i));
        const char *text;
        size_t index;

        t->words[i] = n;
        if (n && known[i])
            good = node_read_name(n, known[i]->what, known[i]->at, known[i]->count,
                                  &index, r->diags) &&
                   good;
        else if (n)
            good = node_read_text(n, &text, r->diags) && good;
    }
    return good;
}

static bool read_expect(struct rule_reader *r, struct rule_test *t)
{
    const char *keys[EXPECTED_COUNTS + 1 + EXPECTED_WORDS];
    const struct node *expect = node_need(t->node, "the test", "expect", r->diags);
    bool good = true;

    if (!expect || !node_is(expect, NODE_MAP, r->diags))
        return false;
    memcpy(keys, count_words, sizeof(count_words));
    keys[EXPECTED_COUNTS] = "fields";
    for (size_t i = 0; i < EXPECTED_WORDS; i++)
        keys[EXPECTED_COUNTS + 1 + i] = rule_test_word_name((enum expected_word)i);
    node_check_keys(expect, "expect", keys, EXPECTED_COUNTS + 1 + EXPECTED_WORDS,
                    r->diags);
    good = read_words(r, t, expect);
    for (size_t i = 0; i < EXPECTED_COUNTS; i++) {
        t->expected[i].node = node_get(expect, count_words[i]);
        if (t->expected[i].node)
            good = node_read_number(t->expected[i].node, 0, UINT32_MAX,
                                    &t->expected[i].count, r->diags) &&
                   good;
    }
    t->fields = node_get(expect, "fields");
    if (node_count(expect) == 0) {
        diags_error(r->diags, node_place(expect), "E0104", "the test expects nothing");
        return false;
    }
    return read_fields(r, t) && good;
}

static bool read_test(struct rule_reader *r, struct rule_test *t)
{
    static const char *const keys[] = {"name", "start",  "events", "generate",
                                       "pcap", "expect", "rule"};
    const struct node *name, *rule;
    bool good;
    int found;

    if (!node_is(t->node, NODE_MAP, r->diags))
        return false;
    node_check_keys(t->node, "a test", keys, t->rule == ALL_RULES ? 7 : 6, r->diags);
    if (t->file->overlay && !node_need(t->node, "the test", "rule", r->diags))
        return false;
    name = node_need(t->node, "the test", "name", r->diags);
    if (!name || !node_read_text(name, &t->name, r->diags))
        return false;
    rule = t->rule == ALL_RULES ? node_get(t->node, "rule") : NULL;
    if (rule) {
        found = ruleset_find(r->set, node_text(rule));
        if (found < 0) {
            diags_error(r->diags, node_place(rule), "E0209", "unknown rule \"%s\"",
                        node_text(rule));
            return false;
        }
        t->rule = (size_t)found;
    }
    good = read_input(r, t);
    return read_expect(r, t) && good;
}

static size_t count_tests(const struct node *owner)
{
    const struct node *tests = node_get(owner, "tests");

    return tests && node_kind(tests) == NODE_LIST ? node_count(tests) : 0;
}

static void read_tests(struct rule_reader *r, const struct node *owner, size_t rule,
                       const struct ruleset_file *file, struct ruleset_tests *all)
{
    const struct node *tests = node_get(owner, "tests");

    if (!tests || !node_is(tests, NODE_LIST, r->diags))
        return;
    for (size_t i = 0; i < node_count(tests); i++) {
        struct rule_test *t = &all->at[all->count];

        *t = (struct rule_test){.node = node_item(tests, i), .rule = rule, .file = file};
        all->count += read_test(r, t);
    }
}

void rule_tests_read(struct rule_reader *r)
{
    struct ruleset *s = r->set;
    struct ruleset_tests *all = arena_new(&s->arena, sizeof(*all));
    size_t most = 0;

    s->tests = all;
    if (s->settings.untested)
        return;
    for (size_t i = 0; i < s->rule_count; i++)
        most += count_tests(s->rules[i].node);
    for (size_t i = 0; i < s->file_count; i++)
        most += count_tests(yaml_root(s->files[i].yaml));
    for (size_t i = 0; i < s->file_count; i++)
        rule_test_time_read(r, &s->files[i]);
    all->at = arena_array(&s->arena, most, sizeof(*all->at));
    for (size_t i = 0; i < s->rule_count; i++)
        if (!rule_is_changed(s, i))
            read_tests(r, s->rules[i].node, i, s->rules[i].file, all);
    for (size_t i = 0; i < s->file_count; i++)
        read_tests(r, yaml_root(s->files[i].yaml), ALL_RULES, &s->files[i], all);
}
