# SPDX-License-Identifier: Apache-2.0
"""One password after another, and people who only mistype."""

import time

from acts import greet_gateway
from scenario import ATTACK, CONVERSATION, HARMLESS, MISUSE, Scenario
from scenarios.cleartext import LET_IN, VSFTPD

WORDS = "".join(f"chalk{n}\n" for n in range(30))

SSHD = """Port 22
ListenAddress {address}
HostKey {key}
AuthorizedKeysFile {folder}/authorized
PasswordAuthentication yes
PermitRootLogin yes
MaxAuthTries 2
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
"""

SMBD = """[global]
server role = standalone server
interfaces = 10.50.0.10
bind interfaces only = yes
smb ports = 445
disable netbios = yes
server min protocol = {least}
server max protocol = {most}
map to guest = never
passdb backend = tdbsam:{folder}/passdb.tdb
private dir = {folder}
lock directory = {folder}
state directory = {folder}
cache directory = {folder}
pid directory = {folder}
ncalrpc dir = {folder}/ncalrpc
log file = {folder}/log
load printers = no
[plans]
path = {folder}/plans
read only = yes
"""


# ---- FTP ------------------------------------------------------------------------------


def start_ftp(server, lets_in, *more):
    server.overlay_etc({"pam.d/vsftpd": LET_IN if lets_in else
                        LET_IN.replace("permit", "deny")})
    server.run("mkdir", "-p", server.path("files"), server.path("empty"))
    server.write("files/timetable.csv", "period,room\n1,12\n" * 40)
    text = VSFTPD.format(folder=server.path("files"), empty=server.path("empty"))
    for line in more:
        text = text.replace(line.partition("=")[0] + "=NO\n", "") + line + "\n"
    ftpd = server.start("vsftpd", server.write("vsftpd.conf", text))
    ftpd.wait_port(21)
    return ftpd


def ftp_guessing(school):
    attacker = school["student-06"]
    words = attacker.write("words", WORDS)
    with start_ftp(school["srv-files"], False, "delay_failed_login=0"):
        greet_gateway(school, "student-06")
        attacker.run("hydra", "-l", "teacher", "-P", words, "-t", 6, "-I",
                     "ftp://10.50.0.10", check=False, timeout=90)


def ftp_anonymous(school):
    """Anybody may fetch; whoever logs in does so by TLS."""
    authority = school.outside.authority
    certificate = authority.certify("files.lincoln.test")
    client = school["staff-01"]
    with start_ftp(school["srv-files"], True, "anonymous_enable=YES", "ssl_enable=YES",
                   f"anon_root={school['srv-files'].path('files')}",
                   f"rsa_cert_file={certificate}", f"rsa_private_key_file={authority.key}",
                   "require_ssl_reuse=NO", "ftp_username=daemon"):
        greet_gateway(school, "staff-01")
        client.run("curl", "-sS", "-o", "/dev/null",
                   "ftp://files.lincoln.test/timetable.csv")
        client.run("curl", "-sS", "-o", "/dev/null", "--ssl-reqd", "--cacert",
                   authority.certificate, "--user", "teacher:chalk-and-cheese",
                   "ftp://files.lincoln.test/timetable.csv")


# ---- SSH ------------------------------------------------------------------------------


def start_ssh(server, client, address="10.50.0.20"):
    host_key, own_key = server.path("host"), client.path("id")
    for key in (host_key, own_key):
        client.run("rm", "-f", key)  # of the scenario before; ssh-keygen would ask
        client.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    with open(own_key + ".pub", encoding="utf-8") as public:
        server.write("authorized", public.read())
    config = server.write("sshd_config", SSHD.format(address=address, key=host_key,
                                                     folder=server.folder))
    sshd = server.start("sh", "-c", 'mkdir -m 755 /run/sshd && exec "$@"', "sh",
                        "/usr/sbin/sshd", "-D", "-e", "-f", config,
                        hide=["/run", "/var/log"])
    sshd.wait_port(22)
    return sshd, own_key


GUESS = """for n in $(seq 24); do
 hydra -l root -p chalk$n -t 1 -I ssh://10.50.0.20 &
 test $((n % 6)) = 0 && wait
done; wait
"""


def ssh_guessing(school):
    """One hydra a word, six at a time: one hydra for all waits minutes after each refusal."""
    server, attacker = school["srv-web"], school["student-04"]
    with start_ssh(server, attacker)[0]:
        greet_gateway(school, "student-04")
        attacker.run("sh", "-c", GUESS, check=False, timeout=120)


def ssh_errands(school):
    """A program of the administrator looks after a server, one short session after another."""
    server, client = school["srv-web"], school["admin-01"]
    sshd, key = start_ssh(server, client)
    with sshd:
        greet_gateway(school, "admin-01")
        for _ in range(12):
            client.run("ssh", "-i", key, "-o", "StrictHostKeyChecking=no",
                       "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
                       "root@10.50.0.20", "uptime", check=False)


# ---- SMB ------------------------------------------------------------------------------


def start_smb(server, least, most):
    server.run("mkdir", "-p", server.path("plans"), server.path("ncalrpc"))
    server.write("plans/rooms.txt", "12 13 14\n")
    config = server.write("smb.conf", SMBD.format(folder=server.folder, least=least,
                                                  most=most))
    server.run("pdbedit", "-s", config, "-a", "-u", "daemon", "-t",
               stdin="chalk-and-cheese\nchalk-and-cheese\n")
    smbd = server.start("smbd", "-F", "-s", config,
                        hide=["/run", "/var/log"])
    smbd.wait_port(445)
    return smbd


def fetch_plan(client, password, *options):
    return client.run("smbclient", "-s", "/dev/null", "//10.50.0.10/plans", "-U",
                      f"daemon%{password}", *options, "-c", "get rooms.txt /dev/null",
                      check=False)


def smb_guessing(school):
    """By smbclient: Debian's hydra knows nothing later than SMB 1."""
    attacker = school["student-05"]
    with start_smb(school["srv-files"], "SMB2", "SMB3"):
        greet_gateway(school, "student-05")
        for word in WORDS.split()[:24]:
            fetch_plan(attacker, word)


def smb_share(school):
    """A person mistypes twice, and then gets the file."""
    with start_smb(school["srv-files"], "SMB2", "SMB3"):
        greet_gateway(school, "staff-02")
        for password in ("chalk", "cheese", "chalk-and-cheese"):
            fetch_plan(school["staff-02"], password)
            time.sleep(0.3)


def smb1_server(school):
    with start_smb(school["srv-files"], "NT1", "NT1"):
        greet_gateway(school, "staff-01")
        fetch_plan(school["staff-01"], "chalk-and-cheese", "-m", "NT1",
                   "--option=client min protocol=NT1")


SCENARIOS = [
    Scenario("ftp-guessing", ATTACK,
             "A student's device tries thirty passwords on the file server by FTP.",
             ftp_guessing, ["vsftpd", "hydra"], ["guessing.login", "cleartext.login"],
             told_by=7),
    Scenario("ftp-anonymous", HARMLESS,
             "A staff device fetches a file by FTP as anybody, and another after a login "
             "inside TLS.", ftp_anonymous, ["vsftpd"]),
    Scenario("ssh-guessing", ATTACK,
             "A student's device tries twenty-four passwords on a server by SSH.",
             ssh_guessing, ["hydra", "ssh-keygen", "sshd"], ["guessing.ssh"],
             within=CONVERSATION, told_by=15),
    Scenario("ssh-errands", HARMLESS,
             "The administrator's program has twelve short SSH sessions with a server; "
             "looks a little like guessing.", ssh_errands, ["ssh", "ssh-keygen", "sshd"]),
    Scenario("smb-guessing", ATTACK,
             "A student's device tries twenty-four passwords on the file server by SMB.",
             smb_guessing, ["smbd", "pdbedit", "smbclient"], ["guessing.login"],
             told_by=8),
    Scenario("smb-share", HARMLESS,
             "Somebody mistypes a password twice and then fetches a file by SMB 3.",
             smb_share, ["smbd", "pdbedit", "smbclient"]),
    Scenario("smb1-server", MISUSE,
             "The file server is set to SMB 1 and a staff device fetches a file that way.",
             smb1_server, ["smbd", "pdbedit", "smbclient"], ["server.smb1"], told_by=5),
]
