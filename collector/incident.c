/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/incident.h"

#include <assert.h>
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const states[] = {"open", "acknowledged", "contained", "recovered",
                                     "closed"};
const struct names names_incident_state = {"state of an incident", states, COUNT(states)};

static const char *const dispositions[] = {"none",           "confirmed", "benign",
                                           "false-positive", "unknown",   "drill"};
const struct names names_disposition = {"disposition", dispositions, COUNT(dispositions)};

enum step {
    NO,   /* not allowed */
    YES,  /* with or without a reason */
    WHY,  /* only with a reason */
    SAME, /* it is there already */
};

/* clang-format off */
static const unsigned char steps[INCIDENT_CLOSED + 1][INCIDENT_CLOSED + 1] = {
    /* to:                 open  ack.  cont. rec.  closed */
    [INCIDENT_OPEN]         = {SAME, YES,  YES,  YES,  WHY},
    [INCIDENT_ACKNOWLEDGED] = {WHY,  SAME, YES,  YES,  WHY},
    [INCIDENT_CONTAINED]    = {WHY,  WHY,  SAME, YES,  WHY},
    [INCIDENT_RECOVERED]    = {WHY,  WHY,  WHY,  SAME, WHY},
    [INCIDENT_CLOSED]       = {WHY,  NO,   NO,   NO,   SAME},
};
/* clang-format on */

static bool is_given(const char *text)
{
    return text && text[0] != '\0';
}

bool incident_needs_why(enum incident_state from, enum incident_state to)
{
    return steps[from][to] == WHY;
}

static const char *refuse_closing(const struct incident_change *c)
{
    if (c->disposition == DISPOSITION_NONE)
        return "an incident is closed with what it was: confirmed, benign, "
               "false-positive, unknown or drill";
    if (c->drill && c->disposition != DISPOSITION_DRILL)
        return "this incident is a drill, and is closed as one";
    if (!c->drill && c->disposition == DISPOSITION_DRILL)
        return "this incident is no drill";
    return NULL;
}

const char *incident_refuse(const struct incident_change *c)
{
    assert(c->from <= INCIDENT_CLOSED && c->to <= INCIDENT_CLOSED);

    if (!is_given(c->who))
        return "somebody has to answer for the change: say who";
    if (steps[c->from][c->to] == SAME)
        return "it is in that state already";
    if (steps[c->from][c->to] == NO)
        return "it is closed: reopen it first";
    if (steps[c->from][c->to] == WHY && !is_given(c->why))
        return "this change needs a reason";
    if (c->to == INCIDENT_CLOSED)
        return refuse_closing(c);
    if (c->disposition != DISPOSITION_NONE)
        return "only closing says what it was";
    return NULL;
}
