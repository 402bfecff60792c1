/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "talking.h"

#define SSH (&extract_ssh)

static void each_end_says_what_it_is(void **state)
{
    struct heard *h = *state;

    TALK(h, SSH, "C: SSH-2.0-OpenSSH_9.2p1 Debian-2");
    assert_int_equal(h->count, 1);
    assert_says(h, FIELD_SSH_SIDE, "\"client\"");
    assert_says(h, FIELD_SSH_CLIENT_VERSION, "\"2.0\"");
    assert_says(h, FIELD_SSH_CLIENT_SOFTWARE, "\"OpenSSH_9.2p1\"");
    assert_says(h, FIELD_SSH_SERVER_SOFTWARE, "");
    TALK(h, SSH, "S: SSH-1.99-Cisco-1.25");
    assert_says(h, FIELD_SSH_SERVER_VERSION, "\"1.99\"");
    assert_says(h, FIELD_SSH_SERVER_SOFTWARE, "\"Cisco-1.25\"");
    assert_says(h, FIELD_SSH_SIDE, "\"server\"");
}

static void beginnings_of_a_line_wait_and_bad_lines_are_refused(void **state)
{
    static const char line[] = "SSH-2.0-x\r\n";
    struct heard *h = *state;
    char longer[300];

    h->talk = (struct talk){0};
    for (size_t i = 0; i < sizeof(line) - 2; i++)
        assert_int_equal(heard_read(h, SSH, line, i), EXTRACT_MORE);
    assert_int_equal(heard_read(h, SSH, "SSH-2.0-\x01\r\n", 11), EXTRACT_NOT);
    memset(longer, 'x', sizeof(longer));
    assert_int_equal(heard_read(h, SSH, longer, sizeof(longer)), EXTRACT_NOT);
    assert_int_equal(h->count, 0);
}

static void a_line_that_does_not_end_within_255_bytes_is_refused(void **state)
{
    struct heard *h = *state;
    char line[255] = "SSH-2.0-";

    memset(line + 8, 'x', sizeof(line) - 8);
    h->talk = (struct talk){0};
    assert_int_equal(heard_read(h, SSH, line, 254), EXTRACT_MORE);
    assert_int_equal(heard_read(h, SSH, line, 255), EXTRACT_NOT);
}

static void packets_are_passed_until_the_keys_are_new(void **state)
{
    static const uint8_t kex[] = {0, 0, 1, 0, 4, 20, 1, 2},
                         keys[] = {0, 0, 0, 12, 10, 21};
    struct heard *h = *state;

    TALK(h, SSH, "S: SSH-2.0-x");
    assert_int_equal(heard_read(h, SSH, kex, 5), EXTRACT_MORE);
    assert_int_equal(heard_read(h, SSH, kex, sizeof(kex)), EXTRACT_NEXT);
    assert_int_equal(h->skip, 256 - 2);
    assert_int_equal(h->count, 1);
    assert_int_equal(heard_read(h, SSH, keys, sizeof(keys)), EXTRACT_DONE);
    assert_int_equal(h->count, 2);
    assert_says(h, FIELD_SSH_KEYS, "true");
    assert_int_equal(heard_read(h, SSH, "\xff\xff\xff\xff\x00\x00", 6), EXTRACT_NOT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_HEARD(each_end_says_what_it_is),
        WITH_HEARD(beginnings_of_a_line_wait_and_bad_lines_are_refused),
        WITH_HEARD(a_line_that_does_not_end_within_255_bytes_is_refused),
        WITH_HEARD(packets_are_passed_until_the_keys_are_new),
    };

    return cmocka_run_group_tests_name("extract_ssh", tests, NULL, NULL);
}
