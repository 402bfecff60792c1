/* SPDX-License-Identifier: Apache-2.0 */
/*
 * district.h - district.yaml: the places and people of a school district.
 *
 * Both sides read it: the agent uses sites, segments and calendars, the collector all of
 * it. Everything is immutable once loaded and borrowed from the struct district.
 */
#ifndef DISTRICT_H
#define DISTRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "diag.h"
#include "localtime.h"
#include "names.h"
#include "net.h"

/* A day of a calendar, counted from 1970-01-01 in local time. */
typedef int32_t day_t;

struct day_range {
    day_t first, last; /* both included */
    const char *label; /* "winter holidays" */
};

/* Named days: holidays, exam periods, lettings. */
struct calendar {
    const char *id;
    const struct day_range *ranges;
    size_t range_count;
};

struct site {
    const char *id;    /* "lincoln" */
    const char *name;  /* "Lincoln High School" */
    const char *type;  /* "high", "middle", "primary", "office": free, used by scope */
    const char *tz;    /* IANA name */
    struct zone *zone; /* NULL only while it is read */
    uint64_t line_in, line_out; /* what its line can carry, in Mbit/s; 0: not told */
};

struct segment {
    const char *name;
    const struct site *site;
    enum audience audience;
    enum age_band band;
    const struct prefix *networks;
    size_t network_count;
    const uint16_t *vlans;
    size_t vlan_count;
    bool has_gateway, has_gateway_mac;
    struct addr gateway;
    struct mac gateway_mac;
    const struct addr *dhcp_servers;
    size_t dhcp_server_count;
    const struct addr *resolvers;
    size_t resolver_count;
    const struct addr *dhcp6_servers; /* as their answers come from: mostly fe80:: */
    size_t dhcp6_server_count;
    const struct addr *routers; /* as their advertisements come from: fe80:: */
    size_t router_count;
};

/* How somebody is reached; what kinds there are is the actions' table. */
struct contact {
    const char *kind; /* "mail", "webhook" */
    const char *at;   /* an address or a URL */
};

struct person {
    const char *id; /* a login-like word, or a post: "duty-safety-officer" */
    const char *name;
    const char *language; /* BCP 47 */
    const struct contact *contacts;
    size_t contact_count;
    const char *const *phones; /* for people, when there is no network */
    size_t phone_count;
    uint32_t roles; /* bit 1 << enum role */
};

/* Who is on call for a role, when. Times are local to tz of the roster. */
struct duty {
    const struct person *person;
    uint8_t days;                    /* bit 0 Monday ... bit 6 Sunday */
    uint32_t from_minute, to_minute; /* of the day; to may be 1440 */
    const struct calendar *except;   /* not on its days; NULL: on all */
};

struct roster {
    enum role role;
    const char *tz;
    struct zone *zone;
    const struct duty *duties;
    size_t duty_count;
    const struct person *const *escalation; /* in this order, when nobody answers */
    size_t escalation_count;
    const struct person *last_responder; /* always reachable; NULL: none is named */
};

#define DISTRICT_GROUPS_MAX 64

struct district {
    const char *id, *name;
    const char *term; /* "2026-autumn": pseudonyms change with it */
    const struct site *sites;
    size_t site_count;
    const struct segment *segments;
    size_t segment_count;
    const struct calendar *calendars;
    size_t calendar_count;
    const struct person *people;
    size_t person_count;
    const struct roster *rosters;
    size_t roster_count;
    const struct prefix *never_block;
    size_t never_block_count;
    const char *const *groups; /* names; a group's bit is 1 << its place */
    size_t group_count;
    bool has_groups; /* somebody is in one */
};

/* NULL when it has an error; every fault is told to d. */
struct district *district_load(const char *path, struct diags *d);

/* From memory; time zones from the shelf, or the system when it is NULL. */
struct district *district_parse(const char *name, const char *text, size_t len,
                                struct zone_shelf *zones, struct diags *d);
void district_free(struct district *di);
AUTO_DEFINE(district, district_free)
#define auto_district __attribute__((cleanup(auto_district_run)))

/* The segment an address is in (longest prefix; vlan decides between equal ones), or
 * NULL: then it is outside the district. */
const struct segment *district_segment(const struct district *di, const struct addr *a,
                                       uint16_t vlan);

/* The segment of a VLAN, where just one has it; vlan 0: the only segment there is. */
const struct segment *district_segment_of_vlan(const struct district *di, uint16_t vlan);

/*
 * The groups that something is in by its segment, its address or its hardware address
 * (NULL: not known), a bit each. "servers" and "managed", which the shipped rules speak
 * of, are groups of every district.
 */
uint64_t district_groups_of(const struct district *di, const struct segment *g,
                            const struct addr *a, const struct mac *mac);

const struct site *district_site(const struct district *di, const char *id);

/* Whether there is one; false after telling d. file: where the district is from. */
bool district_check_site(const struct district *di, const char *file, const char *id,
                         struct diags *d);
const struct calendar *district_calendar(const struct district *di, const char *id);
const struct roster *district_roster(const struct district *di, enum role role);
const struct person *district_person(const struct district *di, const char *id);

/* On duty for a role at a time, in the roster's order; returns how many, at most max. */
size_t district_on_duty(const struct district *di, enum role role, usec_t when,
                        const struct person **ret_people, size_t max);

#endif
