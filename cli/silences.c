/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "collector/store.h"
#include "collector/store_silence.h"
#include "mem.h"
#include "viewer.h"

struct silences_options {
    struct viewer_options viewer;
    const char *rule, *site, *segment, *device, *why;
    usec_t length;
    bool all;
};

static const char *given(const char *text)
{
    return text ? text : "";
}

static int add(const void *values, int argc, char **argv)
{
    const struct silences_options *o = values;
    auto_viewer struct viewer v;
    struct store_silence silence;
    char until[VIEWER_WHEN];
    int64_t id = 0;
    int rc, status;

    (void)argc;
    (void)argv;
    if (!viewer_open(&v, &o->viewer) || !viewer_is_somebody(&v))
        return EXIT_FAULT;
    silence = (struct store_silence){.rule = given(o->rule),
                                     .site = given(o->site),
                                     .segment = given(o->segment),
                                     .device = given(o->device),
                                     .owner = v.who,
                                     .why = given(o->why),
                                     .begins = store_now(v.store)};
    silence.until = silence.begins + o->length;
    rc = store_begin(v.store);
    if (rc == 0)
        rc = store_silence_add(v.store, &silence, &id);
    status = viewer_commit(&v, rc);
    if (status)
        return status;
    viewer_when(&v, silence.site, silence.until, until);
    printf("silence %" PRId64 " holds until %s; what it covers is kept and counted\n", id,
           until);
    return 0;
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
};

static void print_about(const struct store_silence *q)
{
    const char *const words[] = {q->rule, q->site, q->segment, q->device};
    const char *before = "";

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i][0] == '\0')
            continue;
        fputs(before, stdout);
        viewer_print(words[i], 0);
        before = ", ";
    }
}

static void add_silence(const struct store_silence *q, void *arg)
{
    struct listing *l = arg;
    char until[VIEWER_WHEN];

    if (l->json) {
        json_add(l->json, store_silence_json(q));
        return;
    }
    if (l->count++ == 0)
        printf("%8s  %-16s %8s  %-20s %s\n", "SILENCE", "UNTIL", "ALERTS", "OWNER",
               "ABOUT: REASON");
    viewer_when(l->viewer, q->site, q->ended ? q->ended : q->until, until);
    printf("%8" PRId64 "  %-16s %8" PRIu64 "  ", q->id, until, q->hits);
    viewer_print(q->owner, 20);
    putchar(' ');
    print_about(q);
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
    else if (l.count == 0)
        puts("No silence is in force.");
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
     "At least one of --rule, --site, --segment and --device says which.", NULL,
     add_options, SIZE, add},
    {"list", NULL, 0, 0, "show silences, their owners and what they cover", NULL, NULL,
     list_options, SIZE, list},
    {"end", "SILENCE", 1, 1, "end one before its time", NULL, NULL, end_options, SIZE,
     end},
    {0},
};
