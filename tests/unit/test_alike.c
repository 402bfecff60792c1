/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "alike.h"
#include "domain.h"

static const char *const known[] = {"paypal.com",
                                    "lincoln-schools.example",
                                    "portal.district.k12.ca.us",
                                    "bing.com",
                                    "chase.com",
                                    "office.com",
                                    "login.microsoftonline.com"};

static struct alike *some(void)
{
    struct alike *a = alike_new();

    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_true(alike_add(a, text_of(known[i]), i));
    return a;
}

/* "paypal.com letters", or "" when it looks like none. */
static const char *like(const struct alike *a, const char *host, char ret[128])
{
    struct alike_match matches[ALIKE_MATCHES_MAX];
    char clean[DOMAIN_MAX];
    size_t len, count;

    assert_int_equal(domain_clean(text_of(host), clean, &len), 0);
    count = alike_find(a, text_of(clean), matches);
    ret[0] = '\0';
    if (count > 0)
        snprintf(ret, 128, "%.*s %s", (int)matches[0].name.len, matches[0].name.at,
                 names_get(&names_alike_how, matches[0].how));
    return ret;
}

struct row {
    const char *host, *like;
};

static void assert_rows(const struct row *rows, size_t count)
{
    struct alike *a = some();
    char said[128];

    for (size_t i = 0; i < count; i++)
        if (strcmp(like(a, rows[i].host, said), rows[i].like) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", rows[i].host, said, rows[i].like);
    alike_free(a);
}

#define ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void a_name_made_to_be_mistaken_is_told_with_its_way(void **state)
{
    static const struct row rows[] = {
        {"paypa1.com", "paypal.com letters"},
        {"www.pаypal.com", "paypal.com letters"},
        {"paypa1.example", "paypal.com letters"},
        {"lincoln-sch00ls.example", "lincoln-schools.example letters"},
        {"rnicrosoftonline.com", "login.microsoftonline.com letters"},
        {"payypal.com", "paypal.com one_letter"},
        {"paypl.org", "paypal.com one_letter"},
        {"pyapal.com", "paypal.com one_letter"},
        {"pay日pal.com", "paypal.com one_letter"},
        {"lincolnschools.example", "lincoln-schools.example one_letter"},
        {"dlstrlct.com", "portal.district.k12.ca.us letters"},
        {"paypal-login.com", "paypal.com added_word"},
        {"securepaypa1.com", "paypal.com added_word"},
        {"district-of-nowhere.com", "portal.district.k12.ca.us added_word"},
        {"my-lincoln-schools.org", "lincoln-schools.example added_word"},
        {"office-login.com", "office.com added_word"},
        {"paypal.example", "paypal.com other_ending"},
        {"district.k12.az.us", "portal.district.k12.ca.us other_ending"},
        {"paypal.com.example.net", "paypal.com in_front"},
        {"www.paypal.com.a.b.example.net", "paypal.com in_front"},
        {"district.k12.ca.us.example.net", "portal.district.k12.ca.us in_front"},
    };

    (void)state;
    ROWS(rows);
}

static void who_owns_a_known_name_looks_like_none(void **state)
{
    static const struct row rows[] = {
        {"paypal.com", ""},
        {"www.paypal.com", ""},
        {"paypal.com.paypal.com", ""},
        {"office.com.microsoftonline.com", ""},
        {"district.k12.ca.us", ""},
        {"other.district.k12.ca.us", ""},
    };

    (void)state;
    ROWS(rows);
}

static void short_and_common_words_are_left_alone(void **state)
{
    static const struct row rows[] = {
        {"ping.com", ""},
        {"bing.example", ""},
        {"b1ng.com", "bing.com letters"},
        {"b1ng.example", ""},
        {"chose.com", ""},
        {"phase.com", ""},
        {"chase-park.com", ""},
        {"home-office.com", ""},
        {"chase-login.com", "chase.com added_word"},
        {"login.com", ""},
        {"secure-login.com", ""},
        {"paypals-pals.com", ""},
        {"pypl.com", ""},
    };

    (void)state;
    ROWS(rows);
}

static void what_nobody_can_register_looks_like_none(void **state)
{
    static const struct row rows[] = {
        {"paypal.local", ""},     {"www.paypal.com.corp", ""},
        {"paypa1.home.arpa", ""}, {"192.0.2.1", ""},
        {"paypal", ""},           {"com", ""},
    };

    (void)state;
    ROWS(rows);
}

static void a_known_name_in_another_script_is_compared_as_it_is_written(void **state)
{
    struct alike *a = alike_new();
    char clean[DOMAIN_MAX], said[128];
    size_t len;

    (void)state;
    assert_int_equal(domain_clean(TEXT("日本語学校.example"), clean, &len), 0);
    alike_add(a, text_of(clean), 0);
    assert_string_not_equal(like(a, "日本語学校.test", said), "");
    assert_string_equal(like(a, "日本語学枚.example", said), "");
    assert_string_equal(like(a, "中文字大學.example", said), "");
    alike_free(a);
}

static void one_host_can_look_like_names_of_several_lists(void **state)
{
    struct alike_match matches[ALIKE_MATCHES_MAX];
    struct alike *a = alike_new();

    (void)state;
    alike_add(a, TEXT("lincoln.example"), 3);
    alike_add(a, TEXT("lincoln.example"), 4);
    alike_add(a, TEXT("lincolm.example"), 5);
    assert_int_equal(alike_find(a, TEXT("l1ncoln.example"), matches), 3);
    assert_int_equal(matches[0].how, ALIKE_LETTERS);
    assert_int_equal(matches[2].how, ALIKE_LETTER);
    assert_int_equal(matches[2].list, 5);
    alike_free(a);
}

/* event.h: such names are told as they are. */
static void an_odd_name_may_have_as_many_empty_labels_as_there_is_room_for(void **state)
{
    struct alike_match matches[ALIKE_MATCHES_MAX];
    struct text front = TEXT("paypal.com"), own = TEXT("false.example");
    char name[DOMAIN_MAX];
    struct alike *a = some();

    (void)state;
    memset(name, '.', sizeof(name));
    name[0] = 'a';
    memcpy(name + DOMAIN_MAX - 1 - own.len, own.at, own.len);
    assert_int_equal(alike_find(a, (struct text){name, DOMAIN_MAX - 1}, matches), 0);
    memcpy(name + DOMAIN_MAX - 2 - own.len - front.len, front.at, front.len);
    assert_int_equal(alike_find(a, (struct text){name, DOMAIN_MAX - 1}, matches), 1);
    assert_int_equal(matches[0].how, ALIKE_FRONT);
    alike_free(a);
}

static void more_names_than_fit_are_not_taken(void **state)
{
    struct alike_match matches[ALIKE_MATCHES_MAX];
    struct alike *a = alike_new();
    static char names[ALIKE_NAMES_MAX][16];

    (void)state;
    for (unsigned i = 0; i < ALIKE_NAMES_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "n%04ux.test", i);
        assert_true(alike_add(a, text_of(names[i]), i % 3));
    }
    assert_false(alike_add(a, TEXT("paypal.com"), 0));
    assert_int_equal(alike_find(a, TEXT("n12345x.test"), matches), 5);
    assert_int_equal(alike_find(a, TEXT("n222x.test"), matches), ALIKE_MATCHES_MAX);
    alike_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_made_to_be_mistaken_is_told_with_its_way),
        cmocka_unit_test(who_owns_a_known_name_looks_like_none),
        cmocka_unit_test(short_and_common_words_are_left_alone),
        cmocka_unit_test(what_nobody_can_register_looks_like_none),
        cmocka_unit_test(a_known_name_in_another_script_is_compared_as_it_is_written),
        cmocka_unit_test(one_host_can_look_like_names_of_several_lists),
        cmocka_unit_test(an_odd_name_may_have_as_many_empty_labels_as_there_is_room_for),
        cmocka_unit_test(more_names_than_fit_are_not_taken),
    };

    return cmocka_run_group_tests_name("alike", tests, NULL, NULL);
}
