/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "cli/viewer.h"
#include "collector/store_audit.h"
#include "collector/store_task.h"

#define DISTRICT "deploy/examples/district.yaml"

static int set_up_example(void **state)
{
    struct fixture *f;

    set_up(state);
    f = *state;
    store_close(f->s);
    f->settings.district = "example-district";
    f->s = open_place(f);
    unsetenv("HALLWATCH_PERSON");
    return 0;
}

static struct viewer_options options_of(struct fixture *f, const char *person)
{
    return (struct viewer_options){.choice = {.store = f->place, .district = DISTRICT},
                                   .person = person};
}

static unsigned sight_as(struct fixture *f, const char *person, enum role owner)
{
    struct viewer_options o = options_of(f, person);
    auto_viewer struct viewer v;

    assert_true(viewer_open(&v, &o));
    return viewer_sight(&v, owner, 0);
}

/* The same at a time; and of an incident. */
static unsigned sight_at(struct fixture *f, const char *person, enum role owner,
                         const char *time, int64_t incident)
{
    struct viewer_options o = options_of(f, person);
    auto_viewer struct viewer v;

    assert_true(viewer_open(&v, &o));
    assert_int_equal(clock_parse(time, &v.now), 0);
    return viewer_sight(&v, owner, incident);
}

static void who_is_not_named_sees_that_things_are_there_and_no_more(void **state)
{
    struct fixture *f = *state;

    for (unsigned owner = 0; owner < names_role.count; owner++)
        assert_int_equal(sight_as(f, NULL, owner), SIGHT_COUNT | SIGHT_WHAT);
}

static void a_person_sees_what_their_role_does(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(sight_as(f, "exams-officer", ROLE_SECURITY), 0);
    assert_int_equal(sight_as(f, "exams-officer", ROLE_EXAMS_OFFICER),
                     sight_of(ROLE_EXAMS_OFFICER, ROLE_EXAMS_OFFICER));
    assert_int_equal(sight_as(f, "duty-security", ROLE_SAFETY_OFFICER) & SIGHT_HOST, 0);
}

#define SCHOOL "2026-11-23T16:00:00Z" /* a Monday, 10:00 in Chicago */
#define NIGHT  "2026-11-24T06:00:00Z" /* midnight there */

static void who_is_on_an_escalation_list_sees_no_more_for_it(void **state)
{
    struct fixture *f = *state;

    for (unsigned owner = 0; owner < names_role.count; owner++) {
        assert_int_equal(sight_at(f, "principal", owner, SCHOOL, 0) & SIGHT_WHAT, 0);
        assert_int_equal(sight_at(f, "principal", owner, NIGHT, 0) & SIGHT_WHAT, 0);
        assert_int_equal(sight_at(f, "emergency-line", owner, NIGHT, 0), 0);
    }
}

/* An incident of the safety officer with a task for them, which that person takes. */
static int64_t take_task(struct fixture *f, const char *person)
{
    struct store_incident i = {.site = "lincoln",
                               .owner = ROLE_SAFETY_OFFICER,
                               .title = "T",
                               .rule = "safety.x",
                               .playbook = "p",
                               .key = "k"};
    struct store_run run = {.playbook = "p", .version = 1, .text = "", .state = "{}"};
    struct store_task t = {.step = "s",
                           .key = "k",
                           .role = ROLE_SAFETY_OFFICER,
                           .title = "T",
                           .detail = "{}"};
    int64_t id = 0;

    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(store_incident_open(f->s, &i, &id), 0);
    run.incident = t.incident = id;
    assert_int_equal(store_run_start(f->s, &run, &t.run), 0);
    assert_int_equal(store_task_open(f->s, &t, &t.id), 0);
    assert_int_equal(store_task_take(f->s, t.id, person), 0);
    assert_int_equal(store_commit(f->s), 0);
    return id;
}

static void who_stands_in_sees_an_incident_whose_task_they_took(void **state)
{
    struct fixture *f = *state;
    unsigned officer = sight_of(ROLE_SAFETY_OFFICER, ROLE_SAFETY_OFFICER);
    int64_t id = take_task(f, "principal");

    assert_int_equal(sight_at(f, "principal", ROLE_SAFETY_OFFICER, NIGHT, id),
                     officer | SIGHT_COUNT);
    assert_int_equal(sight_at(f, "principal", ROLE_SAFETY_OFFICER, NIGHT, id + 1),
                     SIGHT_COUNT);
    assert_int_equal(sight_at(f, "principal", ROLE_SAFETY_OFFICER, NIGHT, 0),
                     SIGHT_COUNT);
    assert_int_equal(sight_at(f, "emergency-line", ROLE_SAFETY_OFFICER, NIGHT, id), 0);
}

static void the_sight_of_who_stood_in_ends_with_the_incident(void **state)
{
    struct fixture *f = *state;
    int64_t id = take_task(f, "principal");

    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(
        store_incident_change(f->s, id,
                              &(struct incident_change){.to = INCIDENT_CLOSED,
                                                        .disposition = DISPOSITION_BENIGN,
                                                        .who = "principal",
                                                        .why = "a test"}),
        0);
    assert_int_equal(store_commit(f->s), 0);
    assert_int_equal(sight_at(f, "principal", ROLE_SAFETY_OFFICER, NIGHT, id),
                     SIGHT_COUNT);
}

static const char with_principal_on_duty[] =
    "schema: 1\ndistrict: example-district\nname: D\nterm: t\n"
    "sites: [{id: lincoln, name: L, type: high, tz: America/Chicago}]\n"
    "segments: []\n"
    "people: [{id: principal, name: P, roles: [principal], contacts: [{mail: p@d.example}]}]\n"
    "rosters: [{role: safety-officer, tz: America/Chicago, duty: [{person: principal,"
    " days: mon-fri, from: \"07:00\", to: \"17:00\"}], last_responder: principal}]\n";

static void who_is_on_duty_for_a_role_sees_as_it_while_they_are(void **state)
{
    struct fixture *f = *state;
    struct viewer_options o = options_of(f, "principal");
    auto_free char *path = xasprintf("%s/copy", f->folder);
    FILE *file = fopen(path, "w");
    auto_viewer struct viewer v;

    assert_non_null(file);
    fputs(with_principal_on_duty, file);
    fclose(file);
    o.choice.district = path;
    assert_true(viewer_open(&v, &o));
    assert_int_equal(clock_parse(SCHOOL, &v.now), 0);
    assert_int_equal(viewer_sight(&v, ROLE_SAFETY_OFFICER, 0),
                     sight_of(ROLE_SAFETY_OFFICER, ROLE_SAFETY_OFFICER) | SIGHT_COUNT);
    assert_int_equal(clock_parse(NIGHT, &v.now), 0);
    assert_int_equal(viewer_sight(&v, ROLE_SAFETY_OFFICER, 0), SIGHT_COUNT);
}

static void the_person_may_be_named_by_the_shell(void **state)
{
    struct fixture *f = *state;
    struct viewer_options o = options_of(f, NULL);
    auto_viewer struct viewer v;

    setenv("HALLWATCH_PERSON", "safety-officer", 1);
    assert_true(viewer_open(&v, &o));
    assert_string_equal(v.who, "safety-officer");
    assert_true(viewer_is_somebody(&v));
    unsetenv("HALLWATCH_PERSON");
}

static void somebody_who_is_not_of_the_district_is_refused(void **state)
{
    struct fixture *f = *state;
    struct viewer_options o = options_of(f, "stranger");
    auto_viewer struct viewer v;

    assert_false(viewer_open(&v, &o));
}

static void see_row(const struct store_audit *a, void *arg)
{
    snprintf(arg, 100, "%s %s %s", a->who, a->what, a->about);
}

static void each_look_stands_on_the_audit_record(void **state)
{
    struct fixture *f = *state;
    struct viewer_options o = options_of(f, "safety-officer");
    auto_viewer struct viewer v;
    char row[100] = "";

    assert_true(viewer_open(&v, &o));
    assert_true(viewer_audit(&v, "alert.show", "alert/7", ""));
    assert_int_equal(store_audit_each(f->s, 1, 10, see_row, row), 0);
    assert_string_equal(row, "safety-officer alert.show alert/7");
}

static void nothing_is_shown_when_the_look_cannot_be_written_down(void **state)
{
    struct fixture *f = *state;
    struct viewer_options o = options_of(f, "safety-officer");
    auto_viewer struct viewer v;

    assert_true(viewer_open(&v, &o));
    assert_int_equal(store_begin(f->s), 0);
    assert_int_equal(store_meta_put(f->s, "audit", "damaged"), 0);
    assert_int_equal(store_commit(f->s), 0);
    assert_false(viewer_audit(&v, "alert.show", "alert/7", ""));
    assert_false(store_in_transaction(v.store));
}

static void times_are_those_of_the_site(void **state)
{
    struct fixture *f = *state;
    struct viewer_options o = options_of(f, NULL);
    auto_viewer struct viewer v;
    char text[VIEWER_WHEN];
    usec_t noon;

    assert_true(viewer_open(&v, &o));
    assert_int_equal(clock_parse("2026-11-23T12:05:59Z", &noon), 0);
    viewer_when(&v, "lincoln", noon, text);
    assert_string_equal(text, "2026-11-23 06:05");
    viewer_when(&v, "lincoln", 0, text);
    assert_string_equal(text, "");
}

static void a_number_is_a_number(void **state)
{
    int64_t id = 0;

    (void)state;
    assert_true(viewer_number("17", "alert", &id));
    assert_int_equal(id, 17);
    assert_false(viewer_number("-1", "alert", &id));
    assert_false(viewer_number("seventeen", "alert", &id));
    assert_false(viewer_number("9223372036854775808", "alert", &id));
}

#define WITH_EXAMPLE(test) \
    cmocka_unit_test_setup_teardown(test, set_up_example, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_EXAMPLE(who_is_not_named_sees_that_things_are_there_and_no_more),
        WITH_EXAMPLE(a_person_sees_what_their_role_does),
        WITH_EXAMPLE(who_is_on_an_escalation_list_sees_no_more_for_it),
        WITH_EXAMPLE(who_stands_in_sees_an_incident_whose_task_they_took),
        WITH_EXAMPLE(the_sight_of_who_stood_in_ends_with_the_incident),
        WITH_EXAMPLE(who_is_on_duty_for_a_role_sees_as_it_while_they_are),
        WITH_EXAMPLE(the_person_may_be_named_by_the_shell),
        WITH_EXAMPLE(somebody_who_is_not_of_the_district_is_refused),
        WITH_EXAMPLE(each_look_stands_on_the_audit_record),
        WITH_EXAMPLE(nothing_is_shown_when_the_look_cannot_be_written_down),
        WITH_EXAMPLE(times_are_those_of_the_site),
        cmocka_unit_test(a_number_is_a_number),
    };

    return cmocka_run_group_tests_name("viewer", tests, NULL, NULL);
}
