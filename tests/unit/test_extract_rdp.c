/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "talking.h"

#define RDP (&extract_rdp)

/* [MS-RDPBCGR] 4.1.1: with a cookie, and TLS and CredSSP offered. */
static const char request[] = "\x03\x00\x00\x2f\x2a\xe0\x00\x00\x00\x00\x00"
                              "Cookie: mstshash=teacher\r\n"
                              "\x01\x00\x08\x00\x03\x00\x00\x00";
static const char confirm[] = "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00"
                              "\x02\x00\x08\x00\x02\x00\x00\x00";
static const char failure[] = "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00"
                              "\x03\x00\x08\x00\x05\x00\x00\x00";
static const char bare_request[] = "\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00";
static const char bare_confirm[] = "\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00";

static enum extract_result hear(struct heard *h, const char *bytes, size_t size)
{
    h->count = 0;
    return heard_read(h, RDP, bytes, size - 1);
}

static void a_request_says_what_is_offered_and_nobodys_name(void **state)
{
    struct heard *h = *state;

    /* the length that the header says is that of these bytes */
    assert_int_equal(sizeof(request) - 1, 11 + 26 + 8);
    char fixed[sizeof(request)];

    memcpy(fixed, request, sizeof(request));
    fixed[3] = sizeof(request) - 1;
    assert_int_equal(hear(h, fixed, sizeof(fixed)), EXTRACT_OTHER);
    assert_says(h, FIELD_RDP_OFFERED, "[\"tls\", \"nla\"]");
    assert_says(h, FIELD_RDP_SIDE, "\"client\"");
    assert_never_said(h, "teacher");
    for (size_t i = 1; i < sizeof(fixed); i++) {
        h->count = 0;
        assert_int_equal(heard_read(h, RDP, fixed, i - 1), EXTRACT_MORE);
    }
}

static void a_confirmation_says_what_is_chosen(void **state)
{
    struct heard *h = *state;

    assert_int_equal(hear(h, confirm, sizeof(confirm)), EXTRACT_OTHER);
    assert_says(h, FIELD_RDP_SECURITY, "\"nla\"");
    assert_int_equal(hear(h, failure, sizeof(failure)), EXTRACT_OTHER);
    assert_says(h, FIELD_RDP_SECURITY, "\"failed\"");
}

static void a_message_has_1024_bytes_at_most(void **state)
{
    struct heard *h = *state;

    assert_int_equal(hear(h, "\x03\x00\x04\x00", 5), EXTRACT_MORE);
    assert_int_equal(hear(h, "\x03\x00\x04\x01", 5), EXTRACT_NOT);
    assert_int_equal(hear(h, "\x03\x00\x00\x0a", 5), EXTRACT_NOT);
}

static void without_a_word_of_it_the_port_must_be_its_own(void **state)
{
    struct heard *h = *state;

    h->packet.dst_port = 102;
    h->packet.src_port = 102;
    assert_int_equal(hear(h, bare_request, sizeof(bare_request)), EXTRACT_NOT);
    assert_int_equal(hear(h, bare_confirm, sizeof(bare_confirm)), EXTRACT_NOT);
    h->packet.dst_port = 3389;
    assert_int_equal(hear(h, bare_request, sizeof(bare_request)), EXTRACT_OTHER);
    assert_says(h, FIELD_RDP_OFFERED, "[\"rdp\"]");
    h->packet.src_port = 3389;
    assert_int_equal(hear(h, bare_confirm, sizeof(bare_confirm)), EXTRACT_OTHER);
    assert_says(h, FIELD_RDP_SECURITY, "\"rdp\"");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_HEARD(a_request_says_what_is_offered_and_nobodys_name),
        WITH_HEARD(a_confirmation_says_what_is_chosen),
        WITH_HEARD(a_message_has_1024_bytes_at_most),
        WITH_HEARD(without_a_word_of_it_the_port_must_be_its_own),
    };

    return cmocka_run_group_tests_name("extract_rdp", tests, NULL, NULL);
}
