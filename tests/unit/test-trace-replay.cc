/* test-trace-replay.cc - what was recorded of a job, and of models, is decided about again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <sstream>

#include <gmock/gmock.h>

#include "job-simulation.h"
#include "job/vmmig-trace-private.h"
#include "temporary-folder.h"

namespace
{

using testing::HasSubstr;
using testing::StartsWith;

/* --- a recorded job --- */

class Traces : public ::testing::Test
{
protected:
  Traces ()
  {
    cluster.vm.memory = 4 * kGiB;
    cluster.vm.dirty_rate = 8 * kGiB;
    cluster.vm.working_set = 2 * kGiB;
    cluster.add_vm ();
    policy = vmmig_migration_policy_new ();
    vmmig_migration_policy_set_bandwidth (policy, 256 * kMiB);
  }

  ~Traces () override { g_object_unref (policy); }

  VmmigTrace *record (Job &job)
  {
    VmmigTrace *trace = vmmig_trace_new ();

    vmmig_migration_job_set_policy (job.job, policy);
    vmmig_trace_record (trace, job.job);
    EXPECT_EQ (vmmig_trace_get_n_records (trace), 0u);
    return trace;
  }

  static std::string describe (const VmmigReplay *replay)
  {
    GPtrArray *decisions = vmmig_replay_get_decisions (replay);
    std::ostringstream text;

    for (guint i = 0; i < decisions->len; i++)
      {
        auto *one = static_cast<VmmigMigrationDecision *> (g_ptr_array_index (decisions, i));

        text << vmmig_migration_decision_get_elapsed (one) << " "
             << vmmig_migration_decision_get_text (one) << "\n";
      }
    text << vmmig_replay_get_elapsed (replay) << " " << vmmig_replay_get_text (replay) << "\n";
    return text.str ();
  }

  JobSimulation cluster;
  VmmigMigrationPolicy *policy;
  TemporaryFolder folder;
  std::string file = folder.file ("trace");
  const char *path = file.c_str ();
};

TEST_F (Traces, AReplayWithWhatWasRecordedDecidesTheSame)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (VmmigTrace) read = nullptr;
  g_autoptr (VmmigReplay) replay = nullptr, again = nullptr;
  Job job (cluster, cluster.source, cluster.destination);
  g_autoptr (VmmigTrace) trace = record (job);

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 30);
  vmmig_migration_policy_set_maximum_downtime (policy, 900);
  EXPECT_FALSE (vmmig_trace_save (trace, path, &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_WRONG_STATE));
  g_clear_error (&error);
  ASSERT_TRUE (job.finish_run ());
  ASSERT_EQ (job.run.code, VMMIG_ERROR_NOT_CONVERGING) << job.run.message;
  ASSERT_TRUE (vmmig_trace_save (trace, path, &error)) << error->message;
  read = vmmig_trace_load (path, &error);
  ASSERT_NE (read, nullptr) << error->message;

  ASSERT_EQ (vmmig_trace_get_n_records (read), vmmig_trace_get_n_records (trace));
  for (guint i = 0; i < vmmig_trace_get_n_records (read); i++)
    EXPECT_TRUE (
        g_variant_equal (vmmig_trace_get_record (read, i), vmmig_trace_get_record (trace, i)))
        << i;
  replay = vmmig_trace_replay (read, VMMIG_REPLAY_STRATEGY_VMMIG, nullptr, &error);
  ASSERT_NE (replay, nullptr) << error->message;
  again = vmmig_trace_replay (trace, VMMIG_REPLAY_STRATEGY_VMMIG, nullptr, &error);
  EXPECT_EQ (describe (replay), describe (again));
  EXPECT_EQ (vmmig_replay_get_end (replay), VMMIG_REPLAY_END_GIVEN_UP) << describe (replay);

  /* Each thing that the job did, at its time. */
  GPtrArray *kept = vmmig_migration_result_get_decisions (job.result ());
  GPtrArray *replayed = vmmig_replay_get_decisions (replay);
  std::vector<std::string> ours, theirs;
  for (auto [list, words] : {std::make_pair (kept, &theirs), std::make_pair (replayed, &ours)})
    for (guint i = 0; i < list->len; i++)
      {
        auto *one = static_cast<VmmigMigrationDecision *> (g_ptr_array_index (list, i));

        if (vmmig_migration_decision_get_action (one) != VMMIG_DECISION_ACTION_GO_ON)
          words->push_back (std::to_string (vmmig_migration_decision_get_elapsed (one)) + " " +
                            vmmig_migration_decision_get_text (one));
      }
  EXPECT_GT (theirs.size (), 2u);
  EXPECT_EQ (ours, theirs);
}

/* What its user did is in it too, and is no decision of a strategy. */
TEST_F (Traces, ASteeredAndForcedMigrationIsReadAgain)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (VmmigTrace) read = nullptr;
  g_autoptr (VmmigReplay) replay = nullptr;
  Job job (cluster, cluster.source, cluster.destination);
  g_autoptr (VmmigTrace) trace = record (job);

  vmmig_migration_policy_set_allow_workload_disruption (policy, TRUE);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  cluster.run_both_for (20 * kSecond);
  job.set_downtime (700);
  g_autoptr (VmmigMigrationPolicy) other = vmmig_migration_policy_copy (policy);
  vmmig_migration_policy_set_completion_timeout_per_gib (other, 500);
  job.change_policy (other);
  cluster.run_both_for (20 * kSecond);
  job.force ();
  ASSERT_TRUE (job.finish ());
  ASSERT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_PAUSED)
      << job.describe ();
  ASSERT_TRUE (vmmig_trace_save (trace, path, &error)) << error->message;
  read = vmmig_trace_load (path, &error);
  ASSERT_NE (read, nullptr) << error->message;
  ASSERT_EQ (vmmig_trace_get_n_records (read), vmmig_trace_get_n_records (trace));
  replay = vmmig_trace_replay (read, VMMIG_REPLAY_STRATEGY_VMMIG, nullptr, &error);
  ASSERT_NE (replay, nullptr) << error->message;
  /* No strategy would have paused it then, so what came of that tells nothing. */
  EXPECT_EQ (vmmig_replay_get_end (replay), VMMIG_REPLAY_END_DIVERGED) << describe (replay);
}

TEST_F (Traces, WhereItDecidesOtherwiseTheReplayEnds)
{
  g_autoptr (GError) error = nullptr;
  Job job (cluster, cluster.source, cluster.destination);
  g_autoptr (VmmigTrace) trace = record (job);

  job.start ();
  cluster.run_both_for (300 * kSecond);
  job.cancel ();
  ASSERT_TRUE (job.finish ());
  struct
  {
    std::function<void (VmmigMigrationPolicy *)> change;
    VmmigReplayEnd end;
    const char *text;
  } table[] = {
      {[] (VmmigMigrationPolicy *) {}, VMMIG_REPLAY_END_OPEN, "would have gone on"},
      {[] (VmmigMigrationPolicy *changed) {
         vmmig_migration_policy_set_completion_timeout_per_gib (changed, 20);
       },
       VMMIG_REPLAY_END_GIVEN_UP, "gives up"},
      {[] (VmmigMigrationPolicy *changed) {
         vmmig_migration_policy_set_completion_timeout_per_gib (changed, 20);
         vmmig_migration_policy_set_allow_post_copy (changed, TRUE);
       },
       VMMIG_REPLAY_END_DIVERGED, "switches to post-copy, which the recorded"},
      {[] (VmmigMigrationPolicy *changed) {
         vmmig_migration_policy_set_maximum_downtime (changed, 60000);
       },
       VMMIG_REPLAY_END_COMPLETED, "would have let the VM move here"},
  };
  for (const auto &row : table)
    {
      g_autoptr (VmmigMigrationPolicy) changed = vmmig_trace_get_policy (trace);
      g_autoptr (VmmigReplay) replay = nullptr;

      row.change (changed);
      replay = vmmig_trace_replay (trace, VMMIG_REPLAY_STRATEGY_VMMIG, changed, &error);
      ASSERT_NE (replay, nullptr) << error->message;
      EXPECT_EQ (vmmig_replay_get_end (replay), row.end) << describe (replay);
      EXPECT_THAT (vmmig_replay_get_text (replay), HasSubstr (row.text));
      EXPECT_EQ (vmmig_replay_get_downtime (replay, nullptr),
                 row.end == VMMIG_REPLAY_END_COMPLETED);
    }
}

TEST_F (Traces, AShorterDowntimeThanTheOneThatLetItMoveMakesAnotherWay)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (VmmigReplay) replay = nullptr;
  g_autoptr (VmmigMigrationPolicy) shorter = nullptr;
  Job job (cluster, cluster.source, cluster.destination);
  g_autoptr (VmmigTrace) trace = record (job);

  vmmig_migration_policy_set_maximum_downtime (policy, 20000);
  ASSERT_TRUE (job.finish_run ());
  ASSERT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  replay = vmmig_trace_replay (trace, VMMIG_REPLAY_STRATEGY_VMMIG, nullptr, &error);
  EXPECT_EQ (vmmig_replay_get_end (replay), VMMIG_REPLAY_END_COMPLETED) << describe (replay);
  EXPECT_THAT (vmmig_replay_get_text (replay), HasSubstr ("as it did when it was recorded"));
  g_clear_pointer (&replay, vmmig_replay_unref);
  shorter = vmmig_trace_get_policy (trace);
  vmmig_migration_policy_set_maximum_downtime (shorter, 400);
  replay = vmmig_trace_replay (trace, VMMIG_REPLAY_STRATEGY_VMMIG, shorter, &error);
  EXPECT_EQ (vmmig_replay_get_end (replay), VMMIG_REPLAY_END_DIVERGED) << describe (replay);
}

TEST_F (Traces, ARecordedSwitchIsFollowedByWhoeverTakesItToo)
{
  g_autoptr (GError) error = nullptr;
  Job job (cluster, cluster.source, cluster.destination);
  g_autoptr (VmmigTrace) trace = record (job);
  g_autoptr (VmmigReplay) same = nullptr, other = nullptr;

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  vmmig_migration_policy_set_allow_post_copy (policy, TRUE);
  ASSERT_TRUE (job.finish_run ());
  ASSERT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_POST_COPY);
  same = vmmig_trace_replay (trace, VMMIG_REPLAY_STRATEGY_VMMIG, nullptr, &error);
  EXPECT_EQ (vmmig_replay_get_end (same), VMMIG_REPLAY_END_COMPLETED) << describe (same);
  g_autoptr (VmmigMigrationPolicy) longer = vmmig_trace_get_policy (trace);
  vmmig_migration_policy_set_completion_timeout_per_gib (longer, 1000);
  other = vmmig_trace_replay (trace, VMMIG_REPLAY_STRATEGY_VMMIG, longer, &error);
  EXPECT_EQ (vmmig_replay_get_end (other), VMMIG_REPLAY_END_DIVERGED) << describe (other);
  EXPECT_THAT (vmmig_replay_get_text (other), HasSubstr ("which the strategy does not do"));
}

TEST_F (Traces, WhatChangesTheFlowCannotBeChangedAfterwards)
{
  g_autoptr (GError) error = nullptr;
  Job job (cluster, cluster.source, cluster.destination);
  g_autoptr (VmmigTrace) trace = record (job);

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  ASSERT_TRUE (job.finish_run ());
  for (const char *field : {"bandwidth", "auto-converge", "parallel-connections", "compression"})
    {
      g_autoptr (VmmigMigrationPolicy) changed = vmmig_trace_get_policy (trace);

      if (g_str_equal (field, "bandwidth"))
        vmmig_migration_policy_set_bandwidth (changed, kGiB);
      else if (g_str_equal (field, "auto-converge"))
        vmmig_migration_policy_set_auto_converge (changed, TRUE);
      else if (g_str_equal (field, "parallel-connections"))
        vmmig_migration_policy_set_parallel_connections (changed, 2);
      else
        vmmig_migration_policy_set_compression (changed, VMMIG_COMPRESSION_XBZRLE);
      EXPECT_EQ (vmmig_trace_replay (trace, VMMIG_REPLAY_STRATEGY_VMMIG, changed, &error), nullptr);
      ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY)) << field;
      EXPECT_THAT (error->message, HasSubstr (field));
      g_clear_error (&error);
    }
}

TEST_F (Traces, AFollowedMigrationIsRecordedAsSuch)
{
  gboolean followed = FALSE;
  Job job (cluster, cluster.source, cluster.destination);
  Job follower (cluster, cluster.source, cluster.destination);
  g_autoptr (VmmigTrace) trace = vmmig_trace_new ();

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  cluster.run_both_for (10 * kSecond);
  vmmig_trace_record (trace, follower.job);
  follower.attach ();
  ASSERT_TRUE (cluster.run_both ([&] { return job.ended () && follower.ended (); }));
  EXPECT_GT (vmmig_trace_get_n_records (trace), 10u);
  EXPECT_TRUE (g_variant_lookup (vmmig_trace_get_record (trace, 0), "followed", "b", &followed));
  EXPECT_TRUE (followed);
  EXPECT_EQ (vmmig_trace_record_get_kind (
                 vmmig_trace_get_record (trace, vmmig_trace_get_n_records (trace) - 1)),
             VMMIG_TRACE_RESULT);
}

/* The trace may go before its job. */
TEST_F (Traces, ATraceThatIsDroppedRecordsNothing)
{
  Job job (cluster, cluster.source, cluster.destination);

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 20);
  g_object_unref (record (job));
  ASSERT_TRUE (job.finish_run ());
}

/* --- models --- */

VmmigVmModel *
busy_model ()
{
  return VMMIG_VM_MODEL (g_object_new (VMMIG_TYPE_VM_MODEL, "memory", 8 * kGiB, "working-set",
                                       2 * kGiB, "dirty-rate", 200 * kMiB, "bandwidth", 100 * kMiB,
                                       nullptr));
}

/* Nova's published schedule for 8 GiB: 50 ms, 45 more each 600 s, 500 ms at 6000 s; over at 6400 s. */
TEST (Models, NovasScheduleIsItsOwn)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (VmmigVmModel) model = busy_model ();
  g_autoptr (VmmigReplay) replay =
      vmmig_vm_model_replay (model, VMMIG_REPLAY_STRATEGY_NOVA, nullptr, &error);
  GPtrArray *decisions = vmmig_replay_get_decisions (replay);
  guint steps = 0;

  for (guint i = 0; i < decisions->len; i++)
    {
      auto *one = static_cast<VmmigMigrationDecision *> (g_ptr_array_index (decisions, i));

      if (vmmig_migration_decision_get_action (one) != VMMIG_DECISION_ACTION_SET_DOWNTIME)
        continue;
      EXPECT_EQ (vmmig_migration_decision_get_downtime (one), 50 + 45 * steps);
      EXPECT_NEAR ((double)vmmig_migration_decision_get_elapsed (one), 600e3 * steps, 1500);
      steps++;
    }
  EXPECT_EQ (steps, 11u);
  EXPECT_EQ (vmmig_replay_get_end (replay), VMMIG_REPLAY_END_GIVEN_UP);
  EXPECT_NEAR ((double)vmmig_replay_get_elapsed (replay), 6400e3, 1500);
}

TEST (Models, EachStrategyEndsInItsWay)
{
  struct
  {
    VmmigReplayStrategy strategy;
    gboolean post_copy;
    VmmigReplayEnd end;
    double elapsed; /* ms */
  } table[] = {
      {VMMIG_REPLAY_STRATEGY_VMMIG, FALSE, VMMIG_REPLAY_END_OPEN, 4 * 3600e3},
      /* 8.59 * 10^9 bytes are nine of its gigabytes. */
      {VMMIG_REPLAY_STRATEGY_KUBEVIRT, FALSE, VMMIG_REPLAY_END_GIVEN_UP, 1351e3},
      {VMMIG_REPLAY_STRATEGY_KUBEVIRT, TRUE, VMMIG_REPLAY_END_COMPLETED, 1371e3},
      {VMMIG_REPLAY_STRATEGY_OVIRT, FALSE, VMMIG_REPLAY_END_GIVEN_UP, 200e3},
  };

  for (const auto &row : table)
    {
      g_autoptr (GError) error = nullptr;
      g_autoptr (VmmigVmModel) model = busy_model ();
      g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
      g_autoptr (VmmigReplay) replay = nullptr, again = nullptr;

      vmmig_migration_policy_set_allow_post_copy (policy, row.post_copy);
      replay = vmmig_vm_model_replay (model, row.strategy, policy, &error);
      again = vmmig_vm_model_replay (model, row.strategy, policy, &error);
      EXPECT_EQ (vmmig_replay_get_strategy (replay), row.strategy);
      EXPECT_EQ (vmmig_replay_get_end (replay), row.end) << vmmig_replay_get_text (replay);
      EXPECT_NEAR ((double)vmmig_replay_get_elapsed (replay), row.elapsed, 0.01 * row.elapsed);
      g_autoptr (GVariant) one = g_variant_ref_sink (vmmig_replay_to_variant (replay));
      g_autoptr (GVariant) two = g_variant_ref_sink (vmmig_replay_to_variant (again));
      EXPECT_TRUE (g_variant_equal (one, two)) << "the same each time";
    }
}

TEST (Models, WhatContradictsItselfIsRefused)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (VmmigVmModel) model = vmmig_vm_model_new (kGiB, 100 * kMiB);
  g_autoptr (VmmigReplay) replay =
      vmmig_vm_model_replay (model, VMMIG_REPLAY_STRATEGY_VMMIG, nullptr, &error);

  ASSERT_NE (replay, nullptr) << "a VM that writes nothing moves";
  EXPECT_EQ (vmmig_replay_get_end (replay), VMMIG_REPLAY_END_COMPLETED);
  g_object_set (model, "dirty-rate", kMiB, nullptr);
  EXPECT_EQ (vmmig_vm_model_replay (model, VMMIG_REPLAY_STRATEGY_VMMIG, nullptr, &error), nullptr);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  EXPECT_THAT (error->message, HasSubstr ("working-set"));
  g_clear_error (&error);
  g_object_set (model, "working-set", 2 * kGiB, nullptr);
  EXPECT_EQ (vmmig_vm_model_replay (model, VMMIG_REPLAY_STRATEGY_VMMIG, nullptr, &error), nullptr);
  EXPECT_THAT (error->message, HasSubstr ("larger than its memory"));
}

} // namespace
