#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cancel, in each phase and from each side: answered soon, and the result is the truth."""

import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB, SIDES  # noqa: E402

# So slow that a migration lasts until the test lets it go
SLOW = {"bandwidth": MIB}
FAST = 256 * MIB
# What a cancel may take on a machine that has other things to do, too
SOON = 5

for _how in ("loop", "task"):
    support.PROGRAMS[_how] = ["/usr/bin/python3",
                              os.path.join(support.HERE, "client/lab-client-cancel.py"),
                              "--how", _how]


def setUpModule():
    support.start_lab()


class CancelTest(support.LabTest):
    def assert_cancelled(self, run, guest, *words, source="h1", destination="h2",
                         may_hold=False):
        """It ended as cancelled, says all of it, and the VM is where it was, alone and whole."""
        outcome = run.outcome(guest)
        self.assertEqual((outcome.outcome, outcome.where, outcome.error),
                         ("cancelled", source, "cancelled"), outcome)
        if not may_hold:
            self.assertEqual(outcome.warnings, [])
        for word in (guest.name, source, destination, "cancelled", *words):
            self.assertIn(word, outcome.message)
        if run.via == "tool":
            self.assertEqual(outcome.exit_code, 6)
        if not outcome.warnings:
            self.check_after(guest, source)
        return outcome

    def cancel(self, run, guest=None, noted=True):
        """Asks for it, and is answered in time."""
        answer = run.ask("cancel", guest=guest)
        self.assertTrue(answer["ok"], answer)
        self.assertLess(answer["took"], SOON)
        if noted:
            support.note("%s: cancel answered by %s after %.0f ms"
                         % (self.id().rpartition(".")[2], run.via, answer["took"] * 1000))
        return answer

    def wait_post_copy(self, run, guest):
        """The VM runs on its destination, and the rest of its memory takes a while."""
        run.wait_copying()
        self.lab.h1.link.shape("8mbit")
        self.addCleanup(self.lab.h1.link.clear)
        self.assertTrue(run.ask("post-copy")["ok"])
        run.wait_state("post-copy")
        guest.watcher.wait_beat("h2", timeout=support.PATIENCE)


class InEachPhase(CancelTest):
    def test_first_iteration(self):
        guest = self.guest()
        for via in SIDES:
            with self.subTest(via=via):
                run = self.start(guest, "h1", "h2", via=via, **SLOW)
                copying = run.wait_copying()
                self.assertLessEqual(copying.get("iteration", 1), 1)
                self.cancel(run)
                outcome = self.assert_cancelled(run, guest)
                self.assertEqual(outcome.encryption, "encrypted")
                self.assertGreater(outcome.transferred, 0)
        self.moves(guest, "h1", "h2")

    def test_late_iteration(self):
        # Faster than it is copied: it never ends by itself
        guest = self.guest(dirty_mib_s=32)
        for via in ("python", "c"):
            with self.subTest(via=via):
                run = self.start(guest, "h1", "h2", via=via, bandwidth=6 * MIB)
                run.wait_copying(iteration=3)
                self.cancel(run)
                outcome = self.assert_cancelled(run, guest, "memory")
                self.assertGreaterEqual(outcome.iterations, 3)
                self.assert_told_well(run)
        self.moves(guest, "h1", "h2", maximum_downtime=2000)

    def test_before_libvirt_is_asked(self):
        guest = self.guest()
        for via in ("loop", "task"):
            with self.subTest(via=via):
                run = self.start(guest, "h1", "h2", via=via, more=["--at-once"])
                outcome = run.outcome()
                self.assertEqual((outcome.outcome, outcome.error, outcome.encryption),
                                 ("cancelled", "cancelled", "nothing-sent"), outcome)
                self.assertIn("before it began", outcome.message)
                self.check_after(guest, "h1")
        self.moves(guest, "h1", "h2")

    def test_preparing(self):
        guest = self.guest()
        for via in ("python", "c"):
            with self.subTest(via=via):
                run = self.start(guest, "h1", "h2", via=via, **SLOW)
                # At once: the mark is perhaps not in the VM yet; and once libvirt was asked
                run.wait_state("preparing")
                self.cancel(run)
                self.assert_cancelled(run, guest)
                run = self.start(guest, "h1", "h2", via=via, **SLOW)
                run.wait("progress", phase="preparing")
                self.cancel(run)
                # A busy machine takes longer to start a QEMU than a cancel waits for it
                if self.assert_cancelled(run, guest, may_hold=True).warnings:
                    self.moves_once_free(guest)
                    self.moves(guest, "h2", "h1")
        self.moves(guest, "h1", "h2")

    def test_preparing_with_a_destination_that_its_source_cannot_reach(self):
        # libvirt takes the abort there, and looks at it only when the connection gave up
        guest = self.guest()
        self.addCleanup(self.lab.h2.link.clear)
        self.lab.h2.link.drop(port=16514)
        run = self.start(guest, "h1", "h2", via="python")
        run.wait("progress", phase="preparing")
        asked = time.monotonic()
        self.cancel(run)
        outcome = run.outcome()
        took = time.monotonic() - asked
        support.note("cancel with a destination that hangs: ended after %.1f s" % took)
        self.assertEqual((outcome.outcome, outcome.where, outcome.encryption),
                         ("cancelled", "h1", "nothing-sent"), outcome)
        self.assertLess(took, 15)
        self.assertEqual(len(outcome.warnings), 1, outcome)
        self.assertIn("h1 still holds the migration", outcome.warnings[0])
        guest.watcher.wait_beat("h1")
        self.lab.h2.link.clear()
        self.moves_once_free(guest)

    def moves_once_free(self, guest):
        """libvirt still holds the migration that it was told to abort; once it let go, it works."""
        deadline = time.monotonic() + 3 * support.PATIENCE
        while True:
            outcome = self.migrate(guest, "h1", "h2")
            if outcome.error != "busy" or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        self.assert_moved(outcome)
        self.check_after(guest, "h2")

    def test_switch_over(self):
        """Ever closer to the moment at which the VM changes sides; either end is right."""
        guest = self.guest(dirty_mib_s=8)
        early, late, ends = 0.0, 1.0, ["h1", "h2"]
        ways = {"cancelled": 0, "succeeded": 0}
        for i in range(8):
            delay = (0.0, late)[i] if i < 2 else (early + late) / 2
            with self.subTest(delay=delay):
                outcome, answer = self.cancel_after(guest, ends, delay)
                ways[outcome.outcome] += 1
                if outcome.outcome == "cancelled":
                    early = max(early, delay)
                    self.assertEqual((outcome.where, outcome.error), (ends[0], "cancelled"))
                else:
                    late = min(late, delay)
                    self.assertEqual((outcome.where, outcome.error), (ends[1], None))
                    ends.reverse()
                if answer and not answer["ok"]:
                    self.assertEqual(outcome.outcome, "succeeded")
                    self.assertIn(answer["error"], ("wrong-state", "vm-not-found"), answer)
        support.note("cancel around the switch-over: %s; between %.0f and %.0f ms"
                     % (ways, early * 1000, late * 1000))
        self.assertTrue(all(ways.values()), ways)
        self.moves(guest, *ends)

    def cancel_after(self, guest, ends, delay):
        run = self.start(guest, *ends, via="c", **SLOW)
        run.wait_copying()
        self.assertTrue(run.ask("bandwidth", FAST)["ok"])
        time.sleep(delay)
        try:
            answer = run.ask("cancel")
        except (AssertionError, BrokenPipeError):
            answer = None  # it had ended
        outcome = run.outcome()
        self.assert_told_well(run)
        self.assertIn(outcome.outcome, ("cancelled", "succeeded"), outcome)
        self.check_after(guest, outcome.where, memory=False)
        self.assertEqual(guest.watcher.bad(), 0)
        return outcome, answer

    def test_post_copy_cannot_be_cancelled(self):
        guest = self.guest(dirty_mib_s=8)
        run = self.start(guest, "h1", "h2", via="python", allow_post_copy=True, **SLOW)
        self.wait_post_copy(run, guest)
        answer = run.ask("cancel")
        self.assertEqual((answer["ok"], answer["error"]), (False, "cannot-cancel"), answer)
        for word in (guest.name, "h1", "h2", "post-copy", "wait"):
            self.assertIn(word, answer["message"])
        with support.tool(self.lab, "cancel", "--from", self.lab.h1.uri, "--to", self.lab.h2.uri,
                          guest.name) as cancel:
            self.assertEqual(cancel.wait_end(), 2, cancel.events)
            self.assertEqual(cancel.events[-1].get("error"), "cannot-cancel", cancel.events)
        self.lab.h1.link.clear()
        self.assert_moved(run.outcome(), mode="post-copy")
        self.check_after(guest, "h2")
        self.moves(guest, "h2", "h1")

    def test_too_late(self):
        """Asked for while the library knows of the end, and its program does not."""
        guest = self.guest()
        ends = ["h1", "h2"]
        for via in ("python", "c"):
            with self.subTest(via=via):
                run = self.start(guest, *ends, via=via, **SLOW)
                run.wait_copying()
                self.assertTrue(run.ask("bandwidth", FAST)["ok"])
                run.say("block 5\ncancel " + guest.name)
                answer = run.wait("answer", guest, to="cancel")
                self.assert_moved(run.outcome())
                self.assertEqual((answer["ok"], answer["error"]), (False, "wrong-state"), answer)
                for word in (guest.name, "h1", "h2", "has ended"):
                    self.assertIn(word, answer["message"])
                self.check_after(guest, ends[1])
                ends.reverse()

    def test_twice(self):
        guest = self.guest()
        run = self.start(guest, "h1", "h2", via="c", **SLOW)
        run.wait_copying()
        run.say("cancel " + guest.name)
        self.cancel(run)
        self.assert_cancelled(run, guest)
        self.moves(guest, "h1", "h2")

    def test_one_of_several(self):
        guests = [self.guest() for _ in range(3)]
        run = self.start(guests, "h1", "h2", via="python", **SLOW)
        for guest in guests:
            run.wait_copying(guest)
        self.cancel(run, guests[1])
        self.assert_cancelled(run, guests[1])
        for guest in (guests[0], guests[2]):
            self.assertEqual(run.of(guest, "result"), [])
            self.assertTrue(run.ask("bandwidth", FAST, guest=guest)["ok"])
        for guest in (guests[0], guests[2]):
            self.assert_moved(run.outcome(guest))
            self.check_after(guest, "h2")
        self.moves(guests[1], "h1", "h2")


class GivenUp(CancelTest):
    """A GCancellable, and the task that awaits."""

    def test_while_it_copies(self):
        guest = self.guest()
        for via in ("loop", "task"):
            with self.subTest(via=via):
                run = self.start(guest, "h1", "h2", via=via, **SLOW)
                run.wait_copying()
                asked = time.monotonic()
                run.say("give up")
                self.assert_cancelled(run, guest)
                took = run.of(guest, "result")[0]["seen"] - asked
                support.note("given up by %s: ended after %.0f ms" % (via, took * 1000))
                self.assertLess(took, 2 * SOON)
                self.assert_told_well(run)
        self.moves(guest, "h1", "h2")

    def test_in_post_copy_it_completes(self):
        guest = self.guest(dirty_mib_s=8)
        run = self.start(guest, "h1", "h2", via="loop", allow_post_copy=True, **SLOW)
        run.wait_copying()
        self.lab.h1.link.shape("8mbit")
        self.addCleanup(self.lab.h1.link.clear)
        with support.tool(self.lab, "postcopy", "--from", self.lab.h1.uri, guest.name) as switch:
            self.assertEqual(switch.wait_end(), 0, switch.events)
        run.wait_state("post-copy")
        run.say("give up")
        self.lab.h1.link.clear()
        outcome = run.outcome()
        self.assertEqual((outcome.outcome, outcome.where, outcome.mode),
                         ("succeeded", "h2", "post-copy"), outcome)
        self.check_after(guest, "h2")
        self.moves(guest, "h2", "h1")


class CtrlC(CancelTest):
    def test_cancels(self):
        guest = self.guest()
        for signum in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=signum):
                run = self.start(guest, "h1", "h2", via="tool", **SLOW)
                run.wait_copying()
                run.process.send_signal(signum)
                outcome = self.assert_cancelled(run, guest)
                self.assertEqual(outcome.raw["exit-code"], 6)
        self.moves(guest, "h1", "h2", via="tool")

    def test_in_post_copy_says_that_it_cannot_and_goes_on(self):
        guest = self.guest(dirty_mib_s=8)
        run = self.start(guest, "h1", "h2", via="tool", allow_post_copy=True, **SLOW)
        self.wait_post_copy(run, guest)
        run.interrupt()
        notice = run.wait("notice", guest, timeout=SOON * 4)
        self.assertIn("post-copy", notice["message"])
        self.lab.h1.link.clear()
        self.assert_moved(run.outcome(), mode="post-copy")
        self.check_after(guest, "h2")
        self.moves(guest, "h2", "h1", via="tool")

    def test_twice_leaves(self):
        # A daemon that hangs: the first one cannot come to an end, the second one does not wait
        guest = self.guest()
        run = self.start(guest, "h1", "h2", via="tool", **SLOW)
        run.wait_copying()
        self.lab.h1.stop_daemon()
        self.addCleanup(self.lab.h1.continue_daemon)
        run.interrupt()
        run.wait("notice", guest)
        asked = time.monotonic()
        run.interrupt()
        self.assertEqual(run.wait_end(), 7, run.events[-3:])
        self.assertLess(time.monotonic() - asked, SOON)
        left = run.events[-1]
        self.assertEqual((left["event"], left["exit-code"]), ("left", 7), left)
        self.assertIn("vmmig status", left["look-later"])
        self.lab.h1.continue_daemon()
        # Whether the daemon still heard of the first one or not: it is cancelled now, or was
        with support.tool(self.lab, "cancel", "--from", self.lab.h1.uri, "--to", self.lab.h2.uri,
                          guest.name) as cancel:
            cancel.wait_end()
        support.proc.wait_until(lambda: guest.hosts() == ["h1"], support.PATIENCE, "its end")
        guest.watcher.wait_beat("h1", timeout=support.PATIENCE)
        self.moves(guest, "h1", "h2", via="tool")


if __name__ == "__main__":
    unittest.main()
