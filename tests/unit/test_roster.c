/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/roster.h"
#include "memory_store.h"

struct world {
    struct memory_store store;
    struct roster *roster;
};

/* Keys that are not in the order in which they are added. */
static const char *key_of(unsigned i)
{
    static const char *const keys[] = {"mmm", "ccc", "xxx", "aaa", "fff"};

    return keys[i];
}

static void add(struct world *w, unsigned i)
{
    char name[16];
    struct intake_agent agent = {.name = name, .key = key_of(i)};

    snprintf(name, sizeof(name), "agent-%u", i);
    assert_int_equal(memory_agent_add(&w->store, &agent), 0);
}

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));

    memory_store_init(&w->store);
    for (unsigned i = 0; i < 4; i++)
        add(w, i);
    w->roster = roster_new(&w->store.calls, USEC_PER_HOUR);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    roster_free(w->roster);
    memory_store_done(&w->store);
    free(w);
    return 0;
}

static void who_is_listed_is_found_by_key(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 4; i++) {
        char name[16];

        snprintf(name, sizeof(name), "agent-%u", i);
        assert_string_equal(roster_find(w->roster, key_of(i))->name, name);
    }
    assert_null(roster_find(w->roster, "bbb"));
    assert_null(roster_find(w->roster, ""));
    assert_null(roster_find(w->roster, "zzz"));
}

static void the_list_is_read_again_only_when_it_changed(void **state)
{
    struct world *w = *state;

    assert_false(roster_refresh(w->roster, 0));
    add(w, 4);
    assert_null(roster_find(w->roster, key_of(4)));
    assert_true(roster_refresh(w->roster, 0));
    assert_non_null(roster_find(w->roster, key_of(4)));
    assert_false(roster_refresh(w->roster, 0));
}

static void who_is_revoked_is_not_found_but_keeps_its_place(void **state)
{
    struct world *w = *state;
    struct agent *agent = roster_find(w->roster, key_of(1));

    agent->heard = 42;
    memory_agent_revoke(&w->store, "agent-1", 1);
    assert_true(roster_refresh(w->roster, 0));
    assert_null(roster_find(w->roster, key_of(1)));
    assert_false(agent->allowed);
    w->store.agents[1].revoked = 0;
    w->store.changed = true;
    assert_true(roster_refresh(w->roster, 0));
    assert_ptr_equal(roster_find(w->roster, key_of(1)), agent);
    assert_int_equal(agent->heard, 42);
}

static int cannot_be_read(void *arg, intake_agent_fn *fn, void *fn_arg)
{
    (void)arg;
    (void)fn;
    (void)fn_arg;
    return -EIO;
}

static void while_the_list_cannot_be_read_nobody_is_allowed(void **state)
{
    struct world *w = *state;

    w->store.changed = true;
    w->store.calls.agents_each = cannot_be_read;
    assert_true(roster_refresh(w->roster, 0));
    assert_null(roster_find(w->roster, key_of(0)));
    w->store.calls.agents_each = memory_agents_each;
    w->store.changed = false;
    assert_true(roster_refresh(w->roster, 0)); /* it is tried again by itself */
    assert_non_null(roster_find(w->roster, key_of(0)));
}

static void count_one(struct agent *agent, void *arg)
{
    assert_true(agent->allowed);
    ++*(unsigned *)arg;
}

static void each_goes_over_those_that_are_allowed(void **state)
{
    struct world *w = *state;
    unsigned count = 0;

    memory_agent_revoke(&w->store, "agent-2", 1);
    roster_refresh(w->roster, 0);
    roster_each(w->roster, count_one, &count);
    assert_int_equal(count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(who_is_listed_is_found_by_key),
        WITH_FIXTURE(the_list_is_read_again_only_when_it_changed),
        WITH_FIXTURE(who_is_revoked_is_not_found_but_keeps_its_place),
        WITH_FIXTURE(while_the_list_cannot_be_read_nobody_is_allowed),
        WITH_FIXTURE(each_goes_over_those_that_are_allowed),
    };

    return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
