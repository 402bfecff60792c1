/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a memory of hosts that is found at the start, once as they are and once
 * with the checksum put right, so that any slot may be there. Then it learns and is
 * asked, also at times that its slots never saw, and what it saves it reads again.
 */
#include "tests/fuzz/memory_bytes.h"
#include "tests/fuzz/scratch.h"

#include "agent/host_memory.h"

#define CAPACITY 16 /* two full sets: more would only be more of the same */
#define MAGIC    UINT64_C(0x0a5354534f485748)

static void use(struct host_memory *m, struct event *e, usec_t now, unsigned host)
{
    const struct value *since;
    char name[32];

    snprintf(name, sizeof(name), "host%u.test", host);
    event_begin(e, EVENT_TLS, now);
    event_put_number(e, FIELD_DIRECTION, DIRECTION_OUTBOUND);
    event_put_number(e, FIELD_TLS_SIDE, TLS_CLIENT);
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, text_of(name));
    host_memory_learn(m, e);
    host_memory_dress(m, e);
    since = event_get(e, FIELD_HOST_FIRST_SEEN);
    demand(!since || since->number <= now);
}

/* A day counts once it was watched for an hour. */
static void use_all(struct host_memory *m, struct event *e)
{
    static const usec_t times[] = {0, UINT64_C(1577836800) * USEC_PER_SEC,
                                   UINT64_C(1767258000) * USEC_PER_SEC,
                                   UINT64_C(1) << 62};

    for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++) {
        use(m, e, times[t], 0);
        use(m, e, times[t] + 45 * USEC_PER_MIN, 0);
        for (unsigned host = 0; host < CAPACITY; host++)
            use(m, e, times[t] + 90 * USEC_PER_MIN, host);
    }
}

static void save_and_load(struct host_memory *m)
{
    auto_free char *path = xasprintf("%s/hosts", scratch_folder());
    struct host_memory *again = host_memory_new(CAPACITY);

    demand(host_memory_save(m, path) == 0);
    demand(host_memory_load(again, path) == 0);
    host_memory_free(again);
    unlink(path);
}

/* Of a file that is refused nothing is left: what a table without one does is the same
 * each time, and tried once. */
static void run(const uint8_t *file, size_t len, struct event *e)
{
    static bool tried_empty;
    struct host_memory *m = host_memory_new(CAPACITY);
    int r = host_memory_parse(m, file, len);
    auto_json struct json *stats = host_memory_stats(m);

    demand(r == 0 || json_get_number(stats, "known", -1) == 0);
    demand(json_get_number(stats, "known", -1) <= CAPACITY);
    if (r == 0 || !tried_empty) {
        use_all(m, e);
        save_and_load(m);
    }
    tried_empty |= r != 0;
    host_memory_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    memory_bytes_run(bytes, len, MAGIC, run);
    return 0;
}
