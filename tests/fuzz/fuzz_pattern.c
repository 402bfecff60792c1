/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pattern in the first line, a text behind it. A glob answers as the simplest way to
 * match one does; a regular expression answers the same for a text twice, and finds in a
 * longer text, unless it is anchored, what it finds in a part.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Greedy with one way back, which is enough for * and ?. */
static bool simple_glob(struct text p, struct text t)
{
    size_t i = 0, k = 0, star = SIZE_MAX, back = 0;

    while (k < t.len) {
        if (i < p.len && p.at[i] == '*') {
            star = i++;
            back = k;
        } else if (i < p.len && (p.at[i] == '?' || p.at[i] == t.at[k])) {
            i++;
            k++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            k = ++back;
        } else {
            return false;
        }
    }
    while (i < p.len && p.at[i] == '*')
        i++;
    return i == p.len;
}

static void try_regex(struct text pattern, struct text text)
{
    const char *error;
    size_t at;
    struct pattern *p = pattern_regex(pattern, &error, &at);
    auto_buffer struct buffer longer = {0};

    if (!p) {
        if (at > pattern.len)
            abort();
        return;
    }
    buffer_text(&longer, "x");
    buffer_add(&longer, text.at, text.len);
    buffer_text(&longer, "x");
    if (!memchr(pattern.at, '^', pattern.len) && !memchr(pattern.at, '$', pattern.len) &&
        pattern_matches(p, text) &&
        !pattern_matches(p, (struct text){longer.at, longer.len}))
        abort();
    pattern_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *line = len ? memchr(bytes, '\n', len) : NULL;
    struct text pattern = {(const char *)bytes, line ? (size_t)(line - bytes) : len};
    struct text text = {(const char *)bytes + pattern.len, len - pattern.len};
    const char *error;
    struct pattern *glob;
    size_t at;

    if (line) {
        text.at++;
        text.len--;
    }
    glob = pattern_glob(pattern, &error, &at);
    if (glob && pattern_matches(glob, text) != simple_glob(pattern, text))
        abort();
    pattern_free(glob);
    try_regex(pattern, text);
    return 0;
}
