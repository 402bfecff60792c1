/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list file of 4.6 million made-up domains: how large it is, how long it takes to build
 * and to open, and what a look-up of a six-label name costs when it is on a list and when
 * it is not. Then a file of 100,000 networks, IPv4 and IPv6, of 24 lengths, and what a
 * look-up of an address costs. Prints a table.
 *
 *   bench_listdb [DOMAINS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "listdb.h"
#include "mem.h"

#define DOMAINS 4600000
#define LISTS   40
#define NETS    100000
#define ASKED   (1U << 18) /* other names each time, more than the caches hold */
#define ROUNDS  8

struct question {
    char name[80];
    size_t len;
};

static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static size_t domain(char *out, size_t room, uint64_t i)
{
    return (size_t)snprintf(out, room, "%04x%" PRIx64 ".example",
                            (unsigned)(mixed(i) & 0xffff), i);
}

static void build(const char *path, uint64_t domains)
{
    struct list_builder *b = list_builder_new();
    char name[80];

    for (int i = 0; i < LISTS; i++) {
        struct list_info info = {0};

        snprintf(info.name, sizeof(info.name), "list%d", i);
        list_builder_list(b, &info);
    }
    for (uint64_t i = 0; i < domains; i++) {
        struct text text = {.at = name, .len = domain(name, sizeof(name), i)};

        list_builder_add(b, (unsigned)(mixed(i) % LISTS), text);
        if (i % 50 == 0)
            list_builder_add(b, (unsigned)(mixed(i + 7) % LISTS), text);
    }
    if (list_builder_write(b, path) != 0)
        exit(1);
    list_builder_free(b);
}

/* Six labels; four over a domain that is listed, or that is not. */
static void ask_for(struct question *q, uint64_t domains, bool listed)
{
    for (uint64_t i = 0; i < ASKED; i++) {
        char name[40];

        domain(name, sizeof(name), listed ? mixed(i) % domains : domains + i);
        q[i].len = (size_t)snprintf(q[i].name, sizeof(q[i].name), "www.a%u.cdn.eu.%s",
                                    (unsigned)(i % 977), name);
    }
}

/* Of this process, so that others on the machine count less. */
static uint64_t cpu_nanoseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static double nanoseconds_each(const struct listdb *db, const struct question *q,
                               uint64_t *ret_found)
{
    uint64_t start = cpu_nanoseconds();

    *ret_found = 0;
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < ASKED; i++) {
            struct list_set set =
                listdb_query(db, (struct text){.at = q[i].name, .len = q[i].len});

            *ret_found += (set.bits[0] | set.bits[1] | set.bits[2] | set.bits[3]) != 0;
        }
    return (double)(cpu_nanoseconds() - start) / ASKED / ROUNDS;
}

static void measure(const char *path, uint64_t domains)
{
    struct question *q = xcalloc(ASKED, sizeof(*q));
    auto_listdb struct listdb *db = NULL;
    usec_t start = clock_monotonic();
    uint64_t found;
    double ns;

    if (listdb_open(path, &db) != 0)
        exit(1);
    printf("opened in            %8.1f ms\n", (double)(clock_monotonic() - start) / 1000);
    for (int listed = 1; listed >= 0; listed--) {
        ask_for(q, domains, listed == 1);
        ns = nanoseconds_each(db, q, &found);
        printf("six labels, %-8s %8.0f ns   (%.4f %% found)\n", listed ? "listed" : "not",
               ns, 100.0 * (double)found / ASKED / ROUNDS);
    }
    free(q);
}

/* ---- networks ---- */

/* Two of three are IPv4, /13 to /32; the others IPv6, /32, /40, /48 and /64. */
static struct prefix net_of(uint64_t i)
{
    uint64_t random = mixed(i + 1000003);
    struct addr addr = {{0}};
    uint8_t len;

    if (i % 3 == 0) {
        memcpy(addr.bytes, &random, sizeof(random));
        addr.bytes[0] = 0x20;
        len = (const uint8_t[]){32, 40, 48, 64}[i / 3 % 4];
    } else {
        addr =
            addr_v4((const uint8_t[]){(uint8_t)random, (uint8_t)(random >> 8),
                                      (uint8_t)(random >> 16), (uint8_t)(random >> 24)});
        len = (uint8_t)(96 + 13 + i % 20);
    }
    return prefix_of(&addr, len);
}

static void build_nets(const char *path)
{
    struct list_builder *b = list_builder_new();
    struct list_info info = {.name = "nets", .type = LIST_CIDR};
    char text[PREFIX_TEXT];

    list_builder_list(b, &info);
    for (uint64_t i = 0; i < NETS; i++) {
        struct prefix p = net_of(i);

        prefix_print(&p, text);
        list_builder_add(b, 0, text_of(text));
    }
    if (list_builder_write(b, path) != 0)
        exit(1);
    list_builder_free(b);
}

static void measure_addrs(const struct listdb *db, const struct addr *addrs,
                          const char *what)
{
    uint64_t start = cpu_nanoseconds(), found = 0;

    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < ASKED; i++)
            found += listdb_query_addr(db, &addrs[i]).bits[0] != 0;
    printf("address, %-11s %8.0f ns   (%.4f %% found)\n", what,
           (double)(cpu_nanoseconds() - start) / ASKED / ROUNDS,
           100.0 * (double)found / ASKED / ROUNDS);
}

static void measure_nets(const char *path)
{
    auto_free struct addr *addrs = xcalloc(ASKED, sizeof(*addrs));
    auto_listdb struct listdb *db = NULL;

    if (listdb_open(path, &db) != 0)
        exit(1);
    for (uint64_t i = 0; i < ASKED; i++)
        addrs[i] = net_of(mixed(i) % NETS).addr;
    measure_addrs(db, addrs, "in a net");
    for (uint64_t i = 0; i < ASKED; i++) {
        uint32_t random = (uint32_t)mixed(i + 77);

        addrs[i] = addr_v4((const uint8_t *)&random);
    }
    measure_addrs(db, addrs, "any IPv4");
}

int main(int argc, char **argv)
{
    uint64_t domains = argc > 1 ? strtoull(argv[1], NULL, 10) : DOMAINS;
    char path[] = "/tmp/bench_listdb.XXXXXX";
    auto_close int fd = mkstemp(path);
    usec_t start = clock_monotonic();
    struct stat st;

    if (fd < 0 || domains == 0)
        return 1;
    build(path, domains);
    printf("%" PRIu64 " domains built in %.1f s\n", domains,
           (double)(clock_monotonic() - start) / 1e6);
    if (stat(path, &st) != 0)
        return 1;
    printf("file                 %8.1f MB   (%.2f bytes a domain)\n",
           (double)st.st_size / 1e6, (double)st.st_size / (double)domains);
    measure(path, domains);
    build_nets(path);
    printf("%d networks\n", NETS);
    measure_nets(path);
    unlink(path);
    return 0;
}
