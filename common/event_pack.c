/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed form, big-endian: kind (1), flags (1), number of fields of this build (2),
 * time (8), then for each field that is there, in ascending order, its id (2) and value:
 * numbers 8 bytes, addresses 16, hardware addresses 6, texts their length (2) and bytes,
 * lists their count (1) and items. Both ends are processes of one program file; the
 * number of fields is there to notice when they are not.
 */
#include <errno.h>
#include <string.h>

#include "cur.h"
#include "event.h"

#define FLAG_SHORT 1

/* Every number, id and count that there can be, and texts that fit the room. */
_Static_assert(12 + FIELD_COUNT * (2 + 16) + EVENT_ROOM < EVENT_PACK_MAX,
               "a full event must fit");

struct out {
    uint8_t *pos, *end;
    bool full;
};

static void put_bytes(struct out *o, const void *bytes, size_t len)
{
    if ((size_t)(o->end - o->pos) < len || o->full) {
        o->full = true;
        return;
    }
    if (len > 0)
        memcpy(o->pos, bytes, len);
    o->pos += len;
}

static void put_number(struct out *o, uint64_t number, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(number >> 8 * (len - 1 - i));
    put_bytes(o, bytes, len);
}

static void put_text(struct out *o, struct text text)
{
    put_number(o, text.len, 2);
    put_bytes(o, text.at, text.len);
}

static void put_value(struct out *o, enum field_type type, const struct value *v)
{
    switch (type) {
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        put_text(o, v->text);
        return;
    case TYPE_ADDR:
        put_bytes(o, &v->addr, sizeof(v->addr));
        return;
    case TYPE_MAC:
        put_bytes(o, &v->mac, sizeof(v->mac));
        return;
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        put_number(o, v->text_count, 1);
        for (size_t i = 0; i < v->text_count; i++)
            put_text(o, v->texts[i]);
        return;
    case TYPE_ADDRS:
        put_number(o, v->addr_count, 1);
        put_bytes(o, v->addrs, v->addr_count * sizeof(v->addrs[0]));
        return;
    default:
        put_number(o, v->number, 8);
    }
}

int event_pack(const struct event *e, uint8_t *out, size_t capacity)
{
    struct out o = {.pos = out, .end = out + capacity};

    put_number(&o, event_kind(e), 1);
    put_number(&o, event_short(e) ? FLAG_SHORT : 0, 1);
    put_number(&o, FIELD_COUNT, 2);
    put_number(&o, event_time(e), 8);
    for (enum field_id f = event_next(e, 0); f < FIELD_COUNT; f = event_next(e, f + 1)) {
        put_number(&o, f, 2);
        put_value(&o, field_get(f)->type, event_get(e, f));
    }
    return o.full ? -EMSGSIZE : (int)(o.pos - out);
}

static struct text get_text(struct cur *c)
{
    size_t len = cur_u16(c);
    const uint8_t *at = cur_bytes(c, len);

    return (struct text){.at = (const char *)at, .len = at ? len : 0};
}

static bool number_fits(const struct field *f, uint64_t number)
{
    switch (f->type) {
    case TYPE_BOOL:
        return number <= 1;
    case TYPE_NAME:
        return number < f->words->count;
    case TYPE_NAMES:
        return f->words->count == 64 || number >> f->words->count == 0;
    case TYPE_VERSION:
        return number <= UINT16_MAX;
    default:
        return true;
    }
}

static void get_number(struct cur *c, struct event *e, enum field_id f)
{
    uint64_t number = cur_u64(c);

    if (cur_broken(c) || !number_fits(field_get(f), number)) {
        c->broken = true;
        return;
    }
    event_put_number(e, f, number);
}

static void get_list(struct cur *c, struct event *e, enum field_id f)
{
    unsigned count = cur_u8(c);

    for (unsigned i = 0; i < count && !cur_broken(c); i++) {
        if (field_get(f)->type == TYPE_ADDRS) {
            struct addr addr;

            cur_copy(c, &addr, sizeof(addr));
            event_add_addr(e, f, &addr);
        } else {
            event_add_text(e, f, get_text(c));
        }
    }
}

static void get_value(struct cur *c, struct event *e, enum field_id f)
{
    struct addr addr;
    struct mac mac;

    switch (field_get(f)->type) {
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        event_put_text(e, f, get_text(c));
        return;
    case TYPE_ADDR:
        cur_copy(c, &addr, sizeof(addr));
        event_put_addr(e, f, &addr);
        return;
    case TYPE_MAC:
        cur_copy(c, &mac, sizeof(mac));
        event_put_mac(e, f, &mac);
        return;
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
    case TYPE_ADDRS:
        get_list(c, e, f);
        return;
    default:
        get_number(c, e, f);
    }
}

static int unpack(struct cur *c, struct event *e)
{
    unsigned kind = cur_u8(c), flags = cur_u8(c), fields = cur_u16(c);
    usec_t time = cur_u64(c);
    unsigned least = 0;

    if (kind >= EVENT_KINDS || flags > FLAG_SHORT || fields != FIELD_COUNT)
        return -EBADMSG;

    event_begin(e, kind, time);
    while (!cur_broken(c) && cur_left(c) > 0) {
        unsigned f = cur_u16(c);

        if (f < least || f >= FIELD_COUNT)
            return -EBADMSG;
        get_value(c, e, f);
        least = f + 1;
    }
    if (flags & FLAG_SHORT)
        event_mark_short(e);
    return cur_broken(c) ? -EBADMSG : 0;
}

int event_unpack(struct event *e, const uint8_t *bytes, size_t len)
{
    struct cur c = cur_over(bytes, len);
    int result = unpack(&c, e);

    if (result != 0)
        event_begin(e, 0, 0); /* nothing of a broken one is left to be looked at */
    return result;
}
