/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a memory of usual amounts that is found at the start, once as they are and
 * once with the checksum put right, so that any slot may be there. Then it learns and is
 * asked, also at times that its slots never saw, and what it saves it reads again.
 */
#include "tests/fuzz/memory_bytes.h"
#include "tests/fuzz/scratch.h"

#include "agent/usual.h"

#define CAPACITY 16 /* two full sets: more would only be more of the same */
#define MAGIC    UINT64_C(0x0a4c415553555748)

static void use(struct usual *u, struct event *e, usec_t now, uint8_t machine)
{
    const struct addr ip = addr_v4((const uint8_t[]){10, 30, 1, machine});
    const struct value *usual, *time;

    event_begin(e, EVENT_FLOW, now);
    event_put_number(e, FIELD_DIRECTION, DIRECTION_OUTBOUND);
    event_put_number(e, FIELD_SEGMENT_AUDIENCE, AUDIENCE_STAFF);
    event_put_addr(e, FIELD_DEVICE_IP, &ip);
    event_put_number(e, FIELD_FLOW_DELTA_BYTES_OUT, UINT64_C(1) << 2 * machine);
    usual_dress(u, e);
    usual_learn(u, e);
    usual = event_get(e, FIELD_DEVICE_USUAL_OUT);
    time = event_get(e, FIELD_FLOW_DELTA_USUAL_TIME);
    demand(!usual == !time);
    demand(!usual || usual->number >= USUAL_LEAST);
}

#define DAYS_LIVED 29 /* what is usual is known by the weeks */

static void live_on(struct usual *u, struct event *e, usec_t from)
{
    for (unsigned day = 1; day <= DAYS_LIVED; day++)
        for (unsigned part = 0; part < 3; part++)
            use(u, e, from + day * USEC_PER_DAY + part * 45 * USEC_PER_MIN, 10);
}

/* A day counts once it was watched for an hour. One machine is enough to watch it; then
 * come twice as many as there is room for. */
static void use_all(struct usual *u, struct event *e)
{
    static const usec_t times[] = {0, UINT64_C(1577836800) * USEC_PER_SEC,
                                   UINT64_C(1767258000) * USEC_PER_SEC,
                                   UINT64_C(1) << 62};

    for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++) {
        use(u, e, times[t], 0);
        use(u, e, times[t] + 45 * USEC_PER_MIN, 0);
        for (uint8_t machine = 0; machine < 2 * CAPACITY; machine++)
            use(u, e, times[t] + 90 * USEC_PER_MIN, machine);
        if (t == 2)
            live_on(u, e, times[t]);
    }
}

static void save_and_load(struct usual *u)
{
    auto_free char *path = xasprintf("%s/usual", scratch_folder());
    struct usual *again = usual_new(CAPACITY);

    demand(usual_save(u, path) == 0);
    demand(usual_load(again, path) == 0);
    usual_free(again);
    unlink(path);
}

/* Of a file that is refused nothing is left: what a table without one does is the same
 * each time, and tried once. */
static void run(const uint8_t *file, size_t len, struct event *e)
{
    static bool tried_empty;
    struct usual *u = usual_new(CAPACITY);
    int r = usual_parse(u, file, len);
    auto_json struct json *stats = usual_stats(u);

    demand(r == 0 || json_get_number(stats, "known", -1) == 0);
    demand(json_get_number(stats, "known", -1) <= CAPACITY);
    if (r == 0 || !tried_empty) {
        use_all(u, e);
        save_and_load(u);
    }
    tried_empty |= r != 0;
    usual_free(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    memory_bytes_run(bytes, len, MAGIC, run);
    return 0;
}
