/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed events of any bytes; what was taken is packed, copied, printed and written, as
 * it is and once more with as much added as finds room.
 */
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "event.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void look_at(const struct event *e)
{
    auto_json struct json *doc = event_json(e, NULL);
    auto_free char *text = json_write(doc);
    auto_buffer struct buffer out = {0};

    if (!text)
        abort();
    for (enum field_id f = event_next(e, 0); f < FIELD_COUNT; f = event_next(e, f + 1))
        event_print_value(e, f, &out);
}

static void add_more(struct event *e, enum field_id f, struct text text)
{
    struct addr addr = addr_v4((const uint8_t[]){10, 0, 0, 1});

    switch (field_get(f)->type) {
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        event_put_text(e, f, text);
        break;
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        event_add_text(e, f, text);
        break;
    case TYPE_ADDRS:
        event_add_addr(e, f, &addr);
        break;
    default:
        break;
    }
}

/* There is less room than all fields can take. */
static void fill(struct event *e, size_t len)
{
    static const char letters[] = "................................................";
    struct text text = {letters, 16 + len % 32};

    for (unsigned round = 0; round <= EVENT_LIST_MAX && !event_short(e); round++)
        for (enum field_id f = 0; f < FIELD_COUNT; f++)
            add_more(e, f, text);
    if (!event_short(e))
        abort();
}

/* A full one holds all that was packed, but for what its own alignment takes. */
static void pack_full(const struct event *e)
{
    uint8_t packed[EVENT_PACK_MAX];
    auto_event struct event *back = event_new();
    int len = event_pack(e, packed, sizeof(packed));

    if (len < 0 || event_unpack(back, packed, (size_t)len) != 0 || !event_short(back))
        abort();
    look_at(back);
}

/* The bytes that come out, whatever the order in which the room was filled. */
static void pack_again(const struct event *e)
{
    uint8_t first[EVENT_PACK_MAX], second[EVENT_PACK_MAX];
    auto_event struct event *back = event_new(), *copy = event_new();
    int len = event_pack(e, first, sizeof(first));

    if (len < 0 || event_unpack(back, first, (size_t)len) != 0)
        abort();
    event_copy(copy, back);
    if (event_pack(copy, second, sizeof(second)) != len ||
        memcmp(first, second, (size_t)len) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_event struct event *e = event_new();

    if (event_unpack(e, bytes, len) != 0)
        return 0;
    look_at(e);
    pack_again(e);
    fill(e, len);
    pack_full(e);
    return 0;
}
