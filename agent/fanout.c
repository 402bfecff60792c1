/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads are relative to the network header (SKF_NET_OFF), which the kernel keeps for both
 * directions; the outermost VLAN tag is not among the bytes any more.
 *
 * The program folds each address to 32 bits (IPv6: its four words by exclusive or) and
 * notes for each whether it is inside. Scratch memory: M[0] folded source, M[1] folded
 * destination, M[2] whether the source is inside, M[3] the destination's port.
 */
#include "agent/fanout.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"

#define V4_SRC   12u
#define V4_DST   16u
#define V6_SRC   8u
#define V6_DST   24u
#define DNS_PORT 53u
#define MIXER    0x9e3779b1u /* 2^32 divided by the golden ratio: spreads near addresses */

enum { M_SRC, M_DST, M_SRC_INSIDE, M_WORD };

struct maker {
    struct sock_filter *steps;
    size_t count, capacity;
    const struct prefix *inside;
    size_t inside_count;
};

static size_t put(struct maker *m, unsigned code, uint32_t k)
{
    m->steps = xgrow(m->steps, m->count, &m->capacity, sizeof(*m->steps));
    m->steps[m->count] = (struct sock_filter){.code = (uint16_t)code, .k = k};
    return m->count++;
}

/* A jump whose aim is set later, by land(). */
static size_t put_jump(struct maker *m)
{
    return put(m, BPF_JMP | BPF_JA, 0);
}

/* Goes on behind the next step when A equals k, else with the next step. */
static void put_skip_if_equal(struct maker *m, uint32_t k)
{
    size_t at = put(m, BPF_JMP | BPF_JEQ | BPF_K, k);

    m->steps[at].jt = 1;
}

static void land(struct maker *m, size_t jump)
{
    m->steps[jump].k = (uint32_t)(m->count - jump - 1);
}

static uint32_t word_of(const struct addr *a, unsigned word)
{
    const uint8_t *b = a->bytes + 4 * (size_t)word;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint32_t mask_of(unsigned bits)
{
    return bits >= 32 ? UINT32_MAX : bits == 0 ? 0 : UINT32_MAX << (32 - bits);
}

/* A jump to be landed where no part of the prefix may differ. Words count from `first`
 * of the address; at is where word `first` stands in the packet. */
static size_t put_prefix(struct maker *m, const struct prefix *p, unsigned first,
                         uint32_t at)
{
    size_t misses[4], miss_count = 0, hit;

    for (unsigned w = first; w < 4 && (w == first || p->len > 32 * w); w++) {
        uint32_t mask = mask_of(p->len > 32 * w ? p->len - 32 * w : 0);

        put(m, BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + at + 4 * (w - first));
        put(m, BPF_ALU | BPF_AND | BPF_K, mask);
        put_skip_if_equal(m, word_of(&p->addr, w) & mask);
        misses[miss_count++] = put_jump(m);
    }
    hit = put_jump(m);
    for (size_t i = 0; i < miss_count; i++)
        land(m, misses[i]);
    return hit;
}

static bool is_of_family(const struct prefix *p, bool v4)
{
    return (addr_is_v4(&p->addr) && p->len >= 96) == v4;
}

/* A := whether the address at `at` is inside. */
static void put_inside(struct maker *m, bool v4, uint32_t at)
{
    auto_free size_t *hits = xcalloc(m->inside_count + 1, sizeof(*hits));
    size_t hit_count = 0, end;

    for (size_t i = 0; i < m->inside_count; i++)
        if (is_of_family(&m->inside[i], v4))
            hits[hit_count++] = put_prefix(m, &m->inside[i], v4 ? 3 : 0, at);
    put(m, BPF_LD | BPF_IMM, 0);
    end = put_jump(m);
    for (size_t i = 0; i < hit_count; i++)
        land(m, hits[i]);
    put(m, BPF_LD | BPF_IMM, 1);
    land(m, end);
}

/* A := the address at `at`, in 32 bits. */
static void put_fold(struct maker *m, bool v4, uint32_t at)
{
    put(m, BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + at);
    for (uint32_t w = 1; !v4 && w < 4; w++) {
        put(m, BPF_MISC | BPF_TAX, 0);
        put(m, BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + at + 4 * w);
        put(m, BPF_ALU | BPF_XOR | BPF_X, 0);
    }
}

/* Returns the mixed folded address in M[which]. */
static void put_return(struct maker *m, unsigned which)
{
    put(m, BPF_LD | BPF_MEM, which);
    put(m, BPF_ALU | BPF_MUL | BPF_K, MIXER);
    put(m, BPF_ALU | BPF_RSH | BPF_K, 16);
    put(m, BPF_RET | BPF_A, 0);
}

/*
 * Asking a resolver of the school: who asks counts, so that the sensor that sees a
 * device's conversations saw the answers that led to them. Ports are read when they are
 * there; a resolver that asks another one from port 53 is none of a device.
 */
static void put_question(struct maker *m, bool v4, uint32_t ahead)
{
    uint32_t net = (uint32_t)SKF_NET_OFF + ahead;
    size_t others[4], count = 0, from, at;

    put(m, BPF_LD | BPF_B | BPF_ABS, net + (v4 ? 9 : 6)); /* protocol, next header */
    at = put(m, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP);
    m->steps[at].jt = 2;
    put_skip_if_equal(m, IPPROTO_TCP);
    others[count++] = put_jump(m);
    if (v4) {
        put(m, BPF_LD | BPF_H | BPF_ABS, net + 6);
        put(m, BPF_ALU | BPF_AND | BPF_K, 0x1fff); /* a later fragment has no ports */
        put_skip_if_equal(m, 0);
        others[count++] = put_jump(m);
        put(m, BPF_LDX | BPF_B | BPF_MSH, net);
    } else {
        put(m, BPF_LDX | BPF_IMM, 40);
    }
    put(m, BPF_LD | BPF_H | BPF_IND, net + 2);
    put(m, BPF_ST, M_WORD);
    put(m, BPF_LD | BPF_H | BPF_IND, net);
    put_skip_if_equal(m, DNS_PORT);
    from = put_jump(m);
    put(m, BPF_LD | BPF_MEM, M_WORD);
    at = put(m, BPF_JMP | BPF_JEQ | BPF_K, DNS_PORT);
    m->steps[at].jt = 4; /* both: over one put_return */
    put_return(m, M_DST);
    others[count++] = put_jump(m);
    land(m, from);
    put(m, BPF_LD | BPF_MEM, M_WORD);
    put_skip_if_equal(m, DNS_PORT);
    others[count++] = put_jump(m);
    put_return(m, M_SRC);
    for (size_t i = 0; i < count; i++)
        land(m, others[i]);
}

/* Ends the program for a packet whose IP header stands `ahead` behind the network's. */
static void put_choice(struct maker *m, bool v4, uint32_t ahead)
{
    uint32_t src = ahead + (v4 ? V4_SRC : V6_SRC), dst = ahead + (v4 ? V4_DST : V6_DST);
    size_t differ, at;

    put_fold(m, v4, src);
    put(m, BPF_ST, M_SRC);
    put_fold(m, v4, dst);
    put(m, BPF_ST, M_DST);
    put_inside(m, v4, src);
    put(m, BPF_ST, M_SRC_INSIDE);
    put_inside(m, v4, dst);

    put(m, BPF_LDX | BPF_MEM, M_SRC_INSIDE);
    at = put(m, BPF_JMP | BPF_JEQ | BPF_X, 0); /* of the same standing */
    m->steps[at].jt = 1;
    differ = put_jump(m);
    put_question(m, v4, ahead);
    put(m, BPF_LDX | BPF_MEM, M_DST);
    put(m, BPF_LD | BPF_MEM, M_SRC);
    at = put(m, BPF_JMP | BPF_JGT | BPF_X, 0);
    m->steps[at].jt = 4; /* over one put_return */
    put_return(m, M_SRC);
    put_return(m, M_DST);

    land(m, differ);
    put(m, BPF_LD | BPF_MEM, M_SRC_INSIDE);
    at = put(m, BPF_JMP | BPF_JEQ | BPF_K, 1);
    m->steps[at].jf = 4;
    put_return(m, M_SRC);
    put_return(m, M_DST);
}

/* Nobody's address yet, or everybody's: DHCP. */
static void put_unaddressed(struct maker *m, uint32_t ahead)
{
    static const struct {
        uint32_t at, address;
    } unset[] = {{V4_SRC, 0}, {V4_DST, UINT32_MAX}};

    for (size_t i = 0; i < sizeof(unset) / sizeof(unset[0]); i++) {
        put(m, BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + ahead + unset[i].at);
        m->steps[put(m, BPF_JMP | BPF_JEQ | BPF_K, unset[i].address)].jf = 1;
        put(m, BPF_RET | BPF_K, 0);
    }
}

/* A jump that is taken when A is k; A stays. */
static size_t put_case(struct maker *m, uint32_t k)
{
    m->steps[put(m, BPF_JMP | BPF_JEQ | BPF_K, k)].jf = 1;
    return put_jump(m);
}

/* A holds the Ethernet type of what stands `ahead` behind the network header. */
static void put_network(struct maker *m, uint32_t ahead, bool may_be_tagged)
{
    size_t v4 = put_case(m, ETH_P_IP), v6 = put_case(m, ETH_P_IPV6);

    if (may_be_tagged) {
        size_t tagged = put_case(m, ETH_P_8021Q), twice = put_case(m, ETH_P_8021AD);

        put(m, BPF_RET | BPF_K, 0);
        land(m, tagged);
        land(m, twice);
        put(m, BPF_LD | BPF_H | BPF_ABS, (uint32_t)SKF_NET_OFF + ahead + 2);
        put_network(m, ahead + 4, false);
    } else {
        put(m, BPF_RET | BPF_K, 0);
    }
    land(m, v4);
    put_unaddressed(m, ahead);
    put_choice(m, true, ahead);
    land(m, v6);
    put_choice(m, false, ahead);
}

int fanout_make(const struct prefix *inside, size_t count, struct fanout *ret_fanout)
{
    struct maker m = {.inside = inside, .inside_count = count};

    put(&m, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
    put_network(&m, 0, true);
    if (m.count > BPF_MAXINSNS) {
        free(m.steps);
        return -E2BIG;
    }
    *ret_fanout = (struct fanout){.steps = m.steps, .count = m.count};
    return 0;
}

/* ---- of a district ---- */

/* RFC 1918, RFC 4193, link-local: as addr_is_private. */
static const char *const private_networks[] = {
    "10.0.0.0/8",  "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
    "127.0.0.0/8", "fc00::/7",      "fe80::/10",      "::1/128",
};

struct networks {
    struct prefix *at;
    size_t count, capacity;
};

static bool covers(const struct prefix *wide, const struct prefix *narrow)
{
    return wide->len <= narrow->len && prefix_contains(wide, &narrow->addr);
}

/* Networks within another one say nothing new. */
static void add_network(struct networks *n, const struct prefix *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < n->count; i++)
        if (covers(&n->at[i], p))
            return;
    for (size_t i = 0; i < n->count; i++)
        if (!covers(p, &n->at[i]))
            n->at[kept++] = n->at[i];
    n->count = kept;
    n->at = xgrow(n->at, n->count, &n->capacity, sizeof(*n->at));
    n->at[n->count++] = *p;
}

static void add_private(struct networks *n)
{
    for (size_t i = 0; i < sizeof(private_networks) / sizeof(private_networks[0]); i++) {
        struct prefix p;

        if (prefix_parse(private_networks[i], &p) == 0)
            add_network(n, &p);
    }
}

int fanout_of_district(const struct district *district, struct fanout *ret_fanout)
{
    struct networks n = {0};
    int r;

    for (size_t i = 0; district && i < district->segment_count; i++)
        for (size_t j = 0; j < district->segments[i].network_count; j++)
            add_network(&n, &district->segments[i].networks[j]);
    if (!district)
        add_private(&n);
    r = fanout_make(n.at, n.count, ret_fanout);
    free(n.at);
    return r;
}

void fanout_done(struct fanout *f)
{
    free(f->steps);
    *f = (struct fanout){0};
}
