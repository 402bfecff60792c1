#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A rule at the collector over two schools: two agents, each on its own wire, and a
collector whose engine is killed again and again. What both schools see is one alert and one
incident, told once; what one of them sees is none.

ROUNDS sets how many hosts both schools ask for (12), SEED what is killed when.
"""
import json
import os
import random
import signal
import socket
import sys
import threading
import time
from collections import Counter

import agent_lab as lab
import collector_world
import netns
from collector_world import World, until
from line_kill import FAR, NEAR, Program, enter, path_of

ROUNDS = int(os.environ.get("ROUNDS", "12"))
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
SECURITY = "duty-security"
SCHOOLS = {"lincoln": "10.20.4.9", "adams": "10.21.4.9"}
ALONE = 1000  # from this number on, hosts that one school asks for

RULES = """\
schema: 1
ruleset: test
version: 1
rules:
  - id: test.query
    title: A query
    why: To count every query
    severity: info
    owner: security
    identity: pseudonym
    watch: [dns]
    when: dns.qr == "query"
  - id: test.both
    title: Both schools ask for the same
    why: What no school sees by itself
    severity: high
    owner: security
    identity: none
    at: collector
    watch: [alert]
    when: alert.rule == "test.query" and host exists
    window: {distinct: site.id, by: [host], within: 10m, gte: 2}
    dedup: {by: [host], every: 1h}
    response: {playbook: test, after_hours: page}
"""


class Schools:
    """A box with an agent for each school, and a collector in another namespace."""

    def __init__(self):
        self.ground = netns.Ground().__enter__()
        self.home = f"/proc/self/fd/{os.open('/proc/self/ns/net', os.O_RDONLY)}"
        self.world, self.programs = None, {}
        try:
            self.build()
        except BaseException:
            self.close()
            raise

    def build(self):
        self.box = self.ground.add("box")
        self.district = self.ground.add("district")
        for number, school in enumerate(SCHOOLS):
            self.ground.cable(self.box, f"p-{school}", f"02:00:00:00:01:0{number}",
                              self.box, f"n-{school}")
        self.ground.cable(self.box, "near", "02:00:00:00:00:02", self.district, "far")
        self.box.ip(f"addr add {NEAR}/24 dev near\n")
        self.district.ip(f"addr add {FAR}/24 dev far\n")
        enter(path_of(self.district))
        self.world = World()
        self.write_settings()
        for school in SCHOOLS:
            self.programs[school] = Program(school, [
                "nsenter", f"--net={path_of(self.box)}", lab.AGENT, "-c",
                self.world.path(f"{school}.yaml")], self.box.path(f"log-{school}"), "/")

    def write_settings(self):
        w = self.world
        w.write("rules.yaml", RULES)
        w.write("collector.yaml", w.settings()
                .replace(f"127.0.0.1:{w.intake}", f"{FAR}:{w.intake}")
                .replace("rules: [", f"rules: [{w.path('rules.yaml')}, ")
                + "across: {wait: 500ms}\n")
        with open(w.path("district.yaml"), encoding="utf-8") as f:
            text = f.read()
        w.write("district.yaml", text.replace(
            "sites:\n", "sites:\n  - {id: adams, name: Adams High School, type: high, "
            "tz: America/Chicago}\n", 1).replace(
            "segments:\n", "segments:\n  - {name: pupils, site: adams, audience: students, "
            "band: senior, networks: [10.21.0.0/20]}\n", 1))
        netns.command(lab.HALLWATCH, "keys", "new", "pseudonym", w.path("keys"))
        for school in SCHOOLS:
            netns.command(lab.HALLWATCH, "keys", "new", "agent", w.path(school))
            w.write(f"{school}.yaml", f"""\
name: {school}-1
site: {school}
interfaces: [n-{school}]
district: district.yaml
rules: [rules.yaml]
state: {w.path('state-' + school)}
user: root
collector: {{addresses: ["{FAR}:{w.intake}"], key: keys/collector.pub}}
key: {school}/agent.key
pseudonym_key: keys/pseudonym.key
""")

    def start(self):
        self.world.start("--accept-gaps")
        for school, agent in self.programs.items():
            self.world.hallwatch("agents", "add", f"{school}-1", "--site", school,
                                 self.world.path(f"{school}/agent.pub"))
            agent.start()
        for school, agent in self.programs.items():
            until(f"{school} watches", lambda a=agent: "watching n-" in a.log())

    def play(self, school, *numbers):
        """Queries for hosts with these numbers, on the school's wire."""
        def send():
            enter(path_of(self.box))
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
                wire.bind((f"p-{school}", 0))
                for number in numbers:
                    address = SCHOOLS[school]
                    whole = lab.query(number, address)
                    wire.send(whole[:6] + b"\2\0" + socket.inet_aton(address) + whole[12:])

        thread = threading.Thread(target=send)
        thread.start()
        thread.join()

    def kill_engine(self):
        pid = self.world.kill("engine")
        if pid:
            until("the engine is gone", lambda: not netns.running(pid))

    def told(self):
        rows = self.world.query("SELECT document, incident, site FROM alerts "
                                "WHERE rule = 'test.both' ORDER BY id")
        return [(json.loads(text), incident, site) for text, incident, site in rows]

    def close(self):
        for program in self.programs.values():
            program.end()
        if self.world:
            self.world.close()
        enter(self.home)
        self.ground.__exit__()

    def path(self, name):
        return self.box.path(name)

    def log(self):
        return "\n".join([p.log() for p in self.programs.values()] + [self.world.log()])


def what_two_schools_see_is_one_alert_and_one_incident(w):
    w.start()
    w.play("lincoln", 1, 1, ALONE)
    w.play("adams", 1, ALONE + 1)
    told = until("the collector tells of it", w.told)
    until("it has an incident", lambda: w.told()[0][1])
    [(document, incident, site)] = w.told()
    h = document["hallwatch"]
    assert site == "" and "device" not in h, document
    assert h["host"] == "n1.school.example" and h["window"]["value"] == 2, h
    assert sorted(h["parts"]["sites"]) == ["adams", "lincoln"], h["parts"]
    assert h["parts"]["count"] >= 2 and set(h["parts"]["rules"]) == {"test.query"}, h
    seen = {str(i) for (i,) in w.world.query(
        "SELECT id FROM alerts WHERE rule = 'test.query'")}
    assert set(h["parts"]["alerts"]) <= seen, (h["parts"], seen)
    assert len(told) == 1
    incident = w.told()[0][1]
    task = w.world.task(SECURITY, "ack", incident)
    assert "Both schools ask for the same" in w.world.hallwatch(
        "incidents", "show", str(incident), "--as", SECURITY), task
    w.world.stop()


def killed_again_and_again_it_tells_each_once(w):
    chance = random.Random(SEED)
    print(f"# SEED={SEED} ROUNDS={ROUNDS}", flush=True)
    w.start()
    for number in range(ROUNDS):
        first, second = chance.sample(sorted(SCHOOLS), 2)
        w.play(first, number, ALONE + number)
        time.sleep(chance.uniform(0, 0.4))
        if chance.random() < 0.7:
            w.kill_engine()
        w.play(second, number)
        time.sleep(chance.uniform(0, 0.7))
        if chance.random() < 0.7:
            w.kill_engine()
    until("all are told", lambda: len({d["hallwatch"]["host"] for d, _, _ in w.told()})
          == ROUNDS)
    w.play("adams", ALONE - 1)
    w.play("lincoln", ALONE - 1)
    until("and what comes after", lambda: len(w.told()) > ROUNDS)
    until("everything is settled", lambda: not w.world.query(
        "SELECT 1 FROM alerts WHERE fate = 0"))
    count = Counter(d["hallwatch"]["host"] for d, _, _ in w.told())
    assert set(count.values()) == {1}, count
    assert len(count) == ROUNDS + 1, count
    assert all(incident for _, incident, _ in w.told())
    starts = w.world.log().count("engine is ready")
    assert starts > 1, "the engine was never killed"
    print(f"# {len(count)} told once each; the engine was started {starts} times")
    w.world.stop()


def a_school_that_was_cut_off_is_counted_in_its_place(w):
    w.start()
    adams = w.programs["adams"]
    w.play("lincoln", 7)
    w.box.ip("link set near down\n")
    w.play("adams", 7)
    w.play("lincoln", 8)
    time.sleep(2)  # longer than alerts wait for each other
    assert not w.told()
    w.box.ip("link set near up\n")
    w.play("adams", 8)
    until("both are told", lambda: len(w.told()) >= 2)
    hosts = sorted(d["hallwatch"]["host"] for d, _, _ in w.told())
    assert hosts == ["n7.school.example", "n8.school.example"], hosts
    assert adams.process.poll() is None
    os.kill(w.world.children()["engine"], signal.SIGKILL)
    w.play("lincoln", 9)
    w.play("adams", 9)
    until("the next one as well", lambda: len(w.told()) == 3)
    w.world.stop()


if __name__ == "__main__":
    os.chdir(lab.TOP)
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root, for network namespaces")
        sys.exit(0)
    collector_world.run([
        (what_two_schools_see_is_one_alert_and_one_incident, Schools),
        (killed_again_and_again_it_tells_each_once, Schools),
        (a_school_that_was_cut_off_is_counted_in_its_place, Schools),
    ])
