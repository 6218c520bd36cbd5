/* test-migration-job-forecast.cc - what a job forecasts while it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job-simulation.h"

namespace
{

struct Told
{
  gint64 time; /* µs */
  VmmigJobState phase;
  VmmigForecast *forecast; /* (nullable) */
};

class JobForecast : public ::testing::Test
{
protected:
  JobForecast ()
  {
    cluster.vm.memory = 4 * kGiB;
    policy = vmmig_migration_policy_new ();
    vmmig_migration_policy_set_bandwidth (policy, 256 * kMiB);
  }

  ~JobForecast () override
  {
    forget ();
    g_object_unref (policy);
  }

  void forget ()
  {
    for (Told &one : told)
      g_clear_pointer (&one.forecast, vmmig_forecast_unref);
    told.clear ();
  }

  void listen (Job &job)
  {
    vmmig_migration_job_set_policy (job.job, policy);
    g_signal_connect (
        job.job, "progress",
        G_CALLBACK (+[] (VmmigMigrationJob *, VmmigMigrationProgress *progress, gpointer data) {
          VmmigForecast *forecast = vmmig_migration_progress_get_forecast (progress);

          static_cast<JobForecast *> (data)->told.push_back (
              {vmmig_migration_progress_get_monotonic_time (progress),
               vmmig_migration_progress_get_phase (progress),
               forecast != nullptr ? vmmig_forecast_ref (forecast) : nullptr});
        }),
        this);
  }

  /* The share of the forecasts with a closed interval that held the end. */
  void expect_coverage (gint64 end, double share)
  {
    guint n = 0, within = 0;

    for (const Told &one : told)
      {
        guint64 remaining, low, high, left = (guint64)(end - one.time) / 1000;

        if (one.forecast == nullptr ||
            !vmmig_forecast_get_remaining (one.forecast, &remaining, &low, &high))
          continue;
        EXPECT_LE (low, remaining);
        EXPECT_LE (remaining, high);
        if (high == VMMIG_FORECAST_OPEN)
          continue;
        n++;
        within += left >= low && left <= high ? 1 : 0;
      }
    EXPECT_GT (n, 2u);
    EXPECT_GE ((double)within / n, share) << within << " of " << n;
  }

  VmmigForecastVerdict last_verdict (VmmigJobState phase)
  {
    VmmigForecastVerdict verdict = VMMIG_FORECAST_VERDICT_UNKNOWN;

    for (const Told &one : told)
      if (one.phase == phase && one.forecast != nullptr)
        verdict = vmmig_forecast_get_verdict (one.forecast);
    return verdict;
  }

  JobSimulation cluster;
  VmmigMigrationPolicy *policy;
  std::vector<Told> told;
};

TEST_F (JobForecast, AMigrationThatEndsWasToldToEndWhenItDid)
{
  cluster.vm.dirty_rate = 128 * kMiB;
  cluster.vm.working_set = 2 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  listen (job);
  ASSERT_TRUE (job.finish_run ()) << job.describe ();
  ASSERT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (told.front ().forecast, nullptr) << "before memory is copied";
  EXPECT_EQ (last_verdict (VMMIG_JOB_STATE_PRE_COPY), VMMIG_FORECAST_VERDICT_CONVERGES);
  expect_coverage (cluster.now (), 0.7);
}

TEST_F (JobForecast, AMigrationThatDoesNotEndIsToldWhatItNeeds)
{
  guint64 downtime = 0, remaining = 1;

  cluster.vm.dirty_rate = 2 * kGiB;
  cluster.vm.working_set = 2 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  listen (job);
  job.start ();
  cluster.run_both_for (120 * kSecond);
  ASSERT_FALSE (told.empty ());
  ASSERT_NE (told.back ().forecast, nullptr);
  const VmmigForecast *forecast = told.back ().forecast;
  EXPECT_GE (vmmig_forecast_get_verdict (forecast), VMMIG_FORECAST_VERDICT_CONVERGES_IF);
  EXPECT_FALSE (vmmig_forecast_get_remaining (forecast, &remaining, nullptr, nullptr));
  EXPECT_EQ (remaining, 0u);
  EXPECT_FALSE (vmmig_forecast_get_downtime (forecast, nullptr));
  downtime = vmmig_forecast_get_needed_downtime (forecast);
  EXPECT_GT (downtime, 1000u);
  EXPECT_GT (vmmig_forecast_get_needed_bandwidth (forecast), 256 * kMiB);
  EXPECT_NE (strstr (vmmig_forecast_get_text (forecast), "needs at least"), nullptr);

  /* The simulated guest is no evenly written working set, so it may need more, but not far more. */
  auto answer = job.set_downtime ((guint)(downtime * 2));
  forget ();
  ASSERT_TRUE (job.finish ()) << job.describe ();
  EXPECT_TRUE (answer->ok);
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
}

TEST_F (JobForecast, PostCopyAlwaysEnds)
{
  cluster.vm.dirty_rate = 2 * kGiB;
  cluster.vm.working_set = 2 * kGiB;
  cluster.add_vm ();
  vmmig_migration_policy_set_allow_post_copy (policy, TRUE);
  Job job (cluster, cluster.source, cluster.destination);
  listen (job);
  job.start ();
  cluster.run_both_for (60 * kSecond);
  auto answer = job.post_copy ();
  ASSERT_TRUE (job.finish ()) << job.describe ();
  EXPECT_TRUE (answer->ok);
  EXPECT_EQ (last_verdict (VMMIG_JOB_STATE_POST_COPY), VMMIG_FORECAST_VERDICT_CONVERGES);
}

/* Nobody told it when the pass began that it first saw. */
TEST_F (JobForecast, AMigrationThatIsOnlyFollowedHasOne)
{
  cluster.vm.dirty_rate = 128 * kMiB;
  cluster.vm.working_set = 2 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  cluster.run_both_for (12 * kSecond);
  ASSERT_EQ (job.state (), VMMIG_JOB_STATE_PRE_COPY);
  Job follower (cluster, cluster.source, cluster.destination);
  listen (follower);
  follower.attach ();
  ASSERT_TRUE (cluster.run_both ([&] { return job.ended () && follower.ended (); }));
  EXPECT_EQ (last_verdict (VMMIG_JOB_STATE_PRE_COPY), VMMIG_FORECAST_VERDICT_CONVERGES);
  expect_coverage (cluster.now (), 0.6);
}

} // namespace
