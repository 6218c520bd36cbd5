#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a VM was before, it is after: paused, persistent, autostarted, tagged by others."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB, SIDES  # noqa: E402

FAST = 256 * MIB
OTHERS_TAG = "<mine:note xmlns:mine='urn:x-mine'>hands off</mine:note>"


def setUpModule():
    support.start_lab()


class Paused(support.LabTest):
    def resume(self, guest, host):
        self.lab.host(host).virsh("resume", guest.uuid)
        self.check_after(guest, host)

    def test_it_stays_paused(self):
        guest = self.guest()
        self.lab.h1.virsh("suspend", guest.uuid)
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                self.assert_moved(self.migrate(guest, *ends, via=via))
                self.check_after(guest, ends[1], paused=True)
                ends.reverse()
        self.resume(guest, ends[0])

    def test_paused_in_the_middle_it_arrives_paused(self):
        guest = self.guest()
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                run = self.start(guest, *ends, via=via, bandwidth=2 * MIB)
                run.wait_copying(processed=MIB)
                self.lab.host(ends[0]).virsh("suspend", guest.uuid)
                outcome = run.outcome()
                self.assert_told_well(run)
                self.assert_moved(outcome)
                self.check_after(guest, ends[1], paused=True)
                self.resume(guest, ends[1])
                ends.reverse()

    def test_a_slow_switch_over_is_no_pause(self):
        # It stands still for long because it was allowed to, not because anybody paused it
        guest = self.guest(dirty_mib_s=16)
        self.lab.h1.link.shape("32mbit")
        self.addCleanup(self.lab.h1.link.clear)
        outcome = self.moves(guest, "h1", "h2", maximum_downtime=4000)
        self.assertGreater(outcome.downtime, 800)


class Definitions(support.LabTest):
    def reboot_both(self):
        for host in (self.lab.h1, self.lab.h2):
            host.reboot()

    def assert_persistent(self, host, guest, autostart):
        info = self.lab.host(host).virsh("dominfo", guest.uuid)
        self.assertRegex(info, r"Persistent:\s+yes")
        self.assertRegex(info, r"Autostart:\s+%s" % ("enable" if autostart else "disable"))

    def test_both_hosts_reboot(self):
        autostarted = self.guest(autostart=True)
        persistent = self.guest()
        transient = self.guest(persistent=False)
        for guest, via in ((autostarted, "tool"), (persistent, "python"), (transient, "c")):
            self.moves(guest, "h1", "h2", via=via)
        self.assert_persistent("h2", autostarted, True)
        self.assert_persistent("h2", persistent, False)
        self.assertRegex(self.lab.h2.virsh("dominfo", transient.uuid), r"Persistent:\s+no")
        boot = autostarted.watcher.last().boot
        self.reboot_both()
        self.assertNotEqual(autostarted.watcher.wait_beat("h2", timeout=30).boot, boot)
        self.check_after(autostarted, "h2")
        self.assertEqual(list(persistent.states()), ["h2"])
        self.assertTrue(persistent.state("h2").startswith("shut off"))
        self.assertEqual(support.leftovers(self.lab.h1, persistent), [])
        self.assertEqual(transient.states(), {})
        self.lab.h2.virsh("start", persistent.uuid)
        for guest, via in ((autostarted, "c"), (persistent, "tool")):
            self.moves(guest, "h2", "h1", via=via)
        self.assert_persistent("h1", autostarted, True)

    def test_transient_leaves_a_definition_that_starts_nothing(self):
        guest = self.guest(autostart=True)
        outcome = self.migrate(guest, "h1", "h2", via="tool", persistence="transient")
        self.assert_moved(outcome)
        guest.watcher.wait_beat("h2")
        self.assertRegex(self.lab.h2.virsh("dominfo", guest.uuid), r"Persistent:\s+no")
        self.assertTrue(guest.state("h1").startswith("shut off"))
        self.assert_persistent("h1", guest, False)
        self.lab.h1.reboot()
        self.assertEqual(guest.hosts(), ["h2"])
        guest.watcher.assert_one_copy()
        # Back home, its definition is there already
        self.moves(guest, "h2", "h1", via="python")

    def test_a_transient_one_becomes_persistent_where_asked(self):
        guest = self.guest(persistent=False)
        self.moves(guest, "h1", "h2", via="python", persistence="persistent")
        self.assert_persistent("h2", guest, False)
        self.moves(guest, "h2", "h1", via="c")
        self.assert_persistent("h1", guest, False)

    def test_powered_off_in_the_middle(self):
        guest = self.guest()
        for via in SIDES:
            with self.subTest(via=via):
                run = self.start(guest, "h1", "h2", via=via, bandwidth=MIB)
                run.wait_copying()
                if via == "c":
                    self.lab.h1.virsh("destroy", guest.uuid)
                else:
                    # From within: libvirt lets nobody press the button while it migrates
                    self.lab.h1.virsh("qemu-monitor-command", guest.uuid, "--hmp",
                                      "system_powerdown")
                outcome = run.outcome()
                self.assertEqual((outcome.outcome, outcome.where, outcome.error),
                                 ("failed", "nowhere", "vm-stopped"), outcome)
                self.assertEqual(support.leftovers(self.lab.h2, guest), [])
                self.assertTrue(guest.state("h1").startswith("shut off"))
                self.assertEqual(support.qemu_processes(self.lab.h1, guest), [])
                self.lab.h1.virsh("start", guest.uuid)
                guest.watcher.wait_beat("h1")
        self.moves(guest, "h1", "h2")

    def test_the_tag_is_there_during_and_gone_after(self):
        guest = self.guest(metadata=OTHERS_TAG)
        run = self.start(guest, "h1", "h2", bandwidth=MIB)
        run.wait_copying()
        during = self.lab.h1.virsh("dumpxml", guest.uuid).replace(guest.name, "")
        self.assertIn("vmmig", during)
        self.assertIn(self.lab.h2.peer_uri(), during)
        self.assertIn("hands off", during)
        # Where it would survive a crash of the daemon, not of the host: a definition is not touched
        self.assertTrue(run.ask("bandwidth", FAST)["ok"])
        outcome = run.outcome()
        self.assert_moved(outcome)
        self.assertIn(outcome.raw["job-id"], during)
        self.check_after(guest, "h2")
        for flags in ([], ["--inactive"]):
            after = self.lab.h2.virsh("dumpxml", guest.uuid, *flags)
            self.assertIn("hands off", after)
            self.assertNotIn("vmmig", after.replace(guest.name, ""))

    def test_destination_xml_also_after_a_reboot(self):
        guest = self.guest()
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                xml = self.lab.host(ends[0]).virsh("dumpxml", guest.uuid, "--migratable")
                words = "moved by " + via
                xml = xml.replace("<memory ", "<title>%s</title><memory " % words, 1) \
                    if "<title>" not in xml else xml.replace("moved by", words + ", was moved by")
                self.moves(guest, *ends, via=via, destination_xml=xml)
                for flags in ([], ["--inactive"]):
                    self.assertIn(words, self.lab.host(ends[1]).virsh("dumpxml", guest.uuid,
                                                                      *flags))
                ends.reverse()

    def test_destination_xml_must_be_of_this_vm(self):
        guest = self.guest()
        xml = self.lab.h1.virsh("dumpxml", guest.uuid, "--migratable")
        for via, wrong in zip(SIDES, (xml.replace(guest.uuid, self.lab.h1.uuid),
                                      xml.replace("/usr/bin/qemu-system", "/tmp/qemu-system"),
                                      "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + xml)):
            with self.subTest(via=via):
                outcome = self.migrate(guest, "h1", "h2", via=via, destination_xml=wrong)
                self.assertEqual(outcome.outcome, "failed", outcome)
                self.assertEqual(outcome.encryption, "nothing-sent")
        self.check_after(guest, "h1")


if __name__ == "__main__":
    unittest.main()
