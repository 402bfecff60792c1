/* SPDX-License-Identifier: Apache-2.0 */
/* A server's certificate on its way through a sensor, and what it hides. */
#include "unit.h"

#include <string.h>

#include "agent/sensor.h"
#include "certificates.h"
#include "frames.h"
#include "heard.h"
#include "help_lines.h"

#define NOW (UINT64_C(1780000000) * USEC_PER_SEC)

static const char server_hello[] =
    "160303003f 0200003b 0303 5eec6d799e1ae29a48bd6dfaec6251a5f1b951c30fcbeb4d444f574e47524401"
    "00 c02f 00 0013 00170000 ff01000100 000b00020100 00230000";

struct fixture {
    struct sensor *sensor;
    struct listdb *lists;
    struct built frame;
    unsigned told[EVENT_KINDS];
    unsigned certificates;
    unsigned hidden, wiped; /* frames; and those before them, too */
    uint8_t flight[4096];
    size_t flight_len;
};

static void remember(const struct event *e, void *arg)
{
    struct fixture *f = arg;
    const struct value *side = event_get(e, FIELD_TLS_SIDE);

    f->told[event_kind(e)]++;
    f->certificates += side && side->number == TLS_CERTIFICATE;
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

static void on_hide(bool before_too, void *arg)
{
    struct fixture *f = arg;

    f->hidden++;
    f->wiped += before_too;
}

static int set_up(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    f.lists = help_lines();
    f.sensor = sensor_new(&(struct sensor_settings){
        .flow_capacity = 64,
        .lists = f.lists,
        .sink = {.hit = ignore_hit,
                 .device = ignore_fact,
                 .event = remember,
                 .hide = on_hide,
                 .arg = &f},
    });
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    sensor_free(f->sensor);
    listdb_close(f->lists);
    return 0;
}

/* Bytes of one side, from an offset of what it says. */
static void give(struct fixture *f, bool from_client, uint32_t at, const uint8_t *bytes,
                 size_t len)
{
    uint32_t tcp = 14 + 20;

    f->frame.len = 0;
    frame_ethernet(&f->frame, 0x0800);
    frame_ipv4(&f->frame, 6, 20 + (uint32_t)len, 0);
    frame_tcp(&f->frame, TCP_FLAG_ACK, (uint32_t)len);
    if (!from_client) {
        frame_set(&f->frame, 14 + 14, 2); /* the addresses' ends, and the ports */
        frame_set(&f->frame, 14 + 18, 1);
        frame_set(&f->frame, tcp, 443);
        frame_set(&f->frame, tcp + 2, 40000);
    }
    frame_set(&f->frame, tcp + 6, 1000 + at);
    memcpy(f->frame.bytes + tcp + 20, bytes, len);
    sensor_frame(f->sensor, &(struct frame){.time = NOW,
                                            .bytes = f->frame.bytes,
                                            .len = f->frame.len,
                                            .wire_len = f->frame.len,
                                            .link = LINK_ETHERNET});
}

/* A ClientHello with this name, or without any. */
static void give_hello(struct fixture *f, const char *sni)
{
    uint8_t bytes[256] = {22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3};
    size_t name = sni ? strlen(sni) : 0, len = 11 + 32 + 1;

    memcpy(bytes + len, (const uint8_t[]){0, 2, 0xc0, 0x2f, 1, 0}, 6);
    len += 6;
    bytes[len + 1] = (uint8_t)(sni ? name + 9 : 0); /* all extensions */
    len += 2;
    if (sni) {
        memcpy(bytes + len,
               (const uint8_t[]){0, 0, 0, (uint8_t)(name + 5), 0, (uint8_t)(name + 3), 0,
                                 0, (uint8_t)name},
               9);
        memcpy(bytes + len + 9, sni, name);
        len += 9 + name;
    }
    bytes[4] = (uint8_t)(len - 5);
    bytes[8] = (uint8_t)(len - 9);
    give(f, true, 0, bytes, len);
}

static void make_flight(struct fixture *f, const char *hex)
{
    uint8_t *at = f->flight + unhex(server_hello, f->flight, sizeof(f->flight));
    size_t len = unhex(hex, at + 15, 2048), message = len + 6;

    memcpy(at,
           (const uint8_t[]){22, 3, 3, (uint8_t)((message + 4) >> 8),
                             (uint8_t)(message + 4), 11, 0, (uint8_t)(message >> 8),
                             (uint8_t)message},
           9);
    memcpy(at + 9,
           (const uint8_t[]){0, (uint8_t)((len + 3) >> 8), (uint8_t)(len + 3), 0,
                             (uint8_t)(len >> 8), (uint8_t)len},
           6);
    f->flight_len = (size_t)(at - f->flight) + 15 + len;
}

/* What the server says, in segments of this size; with odd ones first. */
static void give_flight(struct fixture *f, const char *hex, size_t size, bool mixed)
{
    make_flight(f, hex);
    for (unsigned odd = mixed ? 2 : 1; odd-- > 0;)
        for (size_t at = 0, i = 0; at < f->flight_len; at += size, i++) {
            size_t left = f->flight_len - at;

            if (!mixed || i == 0 || i % 2 == odd)
                give(f, false, (uint32_t)at, f->flight + at, left < size ? left : size);
        }
}

static void a_certificate_in_one_segment_is_told(void **state)
{
    struct fixture *f = *state;

    give_hello(f, "www.school.example");
    give_flight(f, cert_leaf, 4096, false);
    assert_int_equal(f->told[EVENT_TLS], 3);
    assert_int_equal(f->certificates, 1);
}

static void a_certificate_in_many_segments_in_any_order_is_told_once(void **state)
{
    struct fixture *f = *state;

    give_hello(f, "www.school.example");
    give_flight(f, cert_leaf, 40, true);
    give_flight(f, cert_leaf, 40, false); /* all sent again */
    assert_int_equal(f->told[EVENT_TLS], 3);
    assert_int_equal(f->certificates, 1);
}

static void a_server_hello_is_told_even_if_its_certificate_never_comes(void **state)
{
    struct fixture *f = *state;

    give_hello(f, "www.school.example");
    make_flight(f, cert_leaf);
    give(f, false, 0, f->flight, 100);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_TLS], 2);
    assert_int_equal(f->told[EVENT_FLOW], 1);
}

static void a_client_without_a_name_is_hidden_by_a_protected_certificate(void **state)
{
    struct fixture *f = *state;

    give_hello(f, NULL);
    give_flight(f, cert_many, 4096, false);
    assert_int_equal(f->certificates, 0);
    assert_true(f->wiped > 0);
    f->hidden = 0;
    give(f, true, 200, (const uint8_t *)"more", 4);
    assert_int_equal(f->hidden, 1);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 0);
}

/* Its certificate is for a hundred hosts, and the client said which one it wants. */
static void a_client_that_names_another_host_is_told_but_not_the_certificate(void **state)
{
    struct fixture *f = *state;

    give_hello(f, "cdn.example");
    give_flight(f, cert_many, 4096, false);
    assert_int_equal(f->told[EVENT_TLS], 2);
    assert_int_equal(f->certificates, 0);
    assert_true(f->wiped > 0);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_FLOW], 1);
}

static void a_protected_name_stays_hidden_whatever_the_certificate_says(void **state)
{
    struct fixture *f = *state;

    give_hello(f, "www.help.example");
    give_flight(f, cert_leaf, 4096, false);
    sensor_finish(f->sensor);
    assert_int_equal(f->told[EVENT_TLS] + f->told[EVENT_FLOW], 0);
}

static void rules_that_ask_for_no_certificate_get_none(void **state)
{
    struct fixture *f = *state;
    struct sensor *all = f->sensor;

    f->sensor = sensor_new(&(struct sensor_settings){
        .flow_capacity = 64,
        .sink = {.hit = ignore_hit, .device = ignore_fact, .arg = f}});
    give_hello(f, "www.school.example");
    give_flight(f, cert_leaf, 4096, false);
    assert_int_equal(sensor_counts(f->sensor).events[EVENT_TLS], 2);
    sensor_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_certificate_in_one_segment_is_told),
        WITH_FIXTURE(a_certificate_in_many_segments_in_any_order_is_told_once),
        WITH_FIXTURE(a_server_hello_is_told_even_if_its_certificate_never_comes),
        WITH_FIXTURE(a_client_without_a_name_is_hidden_by_a_protected_certificate),
        WITH_FIXTURE(a_client_that_names_another_host_is_told_but_not_the_certificate),
        WITH_FIXTURE(a_protected_name_stays_hidden_whatever_the_certificate_says),
        WITH_FIXTURE(rules_that_ask_for_no_certificate_get_none),
    };

    return cmocka_run_group_tests_name("sensor_certificate", tests, NULL, NULL);
}
