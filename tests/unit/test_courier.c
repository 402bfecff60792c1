/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "agent/courier.h"
#include "json.h"
#include "rules.h"

#define RULE_TEXT(id, title, extra)                                          \
    "  - {id: test." id ", title: " title ", why: To test, severity: high, " \
    "owner: security, identity: device, watch: [dns], when: 'dns.id > 0'" extra "}\n"

#define EACH RULE_TEXT("each", "Each", "")
#define COUNTED                     \
    RULE_TEXT("counted", "Counted", \
              ", window: {count: events, by: [device], within: 1m, gte: 3}")

#define MOVED                                                           \
    "  - {id: test.moved, title: Moved, why: To test, severity: high, " \
    "owner: security, identity: device, watch: [device], "              \
    "when: 'device.previous_mac exists and proto == \"icmp6\"'}\n"

struct fixture {
    struct ruleset *rules, *next;
    struct courier *courier;
    struct event *event;
    struct crypt_hash_key key;
    struct json *alerts; /* all of them */
    enum severity severity;
};

static void on_alert(enum severity severity, const char *document, size_t len, void *arg)
{
    struct fixture *f = arg;

    f->severity = severity;
    assert_null(memchr(document, '\n', len));
    json_add(f->alerts, json_parse(document, len, NULL));
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->rules = rules_load(RULES_HEAD "rules:\n" EACH COUNTED MOVED);
    f->alerts = json_new_list();
    f->event = event_new();
    f->courier = courier_new(&(struct courier_settings){
        .alert = {.rules = f->rules, .agent = "box", .pseudonym_key = &f->key},
        .on_alert = on_alert,
        .arg = f,
    });
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    courier_free(f->courier);
    ruleset_free(f->rules);
    ruleset_free(f->next);
    event_free(f->event);
    json_free(f->alerts);
    free(f);
    return 0;
}

static void begin(struct fixture *f, usec_t now)
{
    struct addr ip;

    assert_int_equal(addr_parse("10.0.0.1", &ip), 0);
    event_begin(f->event, EVENT_DNS, now);
    event_put_number(f->event, FIELD_DNS_ID, 1);
    event_put_addr(f->event, FIELD_SRC_IP, &ip);
    event_put_addr(f->event, FIELD_DEVICE_IP, &ip);
}

static void hit(struct fixture *f, const char *id, usec_t now)
{
    begin(f, now);
    courier_hit(f->courier, (size_t)ruleset_find(f->rules, id), f->event);
}

static const char *title(const struct fixture *f, size_t alert)
{
    return json_text(json_get_path(json_item(f->alerts, alert), "alert.signature"), "");
}

static void a_hit_of_a_rule_without_window_is_an_alert(void **state)
{
    struct fixture *f = *state;

    hit(f, "test.each", 5 * USEC_PER_SEC);
    assert_int_equal(json_count(f->alerts), 1);
    assert_string_equal(title(f, 0), "Each");
    assert_int_equal(f->severity, SEVERITY_HIGH);
}

static void a_window_is_met_over_several_hits_only(void **state)
{
    struct fixture *f = *state;

    hit(f, "test.counted", 1 * USEC_PER_SEC);
    hit(f, "test.counted", 2 * USEC_PER_SEC);
    assert_int_equal(json_count(f->alerts), 0);
    hit(f, "test.counted", 3 * USEC_PER_SEC);
    assert_int_equal(json_count(f->alerts), 1);
}

static void a_rule_that_cannot_be_is_left_out(void **state)
{
    struct fixture *f = *state;

    begin(f, 1);
    courier_hit(f->courier, 99, f->event);
    assert_int_equal(json_count(f->alerts), 0);
}

static void an_alert_names_the_device_that_arp_told_of(void **state)
{
    struct fixture *f = *state;
    struct mac mac = {{2, 0, 0, 0, 0, 7}};
    struct addr ip;

    assert_int_equal(addr_parse("10.0.0.1", &ip), 0);
    event_begin(f->event, EVENT_ARP, 1);
    event_put_addr(f->event, FIELD_ARP_SENDER_IP, &ip);
    event_put_mac(f->event, FIELD_ARP_SENDER_MAC, &mac);
    courier_device(f->courier, f->event);
    hit(f, "test.each", 2);
    assert_string_equal(
        json_text(json_get_path(json_item(f->alerts, 0), "hallwatch.device.key"), ""),
        "02:00:00:00:00:07");
}

static void windows_of_unchanged_rules_go_on_under_new_rules(void **state)
{
    struct fixture *f = *state;

    hit(f, "test.counted", 1 * USEC_PER_SEC);
    hit(f, "test.counted", 2 * USEC_PER_SEC);
    f->next = f->rules;
    f->rules = rules_load(RULES_HEAD "rules:\n" RULE_TEXT("new", "New", "") COUNTED);
    courier_use(f->courier, f->rules, NULL, NULL);
    hit(f, "test.counted", 3 * USEC_PER_SEC);
    assert_int_equal(json_count(f->alerts), 1);
    hit(f, "test.new", 4 * USEC_PER_SEC);
    assert_string_equal(title(f, 1), "New");
}

static struct ruleset *rules_with_list(const char *name, const char *item)
{
    auto_free char *more =
        xasprintf("    when: host under $%s\nlists: {%s: {type: domain, items: [%s]}}\n",
                  name, name, item);
    auto_free char *text = rules_one("dns", more);

    return rules_load(text);
}

static const char *list_of(const struct fixture *f, size_t alert)
{
    return json_text(json_get_path(json_item(f->alerts, alert), "hallwatch.list.name"),
                     "none");
}

static void a_hit_of_the_rules_before_names_the_list_that_they_asked(void **state)
{
    struct fixture *f = *state;

    f->next = rules_with_list("old", "old.test");
    courier_use(f->courier, f->next, NULL, NULL);
    ruleset_free(f->rules);
    f->rules = rules_with_list("new", "new.test");
    courier_use(f->courier, f->rules, NULL, NULL);
    for (unsigned i = 0; i < 3; i++) {
        begin(f, (i + 1) * USEC_PER_DAY);
        event_put_host(f->event, FIELD_HOST, FIELD_UNKNOWN, TEXT("www.old.test"));
        if (i == 1)
            courier_forget(f->courier);
        courier_hit_before(f->courier, 0, 0, f->event);
    }
    begin(f, 9 * USEC_PER_DAY);
    event_put_host(f->event, FIELD_HOST, FIELD_UNKNOWN, TEXT("new.test"));
    courier_hit(f->courier, 0, f->event);
    assert_int_equal(json_count(f->alerts), 4);
    assert_string_equal(list_of(f, 0), "old");
    assert_string_equal(list_of(f, 1), "none");
    assert_string_equal(list_of(f, 3), "new");
}

static void counters_tell_hits_and_alerts_of_each_rule(void **state)
{
    struct fixture *f = *state;
    struct json *stats;

    hit(f, "test.counted", 1 * USEC_PER_SEC);
    hit(f, "test.each", 2 * USEC_PER_SEC);
    stats = courier_stats(f->courier);
    assert_int_equal(
        json_get_number(json_get(json_get(stats, "rules"), "test.each"), "alerts", -1),
        1);
    assert_int_equal(
        json_get_number(json_get(json_get(stats, "rules"), "test.counted"), "hits", -1),
        1);
    json_free(stats);
}

static const char *text_at(const struct fixture *f, size_t alert, const char *path)
{
    return json_text(json_get_path(json_item(f->alerts, alert), path), "");
}

/* The document says what was joined to come to it. */
static void an_alert_names_what_it_is_made_of(void **state)
{
    struct fixture *f = *state;
    const struct json *both, *steps;

    f->next = f->rules;
    f->rules = rules_load(
        RULES_HEAD "rules:\n" EACH
                   "  - {id: test.other, title: Other, why: W, severity: low,"
                   " owner: security, identity: device, watch: [dns],"
                   " sequence: {by: [src.ip], within: 1m, steps: [{id: low,"
                   " when: dns.id == 1}, {id: again, when: dns.id == 1}]}}\n"
                   "  - {id: test.both, title: Both, why: W, severity: low,"
                   " owner: security, identity: device,"
                   " combine: {of: [test.other, test.each], at_least: 2, by: [device],"
                   " within: 1m}}\n");
    courier_use(f->courier, f->rules, NULL, NULL);
    hit(f, "test.other", 1 * USEC_PER_SEC);
    hit(f, "test.other", 3 * USEC_PER_SEC);
    hit(f, "test.each", 4 * USEC_PER_SEC);
    assert_int_equal(json_count(f->alerts), 3);
    assert_string_equal(title(f, 0), "Other");
    steps = json_get_path(json_item(f->alerts, 0), "hallwatch.sequence.steps");
    assert_int_equal(json_count(steps), 2);
    assert_string_equal(json_text(json_item(steps, 1), ""), "again");
    assert_string_equal(text_at(f, 0, "hallwatch.sequence.within"), "1 min");
    assert_string_equal(title(f, 1), "Each");
    assert_string_equal(title(f, 2), "Both");
    both = json_get_path(json_item(f->alerts, 2), "hallwatch.combination.rules");
    assert_int_equal(json_count(both), 2);
    assert_string_equal(json_text(json_item(both, 0), ""), "test.other");
    assert_string_equal(text_at(f, 2, "hallwatch.combination.first"),
                        "1970-01-01T00:00:03.000000+0000");
}

/* Of a rule in shadow mode the counters are all there is. */
static void a_rule_in_shadow_mode_is_counted_and_not_told(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *stats = NULL, *none = NULL;

    f->next = f->rules;
    f->rules =
        rules_load(RULES_HEAD "rules:\n" RULE_TEXT("quiet", "Quiet", ", mode: shadow"));
    courier_use(f->courier, f->rules, NULL, NULL);
    hit(f, "test.quiet", 1 * USEC_PER_SEC);
    hit(f, "test.quiet", 2 * USEC_PER_SEC);
    assert_int_equal(json_count(f->alerts), 0);
    stats = courier_stats(f->courier);
    assert_string_equal(
        json_get_text(json_get(json_get(stats, "rules"), "test.quiet"), "mode", ""),
        "shadow");
    assert_int_equal(
        json_get_number(json_get(json_get(stats, "rules"), "test.quiet"), "alerts", 0),
        2);
    courier_forget_counts(f->courier);
    none = courier_stats(f->courier);
    assert_null(json_get(json_get(none, "rules"), "test.quiet"));
}

static void neighbour(struct fixture *f, usec_t now, uint8_t last)
{
    struct mac mac = {{2, 0, 0, 0, 0, last}};
    struct addr ip;

    assert_int_equal(addr_parse("2001:db8::7", &ip), 0);
    event_begin(f->event, EVENT_ND, now);
    event_put_number(f->event, FIELD_PROTO, PROTO_ICMP6);
    event_put_number(f->event, FIELD_ND_TYPE, ND_NA);
    event_put_number(f->event, FIELD_ND_HOP_LIMIT, 255);
    event_put_addr(f->event, FIELD_ND_TARGET, &ip);
    event_put_mac(f->event, FIELD_ND_TARGET_MAC, &mac);
    event_put_text(f->event, FIELD_SEGMENT_NAME, TEXT("lab"));
    courier_device(f->courier, f->event);
}

static void an_address_that_moves_is_an_event_of_its_own(void **state)
{
    struct fixture *f = *state;
    const struct json *alert;

    neighbour(f, 5 * USEC_PER_SEC, 7);
    neighbour(f, 6 * USEC_PER_SEC, 7);
    assert_int_equal(json_count(f->alerts), 0);
    neighbour(f, 7 * USEC_PER_SEC, 8);
    assert_int_equal(json_count(f->alerts), 1);
    alert = json_item(f->alerts, 0);
    assert_string_equal(json_text(json_get_path(alert, "hallwatch.segment"), ""), "lab");
    assert_string_equal(json_text(json_get_path(alert, "hallwatch.event"), ""), "device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_hit_of_a_rule_without_window_is_an_alert),
        WITH_FIXTURE(a_window_is_met_over_several_hits_only),
        WITH_FIXTURE(a_rule_that_cannot_be_is_left_out),
        WITH_FIXTURE(an_address_that_moves_is_an_event_of_its_own),
        WITH_FIXTURE(an_alert_names_the_device_that_arp_told_of),
        WITH_FIXTURE(windows_of_unchanged_rules_go_on_under_new_rules),
        WITH_FIXTURE(a_hit_of_the_rules_before_names_the_list_that_they_asked),
        WITH_FIXTURE(counters_tell_hits_and_alerts_of_each_rule),
        WITH_FIXTURE(an_alert_names_what_it_is_made_of),
        WITH_FIXTURE(a_rule_in_shadow_mode_is_counted_and_not_told),
    };

    return cmocka_run_group_tests_name("courier", tests, NULL, NULL);
}
