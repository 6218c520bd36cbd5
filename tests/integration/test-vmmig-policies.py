#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vmmig label, vmmig policy, and the policies that vmmig migrate takes: on hosts in memory."""

import os
import pathlib
import tempfile
import unittest

from vmmig_tool import NODES, NOWHERE, run

H1 = NODES[1]
ON = ["--on", H1]
POLICIES = """\
# ours
[policy databases]
vm-selector=app=db
allow-post-copy=true
bandwidth=64MiB/s

[policy production]
group-selector=env=prod
maximum-downtime=100ms
"""
KUBEVIRT = """\
apiVersion: migrations.kubevirt.io/v1alpha1
kind: MigrationPolicy
metadata:
  name: imported
spec:
  bandwidthPerMigration: 64Mi
  selectors:
    virtualMachineInstanceSelector:
      size: huge
"""


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)

    def write(self, text, name="10-ours.conf"):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run_tool(self, *arguments, status=0, says="", simulated=None):
        done = run(*arguments, simulated=simulated)
        self.assertEqual(done.status, status, done.out + done.err)
        self.assertIn(says, done.err)
        return done


class Labels(Case):
    def label(self, *arguments, simulated="", **more):
        return self.run_tool("label", *arguments, simulated=simulated, **more)

    def test_are_shown_in_order(self):
        self.assertEqual(self.label("web01", *ON, simulated="labels=size=,app=db").out,
                         "app=db\nsize=\n")
        self.assertEqual(self.label("web01", *ON).out, "web01 has no labels\n")

    def test_are_changed_and_the_others_stay(self):
        done = self.label("web01", *ON, "tier=gold", "app-", "none-", "x.example/y=",
                          simulated="labels=app=db,size=s")
        self.assertEqual(done.out, "size=s\ntier=gold\nx.example/y=\n")
        done = self.label("web01", *ON, "app-", simulated="labels=app=db")
        self.assertEqual(done.out, "web01 has no labels\n")

    def test_json(self):
        event = self.label("web01", *ON, "a=b", "--json", simulated="labels=c=d").event("labels")
        self.assertEqual((event["vm"], event["labels"]), ("web01", {"a": "b", "c": "d"}))
        event = self.label("web01", *ON, "--json").event("labels")
        self.assertEqual(event["labels"], {})

    def test_what_is_no_label_is_refused(self):
        for word, says in (("a b=c", "‘a b’"), ("a=b c", "‘b c’"), ("=x", "no name"),
                           ("word", "KEY=VALUE"), ("-x", "-x"), ("a", "KEY-"),
                           ("A.B/c=d", "DNS"), ("a=" + "x" * 64, "63"), ("é=x", "‘é’"),
                           ("\x1b[31m=x", "31m"), (b"\xff=x", "UTF-8"), ("", "empty")):
            done = self.label("web01", *ON, word, status=1, says=says)
            self.assertEqual(done.out, "")
            self.assertNotIn("\x1b", done.err)
        self.label("web01", *ON, "a=b", "a=c", status=1, says="twice")
        self.label("web01", *ON, "a=b", "a-", status=1, says="both set and removed")

    def test_the_command_line_is_checked(self):
        self.label(status=1, says="No VM")
        self.label("web01", status=1, says="--on")
        self.label("", *ON, status=1, says="empty")
        self.label("web01", "--from", H1, status=1, says="--from")
        self.label("web01", "--on", "http://x/", status=1)
        self.label("web01", "--on", "qemu+ssh://h1/system?command=x", status=8)

    def test_what_the_host_refuses_is_told(self):
        self.label("ghost", *ON, status=2, says="ghost")
        self.label("web01", *NOWHERE[:0], "--on", NOWHERE[1], status=9, says="/nonexistent")
        self.label("web01", *ON, "a=b", simulated="migrating memory=512", status=2,
                   says="being migrated")
        done = self.label("web01", *ON, "--json", simulated="labels=<!DOCTYPE", status=2)
        event = done.event("error")
        self.assertEqual((event["error"], event["exit-code"]), ("vm-state", 2))
        self.assertIn("metadata", event["message"])


class Check(Case):
    def check(self, *arguments, **more):
        return self.run_tool("policy", "check", *arguments, **more)

    def test_what_is_in_order(self):
        path = self.write(POLICIES)
        done = self.check(path, says="post-copy")
        self.assertEqual(done.out, f"{path}: databases, production\n")
        event = self.check(path, "--json").event("checked")
        self.assertEqual((event["file"], event["policies"]), (path, ["databases", "production"]))

    def test_each_mistake_is_told_with_its_place(self):
        good = self.write(POLICIES)
        bad = self.write("[policy a]\nvm-selector=app=db\nspeed=1\n", "20-bad.conf")
        rate = self.write("[policy b]\nvm-selector=\nbandwidth=64\n", "30-rate.conf")
        done = self.check(bad, good, rate, status=1)
        self.assertIn(f"{bad}:3: ", done.err)
        self.assertIn(f"{rate}:3: ", done.err)
        self.assertIn("databases", done.out)
        self.check(str(self.folder / "none.conf"), status=1, says="none.conf")
        os.chmod(good, 0o666)
        self.check(good, status=8, says=good)

    def test_files_that_contradict_each_other(self):
        one = self.write(POLICIES)
        other = self.write("[policy other]\nvm-selector=app=db\nbandwidth=1MiB/s\n", "20.conf")
        done = self.check(one, other, status=1)
        for word in ("‘other’", "‘databases’", "selector"):
            self.assertIn(word, done.err)

    def test_the_command_line_is_checked(self):
        for arguments, says in ((["policy"], "check, show or explain"),
                                (["policy", "list"], "‘list’"), (["policy", "check"], "FILE"),
                                (["policy", "show", "a", "b"], "NAME"),
                                (["policy", "check", "f", "--label", "a=b"], "options"),
                                (["policy", "check", "f", "--directory", "d"], "options"),
                                (["policy", "show", "--on", H1], "options"),
                                (["policy", "explain", "web01"], "--on"),
                                (["policy", "explain", *ON], "No VM"),
                                (["policy", "explain", "web01", *ON, "--label", "a=b"], "exclude"),
                                (["policy", "explain", "--label", "a"], "--label"),
                                (["policy", "explain", "--label", "a b=c"], "‘a b’"),
                                (["policy", "explain", "--label", "a=b", "--group-label", "c"],
                                 "--group-label"),
                                (["policy", "explain", "--label", "a=b", "--precedence", "x"],
                                 "documented, kubevirt"),
                                (["policy", "explain", "--label", "a=b", "--settings", b"\xff"],
                                 "UTF-8"),
                                (["policy", "show", "--file", b"\xff"], "UTF-8"),
                                (["policy", "show", "--directory", ""], "empty"),
                                (["policy", "check", b"\xff"], "UTF-8"),
                                (["policy", "explain", "--label", "a=b", "--label", "a=c"],
                                 "twice")):
            done = self.run_tool(*arguments, status=1, says=says)
            self.assertEqual(done.out, "")


class Show(Case):
    def test_what_is_shown_is_a_file_again(self):
        path = self.write(POLICIES)
        done = self.run_tool("policy", "show", "--file", path)
        self.assertIn(f"# {path}:2\n[policy databases]\nvm-selector=app=db\n", done.out)
        again = self.write(done.out, "again.conf")
        more = self.run_tool("policy", "show", "--file", again)

        def without_comments(text):
            return [line for line in text.splitlines() if not line.startswith("#")]

        self.assertEqual(without_comments(done.out), without_comments(more.out))
        self.assertIn("bandwidth=64MiB/s", done.out)

    def test_one_of_a_directory(self):
        self.write(POLICIES)
        self.write("[policy production]\ngroup-selector=env=prod\nbandwidth=1MiB/s\n", "20.conf")
        done = self.run_tool("policy", "show", "production", "--directory", str(self.folder),
                             says="takes the place")
        self.assertIn("bandwidth=1MiB/s\n", done.out)
        self.assertNotIn("maximum-downtime", done.out)
        self.assertNotIn("databases", done.out)
        self.run_tool("policy", "show", "nobody", "--directory", str(self.folder), status=1,
                      says="‘nobody’")
        self.run_tool("policy", "show", "--directory", str(self.folder / "none"), status=1)

    def test_none(self):
        done = self.run_tool("policy", "show", "--directory", str(self.folder))
        self.assertEqual(done.out, "# There are no policies\n")

    def test_kubevirts_own(self):
        done = run("policy", "show", "--file", self.write(KUBEVIRT, "p.yaml"), "--json")
        if "without libyaml" in done.out:
            self.skipTest(done.out)
        event = done.event("policy")
        self.assertEqual((event["name"], event["vm-selector"], event["fields"]),
                         ("imported", "size=huge", {"bandwidth": "64MiB/s"}))
        self.assertNotIn("group-selector", event)


class Explain(Case):
    def explain(self, *arguments, **more):
        return self.run_tool("policy", "explain", *arguments, **more)

    def test_which_won_and_where_each_field_comes_from(self):
        path = self.write(POLICIES)
        settings = self.write("[settings]\nprogress-timeout=600s\nbandwidth-per-migration=1MiB/s\n",
                              "settings.conf")
        done = self.explain("web01", *ON, "--group-label", "env=prod", "--file", path,
                            "--settings", settings, simulated="labels=app=db")
        for line in ("Labels: app=db\n", "Group's labels: env=prod\n",
                     "Policy ‘databases’ is selected", "production (", "Warning: post-copy",
                     f"  bandwidth = 64MiB/s  # policy ‘databases’ ({path}:5)\n",
                     f"  progress-timeout = 600s  # settings ({settings}:2)\n",
                     "  completion-timeout-per-gib = 150s  # profile openshift\n",
                     "  encryption = required  # default\n"):
            self.assertIn(line, done.out)

    def test_labels_that_a_vm_might_have(self):
        path = self.write(POLICIES)
        done = self.explain("--label", "app=web", "--file", path)
        self.assertIn("No policy matches", done.out)
        self.assertIn("the label ‘app’", done.out.replace("label ‘app’", "the label ‘app’"))
        done = self.explain("--label", "app=db", "--label", "vmmig.org/critical=true", "--file",
                            path)
        self.assertIn("allow-post-copy = false  # label vmmig.org/critical\n", done.out)

    def test_precedence(self):
        path = self.write("[policy a]\nvm-selector=zone=1\nbandwidth=1MiB/s\n"
                          "[policy b]\nvm-selector=app=db\nbandwidth=2MiB/s\n")
        for precedence, name in (("documented", "b"), ("kubevirt", "a")):
            event = self.explain("--label", "zone=1", "--label", "app=db", "--file", path, "--json",
                                 "--precedence", precedence).event("resolution")
            self.assertEqual((event["policy"], event["precedence"]), (name, precedence))

    def test_json(self):
        done = self.explain("web01", *ON, "--file", self.write(POLICIES), "--json",
                            simulated="labels=app=db")
        event = done.event("resolution")
        self.assertEqual((event["vm"], event["policy"], event["kept"]),
                         ("web01", "databases", True))
        self.assertEqual([c["reason"] for c in event["candidates"]], ["selected", "group-label"])
        fields = {field["name"]: field["value"] for field in event["fields"]}
        self.assertEqual(fields["bandwidth"], "64MiB/s")
        self.assertEqual(done.err, "")

    @unittest.skipIf(os.path.lexists("/etc/vmmig"), "this machine keeps policies or settings")
    def test_where_nothing_is_kept_that_is_told(self):
        done = self.explain("--label", "a=b", says="neither policies nor settings")
        self.assertIn("progress-timeout = 150s  # profile openshift\n", done.out)
        event = self.explain("--label", "a=b", "--json").event("resolution")
        self.assertIs(event["kept"], False)

    def test_what_goes_wrong_is_told(self):
        path = self.write(POLICIES)
        self.explain("ghost", *ON, "--file", path, simulated="", status=2, says="ghost")
        self.explain("web01", "--on", NOWHERE[1], "--file", path, status=9, says="/nonexistent")
        self.explain("--label", "a=b", "--file", self.write("[x]\n", "x.conf"), status=1,
                     says="x.conf:1: ")
        self.explain("--label", "a=b", "--settings", self.write("[settings]\nx=1\n", "s.conf"),
                     status=1, says="s.conf:2: ")


class Migrate(Case):
    def migrate(self, *arguments, simulated="labels=app=db", **more):
        return self.run_tool("migrate", "web01", *NODES, *arguments, simulated=simulated, **more)

    def fields(self, done):
        return {field["name"]: (field["value"], field["origin"].partition(" ")[0])
                for field in done.event("resolution")["fields"]}

    def setUp(self):
        super().setUp()
        self.write(POLICIES)
        self.with_policies = ["--policy-directory", str(self.folder)]

    def test_takes_the_policy_of_its_labels(self):
        done = self.migrate(*self.with_policies, "--json")
        self.assertEqual([event["event"] for event in done.events[:2]], ["resolution", "start"])
        event = done.event("resolution")
        self.assertEqual((event["policy"], event["vm"]), ("databases", "web01"))
        fields = self.fields(done)
        self.assertEqual(fields["bandwidth"], ("64MiB/s", "policy"))
        self.assertEqual(fields["completion-timeout-per-gib"], ("150s", "profile"))
        self.assertEqual(len(event["warnings"]), 1)
        # 64 MiB at 64 MiB/s, which the link of 128 MiB/s would copy in half of that time
        self.assertGreater(done.event("result")["duration"], 900)

    def test_says_so_in_words(self):
        done = self.migrate(*self.with_policies, says="not for critical data")
        self.assertTrue(done.out.startswith("web01: policy ‘databases’ ("), done.out)
        done = self.migrate(*self.with_policies, simulated="")
        self.assertNotIn("policy", done.out + done.err)

    def test_the_command_line_stands_above(self):
        done = self.migrate(*self.with_policies, "--bandwidth", "unlimited", "--no-post-copy",
                            "--max-downtime", "200ms", "--json")
        fields = self.fields(done)
        self.assertEqual(fields["bandwidth"], ("unlimited", "command"))
        self.assertEqual(fields["allow-post-copy"], ("false", "command"))
        self.assertEqual(fields["maximum-downtime"], ("200ms", "command"))
        self.assertEqual(done.event("resolution")["warnings"], [])

    def test_what_a_policy_allows_can_be_forbidden(self):
        self.write("[policy all]\nvm-selector=x=y\nallow-post-copy=true\nauto-converge=true\n"
                   "allow-workload-disruption=true\nearly-switch=true\n", "20.conf")
        names = ("allow-post-copy", "auto-converge", "allow-workload-disruption", "early-switch")
        done = self.migrate(*self.with_policies, "--json", simulated="labels=x=y")
        self.assertEqual({self.fields(done)[name] for name in names}, {("true", "policy")})
        done = self.migrate(*self.with_policies, "--no-post-copy", "--no-auto-converge",
                            "--no-workload-disruption", "--no-early-switch", "--json",
                            simulated="labels=x=y")
        self.assertEqual({self.fields(done)[name] for name in names}, {("false", "command")})

    def test_a_group_has_labels_too(self):
        done = self.migrate(*self.with_policies, "--group-label", "env=prod", "--json",
                            simulated="")
        self.assertEqual(done.event("resolution")["policy"], "production")

    def test_settings_are_below(self):
        settings = self.write("[settings]\nbandwidth-per-migration=1MiB/s\nauto-converge=true\n",
                              "settings")
        done = self.migrate(*self.with_policies, "--settings", settings, "--json")
        fields = self.fields(done)
        self.assertEqual(fields["bandwidth"], ("64MiB/s", "policy"))
        self.assertEqual(fields["auto-converge"], ("true", "settings"))
        done = self.migrate("--settings", settings, "--no-auto-converge", "--bandwidth", "1GiB/s",
                            "--json", simulated="")
        self.assertNotIn("policy", done.event("resolution"))
        self.assertEqual(self.fields(done)["auto-converge"], ("false", "command"))

    def test_a_critical_vm_never_enters_post_copy(self):
        critical = "memory=512 dirty=300 set=256 labels=app=db,vmmig.org/critical=true"
        done = self.migrate(*self.with_policies, "--bandwidth", "unlimited",
                            "--completion-timeout-per-gib", "4s", "--json", simulated=critical,
                            status=3)
        self.assertEqual(done.event("result")["error"], "not-converging")
        self.assertEqual(self.fields(done)["allow-post-copy"], ("false", "label"))
        for more in (self.with_policies, []):
            done = self.migrate(*more, "--post-copy", simulated=critical, status=1,
                                says="vmmig.org/critical")
            self.assertEqual(done.out, "")

    def test_the_same_vm_without_that_label_does(self):
        done = self.migrate(*self.with_policies, "--bandwidth", "unlimited",
                            "--completion-timeout-per-gib", "4s", "--json",
                            simulated="memory=512 dirty=300 set=256 labels=app=db")
        self.assertEqual(done.event("result")["mode"], "post-copy")

    def test_without_policies_nobody_is_asked(self):
        for arguments in ([*self.with_policies[:0], "--no-policies"], []):
            done = self.migrate(*arguments, "--json", simulated="labels=<x/>")
            self.assertIsNone(done.event("resolution"))
        self.migrate("--no-policies", "--post-copy", simulated="labels=vmmig.org/critical=true")

    def test_what_cannot_be_known_is_not_guessed(self):
        done = self.migrate(*self.with_policies, "--json", simulated="labels=<x/>", status=2)
        self.assertEqual([event["event"] for event in done.events], ["error"])
        self.assertIn("metadata", done.events[0]["message"])
        done = run("migrate", "vm", *NOWHERE, *self.with_policies, "--json")
        self.assertEqual((done.status, done.events[-1]["error"]), (9, "unreachable"))
        self.migrate("--policy-directory", str(self.folder / "none"), status=1)
        self.write("[policy x]\nspeed=1\n", "99.conf")
        self.migrate(*self.with_policies, status=1, says="99.conf:2: ")

    def test_contradictions_are_refused(self):
        for arguments in (["--post-copy", "--no-post-copy"], ["--no-post-copy", "--postcopy"],
                          ["--auto-converge", "--no-auto-converge"],
                          ["--allow-workload-disruption", "--no-workload-disruption"],
                          ["--early-switch", "--no-early-switch"],
                          ["--no-policies", *self.with_policies],
                          ["--no-policies", "--settings", "x"],
                          ["--no-policies", "--group-label", "a=b"],
                          ["--no-policies", "--precedence", "kubevirt"]):
            self.migrate(*arguments, status=1, says="contradict")
        self.write("[policy a]\nvm-selector=x=y\nparallel-connections=2\n", "20.conf")
        self.migrate(*self.with_policies, "--compression", "xbzrle", simulated="labels=x=y",
                     status=1)


if __name__ == "__main__":
    unittest.main()
