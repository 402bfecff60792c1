/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
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
    };

    return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
