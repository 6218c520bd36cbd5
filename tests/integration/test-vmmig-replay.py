#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vmmig replay: over a trace, over a model, and what it refuses."""

import pathlib
import tempfile
import unittest

from vmmig_tool import NODES, run

MODEL = "memory=8GiB,working-set=2GiB,dirty-rate=200MiB/s,link=100MiB/s"
SHORT = """\
{"event":"trace","version":1,"vm":"db1","followed":false,"policy":{}}
{"event":"progress","phase":"pre-copy","monotonic-time":7,"elapsed":0,"fraction":0.5}
"""


class Replays(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / "trace"

    def replay(self, *arguments, status=0):
        done = run("replay", *arguments)
        self.assertEqual(done.status, status, done.out + done.err)
        return done

    def test_what_was_recorded(self):
        done = run("migrate", "web01", *NODES, "--completion-timeout-per-gib", "16s", "--record",
                   str(self.path), "--json", simulated="memory=512 dirty=2000 set=512 link=128")
        self.assertEqual(done.status, 3, done.err)
        told = [event for event in done.events if event["event"] == "decision"]
        events = self.replay(str(self.path), "--json").events
        self.assertEqual([event["event"] for event in events], ["decision"] * (len(events) - 1) +
                         ["replay"])
        self.assertEqual(events[-2]["action"], "give-up")
        self.assertEqual(events[-2]["text"], told[-1]["text"])
        self.assertEqual((events[-1]["strategy"], events[-1]["end"]), ("vmmig", "given-up"))
        done = self.replay(str(self.path), "--completion-timeout-per-gib", "4s", "--post-copy")
        self.assertRegex(done.out, r"(?m)^\d+\.\d s: it switches to post-copy, which the recorded "
                                   "migration did not do here")
        done = self.replay(str(self.path), "--bandwidth", "1MiB/s", status=2)
        self.assertIn("had another bandwidth", done.err)
        for strategy in ("kubevirt", "nova", "ovirt"):
            self.replay(str(self.path), "--strategy", strategy)

    def test_what_was_seen_until_it_was_left(self):
        done = run("migrate", "web01", *NODES, "--wait", "2s", "--record", str(self.path),
                   simulated="memory=512 dirty=2000 set=512 link=128")
        self.assertEqual(done.status, 7, done.err)
        self.assertEqual(self.replay(str(self.path), "--json").events[-1]["end"], "open")

    def test_models(self):
        done = self.replay("--model", MODEL, "--strategy", "nova")
        lines = done.out.splitlines()
        self.assertIn("the downtime limit becomes 50 ms of at most 500", lines[0])
        self.assertEqual(lines[-1], "1 h 46 min: it gives up, and the VM stays where it is")
        self.assertEqual(self.replay("--model", MODEL, "--strategy", "nova").out, done.out)
        self.replay("--model", "memory=1GiB,link=1GiB/s,dirty-rate=0B/s")
        event = self.replay("--model", MODEL + ",busy=30s,idle=60s", "--json").events[-1]
        self.assertEqual(event["end"], "completed")
        self.assertGreater(event["downtime"], 0)

    def test_a_file_that_is_wrong(self):
        self.path.write_text(SHORT.replace("0.5", "5"), encoding="utf-8")
        self.assertIn(f"{self.path}:2: fraction: ", self.replay(str(self.path), status=2).err)
        event = self.replay(str(self.path), "--json", status=2).events[-1]
        self.assertEqual((event["event"], event["error"]), ("error", "invalid-argument"))
        self.path.write_text(SHORT, encoding="utf-8")
        self.replay(str(self.path))

    def test_mistakes(self):
        for words, error in {
                (): "One file, or --model",
                ("a", "b"): "One file, or --model",
                ("a", "--model", MODEL): "One file, or --model",
                ("--model", "memory=8GiB"): "link=",
                ("--model", MODEL + ",memory=1GiB"): "said twice",
                ("--model", MODEL + ",speed=1"): "‘speed=1’ is none of memory=",
                ("--model", "memory=8,link=1GiB/s"): "--model: memory: ",
                ("--model", "memory=8GiB/s,link=1GiB/s"): "--model: memory: ",
                ("--model", "memory=1B,link=1GiB/s"): "out of range",
                ("--model", "memory=1GiB,link=0B/s"): "link: ‘0B/s’ would move nothing",
                ("--model", MODEL, "--strategy", "proxmox"): "is none of vmmig, kubevirt, nova",
                ("--model", MODEL, "--max-downtime", "0s"): "maximum-downtime",
                ("--model", MODEL, "--progress-timeout", "5"): "--progress-timeout: ",
                ("--model", MODEL, "--post-copy", "--no-post-copy"): "contradict",
        }.items():
            done = self.replay(*words, status=1)
            self.assertIn(error, done.err, words)
        self.replay("--model", "memory=1GiB,link=1GiB/s,dirty-rate=1MiB/s", status=2)

    def test_where_nothing_can_be_recorded(self):
        done = run("migrate", "web01", *NODES, "--record", "/nonexistent/trace", simulated="")
        self.assertEqual(done.status, 1)
        self.assertIn("--record: cannot write /nonexistent/trace: ", done.err)


if __name__ == "__main__":
    unittest.main()
