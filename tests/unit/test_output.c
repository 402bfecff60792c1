/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auto.h"
#include "output.h"

/* What output_end answers after bytes were printed to a stream, and what it said. */
static int end_of(FILE *out, size_t bytes, int code, char **ret_said)
{
    FILE *old_out = stdout, *old_err = stderr;
    size_t len;
    int result;

    stderr = open_memstream(ret_said, &len);
    stdout = out;
    for (size_t i = 0; i < bytes; i++)
        putchar('x');
    result = output_end("hallwatch", code);
    fclose(stderr);
    stdout = old_out;
    stderr = old_err;
    fclose(out);
    return result;
}

static void what_is_written_leaves_the_exit_code_alone(void **state)
{
    auto_free char *said = NULL, *again = NULL;

    (void)state;
    assert_int_equal(end_of(fopen("/dev/null", "w"), 10, 0, &said), 0);
    assert_string_equal(said, "");
    assert_int_equal(end_of(fopen("/dev/null", "w"), 100000, 3, &again), 3);
    assert_string_equal(again, "");
}

static void a_full_disk_is_said_and_is_no_success(void **state)
{
    static const char full[] =
        "hallwatch: what it prints could not be written: No space left on device\n";

    (void)state;
    for (size_t bytes = 1; bytes < 1000000; bytes *= 100) {
        auto_free char *said = NULL, *again = NULL;

        assert_int_equal(end_of(fopen("/dev/full", "w"), bytes, 0, &said), 1);
        assert_string_equal(said, full);
        assert_int_equal(end_of(fopen("/dev/full", "w"), bytes, 3, &again), 3);
        assert_string_equal(again, full);
    }
}

static void who_printed_nothing_lost_nothing(void **state)
{
    auto_free char *said = NULL;

    (void)state;
    assert_int_equal(end_of(fopen("/dev/full", "w"), 0, 0, &said), 0);
    assert_string_equal(said, "");
}

static void a_reader_that_left_is_not_complained_of(void **state)
{
    auto_free char *said = NULL;
    int ends[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(end_of(fdopen(ends[1], "w"), 100, 0, &said), 1);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_leaves_the_exit_code_alone),
        cmocka_unit_test(a_full_disk_is_said_and_is_no_success),
        cmocka_unit_test(who_printed_nothing_lost_nothing),
        cmocka_unit_test(a_reader_that_left_is_not_complained_of),
    };

    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
