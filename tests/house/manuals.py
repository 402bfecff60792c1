#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The manuals name the options that the programs have, and no others. TAP."""
import os
import re
import subprocess
import sys
from glob import glob

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(os.environ.get("BUILD", os.path.join(TOP, "build")), "bin")
OF_ALL = {"help", "version"}  # said once, in words


def said(program, *argv):
    return subprocess.run([os.path.join(BIN, program), *argv], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False).stdout


def page(path):
    with open(path, encoding="utf-8") as file:
        return file.read().replace("\\-", "-")


def options_of_page(text):
    return set(re.findall(r"(?:Fl |\| )-([a-z][a-z-]+)", text)) - OF_ALL


def options_of_help(text):
    return set(re.findall(r"^ +(?:-\w, )? *--([a-z][a-z-]+)", text, re.M)) - OF_ALL


def options_of_all_commands(*command):
    """Of hallwatch and everything below it."""
    text = said("hallwatch", *command, "--help")
    found = options_of_help(text)
    commands = re.search(r"^Commands:\n(.*?)\n\n", text, re.M | re.S)
    for line in commands.group(1).splitlines() if commands else ():
        found |= options_of_all_commands(*command, line.split()[0])
    return found


def difference(written, real):
    return [f"only in the manual: {name}" for name in sorted(written - real)] + [
        f"not in the manual: {name}" for name in sorted(real - written)]


def check_program(path):
    program = os.path.basename(path).rsplit(".", 1)[0]
    return difference(options_of_page(page(path)), options_of_help(said(program, "--help")))


def check_settings(path):
    program = os.path.basename(path).removesuffix(".yaml.5")
    written = set(re.findall(r"^\.It Cm ([a-z_.]+) : Ar", page(path), re.M))
    real = set(re.findall(r"^  ([a-z_.]+): ", said(program, "--help-options"), re.M))
    return difference(written, real)


def check_command(path):
    invented = options_of_page(page(path)) - options_of_all_commands() - {"events"}
    return [f"only in the manual: {name}" for name in sorted(invented)]


def main():
    os.chdir(TOP)
    results = [(f"{path} has the options of the program", check_program(path))
               for path in sorted(glob("docs/*.8"))]
    results += [(f"{path} has the options of the settings", check_settings(path))
                for path in sorted(glob("docs/*.yaml.5"))]
    results.append(("docs/hallwatch.1 invents no option", check_command("docs/hallwatch.1")))
    print(f"1..{len(results)}")
    for i, (name, found) in enumerate(results, 1):
        print(f"{'not ok' if found else 'ok'} {i} - {name}")
        for fault in found:
            print(f"#   {fault}")
    return 1 if any(found for _, found in results) else 0


if __name__ == "__main__":
    sys.exit(main())
