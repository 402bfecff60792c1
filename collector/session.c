/* SPDX-License-Identifier: Apache-2.0 */
/*
 * There is one session for each (agent, epoch): the last to say HELLO has it. So its
 * cursors are right without asking the store for each batch, and the store still has the
 * last word: it moves a cursor only from where it is believed to be.
 */
#include "session_inside.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "net.h"

#define SESSIONS_EACH 4
#define HEARTBEAT     (10 * USEC_PER_SEC)
#define DEAD_AFTER    (30 * USEC_PER_SEC)
#define SILENT_AFTER  (5 * USEC_PER_MIN)
#define PROOF_AFTER   (2 * USEC_PER_SEC)
#define REPORT_EVERY  USEC_PER_MIN
#define TELL_EVERY    USEC_PER_HOUR
#define WINDOW_LEAST  (UINT64_C(64) << 10)
#define WINDOW_MOST   (UINT64_C(1) << 20)
#define COMMIT_BYTES  (UINT64_C(8) << 20)

/* ------------------------------------------------------------------ the table */

static struct session **bucket_of(struct sessions *s, const struct wire_peer *peer)
{
    return &s->buckets[hash_bytes(&s->key, peer->id, peer->len) % SESSION_BUCKETS];
}

static bool same_peer(const struct wire_peer *a, const struct wire_peer *b)
{
    return a->len == b->len && memcmp(a->id, b->id, a->len) == 0;
}

static struct session *find(struct sessions *s, const struct wire_peer *peer)
{
    struct session *at = *bucket_of(s, peer);

    while (at && !same_peer(&at->peer, peer))
        at = at->next;
    return at;
}

static struct session *begin_session(struct sessions *s, struct agent *agent,
                                     const struct wire_peer *peer)
{
    struct session *new = xcalloc(1, sizeof(*new));
    struct session **bucket = bucket_of(s, peer);

    new->agent = agent;
    new->peer = *peer;
    new->next = *bucket;
    new->link = bucket;
    if (new->next)
        new->next->link = &new->next;
    *bucket = new;
    new->sister = agent->sessions;
    agent->sessions = new;
    s->counts.open++;
    return new;
}

/* Never while it is part of a transaction. */
static void end_session(struct sessions *s, struct session *old)
{
    struct session **at = &old->agent->sessions;

    assert(!old->touched);
    while (*at != old)
        at = &(*at)->sister;
    *at = old->sister;
    *old->link = old->next;
    if (old->next)
        old->next->link = old->link;
    s->counts.open--;
    free(old);
}

/* One agent has a few sessions at most: the one heard longest ago goes. */
static void make_place(struct sessions *s, struct agent *agent)
{
    struct session *oldest = agent->sessions;
    unsigned count = 0;

    for (struct session *at = agent->sessions; at; at = at->sister, count++)
        if (at->heard < oldest->heard)
            oldest = at;
    if (count >= SESSIONS_EACH)
        end_session(s, oldest);
}

struct sessions *sessions_new(const struct sessions_settings *set)
{
    struct sessions *s = xcalloc(1, sizeof(*s));

    s->set = *set;
    hash_key_random(&s->key);
    return s;
}

static void each(struct sessions *s,
                 void (*fn)(struct sessions *, struct session *, void *), void *arg)
{
    for (size_t i = 0; i < SESSION_BUCKETS; i++) {
        for (struct session *at = s->buckets[i], *next; at; at = next) {
            next = at->next;
            fn(s, at, arg);
        }
    }
}

static void forget(struct sessions *s, struct session *at, void *arg)
{
    (void)arg;
    at->touched = false;
    end_session(s, at);
}

void sessions_free(struct sessions *s)
{
    if (!s)
        return;
    if (s->open)
        s->set.store->rollback(s->set.store->arg);
    each(s, forget, NULL);
    buffer_done(&s->payload);
    free(s);
}

/* ------------------------------------------------------------------ answers */

static void say(struct sessions *s, const struct wire_peer *to, struct wire_head head,
                const struct buffer *payload, struct moment at)
{
    head.sent = at.wall;
    (void)s->set.send(to, &head, payload ? payload->at : NULL, payload ? payload->len : 0,
                      s->set.arg);
}

static void say_bye(struct sessions *s, const struct wire_peer *to, enum wire_bye code,
                    const char *why, struct moment at)
{
    s->payload.len = 0;
    wire_bye_add(&s->payload, code, why);
    say(s, to, (struct wire_head){.type = WIRE_BYE}, &s->payload, at);
}

static void say_bare(struct sessions *s, const struct wire_peer *to, enum wire_type type,
                     struct moment at)
{
    say(s, to, (struct wire_head){.type = (uint8_t)type}, NULL, at);
}

/* Each one's share of what may be on its way. */
static uint64_t window(const struct sessions *s)
{
    uint64_t share = s->set.budget / (s->counts.open * (WIRE_STREAMS - 1) + 1);

    if (share < WINDOW_LEAST)
        return WINDOW_LEAST;
    return share < WINDOW_MOST ? share : WINDOW_MOST;
}

/* ACK, or REWIND for one that sends what it shouldn't yet. */
void session_answer(struct sessions *s, struct session *to, unsigned stream,
                    struct moment at)
{
    struct progress *p = &to->streams[stream];
    struct wire_head head = {.type = p->rewinding ? WIRE_REWIND : WIRE_ACK,
                             .stream = (uint8_t)stream,
                             .epoch = to->epoch,
                             .seq = p->cursor + p->rewinding};

    p->answer = false;
    if (!p->rewinding && p->cursor == 0)
        return;
    s->payload.len = 0;
    wire_limit_add(&s->payload, p->received + window(s));
    say(s, &to->peer, head, &s->payload, at);
    to->said = at.now;
}

/* ------------------------------------------------------------------ greeting */

static void say_welcome(struct sessions *s, struct session *to, struct moment at)
{
    struct wire_welcome welcome = {.bundle = s->bundle};

    for (unsigned stream = 1; stream < WIRE_STREAMS; stream++) {
        welcome.streams[stream].committed = to->streams[stream].cursor;
        welcome.streams[stream].limit = window(s);
    }
    s->payload.len = 0;
    wire_welcome_add(&s->payload, &welcome);
    say(s, &to->peer, (struct wire_head){.type = WIRE_WELCOME, .epoch = to->epoch},
        &s->payload, at);
    to->said = at.now;
}

/* What the agent's other sessions mean for one that greets (WIRE.md, section 8). */
enum rivals { RIVALS_NONE, RIVALS_UNDECIDED, RIVALS_COPY };

static enum rivals look_at_rivals(struct sessions *s, struct agent *agent, uint64_t epoch,
                                  const uint8_t *boot, struct moment at)
{
    enum rivals found = RIVALS_NONE;

    for (struct session *other = agent->sessions, *next; other; other = next) {
        bool dead = at.now - other->heard >= DEAD_AFTER;
        bool same_boot = memcmp(other->boot, boot, WIRE_BOOT) == 0;

        next = other->sister;
        if (dead || (same_boot && other->epoch == epoch)) {
            end_session(s, other);
            continue;
        }
        if (same_boot)
            continue;
        if (!other->rival)
            other->rival = at.now;
        if (other->epoch != epoch)
            continue;
        found =
            other->heard >= other->rival + PROOF_AFTER ? RIVALS_COPY : RIVALS_UNDECIDED;
    }
    return found;
}

/* IPv4 without the prefix that it has on a socket for both. */
static void note_address(struct agent *agent, const char *from)
{
    struct addr address;

    snprintf(agent->from, sizeof(agent->from), "%s", from);
    if (addr_parse(from, &address) == 0)
        addr_print(&address, agent->from);
}

static void greet(struct sessions *s, struct agent *agent, const struct wire_message *m,
                  const struct wire_head *head, struct cur payload, struct moment at)
{
    struct wire_hello hello;
    struct session *session;
    enum rivals rivals;

    if (wire_hello_parse(payload, &hello) < 0 || head->epoch == 0) {
        s->counts.malformed++;
        return;
    }
    session = find(s, &m->peer);
    if (session)
        end_session(s, session);
    snprintf(agent->version, sizeof(agent->version), "%.*s", (int)hello.version.len,
             hello.version.at);
    note_address(agent, m->from);
    memcpy(agent->boot, hello.boot, WIRE_BOOT);
    agent->bundle = hello.bundle;
    agent->reported = 0;

    rivals = look_at_rivals(s, agent, head->epoch, hello.boot, at);
    if (rivals == RIVALS_COPY) {
        say_bye(s, &m->peer, WIRE_BYE_RENEW, "another machine speaks with this spool",
                at);
        return;
    }
    if (rivals == RIVALS_UNDECIDED) {
        say_bare(s, &m->peer, WIRE_PONG, at);
        return;
    }
    make_place(s, agent);
    session = begin_session(s, agent, &m->peer);
    session->epoch = head->epoch;
    session->minor = head->minor;
    memcpy(session->boot, hello.boot, WIRE_BOOT);
    session->heard = at.now;
    if (session_settle(s, session, &hello, at) < 0) {
        end_session(s, session);
        s->counts.failed++;
        say_bare(s, &m->peer, WIRE_PONG,
                 at); /* its next HELLO may find the store better */
        return;
    }
    say_welcome(s, session, at);
    if (s->set.on_welcome)
        s->set.on_welcome(agent->name, s->set.arg);
}

/* ------------------------------------------------------------------ hearing */

/* One of two with the same key speaks, although the other has come: both are alive. */
static void prove_copy(struct sessions *s, struct session *at, struct moment now)
{
    struct agent *agent = at->agent;

    if (!at->rival || now.now - at->rival < PROOF_AFTER)
        return;
    if (agent->copy_told && now.now - agent->copy_told < TELL_EVERY)
        return;
    agent->copy_told = now.now;
    s->counts.copies++;
    session_notice(s, agent, INTAKE_NOTICE_COPY, at->epoch, now);
}

static void hear_answer(struct sessions *s, const struct session *at, struct cur payload)
{
    struct wire_answer answer;

    if (wire_answer_parse(payload, &answer) < 0)
        s->counts.malformed++;
    else if (s->set.on_answer)
        s->set.on_answer(at->agent->name, &answer, s->set.arg);
}

static void hear(struct sessions *s, struct session *at, const struct wire_message *m,
                 const struct wire_head *head, struct cur payload, struct moment now)
{
    at->heard = now.now;
    prove_copy(s, at, now);
    switch (head->type) {
    case WIRE_BATCH:
        if (head->stream == 0 || head->stream >= WIRE_STREAMS || head->seq == 0)
            s->counts.unknown++;
        else if (head->epoch != at->epoch)
            say_bye(s, &m->peer, WIRE_BYE_HELLO, "this is another epoch", now);
        else
            session_take_batch(s, at, head, payload, now);
        break;
    case WIRE_PING:
        say_bare(s, &m->peer, WIRE_PONG, now);
        at->said = now.now;
        break;
    case WIRE_PONG:
        break;
    case WIRE_BYE:
        sessions_turn(s, now);
        end_session(s, at);
        break;
    case WIRE_CONFIG_GET:
    case WIRE_CONFIG_RESULT:
        if (s->set.on_config)
            s->set.on_config(at->agent->name, &m->peer, head, payload, s->set.arg);
        break;
    case WIRE_EVIDENCE_ANSWER:
        hear_answer(s, at, payload);
        break;
    default:
        s->counts.unknown++;
    }
}

static void refuse_revoked(struct sessions *s, const struct wire_message *m,
                           struct moment at)
{
    struct session *session = find(s, &m->peer);

    s->counts.revoked++;
    if (session) {
        sessions_turn(s, at);
        end_session(s, session);
    }
    say_bye(s, &m->peer, WIRE_BYE_REVOKED, "this key is not allowed any more", at);
}

static void mark_heard(struct agent *agent, const struct wire_head *head,
                       struct moment at)
{
    agent->heard = at.now;
    agent->heard_wall = at.wall;
    agent->skew = (int64_t)(head->sent - at.wall);
}

void sessions_receive(struct sessions *s, const struct wire_message *m, struct moment at)
{
    struct wire_head head = {0};
    struct session *session;
    struct agent *agent;
    struct cur payload;
    int r;

    s->counts.messages++;
    s->counts.bytes += m->len;
    if (!s->open) /* while we write, nobody else can have changed it */
        roster_refresh(s->set.roster, at.now);
    agent = roster_find(s->set.roster, m->key);
    if (!agent) {
        refuse_revoked(s, m, at);
        return;
    }
    r = wire_message_parse(m->bytes, m->len, &head, &payload);
    if (r == -EPROTONOSUPPORT)
        say_bye(s, &m->peer, WIRE_BYE_VERSION, "this collector speaks version 1", at);
    if (r < 0) {
        s->counts.malformed++;
        return;
    }
    mark_heard(agent, &head, at);
    session = find(s, &m->peer);
    if (head.type == WIRE_HELLO) {
        sessions_turn(s, at); /* it may be about what is not committed yet */
        greet(s, agent, m, &head, payload, at);
    } else if (session && session->agent == agent) {
        hear(s, session, m, &head, payload, at);
    } else if (head.type != WIRE_BYE) {
        s->counts.strangers++;
        say_bye(s, &m->peer, WIRE_BYE_HELLO, "say HELLO first", at);
    }
    if (s->waiting_bytes >= COMMIT_BYTES)
        sessions_turn(s, at);
}

/* ------------------------------------------------------------------ asking */

#define ASKS_SINCE 1 /* the minor version */

struct naming {
    const char *name;
    struct agent *found;
};

static void compare(struct agent *agent, void *arg)
{
    struct naming *naming = arg;

    if (strcmp(agent->name, naming->name) == 0)
        naming->found = agent;
}

/* Of several sessions that which was heard last. */
int sessions_ask(struct sessions *s, const char *name, const struct wire_ask *ask,
                 struct moment at)
{
    const struct wire_head head = {.type = WIRE_EVIDENCE_ASK, .sent = at.wall};
    struct naming naming = {.name = name};
    struct session *to = NULL;

    roster_each(s->set.roster, compare, &naming);
    for (struct session *one = naming.found ? naming.found->sessions : NULL; one;
         one = one->sister)
        if (!to || one->heard > to->heard)
            to = one;
    if (!to)
        return -EHOSTUNREACH;
    if (to->minor < ASKS_SINCE)
        return -EPROTONOSUPPORT;
    s->payload.len = 0;
    wire_ask_add(&s->payload, ask);
    return s->set.send(&to->peer, &head, s->payload.at, s->payload.len, s->set.arg);
}

/* ------------------------------------------------------------------ time */

static void tick_session(struct sessions *s, struct session *at, void *arg)
{
    struct moment now = *(struct moment *)arg;

    if (!at->agent->allowed) {
        say_bye(s, &at->peer, WIRE_BYE_REVOKED, "this key is not allowed any more", now);
        end_session(s, at);
        return;
    }
    if (now.now - at->heard >= DEAD_AFTER) {
        end_session(s, at);
        return;
    }
    if (at->rewind_at && now.now >= at->rewind_at) {
        at->rewind_at = 0;
        for (unsigned stream = 1; stream < WIRE_STREAMS; stream++)
            session_answer(s, at, stream, now);
    }
    if (now.now - at->said >= HEARTBEAT) {
        say_bare(s, &at->peer, WIRE_PING, now);
        at->said = now.now;
    }
}

static enum intake_state state_of(const struct agent *agent, usec_t now)
{
    if (now - agent->heard >= SILENT_AFTER)
        return INTAKE_SILENT;
    return agent->sessions ? INTAKE_UP : INTAKE_LATE;
}

struct reporting {
    struct sessions *sessions;
    struct moment now;
};

static void report(struct agent *agent, void *arg)
{
    const struct reporting *to = arg;
    enum intake_state before = agent->state, state = state_of(agent, to->now.now);
    bool again = state == INTAKE_UP && to->now.now - agent->reported >= REPORT_EVERY;

    if (state == before && !again)
        return;
    agent->state = state;
    agent->reported = to->now.now;
    session_report(to->sessions, agent, to->now);
    if (state == INTAKE_SILENT)
        session_notice(to->sessions, agent, INTAKE_NOTICE_SILENT, 0, to->now);
    if (before == INTAKE_SILENT)
        session_notice(to->sessions, agent, INTAKE_NOTICE_BACK, 0, to->now);
}

void sessions_tick(struct sessions *s, struct moment at)
{
    struct reporting reporting = {.sessions = s, .now = at};

    sessions_turn(s, at);
    roster_refresh(s->set.roster, at.now);
    each(s, tick_session, &at);
    roster_each(s->set.roster, report, &reporting);
    sessions_turn(s, at);
}

static void bid_farewell(struct sessions *s, struct session *at, void *arg)
{
    (void)arg;
    say_bye(s, &at->peer, WIRE_BYE_GOING, "the collector stops", (struct moment){0});
}

void sessions_bye(struct sessions *s)
{
    each(s, bid_farewell, NULL);
}

void sessions_set_bundle(struct sessions *s, uint64_t serial)
{
    s->bundle = serial;
}

const struct sessions_counts *sessions_counts(const struct sessions *s)
{
    return &s->counts;
}
