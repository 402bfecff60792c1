/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_tests.h - the tests of a rule set, read but not run.
 */
#ifndef RULE_TESTS_H
#define RULE_TESTS_H

#include "ruleset.h"

#define ALL_RULES SIZE_MAX /* of the file */

enum expected_count {
    EXPECT_ALERTS,
    EXPECT_MATCH,
    EXPECT_EXCEPTED,
    EXPECT_SUMMARIES,
    EXPECT_IN_BURST,
    EXPECT_INHIBITED,
    EXPECTED_COUNTS
};
const char *rule_test_count_name(enum expected_count c);

/* What the first alert says of its rule, or a local change made of it. */
enum expected_word { EXPECT_SEVERITY, EXPECT_MODE, EXPECT_PLAYBOOK, EXPECTED_WORDS };
const char *rule_test_word_name(enum expected_word w);

struct rule_test {
    const char *name;
    const struct node *node;
    size_t rule; /* or ALL_RULES */
    const struct ruleset_file *file;
    usec_t start;
    const struct node *events, *generate, *pcap; /* NULL: not given */
    struct {
        const struct node *node; /* NULL: not expected */
        uint64_t count;
    } expected[EXPECTED_COUNTS];
    const struct node *words[EXPECTED_WORDS]; /* NULL: not expected */
    const struct node *fields;                /* or NULL */
};

struct ruleset_tests {
    struct rule_test *at;
    size_t count;
};

/* test_time of a file, which its schedules are asked with in tests; done when the set is
 * freed. */
void rule_test_time_read(struct rule_reader *r, struct ruleset_file *file);
void rule_test_time_done(struct ruleset_file *file);

/* All tests of the files that were read; called when the rules are. */
void rule_tests_read(struct rule_reader *r);

#endif
