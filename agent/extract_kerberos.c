/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos 5 (RFC 4120) between a client and the key distribution centre, over UDP and,
 * behind a length of four bytes (section 7.2.2), over TCP: what is asked for and granted,
 * what is refused and why, and which ciphers that goes with.
 *
 * Who asks, and for which service, is never told. Both become codes, by a key that the
 * agent draws at its start and keeps to itself: so it can be counted how many there were.
 * The answer that refuses often does not say whom: then it is whoever was asked about
 * before in the same conversation, of whom 16 bits of the code are remembered. Of
 * password and keys, what is made with them is passed over.
 *
 * DER with the explicit tags of RFC 4120 appendix A, [n] in the comments here.
 */
#include <string.h>

#include "agent/extract.h"
#include "der.h"
#include "hash.h"
#include "names.h"

#define KERBEROS_PORT 88
#define KERBEROS_5    5
#define REALM_MAX     255
#define NAME_PARTS    8   /* of a principal; more say nothing more */
#define NAME_MAX      256 /* bytes of its code's name */
#define CIPHERS_MAX   64  /* of a request */
#define PADATA_MAX    32  /* likewise */
#define PREFIX        4   /* RFC 4120 section 7.2.2 */
#define STREAM_MOST   (1 << 15)

/* [APPLICATION n], section 5.10. */
enum application {
    TAG_TICKET = 0x61,
    TAG_AS_REQ = 0x6a,
    TAG_AS_REP = 0x6b,
    TAG_TGS_REQ = 0x6c,
    TAG_TGS_REP = 0x6d,
    TAG_ERROR = 0x7e,
};

#define TAG_STRING 0x1b /* GeneralString, section 5.2.1 */

/* msg-type, section 7.5.7: the number of the application tag. */
#define TYPE_OF(tag) ((tag)&0x1f)

/* What may prove that whoever asks knows the key. A KDC passes over a type that it does
 * not know, so who asks could put one to a request that needs no proof; whoever has taken
 * one of the last two says so in the answer, and a time made with a wrong key is refused.
 * RFC 4120 section 7.5.2, RFC 4556 sections 3.1.3 and 3.2.3, RFC 6113 section 5.4. */
enum padata {
    PA_ENC_TIMESTAMP = 2,
    PA_PK_AS_REQ = 16,
    PA_PK_AS_REP = 17,
    PA_FX_FAST = 136, /* the proof is inside */
};

/* talk.state; talk.method and talk.mark are the code's two bytes. */
enum remembered {
    REMEMBERS_AS = 1,
    REMEMBERS_CLIENT = 2,
    REMEMBERS_TIME = 4, /* the kinds of proof */
    REMEMBERS_PK = 8,
    REMEMBERS_FAST = 16,
};

static inline uint8_t context(unsigned n)
{
    return (uint8_t)(0xa0 | n);
}

/* The body of [n], which has to be next. */
static struct cur member(struct cur *c, unsigned n)
{
    return der_take(c, context(n));
}

static int32_t member_int32(struct cur *c, unsigned n)
{
    struct cur body = member(c, n);
    int32_t number = der_int32(&body);

    c->broken |= body.broken;
    return number;
}

/* The SEQUENCE in [n]. */
static struct cur member_sequence(struct cur *c, unsigned n)
{
    struct cur body = member(c, n), sequence = der_take(&body, DER_SEQUENCE);

    c->broken |= sequence.broken;
    return sequence;
}

static struct cur member_string(struct cur *c, unsigned n)
{
    struct cur body = member(c, n), string = der_take(&body, TAG_STRING);

    c->broken |= string.broken;
    return string;
}

/* ---- ciphers and errors ---- */

/* IANA's Kerberos encryption type numbers; those below zero are Microsoft's. */
static enum kerberos_cipher cipher_of(int32_t wire)
{
    static const struct {
        int32_t wire;
        enum kerberos_cipher cipher;
    } known[] = {
        {18, KERBEROS_AES256},       {17, KERBEROS_AES128},
        {23, KERBEROS_RC4},          {24, KERBEROS_RC4_EXPORT},
        {20, KERBEROS_AES256_SHA2},  {19, KERBEROS_AES128_SHA2},
        {1, KERBEROS_DES},           {2, KERBEROS_DES},
        {3, KERBEROS_DES},           {5, KERBEROS_DES3},
        {7, KERBEROS_DES3},          {16, KERBEROS_DES3},
        {25, KERBEROS_CAMELLIA},     {26, KERBEROS_CAMELLIA},
        {-128, KERBEROS_RC4},        {-133, KERBEROS_RC4},
        {-135, KERBEROS_RC4_EXPORT},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (known[i].wire == wire)
            return known[i].cipher;
    return KERBEROS_CIPHER_OTHER;
}

/* RFC 4120 section 7.5.9. */
static enum kerberos_error error_of(int32_t wire)
{
    static const struct {
        int32_t wire;
        enum kerberos_error error;
    } known[] = {
        {1, KERBEROS_NAME_EXPIRED},    {6, KERBEROS_CLIENT_UNKNOWN},
        {7, KERBEROS_SERVICE_UNKNOWN}, {12, KERBEROS_POLICY},
        {13, KERBEROS_BAD_OPTION},     {14, KERBEROS_CIPHER_REFUSED},
        {18, KERBEROS_CLIENT_REVOKED}, {23, KERBEROS_KEY_EXPIRED},
        {24, KERBEROS_PREAUTH_FAILED}, {25, KERBEROS_PREAUTH_REQUIRED},
        {29, KERBEROS_UNAVAILABLE},    {31, KERBEROS_BAD_INTEGRITY},
        {32, KERBEROS_TICKET_EXPIRED}, {33, KERBEROS_TICKET_EARLY},
        {34, KERBEROS_REPEAT},         {37, KERBEROS_SKEW},
        {41, KERBEROS_MODIFIED},       {52, KERBEROS_TOO_BIG},
        {60, KERBEROS_GENERIC},        {68, KERBEROS_WRONG_REALM},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (known[i].wire == wire)
            return known[i].error;
    return KERBEROS_ERROR_OTHER;
}

/* ---- who and what ---- */

/* A principal as far as it matters here. */
struct principal {
    char name[NAME_MAX]; /* its parts behind each other, as far as they fit */
    size_t len;
    bool is_tgs; /* krbtgt: the ticket is one to get others with */
};

static char lower(uint8_t byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
}

static void principal_add(struct principal *p, struct cur part)
{
    if (p->len < sizeof(p->name))
        p->name[p->len++] = '/';
    while (cur_left(&part) > 0 && p->len < sizeof(p->name))
        p->name[p->len++] = lower(cur_u8(&part));
}

/* PrincipalName, section 5.2.2. Active Directory asks for no case, so nor do we. */
static bool principal_read(struct cur sequence, struct principal *ret_principal)
{
    struct principal *p = ret_principal;
    struct cur parts;

    p->len = 0;
    p->is_tgs = false;
    (void)member_int32(&sequence, 0);
    parts = member_sequence(&sequence, 1);
    for (unsigned i = 0; i < NAME_PARTS && cur_left(&parts) > 0; i++) {
        struct cur part = der_take(&parts, TAG_STRING);

        if (i == 0)
            p->is_tgs = cur_left(&part) == 6 && memcmp(part.pos, "krbtgt", 6) == 0;
        principal_add(p, part);
    }
    return !cur_broken(&sequence) && !cur_broken(&parts) && p->len > 0;
}

static uint16_t client_code(const struct extract_out *out, const struct principal *p)
{
    return (uint16_t)hash_bytes(out->key, p->name, p->len);
}

static void remember_client(struct extract_out *out, const struct principal *p)
{
    uint16_t code;

    if (!out->key)
        return;
    code = client_code(out, p);
    out->talk->state |= REMEMBERS_CLIENT;
    out->talk->method = (uint8_t)(code >> 8);
    out->talk->mark = (uint8_t)code;
}

static void put_client(struct extract_out *out)
{
    if (out->talk->state & REMEMBERS_CLIENT)
        event_put_number(out->event, FIELD_KERBEROS_CLIENT,
                         (uint64_t)out->talk->method << 8 | out->talk->mark);
}

static void put_service(struct extract_out *out, const struct principal *p)
{
    event_put_number(out->event, FIELD_KERBEROS_TGT, p->is_tgs);
    if (out->key)
        event_put_number(out->event, FIELD_KERBEROS_SERVICE,
                         hash_bytes(out->key, p->name, p->len) & UINT32_MAX);
}

/* The SEQUENCE in [n] names the client. False: it is broken. */
static bool read_client(struct cur *c, unsigned n, struct extract_out *out)
{
    struct principal client;

    if (!principal_read(member_sequence(c, n), &client))
        return false;
    remember_client(out, &client);
    return true;
}

static bool read_service(struct cur *c, unsigned n, struct extract_out *out)
{
    struct principal service;

    if (!principal_read(member_sequence(c, n), &service))
        return false;
    put_service(out, &service);
    return true;
}

static void put_realm(struct event *e, struct cur realm)
{
    size_t len = cur_left(&realm);

    if (len > REALM_MAX)
        event_mark_short(e);
    else if (len > 0)
        event_put_text(e, FIELD_KERBEROS_REALM,
                       (struct text){.at = (const char *)realm.pos, .len = len});
}

/* ---- requests: KDC-REQ, section 5.4.1 ---- */

static uint8_t proof_of(int32_t type)
{
    switch (type) {
    case PA_ENC_TIMESTAMP:
        return REMEMBERS_TIME;
    case PA_PK_AS_REQ:
    case PA_PK_AS_REP:
        return REMEMBERS_PK;
    case PA_FX_FAST:
        return REMEMBERS_FAST;
    default:
        return 0;
    }
}

/* padata, section 5.2.7: the kinds of proof among them. */
static uint8_t proofs_in(struct cur list, struct event *e)
{
    uint8_t found = 0;

    for (unsigned i = 0; i < PADATA_MAX && cur_left(&list) > 0; i++) {
        struct cur one = der_take(&list, DER_SEQUENCE);

        found |= proof_of(member_int32(&one, 1));
    }
    if (cur_left(&list) > 0)
        event_mark_short(e);
    return found;
}

static uint64_t ciphers_of(struct cur list, struct event *e)
{
    uint64_t mask = 0;

    for (unsigned i = 0; i < CIPHERS_MAX && cur_left(&list) > 0; i++) {
        enum kerberos_cipher cipher = cipher_of(der_int32(&list));

        if (!cur_broken(&list))
            mask |= UINT64_C(1) << cipher;
    }
    if (cur_left(&list) > 0)
        event_mark_short(e);
    return mask;
}

/* KDC-REQ-BODY. */
static bool read_body(struct cur body, struct extract_out *out)
{
    (void)member(&body, 0); /* kdc-options */
    if (der_is(&body, context(1)) && !read_client(&body, 1, out))
        return false;
    put_realm(out->event, member_string(&body, 2));
    if (der_is(&body, context(3)) && !read_service(&body, 3, out))
        return false;
    der_pass(&body, context(4)); /* from */
    (void)member(&body, 5);      /* till */
    der_pass(&body, context(6)); /* rtime */
    (void)member(&body, 7);      /* nonce */
    event_put_number(out->event, FIELD_KERBEROS_OFFERED,
                     ciphers_of(member_sequence(&body, 8), out->event));
    return !cur_broken(&body);
}

static bool read_request(struct cur c, bool as, struct extract_out *out)
{
    uint8_t proofs = 0;

    if (member_int32(&c, 1) != KERBEROS_5 ||
        member_int32(&c, 2) != TYPE_OF(as ? TAG_AS_REQ : TAG_TGS_REQ))
        return false;
    if (der_is(&c, context(3)))
        proofs = proofs_in(member_sequence(&c, 3), out->event);
    out->talk->state = (uint8_t)((as ? REMEMBERS_AS : 0) | proofs);
    if (!read_body(member_sequence(&c, 4), out) || cur_broken(&c))
        return false;
    if (as)
        event_put_number(out->event, FIELD_KERBEROS_PREAUTH, proofs != 0);
    return true;
}

/* ---- answers: KDC-REP, section 5.4.2 ---- */

/* EncryptedData, section 5.2.9. */
static bool read_encrypted(struct cur c, enum field_id f, struct event *e)
{
    int32_t wire = member_int32(&c, 0);

    if (cur_broken(&c))
        return false;
    event_put_number(e, f, cipher_of(wire));
    return true;
}

/* Ticket, section 5.3. */
static bool read_ticket(struct cur ticket, struct extract_out *out)
{
    struct cur application = der_take(&ticket, TAG_TICKET);
    struct cur c = der_take(&application, DER_SEQUENCE);

    if (member_int32(&c, 0) != KERBEROS_5)
        return false;
    (void)member(&c, 1); /* realm */
    return read_service(&c, 2, out) &&
           read_encrypted(member_sequence(&c, 3), FIELD_KERBEROS_TICKET_CIPHER,
                          out->event);
}

static bool read_answer(struct cur c, bool as, struct extract_out *out)
{
    uint8_t state = out->talk->state, proven = REMEMBERS_TIME;

    if (member_int32(&c, 0) != KERBEROS_5 ||
        member_int32(&c, 1) != TYPE_OF(as ? TAG_AS_REP : TAG_TGS_REP))
        return false;
    if (der_is(&c, context(2)))
        proven |= proofs_in(member_sequence(&c, 2), out->event);
    put_realm(out->event, member_string(&c, 3));
    if (!read_client(&c, 4, out) || !read_ticket(member(&c, 5), out) ||
        !read_encrypted(member_sequence(&c, 6), FIELD_KERBEROS_CIPHER, out->event))
        return false;
    if (as && state & REMEMBERS_AS)
        event_put_number(out->event, FIELD_KERBEROS_PREAUTH, (state & proven) != 0);
    return !cur_broken(&c);
}

/* ---- errors: KRB-ERROR, section 5.9.1 ---- */

static bool read_error(struct cur c, struct extract_out *out)
{
    int32_t code;

    if (member_int32(&c, 0) != KERBEROS_5 || member_int32(&c, 1) != TYPE_OF(TAG_ERROR))
        return false;
    der_pass(&c, context(2)); /* ctime */
    der_pass(&c, context(3)); /* cusec */
    (void)member(&c, 4);      /* stime */
    (void)member(&c, 5);      /* susec */
    code = member_int32(&c, 6);
    der_pass(&c, context(7)); /* crealm */
    if (der_is(&c, context(8)) && !read_client(&c, 8, out))
        return false;
    put_realm(out->event, member_string(&c, 9));
    if (!read_service(&c, 10, out) || cur_broken(&c))
        return false;
    event_put_number(out->event, FIELD_KERBEROS_ERROR, error_of(code));
    return true;
}

/* ---- messages ---- */

static bool message_of(uint8_t tag, enum kerberos_message *ret_message)
{
    static const uint8_t tags[] = {TAG_AS_REQ, TAG_AS_REP, TAG_TGS_REQ, TAG_TGS_REP,
                                   TAG_ERROR};

    for (unsigned i = 0; i < sizeof(tags); i++)
        if (tags[i] == tag) {
            *ret_message = (enum kerberos_message)i;
            return true;
        }
    return false;
}

static bool read_parts(enum kerberos_message m, struct cur c, struct extract_out *out)
{
    switch (m) {
    case KERBEROS_AS_REQ:
    case KERBEROS_TGS_REQ:
        return read_request(c, m == KERBEROS_AS_REQ, out);
    case KERBEROS_AS_REP:
    case KERBEROS_TGS_REP:
        return read_answer(c, m == KERBEROS_AS_REP, out);
    case KERBEROS_ERROR:
        return read_error(c, out);
    }
    return false;
}

static enum extract_result read_message(struct cur c, struct extract_out *out)
{
    struct talk before = *out->talk;
    enum kerberos_message m;
    struct cur application;
    uint8_t tag;

    application = der_any(&c, &tag);
    if (!message_of(tag, &m))
        return EXTRACT_NOT;
    event_begin(out->event, EVENT_KERBEROS, out->packet->time);
    event_put_number(out->event, FIELD_KERBEROS_MESSAGE, m);
    if (!read_parts(m, der_take(&application, DER_SEQUENCE), out)) {
        *out->talk = before;
        return EXTRACT_NOT;
    }
    put_client(out);
    out->emit(out->event, out->arg);
    return EXTRACT_NEXT;
}

static bool has_port(const struct packet *p)
{
    return p->src_port == KERBEROS_PORT || p->dst_port == KERBEROS_PORT;
}

static bool begins(struct cur bytes)
{
    enum kerberos_message m;

    return message_of(cur_u8(&bytes), &m);
}

static bool udp_wants(const struct packet *p, struct cur bytes)
{
    return has_port(p) && begins(bytes);
}

static enum extract_result udp_read(struct cur *bytes, struct extract_out *out)
{
    return read_message(*bytes, out) == EXTRACT_NOT ? EXTRACT_NOT : EXTRACT_DONE;
}

/* Section 7.2.2: the highest bit of the length is kept for what there is not yet. */
static bool tcp_wants(const struct packet *p, struct cur bytes)
{
    uint32_t len;

    if (!has_port(p))
        return false;
    if (cur_left(&bytes) <= PREFIX)
        return cur_u8(&bytes) == 0;
    len = cur_u32(&bytes);
    return len > 0 && len <= EXTRACT_SKIP_MAX && begins(bytes);
}

/* Messages that are longer than is kept are passed over, and so are those that cannot be
 * read where others of the stream could. */
static enum extract_result tcp_read(struct cur *bytes, struct extract_out *out)
{
    uint32_t len = cur_u32(bytes);

    if (cur_broken(bytes))
        return EXTRACT_MORE;
    if (len == 0 || len > EXTRACT_SKIP_MAX)
        return EXTRACT_NOT;
    if (len > STREAM_MOST - PREFIX) {
        out->skip = len;
        out->unread = true;
        return EXTRACT_NEXT;
    }
    if (cur_left(bytes) < len)
        return EXTRACT_MORE;
    return read_message(cur_sub(bytes, len), out);
}

const struct extractor extract_kerberos_udp = {
    .name = "kerberos",
    .kind = EVENT_KERBEROS,
    .from = EXTRACT_DATAGRAM,
    .app = "kerberos",
    .secret = true,
    .wants = udp_wants,
    .read = udp_read,
};

const struct extractor extract_kerberos_tcp = {
    .name = "kerberos",
    .kind = EVENT_KERBEROS,
    .from = EXTRACT_STREAM,
    .app = "kerberos",
    .secret = true,
    .most = STREAM_MOST,
    .wants = tcp_wants,
    .read = tcp_read,
};
