#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run unittest files and print TAP, so that meson counts each test by itself.

usage: tap-runner.py FILE.py... [-k PATTERN] [--again]

With --again, tests that fail are run once more, with their module set up anew, and the second try
counts; it says so in its name. That is for tests on real daemons only: libvirtd 9.0 was seen to die
of a fault of its own in the middle of a test, and nothing after it could pass.
"""

import argparse
import importlib.util
import io
import pathlib
import sys
import unittest


class TapResult(unittest.TestResult):
    """Prints one TAP line per test, and what went wrong to the standard error."""

    def __init__(self, out):
        super().__init__()
        self.out = out
        self.number = 0

    def line(self, ok, test, directive="", detail=""):
        self.number += 1
        words = "ok" if ok else "not ok"
        print(f"{words} {self.number} {test.id()}{directive}", file=self.out)
        self.out.flush()
        if detail:
            # meson shows this of a test that failed, not what is in the TAP
            print(f"{test.id()}: {detail}", file=sys.stderr)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.line(True, test)

    def addError(self, test, err):
        super().addError(test, err)
        self.line(False, test, detail=self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line(False, test, detail=self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.line(False, subtest, detail=self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line(True, test, directive=f" # SKIP {reason}")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.line(True, test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.line(False, test, detail="passed although it is expected to fail")


class FirstTry(TapResult):
    """Keeps what failed for a second try."""

    def __init__(self, out):
        super().__init__(out)
        self.failed = set()

    def line(self, ok, test, directive="", detail=""):
        if ok:
            super().line(ok, test, directive)
            return
        # A sub-test fails with its whole test
        self.failed.add(getattr(test, "test_case", test).id())
        print(f"first try: {test.id()}: {detail}", file=sys.stderr)


class SecondTry(TapResult):
    def line(self, ok, test, directive="", detail=""):
        super().line(ok, test, " (second try)" + directive, detail)


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def run_again(first, files, patterns, out):
    """What failed, or everything if it was no test that failed but its module."""
    tests = list(flatten(load(files, patterns)))
    known = {test.id() for test in tests}
    if first.failed <= known:
        tests = [test for test in tests if test.id() in first.failed]
    result = SecondTry(out)
    result.number = first.number
    unittest.TestSuite(tests).run(result)
    return result


def load(files, patterns):
    loader = unittest.TestLoader()
    if patterns:
        loader.testNamePatterns = [p if "*" in p else f"*{p}*" for p in patterns]
    suite = unittest.TestSuite()
    for name in files:
        path = pathlib.Path(name).resolve()
        sys.path.insert(0, str(path.parent))
        module_name = path.stem.replace("-", "_")
        spec = importlib.util.spec_from_file_location(module_name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
        suite.addTests(loader.loadTestsFromModule(module))
    return suite


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("-k", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--again", action="store_true")
    arguments = parser.parse_args()
    suite = load(arguments.files, arguments.k)
    # What the tests print must not be taken for TAP
    out = sys.stdout
    sys.stdout = io.TextIOWrapper(sys.stderr.buffer, line_buffering=True, write_through=True)
    result = FirstTry(out) if arguments.again else TapResult(out)
    suite.run(result)
    if arguments.again and result.failed:
        result = run_again(result, arguments.files, arguments.k, out)
    # The plan comes last: a run that died has none and fails
    print(f"1..{result.number}", file=out, flush=True)
    return 0 if result.wasSuccessful() and result.number > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
