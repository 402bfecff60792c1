/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - rule files from text, for the tests of the rule modules.
 */
#ifndef TEST_RULES_H
#define TEST_RULES_H

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "rule.h"

#define RULES_HEAD "schema: 1\nruleset: test\nversion: 1\n"

static inline struct ruleset *rules_load_with(struct ruleset_settings settings,
                                              const char *text, struct diags *d)
{
    struct ruleset_source source = {.name = "r.yaml", .text = text, .len = strlen(text)};

    settings.sources = &source;
    settings.source_count = 1;
    return ruleset_load(&settings, d);
}

static inline struct ruleset *rules_load(const char *text)
{
    auto_diags struct diags *d = diags_new();
    struct ruleset *s = rules_load_with((struct ruleset_settings){0}, text, d);

    if (!s) {
        auto_free char *faults = diags_text(d);

        print_message("%s", faults);
    }
    assert_non_null(s);
    return s;
}

/* What is wrong with the text, as a person sees it; yours to free. */
static inline char *rules_faults(const char *text)
{
    auto_diags struct diags *d = diags_new();
    struct ruleset *s = rules_load_with((struct ruleset_settings){0}, text, d);

    ruleset_free(s);
    return diags_text(d);
}

/* A file with one rule test.one that watches `watch` and whose other keys are `more`. */
static inline char *rules_one(const char *watch, const char *more)
{
    return xasprintf(RULES_HEAD "rules:\n"
                                "  - id: test.one\n"
                                "    title: A test\n"
                                "    why: To test\n"
                                "    severity: low\n"
                                "    owner: security\n"
                                "    watch: [%s]\n"
                                "%s",
                     watch, more);
}

#endif
