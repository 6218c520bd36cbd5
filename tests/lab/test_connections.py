#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the nodes' daemons are reached, and what is refused before anything is sent."""

import json
import os
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import SIDES  # noqa: E402
from vmmiglab import Lab  # noqa: E402

DEDICATED = "10.9.0.0/24"
PASSWORD = "correct-horse-battery"


def setUpModule():
    support.start_lab(ssh=True)


class Ssh(support.LabTest):
    def edit(self, name, change):
        """Change a file of the lab's /etc for this test."""
        directory = os.path.join(self.lab.directory, "etc")
        text = support.state.read(directory, name)
        self.addCleanup(support.state.write, directory, name, text, 0o644)
        support.state.write(directory, name, change(text), 0o644)

    def know_address(self, host):
        """As where a host's name has an address in each network."""
        self.edit("hosts", lambda text: text + "%s %s\n" % (host.migration_address, host.name))

    def test_the_command_line_that_was_promised(self):
        guest = self.guest(name="db1")
        self.know_address(self.lab.h2)
        with self.lab.sniffer(guest.marker) as sniffer:
            done = self.lab.client(
                [support.TOOL, "migrate", "db1", "--from", "qemu+ssh://root@h1/system",
                 "--to", "qemu+ssh://root@h2/system", "--peer-uri", "qemu+tls://h2/system",
                 "--network", DEDICATED, "--json"],
                check=False, env=support.environment(), timeout=support.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(events[0]["event"], "start")
        self.assertIn("progress", [e["event"] for e in events])
        last = events[-1]
        self.assertEqual((last["event"], last["outcome"], last["location"], last["encryption"]),
                         ("result", "succeeded", "destination", "encrypted"))
        sniffer.assert_absent()
        self.assertGreater(sniffer.bytes["mig"], 8 << 20)
        self.check_after(guest, "h2")

    def test_control_over_ssh_and_data_over_tls(self):
        guest = self.guest()
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via), self.lab.sniffer(guest.marker) as sniffer:
                self.moves(guest, *ends, via=via, transport="ssh")
                ends.reverse()
            sniffer.assert_absent()
            self.assertGreater(sniffer.port_bytes[22], 1000)

    def test_the_key_is_the_one_that_was_named(self):
        guest = self.guest()
        self.edit("ssh/ssh_config", lambda text: text.replace("IdentityFile", "#"))
        with tempfile.TemporaryDirectory() as directory:
            key = directory + "/key"
            support.proc.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
            for via in ("c", "python"):
                with self.subTest(via=via):
                    outcome = self.migrate(guest, "h1", "h2", via=via, transport="ssh",
                                           source={"ssh-key-file": key})
                    self.assertEqual((outcome.outcome, outcome.error),
                                     ("failed", "authentication"), outcome)
                    self.assertIn("h1", outcome.message)
        self.check_after(guest, "h1")
        named = {"ssh-key-file": "/etc/ssh/lab_key"}
        self.moves(guest, "h1", "h2", transport="ssh", source=named, destination=named)

    def test_a_host_key_that_is_not_known(self):
        guest = self.guest()
        with tempfile.NamedTemporaryFile() as empty:
            outcome = self.migrate(guest, "h1", "h2", transport="ssh",
                                   source={"ssh-known-hosts-file": empty.name})
            self.assertEqual(outcome.outcome, "failed")
            self.assertIn(outcome.error, ("authentication", "insecure", "unreachable"), outcome)
        self.check_after(guest, "h1")


class Tls(support.LabTest):
    def pki(self):
        """The client's certificates in a directory of their own, and nowhere else."""
        own = self.lab.client_node.path("pki")
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        for file in ("CA/cacert.pem", "libvirt/clientcert.pem", "libvirt/private/clientkey.pem"):
            path = os.path.join(own, file)
            shutil.copy(path, directory)
            os.rename(path, path + ".away")
            self.addCleanup(os.rename, path + ".away", path)
        return directory

    def test_with_the_machine_s_certificates(self):
        guest = self.guest()
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                self.moves(guest, *ends, via=via, transport="tls")
                ends.reverse()

    def test_with_a_directory_of_certificates(self):
        guest = self.guest()
        directory = self.pki()
        own = {"pki-directory": directory}
        refused = self.migrate(guest, "h1", "h2", transport="tls")
        self.assertEqual(refused.outcome, "failed")
        self.assertIn(refused.error, ("insecure", "unreachable", "authentication"), refused)
        self.moves(guest, "h1", "h2", via="c", transport="tls", source=own, destination=own)
        self.moves(guest, "h2", "h1", via="python", transport="tls", source=own, destination=own)
        run = self.start(guest, "h1", "h2", via="tool", transport="tls",
                         more=["--pki-directory", directory])
        self.assert_moved(run.outcome())
        self.check_after(guest, "h2")


class Sasl(support.LabTest):
    @classmethod
    def setUpClass(cls):
        cls.own_lab = Lab(hosts=2, sasl=("vmmig", PASSWORD))
        cls.addClassCleanup(cls.own_lab.down)

    def credentials(self, password=PASSWORD):
        return ["--credential=username=vmmig", "--credential=password=" + password]

    def test_credentials_come_from_the_program(self):
        guest = self.guest()
        ends = ["h1", "h2"]
        for via in ("c", "python"):
            with self.subTest(via=via):
                run = self.start(guest, *ends, via=via, transport="tls", more=self.credentials())
                self.assert_moved(run.outcome())
                self.assertNotIn(PASSWORD, json.dumps(run.events) + run.complaints())
                self.check_after(guest, ends[1])
                ends.reverse()

    def test_wrong_ones_and_none(self):
        guest = self.guest()
        for more in (self.credentials("wrong-donkey"), []):
            for via in ("c", "python"):
                with self.subTest(via=via, more=more):
                    run = self.start(guest, "h1", "h2", via=via, transport="tls", more=more)
                    outcome = run.outcome()
                    self.assertEqual((outcome.outcome, outcome.error),
                                     ("failed", "authentication"), outcome)
                    self.assertNotIn("wrong-donkey", json.dumps(run.events) + run.complaints())
        outcome = self.migrate(guest, "h1", "h2", via="tool", transport="tls")
        self.assertEqual((outcome.error, outcome.exit_code), ("authentication", 9), outcome)
        self.check_after(guest, "h1")


class Sockets(support.LabTest):
    def test_a_split_daemon_s_socket(self):
        # Which daemon listens there is the socket's business; virtqemud's is named like this
        sockets = []
        for host in (self.lab.h1, self.lab.h2):
            sockets.append(host.path("run/libvirt/virtqemud-sock"))
            os.symlink("libvirt-sock", sockets[-1])
            self.addCleanup(os.unlink, sockets[-1])
        guest = self.guest()
        uris = ["qemu+unix:///system?socket=" + path for path in sockets]
        with support.tool(self.lab, "migrate", guest.name, "--from", uris[0], "--to", uris[1],
                          "--peer-uri", self.lab.h2.peer_uri()) as run:
            self.assertEqual(run.wait_end(), 0, run.events[-1:])
        self.check_after(guest, "h2")

    def test_a_session_on_another_host_is_refused_with_its_reason(self):
        guest = self.guest()
        for uris in (("qemu+tls://h1/session", self.lab.h2.uri),
                     (self.lab.h1.uri, "qemu+tls://h2/session")):
            with self.subTest(uris=uris), \
                    support.tool(self.lab, "migrate", guest.name, "--from", uris[0], "--to",
                                 uris[1], "--peer-uri", self.lab.h2.peer_uri()) as run:
                self.assertEqual(run.wait_end(), 1, run.events)
                self.assertIn("session", run.events[-1]["message"])
                self.assertIn("/system", run.events[-1]["message"])
        self.check_after(guest, "h1")

    def test_a_session_behind_a_socket_works(self):
        guest = self.guest()
        uri = self.lab.h1.uri.replace("/system", "/session")
        with support.tool(self.lab, "migrate", guest.name, "--from", uri, "--to",
                          self.lab.h2.uri, "--peer-uri", self.lab.h2.peer_uri()) as run:
            self.assertEqual(run.wait_end(), 0, run.events[-1:])
        self.check_after(guest, "h2")

    def test_read_only_is_refused(self):
        guest = self.guest()
        for end in ("source", "destination"):
            for via in ("c", "python"):
                with self.subTest(end=end, via=via):
                    outcome = self.migrate(guest, "h1", "h2", via=via,
                                           **{end: {"read-only": "true"}})
                    self.assertEqual((outcome.outcome, outcome.error),
                                     ("failed", "permission-denied"), outcome)
                    self.assertIn("read-only", outcome.message)
        # The daemon's read-only socket, of which the program does not say what it is
        with support.tool(self.lab, "migrate", guest.name, "--from", self.lab.h1.readonly_uri,
                          "--to", self.lab.h2.uri, "--peer-uri", self.lab.h2.peer_uri()) as run:
            self.assertEqual(run.wait_end(), 2, run.events)
            self.assertEqual(run.events[-1]["error"], "permission-denied")
        # Looking is allowed
        with support.tool(self.lab, "status", guest.name, "--from",
                          self.lab.h1.readonly_uri) as run:
            self.assertEqual(run.wait_end(), 0, run.events)
        self.check_after(guest, "h1")
        self.moves(guest, "h1", "h2")


class Refusals(support.LabTest):
    def test_the_same_host_under_two_names(self):
        guest = self.guest()
        for via in ("c", "python"):
            with self.subTest(via=via):
                outcome = self.migrate(guest, "h1", "h1", via=via)
                self.assert_refused(outcome, "same-host", "h1", "h1")
        with support.tool(self.lab, "migrate", guest.name, "--from", "qemu+tls://h1/system",
                          "--to", "qemu+tls://10.77.0.1/system", inside=True) as run:
            self.assertEqual(run.wait_end(), 2, run.events)
            self.assertEqual(run.events[-1]["error"], "same-host", run.events[-1])
        self.check_after(guest, "h1")

    def test_a_name_taken_there(self):
        guest = self.guest()
        other = self.lab.guest("h2", guest.name + "-other", memory_mib=32, working_set_mib=8)
        self.addCleanup(other.remove)
        xml = other.xml().replace("<name>%s</name>" % other.name, "<name>%s</name>" % guest.name)
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(xml)
            file.flush()
            self.lab.h2.virsh("define", file.name)
        judge = self.lab.watch(other)
        for active in (False, True):
            if active:
                self.lab.h2.virsh("start", other.uuid)
                judge.wait_beat("h2")
            for via in SIDES:
                with self.subTest(via=via, active=active):
                    outcome = self.migrate(guest, "h1", "h2", via=via)
                    self.assert_refused(outcome, "conflict", "h1", guest.name)
                    self.assertEqual(list(guest.states()), ["h1"])
                    self.assertEqual(list(other.states()), ["h2"])
        judge.wait_beat("h2")
        judge.assert_one_copy()
        guest.watcher.wait_beat("h1")
        other.destroy()
        self.moves(guest, "h1", "h2")

    def test_a_vm_that_is_not_there(self):
        for via in SIDES:
            with self.subTest(via=via):
                guest = type("Nobody", (), {"name": "nobody"})
                outcome = self.migrate(guest, "h1", "h2", via=via)
                self.assertEqual((outcome.outcome, outcome.error), ("failed", "vm-not-found"))

    def test_a_vm_that_is_off(self):
        guest = self.guest()
        self.lab.h1.virsh("destroy", guest.uuid)
        for via in SIDES:
            with self.subTest(via=via):
                outcome = self.migrate(guest, "h1", "h2", via=via)
                self.assertEqual((outcome.outcome, outcome.error), ("failed", "vm-state"))
        self.lab.h1.virsh("start", guest.uuid)
        self.moves(guest, "h1", "h2")


if __name__ == "__main__":
    unittest.main()
