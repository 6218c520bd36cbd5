# SPDX-License-Identifier: LGPL-2.1-or-later
"""The links of the hosts: shaped, cut, filtered.

Each host has two, into the networks `ctl` (control) and `mig` (migration). The near end is in the
host's network namespace, the far end is a port of the switch. tbf shapes what leaves an end, so a
link is shaped at both ends; what is to vanish silently is dropped at the switch's port.
"""

from . import proc
from .errors import LabError

QEMU_PORTS = "49152-49215"
CONTROL_PORTS = "16509,16514,22"
NETWORKS = {"ctl": ("10.77.0.%d", "fd00:77::%d"), "mig": ("10.9.0.%d", "fd00:9::%d")}


class Link:
    """One host's connection to one network."""

    def __init__(self, lab, host, network):
        self.lab, self.host, self.network = lab, host, network
        self.inside = network + "0"
        self.port = "%s-%s" % (host.name, network)
        self.address, self.address6 = (form % host.number for form in NETWORKS[network])

    def __repr__(self):
        return "<Link %s>" % self.port

    def attach(self):
        """Create the cable and plug it in. A host that reboots keeps its network card."""
        mac = "02:00:0a:%02x:00:%02x" % (list(NETWORKS).index(self.network), self.host.number)
        self._switch(["ip", "-batch", "-"], "\n".join([
            "link add name %s type veth peer name %s netns %d" % (self.port, self.inside,
                                                                  self.host.init_pid),
            "link set %s master %s up" % (self.port, self.network), ""]))
        self._host(["ip", "-batch", "-"], "\n".join([
            "link set lo up",
            "link set %s address %s" % (self.inside, mac),
            "address add %s/24 dev %s" % (self.address, self.inside),
            "address add %s/64 dev %s nodad" % (self.address6, self.inside),
            "link set %s up" % self.inside, ""]))

    def detach(self):
        """Remove the cable of a host that is off.

        It goes with the host's network, but that may live on: with connections that want to tell
        somebody of their end who cannot be reached.
        """
        proc.run(self._switch(["ip", "link", "delete", self.port], dry=True), check=False)

    def shape(self, rate, burst="256kb", latency="50ms"):
        """Limit both directions, each to `rate` (tc's syntax: 200mbit)."""
        for side, device in self._ends():
            side(["tc", "qdisc", "replace", "dev", device, "root", "tbf", "rate", str(rate),
                  "burst", str(burst), "latency", str(latency)])

    def cut(self):
        """Pull the cable: silence in both directions."""
        self._switch(["ip", "link", "set", self.port, "down"])

    def restore(self):
        """Plug the cable in again after cut()."""
        self._switch(["ip", "link", "set", self.port, "up"])

    def drop(self, port=None, direction="both", after=None):
        """Let packets vanish.

        `port`: a TCP port, "a-b" or "a,b" (on either end of the connection), or None for all.
        `direction`: "from" the host, "to" the host or "both". `after`: only once so much of what
        matches went through, in nft's syntax ("3 mbytes").
        """
        if direction not in ("from", "to", "both"):
            raise LabError("A direction is from, to or both, not ‘%s’" % direction)
        over = "quota over %s " % after if after else ""
        chains = {"prerouting": "iifname", "forward": "oifname", "output": "oifname"}
        script = self._table("bridge", chains)
        for chain, key in chains.items():
            if direction in ("both", "from" if key == "iifname" else "to"):
                script += "".join('add rule bridge %s %s %s "%s" %s%sdrop\n' % (
                    self._name, chain, key, self.port, match, over) for match in _matches(port))
        self._switch(["nft", "-f", "-"], script)

    def reset(self, port=QEMU_PORTS):
        """End the host's connections that match with a TCP reset to both ends, and new ones too."""
        # Not the resets themselves, or the chain of the other direction would hold them up.
        chains = {"input": "iifname", "output": "oifname"}
        script = self._table("inet", chains)
        for chain, key in chains.items():
            script += "".join('add rule inet %s %s %s "%s" tcp flags & rst == 0 %sreject with tcp reset\n' % (
                self._name, chain, key, self.inside, match)
                for match in _matches(port or "1-65535"))
        self._host(["nft", "-f", "-"], script)
        # An end that has nothing to send would not hear of it: QEMU's connections have no keepalive
        for end in ("sport", "dport"):
            for ports in (port or "1-65535").split(","):
                low, _, high = ports.partition("-")
                self._host(["ss", "-K", "-t", "( %s >= :%s and %s <= :%s )"
                            % (end, low, end, high or low)])

    def clear(self):
        """Undo all: shaping, cut, drop and reset."""
        for side, device in self._ends():
            proc.run(side(["tc", "qdisc", "del", "dev", device, "root"], dry=True), check=False)
        self._switch(["nft", "-f", "-"], self._table("bridge", {}, "delete"))
        self._host(["nft", "-f", "-"], self._table("inet", {}, "delete"))
        self.restore()

    @property
    def _name(self):
        return "lab_%s_%s" % (self.host.name, self.network)

    def _table(self, family, hooks, last="add"):
        """nft's words for an empty table (there or not before), or for none."""
        text = "add table {0} {1}\ndelete table {0} {1}\n".format(family, self._name)
        if last == "add":
            text += "add table %s %s\n" % (family, self._name)
        for hook in hooks:
            text += "add chain %s %s %s { type filter hook %s priority 0; }\n" % (
                family, self._name, hook, hook)
        return text

    def _ends(self):
        return ((self._host, self.inside), (self._switch, self.port))

    def _switch(self, command, stdin=None, dry=False):
        return self._run(self.lab.root_pid, command, stdin, dry)

    def _host(self, command, stdin=None, dry=False):
        return self._run(self.host.init_pid, command, stdin, dry)

    @staticmethod
    def _run(pid, command, stdin, dry):
        command = proc.enter(pid, "net") + command
        return command if dry else proc.run(command, stdin=stdin)


def _matches(port):
    if port is None:
        return [""]
    ports = "{ %s }" % port
    return ["tcp dport %s " % ports, "tcp sport %s " % ports]
