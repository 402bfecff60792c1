/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules at the collector. What they count is not stored: it follows from the alerts that
 * are, in the order of their packets' times, and whoever lost it counts those again. What
 * is stored, in one transaction with the alerts that came of it, is how far they were
 * looked at (`mark`: all alerts with numbers up to it were read; `fed`: of those the ones
 * up to this time were counted) and what was told (store_told.h), so that counting again
 * tells nothing twice and leaves nothing out.
 *
 * An alert waits for earlier ones of other agents. One that comes after its time was
 * counted is late: all is counted again with it in its place, at most once in each wait,
 * and what follows from it is told then. Later than `late` it is left out, and counted as
 * that. So the order in which agents are heard changes nothing about what is told in the
 * end.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/across.h"
#include "collector/alert_read.h"
#include "collector/engine_inside.h"
#include "collector/store_rule_week.h"
#include "collector/store_told.h"
#include "log.h"
#include "mem.h"

#define MARK          "engine.across" /* mark and fed, as text */
#define READ_A_TURN   1000
#define AGAIN_MOST    200000 /* alerts that are counted again; of more, the latest */
#define SUMMARY_EVERY (10 * USEC_PER_SEC)

struct held {
    usec_t at;
    int64_t id;
};

/* What is to be stored of what was told. */
struct telling {
    char *rule, *key, *document; /* document NULL: in shadow mode */
    usec_t time;
    int64_t cause;
    bool summary;
};

struct position {
    int64_t mark;
    usec_t fed;
};

struct engine_across {
    struct engine_across_settings set;
    struct store *store;
    const struct district *district;
    struct across *across; /* NULL: all is to be counted again */
    struct alert_reader *reader;
    struct position at, stored;
    struct held *held; /* read, and not counted yet */
    size_t held_count, held_capacity;
    struct telling *told;
    size_t told_count, told_capacity;
    usec_t quiet;   /* what was before is past: it is not raised now */
    usec_t again;   /* when all was counted again last */
    usec_t waiting; /* when it may be again, for alerts that are late */
    size_t *rules;  /* numbers of those at the collector */
    size_t rule_count;
    struct tracker_counts *counts; /* of each of them */
    bool counting_again;
    bool begins; /* there was no position: this one is to be stored */
    char since[CLOCK_TEXT];
    uint64_t late, too_late, recounts, left_out;
    int rc; /* of a callback */
};

/* ---- what is told ---- */

static enum tracker_known known_by_cause(struct engine_across *a,
                                         const struct store_told *like, usec_t time,
                                         bool *ret_has)
{
    a->rc = a->rc ? a->rc : store_told_has(a->store, like, ret_has);
    if (*ret_has)
        return TRACKER_TOLD;
    return time < a->quiet ? TRACKER_PASSED : TRACKER_NEW;
}

/* One that stood at another time, for want of an alert that came late, is the same. */
static enum tracker_known known_by_key(struct engine_across *a,
                                       const struct across_told *q,
                                       const struct store_told *like, usec_t *ret_first)
{
    usec_t every = q->rule->dedup.every;
    struct store_told found;
    enum tracker_known known;
    int rc = store_told_find(a->store, like, q->time > every ? q->time - every : 0,
                             q->time + every, &found);

    if (rc == -ENOENT)
        return q->time < a->quiet ? TRACKER_PASSED : TRACKER_NEW;
    if (rc) {
        a->rc = rc;
        return TRACKER_PASSED;
    }
    known = found.cause == q->cause ? TRACKER_TOLD : TRACKER_REPEAT;
    *ret_first = found.first;
    store_told_done(&found);
    return known;
}

/* A summary follows the alert that it sums up, which was told, and is told once. */
static enum tracker_known known_summary(struct engine_across *a, struct store_told *like)
{
    bool alert = false, summary = false;

    like->cause = 0;
    a->rc = a->rc ? a->rc : store_told_has(a->store, like, &summary);
    like->summary = false;
    a->rc = a->rc ? a->rc : store_told_has(a->store, like, &alert);
    return alert && !summary ? TRACKER_NEW : TRACKER_PASSED;
}

static enum tracker_known recall(const struct across_told *q, usec_t *ret_first,
                                 void *arg)
{
    struct engine_across *a = arg;
    struct store_told like = {.rule = q->rule->id,
                              .key = q->key,
                              .first = q->time,
                              .cause = q->cause,
                              .summary = q->summary};
    bool has = false;

    if (q->summary)
        return known_summary(a, &like);
    *ret_first = q->time;
    return q->by_cause ? known_by_cause(a, &like, q->time, &has)
                       : known_by_key(a, q, &like, ret_first);
}

static void on_raise(const struct across_told *q, const char *document, void *arg)
{
    struct engine_across *a = arg;

    a->told = xgrow(a->told, a->told_count, &a->told_capacity, sizeof(*a->told));
    a->told[a->told_count++] = (struct telling){
        .rule = xstrdup(q->rule->id),
        .key = xstrdup(q->key),
        .document = document ? xstrdup(document) : NULL,
        .time = q->time,
        .cause = q->cause,
        .summary = q->summary,
    };
}

static void forget_told(struct engine_across *a)
{
    while (a->told_count > 0) {
        struct telling *t = &a->told[--a->told_count];

        free(t->rule);
        free(t->key);
        free(t->document);
    }
}

/* ---- reading alerts ---- */

static void hold(struct engine_across *a, const struct store_alert *alert)
{
    a->held = xgrow(a->held, a->held_count, &a->held_capacity, sizeof(*a->held));
    a->held[a->held_count++] = (struct held){across_time(alert), alert->id};
}

static bool is_too_late(const struct engine_across *a, const struct store_alert *alert)
{
    return alert->arrived - across_time(alert) > a->set.late;
}

/* Those that came since: as far as the engine gave them a fate. */
struct reading {
    struct engine_across *a;
    int64_t mark;
    usec_t earliest; /* of those that are late; 0: none is */
    size_t count, late, too_late;
    bool ended;
};

static void read_one(const struct store_alert *alert, void *arg)
{
    struct reading *r = arg;

    if (alert->fate == ALERT_NEW)
        r->ended = true;
    if (r->ended)
        return;
    r->count++;
    r->mark = alert->id;
    if (!across_counts(alert))
        return;
    if (is_too_late(r->a, alert)) {
        r->too_late++;
        return;
    }
    if (across_time(alert) <= r->a->at.fed) {
        r->late++;
        if (!r->earliest || across_time(alert) < r->earliest)
            r->earliest = across_time(alert);
    }
    hold(r->a, alert);
}

/* ---- counting again ---- */

struct again {
    struct engine_across *a;
    usec_t from;
    int64_t last, until;
};

static void read_again(const struct store_alert *alert, void *arg)
{
    struct again *g = arg;

    g->last = alert->id;
    if (alert->id <= g->until && across_counts(alert) && !is_too_late(g->a, alert) &&
        across_time(alert) >= g->from)
        hold(g->a, alert);
}

static int by_time(const void *x, const void *y)
{
    const struct held *a = x, *b = y;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void sort_held(struct engine_across *a)
{
    if (a->held_count > 0)
        qsort(a->held, a->held_count, sizeof(*a->held), by_time);
}

static void keep_latest(struct engine_across *a)
{
    size_t more = a->held_count > AGAIN_MOST ? a->held_count - AGAIN_MOST : 0;

    if (!more)
        return;
    sort_held(a);
    memmove(a->held, a->held + more, AGAIN_MOST * sizeof(*a->held));
    a->held_count = AGAIN_MOST;
    a->left_out += more;
    log_warn("more alerts are counted again than fit: the %d latest are", AGAIN_MOST);
}

/* Everything that may matter to what is at `from` or after it. */
static int hold_again(struct engine_across *a, usec_t from, int64_t until)
{
    usec_t horizon = across_horizon(a->set.rules);
    struct again g = {
        .a = a, .from = from > horizon ? from - horizon : 0, .until = until};
    int rc = store_alert_before(a->store, g.from, &g.last);

    a->held_count = 0;
    while (rc == 0 && g.last < until) {
        int64_t before = g.last;

        rc = store_alert_each_after(a->store, g.last, READ_A_TURN, read_again, &g);
        if (g.last == before)
            break;
        if (a->held_count > 2 * AGAIN_MOST)
            keep_latest(a);
    }
    keep_latest(a);
    return rc;
}

/* earliest: of the alerts that are late, or 0. */
static int begin_again(struct engine_across *a, usec_t earliest, int64_t until)
{
    usec_t past = a->stored.fed + 1;
    int rc = hold_again(a, earliest && earliest < past ? earliest : past, until);

    across_free(a->across);
    a->across = across_new(&(struct across_settings){.rules = a->set.rules,
                                                     .lists = a->set.lists,
                                                     .district = a->district,
                                                     .recall = recall,
                                                     .raise = on_raise,
                                                     .arg = a});
    a->quiet = earliest && earliest < past ? earliest : past;
    a->counting_again = true;
    a->again = store_now(a->store);
    a->recounts += earliest != 0;
    return rc;
}

/* ---- counting ---- */

static int feed_one(struct engine_across *a, int64_t id)
{
    struct store_alert alert;
    int rc = store_alert_get(a->store, id, &alert);

    if (rc == 0) {
        across_alert(a->across, &alert);
        store_alert_done(&alert);
    }
    return rc == -ENOENT ? 0 : rc;
}

static void add_counts(struct tracker_counts *to, const struct tracker_counts *more)
{
    to->hits += more->hits;
    to->alerts += more->alerts;
    to->repeats += more->repeats;
    to->summaries += more->summaries;
    to->in_burst += more->in_burst;
    to->inhibited += more->inhibited;
    to->evicted += more->evicted;
}

/* What was counted before is not counted in again, but for the alerts that came of it. */
static void take_counts(struct engine_across *a, bool past)
{
    for (size_t i = 0; i < a->rule_count; i++) {
        struct tracker_counts new = across_take_counts(a->across, a->rules[i]);
        struct tracker_counts alerts = {.alerts = new.alerts, .summaries = new.summaries};

        add_counts(&a->counts[i], past ? &alerts : &new);
    }
}

static bool is_past(const struct engine_across *a, const struct held *h)
{
    return h->id <= a->stored.mark && h->at <= a->stored.fed;
}

/* Up to a time, in order; what is later stays held. */
static int feed(struct engine_across *a, usec_t until, size_t *ret_count)
{
    size_t i = 0;
    int rc = 0;

    sort_held(a);
    for (; rc == 0 && a->rc == 0 && i < a->held_count && a->held[i].at <= until; i++) {
        rc = feed_one(a, a->held[i].id);
        if (a->counting_again)
            take_counts(a, is_past(a, &a->held[i]));
    }
    a->counting_again = false;
    take_counts(a, false);
    a->held_count -= i;
    if (i > 0)
        memmove(a->held, a->held + i, a->held_count * sizeof(*a->held));
    a->at.fed = until;
    across_tick(a->across, until);
    take_counts(a, false);
    *ret_count = i;
    return rc ? rc : a->rc;
}

/* ---- what is stored ---- */

static int put_alert(struct engine_across *a, const struct telling *t, int64_t number)
{
    struct text document = text_of(t->document);
    struct store_alert alert;
    const char *why = "";
    int rc = alert_read(a->reader, document, &alert, &why);

    if (rc) {
        log_error("an alert of rule %s cannot be read: %s", t->rule, why);
        return 0;
    }
    alert.agent = ACROSS_AGENT;
    alert.epoch = ACROSS_EPOCH;
    alert.seq = (uint64_t)number;
    alert.arrived = store_now(a->store);
    rc = store_alert_put(a->store, &alert);
    return rc == -EEXIST ? 0 : rc;
}

static int put_told(struct engine_across *a)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < a->told_count; i++) {
        const struct telling *t = &a->told[i];
        int64_t number = 0;

        rc = store_told_put(a->store,
                            &(struct store_told){.rule = t->rule,
                                                 .key = t->key,
                                                 .first = t->time,
                                                 .cause = t->cause,
                                                 .summary = t->summary},
                            &number);
        if (rc == 0 && t->document)
            rc = put_alert(a, t, number);
    }
    return rc;
}

static const struct rule *rule_at(const struct engine_across *a, size_t i)
{
    return ruleset_rule(a->set.rules, a->rules[i]);
}

static usec_t longest_dedup(const struct engine_across *a)
{
    usec_t longest = 0;

    for (size_t i = 0; i < a->rule_count; i++)
        if (rule_at(a, i)->dedup.every > longest)
            longest = rule_at(a, i)->dedup.every;
    return longest;
}

/* What even the latest alert, counted again, would not ask for any more. */
static int forget_old(struct engine_across *a)
{
    usec_t needed = 2 * longest_dedup(a) + across_horizon(a->set.rules) + a->set.late;

    if (a->told_count == 0 || a->at.fed <= needed)
        return 0;
    return store_told_forget(a->store, a->at.fed - needed);
}

static struct json *rule_counts_json(const struct rule *rule,
                                     const struct tracker_counts *n)
{
    struct json *o = json_new_object();

    json_put_text(o, "mode", names_get(&names_rule_mode, rule->mode));
    json_put_number(o, "hits", (int64_t)n->hits);
    json_put_number(o, "alerts", (int64_t)n->alerts);
    json_put_number(o, "repeats", (int64_t)n->repeats);
    json_put_number(o, "in_burst", (int64_t)n->in_burst);
    json_put_number(o, "inhibited", (int64_t)n->inhibited);
    json_put_number(o, "evicted", (int64_t)n->evicted);
    return o;
}

static struct json *counts_json(const struct engine_across *a)
{
    struct json *o = json_new_object(), *rules = json_new_object();

    json_put_text(o, "since", a->since);
    json_put_number(o, "late", (int64_t)a->late);
    json_put_number(o, "too_late", (int64_t)a->too_late);
    json_put_number(o, "recounts", (int64_t)a->recounts);
    json_put_number(o, "left_out", (int64_t)a->left_out);
    for (size_t i = 0; i < a->rule_count; i++)
        if (a->counts[i].hits)
            json_put(rules, rule_at(a, i)->id,
                     rule_counts_json(rule_at(a, i), &a->counts[i]));
    json_put(o, "rules", rules);
    return o;
}

/* For /metrics, and as an agent's counters are, for the weekly record of each rule. */
static int put_counts(struct engine_across *a)
{
    auto_json struct json *doc = json_new_object();
    struct json *counts = counts_json(a);
    auto_free char *text = json_write(counts);
    int rc = store_meta_put(a->store, ENGINE_ACROSS_COUNTS, text);

    json_put_path(doc, "hallwatch.courier", counts);
    return rc ? rc : store_rule_week_add(a->store, ACROSS_AGENT, doc);
}

static int put_position(struct engine_across *a)
{
    char text[64];

    snprintf(text, sizeof(text), "%" PRId64 " %" PRIu64, a->at.mark, a->at.fed);
    return store_meta_put(a->store, MARK, text);
}

static int read_position(struct engine_across *a, struct position *ret)
{
    auto_free char *text = NULL;
    int rc = store_meta_get(a->store, MARK, &text);
    char *behind;

    if (rc != 0)
        return rc;
    ret->mark = strtoll(text, &behind, 10);
    if (*behind != ' ')
        return -EBADMSG;
    ret->fed = strtoull(behind + 1, &behind, 10);
    return *behind ? -EBADMSG : 0;
}

/* Another engine may have been here: then what this one knows is not how it is. */
static int check_position(struct engine_across *a)
{
    struct position now = {0};
    int rc = read_position(a, &now);

    if (rc == -ENOENT)
        return 0;
    if (rc == 0 && (now.mark != a->stored.mark || now.fed != a->stored.fed))
        return -ESTALE;
    return rc;
}

static int store_all(struct engine_across *a)
{
    int rc = store_begin(a->store);

    if (rc)
        return rc;
    rc = check_position(a);
    if (rc == 0)
        rc = put_told(a);
    if (rc == 0)
        rc = forget_old(a);
    if (rc == 0)
        rc = put_counts(a);
    if (rc == 0)
        rc = put_position(a);
    if (rc == 0)
        return store_commit(a->store);
    store_rollback(a->store);
    return rc;
}

/* ---- turns ---- */

static void find_rules(struct engine_across *a)
{
    size_t count = ruleset_count(a->set.rules);

    a->rules = xcalloc(count + 1, sizeof(*a->rules));
    a->counts = xcalloc(count + 1, sizeof(*a->counts));
    for (size_t i = 0; i < count; i++)
        if (ruleset_rule(a->set.rules, i)->at_collector)
            a->rules[a->rule_count++] = i;
}

struct engine_across *engine_across_new(const struct engine_settings *set)
{
    struct engine_across *a;

    if (!set->across.rules || !across_wanted(set->across.rules))
        return NULL;
    a = xcalloc(1, sizeof(*a));
    a->set = set->across;
    a->store = set->store;
    a->district = set->district;
    a->reader = alert_reader_new();
    find_rules(a);
    clock_print(store_now(a->store), a->since);
    return a;
}

void engine_across_free(struct engine_across *a)
{
    if (!a)
        return;
    forget_told(a);
    across_free(a->across);
    alert_reader_free(a->reader);
    free(a->told);
    free(a->held);
    free(a->rules);
    free(a->counts);
    free(a);
}

/* Where there was never one before, it begins with what comes from now on. */
static int open_position(struct engine_across *a)
{
    int rc = read_position(a, &a->stored);

    if (rc == -ENOENT) {
        a->begins = true;
        a->stored.fed = store_now(a->store) - a->set.wait;
        rc = store_alert_last(a->store, &a->stored.mark);
    }
    a->at = a->stored;
    return rc;
}

/* How many were read. Late ones wait until it is time to count again. */
static int read_new(struct engine_across *a, struct reading *r)
{
    size_t held = a->held_count;
    bool open = !a->across;
    int rc = store_alert_each_after(a->store, a->at.mark, READ_A_TURN, read_one, r);

    if (rc)
        return rc;
    a->waiting = 0;
    if (!open && r->earliest && a->again + a->set.wait > store_now(a->store)) {
        a->waiting = a->again + a->set.wait;
        a->held_count = held;
        r->mark = a->at.mark;
        r->count = 0;
        return 0;
    }
    a->late += r->late;
    a->too_late += r->too_late;
    return open || r->earliest ? begin_again(a, r->earliest, r->mark) : 0;
}

static int look(struct engine_across *a, struct reading *r, size_t *ret_fed)
{
    usec_t now = store_now(a->store);
    int rc = a->across ? 0 : open_position(a);

    r->mark = a->at.mark;
    if (rc == 0)
        rc = read_new(a, r);
    if (rc)
        return rc;
    a->at.mark = r->mark;
    now = now > a->set.wait ? now - a->set.wait : 0;
    return feed(a, now > a->at.fed ? now : a->at.fed, ret_fed);
}

/* What went wrong is as if it had not been: the next turn counts again. */
static int give_up(struct engine_across *a, int rc)
{
    across_free(a->across);
    a->across = NULL;
    a->held_count = 0;
    return rc == -ESTALE ? 0 : rc;
}

int engine_across_turn(struct engine_across *a, bool *ret_more)
{
    struct reading r = {.a = a};
    size_t fed = 0;
    int rc;

    a->rc = 0;
    forget_told(a);
    rc = look(a, &r, &fed);
    if (rc == 0 &&
        (a->begins || a->at.mark != a->stored.mark || fed > 0 || a->told_count > 0))
        rc = store_all(a);
    else if (rc == 0)
        return 0;
    if (rc)
        return give_up(a, rc);
    a->stored = a->at;
    a->begins = false;
    *ret_more = r.count == READ_A_TURN;
    return 0;
}

static usec_t earlier(usec_t a, usec_t b)
{
    return !a || (b && b < a) ? b : a;
}

usec_t engine_across_next(const struct engine_across *a)
{
    usec_t due = a->waiting;

    if (a->held_count > 0)
        due = earlier(due, a->held[0].at + a->set.wait);
    if (a->across && across_waits(a->across))
        due = earlier(due, a->at.fed + a->set.wait + SUMMARY_EVERY);
    return due;
}
