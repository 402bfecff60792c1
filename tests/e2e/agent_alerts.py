#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The same packets give the same alerts: from a file, live with one sensor, live with two.

All golden captures are played on a wire while two agents and tcpdump listen to it; what
tcpdump recorded is then judged from the file.
"""

import json
import subprocess
import unittest
from glob import glob

import agent_lab as lab
import tap

SETTLE = 7  # seconds in which closed and unanswered conversations come to their end


def comparable(alerts):
    """Each alert as sorted text. What is told only because everything ends has the time
    of that end, which each sensor has for itself: there, rule and device are compared."""
    lines = []
    for alert in alerts:
        if alert.get("flow", {}).get("reason") == "stopped":
            alert = {"rule": alert["alert"]["metadata"], "flow": "stopped",
                     "device": alert["hallwatch"].get("device", {}).get("pseudonym")}
        else:
            alert["hallwatch"].pop("agent")
            alert["hallwatch"].pop("evidence", None)  # whether there is anybody to keep it
        lines.append(json.dumps(alert, sort_keys=True))
    return sorted(lines)


@lab.needs_root
class SameAlerts(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        with lab.Wire() as wire, lab.one_time_for_all():
            path = wire.box.path("wire.pcap")
            one = wire.agent("one").start().ready()
            two = wire.agent("two", sensors=2).start().ready()
            tcpdump = wire.record(path)
            sent = wire.play(*sorted(glob(lab.GOLDEN + "/*.pcap")))
            sent += wire.pass_time(SETTLE)
            lab.wait_until(lambda: lab.count_packets(path) >= sent, "tcpdump has all")
            cls.codes = [one.stop(), two.stop()]
            tcpdump.stop()
            cls.sent = sent
            cls.recorded = lab.count_packets(path)
            cls.one, cls.two = comparable(one.alerts()), comparable(two.alerts())
            done = subprocess.run(
                [lab.AGENT, "-r", path, "--rules", lab.RULES, "--district", lab.DISTRICT,
                 "--pseudonym-key", wire.key], stdout=subprocess.PIPE, check=True,
                stderr=subprocess.DEVNULL)
            cls.file = comparable(json.loads(line) for line in done.stdout.splitlines())

    def test_every_packet_was_recorded(self):
        self.assertEqual(self.recorded, self.sent)

    def test_there_are_many_alerts(self):
        self.assertGreater(len(self.file), 10)

    def test_one_live_sensor_gives_the_alerts_of_the_file(self):
        self.assertEqual(self.one, self.file)

    def test_two_live_sensors_give_the_alerts_of_the_file(self):
        self.assertEqual(self.two, self.file)

    def test_both_agents_ended_well(self):
        self.assertEqual(self.codes, [0, 0])


if __name__ == "__main__":
    tap.main()
