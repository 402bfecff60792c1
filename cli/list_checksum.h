/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_checksum.h - is a file what its checksum says? MD5, which UT1 gives, finds what
 * was damaged on the way; against who wants to damage it only a SHA-256 that stands in
 * lists.yaml helps.
 */
#ifndef LIST_CHECKSUM_H
#define LIST_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define CHECKSUM_DIGITS 65 /* of SHA-256, with a zero behind them */

/*
 * The digits, 64 (SHA-256) or 32 (MD5), that a file of checksums has for `name`: lines
 * "digits  name" or "SHA256 (name) = digits", or digits alone. False: it has none.
 */
bool checksum_find(struct text file, const char *name, char ret_digits[CHECKSUM_DIGITS]);

/* Does the file of these bytes have that checksum? */
bool checksum_fits(const char *bytes, size_t len, const char *digits);

#endif
