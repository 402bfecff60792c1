#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lab's own tests: what the mirror shows, and that nothing is left behind."""

import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import programs                                            # noqa: E402
import scenario                                            # noqa: E402
import tap                                                 # noqa: E402
from capture import Capture                                # noqa: E402
from netns import NETNS_DIR, ETC_DIR, PREFIX, LabError     # noqa: E402
from school import SEGMENTS, HOSTS, School, mac_of, segment_of   # noqa: E402

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run")
CAN_RUN = os.geteuid() == 0 and not programs.missing(programs.FOUNDATION)
WHY_NOT = ", ".join(["needs root", *programs.missing(programs.FOUNDATION)])


def frames(path):
    """The frames of a classic little-endian pcap."""
    with open(path, "rb") as file:
        data = file.read()
    pos = 24
    while pos < len(data):
        (size,) = struct.unpack_from("<I", data, pos + 8)
        yield data[pos + 16:pos + 16 + size]
        pos += 16 + size


def traces(prefix):
    """What a run with this prefix has on the machine."""
    places = [NETNS_DIR, ETC_DIR, tempfile.gettempdir()]
    return [name for place in places if os.path.isdir(place)
            for name in os.listdir(place) if name.startswith(prefix)]


class Table(unittest.TestCase):
    def test_every_program_has_a_package(self):
        for one in scenario.load().values():
            for program in one.programs:
                self.assertIn(program, programs.PACKAGES, one.name)

    def test_harmless_scenarios_fire_nothing_and_others_something(self):
        for one in scenario.load().values():
            self.assertEqual(one.kind == scenario.HARMLESS, not one.rules, one.name)

    def test_every_machine_lies_in_a_segment(self):
        self.assertEqual({segment_of(address).name for address in HOSTS.values()},
                         {segment.name for segment in SEGMENTS})

    def test_an_unknown_scenario_is_refused_by_name(self):
        said = subprocess.run([RUN, "record", "no-such", "x.pcap"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(said.returncode, 1)
        self.assertIn("no scenario is called no-such", said.stderr)


@unittest.skipUnless(CAN_RUN, WHY_NOT)
class Mirror(unittest.TestCase):
    def record(self, act):
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            with School() as school, Capture(school, file.name):
                act(school)
            return list(frames(file.name))

    def pings(self, client, server):
        """The MACs of each echo request and reply that a ping leaves on the mirror."""
        seen = self.record(lambda school: school[client].run("ping", "-c", 2, "-i", 0.2,
                                                             HOSTS[server]))
        return [(":".join(f"{byte:02x}" for byte in frame[6:12]), frame[34])
                for frame in seen if frame[12:14] == b"\x08\x00" and frame[23] == 1]

    def test_a_routed_packet_is_seen_once_with_its_clients_mac(self):
        gateway = segment_of(HOSTS["student-01"]).mac
        self.assertEqual(self.pings("student-01", "srv-web"),
                         [(mac_of(HOSTS["student-01"]), 8), (gateway, 0)] * 2)

    def test_a_packet_inside_a_segment_is_seen_once_as_sent(self):
        self.assertEqual(self.pings("student-01", "student-02"),
                         [(mac_of(HOSTS["student-01"]), 8),
                          (mac_of(HOSTS["student-02"]), 0)] * 2)


@unittest.skipUnless(CAN_RUN, WHY_NOT)
class TakingDown(unittest.TestCase):
    def live(self, *command):
        return subprocess.Popen([RUN, "live", "browsing", "--", *command],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait_for(self, prefix):
        end = time.monotonic() + 20
        while prefix + "sensor" not in traces(prefix) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(2)

    def interrupt(self, sign):
        lab = self.live("sleep", "60")
        self.wait_for(f"{PREFIX}{lab.pid}-")
        lab.send_signal(sign)
        _, said = lab.communicate(timeout=30)
        self.assertIn("everything is taken down", said)
        self.assertEqual(lab.returncode, 130)
        self.assertEqual(traces(f"{PREFIX}{lab.pid}-"), [])

    def test_ctrl_c_leaves_nothing_behind(self):
        self.interrupt(signal.SIGINT)

    def test_sigterm_leaves_nothing_behind(self):
        self.interrupt(signal.SIGTERM)

    def test_a_failure_leaves_nothing_behind(self):
        lab = self.live("false")
        _, said = lab.communicate(timeout=60)
        self.assertEqual(lab.returncode, 1, said)
        self.assertEqual(traces(f"{PREFIX}{lab.pid}-"), [])

    def test_a_killed_run_is_swept_by_clean(self):
        lab = self.live("sleep", "60")
        prefix = f"{PREFIX}{lab.pid}-"
        self.wait_for(prefix)
        lab.kill()
        lab.communicate()
        self.assertNotEqual(traces(prefix), [])
        subprocess.run([RUN, "clean"], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(traces(prefix), [])

    def test_two_schools_stand_side_by_side(self):
        first, second = self.live("sleep", "60"), self.live("sleep", "60")
        for lab in (first, second):
            _, said = lab.communicate(timeout=90)
            self.assertEqual(traces(f"{PREFIX}{lab.pid}-"), [])
            self.assertNotIn("lab:", said)

    def test_a_fault_while_building_leaves_nothing_behind(self):
        class Broken(School):
            def serve_dns(self, **how):
                raise LabError("no DNS today")
        with self.assertRaises(LabError), Broken():
            pass
        self.assertEqual(traces(f"{PREFIX}{os.getpid()}-"), [])


if __name__ == "__main__":
    tap.main()
