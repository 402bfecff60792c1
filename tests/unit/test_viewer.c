/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "cli/viewer.h"
#include "collector/store_audit.h"

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
    return viewer_sight(&v, owner);
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
        WITH_EXAMPLE(the_person_may_be_named_by_the_shell),
        WITH_EXAMPLE(somebody_who_is_not_of_the_district_is_refused),
        WITH_EXAMPLE(each_look_stands_on_the_audit_record),
        WITH_EXAMPLE(nothing_is_shown_when_the_look_cannot_be_written_down),
        WITH_EXAMPLE(times_are_those_of_the_site),
        cmocka_unit_test(a_number_is_a_number),
    };

    return cmocka_run_group_tests_name("viewer", tests, NULL, NULL);
}
