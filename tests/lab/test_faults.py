#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hosts, daemons, links and QEMUs that fail while a VM migrates: the truth is told."""

import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB, PATIENCE  # noqa: E402

# So slow that a migration lasts until the test lets it go
SLOW = {"bandwidth": MIB}
FAST = 256 * MIB
CONTROL_PORT = 16514
# How soon the lab's daemons notice that nobody answers: 2 s, three times, and once more
KEEPALIVE = 8


# The way out that each code's message tells
REMEDIES = {"unreachable": "check", "timed-out": "; check that h1 reaches the daemon of",
            "destination-failed": "; look at QEMU's and libvirt's log on the destination"}


def setUpModule():
    support.start_lab(hosts=3)


class FaultTest(support.LabTest):
    def setUp(self):
        for host in self.lab.hosts:
            self.assertTrue(host.answers(), host)

    def copying(self, guest, via="c", **options):
        """A migration from h1 to h2 whose memory flows."""
        run = self.start(guest, "h1", "h2", via=via, **dict(SLOW, **options))
        run.wait_copying()
        return run

    def in_post_copy(self, guest, via="c"):
        """A migration in post-copy that takes a while."""
        run = self.copying(guest, via, allow_post_copy=True)
        self.addCleanup(self.lab.h1.link.clear)
        self.addCleanup(self.lab.h2.link.clear)
        # A queue that drops nothing: else a reset could get lost in it
        self.lab.h1.link.shape("8mbit", latency="3s")
        self.assertTrue(run.ask("post-copy")["ok"])
        run.wait_state("post-copy")
        guest.watcher.wait_beat("h2", timeout=PATIENCE)
        return run

    def assert_stayed(self, run, guest, errors, *words, began=None, bound=None,
                      destination="h2"):
        """It failed with one of these codes; the VM runs on h1; the message says all of it."""
        outcome = run.outcome(guest)
        support.note("%s: %s, “%s”" % (self.id().rpartition(".")[2], outcome.error,
                                       outcome.message))
        if began is not None:
            took = run.of(guest, "result")[0]["seen"] - began
            support.note("%s: told %.1f s after the fault" % (self.id().rpartition(".")[2], took))
            self.assertLess(took, bound)
        self.assertEqual((outcome.outcome, outcome.where), ("failed", "h1"), outcome)
        self.assertIn(outcome.error, errors, outcome)
        for word in ("Cannot migrate VM ‘%s’ from h1 to %s: " % (guest.name, destination),
                     "the VM is on h1", REMEDIES[outcome.error], *words):
            self.assertIn(word, outcome.message)
        self.assert_told_well(run)
        return outcome

    def again(self, guest, via="c", **options):
        """All is as before, and the same migration succeeds."""
        self.check_after(guest, "h1")
        self.moves(guest, "h1", "h2", via=via, **options)

    def assert_absent(self, host, guest):
        support.proc.wait_until(lambda: not support.leftovers(host, guest), PATIENCE,
                                "nothing of %s is left on %s" % (guest.name, host.name))

    def undefine(self, host, guest):
        """Takes away the definition of a VM that does not run there, if it has one."""
        if (guest.state(host) or "").startswith("shut off"):
            self.lab.host(host).virsh("undefine", guest.uuid)
        self.assert_absent(self.lab.host(host), guest)

    def states(self, run, guest):
        return [e["state"] for e in run.of(guest, "state")]


class Destination(FaultTest):
    def test_its_daemon_is_down(self):
        guest = self.guest()
        self.lab.h2.kill_daemon()
        self.addCleanup(self.start_again, self.lab.h2)
        for via, transport in (("python", "unix"), ("c", "tls"), ("tool", "tls")):
            with self.subTest(via=via, transport=transport):
                began = time.monotonic()
                outcome = self.migrate(guest, "h1", "h2", via=via, transport=transport)
                self.assertEqual((outcome.outcome, outcome.error, outcome.encryption),
                                 ("failed", "unreachable", "nothing-sent"), outcome)
                for word in (guest.name, "h1", "h2", "refused", "; check", "daemon"):
                    self.assertIn(word, outcome.message)
                if via == "tool":
                    self.assertEqual(outcome.exit_code, 9)
                self.assertLess(time.monotonic() - began, 10)
                self.assertEqual(guest.state("h1"), "running (booted)")
        guest.watcher.wait_beat("h1")
        self.lab.h2.start_daemon()
        self.again(guest)

    def start_again(self, host):
        if not host.daemon_pid:
            host.start_daemon()

    def test_its_daemon_refuses_its_source(self):
        guest = self.guest()
        outcome = self.migrate(guest, "h1", "h2",
                               destination={"peer-uri": "qemu+tls://h2:16999/system"})
        self.assertEqual((outcome.outcome, outcome.where, outcome.error),
                         ("failed", "h1", "unreachable"), outcome)
        for word in (guest.name, "h1", "h2", "refused", "peer URI"):
            self.assertIn(word, outcome.message)
        self.again(guest)

    def test_it_does_not_prepare(self):
        """Only our own deadline ends that. At once, because each takes its time."""
        apart, stopped = self.guest(), self.guest()
        # Both answer us, but not each other
        self.addCleanup(self.lab.h2.link.clear)
        self.lab.h2.link.drop(port=CONTROL_PORT)
        # So slow that libvirt is still opening its connection when the daemon stops
        self.addCleanup(self.lab.h3.link.clear)
        self.lab.h3.link.shape("16kbit", burst="2kb", latency="4s")
        began = time.monotonic()
        runs = [self.start(apart, "h1", "h2"), self.start(stopped, "h1", "h3")]
        runs[1].wait_state("preparing")
        self.addCleanup(self.lab.h3.continue_daemon)
        self.lab.h3.stop_daemon()
        outcome = self.assert_stayed(runs[0], apart, ("timed-out",), "while preparing",
                                     "within 15 s", began=began, bound=30)
        self.assertEqual(outcome.encryption, "nothing-sent")
        self.assertEqual(len(outcome.warnings), 1, outcome)
        self.assertIn("h1 still holds the migration", outcome.warnings[0])
        outcome = self.assert_stayed(runs[1], stopped, ("timed-out", "unreachable"),
                                     "while preparing", began=began, bound=35, destination="h3")
        self.assertEqual(outcome.encryption, "nothing-sent")
        self.assertRegex(" ".join(outcome.warnings), "h3 does not answer|h1 still holds the migra")
        for guest in (apart, stopped):
            guest.watcher.wait_beat("h1")
        self.lab.h3.continue_daemon()
        self.lab.h3.link.clear()
        self.lab.h2.link.clear()
        self.moves_once_free(stopped, "h3")
        self.moves_once_free(apart, "h2")

    def moves_once_free(self, guest, destination):
        """libvirt lets go of what it was told to abort when its own attempt to connect ends."""
        deadline = time.monotonic() + 3 * PATIENCE
        while (outcome := self.migrate(guest, "h1", destination)).error in ("busy", "conflict"):
            self.assertLess(time.monotonic(), deadline, outcome)
            time.sleep(0.5)
        self.assert_moved(outcome)
        self.check_after(guest, destination)

    def test_its_daemon_is_killed(self):
        guest = self.guest()
        run = self.copying(guest, via="python")
        began = time.monotonic()
        self.lab.h2.kill_daemon()
        self.addCleanup(self.start_again, self.lab.h2)
        outcome = self.assert_stayed(run, guest, ("unreachable", "destination-failed"),
                                     "while copying memory", began=began, bound=30)
        self.assertIn("h2 does not answer", " ".join(outcome.warnings))
        guest.watcher.wait_beat("h1")
        self.lab.h2.start_daemon()
        self.assert_absent(self.lab.h2, guest)
        self.again(guest, via="python")

    def test_its_qemu_is_killed(self):
        guest = self.guest()
        for via in support.SIDES:
            with self.subTest(via=via):
                run = self.copying(guest, via)
                run.wait_copying(processed=MIB)
                began = time.monotonic()
                self.lab.h2.kill_qemu(guest.name)
                outcome = self.assert_stayed(run, guest, ("destination-failed",),
                                             "while copying memory", "libvirt error",
                                             began=began, bound=20)
                self.assertEqual(outcome.warnings, [])
                if via == "tool":
                    self.assertEqual(outcome.exit_code, 3)
                self.check_after(guest, "h1")
        self.moves(guest, "h1", "h2")

    def test_its_qemu_stops_and_a_cancel_is_answered(self):
        guest = self.guest()
        run = self.copying(guest)
        self.lab.h2.stop_qemu(guest.name)
        answer = run.ask("cancel")
        self.assertTrue(answer["ok"], answer)
        self.assertLess(answer["took"], 5)
        status = run.ask("query")
        self.assertTrue(status["ok"], status)
        self.assertEqual(status["status"]["location"], "source")
        self.lab.h2.continue_qemu(guest.name)
        outcome = run.outcome()
        self.assertEqual((outcome.outcome, outcome.where, outcome.error),
                         ("cancelled", "h1", "cancelled"), outcome)
        self.again(guest)

    def test_somebody_destroys_the_vm_there(self):
        guest = self.guest()
        run = self.copying(guest, via="python")
        run.wait_copying(processed=MIB)
        self.lab.h2.virsh("destroy", guest.uuid)
        self.assert_stayed(run, guest, ("destination-failed",), "while copying memory")
        self.again(guest, via="python")


class Source(FaultTest):
    def test_its_daemon_is_killed_and_comes_back(self):
        guest = self.guest()
        for via in ("c", "python"):
            with self.subTest(via=via):
                began = time.monotonic()
                run = self.copying(guest, via)
                self.lab.h1.kill_daemon()
                # What h2 received goes away while nobody knows yet how it ended
                self.assert_absent(self.lab.h2, guest)
                self.assertEqual(run.of(guest, "result"), [])
                run.wait_state("unknown")
                killed = time.monotonic()
                self.lab.h1.start_daemon()
                self.assert_stayed(run, guest, ("unreachable", "failed"), "while copying memory",
                                   began=killed, bound=30)
                self.check_after(guest, "h1")
                support.note("the guest's longest pause: %.0f ms"
                             % guest.watcher.downtime_ms(since=began))
        self.moves(guest, "h1", "h2")

    def test_its_qemu_is_killed(self):
        guest = self.guest()
        run = self.copying(guest)
        self.lab.h1.kill_qemu(guest.name)
        outcome = run.outcome()
        self.assertEqual((outcome.outcome, outcome.where, outcome.error),
                         ("failed", "nowhere", "vm-stopped"), outcome)
        for word in (guest.name, "h1", "h2", "copying memory"):
            self.assertIn(word, outcome.message)
        self.assert_ended(guest)

    def test_somebody_destroys_the_vm_there(self):
        guest = self.guest()
        for via in ("python", "tool"):
            with self.subTest(via=via):
                run = self.copying(guest, via)
                self.lab.h1.virsh("destroy", guest.uuid)
                outcome = run.outcome()
                self.assertEqual((outcome.outcome, outcome.where, outcome.error),
                                 ("failed", "nowhere", "vm-stopped"), outcome)
                for word in (guest.name, "h1", "h2", "destroyed"):
                    self.assertIn(word, outcome.message)
                self.assert_ended(guest)
                self.lab.h1.virsh("start", guest.uuid)
                guest.watcher.wait_beat("h1", timeout=PATIENCE)
        self.moves(guest, "h1", "h2")

    def assert_ended(self, guest):
        self.assertEqual(guest.states(), {"h1": guest.state("h1")})
        self.assertTrue(guest.state("h1").startswith("shut off"), guest.state("h1"))
        self.assert_absent(self.lab.h2, guest)
        self.assertEqual(support.qemu_processes(self.lab.h1, guest), [])
        guest.watcher.assert_one_copy()

    def test_its_daemon_loses_its_client(self):
        """The migration goes on without us, and when the link is back we know how it ended."""
        guest = self.guest(dirty_mib_s=0)
        self.addCleanup(self.lab.client_node.link.clear)
        run = self.start(guest, "h1", "h2", via="python", transport="tls", bandwidth=2 * MIB)
        run.wait_copying()
        self.lab.client_node.link.cut()
        guest.watcher.wait_beat("h2", timeout=PATIENCE)
        self.assertEqual(run.of(guest, "result"), [])
        run.wait_state("unknown")
        self.lab.client_node.link.restore()
        outcome = run.outcome()
        self.assertEqual((outcome.outcome, outcome.where, outcome.encryption),
                         ("succeeded", "h2", "encrypted"), outcome)
        self.check_after(guest, "h2")
        self.moves(guest, "h2", "h1", transport="tls")


class Link(FaultTest):
    def test_cut_for_good(self):
        guest = self.guest()
        began = time.monotonic()
        run = self.copying(guest, via="python")
        cut = time.monotonic()
        self.lab.h2.link.cut()
        self.addCleanup(self.lab.h2.link.clear)
        self.assert_stayed(run, guest, ("unreachable", "destination-failed"),
                           "while copying memory", began=cut, bound=KEEPALIVE + 15)
        self.check_after(guest, "h1")
        support.note("the guest's longest pause: %.0f ms"
                     % guest.watcher.downtime_ms(since=began))
        self.lab.h2.link.restore()
        self.moves(guest, "h1", "h2")

    def test_cut_for_a_moment(self):
        guest = self.guest()
        run = self.copying(guest)
        self.addCleanup(self.lab.h2.link.clear)
        self.lab.h2.link.cut()
        time.sleep(2)
        self.lab.h2.link.restore()
        self.assertTrue(run.ask("bandwidth", FAST)["ok"])
        self.assert_moved(run.outcome())
        self.check_after(guest, "h2")

    def test_cut_in_post_copy_and_back(self):
        """The daemons lose each other, QEMU does not: nothing is touched, and it completes."""
        guest = self.guest(autostart=True)
        run = self.in_post_copy(guest)
        self.lab.h2.link.cut()
        run.wait_state("unattended")
        for host, state in (("h1", "paused"), ("h2", "running")):
            self.assertTrue(guest.state(host).startswith(state), (host, guest.state(host)))
        answer = run.ask("cancel")
        self.assertEqual((answer["ok"], answer["error"]), (False, "cannot-cancel"), answer)
        self.lab.h2.link.clear()
        self.lab.h1.link.clear()
        outcome = run.outcome()
        self.assertEqual((outcome.outcome, outcome.where, outcome.mode, outcome.encryption),
                         ("succeeded", "h2", "post-copy", "encrypted"), outcome)
        # libvirt does not undefine it on its source then; that is told, and nothing starts there
        self.assertEqual(len(outcome.warnings), 1, outcome)
        self.assertIn("h1 still has the VM's definition", outcome.warnings[0])
        self.assertTrue(guest.state("h1").startswith("shut off"), guest.state("h1"))
        self.assertIn("disable", self.lab.h1.virsh("dominfo", guest.uuid).split("Autostart:")[1])
        self.undefine("h1", guest)
        self.check_after(guest, "h2")
        self.moves(guest, "h2", "h1")

    def test_reset_in_post_copy_is_recovered(self):
        """QEMU loses its connection: the VM stands still on both, and is taken up again."""
        guest = self.guest()
        run = self.in_post_copy(guest, via="python")
        self.lab.h1.link.reset()
        run.wait_state("postcopy-paused")
        broken = time.monotonic()
        self.lab.h1.link.clear()
        outcome = run.outcome()
        self.assertIn("recovering", self.states(run, guest))
        self.assertEqual((outcome.outcome, outcome.where, outcome.mode, outcome.encryption),
                         ("succeeded", "h2", "post-copy", "encrypted"), outcome)
        support.note("post-copy was paused, and had ended %.1f s later"
                     % (run.of(guest, "result")[0]["seen"] - broken))
        self.check_after(guest, "h2")
        self.moves(guest, "h2", "h1", via="python")


class Lost(FaultTest):
    def test_destination_qemu_is_killed_in_post_copy(self):
        guest = self.guest()
        for via in ("c", "tool"):
            with self.subTest(via=via):
                run = self.in_post_copy(guest, via)
                self.lab.h2.kill_qemu(guest.name)
                outcome = run.outcome()
                self.assertEqual((outcome.outcome, outcome.error), ("lost", "vm-lost"), outcome)
                self.assertEqual(outcome.where, "nowhere", outcome)
                for word in (guest.name, "h1", "h2", "post-copy", "do not resume"):
                    self.assertIn(word, outcome.message)
                if via == "tool":
                    self.assertEqual(outcome.exit_code, 5)
                # What is left is left alone
                self.assertEqual(guest.state("h1"), "paused (post-copy failed)")
                guest.watcher.wait_silence(0.5)
                guest.watcher.assert_one_copy()
                self.lab.h1.link.clear()
                self.lab.h1.virsh("destroy", guest.uuid)
                # libvirt on h2 had made it persistent already
                self.assertEqual(support.qemu_processes(self.lab.h2, guest), [])
                self.undefine("h2", guest)
                self.lab.h1.virsh("start", guest.uuid)
                guest.watcher.wait_beat("h1", timeout=PATIENCE)
        self.moves(guest, "h1", "h2")


class Power(FaultTest):
    def test_destination_loses_it(self):
        guest = self.guest()
        run = self.copying(guest)
        began = time.monotonic()
        self.lab.h2.power_off(silent=True)
        self.addCleanup(self.power_on)
        self.assert_stayed(run, guest, ("unreachable", "destination-failed"),
                           "while copying memory", began=began, bound=60)
        guest.watcher.wait_beat("h1")
        self.power_on()
        self.again(guest)

    def power_on(self):
        if not os.path.exists(self.lab.h2.path("init.pid")):
            self.lab.h2.start()


class Client(FaultTest):
    def test_the_tool_is_killed(self):
        guest = self.guest()
        run = self.copying(guest, via="tool")
        run.process.send_signal(signal.SIGKILL)
        run.wait_end()
        with support.tool(self.lab, "status", "--from", self.lab.h1.uri, "--to", self.lab.h2.uri,
                          guest.name) as status:
            self.assertEqual(status.wait_end(), 0, status.complaints())
            self.assertTrue(status.events[-1]["migrating"], status.events)
        with support.tool(self.lab, "cancel", "--from", self.lab.h1.uri, "--to", self.lab.h2.uri,
                          guest.name) as cancel:
            self.assertEqual(cancel.wait_end(), 0, cancel.events)
        self.again(guest, via="tool")


if __name__ == "__main__":
    unittest.main()
