/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "agent/tls_print.h"

/* Bytes of a list of numbers of two bytes. */
struct list {
    uint8_t bytes[2 * 2048];
    size_t len;
};

static struct cur list_of(struct list *l, const uint16_t *numbers, size_t count)
{
    l->len = 0;
    for (size_t i = 0; i < count; i++) {
        l->bytes[l->len++] = (uint8_t)(numbers[i] >> 8);
        l->bytes[l->len++] = (uint8_t)numbers[i];
    }
    return cur_over(l->bytes, l->len);
}

#define LIST(l, ...)                              \
    list_of((l), (const uint16_t[]){__VA_ARGS__}, \
            sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static void set_extensions(struct tls_hello *h, const uint16_t *types, unsigned count)
{
    memcpy(h->extensions, types, count * sizeof(*types));
    h->extension_count = count;
}

#define EXTENSIONS(h, ...)                               \
    set_extensions((h), (const uint16_t[]){__VA_ARGS__}, \
                   sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

/* The two examples of JA3's own description. */
static void ja3_is_what_its_inventors_say(void **state)
{
    struct list ciphers, groups;
    struct tls_hello h = {.side = TLS_CLIENT, .legacy = 0x0301};
    char text[TLS_JA3];

    (void)state;
    h.ciphers = LIST(&ciphers, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4);
    EXTENSIONS(&h, 0, 10, 11);
    h.groups = LIST(&groups, 23, 24, 25);
    h.points = cur_over("", 1);
    assert_true(tls_ja3(&h, text));
    assert_string_equal(text, "ada70206e40642a3e4461f35503241d5");

    h = (struct tls_hello){.side = TLS_CLIENT, .legacy = 0x0301};
    h.ciphers = LIST(&ciphers, 4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99);
    assert_true(tls_ja3(&h, text));
    assert_string_equal(text, "de350869b8c85de67a350c8d186f11e6");
}

/* MD5 of "769,47,65281-0-11-35-5-16". */
static void ja3s_has_one_cipher_and_the_extensions(void **state)
{
    struct tls_hello h = {.side = TLS_SERVER, .legacy = 0x0301, .cipher = 47};
    char text[TLS_JA3];

    (void)state;
    EXTENSIONS(&h, 65281, 0, 11, 35, 5, 16);
    assert_true(tls_ja3(&h, text));
    assert_string_equal(text, "836ce314215654b5b1f85f97c73e506f");
}

/* The example of JA4's own description. */
static struct tls_hello example(struct list lists[3])
{
    struct tls_hello h = {.side = TLS_CLIENT, .legacy = 0x0303, .sni_sent = true};

    h.versions = LIST(&lists[0], 0x0a0a, 0x0304, 0x0303);
    h.ciphers = LIST(&lists[1], 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                     0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035);
    h.signatures =
        LIST(&lists[2], 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601);
    h.alpn = cur_over("\2h2\10http/1.1", 12);
    EXTENSIONS(&h, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005,
               0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015);
    return h;
}

static void ja4_is_what_its_inventors_say(void **state)
{
    struct list lists[3];
    struct tls_hello h = example(lists);
    char text[TLS_JA4];

    (void)state;
    assert_true(tls_ja4(&h, 't', text));
    assert_string_equal(text, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    assert_true(tls_ja4(&h, 'q', text));
    assert_string_equal(text, "q13d1516h2_8daaf6152771_e5627efa2ab1");

    h.signatures = cur_over("", 0);
    assert_true(tls_ja4(&h, 't', text));
    assert_string_equal(text, "t13d1516h2_8daaf6152771_6d807ffa2a79");
}

static void grease_changes_neither(void **state)
{
    struct list lists[3], more, groups;
    struct tls_hello h = example(lists), greased = h;
    char a[TLS_JA4], b[TLS_JA4], c[TLS_JA3], d[TLS_JA3];

    (void)state;
    h.groups = LIST(&groups, 29, 23);
    tls_ja4(&h, 't', a);
    tls_ja3(&h, c);

    greased.ciphers =
        LIST(&more, 0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
             0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035);
    memmove(greased.extensions + 1, greased.extensions, 16 * sizeof(uint16_t));
    greased.extensions[0] = 0xfafa;
    greased.extension_count = 17;
    greased.groups = cur_over("\x2a\x2a\0\x1d\0\x17", 6);
    tls_ja4(&greased, 't', b);
    tls_ja3(&greased, d);
    assert_string_equal(a, b);
    assert_string_equal(c, d);
}

static void a_hello_with_nothing_has_zeroes_for_hashes(void **state)
{
    struct tls_hello h = {.side = TLS_CLIENT, .legacy = 0x0300};
    char text[TLS_JA4];

    (void)state;
    assert_true(tls_ja4(&h, 't', text));
    assert_string_equal(text, "ts3i000000_000000000000_000000000000");
    h.legacy = 0x7f1c;
    assert_true(tls_ja4(&h, 't', text));
    assert_memory_equal(text, "t00i", 4);
}

static void the_first_protocol_is_shown_by_its_ends(void **state)
{
    static const struct {
        const char *alpn;
        size_t len;
        const char *shown;
    } cases[] = {
        {"\2h2", 3, "h2"},
        {"\10http/1.1", 9, "h1"},
        {"\1x", 2, "xx"},
        {"\0", 1, "00"},
        {"", 0, "00"},
        {"\1\xab", 2, "ab"},
        {"\2\xab\xcd", 3, "ad"},
        {"\2\x30\xab", 3, "3b"},
        {"\4\x30\x31\xab\xcd", 5, "3d"},
        {"\4\x30\xab\xcd\x31", 5, "01"},
        {"\5h2", 3, "00"}, /* longer than it says: no protocol at all */
    };
    char text[TLS_JA4];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tls_hello h = {.legacy = 0x0303};

        h.alpn = cur_over(cases[i].alpn, cases[i].len);
        assert_true(tls_ja4(&h, 't', text));
        assert_memory_equal(text + 8, cases[i].shown, 2);
    }
}

static void counts_stop_at_99_and_too_long_lists_have_no_print(void **state)
{
    static uint16_t numbers[1024];
    struct list ciphers;
    struct tls_hello h = {.side = TLS_CLIENT, .legacy = 0x0303};
    char text[TLS_JA4], ja3[TLS_JA3];

    (void)state;
    for (uint16_t i = 0; i < 1024; i++)
        numbers[i] = (uint16_t)(20000 + i);
    h.ciphers = list_of(&ciphers, numbers, 100);
    assert_true(tls_ja4(&h, 't', text));
    assert_memory_equal(text, "t12i9900", 8);

    h.ciphers = list_of(&ciphers, numbers, 1024);
    assert_false(tls_ja4(&h, 't', text));
    assert_false(tls_ja3(&h, ja3));
    h.ciphers = cur_over("", 0);
    h.extensions_more = true;
    assert_false(tls_ja4(&h, 't', text));
    assert_false(tls_ja3(&h, ja3));
}

static void the_order_of_as_many_ciphers_as_there_is_room_for_changes_nothing(
    void **state)
{
    static uint16_t numbers[513];
    struct list ciphers;
    struct tls_hello h = {.side = TLS_CLIENT, .legacy = 0x0303};
    char sorted[TLS_JA4], other[TLS_JA4];

    (void)state;
    for (uint16_t i = 0; i < 513; i++)
        numbers[i] = (uint16_t)(20000 + i);
    h.ciphers = list_of(&ciphers, numbers, 512);
    assert_true(tls_ja4(&h, 't', sorted));
    for (uint16_t step = 1; step < 512; step += 2) { /* each number once */
        for (uint16_t i = 0; i < 512; i++)
            numbers[511 - i] = (uint16_t)(20000 + i * step % 512);
        h.ciphers = list_of(&ciphers, numbers, 512);
        assert_true(tls_ja4(&h, 't', other));
        assert_string_equal(other, sorted);
    }
    h.ciphers = list_of(&ciphers, numbers, 513);
    assert_false(tls_ja4(&h, 't', other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ja3_is_what_its_inventors_say),
        cmocka_unit_test(ja3s_has_one_cipher_and_the_extensions),
        cmocka_unit_test(ja4_is_what_its_inventors_say),
        cmocka_unit_test(grease_changes_neither),
        cmocka_unit_test(a_hello_with_nothing_has_zeroes_for_hashes),
        cmocka_unit_test(the_first_protocol_is_shown_by_its_ends),
        cmocka_unit_test(counts_stop_at_99_and_too_long_lists_have_no_print),
        cmocka_unit_test(
            the_order_of_as_many_ciphers_as_there_is_room_for_changes_nothing),
    };

    return cmocka_run_group_tests_name("tls_print", tests, NULL, NULL);
}
