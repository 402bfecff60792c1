/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSH: the line that each end begins with (RFC 4253 section 4.2), and the end of the key
 * exchange (sections 6 and 7.3), behind which all is encrypted. Lines that a server may
 * send before are not known to be SSH's and are not looked for.
 */
#include "agent/extract.h"

#include <string.h>

#include "agent/http_head.h"

#define LINE_MAX   255   /* section 4.2 */
#define PACKET_MAX 35000 /* section 6.1 */
#define NEW_KEYS   21    /* RFC 4250 section 4.1.2 */

/* talk.state: whose line was read */
#define CLIENT_SPOKE 1u
#define SERVER_SPOKE 2u

static bool is_printable(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.at[i] < ' ' || t.at[i] > '~')
            return false;
    return true;
}

/* Up to the first mark, with *rest behind it; all of it when there is none. */
static struct text take_until(struct text *rest, char mark)
{
    const char *at = rest->len > 0 ? memchr(rest->at, mark, rest->len) : NULL;
    struct text word = {rest->at, at ? (size_t)(at - rest->at) : rest->len};
    size_t gone = at ? word.len + 1 : word.len;

    *rest = (struct text){rest->at + gone, rest->len - gone};
    return word;
}

static enum extract_result read_line(struct cur *c, struct extract_out *out)
{
    bool client = out->from_client;
    size_t left = cur_left(c);
    struct text line, version, software;
    struct event *e = out->event;

    if (!http_line_read(c, &line))
        return left < LINE_MAX ? EXTRACT_MORE : EXTRACT_NOT;
    if (line.len < 4 || memcmp(line.at, "SSH-", 4) != 0 || !is_printable(line))
        return EXTRACT_NOT;
    line = (struct text){line.at + 4, line.len - 4};
    version = take_until(&line, '-');
    software = take_until(&line, ' ');

    out->talk->state |= client ? CLIENT_SPOKE : SERVER_SPOKE;
    event_begin(e, EVENT_SSH, out->packet->time);
    event_put_number(e, FIELD_SSH_SIDE, client ? SIDE_CLIENT : SIDE_SERVER);
    event_put_text(e, client ? FIELD_SSH_CLIENT_VERSION : FIELD_SSH_SERVER_VERSION,
                   version);
    event_put_text(e, client ? FIELD_SSH_CLIENT_SOFTWARE : FIELD_SSH_SERVER_SOFTWARE,
                   software);
    out->emit(e, out->arg);
    return EXTRACT_NEXT;
}

static void emit_keys(struct extract_out *out)
{
    struct event *e = out->event;

    event_begin(e, EVENT_SSH, out->packet->time);
    event_put_number(e, FIELD_SSH_SIDE, SIDE_SERVER);
    event_put_number(e, FIELD_SSH_KEYS, true);
    out->emit(e, out->arg);
}

/* Section 6: length, length of the padding, and the message's number. */
static enum extract_result read_packet(struct cur *c, struct extract_out *out)
{
    size_t left = cur_left(c);
    uint32_t len = cur_u32(c);
    uint8_t type;

    cur_skip(c, 1);
    type = cur_u8(c);
    if (left >= 4 && (len < 2 || len > PACKET_MAX))
        return EXTRACT_NOT;
    if (cur_broken(c))
        return EXTRACT_MORE;
    if (type == NEW_KEYS) {
        if (!out->from_client)
            emit_keys(out);
        return EXTRACT_DONE;
    }
    out->skip = len - 2;
    return EXTRACT_NEXT;
}

static bool ssh_wants(const struct packet *p, struct cur bytes)
{
    size_t left = cur_left(&bytes);

    (void)p;
    return left > 0 && memcmp(bytes.pos, "SSH-", left < 4 ? left : 4) == 0;
}

static enum extract_result ssh_read(struct cur *bytes, struct extract_out *out)
{
    unsigned spoke = out->from_client ? CLIENT_SPOKE : SERVER_SPOKE;

    return out->talk->state & spoke ? read_packet(bytes, out) : read_line(bytes, out);
}

const struct extractor extract_ssh = {
    .name = "ssh",
    .kind = EVENT_SSH,
    .from = EXTRACT_STREAM,
    .app = "ssh",
    .most = 1024,
    .wants = ssh_wants,
    .read = ssh_read,
};
