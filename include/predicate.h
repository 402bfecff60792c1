/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predicate.h - one question about one field: `dst.port in [22, 3389]`.
 *
 * Predicates are shared between rules: the same question is asked once an event, however
 * many rules want to know. What a rule writes is checked and converted by expr_check.c;
 * here everything fits its field's type.
 *
 * A predicate on a field that the event does not have is false, whatever it asks.
 */
#ifndef PREDICATE_H
#define PREDICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "event.h"
#include "listdb.h"
#include "pattern.h"

enum predicate_op {
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_EXISTS,
    OP_IN,
    OP_UNDER,
    OP_STARTSWITH,
    OP_ENDSWITH,
    OP_CONTAINS,
    OP_GLOB,
    OP_MATCHES,
    OP_ANY_OF,
    OP_ALL_OF,
};
extern const struct names names_predicate_op;

/* Constants, numbers and texts sorted. Which one counts follows from the field's type. */
struct value_set {
    size_t count;
    union {
        const uint64_t *numbers; /* number-like fields; MAC as its 48 bits */
        const struct text *texts;
        const struct prefix *prefixes;
    };
};

/* The order of a set's numbers and texts, for qsort. Networks keep theirs. */
int value_compare_number(const void *a, const void *b);
int value_compare_text(const void *a, const void *b);

#define LISTDB_NONE (-1)

struct predicate {
    struct text written; /* in one form: field op value */
    enum predicate_op op;
    enum field_id field;
    enum field_id other; /* a field to compare with, or FIELD_UNKNOWN */
    uint64_t number;     /* of < <= > >=; the bits of NAMES */
    struct value_set set;
    struct pattern *pattern; /* of glob and matches; the table's */
    int listdb;              /* of a $list with a file, else LISTDB_NONE */
    usec_t listdb_until; /* after it, it is too old to be believed (rule.h: off_after) */
    const char *list;    /* name of the list that was asked, or NULL */
};

/* What the lists say of an event's names, asked once for each different name. */
struct list_memo;
struct list_memo *list_memo_new(const struct listdb *db); /* NULL db: on no list */
void list_memo_free(struct list_memo *m);
void list_memo_begin(struct list_memo *m); /* another event */

/*
 * Lists that the name is on, and that count (listdb_judge): protected names are on no
 * other list, white ones on no black. What is asked for is the event's: it is borrowed
 * until the next one begins.
 */
struct list_set list_memo_query(struct list_memo *m, struct text name);
struct list_set list_memo_addr(struct list_memo *m, const struct addr *addr);
struct list_set list_memo_mac(struct list_memo *m, const struct mac *mac);
struct list_set list_memo_print(struct list_memo *m, struct text print);

/* Lists of type lookalike with a name that this one looks like. */
struct list_set list_memo_alike(struct list_memo *m, struct text name);

/* The event's host, or another name it asks for, is protected. */
bool list_memo_protected(struct list_memo *m, const struct event *e);

bool predicate_holds(const struct predicate *p, const struct event *e,
                     struct list_memo *lists);

/* All predicates of a rule set, each once. Numbers stay as they are. */
struct predicate_table {
    struct predicate *at;
    size_t count, capacity;
    uint32_t *slots; /* hash table of index + 1 */
    size_t slot_count;
};

/* The number of the predicate that is written like p; p is copied when it is new. */
uint32_t predicate_table_add(struct predicate_table *t, const struct predicate *p);

/* The number of the predicate written so, or UINT32_MAX. */
uint32_t predicate_table_find(const struct predicate_table *t, struct text written);
void predicate_table_done(struct predicate_table *t);

#endif
