/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/alert_say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/viewer.h"
#include "field.h"
#include "mem.h"
#include "text.h"

/* What stands on the page already: at its top, or as how often it was. */
static const char *const told[] = {"hallwatch.site", "hallwatch.segment",
                                   "hallwatch.window"};

static bool is_told(const char *path)
{
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        if (strncmp(told[i], path, strlen(told[i])) == 0 &&
            strchr(".", path[strlen(told[i])]))
            return true;
    return false;
}

/* ---- how often ---- */

/* What a field means, without what only who writes rules needs to know. */
static int short_meaning(const struct field *f)
{
    size_t len = strcspn(f->meaning, ":;(");

    return (int)(len && f->meaning[len - 1] == ' ' ? len - 1 : len);
}

static void say_of(const char *name, struct buffer *out)
{
    enum field_id f = field_find(name, strlen(name));

    if (f == FIELD_UNKNOWN)
        buffer_text(out, name);
    else
        buffer_print(out, "%.*s", short_meaning(field_get(f)), field_get(f)->meaning);
}

static void say_value(const struct json *w, struct buffer *out)
{
    const char *kind = json_get_text(w, "kind", "");
    auto_buffer struct buffer of = {0};
    int64_t value = json_get_number(w, "value", 0);
    const char *about = json_get_bool(w, "approximate", false) ? "about " : "";

    say_of(json_get_text(w, "of", ""), &of);
    if (strcmp(kind, "count") == 0)
        buffer_print(out, "%s%" PRId64 " time%s", about, value, value == 1 ? "" : "s");
    else if (strcmp(kind, "distinct") == 0)
        buffer_print(out, "%s%" PRId64 " different (%s)", about, value,
                     of.at ? of.at : kind);
    else if (strcmp(kind, "sum") == 0)
        buffer_print(out, "%s%" PRId64 " together (%s)", about, value,
                     of.at ? of.at : kind);
    else
        buffer_print(out, "%s%" PRId64 " (%s%s%s), of %" PRId64 " in all", about, value,
                     kind, of.len ? " of: " : "", of.len ? of.at : "",
                     json_get_number(w, "count", 0));
}

char *alert_say_count(const struct json *document)
{
    const struct json *w = json_get_path(document, "hallwatch.window");
    struct buffer out = {0};

    if (!w)
        return NULL;
    say_value(w, &out);
    buffer_print(&out, " within %s", json_get_text(w, "within", "?"));
    return buffer_take(&out);
}

/* ---- what was seen ---- */

static void say_json(const struct json *value, struct buffer *out)
{
    if (json_is_text(value))
        buffer_text(out, json_text(value, ""));
    else if (json_is_number(value))
        buffer_print(out, "%" PRId64, json_number(value, 0));
    else if (json_count(value) == 0)
        buffer_text(out, json_bool(value, false) ? "yes" : "no");
    for (size_t i = 0; i < json_count(value); i++) {
        buffer_text(out, i ? ", " : "");
        say_json(json_item(value, i), out);
    }
}

static void say_field(const struct field *f, const struct json *value)
{
    auto_buffer struct buffer out = {0};

    buffer_print(&out, "%.*s: ", short_meaning(f), f->meaning);
    say_json(value, &out);
    viewer_item("-", out.at);
}

void alert_say_seen(const struct json *document)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        const struct field *f = field_get(i);
        const struct json *value = f->eve ? json_get_path(document, f->eve) : NULL;

        if (value && !json_is_object(value) && !json_is_null(value) && !is_told(f->eve))
            say_field(f, value);
    }
}
