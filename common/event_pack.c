/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed form: kind (1), flags (1), number of fields of this build (2, big-endian),
 * time, then for each field that is there, in ascending order, how many it lies behind
 * the one before, and its value: addresses their length (4 or 16) and bytes, hardware
 * addresses 6 bytes, texts their length and bytes, lists their count and items. Numbers,
 * times, lengths and counts are base 128, the low digits first, with the high bit set in
 * all bytes but the last: most are small, and many events wait at a time. Both ends are
 * processes of one program file; the number of fields is there to notice when they are
 * not.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "cur.h"
#include "event_state.h"

#define FLAG_SHORT 1

/* A field of each id is an address at most, or lies in the room with what stands before
 * it; there an address has no length. */
_Static_assert(14 + FIELD_COUNT * (2 + 17) + EVENT_ROOM + EVENT_ROOM / 16 <
                   EVENT_PACK_MAX,
               "a full event must fit");

struct out {
    uint8_t *pos, *end;
    bool full;
};

/* Whether len bytes more find room. */
static bool has_room(struct out *o, size_t len)
{
    if ((size_t)(o->end - o->pos) >= len)
        return true;
    o->full = true;
    o->end = o->pos; /* nothing behind it, either */
    return false;
}

static void put_bytes(struct out *o, const void *bytes, size_t len)
{
    if (len == 0 || !has_room(o, len))
        return;
    memcpy(o->pos, bytes, len);
    o->pos += len;
}

static void put_u8(struct out *o, uint8_t number)
{
    if (has_room(o, 1))
        *o->pos++ = number;
}

static void put_u16(struct out *o, uint16_t number)
{
    number = htobe16(number);
    put_bytes(o, &number, sizeof(number));
}

static void put_number(struct out *o, uint64_t number)
{
    for (; number > 127; number >>= 7)
        put_u8(o, (uint8_t)(number | 128));
    put_u8(o, (uint8_t)number);
}

static void put_addr(struct out *o, const struct addr *a)
{
    size_t len = addr_is_v4(a) ? 4 : 16;

    put_u8(o, (uint8_t)len);
    put_bytes(o, a->bytes + sizeof(a->bytes) - len, len);
}

static void put_text(struct out *o, struct text text)
{
    put_number(o, text.len);
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
        put_addr(o, &v->addr);
        return;
    case TYPE_MAC:
        put_bytes(o, &v->mac, sizeof(v->mac));
        return;
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        put_number(o, v->text_count);
        for (size_t i = 0; i < v->text_count; i++)
            put_text(o, v->texts[i]);
        return;
    case TYPE_ADDRS:
        put_number(o, v->addr_count);
        for (size_t i = 0; i < v->addr_count; i++)
            put_addr(o, &v->addrs[i]);
        return;
    default:
        put_number(o, v->number);
    }
}

static void put_fields(struct out *o, const struct event *e)
{
    unsigned next = 0;

    for (unsigned w = 0; w < EVENT_WORDS; w++)
        for (uint64_t left = e->has[w]; left; left &= left - 1) {
            enum field_id f = event_lowest(w, left);

            put_number(o, f - next);
            next = f + 1;
            put_value(o, field_type_of(f), &e->values[f]);
        }
}

int event_pack(const struct event *e, uint8_t *out, size_t capacity)
{
    struct out o = {.pos = out, .end = out + capacity};

    put_u8(&o, (uint8_t)e->kind);
    put_u8(&o, e->too_small ? FLAG_SHORT : 0);
    put_u16(&o, FIELD_COUNT);
    put_number(&o, e->time);
    put_fields(&o, e);
    return o.full ? -EMSGSIZE : (int)(o.pos - out);
}

/* One that needs over 64 bits breaks the cursor. */
static uint64_t get_long_number(struct cur *c)
{
    uint64_t number = 0, digit;

    for (unsigned bits = 0; bits < 63; bits += 7) {
        digit = cur_u8(c);
        number |= (digit & 127) << bits;
        if (digit < 128)
            return number;
    }
    digit = cur_u8(c);
    if (digit <= 1)
        return number | digit << 63;
    c->broken = true;
    return 0;
}

/* Most have one digit. */
static inline uint64_t get_number(struct cur *c)
{
    return cur_left(c) > 0 && *c->pos < 128 ? *c->pos++ : get_long_number(c);
}

static struct text get_text(struct cur *c)
{
    size_t len = get_number(c);
    const uint8_t *at = cur_bytes(c, len);

    return (struct text){.at = (const char *)at, .len = at ? len : 0};
}

static bool number_fits(enum field_id f, uint64_t number)
{
    size_t words;

    switch (field_type_of(f)) {
    case TYPE_BOOL:
        return number <= 1;
    case TYPE_NAME:
        return number < field_get(f)->words->count;
    case TYPE_NAMES:
        words = field_get(f)->words->count;
        return words == 64 || number >> words == 0;
    case TYPE_VERSION:
        return number <= UINT16_MAX;
    default:
        return true;
    }
}

static struct addr get_addr(struct cur *c)
{
    size_t len = cur_u8(c);
    const uint8_t *bytes = cur_bytes(c, len);

    if (bytes && len == 4)
        return addr_v4(bytes);
    if (bytes && len == 16)
        return addr_v6(bytes);
    c->broken = true;
    return (struct addr){0};
}

static void put_got(struct cur *c, struct event *e, enum field_id f)
{
    uint64_t number = get_number(c);

    if (cur_broken(c) || !number_fits(f, number)) {
        c->broken = true;
        return;
    }
    event_touch(e, f)->number = number;
}

static void get_list(struct cur *c, struct event *e, enum field_id f)
{
    uint64_t count = get_number(c);

    for (uint64_t i = 0; i < count && !cur_broken(c); i++) {
        if (field_type_of(f) == TYPE_ADDRS) {
            struct addr addr = get_addr(c);

            event_add_addr(e, f, &addr);
        } else {
            event_add_text(e, f, get_text(c));
        }
    }
}

static void get_value(struct cur *c, struct event *e, enum field_id f)
{
    switch (field_type_of(f)) {
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        event_put_text(e, f, get_text(c));
        return;
    case TYPE_ADDR:
        event_touch(e, f)->addr = get_addr(c);
        return;
    case TYPE_MAC:
        cur_copy(c, &event_touch(e, f)->mac, sizeof(struct mac));
        return;
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
    case TYPE_ADDRS:
        get_list(c, e, f);
        return;
    default:
        put_got(c, e, f);
    }
}

static int unpack(struct cur *c, struct event *e)
{
    unsigned kind = cur_u8(c), flags = cur_u8(c), fields = cur_u16(c);
    usec_t time = get_number(c);
    uint64_t least = 0;

    if (kind >= EVENT_KINDS || flags > FLAG_SHORT || fields != FIELD_COUNT)
        return -EBADMSG;

    event_begin(e, kind, time);
    while (!cur_broken(c) && cur_left(c) > 0) {
        uint64_t f = get_number(c) + least;

        if (f < least || f >= FIELD_COUNT)
            return -EBADMSG;
        get_value(c, e, (enum field_id)f);
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
