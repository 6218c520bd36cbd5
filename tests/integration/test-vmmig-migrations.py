#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command-line tool with hosts in memory: what it shows of a migration, and how it ends."""

import os
import re
import signal
import tempfile
import unittest

from vmmig_tool import NODES, finish, run, run_on_terminal, started, wait_for

MIGRATE = ["migrate", "web01", *NODES]
# Some seconds of pre-copy that never ends by itself, and some of post-copy
ENDLESS = "memory=512 dirty=300 set=256"
LONG = "memory=1024 dirty=10 link=64"
DESTINATION_FAILED, NOT_CONVERGING = 19, 20  # of VmmigError


def is_state(state):
    return lambda event: event["event"] == "state" and event["state"] == state


def copies(event):
    return event["event"] == "progress" and event.get("processed", 0) > 0


class Migrations(unittest.TestCase):
    def assert_story(self, events):
        """Starts with its start, ends with its end, and never goes back."""
        self.assertEqual(events[0]["event"], "start")
        self.assertEqual(events[-1]["event"], "result")
        self.assertEqual({event["job-id"] for event in events}, {events[0]["job-id"]})
        times = [event["time"] for event in events]
        self.assertEqual(times, sorted(times))
        fractions = [event["fraction"] for event in events if event["event"] == "progress"]
        self.assertEqual(fractions, sorted(fractions))

    def test_pre_copy(self):
        done = run(*MIGRATE, "--json", simulated="")
        self.assertEqual(done.status, 0, done.err)
        self.assert_story(done.events)
        states = [event["state"] for event in done.events if event["event"] == "state"]
        self.assertEqual(states[:3], ["preflight", "preparing", "pre-copy"])
        start, result = done.events[0], done.events[-1]
        self.assertEqual((start["action"], start["encryption"]), ("migrate", "required"))
        self.assertEqual((start["source"], start["destination"]), (NODES[1], NODES[3]))
        for key, value in {"exit-code": 0, "outcome": "succeeded", "location": "destination",
                           "mode": "pre-copy", "encryption": "encrypted", "vm": "web01",
                           "vm-name": "web01"}.items():
            self.assertEqual(result[key], value)
        self.assertGreater(result["transferred"], 64 << 20)
        self.assertNotIn("error", result)

    def test_a_line_for_each_change(self):
        done = run(*MIGRATE, simulated="memory=256")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertNotIn("\x1b", done.out)
        self.assertNotIn("\r", done.out)
        lines = done.out.splitlines()
        self.assertIn("web01: pre-copy", lines)
        self.assertRegex(done.out, r"(?m)^web01  pre-copy  \d+ %  .*B/s  dirty .*iteration 1  left ")
        self.assertRegex(lines[-1], r"^web01 is on h2: [\d.]+ MiB in .*, downtime \d+ ms, pre-copy, "
                                    r"encrypted$")

    def test_a_destination_that_takes_its_time(self):
        done = run(*MIGRATE, simulated="prepare=4500")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertRegex(done.out, r"(?m)^web01: (h2|the destination) prepares for [34] s, and has "
                                   r"not begun to receive the VM$")

    def test_one_redrawn_line_on_a_terminal(self):
        done = run_on_terminal(*MIGRATE, simulated="memory=256")
        self.assertEqual(done.status, 0)
        *redrawn, last = done.out.rstrip("\r\n").split("\r")
        verdicts = done.out.count("web01: converges")
        self.assertEqual(done.out.count("\n"), 1 + verdicts, done.out)
        for text in redrawn[1:]:
            if "web01: converges" not in text and text != "\n":
                self.assertRegex(text, r"^web01  [a-z-]+  \d+ %")
        self.assertIn("\x1b[32mweb01 is on h2", last)

    def test_a_forecast(self):
        done = run(*MIGRATE, "--json", simulated="memory=512 dirty=60 set=256 link=256")
        self.assertEqual(done.status, 0, done.err)
        forecasts = [event["forecast"] for event in done.events if "forecast" in event]
        self.assertIn("converges", [forecast["verdict"] for forecast in forecasts])
        for forecast in forecasts:
            if "remaining" in forecast:
                self.assertLessEqual(forecast["remaining-low"], forecast["remaining"])
                self.assertLessEqual(forecast["remaining"],
                                     forecast.get("remaining-high", float("inf")))

    def test_the_verdict_is_told_once(self):
        done = run(*MIGRATE, simulated="memory=512 dirty=60 set=256 link=256")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(len(re.findall("(?m)^web01: converges, about ", done.out)), 1, done.out)
        self.assertRegex(done.out, r"(?m)^web01  pre-copy  \d+ %  ETA ")
        done = run_on_terminal(*MIGRATE, "--completion-timeout-per-gib", "28s",
                               simulated="memory=512 dirty=2000 set=512 link=128")
        self.assertEqual(done.status, 3, done.out)
        self.assertEqual(len(re.findall("web01: will not converge: needs at least [0-9]+ ms of "
                                        "downtime or [0-9]+ MiB/s", done.out)), 1, done.out)

    def test_colours_only_where_they_are_wanted(self):
        done = run_on_terminal(*MIGRATE, simulated="", NO_COLOR="1")
        self.assertNotRegex(done.out, r"\x1b\[\d*m")
        done = run_on_terminal(*MIGRATE, simulated="", TERM="dumb")
        self.assertNotIn("\x1b", done.out)

    def test_plaintext_is_shown_everywhere(self):
        done = run(*MIGRATE, "--no-encryption", "--json", simulated="no-tls")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(done.events[0]["encryption"], "off")
        self.assertEqual(done.events[-1]["encryption"], "plaintext")
        done = run(*MIGRATE, "--no-encryption", simulated="no-tls")
        self.assertRegex(done.out, r"\ANOT ENCRYPTED: .*\n")
        self.assertTrue(done.out.endswith("NOT ENCRYPTED\n"))
        done = run_on_terminal(*MIGRATE, "--no-encryption", simulated="no-tls")
        self.assertIn("\x1b[1;31mNOT ENCRYPTED", done.out)

    def hook(self, body):
        """A command whose last arguments end up in the file that is returned with it."""
        directory = self.enterContext(tempfile.TemporaryDirectory())
        script, log = os.path.join(directory, "hook"), os.path.join(directory, "log")
        with open(script, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho \"$@\" >>'%s'\n%s\n" % (log, body))
        os.chmod(script, 0o755)
        return "'%s' first" % script, log

    def lines(self, log):
        with open(log, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_a_hook_is_run_at_each_moment(self):
        command, log = self.hook("echo out; sleep 0.1")
        done = run(*MIGRATE, "--hook", command, "--json", simulated="")
        self.assertEqual(done.status, 0, done.err)
        self.assert_story(done.events)
        self.assertEqual(self.lines(log), ["first %s web01 %s %s" % (phase, NODES[1], NODES[3])
                                           for phase in ("prepare", "arrived", "clean-up")])
        self.assertEqual(done.events[-1]["warnings"], [])
        self.assertEqual(done.err, "out\n" * 3)

    def test_a_hook_may_refuse(self):
        for body, words in (("[ $2 != prepare ]", "code 1"), ("kill $$", "signal 15")):
            command, log = self.hook(body)
            done = run(*MIGRATE, "--hook", command, "--json", simulated="")
            self.assertEqual(done.status, 3, done.err)
            result = done.events[-1]
            self.assertEqual((result["outcome"], result["location"]), ("failed", "source"))
            self.assertRegex(result["message"], "hook before the start refused it: .*" + words)
            self.assertEqual([line.split()[1] for line in self.lines(log)],
                             ["prepare", "clean-up"])

    def test_a_hook_that_takes_too_long_or_is_none(self):
        command, _ = self.hook("exec sleep 20")
        done = run(*MIGRATE, "--hook", command, "--hook-timeout", "1s", "--json", simulated="")
        self.assertEqual(done.status, 3, done.err)
        self.assertEqual(done.events[-1]["error"], "timed-out")
        done = run(*MIGRATE, "--hook", "/nonexistent", "--json", simulated="")
        self.assertIn("/nonexistent", done.events[-1]["message"])
        for words in (["--hook", "'"], ["--hook", " "], ["--hook-timeout", "0s"]):
            done = run(*MIGRATE, *words, simulated="")
            self.assertEqual(done.status, 1, done.out)
            self.assertIn(words[0], done.err)

    def test_post_copy_by_request(self):
        for words in (["--post-copy-at-once"], ["--post-copy-after", "200ms"]):
            done = run(*MIGRATE, *words, "--json", simulated=ENDLESS + " link=256")
            self.assertEqual(done.status, 0, done.err)
            self.assert_story(done.events)
            self.assertEqual(done.events[-1]["mode"], "post-copy")

    def test_given_up_when_its_time_is_over(self):
        # 512 MiB at 4 s for a GiB: 2 s
        words = [*MIGRATE, "--completion-timeout-per-gib", "4s"]
        done = run(*words, "--json", simulated=ENDLESS + " link=256")
        self.assertEqual(done.status, 3, done.err)
        result = done.events[-1]
        self.assertEqual((result["error"], result["location"]), ("not-converging", "source"))
        decision = done.event("decision")
        self.assertEqual((decision["action"], decision["reason"]),
                         ("give-up", "completion-timeout"))
        self.assertEqual(result["decisions"][-1]["text"], decision["text"])
        self.assertTrue(2000 <= decision["elapsed"] < 10000, decision)
        done = run(*words, simulated=ENDLESS + " link=256")
        self.assertEqual(done.status, 3)
        self.assertIn("web01: " + decision["text"].split(" (")[0].split(":")[0], done.out)

    def test_post_copy_when_its_time_is_over(self):
        done = run(*MIGRATE, "--completion-timeout-per-gib", "4s", "--post-copy", "--json",
                   simulated=ENDLESS + " link=256")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(done.events[-1]["mode"], "post-copy")
        self.assertIn("post-copy", [event["action"] for event in done.events
                                    if event["event"] == "decision"])

    def test_not_waited_for(self):
        done = run(*MIGRATE, "--wait", "0s", "--json", simulated=ENDLESS)
        self.assertEqual(done.status, 7)
        self.assertEqual(done.events[-1]["event"], "left")
        self.assertRegex(done.events[-1]["look-later"], r"^vmmig status .*--from qemu\+ssh://root@h1")
        # It may be left only once it runs without us
        self.assertIn("pre-copy", [event.get("state") for event in done.events])


class Refusals(unittest.TestCase):
    def assert_ends(self, status, error, location, *arguments, simulated):
        done = run(*MIGRATE, *arguments, "--json", simulated=simulated)
        self.assertEqual(done.status, status, done.events[-1])
        self.assertEqual(done.events[-1]["exit-code"], status)
        self.assertEqual(done.events[-1]["error"], error)
        self.assertEqual(done.events[-1]["location"], location)

    def test_before_the_start(self):
        done = run("migrate", "web02", *NODES, "--json", simulated="")
        self.assertEqual((done.status, done.events[-1]["error"]), (2, "vm-not-found"))
        self.assert_ends(9, "unreachable", "unknown", "--connect-timeout", "1s", simulated="cut=h1")

    def test_without_certificates(self):
        self.assert_ends(8, "insecure", "source", simulated="no-tls")

    def test_by_the_hypervisor(self):
        self.assert_ends(3, "destination-failed", "source", simulated=f"fail={DESTINATION_FAILED}")
        self.assert_ends(3, "not-converging", "source", simulated=f"fail={NOT_CONVERGING}")

    def test_a_vm_that_is_lost_needs_an_operator(self):
        done = run(*MIGRATE, "--post-copy-at-once", "--json",
                   simulated=LONG + " end=h1 at=5000")
        self.assertEqual(done.status, 5, done.events[-1])
        self.assertEqual((done.events[-1]["outcome"], done.events[-1]["error"]), ("lost", "vm-lost"))


class Interruptions(unittest.TestCase):
    def test_one_cancels(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with started(*MIGRATE, simulated=ENDLESS) as process:
                wait_for(process, copies)
                process.send_signal(number)
                done = finish(process)
            self.assertEqual(done.status, 6, done.events[-1])
            self.assertEqual(done.events[-1]["outcome"], "cancelled")
            self.assertEqual(done.events[-1]["location"], "source")
            self.assertRegex(done.event("notice")["message"], "^Cancelling")

    def test_in_post_copy_it_goes_on(self):
        with started(*MIGRATE, "--post-copy-at-once", simulated=LONG) as process:
            wait_for(process, is_state("post-copy"))
            process.send_signal(signal.SIGINT)
            wait_for(process, lambda event: event["event"] == "notice" and
                     re.search("post-copy.*goes on$", event["message"]))
            done = finish(process)
        self.assertEqual(done.status, 0, done.events[-1])
        self.assertEqual(done.events[-1]["mode"], "post-copy")

    def test_a_second_one_leaves(self):
        with started(*MIGRATE, "--post-copy-at-once", simulated=LONG) as process:
            wait_for(process, is_state("post-copy"))
            process.send_signal(signal.SIGINT)
            wait_for(process, lambda event: event["event"] == "notice")
            process.send_signal(signal.SIGINT)
            done = finish(process)
        self.assertEqual(done.status, 7)
        self.assertEqual(done.events[-1]["event"], "left")
        self.assertIn("vmmig status", done.events[-1]["look-later"])

    def test_before_anything_was_started(self):
        with started(*MIGRATE, simulated="stop=h1") as process:
            wait_for(process, is_state("preflight"))
            process.send_signal(signal.SIGINT)
            done = finish(process)
        self.assertEqual(done.status, 6, done.events[-1])
        self.assertEqual(done.events[-1]["encryption"], "nothing-sent")


class Attempts(unittest.TestCase):
    TWICE = f"memory=64 fail={DESTINATION_FAILED} failures=2"

    def kinds(self, done):
        return [e["event"] for e in done.events if e["event"] in ("start", "result", "retry")]

    def test_there_is_one_unless_more_are_asked_for(self):
        done = run(*MIGRATE, "--json", simulated=self.TWICE)
        self.assertEqual((done.status, self.kinds(done)), (3, ["start", "result"]))

    def test_it_is_tried_again_after_longer_and_longer_pauses(self):
        done = run(*MIGRATE, "--attempts", "3", "--back-off", "1s", "--json", simulated=self.TWICE)
        self.assertEqual(done.status, 0, done.events[-1])
        self.assertEqual(self.kinds(done), ["start", "result", "retry"] * 2 + ["start", "result"])
        told = [(e["attempt"], e["attempts"], e["delay"], e["vm"])
                for e in done.events if e["event"] == "retry"]
        self.assertEqual(told, [(1, 3, 1, "web01"), (2, 3, 2, "web01")])
        self.assertEqual(len({e["job-id"] for e in done.events if "job-id" in e}), 3)

    def test_attempts_end(self):
        done = run(*MIGRATE, "--attempts", "2", "--back-off", "1s", simulated=self.TWICE)
        self.assertEqual(done.status, 3, done.err)
        self.assertIn("Attempt 1 of 2 failed, and web01 is on its source; the next one in 1 s",
                      done.err)
        self.assertNotIn("Attempt 2", done.err)

    def test_what_would_fail_again_is_not_tried_again(self):
        done = run(*MIGRATE, "--attempts", "5", "--back-off", "1s", "--json",
                   simulated=f"fail={NOT_CONVERGING}")
        self.assertEqual((done.status, self.kinds(done)), (3, ["start", "result"]))

    def test_a_vm_whose_place_is_not_known_is_not_tried_again(self):
        done = run(*MIGRATE, "--attempts", "5", "--back-off", "1s", "--connect-timeout", "1s",
                   "--json", simulated="cut=h1")
        # An error that is worth another attempt anywhere else
        self.assertEqual((done.status, done.events[-1]["error"]), (9, "unreachable"))
        self.assertEqual(done.events[-1]["location"], "unknown")
        self.assertNotIn("retry", self.kinds(done))

    def test_a_policy_says_it_too(self):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "10.conf"), "w") as f:
                f.write("[policy all]\nvm-selector=x=y\nattempts=2\nback-off=1s\n")
            os.chmod(directory, 0o755)
            done = run(*MIGRATE, "--policy-directory", directory, "--json",
                       simulated=f"labels=x=y memory=64 fail={DESTINATION_FAILED}")
        self.assertEqual(done.status, 0, done.events[-1])
        self.assertIn("retry", self.kinds(done))

    def test_nobody_has_to_wait_for_the_next_one(self):
        with started(*MIGRATE, "--attempts", "3", "--back-off", "60min",
                     simulated=self.TWICE) as process:
            wait_for(process, lambda event: event["event"] == "retry")
            process.send_signal(signal.SIGINT)
            done = finish(process)
        self.assertEqual((done.status, done.events[-1]["event"]), (3, "retry"))

    def test_bad_input(self):
        for words, says in ((("--attempts", "0"), "--attempts"), (("--attempts", "101"), "attempts"),
                            (("--back-off", "none"), "back-off"),
                            (("--back-off", "2"), "--back-off")):
            done = run(*MIGRATE, *words, simulated="")
            self.assertEqual(done.status, 1, done.err)
            self.assertIn(says, done.err)


class OthersMigrations(unittest.TestCase):
    def test_status(self):
        done = run("status", "web01", *NODES, "--json", simulated=ENDLESS + " migrating")
        self.assertEqual(done.status, 0, done.err)
        status = done.events[-1]
        self.assertEqual((status["event"], status["vm-name"]), ("status", "web01"))
        self.assertTrue(status["migrating"])
        self.assertEqual(status["location"], "source")
        done = run("status", "web01", *NODES, simulated=ENDLESS + " migrating")
        self.assertRegex(done.out, r"\Aweb01 is on its source, and is being migrated\n")

    def test_status_of_one_that_rests(self):
        done = run("status", "web01", *NODES[:2], simulated="")
        self.assertEqual(done.status, 0)
        self.assertRegex(done.out, r"\Aweb01 is on its source\n")
        self.assertEqual(run("status", "web02", *NODES, simulated="").status, 2)

    def test_list(self):
        done = run("status", *NODES[:2], "--json", simulated=ENDLESS + " migrating")
        self.assertEqual([event["vm-name"] for event in done.events], ["web01"])
        done = run("status", *NODES[:2], simulated="")
        self.assertEqual((done.status, done.out), (0, f"No migration runs on {NODES[1]}\n"))

    def test_watch(self):
        done = run("watch", "web01", *NODES, "--json", simulated="memory=256 migrating")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(done.events[-1]["outcome"], "succeeded")
        self.assertTrue(any(copies(event) for event in done.events))

    def test_watching_ends_and_the_migration_does_not(self):
        with started("watch", "web01", *NODES, simulated=ENDLESS + " migrating") as process:
            wait_for(process, copies)
            process.send_signal(signal.SIGINT)
            done = finish(process)
        self.assertEqual((done.status, done.events[-1]["event"]), (7, "left"))

    def test_nothing_to_watch(self):
        for command in ("watch", "cancel", "postcopy"):
            done = run(command, "web01", *NODES, "--json", simulated="")
            self.assertEqual(done.status, 2, done.events[-1])
            self.assertEqual(done.events[-1]["error"], "wrong-state")

    def test_cancel(self):
        done = run("cancel", "web01", *NODES, "--json", simulated=ENDLESS + " migrating")
        self.assertEqual(done.status, 0, done.events[-1])
        self.assertEqual(done.events[-1]["location"], "source")

    def test_post_copy(self):
        done = run("postcopy", "web01", *NODES, simulated=ENDLESS + " migrating post-copy")
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("vmmig watch", done.err)

    def test_post_copy_of_a_critical_vm_has_to_be_forced(self):
        simulated = ENDLESS + " migrating post-copy labels=vmmig.org/critical=true"
        done = run("postcopy", "web01", *NODES, "--json", simulated=simulated)
        self.assertEqual((done.status, done.events[-1]["error"]), (1, "invalid-policy"))
        self.assertIn("--force", done.events[-1]["message"])
        done = run("postcopy", "web01", *NODES, "--force", simulated=simulated)
        self.assertEqual(done.status, 0, done.err)

    def test_what_was_watched_can_be_replayed(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "trace")
            done = run("watch", "web01", *NODES, "--record", path, simulated="memory=256 migrating")
            self.assertEqual(done.status, 0, done.err)
            done = run("replay", path, "--json")
            self.assertEqual(done.status, 0, done.err)
            self.assertGreater(len(done.events), 0)
        done = run("watch", "web01", *NODES, "--record", "/nowhere/trace", simulated="")
        self.assertEqual(done.status, 1, done.err)

    def test_post_copy_that_was_not_allowed(self):
        done = run("postcopy", "web01", *NODES, simulated=ENDLESS + " migrating")
        self.assertEqual(done.status, 2, done.err)


class Forecasts(unittest.TestCase):
    """Before anything begins."""

    def forecast(self, *words, simulated):
        done = run("forecast", "web01", "--on", NODES[1], *words, "--json", simulated=simulated)
        self.assertEqual(done.status, 0, done.err)
        return done.events[-1]

    def test_it_is_measured(self):
        event = self.forecast("--bandwidth", "100MiB/s", "--measure", "1s",
                              simulated="memory=1024 dirty=1 set=256")
        self.assertEqual((event["event"], event["vm"]), ("forecast", "web01"))
        self.assertEqual((event["memory"], event["dirty-rate"]), (1 << 30, 1 << 20))
        self.assertEqual(event["forecast"]["verdict"], "converges")
        self.assertLessEqual(event["forecast"]["remaining-low"], 10240)
        self.assertGreaterEqual(event["forecast"]["remaining-high"], 10240)

    def test_a_vm_that_dirties_too_much_is_told(self):
        event = self.forecast("--bandwidth", "10MiB/s", "--measure", "1s",
                              simulated="memory=1024 dirty=500 set=1000")
        self.assertNotEqual(event["forecast"]["verdict"], "converges")
        self.assertIn("needed-bandwidth", event["forecast"])

    def test_without_a_measurement_nothing_is_claimed(self):
        event = self.forecast("--bandwidth", "10MiB/s", "--measure", "none",
                              simulated="memory=1024 dirty=500 set=1000")
        self.assertNotIn("dirty-rate", event)
        self.assertEqual(event["forecast"]["verdict"], "unknown")

    def test_an_earlier_migration_tells_more_than_a_sample(self):
        simulated = "memory=1024 dirty=500 set=512 link=100"
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "trace")
            done = run(*MIGRATE, "--completion-timeout-per-gib", "20s", "--record", path, "--json",
                       simulated=simulated)
            self.assertEqual(done.status, 3, done.err)
            words = ("--bandwidth", "100MiB/s", "--trace", path, "--trace", path)
            event = self.forecast(*words, simulated=simulated)
            self.assertIn("needed-bandwidth", event["forecast"])
            self.assertNotIn("dirty-rate", event)
            event = self.forecast(*words, "--measure", "1s", simulated=simulated)
            self.assertIn("dirty-rate", event)
            done = run("forecast", "db1", "--on", NODES[1], *words, simulated=simulated)
            self.assertEqual(done.status, 1, done.err)
            self.assertIn(f"{path} is of a migration of ‘web01’, not of ‘db1’", done.err)
            done = run("forecast", "web01", "--on", NODES[1], "--bandwidth", "100MiB/s",
                       "--trace", path + ".gone", simulated=simulated)
            self.assertEqual(done.status, 1, done.err)
            self.assertIn("--trace: ", done.err)

    def test_people_are_told_in_words(self):
        done = run("forecast", "web01", "--on", NODES[1], "--bandwidth", "100MiB/s",
                   simulated="memory=1024 dirty=1 set=256")
        self.assertEqual(done.status, 0, done.err)
        self.assertRegex(done.out, r"(?m)^web01: at most 1\.0 GiB in use, written to at some 1\.0 MiB/s$")


if __name__ == "__main__":
    unittest.main()
