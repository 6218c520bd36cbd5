#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many VMs at once between real hosts: the limits hold, judged by libvirt's events alone."""

import json
import os
import re
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = {
    "c": [os.path.join(support.BUILD, "tests/lab/client/lab-scheduler")],
    "python": [sys.executable, os.path.join(HERE, "client/lab-scheduler.py")],
}


def setUpModule():
    support.start_lab()


def start_virsh(host, *arguments):
    return subprocess.Popen(["virsh", "-q", "-c", host.uri, *arguments], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            preexec_fn=support.proc.die_with_parent)


class Observer:
    """What the source's daemon tells: who copies memory, and who has gone."""

    def __init__(self, host):
        self._process = start_virsh(host, "event", "--all", "--loop", "--timestamp")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._end()

    def _end(self):
        self._process.terminate()
        return self._process.communicate()[0]

    def most_at_once(self):
        """The largest number of VMs that were on their way at the same time."""
        text = self._end()
        running, most = set(), 0
        for line in text.splitlines():
            vm = re.search(r"for domain '?([^ ':]+)", line)
            if vm is None:
                continue
            if "'migration-iteration'" in line:
                running.add(vm[1])
            elif "'lifecycle'" in line and re.search(r"Stopped|Undefined", line):
                running.discard(vm[1])
            most = max(most, len(running))
        return most, text


class Limits(support.LabTest):
    def submit(self, via, outbound, guests):
        there = self.lab.h2
        command = [*CLIENTS[via], str(outbound), str(3 * MIB), self.lab.h1.uri, there.uri,
                   there.peer_uri(), *(guest.name for guest in guests)]
        run = subprocess.run(command, capture_output=True, text=True, env=support.environment(),
                             timeout=4 * support.PATIENCE, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotIn("CRITICAL", run.stderr)
        *ends, last = (json.loads(line) for line in run.stdout.splitlines())
        return ends, last["reasons"]

    def test_no_more_leave_at_once_than_may(self):
        for via, outbound in (("c", 1), ("python", 2)):
            with self.subTest(via=via):
                # So calm that a migration lasts longer than its neighbour's preparation
                guests = [self.guest(dirty_mib_s=0.25) for _ in range(5)]
                began = time.monotonic()
                with Observer(self.lab.h1) as observer:
                    ends, reasons = self.submit(via, outbound, guests)
                    most, text = observer.most_at_once()
                support.note("%d VMs, %d at once, in %.1f s: %s" % (
                    len(guests), most, time.monotonic() - began, "; ".join(reasons)))
                self.assertEqual({end["state"] for end in ends}, {"succeeded"}, ends)
                self.assertEqual(most, outbound, text)
                self.assertTrue([r for r in reasons if "h1" in r], reasons)
                for guest in guests:
                    self.check_after(guest, "h2")

    def test_migrations_of_virsh_take_slots(self):
        foreign, ours = self.guest(), self.guest(dirty_mib_s=0.25)
        with Observer(self.lab.h1) as observer:
            virsh = start_virsh(
                self.lab.h1, "migrate", "--live", "--p2p", "--tls", "--undefinesource", "--persistent",
                "--bandwidth", "1", foreign.name, self.lab.h2.peer_uri())
            self.addCleanup(virsh.communicate)
            support.proc.wait_until(
                lambda: "Data remaining" in self.lab.h1.virsh("domjobinfo", foreign.uuid),
                support.PATIENCE, "virsh migrates it")
            # So slow that it does not end, until somebody lets it
            faster = threading.Timer(5, self.lab.h1.virsh, ["migrate-setspeed", foreign.name, "500"])
            faster.start()
            self.addCleanup(faster.join)
            ends, reasons = self.submit("c", 1, [ours])
            most, text = observer.most_at_once()
        self.assertEqual(virsh.wait(support.PATIENCE), 0)
        self.assertEqual(ends[0]["state"], "succeeded", ends)
        self.assertEqual(most, 1, text)
        self.assertTrue([r for r in reasons if foreign.name in r], reasons)
        for guest in (foreign, ours):
            self.check_after(guest, "h2")


if __name__ == "__main__":
    unittest.main()
