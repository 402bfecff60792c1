/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damerau-Levenshtein distance in its restricted form (no part of a word is changed
 * twice), row by row: only the last three rows are needed. Names here are short; a longer
 * one than WORD_MAX is never near.
 */
#include "text.h"

#include <stdlib.h>

#define WORD_MAX 64

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* One row: what it takes to turn the first i letters of a into each beginning of b. */
static void fill_row(unsigned *row, const unsigned *above, const unsigned *above2,
                     const char *a, size_t i, const char *b, size_t b_len)
{
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= b_len; j++) {
        unsigned change = above[j - 1] + (a[i - 1] != b[j - 1]);

        row[j] = least(change, least(above[j], row[j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            row[j] = least(row[j], above2[j - 2] + 1);
    }
}

static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][WORD_MAX + 1];

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++)
        fill_row(rows[i % 3], rows[(i + 2) % 3], rows[(i + 1) % 3], a, i, b, b_len);
    return rows[a_len % 3][b_len];
}

const char *text_nearest(const char *word, const char *const *names, size_t count)
{
    size_t len = strlen(word);
    unsigned best = len < 5 ? 1 : 2;
    const char *nearest = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t name_len = strlen(names[i]);
        unsigned d;

        if (name_len > WORD_MAX || name_len > len + 2 || len > name_len + 2)
            continue;
        d = distance(word, len, names[i], name_len);
        if (d < best || (d == best && !nearest)) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}
