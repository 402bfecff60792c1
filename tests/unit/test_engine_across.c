/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>

#include "collector/across.h"
#include "collector/engine.h"
#include "collector/store_rule_week.h"
#include "json.h"
#include "playbooks.h"
#include "rules.h"
#include "store_fixture.h"

#define WAIT    (10 * USEC_PER_SEC)
#define LATE    USEC_PER_DAY
#define MINUTE  USEC_PER_MIN
#define MORNING (START + 15 * USEC_PER_HOUR)

#define RULE(id, keys)                                                           \
    "  - {id: " id ", title: T, severity: high, owner: security, at: collector," \
    " identity: pseudonym, " keys "}\n"
#define AGENTS_RULE(id)                                                        \
    "  - {id: " id ", title: T, severity: low, owner: security, watch: [dns]," \
    " when: host exists, labels: {kind: c2}}\n"

#define THREE_SITES                                                               \
    RULE("t.sites", "watch: [alert], when: alert.family == \"malware\","          \
                    " window: {distinct: site.id, by: [alert.rule], within: 15m," \
                    " gte: 3}, dedup: {by: [alert.rule], every: 1h}")

struct desk {
    struct fixture *f;
    struct playbook *plan;
    struct playbooks playbooks;
    struct district *district;
    struct correlate *correlate;
    struct ruleset *rules;
    struct engine *engine;
    uint64_t seq;
};

static void an_engine(struct desk *d)
{
    engine_free(d->engine);
    d->engine = engine_new(&(struct engine_settings){
        .store = d->f->s,
        .district = d->district,
        .playbooks = &d->playbooks,
        .correlate = d->correlate,
        .holder = "engine-1",
        .across = {.rules = d->rules, .wait = WAIT, .late = LATE}});
}

static int desk_set_up(void **state)
{
    auto_diags struct diags *none = diags_new();
    struct desk *d = xcalloc(1, sizeof(*d));
    void *fixture = NULL;

    set_up(&fixture);
    d->f = fixture;
    d->f->now = MORNING;
    d->plan =
        plan_of("- {id: ack, kind: ack, within: 30m, on_timeout: ack2, then: shut}\n"
                "- {id: ack2, kind: ack, within: 30m, then: shut}\n"
                "- {id: shut, kind: close, within: 1d, disposition: required}\n");
    d->playbooks = (struct playbooks){.at = &d->plan, .count = 1};
    d->district = district_of(TEST_DISTRICT);
    d->correlate = correlate_load(NULL, 0, none);
    *state = d;
    return 0;
}

static int desk_tear_down(void **state)
{
    struct desk *d = *state;
    void *fixture = d->f;

    engine_free(d->engine);
    ruleset_free(d->rules);
    correlate_free(d->correlate);
    district_free(d->district);
    playbook_free(d->plan);
    free(d);
    return tear_down(&fixture);
}

static void turn(struct desk *d)
{
    struct engine_turn t = {.more = true};

    for (size_t i = 0; t.more && i < 1000; i++)
        if (engine_turn(d->engine, &t) != 0)
            fail_msg("%s", store_error(d->f->s));
}

/* With these rules, looked at for the first time. */
static void open_with(struct desk *d, const char *rules)
{
    auto_free char *text = xasprintf(RULES_HEAD "rules:\n%s", rules);

    d->rules = rules_load(text);
    an_engine(d);
    turn(d);
}

/* ---- what happens ---- */

static struct store_alert of(const char *rule, const char *site, usec_t at)
{
    struct store_alert a = an_alert(0);

    a.rule = rule;
    a.site = site;
    a.at = at;
    a.playbook = "";
    a.owner = ROLE_SECURITY;
    a.document = "{\"event_type\":\"alert\",\"hallwatch\":{\"identity\":\"pseudonym\","
                 "\"device\":{\"pseudonym\":\"7KQX-M3TA\",\"sealed\":\"c2VhbGVk\"},"
                 "\"host\":\"bad.example\",\"agent\":\"lincoln-1\"}}";
    return a;
}

static void put(struct desk *d, struct store_alert a)
{
    a.seq = ++d->seq;
    a.arrived = d->f->now;
    begin(d->f);
    assert_int_equal(store_alert_put(d->f->s, &a), 0);
    commit(d->f);
}

/* It is stored when it happens. */
static void happens(struct desk *d, const char *rule, const char *site, usec_t at)
{
    d->f->now = at;
    put(d, of(rule, site, at));
}

static void wait_until(struct desk *d, usec_t time)
{
    d->f->now = time;
    turn(d);
}

struct told {
    size_t count, summaries;
    usec_t at;
    int64_t incident;
    enum alert_fate fate;
    char document[4096], site[32], device[32];
    char all[16384]; /* times and rules of all, in order */
};

static void look(const struct store_alert *a, void *arg)
{
    struct told *t = arg;

    if (strcmp(a->agent, ACROSS_AGENT) != 0 || a->epoch != ACROSS_EPOCH)
        return;
    t->summaries += a->summary;
    t->count += !a->summary;
    t->at = a->at;
    t->incident = a->incident;
    t->fate = a->fate;
    snprintf(t->document, sizeof(t->document), "%s", a->document);
    snprintf(t->site, sizeof(t->site), "%s", a->site);
    snprintf(t->device, sizeof(t->device), "%s", a->device);
    snprintf(t->all + strlen(t->all), sizeof(t->all) - strlen(t->all), "%s@%llu%s ",
             a->rule, (unsigned long long)((a->at - MORNING) / USEC_PER_SEC),
             a->summary ? "s" : "");
}

static struct told *told(struct desk *d)
{
    static struct told t;

    t = (struct told){0};
    assert_int_equal(store_alert_each_after(d->f->s, 0, 100000, look, &t), 0);
    return &t;
}

static bool says(const struct told *t, const char *path, const char *wanted)
{
    auto_json struct json *doc = json_parse(t->document, strlen(t->document), NULL);
    auto_free char *text = json_write(json_get_path(doc, path));

    if (strcmp(text, wanted) != 0)
        print_message("%s is %s, not %s\n", path, text, wanted);
    return strcmp(text, wanted) == 0;
}

static bool lacks(const struct told *t, const char *path)
{
    auto_json struct json *doc = json_parse(t->document, strlen(t->document), NULL);

    return json_get_path(doc, path) == NULL;
}

/* ---- tests ---- */

static void the_same_alert_at_three_sites_is_one_alert_that_names_them(void **state)
{
    struct desk *d = *state;

    open_with(d, THREE_SITES);
    happens(d, "malware.host", "lincoln", MORNING);
    happens(d, "malware.host", "lincoln", MORNING + MINUTE);
    happens(d, "malware.host", "adams", MORNING + 2 * MINUTE);
    happens(d, "malware.other", "grant", MORNING + 3 * MINUTE);
    wait_until(d, MORNING + 4 * MINUTE);
    assert_int_equal(told(d)->count, 0);
    happens(d, "malware.host", "grant", MORNING + 5 * MINUTE);
    turn(d);
    assert_int_equal(told(d)->count, 0); /* it waits for earlier ones */
    wait_until(d, MORNING + 5 * MINUTE + WAIT);
    assert_int_equal(told(d)->count, 1);
    assert_int_equal(told(d)->at, MORNING + 5 * MINUTE);
    assert_true(says(told(d), "hallwatch.window.value", "3"));
    assert_true(says(told(d), "hallwatch.alert_rule", "\"malware.host\""));
    assert_true(says(told(d), "hallwatch.parts",
                     "{\"count\":3,\"sites\":[\"grant\",\"adams\",\"lincoln\"],"
                     "\"rules\":[\"malware.host\"],\"alerts\":[\"5\",\"3\",\"2\"]}"));
}

/* Three by which agents they name; then three of the collector, about agents. */
static void an_agent_is_counted_by_its_own_name_whatever_it_says(void **state)
{
    struct desk *d = *state;

    open_with(d, RULE("t.agents", "watch: [alert], when: alert.rule exists,"
                                  " window: {distinct: alert.agent, by: [alert.rule],"
                                  " within: 15m, gte: 3},"
                                  " dedup: {by: [alert.rule], every: 1h}"));
    for (unsigned n = 0; n < 6; n++) {
        auto_free char *text = xasprintf("{\"hallwatch\":{\"agent\":\"box-%u\"}}", n);
        usec_t at = MORNING + n * MINUTE;
        struct store_alert a = of("agent.lost", "lincoln", at);

        a.agent = n < 3 ? "lincoln-1" : "collector";
        a.epoch = 1;
        a.document = text;
        d->f->now = at;
        put(d, a);
        wait_until(d, at + WAIT);
        assert_int_equal(told(d)->count, n >= 4);
    }
}

static void what_its_parts_do_not_share_is_not_shown(void **state)
{
    struct desk *d = *state;
    const struct told *t;

    open_with(d, THREE_SITES);
    happens(d, "malware.host", "lincoln", MORNING);
    happens(d, "malware.host", "adams", MORNING);
    happens(d, "malware.host", "grant", MORNING);
    wait_until(d, MORNING + WAIT);
    t = told(d);
    assert_int_equal(t->count, 1);
    assert_string_equal(t->site, "");
    assert_string_equal(t->device, "");
    assert_true(lacks(t, "hallwatch.host") && lacks(t, "hallwatch.device"));
    assert_null(strstr(t->document, "7KQX"));
}

static void a_device_is_shown_as_the_alert_and_the_rule_let_it(void **state)
{
    static const struct {
        const char *rule, *alert, *device; /* identities; what is shown */
        bool sealed;
    } rows[] = {
        {"pseudonym", "pseudonym", "7KQX-M3TA", true},
        {"device", "pseudonym", "7KQX-M3TA", true},
        {"device", "device", "7KQX-M3TA", false},
        {"pseudonym", "device", "", false},
        {"none", "pseudonym", "", false},
        {"device", "none", "", false},
    };
    struct desk *d = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *rule = xasprintf(
            "  - {id: t.one, title: T, severity: high, owner: security, at: collector,"
            " identity: %s, watch: [alert], when: host == \"bad.example\","
            " window: {count: events, by: [device, site.id], within: 1m, gte: 1}}\n",
            rows[i].rule);
        auto_free char *document =
            xasprintf("{\"event_type\":\"alert\",\"hallwatch\":{\"identity\":\"%s\","
                      "\"device\":{\"sealed\":\"c2VhbGVk\"},\"host\":\"bad.example\"}}",
                      rows[i].alert);
        struct store_alert a = of("malware.host", "lincoln", MORNING + i * 5 * MINUTE);

        engine_free(take(d->engine));
        ruleset_free(take(d->rules));
        d->f->now = a.at;
        open_with(d, rule);
        a.document = document;
        put(d, a);
        wait_until(d, a.at + WAIT);
        assert_int_equal(told(d)->count, i + 1);
        assert_string_equal(told(d)->site, "lincoln");
        assert_string_equal(told(d)->device, rows[i].device);
        assert_int_equal(lacks(told(d), "hallwatch.device.sealed"), !rows[i].sealed);
    }
}

static void parts_that_another_role_acts_on_are_counted_and_not_named(void **state)
{
    struct desk *d = *state;
    struct store_alert a = of("malware.host", "grant", MORNING);

    open_with(d, THREE_SITES);
    happens(d, "malware.host", "lincoln", MORNING);
    happens(d, "malware.host", "adams", MORNING);
    a.owner = ROLE_SAFETY_OFFICER;
    put(d, a);
    wait_until(d, MORNING + WAIT);
    assert_true(says(told(d), "hallwatch.parts",
                     "{\"count\":3,\"sites\":[\"grant\",\"adams\",\"lincoln\"],"
                     "\"rules\":[\"malware.host\"],\"alerts\":[\"2\",\"1\"]}"));
}

static void what_it_raises_opens_an_incident_and_is_not_counted_itself(void **state)
{
    struct desk *d = *state;

    open_with(d, RULE("t.loop", "watch: [alert], when: alert.rule exists,"
                                " response: {playbook: test}"));
    happens(d, "malware.host", "lincoln", MORNING);
    for (usec_t i = 1; i < 10; i++)
        wait_until(d, MORNING + i * WAIT);
    assert_int_equal(told(d)->count, 1);
    assert_int_equal(told(d)->fate, ALERT_OPENED);
    assert_true(told(d)->incident > 0);
}

static void drills_summaries_and_what_was_silenced_are_not_counted(void **state)
{
    struct desk *d = *state;
    struct store_alert drill = of("malware.host", "adams", MORNING);
    struct store_alert summary = of("malware.host", "grant", MORNING);

    open_with(d, THREE_SITES);
    happens(d, "malware.host", "lincoln", MORNING);
    happens(d, "malware.host", "polk", MORNING);
    drill.drill = true;
    put(d, drill);
    summary.summary = true;
    put(d, summary);
    begin(d->f);
    assert_int_equal(
        store_silence_add(d->f->s,
                          &(struct store_silence){.site = "taft",
                                                  .owner = "sec",
                                                  .why = "known",
                                                  .covers = UINT32_C(1) << ROLE_SECURITY,
                                                  .begins = MORNING,
                                                  .until = MORNING + LATE},
                          NULL),
        0);
    commit(d->f);
    put(d, of("malware.host", "taft", MORNING));
    wait_until(d, MORNING + WAIT);
    assert_int_equal(told(d)->count, 0);
    happens(d, "malware.host", "grant", MORNING + MINUTE);
    wait_until(d, MORNING + MINUTE + WAIT);
    assert_int_equal(told(d)->count, 1);
}

static void packets_are_in_order_whatever_order_their_alerts_come_in(void **state)
{
    struct desk *d = *state;

    open_with(d, AGENTS_RULE("a.one") AGENTS_RULE("a.two")
                     RULE("t.both", "watch: [alert], sequence: {by: [device], within: 1m,"
                                    " steps: [{id: one, when: 'alert.rule == \"a.one\"'},"
                                    " {id: two, when: 'alert.rule == \"a.two\"'}]}"));
    d->f->now = MORNING + 3 * USEC_PER_SEC;
    put(d, of("a.two", "lincoln", MORNING + 2 * USEC_PER_SEC));
    turn(d);
    put(d, of("a.one", "adams", MORNING));
    wait_until(d, MORNING + 2 * WAIT);
    assert_int_equal(told(d)->count, 1);
    assert_int_equal(told(d)->at, MORNING + 2 * USEC_PER_SEC);
}

static void a_late_alert_is_counted_in_its_place(void **state)
{
    struct desk *d = *state;

    open_with(d, THREE_SITES);
    happens(d, "malware.host", "lincoln", MORNING);
    happens(d, "malware.host", "adams", MORNING + 5 * MINUTE);
    wait_until(d, MORNING + 3 * USEC_PER_HOUR);
    assert_int_equal(told(d)->count, 0);
    put(d, of("malware.host", "grant", MORNING + 4 * MINUTE));
    wait_until(d, MORNING + 3 * USEC_PER_HOUR + WAIT);
    assert_int_equal(told(d)->count, 1);
    assert_int_equal(told(d)->at, MORNING + 5 * MINUTE);
    /* and by another one, nothing is told anew */
    put(d, of("malware.host", "polk", MORNING + 3 * MINUTE));
    wait_until(d, MORNING + 3 * USEC_PER_HOUR + 5 * WAIT);
    assert_int_equal(told(d)->count, 1);
}

static void what_comes_a_day_late_is_left_out(void **state)
{
    struct desk *d = *state;
    auto_free char *counts = NULL;

    open_with(d, THREE_SITES);
    happens(d, "malware.host", "lincoln", MORNING);
    happens(d, "malware.host", "adams", MORNING);
    d->f->now = MORNING + LATE + 1;
    put(d, of("malware.host", "grant", MORNING));
    wait_until(d, MORNING + LATE + 2 * WAIT);
    assert_int_equal(told(d)->count, 0);
    assert_int_equal(store_meta_get(d->f->s, ENGINE_ACROSS_COUNTS, &counts), 0);
    assert_non_null(strstr(counts, "\"too_late\":1"));
}

static void an_agents_clock_that_is_ahead_moves_nothing(void **state)
{
    struct desk *d = *state;

    open_with(d, THREE_SITES);
    d->f->now = MORNING;
    put(d, of("malware.host", "lincoln", MORNING + 30 * USEC_PER_DAY));
    put(d, of("malware.host", "adams", MORNING));
    put(d, of("malware.host", "grant", MORNING));
    wait_until(d, MORNING + WAIT);
    assert_int_equal(told(d)->count, 1);
}

static void a_rule_begins_with_what_comes_after_it(void **state)
{
    struct desk *d = *state;

    happens(d, "malware.host", "lincoln", MORNING);
    happens(d, "malware.host", "adams", MORNING);
    happens(d, "malware.host", "grant", MORNING);
    d->f->now = MORNING + MINUTE;
    open_with(d, THREE_SITES);
    wait_until(d, MORNING + 2 * MINUTE);
    assert_int_equal(told(d)->count, 0);
    happens(d, "malware.host", "polk", MORNING + 3 * MINUTE);
    wait_until(d, MORNING + 4 * MINUTE);
    assert_int_equal(told(d)->count, 1); /* of four, for what was before is counted */
    assert_true(says(told(d), "hallwatch.window.value", "4"));
}

static void alerts_of_agents_are_combined(void **state)
{
    struct desk *d = *state;

    open_with(d, AGENTS_RULE("a.one") AGENTS_RULE("a.two")
                     RULE("t.both", "combine: {of: [a.one, a.two], at_least: 2,"
                                    " by: [device], within: 1h}"));
    happens(d, "a.one", "lincoln", MORNING);
    happens(d, "a.two", "adams", MORNING + MINUTE);
    wait_until(d, MORNING + 2 * MINUTE);
    assert_int_equal(told(d)->count, 1);
    assert_string_equal(told(d)->device, "7KQX-M3TA");
    assert_true(says(told(d), "hallwatch.combination.rules", "[\"a.one\",\"a.two\"]"));
    assert_true(says(told(d), "hallwatch.parts.sites", "[\"adams\",\"lincoln\"]"));
}

static void labels_exceptions_and_inhibition_hold(void **state)
{
    struct desk *d = *state;

    open_with(d,
              AGENTS_RULE("a.one") RULE(
                  "t.wide", "watch: [alert], when: 'alert.labels any_of [\"kind:c2\"] and"
                            " site.id == \"adams\"', inhibits: {rules: t.narrow,"
                            " equal: device, for: 1h}")
                  RULE("t.narrow",
                       "watch: [alert], when: alert.rule == \"a.one\","
                       " exceptions: [{name: e, fields: [site.id], values: [{tuple:"
                       " [polk], until: 2099-01-01, owner: sec, why: test}]}]"));
    happens(d, "a.one", "polk", MORNING);
    happens(d, "a.one", "lincoln", MORNING + 1);
    happens(d, "a.one", "adams", MORNING + 2);
    happens(d, "a.one", "lincoln", MORNING + 3);
    wait_until(d, MORNING + MINUTE);
    assert_string_equal(told(d)->all, "t.narrow@0 t.wide@0 ");
}

static void a_summary_comes_when_it_is_due_and_once(void **state)
{
    struct desk *d = *state;

    open_with(d, RULE("t.every", "watch: [alert], when: alert.rule exists, dedup:"
                                 " {by: site.id, every: 1h, emit: first_and_summary}"));
    for (usec_t i = 0; i < 5; i++)
        happens(d, "a.one", "lincoln", MORNING + i * MINUTE);
    turn(d);
    assert_true(engine_next(d->engine) > 0);
    an_engine(d); /* killed */
    wait_until(d, MORNING + USEC_PER_HOUR + 2 * WAIT);
    assert_int_equal(told(d)->count, 1);
    assert_int_equal(told(d)->summaries, 1);
    assert_true(says(told(d), "hallwatch.summary.repeats", "4"));
    an_engine(d);
    wait_until(d, MORNING + 2 * USEC_PER_HOUR);
    assert_int_equal(told(d)->summaries, 1);
}

static void rules_in_shadow_mode_are_counted_and_tell_nobody(void **state)
{
    struct desk *d = *state;
    auto_free char *counts = NULL;

    open_with(d, RULE("t.shadow", "watch: [alert], when: alert.rule exists,"
                                  " mode: shadow"));
    happens(d, "a.one", "lincoln", MORNING);
    wait_until(d, MORNING + MINUTE);
    assert_int_equal(told(d)->count, 0);
    assert_int_equal(store_meta_get(d->f->s, ENGINE_ACROSS_COUNTS, &counts), 0);
    assert_non_null(strstr(counts, "\"t.shadow\":{\"mode\":\"shadow\",\"hits\":1,"
                                   "\"alerts\":1"));
}

static void memory_is_bounded_and_what_is_forgotten_is_counted(void **state)
{
    struct desk *d = *state;
    auto_free char *counts = NULL;

    open_with(d, RULE("t.few", "watch: [alert], when: alert.rule exists, window: {count:"
                               " events, by: [site.id], within: 1h, gte: 5,"
                               " max_keys: 2}"));
    for (unsigned i = 0; i < 10; i++) {
        char site[16];

        snprintf(site, sizeof(site), "site-%u", i);
        happens(d, "a.one", site, MORNING + i);
    }
    wait_until(d, MORNING + MINUTE);
    assert_int_equal(store_meta_get(d->f->s, ENGINE_ACROSS_COUNTS, &counts), 0);
    assert_non_null(strstr(counts, "\"evicted\":8"));
}

/* ---- killed at any instant ---- */

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16 & 0x7fff;
}

#define MANY                                                                        \
    AGENTS_RULE("a.r0")                                                             \
    AGENTS_RULE("a.r1")                                                             \
    AGENTS_RULE("a.r2")                                                             \
    RULE("t.sites", "watch: [alert], when: alert.rule exists, window: {distinct:"   \
                    " site.id, by: [alert.rule], within: 5m, gte: 3}, dedup: {by:"  \
                    " alert.rule, every: 7m, emit: first_and_summary}")             \
    RULE("t.count", "watch: [alert], when: alert.rule == \"a.r1\", window: {count:" \
                    " events, by: [site.id], within: 3m, gte: 2}")                  \
    RULE("t.each", "watch: [alert], when: 'alert.rule == \"a.r2\" and site.id =="   \
                   " \"s1\"'")                                                      \
    RULE("t.steps", "watch: [alert], sequence: {by: [site.id], within: 2m, steps:"  \
                    " [{id: x, when: 'alert.rule == \"a.r0\"'}, {id: y, when:"      \
                    " 'alert.rule == \"a.r2\"'}]}")                                 \
    RULE("t.both", "combine: {of: [a.r0, t.count], at_least: 2, by: [site.id],"     \
                   " within: 4m}")

/* kills: of a hundred turns, before how many the engine is another one. disorder: how
 * much later than its packets an alert may come. What was told, in the order of packets.
 */
static char *told_of_a_day(void **state, unsigned seed, unsigned kills, usec_t disorder)
{
    static const char *const rules[] = {"a.r0", "a.r1", "a.r2"};
    static const char *const sites[] = {"s0", "s1", "s2", "s3", "s4"};
    struct desk *d = *state;
    unsigned fate = seed * 7 + kills, order = seed * 3 + 1;
    usec_t at = MORNING;

    open_with(d, MANY);
    for (unsigned i = 0; i < 250; i++) {
        at += (next_random(&seed) % 40) * USEC_PER_SEC;
        if (d->f->now < at)
            d->f->now = at;
        if (disorder)
            d->f->now += next_random(&order) % disorder;
        put(d, of(rules[next_random(&seed) % 3], sites[next_random(&seed) % 5], at));
        if (next_random(&order) % 3 == 0)
            turn(d);
        if (next_random(&fate) % 100 < kills)
            an_engine(d);
    }
    wait_until(d, at + USEC_PER_DAY);
    wait_until(d, at + USEC_PER_DAY + 3 * WAIT);
    return xstrdup(told(d)->all);
}

static char *day(unsigned seed, unsigned kills, usec_t disorder)
{
    void *state = NULL;
    char *all;

    desk_set_up(&state);
    all = told_of_a_day(&state, seed, kills, disorder);
    desk_tear_down(&state);
    return all;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same alerts in whatever order they were stored. */
static char *in_order(char *all)
{
    char *words[4096], *save = NULL;
    struct buffer b = {0};
    size_t count = 0;

    for (char *w = strtok_r(all, " ", &save); w; w = strtok_r(NULL, " ", &save))
        words[count++] = w;
    qsort(words, count, sizeof(*words), by_text);
    for (size_t i = 0; i < count; i++)
        buffer_print(&b, "%s\n", words[i]);
    free(all);
    return buffer_take(&b);
}

static void killed_at_any_time_it_tells_the_same_once(void **state)
{
    bool both = false;

    (void)state;
    for (unsigned seed = 1; seed <= 4; seed++) {
        auto_free char *whole = in_order(day(seed, 0, 0));
        auto_free char *often = in_order(day(seed, 60, 0));

        assert_non_null(strstr(whole, "t.sites@"));
        assert_non_null(strstr(whole, "t.steps@"));
        both = both || (strstr(whole, "t.both@") && strstr(whole, "t.count@"));
        if (strcmp(whole, often) != 0)
            fail_msg("seed %u: told otherwise when it is killed:\n%s\n%s", seed, whole,
                     often);
    }
    assert_true(both);
}

/* How often a rule tells of each single alert. */
static size_t lines_of(const char *all, const char *rule)
{
    size_t count = 0;

    for (const char *at = all; (at = strstr(at, rule)); at++)
        count++;
    return count;
}

/* Each alert comes up to a minute after its packets, while others were counted. */
static void delays_and_kills_tell_nothing_twice_and_leave_nothing_out(void **state)
{
    (void)state;
    for (unsigned seed = 5; seed <= 6; seed++) {
        auto_free char *once = in_order(day(seed, 0, 0));
        auto_free char *late = in_order(day(seed, 0, MINUTE));
        auto_free char *both = in_order(day(seed, 60, MINUTE));
        size_t count = lines_of(once, "t.each");
        char *save = NULL;

        assert_int_equal(lines_of(late, "t.each"), count);
        assert_int_equal(lines_of(both, "t.each"), count);
        for (char *w = strtok_r(once, "\n", &save); w; w = strtok_r(NULL, "\n", &save))
            if (strncmp(w, "t.each", 6) == 0 && (!strstr(late, w) || !strstr(both, w)))
                fail_msg("%s is not told", w);
    }
}

#define WITH_DESK(test) cmocka_unit_test_setup_teardown(test, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DESK(the_same_alert_at_three_sites_is_one_alert_that_names_them),
        WITH_DESK(an_agent_is_counted_by_its_own_name_whatever_it_says),
        WITH_DESK(what_its_parts_do_not_share_is_not_shown),
        WITH_DESK(a_device_is_shown_as_the_alert_and_the_rule_let_it),
        WITH_DESK(parts_that_another_role_acts_on_are_counted_and_not_named),
        WITH_DESK(what_it_raises_opens_an_incident_and_is_not_counted_itself),
        WITH_DESK(drills_summaries_and_what_was_silenced_are_not_counted),
        WITH_DESK(packets_are_in_order_whatever_order_their_alerts_come_in),
        WITH_DESK(a_late_alert_is_counted_in_its_place),
        WITH_DESK(what_comes_a_day_late_is_left_out),
        WITH_DESK(an_agents_clock_that_is_ahead_moves_nothing),
        WITH_DESK(a_rule_begins_with_what_comes_after_it),
        WITH_DESK(alerts_of_agents_are_combined),
        WITH_DESK(labels_exceptions_and_inhibition_hold),
        WITH_DESK(a_summary_comes_when_it_is_due_and_once),
        WITH_DESK(rules_in_shadow_mode_are_counted_and_tell_nobody),
        WITH_DESK(memory_is_bounded_and_what_is_forgotten_is_counted),
        cmocka_unit_test(killed_at_any_time_it_tells_the_same_once),
        cmocka_unit_test(delays_and_kills_tell_nothing_twice_and_leave_nothing_out),
    };

    return cmocka_run_group_tests_name("engine_across", tests, NULL, NULL);
}
