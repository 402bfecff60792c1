/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/self.h"
#include "agent/self_rules.h"
#include "rules.h"

#define NOW (UINT64_C(1793786400) * USEC_PER_SEC) /* 2026-11-04 */

struct fixture {
    struct settings settings;
    struct content content;
    struct rulebook book;
    struct hits_merger *merger;
    struct self *self;
    char said[1024]; /* what rules were met by, in order */
};

/* The outlet of this test: nobody is sent anything, and alerts were lost. */
static uint64_t lost;

void outlet_put(struct outlet *o, enum wire_stream stream, const char *document,
                size_t len)
{
    (void)o, (void)stream, (void)document, (void)len;
}

uint64_t outlet_lost(const struct outlet *o)
{
    (void)o;
    return lost;
}

static void add(struct fixture *f, const struct event *e, enum field_id id)
{
    auto_buffer struct buffer b = {0};

    if (!event_has(e, id))
        return;
    event_print_value(e, id, &b);
    buffer_text(&b, "");
    snprintf(f->said + strlen(f->said), sizeof(f->said) - strlen(f->said), "%s ", b.at);
}

static void on_hit(size_t rule, struct event *e, void *arg)
{
    (void)rule;
    add(arg, e, FIELD_AGENT_WHAT);
    add(arg, e, FIELD_AGENT_COUNT);
    add(arg, e, FIELD_RULE_ID);
    add(arg, e, FIELD_RULE_WHAT);
    add(arg, e, FIELD_RULE_EXCEPTION);
    add(arg, e, FIELD_RULE_COUNT);
}

static void open_with(struct fixture *f, const char *rules)
{
    auto_free char *text = xasprintf(RULES_HEAD "rules:\n%s", rules);

    f->content.rules = rules_load(text);
    f->book.content = &f->content;
    f->self = self_new(
        &(struct self_settings){.agent = &f->settings, .merger = f->merger, .sensors = 1},
        &f->book);
}

static int set_up(void **state)
{
    static char box[] = "box";
    struct fixture *f = xcalloc(1, sizeof(*f));

    lost = 0;
    f->settings.name = box;
    f->merger =
        hits_merger_new(&(struct hits_reader_calls){.hit = on_hit, .arg = f}, 1, 100);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    self_free(f->self);
    ruleset_free(f->content.rules);
    hits_merger_free(f->merger);
    free(f);
    return 0;
}

/* What was said since. */
static const char *said(struct fixture *f)
{
    f->said[0] = '\0';
    hits_merger_mark(f->merger, 0, UINT64_MAX);
    hits_merger_run(f->merger);
    return f->said;
}

static void count(struct fixture *f, unsigned received, usec_t now)
{
    auto_free char *text = xasprintf("{\"capture\":{\"received\":%u}}", received);

    self_count(f->self, 0, text, strlen(text), now);
}

#define ON_AGENT                                                                  \
    "  - {id: t.agent, title: A, severity: low, owner: security, watch: [agent]," \
    " when: agent.what exists}\n"
#define ON_RULE                                                                 \
    "  - {id: t.rule, title: R, severity: low, owner: security, watch: [rule]," \
    " when: rule.what exists}\n"

/* What the counters say of what was seen. */
static struct self_sight saw(struct fixture *f, unsigned received, unsigned dropped,
                             unsigned until, usec_t now)
{
    auto_free char *text =
        xasprintf("{\"capture\":{\"received\":%u,\"dropped_ring\":%u,\"seen_until\":%u}}",
                  received, dropped, until);

    return self_count(f->self, 0, text, strlen(text), now);
}

/* ---- tests ---- */

static void a_sensor_without_packets_says_so_once(void **state)
{
    struct fixture *f = *state;

    open_with(f, ON_AGENT);
    for (usec_t i = 0; i < 15; i++)
        count(f, 7, NOW + i * USEC_PER_MIN);
    assert_string_equal(said(f), "");
    for (usec_t i = 15; i < 40; i++)
        count(f, 7, NOW + i * USEC_PER_MIN);
    assert_string_equal(said(f), "\"no_packets\" 15 ");
    count(f, 8, NOW + 40 * USEC_PER_MIN);
    count(f, 8, NOW + 60 * USEC_PER_MIN);
    assert_string_equal(said(f), "\"no_packets\" 20 ");
}

static void counters_say_up_to_when_everything_was_seen(void **state)
{
    struct fixture *f = *state;
    struct self_sight s;

    open_with(f, ON_AGENT);
    s = saw(f, 7, 0, 100, NOW);
    assert_int_equal(s.until, 100);
    assert_false(s.lost);
    s = saw(f, 9, 2, 200, NOW + 5 * USEC_PER_SEC);
    assert_int_equal(s.until, 200);
    assert_true(s.lost);
    assert_false(saw(f, 11, 2, 300, NOW + 10 * USEC_PER_SEC).lost);
}

static void no_counter_of_a_sensor_is_beyond_all_bounds(void **state)
{
    static const char *const said_by_it[] = {
        "{\"capture\":{\"dropped_ring\":9223372036854775807,"
        "\"dropped_interface\":9223372036854775807,\"received\":-1}}",
        "{\"capture\":{\"dropped_ring\":-9223372036854775808,"
        "\"dropped_interface\":-1,\"clock_back_seconds\":-5},\"lost_hits\":-7}",
        "{\"capture\":{\"dropped_ring\":9223372036854775807,"
        "\"clock_back_seconds\":3},\"lost_hits\":9223372036854775807}",
    };
    struct fixture *f = *state;

    open_with(f, ON_AGENT);
    for (size_t i = 0; i < 3; i++)
        self_count(f->self, 0, said_by_it[i], strlen(said_by_it[i]), NOW);
    assert_string_equal(said(f), "\"clock_skew\" 3 \"lost_packets\" 9223372036854775806 "
                                 "\"lost_packets\" 4611686018427387903 ");
}

static void a_sensor_without_packets_saw_nothing(void **state)
{
    struct fixture *f = *state;
    struct self_sight s;

    open_with(f, ON_AGENT);
    saw(f, 7, 0, 100, NOW);
    assert_int_equal(saw(f, 7, 0, 200, NOW + 5 * USEC_PER_SEC).until, 0);
    s = saw(f, 8, 0, 300, NOW + 30 * USEC_PER_SEC);
    assert_int_equal(s.until, 300);
    assert_false(s.lost);
    s = saw(f, 9, 0, 400, NOW + 30 * USEC_PER_SEC + SELF_BLIND);
    assert_true(s.lost);
}

static void a_sensor_that_was_started_again_has_packets(void **state)
{
    struct fixture *f = *state;

    open_with(f, ON_AGENT);
    count(f, 700, NOW);
    count(f, 0, NOW + 14 * USEC_PER_MIN);
    count(f, 0, NOW + 20 * USEC_PER_MIN);
    assert_string_equal(said(f), "");
}

static void alerts_that_were_given_up_are_told(void **state)
{
    struct fixture *f = *state;

    open_with(f, ON_AGENT);
    self_look_at_rules(f->self, NULL, NOW);
    lost = 5;
    self_look_at_rules(f->self, NULL, NOW + 1);
    self_look_at_rules(f->self, NULL, NOW + 2);
    assert_string_equal(said(f), "\"lost_alerts\" 5 ");
}

static void look(struct fixture *f, const char *counters, usec_t now)
{
    auto_json struct json *o = json_parse(counters, strlen(counters), NULL);

    self_look_at_rules(f->self, o, now);
}

static void what_a_rule_forgot_and_what_met_it_in_shadow_is_said(void **state)
{
    struct fixture *f = *state;

    open_with(f, ON_RULE);
    look(f,
         "{\"rules\":{\"a.b\":{\"mode\":\"alert\",\"hits\":9,\"evicted\":3},"
         "\"a.c\":{\"mode\":\"shadow\",\"hits\":2,\"evicted\":0}}}",
         NOW);
    said(f); /* both at one time, in any order */
    assert_non_null(strstr(f->said, "\"a.b\" \"evicted\" 3 "));
    assert_non_null(strstr(f->said, "\"a.c\" \"shadow_met\" 2 "));
    assert_int_equal(strlen(f->said), strlen("'a.b' 'evicted' 3 'a.c' 'shadow_met' 2 "));
    look(f,
         "{\"rules\":{\"a.b\":{\"mode\":\"alert\",\"hits\":19,\"evicted\":3},"
         "\"a.c\":{\"mode\":\"shadow\",\"hits\":6,\"evicted\":0}}}",
         NOW + 1);
    assert_string_equal(said(f), "\"a.c\" \"shadow_met\" 4 ");
}

static void an_exception_that_ends_is_said_once_a_day(void **state)
{
    struct fixture *f = *state;

    open_with(f, ON_RULE
              "  - {id: t.not, title: N, severity: low, owner: security, watch: [dns],"
              " when: host exists, exceptions: [{name: e, fields: [host], values:"
              " [{tuple: [a.example], until: 2026-11-10, owner: x, why: y},"
              " {tuple: [b.example], until: 2027-11-10, owner: x, why: y}]}]}\n");
    look(f, "{}", NOW);
    assert_string_equal(said(f), "\"t.not\" \"exception_ends\" \"e\" 6 ");
    look(f, "{}", NOW + USEC_PER_HOUR);
    assert_string_equal(said(f), "");
    look(f, "{}", NOW + 8 * USEC_PER_DAY);
    assert_string_equal(said(f), "\"t.not\" \"exception_ended\" \"e\" 1 ");
    look(f, "{}", NOW + 60 * USEC_PER_DAY);
    assert_string_equal(said(f), "");
}

/* One domain list, fetched ten days before NOW. */
static struct listdb *old_list(void)
{
    struct list_info info = {.type = LIST_DOMAIN, .fetched = NOW - 10 * USEC_PER_DAY};
    char path[] = "/tmp/hallwatch-test-XXXXXX";
    struct list_builder *b = list_builder_new();
    struct listdb *db = NULL;

    close(mkstemp(path));
    strcpy(info.name, "games");
    list_builder_list(b, &info);
    list_builder_add(b, 0, TEXT("game.test"));
    assert_int_equal(list_builder_write(b, path), 0);
    list_builder_free(b);
    assert_int_equal(listdb_open(path, &db), 0);
    unlink(path);
    return db;
}

static void keep_word(const struct rule_word *w, void *arg)
{
    buffer_print(arg, "%s %s %s %u, ", w->rule, w->what, w->list ? w->list : "-",
                 (unsigned)w->count);
}

static void a_rule_that_is_silent_for_a_list_is_said_once_a_day(void **state)
{
    static const char text[] = RULES_HEAD
        "lists: {l: {type: domain, file: games, max_age: 7d, on_stale: disable}}\n"
        "rules:\n"
        "  - {id: t.l, title: N, severity: low, owner: security, watch: [dns],"
        " when: not (host under $l)}\n"
        "  - {id: t.m, title: N, severity: low, owner: security, watch: [dns],"
        " when: host exists}\n";
    auto_listdb struct listdb *db = old_list();
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *set =
        rules_load_with((struct ruleset_settings){.lists = db}, text, d);
    auto_buffer struct buffer b = {0};
    struct self_rules *s = self_rules_new(keep_word, &b);

    (void)state;
    assert_non_null(set);
    self_rules_look(s, set, NOW - 4 * USEC_PER_DAY);
    assert_null(b.at);
    self_rules_look(s, set, NOW);
    self_rules_look(s, set, NOW + USEC_PER_HOUR);
    assert_string_equal(b.at, "t.l list_too_old l 3, ");
    self_rules_free(s);
}

static void of_rules_nothing_is_said_that_nobody_asks_for(void **state)
{
    struct fixture *f = *state;

    open_with(f, ON_AGENT);
    look(f, "{\"rules\":{\"a.b\":{\"mode\":\"shadow\",\"hits\":9,\"evicted\":3}}}", NOW);
    assert_string_equal(said(f), "");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_sensor_without_packets_says_so_once),
        WITH_FIXTURE(counters_say_up_to_when_everything_was_seen),
        WITH_FIXTURE(no_counter_of_a_sensor_is_beyond_all_bounds),
        WITH_FIXTURE(a_sensor_without_packets_saw_nothing),
        WITH_FIXTURE(a_sensor_that_was_started_again_has_packets),
        WITH_FIXTURE(alerts_that_were_given_up_are_told),
        WITH_FIXTURE(what_a_rule_forgot_and_what_met_it_in_shadow_is_said),
        WITH_FIXTURE(an_exception_that_ends_is_said_once_a_day),
        WITH_FIXTURE(a_rule_that_is_silent_for_a_list_is_said_once_a_day),
        WITH_FIXTURE(of_rules_nothing_is_said_that_nobody_asks_for),
    };

    return cmocka_run_group_tests_name("self", tests, NULL, NULL);
}
