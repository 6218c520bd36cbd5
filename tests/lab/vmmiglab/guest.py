# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests: VMs that run the lab's own kernel (../guest/guest.c)."""

import os
import secrets
import uuid as uuids
from xml.sax.saxutils import escape, quoteattr

from . import proc, state
from .errors import LabError

_XML = """<domain type='qemu'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  {metadata}
  <memory unit='MiB'>{memory_mib}</memory>
  <vcpu>{vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='{machine}'>hvm</type>
    {boot}
  </os>
  <features><acpi/></features>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    <serial type='file'><source path={serial} append='on'/></serial>
    {disks}
    {devices}
  </devices>
</domain>
"""

_KERNEL = "<kernel>/var/lib/libvirt/guest.elf</kernel><cmdline>%s</cmdline>"

_DEFAULTS = {"memory_mib": 48, "working_set_mib": 16, "dirty_mib_s": 4, "verify_mib_s": 32, "hz": 250, "beat": 5,
             "burst": 0, "persistent": True, "autostart": False, "paused": False, "vcpus": 1,
             "poweroff_after": 0, "reset_after": 0, "spoil_after": 0,
             "cmdline": "", "machine": "pc", "boot": "", "metadata": "", "devices": "", "disks": ()}


class Guest:
    """A VM of the lab. Its definition is the same on every host.

    `beat`: a heartbeat every so many ticks of `hz`; 1 to measure short downtimes. `dirty_mib_s` 0
    is an idle guest; `burst`: it dirties for so many seconds and is idle for as long. `metadata`,
    `devices`: XML to go into the definition. `poweroff_after`, `reset_after`: seconds; a guest also
    powers off at virsh shutdown. `boot`: XML of a firmware instead of the lab's kernel: such a VM has
    no heart that beats.
    """

    def __init__(self, lab, **parameters):
        self.lab = lab
        self.name = parameters["name"]
        self.uuid = parameters["uuid"]
        self.home = parameters["home"]
        self.marker = bytes.fromhex(parameters["marker"])
        self.parameters = parameters
        self.disks = list(parameters.pop("disks", ()))

    @classmethod
    def create(cls, lab, host, name, **options):
        unknown = set(options) - set(_DEFAULTS) - {"uuid", "marker"}
        if unknown:
            raise LabError("No such option of a guest: " + ", ".join(sorted(unknown)))
        p = dict(_DEFAULTS, uuid=str(uuids.uuid4()), marker=secrets.token_hex(16), **{})
        p.update(options, name=name, home=lab.host(host).name)
        if p["working_set_mib"] + 5 > p["memory_mib"]:
            raise LabError("A working set of %d MiB needs at least %d MiB of memory"
                           % (p["working_set_mib"], p["working_set_mib"] + 5))
        self = cls(lab, **p)
        state.write_json(lab.directory, self._file("json"), self.parameters)
        state.write(lab.directory, self._file("xml"), self.xml())
        return self

    @classmethod
    def load(cls, lab, name):
        try:
            return cls(lab, **state.read_json(lab.directory, "guests/%s.json" % _file_name(name)))
        except FileNotFoundError as e:
            raise LabError("There is no guest ‘%s’ in lab ‘%s’" % (name, lab.name)) from e

    def __repr__(self):
        return "<Guest %s>" % self.name

    @property
    def serial(self):
        """The serial log's path on every host; host.path("lib/serial", …) from outside."""
        return "/var/lib/libvirt/serial/%s.log" % self.uuid

    def cmdline(self):
        p = self.parameters
        words = ["hz=%d" % p["hz"], "beat=%d" % p["beat"], "ws=%d" % p["working_set_mib"],
                 "rate=%d" % int(p["dirty_mib_s"] * 1024), "marker=" + p["marker"],
                 "verify=%d" % p["verify_mib_s"]]
        words += ["%s=%d" % (key.replace("_", "-"), p[key])
                  for key in ("burst", "poweroff_after", "reset_after", "spoil_after") if p[key]]
        return " ".join(words + [p["cmdline"]]).strip()

    def xml(self):
        p = self.parameters
        return _XML.format(
            name=escape(self.name), uuid=self.uuid, memory_mib=p["memory_mib"], vcpus=p["vcpus"],
            metadata="<metadata>%s</metadata>" % p["metadata"] if p["metadata"] else "",
            machine=p["machine"], boot=p["boot"] or _KERNEL % escape(self.cmdline()), serial=quoteattr(self.serial), devices=p["devices"],
            disks="\n    ".join(disk.xml("vd" + chr(ord("a") + i))
                                for i, disk in enumerate(self.disks)))

    def define(self, host=None):
        """Define it on its home, or on another host."""
        self._home(host).virsh("define", self._path("xml"))
        return self

    def start(self, host=None):
        """Define (if it is persistent) and start it on its home, or on another host."""
        host = self._home(host)
        paused = ["--paused"] if self.parameters["paused"] else []
        if self.parameters["persistent"]:
            self.define(host)
            if self.parameters["autostart"]:
                host.virsh("autostart", self.uuid)
            host.virsh("start", self.uuid, *paused)
        else:
            host.virsh("create", self._path("xml"), *paused)
        return self

    def state(self, host):
        """Its state on a host ("running (migrated)"), or None if it is unknown there."""
        host = self.lab.host(host)
        if self.uuid not in host.virsh("list", "--all", "--uuid", timeout=10).split():
            return None
        try:
            return host.virsh("domstate", self.uuid, "--reason", timeout=10).strip()
        except LabError as e:
            if "not found" in str(e) or "failed to get domain" in str(e):
                return None
            raise

    def states(self):
        """{host name: state} of the hosts that know it."""
        known = {host.name: self.state(host) for host in self.lab.hosts}
        return {name: text for name, text in known.items() if text}

    def hosts(self):
        """Names of the hosts on which it is active (running or paused)."""
        return [name for name, text in self.states().items() if not text.startswith("shut off")]

    def migrate(self, source, destination, *flags, transport="tls", timeout=120):
        """The reference: virsh migrate --live --p2p with these flags; blocks."""
        source, destination = self.lab.host(source), self.lab.host(destination)
        source.virsh("migrate", "--live", "--p2p", *flags, self.uuid,
                     destination.peer_uri(transport), timeout=timeout)

    def destroy(self):
        """Remove it from every host."""
        proc.wait_until(self._destroyed, 60, "VM ‘%s’ is gone from all hosts" % self.name)

    def _destroyed(self):
        # A migration that ends at this moment takes it from one host and brings it to another.
        for name, text in self.states().items():
            # Of a VM without variables of a firmware the option says nothing
            command = ["undefine", "--nvram"] if text.startswith("shut off") else ["destroy"]
            try:
                self.lab.host(name).virsh(*command, self.uuid, timeout=15)
            except LabError:
                pass
        return not self.states()

    def remove(self):
        """destroy() and forget it."""
        self.destroy()
        for suffix in ("json", "xml"):
            os.unlink(self._path(suffix))

    def _home(self, host):
        return self.lab.host(host or self.home)

    def _file(self, suffix):
        return "guests/%s.%s" % (_file_name(self.name), suffix)

    def _path(self, suffix):
        return "%s/%s" % (self.lab.directory, self._file(suffix))


def _file_name(name):
    """A file name for a VM's name, which may hold anything."""
    plain = name.replace("-", "").replace("_", "").replace(".", "").isalnum() and name.isascii()
    return name if plain and len(name) < 64 else "x" + uuids.uuid5(uuids.NAMESPACE_OID, name).hex
