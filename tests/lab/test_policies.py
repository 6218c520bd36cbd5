# SPDX-License-Identifier: LGPL-2.1-or-later
"""Labels in real metadata, and the policies that they select."""

import json
import os
import subprocess
import tempfile
import time
import unittest

import support
from support import MIB

POLICY = """\
[policy databases]
vm-selector=app=db
allow-post-copy=true
bandwidth=8MiB/s
completion-timeout-per-gib=200s
"""
# As a user of KubeVirt has it; 33 MiB have 26 s of it
KUBEVIRT = """\
apiVersion: migrations.kubevirt.io/v1alpha1
kind: MigrationPolicy
metadata:
  name: busy-databases
spec:
  bandwidthPerMigration: 8Mi
  completionTimeoutPerGiB: 800
  allowPostCopy: true
  selectors:
    virtualMachineInstanceSelector:
      app: kubevirt-db
"""
TIMEOUT = 33 / 1024 * 800
# What a Python program does: node, VM, what to set, what to remove; prints what there is then
CHANGE = """
import asyncio, json, sys, gi
gi.require_version("Vmmig", "1")
from gi.repository import Vmmig
async def main(uri, vm, labels, remove):
    node = Vmmig.Node.new(uri)
    now = await node.change_labels(vm, json.loads(labels), json.loads(remove))
    assert await node.get_labels(vm) == now
    print(json.dumps(now))
asyncio.run(main(*sys.argv[1:]))
"""


def setUpModule():
    support.start_lab()


class Labels(support.LabTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.policies = directory.name
        with open(os.path.join(self.policies, "10.conf"), "w", encoding="utf-8") as file:
            file.write(POLICY)

    def from_python(self, guest, host, labels, remove=()):
        done = subprocess.run(
            ["/usr/bin/python3", "-c", CHANGE, self.lab.host(host).uri, guest.name,
             json.dumps(labels), json.dumps(remove)],
            env=support.environment(), check=False, capture_output=True, text=True,
            timeout=support.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def tool(self, *arguments):
        """Its exit code and its last event."""
        with support.tool(self.lab, *arguments) as run:
            return run.wait_end(), run.events[-1]

    def labels(self, guest, host, *words):
        code, event = self.tool("label", guest.uuid, "--on", self.lab.host(host).uri, *words)
        self.assertEqual(code, 0, event)
        return event["labels"]

    def hard_guest(self):
        """It writes 32 MiB/s into 16 MiB."""
        return self.guest(working_set_mib=16, dirty_mib_s=32)

    def start_under_policies(self, guest, source, destination, *words):
        return self.start(guest, source, destination, via="tool",
                          more=["--policy-directory", self.policies, *words])

    def assert_rate_held(self, run, guest):
        """The 8 MiB/s: in pre-copy, that is."""
        rates = [e["transfer-rate"] for e in run.of(guest, "progress")
                 if e["phase"] == "pre-copy" and e.get("transfer-rate")]
        self.assertTrue(rates)
        self.assertLess(sorted(rates)[len(rates) // 2], 10 * MIB, rates)

    def test_they_travel_and_stay(self):
        persistent, transient = self.guest(), self.guest(persistent=False)
        for guest, via in ((persistent, "python"), (transient, "tool")):
            self.assertEqual(self.from_python(guest, "h1", {"app": "db", "a.example/b": ""}),
                             {"app": "db", "a.example/b": ""})
            now = {"app": "db", "tier": "gold"}
            self.assertEqual(self.labels(guest, "h1", "tier=gold", "a.example/b-"), now)
            self.moves(guest, "h1", "h2", via=via)
            self.assertEqual(self.labels(guest, "h2"), now)
        # The definition has them, too
        self.lab.h2.virsh("destroy", persistent.uuid)
        self.assertEqual(self.labels(persistent, "h2"), now)
        self.assertEqual(self.from_python(persistent, "h2", {}, ["app", "tier"]), {})
        self.assertNotIn("libvmmig.org", self.lab.h2.virsh("dumpxml", persistent.uuid, "--inactive"))

    def test_the_policy_that_they_select_is_explained_and_taken(self):
        guest = self.hard_guest()
        self.labels(guest, "h1", "app=db")
        code, event = self.tool("policy", "explain", guest.name, "--on", self.lab.h1.uri,
                                "--directory", self.policies)
        self.assertEqual((code, event["event"], event["policy"]), (0, "resolution", "databases"))
        origins = {field["name"]: field["origin"] for field in event["fields"]}
        self.assertIn("10.conf:4", origins["bandwidth"])
        run = self.start_under_policies(guest, "h1", "h2")
        self.assert_moved(run.outcome(), mode="post-copy")
        self.assertEqual(run.events[0]["policy"], "databases")
        self.assert_rate_held(run, guest)
        self.check_after(guest, "h2")

    def replay(self, path, *words):
        """Its decisions that do something, and its end."""
        with support.tool(self.lab, "replay", path, *words) as run:
            self.assertEqual(run.wait_end(), 0, run.complaints())
            return ([e for e in run.events[:-1] if e["action"] not in ("go-on", "set-downtime")],
                    run.events[-1])

    def test_kubevirts_file_holds_and_the_switch_may_come_early(self):
        with open(os.path.join(self.policies, "20.yaml"), "w", encoding="utf-8") as file:
            file.write(KUBEVIRT)
        guest = self.hard_guest()
        self.labels(guest, "h1", "app=kubevirt-db")
        trace = os.path.join(self.policies, "trace")
        run = self.start_under_policies(guest, "h1", "h2", "--early-switch", "--record", trace)
        self.assert_moved(run.outcome(), mode="post-copy")
        self.assertEqual(run.events[0]["policy"], "busy-databases")
        told = [d for d in run.of(guest, "decision") if d["action"] == "post-copy"]
        self.assertEqual([d["reason"] for d in told], ["not-converging"])
        # Not before one pass over the 16 MiB that the guest fills
        self.assertGreater(told[0]["elapsed"] / 1000, 1)
        self.assertLess(told[0]["elapsed"] / 1000, TIMEOUT * 0.8)
        support.note("switched after %.1f s of %.1f s" % (told[0]["elapsed"] / 1000, TIMEOUT))
        self.assert_rate_held(run, guest)
        self.check_after(guest, "h2")
        # What was recorded tells the same again, and what another policy had done
        decisions, end = self.replay(trace)
        self.assertEqual([d["text"] for d in decisions], [d["text"] for d in told])
        self.assertEqual(end["strategy"], "vmmig")
        decisions, _ = self.replay(trace, "--completion-timeout-per-gib", "200s")
        self.assertEqual([(d["action"], d["reason"]) for d in decisions][:1],
                         [("post-copy", "completion-timeout")])
        self.assertLess(decisions[0]["elapsed"], told[0]["elapsed"])

    def test_a_critical_vm_does_not_enter_post_copy(self):
        guest = self.hard_guest()
        self.labels(guest, "h1", "app=db", "vmmig.org/critical=true")
        run = self.start_under_policies(guest, "h1", "h2")
        outcome = run.outcome()
        self.assertEqual((outcome.error, outcome.where), ("not-converging", "h1"), outcome)
        self.assertEqual(run.events[0]["policy"], "databases")
        self.check_after(guest, "h1")

    def test_while_it_migrates_they_are_read_and_not_changed(self):
        guest = self.guest()
        self.labels(guest, "h1", "app=web")
        run = self.start(guest, "h1", "h2", via="c", bandwidth=2 * MIB)
        run.wait_copying(processed=MIB)
        for host in ("h1", "h2"):
            began = time.monotonic()
            code, event = self.tool("label", guest.name, "--on", self.lab.host(host).uri, "a=b")
            self.assertEqual((code, event.get("error")), (2, "busy"), event)
            self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(self.labels(guest, "h1"), {"app": "web"})
        self.assertTrue(run.ask("bandwidth", 256 * MIB)["ok"])
        self.assert_moved(run.outcome())
        self.assertEqual(self.labels(guest, "h2", "a=b"), {"a": "b", "app": "web"})
        self.check_after(guest, "h2")


if __name__ == "__main__":
    unittest.main()
