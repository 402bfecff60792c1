/* SPDX-License-Identifier: Apache-2.0 */
/*
 * talk.h - what an extractor remembers of one conversation.
 *
 * Most need nothing. Where what one end says has a meaning only together with what the
 * other end said before (a password, and "230"), these few bytes are handed to it for
 * both directions. Zero at first, and again when another extractor reads a stream. It
 * holds states, and of a name at most a few bits of its code; never a byte of a name or
 * a password.
 */
#ifndef TALK_H
#define TALK_H

#include <stdint.h>

struct talk {
    uint8_t state, method, mark;
};

#endif
