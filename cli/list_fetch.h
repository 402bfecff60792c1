/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_fetch.h - one download of a lists.yaml: got, checked, and put in the place of what
 * was there before, at once. Whatever goes wrong, what was there before stays.
 */
#ifndef LIST_FETCH_H
#define LIST_FETCH_H

#include "cli/list_plan.h"
#include "collector/post.h"

#define FETCH_WORDS 512

enum fetch_result {
    FETCH_NEW,
    FETCH_SAME,   /* what is there is the newest */
    FETCH_FAILED, /* words say why */
};

struct fetched {
    enum fetch_result result;
    bool had_before; /* there is something: old, when it failed */
    char words[FETCH_WORDS];
};

void list_fetch(const struct list_plan *plan, const struct planned_download *w,
                struct post *post, usec_t now, struct fetched *ret_fetched);

#endif
