/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag_codes.h - a page for each code of diag.h, for `hallwatch rules explain-code`.
 */
#ifndef DIAG_CODES_H
#define DIAG_CODES_H

#include <stddef.h>

struct diag_code {
    const char *code;
    const char *title;
    const char *page; /* what it means, why it is a fault, what to write instead */
};

/* NULL when there is none. Letters of either case; W0302 and E0302 are two codes. */
const struct diag_code *diag_code_find(const char *code);

/* All of them, in order. */
const struct diag_code *diag_codes(size_t *ret_count);

#endif
