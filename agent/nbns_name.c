/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/nbns_name.h"

#include <string.h>

#define LETTERS (2 * NBNS_NAME_BYTES)

struct text nbns_name_trim(struct text name)
{
    while (name.len > 0 && (name.at[name.len - 1] == ' ' || !name.at[name.len - 1]))
        name.len--;
    return name;
}

static bool decode(const char letters[LETTERS], char ret_bytes[NBNS_NAME_BYTES])
{
    for (unsigned i = 0; i < NBNS_NAME_BYTES; i++) {
        unsigned high = (unsigned char)letters[2 * i] - 'A';
        unsigned low = (unsigned char)letters[2 * i + 1] - 'A';

        if (high > 0xf || low > 0xf)
            return false;
        ret_bytes[i] = (char)(high << 4 | low);
    }
    return true;
}

bool nbns_name_decode(struct dns_name *name, uint8_t *ret_suffix)
{
    char bytes[NBNS_NAME_BYTES];
    unsigned rest = name->len - LETTERS;
    struct text plain;

    if (name->len < LETTERS || (rest > 0 && name->text[LETTERS] != '.') ||
        !decode(name->text, bytes))
        return false;
    plain = nbns_name_trim((struct text){bytes, NBNS_NAME_BYTES - 1});
    memcpy(name->text, plain.at, plain.len);
    memmove(name->text + plain.len, name->text + LETTERS, rest);
    name->len = (unsigned)plain.len + rest;
    *ret_suffix = (uint8_t)bytes[NBNS_NAME_BYTES - 1];
    return true;
}
