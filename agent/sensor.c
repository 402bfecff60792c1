/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame is decoded, counted into its flow and - while the flow is not understood -
 * shown to our own extractors and then to nDPI. Whatever they say is an event, and so are
 * the start and the end of each flow, and at times that it goes on; every event goes the
 * same way: dress it with what is known of its two ends (sensor_dress.c), stop it if its
 * host is protected, match it.
 */
#include "agent/sensor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/device.h"
#include "agent/first_bytes.h"
#include "agent/guard.h"
#include "agent/line.h"
#include "agent/name_memory.h"
#include "agent/sensor_dress.h"
#include "agent/sensor_keep.h"
#include "mem.h"

#define IP_TCP 6

struct sensor {
    struct sensor_settings set;
    struct decoder *decoder;
    struct flow_table *flows;
    struct inspector *inspector;
    struct dpi *dpi;
    struct matcher *matcher;
    struct name_memory *names;
    struct guard *guard;
    struct event *event;    /* for what the flow table tells */
    bool tells_first_seen;  /* somebody asks how new hosts are */
    bool tells_first_bytes; /* likewise for flow.first_bytes */
    bool tells_line;        /* likewise for what passes the line */
    struct line line;
    bool tells_usual; /* likewise for what a device usually sends */
    struct sensor_keep keep;
    struct sensor_counts counts;
    struct hash_key codes;
    bool groups; /* somebody asks for those of devices */
    usec_t now, ticked;
    usec_t shift; /* what the clock was set back by */
};

/* ---- events ---- */

/* Which event is being matched, for the matcher's callback. */
struct match_call {
    struct sensor *sensor;
    const struct event *event;
};

static void on_match(size_t rule, enum match_verdict verdict, void *arg)
{
    const struct match_call *call = arg;
    struct sensor *s = call->sensor;

    if (verdict == MATCH_EXCEPTED)
        s->counts.excepted++;
    else
        s->set.sink.hit(rule, call->event, s->set.sink.arg);
}

static void hide(struct sensor *s, bool before_too)
{
    s->keep.hidden = true;
    if (s->set.sink.hide)
        s->set.sink.hide(before_too, s->set.sink.arg);
}

/* Help lines and their kind: the event ends here. */
static bool ends_here(struct sensor *s, const struct event *e, struct flow *f)
{
    enum guard_verdict verdict = guard_ask(s->guard, e, f);

    if (verdict == GUARD_WIPE) {
        hide(s, true);
        keep_wipe(&s->keep, f);
    }
    return verdict != GUARD_TELL;
}

/* What is protected has ended before. */
static void remember_host(struct sensor *s, struct event *e)
{
    if (!s->set.hosts || !s->set.lists)
        return;
    host_memory_learn(s->set.hosts, e);
    if (s->tells_first_seen)
        host_memory_dress(s->set.hosts, e);
}

/* Of a conversation's part: the same. */
static void remember_amount(struct sensor *s, struct event *e)
{
    if (!s->set.usual || !s->set.lists)
        return;
    if (s->tells_usual)
        usual_dress(s->set.usual, e);
    usual_learn(s->set.usual, e);
}

/* The one way of every event. */
static void tell(struct sensor *s, const struct event *e)
{
    enum event_kind kind = event_kind(e);
    struct match_call call = {.sensor = s, .event = e};

    s->counts.events[kind]++;
    if (device_table_cares(e))
        s->set.sink.device(e, s->set.sink.arg);
    if (s->set.sink.event)
        s->set.sink.event(e, s->set.sink.arg);
    if (s->matcher && ruleset_kinds(s->set.rules) >> kind & 1)
        ruleset_match(s->matcher, e, on_match, &call);
}

/* From the inspector: what a protocol says. */
static void on_extracted(struct event *e, const struct packet *p, struct flow *f,
                         void *arg)
{
    struct sensor *s = arg;
    const struct value *basic = event_get(e, FIELD_HTTP_BASIC_AUTH);

    if (basic && basic->number) {
        hide(s, false);
        keep_wipe(&s->keep, f);
    }
    dress_ends(s->set.district, s->groups, e, p, f);
    if (ends_here(s, e, f)) {
        event_wipe(e);
        return;
    }
    if (f) {
        dress_keep(f, e);
        dress_looked_up(e, f);
    }
    remember_host(s, e);
    tell(s, e);
}

/* From the inspector: whoever asks has read the name, so the frames before name it. */
static bool guards(struct text host, void *arg)
{
    struct sensor *s = arg;
    bool protected = guard_protects(s->guard, host);

    if (protected) {
        hide(s, true);
        keep_wipe(&s->keep, s->keep.of);
    }
    return protected;
}

/* From the inspector: nobody is to read this frame later on. */
static void on_secret(bool before_too, void *arg)
{
    hide(arg, before_too);
}

static void on_flow_start(struct flow *f, usec_t now, void *arg)
{
    struct sensor *s = arg;

    if (!f->stage.protected && guard_led(s->guard, &f->client, &f->server, now)) {
        bool hidden = s->keep.hidden;

        f->stage.protected = true;
        keep_wipe(&s->keep, f);
        hide(s, true);
        s->keep.hidden = hidden; /* the frame under way is another's */
    }
    if (f->stage.protected)
        return;
    event_begin(s->event, EVENT_FLOW_START, now);
    dress_ends(s->set.district, s->groups, s->event, NULL, f);
    dress_flow(s->event, f);
    dress_looked_up(s->event, f);
    tell(s, s->event);
}

/* What application it is only when nobody is still looking: until then it is unknown to
 * us, which is not the same as unknown. */
static void dress_so_far(struct sensor *s, const struct flow *f)
{
    struct flow so_far = *f;

    if (!f->stage.app && !f->stage.dpi_done)
        return;
    dpi_narrow(s->dpi, &so_far);
    dress_application(s->event, &so_far);
}

static void on_flow_active(struct flow *f, const struct flow_part *part, usec_t now,
                           void *arg)
{
    struct sensor *s = arg;

    if (f->stage.protected)
        return;
    event_begin(s->event, EVENT_FLOW_ACTIVE, now);
    dress_ends(s->set.district, s->groups, s->event, NULL, f);
    dress_flow(s->event, f);
    dress_part(s->event, part);
    dress_so_far(s, f);
    dress_looked_up(s->event, f);
    remember_host(s, s->event);
    remember_amount(s, s->event);
    tell(s, s->event);
}

static void on_flow_end(struct flow *f, enum flow_end why, const struct flow_part *part,
                        usec_t now, void *arg)
{
    struct sensor *s = arg;

    if (s->keep.recent)
        keep_end(&s->keep, f);
    dpi_end(s->dpi, f);
    inspector_end(s->inspector, f);
    if (!f->stage.protected) {
        event_begin(s->event, EVENT_FLOW, now);
        dress_ends(s->set.district, s->groups, s->event, NULL, f);
        dress_flow(s->event, f);
        dress_part(s->event, part);
        event_put_number(s->event, FIELD_FLOW_END, why);
        dress_application(s->event, f);
        dress_looked_up(s->event, f);
        remember_host(s, s->event);
        remember_amount(s, s->event);
        tell(s, s->event);
    }
    free_wiped(take(f->stage.name));
}

/* ---- packets ---- */

/* Once in a conversation, and only where our own parsers have no use for it. */
static void look_at_first(const struct packet *p, struct flow *f, bool watched)
{
    bool known = watched || f->stage.reading.named || f->tcp_state == TCP_STATE_MIDSTREAM;

    f->stage.first =
        (known ? FLOW_FIRST_KNOWN : FLOW_FIRST_LOOKS + first_bytes_of(p->payload)) & 7u;
}

/*
 * Our own parsers look first. A flow they name for certain is not given to nDPI (unless
 * it may know more); a flow they have no use for is nDPI's alone.
 */
static void inspect(struct sensor *s, const struct packet *p, struct flow *f,
                    bool from_client)
{
    bool watched = inspector_packet(s->inspector, p, f, from_client);
    bool understood = f->stage.inspected;
    bool wanted = dpi_wants(s->dpi, f);

    if (s->tells_first_bytes && f->stage.first == FLOW_FIRST_AWAITED && from_client &&
        f->ip_proto == IP_TCP && cur_left(&p->payload))
        look_at_first(p, f, watched);
    if (f->stage.protected)
        dpi_forget(s->dpi, f);
    if ((wanted || !(watched || understood)) && !f->stage.dpi_done)
        f->stage.dpi_done = dpi_packet(s->dpi, p, f);
    f->stage.inspected =
        !watched && !inspector_looks(f) && (f->stage.dpi_done || (understood && !wanted));
}

/* What is for everybody on the link does not leave it. */
static enum direction line_direction(const struct sensor *s, const struct flow *f)
{
    return addr_is_multicast(&f->server) ? DIRECTION_INTERNAL
                                         : dress_direction(s->set.district, f);
}

static void count_line(struct sensor *s, const struct packet *p, struct flow *f,
                       bool from_client, bool first)
{
    if (first) {
        f->stage.direction = line_direction(s, f) & 3u;
        line_begin(&s->line, f->stage.direction);
    }
    line_count(&s->line, p, f->stage.direction, from_client);
}

/*
 * What is known of a conversation before it says anything. Where a protected name led to
 * it, not even whether another did: that may be as telling. A name that has become
 * protected since it was answered hides what it leads to as if it always had been.
 */
static void remember(struct sensor *s, struct flow *f, usec_t now)
{
    struct text name;

    if (guard_led(s->guard, &f->client, &f->server, now)) {
        f->stage.protected = true;
        return;
    }
    if (addr_is_multicast(&f->server))
        return;
    f->stage.looked = name_memory_find(s->names, &f->client, &f->server, now, &name) & 3u;
    if (f->stage.looked != NAME_MEMORY_ASKED)
        return;
    f->stage.name = xstrndup(name.at, name.len);
    f->stage.led = true;
}

/* Each packet around another is one of a conversation, too. */
static void on_packet(struct sensor *s, const struct packet *p)
{
    struct flow *f;
    bool from_client, first;

    if (p->outer)
        on_packet(s, p->outer);
    if (p->layer == PACKET_LINK) {
        inspector_link(s->inspector, p);
        return;
    }
    f = flow_table_touch(s->flows, p, &from_client);
    if (s->keep.recent)
        keep_packet(&s->keep, f, p, from_client);
    if (f->ip_proto == 1 || f->ip_proto == 58)
        icmp_shape_add(&f->stage.reading.icmp, p);
    first = f->out.packets + f->in.packets == p->frames;
    if (first)
        remember(s, f, p->time);
    if (f->stage.protected)
        hide(s, false);
    else if (s->tells_line && !p->outer)
        count_line(s, p, f, from_client, first);
    if (!f->stage.inspected)
        inspect(s, p, f, from_client);
    if (s->keep.recent)
        keep_inspected(&s->keep, f);
}

static const struct site *own_site(const struct sensor *s)
{
    const struct district *d = s->set.district;

    if (d && s->set.site)
        return district_site(d, s->set.site);
    return d && d->site_count ? &d->sites[0] : NULL;
}

static void tell_line(struct sensor *s, usec_t now)
{
    struct line_place place = {s->set.interface, own_site(s)};

    if (line_take(&s->line, now, &place, s->event))
        tell(s, s->event);
}

/* The grid's points up to now, the last of them only: each flow is told its own. */
static void advance(struct sensor *s, usec_t now)
{
    usec_t grid = now - now % SENSOR_TICK;

    s->now = now;
    if (grid == s->ticked)
        return;
    s->ticked = grid;
    name_memory_sweep(s->names, grid);
    flow_table_tick(s->flows, grid);
    if (s->tells_line && grid >= s->line.ends)
        tell_line(s, grid);
    if (s->set.recent)
        recent_tick(s->set.recent, now);
}

/*
 * The sensor's time for a time of the wire. Frames are late by little now and then; when
 * the clock was set back, time goes on from where it was, until the wire's has caught up.
 */
static usec_t own_time(struct sensor *s, usec_t wire)
{
    if (wire >= s->now)
        s->shift = 0;
    if (wire + s->shift + SENSOR_STEP < s->now) {
        s->counts.steps++;
        s->shift = s->now - wire;
    }
    return wire + s->shift;
}

void sensor_frame(struct sensor *s, const struct frame *f)
{
    struct frame frame = *f;
    struct packet packet;

    s->counts.packets++;
    s->counts.bytes += f->wire_len;
    frame.time = own_time(s, f->time);
    if (frame.time < s->now) {
        s->counts.late++;
        frame.time = s->now;
    }
    advance(s, frame.time);
    s->keep.hidden = false;
    s->keep.of = NULL;
    if (decoder_read(s->decoder, &frame, &packet) != DECODE_PACKET)
        return;
    on_packet(s, &packet);
    if (s->keep.recent)
        keep_frame(&s->keep, &frame, &packet);
}

void sensor_tick(struct sensor *s, usec_t now)
{
    usec_t own = own_time(s, now);

    if (own > s->now)
        advance(s, own);
}

void sensor_finish(struct sensor *s)
{
    flow_table_stop(s->flows, s->now);
}

usec_t sensor_mark(const struct sensor *s)
{
    return s->ticked;
}

/* What the grid's later points will tell is of their own times, which lie behind it. */
usec_t sensor_now(const struct sensor *s)
{
    return s->now;
}

/* ---- life ---- */

/* Whoever is told every event asks for all fields, rules for those they use. */
static void ask(struct sensor *s)
{
    struct field_set asked = {0};

    for (enum field_id f = 0; s->set.rules && f < FIELD_COUNT; f++)
        if (ruleset_uses(s->set.rules, f))
            field_set_add(&asked, f);
    inspector_ask(s->inspector, s->set.sink.event ? NULL : &asked);
    s->groups = s->set.sink.event || field_set_has(&asked, FIELD_DEVICE_GROUPS) ||
                field_set_has(&asked, FIELD_DST_GROUPS);
    s->tells_line = s->set.sink.event ||
                    (s->set.rules && ruleset_kinds(s->set.rules) >> EVENT_LINE & 1);
    s->tells_first_bytes =
        s->set.sink.event || field_set_has(&asked, FIELD_FLOW_FIRST_BYTES);
    s->tells_first_seen = s->set.sink.event ||
                          field_set_has(&asked, FIELD_HOST_FIRST_SEEN) ||
                          field_set_has(&asked, FIELD_FLOW_LED_BY_FIRST_SEEN);
    s->tells_usual = s->set.sink.event || field_set_has(&asked, FIELD_DEVICE_USUAL_OUT) ||
                     field_set_has(&asked, FIELD_FLOW_DELTA_USUAL_TIME);
}

/* Hosts that the lists did not protect when they were called. */
static void forget_protected(struct sensor *s)
{
    if (s->set.hosts && s->set.lists)
        host_memory_forget(s->set.hosts, s->set.lists);
}

struct sensor *sensor_new(const struct sensor_settings *settings)
{
    struct sensor *s = xcalloc(1, sizeof(*s));
    struct flow_settings flows = {
        .capacity = settings->flow_capacity,
        .answer_within = 3 * USEC_PER_SEC,
        .active_timeout =
            settings->active_timeout ? settings->active_timeout : FLOW_ACTIVE_TIMEOUT,
        .idle_new = 30 * USEC_PER_SEC,
        .idle_tcp = 10 * USEC_PER_MIN,
        .idle_udp = USEC_PER_MIN,
        .idle_closed = 5 * USEC_PER_SEC,
        .on_start = on_flow_start,
        .on_active = on_flow_active,
        .on_end = on_flow_end,
        .arg = s,
    };

    s->set = *settings;
    s->event = event_new();
    s->names = name_memory_new(NAME_MEMORY_CAPACITY);
    s->guard = guard_new(s->names, settings->lists);
    s->decoder = decoder_new(&(struct decoder_settings){
        .fragment_capacity = 1024, .fragment_timeout = 30 * USEC_PER_SEC});
    hash_key_random(&flows.secret);
    if (settings->codes)
        s->codes = *settings->codes;
    else
        hash_key_random(&s->codes);
    s->flows = flow_table_new(&flows);
    s->inspector = inspector_new(&(struct inspector_settings){
        .stream_capacity = 4096,
        .stream_bytes = 8 * 1024 * 1024,
        .emit = on_extracted,
        .guards = guards,
        .rest = guard_rest(s->guard),
        .secret = on_secret,
        .key = &s->codes,
        .arg = s,
    });
    s->dpi = dpi_new(&(struct dpi_settings){.capacity = 8192,
                                            .tcp_packets = 20,
                                            .udp_packets = 12,
                                            .unnamed_packets = 8,
                                            .prepared = settings->prepared});
    assert(s->dpi);
    if (settings->rules)
        s->matcher = matcher_new(settings->rules);
    ask(s);
    if (s->set.recent)
        recent_begin(s->set.recent);
    keep_use(&s->keep, &s->set);
    forget_protected(s);
    return s;
}

void sensor_free(struct sensor *s)
{
    if (!s)
        return;
    s->set.sink.event = NULL;
    s->keep.recent = NULL;
    matcher_free(s->matcher);
    s->matcher = NULL;
    flow_table_free(s->flows);
    inspector_free(s->inspector);
    dpi_free(s->dpi);
    decoder_free(s->decoder);
    guard_free(s->guard);
    name_memory_free(s->names);
    event_free(s->event);
    free(s);
}

/* A conversation that is older than the lists may have a name that they protect. */
static void look_again(struct flow *f, void *arg)
{
    struct sensor *s = arg;

    if (!f->stage.name || !guard_protects(s->guard, text_of(f->stage.name)))
        return;
    f->stage.protected = true;
    f->stage.led = false;
    f->stage.looked = NAME_MEMORY_UNKNOWN;
    free_wiped(take(f->stage.name));
    dpi_forget(s->dpi, f);
    keep_wipe(&s->keep, f);
    if (s->set.sink.hide)
        s->set.sink.hide(true, s->set.sink.arg);
}

void sensor_use(struct sensor *s, const struct ruleset *rules,
                const struct district *district, const struct listdb *lists)
{
    matcher_free(s->matcher);
    s->set.rules = rules;
    s->set.district = district;
    s->set.lists = lists;
    s->matcher = rules ? matcher_new(rules) : NULL;
    ask(s);
    keep_use(&s->keep, &s->set);
    forget_protected(s);
    guard_use(s->guard, lists);
    flow_table_each(s->flows, look_again, s);
}

/* ---- counters ---- */

struct sensor_counts sensor_counts(const struct sensor *s)
{
    return s->counts;
}

static struct json *decode_stats(const struct decoder_counts *c)
{
    struct json *o = json_new_object();

    for (unsigned i = DECODE_FRAGMENT_WAITS + 1; i < DECODE_VERDICTS; i++)
        if (c->by_verdict[i])
            json_put_number(o, decode_reasons[i], (int64_t)c->by_verdict[i]);
    if (c->fragments_expired)
        json_put_number(o, "fragments_expired", (int64_t)c->fragments_expired);
    if (c->tunnels_refused)
        json_put_number(o, "tunnels_refused", (int64_t)c->tunnels_refused);
    if (c->fragments_evicted)
        json_put_number(o, "fragments_evicted", (int64_t)c->fragments_evicted);
    return o;
}

static struct json *tunnel_stats(const struct decoder_counts *c)
{
    struct json *o = json_new_object();

    for (unsigned i = TUNNEL_NONE + 1; i <= TUNNEL_TEREDO; i++)
        if (c->tunnels[i])
            json_put_number(o, names_get(&names_tunnel, i), (int64_t)c->tunnels[i]);
    return o;
}

static struct json *flow_stats(struct flow_counts c)
{
    struct json *o = json_new_object();

    json_put_number(o, "made", (int64_t)c.made);
    json_put_number(o, "most", c.most);
    json_put_number(o, "evicted", (int64_t)c.crowded);
    return o;
}

static struct json *inspect_stats(struct inspector_counts c)
{
    struct json *o = json_new_object();

    json_put_number(o, "understood", (int64_t)c.understood);
    json_put_number(o, "refused", (int64_t)c.refused);
    json_put_number(o, "gaps", (int64_t)c.gaps);
    json_put_number(o, "unopened", (int64_t)c.unopened);
    json_put_number(o, "unread", (int64_t)c.unread);
    json_put_number(o, "evicted", (int64_t)c.streams_evicted);
    return o;
}

static struct json *name_stats(struct name_memory_counts c)
{
    struct json *o = json_new_object();

    json_put_number(o, "learned", (int64_t)c.learned);
    json_put_number(o, "evicted", (int64_t)c.evicted);
    return o;
}

static struct json *shield_stats(struct shield_counts c)
{
    struct json *o = json_new_object();

    json_put_number(o, "covered", (int64_t)c.covered);
    json_put_number(o, "evicted", (int64_t)c.evicted);
    return o;
}

static struct json *dpi_stats(struct dpi_counts c)
{
    struct json *o = json_new_object();

    json_put_text(o, "version", dpi_version());
    json_put_number(o, "calls", (int64_t)c.calls);
    json_put_number(o, "named", (int64_t)c.named);
    json_put_number(o, "guessed", (int64_t)c.guessed);
    json_put_number(o, "unknown", (int64_t)c.unknown);
    json_put_number(o, "evicted", (int64_t)c.evicted);
    return o;
}

struct json *sensor_stats(const struct sensor *s)
{
    struct json *o = json_new_object();
    struct json *events = json_new_object();

    json_put_number(o, "packets", (int64_t)s->counts.packets);
    json_put_number(o, "bytes", (int64_t)s->counts.bytes);
    json_put_number(o, "late", (int64_t)s->counts.late);
    json_put_number(o, "clock_steps", (int64_t)s->counts.steps);
    json_put(o, "dropped", decode_stats(decoder_counts(s->decoder)));
    json_put(o, "tunnels", tunnel_stats(decoder_counts(s->decoder)));
    json_put(o, "flows", flow_stats(flow_table_counts(s->flows)));
    json_put(o, "streams", inspect_stats(inspector_counts(s->inspector)));
    json_put(o, "names", name_stats(name_memory_counts(s->names)));
    json_put(o, "shield", shield_stats(guard_counts(s->guard)));
    json_put(o, "ndpi", dpi_stats(dpi_counts(s->dpi)));
    for (unsigned i = 0; i < EVENT_KINDS; i++)
        if (s->counts.events[i])
            json_put_number(events, names_get(&names_event_kind, i),
                            (int64_t)s->counts.events[i]);
    json_put(o, "events", events);
    json_put_number(o, "excepted", (int64_t)s->counts.excepted);
    return o;
}
