/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigma.h - rules of the Sigma project about networks, in our language.
 *
 * A Sigma rule speaks of the lines of a log; ours speak of what is on the wire. A rule is
 * translated when all of it can be said of events that a sensor makes, else it is refused
 * whole, and every part that stands in the way is told with its place: a rule that was
 * cut down would mean something else under the same name. What is translated has passed
 * the checker of rule files.
 *
 * Sigma files are strangers' input. They are read by yaml.h, so without anchors and tags,
 * and bounded: SIGMA_FILE_MAX bytes and SIGMA_DOCUMENTS_MAX documents each.
 *
 * Codes: E0530 no Sigma rule, E0531 a log that sensors do not have, E0532 a field that
 * events do not have, E0533 a modifier, E0534 a value, E0535 a condition, E0536 counting
 * over time, E0537 the translation does not pass the checker; W0530 a thing of no meaning
 * here, W0531 a part whose meaning depends on the log.
 */
#ifndef CLI_SIGMA_H
#define CLI_SIGMA_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "diag.h"
#include "event.h"
#include "text.h"
#include "yaml.h"

#define SIGMA_FILE_MAX      ((size_t)1 << 20)
#define SIGMA_DOCUMENTS_MAX 200
#define SIGMA_DEPTH_MAX     32 /* parentheses of a condition */

struct sigma_settings {
    const char *owner;    /* role; NULL: security */
    const char *playbook; /* NULL: none */
    const char *mode;     /* NULL: shadow */
};

struct sigma;

struct sigma *sigma_new(const struct sigma_settings *settings);
void sigma_free(struct sigma *s);

/* A file with one or several documents; its text is copied. What cannot be read is told
 * and left out. */
void sigma_add(struct sigma *s, const char *name, const char *text, size_t len,
               struct diags *d);

struct sigma_result {
    const char *id; /* of the rule that was written; NULL: it was refused */
    const char *title;
    struct place place;
    bool counted; /* it is part of a correlation, and no rule of its own */
};

/*
 * Translates all that was added; a rule file, yours to free. Without a single rule it is
 * empty. The same input gives the same bytes.
 */
char *sigma_write(struct sigma *s, struct diags *d);

/* After it, what became of each document with a rule or correlation. */
size_t sigma_count(const struct sigma *s);
struct sigma_result sigma_result(const struct sigma *s, size_t i);

/* ---- its parts ---- */

/* How a Sigma field is asked of our events. */
enum sigma_how {
    SIGMA_PLAIN,
    SIGMA_URL,       /* scheme, host and path in one */
    SIGMA_QUERY,     /* what follows the ? of a path */
    SIGMA_STEM,      /* what comes before it */
    SIGMA_EXTENSION, /* of the last part of the stem */
    SIGMA_SERIAL,    /* of a certificate: hexadecimal digits */
    SIGMA_NEVER,     /* it cannot be asked: why */
};

/* Of two events that a log tells in one line, which has the field. */
enum sigma_side { SIGMA_EITHER, SIGMA_FIRST, SIGMA_SECOND };

struct sigma_field {
    const char *name;
    enum sigma_how how;
    enum field_id field;
    enum sigma_side side;
    const char *why; /* NEVER */
};

struct sigma_source {
    const char *category, *product, *service; /* "": must not be given; NULL: any */
    const char *watch;
    const char *first, *second; /* what tells the one event from the other, or "" */
    const char *host_watch, *host_first; /* when only hosts and ends are asked; or NULL */
    const struct sigma_field *fields;    /* ended by one without a name */
    const char *why;                     /* it is a log that no sensor keeps */
    const char *note;                    /* told with each translation, or NULL */
};

/* The row for a log source, or NULL. */
const struct sigma_source *sigma_source_find(const char *category, const char *product,
                                             const char *service);
const struct sigma_field *sigma_field_find(const struct sigma_source *s,
                                           const char *name);

/* A pattern of Sigma: characters as they are, * and ?. */
struct sigma_pattern {
    char *at;      /* the characters */
    bool *is_wild; /* which of them are wildcards */
    size_t len;
};

/* Escapes resolved: \* \? \\ are the characters, another \ is itself. */
void sigma_pattern_read(struct sigma_pattern *p, const char *text, struct arena *a);

/* Its bytes as a regular expression without anchors. */
void sigma_pattern_regex(const struct sigma_pattern *p, struct buffer *out);

/* As a text of our expressions, with the quotes. */
void sigma_quote(struct text text, struct buffer *out);

/* A selection being turned into an expression. */
struct sigma_asking {
    const struct sigma_source *source;
    struct arena *arena;
    struct diags *diags;
    unsigned sides;   /* 1 << sigma_side of the fields that were asked */
    bool beyond_host; /* a field was asked that only the first watch has */
    bool told_url;
};

/* `field|modifier: value` as an expression in parentheses; false after telling. */
bool sigma_ask(struct sigma_asking *a, const struct node *key, const struct node *value,
               struct buffer *out);

/* A selection: a map, all of it, or a list, any of it. */
bool sigma_selection(struct sigma_asking *a, const struct node *n, struct buffer *out);

/* `count() by src_ip > 10`, as the window of a rule. */
struct sigma_window {
    bool given;
    struct place place;
    enum field_id distinct; /* FIELD_UNKNOWN: events are counted */
    enum field_id by[4];
    size_t by_count;
    bool at_least; /* else more than */
    uint64_t limit;
};

/* The condition of a detection as an expression; false after telling. */
bool sigma_condition(struct sigma_asking *a, const struct node *detection,
                     struct buffer *out, struct sigma_window *window);

#endif
