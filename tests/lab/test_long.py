#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What only shows in many minutes, played live at its true times, is told as it must be.

It waits nearly all of the time: tests/run starts it first and judges it when it is over.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import live                                                # noqa: E402
import scenario                                            # noqa: E402
import tap                                                 # noqa: E402

Live = live.cases_of([one for one in scenario.load().values() if one.stored and one.long])


if __name__ == "__main__":
    tap.main()
