/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_state.h - an event's inside, for those two who go through all of it: event.c, and
 * event_pack.c on its way from sensor to courier. The others ask for single fields.
 */
#ifndef EVENT_STATE_H
#define EVENT_STATE_H

#include "event.h"

#define EVENT_WORDS ((FIELD_COUNT + 63) / 64)

struct event {
    enum event_kind kind;
    bool too_small; /* something found no room */
    usec_t time;
    struct domain_cache *domains; /* made when the first host is put */
    uint64_t has[EVENT_WORDS];
    size_t used; /* bytes of room */
    struct value values[FIELD_COUNT];
    _Alignas(struct text) char room[EVENT_ROOM];
};

/* The place of its value, which it has from now on. */
static inline struct value *event_touch(struct event *e, enum field_id f)
{
    e->has[f / 64] |= UINT64_C(1) << (f % 64);
    return &e->values[f];
}

/* The first field of what is left of one word of `has`, which is not 0. */
static inline enum field_id event_lowest(unsigned word, uint64_t left)
{
    return (enum field_id)(word * 64 + (unsigned)__builtin_ctzll(left));
}

#endif
