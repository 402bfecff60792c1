/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.h - what an agent judges by: the district, its rules and its lists, loaded
 * together because rules speak of both.
 */
#ifndef CONTENT_H
#define CONTENT_H

#include "auto.h"
#include "bundle.h"
#include "clock.h"
#include "diag.h"
#include "district.h"
#include "listdb.h"
#include "rule.h"

struct content {
    struct zone_shelf *zones;  /* that the others were read with; NULL: the system's */
    struct district *district; /* NULL: none was given */
    struct listdb *lists;      /* NULL: none was given */
    struct ruleset *rules;     /* NULL: none were given */
};

struct content_settings {
    const char *district; /* district.yaml; NULL: none */
    const char *lists;    /* a compiled list file; NULL: none */
    const char *const *rules;
    size_t rule_count;
    const char *site; /* whose local time and overlays apply; NULL: the first */
    usec_t now;    /* that the age of lists and the ends of exceptions are held against;
                    * 0: nothing is */
    bool untested; /* the rules' tests are passed over, to begin sooner */
};

/* NULL when anything of it has an error; every fault is told to d. */
struct content *content_load(const struct content_settings *settings, struct diags *d);

/*
 * The same from a bundle. Nothing is opened but the list file, and not even that when its
 * descriptor is given (lists_fd, else -1), which stays the caller's. untested: the rules'
 * tests are passed over, which were run before the bundle was put into use.
 */
struct content *content_unpack(const struct bundle *b, const char *site, int lists_fd,
                               bool untested, struct diags *d);

/* Runs the rules' own tests with these lists and calendars; captures are left out. False:
 * d names those that failed. between, unless it is NULL, is called after each test, for
 * who has other work that cannot wait. */
typedef void content_between_fn(void *arg);
bool content_test(const struct content *c, content_between_fn *between, void *arg,
                  struct diags *d);

/* Packs what the settings name, and the time zones it speaks of, into a bundle; it was
 * loaded to see that it is good. NULL: d says what is wrong. */
struct bundle *content_pack(const struct content_settings *settings, uint64_t serial,
                            struct diags *d);

void content_free(struct content *c);
AUTO_DEFINE(content, content_free)
#define auto_content __attribute__((cleanup(auto_content_run)))

#endif
