/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that people wrote is read and checked before anything is forked, so that
 * what is wrong is said at once and in the order of the files. The processes read it
 * again, each what it needs: one that is started later takes what is there then.
 */
#include "collector/collector.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/plan_check.h"
#include "collector/process.h"
#include "collector/trial.h"
#include "log.h"
#include "mem.h"
#include "options.h"
#include "sandbox.h"
#include "warden.h"

#define STOP_WITHIN (15 * USEC_PER_SEC)

struct arguments {
    const char *config;
    struct option_texts sets, roles;
    bool check, accept_gaps, help_options;
};

/* ---- settings ---- */

/* "--role engine" is "roles: [engine]". */
static void take_roles(struct collector_settings *s, const struct arguments *a)
{
    for (size_t i = 0; i < s->roles.count && a->roles.count; i++)
        free(s->roles.items[i]);
    if (!a->roles.count)
        return;
    s->roles.items = xrealloc(s->roles.items, a->roles.count, sizeof(*s->roles.items));
    s->roles.count = a->roles.count;
    for (size_t i = 0; i < a->roles.count; i++)
        s->roles.items[i] = xstrdup(a->roles.items[i]);
}

static bool load(struct collector_settings *s, const struct arguments *a, struct diags *d)
{
    if (!collector_settings_load(s, a->config, a->sets.items, a->sets.count, d))
        return false;
    take_roles(s, a);
    s->accept_gaps = s->accept_gaps || a->accept_gaps;
    return true;
}

/* What only the api has to wait for is a fault of a check, and hinders no start. */
static bool check(const struct collector_settings *s, const struct arguments *a,
                  struct diags *d)
{
    bool fine = collector_settings_check(s, a->config, d);

    if (a->check) {
        fine = collector_settings_check_tokens(s, d) && fine;
        collector_settings_warn(s, a->config, d);
    }
    return plan_check(s, clock_wall(), d) && fine;
}

static void print_faults(struct diags *d)
{
    auto_free char *text = diags_text(d);

    fputs(text, stderr);
}

/* ---- the warden ---- */

static int give_to_user(const struct collector_settings *s)
{
    const struct passwd *pw = geteuid() == 0 ? getpwnam(s->user) : NULL;

    if (!pw || chown(s->state, pw->pw_uid, pw->pw_gid) == 0)
        return 0;
    log_error("%s cannot be given to %s: %m", s->state, s->user);
    return -errno;
}

static int make_state_folder(const struct collector_settings *s)
{
    if (mkdir(s->state, 0750) == 0)
        return give_to_user(s);
    if (errno == EEXIST)
        return 0;
    log_error("the state folder %s cannot be made: %m; make it, or name another one as "
              "\"state\"",
              s->state);
    return -errno;
}

static int become_user(const struct collector_settings *s)
{
    static const int none[] = {-1};
    char error[SANDBOX_ERROR];
    int r = make_state_folder(s);

    if (r < 0)
        return r;
    r = geteuid() == 0 ? sandbox_user(s->user, none, error)
                       : sandbox_keep_capabilities(none, error);
    if (r < 0) {
        log_error("%s", error);
        return r;
    }
    if (access(s->state, R_OK | W_OK | X_OK) == 0)
        return 0;
    log_error("the state folder %s is not ours to write to: %m; give it to the user that "
              "the collector runs as (chown)",
              s->state);
    return -errno;
}

static void on_change(size_t process, enum warden_change change, const char *why,
                      void *arg)
{
    const struct warden_process *processes = arg;

    if (change == WARDEN_DIED)
        log_info("%s ended: %s", processes[process].name, why);
}

static int watch_over(const struct collector_settings *s, struct board *board)
{
    struct process_ward wards[COLLECTOR_ROLES];
    struct warden_process processes[COLLECTOR_ROLES];
    size_t count = 0;

    for (unsigned role = 0; role < COLLECTOR_ROLES; role++) {
        if (!collector_settings_has(s, role))
            continue;
        wards[count] = (struct process_ward){.settings = s, .board = board, .role = role};
        processes[count] =
            (struct warden_process){.name = names_get(&names_collector_role, role),
                                    .run = process_run,
                                    .arg = &wards[count],
                                    .stage = role};
        count++;
    }
    return warden_run(&(struct warden_settings){.processes = processes,
                                                .process_count = count,
                                                .stop_within = STOP_WITHIN,
                                                .on_change = on_change,
                                                .arg = processes});
}

static int live(const struct collector_settings *s, const char *path)
{
    char error[SANDBOX_ERROR];
    struct board *board;
    int code = EXIT_FAILURE;

    log_open("warden", (enum log_level)s->log);
    if (become_user(s) < 0 || collector_claim(s, path) < 0)
        return EXIT_FAILURE;
    board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                 -1, 0);
    if (board == MAP_FAILED) {
        log_error("no memory to share: %m");
        return EXIT_FAILURE;
    }
    if (sandbox_enter(SANDBOX_WARDEN, error) == 0)
        code = watch_over(s, board);
    else
        log_error("%s", error);
    munmap(board, sizeof(*board));
    return code;
}

/* ---- the command line ---- */

static int help_options(void)
{
    auto_buffer struct buffer b = {0};

    conf_print_help(collector_settings_table, &b);
    fputs(b.at ? b.at : "", stdout);
    return EXIT_SUCCESS;
}

/* Whether the fault is not one of the command line itself. */
static bool fits(const struct arguments *a)
{
    struct collector_settings scratch = {0};

    for (size_t i = 0; i < a->roles.count; i++)
        if (names_find(&names_collector_role, a->roles.items[i]) < 0)
            return false;
    return conf_sets_fit(a->sets.items, a->sets.count, collector_settings_table,
                         &scratch);
}

static int run_with(const struct arguments *a, struct collector_settings *s)
{
    auto_diags struct diags *d = diags_new();
    bool loaded = load(s, a, d);
    bool tried = !loaded || !a->check || collector_trial(s, a->config, d);
    bool fine = loaded && check(s, a, d) && tried;

    if (diags_errors(d) || diags_warnings(d))
        print_faults(d);
    if (!fine)
        return fits(a) ? EXIT_FAILURE : OPTIONS_USAGE;
    if (!a->check)
        return live(s, a->config);
    puts("The settings, the district and its playbooks are in order.");
    return EXIT_SUCCESS;
}

static int run(const void *values, int argc, char **argv)
{
    const struct arguments *a = values;
    struct collector_settings s = {0};
    int code;

    (void)argc;
    (void)argv;
    if (a->help_options)
        return help_options();
    if (!a->config) {
        fputs("hallwatch-collector: needs its settings: -c FILE "
              "(hallwatch-collector.yaml(5) has one to begin with, and --help-options "
              "lists all of them)\n",
              stderr);
        return OPTIONS_USAGE;
    }
    code = run_with(a, &s);
    collector_settings_done(&s);
    return code;
}

static const struct option_row rows[] = {
    {"config", 'c', OPTION_TEXT, offsetof(struct arguments, config), "FILE",
     "the settings (collector.yaml)"},
    {"set", 0, OPTION_TEXTS, offsetof(struct arguments, sets), "OPTION=VALUE",
     "an option of the settings, over what the file says"},
    {"role", 0, OPTION_TEXTS, offsetof(struct arguments, roles), "ROLE",
     "run this process only: intake, engine, runner, api; may be given several times"},
    {"check", 0, OPTION_FLAG, offsetof(struct arguments, check), NULL,
     "try what a start would need, and who can be reached; say all that is wrong"},
    {"accept-gaps", 0, OPTION_FLAG, offsetof(struct arguments, accept_gaps), NULL,
     "start although there are hours in which nobody can be reached; says which"},
    {"help-options", 0, OPTION_FLAG, offsetof(struct arguments, help_options), NULL,
     "list the options of the settings"},
    {0},
};

int collector_main(int argc, char **argv)
{
    static const struct command top = {
        "hallwatch-collector",
        .help = "takes in alerts, opens incidents and runs the district's playbooks",
        .options = rows,
        .size = sizeof(struct arguments),
        .run = run,
    };

    log_open("collector", LOG_LEVEL_INFO);
    return options_run(&top, argc, argv);
}
