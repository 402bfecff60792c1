/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getopt_long does the reading; the tables are turned into its, and every option of ours
 * has its row number as code. getopt_long takes a beginning of a name for the name; here
 * it is refused, because a script that uses it breaks when another option is added.
 */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "mem.h"
#include "options_help.h"
#include "output.h"
#include "text.h"

#define CODE_FIRST   256 /* of row 0; below are letters and what getopt_long answers */
#define CODE_HELP    'h'
#define CODE_VERSION 'V'

#define GO_ON (-1)

/* One command that is being read. */
struct reader {
    const struct command *command;
    const char *title;   /* "hallwatch rules check" */
    const char *version; /* at the top; NULL: below it */
    size_t rows;
    struct option *longs; /* getopt_long's: help, version, then the rows */
    struct buffer letters;
    void *values;
};

static int complain(const struct reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int complain(const struct reader *r, const char *format, ...)
{
    auto_buffer struct buffer plain = {0}, said = {0};
    va_list args;

    va_start(args, format);
    buffer_vprint(&plain, format, args);
    va_end(args);
    buffer_print(&said, "%s: ", r->title);
    buffer_text_visible(&said, (struct text){.at = plain.at, .len = plain.len});
    buffer_print(&said, "\n`%s --help` lists what there is.\n", r->title);
    fputs(said.at, stderr);
    return OPTIONS_USAGE;
}

static void say_help(const struct reader *r, FILE *out)
{
    auto_buffer struct buffer help = {0};

    options_print_help(r->command, r->title, r->version, &help);
    fputs(help.at, out);
}

static void say_version(const struct reader *r)
{
    auto_free char *version = xasprintf("%s %s\n", r->title, r->version);

    fputs(version, stdout);
}

static size_t row_count(const struct option_row *rows)
{
    size_t count = 0;

    while (rows && rows[count].name)
        count++;
    return count;
}

static void add_long(struct reader *r, size_t at, const char *name, bool takes, int code)
{
    r->longs[at] = (struct option){
        .name = name,
        .has_arg = takes ? required_argument : no_argument,
        .val = code,
    };
}

static struct reader reader_make(const struct command *c, const char *title,
                                 const char *version)
{
    struct reader r = {.command = c, .title = title, .version = version};

    r.rows = row_count(c->options);
    r.longs = xcalloc(r.rows + 3, sizeof(*r.longs));
    r.values = xcalloc(1, c->size);
    /* A command with subcommands stops at the first of them. */
    buffer_text(&r.letters, c->commands ? "+:h" : ":h");
    if (version)
        buffer_text(&r.letters, "V");
    for (size_t i = 0; i < r.rows; i++) {
        const struct option_row *row = &c->options[i];
        bool takes = row->kind != OPTION_FLAG;

        add_long(&r, i, row->name, takes, CODE_FIRST + (int)i);
        if (row->letter)
            buffer_print(&r.letters, "%c%s", row->letter, takes ? ":" : "");
    }
    add_long(&r, r.rows, "help", false, CODE_HELP);
    if (version)
        add_long(&r, r.rows + 1, "version", false, CODE_VERSION);
    return r;
}

static void reader_done(struct reader *r)
{
    for (size_t i = 0; i < r->rows; i++)
        if (r->command->options[i].kind == OPTION_TEXTS) {
            char *at = (char *)r->values + r->command->options[i].offset;

            free(((struct option_texts *)(void *)at)->items);
        }
    free(r->longs);
    free(r->values);
    buffer_done(&r->letters);
}

static const struct option_row *row_of(const struct reader *r, int code)
{
    for (size_t i = 0; i < r->rows; i++)
        if (code == CODE_FIRST + (int)i || code == r->command->options[i].letter)
            return &r->command->options[i];
    return NULL;
}

static int set_value(struct reader *r, const struct option_row *row)
{
    void *at = (char *)r->values + row->offset;
    struct option_texts *texts = at;

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)at = true;
        break;
    case OPTION_TEXT:
        *(const char **)at = optarg;
        break;
    case OPTION_TEXTS:
        texts->items = xrealloc(texts->items, texts->count + 1, sizeof(*texts->items));
        texts->items[texts->count++] = optarg;
        break;
    case OPTION_NUMBER:
        if (text_parse_number(optarg, at) != 0)
            return complain(r, "--%s wants a whole number, not \"%s\"", row->name,
                            optarg);
        break;
    case OPTION_COUNT:
        if (text_parse_number(optarg, at) != 0 || *(uint64_t *)at == 0)
            return complain(r, "--%s wants a whole number from 1 on, not \"%s\"",
                            row->name, optarg);
        break;
    case OPTION_DURATION:
        if (clock_parse_duration(optarg, at) != 0)
            return complain(r, "--%s wants a duration (500ms, 30s, 15m), not \"%s\"",
                            row->name, optarg);
        break;
    }
    return GO_ON;
}

/* word: "--ruls" or "--ruls=x". */
static int refuse_unknown(const struct reader *r, const char *word)
{
    auto_free const char **names = xcalloc(r->rows + 2, sizeof(*names));
    auto_free char *name = xstrndup(word + 2, strcspn(word + 2, "="));
    const char *nearest;
    size_t count = 0;

    for (; r->longs[count].name; count++)
        names[count] = r->longs[count].name;
    nearest = text_nearest(name, names, count);
    if (nearest)
        return complain(r, "unknown option --%s; did you mean --%s?", name, nearest);
    return complain(r, "unknown option --%s", name);
}

/* getopt_long answered ? or :, and optopt says about which option: 0 for a long one that
 * it does not know. */
static int refuse(const struct reader *r, int answer, const char *word)
{
    const struct option_row *row = row_of(r, optopt);

    if (optopt == 0)
        return refuse_unknown(r, word);
    if (answer == ':')
        return complain(r, "--%s wants an argument: %s", row->name, row->arg);
    if (optopt >= CODE_FIRST || optopt == CODE_HELP ||
        (optopt == CODE_VERSION && r->version))
        return complain(r, "%.*s takes no argument", (int)strcspn(word, "="), word);
    return complain(r, "unknown option -%c", optopt);
}

static int take_option(struct reader *r, int code)
{
    if (code == CODE_HELP) {
        say_help(r, stdout);
        return 0;
    }
    if (code == CODE_VERSION && r->version) {
        say_version(r);
        return 0;
    }
    return set_value(r, row_of(r, code));
}

/* GO_ON, or the exit code. argv is sorted: what is no option begins at optind. */
static int read_options(struct reader *r, int argc, char **argv)
{
    int code, result = GO_ON;

    opterr = 0;
    optind = 0; /* glibc: begin anew */
    while (result == GO_ON) {
        int long_at = -1;
        const char *word;

        code = getopt_long(argc, argv, r->letters.at, r->longs, &long_at);
        if (code == -1)
            break;
        word = argv[optind - (optarg && optarg == argv[optind - 1] ? 2 : 1)];
        if (code == '?' || code == ':')
            result = refuse(r, code, word);
        else if (long_at >= 0 && strcspn(word + 2, "=") != strlen(r->longs[long_at].name))
            result = refuse_unknown(r, word);
        else
            result = take_option(r, code);
    }
    return result;
}

static int check_args(const struct reader *r, int argc)
{
    const struct command *c = r->command;

    if (argc < c->min_args)
        return complain(r, "%s is missing", c->args ? c->args : "an argument");
    if (argc > c->max_args)
        return complain(r, c->max_args ? "too many arguments" : "takes no arguments");
    return GO_ON;
}

static int run(const struct command *c, const char *title, const char *version, int argc,
               char **argv);

static int run_subcommand(const struct reader *r, int argc, char **argv)
{
    const struct command *c = r->command->commands;
    auto_free const char **names = NULL;
    const char *nearest;
    size_t count = 0;

    if (argc == 0) {
        say_help(r, stderr);
        return OPTIONS_USAGE;
    }
    for (; c[count].name; count++)
        if (strcmp(c[count].name, argv[0]) == 0) {
            auto_free char *title = xasprintf("%s %s", r->title, argv[0]);

            return run(&c[count], title, NULL, argc, argv);
        }
    names = xcalloc(count, sizeof(*names));
    for (size_t i = 0; i < count; i++)
        names[i] = c[i].name;
    nearest = text_nearest(argv[0], names, count);
    if (nearest)
        return complain(r, "unknown command \"%s\"; did you mean \"%s\"?", argv[0],
                        nearest);
    return complain(r, "unknown command \"%s\"", argv[0]);
}

static int run(const struct command *c, const char *title, const char *version, int argc,
               char **argv)
{
    struct reader r = reader_make(c, title, version);
    int code = read_options(&r, argc, argv);
    int first = optind;

    if (code == GO_ON && c->commands)
        code = run_subcommand(&r, argc - first, argv + first);
    else if (code == GO_ON)
        code = check_args(&r, argc - first);
    if (code == GO_ON)
        code = c->run(r.values, argc - first, argv + first);
    reader_done(&r);
    return code;
}

int options_run(const struct command *top, int argc, char **argv)
{
    return options_run_as(top, VERSION, argc, argv);
}

int options_run_as(const struct command *top, const char *version, int argc, char **argv)
{
    return output_end(top->name, run(top, top->name, version, argc, argv));
}
