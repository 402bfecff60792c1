# SPDX-License-Identifier: Apache-2.0
"""The programs that the lab uses and the Debian packages they come in."""

import shutil

from netns import ENV

# program -> package; the same names in Debian 12, Debian 13 and Ubuntu 24.04 where no
# other is given behind a bar (the first that exists is meant).
PACKAGES = {
    "ip": "iproute2",
    "tc": "iproute2",
    "ethtool": "ethtool",
    "tcpdump": "tcpdump",
    "tcpreplay": "tcpreplay",
    "dnsmasq": "dnsmasq-base",
    "nginx": "nginx",
    "openssl": "openssl",
    "curl": "curl",
    "dig": "bind9-dnsutils",
    "ping": "iputils-ping",
    "arping": "iputils-arping",
    "udhcpc": "udhcpc",
    "arpspoof": "dsniff",
    "nmap": "nmap",
    "fping": "fping",
    "iodine": "iodine",
    "iodined": "iodine",
    "unbound": "unbound",
    "wg": "wireguard-tools",
    "wireguard-go": "wireguard-go",
    "openvpn": "openvpn",
    "vsftpd": "vsftpd",
    "tnftp": "tnftp",
    "telnet": "inetutils-telnet",
    "telnetd": "inetutils-telnetd",
    "socat": "socat",
    "ssh": "openssh-client",
    "sftp": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "xrdp": "xrdp",
    "xfreerdp": "freerdp2-x11 | freerdp3-x11",
    "Xvfb": "xvfb",
    "transmission-cli": "transmission-cli",
    "transmission-create": "transmission-cli",
    "gtlsclient": "ngtcp2-client",
    "gtlsserver": "ngtcp2-server",
    "dhclient": "isc-dhcp-client",
    "atk6-fake_router26": "thc-ipv6",
    "atk6-fake_advertise6": "thc-ipv6",
    "scapy": "python3-scapy",
    "llmnrd": "llmnrd",
    "llmnr-query": "llmnrd",
    "nmblookup": "samba-common-bin",
    "avahi-daemon": "avahi-daemon",
    "dhcpstarv": "dhcpstarv",
    "hydra": "hydra",
    "smbd": "samba",
    "pdbedit": "samba",
    "smbclient": "smbclient",
    "ptunnel": "ptunnel",
    "knockd": "knockd",
    "knock": "knockd",
    "dovecot": "dovecot-core",
    "imap-login": "dovecot-imapd",
    "pop3-login": "dovecot-pop3d",
    "submission-login": "dovecot-submissiond",
    "swaks": "swaks",
    "smtpd": "opensmtpd",
    "microsocks": "microsocks",
    "tinyproxy": "tinyproxy",
    "kdig": "knot-dnsutils",
    "tor": "tor",
    "tor-gencert": "tor",
    "hping3": "hping3",
    "iperf3": "iperf3",
    "slowhttptest": "slowhttptest",
    "turnserver": "coturn",
    "turnutils_uclient": "coturn",
    "ffmpeg": "ffmpeg",
    "rsync": "rsync",
    "check_http": "monitoring-plugins-basic",
    "snmpd": "snmpd",
    "snmpget": "snmp",
    "snmpwalk": "snmp",
    "snmpset": "snmp",
    "sslsplit": "sslsplit",
    "baresip": "baresip-core",
}

# What the school itself stands on, whatever the scenario.
FOUNDATION = ["ip", "tc", "ethtool", "tcpdump", "dnsmasq", "nginx", "openssl", "curl",
              "dig", "ping"]

# A package may call its program differently in a newer release.
OTHER_NAMES = {"xfreerdp": ["xfreerdp3"]}


# Folders of programs that nobody calls by hand.
MORE_FOLDERS = ":/usr/lib/nagios/plugins:/usr/lib/dovecot"


def find(program):
    """The program's path, or None."""
    for name in (program, *OTHER_NAMES.get(program, ())):
        path = shutil.which(name, path=ENV["PATH"] + MORE_FOLDERS)
        if path:
            return path
    return None


def missing(programs):
    """The packages to install before these programs can run, sorted."""
    return sorted({PACKAGES[program] for program in programs if not find(program)})


def packages():
    """Every package that some scenario needs, sorted."""
    return sorted(set(PACKAGES.values()))
