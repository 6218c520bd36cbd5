#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A test migration from Python, on hosts in memory; each case in a process of its own."""

import asyncio
import os
import subprocess
import sys
import unittest

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, Vmmig  # noqa: E402

SIMULATED = os.path.join(os.environ["VMMIG_BUILD_DIR"], "tests", "bindings", "simulated")
H1, H2 = "qemu+tls://h1/system", "qemu+tls://h2/system"
MIB = 1 << 20
CASES = {}


def path(**settings):
    return Vmmig.TestMigration(source=Vmmig.Node.new(H1), destination=Vmmig.Node.new(H2),
                               **settings)


def found(report):
    return {f.get_id(): f for f in report.get_findings()}


class TestMigration(unittest.TestCase):
    def test_properties(self):
        test = path(vm="web01", measure_seconds=5)
        self.assertEqual((test.vm, test.measure_seconds), ("web01", 5))
        self.assertEqual(test.source.uri, H1)
        self.assertIsInstance(test.policy, Vmmig.MigrationPolicy)
        test.policy = None
        self.assertIsInstance(test.policy, Vmmig.MigrationPolicy)
        self.assertEqual((test.duration, test.downtime, test.bandwidth), (None, None, None))
        self.assertEqual(test.get_mode(), Vmmig.MigrationMode.UNKNOWN)
        self.assertEqual(set(test.to_variant().unpack()), {"encryption", "mode"})


def simulated(words):
    def decorate(function):
        def test(self):
            env = {**os.environ, "VMMIG_SIMULATED": words, "VMMIG_SIMULATED_TEST": name,
                   "LD_LIBRARY_PATH": f"{SIMULATED}:{os.environ.get('LD_LIBRARY_PATH', '')}"}
            done = subprocess.run([sys.executable, os.path.abspath(__file__)], env=env, timeout=60,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

        name = function.__name__
        CASES[name] = function
        setattr(TestMigration, f"test_{name}", test)
        return function

    return decorate


@simulated("")
async def a_path_that_works_is_proven():
    test = path(policy=Vmmig.MigrationPolicy(allow_post_copy=True))
    report = await test.run()
    assert not report.is_blocked(), found(report)
    assert {"path.rights", "path.platform", "path.daemons", "path.network", "path.certificates",
            "path.post-copy", "test.removal"} <= set(report.get_passed()), report.get_passed()
    assert test.get_mode() == Vmmig.MigrationMode.POST_COPY
    assert test.get_encryption() == Vmmig.EncryptionStatus.ENCRYPTED
    assert 0 < test.duration < 60000
    values = test.to_variant().unpack()
    assert values["mode"] == "post-copy" and values["report"]["blocked"] is False, values


@simulated("link=64")
async def its_bandwidth_is_measured():
    test = path(measure_seconds=2)
    report = await test.run()
    assert abs(test.bandwidth - 64 * MIB) < 10 * MIB, test.bandwidth
    assert "MiB/s" in found(report)["path.bandwidth"].get_text()


@simulated("no-tls")
async def what_is_wrong_is_a_finding():
    test = path()
    report = await test.run()
    finding = found(report)["path.certificates"]
    assert report.is_blocked() and finding.get_code() == Vmmig.Error.INSECURE
    assert test.get_mode() == Vmmig.MigrationMode.UNKNOWN


@simulated("")
async def the_callers_mistakes_are_errors():
    test = path(policy=Vmmig.MigrationPolicy(compression=Vmmig.Compression.ZSTD))
    try:
        await test.run()
    except GLib.Error as error:
        assert error.matches(Vmmig.error_quark(), Vmmig.Error.INVALID_POLICY), error
    else:
        raise AssertionError("no error")


@simulated("")
async def a_cancelled_one_leaves_nothing():
    test = path(policy=Vmmig.MigrationPolicy(bandwidth=MIB))
    task = asyncio.create_task(test.run())
    await asyncio.sleep(0.5)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    else:
        raise AssertionError("it was not cancelled")
    assert not await Vmmig.Node.new(H1).list_migrations()
    report = await path().clean_up()
    assert report.get_passed() == ["test.leftovers"], found(report)


if __name__ == "__main__":
    if "VMMIG_SIMULATED_TEST" in os.environ:
        asyncio.run(CASES[os.environ["VMMIG_SIMULATED_TEST"]]())
    else:
        unittest.main()
