/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "talking.h"

#define TELNET (&extract_telnet)

/* The server's text, message by message. */
static enum extract_result server(struct heard *h, const char *text)
{
    enum extract_result result = EXTRACT_NEXT;
    size_t len = strlen(text);

    h->from_client = false;
    while (len > 0 && result == EXTRACT_NEXT) {
        result = heard_read(h, TELNET, text + (strlen(text) - len), len);
        len = h->left;
    }
    return result;
}

static void begin(struct heard *h)
{
    h->talk = (struct talk){0};
    h->count = 0;
    assert_int_equal(server(h, "\xff\xfb\x01\r\nlogin: "), EXTRACT_NEXT);
    assert_int_equal(server(h, "teacher\r\n"), EXTRACT_NEXT);
    assert_int_equal(server(h, "Pass"), EXTRACT_MORE);
    assert_int_equal(server(h, "Password: "), EXTRACT_NEXT);
    assert_int_equal(server(h, "\r\n"), EXTRACT_NEXT);
    assert_int_equal(h->count, 0);
}

static void what_comes_behind_the_password_decides(void **state)
{
    struct heard *h = *state;

    begin(h);
    assert_int_equal(server(h, "Last login: Mon\r\n"), EXTRACT_DONE);
    assert_login(h, "telnet", "accepted", "password", true);
    assert_never_said(h, "teacher");
    begin(h);
    assert_int_equal(server(h, "Login incorrect\r\n"), EXTRACT_NEXT);
    assert_login(h, "telnet", "refused", "password", true);
    begin(h);
    assert_int_equal(server(h, "switch> "), EXTRACT_DONE);
    assert_login(h, "telnet", "accepted", "password", true);
}

static void a_second_prompt_is_a_refusal(void **state)
{
    struct heard *h = *state;

    begin(h);
    server(h, "Password: ");
    assert_login(h, "telnet", "refused", "password", true);
    server(h, "\r\nsw# ");
    assert_int_equal(h->count, 2);
    begin(h);
    server(h, "Username: ");
    assert_login(h, "telnet", "refused", "password", true);
}

static void an_answer_in_the_line_of_the_prompt_is_an_answer(void **state)
{
    struct heard *h = *state;

    h->talk = (struct talk){0};
    h->count = 0;
    server(h, "Password: Welcome\r\n");
    assert_login(h, "telnet", "accepted", "password", true);
}

static void text_that_goes_on_is_heard_at_1024_bytes(void **state)
{
    static char text[1025];
    struct heard *h = *state;

    begin(h);
    memset(text, 'x', 1024);
    text[1023] = '\0';
    assert_int_equal(server(h, text), EXTRACT_MORE);
    text[1023] = 'x';
    assert_int_equal(server(h, text), EXTRACT_DONE);
    assert_login(h, "telnet", "accepted", "password", true);
}

static void giving_up_is_no_login(void **state)
{
    struct heard *h = *state;

    begin(h);
    server(h, "Login timed out after 60 seconds\r\n");
    assert_int_equal(h->count, 0);
}

static void options_are_passed_and_wait_until_they_are_whole(void **state)
{
    struct heard *h = *state;

    h->from_client = true;
    h->talk = (struct talk){0};
    assert_int_equal(heard_read(h, TELNET, "\xff\xfa\x18\x00xterm\xff\xf0", 11),
                     EXTRACT_NEXT);
    assert_int_equal(h->left, 0);
    assert_int_equal(heard_read(h, TELNET, "\xff\xfa\x18\x00xt", 6), EXTRACT_MORE);
    assert_int_equal(heard_read(h, TELNET, "\xff\xfb", 2), EXTRACT_MORE);
    assert_int_equal(heard_read(h, TELNET, "\xff\xf1", 2), EXTRACT_NEXT);
    assert_int_equal(heard_read(h, TELNET, "secret\xff\xf1", 8), EXTRACT_NEXT);
    assert_int_equal(h->left, 2);
}

static void only_what_begins_with_an_option_is_wanted(void **state)
{
    static const struct packet p = {.src_port = 23};

    (void)state;
    assert_true(TELNET->wants(&p, cur_over("\xff\xfd\x18", 3)));
    assert_true(TELNET->wants(&p, cur_over("\xff", 1)));
    assert_false(TELNET->wants(&p, cur_over("\xff\xd8\xff", 3)));
    assert_false(TELNET->wants(&p, cur_over("\xff\xfd\x90", 3)));
    assert_false(TELNET->wants(&p, cur_over("login: ", 7)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_HEARD(what_comes_behind_the_password_decides),
        WITH_HEARD(a_second_prompt_is_a_refusal),
        WITH_HEARD(an_answer_in_the_line_of_the_prompt_is_an_answer),
        WITH_HEARD(text_that_goes_on_is_heard_at_1024_bytes),
        WITH_HEARD(giving_up_is_no_login),
        WITH_HEARD(options_are_passed_and_wait_until_they_are_whole),
        WITH_HEARD(only_what_begins_with_an_option_is_wanted),
    };

    return cmocka_run_group_tests_name("extract_telnet", tests, NULL, NULL);
}
