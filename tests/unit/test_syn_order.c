/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "agent/syn_order.h"
#include "heard.h"

/* From a copy of its own, so that a sanitizer sees a step too far. */
static enum syn_order order_of(const char *hex, size_t cut)
{
    uint8_t bytes[64];
    size_t len = unhex(hex, bytes, sizeof(bytes)) - cut;
    void *copy = malloc(len + 1);
    enum syn_order order = syn_order_of(cur_over(memcpy(copy, bytes, len), len));

    free(copy);
    return order;
}

static const char linux_syn[] = "020405b4 0402 080a 0f84a1b2 00000000 01 030307";
static const char apple_syn[] =
    "020405b4 01 030306 01 01 080a 2f3e1a55 00000000 0402 0000";
static const char windows_syn[] = "020405b4 01 030308 01 01 0402";

static void each_system_has_its_own_order(void **state)
{
    (void)state;
    assert_int_equal(order_of(linux_syn, 0), SYN_ORDER_LINUX);
    assert_int_equal(order_of(apple_syn, 0), SYN_ORDER_APPLE);
    assert_int_equal(order_of(windows_syn, 0), SYN_ORDER_WINDOWS);
    assert_int_equal(order_of("020405b4 01 01 0402 01 030307", 0), SYN_ORDER_LINUX);
}

static void sizes_and_scales_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(order_of("02040218 0402 080a 00000001 00000000 01 03030e", 0),
                     SYN_ORDER_LINUX);
    assert_int_equal(order_of("02040550 01 030302 01 01 0402", 0), SYN_ORDER_WINDOWS);
}

static void what_follows_a_known_order_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(
        order_of("020405b4 0402 080a 0f84a1b2 00000000 01 030307 2202 0101", 0),
        SYN_ORDER_LINUX);
}

static void other_orders_are_none_of_them(void **state)
{
    static const char *const others[] = {"", "020405b4", "020405b4 01 01 0402",
                                         "020405b4 01 030308 0402 080a 00000001 00000000",
                                         "01010101 01010101 01010101 01010101"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(order_of(others[i], 0), SYN_ORDER_OTHER);
}

static void options_that_are_cut_or_broken_are_no_known_order(void **state)
{
    (void)state;
    for (size_t cut = 1; cut <= 20; cut++)
        assert_int_equal(order_of(linux_syn, cut), SYN_ORDER_OTHER);
    assert_int_equal(order_of("020005b4 0402 080a 0f84a1b2 00000000 01 030307", 0),
                     SYN_ORDER_OTHER);
    assert_int_equal(order_of("02ff05b4 0402 080a 0f84a1b2 00000000 01 030307", 0),
                     SYN_ORDER_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_system_has_its_own_order),
        cmocka_unit_test(sizes_and_scales_do_not_count),
        cmocka_unit_test(what_follows_a_known_order_does_not_count),
        cmocka_unit_test(other_orders_are_none_of_them),
        cmocka_unit_test(options_that_are_cut_or_broken_are_no_known_order),
    };

    return cmocka_run_group_tests_name("syn_order", tests, NULL, NULL);
}
