/* test-migration-job-converge.cc - jobs whose VM dirties memory faster than it is copied
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job-simulation.h"

namespace
{

/* A VM of 4 GiB on a link of about 1 GiB/s that never converges by itself. */
class Converge : public ::testing::Test
{
protected:
  Converge ()
  {
    cluster.vm.memory = 4 * kGiB;
    cluster.vm.dirty_rate = 8 * kGiB;
    cluster.vm.working_set = 2 * kGiB;
    cluster.add_vm ();
    policy = vmmig_migration_policy_new ();
    vmmig_migration_policy_set_bandwidth (policy, 256 * kMiB);
  }

  ~Converge () override { g_object_unref (policy); }

  void run (Job &job)
  {
    vmmig_migration_job_set_policy (job.job, policy);
    g_signal_connect (
        job.job, "decision",
        G_CALLBACK (+[] (VmmigMigrationJob *, VmmigMigrationDecision *decision, gpointer data) {
          static_cast<Converge *> (data)->told.push_back (vmmig_migration_decision_ref (decision));
        }),
        this);
    ASSERT_TRUE (job.finish_run ()) << job.describe ();
    job.check_story ();
    GPtrArray *kept = vmmig_migration_result_get_decisions (job.result ());
    ASSERT_EQ (kept->len, told.size ());
    for (guint i = 0; i < kept->len; i++)
      EXPECT_EQ (g_ptr_array_index (kept, i), told[i]);
  }

  const VmmigMigrationDecision *find (VmmigDecisionAction action)
  {
    for (VmmigMigrationDecision *decision : told)
      if (vmmig_migration_decision_get_action (decision) == action)
        return decision;
    return nullptr;
  }

  void TearDown () override
  {
    for (VmmigMigrationDecision *decision : told)
      vmmig_migration_decision_unref (decision);
  }

  JobSimulation cluster;
  VmmigMigrationPolicy *policy;
  std::vector<VmmigMigrationDecision *> told;
};

TEST_F (Converge, WithoutATimeOutItIsGivenUpNever)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  cluster.run_both_for (1800 * kSecond);
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_PRE_COPY);
  ASSERT_TRUE (job.cancel () != nullptr);
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED);
}

TEST_F (Converge, TheCompletionTimeOutIsExact)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  run (job);
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED) << job.describe ();
  EXPECT_EQ (job.run.code, VMMIG_ERROR_NOT_CONVERGING) << job.run.message;
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (cluster.running_on (), "hv1");
  const VmmigMigrationDecision *decision = find (VMMIG_DECISION_ACTION_GIVE_UP);
  ASSERT_NE (decision, nullptr);
  EXPECT_STREQ (vmmig_migration_decision_get_reason (decision), "completion-timeout");
  /* 4 GiB at 20 s each, and a poll */
  EXPECT_GE (vmmig_migration_decision_get_elapsed (decision), 80000u);
  EXPECT_LE (vmmig_migration_decision_get_elapsed (decision), 82000u);
  for (const char *word : {"db1", "hv1", "hv2", "copying memory", "; allow post-copy"})
    EXPECT_NE (job.run.message.find (word), std::string::npos) << job.run.message;
}

TEST_F (Converge, PostCopyIsTakenOnceItIsDueAndOnlyIfItIsAllowed)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  vmmig_migration_policy_set_allow_post_copy (policy, TRUE);
  run (job);
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_POST_COPY);
  const VmmigMigrationDecision *decision = find (VMMIG_DECISION_ACTION_POST_COPY);
  ASSERT_NE (decision, nullptr);
  EXPECT_GE (vmmig_migration_decision_get_elapsed (decision), 80000u);
  EXPECT_LE (vmmig_migration_decision_get_elapsed (decision), 92000u);
  EXPECT_EQ (find (VMMIG_DECISION_ACTION_GIVE_UP), nullptr);
}

TEST_F (Converge, TheProgressTimeOutNeedsNoCompletionTimeOut)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_progress_timeout (policy, 60);
  run (job);
  EXPECT_EQ (job.run.code, VMMIG_ERROR_NOT_CONVERGING) << job.run.message;
  const VmmigMigrationDecision *decision = find (VMMIG_DECISION_ACTION_GIVE_UP);
  ASSERT_NE (decision, nullptr);
  EXPECT_STREQ (vmmig_migration_decision_get_reason (decision), "progress-timeout");
}

TEST_F (Converge, DowntimeIsRaisedStepByStepToItsLimitAndNoFurther)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_maximum_downtime (policy, 10000);
  run (job);
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  guint before = 0, steps = 0;
  for (VmmigMigrationDecision *decision : told)
    if (vmmig_migration_decision_get_action (decision) == VMMIG_DECISION_ACTION_SET_DOWNTIME)
      {
        EXPECT_GT (vmmig_migration_decision_get_downtime (decision), before);
        before = vmmig_migration_decision_get_downtime (decision);
        steps++;
      }
  EXPECT_GT (steps, 1u);
  EXPECT_LE (before, 10000u);
}

TEST_F (Converge, ALimitThatIsSetWhileItRunsHolds)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_maximum_downtime (policy, 10000);
  vmmig_migration_policy_set_progress_timeout (policy, 120);
  vmmig_migration_job_set_policy (job.job, policy);
  std::vector<guint> limits;
  g_signal_connect (
      job.job, "decision",
      G_CALLBACK (+[] (VmmigMigrationJob *, VmmigMigrationDecision *decision, gpointer data) {
        if (vmmig_migration_decision_get_action (decision) == VMMIG_DECISION_ACTION_SET_DOWNTIME)
          static_cast<std::vector<guint> *> (data)->push_back (
              vmmig_migration_decision_get_downtime (decision));
      }),
      &limits);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  auto answer = job.set_downtime (40);
  ASSERT_TRUE (cluster.run_both ([&] { return answer->called > 0; }));
  EXPECT_TRUE (answer->ok) << answer->message;
  limits.clear ();
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED) << job.describe ();
  for (guint limit : limits)
    EXPECT_LE (limit, 40u);
}

TEST_F (Converge, KubeVirtsLoopRoundsUpAsItDoes)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  vmmig_migration_policy_set_convergence_strategy (policy, VMMIG_CONVERGENCE_STRATEGY_KUBEVIRT);
  run (job);
  EXPECT_EQ (job.run.code, VMMIG_ERROR_NOT_CONVERGING) << job.run.message;
  const VmmigMigrationDecision *decision = find (VMMIG_DECISION_ACTION_GIVE_UP);
  ASSERT_NE (decision, nullptr);
  /* 4.29 GB count as 5: 100 s */
  EXPECT_GE (vmmig_migration_decision_get_elapsed (decision), 100000u);
  EXPECT_LE (vmmig_migration_decision_get_elapsed (decision), 102000u);
}

TEST_F (Converge, WhoConvergesIsLeftAlone)
{
  JobSimulation calm;
  Job job (calm, calm.source, calm.destination);

  calm.vm.memory = 4 * kGiB;
  calm.vm.dirty_rate = 10 * kMiB;
  calm.vm.working_set = 512 * kMiB;
  calm.add_vm ();
  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 150);
  vmmig_migration_policy_set_progress_timeout (policy, 150);
  run (job);
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  for (VmmigMigrationDecision *decision : told)
    EXPECT_EQ (vmmig_migration_decision_get_action (decision), VMMIG_DECISION_ACTION_GO_ON)
        << vmmig_migration_decision_get_text (decision);
}

TEST_F (Converge, WhoFollowsDecidesNothing)
{
  Job job (cluster, cluster.source, cluster.destination);
  Job follower (cluster, cluster.source, cluster.destination);

  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 1);
  vmmig_migration_job_set_policy (follower.job, policy);
  follower.attach ();
  cluster.run_both_for (60 * kSecond);
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_PRE_COPY);
  job.cancel ();
  ASSERT_TRUE (job.finish ());
  ASSERT_TRUE (follower.finish ());
  EXPECT_EQ (vmmig_migration_result_get_decisions (follower.result ())->len, 0u);
}

} // namespace
