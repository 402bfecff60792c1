/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON document of any bytes as an event: what is one can be printed and packed. */
#include <stdlib.h>

#include "auto.h"
#include "cli/rules_event.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_diags struct diags *d = diags_new();
    auto_event struct event *e = event_new();
    auto_json struct json *doc = json_parse((const char *)bytes, len, NULL);
    uint8_t packed[EVENT_PACK_MAX];
    bool fine = doc && rules_event(e, "event.json", doc, d);

    free(diags_text(d));
    if (doc && !fine && diags_errors(d) == 0)
        abort();
    if (fine) {
        json_free(event_json(e, NULL));
        (void)event_pack(e, packed, sizeof(packed));
    }
    return 0;
}
