/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/rulebook.h"
#include "mem.h"

#define RULE(id)                                                                \
    "  - {id: test." id ", title: T, why: W, severity: low, owner: security,\n" \
    "     watch: [dns], when: 'dns.id > 0'}\n"

static const char head[] = "schema: 1\nruleset: t\nversion: 1\n"
                           "schedules: {night: {tz: Asia/Tokyo, when: [{from: '20:00', "
                           "to: '23:00'}]}}\nrules:\n";
static const char district_text[] =
    "schema: 1\ndistrict: d\nname: D\nterm: t\n"
    "sites: [{id: north, name: North, type: high, tz: America/Chicago}]\nsegments: []\n";

struct fixture {
    char folder[32], rules[64], district[64];
    const char *paths[1];
    struct content_settings what;
    struct diags *diags;
    struct rulebook *first, *second;
    unsigned between; /* tests that were run */
};

static void write_text(const char *path, const char *one, const char *two)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file, "%s%s", one, two);
    fclose(file);
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    strcpy(f->folder, "/tmp/content-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->rules, sizeof(f->rules), "%s/r.yaml", f->folder);
    snprintf(f->district, sizeof(f->district), "%s/d.yaml", f->folder);
    write_text(f->rules, head, RULE("one") RULE("two"));
    write_text(f->district, district_text, "");
    f->paths[0] = f->rules;
    f->what = (struct content_settings){
        .district = f->district, .rules = f->paths, .rule_count = 1};
    f->diags = diags_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"r.yaml", "d.yaml", "bundle.current",
                                        "bundle.previous"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 4; i++) {
        auto_free char *path = xasprintf("%s/%s", f->folder, files[i]);

        unlink(path);
    }
    rmdir(f->folder);
    rulebook_free(f->first);
    rulebook_free(f->second);
    diags_free(f->diags);
    free(f);
    return 0;
}

static void count_between(void *arg)
{
    unsigned *count = arg;

    ++*count;
}

static int make(struct fixture *f, const struct rulebook *old, struct rulebook **ret)
{
    return rulebook_make(&(struct rulebook_making){.settings = &f->what,
                                                   .state = f->folder,
                                                   .old = old,
                                                   .between = count_between,
                                                   .arg = &f->between},
                         ret, f->diags);
}

static void a_bundle_holds_rules_district_and_their_zones(void **state)
{
    struct fixture *f = *state;
    unsigned zones = 0;

    assert_int_equal(make(f, NULL, &f->first), 0);
    for (size_t i = 0; i < f->first->bundle->count; i++)
        if (f->first->bundle->entries[i].kind == BUNDLE_ZONE)
            zones++;
    assert_int_equal(zones, 2);
    assert_non_null(district_site(f->first->content->district, "north"));
    assert_int_equal(ruleset_count(f->first->content->rules), 2);
}

/* Of no site and no schedule: only a test of the file goes by it. */
static void the_clock_that_tests_were_written_with_is_in_the_bundle(void **state)
{
    struct fixture *f = *state;

    write_text(f->rules,
               "schema: 1\nruleset: t\nversion: 1\n"
               "test_time: {tz: Australia/Perth}\nrules:\n",
               RULE("one"));
    assert_int_equal(make(f, NULL, &f->first), 0);
    assert_int_equal(diags_errors(f->diags), 0);
}

static void a_zone_that_is_not_in_the_bundle_is_a_fault(void **state)
{
    struct fixture *f = *state;
    auto_buffer struct buffer bytes = {0};
    auto_bundle struct bundle *b = NULL;
    auto_free char *text = xasprintf("%s%s", head, RULE("one"));
    auto_free char *faults = NULL;

    bundle_begin(&bytes, 1);
    bundle_add(&bytes, BUNDLE_RULES, "r.yaml", text_of(text));
    bundle_end(&bytes);
    assert_int_equal(bundle_parse(bytes.at, bytes.len, &b), 0);
    assert_null(content_unpack(b, NULL, -1, false, f->diags));
    faults = diags_text(f->diags);
    assert_non_null(strstr(faults, "Asia/Tokyo"));
}

static void write_lists(const char *path, usec_t fetched)
{
    struct list_builder *b = list_builder_new();
    int list = list_builder_list(b, &(struct list_info){.name = "old",
                                                        .fetched = fetched,
                                                        .max_age = 7 * USEC_PER_DAY});

    list_builder_add(b, (unsigned)list, TEXT("bad.test"));
    assert_int_equal(list_builder_write(b, path), 0);
    list_builder_free(b);
}

static void a_list_too_old_is_refused_where_the_rules_say_so(void **state)
{
    static const usec_t fetched = 1800000000 * USEC_PER_SEC;
    struct fixture *f = *state;
    auto_free char *lists = xasprintf("%s/lists", f->folder);
    auto_free char *faults = NULL;
    auto_content struct content *young = NULL, *old = NULL, *unasked = NULL;

    write_lists(lists, fetched);
    write_text(f->rules,
               "schema: 1\nruleset: r\nversion: 1\n"
               "lists: {old: {type: domain, file: old, on_stale: refuse}}\nrules:\n",
               RULE("one"));
    f->what.lists = lists;
    f->what.now = fetched + 7 * USEC_PER_DAY;
    young = content_load(&f->what, f->diags);
    f->what.now++;
    old = content_load(&f->what, f->diags);
    faults = diags_text(f->diags);
    f->what.now = 0;
    unasked = content_load(&f->what, f->diags);
    unlink(lists);
    assert_non_null(young);
    assert_null(old);
    assert_non_null(strstr(faults, "E0404"));
    assert_non_null(unasked);
}

static void the_same_rules_again_are_told_so(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(make(f, NULL, &f->first), 0);
    assert_int_equal(make(f, f->first, &f->second), -EALREADY);
}

static void faulty_rules_leave_the_file_as_it_was(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(make(f, NULL, &f->first), 0);
    write_text(f->rules, head, "  - {id: test.one}\n");
    assert_int_equal(make(f, f->first, &f->second), -EINVAL);
    assert_true(diags_errors(f->diags) > 0);
    assert_int_equal(rulebook_open(f->folder, NULL, &f->second), 0);
    assert_int_equal(f->second->bundle->serial, 1);
}

/* A rule with a test that expects so many alerts of one event. */
#define TESTED(when, alerts)                                               \
    "  - {id: test.one, title: T, why: W, severity: low, owner: security," \
    " watch: [dns], when: '" when "', tests: [{name: one is one,"          \
    " events: [{at: 0s, kind: dns, dns.id: 7, host: a.drill.test}],"       \
    " expect: {alerts: " alerts "}}]}\n"

static void a_bundle_whose_own_test_fails_is_refused(void **state)
{
    struct fixture *f = *state;
    auto_free char *faults = NULL;

    write_text(f->rules, head, TESTED("dns.id == 7", "1") RULE("two"));
    assert_int_equal(make(f, NULL, &f->first), 0);
    assert_int_equal(f->between, 1);
    write_text(f->rules, head, TESTED("dns.id == 8", "1") RULE("two"));
    assert_int_equal(make(f, f->first, &f->second), -EINVAL);
    assert_int_equal(f->between, 2);
    faults = diags_text(f->diags);
    assert_non_null(strstr(faults, "r.yaml:6:"));
    assert_non_null(strstr(faults, "E0601]: test \"one is one\" failed"));
    assert_non_null(strstr(faults, "the first event fails at: dns.id == 8"));
    assert_int_equal(rulebook_open(f->folder, NULL, &f->second), 0);
    assert_int_equal(f->second->bundle->serial, 1);
}

/* With its calendar: the test's day is a Wednesday. */
static void a_site_may_have_other_calendars_than_the_tests(void **state)
{
    struct fixture *f = *state;
    auto_free char *faults = NULL;
    const char *sundays =
        "schema: 1\nruleset: t\nversion: 1\nschedules: {night: {tz: UTC, "
        "when: [{days: sun}]}}\nrules:\n";

    write_text(
        f->rules, sundays,
        "  - {id: test.one, title: T, why: W, severity: low, owner: security, watch: "
        "[dns], when: dns.id == 7, during: night, tests: [{name: one is one, events: "
        "[{at: 0s, kind: dns, dns.id: 7}], expect: {alerts: 1}}]}\n");
    assert_int_equal(make(f, NULL, &f->first), 0);
    faults = diags_text(f->diags);
    assert_non_null(strstr(faults, "W0601]: 1 test"));
    assert_non_null(strstr(faults, "the first is \"one is one\""));
}

static void without_lists_tests_that_need_them_say_nothing(void **state)
{
    struct fixture *f = *state;
    auto_free char *faults = NULL;
    auto_free char *lists =
        xasprintf("lists: {bad: {type: domain, file: bad}}\n%s", head);

    write_text(f->rules, lists, TESTED("host under $bad", "1") RULE("two"));
    assert_int_equal(make(f, NULL, &f->first), 0);
    faults = diags_text(f->diags);
    assert_null(strstr(faults, "W0601"));
    assert_non_null(strstr(faults, "W0407"));
}

static void rules_that_need_a_later_ndpi_are_refused(void **state)
{
    struct fixture *f = *state;
    auto_free char *faults = NULL;
    auto_free char *needs = xasprintf("requires: {ndpi: \">=99.1\"}\n%s", head);

    write_text(f->rules, needs, RULE("one"));
    assert_int_equal(make(f, NULL, &f->first), -EINVAL);
    faults = diags_text(f->diags);
    assert_non_null(strstr(faults, "r.yaml:1:18: error[E0519]: these rules need nDPI "
                                   "99.1, this is "));
}

static void a_rule_of_the_bundle_before_is_found_by_its_id(void **state)
{
    struct fixture *f = *state;
    auto_rulebook struct rulebook *again = NULL;
    const struct rulebook *books[2];

    assert_int_equal(make(f, NULL, &f->first), 0);
    write_text(f->rules, head, RULE("new") RULE("two"));
    assert_int_equal(make(f, f->first, &f->second), 0);
    assert_int_equal(rulebook_open(f->folder, NULL, &again), 0);
    books[0] = f->second;
    books[1] = again;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(books[i]->generation, 2);
        assert_int_equal(rulebook_rule(books[i], 2, 0), 0);
        assert_int_equal(rulebook_rule(books[i], 2, 2), -ENOENT);
        assert_int_equal(rulebook_rule(books[i], 1, 0), -ENOENT); /* test.one is gone */
        assert_int_equal(rulebook_rule(books[i], 1, 1), 1);
        assert_int_equal(rulebook_rule(books[i], 1, 9), -ENOENT);
        assert_int_equal(rulebook_rule(books[i], 7, 0), -ENOENT);
    }
}

static void a_bundle_reaches_another_process_as_descriptors(void **state)
{
    struct fixture *f = *state;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    assert_int_equal(make(f, NULL, &f->first), 0);
    assert_int_equal(rulebook_receive(ends[1], NULL, 0, &f->second), -EAGAIN);
    assert_int_equal(rulebook_send(f->first, ends[0]), 0);
    assert_int_equal(rulebook_receive(ends[1], NULL, 0, &f->second), 0);
    assert_string_equal(f->second->bundle->version, f->first->bundle->version);
    assert_int_equal(rulebook_send(f->first, ends[0]), 0);
    rulebook_free(take(f->second));
    assert_int_equal(rulebook_receive(ends[1], NULL, 1, &f->second), -EALREADY);
    close(ends[0]);
    assert_int_equal(rulebook_receive(ends[1], NULL, 1, &f->second), -ENOTCONN);
    close(ends[1]);
}

static void a_missing_bundle_is_an_error(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(rulebook_open(f->folder, NULL, &f->first), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_bundle_holds_rules_district_and_their_zones),
        WITH_FIXTURE(the_clock_that_tests_were_written_with_is_in_the_bundle),
        WITH_FIXTURE(a_zone_that_is_not_in_the_bundle_is_a_fault),
        WITH_FIXTURE(a_list_too_old_is_refused_where_the_rules_say_so),
        WITH_FIXTURE(the_same_rules_again_are_told_so),
        WITH_FIXTURE(faulty_rules_leave_the_file_as_it_was),
        WITH_FIXTURE(a_bundle_whose_own_test_fails_is_refused),
        WITH_FIXTURE(a_site_may_have_other_calendars_than_the_tests),
        WITH_FIXTURE(without_lists_tests_that_need_them_say_nothing),
        WITH_FIXTURE(rules_that_need_a_later_ndpi_are_refused),
        WITH_FIXTURE(a_rule_of_the_bundle_before_is_found_by_its_id),
        WITH_FIXTURE(a_bundle_reaches_another_process_as_descriptors),
        WITH_FIXTURE(a_missing_bundle_is_an_error),
    };

    return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
