/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

static bool load_district(struct content *c, const char *path, struct diags *d)
{
    if (path)
        c->district = district_load(path, d);
    return !path || c->district;
}

static bool load_lists(struct content *c, const char *path, struct diags *d)
{
    int error = path ? listdb_open(path, &c->lists) : 0;

    if (!error)
        return true;
    diags_error(d, (struct place){.file = path}, "E0401",
                "the list file cannot be used: %s",
                error == -EBADMSG           ? "it is damaged"
                : error == -EPROTONOSUPPORT ? "it is of another version"
                                            : strerror(-error));
    diags_hint(d, "build it anew: hallwatch lists build");
    return false;
}

static bool load_rules(struct content *c, const struct content_settings *s,
                       struct diags *d)
{
    if (s->rule_count == 0)
        return true;
    c->rules = ruleset_load(&(struct ruleset_settings){.paths = s->rules,
                                                       .path_count = s->rule_count,
                                                       .district = c->district,
                                                       .lists = c->lists,
                                                       .site = s->site},
                            d);
    return c->rules;
}

struct content *content_load(const struct content_settings *settings, struct diags *d)
{
    struct content *c = xcalloc(1, sizeof(*c));
    bool fine = load_district(c, settings->district, d);

    fine = load_lists(c, settings->lists, d) && fine;
    fine = fine && load_rules(c, settings, d);
    if (fine)
        return c;
    content_free(c);
    return NULL;
}

void content_free(struct content *c)
{
    if (!c)
        return;
    ruleset_free(c->rules);
    listdb_close(c->lists);
    district_free(c->district);
    free(c);
}
