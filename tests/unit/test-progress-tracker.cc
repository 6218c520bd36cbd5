/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "job/vmmig-phase-private.h"

namespace
{

constexpr guint64 GIB = G_GUINT64_CONSTANT (1) << 30;

VmmigStats
memory (guint iteration, guint64 remaining, guint64 total = GIB)
{
  VmmigStats stats = {};

  stats.active = TRUE;
  stats.fields = VMMIG_STAT_MEMORY | VMMIG_STAT_ITERATION;
  stats.iteration = iteration;
  stats.memory_total = total;
  stats.memory_remaining = remaining;
  return stats;
}

VmmigStats
disks (guint64 remaining, guint64 total)
{
  VmmigStats stats = {};

  stats.active = TRUE;
  stats.fields = VMMIG_STAT_DISK | VMMIG_STAT_MEMORY;
  stats.disk_total = total;
  stats.disk_remaining = remaining;
  return stats;
}

class Tracker : public testing::Test
{
protected:
  Tracker () { vmmig_progress_tracker_init (&tracker); }

  double update (const VmmigStats &stats, VmmigJobState state = VMMIG_JOB_STATE_PRE_COPY)
  {
    return vmmig_progress_tracker_update (&tracker, state, &stats);
  }

  guint get_iteration () const { return vmmig_progress_tracker_get_iteration (&tracker); }

  /* Passes that start with @peaks bytes and get down to nothing; the last fraction. */
  double run (const std::vector<guint64> &peaks)
  {
    double fraction = 0;
    guint iteration = 0;

    for (guint64 peak : peaks)
      {
        iteration++;
        for (int tenth = 0; tenth <= 10; tenth++)
          fraction = update (memory (iteration, peak / 10 * (10 - tenth)));
      }
    return fraction;
  }

  VmmigProgressTracker tracker;
};

TEST_F (Tracker, StartsWithNothing)
{
  VmmigStats none = {};

  EXPECT_EQ (update (none, VMMIG_JOB_STATE_PREPARING), 0.0);
  EXPECT_EQ (get_iteration (), 0u);
}

TEST_F (Tracker, TheFirstPassRisesEvenly)
{
  double before = 0;

  for (int tenth = 1; tenth <= 10; tenth++)
    {
      double now = update (memory (1, GIB / 10 * (10 - tenth)));

      EXPECT_NEAR (now - before, 0.08, 0.001);
      before = now;
    }
  EXPECT_EQ (get_iteration (), 1u);
}

TEST_F (Tracker, AnIdleVmIsNearlyThereBeforeItEnds)
{
  EXPECT_GT (run ({GIB, GIB / 1000}), 0.97);
  EXPECT_EQ (get_iteration (), 2u);
}

TEST_F (Tracker, AVmThatDirtiesItsMemoryDoesNotRushAhead)
{
  double first = run ({GIB});

  for (guint iteration = 2; iteration < 200; iteration++)
    for (int tenth = 0; tenth <= 10; tenth++)
      EXPECT_LE (update (memory (iteration, GIB / 10 * (10 - tenth))), first + 0.05);
}

TEST_F (Tracker, TheSlowerItConvergesTheLessIsShown)
{
  double last = 0;

  for (guint64 factor : {2, 4, 16, 256})
    {
      double fraction;

      vmmig_progress_tracker_init (&tracker);
      fraction = run ({GIB, GIB / factor});
      EXPECT_GT (fraction, last) << factor;
      last = fraction;
    }
}

TEST_F (Tracker, LaterPassesGoOnRising)
{
  double before = run ({GIB});

  for (guint iteration = 2; iteration < 7; iteration++)
    {
      double now = update (memory (iteration, GIB >> (2 * iteration - 2)));

      EXPECT_GT (now, before) << iteration;
      before = now;
    }
}

TEST_F (Tracker, OnlySuccessIsOne)
{
  VmmigStats none = {};

  EXPECT_LT (run ({GIB, 0, 0, 0}), 1.0);
  EXPECT_LT (update (memory (5, 0), VMMIG_JOB_STATE_SWITCHOVER), 1.0);
  EXPECT_LT (update (memory (5, 0), VMMIG_JOB_STATE_FINISHING), 1.0);
  EXPECT_EQ (update (none, VMMIG_JOB_STATE_SUCCEEDED), 1.0);
}

TEST_F (Tracker, AFailureLeavesWhatWasShown)
{
  double fraction = update (memory (1, GIB / 2));

  EXPECT_EQ (update (memory (0, 0, 0), VMMIG_JOB_STATE_FAILED), fraction);
  EXPECT_EQ (update (memory (3, 0), VMMIG_JOB_STATE_CANCELLED), fraction);
}

TEST_F (Tracker, DisksCountByTheirSize)
{
  double half, all, then;

  half = update (disks (5 * GIB, 10 * GIB));
  all = update (disks (0, 10 * GIB));
  EXPECT_GT (half, 0.2);
  EXPECT_GT (all, half);
  EXPECT_LE (all, 0.5); /* the memory is not known yet, and may be larger */

  then = update (memory (1, GIB)); /* 10 of 11 GiB, and the disks' figures are gone */
  EXPECT_NEAR (then, 10.0 / 11, 0.001);
  EXPECT_GT (update (memory (1, GIB / 2)), then);
}

TEST_F (Tracker, ADiskThatIsWrittenToDoesNotTurnItBack)
{
  double fraction = update (disks (GIB, 10 * GIB));

  EXPECT_EQ (update (disks (2 * GIB, 10 * GIB)), fraction);
}

TEST_F (Tracker, PostCopyGoesStraightFromWhereItBegan)
{
  double start = run ({GIB});
  double at_first, half;

  at_first = update (memory (2, GIB / 4), VMMIG_JOB_STATE_POST_COPY);
  EXPECT_EQ (at_first, start);
  half = update (memory (2, GIB / 8), VMMIG_JOB_STATE_POST_COPY);
  EXPECT_NEAR (half, start + (1 - start) / 2, 0.001);
  EXPECT_EQ (update (memory (2, GIB / 8), VMMIG_JOB_STATE_POSTCOPY_PAUSED), half);
  EXPECT_EQ (update (memory (2, GIB / 8), VMMIG_JOB_STATE_UNATTENDED), half);
  EXPECT_GT (update (memory (2, 0), VMMIG_JOB_STATE_POST_COPY), 0.98);
}

/* After a cancelled migration the first answer can be the old one's. */
TEST_F (Tracker, CountersOfAnEarlierMigrationAreNotTaken)
{
  EXPECT_EQ (update (memory (7, GIB / 1000)), 0.0);
  EXPECT_NEAR (update (memory (1, GIB / 2)), 0.4, 0.001);
  EXPECT_EQ (get_iteration (), 1u);
}

TEST_F (Tracker, CountersThatRestartLaterDoNotTurnItBack)
{
  double fraction = run ({GIB, GIB / 10, GIB / 100});

  EXPECT_EQ (update (memory (1, GIB)), fraction);
  EXPECT_EQ (get_iteration (), 1u);
  EXPECT_EQ (update (memory (1, GIB / 2)), fraction);
}

TEST_F (Tracker, IterationsThatBeginAtSevenAreCountedFromOne)
{
  update (memory (7, GIB));
  EXPECT_NEAR (update (memory (7, GIB / 2)), 0.4, 0.001);
  EXPECT_EQ (get_iteration (), 1u);
  update (memory (9, GIB / 8));
  EXPECT_EQ (get_iteration (), 3u);
}

TEST_F (Tracker, AFirstPassThatNobodySawIsCounted)
{
  EXPECT_GT (update (memory (2, GIB / 100)), 0.8);
  EXPECT_EQ (get_iteration (), 2u);
}

TEST_F (Tracker, SomebodyElsesMigrationKeepsItsCount)
{
  vmmig_progress_tracker_init_following (&tracker);
  EXPECT_GT (update (memory (7, GIB / 100)), 0.8);
  EXPECT_EQ (get_iteration (), 7u);
}

TEST_F (Tracker, FiguresOfACompletedMigrationAreNotProgress)
{
  VmmigStats stats = memory (3, 0);

  stats.completed = TRUE;
  EXPECT_EQ (update (stats), 0.0);
}

/* --- anything may come --- */

guint64
pick_number (std::mt19937_64 &random, guint64 usual)
{
  switch (random () % 8)
    {
    case 0:
      return 0;
    case 1:
      return G_MAXUINT64;
    case 2:
      return random ();
    default:
      return usual > 0 ? random () % usual : 0;
    }
}

VmmigStats
pick_stats (std::mt19937_64 &random, guint iteration)
{
  VmmigStats stats = {};

  stats.fields = static_cast<guint> (random ());
  stats.active = random () % 4 != 0;
  stats.completed = random () % 16 == 0;
  stats.iteration = random () % 8 != 0 ? iteration : static_cast<guint> (random ());
  stats.memory_total = pick_number (random, 8 * GIB);
  stats.memory_remaining = pick_number (random, 8 * GIB);
  stats.memory_processed = pick_number (random, 8 * GIB);
  stats.disk_total = pick_number (random, 80 * GIB);
  stats.disk_remaining = pick_number (random, 80 * GIB);
  return stats;
}

TEST (TrackerProperty, ItNeverFallsNeverLeavesItsRangeAndIsNeverOneBeforeTheEnd)
{
  const VmmigJobState states[] = {
      VMMIG_JOB_STATE_PREPARING,       VMMIG_JOB_STATE_PRE_COPY,   VMMIG_JOB_STATE_PRE_COPY,
      VMMIG_JOB_STATE_PRE_COPY,        VMMIG_JOB_STATE_SWITCHOVER, VMMIG_JOB_STATE_POST_COPY,
      VMMIG_JOB_STATE_POSTCOPY_PAUSED, VMMIG_JOB_STATE_UNKNOWN,    VMMIG_JOB_STATE_FINISHING,
  };
  const VmmigStats none = {};

  for (guint seed = 0; seed < 2000; seed++)
    {
      std::mt19937_64 random (seed);
      VmmigProgressTracker tracker;
      guint iteration = random () % 2 != 0 ? 1 : 7;
      double before = 0;

      if (random () % 4 == 0)
        vmmig_progress_tracker_init_following (&tracker);
      else
        vmmig_progress_tracker_init (&tracker);
      for (int step = 0; step < 100; step++)
        {
          VmmigStats stats = pick_stats (random, iteration);
          VmmigJobState state = states[random () % G_N_ELEMENTS (states)];
          double now = vmmig_progress_tracker_update (&tracker, state, &stats);

          ASSERT_TRUE (std::isfinite (now)) << "seed " << seed << " step " << step;
          ASSERT_GE (now, before) << "seed " << seed << " step " << step;
          ASSERT_LT (now, 1.0) << "seed " << seed << " step " << step;
          before = now;
          iteration = random () % 32 == 0 ? 1 : iteration + (random () % 4 == 0);
        }
      EXPECT_EQ (vmmig_progress_tracker_update (&tracker, VMMIG_JOB_STATE_SUCCEEDED, &none), 1.0);
    }
}

} // namespace
