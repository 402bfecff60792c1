/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/trial.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "claim.h"
#include "log.h"
#include "mem.h"
#include "names.h"
#include "sandbox.h"

/* ---- the state folder ---- */

static void say_folder(const struct collector_settings *s, const char *path,
                       const char *what, struct diags *d)
{
    diags_error(d, (struct place){.file = path}, "E0915", "the state folder %s %s",
                s->state, what);
    diags_hint(d,
               "make it a folder of the user that the collector runs as (mkdir -p, chown "
               "%s:), or name another one as \"state\"",
               s->user);
}

/* A folder that is not there is made, and removed again. Returns whether it is there. */
static bool try_making(const struct collector_settings *s, const char *path,
                       struct diags *d)
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

static void try_writing(const struct collector_settings *s, const char *path,
                        struct diags *d)
{
    auto_free char *what = NULL;
    struct stat st;

    if (stat(s->state, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(s->state, R_OK | W_OK | X_OK) == 0)
        return;
    what = xasprintf("is not ours to write to: %s", strerror(errno));
    say_folder(s, path, what, d);
}

/* ---- who runs already ---- */

int collector_claim(const struct collector_settings *s, const char *path)
{
    struct claim_holder holder = {0};

    for (unsigned role = 0; role < COLLECTOR_ROLES; role++) {
        const char *name = names_get(&names_collector_role, role);
        int r = collector_settings_has(s, role)
                    ? claim_take(s->state, name, path, &holder)
                    : 0;

        if (r == -EBUSY)
            log_error("another collector runs the %s with the state folder %s (process "
                      "%ld, started with %s): end that one, or name another folder as "
                      "\"state\"",
                      name, s->state, holder.pid, holder.settings);
        else if (r < 0)
            log_error("the state folder %s cannot be locked: %s", s->state, strerror(-r));
        if (r < 0)
            return r;
    }
    return 0;
}

/* Whether the role runs already with these settings, which is no fault, and is told once
 * for all of a process. */
static bool runs_already(const struct collector_settings *s, enum collector_role role,
                         const char *path, long *told, struct diags *d)
{
    const char *name = names_get(&names_collector_role, role);
    struct claim_holder holder;

    if (!claim_is_held(s->state, name, &holder))
        return false;
    if (claim_is_of(&holder, path)) {
        if (*told != holder.pid) {
            diags_warn(d, (struct place){.file = path}, "W0916",
                       "this collector runs already (process %ld)", holder.pid);
            diags_hint(d, "start it again to have changes taken over");
        }
        *told = holder.pid;
        return true;
    }
    diags_error(d, (struct place){.file = path}, "E0916",
                "the state folder %s is in use by the %s of another collector: process "
                "%ld, started with %s",
                s->state, name, holder.pid, holder.settings);
    diags_hint(d, "end that one, or give this one a folder of its own as \"state\"");
    return false;
}

/* ---- addresses ---- */

/* "HOST:PORT" to what can be bound; a host that names an interface is ZeroMQ's own way,
 * and is left to it (NULL). */
static struct addrinfo *look_up(const char *address)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(address, ':');
    auto_free char *host = xstrndup(address, (size_t)(colon - address));
    size_t len = strlen(host);
    struct addrinfo *all = NULL;

    if (*host == '[' && host[len - 1] == ']') {
        host[len - 1] = 0;
        memmove(host, host + 1, len - 1);
    }
    if (if_nametoindex(host) != 0 || getaddrinfo(host, colon + 1, &hints, &all) != 0)
        return NULL;
    return all;
}

static int try_bind(const struct addrinfo *at)
{
    auto_close int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return bind(fd, at->ai_addr, at->ai_addrlen) < 0 ? -errno : 0;
}

static void try_address(const char *option, const char *address, const char *path,
                        struct diags *d)
{
    struct addrinfo *at = look_up(address);
    int r = at ? try_bind(at) : 0;

    if (at)
        freeaddrinfo(at);
    if (r == 0)
        return;
    if (r == -EADDRINUSE)
        diags_error(d, (struct place){.file = path}, "E0917", "%s is taken", address);
    else
        diags_error(
            d, (struct place){.file = path}, "E0917", "cannot listen at %s: %s", address,
            r == -EADDRNOTAVAIL ? "this machine has no such address" : strerror(-r));
    diags_hint(d,
               r == -EADDRINUSE ? "stop who listens there (`ss -ltnp` shows them), or "
                                  "choose another address in \"%s\""
                                : "choose another address in \"%s\"",
               option);
}

static void try_roles(const struct collector_settings *s, const char *path,
                      struct diags *d)
{
    const char *const options[] = {
        [COLLECTOR_INTAKE] = "intake.listen", [COLLECTOR_API] = "api.listen"};
    const char *const addresses[COLLECTOR_ROLES] = {
        [COLLECTOR_INTAKE] = s->intake.listen, [COLLECTOR_API] = s->api.listen};
    long told = 0;

    for (unsigned role = 0; role < COLLECTOR_ROLES; role++)
        if (collector_settings_has(s, role) && !runs_already(s, role, path, &told, d) &&
            addresses[role])
            try_address(options[role], addresses[role], path, d);
}

bool collector_trial(const struct collector_settings *s, const char *path,
                     struct diags *d)
{
    static const int none[] = {-1};
    size_t errors = diags_errors(d);
    bool there = try_making(s, path, d);
    char error[SANDBOX_ERROR];

    if (geteuid() == 0 && sandbox_user(s->user, none, error) < 0)
        diags_error(d, (struct place){.file = path}, "E0914", "%s", error);
    if (there)
        try_writing(s, path, d);
    try_roles(s, path, d);
    return diags_errors(d) == errors;
}
