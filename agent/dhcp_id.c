/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "agent/dhcp_id.h"

#define HARDWARE_ETHERNET 1

void dhcp_put_id(struct event *e, enum field_id f, struct cur data)
{
    static const char digits[] = "0123456789abcdef";
    char text[DHCP_ID_MAX * 2];
    size_t len = 0;

    while (cur_left(&data) > 0 && len + 2 <= sizeof(text)) {
        uint8_t byte = cur_u8(&data);

        text[len++] = digits[byte >> 4];
        text[len++] = digits[byte & 0xf];
    }
    if (cur_left(&data) > 0)
        event_mark_short(e);
    if (len > 0)
        event_put_text(e, f, (struct text){text, len});
}

void dhcp_put_fingerprint(struct event *e, struct cur data, unsigned bytes_each)
{
    char text[DHCP_ASKED_MAX * sizeof("65535,")];
    size_t len = 0, count = 0;

    for (; count < DHCP_ASKED_MAX && cur_left(&data) >= bytes_each; count++)
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", count > 0 ? "," : "",
                             bytes_each == 1 ? cur_u8(&data) : cur_u16(&data));
    if (cur_left(&data) >= bytes_each)
        event_mark_short(e);
    if (len > 0)
        event_put_text(e, FIELD_DHCP_FINGERPRINT, (struct text){text, len});
}

void dhcp_put_client_mac(struct event *e, const struct mac *mac)
{
    event_put_mac(e, FIELD_DHCP_CLIENT_MAC, mac);
    event_put_number(e, FIELD_DHCP_CLIENT_MAC_LOCAL, mac_is_local(mac));
}

bool dhcp_duid_mac(struct cur duid, struct mac *ret_mac)
{
    enum { DUID_LLT = 1, DUID_LL = 3 };
    uint16_t type = cur_u16(&duid);
    uint16_t hardware = cur_u16(&duid);
    struct mac mac;

    if (type != DUID_LLT && type != DUID_LL)
        return false;
    if (type == DUID_LLT)
        cur_skip(&duid, 4); /* time */
    cur_copy(&duid, mac.bytes, sizeof(mac.bytes));
    if (cur_broken(&duid) || cur_left(&duid) > 0 || hardware != HARDWARE_ETHERNET)
        return false;
    *ret_mac = mac;
    return true;
}
