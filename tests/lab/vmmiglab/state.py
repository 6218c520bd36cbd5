# SPDX-License-Identifier: LGPL-2.1-or-later
"""State directories: one per lab, private, with a short path.

BASE/NAME/              a lab; removed as a whole by its supervisor
  lab.json              what it consists of
  owner.pid             who began it
  supervisor.pid        pid and start time of the supervisor: alive = the lab exists
  root.pid              init of the lab (its network namespace is the switch)
  etc/                  the lab's /etc
  h1/                   a host: libvirt/ pki/ (its /etc/...), lib/ log/ cache/ run/ (its /var/..., /run)
  guests/               parameters of the guests
  beats.log             every heartbeat with the time at which it was seen
"""

import json
import os
import shutil
import stat
import tempfile

from . import proc
from .errors import LabError

DEFAULT = "lab"  # what a person's lab is called

# The longest UNIX socket path below a host's directory; the limit of the kernel is 107.
_LONGEST = len("/a-lab-name-of-32-characters-at-most/h99/run/libvirt/libvirt-sock-ro")


def base():
    """The directory of all labs of this user, whether it exists or not."""
    path = os.environ.get("VMMIG_LAB_DIR")
    if not path:
        path = "%s/vmmig-lab-%d" % (tempfile.gettempdir(), os.getuid())
        if len(path) + _LONGEST > 107:
            path = "/tmp/vmmig-lab-%d" % os.getuid()
    if len(path) + _LONGEST > 107:
        raise LabError("‘%s’ is too long for the lab's UNIX sockets; set VMMIG_LAB_DIR" % path)
    return path


def _names():
    return os.listdir(base()) if os.path.isdir(base()) else []


def _checked_base():
    path = base()
    os.makedirs(path, mode=0o700, exist_ok=True)
    info = os.lstat(path)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid() or info.st_mode & 0o022:
        raise LabError("‘%s’ is not a private directory of this user; remove it" % path)
    return path


def create(name):
    """A new, empty state directory."""
    if not name or len(name) > 32 or not name.replace("-", "").replace("_", "").isalnum():
        raise LabError("A lab's name has 1 to 32 letters, digits, - and _, not ‘%s’" % name)
    prune()
    path = os.path.join(base(), name)
    try:
        for _ in range(100):
            _checked_base()
            try:
                os.mkdir(path, 0o700)
                break
            except FileNotFoundError:  # another lab ended just now, and the last removes BASE
                continue
        write_pid(path, "owner.pid")
    except FileExistsError as e:
        raise LabError("There is a lab named ‘%s’ already; end it with ‘vmmig-lab down --name "
                       "%s’ or choose another name" % (name, name)) from e
    return path


def find(name=None):
    """The state directory of a running lab; without a name, of ‘lab’ or of the only one."""
    names = [n for n in running() if name in (None, n)]
    if name is None and DEFAULT in names:
        names = [DEFAULT]
    if not names:
        raise LabError("No lab%s is running; start one with ‘vmmig-lab up’"
                       % (" named ‘%s’" % name if name else ""))
    if len(names) > 1:
        raise LabError("Several labs are running (%s); choose with --name" % ", ".join(names))
    return os.path.join(base(), names[0])


def running():
    """Names of the labs whose supervisor lives."""
    return sorted(n for n in _names() if supervisor(os.path.join(base(), n)))


def supervisor(path):
    """The pid of a lab's supervisor, or None if it is dead."""
    return _living(path, "supervisor.pid")


def write_pid(path, name):
    """Leave word in the state directory that this process lives."""
    write(path, name, "%d %d\n" % (os.getpid(), proc.start_time(os.getpid())))


def _living(path, name):
    try:
        pid, started = map(int, read(path, name).split())
    except (OSError, ValueError):
        return None
    return pid if proc.alive(pid, started) else None


def prune():
    """Remove what labs left behind whose supervisor was killed."""
    for name in _names():
        path = os.path.join(base(), name)
        # One without owner.pid is being created at this moment.
        if os.path.exists(os.path.join(path, "owner.pid")) and not (
                supervisor(path) or _living(path, "owner.pid")):
            remove(path)


def remove(path):
    # Whatever is being killed at this moment may still create a file: try again.
    for _ in range(20):
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.exists(path):
            break
    try:
        os.rmdir(os.path.dirname(path))
    except OSError:
        pass


def write(path, name, text, mode=0o600):
    """Write a file of the state directory, whole or not at all."""
    target = os.path.join(path, name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = "%s.new" % target
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w",
              encoding="utf-8") as f:
        f.write(text)
    os.replace(temporary, target)


def read(path, name):
    with open(os.path.join(path, name), encoding="utf-8") as f:
        return f.read()


def write_json(path, name, value):
    write(path, name, json.dumps(value, indent=1))


def read_json(path, name):
    return json.loads(read(path, name))
