/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent that may speak, and says anything: a row of messages, each one
 *
 *     what u8 (who speaks, from where, how much time passes), type u8, stream u8,
 *     seq u8, count u8, length u16, payload
 *
 * with the right header put before it. Types from OUTSIDE on are no messages of it, but
 * what happens besides. Whatever it says, each number is stored once and in order, and
 * nothing that isn't committed is acknowledged.
 */
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "collector/session.h"
#include "tests/unit/memory_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEYS    2
#define OUTSIDE 0xe0

static const char *const keys[KEYS + 1] = {"1111", "2222", "9999"};

struct world {
    struct memory_store store;
    struct roster *roster;
    struct sessions *sessions;
    struct moment at;
    uint8_t peers; /* which four of them speak, and in which epochs */
};

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static int on_send(const struct wire_peer *to, const struct wire_head *head,
                   const void *payload, size_t len, void *arg)
{
    const struct world *w = arg;

    demand(to->len == 1 && len <= WIRE_MESSAGE_MAX && (payload || len == 0));
    if (head->type == WIRE_ACK || head->type == WIRE_REWIND)
        demand(!w->store.open);
    return 0;
}

static void touch(struct cur bytes)
{
    unsigned sum = 0;

    while (cur_left(&bytes) > 0)
        sum += cur_u8(&bytes);
    demand(!cur_broken(&bytes) && sum < UINT32_MAX);
}

static void on_config(const char *agent, const struct wire_peer *from,
                      const struct wire_head *head, struct cur payload, void *arg)
{
    (void)arg;
    demand(strlen(agent) == 1 && from->len == 1);
    demand(head->type == WIRE_CONFIG_GET || head->type == WIRE_CONFIG_RESULT);
    touch(payload);
}

static void on_answer(const char *agent, const struct wire_answer *answer, void *arg)
{
    (void)arg;
    demand(strlen(agent) == 1);
    touch(cur_over(answer->why.at, answer->why.len));
}

static void on_welcome(const char *agent, void *arg)
{
    (void)arg;
    demand(strlen(agent) == 1);
}

static void on_notice(const struct intake_notice *notice, void *arg)
{
    (void)arg;
    demand(notice->agent != NULL);
}

static void check_rows(const struct memory_store *m)
{
    for (size_t i = 0; i < m->now.row_count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct memory_row *a = &m->rows[k], *b = &m->rows[i];

            demand(strcmp(a->agent, b->agent) != 0 || a->epoch != b->epoch ||
                   a->stream != b->stream || b->seq > a->last);
        }
}

static void say(struct world *w, uint8_t what, const struct wire_head *head,
                struct cur payload)
{
    size_t len = cur_left(&payload);
    uint8_t *bytes = xmalloc(WIRE_HEAD + len);
    struct wire_message m = {.bytes = bytes,
                             .len = WIRE_HEAD + len,
                             .peer = {.len = 1, .id = {w->peers + (what >> 2 & 3)}},
                             .key = keys[(what & 3) % (KEYS + 1)],
                             .from = "192.0.2.1"};

    if (len > 0)
        memcpy(bytes + WIRE_HEAD, payload.pos, len);
    wire_head_write(head, bytes + WIRE_HEAD, len, bytes);
    sessions_receive(w->sessions, &m, w->at);
    free(bytes);
}

/* Bytes that have no right header: of another version, or of none. */
static void say_bytes(struct world *w, uint8_t what, struct cur bytes)
{
    auto_free uint8_t *copy = xmalloc(cur_left(&bytes) + 1);
    struct wire_message m = {.bytes = copy,
                             .len = cur_left(&bytes),
                             .peer = {.len = 1, .id = {what >> 2 & 3}},
                             .key = keys[(what & 3) % (KEYS + 1)],
                             .from = "::ffff:192.0.2.1"};

    cur_copy(&bytes, copy, m.len);
    sessions_receive(w->sessions, &m, w->at);
}

static void ask_for_evidence(struct world *w, const char *name)
{
    const struct wire_ask ask = {.length = USEC_PER_SEC, .max = 1 << 16};

    (void)sessions_ask(w->sessions, name, &ask, w->at);
}

static void outside(struct world *w, uint8_t what, const struct wire_head *head,
                    struct cur payload)
{
    const char *name = what & 1 ? "b" : "a";

    switch (head->type % 6) {
    case 0:
        memory_agent_revoke(&w->store, name, w->at.wall + 1);
        break;
    case 1:
        ask_for_evidence(w, name);
        break;
    case 2:
        sessions_set_bundle(w->sessions, head->seq);
        break;
    case 3:
        w->at.now += head->count * USEC_PER_MIN;
        break;
    case 4:
        w->peers = (uint8_t)(4 * head->count);
        break;
    default:
        say_bytes(w, what, payload);
    }
}

/* The upper bits of what: nothing, the turn's end, a second, a failing store. */
static void pass(struct world *w, uint8_t what)
{
    w->store.fail_commit = what >> 6 == 3 ? -ENOSPC : 0;
    if (what >> 6 == 2) {
        w->at.now += (what & 32 ? 31 : 1) * USEC_PER_SEC;
        sessions_tick(w->sessions, w->at);
    } else if (what >> 6) {
        sessions_turn(w->sessions, w->at);
    }
}

static void converse(struct world *w, struct cur c)
{
    for (unsigned n = 0; n < 64 && cur_left(&c) > 0; n++) {
        uint8_t what = cur_u8(&c);
        struct wire_head head = {.epoch = 1 + (what >> 4 & 1) + w->peers};
        struct cur payload;

        head.type = cur_u8(&c);
        head.stream = cur_u8(&c);
        head.seq = cur_u8(&c);
        head.count = cur_u8(&c);
        payload = cur_sub(&c, cur_u16(&c));
        if (cur_broken(&c))
            return;
        if (head.type >= OUTSIDE)
            outside(w, what, &head, payload);
        else
            say(w, what, &head, payload);
        pass(w, what);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct sessions_settings set = {.store = &w->store.calls,
                                    .budget = 1 << 20,
                                    .send = on_send,
                                    .on_config = on_config,
                                    .on_answer = on_answer,
                                    .on_welcome = on_welcome,
                                    .on_notice = on_notice,
                                    .arg = w};
    char name[2] = "a";

    memory_store_init(&w->store);
    for (unsigned i = 0; i < KEYS; i++, name[0]++)
        memory_agent_add(&w->store, &(struct intake_agent){.name = name, .key = keys[i]});
    w->at.now = USEC_PER_HOUR;
    w->roster = set.roster = roster_new(&w->store.calls, w->at.now);
    w->sessions = sessions_new(&set);
    converse(w, cur_over(data, size));
    w->store.fail_commit = 0;
    sessions_turn(w->sessions, w->at);
    check_rows(&w->store);
    sessions_bye(w->sessions);
    demand(sessions_counts(w->sessions)->open <= 4 * KEYS);
    sessions_free(w->sessions);
    roster_free(w->roster);
    memory_store_done(&w->store);
    free(w);
    return 0;
}
