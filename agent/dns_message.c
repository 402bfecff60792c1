/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/dns_message.h"

bool dns_head_read(struct cur *c, struct dns_head *ret_head)
{
    struct dns_head h = {.id = cur_u16(c)};

    h.flags = cur_u16(c);
    h.questions = cur_u16(c);
    h.answers = cur_u16(c);
    h.authority = cur_u16(c);
    h.additional = cur_u16(c);
    if (cur_broken(c))
        return false;
    *ret_head = h;
    return true;
}

bool dns_record_read(struct cur *c, struct dns_record *ret_record)
{
    ret_record->type = cur_u16(c);
    ret_record->class = cur_u16(c);
    ret_record->ttl = cur_u32(c);
    ret_record->data = cur_sub(c, cur_u16(c));
    return !cur_broken(c);
}

bool dns_record_addr(struct cur data, struct addr *ret_addr)
{
    size_t len = cur_left(&data);
    const uint8_t *bytes = cur_bytes(&data, len);

    if (len != 4 && len != 16)
        return false;
    *ret_addr = len == 4 ? addr_v4(bytes) : addr_v6(bytes);
    return true;
}
