/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convergence-fixture.h"

namespace
{

/* --- KubeVirt --- */

VmmigConvergenceSettings
kubevirt (guint64 data_bytes)
{
  VmmigConvergenceSettings settings = documented (data_bytes);

  settings.method = VMMIG_CONVERGENCE_METHOD_KUBEVIRT;
  settings.maximum_downtime = 0;
  return settings;
}

TEST (KubevirtMethod, CountsWholeGigabytesRoundedUp)
{
  struct
  {
    guint64 bytes;
    guint seconds;
    gint64 timeout;
  } cases[] = {
      {8 * GiB, 150, 1350},
      {GiB, 150, 300},
      {1000000000, 150, 150},
      {1, 150, 150},
      {1000000001, 150, 300},
      {8 * GiB, 0, 0},
      {0, 150, 0},
      {8 * GiB, VMMIG_CONVERGENCE_NO_TIMEOUT, 0},
  };

  for (const auto &c : cases)
    {
      VmmigConvergenceSettings settings = kubevirt (c.bytes);
      settings.completion_timeout = c.seconds;
      EXPECT_EQ (vmmig_convergence_get_kubevirt_timeout (&settings), c.timeout) << c.bytes;
    }
}

/* Polls every 400 ms, compares whole seconds, and takes a tooth of the saw for progress. */
TEST (KubevirtMethod, ASawToothIsProgressUntilTheTimeIsOver)
{
  Trial stuck = run (guest (3), kubevirt (8 * GiB), hour);

  EXPECT_EQ (stuck.end, VMMIG_MODEL_ABORTED);
  EXPECT_EQ (stuck.reason, VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT);
  EXPECT_GE (stuck.duration, 1351 * second);
  EXPECT_LE (stuck.duration, 1351 * second + 400 * 1000);
  EXPECT_EQ (stuck.decisions, 1u);
}

TEST (KubevirtMethod, OnlyAStallTripsItsProgressTimeout)
{
  VmmigMigrationModelSettings vm = guest (0.5);
  vm.stall_from = 5 * second;
  vm.stall_until = hour;
  Trial stuck = run (vm, kubevirt (8 * GiB), hour, false);

  EXPECT_EQ (stuck.reason, VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT);
  EXPECT_GE (stuck.duration, (5 + 151) * second);
  EXPECT_LE (stuck.duration, (5 + 152) * second);
}

TEST (KubevirtMethod, PostCopyNeedsWorkloadDisruption)
{
  for (bool disruption : {false, true})
    {
      VmmigConvergenceSettings settings = kubevirt (8 * GiB);
      settings.allow_post_copy = TRUE;
      settings.allow_workload_disruption = disruption;
      Trial trial = run (guest (3), settings, hour);

      EXPECT_EQ (trial.post_copy, disruption);
      EXPECT_EQ (trial.end, disruption ? VMMIG_MODEL_COMPLETED : VMMIG_MODEL_ABORTED);
      EXPECT_GE (trial.duration, 1351 * second);
    }
}

/* Frozen figures after the pause: nothing flows for the doubled time. */
TEST (KubevirtMethod, APauseDoublesTheTime)
{
  VmmigConvergenceSettings settings = kubevirt (8 * GiB);
  settings.allow_workload_disruption = TRUE;
  settings.progress_timeout = 0;
  Shown engine (settings);
  gint64 paused = 0, ended = 0;

  for (gint64 tick = 1; tick < 10000 && ended == 0; tick++)
    {
      double time = (double)tick * 0.4;
      engine.show (time, 5, GiB, 9 * GiB);
      if (engine.decision.action == VMMIG_CONVERGENCE_PAUSE)
        {
          EXPECT_EQ (paused, 0) << "only once";
          paused = engine.decision.time;
        }
      if (engine.decision.action == VMMIG_CONVERGENCE_GIVE_UP)
        ended = engine.decision.time;
    }
  EXPECT_EQ (paused / second, 1351);
  EXPECT_EQ (ended / second, 2701);
}

TEST (KubevirtMethod, VfioGetsALongDowntime)
{
  VmmigConvergenceSettings settings = kubevirt (8 * GiB);
  settings.allow_workload_disruption = TRUE;
  settings.allow_post_copy = TRUE;
  settings.vfio = TRUE;
  Trial trial = run (guest (3), settings, hour);

  ASSERT_EQ (trial.with (VMMIG_CONVERGENCE_SET_DOWNTIME).size (), 1u);
  EXPECT_EQ (trial.with (VMMIG_CONVERGENCE_SET_DOWNTIME)[0].decision.downtime, 2000000u);
  EXPECT_FALSE (trial.post_copy);

  settings.data_bytes = GiB;
  settings.completion_timeout = 10;
  trial = run (guest (3), settings, hour);
  EXPECT_EQ (trial.with (VMMIG_CONVERGENCE_SET_DOWNTIME)[0].decision.downtime, 40000u);
}

TEST (KubevirtMethod, ARefusedSwitchIsAskedForAtTheNextPoll)
{
  VmmigConvergenceSettings settings = kubevirt (GiB);
  settings.allow_workload_disruption = TRUE;
  settings.allow_post_copy = TRUE;
  Shown engine (settings);

  EXPECT_EQ (engine.show (301, 5, GiB, 9 * GiB).action, VMMIG_CONVERGENCE_POST_COPY);
  EXPECT_EQ (engine.show (301.4, 5, GiB, 9 * GiB).action, VMMIG_CONVERGENCE_GO_ON);
  vmmig_convergence_refused (&engine.self, VMMIG_CONVERGENCE_POST_COPY);
  EXPECT_EQ (engine.show (301.8, 5, GiB, 9 * GiB).action, VMMIG_CONVERGENCE_POST_COPY);
}

/* The watermark is the last poll, so even a migration that gets worse looks alive. */
TEST (KubevirtMethod, TheWatermarkIsOverwritten)
{
  Shown engine (kubevirt (100 * GiB));

  for (int tick = 1; tick < 10000; tick++)
    {
      engine.show (tick * 0.4, 5, (guint64)tick * MiB + (tick % 2 == 0 ? 0 : 2 * MiB), GiB);
      ASSERT_EQ (engine.decision.action, VMMIG_CONVERGENCE_GO_ON) << tick;
    }
}

/* --- Nova --- */

TEST (NovaMethod, KeepsThePublishedSchedule)
{
  std::vector<guint> expected = {50, 95, 140, 185, 230, 275, 320, 365, 410, 455, 500, 500};

  for (size_t i = 0; i < expected.size (); i++)
    {
      gint64 time = (gint64)i * 600 * second;
      EXPECT_EQ (vmmig_convergence_get_nova_downtime (8 * GiB, 500, 10, 75, time), expected[i]);
      EXPECT_EQ (vmmig_convergence_get_nova_downtime (8 * GiB, 500, 10, 75, time + 599 * second),
                 expected[i]);
    }
  EXPECT_EQ (vmmig_convergence_get_nova_downtime (GiB, 500, 10, 75, 150 * second), 95u)
      << "2 GiB at the least";
}

TEST (NovaMethod, SetsItAndActsAfterItsTimeout)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.method = VMMIG_CONVERGENCE_METHOD_NOVA;
  settings.completion_timeout = 800;
  settings.maximum_downtime = 500;
  settings.downtime_steps = 10;
  std::vector<gint64> times;

  Trial stuck = run (guest (10), settings, hour);
  for (const Step &step : stuck.with (VMMIG_CONVERGENCE_SET_DOWNTIME))
    times.push_back (step.observation.time / (600 * second));
  EXPECT_EQ (times, (std::vector<gint64>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ (stuck.end, VMMIG_MODEL_ABORTED);
  EXPECT_NEAR ((double)stuck.duration / second, 6400, 1);

  settings.allow_post_copy = TRUE;
  EXPECT_TRUE (run (guest (10), settings, hour).post_copy);
  settings.allow_post_copy = FALSE;
  settings.allow_workload_disruption = TRUE;
  EXPECT_TRUE (run (guest (10), settings, hour).paused);
}

/* --- oVirt --- */

TEST (OvirtMethod, RunsItsItemsOnePerPollThatSeesANewIteration)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.method = VMMIG_CONVERGENCE_METHOD_OVIRT;
  std::vector<guint> limits;

  Trial stuck = run (guest (10), settings, hour);
  for (const Step &step : stuck.with (VMMIG_CONVERGENCE_SET_DOWNTIME))
    limits.push_back (step.decision.downtime);
  EXPECT_EQ (limits, (std::vector<guint>{100, 150, 200, 300, 400, 500}));
  EXPECT_EQ (stuck.end, VMMIG_MODEL_ABORTED);
  EXPECT_EQ (stuck.reason, VMMIG_CONVERGENCE_REASON_SCHEDULE);

  settings.allow_workload_disruption = TRUE;
  Trial suspended = run (guest (10), settings, hour);
  EXPECT_EQ (suspended.with (VMMIG_CONVERGENCE_SET_DOWNTIME).back ().decision.downtime, 5000u);
  EXPECT_EQ (suspended.end, VMMIG_MODEL_COMPLETED);

  settings.allow_post_copy = TRUE;
  EXPECT_TRUE (run (guest (10), settings, hour).post_copy);
}

} // namespace
