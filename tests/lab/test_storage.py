#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs with disks: copied, copied in part, shared; each byte is compared, and none crosses in clear."""

import hashlib
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import SIDES  # noqa: E402
from vmmiglab.storage import Disk, content  # noqa: E402

SIZE = 4  # MiB per disk
COPY = {"copy_storage": "all"}


def setUpModule():
    support.start_lab()


class Overlay(Disk):
    """A qcow2 image over a raw one that both hosts have already."""

    def __init__(self, lab, name):
        super().__init__(lab, name, SIZE, "qcow2")
        self.changed = b"\x5a" * 65536

    def create(self, host):
        for other in self.lab.hosts:
            base = self.outer_path(other) + ".base"
            with open(base, "wb") as f:
                f.write(content(self.marker, self.size_mib))
            self.create_empty(other)
        support.proc.run(["qemu-io", "-f", "qcow2", "-c", "write -P 0x5a 1M 64k",
                          self.outer_path(host)])
        data = bytearray(content(self.marker, self.size_mib))
        data[1 << 20:(1 << 20) + 65536] = self.changed
        self._sha256 = hashlib.sha256(data).hexdigest()
        return self

    def create_empty(self, host):
        support.proc.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b",
                          self.file + ".base", self.outer_path(host)])


class Storage(support.LabTest):
    def name(self, kind):
        return "%s-%s" % (self.id().rpartition(".")[2][5:25].replace("_", "-"), kind)

    def disk(self, kind):
        return self.lab.disk("h1", self.name(kind), SIZE, format=kind)

    def remove(self, disk, host):
        """As its owner does, so that it can come back by a copy."""
        disk.remove(host)
        self.lab.host(host).virsh("pool-refresh", "images")

    def test_all_disks_are_copied_encrypted(self):
        disks = [self.disk("raw"), self.disk("qcow2")]
        guest = self.guest(disks=disks)
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                with self.lab.sniffer(guest.marker, *(d.marker for d in disks)) as sniffer:
                    self.moves(guest, *ends, via=via, **COPY)
                sniffer.assert_absent()
                # Both disks did cross
                self.assertGreater(sum(sniffer.bytes.values()), (2 * SIZE + 8) << 20)
                for disk in disks:
                    self.assertTrue(disk.is_intact(ends[1]), disk.format)
                    self.remove(disk, ends[0])
                ends.reverse()

    def test_in_clear_only_where_asked_and_then_said(self):
        disk = self.disk("raw")
        guest = self.guest(disks=[disk])
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                with self.lab.sniffer(guest.marker, disk.marker) as sniffer:
                    self.moves(guest, *ends, via=via, encryption="off",
                               expect_encryption="plaintext", **COPY)
                self.assertEqual({hit.marker for hit in sniffer.hits},
                                 {guest.marker.hex(), disk.marker.hex()})
                self.assertTrue(disk.is_intact(ends[1]))
                self.remove(disk, ends[0])
                ends.reverse()

    def test_over_the_dedicated_network_the_disks_go_too(self):
        disk = self.disk("raw")
        guest = self.guest(disks=[disk])
        with self.lab.sniffer(guest.marker, disk.marker) as sniffer:
            self.moves(guest, "h1", "h2", network="10.9.0.0/24", **COPY)
        sniffer.assert_absent()
        self.assertGreater(sniffer.bytes["mig"], (SIZE + 8) << 20)
        self.assertLess(sniffer.bytes["ctl"], 1 << 20)
        self.assertTrue(disk.is_intact("h2"))

    def test_chosen_disks(self):
        local, shared = self.disk("raw"), self.lab.nbd_disk(self.name("nbd"), SIZE)
        guest = self.guest(disks=[local, shared])
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                self.moves(guest, *ends, via=via, disks=["vda"], **COPY)
                self.assertTrue(local.is_intact(ends[1]))
                self.assertTrue(shared.is_intact())
                self.remove(local, ends[0])
                ends.reverse()

    def test_incremental(self):
        disk = Overlay(self.lab, self.name("qcow2")).create("h1")
        guest = self.guest(disks=[disk])
        self.assertFalse(disk.is_intact("h2"))
        self.moves(guest, "h1", "h2", copy_storage="incremental")
        self.assertTrue(disk.is_intact("h2"))

    def test_shared_over_nbd(self):
        disk = self.lab.nbd_disk(self.name("nbd"), SIZE)
        guest = self.guest(disks=[disk])
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                self.moves(guest, *ends, via=via)
                self.assertTrue(disk.is_intact())
                ends.reverse()

    def test_neither_shared_nor_copied_is_refused(self):
        disk = self.disk("raw")
        guest = self.guest(disks=[disk])
        for via in SIDES:
            with self.subTest(via=via):
                outcome = self.migrate(guest, "h1", "h2", via=via)
                self.assertEqual((outcome.outcome, outcome.where, outcome.error),
                                 ("failed", "h1", "storage"), outcome)
                self.check_after(guest, "h1")
        self.moves(guest, "h1", "h2", **COPY)
        self.assertTrue(disk.is_intact("h2"))

    def test_a_disk_that_it_does_not_have(self):
        guest = self.guest(disks=[self.disk("raw")])
        outcome = self.migrate(guest, "h1", "h2", disks=["vdx"], **COPY)
        self.assert_refused(outcome, "invalid-argument", "h1", "vdx")
        self.check_after(guest, "h1")


if __name__ == "__main__":
    unittest.main()
