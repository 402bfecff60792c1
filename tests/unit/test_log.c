/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* stderr goes into a pipe while a test runs. */
struct fixture {
    int old, pipe[2];
};

static int set_up(void **state)
{
    static struct fixture f;

    unsetenv("JOURNAL_STREAM");
    f.old = dup(STDERR_FILENO);
    if (pipe2(f.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    dup2(f.pipe[1], STDERR_FILENO);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    dup2(f->old, STDERR_FILENO);
    close(f->old);
    close(f->pipe[0]);
    close(f->pipe[1]);
    return 0;
}

/* What was logged since the last call, without the time in front. */
static const char *said(struct fixture *f)
{
    static char text[4096];
    ssize_t len = read(f->pipe[0], text, sizeof(text) - 1);

    if (len <= 0)
        return "";
    text[len] = '\0';
    return text;
}

static void a_line_has_time_level_process_and_sentence(void **state)
{
    struct fixture *f = *state;
    const char *line;

    log_open("courier", LOG_LEVEL_INFO);
    log_warn("collector does not answer address=%s", "192.0.2.1:7470");
    line = said(f);
    assert_int_equal(line[10], 'T');
    assert_memory_equal(line + 26, "+0000", 5);
    assert_string_equal(
        line + 31, " warn courier: collector does not answer address=192.0.2.1:7470\n");
}

static void what_is_below_the_level_is_not_logged(void **state)
{
    struct fixture *f = *state;

    log_open("courier", LOG_LEVEL_WARN);
    log_debug("no");
    log_info("no");
    assert_string_equal(said(f), "");
    log_error("yes");
    assert_non_null(strstr(said(f), " error courier: yes\n"));
}

static void the_journal_gets_a_number_and_no_time(void **state)
{
    struct fixture *f = *state;

    setenv("JOURNAL_STREAM", "1:2", 1);
    log_open("courier", LOG_LEVEL_DEBUG);
    log_debug("a");
    log_info("b");
    log_warn("c");
    log_error("d");
    assert_string_equal(said(f), "<7>courier: a\n<6>courier: b\n<4>courier: c\n"
                                 "<3>courier: d\n");
}

static void one_event_stays_one_line(void **state)
{
    struct fixture *f = *state;

    setenv("JOURNAL_STREAM", "1:2", 1);
    log_open("courier", LOG_LEVEL_INFO);
    log_info("host=%s", "evil\n<0>kernel: on fire\x1b[2J");
    assert_string_equal(said(f), "<6>courier: host=evil\\n<0>kernel: on fire\\x1b[2J\n");
}

static void logging_keeps_errno(void **state)
{
    struct fixture *f = *state;

    setenv("JOURNAL_STREAM", "1:2", 1);
    log_open("courier", LOG_LEVEL_INFO);
    errno = ENOSPC;
    log_info("spool: %m");
    assert_int_equal(errno, ENOSPC);
    assert_string_equal(said(f), "<6>courier: spool: No space left on device\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_line_has_time_level_process_and_sentence),
        WITH_FIXTURE(what_is_below_the_level_is_not_logged),
        WITH_FIXTURE(the_journal_gets_a_number_and_no_time),
        WITH_FIXTURE(one_event_stays_one_line),
        WITH_FIXTURE(logging_keeps_errno),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
