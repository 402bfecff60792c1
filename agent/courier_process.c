/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pairs are held open by the warden, so what a sensor sent before it died is still
 * read, and what it sends while a courier is restarted waits. The warden's notes say who
 * died: only then, and after its pair is empty, nobody waits for it any more.
 */
#include "agent/courier_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/content.h"
#include "agent/courier.h"
#include "agent/hits.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "sandbox.h"
#include "warden.h"

#define MOST_WAITING   65536
#define BATCHES_A_TURN 64
#define SENSORS_WITHIN (8 * USEC_PER_SEC)

struct running;

struct line {
    struct running *running;
    size_t sensor;
    struct watch *watch;
};

struct running {
    const struct courier_process *set;
    struct content *content;
    struct courier *courier;
    struct hits_merger *merger;
    struct outlet *outlet;
    struct loop *loop;
    struct line *lines;
    struct watch *notes, *stop, *patience;
    bool gone[SETTINGS_SENSORS_MAX];
    bool ending;
    uint8_t *batch;
};

/* ---- alerts ---- */

static void on_alert(enum severity severity, const char *document, size_t len, void *arg)
{
    struct running *r = arg;

    (void)severity;
    outlet_put(r->outlet, WIRE_ALERTS, document, len);
}

/* ---- from the sensors ---- */

static void merged_hit(size_t rule, const struct event *e, void *arg)
{
    struct running *r = arg;

    courier_hit(r->courier, rule, e);
}

static void merged_device(const struct event *e, void *arg)
{
    struct running *r = arg;

    courier_device(r->courier, e);
}

static void on_lost(const uint32_t by_severity[HITS_SEVERITIES], void *arg)
{
    uint64_t all = 0;

    (void)arg;
    for (size_t i = 0; i < HITS_SEVERITIES; i++)
        all += by_severity[i];
    log_warn("a sensor had no room for %llu hits", (unsigned long long)all);
}

static void on_counts(const char *json, size_t len, void *arg)
{
    (void)arg;
    log_debug("counters %.*s", (int)len, json);
}

static void work(struct running *r)
{
    courier_tick(r->courier, hits_merger_run(r->merger));
    if (r->set->print)
        fflush(stdout);
}

static void end_if_all_are_gone(struct running *r)
{
    for (size_t i = 0; i < r->set->sensors; i++)
        if (!r->gone[i])
            return;
    if (!r->ending)
        return;
    work(r);
    courier_finish(r->courier);
    loop_stop(r->loop, 0);
}

static void sensor_gone(struct running *r, size_t sensor)
{
    r->gone[sensor] = true;
    hits_merger_gone(r->merger, sensor);
    end_if_all_are_gone(r);
}

/* Returns whether there was a batch. */
static bool read_batch(struct running *r, size_t sensor)
{
    ssize_t len = recv(r->set->hits[sensor], r->batch, HITS_BATCH_MAX, MSG_DONTWAIT);

    if (len <= 0)
        return false;
    if (hits_merger_batch(r->merger, sensor, r->batch, (size_t)len) != 0)
        log_error("a batch of sensor-%zu is damaged", sensor);
    return true;
}

static void on_batches(int fd, int events, void *arg)
{
    struct line *line = arg;
    int left = BATCHES_A_TURN;

    (void)fd;
    (void)events;
    while (left > 0 && read_batch(line->running, line->sensor))
        left--;
    work(line->running);
}

static void read_all(struct running *r, size_t sensor)
{
    while (read_batch(r, sensor))
        ;
}

/* ---- from the warden ---- */

static void on_note(struct running *r, const struct note *note)
{
    if (note->sensor >= r->set->sensors)
        return;
    if (note->what == NOTE_STARTED) {
        r->gone[note->sensor] = false;
        return;
    }
    read_all(r, note->sensor);
    sensor_gone(r, note->sensor);
    work(r);
}

static void on_notes(int fd, int events, void *arg)
{
    struct running *r = arg;
    struct note note;
    ssize_t len;

    (void)events;
    while ((len = recv(fd, &note, sizeof(note), MSG_DONTWAIT)) == sizeof(note))
        on_note(r, &note);
}

static void on_impatience(void *arg)
{
    struct running *r = arg;

    for (size_t i = 0; i < r->set->sensors; i++) {
        read_all(r, i);
        sensor_gone(r, i);
    }
}

/* Everybody may have been told to end at once (a terminal, systemd): the sensors have
 * last words. */
static void on_stop(int number, void *arg)
{
    struct running *r = arg;

    (void)number;
    if (r->ending)
        return;
    r->ending = true;
    r->patience = loop_watch_timer(r->loop, SENSORS_WITHIN, 0, on_impatience, r);
    end_if_all_are_gone(r);
}

/* ---- life ---- */

static struct content *load_content(const struct courier_process *p)
{
    auto_diags struct diags *d = diags_new();
    auto_bundle struct bundle *bundle = NULL;
    int r = bundle_load(p->bundle, &bundle);
    struct content *c = NULL;

    if (r == 0)
        c = content_unpack(bundle, p->settings->site, -1, d);
    if (r < 0)
        log_error("%s cannot be read: %s", p->bundle, strerror(-r));
    else if (!c)
        log_error("%s cannot be used: %s", p->bundle, diags_text(d));
    return c;
}

/* 0, or the exit code. */
static int prepare(struct running *r)
{
    const struct courier_process *p = r->set;
    struct hits_reader_calls calls = {.hit = merged_hit,
                                      .device = merged_device,
                                      .lost = on_lost,
                                      .counts = on_counts,
                                      .arg = r};

    r->loop = loop_new();
    if (outlet_open(p->settings, p->print, p->keys, r->loop, &r->outlet) < 0)
        return 1;
    r->batch = xmalloc(HITS_BATCH_MAX);
    r->merger = hits_merger_new(&calls, p->sensors, MOST_WAITING);
    r->courier = courier_new(&(struct courier_settings){
        .alert = {.rules = r->content->rules,
                  .lists = r->content->lists,
                  .district = r->content->district,
                  .agent = p->settings->name,
                  .pseudonym_key = &p->keys->pseudonym,
                  .vault = p->keys->has_vault ? &p->keys->vault : NULL,
                  .drill = p->settings->drill},
        .on_alert = on_alert,
        .arg = r,
    });
    r->stop = loop_watch_signal(r->loop, SIGTERM, on_stop, r);
    r->notes = loop_watch_fd(r->loop, p->notes, LOOP_READ, on_notes, r);
    r->lines = xcalloc(p->sensors, sizeof(*r->lines));
    for (size_t i = 0; i < p->sensors; i++) {
        r->lines[i] = (struct line){.running = r, .sensor = i};
        r->lines[i].watch =
            loop_watch_fd(r->loop, p->hits[i], LOOP_READ, on_batches, &r->lines[i]);
        if (!atomic_load(&p->board->sensors[i].running))
            sensor_gone(r, i);
    }
    return 0;
}

static int give_up_rights(void)
{
    char error[SANDBOX_ERROR];

    if (sandbox_keep_capabilities(sandbox_no_capability, error) == 0 &&
        warden_follow() == 0 && sandbox_enter(SANDBOX_COURIER, error) == 0)
        return 0;
    log_error("%s", error);
    return WARDEN_HOPELESS;
}

static void release(struct running *r)
{
    for (size_t i = 0; r->lines && i < r->set->sensors; i++)
        loop_unwatch(r->lines[i].watch);
    loop_unwatch(r->notes);
    loop_unwatch(r->stop);
    loop_unwatch(r->patience);
    outlet_close(r->outlet);
    loop_free(r->loop);
    hits_merger_free(r->merger);
    courier_free(r->courier);
    content_free(r->content);
    free(r->lines);
    free(r->batch);
}

int courier_process_run(const struct courier_process *p)
{
    struct running r = {.set = p};
    int code = WARDEN_HOPELESS;

    log_open("courier", (enum log_level)p->settings->log);
    r.content = load_content(p);
    if (r.content)
        code = give_up_rights();
    if (code == 0)
        code = prepare(&r);
    if (code == 0)
        code = loop_run(r.loop);
    release(&r);
    return code;
}
