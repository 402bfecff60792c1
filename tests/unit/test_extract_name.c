/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "heard.h"

#define MDNS  (&extract_mdns)
#define LLMNR (&extract_llmnr)
#define NBNS  (&extract_nbns)
#define TCP   (&extract_llmnr_tcp)

struct fixture {
    struct heard heard;
    uint8_t bytes[1024];
    size_t len;
};

static int set_up(void **state)
{
    static struct fixture f;

    heard_init(&f.heard);
    (void)addr_parse("10.20.1.16", &f.heard.packet.src);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    heard_done(&f->heard);
    return 0;
}

static enum extract_result hear(struct fixture *f, const struct extractor *x,
                                const char *message)
{
    f->heard.count = 0;
    f->len = unhex(message, f->bytes, sizeof(f->bytes));
    return heard_read(&f->heard, x, f->bytes, f->len);
}

/* ---- mDNS ---- */

/* PTR of _ipp._tcp.local to an instance, its SRV, and the machine's address. */
static const char printer[] =
    "0000 8400 0000 0001 0000 0002"
    "045f697070 045f746370 056c6f63616c 00 000c 0001 00001194 000a 074f6666696365 31 c00c"
    "c027 0021 8001 00000078 000f 0000 0000 0277 067072696e7431 c016"
    "067072696e7431 c016 0001 8001 00000078 0004 0a140110";

static void a_printer_tells_its_service_and_its_own_name(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, MDNS, printer), EXTRACT_DONE);
    assert_says(&f->heard, FIELD_NAME_PROTO, "\"mdns\"");
    assert_says(&f->heard, FIELD_NAME_QR, "\"answer\"");
    assert_says(&f->heard, FIELD_NAME_QNAME, "\"_ipp._tcp.local\"");
    assert_says(&f->heard, FIELD_NAME_QTYPE, "\"PTR\"");
    assert_says(&f->heard, FIELD_NAME_ANSWERS, "1");
    assert_says(&f->heard, FIELD_NAME_ANSWER_NAME, "[\"office1._ipp._tcp.local\"]");
    assert_says(&f->heard, FIELD_NAME_ANSWER_IP, ""); /* it is beside the answer */
    assert_says(&f->heard, FIELD_NAME_OWN, "\"print1\"");
}

static void a_name_is_ones_own_only_with_ones_own_address(void **state)
{
    struct fixture *f = *state;

    (void)addr_parse("10.20.1.17", &f->heard.packet.src);
    hear(f, MDNS, printer);
    assert_says(&f->heard, FIELD_NAME_OWN, "");
}

static void what_is_known_already_is_nobodys_word(void **state)
{
    struct fixture *f = *state;

    hear(f, MDNS,
         "0000 0000 0001 0001 0000 0000 067072696e7431 056c6f63616c 00 0001 8001"
         "c00c 0001 0001 00000078 0004 0a140110");
    assert_says(&f->heard, FIELD_NAME_QR, "\"query\"");
    assert_says(&f->heard, FIELD_NAME_QNAME, "\"print1.local\"");
    assert_says(&f->heard, FIELD_NAME_QTYPE, "\"A\"");
    assert_says(&f->heard, FIELD_NAME_ANSWER_IP, "");
    assert_says(&f->heard, FIELD_NAME_OWN, "");
    assert_says(&f->heard, FIELD_NAME_ANSWERS, "");
}

static void beginnings_of_a_message_say_nothing_wrong(void **state)
{
    struct fixture *f = *state;

    hear(f, MDNS, printer);
    assert_beginnings_say_nothing_wrong(&f->heard, MDNS, f->bytes, f->len, FIELD_COUNT,
                                        FIELD_COUNT);
}

/* ---- LLMNR ---- */

static void an_llmnr_answer_tells_who_says_it_is_whom(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, LLMNR,
                          "1234 8000 0001 0001 0000 0000 0477706164 00 0001 0001"
                          "0477706164 00 0001 0001 0000001e 0004 0a140110"),
                     EXTRACT_DONE);
    assert_says(&f->heard, FIELD_NAME_PROTO, "\"llmnr\"");
    assert_says(&f->heard, FIELD_NAME_QNAME, "\"wpad\"");
    assert_says(&f->heard, FIELD_NAME_ANSWER_IP, "[10.20.1.16]");
    assert_says(&f->heard, FIELD_NAME_OWN, "\"wpad\"");
    assert_says(&f->heard, FIELD_NAME_OP, "\"query\"");
    assert_says(&f->heard, FIELD_NAME_SUFFIX, "");
}

/* ---- NetBIOS ---- */

/* "WPAD" and "STUDENT-06", 16 bytes as letters; the last is 0. */
#define WPAD "20 4648464145424545 4341434143414341 4341434143414341 4341434143414141 00"
#define STUDENT \
    "20 4644464546464545 4546454f4645434e 4441444743414341 4341434143414141 00"

static void a_netbios_question_is_decoded(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, NBNS, "0001 0110 0001 0000 0000 0000" WPAD "0020 0001"),
                     EXTRACT_DONE);
    assert_says(&f->heard, FIELD_NAME_PROTO, "\"nbns\"");
    assert_says(&f->heard, FIELD_NAME_QR, "\"query\"");
    assert_says(&f->heard, FIELD_NAME_QNAME, "\"wpad\"");
    assert_says(&f->heard, FIELD_NAME_QTYPE, "\"NB\"");
    assert_says(&f->heard, FIELD_NAME_SUFFIX, "0");
}

static void a_netbios_answer_is_nobodys_own_name(void **state)
{
    struct fixture *f = *state;

    hear(f, NBNS,
         "0001 8500 0000 0001 0000 0000" WPAD "0020 0001 000000a5 0006 0000 0a140110");
    assert_says(&f->heard, FIELD_NAME_QR, "\"answer\"");
    assert_says(&f->heard, FIELD_NAME_QNAME, "\"wpad\"");
    assert_says(&f->heard, FIELD_NAME_ANSWER_IP, "[10.20.1.16]");
    assert_says(&f->heard, FIELD_NAME_ANSWERS, "1");
    assert_says(&f->heard, FIELD_NAME_OWN, "");
}

static void what_a_machine_registers_for_itself_is_its_name(void **state)
{
    struct fixture *f = *state;

    hear(f, NBNS,
         "0001 2910 0001 0000 0000 0001" STUDENT "0020 0001"
         "c00c 0020 0001 00000000 0006 0000 0a140110");
    assert_says(&f->heard, FIELD_NAME_OP, "\"register\"");
    assert_says(&f->heard, FIELD_NAME_OWN, "\"student-06\"");
    hear(f, NBNS, /* a group's name */
         "0001 2910 0001 0000 0000 0001" STUDENT "0020 0001"
         "c00c 0020 0001 00000000 0006 8000 0a140110");
    assert_says(&f->heard, FIELD_NAME_OWN, "");
}

static void all_names_of_a_machine_tell_its_own(void **state)
{
    struct fixture *f = *state;

    hear(f, NBNS,
         "0001 8400 0000 0001 0000 0000" WPAD "0021 0001 00000000 0025 02"
         "574f524b47524f555020202020202000 8400"    /* WORKGROUP, a group */
         "5052494e5431202020202020202020 00 0400"); /* PRINT1 */
    assert_says(&f->heard, FIELD_NAME_QTYPE, "\"NBSTAT\"");
    assert_says(&f->heard, FIELD_NAME_OWN, "\"print1\"");
}

static void letters_that_are_no_netbios_name_are_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        hear(f, NBNS, "0001 0110 0001 0000 0000 0000 0477706164 00 0020 0001"),
        EXTRACT_NOT);
    assert_int_equal(
        hear(f, NBNS,
             "0001 0110 0001 0000 0000 0000 20"
             "5a48464145424545 4341434143414341 4341434143414341 4341434143414141 00"
             "0020 0001"),
        EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void a_scope_stays_behind_the_name(void **state)
{
    struct fixture *f = *state;

    hear(f, NBNS,
         "0001 0110 0001 0000 0000 0000 20"
         "4648464145424545 4341434143414341 4341434143414341 4341434143414341"
         "0474657374 00 0020 0001");
    assert_says(&f->heard, FIELD_NAME_QNAME, "\"wpad.test\"");
    assert_says(&f->heard, FIELD_NAME_SUFFIX, "32");
}

/* ---- all ---- */

static void what_neither_asks_nor_answers_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, MDNS, ""), EXTRACT_NOT);
    assert_int_equal(hear(f, MDNS, "0000 8400 0000 0000 0000 0000"), EXTRACT_NOT);
    assert_int_equal(hear(f, LLMNR, "0000 0000 0001 0000 0000 0000 0477"), EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

/* A question and the beginning of another. */
static void over_tcp_each_message_stands_behind_its_length(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, TCP,
                          "0016 1234 0000 0001 0000 0000 0000 0477706164 00 0001 0001"
                          "0016 1235 0000"),
                     EXTRACT_NEXT);
    assert_says(&f->heard, FIELD_NAME_PROTO, "\"llmnr\"");
    assert_says(&f->heard, FIELD_NAME_QR, "\"query\"");
    assert_says(&f->heard, FIELD_NAME_QNAME, "\"wpad\"");
    assert_int_equal(f->heard.left, 6);
    assert_int_equal(hear(f, TCP, "0016 1235 0000"), EXTRACT_MORE);
    assert_int_equal(hear(f, TCP, "000c 0000 0000 0000 0000 0000 0000"), EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void over_tcp_the_port_and_a_length_for_a_head_are_wanted(void **state)
{
    struct packet p = {.src_port = 40000, .dst_port = 5355};

    (void)state;
    assert_true(TCP->wants(&p, cur_over("\0", 1)));
    assert_true(TCP->wants(&p, cur_over("\0\14", 2)));
    assert_false(TCP->wants(&p, cur_over("\0\13", 2)));
    p.dst_port = 5353;
    assert_false(TCP->wants(&p, cur_over("\0\14", 2)));
}

static void the_port_decides_who_is_asked(void **state)
{
    struct packet p = {.src_port = 5353, .dst_port = 40000};

    (void)state;
    assert_true(MDNS->wants(&p, cur_over("", 0)));
    assert_false(LLMNR->wants(&p, cur_over("", 0)));
    p.src_port = 5355;
    assert_true(LLMNR->wants(&p, cur_over("", 0)));
    p.src_port = 137;
    assert_true(NBNS->wants(&p, cur_over("", 0)));
    assert_false(MDNS->wants(&p, cur_over("", 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_printer_tells_its_service_and_its_own_name),
        WITH_FIXTURE(a_name_is_ones_own_only_with_ones_own_address),
        WITH_FIXTURE(what_is_known_already_is_nobodys_word),
        WITH_FIXTURE(beginnings_of_a_message_say_nothing_wrong),
        WITH_FIXTURE(an_llmnr_answer_tells_who_says_it_is_whom),
        WITH_FIXTURE(a_netbios_question_is_decoded),
        WITH_FIXTURE(a_netbios_answer_is_nobodys_own_name),
        WITH_FIXTURE(what_a_machine_registers_for_itself_is_its_name),
        WITH_FIXTURE(all_names_of_a_machine_tell_its_own),
        WITH_FIXTURE(letters_that_are_no_netbios_name_are_refused),
        WITH_FIXTURE(a_scope_stays_behind_the_name),
        WITH_FIXTURE(what_neither_asks_nor_answers_is_refused),
        WITH_FIXTURE(the_port_decides_who_is_asked),
        WITH_FIXTURE(over_tcp_each_message_stands_behind_its_length),
        WITH_FIXTURE(over_tcp_the_port_and_a_length_for_a_head_are_wanted),
    };

    return cmocka_run_group_tests_name("extract_name", tests, NULL, NULL);
}
