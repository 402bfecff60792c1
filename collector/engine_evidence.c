/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence goes when its time is over; looked at once an hour. What is deleted is gone,
 * so a clock that jumped ahead must not delete everything: when more than a day has
 * passed since the last look (the clock jumped, or nobody ran for so long), what is old
 * stays for another day of looks that follow each other. What has no room goes at any
 * time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/engine_inside.h"
#include "collector/store_agent.h"
#include "collector/store_evidence.h"
#include "log.h"
#include "text.h"

#define EVERY   USEC_PER_HOUR
#define STEADY  USEC_PER_DAY
#define A_TURN  100
#define LOOKED  "engine.evidence.looked"
#define DOUBTED "engine.evidence.doubted"
#define WARNED  "engine.evidence.warned" /* since when holds take too much; 0: not */

static int read_number(struct store *s, const char *name, uint64_t *ret_number)
{
    auto_free char *text = NULL;
    uint64_t number = 0;
    int rc = store_meta_get(s, name, &text);

    if (rc == -ENOENT)
        rc = 0;
    if (rc == 0 && text && text_parse_number(text, &number) != 0)
        number = 0;
    *ret_number = number;
    return rc;
}

static int write_number(struct store *s, const char *name, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, number);
    return store_meta_put(s, name, text);
}

/* Whether the clock went its way since long enough that what is old may go. */
static int look_at_clock(struct store *s, usec_t now, bool *ret_steady)
{
    usec_t looked = 0, doubted = 0;
    int rc = read_number(s, LOOKED, &looked);

    if (rc == 0)
        rc = read_number(s, DOUBTED, &doubted);
    if (rc == 0 && looked && (now < looked || now - looked > STEADY)) {
        doubted = now;
        log_warn("the time since evidence was looked at last is not an hour: what is "
                 "old stays for another day");
        rc = write_number(s, DOUBTED, doubted);
    }
    if (rc == 0)
        rc = write_number(s, LOOKED, now);
    *ret_steady = !doubted || now - doubted >= STEADY;
    return rc;
}

/* People decide about holds, so nothing goes for them; but it is told, once until it is
 * less again. */
static int look_at_holds(struct engine *e, usec_t now)
{
    struct store *s = e->set.store;
    struct store_evidence_held held;
    usec_t warned = 0;
    bool many;
    int rc = store_evidence_held(s, &held);

    if (rc == 0)
        rc = read_number(s, WARNED, &warned);
    if (rc == 0)
        rc = write_number(s, STORE_EVIDENCE_ROOM, e->set.evidence.room);
    many = e->set.evidence_warn && held.bytes > e->set.evidence_warn;
    if (rc || many == (warned != 0))
        return rc;
    rc = write_number(s, WARNED, many ? now : 0);
    if (rc || !many)
        return rc;
    log_warn("evidence that is held takes %" PRIu64 " bytes in %" PRIu64
             " pieces: `hallwatch evidence list --held` shows them",
             held.bytes, held.count);
    return store_notice_put(
        s, &(struct store_notice){.agent = "collector", .kind = NOTICE_HELD, .at = now});
}

static int look(struct engine *e, usec_t now, size_t *ret_count)
{
    struct store *s = e->set.store;
    struct store_evidence_keep keep = e->set.evidence;
    bool steady = false;
    int rc = look_at_clock(s, now, &steady);

    if (!steady)
        keep.keep = 0;
    if (rc == 0)
        rc = store_evidence_expire(s, &keep, A_TURN, ret_count);
    return rc ? rc : look_at_holds(e, now);
}

int engine_expire_evidence(struct engine *e, bool *ret_more)
{
    usec_t now = store_now(e->set.store);
    size_t count = 0;
    int rc;

    /* A clock that was set back is looked at again, too. */
    if (!e->set.evidence.keep ||
        (now < e->evidence_next && e->evidence_next - now <= EVERY))
        return 0;
    rc = store_begin(e->set.store);
    if (rc < 0)
        return rc;
    rc = look(e, now, &count);
    if (rc < 0) {
        store_rollback(e->set.store);
        return rc;
    }
    rc = store_commit(e->set.store);
    if (rc < 0)
        return rc;
    if (count)
        log_info("evidence expired count=%zu", count);
    *ret_more = count == A_TURN;
    e->evidence_next = *ret_more ? 0 : now + EVERY;
    return 0;
}
