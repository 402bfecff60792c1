/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nearly every name on the wire is plain ASCII: one pass over a table checks it and makes
 * it lower case. Only what has other characters is given to libidn2.
 */
#include "domain.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <idn2.h>
#include <libpsl.h>

#define LABEL_MAX 63
#define FOREIGN_MAX \
    1024 /* bytes of UTF-8; an A-label is shorter than what it stands for */

/* What a byte of a host name becomes; 0: it has no place in one. */
static const char clean_of[256] = {
    ['-'] = '-', ['_'] = '_', ['*'] = '*', ['.'] = '.', ['0'] = '0', ['1'] = '1',
    ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7',
    ['8'] = '8', ['9'] = '9', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd',
    ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j',
    ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p',
    ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v',
    ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z', ['a'] = 'a', ['b'] = 'b',
    ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h',
    ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n',
    ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't',
    ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
};

static bool is_ascii(struct text t)
{
    unsigned char seen = 0;

    for (size_t i = 0; i < t.len; i++)
        seen |= (unsigned char)t.at[i];
    return seen < 0x80;
}

int domain_clean_ascii(struct text name, char ret_name[DOMAIN_MAX], size_t *ret_len)
{
    char clean[DOMAIN_MAX];
    size_t label = 0;

    if (name.len > 0 && name.at[name.len - 1] == '.')
        name.len--;
    if (name.len == 0 || name.len >= DOMAIN_MAX)
        return -EINVAL;

    for (size_t i = 0; i < name.len; i++) {
        char c = clean_of[(unsigned char)name.at[i]];

        if (c == '\0' || (c == '.' && label == 0))
            return -EINVAL;
        label = c == '.' ? 0 : label + 1;
        if (label > LABEL_MAX)
            return -EINVAL;
        clean[i] = c;
    }
    if (label == 0)
        return -EINVAL;
    clean[name.len] = '\0';
    memcpy(ret_name, clean, name.len + 1);
    *ret_len = name.len;
    return 0;
}

/* UTS 46 first (upper case, wide forms), as browsers do, then IDNA 2008. */
static int clean_foreign(struct text name, char *ret_name, size_t *ret_len)
{
    char text[FOREIGN_MAX + 1];
    char *ascii = NULL;
    int result = -EINVAL;

    if (name.len > FOREIGN_MAX || memchr(name.at, '\0', name.len))
        return -EINVAL;
    memcpy(text, name.at, name.len);
    text[name.len] = '\0';
    if (idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK)
        result = domain_clean_ascii(text_of(ascii), ret_name, ret_len);
    idn2_free(ascii);
    return result;
}

size_t domain_label_decode(struct text label, uint32_t *ret_characters, size_t room)
{
    char text[LABEL_MAX + 1];
    uint32_t *characters = NULL;
    size_t len = 0;

    if (label.len > LABEL_MAX)
        return 0;
    memcpy(text, label.at, label.len);
    text[label.len] = '\0';
    if (idn2_to_unicode_8z4z(text, &characters, 0) == IDN2_OK)
        for (; len < room && characters[len]; len++)
            ret_characters[len] = characters[len];
    idn2_free(characters);
    return len;
}

int domain_clean(struct text name, char ret_name[DOMAIN_MAX], size_t *ret_len)
{
    return is_ascii(name) ? domain_clean_ascii(name, ret_name, ret_len)
                          : clean_foreign(name, ret_name, ret_len);
}

/* 192.0.2.1 and its kind: no top-level domain is all digits (RFC 3696 section 2). */
static bool ends_in_digits(struct text name)
{
    for (size_t i = name.len; i > 0 && name.at[i - 1] != '.'; i--)
        if (!isdigit((unsigned char)name.at[i - 1]))
            return false;
    return true;
}

struct text domain_registrable(struct text name)
{
    char text[DOMAIN_MAX];
    const char *part;
    size_t start;

    if (name.len >= sizeof(text) || ends_in_digits(name))
        return name;
    memcpy(text, name.at, name.len);
    text[name.len] = '\0';
    part = psl_registrable_domain(psl_builtin(), text);
    if (!part)
        return name;
    start = (size_t)(part - text);
    return (struct text){.at = name.at + start, .len = name.len - start};
}

bool domain_has_owner(struct text name)
{
    char text[DOMAIN_MAX];

    if (name.len >= sizeof(text) || ends_in_digits(name))
        return false;
    memcpy(text, name.at, name.len);
    text[name.len] = '\0';
    return psl_registrable_domain(psl_builtin(), text) != NULL;
}

bool domain_under(struct text name, struct text parent)
{
    size_t more = name.len - parent.len;

    if (name.len < parent.len || parent.len == 0 ||
        memcmp(name.at + more, parent.at, parent.len) != 0)
        return false;
    return more == 0 || name.at[more - 1] == '.';
}
