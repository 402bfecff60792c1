/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/list_checksum.h"

#include <ctype.h>
#include <strings.h>

#include "crypt.h"
#include "digest.h"

#define MD5_DIGITS    32
#define SHA256_DIGITS 64

static struct text next(struct text *rest, const char *between)
{
    struct text word;

    while (rest->len > 0 && strchr(between, rest->at[0]) && rest->at[0])
        *rest = (struct text){rest->at + 1, rest->len - 1};
    word = (struct text){rest->at, 0};
    while (word.len < rest->len && word.at[word.len] &&
           !strchr(between, word.at[word.len]))
        word.len++;
    rest->at += word.len;
    rest->len -= word.len;
    if (word.len == 0)
        rest->len = 0; /* a zero byte: no text */
    return word;
}

static bool are_digits(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!isxdigit((unsigned char)t.at[i]))
            return false;
    return t.len == MD5_DIGITS || t.len == SHA256_DIGITS;
}

/* "./NAME" and "*NAME" (read as bytes) are NAME, and so is one in a folder. */
static bool is_name(struct text word, const char *name)
{
    size_t len = strlen(name);

    if (word.len < len || memcmp(word.at + word.len - len, name, len) != 0)
        return false;
    return word.len == len || strchr("/*", word.at[word.len - len - 1]);
}

/* Digits and, perhaps elsewhere in the line, the name or no name at all. */
static bool read_line(struct text line, const char *name, struct text *ret_digits)
{
    struct text digits = {0}, word;
    size_t others = 0;
    bool named = false;

    while ((word = next(&line, " \t\r()=")).len > 0) {
        if (digits.len == 0 && are_digits(word))
            digits = word;
        else if (is_name(word, name))
            named = true;
        else if (!(word.len == 6 && strncasecmp(word.at, "SHA256", 6) == 0) &&
                 !(word.len == 3 && strncasecmp(word.at, "MD5", 3) == 0))
            others++;
    }
    *ret_digits = digits;
    return digits.len > 0 && (named || others == 0);
}

bool checksum_find(struct text file, const char *name, char ret_digits[CHECKSUM_DIGITS])
{
    struct text line, digits;

    while ((line = next(&file, "\n")).len > 0) {
        if (!read_line(line, name, &digits))
            continue;
        for (size_t i = 0; i < digits.len; i++)
            ret_digits[i] = (char)tolower((unsigned char)digits.at[i]);
        ret_digits[digits.len] = '\0';
        return true;
    }
    return false;
}

bool checksum_fits(const char *bytes, size_t len, const char *digits)
{
    uint8_t digest[32];
    char own[CHECKSUM_DIGITS];
    size_t digest_len = strlen(digits) / 2;

    if (digest_len == 16)
        digest_md5(bytes, len, digest);
    else if (digest_len == 32)
        crypt_sha256(bytes, len, digest);
    else
        return false;
    crypt_hex(digest, digest_len, own);
    return strcasecmp(own, digits) == 0;
}
