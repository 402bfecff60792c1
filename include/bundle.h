/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - everything an agent judges by as one string of bytes: the district, the
 * rules, the time zones they speak of, and which list file belongs to them. Every process
 * of an agent loads the same bundle, so rule 17 is the same rule in all of them.
 *
 *     magic "HWB1", serial u64, then entries: kind u8, length of name u16, of text u32,
 *     name, text; a kind of 0 ends them, and behind it stands the SHA-256 of all before.
 *
 * Numbers are big-endian. The serial grows with each bundle of an agent.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "text.h"

#define BUNDLE_MAX     ((size_t)64 << 20)
#define BUNDLE_VERSION 17 /* 16 digits of the hash, and a zero byte */

enum bundle_kind {
    BUNDLE_DISTRICT = 1, /* text: district.yaml; at most one */
    BUNDLE_RULES,        /* text: a rule file */
    BUNDLE_ZONE,         /* name: of a time zone; text: its TZif file */
    BUNDLE_LISTS, /* name: path of the list file; text: what is on it; at most one */
};

struct bundle_entry {
    enum bundle_kind kind;
    const char *name;
    struct text text;
};

struct bundle {
    uint64_t serial;
    char version[BUNDLE_VERSION]; /* of what is in it: the serial does not count */
    struct bundle_entry *entries;
    size_t count;
    uint8_t *bytes; /* as they travel and lie on disk */
    size_t len;
};

/* Building: begin, add each entry, end. */
void bundle_begin(struct buffer *b, uint64_t serial);
void bundle_add(struct buffer *b, enum bundle_kind kind, const char *name,
                struct text text);
void bundle_end(struct buffer *b);

/* Copies what it needs. -EBADMSG: it is none, or damaged; -EFBIG. */
int bundle_parse(const void *bytes, size_t len, struct bundle **ret_bundle);
void bundle_free(struct bundle *b); /* NULL is fine */
AUTO_DEFINE(bundle, bundle_free)
#define auto_bundle __attribute__((cleanup(auto_bundle_run)))

/* From and to a file, which is replaced whole or not at all (mode 0600). -errno. */
int bundle_load(const char *path, struct bundle **ret_bundle);
int bundle_write(const struct bundle *b, const char *path);

/* The first entry of a kind, or NULL. */
const struct bundle_entry *bundle_find(const struct bundle *b, enum bundle_kind kind);

#endif
