/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <errno.h>
#include <string.h>

#include "field.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The words of an enum whose last value is last, in its order. */
#define NAMES(ident, said, last, ...)                                               \
    static const char *const ident##_words[] = {__VA_ARGS__};                       \
    const struct names names_##ident = {said, ident##_words, COUNT(ident##_words)}; \
    _Static_assert(COUNT(ident##_words) == (last) + 1,                              \
                   "enum and words of " #ident " are of unlike length")

NAMES(severity, "severity", SEVERITY_CRITICAL, "info", "low", "medium", "high",
      "critical");
NAMES(role, "role", ROLE_AUDITOR, "network-admin", "security", "safety-officer",
      "privacy-officer", "exams-officer", "principal", "governor", "auditor");
NAMES(identity, "identity", IDENTITY_DEVICE, "none", "pseudonym", "device");
NAMES(rule_mode, "mode", MODE_DISABLED, "alert", "shadow", "disabled");
NAMES(age_band, "age band", BAND_STAFF, "none", "primary", "middle", "senior", "staff");
NAMES(audience, "audience", AUDIENCE_DEVICES, "students", "staff", "admin", "servers",
      "guests", "exam", "devices");
NAMES(proto, "protocol", PROTO_ESP, "other", "tcp", "udp", "icmp", "icmp6", "arp", "sctp",
      "gre", "esp");
NAMES(direction, "direction", DIRECTION_EXTERNAL, "outbound", "inbound", "internal",
      "external");
NAMES(tcp_state, "TCP state", TCP_STATE_MIDSTREAM, "no_answer", "refused", "established",
      "reset", "closed", "midstream");
NAMES(syn_order, "order of a SYN's options", SYN_ORDER_OTHER, "linux", "apple", "windows",
      "other");
NAMES(first_bytes, "look of first bytes", FIRST_BYTES_EVEN, "short", "text", "uneven",
      "even");
NAMES(flow_end, "end of a flow", FLOW_STOPPED, "closed", "idle", "crowded", "stopped");
NAMES(dns_qr, "DNS message", DNS_ANSWER, "query", "answer");
NAMES(side, "side", SIDE_SERVER, "client", "server");
NAMES(tls_side, "TLS side", TLS_CERTIFICATE, "client", "server", "certificate");
NAMES(tls_ech, "ECH", ECH_REAL, "none", "offered", "real");
NAMES(quic_version, "QUIC version", QUIC_DRAFT, "v1", "v2", "draft");
NAMES(cert_signature, "signature algorithm", CERT_SIGNED_ED448, "unknown", "rsa_md2",
      "rsa_md5", "rsa_sha1", "rsa_sha224", "rsa_sha256", "rsa_sha384", "rsa_sha512",
      "rsa_pss", "rsa_pss_sha1", "dsa_sha1", "dsa_sha224", "dsa_sha256", "ecdsa_sha1",
      "ecdsa_sha224", "ecdsa_sha256", "ecdsa_sha384", "ecdsa_sha512", "ed25519", "ed448");
NAMES(cert_key, "kind of key", CERT_KEY_ED448, "unknown", "rsa", "dsa", "ec", "ed25519",
      "ed448");
NAMES(http_side, "HTTP side", HTTP_RESPONSE, "request", "response");
NAMES(dhcp_type, "DHCP message", DHCP_RECONFIGURE, "none", "discover", "offer", "request",
      "decline", "ack", "nak", "release", "inform", "solicit", "advertise", "confirm",
      "renew", "rebind", "reply", "reconfigure");
NAMES(nd_type, "neighbour discovery message", ND_REDIRECT, "rs", "ra", "ns", "na",
      "redirect");
NAMES(nd_preference, "router preference", ND_PREFERENCE_HIGH, "low", "medium", "high");
NAMES(name_proto, "name protocol", NAME_NBNS, "mdns", "llmnr", "nbns");
NAMES(name_op, "name operation", NAME_OP_OTHER, "query", "register", "release", "wait",
      "refresh", "other");
NAMES(arp_op, "ARP operation", ARP_REPLY, "other", "request", "reply");
NAMES(login_proto, "login protocol", LOGIN_SMB, "ftp", "pop3", "imap", "smtp", "telnet",
      "smb");
NAMES(login_result, "result of a login", LOGIN_REFUSED, "accepted", "refused");
NAMES(login_method, "login method", LOGIN_ANONYMOUS, "password", "plain", "login",
      "challenge", "anonymous");
NAMES(smb_version, "SMB version", SMB_3_1_1, "1", "2", "2.0.2", "2.1", "3.0", "3.0.2",
      "3.1.1");
NAMES(rdp_security, "RDP protection", RDP_FAILED, "rdp", "tls", "nla", "rdstls",
      "nla_early", "aad", "failed");
NAMES(snmp_version, "SNMP version", SNMP_V3, "v1", "v2c", "v3");
NAMES(snmp_pdu, "SNMP message", SNMP_REPORT, "get", "get_next", "response", "set", "trap",
      "get_bulk", "inform", "report");
NAMES(kerberos_message, "Kerberos message", KERBEROS_ERROR, "as_req", "as_rep", "tgs_req",
      "tgs_rep", "error");
NAMES(kerberos_cipher, "Kerberos cipher", KERBEROS_CIPHER_OTHER, "des", "des3", "rc4",
      "rc4_export", "aes128", "aes256", "aes128_sha2", "aes256_sha2", "camellia",
      "other");
NAMES(kerberos_error, "Kerberos error", KERBEROS_ERROR_OTHER, "name_expired",
      "client_unknown", "service_unknown", "policy", "bad_option", "cipher_refused",
      "client_revoked", "key_expired", "preauth_failed", "preauth_required",
      "unavailable", "bad_integrity", "ticket_expired", "ticket_early", "repeat", "skew",
      "modified", "too_big", "generic", "wrong_realm", "other");
NAMES(rtcp_report, "RTCP report", RTCP_RECEIVER, "sender", "receiver");
NAMES(tunnel, "tunnel", TUNNEL_TEREDO, "none", "ipip", "6in4", "gre", "vxlan", "geneve",
      "teredo");
NAMES(event_kind, "kind of event", EVENT_KINDS - 1, "flow_start", "flow", "dns", "tls",
      "quic", "http", "dhcp", "arp", "nd", "name", "device", "agent", "rule", "alert",
      "login", "ssh", "smb", "rdp", "snmp", "flow_active", "line", "kerberos", "dtls",
      "rtcp");

/* RFC 1035 section 4.1.1, RFC 2136, RFC 6895 section 2.3; 12 to 15 are not given out. */
NAMES(dns_rcode, "DNS result", 23, "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
      "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE", "DSOTYPENI",
      "RCODE12", "RCODE13", "RCODE14", "RCODE15", "BADVERS", "BADKEY", "BADTIME",
      "BADMODE", "BADNAME", "BADALG", "BADTRUNC", "BADCOOKIE");

/* IANA's registry of DNS resource record types, sorted by number; then NetBIOS' own. */
#define DNS_TYPES(T)                                                                    \
    T(1, "A"), T(2, "NS"), T(5, "CNAME"), T(6, "SOA"), T(10, "NULL"), T(11, "WKS"),     \
        T(12, "PTR"), T(13, "HINFO"), T(14, "MINFO"), T(15, "MX"), T(16, "TXT"),        \
        T(17, "RP"), T(18, "AFSDB"), T(24, "SIG"), T(25, "KEY"), T(28, "AAAA"),         \
        T(29, "LOC"), T(30, "NXT"), T(33, "SRV"), T(35, "NAPTR"), T(36, "KX"),          \
        T(37, "CERT"), T(39, "DNAME"), T(41, "OPT"), T(43, "DS"), T(44, "SSHFP"),       \
        T(45, "IPSECKEY"), T(46, "RRSIG"), T(47, "NSEC"), T(48, "DNSKEY"),              \
        T(49, "DHCID"), T(50, "NSEC3"), T(51, "NSEC3PARAM"), T(52, "TLSA"),             \
        T(53, "SMIMEA"), T(55, "HIP"), T(59, "CDS"), T(60, "CDNSKEY"),                  \
        T(61, "OPENPGPKEY"), T(62, "CSYNC"), T(63, "ZONEMD"), T(64, "SVCB"),            \
        T(65, "HTTPS"), T(99, "SPF"), T(108, "EUI48"), T(109, "EUI64"), T(249, "TKEY"), \
        T(250, "TSIG"), T(251, "IXFR"), T(252, "AXFR"), T(255, "ANY"), T(256, "URI"),   \
        T(257, "CAA"), T(NAMES_DNS_TYPE_NB, "NB"), T(NAMES_DNS_TYPE_NBSTAT, "NBSTAT")

#define WORD(number, word)   word
#define NUMBER(number, word) number

static const char *const dns_type_words[] = {"other", DNS_TYPES(WORD)};
static const unsigned dns_type_numbers[] = {DNS_TYPES(NUMBER)};
const struct names names_dns_type = {"DNS type", dns_type_words, COUNT(dns_type_words)};

unsigned names_dns_type_of(unsigned wire)
{
    for (unsigned i = 0; i < COUNT(dns_type_numbers); i++)
        if (dns_type_numbers[i] == wire)
            return i + 1;
    return 0;
}

const char *names_get(const struct names *n, size_t index)
{
    return index < n->count ? n->at[index] : "unknown";
}

int names_find(const struct names *n, const char *word)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->at[i], word) == 0)
            return (int)i;
    return -ENOENT;
}
