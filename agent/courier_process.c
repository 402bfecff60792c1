/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pairs are held open by the warden, so what a sensor sent before it died is still
 * read, and what it sends while a courier is restarted waits. The warden's notes say who
 * died: only then, and after its pair is empty, nobody waits for it any more. A warden
 * that was killed says nothing: then a pair is closed when its sensor has ended.
 *
 * A batch is copied to the journal before it is taken from the pair. When the alerts of
 * everything before a time are safe, the journal learns that time; after a crash the next
 * courier reads the journal again and is silent about what came before it. However many
 * batches had to wait, at most MOST_UNSETTLED alerts are let out before the journal
 * learns: so few can be told twice.
 */
#include "agent/courier_process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/asked.h"
#include "agent/courier.h"
#include "agent/evidence.h"
#include "agent/gather.h"
#include "agent/hits.h"
#include "agent/rulebook.h"
#include "agent/self.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "sandbox.h"
#include "warden.h"

#define MOST_WAITING   65536
#define MOST_UNSETTLED 64
#define BATCHES_A_TURN 64
#define SENSORS_WITHIN (8 * USEC_PER_SEC)
#define LINGER_MOST    (3 * USEC_PER_SEC)
#define LINGER_STEP    (20 * USEC_PER_MSEC)
#define REPORT_EVERY   USEC_PER_MIN
#define FORGET_REPORTS 2 /* then nobody uses the rules before any more */
#define SAVE_REPORTS   10

struct running;

struct line {
    struct running *running;
    size_t sensor;
    struct watch *hits, *rules;
    bool gone;
    bool closed;      /* nobody can write to it any more: the warden is gone, too */
    bool read_before; /* a batch since this courier was started */
    usec_t seen;      /* packet time up to which it told what it saw, and what it lost */
    unsigned told;    /* of its crashes, and when */
    usec_t told_at;
};

struct running {
    const struct courier_process *set;
    struct rulebook *book;
    struct rulebook *before; /* hits that were found by it may still come; or NULL */
    unsigned before_reports; /* since there is a new one */
    unsigned memory_reports; /* since what is remembered was saved */
    struct courier *courier;
    struct hits_merger *merger;
    struct outlet *outlet;
    struct gather *gather;
    struct asked *asked;
    char evidence[RECENT_ID]; /* of the alert that is being made */
    struct self *self;
    struct loop *loop;
    struct line *lines;
    struct watch *notes, *stop, *reload, *patience, *report, *linger;
    unsigned lingered; /* steps */
    size_t counting;   /* whose counters a batch brings */
    usec_t since;      /* its counters are of this courier, which began then */
    usec_t at;         /* packet time of what is being decided */
    usec_t silent_before;
    usec_t safe_when, safe_put; /* alerts that must be safe for that time to be */
    unsigned unsettled;         /* alerts let out since the journal was told */
    uint64_t early;             /* hits that were handed over before their time */
    bool missed;                /* something was lost since it was told to the courier */
    uint64_t stale;             /* hits of a bundle that nobody knows any more */
    bool ending;
};

/* ---- alerts ---- */

static void on_alert(enum severity severity, const char *document, size_t len, void *arg)
{
    struct running *r = arg;

    (void)severity;
    if (r->at < r->silent_before)
        return;
    outlet_put(r->outlet, WIRE_ALERTS, document, len);
    r->unsettled++;
}

/* ---- evidence ---- */

static const char *why_no_evidence(const struct running *r)
{
    const struct courier_process *p = r->set;

    if (!p->recents)
        return "off";
    if (p->print)
        return "no collector";
    if (!p->keys->has_vault)
        return "no vault key";
    return r->book->content->lists ? NULL : "no lists";
}

static struct courier_evidence on_evidence(const struct rule *rule,
                                           const struct raised *raised, void *arg)
{
    struct running *r = arg;
    const char *why = why_no_evidence(r);

    if (!why &&
        (r->at < r->silent_before || !gather_ask(r->gather, rule, raised, r->evidence)))
        why = "busy";
    if (why)
        return (struct courier_evidence){.refused = why};
    return (struct courier_evidence){.id = r->evidence};
}

static void put_evidence(const char *document, size_t len, void *arg)
{
    struct running *r = arg;

    outlet_put(r->outlet, WIRE_EVIDENCE, document, len);
}

static void on_gathered(const struct gathered *g, void *arg)
{
    struct running *r = arg;

    evidence_put(&(struct evidence_settings){.agent = r->set->settings->name,
                                             .vault = &r->set->keys->vault,
                                             .now = clock_wall(),
                                             .put = put_evidence,
                                             .arg = r},
                 g);
    outlet_keep(r->outlet); /* after this call its frames are wiped */
    asked_done(r->asked, g->id);
}

static const char *why_not_to_be_asked(const struct running *r)
{
    const struct courier_process *p = r->set;

    if (!p->settings->evidence_ask)
        return "its settings do not allow it: evidence.ask is false";
    if (!p->recents)
        return "its settings keep no frames: evidence.keep is off";
    if (!p->keys->has_vault)
        return "it has no vault key to seal them for";
    return r->book->content->lists ? NULL
                                   : "it has no lists, so it does not know what is "
                                     "protected";
}

static void on_ask(const struct wire_ask *ask, void *arg)
{
    struct running *r = arg;
    char why[ASKED_WHY], id[RECENT_ID];
    struct wire_answer answer =
        asked_take(r->asked, ask,
                   &(struct asked_by){.gather = r->gather,
                                      .district = r->book->content->district,
                                      .refuse = why_not_to_be_asked(r),
                                      .payload = settings_payload(r->set->settings),
                                      .now = clock_wall()},
                   why);

    crypt_hex(ask->id, sizeof(ask->id), id);
    if (answer.code == WIRE_ANSWER_TAKEN)
        log_info("evidence is asked for incident=%llu evidence=%s",
                 (unsigned long long)ask->incident, id);
    else
        log_warn("evidence was asked for and is not gathered: %s incident=%llu "
                 "evidence=%s",
                 why, (unsigned long long)ask->incident, id);
    outlet_answer(r->outlet, &answer);
}

/* Of a crash that was told so lately that it may be lost, a next courier tells again. */
static void note_told(struct running *r, usec_t safe_before)
{
    for (size_t i = 0; i < r->set->sensors; i++)
        if (r->lines[i].told_at < safe_before)
            atomic_store(&r->set->board->sensors[i].told, r->lines[i].told);
}

static void note_safe(struct running *r)
{
    uint64_t put = outlet_put_ever(r->outlet), safe = outlet_safe(r->outlet);

    if (safe < r->safe_put)
        return;
    if (safe == put)
        r->safe_when = r->at;
    journal_set_done(r->set->journal, r->safe_when);
    note_told(r, r->safe_when);
    r->safe_when = r->at;
    r->safe_put = put;
}

/* What nobody can get is not worth watching for. */
static void print(struct running *r)
{
    if (outlet_flush(r->outlet) == 0)
        return;
    atomic_store(&r->set->board->unprinted, true);
    loop_stop(r->loop, 1);
}

/* Everything before that packet time is decided. Summaries that are due by then go out
 * first: a next courier would be silent about them. */
static void settle(struct running *r, usec_t until)
{
    r->at = until;
    courier_tick(r->courier, until);
    print(r);
    note_safe(r);
    r->unsettled = 0;
}

/* ---- from the merger ---- */

static void merged_hit(size_t rule, struct event *e, void *arg)
{
    struct running *r = arg;
    uint8_t generation = hits_merger_generation(r->merger);
    int here = rulebook_rule(r->book, generation, rule);

    r->at = event_time(e);
    if (r->silent_before)
        courier_tick(r->courier, r->at);
    if (r->unsettled >= MOST_UNSETTLED && r->at >= r->silent_before &&
        r->at <= hits_merger_horizon(r->merger))
        settle(r, r->at);
    if (here < 0)
        r->stale++;
    else if (generation == r->book->generation)
        courier_hit(r->courier, (size_t)here, e);
    else
        courier_hit_before(r->courier, (size_t)here, rule, e);
}

static void merged_device(const struct event *e, void *arg)
{
    struct running *r = arg;

    courier_device(r->courier, e);
}

static void on_lost(const uint32_t by_severity[HITS_SEVERITIES], void *arg)
{
    struct running *r = arg;
    uint64_t all = 0;

    for (size_t i = 0; i < HITS_SEVERITIES; i++)
        all += by_severity[i];
    r->missed = true;
    if (r->silent_before)
        return;
    log_warn("sensor-%zu had no room for %llu hits", r->counting,
             (unsigned long long)all);
    self_say(r->self, "lost_hits", all, clock_wall());
}

static void on_counts(const char *json, size_t len, void *arg)
{
    struct running *r = arg;
    struct self_sight sight;

    if (r->silent_before)
        return;
    sight = self_count(r->self, r->counting, json, len, clock_wall());
    r->missed |= sight.lost;
    if (sight.until)
        r->lines[r->counting].seen = sight.until;
}

/* That nothing came is told only of a time that every sensor saw. What was lost may be
 * newer than what was told of it. A sensor that is gone sees nothing until it is back. */
static void note_sight(struct running *r)
{
    usec_t latest = hits_merger_latest(r->merger), wall = clock_wall();
    usec_t seen = UINT64_MAX;

    for (size_t i = 0; i < r->set->sensors; i++)
        seen = r->lines[i].seen < seen ? r->lines[i].seen : seen;
    if (r->early != hits_merger_early(r->merger)) /* out of order is as bad as lost */
        r->missed = true;
    r->early = hits_merger_early(r->merger);
    if (r->missed)
        courier_missed(r->courier, (latest > wall ? latest : wall) + USEC_PER_SEC);
    r->missed = false;
    courier_seen(r->courier, seen);
}

/* Everything that all sensors have told is decided. When all are gone there is no time
 * to tell, and none to wait for. */
static void work(struct running *r)
{
    usec_t until;

    note_sight(r);
    until = hits_merger_run(r->merger);
    settle(r, until);
    if (r->gather)
        gather_tick(r->gather, until);
}

/* ---- from the sensors ---- */

static void take_batch(struct running *r, size_t sensor, const uint8_t *bytes, size_t len)
{
    r->counting = sensor;
    if (hits_merger_batch(r->merger, sensor, bytes, len) == 0)
        return;
    r->missed = true;
    log_error("a batch of sensor-%zu is damaged", sensor);
}

/* Returns whether there was a batch. */
static bool read_batch(struct running *r, size_t sensor)
{
    struct journal *j = r->set->journal;
    struct line *line = &r->lines[sensor];
    uint8_t *room = journal_room(j);
    int fd = r->set->hits[sensor];
    ssize_t len = hits_peek(fd, room);
    bool repeat;

    line->closed = len == -EPIPE;
    if (len < 0)
        return false;
    repeat = !line->read_before && journal_is_repeat(j, sensor, room, (size_t)len);
    line->read_before = true;
    if (!repeat)
        journal_add(j, sensor, (size_t)len);
    (void)!recv(fd, NULL, 0, MSG_DONTWAIT | MSG_TRUNC);
    if (!repeat)
        take_batch(r, sensor, room, (size_t)len);
    return true;
}

static void read_all(struct running *r, size_t sensor)
{
    while (read_batch(r, sensor))
        ;
}

/* The last alerts, and the frames that were being gathered, are safe in the spool, but
 * who waits for them need not wait for the next start: a collector that answers gets them
 * now. */
static void on_linger(void *arg)
{
    struct running *r = arg;

    if (!outlet_waits(r->outlet) || r->lingered++ * LINGER_STEP >= LINGER_MOST)
        loop_stop(r->loop, 0);
}

static void report(struct running *r)
{
    struct json *mine = courier_stats(r->courier);
    char since[CLOCK_TEXT];

    clock_print(r->since, since);
    json_put_text(mine, "since", since);
    json_put_number(mine, "early", (int64_t)hits_merger_early(r->merger));
    json_put_number(mine, "stale", (int64_t)r->stale);
    self_look_at_rules(r->self, mine, clock_wall());
    if (r->gather)
        json_put(mine, "evidence", gather_stats(r->gather));
    json_put(mine, "asked_for", asked_stats(r->asked));
    if (r->set->hosts)
        json_put(mine, "hosts", host_memory_stats(r->set->hosts));
    if (r->set->usual)
        json_put(mine, "usual", usual_stats(r->set->usual));
    self_report(r->self, mine, clock_wall());
    self_look_at_lists(r->self, clock_wall());
}

static void save_usual(const struct running *r)
{
    auto_free char *path = xasprintf("%s/" USUAL_FILE, r->set->settings->state);
    int e = r->set->usual ? usual_save(r->set->usual, path) : 0;

    if (e < 0)
        log_warn("the memory of usual amounts cannot be written to %s: %s", path,
                 strerror(-e));
}

static void save_memory(struct running *r)
{
    auto_free char *path = xasprintf("%s/" HOST_MEMORY_FILE, r->set->settings->state);
    int e = r->set->hosts ? host_memory_save(r->set->hosts, path) : 0;

    if (e < 0)
        log_warn("the memory of hosts cannot be written to %s: %s", path, strerror(-e));
    save_usual(r);
    r->memory_reports = 0;
}

/* A list file may be large: the one before is not kept for longer than it can matter. */
static void forget_before(struct running *r)
{
    if (!r->before || r->before_reports++ < FORGET_REPORTS)
        return;
    courier_forget(r->courier);
    rulebook_free(r->before);
    r->before = NULL;
}

static void on_report(void *arg)
{
    struct running *r = arg;

    report(r);
    forget_before(r);
    if (++r->memory_reports >= SAVE_REPORTS)
        save_memory(r);
}

static void end_if_all_are_gone(struct running *r)
{
    if (r->linger)
        return;
    for (size_t i = 0; i < r->set->sensors; i++)
        if (!r->lines[i].gone)
            return;
    if (!r->ending)
        return;
    work(r);
    courier_finish(r->courier);
    report(r);
    save_memory(r);
    r->linger = loop_watch_timer(r->loop, 0, LINGER_STEP, on_linger, r);
}

static void sensor_gone(struct running *r, size_t sensor)
{
    r->lines[sensor].gone = true;
    hits_merger_gone(r->merger, sensor);
}

static void on_batches(int fd, int events, void *arg)
{
    struct line *line = arg;
    struct running *r = line->running;
    int left = BATCHES_A_TURN;

    (void)fd;
    (void)events;
    while (left > 0 && read_batch(r, line->sensor))
        left--;
    if (line->closed) {
        loop_unwatch(take(line->hits));
        sensor_gone(r, line->sensor);
    }
    work(r);
    end_if_all_are_gone(r);
}

/* ---- from the warden ---- */

static void say_crashes(struct running *r, size_t sensor)
{
    struct line *line = &r->lines[sensor];
    unsigned crashes = atomic_load(&r->set->board->sensors[sensor].crashes);

    if (crashes == line->told)
        return;
    line->told_at = clock_wall();
    self_say(r->self, "restarted", crashes - line->told, line->told_at);
    line->told = crashes;
}

static void on_death(struct running *r, const struct note *note)
{
    read_all(r, note->sensor);
    sensor_gone(r, note->sensor);
    say_crashes(r, note->sensor);
    work(r);
    end_if_all_are_gone(r);
}

static void on_notes(int fd, int events, void *arg)
{
    struct running *r = arg;
    struct note note;
    ssize_t len;

    (void)events;
    while ((len = recv(fd, &note, sizeof(note), MSG_DONTWAIT)) == sizeof(note)) {
        if (note.sensor >= r->set->sensors)
            continue;
        r->missed = true;
        if (note.what == NOTE_DIED)
            on_death(r, &note);
        else
            r->lines[note.sensor].gone = false;
    }
    if (len == 0) /* the warden is gone; the sensors' own ends tell of them */
        loop_unwatch(take(r->notes));
}

static void on_impatience(void *arg)
{
    struct running *r = arg;

    for (size_t i = 0; i < r->set->sensors; i++) {
        read_all(r, i);
        sensor_gone(r, i);
    }
    end_if_all_are_gone(r);
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

/* ---- new rules ---- */

static void hand_out(const struct running *r)
{
    for (size_t i = 0; i < r->set->sensors; i++) {
        int e = rulebook_send(r->book, r->set->rules[i]);

        if (e < 0)
            log_error("sensor-%zu cannot be given the rules: %s", i, strerror(-e));
    }
}

static void use(struct running *r, struct rulebook *book)
{
    const struct content *c = book->content;

    courier_use(r->courier, c->rules, c->district, c->lists);
    hits_merger_use(r->merger, book->generation);
    self_use(r->self, book);
    self_look_at_lists(r->self, clock_wall());
    rulebook_free(r->before);
    r->before = r->book;
    r->before_reports = 0;
    r->book = book;
    log_info("rules %s", book->bundle->version);
    hand_out(r);
}

static void refuse(struct running *r, int error, struct diags *d)
{
    auto_free char *faults = diags_text(d);

    log_error("the new rules are not used, the old ones stay: %s",
              error == -EINVAL ? "they have faults" : strerror(-error));
    for (char *rest = faults, *line; error == -EINVAL && (line = strsep(&rest, "\n"));)
        if (*line)
            log_error("%s", line);
    self_say(r->self, "rules_refused", diags_errors(d), clock_wall());
    work(r);
}

/* However many tests the new rules have, no sensor finds its pair full. */
static void keep_reading(void *arg)
{
    struct running *r = arg;

    for (size_t i = 0; i < r->set->sensors; i++)
        on_batches(-1, 0, &r->lines[i]);
}

static void on_reload(int number, void *arg)
{
    struct running *r = arg;
    const struct settings *s = r->set->settings;
    struct content_settings what = settings_content(s, clock_wall());
    auto_diags struct diags *d = diags_new();
    struct rulebook *book = NULL;
    struct rulebook_making making = {.settings = &what,
                                     .state = s->state,
                                     .old = r->book,
                                     .between = keep_reading,
                                     .arg = r};
    int e = rulebook_make(&making, &book, d);

    (void)number;
    if (e == -EALREADY)
        log_info("the rules are the same as before");
    else if (e < 0)
        refuse(r, e, d);
    else
        use(r, book);
}

/* A sensor says which bundle it uses now. */
static void on_used(int fd, int events, void *arg)
{
    struct line *line = arg;
    uint64_t serial;
    ssize_t len;

    (void)events;
    while ((len = recv(fd, &serial, sizeof(serial), MSG_DONTWAIT)) == sizeof(serial))
        log_info("sensor-%zu uses bundle %llu", line->sensor, (unsigned long long)serial);
    if (len == 0)
        loop_unwatch(take(line->rules));
}

/* ---- after a crash ---- */

static void on_journal(size_t sensor, const uint8_t *bytes, size_t len, void *arg)
{
    take_batch(arg, sensor, bytes, len);
}

static void read_journal(struct running *r)
{
    size_t batches;
    bool whole = journal_begin(r->set->journal, &batches);

    r->silent_before = journal_done(r->set->journal);
    r->safe_when = r->at = r->silent_before;
    journal_each(r->set->journal, on_journal, r);
    hits_merger_run(r->merger);
    if (r->silent_before) {
        r->at = r->silent_before - 1;
        courier_tick(r->courier, r->at);
    }
    r->silent_before = 0;
    courier_forget_counts(r->courier);
    journal_end(r->set->journal);
    if (!whole) {
        log_error("%zu batches of hits were given up: one of them seems to end every "
                  "courier",
                  batches);
        self_say(r->self, "lost_hits", batches, clock_wall());
    }
}

/* ---- life ---- */

static void make_parts(struct running *r)
{
    const struct courier_process *p = r->set;
    const struct content *c = r->book->content;
    struct hits_reader_calls calls = {.hit = merged_hit,
                                      .device = merged_device,
                                      .lost = on_lost,
                                      .counts = on_counts,
                                      .arg = r};

    r->merger = hits_merger_new(&calls, p->sensors, MOST_WAITING);
    hits_merger_use(r->merger, r->book->generation);
    r->courier = courier_new(&(struct courier_settings){
        .alert = {.rules = c->rules,
                  .lists = c->lists,
                  .district = c->district,
                  .agent = p->settings->name,
                  .pseudonym_key = &p->keys->pseudonym,
                  .vault = p->keys->has_vault ? &p->keys->vault : NULL,
                  .drill = p->settings->drill},
        .on_alert = on_alert,
        .on_evidence = on_evidence,
        .arg = r,
        .estimates = &p->keys->pseudonym,
    });
    courier_seen(r->courier, 0);
    if (p->recents && !p->print && p->keys->has_vault)
        r->gather = gather_new(&(struct gather_settings){
            .recents = p->recents, .count = p->sensors, .done = on_gathered, .arg = r});
    r->asked = asked_new();
    outlet_on_ask(r->outlet, on_ask, r);
    r->self = self_new(&(struct self_settings){.agent = p->settings,
                                               .outlet = r->outlet,
                                               .merger = r->merger,
                                               .sensors = p->sensors},
                       r->book);
}

static void watch_lines(struct running *r)
{
    const struct courier_process *p = r->set;

    for (size_t i = 0; i < p->sensors; i++) {
        struct line *line = &r->lines[i];

        line->hits = loop_watch_fd(r->loop, p->hits[i], LOOP_READ, on_batches, line);
        line->rules = loop_watch_fd(r->loop, p->rules[i], LOOP_READ, on_used, line);
        if (!atomic_load(&p->board->sensors[i].running))
            sensor_gone(r, i);
    }
    r->stop = loop_watch_signal(r->loop, SIGTERM, on_stop, r);
    r->reload = loop_watch_signal(r->loop, SIGHUP, on_reload, r);
    r->notes = loop_watch_fd(r->loop, p->notes, LOOP_READ, on_notes, r);
    r->report = loop_watch_timer(r->loop, REPORT_EVERY, REPORT_EVERY, on_report, r);
}

/* 0, or the exit code. */
static int prepare(struct running *r)
{
    const struct courier_process *p = r->set;
    bool again = atomic_exchange(&p->board->courier_ran, true);

    r->since = clock_wall();
    r->loop = loop_new();
    if (outlet_open(p->settings, p->print, p->keys, r->loop, &r->outlet) < 0)
        return 1;
    make_parts(r);
    r->lines = xcalloc(p->sensors, sizeof(*r->lines));
    for (size_t i = 0; i < p->sensors; i++)
        r->lines[i] = (struct line){
            .running = r, .sensor = i, .told = atomic_load(&p->board->sensors[i].told)};
    watch_lines(r);
    if (again)
        outlet_end_line(r->outlet);
    read_journal(r);
    r->missed = true; /* whatever was before */
    self_say(r->self, again ? "restarted" : "started", 1, clock_wall());
    for (size_t i = 0; i < p->sensors; i++)
        say_crashes(r, i);
    self_look_at_lists(r->self, clock_wall());
    hand_out(r);
    return 0;
}

static int give_up_rights(void)
{
    char error[SANDBOX_ERROR];

    if (sandbox_keep_capabilities(sandbox_no_capability, error) == 0 &&
        sandbox_enter(SANDBOX_COURIER, error) == 0)
        return 0;
    log_error("%s", error);
    return WARDEN_HOPELESS;
}

static void release(struct running *r)
{
    struct watch *all[] = {r->notes,    r->stop,   r->reload,
                           r->patience, r->report, r->linger};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        loop_unwatch(all[i]);
    for (size_t i = 0; r->lines && i < r->set->sensors; i++) {
        loop_unwatch(r->lines[i].hits);
        loop_unwatch(r->lines[i].rules);
    }
    self_free(r->self);
    courier_free(r->courier);
    gather_free(r->gather);
    asked_free(r->asked);
    hits_merger_free(r->merger);
    if (r->outlet)
        print(r);
    outlet_close(r->outlet);
    loop_free(r->loop);
    rulebook_free(r->before);
    rulebook_free(r->book);
    free(r->lines);
}

int courier_process_run(const struct courier_process *p)
{
    const struct settings *s = p->settings;
    struct running r = {.set = p};
    int code = WARDEN_HOPELESS;

    log_open("courier", (enum log_level)s->log);
    if (rulebook_open(s->state, s->site, &r.book) == 0)
        code = give_up_rights();
    if (code == 0)
        code = prepare(&r);
    if (code == 0)
        code = loop_run(r.loop);
    release(&r);
    return code;
}
