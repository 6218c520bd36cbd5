#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A CA of one's own, and what is said of certificates, from Python by introspection alone."""

import os
import pathlib
import tempfile
import time
import unittest

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, Vmmig  # noqa: E402


def wait(start, *arguments):
    """Calls an asynchronous function, and waits for its result."""
    answers = []
    start(*arguments, None, lambda source, result: answers.append(result))
    while not answers:
        GLib.MainContext.default().iteration(True)
    return answers[0]


class Tls(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)
        self.ca = Vmmig.Pki.new(str(self.folder / "ca"))

    def init(self):
        return self.ca.init_finish(wait(self.ca.init_async, "our CA", 0))

    def issue(self, node="h1", flags=Vmmig.PkiIssueFlags.NONE, **more):
        return self.ca.issue_finish(wait(
            self.ca.issue_async, node, more.get("names"), more.get("addresses"),
            str(self.folder / node), 0, flags))

    def refused(self, code, function, *arguments, **more):
        with self.assertRaises(GLib.Error) as caught:
            function(*arguments, **more)
        self.assertTrue(caught.exception.matches(Vmmig.error_quark(), code), caught.exception)
        return caught.exception.message

    def check(self, check, directory):
        return check.directory_finish(wait(check.directory_async, str(self.folder / directory)))

    def test_a_ca_and_a_node(self):
        made = self.init()
        self.assertTrue(made.is_ca())
        self.assertEqual(made.get_subject(), "CN=our CA")
        self.assertAlmostEqual(made.get_days_left(), Vmmig.PKI_CA_DAYS, delta=1)
        issued = self.issue(names=["h1.lab"], addresses=["10.1.2.3"])
        self.assertEqual([c.get_purposes() for c in issued], [["server"], ["client"]] * 2)
        for certificate in issued:
            self.assertEqual(certificate.get_names(), ["h1", "h1.lab"])
            self.assertEqual(certificate.get_addresses(), ["10.1.2.3"])
            self.assertAlmostEqual(certificate.get_days_left(), Vmmig.PKI_NODE_DAYS, delta=1)
            self.assertTrue(os.path.exists(certificate.get_file()))
            values = certificate.to_variant().unpack()
            self.assertEqual(values["key"], "RSA 2048")
            self.assertEqual(values["issuer"], "CN=our CA")
            self.assertEqual(len(values["fingerprint"]), 95)
        self.assertIn("renew", self.refused(Vmmig.Error.CONFLICT, self.issue))
        renewed = self.issue(flags=Vmmig.PkiIssueFlags.RENEW)
        self.assertEqual(renewed[0].get_names(), ["h1", "h1.lab"])
        self.assertNotEqual(renewed[0].get_serial(), issued[0].get_serial())
        self.refused(Vmmig.Error.CONFLICT, self.init)
        self.refused(Vmmig.Error.INVALID_ARGUMENT, self.issue, "h 2")
        shown = Vmmig.Pki.new(str(self.folder / "h1"))
        self.assertEqual(len(shown.show_finish(wait(shown.show_async))), 6)

    def test_a_directory_is_judged(self):
        self.init()
        self.issue(addresses=["10.1.2.3"])
        check = Vmmig.TlsCheck(names=["h1"], addresses=["10.1.2.3"], node="h1",
                               ca_file=str(self.folder / "ca/ca-cert.pem"))
        report = self.check(check, "h1/qemu")
        # Root's keys are noted
        self.assertLessEqual({f.get_severity() for f in report.get_findings()},
                             {Vmmig.PreflightSeverity.NOTE})
        self.assertIn("tls.expired", report.get_passed())
        self.assertEqual(report.get_source(), "h1")
        check.set_layout(Vmmig.TlsLayout.LIBVIRT)
        self.assertFalse(self.check(check, "h1").is_blocked())
        check.props.instant = int(time.time()) + 91 * 86400
        check.props.addresses = ["10.1.2.4"]
        report = self.check(check, "h1")
        self.assertTrue(report.is_blocked())
        self.assertEqual({f.get_id() for f in report.get_findings()},
                         {"tls.expired", "tls.wrong-address"})
        for finding in report.get_findings():
            self.assertEqual(finding.get_code(), Vmmig.Error.INSECURE)
            self.assertIn("vmmig pki issue h1", finding.get_remedy())
            self.assertIn("10.1.2.4", finding.get_remedy())
        self.refused(Vmmig.Error.INVALID_ARGUMENT, self.check, check, "nowhere")

    def test_a_probe_of_nobody(self):
        check = Vmmig.TlsCheck()

        def probe(endpoint):
            return check.probe_finish(wait(check.probe_async, endpoint))
        self.assertEqual(Vmmig.TLS_PORT, 16514)
        self.refused(Vmmig.Error.UNREACHABLE, probe, "127.0.0.1:1")
        self.assertIn("h1:16514", self.refused(Vmmig.Error.INVALID_ARGUMENT, probe, "a b"))


if __name__ == "__main__":
    unittest.main()
