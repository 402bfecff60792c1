/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle.h"
#include "mem.h"

struct fixture {
    struct buffer bytes;
    struct bundle *bundle;
    char path[40];
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    int fd;

    strcpy(f->path, "/tmp/bundle-XXXXXX");
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    close(fd);
    bundle_begin(&f->bytes, 258);
    bundle_add(&f->bytes, BUNDLE_DISTRICT, "district.yaml", TEXT("district: d\n"));
    bundle_add(&f->bytes, BUNDLE_RULES, "a.yaml", TEXT("rules: []\n"));
    bundle_add(&f->bytes, BUNDLE_RULES, "b.yaml", TEXT(""));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    bundle_free(f->bundle);
    buffer_done(&f->bytes);
    unlink(f->path);
    free(f);
    return 0;
}

static int parse(struct fixture *f)
{
    bundle_free(take(f->bundle));
    return bundle_parse(f->bytes.at, f->bytes.len, &f->bundle);
}

static void what_goes_in_comes_out(void **state)
{
    struct fixture *f = *state;

    bundle_end(&f->bytes);
    assert_int_equal(parse(f), 0);
    assert_int_equal(f->bundle->serial, 258);
    assert_int_equal(f->bundle->count, 3);
    assert_string_equal(f->bundle->entries[1].name, "a.yaml");
    assert_true(text_equal(f->bundle->entries[1].text, TEXT("rules: []\n")));
    assert_int_equal(f->bundle->entries[2].text.len, 0);
    assert_ptr_equal(bundle_find(f->bundle, BUNDLE_RULES), &f->bundle->entries[1]);
    assert_null(bundle_find(f->bundle, BUNDLE_LISTS));
}

static void every_bundle_that_is_cut_or_changed_is_damaged(void **state)
{
    struct fixture *f = *state;

    bundle_end(&f->bytes);
    for (size_t len = 0; len < f->bytes.len; len++)
        assert_int_equal(bundle_parse(f->bytes.at, len, &f->bundle), -EBADMSG);
    for (size_t i = 0; i < f->bytes.len; i++) {
        f->bytes.at[i] ^= 1;
        assert_int_equal(parse(f), -EBADMSG);
        f->bytes.at[i] ^= 1;
    }
    assert_int_equal(parse(f), 0);
}

static void a_kind_that_nobody_knows_is_refused(void **state)
{
    struct fixture *f = *state;

    bundle_add(&f->bytes, (enum bundle_kind)9, "new", TEXT("x"));
    bundle_end(&f->bytes);
    assert_int_equal(parse(f), -EBADMSG);
}

static void a_length_beyond_the_end_is_refused(void **state)
{
    struct fixture *f = *state;

    buffer_add(&f->bytes, "\2\0\1\xff\xff\xff\xffz", 8);
    bundle_end(&f->bytes);
    assert_int_equal(parse(f), -EBADMSG);
}

static void the_version_is_that_of_the_contents_alone(void **state)
{
    struct fixture *f = *state;
    struct buffer later = {0};
    auto_bundle struct bundle *same = NULL;
    char version[BUNDLE_VERSION];

    bundle_begin(&later, 259);
    buffer_add(&later, f->bytes.at + 12, f->bytes.len - 12);
    bundle_end(&f->bytes);
    bundle_end(&later);
    assert_int_equal(parse(f), 0);
    assert_int_equal(bundle_parse(later.at, later.len, &same), 0);
    assert_string_equal(f->bundle->version, same->version);
    memcpy(version, same->version, sizeof(version));

    buffer_done(&f->bytes);
    bundle_begin(&f->bytes, 258);
    bundle_end(&f->bytes);
    assert_int_equal(parse(f), 0);
    assert_string_not_equal(f->bundle->version, version);
    buffer_done(&later);
}

static void a_file_is_replaced_whole(void **state)
{
    struct fixture *f = *state;
    auto_bundle struct bundle *read = NULL;
    auto_free char *beside = xasprintf("%s.new", f->path);
    struct stat st;

    bundle_end(&f->bytes);
    assert_int_equal(parse(f), 0);
    assert_int_equal(bundle_write(f->bundle, f->path), 0);
    assert_int_equal(bundle_load(f->path, &read), 0);
    assert_string_equal(read->version, f->bundle->version);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_not_equal(access(beside, F_OK), 0);
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(bundle_load("/nowhere/bundle", &f->bundle), -ENOENT);
    bundle_end(&f->bytes);
    assert_int_equal(parse(f), 0);
    assert_int_equal(bundle_write(f->bundle, "/nowhere/bundle"), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_goes_in_comes_out),
        WITH_FIXTURE(every_bundle_that_is_cut_or_changed_is_damaged),
        WITH_FIXTURE(a_kind_that_nobody_knows_is_refused),
        WITH_FIXTURE(a_length_beyond_the_end_is_refused),
        WITH_FIXTURE(the_version_is_that_of_the_contents_alone),
        WITH_FIXTURE(a_file_is_replaced_whole),
        WITH_FIXTURE(a_file_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
