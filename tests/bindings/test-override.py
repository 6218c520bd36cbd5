#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Python adds: await, async for, attributes; without hosts, and with hosts in memory."""

import asyncio
import contextlib
import gc
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import weakref

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, Vmmig  # noqa: E402

NOWHERE = "qemu+unix:///system?socket=/nonexistent"
H1, H2 = "qemu+ssh://root@h1/system", "qemu+ssh://root@h2/system"
# The hosts in memory are made once per process, so each of these runs in one of its own
SIMULATED = os.path.join(os.environ["VMMIG_BUILD_DIR"], "tests", "bindings", "simulated")


def nowhere_job(vm="vm", source=NOWHERE):
    destination = Vmmig.Node(uri=NOWHERE, peer_uri="qemu+tls://h2/system")
    return Vmmig.MigrationJob.new(vm, Vmmig.Node.new(source), destination)


def is_error(error, code):
    return error.matches(Vmmig.error_quark(), code)


class Awaiting(unittest.TestCase):
    def assert_raises(self, awaitable, code):
        with self.assertRaises(GLib.Error) as caught:
            asyncio.run(awaitable())
        self.assertTrue(is_error(caught.exception, code), caught.exception)

    def test_errors_are_glibs(self):
        self.assert_raises(lambda: nowhere_job().run(), Vmmig.Error.UNREACHABLE)
        self.assert_raises(lambda: nowhere_job().attach(), Vmmig.Error.UNREACHABLE)
        self.assert_raises(lambda: nowhere_job().query(), Vmmig.Error.UNREACHABLE)
        self.assert_raises(lambda: Vmmig.Node.new(NOWHERE).open(), Vmmig.Error.UNREACHABLE)
        self.assert_raises(lambda: Vmmig.Node.new(NOWHERE).list_migrations(),
                           Vmmig.Error.UNREACHABLE)
        self.assert_raises(lambda: Vmmig.Node.new(NOWHERE).get_labels("vm"),
                           Vmmig.Error.UNREACHABLE)
        self.assert_raises(lambda: Vmmig.Node.new(NOWHERE).change_labels("vm", {"a": "b"}),
                           Vmmig.Error.UNREACHABLE)
        self.assert_raises(lambda: Vmmig.Node.new(NOWHERE).change_labels("vm", {"a b": "c"}),
                           Vmmig.Error.INVALID_ARGUMENT)
        self.assert_raises(lambda: nowhere_job(source="http://x").run(),
                           Vmmig.Error.INVALID_ARGUMENT)
        self.assert_raises(lambda: nowhere_job(source="qemu+ssh://h/system?command=x").run(),
                           Vmmig.Error.INSECURE)
        for awaitable in (lambda job: job.cancel(), lambda job: job.switch_to_post_copy(),
                          lambda job: job.set_bandwidth(1 << 20),
                          lambda job: job.set_maximum_downtime(100)):
            self.assert_raises(lambda call=awaitable: call(nowhere_job()), Vmmig.Error.WRONG_STATE)

    def test_a_refused_job_has_a_result(self):
        job = nowhere_job()
        with self.assertRaises(GLib.Error):
            asyncio.run(job.run())
        self.assertEqual(job.state, Vmmig.JobState.FAILED)
        self.assertEqual(job.result.outcome, Vmmig.JobState.FAILED)
        self.assertIsNone(job.result.downtime)
        self.assertIn("/nonexistent", job.result.reason)

    def test_progress_ends_with_the_job(self):
        async def main():
            job = nowhere_job()
            running = asyncio.create_task(job.run())
            seen = [progress async for progress in job.progress()]
            again = [progress async for progress in job.progress()]
            await asyncio.gather(running, return_exceptions=True)
            return job, seen, again

        job, seen, again = asyncio.run(main())
        self.assertTrue(job.is_finished())
        self.assertEqual((seen, again), ([], []))

    def test_everything_runs_in_the_coroutines_thread(self):
        async def main():
            threads = set()
            node = Vmmig.Node(uri=NOWHERE)
            job = Vmmig.MigrationJob(vm="vm", source=node, destination=Vmmig.Node.new(H2))
            for thing in (node, job):
                thing.connect("notify::state", lambda *_: threads.add(threading.get_ident()))
            with contextlib.suppress(GLib.Error):
                await node.open()
            with contextlib.suppress(GLib.Error):
                await job.run()
            self.assertEqual(node.state, Vmmig.NodeState.UNREACHABLE)
            self.assertEqual(threads, {threading.get_ident()})

        asyncio.run(main())

    def test_many_at_once(self):
        async def main():
            calls = [nowhere_job(f"vm{i}").run() for i in range(50)]
            return await asyncio.gather(*calls, return_exceptions=True)

        self.assertTrue(all(is_error(error, Vmmig.Error.UNREACHABLE)
                            for error in asyncio.run(main())))


class Loops(unittest.TestCase):
    """Whoever runs which loop where."""

    def run_one(self):
        with self.assertRaises(GLib.Error) as caught:
            asyncio.run(nowhere_job().run())
        self.assertTrue(is_error(caught.exception, Vmmig.Error.UNREACHABLE))

    def run_beside(self, loop):
        """asyncio in a thread of its own, while `loop` runs here."""
        failures = []

        def work():
            try:
                self.run_one()
            except BaseException as error:  # pylint: disable=broad-except
                failures.append(error)
            finally:
                GLib.idle_add(loop.quit)

        thread = threading.Thread(target=work)
        thread.start()
        loop.run()
        thread.join()
        self.assertEqual(failures, [])

    def test_nobody_runs_glib(self):
        for _ in range(5):
            self.run_one()

    def test_glib_runs_here_and_asyncio_elsewhere(self):
        self.run_beside(GLib.MainLoop())

    def test_glib_runs_elsewhere_and_asyncio_here(self):
        loop = GLib.MainLoop()
        thread = threading.Thread(target=loop.run)
        thread.start()
        self.run_one()
        GLib.idle_add(loop.quit)
        thread.join()

    def test_the_default_context_is_left_alone(self):
        ran = []
        source = GLib.idle_add(lambda: ran.append(threading.get_ident()) or GLib.SOURCE_REMOVE)
        self.run_one()
        self.assertEqual(ran, [])
        GLib.source_remove(source)

    @unittest.skipUnless(shutil.which("xvfb-run"), "xvfb-run is not installed")
    def test_gtk_runs_here_and_asyncio_elsewhere(self):
        program = f"""
import sys, gi
gi.require_version("Gtk", "3.0")
sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})
from gi.repository import Gtk
import unittest, importlib
class Loop:
    run, quit = staticmethod(Gtk.main), staticmethod(Gtk.main_quit)
class Test(importlib.import_module("test-override").Loops):
    def runTest(self):
        Gtk.Window(title="vmmig").show_all()
        self.run_beside(Loop)
sys.exit(not unittest.TextTestRunner().run(Test()).wasSuccessful())
"""
        try:
            gi.require_version("Gtk", "3.0")
        except ValueError as error:
            self.skipTest(str(error))
        done = subprocess.run(["xvfb-run", "-a", sys.executable, "-c", program], timeout=120,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_without_asyncio(self):
        loop = GLib.MainLoop()
        job = nowhere_job()
        seen = []
        job.connect("notify::state", lambda job, _: seen.append(job.state))

        def ended(job, answer):
            with self.assertRaises(GLib.Error):
                job.run_finish(answer)
            loop.quit()

        job.run_async(None, ended)
        loop.run()
        self.assertEqual(seen[-1], Vmmig.JobState.FAILED)

    def test_a_loop_in_another_thread_follows_a_job_of_glibs(self):
        async def follow(job):
            return [progress async for progress in job.progress()]

        loop = GLib.MainLoop()
        job = nowhere_job()
        follower = threading.Thread(target=lambda: asyncio.run(follow(job)))
        follower.start()
        job.run_async(None, lambda *_: loop.quit())
        loop.run()
        follower.join(30)
        self.assertFalse(follower.is_alive())


class Leftovers(unittest.TestCase):
    def test_no_thread_and_no_loop_stays(self):
        before = threading.active_count()
        loops = []

        async def main():
            loops.append(weakref.ref(asyncio.get_running_loop()))
            with contextlib.suppress(GLib.Error):
                await nowhere_job().run()

        for _ in range(10):
            asyncio.run(main())
        gc.collect()
        self.assertEqual(threading.active_count(), before)
        self.assertEqual([loop() for loop in loops], [None] * 10)

    def test_a_loop_that_is_closed_under_its_tasks(self):
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as silent:
            silent.bind(f"{directory}/socket")
            silent.listen()
            node = Vmmig.Node.new(f"qemu+unix:///system?socket={directory}/socket")
            loop = asyncio.new_event_loop()
            task = loop.create_task(node.open())
            loop.run_until_complete(asyncio.sleep(0.01))
            self.assertFalse(task.done())
            task._log_destroy_pending = False  # pylint: disable=protected-access
            loop.close()
            until = time.monotonic() + 30
            while any(thread.name == "vmmig-asyncio" for thread in threading.enumerate()):
                self.assertLess(time.monotonic(), until)
                time.sleep(0.1)


class Attributes(unittest.TestCase):
    def test_properties(self):
        policy = Vmmig.MigrationPolicy(bandwidth=1 << 20)
        self.assertEqual(policy.bandwidth, 1 << 20)
        policy.maximum_downtime = 200
        self.assertEqual(policy.get_maximum_downtime(), 200)
        self.assertTrue(policy.is_set("maximum-downtime"))
        node = Vmmig.Node.new(NOWHERE)
        node.addresses = ["10.9.0.1"]
        self.assertEqual(node.get_addresses(), ["10.9.0.1"])
        for name in ("uri", "state", "host_uuid"):
            with self.assertRaises(AttributeError):
                setattr(node, name, None)

    def test_words(self):
        job = nowhere_job("it's")
        self.assertIn("\"it's\"", repr(job))
        self.assertIn("pending", repr(job))
        self.assertIn("/nonexistent", repr(Vmmig.Node.new(NOWHERE)))
        self.assertIn("bandwidth=5", repr(Vmmig.MigrationPolicy(bandwidth=5)))
        self.assertIn("default", repr(Vmmig.MigrationPolicy()))

    def test_nothing_of_introspections_is_hidden(self):
        job = nowhere_job()
        handler = job.connect("progress", print)
        self.assertTrue(job.handler_is_connected(handler))
        job.disconnect(handler)
        for name in ("run_async", "run_finish", "get_state", "attach_async", "query_async"):
            self.assertTrue(callable(getattr(job, name)))


class Simulated(unittest.TestCase):
    """Each test in a process of its own, with hosts in memory."""


def simulated(words):
    def decorate(function):
        def test(self):
            env = {**os.environ, "VMMIG_SIMULATED": words, "VMMIG_SIMULATED_TEST": name,
                   "LD_LIBRARY_PATH": f"{SIMULATED}:{os.environ.get('LD_LIBRARY_PATH', '')}"}
            done = subprocess.run([sys.executable, os.path.abspath(__file__)], env=env, timeout=120,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

        name = function.__name__
        SIMULATED_TESTS[name] = function
        setattr(Simulated, f"test_{name}", test)
        return function

    return decorate


SIMULATED_TESTS = {}
ENDLESS = "memory=512 dirty=300 set=256"


def web01(**settings):
    policy = Vmmig.MigrationPolicy(**settings)
    return Vmmig.MigrationJob(vm="web01", source=Vmmig.Node.new(H1), destination=Vmmig.Node.new(H2),
                              policy=policy)


async def copying(job):
    """Returns once memory is copied."""
    async for progress in job.progress():
        if progress.processed > 0:
            return progress
    raise AssertionError("it ended before")


@simulated("labels=team=red")
async def labels_are_dicts():
    h1, h2 = Vmmig.Node.new(H1), Vmmig.Node.new(H2)
    assert await h1.get_labels("web01") == {"team": "red"}
    now = await h1.change_labels("web01", {"vmmig.org/critical": "true", "size": ""})
    assert now == {"team": "red", "vmmig.org/critical": "true", "size": ""}, now
    now = await h1.change_labels("web01", remove=["size", "nothing"])
    assert now == {"team": "red", "vmmig.org/critical": "true"}, now
    assert await h1.change_labels("web01") == now
    job = Vmmig.MigrationJob(vm="web01", source=h1, destination=h2)
    await job.run()
    assert await h2.get_labels("web01") == now
    for node, vm, labels, remove, code in (
            (h1, "web01", {}, None, Vmmig.Error.VM_NOT_FOUND),
            (h2, "web01", {"a": "b"}, ["a"], Vmmig.Error.INVALID_ARGUMENT),
            (h2, "web01", {"a": "b c"}, None, Vmmig.Error.INVALID_ARGUMENT)):
        try:
            raise AssertionError(await node.change_labels(vm, labels, remove))
        except GLib.Error as error:
            assert is_error(error, code), error


@simulated("")
async def hooks_that_take_their_time():
    phases, tasks = [], []

    def on_hook(job, hook):
        async def work():
            phases.append(hook.props.phase)
            await asyncio.sleep(0.05)
            if hook.get_phase() == Vmmig.HookPhase.CLEAN_UP:
                phases.append(hook.get_result().outcome)
            hook.release()

        hook.hold()
        tasks.append(asyncio.ensure_future(work()))

    job = web01()
    job.connect("hook", on_hook)
    result = await job.run()
    moments = [Vmmig.HookPhase.PREPARE, Vmmig.HookPhase.ARRIVED, Vmmig.HookPhase.CLEAN_UP]
    assert phases == moments + [Vmmig.JobState.SUCCEEDED], phases
    assert not result.get_warnings(), result.get_warnings()
    phases.clear()
    job = Vmmig.MigrationJob(vm="web01", source=Vmmig.Node.new(H2), destination=Vmmig.Node.new(H1))
    job.connect("hook", lambda job, hook: phases.append(hook.get_phase()) or hook.fail(
        Vmmig.Error.INCOMPATIBLE, "no bridge there"))
    try:
        raise AssertionError(await job.run())
    except GLib.Error as error:
        assert is_error(error, Vmmig.Error.INCOMPATIBLE), error
        assert "no bridge there" in error.message, error
    assert phases == [moments[0], moments[2]], phases
    # One that raises says nothing: the migration goes on, as after any other handler
    job = Vmmig.MigrationJob(vm="web01", source=Vmmig.Node.new(H2), destination=Vmmig.Node.new(H1))
    job.connect("hook", lambda job, hook: hook.nothing)
    hook_error, sys.excepthook = [], lambda *error: hook_error.append(error[0])
    assert (await job.run()).outcome == Vmmig.JobState.SUCCEEDED
    sys.excepthook = sys.__excepthook__
    assert hook_error == [AttributeError] * 3, hook_error


@simulated("memory=256")
async def a_migration_with_its_progress():
    job = web01()
    running = asyncio.create_task(job.run())
    signals, states = [], []
    job.connect("progress", lambda job, progress: signals.append(progress.fraction))
    job.connect("notify::state", lambda job, _: states.append(job.state.value_nick))
    first, second = await asyncio.gather(*[
        asyncio.create_task(collect(job)) for _ in range(2)])
    result = await running
    assert result.outcome == Vmmig.JobState.SUCCEEDED, result
    assert result.location == Vmmig.VmLocation.DESTINATION
    assert result.encryption == Vmmig.EncryptionStatus.ENCRYPTED
    assert result.downtime > 0 and result.get_downtime() == (True, result.downtime)
    assert job.result.job_id == job.id
    assert first == sorted(first) and first[-1] == 1 and second == first
    assert signals == sorted(signals)
    assert states[-1] == "succeeded", states
    assert "succeeded" in repr(result) and "destination" in repr(result)


async def collect(job):
    return [progress.fraction async for progress in job.progress()]


@simulated(ENDLESS)
async def cancelling_the_task_cancels_the_job():
    job = web01()
    running = asyncio.create_task(job.run())
    await copying(job)
    running.cancel()
    try:
        await running
        raise AssertionError("not cancelled")
    except asyncio.CancelledError as error:
        assert is_error(error.__cause__, Vmmig.Error.CANCELLED)
    assert job.state == Vmmig.JobState.CANCELLED
    assert job.result.location == Vmmig.VmLocation.SOURCE
    status = await job.query()
    assert status.location == Vmmig.VmLocation.SOURCE and not status.migrating, status


@simulated(ENDLESS)
async def a_time_out_is_a_cancel():
    job = web01()
    try:
        await asyncio.wait_for(job.run(), 2)
        raise AssertionError("no time-out")
    except asyncio.TimeoutError:
        pass
    assert job.result.outcome == Vmmig.JobState.CANCELLED, job.result


@simulated(ENDLESS + " link=512")
async def a_cancel_that_comes_too_late_waits_for_the_end():
    job = web01(allow_post_copy=True)
    running = asyncio.create_task(job.run())
    await copying(job)
    await job.switch_to_post_copy()
    async for progress in job.progress():
        if progress.phase == Vmmig.JobState.POST_COPY:
            break
    try:
        await job.cancel()
        raise AssertionError("post-copy was cancelled")
    except GLib.Error as error:
        assert is_error(error, Vmmig.Error.CANNOT_CANCEL), error
    running.cancel()
    try:
        await running
        raise AssertionError("not cancelled")
    except asyncio.CancelledError:
        pass
    assert job.result.outcome == Vmmig.JobState.SUCCEEDED, job.result
    assert job.result.mode == Vmmig.MigrationMode.POST_COPY


@simulated("memory=512 dirty=300 set=256 migrating")
async def somebody_elses_migration():
    node = Vmmig.Node.new(H1)
    await node.open()
    assert node.state == Vmmig.NodeState.READY and node.host_uuid, node
    names = [status.vm_name for status in await node.list_migrations()]
    assert names == ["web01"], names
    job = web01()
    following = asyncio.create_task(job.attach())
    await copying(job)
    following.cancel()
    await asyncio.wait([following])
    status = await job.query()
    assert status.migrating, "following ended it"
    again = web01()
    following = asyncio.create_task(again.attach())
    await copying(again)
    await again.set_bandwidth(64 << 20)
    await again.set_maximum_downtime(100)
    await again.cancel()
    try:
        await following
        raise AssertionError("not cancelled")
    except GLib.Error as error:
        assert is_error(error, Vmmig.Error.CANCELLED), error


@simulated("memory=1024 dirty=10 link=256")
async def a_slow_reader_sees_only_what_is_new():
    job = web01()
    running = asyncio.create_task(job.run())
    await copying(job)
    seen = []
    async for progress in job.progress():
        seen.append(time.monotonic() * 1e6 - progress.monotonic_time)
        time.sleep(1)  # not asyncio.sleep: the whole loop stands still
        if len(seen) == 3:
            break
    ages = [age - min(seen) for age in seen]
    assert max(ages) < 1e6, ages
    running.cancel()
    await asyncio.wait([running])


@simulated(ENDLESS)
async def a_question_is_left_at_once():
    job = web01()
    running = asyncio.create_task(job.run())
    await copying(job)
    question = asyncio.create_task(job.query())
    await asyncio.sleep(0)
    begin = time.monotonic()
    question.cancel()
    await asyncio.wait([question])
    assert question.cancelled() and time.monotonic() - begin < 1
    running.cancel()
    await asyncio.wait([running])
    assert job.is_finished()


if __name__ == "__main__":
    if "VMMIG_SIMULATED_TEST" in os.environ:
        asyncio.run(SIMULATED_TESTS[os.environ["VMMIG_SIMULATED_TEST"]]())
        assert threading.active_count() == 1, threading.enumerate()
    else:
        unittest.main()
