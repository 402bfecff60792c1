/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "crypt.h"
#include "diag.h"
#include "log.h"
#include "names.h"
#include "sandbox.h"
#include "warden.h"

static const struct {
    process_open_fn *open;
    void (*close)(void *self);
    enum sandbox_role sandbox;
} roles[] = {
    [COLLECTOR_INTAKE] = {intake_process_open, intake_process_close, SANDBOX_SERVER},
    [COLLECTOR_ENGINE] = {engine_process_open, engine_process_close, SANDBOX_STORE},
    [COLLECTOR_RUNNER] = {runner_process_open, runner_process_close, SANDBOX_RUNNER},
    [COLLECTOR_API] = {api_process_open, api_process_close, SANDBOX_SERVER},
};

static void on_stop(int number, void *arg)
{
    (void)number;
    loop_stop(arg, 0);
}

static int open_store(struct process *p)
{
    struct store_settings set = {
        .place = p->settings->store, .district = p->district->id, .create = true};
    auto_free char *error = NULL;
    int r = store_open(&set, &p->store, &error);

    if (r < 0)
        log_error("the store cannot be used: %s", error ? error : strerror(-r));
    return r;
}

/* The last line counts the faults, which says nothing in a log. */
void process_log_faults(const char *what, struct diags *d)
{
    auto_free char *text = diags_text(d);
    const char *before = what, *colon = ": ";

    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        if (!rest || !*rest)
            break;
        log_error("%s%s%s", before, colon, line);
        before = colon = "";
    }
}

static int open_district(struct process *p)
{
    auto_diags struct diags *d = diags_new();

    p->district = district_load(p->settings->district, d);
    if (p->district)
        return 0;
    process_log_faults("the district cannot be used", d);
    return -EINVAL;
}

static int open_all(struct process *p, enum collector_role role, void **ret_self)
{
    char error[SANDBOX_ERROR];
    int r = crypt_init();

    if (r == 0)
        r = open_district(p);
    if (r == 0)
        r = open_store(p);
    if (r == 0)
        r = roles[role].open(p, ret_self);
    if (r < 0)
        return r;
    r = sandbox_enter(roles[role].sandbox, error);
    if (r < 0)
        log_error("%s", error);
    return r;
}

/* Nothing depends on the api; alone, nobody would see that it does not run. */
static bool can_be_missed(const struct process_ward *w)
{
    for (unsigned role = 0; role < COLLECTOR_ROLES && w->role == COLLECTOR_API; role++)
        if (role != COLLECTOR_API && collector_settings_has(w->settings, role))
            return true;
    return false;
}

/* What did not hinder an earlier start may pass: the warden tries again. */
static int exit_code(const struct process_ward *w, int error)
{
    if (can_be_missed(w)) {
        log_warn("nobody can ask over HTTP until this is put right; it is tried again "
                 "within a minute. Alerts are taken in and playbooks run without it");
        return EXIT_FAILURE;
    }
    if (error == -EAGAIN || atomic_load(&w->board->ran[w->role]))
        return EXIT_FAILURE;
    return WARDEN_HOPELESS;
}

static int run_loop(struct process *p, const struct process_ward *w)
{
    struct watch *stop = loop_watch_signal(p->loop, SIGTERM, on_stop, p->loop);
    int code;

    atomic_store(&w->board->ran[w->role], true);
    log_info("%s is ready", names_get(&names_collector_role, w->role));
    code = loop_run(p->loop);
    loop_unwatch(stop);
    signal(SIGTERM, SIG_IGN); /* it is ending: being told again must not cut it short */
    return code;
}

/* The same when it is started again, so that it finds its own leases. */
static void name_holder(struct process *p, const char *role)
{
    char host[64] = "localhost";

    gethostname(host, sizeof(host) - 1);
    snprintf(p->holder, sizeof(p->holder), "%s@%s", role, host);
}

int process_run(void *arg)
{
    const struct process_ward *w = arg;
    const char *name = names_get(&names_collector_role, w->role);
    struct process p = {.settings = w->settings, .board = w->board};
    void *self = NULL;
    int r, code;

    prctl(PR_SET_NAME, name, 0, 0, 0);
    log_open(name, (enum log_level)w->settings->log);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    atomic_fetch_add(&w->board->starts[w->role], 1);
    name_holder(&p, name);
    p.loop = loop_new();
    r = open_all(&p, w->role, &self);
    code = r < 0 ? exit_code(w, r) : run_loop(&p, w);
    if (self)
        roles[w->role].close(self);
    store_close(p.store);
    district_free(p.district);
    loop_free(p.loop);
    return code;
}
