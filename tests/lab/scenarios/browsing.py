# SPDX-License-Identifier: Apache-2.0
"""The ordinary day: nothing here may raise an alert."""

import time
from hashlib import md5

from acts import fetch, fetch_quic, greet_gateway, join, look_up, visit
from outside import WEB
from scenario import HARMLESS, Scenario


def browsing(school):
    greet_gateway(school, "student-01")
    for site in ("www.encyclopedia.test", "classroom.example", "news.example"):
        visit(school, "student-01", site)
    fetch(school, "student-02", "https://maps.example/app.js", "--tls-max", "1.2")
    fetch(school, "student-02", "http://weather.test/")
    fetch(school, "staff-01", "https://mail.example/", "--tls-max", "1.2")
    fetch(school, "staff-01", "https://files.classroom.example/app.js")
    fetch(school, "staff-02", "http://updates.vendor.test/app.js")
    fetch(school, "staff-02", "http://intranet.lincoln.test/")
    fetch(school, "admin-01", "https://news.example/")
    for kind in ("A", "AAAA", "MX", "TXT"):
        look_up(school, "student-03", "example", kind)
    look_up(school, "student-03", "www.encyclopedia.test", "A", "+tcp")
    look_up(school, "staff-01", "no-such-name.example")
    look_up(school, "admin-01", "printer.lincoln.test", "A", "+tcp")


def switching_on(school):
    for who in ("student-01", "student-02", "staff-01", "admin-01"):
        join(school, who)
        greet_gateway(school, who)


def many_look_ups(school):
    """Many names below one domain within seconds, as a page full of pictures asks for."""
    host = school["student-02"]
    names = [f"img{n}.cdn.fonts.test" for n in range(30)]
    names += [f"{md5(bytes([n])).hexdigest()}-{n}.cdn.fonts.test" for n in range(30)]
    names += ["www.encyclopedia.test", "classroom.example", "news.example",
              "weather.test", "maps.example", "mail.example"] * 10
    batch = host.write("names", "".join(f"{name} A\n" for name in names))
    host.run("dig", "+short", "+tries=1", "-f", batch)


def announcement(school):
    """A device says by gratuitous ARP that its own address is still at its own MAC."""
    greet_gateway(school, "staff-02")
    school["staff-02"].run("arping", "-U", "-c", 3, "-I", "eth0", "10.30.1.12")
    school["staff-02"].run("arping", "-A", "-c", 2, "-I", "eth0", "10.30.1.12")
    school["staff-02"].run("arping", "-c", 3, "-I", "eth0", "10.30.0.1")


SSHD = """Port 22
ListenAddress {address}
HostKey {key}
AuthorizedKeysFile {folder}/authorized
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
"""


def ssh_session(school):
    """An administrator works on the file server."""
    server, client = school["srv-files"], school["admin-01"]
    host_key, own_key = server.path("host"), client.path("id")
    for key in (host_key, own_key):
        client.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    with open(own_key + ".pub", encoding="utf-8") as public:
        server.write("authorized", public.read())
    config = server.write("sshd_config", SSHD.format(address="10.50.0.10", key=host_key,
                                                     folder=server.folder))
    with server.start("sh", "-c", 'mkdir -m 755 /run/sshd && exec "$@"', "sh",
                      "/usr/sbin/sshd", "-D", "-e", "-f", config,
                      hide=["/run", "/var/log"]) as sshd:
        sshd.wait_port(22)
        client.run("ssh", "-i", own_key, "-o", "StrictHostKeyChecking=no",
                   "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
                   "root@files.lincoln.test", "uname; ls /usr/bin | head -200; sleep 1")
        time.sleep(0.2)


def help_line(school):
    """Somebody looks for help; no output of Hallwatch may ever show it."""
    look_up(school, "student-04", "988lifeline.org", "AAAA")
    fetch(school, "student-04", "http://988lifeline.org/")
    visit(school, "student-04", "988lifeline.org")
    fetch(school, "student-04", "https://988lifeline.org/app.js", "--tls-max", "1.2")


def help_line_quic(school):
    """The first of the two looks the name up, which already protects it; the second knows
    the address, so there is only its hello to tell."""
    name, knows = "988lifeline.org", school["student-03"]
    fetch_quic(school, "student-06", name, "app.js")
    knows.overlay_etc({"hosts": f"{WEB[name]} {name}\n"})
    fetch_quic(school, "student-03", name, "app.js")
    knows.overlay_etc({"hosts": ""})


def browsing_quic(school):
    greet_gateway(school, "student-01")
    fetch_quic(school, "student-01", "www.encyclopedia.test", "app.js")
    fetch_quic(school, "staff-01", "news.example", "style.css", "--validate-addr")


SCENARIOS = [
    Scenario("browsing", HARMLESS,
             "Students, staff and the office read web pages, over TLS 1.3, TLS 1.2 and "
             "in clear, and look names up over UDP and TCP.", browsing),
    Scenario("switching-on", HARMLESS,
             "Four devices are switched on and get their addresses from the school's own "
             "DHCP server.", switching_on, ["udhcpc"]),
    Scenario("many-look-ups", HARMLESS,
             "A device looks 120 ordinary names up within seconds, half of them below "
             "one domain and thirty of these long; looks a little like a DNS tunnel.",
             many_look_ups),
    Scenario("arp-announcement", HARMLESS,
             "A device announces its own address by gratuitous ARP and asks for the "
             "gateway; looks a little like ARP spoofing.", announcement, ["arping"]),
    Scenario("ssh-session", HARMLESS,
             "An administrator logs in to the file server by SSH with a key.",
             ssh_session, ["ssh", "ssh-keygen", "sshd"]),
    Scenario("help-line", HARMLESS,
             "A student visits a crisis line, by DNS, HTTP and TLS; nothing of it may "
             "show anywhere.", help_line),
    Scenario("browsing-quic", HARMLESS,
             "A student and a teacher each read a page by HTTP/3, one after a Retry.",
             browsing_quic, ["gtlsclient", "gtlsserver"]),
    Scenario("help-line-quic", HARMLESS,
             "Two students visit a crisis line by HTTP/3, one without a look-up; nothing "
             "of it may show anywhere.", help_line_quic, ["gtlsclient", "gtlsserver"]),
]
