# SPDX-License-Identifier: LGPL-2.1-or-later
"""One host: namespaces, a libvirtd and what runs under it."""

import os
import shutil
import signal
import uuid

from . import hostconf, proc, state
from .errors import LabError
from .link import Link

_KEPT = ("libvirt", "pki", "lib", "log", "cache", "root-ssh")
_DAEMON_PID = "run/libvirtd.pid"


class Node:
    """A network, mount and UTS namespace in the lab; a host or the client."""

    init = hostconf.INIT
    nested = ["--pid", "--fork", "--kill-child=KILL", "--mount-proc"]

    def __init__(self, lab, name, number):
        self.lab, self.name, self.number = lab, name, number
        self.directory = os.path.join(lab.directory, name)
        self.links = {network: Link(lab, self, network) for network in ("ctl", "mig")}

    def __repr__(self):
        return "<%s %s>" % (type(self).__name__, self.name)

    @property
    def link(self):
        """The link to the control network."""
        return self.links["ctl"]

    @property
    def migration_link(self):
        return self.links["mig"]

    @property
    def address(self):
        """On the control network."""
        return self.link.address

    @property
    def migration_address(self):
        return self.migration_link.address

    @property
    def addresses(self):
        """All that its certificates are valid for."""
        return [a for link in self.links.values() for a in (link.address, link.address6)]

    @property
    def init_pid(self):
        try:
            return int(state.read(self.directory, "init.pid"))
        except OSError as e:
            raise LabError("Host ‘%s’ is off" % self.name) from e

    def path(self, *parts):
        """A path of this host's state, from outside: path("lib") is its /var/lib/libvirt."""
        return os.path.join(self.directory, *parts)

    def _start_init(self):
        """Create the namespaces and plug in the links."""
        ready = self.path("init.ready")
        if os.path.exists(ready):
            os.unlink(ready)
        # In the background: once its parent ends, the lab's init is its parent and reaps it.
        start = 'unshare --net --mount --uts "$@" >/dev/null 2>&1 </dev/null &'
        proc.run(proc.enter(self.lab.root_pid, "pid", "net", "mnt", "uts") +
                 ["env", "VMMIG_LAB_STATE=" + self.lab.directory, "VMMIG_LAB_HOST=" + self.name,
                  "sh", "-c", start, "sh"] + self.nested + ["--", "sh", "-c", self.init])
        self._wait(lambda: os.path.exists(ready), 60, "is set up", "init.log")
        state.write(self.directory, "init.pid", "%d\n" % self._find_init())
        for link in self.links.values():
            link.attach()

    def _find_init(self):
        for pid in proc.children(self.lab.root_pid):
            if proc.environment(pid).get("VMMIG_LAB_HOST") == self.name:
                return proc.children(pid)[0] if self.nested else pid
        raise LabError("‘%s’ ended right after its start; %s"
                       % (self.name, self.last_words("init.log")))

    def _wait(self, condition, timeout, what, log):
        try:
            proc.wait_until(condition, timeout, "‘%s’ %s" % (self.name, what))
        except LabError as e:
            raise LabError("%s; %s" % (e, self.last_words(log))) from e

    def last_words(self, log):
        """The end of one of its logs; the log itself goes with the lab."""
        try:
            lines = state.read(self.directory, log).splitlines()[-5:]
        except OSError:
            lines = []
        return "its last words: " + ("\n  ".join([""] + lines) if lines else "none")

    def break_certificates(self, variant, kinds=("qemu",)):
        """Replace certificates by a broken variant (pki.VARIANTS); kinds: qemu, libvirt."""
        self.lab.pki.break_(self.path("pki"), self.name, self.addresses, variant, kinds)

    def restore_certificates(self, kinds=("qemu", "libvirt")):
        self.lab.pki.restore(self.path("pki"), self.name, kinds)


class Client(Node):
    """Where the clients of the lab run; not a libvirt host."""

    init = hostconf.CLIENT_INIT
    nested = []

    def start(self):
        for name in ("pki", "root-ssh"):
            os.makedirs(self.path(name), 0o700, exist_ok=True)
        self.lab.pki.issue(self.path("pki"), self.name, self.addresses)
        self._start_init()

    def command(self, command, cwd=None):
        """The command line that runs `command` in the client's network, as a process of ours."""
        return (proc.enter(self.init_pid, "net", "mnt", "uts") +
                ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", cwd or os.getcwd()] +
                list(command))


class Host(Node):
    """A libvirt host."""

    def __init__(self, lab, name, number):
        super().__init__(lab, name, number)
        self.uuid = str(uuid.uuid5(uuid.NAMESPACE_URL, lab.directory + name))

    # Addresses of the daemon.

    @property
    def uri(self):
        """From anywhere on this machine, without the lab's network."""
        return "qemu+unix:///system?socket=" + self.path("run/libvirt/libvirt-sock")

    @property
    def readonly_uri(self):
        return "qemu+unix:///system?socket=" + self.path("run/libvirt/libvirt-sock-ro")

    def peer_uri(self, transport="tls"):
        """From the client and from other hosts: qemu+tls://h1/system."""
        user = "root@" if transport == "ssh" else ""
        return "qemu+%s://%s%s/system" % (transport, user, self.name)

    # Life.

    def prepare(self):
        """Make the files of the host; needs no namespace."""
        for name in _KEPT:
            os.makedirs(self.path(name), 0o755, exist_ok=True)
        for name in ("lib/images", "lib/serial", "libvirt/storage/autostart", "libvirt/qemu"):
            os.makedirs(self.path(name), 0o755, exist_ok=True)
        self.lab.pki.issue(self.path("pki"), self.name, self.addresses)
        options = dict(self.lab.options, uuid=self.uuid, address=self.address,
                       auth_tls="sasl" if self.lab.options["sasl"] else "none")
        for name, text, extra in (("libvirtd.conf", hostconf.LIBVIRTD, "libvirtd_conf"),
                                  ("qemu.conf", hostconf.QEMU, "qemu_conf")):
            state.write(self.directory, "libvirt/" + name,
                        text.format(**dict(options, extra=options[extra])))
        if self.lab.options["sasl"]:
            self._prepare_sasl(*self.lab.options["sasl"])
        pool = hostconf.POOL.format(uuid=uuid.uuid5(uuid.UUID(self.uuid), "images"))
        state.write(self.directory, "libvirt/storage/images.xml", pool)
        os.symlink("/etc/libvirt/storage/images.xml",
                   self.path("libvirt/storage/autostart/images.xml"))
        shutil.copy(self.lab.guest_kernel, self.path("lib/guest.elf"))

    def _prepare_sasl(self, user, password):
        proc.run(["saslpasswd2", "-p", "-c", "-a", "libvirt", "-u", self.name, "-f",
                  self.path("libvirt/passwd.db"), user], stdin=password)
        state.write(self.directory, "libvirt/auth.conf",
                    hostconf.AUTH.format(user=user, password=password))

    def start(self):
        """Power on: namespaces, links, daemon."""
        if os.path.exists(self.path("init.pid")):
            raise LabError("Host ‘%s’ is on already" % self.name)
        shutil.rmtree(self.path("run"), ignore_errors=True)
        os.makedirs(self.path("run/libvirt"), 0o755)
        os.makedirs(self.path("run/sshd"), 0o755)
        self._start_init()
        if self.lab.options["ssh"]:
            self.run(["/usr/sbin/sshd", "-f", "/etc/ssh/lab_sshd_config"])
        self.start_daemon()

    def power_off(self, silent=False):
        """Kill everything on the host at once. `silent`: as a power cut, peers hear nothing."""
        pid = self.init_pid
        if silent:
            for link in self.links.values():
                link.cut()
        proc.send(pid, signal.SIGKILL)
        proc.wait_gone(pid, 60)
        for link in self.links.values():
            link.detach()
        os.unlink(self.path("init.pid"))

    def reboot(self, silent=False):
        """power_off() and start(); autostarted VMs come up, links are as new."""
        self.power_off(silent)
        self.start()

    # The daemon.

    @property
    def daemon_pid(self):
        """libvirtd's pid, or None."""
        return self._pid_of(_DAEMON_PID)

    def start_daemon(self):
        try:
            self.run(["libvirtd", "-d", "--listen", "-p", "/run/libvirtd.pid"], timeout=60)
        except LabError as e:
            raise LabError("%s; %s" % (e, self.last_words("log/libvirtd.log"))) from e
        self.wait_ready()

    def wait_ready(self, timeout=60):
        """Until the daemon answers."""
        self._wait(self.answers, timeout, "answers", "log/libvirtd.log")

    def answers(self, timeout=5):
        """True if the daemon answers a request now."""
        try:
            self.virsh("uri", timeout=timeout)
            return True
        except LabError:
            return False

    def kill_daemon(self, signum=signal.SIGKILL):
        """Kill libvirtd; guests run on."""
        pid = self.daemon_pid
        if not pid or not proc.send(pid, signum):
            raise LabError("No libvirtd runs on ‘%s’" % self.name)
        if not proc.wait_gone(pid, 60):
            raise LabError("libvirtd of ‘%s’ did not end" % self.name)

    def stop_daemon(self):
        """SIGSTOP: the daemon is there and answers nothing."""
        self._signal(self.daemon_pid, signal.SIGSTOP)

    def continue_daemon(self):
        self._signal(self.daemon_pid, signal.SIGCONT)

    def restart_daemon(self, signum=signal.SIGTERM):
        if self.daemon_pid:
            self.kill_daemon(signum)
        self.start_daemon()

    # QEMU.

    def qemu_pid(self, vm):
        """The pid of a VM's QEMU on this host, or None."""
        return self._pid_of("run/libvirt/qemu/%s.pid" % vm)

    def kill_qemu(self, vm):
        self._signal(self.qemu_pid(vm), signal.SIGKILL)

    def stop_qemu(self, vm):
        self._signal(self.qemu_pid(vm), signal.SIGSTOP)

    def continue_qemu(self, vm):
        self._signal(self.qemu_pid(vm), signal.SIGCONT)

    # Certificates.

    def break_certificates(self, variant, kinds=("qemu",)):
        """As of any node.

        QEMU reads its files at each migration. libvirtd's are in force at once, too: the daemon
        is restarted, with its own check of them turned off (it would refuse to start).
        """
        super().break_certificates(variant, kinds)
        if "libvirt" in kinds:
            self._restart_with("tls_no_sanity_certificate = 1\n")

    def restore_certificates(self, kinds=("qemu", "libvirt")):
        super().restore_certificates(kinds)
        if "libvirt" in kinds:
            self._restart_with("")

    def _restart_with(self, line):
        text = state.read(self.directory, "libvirt/libvirtd.conf")
        new = text.replace("tls_no_sanity_certificate = 1\n", "") + line
        state.write(self.directory, "libvirt/libvirtd.conf", new)
        self.restart_daemon()

    # Commands.

    def run(self, command, **kw):
        """Run a command on the host to its end; its standard output."""
        return proc.run(self.command(command), **kw)

    def command(self, command):
        """The command line that runs `command` on this host."""
        return proc.enter(self.init_pid, "pid", "net", "mnt", "uts") + list(command)

    def virsh(self, *arguments, timeout=60):
        """virsh on this host's daemon; its output."""
        return proc.run(["virsh", "-q", "-c", self.uri] + list(arguments), timeout=timeout)

    def connect(self, readonly=False):
        """A connection of python-libvirt, for tests that look closely."""
        import libvirt  # pylint: disable=import-outside-toplevel
        if readonly:
            return libvirt.openReadOnly(self.readonly_uri)
        return libvirt.open(self.uri)

    def _pid_of(self, pid_file):
        """The pid, from outside, of what a pid file on the host names."""
        try:
            return proc.outer_pid(self.init_pid, int(state.read(self.directory, pid_file)))
        except (OSError, ValueError, LabError):
            return None

    def _signal(self, pid, signum):
        if not pid or not proc.send(pid, signum):
            raise LabError("No such process on ‘%s’ to send signal %d" % (self.name, signum))
