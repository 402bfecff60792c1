/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "alert.h"
#include "rules.h"

struct fixture {
    struct ruleset *set;
    struct alert_maker *maker;
    struct event *event;
    struct crypt_hash_key key;
    struct crypt_box_public vault;
    struct crypt_box_secret secret;
    struct district district;
};

/* What must never be seen of the device in these tests. */
static const char *const inside[] = {"10.20.0.9", "02:00:00:00:20:09", "janes-ipad",
                                     "10.20.0.1"};

static void put_addr(struct event *e, enum field_id f, const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    event_put_addr(e, f, &a);
}

static void put_mac(struct event *e, enum field_id f, const char *text)
{
    struct mac m;

    assert_int_equal(mac_parse(text, &m), 0);
    event_put_mac(e, f, &m);
}

/* An outbound HTTP request of Jane's device with everything that could tell of it. */
static void request(struct event *e)
{
    event_begin(e, EVENT_HTTP, 1793786400 * USEC_PER_SEC);
    put_addr(e, FIELD_SRC_IP, "10.20.0.9");
    put_addr(e, FIELD_DST_IP, "203.0.113.7");
    put_mac(e, FIELD_SRC_MAC, "02:00:00:00:20:09");
    put_mac(e, FIELD_DST_MAC, "02:00:00:00:20:01");
    put_mac(e, FIELD_DEVICE_MAC, "02:00:00:00:20:09");
    put_addr(e, FIELD_DEVICE_IP, "10.20.0.9");
    put_addr(e, FIELD_SEGMENT_GATEWAY, "10.20.0.1");
    event_put_text(e, FIELD_DEVICE, TEXT("02:00:00:00:20:09"));
    event_put_text(e, FIELD_DEVICE_NAME, TEXT("Janes-iPad"));
    event_put_number(e, FIELD_SRC_PORT, 50123);
    event_put_number(e, FIELD_DST_PORT, 80);
    event_put_number(e, FIELD_PROTO, PROTO_TCP);
    event_put_number(e, FIELD_DIRECTION, DIRECTION_OUTBOUND);
    event_put_number(e, FIELD_SEGMENT_BAND, BAND_SENIOR);
    event_put_text(e, FIELD_SITE_ID, TEXT("lincoln"));
    event_put_text(e, FIELD_SEGMENT_NAME, TEXT("students"));
    event_put_text(e, FIELD_HTTP_PATH, TEXT("/secret/path"));
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, TEXT("www.example.org"));
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.key = {{7}}, .district = {.term = "2026-autumn"}};
    assert_int_equal(crypt_init(), 0);
    crypt_box_keys(&f.vault, &f.secret);
    f.event = event_new();
    request(f.event);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    alert_maker_free(f->maker);
    ruleset_free(f->set);
    event_free(f->event);
    return 0;
}

static struct json *alert_with(struct fixture *f, const char *watch, const char *more,
                               struct raised r)
{
    auto_free char *text = rules_one(watch, more);

    f->set = rules_load(text);
    f->maker = alert_maker_new(&(struct alert_settings){.rules = f->set,
                                                        .district = &f->district,
                                                        .agent = "a1",
                                                        .pseudonym_key = &f->key,
                                                        .vault = &f->vault});
    r.event = f->event;
    return alert_make(f->maker, &r);
}

static const char *at(const struct json *doc, const char *path)
{
    return json_text(json_get_path(doc, path), NULL);
}

static void assert_shows_no_device(const struct json *doc)
{
    auto_free char *text = json_write(doc);

    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        if (strcasestr(text, inside[i]) && strcmp(inside[i], "10.20.0.1") != 0)
            fail_msg("%s is in %s", inside[i], text);
    assert_null(strstr(text, "secret"));
    assert_null(json_get(doc, "community_id"));
    assert_null(json_get(doc, "src_ip"));
    assert_null(json_get(doc, "ether"));
}

static void an_alert_is_eve_with_the_rules_words(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc = alert_with(
        f, "http",
        "    when: host exists\n"
        "    window: {count: events, by: device, within: 5m, gte: 3}\n"
        "    identity: device\n"
        "    response: {playbook: malware-on-device, after_hours: hold}\n",
        (struct raised){.value = 3, .first = 1, .last = 2, .approximate = true});

    assert_string_equal(at(doc, "event_type"), "alert");
    assert_string_equal(at(doc, "src_ip"), "10.20.0.9");
    assert_string_equal(at(doc, "alert.action"), "allowed");
    assert_string_equal(at(doc, "alert.signature"), "A test");
    assert_string_equal(at(doc, "alert.category"), "test");
    assert_int_equal(json_number(json_get_path(doc, "alert.severity"), 0), 3);
    assert_in_range(json_number(json_get_path(doc, "alert.signature_id"), 0), 1000000000,
                    2000000000);
    assert_string_equal(at(doc, "hallwatch.rule"), "test.one");
    assert_string_equal(at(doc, "hallwatch.event"), "http");
    assert_string_equal(at(doc, "hallwatch.site"), "lincoln");
    assert_string_equal(at(doc, "hallwatch.playbook"), "malware-on-device");
    assert_string_equal(at(doc, "hallwatch.after_hours"), "hold");
    assert_string_equal(at(doc, "hallwatch.agent"), "a1");
    assert_string_equal(at(doc, "hallwatch.ruleset_version"), ruleset_version(f->set));
    assert_string_equal(at(doc, "hallwatch.window.kind"), "count");
    assert_string_equal(at(doc, "hallwatch.window.within"), "5 min");
    assert_int_equal(json_number(json_get_path(doc, "hallwatch.window.value"), 0), 3);
    assert_true(json_bool(json_get_path(doc, "hallwatch.window.approximate"), false));
    assert_string_equal(at(doc, "hallwatch.device.key"), "02:00:00:00:20:09");
    assert_non_null(json_get(doc, "community_id"));
    assert_null(json_get_path(doc, "hallwatch.device.sealed"));
    assert_null(json_get_path(doc, "hallwatch.drill"));
}

static void the_path_of_a_request_is_in_no_alert(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc =
        alert_with(f, "http", "    when: host exists\n    identity: device\n",
                   (struct raised){.value = 1});
    auto_free char *text = json_write(doc);

    assert_null(strstr(text, "secret"));
}

static void a_pseudonym_hides_the_device_and_seals_the_truth(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc =
        alert_with(f, "http", "    when: host exists\n    identity: pseudonym\n",
                   (struct raised){.value = 1});
    auto_json struct json *truth = NULL;
    char wanted[ALERT_PSEUDONYM];
    uint8_t *bytes;
    size_t len;

    assert_shows_no_device(doc);
    alert_pseudonym(&f->key, "2026-autumn", "02:00:00:00:20:09", wanted);
    assert_string_equal(at(doc, "hallwatch.device.pseudonym"), wanted);
    assert_string_equal(at(doc, "dest_ip"), "203.0.113.7");
    assert_string_equal(at(doc, "hallwatch.host"), "www.example.org");
    assert_int_equal(crypt_unseal(&f->vault, &f->secret,
                                  at(doc, "hallwatch.device.sealed"), &bytes, &len),
                     0);
    truth = json_parse((const char *)bytes, len, NULL);
    free(bytes);
    assert_string_equal(json_get_text(truth, "src.ip", ""), "10.20.0.9");
    assert_string_equal(json_get_text(truth, "device.name", ""), "Janes-iPad");
    assert_string_equal(json_get_text(truth, "src.mac", ""), "02:00:00:00:20:09");
    assert_null(json_get(truth, "http.path"));
}

static void without_a_word_a_rule_shows_a_pseudonym(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc =
        alert_with(f, "http", "    when: host exists\n", (struct raised){.value = 1});

    assert_shows_no_device(doc);
    assert_non_null(at(doc, "hallwatch.device.pseudonym"));
}

static void identity_none_shows_nothing_of_the_inside(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc = NULL;
    auto_free char *text = NULL;

    put_addr(f->event, FIELD_DHCP_ROUTER, "10.20.0.1");
    doc = alert_with(f, "http", "    when: host exists\n    identity: none\n",
                     (struct raised){.value = 1});
    text = json_write(doc);

    assert_shows_no_device(doc);
    assert_null(json_get_path(doc, "hallwatch.device"));
    assert_null(strstr(text, "10.20.0"));
    assert_string_equal(at(doc, "dest_ip"), "203.0.113.7");
}

static void both_ends_inside_are_both_hidden(void **state)
{
    struct fixture *f = *state;
    struct json *doc;

    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_INTERNAL);
    put_addr(f->event, FIELD_DST_IP, "10.20.0.44");
    doc = alert_with(f, "http", "    when: host exists\n", (struct raised){.value = 1});
    assert_shows_no_device(doc);
    assert_null(json_get(doc, "dest_ip"));
    json_free(doc);
}

static void names_that_machines_have_inside_are_hidden(void **state)
{
    static const char *const names[] = {"printer.local", "9.0.20.10.in-addr.arpa",
                                        "janes-ipad.lincoln.example"};

    for (size_t i = 0; i < 3; i++) {
        struct fixture *f = *state;
        auto_json struct json *doc = NULL;

        event_put_host(f->event, FIELD_HOST, FIELD_UNKNOWN, text_of(names[i]));
        doc =
            alert_with(f, "http", "    when: host exists\n", (struct raised){.value = 1});
        assert_null(json_get_path(doc, "hallwatch.host"));
        tear_down(state);
        set_up(state);
    }
}

static void a_pseudonym_changes_with_the_term_and_the_key(void **state)
{
    struct crypt_hash_key one = {{1}}, two = {{2}};
    char a[ALERT_PSEUDONYM], b[ALERT_PSEUDONYM];

    (void)state;
    alert_pseudonym(&one, "2026-autumn", "10.1.1.1", a);
    alert_pseudonym(&one, "2026-autumn", "10.1.1.1", b);
    assert_string_equal(a, b);
    assert_int_equal(strlen(a), 9);
    assert_int_equal(a[4], '-');
    alert_pseudonym(&one, "2027-spring", "10.1.1.1", b);
    assert_string_not_equal(a, b);
    alert_pseudonym(&two, "2026-autumn", "10.1.1.1", b);
    assert_string_not_equal(a, b);
    alert_pseudonym(&one, "2026-autumn", "10.1.1.2", b);
    assert_string_not_equal(a, b);
}

static void severity_follows_the_age_band(void **state)
{
    struct fixture *f = *state;
    auto_free char *text = xasprintf(
        RULES_HEAD "rules:\n"
                   "  - {id: test.one, title: T, owner: security, watch: [http],\n"
                   "     severity: {primary: critical, senior: medium}, when: host "
                   "exists}\n");
    struct json *doc;

    f->set = rules_load(text);
    f->maker = alert_maker_new(&(struct alert_settings){.rules = f->set});
    doc = alert_make(f->maker, &(struct raised){.event = f->event, .value = 1});
    assert_string_equal(at(doc, "hallwatch.severity"), "medium");
    assert_int_equal(json_number(json_get_path(doc, "alert.severity"), 0), 2);
    json_free(doc);
    event_drop(f->event, FIELD_SEGMENT_BAND);
    doc = alert_make(f->maker, &(struct raised){.event = f->event, .value = 1});
    assert_string_equal(at(doc, "hallwatch.severity"), "critical");
    json_free(doc);
}

/* The severity of a rule's alert in a segment of that band; BAND_STAFF + 1: in none. */
static const char *severity_in(const char *more, unsigned band, uint64_t burst)
{
    auto_free char *text = xasprintf(RULES_HEAD "rules:\n"
                                                "  - {id: test.one, title: T, owner: "
                                                "security, watch: [http], when: host "
                                                "exists, %s}\n",
                                     more);
    auto_ruleset struct ruleset *set = rules_load(text);
    auto_event struct event *e = event_new();
    struct raised r = {.event = e, .value = 1, .burst = burst};

    event_begin(e, EVENT_HTTP, 1);
    if (band <= BAND_STAFF)
        event_put_number(e, FIELD_SEGMENT_BAND, band);
    return names_get(&names_severity, alert_severity(ruleset_rule(set, 0), &r));
}

static void each_band_has_its_severity_and_the_others_the_highest(void **state)
{
    static const struct {
        const char *severity;
        const char
            *at[BAND_STAFF + 2]; /* none, primary, middle, senior, staff; no segment */
    } rows[] = {
        {"severity: low", {"low", "low", "low", "low", "low", "low"}},
        {"severity: {primary: high, middle: medium, senior: low}",
         {"high", "high", "medium", "low", "high", "high"}},
        {"severity: {none: info, primary: high, middle: medium, senior: low, staff: critical}",
         {"info", "high", "medium", "low", "critical", "info"}},
        {"severity: {senior: low}", {"low", "low", "low", "low", "low", "low"}},
        {"severity: {none: medium, staff: info}",
         {"medium", "medium", "medium", "medium", "info", "medium"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (unsigned band = 0; band <= BAND_STAFF + 1; band++)
            assert_string_equal(severity_in(rows[i].severity, band, 0), rows[i].at[band]);
}

static void a_burst_is_never_more_than_its_band_and_of_a_site_what_it_says(void **state)
{
    static const char segment[] =
        "severity: {primary: high, senior: low}, window: {count: events, by: device, "
        "within: 5m, gte: 1}, burst: {clients: 3, by: segment, within: 15m, instead: medium}";
    static const char site[] =
        "severity: {primary: high, senior: low}, window: {count: events, by: device, "
        "within: 5m, gte: 1}, burst: {clients: 3, by: site, within: 15m, instead: medium}";

    (void)state;
    assert_string_equal(severity_in(segment, BAND_PRIMARY, 0), "high");
    assert_string_equal(severity_in(segment, BAND_PRIMARY, 3), "medium");
    assert_string_equal(severity_in(segment, BAND_SENIOR, 3), "low");
    assert_string_equal(severity_in(site, BAND_PRIMARY, 3), "medium");
    assert_string_equal(severity_in(site, BAND_SENIOR, 3), "medium");
}

static void a_shadow_rule_makes_no_alert(void **state)
{
    struct fixture *f = *state;

    assert_null(alert_with(f, "http", "    when: host exists\n    mode: shadow\n",
                           (struct raised){.value = 1}));
}

static void a_summary_says_how_many_more(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc =
        alert_with(f, "http", "    when: host exists\n",
                   (struct raised){.value = 1, .summary = true, .repeats = 41});

    assert_int_equal(json_number(json_get_path(doc, "hallwatch.summary.repeats"), 0), 41);
}

static void the_list_that_matched_is_named(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc = alert_with(
        f, "http",
        "    when: host under $no or not host under $other and host under $yes\n"
        "lists:\n"
        "  no: {type: domain, items: [test]}\n"
        "  other: {type: domain, items: [other.test]}\n"
        "  yes: {type: domain, items: [example.org]}\n",
        (struct raised){.value = 1});

    assert_string_equal(at(doc, "hallwatch.list.name"), "yes");
}

static struct listdb *alikes(void)
{
    char path[] = "/tmp/hallwatch-test-XXXXXX";
    struct list_builder *b = list_builder_new();
    struct listdb *db = NULL;

    close(mkstemp(path));
    list_builder_list(b, &(struct list_info){.name = "own", .type = LIST_LOOKALIKE});
    list_builder_add(b, 0, TEXT("lincoln-schools.example"));
    assert_int_equal(list_builder_write(b, path), 0);
    list_builder_free(b);
    assert_int_equal(listdb_open(path, &db), 0);
    unlink(path);
    return db;
}

static void an_alert_says_which_name_the_host_looks_like(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *db = alikes();
    auto_free char *text =
        rules_one("http", "    when: host in $own\n"
                          "lists: {own: {type: lookalike, file: own}}\n");
    auto_diags struct diags *d = diags_new();
    struct raised r = {.value = 1, .event = f->event};
    auto_json struct json *doc = NULL;

    f->set = rules_load_with((struct ruleset_settings){.lists = db}, text, d);
    f->maker = alert_maker_new(&(struct alert_settings){.rules = f->set,
                                                        .lists = db,
                                                        .district = &f->district,
                                                        .agent = "a1",
                                                        .pseudonym_key = &f->key,
                                                        .vault = &f->vault});
    event_put_text(f->event, FIELD_HOST, TEXT("www.lincoln-sch00ls.example"));
    doc = alert_make(f->maker, &r);
    assert_string_equal(at(doc, "hallwatch.list.name"), "own");
    assert_string_equal(at(doc, "hallwatch.list.alike"), "lincoln-schools.example");
    assert_string_equal(at(doc, "hallwatch.list.alike_how"), "letters");
    alert_maker_free(f->maker); /* before its lists */
    ruleset_free(f->set);
    f->maker = NULL;
    f->set = NULL;
}

/* It stands for many, so it shows none of them, whatever the rule may show. */
static void the_alert_of_a_burst_shows_a_place_and_no_device(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc =
        alert_with(f, "http",
                   "    when: host exists\n"
                   "    identity: device\n"
                   "    window: {count: events, by: device, within: 5m, gte: 1}\n"
                   "    burst: {clients: 3, by: segment, within: 15m, instead: info}\n"
                   "    response: {playbook: malware-on-device}\n",
                   (struct raised){.value = 3, .first = 1, .last = 2, .burst = 3});

    assert_shows_no_device(doc);
    assert_string_equal(at(doc, "hallwatch.severity"), "info");
    assert_string_equal(at(doc, "hallwatch.identity"), "none");
    assert_string_equal(at(doc, "hallwatch.burst.by"), "segment.name");
    assert_string_equal(at(doc, "hallwatch.burst.within"), "15 min");
    assert_int_equal(json_number(json_get_path(doc, "hallwatch.burst.clients"), 0), 3);
    assert_null(json_get_path(doc, "hallwatch.window"));
    assert_null(json_get_path(doc, "hallwatch.playbook"));
    assert_null(json_get_path(doc, "hallwatch.device"));
}

/* ---- what a rule hides ---- */

static void assert_hides_visit(const struct json *doc)
{
    static const char *const outside[] = {"example.org", "203.0.113.7", "Dating/1.0"};
    auto_free char *text = json_write(doc);

    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
        if (strstr(text, outside[i]))
            fail_msg("%s is in %s", outside[i], text);
    assert_null(json_get(doc, "community_id"));
    assert_string_equal(
        json_text(json_item(json_get_path(doc, "hallwatch.hidden"), 0), NULL), "host");
}

static void what_was_visited_can_be_hidden_by_any_of_its_names(void **state)
{
    static const char *const names[] = {"host", "[host.registrable]",
                                        "[http.method, host]"};
    struct fixture *f = *state;

    event_put_text(f->event, FIELD_HTTP_USER_AGENT, TEXT("Dating/1.0"));
    event_put_number(f->event, FIELD_HOST_FIRST_SEEN, 17);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        auto_free char *more = xasprintf(
            "    when: host exists\n    identity: device\n    hide: %s\n", names[i]);
        auto_json struct json *doc =
            alert_with(f, "http", more, (struct raised){.value = 1});

        assert_hides_visit(doc);
        assert_string_equal(at(doc, "src_ip"), "10.20.0.9");
        assert_string_equal(at(doc, "hallwatch.site"), "lincoln");
        alert_maker_free(take(f->maker));
        ruleset_free(take(f->set));
    }
}

/* Who opens it for a grave reason finds out who it was, and not where. */
static void what_is_hidden_is_not_sealed_either(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc =
        alert_with(f, "http", "    when: host exists\n    hide: [host]\n",
                   (struct raised){.value = 1});
    auto_free char *truth = NULL;
    uint8_t *bytes;
    size_t len;

    assert_hides_visit(doc);
    assert_shows_no_device(doc);
    assert_int_equal(crypt_unseal(&f->vault, &f->secret,
                                  at(doc, "hallwatch.device.sealed"), &bytes, &len),
                     0);
    truth = xstrndup((const char *)bytes, len);
    free(bytes);
    assert_non_null(strstr(truth, "10.20.0.9"));
    assert_null(strstr(truth, "203.0.113.7"));
    assert_null(strstr(truth, "example.org"));
}

/* An end inside is the one that was called, and as telling. */
static void the_called_end_is_hidden_where_both_are_inside(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc = NULL;

    event_put_number(f->event, FIELD_DIRECTION, DIRECTION_INTERNAL);
    doc = alert_with(f, "http",
                     "    when: host exists\n    identity: device\n    hide: [host]\n",
                     (struct raised){.value = 1});
    assert_hides_visit(doc);
}

static void a_combination_hides_what_one_of_its_rules_hides(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc = NULL;
    struct raised r = {.value = 2, .event = f->event};

    f->set = rules_load(
        RULES_HEAD
        "rules:\n"
        "  - {id: t.both, title: B, severity: low, owner: security,"
        " combine: {of: [t.one, t.two], at_least: 2, by: [device], within: 1h}}\n"
        "  - {id: t.one, title: O, severity: low, owner: security, watch: [http],"
        " when: host exists, hide: [host]}\n"
        "  - {id: t.two, title: T, severity: low, owner: security, watch: [http],"
        " when: host exists}\n");
    f->maker = alert_maker_new(&(struct alert_settings){.rules = f->set});
    doc = alert_make(f->maker, &r);
    assert_string_equal(at(doc, "hallwatch.rule"), "t.both");
    assert_hides_visit(doc);
}

/* 4 November 2026, half past nine in the morning at Greenwich. */
static void a_rule_with_hours_tells_the_day_by_which_it_was_judged(void **state)
{
    static const struct day_range days[] = {{20760, 20770, "Autumn holidays"}};
    static const struct calendar calendars[] = {{"holidays", days, 1}};
    struct fixture *f = *state;
    auto_json struct json *doc = NULL;
    struct json *day;

    f->district.calendars = calendars;
    f->district.calendar_count = 1;
    doc = alert_with(f, "http",
                     "    when: host exists\n"
                     "    not_during: night\n"
                     "schedules:\n"
                     "  night: {when: [{from: \"22:00\", to: \"05:00\"}]}\n",
                     (struct raised){0});
    day = json_get_path(doc, "hallwatch.day");
    assert_non_null(day);
    assert_string_equal(json_get_text(day, "kind", ""), "holidays");
    assert_string_equal(json_get_text(day, "label", ""), "Autumn holidays");
    assert_string_equal(json_get_text(day, "date", ""), "2026-11-04");
    assert_string_equal(json_get_text(day, "hours", ""), "night");
}

static void a_rule_without_hours_tells_no_day(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *doc =
        alert_with(f, "http", "    when: host exists\n", (struct raised){0});

    assert_null(json_get_path(doc, "hallwatch.day"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(an_alert_is_eve_with_the_rules_words),
        WITH_FIXTURE(the_path_of_a_request_is_in_no_alert),
        WITH_FIXTURE(a_pseudonym_hides_the_device_and_seals_the_truth),
        WITH_FIXTURE(without_a_word_a_rule_shows_a_pseudonym),
        WITH_FIXTURE(identity_none_shows_nothing_of_the_inside),
        WITH_FIXTURE(both_ends_inside_are_both_hidden),
        WITH_FIXTURE(names_that_machines_have_inside_are_hidden),
        WITH_FIXTURE(a_pseudonym_changes_with_the_term_and_the_key),
        WITH_FIXTURE(severity_follows_the_age_band),
        cmocka_unit_test(each_band_has_its_severity_and_the_others_the_highest),
        cmocka_unit_test(a_burst_is_never_more_than_its_band_and_of_a_site_what_it_says),
        WITH_FIXTURE(a_shadow_rule_makes_no_alert),
        WITH_FIXTURE(a_summary_says_how_many_more),
        WITH_FIXTURE(the_alert_of_a_burst_shows_a_place_and_no_device),
        WITH_FIXTURE(the_list_that_matched_is_named),
        WITH_FIXTURE(an_alert_says_which_name_the_host_looks_like),
        WITH_FIXTURE(what_was_visited_can_be_hidden_by_any_of_its_names),
        WITH_FIXTURE(what_is_hidden_is_not_sealed_either),
        WITH_FIXTURE(the_called_end_is_hidden_where_both_are_inside),
        WITH_FIXTURE(a_combination_hides_what_one_of_its_rules_hides),
        WITH_FIXTURE(a_rule_with_hours_tells_the_day_by_which_it_was_judged),
        WITH_FIXTURE(a_rule_without_hours_tells_no_day),
    };

    return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
