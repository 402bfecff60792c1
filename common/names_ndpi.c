/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our words for what nDPI says. They began as those of nDPI 4.2, in lower case; later
 * releases have added to them, up to 5.0. A word that no release says any more stays, as
 * rules may use it. names_from_ndpi() is the way from nDPI's spelling to ours, so that
 * the map of a release need not be written down.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "names.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
static const char *const apps[] = {
    "unknown", "ftp", "pop3", "smtp", "imap", "dns", "ipp", "http", "mdns", "ntp",
    "netbios", "nfs", "ssdp", "bgp", "snmp", "xdmcp", "smb1", "syslog", "dhcp",
    "postgresql", "mysql", "hotmail", "direct_download_link", "pop3s", "applejuice",
    "directconnect", "ntop", "coap", "vmware", "smtps", "dtls", "ubntac2", "kontiki",
    "openft", "fasttrack", "gnutella", "edonkey", "bittorrent", "skypecall", "signal",
    "memcached", "smb", "mining", "nestlogsink", "modbus", "whatsappcall", "datasaver",
    "xbox", "qq", "tiktok", "rtsp", "imaps", "icecast", "cpha", "ppstream", "zattoo",
    "shoutcast", "sopcast", "discord", "tvuplayer", "mongodb", "qqlive", "thunder",
    "ocsp", "irc", "ayiya", "xmpp", "nats", "amongus", "yahoo", "disneyplus",
    "googleplus", "vrrp", "steam", "halflife2", "worldofwarcraft", "telnet", "stun",
    "ipsec", "gre", "icmp", "igmp", "egp", "sctp", "ospf", "ip_in_ip", "rtp", "rdp",
    "vnc", "tumblr", "tls", "ssh", "usenet", "mgcp", "iax", "tftp", "afp", "stealthnet",
    "aimini", "sip", "truphone", "icmpv6", "dhcpv6", "armagetron", "crossfire", "dofus",
    "fiesta", "florensia", "guildwars", "amazonalexa", "kerberos", "ldap", "maplestory",
    "mssql", "pptp", "warcraft3", "worldofkungfu", "slack", "facebook", "twitter",
    "dropbox", "gmail", "googlemaps", "youtube", "skype_teams", "google", "dce_rpc",
    "netflow", "sflow", "http_connect", "http_proxy", "citrix", "netflix", "lastfm",
    "waze", "youtubeupload", "hulu", "checkmk", "ajp", "apple", "webex", "whatsapp",
    "appleicloud", "viber", "appleitunes", "radius", "windowsupdate", "teamviewer",
    "tuenti", "lotusnotes", "sap", "gtp", "wsd", "llmnr", "remotescan", "spotify",
    "messenger", "h323", "openvpn", "noe", "ciscovpn", "teamspeak", "tor",
    "ciscoskinny", "rtcp", "rsync", "oracle", "corba", "ubuntuone", "whois", "collectd",
    "socks", "nintendo", "rtmp", "ftp_data", "wikipedia", "zeromq", "amazon", "ebay",
    "cnn", "megaco", "redis", "pinterest", "vhua", "telegram", "vevo", "pandora",
    "quic", "zoom", "eaq", "ookla", "amqp", "kakaotalk", "kakaotalk_voice", "twitch",
    "doh_dot", "wechat", "mpeg_ts", "snapchat", "sina_weibo", "googlehangoutduo",
    "iflix", "github", "bjnp", "reddit", "wireguard", "smpp", "dnscrypt", "tinc",
    "deezer", "instagram", "microsoft", "starcraft", "teredo", "hotspotshield", "imo",
    "googledrive", "ocs", "microsoft_365", "cloudflare", "onedrive", "mqtt", "rx",
    "applestore", "opendns", "git", "drda", "playstore", "someip", "fix", "playstation",
    "pastebin", "linkedin", "soundcloud", "csgo", "lisp", "diameter", "applepush",
    "googleservices", "amazonvideo", "googledocs", "whatsappfiles", "targusdataspeed",
    "dnp3", "iec60870", "bloomberg", "capwap", "zabbix", "s7comm", "teams", "websocket",
    "anydesk", "soap", "applesiri", "snapchatcall", "hp_virtgrp", "genshinimpact",
    "activision", "forticlient", "z39_50", "likee", "gitlab", "avastsecuredns",
    "cassandra", "amazonaws", "salesforce", "vimeo", "facebookvoip", "signalvoip",
    "fuze", "gtp_u", "gtp_c", "gtp_prime", "alibaba", "crashlytics", "azure",
    "icloudprivaterelay", "ethernetip", "badoo", "accuweather", "googleclassroom",
    "psiphon", "ultrasurf", "threema", "alicloud", "avast", "tivoconnect", "kismet",
    "fastcgi", "natpmp", "syncthing", "crynet", "line", "linecall", "munin",
    "elasticsearch", "tuya_lp", "tplink_shp", "tailscale", "roblox", "hamachi", "goto",
    "edgecast", "cachefly", "softether", "vk", "yandex", "outlook", "yandexmail",
    "nordvpn", "surfshark", "cactusvpn", "protonvpn", "windscribe", "operavpn",
    "tunnelbear", "cloudflarewarp", "mullvad", "epicgames", "geforcenow", "nvidia",
    "bitcoin", "ethereum", "bacnet", "oicq", "http2", "haproxy", "rmcp", "uftp",
    "openflow", "json_rpc", "resp", "openwire", "mpegdash", "srtp", "protobuf",
    "profinet_io", "mumble", "ceph", "riotgames", "rockstar_games", "iec62056", "stomp",
    "radmin", "raft", "gearman", "tencentgames", "gaijin", "pathofexile", "naraka",
    "beckhoff_ads", "telegramvoip", "rtps", "iso9506_1_mms", "ieee_c37118", "opc_ua",
    "dlep", "sonos", "knxnet_ip", "trdp", "dingtalk", "paltalk", "dicom", "lustre",
    "bfcp", "ripe_atlas", "doh", "dot", "doq", "snowflake", "shadowsocks", "vmess",
    "gquic", "nbns",
};
/* clang-format on */

const struct names names_app = {"application", apps, COUNT(apps)};

/* clang-format off */
static const char *const categories[] = {
    "unknown", "media", "vpn", "email", "data_transfer", "web", "social_network",
    "download", "game", "chat", "voip", "database", "remote_access", "cloud", "network",
    "collaborative", "rpc", "streaming", "system", "software_update", "custom_1",
    "custom_2", "custom_3", "custom_4", "custom_5", "music", "video", "shopping",
    "productivity", "file_sharing", "connectivity_check", "iot_scada",
    "virtual_assistant", "cybersecurity", "adult_content", "mining", "malware",
    "advertisement", "banned_site", "site_unavailable", "allowed_site", "antimalware",
    "crypto_currency", "gambling", "health", "artificial_intelligence", "finance",
    "news", "sport", "business", "internet_hosting",
};
/* clang-format on */

const struct names names_category = {"category", categories, COUNT(categories)};

/* In the order of ndpi_risk_enum, which only ever grew at its end: the index of a word is
 * nDPI's own number. */
/* clang-format off */
static const char *const risks[] = {
    "unknown", "url_possible_xss", "url_possible_sql_injection",
    "url_possible_rce_injection", "binary_application_transfer",
    "known_protocol_on_non_standard_port", "tls_selfsigned_certificate",
    "tls_obsolete_version", "tls_weak_cipher", "tls_certificate_expired",
    "tls_certificate_mismatch", "http_suspicious_user_agent", "http_numeric_ip_host",
    "http_suspicious_url", "http_suspicious_header", "tls_not_carrying_https",
    "suspicious_dga_domain", "malformed_packet",
    "ssh_obsolete_client_version_or_cipher", "ssh_obsolete_server_version_or_cipher",
    "smb_insecure_version", "tls_suspicious_esni_usage", "unsafe_protocol",
    "dns_suspicious_traffic", "tls_missing_sni", "http_suspicious_content", "risky_asn",
    "risky_domain", "malicious_ja3", "malicious_sha1_certificate",
    "desktop_or_file_sharing_session", "tls_uncommon_alpn",
    "tls_cert_validity_too_long", "tls_suspicious_extension", "tls_fatal_alert",
    "suspicious_entropy", "clear_text_credentials", "dns_large_packet",
    "dns_fragmented", "invalid_characters", "possible_exploit",
    "tls_certificate_about_to_expire", "punycode_idn", "error_code_detected",
    "http_crawler_bot", "anonymous_subscriber", "unidirectional_traffic",
    "http_obsolete_server", "periodic_flow", "minor_issues", "tcp_issues",
    "fully_encrypted", "tls_alpn_sni_mismatch", "malware_host_contacted",
    "binary_data_transfer", "probing_attempt", "obfuscated_traffic", "slow_dos",
};
/* clang-format on */

const struct names names_risk = {"nDPI risk", risks, COUNT(risks)};

_Static_assert(COUNT(risks) <= 64, "a set of risks is a mask of 64 bits");

static const char *const confidences[] = {
    "unknown",           "own_parser",     "dpi",     "dpi_cache", "dpi_partial",
    "dpi_partial_cache", "dpi_aggressive", "by_port", "by_ip",     "custom_rule",
};

const struct names names_confidence = {"confidence", confidences, COUNT(confidences)};

_Static_assert(COUNT(confidences) == CONFIDENCE_CUSTOM_RULE + 1, "enum confidence");

/* Where lower case alone gives no good word. */
static const struct {
    const char *lower, *word;
} exceptions[] = {
    {"ftp_control", "ftp"},
    {"smbv1", "smb1"},
    {"smbv23", "smb"},
    {"jabber", "xmpp"},
    {"pops", "pop3s"},
    {"whois_das", "whois"},
    {"mssql_tds", "mssql"},
    {"ms_onedrive", "onedrive"},
    {"microsoft365", "microsoft_365"},
    {"unspecified", "unknown"},
    {"datatransfer", "data_transfer"},
    {"socialnetwork", "social_network"},
    {"remoteaccess", "remote_access"},
    {"softwareupdate", "software_update"},
    {"user_custom_category_1", "custom_1"},
    {"user_custom_category_2", "custom_2"},
    {"user_custom_category_3", "custom_3"},
    {"user_custom_category_4", "custom_4"},
    {"user_custom_category_5", "custom_5"},
    {"filesharing", "file_sharing"},
    {"conncheck", "connectivity_check"},
    {"virtassistant", "virtual_assistant"},
    {"match_by_port", "by_port"},
    {"match_by_ip", "by_ip"},
    {"match_by_custom_rule", "custom_rule"},
};

void names_from_ndpi(const char *ndpi_name, char *ret_word, size_t capacity)
{
    size_t len = 0;
    bool gap = false;

    if (capacity == 0)
        return;
    for (const char *at = ndpi_name; *at && len + 2 < capacity; at++) {
        if (!isalnum((unsigned char)*at)) {
            gap = true;
            continue;
        }
        if (gap && len > 0)
            ret_word[len++] = '_';
        gap = false;
        ret_word[len++] = (char)tolower((unsigned char)*at);
    }
    ret_word[len] = '\0';

    for (size_t i = 0; i < COUNT(exceptions); i++)
        if (strcmp(ret_word, exceptions[i].lower) == 0) {
            snprintf(ret_word, capacity, "%s", exceptions[i].word);
            return;
        }
}
