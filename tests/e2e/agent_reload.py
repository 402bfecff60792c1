#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""New rules while every packet is an alert, and local changes of them."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest
from collections import Counter

import agent_lab as lab
import tap

QUERIES = 3000


@lab.needs_root
class Reload(unittest.TestCase):
    def setUp(self):
        self.wire = lab.Wire().__enter__()
        self.addCleanup(self.wire.__exit__)
        self.rules = self.wire.box.path("rules.yaml")
        lab.write_rules(self.rules, {"id": "query"})
        self.agent = self.wire.agent("agent", rules=self.rules, sensors=2)
        self.agent.start().ready()

    def titles(self):
        return {a["alert"]["signature"] for a in self.agent.alerts()}

    def test_good_rules_are_taken_over_without_a_lost_packet(self):
        frames = [lab.query(i, f"10.20.1.{10 + i % 20}") for i in range(QUERIES)]
        player = threading.Thread(target=self.wire.send, args=(frames,), kwargs={"pps": 800})
        player.start()
        lab.wait_until(lambda: len(self.agent.alerts()) > 300, "alerts by the old rules")
        # The rule keeps its name, but another one stands before it now.
        lab.write_rules(self.rules, {"id": "never", "when": 'dns.qr == "answer"'},
                        {"id": "query", "title": "A query, by the new rules"})
        self.agent.process.send_signal(signal.SIGHUP)
        self.agent.wait_said("uses bundle 2", 2)
        player.join()
        lab.wait_until(lambda: len(self.agent.alerts()) >= QUERIES, "all alerts")
        self.assertEqual(self.agent.stop(), 0)
        alerts = self.agent.alerts()
        self.assertEqual({a["alert"]["metadata"]["hallwatch_rule"][0] for a in alerts},
                         {"test.query"})
        self.assertEqual(self.titles(), {"A query", "A query, by the new rules"})
        numbers = Counter(lab.number_of(a) for a in alerts)
        self.assertEqual(len(numbers), QUERIES)
        self.assertEqual(max(numbers.values()), 1)
        self.assertEqual([w["what"] for w in self.agent.own_words()], ["started"])

    def test_faulty_rules_leave_the_old_ones_working(self):
        lab.write_rules(self.rules, {"id": "query", "when": "dns.qname.lenn > 3"})
        self.agent.process.send_signal(signal.SIGHUP)
        self.agent.wait_said("the old ones stay")
        self.agent.wait_said('dns.qname.len')
        self.wire.send([lab.query(1)])
        lab.wait_until(self.agent.alerts, "an alert by the old rules")
        self.assertIn({"what": "rules_refused", "count": 1}, self.agent.own_words())

    def test_rules_whose_own_test_fails_are_refused_while_packets_come(self):
        frames = [lab.query(i, f"10.20.1.{10 + i % 20}") for i in range(QUERIES)]
        player = threading.Thread(target=self.wire.send, args=(frames,), kwargs={"pps": 800})
        player.start()
        lab.wait_until(lambda: len(self.agent.alerts()) > 300, "alerts by the old rules")
        with open(self.rules, "a", encoding="utf-8") as f:
            many = ("  - name: many\n    generate: {count: 20000, every: 1ms, "
                    "event: {kind: dns, dns.qr: query}}\n    expect: {match: 20000}\n")
            f.write("tests:\n" + 5 * many)
            f.write("  - name: two queries are three\n"
                    "    events: [{at: 0s, kind: dns, dns.qr: query},"
                    " {at: 1s, kind: dns, dns.qr: query}]\n"
                    "    expect: {match: 3}\n")
        self.agent.process.send_signal(signal.SIGHUP)
        self.agent.wait_said("the old ones stay")
        self.agent.wait_said('test "two queries are three" failed: expected match 3, got 2')
        player.join()
        lab.wait_until(lambda: len(self.agent.alerts()) >= QUERIES, "all alerts")
        self.assertEqual(self.agent.stop(), 0)
        self.assertEqual(self.titles(), {"A query"})
        numbers = Counter(lab.number_of(a) for a in self.agent.alerts())
        self.assertEqual((len(numbers), max(numbers.values())), (QUERIES, 1))
        self.assertEqual([w["what"] for w in self.agent.own_words()],
                         ["started", "rules_refused"])

    def test_the_same_rules_again_are_not_handed_out(self):
        self.agent.process.send_signal(signal.SIGHUP)
        self.agent.wait_said("the same as before")
        self.assertNotIn("uses bundle", self.agent.said())

    def test_a_time_zone_that_is_new_comes_with_the_rules(self):
        with open(self.rules, "a", encoding="utf-8") as f:
            f.write("schedules:\n  night:\n    tz: Asia/Tokyo\n"
                    "    when: [{days: mon-sun, from: '00:00', to: '24:00'}]\n")
        self.agent.process.send_signal(signal.SIGHUP)
        self.agent.wait_said("uses bundle 2", 2)
        self.wire.send([lab.query(1)])
        lab.wait_until(self.agent.alerts, "an alert by the new rules")

    def test_a_courier_that_starts_again_has_the_new_rules(self):
        lab.write_rules(self.rules, {"id": "query", "title": "New"})
        self.agent.process.send_signal(signal.SIGHUP)
        self.agent.wait_said("uses bundle 2", 2)
        lab.os.kill(self.agent.child("courier"), signal.SIGKILL)
        self.agent.wait_said("courier crashed")
        self.wire.send([lab.query(1)])
        lab.wait_until(self.agent.alerts, "an alert")
        self.assertEqual(self.titles(), {"New"})

    def other_agent(self, **settings):
        """In place of the one that setUp began."""
        self.assertEqual(self.agent.stop(), 0)
        self.agent = self.wire.agent("other", sensors=2, **settings)
        self.agent.start().ready()

    def test_an_overlay_is_taken_over_without_a_lost_packet(self):
        folder = os.path.dirname(self.rules) + "/rules.d"
        os.makedirs(folder)
        lab.write_rules(folder + "/r.yaml", {"id": "query"})
        self.other_agent(rules=folder)
        frames = [lab.query(i, f"10.20.1.{10 + i % 20}") for i in range(QUERIES)]
        player = threading.Thread(target=self.wire.send, args=(frames,), kwargs={"pps": 800})
        player.start()
        lab.wait_until(lambda: len(self.agent.alerts()) > 300, "alerts by the shipped rule")
        write_overlay(folder, "2999-12-31")
        self.agent.process.send_signal(signal.SIGHUP)
        self.agent.wait_said("uses bundle 2", 2)
        player.join()
        lab.wait_until(lambda: len(self.agent.alerts()) >= QUERIES, "all alerts")
        self.assertEqual(self.agent.stop(), 0)
        alerts = self.agent.alerts()
        numbers = Counter(lab.number_of(a) for a in alerts)
        self.assertEqual((len(numbers), max(numbers.values())), (QUERIES, 1))
        said = Counter(local_words(a) for a in alerts)
        self.assertEqual(set(said), {("high", None), ("low", "o.yaml:5")})

    def test_groups_come_with_a_reload(self):
        district = os.path.dirname(self.rules) + "/district.yaml"
        shutil.copy(lab.DISTRICT, district)
        self.other_agent(rules=self.rules, district=district)
        with open(district, encoding="utf-8") as f:
            text = f.read()
        with open(district, "w", encoding="utf-8") as f:
            f.write(text.replace("groups:\n", "groups:\n  lab: {networks: [10.20.1.10]}\n"))
        lab.write_rules(self.rules, {"id": "query",
                                     "when": 'dns.qr == "query"\n    scope: {groups: [lab]}'})
        self.agent.process.send_signal(signal.SIGHUP)
        self.agent.wait_said("uses bundle 2", 2)
        self.wire.send([lab.query(i, f"10.20.1.{10 + i % 2}") for i in range(20)])
        lab.wait_until(lambda: len(self.agent.alerts()) >= 10, "the lab's alerts")
        self.assertEqual(self.agent.stop(), 0)
        self.assertEqual({a["hallwatch"]["device"]["groups"][0] for a in self.agent.alerts()},
                         {"lab"})
        self.assertEqual(len(self.agent.alerts()), 10)


OVERLAY = """\
schema: 1
overlay_of: test
site: lincoln
set:
  - {{rule: test.query, severity: low, until: {until}, owner: lead, why: to test}}
"""


def write_overlay(folder, until):
    with open(os.path.join(folder, "o.yaml"), "w", encoding="utf-8") as f:
        f.write(OVERLAY.format(until=until))


def local_words(alert):
    """Its severity, and the place of the local change in it."""
    metadata = alert["alert"]["metadata"]
    where = metadata.get("hallwatch_local_change", [None])[0]
    return metadata["hallwatch_severity"][0], where and os.path.basename(where)


class Overlay(unittest.TestCase):
    def test_it_ends_with_its_last_day_in_the_time_of_the_packets(self):
        with tempfile.TemporaryDirectory() as folder:
            rules = os.path.join(folder, "rules")
            os.makedirs(rules)
            lab.write_rules(rules + "/r.yaml", {"id": "query"})
            write_overlay(rules, "2023-11-14")
            capture = os.path.join(folder, "c.pcap")
            # 22:13:20 on its last day, and 1:46:40 later
            lab.write_pcap(capture, [lab.query(1)])
            with open(capture, "ab") as f:
                frame = lab.query(2)
                for number in (1_700_006_400, 0, len(frame), len(frame)):
                    f.write(number.to_bytes(4, "little"))
                f.write(frame)
            done = subprocess.run([lab.AGENT, "-r", capture, "--rules", rules, "--district",
                                   lab.DISTRICT], capture_output=True, text=True, check=True)
        alerts = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([local_words(a) for a in alerts],
                         [("low", "o.yaml:5"), ("high", None)])


if __name__ == "__main__":
    tap.main()
