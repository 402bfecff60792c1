/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All documents are read first, for a correlation may name rules of any file. Each rule
 * becomes a text of its own, which is given to the checker of rule files before it is
 * taken: what the checker refuses was not expressed.
 */
#include "cli/sigma.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "items.h"
#include "mem.h"
#include "rule.h"

struct document {
    struct yaml *yaml;
    const struct node *root, *detection, *correlation;
    const char *title, *name, *uuid, *id;
    bool is_base;   /* a correlation counts its events: no rule of its own */
    bool is_needed; /* a correlation combines it: it must be one */
    bool is_written;
};

struct sigma {
    struct sigma_settings settings;
    struct arena arena;
    struct document *at;
    size_t count, capacity;
};

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

static const char *scalar(const struct node *map, const char *key)
{
    const struct node *n = node_get(map, key);

    return n && node_kind(n) == NODE_SCALAR ? node_text(n) : "";
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
    struct document doc = {.yaml = yaml, .root = root};
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
    doc.title = good ? scalar(root, "title") : "";
    doc.name = good ? scalar(root, "name") : "";
    doc.uuid = good ? scalar(root, "id") : "";
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

/* ---- writing YAML ---- */

static void put_yaml(struct buffer *out, const char *text)
{
    buffer_text(out, "\"");
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            buffer_print(out, "\\%c", *text);
        else if (*text == '\n')
            buffer_text(out, "\\n");
        else if ((uint8_t)*text < 0x20 || *text == 0x7f)
            buffer_print(out, "\\x%02x", (uint8_t)*text);
        else
            buffer_add(out, text, 1);
    buffer_text(out, "\"");
}

static void put_line(struct buffer *out, const char *key, const char *text)
{
    if (!*text)
        return;
    buffer_print(out, "    %s: ", key);
    put_yaml(out, text);
    buffer_text(out, "\n");
}

static bool says_something(const char *text)
{
    return *text && strcasecmp(text, "unknown") != 0 && strcasecmp(text, "none") != 0 &&
           strcasecmp(text, "unlikely") != 0;
}

static void put_items(struct buffer *out, const char *key, const struct node *n)
{
    bool first = true;

    for (size_t i = 0; n && node_kind(n) != NODE_MAP && i < items_count(n); i++) {
        const char *text = node_text(items_at(n, i));

        if (!says_something(text))
            continue;
        if (first)
            buffer_print(out, "    %s:\n", key);
        first = false;
        buffer_text(out, "      - ");
        put_yaml(out, text);
        buffer_text(out, "\n");
    }
}

static void put_label(struct buffer *out, const char *key, const char *text)
{
    if (!*text)
        return;
    buffer_print(out, "      %s: ", key);
    put_yaml(out, text);
    buffer_text(out, "\n");
}

static void put_labels(struct buffer *out, const struct document *doc)
{
    const struct node *tags = node_get(doc->root, "tags");
    const struct node *author = node_get(doc->root, "author");
    const char *licence = scalar(doc->root, "license");
    auto_buffer struct buffer all = {0}, authors = {0};

    for (size_t i = 0; tags && node_kind(tags) != NODE_MAP && i < items_count(tags); i++)
        buffer_print(&all, "%s%s", i ? " " : "", node_text(items_at(tags, i)));
    for (size_t i = 0; author && node_kind(author) != NODE_MAP && i < items_count(author);
         i++)
        buffer_print(&authors, "%s%s", i ? ", " : "", node_text(items_at(author, i)));
    buffer_text(out, "    labels:\n      from: Sigma\n");
    put_label(out, "sigma_id", doc->uuid);
    put_label(out, "author", authors.len ? authors.at : "");
    put_label(out, "licence", *licence ? licence : "Detection Rule License (DRL) 1.1");
    put_label(out, "status", scalar(doc->root, "status"));
    put_label(out, "date", scalar(doc->root, "date"));
    put_label(out, "modified", scalar(doc->root, "modified"));
    put_label(out, "tags", all.len ? all.at : "");
}

static const char *severity_of(const struct document *doc, struct diags *d)
{
    const struct node *level = node_get(doc->root, "level");
    const char *word = scalar(doc->root, "level");

    if (strcmp(word, "informational") == 0)
        return "info";
    if (names_find(&names_severity, word) >= 0)
        return word;
    diags_warn(d, node_place(level ? level : doc->root), "W0530",
               "%s: the rule becomes one of medium severity",
               level ? "this level is not known" : "the rule has no level");
    return "medium";
}

static void put_head(struct sigma *s, const struct document *doc, const char *watch,
                     const char *note, struct buffer *out, struct diags *d)
{
    const char *why = scalar(doc->root, "description");
    const struct node *references = node_get(doc->root, "references");

    buffer_print(out, "  - id: %s\n", doc->id);
    put_line(out, "title", *doc->title ? doc->title : doc->id);
    put_line(out, "why", why);
    buffer_text(out, "    shows_not: ");
    buffer_print(out,
                 "\"Whether it was meant; the rule was written for the lines of a "
                 "log, and is asked of what is on the wire%s%s\"\n",
                 note ? ": " : ".", note ? note : "");
    put_items(out, "traps", node_get(doc->root, "falsepositives"));
    buffer_print(out, "    severity: %s\n    owner: %s\n    mode: %s\n",
                 severity_of(doc, d), s->settings.owner ? s->settings.owner : "security",
                 s->settings.mode ? s->settings.mode : "shadow");
    if (watch)
        buffer_print(out, "    watch: [%s]\n", watch);
    if (s->settings.playbook)
        buffer_print(out, "    response: {playbook: %s}\n", s->settings.playbook);
    put_items(out, "references",
              references ? references : node_get(doc->root, "reference"));
    put_labels(out, doc);
}

/* ---- a detection ---- */

struct asked {
    const struct sigma_source *source;
    const char *watch;
    struct buffer when;
    struct sigma_window window;
};

static bool find_source(const struct document *doc, const struct sigma_source **ret,
                        struct diags *d)
{
    const struct node *n = node_need(doc->root, "the rule", "logsource", d);
    const char *category, *product, *service, *taxonomy = scalar(doc->root, "taxonomy");

    if (!n || !node_is(n, NODE_MAP, d))
        return false;
    category = scalar(n, "category");
    product = scalar(n, "product");
    service = scalar(n, "service");
    *ret = sigma_source_find(category, product, service);
    if (*taxonomy && strcmp(taxonomy, "sigma") != 0) {
        diags_error(d, node_place(node_get(doc->root, "taxonomy")), "E0530",
                    "only Sigma's own names of fields are known, not those of \"%.100s\"",
                    taxonomy);
        return false;
    }
    if (*ret && !(*ret)->why)
        return true;
    diags_error(d, node_place(n), "E0531",
                "this log is nothing that sensors keep:%s%.60s%s%.60s%s%.60s",
                *category ? " category " : "", category, *product ? " product " : "",
                product, *service ? " service " : "", service);
    if (*ret)
        diags_hint(d, "%s", (*ret)->why);
    return false;
}

static bool choose_side(const struct document *doc, const struct sigma_asking *a,
                        struct asked *q, const char **ret_base, struct diags *d)
{
    const struct sigma_source *s = a->source;
    bool second = a->sides & 1u << SIGMA_SECOND;

    if (second && (a->sides & 1u << SIGMA_FIRST)) {
        diags_error(d, node_place(doc->detection), "E0535",
                    "the rule asks of a request and of its answer at once; on the wire "
                    "they are two events");
        return false;
    }
    q->watch = s->watch;
    *ret_base = second ? s->second : s->first;
    if (!second && !a->beyond_host && s->host_watch) {
        q->watch = s->host_watch;
        *ret_base = s->host_first;
    }
    return true;
}

static bool ask_detection(struct sigma *s, const struct document *doc, struct asked *q,
                          struct diags *d)
{
    struct sigma_asking a = {.arena = &s->arena, .diags = d};
    auto_buffer struct buffer condition = {0};
    const char *base = "";

    if (!find_source(doc, &q->source, d))
        return false;
    a.source = q->source;
    if (!sigma_condition(&a, doc->detection, &condition, &q->window) ||
        !choose_side(doc, &a, q, &base, d))
        return false;
    buffer_print(&q->when, "%s%s%s", base, *base ? " and " : "", condition.at);
    return true;
}

/* "15m": seconds, minutes, hours and days are the same here. */
static bool read_span(const struct node *n, const char **ret, struct diags *d)
{
    usec_t span;

    *ret = node_text(n);
    if (strchr(*ret, 'M') == NULL && node_read_duration(n, &span, d))
        return true;
    if (strchr(*ret, 'M'))
        diags_error(d, node_place(n), "E0536", "months cannot be counted here");
    return false;
}

static void put_by(const enum field_id *by, size_t count, struct buffer *out)
{
    buffer_text(out, "by: [");
    for (size_t i = 0; i < count; i++)
        buffer_print(out, "%s%s", i ? ", " : "", field_get(by[i])->name);
    buffer_text(out, "]");
}

static void put_window(const struct sigma_window *w, const char *within,
                       struct buffer *out)
{
    buffer_print(out, "    window: {%s: %s, ",
                 w->distinct == FIELD_UNKNOWN ? "count" : "distinct",
                 w->distinct == FIELD_UNKNOWN ? "events" : field_get(w->distinct)->name);
    if (w->by_count == 0)
        buffer_text(out, "by: [site.id]");
    else
        put_by(w->by, w->by_count, out);
    buffer_print(out, ", within: %s, %s: %llu}\n", within, w->at_least ? "gte" : "gt",
                 (unsigned long long)w->limit);
}

static void put_when(const struct asked *q, struct buffer *out)
{
    buffer_print(out, "    when: |\n      %s\n", q->when.at);
}

static void note_whole(const struct sigma_window *w, struct diags *d)
{
    if (w->by_count == 0)
        diags_warn(d, w->place, "W0531",
                   "it is counted for each school by itself, not over all of the log");
}

static bool write_detection(struct sigma *s, const struct document *doc,
                            struct buffer *out, struct diags *d)
{
    const struct node *timeframe = node_get(doc->detection, "timeframe");
    const char *within = NULL;
    struct asked q = {0};
    bool good = ask_detection(s, doc, &q, d);

    if (good && q.window.given && !timeframe) {
        diags_error(d, q.window.place, "E0536", "it counts, and has no timeframe");
        good = false;
    }
    if (good && q.window.given)
        good = read_span(timeframe, &within, d);
    if (good) {
        put_head(s, doc, q.watch, q.source->note, out, d);
        put_when(&q, out);
    }
    if (good && q.window.given) {
        note_whole(&q.window, d);
        put_window(&q.window, within, out);
    } else if (good) {
        buffer_text(out,
                    "    dedup: {by: [device], every: 1h, emit: first_and_summary}\n");
    }
    buffer_done(&q.when);
    return good;
}

/* ---- a correlation ---- */

#define RULES_MAX 8

struct correlating {
    struct sigma *s;
    struct document *doc;
    struct diags *diags;
    const struct node *rules;
    struct document *of[RULES_MAX];
    struct asked asked[RULES_MAX];
    size_t count;
    const char *within;
    struct sigma_window window;
};

static struct document *find_document(struct sigma *s, const char *name)
{
    for (size_t i = 0; *name && i < s->count; i++)
        if (strcmp(s->at[i].name, name) == 0 || strcmp(s->at[i].uuid, name) == 0)
            return &s->at[i];
    return NULL;
}

static bool ask_rules(struct correlating *c)
{
    c->rules = node_need(c->doc->correlation, "the correlation", "rules", c->diags);
    if (!c->rules)
        return false;
    if (node_kind(c->rules) == NODE_MAP || items_count(c->rules) > RULES_MAX) {
        diags_error(c->diags, node_place(c->rules), "E0536",
                    "a correlation names at most %d rules here", RULES_MAX);
        return false;
    }
    for (size_t i = 0; i < items_count(c->rules); i++) {
        const struct node *n = items_at(c->rules, i);
        struct document *doc = find_document(c->s, node_text(n));

        if (!doc || !doc->detection) {
            diags_error(c->diags, node_place(n), "E0536", "%s: \"%.100s\"",
                        doc ? "correlations of correlations cannot be said here"
                            : "no rule of this name was given",
                        node_text(n));
            return false;
        }
        c->of[c->count] = doc;
        if (!ask_detection(c->s, doc, &c->asked[c->count++], c->diags))
            return false;
    }
    return c->count > 0;
}

/* A field of a correlation must mean the same in all of its rules. */
static bool read_field(struct correlating *c, const struct node *n, enum field_id *ret)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct sigma_field *f = sigma_field_find(c->asked[i].source, node_text(n));

        if (!f || f->how != SIGMA_PLAIN || (i > 0 && f->field != *ret)) {
            diags_error(c->diags, node_place(n), "E0532",
                        "events here have nothing like the field \"%.100s\"",
                        node_text(n));
            return false;
        }
        *ret = f->field;
    }
    return true;
}

static bool read_by(struct correlating *c)
{
    const struct node *n = node_get(c->doc->correlation, "group-by");

    if (!n)
        return true;
    if (node_kind(n) == NODE_MAP || items_count(n) > RULE_BY_MAX) {
        diags_error(c->diags, node_place(n), "E0536", "at most %d fields group here",
                    RULE_BY_MAX);
        return false;
    }
    for (size_t i = 0; i < items_count(n); i++)
        if (!read_field(c, items_at(n, i), &c->window.by[c->window.by_count++]))
            return false;
    return true;
}

static bool read_limit(struct correlating *c, bool distinct)
{
    const struct node *n =
        node_need(c->doc->correlation, "the correlation", "condition", c->diags);
    const struct node *gt, *gte, *field;

    if (!n || !node_is(n, NODE_MAP, c->diags))
        return false;
    gt = node_get(n, "gt");
    gte = node_get(n, "gte");
    field = node_get(n, "field");
    if (!gt == !gte || node_count(n) != 1u + (field != NULL) || !field == distinct) {
        diags_error(c->diags, node_place(n), "E0536",
                    "one of gt and gte can be said here%s",
                    distinct ? ", and the field that is counted" : ", and nothing else");
        return false;
    }
    c->window.at_least = gte;
    return (!distinct || read_field(c, field, &c->window.distinct)) &&
           node_read_number(gte ? gte : gt, 0, UINT32_MAX, &c->window.limit, c->diags);
}

/* The condition of any of its rules; they must watch the same. */
static bool write_counting(struct correlating *c, bool distinct, struct buffer *out)
{
    struct asked any = c->asked[0];
    auto_buffer struct buffer when = {0};

    if (!read_limit(c, distinct))
        return false;
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->asked[i].watch, any.watch) != 0) {
            diags_error(c->diags, node_place(c->rules), "E0536",
                        "events of different logs cannot be counted together here");
            return false;
        }
        buffer_print(&when, "%s(%s)", i ? " or " : "", c->asked[i].when.at);
    }
    any.when = when;
    put_head(c->s, c->doc, any.watch, any.source->note, out, c->diags);
    put_when(&any, out);
    note_whole(&c->window, c->diags);
    put_window(&c->window, c->within, out);
    return true;
}

static bool write_together(struct correlating *c, struct buffer *out)
{
    put_head(c->s, c->doc, NULL, NULL, out, c->diags);
    buffer_text(out, "    combine: {of: [");
    for (size_t i = 0; i < c->count; i++) {
        buffer_print(out, "%s%s", i ? ", " : "", c->of[i]->id);
        c->of[i]->is_needed = true;
    }
    buffer_print(out, "], at_least: %zu, ", c->count);
    put_by(c->window.by, c->window.by_count, out);
    buffer_print(out, ", within: %s}\n", c->within);
    return true;
}

static bool write_sequence(struct correlating *c, struct buffer *out)
{
    auto_buffer struct buffer watch = {0};

    for (size_t i = 0; i < c->count; i++) {
        bool again = false;

        for (size_t k = 0; k < i; k++)
            again = again || strcmp(c->asked[k].watch, c->asked[i].watch) == 0;
        if (!again)
            buffer_print(&watch, "%s%s", watch.len ? ", " : "", c->asked[i].watch);
    }
    put_head(c->s, c->doc, watch.at, NULL, out, c->diags);
    buffer_text(out, "    sequence:\n      ");
    put_by(c->window.by, c->window.by_count, out);
    buffer_print(out, "\n      within: %s\n      steps:\n", c->within);
    for (size_t i = 0; i < c->count; i++)
        buffer_print(out, "        - id: step-%zu\n          when: |\n            %s\n",
                     i + 1, c->asked[i].when.at);
    return true;
}

static bool write_kind(struct correlating *c, const struct node *type, struct buffer *out)
{
    const char *word = node_text(type);
    const struct node *condition = node_get(c->doc->correlation, "condition");
    bool together = strcmp(word, "temporal") == 0;

    if (strcmp(word, "event_count") == 0 || strcmp(word, "value_count") == 0)
        return write_counting(c, word[0] == 'v', out);
    if (!together && strcmp(word, "temporal_ordered") != 0) {
        diags_error(c->diags, node_place(type), "E0536",
                    "this kind of correlation cannot be said here: \"%.100s\"", word);
        return false;
    }
    if (condition || c->window.by_count == 0 || c->count < 2) {
        diags_error(c->diags, node_place(condition ? condition : c->doc->correlation),
                    "E0536",
                    "what follows one another needs two rules and group-by here, and has "
                    "no condition");
        return false;
    }
    return together ? write_together(c, out) : write_sequence(c, out);
}

static bool write_correlation(struct sigma *s, struct document *doc, struct buffer *out,
                              struct diags *d)
{
    struct correlating c = {.s = s, .doc = doc, .diags = d};
    const struct node *type = node_need(doc->correlation, "the correlation", "type", d);
    const struct node *span =
        node_need(doc->correlation, "the correlation", "timespan", d);
    const struct node *aliases = node_get(doc->correlation, "aliases");
    bool good = type && span && read_span(span, &c.within, d);

    c.window = (struct sigma_window){
        .given = true, .place = node_place(doc->correlation), .distinct = FIELD_UNKNOWN};
    if (aliases) {
        diags_error(d, node_place(aliases), "E0536", "aliases cannot be said here");
        good = false;
    }
    good = good && ask_rules(&c) && read_by(&c) && write_kind(&c, type, out);
    for (size_t i = 0; i < c.count; i++)
        buffer_done(&c.asked[i].when);
    return good;
}

/* ---- all of it ---- */

#define HEAD                                                                                \
    "# Translated from Sigma rules by hallwatch rules import; each label says whose they\n" \
    "# are, under which licence. Look at what a rule asks before its mode is alert.\n"      \
    "schema: 1\nruleset: sigma-import\nversion: 1\n\nrules:\n"

/* The checker's word; what it finds is told at the Sigma rule. needed: other rules. */
static bool passes(const struct document *doc, const char *needed, const char *text,
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

static bool write_one(struct sigma *s, struct document *doc, struct buffer *all,
                      struct diags *d)
{
    auto_buffer struct buffer text = {0};
    bool good = doc->detection ? write_detection(s, doc, &text, d)
                               : write_correlation(s, doc, &text, d);

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

    if (strcmp(scalar(correlation, "generate"), "true") == 0)
        return;
    for (size_t i = 0; rules && node_kind(rules) != NODE_MAP && i < items_count(rules);
         i++) {
        struct document *doc = find_document(s, node_text(items_at(rules, i)));

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
            write_correlation(s, &s->at[i], &forget, nobody); /* which it needs */
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
    const struct document *doc = &s->at[i];

    return (struct sigma_result){.id = doc->is_written ? doc->id : NULL,
                                 .title = doc->title,
                                 .place = node_place(doc->root),
                                 .counted = doc->is_base && !doc->is_needed};
}
