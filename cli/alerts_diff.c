/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/alerts_diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rules.h"
#include "mem.h"

struct alerts {
    char **keys; /* rule, time and kind of event */
    size_t count, capacity;
};

static void take_alert(const char *line, void *arg)
{
    struct alerts *a = arg;
    auto_json struct json *doc = json_parse(line, strlen(line), NULL);

    if (!doc || strcmp(json_get_text(doc, "event_type", ""), "alert") != 0 ||
        json_get_path(doc, "hallwatch.summary"))
        return;
    a->keys = xgrow(a->keys, a->count, &a->capacity, sizeof(*a->keys));
    a->keys[a->count++] =
        xasprintf("%s\n%s %s", json_text(json_get_path(doc, "hallwatch.rule"), "?"),
                  json_get_text(doc, "timestamp", ""),
                  json_text(json_get_path(doc, "hallwatch.event"), ""));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct json *row_of(struct json *rows, const char *key)
{
    auto_free char *rule = xstrndup(key, strcspn(key, "\n"));
    size_t count = json_count(rows);
    struct json *row = count ? json_item(rows, count - 1) : NULL;

    if (row && strcmp(json_get_text(row, "rule", ""), rule) == 0)
        return row;
    row = json_new_object();
    json_put_text(row, "rule", rule);
    json_put_number(row, "only_old", 0);
    json_put_number(row, "only_new", 0);
    json_put_number(row, "both", 0);
    json_add(rows, row);
    return row;
}

/* Both are sorted. */
static struct json *merge(const struct alerts *a, const struct alerts *b)
{
    struct json *rows = json_new_list();
    size_t i = 0, k = 0;

    while (i < a->count || k < b->count) {
        int order = i == a->count   ? 1
                    : k == b->count ? -1
                                    : strcmp(a->keys[i], b->keys[k]);
        struct json *row = row_of(rows, order <= 0 ? a->keys[i] : b->keys[k]);
        const char *column = order < 0 ? "only_old" : order > 0 ? "only_new" : "both";

        json_put_number(row, column, json_get_number(row, column, 0) + 1);
        i += order <= 0;
        k += order >= 0;
    }
    return rows;
}

static bool run(const char *pcap, const struct rules_side *side, struct alerts *a)
{
    int err =
        rules_run_agent(pcap, &side->settings, side->world.lists_path, take_alert, a);

    if (err == -ENOENT)
        fputs(
            "hallwatch: there is no hallwatch-agent beside this program: build or install "
            "it\n",
            stderr);
    else if (err)
        fprintf(stderr, "hallwatch: hallwatch-agent could not run %s\n", pcap);
    return err == 0;
}

static void alerts_done(struct alerts *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->keys[i]);
    free(a->keys);
}

struct json *alerts_diff(const struct option_texts *captures,
                         const struct rules_side *old, const struct rules_side *new)
{
    struct alerts a = {0}, b = {0};
    struct json *rows = NULL;
    bool good = true;

    for (size_t i = 0; good && i < captures->count; i++)
        good = run(captures->items[i], old, &a) && run(captures->items[i], new, &b);
    if (good && a.count > 0)
        qsort(a.keys, a.count, sizeof(*a.keys), by_text);
    if (good && b.count > 0)
        qsort(b.keys, b.count, sizeof(*b.keys), by_text);
    if (good)
        rows = merge(&a, &b);
    alerts_done(&a);
    alerts_done(&b);
    return rows;
}
