/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte says which protocol, then comes a conversation. No event has a field
 * that could hold a name.
 */
#include "tests/fuzz/extracting.h"

static const struct extractor *const logins[] = {
    &extract_ftp, &extract_smtp, &extract_pop3, &extract_imap, &extract_telnet};

static void on_login(struct event *e, void *arg)
{
    demand(event_kind(e) == EVENT_LOGIN);
    for (enum field_id f = event_next(e, 0); f < FIELD_COUNT; f = event_next(e, f + 1))
        demand(field_get(f)->type == TYPE_NAME || field_get(f)->type == TYPE_BOOL);
    on_event(e, arg);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct cur c = cur_over(bytes, len);
    const struct extractor *x = logins[cur_u8(&c) % 5];

    converse(x, &(struct packet){.dst_port = 21}, c, on_login);
    return 0;
}
