/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/extract.h"

/* In the order in which they are asked; the commonest first. */
const struct extractor *const extractors[] = {
    &extract_dns_udp,      &extract_tls,  &extract_http,      &extract_dns_tcp,
    &extract_dhcp,         &extract_arp,  &extract_quic,      &extract_mdns,
    &extract_nd,           &extract_nbns, &extract_llmnr,     &extract_dhcp6,
    &extract_proxy,        &extract_ssh,  &extract_smb,       &extract_rdp,
    &extract_smtp,         &extract_ftp,  &extract_pop3,      &extract_imap,
    &extract_telnet,       &extract_snmp, &extract_llmnr_tcp, &extract_kerberos_udp,
    &extract_kerberos_tcp, &extract_dtls, &extract_rtcp,
};

const size_t extractor_count = sizeof(extractors) / sizeof(*extractors);
