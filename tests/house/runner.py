#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tests/run counts rightly: a tree of small programs that end in every way there is. TAP."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

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


def run_in(top, **more):
    return subprocess.run(
        ["tests/run"], cwd=top, stdout=subprocess.PIPE, text=True, timeout=60, check=False,
        env=dict(os.environ, **more),
    )


def try_case(script, counts, word):
    """None, or what came instead of the counts."""
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(f"{top}/tests/e2e")
        shutil.copy(f"{TOP}/tests/run", f"{top}/tests/run")
        with open(f"{top}/tests/e2e/it.sh", "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{script}\n")
        os.chmod(f"{top}/tests/e2e/it.sh", 0o755)
        done = run_in(top, CI="")

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


def what_waits_runs_beside():
    """Each of the two waits for the other to begin, but a program of one processor and one
    that waits do so at the same time."""
    with tempfile.TemporaryDirectory() as top:
        for folder, mine, others in (("house", "a", "b"), ("e2e", "b", "a")):
            os.makedirs(f"{top}/tests/{folder}")
            path = f"{top}/tests/{folder}/it.sh"
            with open(path, "w", encoding="utf-8") as f:
                f.write(f"#!/bin/sh\n: >{top}/{mine}\n"
                        f"until [ -e {top}/{others} ]; do sleep 0.02; done\necho ok 1 - a\n")
            os.chmod(path, 0o755)
        shutil.copy(f"{TOP}/tests/run", f"{top}/tests/run")
        done = run_in(top)
    return None if "\n2 passed, 0 failed" in done.stdout else done.stdout


def skipped_where_ci_is_set():
    """All that a test needs is there; but the sanitizers do not suit the sandbox."""
    with tempfile.TemporaryDirectory() as top:
        for folder in ("tests/unit", "tests/e2e", "build/tests/unit", "build/asan/tests/unit"):
            os.makedirs(f"{top}/{folder}")
        with open(f"{top}/tests/unit/test_sandbox.c", "w", encoding="utf-8"):
            pass
        for path in ("build/tests/unit/test_sandbox", "build/asan/tests/unit/test_sandbox",
                     "tests/e2e/a.sh"):
            with open(f"{top}/{path}", "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\necho 'ok 1 - a # SKIP no luck'\n")
            os.chmod(f"{top}/{path}", 0o755)
        shutil.copy(f"{TOP}/tests/run", f"{top}/tests/run")
        done = [run_in(top, CI=ci).stdout for ci in ("1", "")]
    right = "\n0 passed, 2 failed, 3 skipped" in done[0] and "\n0 passed, 0 failed" in done[1]
    return None if right else "".join(done)


def interrupted():
    """It ends, and what it started ends with it."""
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(f"{top}/tests/e2e")
        path = f"{top}/tests/e2e/it.sh"
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\necho $$ >{top}/new && mv {top}/new {top}/pid\nsleep 300\n")
        os.chmod(path, 0o755)
        shutil.copy(f"{TOP}/tests/run", f"{top}/tests/run")
        with subprocess.Popen(["tests/run"], cwd=top, stdout=subprocess.PIPE) as child:
            while not os.path.exists(f"{top}/pid"):
                time.sleep(0.02)
            child.send_signal(signal.SIGINT)
            child.wait(60)
        with open(f"{top}/pid", encoding="utf-8") as f:
            left = os.path.exists(f"/proc/{f.read().strip()}")
    return None if child.returncode == 130 and not left else f"{child.returncode}, {left}"


def main():
    results = [(name, try_case(*rest)) for name, *rest in CASES]
    results.append(("a test that nobody built is a failure", missing_binary()))
    results.append(("what waits runs beside what works", what_waits_runs_beside()))
    results.append(("a test may skip nothing where CI is set", skipped_where_ci_is_set()))
    results.append(("Ctrl-C ends what was started", interrupted()))
    print(f"1..{len(results)}")
    for i, (name, fault) in enumerate(results, 1):
        print(f"{'not ok' if fault else 'ok'} {i} - {name}")
        for line in (fault or "").splitlines():
            print(f"#   {line}")
    return 1 if any(fault for _, fault in results) else 0


if __name__ == "__main__":
    sys.exit(main())
