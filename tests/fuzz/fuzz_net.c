/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, networks, MAC addresses, times, durations and sizes from any text; what was
 * taken must be printed so that it is taken again and is the same. */
#include <stdint.h>
#include <stdlib.h>

#include "auto.h"
#include "clock.h"
#include "mem.h"
#include "net.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(bool right)
{
    if (!right)
        abort();
}

static void try_addr(const char *text)
{
    struct addr a, again;
    char printed[ADDR_TEXT];

    if (addr_parse(text, &a) != 0)
        return;
    addr_print(&a, printed);
    check(addr_parse(printed, &again) == 0 && addr_equal(&a, &again));
}

static void try_prefix(const char *text)
{
    struct prefix p, again;
    char printed[PREFIX_TEXT];

    if (prefix_parse(text, &p) != 0)
        return;
    check(prefix_contains(&p, &p.addr));
    prefix_print(&p, printed);
    check(prefix_parse(printed, &again) == 0 && again.len == p.len);
    check(addr_equal(&p.addr, &again.addr));
}

static void try_mac(const char *text)
{
    struct mac m, again;
    char printed[MAC_TEXT];

    if (mac_parse(text, &m) != 0)
        return;
    mac_print(&m, printed);
    check(mac_parse(printed, &again) == 0 && mac_equal(&m, &again));
}

static void try_clock(const char *text)
{
    char printed[CLOCK_TEXT];
    usec_t time, again;

    if (clock_parse(text, &time) == 0) {
        clock_print(time, printed);
        check(clock_parse(printed, &again) == 0 && again == time);
    }
    if (clock_parse_duration(text, &time) == 0) {
        clock_print_duration(time, printed);
        check(clock_parse_duration(printed, &again) == 0 && again == time);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_free char *text = xstrndup((const char *)bytes, len);
    uint64_t number;

    try_addr(text);
    try_prefix(text);
    try_mac(text);
    try_clock(text);
    text_parse_size(text, &number);
    return 0;
}
