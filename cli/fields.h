/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - the field table as documents: docs/EVENTS.md and docs/events.schema.json.
 */
#ifndef CLI_FIELDS_H
#define CLI_FIELDS_H

#include "field.h"
#include "json.h"

/* What an alert has over the event that raised it: not fields, no rule can ask for it. */
struct alert_key {
    const char *path;
    enum field_type type;
    bool always;               /* in each alert */
    const struct names *words; /* of NAME and NAMES */
    const char *meaning;
};
extern const struct alert_key alert_keys[]; /* path NULL ends it */

/* "open", "person", "host", "memory". */
const char *field_privacy_word(enum field_privacy privacy);

/* "flow_start flow dns", or "any". Yours to free. */
char *field_kinds_text(uint32_t kinds);

/* Yours to free. */
char *fields_markdown(void);
struct json *fields_schema(void); /* JSON Schema 2020-12 */

#endif
