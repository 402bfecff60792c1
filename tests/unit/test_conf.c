/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "conf.h"

struct settings {
    char *site, *spool, *listen;
    uint64_t sensors, quota;
    bool live;
    usec_t heartbeat;
    unsigned level;
    struct conf_texts interfaces, rules, collectors;
    struct conf_networks inside;
};

static const char *const levels[] = {"debug", "info", "warn", NULL};

#define AT(field) offsetof(struct settings, field)

static const struct conf_option table[] = {
    {"site", CONF_TEXT, AT(site), .required = true, .help = "name of the site"},
    {"spool.folder", CONF_PATH, AT(spool), .otherwise = "/var/lib/hallwatch",
     .help = "where alerts wait"},
    {"spool.quota", CONF_SIZE, AT(quota), .otherwise = "64 MiB", .min = 1 << 20,
     .help = "how much may wait"},
    {"listen", CONF_ADDRESS, AT(listen), .help = "where to answer"},
    {"sensors", CONF_NUMBER, AT(sensors), .otherwise = "1", .min = 1, .max = 64,
     .help = "how many sensors"},
    {"live", CONF_BOOL, AT(live), .otherwise = "true", .help = "capture live"},
    {"uplink.heartbeat", CONF_DURATION, AT(heartbeat), .otherwise = "5s",
     .min = USEC_PER_SEC, .max = USEC_PER_MIN, .help = "how often to be heard of"},
    {"log.level", CONF_NAME, AT(level), .otherwise = "info", .names = levels,
     .help = "the least that is logged"},
    {"interfaces", CONF_TEXTS, AT(interfaces), .help = "where to listen"},
    {"rules", CONF_PATHS, AT(rules), .help = "rule files"},
    {"uplink.collectors", CONF_ADDRESSES, AT(collectors), .help = "where to send"},
    {"inside", CONF_NETWORKS, AT(inside), .otherwise = "[10.0.0.0/8, 192.168.0.0/16]",
     .help = "networks of the school"},
    {0},
};

struct fixture {
    struct settings settings;
    struct diags *diags;
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.diags = diags_new()};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    conf_free(table, &f->settings);
    assert_null(f->settings.site);
    assert_null(f->settings.interfaces.items);
    diags_free(f->diags);
    return 0;
}

static bool parse(struct fixture *f, const char *text)
{
    return conf_parse("/etc/hallwatch/agent.yaml", text, strlen(text), table,
                      &f->settings, f->diags);
}

static void assert_says(struct fixture *f, const char *wanted)
{
    auto_free char *text = diags_text(f->diags);

    if (!strstr(text, wanted))
        fail_msg("not said: %s\nbut: %s", wanted, text);
}

static void what_is_not_in_the_file_is_as_the_table_says(void **state)
{
    struct fixture *f = *state;

    assert_true(parse(f, "site: north"));
    assert_string_equal(f->settings.site, "north");
    assert_string_equal(f->settings.spool, "/var/lib/hallwatch");
    assert_int_equal(f->settings.quota, 64 << 20);
    assert_null(f->settings.listen);
    assert_int_equal(f->settings.sensors, 1);
    assert_true(f->settings.live);
    assert_int_equal(f->settings.heartbeat, 5 * USEC_PER_SEC);
    assert_int_equal(f->settings.level, 1);
    assert_int_equal(f->settings.interfaces.count, 0);
    assert_int_equal(f->settings.inside.count, 2);
}

static void what_is_in_the_file_counts(void **state)
{
    struct fixture *f = *state;

    assert_true(parse(f, "site: \"no\"\n"
                         "spool: {folder: spool, quota: 1GiB}\n"
                         "listen: \"[::1]:8080\"\n"
                         "sensors: 4\n"
                         "live: false\n"
                         "log: {level: debug}\n"
                         "interfaces: [eth0, eth1]\n"
                         "rules: [/etc/rules, local]\n"
                         "inside: 2001:db8::/32\n"
                         "uplink:\n"
                         "  heartbeat: 10s\n"
                         "  collectors: [a.example:7470, 192.0.2.1:7470]\n"));
    assert_string_equal(f->settings.site, "no");
    assert_string_equal(f->settings.spool, "/etc/hallwatch/spool");
    assert_true(f->settings.quota == 1 << 30);
    assert_string_equal(f->settings.listen, "[::1]:8080");
    assert_int_equal(f->settings.sensors, 4);
    assert_false(f->settings.live);
    assert_int_equal(f->settings.level, 0);
    assert_int_equal(f->settings.interfaces.count, 2);
    assert_string_equal(f->settings.interfaces.items[1], "eth1");
    assert_string_equal(f->settings.rules.items[0], "/etc/rules");
    assert_string_equal(f->settings.rules.items[1], "/etc/hallwatch/local");
    assert_int_equal(f->settings.inside.count, 1);
    assert_int_equal(f->settings.inside.items[0].len, 32);
    assert_int_equal(f->settings.heartbeat, 10 * USEC_PER_SEC);
    assert_string_equal(f->settings.collectors.items[1], "192.0.2.1:7470");
}

static void all_faults_are_told_at_once(void **state)
{
    struct fixture *f = *state;

    assert_false(parse(f, "sensros: 4\n"
                          "spool: {foldre: x, quota: 5kB}\n"
                          "uplink: 5s\n"
                          "log: {level: inof}\n"
                          "sensors: 65\n"
                          "live: yes\n"
                          "listen: 8080\n"
                          "inside: [10.0.0.1/8, 10.0.0.0/8]\n"));
    assert_int_equal(diags_errors(f->diags), 10);
    assert_says(f, "agent.yaml: error[E0903]: \"site\" is required\n"
                   "      = name of the site\n");
    assert_says(f, "1:1: error[E0901]: unknown option \"sensros\"\n");
    assert_says(f, "did you mean \"sensors\"?");
    assert_says(f, "2:9: error[E0901]: unknown option \"foldre\" in \"spool\"\n");
    assert_says(f, "did you mean \"folder\"?");
    assert_says(f, "error[E0204]: 5kB is too small: at least 1 MiB\n");
    assert_says(f, "3:9: error[E0105]: expected a map, found text\n");
    assert_says(f, "unknown log.level \"inof\"\n");
    assert_says(f, "65 is out of range: from 1 to 64\n");
    assert_says(f, "expected true or false, found \"yes\"\n");
    assert_says(f, "error[E0902]: expected a host and port, found \"8080\"\n");
    assert_says(f, "8:10: error[E0902]: expected a network, found \"10.0.0.1/8\"\n");
}

static void a_refused_value_leaves_the_default(void **state)
{
    struct fixture *f = *state;

    assert_false(parse(f, "site: north\nuplink: {heartbeat: 2m}\nsensors: none\n"));
    assert_says(f, "2m is out of range: from 1 s to 1 min\n");
    assert_int_equal(f->settings.heartbeat, 5 * USEC_PER_SEC);
    assert_int_equal(f->settings.sensors, 1);
}

static void a_word_that_only_begins_like_an_option_is_unknown(void **state)
{
    struct fixture *f = *state;

    assert_false(parse(f, "site: north\nsit: x\nuplink.heartbeat: 5s\n"));
    assert_says(f, "unknown option \"sit\"\n");
    assert_says(f, "unknown option \"uplink.heartbeat\"\n");
}

static void an_address_has_a_host_and_a_port(void **state)
{
    static const char *const right[] = {"listen: host:1", "listen: '[::1]:65535'",
                                        "listen: 10.0.0.1:80"};
    static const char *const wrong[] = {
        "listen: ':80'",       "listen: 'host:'", "listen: 'host:0'",
        "listen: host:65536",  "listen: ::1:80",  "listen: '[:80'",
        "listen: '[host]:80'", "listen: '[]:80'", "listen: '[::1:80'",
        "listen: tcp://a:80",  "listen: 'a b:80'"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        parse(f, right[i]);
        assert_int_equal(diags_errors(f->diags), i + 1);
        conf_free(table, &f->settings);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        size_t before = diags_errors(f->diags);

        parse(f, wrong[i]);
        if (diags_errors(f->diags) != before + 2)
            fail_msg("took %s", wrong[i]);
        conf_free(table, &f->settings);
    }
}

static void an_option_given_twice_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_false(parse(f, "site: north\nsite: south\n"));
    assert_says(f, "2:1: error[E0107]: duplicate key \"site\" (first at 1:1)\n");
}

static void a_missing_file_is_told_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    assert_false(conf_load("/nowhere/agent.yaml", table, &f->settings, f->diags));
    assert_says(f, "/nowhere/agent.yaml: error[E0102]: cannot be read: ");
    assert_null(f->settings.spool);
}

static void without_a_file_there_are_the_defaults(void **state)
{
    struct fixture *f = *state;

    assert_false(conf_load(NULL, table, &f->settings, f->diags));
    assert_says(f, "error[E0903]: \"site\" is required\n");
    assert_string_equal(f->settings.spool, "/var/lib/hallwatch");
}

static void a_command_line_may_change_a_setting(void **state)
{
    struct fixture *f = *state;

    parse(f, "site: north");
    assert_true(conf_set("uplink.heartbeat=10s", table, &f->settings, f->diags));
    assert_true(conf_set("interfaces=[a, b]", table, &f->settings, f->diags));
    assert_true(conf_set("site=south", table, &f->settings, f->diags));
    assert_int_equal(f->settings.heartbeat, 10 * USEC_PER_SEC);
    assert_int_equal(f->settings.interfaces.count, 2);
    assert_string_equal(f->settings.site, "south");

    assert_false(conf_set("uplink.hartbeat=10s", table, &f->settings, f->diags));
    assert_says(f, "did you mean \"uplink.heartbeat\"?");
    assert_false(conf_set("sensors", table, &f->settings, f->diags));
    assert_says(f, "expected option=value, found \"sensors\"");
    assert_false(conf_set("sensors=", table, &f->settings, f->diags));
    assert_false(conf_set("sensors=0", table, &f->settings, f->diags));
    assert_int_equal(f->settings.sensors, 1);
}

static void each_assignment_is_told_with_its_own_text(void **state)
{
    static const char *const sets[] = {"sensors=abc", "uplink.heartbeat=no"};
    struct fixture *f = *state;

    parse(f, "site: north");
    for (size_t i = 0; i < 2; i++)
        assert_false(conf_set(sets[i], table, &f->settings, f->diags));
    assert_says(f, "--set sensors=abc:1:1: error[E0203]: expected a whole number, found "
                   "\"abc\"\n    1 | abc\n");
    assert_says(f, "--set uplink.heartbeat=no:1:1: error");
    assert_says(f, "    1 | no\n");
}

static void what_is_wrong_on_the_command_line_is_told_from_the_file(void **state)
{
    static const char *const sets[] = {"site=south", "sensors=2", "sensors=abc"};
    struct settings scratch = {0};

    (void)state;
    assert_true(conf_sets_fit(sets, 2, table, &scratch));
    assert_false(conf_sets_fit(sets, 3, table, &scratch));
    assert_null(scratch.site);
}

static void the_table_explains_itself(void **state)
{
    auto_buffer struct buffer help = {0}, mdoc = {0};

    (void)state;
    conf_print_help(table, &help);
    assert_non_null(
        strstr(help.at, "  site: text\n        name of the site (required)\n"));
    assert_non_null(strstr(help.at,
                           "  log.level: name\n        the least that is logged: "
                           "debug, info, warn (info)\n"));
    conf_print_mdoc(table, &mdoc);
    assert_non_null(strstr(mdoc.at, ".It Cm uplink.heartbeat : Ar duration\n"
                                    "How often to be heard of.\nDefault: 5s.\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_is_not_in_the_file_is_as_the_table_says),
        WITH_FIXTURE(what_is_in_the_file_counts),
        WITH_FIXTURE(all_faults_are_told_at_once),
        WITH_FIXTURE(a_refused_value_leaves_the_default),
        WITH_FIXTURE(a_word_that_only_begins_like_an_option_is_unknown),
        WITH_FIXTURE(an_address_has_a_host_and_a_port),
        WITH_FIXTURE(an_option_given_twice_is_refused),
        WITH_FIXTURE(a_missing_file_is_told_and_leaves_nothing),
        WITH_FIXTURE(without_a_file_there_are_the_defaults),
        WITH_FIXTURE(a_command_line_may_change_a_setting),
        WITH_FIXTURE(each_assignment_is_told_with_its_own_text),
        WITH_FIXTURE(what_is_wrong_on_the_command_line_is_told_from_the_file),
        WITH_FIXTURE(the_table_explains_itself),
    };

    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
