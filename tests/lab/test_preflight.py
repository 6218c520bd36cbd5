#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands in the way of VMs on real hosts: told at once, the same to all sides, and true."""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import SIDES  # noqa: E402

CLIENT = os.path.join(support.BUILD, "tests/lab/client/lab-preflight")
PYTHON_CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client/lab-preflight.py")
ABSENT = "<interface type='network'><source network='office'/><model type='virtio'/></interface>"
DISK = "<disk type='file' device='disk'><driver name='qemu' type='raw' cache='unsafe'/>" \
       "<source file='%s'/><target dev='vda' bus='virtio'/></disk>"
OFFICE = "<network><name>office</name><forward mode='bridge'/><bridge name='br9'/></network>"


def setUpModule():
    support.start_lab()


def lines(command):
    """What it says, one JSON object per line, and its exit status."""
    run = subprocess.run(command, capture_output=True, text=True, env=support.environment(),
                         timeout=support.PATIENCE, check=False)
    return [json.loads(line) for line in run.stdout.splitlines()], run


class Preflight(support.LabTest):
    def preflight(self, *arguments):
        """The tool's answers and its exit status."""
        said, run = lines([support.TOOL, "preflight", "--json", *arguments])
        self.assertNotIn("CRITICAL", run.stderr)
        return said, run.returncode

    def ends(self, source="h1", destination="h2"):
        there = self.lab.host(destination)
        return ("--from", self.lab.host(source).uri, "--to", there.uri, "--peer-uri",
                there.peer_uri())

    def report(self, guest, side):
        source, destination = self.lab.h1, self.lab.h2
        if side == "tool":
            (report,), _status = self.preflight(guest.name, "--no-policies", *self.ends())
            return report
        program = [sys.executable, PYTHON_CLIENT] if side == "python" else [CLIENT]
        said, run = lines([*program, guest.name, source.uri, destination.uri,
                           destination.peer_uri()])
        self.assertEqual(run.returncode, 0, run.stderr)
        return said[0]

    def test_a_vm_that_can_move(self):
        guest = self.guest()
        passed = set()
        for side in SIDES:
            with self.subTest(side):
                report = self.report(guest, side)
                self.assertFalse(report["blocked"], report)
                passed.add(tuple(report["passed"]))
        self.assertEqual(len(passed), 1)
        self.moves(guest, "h1", "h2")

    def test_all_that_is_wrong_is_told_at_once(self):
        """A disk that is not there, and in whose cache it is; a network; the name."""
        self.define_network()
        path = "/var/lib/libvirt/images/five.img"
        with open(self.lab.h1.path("lib", "images/five.img"), "wb") as f:
            f.truncate(1 << 20)
        guest = self.guest(name="five", devices=ABSENT + DISK % path)
        self.define_twin("five")
        found = {}
        for side in SIDES:
            with self.subTest(side):
                report = self.report(guest, side)
                self.assertTrue(report["blocked"])
                found[side] = [(f["id"], f["severity"]) for f in report["findings"]]
                self.assertLessEqual({("vm.name", "blocker"), ("network.networks", "blocker"),
                                      ("storage.shared", "unknown"), ("storage.cache", "warning")},
                                     set(found[side]))
                for finding in report["findings"]:
                    self.assertTrue(finding["text"])
                    if finding["severity"] == "blocker":
                        self.assertTrue(finding["remedy"], finding)
        self.assertEqual(found["python"], found["c"])
        self.assertEqual(found["python"], found["tool"])
        # And a job that finds this touches nothing
        outcome = self.migrate(guest, "h1", "h2")
        self.assertEqual((outcome.outcome, outcome.where), ("failed", "h1"), outcome)
        self.assertEqual(self.lab.h2.virsh("list", "--name").split(), [])
        guest.watcher.wait_beat("h1", timeout=support.PATIENCE)

    def define_twin(self, name):
        """Another VM of this name on the destination."""
        twin = self.lab.guest("h2", "twin")
        path = self.lab.h2.path("lib", "twin.xml")
        with open(path, "w") as f:
            f.write(twin.xml().replace("<name>twin<", "<name>%s<" % name))
        self.addCleanup(twin.remove)
        self.lab.h2.virsh("define", path)

    def define_network(self):
        self.lab.h1.run(["ip", "link", "add", "br9", "type", "bridge"])
        self.addCleanup(self.lab.h1.run, ["ip", "link", "delete", "br9"])
        path = self.lab.h1.path("lib", "office.xml")
        with open(path, "w") as f:
            f.write(OFFICE)
        self.lab.h1.virsh("net-define", path)
        self.addCleanup(self.lab.h1.virsh, "net-undefine", "office")
        self.lab.h1.virsh("net-start", "office")
        self.addCleanup(self.lab.h1.virsh, "net-destroy", "office")

    def test_hosts_and_clusters(self):
        self.guest()
        uris = [host.uri for host in (self.lab.h1, self.lab.h2)]
        said, status = self.preflight("--node", uris[0], "--node", uris[1])
        self.assertEqual((status, [r["blocked"] for r in said]), (0, [False, False]), said)
        (report,), status = self.preflight("--cluster", *uris)
        self.assertEqual(status, 0, report)
        known = {f["id"] for f in report["findings"]} | set(report["passed"])
        self.assertLessEqual({"cluster.spare-memory", "cluster.drain"}, known)

    def test_the_way_is_tried(self):
        guest = self.guest()
        said, status = self.preflight(guest.name, *self.ends(), "--test-migration")
        self.assertEqual((status, len(said)), (0, 2), said)
        self.assertFalse(said[0]["blocked"], said)
        self.assertEqual(said[1]["event"], "test-migration", said)
        self.assertEqual(self.lab.h2.virsh("list", "--all", "--name").split(), [])
        self.assertEqual(self.lab.h1.virsh("list", "--all", "--name").split(), [guest.name])


if __name__ == "__main__":
    unittest.main()
