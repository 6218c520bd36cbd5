# SPDX-License-Identifier: LGPL-2.1-or-later
"""The one process per lab that holds it up and takes it down.

It starts the lab's init in namespaces of its own and then waits until the owner dies (seen through
a pidfd, so a SIGKILL is seen as well), until it is asked to end (SIGTERM), or until the init ends.
Then it kills the init, with which the kernel removes every process, namespace and mount of the
lab, and removes the state directory. If it is killed itself, the init dies with it.
"""

import os
import select
import shutil
import signal
import subprocess
import sys

from . import proc, state
from .errors import LabError

_INIT = r"""
set -e
exec >"$VMMIG_LAB_STATE/init.log" 2>&1
hostname switch
mount --bind "$VMMIG_LAB_STATE/etc" /etc
for bridge in ctl:10.77.0.254 mig:10.9.0.254; do
  ip link add name "${bridge%%:*}" type bridge
  ip address add "${bridge##*:}/24" dev "${bridge%%:*}"
  ip link set "${bridge%%:*}" up
done
ip link set lo up
: >"$VMMIG_LAB_STATE/init.ready"
exec tini -- sleep infinity
"""


# From then on the lab has no owner.
DETACH = signal.SIGUSR1


def start_init(path):
    """Start the init of the lab; (its Popen, its pid)."""
    holder = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child=KILL", "--net", "--mount", "--uts",
         "--mount-proc", "--", "sh", "-c", _INIT],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=dict(os.environ, VMMIG_LAB_STATE=path), preexec_fn=proc.die_with_parent)

    def ready():
        if holder.poll() is not None:
            raise LabError("The lab's init failed: " + _log(path))
        return os.path.exists(os.path.join(path, "init.ready"))
    proc.wait_until(ready, 60, "the lab's init is ready")
    return holder, proc.children(holder.pid)[0]


def _log(path):
    try:
        return state.read(path, "init.log").strip()
    except OSError:
        return "cannot create namespaces (is this root?)"


def start_recorder(path):
    subprocess.Popen([sys.executable, "-m", "vmmiglab.recorder", path], stdin=subprocess.DEVNULL,
                     stdout=subprocess.DEVNULL, preexec_fn=proc.die_with_parent)


def wake_on_signals():
    """A descriptor that becomes readable when this process is asked to end."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, DETACH):
        signal.signal(signum, lambda *_: None)
    return wake_read


def wait_for_end(holder, owner_fd, wake_fd):
    """Return when the owner died, SIGTERM arrived or the init ended."""
    poller = select.poll()
    poller.register(wake_fd, select.POLLIN)
    holder_fd = os.pidfd_open(holder.pid)
    poller.register(holder_fd, select.POLLIN)
    poller.register(owner_fd, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poller.poll()]
        if ready != [wake_fd] or set(os.read(wake_fd, 16)) != {DETACH}:
            return
        poller.unregister(owner_fd)


def keep_logs(path):
    """Copy the hosts' logs to where VMMIG_LAB_LOGS says."""
    target = os.environ.get("VMMIG_LAB_LOGS")
    for host in os.listdir(path) if target and os.path.isdir(path) else []:
        logs = os.path.join(path, host, "log")
        if os.path.isdir(logs):
            shutil.copytree(logs, os.path.join(target, os.path.basename(path), host),
                            dirs_exist_ok=True)


def main():
    path, owner_fd = sys.argv[1], int(sys.argv[2])
    wake_fd = wake_on_signals()
    state.write_pid(path, "supervisor.pid")
    try:
        holder, init = start_init(path)
        state.write(path, "root.pid", "%d\n" % init)
        start_recorder(path)
        print("ready", flush=True)
        with open(os.devnull, "w", encoding="utf-8") as null:
            os.dup2(null.fileno(), 1)
            wait_for_end(holder, owner_fd, wake_fd)
        proc.send(init, signal.SIGKILL)
        holder.wait()
        # What was started into the client's namespaces is outside of the init's process tree.
        for pid in proc.users_of(path):
            proc.send(pid, signal.SIGKILL)
    except LabError as e:
        print(e, flush=True)
    finally:
        keep_logs(path)
        state.remove(path)


if __name__ == "__main__":
    main()
