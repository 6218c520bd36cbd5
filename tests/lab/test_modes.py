#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ways to migrate, on real hosts, from Python, from C and from the command line."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import MIB, SIDES  # noqa: E402


def setUpModule():
    support.start_lab()


class Modes(support.LabTest):
    def on_all_sides(self, guest, **options):
        """There, back and there again; options are the migration's."""
        ends = ["h1", "h2"]
        for via in SIDES:
            with self.subTest(via=via):
                self.moves(guest, *ends, via=via, **options)
                ends.reverse()

    def test_pre_copy(self):
        self.on_all_sides(self.guest())


if __name__ == "__main__":
    unittest.main()
