/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB over TCP: which version is offered and chosen ([MS-CIFS] 2.2.4.52, [MS-SMB2] 2.2.3,
 * 2.2.4), and whether a session is set up ([MS-CIFS] 2.2.4.53, [MS-SMB2] 2.2.6), which is
 * a login. Of each message only the first bytes are looked at, of several in one frame
 * the first.
 *
 * SMB 1 and the later ones are two protocols with one way in: when the server answers in
 * SMB 1, the flow goes on as that.
 */
#include <string.h>

#include "agent/login.h"

#define NETBIOS_PORT    139
#define NETBIOS_REQUEST 0x81 /* RFC 1002 section 4.3.1 */
#define NETBIOS_REFUSED 0x83
#define NETBIOS_MOST    256

#define SEEN 512 /* bytes of a message that are looked at */

#define SMB1_NEGOTIATE 0x72
#define SMB1_SETUP     0x73
#define SMB2_NEGOTIATE 0
#define SMB2_SETUP     1

#define STATUS_OK   0u
#define STATUS_MORE 0xc0000016u /* [MS-ERREF]: the challenge comes with this */

static enum smb_version version_of(uint16_t dialect)
{
    static const struct {
        uint16_t dialect;
        enum smb_version version;
    } known[] = {
        {0x0202, SMB_2_0_2}, {0x0210, SMB_2_1},   {0x0300, SMB_3_0},
        {0x0302, SMB_3_0_2}, {0x0311, SMB_3_1_1},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (known[i].dialect == dialect)
            return known[i].version;
    return SMB_2;
}

static void emit_version(struct extract_out *out, enum smb_version version)
{
    struct event *e = out->event;

    event_begin(e, EVENT_SMB, out->packet->time);
    event_put_number(e, FIELD_SMB_SIDE, out->from_client ? SIDE_CLIENT : SIDE_SERVER);
    event_put_number(e, FIELD_SMB_VERSION, version);
    out->emit(e, out->arg);
}

/* A server's word on a login: the next one only if it was refused. */
static enum extract_result end_setup(struct extract_out *out, uint32_t status,
                                     bool anonymous)
{
    if (status == STATUS_MORE)
        return EXTRACT_NEXT;
    out->talk->method = anonymous ? LOGIN_ANONYMOUS : LOGIN_CHALLENGE;
    return login_end(out, LOGIN_SMB,
                     status == STATUS_OK ? LOGIN_ACCEPTED : LOGIN_REFUSED);
}

/* ---- SMB 1; c is behind the header ---- */

/* The strings of the dialects, each behind a 2 and ended by a zero. */
static enum smb_version best_dialect(struct cur c)
{
    static const char any[] = "SMB 2.???", second[] = "SMB 2.002";
    enum smb_version best = SMB_1;

    while (cur_u8(&c) == 2 && !cur_broken(&c)) {
        const char *name = (const char *)c.pos;
        size_t len = strnlen(name, cur_left(&c));

        if (len == sizeof(any) - 1 && memcmp(name, any, len) == 0)
            best = SMB_2;
        else if (len == sizeof(second) - 1 && memcmp(name, second, len) == 0)
            best = best == SMB_2 ? SMB_2 : SMB_2_0_2;
        cur_skip(&c, len + 1);
    }
    return best;
}

static enum extract_result negotiate_1(struct cur c, struct extract_out *out)
{
    uint8_t words = cur_u8(&c);
    uint16_t number = cur_u16_le(&c); /* client: bytes that follow; server: dialect */

    if (cur_broken(&c))
        return EXTRACT_NEXT;
    if (out->from_client)
        emit_version(out, best_dialect(c));
    else if (words > 0 && number != 0xffff)
        emit_version(out, SMB_1);
    return out->from_client ? EXTRACT_NEXT : EXTRACT_OTHER;
}

static enum extract_result read_smb1(struct cur c, struct extract_out *out)
{
    uint8_t command = cur_u8(&c);
    uint32_t status = cur_u32_le(&c);

    cur_skip(&c, 23); /* flags, high process id, signature, ids of tree, process ... */
    if (command == SMB1_NEGOTIATE)
        return negotiate_1(c, out);
    if (out->from_client)
        return EXTRACT_NEXT;
    if (command == SMB1_SETUP) {
        bool guest;

        cur_skip(&c, 5); /* count of words, the command behind it */
        guest = cur_u16_le(&c) & 1;
        return end_setup(out, status, guest && !cur_broken(&c));
    }
    return EXTRACT_DONE;
}

/* ---- SMB 2 and 3 ---- */

static enum smb_version best_offered(struct cur c)
{
    uint16_t count, best = 0;

    cur_skip(&c, 2); /* size of the structure */
    count = cur_u16_le(&c);
    cur_skip(&c, 32);
    while (count-- > 0 && cur_left(&c) >= 2) {
        uint16_t dialect = cur_u16_le(&c);

        best = dialect > best ? dialect : best;
    }
    return version_of(best);
}

static enum extract_result read_smb2(struct cur c, struct extract_out *out)
{
    uint16_t command;
    uint32_t status;

    cur_skip(&c, 4); /* size of the header, credit */
    status = cur_u32_le(&c);
    command = cur_u16_le(&c);
    cur_skip(&c, 50); /* credits, flags, ids, signature: 64 bytes in all */
    if (cur_broken(&c))
        return EXTRACT_NOT;
    if (command == SMB2_NEGOTIATE && out->from_client) {
        emit_version(out, best_offered(c));
        return EXTRACT_NEXT;
    }
    if (out->from_client)
        return EXTRACT_NEXT;
    cur_skip(&c, 2); /* size of the structure */
    if (command == SMB2_NEGOTIATE) {
        cur_skip(&c, 2); /* security mode */
        if (status == STATUS_OK)
            emit_version(out, version_of(cur_u16_le(&c)));
        return EXTRACT_NEXT;
    }
    if (command == SMB2_SETUP)
        return end_setup(out, status, cur_u16_le(&c) & 3); /* guest, nobody */
    return EXTRACT_DONE;
}

/* ---- frames ---- */

static bool smb_wants(const struct packet *p, struct cur bytes)
{
    const uint8_t *magic;
    uint32_t first = cur_u32(&bytes);

    if (cur_broken(&bytes))
        return p->dst_port == 445 || p->src_port == 445;
    if (first >> 24 >= NETBIOS_REQUEST && first >> 24 <= NETBIOS_REFUSED)
        return (first & 0xffffff) <= NETBIOS_MOST &&
               (p->dst_port == NETBIOS_PORT || p->src_port == NETBIOS_PORT);
    magic = cur_bytes(&bytes, 4);
    return first >> 24 == 0 && magic && magic[0] >= 0xfe &&
           memcmp(magic + 1, "SMB", 3) == 0;
}

static enum extract_result read_message(struct cur c, struct extract_out *out)
{
    uint32_t magic = cur_u32(&c);

    switch (magic) {
    case 0xff534d42:
        return read_smb1(c, out);
    case 0xfe534d42:
        return read_smb2(c, out);
    case 0xfd534d42: /* encrypted, compressed */
    case 0xfc534d42:
        return EXTRACT_DONE;
    default:
        return EXTRACT_NOT;
    }
}

static enum extract_result smb_read(struct cur *bytes, struct extract_out *out)
{
    uint8_t type = cur_u8(bytes);
    uint32_t len = cur_u24(bytes);
    uint32_t seen = len < SEEN ? len : SEEN;
    enum extract_result result = EXTRACT_NEXT;
    struct cur message;

    if (out->talk->state == LOGIN_OVER)
        return EXTRACT_DONE;
    if (cur_broken(bytes))
        return EXTRACT_MORE;
    message = cur_sub(bytes, seen);
    if (cur_broken(bytes))
        return EXTRACT_MORE;
    if (type == 0 && len > 0)
        result = read_message(message, out);
    out->skip = result == EXTRACT_NEXT ? len - seen : 0;
    if (result == EXTRACT_OTHER && len > seen)
        return EXTRACT_DONE;
    return result;
}

const struct extractor extract_smb = {
    .name = "smb",
    .kind = EVENT_SMB,
    .from = EXTRACT_STREAM,
    .app = "smb",
    .then = "smb1",
    .most = SEEN + 4,
    .wants = smb_wants,
    .read = smb_read,
};
