/* SPDX-License-Identifier: Apache-2.0 */
#include "tracker_state.h"

/* Whether target may be silent because of source: nobody was told of what is in shadow.
 */
static bool may_inhibit(const struct rule *source, const struct rule *target)
{
    return source->mode != MODE_SHADOW || target->mode == MODE_SHADOW;
}

static bool explains(const struct rule_state *source, const struct event *e)
{
    const struct rule_inhibits *rule = &rule_of(source)->inhibits;
    struct agemap_key key;
    const usec_t *met;

    if (!source->inhibiting ||
        !tracker_whole_key(source->tracker, rule->equal, rule->equal_count, e, &key))
        return false;
    met = agemap_find(source->inhibiting, &key);
    return met && (event_time(e) <= *met || event_time(e) - *met <= rule->within);
}

bool tracker_inhibited(struct rule_state *s, const struct event *e)
{
    const struct rule *rule = rule_of(s);

    for (size_t i = 0; i < rule->inhibitor_count; i++) {
        const struct rule_state *source = s->tracker->states[rule->inhibitors[i]];

        if (source && may_inhibit(rule_of(source), rule) && explains(source, e))
            return true;
    }
    return false;
}

void tracker_inhibit(struct rule_state *s, const struct event *e)
{
    const struct rule_inhibits *rule = &rule_of(s)->inhibits;
    struct agemap_key key;
    bool is_new, evicted;
    usec_t *met;

    if (rule->count == 0 ||
        !tracker_whole_key(s->tracker, rule->equal, rule->equal_count, e, &key))
        return;
    if (!s->inhibiting)
        s->inhibiting = agemap_new(sizeof(*met), RULE_KEYS_DEFAULT, NULL, NULL);
    met = agemap_touch(s->inhibiting, &key, &is_new, &evicted);
    s->counts.evicted += evicted;
    *met = event_time(e);
}

void tracker_inhibit_drop(struct rule_state *s, usec_t now)
{
    const usec_t *met;

    while (s->inhibiting && (met = agemap_oldest(s->inhibiting)) && now > *met &&
           now - *met > rule_of(s)->inhibits.within)
        agemap_drop_oldest(s->inhibiting);
}
