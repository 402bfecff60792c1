# SPDX-License-Identifier: Apache-2.0
"""Everything beyond the school's router: names, their addresses, DNS, web servers.

One namespace holds all outside addresses. Names are reserved ones (RFC 2606) but for a
few that rules have to know by name; ours answer for them, and nothing leaves the machine.
"""

from web import Authority, serve_nginx, web_server, write_pages

LINK = "198.51.100.2"
ROUTER = "198.51.100.1"
DNS = "198.51.100.53"
TUNNEL = "198.51.100.66"
POOL = "203.0.113.133"
VPN = "203.0.113.77"
PEER = "203.0.113.99"
RELAY = "203.0.113.90"
NAMELESS = "203.0.113.66"  # no name leads to it
CANARY = "use-application-dns.net"
TELEMETRY = "telemetry.even_traffic.drill.test"

WEB = {
    "www.encyclopedia.test": "203.0.113.10",
    "static.encyclopedia.test": "203.0.113.11",
    "classroom.example": "203.0.113.12",
    "files.classroom.example": "203.0.113.13",
    "news.example": "203.0.113.14",
    "cdn.fonts.test": "203.0.113.15",
    "mail.example": "203.0.113.16",
    "updates.vendor.test": "203.0.113.17",
    "maps.example": "203.0.113.18",
    "weather.test": "203.0.113.19",
    "radio.test": "203.0.113.21",
    "sports.example": "203.0.113.22",
    "www.google.com": "203.0.113.20",
    "forcesafesearch.google.com": "216.239.38.120",
    "988lifeline.org": "203.0.113.30",
    "www.adult-example.test": "203.0.113.40",
    "malware-example.test": "203.0.113.41",
    "newlearning-app.example": "203.0.113.42",
    "chat.ai-example.test": "203.0.113.43",
    "www.hallwatch-school.test": "203.0.113.44",
    "www.hallwatch-bank.example": "203.0.113.45",
    "www.hallwatch-schoo1.test": "203.0.113.46",
    "xn--hllwatch-bank-w1k.test": "203.0.113.47",
}

OTHER = {
    "dns.google": "203.0.113.50",
    "cloudflare-dns.com": "203.0.113.51",
    "pool.minexmr.test": POOL,
    "relay.anydesk.test": RELAY,
    CANARY: "203.0.113.52",
    "vpn.example": VPN,
    "tracker.example": PEER,
    "ns1.tunnel-example.test": TUNNEL,
    "up.filehosting.drill.test": "203.0.113.54",
    TELEMETRY: "203.0.113.55",
}

NOBODY = "203.0.113.200"  # reached, and silent
SILENT = {"lessons.learning_platforms.drill.test": NOBODY}

TUNNEL_ZONE = "t.tunnel-example.test"


def addresses():
    return sorted({DNS, TUNNEL, NAMELESS, *WEB.values(), *OTHER.values()})


class Outside:
    """The outside's DNS and web servers, running from the start."""

    def __init__(self, ns):
        self.ns = ns
        self.authority = Authority(ns.path("ca"))
        self.pages = ns.path("pages")
        write_pages(self.pages)
        self._serve_dns()
        self._serve_web()

    def _serve_dns(self):
        ns = self.ns
        lines = ["no-resolv", "no-hosts", "user=root", "keep-in-foreground",
                 f"pid-file={ns.path('dnsmasq.pid')}", "log-facility=-",
                 "bind-interfaces", f"listen-address={DNS}", "port=53",
                 f"server=/{TUNNEL_ZONE}/{TUNNEL}", "edns-packet-max=1232",
                 "txt-record=example,\"v=spf1 -all\"", "mx-host=example,mail.example,10",
                 f"address=/cdn.fonts.test/{WEB['cdn.fonts.test']}",
                 "cname=encyclopedia.test,www.encyclopedia.test"]
        lines += [f"local=/{top}/" for top in ("test", "example", "com", "org", "net",
                                               "google")]
        lines += [f"host-record={name},{address}"
                  for name, address in {**WEB, **OTHER, **SILENT}.items()]
        path = ns.write("dnsmasq.conf", "\n".join(lines) + "\n")
        ns.start("dnsmasq", "-C", path).wait_port(53)

    def _serve_web(self):
        servers = "".join(web_server(name, address, self.authority, self.pages)
                          for name, address in WEB.items())
        serve_nginx(self.ns, servers).wait_port(443)
