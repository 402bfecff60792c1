#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A live agent tells that nothing came, and never because it did not see."""

import os
import signal
import unittest
from datetime import datetime

import agent_lab as lab
import tap

SILENCE = 2  # seconds
RULES = """\
schema: 1
ruleset: test
version: 1
rules:
  - id: test.silence
    title: A question, and no other after it
    severity: high
    owner: security
    identity: device
    watch: [dns]
    sequence:
      by: [src.ip]
      within: 1m
      steps:
        - {id: question, when: 'dns.qname == "n1.school.example"'}
        - {id: silence, none_for: %ds, when: 'dns.qname == "n2.school.example"'}
"""


@lab.needs_root
class Silence(unittest.TestCase):
    def setUp(self):
        self.wire = lab.Wire().__enter__()
        self.addCleanup(self.wire.__exit__)
        rules = self.wire.box.write("rules.yaml", RULES % SILENCE)
        self.agent = self.wire.agent("agent", rules=rules).start().ready()
        self.wire.pass_time(2)  # of what is older than its start it may have missed something

    def goes_on(self, *frames):
        """A second of the wire, with these frames in front; who was told of by then."""
        if frames:
            self.wire.send(frames)
        self.wire.pass_time(1)
        return self.told()

    def end(self):
        self.assertEqual(self.agent.stop(), 0)
        return self.told()

    def told(self):
        return [a["src_ip"] for a in self.agent.alerts()]

    def kill(self, name):
        pid = self.agent.child(name)
        os.kill(pid, signal.SIGKILL)
        self.agent.wait_said(f"{name} crashed: signal 9")
        lab.wait_until(lambda: self.agent.child(name) not in (None, pid), f"a new {name}")

    def test_it_is_told_of_who_is_silent_and_of_nobody_else(self):
        self.wire.send([lab.query(1, "10.20.1.11"), lab.query(1, "10.20.1.12"),
                        lab.query(2, "10.20.1.12"), lab.query(1, "10.20.1.13")])
        lab.wait_until(lambda: "10.20.1.13" in self.goes_on(), "the last silence is told")
        self.assertEqual(self.end(), ["10.20.1.11", "10.20.1.13"])
        alert = self.agent.alerts()[0]
        begin, end = (datetime.fromisoformat(t)
                      for t in alert["hallwatch"]["sequence"]["times"])
        self.assertEqual((end - begin).total_seconds(), SILENCE)
        self.assertEqual(datetime.fromisoformat(alert["timestamp"]), end)

    def is_told_of_another(self):
        lab.wait_until(lambda: "10.20.1.12" in self.goes_on(lab.query(1, "10.20.1.12")),
                       "a silence after it is told")
        return self.end()

    def test_a_sensor_that_was_killed_did_not_see_whether_anybody_was_silent(self):
        self.wire.send([lab.query(1, "10.20.1.11")])
        self.kill("sensor-0")
        self.agent.wait_said("watching net0", 2)
        self.assertNotIn("10.20.1.11", self.is_told_of_another())

    def test_a_courier_that_was_killed_does_not_know_whether_anybody_was_silent(self):
        self.goes_on(lab.query(1, "10.20.1.11"))
        self.kill("courier")
        self.assertNotIn("10.20.1.11", self.is_told_of_another())


if __name__ == "__main__":
    tap.main()
