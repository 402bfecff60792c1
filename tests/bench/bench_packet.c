/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_packet.c - what the front of a sensor costs: reading, decoding, flows.
 *
 *     bench_packet CAPTURE [read|decode|flow]...
 *
 * Prints a line for each stage, every stage with those before it: nanoseconds of CPU a
 * packet (user and system), packets a second, and the most memory of the process so far.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "agent/capture.h"
#include "agent/decode.h"
#include "agent/flow.h"

struct bench {
    struct decoder *decoder;  /* NULL: read only */
    struct flow_table *flows; /* NULL: decode only */
    uint64_t packets;
};

static double cpu_seconds(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static long memory_kib(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return use.ru_maxrss;
}

static void on_start(struct flow *f, usec_t now, void *arg)
{
    (void)f;
    (void)now;
    (void)arg;
}

static void on_active(struct flow *f, const struct flow_part *part, usec_t now, void *arg)
{
    (void)f;
    (void)part;
    (void)now;
    (void)arg;
}

static void on_end(struct flow *f, enum flow_end why, const struct flow_part *part,
                   usec_t now, void *arg)
{
    (void)f;
    (void)why;
    (void)part;
    (void)now;
    (void)arg;
}

static void on_frame(const struct frame *frame, void *arg)
{
    struct bench *b = arg;
    struct packet packet;
    bool from_client;

    b->packets++;
    if (!b->decoder || decoder_read(b->decoder, frame, &packet) != DECODE_PACKET)
        return;
    if (b->flows && packet.layer != PACKET_LINK)
        flow_table_touch(b->flows, &packet, &from_client);
}

static struct flow_table *new_flows(void)
{
    struct flow_settings set = {.capacity = FLOW_CAPACITY,
                                .answer_within = 3 * USEC_PER_SEC,
                                .active_timeout = FLOW_ACTIVE_TIMEOUT,
                                .idle_new = 30 * USEC_PER_SEC,
                                .idle_tcp = 10 * USEC_PER_MIN,
                                .idle_udp = USEC_PER_MIN,
                                .idle_closed = 5 * USEC_PER_SEC,
                                .on_start = on_start,
                                .on_active = on_active,
                                .on_end = on_end};

    hash_key_from_seed(1, &set.secret);
    return flow_table_new(&set);
}

static void show_verdicts(const struct decoder_counts *c)
{
    for (unsigned i = 0; i < DECODE_VERDICTS; i++) {
        if (c->by_verdict[i])
            printf("  %s %lu", decode_reasons[i], (unsigned long)c->by_verdict[i]);
    }
    printf("\n");
}

static void show_flows(struct flow_counts c)
{
    printf("  flows %lu, at most %u at a time, %lu crowded out\n", (unsigned long)c.made,
           c.most, (unsigned long)c.crowded);
}

static int run(const char *file, const char *stage)
{
    struct bench b = {0};
    struct capture *c;
    char error[CAPTURE_ERROR];
    double begin = cpu_seconds(), seconds;

    if (capture_open(&(struct capture_settings){.file = file}, &c, error) < 0) {
        fprintf(stderr, "bench_packet: %s\n", error);
        return 1;
    }
    if (strcmp(stage, "read") != 0)
        b.decoder = decoder_new(&(struct decoder_settings){
            .fragment_capacity = 1024, .fragment_timeout = 30 * USEC_PER_SEC});
    if (strcmp(stage, "flow") == 0)
        b.flows = new_flows();
    while (capture_read(c, 1024, on_frame, &b) > 0)
        ;

    seconds = cpu_seconds() - begin;
    printf("%-7s %8.1f ns/packet %6.2f M packets/s %6.1f MiB %lu packets\n", stage,
           seconds * 1e9 / (double)b.packets, (double)b.packets / seconds / 1e6,
           (double)memory_kib() / 1024, (unsigned long)b.packets);
    if (b.decoder)
        show_verdicts(decoder_counts(b.decoder));
    if (b.flows)
        show_flows(flow_table_counts(b.flows));
    flow_table_free(b.flows);
    decoder_free(b.decoder);
    capture_close(c);
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const all[] = {"read", "decode", "flow"};
    int r = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: bench_packet CAPTURE [read|decode|flow]...\n");
        return 2;
    }
    for (int i = 2; i < argc && r == 0; i++)
        r = run(argv[1], argv[i]);
    for (size_t i = 0; argc == 2 && i < 3 && r == 0; i++)
        r = run(argv[1], all[i]);
    return r;
}
