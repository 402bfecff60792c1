/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.h - the expressions of rules: text, to a tree, to checked predicates, to a flat
 * program. The grammar is in hallwatch-rules(5).
 *
 *     expr_parse    one scalar of a YAML file to a tree
 *     expr_check    finds fields, macros and lists, converts values, interns predicates
 *     expr_compile  tree to program
 *     expr_explain  tree and an event to lines for a person
 *
 * Everything is allocated in the arena that is handed in, and borrows the YAML nodes.
 */
#ifndef EXPR_H
#define EXPR_H

#include "arena.h"
#include "diag.h"
#include "list_value.h"
#include "predicate.h"
#include "yaml.h"

#define EXPR_TEXT_MAX  8192 /* bytes of one expression */
#define EXPR_DEPTH_MAX 100  /* parentheses and macros inside each other */
#define EXPR_SIZE_MAX  2000 /* predicates of a rule, with those of its macros */

/* Some characters of a scalar; len 0: the scalar as a whole. */
struct span {
    const struct node *node;
    size_t offset, len;
};

struct place span_place(struct span s);

enum operand_kind {
    OPERAND_WORD,   /* a field's name, true, false */
    OPERAND_NUMBER, /* digits, perhaps with dots, perhaps with a unit */
    OPERAND_TEXT,   /* in quotes */
    OPERAND_ADDR,
    OPERAND_CIDR, /* cidr("...") or a.b.c.d/n */
    OPERAND_MAC,
    OPERAND_LIST, /* $name, text is the name */
    OPERAND_BARE, /* from YAML, not from an expression: whatever its field needs */
};

struct operand {
    enum operand_kind kind;
    struct text text;
    struct span span;
};

enum expr_kind { EXPR_OR, EXPR_AND, EXPR_NOT, EXPR_MACRO, EXPR_PREDICATE };

struct expr {
    enum expr_kind kind;
    struct span span;          /* what a fault underlines */
    struct expr *left, *right; /* OR, AND; NOT has left only */

    struct text name; /* MACRO, or the field of a PREDICATE */
    const struct macro *macro;

    enum predicate_op op;
    struct span op_span;
    struct operand *operands;
    size_t operand_count;
    bool bracketed;     /* the operands stood in [ ] */
    uint32_t predicate; /* after the check: its number in the table */
};

/* NULL after telling d what is wrong. */
struct expr *expr_parse(struct arena *a, const struct node *n, struct diags *d);

/* ---- names that expressions use ---- */

#define LIST_NEVER_STALE UINT64_MAX
#define LIST_NEVER_USED  0 /* too old from the beginning: too short, or not there */

struct list_def {
    const char *name;
    const struct node *node; /* its name in the file */
    const struct node *body; /* what stands behind it */
    enum list_type type;
    const struct node *items; /* a YAML list, or NULL */
    bool from_file;
    bool broken;       /* its faults were told */
    int listdb;        /* number in the list file, or LISTDB_NONE: then it is empty */
    usec_t stale_from; /* when one from a file is too old */
    enum list_stale on_stale;
    bool used;
};

struct macro {
    const char *name;
    const struct node *node; /* its name in the file */
    const struct node *body; /* what stands behind it */
    struct expr *expr;       /* NULL: it has a fault that was told */
    enum { MACRO_NEW, MACRO_BUSY, MACRO_DONE } state;
    bool used;
    size_t size, depth; /* predicates and nesting, with those of its own macros */
};

struct expr_world {
    struct arena *arena;
    struct diags *diags;
    struct predicate_table *predicates;
    struct list_def *lists;
    size_t list_count;
    struct macro *macros;
    size_t macro_count;
    unsigned nested; /* macros that are being checked, inside each other */
};

/* ---- check ---- */

/* False after telling what is wrong; all faults are told. kinds: of events watched. */
bool expr_check(struct expr_world *w, struct expr *e, uint32_t kinds);

/* Checks a macro once, and the ones it uses before it; for any kind of event. */
bool expr_check_macro(struct expr_world *w, struct macro *m);

/* The values of a checked predicate as constants of its field; false after telling. */
bool expr_values(struct expr_world *w, const struct expr *e, struct predicate *p);

/* ---- program ---- */

/* Ask predicate; go on at yes or at no. */
struct expr_step {
    uint32_t predicate;
    uint16_t yes, no;
};

#define EXPR_TRUE  UINT16_MAX
#define EXPR_FALSE (UINT16_MAX - 1)

struct program {
    const struct expr_step *steps;
    size_t count;
};

struct program expr_compile(struct arena *a, const struct expr *e);

/* How a predicate came out on the event, with its text and the field's value: one line
 * each, indented as the expression is. */
bool expr_explain(const struct expr *e, const struct predicate_table *t,
                  const struct event *event, struct list_memo *lists, unsigned depth,
                  struct buffer *out);

#endif
