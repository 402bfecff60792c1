#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is judged of a scenario that was played live: which alerts, when, and no others."""

import contextlib
import datetime
import io
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import replay                                              # noqa: E402
import scenario                                            # noqa: E402
import tap                                                 # noqa: E402

BEGUN = 1_795_451_400.0


def line_of(kind, rules, told, within=3, told_by=5, name="one"):
    """Of a scenario that begins at BEGUN; told: (rule, severity, seconds after it)."""
    line = replay.Line.__new__(replay.Line)
    line.scenario = scenario.Scenario(name, kind, "One.", None, rules=rules, within=within,
                                      told_by=told_by)
    line.capture = name + ".pcap"
    line.exit_code, line.begun, line.printed = 0, BEGUN, []
    for rule, severity, after in told:
        when = datetime.datetime.fromtimestamp(BEGUN + after, datetime.timezone.utc)
        line.printed.append((BEGUN + after + 0.1, json.dumps(
            {"event_type": "alert", "timestamp": when.strftime("%Y-%m-%dT%H:%M:%S.%f%z"),
             "hallwatch": {"rule": rule, "severity": severity, "event": "flow_active"}})))
    return line


def faults(*args, **kwargs):
    return list(line_of(*args, **kwargs).faults())


class Again(unittest.TestCase):
    """What is played again, where nothing is really played: each time a line is, it is
    told so late as this table says."""

    def play(self, lateness):
        """lateness: for each scenario the seconds of one play after another. What remains
        late, and how often each was played."""
        count = dict.fromkeys(lateness, 0)

        def play_all(_box, _numbers, plays):
            told = [(one.name, lateness[one.name][count[one.name]]) for one, _ in plays]
            for name, _ in told:
                count[name] += 1
            return [line_of(scenario.ATTACK, ["a.b"], [("a.b", "high", after)], name=name)
                    for name, after in told]

        before, replay.play_all = replay.play_all, play_all
        self.addCleanup(setattr, replay, "play_all", before)
        lines = play_all(None, None, [(scenario.Scenario(name, scenario.ATTACK, "", None), "")
                                      for name in lateness])
        with contextlib.redirect_stdout(io.StringIO()):
            lines = replay.play_late_again(None, None, lines)
        return {name for name, line in lines.items() if list(line.lateness())}, count

    def test_what_is_in_time_is_played_once(self):
        self.assertEqual(self.play({"one": [1], "two": [1]}),
                         (set(), {"one": 1, "two": 1}))

    def test_what_was_late_among_many_is_judged_among_few(self):
        self.assertEqual(self.play({"one": [9, 1], "two": [1], "three": [9, 9, 1]}),
                         (set(), {"one": 2, "two": 1, "three": 3}))

    def test_what_is_late_by_itself_stays_late(self):
        late, count = self.play({"one": [9, 9, 9], "two": [1]})
        self.assertEqual((late, count["two"]), ({"one"}, 1))


class Verdict(unittest.TestCase):
    def test_an_alert_in_time_is_well(self):
        self.assertEqual(faults(scenario.ATTACK, ["a.b"], [("a.b", "high", 2)]), [])

    def test_a_rule_that_waits_for_five_minutes_is_late_though_its_packet_raised_it(self):
        self.assertEqual(faults(scenario.ATTACK, ["a.b"], [("a.b", "high", 300)]),
                         ["a.b was first told 300.1 s after the first packet; 5 s were "
                          "allowed"])

    def test_what_comes_again_later_is_not_late(self):
        told = [("a.b", "high", 2), ("a.b", "high", 300)]
        self.assertEqual(faults(scenario.ATTACK, ["a.b"], told), [])

    def test_each_of_two_rules_has_to_be_told_by_then(self):
        told = [("a.b", "high", 2), ("c.d", "high", 6)]
        self.assertEqual(len(faults(scenario.ATTACK, ["a.b", "c.d"], told)), 1)

    def test_beside_an_attack_what_only_informs_is_well(self):
        told = [("a.b", "high", 2), ("c.d", "info", 2)]
        self.assertEqual(faults(scenario.ATTACK, ["a.b"], told), [])
        told[1] = ("c.d", "low", 2)
        self.assertEqual(faults(scenario.ATTACK, ["a.b"], told),
                         ["c.d (low) was raised, and should not be"])

    def test_what_is_harmless_is_silent_of_information_too(self):
        self.assertEqual(faults(scenario.HARMLESS, [], [("c.d", "info", 2)]),
                         ["c.d (info) was raised, and should not be"])

    def test_every_recorded_attack_says_by_when_it_is_told(self):
        self.assertEqual([one.name for one in scenario.load().values()
                          if one.rules and one.stored and not one.told_by], [])


if __name__ == "__main__":
    tap.main()
