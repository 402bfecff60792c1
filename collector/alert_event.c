/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/alert_event.h"

#include <string.h>

#include "collector/across.h"

static void put_text(struct event *e, enum field_id f, const char *text)
{
    if (text && *text)
        event_put_text(e, f, text_of(text));
}

/* A word of the field's vocabulary; any other is left out. */
static void put_word(struct event *e, enum field_id f, const char *word)
{
    int index = names_find(field_get(f)->words, word);

    if (index >= 0)
        event_put_number(e, f, (uint64_t)index);
}

static void put_labels(struct event *e, const struct ruleset *rules, const char *id)
{
    int number = ruleset_find(rules, id);
    const struct rule *rule = number < 0 ? NULL : ruleset_rule(rules, (size_t)number);

    for (size_t i = 0; rule && i < rule->label_count; i++)
        event_add_text(e, FIELD_ALERT_LABELS, text_of(rule->labels[i]));
}

/* An alert that does not say its identity shows a pseudonym, or nothing. */
static const char *identity_of(const struct json *h)
{
    bool pseudonym = json_is_text(json_get_path(h, "device.pseudonym"));

    return json_get_text(h, "identity", pseudonym ? "pseudonym" : "none");
}

/* Of a sensor's alert; that of the collector about a sensor has the sensor there. */
static void put_device(struct event *e, const struct alert_told *a, const char *identity)
{
    if (strcmp(identity, "none") != 0)
        put_text(e, FIELD_DEVICE, a->alert->device);
}

static void put_place(struct event *e, const struct alert_told *a, const struct json *h,
                      const struct district *district)
{
    const struct site *site = district ? district_site(district, a->alert->site) : NULL;

    put_text(e, FIELD_SITE_ID, a->alert->site);
    if (site)
        put_text(e, FIELD_SITE_TYPE, site->type);
    put_text(e, FIELD_SEGMENT_NAME, a->alert->segment);
    put_word(e, FIELD_SEGMENT_AUDIENCE, json_get_text(h, "audience", ""));
    put_word(e, FIELD_SEGMENT_BAND, json_get_text(h, "band", ""));
}

static void put_rule(struct event *e, const struct store_alert *a)
{
    event_put_text(e, FIELD_ALERT_RULE, text_of(a->rule));
    event_put_text(e, FIELD_ALERT_FAMILY, (struct text){a->rule, strcspn(a->rule, ".")});
    event_put_number(e, FIELD_ALERT_SEVERITY, a->severity);
    event_put_number(e, FIELD_ALERT_OWNER, a->owner);
    put_text(e, FIELD_ALERT_PLAYBOOK, a->playbook);
}

/* Whoever sent it has shown its key for the name; only what the collector tells of an
 * agent may name another. */
static const char *agent_of(const struct store_alert *a, const struct json *h)
{
    bool ours = strcmp(a->agent, ACROSS_AGENT) == 0;

    return ours ? json_get_text(h, "agent", a->agent) : a->agent;
}

void alert_event_fill(struct event *e, const struct alert_told *a, usec_t time,
                      const struct ruleset *rules, const struct district *district)
{
    const struct json *h = json_get(a->document, "hallwatch");
    const char *identity = identity_of(h);

    event_begin(e, EVENT_ALERT, time);
    put_rule(e, a->alert);
    put_labels(e, rules, a->alert->rule);
    put_place(e, a, h, district);
    put_text(e, FIELD_ALERT_AGENT, agent_of(a->alert, h));
    put_word(e, FIELD_ALERT_IDENTITY, identity);
    put_device(e, a, identity);
    put_text(e, FIELD_ALERT_LIST, json_text(json_get_path(h, "list.name"), ""));
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE,
                   text_of(json_get_text(h, "host", "")));
}
