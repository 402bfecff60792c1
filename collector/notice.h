/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.h - the templates of messages, one file a language: rules/notices/LANG.yaml.
 *
 *     schema: 1
 *     language: en
 *     reviewed_by: who has read them, and when
 *     templates:
 *       task-waiting:
 *         subject: Incident ${incident.id} needs you
 *         text: |
 *           ...
 *
 * Everything is immutable and borrowed from the struct notices. Codes: E0701 called the
 * same, E0702 schema, E0718 a ${ without its }, E0722 no word for a language.
 */
#ifndef NOTICE_H
#define NOTICE_H

#include <stddef.h>

#include "auto.h"
#include "diag.h"
#include "json.h"
#include "localtime.h"

struct notice {
    const char *name, *subject, *text;
    struct place place;
};

struct notice_language {
    const char *tag; /* BCP 47: "es" */
    const char *reviewed_by;
    const struct notice *notices;
    size_t count;
    struct place place;
};

struct notices {
    const struct notice_language *languages;
    size_t count;
};

/* Every *.yaml of a folder. NULL after telling d what is wrong. */
struct notices *notices_load(const char *folder, struct diags *d);
void notices_free(struct notices *n); /* NULL is fine */
AUTO_DEFINE(notices, notices_free)
#define auto_notices __attribute__((cleanup(auto_notices_run)))

/* The file for a language: of "es-MX" that, or else "es". NULL: there is none. */
const struct notice_language *notices_language(const struct notices *n, const char *tag);
const struct notice *notice_find(const struct notice_language *l, const char *name);

/* For a reader of `tag`; English, then any language, when theirs is not there. NULL: no
 * language has a template of that name. */
const struct notice *notices_find(const struct notices *n, const char *tag,
                                  const char *name);

/* Both are yours to free. facts: of the wish. The subject is one line. */
void notice_write(const struct notice *n, const struct json *facts,
                  const struct zone *zone, char **ret_subject, char **ret_text);

#endif
