/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listdb.h - all lists of a district, compiled to one file that is mapped.
 *
 * For every listed value the file holds a keyed 64-bit hash (cut to what the size of the
 * table demands) and the number of the set of lists it is on. One walk over a name's
 * suffixes, or over the lengths of network that occur, answers for all lists at once:
 * the answer is every list that the value, or what it is part of, is on. Which of them
 * count is decided by listdb_judge.
 *
 * The file is replaced by rename; who has the old one mapped keeps a whole one.
 */
#ifndef LISTDB_H
#define LISTDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alike.h"
#include "auto.h"
#include "clock.h"
#include "list_value.h"
#include "text.h"

#define LISTDB_MAX 256 /* lists in one file */

enum list_kind {
    LIST_BLACK,
    LIST_WHITE,     /* wins over black ones for the same name */
    LIST_PROTECTED, /* wins over everything; an event for it ends in the extractor */
};

enum list_stale { /* what becomes of a list that is older than max_age */
                  LIST_STALE_KEEP_AND_ALERT,
                  LIST_STALE_KEEP,
                  LIST_STALE_DISABLE, /* rules that ask it are not met */
                  LIST_STALE_REFUSE,  /* rules that ask it are not loaded */
};
extern const struct names names_list_stale;

/* A set of lists: bit i % 64 of word i / 64 is list i. */
struct list_set {
    uint64_t bits[LISTDB_MAX / 64];
};

struct list_info {
    char name[48];
    enum list_type type;
    enum list_kind kind;
    enum list_stale on_stale;
    uint64_t entries;
    usec_t fetched; /* when the source was read */
    usec_t max_age; /* 0: never too old */
    char source[128];
    char licence[64];
    char version[32];       /* first digits of the SHA-256 of its sorted values */
    struct list_set except; /* a value that is on one of these is not on this list */
};

static inline bool list_set_has(const struct list_set *s, unsigned i)
{
    return s->bits[i / 64] >> (i % 64) & 1;
}

static inline void list_set_add(struct list_set *s, unsigned i)
{
    s->bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline bool list_set_meets(const struct list_set *a, const struct list_set *b)
{
    uint64_t both = 0;

    for (size_t w = 0; w < LISTDB_MAX / 64; w++)
        both |= a->bits[w] & b->bits[w];
    return both != 0;
}

struct listdb;

/* 0, -ENOENT and the like, -EBADMSG: damaged, -EPROTONOSUPPORT: another version. */
int listdb_open(const char *path, struct listdb **ret_db);

/* The same over a descriptor that stays the caller's (a sensor may open no file). */
int listdb_open_fd(int fd, struct listdb **ret_db);
void listdb_close(struct listdb *db);
AUTO_DEFINE(listdb, listdb_close)
#define auto_listdb __attribute__((cleanup(auto_listdb_run)))

/* Why it could not be opened, for a sentence: "it is damaged". */
const char *listdb_error(int error);

size_t listdb_count(const struct listdb *db);
const struct list_info *listdb_info(const struct listdb *db, unsigned list);
int listdb_find(const struct listdb *db, const char *name); /* -ENOENT */

/* Every list that the clean name, or a parent of it, is on; and every protected one that
 * has a name of two labels or more which stands in it from one label on, whatever is
 * behind: kooth.com is asked for as kooth.com.lan where "lan" is a search suffix. */
struct list_set listdb_query(const struct listdb *db, struct text name);

/* Every list with the address or a network around it. */
struct list_set listdb_query_addr(const struct listdb *db, const struct addr *addr);

/* Every list with the hardware address or its first bits. */
struct list_set listdb_query_mac(const struct listdb *db, const struct mac *mac);

/* Every list with this JA3, JA4 or digest of a certificate, clean. */
struct list_set listdb_query_print(const struct listdb *db, struct text print);

/* Every list of type lookalike with a name that the clean one looks like (alike.h). */
struct list_set listdb_query_alike(const struct listdb *db, struct text name);

/* Which name of the list it looks like the most, and how; false: none. The name is the
 * file's. */
bool listdb_alike(const struct listdb *db, struct text name, unsigned list,
                  struct alike_match *ret_match);

/* All of what the name looks like that counts: not when it is on a white or protected
 * list, or on an exception of the list. */
struct list_set listdb_judge_alike(const struct listdb *db, struct text name);

/* How many bits of the address (0 to 128) or of the hardware address the longest entry
 * has that holds it and is on the list; -ENOENT: it is not on it. */
int listdb_longest_addr(const struct listdb *db, const struct addr *addr, unsigned list);
int listdb_longest_mac(const struct listdb *db, const struct mac *mac, unsigned list);

/*
 * What counts of an answer: protected lists alone when there are any, else white ones
 * alone, else the black ones without those whose exceptions are in the answer too.
 */
struct list_set listdb_judge(const struct listdb *db, struct list_set on);

/* It is on a protected list by listdb_query (help lines and their kind). */
bool listdb_protected(const struct listdb *db, struct text name);

/*
 * A clean name as a number, the same in every process and every file. Of the names on
 * protected lists (not of their parents or what is below) the file has these numbers and
 * nothing else, so that what is remembered by such a number can be forgotten by who is
 * told no names.
 */
uint64_t listdb_name_code(struct text name);
size_t listdb_protected_count(const struct listdb *db);
uint64_t listdb_protected_code(const struct listdb *db, size_t i);

/* ---- building, for `hallwatch lists build` ---- */

struct list_builder;

struct list_builder *list_builder_new(void);
void list_builder_free(struct list_builder *b);

/* A list to fill; info->entries and version are worked out. Returns its number or
 * -ENOSPC. */
int list_builder_list(struct list_builder *b, const struct list_info *info);

/* What is on the list `other` is not on `list`. */
void list_builder_except(struct list_builder *b, unsigned list, unsigned other);

/* A clean value (list_value.h) into a list. One twice counts once. */
void list_builder_add(struct list_builder *b, unsigned list, struct text value);

/* Forgets what was put into a list; it was fetched then. */
void list_builder_empty(struct list_builder *b, unsigned list, usec_t fetched);

/* Tells the values of a list, sorted, each once; after list_builder_write. */
void list_builder_each(const struct list_builder *b, unsigned list,
                       void (*fn)(struct text value, void *arg), void *arg);
/* As it was written; after list_builder_write. */
const struct list_info *list_builder_info(const struct list_builder *b, unsigned list);

/* Writes beside path and renames. 0 or -errno; nothing is replaced on an error. -E2BIG:
 * more than ALIKE_NAMES_MAX names are on lists of type lookalike. */
int list_builder_write(struct list_builder *b, const char *path);

#endif
