/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents are allocated one by one, so that sessions can point to them, and found by
 * bisection of an array of pointers in the order of their keys. One that was taken off
 * the list stays there, not allowed: it may be put back.
 */
#include "roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct roster {
    const struct intake_store *store;
    struct agent **agents;
    size_t count, capacity;
    bool unread; /* the last reading failed */
    usec_t now;  /* while it is read */
};

/* Where the key is, or would be. */
static size_t place_of(const struct roster *r, const char *key)
{
    size_t low = 0, high = r->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (strcmp(r->agents[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct agent *agent_at(const struct roster *r, size_t at, const char *key)
{
    if (at == r->count || strcmp(r->agents[at]->key, key) != 0)
        return NULL;
    return r->agents[at];
}

static struct agent *insert(struct roster *r, size_t at, const char *key)
{
    struct agent *agent = xcalloc(1, sizeof(*agent));

    snprintf(agent->key, sizeof(agent->key), "%s", key);
    agent->heard = r->now;
    agent->state = INTAKE_LATE;
    r->agents = xgrow(r->agents, r->count, &r->capacity, sizeof(*r->agents));
    memmove(r->agents + at + 1, r->agents + at, (r->count - at) * sizeof(*r->agents));
    r->agents[at] = agent;
    r->count++;
    return agent;
}

static void take_over(const struct intake_agent *listed, void *arg)
{
    struct roster *r = arg;
    size_t at = place_of(r, listed->key);
    struct agent *agent = agent_at(r, at, listed->key);

    if (listed->revoked)
        return;
    if (!agent)
        agent = insert(r, at, listed->key);
    snprintf(agent->name, sizeof(agent->name), "%s", listed->name);
    agent->allowed = true;
}

/* While it cannot be read nobody is allowed: a revoked key must not slip through. */
static void read_list(struct roster *r, usec_t now)
{
    for (size_t i = 0; i < r->count; i++)
        r->agents[i]->allowed = false;
    r->now = now;
    r->unread = r->store->agents_each(r->store->arg, take_over, r) < 0;
    for (size_t i = 0; i < r->count && r->unread; i++)
        r->agents[i]->allowed = false;
}

struct roster *roster_new(const struct intake_store *store, usec_t now)
{
    struct roster *r = xcalloc(1, sizeof(*r));

    r->store = store;
    read_list(r, now);
    return r;
}

void roster_free(struct roster *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        free(r->agents[i]);
    free(r->agents);
    free(r);
}

bool roster_refresh(struct roster *r, usec_t now)
{
    if (!r->unread && !r->store->agents_changed(r->store->arg))
        return false;
    read_list(r, now);
    return true;
}

struct agent *roster_find(const struct roster *r, const char *key)
{
    struct agent *agent = agent_at(r, place_of(r, key), key);

    return agent && agent->allowed ? agent : NULL;
}

void roster_each(struct roster *r, roster_fn *fn, void *arg)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->agents[i]->allowed)
            fn(r->agents[i], arg);
}
