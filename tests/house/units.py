#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `make install` puts where, and that systemd takes the units. TAP."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNITS = ("hallwatch-agent", "hallwatch-collector")
EXPOSURE = 3.0  # systemd's own figure, 0 to 10: under 4 it says "OK"
FILES = ("bin/hallwatch", "sbin/hallwatch-agent", "sbin/hallwatch-collector",
         "lib/sysusers.d/hallwatch.conf", "lib/tmpfiles.d/hallwatch.conf",
         "share/hallwatch/rules/detect/network.yaml", "share/man/man1/hallwatch.1",
         *(f"lib/systemd/system/{unit}.service" for unit in UNITS))


def call(*argv):
    done = subprocess.run(argv, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


def unit_faults(root, unit):
    """What is wrong with a unit, in systemd's words."""
    path = f"{root}/usr/lib/systemd/system/{unit}.service"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    started = re.search(r"^ExecStart=(\S+)", text, re.M).group(1)
    if started != f"/usr/sbin/{unit}":
        return [f"it starts {started}"]
    # The programs are not installed here: let the unit start those that were put in root.
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("=/usr/sbin/", f"={root}/usr/sbin/"))
    _, said = call("systemd-analyze", "verify", "--man=no", path)
    ours = [line for line in said.splitlines() if unit in line]
    if ours:
        return ours
    _, said = call("systemd-analyze", "security", "--offline=yes", path)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    if not level:
        return said.splitlines()[-3:]
    return [] if float(level.group(1)) <= EXPOSURE else [level.group(0)]


def main():
    results = []
    with tempfile.TemporaryDirectory() as root:
        status, said = call("make", "-s", "install", f"DESTDIR={root}", "PREFIX=/usr",
                            f"TOP={os.environ.get('BUILD', 'build')}")
        lacking = [f for f in FILES if not os.path.exists(f"{root}/usr/{f}")]
        results.append(("make install puts everything in its place", lacking or
                        (said.splitlines() if status else []), ""))
        for unit in UNITS:
            name = f"systemd takes {unit}.service and finds it shut in"
            if not shutil.which("systemd-analyze"):
                results.append((name, [], " # SKIP there is no systemd-analyze"))
            else:
                results.append((name, unit_faults(root, unit), ""))
    print(f"1..{len(results)}")
    for i, (name, found, skip) in enumerate(results, 1):
        print(f"{'not ok' if found else 'ok'} {i} - {name}{skip}")
        for fault in found[:10]:
            print(f"#   {fault}")
    return 1 if any(found for _, found, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
