#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vmmig settings: shows, sets, unsets and imports, and changes nothing where something is wrong."""

import os
import pathlib
import tempfile
import unittest

from vmmig_tool import run

HYPERCONVERGED = """\
apiVersion: hco.kubevirt.io/v1beta1
kind: HyperConverged
spec:
  liveMigrationConfig:
    bandwidthPerMigration: 64Mi
    completionTimeoutPerGiB: 800
    network: migration-network
"""


class Settings(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)
        self.path = self.folder / "settings.conf"

    def settings(self, *arguments, status=0):
        done = run("settings", *arguments, "--file", str(self.path))
        self.assertEqual(done.status, status, done.err)
        return done

    def write(self, text, name="settings.conf"):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def text(self):
        return self.path.read_text(encoding="utf-8")

    def test_a_file_is_made_shown_and_emptied(self):
        self.settings("show", status=1)
        self.settings("set", "parallel-migrations-per-cluster", "7")
        self.assertIn("parallel-migrations-per-cluster = 7\n", self.settings("show").out)
        lines = self.settings("show", "--origin").out.splitlines()
        self.assertIn(f"parallel-migrations-per-cluster = 7  # {self.path}:2", lines)
        self.assertIn("profile = openshift  # default", lines)
        self.settings("unset", "parallel-migrations-per-cluster")
        self.assertIn("parallel-migrations-per-cluster = 5\n", self.settings("show").out)

    def test_json(self):
        self.write("[settings]\nprogress-timeout=20min\n")
        events = self.settings("show", "--json").events
        event = next(event for event in events if event["name"] == "progress-timeout")
        del event["time"]
        self.assertEqual(event, {"event": "setting", "name": "progress-timeout", "value": "1200s",
                                 "set": True, "origin": f"{self.path}:2"})
        self.assertEqual(len(events), 13)

    def test_comments_stay(self):
        self.write("# ours\n[settings]\n# why\nprofile=ovirt\n")
        self.settings("set", "network", "10.9.0.0/24")
        for line in ("# ours", "# why", "profile=ovirt", "network=10.9.0.0/24"):
            self.assertIn(line + "\n", self.text())

    def test_an_import_tells_what_it_did_not_take_over(self):
        done = self.settings("import", self.write(HYPERCONVERGED, "hco.yaml"))
        if "without libyaml" in done.err:
            self.skipTest(done.err)
        self.assertIn("hco.yaml:7: spec.liveMigrationConfig.network: is not taken over", done.err)
        self.assertIn("bandwidth-per-migration=64MiB/s\n", self.text())
        self.assertIn("completion-timeout-per-gib=800s\n", self.text())
        done = self.settings("import", str(self.folder / "hco.yaml"), "--json")
        self.assertIn("network", done.event("warning")["message"])
        self.assertEqual(done.err, "")

    def test_what_is_wrong_changes_nothing(self):
        self.write("[settings]\nprofile=ovirt\n")
        bad = self.write(HYPERCONVERGED + "    speed: 1\n", "hco.yaml")
        for arguments, says in (
                (["set", "bandwidth-per-migration", "64"], "unit"),
                (["set", "speed", "1"], "‘speed’"),
                (["set", "profile", ""], "empty"),
                (["set", "profile", b"\xff"], "UTF-8"),
                (["set", "profile", "\x1b[31m"], "no profile"),
                (["unset", "speed"], "‘speed’"),
                (["import", bad], "hco.yaml:8: spec.liveMigrationConfig.speed"),
                (["import", str(self.folder / "none")], "none"),
                (["import", str(self.folder)], "no regular file")):
            done = self.settings(*arguments, status=1)
            self.assertIn(says, done.err)
            self.assertNotIn("\x1b", done.err)
            self.assertEqual(self.text(), "[settings]\nprofile=ovirt\n")

    def test_an_error_is_an_event_too(self):
        self.write("[settings]\nspeed=1\n")
        done = self.settings("show", "--json", status=1)
        event = done.event("error")
        self.assertEqual((event["error"], event["exit-code"]), ("invalid-argument", 1))
        self.assertIn(f"{self.path}:2: ", event["message"])
        self.assertEqual(done.err, "")

    def test_a_file_that_is_wrong_or_not_safe_is_refused(self):
        self.write("[settings]\nprofile=ovirt\nspeed=1\n")
        self.assertIn(f"{self.path}:3: ", self.settings("show", status=1).err)
        self.settings("set", "profile", "nova", status=1)
        self.assertEqual(self.text(), "[settings]\nprofile=ovirt\nspeed=1\n")
        self.write("[settings]\n")
        os.chmod(self.path, 0o666)
        self.assertIn("chmod", self.settings("show", status=8).err)

    def test_the_command_line_is_checked(self):
        for arguments, says in ((["settings"], "show, set, unset or import"),
                                (["settings", "list"], "‘list’"),
                                (["settings", "show", "me"], "nothing"),
                                (["settings", "set", "profile"], "NAME VALUE"),
                                (["settings", "unset"], "NAME"),
                                (["settings", "import"], "FILE"),
                                (["settings", "show", "--frobnicate"], "--frobnicate")):
            done = run(*arguments)
            self.assertEqual(done.status, 1)
            self.assertIn(says, done.err)
            self.assertEqual(done.out, "")


if __name__ == "__main__":
    unittest.main()
