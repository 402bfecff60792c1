/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "agent/extract.h"
#include "heard.h"
#include "quic_seal.h"

/* RFC 9001 appendix A: its connection id, and the salts of both versions. */
static const char cid[] = "8394c8f03e515708";
static const char salt_v1[] = "38762cf7f55934b34d179ae6a4c80cadccbb7f0a";
static const char salt_v2[] = "0dede3def700a6db819381be6e269dcbf9bd2ed9";

#define HEAD 22 /* of the sample packets, with the packet number */

static struct quic_keys keys_of(const char *salt_hex, const char *prefix)
{
    uint8_t salt[QUIC_SALT_BYTES], to[8];

    assert_int_equal(unhex(salt_hex, salt, sizeof(salt)), sizeof(salt));
    assert_int_equal(unhex(cid, to, sizeof(to)), sizeof(to));
    return quic_crypt_keys(salt, prefix, to, sizeof(to));
}

static void assert_bytes(const uint8_t *bytes, size_t len, const char *hex)
{
    uint8_t expected[64];

    assert_int_equal(unhex(hex, expected, sizeof(expected)), len);
    assert_memory_equal(bytes, expected, len);
}

static void the_keys_of_version_1_are_those_of_rfc_9001(void **state)
{
    struct quic_keys k = keys_of(salt_v1, "quic");

    (void)state;
    assert_bytes(k.key, sizeof(k.key), "1f369613dd76d5467730efcbe3b1a22d");
    assert_bytes(k.iv, sizeof(k.iv), "fa044b2f42a3fd3b46fb255c");
    assert_bytes(k.hp, sizeof(k.hp), "9f50449e04a0e810283a1e9933adedd2");
}

static void the_keys_of_version_2_are_those_of_rfc_9369(void **state)
{
    struct quic_keys k = keys_of(salt_v2, "quicv2");

    (void)state;
    assert_bytes(k.key, sizeof(k.key), "8b1a0bc121284290a29e0971b5cd045d");
    assert_bytes(k.iv, sizeof(k.iv), "91f73e2351d8fa91660e909f");
    assert_bytes(k.hp, sizeof(k.hp), "45b95e15235d6f45a6b19cbcb0294ba9");
}

static void the_masks_are_those_of_the_rfcs(void **state)
{
    static const char *const cases[][4] = {
        {salt_v1, "quic", "d1b1c98dd7689fb8ec11d242b123dc9b", "437b9aec36"},
        {salt_v2, "quicv2", "ffe67b6abcdb4298b485dd04de806071", "94a0c95e80"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct quic_keys k = keys_of(cases[i][0], cases[i][1]);
        uint8_t sample[QUIC_SAMPLE_BYTES], mask[QUIC_MASK_BYTES];

        (void)unhex(cases[i][2], sample, sizeof(sample));
        quic_crypt_mask(&k, sample, mask);
        assert_bytes(mask, sizeof(mask), cases[i][3]);
    }
}

/* The sample packet of version 1 with its header uncovered. */
static size_t uncovered(uint8_t bytes[1200])
{
    size_t len = unhex(rfc_v1_packet, bytes, 1200);

    (void)unhex("c300000001088394c8f03e5157080000449e00000002", bytes, HEAD);
    return len;
}

static void the_sample_packet_opens_to_its_hello(void **state)
{
    struct quic_keys k = keys_of(salt_v1, "quic");
    uint8_t bytes[1200], hello[512];
    size_t len = uncovered(bytes), hello_len = unhex(rfc_hello, hello, sizeof(hello));

    (void)state;
    assert_true(quic_crypt_open(&k, 2, bytes, HEAD, len));
    assert_memory_equal(bytes + HEAD + 4, hello, hello_len); /* behind its frame's head */
}

static void a_packet_of_which_one_bit_is_changed_does_not_open(void **state)
{
    struct quic_keys k = keys_of(salt_v1, "quic");
    uint8_t bytes[1200];
    size_t len = uncovered(bytes);

    (void)state;
    for (size_t at = 0; at < len; at += 13) {
        (void)uncovered(bytes);
        bytes[at] ^= 0x10;
        assert_false(quic_crypt_open(&k, 2, bytes, HEAD, len));
    }
    (void)uncovered(bytes);
    assert_false(quic_crypt_open(&k, 3, bytes, HEAD, len));
    (void)uncovered(bytes);
    assert_false(quic_crypt_open(&k, 2, bytes, HEAD, len - 1));
    assert_false(quic_crypt_open(&k, 2, bytes, HEAD, HEAD + QUIC_TAG_BYTES - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_of_version_1_are_those_of_rfc_9001),
        cmocka_unit_test(the_keys_of_version_2_are_those_of_rfc_9369),
        cmocka_unit_test(the_masks_are_those_of_the_rfcs),
        cmocka_unit_test(the_sample_packet_opens_to_its_hello),
        cmocka_unit_test(a_packet_of_which_one_bit_is_changed_does_not_open),
    };

    return cmocka_run_group_tests_name("quic_crypt", tests, NULL, NULL);
}
