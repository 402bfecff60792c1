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


SCENARIOS = [
    Scenario("host-sweep", ATTACK,
             "A student's device tries SSH and file sharing on seventy addresses of the "
             "server segment with SYNs.", host_sweep, ["nmap"], ["network.host-sweep"],
             within=UNANSWERED),
    Scenario("port-scan", ATTACK,
             "A student's device tries three hundred ports of one server.", port_scan,
             ["nmap"], ["network.port-scan"]),
    Scenario("monitoring", HARMLESS,
             "The administrator's monitoring pings six machines and looks for printers "
             "among them; looks a little like a scan.", monitoring, ["fping", "nmap"]),
]
