/* SPDX-License-Identifier: Apache-2.0 */
/* Packed events of any bytes; what was taken is packed, copied, printed and written. */
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
    return 0;
}
