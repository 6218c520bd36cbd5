#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates: what the library says of them is what QEMU and libvirt do; and its own work there."""

import json
import os
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402

# The fault: whose files, on which host, and the ids of what blocks
FAULTS = {
    "expired": ("qemu", "h2", {"tls.expired"}),
    "not-yet-valid": ("qemu", "h2", {"tls.not-yet-valid"}),
    "wrong-name": ("libvirt", "h2", {"tls.wrong-name"}),
    "wrong-address": ("qemu", "h2", {"tls.wrong-address"}),
    "other-ca": ("qemu", "h2", {"tls.other-ca"}),
    "no-server-cert": ("qemu", "h2", {"tls.missing"}),
    "unreadable": ("qemu", "h2", {"tls.not-a-file"}),
    "no-client-cert": ("qemu", "h1", {"tls.missing"}),
    "wrong-purpose": ("qemu", "h2", {"tls.wrong-purpose"}),
    "weak-key": ("qemu", "h2", {"tls.weak-key"}),
    "key-mismatch": ("qemu", "h2", {"tls.key-mismatch"}),
    "ca-without-ca-flag": ("qemu", "h2", {"tls.ca-is-no-ca", "tls.other-ca"}),
}


def setUpModule():
    support.start_lab()


def tool(*arguments, status=0):
    """Its events."""
    done = subprocess.run([support.TOOL, "pki", "--json", *arguments], capture_output=True,
                          text=True, env=support.environment(), stdin=subprocess.DEVNULL,
                          timeout=support.PATIENCE, check=False)
    assert status is None or done.returncode == status, (arguments, done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


class TlsTest(support.LabTest):
    def verdict(self, host, kind, ca=None):
        """The ids of what blocks, and of what is warned of."""
        host = self.lab.host(host)
        directory = host.path("pki", "qemu") if kind == "qemu" else host.path("pki")
        arguments = ["check", directory, "--layout", kind, "--name", host.name,
                     "--ca", ca or self.lab.pki.ca_file()]
        for address in host.addresses:
            arguments += ["--address", address]
        report = tool(*arguments, status=None)[0]["report"]
        return tuple({f["id"] for f in report["findings"] if f["severity"] == severity}
                     for severity in ("blocker", "warning"))

    def breaks(self, host, variant, kind):
        host = self.lab.host(host)
        host.break_certificates(variant, kinds=[kind])
        return host


class Faults(TlsTest):
    def test_verdicts_are_those_of_real_migrations(self):
        guest = self.guest()
        agreed = 0
        self.assertEqual(self.verdict("h2", "qemu"), (set(), set()))
        self.assertEqual(self.verdict("h2", "libvirt"), (set(), set()))
        for variant, (kind, name, expected) in FAULTS.items():
            with self.subTest(variant=variant):
                began = time.monotonic()
                host = self.breaks(name, variant, kind)
                blockers, _ = self.verdict(name, kind)
                took = time.monotonic() - began
                outcome = self.migrate(guest, "h1", "h2", via="c")
                host.restore_certificates([kind])
                support.note("%-18s %-7s on %s: %-26s in reality %s, “%s” (%.1f s to judge)"
                             % (variant, kind, name, ", ".join(sorted(blockers)),
                                outcome.error, outcome.message.partition(" to h2: ")[2][:100],
                                took))
                self.assertEqual(blockers, expected)
                self.assertEqual((outcome.outcome, outcome.where), ("failed", "h1"), outcome)
                self.assertEqual(outcome.error,
                                 "insecure" if kind == "qemu" else "authentication", outcome)
                agreed += 1
        support.note("%d of %d verdicts agree with reality" % (agreed, len(FAULTS)))
        self.check_after(guest, "h1", memory=False)

    def test_what_is_overlooked_is_no_blocker(self):
        """A purpose that is not marked as critical is warned of, and works."""
        guest = self.guest()
        host = self.breaks("h2", "overlooked-purpose", "qemu")
        self.addCleanup(host.restore_certificates, ["qemu"])
        self.assertEqual(self.verdict("h2", "qemu"), (set(), {"tls.wrong-purpose"}))
        self.moves(guest, "h1", "h2")


class Probe(TlsTest):
    def probe(self, *arguments):
        with support.tool(self.lab, "pki", "probe", "h2", *arguments, inside=True) as run:
            code = run.wait_end()
            return code, run.events

    def ids(self, events):
        return {f["id"]: f["severity"] for f in events[-1]["report"]["findings"]}

    def test_a_daemons_port(self):
        """What it shows is what lies there; and it tells whether it takes a client's."""
        pki = "/etc/pki/"
        ca = ["--ca", pki + "CA/cacert.pem"]
        own = ["--client-certificate", pki + "libvirt/clientcert.pem",
               "--client-key", pki + "libvirt/private/clientkey.pem"]
        code, events = self.probe(*ca, *own)
        self.assertEqual((code, self.ids(events)), (0, {}), events)
        self.assertIn("tls.refused", events[-1]["report"]["passed"])
        shown = events[0]["chain"][0]
        stored = tool("show", self.lab.h2.path("pki", "libvirt/servercert.pem"))[0]
        self.assertEqual(shown["fingerprint"], stored["fingerprint"])
        self.assertEqual(events[0]["port"], 16514)
        support.note("h2's daemon by %s, %s, %d days left"
                     % (events[0]["protocol"], shown["subject"], shown["days-left"]))
        code, events = self.probe(*ca)
        self.assertEqual((code, self.ids(events)), (0, {"tls.wants-certificate": "note"}), events)
        self.lab.client_node.break_certificates("other-ca", kinds=["libvirt"])
        try:
            code, events = self.probe(*ca, *own)
        finally:
            self.lab.client_node.restore_certificates(["libvirt"])
        self.assertEqual((code, self.ids(events)),
                         (8, {"tls.refused": "blocker", "tls.other-ca": "blocker"}), events)


class BeforeAStart(TlsTest):
    def preflight(self, node, *arguments):
        """The certificates' findings, from inside of a node: severities by id, and their texts."""
        done = subprocess.run(
            node.command([support.TOOL, "preflight", "--json", *arguments]), capture_output=True,
            text=True, env=support.environment(), stdin=subprocess.DEVNULL,
            timeout=support.PATIENCE, check=False)
        report = json.loads(done.stdout.splitlines()[0])
        found = [f for f in report["findings"] if f["id"].startswith("tls.")]
        return {f["id"]: f["severity"] for f in found}, " ".join(f["text"] for f in found)

    def test_a_daemons_port_is_looked_at(self):
        client = self.lab.client_node
        fingerprint = tool("show", self.lab.h2.path("pki", "libvirt/servercert.pem"))[0][
            "fingerprint"]
        severities, text = self.preflight(client, "--node", "qemu+tls://h2/system")
        self.assertEqual(severities.get("tls.seen"), "note", text)
        self.assertIn(fingerprint, text)
        host = self.breaks("h2", "expired", "libvirt")
        self.addCleanup(host.restore_certificates, ["libvirt"])
        severities, text = self.preflight(client, "--node", "qemu+tls://h2/system")
        self.assertEqual(severities.get("tls.expired"), "warning", text)

    def test_files_of_this_host_are_looked_at(self):
        """By the commands alone: without any, with good ones, with one that will not do."""
        h1 = self.lab.h1
        severities, text = self.preflight(h1, "--node", "qemu:///system")
        self.assertEqual({severity for severity in severities.values()}, {"note"}, text)
        for variant, expected in (("expired", "tls.expired"), ("key-mismatch", "tls.key-mismatch"),
                                  ("no-client-cert", "tls.missing")):
            with self.subTest(variant):
                h1.break_certificates(variant, ["qemu"])
                severities, text = self.preflight(h1, "--node", "qemu:///system")
                h1.restore_certificates(["qemu"])
                self.assertEqual(severities.get(expected), "warning", text)
                support.note("%s: %s" % (variant, text))


class Pki(TlsTest):
    def install(self, host, made):
        """As an administrator copies them to /etc/pki."""
        for name in os.listdir(made):
            target = host.path("pki", name)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(os.path.join(made, name), target)

    def issue(self, ca, host, directory, *more):
        arguments = ["issue", host.name, "--ca", ca, "--directory", directory, *more]
        for address in host.addresses if "--renew" not in more else ():
            arguments += ["--address", address]
        return tool(*arguments)

    def test_hosts_without_certificates_get_some_and_renew_them(self):
        """Nothing but the tool makes them; a renewal is used by the next migration."""
        folder = os.path.join(self.lab.directory, "own-pki")
        ca = os.path.join(folder, "ca")
        self.addCleanup(shutil.rmtree, folder)
        self.addCleanup(lambda: [host.restore_certificates() for host in self.lab.hosts])
        guest = self.guest()
        tool("init", "--directory", ca)
        for host in self.lab.hosts:
            made = os.path.join(folder, host.name)
            self.issue(ca, host, made)
            self.install(host, made)
            host.restart_daemon()
            for kind in ("qemu", "libvirt"):
                self.assertEqual(self.verdict(host.name, kind, ca + "/ca-cert.pem"),
                                 (set(), set()))
        self.moves(guest, "h1", "h2")
        # Too old on the way back, and renewed in its place: nothing is restarted
        h1 = self.lab.h1
        daemon = h1.daemon_pid
        broken = self.lab.pki
        before = tool("show", h1.path("pki"))
        broken.break_(h1.path("pki"), "h1", h1.addresses, "expired", ["qemu"])
        self.assertIn("tls.expired", self.verdict("h1", "qemu", ca + "/ca-cert.pem")[0])
        outcome = self.migrate(guest, "h2", "h1")
        self.assertEqual((outcome.outcome, outcome.error), ("failed", "insecure"), outcome)
        shutil.copyfile(ca + "/ca-cert.pem", h1.path("pki", "qemu/ca-cert.pem"))
        self.issue(ca, h1, h1.path("pki"), "--renew", "--new-keys")
        after = tool("show", h1.path("pki"))
        self.assertEqual(len(before), len(after))
        self.assertFalse({c["serial"] for c in before if not c["ca"]} &
                         {c["serial"] for c in after if not c["ca"]})
        self.assertEqual(self.verdict("h1", "qemu", ca + "/ca-cert.pem"), (set(), set()))
        self.moves(guest, "h2", "h1")
        self.assertEqual(h1.daemon_pid, daemon)


if __name__ == "__main__":
    unittest.main()
