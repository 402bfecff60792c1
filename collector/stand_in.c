/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/stand_in.h"

#include "collector/store_incident.h"
#include "collector/store_task.h"
#include "mem.h"

#define TAKEN_OR_DONE (UINT32_C(1) << TASK_TAKEN | UINT32_C(1) << TASK_DONE)

static bool is_on_duty(const struct district *district, enum role role,
                       const struct person *person, usec_t now)
{
    size_t most = 0, count;
    auto_free const struct person **people = NULL;
    const struct roster *roster = district_roster(district, role);

    most = roster ? roster->duty_count : 0;
    people = xcalloc(most + 1, sizeof(*people));
    count = district_on_duty(district, role, now, people, most);
    for (size_t i = 0; i < count; i++)
        if (people[i] == person)
            return true;
    return false;
}

uint32_t stand_in_roles(const struct district *district, const struct person *person,
                        usec_t now)
{
    uint32_t roles = person->roles;

    for (unsigned role = 0; role < names_role.count; role++)
        if (is_on_duty(district, role, person, now))
            roles |= UINT32_C(1) << role;
    return roles;
}

static void add_role(const struct store_task *t, void *arg)
{
    *(uint32_t *)arg |= UINT32_C(1) << t->role;
}

uint32_t stand_in_taken(struct store *s, const struct person *person, int64_t incident)
{
    const struct store_task_filter theirs = {
        .incident = incident, .states = TAKEN_OR_DONE, .taken_by = person->id};
    struct store_incident i;
    uint32_t roles = 0;
    bool closed;

    if (incident == 0 || store_incident_get(s, incident, &i) < 0)
        return 0;
    closed = i.state == INCIDENT_CLOSED;
    store_incident_done(&i);
    if (closed || store_task_each(s, &theirs, add_role, &roles) < 0)
        return 0;
    return roles;
}
