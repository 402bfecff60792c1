# SPDX-License-Identifier: Apache-2.0
"""Too much at once, or too slowly, and what is only much."""

from acts import greet_gateway
from outside import NOBODY, PEER
from scenario import ATTACK, CONVERSATION, HARMLESS, SILENCE, UNANSWERED, Scenario
from school import HOSTS


def syn_flood(school):
    greet_gateway(school, "student-05")
    school["student-05"].run("hping3", "-q", "-S", "-p", 443, "-i", "u2000", "-c", 1300,
                             NOBODY, check=False)


def udp_flood(school):
    greet_gateway(school, "student-06")
    school["student-06"].run("hping3", "-q", "--udp", "-p", 27015, "-d", 20, "-i",
                             "u2000", "-c", 1300, NOBODY, check=False)


def flood_in_one(school):
    """From one port to one port: it is a single conversation."""
    greet_gateway(school, "student-04")
    school["student-04"].run("hping3", "-q", "--udp", "-s", 40000, "-k", "-p", 27015, "-i",
                             "u20", "-c", 11500, NOBODY, check=False, timeout=60)


def tcp_flood_in_one(school):
    """Likewise, with requests for one and the same connection."""
    greet_gateway(school, "student-04")
    school["student-04"].run("hping3", "-q", "-S", "-s", 40000, "-k", "-p", 443, "-i",
                             "u20", "-c", 11500, NOBODY, check=False, timeout=60)


def flood_inside(school):
    greet_gateway(school, "student-06")
    school["student-06"].run("hping3", "-q", "--udp", "-p", 27015, "-d", 20, "-i",
                             "u2000", "-c", 1300, HOSTS["srv-web"], check=False)


def line_test(school):
    """iperf3 sends at an even rate, as a call does, and hears nothing until the end."""
    greet_gateway(school, "student-04")
    with school["outside"].start("iperf3", "-s", "-1", "-B", PEER) as server:
        server.wait_port(5201)
        school["student-04"].run("iperf3", "-u", "-c", PEER, "-b", "50K", "-l", 64, "-t",
                                 12, timeout=60)


def many_connections(school):
    """A test of the line opens a hundred connections, forty at a time."""
    host = school["student-02"]
    urls = host.write("urls", "".join(
        f'url = "http://www.encyclopedia.test/blocked?{n}"\noutput = "/dev/null"\n'
        for n in range(100)))
    greet_gateway(school, "student-02")
    host.run("curl", "-sS", "-Z", "--parallel-max", 40, "-H", "Connection: close",
             "-K", urls)


def slow_http(school):
    """Eighty requests that never come to their end."""
    greet_gateway(school, "student-05")
    school["student-05"].run("slowhttptest", "-H", "-c", 80, "-r", 80, "-i", 5, "-l", 22,
                             "-p", 3, "-u", "http://10.50.0.20/", check=False, timeout=90)


def slow_readers(school):
    """Devices on bad Wi-Fi load a page from the intranet."""
    waiting = [school[f"student-0{n}"].start(
        "curl", "-sS", "-o", "/dev/null", "--limit-rate", "600",
        "http://10.50.0.20/style.css") for n in range(1, 7)]
    for one in waiting:
        one.wait()


SCENARIOS = [
    Scenario("syn-flood", ATTACK,
             "A student's device floods a machine outside with SYNs.", syn_flood,
             ["hping3"], ["dos.from-inside"], within=UNANSWERED, told_by=10),
    Scenario("udp-flood", ATTACK,
             "A student's device floods a machine outside with UDP.", udp_flood,
             ["hping3"], ["dos.from-inside"], within=UNANSWERED, told_by=10),
    Scenario("flood-in-one", ATTACK,
             "A student's device floods a machine outside with UDP from one port.",
             flood_in_one, ["hping3"], ["dos.one-conversation"], within=SILENCE,
             told_by=69),
    Scenario("tcp-flood-in-one", ATTACK,
             "A student's device floods a machine outside with SYNs from one port.",
             tcp_flood_in_one, ["hping3"], ["dos.one-conversation"], within=SILENCE,
             stored=False),
    Scenario("flood-inside", ATTACK,
             "A student's device floods the intranet's server with UDP.",
             flood_inside, ["hping3"], ["dos.inside"], within=UNANSWERED, told_by=11),
    Scenario("line-test", HARMLESS,
             "A student's device tests the line by UDP in one direction; looks a little "
             "like a flood.", line_test, ["iperf3"]),
    Scenario("many-connections", HARMLESS,
             "A student's device opens a hundred connections to a web site within "
             "seconds; looks a little like a flood.", many_connections),
    Scenario("slow-http", ATTACK,
             "A student's device holds eighty connections of the intranet open with "
             "requests that never end.", slow_http, ["slowhttptest"],
             ["dos.slow-http"], within=CONVERSATION, told_by=35),
    Scenario("slow-readers", HARMLESS,
             "Six students' devices load a page of the intranet over a slow line.",
             slow_readers),
]
