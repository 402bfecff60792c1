/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message from an agent or a collector, and its payload as each type would read it. The
 * checksum is made right first: a search that has to guess it finds nothing behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "wire_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_records(struct cur payload, uint64_t seq)
{
    struct wire_record r;

    while (cur_left(&payload) > 0 && wire_record_next(&payload, &seq, &r) == 0) {
        if (r.last < r.first || seq != r.last + 1)
            abort();
        if (r.len > 0 && r.bytes[0] + r.bytes[r.len - 1] < 0)
            abort();
    }
}

static void read_payload(struct cur payload)
{
    struct wire_hello hello;
    struct wire_welcome welcome;
    struct wire_bye_text bye;
    struct wire_offer offer;
    struct wire_get get;
    struct wire_data part;
    struct wire_result result;
    struct wire_ask ask;
    struct wire_answer answer;
    uint64_t limit;

    if (wire_hello_parse(payload, &hello) == 0 && hello.version.len > UINT8_MAX)
        abort();
    (void)wire_welcome_parse(payload, &welcome);
    (void)wire_limit_parse(payload, &limit);
    if (wire_bye_parse(payload, &bye) == 0 && bye.why.len > UINT8_MAX)
        abort();
    (void)wire_offer_parse(payload, &offer);
    (void)wire_get_parse(payload, &get);
    if (wire_data_parse(payload, &part) == 0 && part.bytes.len > cur_left(&payload))
        abort();
    (void)wire_result_parse(payload, &result);
    if (wire_ask_parse(payload, &ask) == 0 &&
        (ask.length > WIRE_EVIDENCE_LENGTH || ask.max > WIRE_EVIDENCE_MAX))
        abort();
    if (wire_answer_parse(payload, &answer) == 0 && answer.why.len > UINT8_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_head head;
    struct cur payload;
    uint8_t *message;

    (void)wire_message_parse(data, size, &head, &payload);
    if (size < WIRE_HEAD)
        return 0;

    message = malloc(size);
    if (!message)
        abort();
    memcpy(message, data, size);
    head = (struct wire_head){.type = data[6], .stream = data[7], .seq = data[31]};
    wire_head_write(&head, message + WIRE_HEAD, size - WIRE_HEAD, message);
    if (wire_message_parse(message, size, &head, &payload) != 0)
        abort();
    read_records(payload, head.seq);
    read_payload(payload);
    free(message);
    return 0;
}
