#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped rules: each says what people need to judge it, and is tried both ways. TAP."""
import os
import re
import sys
from glob import glob

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NEEDED = ("why", "shows_not", "traps", "owner", "severity", "response", "tests")
PUPILS = {"primary", "middle", "senior"}
BANDS = PUPILS | {"staff", "none"}


def load(folder):
    for path in sorted(glob(os.path.join(TOP, "rules", folder, "*.yaml"))):
        with open(path, encoding="utf-8") as f:
            yield yaml.safe_load(f)


def all_rules():
    return [rule for page in load("detect") for rule in page.get("rules", [])]


def unsaid(rules):
    return [f"{r['id']}: {key}" for r in rules for key in NEEDED if not r.get(key)]


def unclear(rules):
    return [r["id"] for r in rules if "identity" not in r]


def leads_nowhere(rules):
    books = {page["playbook"] for page in load("playbooks")}
    return [f"{r['id']}: {(r.get('response') or {}).get('playbook')}" for r in rules
            if (r.get("response") or {}).get("playbook") not in books]


def unbanded(rules):
    """A severity is one for all, or says of each age band which."""
    return [f"{r['id']}: {sorted(r['severity'])}" for r in rules
            if isinstance(r["severity"], dict)
            and not PUPILS <= set(r["severity"]) <= BANDS]


def ageless(rules):
    """What is about a pupil's safety says of each age how grave it is, were it the same."""
    return [r["id"] for r in rules
            if r["id"].startswith("safety.") and not isinstance(r["severity"], dict)]


def open_about_pupils(rules):
    """What is about a pupil's safety shows a pseudonym at most."""
    return [r["id"] for r in rules if r.get("identity", "pseudonym") not in ("none", "pseudonym")
            and (r["id"].startswith("safety.") or r["owner"] == "safety-officer")]


def counts(rule):
    """What its tests expect: of alerts, else of matches."""
    expected = [test.get("expect", {}) for test in rule.get("tests", [])]
    return [e["alerts"] if "alerts" in e else e.get("match", 0) for e in expected]


def never_met(rules):
    return [r["id"] for r in rules if not any(counts(r))]


def never_silent(rules):
    return [r["id"] for r in rules if all(counts(r))]


def miscounted(rules):
    """What documents say of how many there are; what was measured with fewer says so by its day."""
    pages = ["README.md", "CHANGELOG.md", "rules/COVERAGE.md",
             *glob("docs/*.md", root_dir=TOP), *glob("docs/*.[1-8]", root_dir=TOP)]
    wrong = []
    for page in pages:
        with open(os.path.join(TOP, page), encoding="utf-8") as f:
            said = re.findall(r"\b([\d,]+)\s+shipped\s+rules\b|\ball\s+([\d,]+)\s+rules\b", f.read())
        wrong += [f"{page}: {words}, there are {len(rules)}" for words in map("".join, said)
                  if int(words.replace(",", "")) != len(rules)]
    return wrong


def main():
    rules = all_rules()
    results = [
        ("there are rules", [] if rules else ["none"]),
        ("each says why, what it does not show, its traps, who acts", unsaid(rules)),
        ("each says how much of a device it shows", unclear(rules)),
        ("none about the safety of pupils shows a device", open_about_pupils(rules)),
        ("each leads to a playbook that there is", leads_nowhere(rules)),
        ("a severity by age says it of every age of pupils", unbanded(rules)),
        ("one about the safety of pupils has a severity by age", ageless(rules)),
        ("each has a test that it meets", never_met(rules)),
        ("each has a test, near to that, that it does not meet", never_silent(rules)),
        ("documents count them right", miscounted(rules)),
    ]
    print(f"1..{len(results)}")
    for i, (name, faults) in enumerate(results, 1):
        print(f"{'not ok' if faults else 'ok'} {i} - {name}")
        print("".join(f"#   {f}\n" for f in faults), end="")
    return 1 if any(faults for _, faults in results) else 0


if __name__ == "__main__":
    sys.exit(main())
