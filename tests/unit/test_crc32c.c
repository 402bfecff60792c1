/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "crc32c.h"

/* The examples of RFC 3720, appendix B.4. */
static void the_examples_of_rfc_3720_come_out(void **state)
{
    static const uint8_t read_command[48] = {
        0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
        0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
    uint8_t bytes[32];

    (void)state;
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43);
    for (uint8_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = i;
    assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x46dd794e);
    for (uint8_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x113fdb5c);
    assert_int_equal(crc32c(0, read_command, sizeof(read_command)), 0xd9963a56);
}

static void pieces_of_any_length_give_the_checksum_of_the_whole(void **state)
{
    uint8_t bytes[61];
    uint32_t whole;

    (void)state;
    for (uint8_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    whole = crc32c(0, bytes, sizeof(bytes));
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        uint32_t first = crc32c(0, bytes, cut);

        assert_int_equal(crc32c(first, bytes + cut, sizeof(bytes) - cut), whole);
    }
}

static void nothing_has_the_checksum_zero(void **state)
{
    (void)state;
    assert_int_equal(crc32c(0, NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_3720_come_out),
        cmocka_unit_test(pieces_of_any_length_give_the_checksum_of_the_whole),
        cmocka_unit_test(nothing_has_the_checksum_zero),
    };

    return cmocka_run_group_tests_name("crc32c", tests, NULL, NULL);
}
