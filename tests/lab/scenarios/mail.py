# SPDX-License-Identifier: Apache-2.0
"""Mail: passwords in clear and inside TLS, and mail that a device sends by itself."""

from acts import greet_gateway
from outside import WEB
from scenario import ATTACK, HARMLESS, MISUSE, Scenario

DOVECOTS = ["dovecot", "imap-login", "pop3-login", "submission-login"]

DOVECOT = """protocols = imap pop3 submission
listen = 10.50.0.10
base_dir = {folder}/dovecot
state_dir = {folder}/dovecot
log_path = /dev/stderr
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = mbox:{folder}/mail:INBOX={folder}/mail/inbox
mail_uid = daemon
mail_gid = daemon
first_valid_uid = 1
submission_relay_host = 10.50.0.10
submission_relay_port = 2525
passdb {{
 driver = static
 args = password=chalk-and-cheese
}}
userdb {{
 driver = static
 args = uid=daemon gid=daemon home={folder}/mail
}}
"""

SMTPD = """listen on {address} port 25 hostname mail.example
action drop relay host lmtp://127.0.0.1:9
match from any for any reject
"""


def start_dovecot(school):
    server, authority = school["srv-files"], school.outside.authority
    server.run("mkdir", "-p", server.path("mail"))
    server.write("mail/inbox", "")
    server.run("chown", "-R", "daemon:daemon", server.path("mail"))
    config = server.write("dovecot.conf", DOVECOT.format(
        folder=server.folder, key=authority.key,
        certificate=authority.certify("files.lincoln.test")))
    dovecot = server.start("dovecot", "-F", "-c", config, hide=["/run", "/var/log"])
    return dovecot.wait_port(143).wait_port(110).wait_port(587)


def read_mail(school, who, url, *options, password="chalk-and-cheese"):
    school[who].run("curl", "-sS", "--max-time", 10, "-o", "/dev/null", "--user",
                    f"teacher:{password}", *options, url, check=False)


def mail_in_clear(school):
    """By IMAP, by POP3, and to the server that takes mail in."""
    with start_dovecot(school):
        greet_gateway(school, "staff-01")
        for url in ("imap://files.lincoln.test/INBOX", "pop3://files.lincoln.test/"):
            read_mail(school, "staff-01", url)
        school["staff-02"].run("swaks", "--server", "files.lincoln.test:587", "--auth",
                               "PLAIN", "--auth-user", "teacher", "--auth-password",
                               "chalk-and-cheese", "--to", "office@lincoln.test", "--from",
                               "teacher@lincoln.test", "--quit-after", "AUTH",
                               check=False)


def mail_in_tls(school):
    """STARTTLS before the password, as mail programs do today."""
    trust = ["--ssl-reqd", "--cacert", school.outside.authority.certificate]
    with start_dovecot(school):
        greet_gateway(school, "staff-01")
        for url in ("imap://files.lincoln.test/INBOX", "pop3://files.lincoln.test/"):
            read_mail(school, "staff-01", url, *trust)


def mail_guessing(school):
    words = school["student-04"].write("words", "".join(f"chalk{n}\n" for n in range(24)))
    with start_dovecot(school):
        greet_gateway(school, "student-04")
        school["student-04"].run("hydra", "-l", "teacher", "-P", words, "-t", 8, "-I",
                                 "imap://10.50.0.10", check=False, timeout=120)


def mail_from_client(school):
    """A device delivers mail by itself, as those do that send spam."""
    far = school["outside"]
    config = far.write("smtpd.conf", SMTPD.format(address=WEB["mail.example"]))
    with far.start("sh", "-c", "mkdir -m 711 /var/spool/smtpd; exec smtpd -d -f " + config,
                   hide=["/var/spool", "/run"]) as smtpd:
        smtpd.wait_port(25)
        greet_gateway(school, "student-03")
        for number in range(3):
            school["student-03"].run("swaks", "--server", "mail.example", "--to",
                                     f"somebody{number}@example", "--from",
                                     "prize@lincoln.test", check=False)


SCENARIOS = [
    Scenario("mail-in-clear", MISUSE,
             "Staff log in to a mail server by IMAP, POP3 and SMTP, password in clear.",
             mail_in_clear, [*DOVECOTS, "swaks"], ["cleartext.login"], told_by=5),
    Scenario("mail-in-tls", HARMLESS,
             "A staff device logs in to a mail server by IMAP and POP3 after STARTTLS.",
             mail_in_tls, [*DOVECOTS]),
    Scenario("mail-guessing", ATTACK,
             "A student's device tries twenty-four passwords on a mail server by IMAP.",
             mail_guessing, [*DOVECOTS, "hydra"],
             ["guessing.login", "cleartext.login"], told_by=23),
    Scenario("mail-from-client", ATTACK,
             "A student's device delivers mail to a server outside by itself.",
             mail_from_client, ["smtpd", "swaks"], ["malware.mail-from-client"],
             told_by=5),
]
