/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/settings.h"
#include "file.h"
#include "log.h"
#include "mem.h"

#define LEAST "interfaces: [lo]\nrules: [rules]\n"

struct fixture {
    struct settings settings;
    struct diags *diags;
    char path[40];
    char *faults;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    int fd;

    f->diags = diags_new();
    strcpy(f->path, "/tmp/settings-XXXXXX");
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    close(fd);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    settings_done(&f->settings);
    diags_free(f->diags);
    unlink(f->path);
    free(f->faults);
    free(f);
    return 0;
}

static bool load(struct fixture *f, const char *text, const char *assignment)
{
    FILE *file = fopen(f->path, "w");
    bool fine;

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    fine =
        settings_load(&f->settings, f->path, &assignment, assignment ? 1 : 0, f->diags);
    free(f->faults);
    f->faults = diags_text(f->diags);
    return fine;
}

static void assert_said(const struct fixture *f, const char *words)
{
    if (!strstr(f->faults, words))
        print_message("%s", f->faults);
    assert_non_null(strstr(f->faults, words));
}

static void what_is_not_given_has_a_sensible_value(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f, LEAST, NULL));
    assert_int_equal(f->settings.sensors, 1);
    assert_int_equal(f->settings.log, LOG_LEVEL_INFO);
    assert_int_equal(f->settings.quota, 1u << 30);
    assert_string_equal(f->settings.user, "hallwatch");
    assert_string_equal(f->settings.state, "/var/lib/hallwatch");
    assert_true(f->settings.name[0] != 0);
    assert_false(f->settings.drill);
}

static void paths_are_relative_to_the_file(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f, LEAST "district: d.yaml\n", NULL));
    assert_string_equal(f->settings.district, "/tmp/d.yaml");
    assert_string_equal(settings_content(&f->settings, 0).rules[0], "/tmp/rules");
}

static void an_assignment_wins_over_the_file(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f, LEAST "log: warn\n", "log=debug"));
    assert_int_equal(f->settings.log, LOG_LEVEL_DEBUG);
}

static void an_agent_without_interface_or_rules_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_false(load(f, "name: x\n", NULL));
    assert_said(f, "\"interfaces\" is required");
    assert_said(f, "\"rules\" is required");
}

static void an_unknown_option_is_told_the_nearest(void **state)
{
    struct fixture *f = *state;

    assert_false(load(f, LEAST "intefaces: [lo]\n", NULL));
    assert_said(f, "did you mean \"interfaces\"");
}

static void too_many_processes_are_refused(void **state)
{
    struct fixture *f = *state;

    assert_false(load(f, "interfaces: [a, b, c]\nrules: [r]\nsensors: 16\n", NULL));
    assert_said(f, "more than 32 processes");
}

static void checking_tells_everything_at_once(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f,
                     "interfaces: [lo1]\nrules: [/nowhere/rules]\n"
                     "collector: {addresses: ['localhost:1']}\nvault: /nowhere/v\n",
                     NULL));
    assert_false(settings_check(&f->settings, f->path, f->diags));
    assert_false(settings_check_content(&f->settings, 0, f->diags));
    free(f->faults);
    f->faults = diags_text(f->diags);
    assert_said(f, "no interface \"lo1\" here");
    assert_said(f, "did you mean \"lo\"");
    assert_said(f, "/nowhere/rules");
    assert_said(f, "but not \"collector.key\"");
    assert_said(f, "vault key of \"vault\" cannot be read");
}

static void the_manual_has_every_option_as_the_table_says(void **state)
{
    auto_buffer struct buffer table = {0};
    auto_free char *manual = NULL;
    size_t len;

    (void)state;
    assert_int_equal(file_read("docs/hallwatch-agent.yaml.5", 1 << 20, &manual, &len), 0);
    conf_print_mdoc(settings_table, &table);
    assert_non_null(strstr(manual, table.at));
}

static void the_example_is_good(void **state)
{
    struct fixture *f = *state;

    assert_true(
        settings_load(&f->settings, "deploy/examples/agent.yaml", NULL, 0, f->diags));
    assert_string_equal(f->settings.district, "deploy/examples/district.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_is_not_given_has_a_sensible_value),
        WITH_FIXTURE(paths_are_relative_to_the_file),
        WITH_FIXTURE(an_assignment_wins_over_the_file),
        WITH_FIXTURE(an_agent_without_interface_or_rules_is_refused),
        WITH_FIXTURE(an_unknown_option_is_told_the_nearest),
        WITH_FIXTURE(too_many_processes_are_refused),
        WITH_FIXTURE(checking_tells_everything_at_once),
        cmocka_unit_test(the_manual_has_every_option_as_the_table_says),
        WITH_FIXTURE(the_example_is_good),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
