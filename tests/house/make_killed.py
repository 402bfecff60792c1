#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A make that is killed leaves nothing that the next one takes for done. TAP.

In the place of compiler, archiver and linker stands a script, which begins what it is to
write as they do, and where DIES says so kills all of its process group, make as well.
"""
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = """\
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -o | rcs) out=$2 ;;
    -MF) : >"$2" ;;
    esac
    shift
done
: >"$out"
case $out in $DIES) kill -9 0 ;; esac
echo whole >"$out"
"""


def make(folder, target, dies=""):
    tool = os.path.join(folder, "tool")
    return subprocess.run(["make", "-s", f"TOP={folder}", f"CC={tool}", f"AR={tool}", target],
                          env=dict(os.environ, DIES=dies, MAKEFLAGS=""), cwd=TOP, check=False,
                          start_new_session=True, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode


def main():
    good = True
    with tempfile.TemporaryDirectory(prefix="hallwatch-make-") as folder:
        with open(os.path.join(folder, "tool"), "w", encoding="utf-8") as f:
            f.write(TOOL)
        os.chmod(f.name, 0o755)
        program = f"{folder}/bin/hallwatch-agent"
        print("1..4")
        for number, (what, path) in enumerate((("object", f"{folder}/obj/agent/main.o"),
                                               ("archive", f"{folder}/lib/common.a"),
                                               ("program", program)), 1):
            failed = make(folder, program, dies=f"{path}*") != 0
            fine = failed and not os.path.exists(path)
            print("ok" if fine else "not ok", f"{number} - no {what} is there that is not whole")
            good = good and fine
        fine = make(folder, program) == 0 and os.path.getsize(program) > 0
        print("ok" if fine else "not ok", "4 - the next make makes it")
        good = good and fine
    return 0 if good else 1


sys.exit(main())
