/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fact.h - what a run knows of its incident, by name: "incident.severity". Conditions ask
 * for facts, texts show them as ${incident.site}, and who may read which one is decided
 * by one table.
 *
 * Facts are one JSON object: {"incident": {"id": 7, "severity": "high", ...},
 * "answer": {STEP: {FIELD: value}}}. Times in it are microseconds since 1970.
 */
#ifndef FACT_H
#define FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "diag.h"
#include "json.h"
#include "localtime.h"
#include "names.h"
#include "yaml.h"

enum fact_type { FACT_TEXT, FACT_NUMBER, FACT_TIME, FACT_YESNO, FACT_NAME };

struct fact {
    const char *name; /* "incident.severity" */
    enum fact_type type;
    const struct names *names; /* FACT_NAME */
    uint32_t shown;            /* roles whose tasks may show it: bit 1 << enum role */
    bool mailed;               /* to those roles; never in a safeguarding playbook ... */
    bool mailed_always;        /* ... but for these, which go to anybody */
    const char *meaning;
};

extern const struct fact fact_table[];
extern const size_t fact_count;

/* NULL: none of that name. "answer.STEP.FIELD" is no row of the table. */
const struct fact *fact_find(const char *name, size_t len);
bool fact_is_answer(const char *name, size_t len);

/* The names of all facts, for a suggestion, in the arena. */
const char *const *fact_names(struct arena *a);

enum condition_op {
    CONDITION_IS,
    CONDITION_IS_NOT,
    CONDITION_AT_LEAST,
    CONDITION_AT_MOST
};

struct condition {
    const char *name; /* of the fact, or answer.STEP.FIELD */
    struct place place;
    enum condition_op op;
    const char *const *values; /* one of them */
    size_t value_count;
    int64_t number; /* AT_LEAST, AT_MOST: a number, or the index of a name */
};

/* From {fact: ..., is: ..., ...}; other keys are the caller's. False after telling d. */
bool condition_read(struct condition *c, struct arena *a, const struct node *map,
                    struct diags *d);

/* A fact that is not there makes it false, `is_not` as well. */
bool condition_holds(const struct condition *c, const struct json *known);

/* "incident.severity is at least high" */
void condition_print(const struct condition *c, struct buffer *out);

/*
 * A text with its ${...} filled in: numbers and texts as they are, times in the zone as
 * "2026-11-23 14:05". What is not known is "(not known)". zone NULL: UTC. Yours to
 * free.
 */
char *fact_fill(const char *text, const struct json *known, const struct zone *zone);

/* Calls back for the name in every ${name} or ${name|time}; false: a ${ without its }. */
typedef void fact_name_fn(const char *name, size_t len, void *arg);
bool fact_each_name(const char *text, fact_name_fn *fn, void *arg);

#endif
