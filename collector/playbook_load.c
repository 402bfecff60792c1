/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First the ids of all steps are collected, so that a step may name one that comes later;
 * then each step is read by the table of its kind (playbook_step.c); then the graph that
 * they make is looked at (playbook_graph.c). Whatever was read lives in one arena.
 */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "collector/playbook_tree.h"
#include "file.h"
#include "items.h"
#include "mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SCHEMA       1
#define FILE_MAX     ((size_t)1 << 20)
#define ID_LETTERS   "abcdefghijklmnopqrstuvwxyz0123456789-"

static const char *const reader_words[] = {"staff",    "owner-family", "families",
                                           "students", "community",    "vendor",
                                           "police",   "authority",    "press"};
const struct names names_reader = {"audience", reader_words, COUNT(reader_words)};

static const char *const privacy_words[] = {"network", "security", "safeguarding"};
const struct names names_privacy_class = {"privacy class", privacy_words,
                                          COUNT(privacy_words)};

static const char *const root_keys[] = {
    "schema",   "playbook", "version", "title",          "for",
    "audience", "summary",  "privacy", "severity_floor", "steps"};

/* ---- small things ---- */

const char *playbook_text(struct playbook_tree *t, const struct node *n)
{
    const char *text;

    if (!n || !node_read_text(n, &text, t->diags))
        return "";
    return arena_text(&t->arena, text_of(text)).at;
}

const char *const *playbook_texts(struct playbook_tree *t, const struct node *n,
                                  size_t *ret_count)
{
    const char **texts;

    *ret_count = 0;
    if (!n)
        return NULL;
    if (node_kind(n) == NODE_MAP) {
        node_is(n, NODE_LIST, t->diags);
        return NULL;
    }
    texts = arena_array(&t->arena, items_count(n), sizeof(*texts));
    for (size_t i = 0; i < items_count(n); i++)
        texts[i] = playbook_text(t, items_at(n, i));
    *ret_count = items_count(n);
    return texts;
}

static bool is_id(const char *text)
{
    return *text && text[strspn(text, ID_LETTERS)] == '\0' && strcmp(text, "end") != 0;
}

static void check_id(struct playbook_tree *t, const struct node *n, const char *what)
{
    if (is_id(node_text(n)))
        return;
    diags_error(t->diags, node_place(n), "E0717", "\"%s\" is no name for a %s",
                node_text(n), what);
    diags_hint(t->diags, "small letters, digits and -; \"end\" is the end of the run");
}

int playbook_target(struct playbook_tree *t, const struct node *n)
{
    const char *id;
    int found;

    if (!n || !node_read_text(n, &id, t->diags))
        return PLAYBOOK_NONE;
    if (strcmp(id, "end") == 0)
        return PLAYBOOK_END;
    found = playbook_find_step(&t->playbook, id);
    if (found >= 0)
        return found;
    diags_error(t->diags, node_place(n), "E0703", "there is no step \"%s\"", id);
    diags_suggest(t->diags, id, t->ids, t->playbook.step_count);
    return PLAYBOOK_NONE;
}

int playbook_add_call(struct playbook_tree *t, const struct playbook_step *from,
                      const char *option, const char *playbook, int then)
{
    size_t at = t->playbook.step_count;
    auto_free char *id = xasprintf("%s:%s", from->id, option);

    if (at >= t->step_capacity)
        return PLAYBOOK_NONE;
    t->steps[at] = (struct playbook_step){
        .id = arena_text(&t->arena, text_of(id)).at,
        .kind = STEP_CALL,
        .place = from->place,
        .then = then,
        .role = from->role,
        .title = "",
        .question = "",
        .on_timeout = PLAYBOOK_NONE,
        .not_done = PLAYBOOK_NONE,
        .on_refused = PLAYBOOK_NONE,
        .playbook = playbook,
    };
    t->ids[at] = t->steps[at].id;
    t->playbook.step_count++;
    return (int)at;
}

/* ---- the head ---- */

static void read_schema(struct playbook_tree *t, const struct node *root)
{
    const struct node *n = node_need(root, "playbook", "schema", t->diags);
    uint64_t schema;

    if (n && node_read_number(n, 0, UINT64_MAX, &schema, t->diags) && schema != SCHEMA)
        diags_error(t->diags, node_place(n), "E0702",
                    "this program reads schema %d, not %s", SCHEMA, node_text(n));
}

static void read_privacy(struct playbook_tree *t, const struct node *n)
{
    static const char *const keys[] = {"class", "retention"};
    size_t class;

    t->playbook.retention = "";
    if (!n || !node_is(n, NODE_MAP, t->diags))
        return;
    node_check_keys(n, "privacy", keys, COUNT(keys), t->diags);
    if (node_read_name(node_need(n, "privacy", "class", t->diags), "privacy class",
                       names_privacy_class.at, names_privacy_class.count, &class,
                       t->diags))
        t->playbook.privacy = (enum privacy_class) class;
    if (node_get(n, "retention"))
        t->playbook.retention = playbook_text(t, node_get(n, "retention"));
}

static void read_audience(struct playbook_tree *t, const struct node *n)
{
    size_t role;

    for (size_t i = 0; n && i < items_count(n); i++)
        if (node_read_name(items_at(n, i), "role", names_role.at, names_role.count, &role,
                           t->diags))
            t->playbook.audience |= UINT32_C(1) << role;
}

static void read_head(struct playbook_tree *t, const struct node *root)
{
    struct playbook *p = &t->playbook;
    const struct node *id, *floor;
    size_t word;

    node_check_keys(root, "playbook", root_keys, COUNT(root_keys), t->diags);
    read_schema(t, root);
    id = node_need(root, "playbook", "playbook", t->diags);
    p->id = playbook_text(t, id);
    if (*p->id)
        check_id(t, id, "playbook");
    node_read_number(node_need(root, "playbook", "version", t->diags), 1, INT32_MAX,
                     &p->version, t->diags);
    p->title = playbook_text(t, node_need(root, "playbook", "title", t->diags));
    p->summary = playbook_text(t, node_need(root, "playbook", "summary", t->diags));
    if (node_read_name(node_need(root, "playbook", "for", t->diags), "role",
                       names_role.at, names_role.count, &word, t->diags))
        p->lead = (enum role)word;
    read_audience(t, node_get(root, "audience"));
    p->audience |= UINT32_C(1) << p->lead;
    read_privacy(t, node_need(root, "playbook", "privacy", t->diags));
    floor = node_get(root, "severity_floor");
    if (floor && node_read_name(floor, "severity", names_severity.at,
                                names_severity.count, &word, t->diags))
        p->severity_floor = (enum severity)word;
}

/* ---- the steps ---- */

/* An unreadable step keeps its place, under an id that nobody can name. */
static const char *read_id(struct playbook_tree *t, const struct node *n)
{
    const struct node *id;

    if (!node_is(n, NODE_MAP, t->diags))
        return "";
    id = node_need(n, "step", "id", t->diags);
    if (id && *node_text(id))
        check_id(t, id, "step");
    return playbook_text(t, id);
}

static void collect_ids(struct playbook_tree *t, const struct node *list)
{
    struct playbook *p = &t->playbook;

    for (size_t i = 0; i < node_count(list); i++) {
        const struct node *n = node_item(list, i);
        const char *id = read_id(t, n);
        int earlier = *id ? playbook_find_step(p, id) : -ENOENT;

        if (earlier >= 0)
            diags_error(t->diags, node_place(node_get(n, "id")), "E0701",
                        "there are two steps called \"%s\" (the other is in line %u)", id,
                        t->steps[earlier].place.line);
        t->steps[i] = (struct playbook_step){
            .id = id, .place = node_place(*id ? node_get(n, "id") : n)};
        t->ids[i] = id;
        p->step_count++;
    }
}

/* Each option of a decide may add a step that calls. */
static size_t count_options(const struct node *list)
{
    size_t count = 0;

    for (size_t i = 0; i < node_count(list); i++) {
        const struct node *options = node_get(node_item(list, i), "options");

        count += options ? node_count(options) : 0;
    }
    return count;
}

static void read_steps(struct playbook_tree *t, const struct node *list)
{
    size_t written;

    if (!list || !node_is(list, NODE_LIST, t->diags))
        return;
    written = node_count(list);
    if (written == 0 || written + count_options(list) > PLAYBOOK_STEPS_MAX) {
        diags_error(t->diags, node_place(list), "E0721",
                    "a playbook has from 1 to %d steps and options", PLAYBOOK_STEPS_MAX);
        return;
    }
    t->step_capacity = written + count_options(list);
    t->steps = arena_array(&t->arena, t->step_capacity, sizeof(*t->steps));
    t->ids = arena_array(&t->arena, t->step_capacity, sizeof(*t->ids));
    t->playbook.steps = t->steps;
    collect_ids(t, list);
    for (size_t i = 0; i < written; i++)
        if (node_kind(node_item(list, i)) == NODE_MAP)
            playbook_read_step(t, node_item(list, i), &t->steps[i]);
}

static struct playbook *read_root(const struct yaml *yaml, struct text text,
                                  struct diags *d)
{
    const struct node *root = yaml_root(yaml);
    size_t before = diags_errors(d);
    struct playbook_tree *t;

    if (!node_is(root, NODE_MAP, d))
        return NULL;
    t = xcalloc(1, sizeof(*t));
    t->diags = d;
    t->playbook.place = node_place(root);
    t->playbook.text = arena_text(&t->arena, text).at;
    t->playbook.place.file = arena_text(&t->arena, text_of(t->playbook.place.file)).at;
    read_head(t, root);
    read_steps(t, node_need(root, "playbook", "steps", d));
    for (size_t i = 0; i < t->playbook.step_count; i++)
        t->steps[i].place.file = t->playbook.place.file;
    if (diags_errors(d) == before)
        playbook_check_graph(&t->playbook, d);
    t->diags = NULL;
    if (diags_errors(d) == before)
        return &t->playbook;
    playbook_free(&t->playbook);
    return NULL;
}

struct playbook *playbook_parse(const char *name, const char *text, size_t len,
                                struct diags *d)
{
    size_t before = diags_errors(d);
    auto_yaml struct yaml *yaml = yaml_parse(name, text, len, d);
    struct playbook *p =
        yaml ? read_root(yaml, (struct text){.at = text, .len = len}, d) : NULL;

    if (!p || diags_errors(d) == before)
        return p;
    playbook_free(p);
    return NULL;
}

void playbook_free(struct playbook *p)
{
    struct playbook_tree *t = (struct playbook_tree *)(void *)p;

    if (!t)
        return;
    arena_done(&t->arena);
    free(t);
}

int playbook_find_step(const struct playbook *p, const char *id)
{
    for (size_t i = 0; i < p->step_count; i++)
        if (strcmp(p->steps[i].id, id) == 0)
            return (int)i;
    return -ENOENT;
}

/* ---- a folder of them ---- */

static void add(struct playbooks *all, struct playbook *p, struct diags *d)
{
    const struct playbook *other = playbooks_find(all, p->id);

    if (other) {
        diags_error(d, p->place, "E0701", "there is a playbook \"%s\" already, in %s",
                    p->id, other->place.file);
        playbook_free(p);
        return;
    }
    all->at = xrealloc(all->at, all->count + 1, sizeof(struct playbook *));
    all->at[all->count++] = p;
}

static void load_file(struct playbooks *all, const char *path, struct diags *d)
{
    auto_free char *text = NULL;
    struct playbook *p;
    size_t len;
    int err = file_read(path, FILE_MAX, &text, &len);

    if (err) {
        diags_error(d, (struct place){.file = path}, "E0102", "cannot be read: %s",
                    strerror(-err));
        return;
    }
    p = playbook_parse(path, text, len, d);
    if (p)
        add(all, p, d);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int by_id(const void *a, const void *b)
{
    const struct playbook *const *x = a, *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

struct playbooks *playbooks_load(const char *path, struct diags *d)
{
    size_t before = diags_errors(d);
    auto_playbooks struct playbooks *all = xcalloc(1, sizeof(*all));
    auto_free char *root = xstrdup(path);
    char *roots[] = {root, NULL};
    FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    FTSENT *e;

    while (fts && (e = fts_read(fts))) {
        const char *dot = strrchr(e->fts_name, '.');

        if (e->fts_info == FTS_NS || e->fts_info == FTS_DNR)
            diags_error(d, (struct place){.file = e->fts_path}, "E0102",
                        "cannot be read: %s", strerror(e->fts_errno));
        else if (e->fts_info == FTS_F &&
                 (e->fts_level == 0 || (dot && strcmp(dot, ".yaml") == 0)))
            load_file(all, e->fts_path, d);
    }
    if (fts)
        fts_close(fts);
    if (diags_errors(d) > before)
        return NULL;
    if (all->count > 1)
        qsort(all->at, all->count, sizeof(struct playbook *), by_id);
    return take(all);
}

void playbooks_free(struct playbooks *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        playbook_free(p->at[i]);
    free(p->at);
    free(p);
}

const struct playbook *playbooks_find(const struct playbooks *p, const char *id)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->at[i]->id, id) == 0)
            return p->at[i];
    return NULL;
}
