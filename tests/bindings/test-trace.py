#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Traces and replays from Python: recorded, saved, read, decided upon again."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, Vmmig  # noqa: E402

SIMULATED = os.path.join(os.environ["VMMIG_BUILD_DIR"], "tests", "bindings", "simulated")
MIB, GIB = 1 << 20, 1 << 30
TRACE = """\
{"event":"trace","version":1,"vm":"db1","followed":false,"policy":{"maximum-downtime":500}}
{"event":"progress","phase":"pre-copy","monotonic-time":7,"elapsed":0,"fraction":0.5,"iteration":1}
"""


class Files(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = str(pathlib.Path(directory.name) / "trace")

    def write(self, text):
        pathlib.Path(self.path).write_text(text, encoding="utf-8")

    def refused(self, code, function, *arguments):
        with self.assertRaises(GLib.Error) as caught:
            function(*arguments)
        self.assertTrue(caught.exception.matches(Vmmig.error_quark(), code), caught.exception)
        return caught.exception.message

    def test_what_is_in_it(self):
        self.write(TRACE)
        trace = Vmmig.Trace.load(self.path)
        self.assertEqual(trace.get_n_records(), 2)
        header, progress = (trace.get_record(i).unpack() for i in range(2))
        self.assertEqual((header["event"], header["vm"]), ("trace", "db1"))
        self.assertEqual(progress["monotonic-time"], 7)
        self.assertEqual(trace.get_policy().get_maximum_downtime(), 500)

    def test_bad_ones_are_refused(self):
        self.write(TRACE.replace('"iteration":1', '"iteration":"1"'))
        message = self.refused(Vmmig.Error.INVALID_ARGUMENT, Vmmig.Trace.load, self.path)
        self.assertIn(f"{self.path}:2: iteration: ", message)
        self.write(TRACE.replace('"version":1', '"version":9'))
        self.refused(Vmmig.Error.NOT_SUPPORTED, Vmmig.Trace.load, self.path)
        self.refused(Vmmig.Error.WRONG_STATE, Vmmig.Trace().save, self.path)

    def test_recorded_and_replayed(self):
        """In a process of its own, with hosts in memory."""
        env = {**os.environ, "VMMIG_SIMULATED": "memory=512 dirty=2000 set=512 link=128",
               "LD_LIBRARY_PATH": f"{SIMULATED}:{os.environ.get('LD_LIBRARY_PATH', '')}"}
        done = subprocess.run([sys.executable, os.path.abspath(__file__), self.path], env=env,
                              timeout=120, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        trace = Vmmig.Trace.load(self.path)
        self.assertEqual(trace.get_record(trace.get_n_records() - 1).unpack()["outcome"], "failed")
        replay = trace.replay(Vmmig.ReplayStrategy.VMMIG, None)
        self.assertEqual(replay.end, Vmmig.ReplayEnd.GIVEN_UP)
        self.assertEqual(replay.decisions[-1].get_action(), Vmmig.DecisionAction.GIVE_UP)
        policy = trace.get_policy()
        policy.set_completion_timeout_per_gib(Vmmig.TIMEOUT_NONE)
        replay = trace.replay(Vmmig.ReplayStrategy.NOVA, policy)
        self.assertEqual(replay.end, Vmmig.ReplayEnd.OPEN)
        self.assertIsNone(replay.downtime)
        unknown = Vmmig.DIRTY_RATE_UNKNOWN
        words = (512 * MIB, 0, 128 * MIB, unknown, 0, None)
        forecast = Vmmig.Forecast.new_with_traces([trace, trace], *words)
        self.assertIn(forecast.verdict, (Vmmig.ForecastVerdict.CONVERGES_IF,
                                         Vmmig.ForecastVerdict.DOES_NOT_CONVERGE))
        for none in ([], None, [Vmmig.Trace()]):
            forecast = Vmmig.Forecast.new_with_traces(none, *words)
            self.assertEqual(forecast.text, Vmmig.Forecast.new_for(*words).text)
        policy.set_bandwidth(MIB)
        self.refused(Vmmig.Error.INVALID_POLICY, trace.replay, Vmmig.ReplayStrategy.VMMIG, policy)


class Models(unittest.TestCase):
    def test_a_model_is_tried(self):
        model = Vmmig.VmModel(memory=8 * GIB, working_set=2 * GIB, dirty_rate=200 * MIB,
                              bandwidth=100 * MIB)
        policy = Vmmig.MigrationPolicy(completion_timeout_per_gib=150, allow_post_copy=True)
        replay = model.replay(Vmmig.ReplayStrategy.VMMIG, policy)
        self.assertEqual(replay.get_end(), Vmmig.ReplayEnd.COMPLETED)
        self.assertTrue(1200000 <= replay.get_elapsed() < 1300000)
        values = replay.to_variant().unpack()
        self.assertEqual((values["strategy"], values["end"]), ("vmmig", "completed"))
        self.assertEqual(len(values["decisions"]), len(replay.get_decisions()))
        with self.assertRaises(GLib.Error):
            Vmmig.VmModel(dirty_rate=MIB).replay(Vmmig.ReplayStrategy.VMMIG, None)


def record(path):
    """With introspection's own means: signals and a main loop."""
    loop = GLib.MainLoop()
    hosts = [Vmmig.Node.new(f"qemu+ssh://root@{host}/system") for host in ("h1", "h2")]
    job = Vmmig.MigrationJob.new("web01", *hosts)
    job.set_policy(Vmmig.MigrationPolicy(completion_timeout_per_gib=16))
    trace = Vmmig.Trace()
    trace.record(job)
    job.run_async(None, lambda job, answer: loop.quit())
    loop.run()
    trace.save(path)


if __name__ == "__main__":
    if "VMMIG_SIMULATED" in os.environ:
        record(sys.argv[1])
    else:
        unittest.main()
