/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h - what an event with an answer says of who had asked, and where it was led.
 *
 * An event of DNS is of the conversation, whose src is who began: the device that asked,
 * unless the first packet that was seen of it was the answer (the question was lost, or
 * is older than the sensor). Then its port tells (RFC 1035 section 4.2). An event of a
 * name on the link is of who sent it, so there dst had asked.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"
#include "net.h"

/* NULL: it is not known. Borrowed from the event, as all of these. */
const struct addr *answer_asker(const struct event *answer);

/* Whether the asker is one of the district's. */
bool answer_is_for_inside(const struct event *answer);

/* Each address that who asked may go to now, hints (RFC 9460 section 7.3) included, by
 * its number from 0; NULL: there are no more. */
const struct addr *answer_addr(const struct event *answer, size_t number);

#endif
