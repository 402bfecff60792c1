/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/sensor.h"
#include "auto.h"
#include "frames.h"
#include "heard.h"
#include "listdb.h"
#include "quic_seal.h"

#define NOW (UINT64_C(1767258000) * USEC_PER_SEC)

/* A sensor without rules, and what it told. */
struct fixture {
    struct sensor *sensor;
    struct built frame;
    unsigned told[EVENT_KINDS];
    usec_t time; /* of give_payload */
    usec_t last;
    bool went_back;
    unsigned hidden, hidden_before; /* frames of protected conversations */
    char app[32];                   /* of the last flow that ended */
    char led[32];                   /* the last name that led to a flow */
    unsigned looked_up[2];          /* events that say so, no and yes */
    uint32_t ttl;                   /* of answers, in seconds */
    uint32_t more;                  /* addresses of answers beyond the first */
    unsigned unanswered;            /* conversations that began so */
    uint64_t line_out;              /* packets that went out, of all spans */
};

static void remember(const struct event *e, void *arg)
{
    struct fixture *f = arg;

    const struct value *app = event_get(e, FIELD_NDPI_PROTO);

    const struct value *led = event_get(e, FIELD_FLOW_LED_BY);
    const struct value *looked = event_get(e, FIELD_FLOW_LOOKED_UP);

    const struct value *answered = event_get(e, FIELD_FLOW_ANSWERED);
    const struct value *out = event_get(e, FIELD_LINE_PACKETS_OUT);

    f->told[event_kind(e)]++;
    f->unanswered += event_kind(e) == EVENT_FLOW_START && !answered->number && led;
    f->line_out += out ? out->number : 0;
    if (led)
        (void)snprintf(f->led, sizeof(f->led), "%.*s", (int)led->text.len, led->text.at);
    if (looked)
        f->looked_up[looked->number]++;
    if (app)
        (void)snprintf(f->app, sizeof(f->app), "%s",
                       names_get(&names_app, (unsigned)app->number));
    f->went_back |= event_time(e) < f->last;
    f->last = event_time(e);
}

static void ignore_hit(size_t rule, const struct event *e, void *arg)
{
    (void)rule;
    (void)e;
    (void)arg;
}

static void ignore_fact(const struct event *e, void *arg)
{
    (void)e;
    (void)arg;
}

static void hide(bool before_too, void *arg)
{
    struct fixture *f = arg;

    f->hidden++;
    f->hidden_before += before_too;
}

static struct sensor *sensor_with(struct fixture *f, const struct listdb *lists)
{
    return sensor_new(&(struct sensor_settings){
        .flow_capacity = 64,
        .lists = lists,
        .sink = {.hit = ignore_hit,
                 .device = ignore_fact,
                 .event = remember,
                 .hide = hide,
                 .arg = f},
    });
}

static int set_up(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    f.time = NOW;
    f.sensor = sensor_with(&f, NULL);
    f.ttl = 60;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    sensor_free(f->sensor);
    return 0;
}

/* A datagram of its own conversation: the fourth byte of its sender says which. */
static void give_datagram(struct fixture *f, unsigned who, usec_t time)
{
    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 16, 0);
    frame_udp(&f->frame, 8);
    f->frame.bytes[14 + 15] = (uint8_t)who;
    sensor_frame(f->sensor, &(struct frame){.time = time,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

static void a_conversation_is_told_twice_its_start_and_its_end(void **state)
{
    struct fixture *f = *state;

    give_datagram(f, 1, NOW);
    assert_int_equal(f->told[EVENT_FLOW_START], 0);
    sensor_tick(f->sensor, NOW + 4 * USEC_PER_SEC);
    assert_int_equal(f->told[EVENT_FLOW_START], 1);
    assert_int_equal(f->told[EVENT_FLOW], 0);
    sensor_tick(f->sensor, NOW + 10 * USEC_PER_MIN);
    assert_int_equal(f->told[EVENT_FLOW], 1);
}

static void a_conversation_that_goes_on_is_told_every_minute(void **state)
{
    struct fixture *f = *state;

    for (unsigned s = 0; s < 59; s++)
        give_datagram(f, 1, NOW + s * USEC_PER_SEC);
    assert_int_equal(f->told[EVENT_FLOW_ACTIVE], 0);
    for (unsigned s = 59; s <= 200; s++)
        give_datagram(f, 1, NOW + s * USEC_PER_SEC);
    assert_int_equal(f->told[EVENT_FLOW_ACTIVE], 3);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 1);
    assert_false(f->went_back);
}

static void the_rules_may_change_while_a_conversation_goes_on(void **state)
{
    struct fixture *f = *state;

    for (unsigned s = 0; s <= 61; s++)
        give_datagram(f, 1, NOW + s * USEC_PER_SEC);
    sensor_use(f->sensor, NULL, NULL, NULL);
    for (unsigned s = 62; s <= 120; s++)
        give_datagram(f, 1, NOW + s * USEC_PER_SEC);
    assert_int_equal(f->told[EVENT_FLOW_ACTIVE], 2);
}

static void at_the_end_every_conversation_is_told(void **state)
{
    struct fixture *f = *state;

    for (unsigned who = 1; who <= 5; who++)
        give_datagram(f, who, NOW + who);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW_START], 5);
    assert_int_equal(f->told[EVENT_FLOW], 5);
}

static void a_frame_that_is_late_by_little_is_counted_and_not_before_the_last(
    void **state)
{
    struct fixture *f = *state;

    give_datagram(f, 1, NOW);
    give_datagram(f, 2, NOW - USEC_PER_SEC);
    assert_int_equal(sensor_counts(f->sensor).late, 1);
    assert_int_equal(sensor_counts(f->sensor).steps, 0);
    sensor_finish(f->sensor);
    assert_false(f->went_back);
}

static void time_goes_on_when_the_clock_is_set_back_by_an_hour(void **state)
{
    struct fixture *f = *state;
    usec_t back = NOW - USEC_PER_HOUR;

    give_datagram(f, 1, NOW);
    give_datagram(f, 2, back);
    give_datagram(f, 3, back + 4 * USEC_PER_SEC);
    assert_int_equal(sensor_counts(f->sensor).steps, 1);
    assert_int_equal(f->told[EVENT_FLOW_START], 2); /* of 1 and 2: four seconds went by */
    sensor_tick(f->sensor, back + 10 * USEC_PER_MIN);
    assert_int_equal(f->told[EVENT_FLOW], 3);
    assert_false(f->went_back);
}

static void the_sensors_time_is_the_wires_again_when_that_has_caught_up(void **state)
{
    struct fixture *f = *state;

    give_datagram(f, 1, NOW);
    give_datagram(f, 2, NOW - USEC_PER_HOUR);
    give_datagram(f, 3, NOW + USEC_PER_MIN);
    sensor_tick(f->sensor, NOW + 2 * USEC_PER_MIN);
    assert_int_equal(sensor_mark(f->sensor), NOW + 2 * USEC_PER_MIN);
}

/* ---- a hello in QUIC ---- */

static void give_payload(struct fixture *f, bool from_client, const void *bytes,
                         size_t len)
{
    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 8 + (uint32_t)len, 0);
    frame_udp(&f->frame, (uint32_t)len);
    frame_set(&f->frame, 14 + 20 + 2, 443);
    memcpy(f->frame.bytes + 14 + 20 + 8, bytes, len);
    if (!from_client) {
        frame_set(&f->frame, 14 + 20, 443);
        frame_set(&f->frame, 14 + 20 + 2, 40000);
        f->frame.bytes[14 + 15] = 2;
        f->frame.bytes[14 + 19] = 1;
    }
    sensor_frame(f->sensor, &(struct frame){.time = f->time,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

/* The sample hello of RFC 9001 in two datagrams, with an answer in between. */
static void give_hello(struct fixture *f)
{
    uint8_t hello[512];
    size_t len = unhex(rfc_hello, hello, sizeof(hello));

    for (uint32_t i = 0; i < 2; i++) {
        struct sealed frames = {0}, datagram = {0};

        seal_crypto(&frames, i ? 150 : 0, hello + (i ? 150 : 0), i ? len - 150 : 150);
        seal_initial(&datagram, (struct seal_head){.wire = QUIC_WIRE_V1, .number = i},
                     &frames);
        give_payload(f, true, datagram.bytes, datagram.len);
        if (i == 0)
            give_payload(f, false, "\xc0\0\0\0\1\0\4srvr\0\3abc", 15);
    }
}

static struct listdb *protecting(const char *name)
{
    static const struct list_info info = {.name = "help", .kind = LIST_PROTECTED};
    struct list_builder *b = list_builder_new();
    char path[] = "/tmp/test_sensor.XXXXXX";
    struct listdb *db = NULL;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(list_builder_list(b, &info), 0);
    list_builder_add(b, 0, text_of(name));
    assert_int_equal(list_builder_write(b, path), 0);
    list_builder_free(b);
    assert_int_equal(listdb_open(path, &db), 0);
    close(fd);
    unlink(path);
    return db;
}

static void a_hello_in_quic_names_its_conversation_without_ndpi(void **state)
{
    struct fixture *f = *state;
    auto_json struct json *stats = NULL;

    give_hello(f);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_QUIC], 1);
    assert_int_equal(f->told[EVENT_FLOW], 1);
    assert_string_equal(f->app, "quic");
    assert_int_equal(f->hidden, 0);
    stats = sensor_stats(f->sensor);
    assert_int_equal(json_number(json_get_path(stats, "ndpi.calls"), -1), 0);
}

static void a_conversation_whose_hello_in_quic_names_a_protected_host_is_not_told(
    void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = protecting("example.com");

    sensor_free(f->sensor);
    f->sensor = sensor_with(f, lists);
    give_hello(f);
    give_payload(f, true, "\x40 more", 6);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_QUIC], 0);
    assert_int_equal(f->told[EVENT_FLOW], 0);
    assert_int_equal(f->hidden_before, 1); /* also what came before the hello was whole */
    assert_int_equal(f->hidden, 2);
    sensor_free(f->sensor);
    f->sensor = NULL;
}

static void a_protected_conversation_that_goes_on_is_not_told(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = protecting("example.com");

    sensor_free(f->sensor);
    f->sensor = sensor_with(f, lists);
    give_hello(f);
    f->time = NOW + 30 * USEC_PER_SEC;
    give_payload(f, true, "\x40 more", 6);
    f->time = NOW + 70 * USEC_PER_SEC;
    give_payload(f, true, "\x40 more", 6);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW_ACTIVE], 0);
    sensor_free(f->sensor);
    f->sensor = NULL;
}

static void a_conversation_that_goes_on_tells_its_application_and_its_end_the_same(
    void **state)
{
    struct fixture *f = *state;

    give_hello(f);
    f->time = NOW + 30 * USEC_PER_SEC;
    give_payload(f, true, "\x40 more", 6);
    f->time = NOW + 70 * USEC_PER_SEC;
    give_payload(f, true, "\x40 more", 6);
    assert_int_equal(f->told[EVENT_FLOW_ACTIVE], 1);
    assert_string_equal(f->app, "quic");
    f->app[0] = 0;
    sensor_finish(f->sensor);
    assert_string_equal(f->app, "quic");
}

static void a_conversation_whose_host_became_protected_is_not_told_while_it_goes_on(
    void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = protecting("example.com");

    give_hello(f);
    sensor_use(f->sensor, NULL, NULL, lists);
    f->time = NOW + 30 * USEC_PER_SEC;
    give_payload(f, true, "\x40 more", 6);
    f->time = NOW + 70 * USEC_PER_SEC;
    give_payload(f, true, "\x40 more", 6);
    assert_int_equal(f->told[EVENT_FLOW_ACTIVE], 0);
    sensor_free(f->sensor);
    f->sensor = NULL;
}

static int64_t remembered(const struct host_memory *m)
{
    auto_json struct json *o = host_memory_stats(m);

    return json_get_number(o, "known", -1);
}

/* What is remembered of a conversation with example.com. */
static int64_t remembered_of_hello(struct fixture *f, const struct listdb *lists)
{
    struct host_memory *m = host_memory_new(8);
    int64_t known;

    f->sensor = sensor_new(&(struct sensor_settings){
        .flow_capacity = 64,
        .lists = lists,
        .hosts = m,
        .sink = {.hit = ignore_hit, .device = ignore_fact, .event = remember, .arg = f},
    });
    give_hello(f);
    sensor_finish(f->sensor);
    sensor_free(f->sensor);
    f->sensor = NULL;
    known = remembered(m);
    host_memory_free(m);
    return known;
}

static void a_host_is_remembered_but_no_protected_one_and_none_without_lists(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *other = protecting("example.org");
    auto_listdb struct listdb *lists = protecting("example.com");

    sensor_free(f->sensor);
    assert_int_equal(remembered_of_hello(f, other), 1);
    assert_int_equal(remembered_of_hello(f, lists), 0);
    assert_int_equal(remembered_of_hello(f, NULL), 0);
}

static void a_host_that_new_lists_protect_is_forgotten_when_they_are_used(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *other = protecting("example.org");
    auto_listdb struct listdb *lists = protecting("example.com");
    struct host_memory *m = host_memory_new(8);

    sensor_free(f->sensor);
    f->sensor = sensor_new(&(struct sensor_settings){
        .flow_capacity = 64,
        .lists = other,
        .hosts = m,
        .sink = {.hit = ignore_hit, .device = ignore_fact, .event = remember, .arg = f},
    });
    give_hello(f);
    assert_int_equal(remembered(m), 1);
    sensor_use(f->sensor, NULL, NULL, lists);
    assert_int_equal(remembered(m), 0);
    sensor_free(f->sensor);
    f->sensor = NULL;
    host_memory_free(m);
}

static struct district *staff_of_ten(void)
{
    static const char text[] =
        "schema: 1\ndistrict: d\nname: D\nterm: t\n"
        "sites: [{id: north, name: North, type: high, tz: UTC}]\n"
        "segments: [{name: staff, site: north, audience: staff, networks: [10.0.0.1/32]}]\n";
    auto_diags struct diags *d = diags_new();
    struct district *district = district_parse("d.yaml", text, sizeof(text) - 1, NULL, d);

    assert_non_null(district);
    return district;
}

static int64_t machines(const struct usual *u)
{
    auto_json struct json *o = usual_stats(u);

    return json_get_number(o, "known", -1);
}

/* Whose amounts are kept after two hours of conversations with example.com. */
static int64_t machines_after_hellos(struct fixture *f, const struct listdb *lists)
{
    struct usual *u = usual_new(8);
    struct district *district = staff_of_ten();
    int64_t known;

    f->sensor = sensor_new(&(struct sensor_settings){
        .flow_capacity = 64,
        .district = district,
        .lists = lists,
        .usual = u,
        .sink = {.hit = ignore_hit, .device = ignore_fact, .event = remember, .arg = f},
    });
    for (unsigned i = 0; i < 5; i++) {
        f->time = NOW + i * 30 * USEC_PER_MIN;
        give_hello(f);
        sensor_tick(f->sensor, f->time + 20 * USEC_PER_MIN);
    }
    sensor_free(f->sensor);
    f->sensor = NULL;
    known = machines(u);
    usual_free(u);
    district_free(district);
    return known;
}

static void amounts_are_kept_but_of_no_protected_host_and_none_without_lists(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *other = protecting("example.org");
    auto_listdb struct listdb *lists = protecting("example.com");

    sensor_free(f->sensor);
    assert_int_equal(machines_after_hellos(f, other), 1);
    assert_int_equal(machines_after_hellos(f, lists), 0);
    assert_int_equal(machines_after_hellos(f, NULL), 0);
}

static struct listdb *link_lines(void)
{
    struct list_builder *b = list_builder_new();
    struct listdb *db = NULL;
    char path[] = "/tmp/sensor-XXXXXX";
    int fd = mkstemp(path);
    int list =
        list_builder_list(b, &(struct list_info){.name = "help", .kind = LIST_PROTECTED});

    assert_true(fd >= 0 && list >= 0);
    close(fd);
    list_builder_add(b, (unsigned)list, TEXT("help.test"));
    assert_int_equal(list_builder_write(b, path), 0);
    assert_int_equal(listdb_open(path, &db), 0);
    unlink(path);
    list_builder_free(b);
    return db;
}

/* Asks at this port, of the link or DNS, for a name of two labels. */
static void ask(struct fixture *f, unsigned port, const char *label)
{
    uint32_t len = (uint32_t)strlen(label), size = 12 + 1 + len + 1 + 4 + 1 + 4;

    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 8 + size, 0);
    frame_udp(&f->frame, size);
    frame_set(&f->frame, 14 + 20 + 2, port);
    f->frame.len = 14 + 20 + 8;
    frame_u32(&f->frame, 0);
    frame_u32(&f->frame, 0x00010000);
    frame_u32(&f->frame, 0);
    frame_u8(&f->frame, len);
    memcpy(f->frame.bytes + f->frame.len, label, len);
    f->frame.len += len;
    frame_u8(&f->frame, 4);
    memcpy(f->frame.bytes + f->frame.len, "test", 4);
    f->frame.len += 4;
    frame_u8(&f->frame, 0);
    frame_u32(&f->frame, 0x00010001);
    sensor_frame(f->sensor, &(struct frame){.time = NOW,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

static void a_protected_name_asked_for_on_the_link_is_told_to_nobody(void **state)
{
    static const unsigned ports[] = {5353, 5355};
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    sensor_use(f->sensor, NULL, NULL, lists);
    for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
        f->told[EVENT_NAME] = 0;
        ask(f, ports[i], "help");
        assert_int_equal(f->told[EVENT_NAME], 0);
        ask(f, ports[i], "self"); /* of the same conversation */
        assert_int_equal(f->told[EVENT_NAME], 1);
    }
    sensor_use(f->sensor, NULL, NULL, NULL);
}

/* 10.0.0.1 is answered that LABEL.test is at 192.0.2.9. */
static void answer_only(struct fixture *f, const char *label, usec_t time)
{
    uint32_t len = (uint32_t)strlen(label);
    uint32_t size = 12 + 1 + len + 1 + 4 + 1 + 4 + 16 * (1 + f->more);

    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 8 + size, 0);
    memcpy(f->frame.bytes + 14 + 12, "\x0a\0\0\x02\x0a\0\0\x01", 8);
    frame_udp(&f->frame, size);
    frame_set(&f->frame, 14 + 20, 53);
    frame_set(&f->frame, 14 + 20 + 2, 40000);
    f->frame.len = 14 + 20 + 8;
    frame_u32(&f->frame, 0x12348180);
    frame_u32(&f->frame, 0x00010001 + f->more);
    frame_u32(&f->frame, 0);
    frame_u8(&f->frame, len);
    memcpy(f->frame.bytes + f->frame.len, label, len);
    f->frame.len += len;
    memcpy(f->frame.bytes + f->frame.len, "\x04test\0\0\x01\0\x01", 10);
    f->frame.len += 10;
    for (uint32_t i = 0; i <= f->more; i++) {
        frame_u32(&f->frame, 0xc00c0001); /* the question's name; A */
        frame_u32(&f->frame, 0x00010000);
        frame_u32(&f->frame, f->ttl << 16 | 4); /* four bytes */
        frame_u32(&f->frame, 0xc0000209 + i);
    }
    sensor_frame(f->sensor, &(struct frame){.time = time,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

static void answer_name(struct fixture *f, const char *label, usec_t time)
{
    ask(f, 53, label);
    answer_only(f, label, time);
}

/* 10.0.0.1 calls 192.0.2.host, which names nothing. */
static void call(struct fixture *f, unsigned host, usec_t time)
{
    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 16, 0);
    memcpy(f->frame.bytes + 14 + 16, "\xc0\0\x02", 3);
    f->frame.bytes[14 + 19] = (uint8_t)host;
    frame_udp(&f->frame, 8);
    frame_set(&f->frame, 14 + 20 + 2, 4433);
    sensor_frame(f->sensor, &(struct frame){.time = time,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

/* 10.0.0.1 asks what the name of 192.0.2.9 is, or with a label is told: LABEL.test. */
static void ask_back(struct fixture *f, const char *label, usec_t time)
{
    static const char name[] = "\x01"
                               "9\x01"
                               "2\x01"
                               "0\x03"
                               "192\x07in-addr\x04"
                               "arpa";
    uint32_t len = label ? (uint32_t)strlen(label) : 0;
    uint32_t size = 12 + sizeof(name) + 4 + (label ? 12 + 1 + len + 6 : 0);

    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 8 + size, 0);
    if (label)
        memcpy(f->frame.bytes + 14 + 12, "\x0a\0\0\x02\x0a\0\0\x01", 8);
    frame_udp(&f->frame, size);
    frame_set(&f->frame, 14 + 20, label ? 53 : 40000);
    frame_set(&f->frame, 14 + 20 + 2, label ? 40000 : 53);
    f->frame.len = 14 + 20 + 8;
    frame_u32(&f->frame, label ? 0x12348180 : 0x12340100);
    frame_u32(&f->frame, label ? 0x00010001 : 0x00010000);
    frame_u32(&f->frame, 0);
    memcpy(f->frame.bytes + f->frame.len, name, sizeof(name));
    f->frame.len += (uint32_t)sizeof(name);
    frame_u32(&f->frame, 0x000c0001); /* PTR */
    if (label) {
        frame_u32(&f->frame, 0xc00c000c);
        frame_u32(&f->frame, 0x00010000);
        frame_u32(&f->frame, f->ttl << 16 | (1 + len + 6));
        frame_u8(&f->frame, len);
        memcpy(f->frame.bytes + f->frame.len, label, len);
        f->frame.len += len;
        memcpy(f->frame.bytes + f->frame.len, "\x04test", 6);
        f->frame.len += 6;
    }
    sensor_frame(f->sensor, &(struct frame){.time = time,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

static void who_asks_back_where_a_protected_name_led_is_told_to_nobody(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    sensor_use(f->sensor, NULL, NULL, lists);
    ask_back(f, NULL, NOW);
    ask_back(f, "other", NOW);
    assert_int_equal(f->told[EVENT_DNS], 2); /* nothing led there yet */
    answer_name(f, "help", NOW + 1);
    ask_back(f, NULL, NOW + 2);
    ask_back(f, "other", NOW + 2);
    assert_int_equal(f->told[EVENT_DNS], 2);
    ask_back(f, NULL, NOW + 3 * USEC_PER_HOUR);
    assert_int_equal(f->told[EVENT_DNS], 3);
    sensor_use(f->sensor, NULL, NULL, NULL);
}

static void who_asks_back_where_a_name_led_that_became_protected_is_told_to_nobody(
    void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    answer_name(f, "help", NOW);
    f->told[EVENT_DNS] = 0;
    sensor_use(f->sensor, NULL, NULL, lists);
    ask_back(f, NULL, NOW + 1);
    assert_int_equal(f->told[EVENT_DNS], 0);
    sensor_use(f->sensor, NULL, NULL, NULL);
}

static void an_address_whose_name_turns_out_to_be_protected_is_told_no_more(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    sensor_use(f->sensor, NULL, NULL, lists);
    ask_back(f, "help", NOW);
    ask_back(f, NULL, NOW + 1);
    assert_int_equal(f->told[EVENT_DNS], 0);
    sensor_finish(f->sensor);
    f->told[EVENT_FLOW] = 0;
    call(f, 9, NOW + 2);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 0);
    call(f, 8, NOW + 2);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 1);
    sensor_use(f->sensor, NULL, NULL, NULL);
}

static void a_conversation_without_a_name_tells_which_name_led_to_it(void **state)
{
    struct fixture *f = *state;

    answer_name(f, "led", NOW);
    call(f, 9, NOW + 1);
    call(f, 8, NOW + 1); /* too early to say of it that no name did */
    sensor_finish(f->sensor);
    assert_string_equal(f->led, "led.test");
    assert_int_equal(f->looked_up[true], 2);
    assert_int_equal(f->looked_up[false], 0);
}

static void a_conversation_that_nothing_answers_tells_which_name_led_to_it(void **state)
{
    struct fixture *f = *state;

    answer_name(f, "led", NOW);
    f->told[EVENT_FLOW_START] = 0;
    call(f, 9, NOW + 1);
    sensor_tick(f->sensor, NOW + 5 * USEC_PER_SEC);
    assert_int_equal(f->unanswered, 1);
    assert_string_equal(f->led, "led.test");
}

static void what_passes_the_line_is_told_every_ten_seconds(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i <= 35; i++)
        call(f, 9, NOW + i * USEC_PER_SEC);
    assert_int_equal(f->told[EVENT_LINE], 2); /* the first began before the sensor */
    assert_int_equal(f->line_out, 20);
}

static void protected_conversations_are_not_counted_on_the_line(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    sensor_use(f->sensor, NULL, NULL, lists);
    answer_name(f, "help", NOW);
    for (unsigned i = 0; i <= 35; i++)
        call(f, 9, NOW + i * USEC_PER_SEC);
    assert_int_equal(f->told[EVENT_LINE], 0);
    sensor_use(f->sensor, NULL, NULL, NULL);
}

static void that_no_name_led_there_is_told_after_ten_minutes(void **state)
{
    struct fixture *f = *state;

    answer_name(f, "led", NOW);
    call(f, 8, NOW + 11 * USEC_PER_MIN);
    sensor_finish(f->sensor);
    assert_string_equal(f->led, "");
    assert_int_equal(f->looked_up[false], 2);
    assert_int_equal(f->looked_up[true], 0);
}

/* Also not of an address that is another name's too, nor that there was none. */
static void of_an_address_of_a_protected_name_nothing_is_told(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    sensor_use(f->sensor, NULL, NULL, lists);
    answer_name(f, "other", NOW);
    answer_name(f, "help", NOW + 1);
    call(f, 9, NOW + 11 * USEC_PER_MIN);
    sensor_finish(f->sensor);
    assert_string_equal(f->led, "");
    assert_int_equal(f->looked_up[true] + f->looked_up[false], 0);
    sensor_use(f->sensor, NULL, NULL, NULL);
}

static void a_name_that_became_protected_is_not_told_any_more(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    answer_name(f, "help", NOW);
    sensor_use(f->sensor, NULL, NULL, lists);
    call(f, 9, NOW + 1);
    sensor_finish(f->sensor);
    assert_string_equal(f->led, "");
    assert_int_equal(f->looked_up[true] + f->looked_up[false], 0);
    assert_int_equal(f->told[EVENT_FLOW], 1); /* the question's */
    sensor_use(f->sensor, NULL, NULL, NULL);
}

/* It began while the name was as any other, and ends when it is not. */
static void a_conversation_loses_the_name_that_led_to_it_when_a_list_protects_it(
    void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    answer_name(f, "help", NOW);
    call(f, 9, NOW + 1);
    sensor_use(f->sensor, NULL, NULL, lists);
    assert_int_equal(f->hidden_before, 1); /* frames of it may be kept */
    sensor_finish(f->sensor);
    assert_string_equal(f->led, "");
    assert_int_equal(f->told[EVENT_FLOW], 1);
    sensor_use(f->sensor, NULL, NULL, NULL);
}

static void a_conversation_is_told_no_more_when_a_list_protects_its_host(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = protecting("example.com");

    give_hello(f);
    assert_int_equal(f->told[EVENT_QUIC], 1);
    sensor_use(f->sensor, NULL, NULL, lists);
    assert_int_equal(f->hidden_before, 1);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 0);
    sensor_use(f->sensor, NULL, NULL, NULL);
}

static void a_new_list_leaves_other_conversations_as_they_are(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    answer_name(f, "led", NOW);
    call(f, 9, NOW + 1);
    sensor_use(f->sensor, NULL, NULL, lists);
    assert_int_equal(f->hidden, 0);
    sensor_finish(f->sensor);
    assert_string_equal(f->led, "led.test");
    sensor_use(f->sensor, NULL, NULL, NULL);
}

/* The question was lost. */
static void where_a_protected_name_led_is_hidden_though_only_its_answer_was_seen(
    void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    sensor_use(f->sensor, NULL, NULL, lists);
    answer_only(f, "help", NOW);
    call(f, 9, NOW + 1);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 1); /* the answer's */
    sensor_use(f->sensor, NULL, NULL, NULL);
}

static void of_all_addresses_of_a_long_protected_answer_nothing_is_told(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    sensor_use(f->sensor, NULL, NULL, lists);
    f->more = 60;
    answer_only(f, "help", NOW);
    for (unsigned i = 0; i <= f->more; i++)
        call(f, 9 + i, NOW + 1);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 1); /* the answer's */
    sensor_use(f->sensor, NULL, NULL, NULL);
}

/*
 * 10.0.0.1 is told from port 53 or 5353 what www.test is: an alias of as many names, the
 * last of them help.test, and 192.0.2.9.
 */
static void answer_through_aliases(struct fixture *f, uint32_t aliases, unsigned port)
{
    uint32_t size = 12 + 10 + 4 + aliases * 19 + 16;

    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 8 + size, 0);
    memcpy(f->frame.bytes + 14 + 12, "\x0a\0\0\x02\x0a\0\0\x01", 8);
    frame_udp(&f->frame, size);
    frame_set(&f->frame, 14 + 20, port);
    frame_set(&f->frame, 14 + 20 + 2, 40000);
    f->frame.len = 14 + 20 + 8;
    frame_u32(&f->frame, 0x12348180);
    frame_u32(&f->frame, 0x00010000 + aliases + 1);
    frame_u32(&f->frame, 0);
    memcpy(f->frame.bytes + f->frame.len, "\x03www\x04test\0\0\x01\0\x01", 14);
    f->frame.len += 14;
    for (uint32_t i = 1; i <= aliases; i++) {
        frame_u32(&f->frame, 0xc00c0005); /* CNAME */
        frame_u32(&f->frame, 0x00010000);
        frame_u32(&f->frame, f->ttl << 16 | 7);
        memcpy(f->frame.bytes + f->frame.len, i < aliases ? "\4othr" : "\4help", 5);
        f->frame.len += 5;
        frame_u8(&f->frame, 0xc0); /* .test, behind www in the question */
        frame_u8(&f->frame, 16);
    }
    frame_u32(&f->frame, 0xc00c0001);
    frame_u32(&f->frame, 0x00010000);
    frame_u32(&f->frame, f->ttl << 16 | 4);
    frame_u32(&f->frame, 0xc0000209);
    sensor_frame(f->sensor, &(struct frame){.time = NOW,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

/* An event holds 24 of its names. */
static void a_protected_name_is_seen_however_many_stand_before_it(void **state)
{
    static const unsigned ports[] = {53, 5353};
    static const uint32_t aliases[] = {1, EVENT_LIST_MAX, EVENT_LIST_MAX + 1, 70};
    auto_listdb struct listdb *lists = link_lines();
    struct fixture *f = *state;

    for (size_t i = 0; i < 8; i++) {
        struct fixture fresh = {.time = NOW, .ttl = 60};

        fresh.sensor = sensor_with(&fresh, lists);
        answer_through_aliases(&fresh, aliases[i / 2], ports[i % 2]);
        call(&fresh, 9, NOW + 1);
        sensor_finish(fresh.sensor);
        assert_int_equal(fresh.told[EVENT_DNS] + fresh.told[EVENT_NAME], 0);
        assert_int_equal(fresh.told[EVENT_FLOW], 1); /* the answer's */
        sensor_free(fresh.sensor);
    }
    answer_through_aliases(f, 70, 53); /* without lists */
    assert_int_equal(f->told[EVENT_DNS], 1);
}

/* 10.0.0.1 calls 192.0.2.9 with a datagram in two pieces. */
static void call_in_pieces(struct fixture *f, usec_t time)
{
    for (unsigned piece = 0; piece < 2; piece++) {
        f->frame.len = 0;
        frame_ethernet(&f->frame, 0x0800);
        frame_ipv4(&f->frame, 17, piece ? 8 : 16, piece ? 2 : 0x2000);
        memcpy(f->frame.bytes + 14 + 16, "\xc0\0\x02\x09", 4);
        if (piece == 0) {
            frame_udp(&f->frame, 8);
            frame_set(&f->frame, 14 + 20 + 2, 4433);
            frame_set(&f->frame, 14 + 20 + 4, 24);
        } else {
            frame_fill(&f->frame, 'x', 8);
        }
        sensor_frame(f->sensor, &(struct frame){.time = time + piece,
                                                .bytes = f->frame.bytes,
                                                .len = f->frame.len,
                                                .wire_len = f->frame.len,
                                                .link = LINK_ETHERNET});
    }
}

static void a_conversation_that_begins_in_pieces_tells_which_name_led_to_it(void **state)
{
    struct fixture *f = *state;

    answer_name(f, "led", NOW);
    call_in_pieces(f, NOW + 1);
    sensor_finish(f->sensor);
    assert_string_equal(f->led, "led.test");
}

static void in_pieces_as_well_where_a_name_led_that_became_protected_is_not_told(
    void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    answer_only(f, "help", NOW);
    sensor_use(f->sensor, NULL, NULL, lists);
    call_in_pieces(f, NOW + 1);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 1); /* the answer's */
    sensor_use(f->sensor, NULL, NULL, NULL);
}

/* 192.0.2.9 sends an ICMP error to 10.0.0.1. */
static void give_icmp_error(struct fixture *f, usec_t time)
{
    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 1, 8 + 28, 0);
    memcpy(f->frame.bytes + 14 + 12, "\xc0\0\x02\x09\x0a\0\0\x01", 8);
    frame_u32(&f->frame, 0x03030000); /* port unreachable */
    frame_fill(&f->frame, 0, 4 + 28);
    sensor_frame(f->sensor, &(struct frame){.time = time,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

static void what_a_protected_host_sends_by_itself_is_told_to_nobody(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    sensor_use(f->sensor, NULL, NULL, lists);
    answer_only(f, "help", NOW);
    give_icmp_error(f, NOW + 1);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 1); /* the answer's */
    sensor_use(f->sensor, NULL, NULL, NULL);
}

static void what_a_host_sends_by_itself_that_became_protected_is_told_to_nobody(
    void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    answer_only(f, "help", NOW);
    sensor_use(f->sensor, NULL, NULL, lists);
    give_icmp_error(f, NOW + 1);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 1); /* the answer's */
    sensor_use(f->sensor, NULL, NULL, NULL);
}

/* The shield is gone after an hour and a minute; the other name counts for longer. */
static void what_led_there_before_a_protected_name_is_not_told_afterwards(void **state)
{
    struct fixture *f = *state;
    auto_listdb struct listdb *lists = link_lines();

    sensor_use(f->sensor, NULL, NULL, lists);
    f->ttl = 7200;
    answer_name(f, "led", NOW);
    f->ttl = 60;
    answer_name(f, "help", NOW + 1);
    call(f, 9, NOW + 62 * USEC_PER_MIN);
    sensor_finish(f->sensor);
    assert_string_equal(f->led, "");
    assert_int_equal(f->looked_up[true] + f->looked_up[false], 0);
    sensor_use(f->sensor, NULL, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_protected_name_asked_for_on_the_link_is_told_to_nobody),
        WITH_FIXTURE(a_conversation_without_a_name_tells_which_name_led_to_it),
        WITH_FIXTURE(a_conversation_that_nothing_answers_tells_which_name_led_to_it),
        WITH_FIXTURE(what_passes_the_line_is_told_every_ten_seconds),
        WITH_FIXTURE(protected_conversations_are_not_counted_on_the_line),
        WITH_FIXTURE(that_no_name_led_there_is_told_after_ten_minutes),
        WITH_FIXTURE(of_an_address_of_a_protected_name_nothing_is_told),
        WITH_FIXTURE(a_name_that_became_protected_is_not_told_any_more),
        WITH_FIXTURE(
            a_conversation_loses_the_name_that_led_to_it_when_a_list_protects_it),
        WITH_FIXTURE(a_conversation_is_told_no_more_when_a_list_protects_its_host),
        WITH_FIXTURE(a_new_list_leaves_other_conversations_as_they_are),
        WITH_FIXTURE(of_all_addresses_of_a_long_protected_answer_nothing_is_told),
        WITH_FIXTURE(a_protected_name_is_seen_however_many_stand_before_it),
        WITH_FIXTURE(
            where_a_protected_name_led_is_hidden_though_only_its_answer_was_seen),
        WITH_FIXTURE(a_conversation_that_begins_in_pieces_tells_which_name_led_to_it),
        WITH_FIXTURE(
            in_pieces_as_well_where_a_name_led_that_became_protected_is_not_told),
        WITH_FIXTURE(what_a_protected_host_sends_by_itself_is_told_to_nobody),
        WITH_FIXTURE(what_a_host_sends_by_itself_that_became_protected_is_told_to_nobody),
        WITH_FIXTURE(what_led_there_before_a_protected_name_is_not_told_afterwards),
        WITH_FIXTURE(who_asks_back_where_a_protected_name_led_is_told_to_nobody),
        WITH_FIXTURE(
            who_asks_back_where_a_name_led_that_became_protected_is_told_to_nobody),
        WITH_FIXTURE(an_address_whose_name_turns_out_to_be_protected_is_told_no_more),
        WITH_FIXTURE(a_conversation_is_told_twice_its_start_and_its_end),
        WITH_FIXTURE(a_conversation_that_goes_on_is_told_every_minute),
        WITH_FIXTURE(the_rules_may_change_while_a_conversation_goes_on),
        WITH_FIXTURE(at_the_end_every_conversation_is_told),
        WITH_FIXTURE(a_frame_that_is_late_by_little_is_counted_and_not_before_the_last),
        WITH_FIXTURE(time_goes_on_when_the_clock_is_set_back_by_an_hour),
        WITH_FIXTURE(the_sensors_time_is_the_wires_again_when_that_has_caught_up),
        WITH_FIXTURE(a_hello_in_quic_names_its_conversation_without_ndpi),
        WITH_FIXTURE(
            a_conversation_whose_hello_in_quic_names_a_protected_host_is_not_told),
        WITH_FIXTURE(a_protected_conversation_that_goes_on_is_not_told),
        WITH_FIXTURE(
            a_conversation_that_goes_on_tells_its_application_and_its_end_the_same),
        WITH_FIXTURE(
            a_conversation_whose_host_became_protected_is_not_told_while_it_goes_on),
        WITH_FIXTURE(a_host_is_remembered_but_no_protected_one_and_none_without_lists),
        WITH_FIXTURE(a_host_that_new_lists_protect_is_forgotten_when_they_are_used),
        WITH_FIXTURE(amounts_are_kept_but_of_no_protected_host_and_none_without_lists),
    };

    return cmocka_run_group_tests_name("sensor", tests, NULL, NULL);
}
