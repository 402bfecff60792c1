#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Processes of an agent are killed while every packet is an alert."""

import fcntl
import os
import select
import signal
import socket
import threading
import unittest
from collections import Counter

import agent_lab as lab
import netns
import tap

QUERIES = 4000
PPS = 800
UNSETTLED = 64  # alerts that a courier lets out before it notes that they are
PIPE = 512 * 1024  # bytes: many times as many


@lab.needs_root
class Crash(unittest.TestCase):
    def setUp(self):
        self.wire = lab.Wire().__enter__()
        self.addCleanup(self.wire.__exit__)
        rules = self.wire.box.path("rules.yaml")
        lab.write_rules(rules, {"id": "query"})
        self.rules = rules

    def agent(self, **settings):
        return self.wire.agent("agent", rules=self.rules, **settings).start().ready()

    def play_meanwhile(self):
        frames = [lab.query(i) for i in range(QUERIES)]
        player = threading.Thread(target=self.wire.send, args=(frames,), kwargs={"pps": PPS})
        player.start()
        return player

    def numbers(self, agent):
        return Counter(lab.number_of(a) for a in agent.alerts()
                       if a["dns"]["rrname"].endswith(".school.example"))

    def kill(self, agent, name, again):
        """Kill a process by its name and wait for its successor."""
        pid = agent.child(name)
        os.kill(pid, signal.SIGKILL)
        agent.wait_said(f"{name} crashed: signal 9", again)
        lab.wait_until(lambda: agent.child(name) not in (None, pid), f"a new {name}")

    def wait_alerts(self, agent, least):
        lab.wait_until(lambda: len(agent.alerts()) >= least, f"{least} alerts")

    def scribble(self, pid):
        """Write ones over all small memory that a process shares with others."""
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "r+b", 0) as memory:
            for line in maps:
                first, last = (int(x, 16) for x in line.split()[0].split("-"))
                if " rw-s " in line and "/dev/zero" in line and last - first <= 4096:
                    memory.seek(first)
                    memory.write(b"\x01" * (last - first))

    def test_a_sensor_that_was_taken_over_ends_nobody_but_itself(self):
        agent = self.agent()
        self.scribble(agent.child("sensor-0"))
        self.kill(agent, "sensor-0", 1)
        agent.wait_said("watching ", 2)
        self.wire.send([lab.query(i) for i in range(10)])
        lab.wait_until(lambda: len(self.numbers(agent)) >= 10, "all alerts")
        self.assertEqual(agent.stop(), 0)

    def test_no_alert_is_lost_when_the_courier_is_killed_and_few_are_repeated(self):
        agent = self.agent()
        player = self.play_meanwhile()
        for again in range(1, 3):
            self.wait_alerts(agent, 300 * again)
            self.kill(agent, "courier", again)
        player.join()
        lab.wait_until(lambda: len(self.numbers(agent)) >= QUERIES, "all alerts")
        self.assertEqual(agent.stop(), 0)
        numbers = self.numbers(agent)
        self.assertEqual(len(numbers), QUERIES)
        # What was printed at the instant of a kill is not known to be safe.
        self.assertLess(sum(numbers.values()) - QUERIES, 2 * UNSETTLED + 1)
        self.assertEqual([w["what"] for w in agent.own_words()],
                         ["started", "restarted", "restarted"])

    def test_few_are_repeated_when_the_courier_is_killed_with_many_to_print(self):
        pipe_out, pipe_in = os.pipe()
        fcntl.fcntl(pipe_in, fcntl.F_SETPIPE_SZ, PIPE)
        agent = self.wire.agent("agent", rules=self.rules)
        agent.start(stdout=pipe_in).ready()
        courier = agent.child("courier")
        os.kill(courier, signal.SIGSTOP)
        self.wire.send([lab.query(i) for i in range(1000)])
        os.kill(courier, signal.SIGCONT)
        # Nobody reads: the pipe is full, and the courier waits amid a line.
        lab.wait_until(lambda: not select.select([], [pipe_in], [], 0)[1], "a full pipe")
        reader = threading.Thread(target=lab.pour, args=(pipe_out, agent.out_path))
        self.kill(agent, "courier", 1)
        os.close(pipe_in)
        reader.start()
        lab.wait_until(lambda: len(self.numbers(agent)) >= 1000, "all alerts")
        self.assertEqual(agent.stop(), 0)
        reader.join()
        self.assertLessEqual(self.numbers(agent).total() - 1000, UNSETTLED)

    def test_a_crash_is_told_though_the_courier_is_killed_before_it_can_tell(self):
        pipe_out, pipe_in = os.pipe()
        agent = self.wire.agent("agent", rules=self.rules)
        agent.start(stdout=pipe_in).ready()
        lab.wait_until(lambda: select.select([pipe_out], [], [], 0)[0], "its first word")
        lab.fill(pipe_in)
        self.kill(agent, "sensor-0", 1)
        agent.wait_said("watching net0", 2)
        self.kill(agent, "courier", 1)
        reader = threading.Thread(target=lab.pour, args=(pipe_out, agent.out_path))
        os.close(pipe_in)
        reader.start()
        restarted = {"what": "restarted", "count": 1}
        lab.wait_until(lambda: agent.own_words().count(restarted) == 2, "both are told")
        self.assertEqual(agent.stop(), 0)
        reader.join()

    def test_what_a_killed_sensor_sent_stays_and_its_gap_is_told(self):
        agent = self.agent()
        player = self.play_meanwhile()
        self.wait_alerts(agent, 300)
        self.kill(agent, "sensor-0", 1)
        player.join()
        agent.wait_said("watching net0", 2)
        self.wire.send([lab.query(QUERIES)])
        lab.wait_until(lambda: self.numbers(agent)[QUERIES], "an alert after the restart")
        self.assertEqual(agent.stop(), 0)
        numbers = self.numbers(agent)
        missing = [n for n in range(QUERIES) if not numbers[n]]
        self.assertEqual(missing, list(range(missing[0], missing[-1] + 1)))
        self.assertLess(len(missing), 3 * PPS)
        self.assertEqual([n for n, count in numbers.items() if count > 1], [])
        self.assertIn({"what": "restarted", "count": 1}, agent.own_words())

    def test_the_other_sensor_goes_on_when_one_is_killed(self):
        agent = self.agent(sensors=2)
        self.kill(agent, "sensor-1", 1)
        agent.wait_said("watching net0", 3)
        self.wire.send([lab.query(i, f"10.20.1.{i}") for i in range(1, 200)])
        self.wait_alerts(agent, 199)
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(len(self.numbers(agent)), 199)

    def test_the_last_frames_of_a_killed_sensor_are_kept_for_their_owner(self):
        agent = self.agent()
        self.wire.send([lab.query(i) for i in range(100)])
        self.wait_alerts(agent, 100)
        self.kill(agent, "sensor-0", 1)
        state = agent.settings["state"]
        agent.wait_said("frames of sensor-0 are kept")
        kept = [f for f in os.listdir(state) if f.startswith("crash-")]
        self.assertEqual(len(kept), 1)
        path = os.path.join(state, kept[0])
        self.assertEqual(lab.count_packets(path), 64)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def test_a_help_line_is_not_among_the_last_frames(self):
        lists = self.wire.box.path("lists.db")
        netns.command(lab.HALLWATCH, "lists", "build", "--out", lists, lab.LISTS)
        agent = self.agent(lists=lists)
        self.wire.play(os.path.join(lab.GOLDEN, "help-line.pcap"))
        self.wire.send([lab.query(1)])
        lab.wait_until(lambda: self.numbers(agent)[1], "the last frame was seen")
        self.kill(agent, "sensor-0", 1)
        agent.wait_said("frames of sensor-0 are kept")
        state = agent.settings["state"]
        name = next(f for f in os.listdir(state) if f.startswith("crash-"))
        with open(os.path.join(state, name), "rb") as f:
            kept = f.read()
        self.assertGreater(lab.count_packets(os.path.join(state, name)), 0)
        self.assertNotIn(b"988lifeline", kept)
        self.assertNotIn(socket.inet_aton("203.0.113.30"), kept)

    def test_a_courier_without_a_warden_waits_for_its_sensors_and_does_not_spin(self):
        agent = self.agent()
        courier = agent.child("courier")
        os.kill(agent.process.pid, signal.SIGKILL)
        agent.process.wait()
        spent = [lab.cpu_ticks(courier)]
        lab.wait_until(lambda: not lab.netns.running(courier)
                       or spent.append(lab.cpu_ticks(courier)), "the courier ends")
        self.assertLess(max(spent) - spent[0], os.sysconf("SC_CLK_TCK"))

    def test_nobody_outlives_a_killed_warden(self):
        agent = self.agent(sensors=2)
        pids = lab.children(agent.process.pid)
        self.assertEqual(len(pids), 3)
        os.kill(agent.process.pid, signal.SIGKILL)
        agent.process.wait()
        lab.wait_until(lambda: not any(lab.netns.running(p) for p in pids),
                       "its processes end")

    def test_nobody_outlives_a_warden_that_is_killed_after_its_courier(self):
        agent = self.agent()
        pids = lab.children(agent.process.pid)
        os.kill(agent.child("courier"), signal.SIGKILL)
        os.kill(agent.process.pid, signal.SIGKILL)
        agent.process.wait()
        lab.wait_until(lambda: not any(lab.netns.running(p) for p in pids),
                       "its processes end")


if __name__ == "__main__":
    tap.main()
