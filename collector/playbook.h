/* SPDX-License-Identifier: Apache-2.0 */
/*
 * playbook.h - playbooks, as they are written: what shall happen when something does.
 * PLAYBOOKS.md is the design, hallwatch-playbooks(5) the manual of the format.
 *
 * playbook_parse reads one, playbooks_load a folder of them; both tell all faults at
 * once. Whether the people and templates that they need are there is asked by
 * playbook_check.h. What runs them is playbook_run.h, from the text that the run began
 * with. Everything is immutable and borrowed from the struct playbook.
 *
 * Codes: E0701 called the same, E0702 schema, E0703 no such step, E0704 a kind that this
 * version does not run, E0705 nobody can reach it, E0706 never ends, E0707 goes round
 * without waiting, E0708 nobody holds the role, E0710 no such template, E0711 not in a
 * language, E0712 no such action, E0713 to families without approve, E0714 auto towards
 * police or parents, E0715 no such fact, E0716 no such playbook, E0717 no name for
 * something, E0718 a fault between ${ and }, E0719 a fact that its reader may not see,
 * E0720 a condition that cannot be, E0721 too many.
 */
#ifndef PLAYBOOK_H
#define PLAYBOOK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "clock.h"
#include "collector/fact.h"
#include "collector/incident.h"
#include "diag.h"
#include "names.h"

#define PLAYBOOK_END       (-1)    /* instead of a step: the run ends */
#define PLAYBOOK_NONE      INT_MIN /* instead of a step: nothing is said; no -errno */
#define PLAYBOOK_STEPS_MAX 500

enum step_kind {
    STEP_NOTIFY,
    STEP_ACK,
    STEP_TASK,
    STEP_DECIDE,
    STEP_WAIT,
    STEP_BRANCH,
    STEP_COMMUNICATE,
    STEP_CALL,
    STEP_CLOSE,
    STEP_REVIEW,
    STEP_EVIDENCE,
    /* These are read, and refused with E0704. */
    STEP_AUTO,
    STEP_UNMASK,
    STEP_CLOCK,
    STEP_PARALLEL,
};
extern const struct names names_step_kind;

/* Who a message is for; those from AUDIENCE_FIRST_OUTSIDE on are outside the school's own
 * staff: a person sends it to them, never a machine, and only after somebody agreed. */
enum reader {
    READER_STAFF,
    READER_OWNER_FAMILY, /* of the one device or student it is about */
    READER_FAMILIES,
    READER_STUDENTS,
    READER_COMMUNITY,
    READER_VENDOR,
    READER_POLICE,
    READER_AUTHORITY, /* a regulator, an examination board, child protection */
    READER_PRESS,
};
#define READER_FIRST_OUTSIDE READER_OWNER_FAMILY
extern const struct names names_reader;

enum privacy_class {
    PRIVACY_NETWORK,
    PRIVACY_SECURITY,
    PRIVACY_SAFEGUARDING,
};
extern const struct names names_privacy_class;

enum timeout_kind {
    TIMEOUT_ROSTER, /* the next one of the roster, the last responder at the end */
    TIMEOUT_LAST_RESPONDER, /* straight to the last responder */
    TIMEOUT_STEP,           /* the run goes on there */
};

enum form_type { FORM_YESNO, FORM_TEXT, FORM_NUMBER, FORM_CHOICE };
extern const struct names names_form_type;

struct form_field {
    const char *name, *ask;
    enum form_type type;
    const char *const *choices;
    size_t choice_count;
    bool required;
    const char *done; /* YESNO: the one answer with which the step is done, or NULL */
};

/* One way to go on: an option of decide, a case of branch. */
struct step_way {
    const char *name;  /* of the option */
    const char *label; /* for a person; the name when none is given */
    struct condition condition;
    int then;
};

struct playbook_step {
    const char *id;
    enum step_kind kind;
    struct place place;
    int then; /* a step, or PLAYBOOK_END */

    /* Who, by when, and what if not. */
    enum role role; /* who does it, or is told */
    const char *to; /* NOTIFY: a person instead of a role, or NULL */
    struct place role_place;
    const char *template;
    struct place template_place;
    usec_t within; /* 0: no deadline; WAIT: of `until` */
    bool urgent;   /* it does not wait for hours of duty, whatever the rule says */
    enum timeout_kind timeout;
    int on_timeout; /* TIMEOUT_STEP */
    int not_done;   /* where the run goes when a field says so; NONE: it stays here */
    enum incident_state marks; /* the incident is that, once it is done; OPEN: nothing */

    /* What a person reads. */
    const char *title, *question;
    const char *const *does;
    size_t do_count;
    const char *const *do_nots;
    size_t do_not_count;
    const struct form_field *form;
    size_t form_count;
    bool reason_required;

    const struct step_way *ways; /* DECIDE, BRANCH */
    size_t way_count;
    usec_t wait_for;               /* WAIT: so long, or */
    const struct condition *until; /* until this is so */

    uint32_t readers; /* COMMUNICATE: bit 1 << enum reader */
    bool all_languages;
    const char *const *languages;
    size_t language_count;
    bool has_approve;
    enum role approve;
    int on_refused;

    const char *playbook; /* CALL */
    usec_t hold_for;      /* EVIDENCE: so long it is held */
    usec_t record;        /* EVIDENCE: so long the device's frames are recorded; 0: not */
};

struct playbook {
    const char *id;
    uint64_t version;
    const char *title, *summary;
    enum role lead;    /* `for` */
    uint32_t audience; /* roles that may read it: bit 1 << enum role */
    enum privacy_class privacy;
    const char *retention;
    enum severity severity_floor;
    const struct playbook_step *steps; /* the first one is where a run begins */
    size_t step_count;
    const char *text; /* as it was written */
    struct place place;
};

/* NULL when it has an error. name: of the file, for faults. */
struct playbook *playbook_parse(const char *name, const char *text, size_t len,
                                struct diags *d);
void playbook_free(struct playbook *p);
AUTO_DEFINE(playbook, playbook_free)
#define auto_playbook __attribute__((cleanup(auto_playbook_run)))

/* The number of a step, or -ENOENT. */
int playbook_find_step(const struct playbook *p, const char *id);

/* Whether a person has to do something before it is over. */
bool step_is_human(enum step_kind kind);

/* Whether an answer to its form can say that it is not done. */
bool step_may_be_undone(const struct playbook_step *s);

/* Whether the run goes on at once, without anything to wait for. */
bool step_is_instant(enum step_kind kind);

/* Calls back for every step, or PLAYBOOK_END, to which a run may go from s. */
typedef void step_next_fn(int next, void *arg);
void step_each_next(const struct playbook_step *s, step_next_fn *fn, void *arg);

struct playbooks {
    struct playbook **at; /* by id */
    size_t count;
};

/* Every *.yaml of a folder, or one file. NULL after telling d what is wrong. */
struct playbooks *playbooks_load(const char *path, struct diags *d);
void playbooks_free(struct playbooks *p);
AUTO_DEFINE(playbooks, playbooks_free)
#define auto_playbooks __attribute__((cleanup(auto_playbooks_run)))

const struct playbook *playbooks_find(const struct playbooks *p, const char *id);

#endif
