/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>

#include "collector/playbook_check.h"
#include "playbooks.h"

static void what_is_shipped_is_without_fault_for_the_example_district(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_district struct district *di = district_load("deploy/examples/district.yaml", d);
    auto_playbooks struct playbooks *all = playbooks_load("rules/playbooks", d);
    auto_notices struct notices *notices = notices_load("rules/notices", d);
    auto_free char *said = NULL;

    (void)state;
    if (all && notices && di)
        playbooks_check(&(struct playbook_check){all, notices, di}, d);
    said = diags_text(d);
    if (!all || !notices || !di || diags_errors(d) + diags_warnings(d) > 0)
        fail_msg("%s", said);
    assert_int_equal(all->count, 16);
    assert_int_equal(notices->count, 2);
}

#define HAS(said, words)                               \
    do {                                               \
        if (!strstr(said, words))                      \
            fail_msg("no \"%s\" in\n%s", words, said); \
    } while (0)

/* A folder with one file, gone after the test. */
struct folder {
    char path[32], *file;
};

static void folder_new(struct folder *f, const char *name, const char *text)
{
    FILE *out;

    snprintf(f->path, sizeof(f->path), "/tmp/test_plans.XXXXXX");
    assert_non_null(mkdtemp(f->path));
    f->file = xasprintf("%s/%s", f->path, name);
    out = fopen(f->file, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void folder_done(struct folder *f)
{
    unlink(f->file);
    rmdir(f->path);
    free(f->file);
}

#define WORDS                                                                    \
    "schema: 1\nlanguage: en\nreviewed_by: us\ntemplates:\n"                     \
    "  task-waiting: {subject: s, text: \"${task.title}\"}\n"                    \
    "  task-overdue: {subject: s, text: t}\n"                                    \
    "  safeguarding-task: {subject: s, text: \"${incident.id}\"}\n"              \
    "  plain: {subject: \"${incident.site}\", text: \"${incident.severity}\"}\n" \
    "  device: {subject: s, text: \"${incident.device}\"}\n"

static char *check_in(const char *head, const char *steps, const char *words)
{
    auto_diags struct diags *d = diags_new();
    auto_free char *text = xasprintf("%ssteps:\n%s", head, steps);
    struct folder plans, notices;
    struct playbooks *all;
    struct notices *n;
    struct district *district = district_of(TEST_DISTRICT);

    folder_new(&plans, "p.yaml", text);
    folder_new(&notices, "en.yaml", words);
    all = playbooks_load(plans.path, d);
    n = notices_load(notices.path, d);
    if (all && n)
        playbooks_check(&(struct playbook_check){all, n, district}, d);
    folder_done(&plans);
    folder_done(&notices);
    playbooks_free(all);
    notices_free(n);
    district_free(district);
    return diags_text(d);
}

static char *check(const char *steps)
{
    return check_in(PLAN_HEAD, steps, WORDS);
}

static void what_a_playbook_needs_and_is_not_there_is_told(void **state)
{
    static const struct {
        const char *steps, *words;
    } rows[] = {
        {"- {id: a, kind: notify, to: security, template: plaim, then: end}",
         "error[E0710]: there is no template \"plaim\""},
        {"- {id: a, kind: notify, to: security, template: plaim, then: end}",
         "did you mean \"plain\"?"},
        {"- {id: a, kind: notify, to: security, template: device, then: end}",
         "error[E0719]: incident.device is nothing that this message may show"},
        {"- {id: a, kind: communicate, audience: families, approve: security, within: 1d,"
         " template: plain, then: end}",
         "incident.severity is nothing that a message to somebody outside may show"},
        {"- {id: a, kind: communicate, audience: staff, languages: [fr], within: 1d,"
         " template: plain, then: end}",
         "error[E0711]: no template is there in language \"fr\""},
        {"- {id: a, kind: task, title: T, role: exams-officer, within: 1d, then: end}",
         "error[E0708]: nobody in the district is exams-officer"},
        {"- {id: a, kind: notify, to: secc, template: plain, then: end}",
         "error[E0708]: \"secc\" is neither a role nor somebody in district.yaml"},
        {"- {id: a, kind: task, title: T, role: safety-officer, within: 1d, then: end}",
         "warning[W0709]: safety-officer: nobody on duty Mon 16:00 to Tue 08:00"},
        {"- {id: a, kind: task, title: \"${incident.hots}\", within: 1d, then: end}",
         "error[E0715]: there is no fact \"incident.hots\""},
        {"- {id: a, kind: task, role: safety-officer, title: \"${incident.host}\","
         " within: 1d, then: end}",
         "error[E0719]: incident.host is nothing that a task of this role may show"},
        {"- {id: a, kind: task, title: \"${answer.a.x}\", within: 1d, then: end}",
         "error[E0715]: no step asks for \"answer.a.x\""},
        {"- {id: a, kind: task, title: \"${x\", within: 1d, then: end}", "error[E0718]"},
        {"- {id: a, kind: call, playbook: tets, then: end}",
         "error[E0716]: there is no playbook \"tets\""},
        {"- {id: a, kind: call, playbook: test, then: end}", "error[E0706]"},
        {"- {id: a, kind: task, title: T, then: end}",
         "warning[W0731]: nobody is reminded of \"a\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *said = check(rows[i].steps);

        HAS(said, rows[i].words);
    }
}

static void a_safeguarding_message_may_show_its_number_only(void **state)
{
    static const char *const head =
        "schema: 1\nplaybook: test\nversion: 1\ntitle: A\nsummary: S\n"
        "for: security\nprivacy: {class: safeguarding}\n";
    auto_free char *said = check_in(
        head, "- {id: a, kind: notify, to: security, template: plain, then: end}", WORDS);

    (void)state;
    HAS(said, "incident.severity is nothing that this message may show");
    HAS(said, "1 error, 1 warning in 2 files");
}

static void a_template_stands_in_every_language(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_notices struct notices *n = notices_load("rules/notices", d);

    (void)state;
    for (size_t i = 0; i < n->languages[0].count; i++)
        assert_non_null(notice_find(&n->languages[1], n->languages[0].notices[i].name));
    assert_int_equal(n->languages[0].count, n->languages[1].count);
}

static void a_notice_is_written_in_the_readers_language(void **state)
{
    static const char *const text =
        "{\"incident\": {\"id\": 7, \"site\": \"lin\\ncoln\"}}";
    auto_diags struct diags *d = diags_new();
    auto_notices struct notices *n = notices_load("rules/notices", d);
    auto_json struct json *known = json_parse(text, strlen(text), NULL);
    auto_free char *subject = NULL, *body = NULL;

    (void)state;
    notice_write(notices_find(n, "es-MX", "rogue-page"), known, NULL, &subject, &body);
    assert_string_equal(subject,
                        "Incidente 7: un dispositivo perturba la red en lin\\ncoln");
    assert_non_null(strstr(body, "(not known)"));
    assert_ptr_equal(notices_find(n, "fr", "rogue-page"),
                     notices_find(n, "en", "rogue-page"));
    assert_null(notices_find(n, "en", "nothing"));
}

static void broken_notices_are_told_where_they_are(void **state)
{
    auto_free char *said = check_in(
        PLAN_HEAD, "- {id: a, kind: notify, to: security, template: x, then: end}",
        "schema: 2\nlanguage: English\ntemplates:\n  x: {subject: \"${a\", txt: b}\n");

    (void)state;
    HAS(said, "error[E0702]: this program reads schema 1, not 2");
    HAS(said, "error[E0722]: \"English\" is no word for a language");
    HAS(said, "error[E0104]: notices has no \"reviewed_by\"");
    HAS(said, "error[E0718]: a ${ has no }");
    HAS(said, "error[E0103]: unknown key \"txt\" in template");
}

/* A playbook p0, p1 ... that calls the next one many times; the last calls `last`. */
static struct playbook *one_of_many(int i, int count, const char *last)
{
    auto_diags struct diags *d = diags_new();
    auto_buffer struct buffer b = {0};
    struct playbook *p;

    buffer_print(&b,
                 "schema: 1\nplaybook: p%d\nversion: 1\ntitle: T\nsummary: S\n"
                 "for: security\nprivacy: {class: security}\nsteps:\n",
                 i);
    for (int step = 0; step < 50; step++)
        buffer_print(&b, "- {id: s%d, kind: call, playbook: %s%.0d, then: s%d}\n", step,
                     i + 1 < count ? "p" : last, i + 1 < count ? i + 1 : 0, step + 1);
    buffer_text(&b, "- {id: s50, kind: task, title: T, within: 1d, then: end}\n");
    p = playbook_parse("p.yaml", b.at, b.len, d);
    assert_non_null(p);
    return p;
}

static void calls_are_followed_through_each_playbook_once(void **state)
{
    struct playbook *at[12];
    const struct playbooks all = {.at = at, .count = 12};

    (void)state;
    for (int round = 0; round < 2; round++) {
        auto_diags struct diags *d = diags_new();
        auto_free char *said = NULL;

        for (int i = 0; i < 12; i++)
            at[i] = one_of_many(i, 12, round ? "p0" : "p11x");
        playbooks_check(&(struct playbook_check){.playbooks = &all}, d);
        said = diags_text(d);
        if (round)
            HAS(said, "\"p1\" comes to call \"p0\" again");
        else
            assert_null(strstr(said, "again"));
        for (int i = 0; i < 12; i++)
            playbook_free(at[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shipped_is_without_fault_for_the_example_district),
        cmocka_unit_test(what_a_playbook_needs_and_is_not_there_is_told),
        cmocka_unit_test(a_safeguarding_message_may_show_its_number_only),
        cmocka_unit_test(a_template_stands_in_every_language),
        cmocka_unit_test(a_notice_is_written_in_the_readers_language),
        cmocka_unit_test(broken_notices_are_told_where_they_are),
        cmocka_unit_test(calls_are_followed_through_each_playbook_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
