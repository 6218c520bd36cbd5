# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the command-line tool for the tests: without hosts, or with hosts in memory."""

import contextlib
import json
import os
import pathlib
import pty
import select
import subprocess
import time

BUILD = pathlib.Path(os.environ["VMMIG_BUILD_DIR"])
SOURCE = pathlib.Path(os.environ["VMMIG_SOURCE_DIR"])
TOOL = BUILD / "examples" / "vmmig" / "vmmig"
SIMULATED = BUILD / "tests" / "bindings" / "simulated"
# Generous: the machine may be busy
TIMEOUT = 60
NODES = ["--from", "qemu+ssh://root@h1/system", "--to", "qemu+ssh://root@h2/system"]
NOWHERE = ["--from", "qemu+unix:///system?socket=/nonexistent",
           "--to", "qemu+unix:///system?socket=/nonexistent2", "--peer-uri", "qemu+tls://h2/system"]


def environment(simulated=None, **more):
    env = {**os.environ, "NO_COLOR": "", "LC_ALL": "C.UTF-8", **more}
    # libvirt's own messages, and criticals, are not hidden: G_DEBUG comes from the test's run
    if simulated is not None:
        env["VMMIG_SIMULATED"] = simulated
        env["LD_LIBRARY_PATH"] = f"{SIMULATED}:{env.get('LD_LIBRARY_PATH', '')}"
    return env


class Outcome:
    def __init__(self, status, out, err):
        self.status = status
        self.out = out.decode("utf-8")
        self.err = err.decode("utf-8")
        self.events = []

    def event(self, name):
        found = [event for event in self.events if event["event"] == name]
        return found[-1] if found else None


def run(*arguments, simulated=None, **more):
    """Runs the tool to its end."""
    done = subprocess.run([TOOL, *arguments], env=environment(simulated, **more), check=False,
                          capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    words = arguments[:arguments.index("--")] if "--" in arguments else arguments
    if "--json" in words:
        # Not splitlines(): that would also split at what JSON need not escape
        outcome.events = [json.loads(line) for line in outcome.out.split("\n") if line]
    return outcome


@contextlib.contextmanager
def started(*arguments, simulated):
    """The tool while it runs, with --json."""
    process = subprocess.Popen([TOOL, *arguments, "--json"], env=environment(simulated),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.events = []
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(process, wanted):
    """Reads events until `wanted` says that it has seen enough."""
    while True:
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"ended early: {process.events} {process.stderr.read()}")
        process.events.append(json.loads(line))
        if wanted(process.events[-1]):
            return process.events[-1]


def finish(process):
    for line in process.stdout:
        process.events.append(json.loads(line))
    outcome = Outcome(process.wait(TIMEOUT), b"", process.stderr.read())
    outcome.events = process.events
    return outcome


def run_on_terminal(*arguments, simulated=None, **more):
    """What a terminal gets to see: standard output and error in one."""
    leader, follower = pty.openpty()
    env = environment(simulated, **{"TERM": "xterm", **more})
    with subprocess.Popen([TOOL, *arguments], env=env, stdin=follower, stdout=follower,
                          stderr=follower, start_new_session=True) as process:
        os.close(follower)
        seen = b""
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until and select.select([leader], [], [], 1) is not None:
            try:
                data = os.read(leader, 4096)
            except OSError:
                break
            if not data:
                break
            seen += data
        os.close(leader)
        status = process.wait(TIMEOUT)
    return Outcome(status, seen, b"")
