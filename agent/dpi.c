/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nDPI numbers its protocols, categories and confidences anew with each version, so
 * nothing of it is used by number: when the module is made, each of its names is turned
 * into our word (names_from_ndpi) and looked up once, and from then on a table answers.
 *
 * A flow under inspection has a place in a fixed array, and the places in use are in a
 * list from the one given a packet last to the one silent longest, which is the one to
 * go.
 */
#include "agent/dpi.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ndpi/ndpi_api.h>

#include "mem.h"

#define IP_TCP 6
#define IP_UDP 17

#define NOBODY         UINT32_MAX
#define CATEGORIES_MAX 256
#define RISKS_MAX      64

/* From 4.4 on a packet comes with what the caller knows of its direction. */
#if NDPI_MAJOR > 4 || (NDPI_MAJOR == 4 && NDPI_MINOR >= 4)
#define PROCESS(module, state, ip, len, msec) \
    ndpi_detection_process_packet(module, state, ip, len, msec, NULL)
#else
#define PROCESS(module, state, ip, len, msec) \
    ndpi_detection_process_packet(module, state, ip, len, msec)
#endif

static const struct {
    ndpi_risk_enum risk;
    const char *word;
} risk_words[] = {
    {NDPI_URL_POSSIBLE_XSS, "url_possible_xss"},
    {NDPI_URL_POSSIBLE_SQL_INJECTION, "url_possible_sql_injection"},
    {NDPI_URL_POSSIBLE_RCE_INJECTION, "url_possible_rce_injection"},
    {NDPI_BINARY_APPLICATION_TRANSFER, "binary_application_transfer"},
    {NDPI_KNOWN_PROTOCOL_ON_NON_STANDARD_PORT, "known_protocol_on_non_standard_port"},
    {NDPI_TLS_SELFSIGNED_CERTIFICATE, "tls_selfsigned_certificate"},
    {NDPI_TLS_OBSOLETE_VERSION, "tls_obsolete_version"},
    {NDPI_TLS_WEAK_CIPHER, "tls_weak_cipher"},
    {NDPI_TLS_CERTIFICATE_EXPIRED, "tls_certificate_expired"},
    {NDPI_TLS_CERTIFICATE_MISMATCH, "tls_certificate_mismatch"},
    {NDPI_HTTP_SUSPICIOUS_USER_AGENT, "http_suspicious_user_agent"},
    {NDPI_HTTP_NUMERIC_IP_HOST, "http_numeric_ip_host"},
    {NDPI_HTTP_SUSPICIOUS_URL, "http_suspicious_url"},
    {NDPI_HTTP_SUSPICIOUS_HEADER, "http_suspicious_header"},
    {NDPI_TLS_NOT_CARRYING_HTTPS, "tls_not_carrying_https"},
    {NDPI_SUSPICIOUS_DGA_DOMAIN, "suspicious_dga_domain"},
    {NDPI_MALFORMED_PACKET, "malformed_packet"},
    {NDPI_SSH_OBSOLETE_CLIENT_VERSION_OR_CIPHER, "ssh_obsolete_client_version_or_cipher"},
    {NDPI_SSH_OBSOLETE_SERVER_VERSION_OR_CIPHER, "ssh_obsolete_server_version_or_cipher"},
    {NDPI_SMB_INSECURE_VERSION, "smb_insecure_version"},
    {NDPI_TLS_SUSPICIOUS_ESNI_USAGE, "tls_suspicious_esni_usage"},
    {NDPI_UNSAFE_PROTOCOL, "unsafe_protocol"},
    {NDPI_DNS_SUSPICIOUS_TRAFFIC, "dns_suspicious_traffic"},
    {NDPI_TLS_MISSING_SNI, "tls_missing_sni"},
    {NDPI_HTTP_SUSPICIOUS_CONTENT, "http_suspicious_content"},
    {NDPI_RISKY_ASN, "risky_asn"},
    {NDPI_RISKY_DOMAIN, "risky_domain"},
    {NDPI_MALICIOUS_JA3, "malicious_ja3"},
    {NDPI_MALICIOUS_SHA1_CERTIFICATE, "malicious_sha1_certificate"},
    {NDPI_DESKTOP_OR_FILE_SHARING_SESSION, "desktop_or_file_sharing_session"},
    {NDPI_TLS_UNCOMMON_ALPN, "tls_uncommon_alpn"},
    {NDPI_TLS_CERT_VALIDITY_TOO_LONG, "tls_cert_validity_too_long"},
    {NDPI_TLS_SUSPICIOUS_EXTENSION, "tls_suspicious_extension"},
    {NDPI_TLS_FATAL_ALERT, "tls_fatal_alert"},
    {NDPI_SUSPICIOUS_ENTROPY, "suspicious_entropy"},
    {NDPI_CLEAR_TEXT_CREDENTIALS, "clear_text_credentials"},
    {NDPI_DNS_LARGE_PACKET, "dns_large_packet"},
    {NDPI_DNS_FRAGMENTED, "dns_fragmented"},
    {NDPI_INVALID_CHARACTERS, "invalid_characters"},
    {NDPI_POSSIBLE_EXPLOIT, "possible_exploit"},
    {NDPI_TLS_CERTIFICATE_ABOUT_TO_EXPIRE, "tls_certificate_about_to_expire"},
};

struct inspection {
    struct flow *flow;
    uint32_t newer, older; /* a place given back uses older for the list of such */
    uint16_t packets;      /* looked at */
    struct ndpi_flow_struct state;
};

struct dpi {
    struct dpi_settings set;
    struct dpi_counts counts;
    struct ndpi_detection_module_struct *module;
    struct inspection
        *places; /* never touched from fresh on: memory only for what is needed */
    uint32_t fresh, unused, newest, oldest;
    uint16_t *app_of; /* nDPI's number to names_app */
    uint32_t app_count;
    uint8_t category_of[CATEGORIES_MAX];
    uint8_t *category_of_app;   /* by our own index */
    uint8_t risk_of[RISKS_MAX]; /* nDPI's bit to ours */
    uint8_t confidence_of[NDPI_CONFIDENCE_MAX];
    uint8_t own_parser;
    uint16_t tls, http, quic; /* words of names_app */
};

/*
 * For each packet and each of its hundred dissectors nDPI compares two sets of protocols,
 * and does it 32 bits at a time: a third of all that it cost. A program's own function
 * goes before that of a shared library, for the library's own calls, too; so this one
 * answers them. Where a libndpi binds its calls to itself, it is only not called.
 */
int NDPI_BITMASK_COMPARE(NDPI_PROTOCOL_BITMASK a, NDPI_PROTOCOL_BITMASK b)
{
    ndpi_ndpi_mask both = 0;

    for (size_t i = 0; i < sizeof(a.fds_bits) / sizeof(a.fds_bits[0]); i++)
        both |= a.fds_bits[i] & b.fds_bits[i];
    return both != 0;
}

/* The index of our word for one of nDPI's names; 0, "unknown", when we have none. */
static uint16_t word_for(const struct names *words, const char *ndpi_name)
{
    char word[64];
    int index;

    if (!ndpi_name)
        return 0;
    names_from_ndpi(ndpi_name, word, sizeof(word));
    index = names_find(words, word);
    return index > 0 ? (uint16_t)index : 0;
}

/* An application that our own parsers name has a category, too. */
static void map_own_categories(struct dpi *d)
{
    d->category_of_app = xcalloc(names_app.count, sizeof(*d->category_of_app));
    for (uint32_t i = 1; i < d->app_count; i++)
        if (d->app_of[i])
            d->category_of_app[d->app_of[i]] = d->category_of[ndpi_get_proto_category(
                d->module, (ndpi_protocol){.app_protocol = (uint16_t)i})];
}

static void map_names(struct dpi *d)
{
    d->app_count = ndpi_get_num_supported_protocols(d->module);
    d->app_of = xcalloc(d->app_count, sizeof(*d->app_of));
    for (uint32_t i = 1; i < d->app_count; i++)
        d->app_of[i] = word_for(&names_app, ndpi_get_proto_name(d->module, (uint16_t)i));
    for (unsigned i = 0; i < CATEGORIES_MAX; i++)
        d->category_of[i] = (uint8_t)word_for(
            &names_category,
            ndpi_category_get_name(d->module, (ndpi_protocol_category_t)i));
    for (size_t i = 0; i < sizeof(risk_words) / sizeof(risk_words[0]); i++)
        d->risk_of[risk_words[i].risk] =
            (uint8_t)names_find(&names_risk, risk_words[i].word);
    for (unsigned i = 0; i < NDPI_CONFIDENCE_MAX; i++)
        d->confidence_of[i] = (uint8_t)word_for(
            &names_confidence, ndpi_confidence_get_name((ndpi_confidence_t)i));
    d->own_parser = (uint8_t)names_find(&names_confidence, "own_parser");
    d->tls = (uint16_t)names_find(&names_app, "tls");
    d->http = (uint16_t)names_find(&names_app, "http");
    d->quic = (uint16_t)names_find(&names_app, "quic");
}

/* nDPI keeps names of hosts with a flow; they go with it. */
static struct ndpi_detection_module_struct *module_new(void)
{
    NDPI_PROTOCOL_BITMASK all;
    struct ndpi_detection_module_struct *module;

    set_ndpi_free(free_wiped);
    set_ndpi_flow_free(free_wiped);
    module = ndpi_init_detection_module(ndpi_no_prefs);

    if (!module)
        return NULL;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(module, &all);
    ndpi_finalize_initialization(module);
    return module;
}

struct dpi_module *dpi_prepare(void)
{
    tzset();
    return (struct dpi_module *)module_new();
}

struct dpi *dpi_new(const struct dpi_settings *settings)
{
    struct ndpi_detection_module_struct *module =
        settings->prepared ? (struct ndpi_detection_module_struct *)settings->prepared
                           : module_new();
    struct dpi *d;

    assert(settings->capacity > 0 && settings->capacity < NOBODY);
    if (!module)
        return NULL;
    d = xcalloc(1, sizeof(*d));
    d->set = *settings;
    d->module = module;
    d->places = xcalloc(settings->capacity, sizeof(*d->places));
    d->newest = d->oldest = d->unused = NOBODY;
    map_names(d);
    map_own_categories(d);
    return d;
}

void dpi_free(struct dpi *d)
{
    if (!d)
        return;
    for (uint32_t at = d->oldest; at != NOBODY; at = d->places[at].newer)
        ndpi_free_flow_data(&d->places[at].state);
    ndpi_exit_detection_module(d->module);
    free(d->app_of);
    free(d->category_of_app);
    free(d->places);
    free(d);
}

const char *dpi_version(void)
{
    return ndpi_revision();
}

/* ---- places ---- */

static void age_unlink(struct dpi *d, uint32_t at)
{
    struct inspection *i = &d->places[at];

    *(i->newer == NOBODY ? &d->newest : &d->places[i->newer].older) = i->older;
    *(i->older == NOBODY ? &d->oldest : &d->places[i->older].newer) = i->newer;
}

static void age_link(struct dpi *d, uint32_t at)
{
    struct inspection *i = &d->places[at];

    i->newer = NOBODY;
    i->older = d->newest;
    *(d->newest == NOBODY ? &d->oldest : &d->places[d->newest].newer) = at;
    d->newest = at;
}

/* ---- what nDPI says, in our words ---- */

static bool is_named(const struct dpi *d, uint32_t id)
{
    return id < d->app_count && d->app_of[id];
}

/* The application over the transport when nDPI tells both ("TLS.YouTube"). */
static void take_protocol(const struct dpi *d, struct flow *f, ndpi_protocol found)
{
    bool both = found.app_protocol != NDPI_PROTOCOL_UNKNOWN &&
                found.master_protocol != NDPI_PROTOCOL_UNKNOWN;
    uint16_t id = found.app_protocol != NDPI_PROTOCOL_UNKNOWN ? found.app_protocol
                                                              : found.master_protocol;

    if (is_named(d, id))
        f->stage.app = d->app_of[id];
    if (both && is_named(d, found.master_protocol))
        f->stage.master = d->app_of[found.master_protocol];
    if ((unsigned)found.category < CATEGORIES_MAX)
        f->stage.category = d->category_of[found.category];
}

static void take_risks(const struct dpi *d, struct flow *f, ndpi_risk risks)
{
    uint64_t ours = 0;

    while (risks) {
        int bit = __builtin_ctzll(risks);

        risks &= risks - 1;
        if (d->risk_of[bit])
            ours |= UINT64_C(1) << d->risk_of[bit];
    }
    f->stage.risks |= ours;
}

/* What is known of the flow by now. An own parser's word is not overruled, only narrowed.
 */
static void take_findings(const struct dpi *d, const struct inspection *i,
                          ndpi_protocol found)
{
    struct flow *f = i->flow;

    take_risks(d, f, i->state.risk);
    if (f->stage.confidence == d->own_parser &&
        (found.app_protocol == NDPI_PROTOCOL_UNKNOWN ||
         found.master_protocol == NDPI_PROTOCOL_UNKNOWN))
        return;
    take_protocol(d, f, found);
    f->stage.confidence = d->confidence_of[i->state.confidence];
}

/* ---- a flow's way through ---- */

static void release(struct dpi *d, struct inspection *i)
{
    uint32_t at = (uint32_t)(i - d->places);

    ndpi_free_flow_data(&i->state);
    explicit_bzero(&i->state, sizeof(i->state));
    age_unlink(d, at);
    i->flow->stage.dpi = NULL;
    i->older = d->unused;
    d->unused = at;
}

static void give_up(struct dpi *d, struct inspection *i)
{
    uint8_t guessed = 0;
    ndpi_protocol found = ndpi_detection_giveup(d->module, &i->state, 1, &guessed);
    bool named = found.app_protocol != NDPI_PROTOCOL_UNKNOWN ||
                 found.master_protocol != NDPI_PROTOCOL_UNKNOWN;

    take_findings(d, i, found);
    if (!named)
        d->counts.unknown++;
    else if (guessed)
        d->counts.guessed++;
    else
        d->counts.named++;
    release(d, i);
}

/*
 * What the flow cannot be, so that nDPI need not try: FTP that was heard from its first
 * byte on is known to our own parser, and nobody spoke RTSP over UDP (RFC 7826 dropped
 * it). These two cost as much as fifty other dissectors.
 */
static void rule_out(const struct flow *f, struct ndpi_flow_struct *state)
{
    if (f->ip_proto == IP_UDP)
        NDPI_ADD_PROTOCOL_TO_BITMASK(state->excluded_protocol_bitmask,
                                     NDPI_PROTOCOL_RTSP);
    else if (f->ip_proto == IP_TCP && f->tcp_state != TCP_STATE_MIDSTREAM)
        NDPI_ADD_PROTOCOL_TO_BITMASK(state->excluded_protocol_bitmask,
                                     NDPI_PROTOCOL_FTP_CONTROL);
}

/* Its state is empty: release left it so. */
static struct inspection *take_place(struct dpi *d)
{
    struct inspection *i;

    if (d->unused == NOBODY && d->fresh < d->set.capacity)
        return &d->places[d->fresh++];
    if (d->unused == NOBODY) {
        d->counts.evicted++;
        give_up(d, &d->places[d->oldest]);
    }
    i = &d->places[d->unused];
    d->unused = i->older;
    return i;
}

static struct inspection *begin(struct dpi *d, struct flow *f)
{
    struct inspection *i = take_place(d);

    i->packets = 0;
    i->flow = f;
    f->stage.dpi = i;
    rule_out(f, &i->state);
    age_link(d, (uint32_t)(i - d->places));
    return i;
}

/* The packet as nDPI wants it: from the IP header on, as far as it was captured. */
static ndpi_protocol look(struct dpi *d, struct inspection *i, const struct packet *p)
{
    unsigned short len = p->ip_len > UINT16_MAX ? UINT16_MAX : (unsigned short)p->ip_len;

    i->packets++;
    d->counts.calls++;
    return PROCESS(d->module, &i->state, p->ip, len, p->time / USEC_PER_MSEC);
}

bool dpi_wants(const struct dpi *d, const struct flow *f)
{
    return f->stage.app == d->tls && !flow_host(f);
}

/* Neither TCP nor UDP: nDPI goes by the number of the protocol alone. */
static uint8_t most_unnamed(const struct dpi *d, const struct flow *f)
{
    return f->ip_proto == IP_TCP || f->ip_proto == IP_UDP ? d->set.unnamed_packets : 1;
}

static bool is_long(const struct dpi *d, const struct flow *f)
{
    return f->out.packets + f->in.packets >
           (f->ip_proto == IP_TCP ? d->set.tcp_packets : d->set.udp_packets);
}

/* Whether more packets of it are not worth a look. */
static bool is_enough(const struct dpi *d, const struct inspection *i, bool named)
{
    return is_long(d, i->flow) || (!named && i->packets >= most_unnamed(d, i->flow));
}

static uint32_t v4_of(const struct addr *a)
{
    uint32_t v4 = 0;

    if (addr_is_v4(a))
        memcpy(&v4, a->bytes + 12, sizeof(v4));
    return v4;
}

/* The last resort: the port, or the provider's networks. */
static void guess(struct dpi *d, struct flow *f)
{
    ndpi_protocol found = ndpi_guess_undetected_protocol(
        d->module, NULL, f->ip_proto, ntohl(v4_of(&f->client)), f->client_port,
        ntohl(v4_of(&f->server)), f->server_port);
    bool by_address = found.app_protocol != NDPI_PROTOCOL_UNKNOWN;

    if (!by_address && found.master_protocol == NDPI_PROTOCOL_UNKNOWN) {
        d->counts.unknown++;
        return;
    }
    take_protocol(d, f, found);
    f->stage.confidence = d->confidence_of[by_address ? NDPI_CONFIDENCE_MATCH_BY_IP
                                                      : NDPI_CONFIDENCE_MATCH_BY_PORT];
    d->counts.guessed++;
}

/* A segment without payload has nothing to look at; but the flow may be long by now. */
static bool pass_over(struct dpi *d, struct flow *f)
{
    if (!is_long(d, f))
        return false;
    if (f->stage.dpi)
        give_up(d, f->stage.dpi);
    else if (!f->stage.app)
        guess(d, f);
    return true;
}

bool dpi_packet(struct dpi *d, const struct packet *p, struct flow *f)
{
    struct inspection *i = f->stage.dpi;
    ndpi_protocol found;
    bool named;

    if (f->ip_proto == IP_TCP && cur_left(&p->payload) == 0)
        return pass_over(d, f);
    if (!i)
        i = begin(d, f);
    age_unlink(d, (uint32_t)(i - d->places));
    age_link(d, (uint32_t)(i - d->places));
    found = look(d, i, p);
    named = found.app_protocol != NDPI_PROTOCOL_UNKNOWN;
    if (is_enough(d, i, named)) {
        give_up(d, i);
        return true;
    }
    if (!named || ndpi_extra_dissection_possible(d->module, &i->state))
        return false;
    take_findings(d, i, found);
    d->counts.named++;
    release(d, i);
    return true;
}

/* ---- flows that no packet of which nDPI needs to see ---- */

static void name(const struct dpi *d, struct flow *f, uint16_t id)
{
    if (!f->stage.master)
        f->stage.master = f->stage.app;
    f->stage.app = d->app_of[id];
    f->stage.category = d->category_of[ndpi_get_proto_category(
        d->module, (ndpi_protocol){.app_protocol = id})];
}

/* By the host that our own parsers read. */
static bool name_by_host(const struct dpi *d, struct flow *f)
{
    ndpi_protocol_match_result found = {0};
    char host[256];
    size_t len;

    if (!flow_host(f))
        return false;
    len = strnlen(flow_host(f), sizeof(host) - 1);
    memcpy(host, flow_host(f), len);
    host[len] = 0;
    if (ndpi_match_string_subprotocol(d->module, host, (u_int)len, &found) <= 0 ||
        !is_named(d, found.protocol_id))
        return false;
    name(d, f, (uint16_t)found.protocol_id);
    return true;
}

/* By whose address it is: nDPI knows the networks of some providers (IPv4). */
static bool name_by_address(const struct dpi *d, struct flow *f)
{
    struct in_addr server = {.s_addr = v4_of(&f->server)};
    uint16_t id;

    if (!server.s_addr)
        return false;
    id = ndpi_network_port_ptree_match(d->module, &server, htons(f->server_port));
    if (id == NDPI_PROTOCOL_UNKNOWN || !is_named(d, id))
        return false;
    name(d, f, id);
    return true;
}

static const struct {
    uint16_t port;
    const char *word;
} mail_over_tls[] = {{465, "smtps"}, {587, "smtps"}, {993, "imaps"}, {995, "pop3s"}};

/* TLS on a port of mail is that mail protocol's (RFC 8314). */
static bool name_by_port(const struct dpi *d, struct flow *f)
{
    for (size_t i = 0; i < sizeof(mail_over_tls) / sizeof(mail_over_tls[0]); i++) {
        int word;

        if (f->stage.app != d->tls || mail_over_tls[i].port != f->server_port)
            continue;
        word = names_find(&names_app, mail_over_tls[i].word);
        f->stage.app = word > 0 ? (uint16_t)word : d->tls;
        return word > 0;
    }
    return false;
}

/* Nobody named it, and nDPI did not see so much of it that its word is the last. */
static bool may_be_guessed(const struct dpi *d, const struct flow *f)
{
    return !f->stage.app && !f->stage.protected && !(f->stage.dpi_done && is_long(d, f));
}

/* Of those who carry everything, who it was. */
static bool may_be_narrowed(const struct dpi *d, const struct flow *f)
{
    return f->stage.confidence == d->own_parser &&
           (f->stage.app == d->tls || f->stage.app == d->http || f->stage.app == d->quic);
}

void dpi_narrow(const struct dpi *d, struct flow *f)
{
    if (may_be_narrowed(d, f))
        (void)(name_by_host(d, f) || name_by_port(d, f) || name_by_address(d, f));
    if (!f->stage.category)
        f->stage.category = d->category_of_app[f->stage.app];
}

void dpi_end(struct dpi *d, struct flow *f)
{
    if (f->stage.dpi)
        give_up(d, f->stage.dpi);
    if (may_be_guessed(d, f))
        guess(d, f);
    dpi_narrow(d, f);
}

void dpi_forget(struct dpi *d, struct flow *f)
{
    if (f->stage.dpi)
        release(d, f->stage.dpi);
    f->stage.dpi_done = true;
}

struct dpi_counts dpi_counts(const struct dpi *d)
{
    return d->counts;
}
