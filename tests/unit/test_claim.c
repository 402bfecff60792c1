/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

/* What a process of its own finds; it holds nothing afterwards. */
static int elsewhere(bool fn(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(fn() ? 0 : 1);
    return waitpid(pid, &status, 0) == pid ? status : -1;
}

static bool can_be_had(void)
{
    struct claim_holder holder = {0};

    return !claim_is_held(folder, "agent", &holder) &&
           claim_take(folder, "agent", NULL, &holder) >= 0;
}

static bool is_the_parents(void)
{
    struct claim_holder holder = {0}, same = {0};

    return claim_is_held(folder, "agent", &holder) &&
           claim_take(folder, "agent", "README.md", &same) == -EBUSY &&
           holder.pid == getppid() && same.pid == getppid() &&
           claim_is_of(&holder, "./Makefile") && !claim_is_of(&holder, "README.md") &&
           !claim_is_of(&holder, NULL);
}

static bool is_nobodys_we_know(void)
{
    struct claim_holder holder = {0};

    return claim_is_held(folder, "agent", &holder) && holder.pid == getppid() &&
           !claim_is_of(&holder, "Makefile");
}

static void a_folder_that_nobody_uses_can_be_claimed(void **state)
{
    (void)state;
    assert_int_equal(elsewhere(can_be_had), 0);
}

static void who_comes_second_is_told_who_was_first(void **state)
{
    struct claim_holder holder = {0};
    auto_close int fd = claim_take(folder, "agent", "Makefile", &holder);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(elsewhere(is_the_parents), 0);
    assert_int_equal(elsewhere(is_the_parents), 0);
}

static void a_claim_ends_with_its_process(void **state)
{
    (void)state;
    assert_int_equal(elsewhere(can_be_had), 0);
    assert_int_equal(elsewhere(can_be_had), 0);
}

static void a_lock_file_with_anything_in_it_names_no_settings(void **state)
{
    struct claim_holder holder = {0};
    auto_free char *path = xasprintf("%s/agent.lock", folder);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    auto_close int fd = -1;

    (void)state;
    fd = claim_take(folder, "agent", NULL, &holder);
    assert_true(fd >= 0);
    assert_int_equal(write(file, "\0\xff oh", 6), 6);
    assert_int_equal(elsewhere(is_nobodys_we_know), 0);
    close(file);
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
        IN_A_FOLDER(a_claim_ends_with_its_process),
        IN_A_FOLDER(a_lock_file_with_anything_in_it_names_no_settings),
        IN_A_FOLDER(a_folder_that_is_not_there_cannot_be_claimed),
    };

    return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
