# SPDX-License-Identifier: Apache-2.0
"""What people and their devices do in several scenarios: look a name up, fetch, join."""

import os
import time

from netns import LabError
from outside import OTHER, WEB
from school import segment_of, HOSTS
from web import PAGES


def fetch(school, who, url, *options, check=True):
    """Fetch a page with curl, trusting the lab's authority; returns (status, bytes)."""
    out = school[who].run("curl", "-sS", "--max-time", 20, "-o", "/dev/null",
                          "--cacert", school.outside.authority.certificate,
                          "-w", "\n%{http_code} %{size_download}\n", *options, url,
                          check=check, timeout=30)
    status, size = out.strip().splitlines()[-1].split()
    if check and int(status) >= 400:
        raise LabError(f"{who} got {status} for {url}")
    return int(status), int(size)


def fetch_quic(school, who, site, page, *server_options):
    """Fetch a page by HTTP/3 from a server that runs as long; it has to come whole."""
    far, authority = school["outside"], school.outside.authority
    address = {**WEB, **OTHER}[site]
    kept = school[who].path("quic")
    os.makedirs(kept, exist_ok=True)
    with far.start("gtlsserver", "-q", "-d", school.outside.pages, *server_options,
                   address, 443, authority.key, authority.certify(site)) as server:
        server.wait_port(443, "udp")
        school[who].run("gtlsclient", "-q", "--exit-on-all-streams-close", "--download",
                        kept, site, 443, f"https://{site}/{page}", timeout=30)
    if os.path.getsize(os.path.join(kept, page)) != PAGES[page]:
        raise LabError(f"{who} did not get {page} of {site} by QUIC")


def look_up(school, who, name, kind="A", *options):
    """Ask the school's DNS with dig; returns the short answer's lines."""
    return school[who].run("dig", "+short", "+tries=1", "+time=3", *options, name, kind
                           ).split()


def visit(school, who, site, pause=0.3):
    """Open a web page as a person does: the page and what belongs to it."""
    for page in ("", "style.css"):
        fetch(school, who, f"https://{site}/{page}")
        time.sleep(pause)


LEASE_SCRIPT = """#!/bin/sh
# udhcpc tells us what happens; do what it says.
case $1 in
deconfig) ip addr flush dev "$interface" ;;
bound) ip addr add "$ip/$mask" dev "$interface" && ip route add default via "$router"
       echo "$ip $serverid $router $dns" >%s ;;
esac
"""


def join(school, who):
    """Get an address by DHCP, as a device does that was just switched on.

    Returns what was granted: address, server, router, DNS server.
    """
    host = school[who]
    lease = host.path("lease")
    script = host.write("lease.sh", LEASE_SCRIPT % lease, mode=0o755)
    host.run("udhcpc", "-f", "-q", "-n", "-i", "eth0", "-x", f"hostname:{who}",
             "-s", script, "-t", 5, "-T", 1)
    with open(lease, encoding="utf-8") as file:
        return file.read().split()


def greet_gateway(school, who):
    """A ping to the gateway: leaves both sides' ARP in the recording."""
    school[who].run("ping", "-c", 1, "-W", 2, segment_of(HOSTS[who]).gateway)
