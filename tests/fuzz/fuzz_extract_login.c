/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte says which protocol. Then pieces of either end: a byte for the end and
 * one for the length. Of what is left unread the next piece of that end goes on. No event
 * has a field that could hold a name.
 */
#include "tests/fuzz/extracting.h"

#include <string.h>

#define KEPT 2048

struct end {
    uint8_t bytes[KEPT];
    size_t len;
    bool over;
};

static const struct extractor *const logins[] = {
    &extract_ftp, &extract_smtp, &extract_pop3, &extract_imap, &extract_telnet};

static void on_login(struct event *e, void *arg)
{
    demand(event_kind(e) == EVENT_LOGIN);
    for (enum field_id f = event_next(e, 0); f < FIELD_COUNT; f = event_next(e, f + 1))
        demand(field_get(f)->type == TYPE_NAME || field_get(f)->type == TYPE_BOOL);
    on_event(e, arg);
}

static void read_end(const struct extractor *x, struct end *end, struct extract_out *out,
                     unsigned *count)
{
    enum extract_result result = EXTRACT_NEXT;

    while (end->len > 0 && !end->over && result == EXTRACT_NEXT) {
        struct cur c = cur_over(end->bytes, end->len);

        *count = 0;
        result = x->read(&c, out);
        demand(*count <= 1);
        if (result == EXTRACT_MORE || result == EXTRACT_NOT)
            demand(*count == 0);
        if (result == EXTRACT_NEXT || result == EXTRACT_OTHER) {
            demand(!cur_broken(&c) && cur_left(&c) < end->len);
            memmove(end->bytes, c.pos, cur_left(&c));
            end->len = cur_left(&c);
        }
    }
    end->over |= result == EXTRACT_DONE || result == EXTRACT_NOT;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct end ends[2];
    struct cur c = cur_over(bytes, len);
    const struct extractor *x = logins[cur_u8(&c) % 5];
    const struct packet p = {.dst_port = 21};
    auto_event struct event *e = event_new();
    struct talk talk = {0};
    unsigned count = 0;
    struct extract_out out = {
        .event = e, .packet = &p, .emit = on_login, .arg = &count, .talk = &talk};

    memset(ends, 0, sizeof(ends));
    while (cur_left(&c) > 2) {
        struct end *end = &ends[cur_u8(&c) & 1];
        size_t piece = cur_u8(&c);

        piece = piece < cur_left(&c) ? piece : cur_left(&c);
        if (end->len + piece > KEPT)
            break;
        cur_copy(&c, end->bytes + end->len, piece);
        end->len += piece;
        out.from_client = end == &ends[0];
        (void)x->wants(&p, cur_over(end->bytes, end->len));
        read_end(x, end, &out, &count);
    }
    return 0;
}
