/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_ask.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_alert.h"
#include "collector/store_custody.h"
#include "collector/store_freeze.h"
#include "collector/store_incident.h"
#include "collector/store_sql.h"
#include "crypt.h"
#include "mem.h"
#include "net.h"
#include "wire_frame.h"

#define ALERTS_LOOKED_AT 1000
#define LEAST            (4u << 10) /* bytes of a file */
#define SNAPLEN_MAX      2048
#define OVERDUE          USEC_PER_DAY

static const struct shape_column columns[] = {
    COLUMN(store_ask, ID, id),         COLUMN(store_ask, ID, evidence),
    COLUMN(store_ask, ID, incident),   COLUMN(store_ask, TEXT, agent),
    COLUMN(store_ask, TEXT, name),     COLUMN(store_ask, TEXT, who),
    COLUMN(store_ask, TEXT, why),      COLUMN(store_ask, TEXT, device),
    COLUMN(store_ask, COUNT, before),  COLUMN(store_ask, COUNT, length),
    COLUMN(store_ask, COUNT, snaplen), COLUMN(store_ask, COUNT, most),
    COLUMN(store_ask, TIME, made),     COLUMN(store_ask, TIME, until),
    COLUMN(store_ask, TIME, answered),
};
static const struct shape shape = SHAPE(store_ask, columns);

/* ---- whom ---- */

/* NULL: the alert shows none, or only a pseudonym. */
static char *shown_device(const struct store_alert *a)
{
    auto_json struct json *o = json_parse(a->document, strlen(a->document), NULL);
    const char *ip = json_text(o ? json_get_path(o, "hallwatch.device.ip") : NULL, "");
    struct addr addr;

    if (!o || json_get_path(o, "hallwatch.device.pseudonym"))
        return NULL;
    if (!*ip) /* of ARP, DHCP and such: the machine that spoke */
        ip = json_get_text(o, "src_ip", "");
    return addr_parse(ip, &addr) == 0 ? xstrdup(ip) : NULL;
}

static bool same_device(const char *a, const char *b)
{
    struct addr x, y;

    return addr_parse(a, &x) == 0 && addr_parse(b, &y) == 0 && addr_equal(&x, &y);
}

struct search {
    const char *wanted; /* NULL: any */
    struct store_ask_target *found;
    bool several;
};

static void look_at(const struct store_alert *a, void *arg)
{
    struct search *search = arg;
    struct store_ask_target *t = search->found;
    auto_free char *device = shown_device(a);

    if (!device || strcmp(a->agent, STORE_FREEZE_AGENT) == 0)
        return;
    if (search->wanted && !same_device(search->wanted, device))
        return;
    if (t->device) {
        search->several |= !same_device(t->device, device);
        return;
    }
    *t = (struct store_ask_target){.alert = a->id,
                                   .owner = a->owner,
                                   .agent = xstrdup(a->agent),
                                   .device = take(device)};
}

static int find_target(struct store *s, int64_t incident, const char *device,
                       struct store_ask_target *ret)
{
    const struct store_alert_filter of_it = {.incident = incident,
                                             .limit = ALERTS_LOOKED_AT};
    struct search search = {.wanted = device, .found = ret};
    int rc = store_alert_each(s, &of_it, look_at, &search);

    if (rc)
        return rc;
    if (!ret->device && device)
        return sql_answer(s, -EINVAL,
                          "no alert of incident %" PRId64 " shows the device %s: nobody "
                          "else can be asked for",
                          incident, device);
    if (!ret->device)
        return sql_answer(s, -EINVAL,
                          "no alert of incident %" PRId64
                          " shows a device: of whom there "
                          "is only a pseudonym, or nothing, no frames are asked for",
                          incident);
    if (search.several)
        return sql_answer(s, -EINVAL,
                          "alerts of incident %" PRId64
                          " show several devices: say which "
                          "with its address",
                          incident);
    return 0;
}

int store_ask_target(struct store *s, int64_t incident, const char *device,
                     struct store_ask_target *ret_target)
{
    struct store_ask_target t = {0};
    struct store_incident i;
    int rc = store_incident_get(s, incident, &i);
    bool closed;

    if (rc)
        return rc;
    closed = i.state == INCIDENT_CLOSED;
    store_incident_done(&i);
    if (closed)
        return sql_answer(s, -EPERM,
                          "incident %" PRId64 " is closed: there is no purpose any more",
                          incident);
    rc = find_target(s, incident, device, &t);
    if (rc)
        store_ask_target_done(&t);
    else
        *ret_target = t;
    return rc;
}

void store_ask_target_done(struct store_ask_target *t)
{
    free(take(t->agent));
    free(take(t->device));
}

/* ---- asking ---- */

static const char *what_is_wrong(const struct store_ask *a, usec_t now)
{
    if (!a->why || !a->why[0])
        return "frames are asked for with a purpose, or not at all";
    if (a->length < USEC_PER_SEC || a->length > WIRE_EVIDENCE_LENGTH)
        return "a capture lasts from a second to an hour";
    if (a->before > WIRE_EVIDENCE_BEFORE)
        return "an agent remembers a minute of frames at most";
    if (a->most < LEAST || a->most > WIRE_EVIDENCE_MAX)
        return "a capture file has from 4 KiB to 4 MiB";
    if (a->snaplen > SNAPLEN_MAX)
        return "at most 2048 bytes of a frame are kept";
    if (a->until <= now || a->until - now > STORE_ASK_WAIT)
        return "an agent is waited for a week at most";
    return NULL;
}

/* Without the device: not everybody who may know of it sees that. */
static char *in_words(const struct store_ask *a, const struct store_ask_target *t)
{
    char length[CLOCK_TEXT], before[CLOCK_TEXT], until[CLOCK_TEXT];

    clock_print_duration(a->length, length);
    clock_print_duration(a->before, before);
    clock_print(a->until, until);
    return xasprintf("%s (of agent %s, for incident %" PRId64 ": %s before and %s from "
                     "then on, %s, %" PRIu64 " bytes at most; waits until %.16s UTC)",
                     a->why, t->agent, a->incident, before, length,
                     a->snaplen ? "with payload" : "headers", a->most, until);
}

static int put_evidence(struct store *s, const struct store_ask_target *t,
                        const char *name, int64_t *ret_id)
{
    return sql_new(s, ret_id,
                   "INSERT INTO evidence (district, agent, name, arrived, alert, asked)"
                   " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                   OUR, STR(t->agent), STR(name), TIME(store_now(s)), NUM(t->alert),
                   NUM(ASKED_WAITING));
}

static int put_ask(struct store *s, const struct store_ask *a,
                   const struct store_ask_target *t, const char *name, int64_t evidence)
{
    return sql_do(s,
                  "INSERT INTO evidence_asks (district, evidence, incident, agent, name,"
                  " who, why, device, before, length, snaplen, most, made, until)"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                  OUR, NUM(evidence), NUM(a->incident), STR(t->agent), STR(name),
                  STR(a->who), STR(a->why), STR(t->device), NUM(a->before),
                  NUM(a->length), NUM(a->snaplen), NUM(a->most), TIME(store_now(s)),
                  TIME(a->until));
}

static int check(struct store *s, const struct store_ask *a,
                 const struct store_ask_target *t)
{
    const char *wrong = what_is_wrong(a, store_now(s));
    int64_t open = 0, known = 0;
    int rc;

    if (wrong)
        return sql_answer(s, -EINVAL, "%s", wrong);
    rc = sql_number(s, &known,
                    "SELECT count(*) FROM agents WHERE district = $1 AND name = $2"
                    " AND revoked = 0",
                    OUR, STR(t->agent));
    if (rc == 0)
        rc = sql_number(s, &open,
                        "SELECT count(*) FROM evidence WHERE district = $1"
                        " AND asked IN (1, 2)",
                        OUR);
    if (rc == 0 && known == 0)
        return sql_answer(s, -EINVAL, "the agent %s is not allowed any more", t->agent);
    if (rc == 0 && open >= STORE_ASK_OPEN)
        return sql_answer(s, -EBUSY,
                          "%d captures are waited for already: `hallwatch evidence list` "
                          "shows them",
                          STORE_ASK_OPEN);
    return rc;
}

int store_ask_put(struct store *s, const struct store_ask *a,
                  const struct store_ask_target *t, int64_t *ret_id)
{
    auto_free char *words = NULL;
    uint8_t bytes[WIRE_EVIDENCE_ID];
    char name[2 * WIRE_EVIDENCE_ID + 1];
    int64_t id = 0;
    int rc = check(s, a, t);

    if (rc)
        return rc;
    crypt_random(bytes, sizeof(bytes));
    crypt_hex(bytes, sizeof(bytes), name);
    words = in_words(a, t);
    rc = put_evidence(s, t, name, &id);
    if (rc == 0)
        rc = put_ask(s, a, t, name, id);
    if (rc == 0)
        rc = store_custody_tell(s, id, a->who, "asked", words);
    if (rc == 0)
        rc = store_freeze_cover(s, a->incident, id);
    if (rc == 0)
        *ret_id = id;
    return rc;
}

/* ---- what becomes of it ---- */

struct call {
    store_ask_fn *fn;
    void *arg;
};

static void give(const void *row, void *arg)
{
    const struct call *call = arg;

    call->fn(row, call->arg);
}

int store_ask_each(struct store *s, enum evidence_asked state, store_ask_fn *fn,
                   void *arg)
{
    struct call call = {fn, arg};
    struct sql_each each = {&shape, give, &call};

    return sql_rows(s, &each,
                    "SELECT {*} FROM evidence_asks WHERE district = $1 AND evidence IN"
                    " (SELECT id FROM evidence WHERE district = $2 AND asked = $3)"
                    " ORDER BY id",
                    OUR, OUR, NUM(state));
}

static int move(struct store *s, int64_t evidence, enum evidence_asked to,
                const char *who, const char *why)
{
    int rc = sql_do(s, "UPDATE evidence SET asked = $1 WHERE district = $2 AND id = $3",
                    NUM(to), OUR, NUM(evidence));

    if (rc == 0)
        rc = sql_do(s,
                    "UPDATE evidence_asks SET answered = $1"
                    " WHERE district = $2 AND evidence = $3",
                    TIME(store_now(s)), OUR, NUM(evidence));
    return rc ? rc
              : store_custody_tell(s, evidence, who, names_get(&names_evidence_asked, to),
                                   why);
}

static const struct {
    enum evidence_asked from, to;
} answers[] = {
    [STORE_ASK_TAKEN] = {ASKED_WAITING, ASKED_TAKEN},
    [STORE_ASK_REFUSED] = {ASKED_WAITING, ASKED_REFUSED},
    [STORE_ASK_UNKNOWN] = {ASKED_TAKEN, ASKED_LOST},
};

int store_ask_answer(struct store *s, const char *agent, const char *name,
                     enum store_ask_said said, const char *why)
{
    int64_t id = 0;
    int rc = sql_number(s, &id,
                        "SELECT id FROM evidence WHERE district = $1 AND agent = $2"
                        " AND name = $3 AND asked = $4",
                        OUR, STR(agent), STR(name), NUM(answers[said].from));

    if (rc == -ENOENT)
        return 0;
    return rc ? rc : move(s, id, answers[said].to, agent, why);
}

struct over {
    int64_t ids[STORE_ASK_OPEN];
    size_t count;
    usec_t now;
};

static void add_over(struct over *o, int64_t id)
{
    if (o->count < STORE_ASK_OPEN)
        o->ids[o->count++] = id;
}

static void was_waited_for(const struct store_ask *a, void *arg)
{
    struct over *o = arg;

    if (a->until <= o->now)
        add_over(o, a->evidence);
}

static void is_overdue(const struct store_ask *a, void *arg)
{
    struct over *o = arg;

    if (a->answered + a->length + OVERDUE <= o->now)
        add_over(o, a->evidence);
}

static int end(struct store *s, enum evidence_asked from, store_ask_fn *over,
               enum evidence_asked to, const char *why)
{
    struct over o = {.now = store_now(s)};
    int rc = store_ask_each(s, from, over, &o);

    for (size_t i = 0; rc == 0 && i < o.count; i++)
        rc = move(s, o.ids[i], to, "collector", why);
    return rc;
}

int store_ask_end_waits(struct store *s)
{
    int rc = end(s, ASKED_WAITING, was_waited_for, ASKED_UNANSWERED,
                 "the agent was not reached in the time that it was waited for");

    return rc ? rc
              : end(s, ASKED_TAKEN, is_overdue, ASKED_LOST,
                    "nothing came of it in the day after it should have ended");
}

/* ---- looking ---- */

int store_ask_get(struct store *s, int64_t evidence, struct store_ask *ret_ask)
{
    return sql_row(s, &shape, ret_ask,
                   "SELECT {*} FROM evidence_asks WHERE district = $1 AND evidence = $2",
                   OUR, NUM(evidence));
}

void store_ask_done(struct store_ask *a)
{
    shape_done(&shape, a);
}

struct json *store_ask_json(const struct store_ask *a)
{
    return shape_json(&shape, a);
}
