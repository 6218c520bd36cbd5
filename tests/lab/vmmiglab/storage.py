# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks with known content: local files, and network disks (NBD) that both hosts can open.

Each 512-byte sector holds the disk's marker (16 random bytes, for the sniffer) and its own number.
"""

import hashlib
import os
import secrets
import struct
import tempfile

from . import proc
from .errors import LabError

_SERVER = "10.77.0.254"
_FIRST_PORT = 10809


def content(marker, size_mib):
    """What a disk holds."""
    sectors = range(size_mib * 2048)
    return b"".join(marker * 31 + struct.pack("<QQ", number, ~number & (1 << 64) - 1)
                    for number in sectors)


class Disk:
    """A file on a host, in its storage pool `images`; migrated by copying."""

    def __init__(self, lab, name, size_mib=8, format="raw"):  # pylint: disable=redefined-builtin
        if format not in ("raw", "qcow2"):
            raise LabError("A disk is raw or qcow2, not ‘%s’" % format)
        self.lab, self.name, self.size_mib, self.format = lab, name, size_mib, format
        self.marker = secrets.token_bytes(16)
        self._sha256 = None

    @property
    def file(self):
        return "%s.%s" % (self.name, self.format)

    @property
    def path(self):
        """On every host."""
        return "/var/lib/libvirt/images/" + self.file

    def outer_path(self, host):
        """The same file from outside."""
        return self.lab.host(host).path("lib/images", self.file)

    def xml(self, target):
        return ("<disk type='file' device='disk'><driver name='qemu' type='%s'/>"
                "<source file='%s'/><target dev='%s' bus='virtio'/></disk>"
                % (self.format, self.path, target))

    def create(self, host):
        """Write it on a host."""
        data = content(self.marker, self.size_mib)
        self._sha256 = hashlib.sha256(data).hexdigest()
        target = self.outer_path(host)
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(target)) as raw:
            raw.write(data)
            raw.flush()
            proc.run(["qemu-img", "convert", "-f", "raw", "-O", self.format, raw.name, target])
        return self

    def create_empty(self, host):
        """As large, without content: what a copy of storage may find on the destination."""
        proc.run(["qemu-img", "create", "-q", "-f", self.format, self.outer_path(host),
                  "%dM" % self.size_mib])

    def exists(self, host):
        return os.path.exists(self.outer_path(host))

    def remove(self, host):
        os.unlink(self.outer_path(host))

    def is_intact(self, host):
        """True if the host's file holds what create() wrote. Also while a VM uses it."""
        with tempfile.NamedTemporaryFile(dir=self.lab.directory) as raw:
            proc.run(["qemu-img", "convert", "-U", "-f", self.format, "-O", "raw",
                      self.outer_path(host), raw.name])
            return hashlib.sha256(raw.read()).hexdigest() == self._sha256


class NbdDisk:
    """A disk on an NBD server in the switch: real shared storage.

    `filters`: of nbdkit, with their `parameters`, to make it fail or slow:
    filters=("error",), parameters={"error-pread-rate": "50%"}.
    """

    format = "raw"

    def __init__(self, lab, name, size_mib=8, filters=(), parameters=None):
        self.lab, self.name = lab, name
        self.marker = secrets.token_bytes(16)
        data = content(self.marker, size_mib)
        self._sha256 = hashlib.sha256(data).hexdigest()
        directory = os.path.join(lab.directory, "nbd")
        os.makedirs(directory, exist_ok=True)
        self.file = os.path.join(directory, name + ".raw")
        with open(self.file, "xb") as f:
            f.write(data)
        self.port = _FIRST_PORT + len(os.listdir(directory)) - 1
        server = self._nbdkit(filters, parameters or {}) if filters else self._qemu_nbd()
        proc.run(proc.enter(lab.root_pid, "pid", "net", "mnt", "uts") + server)

    def _qemu_nbd(self):
        return ["qemu-nbd", "--fork", "--persistent", "--shared=0", "-f", "raw",
                "-x", self.name, "-b", _SERVER, "-p", str(self.port), self.file]

    def _nbdkit(self, filters, parameters):
        return (["nbdkit", "-i", _SERVER, "-p", str(self.port), "-e", self.name] +
                ["--filter=" + name for name in filters] + ["file", self.file] +
                ["%s=%s" % item for item in parameters.items()])

    def xml(self, target):
        return ("<disk type='network' device='disk'>"
                "<driver name='qemu' type='raw' cache='none'/>"
                "<source protocol='nbd' name='%s'><host name='%s' port='%d'/></source>"
                "<target dev='%s' bus='virtio'/></disk>"
                % (self.name, _SERVER, self.port, target))

    def is_intact(self):
        with open(self.file, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest() == self._sha256
