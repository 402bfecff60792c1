/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/engine_inside.h"
#include "collector/store_correlate.h"
#include "collector/store_incident.h"
#include "log.h"
#include "mem.h"

#define ALERTS_A_TURN 200 /* in one transaction */
#define ROUNDS_A_TURN 100

struct engine *engine_new(const struct engine_settings *settings)
{
    struct engine *e = xcalloc(1, sizeof(*e));

    e->set = *settings;
    e->across = engine_across_new(settings);
    return e;
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    engine_across_free(e->across);
    free(e);
}

/* ---- alerts ---- */

/* Nobody would be told: the incident says why, and stands open where people look. */
static int miss_playbook(struct engine *e, const struct store_alert *a, int64_t incident)
{
    auto_free char *text = xasprintf("rule %s leads to the playbook \"%s\", which this "
                                     "collector does not have: nobody was told",
                                     a->rule, a->playbook);

    log_error("%s incident=%" PRId64, text, incident);
    return store_incident_note(e->set.store, incident, "engine", text);
}

static int on_settled(const struct store_alert *a, const struct settled *done, void *arg)
{
    struct engine *e = arg;
    int r;

    if (done->fate != ALERT_OPENED)
        return 0;
    log_info("incident opened incident=%" PRId64 " playbook=%s site=%s", done->incident,
             a->playbook, a->site);
    r = engine_begin_run(e, &(struct run_begin){.incident = done->incident,
                                                .playbook = a->playbook,
                                                .drill = a->drill});
    return r == -ENOENT ? miss_playbook(e, a, done->incident) : r;
}

static int settle_alerts(struct engine *e, struct engine_turn *turn)
{
    size_t count = 0;
    int r = store_begin(e->set.store);

    if (r < 0)
        return r;
    r = store_correlate_new(e->set.store, e->set.correlate, ALERTS_A_TURN, on_settled, e,
                            &count);
    if (r < 0 || count == 0) {
        store_rollback(e->set.store);
        return r;
    }
    r = store_commit(e->set.store);
    if (r == 0)
        turn->alerts += count;
    turn->more = turn->more || count == ALERTS_A_TURN;
    return r;
}

static int count_across(struct engine *e, struct engine_turn *turn)
{
    bool more = false;
    int r = e->across ? engine_across_turn(e->across, &more) : 0;

    turn->more = turn->more || more;
    return r;
}

static int expire_evidence(struct engine *e, struct engine_turn *turn)
{
    bool more = false;
    int r = engine_expire_evidence(e, &more);

    turn->more = turn->more || more;
    return r;
}

/* ---- turns ---- */

int engine_turn(struct engine *e, struct engine_turn *ret_turn)
{
    struct engine_turn turn = {0};
    int r = engine_tell_agents(e, &turn.more);

    if (r == 0)
        r = settle_alerts(e, &turn);
    if (r == 0)
        r = count_across(e, &turn);
    if (r == 0)
        r = expire_evidence(e, &turn);
    while (r == 0 && turn.rounds < ROUNDS_A_TURN) {
        r = engine_round(e);
        turn.rounds += r == 0;
    }
    turn.more = turn.more || turn.rounds == ROUNDS_A_TURN;
    if (r == -ENOENT) /* nobody has anything to do */
        r = 0;
    *ret_turn = turn;
    return r;
}

/* Of two times the earlier; 0 is none. */
static usec_t earlier(usec_t a, usec_t b)
{
    return a && (!b || a < b) ? a : b;
}

usec_t engine_next(struct engine *e)
{
    usec_t due = 0, across = e->across ? engine_across_next(e->across) : 0;

    if (store_timer_next(e->set.store, &due) != 0)
        due = 0;
    return earlier(earlier(due, across), e->evidence_next);
}
