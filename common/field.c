/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include <assert.h>
#include <string.h>

#define K(kind) (UINT32_C(1) << EVENT_##kind)

static const struct field fields[] = {
#define FIELD(id, name_, type_, words_, kinds_, privacy_, eve_, meaning_) \
    [FIELD_##id] = {.name = (name_),                                      \
                    .type = TYPE_##type_,                                 \
                    .words = (words_),                                    \
                    .kinds = (kinds_),                                    \
                    .privacy = PRIVACY_##privacy_,                        \
                    .eve = (eve_),                                        \
                    .meaning = (meaning_)},
#include "field.def"
#undef FIELD
};

static const uint8_t types[] = {
#define FIELD(id, name_, type_, ...) [FIELD_##id] = TYPE_##type_,
#include "field.def"
#undef FIELD
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) == FIELD_COUNT, "a row for each field");
_Static_assert(EVENT_KINDS <= 32, "kinds are a mask of 32 bits");

static const char *const type_names[] = {
    [TYPE_NUMBER] = "number",           [TYPE_BYTES] = "size in bytes",
    [TYPE_DURATION] = "duration",       [TYPE_TIME] = "time",
    [TYPE_BOOL] = "yes or no",          [TYPE_TEXT] = "text",
    [TYPE_DOMAIN] = "host name",        [TYPE_ADDR] = "address",
    [TYPE_MAC] = "hardware address",    [TYPE_NAME] = "name",
    [TYPE_NAMES] = "set of names",      [TYPE_VERSION] = "version",
    [TYPE_TEXTS] = "list of texts",     [TYPE_DOMAINS] = "list of host names",
    [TYPE_ADDRS] = "list of addresses",
};

const struct field *field_get(enum field_id id)
{
    assert(id < FIELD_COUNT);
    return &fields[id];
}

enum field_type field_type_of(enum field_id id)
{
    assert(id < FIELD_COUNT);
    return types[id];
}

bool field_of_kind(enum field_id id, enum event_kind kind)
{
    return field_get(id)->kinds >> kind & 1;
}

enum field_id field_find(const char *name, size_t len)
{
    for (enum field_id id = 0; id < FIELD_COUNT; id++)
        if (strlen(fields[id].name) == len && memcmp(fields[id].name, name, len) == 0)
            return id;
    return FIELD_UNKNOWN;
}

const char *field_type_name(enum field_type type)
{
    return type_names[type];
}
