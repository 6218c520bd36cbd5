# SPDX-License-Identifier: LGPL-2.1-or-later
"""A lab: hosts, the client and the two networks between them."""

import os
import secrets
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from . import hostconf, kernel, pki, proc, state, supervisor
from .errors import LabError
from .guest import Guest
from .host import Client, Host
from .interceptor import Interceptor
from .sniffer import Sniffer
from .storage import Disk, NbdDisk
from .watcher import Watcher

_DEFAULTS = {"ssh": False, "sasl": None, "keepalive_interval": 2, "keepalive_count": 3, "log_level": 3,
             "libvirtd_conf": "", "qemu_conf": ""}
_CLIENT_NUMBER = 250


class Lab:
    """Libvirt hosts on this machine.

        with Lab(hosts=2) as lab:
            guest = lab.guest(lab.h1, "g1").start()

    The lab ends with the block, at the latest with this process, however that ends. `detached`
    labs live until down(), in this or another process (Lab.attach()).
    """

    def __init__(self, hosts=2, name=None, detached=False, **options):
        unknown = set(options) - set(_DEFAULTS)
        if unknown:
            raise LabError("No such option: " + ", ".join(sorted(unknown)))
        if os.getuid() != 0:
            raise LabError("Namespaces and libvirtd need root; run this as root")
        if not 1 <= hosts <= 99:
            raise LabError("A lab has 1 to 99 hosts, not %d" % hosts)
        self.name = name or "t" + secrets.token_hex(4)
        self.options = dict(_DEFAULTS, **options)
        self.directory = state.create(self.name)
        self._supervisor = None
        try:
            self._start(hosts, detached)
        except BaseException:
            self.down()
            raise

    @classmethod
    def attach(cls, name=None):
        """A lab that runs already (the only one, if no name is given)."""
        self = cls.__new__(cls)
        self.directory = state.find(name)
        self.name = os.path.basename(self.directory)
        try:
            known = state.read_json(self.directory, "lab.json")
        except OSError as e:
            raise LabError("Lab ‘%s’ is still starting" % self.name) from e
        self.options = known["options"]
        self._supervisor = None
        self._add_nodes(known["hosts"])
        return self

    @classmethod
    def attach_for_down(cls, name):
        """A lab of which only the name matters: it may be half up."""
        self = cls.__new__(cls)
        self.directory, self.name, self._supervisor = state.find(name), name, None
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    def __repr__(self):
        return "<Lab %s in %s>" % (self.name, self.directory)

    # Parts.

    def _add_nodes(self, count):
        self.pki = pki.Pki(os.path.join(self.directory, "pki"))
        self.client_node = Client(self, "client", _CLIENT_NUMBER)
        self.hosts = [Host(self, "h%d" % n, n) for n in range(1, count + 1)]
        for host in self.hosts:
            setattr(self, host.name, host)

    def host(self, name):
        """A host by its name."""
        for host in self.hosts:
            if name in (host.name, host):
                return host
        raise LabError("No host ‘%s’; there are: %s"
                       % (name, ", ".join(h.name for h in self.hosts)))

    def node(self, name):
        """A host or the client by name."""
        return self.client_node if name == "client" else self.host(name)

    def guest(self, host, name, **options):
        """A new guest at home on `host`, not started yet; see Guest for the options."""
        return Guest.create(self, host, name, **options)

    def guests(self):
        """All guests that were made in this lab."""
        directory = os.path.join(self.directory, "guests")
        names = os.listdir(directory) if os.path.isdir(directory) else []
        return [Guest.load(self, n[:-5]) for n in sorted(names) if n.endswith(".json")]

    def disk(self, host, name, size_mib=8, format="raw"):  # pylint: disable=redefined-builtin
        """A local disk with known content on `host`; for Guest's disks."""
        return Disk(self, name, size_mib, format).create(host)

    def nbd_disk(self, name, size_mib=8, **options):
        """A disk that all hosts share; for Guest's disks."""
        return NbdDisk(self, name, size_mib, **options)

    def sniffer(self, *markers, networks=("ctl", "mig")):
        """Listens for markers on the networks; a context manager."""
        return Sniffer(self, *markers, networks=networks)

    def interceptor(self, source, destination, directory, *markers):
        """A man in the middle of migrations; a context manager."""
        return Interceptor(self, source, destination, directory, *markers)

    def find_guest(self, name):
        """A guest that was made in this lab, by its name."""
        return Guest.load(self, name)

    def watch(self, guest, since=0.0):
        """The judge over a guest's heartbeats."""
        return Watcher(self, guest, since)

    @property
    def root_pid(self):
        try:
            return int(state.read(self.directory, "root.pid"))
        except OSError as e:
            raise LabError("Lab ‘%s’ is gone" % self.name) from e

    # Life.

    def _start(self, count, detached):
        self._add_nodes(count)
        for host in self.hosts:
            os.makedirs(host.path("lib/serial"))  # the recorder follows them from the start
        self.guest_kernel = kernel.path(self.directory)
        shutil.copytree("/etc", os.path.join(self.directory, "etc"), symlinks=True,
                        ignore_dangling_symlinks=True)
        self._write_etc()
        with ThreadPoolExecutor() as pool:
            root = pool.submit(self._start_supervisor)
            self.pki.create()
            prepared = [pool.submit(host.prepare) for host in self.hosts]
            root.result()
            for task in prepared:
                task.result()
            started = [pool.submit(node.start) for node in self.hosts + [self.client_node]]
            for task in started:
                task.result()
        state.write_json(self.directory, "lab.json", {"hosts": count, "options": self.options})
        if detached:
            self._supervisor.send_signal(supervisor.DETACH)

    def _start_supervisor(self):
        owner = os.pidfd_open(os.getpid())
        log = open(os.path.join(self.directory, "supervisor.log"), "wb")
        with log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "vmmiglab.supervisor", self.directory, str(owner)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                pass_fds=[owner], start_new_session=True, cwd="/",
                env=dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(__file__))))
        os.close(owner)
        answer = self._supervisor.stdout.readline().strip()
        if answer != "ready":
            raise LabError(answer or "The lab's supervisor ended; see what it wrote above")

    def down(self):
        """End the lab: every process, namespace, mount and file of it."""
        if self._supervisor is not None:
            self._supervisor.terminate()
            self._supervisor.wait()
            self._supervisor.stdout.close()
            self._supervisor = None
        else:
            pid = state.supervisor(self.directory)
            if pid:
                proc.send(pid, 15)
                if not proc.wait_gone(pid, 60):
                    raise LabError("The supervisor (pid %d) of lab ‘%s’ does not end"
                                   % (pid, self.name))
        state.remove(self.directory)

    # The common /etc.

    def _write_etc(self):
        etc = os.path.join(self.directory, "etc")
        for name in ("pki", "libvirt", "ssh"):
            os.makedirs(os.path.join(etc, name), exist_ok=True)
        nodes = self.hosts + [self.client_node]
        lines = ["127.0.0.1 localhost", "10.77.0.254 switch"]
        lines += ["%s %s" % (node.address, node.name) for node in nodes]
        lines += ["%s %s-mig" % (node.migration_address, node.name) for node in nodes]
        state.write(etc, "hosts", "\n".join(lines) + "\n", 0o644)
        self._add_accounts(etc)
        if self.options["sasl"]:
            state.write(etc, "sasl2/libvirt.conf", hostconf.SASL, 0o644)
        if self.options["ssh"]:
            self._write_ssh(os.path.join(etc, "ssh"))

    @staticmethod
    def _add_accounts(etc):
        """libvirtd looks its default accounts up even if it is told others; the lab's /etc has them
        where the machine's packages did not make them."""
        for file, line in (("passwd", "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/bin/false"),
                           ("group", "libvirt-qemu:x:64055:"), ("group", "libvirt:x:64056:"),
                           ("group", "kvm:x:64057:")):
            text = state.read(etc, file)
            if not any(known.split(":")[0] == line.split(":")[0] for known in text.splitlines()):
                state.write(etc, file, text + line + "\n", 0o644)

    def _write_ssh(self, ssh):
        for key in ("lab_key", "lab_host_key"):
            proc.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key,
                      "-f", os.path.join(ssh, key)])
        key = state.read(ssh, "lab_host_key.pub").strip()
        known = "".join("%s,%s %s\n" % (h.name, h.address, key) for h in self.hosts)
        state.write(ssh, "lab_known_hosts", known, 0o644)
        state.write(ssh, "lab_sshd_config", hostconf.SSHD, 0o644)
        state.write(ssh, "ssh_config", hostconf.SSH, 0o644)

    # Commands in the client.

    def client(self, command, *, cwd=None, check=True, **kw):
        """Run a command in the client's network to its end (as subprocess.run, text captured)."""
        kw.setdefault("capture_output", True)
        kw.setdefault("text", True)
        if "input" not in kw:
            kw.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(self.client_node.command(command, cwd), check=check, **kw)

    def client_popen(self, command, *, cwd=None, **kw):
        """Start a command in the client's network; its Popen's pid is the command's own."""
        return subprocess.Popen(self.client_node.command(command, cwd), **kw)
