/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "event.h"

static void print_text(struct buffer *out, struct text text)
{
    buffer_text(out, "\"");
    buffer_text_visible(out, text);
    buffer_text(out, "\"");
}

static void print_addr(struct buffer *out, const struct addr *addr)
{
    char text[ADDR_TEXT];

    addr_print(addr, text);
    buffer_text(out, text);
}

/* The largest unit that loses nothing. */
static void print_bytes(struct buffer *out, uint64_t bytes)
{
    static const char *const units[] = {"", " KiB", " MiB", " GiB"};
    size_t unit = 0;

    while (unit < 3 && bytes > 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    buffer_print(out, "%" PRIu64 "%s", bytes, units[unit]);
}

static void print_names(struct buffer *out, const struct names *words, uint64_t mask)
{
    const char *between = "";

    buffer_text(out, "[");
    for (size_t i = 0; i < words->count; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        buffer_print(out, "%s\"%s\"", between, names_get(words, i));
        between = ", ";
    }
    buffer_text(out, "]");
}

static void print_list(struct buffer *out, const struct value *v, bool addresses)
{
    size_t count = addresses ? v->addr_count : v->text_count;

    buffer_text(out, "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_text(out, ", ");
        if (addresses)
            print_addr(out, &v->addrs[i]);
        else
            print_text(out, v->texts[i]);
    }
    buffer_text(out, "]");
}

static void print_mac(struct buffer *out, const struct mac *mac)
{
    char text[MAC_TEXT];

    mac_print(mac, text);
    buffer_print(out, "\"%s\"", text);
}

static void print_clock(struct buffer *out, uint64_t time, bool duration)
{
    char text[CLOCK_TEXT];

    if (duration)
        clock_print_duration(time, text);
    else
        clock_print(time, text);
    buffer_print(out, duration ? "%s" : "\"%s\"", text);
}

void event_print_value(const struct event *e, enum field_id f, struct buffer *out)
{
    const struct value *v = event_get(e, f);
    const struct field *field = field_get(f);

    if (!v)
        return;
    switch (field->type) {
    case TYPE_NUMBER:
        buffer_print(out, "%" PRIu64, v->number);
        return;
    case TYPE_BYTES:
        print_bytes(out, v->number);
        return;
    case TYPE_DURATION:
    case TYPE_TIME:
        print_clock(out, v->number, field->type == TYPE_DURATION);
        return;
    case TYPE_BOOL:
        buffer_text(out, v->number ? "true" : "false");
        return;
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        print_text(out, v->text);
        return;
    case TYPE_ADDR:
        print_addr(out, &v->addr);
        return;
    case TYPE_MAC:
        print_mac(out, &v->mac);
        return;
    case TYPE_NAME:
        buffer_print(out, "\"%s\"", names_get(field->words, v->number));
        return;
    case TYPE_NAMES:
        print_names(out, field->words, v->number);
        return;
    case TYPE_VERSION:
        buffer_print(out, "\"%u.%u\"", (unsigned)(v->number >> 8 & 0xff),
                     (unsigned)(v->number & 0xff));
        return;
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
    case TYPE_ADDRS:
        print_list(out, v, field->type == TYPE_ADDRS);
        return;
    }
}
