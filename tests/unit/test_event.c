/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "event.h"
#include "mem.h"

#define NOON (1767268800 * USEC_PER_SEC) /* 2026-01-01 12:00 */

static struct event *begun(enum event_kind kind)
{
    struct event *e = event_new();

    event_begin(e, kind, NOON);
    return e;
}

static void put_addr(struct event *e, enum field_id f, const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    event_put_addr(e, f, &a);
}

static void add_addr(struct event *e, enum field_id f, const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, &a), 0);
    event_add_addr(e, f, &a);
}

static void put_text(struct event *e, enum field_id f, const char *text)
{
    event_put_text(e, f, text_of(text));
}

static void text_is(const struct event *e, enum field_id f, const char *text)
{
    const struct value *v = event_get(e, f);

    assert_non_null(v);
    assert_int_equal(v->text.len, strlen(text));
    assert_memory_equal(v->text.at, text, v->text.len);
}

/* One field of each way to store it. */
static struct event *full(void)
{
    struct mac mac = {{2, 0, 0x5e, 0, 0, 1}};
    struct event *e = begun(EVENT_DNS);

    put_addr(e, FIELD_SRC_IP, "10.1.2.3");
    put_addr(e, FIELD_DST_IP, "2001:db8::1");
    event_put_number(e, FIELD_SRC_PORT, 53124);
    event_put_number(e, FIELD_PROTO, PROTO_UDP);
    event_put_mac(e, FIELD_SRC_MAC, &mac);
    put_text(e, FIELD_SITE_ID, "north");
    put_text(e, FIELD_DNS_QNAME, "www.example.org");
    event_add_text(e, FIELD_DNS_ANSWER_NAME, TEXT("a.example.org"));
    event_add_text(e, FIELD_DNS_ANSWER_NAME, TEXT("b.example.org"));
    add_addr(e, FIELD_DNS_ANSWER_IP, "192.0.2.1");
    add_addr(e, FIELD_DNS_ANSWER_IP, "2001:db8::2");
    event_put_number(e, FIELD_DNS_RCODE, 3);
    event_put_number(e, FIELD_DNS_ECH, 1);
    return e;
}

static char *json_of(const struct event *e, const struct field_set *skip)
{
    auto_json struct json *doc = event_json(e, skip);

    return json_write_sorted(doc);
}

static void same(const struct event *a, const struct event *b)
{
    auto_free char *of_a = json_of(a, NULL), *of_b = json_of(b, NULL);

    assert_string_equal(of_a, of_b);
    assert_int_equal(event_short(a), event_short(b));
}

static void beginning_empties_the_event(void **state)
{
    auto_event struct event *e = full();

    (void)state;
    event_begin(e, EVENT_TLS, 7);
    assert_int_equal(event_kind(e), EVENT_TLS);
    assert_int_equal(event_time(e), 7);
    assert_int_equal(event_next(e, 0), FIELD_COUNT);
    assert_null(event_get(e, FIELD_SRC_IP));
    assert_false(event_short(e));
}

static void a_field_put_again_is_replaced(void **state)
{
    auto_event struct event *e = begun(EVENT_DNS);

    (void)state;
    put_text(e, FIELD_SITE_ID, "north");
    put_text(e, FIELD_SITE_ID, "south");
    text_is(e, FIELD_SITE_ID, "south");
    put_text(e, FIELD_SITE_ID, "a longer name");
    text_is(e, FIELD_SITE_ID, "a longer name");
    put_text(e, FIELD_SITE_ID, "");
    text_is(e, FIELD_SITE_ID, "");
}

static void a_field_that_is_dropped_is_gone(void **state)
{
    auto_event struct event *e = full();

    (void)state;
    assert_true(event_has(e, FIELD_DNS_QNAME));
    event_drop(e, FIELD_DNS_QNAME);
    assert_false(event_has(e, FIELD_DNS_QNAME));
    text_is(e, FIELD_SITE_ID, "north");
}

static void what_finds_no_room_is_left_out_and_told(void **state)
{
    static char big[EVENT_ROOM];
    auto_event struct event *e = begun(EVENT_HTTP);

    (void)state;
    memset(big, 'x', sizeof(big));
    event_put_text(e, FIELD_HTTP_PATH, (struct text){big, sizeof(big)});
    assert_false(event_short(e));
    put_text(e, FIELD_HTTP_METHOD, "GET");
    assert_false(event_has(e, FIELD_HTTP_METHOD));
    assert_true(event_short(e));
}

static void a_value_that_no_longer_fits_does_not_leave_the_old_one(void **state)
{
    static char big[EVENT_ROOM];
    auto_event struct event *e = begun(EVENT_HTTP);

    (void)state;
    put_text(e, FIELD_HTTP_METHOD, "GET");
    event_put_text(e, FIELD_HTTP_METHOD, (struct text){big, sizeof(big)});
    assert_false(event_has(e, FIELD_HTTP_METHOD));
    assert_true(event_short(e));
}

static void a_list_keeps_so_many_items_and_no_more(void **state)
{
    auto_event struct event *e = begun(EVENT_DNS);

    (void)state;
    for (size_t i = 0; i < EVENT_LIST_MAX; i++) {
        event_add_text(e, FIELD_DNS_ANSWER_NAME, TEXT("a.org"));
        add_addr(e, FIELD_DNS_ANSWER_IP, "192.0.2.1");
    }
    assert_false(event_short(e));
    event_add_text(e, FIELD_DNS_ANSWER_NAME, TEXT("b.org"));
    assert_true(event_short(e));
    assert_int_equal(event_get(e, FIELD_DNS_ANSWER_NAME)->text_count, EVENT_LIST_MAX);
    assert_int_equal(event_get(e, FIELD_DNS_ANSWER_IP)->addr_count, EVENT_LIST_MAX);
}

static void a_name_past_its_vocabulary_is_left_out(void **state)
{
    auto_event struct event *e = begun(EVENT_DNS);

    (void)state;
    event_put_number(e, FIELD_DNS_RCODE, 3);
    event_put_number(e, FIELD_DNS_RCODE, 4000);
    assert_false(event_has(e, FIELD_DNS_RCODE));
    assert_true(event_short(e));
}

static void next_walks_all_fields_in_order(void **state)
{
    auto_event struct event *e = full();
    size_t count = 0;

    (void)state;
    for (enum field_id f = event_next(e, 0); f < FIELD_COUNT; f = event_next(e, f + 1)) {
        assert_true(event_has(e, f));
        count++;
    }
    assert_int_equal(count, 11);
}

static void a_copy_stands_by_itself(void **state)
{
    auto_event struct event *e = full(), *copy = event_new();
    auto_event struct event *again = full();

    (void)state;
    event_copy(copy, e);
    event_begin(e, EVENT_ARP, 0);
    event_add_text(e, FIELD_DNS_ANSWER_NAME, TEXT("overwritten.example"));
    put_text(e, FIELD_DNS_QNAME, "overwritten.example");
    same(copy, again);
}

static void what_is_packed_unpacks_the_same(void **state)
{
    auto_event struct event *e = full(), *back = event_new();
    uint8_t bytes[EVENT_PACK_MAX];
    int len;

    (void)state;
    event_mark_short(e);
    len = event_pack(e, bytes, sizeof(bytes));
    assert_true(len > 0);
    assert_int_equal(event_unpack(back, bytes, (size_t)len), 0);
    assert_int_equal(event_time(back), NOON);
    same(back, e);
}

static void a_packet_that_is_too_small_is_told(void **state)
{
    auto_event struct event *e = full();
    uint8_t bytes[EVENT_PACK_MAX];
    int len = event_pack(e, bytes, sizeof(bytes));

    (void)state;
    for (int room = 0; room < len; room++)
        assert_int_equal(event_pack(e, bytes, (size_t)room), -EMSGSIZE);
    assert_int_equal(event_pack(e, bytes, (size_t)len), len);
}

static void a_packed_event_cut_short_is_refused_and_leaves_nothing(void **state)
{
    auto_event struct event *e = begun(EVENT_DNS), *back = event_new();
    uint8_t bytes[EVENT_PACK_MAX];
    int empty, len;

    (void)state;
    empty = event_pack(e, bytes, sizeof(bytes));
    put_text(e, FIELD_DNS_QNAME, "www.example.org");
    len = event_pack(e, bytes, sizeof(bytes));
    for (int cut = 0; cut < len; cut++) {
        if (cut == empty)
            continue; /* an event without any field is whole */
        assert_int_equal(event_unpack(back, bytes, (size_t)cut), -EBADMSG);
        assert_int_equal(event_next(back, 0), FIELD_COUNT);
    }
}

static void packed_bytes_that_no_event_gives_are_refused(void **state)
{
    auto_event struct event *e = begun(EVENT_DNS), *back = event_new();
    uint8_t bytes[64];
    size_t empty = (size_t)event_pack(e, bytes, sizeof(bytes)), len;
    const struct {
        size_t at;
        uint8_t byte;
    } faults[] = {{0, EVENT_KINDS}, {1, 2}, {3, 1}, {empty, 0xff}, {empty + 1, 0xff}};

    (void)state;
    event_put_number(e, FIELD_SRC_PORT, 3);
    len = (size_t)event_pack(e, bytes, sizeof(bytes));
    assert_int_equal(event_unpack(back, bytes, len), 0);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        uint8_t broken[64];

        memcpy(broken, bytes, sizeof(broken));
        broken[faults[i].at] = faults[i].byte;
        if (event_unpack(back, broken, len) != -EBADMSG)
            fail_msg("took byte %zu", faults[i].at);
    }
}

static void a_packed_number_of_over_64_bits_is_refused(void **state)
{
    static const uint8_t most[] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 1};
    auto_event struct event *e = begun(EVENT_FLOW), *back = event_new();
    uint8_t bytes[64];
    size_t len;

    (void)state;
    event_put_number(e, FIELD_FLOW_BYTES_OUT, UINT64_MAX);
    len = (size_t)event_pack(e, bytes, sizeof(bytes));
    assert_memory_equal(bytes + len - 10, most, sizeof(most));
    assert_int_equal(event_unpack(back, bytes, len), 0);
    assert_true(event_get(back, FIELD_FLOW_BYTES_OUT)->number == UINT64_MAX);
    bytes[len - 1] = 2;
    assert_int_equal(event_unpack(back, bytes, len), -EBADMSG);
}

static void a_packed_field_behind_the_last_is_refused(void **state)
{
    auto_event struct event *e = begun(EVENT_DNS), *back = event_new();
    uint8_t bytes[64];
    int len;

    (void)state;
    event_put_number(e, FIELD_SRC_PORT, 3);
    len = event_pack(e, bytes, sizeof(bytes));
    bytes[len] = (FIELD_COUNT - FIELD_SRC_PORT - 1) % 128 + 128;
    bytes[len + 1] = (FIELD_COUNT - FIELD_SRC_PORT - 1) / 128;
    bytes[len + 2] = 0;
    assert_int_equal(event_unpack(back, bytes, (size_t)len + 3), -EBADMSG);
}

static void a_host_name_is_put_clean_with_its_registrable_domain(void **state)
{
    auto_event struct event *e = begun(EVENT_TLS);

    (void)state;
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, TEXT("WWW.BBC.co.uk."));
    text_is(e, FIELD_HOST, "www.bbc.co.uk");
    text_is(e, FIELD_HOST_REGISTRABLE, "bbc.co.uk");
}

static void an_address_as_host_has_no_registrable_domain(void **state)
{
    auto_event struct event *e = begun(EVENT_HTTP);

    (void)state;
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, TEXT("192.0.2.1"));
    text_is(e, FIELD_HOST, "192.0.2.1");
    assert_false(event_has(e, FIELD_HOST_REGISTRABLE));
}

static void a_tunnels_name_keeps_its_registrable_domain(void **state)
{
    auto_event struct event *e = begun(EVENT_DNS);

    (void)state;
    event_put_host(e, FIELD_DNS_QNAME, FIELD_HOST_REGISTRABLE,
                   TEXT("Ab\xbc\xd0 x.\x01.T.Example.org"));
    text_is(e, FIELD_DNS_QNAME, "ab?? x.?.t.example.org");
    text_is(e, FIELD_HOST_REGISTRABLE, "example.org");
}

/* However many clean labels stand behind the odd one: no registrable domain has more than
 * six, as public suffixes have five at most. */
static void the_end_of_a_tunnels_name_is_long_enough_for_every_suffix(void **state)
{
    auto_event struct event *e = begun(EVENT_DNS);

    (void)state;
    event_put_host(e, FIELD_DNS_QNAME, FIELD_HOST_REGISTRABLE,
                   TEXT("\x01.a.b.c.d.e.f.g.www."
                        "shop.s3.dualstack.us-east-1.amazonaws.com"));
    text_is(e, FIELD_HOST_REGISTRABLE, "shop.s3.dualstack.us-east-1.amazonaws.com");
}

static void what_is_no_name_at_all_is_left_out(void **state)
{
    static char big[254];
    auto_event struct event *e = begun(EVENT_DNS);

    (void)state;
    memset(big, 'x', sizeof(big));
    event_put_host(e, FIELD_DNS_QNAME, FIELD_HOST_REGISTRABLE, TEXT(""));
    event_put_host(e, FIELD_DNS_QNAME, FIELD_HOST_REGISTRABLE, TEXT("."));
    assert_false(event_short(e));
    event_put_host(e, FIELD_DNS_QNAME, FIELD_HOST_REGISTRABLE,
                   (struct text){big, sizeof(big)});
    assert_int_equal(event_next(e, 0), FIELD_COUNT);
    assert_true(event_short(e));
}

static void a_wiped_event_keeps_nothing_of_what_it_said(void **state)
{
    auto_event struct event *e = event_new();
    size_t size = malloc_usable_size(e);

    (void)state;
    event_begin(e, EVENT_DNS, 0);
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, TEXT("help.example"));
    assert_non_null(memmem(e, size, "help.example", 12));
    event_drop(e, FIELD_HOST);
    event_wipe(e);
    assert_false(event_has(e, FIELD_HOST_REGISTRABLE));
    assert_null(memmem(e, size, "help", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beginning_empties_the_event),
        cmocka_unit_test(a_wiped_event_keeps_nothing_of_what_it_said),
        cmocka_unit_test(a_field_put_again_is_replaced),
        cmocka_unit_test(a_field_that_is_dropped_is_gone),
        cmocka_unit_test(what_finds_no_room_is_left_out_and_told),
        cmocka_unit_test(a_value_that_no_longer_fits_does_not_leave_the_old_one),
        cmocka_unit_test(a_list_keeps_so_many_items_and_no_more),
        cmocka_unit_test(a_name_past_its_vocabulary_is_left_out),
        cmocka_unit_test(next_walks_all_fields_in_order),
        cmocka_unit_test(a_copy_stands_by_itself),
        cmocka_unit_test(what_is_packed_unpacks_the_same),
        cmocka_unit_test(a_packet_that_is_too_small_is_told),
        cmocka_unit_test(a_packed_event_cut_short_is_refused_and_leaves_nothing),
        cmocka_unit_test(packed_bytes_that_no_event_gives_are_refused),
        cmocka_unit_test(a_packed_number_of_over_64_bits_is_refused),
        cmocka_unit_test(a_packed_field_behind_the_last_is_refused),
        cmocka_unit_test(a_host_name_is_put_clean_with_its_registrable_domain),
        cmocka_unit_test(an_address_as_host_has_no_registrable_domain),
        cmocka_unit_test(a_tunnels_name_keeps_its_registrable_domain),
        cmocka_unit_test(the_end_of_a_tunnels_name_is_long_enough_for_every_suffix),
        cmocka_unit_test(what_is_no_name_at_all_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
