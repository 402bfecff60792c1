/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A register's ranks lie in order of time, each lower than the one before it: a rank is
 * forgotten when an equal or higher one comes, for it can never be the highest again. How
 * many registers have which rank is kept up to date, so that a count is 56 steps.
 */
#include "hll.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define RANKS  (64 - HLL_BITS + 2) /* 0: nothing was seen; up to 55 */
#define RENEWS 256 /* times in `within` that all registers are looked at */

struct reg {
    usec_t times[HLL_SEEN];
    uint8_t ranks[HLL_SEEN];
    uint8_t count;
};

struct hll {
    usec_t within, renewed;
    uint32_t having[RANKS]; /* registers whose highest rank this is */
    struct reg regs[HLL_REGISTERS];
};

struct hll *hll_new(usec_t within)
{
    struct hll *h = xcalloc(1, sizeof(*h));

    h->within = within;
    h->having[0] = HLL_REGISTERS;
    return h;
}

void hll_free(struct hll *h)
{
    free(h);
}

static unsigned highest(const struct reg *r)
{
    return r->count ? r->ranks[0] : 0;
}

static void drop_old(const struct hll *h, struct reg *r, usec_t now)
{
    unsigned old = 0;

    while (old < r->count && now - r->times[old] > h->within)
        old++;
    if (old == 0)
        return;
    r->count = (uint8_t)(r->count - old);
    memmove(r->times, r->times + old, r->count * sizeof(r->times[0]));
    memmove(r->ranks, r->ranks + old, r->count * sizeof(r->ranks[0]));
}

static void note(struct reg *r, usec_t time, unsigned rank)
{
    while (r->count > 0 && r->ranks[r->count - 1] <= rank)
        r->count--;
    if (r->count == HLL_SEEN)
        r->count--;
    r->times[r->count] = time;
    r->ranks[r->count] = (uint8_t)rank;
    r->count++;
}

static void renew(struct hll *h, usec_t now)
{
    if (now - h->renewed < h->within / RENEWS)
        return;
    h->renewed = now;
    memset(h->having, 0, sizeof(h->having));
    for (size_t i = 0; i < HLL_REGISTERS; i++) {
        drop_old(h, &h->regs[i], now);
        h->having[highest(&h->regs[i])]++;
    }
}

void hll_add(struct hll *h, usec_t time, uint64_t hash)
{
    struct reg *r = &h->regs[hash >> (64 - HLL_BITS)];
    uint64_t rest = hash << HLL_BITS;
    unsigned rank = rest ? (unsigned)__builtin_clzll(rest) + 1 : RANKS - 1;

    h->having[highest(r)]--;
    drop_old(h, r, time);
    note(r, time, rank);
    h->having[highest(r)]++;
}

/* x + x^2 + 2x^4 + 4x^8 + ...: what the registers that saw nothing stand for. */
static double sigma(double x)
{
    double sum = x, before, factor = 1;

    if (x >= 1)
        return 0; /* all of them: the caller knows */
    do {
        before = sum;
        x *= x;
        sum += x * factor;
        factor += factor;
    } while (sum > before);
    return sum;
}

uint64_t hll_count(struct hll *h, usec_t now)
{
    const double m = HLL_REGISTERS, alpha = 0.72134752044448170368; /* 1 / (2 ln 2) */
    double z = 0;

    renew(h, now);
    if (h->having[0] == HLL_REGISTERS)
        return 0;
    for (size_t rank = RANKS - 1; rank >= 1; rank--)
        z = (z + h->having[rank]) / 2;
    z += m * sigma(h->having[0] / m);
    return (uint64_t)(alpha * m * m / z + 0.5);
}

uint64_t hll_error(uint64_t count)
{
    return (count * 65 + 999) / 1000;
}

size_t hll_bytes(const struct hll *h)
{
    return sizeof(*h);
}
