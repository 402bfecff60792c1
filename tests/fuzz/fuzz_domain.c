/* SPDX-License-Identifier: Apache-2.0 */
/* Host names of any bytes: what is clean stays as it is, and its parts lie inside. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "event.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_clean(struct text clean)
{
    struct text part = domain_registrable(clean);
    char again[DOMAIN_MAX];
    size_t len;

    if (domain_clean(clean, again, &len) != 0 || len != clean.len ||
        memcmp(again, clean.at, len) != 0)
        abort();
    if (part.len == 0 || part.at + part.len != clean.at + clean.len)
        abort();
    if (!domain_under(clean, part))
        abort();
    (void)domain_has_owner(clean);
}

/* Each label as what people see. */
static void check_labels(struct text clean)
{
    uint32_t characters[8];

    while (clean.len > 0) {
        const char *dot = memchr(clean.at, '.', clean.len);
        size_t len = dot ? (size_t)(dot - clean.at) : clean.len,
               gone = len + (dot != NULL);

        if (domain_label_decode((struct text){clean.at, len}, characters, 8) > 8)
            abort();
        clean.at += gone;
        clean.len -= gone;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text name = {.at = (const char *)bytes, .len = len};
    struct event *e = event_new();
    struct text clean;
    char room[DOMAIN_MAX];

    clean.at = room;
    if (domain_clean(name, room, &clean.len) == 0) {
        check_clean(clean);
        check_labels(clean);
    }

    event_begin(e, EVENT_DNS, 0);
    event_put_host(e, FIELD_DNS_QNAME, FIELD_HOST_REGISTRABLE, name);
    if (event_has(e, FIELD_HOST_REGISTRABLE) && !event_has(e, FIELD_DNS_QNAME))
        abort();
    event_free(e);
    return 0;
}
