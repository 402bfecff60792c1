/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensor and courier in one process, joined by the same merger as when they are two, so
 * that a capture gives what the wire would have given.
 */
#include "agent/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/capture.h"
#include "agent/courier.h"
#include "agent/gather.h"
#include "agent/hits.h"
#include "agent/recent.h"
#include "agent/sensor.h"
#include "mem.h"
#include "rule.h"
#include "sandbox.h"

#define FRAMES_A_TURN 256
#define MOST_WAITING  65536
#define RECENT_BYTES  ((size_t)16 << 20)

struct replay {
    const struct replay_settings *set;
    struct sensor *sensor;
    struct courier *courier;
    struct hits_merger *merger; /* NULL, as the courier: there are no rules */
    struct recent *recent;      /* NULL, as gather: no folder for evidence */
    struct gather *gather;
    char evidence[RECENT_ID];
    int error; /* of the last file of evidence that could not be written */
};

/* ---- from the sensor to the courier ---- */

static void on_hit(size_t rule, const struct event *e, void *arg)
{
    struct replay *r = arg;

    hits_merger_put(r->merger, rule, e);
}

static void on_device(const struct event *e, void *arg)
{
    struct replay *r = arg;

    if (r->merger)
        hits_merger_put_device(r->merger, e);
}

/* The courier works on what is due. */
static void work(struct replay *r)
{
    if (!r->merger)
        return;
    hits_merger_mark(r->merger, 0, sensor_mark(r->sensor));
    courier_tick(r->courier, hits_merger_run(r->merger));
    if (r->gather)
        gather_tick(r->gather, sensor_mark(r->sensor));
}

static void finish(struct replay *r)
{
    if (!r->merger)
        return;
    hits_merger_gone(r->merger, 0);
    hits_merger_run(r->merger);
    courier_finish(r->courier);
    if (!r->gather)
        return;
    recent_finish(r->recent);
    gather_tick(r->gather, sensor_mark(r->sensor));
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

static void merged_hit(size_t rule, struct event *e, void *arg)
{
    struct replay *r = arg;

    courier_hit(r->courier, rule, e);
}

static void merged_device(const struct event *e, void *arg)
{
    struct replay *r = arg;

    courier_device(r->courier, e);
}

static void print_alert(enum severity severity, const char *document, size_t len,
                        void *arg)
{
    (void)severity;
    (void)arg;
    fwrite(document, 1, len, stdout);
    putchar('\n');
}

/* ---- evidence ---- */

static struct courier_evidence on_evidence(const struct rule *rule,
                                           const struct raised *raised, void *arg)
{
    struct replay *r = arg;

    if (!r->set->content->lists)
        return (struct courier_evidence){.refused = "no lists"};
    if (!gather_ask(r->gather, rule, raised, r->evidence))
        return (struct courier_evidence){.refused = "busy"};
    return (struct courier_evidence){.id = r->evidence};
}

static int write_file(const char *path, const struct buffer *file)
{
    auto_close int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    ssize_t n = fd < 0 ? -1 : write(fd, file->at, file->len);

    if (n < 0)
        return -errno;
    return (size_t)n == file->len ? 0 : -ENOSPC;
}

/* Not sealed: whoever has the capture has it all. */
static void on_gathered(const struct gathered *g, void *arg)
{
    struct replay *r = arg;
    auto_free char *path = xasprintf("%s/%s.pcap", r->set->evidence, g->id);
    int e = g->file->len ? write_file(path, g->file) : 0;

    if (e == 0)
        return;
    r->error = e;
    fprintf(stderr, "hallwatch-agent: %s cannot be written: %s\n", path, strerror(-e));
}

static void gather_for(struct replay *r)
{
    r->recent = recent_new(RECENT_BYTES);
    if (!r->recent) {
        r->error = -errno;
        fprintf(stderr, "hallwatch-agent: no memory to gather evidence: %m\n");
        return;
    }
    r->gather = gather_new(&(struct gather_settings){
        .recents = &r->recent, .count = 1, .done = on_gathered, .arg = r});
}

/* ---- one file ---- */

static struct replay *replay_new(const struct replay_settings *set,
                                 struct dpi_module *prepared)
{
    struct replay *r = xcalloc(1, sizeof(*r));
    const struct content *content = set->content;
    struct hits_reader_calls calls = {
        .hit = merged_hit, .device = merged_device, .arg = r};

    r->set = set;
    if (set->evidence && content->rules)
        gather_for(r);
    r->sensor = sensor_new(&(struct sensor_settings){
        .rules = content->rules,
        .district = content->district,
        .lists = content->lists,
        .flow_capacity = set->flow_capacity,
        .recent = r->recent,
        .payload = RULE_EVIDENCE_SNAPLEN,
        .prepared = prepared,
        .sink = {.hit = on_hit,
                 .device = on_device,
                 .event = set->events ? on_event : NULL,
                 .arg = r},
    });
    if (!content->rules)
        return r;
    r->merger = hits_merger_new(&calls, 1, MOST_WAITING);
    r->courier = courier_new(&(struct courier_settings){
        .alert = {.rules = content->rules,
                  .lists = content->lists,
                  .district = content->district,
                  .agent = set->agent,
                  .pseudonym_key = set->pseudonym_key,
                  .vault = set->vault},
        .on_alert = print_alert,
        .on_evidence = r->gather ? on_evidence : NULL,
        .arg = r,
        .estimates = set->estimates,
    });
    return r;
}

static void replay_free(struct replay *r)
{
    sensor_free(r->sensor);
    gather_free(r->gather);
    recent_free(r->recent);
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
    if (r->gather)
        json_put(o, "evidence", gather_stats(r->gather));
    line = json_write(o);
    puts(line);
}

/* 0, or why the file ended before its end. */
static int run_file(struct replay *r, struct capture *capture, const char *file)
{
    int n;

    while ((n = capture_read(capture, FRAMES_A_TURN, on_frame, r)) >= 0)
        work(r);
    sensor_finish(r->sensor);
    finish(r);
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

static bool is_any(struct capture *const *captures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (captures[i])
            return true;
    return false;
}

static int replay_one(const struct replay_settings *set, struct capture *capture,
                      const char *file, struct dpi_module *prepared)
{
    struct replay *r = replay_new(set, prepared);
    int error = run_file(r, capture, file);

    if (error)
        fprintf(stderr,
                "hallwatch-agent: %s: the capture is damaged or cut short; everything "
                "before that place was read\n",
                file);
    error |= r->error;
    replay_free(r);
    return error ? 1 : 0;
}

int replay_run(const struct replay_settings *settings)
{
    char error[SANDBOX_ERROR];
    int code = 0;
    struct capture **captures = open_all(settings, &code);
    struct dpi_module *prepared =
        is_any(captures, settings->file_count) ? dpi_prepare() : NULL;

    setvbuf(stdout, NULL, _IOFBF, 1 << 16); /* or stdio asks what it is, later */
    if (sandbox_enter(settings->evidence ? SANDBOX_STORE : SANDBOX_SENSOR, error) != 0) {
        fprintf(stderr, "hallwatch-agent: %s\n", error);
        return 1;
    }
    for (size_t i = 0; i < settings->file_count; i++) {
        if (!captures[i])
            continue;
        code |= replay_one(settings, captures[i], settings->files[i], prepared);
        prepared = NULL; /* the first file has it */
        capture_close(captures[i]);
    }
    free(captures);
    return code;
}
