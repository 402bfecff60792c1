#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tests of the shipped rules leave no rule and no condition untried. TAP.

What is never false (W0604) is told by `rules test --coverage` and is no fault here: of a list
of alternatives nearly all are never false in a test, nor need be.
"""
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
GATES = [("W0602", "each rule is raised by a test, and nearly raised by another"),
         ("W0603", "each condition of each rule is true in one of its tests")]


def told():
    """What the program says of the shipped rules' tests, by code."""
    done = subprocess.run([os.path.join(BUILD, "bin", "hallwatch"), "rules", "test",
                           "--coverage", "--format", "json"],
                          stdout=subprocess.PIPE, check=False)
    by_code = {}
    for one in json.loads(done.stdout)["diagnostics"]:
        by_code.setdefault(one["code"], []).append(one["message"])
    return by_code


def main():
    faults = told()
    print(f"1..{len(GATES)}")
    for number, (code, name) in enumerate(GATES, 1):
        print(f"{'not ok' if code in faults else 'ok'} {number} - {name}")
        print("".join(f"#   {one}\n" for one in faults.get(code, [])), end="")
    return 1 if any(code in faults for code, _ in GATES) else 0


if __name__ == "__main__":
    sys.exit(main())
