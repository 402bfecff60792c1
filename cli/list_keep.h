/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_keep.h - the lists as they were compiled last, a text file each, in the folder
 * OUT.d beside the compiled file OUT. A compiled file has only hashes of its values; when
 * a source is empty or broken today, its list is compiled anew from here.
 */
#ifndef LIST_KEEP_H
#define LIST_KEEP_H

#include "diag.h"
#include "listdb.h"

/* Is there a list of that name and type, and when was it fetched? folder NULL: no. */
bool list_keep_has(const char *folder, const struct list_info *info, usec_t *ret_fetched);

/* The kept values go into the list instead of what is in it. False: they cannot be. */
bool list_keep_restore(const char *folder, struct list_builder *b, unsigned list);

/* Keeps what was written, when it is not what is kept already. 0 or -errno. */
int list_keep_store(const char *folder, const struct list_builder *b, unsigned list);

#endif
