/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crc32c.h - the Castagnoli checksum (RFC 3720, appendix B.4): finds damage, not malice.
 */
#ifndef CRC32C_H
#define CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of len bytes that follow what before is the checksum of; 0 when nothing comes before.
 */
uint32_t crc32c(uint32_t before, const void *bytes, size_t len);

#endif
