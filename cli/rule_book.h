/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_book.h - what the collector's rules say of themselves, for who reads an alert or
 * speaks of a rule: why, what it does not show, its harmless causes, who acts first.
 *
 * They are the rules that the collector.yaml beside the district's file names; where that
 * cannot be read, the shipped ones.
 */
#ifndef CLI_RULE_BOOK_H
#define CLI_RULE_BOOK_H

#include "cli.h"

/* NULL: they cannot be read, which is told nowhere. Must not outlive the district. */
struct ruleset *rule_book_open(const struct store_choice *c,
                               const struct district *district);

/* The rule of an id; NULL: not in the book, or there is no book. */
const struct rule *rule_book_find(const struct ruleset *book, const char *id);

/* For people: why, what it does not show, its harmless causes. NULL: says that the rule
 * is not in the book. */
void rule_book_print(const struct rule *rule);

/* The id most like the word; NULL: none is. Yours to free. */
char *rule_book_nearest(const struct ruleset *book, const char *word);

#endif
