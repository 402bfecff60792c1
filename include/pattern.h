/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.h - the patterns of `glob` and `matches`, in time that grows with the text
 * and never explodes.
 *
 * glob: * any run of characters, ? one character, the rest is itself; the whole text.
 *
 * matches: a regular expression, anywhere in the text unless anchored with ^ and $:
 *     .  [a-z]  [^a-z]  \d \w \s \D \W \S  \. (itself)  * + ?  |  ( )
 * (?i) at the start: letters of either case. No counted repeats, no references. Run as a
 * set of states (Thompson 1968), so a hostile text costs states times its length at most.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define PATTERN_MAX 256 /* bytes of a pattern */

struct pattern;

/* NULL when it is no pattern; ret_error says why (constant), ret_at where. */
struct pattern *pattern_glob(struct text text, const char **ret_error, size_t *ret_at);
struct pattern *pattern_regex(struct text text, const char **ret_error, size_t *ret_at);
void pattern_free(struct pattern *p); /* NULL is fine */

bool pattern_matches(const struct pattern *p, struct text text);

#endif
