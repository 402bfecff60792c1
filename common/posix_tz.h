/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posix_tz.h - the rule by which a zone changes its clock from now on: POSIX's TZ string
 * as it stands at the end of a TZif file (RFC 8536 section 3.3, with version 3's hours of
 * -167 to 167).
 */
#ifndef POSIX_TZ_H
#define POSIX_TZ_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

enum tz_day {
    TZ_MONTH_WEEK_DAY, /* Mm.w.d; week 5 is the last */
    TZ_JULIAN,         /* Jn: 1 to 365, 29 February is never counted */
    TZ_ZERO_BASED,     /* n: 0 to 365 */
};

struct tz_change {
    enum tz_day how;
    unsigned month, week, day;
    int32_t seconds; /* from the day's midnight, local time before the change */
};

struct posix_tz {
    int32_t standard, summer; /* seconds east of UTC */
    bool has_summer;
    struct tz_change begin, end; /* of summer time */
};

/* 0 or -EBADMSG. */
int posix_tz_parse(struct text text, struct posix_tz *ret_tz);

/* Seconds east of UTC at a time in seconds since 1970. */
int32_t posix_tz_offset(const struct posix_tz *tz, int64_t seconds);

#endif
