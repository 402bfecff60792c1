/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "agent/extract.h"
#include "heard.h"

/* As net-snmp sends them; the community stands at byte 7. */
static const char get_v2c[] =
    "302602010104067075626c6963a019020400000001020100020100300b300906052b060102010500";
static const char trap_v1[] =
    "3024020100040770726976617465a41606032b060140040a0000010201060201014301003000";
static const char get_v3[] = "3016020103300d020101020205dc04010402010304000400";

struct fixture {
    struct heard heard;
    uint8_t bytes[512];
    size_t len;
};

static int set_up(void **state)
{
    static struct fixture f;

    heard_init(&f.heard);
    f.heard.packet.dst_port = 161;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    heard_done(&f->heard);
    return 0;
}

static enum extract_result read_hex(struct fixture *f, const char *text)
{
    f->len = unhex(text, f->bytes, sizeof(f->bytes));
    f->heard.count = 0;
    return heard_read(&f->heard, &extract_snmp, f->bytes, f->len);
}

static enum extract_result read_changed(struct fixture *f, size_t at, uint8_t byte)
{
    f->bytes[at] = byte;
    f->heard.count = 0;
    return heard_read(&f->heard, &extract_snmp, f->bytes, f->len);
}

static void a_question_tells_version_kind_and_that_its_password_is_a_factorys(
    void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, get_v2c), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_SNMP_VERSION, "\"v2c\"");
    assert_says(&f->heard, FIELD_SNMP_PDU, "\"get\"");
    assert_says(&f->heard, FIELD_SNMP_FACTORY, "true");
    assert_says(&f->heard, FIELD_SNMP_CLEAR, "true");
}

static void a_trap_of_version_1_is_read(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, trap_v1), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_SNMP_VERSION, "\"v1\"");
    assert_says(&f->heard, FIELD_SNMP_PDU, "\"trap\"");
    assert_says(&f->heard, FIELD_SNMP_FACTORY, "true");
}

static void another_password_is_only_known_to_be_another(void **state)
{
    struct fixture *f = *state;

    (void)read_hex(f, get_v2c);
    assert_int_equal(read_changed(f, 7, 'P'), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_SNMP_FACTORY, "false");
    for (enum field_id i = event_next(f->heard.events[0], 0); i < FIELD_COUNT;
         i = event_next(f->heard.events[0], i + 1))
        assert_true(i >= FIELD_SNMP_VERSION && i <= FIELD_SNMP_CLEAR);
}

static void version_3_tells_whether_it_is_encrypted(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_hex(f, get_v3), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_SNMP_VERSION, "\"v3\"");
    assert_says(&f->heard, FIELD_SNMP_CLEAR, "true");
    assert_false(event_has(f->heard.events[0], FIELD_SNMP_FACTORY));
    assert_int_equal(read_changed(f, 16, 7), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_SNMP_CLEAR, "false");
}

static void a_length_in_more_bytes_is_read(void **state)
{
    struct fixture *f = *state;
    char text[sizeof(get_v2c) + 4] = "308126";

    strcat(text, get_v2c + 4);
    assert_int_equal(read_hex(f, text), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_SNMP_FACTORY, "true");
}

static void what_is_no_message_is_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
    } broken[] = {
        {0, 0x31},  /* no sequence */
        {1, 0x27},  /* longer than the datagram */
        {1, 0x80},  /* of indefinite length, which SNMP never has */
        {6, 0x80},  /* likewise the community */
        {1, 0x85},  /* a length of five bytes */
        {4, 2},     /* a version that there never was */
        {4, 0x81},  /* below zero */
        {5, 0x05},  /* no community */
        {6, 0x7f},  /* one that is longer than the message */
        {13, 0xa9}, /* a PDU that does not exist */
        {13, 0x30}, /* none */
        {14, 0x80}, /* one of indefinite length */
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        (void)read_hex(f, get_v2c);
        assert_int_equal(read_changed(f, broken[i].at, broken[i].byte), EXTRACT_NOT);
        assert_int_equal(f->heard.count, 0);
    }
}

static void a_message_that_is_cut_says_nothing(void **state)
{
    static const char *const messages[] = {get_v2c, trap_v1, get_v3};
    struct fixture *f = *state;

    for (size_t m = 0; m < 3; m++) {
        (void)read_hex(f, messages[m]);
        for (size_t len = 0; len < f->len; len++) {
            f->heard.count = 0;
            assert_int_equal(heard_read(&f->heard, &extract_snmp, f->bytes, len),
                             EXTRACT_NOT);
            assert_int_equal(f->heard.count, 0);
        }
    }
}

static void only_its_ports_are_looked_at(void **state)
{
    struct packet p = {.src_port = 40000, .dst_port = 161};
    struct cur c = cur_over("\x30\x26\x02", 3);

    (void)state;
    assert_true(extract_snmp.wants(&p, c));
    p.dst_port = 162;
    assert_true(extract_snmp.wants(&p, c));
    p.dst_port = 160;
    assert_false(extract_snmp.wants(&p, c));
    p.src_port = 161;
    assert_true(extract_snmp.wants(&p, c));
    p.src_port = 162; /* an inform is answered */
    assert_true(extract_snmp.wants(&p, c));
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_question_tells_version_kind_and_that_its_password_is_a_factorys),
        T(a_trap_of_version_1_is_read),
        T(another_password_is_only_known_to_be_another),
        T(version_3_tells_whether_it_is_encrypted),
        T(a_length_in_more_bytes_is_read),
        T(what_is_no_message_is_refused),
        T(a_message_that_is_cut_says_nothing),
        T(only_its_ports_are_looked_at),
    };

    return cmocka_run_group_tests_name("extract_snmp", tests, NULL, NULL);
}
