/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skeleton.h - how a label of a host name looks to who reads it in passing.
 *
 * Two labels that are easily taken for each other have the same skeleton (the idea is
 * that of Unicode TR39, the table is our own): A-labels are decoded (RFC 3492), letters
 * of other scripts and with marks become the ASCII letter that they look like, and what
 * looks the same in ASCII becomes one: 0 o; 1 i l; rn m; vv w; cl d. So a skeleton is no
 * name: that of "pinterest" is "plnterest".
 */
#ifndef SKELETON_H
#define SKELETON_H

#include <stddef.h>

#include "text.h"

#define SKELETON_MAX     64  /* RFC 1035 section 2.3.4, and a zero byte */
#define SKELETON_STRANGE '?' /* stands for a character that looks like no ASCII one */

/* Of a clean label (domain.h). Its length; 0 for an empty label or one over 63 bytes. */
size_t skeleton_of(struct text label, char ret_skeleton[SKELETON_MAX]);

/*
 * The two are the same but for one letter: one is another, is missing, is more, or two
 * neighbours changed places (optimal string alignment, 1).
 */
bool skeleton_one_off(struct text a, struct text b);

#endif
