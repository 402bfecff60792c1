# SPDX-License-Identifier: Apache-2.0
"""Other people's proxies and resolvers, and the school's own."""

import shutil

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


SCENARIOS = [
    Scenario("socks-proxy", MISUSE,
             "A student's device reads pages through a SOCKS proxy outside.", socks_proxy,
             ["microsocks"], ["bypass.open-proxy"], within=CONVERSATION),
    Scenario("connect-proxy", MISUSE,
             "A student's device reads pages through an HTTP proxy outside.",
             connect_proxy, ["tinyproxy"], ["bypass.open-proxy"]),
    Scenario("school-proxy", HARMLESS,
             "Three students' devices read pages through the school's own proxy.",
             school_proxy, ["tinyproxy"]),
    Scenario("dns-over-tls", MISUSE,
             "A student's device asks a resolver outside by TLS.", dns_over_tls,
             ["unbound", "kdig"], ["bypass.dns-over-tls"], within=CONVERSATION),
    Scenario("own-dns-over-tls", HARMLESS,
             "A student's device asks the school's own resolver by TLS.", own_dns_over_tls,
             ["unbound", "kdig"]),
    Scenario("other-resolver", MISUSE,
             "A student's device asks a resolver outside for every name.", other_resolver,
             rules=["bypass.other-resolver"]),
]
