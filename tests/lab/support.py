# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lab's tests share: one lab per module, migrations from all three sides, the verdict.

    def setUpModule():
        support.start_lab()

    class Modes(support.LabTest):
        def test_…(self):
            guest = self.guest()
            outcome = self.migrate(guest, "h1", "h2", via="python")
            self.assert_moved(outcome)
            self.check_after(guest, "h2")
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

from vmmiglab import Lab, LabError, proc, state  # noqa: E402

BUILD = os.environ.get("VMMIG_BUILD_DIR") or os.path.join(TOP, "build")
TOOL = os.path.join(BUILD, "examples/vmmig/vmmig")
PROGRAMS = {
    "c": [os.path.join(BUILD, "tests/lab/client/lab-client")],
    "python": ["/usr/bin/python3", os.path.join(HERE, "client/lab-client.py")],
}
SIDES = ("python", "c", "tool")
# For anything that has to happen: this machine may be slow
PATIENCE = 60
MIB = 1 << 20

Outcome = namedtuple("Outcome", "outcome where downtime encryption mode error message duration "
                                "transferred iterations warnings exit_code raw")
_POLICY = {"encryption", "bandwidth", "maximum_downtime", "auto_converge", "allow_post_copy",
           "parallel_connections", "compression", "network", "completion_timeout_per_gib",
           "progress_timeout", "convergence_strategy", "allow_workload_disruption",
           "early_switch"}
_JOB = {"copy_storage", "disks", "destination_xml", "persistence"}
_labs = []


def start_lab(hosts=2, **options):
    """For setUpModule(): a lab that ends with the module."""
    if os.getuid() != 0:
        raise unittest.SkipTest("namespaces and libvirtd need root")
    lab = Lab(hosts=hosts, **options)
    _labs.append(lab)
    unittest.addModuleCleanup(_end_lab, lab)
    return lab


def _end_lab(lab):
    _labs.remove(lab)
    lab.down()


def note(text):
    """A figure for whoever reads the log (a comment in TAP)."""
    print("# " + text, flush=True)


def environment():
    """What a program needs to run from the build tree."""
    values = dict(os.environ, LC_ALL="C.UTF-8", G_DEBUG="fatal-warnings", PYTHONUNBUFFERED="1")
    for name, directory in (("GI_TYPELIB_PATH", BUILD + "/libvmmig"),
                            ("LD_LIBRARY_PATH", BUILD + "/libvmmig"),
                            ("PYTHONPATH", TOP + "/bindings/python")):
        values[name] = directory + (":" + values[name] if values.get(name) else "")
    return values


# --- one migration under way -----------------------------------------------------------------------


class Program:
    """A process that says one JSON object per line."""

    def __init__(self, lab, command, inside=False, **kw):
        self.events = []
        self.stderr = tempfile.TemporaryFile()
        self._news = threading.Condition()
        self._ended = False
        start = lab.client_popen if inside else subprocess.Popen
        self.process = start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=self.stderr, env=environment(), text=True, bufsize=1, **kw)
        self.command = command
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            event["seen"] = time.monotonic()
            with self._news:
                self.events.append(event)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def complaints(self):
        """What it wrote to its standard error."""
        self.stderr.seek(0)
        return self.stderr.read().decode(errors="replace")

    def wait_event(self, fits, timeout=PATIENCE, what="an event"):
        """The first event that fits; AssertionError if none comes."""
        def found():
            return next((e for e in self.events if fits(e)), None)
        with self._news:
            self._news.wait_for(lambda: found() or self._ended, timeout)
            event = found()
        assert event, "%s did not come within %d s from %s\n%s\n%s" % (
            what, timeout, " ".join(self.command), "\n".join(map(str, self.events[-5:])),
            self.complaints())
        return event

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_end(self, timeout=PATIENCE):
        """Its exit code, once everything that it said was read."""
        code = self.process.wait(timeout)
        self._reader.join(timeout)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass


class Run(Program):
    """Migrations of one or more guests by one process."""

    def __init__(self, lab, guests, source, destination, /, via="c", transport="unix",
                 attach=False, more=(), **options):
        self.lab, self.via, self.transport = lab, via, transport
        self.guests = guests if isinstance(guests, (list, tuple)) else [guests]
        self.source = lab.host(source)
        self.destination = lab.host(destination) if destination else None
        self._files = []
        build = self._tool_command if via == "tool" else self._program_command
        command = build(attach, options) + list(more)
        super().__init__(lab, command, inside=transport != "unix")

    def close(self):
        super().close()
        for file in self._files:
            file.close()

    # The command line.

    def uri(self, host):
        return host.uri if self.transport == "unix" else host.peer_uri(self.transport)

    def _ends(self):
        ends = ["--from", self.uri(self.source)]
        return ends + (["--to", self.uri(self.destination)] if self.destination else [])

    def _names(self):
        return [guest.name for guest in self.guests]

    def _program_command(self, attach, options):
        command = PROGRAMS[self.via] + self._ends() + ["--source", "name=" + self.source.name]
        if self.destination:
            settings = {"name": self.destination.name, "peer-uri": self.destination.peer_uri(),
                        "addresses": ",".join(self.destination.addresses)}
            settings.update(options.pop("destination", {}))
            for name, value in settings.items():
                command += ["--destination", "%s=%s" % (name, _text(value))]
        for name, value in options.pop("source", {}).items():
            command += ["--source", "%s=%s" % (name, _text(value))]
        for name, value in options.items():
            kind = "policy" if name in _POLICY else "job"
            assert name in _POLICY | _JOB, name
            command += ["--" + kind, "%s=%s" % (name.replace("_", "-"), _text(value))]
        return command + (["--attach"] if attach else []) + self._names()

    def _tool_command(self, attach, options):
        assert len(self.guests) == 1
        command = [TOOL, "watch" if attach else "migrate"] + self._ends() + ["--json"]
        if not attach:
            settings = {"peer-uri": self.destination.peer_uri(),
                        "addresses": self.destination.addresses}
            settings.update(options.pop("destination", {}))
            command += ["--peer-uri", settings["peer-uri"]]
            for address in settings["addresses"]:
                command += ["--to-address", address]
        options.pop("source", None)
        for name, value in options.items():
            command += self._tool_option(name, value)
        return command + self._names()

    def _tool_option(self, name, value):
        if name == "encryption":
            return ["--no-encryption"] if value == "off" else []
        if name == "destination_xml":
            file = tempfile.NamedTemporaryFile("w", suffix=".xml")
            file.write(value)
            file.flush()
            self._files.append(file)
            return ["--xml", file.name]
        if isinstance(value, bool):
            flag = {"auto_converge": "--auto-converge", "allow_post_copy": "--post-copy",
                    "allow_workload_disruption": "--allow-workload-disruption",
                    "early_switch": "--early-switch"}[name]
            return [flag] if value else []
        option = {"maximum_downtime": "--max-downtime", "parallel_connections": "--parallel"}
        unit = {"maximum_downtime": "ms", "bandwidth": "B/s", "progress_timeout": "s",
                "completion_timeout_per_gib": "s"}.get(name, "")
        return [option.get(name, "--" + name.replace("_", "-")), _text(value) + unit]

    # What it says.

    def of(self, guest, kind):
        """The events of one kind about one guest."""
        name = (guest or self.guests[0]).name
        return [e for e in self.events if e["event"] == kind and e.get("vm") == name]

    def wait(self, kind, guest=None, timeout=PATIENCE, **fields):
        name = (guest or self.guests[0]).name
        return self.wait_event(
            lambda e: e["event"] == kind and e.get("vm") == name and
            all(e.get(k) == v for k, v in fields.items()),
            timeout, "‘%s’ %s of %s" % (kind, fields or "", name))

    def wait_state(self, nick, guest=None, timeout=PATIENCE):
        return self.wait("state", guest, timeout, state=nick)

    def wait_copying(self, guest=None, timeout=PATIENCE, iteration=0, processed=1):
        """Until it was said that memory flows."""
        name = (guest or self.guests[0]).name
        return self.wait_event(
            lambda e: e["event"] == "progress" and e.get("vm") == name and
            e.get("processed", 0) >= processed and e.get("iteration", 0) >= iteration and
            e["phase"] == "pre-copy",
            timeout, "memory of %s" % name)

    # Steering.

    def ask(self, what, *numbers, guest=None, timeout=PATIENCE):
        """What its user asks for: the answer, with `ok` and `took`.

        cancel, post-copy, bandwidth N, downtime N, force, query; not from the tool: time-out N."""
        guest = guest or self.guests[0]
        if self.via == "tool":
            return self._ask_tool(what, numbers, guest)
        known = len(self.of(guest, "answer"))
        self.say(" ".join([what, guest.name] + [str(n) for n in numbers]))
        self.wait_event(lambda e: len(self.of(guest, "answer")) > known, timeout,
                        "the answer to ‘%s’" % what)
        return self.of(guest, "answer")[known]

    def _ask_tool(self, what, numbers, guest):
        """As a person does: from another terminal."""
        began = time.monotonic()
        command = {"post-copy": ["postcopy"], "query": ["status"], "force": ["steer", "--force"],
                   "bandwidth": ["steer", "--bandwidth", "%sB/s" % (numbers or [0])[0]],
                   "downtime": ["steer", "--max-downtime", "%sms" % (numbers or [0])[0]],
                   }.get(what, [what])
        with tool(self.lab, *command, *self._ends(), guest.name,
                  inside=self.transport != "unix") as run:
            code = run.wait_end()
            answer = dict(run.events[-1], to=what, ok=code == 0, exit_code=code,
                          took=time.monotonic() - began)
        return answer

    def interrupt(self):
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def outcome(self, guest=None, timeout=PATIENCE):
        """What it says at the end."""
        guest = guest or self.guests[0]
        if len(self.guests) == 1:
            code = self.wait_end(timeout)
        else:
            code = None
            self.wait("result", guest, timeout)
        results = self.of(guest, "result")
        errors = self.of(guest, "error")
        assert len(results) <= 1 and len(errors) <= 1, (results, errors)
        assert results or errors, "no end is told: %s\n%s" % (self.events[-3:], self.complaints())
        raw = dict(errors[0] if errors else {}, **(results[0] if results else {}))
        where = {"source": self.source.name,
                 "destination": self.destination and self.destination.name}
        return Outcome(
            raw.get("outcome", "failed"), where.get(raw.get("location"), raw.get("location")),
            raw.get("downtime"), raw.get("encryption"), raw.get("mode"), raw.get("error"),
            raw.get("message", ""), raw.get("duration", 0) / 1000, raw.get("transferred"),
            raw.get("iterations"), raw.get("warnings", []), code, raw)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Tool(Program):
    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def tool(lab, command, *arguments, inside=False):
    """The tool with --json; a context manager."""
    return _Tool(lab, [TOOL, command, "--json", *arguments], inside=inside)


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, (list, tuple)) else str(value)


# --- the verdict -----------------------------------------------------------------------------------


def qemu_processes(host, guest):
    """Pids of the QEMUs of a guest on a host, also of those that libvirt forgot."""
    found = []
    for pid in proc.members("pid", proc.namespace(host.init_pid, "pid")):
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if words[0].rpartition(b"/")[2].startswith(b"qemu-system") and \
                guest.uuid.encode() in b" ".join(words):
            found.append(pid)
    return found


def leftovers(host, guest):
    """What a host still has of a guest, in words."""
    left = ["QEMU %d" % pid for pid in qemu_processes(host, guest)]
    for file in ("libvirt/qemu/%s.xml", "libvirt/qemu/autostart/%s.xml",
                 "run/libvirt/qemu/%s.xml", "run/libvirt/qemu/%s.pid"):
        if os.path.lexists(host.path(file % guest.name)):
            left.append(file % guest.name)
    known = guest.state(host)
    return left + (["the VM, " + known] if known else [])


class LabTest(unittest.TestCase):
    """A test with the module's lab."""

    own_lab = None  # of a class that needs another than its module's

    @property
    def lab(self):
        return self.own_lab or _labs[-1]

    def guest(self, host="h1", **options):
        """A guest of this test's own that runs, with its judge at guest.watcher."""
        settings = {"memory_mib": 32, "working_set_mib": 8, "verify_mib_s": 64, "beat": 1}
        settings.update(options)
        self._n_guests = getattr(self, "_n_guests", 0) + 1
        name = settings.pop("name", None) or "%s-%d" % (self.id().rpartition(".")[2].removeprefix("test_").replace("_", "-"),
                          self._n_guests)
        guest = self.lab.guest(host, name[-50:].lstrip("-"), **settings).start()
        self.addCleanup(guest.remove)
        guest.watcher = self.lab.watch(guest)
        if not settings.get("paused"):
            guest.watcher.wait_beat(host, timeout=PATIENCE)
        return guest

    def start(self, guests, source, destination, /, **options):
        """A migration that goes on while the test does something to it."""
        run = Run(self.lab, guests, source, destination, **options)
        self.addCleanup(run.close)
        return run

    def migrate(self, guest, source, destination, /, via="c", timeout=PATIENCE, **options):
        """The same migration by the Python API, the C client or the tool; its Outcome."""
        with Run(self.lab, guest, source, destination, via=via, **options) as run:
            outcome = run.outcome(timeout=timeout)
            self.assert_told_well(run, guest)
        return outcome

    def assert_told_well(self, run, guest=None):
        """The order of what was told: nothing goes back, the end comes once and last."""
        self.assertNotIn("CRITICAL", run.complaints())
        if run.via != "tool":
            self.assertEqual(run.process.returncode, 0, run.complaints())
        fractions = [e["fraction"] for e in run.of(guest, "progress")]
        self.assertEqual(fractions, sorted(fractions), "the shown fraction fell")
        states = [e["state"] for e in run.of(guest, "state")]
        self.assertEqual(len([s for s in states if s in ("succeeded", "failed", "cancelled",
                                                         "lost")]), run.via != "tool", states)
        for number in ("remaining", "total", "transfer-rate", "dirty-rate", "processed"):
            for event in run.of(guest, "progress"):
                self.assertLess(event.get(number, 0), 1 << 40, number)

    def assert_moved(self, outcome, encryption="encrypted", mode="pre-copy"):
        self.assertEqual((outcome.outcome, outcome.error), ("succeeded", None), outcome)
        self.assertIn(outcome.exit_code, (0, None))
        self.assertEqual(outcome.encryption, encryption)
        self.assertEqual(outcome.mode, mode)
        if encryption == "plaintext":
            self.assertEqual(len(outcome.warnings), 1)
            self.assertIn("Not encrypted", outcome.warnings[0])
        else:
            self.assertEqual(outcome.warnings, [])

    def assert_refused(self, outcome, error, where, *words):
        """It ended before anything was sent, with this code, and its message says why."""
        self.assertEqual((outcome.outcome, outcome.error), ("failed", error), outcome)
        self.assertEqual(outcome.encryption, "nothing-sent", outcome)
        self.assertEqual(outcome.where, where, outcome)
        for word in words:
            self.assertIn(word, outcome.message)

    def check_after(self, guest, host, paused=False, memory=True):
        """Exactly one copy ran, it is where it should be, whole, and nothing is left elsewhere."""
        expected = self.lab.host(host).name
        if not paused:
            guest.watcher.wait_beat(expected, timeout=PATIENCE)
        states = guest.states()
        self.assertEqual(list(states), [expected])
        self.assertTrue(states[expected].startswith("paused" if paused else "running"), states)
        for other in self.lab.hosts:
            self.assertEqual(len(qemu_processes(other, guest)), other.name == expected, other)
            if other.name != expected:
                self.assertEqual(leftovers(other, guest), [], other)
        xml = self.lab.host(host).virsh("dumpxml", guest.uuid)
        self.assertNotIn("vmmig", xml.replace(guest.name, ""))
        if not paused:
            guest.watcher.assert_one_copy()
            if memory:
                guest.watcher.assert_memory_intact(PATIENCE)

    def moves(self, guest, source, destination, /, via="c", **options):
        """It migrates, and all is well after it; the Outcome."""
        began = time.monotonic()
        expected = {"encryption": options.pop("expect_encryption", "encrypted"),
                    "mode": options.pop("expect_mode", "pre-copy")}
        outcome = self.migrate(guest, source, destination, via=via, **options)
        took = time.monotonic() - began
        self.assert_moved(outcome, **expected)
        self.assertEqual(outcome.where, self.lab.host(destination).name)
        self.check_after(guest, destination)
        self.note_figures(guest, outcome, via, began, took)
        return outcome

    def note_figures(self, guest, outcome, via, began, took):
        note("%s by %s: %.1f s (the job: %.1f s), %.1f MiB, downtime %s ms by QEMU, %.0f ms felt, "
             "%s, %s" % (self.id().rpartition(".")[2], via, took, outcome.duration,
                         (outcome.transferred or 0) / MIB, outcome.downtime,
                         guest.watcher.downtime_ms(since=began), outcome.mode,
                         outcome.encryption))


__all__ = ["LabError", "LabTest", "MIB", "PATIENCE", "Program", "Run", "SIDES", "leftovers", "note", "proc",
           "qemu_processes", "start_lab", "state", "tool"]
