/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_audit.h - who saw, searched, unmasked, exported and changed what.
 *
 * Each row's hash is BLAKE2b-256 over the hash before it and the row's own content, and
 * the newest hash stands beside them: what is changed, left out, put in or cut off is
 * found by going through it.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store.h"

#define AUDIT_HASH_TEXT 65

struct store_audit {
    int64_t id; /* 1, 2, 3 ... without gaps */
    usec_t at;
    const char *who;    /* a person's id, or a process's name */
    const char *what;   /* "incident.close", "alert.view", "unmask" */
    const char *about;  /* "incident/17", or "" */
    const char *detail; /* JSON, or "" */
    const char *hash;   /* hexadecimal */
};

int store_audit_add(struct store *s, const char *who, const char *what, const char *about,
                    const char *detail);

typedef void store_audit_fn(const struct store_audit *a, void *arg);
struct json *store_audit_json(const struct store_audit *a);

/* From an id on, oldest first. */
int store_audit_each(struct store *s, int64_t from, size_t limit, store_audit_fn *fn,
                     void *arg);

struct store_audit_verdict {
    uint64_t rows;
    int64_t broken;  /* the first row that is not as it was written; 0: all are */
    const char *how; /* a sentence about it; "" when all is well */
    char head[AUDIT_HASH_TEXT]; /* the newest hash: keep it elsewhere to compare */
};

int store_audit_verify(struct store *s, struct store_audit_verdict *ret);

#endif
