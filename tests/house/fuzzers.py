#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whoever reads bytes has a fuzzer, with seeds: tests/fuzz/readers.tsv. TAP.

A source is a reader by its name (extract_..., ..._read, ..._load, list_..., decode...), or
because its header gives a function that parses, loads, reads, decodes or unpacks. A fuzzer
that is built must have its reader inside.
"""
import os
import re
import subprocess
import sys
from glob import glob

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FUZZ = os.path.join(os.environ.get("BUILD", os.path.join(TOP, "build")), "fuzz")
NAMES = re.compile(r"/(extract_|list_|decode)|_(read|load)(_\w+)?\.c$")
GIVES = re.compile(r"\b\w+_(parse|load|read|decode|unpack|unhex)\(")
NO_READERS = {"agent/extract.c"}  # the table of extractors


def table():
    with open("tests/fuzz/readers.tsv", encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f if line.strip() and line[0] != "#"]
    return {line[0]: (line[1], line[2] if len(line) > 2 else "") for line in lines}


def header_of(source):
    own, shared = source[:-2] + ".h", f"include/{os.path.basename(source)[:-2]}.h"
    if os.path.exists(own):
        return own
    return shared if source.startswith("common/") and os.path.exists(shared) else None


def gives_a_reader(source):
    header = header_of(source)
    if not header:
        return False
    with open(header, encoding="utf-8") as f:
        return bool(GIVES.search(re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)))


def readers():
    sources = [s for folder in ("agent", "common", "collector", "cli")
               for s in sorted(glob(f"{folder}/*.c"))]
    return [s for s in sources if s not in NO_READERS
            and (NAMES.search(s) or gives_a_reader(s))]


def symbols(path, kinds):
    said = subprocess.run(["nm", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {line.split()[-1] for line in said.splitlines() if line.split()[-2] in kinds}


def is_inside(source, fuzzer):
    """True as well when it is not built."""
    program = f"{FUZZ}/tests/fuzz/fuzz_{fuzzer}"
    part = f"{FUZZ}/obj/{source[:-2]}.o"
    if not (os.path.exists(program) and os.path.exists(part)):
        return True
    return bool(symbols(part, "TDR") & symbols(program, "TDR"))


def faults_of_readers(known):
    for source in readers():
        if source not in known:
            yield f"{source} reads, and is not in readers.tsv"
    for source, (fuzzer, why) in known.items():
        if not os.path.exists(source):
            yield f"{source} is in readers.tsv, and not here"
        elif fuzzer == "-" and not why:
            yield f"{source} has no fuzzer, and no reason"
        elif fuzzer != "-" and not os.path.exists(f"tests/fuzz/fuzz_{fuzzer}.c"):
            yield f"{source}: there is no fuzz_{fuzzer}"
        elif fuzzer != "-" and not is_inside(source, fuzzer):
            yield f"{source} is not linked into fuzz_{fuzzer}"


def faults_of_seeds():
    for path in sorted(glob("tests/fuzz/fuzz_*.c")):
        name = os.path.basename(path)[5:-2]
        if not glob(f"tests/fuzz/corpus/{name}/*"):
            yield f"fuzz_{name} has no seeds"


def main():
    os.chdir(TOP)
    results = (("whoever reads bytes has a fuzzer", list(faults_of_readers(table()))),
               ("every fuzzer has seeds", list(faults_of_seeds())))
    print(f"1..{len(results)}")
    for i, (name, faults) in enumerate(results, 1):
        print(f"{'not ok' if faults else 'ok'} {i} - {name}")
        for fault in faults:
            print(f"#   {fault}")
    return 1 if any(faults for _, faults in results) else 0


if __name__ == "__main__":
    sys.exit(main())
