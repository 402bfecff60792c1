/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before anything is forked for good, a child of a moment loads the rules and writes the
 * bundle that all others will load: so the warden itself never reads them, and what is
 * wrong with them is said before a single packet is captured.
 */
#include "agent/live.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/board.h"
#include "agent/courier_process.h"
#include "agent/hits.h"
#include "agent/rulebook.h"
#include "agent/sensor_process.h"
#include "agent/trial.h"
#include "claim.h"
#include "hash.h"
#include "log.h"
#include "mem.h"
#include "sandbox.h"
#include "warden.h"

#define KEY_TEXT      160
#define JOURNAL_BYTES ((size_t)16 << 20)
#define STOP_WITHIN   (10 * USEC_PER_SEC)

enum stage { STAGE_SENSORS, STAGE_COURIER };

struct pair {
    int sensor, courier; /* whose end it is */
};

struct live;

/* Which sensor a child is. */
struct post {
    struct live *live;
    size_t sensor;
};

struct live {
    const struct live_settings *set;
    size_t sensors;
    struct board *board;
    struct journal *journal;
    struct blackbox *boxes[SETTINGS_SENSORS_MAX];
    struct recent *recents[SETTINGS_SENSORS_MAX]; /* NULL: evidence is off */
    struct host_memory *hosts;                    /* NULL: it is off */
    struct usual *usual;                          /* likewise */
    struct hash_key codes;                        /* as in sensor_settings */
    struct pair hits[SETTINGS_SENSORS_MAX], rules[SETTINGS_SENSORS_MAX];
    struct pair notes; /* sensor: the warden's end */
    char names[SETTINGS_SENSORS_MAX][32];
    struct post posts[SETTINGS_SENSORS_MAX];
    struct sensor_process sensor_sets[SETTINGS_SENSORS_MAX];
    int courier_hits[SETTINGS_SENSORS_MAX], courier_rules[SETTINGS_SENSORS_MAX];
    struct courier_process courier_set;
    struct warden_process processes[SETTINGS_SENSORS_MAX + 1];
    struct outlet_keys keys;
};

/* ---- before the processes ---- */

static int make_pair(struct pair *p)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
        log_error("no socket pair: %m");
        return -errno;
    }
    *p = (struct pair){.sensor = ends[0], .courier = ends[1]};
    return 0;
}

static int make_pairs(struct live *l)
{
    int r = make_pair(&l->notes);

    for (size_t i = 0; r == 0 && i < l->sensors; i++) {
        r = make_pair(&l->hits[i]);
        if (r == 0)
            r = make_pair(&l->rules[i]);
        l->courier_hits[i] = l->hits[i].courier;
        l->courier_rules[i] = l->rules[i].courier;
    }
    return r;
}

/* Whatever the file is, there is a memory. error: of reading it. */
static void begin_anew(const char *path, int error, const char *what, const char *silent,
                       int days)
{
    auto_free char *aside = xasprintf("%s.damaged", path);
    int r = error;
    const char *why = r == -EBADMSG           ? "it is damaged"
                      : r == -EPROTONOSUPPORT ? "it is of another version"
                                              : strerror(-r);

    if (r == 0 || r == -ENOENT)
        return;
    log_warn("the memory of %s %s cannot be used: %s; a new one begins, and rules on %s "
             "are silent for %d days",
             what, path, why, silent, days);
    if (rename(path, aside) < 0)
        log_warn("%s cannot be set aside as %s: %m", path, aside);
    else
        log_warn("the old one is kept as %s", aside);
}

static void load_hosts(struct host_memory *m, const char *state)
{
    auto_free char *path = xasprintf("%s/" HOST_MEMORY_FILE, state);

    begin_anew(path, host_memory_load(m, path), "hosts", "new hosts", HOST_MEMORY_DAYS);
}

static void load_usual(struct usual *u, const char *state)
{
    auto_free char *path = xasprintf("%s/" USUAL_FILE, state);

    begin_anew(path, usual_load(u, path), "usual amounts", "them", USUAL_LEARN_DAYS);
}

/* What outlives the processes that write to it. */
static int make_memory(struct live *l)
{
    const struct settings *s = l->set->agent;
    bool all;

    l->board = mmap(NULL, sizeof(*l->board), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    l->journal = journal_new(JOURNAL_BYTES, HITS_BATCH_MAX);
    if (l->board == MAP_FAILED)
        l->board = NULL;
    all = l->board && l->journal;
    for (size_t i = 0; i < l->sensors; i++)
        all = (l->boxes[i] = blackbox_new()) && all;
    for (size_t i = 0; s->evidence != EVIDENCE_OFF && i < l->sensors; i++)
        all = (l->recents[i] = recent_new(s->evidence_memory)) && all;
    if (s->hosts)
        all = (l->hosts = host_memory_new(HOST_MEMORY_CAPACITY)) && all;
    if (s->usual)
        all = (l->usual = usual_new(USUAL_CAPACITY)) && all;
    hash_key_random(&l->codes);
    if (!all) {
        log_error("no shared memory: %m");
        return -ENOMEM;
    }
    if (l->hosts)
        load_hosts(l->hosts, s->state);
    if (l->usual)
        load_usual(l->usual, s->state);
    return 0;
}

/* The state folder is made when it is not there, and is the user's. */
static int make_state_folder(const struct settings *s, bool root)
{
    const struct passwd *pw = root ? getpwnam(s->user) : NULL;

    if (mkdir(s->state, 0750) == 0) {
        if (pw && chown(s->state, pw->pw_uid, pw->pw_gid) < 0) {
            log_error("%s cannot be given to %s: %m", s->state, s->user);
            return -errno;
        }
    } else if (errno != EEXIST) {
        log_error("the state folder %s cannot be made: %m", s->state);
        return -errno;
    }
    return 0;
}

static int become_user(const struct settings *s)
{
    bool root = geteuid() == 0;
    char error[SANDBOX_ERROR];
    int r = make_state_folder(s, root);

    if (r < 0)
        return r;
    r = root ? sandbox_user(s->user, sandbox_may_capture, error)
             : sandbox_keep_capabilities(sandbox_may_capture, error);
    if (r < 0)
        log_error("%s", error);
    else if (access(s->state, R_OK | W_OK | X_OK) < 0) {
        r = -errno;
        log_error("the state folder %s is not ours to write to: %m; give it to the "
                  "user that the agent runs as (chown)",
                  s->state);
    }
    return r;
}

/* Until the warden ends. */
static int claim_state_folder(const struct live *l)
{
    const char *state = l->set->agent->state;
    struct claim_holder holder = {0};
    int r = claim_take(state, TRIAL_CLAIM, l->set->path, &holder);

    if (r == -EBUSY)
        log_error("the state folder %s is in use by another agent (process %ld%s%s): end "
                  "that one, or give this one a folder of its own as \"state\"",
                  state, holder.pid, *holder.settings ? ", started with " : "",
                  holder.settings);
    else if (r < 0)
        log_error("the state folder %s cannot be locked: %s", state, strerror(-r));
    return r < 0 ? r : 0;
}

/* Half of a key file, as text. */
static int read_key(const char *path, const char *kind, bool secret_half,
                    char ret_text[KEY_TEXT])
{
    char public[KEY_TEXT], secret[KEY_TEXT];
    int r = crypt_key_read(path, kind, public, secret);

    if (r == 0)
        memcpy(ret_text, secret_half ? secret : public, KEY_TEXT);
    else
        log_error("%s: no %s key: %s", path, kind, strerror(-r));
    crypt_wipe(secret, sizeof(secret));
    return r;
}

static int read_pseudonym_key(struct outlet_keys *k, const char *path)
{
    char text[KEY_TEXT];
    int r;

    if (!path) {
        crypt_random(k->pseudonym.bytes, sizeof(k->pseudonym.bytes));
        return 0;
    }
    r = read_key(path, "pseudonym", true, text);
    if (r == 0)
        r = crypt_unhex(text, k->pseudonym.bytes, sizeof(k->pseudonym.bytes));
    crypt_wipe(text, sizeof(text));
    return r;
}

static int read_vault_key(struct outlet_keys *k, const char *path)
{
    char text[KEY_TEXT];
    int r = path ? read_key(path, "vault", false, text) : 0;

    if (!path || r < 0)
        return r;
    k->has_vault = true;
    return crypt_unhex(text, k->vault.bytes, sizeof(k->vault.bytes));
}

static int read_wire_keys(struct outlet_keys *k, const struct settings *s)
{
    char public[KEY_TEXT], secret[KEY_TEXT] = "", server[KEY_TEXT];
    int r = read_key(s->key, "wire", false, public);

    if (r == 0)
        r = read_key(s->key, "wire", true, secret);
    if (r == 0)
        r = read_key(s->collector_key, "wire", false, server);
    if (r == 0) {
        snprintf(k->wire.public, sizeof(k->wire.public), "%.40s", public);
        snprintf(k->wire.secret, sizeof(k->wire.secret), "%.40s", secret);
        snprintf(k->server, sizeof(k->server), "%.40s", server);
    }
    crypt_wipe(secret, sizeof(secret));
    return r;
}

/* Before the user changes: keys are often root's alone. */
static int read_keys(struct live *l)
{
    const struct settings *s = l->set->agent;
    int r = read_pseudonym_key(&l->keys, s->pseudonym_key);

    if (r == 0)
        r = read_vault_key(&l->keys, s->vault);
    if (r == 0 && !l->set->print)
        r = read_wire_keys(&l->keys, s);
    return r;
}

/* ---- the first bundle ---- */

static int write_bundle(const struct settings *s)
{
    struct content_settings what = settings_content(s, clock_wall());
    auto_diags struct diags *d = diags_new();
    auto_rulebook struct rulebook *book = NULL;
    int r = rulebook_make(&(struct rulebook_making){.settings = &what, .state = s->state},
                          &book, d);
    auto_free char *faults = diags_text(d);

    if (diags_errors(d) || diags_warnings(d))
        fputs(faults, stderr);
    if (r == 0)
        log_info("rules %s", book->bundle->version);
    else if (r != -EINVAL)
        log_error("the rules cannot be kept in %s: %s", s->state, strerror(-r));
    return r < 0 ? 1 : 0;
}

static int make_bundle(const struct live *l)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(write_bundle(l->set->agent));
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        log_error("the rules cannot be loaded: %m");
        return -errno;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

/* ---- the processes ---- */

/* As it is called in top(1). The warden says when to end; a terminal's ^C reaches
 * everybody. */
static void become(const char *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

/* A process keeps its own ends of its own pairs. */
static void close_ends(const struct live *l, size_t sensor_end)
{
    close(l->notes.sensor);
    for (size_t i = 0; i < l->sensors; i++) {
        bool courier = sensor_end == l->sensors;

        if (i != sensor_end) {
            close(l->hits[i].sensor);
            close(l->rules[i].sensor);
        }
        if (!courier) {
            close(l->hits[i].courier);
            close(l->rules[i].courier);
        }
    }
    if (sensor_end != l->sensors)
        close(l->notes.courier);
}

/* Nor does it see what others have in memory. */
static void forget_others(struct live *l, size_t sensor)
{
    crypt_wipe(&l->keys, sizeof(l->keys));
    journal_free(l->journal);
    for (size_t i = 0; i < l->sensors; i++)
        if (i != sensor) {
            blackbox_free(l->boxes[i]);
            recent_free(l->recents[i]);
        }
}

static int run_sensor(void *arg)
{
    struct post *post = arg;

    become(post->live->names[post->sensor]);
    signal(SIGHUP, SIG_IGN);
    forget_others(post->live, post->sensor);
    close_ends(post->live, post->sensor);
    return sensor_process_run(&post->live->sensor_sets[post->sensor]);
}

static int run_courier(void *arg)
{
    const struct live *l = arg;

    become("courier");
    close_ends(l, l->sensors);
    return courier_process_run(&l->courier_set);
}

static uint16_t fanout_group(size_t interface)
{
    return (uint16_t)(1 + ((unsigned)getpid() * 32u + (unsigned)interface) % 65535u);
}

static void plan_sensor(struct live *l, size_t i)
{
    const struct settings *s = l->set->agent;
    size_t interface = i / s->sensors;

    snprintf(l->names[i], sizeof(l->names[i]), "sensor-%zu", i);
    l->sensor_sets[i] = (struct sensor_process){
        .settings = s,
        .name = l->names[i],
        .interface = s->interfaces.items[interface],
        .fanout_group = s->sensors > 1 ? fanout_group(interface) : 0,
        .hits = l->hits[i].sensor,
        .rules = l->rules[i].sensor,
        .blackbox = l->boxes[i],
        .recent = l->recents[i],
        .hosts = l->hosts,
        .usual = l->usual,
        .codes = &l->codes,
        .board = l->board,
        .number = i,
    };
    l->posts[i] = (struct post){.live = l, .sensor = i};
    l->processes[i] = (struct warden_process){.name = l->names[i],
                                              .run = run_sensor,
                                              .arg = &l->posts[i],
                                              .stage = STAGE_SENSORS,
                                              .ran = &l->board->sensors[i].ran};
}

static void plan_courier(struct live *l)
{
    l->courier_set = (struct courier_process){
        .settings = l->set->agent,
        .print = l->set->print,
        .sensors = l->sensors,
        .hits = l->courier_hits,
        .rules = l->courier_rules,
        .notes = l->notes.courier,
        .board = l->board,
        .journal = l->journal,
        .recents = l->recents[0] ? l->recents : NULL,
        .hosts = l->hosts,
        .usual = l->usual,
        .keys = &l->keys,
    };
    l->processes[l->sensors] = (struct warden_process){
        .name = "courier", .run = run_courier, .arg = l, .stage = STAGE_COURIER};
}

static void tell_courier(const struct live *l, size_t sensor, enum note_what what)
{
    struct note note = {.sensor = (uint8_t)sensor, .what = (uint8_t)what};

    (void)!send(l->notes.sensor, &note, sizeof(note), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void keep_blackbox(const struct live *l, size_t sensor)
{
    const char *state = l->set->agent->state;
    unsigned frames = 0;
    int r =
        blackbox_write(l->boxes[sensor], state, l->names[sensor], clock_wall(), &frames);

    if (r < 0)
        log_error("the last frames of %s cannot be kept in %s: %s", l->names[sensor],
                  state, strerror(-r));
    else if (frames)
        log_info("the last %u frames of %s are kept in %s", frames, l->names[sensor],
                 state);
}

/* A process that ended by itself has an exit code; all else is a crash. */
static void on_change(size_t process, enum warden_change change, const char *why,
                      void *arg)
{
    struct live *l = arg;
    bool started = change == WARDEN_STARTED;
    bool crashed = !started && strncmp(why, "exit code", 9) != 0;

    if (crashed)
        log_error("%s crashed: %s", l->processes[process].name, why);
    else if (!started)
        log_info("%s ended: %s", l->processes[process].name, why);
    if (!started && atomic_load(&l->board->unprinted))
        raise(SIGTERM); /* to the warden: it ends all in order */
    if (process >= l->sensors)
        return;
    atomic_store(&l->board->sensors[process].running, started);
    if (crashed)
        atomic_fetch_add(&l->board->sensors[process].crashes, 1);
    tell_courier(l, process, started ? NOTE_STARTED : NOTE_DIED);
    if (crashed)
        keep_blackbox(l, process);
}

static int watch_over(struct live *l)
{
    for (size_t i = 0; i < l->sensors; i++)
        plan_sensor(l, i);
    plan_courier(l);
    return warden_run(&(struct warden_settings){.processes = l->processes,
                                                .process_count = l->sensors + 1,
                                                .stop_within = STOP_WITHIN,
                                                .on_change = on_change,
                                                .arg = l});
}

int live_run(const struct live_settings *settings)
{
    const struct settings *s = settings->agent;
    struct live l = {.set = settings, .sensors = s->interfaces.count * s->sensors};
    char error[SANDBOX_ERROR];
    int code = 1;

    log_open("warden", (enum log_level)s->log);
    if (read_keys(&l) == 0 && become_user(s) == 0 && claim_state_folder(&l) == 0 &&
        make_memory(&l) == 0 && make_pairs(&l) == 0 && make_bundle(&l) == 0) {
        if (sandbox_enter(SANDBOX_WARDEN, error) == 0)
            code = watch_over(&l);
        else
            log_error("%s", error);
    }
    return l.board && atomic_load(&l.board->unprinted) ? 1 : code;
}
