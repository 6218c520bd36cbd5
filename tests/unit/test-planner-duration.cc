/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/vmmig-planner-private.h"

#include <gtest/gtest.h>

#include <cmath>

namespace
{

constexpr guint64 kRate = 100000000; /* bytes per second */
constexpr gint64 kSecond = 1000000;

TEST (PlannerDuration, IsMemoryAtTheRateAndWhatWasDirtiedMeanwhile)
{
  VmmigPlannerMove move = {};
  VmmigPlannerEstimate estimate;

  move.memory = 10 * kRate;
  vmmig_planner_estimate (&move, kRate, &estimate);
  EXPECT_EQ (estimate.duration, 10 * kSecond);
  EXPECT_EQ (estimate.bytes, 10 * kRate);
  EXPECT_TRUE (estimate.converges);
  move.setup = kSecond;
  /* 10 s, then 1 s for what was dirtied in them, then 0.1 s */
  move.cold_rate = kRate / 10;
  vmmig_planner_estimate (&move, kRate, &estimate);
  EXPECT_EQ (estimate.duration, 12100000);
  EXPECT_EQ (estimate.bytes, 1110000000u);
  /* All of the hot set is written within the first pass, half of it in the second, … */
  move.cold_rate = 0;
  move.hot_set = kRate;
  move.hot_time = 2 * kSecond;
  vmmig_planner_estimate (&move, kRate, &estimate);
  EXPECT_EQ (estimate.duration, 12750000);
  /* Rewritten faster than it is sent */
  move.hot_time = kSecond / 2;
  vmmig_planner_estimate (&move, kRate, &estimate);
  EXPECT_FALSE (estimate.converges);
  EXPECT_GT (estimate.duration, 12 * kSecond);
  move.downtime = kSecond;
  vmmig_planner_estimate (&move, kRate, &estimate);
  EXPECT_TRUE (estimate.converges);
}

TEST (PlannerDuration, FallsWithTheRate)
{
  GRand *random = g_rand_new_with_seed (3);

  for (int run = 0; run < 2000; run++)
    {
      VmmigPlannerMove move = {};
      VmmigPlannerEstimate slow, fast;
      guint64 rate = 1 + (guint64)exp (g_rand_double_range (random, 0, 25));

      move.memory = (guint64)exp (g_rand_double_range (random, 0, 30));
      move.hot_set = (guint64)exp (g_rand_double_range (random, 0, 25));
      move.hot_time = g_rand_int_range (random, 0, 20 * (int)kSecond);
      move.cold_rate = (guint64)exp (g_rand_double_range (random, 0, 20));
      vmmig_planner_estimate (&move, rate, &slow);
      vmmig_planner_estimate (&move, rate + 1 + rate / 10, &fast);
      EXPECT_LE (fast.duration, slow.duration);
      EXPECT_LE (fast.bytes, slow.bytes);
      EXPECT_GE (fast.converges, slow.converges);
      EXPECT_GE (slow.bytes, move.memory);

      guint64 least = vmmig_planner_get_convergence_rate (&move, rate);
      EXPECT_EQ (least > 0, !!slow.converges);
      EXPECT_LE (least, rate);
      if (least > 0)
        {
          vmmig_planner_estimate (&move, least, &slow);
          EXPECT_TRUE (slow.converges);
        }
    }
  g_rand_free (random);
}

TEST (PlannerDuration, HasNoSizeThatItCannotCount)
{
  VmmigPlannerMove move = {};
  VmmigPlannerEstimate estimate;

  vmmig_planner_estimate (&move, 0, &estimate);
  EXPECT_EQ (estimate.duration, 0);
  EXPECT_TRUE (estimate.converges);
  move.memory = move.hot_set = move.cold_rate = G_MAXUINT64;
  move.hot_time = 1;
  vmmig_planner_estimate (&move, 0, &estimate);
  EXPECT_GT (estimate.duration, 0);
  EXPECT_FALSE (estimate.converges);
  EXPECT_EQ (vmmig_planner_get_convergence_rate (&move, G_MAXUINT64), 0u);
}

} // namespace
