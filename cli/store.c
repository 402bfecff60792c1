/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/store.h"
#include "mem.h"

#define DISTRICT "/etc/hallwatch/district.yaml"
#define STORE    "/var/lib/hallwatch/collector.store"

const char *store_district_path(const struct store_choice *c)
{
    return c->district ? c->district : DISTRICT;
}

/* Somebody who was to look at a task, mostly, and has no rights yet: not their fault, and
 * not theirs to mend. */
static void tell_who_helps(const char *path)
{
    auto_free char *who = login_name();

    fprintf(
        stderr,
        "hallwatch: your account (%s) may not use %s. Whoever looks after the network "
        "(the district's network administrator) can let you in: your account has to "
        "read it, or they let you run hallwatch as the collector's user\n",
        strchr(who, ':') + 1, path);
}

static bool is_kept_from_us(const char *path)
{
    return access(path, R_OK) < 0 && errno == EACCES;
}

bool store_choose(const struct store_choice *c, bool create, struct store **ret_store,
                  struct district **ret_district)
{
    const char *path = store_district_path(c);
    auto_diags struct diags *d = diags_new();
    auto_district struct district *district = district_load(path, d);
    struct store_settings set = {.place = c->store ? c->store : STORE, .create = create};
    auto_free char *error = NULL;

    if (!district && is_kept_from_us(path)) {
        tell_who_helps(path);
        return false;
    }
    if (!district) {
        report_aside(d);
        fprintf(stderr,
                "hallwatch: --district FILE says where the district is; this was %s\n",
                path);
        return false;
    }
    set.district = district->id;
    if (store_open(&set, ret_store, &error) < 0) {
        if (is_kept_from_us(set.place)) {
            tell_who_helps(set.place);
            return false;
        }
        fprintf(stderr, "hallwatch: %s; --store FILE says where the store is\n",
                error ? error : set.place);
        return false;
    }
    *ret_district = take(district);
    return true;
}

char *login_name(void)
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(getuid());

    if (sudo && *sudo)
        return xasprintf("login:%s", sudo);
    if (user)
        return xasprintf("login:%s", user->pw_name);
    return xasprintf("login:%u", (unsigned)getuid());
}
