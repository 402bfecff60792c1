/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_store.h - an intake_store in memory, for tests: it can be made to fail, and it
 * keeps what came in the order in which it was committed.
 */
#ifndef MEMORY_STORE_H
#define MEMORY_STORE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/intake_store.h"
#include "crypt.h"
#include "mem.h"

struct memory_agent {
    char name[64], key[CRYPT_Z85];
    usec_t revoked;
};

struct memory_cursor {
    char agent[64];
    uint64_t epoch, seq;
    enum wire_stream stream;
};

/* A document, a loss (last >= seq) or what was rejected. */
struct memory_row {
    char agent[64];
    uint64_t epoch, seq, last;
    enum wire_stream stream;
    enum wire_loss why;
    bool rejected;
    char text[32]; /* its beginning */
};

struct memory_state {
    struct memory_cursor cursors[64];
    size_t cursor_count;
    size_t row_count;
    uint64_t documents; /* also those that are not kept */
};

struct memory_store {
    struct intake_store calls;
    struct memory_agent agents[8];
    size_t agent_count;
    bool changed;
    struct memory_state now, before; /* before: what a rollback goes back to */
    struct memory_row *rows;
    size_t capacity;
    bool keep_nothing; /* count documents only: for figures */
    bool open;
    int fail_begin, fail_commit, fail_put, fail_get; /* -errno to answer with */
    const char *revoke_at_begin; /* by another process, while we wait for it */
    unsigned commits;
    struct intake_notice notices[32];
    size_t notice_count;
    enum intake_state last_state;
    unsigned reports;
};

static bool memory_agents_changed(void *arg)
{
    struct memory_store *m = arg;

    return m->changed;
}

static int memory_agents_each(void *arg, intake_agent_fn *fn, void *fn_arg)
{
    struct memory_store *m = arg;

    m->changed = false;
    for (size_t i = 0; i < m->agent_count; i++) {
        struct intake_agent agent = {.name = m->agents[i].name,
                                     .key = m->agents[i].key,
                                     .site = "school",
                                     .revoked = m->agents[i].revoked};

        fn(&agent, fn_arg);
    }
    return 0;
}

static int memory_agent_add(void *arg, const struct intake_agent *agent)
{
    struct memory_store *m = arg;

    for (size_t i = 0; i < m->agent_count; i++)
        if (strcmp(m->agents[i].name, agent->name) == 0 ||
            strcmp(m->agents[i].key, agent->key) == 0)
            return -EEXIST;
    snprintf(m->agents[m->agent_count].name, 64, "%s", agent->name);
    snprintf(m->agents[m->agent_count].key, CRYPT_Z85, "%s", agent->key);
    m->agent_count++;
    m->changed = true;
    return 0;
}

static int memory_agent_revoke(void *arg, const char *name, usec_t now)
{
    struct memory_store *m = arg;

    for (size_t i = 0; i < m->agent_count; i++) {
        if (strcmp(m->agents[i].name, name) == 0) {
            m->agents[i].revoked = now;
            m->changed = true;
            return 0;
        }
    }
    return -ENOENT;
}

static int memory_begin(void *arg)
{
    struct memory_store *m = arg;

    if (m->open)
        abort(); /* transactions are not nested */
    if (m->fail_begin)
        return m->fail_begin;
    if (m->revoke_at_begin)
        memory_agent_revoke(m, m->revoke_at_begin, 1);
    m->before = m->now;
    m->open = true;
    return 0;
}

static int memory_commit(void *arg)
{
    struct memory_store *m = arg;

    if (m->fail_commit)
        return m->fail_commit;
    m->open = false;
    m->commits++;
    return 0;
}

static void memory_rollback(void *arg)
{
    struct memory_store *m = arg;

    m->now = m->before;
    m->open = false;
}

static struct memory_cursor *memory_cursor(struct memory_store *m, const char *agent,
                                           uint64_t epoch, enum wire_stream stream)
{
    for (size_t i = 0; i < m->now.cursor_count; i++) {
        struct memory_cursor *c = &m->now.cursors[i];

        if (c->epoch == epoch && c->stream == stream && strcmp(c->agent, agent) == 0)
            return c;
    }
    return NULL;
}

static int memory_cursor_get(void *arg, const char *agent, uint64_t epoch,
                             enum wire_stream stream, uint64_t *ret_seq)
{
    struct memory_store *m = arg;
    struct memory_cursor *c = memory_cursor(m, agent, epoch, stream);

    if (m->fail_get)
        return m->fail_get;
    if (!c)
        return -ENOENT;
    *ret_seq = c->seq;
    return 0;
}

static int memory_cursor_move(void *arg, const char *agent, uint64_t epoch,
                              enum wire_stream stream, uint64_t from, uint64_t to)
{
    struct memory_store *m = arg;
    struct memory_cursor *c = memory_cursor(m, agent, epoch, stream);

    if (!m->open)
        abort();
    if (!c && from == 0 && m->now.cursor_count < 64) {
        c = &m->now.cursors[m->now.cursor_count++];
        snprintf(c->agent, sizeof(c->agent), "%s", agent);
        c->epoch = epoch;
        c->stream = stream;
        c->seq = 0;
    }
    if (!c || c->seq != from)
        return -ESTALE;
    c->seq = to;
    return 0;
}

static int memory_add(struct memory_store *m, const struct memory_row *row)
{
    if (!m->open)
        abort();
    if (m->fail_put)
        return m->fail_put;
    m->rows = xgrow(m->rows, m->now.row_count, &m->capacity, sizeof(*m->rows));
    m->rows[m->now.row_count++] = *row;
    return 0;
}

static struct memory_row memory_row_of(const struct intake_record *r)
{
    struct memory_row row = {
        .epoch = r->epoch, .seq = r->seq, .last = r->seq, .stream = r->stream};

    snprintf(row.agent, sizeof(row.agent), "%s", r->agent);
    snprintf(row.text, sizeof(row.text), "%.*s", (int)(r->len < 31 ? r->len : 31),
             (const char *)r->bytes);
    return row;
}

/* A document that begins with '?' cannot be read. */
static int memory_put_record(void *arg, const struct intake_record *record)
{
    struct memory_store *m = arg;
    struct memory_row row;

    if (record->len > 0 && record->bytes[0] == '?')
        return -EBADMSG;
    m->now.documents++;
    if (m->keep_nothing)
        return 0;
    row = memory_row_of(record);
    return memory_add(m, &row);
}

static int memory_put_rejected(void *arg, const struct intake_record *record,
                               const char *why)
{
    struct memory_row row = memory_row_of(record);

    (void)why;
    row.rejected = true;
    return memory_add(arg, &row);
}

static int memory_put_loss(void *arg, const struct intake_loss *loss)
{
    struct memory_row row = {.epoch = loss->epoch,
                             .seq = loss->first,
                             .last = loss->last,
                             .stream = loss->stream,
                             .why = loss->why};

    snprintf(row.agent, sizeof(row.agent), "%s", loss->agent);
    return memory_add(arg, &row);
}

static int memory_put_report(void *arg, const struct intake_report *report)
{
    struct memory_store *m = arg;

    if (!m->open)
        abort();
    m->last_state = report->state;
    m->reports++;
    return 0;
}

static int memory_put_notice(void *arg, const struct intake_notice *notice)
{
    struct memory_store *m = arg;

    if (!m->open)
        abort();
    if (m->notice_count < 32)
        m->notices[m->notice_count++] = *notice;
    return 0;
}

static inline void memory_store_init(struct memory_store *m)
{
    *m = (struct memory_store){.calls = {.arg = m,
                                         .agents_changed = memory_agents_changed,
                                         .agents_each = memory_agents_each,
                                         .agent_add = memory_agent_add,
                                         .agent_revoke = memory_agent_revoke,
                                         .begin = memory_begin,
                                         .commit = memory_commit,
                                         .rollback = memory_rollback,
                                         .cursor_get = memory_cursor_get,
                                         .cursor_move = memory_cursor_move,
                                         .put_record = memory_put_record,
                                         .put_rejected = memory_put_rejected,
                                         .put_loss = memory_put_loss,
                                         .put_report = memory_put_report,
                                         .put_notice = memory_put_notice}};
}

static inline void memory_store_done(struct memory_store *m)
{
    free(m->rows);
}

#endif
