#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How migrations end that somebody attacks, breaks in the last moment, or only follows."""

import os
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB, PATIENCE  # noqa: E402

# So slow that a migration lasts until the test lets it go
SLOW = {"bandwidth": MIB}
CONTROL_PORT = 16514
# How soon the lab's daemons give each other up
KEEPALIVE = 6


def setUpModule():
    support.start_lab()


class ManInTheMiddle(support.LabTest):
    """Somebody sits on the data path and ends TLS there."""

    def between(self, guest, name, variant=None):
        """An interceptor who has certificates of this name, or a bad variant of them."""
        directory = tempfile.mkdtemp(dir=self.lab.directory)
        self.addCleanup(shutil.rmtree, directory)
        host = self.lab.host(name)
        if variant:
            self.lab.pki.break_(directory, name, host.addresses, variant, ["qemu"])
        else:
            self.lab.pki.restore(directory, name, ["qemu"])
        return self.lab.interceptor("h1", "h2", directory, guest.marker)

    def test_is_refused(self):
        guest = self.guest()
        # Of another CA; and of the right one, but another node's: a host that was taken over
        for via, name, variant, words in (("tool", "h2", "other-ca", "issuer"),
                                          ("python", "h1", None, "")):
            with self.subTest(name=name, variant=variant), \
                    self.between(guest, name, variant) as middle:
                outcome = self.migrate(guest, "h1", "h2", via=via)
                support.note("“%s”" % outcome.message)
                self.assert_refused(outcome, "insecure", "h1", guest.name, "h1", "h2", words,
                                    "vmmig pki check", "the VM is on h1 as before")
                self.assertGreater(middle.attempts, 0)
                # QEMU judges a certificate after the handshake, and before it says anything
                self.assertEqual(middle.bytes, 0)
                self.check_after(guest, "h1", memory=False)
        # The same one reads all of it, if the certificates are right: the above could have failed
        with self.between(guest, "h2") as middle:
            self.moves(guest, "h1", "h2")
        self.assertEqual(middle.hits, {guest.marker}, middle.complaints)


class SwitchOver(support.LabTest):
    """The destination's QEMU dies in the last moment."""

    def stopped(self, via):
        """A migration whose VM stands still on h1, with seconds' worth of it still to come."""
        guest = self.guest(working_set_mib=4)
        self.addCleanup(self.lab.h2.migration_link.clear)
        self.lab.h2.migration_link.shape("16mbit", latency="1s")
        run = self.start(guest, "h1", "h2", via=via, network="10.9.0.0/24")
        run.wait_copying()
        self.assertTrue(run.ask("downtime", 20000)["ok"])
        support.proc.wait_until(lambda: guest.state("h1").startswith("paused"), PATIENCE,
                                "the VM stands still on h1")
        return run, guest

    def assert_stayed(self, run, guest):
        outcome = run.outcome()
        support.note("%s: %s, “%s”" % (self.id().rpartition(".")[2], outcome.error,
                                       outcome.message))
        self.assertEqual((outcome.outcome, outcome.where), ("failed", "h1"), outcome)
        self.assertIn(outcome.error, ("destination-failed", "failed"))
        self.assert_told_well(run)
        self.lab.h2.migration_link.clear()
        self.check_after(guest, "h1")
        self.moves(guest, "h1", "h2")

    def test_while_the_last_pages_cross(self):
        run, guest = self.stopped("python")
        self.lab.h2.kill_qemu(guest.name)
        self.assert_stayed(run, guest)

    def test_with_all_of_it_there_and_not_started(self):
        """Nobody starts it there, because its daemon sleeps: the source's copy is still the VM."""
        run, guest = self.stopped("c")
        self.addCleanup(self.lab.h2.continue_daemon)
        self.lab.h2.stop_daemon()
        self.lab.h2.migration_link.clear()
        support.proc.wait_until(
            lambda: "Data remaining:   0.000" in self.lab.h1.virsh("domjobinfo", guest.uuid),
            KEEPALIVE, "all of the VM is on h2")
        self.assertEqual(guest.state("h1"), "paused (migrating)")
        self.lab.h2.kill_qemu(guest.name)
        self.lab.h2.continue_daemon()
        self.assert_stayed(run, guest)

    def test_when_it_runs_there(self):
        """The source hears that it was started, and gives its copy up: none is left."""
        run, guest = self.stopped("tool")
        self.addCleanup(self.lab.h2.link.clear)
        # What h2's daemon says is late: by then it is not true any more
        self.lab.h2.link.drop(port=CONTROL_PORT, direction="from")
        self.lab.h2.migration_link.clear()
        guest.watcher.wait_beat("h2", timeout=KEEPALIVE)
        self.lab.h2.kill_qemu(guest.name)
        self.lab.h2.link.clear()
        outcome = run.outcome()
        support.note("%s: “%s”" % (outcome.error, outcome.message))
        self.assertEqual((outcome.outcome, outcome.where, outcome.error),
                         ("failed", "nowhere", "vm-stopped"), outcome)
        self.assertIn("h1 gave it up, because h2 had taken it over", outcome.message)
        self.assertEqual(guest.states(), {"h2": "shut off (crashed)"})


class Followers(support.LabTest):
    """Nobody tells them; what they can see they tell, and no more."""

    def follow(self, guest):
        """A migration, and two that follow it: one knows its destination."""
        run = self.start(guest, "h1", "h2", via="c", **SLOW)
        run.wait_copying(processed=MIB)
        followers = [self.start(guest, "h1", "h2", via="python", attach=True),
                     self.start(guest, "h1", None, via="tool", attach=True)]
        for follower in followers:
            follower.wait_copying()
        return run, followers

    def outcomes(self, followers, fault):
        """What each says: the truth, or that it does not know."""
        known = 0
        for follower in followers:
            outcome = follower.outcome()
            self.assertEqual(outcome.where, "h1", outcome)
            if outcome.outcome == "cancelled":
                found = "cancelled"
                self.assertEqual(outcome.error, "cancelled")
                self.assertIn("by somebody or by the program that started it", outcome.message)
            else:
                self.assertEqual((outcome.outcome, outcome.error), ("failed", "failed"), outcome)
                found = "failed" if "it failed while" in outcome.message else "unknown"
                if found == "unknown":
                    self.assertIn("whether it failed or was cancelled is not known",
                                  outcome.message)
            if follower.via == "tool":
                self.assertEqual(outcome.exit_code, 6 if found == "cancelled" else 3)
            self.assertIn(found, (fault, "unknown"), outcome)
            known += found == fault
        return known

    def end(self, fault, run, guest):
        if fault == "cancelled":
            run.say("cancel " + guest.name)
        else:
            self.lab.h2.kill_qemu(guest.name)

    def test_a_cancel_is_told_from_a_failure(self):
        """By what libvirt shows while it clears up; here h2 takes its time for that."""
        guest = self.guest()
        for fault in ("cancelled", "failed"):
            run, followers = self.follow(guest)
            self.addCleanup(self.lab.h2.continue_daemon)
            self.lab.h2.stop_daemon()
            self.end(fault, run, guest)
            time.sleep(1)
            self.lab.h2.continue_daemon()
            self.assertEqual(self.outcomes(followers, fault), 2)
            run.outcome()
            self.check_after(guest, "h1", memory=False)


class Killed(support.LabTest):
    """The program that migrates dies, and the migration does not."""

    def status(self, *arguments):
        with support.tool(self.lab, "status", *arguments) as run:
            self.assertEqual(run.wait_end(), 0, run.complaints())
            return run.events

    def test_the_next_migration_finishes_what_it_left(self):
        guest = self.guest(autostart=True)
        ends = ["--from", self.lab.h1.uri, "--to", self.lab.h2.uri]
        run = self.start(guest, "h1", "h2", via="c", bandwidth=8 * MIB)
        run.wait_copying()
        run.process.kill()
        run.wait_end()
        guest.watcher.wait_beat("h2", timeout=PATIENCE)
        support.proc.wait_until(lambda: list(guest.states()) == ["h2"], PATIENCE, "it left h1")
        status = self.status(*ends, guest.name)[-1]
        self.assertEqual((status["location"], status["migrating"]), ("destination", False), status)
        self.assertIn("The mark of that job is still", status["advice"])
        self.assertEqual(self.status("--from", self.lab.h2.uri), [])
        self.assertNotIn("enable", self.autostart("h2", guest))
        self.moves(guest, "h2", "h1", via="tool")
        self.assertIn("enable", self.autostart("h1", guest))

    def autostart(self, host, guest):
        info = self.lab.host(host).virsh("dominfo", guest.uuid)
        return info.split("Autostart:")[1].split()[0]


if __name__ == "__main__":
    unittest.main()
