/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigma_inside.h - what the translation of a Sigma rule's parts shares: a document is
 * read by sigma.c, its head written by sigma_head.c, and what it asks by
 * sigma_detection.c or sigma_correlation.c.
 */
#ifndef CLI_SIGMA_INSIDE_H
#define CLI_SIGMA_INSIDE_H

#include "cli/sigma.h"

struct sigma_document {
    struct yaml *yaml;
    const struct node *root, *detection, *correlation;
    const char *title, *name, *uuid, *id;
    bool is_base;   /* a correlation counts its events: no rule of its own */
    bool is_needed; /* a correlation combines it: it must be one */
    bool is_written;
};

struct sigma {
    struct sigma_settings settings;
    struct arena arena;
    struct sigma_document *at;
    size_t count, capacity;
};

/* The text of a key, or "". */
const char *sigma_scalar(const struct node *map, const char *key);

/* The rule that a correlation calls so, by its name or id, or NULL. */
struct sigma_document *sigma_find_document(struct sigma *s, const char *name);

/* A rule of ours down to what it asks; watch and note: or NULL. */
void sigma_put_head(struct sigma *s, const struct sigma_document *doc, const char *watch,
                    const char *note, struct buffer *out, struct diags *d);

/* ---- a detection ---- */

/* What a detection asks for, in our expressions; when is yours to free. */
struct sigma_asked {
    const struct sigma_source *source;
    const char *watch;
    struct buffer when;
    struct sigma_window window;
};

bool sigma_ask_detection(struct sigma *s, const struct sigma_document *doc,
                         struct sigma_asked *q, struct diags *d);
bool sigma_write_detection(struct sigma *s, const struct sigma_document *doc,
                           struct buffer *out, struct diags *d);

/* "15m": seconds, minutes, hours and days are the same here; false after telling. */
bool sigma_read_span(const struct node *n, const char **ret, struct diags *d);

void sigma_put_by(const enum field_id *by, size_t count, struct buffer *out);
void sigma_put_window(const struct sigma_window *w, const char *within,
                      struct buffer *out);
void sigma_put_when(const struct sigma_asked *q, struct buffer *out);

/* What is counted over all of a log is here counted by school: says so. */
void sigma_note_whole(const struct sigma_window *w, struct diags *d);

/* ---- a correlation ---- */

bool sigma_write_correlation(struct sigma *s, struct sigma_document *doc,
                             struct buffer *out, struct diags *d);

#endif
