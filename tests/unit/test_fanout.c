/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fanout.h"
#include "mem.h"

/* A packet as the kernel's program sees it: its type, and bytes from the network header.
 */
struct seen {
    uint32_t protocol;
    uint8_t bytes[64];
    size_t len;
};

static bool load(const struct seen *s, uint32_t k, unsigned size, uint32_t *ret_a)
{
    uint32_t at = k - (uint32_t)SKF_NET_OFF;

    if (k == (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)) {
        *ret_a = s->protocol;
        return true;
    }
    if (at > s->len || s->len - at < size)
        return false;
    *ret_a = 0;
    for (unsigned i = 0; i < size; i++)
        *ret_a = *ret_a << 8 | s->bytes[at + i];
    return true;
}

/* Classic BPF, as far as fanout.c uses it; what it doesn't know fails the test. */
static uint32_t run(const struct fanout *f, const struct seen *s)
{
    uint32_t a = 0, x = 0, m[BPF_MEMWORDS] = {0};

    for (size_t pc = 0; pc < f->count; pc++) {
        const struct sock_filter *p = &f->steps[pc];

        switch (p->code) {
        case BPF_LD | BPF_W | BPF_ABS:
        case BPF_LD | BPF_H | BPF_ABS:
            if (!load(s, p->k, BPF_SIZE(p->code) == BPF_W ? 4 : 2, &a))
                return 0;
            break;
        case BPF_LD | BPF_B | BPF_ABS:
            if (!load(s, p->k, 1, &a))
                return 0;
            break;
        case BPF_LD | BPF_H | BPF_IND:
            if (!load(s, p->k + x, 2, &a))
                return 0;
            break;
        case BPF_LDX | BPF_B | BPF_MSH:
            if (!load(s, p->k, 1, &x))
                return 0;
            x = 4 * (x & 0xf);
            break;
        case BPF_LDX | BPF_IMM:
            x = p->k;
            break;
        case BPF_LD | BPF_IMM:
            a = p->k;
            break;
        case BPF_LD | BPF_MEM:
            a = m[p->k];
            break;
        case BPF_LDX | BPF_MEM:
            x = m[p->k];
            break;
        case BPF_ST:
            m[p->k] = a;
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= p->k;
            break;
        case BPF_ALU | BPF_XOR | BPF_X:
            a ^= x;
            break;
        case BPF_ALU | BPF_MUL | BPF_K:
            a *= p->k;
            break;
        case BPF_ALU | BPF_RSH | BPF_K:
            a >>= p->k;
            break;
        case BPF_MISC | BPF_TAX:
            x = a;
            break;
        case BPF_JMP | BPF_JA:
            pc += p->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            pc += a == p->k ? p->jt : p->jf;
            break;
        case BPF_JMP | BPF_JEQ | BPF_X:
            pc += a == x ? p->jt : p->jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_X:
            pc += a > x ? p->jt : p->jf;
            break;
        case BPF_RET | BPF_A:
            return a;
        case BPF_RET | BPF_K:
            return p->k;
        default:
            fail_msg("step %zu has code %#x", pc, p->code);
        }
    }
    fail_msg("the program has no end");
    return 0;
}

static struct seen packet(const char *src, const char *dst, unsigned tags)
{
    struct seen s = {0};
    struct addr from, to;
    bool v4;

    assert_int_equal(addr_parse(src, &from), 0);
    assert_int_equal(addr_parse(dst, &to), 0);
    v4 = addr_is_v4(&from);
    s.protocol = v4 ? ETH_P_IP : ETH_P_IPV6;
    if (tags) {
        s.bytes[2] = (uint8_t)(s.protocol >> 8);
        s.bytes[3] = (uint8_t)s.protocol;
        s.protocol = tags == 1 ? ETH_P_8021Q : ETH_P_8021AD;
        s.len = 4;
    }
    memcpy(s.bytes + s.len + (v4 ? 12 : 8), v4 ? from.bytes + 12 : from.bytes,
           v4 ? 4 : 16);
    memcpy(s.bytes + s.len + (v4 ? 16 : 24), v4 ? to.bytes + 12 : to.bytes, v4 ? 4 : 16);
    s.len += v4 ? 20 : 40;
    return s;
}

static uint32_t where(const struct fanout *f, const char *src, const char *dst)
{
    struct seen s = packet(src, dst, 0);

    return run(f, &s);
}

static struct fanout school(void)
{
    static const char *const networks[] = {"10.20.0.0/20", "10.30.0.0/16",
                                           "2001:db8:1::/48", "2001:db8:2:3::/64",
                                           "192.0.2.7"};
    struct prefix inside[5];
    struct fanout f;

    for (size_t i = 0; i < 5; i++)
        assert_int_equal(prefix_parse(networks[i], &inside[i]), 0);
    assert_int_equal(fanout_make(inside, 5, &f), 0);
    return f;
}

static void all_traffic_of_an_inside_device_meets(void **state)
{
    static const struct {
        const char *device, *others[4];
    } cases[] = {
        {"10.20.1.1", {"8.8.8.8", "203.0.113.9", "11.0.0.1", "255.1.1.1"}},
        {"10.30.255.9", {"8.8.8.8", "1.1.1.1", "11.0.0.1", "9.9.9.9"}},
        {"192.0.2.7", {"8.8.8.8", "192.0.2.6", "192.0.2.8", "1.2.3.4"}},
        {"2001:db8:1::5", {"2a00::1", "2001:db8:3::1", "ff02::1", "fe80::1"}},
        {"2001:db8:2:3::5", {"2a00::1", "2001:db8:2:4::1", "ff02::1", "fe80::1"}},
    };
    struct fanout f = school();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t home = where(&f, cases[i].device, cases[i].others[0]);

        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(where(&f, cases[i].device, cases[i].others[k]), home);
            assert_int_equal(where(&f, cases[i].others[k], cases[i].device), home);
        }
    }
    fanout_done(&f);
}

static void both_directions_meet_whoever_they_are(void **state)
{
    static const char *const pairs[][2] = {{"10.20.1.1", "10.30.1.1"},
                                           {"10.30.9.9", "10.20.0.1"},
                                           {"8.8.8.8", "9.9.9.9"},
                                           {"2001:db8:1::1", "2001:db8:1::2"},
                                           {"2a00::1", "2a00::2"}};
    struct fanout f = school();

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_int_equal(where(&f, pairs[i][0], pairs[i][1]),
                         where(&f, pairs[i][1], pairs[i][0]));
    fanout_done(&f);
}

static void between_two_inside_the_lower_address_counts(void **state)
{
    struct fanout f = school();

    (void)state;
    assert_int_equal(where(&f, "10.30.1.1", "10.20.1.1"),
                     where(&f, "10.20.1.1", "8.8.8.8"));
    fanout_done(&f);
}

/* With ports; IPv4 has the shortest header. */
static uint32_t where_asked(const struct fanout *f, const char *src, unsigned src_port,
                            const char *dst, unsigned dst_port, unsigned protocol)
{
    struct seen s = packet(src, dst, 0);
    uint8_t *ports = s.bytes + s.len;

    if (s.len == 20) {
        s.bytes[0] = 0x45;
        s.bytes[9] = (uint8_t)protocol;
    } else {
        s.bytes[6] = (uint8_t)protocol;
    }
    ports[0] = (uint8_t)(src_port >> 8);
    ports[1] = (uint8_t)src_port;
    ports[2] = (uint8_t)(dst_port >> 8);
    ports[3] = (uint8_t)dst_port;
    s.len += 8;
    return run(f, &s);
}

static void who_asks_a_resolver_inside_counts(void **state)
{
    static const struct {
        const char *device, *resolver, *outside;
    } cases[] = {{"10.30.1.1", "10.20.1.1", "8.8.8.8"},
                 {"10.20.1.1", "10.30.1.1", "8.8.8.8"},
                 {"2001:db8:1::9", "2001:db8:1::1", "2a00::1"},
                 {"2001:db8:1::1", "2001:db8:1::9", "2a00::1"}};
    static const unsigned protocols[] = {6, 17};
    struct fanout f = school();

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        const char *device = cases[i / 2].device, *resolver = cases[i / 2].resolver;
        unsigned protocol = protocols[i % 2];
        uint32_t home = where(&f, device, cases[i / 2].outside);

        assert_int_equal(where_asked(&f, device, 40000, resolver, 53, protocol), home);
        assert_int_equal(where_asked(&f, resolver, 53, device, 40000, protocol), home);
        assert_int_equal(where_asked(&f, device, 53, resolver, 53, protocol),
                         where_asked(&f, resolver, 53, device, 53, protocol));
        assert_int_equal(where_asked(&f, device, 53, resolver, 53, protocol),
                         where(&f, device, resolver));
    }
    fanout_done(&f);
}

static void a_later_fragment_goes_by_its_addresses(void **state)
{
    struct fanout f = school();
    struct seen s = packet("10.30.1.1", "10.20.1.1", 0);

    (void)state;
    s.bytes[0] = 0x45;
    s.bytes[7] = 1;
    s.bytes[9] = 17;
    s.bytes[23] = 53; /* content */
    s.len += 8;
    assert_int_equal(run(&f, &s), where(&f, "10.30.1.1", "10.20.1.1"));
    fanout_done(&f);
}

static void a_tag_within_a_tag_changes_nothing(void **state)
{
    struct fanout f = school();

    (void)state;
    for (unsigned tags = 1; tags <= 2; tags++) {
        struct seen v4 = packet("10.20.1.1", "8.8.8.8", tags);
        struct seen v6 = packet("2a00::1", "2001:db8:1::5", tags);

        assert_int_equal(run(&f, &v4), where(&f, "10.20.1.1", "8.8.8.8"));
        assert_int_equal(run(&f, &v6), where(&f, "2a00::1", "2001:db8:1::5"));
    }
    fanout_done(&f);
}

static void what_has_no_address_goes_to_the_first(void **state)
{
    struct fanout f = school();
    struct seen arp = {.protocol = ETH_P_ARP, .len = 28};
    struct seen cut = packet("10.20.1.1", "8.8.8.8", 0);

    (void)state;
    cut.len = 14;
    assert_int_equal(run(&f, &arp), 0);
    assert_int_equal(run(&f, &cut), 0);
    assert_int_equal(where(&f, "0.0.0.0", "255.255.255.255"), 0);
    assert_int_equal(where(&f, "10.20.0.1", "255.255.255.255"), 0);
    fanout_done(&f);
}

static void devices_are_spread(void **state)
{
    struct fanout f = school();
    unsigned counts[4] = {0};

    (void)state;
    for (unsigned i = 1; i < 255; i++) {
        char device[32];

        snprintf(device, sizeof(device), "10.20.1.%u", i);
        counts[where(&f, device, "8.8.8.8") % 4]++;
    }
    for (size_t i = 0; i < 4; i++)
        assert_in_range(counts[i], 40, 90);
    fanout_done(&f);
}

static void without_a_district_private_addresses_are_inside(void **state)
{
    struct fanout f;

    (void)state;
    assert_int_equal(fanout_of_district(NULL, &f), 0);
    assert_int_equal(where(&f, "192.168.1.5", "8.8.8.8"),
                     where(&f, "9.9.9.9", "192.168.1.5"));
    assert_int_equal(where(&f, "fd00::5", "2a00::1"), where(&f, "2a00::2", "fd00::5"));
    fanout_done(&f);
}

static void more_networks_than_a_program_holds_are_refused(void **state)
{
    struct prefix *many = xcalloc(2000, sizeof(*many));
    struct fanout f;

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        const uint8_t bytes[4] = {10, (uint8_t)(i >> 8), (uint8_t)i, 0};

        many[i] = (struct prefix){.addr = addr_v4(bytes), .len = 120};
    }
    assert_int_equal(fanout_make(many, 2000, &f), -E2BIG);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_traffic_of_an_inside_device_meets),
        cmocka_unit_test(both_directions_meet_whoever_they_are),
        cmocka_unit_test(between_two_inside_the_lower_address_counts),
        cmocka_unit_test(who_asks_a_resolver_inside_counts),
        cmocka_unit_test(a_later_fragment_goes_by_its_addresses),
        cmocka_unit_test(a_tag_within_a_tag_changes_nothing),
        cmocka_unit_test(what_has_no_address_goes_to_the_first),
        cmocka_unit_test(devices_are_spread),
        cmocka_unit_test(without_a_district_private_addresses_are_inside),
        cmocka_unit_test(more_networks_than_a_program_holds_are_refused),
    };

    return cmocka_run_group_tests_name("fanout", tests, NULL, NULL);
}
