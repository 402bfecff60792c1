# SPDX-License-Identifier: Apache-2.0
"""The school: segments on one switch, a router, the outside, and a sensor on the mirror.

    student-01 … exam-01 … staff-01 … admin-01 … srv-web …      one namespace each
         └───────────┴── switch ──┴──────────┘                  a bridge per segment
                      │       └── tap ═ span (sensor)           copies of all frames
                    router ── wan ═ outside                     DHCP, DNS, the gateways

The mirror copies what enters the switch, so every frame is seen once, as its sender sent
it. A packet that is routed from one segment to another enters twice, before the router
and after it; only the copy on the segment that stands first in SEGMENTS is kept.
"""

from collections import namedtuple
from ipaddress import ip_address, ip_network

import outside
from netns import Ground
from web import serve_nginx

Segment = namedtuple("Segment", "name network gateway mac")

SEGMENTS = [
    Segment("students", "10.20.0.0/20", "10.20.0.1", "02:00:00:00:20:01"),
    Segment("exam", "10.60.0.0/24", "10.60.0.1", "02:00:00:00:60:01"),
    Segment("staff", "10.30.0.0/20", "10.30.0.1", "02:00:00:00:30:01"),
    Segment("admin", "10.40.0.0/24", "10.40.0.1", "02:00:00:00:40:01"),
    Segment("servers", "10.50.0.0/24", "10.50.0.1", "02:00:00:00:50:01"),
]

HOSTS = {
    "student-01": "10.20.1.11",
    "student-02": "10.20.1.12",
    "student-03": "10.20.1.13",
    "student-04": "10.20.1.14",
    "student-05": "10.20.1.15",
    "student-06": "10.20.1.16",
    "exam-01": "10.60.0.11",
    "exam-02": "10.60.0.12",
    "staff-01": "10.30.1.11",
    "staff-02": "10.30.1.12",
    "printer-01": "10.30.2.5",
    "admin-01": "10.40.0.11",
    "srv-files": "10.50.0.10",
    "srv-web": "10.50.0.20",
    "srv-old": "10.50.0.30",
}

# What the school's own DNS knows besides what it asks the outside for.
INSIDE_NAMES = {
    "intranet.lincoln.test": HOSTS["srv-web"],
    "files.lincoln.test": HOSTS["srv-files"],
    "library.lincoln.test": HOSTS["srv-old"],
    "printer.lincoln.test": HOSTS["printer-01"],
}

SAFE_SEARCH = "216.239.38.120"

NSSWITCH = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"


def segment_of(address):
    for segment in SEGMENTS:
        if ip_address(address) in ip_network(segment.network):
            return segment
    raise KeyError(address)


def etc_files(name, dns):
    """What a machine finds in its own /etc."""
    return {"resolv.conf": f"nameserver {dns}\n", "nsswitch.conf": NSSWITCH,
            "hosts": f"127.0.0.1 localhost\n127.0.1.1 {name}\n"}


def mac_of(address):
    """A machine's MAC holds its address, so that a capture can be read at sight."""
    return "02:00:" + ":".join(f"{byte:02x}" for byte in ip_address(address).packed)


class School:
    """Builds the school on entry, removes it on exit; hosts are reached by name."""

    def __init__(self):
        self.ground = Ground()
        self.dns = None
        self.outside = None

    def __enter__(self):
        self.ground.__enter__()
        try:
            self._build()
        except BaseException:
            self.ground.__exit__()
            raise
        return self

    def __exit__(self, *failure):
        self.ground.__exit__(*failure)

    def host(self, name):
        return self.ground.namespaces[name]

    def __getitem__(self, name):
        return self.host(name)

    # ---- building

    def _build(self):
        for name in ("switch", "router", "sensor", "outside", *HOSTS):
            self.ground.add(name)
        self._mirror()
        for segment in SEGMENTS:
            self._segment(segment)
        for name, address in HOSTS.items():
            self._plug_in(name, address)
        self._link_outside()
        self.outside = outside.Outside(self.host("outside"))
        self._serve_intranet()
        self.serve_dns()

    def _mirror(self):
        self.ground.cable(self.host("switch"), "tap", "02:00:00:00:00:02",
                          self.host("sensor"), "span")
        self.host("sensor").ip("link set span promisc on\n")

    def _segment(self, segment):
        switch, router = self.host("switch"), self.host("router")
        switch.ip(f"link add {segment.name} type bridge stp_state 0\n"
                  f"link set {segment.name} up\n")
        self.ground.cable(router, segment.name, segment.mac, switch, f"gw-{segment.name}")
        self._port(f"gw-{segment.name}", segment)
        bits = ip_network(segment.network).prefixlen
        router.ip(f"addr add {segment.gateway}/{bits} dev {segment.name}\n")

    def _port(self, dev, segment):
        """Make dev a port of the segment, mirrored to the tap."""
        switch = self.host("switch")
        switch.ip(f"link set {dev} master {segment.name}\n")
        switch.run("tc", "qdisc", "add", "dev", dev, "ingress")
        rule = ["tc", "filter", "add", "dev", dev, "parent", "ffff:"]
        for earlier in SEGMENTS[:SEGMENTS.index(segment)]:
            for side in ("src", "dst"):
                switch.run(*rule, "protocol", "ip", "prio", 1, "u32", "match", "ip", side,
                           earlier.network, "flowid", ":1")
        switch.run(*rule, "protocol", "all", "prio", 2, "u32", "match", "u32", 0, 0,
                   "action", "mirred", "egress", "mirror", "dev", "tap")

    def _plug_in(self, name, address):
        host, segment = self.host(name), segment_of(address)
        self.ground.cable(host, "eth0", mac_of(address), self.host("switch"), name)
        self._port(name, segment)
        self.set_address(name)
        host.overlay_etc(etc_files(name, segment.gateway))

    def set_address(self, name):
        """Give a host the address of HOSTS, whatever it has now."""
        segment = segment_of(HOSTS[name])
        bits = ip_network(segment.network).prefixlen
        self.host(name).ip("addr flush dev eth0\n"
                           f"addr add {HOSTS[name]}/{bits} dev eth0\n"
                           f"route add default via {segment.gateway}\n")

    def _link_outside(self):
        router, far = self.host("router"), self.host("outside")
        self.ground.cable(router, "wan", "02:00:00:00:00:01", far, "eth0")
        router.ip(f"addr add {outside.ROUTER}/24 dev wan\n"
                  f"route add default via {outside.LINK}\n")
        router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        far.ip(f"addr add {outside.LINK}/24 dev eth0\n"
               f"route add default via {outside.ROUTER}\n"
               + "".join(f"addr add {address}/32 dev lo\n"
                         for address in outside.addresses()))
        far.overlay_etc(etc_files("outside", outside.DNS))

    def uncut(self, name, word="on"):
        """Let a host and the outside hand over large pieces of TCP that no card cuts to the
        MTU before the mirror sees them, as between virtual machines; "off" is how it was."""
        segment = segment_of(HOSTS[name])
        for where, dev in ((name, "eth0"), ("switch", f"gw-{segment.name}"),
                           ("switch", name), ("switch", "tap"),
                           ("router", segment.name), ("router", "wan"),
                           ("outside", "eth0")):
            self.host(where).run("ethtool", "-K", dev, "tx", word, "tso", word, "gso", word)

    def _serve_intranet(self):
        """The school's own web server, in clear; /marks wants a password."""
        ns = self.host("srv-web")
        users = ns.write("users", "teacher:{PLAIN}chalk-and-cheese\n")
        pages = self.outside.pages
        marks = (f"location /marks {{ alias {pages}/style.css; auth_basic Marks;"
                 f" auth_basic_user_file {users}; }}")
        serve_nginx(ns, f"server {{ listen 80; root {pages}; {marks} }}\n").wait_port(80)

    # ---- the school's DNS and DHCP

    def serve_dns(self, safe_search=True, canary=True, ping=True):
        """(Re)start the router's dnsmasq.

        Without safe_search, Google's names are as outside; without canary, so is the name
        by which browsers ask whether they may use DNS over HTTPS. Without ping, addresses
        are given out at once: else dnsmasq tries each for 3 s, one after the other.
        """
        if self.dns:
            self.dns.stop()
        router = self.host("router")
        lines = ["no-resolv", "no-hosts", "user=root", "keep-in-foreground", "log-dhcp",
                 f"pid-file={router.path('dnsmasq.pid')}", "log-facility=-",
                 f"dhcp-leasefile={router.path('leases')}", "dhcp-authoritative",
                 "except-interface=wan", f"server={outside.DNS}", "domain=lincoln.test",
                 "local=/lincoln.test/"]
        lines += [f"host-record={name},{address}"
                  for name, address in INSIDE_NAMES.items()]
        if safe_search:
            lines += [f"host-record=forcesafesearch.google.com,{SAFE_SEARCH}",
                      "cname=www.google.com,forcesafesearch.google.com"]
        if not ping:
            lines += ["no-ping"]
        if canary:
            lines += [f"local=/{outside.CANARY}/"]
        for segment in SEGMENTS:
            lines += dhcp_lines(segment)
        path = router.write("dnsmasq.conf", "\n".join(lines) + "\n")
        self.dns = router.start("dnsmasq", "-C", path)
        self.dns.wait_port(53).wait_port(67, "udp")


def dhcp_lines(segment):
    """The segment's range and its machines' fixed leases, as dnsmasq wants them."""
    network, tag = ip_network(segment.network), f"tag:{segment.name}"
    yield (f"dhcp-range=set:{segment.name},{network[100]},{network[199]},"
           f"{network.netmask},1h")
    yield f"dhcp-option={tag},option:router,{segment.gateway}"
    for name, address in HOSTS.items():
        if segment_of(address) is segment:
            yield f"dhcp-host={mac_of(address)},{address},{name}"
