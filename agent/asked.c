/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/asked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "crypt.h"
#include "mem.h"
#include "names.h"

#define DONE_MOST 64 /* remembered; who asks again does so at once after a connection */

struct asked {
    char done[DONE_MOST][RECENT_ID];
    size_t next;
    uint64_t asked, taken, refused, unknown;
};

struct asked *asked_new(void)
{
    return xcalloc(1, sizeof(struct asked));
}

void asked_free(struct asked *a)
{
    free(a);
}

void asked_done(struct asked *a, const char *id)
{
    snprintf(a->done[a->next++ % DONE_MOST], RECENT_ID, "%s", id);
}

static bool is_done(const struct asked *a, const char *id)
{
    for (size_t i = 0; i < DONE_MOST; i++)
        if (strcmp(a->done[i], id) == 0)
            return true;
    return false;
}

/* An address of the outside would show everybody who goes there. */
static bool is_inside(const struct district *d, const struct addr *a)
{
    if (addr_is_multicast(a))
        return false;
    return d ? district_segment(d, a, 0) != NULL : addr_is_private(a);
}

static void put_time(struct json *o, const char *key, usec_t time)
{
    char text[CLOCK_TEXT];

    clock_print(time, text);
    json_put_text(o, key, text);
}

/* As the note of a rule's, without the device. */
static void put_note(struct recent_wanted *w, const struct wire_ask *ask, usec_t now)
{
    auto_json struct json *o = json_new_object();
    auto_free char *line = NULL;

    json_put_bool(o, "asked_for", true);
    json_put_number(o, "incident", (int64_t)ask->incident);
    json_put_text(o, "identity", names_get(&names_identity, IDENTITY_DEVICE));
    json_put_text(o, "of", "device");
    put_time(o, "event", now);
    json_put_number(o, "snaplen", w->snaplen);
    json_put_number(o, "max", w->max);
    line = json_write(o);
    snprintf(w->note, sizeof(w->note), "%s", line);
}

static struct recent_wanted wanted(const struct wire_ask *ask, const struct asked_by *by)
{
    struct recent_wanted w = {
        .device = true,
        .by_person = true,
        .ends = {.has_ip = true},
        .from = by->now > ask->before ? by->now - ask->before : 0,
        .until = by->now + ask->length,
        .snaplen = ask->snaplen < by->payload ? ask->snaplen : by->payload,
        .max = ask->max,
    };

    memcpy(w.ends.src.bytes, ask->address, sizeof(ask->address));
    crypt_hex(ask->id, sizeof(ask->id), w.id);
    put_note(&w, ask, by->now);
    return w;
}

static const char *begin(const struct recent_wanted *w, const struct asked_by *by)
{
    if (by->refuse || !by->gather)
        return by->refuse ? by->refuse : "nothing is gathered here";
    if (!is_inside(by->district, &w->ends.src))
        return "its address is in no segment of the district";
    if (!gather_ask_for(by->gather, w))
        return "as many captures as this agent makes at a time are under way";
    return NULL;
}

struct wire_answer asked_take(struct asked *a, const struct wire_ask *ask,
                              const struct asked_by *by, char ret_why[ASKED_WHY])
{
    struct recent_wanted w = wanted(ask, by);
    struct wire_answer answer = {.code = WIRE_ANSWER_TAKEN};
    const char *why = "";

    a->asked++;
    memcpy(answer.id, ask->id, sizeof(answer.id));
    if (is_done(a, w.id) || (by->gather && gather_has(by->gather, w.id))) {
        why = "it is under way";
    } else if (ask->again) {
        answer.code = WIRE_ANSWER_UNKNOWN;
        why =
            "this agent was restarted meanwhile: what it had sealed by then still comes";
        a->unknown++;
    } else if ((why = begin(&w, by))) {
        answer.code = WIRE_ANSWER_REFUSED;
        a->refused++;
    } else {
        why = "";
        a->taken++;
    }
    snprintf(ret_why, ASKED_WHY, "%s", why);
    answer.why = text_of(ret_why);
    return answer;
}

struct json *asked_stats(const struct asked *a)
{
    struct json *o = json_new_object();

    json_put_number(o, "asked", (int64_t)a->asked);
    json_put_number(o, "taken", (int64_t)a->taken);
    json_put_number(o, "refused", (int64_t)a->refused);
    json_put_number(o, "unknown", (int64_t)a->unknown);
    return o;
}
