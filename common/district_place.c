/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sites, segments, calendars - and the search for an address's segment: networks stand
 * sorted by their first address, the wider one first, and each knows the network it lies
 * in. The last one that begins at or before an address, or one of those it lies in, is
 * the narrowest that holds it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "district_tree.h"
#include "items.h"
#include "week.h"

#define NOBODY       UINT32_MAX
#define LINE_MOST    1000000 /* Mbit/s */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- calendars ---- */

static void read_range(struct district_tree *t, const struct node *n,
                       struct day_range *range)
{
    static const char *const keys[] = {"days", "label"};
    const struct node *label;

    if (node_kind(n) != NODE_MAP) {
        week_read_dates(n, range, t->diags);
        return;
    }
    node_check_keys(n, "day of a calendar", keys, COUNT(keys), t->diags);
    week_read_dates(node_need(n, "day of a calendar", "days", t->diags), range, t->diags);
    label = node_get(n, "label");
    range->label = label ? district_text(t, label) : "";
}

/* Shipped rules ask for these; every district has them. */
static const char *const known_calendars[] = {"exams", "holidays"};

#define KNOWN_CALENDARS (sizeof(known_calendars) / sizeof(*known_calendars))

static void add_known(struct district *di, struct calendar *calendars)
{
    for (size_t i = 0; i < KNOWN_CALENDARS; i++)
        if (!district_calendar(di, known_calendars[i]))
            calendars[di->calendar_count++] = (struct calendar){.id = known_calendars[i]};
}

static void read_calendars(struct district_tree *t)
{
    const struct node *map = node_get(t->root, "calendars");
    size_t count = map && node_is(map, NODE_MAP, t->diags) ? node_count(map) : 0;
    struct calendar *calendars =
        arena_array(&t->arena, count + KNOWN_CALENDARS, sizeof(*calendars));

    for (size_t i = 0; i < count; i++) {
        const struct node *days = node_value(map, i);
        struct day_range *ranges =
            arena_array(&t->arena, items_count(days), sizeof(*ranges));

        for (size_t j = 0; j < items_count(days); j++)
            read_range(t, items_at(days, j), &ranges[j]);
        calendars[i] = (struct calendar){.id = district_text(t, node_key(map, i)),
                                         .ranges = ranges,
                                         .range_count = items_count(days)};
    }
    t->district.calendars = calendars;
    t->district.calendar_count = count;
    add_known(&t->district, calendars);
}

/* ---- sites ---- */

static void read_zone(struct district_tree *t, const struct node *n,
                      struct zone **ret_zone)
{
    int error =
        n && *node_text(n) ? zone_shelf_open(t->zones, node_text(n), ret_zone) : 0;

    if (!error)
        return;
    diags_error(t->diags, node_place(n), "E0803",
                error == -ENOENT ? "there is no time zone \"%s\""
                                 : "the file of time zone \"%s\" cannot be read",
                node_text(n));
    diags_hint(t->diags, "like America/Chicago or Europe/London; the package is tzdata");
}

/* What the site's line to the outside can carry, in Mbit/s. */
static void read_line(struct district_tree *t, const struct node *n, struct site *site)
{
    static const char *const keys[] = {"in", "out"};
    const struct node *in, *out;

    if (!n || !node_is(n, NODE_MAP, t->diags))
        return;
    node_check_keys(n, "line", keys, COUNT(keys), t->diags);
    in = node_need(n, "line", "in", t->diags);
    out = node_need(n, "line", "out", t->diags);
    if (in)
        node_read_number(in, 1, LINE_MOST, &site->line_in, t->diags);
    if (out)
        node_read_number(out, 1, LINE_MOST, &site->line_out, t->diags);
}

static void read_sites(struct district_tree *t)
{
    static const char *const keys[] = {"id", "name", "type", "tz", "line"};
    const struct node *list = district_list(t, "sites");
    struct site *sites;

    if (!list)
        return;
    district_check_unique(t, list, "sites", "id");
    sites = arena_array(&t->arena, node_count(list), sizeof(*sites));
    for (size_t i = 0; i < node_count(list); i++) {
        const struct node *n = node_item(list, i), *tz;

        sites[i] = (struct site){.id = "", .name = "", .type = "", .tz = ""};
        if (!node_is(n, NODE_MAP, t->diags))
            continue;
        node_check_keys(n, "site", keys, COUNT(keys), t->diags);
        sites[i].id = district_text(t, node_need(n, "site", "id", t->diags));
        sites[i].name = district_text(t, node_need(n, "site", "name", t->diags));
        sites[i].type = district_text(t, node_need(n, "site", "type", t->diags));
        tz = node_need(n, "site", "tz", t->diags);
        sites[i].tz = district_text(t, tz);
        read_zone(t, tz, &sites[i].zone);
        read_line(t, node_get(n, "line"), &sites[i]);
    }
    t->district.sites = sites;
    t->district.site_count = node_count(list);
}

/* ---- segments ---- */

static void read_addr(struct district_tree *t, const struct node *n, struct addr *ret)
{
    if (addr_parse(node_text(n), ret) != 0)
        diags_error(t->diags, node_place(n), "E0804", "\"%s\" is no IP address",
                    node_text(n));
}

static const struct addr *read_addrs(struct district_tree *t, const struct node *n,
                                     size_t *ret_count)
{
    struct addr *addrs;

    if (!n)
        return NULL;
    addrs = arena_array(&t->arena, items_count(n), sizeof(*addrs));
    for (size_t i = 0; i < items_count(n); i++)
        read_addr(t, items_at(n, i), &addrs[i]);
    *ret_count = items_count(n);
    return addrs;
}

const struct prefix *district_networks(struct district_tree *t, const struct node *n,
                                       size_t *ret_count)
{
    struct prefix *networks;

    if (!n)
        return NULL;
    networks = arena_array(&t->arena, items_count(n), sizeof(*networks));
    for (size_t i = 0; i < items_count(n); i++) {
        const struct node *item = items_at(n, i);

        if (prefix_parse(node_text(item), &networks[i]) == 0)
            continue;
        diags_error(t->diags, node_place(item), "E0805", "\"%s\" is no network",
                    node_text(item));
        diags_hint(t->diags, "like 10.20.0.0/20, with no bits set behind the first 20");
    }
    *ret_count = items_count(n);
    return networks;
}

static const uint16_t *read_vlans(struct district_tree *t, const struct node *n,
                                  size_t *ret_count)
{
    uint16_t *vlans;
    uint64_t id;

    if (!n)
        return NULL;
    vlans = arena_array(&t->arena, items_count(n), sizeof(*vlans));
    for (size_t i = 0; i < items_count(n); i++)
        if (node_read_number(items_at(n, i), 1, 4094, &id, t->diags))
            vlans[i] = (uint16_t)id;
    *ret_count = items_count(n);
    return vlans;
}

static const struct site *find_site(struct district_tree *t, const struct node *n)
{
    const struct district *di = &t->district;
    const struct site *site = n ? district_site(di, node_text(n)) : NULL;
    const char **names;

    if (site || !n)
        return site;
    names = arena_array(&t->arena, di->site_count + 1, sizeof(*names));
    for (size_t i = 0; i < di->site_count; i++)
        names[i] = di->sites[i].id;
    diags_error(t->diags, node_place(n), "E0806", "there is no site \"%s\"",
                node_text(n));
    diags_suggest(t->diags, node_text(n), names, di->site_count);
    return NULL;
}

bool district_mac(struct district_tree *t, const struct node *n, struct mac *ret_mac)
{
    if (mac_parse(node_text(n), ret_mac) == 0)
        return true;
    diags_error(t->diags, node_place(n), "E0807", "\"%s\" is no hardware address",
                node_text(n));
    diags_hint(t->diags, "six pairs of digits, in quotes: \"02:00:00:00:20:01\"");
    return false;
}

static void read_gateway(struct district_tree *t, const struct node *n, struct segment *g)
{
    const struct node *ip = node_get(n, "gateway"), *mac = node_get(n, "gateway_mac");

    g->has_gateway = ip;
    g->has_gateway_mac = mac;
    if (ip)
        read_addr(t, ip, &g->gateway);
    if (mac)
        district_mac(t, mac, &g->gateway_mac);
}

static void read_segment(struct district_tree *t, const struct node *n, struct segment *g)
{
    static const char *const keys[] = {"name",      "site",          "audience",
                                       "band",      "networks",      "vlans",
                                       "gateway",   "gateway_mac",   "dhcp_servers",
                                       "resolvers", "dhcp6_servers", "routers"};
    const struct node *band;
    size_t word = 0;

    *g = (struct segment){.name = ""};
    if (!node_is(n, NODE_MAP, t->diags))
        return;
    node_check_keys(n, "segment", keys, COUNT(keys), t->diags);
    g->name = district_text(t, node_need(n, "segment", "name", t->diags));
    g->site = find_site(t, node_need(n, "segment", "site", t->diags));
    if (node_read_name(node_need(n, "segment", "audience", t->diags), "audience",
                       names_audience.at, names_audience.count, &word, t->diags))
        g->audience = (enum audience)word;
    band = node_get(n, "band");
    if (band && node_read_name(band, "age band", names_age_band.at, names_age_band.count,
                               &word, t->diags))
        g->band = (enum age_band)word;
    g->networks = district_networks(t, node_need(n, "segment", "networks", t->diags),
                                    &g->network_count);
    g->vlans = read_vlans(t, node_get(n, "vlans"), &g->vlan_count);
    read_gateway(t, n, g);
    g->dhcp_servers = read_addrs(t, node_get(n, "dhcp_servers"), &g->dhcp_server_count);
    g->resolvers = read_addrs(t, node_get(n, "resolvers"), &g->resolver_count);
    g->dhcp6_servers =
        read_addrs(t, node_get(n, "dhcp6_servers"), &g->dhcp6_server_count);
    g->routers = read_addrs(t, node_get(n, "routers"), &g->router_count);
}

static void read_segments(struct district_tree *t)
{
    const struct node *list = district_list(t, "segments");
    struct segment *segments;

    if (!list)
        return;
    segments = arena_array(&t->arena, node_count(list), sizeof(*segments));
    for (size_t i = 0; i < node_count(list); i++)
        read_segment(t, node_item(list, i), &segments[i]);
    t->district.segments = segments;
    t->district.segment_count = node_count(list);
}

void district_read_places(struct district_tree *t)
{
    const struct node *never = node_get(t->root, "never_block");

    read_calendars(t);
    read_sites(t);
    read_segments(t);
    t->district.never_block = district_networks(t, never, &t->district.never_block_count);
}

/* ---- the segment of an address ---- */

static int compare_networks(const void *a, const void *b)
{
    const struct network *x = a, *y = b;
    int order = memcmp(&x->prefix.addr, &y->prefix.addr, sizeof(x->prefix.addr));

    return order ? order : (int)x->prefix.len - (int)y->prefix.len;
}

void district_index_networks(struct district_tree *t)
{
    const struct district *di = &t->district;
    size_t count = 0;

    for (size_t i = 0; i < di->segment_count; i++)
        count += di->segments[i].network_count;
    t->networks = arena_array(&t->arena, count, sizeof(*t->networks));
    for (size_t i = 0; i < di->segment_count; i++)
        for (size_t j = 0; j < di->segments[i].network_count; j++)
            t->networks[t->network_count++] = (struct network){
                .prefix = di->segments[i].networks[j], .segment = &di->segments[i]};
    qsort(t->networks, t->network_count, sizeof(*t->networks), compare_networks);
    for (uint32_t i = 0; i < t->network_count; i++) {
        uint32_t in = i == 0 ? NOBODY : i - 1;

        while (in != NOBODY &&
               !prefix_contains(&t->networks[in].prefix, &t->networks[i].prefix.addr))
            in = t->networks[in].parent;
        t->networks[i].parent = in;
    }
}

/* The last network that begins at or before a. */
static uint32_t last_before(const struct district_tree *t, const struct addr *a)
{
    uint32_t low = 0, high = t->network_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (memcmp(&t->networks[middle].prefix.addr, a, sizeof(*a)) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NOBODY : low - 1;
}

static bool has_vlan(const struct segment *g, uint16_t vlan)
{
    for (size_t i = 0; i < g->vlan_count; i++)
        if (g->vlans[i] == vlan)
            return true;
    return false;
}

const struct segment *district_segment(const struct district *di, const struct addr *a,
                                       uint16_t vlan)
{
    const struct district_tree *t = (const struct district_tree *)(const void *)di;
    uint32_t at = last_before(t, a);
    const struct network *found;

    while (at != NOBODY && !prefix_contains(&t->networks[at].prefix, a))
        at = t->networks[at].parent;
    if (at == NOBODY)
        return NULL;
    found = &t->networks[at];
    for (; at != NOBODY && t->networks[at].prefix.len == found->prefix.len;
         at = t->networks[at].parent)
        if (has_vlan(t->networks[at].segment, vlan))
            return t->networks[at].segment;
    return found->segment;
}

const struct segment *district_segment_of_vlan(const struct district *di, uint16_t vlan)
{
    const struct segment *found = NULL;

    if (vlan == 0)
        return di->segment_count == 1 ? &di->segments[0] : NULL;
    for (size_t i = 0; i < di->segment_count; i++) {
        if (!has_vlan(&di->segments[i], vlan))
            continue;
        if (found)
            return NULL;
        found = &di->segments[i];
    }
    return found;
}
