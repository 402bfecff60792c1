#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""New lists while every packet asks them, and lists that are too old."""

import os
import signal
import subprocess
import threading
import unittest
from collections import Counter

import agent_lab as lab
import tap

QUERIES = 3000
FILLING = 1_000_000
HALLWATCH = os.path.join(os.environ.get("BUILD", "build"), "bin/hallwatch")

LIST = """\
schema: 1
lists:
  asked: {{max_age: 30d, fetched: {fetched}, sources: [{{file: names.txt}}]}}
"""

RULES = """\
lists: {asked: {type: domain, file: asked}}
"""


def build(folder, out, names, fetched="2090-01-01"):
    with open(os.path.join(folder, "names.txt"), "w", encoding="utf-8") as f:
        f.writelines(f"{name}\n" for name in names)
    with open(os.path.join(folder, "lists.yaml"), "w", encoding="utf-8") as f:
        f.write(LIST.format(fetched=fetched))
    subprocess.run([HALLWATCH, "lists", "build", os.path.join(folder, "lists.yaml"), "--out",
                    out], check=True, stdout=subprocess.DEVNULL)


def write_rules(path, *rules):
    lab.write_rules(path, *rules)
    with open(path, "a", encoding="utf-8") as f:
        f.write(RULES)


def million(remainder):
    """A million names, and of those that are asked for the even or the odd ones."""
    yield from (f"f{i}.filling{remainder}.example" for i in range(FILLING))
    yield from (f"n{i}.school.example" for i in range(remainder, QUERIES, 2))


@lab.needs_root
class Lists(unittest.TestCase):
    def setUp(self):
        self.wire = lab.Wire().__enter__()
        self.addCleanup(self.wire.__exit__)
        self.folder = self.wire.box.path("lists.d")
        os.mkdir(self.folder)
        self.lists = self.wire.box.path("lists")
        self.rules = self.wire.box.path("rules.yaml")

    def start(self):
        agent = self.wire.agent("agent", rules=self.rules, lists=self.lists)
        agent.start().ready()
        return agent

    def test_a_million_names_change_without_a_lost_packet(self):
        other = self.wire.box.path("other")
        build(self.folder, self.lists, million(0))
        build(self.folder, other, million(1))
        write_rules(self.rules, {"id": "query"},
                    {"id": "listed", "when": "host under $asked and dns.qr == \"query\""})
        agent = self.start()
        frames = [lab.query(i) for i in range(QUERIES)]
        player = threading.Thread(target=self.wire.send, args=(frames,), kwargs={"pps": 600})
        player.start()
        lab.wait_until(lambda: len(agent.alerts()) > 600, "alerts by the old list")
        os.rename(other, self.lists)
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_said("uses bundle 2")
        player.join()
        lab.wait_until(lambda: self.of(agent, "query") >= QUERIES, "all alerts")
        self.assertEqual(agent.stop(), 0)
        self.check_alerts(agent.alerts())
        self.assertEqual([w["what"] for w in agent.own_words()], ["started"])

    @staticmethod
    def rule_of(alert):
        return alert["alert"]["metadata"]["hallwatch_rule"][0].removeprefix("test.")

    def of(self, agent, rule):
        return sum(self.rule_of(a) == rule for a in agent.alerts())

    def check_alerts(self, alerts):
        every = Counter(lab.number_of(a) for a in alerts if self.rule_of(a) == "query")
        self.assertEqual(sorted(every.elements()), list(range(QUERIES)))
        listed = {lab.number_of(a): a["hallwatch"]["list"] for a in alerts
                  if self.rule_of(a) == "listed"}
        # Between two packets: even ones up to there, odd ones from there, none left out.
        last, first = max(n for n in listed if n % 2 == 0), min(n for n in listed if n % 2)
        self.assertEqual(set(listed), {*range(0, last + 1, 2), *range(first, QUERIES, 2)})
        self.assertIn(first - last, (1, 3))
        versions = [{v["version"] for n, v in listed.items() if n % 2 == odd} for odd in (0, 1)]
        self.assertEqual([len(v) for v in versions], [1, 1])
        self.assertNotEqual(*versions)
        self.assertEqual({v["name"] for v in listed.values()}, {"asked"})
        self.assertEqual({v["fetched"][:10] for v in listed.values()}, {"2090-01-01"})

    def test_an_old_list_is_said_once(self):
        build(self.folder, self.lists, ["n1.school.example"], "2020-01-01")
        write_rules(self.rules, {"id": "listed", "when": "host under $asked"})
        agent = self.start()
        lab.wait_until(lambda: self.stale(agent), "the list to be said to be old")
        write_rules(self.rules, {"id": "listed", "title": "New", "when": "host under $asked"})
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_said("uses bundle 2")
        self.wire.send([lab.query(1)])
        lab.wait_until(agent.alerts, "an alert by the old list")
        self.assertEqual(agent.stop(), 0)
        said = self.stale(agent)
        self.assertEqual([s["list"] for s in said], ["asked"])
        self.assertGreater(said[0]["count"], 2000)

    @staticmethod
    def stale(agent):
        return [w for w in agent.own_words() if w["what"] == "list_stale"]

    def test_a_list_of_another_version_leaves_the_old_one_working(self):
        build(self.folder, self.lists, ["n1.school.example"])
        write_rules(self.rules, {"id": "listed", "when": "host under $asked"})
        agent = self.start()
        with open(self.lists, "rb") as f:
            old = bytearray(f.read())
        old[8] = 1
        with open(self.lists + ".new", "wb") as f:
            f.write(old)
        os.rename(self.lists + ".new", self.lists)
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_said("build it again")
        self.wire.send([lab.query(1)])
        lab.wait_until(agent.alerts, "an alert by the list before")


if __name__ == "__main__":
    tap.main()
