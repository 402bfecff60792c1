#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every recorded scenario, played live into a real agent, is told as it must be, in time.

The morning is left out, which tests/e2e/demo.sh plays, and what is too large to be kept;
`run replay` plays those, too.
"""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import programs                                            # noqa: E402
import replay                                              # noqa: E402
import scenario                                            # noqa: E402
import tap                                                 # noqa: E402

PLAYED = [one for one in scenario.load().values() if one.stored]
NEEDED = [*programs.FOUNDATION, "tcpreplay"]
CAN_RUN = os.geteuid() == 0 and not programs.missing(NEEDED)
WHY_NOT = ", ".join(["needs root", *programs.missing(NEEDED)])


@unittest.skipUnless(CAN_RUN, WHY_NOT)
class Live(unittest.TestCase):
    lines = {}

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            lines = replay.replay(PLAYED, folder)
        cls.lines = {line.scenario.name: line for line in lines}

    def judge(self, name):
        self.assertEqual(self.lines[name].verdict, [])


def sentence(one):
    """The name of a scenario's case, as a method may be called."""
    told = (f"raises {' and '.join(one.rules)} within {one.within} s, and nothing else"
            if one.rules else "is silent")
    return f"test_{one.name} {told}"


for each in PLAYED:
    setattr(Live, sentence(each), lambda self, name=each.name: self.judge(name))


if __name__ == "__main__":
    tap.main()
