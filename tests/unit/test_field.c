/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "field.h"

static void every_field_is_found_by_its_name(void **state)
{
    (void)state;
    for (enum field_id id = 0; id < FIELD_COUNT; id++) {
        const char *name = field_get(id)->name;

        if (field_find(name, strlen(name)) != id)
            fail_msg("two fields are called %s", name);
    }
}

static void a_part_of_a_name_is_no_field(void **state)
{
    (void)state;
    assert_int_equal(field_find("src.ipx", 7), FIELD_UNKNOWN);
    assert_int_equal(field_find("src.ip", 5), FIELD_UNKNOWN);
    assert_int_equal(field_find("", 0), FIELD_UNKNOWN);
    assert_int_equal(field_find("src.ip and more", 6), FIELD_SRC_IP);
}

static void a_type_is_told_without_the_row_as_well(void **state)
{
    (void)state;
    for (enum field_id id = 0; id < FIELD_COUNT; id++)
        assert_int_equal(field_type_of(id), field_get(id)->type);
}

static void names_have_words_and_nothing_else_has(void **state)
{
    (void)state;
    for (enum field_id id = 0; id < FIELD_COUNT; id++) {
        const struct field *f = field_get(id);
        bool wants = f->type == TYPE_NAME || f->type == TYPE_NAMES;

        if (wants != (f->words != NULL))
            fail_msg("%s: type and words do not fit", f->name);
        assert_true(f->type != TYPE_NAMES || f->words->count <= 64);
    }
}

static void what_may_be_written_has_a_path_and_the_rest_has_none(void **state)
{
    (void)state;
    for (enum field_id id = 0; id < FIELD_COUNT; id++) {
        const struct field *f = field_get(id);

        if ((f->privacy == PRIVACY_MEMORY) != (f->eve == NULL))
            fail_msg("%s: privacy and path do not fit", f->name);
    }
}

static void no_path_is_another_ones_folder(void **state)
{
    (void)state;
    for (enum field_id a = 0; a < FIELD_COUNT; a++)
        for (enum field_id b = 0; b < FIELD_COUNT; b++) {
            const char *of_a = field_get(a)->eve, *of_b = field_get(b)->eve;
            size_t len = of_a ? strlen(of_a) : 0;

            if (a == b || !of_a || !of_b || strncmp(of_a, of_b, len) != 0)
                continue;
            if (of_b[len] == '\0' || of_b[len] == '.')
                fail_msg("%s and %s are in each other's way", of_a, of_b);
        }
}

static void a_field_is_of_the_kinds_in_its_row(void **state)
{
    (void)state;
    assert_true(field_of_kind(FIELD_DNS_QNAME, EVENT_DNS));
    assert_false(field_of_kind(FIELD_DNS_QNAME, EVENT_TLS));
    assert_true(field_of_kind(FIELD_TLS_SNI, EVENT_QUIC));
    assert_true(field_of_kind(FIELD_SITE_ID, EVENT_ALERT));
    assert_false(field_of_kind(FIELD_FLOW_END, EVENT_FLOW_START));
}

static void every_type_has_a_name(void **state)
{
    (void)state;
    for (enum field_type t = TYPE_NUMBER; t <= TYPE_ADDRS; t++)
        assert_non_null(field_type_name(t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_found_by_its_name),
        cmocka_unit_test(a_part_of_a_name_is_no_field),
        cmocka_unit_test(a_type_is_told_without_the_row_as_well),
        cmocka_unit_test(names_have_words_and_nothing_else_has),
        cmocka_unit_test(what_may_be_written_has_a_path_and_the_rest_has_none),
        cmocka_unit_test(no_path_is_another_ones_folder),
        cmocka_unit_test(a_field_is_of_the_kinds_in_its_row),
        cmocka_unit_test(every_type_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
