# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test migrations: a path that works, each way in which one does not, and that nothing is left."""

import json
import signal
import subprocess
import time
import unittest
import uuid

import support
from support import note, state

# What a Python program does: a test for each line, and what came of it
TESTER = """
import asyncio, json, sys, gi
gi.require_version("Vmmig", "1")
from gi.repository import GLib, Vmmig

def node(settings):
    made = Vmmig.Node.new(settings.pop("uri"))
    for name, value in settings.items():
        setattr(made, name, value)
    return made

async def test(order):
    policy = Vmmig.MigrationPolicy()
    for field, text in order["policy"].items():
        policy.set_text(field.replace("_", "-"), text)
    path = Vmmig.TestMigration(source=node(order["source"]), policy=policy, vm=order["vm"],
                               destination=node(order["destination"]),
                               measure_seconds=order["measure"])
    task = asyncio.create_task(path.run())
    if order["cancel_after"] is not None:
        asyncio.get_running_loop().call_later(order["cancel_after"], task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return {"error": "cancelled"}
    except GLib.Error as error:
        return {"error": Vmmig.Error(error.code).value_nick, "message": error.message}
    return path.to_variant().unpack()

for line in sys.stdin:
    print(json.dumps({"event": "tested"} | asyncio.run(test(json.loads(line)))), flush=True)
"""
XMLNS = "https://libvmmig.org/xmlns/test-migration/1"
STRANGER = """<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid>
<metadata><vmmig:test-migration xmlns:vmmig='{xmlns}' version='1' vm='{marked}' created='{created}'/>
</metadata><memory unit='KiB'>2048</memory><os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>"""


def setUpModule():
    support.start_lab()


class TestMigration(support.LabTest):
    tester = None

    def setUp(self):
        self.h1, self.h2 = self.lab.h1, self.lab.h2
        cls = type(self)
        if cls.tester is None:
            cls.tester = support.Program(self.lab, ["/usr/bin/python3", "-c", TESTER])

    def tearDown(self):
        for host in (self.h1, self.h2):
            host.link.clear()
            self.lab.pki.restore(host.path("pki"), host.name)
        # Whatever was wrong
        self.assertEqual(self.vms(), [])

    @classmethod
    def tearDownClass(cls):
        if cls.tester:
            cls.tester.close()

    def vms(self):
        """Names of test VMs, and of what looks like one, on both hosts."""
        names = [name for host in (self.h1, self.h2)
                 for name in host.virsh("list", "--all", "--name").split()]
        return [name for name in names if name.startswith("vmmig-test-")]

    def begin(self, source=None, destination=None, vm=None, measure=0, cancel_after=None, **policy):
        ends = {"source": {"uri": self.h1.uri, "name": "h1"},
                "destination": {"uri": self.h2.uri, "name": "h2", "peer_uri": self.h2.peer_uri(),
                                "addresses": self.h2.addresses}}
        ends["source"].update(source or {})
        ends["destination"].update(destination or {})
        self.tester.say(json.dumps(dict(ends, vm=vm, measure=measure, policy=policy,
                                        cancel_after=cancel_after)))

    def attempt(self, *arguments, **options):
        """What one test found."""
        known = len(self.tester.events)
        self.begin(*arguments, **options)
        self.tester.wait_event(lambda e: len(self.tester.events) > known, what="the end")
        return self.tester.events[-1]

    def proves(self, mode="pre-copy", expect_encryption="encrypted", **options):
        """It arrives, and nothing is left of it."""
        answer = self.attempt(**options)
        self.assertFalse(answer["report"]["blocked"], answer)
        self.assertEqual((answer["mode"], answer["encryption"]), (mode, expect_encryption))
        self.assertLessEqual({"test.nodes", "test.removal", "path.rights", "path.platform",
                              "path.daemons", "path.network"}, set(answer["report"]["passed"]))
        self.assertEqual(self.vms(), [])
        return answer

    def finds(self, finding, *words, node=None, **options):
        """It does not arrive, for this one reason, and nothing is left of it.

        `node`: where the fault is; `...` if libvirt's words are not always the same.
        """
        answer = self.attempt(**options)
        blockers = [f for f in answer["report"]["findings"] if f["severity"] == "blocker"]
        self.assertEqual([f["id"] for f in blockers], [finding], answer)
        told = blockers[0]["text"] + "; " + blockers[0].get("remedy", "")
        if node is not ...:
            self.assertEqual(blockers[0].get("node"), node, told)
        for word in words:
            self.assertIn(word, told)
        self.assertEqual(self.vms(), [])
        return answer

    # A path that works.

    def test_success_in_each_way(self):
        answer = self.proves()
        self.assertIn("path.certificates", answer["report"]["passed"])
        note("a test migration: %d ms" % answer["duration"])
        answer = self.proves(mode="post-copy", allow_post_copy="true")
        self.assertIn("path.post-copy", answer["report"]["passed"])
        self.proves(expect_encryption="plaintext", network="10.9.0.0/24", encryption="off")

    def test_bandwidth(self):
        for host in (self.h1, self.h2):
            host.link.shape("200mbit")
        answer = self.proves(measure=1)
        rate = answer["bandwidth"] * 8 / 1e6
        note("200 Mbit/s are measured as %.0f Mbit/s in %d ms" % (rate, answer["duration"]))
        self.assertTrue(160 < rate < 230, rate)  # a bucket of tokens stands before the link

    # Each way in which one does not.

    def test_certificates(self):
        for host, variant, node, words in (
                (self.h1, "no-client-cert", ..., "missing"),
                (self.h2, "wrong-host", "h2", "address"),
                (self.h2, "expired", "h2", "server certificate has expired"),
                (self.h2, "other-ca", None, "one CA")):
            with self.subTest(variant=variant):
                host.break_certificates(variant, ("qemu",))
                self.finds("path.certificates", words, node=node)
                self.lab.pki.restore(host.path("pki"), host.name, ("qemu",))
        # The daemons' own: a client reads its files at each connection
        self.lab.pki.break_(self.h1.path("pki"), "h1", self.h1.addresses, "no-client-cert",
                            ("libvirt",))
        self.finds("path.daemons", "client certificate", node="h1")

    def test_networks(self):
        self.h2.link.reset()
        self.finds("path.network", "49152-49215", "firewall rejects", node="h2")
        self.h2.link.clear()
        self.h2.link.reset("16514")
        self.finds("path.daemons", "does not listen", node="h2")
        self.h2.link.clear()
        self.finds("path.network", "10.55.0.0/24", node="h2", network="10.55.0.0/24")
        self.finds("path.network", "does not have the address", node="h2", network="10.9.0.0/24",
                   destination={"addresses": ["10.9.0.77"]})
        self.finds("path.daemons", "does not know the name", node="h1",
                   destination={"peer_uri": "qemu+tls://nowhere.invalid/system"})

    def test_silent_drop(self):
        # As many repetitions as last 3 s; Linux tries for 2 min, during which libvirt holds the VM
        self.h1.run(["sh", "-c", "echo 1 >/proc/sys/net/ipv4/tcp_syn_retries"])
        self.addCleanup(self.h1.run,
                        ["sh", "-c", "echo 6 >/proc/sys/net/ipv4/tcp_syn_retries"])
        self.h2.link.drop("49152-49215")
        self.finds("path.network", "49152-49215", node="h1")

    def test_rights(self):
        self.finds("path.rights", "may only read", node="h1",
                   source={"uri": self.h1.readonly_uri})
        self.finds("path.rights", "read-only", destination={"read_only": True})

    def test_no_userfaultfd(self):
        guest = self.guest()
        path = "libvirt/qemu.conf"
        conf = state.read(self.h2.directory, path)
        state.write(self.h2.directory, path, conf.replace('user = "root"', 'user = "nobody"')
                    .replace('group = "root"', 'group = "nogroup"')
                    .replace("clear_emulator_capabilities = 0", "clear_emulator_capabilities = 1"))
        self.addCleanup(self.h2.restart_daemon)
        self.addCleanup(state.write, self.h2.directory, path, conf)
        subprocess.run(["chmod", "-R", "a+rX", self.h2.path("pki")], check=True)
        self.h2.restart_daemon()
        # Like the guest: software emulation needs no device of the host's
        self.proves(vm=guest.name)
        self.finds("path.post-copy", "vm.unprivileged_userfaultfd=1", node="h2", vm=guest.name,
                   allow_post_copy="true")
        self.assertTrue(guest.state(self.h1).startswith("running"))

    # What is left, and what is not touched.

    def add_stranger(self, host, marked=None, created=1, mark=XMLNS):
        own = str(uuid.uuid4())
        name = "vmmig-test-" + own.replace("-", "")[:16]
        xml = STRANGER.format(name=name, uuid=own, marked=marked or own, created=created, xmlns=mark)
        host.connect().createXML(xml)
        self.addCleanup(lambda: name in self.vms() and host.virsh("destroy", name))
        return name

    def test_others_are_not_touched(self):
        left_behind = [self.add_stranger(host) for host in (self.h1, self.h2)]
        kept = [self.add_stranger(self.h1, marked=str(uuid.uuid4())),
                self.add_stranger(self.h2, created=int(time.time())),
                self.add_stranger(self.h2, mark="https://example.org/")]
        answer = self.attempt()
        self.assertFalse(answer["report"]["blocked"], answer)
        self.assertEqual(sorted(f["subject"] for f in answer["report"]["findings"]),
                         sorted("VM " + name for name in left_behind))
        self.assertEqual(sorted(self.vms()), sorted(kept))
        for host in (self.h1, self.h2):
            for name in host.virsh("list", "--name").split():
                if name in kept:
                    host.virsh("destroy", name)

    def test_cancel(self):
        for after in (0.7,):
            self.assertEqual(self.attempt(cancel_after=after, bandwidth="1MiB/s")["error"],
                             "cancelled")
            self.assertEqual(self.vms(), [])

    def test_a_program_that_is_killed(self):
        self.begin(bandwidth="1MiB/s")
        deadline = time.monotonic() + support.PATIENCE
        while len(self.vms()) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.tester.process.send_signal(signal.SIGKILL)
        self.tester.wait_end()
        self.tester.close()
        type(self).tester = None
        names = set(self.vms())
        self.assertEqual(len(names), 1, names)
        name = names.pop()
        # It goes on, and its firmware would end it within a minute; everybody can see what it is
        while name not in self.h2.virsh("list", "--state-running", "--name").split():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        xml = self.h2.virsh("dumpxml", name)
        for part in (XMLNS, "rebootTimeout='65535'", "<on_reboot>destroy</on_reboot>"):
            self.assertIn(part, xml)
        self.h2.virsh("destroy", name)


if __name__ == "__main__":
    unittest.main()
