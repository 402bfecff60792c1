# SPDX-License-Identifier: Apache-2.0
"""Recorded scenarios played live: each on a wire of its own, into an agent of its own.

All are played at the same time and at the speed of their recording, so that the whole lasts
as long as the longest, and the time of every packet is the kernel's. The wires are veth
pairs in one namespace: what is played on pN arrives on nN.

An alert's *last packet* is the last one that it needed: that of its conversation where the
rule judges conversations, else the very packet. A scenario says within how many seconds
after it the alert must have been written (Scenario.within); a conversation's end that comes
only because the agent is stopped does not count. That says nothing of a rule that waits for
more than it needs, so each rule's first alert must also have been written in so many seconds
after the first packet of the scenario (Scenario.told_by).

Many agents on a busy machine keep each other waiting. Lines whose alerts came, but late,
are played again without the others, as long as they become fewer: what stays late is late by
itself.
"""

import datetime
import itertools
import json
import os
import signal
import subprocess
import threading
import time
from zoneinfo import ZoneInfo

from capture import Capture
from netns import ENV, Ground, LabError, command, read_file
from scenario import HARMLESS
from school import School

HERE = os.path.dirname(os.path.abspath(__file__))
PLAY = os.path.join(HERE, "play.py")
TOP = os.path.dirname(os.path.dirname(HERE))
GOLDEN = os.path.join(TOP, "tests", "golden")
DISTRICT = os.path.join(TOP, "deploy", "examples", "district.yaml")
RULES = os.path.join(TOP, "rules", "detect")
LISTS = os.path.join(TOP, "rules", "lists", "lists.yaml")
KEY = "kind: pseudonym\npublic: lab\nsecret: '%s'\n" % ("07" * 32)
PATIENCE = 60  # seconds; a guard against hanging, not a measure
SETTLE = 1     # seconds for what was written in time to be read

SETTINGS = """name: lab
interfaces: [{iface}]
ring: 8MiB
flows: 16384
district: {folder}/district.yaml
lists: {folder}/lists
rules: [{rules}]
state: {folder}/{iface}
user: root
pseudonym_key: {folder}/pseudonym.key
"""


def build_folder():
    return os.environ.get("BUILD", os.path.join(TOP, "build"))


def lesson_time():
    """(time zone in which it is ten in the morning, the day there)"""
    ahead = 10 - datetime.datetime.now(datetime.timezone.utc).hour
    ahead = max(ahead, -12)
    zone = f"Etc/GMT{-ahead:+d}" if ahead else "Etc/UTC"
    return zone, datetime.datetime.now(ZoneInfo(zone)).date()


def write_district(path):
    """The example's district, where it is a lesson now and an examination today."""
    zone, today = lesson_time()
    with open(DISTRICT, encoding="utf-8") as file:
        text = file.read().replace("America/Chicago", zone)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("  exams:\n", f"  exams:\n    - {{days: {today},"
                                              " label: Today}\n"))


def seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


class Alert:
    """One alert as it was printed, and when."""

    def __init__(self, document, written):
        more = document["hallwatch"]
        self.rule, self.severity = more["rule"], more["severity"]
        self.is_summary = "summary" in more
        self.at, self.written = seconds(document["timestamp"]), written
        flow = document.get("flow", {})
        self.by_stop = flow.get("reason") == "stopped"
        self.last_packet = self.at
        if more["event"] in ("flow", "flow_start") and "start" in flow:
            self.last_packet = seconds(flow["start"]) + more["flow_duration_us"] / 1e6

    def after(self):
        """Seconds from its last packet to the time that it bears."""
        return self.at - self.last_packet

    def told_after(self):
        """Seconds from its last packet until it could be read."""
        return self.written - self.last_packet


class Line:
    """One scenario's wire and its agent."""

    def __init__(self, scenario, capture, box, number):
        self.scenario, self.capture, self.box = scenario, capture, box
        self.play, self.iface = f"p{number}", f"n{number}"
        self.errors = box.path(self.iface + ".err")
        self.agent = self.reader = self.player = None
        self.printed, self.ended, self.exit_code = [], None, None
        self.begun = None

    def start(self):
        os.mkdir(self.box.path(self.iface))
        config = self.box.write(self.iface + ".yaml", SETTINGS.format(
            iface=self.iface, folder=self.box.folder, rules=RULES))
        agent = os.path.join(build_folder(), "bin", "hallwatch-agent")
        with open(self.errors, "wb") as errors:
            self.agent = subprocess.Popen(
                ["ip", "netns", "exec", self.box.full_name, agent, "-c", config, "--print"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.agent.stdout:
            self.printed.append((time.time(), line))

    def wait_ready(self):
        end = time.monotonic() + PATIENCE
        while f"watching {self.iface}" not in read_file(self.errors):
            if self.agent.poll() is not None or time.monotonic() > end:
                raise LabError(f"{self.scenario.name}: the agent does not watch:\n"
                               + read_file(self.errors))
            time.sleep(0.02)

    def begin(self):
        self.begun = time.time()
        player = (["/usr/bin/python3", PLAY, self.play] if self.scenario.thin else
                  ["tcpreplay", "-i", self.play])
        self.player = subprocess.Popen(
            ["ip", "netns", "exec", self.box.full_name, *player, self.capture], env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    def played(self):
        """Whether the capture is over; then since when."""
        if self.ended is None and self.player.poll() is not None:
            self.ended = time.monotonic()
            said = self.player.communicate()[0]
            if self.player.returncode or "Failed packets:            0" not in said:
                raise LabError(f"{self.scenario.name}: it could not be played:\n{said}")
        return self.ended

    def over(self):
        """Whether every alert that is in time has been written."""
        return self.played() and time.monotonic() > (self.ended + self.scenario.within
                                                     + SETTLE)

    def stop(self):
        if self.agent and self.exit_code is None:
            self.agent.send_signal(signal.SIGTERM)
            try:
                self.exit_code = self.agent.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.agent.kill()
                self.exit_code = self.agent.wait()
            self.reader.join(PATIENCE)
        for process in (self.player,):
            if process and process.poll() is None:
                process.kill()
                process.wait()

    def alerts(self):
        """What was told, without the summaries that an agent's end brings."""
        documents = [(written, json.loads(line)) for written, line in self.printed]
        found = [Alert(document, written) for written, document in documents
                 if document["event_type"] == "alert"]
        return [alert for alert in found if not alert.is_summary]

    def first_told(self):
        """For each of its rules that was told: seconds from the first packet until then."""
        first = {}
        for alert in self.alerts():
            if alert.rule in self.scenario.rules and not alert.by_stop:
                first.setdefault(alert.rule, alert.written - self.begun)
        return first

    def faults(self):
        """What is not as the scenario says, in sentences."""
        due, told = set(self.scenario.rules), self.alerts()
        if self.exit_code:
            yield f"the agent ended with {self.exit_code}: {read_file(self.errors)}"
        for rule in sorted(due - {a.rule for a in told}):
            yield f"{rule} was not raised"
        yield from self.lateness()
        for alert in told:
            silent = self.scenario.kind == HARMLESS or alert.severity != "info"
            if alert.rule not in due and silent:
                yield f"{alert.rule} ({alert.severity}) was raised, and should not be"

    def lateness(self):
        """What came later than the scenario says, in sentences."""
        due, limit = set(self.scenario.rules), self.scenario.within
        told = [alert for alert in self.alerts() if alert.rule in due]
        for rule in sorted({a.rule for a in told} - {a.rule for a in told if not a.by_stop}):
            yield f"{rule} came only when the agent was stopped"
        for rule, after in sorted(self.first_told().items()):
            if self.scenario.told_by and after > self.scenario.told_by:
                yield (f"{rule} was first told {after:.1f} s after the first packet; "
                       f"{self.scenario.told_by} s were allowed")
        for alert in told:
            if not alert.by_stop and alert.told_after() > limit:
                yield (f"{alert.rule} was written {alert.told_after():.1f} s after its last "
                       f"packet; {limit} s were allowed")


def lay(box, lines):
    """The veth pairs of all lines; where a network card has not cut, frames are large."""
    box.ip("".join(f"link add {line.play} type veth peer name {line.iface}\n"
                   f"link set {line.play} mtu {mtu} up\nlink set {line.iface} mtu {mtu} up\n"
                   for line in lines
                   for mtu in [65535 if line.scenario.thin else 1500]))


def furnish(box):
    """What all agents share: the district, the lists, the pseudonyms' key."""
    write_district(box.path("district.yaml"))
    box.write("pseudonym.key", KEY, 0o600)
    command(os.path.join(build_folder(), "bin", "hallwatch"), "lists", "build", "--out",
            box.path("lists"), LISTS)


def play_together(lines):
    for line in lines:
        line.start()
    for line in lines:
        line.wait_ready()
    for line in lines:
        line.begin()
    waiting = list(lines)
    while waiting:
        for line in [line for line in waiting if line.over()]:
            line.stop()
            waiting.remove(line)
        time.sleep(0.05)


def recapture(scenarios, folder):
    """Recordings of today in the place of those whose certificates have grown older, and
    of those that are not kept."""
    wanted = [one for one in scenarios if one.dated or not one.stored]
    fresh = {one.name: os.path.join(folder, one.name + ".pcap") for one in wanted}
    if wanted:
        with School() as school:
            for one in wanted:
                with Capture(school, fresh[one.name]):
                    one.play(school)
    return fresh


def play_all(box, numbers, plays):
    """Each play, a scenario and its capture, on a line of its own; the lines when all are
    over."""
    lines = [Line(scenario, capture, box, next(numbers)) for scenario, capture in plays]
    lay(box, lines)
    try:
        play_together(lines)
    finally:
        for line in lines:
            line.stop()
    return lines


def play_late_again(box, numbers, lines):
    """Lines by scenario: those that were late are played again while they become fewer."""
    last = {line.scenario.name: line for line in lines}
    fewer_than = len(lines) + 1
    while True:
        late = [line for line in last.values() if any(line.lateness())]
        if not late or len(late) >= fewer_than:
            return last
        for line in late:
            print(f"# {line.scenario.name} is played again: {'; '.join(line.lateness())}")
        fewer_than = len(late)
        again = play_all(box, numbers, [(line.scenario, line.capture) for line in late])
        last.update({line.scenario.name: line for line in again})


def replay(scenarios, folder):
    """Play their captures, all at once; the lines, with what came of them.

    The folder is for recordings that cannot be old.
    """
    fresh = recapture(scenarios, folder)
    with Ground() as ground:
        box, numbers = ground.add("box"), itertools.count(1)
        furnish(box)
        lines = play_all(box, numbers, [
            (one, fresh.get(one.name, os.path.join(GOLDEN, one.name + ".pcap")))
            for one in scenarios])
        lines = list(play_late_again(box, numbers, lines).values())
        for line in lines:
            line.verdict = list(line.faults())
    return lines
