# SPDX-License-Identifier: Apache-2.0
"""A wire in a network namespace and live agents on it, for the agent's end-to-end tests.

The wire is a veth pair within one namespace: what is played on `play` arrives on `net0`,
where agents and tcpdump listen.
"""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))

import netns  # noqa: E402  (it stands beside the lab)

BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
AGENT = os.path.join(BUILD, "bin", "hallwatch-agent")
HALLWATCH = os.path.join(BUILD, "bin", "hallwatch")
LISTS = os.path.join(TOP, "rules", "lists", "lists.yaml")
GOLDEN = os.path.join(TOP, "tests", "golden")
RULES = os.path.join(TOP, "rules", "detect")
DISTRICT = os.path.join(TOP, "deploy", "examples", "district.yaml")
PATIENCE = 30  # seconds; a guard against hanging, not a measure
SO_TIMESTAMP = 29  # socket(7); Python has no name for it
KEY = 'kind: "pseudonym"\npublic: "test"\nsecret: "' + "5a" * 32 + '"\n'


def needs_root(case):
    return unittest.skipUnless(os.geteuid() == 0, "needs root, for network namespaces")(case)


def wait_until(holds, what):
    """Poll until holds() is true; its value."""
    end = time.monotonic() + PATIENCE
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.02)


def parsed(line):
    try:
        return json.loads(line)
    except ValueError:
        return None


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as f:
        return [int(word) for word in f.read().split()]


def cpu_ticks(pid):
    """What a process has spent, 0 when it has ended."""
    words = netns.read_file(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(words[11]) + int(words[12]) if words else 0


class Agent:
    """One live agent that prints its alerts."""

    def __init__(self, wire, name, **settings):
        self.wire = wire
        self.folder = wire.box.path(name)
        os.makedirs(self.folder, exist_ok=True)
        self.out_path = os.path.join(self.folder, "out")
        self.err_path = os.path.join(self.folder, "err")
        self.settings = {"name": "box", "interfaces": "[net0]", "rules": RULES,
                         "district": DISTRICT, "user": "root",
                         "pseudonym_key": wire.key, "state": os.path.join(self.folder, "state"),
                         **settings}
        self.config = os.path.join(self.folder, "agent.yaml")
        self.write_config()
        self.process = None

    def write_config(self):
        with open(self.config, "w", encoding="utf-8") as f:
            for key, value in self.settings.items():
                if value is not None:
                    f.write(f"{key}: {value}\n")

    def argv(self, *more):
        return ["ip", "netns", "exec", self.wire.box.full_name, AGENT, "-c", self.config,
                *more]

    def start(self, stdout=None, prints=True):
        """stdout: a descriptor instead of the file that documents() reads. prints: or it
        sends its alerts to a collector."""
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.process = subprocess.Popen(self.argv(*["--print"] * prints),
                                            stdin=subprocess.DEVNULL,
                                            stdout=stdout or out, stderr=err,
                                            start_new_session=True)
        return self

    def sensors(self):
        return int(self.settings.get("sensors", 1))

    def ready(self):
        """Wait until every sensor watches."""
        self.wait_said("watching net0", self.sensors())
        return self

    def said(self):
        return netns.read_file(self.err_path)

    def wait_said(self, text, times=1):
        wait_until(lambda: self.said().count(text) >= times or self.ended(),
                   f"{text!r} {times} times in:\n{self.said()}")
        if self.said().count(text) < times:
            raise AssertionError(f"the agent ended without {text!r}:\n{self.said()}")

    def ended(self):
        return self.process.poll() is not None

    def stop(self):
        """End it; its exit code."""
        if not self.ended():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.kill()

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def child(self, name):
        """The pid of a process of it, by the order in which they are started: sensors,
        then the courier, each at its last start."""
        pids = children(self.process.pid)
        for pid in pids:
            title = netns.read_file(f"/proc/{pid}/comm").strip()
            if title == name:
                return pid
        return None

    def documents(self):
        """What was printed, but for lines that a killed courier did not finish."""
        with open(self.out_path, encoding="utf-8") as f:
            found = [parsed(line) for line in f if line.endswith("\n")]
        return [document for document in found if document]

    def alerts(self):
        return [d for d in self.documents() if d["event_type"] == "alert"]

    def own_words(self):
        return [d["hallwatch"]["self"] for d in self.documents()
                if d["event_type"] == "agent"]


class Wire:
    """The namespace with its wire; a context manager."""

    def __enter__(self):
        self.ground = netns.Ground().__enter__()
        try:
            self.box = self.ground.add("box")
            self.ground.cable(self.box, "play", "02:00:00:00:00:01", self.box, "net0")
            self.key = self.box.write("pseudonym.key", KEY, 0o600)
        except BaseException:
            self.ground.__exit__()
            raise
        self.agents = []
        return self

    def __exit__(self, *failure):
        for agent in self.agents:
            if agent.process and not agent.ended():
                agent.kill()
        self.ground.__exit__(*failure)

    def agent(self, name, **settings):
        agent = Agent(self, name, **settings)
        self.agents.append(agent)
        return agent

    def play(self, *files, pps=2000, loop=1):
        """Play captures at a rate; how many packets."""
        said = self.box.run("tcpreplay", "-i", "play", "--pps", pps, "--loop", loop,
                            *files, timeout=120)
        sent = re.search(r"Actual: (\d+) packets", said)
        return int(sent.group(1))

    def send(self, frames, pps=2000):
        """Send frames (bytes) made by a test; they come to net0 as they are."""
        path = self.box.path("frames.pcap")
        write_pcap(path, frames)
        return self.play(path, pps=pps)

    def pass_time(self, seconds):
        """Let time go by on the wire: ten frames a second that say nothing."""
        frame = bytes.fromhex("ffffffffffff02000000000188b5") + bytes(46)
        return self.send([frame] * (10 * seconds), pps=10)

    def record(self, path):
        tcpdump = self.box.start("tcpdump", "-n", "-i", "net0", "-s", 0, "-U", "-B", 16384,
                                 "--immediate-mode", "-Z", "root", "-w", path)
        tcpdump.wait_log("listening on")
        return tcpdump


def one_time_for_all():
    """While it is open, the kernel stamps a frame when it arrives, once for everybody who
    listens; else each listener has a time of its own."""
    stamped = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stamped.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMP, 1)
    return stamped


def write_pcap(path, frames):
    with open(path, "wb") as f:
        f.write(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
        for i, frame in enumerate(frames):
            for number in (1_700_000_000 + i // 1000, i % 1000 * 1000, len(frame), len(frame)):
                f.write(number.to_bytes(4, "little"))
            f.write(frame)


def fill(pipe):
    """Write empty lines to it until there is no room for another byte."""
    os.set_blocking(pipe, False)
    for size in (4096, 1):
        try:
            while True:
                os.write(pipe, b"\n" * size)
        except BlockingIOError:
            pass
    os.set_blocking(pipe, True)


def pour(source, path):
    """Read a descriptor to its end into a file, as it comes."""
    with open(source, "rb", buffering=0) as pipe, open(path, "ab", buffering=0) as f:
        while data := pipe.read(65536):
            f.write(data)


def count_packets(path):
    """Whole packets in a capture file that may still be written."""
    with open(path, "rb") as f:
        data = f.read()
    at, count = 24, 0
    while at + 16 <= len(data):
        at += 16 + int.from_bytes(data[at + 8:at + 12], "little")
        count += at <= len(data)
    return count


def query(number, src="10.20.1.10"):
    """A frame with a DNS query for a name that holds the number."""
    name = f"n{number}.school.example"
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    dns = struct.pack(">6H", number & 0xffff, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    udp = struct.pack(">4H", 20000 + number % 40000, 53, 8 + len(dns), 0) + dns
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number & 0xffff, 0, 64, 17, 0,
                     socket.inet_aton(src), socket.inet_aton("10.20.0.1"))
    return bytes.fromhex("020000002001" "02000a14010a" "0800") + ip + udp


def number_of(alert):
    return int(alert["dns"]["rrname"].split(".")[0][1:])


RULE = """\
  - id: test.{id}
    title: {title}
    why: To count every query
    severity: high
    owner: security
    identity: device
    watch: [dns]
    when: {when}
"""


def write_rules(path, *rules):
    """Rules that raise an alert for every event."""
    text = "schema: 1\nruleset: test\nversion: 1\nrules:\n"
    for rule in rules:
        text += RULE.format(**{"title": "A query", "when": 'dns.qr == "query"', **rule})
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
