# Vmmig.py - what Python adds to libvmmig: `await` and `async for`
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Awaitables for libvmmig.

Everything that introspection gives stays as it is: `run_async()` and `run_finish()`, signals,
properties. Added are coroutines that work in any asyncio program, whether or not somebody runs a
GLib main loop:

    result = await job.run()
    async for progress in job.progress(): ...

Each asyncio loop has a private GMainContext. While something is awaited, a helper thread waits for
that context to become ready; what is ready then runs in asyncio's own thread: callbacks, signal
handlers, `notify`. So inside a coroutine there is one thread to think about, and the default
context, which may be GTK's, is never touched. Create the nodes inside the coroutine too: their
properties change in the context that was the thread's default when they were created.

Cancelling a task that awaits `job.run()` asks for the migration to be cancelled, and then waits
until it is certain where the VM is, before `asyncio.CancelledError` is raised. A cancel that comes
too late, when the VM has moved, raises it as well: `job.result` tells what happened.
"""

import asyncio
import collections
import contextlib
import functools
import threading
import weakref

from gi.repository import Gio, GLib, GObject

from ..module import get_introspection_module

Vmmig = get_introspection_module("Vmmig")
__all__ = []

# One turn of asyncio's loop dispatches at most so many GLib sources
_MOST_DISPATCHES = 100
# Seconds between looks at a loop that does not run, in case that it never will again
_LOOP_CHECK = 1.0


class _Gate(GLib.Source):
    """Lets the helper thread wait for its context without dispatching anything of it.

    Ready whenever the helper has waited, and ahead of all others: so it alone is dispatched
    there. In asyncio's thread it is never ready, and the others get their turn.
    """

    def __init__(self):
        super().__init__()
        self.helper = None
        # Numerically lower is earlier; no library uses this one
        self.set_priority(-(2 ** 31) + 1)

    def prepare(self):
        return False, -1

    def check(self):
        return threading.get_ident() == self.helper

    def dispatch(self, _callback, _args):
        return GLib.SOURCE_CONTINUE

    def __del__(self):
        try:
            super().__del__()
        except ImportError:
            pass  # PyGObject's own, when the interpreter shuts down


class _Bridge:
    """The private context of one asyncio loop. All of it but `_wait` is asyncio's thread's."""

    def __init__(self, loop):
        self._loop = weakref.ref(loop)
        self._context = GLib.MainContext.new()
        self._gate = _Gate()
        self._gate.attach(self._context)
        self._users = 0
        self._ending = False
        self._helper = None
        self._parked = None
        self._resume = None
        weakref.finalize(self, self._gate.destroy)

    @contextlib.contextmanager
    def in_use(self):
        """While something is awaited: the context is being waited for."""
        self._users += 1
        try:
            if self._helper is None:
                self._start()
            yield
        finally:
            self._users -= 1
            if self._users == 0:
                self._stop()

    @contextlib.contextmanager
    def as_default(self):
        """The context is the thread's default, so that what is called belongs to it."""
        self._take_back()
        self._context.push_thread_default()
        try:
            yield
        finally:
            self._context.pop_thread_default()

    def _start(self):
        self._parked = threading.Event()
        self._resume = threading.Event()
        self._ending = False
        self._helper = threading.Thread(target=self._wait, name="vmmig-asyncio", daemon=True)
        self._helper.start()

    def _stop(self):
        helper, self._helper = self._helper, None
        self._ending = True
        self._context.wakeup()
        self._resume.set()
        helper.join()
        # What came in the meantime; and what is left behind finds its context again
        self._dispatch()

    def _take_back(self):
        """The helper, if there is one, lets go of the context until the next turn."""
        if self._helper is not None:
            self._context.wakeup()
            self._parked.wait()

    def _wait(self):
        """The helper thread: waits, hands over, waits for its own turn."""
        parked, resume = self._parked, self._resume
        self._gate.helper = threading.get_ident()
        try:
            while not self._ending:
                self._context.iteration(True)
                loop = self._loop()
                if loop is None or self._ending:
                    break
                parked.set()
                loop.call_soon_threadsafe(self._turn, resume)
                del loop
                while not resume.wait(_LOOP_CHECK) and self._is_open():
                    pass
                resume.clear()
        except RuntimeError:
            pass  # the loop was closed under those who waited
        finally:
            self._gate.helper = None
            parked.set()

    def _is_open(self):
        loop = self._loop()
        return loop is not None and not loop.is_closed()

    def _turn(self, resume):
        """Asyncio's thread: runs what is ready, and lets the helper wait again."""
        if self._helper is None or resume is not self._resume:
            return
        if self._dispatch():
            asyncio.get_running_loop().call_soon(self._turn, resume)
            return
        self._parked.clear()
        resume.set()

    def _dispatch(self):
        """Whether there is more to do."""
        self._context.push_thread_default()
        try:
            for _ in range(_MOST_DISPATCHES):
                if not self._context.iteration(False):
                    return False
            return True
        finally:
            self._context.pop_thread_default()


_bridges = weakref.WeakKeyDictionary()
_bridges_lock = threading.Lock()


def _get_bridge(loop):
    with _bridges_lock:
        if loop not in _bridges:
            _bridges[loop] = _Bridge(loop)
        return _bridges[loop]


def _loop_context():
    """Inside a coroutine, the loop's context as the thread's default; elsewhere nothing."""
    try:
        return _get_bridge(asyncio.get_running_loop()).as_default()
    except RuntimeError:
        return contextlib.nullcontext()


async def _call(start, finish, *arguments, waits_for_truth=True):
    """Awaits one pair of C functions.

    Cancelled while it changes something, it waits for the answer all the same; a mere question is
    left at once.
    """
    loop = asyncio.get_running_loop()
    bridge = _get_bridge(loop)
    answered = loop.create_future()
    cancellable = Gio.Cancellable()
    cancelled = None

    def answer(_source, result, *_data):
        if not answered.done():
            answered.set_result(result)

    with bridge.in_use():
        with bridge.as_default():
            start(*arguments, cancellable, answer)
        while not answered.done():
            try:
                await asyncio.shield(answered)
            except asyncio.CancelledError as error:
                cancelled = error
                cancellable.cancel()
                if not waits_for_truth:
                    answered.cancel()
                    raise
    try:
        value = finish(answered.result())
    except GLib.Error as error:
        if cancelled is not None:
            raise cancelled from error
        raise
    if cancelled is not None:
        raise cancelled
    return value


def _add(cls):
    """Adds a function to a class of the library, under the function's name."""

    def add(function):
        function.__qualname__ = f"{cls.__name__}.{function.__name__}"
        setattr(cls, function.__name__, function)
        return function

    return add


# --- nodes -------------------------------------------------------------------------------------


def _in_loop_context(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with _loop_context():
            return function(*args, **kwargs)

    return wrapper


# Made inside a coroutine, a node belongs to the loop: its properties change there, and its
# credentials are asked there
Vmmig.Node.__init__ = _in_loop_context(Vmmig.Node.__init__)
Vmmig.Node.new = staticmethod(_in_loop_context(Vmmig.Node.new))
Vmmig.Node.set_credential_func = _in_loop_context(Vmmig.Node.set_credential_func)


@_add(Vmmig.Node)
async def open(self):  # pylint: disable=redefined-builtin
    """Connect to the node's daemon and ask what it is."""
    return await _call(self.open_async, self.open_finish, waits_for_truth=False)


@_add(Vmmig.Node)
async def list_migrations(self):
    """List the VMs that this node is migrating now, whoever started that."""
    return await _call(self.list_migrations_async, self.list_migrations_finish,
                       waits_for_truth=False)


@_add(Vmmig.Node)
async def get_labels(self, vm):
    """The labels of a VM, by its name or UUID, as a dict."""
    return await _call(self.get_labels_async, self.get_labels_finish, vm, waits_for_truth=False)


@_add(Vmmig.Node)
async def change_labels(self, vm, labels=None, remove=None):
    """Set some labels of a VM and remove others; all labels as they are then, as a dict."""
    return await _call(self.change_labels_async, self.change_labels_finish, vm, labels, remove)


@_add(Vmmig.Node)
async def measure_memory(self, vm, seconds=0):
    """The bytes that a VM uses, and how many of them it writes to in a second.

    The latter is Vmmig.DIRTY_RATE_UNKNOWN unless it was measured for some seconds.
    """
    _done, memory, dirty_rate = await _call(self.measure_memory_async, self.measure_memory_finish,
                                            vm, seconds)
    return memory, dirty_rate


@_add(Vmmig.Node)
async def preflight(self):
    """Look at the node by itself; what was found, as a PreflightReport."""
    return await _call(self.preflight_async, self.preflight_finish, waits_for_truth=False)


async def preflight_cluster(nodes, parallel_drains=1):
    """Look at all nodes of a cluster; what was found, as a PreflightReport."""
    return await _call(Vmmig.preflight_cluster_async, Vmmig.preflight_cluster_finish, nodes,
                       parallel_drains, waits_for_truth=False)


__all__.append("preflight_cluster")


# --- test migrations ---------------------------------------------------------------------------


@_add(Vmmig.TestMigration)
async def run(self):
    """Test the path; what was found, or GLib.Error.

    Cancelling the task that awaits this ends the test, and waits until its VM is removed.
    """
    return await _call(self.run_async, self.run_finish)


@_add(Vmmig.TestMigration)
async def clean_up(self):
    """Remove from both nodes what tests left there long ago; what was found."""
    return await _call(self.clean_up_async, self.clean_up_finish, waits_for_truth=False)


# --- schedulers --------------------------------------------------------------------------------


@_add(Vmmig.Scheduler)
async def submit(self, job):
    """Run a job as soon as nothing is in its way; the result, or GLib.Error.

    Until then `job.waiting` says what it waits for. Cancelling the task that awaits this asks for
    a cancel, as with `job.run()`.
    """
    return await _call(self.submit_async, self.submit_finish, job)


# --- jobs --------------------------------------------------------------------------------------


@_add(Vmmig.MigrationJob)
async def run(self):
    """Migrate the VM; the result, or GLib.Error.

    Cancelling the task that awaits this asks for a cancel, and waits until it is certain where
    the VM is. `job.result` says it in each case.
    """
    return await _call(self.run_async, self.run_finish)


@_add(Vmmig.MigrationJob)
async def attach(self):
    """Follow a migration that somebody else started to its end; the result, or GLib.Error.

    Cancelling the task that awaits this ends the following, not the migration.
    """
    return await _call(self.attach_async, self.attach_finish)


@_add(Vmmig.MigrationJob)
async def query(self):
    """Ask the nodes where the VM is and what is being done with it."""
    return await _call(self.query_async, self.query_finish, waits_for_truth=False)


@_add(Vmmig.MigrationJob)
async def preflight(self):
    """Look for everything that would stop or spoil the migration; a PreflightReport."""
    return await _call(self.preflight_async, self.preflight_finish, waits_for_truth=False)


@_add(Vmmig.MigrationJob)
async def cancel(self):
    """Ask for the migration to be cancelled; GLib.Error says why that cannot be done."""
    return await _call(self.cancel_async, self.cancel_finish)


@_add(Vmmig.MigrationJob)
async def switch_to_post_copy(self):
    """Switch the running migration to post-copy."""
    return await _call(self.switch_to_post_copy_async, self.switch_to_post_copy_finish)


@_add(Vmmig.MigrationJob)
async def set_bandwidth(self, bytes_per_second):
    """Change the bandwidth of the running migration."""
    return await _call(self.set_bandwidth_async, self.set_bandwidth_finish, bytes_per_second)


@_add(Vmmig.MigrationJob)
async def set_maximum_downtime(self, milliseconds):
    """Change the longest downtime that the running migration may cause."""
    return await _call(self.set_maximum_downtime_async, self.set_maximum_downtime_finish,
                       milliseconds)


@_add(Vmmig.MigrationJob)
async def change_policy(self, policy):
    """Change the policy of the running migration, all of it or nothing."""
    return await _call(self.change_policy_async, self.change_policy_finish, policy)


@_add(Vmmig.MigrationJob)
async def force_completion(self):
    """Let the running migration end now, by post-copy or by a pause, as its policy allows."""
    return await _call(self.force_completion_async, self.force_completion_finish)


@_add(Vmmig.MigrationJob)
async def progress(self):
    """Iterate over the snapshots of the running migration, to its end.

    Starts nothing: await `run()` or `attach()` in another task. The newest snapshot counts: who
    is slow sees fewer of them, never old ones. There may be several iterators, and the signal of
    the same name goes on working: `job.connect("progress", …)`.
    """
    loop = asyncio.get_running_loop()
    news = asyncio.Event()
    newest = collections.deque(maxlen=1)

    def tell(*_arguments):
        # The signals may come in another thread, if the job was started there
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(news.set)

    def keep(_job, snapshot):
        newest.append(snapshot)
        tell()

    handlers = [self.connect("progress", keep), self.connect("notify::state", tell)]
    try:
        while True:
            finished = self.is_finished()
            while newest:
                yield newest.pop()
            if finished:
                return
            await news.wait()
            news.clear()
    finally:
        for handler in handlers:
            self.disconnect(handler)


# --- attributes and words --------------------------------------------------------------------------


def _add_properties(cls):
    """`policy.bandwidth = n`: without this Python would take it, and the policy would not know."""

    def make(name, writable):
        def get(self):
            return self.get_property(name)

        def put(self, value):
            self.set_property(name, value)

        return property(get, put if writable else None)

    for pspec in cls.list_properties():
        writable = pspec.flags & GObject.ParamFlags.WRITABLE and \
            not pspec.flags & GObject.ParamFlags.CONSTRUCT_ONLY
        setattr(cls, pspec.name.replace("-", "_"), make(pspec.name, writable))


def _add_getters(cls):
    """`progress.fraction`, beside `progress.get_fraction()`."""
    for name in dir(cls):
        if name.startswith("get_"):
            setattr(cls, name[len("get_"):], property(getattr(cls, name)))


def _downtime(self):
    """Milliseconds, or None where it is not known."""
    known, milliseconds = self.get_downtime()
    return milliseconds if known else None


def _duration(self):
    """Milliseconds, or None before the end."""
    known, milliseconds = self.get_duration()
    return milliseconds if known else None


def _bandwidth(self):
    """Bytes per second, or None where it is not known."""
    known, rate = self.get_bandwidth()
    return rate if known else None


def _remaining(self):
    """Milliseconds: likely, low and high, or None where it is not known; high is None for no bound."""
    known, milliseconds, low, high = self.get_remaining()
    if not known:
        return None
    return milliseconds, low, None if high == Vmmig.FORECAST_OPEN else high


def _node_words(self):
    return f"<Vmmig.Node {self.name or self.uri} {self.state.value_nick}>"


def _policy_words(self):
    fields = {pspec.name.replace("-", "_"): pspec.name for pspec in self.list_properties()}
    values = [f"{name}={self.get_property(field)!r}" for name, field in sorted(fields.items())
              if self.is_set(field)]
    return f"<Vmmig.MigrationPolicy {' '.join(values) or 'with its defaults'}>"


def _job_words(self):
    places = [node.name or node.uri if node else "?" for node in (self.source, self.destination)]
    return f"<Vmmig.MigrationJob {self.vm!r} {' -> '.join(places)} {self.state.value_nick}>"


def _progress_words(self):
    return f"<Vmmig.MigrationProgress {self.phase.value_nick} {self.fraction:.0%} " \
           f"iteration {self.iteration} remaining {self.remaining}>"


def _result_words(self):
    return f"<Vmmig.MigrationResult {self.vm_name!r} {self.outcome.value_nick} " \
           f"on {self.location.value_nick} {self.encryption.value_nick}>"


def _status_words(self):
    doing = "migrating" if self.migrating else "not migrating"
    return f"<Vmmig.MigrationStatus {self.vm_name!r} on {self.location.value_nick} {doing}>"


def _forecast_words(self):
    return f"<Vmmig.Forecast {self.text!r}>"


def _replay_words(self):
    return f"<Vmmig.Replay {self.strategy.value_nick} {self.end.value_nick} {self.text!r}>"


def _finding_words(self):
    return f"<Vmmig.PreflightFinding {self.severity.value_nick} {self.id} {self.text!r}>"


def _preflight_words(self):
    blockers = self.count(Vmmig.PreflightSeverity.BLOCKER)
    return f"<Vmmig.PreflightReport {self.vm!r} {blockers} in the way>"


def _plan_words(self):
    words = f"ratio {self.ratio:.3f}" if self.is_complete() else "incomplete"
    return f"<Vmmig.Plan {len(self.moves)} moves {self.duration} ms {words}>"


def _plan_move_words(self):
    return f"<Vmmig.PlanMove {self.vm!r} {self.source} -> {self.destination} {self.text!r}>"


for _cls, _repr in ((Vmmig.Node, _node_words), (Vmmig.MigrationPolicy, _policy_words),
                    (Vmmig.MigrationJob, _job_words)):
    _add_properties(_cls)
    _cls.__repr__ = _repr
_add_properties(Vmmig.VmModel)
_add_properties(Vmmig.TestMigration)
for _cls, _repr in ((Vmmig.Forecast, _forecast_words),
                    (Vmmig.MigrationProgress, _progress_words),
                    (Vmmig.MigrationResult, _result_words),
                    (Vmmig.MigrationStatus, _status_words),
                    (Vmmig.Plan, _plan_words),
                    (Vmmig.PlanMove, _plan_move_words),
                    (Vmmig.PreflightFinding, _finding_words),
                    (Vmmig.PreflightReport, _preflight_words),
                    (Vmmig.Replay, _replay_words)):
    _add_getters(_cls)
    _cls.__repr__ = _repr
Vmmig.MigrationResult.downtime = property(_downtime)
Vmmig.Forecast.downtime = property(_downtime)
Vmmig.TestMigration.downtime = property(_downtime)
Vmmig.TestMigration.duration = property(_duration)
Vmmig.TestMigration.bandwidth = property(_bandwidth)
Vmmig.Replay.downtime = property(_downtime)
Vmmig.Forecast.remaining = property(_remaining)
