#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A cluster's settings from Python, by introspection alone."""

import os
import pathlib
import stat
import tempfile
import unittest

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, Vmmig  # noqa: E402

HYPERCONVERGED = """\
apiVersion: hco.kubevirt.io/v1beta1
kind: HyperConverged
metadata:
  name: kubevirt-hyperconverged
spec:
  evictionStrategy: External
  liveMigrationConfig:
    bandwidthPerMigration: 64Mi
    completionTimeoutPerGiB: 800
    network: migration-network
    parallelMigrationsPerCluster: 6
"""


class Settings(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / "settings.conf"
        self.settings = Vmmig.Settings()

    def refused(self, code, function, *arguments):
        with self.assertRaises(GLib.Error) as caught:
            function(*arguments)
        self.assertTrue(caught.exception.matches(Vmmig.error_quark(), code), caught.exception)
        return caught.exception.message

    def test_each_setting_has_a_text_an_origin_and_a_property(self):
        names = Vmmig.Settings.list_names()
        self.assertEqual(len(names), 13)
        for name in names:
            self.assertIsInstance(self.settings.get_text(name), str)
            self.assertFalse(self.settings.is_set(name))
            self.assertEqual(self.settings.get_origin(name), "default")
            self.settings.get_property(name)

    def test_defaults(self):
        props = self.settings.props
        self.assertEqual(props.parallel_migrations_per_cluster, 5)
        self.assertEqual(props.parallel_outbound_migrations_per_node, 2)
        self.assertEqual(props.bandwidth_per_migration, Vmmig.BANDWIDTH_UNLIMITED)
        self.assertEqual(props.eviction_strategy, Vmmig.EvictionStrategy.LIVE_MIGRATE)
        self.assertIsNone(props.network)
        self.assertEqual(Vmmig.SETTINGS_FILE, "/etc/vmmig/settings.conf")

    def test_words_have_their_numbers(self):
        self.settings.set_text("completion-timeout-per-gib", "none")
        self.settings.set_text("parallel-inbound-migrations-per-node", "unlimited")
        self.assertEqual(self.settings.get_completion_timeout_per_gib(), Vmmig.TIMEOUT_NONE)
        self.assertEqual(self.settings.get_parallel_inbound_migrations_per_node(),
                         Vmmig.MIGRATIONS_UNLIMITED)

    def test_changes_are_told(self):
        told = []
        self.settings.connect("notify", lambda _, pspec: told.append(pspec.name))
        self.settings.set_text("progress-timeout", "20min")
        self.assertEqual((told, self.settings.props.progress_timeout), (["progress-timeout"], 1200))
        self.settings.unset("progress-timeout")
        self.assertEqual(self.settings.props.progress_timeout, 150)

    def test_what_is_wrong_changes_nothing(self):
        wrong = Vmmig.Error.INVALID_ARGUMENT
        self.assertIn("auto-converge: ",
                      self.refused(wrong, self.settings.set_text, "auto-converge", "maybe"))
        self.assertIn("‘speed’", self.refused(wrong, self.settings.set_text, "speed", "1"))
        self.assertIn("‘speed’", self.refused(wrong, self.settings.unset, "speed"))
        self.path.write_text("[settings]\nprofile=ovirt\nspeed=1\n", encoding="utf-8")
        message = self.refused(wrong, self.settings.load, str(self.path))
        self.assertTrue(message.startswith(f"{self.path}:3: "), message)
        self.assertFalse(self.settings.is_set("profile"))

    def test_a_file_comes_back_as_it_was_saved(self):
        self.path.write_text("# ours\n[settings]\n", encoding="utf-8")
        self.settings.set_text("bandwidth-per-migration", "1Gbit/s")
        self.assertTrue(self.settings.save(str(self.path)))
        self.assertIn("# ours\n", self.path.read_text(encoding="utf-8"))
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o644)
        again = Vmmig.Settings.new()
        again.load(str(self.path))
        self.assertEqual(again.get_bandwidth_per_migration(), 125000000)
        self.assertRegex(again.get_origin("bandwidth-per-migration"), r"settings.conf:\d+\Z")

    def test_a_file_that_everybody_can_write_is_refused(self):
        self.path.write_text("[settings]\n", encoding="utf-8")
        os.chmod(self.path, 0o666)
        self.refused(Vmmig.Error.INSECURE, self.settings.load, str(self.path))
        self.refused(Vmmig.Error.INVALID_ARGUMENT, self.settings.load, str(self.path) + "x")

    def test_kubernetes_objects_are_imported(self):
        self.path.write_text(HYPERCONVERGED, encoding="utf-8")
        try:
            warnings = self.settings.import_file(str(self.path))
        except GLib.Error as error:
            if error.matches(Vmmig.error_quark(), Vmmig.Error.NOT_SUPPORTED):
                self.skipTest(error.message)
            raise
        self.assertEqual(len(warnings), 1)
        self.assertIn(":10: spec.liveMigrationConfig.network: ", warnings[0])
        self.assertEqual(self.settings.get_text("bandwidth-per-migration"), "64MiB/s")
        self.assertEqual(self.settings.props.parallel_migrations_per_cluster, 6)
        self.assertEqual(self.settings.props.eviction_strategy, Vmmig.EvictionStrategy.EXTERNAL)
        self.assertEqual(self.settings.get_origin("completion-timeout-per-gib"),
                         f"{self.path}:9: spec.liveMigrationConfig.completionTimeoutPerGiB")
        self.path.write_text(HYPERCONVERGED + "    speed: 1\n", encoding="utf-8")
        message = self.refused(Vmmig.Error.INVALID_ARGUMENT, Vmmig.Settings().import_file,
                               str(self.path))
        self.assertIn(":12: spec.liveMigrationConfig.speed: ", message)


if __name__ == "__main__":
    unittest.main()
