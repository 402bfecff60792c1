#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The golden captures show what their scenarios promise, as tshark reads them."""

import collections
import os
import shutil
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import scenario                                            # noqa: E402
import tap                                                 # noqa: E402

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                      "golden")
LARGEST = 1_500_000
ALL_TOGETHER = 12_000_000

# capture, what tshark must find in it, in at least so many frames
FACTS = [
    ("browsing", "tls.handshake.type == 1 && ip.src == 10.20.1.11", 6),
    ("browsing", "tls.handshake.type == 2 && tls.handshake.version == 0x0303", 8),
    ("browsing", "tcp.port == 53 && dns.flags.response == 1", 2),
    ("browsing", "http.request && ip.src == 10.30.0.0/20", 2),
    ("switching-on", "dhcp.option.dhcp == 5 && ip.src == 10.20.0.1", 2),
    ("many-look-ups", "dns.flags.response == 1 && dns.flags.rcode == 0", 120),
    ("arp-announcement", "arp.isgratuitous && arp.src.proto_ipv4 == 10.30.1.12", 5),
    ("ssh-session", "ssh.protocol", 2),
    ("help-line", 'tls.handshake.extensions_server_name == "988lifeline.org"', 3),
    ("help-line", 'http.host == "988lifeline.org"', 1),
    ("browsing-quic", "tls.handshake.type == 1 && quic.long.packet_type == 0", 2),
    ("browsing-quic", "quic.token_length > 0 && ip.src == 10.30.1.11", 1),
    ("help-line-quic", 'tls.handshake.extensions_server_name == "988lifeline.org" && quic', 2),
    ("help-line-quic", 'dns.qry.name == "988lifeline.org" && ip.src == 10.20.1.16', 1),
    ("rogue-dhcp", "dhcp.option.dhcp == 2 && ip.src == 10.20.1.16", 2),
    ("rogue-dhcp", "dhcp.option.dhcp == 2 && ip.src == 10.20.0.1", 2),
    ("arp-spoofing", "arp.opcode == 2 && arp.src.proto_ipv4 == 10.20.0.1"
                     " && arp.src.hw_mac == 02:00:0a:14:01:0f", 2),
    ("host-sweep", "tcp.flags == 0x002 && ip.src == 10.20.1.14", 130),
    ("port-scan", "tcp.flags == 0x002 && ip.dst == 10.50.0.20", 300),
    ("monitoring", "icmp.type == 8 && ip.src == 10.40.0.11", 12),
    ("dns-tunnel", 'dns.qry.name contains "t.tunnel-example.test"'
                   " && dns.flags.response == 0", 100),
    ("dns-over-https", 'tls.handshake.extensions_server_name == "dns.google"', 4),
    ("dns-over-http3", 'tls.handshake.extensions_server_name == "dns.google" && quic', 2),
    ("wireguard", "wg.type == 1", 1),
    ("wireguard", "wg.type == 4", 60),
    ("wireguard-stays", "wg.type == 4", 120),
    ("openvpn", "openvpn && ip.dst == 203.0.113.77", 20),
    ("filter-not-applied", "tcp.len > 1000 && ip.src == 203.0.113.40", 150),
    ("filter-not-applied-quic", "udp.length > 1000 && ip.src == 203.0.113.40", 40),
    ("block-page", 'tls.handshake.extensions_server_name == "www.adult-example.test"', 1),
    ("safesearch-missing", 'dns.qry.name == "www.google.com"'
                           " && dns.a == 203.0.113.20", 4),
    ("safesearch-enforced", 'dns.qry.name == "www.google.com"'
                            " && dns.a == 216.239.38.120", 4),
    ("canary-answered", 'dns.qry.name == "use-application-dns.net"'
                        " && dns.a == 203.0.113.52", 2),
    ("canary-refused", 'dns.qry.name == "use-application-dns.net"'
                       " && dns.flags.rcode == 3", 2),
    ("ftp-login", 'ftp.request.command == "PASS"', 2),
    ("ftp-login", "ftp.response.code == 230", 2),
    ("basic-password", "http.authbasic", 1),
    ("basic-password", "http.response.code == 200", 1),
    ("basic-asked", "http.response.code == 401", 1),
    ("telnet-login", "telnet", 10),
    ("old-tls", "tls.handshake.type == 2 && tls.handshake.version == 0x0302", 1),
    ("old-tls", "tls.handshake.type == 2 && tls.handshake.version == 0x0301", 1),
    ("old-tls-refused", "tls.alert_message.desc == 70", 1),
    ("look-alike", 'tls.handshake.extensions_server_name == "www.hallwatch-schoo1.test"', 1),
    ("look-alike", 'http.host == "xn--hllwatch-bank-w1k.test"', 1),
    ("true-names", 'tls.handshake.extensions_server_name == "www.hallwatch-bank.example"', 1),
    ("malware-host", "tcp.len > 1000 && ip.src == 203.0.113.41", 40),
    ("mining", 'tcp.dstport == 3333 && frame contains "login"', 2),
    ("remote-desktop", "tcp.port == 3389 && tcp.len > 0", 20),
    ("bittorrent", "bittorrent", 10),
    ("unapproved-vendor",
     'tls.handshake.extensions_server_name == "newlearning-app.example"', 5),
    ("approved-vendor",
     'tls.handshake.extensions_server_name == "classroom.example"', 5),
    ("exam-contact", 'tls.handshake.extensions_server_name == "chat.ai-example.test"'
                     " && ip.src == 10.60.0.11", 2),
    ("exam-work", "tls.handshake.type == 1 && ip.src == 10.60.0.0/24", 4),
    ("rogue-dhcp6", "dhcpv6.msgtype == 7 && eth.src == 02:00:0a:14:01:10", 1),
    ("rogue-dhcp6", "icmpv6.type == 134 && eth.src == 02:00:0a:14:01:10", 1),
    ("proper-dhcp6", "dhcpv6.msgtype == 7 && eth.src == 02:00:00:00:20:01", 2),
    ("proper-dhcp6", "icmpv6.type == 134 && eth.src == 02:00:00:00:20:01", 1),
    ("rogue-router", "icmpv6.type == 134 && eth.src == 02:00:0a:14:01:0f", 3),
    ("nd-spoofing", "icmpv6.type == 136 && icmpv6.nd.na.target_address == 2001:db8:20::11"
                    " && eth.src == 02:00:0a:14:01:0f", 3),
    ("nd-spoofing", "icmpv6.type == 136 && icmpv6.nd.na.target_address == 2001:db8:20::11"
                    " && eth.src == 02:00:0a:14:01:0b", 3),
    ("neighbours", "icmpv6.type == 136", 4),
    ("name-poisoning", "llmnr && dns.flags.response == 1 && dns.a == 10.20.1.16", 4),
    ("name-poisoning", "nbns.flags.response == 1 && ip.src == 10.20.1.16", 2),
    ("machine-names", "llmnr && dns.flags.response == 1", 4),
    ("machine-names", "nbns.flags.response == 0", 2),
    ("printer-discovery", "mdns && dns.srv.port == 631", 2),
    ("wpad-by-dhcp", "dhcp.option.type == 252 && dhcp.option.dhcp == 5", 1),
    ("dhcp-starvation", "dhcp.option.dhcp == 5 && ip.src == 10.20.0.1", 20),
    ("expired-certificate", "tls.handshake.type == 11 && ip.src == 10.50.0.30", 2),
    ("expiring-certificate", "tls.handshake.type == 11 && ip.src == 10.50.0.30", 1),
    ("good-certificate", "tls.handshake.type == 11 && ip.src == 10.50.0.30", 1),
    ("good-certificate", "tls.handshake.type == 2 && ip.src == 10.50.0.30", 2),
    ("printer-certificate", "tls.handshake.type == 11 && ip.src == 10.30.2.5", 1),
    ("nameless-controller", "tls.handshake.type == 11 && ip.src == 203.0.113.41", 3),
    ("home-storage", 'tls.handshake.extensions_server_name == "weather.test"', 1),
    ("tls-interception", "tls.handshake.type == 11 && ip.dst == 10.20.1.12"
                         ' && x509sat.uTF8String == "Somebody CA"', 10),
    ("tls-interception", "tls.handshake.type == 1 && ip.src == 10.20.1.15", 10),
    ("ten-sites", "tls.handshake.type == 11 && ip.dst == 10.20.1.12"
                  ' && x509sat.uTF8String == "drill.test"', 10),
    ("ftp-guessing", "ftp.response.code == 530", 30),
    ("ftp-anonymous", 'ftp.request.arg == "anonymous"', 1),
    ("ftp-anonymous", "ftp.response.code == 234", 1),
    ("ssh-guessing", "ssh.message_code == 21", 24),
    ("ssh-errands", "ssh.message_code == 21", 12),
    ("smb-guessing", "smb2.nt_status == 0xc000006d", 24),
    ("smb-share", "smb2.nt_status == 0xc000006d", 2),
    ("smb-share", "smb2.cmd == 8", 1),
    ("smb1-server", "smb.cmd == 0x2e", 1),
    ("icmp-tunnel", "icmp.type == 0 && data.len > 500", 5),
    ("large-pings", "icmp.type == 8 && frame.len > 1500", 30),
    ("vxlan-outside", "vxlan && icmp && ip.dst == 203.0.113.99", 3),
    ("vxlan-servers", "vxlan && icmp", 6),
    ("ip-in-ip", "ip.proto == 4 && icmp && ip.dst == 192.168.78.2", 3),
    ("ipv6-in-ip", "ip.proto == 41 && icmpv6.type == 128", 3),
    ("ipv6-in-ip", "ip.proto == 41 && icmpv6.type == 129", 3),
    ("connect-scan", "tcp.flags == 0x002 && ip.dst == 10.50.0.20", 160),
    ("udp-scan", "udp && ip.dst == 10.50.0.20 && ip.src == 10.20.1.12", 160),
    ("xmas-scan", "tcp.flags == 0x029", 160),
    ("fin-scan", "tcp.flags == 0x001", 160),
    ("null-scan", "tcp.flags == 0x000", 160),
    ("protocol-scan", "ip.proto > 17 && ip.dst == 10.50.0.20", 230),
    ("ping-sweep", "icmp.type == 8 && ip.src == 10.20.1.16", 80),
    ("port-knocking", "tcp.flags == 0x002 && tcp.dstport in {7000, 8000, 9000}", 9),
    ("mail-in-clear", 'imap.request.command == "AUTHENTICATE" || imap.request.command == "LOGIN"', 1),
    ("mail-in-clear", "pop.request && ip.src == 10.30.1.11", 2),
    ("mail-in-clear", 'smtp.req.command == "AUTH"', 1),
    ("mail-in-tls", "tls.handshake.type == 1 && tcp.dstport in {110, 143}", 2),
    ("mail-guessing", "imap && ip.dst == 10.50.0.10", 24),
    ("mail-from-client", 'smtp.req.command == "MAIL" && tcp.dstport == 25', 3),
    ("socks-proxy", "socks && tcp.dstport == 1080", 2),
    ("connect-proxy", 'http.request.method == "CONNECT" && ip.dst == 203.0.113.99', 2),
    ("school-proxy", 'http.request.method == "CONNECT" && ip.dst == 10.50.0.20', 3),
    ("dns-over-tls", "tls.handshake.type == 1 && tcp.dstport == 853", 1),
    ("own-dns-over-tls", "tls.handshake.type == 1 && ip.dst == 10.50.0.20", 1),
    ("other-resolver", "dns.flags.response == 1 && ip.src == 198.51.100.53", 12),
    ("syn-flood", "tcp.flags == 0x002 && ip.dst == 203.0.113.200", 1200),
    ("udp-flood", "udp.dstport == 27015", 1200),
    ("flood-in-one", "udp.dstport == 27015 && udp.srcport == 40000", 11000),
    ("line-test", "udp.dstport == 5201", 1000),
    ("flood-inside", "udp.dstport == 27015 && ip.dst == 10.50.0.20", 1200),
    ("platform-silent", "tcp.flags == 0x002 && ip.dst == 203.0.113.200", 25),
    ("platform-silent", 'dns.qry.name == "lessons.learning_platforms.drill.test"'
                        " && dns.a == 203.0.113.200", 5),
    ("platform-silent-for-one", "tcp.flags == 0x002 && ip.src == 10.20.1.16", 25),
    ("many-connections", "tcp.flags == 0x002 && ip.dst == 203.0.113.10", 100),
    ("slow-http", "tcp.flags == 0x002 && ip.dst == 10.50.0.20", 80),
    ("slow-readers", "http.request && ip.dst == 10.50.0.20", 6),
    ("rdp-guessing", "tcp.flags == 0x002 && tcp.dstport == 3389", 22),
    ("desktop-from-outside", "tcp.flags == 0x012 && ip.dst == 198.51.100.2", 1),
    ("segment-breach", "tcp.flags == 0x012 && ip.src == 10.40.0.11", 1),
    ("made-up-domains", "dns.flags.rcode == 3", 30),
    ("dead-links", "dns.flags.rcode == 3", 8),
    ("program-from-address", 'http.content_type == "application/x-msdownload"', 1),
    ("program-from-vendor", 'http.host == "updates.vendor.test"', 1),
    ("ssh-from-outside", "ssh.protocol && ip.src == 203.0.113.99", 1),
    ("update-downloads", 'http.request.uri contains "lab-update.deb"', 4),
    ("video-call", "stun", 20),
    ("video-call", "udp.dstport == 5004", 40),
    ("sharp-call", "ip.src == 10.20.1.12 && udp.dstport == 5004", 10_000),
    ("sharp-call", "ip.src == 203.0.113.99 && udp.srcport == 5004", 300),
    ("broken-speech", "rtcp.ssrc.fraction >= 13 && ip.src == 10.30.1.11", 6),
    ("copying-files", "ssh.message_code == 21", 4),
    ("large-upload", "ip.src == 10.50.0.10 && tcp.dstport == 443 && frame.len > 10000", 1000),
    ("large-upload",
     'tls.handshake.extensions_server_name == "up.filehosting.drill.test"', 1),
    ("backup", 'tls.handshake.extensions_server_name == "up.filehosting.drill.test"', 1),
    ("backup", "ip.src == 10.50.0.20 && tcp.dstport == 874 && frame.len > 10000", 1000),
    ("sftp-upload", 'dns.qry.name == "up.filehosting.drill.test" && dns.a == 203.0.113.54', 1),
    ("sftp-upload", 'ssh.protocol contains "SSH-2.0" && ip.dst == 203.0.113.54', 1),
    ("sftp-upload", "ip.src == 10.50.0.10 && tcp.dstport == 22 && frame.len > 10000", 1000),
    ("monitoring-probes", "snmp", 12),
    ("monitoring-probes", 'http.user_agent contains "check_http"', 6),
    ("tor", "tls.handshake.type == 1 && tcp.dstport == 5001", 2),
    ("homework-upload",
     'tls.handshake.extensions_server_name == "up.filehosting.drill.test"', 1),
    ("homework-upload",
     "ip.src == 10.30.1.11 && tcp.dstport == 443 && frame.len > 10000", 1000),
    ("boot-storm", "dhcp.option.dhcp == 5", 25),
    ("snmp-read-out", 'snmp.community == "public" && snmp.data == 1', 50),
    ("snmp-read-out", 'snmp.community == "private" && snmp.data == 3', 1),
    ("printer-inventory", "snmp.msgVersion == 3 && ip.src == 10.40.0.11", 50),
    ("printer-inventory", 'snmp.community == "lab-only"', 8),
    ("beaconing", "tcp.flags == 0x002 && ip.dst == 203.0.113.66", 21),
    ("irregular-calls", "tcp.flags == 0x002 && ip.dst == 203.0.113.66", 21),
    ("telemetry", 'http.host == "telemetry.even_traffic.drill.test"', 21),
]

# capture, what tshark must not find in it
SILENT = [
    ("block-page", "tcp.len > 0 && ip.src == 203.0.113.40 && frame.len > 1400"),
    ("help-line-quic", 'dns.qry.name == "988lifeline.org" && ip.src == 10.20.1.13'),
    ("safesearch-enforced", "dns.a == 203.0.113.20"),
    ("canary-refused", "dns.a == 203.0.113.52"),
    ("basic-asked", "http.authbasic"),
    ("old-tls-refused", "tls.handshake.type == 2"),
    ("exam-work", "tls.handshake.type == 1 && !(ip.dst == 203.0.113.12)"),
    ("proper-dhcp6", "icmpv6.type == 134 && !(eth.src == 02:00:00:00:20:01)"),
    ("neighbours", "icmpv6.type == 134"),
    ("machine-names", "llmnr && dns.flags.response == 1 && dns.qry.name == \"wpad\""),
    ("nameless-controller", "tls.handshake.extensions_server_name"),
    ("ftp-anonymous", 'ftp.request.arg == "chalk-and-cheese"'),
    ("vxlan-servers", "ip.dst == 203.0.113.0/24"),
    ("mail-in-tls", 'pop.request.command == "PASS" || imap.request.command == "LOGIN"'),
    ("slow-readers", "tcp.flags.reset == 1"),
    ("printer-inventory", 'snmp.community == "public" || snmp.community == "private"'),
    ("beaconing", "dns"),
    ("irregular-calls", "dns"),
]

# So many packets of one conversation, with numbers drawn at random, that some come twice; a
# frame that is seen twice comes twice at one time.
DRAWN = {"flood-in-one"}
ONE_TIME = 0.0002  # seconds


# Large pieces as TCP makes them, which no card has cut yet, and only their heads are kept.
# The call is as thin, but of datagrams that are small.
UNCUT = {one.name for one in scenario.load().values() if one.thin} - {"sharp-call"}


def path_of(name):
    return os.path.join(GOLDEN, name + ".pcap")


def tshark(name, show, *options):
    done = subprocess.run(["tshark", "-n", "-r", path_of(name), "-Y", show, *options],
                          capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def all_of(questions):
    """tshark's answers to (capture, what to show, options...), as many at once as there are
    processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda words: tshark(*words), questions))


def captures():
    return [*kept(), "morning"]


def kept():
    return [one.name for one in scenario.load().values() if one.stored]


class Files(unittest.TestCase):
    def test_every_scenario_has_its_capture(self):
        self.assertEqual([name for name in captures()
                          if not os.path.exists(path_of(name))], [])

    def test_captures_are_small(self):
        sizes = [os.path.getsize(path_of(name)) for name in captures()]
        self.assertLess(max(sizes), LARGEST)
        self.assertLess(sum(sizes), ALL_TOGETHER)


@unittest.skipUnless(shutil.which("tshark"), "needs tshark")
class Contents(unittest.TestCase):
    def test_every_scenario_has_a_fact_and_every_fact_holds(self):
        self.assertEqual({name for name, _, _ in FACTS}, set(kept()))
        found = all_of([(name, show) for name, show, _ in FACTS])
        for (name, show, least), rows in zip(FACTS, found):
            with self.subTest(capture=name, show=show):
                self.assertGreaterEqual(len(rows), least)

    def test_harmless_captures_lack_what_their_neighbours_have(self):
        for (name, show), rows in zip(SILENT, all_of(SILENT)):
            with self.subTest(capture=name, show=show):
                self.assertEqual(rows, [])

    def test_no_frame_is_seen_twice_or_above_the_mtu(self):
        # 0: no number is given; 1: nor does Scapy give another
        every = [word for field in ("ip.src", "ip.dst", "ip.id", "ip.ttl", "tcp.seq_raw",
                                     "tcp.ack_raw", "tcp.srcport", "udp.srcport",
                                     "udp.checksum")
                 for word in ("-e", field)]
        told = all_of([(name, "ip.id > 1", "-T", "fields", "-E", "occurrence=f", *every)
                       for name in captures()])
        large = all_of([(name, "frame.len > 1514") for name in captures()])
        for name, rows, beyond in zip(captures(), told, large):
            with self.subTest(capture=name):
                counts = collections.Counter(rows if name not in DRAWN else ())
                self.assertEqual([row for row in rows if counts[row] > 1], [])
                self.assertEqual(bool(beyond), name in UNCUT)

    def test_numbers_that_are_drawn_twice_are_not_seen_at_one_time(self):
        for name in DRAWN:
            seen = {}
            for row in tshark(name, "ip.id > 1", "-T", "fields", "-e", "frame.time_epoch",
                              "-e", "ip.src", "-e", "ip.id", "-e", "ip.ttl"):
                time, key = row.split("\t", 1)
                self.assertGreater(float(time) - seen.get(key, 0), ONE_TIME, row)
                seen[key] = float(time)
            self.assertGreater(len(seen), 1000)

    def test_the_gateways_macs_are_the_agreed_ones(self):
        pairs = tshark("morning", "arp.opcode == 2", "-T", "fields", "-e",
                       "arp.src.proto_ipv4", "-e", "arp.src.hw_mac")
        for number in ("20", "30", "40", "50", "60"):
            self.assertIn(f"10.{number}.0.1\t02:00:00:00:{number}:01", pairs)


if __name__ == "__main__":
    tap.main()
