/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_alert_inside.h - between store_alert.c and store_alert_page.c.
 */
#ifndef STORE_ALERT_INSIDE_H
#define STORE_ALERT_INSIDE_H

#include "collector/store_alert.h"
#include "collector/store_sql.h"

extern const struct shape store_alert_shape; /* of struct store_alert */

#endif
