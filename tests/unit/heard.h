/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heard.h - what an extractor says of some bytes, for the tests of the extractors.
 */
#ifndef HEARD_H
#define HEARD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/extract.h"

#define HEARD_MAX 8

struct heard {
    struct event *work;
    struct event *events[HEARD_MAX];
    size_t count;
    struct talk talk;     /* what it remembers from one reading to the next */
    bool from_client;     /* who sent the bytes */
    struct packet packet; /* the one the bytes are said to come in */
    uint32_t skip;        /* as the extractor left it */
    bool unread;          /* likewise */
    size_t left;          /* bytes behind what it read */

    /* What the extractor is told, as in struct extract_out. */
    bool again;
    struct text host;
    const struct field_set *asked;
    bool (*guards)(struct text host, void *arg);
    struct answer_rest *rest;
    const struct hash_key *key;
};

static inline void heard_init(struct heard *h)
{
    *h = (struct heard){.work = event_new(), .packet = {.time = 7}};
    for (size_t i = 0; i < HEARD_MAX; i++)
        h->events[i] = event_new();
}

static inline void heard_done(struct heard *h)
{
    event_free(h->work);
    for (size_t i = 0; i < HEARD_MAX; i++)
        event_free(h->events[i]);
}

static inline void heard_emit(struct event *e, void *arg)
{
    struct heard *h = arg;

    assert_true(h->count < HEARD_MAX);
    event_copy(h->events[h->count++], e);
}

/* Lets x read from a copy of its own, so that a sanitizer sees a step too far. */
static inline enum extract_result heard_read(struct heard *h, const struct extractor *x,
                                             const void *bytes, size_t len)
{
    struct extract_out out = {
        .event = h->work,
        .packet = &h->packet,
        .emit = heard_emit,
        .arg = h,
        .again = h->again,
        .host = h->host,
        .asked = h->asked,
        .guards = h->guards,
        .rest = h->rest,
        .key = h->key,
        .from_client = h->from_client,
        .talk = &h->talk,
    };
    void *copy = malloc(len > 0 ? len : 1);
    struct cur c = cur_over(memcpy(copy, bytes, len), len);
    enum extract_result result = x->read(&c, &out);

    h->skip = out.skip;
    h->unread = out.unread;
    h->left = cur_left(&c);
    free(copy);
    return result;
}

/* What the last event says in this field, as a rule would write it; "" when nothing. */
static inline const char *heard_says(struct heard *h, enum field_id f, char room[512])
{
    struct buffer text = {0};

    room[0] = '\0';
    if (h->count == 0 || !event_has(h->events[h->count - 1], f))
        return room;
    event_print_value(h->events[h->count - 1], f, &text);
    (void)snprintf(room, 512, "%s", text.at);
    buffer_done(&text);
    return room;
}

#define assert_says(h, field, expected)                                   \
    do {                                                                  \
        char room_[512];                                                  \
        assert_string_equal(heard_says((h), (field), room_), (expected)); \
    } while (0)

static inline size_t unhex_digit(char c)
{
    return (size_t)(strchr("0123456789abcdef", c) - "0123456789abcdef");
}

/* Hexadecimal digits, blanks between them or not. Returns how many bytes. */
static inline size_t unhex(const char *text, uint8_t *out, size_t capacity)
{
    size_t len = 0;

    for (; *text; text++) {
        if (*text == ' ')
            continue;
        assert_true(len < capacity && text[1] != '\0');
        out[len++] = (uint8_t)(unhex_digit(text[0]) << 4 | unhex_digit(text[1]));
        text++;
    }
    return len;
}

/* Each field that the shorter event has, the longer one has with the same value. Fields
 * in `parts` may have less to say. */
static inline void assert_no_other_words(const struct event *shorter,
                                         const struct event *longer, uint64_t parts_from,
                                         uint64_t parts_to)
{
    for (enum field_id f = event_next(shorter, 0); f < FIELD_COUNT;
         f = event_next(shorter, f + 1)) {
        struct buffer a = {0}, b = {0};

        assert_true(event_has(longer, f));
        event_print_value(shorter, f, &a);
        event_print_value(longer, f, &b);
        if (f < parts_from || f > parts_to)
            assert_string_equal(a.at, b.at);
        buffer_done(&a);
        buffer_done(&b);
    }
}

/*
 * Reads every beginning of a whole message: no crash, and whatever is said then is said
 * of the whole message too, except for lists between two fields, which may be shorter.
 */
static inline void assert_beginnings_say_nothing_wrong(struct heard *h,
                                                       const struct extractor *x,
                                                       const uint8_t *bytes, size_t len,
                                                       enum field_id parts_from,
                                                       enum field_id parts_to)
{
    auto_event struct event *whole = event_new();

    h->count = 0;
    (void)heard_read(h, x, bytes, len);
    assert_int_equal(h->count, 1);
    event_copy(whole, h->events[0]);
    for (size_t i = 0; i < len; i++) {
        h->count = 0;
        (void)heard_read(h, x, bytes, i);
        if (h->count > 0)
            assert_no_other_words(h->events[0], whole, parts_from, parts_to);
    }
}

#endif
