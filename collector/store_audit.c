/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest id and hash stand in meta as "audit": writing a row begins by reading them
 * to be written, so two writers on PostgreSQL can't both go on from the same row.
 */
#include "collector/store_audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/store_sql.h"
#include "crypt.h"

#define HASH_LEN 32

static const struct shape_column columns[] = {
    COLUMN(store_audit, ID, id),      COLUMN(store_audit, TIME, at),
    COLUMN(store_audit, TEXT, who),   COLUMN(store_audit, TEXT, what),
    COLUMN(store_audit, TEXT, about), COLUMN(store_audit, JSON, detail),
    COLUMN(store_audit, TEXT, hash),
};
static const struct shape shape = SHAPE(store_audit, columns);

struct head {
    int64_t id;
    char hash[AUDIT_HASH_TEXT];
};

static void add_number(struct buffer *b, uint64_t number)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    buffer_add(b, bytes, sizeof(bytes));
}

/* With its length, so that no text can run into the next one. */
static void add_text(struct buffer *b, const char *text)
{
    add_number(b, strlen(text));
    buffer_text(b, text);
}

static void hash_row(const char *before, const struct store_audit *a,
                     char ret_hash[AUDIT_HASH_TEXT])
{
    auto_buffer struct buffer b = {0};
    uint8_t hash[HASH_LEN];

    add_text(&b, before);
    add_number(&b, (uint64_t)a->id);
    add_number(&b, a->at);
    add_text(&b, a->who);
    add_text(&b, a->what);
    add_text(&b, a->about);
    add_text(&b, a->detail);
    crypt_hash(NULL, b.at, b.len, hash, sizeof(hash));
    crypt_hex(hash, sizeof(hash), ret_hash);
}

/* The head before the first row is 0 and no hash. */
static int read_head(struct store *s, struct head *ret)
{
    auto_free char *text = NULL;
    char *hash;
    uint64_t id = 0;
    int rc = sql_text(s, &text,
                      "SELECT value FROM meta WHERE district = $1 AND name = $2 {lock}",
                      OUR, STR("audit"));

    *ret = (struct head){0};
    if (rc == -ENOENT)
        return 0;
    if (rc)
        return rc;
    hash = strchr(text, ' ');
    if (!hash || strlen(hash + 1) != AUDIT_HASH_TEXT - 1)
        return sql_spoil(s,
                         sql_answer(s, -EBADMSG, "the audit record has no valid head"));
    *hash++ = '\0';
    rc = text_parse_number(text, &id);
    ret->id = (int64_t)id;
    memcpy(ret->hash, hash, AUDIT_HASH_TEXT);
    return rc;
}

static int write_head(struct store *s, const struct head *h)
{
    char text[AUDIT_HASH_TEXT + 24];

    snprintf(text, sizeof(text), "%" PRId64 " %s", h->id, h->hash);
    return store_meta_put(s, "audit", text);
}

int store_audit_add(struct store *s, const char *who, const char *what, const char *about,
                    const char *detail)
{
    struct store_audit a = {
        .at = store_now(s), .who = who, .what = what, .about = about, .detail = detail};
    struct head h;
    char hash[AUDIT_HASH_TEXT];
    int rc = read_head(s, &h);

    if (rc)
        return rc;
    a.id = h.id + 1;
    hash_row(h.hash, &a, hash);
    rc = sql_do(s,
                "INSERT INTO audit (district, id, at, who, what, about, detail, hash)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                OUR, NUM(a.id), TIME(a.at), STR(who), STR(what), STR(about), STR(detail),
                STR(hash));
    if (rc)
        return rc;
    h.id = a.id;
    memcpy(h.hash, hash, sizeof(hash));
    return write_head(s, &h);
}

struct call {
    store_audit_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_audit_each(struct store *s, int64_t from, size_t limit, store_audit_fn *fn,
                     void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM audit WHERE district = $1 AND id >= $2"
                    " ORDER BY id LIMIT $3",
                    OUR, NUM(from), NUM(limit));
}

struct json *store_audit_json(const struct store_audit *a)
{
    return shape_json(&shape, a);
}

/* ---- verify ---- */

struct chain {
    struct store_audit_verdict *verdict;
    char hash[AUDIT_HASH_TEXT];
};

static void check_row(const void *row, void *arg)
{
    const struct store_audit *a = row;
    struct chain *c = arg;
    char hash[AUDIT_HASH_TEXT];

    if (c->verdict->broken)
        return;
    c->verdict->rows++;
    if (a->id != (int64_t)c->verdict->rows) {
        c->verdict->broken = (int64_t)c->verdict->rows;
        c->verdict->how = "this row has been taken out";
        return;
    }
    hash_row(c->hash, a, hash);
    if (strcmp(hash, a->hash) != 0) {
        c->verdict->broken = a->id;
        c->verdict->how = "this row, or the one before it, is not as it was written";
    }
    memcpy(c->hash, hash, sizeof(hash));
}

int store_audit_verify(struct store *s, struct store_audit_verdict *ret)
{
    struct chain c = {.verdict = ret};
    struct sql_each each = {&shape, check_row, &c};
    struct head h;
    int rc;

    *ret = (struct store_audit_verdict){.how = ""};
    rc = sql_rows(s, &each, "SELECT {*} FROM audit WHERE district = $1 ORDER BY id", OUR);
    if (rc == 0)
        rc = read_head(s, &h);
    if (rc)
        return rc;
    memcpy(ret->head, c.hash, sizeof(c.hash));
    if (ret->broken)
        return 0;
    if (h.id != (int64_t)ret->rows || strcmp(h.hash, c.hash) != 0) {
        ret->broken = (int64_t)ret->rows + 1;
        ret->how = "rows have been cut off at the end";
    }
    return 0;
}
