/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_hits.c - batches from sensors that may have been taken over. Input: sensor u8,
 * length u16, that many bytes as a batch; again and again.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/hits.h"
#include "cur.h"
#include "mem.h"

#define SENSORS 3

static void on_hit(size_t rule, struct event *e, void *arg)
{
    (void)rule;
    *(usec_t *)arg = event_time(e);
}

static void on_device(const struct event *e, void *arg)
{
    *(usec_t *)arg = event_time(e);
}

static void on_lost(const uint32_t by_severity[HITS_SEVERITIES], void *arg)
{
    *(usec_t *)arg ^= by_severity[HITS_SEVERITIES - 1];
}

static void on_counts(const char *json, size_t len, void *arg)
{
    for (size_t i = 0; i < len; i++)
        *(usec_t *)arg ^= (usec_t)json[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usec_t seen = 0;
    struct hits_merger *m =
        hits_merger_new(&(struct hits_reader_calls){.hit = on_hit,
                                                    .device = on_device,
                                                    .lost = on_lost,
                                                    .counts = on_counts,
                                                    .arg = &seen},
                        SENSORS, 8);
    struct cur c = cur_over(data, size);

    while (cur_left(&c) > 3) {
        size_t sensor = cur_u8(&c) % SENSORS;
        size_t len = cur_u16(&c);
        uint8_t *bytes;

        if (len > cur_left(&c))
            len = cur_left(&c);
        bytes = xmalloc(len ? len : 1);
        cur_copy(&c, bytes, len);
        if (hits_merger_batch(m, sensor, bytes, len) != 0)
            hits_merger_gone(m, sensor);
        free(bytes);
        hits_merger_run(m);
    }
    for (size_t s = 0; s < SENSORS; s++)
        hits_merger_gone(m, s);
    hits_merger_run(m);
    hits_merger_free(m);
    return 0;
}
