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

void playbook_show_text(const struct playbook *p, struct buffer *out);
void playbook_show_dot(const struct playbook *p, struct buffer *out);

/* One HTML page that needs nothing else. district: whose people are listed, or NULL. */
void playbook_show_html(const struct playbook *p, const struct district *district,
                        struct buffer *out);

/* "within 30 min, else the roster is climbed". */
void playbook_say_deadline(const struct playbook_step *s, struct buffer *out);

/* A text of a step: "${incident.site}" is told as "[the school]". */
void playbook_say_text(const char *text, struct buffer *out);

/* "step 4", "the end" */
void playbook_say_target(int step, struct buffer *out);

/* What a step is called: its title, or its kind and what it is about. */
void playbook_say_step(const struct playbook_step *s, struct buffer *out);

#endif
