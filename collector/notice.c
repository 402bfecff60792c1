/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/notice.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "collector/fact.h"
#include "mem.h"
#include "yaml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SCHEMA       1
#define DEFAULT      "en"

struct notice_tree {
    struct notices notices; /* first: the rest is ours */
    struct arena arena;
    struct notice_language *languages;
    struct diags *diags;
};

static const char *text_at(struct notice_tree *t, const struct node *n)
{
    const char *text;

    if (!n || !node_read_text(n, &text, t->diags))
        return "";
    return arena_text(&t->arena, text_of(text)).at;
}

static struct place place_at(struct notice_tree *t, const struct node *n)
{
    struct place place = node_place(n);

    place.file = arena_text(&t->arena, text_of(place.file)).at;
    return place;
}

static void ignore_name(const char *name, size_t len, void *arg)
{
    (void)name;
    (void)len;
    (void)arg;
}

static void check_text(struct notice_tree *t, const struct node *n)
{
    if (!n || node_kind(n) != NODE_SCALAR ||
        fact_each_name(node_text(n), ignore_name, NULL))
        return;
    diags_error(t->diags, node_place(n), "E0718", "a ${ has no }");
}

static void read_notice(struct notice_tree *t, const struct node *key,
                        const struct node *n, struct notice *notice)
{
    static const char *const keys[] = {"subject", "text"};

    *notice = (struct notice){
        .name = text_at(t, key), .subject = "", .text = "", .place = place_at(t, key)};
    if (!node_is(n, NODE_MAP, t->diags))
        return;
    node_check_keys(n, "template", keys, COUNT(keys), t->diags);
    check_text(t, node_get(n, "subject"));
    check_text(t, node_get(n, "text"));
    notice->subject = text_at(t, node_need(n, "template", "subject", t->diags));
    notice->text = text_at(t, node_need(n, "template", "text", t->diags));
}

static void read_tag(struct notice_tree *t, const struct node *n,
                     struct notice_language *l)
{
    size_t letters;

    l->tag = text_at(t, n);
    letters = strspn(l->tag, "abcdefghijklmnopqrstuvwxyz");
    if (!n || ((letters == 2 || letters == 3) &&
               (l->tag[letters] == '\0' || l->tag[letters] == '-')))
        return;
    diags_error(t->diags, node_place(n), "E0722", "\"%s\" is no word for a language",
                l->tag);
    diags_hint(t->diags, "as in BCP 47: en, es, pt-BR");
}

static void read_language(struct notice_tree *t, const struct node *root,
                          struct notice_language *l)
{
    static const char *const keys[] = {"schema", "language", "reviewed_by", "templates"};
    const struct node *schema = node_need(root, "notices", "schema", t->diags);
    const struct node *map = node_need(root, "notices", "templates", t->diags);
    struct notice *notices;
    uint64_t number;

    l->place = place_at(t, root);
    node_check_keys(root, "notices", keys, COUNT(keys), t->diags);
    if (schema && node_read_number(schema, 0, UINT64_MAX, &number, t->diags) &&
        number != SCHEMA)
        diags_error(t->diags, node_place(schema), "E0702",
                    "this program reads schema %d, not %s", SCHEMA, node_text(schema));
    read_tag(t, node_need(root, "notices", "language", t->diags), l);
    l->reviewed_by = text_at(t, node_need(root, "notices", "reviewed_by", t->diags));
    if (!map || !node_is(map, NODE_MAP, t->diags))
        return;
    notices = arena_array(&t->arena, node_count(map), sizeof(*notices));
    for (size_t i = 0; i < node_count(map); i++)
        read_notice(t, node_key(map, i), node_value(map, i), &notices[i]);
    l->notices = notices;
    l->count = node_count(map);
}

static void load_file(struct notice_tree *t, const char *path)
{
    auto_yaml struct yaml *yaml = yaml_load(path, t->diags);
    struct notice_language l = {.tag = "", .reviewed_by = ""};

    if (!yaml || !node_is(yaml_root(yaml), NODE_MAP, t->diags))
        return;
    read_language(t, yaml_root(yaml), &l);
    for (size_t i = 0; i < t->notices.count; i++)
        if (strcmp(t->languages[i].tag, l.tag) == 0)
            diags_error(t->diags, l.place, "E0701", "%s has the language \"%s\" already",
                        t->languages[i].place.file, l.tag);
    t->languages =
        xrealloc(t->languages, t->notices.count + 1, sizeof(struct notice_language));
    t->languages[t->notices.count++] = l;
    t->notices.languages = t->languages;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

struct notices *notices_load(const char *folder, struct diags *d)
{
    size_t before = diags_errors(d);
    struct notice_tree *t = xcalloc(1, sizeof(*t));
    auto_free char *root = xstrdup(folder);
    char *roots[] = {root, NULL};
    FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    FTSENT *e;

    t->diags = d;
    while (fts && (e = fts_read(fts))) {
        const char *dot = strrchr(e->fts_name, '.');

        if (e->fts_info == FTS_NS || e->fts_info == FTS_DNR)
            diags_error(d, (struct place){.file = e->fts_path}, "E0102",
                        "cannot be read: %s", strerror(e->fts_errno));
        else if (e->fts_info == FTS_F && dot && strcmp(dot, ".yaml") == 0)
            load_file(t, e->fts_path);
    }
    if (fts)
        fts_close(fts);
    if (diags_errors(d) == before)
        return &t->notices;
    notices_free(&t->notices);
    return NULL;
}

void notices_free(struct notices *n)
{
    struct notice_tree *t = (struct notice_tree *)(void *)n;

    if (!t)
        return;
    arena_done(&t->arena);
    free(t->languages);
    free(t);
}

/* ---- asking ---- */

static const struct notice_language *find_tag(const struct notices *n, const char *tag,
                                              size_t len)
{
    for (size_t i = 0; i < n->count; i++)
        if (strlen(n->languages[i].tag) == len &&
            strncasecmp(n->languages[i].tag, tag, len) == 0)
            return &n->languages[i];
    return NULL;
}

const struct notice_language *notices_language(const struct notices *n, const char *tag)
{
    const struct notice_language *l = find_tag(n, tag, strlen(tag));

    return l ? l : find_tag(n, tag, strcspn(tag, "-"));
}

const struct notice *notice_find(const struct notice_language *l, const char *name)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->notices[i].name, name) == 0)
            return &l->notices[i];
    return NULL;
}

const struct notice *notices_find(const struct notices *n, const char *tag,
                                  const char *name)
{
    const struct notice_language *theirs = notices_language(n, tag);
    const struct notice_language *english = notices_language(n, DEFAULT);
    const struct notice *found = theirs ? notice_find(theirs, name) : NULL;

    if (!found && english)
        found = notice_find(english, name);
    for (size_t i = 0; !found && i < n->count; i++)
        found = notice_find(&n->languages[i], name);
    return found;
}

void notice_write(const struct notice *n, const struct json *facts,
                  const struct zone *zone, char **ret_subject, char **ret_text)
{
    char *subject = fact_fill(n->subject, facts, zone);

    for (char *c = subject; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    *ret_subject = subject;
    *ret_text = fact_fill(n->text, facts, zone);
}
