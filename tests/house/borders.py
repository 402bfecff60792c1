#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tests/lint/borders sees every breach planted here, and nothing in a clean tree. TAP."""
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

CLEAN = {
    "include/a.h": "int a_one(void);\n",
    "common/a.c": '#include "a.h"\n\n#include <stdio.h>\n\n'
    "static const char *const names[] = {\"strcpy(a, b)\"};\n"
    "/* system(1) is never called */\n"
    "int a_one(void)\n{\n    return names[0][0] + snprintf(0, 0, \"x\");\n}\n",
    "agent/b.c": '#include "a.h"\n\n#include <stdio.h>\n\n'
    "int b_one(int packet_time)\n{\n    puts(\"fine here\");\n"
    "    return a_one() + (packet_time);\n}\n",
    "agent/b.h": "int b_one(int packet_time);\n",
    "agent/spool_file.c": "#include <sqlite3.h>\n",
}

# What is planted where, and a part of the line that must come of it.
PLANTS = (
    ("a library away from its home", "agent/c.c", "#include <sqlite3.h>\n",
     "agent/c.c:2: SQLite has its home"),
    ("a library's type in a header", "agent/c.h", "struct c {\n    sqlite3 *db;\n};\n",
     "agent/c.h:3: sqlite3 is SQLite's"),
    ("the collector in the agent", "agent/c.c", '#include "collector/d.h"\n',
     "agent/ may not know collector/d.h"),
    ("the agent in common", "common/c.c", '#include "../agent/b.h"\n',
     "common/ may not know agent/b.h"),
    ("the agent in the command", "cli/c.c", '#include "agent/b.h"\n',
     "cli/ may not know agent/b.h"),
    ("a header that is not there", "agent/c.c", '#include "nowhere.h"\n', "is not there"),
    ("an unsafe call", "agent/c.c", "int c(void)\n{\n    return system(0);\n}\n",
     "agent/c.c:4: system()"),
    ("a voice in common", "common/c.c", "void c(void)\n{\n    printf(0);\n}\n",
     "common/c.c:4: printf()"),
    ("a question for the time", "agent/c.c", "int c(void)\n{\n    return time(0);\n}\n",
     "agent/c.c:4: time()"),
    ("state in a static variable", "agent/c.c",
     "int c(void)\n{\n    static int calls;\n    return calls++;\n}\n", "calls"),
    ("a table that can be changed", "agent/c.c", "const char *names[] = {\"a\"};\n", "names"),
    ("work left open", "agent/c.c", "/* TO" + "DO: the rest */\n", "is left open"),
    ("a place of one machine", "agent/c.c", "/* see /wo" + "rk/notes */\n",
     "exists only elsewhere"),
)


def write(top, path, text):
    path = os.path.join(top, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def archive(top):
    """Compiles what needs no library, as the Makefile would."""
    os.makedirs(f"{top}/build/lib")
    for name in ("b", "c"):
        if os.path.exists(f"{top}/agent/{name}.c"):
            subprocess.run(
                ["gcc", "-w", "-fPIE", "-I.", "-Iinclude", "-c", f"agent/{name}.c",
                 "-o", f"build/{name}.o"],
                cwd=top, stderr=subprocess.DEVNULL, check=False,
            )
    objects = [f"build/{n}.o" for n in "bc" if os.path.exists(f"{top}/build/{n}.o")]
    subprocess.run(["ar", "rcs", "build/lib/agent.a", *objects], cwd=top, check=True)


def borders_of(extra):
    with tempfile.TemporaryDirectory() as top:
        for path, text in {**CLEAN, "collector/d.h": "int d(void);\n", **extra}.items():
            write(top, path, SPDX + text)
        archive(top)
        subprocess.run(["git", "init", "-q", top], check=True)
        subprocess.run(["git", "-C", top, "add", "agent", "common"], check=True)
        done = subprocess.run(
            [f"{TOP}/tests/lint/borders", top], stdout=subprocess.PIPE, text=True, check=False
        )
        return done.returncode, done.stdout


def without_licence():
    with tempfile.TemporaryDirectory() as top:
        write(top, "common/a.c", "int a;\n")
        return subprocess.run(
            [f"{TOP}/tests/lint/borders", top], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, check=False,
        ).stdout


def main():
    status, text = borders_of({})
    results = [("a clean tree is clean", status == 0 and not text, text)]
    for name, path, planted, words in PLANTS:
        status, text = borders_of({path: planted})
        seen = status == 1 and words in text and len(text.splitlines()) == 1
        results.append((f"{name} is seen, and nothing else", seen, text))
    text = without_licence()
    results.append(("a file without its licence is seen", "SPDX" in text, text))

    print(f"1..{len(results)}")
    for i, (name, passed, text) in enumerate(results, 1):
        print(f"{'ok' if passed else 'not ok'} {i} - {name}")
        if not passed:
            print("\n".join(f"#   {line}" for line in (text or "nothing").splitlines()))
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
