/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcap_file.h - frames as the bytes of a capture file, in memory: the classic format
 * (draft-ietf-opsawg-pcap), microseconds, in this machine's byte order.
 */
#ifndef PCAP_FILE_H
#define PCAP_FILE_H

#include "agent/packet.h"
#include "text.h"

#define PCAP_FILE_HEADER 24u
#define PCAP_FILE_RECORD 16u /* before each frame */

/* All frames of a file have the link of its header. */
void pcap_file_begin(struct buffer *to, int link, uint32_t snaplen);
void pcap_file_add(struct buffer *to, const struct frame *f);

#endif
