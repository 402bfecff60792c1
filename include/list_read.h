/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_read.h - lists as others write them.
 *
 * Every value is cleaned (list_value.h) before it is handed on; a leading "*." or "." of
 * a host name is taken off, as a listed name stands for all below it anyway. A line that
 * cannot be used is counted and left out, and the first few of a file are told with their
 * place.
 */
#ifndef LIST_READ_H
#define LIST_READ_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "diag.h"
#include "list_value.h"
#include "names.h"
#include "text.h"

/* '#' begins a comment in the first three, and ';' in a plain one; of authorities, whose
 * names have blanks and such signs in them, a plain line is one, and '#' begins one. */
enum list_form {
    LIST_FORM_PLAIN, /* one value a line; "until 2027-01-31" behind it ends it */
    LIST_FORM_HOSTS, /* "0.0.0.0 name name", as in /etc/hosts */
    LIST_FORM_UT1,   /* a category's folder of Universite Toulouse: its file "domains" */
    LIST_FORM_RPZ,   /* a response policy zone; what it passes through is left out */
    LIST_FORM_CSV,   /* a column of a table, RFC 4180 */
    LIST_FORM_PEM,   /* certificates (RFC 7468): a file of them, or a folder of such */
};
extern const struct names names_list_form;

/* Hosts, UT1 and RPZ hold host names only, PEM certificates and authorities. */
bool list_form_fits(enum list_form form, enum list_type type);

struct list_source {
    enum list_form form;
    enum list_type type;
    const char *path;
    const char *column; /* CSV: the heading of a column, or its number from 1 when the
                         * table has no headings; NULL: the first, without headings */
    usec_t now;         /* values whose last day (in UTC) is over are skipped */
    bool forgiving;     /* what cannot be read at all is a warning, too: W0420, W0421 */
};

struct list_counts {
    uint64_t lines;   /* that were neither empty nor comments */
    uint64_t names;   /* handed on */
    uint64_t skipped; /* lines that list nothing, as they should: SOA, localhost, what
                         has ended */
    uint64_t refused; /* lines or names that cannot be used */
};

/* name is borrowed for the call. */
typedef void list_name_fn(struct text name, void *arg);

/*
 * All of a file, at most 1 GiB. 0, or -errno and an error in d (E0420: it cannot be read;
 * E0421: it has no such column). Refused lines are warnings (W0422) and no failure: who
 * calls decides how many are too many. Of a folder (PEM), every file of which the name
 * ends in .pem, .crt, .cer or .der is read, in the order of their names.
 */
int list_read(const struct list_source *source, list_name_fn *fn, void *arg,
              struct list_counts *ret_counts, struct diags *d);

/* The same from bytes; source->path is only for messages. */
int list_parse(const struct list_source *source, const char *bytes, size_t len,
               list_name_fn *fn, void *arg, struct list_counts *ret_counts,
               struct diags *d);

#endif
