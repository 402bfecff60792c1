/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - the closed vocabularies that rules and alerts use, as enums and their words.
 *
 * An enum's value is the index of its word; both lists stand in the same order and a
 * static assertion in names.c holds their lengths together. The words are part of the
 * rule language: they may be added to, never renamed.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct names {
    const char *what; /* "severity", for a sentence about an unknown one */
    const char *const *at;
    size_t count;
};

/* The word, or "unknown" when index is past the end. */
const char *names_get(const struct names *n, size_t index);

/* The index of word, or -ENOENT. */
int names_find(const struct names *n, const char *word);

enum severity {
    SEVERITY_INFO,
    SEVERITY_LOW,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH,
    SEVERITY_CRITICAL
};
extern const struct names names_severity;

/* Who acts first on an alert. */
enum role {
    ROLE_NETWORK_ADMIN,
    ROLE_SECURITY,
    ROLE_SAFETY_OFFICER,
    ROLE_PRIVACY_OFFICER,
    ROLE_EXAMS_OFFICER,
    ROLE_PRINCIPAL,
    ROLE_GOVERNOR,
    ROLE_AUDITOR,
};
extern const struct names names_role;

/* The most of a person that a rule may show. */
enum identity { IDENTITY_NONE, IDENTITY_PSEUDONYM, IDENTITY_DEVICE };
extern const struct names names_identity;

enum rule_mode { MODE_ALERT, MODE_SHADOW, MODE_DISABLED };
extern const struct names names_rule_mode;

enum age_band { BAND_NONE, BAND_PRIMARY, BAND_MIDDLE, BAND_SENIOR, BAND_STAFF };
extern const struct names names_age_band;

enum audience {
    AUDIENCE_STUDENTS,
    AUDIENCE_STAFF,
    AUDIENCE_ADMIN,
    AUDIENCE_SERVERS,
    AUDIENCE_GUESTS,
    AUDIENCE_EXAM,
    AUDIENCE_DEVICES
};
extern const struct names names_audience;

/* proto: the layer over IP, or arp. */
enum proto {
    PROTO_OTHER,
    PROTO_TCP,
    PROTO_UDP,
    PROTO_ICMP,
    PROTO_ICMP6,
    PROTO_ARP,
    PROTO_SCTP,
    PROTO_GRE,
    PROTO_ESP
};
extern const struct names names_proto;

/* Seen from the district's networks. */
enum direction {
    DIRECTION_OUTBOUND,
    DIRECTION_INBOUND,
    DIRECTION_INTERNAL,
    DIRECTION_EXTERNAL
};
extern const struct names names_direction;

/* How far a TCP conversation came; midstream: the sensor did not see its beginning. */
enum tcp_state {
    TCP_STATE_NO_ANSWER,
    TCP_STATE_REFUSED,
    TCP_STATE_ESTABLISHED,
    TCP_STATE_RESET,
    TCP_STATE_CLOSED,
    TCP_STATE_MIDSTREAM
};
extern const struct names names_tcp_state;

/* Whose way it is to put the options of a SYN in that order. */
enum syn_order {
    SYN_ORDER_LINUX,   /* Android and ChromeOS, too */
    SYN_ORDER_APPLE,   /* macOS, iOS */
    SYN_ORDER_WINDOWS, /* with its windows scaled, as since Vista */
    SYN_ORDER_OTHER
};
extern const struct names names_syn_order;

/* What the client said first, where no parser knows it. */
enum first_bytes {
    FIRST_BYTES_SHORT,  /* too little to tell */
    FIRST_BYTES_TEXT,   /* it begins with text, has a long run of it, or is half text */
    FIRST_BYTES_UNEVEN, /* many more bits are clear than set, or set than clear */
    FIRST_BYTES_EVEN    /* neither: as if encrypted from the first byte on */
};
extern const struct names names_first_bytes;

enum flow_end { FLOW_CLOSED, FLOW_IDLE, FLOW_CROWDED, FLOW_STOPPED };
extern const struct names names_flow_end;

enum dns_qr { DNS_QUERY, DNS_ANSWER };
extern const struct names names_dns_qr;
extern const struct names names_dns_type;  /* "A", "AAAA", ..., "other" is the first */
extern const struct names names_dns_rcode; /* by the number on the wire, up to 23 */

/* NetBIOS' own types have numbers that DNS gave to others; here they have these. */
#define NAMES_DNS_TYPE_NB     0x10020
#define NAMES_DNS_TYPE_NBSTAT 0x10021

/* The index in names_dns_type of a type's number on the wire. */
unsigned names_dns_type_of(unsigned wire);

/* Which message of the handshake: either side's hello, or the server's certificate. */
enum tls_side { TLS_CLIENT, TLS_SERVER, TLS_CERTIFICATE };
extern const struct names names_tls_side;

/* none; offered: the extension is there, which GREASE does too; real: the outer name is
 * one that only real ECH uses (RFC 9849; school-safety.md G9). */
enum tls_ech { ECH_NONE, ECH_OFFERED, ECH_REAL };
extern const struct names names_tls_ech;

/* draft: one of the numbered drafts before RFC 9000. */
enum quic_version_name { QUIC_V1, QUIC_V2, QUIC_DRAFT };
extern const struct names names_quic_version;

/* How a certificate is signed, and the kind of key in it (RFC 3279 and its kin). */
enum cert_signature {
    CERT_SIGNATURE_UNKNOWN,
    CERT_RSA_MD2,
    CERT_RSA_MD5,
    CERT_RSA_SHA1,
    CERT_RSA_SHA224,
    CERT_RSA_SHA256,
    CERT_RSA_SHA384,
    CERT_RSA_SHA512,
    CERT_RSA_PSS, /* with any hash but SHA-1 */
    CERT_RSA_PSS_SHA1,
    CERT_DSA_SHA1,
    CERT_DSA_SHA224,
    CERT_DSA_SHA256,
    CERT_ECDSA_SHA1,
    CERT_ECDSA_SHA224,
    CERT_ECDSA_SHA256,
    CERT_ECDSA_SHA384,
    CERT_ECDSA_SHA512,
    CERT_SIGNED_ED25519,
    CERT_SIGNED_ED448,
};
extern const struct names names_cert_signature;

enum cert_key {
    CERT_KEY_UNKNOWN,
    CERT_KEY_RSA,
    CERT_KEY_DSA,
    CERT_KEY_EC,
    CERT_KEY_ED25519,
    CERT_KEY_ED448,
};
extern const struct names names_cert_key;

enum http_side { HTTP_REQUEST, HTTP_RESPONSE };
extern const struct names names_http_side;

enum dhcp_type {
    DHCP_NONE,
    DHCP_DISCOVER,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
    DHCP_INFORM, /* DHCPv6: information-request; what follows is DHCPv6's alone */
    DHCP_SOLICIT,
    DHCP_ADVERTISE,
    DHCP_CONFIRM,
    DHCP_RENEW,
    DHCP_REBIND,
    DHCP_REPLY,
    DHCP_RECONFIGURE
};
extern const struct names names_dhcp_type;

enum arp_op { ARP_OTHER, ARP_REQUEST, ARP_REPLY };
extern const struct names names_arp_op;

/* RFC 4861: router solicitation, ..., redirect; in the order of their ICMPv6 types. */
enum nd_type { ND_RS, ND_RA, ND_NS, ND_NA, ND_REDIRECT };
extern const struct names names_nd_type;

enum nd_preference { ND_PREFERENCE_LOW, ND_PREFERENCE_MEDIUM, ND_PREFERENCE_HIGH };
extern const struct names names_nd_preference;

enum name_proto { NAME_MDNS, NAME_LLMNR, NAME_NBNS };
extern const struct names names_name_proto;

enum name_op {
    NAME_OP_QUERY,
    NAME_OP_REGISTER,
    NAME_OP_RELEASE,
    NAME_OP_WAIT,
    NAME_OP_REFRESH,
    NAME_OP_OTHER
};
extern const struct names names_name_op;

/* Whose word it is. */
enum party { SIDE_CLIENT, SIDE_SERVER };
extern const struct names names_side;

/* How somebody logged in where everybody can read along - or, with a challenge, not the
 * password. Anonymous: no password, or one that proves nothing (FTP, SMB). */
enum login_proto {
    LOGIN_FTP,
    LOGIN_POP3,
    LOGIN_IMAP,
    LOGIN_SMTP,
    LOGIN_TELNET,
    LOGIN_SMB
};
enum login_result { LOGIN_ACCEPTED, LOGIN_REFUSED };
enum login_method {
    LOGIN_PASSWORD, /* the protocol's own command, or a prompt */
    LOGIN_PLAIN,    /* SASL PLAIN (RFC 4616), or a bearer's token (RFC 7628) */
    LOGIN_LOGIN,    /* SASL LOGIN */
    LOGIN_CHALLENGE,
    LOGIN_ANONYMOUS
};
extern const struct names names_login_proto, names_login_result, names_login_method;

/* "2": some version of it, which is told by a second negotiation. */
enum smb_version { SMB_1, SMB_2, SMB_2_0_2, SMB_2_1, SMB_3_0, SMB_3_0_2, SMB_3_1_1 };
extern const struct names names_smb_version;

/* MS-RDPBCGR 2.2.1.1.1: rdp is the encryption of its own; nla is CredSSP. */
enum rdp_security {
    RDP_STANDARD,
    RDP_TLS,
    RDP_NLA,
    RDP_RDSTLS,
    RDP_NLA_EARLY,
    RDP_AAD,
    RDP_FAILED
};
extern const struct names names_rdp_security;

enum snmp_version { SNMP_V1, SNMP_V2C, SNMP_V3 };
extern const struct names names_snmp_version;

enum snmp_pdu {
    SNMP_GET,
    SNMP_GET_NEXT,
    SNMP_RESPONSE,
    SNMP_SET,
    SNMP_TRAP,
    SNMP_GET_BULK,
    SNMP_INFORM,
    SNMP_REPORT
};
extern const struct names names_snmp_pdu;

enum kerberos_message {
    KERBEROS_AS_REQ,
    KERBEROS_AS_REP,
    KERBEROS_TGS_REQ,
    KERBEROS_TGS_REP,
    KERBEROS_ERROR
};
extern const struct names names_kerberos_message;

enum kerberos_cipher {
    KERBEROS_DES,
    KERBEROS_DES3,
    KERBEROS_RC4,
    KERBEROS_RC4_EXPORT,
    KERBEROS_AES128,
    KERBEROS_AES256,
    KERBEROS_AES128_SHA2,
    KERBEROS_AES256_SHA2,
    KERBEROS_CAMELLIA,
    KERBEROS_CIPHER_OTHER
};
extern const struct names names_kerberos_cipher;

enum kerberos_error {
    KERBEROS_NAME_EXPIRED,
    KERBEROS_CLIENT_UNKNOWN,
    KERBEROS_SERVICE_UNKNOWN,
    KERBEROS_POLICY,
    KERBEROS_BAD_OPTION,
    KERBEROS_CIPHER_REFUSED,
    KERBEROS_CLIENT_REVOKED, /* locked, or not allowed now */
    KERBEROS_KEY_EXPIRED,    /* the password is too old */
    KERBEROS_PREAUTH_FAILED, /* the password is wrong */
    KERBEROS_PREAUTH_REQUIRED,
    KERBEROS_UNAVAILABLE,
    KERBEROS_BAD_INTEGRITY,
    KERBEROS_TICKET_EXPIRED,
    KERBEROS_TICKET_EARLY,
    KERBEROS_REPEAT,
    KERBEROS_SKEW,
    KERBEROS_MODIFIED,
    KERBEROS_TOO_BIG, /* ask again over TCP */
    KERBEROS_GENERIC,
    KERBEROS_WRONG_REALM,
    KERBEROS_ERROR_OTHER
};
extern const struct names names_kerberos_error;

enum rtcp_report { RTCP_SENDER, RTCP_RECEIVER };
extern const struct names names_rtcp_report;

/* What a packet was wrapped in; of several, the innermost. */
enum tunnel {
    TUNNEL_NONE,
    TUNNEL_IPIP,
    TUNNEL_6IN4,
    TUNNEL_GRE,
    TUNNEL_VXLAN,
    TUNNEL_GENEVE,
    TUNNEL_TEREDO
};
extern const struct names names_tunnel;

/* What the application, category, risk and confidence of a flow are called here, whatever
 * the nDPI that is built in calls them. dpi.c maps; index 0 is "unknown" in each. */
extern const struct names names_app;
extern const struct names names_category;
extern const struct names names_risk; /* at most 64: a set of them is a bit mask */

/* How the application was told. By port and by address are guesses. */
enum confidence {
    CONFIDENCE_UNKNOWN,
    CONFIDENCE_OWN_PARSER, /* an extractor of ours read the protocol */
    CONFIDENCE_DPI,
    CONFIDENCE_DPI_CACHE,
    CONFIDENCE_DPI_PARTIAL,
    CONFIDENCE_DPI_PARTIAL_CACHE,
    CONFIDENCE_DPI_AGGRESSIVE,
    CONFIDENCE_BY_PORT,
    CONFIDENCE_BY_IP,
    CONFIDENCE_CUSTOM_RULE
};
extern const struct names names_confidence;

/*
 * Our word for a name that nDPI prints (of a protocol, category or confidence): lower
 * case, all else than letters and digits as one '_', and a short list of exceptions. Cut
 * to capacity. It need not be in the vocabulary: then it is "unknown" to this release.
 */
void names_from_ndpi(const char *ndpi_name, char *ret_word, size_t capacity);

#endif
