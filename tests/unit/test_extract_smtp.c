/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "talking.h"

#define SMTP (&extract_smtp)

static void plain_and_login_show_the_password(void **state)
{
    struct heard *h = *state;

    assert_int_equal(TALK(h, SMTP, "S: 220 x", "C: EHLO y", "S: 250-AUTH PLAIN",
                          "S: 250 OK", "C: AUTH PLAIN AGEAYg==", "S: 235 2.7.0 in"),
                     EXTRACT_DONE);
    assert_login(h, "smtp", "accepted", "plain", true);
    assert_never_said(h, "AGEA");
    TALK(h, SMTP, "C: auth login", "S: 334 VXNlcm5hbWU6", "C: QUI=", "S: 334 UGFz",
         "C: TUFJTA==", "S: 535 no");
    assert_login(h, "smtp", "refused", "login", true);
}

static void a_challenge_does_not(void **state)
{
    struct heard *h = *state;

    TALK(h, SMTP, "C: AUTH CRAM-MD5", "S: 334 PDE+", "C: dGlt", "S: 235 in");
    assert_login(h, "smtp", "accepted", "challenge", false);
}

static void starttls_is_no_login_unless_it_is_refused(void **state)
{
    struct heard *h = *state;

    assert_int_equal(TALK(h, SMTP, "S: 220 x", "C: STARTTLS"), EXTRACT_OTHER);
    assert_int_equal(TALK(h, SMTP, "C: STARTTLS", "S: 220 go"), EXTRACT_OTHER);
    assert_int_equal(h->count, 0);
    assert_int_equal(TALK(h, SMTP, "C: STARTTLS", "S: 454 no", "C: AUTH PLAIN AA=="),
                     EXTRACT_NEXT);
    TALK(h, SMTP, "C: STARTTLS", "S: 454 no", "C: AUTH PLAIN AA==", "S: 235 in");
    assert_login(h, "smtp", "accepted", "plain", true);
}

static void mail_without_a_login_ends_it(void **state)
{
    struct heard *h = *state;

    assert_int_equal(
        TALK(h, SMTP, "S: 220 x", "C: HELO y", "S: 250 OK", "C: MAIL FROM:<a>"),
        EXTRACT_DONE);
    assert_int_equal(TALK(h, SMTP, "C: MAIL FROM:<a>", "S: 235 odd"), EXTRACT_DONE);
    assert_int_equal(h->count, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_HEARD(plain_and_login_show_the_password),
        WITH_HEARD(a_challenge_does_not),
        WITH_HEARD(starttls_is_no_login_unless_it_is_refused),
        WITH_HEARD(mail_without_a_login_ends_it),
    };

    return cmocka_run_group_tests_name("extract_smtp", tests, NULL, NULL);
}
