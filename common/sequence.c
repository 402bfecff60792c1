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

/* How long nothing is to come after this step; 0: the next one is an event, or none. */
static usec_t silence_after(const struct sequence_plan *plan, size_t step)
{
    return step + 1 < plan->steps ? plan->silence[step + 1] : 0;
}

/* Whether a run that began then can come to this step at `time`. A silence after it takes
 * time, too, and who waits for its end is not replaced. */
static bool may_come(const struct sequence *s, const struct sequence_plan *plan,
                     size_t step, usec_t began, usec_t time)
{
    usec_t silence = silence_after(plan, step);

    return time - began + silence <= plan->within && !(silence && has_run(s, step));
}

static void advance(struct sequence *s, const struct sequence_plan *plan, size_t step,
                    usec_t time)
{
    usec_t *run = run_to(s, step);
    const usec_t *before = step > 0 ? run_to(s, step - 1) : &time;

    if ((step > 0 && !has_run(s, step - 1)) || !may_come(s, plan, step, before[0], time))
        return;
    if (step > 0)
        memcpy(run, before, step * sizeof(*run));
    run[step] = time;
    s->reached |= 1U << step;
}

/* Who waited for the end of this silence is not to get there. */
static void end_silence(struct sequence *s, const struct sequence_plan *plan, size_t step,
                        usec_t time)
{
    usec_t since;

    if (sequence_waits(s, plan, step, &since) && time - since <= plan->silence[step])
        s->reached &= ~(1U << (step - 1));
}

static bool is_met(struct sequence *s, const struct sequence_plan *plan,
                   usec_t *ret_times)
{
    if (!has_run(s, plan->steps - 1))
        return false;
    memcpy(ret_times, run_to(s, plan->steps - 1), plan->steps * sizeof(*ret_times));
    s->reached = 0;
    return true;
}

/* From the last step to the first, so that an event does not follow upon itself. */
bool sequence_add(struct sequence *s, const struct sequence_plan *plan, uint32_t met,
                  usec_t time, usec_t *ret_times)
{
    if (time < s->newest)
        time = s->newest;
    s->newest = time;
    for (size_t step = plan->steps; step-- > 0;) {
        if (!(met >> step & 1))
            continue;
        if (plan->silence[step])
            end_silence(s, plan, step, time);
        else
            advance(s, plan, step, time);
        if (has_run(s, plan->steps - 1))
            break;
    }
    return is_met(s, plan, ret_times);
}

bool sequence_waits(const struct sequence *s, const struct sequence_plan *plan,
                    size_t step, usec_t *ret_since)
{
    if (step == 0 || !plan->silence[step] || !has_run(s, step - 1))
        return false;
    *ret_since = s->times[(step - 1) * step / 2 + step - 1];
    return true;
}

bool sequence_silence(struct sequence *s, const struct sequence_plan *plan, size_t step,
                      bool kept, usec_t *ret_times)
{
    const usec_t *before = run_to(s, step - 1);
    usec_t *run = run_to(s, step);

    s->reached &= ~(1U << (step - 1));
    if (!kept)
        return false;
    memcpy(run, before, step * sizeof(*run));
    run[step] = before[step - 1] + plan->silence[step];
    s->reached |= 1U << step;
    return is_met(s, plan, ret_times);
}

size_t sequence_reached(const struct sequence *s)
{
    return s->reached ? (size_t)(32 - __builtin_clz(s->reached)) : 0;
}
