/* SPDX-License-Identifier: Apache-2.0 */
/*
 * viewer.h - who looks at alerts and incidents, what they may see, and its trace on the
 * audit record.
 */
#ifndef CLI_VIEWER_H
#define CLI_VIEWER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli.h"
#include "clock.h"
#include "collector/sight.h"
#include "json.h"

/* The options that all commands of viewers have; the first member of theirs. */
struct viewer_options {
    struct store_choice choice;
    const char *person;
    bool json;
};

/* Rows of a table of options. */
#define VIEWER_STORE                                                                    \
    {"store",     'S',                                                                  \
     OPTION_TEXT, offsetof(struct viewer_options, choice.store),                        \
     "FILE",      "the collector's store (/var/lib/hallwatch/collector.store)"},        \
    {                                                                                   \
        "district", 'd', OPTION_TEXT, offsetof(struct viewer_options, choice.district), \
            "FILE", "the district (/etc/hallwatch/district.yaml)"                       \
    }
#define VIEWER_JSON                                                            \
    {                                                                          \
        "json", 'j', OPTION_FLAG, offsetof(struct viewer_options, json), NULL, \
            "print JSON"                                                       \
    }
#define VIEWER_PERSON                                                              \
    {                                                                              \
        "as", 'a', OPTION_TEXT, offsetof(struct viewer_options, person), "PERSON", \
            "who you are, an id of district.yaml ($HALLWATCH_PERSON)"              \
    }
#define VIEWER_OPTIONS VIEWER_PERSON, VIEWER_JSON, VIEWER_STORE

struct viewer {
    const struct viewer_options *options;
    struct store *store;
    struct district *district;
    const struct person *person; /* NULL: nobody of the district */
    char *who;                   /* for records: the person's id, or login:NAME */
    usec_t now;                  /* when they look: who is on duty follows from it */
};

/* False after a complaint. Whoever isn't named sees that things are there, no more. */
bool viewer_open(struct viewer *r, const struct viewer_options *o);
void viewer_done(struct viewer *r);
#define auto_viewer __attribute__((cleanup(viewer_done)))

/* After a complaint when nobody was named: what only a person may do. */
bool viewer_is_somebody(const struct viewer *r);

/* What the person's roles see together of what this owner acts on and belongs to this
 * incident (0: to none); which roles count is stand_in.h's. */
unsigned viewer_sight(const struct viewer *r, enum role owner, int64_t incident);

/* Owners of whose alerts of this incident (0: of any) all these bits are seen; for
 * filters. A role that nobody has: nothing at all is. */
uint32_t viewer_owners(const struct viewer *r, unsigned sight, int64_t incident);

/* Writes the look down. False after a complaint: then nothing may be shown. */
bool viewer_audit(struct viewer *r, const char *what, const char *about,
                  const char *detail);

/* Whether the district has such a site (NULL: none was asked for); false after a
 * complaint. */
bool viewer_site(const struct viewer *r, const char *site);

/* EXIT_FAULT, after the store's sentence. */
int viewer_fault(const struct viewer *r);

/* Ends what store_begin began: rc is how it went so far. 0; else it is taken back, and
 * after the store's sentence OPTIONS_USAGE (-EINVAL: what was asked for) or EXIT_FAULT.
 */
int viewer_commit(struct viewer *r, int rc);

/* A number on the command line; what: "alert". False after a complaint. */
bool viewer_number(const char *word, const char *what, int64_t *ret_id);

/* ---- for people ---- */

#define VIEWER_WHEN 20

/* "2026-11-23 12:03", local time of the site; "" for no time. */
void viewer_when(const struct viewer *r, const char *site, usec_t time,
                 char ret_text[VIEWER_WHEN]);

/* Text from outside, safe on a terminal, padded to width (0: as it is). */
void viewer_print(const char *text, int width);

/* A line "  head:    text" of a page; nothing for an empty text. */
void viewer_line(const char *head, const char *text);

/* A text of several lines, broken where the page ends; each line two blanks in. */
void viewer_paragraph(const char *text);

/* The same, as one of a list: "  - text". */
void viewer_item(const char *mark, const char *text);

/* The day by which an alert was judged: "exams (Trial examination), 2026-11-23, by
 * exam_hours"; nothing when its rule has no hours. */
void viewer_print_day(const struct json *document);

void viewer_json(const struct json *json);

#endif
