/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/capture.h"
#include "mem.h"

#define MICRO 0xa1b2c3d4u
#define NANO  0xa1b23c4du

struct fixture {
    char path[32];
    FILE *file;
    struct capture *capture;
    char error[CAPTURE_ERROR];
    struct frame frames[8]; /* without their bytes */
    uint8_t first_bytes[8];
    int count;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    int fd;

    strcpy(f->path, "/tmp/capture-XXXXXX");
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    f->file = fdopen(fd, "w");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    capture_close(f->capture);
    if (f->file)
        fclose(f->file);
    unlink(f->path);
    free(f);
    return 0;
}

/* ---- writing captures ---- */

static void put_u16(struct fixture *f, uint16_t n)
{
    fwrite(&n, sizeof(n), 1, f->file);
}

static void put_u32(struct fixture *f, uint32_t n)
{
    fwrite(&n, sizeof(n), 1, f->file);
}

static void put_pcap_header(struct fixture *f, uint32_t magic, uint32_t link)
{
    put_u32(f, magic);
    put_u16(f, 2);
    put_u16(f, 4);
    put_u32(f, 0);
    put_u32(f, 0);
    put_u32(f, 65535);
    put_u32(f, link);
}

static void put_record(struct fixture *f, uint32_t sec, uint32_t part, uint8_t byte)
{
    uint8_t bytes[20];

    memset(bytes, byte, sizeof(bytes));
    put_u32(f, sec);
    put_u32(f, part);
    put_u32(f, sizeof(bytes));
    put_u32(f, 100); /* on the wire */
    fwrite(bytes, sizeof(bytes), 1, f->file);
}

static void put_pcapng(struct fixture *f)
{
    put_u32(f, 0x0a0d0d0a); /* section */
    put_u32(f, 28);
    put_u32(f, 0x1a2b3c4d);
    put_u32(f, 1);
    put_u32(f, UINT32_MAX);
    put_u32(f, UINT32_MAX);
    put_u32(f, 28);

    put_u32(f, 1); /* interface: Ethernet, microseconds */
    put_u32(f, 20);
    put_u32(f, 1);
    put_u32(f, 65535);
    put_u32(f, 20);

    put_u32(f, 6); /* packet */
    put_u32(f, 36);
    put_u32(f, 0);
    put_u32(f, 0);
    put_u32(f, 5000007);
    put_u32(f, 4);
    put_u32(f, 60);
    put_u32(f, 0x09090909);
    put_u32(f, 36);
}

/* ---- reading them ---- */

static void keep(const struct frame *frame, void *arg)
{
    struct fixture *f = arg;

    assert_in_range(f->count, 0, 7);
    f->first_bytes[f->count] = frame->bytes[0];
    f->frames[f->count++] = *frame;
}

static int open_with(struct fixture *f, const char *filter)
{
    struct capture_settings set = {.file = f->path, .filter = filter};

    if (f->file)
        fclose(f->file);
    f->file = NULL;
    return capture_open(&set, &f->capture, f->error);
}

static int open_written(struct fixture *f)
{
    return open_with(f, NULL);
}

static int read_all(struct fixture *f)
{
    int r;

    do
        r = capture_read(f->capture, 3, keep, f);
    while (r > 0);
    return r;
}

static void a_file_gives_its_frames_and_ends(void **state)
{
    struct fixture *f = *state;

    put_pcap_header(f, MICRO, 1);
    put_record(f, 5, 7, 'a');
    put_record(f, 6, 0, 'b');
    assert_int_equal(open_written(f), 0);
    assert_int_equal(capture_fd(f->capture), -1);
    assert_int_equal(read_all(f), -ENODATA);

    assert_int_equal(f->count, 2);
    assert_int_equal(f->frames[0].time, 5 * USEC_PER_SEC + 7);
    assert_int_equal(f->frames[0].len, 20);
    assert_int_equal(f->frames[0].wire_len, 100);
    assert_int_equal(f->frames[0].link, 1);
    assert_int_equal(f->first_bytes[1], 'b');
    assert_int_equal(capture_counts(f->capture).received, 2);
    assert_int_equal(read_all(f), -ENODATA);
}

static void a_batch_has_at_most_as_many_frames_as_asked_for(void **state)
{
    struct fixture *f = *state;

    put_pcap_header(f, MICRO, 1);
    for (uint8_t i = 0; i < 5; i++)
        put_record(f, i, 0, i);
    assert_int_equal(open_written(f), 0);
    assert_int_equal(capture_read(f->capture, 3, keep, f), 3);
    assert_int_equal(capture_read(f->capture, 3, keep, f), 2);
}

static void nanoseconds_are_read_as_microseconds(void **state)
{
    struct fixture *f = *state;

    put_pcap_header(f, NANO, 1);
    put_record(f, 5, 7999, 'a');
    assert_int_equal(open_written(f), 0);
    read_all(f);
    assert_int_equal(f->frames[0].time, 5 * USEC_PER_SEC + 7);
}

static void pcapng_is_read(void **state)
{
    struct fixture *f = *state;

    put_pcapng(f);
    assert_int_equal(open_written(f), 0);
    assert_int_equal(read_all(f), -ENODATA);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->frames[0].time, 5 * USEC_PER_SEC + 7);
    assert_int_equal(f->frames[0].wire_len, 60);
    assert_int_equal(f->first_bytes[0], 9);
}

static void a_link_has_the_number_that_files_have(void **state)
{
    struct fixture *f = *state;

    put_pcap_header(f, MICRO, 101);
    put_record(f, 5, 7, 'a');
    assert_int_equal(open_written(f), 0);
    read_all(f);
    assert_int_equal(f->frames[0].link, 101);
}

static void a_filter_lets_only_its_frames_through(void **state)
{
    struct fixture *f = *state;

    put_pcap_header(f, MICRO, 1);
    put_record(f, 1, 0, 'a');
    put_record(f, 2, 0, 'b');
    assert_int_equal(open_with(f, "ether[0] == 0x62"), 0);
    read_all(f);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->first_bytes[0], 'b');
}

static void a_cut_file_gives_what_came_before(void **state)
{
    struct fixture *f = *state;

    put_pcap_header(f, MICRO, 1);
    put_record(f, 1, 0, 'a');
    put_record(f, 2, 0, 'b');
    put_u32(f, 3);
    assert_int_equal(open_written(f), 0);
    assert_int_equal(capture_read(f->capture, 10, keep, f), 2);
    assert_int_equal(capture_read(f->capture, 10, keep, f), -EBADMSG);
    assert_int_equal(capture_read(f->capture, 10, keep, f), -EBADMSG);
    assert_non_null(strstr(capture_error(f->capture), f->path));
    assert_int_equal(f->count, 2);
}

static void times_out_of_bounds_are_brought_back(void **state)
{
    struct fixture *f = *state;

    put_pcap_header(f, MICRO, 1);
    put_record(f, UINT32_MAX, UINT32_MAX, 'a');
    assert_int_equal(open_written(f), 0);
    read_all(f);
    assert_in_range(f->frames[0].time, 0, (UINT64_C(1) << 33) * USEC_PER_SEC);
}

/* ---- what cannot be opened ---- */

static void assert_says(struct fixture *f, int r, int expected, const char *words)
{
    assert_int_equal(r, expected);
    if (!strstr(f->error, words))
        fail_msg("\"%s\" is not in \"%s\"", words, f->error);
}

static void a_file_that_is_not_there_is_said_to_be_so(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    assert_says(f, open_written(f), -ENOENT, "No such file");
    assert_says(f, 0, 0, f->path);
}

static void a_file_that_is_no_capture_is_said_to_be_so(void **state)
{
    struct fixture *f = *state;

    fputs("what a nice day for a walk", f->file);
    assert_says(f, open_written(f), -EBADMSG, "no capture file");
}

static void an_empty_file_is_no_capture(void **state)
{
    struct fixture *f = *state;

    assert_says(f, open_written(f), -EBADMSG, "no capture file");
}

static void a_directory_is_no_capture(void **state)
{
    struct fixture *f = *state;
    struct capture_settings set = {.file = "/tmp"};

    assert_says(f, capture_open(&set, &f->capture, f->error), -EBADMSG, "directory");
}

static void a_filter_that_does_not_parse_is_shown(void **state)
{
    struct fixture *f = *state;

    put_pcap_header(f, MICRO, 1);
    assert_says(f, open_with(f, "port and"), -EINVAL, "\"port and\"");
}

static void an_unknown_interface_is_answered_with_the_near_one(void **state)
{
    struct fixture *f = *state;
    struct capture_settings set = {.interface = "lo0"};
    int r = capture_open(&set, &f->capture, f->error);

    assert_says(f, r, -ENODEV, "no interface \"lo0\"");
    assert_says(f, r, -ENODEV, "did you mean lo?");
    assert_says(f, r, -ENODEV, "There are: lo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_file_gives_its_frames_and_ends),
        WITH_FIXTURE(a_batch_has_at_most_as_many_frames_as_asked_for),
        WITH_FIXTURE(nanoseconds_are_read_as_microseconds),
        WITH_FIXTURE(pcapng_is_read),
        WITH_FIXTURE(a_link_has_the_number_that_files_have),
        WITH_FIXTURE(a_filter_lets_only_its_frames_through),
        WITH_FIXTURE(a_cut_file_gives_what_came_before),
        WITH_FIXTURE(times_out_of_bounds_are_brought_back),
        WITH_FIXTURE(a_file_that_is_not_there_is_said_to_be_so),
        WITH_FIXTURE(a_file_that_is_no_capture_is_said_to_be_so),
        WITH_FIXTURE(an_empty_file_is_no_capture),
        WITH_FIXTURE(a_directory_is_no_capture),
        WITH_FIXTURE(a_filter_that_does_not_parse_is_shown),
        WITH_FIXTURE(an_unknown_interface_is_answered_with_the_near_one),
    };

    return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
