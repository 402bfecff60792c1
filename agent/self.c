/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/self.h"

#include <stdlib.h>
#include <string.h>

#include "agent/self_rules.h"
#include "mem.h"

/* A sensor's counters begin at zero with each of its starts. */
struct seen {
    struct json *counters; /* the latest; NULL: none yet */
    int64_t lost_packets, clock_back, received, lost_hits;
    usec_t received_at; /* when there were packets last; 0: it was not looked at yet */
    bool no_packets;    /* and that was said */
};

/* A list that was said to be old. */
struct said {
    char name[sizeof(((struct list_info *)NULL)->name)];
    usec_t fetched;
};

struct self {
    struct self_settings set;
    const struct rulebook *book;
    struct matcher *matcher;
    struct event *event;
    struct seen *sensors;
    struct said *said;
    size_t said_count;
    int64_t lost_alerts;
    struct self_rules *rules;
    usec_t now; /* of what is said of rules */
};

static void on_rule_word(const struct rule_word *w, void *arg);

struct self *self_new(const struct self_settings *settings, const struct rulebook *book)
{
    struct self *s = xcalloc(1, sizeof(*s));

    s->set = *settings;
    s->event = event_new();
    s->sensors = xcalloc(settings->sensors, sizeof(*s->sensors));
    s->said = xcalloc(LISTDB_MAX, sizeof(*s->said));
    s->rules = self_rules_new(on_rule_word, s);
    self_use(s, book);
    return s;
}

void self_free(struct self *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->set.sensors; i++)
        json_free(s->sensors[i].counters);
    free(s->sensors);
    free(s->said);
    self_rules_free(s->rules);
    matcher_free(s->matcher);
    event_free(s->event);
    free(s);
}

void self_use(struct self *s, const struct rulebook *book)
{
    matcher_free(s->matcher);
    s->book = book;
    s->matcher = matcher_new(book->content->rules);
}

/* ---- events ---- */

static void on_match(size_t rule, enum match_verdict verdict, void *arg)
{
    struct self *s = arg;

    if (verdict == MATCH_HIT)
        hits_merger_put(s->set.merger, rule, s->event);
}

static void put_site(struct self *s)
{
    const struct district *d = s->book->content->district;
    const char *id = s->set.agent->site;
    const struct site *site = NULL;

    if (d && id)
        site = district_site(d, id);
    else if (d && d->site_count)
        site = &d->sites[0];
    if (!site)
        return;
    event_put_text(s->event, FIELD_SITE_ID, text_of(site->id));
    event_put_text(s->event, FIELD_SITE_TYPE, text_of(site->type));
}

static void keep(struct self *s, const struct json *document)
{
    auto_free char *line = json_write(document);

    outlet_put(s->set.outlet, WIRE_HEALTH, line, strlen(line));
}

/* list: NULL unless it is about one. */
static void say(struct self *s, const char *what, uint64_t count, const char *list,
                usec_t now)
{
    static const struct field_set nothing;
    auto_json struct json *document = NULL;

    event_begin(s->event, EVENT_AGENT, now);
    event_put_text(s->event, FIELD_AGENT_WHAT, text_of(what));
    event_put_number(s->event, FIELD_AGENT_COUNT, count);
    if (list)
        event_put_text(s->event, FIELD_AGENT_LIST, text_of(list));
    put_site(s);
    document = event_json(s->event, &nothing);
    json_put_path(document, "hallwatch.agent", json_new_text(s->set.agent->name));
    keep(s, document);
    ruleset_match(s->matcher, s->event, on_match, s);
}

void self_say(struct self *s, const char *what, uint64_t count, usec_t now)
{
    say(s, what, count, NULL, now);
}

/* ---- rules ---- */

static void on_rule_word(const struct rule_word *w, void *arg)
{
    struct self *s = arg;

    event_begin(s->event, EVENT_RULE, s->now);
    event_put_text(s->event, FIELD_RULE_ID, text_of(w->rule));
    event_put_text(s->event, FIELD_RULE_WHAT, text_of(w->what));
    event_put_number(s->event, FIELD_RULE_COUNT, w->count);
    if (w->exception)
        event_put_text(s->event, FIELD_RULE_EXCEPTION, text_of(w->exception));
    if (w->list)
        event_put_text(s->event, FIELD_RULE_LIST, text_of(w->list));
    put_site(s);
    ruleset_match(s->matcher, s->event, on_match, s);
}

/* ---- lists ---- */

struct looking {
    struct self *self;
    usec_t now;
};

/* True the first time. Names are as many as lists at most: of one gone its place is free
 * when there is no other. */
static bool note_said(struct self *s, const struct list_info *info)
{
    size_t i = 0;

    while (i < s->said_count && strcmp(s->said[i].name, info->name) != 0)
        i++;
    if (i < s->said_count && s->said[i].fetched == info->fetched)
        return false;
    if (i == LISTDB_MAX)
        i = s->said_count = 0;
    if (i == s->said_count)
        s->said_count++;
    memcpy(s->said[i].name, info->name, sizeof(s->said[i].name));
    s->said[i].fetched = info->fetched;
    return true;
}

static void on_stale_list(const struct list_info *info, uint64_t days, void *arg)
{
    const struct looking *l = arg;

    if (note_said(l->self, info))
        say(l->self, "list_stale", days, info->name, l->now);
}

void self_look_at_lists(struct self *s, usec_t now)
{
    struct looking l = {s, now};

    ruleset_stale_lists(s->book->content->rules, now, on_stale_list, &l);
}

/* ---- counters ---- */

/* A sensor that was taken over may say any number; those of a healthy one are less, and
 * two of these still make a number. */
static int64_t counter(const struct json *o, const char *key)
{
    int64_t said = json_get_number(o, key, 0);

    if (said < 0)
        return 0;
    return said < INT64_MAX / 2 ? said : INT64_MAX / 2;
}

static int64_t growth(int64_t *before, int64_t now_at)
{
    int64_t more = now_at >= *before ? now_at - *before : now_at;

    *before = now_at;
    return more;
}

/* Returns whether there was any. */
static bool say_growth(struct self *s, const char *what, int64_t *before, int64_t now_at,
                       usec_t now)
{
    int64_t more = growth(before, now_at);

    if (more > 0)
        self_say(s, what, (uint64_t)more, now);
    return more > 0;
}

void self_look_at_rules(struct self *s, const struct json *courier, usec_t now)
{
    const struct ruleset *rules = s->book->content->rules;

    s->now = now;
    say_growth(s, "lost_alerts", &s->lost_alerts, (int64_t)outlet_lost(s->set.outlet),
               now);
    if (!(ruleset_kinds(rules) >> EVENT_RULE & 1))
        return;
    self_rules_count(s->rules, json_get(courier, "rules"));
    self_rules_look(s->rules, rules, now);
}

/* Nothing at all for so long is a cable, a mirror port or a switch, not a quiet day. */
static void look_for_packets(struct self *s, struct seen *seen, int64_t received,
                             usec_t now)
{
    bool some = received != seen->received || !seen->received_at;

    seen->received = received;
    if (some) {
        seen->received_at = now;
        seen->no_packets = false;
        return;
    }
    if (seen->no_packets || now < seen->received_at + SELF_NO_PACKETS)
        return;
    seen->no_packets = true;
    self_say(s, "no_packets", (now - seen->received_at) / USEC_PER_MIN, now);
}

/* A wire without a single packet is as good as none: what comes after a minute of it was
 * not seen from its beginning. */
static struct self_sight sight(const struct seen *seen, const struct json *capture,
                               usec_t now)
{
    bool some = counter(capture, "received") != seen->received;
    int64_t until = counter(capture, "seen_until");

    return (struct self_sight){
        .until = some && until > 0 ? (usec_t)until : 0,
        .lost = some && seen->received_at && now >= seen->received_at + SELF_BLIND,
    };
}

struct self_sight self_count(struct self *s, size_t sensor, const char *counters,
                             size_t len, usec_t now)
{
    struct seen *seen = &s->sensors[sensor];
    struct json *o = json_parse(counters, len, NULL);
    const struct json *capture = o ? json_get(o, "capture") : NULL;
    struct self_sight ret;

    if (!capture) {
        json_free(o);
        return (struct self_sight){.lost = true};
    }
    ret = sight(seen, capture, now);
    ret.lost |= say_growth(
        s, "lost_packets", &seen->lost_packets,
        counter(capture, "dropped_ring") + counter(capture, "dropped_interface"), now);
    ret.lost |= say_growth(s, "clock_skew", &seen->clock_back,
                           counter(capture, "clock_back_seconds"), now);
    ret.lost |= growth(&seen->lost_hits, counter(o, "lost_hits")) > 0;
    look_for_packets(s, seen, counter(capture, "received"), now);
    json_free(seen->counters);
    seen->counters = o;
    return ret;
}

void self_report(struct self *s, struct json *courier, usec_t now)
{
    auto_json struct json *document = json_new_object();
    struct json *stats = json_new_object(), *sensors = json_new_list();
    char time[CLOCK_TEXT];

    clock_print(now, time);
    json_put_text(document, "timestamp", time);
    json_put_text(document, "event_type", "stats");
    for (size_t i = 0; i < s->set.sensors; i++)
        json_add(sensors, s->sensors[i].counters ? json_clone(s->sensors[i].counters)
                                                 : json_new_null());
    json_put_text(stats, "agent", s->set.agent->name);
    json_put_text(stats, "version", VERSION);
    json_put_text(stats, "rules", s->book->bundle->version);
    json_put(stats, "sensors", sensors);
    json_put(stats, "courier", courier);
    json_put(document, "hallwatch", stats);
    keep(s, document);
}
