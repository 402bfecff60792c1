/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A struct json is jansson's json_t under a name of ours; nobody else sees jansson.
 */
#include <jansson.h>

/* Macros of jansson where this house has functions. */
#undef json_is_object
#undef json_is_number
#undef json_is_null

#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"

#define DEPTH_MAX 64
#define LEN_MAX   ((size_t)16 << 20)
#define BAD_BYTE  "\xef\xbf\xbd" /* U+FFFD in UTF-8 */
#define WRITE_ALL (JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

/*
 * jansson keys its hash tables with a number that it reads from /dev/urandom when the
 * first object is made; a process that may open nothing any more would die of it then.
 */
__attribute__((constructor)) static void seed_tables(void)
{
    size_t seed = 0;

    if (getentropy(&seed, sizeof(seed)) == 0)
        json_object_seed(seed | 1);
}

static json_t *raw(const struct json *value)
{
    return (json_t *)(uintptr_t)value; /* jansson counts references in const ones too */
}

/* jansson gives NULL only when there is no memory, once what it is given is right. */
static struct json *must(json_t *value)
{
    if (!value)
        abort();
    return (struct json *)value;
}

static char *must_text(char *text)
{
    if (!text)
        abort();
    return text;
}

struct json *json_new_object(void)
{
    return must(json_object());
}

struct json *json_new_list(void)
{
    return must(json_array());
}

static bool is_plain(const char *at, size_t len)
{
    for (size_t size; len > 0; at += size, len -= size) {
        size = text_utf8_len(at, len);
        if (size == 0 || *at == '\0')
            return false;
    }
    return true;
}

static void add_repaired(struct buffer *b, const char *at, size_t len)
{
    while (len > 0) {
        size_t size = text_utf8_len(at, len);

        if (size == 0 || *at == '\0') {
            buffer_text(b, BAD_BYTE);
            size = 1;
        } else {
            buffer_add(b, at, size);
        }
        at += size;
        len -= size;
    }
}

static struct json *new_text(const char *at, size_t len)
{
    auto_buffer struct buffer b = {0};

    if (is_plain(at, len))
        return must(json_stringn_nocheck(len ? at : "", len));
    add_repaired(&b, at, len);
    return must(json_stringn_nocheck(b.at, b.len));
}

struct json *json_new_text(const char *text)
{
    return new_text(text, strlen(text));
}

struct json *json_new_bytes(struct text text)
{
    return new_text(text.at, text.len);
}

struct json *json_new_number(int64_t number)
{
    return must(json_integer(number));
}

struct json *json_new_real(double number)
{
    return isfinite(number) ? must(json_real(number)) : json_new_null();
}

struct json *json_new_bool(bool value)
{
    return must(json_boolean(value));
}

struct json *json_new_null(void)
{
    return must(json_null());
}

struct json *json_clone(const struct json *value)
{
    return must(json_deep_copy(raw(value)));
}

void json_free(struct json *value)
{
    json_decref(raw(value));
}

void json_put(struct json *object, const char *key, struct json *value)
{
    auto_buffer struct buffer b = {0};

    if (!is_plain(key, strlen(key))) {
        add_repaired(&b, key, strlen(key));
        key = b.at;
    }
    if (json_object_set_new_nocheck(raw(object), key, raw(value)) != 0)
        abort(); /* not an object, the value itself, or no memory: our mistake */
}

void json_put_text(struct json *object, const char *key, const char *text)
{
    json_put(object, key, json_new_text(text));
}

void json_put_bytes(struct json *object, const char *key, struct text text)
{
    json_put(object, key, new_text(text.at, text.len));
}

void json_put_number(struct json *object, const char *key, int64_t number)
{
    json_put(object, key, json_new_number(number));
}

void json_put_real(struct json *object, const char *key, double number)
{
    json_put(object, key, json_new_real(number));
}

void json_put_bool(struct json *object, const char *key, bool value)
{
    json_put(object, key, json_new_bool(value));
}

void json_put_path(struct json *object, const char *path, struct json *value)
{
    const char *dot;

    while ((dot = strchr(path, '.'))) {
        auto_free char *key = xstrndup(path, (size_t)(dot - path));
        struct json *inner = json_get(object, key);

        if (!json_is_object(inner)) {
            inner = json_new_object();
            json_put(object, key, inner);
        }
        object = inner;
        path = dot + 1;
    }
    json_put(object, path, value);
}

void json_add(struct json *list, struct json *value)
{
    if (json_array_append_new(raw(list), raw(value)) != 0)
        abort(); /* as in json_put */
}

bool json_is_object(const struct json *value)
{
    return value && json_typeof(raw(value)) == JSON_OBJECT;
}

bool json_is_list(const struct json *value)
{
    return json_is_array(raw(value));
}

bool json_is_text(const struct json *value)
{
    return json_is_string(raw(value));
}

bool json_is_number(const struct json *value)
{
    return json_is_integer(raw(value));
}

bool json_is_null(const struct json *value)
{
    return value && json_typeof(raw(value)) == JSON_NULL;
}

struct json *json_get(const struct json *object, const char *key)
{
    return (struct json *)json_object_get(raw(object), key);
}

struct json *json_get_path(const struct json *object, const char *path)
{
    const char *dot;

    while ((dot = strchr(path, '.'))) {
        auto_free char *key = xstrndup(path, (size_t)(dot - path));

        object = json_get(object, key);
        path = dot + 1;
    }
    return json_get(object, path);
}

size_t json_count(const struct json *value)
{
    return json_is_list(value) ? json_array_size(raw(value))
                               : json_object_size(raw(value));
}

struct json *json_item(const struct json *list, size_t i)
{
    return (struct json *)json_array_get(raw(list), i);
}

const char *json_text(const struct json *value, const char *otherwise)
{
    return json_is_text(value) ? json_string_value(raw(value)) : otherwise;
}

int64_t json_number(const struct json *value, int64_t otherwise)
{
    return json_is_number(value) ? json_integer_value(raw(value)) : otherwise;
}

double json_to_real(const struct json *value, double otherwise)
{
    if (json_is_number(value))
        return (double)json_integer_value(raw(value));
    return json_is_real(raw(value)) ? json_real_value(raw(value)) : otherwise;
}

bool json_bool(const struct json *value, bool otherwise)
{
    return json_is_boolean(raw(value)) ? json_is_true(raw(value)) : otherwise;
}

const char *json_get_text(const struct json *object, const char *key,
                          const char *otherwise)
{
    return json_text(json_get(object, key), otherwise);
}

int64_t json_get_number(const struct json *object, const char *key, int64_t otherwise)
{
    return json_number(json_get(object, key), otherwise);
}

bool json_get_bool(const struct json *object, const char *key, bool otherwise)
{
    return json_bool(json_get(object, key), otherwise);
}

void json_each(const struct json *object, json_each_fn *fn, void *arg)
{
    const char *key;
    json_t *value;

    json_object_foreach(raw(object), key, value) fn(key, (struct json *)value, arg);
}

/* jansson's own limit is 2,048 deep, and fixed when it was built. */
static bool is_too_deep(const char *text, size_t len)
{
    bool quoted = false;
    unsigned depth = 0;

    for (size_t i = 0; i < len; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '[' || text[i] == '{') && ++depth > DEPTH_MAX)
            return true;
        else if (!quoted && depth > 0 && (text[i] == ']' || text[i] == '}'))
            depth--;
    }
    return false;
}

static struct json *refuse(char **ret_error, const json_error_t *error, const char *why)
{
    struct buffer b = {0};

    if (!ret_error)
        return NULL;
    if (error)
        buffer_print(&b, "line %d, column %d: ", error->line, error->column);
    buffer_text_visible(&b, text_of(why));
    *ret_error = buffer_take(&b);
    return NULL;
}

struct json *json_parse(const char *text, size_t len, char **ret_error)
{
    json_error_t error;
    json_t *value;

    if (len > LEN_MAX)
        return refuse(ret_error, NULL, "longer than 16 MiB");
    if (is_too_deep(text, len))
        return refuse(ret_error, NULL, "nested more than 64 deep");
    value = json_loadb(len ? text : "", len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                       &error);
    if (!value)
        return refuse(ret_error, &error, error.text);
    return (struct json *)value;
}

char *json_write(const struct json *value)
{
    return must_text(json_dumps(raw(value), JSON_COMPACT | WRITE_ALL));
}

char *json_write_sorted(const struct json *value)
{
    return must_text(json_dumps(raw(value), JSON_COMPACT | JSON_SORT_KEYS | WRITE_ALL));
}

char *json_write_pretty(const struct json *value)
{
    return must_text(json_dumps(raw(value), JSON_INDENT(2) | WRITE_ALL));
}
