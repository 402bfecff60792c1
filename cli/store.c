/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

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

bool store_choose(const struct store_choice *c, bool create, struct store **ret_store,
                  struct district **ret_district)
{
    const char *path = store_district_path(c);
    auto_diags struct diags *d = diags_new();
    auto_district struct district *district = district_load(path, d);
    struct store_settings set = {.place = c->store ? c->store : STORE, .create = create};
    auto_free char *error = NULL;

    if (!district) {
        report_aside(d);
        fprintf(stderr,
                "hallwatch: --district FILE says where the district is; this was %s\n",
                path);
        return false;
    }
    set.district = district->id;
    if (store_open(&set, ret_store, &error) < 0) {
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
