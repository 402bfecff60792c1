/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auto.h"
#include "common/listdb_file.h"
#include "mem.h"

enum { GAMBLING, ADULT, HELP, LISTS };

struct place {
    char *folder, *path;
};

static int set_up(void **state)
{
    struct place *p = xcalloc(1, sizeof(*p));

    p->folder = xstrdup("/tmp/test_listdb.XXXXXX");
    if (!mkdtemp(p->folder))
        return -1;
    p->path = xasprintf("%s/lists", p->folder);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    int result;

    unlink(p->path);
    result = rmdir(p->folder); /* fails when something else was left there */
    free(p->path);
    free(p->folder);
    free(p);
    return result;
}

static struct list_builder *builder(void)
{
    static const struct list_info infos[LISTS] = {
        [GAMBLING] = {.name = "gambling", .kind = LIST_BLACK, .fetched = 7, .max_age = 9},
        [ADULT] = {.name = "adult", .source = "https://example.org", .licence = "CC"},
        [HELP] = {.name = "help", .kind = LIST_PROTECTED},
    };
    struct list_builder *b = list_builder_new();

    for (int i = 0; i < LISTS; i++)
        assert_int_equal(list_builder_list(b, &infos[i]), i);
    return b;
}

static struct listdb *written(struct list_builder *b, const char *path)
{
    struct listdb *db = NULL;

    assert_int_equal(list_builder_write(b, path), 0);
    list_builder_free(b);
    assert_int_equal(listdb_open(path, &db), 0);
    return db;
}

static struct listdb *small(const char *path)
{
    struct list_builder *b = builder();

    list_builder_add(b, GAMBLING, TEXT("casino.example"));
    list_builder_add(b, GAMBLING, TEXT("both.example"));
    list_builder_add(b, ADULT, TEXT("both.example"));
    list_builder_add(b, ADULT, TEXT("www.both.example"));
    list_builder_add(b, ADULT, TEXT("help.casino.example"));
    list_builder_add(b, HELP, TEXT("help.casino.example"));
    return written(b, path);
}

static uint64_t lists_of(const struct listdb *db, const char *name)
{
    return listdb_query(db, text_of(name)).bits[0];
}

static void a_name_is_on_the_lists_of_itself_and_its_parents(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = small(p->path);

    assert_int_equal(lists_of(db, "casino.example"), 1 << GAMBLING);
    assert_int_equal(lists_of(db, "a.b.casino.example"), 1 << GAMBLING);
    assert_int_equal(lists_of(db, "both.example"), 1 << GAMBLING | 1 << ADULT);
    assert_int_equal(lists_of(db, "x.www.both.example"), 1 << GAMBLING | 1 << ADULT);
    assert_int_equal(lists_of(db, "help.casino.example"),
                     1 << GAMBLING | 1 << ADULT | 1 << HELP);
}

static void a_name_that_only_looks_alike_is_on_no_list(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = small(p->path);

    assert_int_equal(lists_of(db, "notcasino.example"), 0);
    assert_int_equal(lists_of(db, "example"), 0);
    assert_int_equal(lists_of(db, "casino.example.org"), 0);
    assert_int_equal(lists_of(db, "casino.exampl"), 0);
    assert_int_equal(lists_of(db, ""), 0);
    assert_int_equal(lists_of(db, "."), 0);
}

static void protection_is_inherited_too(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = small(p->path);

    assert_true(listdb_protected(db, TEXT("help.casino.example")));
    assert_true(listdb_protected(db, TEXT("www.help.casino.example")));
    assert_false(listdb_protected(db, TEXT("casino.example")));
    assert_false(listdb_protected(db, TEXT("both.example")));
}

/* Resolvers try their search suffixes, proxies and gateways put their own name behind. */
static void a_protected_name_is_so_with_any_suffix_behind_it(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = small(p->path);

    assert_true(listdb_protected(db, TEXT("help.casino.example.lan")));
    assert_true(listdb_protected(db, TEXT("help.casino.example.lincoln.k12.ca.us")));
    assert_true(listdb_protected(db, TEXT("www.help.casino.example.proxy.test")));
    assert_true(listdb_protected(db, TEXT("_imap._tcp.help.casino.example.lan")));
    assert_int_equal(lists_of(db, "help.casino.example.lan"), 1 << HELP);
    /* as a list of another kind, a suffix makes it another name */
    assert_int_equal(lists_of(db, "both.example.lan"), 0);
}

/* event.h: such names are told as they are. */
static void empty_labels_in_front_hide_no_name(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = small(p->path);
    struct text casino = TEXT("casino.example"), help = TEXT("help.casino.example");
    char name[DOMAIN_MAX] = "";

    memset(name, '.', sizeof(name) - 1);
    memcpy(name + DOMAIN_MAX - 1 - casino.len, casino.at, casino.len);
    assert_int_equal(lists_of(db, name), 1 << GAMBLING);
    memcpy(name + DOMAIN_MAX - 1 - help.len, help.at, help.len);
    assert_true(listdb_protected(db, text_of(name)));
}

static void part_of_a_protected_name_or_of_a_label_protects_nothing(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = small(p->path);

    assert_false(listdb_protected(db, TEXT("selfhelp.casino.example.lan")));
    assert_false(listdb_protected(db, TEXT("help.casino.examples.lan")));
    assert_false(listdb_protected(db, TEXT("help.casino.lan")));
    assert_false(listdb_protected(db, TEXT("casino.example.help.lan")));
    assert_false(listdb_protected(db, TEXT("help-casino-example.lan")));
    assert_false(listdb_protected(db, TEXT("help.my.casino.example.lan")));
}

static void a_protected_name_of_one_label_is_so_at_the_end_only(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = builder();
    auto_listdb struct listdb *db = NULL;

    list_builder_add(b, HELP, TEXT("help"));
    list_builder_add(b, HELP, TEXT("line.help"));
    db = written(b, p->path);
    assert_true(listdb_protected(db, TEXT("www.help")));
    assert_false(listdb_protected(db, TEXT("www.help.shop.example")));
    assert_true(listdb_protected(db, TEXT("www.line.help.shop.example")));
}

static void a_long_protected_name_is_found_in_the_most_parted_one(void **state)
{
    static const char listed[] = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.example";
    const struct place *p = *state;
    struct list_builder *b = builder();
    auto_listdb struct listdb *db = NULL;
    char name[254];

    list_builder_add(b, HELP, text_of(listed));
    list_builder_add(b, HELP, TEXT("x.y"));
    db = written(b, p->path);
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 2 ? '.' : 'y';
    assert_false(listdb_protected(db, (struct text){name, 253}));
    memcpy(name + 100, listed, sizeof(listed) - 1);
    assert_true(listdb_protected(db, (struct text){name, 253}));
    memcpy(name + 100, listed + 2, sizeof(listed) - 3);
    memcpy(name + 100 + sizeof(listed) - 3, ".y", 2);
    assert_false(listdb_protected(db, (struct text){name, 253}));
    name[0] = 'x';
    assert_true(listdb_protected(db, (struct text){name, 253}));
}

static void of_protected_names_alone_there_are_codes_and_they_are_no_files_own(
    void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = small(p->path);
    uint64_t code = listdb_name_code(TEXT("help.casino.example"));

    assert_int_equal(listdb_protected_count(db), 1);
    assert_int_equal(listdb_protected_code(db, 0), code);
    listdb_close(take(db));
    db = small(p->path); /* with another seed */
    assert_int_equal(listdb_protected_code(db, 0), code);
    assert_int_not_equal(listdb_name_code(TEXT("casino.example")), code);
}

static void what_is_known_of_a_list_is_kept(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = small(p->path);
    const struct list_info *info = listdb_info(db, GAMBLING);

    assert_int_equal(listdb_count(db), LISTS);
    assert_int_equal(listdb_find(db, "adult"), ADULT);
    assert_int_equal(listdb_find(db, "news"), -ENOENT);
    assert_null(listdb_info(db, LISTS));
    assert_string_equal(info->name, "gambling");
    assert_int_equal(info->entries, 2);
    assert_int_equal(info->fetched, 7);
    assert_int_equal(info->max_age, 9);
    assert_string_equal(listdb_info(db, ADULT)->source, "https://example.org");
    assert_string_equal(listdb_info(db, ADULT)->licence, "CC");
    assert_int_equal(listdb_info(db, HELP)->kind, LIST_PROTECTED);
    /* printf 'both.example\ncasino.example\n' | sha256sum */
    assert_string_equal(info->version, "eff37d2538225a7b");
}

static void a_version_depends_neither_on_order_nor_on_repetition(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = builder();
    auto_listdb struct listdb *db = NULL;

    list_builder_add(b, GAMBLING, TEXT("a.example"));
    list_builder_add(b, GAMBLING, TEXT("b.example"));
    list_builder_add(b, ADULT, TEXT("b.example"));
    list_builder_add(b, ADULT, TEXT("a.example"));
    list_builder_add(b, ADULT, TEXT("b.example"));
    list_builder_add(b, HELP, TEXT("a.example"));
    db = written(b, p->path);
    assert_int_equal(listdb_info(db, ADULT)->entries, 2);
    assert_string_equal(listdb_info(db, ADULT)->version,
                        listdb_info(db, GAMBLING)->version);
    assert_string_not_equal(listdb_info(db, HELP)->version,
                            listdb_info(db, GAMBLING)->version);
}

static void a_file_without_names_answers_nothing(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = written(list_builder_new(), p->path);

    assert_int_equal(listdb_count(db), 0);
    assert_int_equal(lists_of(db, "www.example.org"), 0);
    assert_false(listdb_protected(db, TEXT("www.example.org")));
}

static void every_name_of_many_is_found_and_no_other(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = builder();
    auto_listdb struct listdb *db = NULL;
    char name[64];

    for (unsigned i = 0; i < 50000; i++) {
        int len = snprintf(name, sizeof(name), "h%u.example", i);

        list_builder_add(b, i % 3, (struct text){name, (size_t)len});
    }
    db = written(b, p->path);
    for (unsigned i = 0; i < 50000; i++) {
        snprintf(name, sizeof(name), "www.h%u.example", i);
        if (lists_of(db, name) != UINT64_C(1) << i % 3)
            fail_msg("%s is not found where it was put", name);
        snprintf(name, sizeof(name), "www.g%u.example", i);
        if (lists_of(db, name) != 0)
            fail_msg("%s is found", name);
    }
}

static void all_lists_that_a_file_can_have_are_told_apart(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = list_builder_new();
    auto_listdb struct listdb *db = NULL;
    char name[32];

    for (unsigned i = 0; i < LISTDB_MAX; i++) {
        struct list_info info = {0};

        snprintf(info.name, sizeof(info.name), "l%u", i);
        assert_int_equal(list_builder_list(b, &info), i);
        snprintf(name, sizeof(name), "n%u.example", i);
        list_builder_add(b, i, text_of(name));
        list_builder_add(b, i, TEXT("all.example"));
    }
    assert_int_equal(list_builder_list(b, &(struct list_info){0}), -ENOSPC);
    db = written(b, p->path);
    for (unsigned i = 0; i < LISTDB_MAX; i++) {
        struct list_set all = listdb_query(db, TEXT("all.example"));
        struct list_set set;

        snprintf(name, sizeof(name), "n%u.example", i);
        set = listdb_query(db, text_of(name));
        assert_true(list_set_has(&all, i));
        assert_true(list_set_has(&set, i));
        assert_false(list_set_has(&set, (i + 1) % LISTDB_MAX));
    }
}

static char *content(const char *path, size_t *ret_len)
{
    auto_fclose FILE *file = fopen(path, "r");
    char *bytes = xmalloc(1 << 16);

    assert_non_null(file);
    *ret_len = fread(bytes, 1, 1 << 16, file);
    return bytes;
}

static int opened(const char *bytes, size_t len)
{
    auto_close int fd = memfd_create("lists", MFD_CLOEXEC);
    struct listdb *db = NULL;
    int result;

    assert_int_equal(write(fd, bytes, len), len);
    result = listdb_open_fd(fd, &db);
    if (result == 0)
        listdb_close(db);
    return result;
}

static const char ja3[] = "e7d705a3286e19ea42f587b344ee6865";
static const char authority[] = "C=US, O=Example Trust, CN=Example Root";
static const char sha1[] = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

enum { NETS, HOSTS, MACS, PRINTS, CERTS, NAMES, ALIKE, AUTHORITIES };

static struct listdb *of_every_type(const char *path)
{
    static const struct {
        enum list_type type;
        const char *values[5];
    } lists[] = {
        [NETS] = {LIST_CIDR, {"10.0.0.0/8", "10.20.0.0/16", "2001:db8::/32"}},
        [HOSTS] = {LIST_IP, {"10.20.30.40", "192.0.2.1", "2001:db8::1"}},
        [MACS] = {LIST_MAC, {"00:1b:c5:00:00:00/24", "02:00:5e:10:00:01"}},
        [PRINTS] = {LIST_JA3, {ja3}},
        [CERTS] = {LIST_CERT, {sha1}},
        [NAMES] = {LIST_DOMAIN, {"casino.example", ja3}},
        [ALIKE] = {LIST_LOOKALIKE, {"lincoln-schools.example", "casino.example"}},
        [AUTHORITIES] = {LIST_AUTHORITY, {authority}},
    };
    struct list_builder *b = list_builder_new();

    for (unsigned i = 0; i <= AUTHORITIES; i++) {
        struct list_info info = {.type = lists[i].type, .on_stale = LIST_STALE_DISABLE};

        snprintf(info.name, sizeof(info.name), "l%u", i);
        list_builder_list(b, &info);
        for (size_t n = 0; lists[i].values[n]; n++)
            list_builder_add(b, i, text_of(lists[i].values[n]));
    }
    return written(b, path);
}

static uint64_t lists_with(const struct listdb *db, const char *addr)
{
    struct addr a;

    assert_int_equal(addr_parse(addr, &a), 0);
    return listdb_query_addr(db, &a).bits[0];
}

static uint64_t lists_with_mac(const struct listdb *db, const char *mac)
{
    struct mac m;

    assert_int_equal(mac_parse(mac, &m), 0);
    return listdb_query_mac(db, &m).bits[0];
}

static void an_address_is_on_the_lists_of_every_network_around_it(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = of_every_type(p->path);

    assert_int_equal(lists_with(db, "10.1.2.3"), 1 << NETS);
    assert_int_equal(lists_with(db, "10.20.30.40"), 1 << NETS | 1 << HOSTS);
    assert_int_equal(lists_with(db, "192.0.2.1"), 1 << HOSTS);
    assert_int_equal(lists_with(db, "2001:db8::1"), 1 << NETS | 1 << HOSTS);
    assert_int_equal(lists_with(db, "2001:db8:ffff::2"), 1 << NETS);
    assert_int_equal(lists_with(db, "11.0.0.0"), 0);
    assert_int_equal(lists_with(db, "192.0.2.0"), 0);
    assert_int_equal(lists_with(db, "2001:db9::1"), 0);
    assert_int_equal(listdb_info(db, NETS)->type, LIST_CIDR);
    assert_int_equal(listdb_info(db, NETS)->on_stale, LIST_STALE_DISABLE);
}

static void the_longest_entry_around_an_address_is_told(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = of_every_type(p->path);
    struct addr a;
    struct mac m;

    addr_parse("10.20.30.40", &a);
    assert_int_equal(listdb_longest_addr(db, &a, NETS), 96 + 16);
    assert_int_equal(listdb_longest_addr(db, &a, HOSTS), 128);
    assert_int_equal(listdb_longest_addr(db, &a, MACS), -ENOENT);
    addr_parse("10.21.0.0", &a);
    assert_int_equal(listdb_longest_addr(db, &a, NETS), 96 + 8);
    mac_parse("00:1b:c5:10:20:30", &m);
    assert_int_equal(listdb_longest_mac(db, &m, MACS), 24);
}

static void a_hardware_address_is_on_the_lists_of_its_maker(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = of_every_type(p->path);

    assert_int_equal(lists_with_mac(db, "00:1b:c5:ff:ff:ff"), 1 << MACS);
    assert_int_equal(lists_with_mac(db, "02:00:5e:10:00:01"), 1 << MACS);
    assert_int_equal(lists_with_mac(db, "02:00:5e:10:00:02"), 0);
    assert_int_equal(lists_with_mac(db, "00:1b:c4:ff:ff:ff"), 0);
}

/* The name of an authority may be longer than a host's: RFC 5280 bounds its parts. */
static void the_longest_value_is_found(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = list_builder_new();
    char name[LIST_VALUE_MAX];
    struct text longest = {.at = name, .len = sizeof(name) - 1};

    memset(name, 'x', sizeof(name));
    list_builder_list(b, &(struct list_info){.name = "l", .type = LIST_AUTHORITY});
    list_builder_add(b, 0, longest);
    list_builder_add(b, 0, (struct text){.at = name, .len = DOMAIN_MAX});
    auto_listdb struct listdb *db = written(b, p->path);

    assert_int_equal(listdb_query_print(db, longest).bits[0], 1);
    longest.len--;
    assert_int_equal(listdb_query_print(db, longest).bits[0], 1);
    longest.len--;
    assert_int_equal(listdb_query_print(db, longest).bits[0], 0);
}

static void what_is_asked_for_as_one_thing_is_not_found_as_another(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = of_every_type(p->path);

    assert_int_equal(listdb_query_print(db, text_of(ja3)).bits[0], 1 << PRINTS);
    assert_int_equal(listdb_query_print(db, text_of(sha1)).bits[0], 1 << CERTS);
    assert_int_equal(listdb_query_print(db, text_of(authority)).bits[0],
                     1 << AUTHORITIES);
    assert_int_equal(lists_of(db, ja3), 1 << NAMES);
    assert_int_equal(lists_of(db, sha1), 0);
    assert_int_equal(lists_of(db, "10.20.30.40"), 0);
    assert_int_equal(listdb_query_print(db, TEXT("casino.example")).bits[0], 0);
    assert_int_equal(listdb_query_print(db, TEXT("")).bits[0], 0);
}

static void what_looks_like_a_listed_name_is_told_with_it(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = of_every_type(p->path);
    struct alike_match match;

    assert_int_equal(listdb_query_alike(db, TEXT("www.lincoln-schoo1s.example")).bits[0],
                     1 << ALIKE);
    assert_true(listdb_alike(db, TEXT("lincoln-schoo1s.example"), ALIKE, &match));
    assert_true(text_equal(match.name, TEXT("lincoln-schools.example")));
    assert_int_equal(match.how, ALIKE_LETTERS);
    assert_false(listdb_alike(db, TEXT("lincoln-schoo1s.example"), NAMES, &match));
    assert_int_equal(listdb_query_alike(db, TEXT("www.lincoln-schools.example")).bits[0],
                     0);
    /* a list of names like these has none of them */
    assert_int_equal(lists_of(db, "lincoln-schools.example"), 0);
    assert_int_equal(lists_of(db, "casino.example"), 1 << NAMES);
}

static void a_look_alike_that_is_permitted_or_excepted_counts_not(void **state)
{
    static const enum list_kind kinds[] = {LIST_BLACK, LIST_WHITE, LIST_PROTECTED};
    const struct place *p = *state;
    struct list_builder *b = list_builder_new();
    auto_listdb struct listdb *db = NULL;

    list_builder_list(b, &(struct list_info){.type = LIST_LOOKALIKE});
    for (unsigned i = 0; i < 3; i++)
        list_builder_list(b, &(struct list_info){.kind = kinds[i]});
    list_builder_add(b, 0, TEXT("lincoln.example"));
    list_builder_add(b, 1, TEXT("sister.lincoln.test"));
    list_builder_add(b, 2, TEXT("lincoln.invalid"));
    list_builder_add(b, 3, TEXT("help.linco1n.example"));
    list_builder_except(b, 0, 1);
    db = written(b, p->path);
    assert_int_equal(listdb_judge_alike(db, TEXT("lincoln.test")).bits[0], 1);
    assert_int_equal(listdb_judge_alike(db, TEXT("sister.lincoln.test")).bits[0], 0);
    assert_int_equal(listdb_judge_alike(db, TEXT("www.lincoln.invalid")).bits[0], 0);
    assert_int_equal(listdb_judge_alike(db, TEXT("linco1n.example")).bits[0], 1);
    assert_int_equal(listdb_judge_alike(db, TEXT("help.linco1n.example")).bits[0], 0);
    assert_int_equal(listdb_judge_alike(db, TEXT("another.example")).bits[0], 0);
}

static void more_names_to_look_like_than_fit_are_refused(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = list_builder_new();
    char name[32];

    list_builder_list(b, &(struct list_info){.type = LIST_LOOKALIKE});
    list_builder_list(b, &(struct list_info){.type = LIST_LOOKALIKE});
    for (unsigned i = 0; i <= ALIKE_NAMES_MAX; i++) {
        snprintf(name, sizeof(name), "n%u.example", i);
        list_builder_add(b, i % 2, text_of(name));
    }
    assert_int_equal(list_builder_write(b, p->path), -E2BIG);
    assert_int_equal(access(p->path, F_OK), -1);
    list_builder_free(b);
}

static void a_file_of_names_alone_has_no_addresses(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *db = small(p->path);

    assert_int_equal(lists_with(db, "10.1.2.3"), 0);
    assert_int_equal(lists_with_mac(db, "00:1b:c5:ff:ff:ff"), 0);
    assert_int_equal(listdb_query_print(db, text_of(ja3)).bits[0], 0);
    assert_int_equal(listdb_query_alike(db, TEXT("cas1no.example")).bits[0], 0);
}

static void an_exception_takes_a_value_off_a_list(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = builder();
    auto_listdb struct listdb *db = NULL;
    struct list_set on;

    list_builder_add(b, GAMBLING, TEXT("lottery.example"));
    list_builder_add(b, ADULT, TEXT("good.lottery.example"));
    list_builder_except(b, GAMBLING, ADULT);
    list_builder_except(b, ADULT, GAMBLING);
    db = written(b, p->path);
    on = listdb_judge(db, listdb_query(db, TEXT("www.lottery.example")));
    assert_int_equal(on.bits[0], 1 << GAMBLING);
    /* each is the other's exception: neither is left */
    on = listdb_judge(db, listdb_query(db, TEXT("good.lottery.example")));
    assert_int_equal(on.bits[0], 0);
}

static void protection_wins_over_permission_and_that_over_the_rest(void **state)
{
    static const enum list_kind kinds[] = {LIST_BLACK, LIST_WHITE, LIST_PROTECTED};
    const struct place *p = *state;
    struct list_builder *b = list_builder_new();
    auto_listdb struct listdb *db = NULL;

    for (unsigned i = 0; i < 3; i++) {
        struct list_info info = {.type = LIST_CIDR, .kind = kinds[i]};

        list_builder_list(b, &info);
    }
    list_builder_add(b, 0, TEXT("10.0.0.0/8"));
    list_builder_add(b, 1, TEXT("10.1.0.0/16"));
    list_builder_add(b, 2, TEXT("10.1.1.0/24"));
    db = written(b, p->path);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const asked[] = {"10.2.0.1", "10.1.0.1", "10.1.1.1"};
        struct addr a;

        addr_parse(asked[i], &a);
        assert_int_equal(listdb_judge(db, listdb_query_addr(db, &a)).bits[0], 1 << i);
    }
}

static void a_file_of_an_old_version_must_be_built_again(void **state)
{
    const struct place *p = *state;
    auto_free char *bytes = NULL;
    size_t len;

    listdb_close(small(p->path));
    bytes = content(p->path, &len);
    bytes[8] = 1;
    assert_int_equal(opened(bytes, len), -EPROTONOSUPPORT);
    assert_int_equal(opened(bytes, 64), -EPROTONOSUPPORT); /* it was shorter then */
    assert_non_null(strstr(listdb_error(-EPROTONOSUPPORT), "build it again"));
}

static void the_longest_and_the_most_parted_names_are_looked_up(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = builder();
    auto_listdb struct listdb *db = NULL;
    char name[254];

    list_builder_add(b, GAMBLING, TEXT("a"));
    db = written(b, p->path);
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 2 ? '.' : 'a';
    assert_int_equal(listdb_query(db, (struct text){name, 253}).bits[0], 1 << GAMBLING);
    assert_int_equal(listdb_query(db, (struct text){name, 254}).bits[0], 0);
}

static void an_open_file_outlives_its_replacement(void **state)
{
    const struct place *p = *state;
    auto_listdb struct listdb *old = small(p->path), *new = NULL;
    struct list_builder *b = builder();

    list_builder_add(b, GAMBLING, TEXT("new.example"));
    new = written(b, p->path);
    assert_int_equal(lists_of(old, "casino.example"), 1 << GAMBLING);
    assert_int_equal(lists_of(new, "casino.example"), 0);
    assert_int_equal(lists_of(new, "new.example"), 1 << GAMBLING);
}

static void a_file_that_cannot_be_written_leaves_nothing_behind(void **state)
{
    const struct place *p = *state;
    auto_free char *nowhere = xasprintf("%s/no/lists", p->folder);
    struct list_builder *b = builder();

    assert_int_equal(list_builder_write(b, nowhere), -ENOENT);
    assert_int_equal(list_builder_write(b, p->folder), -EISDIR);
    list_builder_free(b);
}

static void a_damaged_file_is_refused(void **state)
{
    const struct place *p = *state;
    auto_free char *bytes = NULL;
    size_t len;

    listdb_close(small(p->path));
    bytes = content(p->path, &len);
    assert_int_equal(opened(bytes, len), 0);
    for (size_t cut = 0; cut < len; cut += 13)
        assert_int_equal(opened(bytes, cut),
                         cut < LISTDB_FIRST_BYTES ? -EMEDIUMTYPE : -EBADMSG);
    for (size_t i = 0; i < len; i += 7) {
        int expected = i < 8 ? -EMEDIUMTYPE : i < 12 ? -EPROTONOSUPPORT : -EBADMSG;

        bytes[i] ^= 0x10;
        if (opened(bytes, len) != expected)
            fail_msg("took a file with byte %zu changed", i);
        bytes[i] ^= 0x10;
    }
}

/* Opens the file with one byte changed and the checksum put right. */
static int opened_with(const char *bytes, size_t len, size_t at, uint8_t byte)
{
    auto_free char *file = xmalloc(len);
    uint64_t checksum;

    memcpy(file, bytes, len);
    file[at] = (char)byte;
    checksum = listdb_checksum((const uint8_t *)file, len);
    for (size_t i = 0; i < 8; i++)
        file[16 + i] = (char)(checksum >> 8 * i);
    return opened(file, len);
}

/* A file of an earlier build is as safe, only slower. */
static void a_file_that_does_not_tell_of_protected_names_has_them_tried(void **state)
{
    const struct place *p = *state;
    auto_free char *bytes = NULL;
    auto_listdb struct listdb *db = NULL;
    auto_close int fd = memfd_create("lists", MFD_CLOEXEC);
    uint64_t checksum;
    size_t len;

    listdb_close(small(p->path));
    bytes = content(p->path, &len);
    memset(bytes + 92, 0, 36);
    checksum = listdb_checksum((const uint8_t *)bytes, len);
    memcpy(bytes + 16, &checksum, sizeof(checksum));
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(listdb_open_fd(fd, &db), 0);
    assert_true(listdb_protected(db, TEXT("help.casino.example")));
    assert_true(listdb_protected(db, TEXT("www.help.casino.example.lan")));
    assert_false(listdb_protected(db, TEXT("both.example.lan")));
}

static void a_file_that_contradicts_itself_is_refused(void **state)
{
    const struct place *p = *state;
    auto_free char *bytes = NULL;
    struct listdb_counts n = {.entries = 4, .lists = LISTS};
    struct listdb_layout at;
    size_t len;

    listdb_close(small(p->path));
    bytes = content(p->path, &len);
    n.sets = (uint8_t)bytes[40]; /* behind seed, entries and lists */
    n.codes = (uint8_t)bytes[128];
    assert_int_equal(n.codes, 1);
    at = listdb_layout(&n);
    assert_int_equal(at.size, len);

    assert_int_equal(opened_with(bytes, len, 0, 'H'), 0);
    assert_int_equal(opened_with(bytes, len, 32, 5), -EBADMSG); /* entries */
    assert_int_equal(opened_with(bytes, len, 44, 1), -EBADMSG); /* bucket bits */
    assert_int_equal(opened_with(bytes, len, 44, 40), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, at.lists + 296, 3), -EBADMSG); /* kind */
    assert_int_equal(opened_with(bytes, len, at.lists + 298, LIST_PORT), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, at.lists + 300, 4), -EBADMSG); /* on_stale */
    assert_int_equal(opened_with(bytes, len, at.lists + 304, 1 << LISTS), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, 71, 1), -EBADMSG); /* a length over 128 */
    assert_int_equal(opened_with(bytes, len, 79, 1), -EBADMSG); /* over 32 */
    assert_int_equal(opened_with(bytes, len, 87, 1), -EBADMSG); /* over 48 */
    assert_int_equal(opened_with(bytes, len, 92, 2), -EBADMSG); /* of one label */
    assert_int_equal(opened_with(bytes, len, at.sets, 1 << LISTS), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, 128, 2), -EBADMSG); /* codes */
    assert_int_equal(opened_with(bytes, len, 131, 255), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, at.index, 1), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, at.index + 12, 3), -EBADMSG);
    memset(bytes + at.lists, 'x', 48); /* a name without an end */
    assert_int_equal(opened_with(bytes, len, 0, 'H'), -EBADMSG);
}

static void names_that_are_no_names_of_their_list_are_refused(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = builder();
    auto_free char *bytes = NULL;
    size_t len, at;
    int alike =
        list_builder_list(b, &(struct list_info){.name = "a", .type = LIST_LOOKALIKE});

    list_builder_add(b, (unsigned)alike, TEXT("lincoln.example"));
    listdb_close(written(b, p->path));
    bytes = content(p->path, &len);
    at = len - 17; /* list, length, 15 bytes */
    assert_int_equal(opened_with(bytes, len, at, (uint8_t)alike), 0);
    assert_int_equal(opened_with(bytes, len, at, GAMBLING), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, at, 200), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, at + 1, 16), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, at + 1, 0), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, at + 2, 'L'), -EBADMSG);
    assert_int_equal(opened_with(bytes, len, 88, 16), -EBADMSG); /* bytes of names */
    assert_int_equal(opened_with(bytes, len, 91, 255), -EBADMSG);
}

static void a_set_that_is_not_there_is_no_answer(void **state)
{
    const struct place *p = *state;
    struct list_builder *b = builder();
    auto_listdb struct listdb *db = NULL;
    auto_free char *bytes = NULL;
    struct listdb_counts n = {.entries = 1, .lists = LISTS, .sets = 1};
    uint64_t checksum;
    size_t len;
    FILE *file;

    list_builder_add(b, GAMBLING, TEXT("casino.example"));
    listdb_close(written(b, p->path));
    bytes = content(p->path, &len);
    bytes[listdb_layout(&n).entries + 6] = 1; /* set 256 */
    checksum = listdb_checksum((const uint8_t *)bytes, len);
    memcpy(bytes + 16, &checksum, sizeof(checksum));
    file = fopen(p->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    assert_int_equal(listdb_open(p->path, &db), 0);
    assert_int_equal(lists_of(db, "casino.example"), 0);
}

static void what_is_no_file_of_lists_is_refused(void **state)
{
    const struct place *p = *state;
    struct listdb *db = NULL;

    assert_int_equal(listdb_open(p->path, &db), -ENOENT);
    assert_int_equal(listdb_open(p->folder, &db), -EMEDIUMTYPE);
    assert_int_equal(opened("", 0), -EMEDIUMTYPE);
    assert_null(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_name_is_on_the_lists_of_itself_and_its_parents),
        WITH_FIXTURE(a_name_that_only_looks_alike_is_on_no_list),
        WITH_FIXTURE(protection_is_inherited_too),
        WITH_FIXTURE(a_protected_name_is_so_with_any_suffix_behind_it),
        WITH_FIXTURE(empty_labels_in_front_hide_no_name),
        WITH_FIXTURE(part_of_a_protected_name_or_of_a_label_protects_nothing),
        WITH_FIXTURE(a_protected_name_of_one_label_is_so_at_the_end_only),
        WITH_FIXTURE(a_long_protected_name_is_found_in_the_most_parted_one),
        WITH_FIXTURE(a_file_that_does_not_tell_of_protected_names_has_them_tried),
        WITH_FIXTURE(of_protected_names_alone_there_are_codes_and_they_are_no_files_own),
        WITH_FIXTURE(what_is_known_of_a_list_is_kept),
        WITH_FIXTURE(a_version_depends_neither_on_order_nor_on_repetition),
        WITH_FIXTURE(a_file_without_names_answers_nothing),
        WITH_FIXTURE(every_name_of_many_is_found_and_no_other),
        WITH_FIXTURE(all_lists_that_a_file_can_have_are_told_apart),
        WITH_FIXTURE(the_longest_and_the_most_parted_names_are_looked_up),
        WITH_FIXTURE(an_address_is_on_the_lists_of_every_network_around_it),
        WITH_FIXTURE(the_longest_entry_around_an_address_is_told),
        WITH_FIXTURE(a_hardware_address_is_on_the_lists_of_its_maker),
        WITH_FIXTURE(the_longest_value_is_found),
        WITH_FIXTURE(what_is_asked_for_as_one_thing_is_not_found_as_another),
        WITH_FIXTURE(what_looks_like_a_listed_name_is_told_with_it),
        WITH_FIXTURE(a_look_alike_that_is_permitted_or_excepted_counts_not),
        WITH_FIXTURE(more_names_to_look_like_than_fit_are_refused),
        WITH_FIXTURE(names_that_are_no_names_of_their_list_are_refused),
        WITH_FIXTURE(a_file_of_names_alone_has_no_addresses),
        WITH_FIXTURE(an_exception_takes_a_value_off_a_list),
        WITH_FIXTURE(protection_wins_over_permission_and_that_over_the_rest),
        WITH_FIXTURE(a_file_of_an_old_version_must_be_built_again),
        WITH_FIXTURE(an_open_file_outlives_its_replacement),
        WITH_FIXTURE(a_file_that_cannot_be_written_leaves_nothing_behind),
        WITH_FIXTURE(a_damaged_file_is_refused),
        WITH_FIXTURE(a_file_that_contradicts_itself_is_refused),
        WITH_FIXTURE(a_set_that_is_not_there_is_no_answer),
        WITH_FIXTURE(what_is_no_file_of_lists_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
