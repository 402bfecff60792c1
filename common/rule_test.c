/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test's events are put in order of time and go the way that events of packets go:
 * matcher, then tracker. Only the hits of the test's own rule, or of its file's rules,
 * are counted.
 */
#include "rule_test.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert.h"
#include "items.h"
#include "mem.h"
#include "rule_coverage.h"
#include "rule_tests.h"
#include "tracker.h"

struct planned {
    usec_t at;
    const struct node *body;
    uint64_t n;
    size_t order;
};

/* One test under way. */
struct trial {
    const struct ruleset *set;
    const struct rule_test *test;
    struct matcher *matcher;
    struct diags *diags;
    struct planned *events;
    size_t event_count, event_capacity;
    struct tracker *tracker;
    uint64_t counts[EXPECTED_COUNTS];
    struct event *event; /* the one that is being tried */
    uint8_t *heard; /* rules whose hits matter: those judged, and what they combine */
    struct event *alert;               /* that of the first alert, with window.value */
    const char *words[EXPECTED_WORDS]; /* its own; NULL: none */
    bool has_alert;
};

struct runner {
    const struct ruleset *set;
    const struct rule_test_settings *settings;
    struct diags *diags;
    struct matcher *matcher;
    struct list_memo *lists;
    struct rule_coverage *coverage; /* NULL: nobody asks */
    size_t site_count;              /* tests that failed, perhaps because of the site */
    const struct rule_test *site_first;
};

/* ---- the events of a test ---- */

static void plan(struct trial *t, const struct node *body, uint64_t n, usec_t at)
{
    t->events = xgrow(t->events, t->event_count, &t->event_capacity, sizeof(*t->events));
    t->events[t->event_count] = (struct planned){at, body, n, t->event_count};
    t->event_count++;
}

static void plan_generated(struct trial *t, const struct node *g)
{
    const struct node *body = node_get(g, "event"), *n = node_get(g, "at");
    uint64_t count = 0, every = 0;
    usec_t at = t->test->start, after = 0;

    node_read_number(node_get(g, "count"), 1, UINT32_MAX, &count, t->diags);
    if (node_get(g, "every"))
        node_read_duration(node_get(g, "every"), &every, t->diags);
    if (n && node_read_duration(n, &after, t->diags))
        at += after;
    for (uint64_t i = 1; i <= count; i++, at += every)
        plan(t, body, i, at);
}

static int by_time(const void *a, const void *b)
{
    const struct planned *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static void plan_all(struct trial *t)
{
    const struct rule_test *test = t->test;
    usec_t at = test->start;

    for (size_t i = 0; test->events && i < node_count(test->events); i++) {
        const struct node *body = node_item(test->events, i);

        if (!rule_test_event(t->event, body, 1, test->start, at, t->diags))
            continue;
        at = event_time(t->event);
        plan(t, body, 1, at);
    }
    for (size_t i = 0; test->generate && i < items_count(test->generate); i++)
        plan_generated(t, items_at(test->generate, i));
    if (t->event_count > 0)
        qsort(t->events, t->event_count, sizeof(*t->events), by_time);
}

/* ---- running them ---- */

static bool concerns(const struct trial *t, size_t rule)
{
    if (t->test->file->overlay)
        return t->set->rules[rule].base == t->test->rule;
    if (t->test->rule == ALL_RULES)
        return t->set->rules[rule].file == t->test->file &&
               !rule_is_changed(t->set, rule);
    return rule == t->test->rule;
}

/* Its own events, or those that it hears of. */
static bool is_match(const struct trial *t, size_t rule)
{
    return concerns(t, rule) || (t->test->rule != ALL_RULES &&
                                 t->set->rules[t->test->rule].rule.combine.count);
}

static void on_match(size_t rule, enum match_verdict verdict, void *arg)
{
    struct trial *t = arg;

    if (!t->heard[rule])
        return;
    if (is_match(t, rule))
        t->counts[verdict == MATCH_HIT ? EXPECT_MATCH : EXPECT_EXCEPTED]++;
    if (verdict == MATCH_HIT)
        tracker_hit(t->tracker, rule, matcher_parts(t->matcher, rule, t->event),
                    t->event);
}

/* As nobody who gets the alert could see it. */
static void drop_hidden(const struct rule *rule, struct event *alert)
{
    struct field_set hidden = alert_hides(rule, alert);

    for (enum field_id f = event_next(alert, 0); f < FIELD_COUNT;
         f = event_next(alert, f + 1))
        if (field_set_has(&hidden, f))
            event_drop(alert, f);
}

static void on_alert(const struct raised *r, void *arg)
{
    struct trial *t = arg;
    const struct rule *rule = &t->set->rules[r->rule].rule;

    if (!concerns(t, r->rule))
        return;
    t->counts[r->summary ? EXPECT_SUMMARIES : EXPECT_ALERTS]++;
    if (r->summary || t->has_alert)
        return;
    event_copy(t->alert, r->event);
    drop_hidden(ruleset_rule(t->set, r->rule), t->alert);
    event_put_number(t->alert, FIELD_WINDOW_VALUE, r->value);
    t->words[EXPECT_SEVERITY] = names_get(&names_severity, alert_severity(rule, r));
    t->words[EXPECT_MODE] = names_get(&names_rule_mode, rule->mode);
    t->words[EXPECT_PLAYBOOK] = rule->playbook;
    t->has_alert = true;
}

static void hear(struct trial *t, size_t rule)
{
    const struct rule_combine *m = &t->set->rules[rule].rule.combine;

    if (t->heard[rule])
        return;
    t->heard[rule] = 1;
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = m->of[i];
             k < t->set->rule_count && t->set->rules[k].base == m->of[i]; k++)
            hear(t, k);
}

static void run_events(struct runner *r, struct trial *t)
{
    for (size_t i = 0; i < t->event_count; i++) {
        const struct planned *p = &t->events[i];

        if (!rule_test_event(t->event, p->body, p->n, t->test->start, p->at, t->diags))
            continue;
        tracker_tick(t->tracker, event_time(t->event));
        ruleset_match(r->matcher, t->event, on_match, t);
        if (event_kind(t->event) == EVENT_ALERT)
            tracker_alert(t->tracker, t->event);
        for (size_t k = 0; r->coverage && k < r->set->rule_count; k++)
            if (!t->test->file->overlay && concerns(t, k))
                rule_coverage_event(r->coverage, k, t->event);
    }
    tracker_finish(t->tracker);
    for (size_t i = 0; i < r->set->rule_count; i++) {
        if (!concerns(t, i))
            continue;
        t->counts[EXPECT_IN_BURST] += tracker_counts(t->tracker, i).in_burst;
        t->counts[EXPECT_INHIBITED] += tracker_counts(t->tracker, i).inhibited;
    }
}

/* ---- what differs from site to site ---- */

static bool is_compiled_list(const struct ruleset *set, const char *name)
{
    for (size_t i = 0; i < set->list_count; i++)
        if (strcmp(set->lists[i].name, name) == 0)
            return set->lists[i].from_file;
    return false;
}

static bool program_asks_lists(const struct ruleset *set, const struct program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct predicate *p = &set->predicates.at[program->steps[i].predicate];

        if (p->list && is_compiled_list(set, p->list))
            return true;
    }
    return false;
}

/* A rule, or one of those that it is combined of; seen: by rule, those that do not. */
typedef bool asks_fn(const struct ruleset *set, const struct compiled_rule *c);

static bool any_asks(const struct ruleset *set, size_t rule, asks_fn *asks, bool *seen)
{
    const struct compiled_rule *c = &set->rules[rule];

    if (seen[rule])
        return false;
    seen[rule] = true;
    if (asks(set, c))
        return true;
    for (size_t i = 0; i < c->rule.combine.count; i++)
        if (any_asks(set, c->rule.combine.of[i], asks, seen))
            return true;
    return false;
}

static bool asks_lists(const struct ruleset *set, const struct compiled_rule *c)
{
    return program_asks_lists(set, &c->program);
}

static bool asks_site(const struct ruleset *set, const struct compiled_rule *c)
{
    return c->during || c->not_during || asks_lists(set, c);
}

/* Without compiled lists a rule that asks them is never met, and nothing can be told. */
static bool lacks_lists(const struct runner *r, const struct rule_test *test)
{
    auto_free bool *seen = xcalloc(r->set->rule_count + 1, sizeof(*seen));

    for (size_t i = 0; i < r->set->rule_count && !r->set->settings.lists; i++) {
        bool meant = test->rule == ALL_RULES ? r->set->rules[i].file == test->file
                                             : i == test->rule;

        if (meant && any_asks(r->set, i, asks_lists, seen))
            return true;
    }
    return false;
}

static bool is_of_the_site(const struct trial *t)
{
    auto_free bool *seen = xcalloc(t->set->rule_count + 1, sizeof(*seen));

    for (size_t i = 0; i < t->set->rule_count; i++)
        if (concerns(t, i) && any_asks(t->set, i, asks_site, seen))
            return true;
    return false;
}

/* ---- judging ---- */

/* Returns whether it was told by itself, so that hints may follow. */
static bool fail(struct runner *r, struct trial *t, const struct node *where,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

static bool fail(struct runner *r, struct trial *t, const struct node *where,
                 const char *format, ...)
{
    auto_buffer struct buffer b = {0};
    va_list args;

    if (r->settings->at_site && is_of_the_site(t)) {
        if (r->site_count++ == 0)
            r->site_first = t->test;
        return false;
    }
    va_start(args, format);
    buffer_vprint(&b, format, args);
    va_end(args);
    diags_error(t->diags, node_place(where), "E0601", "test \"%s\" failed: %s",
                t->test->name, b.at);
    return true;
}

static void report_site(const struct runner *r)
{
    const struct rule_test *first = r->site_first;

    if (!first)
        return;
    diags_warn(r->diags, (struct place){.file = first->file->path}, "W0601",
               "%zu test%s of rules that ask lists or the time of day fail%s with the "
               "lists and calendars of this site; the first is \"%s\"",
               r->site_count, r->site_count == 1 ? "" : "s",
               r->site_count == 1 ? "s" : "", first->name);
    diags_hint(r->diags,
               "that is right when the site has its own; `hallwatch rules test` "
               "runs them with those that they were written with");
}

/* Of a rule that was not met: the condition at which the first event failed. */
static void hint_condition(struct runner *r, struct trial *t)
{
    const struct compiled_rule *c;
    const struct predicate *p = NULL;
    auto_buffer struct buffer value = {0};
    uint16_t at = 0;

    if (t->test->rule == ALL_RULES || t->event_count == 0)
        return;
    c = &r->set->rules[t->test->rule];
    if (!c->when ||
        !rule_test_event(t->event, t->events[0].body, t->events[0].n, t->test->start,
                         t->events[0].at, t->diags) ||
        !(c->rule.watch >> event_kind(t->event) & 1))
        return;
    list_memo_begin(r->lists);
    do {
        p = &r->set->predicates.at[c->program.steps[at].predicate];
        at = predicate_holds(p, t->event, r->lists) ? c->program.steps[at].yes
                                                    : c->program.steps[at].no;
    } while (at < EXPR_FALSE);
    if (at == EXPR_TRUE) {
        diags_hint(t->diags, "its condition is met: look at scope, during, exceptions");
        return;
    }
    if (event_has(t->event, p->field))
        event_print_value(t->event, p->field, &value);
    diags_hint(t->diags, "the first event fails at: %.*s (%s is %s)", (int)p->written.len,
               p->written.at, field_get(p->field)->name,
               value.len ? value.at : "missing");
}

/* How far what it counts came. */
static void hint_state(struct runner *r, struct trial *t)
{
    const struct compiled_rule *c = &r->set->rules[t->test->rule];
    const struct rule_window *w = &c->rule.window;
    char after[CLOCK_TEXT];
    usec_t at;
    uint64_t peak = tracker_peak(t->tracker, t->test->rule, &at);

    clock_print_duration(at > t->test->start ? at - t->test->start : 0, after);
    if (w->kind == WINDOW_REGULAR)
        diags_hint(t->diags,
                   "at most %llu events in a row, at %s; the rule needs %u, "
                   "at even times",
                   (unsigned long long)peak, after, w->times);
    else if (w->kind != WINDOW_NONE)
        diags_hint(t->diags, "highest window.value was %llu at %s; the rule needs %s%llu",
                   (unsigned long long)peak, after, w->above ? "more than " : "",
                   (unsigned long long)w->reach);
    else if (c->rule.sequence.steps > 0 && peak > 0)
        diags_hint(t->diags, "the furthest step was \"%s\", at %s",
                   c->parts[peak - 1].name, after);
    else if (c->rule.combine.count > 0)
        diags_hint(t->diags, "at most %llu of its rules were met, at %s; it needs %u",
                   (unsigned long long)peak, after, c->rule.combine.at_least);
}

static bool judge_counts(struct runner *r, struct trial *t)
{
    const struct rule_test *test = t->test;

    for (enum expected_count c = 0; c < EXPECTED_COUNTS; c++) {
        if (!test->expected[c].node || test->expected[c].count == t->counts[c])
            continue;
        bool told =
            fail(r, t, test->expected[c].node, "expected %s %llu, got %llu",
                 rule_test_count_name(c), (unsigned long long)test->expected[c].count,
                 (unsigned long long)t->counts[c]);
        if (told && t->counts[EXPECT_MATCH] == 0 && t->counts[EXPECT_EXCEPTED] == 0)
            hint_condition(r, t);
        else if (told && test->rule != ALL_RULES)
            hint_state(r, t);
        return false;
    }
    return true;
}

/* The expected value goes into an event of its own, and both are printed. */
static bool judge_field(struct runner *r, struct trial *t, const struct node *key,
                        const struct node *value)
{
    auto_buffer struct buffer wanted = {0}, got = {0};
    auto_event struct event *room = event_new();
    enum field_id f = field_find(node_text(key), strlen(node_text(key)));

    event_begin(room, event_kind(t->alert), 0);
    if (!rule_test_put(room, f, value, 1, t->diags))
        return false;
    event_print_value(room, f, &wanted);
    if (event_has(t->alert, f))
        event_print_value(t->alert, f, &got);
    if (got.len && strcmp(got.at, wanted.at) == 0)
        return true;
    fail(r, t, value, "expected %s to be %s, got %s", node_text(key), wanted.at,
         got.len ? got.at : "none");
    return false;
}

static bool judge_words(struct runner *r, struct trial *t)
{
    for (enum expected_word w = 0; w < EXPECTED_WORDS; w++) {
        const struct node *wanted = t->test->words[w];
        const char *got = t->words[w] ? t->words[w] : "none";

        if (!wanted || (t->has_alert && strcmp(got, node_text(wanted)) == 0))
            continue;
        fail(r, t, wanted, "expected %s %s, %s%s", rule_test_word_name(w),
             node_text(wanted), t->has_alert ? "got " : "but there is no alert",
             t->has_alert ? got : "");
        return false;
    }
    return true;
}

static bool judge_fields(struct runner *r, struct trial *t)
{
    const struct node *fields = t->test->fields;

    if (fields && !t->has_alert) {
        fail(r, t, fields, "expected these fields, but there is no alert");
        return false;
    }
    for (size_t i = 0; fields && i < node_count(fields); i++)
        if (!judge_field(r, t, node_key(fields, i), node_value(fields, i)))
            return false;
    return true;
}

static bool run_trial(struct runner *r, const struct rule_test *test)
{
    struct trial t = {
        .set = r->set, .test = test, .matcher = r->matcher, .diags = r->diags};
    bool passed;

    t.event = event_new();
    t.alert = event_new();
    t.tracker = tracker_new(r->set, on_alert, &t);
    tracker_as_shipped(t.tracker, !test->file->overlay);
    tracker_stand_in(t.tracker, test->file->time);
    matcher_as_shipped(r->matcher, !test->file->overlay);
    matcher_stand_in(r->matcher, test->file->time);
    t.heard = xcalloc(r->set->rule_count + 1, 1);
    for (size_t i = 0; i < r->set->rule_count; i++)
        if (concerns(&t, i))
            hear(&t, i);
    plan_all(&t);
    run_events(r, &t);
    passed = judge_counts(r, &t) && judge_words(r, &t) && judge_fields(r, &t);
    if (r->coverage && test->rule != ALL_RULES && !test->file->overlay)
        rule_coverage_end(r->coverage, test->rule, t.counts[EXPECT_ALERTS] > 0);
    tracker_free(t.tracker);
    event_free(t.event);
    event_free(t.alert);
    free(t.events);
    free(t.heard);
    return passed;
}

/* ---- captures ---- */

/* The path as it is, or from the folder of the rule file, or from one above it. */
static char *find_pcap(const struct rule_test *test)
{
    const char *name = node_text(test->pcap);
    auto_free char *folder = xstrdup(test->file->path);
    char *slash;

    if (name[0] == '/' || access(name, R_OK) == 0)
        return xstrdup(name);
    while ((slash = strrchr(folder, '/'))) {
        char *path;

        *slash = '\0';
        path = xasprintf("%s/%s", folder, name);
        if (access(path, R_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

static enum rule_test_verdict run_pcap(struct runner *r, const struct rule_test *test,
                                       const char **ret_why)
{
    auto_free char *path = r->settings->pcap ? find_pcap(test) : NULL;
    const char *rule = test->rule == ALL_RULES ? NULL : r->set->rules[test->rule].rule.id;
    uint64_t alerts;
    int err;

    *ret_why = r->settings->pcap ? "the capture is missing" : "captures are not run here";
    if (!path)
        return TEST_SKIPPED;
    err = r->settings->pcap(path, test->file->name, rule, &alerts, r->settings->arg);
    *ret_why = "hallwatch-agent is not there";
    if (err == -ENOENT)
        return TEST_SKIPPED;
    if (err) {
        diags_error(r->diags, node_place(test->pcap), "E0601",
                    "test \"%s\" failed: hallwatch-agent could not run the capture",
                    test->name);
        return TEST_FAILED;
    }
    if (!test->expected[EXPECT_ALERTS].node ||
        test->expected[EXPECT_ALERTS].count == alerts)
        return TEST_PASSED;
    diags_error(r->diags, node_place(test->expected[EXPECT_ALERTS].node), "E0601",
                "test \"%s\" failed: expected alerts %llu, got %llu", test->name,
                (unsigned long long)test->expected[EXPECT_ALERTS].count,
                (unsigned long long)alerts);
    return TEST_FAILED;
}

/* ---- all of them ---- */

static bool does_not_run(const struct rule *rule, const char **ret_why)
{
    *ret_why = "the rule is disabled";
    return rule->mode == MODE_DISABLED;
}

static enum rule_test_verdict run_one(struct runner *r, const struct rule_test *test,
                                      const char **ret_why)
{
    size_t before;

    if (test->rule != ALL_RULES && !test->file->overlay &&
        does_not_run(&r->set->rules[test->rule].rule, ret_why))
        return TEST_SKIPPED;
    if (test->pcap)
        return run_pcap(r, test, ret_why);
    *ret_why = "no compiled lists were given";
    if (r->settings->at_site && lacks_lists(r, test))
        return TEST_SKIPPED;
    before = r->site_count;
    if (run_trial(r, test))
        return TEST_PASSED;
    *ret_why = "the site has lists or calendars of its own";
    return r->site_count > before ? TEST_SKIPPED : TEST_FAILED;
}

struct rule_test_counts ruleset_test(const struct ruleset *set,
                                     const struct rule_test_settings *settings,
                                     struct diags *d)
{
    struct runner r = {.set = set, .settings = settings, .diags = d};
    struct rule_test_counts counts = {0};

    r.matcher = matcher_new(set);
    r.lists = list_memo_new(set->settings.lists);
    if (settings->coverage)
        r.coverage = rule_coverage_new(set);
    for (size_t i = 0; i < set->tests->count; i++) {
        const struct rule_test *test = &set->tests->at[i];
        const char *why, *owner = test->rule == ALL_RULES
                                      ? test->file->path
                                      : set->rules[test->rule].rule.id;
        enum rule_test_verdict verdict = run_one(&r, test, &why);

        counts.passed += verdict == TEST_PASSED;
        counts.failed += verdict == TEST_FAILED;
        counts.skipped += verdict == TEST_SKIPPED;
        if (settings->each)
            settings->each(owner, test->name, verdict,
                           verdict == TEST_SKIPPED ? why : NULL, settings->arg);
    }
    report_site(&r);
    if (r.coverage)
        rule_coverage_report(r.coverage, d);
    rule_coverage_free(r.coverage);
    list_memo_free(r.lists);
    matcher_free(r.matcher);
    return counts;
}
