/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/correlate_table.h"

#include <string.h>

#include "text.h"

static const struct correlate_entry otherwise = {
    .id = "otherwise",
    .same = 1U << SAME_PLAYBOOK | 1U << SAME_SITE | 1U << SAME_DEVICE,
    .within = 12 * USEC_PER_HOUR,
};

const char *correlate_part(const struct store_alert *a, enum same_part part)
{
    switch (part) {
    case SAME_PLAYBOOK:
        return a->playbook;
    case SAME_RULE:
        return a->rule;
    case SAME_SITE:
        return a->site;
    case SAME_SEGMENT:
        return a->segment;
    case SAME_DEVICE:
    case SAME_PARTS:
        break;
    }
    return a->device;
}

static bool has_word(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->at[i], word) == 0)
            return true;
    return false;
}

/* ---- which belong together ---- */

static bool fits(const struct words *words, const char *word)
{
    return words->count == 0 || has_word(words, word);
}

static const struct correlate_entry *entry_for(const struct correlate *c,
                                               const struct store_alert *a)
{
    for (size_t i = 0; i < c->entry_count; i++)
        if (fits(&c->entries[i].playbooks, a->playbook) &&
            fits(&c->entries[i].rules, a->rule))
            return &c->entries[i];
    return &otherwise;
}

/* A part with its name before it, so that a site can't pass for a device. */
static void add_part(struct buffer *b, const char *name, const char *value)
{
    buffer_print(b, "|%s=", name);
    for (; *value; value++) {
        if (*value == '|' || *value == '\\')
            buffer_text(b, "\\");
        buffer_add(b, value, 1);
    }
}

char *correlate_key(const struct correlate *c, const struct store_alert *a,
                    usec_t *ret_within)
{
    static const char *const names[SAME_PARTS] = {"playbook", "rule", "site", "segment",
                                                  "device"};
    const struct correlate_entry *e = entry_for(c, a);
    uint32_t same = e->same;
    struct buffer b = {0};

    if (same >> SAME_DEVICE & 1 && a->device[0] == '\0')
        same = (same & ~(1U << SAME_DEVICE)) | 1U << SAME_SEGMENT;
    buffer_text(&b, a->drill ? "drill:" : "");
    buffer_text(&b, e->id);
    for (enum same_part p = 0; p < SAME_PARTS; p++)
        if (same >> p & 1)
            add_part(&b, names[p], correlate_part(a, p));
    *ret_within = e->within;
    return buffer_take(&b);
}

/* ---- what hides what ---- */

void correlate_each_source(const struct correlate *c, const struct store_alert *a,
                           correlate_source_fn *fn, void *arg)
{
    for (size_t i = 0; i < c->inhibit_count; i++) {
        const struct inhibit_entry *e = &c->inhibits[i];

        if (!has_word(&e->hides, a->rule))
            continue;
        for (size_t k = 0; k < e->when.count; k++)
            fn(e->when.at[k], e->within, arg);
    }
}

static bool same_parts(uint32_t same, const struct store_alert *a,
                       const struct store_alert *b)
{
    for (enum same_part p = 0; p < SAME_PARTS; p++) {
        const char *value = correlate_part(a, p);

        if (!(same >> p & 1))
            continue;
        if (value[0] == '\0' || strcmp(value, correlate_part(b, p)) != 0)
            return false;
    }
    return true;
}

/* On packet time, before or a little after: alerts of two agents cross on their way. */
static bool is_near(usec_t a, usec_t b, usec_t within)
{
    return a > b ? a - b <= within : b - a <= within;
}

/* What nobody is told about explains nothing: else a silence would spread. */
static bool is_hidden(const struct store_alert *a)
{
    return a->fate == ALERT_SILENCED || a->fate == ALERT_INHIBITED;
}

bool correlate_inhibits(const struct correlate *c, const struct store_alert *other,
                        const struct store_alert *a)
{
    if (other->drill != a->drill || is_hidden(other))
        return false;
    for (size_t i = 0; i < c->inhibit_count; i++) {
        const struct inhibit_entry *e = &c->inhibits[i];

        if (has_word(&e->hides, a->rule) && has_word(&e->when, other->rule) &&
            is_near(other->at, a->at, e->within) && same_parts(e->same, other, a))
            return true;
    }
    return false;
}

static bool is_about(const char *wanted, const char *value)
{
    return wanted[0] == '\0' || strcmp(wanted, value) == 0;
}

bool correlate_silences(const struct store_silence *q, const struct store_alert *a,
                        usec_t now)
{
    if (!(q->covers >> a->owner & 1) || q->ended != 0 || now < q->begins ||
        now >= q->until)
        return false;
    return is_about(q->rule, a->rule) && is_about(q->site, a->site) &&
           is_about(q->segment, a->segment) && is_about(q->device, a->device);
}

/* ---- the decision ---- */

static bool in_time(const struct store_incident *i, usec_t at, usec_t within)
{
    if (at >= i->first && at <= i->last)
        return true;
    return is_near(at, at < i->first ? i->first : i->last, within);
}

enum alert_fate correlate_decide(const struct store_alert *a,
                                 const struct correlate_facts *f)
{
    if (f->silenced)
        return ALERT_SILENCED;
    if (a->playbook[0] == '\0')
        return ALERT_ALONE;
    if (f->incident && in_time(f->incident, a->at, f->within))
        return ALERT_JOINED;
    if (f->inhibited)
        return ALERT_INHIBITED;
    return a->summary ? ALERT_ALONE : ALERT_OPENED;
}
