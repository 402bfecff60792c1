/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_frame.h - the messages between agent and collector as bytes; docs/WIRE.md is the
 * same in words, and says what they mean.
 *
 * Reading is bounded and checks everything that can be checked without knowing who sent
 * it; what is returned borrows the bytes it was read from. Writing appends to a buffer.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "cur.h"
#include "text.h"

#define WIRE_MAJOR 1
#define WIRE_MINOR 1 /* 1: evidence is asked for */

#define WIRE_HEAD        48
#define WIRE_MESSAGE_MAX (4u << 20)
#define WIRE_RECORD_MAX  (1u << 20) /* bytes of one document */
#define WIRE_RECORD_HEAD 5
#define WIRE_BATCH_MAX   (64u << 10) /* a batch ends before it gets longer */
#define WIRE_BOOT        16

enum wire_type {
    WIRE_HELLO = 1,
    WIRE_WELCOME,
    WIRE_BATCH,
    WIRE_ACK,
    WIRE_REWIND,
    WIRE_CREDIT,
    WIRE_PING,
    WIRE_PONG,
    WIRE_BYE,
    WIRE_CONFIG_OFFER,
    WIRE_CONFIG_GET,
    WIRE_CONFIG_DATA,
    WIRE_CONFIG_RESULT,
    WIRE_EVIDENCE_ASK,
    WIRE_EVIDENCE_ANSWER,
};

/* The lower the number, the more it matters. */
enum wire_stream {
    WIRE_NO_STREAM,
    WIRE_ALERTS,
    WIRE_HEALTH,
    WIRE_USAGE,
    WIRE_EVIDENCE,
    WIRE_STREAMS /* one past the last */
};

enum wire_kind {
    WIRE_DOCUMENT = 1,
    WIRE_LOST = 2,
};

enum wire_loss {
    WIRE_LOSS_QUOTA = 1,
    WIRE_LOSS_FULL,
    WIRE_LOSS_DAMAGED,
    WIRE_LOSS_LONG,
    WIRE_LOSS_FORGOTTEN,
};

enum wire_bye {
    WIRE_BYE_GOING,
    WIRE_BYE_HELLO,
    WIRE_BYE_REVOKED,
    WIRE_BYE_VERSION,
    WIRE_BYE_RENEW,
};

/* For people; "unknown" for a number that has no name. */
const char *wire_stream_name(unsigned stream);
const char *wire_loss_name(unsigned loss);

struct wire_head {
    uint8_t major, minor; /* wire_head_write puts ours */
    uint8_t type, stream;
    uint32_t count;
    uint64_t epoch, seq;
    usec_t sent;
};

/* The header of a message with that payload. */
void wire_head_write(const struct wire_head *head, const void *payload, size_t len,
                     uint8_t ret_bytes[WIRE_HEAD]);

/*
 * Takes a message apart. -EBADMSG: not one of ours or damaged; -EPROTONOSUPPORT: another
 * major version (head is filled in then). The type may be one we don't know.
 */
int wire_message_parse(const void *bytes, size_t len, struct wire_head *ret_head,
                       struct cur *ret_payload);

/* ------------------------------------------------------------------ records */

struct wire_record {
    enum wire_kind kind; /* another number when the kind is not known */
    uint64_t first, last;
    enum wire_loss loss; /* of WIRE_LOST */
    const uint8_t *bytes;
    size_t len;
};

void wire_document_add(struct buffer *b, const void *bytes, size_t len);
void wire_lost_add(struct buffer *b, uint64_t last, enum wire_loss why);

/*
 * The next record of a batch; *seq is the number of that one and is moved behind it.
 * -EBADMSG: the batch is damaged (a loss that ends before it begins, a number that wraps,
 * a record that is too long or not there).
 */
int wire_record_next(struct cur *records, uint64_t *seq, struct wire_record *ret_record);

/* ------------------------------------------------------------------ payloads */

struct wire_hello {
    struct text version;
    uint8_t boot[WIRE_BOOT];
    uint64_t bundle;
    struct {
        uint64_t oldest, newest; /* both 0: the agent doesn't have that stream */
    } streams[WIRE_STREAMS];
};

struct wire_welcome {
    uint64_t bundle;
    struct {
        uint64_t committed, limit;
    } streams[WIRE_STREAMS];
};

struct wire_bye_text {
    uint8_t code;
    struct text why;
};

/* All parsers: 0 or -EBADMSG. Streams that we don't know are left out. */
void wire_hello_add(struct buffer *b, const struct wire_hello *hello);
int wire_hello_parse(struct cur payload, struct wire_hello *ret_hello);
void wire_welcome_add(struct buffer *b, const struct wire_welcome *welcome);
int wire_welcome_parse(struct cur payload, struct wire_welcome *ret_welcome);
void wire_limit_add(struct buffer *b, uint64_t limit);
int wire_limit_parse(struct cur payload, uint64_t *ret_limit);
void wire_bye_add(struct buffer *b, enum wire_bye code, const char *why);
int wire_bye_parse(struct cur payload, struct wire_bye_text *ret_bye);

/* ------------------------------------------------------------------ bundles */

#define WIRE_CHUNK (256u << 10)

struct wire_offer {
    uint64_t size;
    uint8_t sha256[32];
};

struct wire_get {
    uint64_t offset;
    uint32_t most;
};

struct wire_data {
    uint64_t offset;
    struct text bytes;
};

struct wire_result {
    uint8_t taken;
    struct text why;
};

void wire_offer_add(struct buffer *b, const struct wire_offer *offer);
int wire_offer_parse(struct cur payload, struct wire_offer *ret_offer);
void wire_get_add(struct buffer *b, const struct wire_get *get);
int wire_get_parse(struct cur payload, struct wire_get *ret_get);
void wire_data_add(struct buffer *b, const struct wire_data *data);
int wire_data_parse(struct cur payload, struct wire_data *ret_data);
void wire_result_add(struct buffer *b, bool taken, const char *why);
int wire_result_parse(struct cur payload, struct wire_result *ret_result);

/* ------------------------------------------------------------------ evidence */

#define WIRE_EVIDENCE_ID     16
#define WIRE_EVIDENCE_BEFORE (60 * USEC_PER_SEC) /* the most of each */
#define WIRE_EVIDENCE_LENGTH USEC_PER_HOUR
#define WIRE_EVIDENCE_MAX    (4u << 20)

/* The frames of one address, from `before` it came on and for `length`. */
struct wire_ask {
    uint8_t id[WIRE_EVIDENCE_ID]; /* of the evidence that will come of it */
    bool again;                   /* the agent has said before that it took it */
    uint8_t address[16];          /* IPv4 in its mapped form, as net.h */
    uint64_t incident;
    usec_t before, length;
    uint32_t snaplen; /* 0: headers */
    uint32_t max;     /* bytes of the capture file */
};

enum wire_answer_code {
    WIRE_ANSWER_TAKEN = 1, /* it is under way, or its evidence is */
    WIRE_ANSWER_REFUSED,
    WIRE_ANSWER_UNKNOWN, /* it was taken before, and is not under way any more */
};

struct wire_answer {
    uint8_t id[WIRE_EVIDENCE_ID];
    uint8_t code;
    struct text why;
};

void wire_ask_add(struct buffer *b, const struct wire_ask *ask);
/* -EBADMSG, too: more is asked for than may be. */
int wire_ask_parse(struct cur payload, struct wire_ask *ret_ask);
void wire_answer_add(struct buffer *b, const struct wire_answer *answer);
int wire_answer_parse(struct cur payload, struct wire_answer *ret_answer);

#endif
