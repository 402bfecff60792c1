/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag.h - what is wrong with what a person wrote: file, line, column and a sentence, all
 * faults at once.
 *
 * Codes are stable and grouped: E01xx structure, E02xx names and types, E03xx time and
 * schedules, E04xx lists, E05xx limits, E06xx tests, E07xx playbooks, E08xx the district,
 * E09xx settings; W in front of a warning. `hallwatch rules explain-code` prints a page
 * for each from the table in diag_codes.c.
 *
 *     rules/a.yaml:58:30: error[E0214]: unknown nDPI risk "tls_selfsigned_cert"
 *        58 |     when: ndpi.risk any_of ["tls_selfsigned_cert", "tls_weak_cipher"]
 *           |                             ^^^^^^^^^^^^^^^^^^^^^
 *           = did you mean "tls_selfsigned_certificate"?
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "auto.h"

enum diag_level {
    DIAG_ERROR,
    DIAG_WARNING,
};

/* A place in a file. Lines and columns from 1; 0 when it is the file as a whole. */
struct place {
    const char *file; /* borrowed; copied when a diag is added */
    unsigned line, column;
    unsigned length; /* characters to underline, at least 1 */
};

struct diags;

struct diags *diags_new(void);
void diags_free(struct diags *d); /* NULL is fine */
AUTO_DEFINE(diags, diags_free)
#define auto_diags __attribute__((cleanup(auto_diags_run)))

/* Remembers a file's text, so that its lines can be shown. Copies it. */
void diags_source(struct diags *d, const char *file, const char *text, size_t len);

void diags_error(struct diags *d, struct place at, const char *code, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));
void diags_warn(struct diags *d, struct place at, const char *code, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* A line "= ..." under the diag that was added last. */
void diags_hint(struct diags *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As diags_hint: = did you mean "..."? when one of the names is near, or begins with the
 * word; nothing otherwise. */
void diags_suggest(struct diags *d, const char *word, const char *const *names,
                   size_t count);

size_t diags_errors(const struct diags *d);
size_t diags_warnings(const struct diags *d);

/* All of them, sorted by file, line and column, then "2 errors, 1 warning in 3 files".
 * Yours to free. */
char *diags_text(struct diags *d);
char *diags_json(struct diags *d);  /* one JSON document */
char *diags_sarif(struct diags *d); /* SARIF 2.1.0 */

#endif
