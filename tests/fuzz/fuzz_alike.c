/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first line is a known name, each other one a host. A skeleton is no longer than its
 * label, no host looks like its owner's, and the search by deletion finds whatever a
 * plain comparison of two skeletons finds, and only that. Then each second line is a
 * known name, on several lists: one host looks like as many as are told, the surest
 * first.
 */
#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "domain.h"
#include "skeleton.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct text next_line(struct text *rest)
{
    const char *end = memchr(rest->at, '\n', rest->len);
    struct text line = {rest->at, end ? (size_t)(end - rest->at) : rest->len};

    rest->at += line.len + (end != NULL);
    rest->len -= line.len + (end != NULL);
    return line;
}

/* Of the label below the public suffix; 0 when there is none, as of com or localhost. */
static size_t fold(struct text name, char ret_skeleton[SKELETON_MAX])
{
    struct text label = domain_registrable(name);
    const char *dot = memchr(label.at, '.', label.len);
    size_t len;

    if (!dot)
        return 0;
    label.len = (size_t)(dot - label.at);
    len = skeleton_of(label, ret_skeleton);
    if (len == 0 || len > label.len || strlen(ret_skeleton) != len)
        abort();
    return len;
}

static void check(const struct alike *a, struct text known, struct text host)
{
    struct alike_match matches[ALIKE_MATCHES_MAX];
    char one[SKELETON_MAX], two[SKELETON_MAX];
    size_t count = alike_find(a, host, matches), one_len, two_len;

    if (count > 1 || (count == 1 && !text_equal(matches[0].name, known)))
        abort();
    if (count > 0 && text_equal(domain_registrable(host), domain_registrable(known)))
        abort();
    one_len = fold(known, one);
    two_len = fold(host, two);
    if (count == 0 || matches[0].how != ALIKE_LETTER || one_len == 0)
        return;
    if (!skeleton_one_off((struct text){one, one_len}, (struct text){two, two_len}))
        abort();
}

/* The host's label where anybody can register: one letter off must be found. */
static void check_found(const struct alike *a, struct text known, struct text host)
{
    struct alike_match matches[ALIKE_MATCHES_MAX];
    char one[SKELETON_MAX], two[SKELETON_MAX], name[DOMAIN_MAX];
    struct text label = domain_registrable(host);
    size_t one_len = fold(known, one), two_len;
    const char *dot = memchr(label.at, '.', label.len);

    if (!dot || one_len < 6 || memchr(one, SKELETON_STRANGE, one_len))
        return;
    label.len = (size_t)(dot - label.at);
    memcpy(name, label.at, label.len);
    memcpy(name + label.len, ".example", sizeof(".example"));
    two_len = fold(text_of(name), two);
    if (text_equal(domain_registrable(known), text_of(name)))
        return;
    if (skeleton_one_off((struct text){one, one_len}, (struct text){two, two_len}) &&
        alike_find(a, text_of(name), matches) != 1)
        abort();
}

#define KNOWN_MOST 64
#define LISTS      3

struct crowd {
    char names[KNOWN_MOST][DOMAIN_MAX];
    size_t lens[KNOWN_MOST], count;
};

static void gather(struct crowd *c, struct text rest)
{
    while (rest.len > 0 && c->count < KNOWN_MOST)
        if (domain_clean(next_line(&rest), c->names[c->count], &c->lens[c->count]) == 0)
            c->count++;
}

static void check_matches(const struct alike_match *matches, size_t count)
{
    if (count > ALIKE_MATCHES_MAX)
        abort();
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (matches[k].how > matches[i].how ||
                (matches[k].list == matches[i].list &&
                 text_equal(matches[k].name, matches[i].name)))
                abort();
}

static void check_crowd(struct text lines)
{
    struct alike_match matches[ALIKE_MATCHES_MAX];
    struct crowd *c = calloc(1, sizeof(*c));
    struct alike *a = alike_new();

    if (!c)
        abort();
    gather(c, lines);
    for (size_t i = 0; i < c->count; i++)
        for (unsigned list = 0; list < LISTS; list++)
            if (i % 2 == 0)
                alike_add(a, (struct text){c->names[i], c->lens[i]}, list);
    for (size_t i = 0; i < c->count; i++)
        check_matches(matches,
                      alike_find(a, (struct text){c->names[i], c->lens[i]}, matches));
    alike_free(a);
    free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text rest = {(const char *)bytes, len};
    char known[DOMAIN_MAX], host[DOMAIN_MAX];
    size_t known_len, host_len;
    struct alike *a;

    if (len == 0 || domain_clean(next_line(&rest), known, &known_len) != 0)
        return 0;
    a = alike_new();
    alike_add(a, (struct text){known, known_len}, 0);
    while (rest.len > 0)
        if (domain_clean(next_line(&rest), host, &host_len) == 0) {
            check(a, (struct text){known, known_len}, (struct text){host, host_len});
            check_found(a, (struct text){known, known_len},
                        (struct text){host, host_len});
        }
    alike_free(a);
    check_crowd((struct text){(const char *)bytes, len});
    return 0;
}
