/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "collector/stand_in.h"
#include "collector/store.h"
#include "collector/store_alert.h"
#include "collector/store_silence.h"
#include "mem.h"
#include "names.h"
#include "rule_book.h"
#include "viewer.h"

#define OWNERS (ROLE_EXAMS_OFFICER + 1) /* nobody else acts first */
#define NETWORK_AND_SECURITY             \
    (UINT64_C(1) << ROLE_NETWORK_ADMIN | \
     UINT64_C(1) << ROLE_SECURITY) /* one made when none said whose it covers */

struct silences_options {
    struct viewer_options viewer;
    const char *rule, *site, *segment, *device, *role, *why;
    usec_t length;
    bool all;
};

static const char *given(const char *text)
{
    return text ? text : "";
}

/* ---- what it is about: each must be there, else nothing would be silenced ---- */

static bool refuse(const char *what, const char *word, const char *nearest)
{
    fprintf(stderr, "hallwatch: there is no %s \"%s\"", what, word);
    if (nearest)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    return false;
}

static bool is_site(const struct district *district, const char *site)
{
    if (!site || district_site(district, site))
        return true;
    refuse("site", site, NULL);
    fputs("; there are", stderr);
    for (size_t i = 0; i < district->site_count; i++)
        fprintf(stderr, " %s", district->sites[i].id);
    fputs("\n", stderr);
    return false;
}

static bool is_at(const struct segment *g, const char *site)
{
    return !site || strcmp(g->site->id, site) == 0;
}

static bool is_segment(const struct district *district, const char *name,
                       const char *site)
{
    for (size_t i = 0; name && i < district->segment_count; i++)
        if (strcmp(district->segments[i].name, name) == 0 &&
            is_at(&district->segments[i], site))
            return true;
    if (!name)
        return true;
    refuse("segment", name, NULL);
    fprintf(stderr, "%s%s; there are", site ? " at " : "", given(site));
    for (size_t i = 0; i < district->segment_count; i++)
        if (is_at(&district->segments[i], site))
            fprintf(stderr, " %s", district->segments[i].name);
    fputs("\n", stderr);
    return false;
}

static void take_owner(const struct store_alert *a, void *arg)
{
    *(int *)arg = (int)a->owner;
}

/* Who acts first on alerts of this rule; -1 after a complaint. What the collector tells
 * by itself is in no rule file, but among the alerts. */
static int rule_owner(const struct viewer *v, const struct ruleset *book, const char *id)
{
    const struct store_alert_filter newest = {.rule = id, .limit = 1};
    const struct rule *rule = rule_book_find(book, id);
    auto_free char *nearest = NULL;
    int owner = -1;

    if (rule)
        return (int)rule->owner;
    if (store_alert_each(v->store, &newest, take_owner, &owner) == 0 && owner >= 0)
        return owner;
    nearest = rule_book_nearest(book, id);
    refuse("rule", id, nearest);
    fputs(nearest ? "\n" : ": `hallwatch rules doc` lists them\n", stderr);
    return -1;
}

/* Only among alerts that are one's own: else it would tell what others see. */
static bool is_device(const struct viewer *v, const char *device, uint64_t covers)
{
    const struct store_alert_filter about = {
        .device = device, .owners = (uint32_t)covers, .limit = 1};
    int owner = -1;

    if (!device)
        return true;
    if (store_alert_each(v->store, &about, take_owner, &owner) == 0 && owner >= 0)
        return true;
    fprintf(stderr,
            "hallwatch: no alert of yours was ever about a device \"%s\": `hallwatch "
            "alerts list` shows them\n",
            device);
    return false;
}

/* ---- whose alerts ---- */

static uint32_t own_roles(const struct viewer *v)
{
    return stand_in_roles(v->district, v->person, v->now) & ((UINT32_C(1) << OWNERS) - 1);
}

static void print_roles(uint32_t roles)
{
    for (size_t i = 0; i < names_role.count; i++)
        if (roles >> i & 1)
            fprintf(stderr, " %s", names_role.at[i]);
    fputs("\n", stderr);
}

static bool may_cover(const struct viewer *v, int owner, const char *what)
{
    if (own_roles(v) >> owner & 1)
        return true;
    fprintf(
        stderr,
        "hallwatch: %s is the %s's to silence: only who acts first on alerts may, and "
        "%s is",
        what, names_get(&names_role, (unsigned)owner), v->person->id);
    if (own_roles(v) == 0)
        fputs(" not among them\n", stderr);
    else
        print_roles(own_roles(v));
    return false;
}

/* Of a role that was named, or the only one that it can be. */
static bool covers_of_role(const struct viewer *v, const char *word, uint64_t *ret)
{
    uint32_t own = own_roles(v);
    int role = word ? names_find(&names_role, word) : -1;

    if (word && (role < 0 || role >= OWNERS)) {
        refuse("role that acts first on alerts and is called", word, NULL);
        fputs("; there are", stderr);
        print_roles((UINT32_C(1) << OWNERS) - 1);
        return false;
    }
    if (word && !may_cover(v, role, "what you named"))
        return false;
    if (!word && own == 0) {
        fprintf(
            stderr,
            "hallwatch: only who acts first on alerts may silence them, and %s does on "
            "none: these roles do:",
            v->person->id);
        print_roles((UINT32_C(1) << OWNERS) - 1);
        return false;
    }
    if (!word && (own & (own - 1))) {
        fputs("hallwatch: --role says whose alerts it covers, as you have several:",
              stderr);
        print_roles(own);
        return false;
    }
    *ret = word ? UINT64_C(1) << role : own;
    return true;
}

static bool covers_of_rule(const struct viewer *v, const char *rule, uint64_t *ret)
{
    auto_ruleset struct ruleset *book = rule_book_open(&v->options->choice, v->district);
    auto_free char *what = xasprintf("\"%s\"", rule);
    int owner = rule_owner(v, book, rule);

    if (owner < 0 || !may_cover(v, owner, what))
        return false;
    *ret = UINT64_C(1) << owner;
    return true;
}

/* All that must be so before it is written down. False after a complaint. */
static bool find_covers(const struct viewer *v, const struct silences_options *o,
                        uint64_t *ret)
{
    if (!is_site(v->district, o->site) || !is_segment(v->district, o->segment, o->site))
        return false;
    if (!(o->rule ? covers_of_rule(v, o->rule, ret) : covers_of_role(v, o->role, ret)))
        return false;
    return is_device(v, o->device, *ret);
}

static const char *role_of(uint64_t covers)
{
    for (size_t i = 0; i < names_role.count; i++)
        if (covers >> i & 1)
            return names_role.at[i];
    return "nobody";
}

static int add(const void *values, int argc, char **argv)
{
    const struct silences_options *o = values;
    auto_viewer struct viewer v;
    struct store_silence silence;
    char until[VIEWER_WHEN];
    int64_t id = 0;
    uint64_t covers;
    int rc, status;

    (void)argc;
    (void)argv;
    if (!viewer_open(&v, &o->viewer) || !viewer_is_somebody(&v) ||
        !find_covers(&v, o, &covers))
        return EXIT_FAULT;
    silence = (struct store_silence){.rule = given(o->rule),
                                     .site = given(o->site),
                                     .segment = given(o->segment),
                                     .device = given(o->device),
                                     .owner = v.who,
                                     .why = given(o->why),
                                     .covers = covers,
                                     .begins = store_now(v.store)};
    silence.until = silence.begins + o->length;
    rc = store_begin(v.store);
    if (rc == 0)
        rc = store_silence_add(v.store, &silence, &id);
    status = viewer_commit(&v, rc);
    if (status)
        return status;
    viewer_when(&v, silence.site, silence.until, until);
    printf("silence %" PRId64 " holds until %s. It covers alerts on which the %s acts "
           "first, and no others; they are kept and counted\n",
           id, until, role_of(covers));
    return 0;
}

/* ---- ending one ---- */

struct search {
    int64_t id;
    const char *who;
    uint64_t covers;
    bool found, own;
};

static void look_for(const struct store_silence *q, void *arg)
{
    struct search *s = arg;

    if (q->id != s->id)
        return;
    s->found = true;
    s->covers = q->covers;
    s->own = strcmp(q->owner, s->who) == 0;
}

/* Who made it, or acts first on what it covers. One that is not there is the store's to
 * tell. */
static bool may_end(const struct viewer *v, int64_t id)
{
    struct search s = {.id = id, .who = v->who};

    if (store_silence_each(v->store, store_now(v->store), look_for, &s) < 0 || !s.found ||
        s.own || own_roles(v) & s.covers)
        return true;
    fprintf(stderr,
            "hallwatch: silence %" PRId64 " is not yours, nor are the alerts that it "
            "covers\n",
            id);
    return false;
}

static int end(const void *values, int argc, char **argv)
{
    const struct silences_options *o = values;
    auto_viewer struct viewer v;
    int64_t id;
    int rc, status;

    (void)argc;
    if (!viewer_open(&v, &o->viewer) || !viewer_is_somebody(&v))
        return EXIT_FAULT;
    if (!viewer_number(argv[0], "silence", &id))
        return OPTIONS_USAGE;
    if (!may_end(&v, id))
        return EXIT_FAULT;
    rc = store_begin(v.store);
    if (rc == 0)
        rc = store_silence_end(v.store, id, v.who);
    status = viewer_commit(&v, rc);
    if (status == 0)
        printf("silence %" PRId64 " is over\n", id);
    return status;
}

/* ---- list ---- */

struct listing {
    struct viewer *viewer;
    struct json *json; /* NULL: for people */
    size_t count;
    size_t hidden; /* of alerts that the person does not see */
};

/* What is seen of every alert that it covers; whoever made it sees all of it. */
static unsigned sight_of_it(const struct viewer *v, const struct store_silence *q)
{
    unsigned sight = SIGHT_ALL;

    if (v->person && strcmp(q->owner, v->who) == 0)
        return SIGHT_ALL;
    for (unsigned owner = 0; owner < names_role.count; owner++)
        if (q->covers >> owner & 1)
            sight &= viewer_sight(v, owner, 0);
    return sight;
}

static void print_about(const struct store_silence *q, unsigned sight)
{
    static const char *const heads[] = {"rule", "site", "segment", "device"};
    const char *const words[] = {q->rule, q->site, q->segment, q->device};
    const char *before = "";

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i][0] == '\0')
            continue;
        printf("%s%s ", before, heads[i]);
        viewer_print(words[i] == q->device && !(sight & SIGHT_DEVICE) ? "(not for you)"
                                                                      : words[i],
                     0);
        before = ", ";
    }
}

static struct json *as_seen(const struct store_silence *q, unsigned sight)
{
    struct json *json = store_silence_json(q);

    if (q->device[0] && !(sight & SIGHT_DEVICE))
        json_put(json, "device", json_new_null());
    return json;
}

static void add_silence(const struct store_silence *q, void *arg)
{
    struct listing *l = arg;
    unsigned sight = sight_of_it(l->viewer, q);
    char until[VIEWER_WHEN];

    if (!(sight & SIGHT_WHAT)) {
        l->hidden++;
        return;
    }
    if (l->json) {
        json_add(l->json, as_seen(q, sight));
        return;
    }
    if (l->count++ == 0)
        printf("%8s  %-16s %8s  %-20s %-16s %s\n", "SILENCE", "UNTIL", "ALERTS", "OWNER",
               "ALERTS OF", "ABOUT: REASON");
    viewer_when(l->viewer, q->site, q->ended ? q->ended : q->until, until);
    printf("%8" PRId64 "  %-16s %8" PRIu64 "  ", q->id, until, q->hits);
    viewer_print(q->owner, 20);
    printf(" %-16s ",
           q->covers == NETWORK_AND_SECURITY ? "network, security" : role_of(q->covers));
    print_about(q, sight);
    fputs(": ", stdout);
    viewer_print(q->why, 0);
    putchar('\n');
}

static int list(const void *values, int argc, char **argv)
{
    const struct silences_options *o = values;
    auto_viewer struct viewer v;
    auto_json struct json *json = o->viewer.json ? json_new_list() : NULL;
    struct listing l = {.viewer = &v, .json = json};

    (void)argc;
    (void)argv;
    if (!viewer_open(&v, &o->viewer))
        return EXIT_FAULT;
    if (store_silence_each(v.store, o->all ? 0 : store_now(v.store), add_silence, &l) < 0)
        return viewer_fault(&v);
    if (json)
        viewer_json(json);
    else if (l.count + l.hidden == 0)
        puts("No silence is in force.");
    if (l.hidden)
        fprintf(stderr, "hallwatch: %zu of alerts that you do not see %s not shown\n",
                l.hidden, l.hidden == 1 ? "is" : "are");
    return 0;
}

/* ---- the table ---- */

#define OPTION(member) offsetof(struct silences_options, member)
#define SIZE           sizeof(struct silences_options)

static const struct option_row add_options[] = {
    {"rule", 'r', OPTION_TEXT, OPTION(rule), "ID", "alerts of this rule"},
    {"site", 's', OPTION_TEXT, OPTION(site), "SITE", "at this site"},
    {"segment", 0, OPTION_TEXT, OPTION(segment), "NAME", "in this segment"},
    {"device", 0, OPTION_TEXT, OPTION(device), "NAME", "of this device"},
    {"role", 0, OPTION_TEXT, OPTION(role), "ROLE",
     "whose alerts, without --rule: of you, if you have one role"},
    {"for", 'f', OPTION_DURATION, OPTION(length), "TIME", "for how long: 2h"},
    {"reason", 'm', OPTION_TEXT, OPTION(why), "TEXT", "why, for the record"},
    VIEWER_OPTIONS,
    {0},
};
static const struct option_row list_options[] = {
    {"all", 0, OPTION_FLAG, OPTION(all), NULL, "those that are over, too"},
    VIEWER_OPTIONS,
    {0},
};
static const struct option_row end_options[] = {
    VIEWER_OPTIONS,
    {0},
};

const struct command silences_commands[] = {
    {"add", NULL, 0, 0, "tell nobody about alerts that fit, for a time",
     "At least one of --rule, --site, --segment and --device says which. Only who acts\n"
     "first on alerts may silence them, and a silence takes no others along: those of the\n"
     "safety officer's rules only the safety officer, for 7 days at most; else 30 days.",
     NULL, add_options, SIZE, add},
    {"list", NULL, 0, 0, "show silences, their owners and what they cover", NULL, NULL,
     list_options, SIZE, list},
    {"end", "SILENCE", 1, 1, "end one before its time", NULL, NULL, end_options, SIZE,
     end},
    {0},
};
