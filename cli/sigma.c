/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All documents are read first, for a correlation may name rules of any file. Each rule
 * becomes a text of its own, which is given to the checker of rule files before it is
 * taken: what the checker refuses was not expressed.
 */
#include "cli/sigma_inside.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "items.h"
#include "mem.h"
#include "rule.h"

struct sigma *sigma_new(const struct sigma_settings *settings)
{
    struct sigma *s = xcalloc(1, sizeof(*s));

    s->settings = *settings;
    return s;
}

void sigma_free(struct sigma *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        yaml_release(s->at[i].yaml);
    free(s->at);
    arena_done(&s->arena);
    free(s);
}

/* ---- documents ---- */

const char *sigma_scalar(const struct node *map, const char *key)
{
    const struct node *n = node_get(map, key);

    return n && node_kind(n) == NODE_SCALAR ? node_text(n) : "";
}
struct sigma_document *sigma_find_document(struct sigma *s, const char *name)
{
    for (size_t i = 0; *name && i < s->count; i++)
        if (strcmp(s->at[i].name, name) == 0 || strcmp(s->at[i].uuid, name) == 0)
            return &s->at[i];
    return NULL;
}

/* Keys that say nothing about what is met; others are told. */
static void note_keys(const struct node *root, struct diags *d)
{
    static const char *const known[] = {"title",        "id",
                                        "name",         "related",
                                        "taxonomy",     "status",
                                        "license",      "description",
                                        "references",   "reference",
                                        "author",       "date",
                                        "modified",     "tags",
                                        "logsource",    "detection",
                                        "fields",       "level",
                                        "scope",        "correlation",
                                        "generate",     "falsepositives",
                                        "filename",     "custom",
                                        "simulation",   "regression_tests_path",
                                        "falsepositive"};

    for (size_t i = 0; i < node_count(root); i++) {
        const char *key = node_text(node_key(root, i));
        bool found = false;

        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
            found = found || strcmp(key, known[k]) == 0;
        if (!found)
            diags_warn(d, node_place(node_key(root, i)), "W0530",
                       "\"%.100s\" means nothing here, and is left out", key);
    }
}

/* "DNS Query to X (v2)" to "dns-query-to-x-v2", and another when it is taken. */
static const char *make_id(struct sigma *s, const char *title)
{
    char slug[64];
    size_t len = 0;

    for (; *title && len < sizeof(slug) - 1; title++)
        if (isalnum((uint8_t)*title))
            slug[len++] = (char)tolower((uint8_t)*title);
        else if (len > 0 && slug[len - 1] != '-')
            slug[len++] = '-';
    while (len > 0 && slug[len - 1] == '-')
        len--;
    for (size_t number = 1;; number++) {
        auto_buffer struct buffer id = {0};
        bool taken = false;

        buffer_print(&id, "sigma.%.*s", len ? (int)len : 4, len ? slug : "rule");
        if (number > 1)
            buffer_print(&id, "-%zu", number);
        for (size_t i = 0; i < s->count; i++)
            taken = taken || (s->at[i].id && strcmp(s->at[i].id, id.at) == 0);
        if (!taken)
            return arena_text(&s->arena, (struct text){id.at, id.len}).at;
    }
}

static void keep(struct sigma *s, struct yaml *yaml, struct diags *d)
{
    const struct node *root = yaml_root(yaml);
    struct sigma_document doc = {.yaml = yaml, .root = root};
    bool good = node_is(root, NODE_MAP, d);

    if (good && node_count(root) == 0) {
        yaml_release(yaml);
        return;
    }
    doc.detection = good ? node_get(root, "detection") : NULL;
    doc.correlation = good ? node_get(root, "correlation") : NULL;
    if (good && (!doc.detection == !doc.correlation || node_get(root, "filter") ||
                 node_get(root, "action"))) {
        diags_error(d, node_place(root), "E0530",
                    "not one Sigma rule: it must have detection or correlation, and no "
                    "filter or action");
        good = false;
    }
    good = good && node_is(doc.detection ? doc.detection : doc.correlation, NODE_MAP, d);
    doc.title = good ? sigma_scalar(root, "title") : "";
    doc.name = good ? sigma_scalar(root, "name") : "";
    doc.uuid = good ? sigma_scalar(root, "id") : "";
    if (!good)
        doc.detection = doc.correlation = NULL;
    else
        note_keys(root, d);
    s->at = xgrow(s->at, s->count, &s->capacity, sizeof(*s->at));
    s->at[s->count] = doc;
    s->at[s->count++].id = NULL;
    s->at[s->count - 1].id = good ? make_id(s, doc.title) : NULL;
}

/* Lines before the document stay as empty ones, so that places are the file's. */
static void read_document(struct sigma *s, const char *name, const char *text,
                          size_t from, size_t to, struct diags *d)
{
    auto_free char *copy = xcalloc(to + 1, 1);
    auto_diags struct diags *own = diags_new();
    struct yaml *yaml;
    size_t len = 0;

    for (size_t i = 0; i < from; i++)
        if (text[i] == '\n')
            copy[len++] = '\n';
    memcpy(copy + len, text + from, to - from);
    len += to - from;
    yaml = yaml_parse(name, copy, len, own);
    if (yaml && diags_errors(own) == 0) {
        keep(s, yaml, d);
        return;
    }
    yaml_release(yaml_parse(name, copy, len, d)); /* once more, to be told */
    yaml_release(yaml);
}

static bool is_mark(const char *line, size_t left)
{
    return left >= 3 && memcmp(line, "---", 3) == 0 &&
           (left == 3 || isspace((uint8_t)line[3]));
}

void sigma_add(struct sigma *s, const char *name, const char *text, size_t len,
               struct diags *d)
{
    size_t from = 0, documents = 0, at = 0;

    if (len > SIGMA_FILE_MAX) {
        diags_error(d, (struct place){.file = name}, "E0106",
                    "a file of Sigma rules has at most %zu bytes", SIGMA_FILE_MAX);
        return;
    }
    diags_source(d, name, text, len);
    while (at < len) {
        const char *newline = memchr(text + at, '\n', len - at);
        size_t after = newline ? (size_t)(newline - text) + 1 : len;

        if (is_mark(text + at, len - at)) {
            read_document(s, name, text, from, at, d);
            from = after;
            if (++documents >= SIGMA_DOCUMENTS_MAX) {
                diags_error(d, (struct place){.file = name}, "E0106",
                            "a file of Sigma rules has at most %d documents",
                            SIGMA_DOCUMENTS_MAX);
                return;
            }
        }
        at = after;
    }
    read_document(s, name, text, from, len, d);
}

/* ---- all of it ---- */

#define HEAD                                                                                \
    "# Translated from Sigma rules by hallwatch rules import; each label says whose they\n" \
    "# are, under which licence. Look at what a rule asks before its mode is alert.\n"      \
    "schema: 1\nruleset: sigma-import\nversion: 1\n\nrules:\n"

/* The checker's word; what it finds is told at the Sigma rule. needed: other rules. */
static bool passes(const struct sigma_document *doc, const char *needed, const char *text,
                   struct diags *d)
{
    auto_buffer struct buffer file = {0};
    auto_diags struct diags *own = diags_new();
    auto_ruleset struct ruleset *set = NULL;
    auto_free char *faults = NULL;
    struct ruleset_source source = {.name = "translation", .named = true};

    buffer_print(&file, "%s%s%s", HEAD, needed, text);
    source.text = file.at;
    source.len = file.len;
    set = ruleset_load(&(struct ruleset_settings){.sources = &source, .source_count = 1},
                       own);
    if (set)
        return true;
    faults = diags_text(own);
    diags_error(d, node_place(doc->root), "E0537",
                "the translation does not pass the checker: %.300s", faults);
    return false;
}

static bool write_one(struct sigma *s, struct sigma_document *doc, struct buffer *all,
                      struct diags *d)
{
    auto_buffer struct buffer text = {0};
    bool good = doc->detection ? sigma_write_detection(s, doc, &text, d)
                               : sigma_write_correlation(s, doc, &text, d);

    good = good && passes(doc, doc->correlation && all->len ? all->at : "", text.at, d);
    if (good)
        buffer_print(all, "%s%s", all->len ? "\n" : "", text.at);
    return good;
}

/* A rule that a correlation names is no alert of its own, unless it says so; not even
 * when the correlation cannot be said. */
static void mark_bases(struct sigma *s, const struct node *correlation)
{
    const struct node *rules = node_get(correlation, "rules");

    if (strcmp(sigma_scalar(correlation, "generate"), "true") == 0)
        return;
    for (size_t i = 0; rules && node_kind(rules) != NODE_MAP && i < items_count(rules);
         i++) {
        struct sigma_document *doc =
            sigma_find_document(s, node_text(items_at(rules, i)));

        if (doc)
            doc->is_base = true;
    }
}

/* Rules first: correlations name them. Those that only count for one are not written. */
char *sigma_write(struct sigma *s, struct diags *d)
{
    auto_buffer struct buffer rules = {0}, forget = {0};
    auto_diags struct diags *nobody = diags_new();
    struct buffer file = {0};

    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].correlation) {
            mark_bases(s, s->at[i].correlation);
            forget.len = 0;
            sigma_write_correlation(s, &s->at[i], &forget, nobody); /* which it needs */
        }
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].detection && (!s->at[i].is_base || s->at[i].is_needed))
            s->at[i].is_written = write_one(s, &s->at[i], &rules, d);
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].correlation && !s->at[i].is_base)
            s->at[i].is_written = write_one(s, &s->at[i], &rules, d);
    if (rules.len > 0)
        buffer_print(&file, "%s%s", HEAD, rules.at);
    return buffer_take(&file);
}

size_t sigma_count(const struct sigma *s)
{
    return s->count;
}

struct sigma_result sigma_result(const struct sigma *s, size_t i)
{
    const struct sigma_document *doc = &s->at[i];

    return (struct sigma_result){.id = doc->is_written ? doc->id : NULL,
                                 .title = doc->title,
                                 .place = node_place(doc->root),
                                 .counted = doc->is_base && !doc->is_needed};
}
