/* test-forecast-past.cc - what a VM's earlier migrations tell of its next one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <algorithm>

#include <gmock/gmock.h>

#include "job-simulation.h"
#include "job/vmmig-forecast-private.h"
#include "job/vmmig-trace-private.h"

namespace
{

constexpr gint64 second = G_USEC_PER_SEC;

VmmigForecastEvidence
any_evidence ()
{
  VmmigForecastEvidence evidence = {};

  evidence.memory = 8 * kGiB;
  evidence.link_rate = 100 * kMiB;
  evidence.maximum_downtime = 300;
  return evidence;
}

VmmigForecastPast
any_past ()
{
  VmmigForecastPast past = {};

  past.rate = 90 * kMiB;
  past.dirty_rate = 20 * kMiB;
  past.working_set = kGiB;
  past.duration = 100 * second;
  past.maximum_downtime = 300;
  return past;
}

VmmigForecastValues
forecast (const VmmigForecastEvidence &evidence, const std::vector<VmmigForecastPast> &pasts)
{
  VmmigForecastValues values;

  vmmig_forecast_before_with_past (&evidence, pasts.data (), (guint)pasts.size (), &values);
  return values;
}

TEST (ForecastPast, WithoutOneItIsAsBefore)
{
  VmmigForecastEvidence evidence = any_evidence ();
  VmmigForecastValues before;

  evidence.has_dirty_rate = TRUE;
  evidence.dirty_rate = 30 * kMiB;
  vmmig_forecast_before (&evidence, &before);
  for (const VmmigForecastValues &values :
       {forecast (evidence, {}), forecast (evidence, {VmmigForecastPast{}})})
    {
      EXPECT_EQ (values.verdict, before.verdict);
      EXPECT_EQ (values.remaining, before.remaining);
      EXPECT_EQ (values.remaining_low, before.remaining_low);
      EXPECT_EQ (values.remaining_high, before.remaining_high);
    }
}

TEST (ForecastPast, TheMiddleOfThemCountsAndWhatTheyDifferBy)
{
  VmmigForecastPast idle = any_past (), usual = any_past (), busy = any_past ();

  for (VmmigForecastPast *past : {&idle, &usual, &busy})
    past->duration = 0;
  idle.dirty_rate = kMiB;
  busy.dirty_rate = 80 * kMiB;
  VmmigForecastValues steady = forecast (any_evidence (), {usual, usual, usual});
  VmmigForecastValues all = forecast (any_evidence (), {busy, idle, usual});
  EXPECT_EQ (steady.dirty_rate, usual.dirty_rate);
  EXPECT_EQ (all.dirty_rate, usual.dirty_rate);
  EXPECT_EQ (steady.verdict, VMMIG_FORECAST_VERDICT_CONVERGES);
  EXPECT_LT (steady.remaining_high, all.remaining_high);
}

TEST (ForecastPast, TheyCountForMoreThanASample)
{
  VmmigForecastEvidence evidence = any_evidence ();
  VmmigForecastPast past = any_past ();

  evidence.has_dirty_rate = TRUE;
  evidence.dirty_rate = kMiB;
  EXPECT_EQ (forecast (evidence, {past}).dirty_rate, past.dirty_rate);
  past.dirty_rate = 0;
  EXPECT_EQ (forecast (evidence, {past}).dirty_rate, kMiB);
}

TEST (ForecastPast, ADurationCountsForItsLikeOnly)
{
  struct
  {
    const char *what;
    std::function<void (VmmigForecastEvidence &, VmmigForecastPast &)> change;
    bool counts;
  } table[] = {
      {"the same", [] (auto &, auto &) {}, true},
      {"a link half used", [] (auto &, auto &past) { past.rate = 50 * kMiB; }, true},
      {"a slower link", [] (auto &, auto &past) { past.rate = 49 * kMiB; }, false},
      {"a faster link", [] (auto &, auto &past) { past.rate = 111 * kMiB; }, false},
      {"less downtime", [] (auto &, auto &past) { past.maximum_downtime = 100; }, true},
      {"more downtime", [] (auto &, auto &past) { past.maximum_downtime = 301; }, false},
      {"disks now", [] (auto &evidence, auto &) { evidence.disk = kGiB; }, false},
      {"none", [] (auto &, auto &past) { past.duration = 0; }, false},
      {"no end",
       [] (auto &, auto &past) {
         past.dirty_rate = 5 * kGiB;
         past.working_set = 4 * kGiB;
       },
       false},
  };

  for (const auto &entry : table)
    {
      VmmigForecastEvidence evidence = any_evidence ();
      VmmigForecastPast past = any_past ();

      /* Far from what arithmetic says. */
      past.duration = 1234 * second;
      entry.change (evidence, past);
      EXPECT_EQ (forecast (evidence, {past}).remaining == 1234 * second, entry.counts)
          << entry.what;
    }
}

TEST (ForecastPast, WhatCouldNotEndWithMoreWillNotEndWithLess)
{
  VmmigForecastPast hopeless = any_past (), ended = any_past ();
  struct
  {
    const char *what;
    std::function<void (VmmigForecastEvidence &, VmmigForecastPast &)> change;
    bool counts;
    bool with_end = false;
  } table[] = {
      {"the same", [] (auto &, auto &) {}, true},
      {"less now", [] (auto &evidence, auto &) { evidence.link_rate = 80 * kMiB; }, true},
      {"a faster link now", [] (auto &evidence, auto &) { evidence.link_rate = 120 * kMiB; },
       false},
      {"less downtime now", [] (auto &evidence, auto &) { evidence.maximum_downtime = 100; }, true},
      {"more downtime now", [] (auto &evidence, auto &) { evidence.maximum_downtime = 301; },
       false},
      {"no verdict", [] (auto &, auto &past) { past.verdict = VMMIG_FORECAST_VERDICT_UNKNOWN; },
       false},
      {"a link that is not known", [] (auto &evidence, auto &) { evidence.link_rate = 0; }, false},
      {"another one ended", [] (auto &, auto &) {}, false, true},
  };

  /* Too vague for arithmetic alone. */
  hopeless.dirty_rate = ended.dirty_rate = 90 * kMiB;
  hopeless.duration = 0;
  hopeless.rate = 100 * kMiB;
  hopeless.verdict = VMMIG_FORECAST_VERDICT_CONVERGES_IF;
  hopeless.needed_downtime = 4321;
  hopeless.needed_bandwidth = 222 * kMiB;
  for (const auto &entry : table)
    {
      VmmigForecastEvidence evidence = any_evidence ();
      VmmigForecastPast past = hopeless;

      entry.change (evidence, past);
      std::vector<VmmigForecastPast> pasts = {past};
      if (entry.with_end)
        pasts.push_back (ended);
      VmmigForecastValues values = forecast (evidence, pasts);
      EXPECT_EQ (values.verdict, entry.counts ? VMMIG_FORECAST_VERDICT_CONVERGES_IF
                                              : VMMIG_FORECAST_VERDICT_UNKNOWN)
          << entry.what;
      EXPECT_EQ (values.needed_downtime, entry.counts ? 4321u : 0u) << entry.what;
      EXPECT_EQ (values.needed_bandwidth, entry.counts ? 222 * kMiB : 0u) << entry.what;
      EXPECT_EQ (values.has_remaining, !entry.counts && evidence.link_rate > 0) << entry.what;
    }
}

/* --- what is in a trace --- */

struct Text
{
  std::string policy = "{}", followed = "false", more, phase = "pre-copy", outcome = "succeeded",
              mode = "pre-copy";

  VmmigForecastPast read () const
  {
    auto progress = [&] (int time, int iteration, int processed, int remaining) {
      return "{'event':'progress','phase':'" + phase + "','elapsed':1,'fraction':0.5," +
             "'monotonic-time':" + std::to_string (time * second) +
             ",'iteration':" + std::to_string (iteration) +
             ",'total':1000000000,'processed':" + std::to_string (processed) + "000000" +
             ",'remaining':" + std::to_string (remaining) + "000000" + more + "}\n";
    };
    std::string text = "{'event':'trace','version':1,'vm':'v','followed':" + followed +
                       ",'policy':" + policy + "}\n" + progress (7, 1, 0, 1000) +
                       progress (17, 2, 1000, 200) + progress (19, 3, 1200, 60) +
                       "{'event':'result','outcome':'" + outcome +
                       "','location':'source','mode':'" + mode + "'}\n";
    g_autoptr (GError) error = nullptr;
    VmmigForecastPast past = {};

    std::replace (text.begin (), text.end (), '\'', '"');
    g_autoptr (GPtrArray) records = vmmig_trace_parse (text.data (), text.size (), "f", &error);
    EXPECT_NE (records, nullptr) << error->message;
    if (records != nullptr)
      vmmig_forecast_past_read (records, &past);
    return past;
  }
};

TEST (ForecastPast, ATraceTellsHowTheVmWritesAndHowLongItTook)
{
  VmmigForecastPast past = Text{}.read ();

  EXPECT_EQ (past.duration, 12 * second);
  EXPECT_EQ (past.maximum_downtime, 300u);
  EXPECT_NEAR ((double)past.rate, 1e8, 1e7);
  EXPECT_GT (past.dirty_rate, 20000000u);
  EXPECT_LT (past.dirty_rate, 60000000u);
  EXPECT_GT (past.working_set, 200000000u);
}

TEST (ForecastPast, ADurationHasToBeWorthAComparison)
{
  Text text[10];

  text[0].followed = "true";
  text[1].outcome = "failed";
  text[2].mode = "post-copy";
  text[3].mode = "paused";
  text[4].more = ",'throttle':20";
  text[5].more = ",'paused':true";
  text[6].more = ",'disk-total':1000,'disk-remaining':10,'disk-processed':10";
  text[7].policy = "{'compression':'xbzrle'}";
  text[8].phase = "post-copy";
  text[9].phase = "preparing";
  for (guint i = 0; i < G_N_ELEMENTS (text); i++)
    {
      VmmigForecastPast past = text[i].read ();
      bool hindered = i == 4 || i == 5 || i >= 8;

      EXPECT_EQ (past.duration, 0) << i;
      /* A followed one is seen from its second pass on. */
      EXPECT_EQ (past.dirty_rate == 0, hindered) << i << ": " << past.dirty_rate;
    }
}

/* --- jobs --- */

class ForecastPastJobs : public ::testing::Test
{
protected:
  VmmigTrace *migrate (guint64 dirty_rate, guint64 working_set, VmmigMigrationPolicy *policy)
  {
    JobSimulation cluster;

    cluster.vm.memory = 4 * kGiB;
    cluster.vm.dirty_rate = dirty_rate;
    cluster.vm.working_set = working_set;
    cluster.add_vm ();
    Job job (cluster, cluster.source, cluster.destination);
    VmmigTrace *trace = vmmig_trace_new ();

    vmmig_migration_job_set_policy (job.job, policy);
    vmmig_trace_record (trace, job.job);
    EXPECT_TRUE (job.finish_run ());
    succeeded = job.outcome () == VMMIG_JOB_STATE_SUCCEEDED;
    took = vmmig_migration_result_get_duration (job.result ());
    return trace;
  }

  VmmigForecast *forecast (VmmigTrace *trace, VmmigMigrationPolicy *policy)
  {
    g_autoptr (GPtrArray) traces = g_ptr_array_new ();

    g_ptr_array_add (traces, trace);
    return vmmig_forecast_new_with_traces (traces, 4 * kGiB, 0, 256 * kMiB,
                                           VMMIG_DIRTY_RATE_UNKNOWN, 0, policy);
  }

  bool succeeded = false;
  guint64 took = 0; /* ms */
};

TEST_F (ForecastPastJobs, OneThatEndedIsForetoldAgain)
{
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
  vmmig_migration_policy_set_bandwidth (policy, 256 * kMiB);
  g_autoptr (VmmigTrace) trace = migrate (64 * kMiB, 512 * kMiB, policy);
  g_autoptr (VmmigForecast) known = forecast (trace, policy);
  g_autoptr (VmmigForecast) unknown =
      vmmig_forecast_new_for (4 * kGiB, 0, 256 * kMiB, VMMIG_DIRTY_RATE_UNKNOWN, 0, policy);
  guint64 remaining, low, high;

  ASSERT_TRUE (succeeded);
  EXPECT_EQ (vmmig_forecast_get_verdict (unknown), VMMIG_FORECAST_VERDICT_UNKNOWN);
  EXPECT_EQ (vmmig_forecast_get_verdict (known), VMMIG_FORECAST_VERDICT_CONVERGES);
  ASSERT_TRUE (vmmig_forecast_get_remaining (known, &remaining, &low, &high));
  EXPECT_NEAR ((double)remaining, (double)took, 0.1 * (double)took + 1000);
  EXPECT_LE (low, took);
  EXPECT_GE (high, took);
}

TEST_F (ForecastPastJobs, OneThatWasGivenUpTellsThatTheNextWillNotEnd)
{
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
  vmmig_migration_policy_set_bandwidth (policy, 256 * kMiB);
  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 30);
  g_autoptr (VmmigTrace) trace = migrate (8 * kGiB, 2 * kGiB, policy);
  g_autoptr (VmmigForecast) forecast_ = forecast (trace, policy);

  ASSERT_FALSE (succeeded);
  EXPECT_THAT (vmmig_forecast_get_verdict (forecast_),
               testing::AnyOf (VMMIG_FORECAST_VERDICT_CONVERGES_IF,
                               VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE));
  EXPECT_GT (vmmig_forecast_get_needed_downtime (forecast_), 300u);
}

} // namespace
