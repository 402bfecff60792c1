/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_scan.h - a few values out of a JSON document without building it, for documents
 * that come by the ten thousand. It knows the usual kind of document and leaves the rest
 * to json.h: what it takes, json_parse takes too, with the same values.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stddef.h>

#include "text.h"

#define JSON_SCAN_WANTS 32
#define JSON_SCAN_DEPTH 4 /* names in a path */

enum json_found_kind {
    JSON_FOUND_NOTHING,
    JSON_FOUND_TEXT,
    JSON_FOUND_NUMBER, /* an integer */
    JSON_FOUND_TRUE,
    JSON_FOUND_FALSE,
    JSON_FOUND_OTHER, /* an object, list, null or real; text is empty */
};

struct json_found {
    enum json_found_kind kind;
    struct text text; /* in the document: a text without its quotes, a number's digits */
};

/* At most JSON_SCAN_DEPTH names, the rest NULL. */
struct json_want {
    const char *path[JSON_SCAN_DEPTH];
};

/*
 * Fills ret_found[i] for wants[i], at most JSON_SCAN_WANTS. -EBADMSG: it is no JSON
 * object, or an unusual one (long numbers, \u, an escape in a wanted text, many keys):
 * ask json_parse.
 */
int json_scan(struct text document, const struct json_want *wants, size_t count,
              struct json_found *ret_found);

#endif
