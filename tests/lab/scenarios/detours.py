# SPDX-License-Identifier: Apache-2.0
"""Other people's proxies and resolvers, and the school's own."""

import contextlib
import shutil
import time

from acts import fetch, greet_gateway
from outside import DNS, OTHER, PEER
from programs import find
from scenario import CONVERSATION, HARMLESS, MISUSE, Scenario
from scenarios.bypass import UNBOUND

TINYPROXY = """Port 8888
Listen {address}
Timeout 30
LogFile "{folder}/tinyproxy.log"
PidFile "{folder}/tinyproxy.pid"
MaxClients 20
Allow 10.0.0.0/8
ConnectPort 443
"""

SITES = ("news.example", "www.encyclopedia.test")


def socks_proxy(school):
    with school["outside"].start("microsocks", "-i", PEER, "-p", 1080) as proxy:
        proxy.wait_port(1080)
        greet_gateway(school, "student-03")
        for site in SITES:
            fetch(school, "student-03", f"https://{site}/app.js", "--socks5-hostname",
                  f"{PEER}:1080")


def start_tinyproxy(ns, address):
    config = ns.write("tinyproxy.conf", TINYPROXY.format(address=address,
                                                         folder=ns.folder))
    return ns.start("tinyproxy", "-d", "-c", config).wait_port(8888)


def connect_proxy(school):
    with start_tinyproxy(school["outside"], PEER):
        greet_gateway(school, "student-04")
        for site in SITES:
            fetch(school, "student-04", f"https://{site}/app.js", "-x",
                  f"http://{PEER}:8888")


def school_proxy(school):
    """The school's own proxy, which a class uses."""
    with start_tinyproxy(school["srv-web"], "10.50.0.20"):
        for who in ("student-01", "student-02", "student-03"):
            fetch(school, who, "https://www.encyclopedia.test/style.css", "-x",
                  "http://10.50.0.20:8888")


def start_dot(school, ns, address, name):
    """unbound from a copy, since AppArmor holds the one in /usr/sbin to /etc/unbound."""
    authority = school.outside.authority
    text = UNBOUND.format(address=address, dns=DNS, folder=ns.folder, key=authority.key,
                          certificate=authority.certify(name))
    config = ns.write("unbound.conf", text.replace(f"{address}@443", f"{address}@853")
                      .replace("https-port: 443", "tls-port: 853"))
    server = ns.start(shutil.copy(find("unbound"), ns.folder), "-d", "-p", "-c", config)
    return server.wait_log("start of service").wait_port(853)


def ask_by_tls(school, who, address, name):
    words = []
    for site in ("news.example", "maps.example", "weather.test", "mail.example",
                 "classroom.example", "cdn.fonts.test", "example"):
        words += ["-q", site, "-t", "A"]
    school[who].run("kdig", f"@{address}", f"+tls-hostname={name}",
                    f"+tls-ca={school.outside.authority.certificate}", "+keepopen",
                    *words)


def dns_over_tls(school):
    name = "cloudflare-dns.com"
    with start_dot(school, school["outside"], OTHER[name], name):
        greet_gateway(school, "student-05")
        ask_by_tls(school, "student-05", OTHER[name], name)


def own_dns_over_tls(school):
    with start_dot(school, school["srv-web"], "10.50.0.20", "intranet.lincoln.test"):
        greet_gateway(school, "student-05")
        ask_by_tls(school, "student-05", "10.50.0.20", "intranet.lincoln.test")


def other_resolver(school):
    """Somebody typed another resolver into the settings."""
    greet_gateway(school, "student-06")
    for number in range(12):
        school["student-06"].run("dig", "+short", "+tries=1", "+time=2", f"@{DNS}",
                                 f"img{number}.cdn.fonts.test")


TOR = """TestingTorNetwork 1
DataDirectory {folder}
RunAsDaemon 0
Log notice stdout
ShutdownWaitLength 0
PathsNeededToBuildCircuits 0.67
DirAuthority {authority}
"""

TOR_RELAY = """Nickname lab{number}
Address {address}
OutboundBindAddress {address}
ORPort {address}:5001
SocksPort 0
AssumeReachable 1
ExitRelay 1
ExitPolicy accept *:*
ExitPolicyRejectPrivate 0
ContactInfo lab@lab.test
"""

TOR_AUTHORITY = """DirPort {address}:7001
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
V3AuthVotingInterval 20
V3AuthVoteDelay 2
V3AuthDistDelay 2
V3AuthNIntervalsValid 3
TestingV3AuthInitialVotingInterval 5
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
TestingDirAuthVoteExit *
TestingDirAuthVoteGuard *
TestingMinExitFlagThreshold 0
"""

ONIONS = [f"203.0.113.{last}" for last in range(61, 65)]  # the first is the authority
GENCERT = ("cd {keys} && echo lab-only-phrase | tor-gencert --create-identity-key -m 12"
           " -a {address}:7001 --passphrase-fd 0")


def tor_fingerprint(far, folder):
    """The name of a relay's key, which is made now."""
    said = far.run("tor", "--quiet", "--list-fingerprint", "--orport", 1, "--dirserver",
                   "none 127.0.0.1:1 " + "f" * 40, "--datadirectory", folder, "-f",
                   far.write("empty", ""))
    return "".join(said.split()[-10:])


def tor_authority(far, folder):
    """What every torrc says of the one authority; its keys are made now."""
    far.run("mkdir", "-p", "-m", "700", folder + "/keys")
    far.run("sh", "-c", GENCERT.format(keys=folder + "/keys", address=ONIONS[0]))
    with open(folder + "/keys/authority_certificate", encoding="ascii") as file:
        identity = file.read().partition("fingerprint ")[2].split()[0]
    return (f"lab0 orport=5001 no-v2 v3ident={identity} {ONIONS[0]}:7001 "
            + tor_fingerprint(far, folder))


def start_tor_network(far, stack):
    """An authority and three relays; what a client must know of them."""
    authority = tor_authority(far, far.path("tor0"))
    for number, address in enumerate(ONIONS):
        folder = far.path(f"tor{number}")
        text = (TOR + TOR_RELAY + (TOR_AUTHORITY if number == 0 else "")).format(
            folder=folder, authority=authority, number=number, address=address)
        far.run("mkdir", "-p", "-m", "700", folder)
        stack.enter_context(far.start("tor", "-f", far.write(f"torrc{number}", text)))
    return authority


def tor(school):
    """Tor's own programs make a network of four relays outside, of which a device uses
    two or three."""
    far, client = school["outside"], school["student-02"]
    far.ip("".join(f"addr add {address}/32 dev lo\n" for address in ONIONS))
    with contextlib.ExitStack() as stack:
        authority = start_tor_network(far, stack)
        time.sleep(45)  # until the relays are in the directory's second issue
        greet_gateway(school, "student-02")
        folder = client.path("tor")
        client.run("mkdir", "-m", "700", folder)
        own = stack.enter_context(client.start("tor", "-f", client.write(
            "torrc", TOR.format(folder=folder, authority=authority) + "SocksPort 9050\n")))
        own.wait_log("Bootstrapped 100%", timeout=90)
        for site in ("news.example", "www.encyclopedia.test"):
            fetch(school, "student-02", f"https://{site}/style.css", "--socks5-hostname",
                  "127.0.0.1:9050")
        own.stop()
        time.sleep(0.5)
    far.ip("".join(f"addr del {address}/32 dev lo\n" for address in ONIONS))


SCENARIOS = [
    Scenario("socks-proxy", MISUSE,
             "A student's device reads pages through a SOCKS proxy outside.", socks_proxy,
             ["microsocks"], ["bypass.open-proxy"], within=CONVERSATION, told_by=12),
    Scenario("connect-proxy", MISUSE,
             "A student's device reads pages through an HTTP proxy outside.",
             connect_proxy, ["tinyproxy"], ["bypass.open-proxy"], told_by=5),
    Scenario("school-proxy", HARMLESS,
             "Three students' devices read pages through the school's own proxy.",
             school_proxy, ["tinyproxy"]),
    Scenario("dns-over-tls", MISUSE,
             "A student's device asks a resolver outside by TLS.", dns_over_tls,
             ["unbound", "kdig"], ["bypass.dns-over-tls"], within=CONVERSATION,
             told_by=12),
    Scenario("own-dns-over-tls", HARMLESS,
             "A student's device asks the school's own resolver by TLS.", own_dns_over_tls,
             ["unbound", "kdig"]),
    Scenario("other-resolver", MISUSE,
             "A student's device asks a resolver outside for every name.", other_resolver,
             rules=["bypass.other-resolver"], told_by=5),
    Scenario("tor", MISUSE,
             "A student's device reads pages through Tor.", tor,
             ["tor", "tor-gencert"], ["bypass.tor"], told_by=6),
]
