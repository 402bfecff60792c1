# SPDX-License-Identifier: Apache-2.0
"""Conversations inside other packets, and what only resembles them."""

import time

from acts import greet_gateway
from outside import PEER, VPN, WEB
from school import HOSTS
from scenario import ATTACK, HARMLESS, MISUSE, SILENCE, UNANSWERED, Scenario


def icmp_tunnel(school):
    """ptunnel passes a TCP connection to a web server through pings."""
    far, client = school["outside"], school["student-02"]
    address = WEB["www.encyclopedia.test"]
    with far.start("ptunnel", "-v", "1"):
        greet_gateway(school, "student-02")
        with client.start("ptunnel", "-p", VPN, "-lp", "8000", "-da", address,
                          "-dp", "80") as tunnel:
            tunnel.wait_port(8000)
            for _ in range(6):
                client.run("curl", "-sS", "--max-time", 20, "-o", "/dev/null", "-H",
                           "Host: www.encyclopedia.test", "http://127.0.0.1:8000/",
                           check=False, timeout=30)


def large_pings(school):
    """Somebody looks for the largest packet that passes, and how the line does."""
    greet_gateway(school, "staff-01")
    for size in (56, 500, 1000, 1472):
        school["staff-01"].run("ping", "-q", "-c", 30, "-i", 0.01, "-s", size,
                               WEB["www.encyclopedia.test"], check=False)


def wrap(ns, here, there, inner):
    for line in (f"link add wrap0 type vxlan id 7 local {here} remote {there} "
                 "dstport 4789", f"address add {inner}/24 dev wrap0", "link set wrap0 up"):
        ns.run("ip", *line.split())


def talk_wrapped(one, one_address, other, other_address):
    wrap(one, one_address, other_address, "192.168.77.1")
    wrap(other, other_address, one_address, "192.168.77.2")
    try:
        one.run("ping", "-c", 3, "-i", 0.2, "192.168.77.2")
        time.sleep(0.2)
    finally:
        for ns in (one, other):
            ns.run("ip", "link", "delete", "wrap0")


def vxlan_outside(school):
    greet_gateway(school, "student-03")
    talk_wrapped(school["student-03"], "10.20.1.13", school["outside"], PEER)


def vxlan_servers(school):
    talk_wrapped(school["admin-01"], "10.40.0.11", school["srv-files"], "10.50.0.10")


IN_IPV4, IN_IPV6 = 4, 41  # the protocols of IP that are IP again


def tunnel_end(ns, address, here, there, proto):
    """socat passes what is sent to an interface on in packets of that protocol."""
    return ns.start("socat", "-d", "-d", f"TUN:{address},up,iff-no-pi",
                    f"IP4-SENDTO:{there}:{proto},bind={here}"
                    ).wait_log("starting data transfer loop")


def talk_inside(school, who, proto, network, *ping):
    far, client = school["outside"], school[who]
    greet_gateway(school, who)
    with tunnel_end(far, network.format(2), PEER, HOSTS[who], proto), \
            tunnel_end(client, network.format(1), HOSTS[who], PEER, proto):
        time.sleep(0.5)
        client.run("ping", "-c", 3, "-i", 0.2, *ping)


def ip_in_ip(school):
    talk_inside(school, "student-03", IN_IPV4, "192.168.78.{}/24", "192.168.78.2")


def no_ipv6(school, on):
    for who in ("outside", "student-04"):
        school[who].run("sh", "-c",
                        f"echo {on} >/proc/sys/net/ipv6/conf/default/disable_ipv6")


def ipv6_in_ip(school):
    """Both ends have the addresses that IPv6 gives itself: one asks who is there."""
    no_ipv6(school, 0)
    talk_inside(school, "student-04", IN_IPV6, "192.168.79.{}/24", "ff02::1%tun0")
    no_ipv6(school, 1)


SCENARIOS = [
    Scenario("icmp-tunnel", ATTACK,
             "A student's device reads a web page through pings to a machine outside.",
             icmp_tunnel, ["ptunnel"], ["tunnel.icmp"],
             within=SILENCE, told_by=67),
    Scenario("large-pings", HARMLESS,
             "A staff device pings a web server with small and large packets.",
             large_pings),
    Scenario("vxlan-outside", MISUSE,
             "A student's device has a VXLAN tunnel to a machine outside.",
             vxlan_outside, rules=["tunnel.student"],
             within=UNANSWERED, told_by=8),
    Scenario("ip-in-ip", MISUSE,
             "A student's device has a tunnel of IP in IP to a machine outside.", ip_in_ip,
             ["socat"], ["tunnel.student"], within=UNANSWERED, told_by=8),
    Scenario("ipv6-in-ip", MISUSE,
             "A student's device has a tunnel of IPv6 in IP to a machine outside.",
             ipv6_in_ip, ["socat"], ["tunnel.student"], within=UNANSWERED, told_by=8),
    Scenario("vxlan-servers", HARMLESS,
             "The administrator's machine and a server are joined by VXLAN, inside.",
             vxlan_servers),
]
