/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_kind.h - kinds of alerts. What lists of alerts are asked by (rule, severity,
 * site, owner, playbook, drill) is the same for very many of them; each such set of
 * values is a kind, and one index over kinds answers every list. Only store.c and the
 * modules of alerts include this.
 */
#ifndef STORE_KIND_H
#define STORE_KIND_H

#include "store_alert.h"

/* A rule or site can be anything that an agent says: of so many kinds each has a number,
 * what comes after them is of kind 0. */
#define STORE_KINDS_MOST 20000

/* The alert's kind, made when it is the first one of it. Inside a transaction. */
int store_kind_of(struct store *s, const struct store_alert *a, int64_t *ret_kind);

/* Kinds that were made may be gone: a transaction was undone. */
void store_kind_forget(struct store *s);

/* Whether the filter asks for anything that kinds differ by. */
bool store_kind_matters(const struct store_alert_filter *f);

/* The kinds that a filter lets through, and 0, which has to be looked into; yours. */
int store_kind_choose(struct store *s, const struct store_alert_filter *f,
                      int64_t **ret_kinds, size_t *ret_count);

#endif
