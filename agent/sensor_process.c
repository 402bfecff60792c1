/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet time comes from the frames. While there are none it follows the wall clock at a
 * distance of IDLE_BEHIND, so that a frame still on its way through the ring is not older
 * than the sensor's time.
 *
 * The courier learns of that time in steps of SENSOR_TICK, so that packets that no rule
 * asks for wake nobody more often; while it has a hit that it may not work on yet, it
 * learns of each moment.
 */
#include "agent/sensor_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "agent/capture.h"
#include "agent/hits.h"
#include "agent/rulebook.h"
#include "agent/sensor.h"
#include "crypt.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "sandbox.h"
#include "warden.h"

#define FRAMES_A_TURN 1024
#define QUEUE_BYTES   ((size_t)8 << 20)
#define TICK          (50 * USEC_PER_MSEC)
#define IDLE_BEHIND   (100 * USEC_PER_MSEC) /* several blocks of the ring */
#define CLOCK_BACK    USEC_PER_SEC          /* less is jitter */
#define COUNTS_EVERY  (5 * USEC_PER_SEC)
#define LAST_FRAMES                                                     \
    (100 * USEC_PER_MSEC) /* until the ring's last block is handed over \
                           */
#define LAST_FLUSH 5000   /* ms */

struct running {
    const struct sensor_process *set;
    struct rulebook *book;
    struct capture *capture;
    struct sensor *sensor;
    struct hits_writer *hits;
    struct loop *loop;
    struct watch *frames, *room, *tick, *counts, *rules, *last, *stop;
    usec_t newest, ahead; /* of all frames; by how much the clock was put back */
    usec_t put_back;      /* in all */
    usec_t marked;        /* the last mark */
    int error;            /* of the capture */
};

/* ---- what the sensor says ---- */

static enum severity severity_of(const struct running *r, size_t rule,
                                 const struct event *e)
{
    const struct value *band = event_get(e, FIELD_SEGMENT_BAND);
    unsigned at = band && band->number <= BAND_STAFF ? (unsigned)band->number : BAND_NONE;

    return ruleset_rule(r->book->content->rules, rule)->severity[at];
}

static void on_hit(size_t rule, const struct event *e, void *arg)
{
    struct running *r = arg;

    hits_put(r->hits, rule, severity_of(r, rule, e), e);
}

static void on_device(const struct event *e, void *arg)
{
    struct running *r = arg;

    hits_put_device(r->hits, e);
}

static usec_t mark(struct running *r)
{
    usec_t time =
        hits_waits_for_mark(r->hits) ? sensor_now(r->sensor) : sensor_mark(r->sensor);

    if (r->marked < time)
        r->marked = time;
    return r->marked;
}

static void flush(struct running *r)
{
    bool waits = hits_flush(r->hits, mark(r));

    loop_change_fd(r->room, waits ? LOOP_WRITE : 0);
}

static void put_counts(struct running *r)
{
    auto_json struct json *o = sensor_stats(r->sensor);
    struct capture_counts c = capture_counts(r->capture);
    struct json *capture = json_new_object();
    auto_free char *line = NULL;

    json_put_text(capture, "interface", r->set->interface);
    json_put_number(capture, "received", (int64_t)c.received);
    json_put_number(capture, "dropped_ring", (int64_t)c.dropped_ring);
    json_put_number(capture, "dropped_interface", (int64_t)c.dropped_interface);
    json_put_number(capture, "clock_back_seconds", (int64_t)(r->put_back / USEC_PER_SEC));
    json_put_number(capture, "seen_until", (int64_t)sensor_mark(r->sensor));
    json_put(o, "capture", capture);
    json_put_number(o, "lost_hits", (int64_t)hits_lost(r->hits));
    line = json_write(o);
    hits_put_counts(r->hits, line);
}

/* Nothing of it may be found after a crash. */
static void on_hide(bool before_too, void *arg)
{
    struct running *r = arg;

    blackbox_wipe(r->set->blackbox, before_too);
}

/* ---- the loop ---- */

/*
 * A clock that is put back would make all frames late until it has caught up, and let
 * windows never end. So time is carried on as if it had not been, until the clock has.
 */
static usec_t carried(struct running *r, usec_t time)
{
    if (time >= r->newest)
        r->ahead = 0;
    if (time + r->ahead + CLOCK_BACK < r->newest) {
        usec_t back = r->newest - time - r->ahead;

        r->ahead += back;
        r->put_back += back;
    }
    time += r->ahead;
    if (time > r->newest)
        r->newest = time;
    return time;
}

static void on_frame(const struct frame *f, void *arg)
{
    struct running *r = arg;
    struct frame frame = *f;

    frame.time = carried(r, f->time);
    blackbox_keep(r->set->blackbox, &frame);
    sensor_frame(r->sensor, &frame);
}

/* Returns whether there was anything. */
static bool read_frames(struct running *r)
{
    int n = capture_read(r->capture, FRAMES_A_TURN, on_frame, r);

    if (n < 0) {
        r->error = n;
        loop_stop(r->loop, 1);
    }
    return n != 0;
}

static void on_frames(int fd, int events, void *arg)
{
    struct running *r = arg;

    (void)fd;
    (void)events;
    read_frames(r);
    flush(r);
}

static void on_room(int fd, int events, void *arg)
{
    (void)fd;
    (void)events;
    flush(arg);
}

/* The time is asked for first: what comes in meanwhile is newer. */
static void on_tick(void *arg)
{
    struct running *r = arg;
    usec_t now = clock_wall();

    if (!read_frames(r))
        sensor_tick(r->sensor, carried(r, now - IDLE_BEHIND));
    flush(r);
}

static void on_counts(void *arg)
{
    put_counts(arg);
}

static void on_last(void *arg)
{
    struct running *r = arg;

    while (!r->error && read_frames(r))
        ;
    loop_stop(r->loop, r->error ? 1 : 0);
}

/* What is in the ring already is still judged. */
static void on_stop(int number, void *arg)
{
    struct running *r = arg;

    (void)number;
    if (!r->last)
        r->last = loop_watch_timer(r->loop, LAST_FRAMES, 0, on_last, r);
}

/* Between two packets. */
static void on_rules(int fd, int events, void *arg)
{
    struct running *r = arg;
    struct rulebook *book = NULL, *old = r->book;
    int e = rulebook_receive(fd, r->set->settings->site, old->bundle->serial, &book);

    (void)events;
    if (e == -ENOTCONN) { /* the warden was killed: so this ends, too */
        loop_unwatch(take(r->rules));
        return;
    }
    if (e < 0 && e != -EALREADY && e != -EAGAIN)
        log_error("the new rules cannot be used here: %s", strerror(-e));
    if (e < 0)
        return;
    r->book = book;
    sensor_use(r->sensor, book->content->rules, book->content->district,
               book->content->lists);
    hits_use(r->hits, book->generation);
    (void)!send(fd, &book->bundle->serial, sizeof(book->bundle->serial),
                MSG_DONTWAIT | MSG_NOSIGNAL);
    rulebook_free(old);
}

/* ---- its beginning ---- */

/* 0, or the exit code. */
static int open_capture(struct running *r)
{
    const struct sensor_process *p = r->set;
    struct fanout fanout = {0};
    char error[CAPTURE_ERROR];
    int e;

    if (p->fanout_group && fanout_of_district(r->book->content->district, &fanout) != 0) {
        log_error("the district has too many networks to share the traffic of %s by "
                  "them; set \"sensors: 1\"",
                  p->interface);
        return WARDEN_HOPELESS;
    }
    e = capture_open(&(struct capture_settings){.interface = p->interface,
                                                .filter = p->settings->filter,
                                                .ring_bytes = (uint32_t)p->settings->ring,
                                                .fanout_group = p->fanout_group,
                                                .fanout = &fanout},
                     &r->capture, error);
    fanout_done(&fanout);
    if (e == 0)
        return 0;
    log_error("%s", error);
    return atomic_load(&p->board->sensors[p->number].ran) ? 1 : WARDEN_HOPELESS;
}

static int give_up_rights(void)
{
    char error[SANDBOX_ERROR];

    if (sandbox_keep_capabilities(sandbox_no_capability, error) == 0 &&
        sandbox_enter(SANDBOX_SENSOR, error) == 0)
        return 0;
    log_error("%s", error);
    return WARDEN_HOPELESS;
}

static void prepare(struct running *r)
{
    const struct settings *s = r->set->settings;
    const struct content *c = r->book->content;

    r->hits = hits_writer_new(r->set->hits, QUEUE_BYTES);
    hits_use(r->hits, r->book->generation);
    r->sensor = sensor_new(&(struct sensor_settings){
        .rules = c->rules,
        .district = c->district,
        .lists = c->lists,
        .site = s->site,
        .interface = r->set->interface,
        .flow_capacity = (uint32_t)s->flows,
        .active_timeout = s->active_timeout,
        .recent = r->set->recent,
        .hosts = r->set->hosts,
        .usual = r->set->usual,
        .codes = r->set->codes,
        .payload = settings_payload(s),
        .prepared = dpi_prepare(),
        .asked = s->evidence_ask,
        .sink = {.hit = on_hit, .device = on_device, .hide = on_hide, .arg = r},
    });
    r->loop = loop_new();
    r->stop = loop_watch_signal(r->loop, SIGTERM, on_stop, r);
    r->frames = loop_watch_fd(r->loop, capture_fd(r->capture), LOOP_READ, on_frames, r);
    r->room = loop_watch_fd(r->loop, r->set->hits, 0, on_room, r);
    r->rules = loop_watch_fd(r->loop, r->set->rules, LOOP_READ, on_rules, r);
    r->tick = loop_watch_timer(r->loop, TICK, TICK, on_tick, r);
    r->counts = loop_watch_timer(r->loop, COUNTS_EVERY, COUNTS_EVERY, on_counts, r);
}

/* ---- its end ---- */

/* As long as there is somebody to read it. */
static void flush_all(struct running *r)
{
    struct pollfd room = {.fd = r->set->hits, .events = POLLOUT};

    while (hits_flush(r->hits, mark(r)))
        if (poll(&room, 1, LAST_FLUSH) <= 0 || room.revents & (POLLHUP | POLLERR))
            return;
}

static void finish(struct running *r)
{
    if (r->error)
        log_error("%s", capture_error(r->capture));
    sensor_finish(r->sensor);
    if (r->set->recent)
        recent_finish(r->set->recent);
    put_counts(r);
    flush_all(r);
}

/* But not the capture: undoing its ring takes calls that a sensor may not make, and the
 * end of the process does the same. */
static void release(struct running *r)
{
    struct watch *all[] = {r->frames, r->room, r->tick, r->counts,
                           r->rules,  r->last, r->stop};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        loop_unwatch(all[i]);
    loop_free(r->loop);
    sensor_free(r->sensor);
    hits_writer_free(r->hits);
    rulebook_free(r->book);
}

/* From here on packets are read, and whoever takes this process over with one finds
 * nothing that warden and courier believe. */
static void leave_board(const struct sensor_process *p)
{
    atomic_store(&p->board->sensors[p->number].ran, true);
    munmap(p->board, sizeof(*p->board));
}

int sensor_process_run(const struct sensor_process *p)
{
    struct running r = {.set = p};
    int code = WARDEN_HOPELESS;

    log_open(p->name, (enum log_level)p->settings->log);
    if (rulebook_open(p->settings->state, p->settings->site, &r.book) == 0)
        code = open_capture(&r);
    if (code == 0) {
        prepare(&r);
        code = give_up_rights();
    }
    if (code == 0) {
        log_info("watching %s", p->interface);
        leave_board(p);
        code = loop_run(r.loop);
        finish(&r);
    }
    release(&r);
    return code;
}
