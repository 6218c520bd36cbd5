#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is learnt of real hosts and of a VM before it migrates, and that it is true."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB  # noqa: E402

SURVEY = os.path.join(support.BUILD, "tests/lab/client/lab-survey")
UNKNOWN, NO, YES = range(3)
BRIDGED = "<network><name>lan</name><forward mode='bridge'/><bridge name='br7'/></network>"
ROUTED = "<network><name>later</name><bridge name='virbr7'/><ip address='192.0.2.1'/></network>"
SECRET = "<secret ephemeral='no' private='%s'><uuid>%s</uuid><usage type='ceph'>" \
         "<name>%s</name></usage></secret>"
# What holds a value, what holds none, what keeps it to itself
SECRETS = [("5ec12e70-0000-4000-8000-00000000000%d" % n, usage)
           for n, usage in enumerate(("full", "empty", "silent"))]
ABSENT = "5ec12e70-0000-4000-8000-000000000009"


def setUpModule():
    support.start_lab()


def survey(*arguments):
    """What the program says; it asks twice, and tells the second answer."""
    run = subprocess.run([SURVEY, *arguments], capture_output=True, text=True,
                         env=support.environment(), timeout=support.PATIENCE, check=False)
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    support.note("A VM and two nodes: %.0f ms, on open connections %.0f ms"
                 % (answer["first-took"] / 1000, answer["took"] / 1000))
    return answer["facts"][0]


def memory_of_this_machine():
    with open("/proc/meminfo") as f:
        return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in f}


class Survey(support.LabTest):
    def define(self, host, kind, xml):
        path = host.path("lib", kind + ".xml")
        with open(path, "w") as f:
            f.write(xml)
        host.virsh(kind + "-define", path)

    def define_secrets(self, host):
        for uuid, usage in SECRETS:
            self.define(host, "secret", SECRET % ("yes" if usage == "silent" else "no", uuid, usage))
            self.addCleanup(host.virsh, "secret-undefine", uuid)
        host.virsh("secret-set-value", SECRETS[0][0], "--base64", "c2VjcmV0")

    def define_networks(self, host):
        for name, xml in (("lan", BRIDGED), ("later", ROUTED)):
            self.define(host, "net", xml)
            self.addCleanup(host.virsh, "net-undefine", name)
        host.virsh("net-start", "lan")
        self.addCleanup(host.virsh, "net-destroy", "lan")

    def check_host(self, found, vms):
        """What all hosts of the lab have, being one machine."""
        self.assertEqual(found["errors"], {})
        memory = memory_of_this_machine()
        self.assertEqual(found["memory-total"], memory["MemTotal"])
        self.assertAlmostEqual(found["memory-available"], memory["MemAvailable"],
                               delta=memory["MemTotal"] / 4)
        self.assertEqual(found["cpus"], os.cpu_count())
        self.assertIn("lo", found["interfaces"])
        self.assertEqual([(v["name"], v["uuid"], v["memory"], v["incoming"]) for v in found["vms"]],
                         vms)
        pool = next(p for p in found["pools"] if p["name"] == "images")
        self.assertEqual((pool["type"], pool["path"], pool["active"]),
                         ("dir", "/var/lib/libvirt/images", 1))
        self.assertGreater(pool["capacity"], pool["available"])
        self.assertGreater(pool["available"], 0)

    def test_two_hosts_and_a_vm(self):
        disk = self.lab.disk("h1", "survey", size_mib=8, format="qcow2")
        guest = self.guest(disks=[disk])
        self.lab.h1.virsh("pool-refresh", "images")
        self.lab.h1.virsh("checkpoint-create-as", guest.uuid, "kept")
        self.addCleanup(self.lab.h1.virsh, "checkpoint-delete", guest.uuid, "kept")
        self.define_networks(self.lab.h2)
        facts = survey(self.lab.h1.uri, guest.name, self.lab.h2.uri)
        self.assertEqual((facts["vm-error"], facts["source-error"], facts["destination-error"]),
                         (None, None, None))
        here, there = facts["source"], facts["destination"]
        self.check_host(here, [(guest.name, guest.uuid, 32 * MIB, 0)])
        self.check_host(there, [])
        self.assertEqual([(n["name"], n["bridge"], n["active"]) for n in there["networks"]],
                         [("lan", "br7", 1), ("later", "virbr7", 0)])
        self.assertEqual(here["networks"], [])
        self.assertEqual([(v["pool"], v["format"], v["capacity"]) for v in here["volumes"]],
                         [("images", "qcow2", 8 * MIB)])
        self.assertEqual([(v["path"], v["pool"]) for v in there["volumes"]], [(disk.path, None)])
        self.assertIn("<machine>", there["domain-capabilities"])
        self.assertNotEqual(there["cpu"], 1, there["cpu-text"])
        self.assertEqual(facts["name-taken"], NO)
        vm = facts["vm-survey"]
        self.assertEqual((vm["errors"], vm["snapshots"], vm["checkpoints"]), ({}, 0, 1))
        self.assertEqual([(d["target"], d["capacity"], d["block-job"]) for d in vm["disks"]],
                         [("vda", 8 * MIB, NO)])
        self.assertTrue(0 < vm["memory-in-use"] <= 32 * MIB, vm)

    def test_secrets_have_values_or_not(self):
        self.define_secrets(self.lab.h2)
        guest = self.guest()
        wanted = [uuid for uuid, _ in SECRETS] + [ABSENT]
        disks = "".join(
            "<disk type='network' device='disk'><source protocol='rbd' name='p/%d'><auth username='u'>"
            "<secret type='ceph' uuid='%s'/></auth></source><target dev='sd%s' bus='scsi'/></disk>"
            % (n, uuid, "abcd"[n]) for n, uuid in enumerate(wanted))
        xml = self.lab.h1.virsh("dumpxml", guest.uuid).replace("</devices>", disks + "</devices>")
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(xml)
            file.flush()
            facts = survey("--xml=" + file.name, self.lab.h1.uri, guest.name, self.lab.h2.uri)
        found = facts["destination"]
        self.assertEqual(found["errors"], {})
        self.assertEqual([(s["uuid"], s["exists"], s["has-value"]) for s in found["secrets"]],
                         list(zip(wanted, (YES, YES, YES, NO), (YES, NO, UNKNOWN, NO))))

    def test_an_arriving_vm_answers_at_once(self):
        guest = self.guest(memory_mib=64)
        run = self.start(guest, "h1", "h2", bandwidth=MIB)
        run.wait_copying()
        facts = survey(self.lab.h2.uri, guest.name, self.lab.h1.uri)
        self.check_host(facts["source"], [(guest.name, guest.uuid, 64 * MIB, 1)])
        self.assertEqual(sorted(facts["vm-survey"]["errors"]), ["block jobs", "disks"])
        self.assertEqual(facts["name-taken"], YES)
        run.ask("cancel")
        self.assertEqual(run.outcome().outcome, "cancelled")


if __name__ == "__main__":
    unittest.main()
