/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "cli/list_checksum.h"

static const char md5[] = "900150983cd24fb0d6963f7d28e17f72"; /* of "abc", RFC 1321 */
static const char sha256[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void a_checksum_is_found_by_its_name(void **state)
{
    static const struct {
        const char *file;
        const char *found; /* NULL: none */
    } rows[] = {
        {"900150983cd24fb0d6963f7d28e17f72  a.tar.gz\n", md5},
        {"900150983CD24FB0D6963F7D28E17F72 *a.tar.gz\r\n", md5},
        {"900150983cd24fb0d6963f7d28e17f72  ./dest/a.tar.gz\n", md5},
        {"MD5 (a.tar.gz) = 900150983cd24fb0d6963f7d28e17f72\n", md5},
        {"900150983cd24fb0d6963f7d28e17f72\n", md5},
        {"# a comment\n\n00000000000000000000000000000000  b.tar.gz\n"
         "900150983cd24fb0d6963f7d28e17f72  a.tar.gz",
         md5},
        {"SHA256 (a.tar.gz) = "
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
         sha256},
        {"900150983cd24fb0d6963f7d28e17f72  ba.tar.gz\n", NULL},
        {"900150983cd24fb0d6963f7d28e17f72  a.tar.gz.old\n", NULL},
        {"900150983cd24fb0d6963f7d28e17f7  a.tar.gz\n", NULL},
        {"a.tar.gz\n", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char digits[CHECKSUM_DIGITS] = "none";
        bool found = checksum_find(text_of(rows[i].file), "a.tar.gz", digits);

        if (found != !!rows[i].found || (found && strcmp(digits, rows[i].found) != 0))
            fail_msg("row %zu gives %s", i, digits);
    }
}

static void bytes_that_are_no_text_have_no_checksum(void **state)
{
    static const char bytes[] = "\0\0  900150983cd24fb0d6963f7d28e17f72  a.tar.gz";
    char digits[CHECKSUM_DIGITS];

    (void)state;
    assert_false(checksum_find((struct text){bytes, sizeof(bytes) - 1}, "a", digits));
}

static void a_checksum_fits_its_bytes_only(void **state)
{
    (void)state;
    assert_true(checksum_fits("abc", 3, md5));
    assert_true(checksum_fits("abc", 3, sha256));
    assert_false(checksum_fits("abd", 3, md5));
    assert_false(checksum_fits("abd", 3, sha256));
    assert_false(checksum_fits("abc", 3, ""));
    assert_false(checksum_fits("abc", 3, "9001"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checksum_is_found_by_its_name),
        cmocka_unit_test(bytes_that_are_no_text_have_no_checksum),
        cmocka_unit_test(a_checksum_fits_its_bytes_only),
    };

    return cmocka_run_group_tests_name("list_checksum", tests, NULL, NULL);
}
