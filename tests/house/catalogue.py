#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rules/COVERAGE.md: each row once and in order, of rules that there are, and each of them. TAP."""
import os
import re
import sys
from glob import glob

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROWS = {"A": 26, "B": 19, "C": 30, "D": 19, "E": 9, "F": 12}
ROW = re.compile(r"^\| ([A-F])(\d\d) ")
NAME = re.compile(r"\b[a-z0-9-]+\.[a-z0-9-]+\b")
RULE = re.compile(r"^  - id: (\S+)$", re.M)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def rules():
    text = "\n".join(read(f) for f in glob(os.path.join(TOP, "rules/detect/*.yaml")))
    return set(RULE.findall(text))


def table():
    """The rows of the page: letter, number and the names of rules in the second column."""
    rows = []
    for line in read(os.path.join(TOP, "rules/COVERAGE.md")).splitlines():
        match = ROW.match(line)
        if match:
            cells = line.strip("|").split(" | ")
            rows.append((match[1], int(match[2]), NAME.findall(cells[1])))
    return rows


def disordered(rows):
    """Parts of the catalogue whose rows are not all there, or not in order."""
    faults = []
    for part in ROWS:
        numbers = [number for letter, number, _ in rows if letter == part]
        if numbers != list(range(1, ROWS[part] + 1)):
            faults.append(f"{part}: {numbers}")
    return faults


def unknown(rows, known):
    return [f"{part}{number:02}: {name}" for part, number, names in rows
            for name in names if name not in known]


def rowless(rows, known):
    told = {name for _, _, names in rows for name in names}
    return sorted(known - told)


def main():
    rows = table()
    results = [
        ("each row of a part is there once, in order", disordered(rows)),
        ("every rule that a row names is there", unknown(rows, rules())),
        ("every rule stands in a row", rowless(rows, rules())),
    ]
    print(f"1..{len(results)}")
    for i, (name, faults) in enumerate(results, 1):
        print(f"{'not ok' if faults else 'ok'} {i} - {name}")
        print("".join(f"#   {f}\n" for f in faults), end="")
    return 1 if any(faults for _, faults in results) else 0


if __name__ == "__main__":
    sys.exit(main())
