/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "mem.h"

static void nothing_of_any_size_is_still_memory(void **state)
{
    auto_free void *a = xmalloc(0);
    auto_free void *b = xcalloc(0, 8);
    auto_free void *c = xrealloc(NULL, 0, 8);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
}

static void cut_text_ends_with_zero(void **state)
{
    auto_free char *text = xstrndup("students", 3);
    auto_free char *empty = xstrndup(NULL, 0);

    (void)state;
    assert_string_equal(text, "stu");
    assert_string_equal(empty, "");
}

static void printed_text_is_as_long_as_it_must_be(void **state)
{
    auto_free char *text = xasprintf("%0*d", 300, 7);

    (void)state;
    assert_int_equal(strlen(text), 300);
    assert_int_equal(text[299], '7');
}

static void a_growing_array_keeps_what_it_had(void **state)
{
    auto_free int *numbers = NULL;
    size_t capacity = 0;

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        numbers = xgrow(numbers, i, &capacity, sizeof(*numbers));
        assert_true(capacity > i);
        numbers[i] = (int)i;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
}

static void taking_a_pointer_leaves_nothing_behind(void **state)
{
    char *from = xstrdup("given");
    auto_free char *to = take(from);

    (void)state;
    assert_null(from);
    assert_string_equal(to, "given");
}

static void what_cannot_be_counted_ends_the_process(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        volatile size_t huge = SIZE_MAX / 8 + 2; /* times 8 is 8 */

        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        free(xrealloc(NULL, huge, 8));
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_any_size_is_still_memory),
        cmocka_unit_test(cut_text_ends_with_zero),
        cmocka_unit_test(printed_text_is_as_long_as_it_must_be),
        cmocka_unit_test(a_growing_array_keeps_what_it_had),
        cmocka_unit_test(taking_a_pointer_leaves_nothing_behind),
        cmocka_unit_test(what_cannot_be_counted_ends_the_process),
    };

    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
