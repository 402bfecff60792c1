# SPDX-License-Identifier: Apache-2.0
"""A collector of its own for a test: settings, keys, a mail server and a webhook that write
down what they get, and the hallwatch command. Nothing here waits longer than it has to:
until() asks again and again, and gives up after a bound."""
import asyncio
import email
import email.policy
import glob
import http.server
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
COLLECTOR = os.path.join(BUILD, "bin/hallwatch-collector")
HALLWATCH = os.path.join(BUILD, "bin/hallwatch")
PATIENCE = 60  # seconds; a guard against hanging, not a measure
DISTRICT = "example-district"

PLAYBOOK = """\
schema: 1
playbook: {name}
version: 1
title: A playbook for tests
for: security
audience: [security, network-admin]
summary: Somebody takes it, does it, decides, and closes it.
privacy: {{class: security, retention: 1 month}}
severity_floor: low
steps:
  - {{id: page, kind: notify, to: security, template: malware-page, then: ack}}
  - {{id: ack, kind: ack, within: {within}, on_timeout: deputy, then: work}}
  - id: deputy
    kind: ack
    role: network-admin
    within: 30m
    on_timeout: {{escalate: last-responder}}
    then: work
  - id: work
    kind: task
    role: network-admin
    within: 4h
    title: Take the device off the network
    do: ["Find the device in ${{incident.segment}}"]
    do_not: ["Do not treat this as misconduct"]
    form:
      - {{field: others, ask: "How many others?", type: number, required: true}}
      - {{field: found, ask: "Was it found?", type: yesno, required: true}}
    marks: contained
    then: records
  - id: records
    kind: decide
    within: 8h
    question: Could records have been read?
    options: {{"yes": close, "no": close}}
    reason: required
  - {{id: close, kind: close, within: 2d, disposition: required}}
"""


def until(what, condition, patience=PATIENCE):
    """What the condition gives, once it gives something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError(f"not within {patience} s: {what}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class MailServer:
    """SMTP (RFC 5321), as little of it as a client needs. refuse: {address: code} of
    recipients that are refused."""

    def __init__(self):
        self.mails = []  # (recipient, message)
        self.refuse = {}
        self.pause = 0  # seconds between having a mail and saying so
        self.loop = asyncio.new_event_loop()
        self.port = None
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def _serve(self, reader, writer):
        to = None
        writer.write(b"220 sink\r\n")
        try:
            while line := await reader.readline():
                word = line.strip().upper()
                answer = b"250 fine\r\n"
                if word.startswith(b"RCPT TO:"):
                    to = re.search(r"<(.*)>", line.decode()).group(1)
                    if to in self.refuse:
                        answer = b"%d no\r\n" % self.refuse[to]
                elif word == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await writer.drain()
                    text = await reader.readuntil(b"\r\n.\r\n")
                    message = email.message_from_bytes(text[:-3], policy=email.policy.default)
                    self.mails.append((to, message))
                    await asyncio.sleep(self.pause)
                elif word == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def to(self, address):
        return [m for a, m in list(self.mails) if a == address]

    def stop(self):
        async def end():
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            self.loop.stop()

        asyncio.run_coroutine_threadsafe(end(), self.loop)
        self.thread.join()
        self.loop.close()


class Hook:
    """Webhooks: what was posted, with its headers."""

    def __init__(self):
        self.posts = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posts.append((dict(self.headers), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class World:
    """A folder with all that a collector needs, and the collector when it was started."""

    def __init__(self, playbook_within="30m"):
        self.folder = tempfile.mkdtemp(prefix="hallwatch-e2e-")
        self.mail, self.hook = MailServer(), Hook()
        self.intake, self.api = free_port(), free_port()
        self.process, self.seq = None, 0
        self._write_content(playbook_within)
        subprocess.run([HALLWATCH, "keys", "new", "collector", self.path("keys")],
                       check=True, capture_output=True)
        self.write("webhook.key", "a secret of both sides\n", 0o600)
        self.write("collector.yaml", self.settings())

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def _write_content(self, within):
        """The shipped content, where somebody is on duty at every hour, whatever the hour
        of the test; and the playbook for tests beside the others."""
        with open("deploy/examples/district.yaml", encoding="utf-8") as f:
            text = f.read()
        text = re.sub(r'days: [\w-]+, from: "[\d:]+", to: "[\d:]+"',
                      'days: mon-sun, from: "00:00", to: "24:00"', text)
        text = text.replace(
            "{mail: security@district.example}",
            "{mail: security@district.example}, "
            f'{{webhook: "http://127.0.0.1:{self.hook.port}/hook"}}')
        self.write("district.yaml", text)
        shutil.copytree("rules/playbooks", self.path("playbooks"))
        self.write("playbooks/test.yaml", PLAYBOOK.format(name="test", within=within))

    def settings(self):
        here = os.getcwd()
        return f"""\
district: district.yaml
rules: [{here}/rules/detect]
playbooks: playbooks
correlate: {here}/rules/correlate
notices: {here}/rules/notices
state: state
user: root
intake: {{listen: "127.0.0.1:{self.intake}", key: keys/collector.key}}
api: {{listen: "127.0.0.1:{self.api}"}}
smtp: {{url: "smtp://127.0.0.1:{self.mail.port}", tls: never, from: hw@district.example}}
webhook: {{key: webhook.key}}
outbox: {{pause: 200ms, attempts: 4}}
"""

    @property
    def store(self):
        return self.path("state/collector.store")

    # ---- the collector ----

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def start(self, *args):
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                [COLLECTOR, "-c", self.path("collector.yaml"), *args], stderr=log,
                stdout=log, cwd=self.folder)
        until("all processes are ready", lambda: len(self.children()) == 4
              and self.log().count(" is ready") >= 4 or self.process.poll() is not None)
        assert self.process.poll() is None, self.log()

    def children(self):
        """By name: the processes' ids."""
        found = {}
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8") as f:
                    text = f.read()
            except OSError:
                continue
            name, rest = re.match(r"\d+ \((.*)\) (.*)", text, re.S).groups()
            if int(rest.split()[1]) == self.process.pid and rest[0] != "Z":
                found[name] = int(text.split()[0])
        return found

    def kill(self, name):
        """kill -9, and no wait for the next one."""
        pid = self.children().get(name)
        if pid:
            os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(PATIENCE) == 0, self.log()
        self.process = None

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.mail.stop()
        self.hook.stop()
        shutil.rmtree(self.folder)

    # ---- what happens ----

    def alert(self, device="7KQX-M3TA", playbook="test", **other):
        """An alert, as the intake stores it. other: columns that are not as below."""
        self.seq += 1
        now = int(time.time() * 1e6)
        document = json.dumps({"event_type": "alert", "hallwatch": {
            "rule": "malware.known-host", "host": "malware.example", "playbook": playbook,
            "after_hours": "page",
            "window": {"kind": "count", "value": 2, "within": "12 h"}}})
        row = {
            "district": DISTRICT, "agent": "lincoln-1", "epoch": 1, "seq": self.seq,
            "at": now, "arrived": now, "rule": "malware.known-host",
            "title": "A device talks to a known malicious host", "severity": 3,
            "site": "lincoln", "segment": "students", "device": device,
            "playbook": playbook, "owner": 1, "drill": 0, "summary": 0, "repeats": 0,
            "document": document,
        } | other
        db = sqlite3.connect(self.store, timeout=PATIENCE)
        with db:
            db.execute(f"INSERT INTO alerts ({','.join(row)}) VALUES "
                       f"({','.join('?' * len(row))})", tuple(row.values()))
        db.close()

    def query(self, sql, *values):
        db = sqlite3.connect(self.store, timeout=PATIENCE)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    # ---- people ----

    def hallwatch(self, *args, fine=True):
        done = subprocess.run(
            [HALLWATCH, *args, "--store", self.store, "--district",
             self.path("district.yaml")],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert (done.returncode == 0) == fine, (args, done.stdout, done.stderr)
        return done.stdout if fine else done.stderr

    def tasks(self, person):
        return json.loads(self.hallwatch("tasks", "list", "--json", "--as", person))

    def task(self, person, step, incident=None):
        """The task of that step, once it waits for that person."""
        return until(f"a task {step} for {person}", lambda: next(
            (t for t in self.tasks(person) if t["step"] == step
             and incident in (None, t["incident"])), None))


def run(cases):
    """TAP. Each case is a function, whose name is a sentence, and gets a world."""
    print(f"1..{len(cases)}")
    failed = 0
    for number, (case, world) in enumerate(cases, 1):
        name = case.__name__.replace("_", " ")
        w = None
        try:
            w = world()
            case(w)
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # whatever it is, the next case has its turn
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            text = traceback.format_exc() + (w.log() if w and os.path.exists(w.path("log"))
                                             else "")
            print("\n".join("# " + line for line in text.splitlines()[-60:]))
        finally:
            if w:
                w.close()
    sys.exit(1 if failed else 0)
