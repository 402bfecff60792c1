/* SPDX-License-Identifier: Apache-2.0 */
/*
 * week.h - days and times of day, as people write them in YAML: schedules of rules,
 * rosters and calendars of the district all read them here.
 *
 * Each returns true and sets the result, or adds an error at the node and returns false.
 */
#ifndef WEEK_H
#define WEEK_H

#include "district.h"
#include "yaml.h"

#define WEEK_MINUTES_A_DAY 1440
#define WEEK_EVERY_DAY     0x7f

/* "07:30" in minutes; "24:00" is the end of the day. E0303 */
bool week_read_minute(const struct node *n, uint32_t *ret_minute, struct diags *d);

/* "mon", "mon-fri", "sat-mon", or a list of them; bit 0 is Monday. E0304 */
bool week_read_days(const struct node *n, uint8_t *ret_days, struct diags *d);

/* "2027-05-10" or "2027-05-10..2027-05-14", both included; label "". E0304 */
bool week_read_dates(const struct node *n, struct day_range *ret_range, struct diags *d);

#endif
