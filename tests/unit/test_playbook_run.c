/* SPDX-License-Identifier: Apache-2.0 */
/* The engine, step by step: what is wished for when something happens. */
#include "unit.h"

#include <errno.h>

#include "run_world.h"

#define PAGE \
    "{\"incident\": {\"id\": 7, \"site\": \"lincoln\", \"after_hours\": \"page\"}}"
#define HOLD \
    "{\"incident\": {\"id\": 7, \"site\": \"lincoln\", \"after_hours\": \"hold\"}}"
#define DAY   "2026-11-24T10:00:00-06:00" /* a Tuesday */
#define NIGHT "2026-11-24T20:00:00-06:00"

#define ACK                                                                    \
    "- {id: page, kind: notify, to: security, template: malware, then: ack}\n" \
    "- {id: ack, kind: ack, within: 30m, on_timeout: other, then: end}\n"      \
    "- {id: other, kind: ack, role: network-admin, within: 30m, then: end}\n"

struct fixture {
    struct district *district;
    struct playbook *plan;
    struct world *w;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->district = district_of(TEST_DISTRICT);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->w)
        world_free(f->w);
    playbook_free(f->plan);
    district_free(f->district);
    free(f);
    return 0;
}

static struct world *begin(struct fixture *f, const char *steps, const char *known,
                           const char *now)
{
    f->plan = plan_of(steps);
    f->w = world_new(f->plan, f->district, known, now);
    return f->w;
}

static void on_duty_they_are_told_once_and_asked_to_take_it(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);

    assert_wishes(w, "send sec malware; timer 30 min; task-open ack ack security");
    assert_string_equal(world_step(w), "ack");
    assert_int_equal(w->status, RUN_ACTIVE);
}

/* At once, and who was told just before is not told again. */
static void what_there_is_is_frozen_on_the_way(void **state)
{
    struct world *w =
        begin(*state,
              "- {id: page, kind: notify, to: security, template: malware, then: keep}\n"
              "- {id: keep, kind: evidence, for: 30d, then: ack}\n"
              "- {id: ack, kind: ack, within: 30m, then: end}\n",
              PAGE, DAY);

    assert_wishes(w, "send sec malware; freeze keep#2 30 d; timer 30 min; "
                     "task-open ack ack security");
    assert_string_equal(world_step(w), "ack");
}

static void taking_an_ack_is_answering_it(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);

    world_take(w, "ack", "sec");
    assert_wishes(w, "task-end done; timer-stop; incident acknowledged none");
    assert_string_equal(world_step(w), "end");
    assert_int_equal(w->status, RUN_ACTIVE); /* the page has no outcome yet */
    world_outcome(w, true);
    assert_int_equal(w->status, RUN_ENDED);
}

static void without_an_answer_in_time_the_run_goes_where_the_step_says(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);

    world_fire(w, 0);
    assert_wishes(w, "task-end expired; timer 30 min; send net task-waiting; "
                     "task-open ack other network-admin");
    assert_string_equal(world_step(w), "other");
}

static void the_roster_is_climbed_to_the_last_responder_and_then_it_stands(void **state)
{
    struct world *w = begin(
        *state, "- {id: do, kind: task, title: T, within: 1h, then: end}\n", PAGE, DAY);

    assert_wishes(w, "timer 1 h; send sec task-waiting; task-open task do security");
    world_fire(w, 0);
    assert_wishes(w, "send net task-overdue; timer 1 h");
    world_fire(w, 0);
    assert_wishes(w, "send deputy task-overdue; timer 1 h");
    for (int i = 0; i < 3; i++) {
        world_fire(w, 0);
        assert_wishes(w, "send line task-overdue; send line task-overdue; timer 1 h");
    }
    world_fire(w, 0);
    assert_wishes(w, "");
    world_answer(w, "do", "line", "{}");
    assert_string_equal(world_step(w), "end");
}

static void escalation_may_go_straight_to_the_last_responder(void **state)
{
    struct world *w = begin(*state,
                            "- {id: do, kind: task, title: T, within: 1h,"
                            " on_timeout: {escalate: last-responder}, then: end}\n",
                            PAGE, DAY);

    world_fire(w, 0);
    assert_wishes(w, "send line task-overdue; send line task-overdue; timer 1 h");
}

static void by_night_a_page_goes_to_the_last_responder(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, NIGHT);

    assert_wishes(w, "send line malware; send line malware; timer 30 min; "
                     "task-open ack ack security");
}

static void by_night_what_can_wait_waits_until_somebody_is_on_duty(void **state)
{
    struct world *w = begin(*state, ACK, HOLD, NIGHT);

    assert_wishes(w, "send sec malware in 11 h; timer 690 min; "
                     "task-open ack ack security");
}

static void by_night_what_can_wait_does_not_climb_the_roster(void **state)
{
    struct world *w =
        begin(*state, "- {id: do, kind: task, title: T, within: 2h, then: end}\n", HOLD,
              "2026-11-24T16:00:00-06:00");

    world_fire(w, 0);
    assert_wishes(w, "timer 13 h");
    world_fire(w, 0);
    assert_wishes(w, "send net task-overdue; timer 2 h");
}

static void by_night_what_is_urgent_does_not_wait(void **state)
{
    struct world *w =
        begin(*state,
              "- {id: do, kind: task, title: T, urgent: true, within: 30m, then: end}\n",
              HOLD, NIGHT);

    assert_wishes(w, "timer 30 min; send line task-waiting; send line task-waiting; "
                     "task-open task do security");
    world_fire(w, 0);
    assert_wishes(w, "send net task-overdue; timer 30 min");
}

static void a_role_without_anybody_becomes_a_task_for_the_lead(void **state)
{
    struct world *w = begin(*state,
                            "- {id: do, kind: task, role: exams-officer, title: T,"
                            " within: 1h, then: end}\n",
                            PAGE, DAY);

    assert_wishes(w, "timer 1 h; task-open trouble  security; "
                     "task-open task do exams-officer");
}

static void a_deadline_fires_once(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);
    usec_t due = w->timer_due;

    world_fire(w, 0);
    world_event(w,
                (struct run_event){.kind = RUN_EVENT_TIMER, .step = "ack", .due = due});
    assert_wishes(w, "");
    assert_string_equal(world_step(w), "other");
}

static void a_timer_that_comes_early_is_set_again(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);

    w->now -= USEC_PER_HOUR; /* the clock went back */
    world_event(
        w, (struct run_event){
               .kind = RUN_EVENT_TIMER, .key = "t", .step = "ack", .due = w->timer_due});
    assert_wishes(w, "timer 90 min");
    w->now = w->timer_due;
    world_event(
        w, (struct run_event){
               .kind = RUN_EVENT_TIMER, .key = "t", .step = "ack", .due = w->timer_due});
    assert_string_equal(world_step(w), "other");
}

static void a_timer_that_fires_late_says_so(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);
    const struct json *diary;
    bool noted = false;

    world_fire(w, 2 * USEC_PER_HOUR + USEC_PER_SEC);
    assert_int_equal(w->last.wishes[2].kind, RUN_WISH_SEND);
    assert_string_equal(
        json_text(json_get_path(w->last.wishes[2].facts, "task.late"), ""), "2 h");
    diary = json_get(w->state, "diary");
    for (size_t i = 0; i < json_count(diary); i++)
        noted = noted || json_get_number(json_item(diary, i), "late", 0) ==
                             (int64_t)(2 * USEC_PER_HOUR + USEC_PER_SEC);
    assert_true(noted);
}

#define FAMILY                                                                         \
    "- id: say\n  kind: communicate\n  audience: owner-family\n  template: repaired\n" \
    "  approve: safety-officer\n  on_refused: note\n  then: end\n"                     \
    "- {id: note, kind: task, title: N, then: end}\n"

static void nothing_is_sent_to_families_before_somebody_agreed(void **state)
{
    struct world *w = begin(*state, FAMILY, PAGE, DAY);

    assert_wishes(w, "send safe task-waiting; task-open approve say safety-officer");
    world_answer(w, "say", "safe", "{\"approve\": \"yes\"}");
    assert_wishes(w, "send-stop; send sec task-waiting; task-open task say security");
    assert_string_equal(json_get_text(w->last.wishes[2].detail, "template", ""),
                        "repaired");
    world_answer(w, "say", "sec", "{}");
    assert_string_equal(world_step(w), "end");
}

static void who_is_refused_goes_another_way(void **state)
{
    struct world *w = begin(*state, FAMILY, PAGE, DAY);

    world_answer(w, "say", "safe", "{\"approve\": \"no\", \"reason\": \"Not now\"}");
    assert_string_equal(world_step(w), "note");
}

static void only_the_role_that_is_asked_can_agree(void **state)
{
    struct world *w = begin(*state, FAMILY, PAGE, DAY);

    world_answer(w, "say", "net", "{\"approve\": \"yes\"}");
    assert_wishes(w, "task-open approve say safety-officer");
    assert_string_equal(json_get_text(w->last.wishes[0].detail, "again", ""),
                        "only safety-officer can agree to this");
    world_answer(w, "say", "safe", "{\"approve\": \"yes\"}");
    assert_string_equal(world_step(w), "say");
    assert_int_equal(world_task(w, "say")->kind, TASK_TASK);
}

#define DECIDE                                                              \
    "- id: ask\n  kind: decide\n  question: Records?\n  reason: required\n" \
    "  options: {yes: {call: data-breach, then: shut}, no: shut}\n"         \
    "- {id: shut, kind: close, then: look}\n"                               \
    "- {id: look, kind: review, within: 5d,"                                \
    " form: [{field: entry, ask: How?, required: true}]}\n"

static void a_decision_may_call_another_playbook_and_goes_on_when_it_returns(void **state)
{
    struct world *w = begin(*state, DECIDE, PAGE, DAY);

    world_answer(w, "ask", "sec", "{\"option\": \"yes\", \"reason\": \"Accounts\"}");
    assert_wishes(w, "send-stop; call data-breach");
    assert_string_equal(w->call_step, "ask:yes");
    world_event(w, (struct run_event){.kind = RUN_EVENT_RETURN, .step = "ask:yes"});
    assert_string_equal(world_step(w), "shut");
}

static void closing_says_what_it_was_and_the_review_comes_after(void **state)
{
    struct world *w = begin(*state, DECIDE, PAGE, DAY);

    world_answer(w, "ask", "sec", "{\"option\": \"no\", \"reason\": \"None on it\"}");
    world_answer(w, "shut", "sec",
                 "{\"disposition\": \"benign\", \"reason\": \"A lesson\"}");
    assert_int_equal(w->last.wishes[1].kind, RUN_WISH_INCIDENT);
    assert_int_equal(w->last.wishes[1].to, INCIDENT_CLOSED);
    assert_int_equal(w->last.wishes[1].disposition, DISPOSITION_BENIGN);
    assert_string_equal(w->last.wishes[1].why, "A lesson");
    assert_string_equal(world_step(w), "look");
    world_answer(w, "look", "sec", "{\"entry\": \"Mail\"}");
    assert_string_equal(json_text(json_get_path(w->state, "facts.answer.look.entry"), ""),
                        "Mail");
}

static void an_answer_that_does_not_fit_is_asked_again(void **state)
{
    struct world *w = begin(*state, DECIDE, PAGE, DAY);

    world_answer(w, "ask", "sec", "{\"option\": \"perhaps\"}");
    assert_wishes(w, "task-open decide ask security");
    assert_string_equal(json_get_text(w->last.wishes[0].detail, "again", ""),
                        "choose one of: yes, no");
    world_answer(w, "ask", "sec", "{\"option\": \"no\"}");
    assert_string_equal(json_get_text(w->last.wishes[0].detail, "again", ""),
                        "please give a reason");
    assert_string_equal(world_step(w), "ask");
}

#define SAFE                                                                            \
    "- id: do\n  kind: task\n  title: T\n  within: 30m\n  marks: contained\n"           \
    "  form: [{field: safe, ask: Safe?, type: yesno, required: true, done: \"yes\"}]\n" \
    "  then: end\n"

static void a_no_to_what_makes_it_done_marks_nothing_and_tells_somebody_else(void **state)
{
    struct world *w =
        begin(*state, SAFE "  on_timeout: {escalate: last-responder}\n", PAGE, DAY);

    world_answer(w, "do", "sec", "{\"safe\": \"no\"}");
    assert_wishes(w, "timer-stop; timer 30 min; send line task-not-done; "
                     "send line task-not-done; task-open task do security");
    assert_string_equal(world_step(w), "do");
    assert_string_equal(json_get_text(world_task(w, "do")->detail, "again", ""),
                        "sec answered \"no\": Safe?");
    world_answer(w, "do", "line", "{\"safe\": \"no\"}"); /* not told of their own no */
    assert_wishes(w, "timer-stop; timer 30 min; send sec task-not-done; "
                     "task-open task do security");
    world_answer(w, "do", "sec", "{\"safe\": \"yes\"}");
    assert_string_equal(world_step(w), "end");
    assert_wishes(w, "timer-stop; send-stop; incident contained none");
}

static void without_last_responder_a_no_climbs_the_roster(void **state)
{
    struct world *w = begin(*state, SAFE, PAGE, DAY);

    world_answer(w, "do", "sec", "{\"safe\": \"no\"}");
    assert_wishes(w, "timer-stop; timer 30 min; send net task-not-done; "
                     "task-open task do security");
}

static void a_no_goes_where_the_playbook_says_and_marks_nothing(void **state)
{
    struct world *w =
        begin(*state,
              SAFE "  not_done: other\n"
                   "- {id: other, kind: task, title: O, within: 1h, then: end}\n",
              PAGE, DAY);

    world_answer(w, "do", "sec", "{\"safe\": \"no\"}");
    assert_wishes(w, "timer-stop; send-stop; timer 1 h; send sec task-waiting; "
                     "task-open task other security");
    assert_string_equal(json_text(json_get_path(w->state, "facts.answer.do.safe"), ""),
                        "no");
}

static void an_incident_closed_by_a_person_goes_on_behind_the_closing(void **state)
{
    struct world *w = begin(*state, DECIDE, PAGE, DAY);
    auto_json struct json *document = json_parse("{\"to\": \"closed\"}", 16, NULL);

    world_event(w, (struct run_event){
                       .kind = RUN_EVENT_INCIDENT, .who = "sec", .document = document});
    assert_string_equal(world_step(w), "look");
    assert_int_equal(w->last.wishes[0].task_state, TASK_WITHDRAWN);
}

static void an_incident_that_is_reopened_begins_anew(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);
    const char *closed = "{\"from\": \"open\", \"to\": \"closed\"}";
    const char *open = "{\"from\": \"closed\", \"to\": \"open\"}";
    auto_json struct json *close = json_parse(closed, strlen(closed), NULL);
    auto_json struct json *reopen = json_parse(open, strlen(open), NULL);

    world_event(w, (struct run_event){
                       .kind = RUN_EVENT_INCIDENT, .who = "sec", .document = close});
    world_outcome(w, true); /* the page's */
    assert_int_equal(w->status, RUN_ENDED);
    world_event(w, (struct run_event){
                       .kind = RUN_EVENT_INCIDENT, .who = "sec", .document = reopen});
    assert_wishes(w, "send sec malware; timer 30 min; task-open ack ack security");
    assert_string_equal(world_step(w), "ack");
    assert_int_equal(w->status, RUN_ACTIVE);
    world_event(w, (struct run_event){
                       .kind = RUN_EVENT_INCIDENT, .who = "sec", .document = close});
    assert_wishes(w, "task-end withdrawn; timer-stop");
    assert_string_equal(world_step(w), "end");
}

static void a_run_that_is_stopped_takes_its_tasks_with_it(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);

    world_event(w, (struct run_event){.kind = RUN_EVENT_STOP, .who = "sec"});
    assert_wishes(w, "task-end withdrawn; timer-stop");
    assert_int_equal(w->status, RUN_ABANDONED);
    world_event(w, (struct run_event){.kind = RUN_EVENT_START});
    assert_wishes(w, "");
}

#define WATCH                                                            \
    "- {id: watch, kind: wait, for: 7d, then: back}\n"                   \
    "- {id: back, kind: branch, otherwise: end, cases:"                  \
    " [{fact: incident.alerts_since_wait, at_least: 2, then: again}]}\n" \
    "- {id: again, kind: task, title: T, then: end}\n"

static void a_wait_counts_the_alerts_that_come_meanwhile(void **state)
{
    struct world *w = begin(*state, WATCH, PAGE, DAY);

    assert_wishes(w, "timer 7 d");
    for (int i = 0; i < 2; i++)
        world_event(w, (struct run_event){.kind = RUN_EVENT_ALERT});
    world_fire(w, 0);
    assert_string_equal(world_step(w), "again");
}

static void a_wait_without_alerts_leads_the_other_way(void **state)
{
    struct world *w = begin(*state, WATCH, PAGE, DAY);

    world_event(w, (struct run_event){.kind = RUN_EVENT_ALERT});
    world_fire(w, 0);
    assert_int_equal(w->status, RUN_ENDED);
}

static void a_wait_until_ends_when_it_is_so(void **state)
{
    struct world *w =
        begin(*state,
              "- id: until\n  kind: wait\n  within: 1d\n  on_timeout: late\n"
              "  until: {fact: incident.state, is: contained}\n  then: end\n"
              "- {id: late, kind: task, title: T, then: end}\n",
              PAGE, DAY);
    auto_json struct json *document = json_parse("{\"to\": \"contained\"}", 19, NULL);

    assert_wishes(w, "timer 1 d");
    world_event(w, (struct run_event){.kind = RUN_EVENT_INCIDENT, .document = document});
    assert_wishes(w, "timer-stop");
    assert_int_equal(w->status, RUN_ENDED);
}

static void a_message_that_cannot_be_delivered_becomes_a_task(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);

    world_outcome(w, false);
    assert_wishes(w, "task-open trouble  security; task-open trouble  network-admin");
    assert_string_equal(world_step(w), "ack");
}

static bool says(const struct json *list, const char *words)
{
    for (size_t i = 0; i < json_count(list); i++)
        if (strstr(json_text(json_item(list, i), ""), words))
            return true;
    return false;
}

static void what_was_not_delivered_is_told_with_whom_by_what_why_and_what_to_do(
    void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);
    auto_json struct json *document = json_new_object(), *copy = NULL;
    const struct json *todo;

    json_put_text(document, "wish", w->messages[w->message_count - 1]);
    json_put_text(document, "action", "mail");
    json_put_bool(document, "ok", false);
    json_put_path(document, "outcome.said", json_new_text("550 no such mailbox"));
    json_put_path(document, "outcome.attempts", json_new_number(4));
    world_event(w, (struct run_event){.kind = RUN_EVENT_OUTCOME, .document = document});
    todo = json_get(w->last.wishes[0].detail, "do");
    assert_true(says(todo, "Call "));
    assert_false(says(todo, "district.yaml"));
    assert_false(says(todo, "550"));
    todo = json_get(w->last.wishes[1].detail, "do");
    assert_true(says(todo, "went by mail, and was tried 4 times. "
                           "What came back: 550 no such mailbox"));
    assert_true(says(todo, "hallwatch actions test mail"));
    assert_int_equal(w->last.wishes[1].role, ROLE_NETWORK_ADMIN);
    assert_string_not_equal(json_get_text(w->last.wishes[0].detail, "person", ""), "");
}

static void an_event_with_the_same_key_twice_changes_nothing(void **state)
{
    struct world *w = begin(*state, WATCH, PAGE, DAY);
    auto_free char *before = NULL, *after = NULL;

    world_event(w, (struct run_event){.kind = RUN_EVENT_ALERT, .key = "9"});
    before = json_write(w->state);
    world_event(w, (struct run_event){.kind = RUN_EVENT_ALERT, .key = "9"});
    after = json_write(w->state);
    assert_string_equal(before, after);
}

#define SECRET                                                                     \
    "{\"incident\": {\"id\": 7, \"site\": \"lincoln\", \"device\": \"7KQX\","      \
    " \"host\": \"bad.example\", \"title\": \"Possible visits\", \"after_hours\":" \
    " \"page\", \"invented\": 1}}"

static void messages_carry_no_device_and_no_host(void **state)
{
    struct world *w = begin(*state,
                            "- {id: do, kind: task, role: safety-officer, title: "
                            "\"See ${incident.device}\", then: end}\n",
                            SECRET, DAY);
    auto_free char *known = json_write(w->last.wishes[0].facts);

    assert_wishes(w, "send safe task-waiting; task-open task do safety-officer");
    assert_null(strstr(known, "7KQX"));
    assert_null(strstr(known, "bad.example"));
    assert_null(strstr(known, "invented"));
    assert_non_null(strstr(known, "Possible visits"));
    assert_string_equal(w->last.wishes[1].title, "See 7KQX");
}

static void a_safeguarding_message_says_that_somebody_is_needed_and_no_more(void **state)
{
    struct fixture *f = *state;
    auto_diags struct diags *d = diags_new();
    struct world *w;

    f->plan = plan_parse("schema: 1\nplaybook: test\nversion: 1\ntitle: Possible risk\n"
                         "summary: S\nfor: safety-officer\n"
                         "privacy: {class: safeguarding}\nsteps:\n"
                         "- {id: do, kind: task, title: Look, within: 1h, then: end}\n",
                         d);
    assert_non_null(f->plan);
    w = f->w = world_new(f->plan, f->district, SECRET, DAY);
    assert_wishes(w, "timer 1 h; send safe safeguarding-task; "
                     "task-open task do safety-officer");
    assert_null(json_get_path(w->last.wishes[1].facts, "incident.title"));
    assert_null(json_get_path(w->last.wishes[1].facts, "task.title"));
    assert_int_equal(
        json_number(json_get_path(w->last.wishes[1].facts, "incident.id"), 0), 7);
}

static void a_state_of_another_version_is_refused(void **state)
{
    struct world *w = begin(*state, ACK, PAGE, DAY);
    struct run_event e = {.kind = RUN_EVENT_ALERT};
    struct run_result result;

    json_put_number(w->state, "version", 2);
    assert_int_equal(
        run_step(&(struct run_call){w->plan, w->district, w->state, &e, w->now}, &result),
        -EBADMSG);
}

static void what_is_answered_must_fit_the_form(void **state)
{
    static const struct {
        const char *answer, *words;
    } rows[] = {
        {"{\"used\": \"yes\"}", NULL},
        {"{}", "please answer \"used\": Used?"},
        {"{\"used\": \"perhaps\"}", "\"used\" is answered with yes or no"},
        {"{\"used\": \"no\", \"many\": \"x\"}", "\"many\" is a whole number"},
        {"{\"used\": \"no\", \"many\": 3, \"way\": \"mail\"}", NULL},
        {"{\"used\": \"no\", \"way\": \"air\"}", "\"way\" is one of: mail, web"},
        {"{\"used\": \"no\", \"other\": \"x\"}", "nobody asked for \"other\""},
        {"[]", "an answer is a JSON object"},
    };
    struct world *w = begin(*state,
                            "- id: a\n  kind: task\n  title: T\n  form:\n"
                            "  - {field: used, ask: Used?, type: yesno, required: true}\n"
                            "  - {field: many, ask: How many?, type: number}\n"
                            "  - {field: way, ask: W, type: choice,"
                            " choices: [mail, web]}\n  then: end\n",
                            PAGE, DAY);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_json struct json *answer =
            json_parse(rows[i].answer, strlen(rows[i].answer), NULL);
        auto_free char *words =
            run_answer_refuse(TASK_TASK, world_task(w, "a")->detail, answer);

        if (rows[i].words)
            assert_string_equal(words, rows[i].words);
        else
            assert_null(words);
    }
}

static void a_drill_is_closed_as_a_drill(void **state)
{
    auto_json struct json *detail = json_parse("{\"drill\": true}", 15, NULL);
    static const char *const text = "{\"disposition\": \"benign\", \"reason\": \"r\"}";
    auto_json struct json *answer = json_parse(text, strlen(text), NULL);
    auto_free char *words = run_answer_refuse(TASK_CLOSE, detail, answer);

    (void)state;
    assert_string_equal(words, "this incident is a drill, and is closed as one");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_FIXTURE(on_duty_they_are_told_once_and_asked_to_take_it),
        WITH_FIXTURE(what_there_is_is_frozen_on_the_way),
        WITH_FIXTURE(taking_an_ack_is_answering_it),
        WITH_FIXTURE(without_an_answer_in_time_the_run_goes_where_the_step_says),
        WITH_FIXTURE(the_roster_is_climbed_to_the_last_responder_and_then_it_stands),
        WITH_FIXTURE(escalation_may_go_straight_to_the_last_responder),
        WITH_FIXTURE(by_night_a_page_goes_to_the_last_responder),
        WITH_FIXTURE(by_night_what_can_wait_waits_until_somebody_is_on_duty),
        WITH_FIXTURE(by_night_what_can_wait_does_not_climb_the_roster),
        WITH_FIXTURE(by_night_what_is_urgent_does_not_wait),
        WITH_FIXTURE(a_role_without_anybody_becomes_a_task_for_the_lead),
        WITH_FIXTURE(a_deadline_fires_once),
        WITH_FIXTURE(a_timer_that_comes_early_is_set_again),
        WITH_FIXTURE(a_timer_that_fires_late_says_so),
        WITH_FIXTURE(nothing_is_sent_to_families_before_somebody_agreed),
        WITH_FIXTURE(who_is_refused_goes_another_way),
        WITH_FIXTURE(only_the_role_that_is_asked_can_agree),
        WITH_FIXTURE(a_decision_may_call_another_playbook_and_goes_on_when_it_returns),
        WITH_FIXTURE(closing_says_what_it_was_and_the_review_comes_after),
        WITH_FIXTURE(an_answer_that_does_not_fit_is_asked_again),
        WITH_FIXTURE(a_no_to_what_makes_it_done_marks_nothing_and_tells_somebody_else),
        WITH_FIXTURE(without_last_responder_a_no_climbs_the_roster),
        WITH_FIXTURE(a_no_goes_where_the_playbook_says_and_marks_nothing),
        WITH_FIXTURE(an_incident_closed_by_a_person_goes_on_behind_the_closing),
        WITH_FIXTURE(an_incident_that_is_reopened_begins_anew),
        WITH_FIXTURE(a_run_that_is_stopped_takes_its_tasks_with_it),
        WITH_FIXTURE(a_wait_counts_the_alerts_that_come_meanwhile),
        WITH_FIXTURE(a_wait_without_alerts_leads_the_other_way),
        WITH_FIXTURE(a_wait_until_ends_when_it_is_so),
        WITH_FIXTURE(a_message_that_cannot_be_delivered_becomes_a_task),
        WITH_FIXTURE(what_was_not_delivered_is_told_with_whom_by_what_why_and_what_to_do),
        WITH_FIXTURE(an_event_with_the_same_key_twice_changes_nothing),
        WITH_FIXTURE(messages_carry_no_device_and_no_host),
        WITH_FIXTURE(a_safeguarding_message_says_that_somebody_is_needed_and_no_more),
        WITH_FIXTURE(a_state_of_another_version_is_refused),
        WITH_FIXTURE(what_is_answered_must_fit_the_form),
        WITH_FIXTURE(a_drill_is_closed_as_a_drill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
