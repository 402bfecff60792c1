/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tls_event.h"

#include "agent/tls_print.h"

/* Outer names that are sent only where the true one is encrypted. Clients without ECH
 * send a made-up extension too (RFC 9849 section 6.2), with the true name beside it. */
static const char *const ech_names[] = {
    "cloudflare-ech.com",
    "public.tls-ech.dev",
    "cover.defo.ie",
};

static enum tls_ech ech_of(const struct tls_hello *h, const struct event *e)
{
    const struct value *sni = event_get(e, FIELD_TLS_SNI);

    if (!h->ech)
        return ECH_NONE;
    for (size_t i = 0; sni && i < sizeof(ech_names) / sizeof(*ech_names); i++)
        if (text_equal(sni->text, text_of(ech_names[i])))
            return ECH_REAL;
    return ECH_OFFERED;
}

static void put_name(struct event *e, struct text name)
{
    const struct value *host;

    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, name);
    host = event_get(e, FIELD_HOST);
    if (host)
        event_put_text(e, FIELD_TLS_SNI, host->text);
}

static void put_client(struct event *e, const struct tls_hello *h, char transport)
{
    char ja4[TLS_JA4];

    if (h->sni.len > 0)
        put_name(e, h->sni);
    if (tls_ja4(h, transport, ja4))
        event_put_text(e, FIELD_TLS_JA4, text_of(ja4));
    else
        event_mark_short(e);
    event_put_number(e, FIELD_TLS_ECH, ech_of(h, e));
}

void tls_event_put_version(struct event *e, uint16_t wire)
{
    unsigned version = tls_version_number(wire);

    if (version > 0)
        event_put_number(e, FIELD_TLS_VERSION, version);
}

void tls_event_put(struct event *e, const struct tls_hello *h, char transport)
{
    struct cur alpn = h->alpn;
    struct text protocol;
    char ja3[TLS_JA3];

    event_put_number(e, FIELD_TLS_SIDE, h->side);
    tls_event_put_version(e, tls_hello_version(h));
    while (cur_left(&alpn) > 0 && tls_alpn_next(&alpn, &protocol))
        event_add_text(e, FIELD_TLS_ALPN, protocol);
    if (tls_ja3(h, ja3))
        event_put_text(e, FIELD_TLS_JA3, text_of(ja3));
    else
        event_mark_short(e);
    if (h->side == TLS_CLIENT)
        put_client(e, h, transport);
    else
        event_put_number(e, FIELD_TLS_CIPHER, h->cipher);
}
