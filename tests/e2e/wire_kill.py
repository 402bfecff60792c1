#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An agent and an intake that are killed, and a link that is cut, while records flow.

Every record that was in the spool must be in the store once, in order. ROUNDS sets how
often something is killed or cut (6); line_kill.py does the same to the real programs.
"""
import json
import os
import random
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
from contextlib import closing

END = os.path.join(os.environ.get("BUILD", "build"), "tests/e2e/wire_end")
ROUNDS = int(os.environ.get("ROUNDS", "6"))
PATIENCE = 120  # seconds; a guard against hanging


class Link:
    """Carries bytes between the agent and the intake until it is cut."""

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.pairs = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            self.pairs += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    @staticmethod
    def carry(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for end in self.pairs:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.pairs = []


class Line:
    started = []

    def __init__(self, folder, count, quota=1 << 30):
        self.folder, self.count, self.quota = folder, count, quota
        self.store = os.path.join(folder, "store.db")
        self.spool = os.path.join(folder, "spool.db")
        keys = subprocess.check_output([END, "keys"], text=True).splitlines()
        self.server, self.client = (line.split() for line in keys)
        subprocess.check_call([END, "allow", self.store, "box", self.client[0]])
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        self.link = Link(self.port)
        self.log = open(os.path.join(folder, "log"), "w", encoding="utf-8")
        self.intake = self.agent = None
        Line.started.append(self)

    def start_intake(self):
        self.intake = subprocess.Popen(
            [END, "intake", self.store, f"tcp://127.0.0.1:{self.port}", *self.server],
            stderr=self.log, stdout=subprocess.DEVNULL,
        )

    def start_agent(self, within=()):
        self.agent = subprocess.Popen(
            [*within, END, "agent", self.spool, str(self.quota), str(self.count), self.server[0],
             *self.client, f"tcp://127.0.0.1:{self.link.port}"],
            stderr=self.log, stdout=subprocess.PIPE, text=True,
        )

    def end(self):
        for child in (self.intake, self.agent):
            if child and child.poll() is None:
                child.kill()
            if child:
                child.wait()
        self.link.listener.close()
        self.log.close()

    def ask(self, query, file=None):
        with closing(sqlite3.connect(file or self.store)) as db:
            return db.execute(query).fetchall()

    def spooled(self):
        return self.ask("SELECT next - 1 FROM stream WHERE stream = 1", self.spool)[0][0]

    def numbers(self):
        return self.ask("SELECT seq, document FROM alerts ORDER BY id")

    def losses(self):
        return self.ask("SELECT first, last, reason FROM losses ORDER BY id")


def kill(child):
    child.send_signal(signal.SIGKILL)
    child.wait()


def torment(line, chance):
    """One of the ends killed and started again, or the link cut."""
    victim = chance.choice(("agent", "intake", "intake", "agent", "link"))
    if victim == "link":
        line.link.cut()
    elif victim == "intake":
        kill(line.intake)
        time.sleep(chance.uniform(0, 0.05))
        line.start_intake()
    elif line.agent.poll() is None:
        kill(line.agent)
        line.start_agent()
    return victim


def finish(line):
    """What the agent says when all is acknowledged."""
    out, _ = line.agent.communicate(timeout=PATIENCE)
    return [int(n) for n in re.findall(r"\d+", out.splitlines()[-1])]


def killed_ends(folder):
    chance = random.Random(7)
    line = Line(folder, 60000 * ROUNDS)
    done = {"agent": 0, "intake": 0, "link": 0}
    line.start_intake()
    line.start_agent()
    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0.05, 0.5))
        done[torment(line, chance)] += 1
    kill(line.agent)
    line.count = line.spooled()  # it shall say no more
    line.start_agent()
    said, acknowledged, lost = finish(line)
    line.end()
    rows = line.numbers()
    assert (acknowledged, lost) == (said, 0), (said, acknowledged, lost)
    assert [seq for seq, _ in rows] == list(range(1, said + 1)), "each number once, in order"
    assert all(json.loads(doc)["number"] == seq for seq, doc in rows), "what was said"
    return f"{said} records, {done['agent']} agents and {done['intake']} intakes killed, " \
           f"{done['link']} links cut"


def full_spool(folder):
    """No intake for a while: the spool's quota is reached, and the loss says how many."""
    line = Line(folder, 200000, quota=1 << 20)
    line.start_agent()
    assert line.agent.stdout.readline() == "all said\n"
    time.sleep(1)  # longer than any commit waits
    line.start_intake()
    said, acknowledged, _ = finish(line)
    line.end()
    stored = {seq for seq, _ in line.numbers()}
    lost = set()
    for first, last, reason in line.losses():
        assert reason == "quota", reason
        lost |= set(range(first, last + 1))
    assert said == acknowledged == line.count
    assert stored and lost and not stored & lost
    assert stored | lost == set(range(1, said + 1)), "every number is stored or told lost"
    return f"{len(stored)} stored, {len(lost)} told lost"


def revoked_agent(folder):
    """Another process takes the key off the list while records flow."""
    line = Line(folder, 10**9)
    line.start_intake()
    line.start_agent()
    deadline = time.monotonic() + PATIENCE
    while len(line.numbers()) < 1000 and time.monotonic() < deadline:
        time.sleep(0.05)
    subprocess.check_call([END, "revoke", line.store, "box"])
    at_once = len(line.numbers())
    time.sleep(2)
    later = len(line.numbers())
    line.end()
    with open(os.path.join(folder, "log"), encoding="utf-8") as f:
        told = "has revoked this agent's key" in f.read()
    assert at_once >= 1000, "records flowed before"
    assert later == at_once, f"{later - at_once} records were stored after the key was revoked"
    assert told, "the agent was told"
    return f"{at_once} stored before, none after"


def full_disk(folder):
    """The spool lies on a disk of 4 MiB; later it is given more."""
    line = Line(folder, 100000)
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    line.spool = os.path.join(disk, "spool.db")
    line.start_agent(["unshare", "-m", "sh", "-c",
                      f'mount -t tmpfs -o size=4m none {disk} && exec "$@"', "sh"])
    assert line.agent.stdout.readline() == "all said\n"
    time.sleep(1)
    subprocess.check_call(["nsenter", "-m", "-t", str(line.agent.pid),
                           "mount", "-o", "remount,size=100m", disk])
    line.start_intake()
    said, acknowledged, counted = finish(line)
    line.end()
    stored = {seq for seq, _ in line.numbers()}
    lost = set()
    for first, last, reason in line.losses():
        assert reason == "full", reason
        lost |= set(range(first, last + 1))
    assert said == acknowledged == line.count
    assert counted == len(lost) > 0, (counted, len(lost))
    assert not stored & lost
    assert stored | lost == set(range(1, said + 1)), "every number is stored or told lost"
    return f"{len(stored)} stored, {len(lost)} told lost"


def main():
    cases = (
        ("every record that was spooled is stored once, whoever is killed", killed_ends),
        ("what a full spool loses is told, number by number", full_spool),
        ("what a full disk loses is told, and it goes on when there is room", full_disk),
        ("nothing of a revoked key is stored from that moment on", revoked_agent),
    )
    failed = 0
    print(f"1..{len(cases)}", flush=True)
    for i, (sentence, case) in enumerate(cases, 1):
        if case is full_disk and os.geteuid() != 0:
            print(f"ok {i} - {sentence} # SKIP a small disk is mounted: needs root")
            continue
        folder = tempfile.mkdtemp(prefix="wire-")
        try:
            print(f"ok {i} - {sentence}: {case(folder)}", flush=True)
            shutil.rmtree(folder)
        except (AssertionError, IndexError, ValueError, subprocess.SubprocessError) as e:
            failed += 1
            print(f"not ok {i} - {sentence}\n# {e}\n# what they said is in {folder}/log")
        while Line.started:
            Line.started.pop().end()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
