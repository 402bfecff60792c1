/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/memory_file.h"
#include "auto.h"
#include "mem.h"

#define WORDS 16

struct fixture {
    _Atomic uint64_t words[WORDS];
    char folder[64];
    char *path;
};

static const struct memory_file what =
    {.magic = 77, .format = 3, .sets = 2, .words = WORDS, .seed = 5, .days = 9};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    for (size_t i = 0; i < WORDS; i++)
        atomic_init(&f->words[i], i * i);
    strcpy(f->folder, "/tmp/hallwatch-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->path = xasprintf("%s/table", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    rmdir(f->folder);
    free(f->path);
    free(f);
    return 0;
}

/* What parsing what was written says of it when it should be that. */
static int read_as(struct fixture *f, struct memory_file *as, struct cur *ret_words)
{
    static char kept[1024];
    auto_free char *bytes = NULL;
    size_t len;

    assert_int_equal(memory_file_write(f->path, &what, f->words), 0);
    assert_int_equal(memory_file_read(f->path, WORDS, &bytes, &len), 0);
    assert_true(len <= sizeof(kept));
    memcpy(kept, bytes, len);
    return memory_file_parse(as, kept, len, ret_words);
}

static void what_was_written_is_read(void **state)
{
    struct memory_file as = {.magic = 77, .format = 3, .sets = 2, .words = WORDS};
    struct cur words;

    assert_int_equal(read_as(*state, &as, &words), 0);
    assert_int_equal(as.seed, 5);
    assert_int_equal(as.days, 9);
    for (size_t i = 0; i < WORDS; i++)
        assert_int_equal(cur_u64_le(&words), i * i);
    assert_false(cur_broken(&words));
    assert_int_equal(cur_left(&words), 0);
}

static void one_of_another_kind_version_or_size_is_refused(void **state)
{
    struct memory_file other = {.magic = 78, .format = 3, .sets = 2, .words = WORDS};
    struct memory_file old = {.magic = 77, .format = 2, .sets = 2, .words = WORDS};
    struct memory_file big = {.magic = 77, .format = 3, .sets = 4, .words = 2 * WORDS};
    struct cur words;

    assert_int_equal(read_as(*state, &other, &words), -EBADMSG);
    assert_int_equal(read_as(*state, &old, &words), -EPROTONOSUPPORT);
    assert_int_equal(read_as(*state, &big, &words), -EPROTONOSUPPORT);
}

static void a_failed_write_leaves_the_file_before_and_nothing_beside_it(void **state)
{
    struct fixture *f = *state;
    auto_free char *beside = xasprintf("%s.new", f->path);
    struct stat st;

    assert_int_equal(mkdir(f->path, 0700), 0); /* cannot be renamed over */
    assert_true(memory_file_write(f->path, &what, f->words) < 0);
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(stat(f->path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(rmdir(f->path), 0);
    assert_int_equal(memory_file_write(f->path, &what, f->words), 0);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_was_written_is_read),
        WITH_FIXTURE(one_of_another_kind_version_or_size_is_refused),
        WITH_FIXTURE(a_failed_write_leaves_the_file_before_and_nothing_beside_it),
    };

    return cmocka_run_group_tests_name("memory_file", tests, NULL, NULL);
}
