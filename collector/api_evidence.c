/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence: what there is and what happened to it, for whoever may know of its alert.
 * What is inside is opened at the terminal only, with the vault's key and a reason.
 */
#include <errno.h>
#include <inttypes.h>

#include "collector/api_inside.h"
#include "collector/sight.h"
#include "collector/store_alert.h"
#include "collector/store_custody.h"
#include "collector/store_evidence.h"
#include "mem.h"

#define MOST 100 /* on an incident's page, the newest; /v1/evidence has all */

/* Of evidence whose alert was lost nobody may know. */
static bool may_see(struct question *q, const struct store_evidence *e)
{
    struct store_alert a = {0};
    bool seen;

    if (!e->alert || store_alert_get(q->store, e->alert, &a) < 0)
        return false;
    seen = sight_of(q->role, a.owner) & SIGHT_WHAT;
    store_alert_done(&a);
    return seen;
}

struct json *api_evidence_seen(struct question *q, const struct store_evidence *e)
{
    struct json *json = store_evidence_json(e);
    struct json *history = store_custody_list(q->store, e->id);

    json_put(json, "history", history ? history : json_new_null());
    return json;
}

struct list {
    struct question *question;
    struct json *json;
};

static void add_evidence(const struct store_evidence *e, void *arg)
{
    struct list *l = arg;

    json_add(l->json, api_evidence_seen(l->question, e));
}

int api_evidence_of(struct question *q, int64_t incident, struct json *to)
{
    struct list l = {.question = q, .json = json_new_list()};
    const struct store_evidence_filter seen = {
        .incident = incident, .owners = sight_owners(q->role, SIGHT_WHAT), .limit = MOST};
    int r = store_evidence_each(q->store, &seen, add_evidence, &l);

    json_put(to, "evidence", l.json);
    return r;
}

int api_evidence(struct question *q)
{
    struct store_evidence e;
    int r = store_evidence_get(q->store, q->id, &e);

    if (r < 0)
        return r;
    if (may_see(q, &e))
        q->answer = api_evidence_seen(q, &e);
    else
        question_refuse(q, 403, "the role of this token (%s) may not see this evidence",
                        names_get(&names_role, q->role));
    store_evidence_done(&e);
    return 0;
}
