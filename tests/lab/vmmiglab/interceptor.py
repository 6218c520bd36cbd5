# SPDX-License-Identifier: LGPL-2.1-or-later
"""A man in the middle of a migration's data: ends TLS with certificates of the test's choice.

    with lab.interceptor("h1", "h2", directory, marker) as middle:
        …migrate from h1 to h2…
    middle.attempts, middle.handshakes, middle.bytes, middle.hits

What the source's QEMU sends to the destination's ports is turned aside on the source itself, and
passed on from the client's network. Somebody whom both believe reads all of it: a run with the
destination's own certificates has to find the marker before a refusal proves anything.
"""

import select
import socket
import ssl
import struct
import threading

from . import proc
from .errors import LabError
from .link import QEMU_PORTS

_SO_ORIGINAL_DST = 80
_TABLE = "lab_interceptor"


class Interceptor:
    """A context manager. `directory` is an /etc/pki with files for QEMU: server-cert.pem is shown
    to the source, client-cert.pem to the destination."""

    def __init__(self, lab, source, destination, directory, *markers):
        self.markers = markers
        self.attempts = 0     # connections of the source
        self.handshakes = 0   # of them, that took the certificate
        self.bytes = 0        # read in clear
        self.hits = set()     # markers among them
        self.complaints = []  # what went wrong with a connection
        self._lab, self._source = lab, lab.host(source)
        self._addresses = lab.host(destination).addresses
        self._server = self._context(ssl.PROTOCOL_TLS_SERVER, directory, "server")
        self._client = self._context(ssl.PROTOCOL_TLS_CLIENT, directory, "client")
        self._overlap = max(map(len, markers), default=1) - 1
        self._stop = threading.Event()
        self._threads = []
        self._listener = None

    @staticmethod
    def _context(protocol, directory, part):
        context = ssl.SSLContext(protocol)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain("%s/qemu/%s-cert.pem" % (directory, part),
                                "%s/qemu/%s-key.pem" % (directory, part))
        return context

    def __enter__(self):
        opener = threading.Thread(target=self._listen)
        opener.start()
        opener.join()
        if self._listener is None:
            raise LabError("Cannot listen on %s" % self._source)
        self._filter("add table ip {0}\n"
                     "add chain ip {0} output {{ type nat hook output priority -100; }}\n"
                     "add rule ip {0} output ip daddr {{ {1} }} tcp dport {2} redirect to :{3}\n"
                     .format(_TABLE, ", ".join(a for a in self._addresses if ":" not in a),
                             QEMU_PORTS, self._listener.getsockname()[1]))
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._filter("delete table ip %s\n" % _TABLE)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _filter(self, script):
        proc.run(proc.enter(self._source.init_pid, "net") + ["nft", "-f", "-"], stdin=script)

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    @staticmethod
    def _enter_network(pid):
        """Of this thread alone: what it opens from now on is there."""
        with open("/proc/%d/ns/net" % pid, "rb") as namespace:
            proc.setns(namespace.fileno())

    def _listen(self):
        self._enter_network(self._source.init_pid)
        self._listener = socket.create_server(("127.0.0.1", 0))

    def _accept(self):
        while not self._stop.is_set():
            if select.select([self._listener], [], [], 0.05)[0]:
                self.attempts += 1
                self._start(self._serve, self._listener.accept()[0])

    def _serve(self, connection):
        port, address = struct.unpack("!2xH4s8x",
                                      connection.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16))
        try:
            with connection:
                connection.settimeout(10)
                with self._server.wrap_socket(connection, server_side=True) as near:
                    self.handshakes += 1
                    self._enter_network(self._lab.client_node.init_pid)
                    with socket.create_connection((socket.inet_ntoa(address), port), 10) as plain, \
                            self._client.wrap_socket(plain) as far:
                        self._pass_on(near, far)
        except OSError as e:
            self.complaints.append(str(e))

    def _pass_on(self, near, far):
        tail = b""
        while not self._stop.is_set():
            ready = [s for s in (near, far) if s.pending()] or \
                select.select([near, far], [], [], 0.05)[0]
            for side in ready:
                data = side.recv(1 << 16)
                if not data:
                    return
                if side is near:
                    self.bytes += len(data)
                    seen = tail + data
                    self.hits.update(m for m in self.markers if m in seen)
                    tail = seen[-self._overlap:] if self._overlap else b""
                (far if side is near else near).sendall(data)
