/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "collector/runner.h"
#include "collector/store_wish.h"
#include "playbooks.h"
#include "store_fixture.h"

#define PAUSE (5 * USEC_PER_SEC)

struct shop {
    struct fixture *f;
    struct collector_settings settings;
    struct district *district;
    struct notices notices; /* none: a plain sentence is sent */
    struct action_world world;
    struct runner *runner;
    int64_t run;
};

/* A port of this machine where nobody listens. */
static char *a_dead_url(const char *scheme)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    auto_close int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    return xasprintf("%s://127.0.0.1:%u", scheme, ntohs(at.sin_port));
}

static int shop_set_up(void **state)
{
    struct shop *s = xcalloc(1, sizeof(*s));
    void *fixture = NULL;

    set_up(&fixture);
    s->f = fixture;
    s->district = district_of(TEST_DISTRICT);
    s->settings.smtp.from = xstrdup("hw@d.example");
    s->world = (struct action_world){.settings = &s->settings,
                                     .district = s->district,
                                     .notices = &s->notices,
                                     .post = post_new()};
    s->runner = runner_new(&(struct runner_settings){.store = s->f->s,
                                                     .world = &s->world,
                                                     .holder = "runner-1",
                                                     .first_pause = PAUSE,
                                                     .attempts = 3});
    begin(s->f);
    s->run = a_run(s->f, an_incident(s->f));
    commit(s->f);
    *state = s;
    return 0;
}

static int shop_tear_down(void **state)
{
    struct shop *s = *state;
    void *fixture = s->f;

    runner_free(s->runner);
    post_free(s->world.post);
    district_free(s->district);
    free(s->settings.smtp.from);
    free(s->settings.smtp.url);
    free(s);
    return tear_down(&fixture);
}

static int64_t wish(struct shop *s, const char *action, const char *payload)
{
    int64_t id = 0;

    begin(s->f);
    assert_int_equal(store_wish_put(s->f->s,
                                    &(struct store_wish){.run = s->run,
                                                         .incident = 1,
                                                         .step = "page",
                                                         .action = action,
                                                         .key = "1:page#1.0/sec/0",
                                                         .payload = payload},
                                    &id),
                     0);
    commit(s->f);
    return id;
}

/* The wish's state; whether its outcome holds the words. */
static enum wish_state state_of(struct shop *s, int64_t id, const char *words)
{
    struct store_wish w;
    enum wish_state state;

    assert_int_equal(store_wish_get(s->f->s, id, &w), 0);
    state = w.state;
    if (!strstr(w.outcome, words))
        fail_msg("%s", w.outcome);
    store_wish_done(&w);
    return state;
}

static void an_action_that_is_not_there_fails_for_good(void **state)
{
    struct shop *s = *state;
    int64_t id = wish(s, "carrier-pigeon", "{}");

    assert_int_equal(runner_turn(s->runner), 0);
    assert_int_equal(state_of(s, id, "mail, webhook"), WISH_FAILED);
    assert_int_equal(runner_turn(s->runner), -ENOENT);
}

static void a_mail_without_a_server_fails_for_good_and_says_what_to_set(void **state)
{
    struct shop *s = *state;
    int64_t id = wish(s, "mail", "{\"at\":\"sec@d.example\"}");

    assert_int_equal(runner_turn(s->runner), 0);
    assert_int_equal(state_of(s, id, "smtp.url"), WISH_FAILED);
}

static void an_address_that_could_add_to_the_head_is_refused(void **state)
{
    struct shop *s = *state;
    int64_t id;

    s->settings.smtp.url = a_dead_url("smtp");
    id = wish(s, "mail", "{\"at\":\"a@b.example>\\r\\nBcc: <c@d.example\"}");
    assert_int_equal(runner_turn(s->runner), 0);
    assert_int_equal(state_of(s, id, "no mail address"), WISH_FAILED);
}

static void a_server_that_is_away_is_asked_again_after_longer_pauses(void **state)
{
    struct shop *s = *state;
    usec_t begun = s->f->now;
    int64_t id;

    s->settings.smtp.url = a_dead_url("smtp");
    id = wish(s, "mail", "{\"at\":\"sec@d.example\"}");
    assert_int_equal(runner_turn(s->runner), 0);
    assert_int_equal(state_of(s, id, "\"attempts\":1"), WISH_WAITING);
    assert_int_equal(runner_next(s->runner), begun + PAUSE);
    assert_int_equal(runner_turn(s->runner), -ENOENT);
    s->f->now = begun + PAUSE;
    assert_int_equal(runner_turn(s->runner), 0);
    assert_int_equal(runner_next(s->runner), begun + 3 * PAUSE);
    s->f->now = begun + 3 * PAUSE;
    assert_int_equal(runner_turn(s->runner), 0);
    assert_int_equal(state_of(s, id, "\"attempts\":3"), WISH_FAILED);
    assert_int_equal(runner_next(s->runner), 0);
}

static void what_a_dead_runner_held_is_taken_up_at_once(void **state)
{
    struct shop *s = *state;
    int64_t id = wish(s, "carrier-pigeon", "{}");
    struct store_wish w;

    begin(s->f);
    assert_int_equal(store_wish_claim(s->f->s, "runner-1", USEC_PER_HOUR, &w), 0);
    commit(s->f);
    store_wish_done(&w);
    assert_int_equal(runner_turn(s->runner), -ENOENT);
    assert_int_equal(runner_resume(s->runner), 0);
    assert_int_equal(runner_turn(s->runner), 0);
    assert_int_equal(state_of(s, id, "\"attempts\":2"), WISH_FAILED);
}

static void what_another_runner_holds_is_left_to_it(void **state)
{
    struct shop *s = *state;
    struct store_wish w;

    wish(s, "carrier-pigeon", "{}");
    begin(s->f);
    assert_int_equal(store_wish_claim(s->f->s, "runner-2", USEC_PER_HOUR, &w), 0);
    commit(s->f);
    store_wish_done(&w);
    assert_int_equal(runner_resume(s->runner), 0);
    assert_int_equal(runner_turn(s->runner), -ENOENT);
}

/* ---- a server that answers once ---- */

struct server {
    int fd;
    pthread_t thread;
    const char *const *lines; /* to each line that comes in, one; NULL: no more */
    struct buffer heard, answer;
};

static void say(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;
    int fd = accept(s->fd, NULL, NULL);
    char bytes[4096];
    ssize_t n;

    if (s->lines)
        say(fd, *s->lines, strlen(*s->lines));
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        buffer_add(&s->heard, bytes, (size_t)n);
        if (s->answer.len) {
            say(fd, s->answer.at, s->answer.len);
            break;
        }
        if (bytes[n - 1] != '\n')
            continue;
        s->lines++;
        say(fd, *s->lines, strlen(*s->lines));
        if (!s->lines[1])
            break;
    }
    close(fd);
    return NULL;
}

/* The port. */
static unsigned server_begin(struct server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(listen(s->fd, 1), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    return ntohs(at.sin_port);
}

static void server_end(struct server *s)
{
    pthread_join(s->thread, NULL);
    close(s->fd);
    buffer_done(&s->heard);
    buffer_done(&s->answer);
}

/* Else whoever answers with a page at length would get the same message again. */
static void what_a_server_accepted_is_done_however_long_its_answer(void **state)
{
    struct shop *s = *state;
    struct server server = {0};
    auto_free char *payload = NULL;
    int64_t id;

    buffer_text(&server.answer, "HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < 5000; i++)
        buffer_text(&server.answer, "Thank you very much. ");
    payload = xasprintf("{\"at\":\"http://127.0.0.1:%u\"}", server_begin(&server));
    id = wish(s, "webhook", payload);
    assert_int_equal(runner_turn(s->runner), 0);
    assert_int_equal(state_of(s, id, "accepted (200)"), WISH_DONE);
    server_end(&server);
}

/* RFC 5322, section 2.1.1. */
static void no_line_of_a_mail_is_longer_than_it_may_be(void **state)
{
    static const char *const lines[] = {"220 here\r\n",
                                        "250 here\r\n",
                                        "250 fine\r\n",
                                        "250 fine\r\n",
                                        "354 go on\r\n",
                                        "250 stored\r\n",
                                        NULL};
    static const struct notice notice = {
        .name = "t", .subject = "${incident.title}", .text = "-"};
    static const struct notice_language language = {
        .tag = "en", .notices = &notice, .count = 1};
    struct shop *s = *state;
    struct server server = {.lines = lines};
    char title[1200] = "", *line, *rest;
    auto_free char *payload = NULL;
    size_t count = 0;
    int64_t id;

    s->notices = (struct notices){&language, 1};
    s->settings.smtp.tls = SMTP_TLS_NEVER;
    s->settings.smtp.url = xasprintf("smtp://127.0.0.1:%u", server_begin(&server));
    memset(title, 'x', sizeof(title) - 1);
    payload = xasprintf("{\"at\":\"a@d.example\",\"template\":\"t\",\"facts\":"
                        "{\"incident\":{\"title\":\"%s\"}}}",
                        title);
    id = wish(s, "mail", payload);
    assert_int_equal(runner_turn(s->runner), 0);
    assert_int_equal(state_of(s, id, "accepted"), WISH_DONE);
    pthread_join(server.thread, NULL);
    rest = server.heard.at;
    while ((line = strsep(&rest, "\n"))) {
        assert_true(strlen(line) <= 998);
        count += strncmp(line, " =?UTF-8?B?", 11) == 0;
    }
    assert_true(count >= 1199 / 42);
    close(server.fd);
    buffer_done(&server.heard);
}

#define IN_A_SHOP(test) cmocka_unit_test_setup_teardown(test, shop_set_up, shop_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_SHOP(an_action_that_is_not_there_fails_for_good),
        IN_A_SHOP(a_mail_without_a_server_fails_for_good_and_says_what_to_set),
        IN_A_SHOP(an_address_that_could_add_to_the_head_is_refused),
        IN_A_SHOP(a_server_that_is_away_is_asked_again_after_longer_pauses),
        IN_A_SHOP(what_a_dead_runner_held_is_taken_up_at_once),
        IN_A_SHOP(what_another_runner_holds_is_left_to_it),
        IN_A_SHOP(what_a_server_accepted_is_done_however_long_its_answer),
        IN_A_SHOP(no_line_of_a_mail_is_longer_than_it_may_be),
    };

    return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
