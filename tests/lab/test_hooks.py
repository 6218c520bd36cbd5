#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a job's owner does around its migration, on real hosts."""

import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402

HELD = 700  # ms
PHASES = ["prepare", "arrived", "clean-up"]


def setUpModule():
    support.start_lab()


class Hooks(support.LabTest):
    def check_times(self, run, guest, outcome):
        """In their order, each waited for, and at the moments that they stand for."""
        hooks = {e["phase"]: e["seen"] for e in run.events if e["event"] == "hook"}
        states = {e["state"]: e["seen"] for e in run.events if e["event"] == "state"}
        result = next(e["seen"] for e in run.events if e["event"] == "result")
        self.assertEqual(list(hooks), PHASES)
        self.assertGreaterEqual(states["pre-copy"] - hooks["prepare"], HELD / 1000)
        self.assertGreaterEqual(hooks["clean-up"] - hooks["arrived"], HELD / 1000)
        self.assertGreaterEqual(result - hooks["clean-up"], HELD / 1000)
        # The VM does not wait for its owner
        self.assertLess(guest.watcher.downtime_ms(since=hooks["prepare"]), HELD)
        self.assertEqual(outcome.outcome, "succeeded", outcome)

    def test_each_moment_is_waited_for(self):
        for via in ("c", "python"):
            with self.subTest(via=via):
                guest = self.guest()
                with self.start(guest, "h1", "h2", via=via, more=("--hooks", str(HELD))) as run:
                    outcome = run.outcome()
                self.check_times(run, guest, outcome)
                self.check_after(guest, "h2")

    def script(self, body):
        directory = tempfile.mkdtemp(dir=self.lab.directory)
        name = os.path.join(directory, "hook")
        with open(name, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho \"$@\" >>'%s.log'\n%s\n" % (name, body))
        os.chmod(name, 0o755)
        return name

    def phases(self, script):
        with open(script + ".log", encoding="utf-8") as file:
            return [line.split()[0] for line in file]

    def test_a_command(self):
        guest = self.guest()
        script = self.script("")
        with self.start(guest, "h1", "h2", via="tool", more=("--hook", script)) as run:
            self.assertEqual(run.outcome().outcome, "succeeded")
        self.assertEqual(self.phases(script), PHASES)
        self.check_after(guest, "h2")

    def test_a_veto_touches_nothing(self):
        guest = self.guest()
        script = self.script("[ $1 != prepare ]")
        before = self.lab.h1.virsh("dumpxml", guest.uuid)
        with self.start(guest, "h1", "h2", via="tool", more=("--hook", script)) as run:
            outcome = run.outcome()
        self.assert_refused(outcome, "failed", "h1", guest.name, "h1", "h2", "refused it")
        self.assertEqual(self.phases(script), ["prepare", "clean-up"])
        self.assertEqual(self.lab.h1.virsh("dumpxml", guest.uuid), before)
        self.check_after(guest, "h1")

    def test_a_cancel_does_not_wait(self):
        guest = self.guest()
        with self.start(guest, "h1", "h2", via="python", more=("--hooks", "20000")) as run:
            run.wait_event(lambda event: event["event"] == "hook")
            began = time.monotonic()
            self.assertTrue(run.ask("cancel")["ok"])
            run.wait_event(lambda event: event.get("phase") == "clean-up")
            self.assertLess(time.monotonic() - began, 10)
        self.check_after(guest, "h1")


if __name__ == "__main__":
    unittest.main()
