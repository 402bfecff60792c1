/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 7468: certificates in base64 between lines of their own, whatever stands around
 * them; or one certificate as its bytes are (DER). Of each comes its subject's name, or
 * its SHA-256. Neither its dates nor its signature are judged: whoever made the bundle
 * did.
 */
#include <stdlib.h>
#include <string.h>

#include "crypt.h"
#include "list_reader.h"
#include "mem.h"
#include "x509.h"

#define BEGIN    TEXT("-----BEGIN CERTIFICATE-----")
#define END      TEXT("-----END CERTIFICATE-----")
#define DASHES   TEXT("-----") /* none are in base64 */
#define DER_BYTE 0x30          /* what a certificate begins with: a SEQUENCE */

/* Where `what` begins in the text; its end when it does not. */
static size_t find(struct text in, struct text what)
{
    const char *at = in.len > 0 ? memmem(in.at, in.len, what.at, what.len) : NULL;

    return at ? (size_t)(at - in.at) : in.len;
}

static bool begins(struct text text, struct text with)
{
    return text.len >= with.len && memcmp(text.at, with.at, with.len) == 0;
}

static void take_certificate(struct list_reader *r, struct cur der, struct text shown)
{
    char text[LIST_VALUE_MAX];
    uint8_t digest[32];
    struct x509 c;
    size_t len;

    if (!x509_parse(der, &c)) {
        list_reader_refuse(r, shown, "is no certificate");
    } else if (r->source->type == LIST_CERT) {
        crypt_sha256(der.pos, cur_left(&der), digest);
        crypt_hex(digest, sizeof(digest), text);
        list_reader_name(r, text_of(text));
    } else {
        len = x509_print_name(c.subject, text, sizeof(text));
        list_reader_name(r, (struct text){.at = text, .len = len});
    }
}

/* Up to the next line of this kind, whatever it is: who looked for the end behind that
 * would look through the whole file for each certificate that has none. */
static void take_base64(struct list_reader *r, struct text rest)
{
    struct text body = {.at = rest.at, .len = find(rest, DASHES)};
    struct text line = {.at = rest.at + body.len, .len = rest.len - body.len};
    auto_free uint8_t *der = xmalloc(body.len + 1);
    size_t len;

    if (line.len > 0 && !begins(line, END))
        list_reader_refuse(r, BEGIN, "has no end");
    else if (crypt_base64(body, der, &len) != 0)
        list_reader_refuse(r, BEGIN, "is followed by what is no base64");
    else
        take_certificate(r, cur_over(der, len), BEGIN);
}

static void skip(struct list_reader *r, struct text *rest, size_t len)
{
    for (size_t i = 0; i < len; i++)
        r->line += rest->at[i] == '\n';
    rest->at += len;
    rest->len -= len;
}

void list_read_pem(struct list_reader *r, struct text bytes)
{
    if (bytes.len > 0 && (uint8_t)bytes.at[0] == DER_BYTE) {
        r->counts.lines++;
        take_certificate(r, cur_over(bytes.at, bytes.len), TEXT("the file"));
        return;
    }
    r->line = 1;
    for (;;) {
        skip(r, &bytes, find(bytes, BEGIN));
        if (bytes.len == 0)
            return;
        r->counts.lines++;
        skip(r, &bytes, BEGIN.len);
        take_base64(r, bytes);
    }
}
