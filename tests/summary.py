#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sum meson's test logs into one closing line: "N passed, N failed, N skipped".

Each GTest case and each TAP test counts by itself. What failed or was skipped is named first.
usage: summary.py [--failed-stage=NAME]... TESTLOG.json...
"""

import argparse
import json
import pathlib
import re
import sys


class Counts:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []
        self.second_tries = []


def count_gtest(name, out, counts):
    """Whether `out` is of a GTest program that came to its end."""
    if not re.search(r"^\[==========\] \d+ tests? from \d+ test suites? ran\.", out, re.M):
        return False
    passed = re.search(r"^\[  PASSED  \] (\d+) tests?\.", out, re.M)
    counts.passed += int(passed[1]) if passed else 0
    # After the summary line each failed or skipped test is listed once
    ending = out[out.rindex("[==========]"):]
    for kind, found in (("FAILED  ", counts.failed), ("SKIPPED ", counts.skipped)):
        names = re.findall(rf"^\[  {kind}\] (\S+\.\S+.*)$", ending, re.M)
        found += [f"{name}: {test}" for test in names]
    return True


def count_tap(name, out, counts):
    """Whether `out` is TAP with a plan."""
    if not re.search(r"^1\.\.\d+", out, re.M):
        return False
    for line in re.findall(r"^(?:not )?ok\b.*$", out, re.M):
        text = re.sub(r"^(not )?ok\s*\d*\s*-?\s*", "", line)
        if line.startswith("not ok"):
            counts.failed.append(f"{name}: {text}")
        elif re.search(r"# SKIP\b", line, re.I):
            counts.skipped.append(f"{name}: {text}")
        else:
            counts.passed += 1
            if "(second try)" in text:
                counts.second_tries.append(f"{name}: {text}")
    return True


def count_test(stage, entry, counts):
    name = f"{stage}: {entry['name'].split(' / ')[-1]}"
    result = entry["result"]
    out = entry.get("stdout") or ""
    known = len(counts.failed)
    if count_gtest(name, out, counts) or count_tap(name, out, counts):
        # All cases passed and yet it failed: a leak, a crash at exit, a time-out
        if result not in ("OK", "SKIP", "EXPECTEDFAIL") and len(counts.failed) == known:
            counts.failed.append(f"{name} ({result})")
    elif result in ("OK", "EXPECTEDFAIL"):
        counts.passed += 1
    elif result == "SKIP":
        counts.skipped.append(name)
    else:
        counts.failed.append(f"{name} ({result})")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failed-stage", action="append", default=[])
    parser.add_argument("logs", nargs="*")
    arguments = parser.parse_args()
    counts = Counts()
    counts.failed += [f"{stage}: the stage itself" for stage in arguments.failed_stage]
    for log in map(pathlib.Path, arguments.logs):
        stage = log.stem.removeprefix("testlog-")
        if log.exists():
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
                count_test(stage, json.loads(line), counts)
    for title, names in (("Skipped", counts.skipped), ("Passed at the second try only", counts.second_tries),
                         ("Failed", counts.failed)):
        if names:
            print(f"{title}:")
            print("".join(f"  {name}\n" for name in names))
    print(f"{counts.passed} passed, {len(counts.failed)} failed, {len(counts.skipped)} skipped")
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
