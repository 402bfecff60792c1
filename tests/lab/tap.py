# SPDX-License-Identifier: Apache-2.0
"""Runs a module's unittest cases and says in TAP how each went, for tests/run."""

import sys
import unittest


def sentence(case):
    return case.id().split(".", 2)[-1].removeprefix("test_").replace("_", " ")


class Tap(unittest.TestResult):
    """One line a case; what a failure has to say stands in lines before it."""

    def __init__(self):
        super().__init__()
        self.bad = set()
        self.why_skipped = {}

    def note(self, case, failure):
        self.bad.add(case.id())
        print(self._exc_info_to_string(failure, case))

    def addSubTest(self, test, subtest, err):
        if err:
            print(f"in {subtest}:")
            self.note(test, err)

    def addError(self, test, err):
        self.note(test, err)

    def addFailure(self, test, err):
        self.note(test, err)

    def addSkip(self, test, reason):
        self.why_skipped[test.id()] = f" # SKIP {reason}"

    def stopTest(self, test):
        super().stopTest(test)
        word = "not ok" if test.id() in self.bad else "ok"
        more = self.why_skipped.get(test.id(), "")
        print(f"{word} {self.testsRun} - {sentence(test)}{more}", flush=True)


def main():
    """Run the calling program's cases; exit 1 where one failed."""
    names = sys.argv[1:]
    load = unittest.defaultTestLoader
    cases = (load.loadTestsFromNames(names, sys.modules["__main__"]) if names
             else load.loadTestsFromModule(sys.modules["__main__"]))
    tap = Tap()
    print(f"1..{cases.countTestCases()}", flush=True)
    cases.run(tap)
    sys.exit(1 if tap.bad else 0)
