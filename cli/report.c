/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

bool report_format(const char *word, bool json, enum report_format *ret_format)
{
    static const char *const words[] = {"text", "json", "sarif"};

    *ret_format = json ? REPORT_JSON : REPORT_TEXT;
    if (!word)
        return true;
    for (int i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            *ret_format = (enum report_format)i;
            return true;
        }
    fprintf(stderr, "hallwatch: --format is text, json or sarif, not \"%s\"\n", word);
    return false;
}

static int print(struct diags *d, const char *text, FILE *to)
{
    if (*text) {
        fputs(text, to);
        if (text[strlen(text) - 1] != '\n')
            putc('\n', to);
    }
    return diags_errors(d) ? EXIT_FAULT : EXIT_SUCCESS;
}

int report(struct diags *d, enum report_format format)
{
    auto_free char *text = format == REPORT_JSON    ? diags_json(d)
                           : format == REPORT_SARIF ? diags_sarif(d)
                                                    : diags_text(d);

    return print(d, text, stdout);
}

int report_aside(struct diags *d)
{
    auto_free char *text = diags_text(d);

    return print(d, text, stderr);
}
