/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/process.h"
#include "collector/runner.h"
#include "log.h"
#include "mem.h"

#define POLL  (100 * USEC_PER_MSEC)
#define PAUSE USEC_PER_SEC /* after the store did not do its part */

struct runner_process {
    struct store *store;
    struct notices *notices;
    struct action_world world;
    struct runner *runner;
    struct watch *timer;
    uint64_t changes;
    usec_t next;
    int told; /* what the log was told is wrong with the store */
};

static void tell(struct runner_process *self, int r)
{
    if (r < 0 && r != self->told)
        log_error("the runner waits: %s", store_error(self->store));
    else if (r == 0 && self->told)
        log_info("the runner goes on");
    self->told = r;
}

/* One wish a turn of the loop, so that it is asked to stop between two. */
static void work(struct runner_process *self)
{
    uint64_t changes = store_changes(self->store);
    int r = runner_turn(self->runner);

    tell(self, r == -ENOENT ? 0 : r);
    if (r == 0) {
        loop_change_timer(self->timer, 0, POLL);
        return;
    }
    self->changes = changes;
    self->next = runner_next(self->runner);
    if (r != -ENOENT)
        loop_change_timer(self->timer, PAUSE, POLL);
}

static void on_poll(void *arg)
{
    struct runner_process *self = arg;
    bool due = self->next && store_now(self->store) >= self->next;

    if (due || self->told || store_changes(self->store) != self->changes)
        work(self);
}

static int load_notices(struct runner_process *self, const char *folder)
{
    auto_diags struct diags *d = diags_new();

    self->notices = notices_load(folder, d);
    if (self->notices)
        return 0;
    process_log_faults("the texts of messages cannot be used", d);
    return -EINVAL;
}

int runner_process_open(struct process *p, void **ret_self)
{
    struct runner_process *self = xcalloc(1, sizeof(*self));
    int r = load_notices(self, p->settings->notices);

    *ret_self = self;
    if (r < 0)
        return r;
    self->store = p->store;
    self->world = (struct action_world){.settings = p->settings,
                                        .district = p->district,
                                        .notices = self->notices,
                                        .post = post_new()};
    if (!self->world.post) {
        log_error("libcurl cannot be started");
        return -ENOTSUP;
    }
    self->runner =
        runner_new(&(struct runner_settings){.store = p->store,
                                             .world = &self->world,
                                             .holder = p->holder,
                                             .first_pause = p->settings->outbox.pause,
                                             .attempts = p->settings->outbox.attempts});
    r = runner_resume(self->runner);
    if (r < 0) {
        log_error("the store cannot be used: %s", store_error(p->store));
        return r;
    }
    self->changes = UINT64_MAX;
    self->timer = loop_watch_timer(p->loop, 0, POLL, on_poll, self);
    return 0;
}

void runner_process_close(void *arg)
{
    struct runner_process *self = arg;

    loop_unwatch(self->timer);
    runner_free(self->runner);
    post_free(self->world.post);
    notices_free(self->notices);
    free(self);
}
