# SPDX-License-Identifier: Apache-2.0
"""Certificates: of the school's own servers, and of servers that have no name.

Everything speaks TLS 1.2, since later versions do not show certificates.
"""

import time

from acts import fetch, greet_gateway, look_up
from netns import command
from outside import WEB
from scenario import ATTACK, HARMLESS, MISUSE, Scenario
from school import HOSTS

LIBRARY = "library.lincoln.test"
CONTROLLER = WEB["malware-example.test"]
WEAK = "DEFAULT@SECLEVEL=0"


def self_signed(host, subject, *options):
    """A key and a certificate that vouches for itself: (certificate, key)."""
    certificate, key = host.path("own.pem"), host.path("own-key.pem")
    command("openssl", "req", "-x509", "-nodes", "-keyout", key, "-out", certificate,
            "-subj", subject, *options)
    return certificate, key


def serve(host, port, certificate, key, *options):
    return host.start("openssl", "s_server", "-accept", port, "-www", "-tls1_2",
                      "-cipher", WEAK, "-cert", certificate, "-key", key, *options)


def call(school, who, address, *options):
    """Open a page there, whatever its certificate says."""
    school[who].run("openssl", "s_client", "-tls1_2", "-cipher", WEAK, *options,
                    "-connect", address, stdin="GET / HTTP/1.0\r\n\r\n")
    time.sleep(0.2)


def call_library(school, who):
    look_up(school, who, LIBRARY)
    call(school, who, f"{LIBRARY}:443", "-servername", LIBRARY)


def expired_certificate(school):
    """The library catalogue's certificate ran out a week ago."""
    authority = school.outside.authority
    certificate = authority.certify_between(LIBRARY, -372, -7)
    with serve(school["srv-old"], 443, certificate, authority.key) as server:
        server.wait_port(443)
        greet_gateway(school, "staff-01")
        for who in ("staff-01", "student-02"):
            call_library(school, who)


def expiring_certificate(school):
    """The library catalogue's certificate runs out in ten days."""
    authority = school.outside.authority
    certificate = authority.certify_between(LIBRARY, -355, 10)
    with serve(school["srv-old"], 443, certificate, authority.key) as server:
        server.wait_port(443)
        greet_gateway(school, "staff-01")
        call_library(school, "staff-01")


def good_certificate(school):
    """The library catalogue as it should be; one client resumes its session."""
    authority = school.outside.authority
    certificate = authority.certify_between(LIBRARY, -65, 300)
    session = school["staff-01"].path("session.pem")
    with serve(school["srv-old"], 443, certificate, authority.key) as server:
        server.wait_port(443)
        greet_gateway(school, "staff-01")
        look_up(school, "staff-01", LIBRARY)
        for option in ("-sess_out", "-sess_in"):
            call(school, "staff-01", f"{LIBRARY}:443", "-servername", LIBRARY, option,
                 session)


def printer_certificate(school):
    """A printer made itself a certificate, as weak as they were ten years ago."""
    printer = school["printer-01"]
    certificate, key = self_signed(printer, "/O=Printer/CN=printer-01", "-newkey",
                                   "rsa:1024", "-sha1", "-days", 3650)
    with serve(printer, 443, certificate, key) as server:
        server.wait_port(443)
        greet_gateway(school, "staff-01")
        call(school, "staff-01", "10.30.2.5:443")


def nameless_controller(school):
    """A taken-over computer calls its controller by address."""
    outside = school["outside"]
    certificate, key = self_signed(outside, "/O=Default Company Ltd", "-newkey",
                                   "rsa:2048", "-days", 365)
    with serve(outside, f"{CONTROLLER}:8443", certificate, key) as server:
        server.wait_port(8443)
        greet_gateway(school, "student-03")
        for _ in range(3):
            call(school, "student-03", f"{CONTROLLER}:8443", "-noservername")
            time.sleep(0.5)


def home_storage(school):
    """A teacher opens the storage at home, which vouches for itself, by its name."""
    outside = school["outside"]
    certificate, key = self_signed(outside, "/CN=weather.test", "-newkey", "rsa:2048",
                                   "-days", 365)
    with serve(outside, f"{WEB['weather.test']}:8443", certificate, key) as server:
        server.wait_port(8443)
        greet_gateway(school, "staff-02")
        look_up(school, "staff-02", "weather.test")
        call(school, "staff-02", "weather.test:8443", "-servername", "weather.test")


# Of as many owners.
SITES = ["www.encyclopedia.test", "classroom.example", "news.example", "cdn.fonts.test",
         "mail.example", "updates.vendor.test", "maps.example", "weather.test",
         "radio.test", "sports.example"]


def read_sites(school, who, *options):
    for site in SITES:
        fetch(school, who, f"https://{site}/blocked", "--tls-max", "1.2", *options)
        time.sleep(0.3)


def take_over(host):
    """What comes by for the outside is for the machine itself, whoever it was sent to."""
    host.run("ip", "route", "add", "local", "203.0.113.0/24", "dev", "lo", "table", 100)
    host.run("ip", "rule", "add", "iif", "eth0", "to", "203.0.113.0/24", "lookup", 100)


def give_back(host):
    host.run("ip", "rule", "del", "iif", "eth0", "to", "203.0.113.0/24", "lookup", 100)
    host.run("ip", "route", "del", "local", "203.0.113.0/24", "dev", "lo", "table", 100)


def interception(school):
    """A device was given another one as its way out, which opens TLS and trusts it."""
    between, victim = school["student-05"], school["student-02"]
    certificate, key = self_signed(between, "/O=Somebody/CN=Somebody CA", "-newkey",
                                   "rsa:2048", "-days", 365)
    greet_gateway(school, "student-02")
    take_over(between)
    victim.run("ip", "route", "add", "203.0.113.0/24", "via", HOSTS["student-05"])
    with between.start("sslsplit", "-u", "root", "-k", key, "-c", certificate, "-e",
                       "tproxy", "https", "0.0.0.0", 443) as proxy:
        proxy.wait_port(443)
        read_sites(school, "student-02", "--insecure")
    victim.run("ip", "route", "del", "203.0.113.0/24")
    give_back(between)


def ten_sites(school):
    """As many sites, with the certificates that they have from a public authority."""
    greet_gateway(school, "student-02")
    read_sites(school, "student-02")


SCENARIOS = [
    Scenario("expired-certificate", MISUSE,
             "A server of the school shows a certificate that expired a week ago.",
             expired_certificate, rules=["server.expired-certificate"],
             dated=True, told_by=5),
    Scenario("expiring-certificate", MISUSE,
             "A server of the school shows a certificate with ten days left.",
             expiring_certificate, rules=["server.expiring-certificate"],
             dated=True, told_by=5),
    Scenario("good-certificate", HARMLESS,
             "A server of the school shows a certificate that is in order; a session is "
             "resumed without one.", good_certificate,
             dated=True),
    Scenario("printer-certificate", MISUSE,
             "A printer's page has a certificate that it made for itself, with a short key.",
             printer_certificate,
             rules=["server.self-signed-certificate", "server.weak-certificate"],
             dated=True, told_by=5),
    Scenario("nameless-controller", ATTACK,
             "A student's device calls an address outside that shows a self-signed "
             "certificate, without a name.", nameless_controller,
             rules=["malware.nameless-self-signed"], told_by=5),
    Scenario("home-storage", HARMLESS,
             "A staff device opens a self-signed server outside by its name.", home_storage),
    Scenario("tls-interception", ATTACK,
             "A student's device opens the TLS of another one's conversations with ten "
             "sites, by certificates that it makes itself.", interception, ["sslsplit"],
             rules=["network.unknown-authority"], told_by=10),
    Scenario("ten-sites", HARMLESS,
             "A student's device opens ten sites in a row whose certificates are all of "
             "one public authority, in sight as up to TLS 1.2: it comes near to "
             "network.unknown-authority.", ten_sites),
]
