/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listdb.h - all domain lists of a district, compiled to one file that is mapped.
 *
 * For every listed name the file holds a keyed 64-bit hash (cut to what the size of the
 * table demands) and the number of the set of lists it is on. One walk over a name's
 * suffixes answers for all lists at once. White lists win over black ones, protected over
 * all: that is decided by who asks, with the kinds in struct list_info.
 *
 * The file is replaced by rename; who has the old one mapped keeps a whole one.
 */
#ifndef LISTDB_H
#define LISTDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "text.h"

#define LISTDB_MAX 256 /* lists in one file */

enum list_kind {
    LIST_BLACK,
    LIST_WHITE,     /* wins over black ones for the same name */
    LIST_PROTECTED, /* wins over everything; an event for it ends in the extractor */
};

struct list_info {
    char name[48];
    enum list_kind kind;
    uint64_t entries;
    usec_t fetched; /* when the source was read */
    usec_t max_age; /* 0: never too old */
    char source[128];
    char licence[64];
    char version[32]; /* first digits of the SHA-256 of its sorted names */
};

/* A set of lists: bit i % 64 of word i / 64 is list i. */
struct list_set {
    uint64_t bits[LISTDB_MAX / 64];
};

static inline bool list_set_has(const struct list_set *s, unsigned i)
{
    return s->bits[i / 64] >> (i % 64) & 1;
}

static inline void list_set_add(struct list_set *s, unsigned i)
{
    s->bits[i / 64] |= UINT64_C(1) << (i % 64);
}

struct listdb;

/* 0, -ENOENT and the like, -EBADMSG: damaged, -EPROTONOSUPPORT: another version. */
int listdb_open(const char *path, struct listdb **ret_db);

/* The same over a descriptor that stays the caller's (a sensor may open no file). */
int listdb_open_fd(int fd, struct listdb **ret_db);
void listdb_close(struct listdb *db);
AUTO_DEFINE(listdb, listdb_close)
#define auto_listdb __attribute__((cleanup(auto_listdb_run)))

size_t listdb_count(const struct listdb *db);
const struct list_info *listdb_info(const struct listdb *db, unsigned list);
int listdb_find(const struct listdb *db, const char *name); /* -ENOENT */

/* Every list that the clean name, or a parent of it, is on. */
struct list_set listdb_query(const struct listdb *db, struct text name);

/* The name, or a parent of it, is protected (help lines and their kind). */
bool listdb_protected(const struct listdb *db, struct text name);

/* ---- building, for `hallwatch lists build` ---- */

struct list_builder;

struct list_builder *list_builder_new(void);
void list_builder_free(struct list_builder *b);

/* A list to fill; info->entries and version are worked out. Returns its number or
 * -ENOSPC. */
int list_builder_list(struct list_builder *b, const struct list_info *info);

/* A clean name into a list. A name twice counts once. */
void list_builder_add(struct list_builder *b, unsigned list, struct text name);

/* Writes beside path and renames. 0 or -errno; nothing is replaced on an error. */
int list_builder_write(struct list_builder *b, const char *path);

#endif
