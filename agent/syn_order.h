/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syn_order.h - in which order a SYN has its options (RFC 9293 section 3.2, RFC 7323,
 * RFC 2018): every system has its own, which no program on it changes, and which a router
 * that only routes leaves as it is. Windows, sizes and scales differ between programs and
 * ways of one system, so they are not looked at.
 */
#ifndef SYN_ORDER_H
#define SYN_ORDER_H

#include "cur.h"
#include "names.h"

/* options: those of a SYN, as far as they were captured. What follows the orders that are
 * known, as TCP Fast Open does, is passed over. */
enum syn_order syn_order_of(struct cur options);

#endif
