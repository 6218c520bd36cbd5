/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job-simulation.h"

namespace
{

/* A VM that pre-copy alone would never move. */
class JobPostCopy : public testing::Test
{
protected:
  void arrange (bool allowed = true)
  {
    cluster.vm.memory = 4 * kGiB;
    cluster.vm.dirty_rate = 4 * kGiB;
    cluster.vm.working_set = 2 * kGiB;
    cluster.vm.persistent = TRUE;
    cluster.vm.autostart = TRUE;
    cluster.add_vm ();
    for (VmmigSimulatedHost *host : cluster.hosts)
      host->peer_keepalive = 8 * kSecond;
    policy = vmmig_migration_policy_new ();
    vmmig_migration_policy_set_allow_post_copy (policy, allowed);
    job = std::make_unique<Job> (cluster, cluster.source, cluster.destination);
    vmmig_migration_job_set_policy (job->job, policy);
  }

  void start_post_copy ()
  {
    arrange ();
    job->start ();
    ASSERT_TRUE (job->run_until_state (VMMIG_JOB_STATE_PRE_COPY));
    cluster.run_both_for (6 * kSecond);
    answer = job->post_copy ();
    ASSERT_TRUE (job->run_until_state (VMMIG_JOB_STATE_POST_COPY, 10 * kSecond))
        << job->describe ();
    ASSERT_TRUE (cluster.run_both (
        [&] { return cluster.phase () == VMMIG_SIMULATED_PHASE_POST_COPY; }, kSecond));
    EXPECT_TRUE (answer->ok) << answer->message;
  }

  void expect_success ()
  {
    job->check_story ();
    EXPECT_EQ (job->outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job->describe ();
    EXPECT_EQ (job->location (), VMMIG_VM_LOCATION_DESTINATION);
    EXPECT_EQ (vmmig_migration_result_get_mode (job->result ()), VMMIG_MIGRATION_MODE_POST_COPY);
    EXPECT_EQ (cluster.running_on (), "hv2");
    Reply there = cluster.get (1, VMMIG_CALL_INSPECT);
    EXPECT_TRUE (there.persistent);
    EXPECT_TRUE (there.autostart);
    EXPECT_EQ (there.tag, "");
    /* The simulation counts a second copy that boots. */
    vmmig_simulated_host_power_off (cluster.hv1);
    vmmig_simulated_host_power_on (cluster.hv1);
    EXPECT_EQ (cluster.running_on (), "hv2");
  }

  void TearDown () override
  {
    job.reset ();
    g_clear_object (&policy);
  }

  JobSimulation cluster;
  VmmigMigrationPolicy *policy = nullptr;
  std::unique_ptr<Job> job;
  std::shared_ptr<Answer> answer;
};

TEST_F (JobPostCopy, MovesAVmThatDirtiesTooFast)
{
  start_post_copy ();
  ASSERT_TRUE (job->finish (60 * kSecond));
  expect_success ();
  guint64 downtime = 0;
  EXPECT_TRUE (vmmig_migration_result_get_downtime (job->result (), &downtime));
  EXPECT_LT (downtime, 1000u);
}

TEST_F (JobPostCopy, IsNeverEnteredUnlessThePolicyAllowsIt)
{
  arrange (false);
  job->start ();
  ASSERT_TRUE (job->run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  answer = job->post_copy ();
  cluster.run_both_for (60 * kSecond);
  EXPECT_EQ (answer->code, VMMIG_ERROR_INVALID_POLICY) << answer->message;
  EXPECT_FALSE (job->saw (VMMIG_JOB_STATE_POST_COPY));
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_START_POST_COPY), 0u);
  job->cancel ();
  ASSERT_TRUE (job->finish ());
  EXPECT_EQ (job->outcome (), VMMIG_JOB_STATE_CANCELLED);
}

TEST_F (JobPostCopy, ARequestBeforeMemoryFlowsWaitsForIt)
{
  arrange ();
  job->start ();
  answer = job->post_copy ();
  ASSERT_TRUE (job->finish (60 * kSecond)) << job->describe ();
  EXPECT_TRUE (answer->ok) << answer->message;
  expect_success ();
}

TEST_F (JobPostCopy, CannotBeCancelled)
{
  start_post_copy ();
  auto cancel = job->cancel ();
  ASSERT_TRUE (job->finish (60 * kSecond));
  EXPECT_EQ (cancel->code, VMMIG_ERROR_CANNOT_CANCEL) << cancel->message;
  expect_success ();
}

TEST_F (JobPostCopy, ACancellableThatIsCancelledInItChangesNothing)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  arrange ();
  job->start (cancellable);
  job->post_copy ();
  ASSERT_TRUE (job->run_until_state (VMMIG_JOB_STATE_POST_COPY));
  g_cancellable_cancel (cancellable);
  ASSERT_TRUE (job->finish (60 * kSecond));
  expect_success ();
}

TEST_F (JobPostCopy, ACancelAndASwitchThatCrossEachOtherEndInOneTruth)
{
  for (gint64 delay = -20 * kMillisecond; delay < 20 * kMillisecond; delay += kMillisecond)
    {
      JobSimulation other (static_cast<guint64> (delay + kSecond));
      g_autoptr (VmmigMigrationPolicy) allowing = vmmig_migration_policy_new ();

      vmmig_migration_policy_set_allow_post_copy (allowing, TRUE);
      other.vm.memory = 8 * kGiB;
      other.add_vm ();
      Job crossing (other, other.source, other.destination);
      vmmig_migration_job_set_policy (crossing.job, allowing);
      crossing.start ();
      ASSERT_TRUE (crossing.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
      other.at (kSecond, [&] { crossing.post_copy (); });
      other.at (kSecond + delay, [&] { crossing.cancel (); });
      ASSERT_TRUE (crossing.finish (60 * kSecond)) << delay << crossing.describe ();
      crossing.check_story ();
      EXPECT_EQ (other.running_on (), crossing.run.ok ? "hv2" : "hv1") << delay;
      other.run_both_for (kSecond);
      for (auto &each : crossing.answers)
        EXPECT_EQ (each->called, 1) << delay;
    }
}

TEST_F (JobPostCopy, APolicyThatNeedsWhatTheDestinationLacksFailsBeforeAnythingMoves)
{
  arrange ();
  cluster.hv2->has_post_copy = FALSE;
  ASSERT_TRUE (job->finish_run ());
  job->check_story ();
  EXPECT_EQ (job->run.code, VMMIG_ERROR_NOT_SUPPORTED) << job->describe ();
  EXPECT_EQ (cluster.running_on (), "hv1");
}

/* --- what breaks in it --- */

TEST_F (JobPostCopy, ALinkThatComesBackLetsItCompleteUnattended)
{
  start_post_copy ();
  vmmig_simulated_link_cut (cluster.hv1, cluster.hv2);
  ASSERT_TRUE (job->run_until_state (VMMIG_JOB_STATE_UNATTENDED, 30 * kSecond)) << job->describe ();
  cluster.run_both_for (60 * kSecond);
  EXPECT_EQ (job->state (), VMMIG_JOB_STATE_UNATTENDED);
  vmmig_simulated_link_restore (cluster.hv1, cluster.hv2);
  ASSERT_TRUE (job->finish (60 * kSecond)) << job->describe ();
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE), 1u);
  expect_success ();
}

TEST_F (JobPostCopy, ABrokenStreamIsRecoveredWithoutAnybodysHelp)
{
  start_post_copy ();
  vmmig_simulated_link_reset (cluster.hv1, cluster.hv2);
  ASSERT_TRUE (job->run_until_state (VMMIG_JOB_STATE_POSTCOPY_PAUSED, 30 * kSecond))
      << job->describe ();
  ASSERT_TRUE (job->finish (60 * kSecond)) << job->describe ();
  EXPECT_TRUE (job->saw (VMMIG_JOB_STATE_RECOVERING));
  expect_success ();
}

TEST_F (JobPostCopy, ARecoveryThatFailsIsTriedAgainUntilItWorks)
{
  start_post_copy ();
  vmmig_simulated_link_reset (cluster.hv1, cluster.hv2);
  vmmig_simulated_link_cut (cluster.hv1, cluster.hv2);
  cluster.run_both_for (600 * kSecond);
  EXPECT_FALSE (job->ended ());
  guint tries = vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE);
  EXPECT_GT (tries, 5u);
  EXPECT_LT (tries, 60u); /* it backs off */
  vmmig_simulated_link_restore (cluster.hv1, cluster.hv2);
  ASSERT_TRUE (job->finish (120 * kSecond)) << job->describe ();
  expect_success ();
}

TEST_F (JobPostCopy, SomebodyElsesRecoveryIsAsGood)
{
  start_post_copy ();
  vmmig_simulated_link_reset (cluster.hv1, cluster.hv2);
  cluster.run_both_for (500 * kMillisecond);
  EXPECT_TRUE (vmmig_simulated_vm_recover (cluster.hv1, kVm));
  ASSERT_TRUE (job->finish (120 * kSecond)) << job->describe ();
  expect_success ();
}

TEST_F (JobPostCopy, IsLostWithItsDestinationAndNothingIsResumed)
{
  start_post_copy ();
  vmmig_simulated_vm_end (cluster.hv2, kVm, VMMIG_SIMULATED_END_KILLED);
  ASSERT_TRUE (job->finish (60 * kSecond)) << job->describe ();
  job->check_story ();
  EXPECT_EQ (job->outcome (), VMMIG_JOB_STATE_LOST) << job->describe ();
  EXPECT_EQ (job->run.code, VMMIG_ERROR_VM_LOST);
  EXPECT_EQ (cluster.look (cluster.hv1), "paused (post-copy failed)");
  EXPECT_EQ (cluster.running_on (), "nowhere");
}

TEST_F (JobPostCopy, IsLostWithItsSource)
{
  start_post_copy ();
  vmmig_simulated_vm_end (cluster.hv1, kVm, VMMIG_SIMULATED_END_KILLED);
  ASSERT_TRUE (job->finish (60 * kSecond)) << job->describe ();
  job->check_story ();
  EXPECT_EQ (job->outcome (), VMMIG_JOB_STATE_LOST) << job->describe ();
  EXPECT_EQ (cluster.look (cluster.hv2), "running (post-copy failed)");
}

TEST_F (JobPostCopy, SurvivesTheDeathOfEachDaemon)
{
  for (int which = 0; which < 3; which++)
    {
      JobSimulation other;
      g_autoptr (VmmigMigrationPolicy) allowing = vmmig_migration_policy_new ();

      vmmig_migration_policy_set_allow_post_copy (allowing, TRUE);
      other.vm.memory = 8 * kGiB;
      other.vm.dirty_rate = 4 * kGiB;
      other.vm.working_set = 4 * kGiB;
      other.vm.persistent = other.vm.autostart = TRUE;
      other.add_vm ();
      Job moving (other, other.source, other.destination);
      vmmig_migration_job_set_policy (moving.job, allowing);
      moving.start ();
      moving.post_copy ();
      ASSERT_TRUE (moving.run_until_state (VMMIG_JOB_STATE_POST_COPY));
      ASSERT_TRUE (other.run_both (
          [&] { return other.phase () == VMMIG_SIMULATED_PHASE_POST_COPY; }, 5 * kSecond));
      if (which != 1)
        vmmig_simulated_host_kill_daemon (other.hv1);
      if (which != 0)
        vmmig_simulated_host_kill_daemon (other.hv2);
      other.run_both_for (20 * kSecond);
      bool ended_without_source = moving.ended ();
      vmmig_simulated_host_start_daemon (other.hv1);
      vmmig_simulated_host_start_daemon (other.hv2);
      ASSERT_TRUE (moving.finish (60 * kSecond)) << which << moving.describe ();
      moving.check_story ();
      EXPECT_EQ (moving.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << moving.describe ();
      if (ended_without_source)
        {
          /* Nobody could take the definition's flag away there: its owner has to know. */
          EXPECT_NE (moving.warnings ().find ("autostart"), std::string::npos)
              << moving.describe () << moving.warnings ();
          continue;
        }
      vmmig_simulated_host_power_off (other.hv1);
      vmmig_simulated_host_power_on (other.hv1);
      EXPECT_EQ (other.running_on (), "hv2");
    }
}

} // namespace
