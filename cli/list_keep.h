/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_keep.h - the lists as they were compiled last, a text file each, in the folder
 * OUT.d beside the compiled file OUT. A compiled file has only hashes of its values; when
 * a source is empty or broken today, its list is compiled anew from here. Each tells how
 * much every source of it gave, so that one which gives much less today is noticed.
 */
#ifndef LIST_KEEP_H
#define LIST_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "listdb.h"

/* Is there a list of that name and type, and when was it fetched? folder NULL: no. */
bool list_keep_has(const char *folder, const struct list_info *info, usec_t *ret_fetched);

/* How many values this source of it gave then; 0: it gave none, or that is not kept. */
uint64_t list_keep_gave(const char *folder, const struct list_info *info,
                        const char *source);

/* The kept values go into the list instead of what is in it. False: they cannot be. */
bool list_keep_restore(const char *folder, struct list_builder *b, unsigned list);

/* What a source gave. */
struct list_gave {
    const char *source;
    uint64_t values;
};

/* Keeps what was written, when it is not what is kept already. 0 or -errno. */
int list_keep_store(const char *folder, const struct list_builder *b, unsigned list,
                    const struct list_gave *gave, size_t count);

#endif
