/* SPDX-License-Identifier: Apache-2.0 */
#include "x509.h"

#include <stdio.h>
#include <string.h>

#include "der.h"
#include "localtime.h"

enum tag {
    DER_BOOLEAN = 0x01,
    DER_BITS = 0x03,
    DER_OID = 0x06,
    DER_UTC_TIME = 0x17,
    DER_GENERAL_TIME = 0x18,
    DER_BMP_STRING = 0x1e,
    DER_SET = 0x31,
    DER_DNS_NAME = 0x82, /* of GeneralName, RFC 5280 section 4.2.1.6 */
    DER_VERSION = 0xa0,  /* of TBSCertificate, section 4.1 */
    DER_EXTENSIONS = 0xa3,
};

#define SERIAL_MAX 20 /* bytes, RFC 5280 section 4.1.2.2 */

static bool bytes_equal(struct cur a, struct cur b)
{
    return cur_left(&a) == cur_left(&b) &&
           (cur_left(&a) == 0 || memcmp(a.pos, b.pos, cur_left(&a)) == 0);
}

/* ---- object identifiers ---- */

struct oid {
    const char *bytes;
    unsigned len;
    unsigned means;
};

#define OID(bytes, means)               \
    {                                   \
        bytes, sizeof(bytes) - 1, means \
    }

#define PKCS1     "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define ANSI_EC   "\x2a\x86\x48\xce\x3d"
#define NIST_HASH "\x60\x86\x48\x01\x65\x03\x04\x02"
#define NIST_SIGN "\x60\x86\x48\x01\x65\x03\x04\x03"

/* What it means in a table that ends without bytes, or what that last row says. */
static unsigned oid_meaning(const struct oid *table, struct cur oid)
{
    for (; table->bytes; table++)
        if (bytes_equal(oid, cur_over(table->bytes, table->len)))
            break;
    return table->means;
}

/* RFC 3279 section 2.2, RFC 4055, RFC 5758, RFC 8410. */
static const struct oid signatures[] = {
    OID(PKCS1 "\x0b", CERT_RSA_SHA256),
    OID(PKCS1 "\x0c", CERT_RSA_SHA384),
    OID(PKCS1 "\x0d", CERT_RSA_SHA512),
    OID(PKCS1 "\x0e", CERT_RSA_SHA224),
    OID(PKCS1 "\x05", CERT_RSA_SHA1),
    OID(PKCS1 "\x04", CERT_RSA_MD5),
    OID(PKCS1 "\x02", CERT_RSA_MD2),
    OID(PKCS1 "\x0a", CERT_RSA_PSS),
    OID("\x2b\x0e\x03\x02\x1d", CERT_RSA_SHA1), /* OIW's */
    OID(ANSI_EC "\x04\x01", CERT_ECDSA_SHA1),
    OID(ANSI_EC "\x04\x03\x01", CERT_ECDSA_SHA224),
    OID(ANSI_EC "\x04\x03\x02", CERT_ECDSA_SHA256),
    OID(ANSI_EC "\x04\x03\x03", CERT_ECDSA_SHA384),
    OID(ANSI_EC "\x04\x03\x04", CERT_ECDSA_SHA512),
    OID("\x2a\x86\x48\xce\x38\x04\x03", CERT_DSA_SHA1),
    OID(NIST_SIGN "\x01", CERT_DSA_SHA224),
    OID(NIST_SIGN "\x02", CERT_DSA_SHA256),
    OID("\x2b\x65\x70", CERT_SIGNED_ED25519),
    OID("\x2b\x65\x71", CERT_SIGNED_ED448),
    {NULL, 0, CERT_SIGNATURE_UNKNOWN},
};

static const struct oid keys[] = {
    OID(PKCS1 "\x01", CERT_KEY_RSA),
    OID(PKCS1 "\x0a", CERT_KEY_RSA),
    OID(ANSI_EC "\x02\x01", CERT_KEY_EC),
    OID("\x2a\x86\x48\xce\x38\x04\x01", CERT_KEY_DSA),
    OID("\x2b\x65\x70", CERT_KEY_ED25519),
    OID("\x2b\x65\x71", CERT_KEY_ED448),
    {NULL, 0, CERT_KEY_UNKNOWN},
};

static const struct oid strong_hashes[] = {
    OID(NIST_HASH "\x01", true),
    OID(NIST_HASH "\x02", true),
    OID(NIST_HASH "\x03", true),
    OID(NIST_HASH "\x04", true),
    {NULL, 0, false},
};

static const struct oid alternative_names[] = {
    OID("\x55\x1d\x11", true),
    {NULL, 0, false},
};

/* ---- the parts of a certificate ---- */

/* RFC 4055 section 3.1: the hash is the first parameter, SHA-1 when it is left out. */
static enum cert_signature read_pss(struct cur parameters)
{
    struct cur all = der_take(&parameters, DER_SEQUENCE);
    struct cur hash = der_take(&all, 0xa0);
    struct cur algorithm = der_take(&hash, DER_SEQUENCE);
    struct cur oid = der_take(&algorithm, DER_OID);

    if (cur_broken(&oid) || !oid_meaning(strong_hashes, oid))
        return CERT_RSA_PSS_SHA1;
    return CERT_RSA_PSS;
}

static enum cert_signature read_signature(struct cur algorithm)
{
    struct cur oid = der_take(&algorithm, DER_OID);
    enum cert_signature s = oid_meaning(signatures, oid);

    return s == CERT_RSA_PSS ? read_pss(algorithm) : s;
}

static unsigned bits_of_integer(struct cur c)
{
    while (cur_left(&c) > 0 && *c.pos == 0)
        cur_skip(&c, 1);
    if (cur_left(&c) == 0)
        return 0;
    return (unsigned)(cur_left(&c) - 1) * 8 + 32 - (unsigned)__builtin_clz(*c.pos);
}

/* RFC 5480 section 2.2: of a point in whole form there are two coordinates. That of P-521
 * has seven bits to spare. */
static unsigned bits_of_point(struct cur c)
{
    bool compressed = cur_u8(&c) != 4;
    unsigned bits = (unsigned)cur_left(&c) * 8 / (compressed ? 1 : 2);

    return bits == 528 ? 521 : bits;
}

/* RFC 3279 section 2.3. */
static void read_key(struct x509 *x, struct cur c)
{
    struct cur algorithm = der_take(&c, DER_SEQUENCE);
    struct cur oid = der_take(&algorithm, DER_OID);
    struct cur bits = der_take(&c, DER_BITS);
    struct cur numbers;

    cur_skip(&bits, 1); /* how many bits are unused */
    x->key = oid_meaning(keys, oid);
    switch (x->key) {
    case CERT_KEY_RSA:
        numbers = der_take(&bits, DER_SEQUENCE);
        x->key_bits = bits_of_integer(der_take(&numbers, DER_INTEGER));
        break;
    case CERT_KEY_DSA:
        numbers = der_take(&algorithm, DER_SEQUENCE);
        x->key_bits = bits_of_integer(der_take(&numbers, DER_INTEGER));
        break;
    case CERT_KEY_EC:
        x->key_bits = bits_of_point(bits);
        break;
    case CERT_KEY_ED25519:
        x->key_bits = 256;
        break;
    case CERT_KEY_ED448:
        x->key_bits = 456;
        break;
    case CERT_KEY_UNKNOWN:
        break;
    }
}

static unsigned digits(struct cur *c, unsigned count)
{
    unsigned number = 0;

    for (; count > 0; count--) {
        uint8_t digit = cur_u8(c);

        if (digit < '0' || digit > '9')
            c->broken = true;
        number = number * 10 + (digit - '0');
    }
    return number;
}

/* RFC 5280 section 4.1.2.5: YYMMDDHHMMSSZ up to 2049, YYYYMMDDHHMMSSZ from then on. */
static usec_t read_time(struct cur *validity)
{
    uint8_t tag;
    struct cur c = der_any(validity, &tag);
    unsigned year = digits(&c, tag == DER_UTC_TIME ? 2 : 4);
    unsigned month = digits(&c, 2), day = digits(&c, 2);
    unsigned hour = digits(&c, 2), minute = digits(&c, 2), second = digits(&c, 2);
    int64_t days;

    if (tag == DER_UTC_TIME)
        year += year < 50 ? 2000 : 1900;
    else if (tag != DER_GENERAL_TIME)
        return X509_TIME_NONE;
    if (cur_u8(&c) != 'Z' || cur_broken(&c) || month < 1 || month > 12 || day < 1 ||
        day > 31 || hour > 24 || minute > 59 || second > 60)
        return X509_TIME_NONE;
    days = day_of_date((int)year, month, day);
    if (days < 0)
        return 0;
    return (usec_t)(days * 86400 + hour * 3600 + minute * 60 + second) * USEC_PER_SEC;
}

static void read_extensions(struct x509 *x, struct cur c)
{
    struct cur all = der_take(&c, DER_SEQUENCE);

    while (cur_left(&all) > 0 && !cur_broken(&all)) {
        struct cur extension = der_take(&all, DER_SEQUENCE);
        struct cur oid = der_take(&extension, DER_OID);
        struct cur value;

        der_pass(&extension, DER_BOOLEAN);
        value = der_take(&extension, DER_OCTETS);
        if (cur_left(&x->names) == 0 && oid_meaning(alternative_names, oid))
            x->names = der_take(&value, DER_SEQUENCE);
    }
}

/* RFC 5280 section 4.1. Unique identifiers, which nobody uses, stand before the
 * extensions. */
bool x509_parse(struct cur der, struct x509 *ret_cert)
{
    struct cur certificate = der_take(&der, DER_SEQUENCE);
    struct cur c = der_take(&certificate, DER_SEQUENCE);
    struct cur validity;
    uint8_t tag;

    memset(ret_cert, 0, sizeof(*ret_cert));
    der_pass(&c, DER_VERSION);
    ret_cert->serial = der_take(&c, DER_INTEGER);
    ret_cert->signature = read_signature(der_take(&c, DER_SEQUENCE));
    ret_cert->issuer = der_take(&c, DER_SEQUENCE);
    validity = der_take(&c, DER_SEQUENCE);
    ret_cert->not_before = read_time(&validity);
    ret_cert->not_after = read_time(&validity);
    ret_cert->subject = der_take(&c, DER_SEQUENCE);
    read_key(ret_cert, der_take(&c, DER_SEQUENCE));
    if (cur_broken(&c) || cur_broken(&validity))
        return false;
    while (cur_left(&c) > 0 && !cur_broken(&c)) {
        struct cur part = der_any(&c, &tag);

        if (tag == DER_EXTENSIONS)
            read_extensions(ret_cert, part);
    }
    return true;
}

/* ---- names ---- */

bool x509_next_name(struct cur *names, struct text *ret_name)
{
    while (cur_left(names) > 0 && !cur_broken(names)) {
        uint8_t tag;
        struct cur name = der_any(names, &tag);

        if (cur_broken(&name) || tag != DER_DNS_NAME)
            continue;
        *ret_name = (struct text){.at = (const char *)name.pos, .len = cur_left(&name)};
        return true;
    }
    return false;
}

/* One attribute of a distinguished name, RFC 5280 section 4.1.2.4. */
struct attribute {
    struct cur type;
    uint8_t form; /* tag of the string */
    struct cur value;
};

/* The next one; a set of several is read as if each stood in its own. There should be no
 * empty set, but OpenSSL takes one, so it must hide nothing. */
static bool next_attribute(struct cur *name, struct cur *set, struct attribute *ret)
{
    struct cur pair;

    while (cur_left(set) == 0 || cur_broken(set)) {
        if (cur_left(name) == 0)
            return false;
        *set = der_take(name, DER_SET);
    }
    pair = der_take(set, DER_SEQUENCE);
    ret->type = der_take(&pair, DER_OID);
    ret->value = der_any(&pair, &ret->form);
    return !cur_broken(&ret->value) && !cur_broken(&ret->type);
}

/* X.520 and others, with the short forms that OpenSSL writes. */
static const struct {
    const char *bytes;
    unsigned len;
    const char *word;
} attribute_words[] = {
#define WORD(bytes, word)              \
    {                                  \
        bytes, sizeof(bytes) - 1, word \
    }
    WORD("\x55\x04\x03", "CN"),
    WORD("\x55\x04\x06", "C"),
    WORD("\x55\x04\x07", "L"),
    WORD("\x55\x04\x08", "ST"),
    WORD("\x55\x04\x0a", "O"),
    WORD("\x55\x04\x0b", "OU"),
    WORD("\x55\x04\x04", "SN"),
    WORD("\x55\x04\x05", "serialNumber"),
    WORD("\x55\x04\x09", "street"),
    WORD("\x55\x04\x0c", "title"),
    WORD("\x55\x04\x0d", "description"),
    WORD("\x55\x04\x0f", "businessCategory"),
    WORD("\x55\x04\x11", "postalCode"),
    WORD("\x55\x04\x2a", "GN"),
    WORD("\x55\x04\x2e", "dnQualifier"),
    WORD("\x55\x04\x61", "organizationIdentifier"),
    WORD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"),
    WORD("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"),
    WORD("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
    WORD("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01", "jurisdictionL"),
    WORD("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02", "jurisdictionST"),
    WORD("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03", "jurisdictionC"),
#undef WORD
};

#define COMMON_NAME 0 /* its row */

static bool attribute_is(const struct attribute *a, size_t row)
{
    return bytes_equal(a->type,
                       cur_over(attribute_words[row].bytes, attribute_words[row].len));
}

struct text x509_common_name(struct cur name)
{
    struct cur set = {0};
    struct text found = {0};
    struct attribute a;

    while (next_attribute(&name, &set, &a))
        if (attribute_is(&a, COMMON_NAME))
            found =
                (struct text){.at = (const char *)a.value.pos, .len = cur_left(&a.value)};
    return found;
}

/* ---- printing ---- */

struct line {
    char *at;
    size_t len, capacity;
};

static void line_char(struct line *l, uint32_t c)
{
    if (l->len < l->capacity)
        l->at[l->len++] = (char)c;
    else
        l->capacity = l->len; /* nothing shorter goes behind what was left out */
}

static void line_text(struct line *l, const char *text)
{
    for (; *text; text++)
        line_char(l, (uint8_t)*text);
}

/* X.690 section 8.19: base 128, the first two numbers in one. */
static void line_oid(struct line *l, struct cur oid)
{
    uint64_t number = 0;
    bool first = true;
    char text[32];

    while (cur_left(&oid) > 0) {
        uint8_t byte = cur_u8(&oid);

        number = (number << 7 | (byte & 0x7f)) & UINT32_MAX;
        if (byte & 0x80)
            continue;
        if (first)
            (void)snprintf(text, sizeof(text), "%u.%u",
                           number < 80 ? (unsigned)number / 40 : 2,
                           (unsigned)(number < 80 ? number % 40 : number - 80));
        else
            (void)snprintf(text, sizeof(text), ".%u", (unsigned)number);
        line_text(l, text);
        first = false;
        number = 0;
    }
}

static void line_type(struct line *l, const struct attribute *a)
{
    for (size_t i = 0; i < sizeof(attribute_words) / sizeof(*attribute_words); i++)
        if (attribute_is(a, i)) {
            line_text(l, attribute_words[i].word);
            return;
        }
    line_oid(l, a->type);
}

/* Of the Basic Multilingual Plane, as UTF-8. */
static void line_bmp(struct line *l, uint16_t c)
{
    if (c < 0x80) {
        line_char(l, c);
    } else if (c < 0x800) {
        line_char(l, 0xc0 | c >> 6);
        line_char(l, 0x80 | (c & 0x3f));
    } else {
        line_char(l, 0xe0 | c >> 12);
        line_char(l, 0x80 | (c >> 6 & 0x3f));
        line_char(l, 0x80 | (c & 0x3f));
    }
}

static void line_value(struct line *l, struct attribute a)
{
    if (a.form == DER_BMP_STRING)
        while (cur_left(&a.value) >= 2)
            line_bmp(l, cur_u16(&a.value));
    while (cur_left(&a.value) > 0)
        line_char(l, cur_u8(&a.value));
}

size_t x509_print_name(struct cur name, char *ret_text, size_t capacity)
{
    struct line l = {.at = ret_text, .capacity = capacity};
    struct cur set = {0};
    struct attribute a;

    while (next_attribute(&name, &set, &a)) {
        if (l.len > 0)
            line_text(&l, ", ");
        line_type(&l, &a);
        line_char(&l, '=');
        line_value(&l, a);
    }
    return l.len;
}

size_t x509_print_serial(const struct x509 *c, char *ret_text, size_t capacity)
{
    struct line l = {.at = ret_text, .capacity = capacity};
    struct cur serial = c->serial;

    if (cur_left(&serial) > 1 && *serial.pos == 0)
        cur_skip(&serial, 1);
    for (unsigned i = 0; i < SERIAL_MAX && cur_left(&serial) > 0; i++) {
        uint8_t byte = cur_u8(&serial);

        if (i > 0)
            line_char(&l, ':');
        line_char(&l, (uint8_t) "0123456789ABCDEF"[byte >> 4]);
        line_char(&l, (uint8_t) "0123456789ABCDEF"[byte & 0xf]);
    }
    return l.len;
}

/* ---- judging ---- */

bool x509_same_name(struct cur a, struct cur b)
{
    return bytes_equal(a, b);
}

bool x509_self_issued(const struct x509 *c)
{
    return bytes_equal(c->issuer, c->subject);
}

static bool same_letters(struct text a, struct text b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        char c = a.at[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != b.at[i])
            return false;
    }
    return a.len == b.len;
}

static struct text behind(struct text name, size_t len)
{
    return (struct text){.at = name.at + len, .len = name.len - len};
}

/* name: as it stands in a certificate. */
static bool covers(struct text name, struct text host)
{
    const char *dot;

    if (name.len < 3 || name.at[0] != '*' || name.at[1] != '.')
        return same_letters(name, host);
    dot = memchr(host.at, '.', host.len);
    return dot && dot > host.at &&
           same_letters(behind(name, 1), behind(host, (size_t)(dot - host.at)));
}

bool x509_covers(const struct x509 *c, struct text host)
{
    struct cur names = c->names;
    struct text name;
    bool any = false;

    while (x509_next_name(&names, &name)) {
        if (covers(name, host))
            return true;
        any = true;
    }
    return !any && covers(x509_common_name(c->subject), host);
}
