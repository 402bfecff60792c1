/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "file.h"

static char path[] = "/tmp/hallwatch-test-file-XXXXXX";

static int set_up(void **state)
{
    auto_close int fd = mkstemp(strcpy(path, "/tmp/hallwatch-test-file-XXXXXX"));

    (void)state;
    for (int i = 0; i < 5000; i++)
        if (write(fd, "0123456789", 10) != 10)
            return -1;
    return fd < 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void a_file_is_read_as_a_whole(void **state)
{
    auto_free char *text = NULL;
    size_t len;

    (void)state;
    assert_int_equal(file_read(path, 50000, &text, &len), 0);
    assert_int_equal(len, 50000);
    assert_memory_equal(text + 49990, "0123456789", 11);
}

static void a_file_that_is_too_long_is_refused(void **state)
{
    char *text = NULL;
    size_t len = 7;

    (void)state;
    assert_int_equal(file_read(path, 49999, &text, &len), -EFBIG);
    assert_null(text);
    assert_int_equal(len, 7);
}

static void what_is_no_file_is_refused(void **state)
{
    char *text = NULL;
    size_t len;

    (void)state;
    assert_int_equal(file_read("/nowhere/at/all", 10, &text, &len), -ENOENT);
    assert_int_equal(file_read("/", 10, &text, &len), -EISDIR);
}

static void an_empty_file_is_an_empty_text(void **state)
{
    auto_free char *text = NULL;
    size_t len;

    (void)state;
    assert_int_equal(file_read("/dev/null", 0, &text, &len), 0);
    assert_int_equal(len, 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_file_is_read_as_a_whole),
        WITH_FIXTURE(a_file_that_is_too_long_is_refused),
        WITH_FIXTURE(what_is_no_file_is_refused),
        WITH_FIXTURE(an_empty_file_is_an_empty_text),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
