/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Community ID flow hashing, version 1 (github.com/corelight/community-id-spec): "1:" and
 * the base64 of SHA-1 over seed, addresses, protocol and ports, the lower endpoint first.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "digest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct end {
    const uint8_t *addr;
    uint16_t port;
};

/* Messages that ask and the ones that answer; both directions then make one flow. */
static const uint8_t icmp_pairs[][2] = {{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}};
static const uint8_t icmp6_pairs[][2] = {{128, 129}, {133, 134}, {135, 136},
                                         {130, 131}, {139, 140}, {144, 145}};

/* The type that answers type or is answered by it; -1 when there is none. */
static int icmp_other(uint8_t ip_proto, uint16_t type)
{
    bool six = ip_proto == IPPROTO_ICMPV6;
    const uint8_t(*pairs)[2] = six ? icmp6_pairs : icmp_pairs;
    size_t count = six ? COUNT(icmp6_pairs) : COUNT(icmp_pairs);

    for (size_t i = 0; i < count; i++) {
        if (pairs[i][0] == type)
            return pairs[i][1];
        if (pairs[i][1] == type)
            return pairs[i][0];
    }
    return -1;
}

static bool has_ports(uint8_t ip_proto)
{
    return ip_proto == IPPROTO_TCP || ip_proto == IPPROTO_UDP ||
           ip_proto == IPPROTO_SCTP || ip_proto == IPPROTO_ICMP ||
           ip_proto == IPPROTO_ICMPV6;
}

static size_t put_port(uint8_t *out, uint16_t port)
{
    out[0] = (uint8_t)(port >> 8);
    out[1] = (uint8_t)port;
    return 2;
}

static size_t serialise(uint8_t *out, struct end a, struct end b, size_t addr_len,
                        uint8_t ip_proto)
{
    size_t len = put_port(out, 0); /* the seed */

    memcpy(out + len, a.addr, addr_len);
    memcpy(out + len + addr_len, b.addr, addr_len);
    len += 2 * addr_len;
    out[len++] = ip_proto;
    out[len++] = 0;
    if (has_ports(ip_proto)) {
        len += put_port(out + len, a.port);
        len += put_port(out + len, b.port);
    }
    return len;
}

static void base64(const uint8_t *bytes, size_t len, char *ret_text)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;

        if (have > 1)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (have > 2)
            group |= bytes[i + 2];
        for (size_t d = 0; d < 4; d++)
            *ret_text++ = d <= have ? digits[group >> (18 - 6 * d) & 63] : '=';
    }
    *ret_text = '\0';
}

void community_id(const struct addr *src, const struct addr *dst, uint16_t src_port,
                  uint16_t dst_port, uint8_t ip_proto, char ret_text[COMMUNITY_ID_TEXT])
{
    bool v4 = addr_is_v4(src) && addr_is_v4(dst);
    bool icmp = ip_proto == IPPROTO_ICMP || ip_proto == IPPROTO_ICMPV6;
    int other = icmp ? icmp_other(ip_proto, src_port) : -1;
    bool one_way = icmp && other < 0;
    size_t skip = v4 ? 12 : 0, addr_len = sizeof(src->bytes) - skip;
    struct end a = {src->bytes + skip, src_port}, b = {dst->bytes + skip, dst_port};
    uint8_t bytes[2 + 2 * sizeof(src->bytes) + 2 + 4], digest[20];
    int order = memcmp(a.addr, b.addr, addr_len);

    if (other >= 0)
        b.port = (uint16_t)other;
    if (!one_way && (order > 0 || (order == 0 && a.port > b.port))) {
        struct end was_a = a;

        a = b;
        b = was_a;
    }
    digest_sha1(bytes, serialise(bytes, a, b, addr_len, ip_proto), digest);
    ret_text[0] = '1';
    ret_text[1] = ':';
    base64(digest, sizeof(digest), ret_text + 2);
}
