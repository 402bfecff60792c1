/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alike.h - names that somebody may want to pass off as others: which of a few thousand
 * names a host name looks like, without being one.
 *
 * What is compared is the label below the public suffix: "lincoln" of
 * portal.lincoln.k12.ca.us. A host whose registrable domain is that of a known name is
 * that name's owner's, and looks like none; neither does one under an ending that nobody
 * can register (.local and the like), or without any.
 */
#ifndef ALIKE_H
#define ALIKE_H

#include <stdbool.h>
#include <stddef.h>

#include "names.h"
#include "text.h"

#define ALIKE_NAMES_MAX   4096 /* known names */
#define ALIKE_MATCHES_MAX 16   /* that one host name is said to look like */

/* The surest first: of two, the first is told. */
enum alike_how {
    ALIKE_LETTERS, /* other letters that look the same: pаypal.com, paypa1.com */
    ALIKE_FRONT,   /* the whole name, in front of another one: paypal.com.example.net */
    ALIKE_LETTER,  /* one letter is off: paypall.com */
    ALIKE_WORD,    /* a word was added: paypal-login.com */
    ALIKE_ENDING,  /* the same under another public suffix: paypal.example */
};
extern const struct names names_alike_how;

/* "one letter is off": for sentences. */
const char *alike_how_words(enum alike_how how);

struct alike_match {
    struct text name; /* as it was added */
    unsigned list;
    enum alike_how how;
};

struct alike;

struct alike *alike_new(void);
void alike_free(struct alike *a); /* NULL is fine */

/* Whether others can look like the clean name: it has an owner, out in the open, and
 * something to read. */
bool alike_fits(struct text name);

/* A clean name (domain.h), which stays the caller's, of a list. Those over
 * ALIKE_NAMES_MAX are not taken: false. */
bool alike_add(struct alike *a, struct text name, unsigned list);

/* What the clean host name looks like: one match for each name and list, the surest
 * first. Returns how many. */
size_t alike_find(const struct alike *a, struct text host,
                  struct alike_match ret_matches[ALIKE_MATCHES_MAX]);

#endif
