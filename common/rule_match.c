/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event against all rules. What several rules ask is answered once: each predicate is
 * remembered for the event, each scope for the place it came from, each schedule for the
 * minute.
 */
#include <stdlib.h>

#include "mem.h"
#include "ruleset.h"

#define PLACES     64 /* places whose scopes are remembered */
#define PLACE_TEXT 200

enum { SCOPE_UNKNOWN, SCOPE_NO, SCOPE_YES };

/* Site, kind of site, segment, audience and the device's groups, as one text. */
struct remembered_place {
    char text[PLACE_TEXT];
    size_t len;
    size_t zone;
    uint8_t *scopes;
};

struct remembered_minute {
    uint64_t minute; /* since 1970, and one: 0 is none */
    bool holds;
};

struct matcher {
    const struct ruleset *set;
    struct list_memo *lists;
    uint32_t *predicates; /* number of the event << 1 | verdict */
    uint32_t event;       /* number of the event, 1 and up */
    struct rule_set candidates;
    struct remembered_place places[PLACES];
    const struct remembered_place *place; /* of this event; NULL: not looked up yet */
    struct remembered_minute *minutes;    /* schedule * zones + zone */
    bool shipped;                         /* without local changes */
    const struct schedule_stand_in *instead;
};

struct matcher *matcher_new(const struct ruleset *set)
{
    struct matcher *m = xcalloc(1, sizeof(*m));
    uint8_t *scopes = xcalloc(PLACES + 1, set->scope_count + 1);

    m->set = set;
    m->lists = list_memo_new(set->settings.lists);
    m->predicates = xcalloc(set->predicates.count + 1, sizeof(*m->predicates));
    rule_set_init(&m->candidates, set->rule_count);
    m->minutes = xcalloc(set->schedule_count * set->zone_count + 1, sizeof(*m->minutes));
    for (size_t i = 0; i < PLACES; i++)
        m->places[i].scopes = scopes + i * set->scope_count;
    return m;
}

void matcher_free(struct matcher *m)
{
    if (!m)
        return;
    list_memo_free(m->lists);
    free(m->predicates);
    rule_set_done(&m->candidates);
    free(m->minutes);
    free(m->places[0].scopes);
    free(m);
}

void matcher_as_shipped(struct matcher *m, bool shipped)
{
    m->shipped = shipped;
}

void matcher_stand_in(struct matcher *m, const struct schedule_stand_in *instead)
{
    size_t count = m->set->schedule_count * m->set->zone_count;

    if (m->instead == instead)
        return;
    m->instead = instead;
    memset(m->minutes, 0, count * sizeof(*m->minutes));
}

static void begin(struct matcher *m)
{
    list_memo_begin(m->lists);
    m->place = NULL;
    if (++m->event <= UINT32_MAX >> 1)
        return;
    memset(m->predicates, 0, m->set->predicates.count * sizeof(*m->predicates));
    m->event = 1;
}

static bool ask(struct matcher *m, uint32_t predicate, const struct event *e)
{
    uint32_t *known = &m->predicates[predicate];

    if (*known >> 1 != m->event)
        *known = m->event << 1 |
                 predicate_holds(&m->set->predicates.at[predicate], e, m->lists);
    return *known & 1;
}

static bool run(struct matcher *m, const struct program *p, const struct event *e)
{
    uint16_t at = 0;

    do {
        const struct expr_step *s = &p->steps[at];

        at = ask(m, s->predicate, e) ? s->yes : s->no;
    } while (at < EXPR_FALSE);
    return at == EXPR_TRUE;
}

/* ---- the place ---- */

static void add_text(char text[PLACE_TEXT], size_t *len, struct text part, char end)
{
    if (*len + part.len + 1 >= PLACE_TEXT) {
        *len = PLACE_TEXT; /* too long to be remembered */
        return;
    }
    if (part.len > 0)
        memcpy(text + *len, part.at, part.len);
    *len += part.len;
    text[(*len)++] = end;
}

static void add_part(char text[PLACE_TEXT], size_t *len, const struct event *e,
                     enum field_id f)
{
    const struct value *v = event_get(e, f);

    if (*len < PLACE_TEXT)
        add_text(text, len, v ? v->text : (struct text){0}, v ? '\n' : '\r');
}

/* Only where a scope asks for groups, or it says nothing of them. */
static void add_groups(char text[PLACE_TEXT], size_t *len, const struct event *e)
{
    const struct value *v = event_get(e, FIELD_DEVICE_GROUPS);

    for (size_t i = 0; v && i < v->text_count && *len < PLACE_TEXT; i++)
        add_text(text, len, v->texts[i], '\n');
}

static size_t find_zone(const struct ruleset *s, const struct event *e)
{
    const struct value *site = event_get(e, FIELD_SITE_ID);

    for (size_t i = 0; site && i < s->zone_count; i++)
        if (text_equal(text_of(s->zones[i].site), site->text))
            return i;
    return 0;
}

const struct zone *ruleset_zone(const struct ruleset *s, const struct event *e)
{
    return s->zones[find_zone(s, e)].zone;
}

/* Where the event's place is remembered: a fixed spot, taken over when it is another's.
 */
static const struct remembered_place *place_of(struct matcher *m, const struct event *e)
{
    const struct value *audience = event_get(e, FIELD_SEGMENT_AUDIENCE);
    char text[PLACE_TEXT];
    struct remembered_place *p;
    size_t len = 0, hash = 0;

    text[len++] = audience ? (char)('a' + audience->number) : '-';
    add_part(text, &len, e, FIELD_SITE_ID);
    add_part(text, &len, e, FIELD_SITE_TYPE);
    add_part(text, &len, e, FIELD_SEGMENT_NAME);
    if (m->set->asks_groups)
        add_groups(text, &len, e);
    for (size_t i = 0; i < len && len < PLACE_TEXT; i++)
        hash = hash * 31 + (uint8_t)text[i];
    p = &m->places[hash % PLACES];
    if (len < PLACE_TEXT && p->len == len && memcmp(p->text, text, len) == 0)
        return p;
    memcpy(p->text, text, len < PLACE_TEXT ? len : 0);
    p->len = len;
    p->zone = find_zone(m->set, e);
    memset(p->scopes, SCOPE_UNKNOWN, m->set->scope_count);
    return p;
}

static const struct remembered_place *place_now(struct matcher *m, const struct event *e)
{
    if (!m->place)
        m->place = place_of(m, e);
    return m->place;
}

static bool in_scope(struct matcher *m, uint32_t scope, const struct event *e)
{
    uint8_t *known;

    if (scope == NO_SCOPE)
        return true;
    known = &place_now(m, e)->scopes[scope];
    if (*known == SCOPE_UNKNOWN)
        *known = scope_holds(&m->set->scopes[scope], e) ? SCOPE_YES : SCOPE_NO;
    return *known == SCOPE_YES;
}

static bool in_schedule(struct matcher *m, const struct schedule *s,
                        const struct event *e)
{
    size_t zone = place_now(m, e)->zone;
    size_t at = (size_t)(s - m->set->schedules) * m->set->zone_count + zone;
    uint64_t minute = event_time(e) / USEC_PER_MIN + 1;

    if (m->minutes[at].minute != minute) {
        m->minutes[at].minute = minute;
        m->minutes[at].holds =
            schedule_holds_with(s, m->set->zones[zone].zone, event_time(e), m->instead);
    }
    return m->minutes[at].holds;
}

/* ---- the rules ---- */

static bool is_excepted(struct matcher *m, const struct compiled_rule *c,
                        const struct event *e)
{
    for (size_t i = 0; i < c->exception_count; i++)
        if (event_time(e) < c->exceptions[i].until && run(m, &c->exceptions[i].when, e))
            return true;
    return false;
}

/* What an exception covers leads to no alert; that nothing came would. */
static bool breaks_silence(struct matcher *m, const struct compiled_rule *c,
                           const struct event *e)
{
    for (size_t i = 0; i < c->part_count && c->rule.sequence.silences; i++)
        if (c->rule.sequence.silences >> i & 1 && run(m, &c->parts[i].program, e))
            return true;
    return false;
}

static bool meets(struct matcher *m, const struct compiled_rule *c, const struct event *e)
{
    return (c->rule.watch >> event_kind(e) & 1) && event_time(e) <= c->rule.off_after &&
           in_scope(m, c->scope, e) && (!c->during || in_schedule(m, c->during, e)) &&
           (!c->not_during || !in_schedule(m, c->not_during, e)) &&
           run(m, &c->program, e);
}

static bool holds_now(const struct matcher *m, size_t rule, const struct event *e)
{
    return m->shipped ? !rule_is_changed(m->set, rule) : ruleset_holds(m->set, rule, e);
}

static void try_rule(struct matcher *m, size_t rule, const struct event *e, match_fn *fn,
                     void *arg)
{
    const struct compiled_rule *c = &m->set->rules[rule];

    if (!meets(m, c, e) || !holds_now(m, rule, e))
        return;
    if (is_excepted(m, c, e) && !breaks_silence(m, c, e))
        fn(rule, MATCH_EXCEPTED, arg);
    else
        fn(rule, MATCH_HIT, arg);
}

/* The candidates of one word, which is empty afterwards. */
static void try_word(struct matcher *m, size_t w, const struct event *e, match_fn *fn,
                     void *arg)
{
    uint64_t left = m->candidates.bits[w];

    m->candidates.bits[w] = 0;
    for (; left; left &= left - 1)
        try_rule(m, w * 64 + (size_t)__builtin_ctzll(left), e, fn, arg);
}

void ruleset_match(struct matcher *m, const struct event *e, match_fn *fn, void *arg)
{
    const struct ruleset *s = m->set;

    if (!(s->kinds >> event_kind(e) & 1))
        return;
    begin(m);
    if (list_memo_protected(m->lists, e))
        return;
    index_candidates(s->index, e, m->lists, &m->candidates);
    for (size_t i = 0; i < m->candidates.some_count; i++) {
        for (uint64_t some = m->candidates.some[i]; some; some &= some - 1)
            try_word(m, i * 64 + (size_t)__builtin_ctzll(some), e, fn, arg);
        m->candidates.some[i] = 0;
    }
}

uint32_t matcher_parts(struct matcher *m, size_t rule, const struct event *e)
{
    const struct compiled_rule *c = &m->set->rules[rule];
    uint32_t met = 0;

    if (c->part_count == 0)
        return 0;
    begin(m);
    for (size_t i = 0; i < c->part_count; i++)
        met |= (uint32_t)run(m, &c->parts[i].program, e) << i;
    if (met & c->rule.sequence.silences && is_excepted(m, c, e))
        met &= c->rule.sequence.silences;
    return met;
}

struct list_set matcher_lists(struct matcher *m, const struct event *e)
{
    const struct value *host = event_get(e, FIELD_HOST);

    if (!host)
        host = event_get(e, FIELD_DNS_QNAME);
    if (!host)
        return (struct list_set){0};
    list_memo_begin(m->lists);
    return list_memo_query(m->lists, host->text);
}

/* ---- explaining ---- */

static void add_check(struct buffer *out, bool verdict, const char *what, const char *why)
{
    buffer_print(out, "  %-5s%s %s\n", verdict ? "yes" : "no", what, why);
}

static const char *text_or(const struct event *e, enum field_id f, struct buffer *room)
{
    if (!event_has(e, f))
        return "none";
    room->len = 0;
    event_print_value(e, f, room);
    return room->at;
}

static void explain_frame(struct matcher *m, const struct compiled_rule *c,
                          const struct event *e, struct buffer *out)
{
    auto_buffer struct buffer room = {0};

    add_check(out, c->rule.watch >> event_kind(e) & 1, "watches",
              names_get(&names_event_kind, event_kind(e)));
    if (event_time(e) > c->rule.off_after)
        add_check(out, false, "silent: too old is the list", c->rule.off_list);
    if (c->scope != NO_SCOPE)
        add_check(out, in_scope(m, c->scope, e), "scope: the event's segment is",
                  text_or(e, FIELD_SEGMENT_NAME, &room));
    if (c->during)
        add_check(out, in_schedule(m, c->during, e), "during", c->during->name);
    if (c->not_during)
        add_check(out, !in_schedule(m, c->not_during, e), "not during",
                  c->not_during->name);
}

static void explain_combination(const struct ruleset *s, const struct compiled_rule *c,
                                struct buffer *out)
{
    const struct rule_combine *m = &c->rule.combine;

    if (m->count == 0)
        return;
    buffer_print(out, "  it sees no events; it needs %u of the rules", m->at_least);
    for (size_t i = 0; i < m->count; i++)
        buffer_print(out, "%s %s", i ? "," : "", s->rules[m->of[i]].rule.id);
    buffer_text(out, "\n");
}

static void explain_parts(struct matcher *m, const struct compiled_rule *c,
                          const struct event *e, struct buffer *out)
{
    const struct predicate_table *t = &m->set->predicates;

    if (c->written)
        expr_explain(c->written, t, e, m->lists, 0, out);
    for (size_t i = 0; i < c->part_count; i++) {
        const struct rule_part *p = &c->parts[i];

        if (p->when == c->written)
            continue;
        add_check(out, run(m, &p->program, e),
                  c->rule.window.kind == WINDOW_RATIO  ? "ratio"
                  : c->rule.sequence.silences >> i & 1 ? "breaks the silence"
                                                       : "step",
                  p->name);
        expr_explain(p->when, t, e, m->lists, 1, out);
    }
}

void ruleset_explain(struct matcher *m, size_t rule, const struct event *e,
                     struct buffer *out)
{
    const struct compiled_rule *c = &m->set->rules[rule];
    bool met, excepted;

    begin(m);
    if (list_memo_protected(m->lists, e)) {
        buffer_text(out, "  no   the host is protected: no rule ever sees it\n");
        return;
    }
    met = meets(m, c, e);
    excepted = met && is_excepted(m, c, e);
    buffer_print(out, "%s: %s\n", c->rule.id,
                 excepted ? "would match, but an exception covers it"
                 : met    ? "matches"
                          : "does not match");
    if (c->rule.changed_by)
        buffer_print(out, "  with the local changes at %s\n", c->rule.changed_by);
    if (field_set_has(&c->rule.hide, FIELD_HOST))
        buffer_text(out, "  its alerts hide what was visited: of an event that is one of "
                         "them the conditions on that cannot be looked at again\n");
    explain_combination(m->set, c, out);
    if (c->rule.combine.count == 0)
        explain_frame(m, c, e, out);
    explain_parts(m, c, e, out);
    for (size_t i = 0; met && i < c->exception_count; i++)
        if (event_time(e) < c->exceptions[i].until && run(m, &c->exceptions[i].when, e))
            add_check(out, true, "exception", c->exceptions[i].name);
}

bool ruleset_in_force(const struct ruleset *set, size_t rule, const struct event *e,
                      usec_t from, usec_t until, const struct schedule_stand_in *instead)
{
    const struct compiled_rule *c = &set->rules[rule];
    const struct zone *zone = set->zones[find_zone(set, e)].zone;

    if (until > c->rule.off_after)
        return false;
    for (usec_t at = from; c->during || c->not_during; at += USEC_PER_MIN) {
        at = at < until ? at : until;
        if ((c->during && !schedule_holds_with(c->during, zone, at, instead)) ||
            (c->not_during && schedule_holds_with(c->not_during, zone, at, instead)))
            return false;
        if (at == until)
            break;
    }
    return true;
}

void ruleset_exceptions(const struct ruleset *set, ruleset_exception_fn *fn, void *arg)
{
    for (size_t i = 0; i < set->rule_count; i++) {
        const struct compiled_rule *c = &set->rules[i];

        for (size_t k = 0; k < c->exception_count && c->rule.mode != MODE_DISABLED; k++)
            fn(&c->rule, c->exceptions[k].name, c->exceptions[k].until, arg);
    }
}
