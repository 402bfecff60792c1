#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What people mistype: a folder, a name, a file of another kind, options that don't go together.
Each is said in a sentence, and told by the exit code."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))

import tap  # noqa: E402  (it stands beside the lab)

BIN = os.path.join(os.path.abspath(os.environ.get("BUILD", os.path.join(TOP, "build"))), "bin")
DISTRICT = os.path.join(TOP, "deploy/examples/district.yaml")
LISTS = os.path.join(TOP, "rules/lists/lists.yaml")
CAPTURE = os.path.join(TOP, "tests/golden/ftp-login.pcap")
FAULT, USAGE = 1, 2


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hallwatch-e2e-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def run_it(self, program, *args, text=""):
        done = subprocess.run([os.path.join(BIN, program), *args], input=text,
                              capture_output=True, text=True, cwd=self.folder, check=False)
        return done.returncode, done.stdout, done.stderr

    def says(self, code, words, *args, text=""):
        """What it printed, both streams."""
        got, out, err = self.run_it(*args, text=text)
        self.assertEqual(got, code, out + err)
        self.assertIn(words, out + err)
        return out + err


class Options(Mistakes):
    def test_options_that_would_be_ignored_are_refused(self):
        for words, *args in (
                ("--config is for watching", "hallwatch-agent", "-c", "a.yaml", "-r", CAPTURE),
                ("--check is for watching", "hallwatch-agent", "-r", CAPTURE, "--check"),
                ("--stats is for --read", "hallwatch-agent", "-c", "a.yaml", "--stats"),
                ("at most 26", "hallwatch", "rules", "shadow", "--weeks", "99"),
                ("--rules is for --coverage", "hallwatch", "district", "check", "--rules", "/none",
                 DISTRICT)):
            self.says(USAGE, words, *args)

    def test_a_site_that_there_is_not_is_told_wherever_it_is_given(self):
        for args in (("hallwatch-agent", "-r", CAPTURE, "--district", DISTRICT, "--stats"),
                     ("hallwatch", "rules", "check", "-d", DISTRICT)):
            said = self.says(FAULT, "error[E0907]", *args, "--site", "lincon")
            self.assertIn('did you mean "lincoln"?', said)

    def test_each_assignment_is_shown_with_its_own_fault(self):
        self.write("agent.yaml", f"interfaces: [lo]\nrules: [{TOP}/rules/detect]\nstate: s\n")
        agent = ("hallwatch-agent", "-c", "agent.yaml", "--check")
        said = self.says(USAGE, "--set sensors=abc:1:1: error", *agent, "--set", "sensors=abc",
                         "--set", "filter=foo bar", "--set", "flows=xyz")
        for words in ("    1 | abc\n", "    1 | xyz\n", "--set flows=xyz:1:1: error",
                      '--set filter=foo bar: error[E0917]: filter "foo bar"'):
            self.assertIn(words, said)
        self.says(FAULT, '--set interfaces=none9: error[E0904]', *agent, "--set",
                  "interfaces=none9")

    def test_a_folder_for_evidence_that_is_not_there_is_told_at_once(self):
        self.says(FAULT, "none cannot be written to: No such file", "hallwatch-agent", "-r", CAPTURE,
                  "--stats", "--evidence", "none")

    def test_help_of_the_scripts_does_nothing_else(self):
        for script in "check", "demo":
            done = subprocess.run([os.path.join(TOP, "deploy", script), "--help"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout.count("\n")), (0, 1), done.stderr)
            self.assertIn(f"Usage: deploy/{script}", done.stdout)


if __name__ == "__main__":
    tap.main()
