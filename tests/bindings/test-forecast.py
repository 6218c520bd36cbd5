#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A forecast before the start, from Python."""

import unittest

import gi

gi.require_version("Vmmig", "1")
from gi.repository import Vmmig  # noqa: E402

MIB, GIB = 1 << 20, 1 << 30
UNKNOWN = Vmmig.DIRTY_RATE_UNKNOWN


class Before(unittest.TestCase):
    def test_without_a_link_nothing_is_known(self):
        forecast = Vmmig.Forecast.new_for(8 * GIB, 0, 0, UNKNOWN, 0, None)
        self.assertEqual(forecast.get_remaining(), (False, 0, 0, 0))
        self.assertEqual(forecast.get_verdict(), Vmmig.ForecastVerdict.UNKNOWN)
        self.assertEqual(set(forecast.to_variant().unpack()), {"verdict", "text"})

    def test_without_a_dirty_rate_the_end_is_open(self):
        forecast = Vmmig.Forecast.new_for(8 * GIB, 0, GIB, UNKNOWN, 0, None)
        known, remaining, low, high = forecast.get_remaining()
        self.assertTrue(known)
        self.assertEqual((low, high), (8000, Vmmig.FORECAST_OPEN))
        self.assertTrue(8000 < remaining < 10000)
        self.assertEqual(forecast.verdict, Vmmig.ForecastVerdict.UNKNOWN)
        self.assertNotIn("remaining-high", forecast.to_variant().unpack())

    def test_the_better_the_rate_is_known_the_narrower_it_is(self):
        widths = []
        for error in (80 * MIB, 20 * MIB):
            forecast = Vmmig.Forecast.new_for(8 * GIB, 0, GIB, 100 * MIB, error, None)
            _, _, low, high = forecast.get_remaining()
            widths.append(high - low)
            self.assertEqual(forecast.verdict, Vmmig.ForecastVerdict.CONVERGES)
        self.assertGreater(*widths)

    def test_a_policy_limits_the_link_and_the_downtime(self):
        policy = Vmmig.MigrationPolicy(bandwidth=100 * MIB)
        slow = Vmmig.Forecast.new_for(8 * GIB, 0, GIB, 2 * GIB, 0, policy)
        self.assertIn(slow.verdict, (Vmmig.ForecastVerdict.CONVERGES_IF,
                                     Vmmig.ForecastVerdict.DOES_NOT_CONVERGE))
        values = slow.to_variant().unpack()
        self.assertGreater(values["needed-downtime"], 300)
        self.assertGreater(values["needed-bandwidth"], 100 * MIB)
        self.assertIn("needs at least", slow.text)
        patient = Vmmig.MigrationPolicy(bandwidth=100 * MIB, maximum_downtime=2000000)
        forecast = Vmmig.Forecast.new_for(8 * GIB, 0, GIB, 2 * GIB, 0, patient)
        self.assertEqual(forecast.verdict, Vmmig.ForecastVerdict.CONVERGES)

    def test_attributes(self):
        forecast = Vmmig.Forecast.new_for(8 * GIB, 0, GIB, UNKNOWN, 0, None)
        self.assertEqual(forecast.remaining, (forecast.get_remaining()[1], 8000, None))
        self.assertIsNone(forecast.downtime)
        self.assertIn("converges, about 9 s left", repr(Vmmig.Forecast.new_for(8 * GIB, 0, GIB, MIB, 0, None)))
        self.assertIsNone(Vmmig.Forecast.new_for(0, 0, 0, UNKNOWN, 0, None).remaining)

    def test_disks_take_their_time(self):
        memory = Vmmig.Forecast.new_for(8 * GIB, 0, GIB, MIB, 0, None).get_remaining()
        both = Vmmig.Forecast.new_for(8 * GIB, 90 * GIB, GIB, MIB, 0, None).get_remaining()
        self.assertGreater(both[1], memory[1] + 90000)


if __name__ == "__main__":
    unittest.main()
