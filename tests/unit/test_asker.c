/* SPDX-License-Identifier: Apache-2.0 */
/* What people ask for, in the store and on its way to the agent and back. */
#include "store_fixture.h"

#include <errno.h>

#include "collector/asker.h"
#include "collector/store_agent.h"
#include "collector/store_ask.h"
#include "collector/store_custody.h"
#include "crypt.h"
#include "json.h"

#define SHOWN \
    "{\"src_ip\": \"10.20.1.7\", \"hallwatch\": {\"device\": {\"ip\": \"%s\"%s}}}"

struct desk {
    struct fixture *f;
    struct asker *asker;
    int64_t incident;
    uint64_t seq;
    unsigned sent;
    int refuse; /* -errno of the next sends */
    struct wire_ask last;
};

static int send_ask(const char *agent, const struct wire_ask *ask, void *arg)
{
    struct desk *d = arg;

    assert_string_equal(agent, "lincoln-1");
    if (d->refuse)
        return d->refuse;
    d->sent++;
    d->last = *ask;
    return 0;
}

static void alert(struct desk *d, const char *device, const char *more)
{
    auto_free char *document = xasprintf(SHOWN, device, more);
    struct store_alert a = an_alert(++d->seq);

    a.document = document;
    begin(d->f);
    assert_int_equal(store_alert_put(d->f->s, &a), 0);
    assert_int_equal(
        store_alert_settle(d->f->s, (int64_t)d->seq, ALERT_JOINED, d->incident), 0);
    commit(d->f);
}

static int desk_set_up(void **state)
{
    struct desk *d = xcalloc(1, sizeof(*d));
    struct store_incident i = {.key = "k",
                               .playbook = "p",
                               .rule = "r",
                               .title = "t",
                               .site = "",
                               .segment = "",
                               .device = ""};
    void *fixture = NULL;

    assert_int_equal(crypt_init(), 0);
    set_up(&fixture);
    d->f = fixture;
    begin(d->f);
    assert_int_equal(store_agent_add(d->f->s, "lincoln-1", "lincoln", "key"), 0);
    assert_int_equal(store_incident_open(d->f->s, &i, &d->incident), 0);
    commit(d->f);
    d->asker = asker_new(d->f->s, send_ask, d);
    *state = d;
    return 0;
}

static int desk_tear_down(void **state)
{
    struct desk *d = *state;
    void *fixture = d->f;

    asker_free(d->asker);
    tear_down(&fixture);
    free(d);
    return 0;
}

static int try_ask(struct desk *d, struct store_ask a, int64_t *ret_id)
{
    struct store_ask_target t = {0};
    int rc = store_ask_target(d->f->s, d->incident, a.device, &t);

    if (rc)
        return rc;
    a.incident = d->incident;
    a.who = "ida";
    begin(d->f);
    rc = store_ask_put(d->f->s, &a, &t, ret_id);
    if (rc == 0)
        commit(d->f);
    else
        store_rollback(d->f->s);
    store_ask_target_done(&t);
    return rc;
}

static struct store_ask ordinary(const struct desk *d)
{
    return (struct store_ask){.why = "does it call again?",
                              .length = USEC_PER_MIN,
                              .most = 1 << 20,
                              .until = d->f->now + USEC_PER_HOUR};
}

static int64_t ask(struct desk *d)
{
    int64_t id = 0;

    assert_int_equal(try_ask(d, ordinary(d), &id), 0);
    return id;
}

static enum evidence_asked state_of(struct desk *d, int64_t id)
{
    struct store_evidence e;
    enum evidence_asked asked;

    assert_int_equal(store_evidence_get(d->f->s, id, &e), 0);
    asked = e.asked;
    store_evidence_done(&e);
    return asked;
}

static void say(struct desk *d, enum wire_answer_code code, const char *why)
{
    struct wire_answer answer = {.code = (uint8_t)code, .why = text_of(why)};

    memcpy(answer.id, d->last.id, sizeof(answer.id));
    asker_answer(d->asker, "lincoln-1", &answer);
}

static void tick(struct desk *d, usec_t now)
{
    asker_tick(d->asker, now * USEC_PER_SEC);
}

static void has_custody(struct desk *d, int64_t id, const char *expected)
{
    auto_json struct json *list = store_custody_list(d->f->s, id);
    auto_buffer struct buffer told = {0};

    for (size_t i = 0; i < json_count(list); i++)
        buffer_print(&told, "%s%s by %s", i ? "; " : "",
                     json_get_text(json_item(list, i), "what", ""),
                     json_get_text(json_item(list, i), "who", ""));
    assert_string_equal(told.at ? told.at : "", expected);
}

static void it_is_sent_again_until_it_is_answered(void **state)
{
    struct desk *d = *state;
    int64_t id;

    alert(d, "10.20.1.7", "");
    id = ask(d);
    d->refuse = -EHOSTUNREACH;
    tick(d, 100);
    d->refuse = 0;
    tick(d, 101);
    assert_int_equal(d->sent, 1);
    assert_int_equal(d->last.length, USEC_PER_MIN);
    assert_int_equal(d->last.address[15], 7);
    assert_false(d->last.again);
    tick(d, 110);
    assert_int_equal(d->sent, 1);
    tick(d, 111);
    assert_int_equal(d->sent, 2);
    say(d, WIRE_ANSWER_TAKEN, "");
    assert_int_equal(state_of(d, id), ASKED_TAKEN);
    has_custody(d, id, "asked by ida; taken by lincoln-1");
    say(d, WIRE_ANSWER_REFUSED, "late"); /* it was answered */
    assert_int_equal(state_of(d, id), ASKED_TAKEN);
}

static void after_a_welcome_what_was_taken_is_asked_for_once_more(void **state)
{
    struct desk *d = *state;
    int64_t id;

    alert(d, "10.20.1.7", "");
    id = ask(d);
    tick(d, 100);
    say(d, WIRE_ANSWER_TAKEN, "");
    tick(d, 200);
    assert_int_equal(d->sent, 1);
    asker_welcome(d->asker, "washington-1");
    tick(d, 201);
    assert_int_equal(d->sent, 1);
    asker_welcome(d->asker, "lincoln-1");
    tick(d, 202);
    tick(d, 203);
    assert_int_equal(d->sent, 2);
    assert_true(d->last.again);
    say(d, WIRE_ANSWER_UNKNOWN, "restarted");
    assert_int_equal(state_of(d, id), ASKED_LOST);
    has_custody(d, id, "asked by ida; taken by lincoln-1; lost by lincoln-1");
    tick(d, 204);
    assert_int_equal(d->sent, 2);
}

static void what_comes_after_all_is_done(void **state)
{
    struct desk *d = *state;
    auto_free char *part = NULL;
    char name[33];
    int64_t id;

    alert(d, "10.20.1.7", "");
    id = ask(d);
    tick(d, 100);
    say(d, WIRE_ANSWER_TAKEN, "");
    crypt_hex(d->last.id, sizeof(d->last.id), name);
    part = xasprintf(
        "{\"hallwatch\": {\"evidence\": {\"id\": \"%s\", \"part\": 1, \"parts\": "
        "1, \"custody\": {}, \"sealed\": \"AAAA\"}}}",
        name);
    begin(d->f);
    assert_int_equal(store_evidence_put(d->f->s, "lincoln-1", part, strlen(part)), 0);
    commit(d->f);
    assert_int_equal(state_of(d, id), ASKED_DONE);
    asker_welcome(d->asker, "lincoln-1");
    tick(d, 200);
    assert_int_equal(d->sent, 1);
}

static void nobody_is_waited_for_longer_than_was_said(void **state)
{
    struct desk *d = *state;
    int64_t id;

    alert(d, "10.20.1.7", "");
    id = ask(d);
    d->refuse = -EHOSTUNREACH;
    tick(d, 100);
    d->f->now += USEC_PER_HOUR - 1;
    tick(d, 101);
    assert_int_equal(state_of(d, id), ASKED_WAITING);
    d->f->now++;
    tick(d, 102);
    assert_int_equal(state_of(d, id), ASKED_UNANSWERED);
    has_custody(d, id, "asked by ida; unanswered by collector");
}

static void what_was_taken_and_never_comes_is_lost_after_a_day(void **state)
{
    struct desk *d = *state;
    int64_t id;

    alert(d, "10.20.1.7", "");
    id = ask(d);
    tick(d, 100);
    say(d, WIRE_ANSWER_TAKEN, "");
    d->f->now += USEC_PER_DAY;
    tick(d, 101);
    assert_int_equal(state_of(d, id), ASKED_TAKEN);
    d->f->now += USEC_PER_MIN;
    tick(d, 102);
    assert_int_equal(state_of(d, id), ASKED_LOST);
}

static void an_agent_of_an_old_version_is_said_to_refuse(void **state)
{
    struct desk *d = *state;
    int64_t id;

    alert(d, "10.20.1.7", "");
    id = ask(d);
    d->refuse = -EPROTONOSUPPORT;
    tick(d, 100);
    assert_int_equal(state_of(d, id), ASKED_REFUSED);
}

static void only_whom_an_alert_shows_can_be_asked_for(void **state)
{
    struct desk *d = *state;
    struct store_ask other = ordinary(d), shown = ordinary(d);
    int64_t id;

    assert_int_equal(try_ask(d, ordinary(d), &id), -EINVAL); /* there is no alert */
    alert(d, "10.20.1.9", ", \"pseudonym\": \"7KQX-M3TA\"");
    assert_int_equal(try_ask(d, ordinary(d), &id), -EINVAL);
    assert_non_null(strstr(store_error(d->f->s), "pseudonym"));
    alert(d, "10.20.1.7", "");
    other.device = "10.20.1.9";
    assert_int_equal(try_ask(d, other, &id), -EINVAL);
    alert(d, "10.20.1.8", "");
    assert_int_equal(try_ask(d, ordinary(d), &id), -EINVAL);
    assert_non_null(strstr(store_error(d->f->s), "several"));
    shown.device = "10.20.1.7";
    assert_int_equal(try_ask(d, shown, &id), 0);
}

static void measures_and_a_purpose_are_needed(void **state)
{
    struct desk *d = *state;
    struct store_ask wrong[6];
    int64_t id;

    alert(d, "10.20.1.7", "");
    for (size_t i = 0; i < 6; i++)
        wrong[i] = ordinary(d);
    wrong[0].why = "";
    wrong[1].length = USEC_PER_HOUR + 1;
    wrong[2].before = 61 * USEC_PER_SEC;
    wrong[3].most = 5 << 20;
    wrong[4].snaplen = 4096;
    wrong[5].until = d->f->now + 8 * USEC_PER_DAY;
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(try_ask(d, wrong[i], &id), -EINVAL);
}

static void more_than_a_few_at_a_time_are_too_many(void **state)
{
    struct desk *d = *state;
    int64_t id;

    alert(d, "10.20.1.7", "");
    for (unsigned i = 0; i < STORE_ASK_OPEN; i++)
        ask(d);
    assert_int_equal(try_ask(d, ordinary(d), &id), -EBUSY);
    tick(d, 100);
    assert_int_equal(d->sent, STORE_ASK_OPEN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_sent_again_until_it_is_answered),
        TEST(after_a_welcome_what_was_taken_is_asked_for_once_more),
        TEST(what_comes_after_all_is_done),
        TEST(nobody_is_waited_for_longer_than_was_said),
        TEST(what_was_taken_and_never_comes_is_lost_after_a_day),
        TEST(an_agent_of_an_old_version_is_said_to_refuse),
        TEST(only_whom_an_alert_shows_can_be_asked_for),
        TEST(measures_and_a_purpose_are_needed),
        TEST(more_than_a_few_at_a_time_are_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
