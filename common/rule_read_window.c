/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `window`: what a rule counts, for whom, for how long.
 */
#include <stdlib.h>

#include "items.h"
#include "mem.h"
#include "ruleset.h"
#include "window.h"

#define WITHIN_MAX    (31 * USEC_PER_DAY)
#define COUNT_MAX     100000
#define EXACT_MAX     65536
#define EXACT_DEFAULT 1024
#define LEAST_DEFAULT 10
#define DEVICES_MIN   2
#define TIMES_MIN     4
#define JITTER_MAX    30 /* per cent */

static void report_field(struct rule_reader *r, const struct node *n, uint32_t kinds)
{
    const char *names[FIELD_COUNT];
    size_t count = 0;

    for (enum field_id f = 0; f < FIELD_COUNT; f++)
        if (field_get(f)->kinds & kinds)
            names[count++] = field_get(f)->name;
    diags_error(r->diags, node_place(n), "E0210", "unknown field \"%s\"", node_text(n));
    diags_suggest(r->diags, node_text(n), names, count);
}

bool rule_read_field(struct rule_reader *r, const struct node *n, uint32_t kinds,
                     enum field_id *ret_field)
{
    const char *name;
    enum field_id f;

    if (!node_read_text(n, &name, r->diags))
        return false;
    if (kinds == 0) /* `watch` has a fault of its own */
        kinds = UINT32_MAX;
    f = field_find(name, strlen(name));
    if (f == FIELD_UNKNOWN) {
        report_field(r, n, kinds);
        return false;
    }
    if (!(field_get(f)->kinds & kinds)) {
        diags_error(r->diags, node_place(n), "E0213",
                    "no event that the rule watches has \"%s\"", name);
        return false;
    }
    *ret_field = f;
    return true;
}

bool rule_read_by(struct rule_reader *r, const struct node *n, uint32_t kinds,
                  enum field_id ret_by[RULE_BY_MAX], size_t *ret_count)
{
    size_t count = items_count(n);
    bool good = true;

    if (count > RULE_BY_MAX) {
        diags_error(r->diags, node_place(n), "E0502", "at most %d fields can be named",
                    RULE_BY_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        good = rule_read_field(r, items_at(n, i), kinds, &ret_by[i]) && good;
    *ret_count = good ? count : 0;
    return good;
}

static bool is_several(enum field_type t)
{
    return t == TYPE_TEXTS || t == TYPE_DOMAINS || t == TYPE_ADDRS;
}

/* `ratio: {of: EXPR, to: EXPR}`; without `to`, of all that meet `when`. */
static bool read_ratio(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    static const char *const keys[] = {"of", "to"};
    const struct node *of, *to;
    struct expr *left = NULL, *right = NULL;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "a ratio", keys, 2, r->diags);
    of = node_need(n, "the ratio", "of", r->diags);
    to = node_get(n, "to");
    if (of)
        left = rule_read_expr(r, of, &c->rule);
    if (to)
        right = rule_read_expr(r, to, &c->rule);
    else
        right = c->written;
    if (!left || !right)
        return false;
    rule_add_part(r, c, "of", left);
    rule_add_part(r, c, "to", right);
    return true;
}

/* What flow_active tells from the start of the conversation, and what of it is new;
 * FIELD_UNKNOWN: nothing is. */
static const struct {
    enum field_id total, delta;
} totals[] = {
    {FIELD_FLOW_PACKETS_OUT, FIELD_FLOW_DELTA_PACKETS_OUT},
    {FIELD_FLOW_PACKETS_IN, FIELD_FLOW_DELTA_PACKETS_IN},
    {FIELD_FLOW_BYTES_OUT, FIELD_FLOW_DELTA_BYTES_OUT},
    {FIELD_FLOW_BYTES_IN, FIELD_FLOW_DELTA_BYTES_IN},
    {FIELD_FLOW_BYTES, FIELD_FLOW_DELTA_BYTES},
    {FIELD_FLOW_DURATION, FIELD_UNKNOWN},
};

/* Each flow_active of a conversation would bring all again that those before it did. */
static bool adds_up_once(struct rule_reader *r, const struct node *of, enum field_id f,
                         uint32_t kinds)
{
    if (!(kinds >> EVENT_FLOW_ACTIVE & 1))
        return true;
    for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
        if (totals[i].total != f)
            continue;
        diags_error(r->diags, node_place(of), "E0217",
                    "%s is told from the start again with each flow_active, and would be "
                    "added up more than once",
                    node_text(of));
        if (totals[i].delta != FIELD_UNKNOWN)
            diags_hint(r->diags, "%s is what has come since the last time",
                       field_get(totals[i].delta)->name);
        return false;
    }
    return true;
}

static bool fits(struct rule_reader *r, const struct node *of, enum window_kind kind,
                 enum field_id f)
{
    enum field_type type = field_get(f)->type;
    bool distinct = kind == WINDOW_DISTINCT;

    if (distinct ? !is_several(type)
                 : type == TYPE_NUMBER || type == TYPE_BYTES || type == TYPE_DURATION)
        return true;
    diags_error(r->diags, node_place(of), "E0215", "%s (%s) cannot be %s", node_text(of),
                field_type_name(type), distinct ? "told apart" : "added up");
    return false;
}

/* "80%" */
static bool read_percent(struct rule_reader *r, const struct node *n, uint64_t *ret)
{
    const char *text;
    size_t digits;

    if (!node_read_text(n, &text, r->diags))
        return false;
    digits = strspn(text, "0123456789");
    if (digits > 0 && digits <= 5 && strcmp(text + digits, "%") == 0) {
        *ret = strtoull(text, NULL, 10);
        return true;
    }
    diags_error(r->diags, node_place(n), "E0203", "expected per cent, found \"%s\"",
                text);
    diags_hint(r->diags, "a whole number: 80%%");
    return false;
}

/* `share: {of: FIELD, value: FIELD}`: the part of the sum that one value brought. */
static bool read_share(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    static const char *const keys[] = {"of", "value"};
    struct rule_window *w = &c->rule.window;
    const struct node *of, *value;
    bool good;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "a share", keys, 2, r->diags);
    of = node_need(n, "the share", "of", r->diags);
    value = node_need(n, "the share", "value", r->diags);
    good = of && rule_read_field(r, of, c->rule.watch, &w->of) &&
           fits(r, of, WINDOW_SHARE, w->of) && adds_up_once(r, of, w->of, c->rule.watch);
    return value && rule_read_field(r, value, c->rule.watch, &w->value) &&
           fits(r, value, WINDOW_DISTINCT, w->value) && good;
}

static bool read_interval(struct rule_reader *r, const struct node *n, usec_t *ret)
{
    if (!n || !node_read_duration(n, ret, r->diags))
        return false;
    if (*ret >= USEC_PER_SEC)
        return true;
    diags_error(r->diags, node_place(n), "E0502",
                "an interval is a second long at least");
    return false;
}

static bool read_jitter(struct rule_reader *r, const struct node *n, uint32_t *ret)
{
    uint64_t percent;

    if (!n || !read_percent(r, n, &percent))
        return false;
    *ret = (uint32_t)percent;
    if (percent <= JITTER_MAX)
        return true;
    diags_error(r->diags, node_place(n), "E0502",
                "with more than %d%% any times are even", JITTER_MAX);
    return false;
}

/* `regular: {times: 12, jitter: 10%, from: 30s, to: 1h}` */
static bool read_regular(struct rule_reader *r, const struct node *n,
                         struct rule_window *w)
{
    static const char *const keys[] = {"times", "jitter", "from", "to"};
    const struct node *times, *jitter, *from, *to;
    uint64_t number = 0;
    bool good;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "a regular window", keys, 4, r->diags);
    times = node_need(n, "the regular window", "times", r->diags);
    jitter = node_need(n, "the regular window", "jitter", r->diags);
    from = node_need(n, "the regular window", "from", r->diags);
    to = node_need(n, "the regular window", "to", r->diags);
    good =
        times && node_read_number(times, TIMES_MIN, WINDOW_TIMES_MAX, &number, r->diags);
    w->times = (uint32_t)number;
    w->reach = number;
    good = read_jitter(r, jitter, &w->jitter) && good;
    good = read_interval(r, from, &w->shortest) && good;
    if (!read_interval(r, to, &w->longest) || !good)
        return false;
    if (w->shortest <= w->longest)
        return true;
    diags_error(r->diags, node_place(to), "E0502", "\"to\" is shorter than \"from\"");
    return false;
}

/* So many events of the longest interval must find room in the window. */
static bool has_time_enough(struct rule_reader *r, const struct node *n,
                            const struct rule_window *w)
{
    char least[CLOCK_TEXT];
    usec_t needed = (w->times - 1) * w->shortest;

    if (w->within >= needed)
        return true;
    clock_print_duration(needed, least);
    diags_error(r->diags, node_place(n), "E0502",
                "%u events that are %u s apart take %s: \"within\" is shorter", w->times,
                (unsigned)(w->shortest / USEC_PER_SEC), least);
    return false;
}

/* What is counted: `count: events`, `distinct: FIELD`, `sum: FIELD`, `ratio: {...}`,
 * `share: {...}`, `regular: {...}`. */
static bool read_kind(struct rule_reader *r, const struct node *n,
                      struct compiled_rule *c)
{
    static const char *const kinds[] = {"count", "distinct", "sum",
                                        "ratio", "share",    "regular"};
    static const char *const what[] = {"events"};
    struct rule_window *w = &c->rule.window;
    const struct node *of = NULL;
    size_t given = 0, index;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!node_get(n, kinds[i]))
            continue;
        of = node_get(n, kinds[i]);
        w->kind = (enum window_kind)(WINDOW_COUNT + i);
        given++;
    }
    if (given != 1) {
        diags_error(r->diags, node_place(n), "E0104",
                    "a window has one of: count, distinct, sum, ratio, share, regular");
        diags_hint(r->diags,
                   "like {distinct: dst.ip, by: [src.ip], within: 5m, gte: 50}");
        return false;
    }
    if (w->kind == WINDOW_COUNT)
        return node_read_name(of, "thing to count", what, 1, &index, r->diags);
    if (w->kind == WINDOW_RATIO)
        return read_ratio(r, of, c);
    if (w->kind == WINDOW_SHARE)
        return read_share(r, of, c);
    if (w->kind == WINDOW_REGULAR)
        return read_regular(r, of, w);
    return rule_read_field(r, of, c->rule.watch, &w->of) && fits(r, of, w->kind, w->of) &&
           (w->kind != WINDOW_SUM || adds_up_once(r, of, w->of, c->rule.watch));
}

static bool read_sum(struct rule_reader *r, const struct node *n, enum field_type type,
                     uint64_t *ret)
{
    if (type == TYPE_BYTES)
        return node_read_size(n, ret, r->diags);
    if (type == TYPE_DURATION)
        return node_read_duration(n, ret, r->diags);
    return node_read_number(n, 0, UINT64_MAX - 1, ret, r->diags);
}

static bool read_amount(struct rule_reader *r, const struct node *n,
                        const struct rule_window *w, uint64_t *ret)
{
    if (w->kind == WINDOW_RATIO || w->kind == WINDOW_SHARE)
        return read_percent(r, n, ret);
    return read_sum(r, n, w->kind == WINDOW_SUM ? field_get(w->of)->type : TYPE_NUMBER,
                    ret);
}

static bool read_reach(struct rule_reader *r, const struct node *n, struct rule_window *w)
{
    const struct node *gt = node_get(n, "gt"), *gte = node_get(n, "gte");

    if (w->kind == WINDOW_REGULAR) {
        if (!gt && !gte)
            return true;
        diags_error(r->diags, node_place(gt ? gt : gte), "E0104",
                    "a regular window is met by its \"times\"");
        return false;
    }
    if (!gt == !gte) {
        diags_error(r->diags, node_place(n), "E0104", "a window has one of: gt, gte");
        diags_hint(r->diags, "gt: more than, gte: at least");
        return false;
    }
    if (!read_amount(r, gt ? gt : gte, w, &w->reach))
        return false;
    w->above = gt && (w->kind == WINDOW_RATIO || w->kind == WINDOW_SHARE);
    w->reach += gt && !w->above;
    if (w->reach + w->above > 0 && (w->kind == WINDOW_SUM || w->reach <= COUNT_MAX))
        return true;
    diags_error(r->diags, node_place(gt ? gt : gte), "E0502",
                "a window reaches from 1 to %d", COUNT_MAX);
    return false;
}

bool rule_read_within(struct rule_reader *r, const struct node *n, usec_t *ret)
{
    if (!n || !node_read_duration(n, ret, r->diags))
        return false;
    if (*ret > 0 && *ret <= WITHIN_MAX)
        return true;
    diags_error(r->diags, node_place(n), "E0502", "a window is at most 31 days long");
    return false;
}

static bool read_limit(struct rule_reader *r, const struct node *window, const char *key,
                       uint64_t most, uint32_t otherwise, uint32_t *ret)
{
    const struct node *n = node_get(window, key);
    uint64_t number = otherwise;

    if (n && !node_read_number(n, 1, most, &number, r->diags))
        return false;
    *ret = (uint32_t)number;
    return true;
}

/* Below which a ratio or a share says nothing. */
static bool read_least(struct rule_reader *r, const struct node *n, struct rule_window *w)
{
    uint32_t events = LEAST_DEFAULT;

    if (w->kind == WINDOW_SHARE) {
        n = node_need(n, "a share", "least", r->diags);
        return n && read_sum(r, n, field_get(w->of)->type, &w->least);
    }
    if (!read_limit(r, n, "least", WINDOW_PARTS_MAX, LEAST_DEFAULT, &events))
        return false;
    w->least = events;
    return true;
}

/* `apart` belongs to a count, and leaves room for so many in the window. */
static bool read_apart(struct rule_reader *r, const struct node *window,
                       struct rule_window *w)
{
    const struct node *n = node_get(window, "apart");
    char least[CLOCK_TEXT];

    if (!n)
        return true;
    if (w->kind != WINDOW_COUNT) {
        diags_error(r->diags, node_place(n), "E0104",
                    "only a count of events has \"apart\"");
        return false;
    }
    if (!rule_read_within(r, n, &w->apart))
        return false;
    if (w->reach < 2) {
        diags_error(r->diags, node_place(n), "E0502",
                    "one visit is met by its first event: \"apart\" needs two or more");
        return false;
    }
    if ((w->reach - 1) <= w->within / w->apart)
        return true;
    clock_print_duration((w->reach - 1) * w->apart, least);
    diags_error(r->diags, node_place(n), "E0502",
                "%llu visits so far apart take %s: \"within\" is shorter",
                (unsigned long long)w->reach, least);
    return false;
}

/* `least` belongs to ratio and share, `events` to a share, exact_up_to to a distinct
 * count. */
static bool read_limits(struct rule_reader *r, const struct node *n,
                        struct rule_window *w)
{
    const struct node *least = node_get(n, "least"), *events = node_get(n, "events");

    if (least && w->kind != WINDOW_RATIO && w->kind != WINDOW_SHARE) {
        diags_error(r->diags, node_place(least), "E0104",
                    "only a ratio or a share has a least count");
        return false;
    }
    if (events && w->kind != WINDOW_SHARE) {
        diags_error(r->diags, node_place(events), "E0104",
                    "only a share has a number of events");
        return false;
    }
    if (w->kind == WINDOW_SHARE &&
        !read_limit(r, n, "events", WINDOW_PARTS_MAX, 1, &w->times))
        return false;
    return read_limit(r, n, "exact_up_to", EXACT_MAX, EXACT_DEFAULT, &w->exact_up_to) &&
           read_limit(r, n, "max_keys", RULE_KEYS_MAX, RULE_KEYS_DEFAULT, &w->max_keys) &&
           read_least(r, n, w) &&
           (w->kind != WINDOW_REGULAR || has_time_enough(r, node_get(n, "within"), w));
}

bool rule_read_window(struct rule_reader *r, const struct node *n,
                      struct compiled_rule *c)
{
    static const char *const keys[] = {"count",       "distinct", "sum",   "ratio",
                                       "share",       "regular",  "by",    "within",
                                       "gt",          "gte",      "least", "events",
                                       "exact_up_to", "max_keys", "apart"};
    struct rule_window *w = &c->rule.window;
    const struct node *by;
    bool good;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "window", keys, sizeof(keys) / sizeof(keys[0]), r->diags);
    good = read_kind(r, n, c);
    by = node_need(n, "the window", "by", r->diags);
    good = by && rule_read_by(r, by, c->rule.watch, w->by, &w->by_count) && good;
    good =
        rule_read_within(r, node_need(n, "the window", "within", r->diags), &w->within) &&
        good;
    return good && read_reach(r, n, w) && read_limits(r, n, w) && read_apart(r, n, w);
}

/* What tells one device from another has no place among what is shown. */
static bool is_anonymous(struct rule_reader *r, const struct node *n,
                         const enum field_id *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *f = field_get(fields[i]);

        if (f->privacy != PRIVACY_PERSON && f->type != TYPE_MAC)
            continue;
        diags_error(r->diags, node_place(n), "E0524",
                    "\"%s\" names a device, and the rule counts at least %u of them",
                    f->name, (unsigned)DEVICES_MIN);
        return false;
    }
    return true;
}

/* After window, dedup and identity. */
bool rule_read_aggregate(struct rule_reader *r, const struct node *n,
                         struct compiled_rule *c)
{
    const struct node *window = node_get(c->node, "window");
    const struct node *dedup = node_get(c->node, "dedup");
    const struct node *identity = node_get(c->node, "identity");
    struct rule *rule = &c->rule;
    uint64_t number;
    bool good = true;

    if (!node_read_number(n, DEVICES_MIN, COUNT_MAX, &number, r->diags))
        return false;
    rule->aggregate = (uint32_t)number;
    if (!window) {
        diags_error(r->diags, node_place(n), "E0104",
                    "devices are counted in a window, and the rule has none");
        return false;
    }
    if (rule->window.apart) {
        diags_error(r->diags, node_place(node_get(window, "apart")), "E0104",
                    "a visit is one device's, and the rule counts many together");
        good = false;
    }
    if (identity && rule->identity != IDENTITY_NONE) {
        diags_error(r->diags, node_place(identity), "E0524",
                    "a rule that counts devices shows none of them");
        good = false;
    }
    rule->identity = IDENTITY_NONE;
    good =
        is_anonymous(r, node_get(window, "by"), rule->window.by, rule->window.by_count) &&
        good;
    return (!dedup || is_anonymous(r, node_get(dedup, "by"), rule->dedup.by,
                                   rule->dedup.by_count)) &&
           good;
}
