/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ostream>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "job/vmmig-migration-model-private.h"

constexpr guint64 MiB = 1 << 20;
constexpr guint64 GiB = 1 << 30;
constexpr gint64 second = G_USEC_PER_SEC;
constexpr gint64 hour = 3600 * second;

/* What the product documents have. */
inline VmmigConvergenceSettings
documented (guint64 data_bytes)
{
  VmmigConvergenceSettings settings = {};

  settings.data_bytes = data_bytes;
  settings.completion_timeout = 150;
  settings.progress_timeout = 150;
  settings.maximum_downtime = 300;
  settings.downtime_steps = 5;
  return settings;
}

struct Step
{
  VmmigObservation observation;
  VmmigConvergenceDecision decision;
};

/* An engine that is shown figures by hand. */
class Shown
{
public:
  explicit Shown (const VmmigConvergenceSettings &settings)
  {
    vmmig_convergence_init (&self, &settings);
  }

  VmmigConvergenceDecision show (const VmmigObservation &observation)
  {
    vmmig_convergence_observe (&self, &observation, &decision);
    return decision;
  }

  /* Iteration, remaining and processed at a time in seconds. */
  VmmigConvergenceDecision show (double time, guint iteration, guint64 remaining, guint64 processed)
  {
    VmmigObservation seen = {};

    seen.time = (gint64)(time * second);
    seen.known = VMMIG_OBSERVED_ITERATION | VMMIG_OBSERVED_MEMORY | VMMIG_OBSERVED_MEMORY_RATE;
    seen.iteration = iteration;
    seen.total = 8 * GiB;
    seen.remaining = remaining;
    seen.processed = processed;
    seen.memory_rate = 100 * MiB;
    return show (seen);
  }

  VmmigConvergence self;
  VmmigConvergenceDecision decision = {};
};

struct Trial : VmmigMigrationModelRun
{
  std::vector<Step> steps;

  std::vector<Step> with (VmmigConvergenceAction action) const
  {
    std::vector<Step> found;

    for (const Step &step : steps)
      if (step.decision.action == action)
        found.push_back (step);
    return found;
  }
};

inline Trial
run (const VmmigMigrationModelSettings &model,
     const VmmigConvergenceSettings &settings,
     gint64 interval = second / 2,
     bool events = true,
     gint64 limit = 4 * hour)
{
  Trial result = {};
  VmmigMigrationModelRun plain;

  vmmig_migration_model_run (
      &model, &settings, interval, events, limit,
      [] (const VmmigObservation *observation, const VmmigConvergenceDecision *decision,
          gpointer steps) {
        static_cast<std::vector<Step> *> (steps)->push_back ({*observation, *decision});
      },
      &result.steps, &plain);
  static_cast<VmmigMigrationModelRun &> (result) = plain;
  return result;
}

/* 8 GiB over 1 GiB/s: the first pass takes 8 s. */
inline VmmigMigrationModelSettings
guest (double dirty_share, guint64 working_set = 2 * GiB)
{
  VmmigMigrationModelSettings model = {};

  model.memory = 8 * GiB;
  model.link_rate = GiB;
  model.working_set = working_set;
  model.dirty_rate = (guint64)(dirty_share * GiB);
  model.seed = 1;
  return model;
}

inline std::ostream &
operator<< (std::ostream &out, const VmmigConvergenceDecision &decision)
{
  g_autofree char *words = vmmig_convergence_decision_describe (&decision);

  return out << words;
}
