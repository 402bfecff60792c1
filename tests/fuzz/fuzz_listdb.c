/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of lists with any bytes, the checksum put right so that what lies behind it is
 * reached, then asked for names.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auto.h"
#include "common/listdb_file.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ask(const struct listdb *db)
{
    static const char *const names[] = {"casino.example", "www.casino.example",
                                        "a.b.c.d.e.f", "x"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct list_set set = listdb_query(db, text_of(names[i]));

        listdb_protected(db, text_of(names[i]));
        for (unsigned list = (unsigned)listdb_count(db); list < LISTDB_MAX; list++)
            if (list_set_has(&set, list))
                abort();
    }
    for (unsigned list = 0; list < listdb_count(db); list++)
        if (listdb_find(db, listdb_info(db, list)->name) < 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_free uint8_t *file = xmalloc(len + 1);
    auto_close int fd = memfd_create("lists", MFD_CLOEXEC);
    struct listdb *db;

    memcpy(file, bytes, len);
    if (len > LISTDB_HEADER_BYTES) {
        uint64_t checksum = listdb_checksum(file, len);

        for (size_t i = 0; i < 8; i++)
            file[16 + i] = (uint8_t)(checksum >> 8 * i);
    }
    if (fd < 0 || write(fd, file, len) != (ssize_t)len)
        abort();
    if (listdb_open_fd(fd, &db) == 0) {
        ask(db);
        listdb_close(db);
    }
    return 0;
}
