/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "collector/store_rule_week.h"

#define WEEK (7 * USEC_PER_DAY)
#define NOW  (UINT64_C(1793786400) * USEC_PER_SEC) /* Wednesday, 2026-11-04, 10:00 */

/* An agent's counters at a time, with these rules. */
static void told(struct fixture *f, const char *agent, const char *since, usec_t at,
                 const char *rules)
{
    char time[CLOCK_TEXT];
    auto_free char *text = NULL;
    auto_json struct json *document = NULL;

    clock_print(at, time);
    text = xasprintf("{\"timestamp\":\"%s\",\"event_type\":\"stats\",\"hallwatch\":"
                     "{\"courier\":{\"since\":\"%s\",\"rules\":{%s}}}}",
                     time, since, rules);
    document = json_parse(text, strlen(text), NULL);
    assert_non_null(document);
    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(store_rule_week_add(f->s, agent, document), 0);
    assert_int_equal(store_commit(f->s), 0);
}

static void add_line(const struct store_rule_week *w, void *arg)
{
    char week[CLOCK_TEXT];

    clock_print(w->week, week);
    buffer_print(arg, "%s %s %.10s %llu %llu %llu %llu %llu\n", w->rule,
                 names_get(&names_rule_mode, w->mode), week,
                 (unsigned long long)w->matches, (unsigned long long)w->alerts,
                 (unsigned long long)w->repeats, (unsigned long long)w->in_burst,
                 (unsigned long long)w->inhibited);
}

static void assert_weeks(struct fixture *f, bool shadow_only, const char *wanted)
{
    auto_buffer struct buffer got = {0};

    buffer_text(&got, "");
    assert_int_equal(store_rule_week_each(f->s, 0, shadow_only, add_line, &got), 0);
    assert_string_equal(got.at, wanted);
}

static int at_work(void **state)
{
    int rc = set_up(state);

    ((struct fixture *)*state)->now = NOW;
    return rc;
}

static void what_is_new_since_the_last_counters_is_added(void **state)
{
    struct fixture *f = *state;

    told(f, "a", "1", NOW - 60,
         "\"t.one\":{\"mode\":\"shadow\",\"hits\":5,\"alerts\":2}");
    told(f, "a", "1", NOW,
         "\"t.one\":{\"mode\":\"shadow\",\"hits\":9,\"alerts\":3,"
         "\"repeats\":4,\"in_burst\":1,\"inhibited\":2}");
    told(f, "a", "1", NOW,
         "\"t.one\":{\"mode\":\"shadow\",\"hits\":9,\"alerts\":3,"
         "\"repeats\":4,\"in_burst\":1,\"inhibited\":2}");
    assert_weeks(f, true, "t.one shadow 2026-11-02 9 3 4 1 2\n");
}

static void agents_add_up_and_a_courier_that_began_anew_counts_from_zero(void **state)
{
    struct fixture *f = *state;

    told(f, "a", "1", NOW, "\"t.one\":{\"mode\":\"shadow\",\"hits\":5}");
    told(f, "b", "1", NOW, "\"t.one\":{\"mode\":\"shadow\",\"hits\":7}");
    told(f, "a", "2", NOW, "\"t.one\":{\"mode\":\"shadow\",\"hits\":8}");
    assert_weeks(f, true, "t.one shadow 2026-11-02 20 0 0 0 0\n");
}

/* A rule that was changed begins anew under a courier that did not. */
static void a_counter_that_is_smaller_began_anew(void **state)
{
    struct fixture *f = *state;

    told(f, "a", "1", NOW, "\"t.one\":{\"mode\":\"shadow\",\"hits\":50}");
    told(f, "a", "1", NOW, "\"t.one\":{\"mode\":\"shadow\",\"hits\":3}");
    assert_weeks(f, true, "t.one shadow 2026-11-02 53 0 0 0 0\n");
}

static void each_week_has_its_own_and_begins_on_monday(void **state)
{
    struct fixture *f = *state;
    usec_t monday = store_rule_week_of(NOW);

    told(f, "a", "1", monday - 1, "\"t.one\":{\"mode\":\"shadow\",\"hits\":5}");
    told(f, "a", "1", monday, "\"t.one\":{\"mode\":\"shadow\",\"hits\":6}");
    assert_weeks(f, true,
                 "t.one shadow 2026-11-02 1 0 0 0 0\n"
                 "t.one shadow 2026-10-26 5 0 0 0 0\n");
}

static void rules_that_tell_are_shown_when_all_are_asked_for(void **state)
{
    struct fixture *f = *state;

    told(f, "a", "1", NOW,
         "\"t.one\":{\"mode\":\"shadow\",\"hits\":5},"
         "\"t.two\":{\"mode\":\"alert\",\"hits\":6}");
    assert_weeks(f, true, "t.one shadow 2026-11-02 5 0 0 0 0\n");
    assert_weeks(f, false,
                 "t.one shadow 2026-11-02 5 0 0 0 0\n"
                 "t.two alert 2026-11-02 6 0 0 0 0\n");
}

static void half_a_year_is_kept(void **state)
{
    struct fixture *f = *state;

    told(f, "a", "1", NOW, "\"t.one\":{\"mode\":\"shadow\",\"hits\":5}");
    f->now = NOW + STORE_RULE_WEEKS * WEEK;
    told(f, "a", "1", f->now, "\"t.one\":{\"mode\":\"shadow\",\"hits\":6}");
    assert_weeks(f, true, "t.one shadow 2027-05-03 1 0 0 0 0\n");
    told(f, "b", "1", NOW, "\"t.one\":{\"mode\":\"shadow\",\"hits\":9}"); /* too old */
    assert_weeks(f, true, "t.one shadow 2027-05-03 1 0 0 0 0\n");
}

static void what_makes_no_sense_is_left_alone(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *other = json_parse("{\"packets\":9}", 13, NULL);

    told(f, "a", "1", NOW + WEEK, "\"t.one\":{\"mode\":\"shadow\",\"hits\":5}");
    told(f, "a", "1", NOW,
         "\"T one\":{\"mode\":\"shadow\",\"hits\":5},\"t.two\":7,"
         "\"t.three\":{\"mode\":\"loud\",\"hits\":5},"
         "\"t.four\":{\"mode\":\"shadow\",\"hits\":-5},"
         "\"t.five\":{\"mode\":\"shadow\",\"hits\":\"many\"},"
         "\"t.six\":{\"mode\":\"shadow\",\"hits\":9223372036854775807}");
    told(f, "b", "1", NOW,
         "\"t.six\":{\"mode\":\"shadow\",\"hits\":9223372036854775807}");
    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(store_rule_week_add(f->s, "a", other), 0);
    assert_int_equal(store_commit(f->s), 0);
    assert_weeks(f, true,
                 "t.one shadow 2026-11-02 5 0 0 0 0\n" /* a clock ahead */
                 "t.six shadow 2026-11-02 2000000000000 0 0 0 0\n");
}

#define AT_WORK(test) cmocka_unit_test_setup_teardown(test, at_work, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_WORK(what_is_new_since_the_last_counters_is_added),
        AT_WORK(agents_add_up_and_a_courier_that_began_anew_counts_from_zero),
        AT_WORK(a_counter_that_is_smaller_began_anew),
        AT_WORK(each_week_has_its_own_and_begins_on_monday),
        AT_WORK(rules_that_tell_are_shown_when_all_are_asked_for),
        AT_WORK(half_a_year_is_kept),
        AT_WORK(what_makes_no_sense_is_left_alone),
    };

    return cmocka_run_group_tests_name("store_rule_week", tests, NULL, NULL);
}
