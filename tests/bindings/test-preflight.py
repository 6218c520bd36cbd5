#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands in the way of a migration, from Python: on hosts in memory."""

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


class Reports(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.source, self.destination = Vmmig.Node.new(H1), Vmmig.Node.new(H2)
        self.job = Vmmig.MigrationJob.new("web01", self.source, self.destination)

    async def test_a_job_is_looked_at_and_runs_afterwards(self):
        report = await self.job.preflight()
        self.assertFalse(report.is_blocked())
        self.assertEqual((report.vm, report.source, report.destination), ("web01", "h1", "h2"))
        self.assertIn("vm.state", report.passed)
        for finding in report.findings:
            self.assertIsInstance(finding.severity, Vmmig.PreflightSeverity)
            self.assertTrue(finding.id and finding.text)
        self.assertEqual(self.job.state, Vmmig.JobState.PENDING)
        self.assertEqual(report.to_variant().unpack()["blocked"], False)
        self.assertIn("0 in the way", repr(report))

    async def test_everything_that_blocks_is_told_at_once(self):
        self.job.policy = Vmmig.MigrationPolicy(network="10.99.0.0/24")
        self.job.copy_storage = Vmmig.CopyStorage.ALL
        self.job.disks = ["vdx"]
        report = await self.job.preflight()
        blockers = {finding.id for finding in report.findings
                    if finding.severity == Vmmig.PreflightSeverity.BLOCKER}
        self.assertEqual(blockers, {"network.address", "storage.disk-list"})

    async def test_what_cannot_be_skipped(self):
        self.job.skip_checks = ["memory.free"]
        self.assertEqual(self.job.skip_checks, ["memory.free"])
        await self.job.preflight()
        self.job.skip_checks = ["encryption"]
        with self.assertRaises(GLib.Error) as caught:
            await self.job.preflight()
        self.assertTrue(caught.exception.matches(Vmmig.error_quark(),
                                                 Vmmig.Error.INVALID_ARGUMENT))

    async def test_a_node_and_a_cluster(self):
        report = await self.source.preflight()
        self.assertEqual((report.vm, report.source), (None, "h1"))
        report = await Vmmig.preflight_cluster([self.source, self.destination])
        self.assertIn("cluster.spare-memory", {finding.id for finding in report.findings})
        with self.assertRaises(GLib.Error):
            await Vmmig.preflight_cluster([self.source])

    async def test_who_looks_may_stop_waiting(self):
        task = asyncio.create_task(self.job.preflight())
        await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task

    def test_the_checks_are_listed(self):
        ids = Vmmig.preflight_list_checks()
        self.assertEqual(len(set(ids)), len(ids))
        self.assertTrue(all(Vmmig.preflight_describe_check(name) for name in ids))
        self.assertIsNone(Vmmig.preflight_describe_check("no.such"))


if __name__ == "__main__":
    if "VMMIG_SIMULATED" not in os.environ:
        os.environ["LD_LIBRARY_PATH"] = f"{SIMULATED}:{os.environ.get('LD_LIBRARY_PATH', '')}"
        os.environ["VMMIG_SIMULATED"] = ""
        sys.exit(subprocess.run([sys.executable, __file__, *sys.argv[1:]], check=False).returncode)
    unittest.main()
