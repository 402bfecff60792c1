/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine sleeps until the store has changed or a timer is due. The store is asked
 * whether it changed (store_changes), which costs next to nothing; time is asked of the
 * store's clock, and a clock that jumps is seen within a poll.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/engine.h"
#include "collector/process.h"
#include "log.h"
#include "mem.h"

#define POLL  (100 * USEC_PER_MSEC)
#define PAUSE USEC_PER_SEC  /* after the store did not do its part */
#define YIELD USEC_PER_MSEC /* between two turns, when intake and others may write */

struct engine_process {
    struct store *store;
    struct playbooks *playbooks;
    struct correlate *correlate;
    struct listdb *lists;
    struct ruleset *rules; /* for those at the collector */
    struct engine *engine;
    struct watch *timer;
    uint64_t changes;
    usec_t next; /* when something is due */
    int told;    /* what the log was told is wrong with the store */
};

static void tell(struct engine_process *self, int r)
{
    if (r < 0 && r != self->told)
        log_error("the engine waits: %s", store_error(self->store));
    else if (r == 0 && self->told)
        log_info("the engine goes on");
    self->told = r;
}

static void work(struct engine_process *self)
{
    struct engine_turn turn = {0};
    uint64_t changes = store_changes(self->store);
    int r = engine_turn(self->engine, &turn);

    tell(self, r);
    self->changes = changes;
    self->next = engine_next(self->engine);
    if (r < 0)
        loop_change_timer(self->timer, PAUSE, POLL);
    else if (turn.more)
        loop_change_timer(self->timer, YIELD, POLL);
}

static void on_poll(void *arg)
{
    struct engine_process *self = arg;
    bool due = self->next && store_now(self->store) >= self->next;

    if (due || self->told || store_changes(self->store) != self->changes)
        work(self);
}

static int load(struct engine_process *self, const struct collector_settings *s)
{
    auto_diags struct diags *d = diags_new();
    const char *const paths[] = {s->correlate};

    self->playbooks = playbooks_load(s->playbooks, d);
    self->correlate = correlate_load(paths, s->correlate ? 1 : 0, d);
    if (self->playbooks && self->correlate)
        return 0;
    process_log_faults("the playbooks cannot be used", d);
    return -EINVAL;
}

static int load_rules(struct engine_process *self, const struct process *p)
{
    const struct collector_settings *s = p->settings;
    auto_diags struct diags *d = diags_new();
    int r = s->lists ? listdb_open(s->lists, &self->lists) : 0;

    if (r < 0) {
        log_error("the list file %s cannot be used: %s", s->lists, strerror(-r));
        return r;
    }
    self->rules = ruleset_load(
        &(struct ruleset_settings){.paths = (const char *const *)s->rules.items,
                                   .path_count = s->rules.count,
                                   .district = p->district,
                                   .lists = self->lists},
        d);
    if (self->rules)
        return 0;
    process_log_faults("the rules cannot be used", d);
    return -EINVAL;
}

static struct engine_across_settings across_of(const struct engine_process *self,
                                               const struct process *p)
{
    return (struct engine_across_settings){.rules = self->rules,
                                           .lists = self->lists,
                                           .wait = p->settings->across.wait,
                                           .late = p->settings->across.late};
}

static struct store_evidence_keep evidence_of(const struct process *p)
{
    return (struct store_evidence_keep){.keep = p->settings->evidence.keep,
                                        .room = p->settings->evidence.room};
}

static uint64_t warn_of(const struct process *p)
{
    return p->settings->evidence.room / 100 * p->settings->evidence.warn;
}

int engine_process_open(struct process *p, void **ret_self)
{
    struct engine_process *self = xcalloc(1, sizeof(*self));
    int r;

    *ret_self = self;
    self->store = p->store;
    r = load(self, p->settings);
    if (r == 0)
        r = load_rules(self, p);
    if (r < 0)
        return r;
    self->engine = engine_new(&(struct engine_settings){.store = p->store,
                                                        .district = p->district,
                                                        .playbooks = self->playbooks,
                                                        .correlate = self->correlate,
                                                        .holder = p->holder,
                                                        .across = across_of(self, p),
                                                        .evidence = evidence_of(p),
                                                        .evidence_warn = warn_of(p)});
    self->changes = UINT64_MAX; /* there may be work from before */
    self->timer = loop_watch_timer(p->loop, 0, POLL, on_poll, self);
    return 0;
}

void engine_process_close(void *arg)
{
    struct engine_process *self = arg;

    loop_unwatch(self->timer);
    engine_free(self->engine);
    correlate_free(self->correlate);
    playbooks_free(self->playbooks);
    ruleset_free(self->rules);
    listdb_close(self->lists);
    free(self);
}
