/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert_say.h"
#include "collector/store_alert.h"
#include "collector/store_incident.h"
#include "mem.h"
#include "rule_book.h"
#include "text.h"
#include "viewer.h"

struct alerts_options {
    struct viewer_options viewer;
    const char *rule, *site, *device, *severity;
    uint64_t incident, before, limit;
    usec_t within;
    bool drills;
};

/* ---- what may be seen of one ---- */

/* The row as an object, with the document as far as it may be seen. */
static struct json *seen_json(const struct store_alert *a, unsigned sight)
{
    auto_json struct json *document = json_parse(a->document, strlen(a->document), NULL);
    struct json *json = store_alert_json(a);

    json_put(json, "document", sight_document(document, sight));
    if (!(sight & SIGHT_DEVICE))
        json_put_text(json, "device", "");
    return json;
}

static const char *device_of(const struct store_alert *a, unsigned sight)
{
    if (a->device[0] == '\0')
        return "-";
    return sight & SIGHT_DEVICE ? a->device : "(hidden)";
}

/* ---- list ---- */

struct listing {
    struct viewer *viewer;
    struct json *json; /* NULL: for people */
    size_t count;
    int64_t last;
};

static void print_row(const struct viewer *r, const struct store_alert *a)
{
    char when[VIEWER_WHEN];
    unsigned sight = viewer_sight(r, a->owner, a->incident);

    viewer_when(r, a->site, a->at, when);
    printf("%8" PRId64 "  %-16s %-8s ", a->id, when,
           names_get(&names_severity, a->severity));
    viewer_print(a->site, 12);
    putchar(' ');
    viewer_print(a->segment, 14);
    putchar(' ');
    viewer_print(device_of(a, sight), 12);
    printf(" %-9s ", names_get(&names_alert_fate, a->fate));
    fputs(a->drill ? "[drill] " : "", stdout);
    viewer_print(a->title, 0);
    if (a->summary)
        printf(" (%" PRIu64 " more)", a->repeats);
    putchar('\n');
}

static void add_alert(const struct store_alert *a, void *arg)
{
    struct listing *l = arg;

    l->last = a->id;
    if (l->json) {
        json_add(l->json, seen_json(a, viewer_sight(l->viewer, a->owner, a->incident)));
        return;
    }
    if (l->count++ == 0)
        printf("%8s  %-16s %-8s %-12s %-14s %-12s %-9s %s\n", "ALERT", "WHEN", "SEVERITY",
               "SITE", "SEGMENT", "DEVICE", "BECAME", "WHAT");
    print_row(l->viewer, a);
}

static bool read_severity(const char *word, enum severity *ret)
{
    int index = word ? names_find(&names_severity, word) : SEVERITY_INFO;

    if (index >= 0) {
        *ret = (enum severity)index;
        return true;
    }
    fprintf(stderr, "hallwatch: there is no severity \"%s\"; there are", word);
    for (size_t i = 0; i < names_severity.count; i++)
        fprintf(stderr, " %s", names_severity.at[i]);
    fputs("\n", stderr);
    return false;
}

static struct store_alert_filter filter_of(struct viewer *r,
                                           const struct alerts_options *o)
{
    usec_t now = store_now(r->store);
    unsigned needed = o->device ? SIGHT_WHAT | SIGHT_DEVICE : SIGHT_WHAT;

    return (struct store_alert_filter){
        .before = (int64_t)o->before,
        .rule = o->rule,
        .site = o->site,
        .device = o->device,
        .incident = (int64_t)o->incident,
        .since = o->within && o->within < now ? now - o->within : 0,
        .owners = viewer_owners(r, needed, (int64_t)o->incident),
        .leave_out_drills = !o->drills,
        .limit = o->limit,
    };
}

/* What was searched for, for the audit record. */
static char *search_json(const struct alerts_options *o)
{
    auto_json struct json *object = json_new_object();

    if (o->rule)
        json_put_text(object, "rule", o->rule);
    if (o->site)
        json_put_text(object, "site", o->site);
    if (o->device)
        json_put_text(object, "device", o->device);
    if (o->incident)
        json_put_number(object, "incident", (int64_t)o->incident);
    return json_write(object);
}

static void note_any(const struct store_alert *a, void *arg)
{
    (void)a;
    *(bool *)arg = true;
}

/* A word that is spelt wrong is no empty list. Sites that went and rules that have
 * others' alerts are found in the store, so this is asked only where there is nothing. */
static bool explain_nothing(struct viewer *r, const struct alerts_options *o,
                            const struct store_alert_filter *f)
{
    const struct store_alert_filter of_rule = {
        .rule = o->rule, .owners = f->owners, .limit = 1};
    struct store_incident i;
    bool any = !o->rule;

    if (!viewer_site(r, o->site))
        return false;
    if (o->incident && store_incident_get(r->store, (int64_t)o->incident, &i) < 0) {
        viewer_fault(r);
        return false;
    }
    if (o->incident)
        store_incident_done(&i);
    if (o->rule && store_alert_each(r->store, &of_rule, note_any, &any) < 0) {
        viewer_fault(r);
        return false;
    }
    if (!any)
        fprintf(stderr,
                "hallwatch: of all alerts that you may see, none is of a rule \"%s\"\n",
                o->rule);
    return any;
}

static void print_end(const struct listing *l, size_t limit)
{
    if (l->count == 0)
        puts(viewer_owners(l->viewer, SIGHT_WHAT, 0) >> 31
                 ? "Your roles see no single alerts: there may be some."
                 : "No alert fits, of those that your roles see.");
    else if (l->count == limit)
        printf("There may be older ones: --before %" PRId64 "\n", l->last);
    if (l->count && !l->viewer->person)
        puts(
            "Devices and hosts are shown to whom they concern: say who you are with --as "
            "PERSON.");
}

static int list(const void *values, int argc, char **argv)
{
    const struct alerts_options *o = values;
    auto_viewer struct viewer r;
    auto_json struct json *json = o->viewer.json ? json_new_list() : NULL;
    auto_free char *search = search_json(o);
    struct listing l = {.viewer = &r, .json = json};
    struct store_alert_filter f;
    enum severity least;

    (void)argc;
    (void)argv;
    if (!viewer_open(&r, &o->viewer))
        return EXIT_FAULT;
    if (!read_severity(o->severity, &least))
        return OPTIONS_USAGE;
    if (!viewer_audit(&r, "alert.list", "", search))
        return EXIT_FAULT;
    f = filter_of(&r, o);
    f.least = least;
    if (store_alert_each(r.store, &f, add_alert, &l) < 0)
        return viewer_fault(&r);
    if (l.last == 0 && !explain_nothing(&r, o, &f))
        return EXIT_FAULT;
    if (json)
        viewer_json(json);
    else
        print_end(&l, o->limit ? o->limit : 100);
    return 0;
}

/* ---- show ---- */

static void print_day(const struct json *document)
{
    if (!json_get_path(document, "hallwatch.day"))
        return;
    printf("  %-12s ", "day");
    viewer_print_day(document);
    putchar('\n');
}

/* Its rule's words, and what was seen. */
static void print_words(const struct viewer *r, const struct store_alert *a,
                        const struct json *document)
{
    auto_ruleset struct ruleset *book = rule_book_open(&r->options->choice, r->district);
    auto_free char *count = alert_say_count(document);

    rule_book_print(rule_book_find(book, a->rule));
    puts("\nWhat was seen, as far as you may see it");
    if (count)
        viewer_item("-", count);
    alert_say_seen(document);
}

static void print_what_now(const struct store_alert *a)
{
    puts("\nWhat to do");
    if (a->incident)
        printf("  It belongs to incident %" PRId64 ", whose playbook has the tasks:\n"
               "  hallwatch incidents show %" PRId64
               "\n  hallwatch tasks list --incident %" PRId64 "\n",
               a->incident, a->incident, a->incident);
    else if (a->fate == ALERT_SILENCED)
        puts("  Nobody was told, because of a silence: hallwatch silences list");
    else if (a->fate == ALERT_INHIBITED)
        puts("  Nothing of its own: another alert explains it: hallwatch alerts list");
    else
        puts("  Nobody was asked to do anything about it.");
}

static void print_page(struct viewer *r, const struct store_alert *a, unsigned sight)
{
    auto_json struct json *seen = seen_json(a, sight);
    char at[VIEWER_WHEN], arrived[VIEWER_WHEN];

    viewer_when(r, a->site, a->at, at);
    viewer_when(r, a->site, a->arrived, arrived);
    printf("Alert %" PRId64 "%s: ", a->id, a->drill ? " (a drill)" : "");
    viewer_print(a->title, 0);
    putchar('\n');
    viewer_line("rule", a->rule);
    viewer_line("severity", names_get(&names_severity, a->severity));
    viewer_line("seen", at);
    viewer_line("arrived", arrived);
    print_day(json_get(seen, "document"));
    viewer_line("site", a->site);
    viewer_line("segment", a->segment);
    viewer_line("device", device_of(a, sight));
    viewer_line("agent", a->agent);
    viewer_line("first acts", names_get(&names_role, a->owner));
    viewer_line("playbook", a->playbook);
    viewer_line("became", names_get(&names_alert_fate, a->fate));
    if (a->incident)
        printf("  %-12s %" PRId64 "\n", "incident", a->incident);
    print_words(r, a, json_get(seen, "document"));
    print_what_now(a);
}

static int show_one(struct viewer *r, const struct store_alert *a)
{
    unsigned sight = viewer_sight(r, a->owner, a->incident);
    char about[32];

    if (!(sight & SIGHT_WHAT)) {
        fprintf(stderr, "hallwatch: alert %" PRId64 " is not for your roles\n", a->id);
        return EXIT_FAULT;
    }
    snprintf(about, sizeof(about), "alert/%" PRId64, a->id);
    if (!viewer_audit(r, "alert.show", about, ""))
        return EXIT_FAULT;
    if (r->options->json) {
        auto_json struct json *seen = seen_json(a, sight);

        viewer_json(seen);
    } else {
        print_page(r, a, sight);
    }
    return 0;
}

static int show(const void *values, int argc, char **argv)
{
    const struct alerts_options *o = values;
    auto_viewer struct viewer r;
    struct store_alert a;
    int64_t id;
    int status;

    (void)argc;
    if (!viewer_open(&r, &o->viewer))
        return EXIT_FAULT;
    if (!viewer_number(argv[0], "alert", &id))
        return OPTIONS_USAGE;
    if (store_alert_get(r.store, id, &a) < 0) {
        fprintf(stderr, "hallwatch: there is no alert %" PRId64 "\n", id);
        return EXIT_FAULT;
    }
    status = show_one(&r, &a);
    store_alert_done(&a);
    return status;
}

/* ---- the table ---- */

#define OPTION(member) offsetof(struct alerts_options, member)

static const struct option_row list_options[] = {
    {"rule", 'r', OPTION_TEXT, OPTION(rule), "ID", "those of this rule only"},
    {"site", 's', OPTION_TEXT, OPTION(site), "SITE", "those of this site only"},
    {"device", 0, OPTION_TEXT, OPTION(device), "NAME", "those of this device only"},
    {"severity", 0, OPTION_TEXT, OPTION(severity), "LEAST", "from this severity on"},
    {"incident", 'i', OPTION_COUNT, OPTION(incident), "N", "those of this incident"},
    {"within", 'w', OPTION_DURATION, OPTION(within), "TIME", "not older than: 24h"},
    {"before", 'b', OPTION_COUNT, OPTION(before), "N", "those before alert N"},
    {"limit", 'n', OPTION_COUNT, OPTION(limit), "N", "at most so many (100)"},
    {"drills", 0, OPTION_FLAG, OPTION(drills), NULL, "drills too"},
    VIEWER_OPTIONS,
    {0},
};
static const struct option_row show_options[] = {
    VIEWER_OPTIONS,
    {0},
};

const struct command alerts_commands[] = {
    {"list", NULL, 0, 0, "show alerts, the newest first",
     "Each look at alerts stands on the audit record.", NULL, list_options,
     sizeof(struct alerts_options), list},
    {"show", "ALERT", 1, 1, "show one alert: what it says, as far as you may see it",
     NULL, NULL, show_options, sizeof(struct alerts_options), show},
    {0},
};
