/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cmath>

#include "convergence-fixture.h"
#include "rounds.h"

namespace
{

class Dice
{
public:
  explicit Dice (guint64 seed) : random (seed) {}

  bool one_in (guint n) { return random () % n == 0; }
  guint64 to (guint64 limit) { return random () % limit; }
  double between (double least, double most)
  {
    return least * std::pow (most / least, (double)(random () % 1000000) / 1e6);
  }

  std::mt19937_64 random;
};

VmmigConvergenceSettings
any_settings (Dice &dice, guint64 data_bytes)
{
  VmmigConvergenceSettings settings = {};
  auto timeout = [&] (guint limit) {
    return dice.one_in (4) ? VMMIG_CONVERGENCE_NO_TIMEOUT : 1 + (guint)dice.to (limit);
  };

  settings.data_bytes = dice.one_in (10) ? 0 : data_bytes;
  settings.completion_timeout = timeout (200);
  settings.progress_timeout = timeout (300);
  settings.maximum_downtime = dice.one_in (4) ? 0 : 1 + (guint)dice.to (3000);
  settings.initial_downtime = dice.one_in (2) ? 0 : 1 + (guint)dice.to (3000);
  settings.downtime_steps = (guint)dice.to (12);
  settings.auto_converge = dice.one_in (3);
  settings.allow_post_copy = dice.one_in (2);
  settings.allow_workload_disruption = dice.one_in (2);
  settings.early = dice.one_in (2);
  return settings;
}

VmmigMigrationModelSettings
any_guest (Dice &dice)
{
  VmmigMigrationModelSettings model = {};

  model.memory = (guint64)dice.between (128.0 * MiB, 64.0 * GiB);
  model.used = dice.between (0.1, 1);
  model.working_set = (guint64)(dice.between (0.001, 1) * (double)model.memory);
  model.link_rate = (guint64)dice.between (20.0 * MiB, 3.0 * GiB);
  model.dirty_rate = (guint64)(dice.between (0.01, 20) * (double)model.link_rate);
  model.link_scatter = dice.one_in (2) ? 0 : dice.between (0.01, 0.3);
  model.dirty_scatter = dice.one_in (2) ? 0 : dice.between (0.01, 0.5);
  model.auto_converge = dice.one_in (3);
  if (dice.one_in (3))
    {
      model.busy = (gint64)dice.to (200 * second);
      model.idle = (gint64)dice.to (100 * second);
    }
  if (dice.one_in (5))
    model.idle_from = 1 + (gint64)dice.to (600 * second);
  if (dice.one_in (5))
    {
      model.stall_from = (gint64)dice.to (300 * second);
      model.stall_until = model.stall_from + (gint64)dice.to (600 * second);
    }
  model.post_copy_refused = dice.one_in (5);
  model.seed = dice.random ();
  return model;
}

/* What must hold for each decision, whatever was seen. */
void
check (const VmmigConvergenceSettings &settings, const std::vector<Step> &steps)
{
  gint64 deadline = vmmig_convergence_get_deadline (&settings);
  gint64 silent_since = 0;
  bool asked = false, paused = false;

  for (const Step &step : steps)
    {
      const VmmigConvergenceDecision &decision = step.decision;

      silent_since = std::max (silent_since, step.observation.time);
      EXPECT_STRNE (vmmig_convergence_reason_get_name (decision.reason), "unknown");
      EXPECT_LE (decision.since_flow, decision.time) << decision;
      switch (decision.action)
        {
        case VMMIG_CONVERGENCE_POST_COPY:
          EXPECT_TRUE (settings.allow_post_copy) << decision;
          EXPECT_FALSE (asked || paused) << decision;
          EXPECT_TRUE (decision.time >= deadline || settings.early) << decision;
          EXPECT_GE (decision.iteration, 2u) << decision;
          asked = true;
          break;
        case VMMIG_CONVERGENCE_PAUSE:
          EXPECT_TRUE (settings.allow_workload_disruption) << decision;
          EXPECT_FALSE (settings.allow_post_copy) << decision;
          EXPECT_FALSE (asked || paused) << decision;
          EXPECT_TRUE (decision.time >= deadline || settings.early) << decision;
          EXPECT_GE (decision.iteration, 2u) << decision;
          paused = true;
          break;
        case VMMIG_CONVERGENCE_SET_DOWNTIME:
          EXPECT_GT (decision.downtime, 0u) << decision;
          EXPECT_LE (decision.downtime, settings.maximum_downtime) << decision;
          break;
        case VMMIG_CONVERGENCE_GIVE_UP:
          EXPECT_GT (decision.reason, VMMIG_CONVERGENCE_REASON_WATCHING) << decision;
          EXPECT_FALSE (step.observation.post_copy) << decision;
          if (decision.reason == VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT)
            {
              EXPECT_NE (settings.progress_timeout, VMMIG_CONVERGENCE_NO_TIMEOUT);
              EXPECT_GE (decision.since_best, settings.progress_timeout * second) << decision;
            }
          else if (decision.reason != VMMIG_CONVERGENCE_REASON_STALLED)
            {
              EXPECT_GE (decision.time, deadline) << decision;
            }
          break;
        default:
          break;
        }
      EXPECT_EQ (decision.news || decision.action == VMMIG_CONVERGENCE_GO_ON, true);
    }
}

TEST (ConvergenceProperties, HoldOnModelledGuests)
{
  guint ends[5] = {};

  for (guint seed = 0; seed < rounds (3000, 100) && !testing::Test::HasFailure (); seed++)
    {
      Dice dice (seed);
      VmmigMigrationModelSettings model = any_guest (dice);
      VmmigConvergenceSettings settings = any_settings (dice, model.memory);
      gint64 interval = (gint64)dice.between (50e3, 20e6);
      Trial trial = run (model, settings, interval, dice.one_in (2), hour / 2);

      SCOPED_TRACE (seed);
      check (settings, trial.steps);
      ends[trial.end]++;
      /* A switch needs a pass of the model's own. */
      for (const Step &step : trial.steps)
        if (step.decision.action == VMMIG_CONVERGENCE_POST_COPY ||
            step.decision.action == VMMIG_CONVERGENCE_PAUSE)
          {
            EXPECT_GE (step.observation.iteration, 2u);
          }
      if (settings.progress_timeout == VMMIG_CONVERGENCE_NO_TIMEOUT &&
          vmmig_convergence_get_deadline (&settings) == G_MAXINT64)
        {
          EXPECT_NE (trial.end, VMMIG_MODEL_ABORTED);
        }
      else if (trial.end == VMMIG_MODEL_ABORTED)
        {
          EXPECT_EQ (trial.steps.back ().decision.action, VMMIG_CONVERGENCE_GIVE_UP);
        }
    }
  EXPECT_GT (ends[VMMIG_MODEL_COMPLETED], rounds (500, 50));
  EXPECT_GT (ends[VMMIG_MODEL_ABORTED], rounds (100, 0));
}

TEST (ConvergenceProperties, HoldOnNoise)
{
  for (guint seed = 0; seed < rounds (2000, 100) && !testing::Test::HasFailure (); seed++)
    {
      Dice dice (seed);
      VmmigConvergenceSettings settings = any_settings (dice, 4 * GiB);
      bool wild = dice.one_in (2);
      Shown engine (settings);
      std::vector<Step> steps;
      VmmigObservation seen = {};

      for (int i = 0; i < 300; i++)
        {
          seen.known = (guint)dice.to (128);
          seen.time += (gint64)dice.to (10 * second) - (wild ? 2 * second : 0);
          seen.iteration = wild ? (guint)dice.to (50) : seen.iteration + (guint)dice.to (3);
          seen.total = 4 * GiB;
          seen.processed = wild ? dice.random () : seen.processed + dice.to (GiB);
          seen.remaining = wild ? dice.random () : dice.to (4 * GiB);
          seen.disk_remaining = dice.random ();
          seen.memory_rate = dice.random ();
          seen.dirty_rate = dice.random ();
          seen.throttle = (guint)dice.to (wild ? 1000 : 100);
          seen.paused = dice.one_in (10);
          seen.post_copy = dice.one_in (2000);
          seen.event = dice.one_in (2);
          steps.push_back ({seen, engine.show (seen)});
          EXPECT_GE (vmmig_convergence_get_wakeup (&engine.self), engine.decision.time);
          if (engine.decision.action == VMMIG_CONVERGENCE_GIVE_UP)
            break;
        }
      SCOPED_TRACE (seed);
      check (settings, steps);
    }
}

/* What it does, and when, may differ by what a poll cannot see, and by no more. */
TEST (ConvergenceProperties, DecisionsHardlyDependOnThePolls)
{
  guint compared = 0;

  for (guint seed = 0; seed < rounds (400, 20); seed++)
    {
      Dice dice (seed);
      VmmigMigrationModelSettings model = any_guest (dice);
      VmmigConvergenceSettings settings = documented (model.memory);
      model.link_scatter = 0;
      model.dirty_scatter = 0;
      model.stall_until = 0;
      model.busy = model.idle = model.idle_from = 0;
      model.auto_converge = FALSE;
      Trial often = run (model, settings, second / 5, true);

      for (gint64 interval : {second, 5 * second})
        {
          Trial seldom = run (model, settings, interval, false);
          gint64 pass = (gint64)((double)model.memory / (double)model.link_rate * second);

          SCOPED_TRACE (seed);
          EXPECT_EQ (often.end, seldom.end);
          EXPECT_NEAR ((double)often.duration / second, (double)seldom.duration / second,
                       (double)(12 * interval + 2 * pass) / second + 20);
          compared++;
        }
    }
  EXPECT_EQ (compared, 2 * rounds (400, 20));
}

/* --- against KubeVirt's loop --- */

TEST (ConvergenceFigures, LessTimeIsWastedThanByKubevirtAndNobodyIsGivenUpWhoConverges)
{
  double wasted = 0, wasted_by_kubevirt = 0;
  guint hopeless = 0, converging = 0, only_ours = 0;

  for (guint seed = 0; seed < rounds (1500, 60); seed++)
    {
      Dice dice (seed + 77);
      VmmigMigrationModelSettings model = {};
      model.memory = (guint64)dice.between (1.0 * GiB, 128.0 * GiB);
      model.link_rate = (guint64)dice.between (100.0 * MiB, 3.0 * GiB);
      model.working_set = (guint64)(dice.between (0.01, 1) * (double)model.memory);
      model.dirty_rate = (guint64)(dice.between (0.1, 5) * (double)model.link_rate);
      model.link_scatter = 0.03;
      model.dirty_scatter = 0.05;
      model.seed = seed;
      VmmigConvergenceSettings ours = documented (model.memory), kubevirt = ours;
      kubevirt.method = VMMIG_CONVERGENCE_METHOD_KUBEVIRT;
      kubevirt.maximum_downtime = 0;
      Trial us = run (model, ours, second / 2), them = run (model, kubevirt, hour, false);

      /* Their rounding gives them more time than the policy says. */
      if (them.end == VMMIG_MODEL_COMPLETED &&
          them.duration > vmmig_convergence_get_deadline (&ours))
        continue;
      if (them.end == VMMIG_MODEL_COMPLETED)
        {
          converging++;
          EXPECT_EQ (us.end, VMMIG_MODEL_COMPLETED)
              << seed << ": " << us.steps.back ().decision << ", theirs took "
              << them.duration / second << " s";
        }
      else if (us.end == VMMIG_MODEL_COMPLETED)
        {
          only_ours++;
        }
      else
        {
          hopeless++;
          wasted += (double)us.duration / second;
          wasted_by_kubevirt += (double)them.duration / second;
        }
    }
  printf ("%u guests converge, %u with us only; %u do not: %.0f s wasted, %.0f s by KubeVirt's "
          "loop: %.3f\n",
          converging, only_ours, hopeless, wasted, wasted_by_kubevirt, wasted / wasted_by_kubevirt);
  EXPECT_GT (hopeless, rounds (300, 10));
  EXPECT_GT (converging, rounds (300, 10));
  EXPECT_LE (wasted, wasted_by_kubevirt / 4);
}

} // namespace
