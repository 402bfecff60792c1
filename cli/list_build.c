/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every list of a lists.yaml into one compiled file. A list of which a source cannot be
 * read, is mostly not what it should be, or gives too little is compiled from what it was
 * the last time (list_keep.h): nothing that happens to a source empties a list.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "cli/list_keep.h"
#include "cli/list_plan.h"
#include "mem.h"

#define REFUSED_LEAST 5  /* lines that cannot be used, and still it may be a list */
#define SHRUNK_LEAST  20 /* of fewer values, half may well go in a day */

/* How a list came to what it has. */
struct filled {
    struct list_gave *gave; /* by its sources, in their order */
    bool restored;
};

struct building {
    const struct list_build *set;
    const struct list_plan *plan;
    struct list_builder *builder;
    struct diags *diags;
    struct list_built *built;

    struct filled *filled; /* by list */

    unsigned list; /* the one that is being filled */
    uint64_t values;
    bool forgiving; /* it can be had as it was */

    int no_folder;       /* of Toulouse's lists: why it is none (errno), or 0 */
    bool told_folder[2]; /* by whether the list could be had as it was */
};

static void take_value(struct text value, void *arg)
{
    struct building *b = arg;

    b->values++;
    list_builder_add(b->builder, b->list, value);
}

/* ---- sources ---- */

/* A category of Toulouse is a folder, or, where the lists were unpacked flat, NAME.txt.
 */
static char *source_path(const struct building *b, const struct planned_source *s,
                         enum list_form *ret_form)
{
    auto_free char *path = NULL, *flat = NULL;

    *ret_form = s->form;
    if (s->form != LIST_FORM_UT1 || s->file[0] == '/')
        return list_plan_path(b->plan, s->file);
    path = xasprintf("%s/%s", b->set->ut1, s->file);
    flat = xasprintf("%s.txt", path);
    if (access(path, R_OK) == 0 || access(flat, R_OK) != 0)
        return take(path);
    *ret_form = LIST_FORM_PLAIN;
    return take(flat);
}

static bool needs_ut1(const struct building *b, const struct planned_source *s)
{
    return s->form == LIST_FORM_UT1 && !b->set->ut1 && s->file[0] != '/';
}

/* When a fetched source came, by its file's time; 0 when it is not there. */
static usec_t came(const struct building *b, const struct planned_source *s)
{
    auto_free char *path = NULL;
    enum list_form form;
    struct stat st;

    if (needs_ut1(b, s))
        return 0;
    path = source_path(b, s, &form);
    if (form == LIST_FORM_UT1) {
        auto_free char *folder = take(path);

        path = xasprintf("%s/domains", folder);
    }
    return stat(path, &st) == 0 ? (usec_t)st.st_mtim.tv_sec * USEC_PER_SEC : 0;
}

/*
 * A list is as old as the oldest of what was fetched for it. What is kept by hand does
 * not age by its file's time, which is when somebody checked it out: a list of nothing
 * else tells the day when somebody last went through it, and never grows stale.
 */
static void date_list(const struct building *b, const struct planned_list *l,
                      struct list_info *info)
{
    usec_t oldest = 0, kept = 0;

    for (size_t i = 0; i < l->source_count; i++) {
        usec_t fetched = l->sources[i].kept ? 0 : came(b, &l->sources[i]);

        if (fetched && (!oldest || fetched < oldest))
            oldest = fetched;
        if (l->sources[i].kept > kept)
            kept = l->sources[i].kept;
    }
    info->fetched = oldest ? oldest : kept;
    if (!oldest && kept)
        info->max_age = 0;
}

/* A fault of a source; the list may be had as it was. */
static void report_source(struct building *b, struct place at, const char *code,
                          const char *words)
{
    char as_warning[8];

    snprintf(as_warning, sizeof(as_warning), "W%s", code + 1);
    if (b->forgiving)
        diags_warn(b->diags, at, as_warning, "%s", words);
    else
        diags_error(b->diags, at, code, "%s", words);
}

static bool check_refused(struct building *b, const struct list_source *source,
                          const struct list_counts *counts)
{
    auto_free char *words = NULL;

    if (counts->refused < REFUSED_LEAST || counts->refused * 10 <= counts->lines)
        return true;
    words =
        xasprintf("%llu of %llu lines cannot be used: is this a list of %s in form %s?",
                  (unsigned long long)counts->refused, (unsigned long long)counts->lines,
                  names_get(&names_list_type, source->type),
                  names_get(&names_list_form, source->form));
    report_source(b, (struct place){.file = source->path}, "E0423", words);
    return false;
}

/* What it gave the last time; 0 where nothing of that may be held against it. */
static uint64_t gave_before(const struct building *b, const struct planned_list *l,
                            const struct planned_source *s)
{
    bool emptied = l->says_min_entries && l->min_entries == 0;

    if (!b->forgiving || s->kept || emptied ||
        (s->says_min_entries && s->min_entries == 0))
        return 0;
    return list_keep_gave(b->set->kept, &l->info, s->file);
}

/* Whoever knows that a source has that little now says min_entries: 0 there. */
static bool check_gave(struct building *b, const struct planned_list *l,
                       const struct planned_source *s, uint64_t values)
{
    uint64_t before = gave_before(b, l, s), least = s->min_entries;
    auto_free char *words = NULL;

    if (values < least)
        words = xasprintf("source \"%s\" has %llu entries, it should have at least %llu",
                          s->file, (unsigned long long)values, (unsigned long long)least);
    else if (before > 0 &&
             (values == 0 || (before >= SHRUNK_LEAST && values < before / 2)))
        words =
            xasprintf("source \"%s\" has %llu entries, it had %llu the last time",
                      s->file, (unsigned long long)values, (unsigned long long)before);
    if (!words)
        return true;
    report_source(b, node_place(s->node), "E0405", words);
    diags_hint(b->diags, "it may have been empty or cut off when it was fetched; when it "
                         "is right, write min_entries: 0 at this source");
    return false;
}

/* The folder of the Toulouse lists is not given: what was built with it stays. */
static bool without_ut1(struct building *b, const struct planned_list *l,
                        const struct planned_source *s)
{
    uint64_t before = gave_before(b, l, s);
    auto_free char *words = NULL;

    if (before == 0) {
        b->built->left_out++;
        return true;
    }
    words = xasprintf("source \"%s\" is of the Toulouse lists, and their folder is not "
                      "given; it had %llu entries the last time",
                      s->file, (unsigned long long)before);
    report_source(b, node_place(s->node), "E0405", words);
    diags_hint(b->diags, "give it with --ut1 DIR; when the list is to be without this "
                         "source from now on, write min_entries: 0 at it");
    return false;
}

/* The folder itself is not there: a wrong --ut1, or a disk that is not mounted. Said once
 * for the lists that stay as they were, and once for those that cannot be built. */
static bool without_folder(struct building *b)
{
    bool *told = &b->told_folder[b->forgiving];
    auto_free char *words = NULL;

    if (*told)
        return false;
    *told = true;
    words = xasprintf("this folder of the Toulouse lists (--ut1) cannot be read: %s",
                      strerror(b->no_folder));
    report_source(b, (struct place){.file = b->set->ut1}, "E0426", words);
    return false;
}

/* A category, or a bundle of certificates, that is not there now was perhaps never there.
 */
static bool left_out(struct building *b, const struct planned_list *l,
                     const struct planned_source *s)
{
    if (gave_before(b, l, s) > 0)
        return check_gave(b, l, s, 0);
    diags_warn(b->diags, node_place(s->node), "W0411",
               s->form == LIST_FORM_PEM
                   ? "left out: there are no certificates at \"%s\""
                   : "left out: the Toulouse lists have no category \"%s\"",
               s->file);
    return true;
}

static bool may_be_left_out(enum list_form form)
{
    return form == LIST_FORM_UT1 || form == LIST_FORM_PEM;
}

static bool read_source(struct building *b, const struct planned_list *l,
                        const struct planned_source *s, uint64_t *ret_gave)
{
    struct list_source source = {.type = l->info.type,
                                 .column = s->column,
                                 .now = clock_wall(),
                                 .forgiving = b->forgiving};
    uint64_t before = b->values;
    struct list_counts counts;
    auto_free char *path = NULL;

    if (needs_ut1(b, s))
        return without_ut1(b, l, s);
    source.path = path = source_path(b, s, &source.form);
    if (s->form == LIST_FORM_UT1 && s->file[0] != '/' && b->no_folder)
        return without_folder(b);
    if (may_be_left_out(source.form) && access(path, F_OK) != 0)
        return left_out(b, l, s);
    if (list_read(&source, take_value, b, &counts, b->diags) != 0)
        return false;
    *ret_gave = b->values - before;
    return check_refused(b, &source, &counts) && check_gave(b, l, s, *ret_gave);
}

/* ---- a list ---- */

/* Whoever wants to empty a list says min_entries: 0. */
static bool check_entries(struct building *b, const struct planned_list *l)
{
    uint64_t least = l->says_min_entries ? l->min_entries : b->forgiving ? 1 : 0;
    auto_free char *words = NULL;

    if (b->values >= least)
        return true;
    words =
        xasprintf("list \"%s\" has %llu entries, it should have at least %llu",
                  l->info.name, (unsigned long long)b->values, (unsigned long long)least);
    report_source(b, node_place(l->node), "E0405", words);
    diags_hint(b->diags, "its source may have been empty when it was fetched");
    return false;
}

static bool read_list(struct building *b, const struct planned_list *l)
{
    struct list_gave *gave = xcalloc(l->source_count + 1, sizeof(*gave));
    bool good = true;

    b->filled[b->list].gave = gave;
    b->values = 0;
    for (size_t i = 0; i < l->source_count; i++) {
        gave[i].source = l->sources[i].file;
        good = read_source(b, l, &l->sources[i], &gave[i].values) && good;
    }
    return good && check_entries(b, l);
}

static bool restore(struct building *b, const struct planned_list *l, usec_t fetched)
{
    char date[CLOCK_TEXT];

    if (!list_keep_restore(b->set->kept, b->builder, b->list)) {
        diags_error(b->diags, node_place(l->node), "E0424",
                    "list \"%s\" cannot be built, and what is kept of it cannot be read",
                    l->info.name);
        return false;
    }
    clock_print(fetched, date);
    diags_warn(b->diags, node_place(l->node), "W0424",
               "list \"%s\" stays as it was: of %.10s", l->info.name, date);
    b->filled[b->list].restored = true;
    b->built->kept++;
    return true;
}

static bool build_one(struct building *b, const struct planned_list *l)
{
    struct list_info info = l->info;
    usec_t kept_from = 0;

    b->forgiving = list_keep_has(b->set->kept, &info, &kept_from);
    if (!info.fetched)
        date_list(b, l, &info);
    b->list = (unsigned)list_builder_list(b->builder, &info);
    if (read_list(b, l))
        return true;
    return b->forgiving && restore(b, l, kept_from);
}

static void build_exceptions(struct building *b)
{
    for (unsigned i = 0; i < b->plan->list_count; i++) {
        const struct node *except = b->plan->lists[i].except;

        for (size_t k = 0; except && k < node_count(except); k++)
            for (unsigned other = 0; other < b->plan->list_count; other++)
                if (strcmp(b->plan->lists[other].info.name,
                           node_text(node_item(except, k))) == 0)
                    list_builder_except(b->builder, i, other);
    }
}

/* ---- all of them ---- */

static int why_no_folder(const char *path)
{
    struct stat st;

    if (!path)
        return 0;
    if (stat(path, &st) != 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    return access(path, R_OK | X_OK) == 0 ? 0 : errno;
}

/* What was restored is kept as it is, with what its sources gave when they were good. */
static void keep_all(struct building *b)
{
    int error = 0;

    for (unsigned i = 0; b->set->kept && i < b->plan->list_count && error == 0; i++)
        if (!b->filled[i].restored)
            error = list_keep_store(b->set->kept, b->builder, i, b->filled[i].gave,
                                    b->plan->lists[i].source_count);
    if (error)
        diags_warn(b->diags, (struct place){.file = b->set->kept}, "W0425",
                   "the lists cannot be kept for the next time: %s", strerror(-error));
}

static bool write_all(struct building *b)
{
    int err = list_builder_write(b->builder, b->set->out);

    if (err == 0) {
        keep_all(b);
        return true;
    }
    if (err == -E2BIG) {
        diags_error(b->diags, (struct place){.file = b->set->yaml}, "E0414",
                    "the lists of type lookalike have more than %d names together",
                    ALIKE_NAMES_MAX);
        diags_hint(b->diags, "list what false pages would be made after, not all that "
                             "people use");
        return false;
    }
    diags_error(b->diags, (struct place){.file = b->set->out}, "E0410",
                "the list file cannot be written: %s", strerror(-err));
    return false;
}

bool list_build(const struct list_build *set, struct list_built *ret_built,
                struct diags *d)
{
    auto_list_plan struct list_plan *plan = list_plan_load(set->yaml, d);
    struct building b = {.set = set, .plan = plan, .diags = d, .built = ret_built};
    bool good = true;

    *ret_built = (struct list_built){0};
    if (!plan)
        return false;
    b.builder = list_builder_new();
    b.filled = xcalloc(plan->list_count + 1, sizeof(*b.filled));
    b.no_folder = why_no_folder(set->ut1);
    for (size_t i = 0; i < plan->list_count; i++)
        good = build_one(&b, &plan->lists[i]) && good;
    build_exceptions(&b);
    good = good && write_all(&b);
    list_builder_free(b.builder);
    for (size_t i = 0; i < plan->list_count; i++)
        free(b.filled[i].gave);
    free(b.filled);
    return good;
}
