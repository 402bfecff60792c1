#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What an agent remembers of hosts, over kills, restarts and damage."""

import os
import signal
import socket
import stat
import struct
import subprocess
import unittest

import agent_lab as lab
import tap

OLD_HOSTS = os.path.join(lab.BUILD, "tests", "e2e", "old_hosts")
DAY = 86_400_000_000  # microseconds

LISTS = """\
schema: 1
lists:
  protected: {kind: protected, max_age: 30d, fetched: 2090-01-01, sources: [{file: names.txt}]}
"""


def udp(src, dst, ports, payload):
    """A frame between a device and its resolver."""
    segment = struct.pack(">4H", *ports, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0, 64, 17, 0,
                     socket.inet_aton(src), socket.inet_aton(dst))
    return bytes.fromhex("020000002001" "02000a14010a" "0800") + ip + segment


def looked_up(host, device="10.20.1.10", port=20000):
    """Question and answer: two frames."""
    name = b"".join(bytes([len(part)]) + part.encode() for part in host.split("."))
    question = name + b"\0\0\1\0\1"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton("203.0.113.9")
    return [udp(device, "10.20.0.1", (port, 53),
                struct.pack(">6H", port, 0x0100, 1, 0, 0, 0) + question),
            udp("10.20.0.1", device, (53, port),
                struct.pack(">6H", port, 0x8180, 1, 1, 0, 0) + question + answer)]


@lab.needs_root
class Hosts(unittest.TestCase):
    def setUp(self):
        self.wire = lab.Wire().__enter__()
        self.addCleanup(self.wire.__exit__)
        self.folder = self.wire.box.path("lists.d")
        os.mkdir(self.folder)
        self.lists = self.wire.box.path("lists")
        self.rules = self.wire.box.path("rules.yaml")
        lab.write_rules(self.rules, {"id": "answer", "when": 'dns.qr == "answer"'},
                        {"id": "new", "when": 'dns.qr == "answer" and host.first_seen < 1d'})
        self.build_lists("help.example")
        self.port = 20000

    def build_lists(self, protected):
        for name, text in (("names.txt", protected + "\n"), ("lists.yaml", LISTS)):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        subprocess.run([lab.HALLWATCH, "lists", "build",
                        os.path.join(self.folder, "lists.yaml"), "--out", self.lists],
                       check=True, stdout=subprocess.DEVNULL)

    def agent(self, **settings):
        agent = self.wire.agent("agent", rules=self.rules,
                                **{"lists": self.lists, **settings})
        os.makedirs(agent.settings["state"], exist_ok=True)
        self.file = os.path.join(agent.settings["state"], "hosts")
        return agent

    def grown_old(self, *hosts):
        agent = self.agent()
        subprocess.run([OLD_HOSTS, self.file, *hosts], check=True)
        return agent

    def look_up(self, agent, *hosts):
        """Look hosts up and wait until each is told; what was said of them: host and rule."""
        before = len(agent.alerts())
        for host in hosts:
            self.port += 1
            self.wire.send(looked_up(host, port=self.port))
        lab.wait_until(lambda: self.answers(agent, before) >= len(hosts), "all answers")
        return [(a["dns"]["rrname"], self.rule_of(a)) for a in agent.alerts()[before:]]

    @staticmethod
    def rule_of(alert):
        return alert["alert"]["metadata"]["hallwatch_rule"][0].removeprefix("test.")

    def answers(self, agent, before):
        return sum(self.rule_of(a) == "answer" for a in agent.alerts()[before:])

    def counters(self, agent):
        """Of an agent that has ended: what its last report says of the memory."""
        reports = [d["hallwatch"]["courier"] for d in agent.documents()
                   if d["event_type"] == "stats"]
        return reports[-1].get("hosts")

    def test_a_host_is_new_at_its_first_call_and_one_of_old_is_not(self):
        agent = self.grown_old("old.example").start().ready()
        self.look_up(agent, "www.old.example", "www.fresh.example")
        self.look_up(agent, "mail.fresh.example")
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(sorted(a["dns"]["rrname"] for a in agent.alerts()
                                if self.rule_of(a) == "new"),
                         ["mail.fresh.example", "www.fresh.example"])
        since = {a["dns"]["rrname"]: a["hallwatch"]["host_first_seen_us"]
                 for a in agent.alerts()}
        self.assertLess(since["www.fresh.example"], DAY)
        self.assertLess(abs(since["www.old.example"] - 21 * DAY), DAY)
        self.assertEqual(self.counters(agent),
                         {"known": 2, "learned": 1, "evicted": 0, "days": 21})

    def test_hosts_survive_the_kill_of_a_sensor_and_of_the_courier_and_a_restart(self):
        agent = self.grown_old("old.example").start().ready()
        self.look_up(agent, "a.example")
        for again, name in enumerate(("sensor-0", "courier")):
            os.kill(agent.child(name), signal.SIGKILL)
            agent.wait_said(f"{name} crashed: signal 9")
            agent.wait_said("watching net0", 2)
            lab.wait_until(lambda: agent.child(name), f"a new {name}")
            self.look_up(agent, "a.example", f"b{again}.example")
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(self.counters(agent)["known"], 4)
        self.assertEqual(self.counters(agent)["learned"], 3)
        agent.start()
        agent.wait_said("watching net0", 3)
        self.look_up(agent, "a.example", "b0.example", "b1.example", "c.example")
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(self.counters(agent),
                         {"known": 5, "learned": 1, "evicted": 0, "days": 21})

    def test_several_sensors_have_one_memory(self):
        agent = self.grown_old("old.example")
        agent.settings["sensors"] = 2
        agent.write_config()
        agent.start().ready()
        for i in range(1, 40):
            self.port += 1
            self.wire.send(looked_up("shared.example", f"10.20.1.{i}", self.port))
        lab.wait_until(lambda: self.answers(agent, 0) >= 39, "all answers")
        self.assertEqual(agent.stop(), 0)
        reports = [d["hallwatch"]["sensors"] for d in agent.documents()
                   if d["event_type"] == "stats"]
        self.assertGreater(min(s["events"]["dns"] for s in reports[-1]), 0)
        self.assertEqual(self.counters(agent)["learned"], 1)

    def test_a_new_agent_says_nothing_and_remembers(self):
        agent = self.agent().start().ready()
        said = self.look_up(agent, "www.fresh.example")
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(said, [("www.fresh.example", "answer")])
        self.assertNotIn("host_first_seen_us", agent.alerts()[0]["hallwatch"])
        self.assertEqual(self.counters(agent),
                         {"known": 1, "learned": 1, "evicted": 0, "days": 0})
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        with open(self.file, "rb") as f:
            self.assertNotIn(b"fresh", f.read())

    def test_a_damaged_file_is_set_aside_and_a_new_one_begun(self):
        agent = self.grown_old("old.example")
        with open(self.file, "r+b") as f:
            f.seek(5000)
            f.write(b"damage")
        agent.start().ready()
        agent.wait_said(f"the memory of hosts {self.file} cannot be used: it is damaged")
        agent.wait_said(f"the old one is kept as {self.file}.damaged")
        said = self.look_up(agent, "old.example")
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(said, [("old.example", "answer")])
        self.assertEqual(self.counters(agent)["known"], 1)
        with open(self.file + ".damaged", "rb") as f:
            self.assertIn(b"damage", f.read())
        agent.start()
        agent.wait_said("watching net0", 2)
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(agent.said().count("cannot be used"), 1)

    def test_protected_hosts_take_no_place(self):
        agent = self.grown_old("old.example").start().ready()
        for host in ("help.example", "www.help.example"):
            self.port += 1
            self.wire.send(looked_up(host, port=self.port))
        said = self.look_up(agent, "fresh.example")
        self.assertEqual(agent.stop(), 0)
        self.assertEqual({host for host, _ in said}, {"fresh.example"})
        self.assertEqual(self.counters(agent)["known"], 2)

    def test_a_host_that_a_list_protects_later_is_forgotten_when_it_is_used(self):
        agent = self.grown_old("old.example", "later.example").start().ready()
        self.look_up(agent, "old.example")
        self.build_lists("later.example")
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_said("uses bundle 2")
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(self.counters(agent),
                         {"known": 1, "learned": 0, "evicted": 0, "days": 21})

    def test_what_is_usual_is_counted_beside_and_can_be_switched_off(self):
        for setting, counted in (("true", {"known": 0, "learned": 0, "evicted": 0, "days": 0}),
                                 ("false", None)):
            with self.subTest(setting):
                agent = self.agent(usual=setting)
                agent.start()
                agent.ready()
                self.assertEqual(agent.stop(), 0)
                reports = [d["hallwatch"]["courier"] for d in agent.documents()
                           if d["event_type"] == "stats"]
                self.assertEqual(reports[-1].get("usual"), counted)
                os.unlink(agent.out_path)
                os.unlink(agent.err_path)

    def test_nothing_is_remembered_without_lists_or_when_the_settings_say_so(self):
        for settings, counted in (({"lists": None}, 0), ({"hosts": "false"}, None)):
            with self.subTest(settings):
                agent = self.agent(**settings)
                agent.start()
                agent.ready()
                self.look_up(agent, "fresh.example")
                self.assertEqual(agent.stop(), 0)
                counters = self.counters(agent)
                self.assertEqual(counters and counters["known"], counted)
                self.assertFalse(os.path.exists(self.file))
                os.unlink(agent.out_path)
                os.unlink(agent.err_path)


if __name__ == "__main__":
    tap.main()
