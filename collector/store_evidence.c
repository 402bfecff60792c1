/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_evidence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/incident.h"
#include "collector/store_custody.h"
#include "collector/store_sql.h"
#include "json.h"
#include "mem.h"

#define NAME_LEN    32
#define SEALED_MAX  (128u << 10)
#define CUSTODY_MAX 4096u /* rows stay, so they are small */

static const char *const asked_words[] = {"no",         "waiting", "taken", "refused",
                                          "unanswered", "lost",    "done"};
const struct names names_evidence_asked = {"state of what was asked for", asked_words,
                                           sizeof(asked_words) / sizeof(asked_words[0])};

static const struct shape_column columns[] = {
    COLUMN(store_evidence, ID, id),
    COLUMN(store_evidence, TEXT, agent),
    COLUMN(store_evidence, TEXT, name),
    COLUMN(store_evidence, COUNT, parts),
    COLUMN(store_evidence, COUNT, have),
    COLUMN(store_evidence, COUNT, bytes),
    COLUMN(store_evidence, JSON, custody),
    COLUMN(store_evidence, TIME, arrived),
    COLUMN(store_evidence, ID, alert),
    COLUMN(store_evidence, TIME, expired),
    COLUMN(store_evidence, TIME, held),
    COLUMN_NAME(store_evidence, asked, names_evidence_asked),
};
static const struct shape shape = SHAPE(store_evidence, columns);

struct call {
    store_evidence_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

/* ---- what agents send ---- */

static bool is_name(const char *text)
{
    return strlen(text) == NAME_LEN && strspn(text, "0123456789abcdef") == NAME_LEN;
}

static bool is_base64(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                             "0123456789+/=_-")] == '\0';
}

struct part {
    const char *name, *sealed;
    int64_t part, parts;
    char *custody; /* NULL: it is not the first */
};

/* False: it is none. */
static bool read_part(const struct json *document, struct part *p)
{
    const struct json *e = json_get_path(document, "hallwatch.evidence");
    const struct json *custody = e ? json_get(e, "custody") : NULL;

    if (!e)
        return false;
    p->name = json_get_text(e, "id", "");
    p->sealed = json_get_text(e, "sealed", "");
    p->part = json_get_number(e, "part", 0);
    p->parts = json_get_number(e, "parts", 0);
    if (!is_name(p->name) || p->parts < 1 || p->parts > STORE_EVIDENCE_PARTS ||
        p->part < 1 || p->part > p->parts || strlen(p->sealed) > SEALED_MAX ||
        !is_base64(p->sealed) || json_is_object(custody) != (p->part == 1))
        return false;
    p->custody = p->part == 1 ? json_write(custody) : NULL;
    if (!p->custody || strlen(p->custody) <= CUSTODY_MAX)
        return true;
    free(take(p->custody));
    return false;
}

/* Makes the row if it is not there. */
static int touch(struct store *s, const char *agent, const char *name, int64_t *ret_id)
{
    int rc = sql_do(s,
                    "INSERT INTO evidence (district, agent, name, arrived)"
                    " VALUES ($1, $2, $3, $4)"
                    " ON CONFLICT (district, agent, name) DO NOTHING",
                    OUR, STR(agent), STR(name), TIME(store_now(s)));

    return rc ? rc
              : sql_number(s, ret_id,
                           "SELECT id FROM evidence"
                           " WHERE district = $1 AND agent = $2 AND name = $3",
                           OUR, STR(agent), STR(name));
}

static int keep_part(struct store *s, int64_t id, const struct part *p)
{
    int rc = sql_do(s,
                    "INSERT INTO evidence_parts (district, evidence, part, sealed)"
                    " VALUES ($1, $2, $3, $4)"
                    " ON CONFLICT (district, evidence, part) DO NOTHING",
                    OUR, NUM(id), NUM(p->part), STR(p->sealed));

    if (rc || sql_changed(s) == 0)
        return rc;
    rc = sql_do(s,
                "UPDATE evidence SET have = have + 1, bytes = bytes + $1, parts = $2"
                " WHERE district = $3 AND id = $4",
                NUM(strlen(p->sealed)), NUM(p->parts), OUR, NUM(id));
    if (rc == 0 && p->custody)
        rc = sql_do(s, "UPDATE evidence SET custody = $1 WHERE district = $2 AND id = $3",
                    STR(p->custody), OUR, NUM(id));
    return rc;
}

static bool is_same_seal(const char *custody, const char *other)
{
    auto_json struct json *a = json_parse(custody, strlen(custody), NULL);
    auto_json struct json *b = json_parse(other, strlen(other), NULL);

    return a && b &&
           strcmp(json_get_text(a, "sealed_sha256", ""),
                  json_get_text(b, "sealed_sha256", "")) == 0;
}

static int drop_parts(struct store *s, int64_t id)
{
    return sql_do(s, "DELETE FROM evidence_parts WHERE district = $1 AND evidence = $2",
                  OUR, NUM(id));
}

/* A first part of another seal, while this one is not whole: the agent was killed, and
 * sealed its frames again. Parts of two seals are never put together. */
static int begin_anew(struct store *s, const struct store_evidence *e,
                      const struct part *p)
{
    int rc;

    if (!p->custody || !e->custody[0] || e->have >= e->parts ||
        is_same_seal(e->custody, p->custody))
        return 0;
    rc = drop_parts(s, e->id);
    return rc ? rc
              : sql_do(s,
                       "UPDATE evidence SET have = 0, bytes = 0, custody = ''"
                       " WHERE district = $1 AND id = $2",
                       OUR, NUM(e->id));
}

static int tell_whole(struct store *s, int64_t id)
{
    struct store_evidence e = {0};
    int rc = store_evidence_get(s, id, &e);

    if (rc == 0 && e.have == e.parts)
        rc = store_custody_add(s, id, e.agent, "stored",
                               "all of it came from the agent, sealed");
    if (rc == 0 && e.have == e.parts && e.asked != ASKED_NOT)
        rc = sql_do(s, "UPDATE evidence SET asked = $1 WHERE district = $2 AND id = $3",
                    NUM(ASKED_DONE), OUR, NUM(id));
    store_evidence_done(&e);
    return rc;
}

static int take_part(struct store *s, int64_t id, const struct part *p)
{
    struct store_evidence e = {0};
    int rc = store_evidence_get(s, id, &e);

    if (rc == 0 && !e.expired && (e.have == 0 || e.have < e.parts)) {
        rc = begin_anew(s, &e, p);
        if (rc == 0)
            rc = keep_part(s, id, p);
        if (rc == 0)
            rc = tell_whole(s, id);
    }
    store_evidence_done(&e);
    return rc;
}

int store_evidence_put(struct store *s, const char *agent, const char *bytes, size_t len)
{
    auto_json struct json *document = json_parse(bytes, len, NULL);
    struct part p = {0};
    int64_t id = 0;
    int rc;

    if (!json_is_object(document) || !read_part(document, &p))
        return -EBADMSG;
    rc = touch(s, agent, p.name, &id);
    if (rc == 0)
        rc = take_part(s, id, &p);
    free(p.custody);
    return rc;
}

int store_evidence_expect(struct store *s, const char *agent, uint64_t epoch,
                          uint64_t seq, const char *text)
{
    auto_json struct json *document =
        strstr(text, "\"evidence\"") ? json_parse(text, strlen(text), NULL) : NULL;
    const char *name =
        json_text(document ? json_get_path(document, "hallwatch.evidence.id") : NULL, "");
    int64_t id = 0, alert = 0;
    int rc;

    if (!is_name(name))
        return 0;
    rc = sql_number(s, &alert,
                    "SELECT id FROM alerts WHERE district = $1 AND agent = $2"
                    " AND epoch = $3 AND seq = $4",
                    OUR, STR(agent), NUM(epoch), NUM(seq));
    if (rc == 0)
        rc = touch(s, agent, name, &id);
    return rc ? rc
              : sql_do(s,
                       "UPDATE evidence SET alert = $1"
                       " WHERE district = $2 AND id = $3 AND alert IS NULL",
                       NUM(alert), OUR, NUM(id));
}

/* ---- what goes ---- */

#define NOT_OF_AN_OPEN_INCIDENT                                \
    " AND NOT EXISTS (SELECT 1 FROM alerts a JOIN incidents i" \
    "  ON i.district = a.district AND i.id = a.incident"       \
    "  WHERE a.district = evidence.district AND a.id = evidence.alert AND i.state <> $4)"

static int drop(struct store *s, int64_t id, const char *why)
{
    int rc = drop_parts(s, id);

    if (rc == 0)
        rc = sql_do(s,
                    "UPDATE evidence SET expired = $1, have = 0, bytes = 0, held = 0"
                    " WHERE district = $2 AND id = $3",
                    TIME(store_now(s)), OUR, NUM(id));
    return rc ? rc : store_custody_tell(s, id, "collector", "expired", why);
}

/* Of what may go: what is held must not push out all that comes after it. */
static int total(struct store *s, int64_t *ret_bytes)
{
    return sql_number(s, ret_bytes,
                      "SELECT COALESCE(SUM(bytes), 0) FROM evidence WHERE district = $1"
                      " AND arrived < $2 AND expired = 0 AND have > 0"
                      " AND held <= $3" NOT_OF_AN_OPEN_INCIDENT,
                      OUR, TIME(store_now(s)), TIME(store_now(s)), NUM(INCIDENT_CLOSED));
}

/* The oldest of what may go: their rows are read once, then they are dropped. */
struct going {
    int64_t *ids;
    uint64_t *bytes;
    usec_t *arrived;
    size_t count, most;
};

static void add_going(const struct store_evidence *e, void *arg)
{
    struct going *g = arg;

    g->ids[g->count] = e->id;
    g->bytes[g->count] = e->bytes;
    g->arrived[g->count++] = e->arrived;
}

static int read_going(struct store *s, struct going *g)
{
    struct call call = {add_going, g};
    struct sql_each each = {&shape, give, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM evidence WHERE district = $1 AND arrived < $2"
                    " AND expired = 0 AND have > 0 AND held <= $3" NOT_OF_AN_OPEN_INCIDENT
                    " ORDER BY arrived, id LIMIT $5",
                    OUR, TIME(store_now(s)), TIME(store_now(s)), NUM(INCIDENT_CLOSED),
                    NUM(g->most));
}

/* Why this one goes; NULL: it stays, and so do all that came after it. */
static char *why_it_goes(const struct store_evidence_keep *k, usec_t now, usec_t arrived,
                         int64_t kept)
{
    if (k->keep && now > k->keep && arrived < now - k->keep)
        return xasprintf("deleted: evidence is kept for %" PRIu64 " days",
                         (uint64_t)(k->keep / USEC_PER_DAY));
    if (kept > 0 && (uint64_t)kept > k->room)
        return xasprintf("deleted to make room: more than %" PRIu64
                         " bytes were kept, and it was the oldest",
                         k->room);
    return NULL;
}

static int drop_going(struct store *s, const struct store_evidence_keep *k,
                      const struct going *g, size_t *ret_count)
{
    int64_t kept = 0;
    int rc = total(s, &kept);
    size_t i = 0;

    for (; rc == 0 && i < g->count; i++) {
        auto_free char *why = why_it_goes(k, store_now(s), g->arrived[i], kept);

        if (!why)
            break;
        rc = drop(s, g->ids[i], why);
        kept -= (int64_t)g->bytes[i];
    }
    *ret_count = i;
    return rc;
}

int store_evidence_expire(struct store *s, const struct store_evidence_keep *k,
                          size_t most, size_t *ret_count)
{
    auto_free int64_t *ids = xcalloc(most, sizeof(*ids));
    auto_free uint64_t *bytes = xcalloc(most, sizeof(*bytes));
    auto_free usec_t *arrived = xcalloc(most, sizeof(*arrived));
    struct going g = {.ids = ids, .bytes = bytes, .arrived = arrived, .most = most};
    int rc = read_going(s, &g);

    return rc ? rc : drop_going(s, k, &g, ret_count);
}

/* ---- holds ---- */

/* It is there to be held or released, for a reason. */
static int check_hold(struct store *s, int64_t id, const char *why, bool release)
{
    struct store_evidence e = {0};
    int rc = store_evidence_get(s, id, &e);

    if (rc == 0 && (!why || why[0] == '\0'))
        rc = sql_answer(s, -EINVAL, "a hold, and its end, needs a reason");
    else if (rc == 0 && e.expired)
        rc = sql_answer(s, -ESTALE,
                        "evidence %" PRId64 " has expired: only its custody record is "
                        "left",
                        id);
    else if (rc == 0 && release && e.held <= store_now(s))
        rc = sql_answer(s, -ESTALE, "nobody holds evidence %" PRId64, id);
    store_evidence_done(&e);
    return rc;
}

static int set_held(struct store *s, int64_t id, usec_t until)
{
    return sql_do(s, "UPDATE evidence SET held = $1 WHERE district = $2 AND id = $3",
                  TIME(until), OUR, NUM(id));
}

int store_evidence_hold(struct store *s, int64_t id, const char *who, const char *why,
                        usec_t until)
{
    usec_t now = store_now(s);
    auto_free char *words = NULL;
    char end[CLOCK_TEXT];
    int rc = check_hold(s, id, why, false);

    if (rc == 0 && (until <= now || until - now > STORE_EVIDENCE_HOLD_MAX))
        rc = sql_answer(s, -EINVAL, "a hold ends within 400 days; it can be made anew");
    if (rc)
        return rc;
    clock_print(until, end);
    words = xasprintf("until %.10s: %s", end, why);
    rc = set_held(s, id, until);
    return rc ? rc : store_custody_tell(s, id, who, "held", words);
}

int store_evidence_release(struct store *s, int64_t id, const char *who, const char *why)
{
    int rc = check_hold(s, id, why, true);

    if (rc == 0)
        rc = set_held(s, id, 0);
    return rc ? rc : store_custody_tell(s, id, who, "released", why);
}

int store_evidence_held(struct store *s, struct store_evidence_held *ret_held)
{
    int64_t count = 0, bytes = 0;
    int rc = sql_number(s, &count,
                        "SELECT count(*) FROM evidence WHERE district = $1 AND held > $2"
                        " AND have > 0",
                        OUR, TIME(store_now(s)));

    if (rc == 0)
        rc = sql_number(s, &bytes,
                        "SELECT COALESCE(SUM(bytes), 0) FROM evidence WHERE district = $1"
                        " AND held > $2 AND have > 0",
                        OUR, TIME(store_now(s)));
    *ret_held = (struct store_evidence_held){(uint64_t)count, (uint64_t)bytes};
    return rc;
}

/* ---- looking ---- */

static void choose(struct store *s, struct query *q,
                   const struct store_evidence_filter *f)
{
    if (f->before)
        query_add(q, " AND id < ", NUM(f->before));
    if (f->incident) {
        query_add(q, " AND alert IN (SELECT id FROM alerts WHERE district = ", OUR);
        query_add(q, " AND incident = ", NUM(f->incident));
        query_any_of(q, "owner", f->owners);
        query_text(q, ")");
    } else if (f->owners) {
        query_text(q, " AND EXISTS (SELECT 1 FROM alerts a"
                      " WHERE a.district = evidence.district AND a.id = evidence.alert");
        query_any_of(q, "a.owner", f->owners);
        query_text(q, ")");
    }
}

int store_evidence_each(struct store *s, const struct store_evidence_filter *f,
                        store_evidence_fn *fn, void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};
    struct query q;

    query_begin(&q, "SELECT {*} FROM evidence WHERE district = ", OUR);
    choose(s, &q, f);
    query_add(&q, " ORDER BY id DESC LIMIT ", NUM(f->limit));
    return query_each(s, &q, &each);
}

int store_evidence_get(struct store *s, int64_t id, struct store_evidence *ret_evidence)
{
    return sql_row(s, &shape, ret_evidence,
                   "SELECT {*} FROM evidence WHERE district = $1 AND id = $2", OUR,
                   NUM(id));
}

void store_evidence_done(struct store_evidence *e)
{
    shape_done(&shape, e);
}

struct json *store_evidence_json(const struct store_evidence *e)
{
    return shape_json(&shape, e);
}

int store_evidence_sealed(struct store *s, const struct store_evidence *e,
                          char **ret_sealed)
{
    auto_buffer struct buffer all = {0};

    if (e->have == 0 || e->have < e->parts)
        return sql_answer(s, -ENOENT, "%" PRIu64 " of %" PRIu64 " parts are here",
                          e->have, e->parts);
    for (uint64_t part = 1; part <= e->parts; part++) {
        auto_free char *sealed = NULL;
        int rc = sql_text(s, &sealed,
                          "SELECT sealed FROM evidence_parts WHERE district = $1"
                          " AND evidence = $2 AND part = $3",
                          OUR, NUM(e->id), NUM(part));

        if (rc)
            return rc;
        buffer_text(&all, sealed);
    }
    *ret_sealed = buffer_take(&all);
    return 0;
}
