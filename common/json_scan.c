/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Straight down the grammar of RFC 8259. Each object hands down, as a bit mask, which of
 * the wanted paths may still lead through it. Keys of the open objects lie on one stack,
 * to find duplicates, which json_parse refuses.
 *
 * An intake reads every alert this way, so that what most bytes and most keys need is
 * decided without a look at each: text is passed over eight bytes at a time, and a key
 * whose bit nobody of its object has set is neither wanted nor a duplicate.
 */
#include "json_scan.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>

#define DEPTH_MAX  16
#define KEYS_MAX   128
#define DIGITS_MAX 18 /* always fit an int64_t */

struct scan {
    const char *pos, *end;
    const struct json_want *wants;
    size_t count;
    struct json_found *found;
    struct text keys[KEYS_MAX];
    size_t key_count;
    bool broken;
};

struct level {
    unsigned depth;
    uint32_t live; /* wants that lead through here */
};

/* Sets of keys, as one bit of 64 each: what is not in one was never added. */
struct object {
    struct level at;
    size_t first_key;      /* on the stack */
    uint64_t seen, wanted; /* by bit_of and initial_of */
};

static void scan_value(struct scan *s, struct level at, struct json_found *ret);

static void skip_space(struct scan *s)
{
    while (s->pos < s->end &&
           (*s->pos == ' ' || *s->pos == '\t' || *s->pos == '\n' || *s->pos == '\r'))
        s->pos++;
}

/* The next character that is no blank; 0 at the end. */
static char peek(struct scan *s)
{
    if (s->pos < s->end && (unsigned char)*s->pos > ' ') /* most of the time */
        return *s->pos;
    skip_space(s);
    return s->pos < s->end ? *s->pos : '\0';
}

static bool accept(struct scan *s, char c)
{
    if (peek(s) != c || s->broken)
        return false;
    s->pos++;
    return true;
}

static void expect(struct scan *s, char c)
{
    if (!accept(s, c))
        s->broken = true;
}

/* ---- scalars ---- */

static bool is_simple_escape(char c)
{
    return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
}

/* What is neither plain ASCII nor the text's end; false: not one of the usual. */
static bool scan_unusual(struct scan *s, bool *escaped)
{
    size_t len;

    if (*s->pos == '\\') {
        if (s->end - s->pos < 2 || !is_simple_escape(s->pos[1]))
            return false;
        *escaped = true;
        s->pos += 2;
        return true;
    }
    if ((unsigned char)*s->pos < 0x80)
        return false;
    len = text_utf8_len(s->pos, (size_t)(s->end - s->pos));
    s->pos += len;
    return len > 0;
}

/* ASCII that stands for itself in a text: no control, no " and no \\. */
static const bool plain[256] = {[0x20 ... 0x21] = true,
                                [0x23 ... 0x5b] = true,
                                [0x5d ... 0x7f] = true};

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* The highest bit of each byte that is not plain; above the first of them, of others too:
 * a borrow runs upwards. */
static uint64_t not_plain(uint64_t eight)
{
    uint64_t quote = eight ^ EACH_BYTE('"'), back = eight ^ EACH_BYTE('\\');

    return (eight | (eight - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) |
            (back - EACH_BYTE(1))) &
           EACH_BYTE(0x80);
}

static const char *pass_plain(const char *pos, const char *end)
{
    while (end - pos >= 8) {
        uint64_t eight, found;

        memcpy(&eight, pos, sizeof(eight));
        found = not_plain(le64toh(eight));
        if (found)
            return pos + __builtin_ctzll(found) / 8;
        pos += 8;
    }
    while (pos < end && plain[(unsigned char)*pos])
        pos++;
    return pos;
}

/* From where it is no longer plain. */
static struct text scan_rest(struct scan *s, const char *start, bool *ret_escaped)
{
    for (;;) {
        s->pos = pass_plain(s->pos, s->end);
        if (s->pos < s->end && *s->pos == '"')
            return (struct text){start, (size_t)(s->pos++ - start)};
        if (s->pos == s->end || !scan_unusual(s, ret_escaped))
            break;
    }
    s->broken = true;
    return TEXT("");
}

static struct text scan_text(struct scan *s, bool *ret_escaped)
{
    const char *start, *pos;

    *ret_escaped = false;
    if (peek(s) != '"') {
        s->broken = true;
        return TEXT("");
    }
    start = s->pos + 1;
    pos = pass_plain(start, s->end);
    s->pos = pos;
    if (pos == s->end || *pos != '"')
        return scan_rest(s, start, ret_escaped);
    s->pos++;
    return (struct text){start, (size_t)(pos - start)};
}

static size_t scan_digits(struct scan *s)
{
    const char *start = s->pos;

    while (s->pos < s->end && *s->pos >= '0' && *s->pos <= '9')
        s->pos++;
    return (size_t)(s->pos - start);
}

static void scan_number(struct scan *s, struct json_found *ret)
{
    const char *start = s->pos, *digits;
    size_t whole;
    bool real = false;

    if (*s->pos == '-')
        s->pos++;
    digits = s->pos;
    whole = scan_digits(s);
    if (whole == 0 || whole > DIGITS_MAX || (*digits == '0' && whole > 1))
        s->broken = true;
    if (!s->broken && s->pos < s->end && *s->pos == '.') {
        s->pos++;
        real = true;
        if (scan_digits(s) == 0)
            s->broken = true;
    }
    if (s->pos < s->end && (*s->pos == 'e' || *s->pos == 'E'))
        s->broken = true; /* json_parse knows how much is too much */
    ret->kind = real ? JSON_FOUND_OTHER : JSON_FOUND_NUMBER;
    if (!real)
        ret->text = (struct text){start, (size_t)(s->pos - start)};
}

static void scan_word(struct scan *s, struct text word, enum json_found_kind kind,
                      struct json_found *ret)
{
    if ((size_t)(s->end - s->pos) < word.len || memcmp(s->pos, word.at, word.len) != 0) {
        s->broken = true;
        return;
    }
    s->pos += word.len;
    ret->kind = kind;
}

/* ---- objects and lists ---- */

static uint64_t bit_of(struct text key)
{
    size_t sum = key.len;

    if (key.len > 0)
        sum += (unsigned char)key.at[0] * 7u + (unsigned char)key.at[key.len - 1];
    return UINT64_C(1) << sum % 64;
}

static void remember_key(struct scan *s, struct object *o, struct text key)
{
    uint64_t bit = bit_of(key);

    for (size_t i = o->first_key; o->seen & bit && i < s->key_count; i++)
        if (text_equal(s->keys[i], key))
            s->broken = true;
    o->seen |= bit;
    if (s->key_count == KEYS_MAX)
        s->broken = true;
    else
        s->keys[s->key_count++] = key;
}

static uint64_t initial_of(const char *key)
{
    return UINT64_C(1) << (unsigned char)key[0] % 64;
}

static uint64_t wanted_in(const struct scan *s, struct level at)
{
    uint64_t wanted = 0;

    for (uint32_t left = at.live; left; left &= left - 1)
        wanted |= initial_of(s->wants[__builtin_ctz(left)].path[at.depth]);
    return wanted;
}

static bool is_name(const char *name, struct text key)
{
    /* Most differ at once. */
    return name && key.len > 0 && name[0] == key.at[0] &&
           strncmp(name, key.at, key.len) == 0 && name[key.len] == '\0';
}

/* The wants that key leads to; the one that it fulfils is *ret_met, else -1. */
static uint32_t narrow(const struct scan *s, struct level at, struct text key,
                       int *ret_met)
{
    uint32_t live = 0;

    *ret_met = -1;
    for (uint32_t left = at.live; left; left &= left - 1) {
        int i = __builtin_ctz(left);
        const char *const *path = &s->wants[i].path[at.depth];

        if (!is_name(path[0], key))
            continue;
        if (at.depth + 1 == JSON_SCAN_DEPTH || !path[1])
            *ret_met = i;
        else
            live |= UINT32_C(1) << i;
    }
    return live;
}

static void scan_member(struct scan *s, struct object *o)
{
    struct json_found value = {0};
    struct level below = {.depth = o->at.depth + 1};
    bool escaped;
    struct text key = scan_text(s, &escaped);
    int met = -1;

    if (escaped) /* it may be another spelling of a wanted one */
        s->broken = true;
    if (s->broken)
        return;
    remember_key(s, o, key);
    if (key.len > 0 && o->wanted & initial_of(key.at))
        below.live = narrow(s, o->at, key, &met);
    expect(s, ':');
    scan_value(s, below, &value);
    if (met >= 0)
        s->found[met] = value;
}

static void scan_object(struct scan *s, struct level at)
{
    struct object o = {.at = at, .first_key = s->key_count, .wanted = wanted_in(s, at)};

    expect(s, '{');
    if (accept(s, '}'))
        return;
    do
        scan_member(s, &o);
    while (accept(s, ','));
    expect(s, '}');
    s->key_count = o.first_key;
}

static void scan_list(struct scan *s, struct level at)
{
    struct json_found ignored = {0};
    struct level below = {.depth = at.depth + 1};

    expect(s, '[');
    if (accept(s, ']'))
        return;
    do
        scan_value(s, below, &ignored);
    while (accept(s, ','));
    expect(s, ']');
}

static void scan_value(struct scan *s, struct level at, struct json_found *ret)
{
    bool escaped = false;
    char c = peek(s);

    if (at.depth > DEPTH_MAX)
        s->broken = true;
    if (s->broken)
        return;
    ret->kind = JSON_FOUND_OTHER;
    switch (c) {
    case '{':
        scan_object(s, at);
        break;
    case '[':
        scan_list(s, at);
        break;
    case '"':
        ret->kind = JSON_FOUND_TEXT;
        ret->text = scan_text(s, &escaped);
        break;
    case 't':
        scan_word(s, TEXT("true"), JSON_FOUND_TRUE, ret);
        break;
    case 'f':
        scan_word(s, TEXT("false"), JSON_FOUND_FALSE, ret);
        break;
    case 'n':
        scan_word(s, TEXT("null"), JSON_FOUND_OTHER, ret);
        break;
    default:
        if (c != '-' && (c < '0' || c > '9'))
            s->broken = true;
        else
            scan_number(s, ret);
    }
    if (escaped) /* what it stands for has to be built */
        ret->kind = JSON_FOUND_NOTHING;
}

/* A wanted text with an escape in it was found, but can't be given. */
static bool is_complete(const struct scan *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->found[i].kind == JSON_FOUND_NOTHING && s->found[i].text.at)
            return false;
    return true;
}

int json_scan(struct text document, const struct json_want *wants, size_t count,
              struct json_found *ret_found)
{
    struct scan s;
    struct level top = {0};

    assert(count <= JSON_SCAN_WANTS);
    s.pos = document.at;
    s.end = document.at + document.len;
    s.wants = wants;
    s.count = count;
    s.found = ret_found;
    s.key_count = 0;
    s.broken = false;
    top.live = count == 32 ? UINT32_MAX : (UINT32_C(1) << count) - 1;
    memset(ret_found, 0, count * sizeof(*ret_found));

    if (peek(&s) != '{')
        return -EBADMSG;
    scan_object(&s, top);
    if (s.broken || peek(&s) != '\0' || s.pos != s.end || !is_complete(&s))
        return -EBADMSG;
    return 0;
}
