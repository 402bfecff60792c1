/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three questions to the graph of steps, each answered by walking until nothing changes:
 * what can be reached from the first step, from where the end can be reached, and
 * whether steps that take no time lead back to themselves.
 */
#include <stdlib.h>

#include "collector/playbook_tree.h"
#include "mem.h"

struct walk {
    const struct playbook *plan;
    bool *marked;
    size_t from; /* the step whose next ones are looked at */
    bool changed, instant_only;
};

static void mark_next(int next, void *arg)
{
    struct walk *w = arg;

    if (next < 0 || w->marked[next])
        return;
    if (w->instant_only && !step_is_instant(w->plan->steps[next].kind))
        return;
    w->marked[next] = true;
    w->changed = true;
}

/* Marks what can be reached from the marked ones. */
static void spread(struct walk *w)
{
    do {
        w->changed = false;
        for (size_t i = 0; i < w->plan->step_count; i++)
            if (w->marked[i])
                step_each_next(&w->plan->steps[i], mark_next, w);
    } while (w->changed);
}

static void check_reachable(const struct playbook *p, bool *reached, struct diags *d)
{
    struct walk w = {.plan = p, .marked = reached};

    reached[0] = true;
    spread(&w);
    for (size_t i = 0; i < p->step_count; i++)
        if (!reached[i])
            diags_error(d, p->steps[i].place, "E0705", "nothing leads to step \"%s\"",
                        p->steps[i].id);
}

static void mark_before(int next, void *arg)
{
    struct walk *w = arg;

    if (w->marked[w->from] || (next >= 0 && !w->marked[next]))
        return;
    w->marked[w->from] = true;
    w->changed = true;
}

static void check_ends(const struct playbook *p, const bool *reached, struct diags *d)
{
    auto_free bool *ends = xcalloc(p->step_count, sizeof(bool));
    struct walk w = {.plan = p, .marked = ends};

    do {
        w.changed = false;
        for (w.from = 0; w.from < p->step_count; w.from++)
            step_each_next(&p->steps[w.from], mark_before, &w);
    } while (w.changed);
    for (size_t i = 0; i < p->step_count; i++) {
        if (ends[i] || !reached[i])
            continue;
        diags_error(d, p->steps[i].place, "E0706", "no way leads from \"%s\" to the end",
                    p->steps[i].id);
        diags_hint(d, "let one of the steps behind it go to `end`");
        return; /* the others go round in the same circle */
    }
}

static void check_waits(const struct playbook *p, struct diags *d)
{
    for (size_t i = 0; i < p->step_count; i++) {
        auto_free bool *behind = xcalloc(p->step_count, sizeof(bool));
        struct walk w = {.plan = p, .marked = behind, .instant_only = true};

        if (!step_is_instant(p->steps[i].kind))
            continue;
        step_each_next(&p->steps[i], mark_next, &w);
        spread(&w);
        if (!behind[i])
            continue;
        diags_error(d, p->steps[i].place, "E0707",
                    "\"%s\" leads back to itself without waiting for anything",
                    p->steps[i].id);
        diags_hint(d, "put a wait or a task on the way");
        return;
    }
}

void playbook_check_graph(const struct playbook *p, struct diags *d)
{
    auto_free bool *reached = xcalloc(p->step_count, sizeof(bool));

    check_reachable(p, reached, d);
    check_ends(p, reached, d);
    check_waits(p, d);
}
