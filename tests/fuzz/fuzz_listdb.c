/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of lists with any bytes, the checksum put right so that what lies behind it is
 * reached, then asked for names, addresses and fingerprints.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auto.h"
#include "common/listdb_file.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(const struct listdb *db, struct list_set set)
{
    struct list_set left = listdb_judge(db, set);

    for (unsigned list = 0; list < LISTDB_MAX; list++) {
        if (list_set_has(&set, list) && list >= listdb_count(db))
            abort();
        if (list_set_has(&left, list) && !list_set_has(&set, list))
            abort();
    }
}

static void ask_others(const struct listdb *db)
{
    static const char *const addrs[] = {"10.20.30.40", "2001:db8::1", "0.0.0.0"};
    struct mac mac = {{0, 0x1b, 0xc5, 1, 2, 3}};

    for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
        struct addr addr;

        addr_parse(addrs[i], &addr);
        check(db, listdb_query_addr(db, &addr));
        for (unsigned list = 0; list < listdb_count(db); list++)
            if (listdb_longest_addr(db, &addr, list) > 128)
                abort();
    }
    for (unsigned list = 0; list < listdb_count(db); list++)
        if (listdb_longest_mac(db, &mac, list) > 48)
            abort();
    check(db, listdb_query_mac(db, &mac));
    check(db, listdb_query_print(db, TEXT("e7d705a3286e19ea42f587b344ee6865")));
}

/* What looks alike is what the query says. */
static void check_alike(const struct listdb *db, struct text name)
{
    struct list_set alike = listdb_query_alike(db, name);
    struct alike_match match;

    for (unsigned list = 0; list < listdb_count(db); list++)
        if (listdb_alike(db, name, list, &match) != list_set_has(&alike, list))
            abort();
}

static void ask(const struct listdb *db)
{
    static const char *const names[] = {"casino.example",
                                        "www.casino.example",
                                        "cas1no.example",
                                        "a.b.c.d.e.f",
                                        "x",
                                        "help.casino.example.lan"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct list_set set = listdb_query(db, text_of(names[i]));

        listdb_protected(db, text_of(names[i]));
        check(db, set);
        check(db, listdb_query_alike(db, text_of(names[i])));
        check_alike(db, text_of(names[i]));
        check(db, listdb_judge_alike(db, text_of(names[i])));
    }
    for (unsigned list = 0; list < listdb_count(db); list++)
        if (listdb_find(db, listdb_info(db, list)->name) < 0)
            abort();
    for (size_t i = 0; i < listdb_protected_count(db); i++)
        (void)listdb_protected_code(db, i);
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
        ask_others(db);
        listdb_close(db);
    }
    return 0;
}
