#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every recorded scenario, played live into a real agent, is told as it must be, in time.

The morning is left out, which tests/e2e/demo.sh plays, what is too large to be kept, which
`run replay` plays, and what lasts many minutes, which test_long.py plays.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import live                                                # noqa: E402
import scenario                                            # noqa: E402
import tap                                                 # noqa: E402

Live = live.cases_of([one for one in scenario.load().values()
                      if one.stored and not one.long])


if __name__ == "__main__":
    tap.main()
