#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How migrations end that somebody attacks, breaks in the last moment, or only follows."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB  # noqa: E402

# So slow that a migration lasts until the test lets it go
SLOW = {"bandwidth": MIB}


def setUpModule():
    support.start_lab()


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

    def test_what_was_not_to_be_seen_is_not_guessed(self):
        """A failure is over at once as a rule, and between two polls."""
        guest = self.guest()
        run, followers = self.follow(guest)
        self.end("failed", run, guest)
        support.note("the failure was seen by %d of 2" % self.outcomes(followers, "failed"))
        run.outcome()
        self.check_after(guest, "h1", memory=False)


if __name__ == "__main__":
    unittest.main()
