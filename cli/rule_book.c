/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rule_book.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/viewer.h"
#include "collector/settings.h"
#include "mem.h"
#include "text.h"

/* Without lists: what rules say is the same with and without them. */
static struct ruleset *load(const char *const *paths, size_t count,
                            const struct district *district)
{
    auto_diags struct diags *d = diags_new();

    return ruleset_load(&(struct ruleset_settings){.paths = paths,
                                                   .path_count = count,
                                                   .district = district},
                        d);
}

/* Where its collector.yaml is, when the district's file is at path. Yours to free. */
static char *settings_beside(const char *path)
{
    const char *slash = strrchr(path, '/');

    return xasprintf("%.*scollector.yaml", slash ? (int)(slash - path + 1) : 0, path);
}

struct ruleset *rule_book_open(const struct store_choice *c,
                               const struct district *district)
{
    auto_free char *path = settings_beside(store_district_path(c));
    auto_free char *shipped = share_path("rules/detect");
    const char *const fallback[] = {shipped};
    auto_diags struct diags *d = diags_new();
    struct collector_settings s = {0};
    struct ruleset *book = NULL;

    if (access(path, R_OK) == 0) {
        if (collector_settings_load(&s, path, NULL, 0, d))
            book = load((const char *const *)s.rules.items, s.rules.count, district);
        collector_settings_done(&s);
    }
    return book ? book : load(fallback, 1, district);
}

const struct rule *rule_book_find(const struct ruleset *book, const char *id)
{
    int at = book ? ruleset_find(book, id) : -1;

    return at < 0 ? NULL : ruleset_rule(book, (size_t)at);
}

void rule_book_print(const struct rule *rule)
{
    if (!rule) {
        puts(
            "\nWhat its rule says of it stands in the rules of the sensor, which are not "
            "here.");
        return;
    }
    puts("\nWhat it means");
    viewer_paragraph(rule->why);
    if (rule->shows_not) {
        puts("\nWhat it does not show");
        viewer_paragraph(rule->shows_not);
    }
    if (rule->trap_count)
        puts("\nHarmless causes that are known");
    for (size_t i = 0; i < rule->trap_count; i++)
        viewer_item("-", rule->traps[i]);
}

char *rule_book_nearest(const struct ruleset *book, const char *word)
{
    size_t count = book ? ruleset_count(book) : 0;
    auto_free const char **ids = xcalloc(count + 1, sizeof(*ids));
    const char *nearest;

    for (size_t i = 0; i < count; i++)
        ids[i] = ruleset_rule(book, i)->id;
    nearest = text_nearest(word, ids, count);
    return nearest ? xstrdup(nearest) : NULL;
}
