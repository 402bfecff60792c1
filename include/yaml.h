/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - a YAML file as a tree of nodes that know where they stand.
 *
 * Every scalar is text; what it means is decided by who reads it, so that no word is a
 * boolean by surprise. Nodes are borrowed from the struct yaml.
 *
 * Codes: E0101 not YAML or not UTF-8, E0102 cannot be read, E0103 unknown key, E0104
 * missing key, E0105 another kind of value, E0106 too large or deep (32), E0107 duplicate
 * key, E0108 anchor, alias or tag, E0109 a second document, E0110 no text as key or a
 * zero byte in it; E0202 unknown name, E0203 no number, E0204 out of range, E0205 no
 * boolean, E0206 no duration, E0207 no time, E0208 no size.
 */
#ifndef HALLWATCH_YAML_H /* libyaml has YAML_H */
#define HALLWATCH_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "auto.h"
#include "clock.h"
#include "diag.h"

struct yaml;
struct node;

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
};

enum node_style {
    NODE_PLAIN,
    NODE_QUOTED,
    NODE_LITERAL, /* | */
    NODE_FOLDED,  /* > */
    NODE_FLOW,    /* a list or map in [ ] or { } */
    NODE_BLOCK,
};

/*
 * Reads a whole file, at most 16 MiB. NULL when it cannot be read or is no YAML, and then
 * d says why. Faults that leave the rest readable (E0107 to E0110) are errors in d, and
 * the tree is there all the same, so that the rest can be checked as well. An empty file
 * is a map without keys. name is copied.
 */
struct yaml *yaml_load(const char *path, struct diags *d);
struct yaml *yaml_parse(const char *name, const char *text, size_t len, struct diags *d);
void yaml_release(struct yaml *y); /* NULL is fine; libyaml has a yaml_free */
AUTO_DEFINE(yaml, yaml_release)
#define auto_yaml __attribute__((cleanup(auto_yaml_run)))

const struct node *yaml_root(const struct yaml *y);

enum node_kind node_kind(const struct node *n);
enum node_style node_style(const struct node *n);
struct place node_place(const struct node *n);

/* The place of some characters inside a scalar: offset and length count bytes of
 * node_text(). Right for plain, quoted and literal scalars; a folded one gives its own
 * place. */
struct place node_place_at(const struct node *n, size_t offset, size_t length);

/* A scalar's text, ended by a zero byte; "" for a list or map. */
const char *node_text(const struct node *n);

/* How many items a list, or pairs a map, has. */
size_t node_count(const struct node *n);
const struct node *node_item(const struct node *list, size_t i);
const struct node *node_key(const struct node *map, size_t i);
const struct node *node_value(const struct node *map, size_t i);
const struct node *node_get(const struct node *map,
                            const char *key); /* NULL: not there */

/*
 * Trees made of parts of others, in the arena; the parts are borrowed. A pair takes the
 * place of one with its key; _with_other replaces item i; a node that is made stands
 * where `at` does.
 */
const struct node *node_with_pair(struct arena *a, const struct node *map,
                                  const struct node *key, const struct node *value);
const struct node *node_with_item(struct arena *a, const struct node *list,
                                  const struct node *item);
const struct node *node_with_other(struct arena *a, const struct node *list, size_t i,
                                   const struct node *item);
const struct node *node_made(struct arena *a, enum node_kind kind, const char *text,
                             const struct node *at);

/*
 * Reading with complaints. Each returns true and sets the result, or adds an error at the
 * node (what was expected, what was found) and returns false. A node that is NULL, as
 * node_need gives it, is false without a further error.
 */
bool node_is(const struct node *n, enum node_kind kind, struct diags *d);
bool node_read_text(const struct node *n, const char **ret_text, struct diags *d);
bool node_read_number(const struct node *n, uint64_t min, uint64_t max,
                      uint64_t *ret_number, struct diags *d);
bool node_read_bool(const struct node *n, bool *ret_bool,
                    struct diags *d); /* true, false */
bool node_read_duration(const struct node *n, usec_t *ret_duration, struct diags *d);
bool node_read_time(const struct node *n, usec_t *ret_time, struct diags *d);
bool node_read_size(const struct node *n, uint64_t *ret_bytes, struct diags *d);

/* The index of the scalar among count names; an unknown one is an error with a
 * suggestion. what: "severity", for the sentence: unknown severity "hgih". */
bool node_read_name(const struct node *n, const char *what, const char *const *names,
                    size_t count, size_t *ret_index, struct diags *d);

/* Every key of the map must be one of count names: E0103 unknown key "x" in WHAT. */
void node_check_keys(const struct node *map, const char *what, const char *const *names,
                     size_t count, struct diags *d);

/* The value of a key that must be there: E0104 WHAT has no "key". NULL then. */
const struct node *node_need(const struct node *map, const char *what, const char *key,
                             struct diags *d);

#endif
