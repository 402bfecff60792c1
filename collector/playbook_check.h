/* SPDX-License-Identifier: Apache-2.0 */
/*
 * playbook_check.h - whether what playbooks need is there: people for their roles,
 * templates in every language, the playbooks that they call, the facts that their texts
 * show. What a playbook can say about itself alone was told when it was read.
 */
#ifndef PLAYBOOK_CHECK_H
#define PLAYBOOK_CHECK_H

#include "collector/notice.h"
#include "collector/playbook.h"
#include "district.h"

struct playbook_check {
    const struct playbooks *playbooks;
    const struct notices *notices;   /* NULL: templates are not looked for */
    const struct district *district; /* NULL: people are not looked for */
};

/* Tells d what is missing; W0731 a step without a deadline, W0709 a role that nobody
 * holds at some hours (coverage.h says for which rule that matters). */
void playbooks_check(const struct playbook_check *c, struct diags *d);

#endif
