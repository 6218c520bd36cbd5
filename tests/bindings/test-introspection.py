#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What introspection alone gives: classes, properties, values, errors."""

import unittest

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, GObject, Vmmig  # noqa: E402

OBJECTS = [Vmmig.MigrationJob, Vmmig.MigrationPolicy, Vmmig.Node, Vmmig.Settings]
BOXED = [Vmmig.MigrationProgress, Vmmig.MigrationResult, Vmmig.MigrationStatus, Vmmig.Plan,
         Vmmig.PlanMove]


class Introspection(unittest.TestCase):
    def test_objects_are_made_by_their_properties_alone(self):
        for cls in OBJECTS:
            self.assertTrue(issubclass(cls, GObject.Object))
            self.assertIsInstance(GObject.new(cls), cls)

    def test_each_property_can_be_read(self):
        for cls in OBJECTS:
            thing = GObject.new(cls)
            for pspec in cls.list_properties():
                self.assertTrue(pspec.flags & GObject.ParamFlags.READABLE, pspec.name)
                thing.get_property(pspec.name)

    def test_asynchronous_functions_come_in_pairs(self):
        for cls in (Vmmig.MigrationJob, Vmmig.Node):
            names = [name for name in dir(cls) if name.endswith("_async")]
            self.assertTrue(names)
            for name in names:
                self.assertTrue(hasattr(cls, name[:-len("async")] + "finish"), name)

    def test_enumerations_have_names(self):
        for name in ("JobState", "VmLocation", "MigrationMode", "Encryption", "EncryptionStatus",
                     "Compression", "CopyStorage", "EvictionStrategy", "Persistence",
                     "NodeState", "CredentialKind", "PlanWait"):
            enum = getattr(Vmmig, name)
            self.assertEqual(sorted(enum.__enum_values__), list(range(len(enum.__enum_values__))))
        self.assertEqual(Vmmig.JobState.PRE_COPY.value_nick, "pre-copy")
        self.assertEqual(Vmmig.JobState.POSTCOPY_PAUSED.value_nick, "postcopy-paused")

    def test_errors_match(self):
        self.assertEqual(Vmmig.Error.FAILED, 1)
        error = GLib.Error.new_literal(Vmmig.error_quark(), "no", Vmmig.Error.INSECURE)
        self.assertTrue(error.matches(Vmmig.error_quark(), Vmmig.Error.INSECURE))
        self.assertFalse(error.matches(Vmmig.error_quark(), Vmmig.Error.FAILED))
        with self.assertRaises(GLib.Error) as caught:
            Vmmig.MigrationPolicy(parallel_connections=2,
                                  compression=Vmmig.Compression.XBZRLE).check()
        self.assertTrue(caught.exception.matches(Vmmig.error_quark(), Vmmig.Error.INVALID_POLICY))

    def test_values_are_boxed(self):
        for cls in BOXED:
            self.assertTrue(cls.__gtype__.is_a(GObject.TYPE_BOXED))
            self.assertTrue(hasattr(cls, "to_variant"))

    def test_constants(self):
        self.assertEqual(Vmmig.BANDWIDTH_UNLIMITED, 2 ** 64 - 1)
        policy = Vmmig.MigrationPolicy(bandwidth=Vmmig.BANDWIDTH_UNLIMITED)
        self.assertEqual(policy.get_bandwidth(), 2 ** 64 - 1)


if __name__ == "__main__":
    unittest.main()
