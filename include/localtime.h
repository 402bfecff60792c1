/* SPDX-License-Identifier: Apache-2.0 */
/*
 * localtime.h - local time of an IANA time zone, both changes of the clock included.
 *
 * Reads the system's TZif files (RFC 8536) once, when a rule file or district is loaded;
 * afterwards it is a look-up, needs no file and may be used in a sensor.
 */
#ifndef LOCALTIME_H
#define LOCALTIME_H

#include <stdint.h>

#include "clock.h"

struct zone;

struct local_time {
    int32_t day;     /* days since 1970-01-01, local */
    uint8_t weekday; /* 0 Monday ... 6 Sunday */
    uint32_t minute; /* of the day, 0..1439 */
    int32_t offset;  /* seconds east of UTC */
};

/* -ENOENT: no such zone; -EBADMSG: its file is broken. Zones are shared and counted. */
int zone_open(const char *name, struct zone **ret_zone);
void zone_close(struct zone *z);

struct local_time zone_local(const struct zone *z, usec_t time);

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int32_t day_of_date(int year, unsigned month, unsigned day);
void date_of_day(int32_t day, int *ret_year, unsigned *ret_month, unsigned *ret_day);

#endif
