/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cursor runs ahead of what is committed while a turn's transaction is open. If that
 * fails, the cursors of all sessions that took part go back, and a second later their
 * agents are asked to send again.
 */
#include "session_inside.h"

#include <errno.h>

#define RETRY USEC_PER_SEC

/* ------------------------------------------------------------------ transactions */

/* Whoever held the store before us may have changed the allow-list. From now on nobody
 * can, until we commit. */
static int open_transaction(struct sessions *s, usec_t now)
{
    if (!s->open && s->failed == 0) {
        s->failed = s->set.store->begin(s->set.store->arg);
        s->open = s->failed == 0;
        if (s->open)
            roster_refresh(s->set.roster, now);
    }
    return s->failed;
}

static void touch(struct sessions *s, struct session *at)
{
    if (at->touched)
        return;
    at->touched = true;
    at->next_touched = s->touched;
    s->touched = at;
}

/* Back to what is safe, or to where another intake has moved it. */
static void go_back(struct sessions *s, struct session *at, struct moment now)
{
    const struct intake_store *store = s->set.store;

    for (unsigned stream = 1; stream < WIRE_STREAMS; stream++) {
        struct progress *p = &at->streams[stream];

        p->cursor = p->committed;
        (void)store->cursor_get(store->arg, at->agent->name, at->epoch, stream,
                                &p->cursor);
        p->committed = p->cursor;
        p->rewinding = true;
        p->answer = false;
    }
    at->rewind_at = now.now + RETRY;
}

static void acknowledge(struct sessions *s, struct session *at, struct moment now)
{
    for (unsigned stream = 1; stream < WIRE_STREAMS; stream++) {
        at->streams[stream].committed = at->streams[stream].cursor;
        if (at->streams[stream].answer)
            session_answer(s, at, stream, now);
    }
}

int sessions_turn(struct sessions *s, struct moment at)
{
    const struct intake_store *store = s->set.store;
    int r = s->failed;

    if (s->open && r == 0)
        r = store->commit(store->arg);
    if (s->open && r < 0)
        store->rollback(store->arg);
    s->counts.commits += s->open && r == 0;
    s->counts.failed += r < 0;
    s->open = false;
    s->failed = 0;
    s->waiting_bytes = 0;
    for (struct session *done; (done = s->touched);) {
        s->touched = done->next_touched;
        done->touched = false;
        if (r < 0)
            go_back(s, done, at);
        else
            acknowledge(s, done, at);
    }
    return r;
}

void session_notice(struct sessions *s, const struct agent *agent,
                    enum intake_notice_kind kind, uint64_t epoch, struct moment at)
{
    struct intake_notice n = {
        .agent = agent->name, .kind = kind, .epoch = epoch, .time = at.wall};

    if (open_transaction(s, at.now) == 0)
        s->failed = s->set.store->put_notice(s->set.store->arg, &n);
    if (s->set.on_notice)
        s->set.on_notice(&n, s->set.arg);
}

void session_report(struct sessions *s, const struct agent *agent, struct moment at)
{
    struct intake_report report = {.agent = agent->name,
                                   .state = agent->state,
                                   .heard = agent->heard_wall,
                                   .skew = agent->skew,
                                   .version = agent->version,
                                   .from = agent->from,
                                   .boot = agent->boot,
                                   .bundle = agent->bundle};

    if (open_transaction(s, at.now) == 0)
        s->failed = s->set.store->put_report(s->set.store->arg, &report);
}

/* ------------------------------------------------------------------ cursors */

/* The sentence of WIRE.md, section 3.2, for one stream; the cursor, or -errno. */
static int settle_cursor(struct sessions *s, struct session *at, unsigned stream,
                         uint64_t oldest, struct moment now)
{
    const struct intake_store *store = s->set.store;
    const char *name = at->agent->name;
    uint64_t *cursor = &at->streams[stream].cursor;
    int r = store->cursor_get(store->arg, name, at->epoch, stream, cursor);

    if (oldest == 0) /* the agent doesn't have that stream */
        return r == -ENOENT ? 0 : r;
    if (r == -ENOENT) {
        *cursor = oldest - 1;
        return store->cursor_move(store->arg, name, at->epoch, stream, 0, *cursor);
    }
    if (r == 0 && oldest > *cursor + 1) {
        struct intake_loss loss = {name,       at->epoch,           stream,  *cursor + 1,
                                   oldest - 1, WIRE_LOSS_FORGOTTEN, now.wall};

        r = store->put_loss(store->arg, &loss);
        if (r == 0)
            r = store->cursor_move(store->arg, name, at->epoch, stream, *cursor,
                                   oldest - 1);
        if (r == 0)
            s->counts.lost[stream] += oldest - 1 - *cursor;
        *cursor = oldest - 1;
    }
    return r;
}

int session_settle(struct sessions *s, struct session *at, const struct wire_hello *hello,
                   struct moment now)
{
    const struct intake_store *store = s->set.store;
    uint64_t cursor;
    int r = open_transaction(s, now.now);

    if (r == 0 && store->cursor_get(store->arg, at->agent->name, at->epoch, WIRE_ALERTS,
                                    &cursor) == -ENOENT)
        session_notice(s, at->agent, INTAKE_NOTICE_EPOCH, at->epoch, now);
    for (unsigned stream = 1; stream < WIRE_STREAMS && s->failed == 0; stream++)
        s->failed = settle_cursor(s, at, stream, hello->streams[stream].oldest, now);
    r = sessions_turn(s, now);
    for (unsigned stream = 1; stream < WIRE_STREAMS && r == 0; stream++)
        at->streams[stream].committed = at->streams[stream].cursor;
    return r;
}

/* ------------------------------------------------------------------ batches */

static int store_document(struct sessions *s, struct session *at, unsigned stream,
                          const struct wire_record *r, struct moment now)
{
    const struct intake_store *store = s->set.store;
    struct intake_record record = {at->agent->name, at->epoch, stream,  r->first,
                                   r->bytes,        r->len,    now.wall};
    int code = -EBADMSG;

    if (r->kind == WIRE_DOCUMENT)
        code = store->put_record(store->arg, &record);
    if (code == -EBADMSG) {
        s->counts.rejected++;
        return store->put_rejected(store->arg, &record,
                                   r->kind == WIRE_DOCUMENT ? "it cannot be read"
                                                            : "a kind that is not known");
    }
    if (code == 0)
        s->counts.records[stream]++;
    return code;
}

static int store_one(struct sessions *s, struct session *at, unsigned stream,
                     struct wire_record *r, struct moment now)
{
    const struct intake_store *store = s->set.store;
    uint64_t *cursor = &at->streams[stream].cursor;
    int code;

    if (r->last <= *cursor) {
        s->counts.repeats++;
        return 0;
    }
    if (r->first <= *cursor)
        r->first = *cursor + 1; /* of a loss, what was not stored before */
    if (r->kind == WIRE_LOST) {
        struct intake_loss loss = {at->agent->name, at->epoch, stream,  r->first,
                                   r->last,         r->loss,   now.wall};

        code = store->put_loss(store->arg, &loss);
        s->counts.lost[stream] += code == 0 ? r->last - r->first + 1 : 0;
    } else {
        code = store_document(s, at, stream, r, now);
    }
    if (code == 0)
        *cursor = r->last;
    return code;
}

/* What cannot be told apart is kept aside as one, and counts as many as the header says:
 * the agent would send it again for ever. */
static int store_rubble(struct sessions *s, struct session *at, unsigned stream,
                        struct cur rest, uint64_t seq, uint32_t left, struct moment now)
{
    struct wire_record whole = {.kind = 0,
                                .first = seq,
                                .last = seq + (left ? left - 1 : 0),
                                .bytes = rest.pos,
                                .len = cur_left(&rest)};

    return store_one(s, at, stream, &whole, now);
}

static int store_records(struct sessions *s, struct session *at,
                         const struct wire_head *head, struct cur records,
                         struct moment now)
{
    uint64_t seq = head->seq;
    struct wire_record r;
    int code = 0;

    for (uint32_t n = 0; cur_left(&records) > 0 && code == 0; n++) {
        struct cur before = records;
        uint32_t left = head->count > n ? head->count - n : 1;

        if (wire_record_next(&records, &seq, &r) < 0)
            return store_rubble(s, at, head->stream, before, seq, left, now);
        code = store_one(s, at, head->stream, &r, now);
    }
    return code;
}

void session_take_batch(struct sessions *s, struct session *at,
                        const struct wire_head *head, struct cur records,
                        struct moment now)
{
    const struct intake_store *store = s->set.store;
    struct progress *p = &at->streams[head->stream];
    uint64_t before = p->cursor;
    int r;

    p->received += cur_left(&records);
    s->waiting_bytes += cur_left(&records);
    if (p->rewinding && head->seq > p->cursor + 1)
        return; /* was on its way when we asked */
    if (at->rewind_at)
        return; /* the store failed a moment ago */
    p->rewinding = head->seq > p->cursor + 1;
    p->answer = true;
    touch(s, at);
    if (p->rewinding) {
        s->counts.gaps++;
        return;
    }
    r = open_transaction(s, now.now);
    if (!at->agent->allowed) {
        p->answer = false;
        s->counts.revoked++;
        return; /* the next tick, or its next message, sends it away */
    }
    if (r == 0)
        r = store_records(s, at, head, records, now);
    if (r == 0 && p->cursor != before)
        r = store->cursor_move(store->arg, at->agent->name, at->epoch, head->stream,
                               before, p->cursor);
    if (r < 0 && s->failed == 0)
        s->failed = r;
}
