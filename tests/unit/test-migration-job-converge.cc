/* test-migration-job-converge.cc - jobs whose VM dirties memory faster than it is copied
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job-simulation.h"
#include "rounds.h"

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
  cluster.run_both_for ((gint64)rounds (1800, 300) * kSecond);
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

TEST_F (Converge, WhoConvergesOnlyGetsAShorterDowntime)
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
    if (vmmig_migration_decision_get_action (decision) != VMMIG_DECISION_ACTION_GO_ON)
      {
        EXPECT_EQ (vmmig_migration_decision_get_action (decision),
                   VMMIG_DECISION_ACTION_SET_DOWNTIME)
            << vmmig_migration_decision_get_text (decision);
        EXPECT_EQ (vmmig_migration_decision_get_downtime (decision), 100u);
      }
  guint64 downtime = 0;
  ASSERT_TRUE (vmmig_migration_result_get_downtime (job.result (), &downtime));
  /* The limit, and what a switch-over costs by itself. */
  EXPECT_LT (downtime, 200u);
}

TEST_F (Converge, WithoutATimeoutTheLimitIsTheHypervisorsOwn)
{
  JobSimulation calm;
  Job job (calm, calm.source, calm.destination);

  calm.vm.memory = 4 * kGiB;
  calm.vm.dirty_rate = 10 * kMiB;
  calm.vm.working_set = 512 * kMiB;
  calm.add_vm ();
  run (job);
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (find (VMMIG_DECISION_ACTION_SET_DOWNTIME), nullptr);
}

/* --- a pause --- */

TEST_F (Converge, TheVmIsPausedOnceThatIsDueAndOnlyIfItIsAllowed)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  vmmig_migration_policy_set_allow_workload_disruption (policy, TRUE);
  run (job);
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_PAUSED);
  EXPECT_EQ (cluster.running_on (), "hv2");
  EXPECT_EQ (job.warnings (), "");
  const VmmigMigrationDecision *decision = find (VMMIG_DECISION_ACTION_PAUSE);
  ASSERT_NE (decision, nullptr);
  EXPECT_STREQ (vmmig_migration_decision_get_reason (decision), "completion-timeout");
  EXPECT_GE (vmmig_migration_decision_get_elapsed (decision), 80000u);
  EXPECT_LE (vmmig_migration_decision_get_elapsed (decision), 92000u);
  /* What was dirty then is some of 2 GiB at 256 MiB/s: longer than QEMU's own stop. */
  guint64 downtime = 0;
  ASSERT_TRUE (vmmig_migration_result_get_downtime (job.result (), &downtime));
  EXPECT_GT (downtime, 500u);
  EXPECT_LE (downtime, 12000u);
}

TEST_F (Converge, APausedVmRunsAgainOnItsSourceWhenItIsCancelled)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_allow_workload_disruption (policy, TRUE);
  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  auto answer = job.force ();
  ASSERT_TRUE (cluster.run_both ([&] { return answer->called > 0; }));
  EXPECT_TRUE (answer->ok) << answer->message;
  cluster.run_both_for (kSecond);
  EXPECT_EQ (cluster.running_on (), "nowhere");
  EXPECT_TRUE (job.cancel () != nullptr);
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED) << job.describe ();
  EXPECT_EQ (cluster.running_on (), "hv1");
}

TEST_F (Converge, APauseThatIsRefusedEndsItAsAnyOther)
{
  Job job (cluster, cluster.source, cluster.destination);
  VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_ERROR, VMMIG_ERROR_FAILED, kSecond / 50, 0};

  vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_SUSPEND, 1, &fault);
  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  vmmig_migration_policy_set_allow_workload_disruption (policy, TRUE);
  run (job);
  EXPECT_EQ (job.run.code, VMMIG_ERROR_NOT_CONVERGING) << job.run.message;
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_PRE_COPY);
  EXPECT_EQ (cluster.running_on (), "hv1");
  EXPECT_STREQ (vmmig_migration_decision_get_reason (find (VMMIG_DECISION_ACTION_GIVE_UP)),
                "switch-failed");
  EXPECT_NE (job.warnings ().find ("could not be paused"), std::string::npos) << job.warnings ();
}

TEST_F (Converge, AnEarlySwitchDoesNotWaitForTheTimeOut)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 150);
  vmmig_migration_policy_set_allow_post_copy (policy, TRUE);
  vmmig_migration_policy_set_early_switch (policy, TRUE);
  run (job);
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_POST_COPY);
  const VmmigMigrationDecision *decision = find (VMMIG_DECISION_ACTION_POST_COPY);
  ASSERT_NE (decision, nullptr);
  EXPECT_STREQ (vmmig_migration_decision_get_reason (decision), "not-converging");
  EXPECT_LE (vmmig_migration_decision_get_elapsed (decision), 120000u);
}

/* Whoever only follows must not take the job's pause for the owner's. */
TEST_F (Converge, AFollowerLeavesAVmRunningThatTheJobPaused)
{
  Job job (cluster, cluster.source, cluster.destination);
  Job follower (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_allow_workload_disruption (policy, TRUE);
  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  follower.attach ();
  cluster.run_both_for (20 * kSecond);
  job.force ();
  ASSERT_TRUE (job.finish ());
  ASSERT_TRUE (follower.finish ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (job.warnings (), "");
  EXPECT_EQ (cluster.running_on (), "hv2");
}

TEST_F (Converge, WhoFollowsMayForceWhatThePolicyAllows)
{
  Job job (cluster, cluster.source, cluster.destination);
  Job follower (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_allow_workload_disruption (policy, TRUE);
  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  follower.attach ();
  cluster.run_both_for (20 * kSecond);
  auto answer = follower.force ();
  ASSERT_TRUE (job.finish ());
  ASSERT_TRUE (follower.finish ());
  EXPECT_TRUE (answer->ok) << answer->message;
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_PAUSED);
  EXPECT_EQ (cluster.running_on (), "hv2");
  EXPECT_NE (job.warnings ().find ("by somebody else"), std::string::npos) << job.warnings ();
}

/* --- steering --- */

class Steer : public Converge
{
protected:
  Steer () : job (cluster, cluster.source, cluster.destination) {}

  void start ()
  {
    vmmig_migration_job_set_policy (job.job, policy);
    job.start ();
    ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  }

  /* One that differs as @change says. */
  std::shared_ptr<Answer> change (void (*change_it) (VmmigMigrationPolicy *))
  {
    VmmigMigrationPolicy *other = vmmig_migration_policy_copy (policy);
    change_it (other);
    auto answer = job.change_policy (other);
    g_object_unref (other);
    EXPECT_TRUE (cluster.run_both ([&] { return answer->called > 0; }));
    return answer;
  }

  std::string steered ()
  {
    GPtrArray *decisions = vmmig_migration_result_get_decisions (job.result ());
    std::string text;

    for (guint i = 0; i < decisions->len; i++)
      {
        auto decision = static_cast<VmmigMigrationDecision *> (g_ptr_array_index (decisions, i));
        if (g_str_equal (vmmig_migration_decision_get_reason (decision), "steered"))
          text += std::string (vmmig_migration_decision_get_text (decision)) + "\n";
      }
    return text;
  }

  Job job;
};

TEST_F (Steer, AnotherTimeOutHoldsFromThenOn)
{
  start ();
  auto answer = change ([] (VmmigMigrationPolicy *other) {
    vmmig_migration_policy_set_completion_timeout_per_gib (other, 20);
    vmmig_migration_policy_set_bandwidth (other, 128 * kMiB);
  });
  EXPECT_TRUE (answer->ok) << answer->message;
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (job.run.code, VMMIG_ERROR_NOT_CONVERGING) << job.run.message;
  EXPECT_EQ (steered (), "another policy holds, as asked: bandwidth, completion-timeout-per-gib "
                         "changed\n");
}

TEST_F (Steer, WhatIsFixedIsRefusedAndNothingIsAppliedInPart)
{
  start ();
  for (auto change_it : {
           +[] (VmmigMigrationPolicy *other) {
             vmmig_migration_policy_set_encryption (other, VMMIG_ENCRYPTION_OFF);
           },
           +[] (VmmigMigrationPolicy *other) {
             vmmig_migration_policy_set_allow_post_copy (other, TRUE);
           },
           +[] (VmmigMigrationPolicy *other) {
             vmmig_migration_policy_set_allow_workload_disruption (other, TRUE);
           },
           +[] (VmmigMigrationPolicy *other) {
             vmmig_migration_policy_set_auto_converge (other, TRUE);
           },
           +[] (VmmigMigrationPolicy *other) {
             vmmig_migration_policy_set_network (other, "10.1.0.0/16");
             vmmig_migration_policy_set_completion_timeout_per_gib (other, 1);
           },
       })
    {
      auto answer = change (change_it);
      EXPECT_FALSE (answer->ok);
      EXPECT_EQ (answer->code, VMMIG_ERROR_INVALID_POLICY) << answer->message;
    }
  auto answer = change (
      [] (VmmigMigrationPolicy *other) { vmmig_migration_policy_set_progress_timeout (other, 0); });
  EXPECT_EQ (answer->code, VMMIG_ERROR_INVALID_ARGUMENT) << answer->message;
  cluster.run_both_for (60 * kSecond);
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_PRE_COPY);
  job.cancel ();
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (steered (), "");
}

TEST_F (Steer, APermissionCanBeTakenBack)
{
  vmmig_migration_policy_set_allow_post_copy (policy, TRUE);
  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  start ();
  auto answer = change ([] (VmmigMigrationPolicy *other) {
    vmmig_migration_policy_set_allow_post_copy (other, FALSE);
  });
  EXPECT_TRUE (answer->ok) << answer->message;
  auto refused = job.force ();
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (refused->code, VMMIG_ERROR_INVALID_POLICY) << refused->message;
  EXPECT_EQ (job.run.code, VMMIG_ERROR_NOT_CONVERGING) << job.run.message;
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_PRE_COPY);
}

TEST_F (Steer, LimitsAreKeptAmongTheDecisions)
{
  start ();
  job.set_bandwidth (512 * kMiB);
  job.set_downtime (700);
  cluster.run_both_for (10 * kSecond);
  job.cancel ();
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (steered (), "the bandwidth becomes 512.0 MiB/s, as asked\n"
                         "the downtime limit becomes 700 ms, as asked\n");
}

TEST_F (Steer, ALimitThatIsRefusedLeavesThePolicysInForce)
{
  VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_ERROR, VMMIG_ERROR_FAILED, kSecond / 50, 0};

  start ();
  vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_SET_DOWNTIME, 1, &fault);
  auto answer = job.set_downtime (60000);
  ASSERT_TRUE (cluster.run_both ([&] { return answer->called > 0; }));
  EXPECT_FALSE (answer->ok);
  cluster.run_both_for (60 * kSecond);
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_PRE_COPY);
  job.cancel ();
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (steered (), "");
}

TEST_F (Steer, AForcedEndNeedsAPermission)
{
  start ();
  auto refused = job.force ();
  ASSERT_TRUE (cluster.run_both ([&] { return refused->called > 0; }));
  EXPECT_EQ (refused->code, VMMIG_ERROR_INVALID_POLICY) << refused->message;
  EXPECT_NE (refused->message.find ("allow-workload-disruption"), std::string::npos);
  job.cancel ();
  ASSERT_TRUE (job.finish ());
}

TEST_F (Steer, AForcedEndThatComesEarlyWaitsForMemoryToFlow)
{
  vmmig_migration_policy_set_allow_workload_disruption (policy, TRUE);
  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PREPARING));
  auto answer = job.force ();
  ASSERT_TRUE (job.finish ());
  EXPECT_TRUE (answer->ok) << answer->message;
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_PAUSED);
}

TEST_F (Steer, AForcedEndTakesPostCopyFirst)
{
  vmmig_migration_policy_set_allow_post_copy (policy, TRUE);
  vmmig_migration_policy_set_allow_workload_disruption (policy, TRUE);
  start ();
  auto answer = job.force ();
  ASSERT_TRUE (job.finish ());
  EXPECT_TRUE (answer->ok) << answer->message;
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_POST_COPY);
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
