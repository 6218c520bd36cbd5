# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs that dirty memory faster than it is copied, under policies that say what to do then."""

import time
import unittest

import support
from support import MIB, SIDES

# Of a guest's 33 MiB (with its ROMs): about 6.5 s
PER_GIB = 200
TIMEOUT = 33 / 1024 * PER_GIB


def setUpModule():
    support.start_lab()


class Hard(support.LabTest):
    """A guest that writes 32 MiB/s into 16 MiB, over 8 MiB/s."""

    def start_hard(self, guest, source, destination, via, **options):
        return self.start(guest, source, destination, via=via, bandwidth=8 * MIB,
                          completion_timeout_per_gib=PER_GIB, **options)

    def hard_guest(self):
        return self.guest(working_set_mib=16, dirty_mib_s=32)

    def decisions(self, run, guest):
        found = [d for d in run.of(guest, "decision") if d["action"] != "go-on"]
        for decision in found:
            support.note("after %.1f s: %s, “%s”" % (decision["elapsed"] / 1000,
                                                     decision["action"], decision["text"]))
        return found

    def test_it_is_given_up_when_its_time_is_over(self):
        guest = self.hard_guest()
        for via in SIDES:
            with self.subTest(via=via):
                run = self.start_hard(guest, "h1", "h2", via)
                outcome = run.outcome()
                self.assertEqual((outcome.outcome, outcome.error, outcome.where),
                                 ("failed", "not-converging", "h1"), outcome)
                for word in (guest.name, "h1", "h2", "copying memory", "allow post-copy"):
                    self.assertIn(word, outcome.message)
                last = self.decisions(run, guest)[-1]
                self.assertEqual((last["action"], last["reason"]),
                                 ("give-up", "completion-timeout"))
                self.assertGreaterEqual(last["elapsed"] / 1000, TIMEOUT * 0.95)
                self.assertLess(last["elapsed"] / 1000, TIMEOUT + 4)
                self.check_after(guest, "h1")
        self.moves(guest, "h1", "h2")

    def test_it_completes_by_post_copy_when_its_time_is_over(self):
        guest = self.hard_guest()
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                run = self.start_hard(guest, *ends, via, allow_post_copy=True)
                outcome = run.outcome()
                self.assert_moved(outcome, mode="post-copy")
                last = self.decisions(run, guest)[-1]
                self.assertEqual((last["action"], last["reason"]),
                                 ("post-copy", "completion-timeout"))
                self.assertGreaterEqual(last["elapsed"] / 1000, TIMEOUT * 0.95)
                self.assertLess(last["elapsed"] / 1000, TIMEOUT + 13)
                self.check_after(guest, ends[1])
                ends.reverse()

    def test_it_is_paused_when_its_time_is_over(self):
        guest = self.hard_guest()
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                began = time.monotonic()
                run = self.start_hard(guest, *ends, via, allow_workload_disruption=True)
                outcome = run.outcome()
                self.assert_moved(outcome, mode="paused")
                last = self.decisions(run, guest)[-1]
                self.assertEqual((last["action"], last["reason"]),
                                 ("pause", "completion-timeout"))
                self.check_after(guest, ends[1])
                felt = guest.watcher.downtime_ms(since=began)
                support.note("paused: %s ms by the result, %.0f ms felt" % (outcome.downtime, felt))
                # It wrote to all of its 16 MiB since QEMU looked last
                self.assertGreater(outcome.downtime, 300)
                self.assertLess(abs(outcome.downtime - felt), 1000)
                ends.reverse()

    def test_a_paused_vm_runs_again_when_its_migration_is_cancelled(self):
        guest = self.hard_guest()
        run = self.start(guest, "h1", "h2", via="python", bandwidth=2 * MIB,
                         allow_workload_disruption=True)
        run.wait_copying()
        answer = run.ask("force")
        self.assertTrue(answer["ok"], answer)
        guest.watcher.wait_silence(0.5)
        self.assertTrue(run.ask("cancel")["ok"])
        self.assertEqual(run.outcome().outcome, "cancelled")
        self.check_after(guest, "h1")

    def test_a_migration_of_another_process_is_steered_and_forced(self):
        guest = self.hard_guest()
        run = self.start(guest, "h1", "h2", via="tool", bandwidth=4 * MIB,
                         allow_workload_disruption=True)
        run.wait_copying()
        for what in (("bandwidth", 8 * MIB), ("downtime", 400), ("force",)):
            answer = run.ask(*what)
            self.assertTrue(answer["ok"], answer)
        outcome = run.outcome()
        self.assertEqual((outcome.outcome, outcome.mode), ("succeeded", "paused"), outcome)
        self.assertIn("by somebody else", outcome.warnings[0])
        self.check_after(guest, "h2")

    def test_another_policy_holds_at_once(self):
        guest = self.hard_guest()
        for via in ("c", "python"):
            with self.subTest(via=via):
                run = self.start(guest, "h1", "h2", via=via, bandwidth=8 * MIB)
                run.wait_copying(iteration=3)
                answer = run.ask("time-out", 1)
                self.assertTrue(answer["ok"], answer)
                self.assertLess(answer["took"], 1)
                outcome = run.outcome(timeout=10)
                self.assertEqual((outcome.error, outcome.where), ("not-converging", "h1"), outcome)
                self.assertIn("steered", [d["reason"] for d in run.of(guest, "decision")])
                self.check_after(guest, "h1")

    def test_it_is_given_up_when_it_makes_no_progress(self):
        guest = self.hard_guest()
        run = self.start(guest, "h1", "h2", via="python", bandwidth=8 * MIB, progress_timeout=8)
        outcome = run.outcome()
        self.assertEqual((outcome.error, outcome.where), ("not-converging", "h1"), outcome)
        self.assertEqual(self.decisions(run, guest)[-1]["reason"], "progress-timeout")
        self.check_after(guest, "h1")

    def test_more_downtime_is_allowed_step_by_step(self):
        guest = self.hard_guest()
        run = self.start(guest, "h1", "h2", via="c", bandwidth=16 * MIB, maximum_downtime=4000)
        self.assert_moved(run.outcome(timeout=2 * support.PATIENCE))
        limits = [d["downtime"] for d in self.decisions(run, guest)
                  if d["action"] == "set-downtime"]
        self.assertGreater(len(limits), 1)
        self.assertEqual(limits, sorted(set(limits)))
        self.assertLessEqual(limits[-1], 4000)
        self.check_after(guest, "h2")

    def test_kubevirts_loop(self):
        guest = self.hard_guest()
        run = self.start(guest, "h1", "h2", via="tool", bandwidth=8 * MIB,
                         completion_timeout_per_gib=10, convergence_strategy="kubevirt")
        outcome = run.outcome()
        self.assertEqual((outcome.error, outcome.where), ("not-converging", "h1"), outcome)
        # It counts 33 MiB as a whole GB
        elapsed = self.decisions(run, guest)[-1]["elapsed"]
        self.assertTrue(10000 <= elapsed < 14000, elapsed)
        self.check_after(guest, "h1")


class Before(support.LabTest):
    def test_a_forecast_tells_a_calm_vm_from_a_hard_one(self):
        calm, hard = self.guest(dirty_mib_s=0), self.guest(memory_mib=64, working_set_mib=48,
                                                          dirty_mib_s=64)
        verdicts = {}
        for guest in (calm, hard):
            guest.watcher.wait_beat("h1")
            with support.tool(self.lab, "forecast", guest.name, "--on", self.lab.h1.uri,
                              "--bandwidth", "8MiB/s", "--measure", "1s") as run:
                self.assertEqual(run.wait_end(), 0, run.complaints())
                event = run.events[-1]
            support.note("%s: %s" % (guest.name, event["forecast"]["text"]))
            self.assertGreater(event["memory"], 0)
            self.assertLessEqual(event["memory"], 64 * MIB)
            verdicts[guest] = event["forecast"]["verdict"]
        self.assertNotEqual(verdicts[hard], "converges")
        self.assertNotEqual(verdicts[calm], "does-not-converge")
        self.moves(calm, "h1", "h2")


if __name__ == "__main__":
    unittest.main()
