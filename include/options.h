/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the command line, by const tables: options, subcommands, --help.
 *
 *     struct check {
 *         bool json;
 *         const char *rules;
 *     };
 *
 *     static const struct option_row check_options[] = {
 *         {"json", 'j', OPTION_FLAG, offsetof(struct check, json), .help = "print JSON"},
 *         {"rules", 'r', OPTION_TEXT, offsetof(struct check, rules), .arg = "DIR",
 *          .help = "read the rules from DIR"},
 *         {0},
 *     };
 *
 *     static int check(const void *values, int argc, char **argv);
 *
 *     static const struct command commands[] = {
 *         {"check", .args = "FILE...", .min_args = 1, .max_args = INT_MAX,
 *          .help = "check rule files", .options = check_options,
 *          .size = sizeof(struct check), .run = check},
 *         {0},
 *     };
 *
 *     int main(int argc, char **argv)
 *     {
 *         static const struct command top = {"hallwatch", .help = "...",
 *                                            .commands = commands};
 *
 *         return options_run(&top, argc, argv);
 *     }
 *
 * --help (-h) is everywhere, --version (-V) at the top. Options and arguments may be
 * mixed;
 * -- ends the options.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stddef.h>

#define OPTIONS_USAGE 2 /* exit code: the command line is wrong */

/* What stands at the offset is in brackets. Texts are borrowed from argv. */
enum option_kind {
    OPTION_FLAG,     /* [bool] takes no argument */
    OPTION_TEXT,     /* [const char *] the last one counts */
    OPTION_TEXTS,    /* [struct option_texts] may be given several times */
    OPTION_NUMBER,   /* [uint64_t] */
    OPTION_COUNT,    /* [uint64_t] from 1 on: 0 is that it was not given */
    OPTION_DURATION, /* [usec_t] */
};

struct option_texts {
    const char **items;
    size_t count;
};

struct option_row {
    const char *name; /* without the -- */
    char letter;      /* 0: none */
    enum option_kind kind;
    size_t offset;
    const char *arg; /* name of its argument, for the help */
    const char *help;
};

struct command {
    const char *name;
    const char *args; /* for the usage line: "FILE..."; NULL: none */
    int min_args, max_args;
    const char *help; /* one line, small first letter, no full stop */
    const char *more; /* a paragraph below the options of --help, or NULL */

    /* Either subcommands, or what runs: with the values (zeroed where no option was
     * given), and what was left of argv. It returns the exit code. */
    const struct command *commands; /* ended by a row without name */
    const struct option_row *options;
    size_t size; /* of the struct of values */
    int (*run)(const void *values, int argc, char **argv);
};

/*
 * Reads the command line and runs what it asks for. Returns the exit code: of the
 * command, 0 after --help or --version, OPTIONS_USAGE after a complaint on stderr; 1 when
 * what was printed could not be written (output.h).
 */
int options_run(const struct command *top, int argc, char **argv);

/* The same for a program that says more than its version: "0.1.0 (nDPI 4.2.0)". */
int options_run_as(const struct command *top, const char *version, int argc, char **argv);

#endif
