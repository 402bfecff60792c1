/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gathering has the same place in each sensor's memory. What another courier, which
 * crashed, has asked for is there as well, with all that is to be said about it: so it is
 * ended by the next.
 */
#include "agent/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/pcap_file.h"
#include "crypt.h"
#include "mem.h"

#define PATIENCE (30 * USEC_PER_SEC)

struct gather {
    struct gather_settings set;
    bool handed[RECENT_PLACES]; /* over, while a sensor was still at it */
    uint64_t asked, refused, gathered, empty, interrupted;
};

struct gather *gather_new(const struct gather_settings *settings)
{
    struct gather *g = xcalloc(1, sizeof(*g));

    g->set = *settings;
    return g;
}

void gather_free(struct gather *g)
{
    free(g);
}

/* ---- asking ---- */

static uint8_t proto_number(const struct event *e)
{
    static const uint8_t numbers[] = {
        [PROTO_TCP] = 6,    [PROTO_UDP] = 17, [PROTO_ICMP] = 1, [PROTO_ICMP6] = 58,
        [PROTO_SCTP] = 132, [PROTO_GRE] = 47, [PROTO_ESP] = 50};
    const struct value *v = event_get(e, FIELD_PROTO);

    return v && v->number < sizeof(numbers) ? numbers[v->number] : 0;
}

static uint16_t port_of(const struct event *e, enum field_id f)
{
    const struct value *v = event_get(e, f);

    return v ? (uint16_t)v->number : 0;
}

static bool is_of_link(const struct event *e)
{
    enum event_kind kind = event_kind(e);

    return kind == EVENT_ARP || kind == EVENT_ND || kind == EVENT_DHCP;
}

static bool is_any(const struct addr *a)
{
    static const struct addr any4 = {.bytes = {[10] = 0xff, [11] = 0xff}}, any6;

    return memcmp(a, &any4, sizeof(*a)) == 0 || memcmp(a, &any6, sizeof(*a)) == 0;
}

static bool put_device(struct recent_wanted *w, const struct event *e)
{
    const struct value *ip = event_get(e, is_of_link(e) ? FIELD_SRC_IP : FIELD_DEVICE_IP);
    const struct value *mac = is_of_link(e) ? event_get(e, FIELD_SRC_MAC) : NULL;

    if (!ip && !mac)
        ip = event_get(e, FIELD_SRC_IP);
    w->device = true;
    if (ip && !is_any(&ip->addr)) {
        w->ends.has_ip = true;
        w->ends.src = ip->addr;
    }
    if (mac) {
        w->ends.has_mac = true;
        w->ends.src_mac = mac->mac;
    }
    return w->ends.has_ip || w->ends.has_mac;
}

/* False: the event does not say whose frames are meant. */
static bool put_whose(struct recent_wanted *w, const struct rule *rule,
                      const struct event *e)
{
    const struct value *src = event_get(e, FIELD_SRC_IP), *dst;
    bool one = rule->window.kind == WINDOW_NONE && rule->sequence.steps == 0 &&
               rule->combine.count == 0;

    dst = event_get(e, FIELD_DST_IP);
    if (!one || is_of_link(e) || !src || !dst)
        return put_device(w, e);
    w->ends = (struct recent_ends){
        .src = src->addr,
        .dst = dst->addr,
        .src_port = port_of(e, FIELD_SRC_PORT),
        .dst_port = port_of(e, FIELD_DST_PORT),
        .ip_proto = proto_number(e),
        .has_ip = true,
    };
    return w->ends.ip_proto != 0;
}

static void put_time(struct json *o, const char *key, usec_t time)
{
    char text[CLOCK_TEXT];

    clock_print(time, text);
    json_put_text(o, key, text);
}

/* Not whose frames they are: that is sealed. */
static bool put_note(struct recent_wanted *w, const struct rule *rule,
                     const struct raised *r)
{
    auto_json struct json *o = json_new_object();
    auto_free char *line = NULL;

    json_put_text(o, "rule", rule->id);
    json_put_text(o, "rule_version", rule->version);
    json_put_number(o, "rule_revision", rule->revision);
    json_put_text(o, "identity", names_get(&names_identity, rule->identity));
    json_put_text(o, "of", w->device ? "device" : "conversation");
    put_time(o, "event", event_time(r->event));
    json_put_number(o, "snaplen", w->snaplen);
    json_put_number(o, "max", w->max);
    line = json_write(o);
    return snprintf(w->note, sizeof(w->note), "%s", line) < (int)sizeof(w->note);
}

static bool is_free(const struct gather *g, size_t place)
{
    for (size_t i = 0; i < g->set.count; i++)
        if (recent_state(g->set.recents[i], place) != RECENT_FREE)
            return false;
    return true;
}

static size_t find_place(const struct gather *g)
{
    size_t place = 0;

    while (place < RECENT_PLACES && !is_free(g, place))
        place++;
    return place;
}

static void take_place(struct gather *g, size_t place, const struct recent_wanted *w)
{
    for (size_t i = 0; i < g->set.count; i++)
        recent_ask(g->set.recents[i], place, w);
    g->handed[place] = false;
    g->asked++;
}

bool gather_ask(struct gather *g, const struct rule *rule, const struct raised *r,
                char ret_id[RECENT_ID])
{
    const struct rule_evidence *e = &rule->evidence;
    usec_t at = event_time(r->event);
    size_t place = find_place(g);
    uint8_t id[(RECENT_ID - 1) / 2];
    struct recent_wanted w = {.from = at > e->before ? at - e->before : 0,
                              .until = at + e->after,
                              .snaplen = e->snaplen,
                              .max = (uint32_t)e->max};

    if (place == RECENT_PLACES || !put_whose(&w, rule, r->event) ||
        !put_note(&w, rule, r)) {
        g->refused++;
        return false;
    }
    crypt_random(id, sizeof(id));
    crypt_hex(id, sizeof(id), w.id);
    memcpy(ret_id, w.id, RECENT_ID);
    take_place(g, place, &w);
    return true;
}

/* What is asked for there; NULL: nothing. */
static const struct recent_wanted *wanted_at(const struct gather *g, size_t place)
{
    for (size_t i = 0; i < g->set.count; i++)
        if (recent_state(g->set.recents[i], place) != RECENT_FREE)
            return recent_wanted(g->set.recents[i], place);
    return NULL;
}

bool gather_has(const struct gather *g, const char *id)
{
    for (size_t place = 0; place < RECENT_PLACES; place++) {
        const struct recent_wanted *w = wanted_at(g, place);

        if (w && strcmp(w->id, id) == 0)
            return true;
    }
    return false;
}

/* Rules have the other places, however long people's captures are. */
bool gather_ask_for(struct gather *g, const struct recent_wanted *w)
{
    size_t place = find_place(g), people = 0;

    for (size_t i = 0; i < RECENT_PLACES; i++) {
        const struct recent_wanted *other = wanted_at(g, i);

        people += other && other->by_person;
    }
    if (place == RECENT_PLACES || people >= GATHER_PEOPLE) {
        g->refused++;
        return false;
    }
    take_place(g, place, w);
    return true;
}

/* ---- the file ---- */

struct frames {
    struct frame *at;
    size_t count, capacity;
};

static void add_frame(const struct frame *f, void *arg)
{
    struct frames *all = arg;

    if (all->count == all->capacity) {
        all->capacity = all->capacity ? all->capacity * 2 : 256;
        all->at = xrealloc(all->at, all->capacity, sizeof(*all->at));
    }
    all->at[all->count++] = *f;
}

/* Those of one time: as their sensors are numbered. */
static int by_time(const void *a, const void *b)
{
    const struct frame *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Room for all of it at once: a buffer that grows leaves copies behind, in the clear. */
static void make_room(struct buffer *to, const struct frames *all, uint32_t max)
{
    size_t bytes = PCAP_FILE_HEADER + 1;

    for (size_t i = 0; i < all->count; i++)
        bytes += PCAP_FILE_RECORD + all->at[i].len;
    to->capacity = bytes < (size_t)max + 1 ? bytes : (size_t)max + 1;
    to->at = xmalloc(to->capacity);
}

static void write_file(struct buffer *to, const struct frames *all, uint32_t max,
                       struct recent_counts *counts)
{
    uint32_t longest = 0;

    if (all->count)
        make_room(to, all, max);
    for (size_t i = 0; i < all->count; i++)
        longest = all->at[i].len > longest ? all->at[i].len : longest;
    if (all->count)
        pcap_file_begin(to, all->at[0].link, longest);
    for (size_t i = 0; i < all->count; i++) {
        const struct frame *f = &all->at[i];

        if (f->link != all->at[0].link || to->len + PCAP_FILE_RECORD + f->len > max) {
            counts->no_room++;
            counts->frames--;
            continue;
        }
        pcap_file_add(to, f);
    }
}

/* ---- ending ---- */

struct ending {
    const struct recent_wanted *wanted; /* NULL: nobody was asked */
    bool all;                           /* who was asked has answered */
};

static struct ending look(const struct gather *g, size_t place)
{
    struct ending e = {.all = true};

    for (size_t i = 0; i < g->set.count; i++) {
        enum recent_state state = recent_state(g->set.recents[i], place);

        if (state != RECENT_FREE)
            e.wanted = recent_wanted(g->set.recents[i], place);
        if (state == RECENT_ASKED || state == RECENT_OPEN)
            e.all = false;
    }
    return e;
}

static struct recent_counts collect(const struct gather *g, size_t place,
                                    struct frames *all)
{
    struct recent_counts sum = {0};

    for (size_t i = 0; i < g->set.count; i++) {
        struct recent *r = g->set.recents[i];
        struct recent_counts c = {.interrupted = true};

        if (recent_state(r, place) == RECENT_DONE)
            c = recent_each(r, place, add_frame, all);
        sum.frames += c.frames;
        sum.cut += c.cut;
        sum.no_room += c.no_room;
        sum.late |= c.late;
        sum.early |= c.early;
        sum.interrupted |= c.interrupted;
    }
    if (all->count)
        qsort(all->at, all->count, sizeof(*all->at), by_time);
    return sum;
}

static void release(const struct gather *g, size_t place)
{
    for (size_t i = 0; i < g->set.count; i++) {
        struct recent *r = g->set.recents[i];

        if (recent_state(r, place) == RECENT_DONE)
            recent_release(r, place);
        else
            recent_withdraw(r, place);
    }
}

static void hand_over(struct gather *g, size_t place, const struct recent_wanted *w)
{
    auto_buffer struct buffer file = {0};
    struct frames all = {0};
    struct gathered out = {
        .id = w->id, .note = w->note, .from = w->from, .until = w->until, .file = &file};

    out.counts = collect(g, place, &all);
    write_file(&file, &all, w->max, &out.counts);
    g->handed[place] = true;
    g->gathered++;
    g->empty += all.count == 0;
    g->interrupted += out.counts.interrupted;
    g->set.done(&out, g->set.arg);
    free(all.at);
    crypt_wipe(file.at, file.len);
    release(g, place);
}

/* A sensor may still be at a place that was handed over without it: that is not looked at
 * again before that one is done, too. What a courier before this one handed over, those
 * tell that are free. */
static bool was_handed_over(const struct gather *g, size_t place)
{
    if (g->handed[place])
        return true;
    for (size_t i = 0; i < g->set.count; i++)
        if (recent_state(g->set.recents[i], place) == RECENT_FREE)
            return true;
    return false;
}

void gather_tick(struct gather *g, usec_t now)
{
    for (size_t place = 0; place < RECENT_PLACES; place++) {
        struct ending e = look(g, place);

        if (!e.wanted)
            continue;
        if (was_handed_over(g, place))
            release(g, place);
        else if (e.all || now >= e.wanted->until + RECENT_SETTLE + PATIENCE)
            hand_over(g, place, e.wanted);
    }
}

bool gather_waits(const struct gather *g)
{
    for (size_t place = 0; place < RECENT_PLACES; place++)
        if (!is_free(g, place))
            return true;
    return false;
}

struct json *gather_stats(const struct gather *g)
{
    struct json *o = json_new_object();

    json_put_number(o, "asked", (int64_t)g->asked);
    json_put_number(o, "refused", (int64_t)g->refused);
    json_put_number(o, "gathered", (int64_t)g->gathered);
    json_put_number(o, "empty", (int64_t)g->empty);
    json_put_number(o, "interrupted", (int64_t)g->interrupted);
    return o;
}
