/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of our fields answers for which of Sigma's, log by log: Sigma's taxonomy of log
 * sources, and the logs of Zeek. What is not in these tables cannot be asked.
 */
#include <strings.h>

#include "cli/sigma.h"

#define PLAIN(name, field)                                   \
    {                                                        \
        name, SIGMA_PLAIN, FIELD_##field, SIGMA_EITHER, NULL \
    }
#define FIRST(name, field)                                  \
    {                                                       \
        name, SIGMA_PLAIN, FIELD_##field, SIGMA_FIRST, NULL \
    }
#define SECOND(name, field)                                  \
    {                                                        \
        name, SIGMA_PLAIN, FIELD_##field, SIGMA_SECOND, NULL \
    }
#define PATH(name, how)                               \
    {                                                 \
        name, how, FIELD_HTTP_PATH, SIGMA_FIRST, NULL \
    }
#define NEVER(name, why)                                    \
    {                                                       \
        name, SIGMA_NEVER, FIELD_UNKNOWN, SIGMA_EITHER, why \
    }

#define ENDS                                                                             \
    PLAIN("src_ip", SRC_IP), PLAIN("dst_ip", DST_IP), PLAIN("c-ip", SRC_IP),             \
        PLAIN("s-ip", DST_IP), PLAIN("dst_port", DST_PORT), PLAIN("src_port", SRC_PORT), \
        PLAIN("s-port", DST_PORT)
#define ZEEK_ENDS                                             \
    PLAIN("id.orig_h", SRC_IP), PLAIN("id.orig_p", SRC_PORT), \
        PLAIN("id.resp_h", DST_IP), PLAIN("id.resp_p", DST_PORT)

#define VERDICT "a sensor sees the conversation, not what a firewall made of it"
#define HEADER  "of the head of a request, this is not read"
#define BODY    "bodies are not read"
#define CONTENT "of records, only names and addresses are kept, not what others say"
#define HOST_OS "it is known to the machine, not to the wire"

static const struct sigma_field dns_fields[] = {
    ENDS,
    ZEEK_ENDS,
    PLAIN("query", DNS_QNAME),
    PLAIN("QueryName", DNS_QNAME),
    PLAIN("record_type", DNS_QTYPE),
    PLAIN("qtype_name", DNS_QTYPE),
    PLAIN("parent_domain", HOST_REGISTRABLE),
    PLAIN("proto", PROTO),
    SECOND("rcode_name", DNS_RCODE),
    SECOND("response_code", DNS_RCODE),
    NEVER("answer", CONTENT),
    NEVER("answers", CONTENT),
    NEVER("Z", "the reserved bits of a head are not kept"),
    NEVER("Image", HOST_OS),
    {0},
};

#define WEB                                                                             \
    PATH("c-uri", SIGMA_URL), PATH("c-uri-query", SIGMA_QUERY),                         \
        PATH("cs-uri-query", SIGMA_QUERY), PATH("c-uri-stem", SIGMA_STEM),              \
        PATH("cs-uri-stem", SIGMA_STEM), PATH("c-uri-extension", SIGMA_EXTENSION),      \
        PATH("cs-uri-extension", SIGMA_EXTENSION), PATH("cs-uri", SIGMA_URL),           \
        FIRST("c-useragent", HTTP_USER_AGENT), FIRST("cs-user-agent", HTTP_USER_AGENT), \
        FIRST("cs-useragent", HTTP_USER_AGENT), FIRST("cs-method", HTTP_METHOD),        \
        FIRST("cs-host", HOST), FIRST("r-dns", HOST), SECOND("sc-status", HTTP_STATUS), \
        SECOND("sc-content-type", HTTP_CONTENT_TYPE), NEVER("cs-cookie", HEADER),       \
        NEVER("cs-referer", HEADER), NEVER("cs-referrer", HEADER),                      \
        NEVER("cs-bytes", "a sensor counts whole frames, a proxy what they carry"),     \
        NEVER("sc-bytes", "a sensor counts whole frames, a proxy what they carry"),     \
        NEVER("cs-username", "who is logged in is never read"), NEVER("action", VERDICT)

static const struct sigma_field web_fields[] = {ENDS, WEB, {0}};

static const struct sigma_field zeek_http_fields[] = {
    ENDS,
    ZEEK_ENDS,
    WEB,
    FIRST("host", HOST),
    PATH("uri", SIGMA_PLAIN),
    FIRST("user_agent", HTTP_USER_AGENT),
    FIRST("method", HTTP_METHOD),
    SECOND("status_code", HTTP_STATUS),
    NEVER("resp_mime_types", "Zeek tells the type from the body, and " BODY),
    NEVER("request_body_len", BODY),
    NEVER("response_body_len", BODY),
    NEVER("client_header_names", HEADER),
    NEVER("referrer", HEADER),
    {0},
};

static const struct sigma_field firewall_fields[] = {
    ENDS,
    PLAIN("protocol", PROTO),
    PLAIN("proto", PROTO),
    NEVER("action", VERDICT),
    NEVER("blocked", VERDICT),
    {0},
};

static const struct sigma_field connection_fields[] = {
    ENDS,
    PLAIN("SourceIp", SRC_IP),
    PLAIN("SourcePort", SRC_PORT),
    PLAIN("DestinationIp", DST_IP),
    PLAIN("DestinationPort", DST_PORT),
    PLAIN("DestinationHostname", HOST),
    PLAIN("Protocol", PROTO),
    NEVER("Initiated",
          "both ends may be watched: on the wire, each conversation was begun "
          "by one of them"),
    NEVER("Image", HOST_OS),
    NEVER("User", HOST_OS),
    NEVER("CommandLine", HOST_OS),
    {0},
};

static const struct sigma_field zeek_conn_fields[] = {
    ZEEK_ENDS,
    ENDS,
    PLAIN("proto", PROTO),
    NEVER("service", "Zeek's names of protocols are not ours: see ndpi.proto"),
    NEVER("conn_state", "Zeek tells more states apart than tcp.state does"),
    NEVER("orig_bytes", "a sensor counts whole frames, Zeek what they carry"),
    NEVER("resp_bytes", "a sensor counts whole frames, Zeek what they carry"),
    {0},
};

static const struct sigma_field zeek_ssl_fields[] = {
    ZEEK_ENDS,
    ENDS,
    FIRST("server_name", TLS_SNI),
    FIRST("ja3", TLS_JA3),
    SECOND("ja3s", TLS_JA3),
    NEVER("validation_status", "certificates are read, not judged by a list of roots"),
    NEVER("version", "Zeek writes it another way: see tls.version"),
    NEVER("cipher", "it is a number here: see tls.cipher"),
    {0},
};

static const struct sigma_field zeek_x509_fields[] = {
    {"certificate.serial", SIGMA_SERIAL, FIELD_TLS_CERT_SERIAL, SIGMA_EITHER, NULL},
    NEVER("certificate.subject", "parts of a name are written another way here"),
    NEVER("certificate.issuer", "parts of a name are written another way here"),
    {0},
};

static const struct sigma_field ends_fields[] = {ZEEK_ENDS, ENDS, {0}};

#define CLEAR_ONLY "only HTTP in clear text is seen, not what is inside of TLS"

static const struct sigma_source sources[] = {
    {"dns", "", "", "dns", "dns.qr == \"query\"", "dns.qr == \"answer\"", NULL, NULL,
     dns_fields, NULL, NULL},
    {"dns_query", NULL, "", NULL, NULL, NULL, NULL, NULL, NULL,
     "dns_query is what a machine says of its own programs; dns is the log of a network",
     NULL},
    {"", "zeek", "dns", "dns", "dns.qr == \"query\"", "dns.qr == \"answer\"", NULL, NULL,
     dns_fields, NULL, NULL},
    {"proxy", "", "", "http", "http.side == \"request\"", "http.side == \"response\"",
     "http, tls, quic", "(http.side == \"request\" or tls.side == \"client\")",
     web_fields, NULL, CLEAR_ONLY},
    {"webserver", NULL, "", "http",
     "http.side == \"request\" and direction in [\"inbound\", \"internal\"]",
     "http.side == \"response\" and direction in [\"inbound\", \"internal\"]", NULL, NULL,
     web_fields, NULL, CLEAR_ONLY},
    {"", "zeek", "http", "http", "http.side == \"request\"", "http.side == \"response\"",
     NULL, NULL, zeek_http_fields, NULL, NULL},
    {"firewall", "", "", "flow_start", "", "", NULL, NULL, firewall_fields, NULL, NULL},
    {"network_connection", "", "", "flow_start", "", "", NULL, NULL, connection_fields,
     NULL, NULL},
    {"network_connection", NULL, "", NULL, NULL, NULL, NULL, NULL, NULL,
     "it is about machines of one operating system, which the wire does not tell", NULL},
    {"", "zeek", "conn", "flow", "", "", NULL, NULL, zeek_conn_fields, NULL, NULL},
    {"", "zeek", "ssl", "tls, quic", "tls.side == \"client\"", "tls.side == \"server\"",
     NULL, NULL, zeek_ssl_fields, NULL, NULL},
    {"", "zeek", "x509", "tls", "tls.side == \"certificate\"", "", NULL, NULL,
     zeek_x509_fields, NULL, "certificates are seen up to TLS 1.2"},
    {"", "zeek", "rdp", "rdp", "rdp.side == \"client\"", "", NULL, NULL, ends_fields,
     NULL, NULL},
    {"", "zeek", "ssh", "ssh", "ssh.side == \"client\"", "", NULL, NULL, ends_fields,
     NULL, NULL},
    {"", "zeek", "smb_files", NULL, NULL, NULL, NULL, NULL, NULL,
     "which files and shares are opened is not read: of SMB, only its version is", NULL},
    {"", "zeek", "dce_rpc", NULL, NULL, NULL, NULL, NULL, NULL, "DCE/RPC is not read",
     NULL},
    {"", "zeek", "kerberos", NULL, NULL, NULL, NULL, NULL, NULL, "Kerberos is not read",
     NULL},
    {"", "zeek", "ldap", NULL, NULL, NULL, NULL, NULL, NULL, "LDAP is not read", NULL},
};

static bool fits(const char *wanted, const char *given)
{
    return !wanted || strcasecmp(wanted, given) == 0;
}

const struct sigma_source *sigma_source_find(const char *category, const char *product,
                                             const char *service)
{
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        const struct sigma_source *s = &sources[i];

        if (fits(s->category, category) && fits(s->product, product) &&
            fits(s->service, service))
            return s;
    }
    return NULL;
}

const struct sigma_field *sigma_field_find(const struct sigma_source *s, const char *name)
{
    for (const struct sigma_field *f = s->fields; f->name; f++)
        if (strcasecmp(f->name, name) == 0)
            return f;
    return NULL;
}
