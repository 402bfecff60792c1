/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h - what an event with an answer says of who had asked, and where it was led.
 *
 * An event of DNS is of the conversation, whose src is who began: the device that asked,
 * unless the first packet that was seen of it was the answer (the question was lost, or
 * is older than the sensor). Then its port tells (RFC 1035 section 4.2). An event of a
 * name on the link is of who sent it, so there dst had asked.
 *
 * An event holds EVENT_LIST_MAX addresses, or names, of a list, and less when they are
 * long. What is for protected names must not end there: the rest of the addresses stands
 * beside the event until the next answer is read, and the rest of the names is asked
 * about as it is read.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"
#include "net.h"
#include "text.h"

/* NULL: it is not known. Borrowed from the event, as all of these. */
const struct addr *answer_asker(const struct event *answer);

/* Whether the asker is one of the district's. */
bool answer_is_for_inside(const struct event *answer);

/* What the longest message can hold: a hint of IPv4 takes four of its 65,535 bytes. */
#define ANSWER_REST_MOST 16384

struct answer_rest {
    bool (*protects)(struct text name, void *arg); /* NULL: nobody asks */
    void *arg;
    bool named; /* a name that is not in the event is protected */
    size_t count;
    struct addr at[ANSWER_REST_MOST];
};

/* Empties it, and the addresses are no longer in memory; whom it asks it still does. NULL
 * is fine. */
void answer_rest_wipe(struct answer_rest *rest);

/* NULL, or a full one: to nothing. */
void answer_rest_add(struct answer_rest *rest, const struct addr *addr);

/* Adds one to a list of the event, or to the rest (NULL: to nothing) when it is full. */
void answer_add(struct event *answer, enum field_id f, const struct addr *addr,
                struct answer_rest *rest);

/* A name of the message that the event does not hold. Rest NULL: nobody asks. */
void answer_rest_ask(struct answer_rest *rest, struct text name);

/* Adds a name, in clean form where it is a host's in ASCII and else as it stands, to a
 * list of the event; where there is no room for it, the rest is to ask about it. */
void answer_add_name(struct event *answer, enum field_id f, struct text name,
                     struct answer_rest *rest);

/* Each address that who asked may go to now, hints (RFC 9460 section 7.3) and the rest
 * (NULL: none) included, by its number from 0; NULL: there are no more. */
const struct addr *answer_addr(const struct event *answer, const struct answer_rest *rest,
                               size_t number);

#endif
