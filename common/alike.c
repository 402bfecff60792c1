/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of hashes leads to the few known names that are worth a comparison: it has each
 * known label's skeleton, the skeleton with each of its letters left out, and the
 * registrable domain. A host's skeleton is asked for in the same ways, so that any two
 * that are one letter apart meet in one of them (symmetric deletion); what meets is then
 * compared. Traffic chooses what is asked, so the hashes are keyed.
 *
 * How long a label must be before it is compared in a way is what keeps common words
 * apart: a quarter of all words of four letters are one letter from another one. The
 * lengths are measured (docs/NUMBERS.md, "Look-alikes").
 */
#include "alike.h"

#include <stdlib.h>

#include "domain.h"
#include "hash.h"
#include "mem.h"
#include "skeleton.h"

#define LEAST_LETTERS 5 /* skeletons shorter than that: under the same suffix only */
#define LEAST_ENDING  5
#define LEAST_LETTER  6
#define LEAST_WORD    5 /* beside a word of the table below */
#define LEAST_HYPHEN  7 /* beside any word, with a hyphen between */
#define PARTS_MAX     8 /* of a label, by its hyphens; those behind are not looked at */

static const char *const how_words[] = {"letters", "in_front", "one_letter", "added_word",
                                        "other_ending"};
const struct names names_alike_how = {"way to look alike", how_words,
                                      sizeof(how_words) / sizeof(how_words[0])};

const char *alike_how_words(enum alike_how how)
{
    static const char *const words[] = {
        [ALIKE_LETTERS] = "with letters that look the same",
        [ALIKE_FRONT] = "the name stands in front of another one",
        [ALIKE_LETTER] = "one letter is off",
        [ALIKE_WORD] = "a word is added",
        [ALIKE_ENDING] = "the ending is another one",
    };

    return words[how];
}

/* What false pages put beside a name. */
static const char *const added_words[] = {
    "access", "account", "accounts", "auth",   "billing",  "help",    "helpdesk",
    "login",  "logon",   "mail",     "mfa",    "online",   "pay",     "payroll",
    "portal", "renew",   "reset",    "secure", "security", "service", "signin",
    "signon", "sso",     "support",  "unlock", "update",   "verify",  "webmail",
};
#define WORDS (sizeof(added_words) / sizeof(added_words[0]))

/* Endings of inside names, which nobody can register (RFC 6762 appendix G, RFC 8375). */
static const char *const inside_endings[] = {
    "local", "lan",       "internal",    "intranet",     "private", "corp",
    "home",  "home.arpa", "localdomain", "in-addr.arpa", "ip6.arpa"};

struct skeleton {
    char at[SKELETON_MAX];
    size_t len;
};

/* A name by its parts. */
struct parted {
    struct text name, registrable, label, ending;
    struct skeleton looks;
};

struct known {
    struct parted of;
    unsigned list;
    bool foreign; /* it has letters that look like nothing: compared as it is written */
};

struct slot {
    uint32_t hash, number; /* number of the known name plus one; 0: free */
};

struct alike {
    struct hash_key key;
    struct skeleton words[WORDS];
    struct known *known;
    size_t count, capacity;
    struct slot *slots;
    size_t used, size; /* a power of two */
};

enum key_tag { KEY_LOOKS = 'l', KEY_DOMAIN = 'd' };

static struct text looks_of(const struct skeleton *s)
{
    return (struct text){s->at, s->len};
}

static void fold(struct text label, struct skeleton *ret)
{
    ret->len = skeleton_of(label, ret->at);
}

static struct parted part(struct text name)
{
    struct parted p = {.name = name, .registrable = domain_registrable(name)};
    const char *dot = memchr(p.registrable.at, '.', p.registrable.len);

    p.label = p.registrable;
    if (dot) {
        p.label.len = (size_t)(dot - p.registrable.at);
        p.ending = (struct text){dot + 1, p.registrable.len - p.label.len - 1};
    }
    fold(p.label, &p.looks);
    return p;
}

/* ---- the table ---- */

static uint32_t hash_of(const struct alike *a, enum key_tag tag, struct text key)
{
    char bytes[DOMAIN_MAX + 1];

    bytes[0] = (char)tag;
    memcpy(bytes + 1, key.at, key.len);
    return (uint32_t)hash_bytes(&a->key, bytes, key.len + 1);
}

static void put(struct slot *slots, size_t size, struct slot s)
{
    size_t i = s.hash & (size - 1);

    while (slots[i].number)
        i = (i + 1) & (size - 1);
    slots[i] = s;
}

static void grow(struct alike *a)
{
    size_t size = a->size ? 2 * a->size : 256;
    struct slot *slots = xcalloc(size, sizeof(*slots));

    for (size_t i = 0; i < a->size; i++)
        if (a->slots[i].number)
            put(slots, size, a->slots[i]);
    free(a->slots);
    a->slots = slots;
    a->size = size;
}

static void file(struct alike *a, enum key_tag tag, struct text key, size_t known)
{
    if (2 * (a->used + 1) > a->size)
        grow(a);
    put(a->slots, a->size, (struct slot){hash_of(a, tag, key), (uint32_t)known + 1});
    a->used++;
}

/* The skeleton without one of its letters. */
static struct text without(const struct skeleton *s, size_t letter, char *ret_text)
{
    memcpy(ret_text, s->at, letter);
    memcpy(ret_text + letter, s->at + letter + 1, s->len - letter - 1);
    return (struct text){ret_text, s->len - 1};
}

struct alike *alike_new(void)
{
    struct alike *a = xcalloc(1, sizeof(*a));

    hash_key_random(&a->key);
    for (size_t i = 0; i < WORDS; i++)
        fold(text_of(added_words[i]), &a->words[i]);
    grow(a);
    return a;
}

void alike_free(struct alike *a)
{
    if (!a)
        return;
    free(a->known);
    free(a->slots);
    free(a);
}

bool alike_add(struct alike *a, struct text name, unsigned list)
{
    struct known k = {.of = part(name), .list = list};
    char text[SKELETON_MAX];

    if (a->count == ALIKE_NAMES_MAX || name.len >= DOMAIN_MAX)
        return false;
    k.foreign = memchr(k.of.looks.at, SKELETON_STRANGE, k.of.looks.len) != NULL;
    if (k.foreign) {
        memcpy(k.of.looks.at, k.of.label.at, k.of.label.len);
        k.of.looks.len = k.of.label.len;
    }
    a->known = xgrow(a->known, a->count, &a->capacity, sizeof(*a->known));
    a->known[a->count] = k;
    file(a, KEY_DOMAIN, k.of.registrable, a->count);
    file(a, KEY_LOOKS, looks_of(&k.of.looks), a->count);
    for (size_t i = 0; k.of.looks.len >= LEAST_LETTER && !k.foreign && i < k.of.looks.len;
         i++)
        file(a, KEY_LOOKS, without(&k.of.looks, i, text), a->count);
    a->count++;
    return true;
}

/* ---- finding ---- */

struct finding {
    const struct alike *a;
    struct parted host;
    struct alike_match *matches;
    size_t count;
};

static void take(struct finding *f, const struct known *k, enum alike_how how)
{
    size_t at = 0;

    for (size_t i = 0; i < f->count; i++)
        if (f->matches[i].list == k->list && text_equal(f->matches[i].name, k->of.name)) {
            if (f->matches[i].how > how)
                f->matches[i].how = how;
            return;
        }
    if (f->count < ALIKE_MATCHES_MAX)
        at = f->count++;
    else
        while (at < f->count && f->matches[at].how <= how)
            at++;
    if (at < f->count)
        f->matches[at] = (struct alike_match){k->of.name, k->list, how};
}

typedef void compare_fn(struct finding *f, const struct known *k, struct text key);

/* Each known name that may have this key. */
static void each(struct finding *f, enum key_tag tag, struct text key, compare_fn *fn)
{
    const struct alike *a = f->a;
    uint32_t hash = hash_of(a, tag, key);

    for (size_t i = hash & (a->size - 1); a->slots[i].number; i = (i + 1) & (a->size - 1))
        if (a->slots[i].hash == hash)
            fn(f, &a->known[a->slots[i].number - 1], key);
}

static void compare_whole(struct finding *f, const struct known *k, struct text key)
{
    const struct parted *of = &k->of;

    (void)key;
    if (text_equal(of->label, f->host.label)) {
        if (of->label.len >= LEAST_ENDING)
            take(f, k, ALIKE_ENDING);
        return;
    }
    if (k->foreign)
        return;
    if (text_equal(looks_of(&of->looks), looks_of(&f->host.looks))) {
        if (of->looks.len >= LEAST_LETTERS || text_equal(of->ending, f->host.ending))
            take(f, k, ALIKE_LETTERS);
        return;
    }
    if (of->looks.len >= LEAST_LETTER &&
        skeleton_one_off(looks_of(&of->looks), looks_of(&f->host.looks)))
        take(f, k, ALIKE_LETTER);
}

static void find_whole(struct finding *f)
{
    const struct skeleton *looks = &f->host.looks;
    char text[SKELETON_MAX];

    each(f, KEY_LOOKS, looks_of(looks), compare_whole);
    for (size_t i = 0; looks->len + 1 >= LEAST_LETTER && i < looks->len; i++)
        each(f, KEY_LOOKS, without(looks, i, text), compare_whole);
    /* what looks like nothing in ASCII is listed as it is written */
    each(f, KEY_LOOKS, f->host.label, compare_whole);
}

/* ---- a name and more ---- */

static void compare_hyphened(struct finding *f, const struct known *k, struct text key)
{
    if (!k->foreign && k->of.looks.len >= LEAST_HYPHEN &&
        text_equal(looks_of(&k->of.looks), key))
        take(f, k, ALIKE_WORD);
}

static void compare_worded(struct finding *f, const struct known *k, struct text key)
{
    if (!k->foreign && k->of.looks.len >= LEAST_WORD &&
        text_equal(looks_of(&k->of.looks), key))
        take(f, k, ALIKE_WORD);
}

/* Every run of the label's parts but the whole, as a listed one may have hyphens too. */
static void find_hyphened(struct finding *f)
{
    const struct skeleton *looks = &f->host.looks;
    size_t ends[PARTS_MAX], count = 0, start = 0;

    if (!memchr(looks->at, '-', looks->len))
        return;
    for (size_t i = 0; i <= looks->len && count < PARTS_MAX; i++)
        if (i == looks->len || looks->at[i] == '-')
            ends[count++] = i;
    for (size_t i = 0; i < count; start = ends[i++] + 1)
        for (size_t k = i; k < count; k++)
            if (start > 0 || ends[k] < looks->len)
                each(f, KEY_LOOKS, (struct text){looks->at + start, ends[k] - start},
                     compare_hyphened);
}

static struct text without_hyphens(struct text t)
{
    for (; t.len > 0 && t.at[0] == '-'; t.at++)
        t.len--;
    while (t.len > 0 && t.at[t.len - 1] == '-')
        t.len--;
    return t;
}

static void find_worded(struct finding *f)
{
    struct text looks = looks_of(&f->host.looks);

    for (size_t i = 0; i < WORDS; i++) {
        const struct skeleton *w = &f->a->words[i];
        size_t left = looks.len - w->len;

        if (looks.len < w->len + LEAST_WORD)
            continue;
        if (memcmp(looks.at, w->at, w->len) == 0)
            each(f, KEY_LOOKS, without_hyphens((struct text){looks.at + w->len, left}),
                 compare_worded);
        if (memcmp(looks.at + left, w->at, w->len) == 0)
            each(f, KEY_LOOKS, without_hyphens((struct text){looks.at, left}),
                 compare_worded);
    }
}

static void compare_domain(struct finding *f, const struct known *k, struct text key)
{
    if (text_equal(k->of.registrable, key))
        take(f, k, ALIKE_FRONT);
}

/* Each run of labels before the host's own domain that is as long as a known domain. */
static void find_in_front(struct finding *f)
{
    struct text front = f->host.name;
    const char *starts[DOMAIN_MAX]; /* of an odd name's labels many may be empty */
    size_t count = 0;

    if (front.len == f->host.registrable.len)
        return;
    front.len -= f->host.registrable.len; /* with the dot behind it */
    starts[count++] = front.at;
    for (size_t i = 0; i < front.len; i++)
        if (front.at[i] == '.')
            starts[count++] = front.at + i + 1;
    for (size_t i = 0; i + 1 < count; i++)
        for (size_t n = 2; n <= 4 && i + n < count; n++)
            each(f, KEY_DOMAIN,
                 (struct text){starts[i], (size_t)(starts[i + n] - starts[i] - 1)},
                 compare_domain);
}

/* ---- all of it ---- */

static bool is_inside(struct text host)
{
    for (size_t i = 0; i < sizeof(inside_endings) / sizeof(inside_endings[0]); i++)
        if (domain_under(host, text_of(inside_endings[i])))
            return true;
    return false;
}

static void note_known(struct finding *f, const struct known *k, struct text key)
{
    f->count += text_equal(k->of.registrable, key);
}

static bool is_known(struct finding *f)
{
    bool known;

    each(f, KEY_DOMAIN, f->host.registrable, note_known);
    known = f->count > 0;
    f->count = 0;
    return known;
}

static int surest_first(const void *a, const void *b)
{
    const struct alike_match *x = a, *y = b;

    return (x->how > y->how) - (x->how < y->how);
}

bool alike_fits(struct text name)
{
    return domain_has_owner(name) && !is_inside(name) && part(name).looks.len > 0;
}

size_t alike_find(const struct alike *a, struct text host,
                  struct alike_match ret_matches[ALIKE_MATCHES_MAX])
{
    struct finding f = {.a = a, .matches = ret_matches};

    if (a->count == 0 || host.len == 0 || host.len >= DOMAIN_MAX || is_inside(host))
        return 0;
    f.host = part(host);
    if (f.host.looks.len == 0 || f.host.ending.len == 0 || is_known(&f))
        return 0;
    find_whole(&f);
    find_hyphened(&f);
    find_worded(&f);
    find_in_front(&f);
    qsort(ret_matches, f.count, sizeof(*ret_matches), surest_first);
    return f.count;
}
