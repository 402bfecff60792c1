/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "crypt.h"
#include "mem.h"

static char *folder(void)
{
    char *path = xstrdup("/tmp/test_crypt.XXXXXX");

    assert_non_null(mkdtemp(path));
    return path;
}

static int set_up(void **state)
{
    *state = folder();
    return crypt_init();
}

static int tear_down(void **state)
{
    auto_free char *folder_path = *state;
    auto_free char *key = xasprintf("%s/key", folder_path);

    unlink(key);
    return rmdir(folder_path);
}

static void hex_is(const uint8_t *bytes, size_t len, const char *expected)
{
    char text[129];

    crypt_hex(bytes, len, text);
    assert_string_equal(text, expected);
}

static void digests_agree_with_their_standards(void **state)
{
    uint8_t out[64];

    (void)state;
    crypt_hash(NULL, "abc", 3, out, 64); /* RFC 7693 appendix A */
    hex_is(out, 64,
           "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
           "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
    crypt_sha256("abc", 3, out); /* FIPS 180-2 appendix B.1 */
    hex_is(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    /* RFC 4231 section 4.3 */
    crypt_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
    hex_is(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void a_keyed_hash_depends_on_its_key(void **state)
{
    struct crypt_hash_key a = {{1}}, b = {{2}};
    uint8_t of_a[16], again[16], of_b[16];

    (void)state;
    crypt_hash(&a, "device", 6, of_a, sizeof(of_a));
    crypt_hash(&a, "device", 6, again, sizeof(again));
    crypt_hash(&b, "device", 6, of_b, sizeof(of_b));
    assert_true(crypt_equal(of_a, again, sizeof(of_a)));
    assert_false(crypt_equal(of_a, of_b, sizeof(of_a)));
}

static void only_the_secret_key_opens_what_is_sealed(void **state)
{
    struct crypt_box_public public, other_public;
    struct crypt_box_secret secret, other_secret;
    auto_free char *text = NULL;
    auto_free uint8_t *bytes = NULL;
    size_t len;

    (void)state;
    crypt_box_keys(&public, &secret);
    crypt_box_keys(&other_public, &other_secret);
    text = crypt_seal(&public, "10.1.2.3", 8);
    assert_int_equal(crypt_unseal(&other_public, &other_secret, text, &bytes, &len),
                     -EBADMSG);
    assert_int_equal(crypt_unseal(&public, &secret, text, &bytes, &len), 0);
    assert_int_equal(len, 8);
    assert_memory_equal(bytes, "10.1.2.3", 8);
}

static void a_seal_that_was_touched_does_not_open(void **state)
{
    struct crypt_box_public public;
    struct crypt_box_secret secret;
    auto_free char *text = NULL;
    uint8_t *bytes = NULL;
    size_t len;

    (void)state;
    crypt_box_keys(&public, &secret);
    text = crypt_seal(&public, "", 0);
    assert_int_equal(crypt_unseal(&public, &secret, text, &bytes, &len), 0);
    assert_int_equal(len, 0);
    free(bytes);
    text[40] = text[40] == 'A' ? 'B' : 'A';
    assert_int_equal(crypt_unseal(&public, &secret, text, &bytes, &len), -EBADMSG);
    assert_int_equal(crypt_unseal(&public, &secret, "", &bytes, &len), -EBADMSG);
    assert_int_equal(crypt_unseal(&public, &secret, "not base64!", &bytes, &len),
                     -EBADMSG);
}

static void a_signature_holds_for_these_bytes_and_this_key(void **state)
{
    struct crypt_sign_public public, other_public;
    struct crypt_sign_secret secret, other_secret;
    uint8_t signature[64];

    (void)state;
    crypt_sign_keys(&public, &secret);
    crypt_sign_keys(&other_public, &other_secret);
    crypt_sign(&secret, "bundle", 6, signature);
    assert_true(crypt_signed(&public, "bundle", 6, signature));
    assert_false(crypt_signed(&public, "bundlf", 6, signature));
    assert_false(crypt_signed(&other_public, "bundle", 6, signature));
    signature[0] ^= 1;
    assert_false(crypt_signed(&public, "bundle", 6, signature));
}

static void a_password_fits_only_itself(void **state)
{
    char stored[128];

    (void)state;
    assert_int_equal(crypt_password("correct horse", stored), 0);
    assert_true(crypt_password_fits("correct horse", stored));
    assert_false(crypt_password_fits("correct horsf", stored));
    assert_false(crypt_password_fits("correct horse", "no stored password"));
}

static void a_key_file_is_read_as_it_was_written(void **state)
{
    auto_free char *path = xasprintf("%s/key", (char *)*state);
    char public_text[160], secret_text[160];
    struct stat st;

    assert_int_equal(crypt_key_write(path, "agent", "Z85.-:+=^!/*?&<>()[]{}@%$#", "ab12"),
                     0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(crypt_key_read(path, "agent", public_text, secret_text), 0);
    assert_string_equal(public_text, "Z85.-:+=^!/*?&<>()[]{}@%$#");
    assert_string_equal(secret_text, "ab12");
    assert_int_equal(crypt_key_read(path, "vault", public_text, secret_text), -EBADMSG);
}

static void a_key_file_is_never_written_over(void **state)
{
    auto_free char *path = xasprintf("%s/key", (char *)*state);
    char public_text[160], secret_text[160];

    assert_int_equal(crypt_key_write(path, "agent", "first", NULL), 0);
    assert_int_equal(crypt_key_write(path, "agent", "second", NULL), -EEXIST);
    assert_int_equal(crypt_key_read(path, "agent", public_text, secret_text), 0);
    assert_string_equal(public_text, "first");
    assert_string_equal(secret_text, "");
}

static void a_secret_that_others_may_read_is_refused(void **state)
{
    auto_free char *path = xasprintf("%s/key", (char *)*state);
    char public_text[160] = "untouched", secret_text[160];

    assert_int_equal(crypt_key_write(path, "agent", "ab", "cd"), 0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(crypt_key_read(path, "agent", public_text, secret_text), -EPERM);
    assert_string_equal(public_text, "untouched");
}

static void what_is_no_key_file_is_refused(void **state)
{
    static const char *const wrong[] = {"", "kind: agent\n", "[agent, ab]\n", "kind: [\n",
                                        "kind: agent\npublic: [ab]\n"};
    auto_free char *path = xasprintf("%s/key", (char *)*state);
    char public_text[160], secret_text[160];

    assert_int_equal(crypt_key_read(path, "agent", public_text, secret_text), -ENOENT);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        auto_fclose FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_true(fputs(wrong[i], file) >= 0);
        assert_int_equal(fflush(file), 0);
        if (crypt_key_read(path, "agent", public_text, secret_text) != -EBADMSG)
            fail_msg("took \"%s\"", wrong[i]);
    }
    assert_int_equal(crypt_key_write(path, "a\"b", "ab", NULL), -EINVAL);
}

static void hex_goes_both_ways(void **state)
{
    uint8_t bytes[2];

    (void)state;
    assert_int_equal(crypt_unhex("0aFF", bytes, 2), 0);
    hex_is(bytes, 2, "0aff");
    assert_int_equal(crypt_unhex("0aF", bytes, 2), -EINVAL);
    assert_int_equal(crypt_unhex("0aFF0", bytes, 2), -EINVAL);
    assert_int_equal(crypt_unhex("0aFg", bytes, 2), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(digests_agree_with_their_standards),
        WITH_FIXTURE(a_keyed_hash_depends_on_its_key),
        WITH_FIXTURE(only_the_secret_key_opens_what_is_sealed),
        WITH_FIXTURE(a_seal_that_was_touched_does_not_open),
        WITH_FIXTURE(a_signature_holds_for_these_bytes_and_this_key),
        WITH_FIXTURE(a_password_fits_only_itself),
        WITH_FIXTURE(a_key_file_is_read_as_it_was_written),
        WITH_FIXTURE(a_key_file_is_never_written_over),
        WITH_FIXTURE(a_secret_that_others_may_read_is_refused),
        WITH_FIXTURE(what_is_no_key_file_is_refused),
        WITH_FIXTURE(hex_goes_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
