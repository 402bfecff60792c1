/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "certificates.h"
#include "heard.h"
#include "x509.h"

struct fixture {
    uint8_t bytes[2048];
    size_t len;
    struct x509 cert;
};

static int set_up(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return 0;
}

static void parse(struct fixture *f, const char *hex)
{
    f->len = unhex(hex, f->bytes, sizeof(f->bytes));
    assert_true(x509_parse(cur_over(f->bytes, f->len), &f->cert));
}

static const char *printed(struct cur name)
{
    static char text[256];

    text[x509_print_name(name, text, sizeof(text) - 1)] = '\0';
    return text;
}

static void a_certificate_says_who_it_is_of_and_from(void **state)
{
    struct fixture *f = *state;
    char serial[64];

    parse(f, cert_leaf);
    assert_string_equal(printed(f->cert.subject), "CN=WWW.school.example");
    assert_string_equal(printed(f->cert.issuer), "C=US, O=Example Trust, CN=Example CA");
    assert_true(text_equal(x509_common_name(f->cert.issuer), TEXT("Example CA")));
    assert_int_equal(x509_print_serial(&f->cert, serial, sizeof(serial)), 5);
    assert_memory_equal(serial, "91:B4", 5);
    assert_false(x509_self_issued(&f->cert));
}

static void its_dates_are_times(void **state)
{
    struct fixture *f = *state;

    parse(f, cert_leaf);
    assert_true(f->cert.not_before == 1767225600 * USEC_PER_SEC);
    assert_true(f->cert.not_after == 1798761599 * USEC_PER_SEC);
}

static void dates_before_1970_and_after_2049_are_known(void **state)
{
    struct fixture *f = *state;

    parse(f, cert_camera);
    assert_true(f->cert.not_before == 0);
    assert_true(f->cert.not_after == 2695420800 * USEC_PER_SEC);
}

static void a_date_that_is_none_is_not_made_one(void **state)
{
    struct fixture *f = *state;
    uint8_t *date;

    f->len = unhex(cert_leaf, f->bytes, sizeof(f->bytes));
    date = memmem(f->bytes, f->len, "260101000000Z", 13);
    assert_non_null(date);
    memcpy(date, "261301000000Z", 13);
    assert_true(x509_parse(cur_over(f->bytes, f->len), &f->cert));
    assert_true(f->cert.not_before == X509_TIME_NONE);
    memcpy(date, "2601010000+01", 13);
    assert_true(x509_parse(cur_over(f->bytes, f->len), &f->cert));
    assert_true(f->cert.not_before == X509_TIME_NONE);
}

static void keys_and_signatures_are_told_apart(void **state)
{
    static const struct {
        const char *hex;
        enum cert_signature signature;
        enum cert_key key;
        unsigned bits;
    } rows[] = {
        {cert_leaf, CERT_ECDSA_SHA256, CERT_KEY_EC, 384},
        {cert_printer, CERT_RSA_MD5, CERT_KEY_RSA, 1024},
        {cert_camera, CERT_SIGNED_ED25519, CERT_KEY_ED25519, 256},
        {cert_pss, CERT_RSA_PSS, CERT_KEY_RSA, 1024},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        parse(f, rows[i].hex);
        assert_int_equal(f->cert.signature, rows[i].signature);
        assert_int_equal(f->cert.key, rows[i].key);
        assert_int_equal(f->cert.key_bits, rows[i].bits);
    }
}

/* RFC 4055 section 3.1: SHA-1 is what it is when the parameter does not say. */
static void pss_with_another_hash_counts_as_sha_1(void **state)
{
    struct fixture *f = *state;
    uint8_t *hash;

    f->len = unhex(cert_pss, f->bytes, sizeof(f->bytes));
    hash = memmem(f->bytes, f->len, "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9);
    assert_non_null(hash);
    hash[8] = 99;
    assert_true(x509_parse(cur_over(f->bytes, f->len), &f->cert));
    assert_int_equal(f->cert.signature, CERT_RSA_PSS_SHA1);
}

static void a_name_in_ucs_2_is_printed_as_utf_8(void **state)
{
    struct fixture *f = *state;

    parse(f, cert_printer);
    assert_string_equal(
        printed(f->cert.subject),
        "O=Schule Gr\xc3\xb6\xc3\x9f\x65, CN=printer, 1.3.6.1.4.1.99999.1=x");
    assert_true(x509_self_issued(&f->cert));
}

static void an_empty_set_in_a_name_hides_nothing(void **state)
{
    static const uint8_t name[] = {0x31, 0, 0x31, 10, 0x30, 8,    6, 3,    0x55,
                                   4,    3, 0x0c, 1,  'a',  0x31, 0, 0x31, 0};

    (void)state;
    assert_string_equal(printed(cur_over(name, sizeof(name))), "CN=a");
    assert_true(text_equal(x509_common_name(cur_over(name, sizeof(name))), TEXT("a")));
}

static void a_name_that_is_too_long_is_cut(void **state)
{
    struct fixture *f = *state;
    char text[8];

    parse(f, cert_leaf);
    assert_int_equal(x509_print_name(f->cert.issuer, text, sizeof(text)), 8);
    assert_memory_equal(text, "C=US, O=", 8);
}

static void a_serial_is_printed_up_to_20_bytes(void **state)
{
    static const uint8_t number[22] = {0, 1};
    struct x509 c = {.serial = cur_over(number, 21)};
    char text[64];

    (void)state;
    assert_int_equal(x509_print_serial(&c, text, sizeof(text)), 20 * 3 - 1);
    c.serial = cur_over(number, 22);
    assert_int_equal(x509_print_serial(&c, text, sizeof(text)), 20 * 3 - 1);
}

static void only_host_names_are_listed(void **state)
{
    struct fixture *f = *state;
    struct text name;
    struct cur names;

    parse(f, cert_leaf);
    names = f->cert.names;
    assert_true(x509_next_name(&names, &name));
    assert_true(text_equal(name, TEXT("WWW.school.example")));
    assert_true(x509_next_name(&names, &name)); /* the address is passed over */
    assert_true(text_equal(name, TEXT("*.pupils.school.example")));
    assert_false(x509_next_name(&names, &name));
}

static bool is_for(struct fixture *f, const char *host)
{
    return x509_covers(&f->cert, text_of(host));
}

static void a_star_stands_for_one_whole_first_label(void **state)
{
    struct fixture *f = *state;

    parse(f, cert_leaf);
    assert_true(is_for(f, "www.school.example"));
    assert_true(is_for(f, "a.pupils.school.example"));
    assert_false(is_for(f, "a.b.pupils.school.example"));
    assert_false(is_for(f, "pupils.school.example"));
    assert_false(is_for(f, ".pupils.school.example"));
    assert_false(is_for(f, "school.example"));
    assert_false(is_for(f, "xwww.school.example"));
    assert_false(is_for(f, ""));
}

static void the_common_name_counts_only_without_host_names(void **state)
{
    struct fixture *f = *state;
    uint8_t *extension;

    parse(f, cert_camera);
    assert_true(is_for(f, "camera"));
    assert_false(is_for(f, "camera.example"));

    f->len = unhex(cert_leaf, f->bytes, sizeof(f->bytes));
    extension = memmem(f->bytes, f->len, "\x55\x1d\x11", 3);
    extension[2] = 99; /* no subjectAltName any more */
    assert_true(x509_parse(cur_over(f->bytes, f->len), &f->cert));
    assert_true(is_for(f, "www.school.example"));
    assert_false(is_for(f, "a.pupils.school.example"));
}

/* Up to its signature, which is not read. */
static void a_certificate_that_ends_early_is_none(void **state)
{
    struct fixture *f = *state;

    f->len = unhex(cert_leaf, f->bytes, sizeof(f->bytes));
    for (size_t i = 0; i < f->len; i++) {
        uint8_t *copy = memcpy(malloc(i + 1), f->bytes, i);

        assert_false(x509_parse(cur_over(copy, i), &f->cert));
        free(copy);
    }
}

static void ber_and_other_things_are_refused(void **state)
{
    struct fixture *f = *state;

    f->len = unhex("3080 3080 020101 0000 0000", f->bytes, sizeof(f->bytes));
    assert_false(x509_parse(cur_over(f->bytes, f->len), &f->cert));
    f->len = unhex("30858000000000", f->bytes, sizeof(f->bytes));
    assert_false(x509_parse(cur_over(f->bytes, f->len), &f->cert));
    assert_false(x509_parse(cur_over("GET / HTTP/1.1", 14), &f->cert));
    assert_false(x509_parse(cur_over("", 0), &f->cert));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_certificate_says_who_it_is_of_and_from),
        WITH_FIXTURE(its_dates_are_times),
        WITH_FIXTURE(dates_before_1970_and_after_2049_are_known),
        WITH_FIXTURE(a_date_that_is_none_is_not_made_one),
        WITH_FIXTURE(keys_and_signatures_are_told_apart),
        WITH_FIXTURE(pss_with_another_hash_counts_as_sha_1),
        WITH_FIXTURE(a_name_in_ucs_2_is_printed_as_utf_8),
        WITH_FIXTURE(an_empty_set_in_a_name_hides_nothing),
        WITH_FIXTURE(a_name_that_is_too_long_is_cut),
        WITH_FIXTURE(a_serial_is_printed_up_to_20_bytes),
        WITH_FIXTURE(only_host_names_are_listed),
        WITH_FIXTURE(a_star_stands_for_one_whole_first_label),
        WITH_FIXTURE(the_common_name_counts_only_without_host_names),
        WITH_FIXTURE(a_certificate_that_ends_early_is_none),
        WITH_FIXTURE(ber_and_other_things_are_refused),
    };

    return cmocka_run_group_tests_name("x509", tests, NULL, NULL);
}
