/* SPDX-License-Identifier: Apache-2.0 */
#include "sequence.h"

#include <string.h>

/* The times of the run that has come to a step. */
static usec_t *run_to(struct sequence *s, size_t step)
{
    return &s->times[step * (step + 1) / 2];
}

size_t sequence_size(size_t steps)
{
    return sizeof(struct sequence) + steps * (steps + 1) / 2 * sizeof(usec_t);
}

static bool has_run(const struct sequence *s, size_t step)
{
    return s->reached >> step & 1;
}

static void advance(struct sequence *s, size_t step, usec_t within, usec_t time)
{
    usec_t *run = run_to(s, step);

    if (step > 0) {
        const usec_t *before = run_to(s, step - 1);

        if (!has_run(s, step - 1) || time - before[0] > within)
            return;
        memcpy(run, before, step * sizeof(*run));
    }
    run[step] = time;
    s->reached |= 1U << step;
}

/* From the last step to the first, so that an event does not follow upon itself. */
bool sequence_add(struct sequence *s, size_t steps, usec_t within, uint32_t met,
                  usec_t time, usec_t *ret_times)
{
    if (time < s->newest)
        time = s->newest;
    s->newest = time;
    for (size_t step = steps; step-- > 0;) {
        if (!(met >> step & 1))
            continue;
        advance(s, step, within, time);
        if (has_run(s, steps - 1))
            break;
    }
    if (!has_run(s, steps - 1))
        return false;
    memcpy(ret_times, run_to(s, steps - 1), steps * sizeof(*ret_times));
    s->reached = 0;
    return true;
}

size_t sequence_reached(const struct sequence *s)
{
    return s->reached ? (size_t)(32 - __builtin_clz(s->reached)) : 0;
}
