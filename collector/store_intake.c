/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store_intake.h"

#include <errno.h>
#include <stdlib.h>

#include "collector/alert_read.h"
#include "collector/store_agent.h"
#include "collector/store_evidence.h"
#include "collector/store_rule_week.h"
#include "crypt.h"
#include "json.h"
#include "mem.h"

struct store_intake {
    struct store *s;
    struct alert_reader *reader;
    uint64_t changes, agents_changes; /* when the allow-list was read last */
    const char *why;                  /* the alert that was refused last */
    struct intake_store functions;
};

/* ---- the allow-list ---- */

/* Most of the time nobody has committed anything, and that is cheap to see. */
static bool agents_changed(void *arg)
{
    struct store_intake *i = arg;
    uint64_t changes = store_changes(i->s);

    if (changes == i->changes)
        return false;
    i->changes = changes;
    return store_agents_changes(i->s) != i->agents_changes;
}

struct agent_call {
    intake_agent_fn *fn;
    void *arg;
};

static void give_agent(const struct store_agent *a, void *arg)
{
    const struct agent_call *call = arg;
    struct intake_agent agent = {.name = a->name,
                                 .key = a->public_key,
                                 .site = a->site,
                                 .added = a->added,
                                 .revoked = a->revoked};

    call->fn(&agent, call->arg);
}

static int agents_each(void *arg, intake_agent_fn *fn, void *fn_arg)
{
    struct store_intake *i = arg;
    struct agent_call call = {fn, fn_arg};

    i->changes = store_changes(i->s);
    i->agents_changes = store_agents_changes(i->s);
    return store_agent_each(i->s, give_agent, &call);
}

/* `hallwatch agents` asks outside of a transaction. */
static int finish(struct store *s, bool own, int rc)
{
    if (!own)
        return rc;
    if (rc == 0)
        return store_commit(s);
    store_rollback(s);
    return rc;
}

static int agent_add(void *arg, const struct intake_agent *a)
{
    struct store *s = ((struct store_intake *)arg)->s;
    bool own = !store_in_transaction(s);
    int rc = own ? store_begin(s) : 0;

    if (rc == 0)
        rc = finish(s, own, store_agent_add(s, a->name, a->site, a->key));
    return rc;
}

static int agent_revoke(void *arg, const char *name, usec_t now)
{
    struct store *s = ((struct store_intake *)arg)->s;
    bool own = !store_in_transaction(s);
    int rc = own ? store_begin(s) : 0;

    (void)now; /* the store's clock decides, as for everything that it dates */
    if (rc == 0)
        rc = finish(s, own, store_agent_revoke(s, name));
    return rc;
}

/* ---- transactions and cursors ---- */

static int begin(void *arg)
{
    return store_begin(((struct store_intake *)arg)->s);
}

static int commit(void *arg)
{
    return store_commit(((struct store_intake *)arg)->s);
}

static void rollback(void *arg)
{
    store_rollback(((struct store_intake *)arg)->s);
}

static int cursor_get(void *arg, const char *agent, uint64_t epoch,
                      enum wire_stream stream, uint64_t *ret_seq)
{
    return store_cursor_get(((struct store_intake *)arg)->s, agent, epoch, stream,
                            ret_seq);
}

static int cursor_move(void *arg, const char *agent, uint64_t epoch,
                       enum wire_stream stream, uint64_t from, uint64_t to)
{
    return store_cursor_move(((struct store_intake *)arg)->s, agent, epoch, stream, from,
                             to);
}

/* ---- what agents send ---- */

static int put_alert(struct store_intake *i, const struct intake_record *r)
{
    struct text document = {.at = (const char *)r->bytes, .len = r->len};
    struct store_alert a;
    int rc = alert_read(i->reader, document, &a, &i->why);

    if (rc)
        return rc;
    a.agent = r->agent;
    a.epoch = r->epoch;
    a.seq = r->seq;
    a.arrived = r->arrived;
    rc = store_alert_put(i->s, &a);
    if (rc == -EEXIST) /* stored is stored */
        return 0;
    return rc ? rc : store_evidence_expect(i->s, a.agent, a.epoch, a.seq, a.document);
}

static int put_health(struct store_intake *i, const struct intake_record *r)
{
    auto_json struct json *value = json_parse((const char *)r->bytes, r->len, NULL);
    auto_free char *text = NULL;
    int rc;

    if (!json_is_object(value))
        return -EBADMSG;
    text = json_write(value);
    rc = store_agent_health(i->s, r->agent, text);
    if (rc == 0)
        rc = store_rule_week_add(i->s, r->agent, value);
    return rc;
}

static struct store_place place_of(const struct intake_record *r)
{
    return (struct store_place){
        .agent = r->agent, .epoch = r->epoch, .stream = r->stream, .seq = r->seq};
}

static int put_record(void *arg, const struct intake_record *r)
{
    struct store_intake *i = arg;
    struct store_place place = place_of(r);

    switch (r->stream) {
    case WIRE_ALERTS:
        return put_alert(i, r);
    case WIRE_HEALTH:
        return put_health(i, r);
    case WIRE_EVIDENCE:
        return store_evidence_put(i->s, r->agent, (const char *)r->bytes, r->len);
    default:
        return store_record_put(i->s, &place, r->bytes, r->len);
    }
}

static int put_rejected(void *arg, const struct intake_record *r, const char *why)
{
    struct store_intake *i = arg;
    struct store_place place = place_of(r);

    if (i->why)
        why = i->why;
    i->why = NULL;
    return store_rejected_put(i->s, &place, why, r->bytes, r->len);
}

static const char *const losses[] = {
    [WIRE_LOSS_QUOTA] = "quota",         [WIRE_LOSS_FULL] = "full",
    [WIRE_LOSS_DAMAGED] = "damaged",     [WIRE_LOSS_LONG] = "too long",
    [WIRE_LOSS_FORGOTTEN] = "forgotten",
};

static int put_loss(void *arg, const struct intake_loss *l)
{
    struct store_intake *i = arg;
    struct store_place place = {
        .agent = l->agent, .epoch = l->epoch, .stream = l->stream, .seq = l->first};
    bool known = l->why >= WIRE_LOSS_QUOTA && l->why <= WIRE_LOSS_FORGOTTEN;

    return store_loss_put(i->s, &place, l->last, known ? losses[l->why] : "unknown");
}

static int put_report(void *arg, const struct intake_report *r)
{
    static const enum agent_state states[] = {[INTAKE_UP] = AGENT_UP,
                                              [INTAKE_LATE] = AGENT_LATE,
                                              [INTAKE_SILENT] = AGENT_SILENT};
    struct store_intake *i = arg;
    char boot[2 * WIRE_BOOT + 1];

    crypt_hex(r->boot, WIRE_BOOT, boot);
    return store_agent_report(i->s, &(struct store_agent){.name = r->agent,
                                                          .state = states[r->state],
                                                          .heard = r->heard,
                                                          .skew = r->skew,
                                                          .address = r->from,
                                                          .boot = boot,
                                                          .version = r->version,
                                                          .bundle = r->bundle});
}

static int put_notice(void *arg, const struct intake_notice *n)
{
    static const enum notice_kind kinds[] = {[INTAKE_NOTICE_SILENT] = NOTICE_SILENT,
                                             [INTAKE_NOTICE_BACK] = NOTICE_BACK,
                                             [INTAKE_NOTICE_EPOCH] = NOTICE_EPOCH,
                                             [INTAKE_NOTICE_COPY] = NOTICE_COPY};
    struct store_intake *i = arg;

    return store_notice_put(i->s, &(struct store_notice){.agent = n->agent,
                                                         .kind = kinds[n->kind],
                                                         .epoch = n->epoch,
                                                         .at = n->time});
}

/* ---- as the intake sees it ---- */

struct store_intake *store_intake_new(struct store *s)
{
    struct store_intake *i = xcalloc(1, sizeof(*i));

    i->s = s;
    i->reader = alert_reader_new();
    i->changes = UINT64_MAX;
    i->agents_changes = UINT64_MAX;
    i->functions = (struct intake_store){.arg = i,
                                         .agents_changed = agents_changed,
                                         .agents_each = agents_each,
                                         .agent_add = agent_add,
                                         .agent_revoke = agent_revoke,
                                         .begin = begin,
                                         .commit = commit,
                                         .rollback = rollback,
                                         .cursor_get = cursor_get,
                                         .cursor_move = cursor_move,
                                         .put_record = put_record,
                                         .put_rejected = put_rejected,
                                         .put_loss = put_loss,
                                         .put_report = put_report,
                                         .put_notice = put_notice};
    return i;
}

void store_intake_free(struct store_intake *i)
{
    if (!i)
        return;
    alert_reader_free(i->reader);
    free(i);
}

const struct intake_store *store_intake_functions(const struct store_intake *i)
{
    return &i->functions;
}
