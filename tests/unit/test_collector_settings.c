/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/settings.h"
#include "file.h"
#include "mem.h"

#define BASE "district: d.yaml\nrules: [r]\nplaybooks: p\nnotices: n\n"

struct fixture {
    char folder[64], path[96];
    struct collector_settings settings;
    struct diags *diags;
    char *faults;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    snprintf(f->folder, sizeof(f->folder), "/tmp/hallwatch-settings.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/collector.yaml", f->folder);
    f->diags = diags_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    collector_settings_done(&f->settings);
    diags_free(f->diags);
    free(f->faults);
    unlink(f->path);
    rmdir(f->folder);
    free(f);
    return 0;
}

static bool load(struct fixture *f, const char *text, const char *assignment)
{
    FILE *file = fopen(f->path, "w");

    fputs(text, file);
    fclose(file);
    return collector_settings_load(&f->settings, f->path, &assignment, assignment ? 1 : 0,
                                   f->diags);
}

static void assert_said(struct fixture *f, const char *words)
{
    free(f->faults);
    f->faults = diags_text(f->diags);
    if (!strstr(f->faults, words))
        fail_msg("not said: %s\n%s", words, f->faults);
}

static void what_is_not_given_has_a_sensible_value(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f, BASE, NULL));
    assert_string_equal(f->settings.store, "/var/lib/hallwatch/collector.store");
    assert_string_equal(f->settings.api.listen, "127.0.0.1:5580");
    assert_int_equal(f->settings.smtp.tls, SMTP_TLS_REQUIRED);
    assert_false(f->settings.accept_gaps);
    for (unsigned role = 0; role < COLLECTOR_ROLES; role++)
        assert_true(collector_settings_has(&f->settings, role));
}

static void an_assignment_wins_over_the_file(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f, BASE "state: here\n", "api.listen=127.0.0.1:1"));
    assert_string_equal(f->settings.api.listen, "127.0.0.1:1");
}

static void a_store_beside_the_settings_is_found_from_anywhere(void **state)
{
    struct fixture *f = *state;
    auto_free char *expected = NULL;

    assert_true(load(f, BASE "store: my.store\n", NULL));
    expected = xasprintf("%s/my.store", f->folder);
    assert_string_equal(f->settings.store, expected);
}

static void one_role_needs_only_its_own_options(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f, BASE "roles: [runner, engine]\n", NULL));
    assert_true(collector_settings_has(&f->settings, COLLECTOR_ENGINE));
    assert_false(collector_settings_has(&f->settings, COLLECTOR_INTAKE));
    assert_true(collector_settings_check(&f->settings, f->path, f->diags));
}

static void everything_that_is_wrong_is_told_at_once(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f,
                     BASE "roles: [intake, api, runer]\napi: {listen: '0.0.0.0:1'}\n"
                          "smtp: {url: 'mail.example', user: u, tls: never}\n"
                          "webhook: {key: /nowhere/key}\n",
                     NULL));
    assert_false(collector_settings_check(&f->settings, f->path, f->diags));
    assert_said(f, "no role \"runer\"");
    assert_said(f, "did you mean \"runner\"?");
    assert_said(f, "the intake wants \"intake.key\"");
    assert_said(f, "0.0.0.0:1, which others can reach");
    assert_said(f, "not \"mail.example\"");
    assert_said(f, "but not \"smtp.password_file\"");
    assert_said(f, "never sent in the clear");
    assert_said(f, "secret of \"webhook.key\" cannot be read");
}

static void a_secret_that_others_may_read_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f, BASE "roles: [runner]\nwebhook: {key: collector.yaml}\n", NULL));
    assert_int_equal(chmod(f->path, 0640), 0);
    assert_false(collector_settings_check(&f->settings, f->path, f->diags));
    assert_said(f, "chmod 600");
}

static void the_manual_has_every_option_as_the_table_says(void **state)
{
    auto_buffer struct buffer table = {0};
    auto_free char *manual = NULL;
    size_t len;

    (void)state;
    assert_int_equal(file_read("docs/hallwatch-collector.yaml.5", 1 << 20, &manual, &len),
                     0);
    conf_print_mdoc(collector_settings_table, &table);
    assert_non_null(strstr(manual, table.at));
}

static void the_example_is_good(void **state)
{
    struct fixture *f = *state;

    assert_true(collector_settings_load(&f->settings, "deploy/examples/collector.yaml",
                                        NULL, 0, f->diags));
    assert_string_equal(f->settings.district, "deploy/examples/district.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_is_not_given_has_a_sensible_value),
        WITH_FIXTURE(an_assignment_wins_over_the_file),
        WITH_FIXTURE(a_store_beside_the_settings_is_found_from_anywhere),
        WITH_FIXTURE(one_role_needs_only_its_own_options),
        WITH_FIXTURE(everything_that_is_wrong_is_told_at_once),
        WITH_FIXTURE(a_secret_that_others_may_read_is_refused),
        cmocka_unit_test(the_manual_has_every_option_as_the_table_says),
        WITH_FIXTURE(the_example_is_good),
    };

    return cmocka_run_group_tests_name("collector_settings", tests, NULL, NULL);
}
