# SPDX-License-Identifier: Apache-2.0
"""Looking for open doors, and what only resembles it."""

from scenario import ATTACK, HARMLESS, UNANSWERED, Scenario


def host_sweep(school):
    school["student-04"].run("nmap", "-n", "-Pn", "-sS", "-p", "22,445", "-T4",
                             "--max-retries", 0, "--host-timeout", "10s",
                             "10.50.0.1-70", timeout=90)


def port_scan(school):
    school["student-03"].run("nmap", "-n", "-Pn", "-sS", "-T4", "--max-retries", 1,
                             "-p", "1-300", "10.50.0.20", timeout=60)


def monitoring(school):
    """The network administrator's monitoring looks after a handful of machines."""
    hosts = ["10.50.0.10", "10.50.0.20", "10.50.0.30", "10.30.2.5", "10.40.0.1",
             "10.30.1.11"]
    school["admin-01"].run("fping", "-c", 2, "-p", 300, *hosts, check=False)
    school["admin-01"].run("nmap", "-n", "-Pn", "-sT", "-p", "515,631,9100",
                           "--max-retries", 0, *hosts)


def scan(school, who, *options):
    school[who].run("nmap", "-n", "-Pn", *options, timeout=90)


def connect_scan(school):
    scan(school, "student-01", "-sT", "-p", "1-160", "-T4", "10.50.0.20")


def udp_scan(school):
    """Closed UDP ports answer by ICMP, and Linux lets few of those out a second."""
    scan(school, "student-02", "-sU", "-p", "1-160", "-T5", "--max-retries", 0,
         "--defeat-icmp-ratelimit", "10.50.0.20")


def xmas_scan(school):
    """FIN, PSH and URG at once: no program begins like that."""
    scan(school, "student-03", "-sX", "-p", "1-160", "-T4", "--max-retries", 0,
         "10.50.0.20")


def fin_scan(school):
    """The end of a conversation that never was: closed ports say so, open ones nothing."""
    scan(school, "student-03", "-sF", "-p", "1-160", "-T4", "--max-retries", 0,
         "10.50.0.20")


def null_scan(school):
    """No flag at all."""
    scan(school, "student-03", "-sN", "-p", "1-160", "-T4", "--max-retries", 0,
         "10.50.0.20")


def protocol_scan(school):
    scan(school, "student-03", "-sO", "-T4", "--max-retries", 0, "10.50.0.20")


def ping_sweep(school):
    school["student-06"].run("nmap", "-n", "-sn", "-PE", "-T4", "--max-retries", 0,
                             "10.50.0.1-80", timeout=90)


KNOCKD = """[options]
 logfile = {folder}/knock.log
 interface = eth0
[open]
 sequence = 7000,8000,9000
 seq_timeout = 10
 tcpflags = syn
 command = /bin/true
"""


def port_knocking(school):
    """Three knocks on closed ports, as an administrator opens a hidden door."""
    server = school["srv-web"]
    with server.start("knockd", "-c", server.write("knockd.conf", KNOCKD.format(
            folder=server.folder)), "-p", server.path("knock.pid")):
        for _ in range(3):
            school["admin-01"].run("knock", "-d", 200, "10.50.0.20", 7000, 8000, 9000)
            school["admin-01"].run("curl", "-sS", "-o", "/dev/null", "http://10.50.0.20/")


SCENARIOS = [
    Scenario("connect-scan", ATTACK,
             "A student's device tries 160 ports of one server with whole connections.",
             connect_scan, ["nmap"], ["network.port-scan"], told_by=5),
    Scenario("udp-scan", ATTACK,
             "A student's device tries 160 UDP ports of one server.", udp_scan, ["nmap"],
             ["network.port-scan"], within=UNANSWERED, told_by=8),
    Scenario("xmas-scan", ATTACK,
             "A student's device tries 160 ports of one server with packets that begin "
             "nothing.", xmas_scan, ["nmap"], ["network.port-scan"], within=UNANSWERED,
             told_by=8),
    Scenario("fin-scan", ATTACK,
             "A student's device tries 160 ports of one server with the ends of "
             "conversations that never began.", fin_scan, ["nmap"], ["network.port-scan"],
             within=UNANSWERED, told_by=8),
    Scenario("null-scan", ATTACK,
             "A student's device tries 160 ports of one server with packets without a "
             "flag.", null_scan, ["nmap"], ["network.port-scan"], within=UNANSWERED,
             told_by=8),
    Scenario("protocol-scan", ATTACK,
             "A student's device tries which protocols besides TCP and UDP a server speaks.",
             protocol_scan, ["nmap"], ["network.protocol-scan"], within=UNANSWERED,
             told_by=9),
    Scenario("ping-sweep", ATTACK,
             "A student's device pings eighty addresses of the server segment.",
             ping_sweep, ["nmap"], ["network.host-sweep"], within=UNANSWERED, told_by=8),
    Scenario("port-knocking", HARMLESS,
             "The administrator knocks at three closed ports of a server to open a hidden "
             "one; looks a little like a scan.", port_knocking, ["knockd", "knock"]),
    Scenario("host-sweep", ATTACK,
             "A student's device tries SSH and file sharing on seventy addresses of the "
             "server segment with SYNs.", host_sweep, ["nmap"], ["network.host-sweep"],
             within=UNANSWERED, told_by=8),
    Scenario("port-scan", ATTACK,
             "A student's device tries three hundred ports of one server.", port_scan,
             ["nmap"], ["network.port-scan"], told_by=5),
    Scenario("monitoring", HARMLESS,
             "The administrator's monitoring pings six machines and looks for printers "
             "among them; looks a little like a scan.", monitoring, ["fping", "nmap"]),
]
