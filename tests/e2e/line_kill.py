#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of any process of agent or collector, cut links, a spool at its quota and a full
disk, while every packet is an alert: what was spooled is stored exactly once, what is lost
is counted, what was not seen is told, and every run goes on.

ROUNDS sets how often something happens (30), SEED what; both are printed.
"""
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections import Counter, namedtuple
from contextlib import closing

import agent_lab as lab
import collector_world
import netns
from collector_world import World, until

ROUNDS = int(os.environ.get("ROUNDS", "30"))
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
PPS = 80
BURST = 1200  # alerts: more than the spool's quota holds, and than the memory beside it
QUOTA = 1 << 20
DISK = 24 << 20
AGAIN = 1000  # alerts in 1 MiB: what a killed courier may not have known to be safe
PATIENCE = 180  # seconds; a guard against hanging, not a measure
ALERTS = 1  # docs/WIRE.md, 4: the stream
CLONE_NEWNET = 0x40000000  # sched.h; Python has no name for it before 3.12
NEAR, FAR = "10.99.0.2", "10.99.0.1"
COURIER, SENSOR = "courier", "sensor-0"
SECURITY = "duty-security"

RULES = """\
schema: 1
ruleset: test
version: 1
rules:
  - id: test.query
    title: A query
    why: To count every query
    severity: high
    owner: security
    identity: device
    response: {playbook: test, after_hours: page}
    watch: [dns]
    when: dns.qr == "query"
  - id: test.self
    title: The agent has something to say of itself
    why: What was not seen is told
    severity: high
    owner: network-admin
    response: {playbook: test, after_hours: page}
    watch: [agent]
    when: agent.what exists
"""


def enter(path):
    """The calling thread, and those that it starts, go into a network namespace."""
    with open(path, "rb") as f:
        if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"{path} cannot be entered")


def path_of(machine):
    return os.path.join(netns.NETNS_DIR, machine.full_name)


def frame(number, device):
    """A query with the number in its name, from a device of its own address."""
    address = f"10.20.{4 + device // 250}.{1 + device % 250}"
    whole = lab.query(number, address)
    return whole[:6] + b"\2\0" + socket.inet_aton(address) + whole[12:]


class Player(threading.Thread):
    """Plays queries on the wire, the next number each, until it is ended."""

    def __init__(self, namespace):
        super().__init__(daemon=True)
        self.namespace = namespace
        self.sent_at = []  # by number
        self.device = 0
        self.hurry = 0  # frames that are due at once
        self.ended = threading.Event()

    def run(self):
        enter(self.namespace)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("play", 0))
            while not self.ended.is_set():
                self.play(wire)
                if self.hurry:
                    self.hurry -= 1
                    time.sleep(1 / 4000)
                else:
                    time.sleep(1 / PPS)

    def play(self, wire):
        self.sent_at.append(time.time())
        wire.send(frame(len(self.sent_at) - 1, self.device))

    def end(self):
        self.ended.set()
        self.join()


class Program:
    """A program with the processes that it forks, kept running as systemd keeps it."""

    def __init__(self, name, argv, log, folder):
        self.name, self.argv, self.log_path, self.folder = name, argv, log, folder
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.folder,
                                            start_new_session=True)

    def log(self):
        return netns.read_file(self.log_path)

    def living(self):
        """Its processes, by name; the warden is among them."""
        if self.process.poll() is not None:
            return {}
        found = {"warden": self.process.pid}
        for pid in lab.children(self.process.pid):
            if netns.running(pid):
                found[netns.read_file(f"/proc/{pid}/comm").strip()] = pid
        return found

    def kill(self, name):
        """And wait until it is gone; False when it was already."""
        living = self.living()
        if name not in living:
            return False
        os.kill(living[name], signal.SIGKILL)
        lab.wait_until(lambda: not netns.running(living[name]), "a killed process is gone")
        if name == "warden":
            self.process.wait()
            lab.wait_until(lambda: not any(map(netns.running, living.values())),
                           "its processes end")
        return True

    def tend(self):
        """Start it again where it ended."""
        if self.process.poll() is not None:
            self.start()

    def stop(self):
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def end(self):
        if self.process:
            self.kill("warden")


Kill = namedtuple("Kill", "name before after")


class Line:
    """A sensor box and a collector with a link between them, as processes in two network
    namespaces. This process is in the collector's, so that its mail server is."""

    def __init__(self):
        self.ground = netns.Ground().__enter__()
        self.home = f"/proc/self/fd/{os.open('/proc/self/ns/net', os.O_RDONLY)}"
        self.world = self.player = None
        self.programs = {}
        self.kills = []
        self.witnessed = {}  # sequence number: the document, as seen in the spool
        self.cut_until = self.full_until = self.worked = 0
        try:
            self.build()
        except BaseException:
            self.close()
            raise

    # ---- its parts ----

    def build(self):
        self.box = self.ground.add("box")
        self.district = self.ground.add("district")
        self.ground.cable(self.box, "play", "02:00:00:00:00:01", self.box, "net0")
        self.ground.cable(self.box, "near", "02:00:00:00:00:02", self.district, "far")
        self.box.ip(f"addr add {NEAR}/24 dev near\n")
        self.district.ip(f"addr add {FAR}/24 dev far\n")
        enter(path_of(self.district))
        self.world = World()
        self.world.mail.pause = 0.05  # so that its client is killed in the middle, too
        self.write_settings()
        self.make_disk()
        self.programs = {
            "agent": Program("agent", [
                "nsenter", f"--mount=/proc/{self.disk.process.pid}/ns/mnt",
                f"--net={path_of(self.box)}", lab.AGENT, "-c",
                self.world.path("agent.yaml")], self.box.path("log"), "/"),
            "collector": Program("collector", [
                collector_world.COLLECTOR, "-c", self.world.path("collector.yaml")],
                self.world.path("log"), self.world.folder),
        }
        self.player = Player(path_of(self.box))

    def write_settings(self):
        w = self.world
        w.write("rules.yaml", RULES)
        for kind in ("agent", "pseudonym"):
            netns.command(lab.HALLWATCH, "keys", "new", kind, w.path("keys"))
        w.write("collector.yaml", w.settings()
                .replace(f"127.0.0.1:{w.intake}", f"{FAR}:{w.intake}")
                .replace("rules: [", f"rules: [{w.path('rules.yaml')}, "))
        self.state = self.box.path("state")
        os.mkdir(self.state)
        w.write("agent.yaml", f"""\
name: lincoln-1
site: lincoln
interfaces: [net0]
district: district.yaml
rules: [rules.yaml]
state: {self.state}
user: root
collector: {{addresses: ["{FAR}:{w.intake}"], key: keys/collector.pub}}
key: keys/agent.key
pseudonym_key: keys/pseudonym.key
spool: {{quota: {QUOTA >> 10}KiB}}
""")

    def make_disk(self):
        """A small disk for the agent, that outlives it."""
        self.disk = self.box.start("sleep", "infinity", hide=[self.state])
        lab.wait_until(lambda: netns.read_file(f"/proc/{self.disk.process.pid}/comm")
                       == "sleep\n", "a disk")
        netns.command("nsenter", "-m", "-t", self.disk.process.pid, "mount", "-o",
                      f"remount,size={DISK}", self.state)
        self.seen_state = f"/proc/{self.disk.process.pid}/root{self.state}"

    def start(self):
        agent, collector = self.programs.values()
        collector.start()
        until("the intake is ready", lambda: "intake is ready" in collector.log())
        self.world.hallwatch("agents", "add", "lincoln-1", "--site", "lincoln",
                             self.world.path("keys/agent.pub"))
        agent.start()
        until("the sensor watches", lambda: "watching net0" in agent.log())
        self.player.start()

    def close(self):
        if self.player and self.player.is_alive():
            self.player.end()
        for program in self.programs.values():
            program.end()
        if self.world:
            self.world.close()
        enter(self.home)  # who stays is ended
        self.ground.__exit__()

    # ---- what happens to it ----

    def kill(self, program, name):
        if name == "runner":
            self.await_mail()
        before = time.time()
        if program.kill(name):
            self.kills.append(Kill(f"{program.name}: {name}", before, time.time()))
            if name == COURIER:
                self.witness()

    def await_mail(self):
        """A moment in which the server has a mail and has not said so, if there is one."""
        mails, had = self.world.mail.mails, len(self.world.mail.mails)
        end = time.monotonic() + 0.5
        while len(mails) == had and time.monotonic() < end:
            time.sleep(0.005)

    def cut(self, seconds):
        self.box.ip("link set near down\n")
        self.cut_until = time.monotonic() + seconds

    def fill_disk(self, seconds):
        try:
            with open(os.path.join(self.seen_state, "filler"), "ab", buffering=0) as f:
                while True:
                    f.write(bytes(1 << 16))
        except OSError:
            pass
        self.full_until = time.monotonic() + seconds

    def tend(self, at_once=False):
        """What is to be brought back by now is."""
        now = time.monotonic()
        if self.cut_until and (at_once or now >= self.cut_until):
            self.box.ip("link set near up\n")
            self.cut_until = 0
        if self.full_until and (at_once or now >= self.full_until):
            os.unlink(os.path.join(self.seen_state, "filler"))
            self.full_until = 0
        for program in self.programs.values():
            program.tend()

    def victims(self):
        return [(program, name) for program in self.programs.values()
                for name in program.living()]

    def torment(self, chance):
        what = chance.choice(("kill",) * 16 + ("cut", "cut", "quota", "full"))
        if what == "kill":
            victim = chance.choice(self.victims() or [None])
            if victim:
                self.kill(*victim)
        else:
            self.cut(chance.uniform(0.1, 3))
        if what == "full":
            self.fill_disk(chance.uniform(0.5, 3))
        if what in ("quota", "full") and SENSOR in self.programs["agent"].living():
            self.player.hurry += BURST
        return what

    def work(self):
        """Somebody takes an incident, whether or not there is an engine at this moment."""
        for (task,) in self.world.query("SELECT id FROM tasks WHERE step = 'ack' AND "
                                        "state = 0 ORDER BY id LIMIT 1"):
            self.world.hallwatch("tasks", "take", str(task), "--as", SECURITY,
                                 "--wait", "100ms")
            self.worked += 1

    # ---- what there is to see ----

    def path(self, name):
        return self.box.path(name)

    def log(self):
        """The ends of what both said, for who looks into a failure."""
        lines = [f"{kill}" for kill in self.kills[-8:]]
        for program in self.programs.values():
            lines += [f"---- {program.name}", *program.log().splitlines()[-20:]]
        return "\n".join(lines)

    def spool(self, query):
        """Ask the spool, as it lies on the disk; while nobody has it."""
        copy = self.box.path("copy")
        for end in ("", "-wal"):
            if os.path.exists(self.seen_state + "/spool.db" + end):
                shutil.copy(self.seen_state + "/spool.db" + end, copy + end)
        with closing(sqlite3.connect(copy)) as db:
            rows = db.execute(query).fetchall()
        for end in ("", "-wal", "-shm"):
            if os.path.exists(copy + end):
                os.unlink(copy + end)
        return rows

    def witness(self):
        """What is in the spool of a courier that was killed."""
        for first, data in self.spool("SELECT id & ((1 << 56) - 1), bytes FROM block "
                                      f"WHERE id >> 56 = {ALERTS} AND lost = 0"):
            for seq, document in enumerate(records(data), first):
                self.witnessed[seq] = document

    def stored(self):
        return self.world.query("SELECT epoch, seq, document FROM alerts "
                                "WHERE agent = 'lincoln-1' ORDER BY epoch, seq")


def records(data):
    """docs/WIRE.md, 4."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(">BI", data, at)
        assert kind == 1, kind
        yield json.loads(data[at + 5:at + 5 + size])
        at += 5 + size


# ---- the account ----


class Account:
    """All that the collector has of the stream of alerts, in its order."""

    def __init__(self, line, newest):
        self.line, self.newest = line, newest
        self.sent_at = line.player.sent_at
        rows = line.stored()
        self.documents = {seq: json.loads(text) for _, seq, text in rows}
        assert len(self.documents) == len(rows), "a sequence number was stored twice"
        self.losses = line.world.query("SELECT first, last, reason FROM losses "
                                       f"WHERE stream = {ALERTS} ORDER BY first")
        self.numbers = [(seq, lab.number_of(d)) for seq, d in self.documents.items()
                        if "dns" in d]
        self.words = [seq for seq, d in self.documents.items()
                      if d.get("hallwatch", {}).get("self", {}).get("what")
                      in ("started", "restarted")]
        self.count = Counter(n for _, n in self.numbers)

    def kills(self, *names):
        return [k for k in self.line.kills if k.name in names]

    def check(self):
        self.check_stream()
        self.check_witnessed()
        self.check_repeats()
        self.check_gaps()
        self.check_losses()

    def check_stream(self):
        """Every number of the stream is an alert or in a loss, and only one of them."""
        spans = sorted([(seq, seq) for seq in self.documents]
                       + [(first, last) for first, last, _ in self.losses])
        expected = 1
        for first, last in spans:
            assert first <= expected, f"{expected}..{first - 1}: neither there nor told lost"
            assert first >= expected, f"{first} is there twice"
            expected = last + 1
        assert expected == self.newest + 1, (expected, self.newest)
        assert all(r in ("quota", "full") for _, _, r in self.losses), self.losses

    def check_witnessed(self):
        """What lay in the spool when a courier was killed is what was stored."""
        for seq, document in self.line.witnessed.items():
            if seq in self.documents:
                assert self.documents[seq] == document, (seq, document)

    def check_repeats(self):
        killed = len(self.kills("agent: courier"))
        self.repeats = self.count.total() - len(self.count)
        assert self.repeats <= AGAIN * killed, (self.repeats, killed)
        numbers = [n for _, n in self.numbers]
        back = sum(b <= a for a, b in zip(numbers, numbers[1:]))
        assert back <= killed, (back, "times numbers go back;", killed, "couriers killed")

    def lost_between(self, low, high):
        return sum(last - first + 1 for first, last, _ in self.losses
                   if low < first and last < high)

    def gaps(self):
        """(a, b, lost, low, high): no number between a, last stored as low, and b, last
        stored as high, was stored; so many were told lost there."""
        where = {-1: (0, 0)}
        for seq, n in self.numbers:
            low, high = where.get(n, (seq, seq))
            where[n] = (min(low, seq), max(high, seq))
        ordered = sorted(where)
        for a, b in zip(ordered, ordered[1:]):
            if b > a + 1:
                yield a, b, self.lost_between(where[a][0], where[b][1]), where[a][1], \
                    where[b][1]

    def check_gaps(self):
        """What is missing is in a loss, or was played while a sensor was away: then it
        is one gap for one kill, and the agent says so after it, unless just that is among
        what was told lost."""
        kills = self.kills("agent: sensor-0", "agent: warden")
        words = list(self.words)
        self.unseen = self.missing = 0
        for a, b, lost, low, high in self.gaps():
            missing = b - a - 1
            self.missing += missing
            if missing <= lost:
                continue
            self.unseen += missing - lost
            begins, ends = self.sent_at[max(a, 0)], self.sent_at[b]
            kill = next((k for k in kills if begins <= k.after and k.before <= ends), None)
            assert kill, (f"{a + 1}..{b - 1} are missing, {lost} told lost, and nobody "
                          f"died between {begins} and {ends}")
            kills.remove(kill)
            word = next((w for w in words if w > low and (not lost or w < high)), None)
            assert word or lost, f"{a + 1}..{b - 1} were not seen, and nothing says so"
            if word:
                words.remove(word)

    def check_losses(self):
        """No more is told lost than was: a number, a repeat or a word of the agent."""
        self.lost = sum(last - first + 1 for first, last, _ in self.losses)
        others = AGAIN * len(self.kills("agent: courier")) + len(self.line.kills) + 1
        assert self.lost <= self.missing + others, (self.lost, self.missing, others)


def check_runs(line):
    """Each device has its incident, each incident a run that waits for somebody, and who
    was to be told was told. Returns how many incidents and repeated mails there are."""
    ask = line.world.query
    alerts = ask("SELECT COUNT(DISTINCT device), COUNT(incident) FROM alerts")[0]
    incidents = ask("SELECT COUNT(*), SUM(alerts) FROM incidents")[0]
    assert incidents == alerts, (incidents, alerts)
    stuck = ask("SELECT id FROM incidents i WHERE NOT EXISTS (SELECT 1 FROM tasks t JOIN "
                "runs r ON r.id = t.run WHERE t.incident = i.id AND t.state < 2 "
                "AND r.status = 0)")
    assert not stuck, ("incidents without an open task", stuck)

    failed = ask("SELECT id, state, outcome FROM wishes WHERE state != 1")
    assert not failed, ("not sent", failed)
    wished = ask("SELECT COUNT(*) FROM wishes WHERE action = 'mail'")[0][0]
    mails = Counter(mail["Message-ID"] for _, mail in line.world.mail.mails)
    assert len(mails) == wished, (len(mails), "mails of", wished)
    return incidents[0], mails.total() - len(mails)


def whole(line):
    agent, collector = (p.living() for p in line.programs.values())
    return len(agent) == 3 and len(collector) == 5


def settle(line):
    """Everything is brought back, and the last alert is where it belongs."""
    ask = line.world.query

    def back():
        line.tend(at_once=True)
        return whole(line)

    until("all processes live again", back, PATIENCE)
    now = int(time.time() * 1e6)
    until("what is played now is stored", lambda: ask(
        "SELECT 1 FROM alerts WHERE rule = 'test.query' AND at > ?", now), PATIENCE)
    line.player.end()
    last = f"%\"n{len(line.player.sent_at) - 1}.school.example\"%"
    for what, query, values in (
            ("the last alert is stored",
             "SELECT COUNT(*) = 0 FROM alerts WHERE document LIKE ?", (last,)),
            ("every alert is settled", "SELECT COUNT(*) FROM alerts WHERE fate = 0", ()),
            ("every answer is taken in",
             "SELECT COUNT(*) FROM inputs WHERE consumed = 0", ()),
            ("the outbox is empty", "SELECT COUNT(*) FROM wishes WHERE state = 0", ())):
        until(what, lambda q=query, v=values: ask(q, *v)[0][0] == 0, PATIENCE)


def stop_agent(line):
    """The spool has handed on all that it had; its newest number."""
    agent = line.programs["agent"]
    assert agent.stop() == 0, agent.log()
    epochs = {epoch for (epoch,) in line.spool("SELECT epoch FROM spool")}
    assert epochs == {epoch for epoch, _, _ in line.stored()}, "another epoch"
    [(newest,)] = line.spool(f"SELECT next - 1 FROM stream WHERE stream = {ALERTS}")
    return newest


def everything_is_stored_once_or_told_lost_whoever_is_killed(line):
    chance = random.Random(SEED)
    print(f"# SEED={SEED} ROUNDS={ROUNDS}", flush=True)
    done = Counter()
    began = time.monotonic()
    line.start()
    for number in range(ROUNDS):
        line.player.device = number
        time.sleep(chance.uniform(0.1, 0.8))
        line.tend()
        done[line.torment(chance)] += 1
        line.work()
    print(f"# {dict(done)} in {time.monotonic() - began:.0f} s", flush=True)
    settle(line)
    account = Account(line, stop_agent(line))
    account.check()
    incidents, mails_again = check_runs(line)
    print(f"# killed: {dict(Counter(k.name for k in line.kills))}")
    print(f"# {len(line.player.sent_at)} played: {len(account.count)} stored and "
          f"{account.repeats} repeated, {account.lost} told lost, {account.unseen} not "
          f"seen; {len(line.witnessed)} witnessed in the spool")
    print(f"# {incidents} incidents, {line.worked} taken, {mails_again} mails repeated, "
          f"in all {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    os.chdir(lab.TOP)
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root, for network namespaces")
        sys.exit(0)
    collector_world.run([(everything_is_stored_once_or_told_lost_whoever_is_killed, Line)])
