# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes and namespaces: find by pid, signal by pid, run inside.

Nothing here looks at the name of a process.
"""

import ctypes
import os
import select
import signal
import subprocess
import time

from .errors import LabError

_PR_SET_PDEATHSIG = 1
_FLAGS = {"pid": "-p", "net": "-n", "mnt": "-m", "uts": "-u"}
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """For preexec_fn: the kernel kills this process when its parent's thread ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def setns(fd):
    if _libc.setns(fd, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, "setns: " + os.strerror(error))


def stat_fields(pid):
    """/proc/PID/stat after the name: state, ppid, ...; None if there is no such process."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as f:
            return f.read().rpartition(")")[2].split()
    except OSError:
        return None


def start_time(pid):
    fields = stat_fields(pid)
    return int(fields[19]) if fields else None


def alive(pid, started=None):
    """True if the process runs (a zombie does not) and is the one that started then."""
    fields = stat_fields(pid)
    if not fields or fields[0] in "ZX":
        return False
    return started is None or int(fields[19]) == started


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def namespace(pid, kind):
    """The name of a process's namespace ("net:[4026531840]"), None if the process is gone."""
    try:
        return os.readlink("/proc/%d/ns/%s" % (pid, kind))
    except OSError:
        return None


def members(kind, name):
    """Pids of all processes in a namespace."""
    return [pid for pid in all_pids() if name and namespace(pid, kind) == name]


def _mounts(pid):
    """(device, path inside of it, mount point) of each mount that a process sees."""
    try:
        with open("/proc/%s/mountinfo" % pid, encoding="utf-8", errors="replace") as f:
            return [tuple(line.split()[2:5]) for line in f]
    except OSError:
        return []


def users_of(directory):
    """Pids of processes that have something below a directory mounted elsewhere."""
    path = os.path.realpath(directory).replace(" ", r"\040")
    device, root, point = max((m for m in _mounts("self")
                               if (path + "/").startswith(m[2].rstrip("/") + "/")),
                              key=lambda m: len(m[2]))
    inside = root.rstrip("/") + path[len(point.rstrip("/")):] + "/"
    return [pid for pid in all_pids()
            if any(m[0] == device and m[1].startswith(inside) for m in _mounts(pid))]


def children(pid):
    return [p for p in all_pids() if (stat_fields(p) or [0, 0])[1] == str(pid)]


def environment(pid):
    try:
        with open("/proc/%d/environ" % pid, "rb") as f:
            pairs = [e.split(b"=", 1) for e in f.read().split(b"\0") if b"=" in e]
    except OSError:
        return {}
    return {k.decode(errors="replace"): v.decode(errors="replace") for k, v in pairs}


def inner_pids(pid):
    """The process's pid in each namespace, outermost first; none of one that is dead."""
    try:
        with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith("State:") and line.split()[1] in "ZX":
                    return []
                if line.startswith("NSpid:"):
                    return [int(x) for x in line.split()[1:]]
    except OSError:
        pass
    return []


def outer_pid(init_pid, inner):
    """The pid, seen from here, of process `inner` of the PID namespace of `init_pid`."""
    for pid in members("pid", namespace(init_pid, "pid")):
        if (inner_pids(pid) or [0])[-1] == inner:
            return pid
    return None


def send(pid, signum):
    """Send a signal to exactly this process; False if it is gone."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        signal.pidfd_send_signal(fd, signum)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)


def wait_gone(pid, timeout):
    """Wait until a process, not necessarily a child, ended. True if it did."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        return bool(poller.poll(max(0, timeout) * 1000))
    finally:
        os.close(fd)


def wait_until(condition, timeout, what):
    """Poll a condition until it is true; its value. Raises LabError naming what was awaited."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise LabError("Waited %.0f s in vain: %s" % (timeout, what))
        time.sleep(0.01)


def enter(pid, *kinds):
    """The command prefix that runs something in namespaces of a process."""
    return ["nsenter", "-t", str(pid)] + [_FLAGS[k] for k in kinds] + ["--"]


def run(command, *, stdin=None, timeout=60, check=True):
    """Run a command to its end; its standard output. A failure is a LabError with its words."""
    try:
        done = subprocess.run(command, input=stdin or "", capture_output=True, text=True,
                              timeout=timeout, check=False, env=dict(os.environ, LC_ALL="C"))
    except subprocess.TimeoutExpired as e:
        raise LabError("No end after %d s: %s" % (timeout, " ".join(command))) from e
    except FileNotFoundError as e:
        raise LabError("The program ‘%s’ is not installed" % e.filename) from e
    if check and done.returncode != 0:
        raise LabError("%s: %s" % (" ".join(command), (done.stderr or done.stdout).strip()))
    return done.stdout
