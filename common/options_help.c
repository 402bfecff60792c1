/* SPDX-License-Identifier: Apache-2.0 */
#include "options_help.h"

#include <ctype.h>
#include <string.h>

#include "auto.h"
#include "mem.h"

#define COLUMN_MAX 26 /* a longer option has its help on the next line */

static void print_option(const struct option_row *o, struct buffer *b)
{
    char letter[] = {'-', o->letter, ',', ' ', '\0'};
    auto_free char *left = xasprintf("  %s--%s%s%s", o->letter ? letter : "    ", o->name,
                                     o->arg ? " " : "", o->arg ? o->arg : "");

    if (strlen(left) > COLUMN_MAX)
        buffer_print(b, "%s\n%*s", left, COLUMN_MAX + 2, "");
    else
        buffer_print(b, "%-*s", COLUMN_MAX + 2, left);
    buffer_print(b, "%s\n", o->help);
}

static void print_options(const struct command *c, bool top, struct buffer *b)
{
    static const struct option_row help = {
        .name = "help", .letter = 'h', .help = "print this text"};
    static const struct option_row version = {
        .name = "version", .letter = 'V', .help = "print the version"};

    buffer_print(b, "\n");
    for (const struct option_row *o = c->options; o && o->name; o++)
        print_option(o, b);
    print_option(&help, b);
    if (top)
        print_option(&version, b);
}

static void print_commands(const struct command *c, struct buffer *b)
{
    int width = 0;

    for (const struct command *sub = c->commands; sub->name; sub++)
        if ((int)strlen(sub->name) > width)
            width = (int)strlen(sub->name);
    buffer_print(b, "\nCommands:\n");
    for (const struct command *sub = c->commands; sub->name; sub++)
        buffer_print(b, "  %-*s  %s\n", width, sub->name, sub->help);
}

void options_print_help(const struct command *c, const char *title, bool top,
                        struct buffer *b)
{
    const char *args = c->commands ? "COMMAND ..." : c->args;

    buffer_print(b, "Usage: %s [OPTION...]%s%s\n%c%s.\n", title, args ? " " : "",
                 args ? args : "", toupper((unsigned char)c->help[0]), c->help + 1);
    if (c->commands)
        print_commands(c, b);
    print_options(c, top, b);
    if (c->more)
        buffer_print(b, "\n%s\n", c->more);
}
