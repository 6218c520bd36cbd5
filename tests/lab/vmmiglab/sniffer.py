# SPDX-License-Identifier: LGPL-2.1-or-later
"""Listens on the switch for bytes that must not cross in clear.

    with lab.sniffer(guest.marker) as sniffer:
        …migrate…
    sniffer.hits, sniffer.bytes

A run without encryption has to find the marker before a run with it proves anything.
"""

import select
import socket
import struct
import threading
from collections import Counter, namedtuple

from . import proc
from .errors import LabError

_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_STATISTICS, _PACKET_IGNORE_OUTGOING = 263, 6, 23
_SO_RCVBUFFORCE = 33
_BUFFER = 128 << 20
_NO_CONNECTION = ("", 0, "", 0)

Hit = namedtuple("Hit", "network host source destination port marker")


class Sniffer:
    """A context manager; `networks` are "ctl", "mig". Every frame is seen once: where a node sends."""

    def __init__(self, lab, *markers, networks=("ctl", "mig")):
        self.markers = markers
        self.hits = []        # one per connection, direction and marker
        self.bytes = Counter()  # network: bytes seen
        self.segments = Counter()  # network: TCP's frames seen, of connections and of attempts
        self.port_bytes = Counter()  # TCP port of either end: bytes of payload seen
        self.dropped = 0      # frames that the kernel could not keep for us
        self._overlap = max(map(len, markers), default=1) - 1
        self._tails = {}
        self._found = set()
        self._links = [link for node in lab.hosts + [lab.client_node]
                       for network, link in node.links.items() if network in networks]
        self._lab = lab
        self._stop = threading.Event()
        self._thread = None

    def __enter__(self):
        sockets = {}
        # A thread of its own enters the switch's network: what it opens there stays there.
        opener = threading.Thread(target=self._open, args=(sockets,))
        opener.start()
        opener.join()
        if len(sockets) != len(self._links):
            raise LabError("Cannot listen on the lab's switch")
        self._thread = threading.Thread(target=self._main, args=(sockets,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def assert_absent(self):
        """AssertionError if a marker crossed, or if not everything was seen."""
        assert not self.hits, "crossed in clear: %s" % (self.hits,)
        assert not self.dropped, "%d frames were not seen" % self.dropped

    def _open(self, sockets):
        with open("/proc/%d/ns/net" % self._lab.root_pid, "rb") as namespace:
            proc.setns(namespace.fileno())
        for link in self._links:
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            s.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
            s.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
            s.setblocking(False)
            s.bind((link.port, _ETH_P_ALL))
            sockets[s.fileno()] = (s, link)

    def _main(self, sockets):
        poller = select.poll()
        for fd in sockets:
            poller.register(fd, select.POLLIN)
        buffer = bytearray(1 << 18)
        view = memoryview(buffer)
        while True:
            stopping = self._stop.is_set()
            ready = poller.poll(20)
            for fd, _ in ready:
                s, link = sockets[fd]
                try:
                    while True:
                        self._frame(link, view[:s.recv_into(buffer)])
                except (BlockingIOError, OSError):
                    pass
            if stopping and not ready:
                break
        for s, _ in sockets.values():
            self.dropped += struct.unpack("II", s.getsockopt(_SOL_PACKET, _PACKET_STATISTICS,
                                                             8))[1]
            s.close()

    def _frame(self, link, frame):
        self.bytes[link.network] += len(frame)
        connection, payload = _tcp_payload(frame)
        if connection != _NO_CONNECTION:
            self.segments[link.network] += 1
        data = self._tails.get(connection, b"") + bytes(payload)
        for marker in self.markers:
            if marker in data and (connection, marker) not in self._found:
                self._found.add((connection, marker))
                source, destination, port = connection[0], connection[2], connection[3]
                self.hits.append(Hit(link.network, link.host.name, source, destination, port,
                                     marker.hex()))
        if self._overlap:
            self._tails[connection] = data[-self._overlap:]
        self.port_bytes[connection[1]] += len(payload)
        self.port_bytes[connection[3]] += len(payload)


def _tcp_payload(frame):
    """((source, port, destination, port), payload); what is not TCP over IPv4 is taken whole."""
    if len(frame) < 54 or bytes(frame[12:14]) != b"\x08\x00" or frame[23] != 6:
        return _NO_CONNECTION, frame
    tcp = 14 + (frame[14] & 15) * 4
    source, destination = (".".join(map(str, frame[a:a + 4])) for a in (26, 30))
    ports = struct.unpack(">HH", frame[tcp:tcp + 4])
    return ((source, ports[0], destination, ports[1]),
            frame[tcp + (frame[tcp + 12] >> 4) * 4:])
