/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "claim.h"
#include "mem.h"

static char folder[] = "/tmp/hallwatch-test-claim-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(strcpy(folder, "/tmp/hallwatch-test-claim-XXXXXX")) ? 0 : -1;
}

static int tear_down(void **state)
{
    auto_free char *path = xasprintf("%s/agent.lock", folder);

    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void a_folder_that_nobody_uses_can_be_claimed(void **state)
{
    struct claim_holder holder = {0};
    auto_close int fd = -1;

    (void)state;
    assert_false(claim_is_held(folder, "agent", &holder));
    fd = claim_take(folder, "agent", NULL, &holder);
    assert_true(fd >= 0);
    assert_true(claim_is_held(folder, "agent", &holder));
}

static void who_comes_second_is_told_who_was_first(void **state)
{
    struct claim_holder holder = {0};
    auto_close int fd = claim_take(folder, "agent", "Makefile", &holder);

    (void)state;
    assert_int_equal(claim_take(folder, "agent", "README.md", &holder), -EBUSY);
    assert_int_equal(holder.pid, getpid());
    assert_true(claim_is_of(&holder, "./Makefile"));
    assert_false(claim_is_of(&holder, "README.md"));
    assert_false(claim_is_of(&holder, NULL));
}

static void asking_stands_in_nobodys_way(void **state)
{
    struct claim_holder holder = {0};
    auto_close int fd = -1;

    (void)state;
    close(claim_take(folder, "agent", NULL, &holder));
    assert_false(claim_is_held(folder, "agent", &holder));
    fd = claim_take(folder, "agent", NULL, &holder);
    assert_true(fd >= 0);
}

static void a_claim_ends_with_its_process(void **state)
{
    struct claim_holder holder = {0};
    auto_close int fd = -1;
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(claim_take(folder, "agent", NULL, &holder) < 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_false(claim_is_held(folder, "agent", &holder));
    fd = claim_take(folder, "agent", NULL, &holder);
    assert_true(fd >= 0);
}

static void a_lock_file_with_anything_in_it_names_nobody(void **state)
{
    struct claim_holder holder = {0};
    auto_free char *path = xasprintf("%s/agent.lock", folder);
    auto_close int fd = claim_take(folder, "agent", NULL, &holder);
    auto_close int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

    (void)state;
    assert_int_equal(write(file, "\0\xff oh", 6), 6);
    assert_true(claim_is_held(folder, "agent", &holder));
    assert_int_equal(holder.pid, 0);
}

static void a_folder_that_is_not_there_cannot_be_claimed(void **state)
{
    struct claim_holder holder = {0};

    (void)state;
    assert_int_equal(claim_take("/nowhere/at/all", "agent", NULL, &holder), -ENOENT);
    assert_false(claim_is_held("/nowhere/at/all", "agent", &holder));
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_folder_that_nobody_uses_can_be_claimed),
        IN_A_FOLDER(who_comes_second_is_told_who_was_first),
        IN_A_FOLDER(asking_stands_in_nobodys_way),
        IN_A_FOLDER(a_claim_ends_with_its_process),
        IN_A_FOLDER(a_lock_file_with_anything_in_it_names_nobody),
        IN_A_FOLDER(a_folder_that_is_not_there_cannot_be_claimed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
