#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lists that are shipped: said what belongs in, no name twice, none hidden. TAP."""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LISTS = os.path.join(TOP, "rules", "lists")
NAME = re.compile(r"([a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")


def lines(name):
    with open(os.path.join(LISTS, name), encoding="utf-8") as f:
        return f.read().splitlines()


def names(name):
    return [line for line in lines(name) if line and not line.startswith("#")]


def parents(name):
    labels = name.split(".")
    return {".".join(labels[i:]) for i in range(len(labels))}


def unclean(files):
    return [f"{f}: {n}" for f in files for n in names(f) if not NAME.fullmatch(n)]


def twice(files):
    """A name below another of the same file adds nothing."""
    faults = []
    for f in files:
        seen = set(names(f))
        faults += [f"{f}: {n}" for n in names(f) if parents(n) & seen != {n}]
        faults += [f"{f}: {n} twice" for n in seen if names(f).count(n) > 1]
    return faults


def hidden(files):
    protected = set(names("protected.txt"))
    return [f"{f}: {n} is protected" for f in files if f != "protected.txt"
            for n in names(f) if parents(n) & protected]


def unsaid(files):
    return [f for f in files if names(f) and not lines(f)[0].startswith("# ")]


def sourceless(files):
    """Where its names are from, and when somebody last went through them."""
    faults = []
    for f in files:
        said = " ".join(line.lstrip("# ") for line in lines(f) if line.startswith("#"))
        if not re.search(r"Source: the district's own; nothing is in it" if not names(f) else
                         r"Source: [^.]+; gone through 20\d\d-\d\d-\d\d\.", said):
            faults.append(f)
    return faults


def unused(files):
    known = "\n".join(lines("lists.yaml"))
    return [f for f in files if f"{{file: {f}" not in known]


def main():
    files = sorted(f for f in os.listdir(LISTS) if f.endswith(".txt"))
    results = [
        ("every line is a host name", unclean(files)),
        ("no name stands twice, or below another", twice(files)),
        ("no name of a list is protected", hidden(files)),
        ("every list begins with what belongs in", unsaid(files)),
        ("every list says where it is from, and when it was gone through", sourceless(files)),
        ("every file is in lists.yaml", unused(files)),
    ]
    print(f"1..{len(results)}")
    for i, (name, faults) in enumerate(results, 1):
        print(f"{'not ok' if faults else 'ok'} {i} - {name}")
        print("".join(f"#   {f}\n" for f in faults), end="")
    return 1 if any(faults for _, faults in results) else 0


if __name__ == "__main__":
    sys.exit(main())
