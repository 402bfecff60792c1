/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "talking.h"

#define FTP (&extract_ftp)

static void a_password_that_is_taken_is_a_login(void **state)
{
    struct heard *h = *state;

    assert_int_equal(TALK(h, FTP, "S: 220 ready", "C: USER teacher", "S: 331 password?",
                          "C: pass chalk", "S: 230-Welcome", "S: 230 in"),
                     EXTRACT_DONE);
    assert_login(h, "ftp", "accepted", "password", true);
    assert_never_said(h, "teacher");
    assert_never_said(h, "chalk");
    h->from_client = true;
    assert_int_equal(heard_read(h, FTP, "LIST\r\n", 6), EXTRACT_DONE);
}

static void one_that_is_not_taken_may_be_followed_by_another(void **state)
{
    struct heard *h = *state;

    assert_int_equal(TALK(h, FTP, "C: USER a", "S: 331 ?", "C: PASS b", "S: 530 no"),
                     EXTRACT_NEXT);
    assert_login(h, "ftp", "refused", "password", true);
    assert_int_equal(TALK(h, FTP, "C: USER a", "S: 331 ?", "C: PASS b", "S: 530 no",
                          "C: USER a", "S: 331 ?", "C: PASS c", "S: 230 in"),
                     EXTRACT_DONE);
    assert_int_equal(h->count, 2);
}

static void who_comes_as_anybody_shows_no_password(void **state)
{
    struct heard *h = *state;

    TALK(h, FTP, "C: USER Anonymous", "S: 331 ?", "C: PASS me@home", "S: 230 in");
    assert_login(h, "ftp", "accepted", "anonymous", false);
    TALK(h, FTP, "C: USER anonymously", "S: 331 ?", "C: PASS x", "S: 230 in");
    assert_login(h, "ftp", "accepted", "password", true);
}

static void tls_is_no_login(void **state)
{
    struct heard *h = *state;

    assert_int_equal(TALK(h, FTP, "S: 220 ready", "C: AUTH TLS"), EXTRACT_OTHER);
    assert_int_equal(TALK(h, FTP, "S: 220 ready", "C: AUTH TLS", "S: 234 go"),
                     EXTRACT_OTHER);
    assert_int_equal(h->count, 0);
    TALK(h, FTP, "C: AUTH TLS", "S: 502 what?", "C: USER a", "S: 331 ?", "C: PASS b",
         "S: 230 in");
    assert_login(h, "ftp", "accepted", "password", true);
}

static void a_refused_user_or_another_reply_is_no_login(void **state)
{
    struct heard *h = *state;

    TALK(h, FTP, "S: 220 x", "C: USER a", "S: 530 only anonymous here", "C: QUIT",
         "S: 221 bye");
    assert_int_equal(h->count, 0);
    TALK(h, FTP, "C: SYST", "S: 230 odd", "S: 23x", "S: ");
    assert_int_equal(h->count, 0);
}

static void lines_that_go_on_wait_and_zeros_are_refused(void **state)
{
    struct heard *h = *state;

    h->talk = (struct talk){0};
    h->from_client = true;
    assert_int_equal(heard_read(h, FTP, "PASS cha", 8), EXTRACT_MORE);
    assert_int_equal(h->talk.state, 0);
    assert_int_equal(heard_read(h, FTP, "PA\0S x\r\n", 8), EXTRACT_NOT);
}

static void a_line_that_does_not_end_within_16384_bytes_is_refused(void **state)
{
    static char line[16384];
    struct heard *h = *state;

    memset(line, 'x', sizeof(line));
    h->talk = (struct talk){0};
    h->from_client = true;
    assert_int_equal(heard_read(h, FTP, line, sizeof(line) - 1), EXTRACT_MORE);
    assert_int_equal(heard_read(h, FTP, line, sizeof(line)), EXTRACT_NOT);
}

static bool wants(const char *text, uint16_t from, uint16_t to)
{
    return FTP->wants(&(struct packet){.src_port = from, .dst_port = to},
                      cur_over(text, strlen(text)));
}

static void it_is_told_from_mail_by_its_greeting(void **state)
{
    (void)state;
    assert_true(wants("220 hello", 21, 40000));
    assert_true(wants("220 ProFTPD here", 2121, 40000));
    assert_false(wants("220 mx ESMTP", 25, 40000));
    assert_true(wants("USER a", 40000, 21));
    assert_false(wants("USER a", 40000, 110));
    assert_false(wants("GET / HT", 40000, 80));
    assert_false(wants("", 40000, 21));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_HEARD(a_password_that_is_taken_is_a_login),
        WITH_HEARD(one_that_is_not_taken_may_be_followed_by_another),
        WITH_HEARD(who_comes_as_anybody_shows_no_password),
        WITH_HEARD(tls_is_no_login),
        WITH_HEARD(a_refused_user_or_another_reply_is_no_login),
        WITH_HEARD(lines_that_go_on_wait_and_zeros_are_refused),
        WITH_HEARD(a_line_that_does_not_end_within_16384_bytes_is_refused),
        WITH_HEARD(it_is_told_from_mail_by_its_greeting),
    };

    return cmocka_run_group_tests_name("extract_ftp", tests, NULL, NULL);
}
