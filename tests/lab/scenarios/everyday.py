# SPDX-License-Identifier: Apache-2.0
"""What a school's network does every day and looks like something else."""

import contextlib
import gzip
import hashlib
import os
import random
import time

from acts import LEASE_SCRIPT, greet_gateway, visit
from netns import read_file
from outside import PEER
from school import HOSTS
from scenario import ATTACK, HARMLESS, Scenario
from scenarios.guessing import start_ssh

CHECKS = "/usr/lib/nagios/plugins/"

CONTROL = """Package: lab-update
Version: {version}
Architecture: all
Maintainer: Lab <lab@lab.test>
Description: An update
"""


def publish_update(school):
    """A repository with one package, as Debian's archive is laid out."""
    far, root = school["outside"], school.outside.pages + "/debian"
    tree = far.path("package")
    os.makedirs(tree + "/DEBIAN")
    os.makedirs(root)
    with open(tree + "/DEBIAN/control", "w", encoding="utf-8") as file:
        file.write(CONTROL.format(version="1.0"))
    with open(tree + "/data", "wb") as file:
        file.write(random.Random(8).randbytes(1_600_000))
    deb = root + "/lab-update.deb"
    far.run("dpkg-deb", "--build", "--root-owner-group", tree, deb)
    with open(deb, "rb") as file:
        data = file.read()
    entry = CONTROL.format(version="1.0") + (
        f"Filename: ./lab-update.deb\nSize: {len(data)}\n"
        f"SHA256: {hashlib.sha256(data).hexdigest()}\n\n")
    with gzip.open(root + "/Packages.gz", "wt", encoding="utf-8") as file:
        file.write(entry)


PIECES = 17  # conversations of a device that is far behind; 20 are many


def update_downloads(school):
    """apt on four devices asks the vendor for news and loads it; on one again and again."""
    publish_update(school)
    for who, pieces in (("student-01", PIECES - 1), ("student-02", 1), ("staff-01", 1),
                        ("staff-02", 1)):
        host = school[who]
        greet_gateway(school, who)
        school.uncut(who)
        host.run("mkdir", "-p", *(host.path("apt/" + part) for part in
                                  ("state/lists/partial", "cache/archives/partial", "etc")))
        sources = host.write("apt/sources.list",
                             "deb [trusted=yes] http://updates.vendor.test/debian ./\n")
        options = ["-o", f"Dir::State={host.path('apt/state')}",
                   "-o", f"Dir::Cache={host.path('apt/cache')}",
                   "-o", f"Dir::Etc={host.path('apt/etc')}",
                   "-o", f"Dir::Etc::SourceList={sources}",
                   "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1"]
        host.run("apt-get", "-q", *options, "update")
        for _ in range(pieces):
            host.run("sh", "-c", f"cd {host.folder} && rm -f lab-update*.deb"
                     " && exec apt-get -q download lab-update " + " ".join(options))
        school.uncut(who, "off")


TURN = """listening-ip={address}
relay-ip={address}
listening-port=3478
user=lab:lab
realm=call.example
lt-cred-mech
no-tls
no-dtls
no-cli
pidfile={folder}/turn.pid
userdb={folder}/turn.db
log-file=stdout
allow-loopback-peers
"""


CALL = 40  # seconds


def video_call(school):
    """The platform's page, STUN and TURN through a relay, then sound and pictures by RTP to and fro."""
    far, client = school["outside"], school["student-01"]
    config = far.write("turn.conf", TURN.format(address=PEER, folder=far.folder))
    greet_gateway(school, "student-01")
    visit(school, "student-01", "classroom.example")
    with far.start("turnserver", "-c", config) as server:
        server.wait_port(3478, "udp")
        client.run("turnutils_uclient", "-u", "lab", "-w", "lab", "-y", "-n", 40, "-m", 1,
                   "-l", 400, PEER, check=False, timeout=60)
    with contextlib.ExitStack() as call:
        for ns, to, here in ((client, PEER, 5004), (far, "10.20.1.11", 5004)):
            call.enter_context(ns.start(
                "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
                "testsrc=size=160x120:rate=15", "-t", CALL, "-c:v", "libvpx", "-b:v", "50k",
                "-an", "-f", "rtp", f"rtp://{to}:5004?localrtpport={here}"))
        time.sleep(CALL + 2)


PICTURES = 10  # seconds


def sharp_call(school):
    """A device sends its pictures uncut, more packets than a flood is bound by, and hears the other's sound."""
    far, client = school["outside"], school["student-02"]
    greet_gateway(school, "student-02")
    film = client.path("film.mpg")
    client.run("ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i",
               "testsrc2=size=320x240:rate=25", "-t", PICTURES, "-c:v", "mpeg2video", "-b:v", "3400k",
               "-minrate", "3400k", "-maxrate", "3400k", "-bufsize", "400k", "-an", film, timeout=120)
    with client.start("ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-i", film, "-c", "copy", "-f",
                      "rtp", f"rtp://{PEER}:5004?localrtpport=5004&pkt_size=400") as pictures:
        time.sleep(0.5)  # it calls first
        far.run("ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
                "sine=frequency=300", "-t", PICTURES, "-c:a", "libopus", "-f", "rtp",
                f"rtp://10.20.1.12:5004?localrtpport=5004&localaddr={PEER}", timeout=60)
        pictures.wait()


TELEPHONE = """poll_method epoll
sip_listen {address}:5060
audio_source aufile,{folder}/tone.wav
audio_player aufile,{folder}/heard.wav
audio_alert aufile,{folder}/alert.wav
ausrc_srate 8000
auplay_srate 8000
rtp_ports 10000-10100
module_path /usr/lib/baresip/modules
module aufile.so
module gsm.so
module_app account.so
module_app menu.so
"""
LESSON = 38  # seconds: six reports, one each five, and one that is lost


def telephone(ns, address, *words):
    ns.run("ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i",
           "sine=frequency=300:sample_rate=8000", "-t", 2 * LESSON, "-ac", 1, ns.path("tone.wav"))
    ns.write("config", TELEPHONE.format(address=address, folder=ns.folder))
    ns.write("accounts", f"<sip:phone@{address}>;regint=0;audio_codecs=GSM/8000/1;answermode=auto\n")
    ns.write("contacts", "")
    return ns.start("baresip", "-f", ns.folder, *words)


def broken_speech(school):
    """A telephone outside is heard over a line that is too narrow, so that a tenth of it is lost."""
    far, host = school["outside"], school["staff-01"]
    address = HOSTS["staff-01"]
    greet_gateway(school, "staff-01")
    far.run(*"tc qdisc add dev eth0 root tbf rate 31kbit burst 1600 limit 1600".split())
    with telephone(host, address) as called:
        called.wait_log("baresip is ready")
        telephone(far, PEER, "-t", LESSON, "-e", f"d sip:phone@{address}").wait()
        time.sleep(1)
    far.run(*"tc qdisc del dev eth0 root".split())


def copying_files(school):
    """The administrator's computer copies files to a server by rsync over SSH."""
    server, client = school["srv-web"], school["admin-01"]
    sshd, key = start_ssh(server, client)
    os.makedirs(client.path("papers"))
    for number in range(10):
        with open(client.path(f"papers/{number}.pdf"), "wb") as file:
            file.write(random.Random(number).randbytes(12_000))
    with sshd:
        greet_gateway(school, "admin-01")
        shell = (f"ssh -i {key} -o StrictHostKeyChecking=no"
                 " -o UserKnownHostsFile=/dev/null -o BatchMode=yes")
        for _ in range(2):
            client.run("rsync", "-a", "-e", shell, client.path("papers"),
                       f"root@10.50.0.20:{server.folder}/")


SNMPD = """agentAddress udp:10.30.2.5:161
rocommunity lab-only
sysDescr Staff room printer
"""


def monitoring_probes(school):
    """Nagios' probes of the servers, and SNMP of the printer, again and again."""
    admin, printer = school["admin-01"], school["printer-01"]
    config = printer.write("snmpd.conf", SNMPD)
    with printer.start("snmpd", "-f", "-Lo", "-C", "-c", config, "-p",
                       printer.path("snmpd.pid"), hide=["/run", "/var/lib/snmp"]) as snmpd:
        snmpd.wait_port(161, "udp")
        for _ in range(6):
            admin.run(CHECKS + "check_http", "-I", "10.50.0.20", check=False)
            for port in (22, 445, 3389):
                admin.run(CHECKS + "check_tcp", "-H", "10.50.0.10", "-p", port, "-t", 2,
                          check=False)
            admin.run(CHECKS + "check_ping", "-H", "10.50.0.30", "-w", "100,20%", "-c",
                      "200,50%", "-p", 2, check=False)
            admin.run("snmpget", "-v2c", "-c", "lab-only", "-On", "10.30.2.5",
                      "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0")


INVENTORY = """agentAddress udp:10.30.2.5:161
rocommunity lab-only
createUser inventory SHA lab-pass-phrase AES lab-pass-phrase
rouser inventory priv
sysDescr Staff room printer
"""


def printer_inventory(school):
    """The administration reads out a printer by SNMP v3; a print queue asks how it is."""
    admin, printer, student = (school[who] for who in
                               ("admin-01", "printer-01", "student-03"))
    config = printer.write("snmpd.conf", INVENTORY)
    with printer.start("snmpd", "-f", "-Lo", "-C", "-c", config, "-p",
                       printer.path("snmpd.pid"), hide=["/run", "/var/lib/snmp"]) as snmpd:
        snmpd.wait_port(161, "udp")
        for subtree in ("1.3.6.1.2.1.1", "1.3.6.1.2.1.2"):
            admin.run("snmpwalk", "-v3", "-l", "authPriv", "-u", "inventory", "-a", "SHA",
                      "-A", "lab-pass-phrase", "-x", "AES", "-X", "lab-pass-phrase", "-On",
                      "10.30.2.5", subtree)
        greet_gateway(school, "student-03")
        for _ in range(4):
            student.run("snmpget", "-v1", "-c", "lab-only", "-On", "10.30.2.5",
                        "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.1.0")


STORM = 30  # devices


def boot_storm(school):
    """A cart of laptops is switched on: each asks for an address and looks names up."""
    host = school["student-06"]
    school.serve_dns(ping=False)
    script = host.write("storm.sh", LEASE_SCRIPT % host.path("lease-$interface"), 0o755)
    devices = [f"cart{number}" for number in range(STORM)]
    host.ip("".join(f"link add {device} link eth0 address 02:00:0a:14:07:{number:02x}"
                    f" type macvlan mode bridge\nlink set {device} up\n"
                    for number, device in enumerate(devices)))
    asking = [host.start("udhcpc", "-f", "-q", "-n", "-i", device, "-s", script, "-t", 20,
                         "-T", 2) for device in devices]
    for one in asking:
        one.wait()
    for device in devices:
        address = read_file(host.path(f"lease-{device}")).split()[0]
        host.run("dig", "+short", "+tries=1", "-b", address, "@10.20.0.1",
                 "classroom.example")
    host.ip("".join(f"link del {device}\n" for device in devices))
    school.set_address("student-06")
    school.dns.stop()
    os.unlink(school["router"].path("leases"))
    school.serve_dns()


SCENARIOS = [
    Scenario("update-downloads", HARMLESS,
             "Four devices ask their vendor for updates and load one; a student's, which is "
             "far behind, loads 27 MB in 17 conversations, and with three more it would raise "
             "bypass.one-host.", update_downloads, thin=True),
    Scenario("video-call", HARMLESS,
             "A student's device has a video call of the learning platform, through a relay "
             "and with a peer; of a service for calls with strangers it would raise "
             "safety.random-video-call.", video_call, ["turnserver", "turnutils_uclient", "ffmpeg"]),
    Scenario("sharp-call", HARMLESS,
             "A student's device sends over a thousand packets a second in a video call and hears "
             "fifty; if it heard nothing it would raise dos.one-conversation.", sharp_call,
             ["ffmpeg"], thin=True),
    Scenario("broken-speech", ATTACK,
             "A staff device hears a lesson by telephone, of which the line loses a tenth.",
             broken_speech, ["baresip", "ffmpeg"], ["service.speech-breaks-up"], told_by=41),
    Scenario("copying-files", HARMLESS,
             "The administrator's computer copies files to a server by SSH; looks a "
             "little like data that leaves.", copying_files,
             ["ssh", "ssh-keygen", "sshd", "rsync"]),
    Scenario("monitoring-probes", HARMLESS,
             "The administrator's monitoring asks servers and a printer the same things "
             "again and again; looks a little like a scan, and like a beacon.",
             monitoring_probes, ["check_http", "snmpd", "snmpget"]),
    Scenario("printer-inventory", HARMLESS,
             "The administration reads out a printer by SNMP v3, and a student's print "
             "queue asks for its state; looks like reading it out without leave.",
             printer_inventory, ["snmpd", "snmpget", "snmpwalk"]),
    Scenario("boot-storm", HARMLESS,
             "Thirty laptops are switched on at once; looks a little like address "
             "starvation.", boot_storm, ["udhcpc"]),
]
