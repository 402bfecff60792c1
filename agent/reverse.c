/* SPDX-License-Identifier: Apache-2.0 */
/* The label nearest to the zone is the address's first part, so names are read from their
 * end. */
#include "agent/reverse.h"

#include <string.h>

#include "domain.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* The last label of *name, of so many digits at most; *name is what stood before it. */
static bool take_number(struct text *name, int base, size_t digits, unsigned *ret_number)
{
    const char *dot = name->len > 0 ? memrchr(name->at, '.', name->len) : NULL;
    size_t start = dot ? (size_t)(dot - name->at) + 1 : 0;
    unsigned number = 0;

    if (start == name->len || name->len - start > digits)
        return false;
    for (size_t i = start; i < name->len; i++) {
        int digit = digit_of(name->at[i]);

        if (digit >= base)
            return false;
        number = number * (unsigned)base + (unsigned)digit;
    }
    name->len = dot ? start - 1 : 0;
    *ret_number = number;
    return true;
}

/* *name's zone is cut off. */
static bool is_in_zone(struct text *name, struct text zone)
{
    if (!domain_under(*name, zone) || name->len == zone.len)
        return false;
    name->len -= zone.len + 1;
    return true;
}

static bool read_v4(struct text name, struct addr *ret_addr)
{
    uint8_t bytes[4];
    unsigned number;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (!take_number(&name, 10, 3, &number) || number > UINT8_MAX)
            return false;
        bytes[i] = (uint8_t)number;
    }
    *ret_addr = addr_v4(bytes);
    return true;
}

static bool read_v6(struct text name, struct addr *ret_addr)
{
    struct addr a = {{0}};
    unsigned number;

    for (size_t i = 0; i < 2 * sizeof(a.bytes); i++) {
        if (!take_number(&name, 16, 1, &number))
            return false;
        a.bytes[i / 2] = (uint8_t)(a.bytes[i / 2] * 16u + number);
    }
    *ret_addr = a;
    return true;
}

bool reverse_addr(struct text name, struct addr *ret_addr)
{
    if (is_in_zone(&name, TEXT("in-addr.arpa")))
        return read_v4(name, ret_addr);
    return is_in_zone(&name, TEXT("ip6.arpa")) && read_v6(name, ret_addr);
}
