/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document as an event: either field names and values, as in the tests of rule
 * files, or EVE as the agent prints it. Both become a small YAML map (which JSON is), so
 * that a wrong value is told like one in a rule file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rules_event.h"
#include "domain.h"
#include "mem.h"
#include "rule_test.h"
#include "yaml.h"

/* EVE writes protocols in capitals, and ICMPv6 in a way of its own. */
static struct json *plain_proto(const struct json *value)
{
    const char *text = json_text(value, "");

    if (strcmp(text, "IPv6-ICMP") == 0)
        return json_new_text("icmp6");
    for (size_t i = 0; i < names_proto.count; i++)
        if (strcasecmp(text, names_proto.at[i]) == 0)
            return json_new_text(names_proto.at[i]);
    return json_clone(value);
}

/* "TLS 1.2", "SSLv3". */
static struct json *plain_version(const struct json *value)
{
    const char *text = json_text(value, "");
    auto_free char *ssl = NULL;

    if (strncmp(text, "TLS ", 4) == 0)
        return json_new_text(text + 4);
    if (strncmp(text, "SSLv", 4) != 0)
        return json_clone(value);
    ssl = xasprintf("0.%s", text + 4);
    return json_new_text(ssl);
}

static struct json *plain_duration(const struct json *value)
{
    auto_free char *text = xasprintf("%lldus", (long long)json_number(value, 0));

    return json_is_number(value) ? json_new_text(text) : json_clone(value);
}

static struct json *all_addresses(const struct json *doc)
{
    static const char *const paths[] = {"dns.grouped.A", "dns.grouped.AAAA"};
    struct json *all = json_new_list();

    for (size_t i = 0; i < 2; i++) {
        const struct json *some = json_get_path(doc, paths[i]);

        for (size_t k = 0; some && k < json_count(some); k++)
            json_add(all, json_clone(json_item(some, k)));
    }
    if (json_count(all) > 0)
        return all;
    json_free(all);
    return NULL;
}

static struct json *value_of(const struct json *doc, enum field_id f)
{
    const struct field *field = field_get(f);
    const struct json *value = field->eve ? json_get_path(doc, field->eve) : NULL;

    if (f == FIELD_DNS_ANSWER_IP)
        return all_addresses(doc);
    if (!value)
        return NULL;
    if (f == FIELD_PROTO)
        return plain_proto(value);
    if (field->type == TYPE_VERSION)
        return plain_version(value);
    if (field->type == TYPE_DURATION)
        return plain_duration(value);
    return json_clone(value);
}

/* What stood in a packet where a host name belongs: the agent prints it as it prints any,
 * and a rule file has no such value. */
static bool is_odd(enum field_id f, const struct json *value)
{
    enum field_type type = field_get(f)->type;
    const char *text = json_text(value, NULL);
    char clean[DOMAIN_MAX];
    size_t len;

    return (type == TYPE_DOMAIN || type == TYPE_DOMAINS) && text &&
           domain_clean(text_of(text), clean, &len) != 0;
}

/* A list where one name belongs, or one where a list does, is a fault and told as such.
 */
static bool is_any_odd(enum field_id f, const struct json *value)
{
    bool any = is_odd(f, value);

    if (json_is_list(value) != (field_get(f)->type == TYPE_DOMAINS))
        return false;
    for (size_t i = 0; json_is_list(value) && i < json_count(value); i++)
        any |= is_odd(f, json_item(value, i));
    return any;
}

static void put_odd(struct event *e, enum field_id f, const struct json *value)
{
    for (size_t i = 0; json_is_list(value) && i < json_count(value); i++)
        event_add_text(e, f, text_of(json_text(json_item(value, i), "")));
    if (!json_is_list(value))
        event_put_host(e, f, f == FIELD_HOST ? FIELD_HOST_REGISTRABLE : FIELD_UNKNOWN,
                       text_of(json_text(value, "")));
}

static void put_odd_names(struct event *e, const struct json *doc)
{
    for (enum field_id f = 0; f < FIELD_COUNT; f++) {
        auto_json struct json *value = value_of(doc, f);

        if (value && is_any_odd(f, value))
            put_odd(e, f, value);
    }
}

static struct json *flatten(const struct json *doc)
{
    struct json *flat = json_new_object();
    const char *kind = json_get_text(doc, "event_type", "");

    if (strcmp(kind, "alert") == 0)
        kind = json_text(json_get_path(doc, "hallwatch.event"), kind);
    json_put_text(flat, "kind", kind);
    if (json_get(doc, "timestamp"))
        json_put_text(flat, "at", json_get_text(doc, "timestamp", ""));
    for (enum field_id f = 0; f < FIELD_COUNT; f++) {
        struct json *value = f == FIELD_WINDOW_VALUE ? NULL : value_of(doc, f);

        if (value && is_any_odd(f, value))
            json_free(value);
        else if (value)
            json_put(flat, field_get(f)->name, value);
    }
    return flat;
}

bool rules_event(struct event *e, const char *name, const struct json *doc,
                 struct diags *d)
{
    auto_json struct json *flat = json_get(doc, "kind") ? json_clone(doc) : flatten(doc);
    auto_free char *text = json_write_pretty(flat);
    auto_yaml struct yaml *yaml = NULL;

    if (!json_get(doc, "kind") && !json_get(doc, "event_type")) {
        diags_error(d, (struct place){.file = name}, "E0202",
                    "this is no event: it has neither \"kind\" nor \"event_type\"");
        diags_hint(d,
                   "hallwatch-agent -r FILE --events all prints some, and so do the "
                   "tests of a rule: {\"kind\": \"dns\", \"dns.qname\": \"a.example\"}");
        return false;
    }
    yaml = yaml_parse(name, text, strlen(text), d);
    if (!yaml ||
        !rule_test_event(e, yaml_root(yaml), 1, RULE_TEST_START, RULE_TEST_START, d))
        return false;
    if (!json_get(doc, "kind"))
        put_odd_names(e, doc);
    return true;
}
