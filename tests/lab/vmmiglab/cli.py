# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command vmmig-lab."""

import argparse
import os
import shlex
import sys
import time

from . import kernel, link, pki, state
from .cluster import Lab
from .errors import LabError

_EXAMPLE = """
In a minute:
  vmmig-lab up --hosts 2                    two hosts, h1 and h2
  vmmig-lab guest start g1                  a VM on h1 that dirties 4 MiB/s
  vmmig-lab exec client -- virsh -c qemu+tls://h1/system \\
      migrate --live --p2p --tls g1 qemu+tls://h2/system
  vmmig-lab guest list                      where it runs, what it felt, whether memory is intact
  vmmig-lab link h2 rate 200mbit            a slow link
  eval "$(vmmig-lab env)"; virsh -c "$H2" list
  vmmig-lab down                            nothing is left
"""
_STARTED = """Lab ‘{name}’ is up: {hosts}, in {directory}
  vmmig-lab guest start g1        a VM on h1
  vmmig-lab exec client -- bash   a shell in its network: qemu+tls://h1/system{ssh}
  vmmig-lab down --name {name}"""


def main(arguments=None):
    parser = _parser()
    args = parser.parse_args(arguments)
    if os.getuid() != 0 and args.run is not _kernel:
        print("vmmig-lab: namespaces and libvirtd need root; run it as root", file=sys.stderr)
        return 1
    try:
        return args.run(args) or 0
    except LabError as e:
        print("vmmig-lab: %s" % e, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="vmmig-lab", description="Real libvirt hosts on this machine.", epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument("--name", help="which lab (default: ‘lab’, or the only one)")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name, run, text, parents=(named,), to=commands):
        command = to.add_parser(name, help=text, description=text, parents=list(parents))
        command.set_defaults(run=run)
        return command

    up = add("up", _up, "start a lab, which then runs until ‘down’", parents=())
    up.add_argument("--name", default=state.DEFAULT, help="its name (default: %(default)s)")
    up.add_argument("--hosts", type=int, default=2, metavar="N", help="how many (default: 2)")
    up.add_argument("--ssh", action="store_true", help="with sshd on each host")
    down = add("down", _down, "end a lab; nothing of it is left")
    down.add_argument("--all", action="store_true", help="end all labs, also those of tests")
    add("list", _list, "list the labs", parents=())
    add("status", _status, "show hosts, addresses, daemons and guests")
    add("env", _env, "print the hosts' URIs as shell variables")
    execute = add("exec", _exec, "run a command in the client's or a host's namespaces")
    execute.add_argument("where", metavar="client|h1|…")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …")
    _add_guest(add)
    _add_link(add)
    host = add("host", _host, "do something to a host")
    host.add_argument("host")
    host.add_argument("action", choices=sorted(_HOST_ACTIONS))
    host.add_argument("variant", nargs="?", choices=pki.VARIANTS,
                      help="of the certificates, for break-certificates")
    build = add("kernel", _kernel, "build the guest's kernel", parents=())
    build.add_argument("output")
    return parser


def _add_guest(add):
    commands = add("guest", None, "start, list, watch and stop guests", parents=()) \
        .add_subparsers(metavar="COMMAND", required=True)
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument("--name", dest="name", metavar="LAB", help="which lab")
    start = add("start", _guest_start, "start a guest", (named,), commands)
    start.add_argument("guest")
    start.add_argument("--host", default="h1", help="where (default: h1)")
    start.add_argument("--memory", type=int, default=48, metavar="MIB", help="default: 48")
    start.add_argument("--working-set", type=int, default=16, metavar="MIB", help="default: 16")
    start.add_argument("--dirty", type=float, default=4, metavar="MIB",
                       help="per second (default: 4)")
    start.add_argument("--beat", type=int, default=5, metavar="TICKS",
                       help="ticks of 4 ms per heartbeat (default: 5)")
    start.add_argument("--transient", action="store_true", help="without a definition")
    start.add_argument("--autostart", action="store_true")
    start.add_argument("--paused", action="store_true")
    c = add("list", _guest_list, "list the guests: where, heartbeat, memory", (named,), commands)
    c.add_argument("--last", metavar="SECONDS", type=float,
                   help="the longest pause of these last seconds only")
    watch = add("watch", _guest_watch, "follow a guest's heartbeats", (named,), commands)
    watch.add_argument("guest")
    stop = add("stop", _guest_stop, "remove a guest from all hosts", (named,), commands)
    stop.add_argument("guest")


def _add_link(add):
    command = add("link", _link, "shape, cut and filter a host's links")
    command.add_argument("host", metavar="HOST|all")
    command.add_argument("action", choices=["rate", "cut", "restore", "drop", "reset", "clear"])
    command.add_argument("rate", nargs="?", help="for rate: bits per second as tc has them, 200mbit")
    command.add_argument("--network", choices=["ctl", "mig", "both"], default="both",
                         help="the control network, the migration network (default: both)")
    command.add_argument("--port", help="for drop and reset: TCP port, a-b, or a,b; ‘qemu’ and "
                         "‘control’ mean %s and %s" % (link.QEMU_PORTS, link.CONTROL_PORTS))
    command.add_argument("--direction", choices=["from", "to", "both"], default="both",
                         help="for drop: seen from the host (default: both)")


def _up(args):
    start = time.monotonic()
    lab = Lab(hosts=args.hosts, name=args.name, detached=True, ssh=args.ssh)
    print(_STARTED.format(name=lab.name, hosts=", ".join(h.name for h in lab.hosts),
                          directory=lab.directory,
                          ssh=", qemu+ssh://root@h1/system" if args.ssh else ""))
    print("(%.1f s)" % (time.monotonic() - start))


def _down(args):
    names = state.running() if args.all else [os.path.basename(state.find(args.name))]
    for name in names:
        Lab.attach_for_down(name).down()
        print("Lab ‘%s’ is gone" % name)


def _list(_):
    for name in state.running():
        print(name)


def _status(args):
    lab = Lab.attach(args.name)
    print("Lab %s in %s" % (lab.name, lab.directory))
    for host in lab.hosts:
        try:
            host.init_pid  # pylint: disable=pointless-statement
            power = "answers" if host.answers() else "does not answer"
        except LabError:
            power = "off"
        print("  %-7s control %-12s migration %-11s libvirtd %s (%s)" % (
            host.name, host.address, host.migration_address, host.daemon_pid or "-", power))
    print("  %-7s control %-12s migration %s" % (
        "client", lab.client_node.address, lab.client_node.migration_address))
    _print_guests(lab)


def _env(args):
    lab = Lab.attach(args.name)
    print("export VMMIG_LAB=%s" % shlex.quote(lab.directory))
    for host in lab.hosts:
        print("export %s=%s" % (host.name.upper(), shlex.quote(host.uri)))
        print("export %s_PEER=%s" % (host.name.upper(), host.peer_uri()))


def _exec(args):
    lab = Lab.attach(args.name)
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    command = lab.node(args.where).command(command or ["bash"])
    os.execvp(command[0], command)


def _guest_start(args):
    lab = Lab.attach(args.name)
    guest = lab.guest(args.host, args.guest, memory_mib=args.memory,
                      working_set_mib=args.working_set, dirty_mib_s=args.dirty, beat=args.beat,
                      persistent=not args.transient, autostart=args.autostart, paused=args.paused)
    guest.start()
    print("VM ‘%s’ (%s) is on %s" % (guest.name, guest.uuid, args.host))


def _guest_list(args):
    _print_guests(Lab.attach(args.name), time.monotonic() - args.last if args.last else None)


def _print_guests(lab, since=None):
    for guest in lab.guests():
        watcher = lab.watch(guest)
        beat, faults = watcher.last(), watcher.faults()
        where = ", ".join("%s: %s" % item for item in guest.states().items()) or "nowhere"
        print("  %-12s %s" % (guest.name, where))
        if beat:
            print("  %12s beats on %s, longest pause %.0f ms, memory %s, %s" % (
                "", watcher.where() or "no host now", watcher.downtime_ms(since),
                "intact" if not watcher.bad() else "BAD (%d pages)" % watcher.bad(),
                "; ".join(faults[:2]) or "one copy"))


def _guest_watch(args):
    lab = Lab.attach(args.name)
    guest = lab.find_guest(args.guest)
    watcher = lab.watch(guest)
    watcher.last()
    since = time.monotonic()
    while True:
        time.sleep(1)
        now = time.monotonic()
        beat, faults = watcher.last(), watcher.faults()
        print("%-4s tick %-8s longest pause %5.0f ms  bad pages %d  %s" % (
            watcher.where() or "-", beat.tick if beat else "-", watcher.downtime_ms(since - 0.1),
            beat.bad if beat else 0, "; ".join(faults[:1]) or "one copy"), flush=True)
        since = now


def _guest_stop(args):
    Lab.attach(args.name).find_guest(args.guest).remove()


def _link(args):
    lab = Lab.attach(args.name)
    hosts = lab.hosts if args.host == "all" else [lab.host(args.host)]
    port = {"qemu": link.QEMU_PORTS, "control": link.CONTROL_PORTS}.get(args.port, args.port)
    if (args.action == "rate") != bool(args.rate):
        raise LabError("Say ‘link HOST rate 200mbit’; only ‘rate’ takes a number")
    for host in hosts:
        for network, end in host.links.items():
            if args.network not in (network, "both"):
                continue
            if args.action == "rate":
                end.shape(args.rate)
            elif args.action == "drop":
                end.drop(port, args.direction)
            elif args.action == "reset":
                end.reset(port or link.QEMU_PORTS)
            else:
                getattr(end, args.action)()


_HOST_ACTIONS = {
    "reboot": lambda h, v: h.reboot(), "power-off": lambda h, v: h.power_off(),
    "power-on": lambda h, v: h.start(), "kill-daemon": lambda h, v: h.kill_daemon(),
    "start-daemon": lambda h, v: h.start_daemon(), "stop-daemon": lambda h, v: h.stop_daemon(),
    "continue-daemon": lambda h, v: h.continue_daemon(),
    "restart-daemon": lambda h, v: h.restart_daemon(),
    "break-certificates": lambda h, v: h.break_certificates(v),
    "restore-certificates": lambda h, v: h.restore_certificates(),
}


def _host(args):
    if (args.action == "break-certificates") != bool(args.variant):
        raise LabError("break-certificates, and only that, takes a variant: "
                       + ", ".join(pki.VARIANTS))
    _HOST_ACTIONS[args.action](Lab.attach(args.name).host(args.host), args.variant)


def _kernel(args):
    kernel.build(args.output)
