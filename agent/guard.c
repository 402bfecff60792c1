/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/guard.h"

#include <stdlib.h>

#include "agent/reverse.h"
#include "mem.h"

struct guard {
    const struct listdb *lists;
    struct name_memory *names;
    struct shield *shield;
    struct answer_rest *rest; /* of the answer that is being read */
};

bool guard_protects(const struct guard *g, struct text host)
{
    return g->lists && listdb_protected(g->lists, host);
}

static bool is_protected(struct text name, void *arg)
{
    return guard_protects(arg, name);
}

struct guard *guard_new(struct name_memory *names, const struct listdb *lists)
{
    struct guard *g = xcalloc(1, sizeof(*g));

    g->lists = lists;
    g->names = names;
    g->shield = shield_new();
    g->rest = xcalloc(1, sizeof(*g->rest));
    g->rest->protects = is_protected;
    g->rest->arg = g;
    return g;
}

void guard_free(struct guard *g)
{
    if (!g)
        return;
    shield_free(g->shield);
    free(g->rest);
    free(g);
}

void guard_use(struct guard *g, const struct listdb *lists)
{
    g->lists = lists;
    name_memory_sift(g->names, is_protected, g);
}

struct answer_rest *guard_rest(struct guard *g)
{
    return g->rest;
}

bool guard_led(const struct guard *g, const struct addr *a, const struct addr *b,
               usec_t now)
{
    return shield_covers(g->shield, a, b, now) || shield_covers(g->shield, b, a, now) ||
           name_memory_hides(g->names, a, b, now) ||
           name_memory_hides(g->names, b, a, now);
}

/* ---- about an event ---- */

static bool protects_any(const struct guard *g, const struct value *names)
{
    for (size_t i = 0; names && i < names->text_count; i++)
        if (guard_protects(g, names->texts[i]))
            return true;
    return false;
}

/* A name in it is protected. */
static bool is_named(const struct guard *g, const struct event *e)
{
    static const enum field_id names[] = {FIELD_HOST, FIELD_DNS_QNAME, FIELD_TLS_SNI,
                                          FIELD_NAME_QNAME, FIELD_NAME_OWN};
    const struct value *host = event_get(e, FIELD_HOST);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct value *v = event_get(e, names[i]);

        if (v && v != host && host && text_equal(v->text, host->text))
            continue; /* most often host is just that: asked already */
        if (v && guard_protects(g, v->text))
            return true;
    }
    return protects_any(g, event_get(e, FIELD_DNS_ANSWER_NAME)) ||
           protects_any(g, event_get(e, FIELD_NAME_ANSWER_NAME)) ||
           protects_any(g, event_get(e, FIELD_TLS_CERT_NAMES));
}

/* A certificate is for many hosts; which of them was called, the client's hello says, and
 * only where that is silent the certificate decides. */
static bool decides(const struct event *e)
{
    const struct value *side = event_get(e, FIELD_TLS_SIDE);

    if (side && side->number == TLS_CERTIFICATE)
        return false;
    return event_has(e, FIELD_HOST);
}

/* The address whose name a message of DNS or the link asks for. */
static bool asked_back(const struct event *e, struct addr *ret_addr)
{
    const struct value *name =
        event_get(e, event_kind(e) == EVENT_NAME ? FIELD_NAME_QNAME : FIELD_DNS_QNAME);

    return name && reverse_addr(name->text, ret_addr);
}

/* A protected name led one of the message's two ends to the address. */
static bool is_led_back(const struct guard *g, const struct event *e,
                        const struct addr *back)
{
    const struct value *src = event_get(e, FIELD_SRC_IP),
                       *dst = event_get(e, FIELD_DST_IP);

    return (src && guard_led(g, &src->addr, back, event_time(e))) ||
           (dst && guard_led(g, &dst->addr, back, event_time(e)));
}

/*
 * Whether a message of DNS or the link is protected: by a name in it, or as it asks back
 * where a protected name led. An address whose name turns out to be protected is covered
 * with those that a protected name is answered with.
 */
static bool is_protected_message(struct guard *g, const struct event *e)
{
    bool named = g->rest->named || is_named(g, e);
    struct addr back;

    if (!asked_back(e, &back))
        return named;
    if (named)
        answer_rest_add(g->rest, &back);
    return named || is_led_back(g, e, &back);
}

static enum guard_verdict ask_message(struct guard *g, const struct event *e)
{
    if (is_protected_message(g, e)) {
        shield_learn(g->shield, e, g->rest);
        name_memory_hush(g->names, e, g->rest);
        answer_rest_wipe(g->rest);
        return GUARD_WIPE;
    }
    if (event_kind(e) == EVENT_DNS)
        name_memory_learn(g->names, e);
    return GUARD_TELL;
}

enum guard_verdict guard_ask(struct guard *g, const struct event *e, struct flow *f)
{
    bool named;

    if (event_kind(e) == EVENT_DNS || event_kind(e) == EVENT_NAME)
        return ask_message(g, e);
    named = is_named(g, e);
    if (f && decides(e))
        f->stage.protected = named;
    else if (f && named && !event_has(e, FIELD_HOST))
        f->stage.protected = true;
    if (named)
        return GUARD_WIPE;
    return f && f->stage.protected ? GUARD_QUIET : GUARD_TELL;
}

struct shield_counts guard_counts(const struct guard *g)
{
    return shield_counts(g->shield);
}
