/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ends a connection is kept in l->end until link_tick tells it: messages come in the
 * middle of a socket's turn, where nobody can close it.
 */
#include "link.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "crypt.h"
#include "mem.h"
#include "text.h"

#define HEARTBEAT     (10 * USEC_PER_SEC)
#define CONNECT_BY    (10 * USEC_PER_SEC)
#define HELLO_EVERY   (10 * USEC_PER_SEC)
#define PATIENCE      (30 * USEC_PER_SEC)
#define WAIT_LEAST    USEC_PER_SEC
#define WAIT_MOST     (60 * USEC_PER_SEC)
#define WAIT_UNWANTED (10 * USEC_PER_MIN)
#define NEVER         SPOOL_NEVER

struct sending {
    uint64_t next;  /* number of the record to send next */
    uint64_t sent;  /* bytes in this session */
    uint64_t limit; /* credit */
};

struct link {
    struct link_settings set;
    struct link_counts counts;
    enum link_end end;
    uint64_t epoch; /* of this session */
    uint64_t bundle;
    struct sending streams[WIRE_STREAMS];
    usec_t opened, heard, said, greeted;
    usec_t waiting; /* for an acknowledgement, since; NEVER: for none */
    usec_t wait;    /* before the next socket */
    struct buffer batch;
};

static const char *const ends[] = {
    [LINK_STAYS] = "stays",
    [LINK_NO_CONNECTION] = "cannot be reached",
    [LINK_LOST] = "has closed the connection",
    [LINK_NO_WELCOME] = "has not welcomed us",
    [LINK_SILENT] = "has not been heard for 30 s",
    [LINK_NO_ACK] = "has acknowledged nothing for 30 s",
    [LINK_SENT_OFF] = "stops",
    [LINK_REVOKED] = "has revoked this agent's key",
    [LINK_VERSION] = "speaks another version of the protocol",
    [LINK_CONFUSED] = "speaks of what was never sent",
};

const char *link_end_text(enum link_end end)
{
    return ends[end];
}

struct link *link_new(const struct link_settings *set)
{
    struct link *l = xcalloc(1, sizeof(*l));

    l->set = *set;
    l->wait = WAIT_LEAST;
    l->waiting = NEVER;
    return l;
}

void link_free(struct link *l)
{
    if (!l)
        return;
    buffer_done(&l->batch);
    free(l);
}

/* ------------------------------------------------------------------ saying */

static int say(struct link *l, const struct wire_head *head, const struct buffer *payload,
               usec_t now)
{
    int r = l->set.send(head, payload ? payload->at : NULL, payload ? payload->len : 0,
                        l->set.arg);

    if (r == 0)
        l->said = now;
    return r;
}

static void say_type(struct link *l, enum wire_type type, usec_t now)
{
    struct wire_head head = {.type = (uint8_t)type, .epoch = l->epoch};

    say(l, &head, NULL, now);
}

static void say_hello(struct link *l, usec_t now)
{
    struct wire_hello hello = {.version = text_of(l->set.version), .bundle = l->bundle};
    struct wire_head head = {.type = WIRE_HELLO};
    auto_buffer struct buffer payload = {0};

    l->epoch = head.epoch = spool_epoch(l->set.spool);
    memcpy(hello.boot, l->set.boot, WIRE_BOOT);
    for (unsigned s = 1; s < WIRE_STREAMS; s++) {
        hello.streams[s].oldest = spool_oldest(l->set.spool, s);
        hello.streams[s].newest = spool_newest(l->set.spool, s);
    }
    wire_hello_add(&payload, &hello);
    say(l, &head, &payload, now);
    if (l->counts.state != LINK_GREETING)
        l->opened = now; /* patience with a new greeting begins anew */
    l->counts.state = LINK_GREETING;
    l->greeted = now;
    l->waiting = NEVER;
}

static void renew(struct link *l, usec_t now)
{
    if (spool_renew(l->set.spool) == 0)
        say_hello(l, now);
    else
        l->end = LINK_CONFUSED; /* the disk fails: later, then */
}

/* 0: a batch was sent; -ENOENT: there is nothing to send; -EAGAIN: no room. */
static int send_batch(struct link *l, unsigned stream, usec_t now)
{
    struct sending *at = &l->streams[stream];
    struct wire_head head = {
        .type = WIRE_BATCH, .stream = (uint8_t)stream, .epoch = l->epoch};
    struct spool_span span;
    int r;

    if (at->sent >= at->limit || at->next > spool_newest(l->set.spool, stream))
        return -ENOENT;
    l->batch.len = 0;
    r = spool_read(l->set.spool, stream, at->next, &l->batch, &span);
    if (r < 0)
        return -ENOENT;
    head.seq = span.first;
    head.count = span.count;
    r = say(l, &head, &l->batch, now);
    if (r < 0)
        return -EAGAIN;
    at->next = span.last + 1;
    at->sent += l->batch.len;
    l->counts.batches++;
    l->counts.bytes += l->batch.len;
    if (l->waiting == NEVER)
        l->waiting = now;
    return 0;
}

/* All that a stream has, before the next one may say anything. */
void link_send(struct link *l, usec_t now)
{
    unsigned stream = 1;
    int r;

    if (l->counts.state == LINK_UP && l->epoch != spool_epoch(l->set.spool))
        say_hello(l, now); /* the spool had to begin anew */
    while (l->counts.state == LINK_UP && stream < WIRE_STREAMS) {
        r = send_batch(l, stream, now);
        if (r == -EAGAIN)
            return;
        if (r < 0)
            stream++;
    }
}

void link_bye(struct link *l)
{
    struct wire_head head = {.type = WIRE_BYE, .epoch = l->epoch};
    auto_buffer struct buffer payload = {0};

    if (l->counts.state < LINK_GREETING)
        return;
    wire_bye_add(&payload, WIRE_BYE_GOING, "the agent stops");
    say(l, &head, &payload, 0);
}

/* ------------------------------------------------------------------ hearing */

static void hear_welcome(struct link *l, struct cur payload, usec_t now)
{
    struct wire_welcome welcome;

    if (l->counts.state != LINK_GREETING || l->epoch != spool_epoch(l->set.spool))
        return;
    if (wire_welcome_parse(payload, &welcome) < 0) {
        l->counts.refused++;
        return;
    }
    for (unsigned s = 1; s < WIRE_STREAMS; s++) {
        /* Further than this spool ever was: it is an old copy of itself. */
        if (welcome.streams[s].committed > spool_newest(l->set.spool, s)) {
            renew(l, now);
            return;
        }
    }
    for (unsigned s = 1; s < WIRE_STREAMS; s++) {
        spool_ack(l->set.spool, s, welcome.streams[s].committed, now);
        l->streams[s] = (struct sending){.next = spool_oldest(l->set.spool, s),
                                         .limit = welcome.streams[s].limit};
    }
    l->counts.state = LINK_UP;
    l->counts.welcomes++;
    l->wait = WAIT_LEAST;
}

static bool all_acknowledged(const struct link *l)
{
    for (unsigned s = 1; s < WIRE_STREAMS; s++)
        if (spool_oldest(l->set.spool, s) < l->streams[s].next)
            return false;
    return true;
}

/* ACK, REWIND and CREDIT: each has a limit, the first two a number. */
static void hear_progress(struct link *l, const struct wire_head *head,
                          struct cur payload, usec_t now)
{
    struct sending *at = &l->streams[head->stream < WIRE_STREAMS ? head->stream : 0];
    uint64_t limit, done = head->seq - (head->type == WIRE_REWIND);

    if (l->counts.state != LINK_UP || head->epoch != l->epoch ||
        head->epoch != spool_epoch(l->set.spool) || head->stream == 0 ||
        head->stream >= WIRE_STREAMS)
        return;
    if (wire_limit_parse(payload, &limit) < 0) {
        l->counts.refused++;
        return;
    }
    if (limit > at->limit)
        at->limit = limit;
    if (head->type == WIRE_CREDIT)
        return;
    if (head->seq == 0 || done >= at->next ||
        (head->type == WIRE_REWIND &&
         head->seq < spool_oldest(l->set.spool, head->stream))) {
        l->end = LINK_CONFUSED;
        return;
    }
    spool_ack(l->set.spool, head->stream, done, now);
    if (head->type == WIRE_REWIND) {
        at->next = head->seq;
        l->counts.rewinds++;
    }
    l->waiting = all_acknowledged(l) ? NEVER : now;
}

static void hear_bye(struct link *l, struct cur payload, usec_t now)
{
    static const enum link_end ended[] = {[WIRE_BYE_GOING] = LINK_SENT_OFF,
                                          [WIRE_BYE_REVOKED] = LINK_REVOKED,
                                          [WIRE_BYE_VERSION] = LINK_VERSION,
                                          [WIRE_BYE_RENEW] = LINK_SENT_OFF};
    struct wire_bye_text bye;

    if (wire_bye_parse(payload, &bye) < 0)
        l->counts.refused++;
    else if (bye.code == WIRE_BYE_HELLO && l->counts.state == LINK_UP)
        say_hello(l, now);
    else if (bye.code == WIRE_BYE_RENEW && l->counts.state == LINK_GREETING)
        renew(l, now);
    else if (bye.code != WIRE_BYE_HELLO)
        l->end = bye.code <= WIRE_BYE_RENEW ? ended[bye.code] : LINK_SENT_OFF;
}

static void hear_ask(struct link *l, struct cur payload)
{
    struct wire_ask ask;

    if (wire_ask_parse(payload, &ask) < 0)
        l->counts.refused++;
    else if (l->set.on_ask && l->counts.state == LINK_UP)
        l->set.on_ask(&ask, l->set.arg);
}

void link_receive(struct link *l, const void *message, size_t len, usec_t now)
{
    struct wire_head head;
    struct cur payload;

    if (l->counts.state < LINK_GREETING || l->end != LINK_STAYS)
        return;
    if (wire_message_parse(message, len, &head, &payload) < 0) {
        l->counts.refused++;
        return;
    }
    l->heard = now;
    switch (head.type) {
    case WIRE_WELCOME:
        hear_welcome(l, payload, now);
        break;
    case WIRE_ACK:
    case WIRE_REWIND:
    case WIRE_CREDIT:
        hear_progress(l, &head, payload, now);
        break;
    case WIRE_PING:
        say_type(l, WIRE_PONG, now);
        break;
    case WIRE_BYE:
        hear_bye(l, payload, now);
        break;
    case WIRE_CONFIG_OFFER:
    case WIRE_CONFIG_DATA:
        if (l->set.on_config)
            l->set.on_config(&head, payload, l->set.arg);
        break;
    case WIRE_EVIDENCE_ASK:
        hear_ask(l, payload);
        break;
    default:
        break; /* PONG has said all by coming; others are of a later version */
    }
}

/* ------------------------------------------------------------------ time */

void link_opened(struct link *l, usec_t now)
{
    l->counts.state = LINK_CONNECTING;
    l->end = LINK_STAYS;
    l->opened = l->heard = l->said = now;
    l->waiting = NEVER;
}

void link_connected(struct link *l, usec_t now)
{
    if (l->counts.state != LINK_CONNECTING)
        return;
    l->heard = now;
    say_hello(l, now);
}

void link_lost(struct link *l)
{
    if (l->counts.state == LINK_CLOSED || l->end != LINK_STAYS)
        return;
    l->end = l->counts.state == LINK_CONNECTING ? LINK_NO_CONNECTION : LINK_LOST;
}

static enum link_end ended_by_time(const struct link *l, usec_t now)
{
    if (l->counts.state == LINK_CONNECTING)
        return now - l->opened >= CONNECT_BY ? LINK_NO_CONNECTION : LINK_STAYS;
    if (l->counts.state == LINK_GREETING && now - l->opened >= PATIENCE + HEARTBEAT)
        return LINK_NO_WELCOME;
    if (now - l->heard >= PATIENCE)
        return LINK_SILENT;
    if (l->waiting != NEVER && now - l->waiting >= PATIENCE)
        return LINK_NO_ACK;
    return LINK_STAYS;
}

/* Doubled for the next time; a quarter more or less, so that not all come at once. */
static usec_t take_wait(struct link *l)
{
    usec_t wait = l->wait;
    uint32_t chance;

    l->wait = wait * 2 < WAIT_MOST ? wait * 2 : WAIT_MOST;
    if (l->end == LINK_REVOKED || l->end == LINK_VERSION)
        wait = WAIT_UNWANTED;
    crypt_random(&chance, sizeof(chance));
    return wait - wait / 4 + (wait / 2 * chance >> 32);
}

enum link_end link_tick(struct link *l, usec_t now, usec_t *ret_wait)
{
    if (l->counts.state == LINK_CLOSED)
        return LINK_STAYS;
    if (l->end == LINK_STAYS)
        l->end = ended_by_time(l, now);
    if (l->end != LINK_STAYS) {
        l->counts.state = LINK_CLOSED;
        *ret_wait = take_wait(l);
        return l->end;
    }
    if (l->counts.state == LINK_GREETING && now - l->greeted >= HELLO_EVERY)
        say_hello(l, now);
    if (l->counts.state == LINK_UP && now - l->said >= HEARTBEAT) {
        say_type(l, WIRE_PING, now);
        l->said = now; /* or tried to */
    }
    link_send(l, now);
    return LINK_STAYS;
}

static usec_t sooner(usec_t a, usec_t b)
{
    return a < b ? a : b;
}

usec_t link_due(const struct link *l)
{
    usec_t due = NEVER;

    if (l->counts.state == LINK_CLOSED)
        return NEVER;
    if (l->end != LINK_STAYS)
        return 0;
    if (l->counts.state == LINK_CONNECTING)
        return l->opened + CONNECT_BY;
    if (l->counts.state == LINK_GREETING)
        due = l->greeted + HELLO_EVERY;
    if (l->counts.state == LINK_UP)
        due = l->said + HEARTBEAT;
    if (l->waiting != NEVER)
        due = sooner(due, l->waiting + PATIENCE);
    return sooner(due, l->heard + PATIENCE);
}

void link_set_bundle(struct link *l, uint64_t serial)
{
    l->bundle = serial;
}

const struct link_counts *link_counts(const struct link *l)
{
    return &l->counts;
}
