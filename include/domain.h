/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domain.h - host names in one form: lower case, A-labels (RFC 5891), no dot at the end.
 */
#ifndef DOMAIN_H
#define DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define DOMAIN_MAX 254 /* RFC 1035 section 2.3.4, and a zero byte */

/*
 * name in clean form. ASCII only is quick and needs no library; other names go through
 * IDNA 2008. A port, a user part or brackets are not taken off here. -EINVAL when it is
 * no host name: empty, a label over 63, whole over 253, or forbidden characters ('_' and
 * '*' are let through, as DNS uses them).
 */
int domain_clean(struct text name, char ret_name[DOMAIN_MAX], size_t *ret_len);

/* The same where all host names are ASCII, as in what DNS answers (RFC 5891 section 3.1):
 * quick, whatever the bytes are. -EINVAL for those of IDNA 2008, too. */
int domain_clean_ascii(struct text name, char ret_name[DOMAIN_MAX], size_t *ret_len);

/* The Unicode characters that an A-label stands for, as many as fit into room; how many,
 * 0 when it stands for none (RFC 5891 section 4.2.1: not what it says it is). */
size_t domain_label_decode(struct text label, uint32_t *ret_characters, size_t room);

/* The registrable part of a clean name ("www.bbc.co.uk": "bbc.co.uk"): a part of name
 * itself. The whole name when it has no public suffix above it. */
struct text domain_registrable(struct text name);

/* Whether the clean name is one that somebody can register, or is below one: not an
 * address, no public suffix, no single label. */
bool domain_has_owner(struct text name);

/*
 * The same with a memory of some two thousand names, as few are asked for again and
 * again: walking the public suffix list costs a microsecond, remembering 20 ns.
 */
struct domain_cache;

struct domain_cache *domain_cache_new(void);
void domain_cache_free(struct domain_cache *c); /* NULL is fine */
struct text domain_cache_registrable(struct domain_cache *c, struct text name);

/* name is parent, or ends with "." parent. Both clean. */
bool domain_under(struct text name, struct text parent);

#endif
