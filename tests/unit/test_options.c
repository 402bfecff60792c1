/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "options.h"

struct check {
    bool json, quiet;
    const char *rules;
    struct option_texts sets;
    uint64_t sensors;
    uint64_t most;
    usec_t wait;
};

static const struct option_row check_options[] = {
    {"json", 'j', OPTION_FLAG, offsetof(struct check, json), .help = "print JSON"},
    {"quiet", 0, OPTION_FLAG, offsetof(struct check, quiet), .help = "print nothing"},
    {"rules", 'r', OPTION_TEXT, offsetof(struct check, rules), .arg = "DIR",
     .help = "read the rules from DIR"},
    {"set", 0, OPTION_TEXTS, offsetof(struct check, sets), .arg = "OPTION=VALUE",
     .help = "change a setting"},
    {"sensors", 0, OPTION_NUMBER, offsetof(struct check, sensors), .arg = "N",
     .help = "how many sensors"},
    {"most", 0, OPTION_COUNT, offsetof(struct check, most), .arg = "N",
     .help = "at most so many"},
    {"wait", 0, OPTION_DURATION, offsetof(struct check, wait), .arg = "TIME",
     .help = "how long to wait"},
    {0},
};

/* What the last command saw. */
static struct {
    struct check values;
    char args[100], sets[100];
    bool ran;
} saw;

static int check(const void *values, int argc, char **argv)
{
    saw.values = *(const struct check *)values;
    saw.ran = true;
    for (int i = 0; i < argc; i++)
        strcat(strcat(saw.args, argv[i]), " ");
    for (size_t i = 0; i < saw.values.sets.count; i++)
        strcat(strcat(saw.sets, saw.values.sets.items[i]), " ");
    return 7;
}

static const struct command rules[] = {
    {"check", .args = "FILE...", .min_args = 1, .max_args = INT_MAX,
     .help = "check rule files", .options = check_options, .size = sizeof(struct check),
     .run = check},
    {"fields", .help = "list the fields", .options = check_options,
     .size = sizeof(struct check), .run = check},
    {0},
};

static const struct command commands[] = {
    {"rules", .help = "check and test rules", .commands = rules},
    {"lists", .help = "build lists", .commands = rules},
    {0},
};

static const struct command top = {"hallwatch", .help = "watch a school's network",
                                   .commands = commands};

/* Runs a command line of words between blanks; ret_out gets what it printed, to either
 * stream. */
static int run(const char *line, char **ret_out)
{
    char *words = strdup(line), *argv[20], *save = NULL;
    FILE *old_out = stdout, *old_err = stderr, *out;
    size_t len;
    int argc = 0, code;

    memset(&saw, 0, sizeof(saw));
    for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    argv[argc] = NULL;
    out = open_memstream(ret_out, &len);
    stdout = stderr = out;
    code = options_run(&top, argc, argv);
    stdout = old_out;
    stderr = old_err;
    fclose(out);
    saw.values.rules = saw.values.rules ? strdup(saw.values.rules) : NULL;
    free(words);
    return code;
}

static void assert_refused(const char *line, const char *wanted)
{
    auto_free char *out = NULL;

    if (run(line, &out) != OPTIONS_USAGE || saw.ran)
        fail_msg("took: %s", line);
    if (!strstr(out, wanted))
        fail_msg("%s gave %s", line, out);
}

static void options_and_arguments_reach_the_command(void **state)
{
    auto_free char *out = NULL;
    auto_free const char *rules_text = NULL;

    (void)state;
    assert_int_equal(
        run("hallwatch rules check a.yaml --json -r dir b.yaml --set x=1 --set=y=2 "
            "--sensors 4 --wait=5s -- --c.yaml",
            &out),
        7);
    rules_text = saw.values.rules;
    assert_string_equal(saw.args, "a.yaml b.yaml --c.yaml ");
    assert_string_equal(saw.sets, "x=1 y=2 ");
    assert_true(saw.values.json && !saw.values.quiet);
    assert_string_equal(rules_text, "dir");
    assert_int_equal(saw.values.sensors, 4);
    assert_int_equal(saw.values.wait, 5 * USEC_PER_SEC);
    assert_string_equal(out, "");
}

static void letters_may_stand_together(void **state)
{
    auto_free char *out = NULL;
    auto_free const char *rules_text = NULL;

    (void)state;
    assert_int_equal(run("hallwatch rules check -jrdir a", &out), 7);
    rules_text = saw.values.rules;
    assert_true(saw.values.json);
    assert_string_equal(rules_text, "dir");
}

static void an_unknown_option_gets_the_nearest_one(void **state)
{
    (void)state;
    assert_refused("hallwatch rules check --ruls dir a",
                   "hallwatch rules check: unknown option --ruls; did you mean --rules?");
    assert_refused("hallwatch rules check a --jsn=1", "did you mean --json?");
    assert_refused("hallwatch rules check a --elephant", "unknown option --elephant\n");
    assert_refused("hallwatch rules check --json -xj a", "unknown option -x\n");
    assert_refused("hallwatch rules check -V a", "unknown option -V\n");
}

static void the_beginning_of_an_option_is_not_the_option(void **state)
{
    (void)state;
    assert_refused("hallwatch rules check --rule dir a",
                   "unknown option --rule; did you");
    assert_refused("hallwatch rules check --js a", "unknown option --js");
    assert_refused("hallwatch rules check --s 4 a", "unknown option --s\n");
}

static void an_argument_is_there_when_it_must_and_only_then(void **state)
{
    (void)state;
    assert_refused("hallwatch rules check a --rules", "--rules wants an argument: DIR\n");
    assert_refused("hallwatch rules check a -r", "--rules wants an argument: DIR\n");
    assert_refused("hallwatch rules check a --json=1", "--json takes no argument\n");
    assert_refused("hallwatch rules check a --help=1", "--help takes no argument\n");
    assert_refused("hallwatch rules check", "FILE... is missing");
    assert_refused("hallwatch rules fields x", "takes no arguments");
    assert_refused("hallwatch rules check a --sensors four", "wants a whole number");
    assert_refused("hallwatch rules check a --wait 5", "wants a duration");
    assert_refused("hallwatch rules check a --most 0", "a whole number from 1 on");
    assert_refused("hallwatch rules check a --most x", "a whole number from 1 on");
}

static void an_unknown_command_gets_the_nearest_one(void **state)
{
    (void)state;
    assert_refused("hallwatch rulse",
                   "unknown command \"rulse\"; did you mean \"rules\"?");
    assert_refused("hallwatch rules \x1b[2J", "unknown command \"\\x1b[2J\"\n");
    assert_refused("hallwatch", "Commands:\n  rules  check and test rules\n");
    assert_refused("hallwatch rules", "  check   check rule files\n");
}

static void help_and_version_end_well(void **state)
{
    auto_free char *help = NULL, *version = NULL, *short_help = NULL;
    auto_free char *below = NULL;

    (void)state;
    assert_int_equal(run("hallwatch rules check --help", &help), 0);
    assert_string_equal(help, "Usage: hallwatch rules check [OPTION...] FILE...\n"
                              "Check rule files.\n"
                              "\n"
                              "  -j, --json                print JSON\n"
                              "      --quiet               print nothing\n"
                              "  -r, --rules DIR           read the rules from DIR\n"
                              "      --set OPTION=VALUE    change a setting\n"
                              "      --sensors N           how many sensors\n"
                              "      --most N              at most so many\n"
                              "      --wait TIME           how long to wait\n"
                              "  -h, --help                print this text\n");
    assert_int_equal(run("hallwatch --version", &version), 0);
    assert_string_equal(version, "hallwatch " VERSION "\n");
    assert_int_equal(run("hallwatch rules --version", &below), OPTIONS_USAGE);
    assert_int_equal(run("hallwatch -h rules check", &short_help), 0);
    assert_non_null(strstr(short_help, "-V, --version"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_arguments_reach_the_command),
        cmocka_unit_test(letters_may_stand_together),
        cmocka_unit_test(an_unknown_option_gets_the_nearest_one),
        cmocka_unit_test(the_beginning_of_an_option_is_not_the_option),
        cmocka_unit_test(an_argument_is_there_when_it_must_and_only_then),
        cmocka_unit_test(an_unknown_command_gets_the_nearest_one),
        cmocka_unit_test(help_and_version_end_well),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
