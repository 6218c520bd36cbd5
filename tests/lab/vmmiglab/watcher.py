# SPDX-License-Identifier: LGPL-2.1-or-later
"""The judge: heartbeats turned into downtime, place, and proof that exactly one copy ran.

Proof: a guest counts ticks and prints each heartbeat once. Two copies that ever ran at the same
time print the same tick twice, or an older one after a newer one; a second boot beside the first
makes two <boot> numbers alternate. `beat=1` guests show a fork of one tick (4 ms).
"""

import os
import time
from collections import namedtuple

from . import proc

Beat = namedtuple("Beat", "time host boot tick sweep round bad")


class Watcher:
    """The heartbeats of one guest, from `since` (time.monotonic()) on."""

    def __init__(self, lab, guest, since=0.0):
        self.lab, self.uuid, self.since = lab, guest.uuid, since
        self.period = guest.parameters["beat"] / guest.parameters["hz"]
        self.garbage = 0  # lines that were no heartbeat
        self._all = []
        self._seen = {}
        self._position = 0

    def beats(self, since=None, until=None):
        """All heartbeats in an interval, in the order in which they were seen."""
        self._sync()
        since = self.since if since is None else since
        return [b for b in self._all if b.time >= since and (until is None or b.time <= until)]

    def last(self):
        """The newest heartbeat, or None."""
        self._read()
        return self._all[-1] if self._all else None

    def where(self, within=1.0):
        """The host on which it beat last, or None if that is longer ago than `within` s."""
        beat = self.last()
        return beat.host if beat and beat.time >= time.monotonic() - within else None

    def wait_beat(self, host=None, timeout=30.0, after=None):
        """Wait for a heartbeat (on `host`) later than `after` (default: now); the beat."""
        after = time.monotonic() if after is None else after
        name = getattr(host, "name", host)

        def beat():
            newest = self.last()
            return newest and newest.time > after and name in (None, newest.host) and newest
        return proc.wait_until(beat, timeout, "a heartbeat of %s%s"
                               % (self.uuid, " on " + name if name else ""))

    def wait_silence(self, seconds, timeout=60.0):
        """Wait until it has not beaten for so long."""
        proc.wait_until(lambda: self.where(seconds) is None, timeout, "silence of " + self.uuid)

    def gaps(self, since=None, until=None):
        """[(ms, when it began, host before, host after)], longest first."""
        beats = self.beats(since, until)
        return sorted((((b.time - a.time) * 1000, a.time, a.host, b.host)
                       for a, b in zip(beats, beats[1:])), reverse=True)

    def downtime_ms(self, since=None, until=None):
        """The longest time without a heartbeat, felt by whoever watches the guest.

        A guest that never stops shows one period of its heartbeat (Watcher.period).
        """
        gaps = self.gaps(since, until)
        return gaps[0][0] if gaps else 0.0

    def bad(self):
        """How many times a page was not what the guest wrote."""
        return max((b.bad for b in self.beats()), default=0)

    def faults(self):
        """What contradicts ‘exactly one copy ran, and never fell back’, in words."""
        found, ticks, boots, high = [], {}, [], {}
        for b in self.beats():
            if b.boot not in boots:
                boots.append(b.boot)
            elif b.boot != boots[-1]:
                found.append("boot %x beat on %s at %.3f after boot %x had begun"
                             % (b.boot, b.host, b.time, boots[-1]))
            first = ticks.setdefault((b.boot, b.tick), b)
            if first is not b:
                found.append("tick %d ran twice: on %s at %.3f and on %s at %.3f"
                             % (b.tick, first.host, first.time, b.host, b.time))
            elif b.tick < high.get(b.boot, 0):
                found.append("tick %d on %s at %.3f came after tick %d"
                             % (b.tick, b.host, b.time, high[b.boot]))
            high[b.boot] = max(high.get(b.boot, 0), b.tick)
        return found

    def assert_one_copy(self):
        """AssertionError unless it beat, and exactly one copy of it ever did at a time."""
        faults = self.faults()
        assert self.beats(), "VM %s never beat" % self.uuid
        assert not faults, "VM %s: %d contradictions to one copy; first: %s" % (
            self.uuid, len(faults), "; ".join(faults[:3]))

    def assert_memory_intact(self, timeout=60.0):
        """AssertionError unless all of the memory, checked whole after this call, is as written."""
        start = self.wait_beat(timeout=timeout)
        # The round that is under way began before this call: two more have to end.
        proc.wait_until(lambda: self.last().round >= start.round + 2 or
                        self.last().boot != start.boot, timeout,
                        "the guest %s has checked its whole memory" % self.uuid)
        bad = self.bad()
        assert bad == 0, "VM %s found %d pages that differ from what it wrote" % (self.uuid, bad)

    def _sync(self):
        """Wait until everything that is in the serial logs now was recorded."""
        ends = {}
        for host in self.lab.hosts:
            path = host.path("lib/serial", self.uuid + ".log")
            if os.path.exists(path):
                with open(path, "rb") as f:
                    ends[host.name] = f.read().rfind(b"\n") + 1

        def recorded():
            self._read()
            return all(self._seen.get(name, 0) >= end for name, end in ends.items())
        proc.wait_until(recorded, 60, "the recorder has read the serial logs")

    def _read(self):
        try:
            with open(os.path.join(self.lab.directory, "beats.log"), "rb") as f:
                f.seek(self._position)
                data = f.read()
        except FileNotFoundError:
            return
        data = data[:data.rfind(b"\n") + 1]
        self._position += len(data)
        for line in data.decode().splitlines():
            nanoseconds, host, uuid, position, *numbers = line.split()
            if uuid != self.uuid:
                continue
            self._seen[host] = int(position)
            if numbers == ["?"]:
                self.garbage += 1
            else:
                self._all.append(Beat(int(nanoseconds) / 1e9, host, *map(int, numbers)))
