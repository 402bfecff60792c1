# SPDX-License-Identifier: Apache-2.0
"""The cases of recordings that are played live, one for each, judged when all are over."""

import os
import tempfile
import unittest

import programs
import replay

NEEDED = [*programs.FOUNDATION, "tcpreplay"]
CAN_RUN = os.geteuid() == 0 and not programs.missing(NEEDED)
WHY_NOT = ", ".join(["needs root", *programs.missing(NEEDED)])


def sentence(one):
    """The name of a scenario's case, as a method may be called."""
    told = (f"raises {' and '.join(one.rules)} within {one.within} s, and nothing else"
            if one.rules else "is silent")
    return f"test_{one.name} {told}"


def cases_of(played):
    """A class of test cases: the scenarios' recordings, all played at the same time."""
    class Live(unittest.TestCase):
        lines = {}

        @classmethod
        def setUpClass(cls):
            with tempfile.TemporaryDirectory() as folder:
                lines = replay.replay(played, folder)
            cls.lines = {line.scenario.name: line for line in lines}

        def judge(self, name):
            self.assertEqual(self.lines[name].verdict, [])

    Live.__qualname__ = Live.__name__  # where the cases' names begin
    for each in played:
        setattr(Live, sentence(each), lambda self, name=each.name: self.judge(name))
    return unittest.skipUnless(CAN_RUN, WHY_NOT)(Live)
