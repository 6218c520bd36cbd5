#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs with main loops of their own, and daemons that stop: a migration is not held up."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB  # noqa: E402

FAST = 256 * MIB


def setUpModule():
    support.start_lab()


class MainLoops(support.LabTest):
    def arrives(self, run, guest, host):
        """The outcome, and all is well after it."""
        outcome = run.outcome()
        self.assert_told_well(run)
        self.assert_moved(outcome)
        self.check_after(guest, host)
        return outcome

    def test_a_handler_that_blocks_delays_only_its_own_signals(self):
        guest = self.guest(dirty_mib_s=1)
        ends = ["h1", "h2"]
        for via in ("c", "python"):
            with self.subTest(via=via):
                run = self.start(guest, *ends, via=via, bandwidth=3 * MIB)
                run.wait_copying()
                run.say("block 10")
                blocks = run.wait_event(lambda e: e["event"] == "blocks")["at"]
                # It arrives while the program does nothing at all
                guest.watcher.wait_beat(ends[1], timeout=support.PATIENCE)
                arrived = time.monotonic()
                unblocks = run.wait_event(lambda e: e["event"] == "unblocks")["at"]
                support.note("%s: arrived %.1f s after its program blocked, which took %.1f s"
                             % (via, arrived - blocks, unblocks - blocks))
                self.assertLess(arrived, unblocks)
                self.arrives(run, guest, ends[1])
                late = [e for e in run.of(guest, "progress") if e["at"] > unblocks]
                # What it had no time for was dropped: the latest of then, at most
                self.assertLessEqual(len(late), 1, late)
                self.assertEqual([e for e in run.events if blocks < e.get("at", 0) < unblocks], [])
                ends.reverse()

    def test_a_program_with_its_own_libvirt_loop(self):
        guest = self.guest()
        run = self.start(guest, "h1", "h2", more=["--loop=own"])
        self.arrives(run, guest, "h2")
        # And its own business goes on: the VM left its host before its eyes
        self.assertTrue([e for e in run.events if e["event"] == "own-event"])

    def test_a_program_whose_libvirt_loop_does_not_run(self):
        guest = self.guest()
        run = self.start(guest, "h1", "h2", more=["--loop=dead"])
        self.arrives(run, guest, "h2")
        # Its daemon goes away under it: SIGPIPE would kill the program
        run = self.start(guest, "h2", "h1", more=["--loop=dead"], bandwidth=MIB)
        run.wait_copying()
        self.lab.h2.kill_daemon()
        self.addCleanup(lambda: self.lab.h2.daemon_pid or self.lab.h2.start_daemon())
        time.sleep(1)
        self.assertIsNone(run.process.poll())
        self.lab.h2.start_daemon()
        outcome = run.outcome()
        self.assertEqual((outcome.outcome, outcome.where), ("failed", "h2"), outcome)
        self.check_after(guest, "h2")

    def test_a_program_without_a_loop(self):
        guest = self.guest()
        run = self.start(guest, "h1", "h2", more=["--loop=none", "--idle=60"])
        idle = run.wait_event(lambda e: e["event"] == "idle")["at"]
        guest.watcher.wait_beat("h2", timeout=support.PATIENCE)
        arrived = time.monotonic()
        run.say("wake")
        awake = run.wait_event(lambda e: e["event"] == "awake")["at"]
        self.assertLess(arrived, awake)
        support.note("without a loop: arrived after %.1f s" % (arrived - idle))
        self.arrives(run, guest, "h2")
        self.assertEqual([e for e in run.events if idle < e.get("at", 0) < awake], [])
        # The newest of when it woke, the last one, and what a poll in between may add
        self.assertLessEqual(len(run.of(guest, "progress")), 4)


class StoppedDaemons(support.LabTest):
    """SIGSTOP: it is there, and answers nothing."""

    def stop(self, host):
        host = self.lab.host(host)
        host.stop_daemon()
        self.addCleanup(host.continue_daemon)
        return host

    def test_during_connect(self):
        guest = self.guest()
        for name in ("h1", "h2"):
            for via in ("c", "python"):
                with self.subTest(stopped=name, via=via):
                    host = self.stop(name)
                    began = time.monotonic()
                    timeout = {"connect-timeout": 3}
                    outcome = self.migrate(guest, "h1", "h2", via=via, source=timeout,
                                           destination=timeout)
                    took = time.monotonic() - began
                    host.continue_daemon()
                    host.wait_ready()
                    self.assertEqual(outcome.error, "unreachable", outcome)
                    self.assertIn(name, outcome.message)
                    self.assertEqual(outcome.encryption, "nothing-sent")
                    self.assertLess(took, 15)
                    support.note("%s stopped during connect, %s: refused after %.1f s"
                                 % (name, via, took))
        self.moves(guest, "h1", "h2")

    def test_during_connect_for_the_tool(self):
        guest = self.guest()
        host = self.stop("h1")
        began = time.monotonic()
        with support.tool(self.lab, "status", "--from", self.lab.h1.uri, "--connect-timeout=3s",
                          guest.name) as run:
            self.assertEqual(run.wait_end(), 9, run.events)
            self.assertEqual(run.events[-1]["error"], "unreachable")
        self.assertLess(time.monotonic() - began, 15)
        host.continue_daemon()
        host.wait_ready()
        self.moves(guest, "h1", "h2", via="tool")

    def test_source_stops_while_statistics_are_asked_for(self):
        guest = self.guest()
        run = self.start(guest, "h1", "h2", bandwidth=MIB)
        run.wait_copying()
        host = self.stop("h1")
        answer = run.ask("query")
        support.note("a query of a stopped daemon is answered after %.1f s" % answer["took"])
        self.assertLess(answer["took"], 15)
        # The guest does not notice, and nobody claims that anything ended
        guest.watcher.wait_beat("h1")
        self.assertIsNone(run.process.poll())
        self.assertEqual(run.of(guest, "result"), [])
        host.continue_daemon()
        host.wait_ready()
        seen = len(run.of(guest, "progress"))
        run.wait_event(lambda e: len(run.of(guest, "progress")) > seen or e["event"] == "result",
                       what="news after the daemon went on")
        if not run.of(guest, "result"):
            run.ask("bandwidth", FAST)
        outcome = run.outcome()
        self.assert_where_it_says(guest, outcome)

    def test_destination_stops_during_the_migration(self):
        guest = self.guest()
        run = self.start(guest, "h1", "h2", bandwidth=MIB)
        run.wait_copying()
        host = self.stop("h2")
        time.sleep(2)
        guest.watcher.wait_beat("h1")
        self.assertEqual(run.of(guest, "result"), [])
        host.continue_daemon()
        host.wait_ready()
        if not run.of(guest, "result"):
            run.ask("bandwidth", FAST)
        self.assert_where_it_says(guest, run.outcome())

    def test_cancel_while_the_destination_is_stopped(self):
        guest = self.guest()
        run = self.start(guest, "h1", "h2", bandwidth=MIB)
        run.wait_copying()
        host = self.stop("h2")
        answer = run.ask("cancel")
        self.assertTrue(answer["ok"], answer)
        self.assertLess(answer["took"], 5)
        outcome = run.outcome()
        self.assertEqual((outcome.outcome, outcome.where), ("cancelled", "h1"), outcome)
        guest.watcher.wait_beat("h1")
        host.continue_daemon()
        host.wait_ready()
        # Its daemon learns late, and cleans up
        support.proc.wait_until(lambda: support.leftovers(host, guest) == [], support.PATIENCE,
                                "h2 has nothing of it")
        self.check_after(guest, "h1")
        self.moves(guest, "h1", "h2")

    def assert_where_it_says(self, guest, outcome):
        """A stopped daemon may end the migration; it never loses the VM, and the next one works."""
        self.assertIn(outcome.outcome, ("succeeded", "failed"), outcome)
        expected = "h2" if outcome.outcome == "succeeded" else "h1"
        self.assertEqual(outcome.where, expected, outcome)
        support.note("%s: %s %s" % (self.id().rpartition(".")[2], outcome.outcome, outcome.message))
        self.check_after(guest, expected)
        self.moves(guest, expected, "h1" if expected == "h2" else "h2")


if __name__ == "__main__":
    unittest.main()
