# SPDX-License-Identifier: Apache-2.0
"""Ways around the school's filter: tunnels and names asked for elsewhere."""

import os
import shutil
import time

from acts import fetch, fetch_quic, greet_gateway, visit
from netns import LabError
from outside import DNS, OTHER, TUNNEL, TUNNEL_ZONE, VPN
from programs import find
from scenario import ATTACK, MISUSE, SILENCE, Scenario

PASSWORD = "lab-only"
BEYOND = "203.0.113.14"  # news.example, which the tunnels carry


def dns_tunnel(school):
    """iodine through the school's own resolver, with a little traffic inside."""
    device, far = f"dns{os.getpid()}", school["outside"]
    with far.start("iodined", "-f", "-c", "-P", PASSWORD, "-l", TUNNEL,
                   "-d", device + "s", "10.99.0.1/24", TUNNEL_ZONE) as server:
        server.wait_port(53, "udp")
        client = school["student-03"]
        with client.start("iodine", "-f", "-r", "-P", PASSWORD, "-d", device + "c",
                          "-I", 1, TUNNEL_ZONE) as tunnel:
            tunnel.wait_log("Connection setup complete", timeout=60)
            client.run("ping", "-c", 70, "-i", 0.1, "-s", 120, "10.99.0.1", check=False)
            time.sleep(2)


UNBOUND = """server:
  interface: {address}@443
  https-port: 443
  tls-service-key: {key}
  tls-service-pem: {certificate}
  access-control: 0.0.0.0/0 allow
  module-config: "iterator"
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  verbosity: 1
  do-ip6: no
  local-zone: "test." nodefault
  interface-automatic: no
forward-zone:
  name: "."
  forward-addr: {dns}
remote-control:
  control-enable: no
"""


def dns_over_https(school):
    """A browser that asks dns.google by HTTPS for every name.

    unbound runs from a copy: AppArmor holds the one in /usr/sbin to /etc/unbound.
    """
    far, authority = school["outside"], school.outside.authority
    config = far.write("unbound.conf", UNBOUND.format(
        address=OTHER["dns.google"], dns=DNS, folder=far.folder, key=authority.key,
        certificate=authority.certify("dns.google")))
    unbound = shutil.copy(find("unbound"), far.folder)
    with far.start(unbound, "-d", "-p", "-c", config) as server:
        server.wait_log("start of service")
        greet_gateway(school, "student-04")
        for site in ("news.example", "maps.example", "weather.test", "mail.example"):
            fetch(school, "student-04", f"https://{site}/", "--doh-url",
                  "https://dns.google/dns-query")
            time.sleep(0.3)


def dns_over_http3(school):
    """Two visits of dns.google by HTTP/3; the second server sends a Retry first."""
    greet_gateway(school, "student-05")
    fetch_quic(school, "student-05", "dns.google", "blocked")
    fetch_quic(school, "student-05", "dns.google", "blocked", "--validate-addr")


def read_news(school):
    school["student-02"].run("ping", "-c", 4, "-i", 0.3, "10.98.0.1")
    for page in ("", "picture"):
        fetch(school, "student-02", f"https://news.example/{page}")


def wireguard(school, use=None):
    """WireGuard by the kernel where it can, else by wireguard-go."""
    client, server = school["student-02"], school["outside"]
    ends = {}
    for ns, letter, address in ((client, "c", "10.98.0.2"), (server, "s", "10.98.0.1")):
        ends[letter] = WireGuard(ns, f"wg{os.getpid()}{letter}", address)
    ends["s"].listen(51820, ends["c"], "10.98.0.2/32")
    ends["c"].connect(f"{VPN}:51820", ends["s"], "10.98.0.0/24," + BEYOND + "/32")
    client.ip(f"route add {BEYOND}/32 dev {ends['c'].device}\n")
    try:
        if use:
            use(client)
        else:
            read_news(school)
    finally:
        for end in ends.values():
            end.close()


def wireguard_stays(school):
    """Like one that is up all day: it is told of before it is over."""
    wireguard(school, lambda client: client.run("ping", "-q", "-c", 76, "-i", 1,
                                                "10.98.0.1", timeout=90))


class WireGuard:
    """One end of the tunnel."""

    def __init__(self, ns, device, address):
        self.ns, self.device = ns, device
        self.key = ns.write("wg-key", ns.run("wg", "genkey"), mode=0o600)
        with open(self.key, encoding="utf-8") as key:
            self.public = ns.run("wg", "pubkey", stdin=key.read()).strip()
        self.go = None
        try:
            ns.ip(f"link add {device} type wireguard\n")
        except LabError:
            self.go = ns.start("wireguard-go", "-f", device)
            self.go.wait_until(lambda _: device in ns.run("ip", "-br", "link"),
                               "made no device")
            self._wait_control()
        ns.ip(f"addr add {address}/24 dev {device}\nlink set {device} up\n")

    def _wait_control(self):
        socket = f"/var/run/wireguard/{self.device}.sock"
        self.go.wait_until(lambda _: os.path.exists(socket), "opened no control socket")

    def listen(self, port, peer, allowed):
        self.ns.run("wg", "set", self.device, "private-key", self.key,
                    "listen-port", port, "peer", peer.public, "allowed-ips", allowed)

    def connect(self, endpoint, peer, allowed):
        self.ns.run("wg", "set", self.device, "private-key", self.key,
                    "peer", peer.public, "endpoint", endpoint, "allowed-ips", allowed,
                    "persistent-keepalive", 5)

    def close(self):
        self.ns.run("ip", "link", "del", self.device, check=False)
        if self.go:
            self.go.stop()


OPENVPN = """proto udp
dev-type tun
dev {device}
ca {ca}
key {key}
cert {certificate}
tls-auth {over_key} {direction}
verb 3
"""

OPENVPN_SERVER = """local {address}
lport 1194
topology subnet
server 10.97.0.0 255.255.255.0
dh none
tmp-dir {folder}
"""

OPENVPN_CLIENT = """client
remote vpn.example 1194
nobind
route {beyond}
"""

OPENVPN_READY = "Initialization Sequence Completed"


def openvpn(school):
    """OpenVPN over UDP with certificates and a shared key, as providers run it."""
    client, far = school["student-05"], school["outside"]
    authority, device = school.outside.authority, f"ov{os.getpid()}"
    over_key = far.path("openvpn.key")
    far.run("openvpn", "--genkey", "tls-auth", over_key)

    def config(ns, name, direction, rest):
        return ns.write("openvpn.conf", rest + OPENVPN.format(
            device=device + str(direction), ca=authority.certificate, key=authority.key,
            certificate=authority.certify(name), over_key=over_key, direction=direction))
    server = config(far, "vpn.example", 0,
                    OPENVPN_SERVER.format(address=VPN, folder=far.folder))
    with far.start("openvpn", server) as listening:
        listening.wait_log(OPENVPN_READY)
        own = config(client, "student-05", 1, OPENVPN_CLIENT.format(beyond=BEYOND))
        with client.start("openvpn", own) as tunnel:
            tunnel.wait_log(OPENVPN_READY, timeout=30)
            client.run("ping", "-c", 4, "-i", 0.3, "10.97.0.1")
            visit(school, "student-05", "news.example")


SCENARIOS = [
    Scenario("dns-tunnel", ATTACK,
             "A student's device carries traffic inside DNS questions to the school's "
             "own resolver.", dns_tunnel, ["iodine", "iodined"], ["bypass.dns-tunnel"],
             told_by=9),
    Scenario("dns-over-https", MISUSE,
             "A student's browser asks dns.google by HTTPS for the names of four sites.",
             dns_over_https, ["unbound"], ["bypass.doh"], told_by=5),
    Scenario("wireguard", MISUSE,
             "A student's device reads the news through a WireGuard tunnel.",
             wireguard, ["wg", "wireguard-go"], ["bypass.vpn-protocol"],
             within=SILENCE, told_by=68),
    Scenario("wireguard-stays", MISUSE,
             "A student's device holds a WireGuard tunnel open, and goes on.",
             wireguard_stays, ["wg", "wireguard-go"], ["bypass.vpn-protocol"],
             told_by=65),
    Scenario("openvpn", MISUSE,
             "A student's device reads the news through an OpenVPN tunnel.",
             openvpn, ["openvpn"], ["bypass.vpn-protocol"],
             within=SILENCE, told_by=68),
    Scenario("dns-over-http3", MISUSE,
             "A student's device asks dns.google by HTTP/3, once after a Retry.",
             dns_over_http3, ["gtlsclient", "gtlsserver"], ["bypass.doh"], told_by=5),
]
