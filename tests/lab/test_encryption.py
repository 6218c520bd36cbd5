#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Encrypted or nothing: bad certificates, what is on the wire, and how plaintext looks."""

import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB, SIDES  # noqa: E402
from vmmiglab.link import QEMU_PORTS  # noqa: E402

# What is wrong with a node's certificates for QEMU: what libvirt or QEMU says of it
BAD_FOR_QEMU = {
    ("h2", "expired"): "expired",
    ("h2", "not-yet-valid"): "not yet active",
    ("h2", "other-ca"): "issuer",
    ("h2", "wrong-host"): "",
    ("h2", "no-server-cert"): "server-cert.pem",
    ("h2", "no-ca-cert"): "ca-cert.pem",
    ("h2", "unreadable-key"): "key",
    ("h1", "no-client-cert"): "",
    ("h1", "expired"): "expired",
    ("h1", "other-ca"): "issuer",
}
_FIRST, _LAST = map(int, QEMU_PORTS.split("-"))


def setUpModule():
    support.start_lab()


def stream_bytes(sniffer):
    """What crossed on the ports of memory and disks."""
    return sum(n for port, n in sniffer.port_bytes.items() if _FIRST <= port <= _LAST)


class EncryptionTest(support.LabTest):
    def restore(self, *hosts, kinds=("qemu",)):
        for host in hosts or self.lab.hosts:
            host.restore_certificates(kinds)


class BadCertificates(EncryptionTest):
    def test_of_qemu(self):
        """Each is refused while the VM runs on, and nothing of it crosses, encrypted or not."""
        guest = self.guest()
        self.addCleanup(self.restore)
        for i, ((host, variant), words) in enumerate(BAD_FOR_QEMU.items()):
            via = SIDES[i % len(SIDES)]
            with self.subTest(host=host, variant=variant, via=via):
                self.lab.host(host).break_certificates(variant)
                began = time.monotonic()
                with self.lab.sniffer(guest.marker) as sniffer:
                    outcome = self.migrate(guest, "h1", "h2", via=via)
                self.restore(self.lab.host(host))
                support.note("%s on %s by %s: %s after %.1f s, “%s”"
                             % (variant, host, via, outcome.error, time.monotonic() - began,
                                outcome.message))
                self.assert_refused(outcome, "insecure", "h1", guest.name, "h1", "h2", words,
                                    "certificates", "/etc/pki/qemu", "both nodes", "preparing",
                                    "libvirt error")
                self.assertEqual(outcome.exit_code, 8 if via == "tool" else 0)
                sniffer.assert_absent()
                # Two hands that meet and part again
                self.assertLess(stream_bytes(sniffer), 64 << 10)
                self.assertEqual(guest.state("h1"), "running (booted)")
                self.check_after(guest, "h1", memory=False)
        guest.watcher.assert_memory_intact()
        self.moves(guest, "h1", "h2")

    def test_of_libvirts_daemons(self):
        guest = self.guest()
        self.addCleanup(self.restore, self.lab.h2, kinds=("libvirt",))
        for via, transport, variant in (("c", "unix", "expired"), ("python", "unix", "wrong-host"),
                                        ("tool", "tls", "other-ca")):
            with self.subTest(variant=variant, via=via, transport=transport):
                self.lab.h2.break_certificates(variant, kinds=["libvirt"])
                with self.lab.sniffer(guest.marker) as sniffer:
                    outcome = self.migrate(guest, "h1", "h2", via=via, transport=transport)
                support.note("%s by %s over %s: %s, “%s”"
                             % (variant, via, transport, outcome.error, outcome.message))
                self.assertEqual((outcome.outcome, outcome.error, outcome.encryption),
                                 ("failed", "authentication", "nothing-sent"), outcome)
                for word in (guest.name, "h1", "h2", "verify peer's certificate",
                             "libvirt error", "/etc/pki/libvirt", "valid today", "names"):
                    self.assertIn(word, outcome.message)
                sniffer.assert_absent()
                self.assertEqual(stream_bytes(sniffer), 0)
                self.check_after(guest, "h1", memory=False)
        self.restore(self.lab.h2, kinds=("libvirt",))
        self.moves(guest, "h1", "h2", via="tool", transport="tls")

    def test_of_the_sources_daemon(self):
        """The destination's daemon hangs up on it: that is no connection that broke."""
        guest = self.guest()
        self.addCleanup(self.restore, self.lab.h1, kinds=("libvirt",))
        self.lab.h1.break_certificates("no-client-cert", kinds=["libvirt"])
        outcome = self.migrate(guest, "h1", "h2")
        support.note("“%s”" % outcome.message)
        self.assertEqual((outcome.outcome, outcome.where, outcome.error, outcome.encryption),
                         ("failed", "h1", "authentication", "nothing-sent"), outcome)
        for word in (guest.name, "h1", "h2", "TLS confirmation",
                     "vmmig pki check /etc/pki --layout libvirt"):
            self.assertIn(word, outcome.message)
        self.restore(self.lab.h1, kinds=("libvirt",))
        self.moves(guest, "h1", "h2")


class OnTheWire(EncryptionTest):
    def with_disks(self):
        """A guest with disks of two formats, and all that must not be read by others."""
        name = self.id().rpartition(".")[2]
        disks = [self.lab.disk("h1", name + "-raw", size_mib=4),
                 self.lab.disk("h1", name + "-qcow2", size_mib=4, format="qcow2")]
        guest = self.guest(disks=disks)
        return guest, [guest.marker] + [disk.marker for disk in disks]

    def test_encrypted_memory_and_disks(self):
        guest, markers = self.with_disks()
        ends = ["h1", "h2"]
        for via in ("c", "tool"):
            with self.subTest(via=via), self.lab.sniffer(*markers) as sniffer:
                self.moves(guest, *ends, via=via, copy_storage="all")
            sniffer.assert_absent()
            # Memory and both disks did cross, and two connections at least carried them
            self.assertGreater(stream_bytes(sniffer), (8 + 4 + 4) * MIB)
            self.assertGreater(len([p for p in sniffer.port_bytes
                                    if _FIRST <= p <= _LAST and
                                    sniffer.port_bytes[p] > 4 * MIB]), 1, sniffer.port_bytes)
            for disk in guest.disks:
                self.assertTrue(disk.is_intact(ends[1]))
                disk.remove(ends[0])
            ends.reverse()

    def test_encrypted_in_each_mode(self):
        guest = self.guest()
        ends = ["h1", "h2"]
        for options in ({"parallel_connections": 2}, {"compression": "xbzrle"}):
            with self.subTest(**options), self.lab.sniffer(guest.marker) as sniffer:
                self.moves(guest, *ends, via="python", **options)
            sniffer.assert_absent()
            self.assertGreater(stream_bytes(sniffer), 8 * MIB)
            ends.reverse()
        with self.subTest(mode="post-copy"), self.lab.sniffer(guest.marker) as sniffer:
            run = self.start(guest, *ends, via="python", allow_post_copy=True, bandwidth=MIB)
            run.wait_copying()
            self.assertTrue(run.ask("post-copy")["ok"])
            self.assert_moved(run.outcome(), mode="post-copy")
            self.check_after(guest, ends[1])
        sniffer.assert_absent()
        self.assertGreater(stream_bytes(sniffer), 8 * MIB)

    def test_plaintext_where_it_was_asked_for(self):
        """The sniffer sees it then; and so does whoever reads what is told."""
        guest, markers = self.with_disks()
        ends = ["h1", "h2"]
        for via in ("python", "tool"):
            with self.subTest(via=via):
                with self.lab.sniffer(*markers) as sniffer:
                    outcome = self.migrate(guest, *ends, via=via, encryption="off",
                                           copy_storage="all")
                self.assertEqual({hit.marker for hit in sniffer.hits}, {m.hex() for m in markers})
                self.assertEqual((outcome.outcome, outcome.where, outcome.encryption),
                                 ("succeeded", ends[1], "plaintext"), outcome)
                self.assertEqual(len(outcome.warnings), 1, outcome)
                self.assertIn("Not encrypted", outcome.warnings[0])
                self.assertIn("memory and disks", outcome.warnings[0])
                self.check_after(guest, ends[1])
                for disk in guest.disks:
                    self.assertTrue(disk.is_intact(ends[1]))
                    disk.remove(ends[0])
                ends.reverse()

    def test_plaintext_is_shown_by_the_tool(self):
        guest = self.guest()
        lines = self.by_hand(guest, self.lab.h1, self.lab.h2, "--no-encryption")
        self.assertIn("NOT ENCRYPTED", lines[0])
        self.assertIn(guest.name, lines[0])
        self.assertIn("not encrypted", "".join(lines[1:]).lower())
        self.check_after(guest, "h2")
        lines = self.by_hand(guest, self.lab.h2, self.lab.h1)
        self.assertNotIn("not encrypted", "".join(lines).lower())
        self.check_after(guest, "h1")

    def by_hand(self, guest, source, destination, *more):
        """What a person reads."""
        done = subprocess.run([support.TOOL, "migrate", guest.name, "--from", source.uri,
                               "--to", destination.uri, "--peer-uri", destination.peer_uri(),
                               *more], env=support.environment(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=support.PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.splitlines()


class Control(EncryptionTest):
    def test_plain_tcp_is_refused(self):
        guest = self.guest()
        tcp = self.lab.h2.peer_uri("tcp")
        for via in SIDES:
            with self.subTest(via=via), self.lab.sniffer(guest.marker) as sniffer:
                outcome = self.migrate(guest, "h1", "h2", via=via, destination={"peer-uri": tcp})
            self.assertEqual((outcome.outcome, outcome.error), ("failed", "insecure"), outcome)
            for word in ("h2", "TCP without encryption", "use qemu+tls"):
                self.assertIn(word, outcome.message)
            if via == "tool":
                self.assertEqual(outcome.exit_code, 8)
            sniffer.assert_absent()
            self.assertEqual(sum(n for port, n in sniffer.port_bytes.items() if port), 0)
        outcome = self.migrate(guest, "h1", "h2", transport="tcp")
        self.assertEqual((outcome.outcome, outcome.error), ("failed", "insecure"), outcome)
        self.check_after(guest, "h1")
        self.moves(guest, "h1", "h2")

    def test_plain_tcp_where_it_is_allowed(self):
        """The daemons then talk in the clear; memory does not."""
        guest = self.guest()
        with self.lab.sniffer(guest.marker, guest.uuid.encode()) as sniffer:
            outcome = self.migrate(
                guest, "h1", "h2",
                destination={"peer-uri": self.lab.h2.peer_uri("tcp"), "control-encryption": "off"})
        self.assertEqual((outcome.outcome, outcome.where, outcome.encryption),
                         ("succeeded", "h2", "encrypted"), outcome)
        self.assertEqual(len(outcome.warnings), 1, outcome)
        self.assertIn("daemons", outcome.warnings[0])
        self.assertEqual({hit.marker for hit in sniffer.hits}, {guest.uuid.encode().hex()})
        self.check_after(guest, "h2")
        with self.lab.sniffer(guest.marker, guest.uuid.encode()) as sniffer:
            self.moves(guest, "h2", "h1")
        sniffer.assert_absent()


if __name__ == "__main__":
    unittest.main()
