# SPDX-License-Identifier: Apache-2.0
"""Old habits on the school's servers: passwords in clear, TLS that is broken."""

import time

from acts import fetch, greet_gateway, look_up
from scenario import HARMLESS, MISUSE, Scenario

VSFTPD = """listen=YES
listen_address=10.50.0.10
background=NO
anonymous_enable=NO
local_enable=YES
guest_enable=YES
guest_username=daemon
local_root={folder}
write_enable=NO
seccomp_sandbox=NO
secure_chroot_dir={empty}
nopriv_user=nobody
pam_service_name=vsftpd
"""

LET_IN = "auth required pam_permit.so\naccount required pam_permit.so\n"


def ftp_login(school):
    """curl and tnftp fetch a file; the server lets in whoever has a password."""
    server = school["srv-files"]
    server.overlay_etc({"pam.d/vsftpd": LET_IN})
    server.run("mkdir", "-p", server.path("files"), server.path("empty"))
    server.write("files/timetable.csv", "period,room\n1,12\n" * 40)
    config = server.write("vsftpd.conf", VSFTPD.format(folder=server.path("files"),
                                                       empty=server.path("empty")))
    with server.start("vsftpd", config) as ftpd:
        ftpd.wait_port(21)
        greet_gateway(school, "staff-01")
        fetch(school, "staff-01", "ftp://files.lincoln.test/timetable.csv", "--user",
              "teacher:chalk-and-cheese")
        school["staff-02"].run("tnftp", "-n", "-o", "/dev/null",
                               "ftp://teacher:chalk-and-cheese@files.lincoln.test/"
                               "timetable.csv")


def basic_password(school):
    greet_gateway(school, "staff-01")
    fetch(school, "staff-01", "http://intranet.lincoln.test/marks", "--user",
          "teacher:chalk-and-cheese")


def basic_asked(school):
    """The server asks for a password and gets none."""
    greet_gateway(school, "staff-01")
    fetch(school, "staff-01", "http://intranet.lincoln.test/marks", check=False)
    fetch(school, "staff-01", "http://intranet.lincoln.test/")


LOGIN = """#!/bin/sh
printf 'login: '; read -r name
printf 'Password: '; read -r password
echo "Welcome, $name"; sleep 1
"""

TYPING = """(sleep 1; printf 'teacher\\r\\n'
 sleep 1; printf 'chalk-and-cheese\\r\\n'; sleep 3) | telnet %s
"""


def telnet_login(school):
    server, client = school["srv-old"], school["staff-02"]
    login = server.write("login.sh", LOGIN, mode=0o755)
    with server.start("socat", "TCP4-LISTEN:23,reuseaddr,fork",
                      f"EXEC:telnetd -h -E {login}",
                      hide=["/run", "/var/log"]) as telnetd:
        telnetd.wait_port(23)
        greet_gateway(school, "staff-02")
        client.run("sh", "-c", TYPING % "library.lincoln.test", check=False)


OLD = "DEFAULT@SECLEVEL=0"


def old_tls(school):
    """A library catalogue that never learnt anything newer than TLS 1.1."""
    server, authority = school["srv-old"], school.outside.authority
    name = "library.lincoln.test"
    certificate = authority.certify(name)
    with server.start("openssl", "s_server", "-accept", 443, "-www", "-cipher", OLD,
                      "-no_tls1_2", "-no_tls1_3", "-cert", certificate,
                      "-key", authority.key) as tls:
        tls.wait_port(443)
        greet_gateway(school, "staff-01")
        for who, version in (("staff-01", "-tls1_1"), ("student-02", "-tls1")):
            look_up(school, who, name)
            school[who].run("openssl", "s_client", version, "-cipher", OLD,
                            "-servername", name, "-connect", f"{name}:443",
                            "-CAfile", authority.certificate,
                            stdin="GET / HTTP/1.0\r\n\r\n")
            time.sleep(0.2)


def old_tls_refused(school):
    """A client that knows nothing newer than TLS 1.1 meets a modern server."""
    authority = school.outside.authority
    greet_gateway(school, "staff-01")
    school["staff-01"].run("openssl", "s_client", "-tls1_1", "-cipher", OLD,
                           "-servername", "mail.example", "-connect", "mail.example:443",
                           "-CAfile", authority.certificate, check=False)


SCENARIOS = [
    Scenario("ftp-login", MISUSE,
             "Two staff devices log in to the file server by FTP, password in clear.",
             ftp_login, ["vsftpd", "tnftp"], ["cleartext.login"], told_by=5),
    Scenario("basic-password", MISUSE,
             "A staff device sends a password to the intranet by HTTP Basic in clear.",
             basic_password, rules=["cleartext.login"], told_by=5),
    Scenario("basic-asked", HARMLESS,
             "The intranet asks for a password by HTTP and the browser sends none.",
             basic_asked),
    Scenario("telnet-login", MISUSE,
             "A staff device logs in to an old server by Telnet.", telnet_login,
             ["telnet", "telnetd", "socat"], ["cleartext.login"], told_by=6),
    Scenario("old-tls", MISUSE,
             "A server of the school speaks nothing newer than TLS 1.1; one client uses "
             "that, one TLS 1.0.", old_tls, rules=["server.obsolete-tls"],
             dated=True, told_by=5),
    Scenario("old-tls-refused", HARMLESS,
             "A client that offers TLS 1.1 at most is turned away by a modern server.",
             old_tls_refused),
]
