/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensor and courier in one process, joined by the same socket pair and merger as when
 * they are two: what a capture gives is what the wire would have given.
 */
#include "agent/replay.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/capture.h"
#include "agent/courier.h"
#include "agent/hits.h"
#include "agent/sensor.h"
#include "log.h"
#include "mem.h"
#include "sandbox.h"

#define FRAMES_A_TURN 256
#define HITS_A_TURN   256
#define QUEUE_BYTES   (4 * 1024 * 1024)

struct replay {
    const struct replay_settings *set;
    struct sensor *sensor;
    struct courier *courier;
    struct hits_writer *writer;
    struct hits_merger *merger;
    int ends[2]; /* the sensor's, the courier's */
    unsigned waiting;
    uint8_t batch[HITS_BATCH_MAX];
};

/* ---- from the sensor to the courier ---- */

static void take_batches(struct replay *r)
{
    ssize_t len;

    while ((len = recv(r->ends[1], r->batch, sizeof(r->batch), MSG_DONTWAIT)) > 0)
        if (hits_merger_batch(r->merger, 0, r->batch, (size_t)len) != 0)
            log_error("a batch of the own sensor is damaged");
}

/* Everything that waits goes over, and the courier works on what is due. */
static void pump(struct replay *r, usec_t mark)
{
    while (hits_flush(r->writer, mark))
        take_batches(r);
    take_batches(r);
    courier_tick(r->courier, hits_merger_run(r->merger));
    r->waiting = 0;
}

static void after_put(struct replay *r)
{
    if (++r->waiting >= HITS_A_TURN)
        pump(r, sensor_mark(r->sensor));
}

static void on_hit(size_t rule, const struct event *e, void *arg)
{
    struct replay *r = arg;

    hits_put(r->writer, rule, SEVERITY_CRITICAL, e);
    after_put(r);
}

static void on_device(const struct event *e, void *arg)
{
    struct replay *r = arg;

    if (!r->courier)
        return;
    hits_put_device(r->writer, e);
    after_put(r);
}

static void on_event(const struct event *e, void *arg)
{
    static const struct field_set nothing;
    struct replay *r = arg;
    auto_json struct json *document = NULL;
    auto_free char *line = NULL;

    if (!(r->set->events >> event_kind(e) & 1))
        return;
    document = event_json(e, &nothing);
    line = json_write(document);
    puts(line);
}

/* ---- in the courier ---- */

static void merged_hit(size_t rule, const struct event *e, void *arg)
{
    struct replay *r = arg;

    courier_hit(r->courier, rule, e);
}

static void merged_device(const struct event *e, void *arg)
{
    struct replay *r = arg;

    courier_device(r->courier, e);
}

static void merged_lost(const uint32_t by_severity[5], void *arg)
{
    (void)arg;
    log_error("hits were lost between sensor and courier count=%u",
              by_severity[0] + by_severity[1] + by_severity[2] + by_severity[3] +
                  by_severity[4]);
}

static void merged_counts(const char *json, size_t len, void *arg)
{
    (void)json;
    (void)len;
    (void)arg;
}

static void print_alert(enum severity severity, const char *document, size_t len,
                        void *arg)
{
    (void)severity;
    (void)arg;
    fwrite(document, 1, len, stdout);
    putchar('\n');
}

/* ---- one file ---- */

static struct replay *replay_new(const struct replay_settings *set)
{
    struct replay *r = xcalloc(1, sizeof(*r));
    const struct content *content = set->content;

    r->set = set;
    r->sensor = sensor_new(&(struct sensor_settings){
        .rules = content->rules,
        .district = content->district,
        .lists = content->lists,
        .flow_capacity = set->flow_capacity,
        .sink = {.hit = on_hit,
                 .device = on_device,
                 .event = set->events ? on_event : NULL,
                 .arg = r},
    });
    if (!content->rules)
        return r;
    r->courier = courier_new(&(struct courier_settings){
        .alert = {.rules = content->rules,
                  .lists = content->lists,
                  .district = content->district,
                  .agent = set->agent,
                  .pseudonym_key = set->pseudonym_key,
                  .vault = set->vault},
        .on_alert = print_alert,
        .arg = r,
    });
    return r;
}

static void join_ends(struct replay *r, const int ends[2])
{
    static const struct hits_reader_calls calls = {.hit = merged_hit,
                                                   .device = merged_device,
                                                   .lost = merged_lost,
                                                   .counts = merged_counts};
    struct hits_reader_calls mine = calls;

    mine.arg = r;
    r->ends[0] = ends[0];
    r->ends[1] = ends[1];
    r->writer = hits_writer_new(ends[0], QUEUE_BYTES);
    r->merger = hits_merger_new(&mine, 1, 1 << 20);
}

static void replay_free(struct replay *r)
{
    sensor_free(r->sensor);
    hits_writer_free(r->writer);
    hits_merger_free(r->merger);
    courier_free(r->courier);
    free(r);
}

static void on_frame(const struct frame *f, void *arg)
{
    struct replay *r = arg;

    sensor_frame(r->sensor, f);
}

static void print_stats(const struct replay *r, const char *file)
{
    auto_json struct json *o = sensor_stats(r->sensor);
    auto_free char *line = NULL;

    json_put_text(o, "file", file);
    if (r->courier)
        json_put(o, "courier", courier_stats(r->courier));
    line = json_write(o);
    puts(line);
}

/* 0, or why the file ended before its end. */
static int run_file(struct replay *r, struct capture *capture, const char *file)
{
    int n;

    while ((n = capture_read(capture, FRAMES_A_TURN, on_frame, r)) >= 0)
        if (r->courier)
            pump(r, sensor_mark(r->sensor));
    sensor_finish(r->sensor);
    if (r->courier) {
        pump(r, UINT64_MAX);
        courier_finish(r->courier);
    }
    if (r->set->stats)
        print_stats(r, file);
    return n == -ENODATA ? 0 : n;
}

/* ---- all of them ---- */

static struct capture **open_all(const struct replay_settings *set, int *ret_code)
{
    struct capture **captures = xcalloc(set->file_count, sizeof(struct capture *));
    char error[CAPTURE_ERROR];

    for (size_t i = 0; i < set->file_count; i++) {
        struct capture_settings settings = {.file = set->files[i], .filter = set->filter};

        if (capture_open(&settings, &captures[i], error) == 0)
            continue;
        fprintf(stderr, "hallwatch-agent: %s\n", error);
        *ret_code = 1;
    }
    return captures;
}

static int replay_one(const struct replay_settings *set, struct capture *capture,
                      const char *file, const int ends[2])
{
    struct replay *r = replay_new(set);
    int error;

    if (r->courier)
        join_ends(r, ends);
    error = run_file(r, capture, file);
    if (error)
        fprintf(stderr,
                "hallwatch-agent: %s: the capture is damaged or cut short; everything "
                "before that place was read\n",
                file);
    replay_free(r);
    return error ? 1 : 0;
}

int replay_run(const struct replay_settings *settings)
{
    int code = 0, ends[2];
    char error[SANDBOX_ERROR] = "no socket pair to be had";
    struct capture **captures = open_all(settings, &code);

    dpi_prepare();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) !=
            0 ||
        sandbox_enter(SANDBOX_SENSOR, error) != 0) {
        fprintf(stderr, "hallwatch-agent: %s\n", error);
        return 1;
    }
    for (size_t i = 0; i < settings->file_count; i++) {
        if (!captures[i])
            continue;
        code |= replay_one(settings, captures[i], settings->files[i], ends);
        capture_close(captures[i]);
    }
    free(captures);
    fflush(stdout);
    close(ends[0]);
    close(ends[1]);
    return code;
}
