/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/sensor.h"
#include "frames.h"
#include "help_lines.h"
#include "mem.h"
#include "rules.h"

#define NOW    (UINT64_C(1767258000) * USEC_PER_SEC)
#define MEMORY (256u << 10)
#define MOST   16

#define RULE(more)                                                         \
    RULES_HEAD "rules:\n  - {id: test.one, title: T, why: To test, "       \
               "severity: low, owner: security, identity: device, watch: " \
               "[dns], when: dns.id > 0" more "}\n"
#define WITH_EVIDENCE RULE(", evidence: {pcap: {snaplen: 512}}")

struct fixture {
    struct recent *recent;
    struct listdb *lists;
    struct ruleset *rules;
    struct sensor *sensor;
    struct built frame;
    struct built got[MOST]; /* what a gathering had */
    size_t count;
    struct recent_counts counts;
};

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

static void begin(struct fixture *f, const char *rules, bool lists, uint32_t payload)
{
    f->rules = rules_load(rules);
    f->sensor = sensor_new(&(struct sensor_settings){
        .flow_capacity = 64,
        .rules = f->rules,
        .lists = lists ? f->lists : NULL,
        .recent = f->recent,
        .payload = payload,
        .sink = {.hit = ignore_hit, .device = ignore_fact, .arg = f},
    });
    sensor_tick(f->sensor, NOW);
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->recent = recent_new(MEMORY);
    f->lists = help_lines();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    sensor_free(f->sensor);
    ruleset_free(f->rules);
    listdb_close(f->lists);
    recent_free(f->recent);
    free(f);
    return 0;
}

static void give(struct fixture *f, usec_t after)
{
    sensor_frame(f->sensor, &(struct frame){.time = NOW + after,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

/* 10.0.0.1 sends a datagram to this address. */
static void call(struct fixture *f, uint32_t to, usec_t after)
{
    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 108, 0);
    frame_set(&f->frame, 30, to >> 16);
    frame_set(&f->frame, 32, to & 0xffff);
    frame_udp(&f->frame, 100);
    frame_set(&f->frame, 36, 4433);
    give(f, after);
}

/* Asks sensors for the frames of 10.0.0.1, while `between` happens. */
static void ask(struct fixture *f)
{
    struct recent_wanted w = {
        .id = "1",
        .device = true,
        .ends = {.src = {.bytes = {[10] = 0xff, 0xff, 10, 0, 0, 1}}, .has_ip = true},
        .from = NOW,
        .until = NOW + USEC_PER_MIN,
        .snaplen = 512,
        .max = 1 << 20};

    recent_ask(f->recent, 0, &w);
}

static void take_frame(const struct frame *frame, void *arg)
{
    struct fixture *f = arg;
    struct built *to = &f->got[f->count++];

    assert_true(f->count <= MOST);
    to->len = frame->len;
    memcpy(to->bytes, frame->bytes, frame->len);
}

static void collect(struct fixture *f)
{
    sensor_finish(f->sensor);
    recent_finish(f->recent);
    f->count = 0;
    f->counts = recent_each(f->recent, 0, take_frame, f);
}

static void without_a_rule_that_asks_or_without_lists_nothing_is_kept(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *rules;
        bool lists;
    } cases[] = {{RULE(""), true}, {WITH_EVIDENCE, false}};

    for (size_t i = 0; i < 2; i++) {
        begin(f, cases[i].rules, cases[i].lists, 512);
        call(f, 0xc0000209, 1);
        ask(f);
        collect(f);
        assert_int_equal(f->count, 0);
        recent_release(f->recent, 0);
        sensor_free(f->sensor);
        ruleset_free(f->rules);
        f->sensor = NULL;
        f->rules = NULL;
    }
}

static void of_a_frame_there_is_as_much_as_agent_and_rule_allow(void **state)
{
    static const struct {
        uint32_t payload, expected;
    } cases[] = {{0, 14 + 20 + 8}, {512, 14 + 20 + 8 + 100}};
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        begin(f, WITH_EVIDENCE, true, cases[i].payload);
        call(f, 0xc0000209, 1);
        ask(f);
        collect(f);
        assert_int_equal(f->count, 1);
        assert_int_equal(f->got[0].len, cases[i].expected);
        recent_release(f->recent, 0);
        sensor_free(f->sensor);
        ruleset_free(f->rules);
        f->sensor = NULL;
        f->rules = NULL;
    }
}

/* What 10.0.0.1 asks, and its answer: 192.0.2.9. */
static void look_up(struct fixture *f, const char *qname, uint32_t size, bool answer,
                    usec_t after)
{
    uint32_t len = 12 + size + 4 + (answer ? 16 : 0);

    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 17, 8 + len, 0);
    frame_udp(&f->frame, len);
    if (answer)
        memcpy(f->frame.bytes + 26, "\x0a\0\0\x02\x0a\0\0\x01\0\x35\x9c\x40", 12);
    f->frame.len = 14 + 20 + 8;
    frame_u32(&f->frame, answer ? 0x12348180 : 0x12340100);
    frame_u32(&f->frame, answer ? 0x00010001 : 0x00010000);
    frame_u32(&f->frame, 0);
    memcpy(f->frame.bytes + f->frame.len, qname, size);
    f->frame.len += size;
    frame_u32(&f->frame, 0x00010001);
    if (answer) {
        frame_u32(&f->frame, 0xc00c0001); /* the question's name; A */
        frame_u32(&f->frame, 0x00010000);
        frame_u32(&f->frame, 0x003c0004); /* for a minute; four bytes */
        frame_u32(&f->frame, 0xc0000209);
    }
    give(f, after);
}

#define HELP       \
    "\x04help\x07" \
    "example"
#define HELP_LEN sizeof(HELP) /* its zero is the root */

static bool has(const struct fixture *f, const void *bytes, size_t len)
{
    for (size_t i = 0; i < f->count; i++)
        if (memmem(f->got[i].bytes, f->got[i].len, bytes, len))
            return true;
    return false;
}

/* A router's "time exceeded" (RFC 792), with the header of what it dropped. */
static void exceed(struct fixture *f, uint32_t of, usec_t after)
{
    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 1, 8 + 28, 0);
    memcpy(f->frame.bytes + 26, "\x0a\0\0\xfe\x0a\0\0\x01", 8);
    frame_u32(&f->frame, 0x0b000000);
    frame_u32(&f->frame, 0);
    frame_ipv4(&f->frame, 17, 108, 0);
    frame_set(&f->frame, f->frame.len - 4, of >> 16);
    frame_set(&f->frame, f->frame.len - 2, of & 0xffff);
    frame_u32(&f->frame, 0x9c401151);
    frame_u32(&f->frame, 0x006c0000);
    give(f, after);
}

static void an_error_that_quotes_a_protected_conversation_is_kept_without_it(void **state)
{
    struct fixture *f = *state;

    begin(f, WITH_EVIDENCE, true, 512);
    look_up(f, HELP, HELP_LEN, false, 0);
    look_up(f, HELP, HELP_LEN, true, 1);
    call(f, 0xc0000209, 2);
    exceed(f, 0xc0000209, 3);
    call(f, 0xc0000207, 4);
    ask(f);
    collect(f);
    assert_int_equal(f->count, 2); /* the error, and what went elsewhere */
    assert_true(has(f, "\xc0\0\x02\x07", 4));
    assert_false(has(f, "\xc0\0\x02\x09", 4));
    assert_false(has(f, "example", 7));
}

static void when_no_rule_asks_any_more_what_is_being_gathered_is_wiped(void **state)
{
    struct fixture *f = *state;
    struct ruleset *before;

    begin(f, WITH_EVIDENCE, true, 512);
    call(f, 0xc0000207, 1);
    ask(f);
    sensor_tick(f->sensor, NOW + 5 * USEC_PER_SEC);
    assert_int_equal(recent_state(f->recent, 0), RECENT_OPEN);
    before = f->rules;
    f->rules = rules_load(RULE(""));
    sensor_use(f->sensor, f->rules, NULL, f->lists);
    ruleset_free(before);
    assert_int_equal(recent_state(f->recent, 0), RECENT_DONE);
    collect(f);
    assert_int_equal(f->count, 0);
    assert_true(f->counts.interrupted);
}

static void pieces_of_packets_are_not_kept(void **state)
{
    struct fixture *f = *state;

    begin(f, WITH_EVIDENCE, true, 512);
    for (unsigned cut = 0; cut < 2; cut++) {
        f->frame.len = 0;
        frame_ethernet(&f->frame, 0x0800);
        frame_ipv4(&f->frame, 17, 64, cut ? 8 : 0x2000);
        frame_udp(&f->frame, 56);
        give(f, 1 + cut);
    }
    call(f, 0xc0000207, 9);
    ask(f);
    collect(f);
    assert_int_equal(f->count, 1);
}

static void a_device_is_known_by_its_hardware_address_too(void **state)
{
    struct fixture *f = *state;
    struct recent_wanted w = {
        .id = "1",
        .device = true,
        .ends = {.src_mac = {.bytes = {2, 0, 0, 0, 0, 1}}, .has_mac = true},
        .from = NOW,
        .until = NOW + USEC_PER_MIN,
        .max = 1 << 20};

    begin(f, WITH_EVIDENCE, true, 512);
    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0806);
    frame_u32(&f->frame, 0x00010800);
    frame_u32(&f->frame, 0x06040001);
    frame_fill(&f->frame, 0, 20);
    frame_fill(&f->frame, 0xee, 18); /* Ethernet's own filling */
    give(f, 1);
    recent_ask(f->recent, 0, &w);
    collect(f);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->got[0].len, 14 + 28);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_rule_that_asks_or_without_lists_nothing_is_kept),
        TEST(of_a_frame_there_is_as_much_as_agent_and_rule_allow),
        TEST(an_error_that_quotes_a_protected_conversation_is_kept_without_it),
        TEST(when_no_rule_asks_any_more_what_is_being_gathered_is_wiped),
        TEST(pieces_of_packets_are_not_kept),
        TEST(a_device_is_known_by_its_hardware_address_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
