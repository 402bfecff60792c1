/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First every file is read and every name in it collected; then macros, lists and
 * schedules are understood; then the rules. So a name may be used before it is defined,
 * and in another file.
 */
#include <errno.h>

#include "crypt.h"
#include "mem.h"
#include "rule_tests.h"

/* ---- reading them ---- */

static const char *const top_keys[] = {"schema", "ruleset",  "version",   "requires",
                                       "lists",  "macros",   "schedules", "rules",
                                       "tests",  "test_time"};
#define TOP_KEYS (sizeof(top_keys) / sizeof(top_keys[0]))

static const char *const overlay_keys[] = {"schema",  "overlay_of", "version",
                                           "site",    "set",        "add_exceptions",
                                           "disable", "tests",      "test_time"};
#define OVERLAY_KEYS (sizeof(overlay_keys) / sizeof(overlay_keys[0]))

/* Whether it is a rule file at all: a folder may hold others. */
static bool is_rule_file(const struct node *root)
{
    if (node_kind(root) != NODE_MAP || node_get(root, "overlay_of"))
        return true;
    for (size_t i = 1; i < TOP_KEYS; i++)
        if (strcmp(top_keys[i], "version") != 0 && node_get(root, top_keys[i]))
            return true;
    return false;
}

static void digest_add(struct buffer *digests, const char *text, size_t len)
{
    uint8_t digest[32];

    crypt_sha256(text, len, digest);
    buffer_add(digests, digest, sizeof(digest));
}

static void add_file(struct rule_reader *r, struct yaml *yaml, const char *path)
{
    struct ruleset *s = r->set;

    s->files = xrealloc(s->files, s->file_count + 1, sizeof(*s->files));
    s->files[s->file_count++] = (struct ruleset_file){
        .yaml = yaml, .path = arena_text(&s->arena, text_of(path)).at};
}

static void read_text(struct rule_reader *r, const char *path, const char *text,
                      size_t len, bool named, struct buffer *digests)
{
    struct yaml *yaml = yaml_parse(path, text, len, r->diags);

    if (!yaml)
        return;
    if (!named && !is_rule_file(yaml_root(yaml))) {
        yaml_release(yaml);
        return;
    }
    digest_add(digests, text, len);
    add_file(r, yaml, path);
}

static void read_sources(struct rule_reader *r, const struct ruleset_source *at,
                         size_t count, struct buffer *digests)
{
    for (size_t i = 0; i < count; i++)
        read_text(r, at[i].name, at[i].text, at[i].len, at[i].named, digests);
}

static void read_files(struct rule_reader *r)
{
    const struct ruleset_settings *t = &r->set->settings;
    auto_buffer struct buffer digests = {0};
    struct ruleset_sources files =
        ruleset_sources_read(t->paths, t->path_count, r->diags);
    uint8_t digest[32];

    read_sources(r, files.at, files.count, &digests);
    read_sources(r, t->sources, t->source_count, &digests);
    ruleset_sources_done(&files);
    crypt_sha256(digests.at, digests.len, digest);
    crypt_hex(digest, 8, r->set->version);
}

/* ---- the top of a file ---- */

/* The next number of "4.2.1", 0 when there is none. */
static unsigned long next_number(const char **at)
{
    char *end;
    unsigned long number = strtoul(*at, &end, 10);

    *at = *end == '.' ? end + 1 : end;
    return number;
}

static bool version_at_least(const char *have, const char *need)
{
    for (size_t i = 0; i < 3; i++) {
        unsigned long a = next_number(&have), b = next_number(&need);

        if (a != b)
            return a > b;
    }
    return true;
}

/* ">=4.2": the version in it, or NULL after telling. */
static const char *read_needed(const struct node *value, struct diags *d)
{
    const char *text, *version;

    if (!node_read_text(value, &text, d))
        return NULL;
    version = text + 2 + strspn(strncmp(text, ">=", 2) == 0 ? text + 2 : "", " ");
    if (strncmp(text, ">=", 2) == 0 && *version >= '0' && *version <= '9' &&
        version[strspn(version, "0123456789.")] == 0)
        return version;
    diags_error(d, node_place(value), "E0113", "expected \">=\" and a version");
    diags_hint(d, "like this: {agent: \">=0.1\"}");
    return NULL;
}

/* A version that is not known here (NULL) is not held against. */
static void hold_against(struct rule_reader *r, const struct node *value,
                         const char *name, const char *have)
{
    const char *need = value ? read_needed(value, r->diags) : NULL;

    if (!need || !have || version_at_least(have, need))
        return;
    diags_error(r->diags, node_place(value), "E0519",
                "these rules need %s %s, this is %s", name, need, have);
    diags_hint(r->diags,
               "update %s on the sensor boxes, or take an older version of the "
               "rules",
               name);
}

static void read_requires(struct rule_reader *r, const struct node *n)
{
    static const char *const keys[] = {"agent", "ndpi"};

    if (!n || !node_is(n, NODE_MAP, r->diags))
        return;
    node_check_keys(n, "requires", keys, 2, r->diags);
    hold_against(r, node_get(n, "agent"), "Hallwatch", VERSION);
    hold_against(r, node_get(n, "ndpi"), "nDPI", r->set->settings.ndpi);
}

static void read_top(struct rule_reader *r, struct ruleset_file *f)
{
    const struct node *root = yaml_root(f->yaml), *n;
    uint64_t schema;

    f->name = f->version = "";
    if (!node_is(root, NODE_MAP, r->diags))
        return;
    f->overlay = node_get(root, "overlay_of");
    if (f->overlay)
        node_check_keys(root, "an overlay", overlay_keys, OVERLAY_KEYS, r->diags);
    else
        node_check_keys(root, "a rule file", top_keys, TOP_KEYS, r->diags);
    n = node_need(root, "the rule file", "schema", r->diags);
    if (n && node_read_number(n, 0, UINT32_MAX, &schema, r->diags) && schema != 1)
        diags_error(r->diags, node_place(n), "E0113",
                    "this version reads schema 1, not %llu", (unsigned long long)schema);
    n = f->overlay ? node_get(root, "overlay_of")
                   : node_need(root, "the rule file", "ruleset", r->diags);
    if (n)
        node_read_text(n, &f->name, r->diags);
    if ((n = node_get(root, "version")))
        node_read_text(n, &f->version, r->diags);
    read_requires(r, node_get(root, "requires"));
}

/* ---- rules ---- */

static void collect_rules(struct rule_reader *r)
{
    struct ruleset *s = r->set;
    size_t count = 0;

    for (size_t i = 0; i < s->file_count; i++) {
        const struct node *rules = node_get(yaml_root(s->files[i].yaml), "rules");

        if (rules && node_is(rules, NODE_LIST, r->diags))
            count += node_count(rules);
    }
    s->rules = arena_array(&s->arena, count, sizeof(*s->rules));
    for (size_t i = 0; i < s->file_count; i++) {
        const struct node *rules = node_get(yaml_root(s->files[i].yaml), "rules");

        for (size_t k = 0; rules && k < node_count(rules); k++)
            if (node_is(node_item(rules, k), NODE_MAP, r->diags))
                s->rules[s->rule_count] =
                    (struct compiled_rule){.node = node_item(rules, k),
                                           .file = &s->files[i],
                                           .base = s->rule_count},
                s->rule_count++;
    }
}

static int by_id(const void *a, const void *b)
{
    const struct compiled_rule *const *x = a, *const *y = b;
    int order = strcmp((*x)->rule.id, (*y)->rule.id);

    return order ? order : (*x < *y ? -1 : *x > *y);
}

static void check_ids(struct rule_reader *r)
{
    struct ruleset *s = r->set;
    auto_free struct compiled_rule **sorted = xcalloc(s->rule_count + 1, sizeof(*sorted));
    size_t count = 0;

    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i].rule.id && !rule_is_changed(s, i))
            sorted[count++] = &s->rules[i];
    qsort(sorted, count, sizeof(struct compiled_rule *), by_id);
    for (size_t i = 1; i < count; i++) {
        const struct node *id = node_get(sorted[i]->node, "id");
        struct place first = sorted[i - 1]->rule.place;

        if (strcmp(sorted[i]->rule.id, sorted[i - 1]->rule.id) != 0)
            continue;
        diags_error(r->diags, node_place(id), "E0114", "there is a rule \"%s\" already",
                    sorted[i]->rule.id);
        diags_hint(r->diags, "the other one is at %s:%u", first.file, first.line);
    }
}

static void note_program(struct ruleset *s, const struct program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct predicate *p = &s->predicates.at[program->steps[i].predicate];

        field_set_add(&s->uses, p->field);
        if (p->other != FIELD_UNKNOWN)
            field_set_add(&s->uses, p->other);
    }
}

static void note_fields(struct ruleset *s, const enum field_id *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        field_set_add(&s->uses, fields[i]);
}

static void note_use(struct ruleset *s, const struct compiled_rule *c)
{
    const struct rule *rule = &c->rule;

    s->kinds |= rule->watch;
    if (c->scope != NO_SCOPE && scope_asks_groups(&s->scopes[c->scope])) {
        s->asks_groups = true;
        field_set_add(&s->uses, FIELD_DEVICE_GROUPS);
    }
    note_program(s, &c->program);
    for (size_t i = 0; i < c->part_count; i++) /* mostly they are in it */
        note_program(s, &c->parts[i].program);
    for (size_t i = 0; i < c->exception_count; i++)
        note_program(s, &c->exceptions[i].when);
    note_fields(s, rule->window.by, rule->window.by_count);
    for (size_t i = 0; i < rule->sequence.steps; i++)
        note_fields(s, rule->sequence.by[i], rule->sequence.keys.by_count);
    note_fields(s, rule->combine.keys.by, rule->combine.keys.by_count);
    note_fields(s, rule->inhibits.equal, rule->inhibits.equal_count);
    note_fields(s, rule->dedup.by, rule->dedup.by_count);
    if (rule->window.of != FIELD_UNKNOWN)
        field_set_add(&s->uses, rule->window.of);
    if (rule->window.value != FIELD_UNKNOWN)
        field_set_add(&s->uses, rule->window.value);
    if (rule->window.apart) {
        field_set_add(&s->uses, FIELD_FLOW_START_TIME);
        field_set_add(&s->uses, FIELD_FLOW_DURATION);
    }
}

static void note_age_of(struct ruleset *s, struct rule *rule,
                        const struct program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct predicate *p = &s->predicates.at[program->steps[i].predicate];

        if (p->listdb_until >= rule->off_after)
            continue;
        rule->off_after = p->listdb_until;
        rule->off_list = p->list;
    }
}

/* Until when it can be believed: all lists that it asks are, its exceptions' too. */
static void note_age(struct ruleset *s, struct compiled_rule *c)
{
    c->rule.off_after = LIST_NEVER_STALE;
    note_age_of(s, &c->rule, &c->program);
    for (size_t i = 0; i < c->part_count; i++)
        note_age_of(s, &c->rule, &c->parts[i].program);
    for (size_t i = 0; i < c->exception_count; i++)
        note_age_of(s, &c->rule, &c->exceptions[i].when);
}

/* What is wrong with a rule as shipped is told once, not with each of its forms. */
static bool read_rule(struct rule_reader *r, size_t i)
{
    struct compiled_rule *c = &r->set->rules[i];
    bool good;

    for (size_t before = c->base; before < i; before++)
        if (r->set->rules[before].failed)
            return false;
    r->again = rule_is_changed(r->set, i);
    good = rule_read(r, c);
    c->failed = !good;
    if (good)
        note_age(r->set, c);
    if (!good && r->again)
        rule_overlay_blame(r, i);
    r->again = false;
    return good;
}

static void read_rules(struct rule_reader *r)
{
    struct ruleset *s = r->set;

    for (size_t i = 0; i < s->rule_count; i++)
        if (read_rule(r, i) && s->rules[i].rule.mode != MODE_DISABLED)
            note_use(s, &s->rules[i]);
    check_ids(r);
    rule_link(r);
}

/* ---- the clocks of the sites ---- */

static void add_zone(struct rule_reader *r, const char *site, const char *name)
{
    struct site_zone *z = &r->set->zones[r->set->zone_count];

    if (zone_shelf_open(r->set->settings.zones, name, &z->zone) != 0) {
        diags_error(r->diags, (struct place){0}, "E0306",
                    "the time zone \"%s\" of site \"%s\" cannot be read", name, site);
        return;
    }
    z->site = site;
    r->set->zone_count++;
}

static void open_zones(struct rule_reader *r)
{
    const struct ruleset_settings *t = &r->set->settings;
    size_t sites = t->district ? t->district->site_count : 0, first = 0;

    r->set->zones = arena_array(&r->set->arena, sites + 1, sizeof(struct site_zone));
    for (size_t i = 0; i < sites; i++)
        if (t->site && strcmp(t->district->sites[i].id, t->site) == 0)
            first = i;
    if (sites == 0)
        add_zone(r, "", "UTC");
    else
        add_zone(r, t->district->sites[first].id, t->district->sites[first].tz);
    for (size_t i = 0; i < sites; i++)
        if (i != first)
            add_zone(r, t->district->sites[i].id, t->district->sites[i].tz);
}

/* ---- all of it ---- */

struct ruleset *ruleset_load(const struct ruleset_settings *settings, struct diags *d)
{
    auto_ruleset struct ruleset *s = xcalloc(1, sizeof(*s));
    struct rule_reader r = {.set = s, .diags = d};
    size_t errors = diags_errors(d);

    s->settings = *settings;
    read_files(&r);
    for (size_t i = 0; i < s->file_count; i++)
        read_top(&r, &s->files[i]);
    open_zones(&r);
    rule_names_collect(&r);
    collect_rules(&r);
    r.world = (struct expr_world){
        .arena = &s->arena,
        .diags = d,
        .predicates = &s->predicates,
        .lists = s->lists,
        .list_count = s->list_count,
        .macros = s->macros,
        .macro_count = s->macro_count,
    };
    rule_names_read(&r);
    rule_overlays_read(&r);
    read_rules(&r);
    rule_tests_read(&r);
    if (diags_errors(d) > errors)
        return NULL;
    rule_names_report_unused(&r);
    rule_names_report_disabled(&r);
    s->index = index_new(s);
    return take(s);
}

void ruleset_free(struct ruleset *s)
{
    if (!s)
        return;
    index_free(s->index);
    for (size_t i = 0; i < s->schedule_count; i++)
        schedule_done(&s->schedules[i]);
    for (size_t i = 0; i < s->zone_count; i++)
        zone_close(s->zones[i].zone);
    for (size_t i = 0; i < s->file_count; i++) {
        rule_test_time_done(&s->files[i]);
        yaml_release(s->files[i].yaml);
    }
    predicate_table_done(&s->predicates);
    free(s->files);
    free(s->scopes);
    arena_done(&s->arena);
    free(s);
}

size_t ruleset_count(const struct ruleset *s)
{
    return s->rule_count;
}

const struct rule *ruleset_rule(const struct ruleset *s, size_t i)
{
    return &s->rules[i].rule;
}

int ruleset_find(const struct ruleset *s, const char *id)
{
    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i].rule.id && strcmp(s->rules[i].rule.id, id) == 0)
            return (int)i;
    return -ENOENT;
}

int ruleset_find_like(const struct ruleset *s, const struct rule *rule)
{
    int found = ruleset_find(s, rule->id);

    for (size_t i = found < 0 ? s->rule_count : (size_t)found;
         i < s->rule_count && s->rules[i].base == (size_t)found; i++)
        if (s->rules[i].rule.revision == rule->revision)
            return (int)i;
    return found;
}

size_t ruleset_changes(const struct ruleset *s, const struct rule_change **ret_changes)
{
    *ret_changes = s->changes;
    return s->change_count;
}

uint32_t ruleset_kinds(const struct ruleset *s)
{
    return s->kinds;
}

bool ruleset_uses(const struct ruleset *s, enum field_id f)
{
    return field_set_has(&s->uses, f);
}

const char *ruleset_version(const struct ruleset *s)
{
    return s->version;
}
