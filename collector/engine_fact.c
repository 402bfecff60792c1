/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "collector/engine_inside.h"
#include "collector/store_alert.h"
#include "collector/store_incident.h"
#include "mem.h"

#define ALERTS_LOOKED_AT 1000 /* for the number of devices */
#define DEVICES_TOLD     64   /* more are counted as so many */

struct gathered {
    struct json *facts;
    char *devices[DEVICES_TOLD];
    size_t device_count;
    char *document; /* of the first alert */
};

/* Newest first, so the last one that is seen is the first one of the incident. */
static void look_at(const struct store_alert *a, void *arg)
{
    struct gathered *g = arg;

    free(g->document);
    g->document = xstrdup(a->document);
    if (*a->device == '\0' || g->device_count == DEVICES_TOLD)
        return;
    for (size_t i = 0; i < g->device_count; i++)
        if (strcmp(g->devices[i], a->device) == 0)
            return;
    g->devices[g->device_count++] = xstrdup(a->device);
}

static void put_known(struct json *facts, const char *name, const char *value)
{
    if (value && *value)
        json_put_text(facts, name, value);
}

static void put_from_document(struct json *facts, const struct json *doc)
{
    const struct json *h = json_get(doc, "hallwatch");

    put_known(facts, "audience", json_get_text(h, "audience", ""));
    put_known(facts, "band", json_get_text(h, "band", ""));
    put_known(facts, "after_hours", json_get_text(h, "after_hours", ""));
    put_known(facts, "host",
              json_get_text(h, "host", json_get_text(h, "flow_led_by", "")));
}

static void put_segment(struct json *facts, const struct district *district,
                        const struct store_incident *i)
{
    for (size_t n = 0; n < district->segment_count; n++) {
        const struct segment *segment = &district->segments[n];

        if (strcmp(segment->name, i->segment) != 0 ||
            strcmp(segment->site->id, i->site) != 0)
            continue;
        json_put_text(facts, "audience", names_get(&names_audience, segment->audience));
        if (segment->band != BAND_NONE)
            json_put_text(facts, "band", names_get(&names_age_band, segment->band));
    }
}

static void put_incident(struct json *facts, const struct store_incident *i)
{
    json_put_number(facts, "id", i->id);
    put_known(facts, "title", i->title);
    put_known(facts, "rule", i->rule);
    json_put_text(facts, "severity", names_get(&names_severity, i->severity));
    json_put_text(facts, "state", names_get(&names_incident_state, i->state));
    put_known(facts, "site", i->site);
    put_known(facts, "segment", i->segment);
    put_known(facts, "device", i->device);
    json_put_number(facts, "alerts", (int64_t)i->alerts);
    json_put_number(facts, "first_seen", (int64_t)i->first);
    json_put_number(facts, "last_seen", (int64_t)i->last);
    json_put_bool(facts, "drill", i->drill);
}

static int gather(struct store *s, const struct district *district,
                  const struct store_incident *i, struct json *facts)
{
    struct store_alert_filter f = {.incident = i->id, .limit = ALERTS_LOOKED_AT};
    struct gathered g = {.facts = facts};
    int r = store_alert_each(s, &f, look_at, &g);
    auto_json struct json *doc =
        g.document ? json_parse(g.document, strlen(g.document), NULL) : NULL;

    put_incident(facts, i);
    put_segment(facts, district, i);
    if (doc)
        put_from_document(facts, doc);
    if (g.device_count)
        json_put_number(facts, "devices", (int64_t)g.device_count);
    while (g.device_count > 0)
        free(g.devices[--g.device_count]);
    free(g.document);
    return r;
}

int engine_facts(struct store *s, const struct district *district, int64_t incident,
                 struct json **ret_facts)
{
    auto_json struct json *all = json_new_object();
    struct json *facts = json_new_object();
    struct store_incident i;
    int r = store_incident_get(s, incident, &i);

    json_put(all, "incident", facts);
    if (r < 0)
        return r;
    r = gather(s, district, &i, facts);
    store_incident_done(&i);
    if (r == 0)
        *ret_facts = take(all);
    return r;
}
