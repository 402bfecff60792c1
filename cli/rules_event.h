/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RULES_EVENT_H
#define CLI_RULES_EVENT_H

#include "diag.h"
#include "event.h"
#include "json.h"

/* The event that a JSON document tells; name is for faults. False after telling d. */
bool rules_event(struct event *e, const char *name, const struct json *doc,
                 struct diags *d);

#endif
