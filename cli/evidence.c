/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "collector/playbook_run.h"
#include "collector/store.h"
#include "collector/store_alert.h"
#include "collector/store_ask.h"
#include "collector/store_custody.h"
#include "collector/store_evidence.h"
#include "collector/store_freeze.h"
#include "evidence.h"
#include "mem.h"
#include "text.h"
#include "viewer.h"

#define LIST_MOST 100
#define HOLD_FOR  (90 * USEC_PER_DAY)

/* ---- whose it is ---- */

/* What is seen of it: as of its alert. Of one whose alert was lost, by nobody. */
static unsigned sight_and_owner(const struct viewer *v, const struct store_evidence *e,
                                enum role *ret_owner)
{
    struct store_alert a = {0};
    unsigned seen;

    if (!e->alert || store_alert_get(v->store, e->alert, &a) < 0)
        return 0;
    seen = viewer_sight(v, a.owner, a.incident);
    *ret_owner = a.owner;
    store_alert_done(&a);
    return seen;
}

unsigned evidence_sight(const struct viewer *v, const struct store_evidence *e)
{
    enum role owner;

    return sight_and_owner(v, e, &owner);
}

/* ---- list, and on an incident's page ---- */

/* Whatever an agent says that its frames are. */
bool evidence_is_metadata(const struct store_evidence *e)
{
    auto_json struct json *custody = json_parse(e->custody, strlen(e->custody), NULL);

    return custody && strcmp(e->agent, STORE_FREEZE_AGENT) == 0 &&
           strcmp(json_get_text(custody, "kind", ""), "metadata") == 0;
}

int64_t evidence_count(const struct store_evidence *e)
{
    auto_json struct json *custody = json_parse(e->custody, strlen(e->custody), NULL);

    return custody ? json_get_number(custody,
                                     evidence_is_metadata(e) ? "alerts" : "frames", 0)
                   : 0;
}

/* Of which nothing is here yet. */
static const char *asked_state(const struct store_evidence *e)
{
    static const char *const states[] = {
        [ASKED_WAITING] = "asked for: the agent has not answered yet",
        [ASKED_TAKEN] = "asked for: the agent has taken it, and records or sends it",
        [ASKED_REFUSED] = "asked for, and refused by the agent",
        [ASKED_UNANSWERED] = "asked for: the agent was not reached in time",
        [ASKED_LOST] = "asked for, and lost: nothing came of it",
    };

    return e->asked < sizeof(states) / sizeof(states[0]) ? states[e->asked] : "here";
}

#define COUNT_TEXT 64

/* "7 frames", "7 frames and no room for 3 more". */
static void how_many(const struct store_evidence *e, char ret_text[COUNT_TEXT])
{
    auto_json struct json *custody = json_parse(e->custody, strlen(e->custody), NULL);
    int64_t count = evidence_count(e),
            no_room = custody ? json_get_number(custody, "no_room", 0) : 0;

    if (evidence_is_metadata(e))
        snprintf(ret_text, COUNT_TEXT, "%" PRId64 " alerts", count);
    else if (count == 0 && no_room == 0)
        snprintf(ret_text, COUNT_TEXT, "no frame was seen");
    else if (no_room)
        snprintf(ret_text, COUNT_TEXT,
                 "%" PRId64 " frames and no room for %" PRId64 " more", count, no_room);
    else
        snprintf(ret_text, COUNT_TEXT, "%" PRId64 " frames", count);
}

void evidence_state(const struct store_evidence *e, usec_t now,
                    char ret_text[EVIDENCE_STATE])
{
    const char *how = evidence_is_metadata(e) ? "written down" : "kept sealed";
    char until[CLOCK_TEXT], count[COUNT_TEXT];

    clock_print(e->held, until);
    how_many(e, count);
    if (e->parts == 0 && e->asked)
        snprintf(ret_text, EVIDENCE_STATE, "%s", asked_state(e));
    else if (e->expired)
        snprintf(ret_text, EVIDENCE_STATE, "%s, expired", count);
    else if (e->parts == 0)
        snprintf(ret_text, EVIDENCE_STATE, "not here yet");
    else if (e->have < e->parts)
        snprintf(ret_text, EVIDENCE_STATE, "%" PRIu64 " of %" PRIu64 " parts are here",
                 e->have, e->parts);
    else if (e->held <= now)
        snprintf(ret_text, EVIDENCE_STATE, "%s, %s", count, how);
    else
        snprintf(ret_text, EVIDENCE_STATE, "%s, %s, held until %.10s", count, how, until);
}

struct listing {
    struct viewer *viewer;
    struct json *json; /* NULL: for people */
    bool held_only;
    size_t count; /* shown */
    size_t read;  /* of the page, down to this one */
    int64_t last;
};

static void add_evidence(const struct store_evidence *e, void *arg)
{
    struct listing *l = arg;
    char when[VIEWER_WHEN], state[EVIDENCE_STATE];

    l->read++;
    l->last = e->id;
    if (l->count >= LIST_MOST || !(evidence_sight(l->viewer, e) & SIGHT_WHAT))
        return;
    if (l->held_only && e->held <= store_now(l->viewer->store))
        return;
    if (l->json) {
        l->count++;
        json_add(l->json, store_evidence_json(e));
        return;
    }
    if (l->count++ == 0)
        printf("%8s  %-16s %8s  %-16s %s\n", "EVIDENCE", "SINCE", "ALERT", "AGENT",
               "WHAT THERE IS");
    viewer_when(l->viewer, "", e->arrived, when);
    evidence_state(e, store_now(l->viewer->store), state);
    printf("%8" PRId64 "  %-16s %8" PRId64 "  ", e->id, when, e->alert);
    viewer_print(e->agent, 16);
    printf(" %s\n", state);
}

/* Those of others count for nothing: the newest of one's own are shown. */
static int list_pages(struct listing *l, int64_t incident)
{
    struct store_evidence_filter f = {.incident = incident, .limit = LIST_MOST};
    int rc = 0;

    do {
        l->read = 0;
        f.before = l->last;
        rc = store_evidence_each(l->viewer->store, &f, add_evidence, l);
    } while (rc == 0 && l->read == LIST_MOST && l->count < LIST_MOST);
    return rc;
}

/* How much it is tells nothing of what it is. */
static int print_held(struct viewer *v)
{
    auto_free char *text = NULL;
    struct store_evidence_held held;
    uint64_t room = 0;
    int rc = store_evidence_held(v->store, &held);

    if (rc == 0)
        rc = store_meta_get(v->store, STORE_EVIDENCE_ROOM, &text);
    if (rc == -ENOENT) /* the engine has not looked at it yet */
        rc = 0;
    if (rc < 0 || held.count == 0)
        return rc;
    printf("\n%" PRIu64 " held in all, %.1f MiB", held.count,
           (double)held.bytes / (1 << 20));
    if (text && text_parse_number(text, &room) == 0 && room)
        printf(", %.0f %% of the room of evidence",
               100.0 * (double)held.bytes / (double)room);
    puts(": a hold ends at its time, or by `hallwatch evidence release`");
    return 0;
}

static int list(const void *values, int argc, char **argv)
{
    const struct evidence_options *o = values;
    auto_viewer struct viewer v;
    auto_json struct json *json = o->viewer.json ? json_new_list() : NULL;
    struct listing l = {.viewer = &v, .json = json, .held_only = o->held};

    (void)argc;
    (void)argv;
    if (!viewer_open(&v, &o->viewer) || !viewer_audit(&v, "evidence.list", "", ""))
        return EXIT_FAULT;
    if (list_pages(&l, (int64_t)o->incident) < 0)
        return viewer_fault(&v);
    if (json) {
        viewer_json(json);
        return 0;
    }
    if (l.count == 0)
        puts("No evidence that you may know of.");
    return print_held(&v) < 0 ? viewer_fault(&v) : 0;
}

/* ---- one ---- */

bool evidence_find(struct viewer *v, const char *word, unsigned wanted, const char *what,
                   const char *detail, struct store_evidence *ret_evidence)
{
    auto_free char *about = NULL;
    int64_t id;

    if (!viewer_number(word, "evidence", &id))
        return false;
    if (store_evidence_get(v->store, id, ret_evidence) < 0) {
        fprintf(stderr, "hallwatch: there is no evidence %" PRId64 "\n", id);
        return false;
    }
    if ((evidence_sight(v, ret_evidence) & wanted) != wanted) {
        fprintf(stderr,
                "hallwatch: evidence %" PRId64 " is not for your role: packets of an "
                "alert are for who sees its addresses\n",
                id);
        return false;
    }
    about = xasprintf("evidence/%" PRId64, id);
    return viewer_audit(v, what, about, detail);
}

/* What happened to it here. */
static void print_entry(const struct store_custody *c, void *arg)
{
    char when[VIEWER_WHEN];

    viewer_when(arg, "", c->at, when);
    printf("  %-16s  ", when);
    viewer_print(c->what, 0);
    fputs(" by ", stdout);
    viewer_print(c->who, 0);
    if (c->why[0]) {
        fputs(": ", stdout);
        viewer_print(c->why, 0);
    }
    putchar('\n');
}

static void print_custody(const char *key, struct json *value, void *arg)
{
    auto_free char *text =
        json_is_text(value) ? xstrdup(json_text(value, "")) : json_write(value);

    (void)arg;
    viewer_line(key, text);
}

static int print_history(struct viewer *v, const struct store_evidence *e)
{
    puts("\nWhat happened to it here");
    return store_custody_each(v->store, e->id, print_entry, v);
}

/* Whose frames they are is for who may open them. */
static struct json *asked_json(const struct viewer *v, const struct store_evidence *e)
{
    const unsigned wanted = SIGHT_PACKET | SIGHT_DEVICE;
    struct store_ask a;
    struct json *json;

    if (store_ask_get(v->store, e->id, &a) < 0)
        return json_new_null();
    json = store_ask_json(&a);
    store_ask_done(&a);
    if ((evidence_sight(v, e) & wanted) != wanted)
        json_put_text(json, "device", "");
    return json;
}

static void print_asked(const struct viewer *v, const struct store_evidence *e)
{
    auto_json struct json *asked = asked_json(v, e);
    char length[CLOCK_TEXT], before[CLOCK_TEXT];
    struct store_ask a;

    if (!json_is_object(asked) || store_ask_get(v->store, e->id, &a) < 0)
        return;
    puts("\nAsked for");
    viewer_line("device", json_get_text(asked, "device", ""));
    viewer_line("by", a.who);
    viewer_line("purpose", a.why);
    clock_print_duration(a.length, length);
    viewer_line("length", length);
    clock_print_duration(a.before, before);
    viewer_line("before", a.before ? before : "");
    store_ask_done(&a);
}

static int show(const void *values, int argc, char **argv)
{
    const struct evidence_options *o = values;
    auto_viewer struct viewer v;
    auto_json struct json *custody = NULL, *json = NULL;
    struct store_evidence e = {0};
    char state[EVIDENCE_STATE];
    int code = EXIT_FAULT;

    (void)argc;
    if (viewer_open(&v, &o->viewer) &&
        evidence_find(&v, argv[0], SIGHT_WHAT, "evidence.view", "", &e)) {
        evidence_state(&e, store_now(v.store), state);
        custody = json_parse(e.custody, strlen(e.custody), NULL);
        json = store_evidence_json(&e);
        json_put(json, "history", store_custody_list(v.store, e.id));
        json_put(json, "ask", asked_json(&v, &e));
        if (o->viewer.json)
            viewer_json(json);
        else
            printf("Evidence %" PRId64 " for alert %" PRId64 ": %s\n", e.id, e.alert,
                   state);
        if (!o->viewer.json && custody)
            json_each(custody, print_custody, NULL);
        if (!o->viewer.json)
            print_asked(&v, &e);
        code = o->viewer.json || print_history(&v, &e) == 0 ? 0 : viewer_fault(&v);
    }
    store_evidence_done(&e);
    return code;
}

/* ---- hold, release ---- */

/* Who acts first on its alert, or stands in for them. False after a complaint. */
static bool may_hold(const struct viewer *v, const struct store_evidence *e)
{
    enum role owner = ROLE_AUDITOR;

    sight_and_owner(v, e, &owner);
    if (run_may_act(v->district, owner, v->person->id))
        return true;
    fprintf(stderr,
            "hallwatch: evidence %" PRId64 " is held and released by whoever is %s; %s "
            "is not, and does not stand in\n",
            e->id, names_get(&names_role, owner), v->person->id);
    return false;
}

/* length 0: it is released. */
static int write_hold(struct viewer *v, int64_t id, const char *why, usec_t length)
{
    usec_t until = store_now(v->store) + length;
    char end[VIEWER_WHEN];
    int rc = store_begin(v->store);

    if (rc == 0)
        rc = length ? store_evidence_hold(v->store, id, v->who, why, until)
                    : store_evidence_release(v->store, id, v->who, why);
    rc = viewer_commit(v, rc);
    viewer_when(v, "", until, end);
    if (rc == 0 && length)
        printf("evidence %" PRId64 " is not deleted before %s\n", id, end);
    else if (rc == 0)
        printf("evidence %" PRId64 " is held no more: it is deleted when its time is "
               "over\n",
               id);
    return rc;
}

static int change_hold(const struct evidence_options *o, const char *word,
                       const char *verb, usec_t length)
{
    auto_viewer struct viewer v = {0};
    struct store_evidence e = {0};
    int code = EXIT_FAULT;

    if (!o->why || o->why[0] == '\0') {
        fprintf(stderr, "hallwatch: evidence %s needs --why TEXT\n", verb);
        return OPTIONS_USAGE;
    }
    if (viewer_open(&v, &o->viewer) && viewer_is_somebody(&v) &&
        evidence_find(&v, word, SIGHT_WHAT, "evidence.view", "", &e) && may_hold(&v, &e))
        code = write_hold(&v, e.id, o->why, length);
    store_evidence_done(&e);
    return code;
}

static int hold(const void *values, int argc, char **argv)
{
    const struct evidence_options *o = values;

    (void)argc;
    return change_hold(o, argv[0], "hold", o->length ? o->length : HOLD_FOR);
}

static int release(const void *values, int argc, char **argv)
{
    (void)argc;
    return change_hold(values, argv[0], "release", 0);
}

/* ---- the table ---- */

#define OPTION(member) offsetof(struct evidence_options, member)
#define SIZE           sizeof(struct evidence_options)

static const struct option_row list_options[] = {
    {"incident", 'i', OPTION_COUNT, OPTION(incident), "N", "of this incident"},
    {"held", 'H', OPTION_FLAG, OPTION(held), NULL, "only what is held now"},
    VIEWER_OPTIONS,
    {0},
};
static const struct option_row show_options[] = {
    VIEWER_OPTIONS,
    {0},
};
static const struct option_row get_options[] = {
    {"vault", 'k', OPTION_TEXT, OPTION(vault), "FILE",
     "the vault's key file, with its secret half"},
    {"out", 'o', OPTION_TEXT, OPTION(out), "FILE", "where the capture file goes"},
    {"reason", 'm', OPTION_TEXT, OPTION(why), "TEXT", "why, for the record"},
    VIEWER_OPTIONS,
    {0},
};

/* As the other commands call it, too. */
#define WHY_OPTIONS                                                        \
    {"why", 'm', OPTION_TEXT, OPTION(why), "TEXT", "why, for the record"}, \
    {                                                                      \
        "reason", 0, OPTION_TEXT, OPTION(why), "TEXT", "the same"          \
    }

static const struct option_row hold_options[] = {
    WHY_OPTIONS,
    {"for", 'f', OPTION_DURATION, OPTION(length), "TIME",
     "how long, like 30d (90d; 400d at most)"},
    VIEWER_OPTIONS,
    {0},
};
static const struct option_row release_options[] = {
    WHY_OPTIONS,
    VIEWER_OPTIONS,
    {0},
};

static const struct option_row ask_options[] = {
    WHY_OPTIONS,
    {"device", 0, OPTION_TEXT, OPTION(device), "ADDRESS",
     "whose, where the incident's alerts show several"},
    {"for", 'f', OPTION_DURATION, OPTION(length), "TIME",
     "how long, like 10m (5m; 1h at most)"},
    {"before", 'b', OPTION_DURATION, OPTION(before), "TIME",
     "and what the agent still remembers, like 30s (60s at most)"},
    {"max", 0, OPTION_NUMBER, OPTION(most), "BYTES",
     "of the capture file (1048576; 4194304 at most)"},
    {"snaplen", 0, OPTION_NUMBER, OPTION(snaplen), "BYTES",
     "of each frame, as far as the agent lets (0: headers)"},
    {"wait", 'w', OPTION_DURATION, OPTION(wait), "TIME",
     "for an agent that cannot be reached (1h; 7d at most)"},
    VIEWER_OPTIONS,
    {0},
};

const struct command evidence_commands[] = {
    {"list", NULL, 0, 0, "show which alerts have frames, the newest first", NULL, NULL,
     list_options, SIZE, list},
    {"show", "EVIDENCE", 1, 1, "show the custody record of one", NULL, NULL, show_options,
     SIZE, show},
    {"get", "EVIDENCE", 1, 1, "open the seal of one and write its capture file",
     "It stands on the audit record, with your reason, before anything is opened.", NULL,
     get_options, SIZE, evidence_get},
    {"hold", "EVIDENCE", 1, 1, "keep one from being deleted, for a time", NULL, NULL,
     hold_options, SIZE, hold},
    {"release", "EVIDENCE", 1, 1, "end a hold: it is deleted when its time is over", NULL,
     NULL, release_options, SIZE, release},
    {"ask", "INCIDENT", 1, 1, "ask an agent for the frames of a device, for a while",
     "Only of a device that an alert of the incident shows openly, and if the agent's "
     "evidence.ask allows it. Purpose and person stand on the custody record.",
     NULL, ask_options, SIZE, evidence_ask},
    {0},
};
