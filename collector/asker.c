/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was sent when is remembered for those that are open, and there are few: whoever
 * is not among them any more is forgotten.
 */
#include "collector/asker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_ask.h"
#include "crypt.h"
#include "log.h"
#include "mem.h"
#include "net.h"
#include "text.h"

#define AGAIN (10 * USEC_PER_SEC)
#define OLD   "its version cannot be asked: it is older than this collector"

struct sent {
    int64_t evidence;
    char *agent;
    usec_t at; /* 0: not since its agent was welcomed */
    bool open; /* still, in this tick */
};

struct asker {
    struct store *store;
    asker_send_fn *send;
    void *arg;
    struct sent sent[STORE_ASK_OPEN];
    size_t count;
    usec_t now;
    bool taken;  /* those of this state are being gone through */
    int64_t old; /* one whose agent cannot be asked; 0: none */
    char *old_agent, *old_name;
    bool told;
};

struct asker *asker_new(struct store *s, asker_send_fn *send, void *arg)
{
    struct asker *a = xcalloc(1, sizeof(*a));

    a->store = s;
    a->send = send;
    a->arg = arg;
    return a;
}

void asker_free(struct asker *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->count; i++)
        free(a->sent[i].agent);
    free(a->old_agent);
    free(a->old_name);
    free(a);
}

static struct sent *touch(struct asker *a, const struct store_ask *ask)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->sent[i].evidence == ask->evidence)
            return &a->sent[i];
    if (a->count == STORE_ASK_OPEN)
        return NULL;
    a->sent[a->count] =
        (struct sent){.evidence = ask->evidence, .agent = xstrdup(ask->agent)};
    return &a->sent[a->count++];
}

static void forget_the_others(struct asker *a)
{
    size_t kept = 0;

    for (size_t i = 0; i < a->count; i++) {
        if (a->sent[i].open)
            a->sent[kept++] = a->sent[i];
        else
            free(a->sent[i].agent);
    }
    a->count = kept;
}

/* ---- asking ---- */

static bool as_message(const struct store_ask *ask, bool again, struct wire_ask *ret)
{
    struct addr addr;

    *ret = (struct wire_ask){.again = again,
                             .incident = (uint64_t)ask->incident,
                             .before = ask->before,
                             .length = ask->length,
                             .snaplen = (uint32_t)ask->snaplen,
                             .max = (uint32_t)ask->most};
    if (crypt_unhex(ask->name, ret->id, sizeof(ret->id)) < 0 ||
        addr_parse(ask->device, &addr) != 0)
        return false;
    memcpy(ret->address, addr.bytes, sizeof(ret->address));
    return true;
}

static void ask_for(const struct store_ask *ask, void *arg)
{
    struct asker *a = arg;
    struct sent *sent = touch(a, ask);
    struct wire_ask message;
    int r;

    if (!sent)
        return;
    sent->open = true;
    if (sent->at && (a->taken || a->now - sent->at < AGAIN))
        return;
    if (!as_message(ask, a->taken, &message))
        return;
    r = a->send(ask->agent, &message, a->arg);
    if (r == 0)
        sent->at = a->now;
    if (r == -EPROTONOSUPPORT && !a->old) {
        a->old = ask->evidence;
        a->old_agent = xstrdup(ask->agent);
        a->old_name = xstrdup(ask->name);
    }
}

static void complain(struct asker *a, int r)
{
    if (r < 0 && !a->told)
        log_error("what agents are asked for cannot be kept: %s", store_error(a->store));
    a->told = r < 0;
}

/* In a transaction of its own, or in that which is open. */
static int answer(struct asker *a, const char *agent, const char *name,
                  enum store_ask_said said, const char *why)
{
    bool own = !store_in_transaction(a->store);
    int r = own ? store_begin(a->store) : 0;

    if (r == 0)
        r = store_ask_answer(a->store, agent, name, said, why);
    if (!own)
        return r;
    if (r == 0)
        return store_commit(a->store);
    if (store_in_transaction(a->store))
        store_rollback(a->store);
    return r;
}

static int refuse_old(struct asker *a)
{
    int r = a->old ? answer(a, a->old_agent, a->old_name, STORE_ASK_REFUSED, OLD) : 0;

    a->old = 0;
    free(take(a->old_agent));
    free(take(a->old_name));
    return r;
}

static int end_waits(struct asker *a)
{
    int r;

    if (a->count == 0)
        return 0;
    r = store_begin(a->store);
    if (r == 0)
        r = store_ask_end_waits(a->store);
    if (r == 0)
        return store_commit(a->store);
    if (store_in_transaction(a->store))
        store_rollback(a->store);
    return r;
}

void asker_tick(struct asker *a, usec_t now)
{
    int r;

    a->now = now;
    for (size_t i = 0; i < a->count; i++)
        a->sent[i].open = false;
    a->taken = false;
    r = store_ask_each(a->store, ASKED_WAITING, ask_for, a);
    a->taken = true;
    if (r == 0)
        r = store_ask_each(a->store, ASKED_TAKEN, ask_for, a);
    if (r == 0) {
        forget_the_others(a);
        r = refuse_old(a);
    }
    if (r == 0)
        r = end_waits(a);
    complain(a, r);
}

/* ---- hearing ---- */

void asker_answer(struct asker *a, const char *agent, const struct wire_answer *said)
{
    static const enum store_ask_said meanings[] = {
        [WIRE_ANSWER_TAKEN] = STORE_ASK_TAKEN,
        [WIRE_ANSWER_REFUSED] = STORE_ASK_REFUSED,
        [WIRE_ANSWER_UNKNOWN] = STORE_ASK_UNKNOWN,
    };
    char name[2 * WIRE_EVIDENCE_ID + 1];
    auto_free char *why = xstrndup(said->why.at ? said->why.at : "", said->why.len);

    if (said->code < WIRE_ANSWER_TAKEN || said->code > WIRE_ANSWER_UNKNOWN)
        return;
    crypt_hex(said->id, sizeof(said->id), name);
    complain(a, answer(a, agent, name, meanings[said->code], why));
}

void asker_welcome(struct asker *a, const char *agent)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->sent[i].agent, agent) == 0)
            a->sent[i].at = 0;
}
