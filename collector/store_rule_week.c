/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_rule_week.h"

#include <stdlib.h>
#include <string.h>

#include "collector/store_sql.h"
#include "mem.h"

#define RULES_MAX 20000 /* in one document */
#define RULE_LEN  100   /* as the reader of rules has it */
#define COUNT_MAX INT64_C(1000000000000)
#define WEEK      (7 * USEC_PER_DAY)
#define MONDAY    (4 * USEC_PER_DAY) /* the first one was 1970-01-05 */

static const struct shape_column columns[] = {
    COLUMN(store_rule_week, TEXT, rule),
    COLUMN_NAME(store_rule_week, mode, names_rule_mode),
    COLUMN(store_rule_week, TIME, week),
    COLUMN(store_rule_week, COUNT, matches),
    COLUMN(store_rule_week, COUNT, alerts),
    COLUMN(store_rule_week, COUNT, repeats),
    COLUMN(store_rule_week, COUNT, in_burst),
    COLUMN(store_rule_week, COUNT, inhibited),
};
static const struct shape shape = SHAPE(store_rule_week, columns);

usec_t store_rule_week_of(usec_t time)
{
    return time < MONDAY ? 0 : (time - MONDAY) / WEEK * WEEK + MONDAY;
}

/* ---- what came since ---- */

struct adding {
    struct store *s;
    const struct json *before; /* the rules of the last counters; NULL: none */
    usec_t week;
    size_t count;
    int rc;
};

static int64_t counter(const struct json *rule, const char *key)
{
    int64_t n = rule ? json_get_number(rule, key, 0) : 0;

    return n < 0 ? 0 : n > COUNT_MAX ? COUNT_MAX : n;
}

/* A counter that is smaller than before began anew. */
static int64_t growth(const struct json *before, const struct json *now, const char *key)
{
    int64_t was = counter(before, key), is = counter(now, key);

    return is >= was ? is - was : is;
}

static bool is_id(const char *rule)
{
    size_t len = strspn(rule, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

    return len > 0 && len <= RULE_LEN && rule[len] == '\0';
}

static void add_rule(const char *id, struct json *now, void *arg)
{
    struct adding *a = arg;
    struct store *s = a->s;
    const struct json *before = a->before ? json_get(a->before, id) : NULL;
    int mode = names_find(&names_rule_mode, json_get_text(now, "mode", "alert"));
    int64_t matches = growth(before, now, "hits");

    if (a->rc < 0 || a->count >= RULES_MAX || !is_id(id) || mode < 0 || matches == 0)
        return;
    a->count++;
    a->rc = sql_do(
        s,
        "INSERT INTO rule_weeks (district, week, rule, mode, matches, alerts, repeats,"
        " in_burst, inhibited) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " ON CONFLICT (district, week, rule) DO UPDATE SET mode = excluded.mode,"
        " matches = rule_weeks.matches + excluded.matches,"
        " alerts = rule_weeks.alerts + excluded.alerts,"
        " repeats = rule_weeks.repeats + excluded.repeats,"
        " in_burst = rule_weeks.in_burst + excluded.in_burst,"
        " inhibited = rule_weeks.inhibited + excluded.inhibited",
        OUR, TIME(a->week), STR(id), NUM(mode), NUM(matches),
        NUM(growth(before, now, "alerts")), NUM(growth(before, now, "repeats")),
        NUM(growth(before, now, "in_burst")), NUM(growth(before, now, "inhibited")));
}

/* The rules of the last counters, when they are of the same courier. */
static struct json *last_of(struct store *s, const char *agent, const char *since)
{
    auto_free char *text = NULL;
    auto_json struct json *last = NULL;

    if (sql_text(s, &text,
                 "SELECT counters FROM rule_counters WHERE district = $1 AND agent = $2"
                 " AND since = $3",
                 OUR, STR(agent), STR(since)) != 0)
        return NULL;
    last = json_parse(text, strlen(text), NULL);
    return json_is_object(last) ? take(last) : NULL;
}

static int keep(struct store *s, const char *agent, const char *since,
                const struct json *rules)
{
    auto_free char *text = json_write(rules);

    return sql_do(s,
                  "INSERT INTO rule_counters (district, agent, since, counters)"
                  " VALUES ($1, $2, $3, $4) ON CONFLICT (district, agent) DO UPDATE SET"
                  " since = excluded.since, counters = excluded.counters",
                  OUR, STR(agent), STR(since), STR(text));
}

/* When the counters were read; an agent's clock may be wrong, but not ahead. */
static usec_t time_of(struct store *s, const struct json *document)
{
    usec_t now = store_now(s), time;

    if (clock_parse(json_get_text(document, "timestamp", ""), &time) != 0 || time > now)
        return now;
    return time;
}

static usec_t oldest_kept(struct store *s)
{
    usec_t now = store_rule_week_of(store_now(s));

    return now > (STORE_RULE_WEEKS - 1) * WEEK ? now - (STORE_RULE_WEEKS - 1) * WEEK : 0;
}

int store_rule_week_add(struct store *s, const char *agent, const struct json *document)
{
    const struct json *rules = json_get_path(document, "hallwatch.courier.rules");
    const char *since =
        json_text(json_get_path(document, "hallwatch.courier.since"), NULL);
    auto_json struct json *before = NULL;
    struct adding a = {.s = s, .week = store_rule_week_of(time_of(s, document))};

    if (!json_is_object(rules) || !since || strlen(since) > CLOCK_TEXT ||
        a.week < oldest_kept(s))
        return 0;
    before = last_of(s, agent, since);
    a.before = before;
    json_each(rules, add_rule, &a);
    if (a.rc == 0)
        a.rc = keep(s, agent, since, rules);
    if (a.rc == 0)
        a.rc = sql_do(s, "DELETE FROM rule_weeks WHERE district = $1 AND week < $2", OUR,
                      TIME(oldest_kept(s)));
    return a.rc;
}

/* ---- reading ---- */

struct reading {
    store_rule_week_fn *fn;
    void *arg;
};

static void read_week(const void *row, void *arg)
{
    const struct reading *r = arg;

    r->fn(row, r->arg);
}

int store_rule_week_each(struct store *s, usec_t since, bool shadow_only,
                         store_rule_week_fn *fn, void *arg)
{
    struct reading r = {fn, arg};
    struct sql_each each = {&shape, read_week, &r};

    return sql_rows(s, &each,
                    "SELECT {*} FROM rule_weeks WHERE district = $1 AND week >= $2"
                    " AND (mode = $3 OR $4 = 0) ORDER BY rule, week DESC",
                    OUR, TIME(store_rule_week_of(since)), NUM(MODE_SHADOW),
                    NUM(shadow_only));
}

struct json *store_rule_week_json(const struct store_rule_week *w)
{
    return shape_json(&shape, w);
}
