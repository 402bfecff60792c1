/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "rules.h"
#include "tracker.h"

#define SECOND USEC_PER_SEC

struct fixture {
    struct ruleset *set;
    struct tracker *tracker;
    struct event *event;
    struct raised raised[64];
    usec_t time[64]; /* of the raised event */
    size_t count;
    bool many; /* only counted */
};

static void on_raised(const struct raised *r, void *arg)
{
    struct fixture *f = arg;

    if (f->many)
        return;
    f->time[f->count] = event_time(r->event);
    f->raised[f->count++] = *r;
}

static void open_with(struct fixture *f, const char *more)
{
    auto_free char *text = rules_one("flow_start", more);

    f->set = rules_load(text);
    f->tracker = tracker_new(f->set, on_raised, f);
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){0};
    f.event = event_new();
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    tracker_free(f->tracker);
    ruleset_free(f->set);
    event_free(f->event);
    return 0;
}

static void hit(struct fixture *f, const char *src, uint64_t port, usec_t time)
{
    struct addr a;

    assert_int_equal(addr_parse(src, &a), 0);
    event_begin(f->event, EVENT_FLOW_START, time);
    event_put_addr(f->event, FIELD_SRC_IP, &a);
    event_put_number(f->event, FIELD_DST_PORT, port);
    tracker_hit(f->tracker, 0, 0, f->event);
}

static void every_match_is_an_alert_without_dedup(void **state)
{
    struct fixture *f = *state;

    open_with(f, "    when: src.ip exists\n");
    hit(f, "10.0.0.1", 1, SECOND);
    hit(f, "10.0.0.1", 1, SECOND);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->raised[1].value, 1);
    assert_int_equal(f->raised[1].first, SECOND);
}

static void a_window_is_met_for_each_key_by_itself(void **state)
{
    struct fixture *f = *state;

    open_with(f, "    when: src.ip exists\n"
                 "    window: {count: events, by: src.ip, within: 10s, gte: 3}\n");
    for (usec_t i = 1; i <= 3; i++) {
        hit(f, "10.0.0.1", 1, i * SECOND);
        hit(f, "10.0.0.2", 1, i * 8 * SECOND);
    }
    assert_int_equal(f->count, 1);
    assert_int_equal(f->raised[0].value, 3);
    assert_int_equal(f->raised[0].first, SECOND);
    assert_int_equal(f->raised[0].last, 3 * SECOND);
}

static void more_than_is_one_more_than_at_least(void **state)
{
    struct fixture *f = *state;

    open_with(f, "    when: src.ip exists\n"
                 "    window: {count: events, by: src.ip, within: 10s, gt: 3}\n");
    for (usec_t i = 1; i <= 3; i++)
        hit(f, "10.0.0.1", 1, i * SECOND);
    assert_int_equal(f->count, 0);
    hit(f, "10.0.0.1", 1, 4 * SECOND);
    assert_int_equal(f->count, 1);
}

static void a_window_without_dedup_tells_once_in_its_length(void **state)
{
    struct fixture *f = *state;

    open_with(f, "    when: src.ip exists\n"
                 "    window: {distinct: dst.port, by: [src.ip], within: 10s, gte: 3}\n");
    for (uint64_t i = 1; i <= 9; i++)
        hit(f, "10.0.0.1", i, i * SECOND);
    assert_int_equal(f->count, 1);
    for (uint64_t i = 10; i <= 15; i++)
        hit(f, "10.0.0.1", i, i * SECOND);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->time[1], 13 * SECOND);
}

static void repeats_are_summed_up_when_they_are_due(void **state)
{
    struct fixture *f = *state;

    open_with(f, "    when: src.ip exists\n"
                 "    dedup: {by: [src.ip], every: 60s, emit: first_and_summary}\n");
    hit(f, "10.0.0.1", 1, 0);
    hit(f, "10.0.0.1", 2, 10 * SECOND);
    hit(f, "10.0.0.1", 3, 20 * SECOND);
    tracker_tick(f->tracker, 59 * SECOND);
    assert_int_equal(f->count, 1);
    tracker_tick(f->tracker, 60 * SECOND);
    assert_int_equal(f->count, 2);
    assert_true(f->raised[1].summary);
    assert_int_equal(f->raised[1].repeats, 2);
    assert_int_equal(f->raised[1].last, 20 * SECOND);
    assert_int_equal(f->time[1], 20 * SECOND);
    hit(f, "10.0.0.1", 1, 70 * SECOND);
    assert_false(f->raised[2].summary);
    assert_int_equal(f->count, 3);
}

static void ticks_change_nothing_about_what_is_raised(void **state)
{
    struct fixture *f = *state;

    open_with(f, "    when: src.ip exists\n"
                 "    dedup: {by: [src.ip], every: 60s, emit: first_and_summary}\n");
    for (usec_t i = 0; i < 10; i++)
        hit(f, "10.0.0.1", 1, i * 20 * SECOND);
    tracker_finish(f->tracker);
    assert_int_equal(f->count, 7); /* four alerts, at 0, 60, 120, 180; three summaries */
    assert_true(f->raised[1].summary);
    assert_int_equal(f->raised[1].repeats, 2);
    assert_int_equal(tracker_counts(f->tracker, 0).repeats, 6);
    assert_int_equal(tracker_counts(f->tracker, 0).alerts, 4);
    assert_int_equal(tracker_counts(f->tracker, 0).summaries, 3);
}

static void a_summary_is_not_lost_when_its_key_gives_up_its_place(void **state)
{
    struct fixture *f = *state;

    open_with(f, "    when: src.ip exists\n"
                 "    window: {count: events, by: src.ip, within: 10s, gte: 1,"
                 " max_keys: 2}\n"
                 "    dedup: {by: [src.ip], every: 1h, emit: first_and_summary}\n");
    hit(f, "10.0.0.1", 1, 1);
    hit(f, "10.0.0.1", 1, 2);
    hit(f, "10.0.0.2", 1, 3);
    hit(f, "10.0.0.3", 1, 4);
    assert_int_equal(f->count, 4);
    assert_true(f->raised[2].summary);
    assert_int_equal(f->raised[2].repeats, 1);
    assert_int_equal(tracker_counts(f->tracker, 0).evicted, 2); /* a window as well */
}

/* Of the summaries that come early none is missing. */
static void what_is_to_be_summed_up_stays_within_its_bytes(void **state)
{
    enum { EACH = 8000, FIT = TRACKER_BYTES / EACH };
    static char text[EACH];
    struct fixture *f = *state;
    uint64_t summaries;

    open_with(f, "    when: src.ip exists\n"
                 "    dedup: {by: [dst.port], every: 1h, emit: first_and_summary}\n");
    f->many = true;
    memset(text, 'x', sizeof(text));
    for (uint64_t port = 0; port < FIT + FIT / 4; port++)
        for (unsigned i = 0; i < 2; i++) {
            event_begin(f->event, EVENT_FLOW_START, SECOND);
            event_put_addr(f->event, FIELD_SRC_IP, &(struct addr){{1}});
            event_put_number(f->event, FIELD_DST_PORT, port);
            event_put_text(f->event, FIELD_HOST, (struct text){text, sizeof(text)});
            tracker_hit(f->tracker, 0, 0, f->event);
        }
    summaries = tracker_counts(f->tracker, 0).summaries;
    assert_in_range(tracker_counts(f->tracker, 0).evicted, FIT / 4, FIT / 3);
    assert_int_equal(summaries, tracker_counts(f->tracker, 0).evicted);
    tracker_finish(f->tracker);
    assert_int_equal(tracker_counts(f->tracker, 0).summaries, FIT + FIT / 4);
}

static void a_missing_field_is_a_key_of_its_own(void **state)
{
    struct fixture *f = *state;

    open_with(f, "    when: src.ip exists\n"
                 "    window: {count: events, by: vlan, within: 10s, gte: 2}\n");
    hit(f, "10.0.0.1", 1, SECOND);
    hit(f, "10.0.0.2", 1, SECOND);
    assert_int_equal(f->count, 1);
}

static void unchanged_rules_keep_their_state_over_a_reload(void **state)
{
    struct fixture *f = *state;
    const char *rule = "    when: src.ip exists\n"
                       "    window: {count: events, by: src.ip, within: 10s, gte: 3}\n";
    struct ruleset *old;
    struct tracker *next;

    open_with(f, rule);
    hit(f, "10.0.0.1", 1, SECOND);
    hit(f, "10.0.0.1", 1, 2 * SECOND);
    old = f->set;
    {
        auto_free char *text = rules_one("flow_start", rule);

        f->set = rules_load(text);
    }
    next = tracker_new(f->set, on_raised, f);
    tracker_inherit(next, f->tracker);
    f->tracker = next;
    ruleset_free(old);
    hit(f, "10.0.0.1", 1, 3 * SECOND);
    assert_int_equal(f->count, 1);
}

static void a_changed_rule_begins_anew(void **state)
{
    struct fixture *f = *state;
    struct ruleset *old;
    struct tracker *next;

    open_with(f, "    when: src.ip exists\n"
                 "    window: {count: events, by: src.ip, within: 10s, gte: 3}\n");
    hit(f, "10.0.0.1", 1, SECOND);
    hit(f, "10.0.0.1", 1, 2 * SECOND);
    old = f->set;
    {
        auto_free char *text =
            rules_one("flow_start",
                      "    when: src.ip exists\n"
                      "    window: {count: events, by: src.ip, within: 11s, gte: 3}\n");

        f->set = rules_load(text);
    }
    next = tracker_new(f->set, on_raised, f);
    tracker_inherit(next, f->tracker);
    f->tracker = next;
    ruleset_free(old);
    hit(f, "10.0.0.1", 1, 3 * SECOND);
    assert_int_equal(f->count, 0);
}

/* A capture read twice, or the wire and a capture: two processes, one number. */
static void two_trackers_with_the_same_rules_estimate_alike(void **state)
{
    struct fixture *f = *state, g = {0};

    open_with(f, "    when: src.ip exists\n"
                 "    window: {distinct: dst.port, by: [src.ip], within: 10s, gte: 3000,"
                 " exact_up_to: 100}\n");
    g.event = f->event;
    g.set = f->set;
    g.tracker = tracker_new(f->set, on_raised, &g);
    for (uint64_t i = 1; i <= 4000; i++) {
        hit(f, "10.0.0.1", i, SECOND + i);
        hit(&g, "10.0.0.1", i, SECOND + i);
    }
    assert_int_equal(f->count, 1);
    assert_int_equal(g.count, 1);
    assert_int_equal(f->time[0], g.time[0]);
    assert_int_equal(f->raised[0].value, g.raised[0].value);
    assert_true(f->raised[0].approximate);
    assert_true(f->raised[0].error >= 195);
    tracker_free(g.tracker);
}

/* What an estimate came to when it was told, by these rules and this key. */
static uint64_t estimate_of(struct fixture *f, const char *more,
                            const struct crypt_hash_key *key)
{
    auto_free char *rule = xasprintf(
        "    when: src.ip exists\n    window: {distinct: dst.port, by: [src.ip],"
        " within: 10s, gte: 3000, exact_up_to: 100}\n%s",
        more);
    usec_t told;

    open_with(f, rule);
    if (key)
        tracker_estimate_by(f->tracker, key);
    f->count = 0;
    for (uint64_t i = 1; i <= 4000; i++)
        hit(f, "10.0.0.1", i, SECOND + i);
    assert_int_equal(f->count, 1);
    told = f->time[0];
    tracker_free(f->tracker);
    ruleset_free(f->set);
    f->tracker = NULL;
    f->set = NULL;
    return told;
}

static void a_change_of_the_rules_leaves_estimates_as_they_are(void **state)
{
    struct fixture *f = *state;
    const struct crypt_hash_key key = {{7}};

    assert_int_equal(estimate_of(f, "", NULL), estimate_of(f, "    labels: [x]\n", NULL));
    assert_int_equal(estimate_of(f, "", &key), estimate_of(f, "    labels: [x]\n", &key));
}

static void who_has_another_key_estimates_otherwise(void **state)
{
    struct fixture *f = *state;
    const struct crypt_hash_key key = {{7}}, another = {{8}};

    assert_int_not_equal(estimate_of(f, "", &key), estimate_of(f, "", &another));
    assert_int_not_equal(estimate_of(f, "", &key), estimate_of(f, "", NULL));
}

static void state_stays_within_its_bytes(void **state)
{
    struct fixture *f = *state;

    open_with(f, "    when: src.ip exists\n"
                 "    window: {count: events, by: src.ip, within: 31d, gte: 100000,"
                 " max_keys: 1000}\n");
    for (uint64_t key = 0; key < 40; key++)
        for (uint64_t i = 0; i < 70000; i++) {
            event_begin(f->event, EVENT_FLOW_START, key * 70000 + i);
            event_put_addr(f->event, FIELD_SRC_IP,
                           &(struct addr){.bytes = {10, (uint8_t)key}});
            tracker_hit(f->tracker, 0, 0, f->event);
        }
    assert_true(tracker_counts(f->tracker, 0).evicted > 10);
}

/* ---- an owner that remembers ---- */

struct memory {
    struct fixture *f;
    enum tracker_known known;
    usec_t first;
    size_t asked;
};

static enum tracker_known recall(const struct raised *r, usec_t *ret_first, void *arg)
{
    struct memory *m = arg;

    (void)r;
    m->asked++;
    *ret_first = m->first;
    return m->known;
}

static void on_raised_here(const struct raised *r, void *arg)
{
    on_raised(r, ((struct memory *)arg)->f);
}

static void open_remembering(struct memory *m, struct fixture *f, const char *more)
{
    auto_free char *text = rules_one("flow_start", more);

    m->f = f;
    f->set = rules_load(text);
    f->tracker = tracker_new(f->set, on_raised_here, m);
    tracker_ask(f->tracker, recall);
}

static void what_was_told_before_the_tracker_was_is_a_repeat(void **state)
{
    struct fixture *f = *state;
    struct memory m = {.known = TRACKER_REPEAT, .first = 5 * SECOND};

    open_remembering(&m, f,
                     "    when: src.ip exists\n"
                     "    dedup: {by: src.ip, every: 10s}\n");
    hit(f, "10.0.0.1", 1, 8 * SECOND);
    assert_int_equal(f->count, 0);
    assert_int_equal(tracker_counts(f->tracker, 0).repeats, 1);
    hit(f, "10.0.0.1", 1, 14 * SECOND); /* known here by now: nobody is asked */
    assert_int_equal(m.asked, 1);
    m.known = TRACKER_NEW;
    hit(f, "10.0.0.1", 1, 15 * SECOND); /* ten seconds after the one of before */
    assert_int_equal(f->count, 1);
}

static void what_is_past_and_was_not_told_is_not_remembered_as_told(void **state)
{
    struct fixture *f = *state;
    struct memory m = {.known = TRACKER_PASSED};

    open_remembering(&m, f,
                     "    when: src.ip exists\n"
                     "    dedup: {by: src.ip, every: 10s}\n");
    hit(f, "10.0.0.1", 1, 8 * SECOND);
    m.known = TRACKER_NEW;
    hit(f, "10.0.0.1", 1, 9 * SECOND);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->time[0], 9 * SECOND);
}

static void without_dedup_the_same_event_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct memory m = {.known = TRACKER_TOLD};

    open_remembering(&m, f, "    when: src.ip exists\n");
    hit(f, "10.0.0.1", 1, 8 * SECOND);
    assert_int_equal(f->count, 0);
    m.known = TRACKER_NEW;
    hit(f, "10.0.0.1", 1, 8 * SECOND);
    assert_int_equal(f->count, 1);
}

/* ---- alerts of agents ---- */

static void alert_of(struct fixture *f, const char *rule, const char *device, usec_t time)
{
    event_begin(f->event, EVENT_ALERT, time);
    event_put_text(f->event, FIELD_ALERT_RULE, text_of(rule));
    event_put_text(f->event, FIELD_DEVICE, text_of(device));
    tracker_alert(f->tracker, f->event);
}

static void a_combination_at_the_collector_hears_of_alerts_of_agents(void **state)
{
    struct fixture *f = *state;

    f->set = rules_load(
        RULES_HEAD
        "rules:\n"
        "  - {id: t.a, title: A, severity: low, owner: security, watch: [dns],"
        " when: host exists}\n"
        "  - {id: t.b, title: B, severity: low, owner: security, watch: [tls],"
        " when: host exists}\n"
        "  - {id: t.all, title: C, severity: low, owner: security, at: collector,"
        " combine: {of: [t.a, t.b], at_least: 2, by: device, within: 1h}}\n");
    f->tracker = tracker_new(f->set, on_raised, f);
    alert_of(f, "t.a", "7KQX", SECOND);
    alert_of(f, "t.b", "9999", 2 * SECOND);
    alert_of(f, "t.unknown", "7KQX", 2 * SECOND);
    assert_int_equal(f->count, 0);
    alert_of(f, "t.b", "7KQX", 3 * SECOND);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->raised[0].rule, 2);
    assert_int_equal(f->raised[0].combined_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(every_match_is_an_alert_without_dedup),
        WITH_FIXTURE(a_window_is_met_for_each_key_by_itself),
        WITH_FIXTURE(more_than_is_one_more_than_at_least),
        WITH_FIXTURE(a_window_without_dedup_tells_once_in_its_length),
        WITH_FIXTURE(repeats_are_summed_up_when_they_are_due),
        WITH_FIXTURE(ticks_change_nothing_about_what_is_raised),
        WITH_FIXTURE(a_summary_is_not_lost_when_its_key_gives_up_its_place),
        WITH_FIXTURE(what_is_to_be_summed_up_stays_within_its_bytes),
        WITH_FIXTURE(a_missing_field_is_a_key_of_its_own),
        WITH_FIXTURE(unchanged_rules_keep_their_state_over_a_reload),
        WITH_FIXTURE(a_changed_rule_begins_anew),
        WITH_FIXTURE(two_trackers_with_the_same_rules_estimate_alike),
        WITH_FIXTURE(a_change_of_the_rules_leaves_estimates_as_they_are),
        WITH_FIXTURE(who_has_another_key_estimates_otherwise),
        WITH_FIXTURE(state_stays_within_its_bytes),
        WITH_FIXTURE(what_was_told_before_the_tracker_was_is_a_repeat),
        WITH_FIXTURE(what_is_past_and_was_not_told_is_not_remembered_as_told),
        WITH_FIXTURE(without_dedup_the_same_event_is_told_once),
        WITH_FIXTURE(a_combination_at_the_collector_hears_of_alerts_of_agents),
    };

    return cmocka_run_group_tests_name("tracker", tests, NULL, NULL);
}
