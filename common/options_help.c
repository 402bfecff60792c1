/* SPDX-License-Identifier: Apache-2.0 */
#include "options_help.h"

#include <ctype.h>
#include <string.h>

#include "auto.h"
#include "mem.h"

#define COLUMN_MAX 26 /* a longer option has its help on the next line */

static void print_option(const struct option_row *o, FILE *out)
{
    char letter[] = {'-', o->letter, ',', ' ', '\0'};
    auto_free char *left = xasprintf("  %s--%s%s%s", o->letter ? letter : "    ", o->name,
                                     o->arg ? " " : "", o->arg ? o->arg : "");

    if (strlen(left) > COLUMN_MAX)
        fprintf(out, "%s\n%*s", left, COLUMN_MAX + 2, "");
    else
        fprintf(out, "%-*s", COLUMN_MAX + 2, left);
    fprintf(out, "%s\n", o->help);
}

static void print_options(const struct command *c, bool top, FILE *out)
{
    static const struct option_row help = {
        .name = "help", .letter = 'h', .help = "print this text"};
    static const struct option_row version = {
        .name = "version", .letter = 'V', .help = "print the version"};

    fprintf(out, "\n");
    for (const struct option_row *o = c->options; o && o->name; o++)
        print_option(o, out);
    print_option(&help, out);
    if (top)
        print_option(&version, out);
}

static void print_commands(const struct command *c, FILE *out)
{
    int width = 0;

    for (const struct command *sub = c->commands; sub->name; sub++)
        if ((int)strlen(sub->name) > width)
            width = (int)strlen(sub->name);
    fprintf(out, "\nCommands:\n");
    for (const struct command *sub = c->commands; sub->name; sub++)
        fprintf(out, "  %-*s  %s\n", width, sub->name, sub->help);
}

void options_print_help(const struct command *c, const char *title, bool top, FILE *out)
{
    const char *args = c->commands ? "COMMAND ..." : c->args;

    fprintf(out, "Usage: %s [OPTION...]%s%s\n%c%s.\n", title, args ? " " : "",
            args ? args : "", toupper((unsigned char)c->help[0]), c->help + 1);
    if (c->commands)
        print_commands(c, out);
    print_options(c, top, out);
    if (c->more)
        fprintf(out, "\n%s\n", c->more);
}
