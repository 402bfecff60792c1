/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "talking.h"

#define POP3 (&extract_pop3)

static void the_reply_to_the_password_decides(void **state)
{
    struct heard *h = *state;

    assert_int_equal(TALK(h, POP3, "S: +OK ready", "C: USER teacher", "S: +OK",
                          "C: PASS chalk", "S: +OK in"),
                     EXTRACT_DONE);
    assert_login(h, "pop3", "accepted", "password", true);
    assert_never_said(h, "chalk");
    TALK(h, POP3, "S: +OK ready", "C: USER a", "S: +OK", "C: PASS b", "S: -ERR no");
    assert_login(h, "pop3", "refused", "password", true);
}

static void commands_sent_ahead_are_counted(void **state)
{
    struct heard *h = *state;

    TALK(h, POP3, "S: +OK ready", "C: USER a", "C: PASS b", "S: +OK user", "S: -ERR no");
    assert_login(h, "pop3", "refused", "password", true);
}

static void other_ways_to_log_in_are_known(void **state)
{
    struct heard *h = *state;

    TALK(h, POP3, "C: AUTH", "S: -ERR", "C: AUTH PLAIN", "S: + ",
         "C: AGEAYg==", "S: +OK");
    assert_login(h, "pop3", "accepted", "plain", true);
    TALK(h, POP3, "C: APOP a 0123456789abcdef", "S: -ERR");
    assert_login(h, "pop3", "refused", "challenge", false);
}

static void stls_is_no_login(void **state)
{
    struct heard *h = *state;

    assert_int_equal(
        TALK(h, POP3, "S: +OK", "C: CAPA", "S: +OK", "S: STLS", "S: .", "C: STLS"),
        EXTRACT_OTHER);
    assert_int_equal(TALK(h, POP3, "S: +OK", "C: STLS", "S: +OK begin"), EXTRACT_OTHER);
    assert_int_equal(h->count, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_HEARD(the_reply_to_the_password_decides),
        WITH_HEARD(commands_sent_ahead_are_counted),
        WITH_HEARD(other_ways_to_log_in_are_known),
        WITH_HEARD(stls_is_no_login),
    };

    return cmocka_run_group_tests_name("extract_pop3", tests, NULL, NULL);
}
