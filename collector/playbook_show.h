/* SPDX-License-Identifier: Apache-2.0 */
/*
 * playbook_show.h - a playbook for people: as text, as a diagram for Graphviz, as a page
 * to print. A runbook has to work on paper, because in the worst incident there is no
 * network.
 */
#ifndef PLAYBOOK_SHOW_H
#define PLAYBOOK_SHOW_H

#include "collector/playbook.h"
#include "district.h"
#include "text.h"

/* district: whose people are listed, role by role, or NULL; also of the page. */
void playbook_show_text(const struct playbook *p, const struct district *district,
                        struct buffer *out);
void playbook_show_dot(const struct playbook *p, struct buffer *out);

/* One HTML page that needs nothing else. What only the incident knows is a line to write
 * on. */
void playbook_show_html(const struct playbook *p, const struct district *district,
                        struct buffer *out);

/* "within 30 min, else the roster is climbed". */
/* What happens when an answer says that the step is not done. */
void playbook_say_not_done(const struct playbook_step *s, struct buffer *out);
void playbook_say_deadline(const struct playbook_step *s, struct buffer *out);

/* A text of a step: "${incident.site}" is told as "[the school]". */
void playbook_say_text(const struct playbook *p, const char *text, struct buffer *out);

/* The same piece by piece; fact: the words stand for a ${...}. */
typedef void playbook_part_fn(struct text part, bool fact, void *arg);
void playbook_each_part(const struct playbook *p, const char *text, playbook_part_fn *fn,
                        void *arg);

/* "how many devices: at least 4" */
void playbook_say_condition(const struct playbook *p, const struct condition *c,
                            struct buffer *out);

/* "step 4", "the end" */
void playbook_say_target(int step, struct buffer *out);

/* What a step is called: its title, or its kind and what it is about. */
void playbook_say_step(const struct playbook *p, const struct playbook_step *s,
                       struct buffer *out);

/*
 * Who answers for each role that the playbook needs, in the order in which they are
 * asked: on duty (when: "mon-fri 07:00 to 17:00"), then escalation, then the last
 * responder; and the persons that a step names. A role without a roster: all who have it.
 */
typedef void playbook_reach_fn(enum role role, const char *when,
                               const struct person *person, void *arg);
void playbook_each_reach(const struct playbook *p, const struct district *district,
                         playbook_reach_fn *fn, void *arg);

#endif
