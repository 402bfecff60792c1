/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "talking.h"

#define IMAP (&extract_imap)

static void the_reply_with_the_logins_tag_decides(void **state)
{
    struct heard *h = *state;

    assert_int_equal(TALK(h, IMAP, "S: * OK ready", "C: a1 CAPABILITY", "S: a1 OK",
                          "C: a2 LOGIN teacher chalk", "S: * CAPABILITY X", "S: a1 NO",
                          "S: a2 OK in"),
                     EXTRACT_DONE);
    assert_login(h, "imap", "accepted", "password", true);
    assert_never_said(h, "teacher");
    TALK(h, IMAP, "C: 2.1 login a b", "S: 2.1 NO [AUTHENTICATIONFAILED]");
    assert_login(h, "imap", "refused", "password", true);
}

static void literals_and_answers_are_passed_over(void **state)
{
    struct heard *h = *state;

    TALK(h, IMAP, "C: a LOGIN {5}", "S: + go", "C: b STARTTLS", "S: + go", "C: c",
         "S: a OK");
    assert_login(h, "imap", "accepted", "password", true);
    TALK(h, IMAP, "C: a AUTHENTICATE PLAIN", "S: +", "C: AGEAYg==", "S: a BAD");
    assert_login(h, "imap", "refused", "plain", true);
    TALK(h, IMAP, "C: a AUTHENTICATE GSSAPI", "S: +", "C: AGEAYg==", "S: a OK");
    assert_login(h, "imap", "accepted", "challenge", false);
}

static void a_tag_has_32_characters_at_most(void **state)
{
    struct heard *h = *state;

    TALK(h, IMAP, "C: 12345678901234567890123456789012 LOGIN a b",
         "S: 12345678901234567890123456789012 OK");
    assert_login(h, "imap", "accepted", "password", true);
    TALK(h, IMAP, "C: 123456789012345678901234567890123 LOGIN a b",
         "S: 123456789012345678901234567890123 OK");
    assert_int_equal(h->count, 0);
}

static void starttls_and_preauth_are_no_logins(void **state)
{
    struct heard *h = *state;

    assert_int_equal(TALK(h, IMAP, "S: * OK", "C: a STARTTLS"), EXTRACT_OTHER);
    assert_int_equal(TALK(h, IMAP, "C: a STARTTLS", "S: a OK go"), EXTRACT_OTHER);
    assert_int_equal(TALK(h, IMAP, "C: a STARTTLS", "S: a BAD"), EXTRACT_NEXT);
    assert_int_equal(TALK(h, IMAP, "S: * PREAUTH"), EXTRACT_DONE);
    assert_int_equal(h->count, 0);
}

static void a_client_is_known_by_tag_and_command(void **state)
{
    static const struct packet p = {.dst_port = 143};

    (void)state;
    assert_true(IMAP->wants(&p, cur_over("1 LOGIN a b", 11)));
    assert_true(IMAP->wants(&p, cur_over("a01 CAPA", 8)));
    assert_false(IMAP->wants(&p, cur_over("GET /x HTTP", 11)));
    assert_false(IMAP->wants(&p, cur_over("* LOGIN x", 9)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_HEARD(the_reply_with_the_logins_tag_decides),
        WITH_HEARD(literals_and_answers_are_passed_over),
        WITH_HEARD(a_tag_has_32_characters_at_most),
        WITH_HEARD(starttls_and_preauth_are_no_logins),
        WITH_HEARD(a_client_is_known_by_tag_and_command),
    };

    return cmocka_run_group_tests_name("extract_imap", tests, NULL, NULL);
}
