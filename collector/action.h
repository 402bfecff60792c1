/* SPDX-License-Identifier: Apache-2.0 */
/*
 * action.h - what can be done to the world outside, by name: the table that the runner
 * goes by. An action is a file of its own and a row in action.c.
 *
 * It is carried out at least once: its key is the same each time, and goes out with it,
 * so that who gets it twice can see that it is one. What it shows are the facts in the
 * payload and nothing else: the engine has left in them what its reader may see.
 */
#ifndef ACTION_H
#define ACTION_H

#include "collector/notice.h"
#include "collector/post.h"
#include "collector/settings.h"
#include "district.h"
#include "json.h"

/* What actions work with; borrowed. */
struct action_world {
    const struct collector_settings *settings;
    const struct district *district;
    const struct notices *notices;
    struct post *post;
};

struct action_call {
    const struct action_world *world;
    const char *key;            /* unique in the district, for ever */
    const struct json *payload; /* person, language, at, template, facts */
    int64_t incident;
    bool drill;
    bool test;   /* says that it is one, instead of the notice */
    usec_t made; /* when it was wished for */
    usec_t now;
};

/* ret_words: what happened, for the record. */
typedef enum post_verdict action_fn(const struct action_call *call,
                                    char ret_words[POST_WORDS]);

struct action {
    const char *name; /* as a contact's kind in district.yaml */
    action_fn *run;
};

/* NULL: there is none of that name. */
const struct action *action_find(const char *name);

/* All their names, for a sentence: "mail, webhook". */
const char *action_names(void);

action_fn action_mail, action_webhook;

/* The notice that a call asks for, in its reader's language; both are yours. One that is
 * not there is told in a plain sentence of our own: nobody is left untold for it. */
void action_notice(const struct action_call *call, char **ret_subject, char **ret_text);

/* The content of a small file without the end of its line: a password. -errno. */
int action_secret(const char *path, char **ret_text);

#endif
