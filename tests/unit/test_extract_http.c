/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "heard.h"

#define HTTP (&extract_http)

struct fixture {
    struct heard heard;
};

static int set_up(void **state)
{
    static struct fixture f;

    heard_init(&f.heard);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    heard_done(&f->heard);
    return 0;
}

static enum extract_result hear(struct fixture *f, const char *text)
{
    f->heard.count = 0;
    return heard_read(&f->heard, HTTP, text, strlen(text));
}

static const char request[] = "GET /images/?q=1 HTTP/1.1\r\n"
                              "Host: WWW.Example.com:8080\r\n"
                              "user-agent:  Browser/1.0 (a; b) \r\n"
                              "Authorization: bAsIc dTpw\r\n"
                              "Accept: */*\r\n\r\n";

static const char response[] = "HTTP/1.1 404 Not Found\r\n"
                               "Content-Type: Text/HTML; charset=utf-8\r\n"
                               "Content-Length: 12\r\n\r\n";

static void a_request_says_who_asks_whom_for_what(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, request), EXTRACT_NEXT);
    assert_says(&f->heard, FIELD_HTTP_SIDE, "\"request\"");
    assert_says(&f->heard, FIELD_HTTP_METHOD, "\"GET\"");
    assert_says(&f->heard, FIELD_HTTP_PATH, "\"/images/?q=1\"");
    assert_says(&f->heard, FIELD_HOST, "\"www.example.com\"");
    assert_says(&f->heard, FIELD_HOST_REGISTRABLE, "\"example.com\"");
    assert_says(&f->heard, FIELD_HTTP_USER_AGENT, "\"Browser/1.0 (a; b)\"");
    assert_says(&f->heard, FIELD_HTTP_BASIC_AUTH, "true");
    assert_says(&f->heard, FIELD_HTTP_STATUS, "");
    assert_int_equal(f->heard.skip, 0);
    assert_int_equal(f->heard.left, 0);
}

static void a_response_says_what_came(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, response), EXTRACT_NEXT);
    assert_says(&f->heard, FIELD_HTTP_SIDE, "\"response\"");
    assert_says(&f->heard, FIELD_HTTP_STATUS, "404");
    assert_says(&f->heard, FIELD_HTTP_CONTENT_TYPE, "\"text/html\"");
    assert_says(&f->heard, FIELD_HTTP_LENGTH, "12");
    assert_says(&f->heard, FIELD_HTTP_BASIC_AUTH, "");
    assert_int_equal(f->heard.skip, 12);
}

static void beginnings_of_a_head_wait_for_more_and_say_nothing(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 1; i < strlen(request); i++)
        assert_int_equal(heard_read(&f->heard, HTTP, request, i), EXTRACT_MORE);
    for (size_t i = 1; i < strlen(response); i++)
        assert_int_equal(heard_read(&f->heard, HTTP, response, i), EXTRACT_MORE);
    assert_int_equal(f->heard.count, 0);
}

static void the_host_is_found_wherever_it_stands(void **state)
{
    static const struct {
        const char *head, *host, *path;
    } cases[] = {
        {"GET http://a.example/x HTTP/1.1\r\nHost: b.example\r\n\r\n", "\"a.example\"",
         "\"/x\""},
        {"GET HTTP://u:p@a.example:81?q HTTP/1.1\r\n\r\n", "\"a.example\"", "\"?q\""},
        {"CONNECT a.example:443 HTTP/1.1\r\nHost: b.example\r\n\r\n", "\"a.example\"",
         ""},
        {"OPTIONS * HTTP/1.1\r\nhost:b.example\r\n\r\n", "\"b.example\"", "\"*\""},
        {"GET / HTTP/1.1\nHost: [2001:db8::1]:80\n\n", "\"2001:db8::1\"", "\"/\""},
        {"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", "\"a.example\"",
         "\"/\""},
        {"GET / HTTP/1.0\r\n\r\n", "", "\"/\""},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        (void)hear(f, cases[i].head);
        assert_int_equal(f->heard.count, 1);
        assert_says(&f->heard, FIELD_HOST, cases[i].host);
        assert_says(&f->heard, FIELD_HTTP_PATH, cases[i].path);
        assert_says(&f->heard, FIELD_HTTP_BASIC_AUTH, "false");
    }
}

static void only_basic_logins_count_and_a_proxys_do(void **state)
{
    struct fixture *f = *state;

    hear(f, "GET / HTTP/1.1\r\nAuthorization: Bearer Basic x\r\n\r\n");
    assert_says(&f->heard, FIELD_HTTP_BASIC_AUTH, "false");
    hear(f, "GET / HTTP/1.1\r\nProxy-Authorization: Basic eA==\r\n\r\n");
    assert_says(&f->heard, FIELD_HTTP_BASIC_AUTH, "true");
}

/* The hosts that were asked about, each with a blank behind it. */
static char asked[256];

static bool note_asked(struct text host, void *arg)
{
    (void)arg;
    snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%.*s ", (int)host.len,
             host.at);
    return false;
}

static void where_somebody_comes_from_or_is_sent_to_is_asked_about(void **state)
{
    struct fixture *f = *state;

    f->heard.guards = note_asked;
    asked[0] = '\0';
    hear(f, "GET / HTTP/1.1\r\nHost: a.example\r\nReferer: https://WWW.help.example/x?y"
            "\r\nOrigin: http://chat.example:8080\r\n\r\n");
    hear(f, "HTTP/1.1 302 Found\r\nLocation: //to.example\r\n\r\n");
    hear(f, "HTTP/1.1 302 Found\r\nLocation: /here\r\n\r\n");
    hear(f, "GET / HTTP/1.1\r\nReferer: \r\nOrigin: null\r\n\r\n");
    assert_string_equal(asked, "www.help.example chat.example to.example ");
}

static void what_a_login_was_is_in_no_field(void **state)
{
    struct fixture *f = *state;
    struct event *e = f->heard.events[0];

    hear(f, request);
    for (enum field_id i = event_next(e, 0); i < FIELD_COUNT; i = event_next(e, i + 1)) {
        char room[512];

        assert_null(strstr(heard_says(&f->heard, i, room), "dTpw"));
    }
}

static void bodies_are_passed_over_by_their_length(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"),
                     EXTRACT_NEXT);
    assert_int_equal(f->heard.skip, 5);
    assert_int_equal(f->heard.left, 5);
    assert_int_equal(hear(f, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
                     EXTRACT_DONE); /* too long to be worth it */
    assert_says(&f->heard, FIELD_HTTP_LENGTH, "99999999999");
    assert_int_equal(hear(f, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
                     EXTRACT_NEXT);
    assert_int_equal(f->heard.skip, 0);
    assert_int_equal(hear(f, "HTTP/1.1 100 Continue\r\n\r\n"), EXTRACT_NEXT);
    assert_int_equal(hear(f, "GET / HTTP/1.1\r\nContent-Length: 5x\r\n\r\n"),
                     EXTRACT_NEXT);
    assert_says(&f->heard, FIELD_HTTP_LENGTH, "");
}

static void chunks_are_passed_over_one_by_one(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n"
                             "Content-Length: 7\r\n\r\n"),
                     EXTRACT_NEXT);
    assert_int_equal(f->heard.skip, 0);

    assert_int_equal(hear(f, "1a;name=value\r\nabc"), EXTRACT_NEXT);
    assert_int_equal(f->heard.skip, 26 + 2);
    assert_int_equal(f->heard.left, 3);
    assert_int_equal(hear(f, "FF \r\n"), EXTRACT_NEXT);
    assert_int_equal(f->heard.skip, 255 + 2);
    assert_int_equal(hear(f, "0\r\n"), EXTRACT_MORE);
    assert_int_equal(hear(f, "0\r\nTrailer: x\r\n\r\nHTTP/1.1"), EXTRACT_NEXT);
    assert_int_equal(f->heard.left, 8);
    assert_int_equal(f->heard.skip, 0);
    assert_int_equal(hear(f, "ffffffffff\r\n"), EXTRACT_DONE);
    assert_int_equal(hear(f, "12 34\r\n"), EXTRACT_NOT);
    assert_int_equal(hear(f, "\r\n\r\n"), EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void behind_a_tunnel_or_an_upgrade_another_protocol_begins(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, "CONNECT a.example:443 HTTP/1.1\r\n\r\n"), EXTRACT_OTHER);
    assert_int_equal(hear(f, "HTTP/1.1 200 Connection established\r\n\r\n"),
                     EXTRACT_OTHER);
    assert_int_equal(hear(f, "HTTP/1.1 101 Switching Protocols\r\n\r\n"), EXTRACT_OTHER);
    assert_int_equal(f->heard.count, 1);
}

static void an_empty_line_before_a_head_is_passed_over(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f, "\r\nGET / HTTP/1.1\r\n\r\n"), EXTRACT_NEXT);
    assert_int_equal(f->heard.count, 1);
    assert_int_equal(hear(f, "\r\n"), EXTRACT_NEXT);
    assert_int_equal(f->heard.count, 0);
}

static void what_is_no_http_1_is_refused(void **state)
{
    static const char *const others[] = {
        "OPTIONS sip:a@b SIP/2.0\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET /\r\n\r\n",
        "GET HTTP/1.1\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1200 OK\r\n\r\n",
        "GET / HTTP/1.11\r\n\r\n",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_int_equal(hear(f, others[i]), EXTRACT_NOT);
    assert_int_equal(f->heard.count, 0);
}

static void odd_lines_of_a_head_are_ignored(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(hear(f,
                          "GET /a b HTTP/1.1\r\nno colon\r\n: no name\r\n folded: x\r\n"
                          "Host:\r\nX-Host: c\r\n\r\n"),
                     EXTRACT_NEXT);
    assert_says(&f->heard, FIELD_HTTP_PATH, "\"/a b\"");
    assert_says(&f->heard, FIELD_HOST, "");
}

static void long_paths_are_cut_and_the_event_says_so(void **state)
{
    struct fixture *f = *state;
    char head[8192] = "GET /";
    const struct value *path;

    memset(head + 5, 'x', 5000);
    (void)snprintf(head + 5005, 100, " HTTP/1.1\r\n\r\n");
    assert_int_equal(hear(f, head), EXTRACT_NEXT);
    path = event_get(f->heard.events[0], FIELD_HTTP_PATH);
    assert_int_equal(path->text.len, 2048);
    assert_true(event_short(f->heard.events[0]));
}

/* Hears a response of that media type, of len letters. */
static void hear_type(struct fixture *f, size_t len)
{
    char head[512];

    (void)snprintf(head, sizeof(head), "HTTP/1.1 204 No\r\nContent-Type: %0*d\r\n\r\n",
                   (int)len, 0);
    assert_int_equal(hear(f, head), EXTRACT_NEXT);
}

static void a_type_that_is_too_long_is_left_out_and_the_event_says_so(void **state)
{
    struct fixture *f = *state;

    hear_type(f, 128);
    assert_true(event_has(f->heard.events[0], FIELD_HTTP_CONTENT_TYPE));
    assert_false(event_short(f->heard.events[0]));
    hear_type(f, 129);
    assert_false(event_has(f->heard.events[0], FIELD_HTTP_CONTENT_TYPE));
    assert_true(event_short(f->heard.events[0]));
}

static void a_head_ends_with_an_empty_line_of_either_kind(void **state)
{
    static const char *const whole[] = {
        "GET / HTTP/1.1\n\n",    "GET / HTTP/1.1\r\n\n",        "GET / HTTP/1.1\n\r\nGET",
        "GET / HTTP/1.1\n\nGET", "GET / HTTP/1.1\nA: b\n\nGET", "0\n\n",
        "0\r\nA: b\r\n\nGET",
    };
    static const char *const cut[] = {
        "GET / HTTP/1.1\n",   "GET / HTTP/1.1\n\r",     "GET / HTTP/1.1\n\r\r\n",
        "GET / HTTP/1.1\nA:", "GET / HTTP/1.1\nA: b\n", "0\n\r",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
        assert_int_equal(hear(f, whole[i]), EXTRACT_NEXT);
    for (size_t i = 0; i < sizeof(cut) / sizeof(*cut); i++)
        assert_int_equal(hear(f, cut[i]), EXTRACT_MORE);
}

static void a_chunks_line_that_does_not_end_within_256_bytes_is_refused(void **state)
{
    struct fixture *f = *state;
    char line[257] = {0};

    memset(line, '0', 255);
    assert_int_equal(hear(f, line), EXTRACT_MORE);
    line[255] = '0';
    assert_int_equal(hear(f, line), EXTRACT_NOT);
}

static bool wants(const char *text)
{
    return HTTP->wants(&(struct packet){0}, cur_over(text, strlen(text)));
}

static void its_first_bytes_are_known_one_by_one(void **state)
{
    (void)state;
    assert_true(wants("G"));
    assert_true(wants("GET "));
    assert_true(wants("HTTP/1.0 200"));
    assert_true(wants("SSTP_DUP"));
    assert_false(wants("GETS / H"));
    assert_false(wants("get / HT"));
    assert_false(wants("SSH-2.0-"));
    assert_false(wants("1a\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_request_says_who_asks_whom_for_what),
        WITH_FIXTURE(a_response_says_what_came),
        WITH_FIXTURE(beginnings_of_a_head_wait_for_more_and_say_nothing),
        WITH_FIXTURE(the_host_is_found_wherever_it_stands),
        WITH_FIXTURE(only_basic_logins_count_and_a_proxys_do),
        WITH_FIXTURE(what_a_login_was_is_in_no_field),
        WITH_FIXTURE(where_somebody_comes_from_or_is_sent_to_is_asked_about),
        WITH_FIXTURE(bodies_are_passed_over_by_their_length),
        WITH_FIXTURE(chunks_are_passed_over_one_by_one),
        WITH_FIXTURE(behind_a_tunnel_or_an_upgrade_another_protocol_begins),
        WITH_FIXTURE(an_empty_line_before_a_head_is_passed_over),
        WITH_FIXTURE(what_is_no_http_1_is_refused),
        WITH_FIXTURE(odd_lines_of_a_head_are_ignored),
        WITH_FIXTURE(long_paths_are_cut_and_the_event_says_so),
        WITH_FIXTURE(a_type_that_is_too_long_is_left_out_and_the_event_says_so),
        WITH_FIXTURE(a_head_ends_with_an_empty_line_of_either_kind),
        WITH_FIXTURE(a_chunks_line_that_does_not_end_within_256_bytes_is_refused),
        WITH_FIXTURE(its_first_bytes_are_known_one_by_one),
    };

    return cmocka_run_group_tests_name("extract_http", tests, NULL, NULL);
}
