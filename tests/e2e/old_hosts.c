/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the memory of hosts of an agent that has stood there for three weeks:
 *
 *   old_hosts FILE HOST...    each was called on every one of these days, the last of
 *                             them yesterday
 */
#include <stdio.h>
#include <string.h>

#include "agent/host_memory.h"

#define DAYS 21

/* For an hour, so that the day counts. */
static void call(struct host_memory *m, struct event *e, usec_t from, const char *host)
{
    for (unsigned i = 0; i < 2; i++) {
        event_begin(e, EVENT_TLS, from + i * USEC_PER_HOUR);
        event_put_number(e, FIELD_DIRECTION, DIRECTION_OUTBOUND);
        event_put_number(e, FIELD_TLS_SIDE, TLS_CLIENT);
        event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, text_of(host));
        host_memory_learn(m, e);
    }
}

int main(int argc, char **argv)
{
    struct host_memory *m = host_memory_new(HOST_MEMORY_CAPACITY);
    auto_event struct event *e = event_new();
    usec_t now = clock_wall(), noon = now - now % USEC_PER_DAY + 12 * USEC_PER_HOUR;
    int r;

    if (argc < 3 || !m)
        return 2;
    for (unsigned day = DAYS; day > 0; day--)
        for (int i = 2; i < argc; i++)
            call(m, e, noon - day * USEC_PER_DAY, argv[i]);
    r = host_memory_save(m, argv[1]);
    if (r < 0)
        fprintf(stderr, "old_hosts: %s: %s\n", argv[1], strerror(-r));
    host_memory_free(m);
    return r < 0;
}
