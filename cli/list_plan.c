/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/list_plan.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "crypt.h"
#include "mem.h"

#define MAX_SIZE ((uint64_t)256 << 20)
#define TIMEOUT  (5 * USEC_PER_MIN)

static const char *const kind_words[] = {"black", "white", "protected"};

/* ---- sources ---- */

static bool check_form(const struct planned_source *s, const struct planned_list *l,
                       const struct node *at, struct diags *d)
{
    if (list_form_fits(s->form, l->info.type))
        return true;
    diags_error(d, node_place(at), "E0408", "a list of type %s does not come as %s",
                names_get(&names_list_type, l->info.type),
                names_get(&names_list_form, s->form));
    diags_hint(d, "write form: plain, or form: csv with a column");
    return false;
}

static bool read_source(const struct node *n, const struct planned_list *l,
                        struct planned_source *s, struct diags *d)
{
    static const char *const keys[] = {"form", "file", "column", "kept", "min_entries"};
    const struct node *form, *column, *kept, *least;
    size_t number = LIST_FORM_PLAIN;

    if (!node_is(n, NODE_MAP, d))
        return false;
    node_check_keys(n, "a source", keys, 5, d);
    form = node_get(n, "form");
    column = node_get(n, "column");
    kept = node_get(n, "kept");
    least = node_get(n, "min_entries");
    s->says_min_entries = least != NULL;
    s->node = node_need(n, "the source", "file", d);
    if (!s->node || !node_read_text(s->node, &s->file, d))
        return false;
    if (form && !node_read_name(form, names_list_form.what, names_list_form.at,
                                names_list_form.count, &number, d))
        return false;
    s->form = (enum list_form)number;
    if (column && !node_read_text(column, &s->column, d))
        return false;
    if (kept && !node_read_time(kept, &s->kept, d))
        return false;
    if (least && !node_read_number(least, 0, UINT32_MAX, &s->min_entries, d))
        return false;
    return check_form(s, l, form ? form : n, d);
}

static bool read_sources(const struct node *body, struct planned_list *l, struct diags *d)
{
    const struct node *sources = node_need(body, "the list", "sources", d);
    bool good = true;

    if (!sources || !node_is(sources, NODE_LIST, d))
        return false;
    l->source_count = node_count(sources);
    l->sources = xcalloc(l->source_count + 1, sizeof(*l->sources));
    for (size_t i = 0; i < l->source_count; i++)
        good = read_source(node_item(sources, i), l, &l->sources[i], d) && good;
    return good;
}

/* ---- a list ---- */

static bool read_word(const struct node *body, const char *key, const struct names *names,
                      size_t *ret_number, struct diags *d)
{
    const struct node *n = node_get(body, key);

    return !n || node_read_name(n, names->what, names->at, names->count, ret_number, d);
}

static bool read_words(const struct node *body, struct list_info *info, struct diags *d)
{
    static const struct names kinds = {"kind of list", kind_words, 3};
    const struct node *n = node_get(body, "type");
    size_t type = LIST_DOMAIN, kind = LIST_BLACK, on_stale = LIST_STALE_KEEP_AND_ALERT;
    bool good = read_word(body, "type", &names_list_type, &type, d);

    good = read_word(body, "kind", &kinds, &kind, d) && good;
    good = read_word(body, "on_stale", &names_list_stale, &on_stale, d) && good;
    info->type = (enum list_type)type;
    info->kind = (enum list_kind)kind;
    info->on_stale = (enum list_stale)on_stale;
    if (info->type == LIST_LOOKALIKE && info->kind != LIST_BLACK) {
        diags_error(
            d, node_place(node_get(body, "kind")), "E0408",
            "a list of type lookalike is a black one: %s names have a list of type "
            "domain",
            kind_words[info->kind]);
        return false;
    }
    if (list_class_of(info->type) != LIST_CLASS_NONE)
        return good;
    diags_error(d, node_place(n), "E0408", "a list of type %s does not come from a file",
                names_get(&names_list_type, info->type));
    diags_hint(d, "write its values under items: in a rule file");
    return false;
}

static bool read_note(const struct node *body, const char *key, char *to, size_t room,
                      struct diags *d)
{
    const struct node *n = node_get(body, key);
    const char *text;

    if (!n)
        return true;
    if (!node_read_text(n, &text, d))
        return false;
    strncpy(to, text, room - 1);
    return true;
}

static bool read_limits(const struct node *body, struct planned_list *l, struct diags *d)
{
    const struct node *n;
    bool good = true;

    if ((n = node_get(body, "fetched")))
        good = node_read_time(n, &l->info.fetched, d);
    if ((n = node_get(body, "max_age")))
        good = node_read_duration(n, &l->info.max_age, d) && good;
    if ((n = node_get(body, "min_entries"))) {
        good = node_read_number(n, 0, UINT32_MAX, &l->min_entries, d) && good;
        l->says_min_entries = true;
    }
    return good;
}

/* The name becomes the name of a file, too (list_keep.h). */
static bool read_name(const struct node *key, struct list_info *info, struct diags *d)
{
    const char *name = node_text(key);

    if (strlen(name) >= sizeof(info->name)) {
        diags_error(d, node_place(key), "E0115",
                    "the name of a list has at most %zu characters",
                    sizeof(info->name) - 1);
        return false;
    }
    if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") < strlen(name)) {
        diags_error(d, node_place(key), "E0115", "\"%s\" is no name for a list", name);
        diags_hint(d, "a name has small letters, digits, _ and -");
        return false;
    }
    strncpy(info->name, name, sizeof(info->name) - 1);
    return true;
}

static bool read_list(const struct node *key, const struct node *body,
                      struct planned_list *l, struct diags *d)
{
    static const char *const keys[] = {"type",     "kind",    "licence", "source",
                                       "fetched",  "max_age", "except",  "min_entries",
                                       "on_stale", "sources"};
    bool good = read_name(key, &l->info, d);

    l->node = key;
    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "a list", keys, sizeof(keys) / sizeof(keys[0]), d);
    l->except = node_get(body, "except");
    good = (!l->except || node_is(l->except, NODE_LIST, d)) && good;
    good = read_words(body, &l->info, d) && good;
    good =
        read_note(body, "licence", l->info.licence, sizeof(l->info.licence), d) && good;
    good = read_note(body, "source", l->info.source, sizeof(l->info.source), d) && good;
    good = read_limits(body, l, d) && good;
    return read_sources(body, l, d) && good;
}

/* ---- exceptions ---- */

static const struct planned_list *find_list(const struct list_plan *p, const char *name)
{
    for (size_t i = 0; i < p->list_count; i++)
        if (strcmp(p->lists[i].info.name, name) == 0)
            return &p->lists[i];
    return NULL;
}

static void report_no_list(const struct list_plan *p, const struct node *n,
                           struct diags *d)
{
    auto_free const char **names = xcalloc(p->list_count + 1, sizeof(*names));

    for (size_t i = 0; i < p->list_count; i++)
        names[i] = p->lists[i].info.name;
    diags_error(d, node_place(n), "E0401", "there is no list \"%s\"", node_text(n));
    diags_suggest(d, node_text(n), names, p->list_count);
}

/* What is on both can be told only of lists that are asked the same, and what looks like
 * a name of the one while it is on the other. */
static bool can_except(const struct planned_list *l, const struct planned_list *other)
{
    enum list_class class = list_class_of(l->info.type);

    return list_class_of(other->info.type) ==
           (class == LIST_CLASS_ALIKE ? LIST_CLASS_NAME : class);
}

static bool check_exception(const struct list_plan *p, const struct planned_list *l,
                            const struct node *n, struct diags *d)
{
    const struct planned_list *other;
    const char *name;

    if (!node_read_text(n, &name, d))
        return false;
    other = find_list(p, name);
    if (!other) {
        report_no_list(p, n, d);
        return false;
    }
    if (other != l && can_except(l, other))
        return true;
    diags_error(d, node_place(n), "E0402",
                other == l ? "list \"%s\" cannot be its own exception"
                           : "list \"%s\" holds values of another type",
                name);
    return false;
}

static bool check_exceptions(const struct list_plan *p, struct diags *d)
{
    bool good = true;

    for (size_t i = 0; i < p->list_count; i++)
        for (size_t k = 0; p->lists[i].except && k < node_count(p->lists[i].except); k++)
            good =
                check_exception(p, &p->lists[i], node_item(p->lists[i].except, k), d) &&
                good;
    return good;
}

/* ---- downloads ---- */

static bool read_checksum(const struct node *body, struct planned_download *w,
                          struct diags *d)
{
    const struct node *sha = node_get(body, "sha256"), *file = node_get(body, "checksum");
    uint8_t digest[32];

    if (sha && file) {
        diags_error(d, node_place(file), "E0413",
                    "a download has either sha256 or checksum");
        return false;
    }
    w->kind = sha ? CHECKSUM_SHA256 : file ? CHECKSUM_FILE : CHECKSUM_NONE;
    if (!sha && !file)
        return true;
    if (!node_read_text(sha ? sha : file, &w->checksum, d))
        return false;
    if (file || (strlen(w->checksum) == 64 && crypt_unhex(w->checksum, digest, 32) == 0))
        return true;
    diags_error(d, node_place(sha), "E0413", "a SHA-256 has 64 hexadecimal digits");
    return false;
}

/* Nothing is written outside of the folder of the lists.yaml. */
static bool check_target(const struct node *n, const char *to, struct diags *d)
{
    bool up = strcmp(to, "..") == 0 || strncmp(to, "../", 3) == 0 || strstr(to, "/../") ||
              (strlen(to) > 3 && strcmp(to + strlen(to) - 3, "/..") == 0);

    if (*to && *to != '/' && !up)
        return true;
    diags_error(d, node_place(n), "E0413",
                "it must be a place below the folder of this file");
    return false;
}

static bool read_target(const struct node *key, const struct node *body,
                        struct planned_download *w, struct diags *d)
{
    const struct node *file = node_get(body, "file"), *folder = node_get(body, "folder");
    const struct node *n = file ? file : folder;

    if (!file == !folder) {
        diags_error(d, node_place(key), "E0413",
                    "a download goes to either a file or a folder");
        diags_hint(d, "folder: is for a .tar.gz, which is unpacked there");
        return false;
    }
    w->unpack = folder != NULL;
    return node_read_text(n, &w->to, d) && check_target(n, w->to, d);
}

static bool read_download(const struct node *key, const struct node *body,
                          struct planned_download *w, struct diags *d)
{
    static const char *const keys[] = {"from",     "file",     "folder", "sha256",
                                       "checksum", "max_size", "timeout"};
    const struct node *n;
    bool good;

    *w = (struct planned_download){
        .node = key, .name = node_text(key), .max_size = MAX_SIZE, .timeout = TIMEOUT};
    if (!node_is(body, NODE_MAP, d))
        return false;
    node_check_keys(body, "a download", keys, 7, d);
    n = node_need(body, "the download", "from", d);
    good = n && node_read_text(n, &w->from, d);
    good = read_target(key, body, w, d) && good;
    good = read_checksum(body, w, d) && good;
    if ((n = node_get(body, "max_size")))
        good = node_read_size(n, &w->max_size, d) && good;
    if ((n = node_get(body, "timeout")))
        good = node_read_duration(n, &w->timeout, d) && good;
    return good;
}

/* ---- all of it ---- */

static bool read_lists(struct list_plan *p, const struct node *n, struct diags *d)
{
    bool good = true;

    if (!n || !node_is(n, NODE_MAP, d))
        return false;
    if (node_count(n) > LISTDB_MAX) {
        diags_error(d, node_place(node_key(n, LISTDB_MAX)), "E0412", "more than %d lists",
                    LISTDB_MAX);
        return false;
    }
    p->list_count = node_count(n);
    p->lists = xcalloc(p->list_count + 1, sizeof(*p->lists));
    for (size_t i = 0; i < p->list_count; i++)
        good = read_list(node_key(n, i), node_value(n, i), &p->lists[i], d) && good;
    return check_exceptions(p, d) && good;
}

static bool read_downloads(struct list_plan *p, const struct node *n, struct diags *d)
{
    bool good = true;

    if (!n)
        return true;
    if (!node_is(n, NODE_MAP, d))
        return false;
    p->download_count = node_count(n);
    p->downloads = xcalloc(p->download_count + 1, sizeof(*p->downloads));
    for (size_t i = 0; i < p->download_count; i++)
        good =
            read_download(node_key(n, i), node_value(n, i), &p->downloads[i], d) && good;
    return good;
}

static bool read_plan(struct list_plan *p, struct diags *d)
{
    static const char *const keys[] = {"schema", "lists", "downloads"};
    const struct node *root = yaml_root(p->yaml), *schema;
    uint64_t number;
    bool good;

    if (!node_is(root, NODE_MAP, d))
        return false;
    node_check_keys(root, "lists.yaml", keys, 3, d);
    schema = node_need(root, "lists.yaml", "schema", d);
    good = schema && node_read_number(schema, 1, 1, &number, d);
    good = read_lists(p, node_need(root, "lists.yaml", "lists", d), d) && good;
    return read_downloads(p, node_get(root, "downloads"), d) && good;
}

struct list_plan *list_plan_load(const char *path, struct diags *d)
{
    auto_list_plan struct list_plan *p = xcalloc(1, sizeof(*p));
    auto_free char *copy = xstrdup(path);
    size_t errors = diags_errors(d);

    p->folder = xstrdup(dirname(copy));
    p->yaml = yaml_load(path, d);
    if (!p->yaml || !read_plan(p, d) || diags_errors(d) > errors)
        return NULL;
    return take(p);
}

void list_plan_free(struct list_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->list_count; i++)
        free(p->lists[i].sources);
    free(p->lists);
    free(p->downloads);
    free(p->folder);
    yaml_release(p->yaml);
    free(p);
}

char *list_plan_path(const struct list_plan *p, const char *path)
{
    return path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", p->folder, path);
}
