/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dpi.h"
#include "file.h"
#include "mem.h"
#include "rule_test.h"

#define FILE_MOST ((size_t)16 << 20)

static bool load_district(struct content *c, const char *path, const char *site,
                          struct diags *d)
{
    if (path)
        c->district = district_load(path, d);
    return !path ||
           (c->district && (!site || district_check_site(c->district, path, site, d)));
}

static bool load_lists(struct content *c, const char *path, int fd, struct diags *d)
{
    int error = 0;

    if (fd >= 0)
        error = listdb_open_fd(fd, &c->lists);
    else if (path)
        error = listdb_open(path, &c->lists);

    if (!error)
        return true;
    diags_error(d, (struct place){.file = path}, "E0401",
                "the list file cannot be used: %s", listdb_error(error));
    if (error != -EMEDIUMTYPE)
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
                                                       .site = s->site,
                                                       .now = s->now,
                                                       .ndpi = dpi_version(),
                                                       .untested = s->untested},
                            d);
    return c->rules;
}

struct content *content_load(const struct content_settings *settings, struct diags *d)
{
    struct content *c = xcalloc(1, sizeof(*c));
    bool fine = load_district(c, settings->district, settings->site, d);

    fine = load_lists(c, settings->lists, -1, d) && fine;
    fine = fine && load_rules(c, settings, d);
    if (fine)
        return c;
    content_free(c);
    return NULL;
}

/* ---- tests ---- */

struct between {
    content_between_fn *fn;
    void *arg;
};

static void after_test(const char *owner, const char *test,
                       enum rule_test_verdict verdict, const char *why, void *arg)
{
    const struct between *b = arg;

    (void)owner;
    (void)test;
    (void)verdict;
    (void)why;
    if (b->fn)
        b->fn(b->arg);
}

bool content_test(const struct content *c, content_between_fn *between, void *arg,
                  struct diags *d)
{
    struct between b = {.fn = between, .arg = arg};
    struct rule_test_settings how = {.each = after_test, .arg = &b, .at_site = true};

    return !c->rules || ruleset_test(c->rules, &how, d).failed == 0;
}

/* ---- bundles ---- */

static bool unpack_district(struct content *c, const struct bundle *b, struct diags *d)
{
    const struct bundle_entry *e = bundle_find(b, BUNDLE_DISTRICT);

    if (e)
        c->district = district_parse(e->name, e->text.at, e->text.len, c->zones, d);
    return !e || c->district;
}

struct unpacking {
    const char *site;
    int lists_fd;
    bool reads_zones; /* from the system, those that the bundle lacks */
    bool untested;
};

static bool unpack_rules(struct content *c, const struct bundle *b,
                         const struct unpacking *how, struct diags *d)
{
    auto_free struct ruleset_source *sources = xcalloc(b->count + 1, sizeof(*sources));
    size_t count = 0;

    for (size_t i = 0; i < b->count; i++)
        if (b->entries[i].kind == BUNDLE_RULES)
            sources[count++] = (struct ruleset_source){.name = b->entries[i].name,
                                                       .text = b->entries[i].text.at,
                                                       .len = b->entries[i].text.len};
    c->rules = ruleset_load(&(struct ruleset_settings){.sources = sources,
                                                       .source_count = count,
                                                       .district = c->district,
                                                       .lists = c->lists,
                                                       .zones = c->zones,
                                                       .site = how->site,
                                                       .ndpi = dpi_version(),
                                                       .untested = how->untested},
                            d);
    return c->rules;
}

static void unpack_zones(struct content *c, const struct bundle *b)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->entries[i].kind == BUNDLE_ZONE)
            zone_shelf_put(c->zones, b->entries[i].name, b->entries[i].text);
}

static struct content *unpack(const struct bundle *b, const struct unpacking *how,
                              struct diags *d)
{
    const struct bundle_entry *lists = bundle_find(b, BUNDLE_LISTS);
    struct content *c = xcalloc(1, sizeof(*c));
    bool fine;

    c->zones = zone_shelf_new(how->reads_zones);
    unpack_zones(c, b);
    fine = unpack_district(c, b, d);
    fine = (!lists || load_lists(c, lists->name, how->lists_fd, d)) && fine;
    fine = fine && unpack_rules(c, b, how, d);
    if (fine)
        return c;
    content_free(c);
    return NULL;
}

struct content *content_unpack(const struct bundle *b, const char *site, int lists_fd,
                               bool untested, struct diags *d)
{
    return unpack(
        b, &(struct unpacking){.site = site, .lists_fd = lists_fd, .untested = untested},
        d);
}

static void pack_file(struct buffer *to, enum bundle_kind kind, const char *path,
                      struct diags *d)
{
    auto_free char *text = NULL;
    size_t len;
    int r = path ? file_read(path, FILE_MOST, &text, &len) : 0;

    if (r < 0)
        diags_error(d, (struct place){.file = path}, "E0102", "cannot be read: %s",
                    strerror(-r));
    else if (path)
        bundle_add(to, kind, path, (struct text){.at = text, .len = len});
}

static void pack_rules(struct buffer *to, const struct content_settings *s,
                       struct diags *d)
{
    struct ruleset_sources all = ruleset_sources_read(s->rules, s->rule_count, d);

    for (size_t i = 0; i < all.count; i++)
        bundle_add(to, BUNDLE_RULES, all.at[i].name,
                   (struct text){.at = all.at[i].text, .len = all.at[i].len});
    ruleset_sources_done(&all);
}

/* The versions of all lists, so that a bundle with new lists is a new one. */
static void pack_lists(struct buffer *to, const char *path, const struct listdb *lists)
{
    auto_buffer struct buffer versions = {0};

    for (unsigned i = 0; lists && i < listdb_count(lists); i++)
        buffer_print(&versions, "%s %s\n", listdb_info(lists, i)->name,
                     listdb_info(lists, i)->version);
    if (lists)
        bundle_add(to, BUNDLE_LISTS, path,
                   (struct text){.at = versions.at, .len = versions.len});
}

static void pack_zones(struct buffer *to, const struct zone_shelf *zones)
{
    struct text file;
    const char *name;

    for (size_t i = 0; (name = zone_shelf_at(zones, i, &file)); i++)
        bundle_add(to, BUNDLE_ZONE, name, file);
}

static struct bundle *pack(const struct content_settings *s, uint64_t serial,
                           const struct listdb *lists, const struct zone_shelf *zones,
                           struct diags *d)
{
    auto_buffer struct buffer bytes = {0};
    struct bundle *b = NULL;

    bundle_begin(&bytes, serial);
    pack_file(&bytes, BUNDLE_DISTRICT, s->district, d);
    pack_rules(&bytes, s, d);
    pack_lists(&bytes, s->lists, lists);
    pack_zones(&bytes, zones);
    bundle_end(&bytes);
    if (diags_errors(d) == 0 && bundle_parse(bytes.at, bytes.len, &b) == -EFBIG)
        diags_error(d, (struct place){0}, "E0520",
                    "rules and district together are more than %zu MiB",
                    BUNDLE_MAX >> 20);
    return b;
}

/* Which zones are spoken of is known when it was loaded once. */
struct bundle *content_pack(const struct content_settings *settings, uint64_t serial,
                            struct diags *d)
{
    auto_content struct content *from_files = content_load(settings, d);
    auto_content struct content *again = NULL;
    auto_diags struct diags *same = diags_new();
    auto_bundle struct bundle *without_zones = NULL;

    if (!from_files)
        return NULL;
    without_zones = pack(settings, serial, from_files->lists, NULL, d);
    if (!without_zones)
        return NULL;
    again = unpack(without_zones,
                   &(struct unpacking){.site = settings->site,
                                       .lists_fd = -1,
                                       .reads_zones = true}, /* its tests', too */
                   same);
    if (!again)
        diags_error(d, (struct place){0}, "E0521",
                    "the rules changed while they were read");
    return again ? pack(settings, serial, from_files->lists, again->zones, d) : NULL;
}

void content_free(struct content *c)
{
    if (!c)
        return;
    ruleset_free(c->rules);
    listdb_close(c->lists);
    district_free(c->district);
    zone_shelf_free(c->zones);
    free(c);
}
