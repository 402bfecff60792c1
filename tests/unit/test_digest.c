/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "crypt.h"
#include "digest.h"

static void md5_agrees_with_rfc_1321(void **state)
{
    static const char *const cases[][2] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"1234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "0",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };
    uint8_t digest[16];
    char text[33];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        digest_md5(cases[i][0], strlen(cases[i][0]), digest);
        crypt_hex(digest, sizeof(digest), text);
        assert_string_equal(text, cases[i][1]);
    }
}

static void sha1_is(const char *bytes, size_t len, const char *expected)
{
    uint8_t digest[20];
    char text[41];

    digest_sha1(bytes, len, digest);
    crypt_hex(digest, sizeof(digest), text);
    assert_string_equal(text, expected);
}

static void sha1_agrees_with_rfc_3174(void **state)
{
    static const char eights[] = "0123456701234567012345670123456701234567012345670123456"
                                 "701234567";
    char ten[640];

    (void)state;
    sha1_is("", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    sha1_is("abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
    sha1_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    for (size_t i = 0; i < 10; i++)
        memcpy(ten + 64 * i, eights, 64);
    sha1_is(ten, sizeof(ten), "dea356a2cddd90c7a7ecedc5ebb563934f460452");
}

static void digests_are_right_at_every_length_around_a_block(void **state)
{
    /* The digest of the digests of 0 to 130 times 'x', made with another program. */
    uint8_t bytes[130], all[131 * 20], digest[20];
    char text[41];

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    for (size_t len = 0; len <= sizeof(bytes); len++)
        digest_sha1(bytes, len, all + 20 * len);
    digest_sha1(all, sizeof(all), digest);
    crypt_hex(digest, sizeof(digest), text);
    assert_string_equal(text, "c8aae94427ef2bc2653160a5197170068f5fc9fd");

    for (size_t len = 0; len <= sizeof(bytes); len++)
        digest_md5(bytes, len, all + 16 * len);
    digest_md5(all, 131 * 16, digest);
    crypt_hex(digest, 16, text);
    assert_string_equal(text, "e4edc384b1abcb5696e09f9aca1eb23c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(md5_agrees_with_rfc_1321),
        cmocka_unit_test(sha1_agrees_with_rfc_3174),
        cmocka_unit_test(digests_are_right_at_every_length_around_a_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
