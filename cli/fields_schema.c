/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON Schema of events and alerts. Closed: a key that the table does not know is a
 * fault, so the schema and the programs cannot drift apart unseen.
 */
#include <string.h>

#include "cli/fields.h"
#include "event.h"
#include "mem.h"

#define TIME_PATTERN "^[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}\\+0000$"
#define MAC_PATTERN  "^[0-9a-f]{2}(:[0-9a-f]{2}){5}$"
#define ADDR_PATTERN "^[0-9a-f:.]+$"

/* What each type of field is in JSON. */
static const struct {
    const char *type, *pattern, *items; /* items: type of each of a list */
} forms[] = {
    [TYPE_NUMBER] = {"integer", NULL, NULL},
    [TYPE_BYTES] = {"integer", NULL, NULL},
    [TYPE_DURATION] = {"integer", NULL, NULL},
    [TYPE_TIME] = {"string", TIME_PATTERN, NULL},
    [TYPE_BOOL] = {"boolean", NULL, NULL},
    [TYPE_TEXT] = {"string", NULL, NULL},
    [TYPE_DOMAIN] = {"string", NULL, NULL},
    [TYPE_ADDR] = {"string", ADDR_PATTERN, NULL},
    [TYPE_MAC] = {"string", MAC_PATTERN, NULL},
    [TYPE_NAME] = {"string", NULL, NULL},
    [TYPE_NAMES] = {"array", NULL, "string"},
    [TYPE_VERSION] = {"string", "^(SSLv[0-9]+|TLS [0-9]+\\.[0-9]+)$", NULL},
    [TYPE_TEXTS] = {"array", NULL, "string"},
    [TYPE_DOMAINS] = {"array", NULL, "string"},
    [TYPE_ADDRS] = {"array", ADDR_PATTERN, "string"},
};

/* What may be under a path of properties: made as it is needed. */
static struct json *place(struct json *schema, const char *path, size_t len)
{
    const char *dot = memchr(path, '.', len);
    size_t first = dot ? (size_t)(dot - path) : len;
    auto_free char *key = xstrndup(path, first);
    struct json *properties = json_get(schema, "properties"), *at;

    if (!properties) {
        json_put_text(schema, "type", "object");
        json_put(schema, "properties", json_new_object());
        json_put_bool(schema, "additionalProperties", false);
        properties = json_get(schema, "properties");
    }
    at = json_get(properties, key);
    if (!at) {
        json_put(properties, key, json_new_object());
        at = json_get(properties, key);
    }
    return dot ? place(at, dot + 1, len - first - 1) : at;
}

static struct json *at_path(struct json *schema, const char *path)
{
    return place(schema, path, strlen(path));
}

static struct json *enum_of(const struct names *words)
{
    struct json *list = json_new_list();

    for (size_t i = 0; i < words->count; i++)
        json_add(list, json_new_text(words->at[i]));
    return list;
}

/* A vocabulary of more than a few words is told once, under $defs. */
static void put_words(struct json *schema, struct json *value, const struct names *words)
{
    struct json *defs = json_get(schema, "$defs"), *def;
    auto_buffer struct buffer ref = {0};
    auto_free char *name = xstrdup(words->what);

    if (words->count <= 8) {
        json_put(value, "enum", enum_of(words));
        return;
    }
    for (char *c = name; *c; c++)
        if (*c == ' ')
            *c = '_';
    if (!json_get(defs, name)) {
        def = json_new_object();
        json_put(def, "enum", enum_of(words));
        json_put(defs, name, def);
    }
    buffer_print(&ref, "#/$defs/%s", name);
    json_put_text(value, "$ref", ref.at);
}

static void put_form(struct json *schema, struct json *value, enum field_type type,
                     const struct names *words, const char *meaning)
{
    struct json *one = value;

    json_put_text(value, "description", meaning);
    json_put_text(value, "type", forms[type].type);
    if (forms[type].items) {
        json_put(value, "items", json_new_object());
        one = json_get(value, "items");
        json_put_text(one, "type", forms[type].items);
    }
    if (forms[type].pattern)
        json_put_text(one, "pattern", forms[type].pattern);
    if (words)
        put_words(schema, one, words);
}

/* EVE spells protocols in its own way, which only event_json knows. */
static struct json *proto_words(void)
{
    struct json *list = json_new_list();

    for (size_t i = 0; i < names_proto.count; i++) {
        struct event *e = event_new();
        auto_json struct json *doc = NULL;

        event_begin(e, EVENT_FLOW, 0);
        event_put_number(e, FIELD_PROTO, i);
        doc = event_json(e, NULL);
        json_add(list, json_new_text(json_get_text(doc, "proto", "")));
        event_free(e);
    }
    return list;
}

static void put_field(struct json *schema, enum field_id id)
{
    const struct field *f = field_get(id);
    struct json *value = at_path(schema, f->eve);

    if (id == FIELD_PROTO) {
        put_form(schema, value, f->type, NULL, f->meaning);
        json_put(value, "enum", proto_words());
        return;
    }
    put_form(schema, value, f->type, f->words, f->meaning);
    if (id == FIELD_DNS_ANSWER_IP)
        put_form(schema, at_path(schema, "dns.grouped.AAAA"), f->type, NULL, f->meaning);
}

/* The list of what must be there beside the last part of path. */
static struct json *required_beside(struct json *schema, const char *path)
{
    const char *last = strrchr(path, '.');
    auto_buffer struct buffer at = {0};
    struct json *list;

    for (const char *p = path; p < last; p = strchr(p, '.') + 1)
        buffer_print(&at, "properties.%.*s.", (int)strcspn(p, "."), p);
    buffer_text(&at, "required");
    list = json_get_path(schema, at.at);
    if (!list) {
        json_put_path(schema, at.at, json_new_list());
        list = json_get_path(schema, at.at);
    }
    return list;
}

/* An alert has what each alert has; anything else has no rule's words. */
static void put_alert_or_not(struct json *schema)
{
    struct json *is = json_new_object(), *then = json_new_object(),
                *otherwise = json_new_object();

    json_put_path(is, "properties.event_type.const", json_new_text("alert"));
    json_put(then, "required", json_new_list());
    json_add(json_get(then, "required"), json_new_text("alert"));
    json_add(json_get(then, "required"), json_new_text("hallwatch"));
    for (const struct alert_key *k = alert_keys; k->path; k++)
        if (k->always)
            json_add(required_beside(then, k->path),
                     json_new_text(strrchr(k->path, '.') + 1));
    json_put_path(otherwise, "properties.alert", json_new_bool(false));
    json_put(schema, "if", is);
    json_put(schema, "then", then);
    json_put(schema, "else", otherwise);
}

struct json *fields_schema(void)
{
    struct json *schema = json_new_object(), *required = json_new_list();

    json_put_text(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_put_text(schema, "$id", "urn:hallwatch:events");
    json_put_text(schema, "title", "Events and alerts of Hallwatch");
    json_put_text(schema, "$comment",
                  "Written by: hallwatch rules fields --format schema");
    json_put_text(schema, "type", "object");
    json_add(required, json_new_text("timestamp"));
    json_add(required, json_new_text("event_type"));
    json_put(schema, "required", required);
    json_put(schema, "$defs", json_new_object());
    put_form(schema, at_path(schema, "timestamp"), TYPE_TIME, NULL, "time of the packet");
    put_form(schema, at_path(schema, "event_type"), TYPE_NAME, &names_event_kind,
             "kind of event, or alert");
    put_form(schema, at_path(schema, "community_id"), TYPE_TEXT, NULL,
             "Community ID 1.0 of the conversation, where both addresses are shown");
    for (enum field_id f = 0; f < FIELD_COUNT; f++)
        if (field_get(f)->eve && field_get(f)->privacy != PRIVACY_MEMORY)
            put_field(schema, f);
    for (const struct alert_key *k = alert_keys; k->path; k++)
        put_form(schema, at_path(schema, k->path), k->type, k->words, k->meaning);
    put_alert_or_not(schema);
    return schema;
}
