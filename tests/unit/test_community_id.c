/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "digest.h"

/* From the baseline of the specification (github.com/corelight/community-id-spec), the
 * last one from Wireshark. */
static const struct {
    const char *src, *dst;
    uint16_t src_port, dst_port;
    uint8_t proto;
    const char *id;
} cases[] = {
    {"1.2.3.4", "5.6.7.8", 1122, 3344, 6, "1:wCb3OG7yAFWelaUydu0D+125CLM="},
    {"128.232.110.120", "66.35.250.204", 34855, 80, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"192.168.1.52", "8.8.8.8", 54585, 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {"192.168.170.8", "192.168.170.56", 7, 80, 132, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="},
    {"192.168.0.89", "192.168.0.1", 8, 0, 1, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {"192.168.0.89", "192.168.0.1", 20, 0, 1, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI="},
    {"fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0, 58,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {"10.1.10.10", "10.1.10.1", 0, 0, 89, "1:L5HTnrL5YVnq2JSV8o83h1GhWsE="},
};

static void of(const char *src, const char *dst, uint16_t sport, uint16_t dport,
               uint8_t proto, char *ret_text)
{
    struct addr a, b;

    assert_int_equal(addr_parse(src, &a), 0);
    assert_int_equal(addr_parse(dst, &b), 0);
    community_id(&a, &b, sport, dport, proto, ret_text);
}

static void the_specification_is_agreed_with(void **state)
{
    char text[COMMUNITY_ID_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        of(cases[i].src, cases[i].dst, cases[i].src_port, cases[i].dst_port,
           cases[i].proto, text);
        assert_string_equal(text, cases[i].id);
    }
}

static void both_directions_have_one_id(void **state)
{
    char there[COMMUNITY_ID_TEXT], back[COMMUNITY_ID_TEXT];

    (void)state;
    of("10.0.0.1", "10.0.0.2", 1234, 80, 6, there);
    of("10.0.0.2", "10.0.0.1", 80, 1234, 6, back);
    assert_string_equal(there, back);
    of("10.0.0.1", "10.0.0.1", 1234, 80, 6, there);
    of("10.0.0.1", "10.0.0.1", 80, 1234, 6, back);
    assert_string_equal(there, back);
}

static void an_icmp_question_and_its_answer_have_one_id(void **state)
{
    char asked[COMMUNITY_ID_TEXT], answered[COMMUNITY_ID_TEXT];

    (void)state;
    of("192.168.0.89", "192.168.0.1", 8, 0, 1, asked);
    of("192.168.0.1", "192.168.0.89", 0, 0, 1, answered);
    assert_string_equal(asked, answered);
    of("fe80::1", "fe80::2", 135, 0, 58, asked);
    of("fe80::2", "fe80::1", 136, 0, 58, answered);
    assert_string_equal(asked, answered);
}

static void a_message_that_is_never_answered_is_of_one_direction(void **state)
{
    char there[COMMUNITY_ID_TEXT], back[COMMUNITY_ID_TEXT];

    (void)state;
    of("192.168.0.89", "192.168.0.1", 3, 1, 1, there);
    of("192.168.0.1", "192.168.0.89", 3, 1, 1, back);
    assert_string_not_equal(there, back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specification_is_agreed_with),
        cmocka_unit_test(both_directions_have_one_id),
        cmocka_unit_test(an_icmp_question_and_its_answer_have_one_id),
        cmocka_unit_test(a_message_that_is_never_answered_is_of_one_direction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
