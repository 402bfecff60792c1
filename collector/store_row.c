/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "collector/store_sql.h"

static struct json *time_json(usec_t time)
{
    char text[CLOCK_TEXT];

    if (time == 0)
        return json_new_null();
    clock_print(time, text);
    return json_new_text(text);
}

static struct json *epoch_json(uint64_t epoch)
{
    char text[17];

    snprintf(text, sizeof(text), "%016" PRIx64, epoch);
    return json_new_text(text);
}

static struct json *document_json(const char *text)
{
    struct json *value = json_parse(text, strlen(text), NULL);

    return value ? value : json_new_null();
}

static struct json *column_json(const struct shape_column *c, const char *at)
{
    uint64_t number = 0;
    const char *text = "";

    switch (c->kind) {
    case SHAPE_FLAG:
        return json_new_bool(*(const bool *)at);
    case SHAPE_NAME:
        return json_new_text(names_get(c->names, *(const unsigned *)(const void *)at));
    case SHAPE_TEXT:
    case SHAPE_JSON:
        memcpy(&text, at, sizeof(text));
        return c->kind == SHAPE_TEXT ? json_new_text(text) : document_json(text);
    case SHAPE_ID:
    case SHAPE_COUNT:
    case SHAPE_SIGNED:
    case SHAPE_EPOCH:
    case SHAPE_TIME:
        break;
    }
    memcpy(&number, at, sizeof(number));
    if (c->kind == SHAPE_TIME)
        return time_json(number);
    if (c->kind == SHAPE_EPOCH)
        return epoch_json(number);
    if (c->kind == SHAPE_ID && number == 0)
        return json_new_null();
    return json_new_number((int64_t)number);
}

struct json *shape_json(const struct shape *shape, const void *row)
{
    struct json *object = json_new_object();

    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_column *c = &shape->columns[i];

        json_put(object, c->name, column_json(c, (const char *)row + c->offset));
    }
    return object;
}
