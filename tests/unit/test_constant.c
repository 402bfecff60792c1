/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "constant.h"

struct row {
    enum field_type type;
    enum operand_kind kind;
    const char *text;
    uint64_t number; /* what becomes of it */
};

static bool convert(const struct row *r, struct arena *a, struct constant *ret)
{
    auto_yaml struct yaml *y = NULL;
    auto_diags struct diags *d = diags_new();
    struct operand o = {.kind = r->kind, .text = text_of(r->text)};
    bool good;

    y = yaml_parse("c.yaml", "x", 1, d);
    o.span.node = yaml_root(y);
    good = constant_convert(a, &o, r->type, &names_severity, d, ret);
    assert_int_equal(diags_errors(d), !good);
    return good;
}

static void values_become_what_the_field_holds(void **state)
{
    static const struct row rows[] = {
        {TYPE_NUMBER, OPERAND_NUMBER, "443", 443},
        {TYPE_NUMBER, OPERAND_BARE, "0", 0},
        {TYPE_BYTES, OPERAND_NUMBER, "2KiB", 2048},
        {TYPE_BYTES, OPERAND_NUMBER, "2 MB", 2000000},
        {TYPE_DURATION, OPERAND_NUMBER, "5m", 300 * USEC_PER_SEC},
        {TYPE_TIME, OPERAND_TEXT, "1970-01-02", USEC_PER_DAY},
        {TYPE_BOOL, OPERAND_WORD, "true", 1},
        {TYPE_BOOL, OPERAND_BARE, "false", 0},
        {TYPE_VERSION, OPERAND_TEXT, "1.2", 0x102},
        {TYPE_VERSION, OPERAND_NUMBER, "0.3", 3},
        {TYPE_NAME, OPERAND_TEXT, "high", SEVERITY_HIGH},
        {TYPE_NAMES, OPERAND_BARE, "low", SEVERITY_LOW},
        {TYPE_MAC, OPERAND_MAC, "02:00:00:00:01:02", 0x020000000102},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct constant c = {0};

        if (!convert(&rows[i], &a, &c) || c.number != rows[i].number)
            fail_msg("%s became %llu", rows[i].text, (unsigned long long)c.number);
        arena_done(&a);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct row rows[] = {
        {TYPE_NUMBER, OPERAND_NUMBER, "10s", 0},
        {TYPE_NUMBER, OPERAND_TEXT, "443", 0},
        {TYPE_NUMBER, OPERAND_NUMBER, "99999999999999999999", 0},
        {TYPE_BYTES, OPERAND_NUMBER, "5m", 0},
        {TYPE_BYTES, OPERAND_TEXT, "5MB", 0},
        {TYPE_DURATION, OPERAND_NUMBER, "5", 0},
        {TYPE_TIME, OPERAND_TEXT, "noon", 0},
        {TYPE_BOOL, OPERAND_BARE, "yes", 0},
        {TYPE_VERSION, OPERAND_TEXT, "TLS 1.2", 0},
        {TYPE_NAME, OPERAND_TEXT, "hihg", 0},
        {TYPE_NAME, OPERAND_WORD, "high", 0},
        {TYPE_TEXT, OPERAND_NUMBER, "12", 0},
        {TYPE_DOMAIN, OPERAND_TEXT, "https://a.test", 0},
        {TYPE_ADDR, OPERAND_TEXT, "10.1.2", 0},
        {TYPE_ADDR, OPERAND_CIDR, "10.1.2.3/8", 0},
        {TYPE_MAC, OPERAND_TEXT, "02:00", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct constant c = {0};

        if (convert(&rows[i], &a, &c))
            fail_msg("%s is taken", rows[i].text);
        arena_done(&a);
    }
}

static void host_names_are_cleaned(void **state)
{
    struct arena a = {0};
    struct constant c = {0};

    (void)state;
    assert_true(convert(&(struct row){TYPE_DOMAIN, OPERAND_TEXT,
                                      "B\xc3\xbc"
                                      "cher.Example.",
                                      0},
                        &a, &c));
    assert_string_equal(c.text.at, "xn--bcher-kva.example");
    assert_true(convert(&(struct row){TYPE_ADDR, OPERAND_CIDR, "10.0.0.0/8", 0}, &a, &c));
    assert_int_equal(c.prefix.len, 104);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_what_the_field_holds),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(host_names_are_cleaned),
    };

    return cmocka_run_group_tests_name("constant", tests, NULL, NULL);
}
