/* SPDX-License-Identifier: Apache-2.0 */
/* extracting.h - what holds for every extractor, whatever bytes it is given. */
#ifndef EXTRACTING_H
#define EXTRACTING_H

#include <stdlib.h>

#include "agent/extract.h"
#include "auto.h"
#include "hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static inline void demand(bool truth)
{
    if (!truth)
        abort();
}

static inline void on_event(struct event *e, void *arg)
{
    uint8_t packed[EVENT_PACK_MAX];
    unsigned *count = arg;
    auto_json struct json *doc = event_json(e, NULL);
    auto_free char *text = json_write(doc);

    demand(text && event_pack(e, packed, sizeof(packed)) > 0);
    (*count)++;
}

/* Reads messages of one end as long as the extractor goes on. */
static inline void extract_side(const struct extractor *x, const struct packet *p,
                                struct cur c, bool from_client)
{
    auto_event struct event *e = event_new();
    enum extract_result result = EXTRACT_NEXT;
    static struct answer_rest *rest;
    bool again = false;
    struct talk talk = {0};
    struct hash_key key = {{1}};
    const uint8_t note[EXTRACT_NOTE] = {1}; /* PIECES: a first datagram was opened */

    if (!rest)
        rest = calloc(1, sizeof(*rest));
    (void)x->wants(p, c);
    while (cur_left(&c) > 0 &&
           (again || result == EXTRACT_NEXT || result == EXTRACT_OTHER)) {
        struct cur before = c;
        unsigned count = 0;
        struct extract_out out = {.event = e,
                                  .packet = p,
                                  .emit = on_event,
                                  .arg = &count,
                                  .from_client = from_client,
                                  .talk = &talk,
                                  .note = note,
                                  .rest = rest,
                                  .again = again,
                                  .key = &key};

        result = x->read(&c, &out);
        demand(count <= 1 && out.skip <= EXTRACT_SKIP_MAX);
        demand(out.skip == 0 || result == EXTRACT_NEXT);
        if (result == EXTRACT_MORE || result == EXTRACT_NOT)
            demand(count == 0);
        if (result == EXTRACT_NEXT || result == EXTRACT_OTHER)
            demand(!cur_broken(&c) && c.pos > before.pos);
        cur_skip(&c, out.skip);
        demand(!again || result != EXTRACT_AGAIN);
        again = result == EXTRACT_AGAIN;
        if (again)
            c = before;
    }
}

static inline void extract_all(const struct extractor *x, const struct packet *p,
                               struct cur c)
{
    extract_side(x, p, c, true);
}

#endif
