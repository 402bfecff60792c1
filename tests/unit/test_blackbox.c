/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/blackbox.h"
#include "agent/capture.h"
#include "mem.h"

struct fixture {
    struct blackbox *box;
    char folder[32];
    unsigned frames; /* written last */
    struct frame read[BLACKBOX_FRAMES];
    uint8_t first[BLACKBOX_FRAMES];
    unsigned count;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->box = blackbox_new();
    assert_non_null(f->box);
    strcpy(f->folder, "/tmp/blackbox-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    *state = f;
    return 0;
}

static char *path_of(const struct fixture *f, const char *name)
{
    return xasprintf("%s/%s", f->folder, name);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    DIR *dir = opendir(f->folder);

    for (struct dirent *e; (e = readdir(dir));) {
        auto_free char *path = path_of(f, e->d_name);

        unlink(path);
    }
    closedir(dir);
    rmdir(f->folder);
    blackbox_free(f->box);
    free(f);
    return 0;
}

static void keep(struct fixture *f, uint8_t byte, uint32_t len)
{
    uint8_t bytes[4096];

    memset(bytes, byte, sizeof(bytes));
    blackbox_keep(f->box, &(struct frame){.time = byte * USEC_PER_SEC + 5,
                                          .bytes = bytes,
                                          .len = len,
                                          .wire_len = len + 1,
                                          .link = 1});
}

static int write_at(struct fixture *f, unsigned second)
{
    return blackbox_write(f->box, f->folder, "sensor-0", second * USEC_PER_SEC,
                          &f->frames);
}

static void on_frame(const struct frame *frame, void *arg)
{
    struct fixture *f = arg;

    f->first[f->count] = frame->bytes[0];
    f->read[f->count++] = *frame;
}

static void read_file(struct fixture *f, const char *name)
{
    auto_free char *path = path_of(f, name);
    struct capture *c;
    char error[CAPTURE_ERROR];

    f->count = 0;
    assert_int_equal(capture_open(&(struct capture_settings){.file = path}, &c, error),
                     0);
    while (capture_read(c, BLACKBOX_FRAMES, on_frame, f) > 0)
        ;
    capture_close(c);
}

static unsigned files_in(const struct fixture *f)
{
    DIR *dir = opendir(f->folder);
    unsigned count = 0;

    for (const struct dirent *e; (e = readdir(dir));)
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void the_last_frames_are_written_in_their_order(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 1; i <= BLACKBOX_FRAMES + 10; i++)
        keep(f, (uint8_t)i, 60);
    assert_int_equal(write_at(f, 7), 0);
    assert_int_equal(f->frames, BLACKBOX_FRAMES);
    read_file(f, "crash-7-sensor-0.pcap");
    assert_int_equal(f->count, BLACKBOX_FRAMES);
    for (unsigned i = 0; i < f->count; i++) {
        assert_int_equal(f->first[i], 11 + i);
        assert_int_equal(f->read[i].time, (11 + i) * USEC_PER_SEC + 5);
        assert_int_equal(f->read[i].wire_len, 61);
        assert_int_equal(f->read[i].link, 1);
    }
}

static void long_frames_are_cut(void **state)
{
    struct fixture *f = *state;

    keep(f, 1, 4000);
    write_at(f, 7);
    read_file(f, "crash-7-sensor-0.pcap");
    assert_int_equal(f->read[0].len, BLACKBOX_BYTES);
    assert_int_equal(f->read[0].wire_len, 4001);
}

static void only_its_owner_may_read_the_file(void **state)
{
    struct fixture *f = *state;
    auto_free char *path = path_of(f, "crash-7-sensor-0.pcap");
    struct stat st;

    keep(f, 1, 60);
    write_at(f, 7);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_wiped_frame_is_not_written(void **state)
{
    struct fixture *f = *state;

    keep(f, 1, 60);
    keep(f, 2, 60);
    blackbox_wipe(f->box, false);
    keep(f, 3, 60);
    write_at(f, 7);
    read_file(f, "crash-7-sensor-0.pcap");
    assert_int_equal(f->count, 2);
    assert_int_equal(f->first[0], 1);
    assert_int_equal(f->first[1], 3);
}

static void nothing_is_left_after_all_is_wiped(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 1; i < 100; i++)
        keep(f, (uint8_t)i, 60);
    blackbox_wipe(f->box, true);
    assert_int_equal(write_at(f, 7), 0);
    assert_int_equal(f->frames, 0);
    assert_int_equal(files_in(f), 0);
}

static void a_box_is_empty_after_it_was_written(void **state)
{
    struct fixture *f = *state;

    keep(f, 1, 60);
    write_at(f, 7);
    write_at(f, 8);
    assert_int_equal(f->frames, 0);
    assert_int_equal(files_in(f), 1);
}

static void the_oldest_files_make_room(void **state)
{
    struct fixture *f = *state;
    auto_free char *oldest = path_of(f, "crash-1000000001-sensor-0.pcap");
    auto_free char *newest = path_of(f, "crash-1000000020-sensor-0.pcap");
    auto_free char *other = path_of(f, "spool.db");
    FILE *file = fopen(other, "w");

    assert_non_null(file);
    fclose(file);
    for (unsigned i = 1; i <= 20; i++) {
        keep(f, 1, 60);
        assert_int_equal(write_at(f, 1000000000 + i), 0);
    }
    assert_int_equal(files_in(f), BLACKBOX_FILES + 1);
    assert_int_not_equal(access(oldest, F_OK), 0);
    assert_int_equal(access(newest, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_last_frames_are_written_in_their_order),
        WITH_FIXTURE(long_frames_are_cut),
        WITH_FIXTURE(only_its_owner_may_read_the_file),
        WITH_FIXTURE(a_wiped_frame_is_not_written),
        WITH_FIXTURE(nothing_is_left_after_all_is_wiped),
        WITH_FIXTURE(a_box_is_empty_after_it_was_written),
        WITH_FIXTURE(the_oldest_files_make_room),
    };

    return cmocka_run_group_tests_name("blackbox", tests, NULL, NULL);
}
