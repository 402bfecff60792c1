/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outlet.h - where an agent's documents go: into the spool and from there to a collector,
 * or to standard output, a line each.
 */
#ifndef OUTLET_H
#define OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/settings.h"
#include "crypt.h"
#include "loop.h"
#include "wire.h"

/* What the courier knows that no other process of the agent must. */
struct outlet_keys {
    struct crypt_hash_key pseudonym;
    struct crypt_box_public vault;
    bool has_vault;
    struct wire_keys wire;
    char server[CRYPT_Z85];
};

struct outlet;

/* -errno, said in the log. Everything is borrowed. */
int outlet_open(const struct settings *settings, bool print,
                const struct outlet_keys *keys, struct loop *loop,
                struct outlet **ret_outlet);
void outlet_close(struct outlet *o); /* keeps what it can; NULL is fine */

void outlet_put(struct outlet *o, enum wire_stream stream, const char *document,
                size_t len);

/* Whoever hears what evidence is asked for, and what they say to it: lost when there is
 * no session, and asked again. */
typedef void outlet_ask_fn(const struct wire_ask *ask, void *arg);
void outlet_on_ask(struct outlet *o, outlet_ask_fn *fn, void *arg);
void outlet_answer(struct outlet *o, const struct wire_answer *answer);

/* After a crash: the line that was being printed is no whole one, and ends here. */
void outlet_end_line(struct outlet *o);

/* After a row of documents. -errno: what is printed cannot be written; said in the log,
 * once. */
int outlet_flush(struct outlet *o);

/* What was put in is not only in this process's memory, where the disk takes it: for what
 * nobody can put in again. */
void outlet_keep(struct outlet *o);

/* How many alerts were put in since it was opened, and how many of them are safe. */
uint64_t outlet_put_ever(const struct outlet *o);
uint64_t outlet_safe(const struct outlet *o);

/* How many alerts it had to give up since it was opened, of those of before too. */
uint64_t outlet_lost(const struct outlet *o);

/* An alert waits, or evidence, that the collector has not acknowledged. */
bool outlet_waits(const struct outlet *o);

#endif
