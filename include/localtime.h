/* SPDX-License-Identifier: Apache-2.0 */
/*
 * localtime.h - local time of an IANA time zone, both changes of the clock included.
 *
 * Reads the system's TZif files (RFC 8536) once, when a rule file or district is loaded;
 * afterwards it is a look-up, needs no file and may be used in a sensor.
 */
#ifndef LOCALTIME_H
#define LOCALTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "text.h"

struct zone;

struct local_time {
    int32_t day;     /* days since 1970-01-01, local */
    uint8_t weekday; /* 0 Monday ... 6 Sunday */
    uint32_t minute; /* of the day, 0..1439 */
    int32_t offset;  /* seconds east of UTC */
};

/*
 * By its name ("Europe/Berlin"). -EINVAL: no name of a zone; -ENOENT: there is none of
 * that name; -EBADMSG: its file is broken; else -errno. Yours to close.
 */
int zone_open(const char *name, struct zone **ret_zone);

/* The same from a TZif file's bytes, version 2 or later. 0 or -EBADMSG. */
int zone_parse(const void *bytes, size_t len, struct zone **ret_zone);

/*
 * Zone files by name, for who may open no files later. One that reads files keeps every
 * zone that was asked for; one that doesn't knows what was put on it.
 */
struct zone_shelf;

struct zone_shelf *zone_shelf_new(bool reads_files);
void zone_shelf_free(struct zone_shelf *s); /* NULL is fine */
AUTO_DEFINE(zone_shelf, zone_shelf_free)
#define auto_zone_shelf __attribute__((cleanup(auto_zone_shelf_run)))

void zone_shelf_put(struct zone_shelf *s, const char *name, struct text file);

/* As zone_open; a shelf that is NULL is the system's files. */
int zone_shelf_open(struct zone_shelf *s, const char *name, struct zone **ret_zone);

/* One after the other; NULL at the end. */
const char *zone_shelf_at(const struct zone_shelf *s, size_t i, struct text *ret_file);

void zone_close(struct zone *z); /* NULL is fine */
AUTO_DEFINE(zone, zone_close)
#define auto_zone __attribute__((cleanup(auto_zone_run)))

struct local_time zone_local(const struct zone *z, usec_t time);

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int32_t day_of_date(int year, unsigned month, unsigned day);
void date_of_day(int32_t day, int *ret_year, unsigned *ret_month, unsigned *ret_day);

#endif
