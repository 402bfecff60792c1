/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf_value.h - the values of settings by their type. For conf.c only.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf.h"
#include "yaml.h"

/* What a reader of values needs besides the value. */
struct conf_target {
    char *settings;
    const char *folder; /* of the file, with its slash; "" for none */
    struct diags *diags;
};

/* Sets the option from the node, or complains and leaves what was there. */
void conf_value_read(const struct conf_target *t, const struct conf_option *o,
                     const struct node *n);

void conf_value_release(const struct conf_option *o, char *settings);

/* "duration", "[path, ...]": what may be written for the option. */
const char *conf_value_kind(const struct conf_option *o);

#endif
