/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>

#include <gmock/gmock.h>

#include "convergence-fixture.h"
#include "job/vmmig-forecast-private.h"
#include "rounds.h"

using testing::HasSubstr;

namespace
{

constexpr guint downtime = 300; /* ms */

struct Seen
{
  gint64 time;
  guint iteration;
  VmmigForecaster forecaster;

  VmmigForecastValues values () const
  {
    VmmigForecastValues values;
    vmmig_forecaster_get (&forecaster, &values);
    return values;
  }
};

struct Watched
{
  std::vector<Seen> seen;
  bool ended = false;
  gint64 end = 0; /* µs */
};

/* A migration that nobody steers, with what was forecast at each poll. */
Watched
watch (const VmmigMigrationModelSettings &settings, gint64 interval, bool events, gint64 limit)
{
  Watched watched;
  VmmigMigrationModel vm;
  VmmigForecaster forecaster;
  VmmigObservation observation;
  gint64 poll = 0;

  vmmig_migration_model_init (&vm, &settings);
  vmmig_forecaster_init (&forecaster, downtime);
  while (vm.now < limit && vmmig_migration_model_step (&vm, poll, &observation))
    {
      bool due = vm.now >= poll;

      if (due)
        poll += interval;
      if (!due && !events)
        continue;
      vmmig_forecaster_observe (&forecaster, &observation);
      watched.seen.push_back ({observation.time, observation.iteration, forecaster});
    }
  watched.ended = vm.phase == VMMIG_MODEL_COMPLETED;
  watched.end = vm.now;
  return watched;
}

/* The first forecast after so many iterations. */
VmmigForecastValues
after (const Watched &watched, guint iteration)
{
  for (const Seen &seen : watched.seen)
    if (seen.iteration >= iteration)
      return seen.values ();
  return {};
}

TEST (Forecast, AConvergingGuestIsToldAfterAFewPasses)
{
  Watched watched = watch (guest (0.5, 4 * GiB), second / 2, true, hour);
  VmmigForecastValues values = after (watched, 4);

  ASSERT_TRUE (watched.ended);
  EXPECT_EQ (values.verdict, VMMIG_FORECAST_VERDICT_CONVERGES);
  ASSERT_TRUE (values.has_remaining);
  EXPECT_LE (values.remaining_low, values.remaining);
  EXPECT_LE (values.remaining, values.remaining_high);
  EXPECT_TRUE (values.has_downtime);
  EXPECT_LE (values.downtime, downtime);
}

TEST (Forecast, AHopelessGuestIsToldWhatItNeeds)
{
  Watched watched = watch (guest (3), second / 2, true, 120 * second);
  VmmigForecastValues values = after (watched, 12);
  g_autofree char *words = vmmig_forecast_values_describe (&values);

  ASSERT_FALSE (watched.ended);
  EXPECT_THAT (values.verdict, testing::AnyOf (VMMIG_FORECAST_VERDICT_CONVERGES_IF,
                                               VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE));
  EXPECT_FALSE (values.has_remaining);
  EXPECT_THAT (words, HasSubstr ("needs at least"));

  /* And what it was told is true, with a tenth to spare. */
  VmmigMigrationModelSettings longer = guest (3);
  longer.downtime_limit = (guint)((double)values.needed_downtime * 1.1);
  EXPECT_TRUE (watch (longer, second, true, hour / 2).ended) << longer.downtime_limit;
  longer.downtime_limit = (guint)((double)values.needed_downtime * 0.5);
  EXPECT_FALSE (watch (longer, second, true, hour / 2).ended) << longer.downtime_limit;
  VmmigMigrationModelSettings faster = guest (3);
  faster.downtime_limit = downtime;
  faster.link_rate = (guint64)((double)values.needed_bandwidth * 1.2);
  EXPECT_TRUE (watch (faster, second, true, hour / 2).ended) << faster.link_rate;
}

struct Row
{
  gint64 time; /* µs */
  guint iteration;
  guint64 processed, remaining;
};

VmmigForecastValues
after_rows (const std::vector<Row> &rows)
{
  VmmigForecaster forecaster;
  VmmigForecastValues values;

  vmmig_forecaster_init (&forecaster, downtime);
  for (const Row &row : rows)
    {
      VmmigObservation seen = {};

      seen.time = row.time;
      seen.known = VMMIG_OBSERVED_ITERATION | VMMIG_OBSERVED_MEMORY;
      seen.iteration = row.iteration;
      seen.total = 101195776;
      seen.processed = row.processed;
      seen.remaining = row.remaining;
      vmmig_forecaster_observe (&forecaster, &seen);
    }
  vmmig_forecaster_get (&forecaster, &values);
  return values;
}

/* As QEMU 7.2 told them of guests that write to a half of their memory, one page after the other,
 * over a link of 8 MiB/s: what is zero leaves the first pass without being sent. */
TEST (Forecast, ZeroPagesAreNotTakenForAGuestThatIsIdle)
{
  EXPECT_EQ (after_rows ({{0, 1, 125829, 100150000},
                          {4940000, 1, 42970000, 54270000},
                          {5940000, 2, 51410000, 49940000},
                          {10940000, 2, 93290000, 8150000},
                          {11640000, 3, 99370000, 50070000}})
                 .verdict,
             VMMIG_FORECAST_VERDICT_CONVERGES_IF);
  EXPECT_NE (after_rows ({{0, 1, 1580721, 95584256}, {868618, 2, 9478104, 7999488}}).verdict,
             VMMIG_FORECAST_VERDICT_CONVERGES);
}

TEST (Forecast, PassesThatStayAsLargeAreSeenSoon)
{
  VmmigForecastValues values = after_rows ({{0, 1, 1580721, 95584256},
                                            {868618, 2, 9478104, 7999488},
                                            {1619711, 3, 15818856, 7737344},
                                            {2361166, 4, 22028280, 7868416},
                                            {2949872, 4, 26916200, 2990080},
                                            {3112805, 5, 28369032, 7868416},
                                            {3847406, 6, 34447128, 7868416},
                                            {4591618, 7, 40787880, 7868416}});

  EXPECT_EQ (values.verdict, VMMIG_FORECAST_VERDICT_CONVERGES_IF);
  EXPECT_GT (values.needed_downtime, downtime);
  EXPECT_GT (values.needed_bandwidth, 8 * MiB);
}

TEST (Forecast, NothingIsClaimedBeforeItCanBeKnown)
{
  VmmigForecaster forecaster;
  VmmigForecastValues values;
  VmmigObservation nothing = {};

  vmmig_forecaster_init (&forecaster, downtime);
  vmmig_forecaster_get (&forecaster, &values);
  EXPECT_EQ (values.verdict, VMMIG_FORECAST_VERDICT_UNKNOWN);
  EXPECT_FALSE (values.has_remaining);
  for (int i = 0; i < 10; i++)
    {
      nothing.time = i * second;
      vmmig_forecaster_observe (&forecaster, &nothing);
    }
  vmmig_forecaster_get (&forecaster, &values);
  EXPECT_FALSE (values.has_remaining);

  values = watch (guest (3), second / 2, true, 5 * second).seen.back ().values ();
  EXPECT_EQ (values.verdict, VMMIG_FORECAST_VERDICT_UNKNOWN) << "the first pass";
  EXPECT_TRUE (values.has_remaining);
  EXPECT_EQ (values.remaining_high, G_MAXINT64);
}

TEST (Forecast, SurvivesAnything)
{
  std::mt19937_64 random (3);

  for (guint64 trial = 0; trial < rounds (200, 10); trial++)
    {
      VmmigForecaster forecaster;
      VmmigForecastValues values;
      VmmigObservation seen = {};
      bool wild = trial % 2 != 0;

      vmmig_forecaster_init (&forecaster, (guint)(random () % 3000));
      for (int i = 0; i < 60; i++)
        {
          seen.known = (guint)(random () % 128) | (wild ? 0 : 3);
          seen.time += (gint64)(random () % (4 * second)) - (wild ? second : 0);
          seen.iteration = wild ? (guint)(random () % 20) : seen.iteration + (guint)(random () % 3);
          seen.total = wild ? random () : 4 * GiB;
          seen.processed = wild ? random () : seen.processed + random () % GiB;
          seen.remaining = wild ? random () : random () % GiB;
          seen.memory_rate = random ();
          seen.post_copy = random () % 500 == 0;
          vmmig_forecaster_observe (&forecaster, &seen);
          vmmig_forecaster_get (&forecaster, &values);
          if (values.has_remaining)
            {
              EXPECT_GE (values.remaining_low, 0);
              EXPECT_LE (values.remaining_low, values.remaining);
              EXPECT_LE (values.remaining, values.remaining_high);
            }
          EXPECT_EQ (values.verdict == VMMIG_FORECAST_VERDICT_CONVERGES_IF ||
                         values.verdict == VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE,
                     values.needed_bandwidth > 0 || values.needed_downtime > 0);
        }
    }
}

/* Whoever comes in the middle of a pass does not know how long it took. */
TEST (Forecast, APassThatBeganBeforeIsLeftOut)
{
  Watched watched = watch (guest (0.5, 4 * GiB), second / 2, true, hour);
  VmmigMigrationModelSettings settings = guest (0.5, 4 * GiB);
  VmmigMigrationModel vm;
  VmmigForecaster ours, theirs;
  VmmigObservation observation;
  VmmigForecastValues values;
  double error[2] = {};
  guint n = 0;

  vmmig_migration_model_init (&vm, &settings);
  vmmig_forecaster_init (&ours, downtime);
  vmmig_forecaster_init_following (&theirs, downtime);
  for (gint64 poll = 0; vmmig_migration_model_step (&vm, poll, &observation); poll += second / 2)
    {
      if (vm.now < 6 * second)
        continue;
      vmmig_forecaster_observe (&ours, &observation);
      vmmig_forecaster_observe (&theirs, &observation);
      if (observation.iteration != 3)
        continue;
      n++;
      for (const VmmigForecaster *one : {&ours, &theirs})
        {
          vmmig_forecaster_get (one, &values);
          error[one == &theirs] += std::abs ((double)(watched.end - vm.now - values.remaining));
        }
    }
  ASSERT_GT (n, 0u);
  EXPECT_LT (error[1], error[0]);
  EXPECT_LT (error[1] / n, 3e6);
}

/* --- before it starts --- */

TEST (ForecastBefore, TheLessIsKnownTheWiderItIs)
{
  VmmigForecastEvidence evidence = {};
  VmmigForecastValues values;

  evidence.memory = 8 * GiB;
  evidence.maximum_downtime = downtime;
  vmmig_forecast_before (&evidence, &values);
  EXPECT_FALSE (values.has_remaining);

  evidence.link_rate = GiB;
  vmmig_forecast_before (&evidence, &values);
  EXPECT_TRUE (values.has_remaining);
  EXPECT_EQ (values.remaining_high, G_MAXINT64);
  EXPECT_EQ (values.verdict, VMMIG_FORECAST_VERDICT_UNKNOWN);

  evidence.memory_in_use = 2 * GiB;
  vmmig_forecast_before (&evidence, &values);
  EXPECT_NEAR ((double)values.remaining / second, 2.2, 0.1);
  EXPECT_EQ (values.remaining_low, 2 * second);

  evidence.has_dirty_rate = TRUE;
  evidence.dirty_rate = 10 * MiB;
  vmmig_forecast_before (&evidence, &values);
  EXPECT_EQ (values.verdict, VMMIG_FORECAST_VERDICT_CONVERGES);
  EXPECT_LT (values.remaining_high, 10 * second);

  evidence.disk = 10 * GiB;
  vmmig_forecast_before (&evidence, &values);
  EXPECT_GT (values.remaining, 11 * second);

  const gint64 durations[] = {30 * second, 20 * second, 40 * second};
  evidence.durations = durations;
  evidence.n_durations = 3;
  vmmig_forecast_before (&evidence, &values);
  EXPECT_EQ (values.remaining, 30 * second);
  EXPECT_LE (values.remaining_low, 20 * second);
  EXPECT_GE (values.remaining_high, 40 * second);
}

TEST (ForecastBefore, AVmThatDirtiesMuchIsDoubted)
{
  VmmigForecastEvidence evidence = {};
  VmmigForecastValues values;

  evidence.memory = 8 * GiB;
  evidence.link_rate = 100 * MiB;
  evidence.maximum_downtime = downtime;
  evidence.has_dirty_rate = TRUE;
  evidence.dirty_rate = 5 * GiB;
  vmmig_forecast_before (&evidence, &values);
  EXPECT_NE (values.verdict, VMMIG_FORECAST_VERDICT_CONVERGES);
  EXPECT_GT (values.needed_downtime, downtime);
}

TEST (ForecastBefore, AKnownErrorOfTheRateIsUsed)
{
  VmmigForecastEvidence evidence = {};
  VmmigForecastValues vague, exact;

  evidence.memory = 8 * GiB;
  evidence.link_rate = 100 * MiB;
  evidence.maximum_downtime = downtime;
  evidence.has_dirty_rate = TRUE;
  evidence.dirty_rate = 40 * MiB;
  vmmig_forecast_before (&evidence, &vague);
  EXPECT_NE (vague.verdict, VMMIG_FORECAST_VERDICT_CONVERGES);
  evidence.dirty_rate_error = 4 * MiB;
  vmmig_forecast_before (&evidence, &exact);
  EXPECT_EQ (exact.verdict, VMMIG_FORECAST_VERDICT_CONVERGES);
  EXPECT_LT (exact.remaining_high, vague.remaining_high);
  /* More than the rate itself is as good as from nothing on. */
  evidence.dirty_rate_error = 400 * MiB;
  vmmig_forecast_before (&evidence, &vague);
  EXPECT_EQ (vague.verdict, VMMIG_FORECAST_VERDICT_UNKNOWN);
}

/* --- figures --- */

VmmigMigrationModelSettings
any_model (std::mt19937_64 &random)
{
  auto between = [&] (double least, double most) {
    return least * std::pow (most / least, (double)(random () % 1000000) / 1e6);
  };
  VmmigMigrationModelSettings model = {};
  model.memory = (guint64)between (1.0 * GiB, 64.0 * GiB);
  model.used = between (0.2, 1);
  model.link_rate = (guint64)between (50.0 * MiB, 2.0 * GiB);
  model.working_set = (guint64)(between (0.02, model.used) * (double)model.memory);
  model.dirty_rate = (guint64)(between (0.05, 4) * (double)model.link_rate);
  model.link_scatter = between (0.01, 0.15);
  model.dirty_scatter = between (0.01, 0.2);
  model.downtime_limit = downtime;
  model.seed = random ();
  return model;
}

TEST (ForecastFigures, OfModelsThatItWasNotFittedTo)
{
  guint n = 0, within = 0, open = 0, verdicts = 0, wrong = 0, unknown = 0, early = 0,
        within_closed = 0;
  double width = 0, error = 0;

  for (guint seed = 0; seed < rounds (1500, 60); seed++)
    {
      std::mt19937_64 random (seed + 1000);
      const VmmigMigrationModelSettings model = any_model (random);
      Watched watched =
          watch (model, second / 2 + (gint64)(random () % second), seed % 2 == 0, hour);
      if (watched.seen.size () < 2)
        continue;
      /* One instant in each, so that long ones do not count for more. */
      const Seen &seen = watched.seen[random () % watched.seen.size ()];
      const VmmigForecastValues values = seen.values ();
      double away = std::abs ((double)model.dirty_rate / (double)model.link_rate - 1);

      if (seen.iteration < 2)
        {
          early++;
          continue;
        }
      if (away >= 0.1 && values.verdict == VMMIG_FORECAST_VERDICT_UNKNOWN)
        unknown++;
      else if (away >= 0.1)
        {
          verdicts++;
          wrong += (values.verdict == VMMIG_FORECAST_VERDICT_CONVERGES) != watched.ended ? 1 : 0;
        }
      if (!watched.ended || !values.has_remaining)
        continue;
      gint64 left = watched.end - seen.time;
      n++;
      open += values.remaining_high == G_MAXINT64 ? 1 : 0;
      within_closed += values.remaining_high != G_MAXINT64 && left >= values.remaining_low &&
                               left <= values.remaining_high
                           ? 1
                           : 0;
      within += left >= values.remaining_low && left <= values.remaining_high ? 1 : 0;
      if (values.remaining_high != G_MAXINT64 && left > second)
        {
          width += (double)(values.remaining_high - values.remaining_low) / (double)left;
          error += std::abs ((double)(values.remaining - left)) / (double)left;
        }
    }
  printf ("%u intervals: %.3f hold the end, %u are open, of the others %.3f do; mean width %.2f of "
          "what was left, mean "
          "error %.3f; %u in the first pass\n",
          n, (double)within / n, open, (double)within_closed / (n - open), width / (n - open),
          error / (n - open), early);
  printf ("%u verdicts away from the border: %u wrong (%.3f), %u unknown\n", verdicts, wrong,
          (double)wrong / verdicts, unknown);
  EXPECT_GT (n, rounds (200, 5));
  EXPECT_GE ((double)within / n, 0.85);
  EXPECT_LE ((double)wrong / verdicts, 0.05);
}

} // namespace
