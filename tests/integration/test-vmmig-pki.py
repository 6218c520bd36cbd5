#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vmmig pki: a CA, nodes' certificates, and what is said of them; without hosts."""

import os
import pathlib
import socket
import ssl
import tempfile
import threading
import unittest

from vmmig_tool import run


class Pki(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)
        self.ca = str(self.folder / "ca")
        self.node = str(self.folder / "n1")

    def pki(self, *arguments, status=0, says=""):
        done = run("pki", *arguments)
        self.assertEqual(done.status, status, done.out + done.err)
        self.assertIn(says, done.err)
        return done

    def make(self):
        self.pki("init", "--directory", self.ca, "--ca-name", "our CA")
        self.pki("issue", "node1", "--ca", self.ca, "--address", "10.1.2.3", "--name", "n1.lab",
                 "--directory", self.node)

    def test_from_nothing_to_certificates_that_will_do(self):
        done = self.pki("init", "--directory", self.ca)
        self.assertIn("ca-cert.pem: CN=vmmig CA", done.out)
        done = self.pki("issue", "node1", "--ca", self.ca, "--address", "10.1.2.3",
                        "--directory", self.node)
        self.assertEqual(done.out.count("SHA-256 "), 4)
        self.assertIn("server for node1, 10.1.2.3", done.out)
        done = self.pki("check", self.node, "--name", "node1", "--address", "10.1.2.3",
                        "--ca", self.ca + "/ca-cert.pem")
        # What follows are notes: root's keys are for nobody else
        self.assertEqual([line for line in done.out.splitlines() if line.endswith(" do")],
                         [self.node + " (libvirt): will do", self.node + "/qemu (qemu): will do"])
        self.assertNotRegex(done.out, "In the way|Not known|Warnings")
        self.assertEqual(oct(os.stat(self.node + "/qemu/server-key.pem").st_mode & 0o777), "0o600")

    def test_what_will_not_do_says_the_way_out(self):
        self.make()
        os.unlink(self.node + "/qemu/client-key.pem")
        pathlib.Path(self.node + "/qemu/client-cert.pem").write_text("x", encoding="utf-8")
        done = self.pki("check", self.node, "--name", "elsewhere", status=8)
        self.assertIn("(qemu): will not do", done.out)
        self.assertIn("(libvirt): will not do", done.out)
        for words in ("tls.wrong-name: ", "tls.missing: ", "tls.garbage: ",
                      "vmmig pki issue elsewhere --ca CA"):
            self.assertIn(words, done.out)
        done = self.pki("check", self.node + "/qemu", "--role", "server", "--name", "node1")
        self.assertIn("will do", done.out)
        os.rename(self.node + "/qemu/ca-cert.pem", self.node + "/qemu/real.pem")
        os.symlink("real.pem", self.node + "/qemu/ca-cert.pem")
        done = self.pki("check", self.node + "/qemu", "--role", "server", "--name", "node1",
                        status=8)
        self.assertIn("not everything could be checked", done.out)

    def test_json(self):
        self.pki("init", "--directory", self.ca)
        events = self.pki("issue", "node1", "--ca", self.ca, "--directory", self.node,
                          "--days", "10", "--json").events
        self.assertEqual([e["event"] for e in events], ["certificate"] * 4)
        self.assertEqual({tuple(e["purposes"]) for e in events}, {("server",), ("client",)})
        self.assertIn(events[0]["days-left"], (9, 10))
        event = self.pki("check", self.node + "/qemu", "--json").event("check")
        self.assertEqual((event["good"], event["layout"]), (True, "qemu"))
        self.assertIn("tls.names-not-judged", [f["id"] for f in event["report"]["findings"]])
        event = self.pki("check", "/nonexistent", "--json", status=1).event("error")
        self.assertEqual(event["error"], "invalid-argument")
        self.assertEqual(len(self.pki("show", self.node, "--json").events), 6)

    def test_nothing_is_replaced_but_by_a_renewal(self):
        self.make()
        before = pathlib.Path(self.node + "/qemu/server-cert.pem").read_bytes()
        key = pathlib.Path(self.node + "/qemu/server-key.pem").read_bytes()
        issue = ["issue", "node1", "--ca", self.ca, "--directory", self.node]
        self.pki(*issue, status=2, says="--renew")
        self.pki("init", "--directory", self.ca, status=2, says="ca-cert.pem")
        self.assertEqual(pathlib.Path(self.node + "/qemu/server-cert.pem").read_bytes(), before)
        self.assertIn("node1, n1.lab, 10.1.2.3", self.pki(*issue, "--renew").out)
        self.assertNotEqual(pathlib.Path(self.node + "/qemu/server-cert.pem").read_bytes(), before)
        self.assertEqual(pathlib.Path(self.node + "/qemu/server-key.pem").read_bytes(), key)
        self.pki(*issue, "--renew", "--new-keys")
        self.assertNotEqual(pathlib.Path(self.node + "/qemu/server-key.pem").read_bytes(), key)

    def test_a_server_is_probed(self):
        self.make()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.node + "/qemu/server-cert.pem",
                                self.node + "/qemu/server-key.pem")
        with socket.create_server(("127.0.0.1", 0)) as server:
            def serve():
                for _ in range(2):
                    connection, _ = server.accept()
                    with context.wrap_socket(connection, server_side=True) as wrapped:
                        wrapped.recv(1)
            thread = threading.Thread(target=serve)
            thread.start()
            endpoint = "127.0.0.1:%d" % server.getsockname()[1]
            done = self.pki("probe", endpoint, "--name", "node1", "--ca",
                            self.ca + "/ca-cert.pem")
            self.assertIn("CN=node1", done.out)
            self.assertIn("will do", done.out)
            done = self.pki("probe", endpoint, "--json", status=8)
            thread.join()
        shown = self.pki("show", self.node + "/qemu/server-cert.pem", "--json").events[0]
        self.assertEqual(done.events[0]["chain"][0]["fingerprint"], shown["fingerprint"])
        self.assertEqual([f["id"] for f in done.event("check")["report"]["findings"]],
                         ["tls.wrong-address"])
        self.pki("probe", endpoint, status=9, says="nothing listens")

    def test_the_command_line_is_checked(self):
        for arguments, says in (
                ([], "missing: init"), (["make"], "‘make’"), (["init"], "--directory"),
                (["init", "x", "--directory", "d"], "nothing but options"),
                (["issue", "n", "--directory", "d"], "--ca is missing"),
                (["issue", "--ca", "c", "--directory", "d"], "one NODE"),
                (["issue", "n", "--ca", "c", "--directory", "d", "--new-keys"], "--renew"),
                (["issue", "n", "--ca", "c", "--directory", "d", "--days", "0"], "--days"),
                (["check"], "one DIRECTORY"), (["check", "d", "--renew"], "no --renew"),
                (["check", "d", "--layout", "xen"], "qemu, libvirt"),
                (["check", "d", "--role", "x"], "both, server, client"),
                (["check", "d", "--name", "a b"], "host's name"),
                (["check", "d", "--clock-skew", "5"], "--clock-skew"),
                (["show", "d", "--ca", "c"], "no --ca"),
                (["probe", "h:0"], "h1:16514"), (["probe", "h", "--client-key", "k"], "go together")):
            with self.subTest(arguments=arguments):
                self.pki(*arguments, status=1, says=says)


if __name__ == "__main__":
    unittest.main()
