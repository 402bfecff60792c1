/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys are read before the user changes and all else after it, as a start does it
 * (live.c). A state folder that is not there is made and removed again; captures are
 * opened with a small ring and closed before the first packet is read.
 */
#include "agent/trial.h"

#include <errno.h>
#include <net/if.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/capture.h"
#include "claim.h"
#include "mem.h"
#include "sandbox.h"

#define TRIAL_RING (1u << 20)

/* At the place where the option was given. */
static void say_of(const struct settings *s, const char *option, const char *path,
                   const char *code, const char *words, struct diags *d)
{
    auto_free char *at = settings_origin(s, option, path);

    diags_error(d, (struct place){.file = at}, code, "%s", words);
}

/* ---- the user ---- */

static bool may_read(const struct passwd *pw, const char *path)
{
    struct stat st;

    return !path || stat(path, &st) < 0 || st.st_uid == pw->pw_uid;
}

/* systemd starts the program as the user; root is never there to read keys for it. */
static void try_keys(const struct settings *s, const struct passwd *pw, struct diags *d)
{
    const struct {
        const char *option, *path;
    } secrets[] = {{"key", s->key}, {"pseudonym_key", s->pseudonym_key}};

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (may_read(pw, secrets[i].path))
            continue;
        diags_warn(d, (struct place){.file = secrets[i].path}, "W0906",
                   "\"%s\" can be read when the agent is started as root, but not when "
                   "systemd starts it as %s",
                   secrets[i].option, s->user);
        diags_hint(d, "chown %s: %s", s->user, secrets[i].path);
    }
}

static void become_user(const struct settings *s, const char *path, struct diags *d)
{
    char error[SANDBOX_ERROR];
    const struct passwd *pw = geteuid() == 0 ? getpwnam(s->user) : NULL;

    if (pw && pw->pw_uid != 0)
        try_keys(s, pw, d);
    if (geteuid() == 0 && sandbox_user(s->user, sandbox_may_capture, error) < 0)
        say_of(s, "user", path, "E0914", error, d);
}

/* ---- the state folder ---- */

static void say_folder(const struct settings *s, const char *path, const char *what,
                       struct diags *d)
{
    auto_free char *words = xasprintf("the state folder %s %s", s->state, what);

    say_of(s, "state", path, "E0915", words, d);
    diags_hint(d,
               "make it a folder of the user that the agent runs as (mkdir -p, chown "
               "%s:), or name another one as \"state\"",
               s->user);
}

/* As who starts: a folder that is not there is made, and removed again. Returns whether
 * it is there. */
static bool try_making(const struct settings *s, const char *path, struct diags *d)
{
    auto_free char *what = NULL;

    if (mkdir(s->state, 0750) == 0) {
        rmdir(s->state);
        return false;
    }
    if (errno == EEXIST)
        return true;
    what = xasprintf("cannot be made: %s", strerror(errno));
    say_folder(s, path, what, d);
    return false;
}

static bool try_writing(const struct settings *s, const char *path, struct diags *d)
{
    auto_free char *what = NULL;
    struct stat st;

    if (stat(s->state, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(s->state, R_OK | W_OK | X_OK) == 0)
        return true;
    what = xasprintf("is not ours to write to: %s", strerror(errno));
    say_folder(s, path, what, d);
    return false;
}

/* The agent that runs with these very settings is no fault: it is told of the changes. */
static void try_claim(const struct settings *s, const char *path, struct diags *d)
{
    struct claim_holder holder;

    if (!claim_is_held(s->state, TRIAL_CLAIM, &holder))
        return;
    if (claim_is_of(&holder, path)) {
        diags_warn(d, (struct place){.file = path}, "W0916",
                   "this agent runs already (process %ld)", holder.pid);
        diags_hint(d,
                   "kill -HUP %ld takes new rules, lists and a new district over; "
                   "other settings want a restart",
                   holder.pid);
        return;
    }
    diags_error(d, (struct place){.file = path}, "E0916",
                "the state folder %s is in use by another agent: process %ld, started "
                "with %s",
                s->state, holder.pid, holder.settings);
    diags_hint(d, "end that one, or give this one a folder of its own as \"state\"");
}

static void try_line(const struct settings *s, const char *path, struct diags *d)
{
    if (s->collectors.count)
        return;
    diags_warn(d, (struct place){.file = path}, "W0918",
               "no collector is named: alerts are printed, and nobody is told");
    diags_hint(d, "\"collector\" and \"key\" name it and this agent's key");
}

/* Without these the agent runs, and what is missed is noticed when it is wanted. */
static void try_district_keys(const struct settings *s, const char *path, struct diags *d)
{
    if (!s->collectors.count)
        return;
    if (!s->pseudonym_key) {
        diags_warn(
            d, (struct place){.file = path}, "W0919",
            "no pseudonym_key is named: a device has another name after each start");
        diags_hint(d, "`hallwatch keys new pseudonym`, once for all agents");
    }
    if (!s->vault) {
        diags_warn(
            d, (struct place){.file = path}, "W0920",
            "no vault is named: nobody can ever be unmasked, and no frames are kept "
            "as evidence");
        diags_hint(d, "`hallwatch keys new vault`, and vault.pub beside this file");
    }
}

/* ---- the captures ---- */

/* Once, and not once for each interface. */
const char *trial_filter(const struct settings *s, const char *path, struct diags *d)
{
    char error[CAPTURE_ERROR];

    if (!s->filter || capture_check_filter(s->filter, error) == 0)
        return s->filter;
    say_of(s, "filter", path, "E0917", error, d);
    return NULL;
}

static void try_capture(const struct settings *s, const char *interface,
                        const char *filter, const char *path, struct diags *d)
{
    struct capture *c = NULL;
    char error[CAPTURE_ERROR];

    if (strcmp(interface, "any") != 0 && if_nametoindex(interface) == 0)
        return; /* settings_check has said so */
    if (capture_open(&(struct capture_settings){.interface = interface,
                                                .filter = filter,
                                                .ring_bytes = TRIAL_RING},
                     &c, error) < 0)
        say_of(s, "interfaces", path, "E0917", error, d);
    else
        capture_close(c);
}

bool trial_run(const struct settings *s, const char *path, struct diags *d)
{
    size_t errors = diags_errors(d);
    const char *filter;
    bool there;

    settings_check(s, path, d);
    try_line(s, path, d);
    try_district_keys(s, path, d);
    there = try_making(s, path, d);
    become_user(s, path, d);
    settings_check_content(s, clock_wall(), d);
    if (there && try_writing(s, path, d))
        try_claim(s, path, d);
    filter = trial_filter(s, path, d);
    for (size_t i = 0; i < s->interfaces.count; i++)
        try_capture(s, s->interfaces.items[i], filter, path, d);
    return diags_errors(d) == errors;
}
