/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists, macros and schedules: maps from a name to what it stands for, of all files
 * together.
 */
#include <errno.h>

#include "constant.h"
#include "mem.h"
#include "ruleset.h"

/* How a value of such a list is written, for constant_convert. */
static const enum field_type item_types[] = {
    [LIST_DOMAIN] = TYPE_DOMAIN,  [LIST_CIDR] = TYPE_ADDR,
    [LIST_IP] = TYPE_ADDR,        [LIST_MAC] = TYPE_MAC,
    [LIST_PORT] = TYPE_NUMBER,    [LIST_STRING] = TYPE_TEXT,
    [LIST_JA3] = TYPE_TEXT,       [LIST_JA4] = TYPE_TEXT,
    [LIST_CERT] = TYPE_TEXT,      [LIST_LOOKALIKE] = TYPE_DOMAIN,
    [LIST_AUTHORITY] = TYPE_TEXT,
};

/* ---- collecting ---- */

static const struct node *section(const struct ruleset *s, size_t file, const char *key)
{
    const struct node *n = node_get(yaml_root(s->files[file].yaml), key);

    return n && node_kind(n) == NODE_MAP ? n : NULL;
}

static size_t count_section(struct rule_reader *r, const char *key)
{
    size_t count = 0;

    for (size_t i = 0; i < r->set->file_count; i++) {
        const struct node *n = node_get(yaml_root(r->set->files[i].yaml), key);

        if (n && node_is(n, NODE_MAP, r->diags))
            count += node_count(n);
    }
    return count;
}

/* The name is good, and new among count names that stand stride bytes apart. */
static bool check_name(struct rule_reader *r, const char *what, const struct node *key,
                       const struct node *const *earlier)
{
    const char *name = node_text(key);
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    if (name[good] != '\0' || good == 0 || (name[0] >= '0' && name[0] <= '9')) {
        diags_error(r->diags, node_place(key), "E0115", "\"%s\" is no name for a %s",
                    name, what);
        diags_hint(r->diags, "a name has small letters, digits, _ and -, and begins with "
                             "a letter");
        return false;
    }
    for (; *earlier; earlier++)
        if (strcmp(node_text(*earlier), name) == 0) {
            struct place first = node_place(*earlier);

            diags_error(r->diags, node_place(key), "E0114",
                        "there is a %s \"%s\" already", what, name);
            diags_hint(r->diags, "the other one is at %s:%u", first.file, first.line);
            return false;
        }
    return true;
}

/* The keys of a section in all files, each name once, ended by NULL; values beside it. */
struct found {
    const struct node **keys, **values;
    size_t count;
};

static struct found find_all(struct rule_reader *r, const char *key, const char *what)
{
    struct ruleset *s = r->set;
    size_t most = count_section(r, key);
    struct found f = {arena_array(&s->arena, most + 1, sizeof(*f.keys)),
                      arena_array(&s->arena, most + 1, sizeof(*f.values)), 0};

    for (size_t i = 0; i < s->file_count; i++) {
        const struct node *n = section(s, i, key);

        for (size_t k = 0; n && k < node_count(n); k++) {
            if (!check_name(r, what, node_key(n, k), f.keys))
                continue;
            f.keys[f.count] = node_key(n, k);
            f.values[f.count++] = node_value(n, k);
        }
    }
    return f;
}

void rule_names_collect(struct rule_reader *r)
{
    struct ruleset *s = r->set;
    struct found lists = find_all(r, "lists", "list");
    struct found macros = find_all(r, "macros", "macro");
    struct found schedules = find_all(r, "schedules", "schedule");

    s->lists = arena_array(&s->arena, lists.count, sizeof(*s->lists));
    for (size_t i = 0; i < lists.count; i++)
        s->lists[s->list_count++] = (struct list_def){.name = node_text(lists.keys[i]),
                                                      .node = lists.keys[i],
                                                      .body = lists.values[i],
                                                      .listdb = LISTDB_NONE};
    s->macros = arena_array(&s->arena, macros.count, sizeof(*s->macros));
    for (size_t i = 0; i < macros.count; i++)
        s->macros[s->macro_count++] = (struct macro){.name = node_text(macros.keys[i]),
                                                     .node = macros.keys[i],
                                                     .body = macros.values[i]};
    s->schedules = arena_array(&s->arena, schedules.count, sizeof(*s->schedules));
    for (size_t i = 0; i < schedules.count; i++)
        s->schedules[s->schedule_count++] =
            (struct schedule){.name = node_text(schedules.keys[i]),
                              .node = schedules.keys[i],
                              .body = schedules.values[i]};
}

/* ---- lists ---- */

/* What a rule file asks of a list; what it does not say is the list's own. */
struct freshness {
    usec_t max_age;
    uint64_t min_entries;
    size_t on_stale;
    bool says_on_stale;
};

static void read_freshness(struct rule_reader *r, const struct node *body,
                           struct freshness *f)
{
    const struct node *n;

    *f = (struct freshness){0};
    if ((n = node_get(body, "max_age")))
        node_read_duration(n, &f->max_age, r->diags);
    if ((n = node_get(body, "min_entries")))
        node_read_number(n, 0, UINT32_MAX, &f->min_entries, r->diags);
    if ((n = node_get(body, "on_stale")))
        f->says_on_stale = node_read_name(n, names_list_stale.what, names_list_stale.at,
                                          names_list_stale.count, &f->on_stale, r->diags);
}

static const char fetch_again[] = "fetch it again, then: hallwatch lists build";

/* Its rules are silent, as they are without any lists, where the rule file says so. */
static bool is_silenced(struct list_def *l, const struct listdb *db,
                        const struct freshness *f)
{
    bool silent = f->says_on_stale && f->on_stale == LIST_STALE_DISABLE &&
                  (!db || listdb_info(db, (unsigned)l->listdb)->entries < f->min_entries);

    if (silent) {
        l->on_stale = LIST_STALE_DISABLE;
        l->stale_from = LIST_NEVER_USED;
    }
    return silent;
}

static void check_age(struct rule_reader *r, struct list_def *l,
                      const struct list_info *info, const struct freshness *f)
{
    usec_t now = r->set->settings.now, max_age = f->max_age ? f->max_age : info->max_age;
    char age[CLOCK_TEXT];

    l->on_stale = f->says_on_stale ? (enum list_stale)f->on_stale : info->on_stale;
    l->stale_from = max_age ? info->fetched + max_age : LIST_NEVER_STALE;
    if (now <= l->stale_from || l->on_stale == LIST_STALE_KEEP ||
        l->on_stale == LIST_STALE_DISABLE) /* told when the rules are read */
        return;
    clock_print_duration((now - info->fetched) / USEC_PER_DAY * USEC_PER_DAY, age);
    if (l->on_stale == LIST_STALE_REFUSE)
        diags_error(r->diags, node_place(l->node), "E0404",
                    "list \"%s\" is too old: it was fetched %s ago", info->name, age);
    else
        diags_warn(r->diags, node_place(l->node), "W0404",
                   "list \"%s\" is old: it was fetched %s ago", info->name, age);
    diags_hint(r->diags, fetch_again);
}

/* An address in a list of networks is a network of one; else types must be the same. */
static bool same_type(enum list_type asked, enum list_type compiled)
{
    return asked == compiled || (asked == LIST_CIDR && compiled == LIST_IP);
}

static void report_no_list(struct rule_reader *r, const struct node *file,
                           const struct listdb *db)
{
    const char *names[LISTDB_MAX];
    unsigned count = 0;

    for (; count < listdb_count(db) && count < LISTDB_MAX; count++)
        names[count] = listdb_info(db, count)->name;
    diags_error(r->diags, node_place(file), "E0406", "the list file has no list \"%s\"",
                node_text(file));
    diags_suggest(r->diags, node_text(file), names, count);
    diags_hint(r->diags, "lists come into it with: hallwatch lists build");
}

static void find_in_listdb(struct rule_reader *r, struct list_def *l,
                           const struct node *file, const struct freshness *f)
{
    const struct listdb *db = r->set->settings.lists;
    const struct list_info *info;
    const char *name;

    if (!node_read_text(file, &name, r->diags))
        return;
    l->listdb = db ? listdb_find(db, name) : LISTDB_NONE;
    if (!db) { /* told once, of all of them */
        (void)is_silenced(l, db, f);
        return;
    }
    if (l->listdb < 0) {
        l->listdb = LISTDB_NONE;
        report_no_list(r, file, db);
        return;
    }
    info = listdb_info(db, (unsigned)l->listdb);
    if (!same_type(l->type, info->type)) {
        diags_error(r->diags, node_place(file), "E0408",
                    "list \"%s\" is one of type %s in the list file, not %s", name,
                    names_get(&names_list_type, info->type),
                    names_get(&names_list_type, l->type));
        return;
    }
    if (is_silenced(l, db, f)) /* told when the rules are read */
        return;
    check_age(r, l, info, f);
    if (info->entries < f->min_entries) {
        diags_error(r->diags, node_place(l->node), "E0405",
                    "list \"%s\" has %llu entries, it should have at least %llu", name,
                    (unsigned long long)info->entries,
                    (unsigned long long)f->min_entries);
        diags_hint(r->diags, "its source may have been empty when it was fetched");
    }
}

/* Fingerprints are compared as they stand: another way of writing one never matches. */
static void check_print(struct rule_reader *r, const struct list_def *l,
                        const struct node *n)
{
    char clean[LIST_VALUE_MAX];
    size_t len;

    if (list_value_clean(l->type, text_of(node_text(n)), clean, &len) != 0)
        diags_error(r->diags, node_place(n), "E0403", "\"%s\" is no %s", node_text(n),
                    list_value_what(l->type));
    else if (strcmp(clean, node_text(n)) != 0)
        diags_error(r->diags, node_place(n), "E0403", "write it in one form: %s", clean);
}

static void read_items(struct rule_reader *r, struct list_def *l, const struct node *n)
{
    size_t errors = diags_errors(r->diags);

    if (!node_is(n, NODE_LIST, r->diags))
        return;
    for (size_t i = 0; i < node_count(n); i++) {
        struct operand o = constant_operand(node_item(n, i));
        const char *text;
        struct constant c;

        if (!node_read_text(node_item(n, i), &text, r->diags))
            continue;
        if (list_class_of(l->type) == LIST_CLASS_PRINT)
            check_print(r, l, node_item(n, i));
        else if (constant_convert(&r->set->arena, &o, item_types[l->type], NULL, r->diags,
                                  &c) &&
                 l->type == LIST_PORT && c.number > UINT16_MAX)
            diags_error(r->diags, node_place(node_item(n, i)), "E0403",
                        "a port is at most 65535");
    }
    if (diags_errors(r->diags) == errors)
        l->items = n;
}

static void read_list(struct rule_reader *r, struct list_def *l)
{
    static const char *const keys[] = {"type",    "items",       "file",
                                       "max_age", "min_entries", "on_stale"};
    const struct node *items = node_get(l->body, "items"), *n;
    const struct node *file = node_get(l->body, "file");
    struct freshness fresh;
    size_t type;

    if (!node_is(l->body, NODE_MAP, r->diags))
        return;
    node_check_keys(l->body, "a list", keys, 6, r->diags);
    read_freshness(r, l->body, &fresh);
    n = node_need(l->body, "the list", "type", r->diags);
    if (!n || !node_read_name(n, names_list_type.what, names_list_type.at,
                              names_list_type.count, &type, r->diags))
        return;
    l->type = (enum list_type)type;
    if (items && l->type == LIST_LOOKALIKE) {
        diags_error(r->diags, node_place(items), "E0408",
                    "a list of type lookalike comes from a file");
        diags_hint(r->diags, "name it in lists.yaml, build it, and write its name here: "
                             "file: NAME");
    } else if (!items == !file) {
        diags_error(r->diags, node_place(l->node), "E0403",
                    "a list has either items or a file");
    } else if (items) {
        read_items(r, l, items);
    } else if (list_class_of(l->type) == LIST_CLASS_NONE) {
        diags_error(r->diags, node_place(file), "E0408",
                    "a list of type %s does not come from a file",
                    names_get(&names_list_type, l->type));
        diags_hint(r->diags, "write its values under items:");
    } else {
        l->from_file = true;
        find_in_listdb(r, l, file, &fresh);
    }
}

#define NAMED 3 /* of the lists that are empty: who reads it wants all or none */

/* Lists from a file without the file: rules that ask them never match. */
static void warn_of_empty(struct rule_reader *r)
{
    const struct ruleset *s = r->set;
    auto_buffer struct buffer names = {0};
    const struct node *first = NULL;
    size_t count = 0;

    for (size_t i = 0; !s->settings.lists && i < s->list_count; i++) {
        if (!s->lists[i].from_file)
            continue;
        first = first ? first : s->lists[i].node;
        if (count++ < NAMED)
            buffer_print(&names, "%s%s", names.len ? ", " : "", s->lists[i].name);
    }
    if (!first)
        return;
    if (count > NAMED)
        buffer_print(&names, " and %zu more", count - NAMED);
    diags_warn(r->diags, node_place(first), "W0407",
               "no compiled lists were given: rules that ask one find nothing (%s)",
               names.at);
    diags_hint(r->diags,
               "`hallwatch lists build --out FILE` compiles the shipped ones; FILE is "
               "given with --lists, or as \"lists\" in the settings");
}

/* ---- all three ---- */

void rule_names_read(struct rule_reader *r)
{
    struct ruleset *s = r->set;

    for (size_t i = 0; i < s->list_count; i++) {
        size_t errors = diags_errors(r->diags);

        read_list(r, &s->lists[i]);
        s->lists[i].broken = diags_errors(r->diags) > errors;
    }
    warn_of_empty(r);
    for (size_t i = 0; i < s->macro_count; i++)
        s->macros[i].expr = expr_parse(&s->arena, s->macros[i].body, r->diags);
    for (size_t i = 0; i < s->macro_count; i++)
        expr_check_macro(&r->world, &s->macros[i]);
    for (size_t i = 0; i < s->schedule_count; i++)
        schedule_read(&s->schedules[i], &s->arena, s->settings.district,
                      s->settings.zones, r->diags);
}

static void report_unused(struct rule_reader *r, const char *what, const char *code,
                          const struct node *name)
{
    diags_warn(r->diags, node_place(name), code, "no rule uses the %s \"%s\"", what,
               node_text(name));
}

void rule_names_report_unused(struct rule_reader *r)
{
    struct ruleset *s = r->set;

    for (size_t i = 0; i < s->list_count; i++)
        if (!s->lists[i].used)
            report_unused(r, "list", "W0409", s->lists[i].node);
    for (size_t i = 0; i < s->macro_count; i++)
        if (!s->macros[i].used)
            report_unused(r, "macro", "W0220", s->macros[i].node);
    for (size_t i = 0; i < s->schedule_count; i++)
        if (!s->schedules[i].used)
            report_unused(r, "schedule", "W0308", s->schedules[i].node);
}

/* Rules that a list silences. A rule that two do is told with the older one. */
struct asking {
    const struct list_def *list;
    struct buffer names;
};

static void name_asking(const struct rule *rule, void *arg)
{
    struct asking *a = arg;

    if (strcmp(rule->off_list, a->list->name) == 0)
        buffer_print(&a->names, "%s%s", a->names.len ? ", " : "", rule->id);
}

static const char *silenced(const struct asking *a)
{
    return a->names.len ? a->names.at : "no rule";
}

static void report_old(struct rule_reader *r, const struct list_def *l,
                       const struct list_info *info, const struct asking *a)
{
    char age[CLOCK_TEXT];

    clock_print_duration(
        (r->set->settings.now - info->fetched) / USEC_PER_DAY * USEC_PER_DAY, age);
    diags_warn(r->diags, node_place(l->node), "W0404",
               "list \"%s\" is old: it was fetched %s ago, and is not used; silent: %s",
               info->name, age, silenced(a));
    diags_hint(r->diags, fetch_again);
}

static void report_short(struct rule_reader *r, const struct list_def *l,
                         const struct list_info *info, const struct asking *a)
{
    diags_warn(r->diags, node_place(l->node), "W0405",
               "list \"%s\" has %llu entries, too few to be used; silent: %s", info->name,
               (unsigned long long)info->entries, silenced(a));
    diags_hint(r->diags, "give its sources in lists.yaml what they name, then: "
                         "hallwatch lists build");
}

void rule_names_report_disabled(struct rule_reader *r)
{
    const struct ruleset *s = r->set;

    for (size_t i = 0; i < s->list_count; i++) {
        const struct list_def *l = &s->lists[i];
        struct asking a = {.list = l};
        const struct list_info *info;

        if (l->listdb < 0 || l->on_stale != LIST_STALE_DISABLE ||
            s->settings.now <= l->stale_from)
            continue;
        info = listdb_info(s->settings.lists, (unsigned)l->listdb);
        ruleset_off(s, s->settings.now, name_asking, &a);
        if (l->stale_from == LIST_NEVER_USED)
            report_short(r, l, info, &a);
        else
            report_old(r, l, info, &a);
        buffer_done(&a.names);
    }
}

void ruleset_off(const struct ruleset *set, usec_t now, ruleset_off_fn *fn, void *arg)
{
    for (size_t i = 0; i < set->rule_count; i++) {
        const struct rule *rule = &set->rules[i].rule;

        if (now > rule->off_after && rule->mode != MODE_DISABLED)
            fn(rule, arg);
    }
}

void ruleset_stale_lists(const struct ruleset *set, usec_t now, ruleset_stale_fn *fn,
                         void *arg)
{
    for (size_t i = 0; i < set->list_count; i++) {
        const struct list_def *l = &set->lists[i];
        const struct list_info *info;

        if (l->listdb < 0 || !l->used || l->on_stale == LIST_STALE_KEEP ||
            now <= l->stale_from || l->stale_from == LIST_NEVER_USED)
            continue;
        info = listdb_info(set->settings.lists, (unsigned)l->listdb);
        fn(info, (now - info->fetched) / USEC_PER_DAY, arg);
    }
}
