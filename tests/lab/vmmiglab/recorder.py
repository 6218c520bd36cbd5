# SPDX-License-Identifier: LGPL-2.1-or-later
"""Time-stamps the heartbeats of all guests, in a process of its own.

Follows the serial logs of all hosts and appends one line per heartbeat to beats.log:
  <monotonic ns> <host> <uuid> <offset behind it in the serial log> <boot> <tick> <sweep> <round> <bad>
A line that is no heartbeat is recorded with "?" in place of the numbers.
"""

import ctypes
import os
import re
import select
import sys
import time

_IN_MODIFY, _IN_CREATE = 0x2, 0x100
_BEAT = re.compile(rb"H(?: [0-9a-f]{1,8}){6}")
# Batches what arrives together: QEMU writes each character on its own.
_PAUSE = 0.002


def parse(line):
    """The five numbers of a heartbeat, or None."""
    if not _BEAT.fullmatch(line):
        return None
    numbers = [int(word, 16) for word in line.split()[1:]]
    total = 0
    for number in numbers:
        total ^= number
    return numbers[:5] if total == 0 else None


def find(line):
    """As parse(); a QEMU that was killed may have left the beginning of a line before it."""
    return parse(line) or parse(line[line.rfind(b"H"):])


class Recorder:
    """What was read of each serial log so far."""

    def __init__(self):
        self.offsets = {}    # (host, uuid): how much was read
        self.tails = {}      # (host, uuid): a line that has no end yet
        self.writing = {}    # uuid: the host of its last data
        self.begin = {}      # (host, uuid): where in the tail began what came since then
        self.last_host = {}  # uuid: the host of its last whole line

    def read(self, host, name, path):
        """New records of one serial log."""
        uuid, key = name.rpartition(".")[0], (host, name)
        try:
            with open(path, "rb") as f:
                offset = self.offsets.get(key, 0)
                if os.fstat(f.fileno()).st_size < offset:
                    offset = 0  # truncated by a test
                f.seek(offset)
                data = f.read()
        except FileNotFoundError:
            return []
        if not data:
            return []
        self.offsets[key] = offset + len(data)
        if self.writing.get(uuid) != host:
            self.writing[uuid], self.begin[key] = host, len(self.tails.get(key, b""))
        lines = data.split(b"\n")
        if len(lines) > 1:
            lines[0] = self._complete(lines[0], key, (self.last_host.get(uuid, host), name))
            self.last_host[uuid] = host
        else:
            lines[0] = self.tails.get(key, b"") + lines[0]
        self.tails[key] = lines.pop()
        position = self.offsets[key] - len(data)
        records = []
        for line, length in zip(lines, map(len, data.split(b"\n"))):
            position += length + 1
            if line:
                records.append((find(line), host, uuid, position))
        return records

    def _complete(self, start, key, before):
        """The line that ends here. It may have begun on the host where the guest was before."""
        whole = self.tails.get(key, b"") + start
        piece = whole[self.begin.pop(key, 0):]
        if before == key or parse(whole):
            return whole
        begun = self.tails.get(before, b"") + piece
        if parse(begun):
            self.tails[before] = b""
            return begun
        # Whole, or the end of a line whose beginning is not known.
        return piece if find(piece) else b""


def in_order(records):
    """One guest's records of one batch, by tick: which host's came first is not known."""
    if len({beat[0] for beat, *_ in records if beat}) == 1:
        records.sort(key=lambda record: record[0][1] if record[0] else 0)
    return records


def format_records(records):
    now = time.monotonic_ns()
    return "".join("%d %s %s %d %s\n" % (now, host, uuid, position,
                                        " ".join(map(str, beat)) if beat else "?")
                   for beat, host, uuid, position in records).encode()


def main():
    directory = sys.argv[1]
    libc = ctypes.CDLL(None, use_errno=True)
    inotify = libc.inotify_init1(os.O_CLOEXEC)
    if inotify < 0:
        sys.exit("inotify_init: " + os.strerror(ctypes.get_errno()))
    watches = {}
    for host in sorted(os.listdir(directory)):
        serial = os.path.join(directory, host, "lib/serial")
        if os.path.isdir(serial):
            watches[libc.inotify_add_watch(inotify, serial.encode(), _IN_MODIFY | _IN_CREATE)] = (
                host, serial)
    recorder = Recorder()
    out = os.open(os.path.join(directory, "beats.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND,
                  0o600)
    poller = select.poll()
    poller.register(inotify, select.POLLIN)
    while True:
        poller.poll()
        time.sleep(_PAUSE)
        batch = {}
        for watch, name in changes(os.read(inotify, 1 << 16)):
            if watch in watches:
                batch.setdefault(name, []).append(watches[watch])
            else:  # events were lost
                batch = {name: list(watches.values()) for _, serial in watches.values()
                         for name in os.listdir(serial)}
                break
        records = []
        for name, files in batch.items():
            # First the host where the guest was: its line may go on at another.
            last = recorder.last_host.get(name.rpartition(".")[0])
            files.sort(key=lambda file: file[0] != last)
            records += in_order([record for host, serial in files for record in
                                 recorder.read(host, name, os.path.join(serial, name))])
        if records:
            os.write(out, format_records(records))


def changes(events):
    """The set of (watch, file name) in what inotify says."""
    found, at = set(), 0
    while at < len(events):
        watch = int.from_bytes(events[at:at + 4], sys.byteorder)
        length = int.from_bytes(events[at + 12:at + 16], sys.byteorder)
        found.add((watch, events[at + 16:at + 16 + length].rstrip(b"\0").decode()))
        at += 16 + length
    return found


if __name__ == "__main__":
    main()
