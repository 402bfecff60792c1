/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "crypt.h"
#include "tokens.h"

static struct tokens *parse(const char *text, char **ret_faults)
{
    auto_diags struct diags *d = diags_new();
    struct tokens *t = tokens_parse("tokens", text, strlen(text), d);

    *ret_faults = diags_text(d);
    return t;
}

static const struct token *find(const struct tokens *t, const char *word)
{
    return tokens_find(t, word, strlen(word));
}

static void a_new_token_is_found_by_its_line_and_nothing_else_is(void **state)
{
    auto_free char *first = NULL, *second = NULL, *both = NULL, *faults = NULL;
    char token[TOKEN_TEXT], other[TOKEN_TEXT];
    auto_tokens struct tokens *t = NULL;

    (void)state;
    assert_int_equal(crypt_init(), 0);
    token_new("grafana", ROLE_NETWORK_ADMIN, token, &first);
    token_new("board", ROLE_SAFETY_OFFICER, other, &second);
    assert_null(strstr(first, token));
    assert_true(asprintf(&both, "# who may ask\n\n%s%s", first, second) > 0);
    t = parse(both, &faults);
    assert_non_null(t);
    assert_int_equal(t->count, 2);
    assert_string_equal(find(t, token)->name, "grafana");
    assert_int_equal(find(t, other)->role, ROLE_SAFETY_OFFICER);
    assert_null(find(t, ""));
    assert_null(tokens_find(t, token, strlen(token) - 1));
    assert_null(find(t, "hw_"));
}

static void every_line_that_is_wrong_is_told_with_its_place(void **state)
{
    auto_free char *faults = NULL;
    struct tokens *t = parse("a network-admim 00\n"
                             "b network-admin 00\n"
                             "c\n",
                             &faults);

    (void)state;
    assert_null(t);
    assert_non_null(strstr(faults, "tokens:1:3: error[E0912]"));
    assert_non_null(strstr(faults, "tokens:2:17: error[E0912]"));
    assert_non_null(strstr(faults, "tokens:3:"));
    assert_non_null(strstr(faults, "hallwatch tokens add"));
}

static void a_file_without_a_line_lets_nobody_in(void **state)
{
    auto_free char *faults = NULL;
    auto_tokens struct tokens *t = parse("", &faults);

    (void)state;
    assert_non_null(t);
    assert_null(find(t, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_token_is_found_by_its_line_and_nothing_else_is),
        cmocka_unit_test(every_line_that_is_wrong_is_told_with_its_place),
        cmocka_unit_test(a_file_without_a_line_lets_nobody_in),
    };

    return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
