/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/rules.h"
#include "collector/plan_check.h"
#include "mem.h"

/* ---- the playbooks that rules lead to ---- */

#define FOLDERS_UP                                                       \
    3 /* rules/detect/x.yaml finds rules/playbooks, and one beside rules \
       */

/* Those of one folder; kept for the next rule of the same file. */
struct shelf {
    char *folder;
    struct playbooks *playbooks; /* NULL: none, or they cannot be read */
};

static void shelf_done(struct shelf *s)
{
    playbooks_free(s->playbooks);
    free(s->folder);
    *s = (struct shelf){0};
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "a/b.yaml" to "a", "b.yaml" to ".", "." to "..". Yours. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return xasprintf("%s/..", path);
    return slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
}

/* Yours; NULL: there is none. */
static char *playbooks_beside(const char *rule_file)
{
    char *folder = folder_of(rule_file);

    for (int i = 0; i < FOLDERS_UP; i++) {
        char *found = xasprintf("%s/playbooks", folder), *up;

        if (is_folder(found)) {
            free(folder);
            return found;
        }
        free(found);
        up = folder_of(folder);
        free(folder);
        folder = up;
    }
    free(folder);
    return NULL;
}

/* What is wrong with the playbooks themselves is not the rules' fault. */
static void shelf_fill(struct shelf *s, char *folder, struct diags *d)
{
    auto_diags struct diags *theirs = diags_new();

    if (s->folder && folder && strcmp(s->folder, folder) == 0) {
        free(folder);
        return;
    }
    shelf_done(s);
    s->folder = folder;
    s->playbooks = folder ? playbooks_load(folder, theirs) : NULL;
    if (!folder || s->playbooks)
        return;
    diags_warn(d, (struct place){.file = folder}, "W0716",
               "playbooks here cannot be read, so that nobody knows whether those of the "
               "rules are among them");
    diags_hint(d, "hallwatch playbooks check %s", folder);
}

static void check_playbooks(const struct ruleset *rules, const char *given,
                            struct diags *d)
{
    struct shelf shelf = {0};

    for (size_t i = 0; i < ruleset_count(rules); i++) {
        const struct rule *rule = ruleset_rule(rules, i);

        shelf_fill(&shelf, given ? xstrdup(given) : playbooks_beside(rule->place.file),
                   d);
        if (shelf.playbooks)
            plan_check_playbook(rule, shelf.playbooks, d);
        if (!rule->changed_by)
            plan_check_leads(rule, d);
    }
    shelf_done(&shelf);
}

/* Which overlay changes what. */
static void print_changes(const struct ruleset *rules)
{
    const struct rule_change *changes;
    size_t count = ruleset_changes(rules, &changes);
    usec_t now = clock_wall();
    char until[CLOCK_TEXT];

    for (size_t i = 0; i < count; i++) {
        const struct rule_change *c = &changes[i];

        clock_print(c->until - 1, until);
        printf("%s:%u: rule %s: %s, at %s, %s %.10s (%s: %s)\n", c->place.file,
               c->place.line, c->rule, c->what, c->sites ? c->sites : "all sites",
               c->until > now ? "until" : "ended", until, c->owner, c->why);
    }
}

/* Rules as people wrote them: their changed forms are no rules of their own. */
static size_t count_rules(const struct ruleset *rules)
{
    size_t count = 0;

    for (size_t i = 0; i < ruleset_count(rules); i++)
        count += !ruleset_rule(rules, i)->changed_by;
    return count;
}

int rules_check(const void *values, int argc, char **argv)
{
    const struct rules_options *o = values;
    auto_diags struct diags *d = diags_new();
    struct world_settings settings = rules_world(o, argc, argv);
    enum report_format format;
    struct world w = {0};
    int status;

    if (!report_format(o->format, o->json, &format))
        return OPTIONS_USAGE;
    if (world_load(&w, &settings, d))
        check_playbooks(w.rules, o->playbooks, d);
    status = report(d, format);
    if (w.rules && status == 0 && format == REPORT_TEXT) {
        print_changes(w.rules);
        printf("%zu rule%s, version %s, no errors\n", count_rules(w.rules),
               count_rules(w.rules) == 1 ? "" : "s", ruleset_version(w.rules));
    }
    world_done(&w);
    return status;
}
