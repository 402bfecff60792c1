/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a correlation file; when it is one, alerts are put together by it. */
#include "tests/fuzz/scratch.h"

#include "collector/correlate.h"
#include "mem.h"

static void count(const char *rule, usec_t within, void *arg)
{
    size_t *n = arg;

    demand(rule && within > 0);
    (*n)++;
}

static void ask(const struct correlate *c)
{
    struct store_alert a = {.rule = "malware.known-host",
                            .playbook = "malware-on-device",
                            .site = "lincoln",
                            .segment = "students",
                            .device = "7KQX-M3TA"};
    struct store_alert b = {.rule = "network.port-scan",
                            .playbook = "network-hygiene",
                            .site = "lincoln",
                            .segment = "",
                            .device = ""};
    usec_t within = 0;
    auto_free char *key = correlate_key(c, &a, &within);
    size_t sources = 0;

    demand(!key || within > 0);
    correlate_each_source(c, &a, count, &sources);
    (void)correlate_inhibits(c, &b, &a);
    (void)correlate_inhibits(c, &a, &b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_diags struct diags *d = diags_new();
    char room[SCRATCH_PATH];
    int fd = scratch_file(bytes, len, room);
    const char *path = room;
    auto_correlate struct correlate *c = correlate_load(&path, 1, d);

    free(diags_text(d));
    demand(!c == (diags_errors(d) > 0));
    if (c)
        ask(c);
    close(fd);
    return 0;
}
