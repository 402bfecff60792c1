/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include <errno.h>

#include "collector/store_custody.h"
#include "collector/store_evidence.h"
#include "collector/store_freeze.h"
#include "collector/store_intake.h"
#include "crypt.h"
#include "json.h"

#define NAME "0123456789abcdef0123456789abcdef"

static int put(struct fixture *f, const char *document)
{
    int rc;

    assert_int_equal(store_begin(f->s), 0);
    rc = store_evidence_put(f->s, "box", document, strlen(document));
    if (rc == 0)
        assert_int_equal(store_commit(f->s), 0);
    else
        store_rollback(f->s);
    return rc;
}

static int put_part(struct fixture *f, int part, int parts, const char *sealed)
{
    auto_free char *document = xasprintf(
        "{\"hallwatch\": {\"evidence\": {\"id\": \"" NAME "\", \"part\": %d, \"parts\": "
        "%d, %s\"sealed\": \"%s\"}}}",
        part, parts, part == 1 ? "\"custody\": {\"frames\": 7}, " : "", sealed);

    return put(f, document);
}

#define KEEP (30 * USEC_PER_DAY)

static size_t expire_beyond(struct fixture *f, uint64_t room)
{
    size_t count = 0;

    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(store_evidence_expire(
                         f->s, &(struct store_evidence_keep){KEEP, room}, 10, &count),
                     0);
    assert_int_equal(store_commit(f->s), 0);
    return count;
}

static void expire(struct fixture *f)
{
    expire_beyond(f, 1 << 20);
}

static struct store_evidence get(struct fixture *f)
{
    struct store_evidence e;

    assert_int_equal(store_evidence_get(f->s, 1, &e), 0);
    return e;
}

static void parts_are_put_together_in_their_order(void **state)
{
    struct fixture *f = *state;
    auto_free char *sealed = NULL;
    struct store_evidence e;

    assert_int_equal(put_part(f, 2, 2, "BBBB"), 0);
    e = get(f);
    assert_int_equal(store_evidence_sealed(f->s, &e, &sealed), -ENOENT);
    store_evidence_done(&e);
    assert_int_equal(put_part(f, 1, 2, "AAAA"), 0);
    e = get(f);
    assert_int_equal(e.have, 2);
    assert_int_equal(e.bytes, 8);
    assert_non_null(strstr(e.custody, "7"));
    assert_int_equal(store_evidence_sealed(f->s, &e, &sealed), 0);
    assert_string_equal(sealed, "AAAABBBB");
    store_evidence_done(&e);
}

static void a_part_that_is_there_changes_nothing(void **state)
{
    struct fixture *f = *state;
    auto_free char *sealed = NULL;
    struct store_evidence e;

    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    assert_int_equal(put_part(f, 1, 1, "CCCC"), 0);
    e = get(f);
    assert_int_equal(e.have, 1);
    assert_int_equal(store_evidence_sealed(f->s, &e, &sealed), 0);
    assert_string_equal(sealed, "AAAA");
    store_evidence_done(&e);
}

static int put_first(struct fixture *f, const char *seal, const char *sealed)
{
    auto_free char *document =
        xasprintf("{\"hallwatch\": {\"evidence\": {\"id\": \"" NAME
                  "\", \"part\": 1, \"parts\": 2, \"custody\": {\"sealed_sha256\": "
                  "\"%s\"}, \"sealed\": \"%s\"}}}",
                  seal, sealed);

    return put(f, document);
}

/* An agent was killed after the first part, and seals again what it still has. */
static void parts_of_two_seals_are_never_put_together(void **state)
{
    struct fixture *f = *state;
    auto_free char *sealed = NULL;
    struct store_evidence e;

    assert_int_equal(put_first(f, "one", "AAAA"), 0);
    assert_int_equal(put_first(f, "two", "CCCC"), 0);
    assert_int_equal(put_part(f, 2, 2, "DDDD"), 0);
    e = get(f);
    assert_int_equal(e.bytes, 8);
    assert_non_null(strstr(e.custody, "two"));
    assert_int_equal(store_evidence_sealed(f->s, &e, &sealed), 0);
    assert_string_equal(sealed, "CCCCDDDD");
    store_evidence_done(&e);
    assert_int_equal(put_first(f, "three", "EEEE"), 0); /* it is whole: it stays so */
    e = get(f);
    assert_int_equal(e.have, 2);
    assert_non_null(strstr(e.custody, "two"));
    store_evidence_done(&e);
}

static void a_custody_record_without_measure_is_refused(void **state)
{
    auto_free char *most = xcalloc(1, 5000);

    memset(most, 'x', 4999);
    assert_int_equal(put_first(*state, most, "AAAA"), -EBADMSG);
}

static void what_is_no_part_is_refused(void **state)
{
    static const char *const documents[] = {
        "",
        "7",
        "{}",
        "{\"hallwatch\": {\"evidence\": 7}}",
        "{\"hallwatch\": {\"evidence\": {\"id\": \"short\", \"part\": 1, \"parts\": 1, "
        "\"custody\": {}, \"sealed\": \"\"}}}",
        "{\"hallwatch\": {\"evidence\": {\"id\": \"" NAME
        "\", \"part\": 1, \"parts\": 1, "
        "\"sealed\": \"\"}}}",
        "{\"hallwatch\": {\"evidence\": {\"id\": \"" NAME
        "\", \"part\": 2, \"parts\": 1, "
        "\"sealed\": \"\"}}}",
        "{\"hallwatch\": {\"evidence\": {\"id\": \"" NAME "\", \"part\": 2, \"parts\": "
        "65, \"sealed\": \"\"}}}",
        "{\"hallwatch\": {\"evidence\": {\"id\": \"" NAME
        "\", \"part\": 2, \"parts\": 2, "
        "\"sealed\": \"not base64!\"}}}",
    };

    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        assert_int_equal(put(*state, documents[i]), -EBADMSG);
}

static void what_is_old_goes_and_its_custody_record_stays(void **state)
{
    struct fixture *f = *state;
    auto_free char *sealed = NULL;
    struct store_evidence e;

    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    f->now += KEEP;
    expire(f);
    e = get(f);
    assert_int_equal(e.have, 1);
    store_evidence_done(&e);
    f->now++;
    expire(f);
    e = get(f);
    assert_int_equal(e.expired, f->now);
    assert_int_equal(e.bytes, 0);
    assert_non_null(strstr(e.custody, "7"));
    assert_int_equal(store_evidence_sealed(f->s, &e, &sealed), -ENOENT);
    store_evidence_done(&e);
    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0); /* it does not come back */
    e = get(f);
    assert_int_equal(e.have, 0);
    store_evidence_done(&e);
}

#define ALERT "{\"hallwatch\": {\"evidence\": {\"id\": \"" NAME "\"}}}"

static void raise_alert(struct fixture *f, int64_t *ret_incident)
{
    struct store_incident i = {.key = "k",
                               .playbook = "p",
                               .rule = "r",
                               .title = "t",
                               .site = "",
                               .segment = "",
                               .device = "",
                               .first = f->now,
                               .last = f->now};

    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(store_alert_put(f->s, &(struct store_alert){.agent = "box",
                                                                 .epoch = 9,
                                                                 .seq = 4,
                                                                 .at = f->now,
                                                                 .arrived = f->now,
                                                                 .document = ALERT}),
                     0);
    assert_int_equal(store_evidence_expect(f->s, "box", 9, 4, ALERT), 0);
    assert_int_equal(store_incident_open(f->s, &i, ret_incident), 0);
    assert_int_equal(store_alert_settle(f->s, 1, ALERT_OPENED, *ret_incident), 0);
    assert_int_equal(store_commit(f->s), 0);
}

static void count_one(const struct store_evidence *e, void *arg)
{
    assert_int_equal(e->alert, 1);
    ++*(int *)arg;
}

static int each(struct fixture *f, int64_t incident, int *count)
{
    const struct store_evidence_filter of_it = {.incident = incident, .limit = 9};

    return store_evidence_each(f->s, &of_it, count_one, count);
}

static void what_an_alert_names_is_found_by_its_incident(void **state)
{
    struct fixture *f = *state;
    int64_t incident;
    int count = 0;

    raise_alert(f, &incident);
    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    assert_int_equal(each(f, incident, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(each(f, incident + 1, &count), 0);
    assert_int_equal(count, 1);
}

static void evidence_of_an_open_incident_stays(void **state)
{
    struct fixture *f = *state;
    struct store_evidence e;
    int64_t incident;

    raise_alert(f, &incident);
    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    f->now += 10 * KEEP;
    expire(f);
    e = get(f);
    assert_int_equal(e.have, 1);
    assert_int_equal(e.expired, 0);
    store_evidence_done(&e);
}

/* ---- custody and holds ---- */

static void has_custody(struct fixture *f, const char *expected)
{
    auto_json struct json *list = store_custody_list(f->s, 1);
    auto_buffer struct buffer told = {0};

    for (size_t i = 0; i < json_count(list); i++)
        buffer_print(&told, "%s%s by %s", i ? "; " : "",
                     json_get_text(json_item(list, i), "what", ""),
                     json_get_text(json_item(list, i), "who", ""));
    assert_string_equal(told.at ? told.at : "", expected);
}

static int hold(struct fixture *f, const char *why, usec_t length)
{
    int rc;

    assert_int_equal(store_begin(f->s), 0);
    rc = store_evidence_hold(f->s, 1, "ida", why, f->now + length);
    if (rc == 0)
        assert_int_equal(store_commit(f->s), 0);
    else
        store_rollback(f->s);
    return rc;
}

static int release(struct fixture *f, const char *why)
{
    int rc;

    assert_int_equal(store_begin(f->s), 0);
    rc = store_evidence_release(f->s, 1, "ida", why);
    if (rc == 0)
        assert_int_equal(store_commit(f->s), 0);
    else
        store_rollback(f->s);
    return rc;
}

static bool is_kept(struct fixture *f)
{
    struct store_evidence e = get(f);
    bool kept = !e.expired && e.have > 0;

    store_evidence_done(&e);
    return kept;
}

static void custody_tells_when_it_came_and_when_and_why_it_went(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *list = NULL;

    assert_int_equal(put_part(f, 1, 2, "AAAA"), 0);
    has_custody(f, "");
    assert_int_equal(put_part(f, 2, 2, "BBBB"), 0);
    f->now += KEEP + 1;
    expire(f);
    has_custody(f, "stored by box; expired by collector");
    list = store_custody_list(f->s, 1);
    assert_non_null(
        strstr(json_get_text(json_item(list, 1), "why", ""), "kept for 30 days"));
}

static void what_is_held_stays_until_the_hold_is_over(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    assert_int_equal(hold(f, "counsel asked for it", 60 * USEC_PER_DAY), 0);
    f->now += 59 * USEC_PER_DAY;
    expire(f);
    assert_true(is_kept(f));
    assert_int_equal(expire_beyond(f, 1), 0); /* nor for want of room */
    f->now += 2 * USEC_PER_DAY;
    expire(f);
    assert_false(is_kept(f));
    has_custody(f, "stored by box; held by ida; expired by collector");
}

static void what_is_released_goes_when_its_time_is_over(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    assert_int_equal(hold(f, "counsel asked for it", 60 * USEC_PER_DAY), 0);
    f->now += KEEP + 1;
    assert_int_equal(release(f, "counsel has it"), 0);
    expire(f);
    assert_false(is_kept(f));
    has_custody(f, "stored by box; held by ida; released by ida; expired by collector");
}

static void a_hold_needs_a_reason_and_an_end_and_something_to_hold(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hold(f, "why", USEC_PER_DAY), -ENOENT);
    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    assert_int_equal(hold(f, "", USEC_PER_DAY), -EINVAL);
    assert_int_equal(hold(f, "why", 0), -EINVAL);
    assert_int_equal(hold(f, "why", 401 * USEC_PER_DAY), -EINVAL);
    assert_int_equal(release(f, "why"), -ESTALE);
    f->now += KEEP + 1;
    expire(f);
    assert_int_equal(hold(f, "why", USEC_PER_DAY), -ESTALE);
    assert_non_null(strstr(store_error(f->s), "expired"));
}

static void beyond_its_room_the_oldest_goes_and_custody_says_so(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *list = NULL;

    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    f->now += USEC_PER_HOUR;
    assert_int_equal(expire_beyond(f, 4), 0);
    assert_int_equal(expire_beyond(f, 3), 1);
    list = store_custody_list(f->s, 1);
    assert_non_null(strstr(json_get_text(json_item(list, 1), "why", ""), "make room"));
}

/* ---- freezing ---- */

static void freeze(struct fixture *f, int64_t incident, const char *key)
{
    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(
        store_freeze(f->s, &(struct store_freeze){.incident = incident,
                                                  .key = key,
                                                  .who = "engine",
                                                  .why = "by the playbook p, step keep",
                                                  .until = f->now + 90 * USEC_PER_DAY}),
        0);
    assert_int_equal(store_commit(f->s), 0);
}

static void what_is_frozen_is_held_and_its_alerts_are_written_down(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *record = NULL, *document = NULL;
    auto_free char *text = NULL;
    struct store_evidence e;
    const struct json *alert;
    uint8_t hash[32];
    char hex[65];
    int64_t incident;

    raise_alert(f, &incident);
    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    freeze(f, incident, "1:keep#1");
    e = get(f);
    assert_int_equal(e.held, f->now + 90 * USEC_PER_DAY);
    store_evidence_done(&e);
    has_custody(f, "stored by box; frozen by engine");

    assert_int_equal(store_evidence_get(f->s, 2, &e), 0);
    assert_int_equal(e.held, f->now + 90 * USEC_PER_DAY);
    assert_int_equal(e.alert, 1);
    assert_int_equal(store_evidence_sealed(f->s, &e, &text), 0);
    record = json_parse(e.custody, strlen(e.custody), NULL);
    crypt_sha256(text, strlen(text), hash);
    crypt_hex(hash, sizeof(hash), hex);
    assert_string_equal(json_get_text(record, "sha256", ""), hex);
    assert_int_equal(json_get_number(record, "alerts", 0), 1);
    assert_int_equal(json_get_number(record, "left_out", 9), 0);
    document = json_parse(text, strlen(text), NULL);
    alert = json_item(json_get(document, "alerts"), 0);
    assert_int_equal(json_get_number(alert, "id", 0), 1);
    assert_string_equal(
        json_text(json_get_path(alert, "document.hallwatch.evidence.id"), ""), NAME);
    store_evidence_done(&e);
}

static void frozen_twice_by_the_same_step_is_frozen_once(void **state)
{
    struct fixture *f = *state;
    struct store_evidence e;
    int64_t incident;

    raise_alert(f, &incident);
    freeze(f, incident, "1:keep#1");
    freeze(f, incident, "1:keep#1");
    assert_int_equal(store_evidence_get(f->s, 3, &e), -ENOENT);
    freeze(f, incident, "1:keep#2");
    assert_int_equal(store_evidence_get(f->s, 3, &e), 0);
    store_evidence_done(&e);
}

static void a_longer_hold_of_a_person_is_not_made_shorter(void **state)
{
    struct fixture *f = *state;
    struct store_evidence e;
    int64_t incident;

    raise_alert(f, &incident);
    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    assert_int_equal(hold(f, "counsel", 300 * USEC_PER_DAY), 0);
    freeze(f, incident, "1:keep#1");
    e = get(f);
    assert_int_equal(e.held, f->now + 300 * USEC_PER_DAY);
    store_evidence_done(&e);
}

/* An alert of this owner with evidence of its own, which belongs to the incident. */
static void add_alert(struct fixture *f, int number, enum role owner, int64_t incident)
{
    auto_free char *name = xasprintf("%032x", (unsigned)number);
    auto_free char *alert =
        xasprintf("{\"hallwatch\": {\"evidence\": {\"id\": \"%s\"}}}", name);
    auto_free char *part = xasprintf(
        "{\"hallwatch\": {\"evidence\": {\"id\": \"%s\", \"part\": 1, \"parts\": "
        "1, \"custody\": {\"frames\": 7}, \"sealed\": \"AAAA\"}}}",
        name);

    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(store_alert_put(f->s, &(struct store_alert){.agent = "box",
                                                                 .epoch = 9,
                                                                 .seq = (uint64_t)number,
                                                                 .owner = owner,
                                                                 .arrived = f->now,
                                                                 .document = alert}),
                     0);
    assert_int_equal(store_evidence_expect(f->s, "box", 9, (uint64_t)number, alert), 0);
    if (incident)
        assert_int_equal(store_alert_settle(f->s, number, ALERT_JOINED, incident), 0);
    assert_int_equal(store_commit(f->s), 0);
    assert_int_equal(put(f, part), 0);
}

static usec_t held_until(struct fixture *f, int64_t id)
{
    struct store_evidence e;
    usec_t held;

    assert_int_equal(store_evidence_get(f->s, id, &e), 0);
    held = e.held;
    store_evidence_done(&e);
    return held;
}

static void join(struct fixture *f, int64_t incident, int64_t alert)
{
    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(store_freeze_join(f->s, incident, alert), 0);
    assert_int_equal(store_commit(f->s), 0);
}

static void what_joins_a_frozen_incident_later_is_held_as_well(void **state)
{
    struct fixture *f = *state;
    usec_t until = f->now + 90 * USEC_PER_DAY;
    auto_json struct json *list = NULL;
    int64_t incident;

    raise_alert(f, &incident);       /* evidence 1 */
    freeze(f, incident, "1:keep#1"); /* evidence 2 */
    f->now += USEC_PER_HOUR;
    add_alert(f, 2, ROLE_SECURITY, incident);
    assert_int_equal(held_until(f, 3), 0);
    join(f, incident, 2);
    assert_int_equal(held_until(f, 3), until);
    list = store_custody_list(f->s, 3);
    assert_non_null(strstr(json_get_text(json_item(list, 1), "why", ""), "joined"));
}

static void a_freeze_that_is_over_holds_nobody(void **state)
{
    struct fixture *f = *state;
    int64_t incident;

    raise_alert(f, &incident);
    freeze(f, incident, "1:keep#1");
    f->now += 91 * USEC_PER_DAY;
    add_alert(f, 2, ROLE_SECURITY, incident);
    join(f, incident, 2);
    assert_int_equal(held_until(f, 3), 0);
}

static void remember_id(const struct store_evidence *e, void *arg)
{
    buffer_print(arg, "%lld ", (long long)e->id);
}

static void has_page(struct fixture *f, int64_t before, const char *expected)
{
    const struct store_evidence_filter page = {
        .before = before, .owners = 1u << ROLE_SECURITY, .limit = 2};
    auto_buffer struct buffer ids = {0};

    assert_int_equal(store_evidence_each(f->s, &page, remember_id, &ids), 0);
    assert_string_equal(ids.at ? ids.at : "", expected);
}

static void a_page_is_full_although_newer_ones_are_not_for_the_reader(void **state)
{
    struct fixture *f = *state;

    for (int number = 1; number <= 6; number++)
        add_alert(f, number, number <= 3 ? ROLE_SECURITY : ROLE_SAFETY_OFFICER, 0);
    has_page(f, 0, "3 2 ");
    has_page(f, 2, "1 ");
    has_page(f, 1, "");
}

static void in_one_look_the_old_go_and_then_what_has_no_room(void **state)
{
    struct fixture *f = *state;
    struct store_evidence_keep keep = {KEEP, 8};
    size_t count = 0;

    for (int number = 1; number <= 4; number++) {
        add_alert(f, number, ROLE_SECURITY, 0);
        f->now += number == 1 ? KEEP : USEC_PER_HOUR;
    }
    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(store_evidence_expire(f->s, &keep, 1, &count), 0);
    assert_int_equal(count, 1); /* no more than it may */
    assert_int_equal(store_evidence_expire(f->s, &keep, 10, &count), 0);
    assert_int_equal(count, 1); /* the rest has 8 bytes */
    assert_int_equal(store_evidence_expire(f->s, &keep, 10, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(store_commit(f->s), 0);
}

static void what_is_held_is_counted(void **state)
{
    struct fixture *f = *state;
    struct store_evidence_held held;

    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    add_alert(f, 2, ROLE_SECURITY, 0);
    assert_int_equal(hold(f, "counsel", USEC_PER_DAY), 0);
    assert_int_equal(store_evidence_held(f->s, &held), 0);
    assert_int_equal(held.count, 1);
    assert_int_equal(held.bytes, 4);
    f->now += 2 * USEC_PER_DAY;
    assert_int_equal(store_evidence_held(f->s, &held), 0);
    assert_int_equal(held.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void what_is_held_takes_no_room_from_what_comes_after_it(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put_part(f, 1, 1, "AAAA"), 0);
    assert_int_equal(hold(f, "counsel asked for it", 60 * USEC_PER_DAY), 0);
    assert_int_equal(
        put(f,
            "{\"hallwatch\": {\"evidence\": {\"id\": \"fedcba9876543210fedcba9876543210\", \"part\": 1, "
            "\"parts\": 1, \"custody\": {\"frames\": 7}, "
            "\"sealed\": \"CCCC\"}}}"),
        0);
    f->now += USEC_PER_HOUR;
    assert_int_equal(expire_beyond(f, 4), 0);
    assert_int_equal(expire_beyond(f, 3), 1);
    assert_true(is_kept(f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parts_are_put_together_in_their_order),
        TEST(a_part_that_is_there_changes_nothing),
        TEST(what_is_no_part_is_refused),
        TEST(parts_of_two_seals_are_never_put_together),
        TEST(a_custody_record_without_measure_is_refused),
        TEST(what_is_old_goes_and_its_custody_record_stays),
        TEST(what_an_alert_names_is_found_by_its_incident),
        TEST(evidence_of_an_open_incident_stays),
        TEST(custody_tells_when_it_came_and_when_and_why_it_went),
        TEST(what_is_held_stays_until_the_hold_is_over),
        TEST(what_is_released_goes_when_its_time_is_over),
        TEST(a_hold_needs_a_reason_and_an_end_and_something_to_hold),
        TEST(what_is_frozen_is_held_and_its_alerts_are_written_down),
        TEST(frozen_twice_by_the_same_step_is_frozen_once),
        TEST(a_longer_hold_of_a_person_is_not_made_shorter),
        TEST(beyond_its_room_the_oldest_goes_and_custody_says_so),
        TEST(what_is_held_takes_no_room_from_what_comes_after_it),
        TEST(what_joins_a_frozen_incident_later_is_held_as_well),
        TEST(a_freeze_that_is_over_holds_nobody),
        TEST(a_page_is_full_although_newer_ones_are_not_for_the_reader),
        TEST(in_one_look_the_old_go_and_then_what_has_no_room),
        TEST(what_is_held_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
