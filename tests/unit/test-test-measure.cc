/* test-test-measure.cc - how much to send so that a path can be measured
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gtest/gtest.h>

#include "job/vmmig-test-measure-private.h"
#include "values/vmmig-test-vm-private.h"

namespace
{

constexpr guint64 kMiB = 1024 * 1024;
constexpr guint64 kMuch = 64 * 1024 * kMiB;

VmmigStats
completed (guint64 bytes, guint64 rate)
{
  VmmigStats stats = {};

  stats.completed = TRUE;
  stats.fields = VMMIG_STAT_MEMORY | VMMIG_STAT_MEMORY_RATE;
  stats.memory_processed = bytes;
  stats.memory_rate = rate;
  return stats;
}

TEST (TestMeasure, OnlyWholeStatisticsTell)
{
  VmmigStats stats = completed (30 * kMiB, 15 * kMiB);
  VmmigTestSample sample = {};

  EXPECT_TRUE (vmmig_test_sample_read (&sample, 2, &stats));
  EXPECT_EQ (sample.n_fillers, 2u);
  EXPECT_EQ (vmmig_test_sample_get_time (&sample), 2000u);
  stats.completed = FALSE;
  EXPECT_FALSE (vmmig_test_sample_read (&sample, 2, &stats));
  EXPECT_EQ (vmmig_test_sample_get_time (&sample), 0u);
  stats = completed (30 * kMiB, 0);
  EXPECT_FALSE (vmmig_test_sample_read (&sample, 2, &stats));
  stats = completed (0, kMiB);
  EXPECT_FALSE (vmmig_test_sample_read (&sample, 2, &stats));
  for (guint field : {VMMIG_STAT_MEMORY, VMMIG_STAT_MEMORY_RATE})
    {
      stats = completed (30 * kMiB, 15 * kMiB);
      stats.fields &= ~field;
      EXPECT_FALSE (vmmig_test_sample_read (&sample, 2, &stats));
    }
}

TEST (TestMeasure, TheDowntimeIsNoTimeOfSending)
{
  VmmigStats stats = completed (30 * kMiB, 15 * kMiB);
  VmmigTestSample sample = {};

  stats.downtime = 200;
  EXPECT_TRUE (vmmig_test_sample_read (&sample, 2, &stats));
  EXPECT_EQ (sample.rate, 15 * kMiB) << "of which nothing was said";
  stats.fields |= VMMIG_STAT_DOWNTIME;
  EXPECT_TRUE (vmmig_test_sample_read (&sample, 2, &stats));
  EXPECT_NEAR ((double)sample.rate, 30.0 * kMiB / 1.8, 1.0);
  for (guint64 odd : {G_GUINT64_CONSTANT (500), G_GUINT64_CONSTANT (2000), G_MAXUINT64})
    {
      stats.downtime = odd;
      EXPECT_TRUE (vmmig_test_sample_read (&sample, 2, &stats));
      EXPECT_EQ (sample.rate, 15 * kMiB);
    }
}

TEST (TestMeasure, TheFirstIsSmallAndTheSecondAsLargeAsItTakes)
{
  const VmmigTestSample none = {};
  VmmigTestSample sample = {1, 16 * kMiB, 0};

  EXPECT_EQ (vmmig_test_measure_plan (&none, 5, kMuch, kMuch), 1u);
  sample.rate = 16 * kMiB;
  /* 5 s at 16 MiB/s are 80 MiB, less what buffers make look faster */
  guint n = vmmig_test_measure_plan (&sample, 5, kMuch, kMuch);
  EXPECT_GE (n, 3u);
  EXPECT_LE (n, 5u);
  sample.rate = 10000 * kMiB;
  EXPECT_EQ (vmmig_test_measure_plan (&sample, 5, kMuch, kMuch), VMMIG_TEST_VM_MAX_FILLERS);
  sample.rate = G_MAXUINT64;
  EXPECT_EQ (vmmig_test_measure_plan (&sample, 30, kMuch, kMuch), VMMIG_TEST_VM_MAX_FILLERS);
  sample.rate = 1;
  EXPECT_EQ (vmmig_test_measure_plan (&sample, 1, kMuch, kMuch), 1u);
}

TEST (TestMeasure, HalfOfTheFreeMemoryOfEachNodeIsLeftAlone)
{
  const VmmigTestSample none = {};
  const VmmigTestSample fast = {1, 16 * kMiB, 10000 * kMiB};

  for (guint64 free = 1; free < 8 * 1024 * kMiB; free = free * 3 / 2 + 1)
    {
      guint n = vmmig_test_measure_plan (&fast, 30, free, kMuch);

      EXPECT_EQ (n, vmmig_test_measure_plan (&fast, 30, kMuch, free));
      /* in the VM, and once more in QEMU */
      EXPECT_LE (n * 2 * 16 * kMiB, free / 2);
      EXPECT_LE (vmmig_test_measure_plan (&none, 30, free, kMuch), 1u);
    }
  EXPECT_EQ (vmmig_test_measure_plan (&none, 5, 300 * kMiB, kMuch), 0u);
  EXPECT_EQ (vmmig_test_measure_plan (&none, 5, kMuch, 300 * kMiB), 0u);
  /* Where it is not known how much there is, not more than the least. */
  EXPECT_EQ (vmmig_test_measure_plan (&fast, 30, 0, kMuch), 1u);
}

TEST (TestMeasure, ItIsEnoughWhenItLastedOrNothingLargerCanBeSent)
{
  const VmmigTestSample sample = {1, 16 * kMiB, 8 * kMiB}; /* 2 s */

  EXPECT_TRUE (vmmig_test_measure_is_enough (&sample, 2, 5));
  EXPECT_FALSE (vmmig_test_measure_is_enough (&sample, 3, 5));
  EXPECT_TRUE (vmmig_test_measure_is_enough (&sample, 3, 1));
  EXPECT_TRUE (vmmig_test_measure_is_enough (&sample, 3, 0));
}

} // namespace
