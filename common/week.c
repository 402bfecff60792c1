/* SPDX-License-Identifier: Apache-2.0 */
#include "week.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "items.h"
#include "localtime.h"

static const char *const day_words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static bool is_clock(const char *t)
{
    return strlen(t) == 5 && isdigit((uint8_t)t[0]) && isdigit((uint8_t)t[1]) &&
           t[2] == ':' && isdigit((uint8_t)t[3]) && isdigit((uint8_t)t[4]);
}

bool week_read_minute(const struct node *n, uint32_t *ret_minute, struct diags *d)
{
    const char *t;

    if (!node_read_text(n, &t, d))
        return false;
    if (is_clock(t)) {
        uint32_t hour = (uint32_t)((t[0] - '0') * 10 + t[1] - '0');
        uint32_t minute = (uint32_t)((t[3] - '0') * 10 + t[4] - '0');

        *ret_minute = hour * 60 + minute;
        if (minute < 60 && *ret_minute <= WEEK_MINUTES_A_DAY)
            return true;
    }
    diags_error(d, node_place(n), "E0303", "\"%s\" is no time of day", t);
    diags_hint(d, "hours and minutes with two digits each, in quotes: \"07:30\"");
    return false;
}

static int find_day(const char *at, size_t len)
{
    for (int i = 0; i < 7; i++)
        if (len == 3 && strncasecmp(at, day_words[i], 3) == 0)
            return i;
    return -1;
}

static bool add_days(const struct node *n, uint8_t *days, struct diags *d)
{
    const char *t, *dash;
    int first, last;

    if (!node_read_text(n, &t, d))
        return false;
    dash = strchr(t, '-');
    first = find_day(t, dash ? (size_t)(dash - t) : strlen(t));
    last = dash ? find_day(dash + 1, strlen(dash + 1)) : first;
    if (first < 0 || last < 0) {
        diags_error(d, node_place(n), "E0304", "\"%s\" is no day of the week", t);
        diags_hint(d, "days are mon, tue, wed, thu, fri, sat, sun, or mon-fri");
        return false;
    }
    for (int i = first;; i = (i + 1) % 7) {
        *days |= (uint8_t)(1u << i);
        if (i == last)
            return true;
    }
}

bool week_read_days(const struct node *n, uint8_t *ret_days, struct diags *d)
{
    uint8_t days = 0;
    bool good = true;

    for (size_t i = 0; i < items_count(n); i++)
        good = add_days(items_at(n, i), &days, d) && good;
    if (good)
        *ret_days = days;
    return good;
}

static bool read_date(const char *text, day_t *ret)
{
    usec_t midnight;

    if (strlen(text) != 10 || clock_parse(text, &midnight) != 0)
        return false;
    *ret = (day_t)(midnight / USEC_PER_DAY);
    return true;
}

bool week_read_dates(const struct node *n, struct day_range *ret_range, struct diags *d)
{
    char first[11] = "";
    const char *t, *dots;

    if (!node_read_text(n, &t, d))
        return false;
    dots = strstr(t, "..");
    snprintf(first, sizeof(first), "%.*s", dots ? (int)(dots - t) : 10, t);
    if ((!dots || dots - t == 10) && read_date(first, &ret_range->first) &&
        read_date(dots ? dots + 2 : t, &ret_range->last) &&
        ret_range->first <= ret_range->last) {
        ret_range->label = "";
        return true;
    }
    diags_error(d, node_place(n), "E0304", "\"%s\" is no day or row of days", t);
    diags_hint(d, "like 2027-05-10, or 2027-05-10..2027-05-14 with the earlier first");
    return false;
}
