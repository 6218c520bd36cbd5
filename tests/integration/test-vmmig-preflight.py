#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vmmig preflight: on hosts in memory, and what doc/preflight.md says of its checks."""

import re
import unittest

from vmmig_tool import NODES, SOURCE, run, run_on_terminal

H1, H2 = NODES[1], NODES[3]
H7 = "qemu+ssh://root@h7/system"
SEVERITIES = {"note", "unknown", "warning", "blocker"}


def preflight(*arguments, simulated=""):
    return run("preflight", *arguments, simulated=simulated)


class OfAVm(unittest.TestCase):
    def report(self, *arguments, status=0, simulated=""):
        done = preflight("web01", *arguments, "--json", simulated=simulated)
        self.assertEqual(done.status, status, done.out + done.err)
        return done.event("preflight")

    def findings(self, *arguments, **more):
        return {finding["id"]: finding for finding in self.report(*arguments, **more)["findings"]}

    def test_that_can_move(self):
        report = self.report(*NODES)
        self.assertFalse(report["blocked"])
        self.assertEqual((report["vm"], report["source"], report["destination"]),
                         ("web01", "h1", "h2"))
        self.assertIn("vm.name", report["passed"])
        for finding in report["findings"]:
            self.assertIn(finding["severity"], SEVERITIES)
            self.assertTrue(finding["text"])
            self.assertNotIn(finding["id"], report["passed"])

    def test_several_things_are_wrong_and_all_are_told(self):
        findings = self.findings(*NODES, "--copy-storage", "all", "--disks", "vdx",
                                 "--network", "10.99.0.0/24", "--compression", "zstd",
                                 "--parallel", "4", status=2)
        blockers = {name for name, finding in findings.items()
                    if finding["severity"] == "blocker"}
        self.assertEqual(blockers, {"policy", "storage.disk-list", "network.address"})

    def test_what_is_off_or_absent_blocks(self):
        self.assertEqual(self.findings(*NODES, status=2, simulated="migrating")["vm.busy"]["code"],
                         "busy")
        done = preflight("nobody", *NODES, "--json")
        self.assertEqual(done.status, 2)
        found = {finding["id"]: finding for finding in done.event("preflight")["findings"]}
        self.assertEqual(found["vm.found"]["code"], "vm-not-found")
        self.assertEqual(found["vm.xml"]["severity"], "unknown")

    def test_which_of_several_could_take_it(self):
        done = preflight("web01", "--from", H1, "--to", H7, "--to", H2, "--to", H1, "--json")
        self.assertEqual(done.status, 0)
        self.assertEqual([event["blocked"] for event in done.events], [True, False, True])
        self.assertEqual([event["destination"] for event in done.events], ["h7", "h2", "h1"])
        done = preflight("web01", "--from", H1, "--to", H7, "--to", H2, "--to", H1)
        self.assertIn("web01 from h1 to h2: nothing in the way", done.out)
        self.assertIn("node.same-host", done.out)
        self.assertNotIn("Notes:", done.out)
        done = preflight("web01", "--from", H1, "--to", H7, "--to", H1)
        self.assertEqual(done.status, 2)

    def test_the_way_is_tried(self):
        done = preflight("web01", *NODES, "--test-migration", "--json")
        self.assertEqual(done.status, 0, done.out + done.err)
        self.assertGreater(len(done.events), 1)
        done = preflight("web01", *NODES, "--test-migration", "--network", "10.99.0.0/24", "--json")
        self.assertEqual((done.status, len(done.events)), (2, 1))
        done = preflight(*NODES, "--test-migration", "--json")
        self.assertEqual(done.status, 0, done.out + done.err)
        self.assertEqual([e["event"] for e in done.events], ["test-migration"])
        for arguments in (("--node", H1, "--test-migration"), NODES,
                          (*NODES, "--test-migration", "--measure", "31s"), ("web01", *NODES, "--measure", "2s"),
                          ("web01", *NODES, "--test-migration", "--measure", "none")):
            self.assertEqual(preflight(*arguments).status, 1)

    def test_nothing_is_changed(self):
        preflight("web01", *NODES)
        done = run("status", "web01", *NODES, simulated="")
        self.assertIn("running", done.out)

    def test_a_policy_of_the_command_line_counts(self):
        findings = self.findings(*NODES, "--no-encryption")
        self.assertEqual(findings["encryption"]["severity"], "warning")
        findings = self.findings(*NODES, "--post-copy")
        self.assertIn("post-copy.rights", findings)

    def test_checks_can_be_skipped_but_not_all(self):
        done = preflight("web01", *NODES, "--skip-check", "memory.free")
        self.assertEqual(done.status, 0)
        for check in ("vm.name", "encryption", "no.such"):
            done = preflight("web01", *NODES, "--skip-check", check)
            self.assertEqual(done.status, 1, done.err)
            self.assertIn(check, done.err)


class OfHosts(unittest.TestCase):
    def test_one_by_itself(self):
        event = preflight("--node", H2, "--json").event("preflight")
        self.assertEqual((event["source"], event["blocked"]), ("h2", False))
        self.assertNotIn("vm", event)
        done = preflight("--node", H2, "--node", H7)
        self.assertEqual(done.status, 2)
        self.assertIn("node.destination on h7", done.out)

    def test_a_cluster(self):
        done = preflight("--cluster", H1, H2, "--json", simulated="memory=2048")
        self.assertEqual(done.status, 0, done.err)
        event = done.event("preflight")
        spare = [f for f in event["findings"] if f["id"] == "cluster.spare-memory"][0]
        self.assertIn("2.0 GiB of spare memory", spare["text"])
        self.assertIn("cluster.drain", event["passed"])

    def test_a_cluster_that_is_none(self):
        for arguments, says in (
                (("--cluster", H1), "two hosts"),
                (("--cluster", H1, H2, "--parallel-drains", "2"), "cannot drain together"),
                (("--cluster", H1, H2, "--parallel-drains", "0"), "--parallel-drains"),
                (("--cluster", H1, H2, "--from", H1), "--cluster"),
                (("web01", *NODES, "--parallel-drains", "1"), "--cluster"),
                (("--node", H1, "web01"), "--node"),
                (("web01", "--from", H1), "--to is missing"),
                (("web01", "--to", H1), "--from is missing"),
                (("a", "b", *NODES), "Only one VM"),
                (("--list", "web01"), "--list"),
                ((), "No VM")):
            done = preflight(*arguments)
            self.assertEqual(done.status, 1, (arguments, done.out))
            self.assertIn(says, done.err)


class Words(unittest.TestCase):
    def test_the_documentation_has_each_check(self):
        done = preflight("--list", "--json")
        said = {event["id"]: event["title"] for event in done.events}
        text = (SOURCE / "doc" / "preflight.md").read_text(encoding="utf-8")
        documented = dict(re.findall(r"^\| `([a-z.-]+)` \| ([^|]+?) \|", text, re.M))
        self.assertEqual(said, documented)
        self.assertGreater(len(said), 70)

    def test_the_documentation_says_what_may_be_skipped(self):
        text = (SOURCE / "doc" / "preflight.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| `([a-z.-]+)` \| [^|]+ \| (yes)? ?\|", text, re.M)
        self.assertGreater(len(rows), 70)
        skippable = [name for name, may in rows if may]
        refused = [name for name, may in rows if not may]
        arguments = [word for name in skippable for word in ("--skip-check", name)]
        self.assertEqual(preflight("web01", *NODES, *arguments).status, 0)
        for name in refused:
            self.assertEqual(preflight("web01", *NODES, "--skip-check", name).status, 1, name)

    def test_a_terminal_sees_the_remedies_indented(self):
        seen = run_on_terminal("preflight", "web01", *NODES, "--all", simulated="").out
        self.assertIn("Not known:", seen)
        self.assertIn("    → ", seen)
        self.assertIn("In order:", seen)


if __name__ == "__main__":
    unittest.main()
