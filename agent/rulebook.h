/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rulebook.h - the bundle in use in a process of the agent, and the way of a new one: the
 * courier makes it, writes it to the state folder, uses it and hands it to the sensors
 * over a socket pair, as descriptors (SCM_RIGHTS), because they may open nothing.
 *
 * A hit says by which bundle it names its rule; those of the bundle before are understood
 * by the rule's id.
 */
#ifndef RULEBOOK_H
#define RULEBOOK_H

#include <stdint.h>

#include "agent/content.h"
#include "auto.h"

struct rulebook {
    struct bundle *bundle;
    struct content *content;
    uint8_t generation; /* the end of the bundle's serial */
    uint8_t before;     /* generation of the one before it */
    int *from_before;   /* its rules here; -ENOENT: there is none now */
    size_t before_count;
};

/* The one of the state folder; -errno, said in the log. site may be NULL. */
int rulebook_open(const char *state, const char *site, struct rulebook **ret_book);
void rulebook_free(struct rulebook *b); /* NULL is fine */
AUTO_DEFINE(rulebook, rulebook_free)
#define auto_rulebook __attribute__((cleanup(auto_rulebook_run)))

/*
 * Packs what the settings name for the first time, or anew beside old, and runs the
 * rules' tests (content_test; between and arg are its own): 0; -EALREADY: it is the same
 * as old; -EINVAL: d says what is wrong, be it with the rules or what their tests say of
 * them; -errno: it cannot be written.
 */
struct rulebook_making {
    const struct content_settings *settings;
    const char *state;
    const struct rulebook *old; /* NULL: none */
    content_between_fn *between;
    void *arg;
};
int rulebook_make(const struct rulebook_making *m, struct rulebook **ret_book,
                  struct diags *d);

/* The rule here that a hit of a generation means, or -ENOENT. */
int rulebook_rule(const struct rulebook *b, uint8_t generation, size_t rule);

/* To a sensor; -errno, -EAGAIN when it has too many unread. */
int rulebook_send(const struct rulebook *b, int fd);

/*
 * In a sensor: the next that came, or -EAGAIN; -EALREADY: it is not newer than serial;
 * -ENOTCONN: none will ever come. Opens nothing.
 */
int rulebook_receive(int fd, const char *site, uint64_t serial,
                     struct rulebook **ret_book);

#endif
