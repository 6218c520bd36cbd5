#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The binding is there: this library's, by introspection, from the build tree."""

import os
import unittest

import gi

gi.require_version("Vmmig", "1")
from gi.repository import Vmmig  # noqa: E402


class Version(unittest.TestCase):
    def test_the_binding_is_the_build_trees(self):
        path = gi.Repository.get_default().get_typelib_path("Vmmig")
        self.assertTrue(path.startswith(os.environ["VMMIG_BUILD_DIR"]), path)

    def test_the_library_is_the_one_the_headers_describe(self):
        self.assertEqual(Vmmig.get_major_version(), Vmmig.MAJOR_VERSION)
        self.assertEqual(Vmmig.get_minor_version(), Vmmig.MINOR_VERSION)
        self.assertEqual(Vmmig.get_micro_version(), Vmmig.MICRO_VERSION)

    def test_what_is_missing_is_said(self):
        self.assertIsNone(Vmmig.check_version(0, 0, 0))
        self.assertIn("too old", Vmmig.check_version(Vmmig.MAJOR_VERSION + 1, 0, 0))


if __name__ == "__main__":
    unittest.main()
