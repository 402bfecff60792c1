/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_help.h - the text of --help. For options.c only.
 */
#ifndef OPTIONS_HELP_H
#define OPTIONS_HELP_H

#include <stdbool.h>

#include "options.h"
#include "text.h"

/* title: "hallwatch rules check"; top: it has --version as well. */
void options_print_help(const struct command *c, const char *title, bool top,
                        struct buffer *b);

#endif
