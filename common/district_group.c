/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of devices: a bit each, so that all groups of an end are one number. A segment's
 * are looked up by its place; a hardware address by halving; an address as its segment
 * is (district_place.c), each network with the groups of those it lies in.
 */
#include <stdlib.h>
#include <string.h>

#include "district_tree.h"
#include "items.h"
#include "mem.h"

#define NOBODY UINT32_MAX

/* The shipped rules speak of these: a district that names nobody in them has them, too.
 */
static const char *const known_groups[] = {"servers", "managed"};
#define KNOWN (sizeof(known_groups) / sizeof(known_groups[0]))

/* ---- reading ---- */

static uint64_t mac_number(const struct mac *m)
{
    uint64_t number = 0;

    for (size_t i = 0; i < sizeof(m->bytes); i++)
        number = number << 8 | m->bytes[i];
    return number;
}

static void read_segments(struct district_tree *t, const struct node *n, uint64_t bit)
{
    const struct district *di = &t->district;
    const char **names = arena_array(&t->arena, di->segment_count + 1, sizeof(*names));

    for (size_t i = 0; i < di->segment_count; i++)
        names[i] = di->segments[i].name;
    for (size_t i = 0; i < items_count(n); i++) {
        const char *name = node_text(items_at(n, i));
        bool found = false;

        for (size_t k = 0; k < di->segment_count; k++)
            if (strcmp(names[k], name) == 0) {
                t->segment_groups[k] |= bit;
                found = true;
            }
        if (found)
            continue;
        diags_error(t->diags, node_place(items_at(n, i)), "E0812",
                    "there is no segment \"%s\"", name);
        diags_suggest(t->diags, name, names, di->segment_count);
    }
}

static void read_networks(struct district_tree *t, const struct node *n, uint64_t bit)
{
    const struct prefix *networks;
    size_t count = 0;

    networks = district_networks(t, n, &count);
    for (size_t i = 0; i < count; i++) {
        t->group_networks = xgrow(t->group_networks, t->group_network_count,
                                  &t->group_network_capacity, sizeof(*t->group_networks));
        t->group_networks[t->group_network_count++] =
            (struct group_network){.prefix = networks[i], .groups = bit};
    }
}

static void read_macs(struct district_tree *t, const struct node *n, uint64_t bit)
{
    struct mac mac;

    for (size_t i = 0; i < items_count(n); i++) {
        if (!district_mac(t, items_at(n, i), &mac))
            continue;
        t->group_macs = xgrow(t->group_macs, t->group_mac_count, &t->group_mac_capacity,
                              sizeof(*t->group_macs));
        t->group_macs[t->group_mac_count++] =
            (struct group_mac){.mac = mac_number(&mac), .groups = bit};
    }
}

/* The bit of a group that is new or one of the known; 0 after telling. */
static uint64_t bit_of(struct district_tree *t, const char **names,
                       const struct node *key)
{
    struct district *di = &t->district;
    const char *name = node_text(key);

    for (size_t i = 0; i < KNOWN; i++)
        if (strcmp(names[i], name) == 0)
            return UINT64_C(1) << i;
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] || !*name) {
        diags_error(t->diags, node_place(key), "E0811", "\"%s\" is no name for a group",
                    name);
        diags_hint(t->diags, "a name has small letters, digits, _ and -");
        return 0;
    }
    if (di->group_count == DISTRICT_GROUPS_MAX) {
        diags_error(t->diags, node_place(key), "E0810",
                    "a district has at most %d groups", DISTRICT_GROUPS_MAX);
        return 0;
    }
    names[di->group_count] = district_text(t, key);
    return UINT64_C(1) << di->group_count++;
}

static void read_group(struct district_tree *t, const struct node *body, uint64_t bit)
{
    static const char *const keys[] = {"segments", "networks", "macs"};
    static void (*const read[])(struct district_tree *, const struct node *,
                                uint64_t) = {read_segments, read_networks, read_macs};

    if (!node_is(body, NODE_MAP, t->diags))
        return;
    node_check_keys(body, "group", keys, 3, t->diags);
    for (size_t i = 0; i < 3; i++) {
        const struct node *n = node_get(body, keys[i]);

        if (!n)
            continue;
        t->district.has_groups = true;
        read[i](t, n, bit);
    }
}

/* ---- the search ---- */

static int compare_macs(const void *a, const void *b)
{
    const struct group_mac *x = a, *y = b;

    return x->mac < y->mac ? -1 : x->mac > y->mac;
}

static int compare_networks(const void *a, const void *b)
{
    const struct group_network *x = a, *y = b;
    int order = memcmp(&x->prefix.addr, &y->prefix.addr, sizeof(x->prefix.addr));

    return order ? order : (int)x->prefix.len - (int)y->prefix.len;
}

/* Each once, with all its groups. */
static void index_macs(struct district_tree *t)
{
    size_t count = 0;

    if (t->group_mac_count > 0)
        qsort(t->group_macs, t->group_mac_count, sizeof(*t->group_macs), compare_macs);
    for (size_t i = 0; i < t->group_mac_count; i++)
        if (count > 0 && t->group_macs[count - 1].mac == t->group_macs[i].mac)
            t->group_macs[count - 1].groups |= t->group_macs[i].groups;
        else
            t->group_macs[count++] = t->group_macs[i];
    t->group_mac_count = count;
}

/* A network that stands twice lies in itself: the last of them has all its groups. */
static void index_networks(struct district_tree *t)
{
    struct group_network *all = t->group_networks;

    if (t->group_network_count > 0)
        qsort(all, t->group_network_count, sizeof(*all), compare_networks);
    for (uint32_t i = 0; i < t->group_network_count; i++) {
        uint32_t in = i == 0 ? NOBODY : i - 1;

        while (in != NOBODY && !prefix_contains(&all[in].prefix, &all[i].prefix.addr))
            in = all[in].parent;
        all[i].parent = in;
        if (in != NOBODY)
            all[i].groups |= all[in].groups;
    }
}

void district_read_groups(struct district_tree *t)
{
    const struct node *map = node_get(t->root, "groups");
    struct district *di = &t->district;
    const char **names = arena_array(&t->arena, DISTRICT_GROUPS_MAX, sizeof(*names));

    memcpy(names, known_groups, sizeof(known_groups));
    di->groups = names;
    di->group_count = KNOWN;
    t->segment_groups =
        arena_array(&t->arena, di->segment_count + 1, sizeof(*t->segment_groups));
    if (!map || !node_is(map, NODE_MAP, t->diags))
        return;
    for (size_t i = 0; i < node_count(map); i++) {
        uint64_t bit = bit_of(t, names, node_key(map, i));

        if (bit)
            read_group(t, node_value(map, i), bit);
    }
    index_macs(t);
    index_networks(t);
}

void district_groups_done(struct district_tree *t)
{
    free(t->group_macs);
    free(t->group_networks);
}

/* ---- asking ---- */

static uint64_t groups_of_mac(const struct district_tree *t, const struct mac *mac)
{
    struct group_mac asked = {.mac = mac_number(mac)}, *found = NULL;

    if (t->group_mac_count > 0)
        found = bsearch(&asked, t->group_macs, t->group_mac_count, sizeof(asked),
                        compare_macs);
    return found ? found->groups : 0;
}

static uint64_t groups_of_addr(const struct district_tree *t, const struct addr *a)
{
    uint32_t low = 0, high = (uint32_t)t->group_network_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (memcmp(&t->group_networks[middle].prefix.addr, a, sizeof(*a)) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t at = low - 1; low > 0 && at != NOBODY;
         at = t->group_networks[at].parent)
        if (prefix_contains(&t->group_networks[at].prefix, a))
            return t->group_networks[at].groups;
    return 0;
}

uint64_t district_groups_of(const struct district *di, const struct segment *g,
                            const struct addr *a, const struct mac *mac)
{
    const struct district_tree *t = (const struct district_tree *)(const void *)di;

    return (g ? t->segment_groups[g - di->segments] : 0) |
           (a ? groups_of_addr(t, a) : 0) | (mac ? groups_of_mac(t, mac) : 0);
}
