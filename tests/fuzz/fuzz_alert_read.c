/* SPDX-License-Identifier: Apache-2.0 */
/* An alert's document of any bytes: both ways of reading it must come to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void same(bool yes)
{
    if (!yes)
        abort();
}

static void same_alert(const struct store_alert *a, const struct store_alert *b)
{
    same(a->at == b->at && a->severity == b->severity && a->owner == b->owner);
    same(a->drill == b->drill && a->summary == b->summary && a->repeats == b->repeats);
    same(strcmp(a->rule, b->rule) == 0 && strcmp(a->title, b->title) == 0);
    same(strcmp(a->site, b->site) == 0 && strcmp(a->segment, b->segment) == 0);
    same(strcmp(a->device, b->device) == 0 && strcmp(a->playbook, b->playbook) == 0);
    same(strcmp(a->document, b->document) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_alert_reader struct alert_reader *r = alert_reader_new();
    auto_alert_reader struct alert_reader *p = alert_reader_new();
    struct text document = {.at = (const char *)bytes, .len = len};
    struct store_alert a, b;
    const char *why = NULL, *why_parsed = NULL;
    int rc = alert_read(r, document, &a, &why);

    same(alert_read_parsed(p, document, &b, &why_parsed) == rc);
    if (rc == 0)
        same_alert(&a, &b);
    else
        same(why == why_parsed || strcmp(why, why_parsed) == 0);
    return 0;
}
