/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_say.h - what an alert's document says, in words: for who knows neither its fields
 * nor JSON. The document is one that sight_document let through.
 */
#ifndef CLI_ALERT_SAY_H
#define CLI_ALERT_SAY_H

#include "json.h"

/* How often: "2 times within 12 h"; yours to free. NULL: once, its rule does not count.
 */
char *alert_say_count(const struct json *document);

/* A line for each thing that was seen: what it means, and its value. */
void alert_say_seen(const struct json *document);

#endif
