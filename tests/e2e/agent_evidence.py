#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Frames that rules ask for as evidence, and those that nobody ever gets."""

import glob
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))

import tap  # noqa: E402  (it stands beside the lab)

BUILD = os.environ.get("BUILD", "build")
HALLWATCH = os.path.join(BUILD, "bin/hallwatch")
AGENT = os.path.join(BUILD, "bin/hallwatch-agent")
DISTRICT = os.path.join(TOP, "deploy/examples/district.yaml")
PUPIL, HELPED = bytes([10, 20, 1, 11]), bytes([10, 20, 1, 14])
HELP_LINE, ITS_ADDRESS = b"988lifeline", bytes([203, 0, 113, 30])
NEWS = b"news"

RULES = """\
schema: 1
ruleset: evidence
version: 1
rules:
  - {id: test.device, title: T, why: To test, severity: low, owner: security, identity: device, watch: [dns],
     when: dns.qname exists, window: {count: events, by: [device.ip], within: 1m, gte: 1},
     evidence: {pcap: {before: 60s, after: 60s, snaplen: %d}}}
"""

LISTS = """\
schema: 1
lists:
  names: {kind: %s, max_age: 30d, fetched: 2090-01-01, sources: [{file: names.txt}]}
"""


def frames(path):
    """[(time, original length, bytes)] of a capture file."""
    with open(path, "rb") as f:
        data = f.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    part = 1000 if data[:4] == b"\x4d\x3c\xb2\xa1" else 1
    at, found = 24, []
    while at < len(data):
        sec, sub, caught, length = struct.unpack_from(order + "IIII", data, at)
        found.append((sec * 1_000_000 + sub // part, length, data[at + 16:at + 16 + caught]))
        at += 16 + caught
    return found


def from_the_start(capture, was=b"", becomes=b""):
    got = frames(os.path.join(TOP, "tests/golden", capture))
    first = got[0][0]
    return [(time - first, length, data.replace(was, becomes) if was else data)
            for time, length, data in got]


def write_capture(path, all_frames):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for time, length, data in sorted(all_frames, key=lambda one: one[0]):
            time += 1_790_000_000_000_000
            f.write(struct.pack("<IIII", time // 1_000_000, time % 1_000_000, len(data), length))
            f.write(data)


class Evidence(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = self.path("out")
        os.mkdir(self.out)
        # One device that reads the news while it asks a help line.
        write_capture(self.path("both.pcap"),
                      from_the_start("browsing.pcap", PUPIL, HELPED)
                      + from_the_start("help-line.pcap"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def lists(self, name):
        with open(self.path("names.txt"), "w", encoding="ascii") as f:
            f.write("988lifeline.org\n")
        with open(self.path("lists.yaml"), "w", encoding="ascii") as f:
            f.write(LISTS % name)
        subprocess.run([HALLWATCH, "lists", "build", self.path("lists.yaml"), "--out",
                        self.path("lists")], check=True, stdout=subprocess.DEVNULL)
        return ["--lists", self.path("lists")]

    def run_agent(self, *more, snaplen=2048):
        """The alerts, stderr, and the files of evidence by their ids."""
        with open(self.path("rules.yaml"), "w", encoding="ascii") as f:
            f.write(RULES % snaplen)
        done = subprocess.run([AGENT, "-r", self.path("both.pcap"), "--district", DISTRICT, "--rules",
                               self.path("rules.yaml"), *more], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        files = {os.path.basename(path)[:-5]: path for path in glob.glob(self.out + "/*.pcap")}
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr, files

    def all_bytes(self, files):
        return b"".join(data for path in files.values() for _, _, data in frames(path))

    def test_each_alert_names_the_file_of_its_frames(self):
        alerts, _, files = self.run_agent("--evidence", self.out, *self.lists("protected"))
        ids = [a["hallwatch"]["evidence"]["id"] for a in alerts
               if "id" in a["hallwatch"].get("evidence", {})]
        self.assertEqual(sorted(ids), sorted(files))
        self.assertGreater(len(ids), 1)
        for path in files.values():
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            told = [time for time, _, _ in frames(path)]
            self.assertEqual(told, sorted(told))

    def test_no_frame_of_a_protected_conversation_is_in_any_file(self):
        _, _, files = self.run_agent("--evidence", self.out, *self.lists("protected"))
        everything = self.all_bytes(files)
        self.assertTrue(NEWS in everything)
        self.assertTrue(HELPED in everything)
        self.assertFalse(HELP_LINE in everything)
        self.assertFalse(ITS_ADDRESS in everything)

    def test_it_is_the_list_that_keeps_them_out(self):
        _, _, files = self.run_agent("--evidence", self.out, *self.lists("black"))
        everything = self.all_bytes(files)
        self.assertTrue(HELP_LINE in everything)
        self.assertTrue(ITS_ADDRESS in everything)

    def test_a_frame_is_cut_to_what_the_rule_asks_for(self):
        _, _, files = self.run_agent("--evidence", self.out, *self.lists("protected"), snaplen=64)
        lengths = {len(data) for path in files.values() for _, _, data in frames(path)}
        self.assertEqual(max(lengths), 64)

    def test_without_lists_nothing_is_kept_and_that_is_said(self):
        alerts, said, files = self.run_agent("--evidence", self.out)
        self.assertEqual(files, {})
        self.assertIn("no evidence is kept without --lists", said)
        self.assertEqual(alerts[0]["hallwatch"]["evidence"], {"refused": "no lists"})

    def test_without_a_folder_alerts_say_nothing_of_it(self):
        alerts, _, files = self.run_agent(*self.lists("protected"))
        self.assertEqual(files, {})
        self.assertNotIn("evidence", alerts[0]["hallwatch"])


if __name__ == "__main__":
    tap.main()
