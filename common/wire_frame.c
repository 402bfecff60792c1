/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every payload is read straight down through a cursor that is asked once, at the end,
 * whether all of it was there. Bytes behind what we know belong to a later minor version.
 */
#include "wire_frame.h"

#include <assert.h>
#include <errno.h>

#include "crc32c.h"

#define MAGIC  0x48574c31
#define CRC_AT 44

static const char *const streams[] = {
    [WIRE_NO_STREAM] = "none", [WIRE_ALERTS] = "alerts",     [WIRE_HEALTH] = "health",
    [WIRE_USAGE] = "usage",    [WIRE_EVIDENCE] = "evidence",
};

static const char *const losses[] = {
    [0] = "unknown",
    [WIRE_LOSS_QUOTA] = "quota",
    [WIRE_LOSS_FULL] = "full",
    [WIRE_LOSS_DAMAGED] = "damaged",
    [WIRE_LOSS_LONG] = "too long",
    [WIRE_LOSS_FORGOTTEN] = "forgotten",
};

const char *wire_stream_name(unsigned stream)
{
    return stream < sizeof(streams) / sizeof(streams[0]) ? streams[stream] : "unknown";
}

const char *wire_loss_name(unsigned loss)
{
    return loss < sizeof(losses) / sizeof(losses[0]) ? losses[loss] : "unknown";
}

/* ------------------------------------------------------------------ numbers */

static uint8_t *write_number(uint8_t *at, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; number >>= 8)
        at[i] = (uint8_t)number;
    return at + bytes;
}

static void add_number(struct buffer *b, uint64_t number, size_t bytes)
{
    uint8_t at[8];

    write_number(at, number, bytes);
    buffer_add(b, at, bytes);
}

static void add_text(struct buffer *b, struct text text)
{
    size_t len = text.len < UINT8_MAX ? text.len : UINT8_MAX;

    add_number(b, len, 1);
    buffer_add(b, text.at, len);
}

static struct text read_text(struct cur *c)
{
    size_t len = cur_u8(c);
    const uint8_t *at = cur_bytes(c, len);

    return (struct text){.at = (const char *)at, .len = at ? len : 0};
}

static int whole(const struct cur *c)
{
    return cur_broken(c) ? -EBADMSG : 0;
}

/* ------------------------------------------------------------------ header */

void wire_head_write(const struct wire_head *head, const void *payload, size_t len,
                     uint8_t ret_bytes[WIRE_HEAD])
{
    uint8_t *at = ret_bytes;

    assert(len <= WIRE_MESSAGE_MAX - WIRE_HEAD);
    at = write_number(at, MAGIC, 4);
    at = write_number(at, WIRE_MAJOR, 1);
    at = write_number(at, WIRE_MINOR, 1);
    at = write_number(at, head->type, 1);
    at = write_number(at, head->stream, 1);
    at = write_number(at, 0, 4); /* flags, reserved */
    at = write_number(at, head->count, 4);
    at = write_number(at, head->epoch, 8);
    at = write_number(at, head->seq, 8);
    at = write_number(at, head->sent, 8);
    at = write_number(at, len, 4);
    write_number(at, crc32c(crc32c(0, ret_bytes, CRC_AT), payload, len), 4);
}

int wire_message_parse(const void *bytes, size_t len, struct wire_head *ret_head,
                       struct cur *ret_payload)
{
    struct cur c = cur_over(bytes, len);
    uint32_t magic = cur_u32(&c), length, crc;
    struct wire_head head = {0};

    head.major = cur_u8(&c);
    head.minor = cur_u8(&c);
    head.type = cur_u8(&c);
    head.stream = cur_u8(&c);
    cur_skip(&c, 4);
    head.count = cur_u32(&c);
    head.epoch = cur_u64(&c);
    head.seq = cur_u64(&c);
    head.sent = cur_u64(&c);
    length = cur_u32(&c);
    crc = cur_u32(&c);

    if (cur_broken(&c) || magic != MAGIC || length != cur_left(&c))
        return -EBADMSG;
    if (crc != crc32c(crc32c(0, bytes, CRC_AT), c.pos, length))
        return -EBADMSG;
    *ret_head = head;
    *ret_payload = c;
    return head.major == WIRE_MAJOR ? 0 : -EPROTONOSUPPORT;
}

/* ------------------------------------------------------------------ records */

void wire_document_add(struct buffer *b, const void *bytes, size_t len)
{
    assert(len <= WIRE_RECORD_MAX);
    add_number(b, WIRE_DOCUMENT, 1);
    add_number(b, len, 4);
    buffer_add(b, bytes, len);
}

void wire_lost_add(struct buffer *b, uint64_t last, enum wire_loss why)
{
    add_number(b, WIRE_LOST, 1);
    add_number(b, 8 + 1, 4);
    add_number(b, last, 8);
    add_number(b, why, 1);
}

int wire_record_next(struct cur *records, uint64_t *seq, struct wire_record *ret_record)
{
    struct wire_record r = {.first = *seq, .last = *seq};
    struct cur body;

    r.kind = cur_u8(records);
    r.len = cur_u32(records);
    body = cur_sub(records, r.len);
    r.bytes = body.pos;
    if (r.kind == WIRE_LOST) {
        r.last = cur_u64(&body);
        r.loss = cur_u8(&body);
    }
    if (cur_broken(records) || cur_broken(&body) || r.len > WIRE_RECORD_MAX)
        return -EBADMSG;
    if (r.first == 0 || r.last < r.first || r.last == UINT64_MAX)
        return -EBADMSG;
    *seq = r.last + 1;
    *ret_record = r;
    return 0;
}

/* ------------------------------------------------------------------ payloads */

void wire_hello_add(struct buffer *b, const struct wire_hello *hello)
{
    add_text(b, hello->version);
    buffer_add(b, hello->boot, WIRE_BOOT);
    add_number(b, hello->bundle, 8);
    add_number(b, WIRE_STREAMS - 1, 1);
    for (unsigned s = 1; s < WIRE_STREAMS; s++) {
        add_number(b, s, 1);
        add_number(b, hello->streams[s].oldest, 8);
        add_number(b, hello->streams[s].newest, 8);
    }
}

int wire_hello_parse(struct cur payload, struct wire_hello *ret_hello)
{
    struct wire_hello hello = {.version = read_text(&payload)};

    cur_copy(&payload, hello.boot, WIRE_BOOT);
    hello.bundle = cur_u64(&payload);
    for (unsigned n = cur_u8(&payload); n > 0 && !cur_broken(&payload); n--) {
        unsigned s = cur_u8(&payload);
        uint64_t oldest = cur_u64(&payload), newest = cur_u64(&payload);

        if (s >= WIRE_STREAMS)
            continue;
        if (newest >= UINT64_MAX - 1 || oldest == 0 || oldest > newest + 1)
            return -EBADMSG;
        hello.streams[s].oldest = oldest;
        hello.streams[s].newest = newest;
    }
    *ret_hello = hello;
    return whole(&payload);
}

void wire_welcome_add(struct buffer *b, const struct wire_welcome *welcome)
{
    add_number(b, welcome->bundle, 8);
    add_number(b, WIRE_STREAMS - 1, 1);
    for (unsigned s = 1; s < WIRE_STREAMS; s++) {
        add_number(b, s, 1);
        add_number(b, welcome->streams[s].committed, 8);
        add_number(b, welcome->streams[s].limit, 8);
    }
}

int wire_welcome_parse(struct cur payload, struct wire_welcome *ret_welcome)
{
    struct wire_welcome welcome = {.bundle = cur_u64(&payload)};

    for (unsigned n = cur_u8(&payload); n > 0 && !cur_broken(&payload); n--) {
        unsigned s = cur_u8(&payload);
        uint64_t committed = cur_u64(&payload), limit = cur_u64(&payload);

        if (s >= WIRE_STREAMS)
            continue;
        welcome.streams[s].committed = committed;
        welcome.streams[s].limit = limit;
    }
    *ret_welcome = welcome;
    return whole(&payload);
}

void wire_limit_add(struct buffer *b, uint64_t limit)
{
    add_number(b, limit, 8);
}

int wire_limit_parse(struct cur payload, uint64_t *ret_limit)
{
    *ret_limit = cur_u64(&payload);
    return whole(&payload);
}

void wire_bye_add(struct buffer *b, enum wire_bye code, const char *why)
{
    add_number(b, code, 1);
    add_text(b, text_of(why));
}

int wire_bye_parse(struct cur payload, struct wire_bye_text *ret_bye)
{
    ret_bye->code = cur_u8(&payload);
    ret_bye->why = read_text(&payload);
    return whole(&payload);
}

/* ------------------------------------------------------------------ bundles */

void wire_offer_add(struct buffer *b, const struct wire_offer *offer)
{
    add_number(b, offer->size, 8);
    buffer_add(b, offer->sha256, sizeof(offer->sha256));
}

int wire_offer_parse(struct cur payload, struct wire_offer *ret_offer)
{
    ret_offer->size = cur_u64(&payload);
    cur_copy(&payload, ret_offer->sha256, sizeof(ret_offer->sha256));
    return whole(&payload);
}

void wire_get_add(struct buffer *b, const struct wire_get *get)
{
    add_number(b, get->offset, 8);
    add_number(b, get->most, 4);
}

int wire_get_parse(struct cur payload, struct wire_get *ret_get)
{
    ret_get->offset = cur_u64(&payload);
    ret_get->most = cur_u32(&payload);
    return whole(&payload);
}

void wire_data_add(struct buffer *b, const struct wire_data *data)
{
    add_number(b, data->offset, 8);
    buffer_add(b, data->bytes.at, data->bytes.len);
}

int wire_data_parse(struct cur payload, struct wire_data *ret_data)
{
    ret_data->offset = cur_u64(&payload);
    ret_data->bytes =
        (struct text){.at = (const char *)payload.pos, .len = cur_left(&payload)};
    return whole(&payload);
}

void wire_result_add(struct buffer *b, bool taken, const char *why)
{
    add_number(b, taken, 1);
    add_text(b, text_of(why));
}

int wire_result_parse(struct cur payload, struct wire_result *ret_result)
{
    ret_result->taken = cur_u8(&payload);
    ret_result->why = read_text(&payload);
    return whole(&payload);
}

/* ------------------------------------------------------------------ evidence */

void wire_ask_add(struct buffer *b, const struct wire_ask *ask)
{
    buffer_add(b, ask->id, WIRE_EVIDENCE_ID);
    add_number(b, ask->again, 1);
    buffer_add(b, ask->address, sizeof(ask->address));
    add_number(b, ask->incident, 8);
    add_number(b, ask->before, 8);
    add_number(b, ask->length, 8);
    add_number(b, ask->snaplen, 4);
    add_number(b, ask->max, 4);
}

int wire_ask_parse(struct cur payload, struct wire_ask *ret_ask)
{
    struct wire_ask ask = {0};

    cur_copy(&payload, ask.id, WIRE_EVIDENCE_ID);
    ask.again = cur_u8(&payload);
    cur_copy(&payload, ask.address, sizeof(ask.address));
    ask.incident = cur_u64(&payload);
    ask.before = cur_u64(&payload);
    ask.length = cur_u64(&payload);
    ask.snaplen = cur_u32(&payload);
    ask.max = cur_u32(&payload);
    if (ask.before > WIRE_EVIDENCE_BEFORE || ask.length > WIRE_EVIDENCE_LENGTH ||
        ask.length == 0 || ask.max > WIRE_EVIDENCE_MAX)
        return -EBADMSG;
    *ret_ask = ask;
    return whole(&payload);
}

void wire_answer_add(struct buffer *b, const struct wire_answer *answer)
{
    buffer_add(b, answer->id, WIRE_EVIDENCE_ID);
    add_number(b, answer->code, 1);
    add_text(b, answer->why);
}

int wire_answer_parse(struct cur payload, struct wire_answer *ret_answer)
{
    cur_copy(&payload, ret_answer->id, WIRE_EVIDENCE_ID);
    ret_answer->code = cur_u8(&payload);
    ret_answer->why = read_text(&payload);
    return whole(&payload);
}
