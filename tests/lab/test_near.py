#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Harmless look-alikes come near to a rule: change one thing of it, and their capture raises it.

The recording stays as it is; what is changed is a copy of the shipped rules or lists, at the
one place that keeps it silent.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import replay                                              # noqa: E402
import scenario                                            # noqa: E402
import tap                                                 # noqa: E402

BIN = os.path.join(replay.build_folder(), "bin")

# capture, the rule that it comes near to, what keeps it silent, and what would not: of the rule
# itself, or a name more in one of its lists
NEAR = [
    ("backup", "exfil.server-upload", "gt: 200MB", "gt: 180MB"),
    ("homework-upload", "exfil.server-upload", '["servers", "admin"]',
     '["servers", "admin", "staff"]'),
    ("update-downloads", "bypass.one-host", "events: 20", "events: 17"),
    ("sharp-call", "dos.one-conversation", "flow.rate_in < 10", "flow.rate_in < 100"),
    ("ten-sites", "network.unknown-authority",
     "and not (tls.cert.authorities any_of $public_authorities)", ""),
    ("video-call", "safety.random-video-call", "random_video_chat", "classroom.example"),
]


def in_rule(folder, rule, old, new):
    """Change the one rule's text in the folder's rules."""
    for name in sorted(os.listdir(os.path.join(folder, "detect"))):
        path = os.path.join(folder, "detect", name)
        with open(path, encoding="utf-8") as file:
            before, found, rest = file.read().partition(f"  - id: {rule}\n")
        if not found:
            continue
        body, tests, after = rest.partition("    tests:\n")
        assert body.count(old) == 1, f"{rule} has {old} {body.count(old)} times"
        with open(path, "w", encoding="utf-8") as file:
            file.write(before + found + body.replace(old, new) + tests + after)
        return
    raise AssertionError(f"no rule is called {rule}")


def in_list(folder, name, entry):
    with open(os.path.join(folder, "lists", "drill", name + ".txt"), "a",
              encoding="utf-8") as file:
        file.write(entry + "\n")


def raised(folder, capture):
    """The rules that the capture raises, judged by the rules and lists of the folder."""
    lists = os.path.join(folder, "lists.db")
    subprocess.run([os.path.join(BIN, "hallwatch"), "lists", "build", "--out", lists,
                    os.path.join(folder, "lists", "lists.yaml")], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done = subprocess.run([os.path.join(BIN, "hallwatch-agent"), "-r",
                           os.path.join(replay.GOLDEN, capture + ".pcap"), "--rules",
                           os.path.join(folder, "detect"), "--district", replay.DISTRICT,
                           "--lists", lists], check=True, stdout=subprocess.PIPE)
    return {json.loads(line)["hallwatch"]["rule"] for line in done.stdout.splitlines()}


class Near(unittest.TestCase):
    def rules_changed(self, rule=None, old=None, new=None):
        folder = os.path.join(self.enterContext(tempfile.TemporaryDirectory()), "rules")
        shutil.copytree(os.path.dirname(replay.RULES), folder)
        if rule and os.path.exists(os.path.join(folder, "lists", "drill", old + ".txt")):
            in_list(folder, old, new)
        elif rule:
            in_rule(folder, rule, old, new)
        return folder

    def test_as_they_are_shipped_the_rules_are_silent_about_them(self):
        folder = self.rules_changed()
        for capture, *_ in NEAR:
            with self.subTest(capture=capture):
                self.assertEqual(raised(folder, capture), set())

    def test_with_one_thing_changed_each_raises_the_rule_that_it_comes_near_to(self):
        for capture, rule, old, new in NEAR:
            with self.subTest(capture=capture, rule=rule):
                self.assertIn(rule, raised(self.rules_changed(rule, old, new), capture))

    def test_each_of_them_says_which_rule_it_is(self):
        table = scenario.load()
        for capture, rule, *_ in NEAR:
            self.assertEqual(table[capture].kind, scenario.HARMLESS)
            self.assertIn(rule, table[capture].sentence)


if __name__ == "__main__":
    tap.main()
