/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first_bytes.h - what the first thing a client says looks like, when no parser knows it:
 * text, numbers, or as if it were encrypted from its first byte on.
 *
 * Protocols that are meant to look like nothing are encrypted whole, so that about half
 * of their bits are set and few of their bytes can be printed. The bounds are those that
 * were measured of the Great Firewall of China: "How the Great Firewall of China Detects
 * and Blocks Fully Encrypted Traffic", USENIX Security 2023. Known protocols, its last
 * exemption, are our parsers' and nDPI's to tell.
 */
#ifndef FIRST_BYTES_H
#define FIRST_BYTES_H

#include "cur.h"
#include "names.h"

#define FIRST_BYTES_LEAST 16  /* ours: of fewer, the bits say too little */
#define FIRST_BYTES_MOST  256 /* what is behind them is not looked at */

/* Looks at what the cursor has left. */
enum first_bytes first_bytes_of(struct cur payload);

#endif
