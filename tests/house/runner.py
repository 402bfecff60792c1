#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tests/run counts rightly: a tree of small programs that end in every way there is. TAP."""
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What a program says and does, the counts it must give, and a word that must be shown.
CASES = (
    ("true sentences pass", "echo 1..2; echo ok 1 - a; echo ok 2 - b", (2, 0, 0), ""),
    ("a false one is shown with its reason",
     "echo ok 1 - a; echo not ok 2 - b; echo '# 1 is not 2'; exit 1", (1, 1, 0), "1 is not 2"),
    ("what was said before it is shown too",
     "echo the reason; echo not ok 1 - b; exit 1", (0, 1, 0), "the reason"),
    ("a skip is a skip and names why", "echo 'ok 1 - a # SKIP no root'", (0, 0, 1), "no root"),
    ("cmocka's skip is a skip", "echo 'not ok 1 # SKIP a'", (0, 0, 1), ""),
    ("a whole program can be skipped", "echo '1..0 # SKIP no data'", (0, 0, 1), "no data"),
    ("a crash is a failure", "echo ok 1 - a; kill -SEGV $$", (1, 1, 0), "SIGSEGV"),
    ("a bad exit code is a failure", "echo ok 1 - a; exit 3", (1, 1, 0), "exit code 3"),
    ("an early end is a failure", "echo 1..2; echo ok 1 - a", (1, 1, 0), "2 cases"),
    ("silence is a failure", "true", (0, 1, 0), "no test case"),
    ("a daemon left behind is not waited for", "sleep 300 & echo ok 1 - a", (1, 0, 0), ""),
    ("ordinary words are no cases", "echo ok then; echo ok 1 - a", (1, 0, 0), ""),
)


def run_in(top):
    return subprocess.run(
        ["tests/run"], cwd=top, stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )


def try_case(script, counts, word):
    """None, or what came instead of the counts."""
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(f"{top}/tests/e2e")
        shutil.copy(f"{TOP}/tests/run", f"{top}/tests/run")
        with open(f"{top}/tests/e2e/it.sh", "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{script}\n")
        os.chmod(f"{top}/tests/e2e/it.sh", 0o755)
        done = run_in(top)

    wanted = "%d passed, %d failed, %d skipped" % counts
    right = (
        done.stdout.splitlines()[-1] == wanted
        and word in done.stdout
        and (done.returncode != 0) == (counts[1] > 0)
    )
    return None if right else f"wanted {wanted}, exit code {done.returncode}\n{done.stdout}"


def missing_binary():
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(f"{top}/tests/unit")
        shutil.copy(f"{TOP}/tests/run", f"{top}/tests/run")
        with open(f"{top}/tests/unit/test_x.c", "w", encoding="utf-8"):
            pass
        done = run_in(top)
    return None if "\n0 passed, 2 failed" in done.stdout else done.stdout


def main():
    results = [(name, try_case(*rest)) for name, *rest in CASES]
    results.append(("a test that nobody built is a failure", missing_binary()))
    print(f"1..{len(results)}")
    for i, (name, fault) in enumerate(results, 1):
        print(f"{'not ok' if fault else 'ok'} {i} - {name}")
        for line in (fault or "").splitlines():
            print(f"#   {line}")
    return 1 if any(fault for _, fault in results) else 0


if __name__ == "__main__":
    sys.exit(main())
