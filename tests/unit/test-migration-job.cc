/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <thread>

#include "job-simulation.h"

namespace
{

std::vector<VmmigJobState>
short_states (const Job &job)
{
  std::vector<VmmigJobState> states = job.states;

  /* Whether a poll falls into the short switch-over is chance. */
  states.erase (std::remove (states.begin (), states.end (), VMMIG_JOB_STATE_SWITCHOVER),
                states.end ());
  return states;
}

/* --- a migration that goes well --- */

TEST (MigrationJob, MovesTheVm)
{
  JobSimulation cluster;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (job.finish_run ());
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_DESTINATION);
  EXPECT_EQ (cluster.running_on (), "hv2");
  EXPECT_EQ (cluster.look (cluster.hv1), "not there");
  EXPECT_EQ (short_states (job),
             (std::vector<VmmigJobState>{VMMIG_JOB_STATE_PREFLIGHT, VMMIG_JOB_STATE_PREPARING,
                                         VMMIG_JOB_STATE_PRE_COPY, VMMIG_JOB_STATE_FINISHING,
                                         VMMIG_JOB_STATE_SUCCEEDED}));
}

TEST (MigrationJob, TellsWhatItDid)
{
  JobSimulation cluster;
  guint64 downtime = 0;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination, kVm);
  ASSERT_TRUE (job.finish_run ());
  VmmigMigrationResult *result = job.result ();
  EXPECT_STREQ (vmmig_migration_result_get_vm_name (result), "db1");
  EXPECT_STREQ (vmmig_migration_result_get_vm_uuid (result), kVm);
  EXPECT_STREQ (vmmig_migration_result_get_source (result), "hv1");
  EXPECT_STREQ (vmmig_migration_result_get_destination (result), "hv2");
  EXPECT_EQ (vmmig_migration_result_get_mode (result), VMMIG_MIGRATION_MODE_PRE_COPY);
  EXPECT_EQ (vmmig_migration_result_get_encryption (result), VMMIG_ENCRYPTION_STATUS_ENCRYPTED);
  EXPECT_TRUE (vmmig_migration_result_get_downtime (result, &downtime));
  EXPECT_GT (downtime, 0u);
  EXPECT_LT (downtime, 600u);
  EXPECT_GE (vmmig_migration_result_get_transferred (result), kGiB);
  EXPECT_GE (vmmig_migration_result_get_duration (result), 1000u);
  EXPECT_LT (vmmig_migration_result_get_duration (result), 4000u);
  EXPECT_GE (vmmig_migration_result_get_iterations (result), 2u);
  EXPECT_EQ (job.warnings (), "");
}

TEST (MigrationJob, ShowsProgressThatNeverFallsAndEndsAtOne)
{
  JobSimulation cluster;

  cluster.vm.memory = 16 * kGiB;
  cluster.vm.dirty_rate = 700 * kMiB;
  cluster.vm.working_set = 4 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (job.finish_run ());
  job.check_story ();
  EXPECT_GT (job.fractions.size (), 20u);
  EXPECT_EQ (job.fractions.back (), 1.0);
}

TEST (MigrationJob, ACounterThatStartsAtSevenIsShownFromOne)
{
  JobSimulation cluster;
  std::vector<guint> iterations;

  cluster.vm.first_iteration = 7;
  cluster.vm.memory = 4 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.on_progress = [&] {
    iterations.push_back (
        vmmig_migration_progress_get_iteration (vmmig_migration_job_get_snapshot (job.job)));
  };
  ASSERT_TRUE (job.finish_run ());
  ASSERT_FALSE (iterations.empty ());
  EXPECT_LE (iterations.front (), 1u);
  EXPECT_LT (iterations.back (), 7u);
  EXPECT_TRUE (std::is_sorted (iterations.begin (), iterations.end ()));
}

TEST (MigrationJob, IsPromptWhereEventsComeAndRightWhereTheyDoNot)
{
  for (guint loss : {0u, 50u, 100u})
    {
      JobSimulation cluster;

      cluster.add_vm ();
      cluster.hv1->event_loss = cluster.hv2->event_loss = loss;
      cluster.hv1->event_duplicates = 50;
      cluster.hv1->event_delay = 2 * kSecond;
      Job job (cluster, cluster.source, cluster.destination);
      ASSERT_TRUE (job.finish_run ());
      job.check_story ();
      EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
    }
}

TEST (MigrationJob, PollsWhoseFieldsAreMissingDisturbNothing)
{
  JobSimulation cluster;
  VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_NO_FIELDS, VMMIG_ERROR_FAILED, 0, 0};

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_POLL, 0, &fault);
  Job job (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (job.finish_run ());
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
}

/* --- definitions --- */

struct Persistence
{
  const char *name;
  gboolean persistent;
  gboolean autostart;
  VmmigPersistence wish;
  const char *source; /* afterwards */
  bool destination_persistent;
  bool destination_autostart;
};

class JobPersistence : public testing::TestWithParam<Persistence>
{
};

TEST_P (JobPersistence, IsAsAskedAndARebootStartsOneCopy)
{
  const Persistence &given = GetParam ();
  JobSimulation cluster;

  cluster.vm.persistent = given.persistent;
  cluster.vm.autostart = given.autostart;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_persistence (job.job, given.wish);
  ASSERT_TRUE (job.finish_run ());
  ASSERT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (cluster.look (cluster.hv1), given.source);
  Reply there = cluster.get (1, VMMIG_CALL_INSPECT);
  EXPECT_EQ (there.persistent, given.destination_persistent);
  EXPECT_EQ (there.autostart, given.destination_autostart);
  EXPECT_EQ (there.tag, "");
  /* The simulation counts a second copy that boots. */
  vmmig_simulated_host_power_off (cluster.hv1);
  vmmig_simulated_host_power_on (cluster.hv1);
  EXPECT_EQ (cluster.running_on (), "hv2");
  vmmig_simulated_host_power_off (cluster.hv2);
  vmmig_simulated_host_power_on (cluster.hv2);
  EXPECT_EQ (cluster.running_on (), given.destination_autostart ? "hv2" : "nowhere");
}

const Persistence kPersistences[] = {
    {"TransientPreserved", FALSE, FALSE, VMMIG_PERSISTENCE_PRESERVE, "not there", false, false},
    {"PersistentPreserved", TRUE, FALSE, VMMIG_PERSISTENCE_PRESERVE, "not there", true, false},
    {"AutostartPreserved", TRUE, TRUE, VMMIG_PERSISTENCE_PRESERVE, "not there", true, true},
    {"TransientMadePersistent", FALSE, FALSE, VMMIG_PERSISTENCE_PERSISTENT, "not there", true,
     false},
    {"AutostartMadePersistent", TRUE, TRUE, VMMIG_PERSISTENCE_PERSISTENT, "not there", true, true},
    {"TransientMadeTransient", FALSE, FALSE, VMMIG_PERSISTENCE_TRANSIENT, "not there", false,
     false},
    {"PersistentMadeTransient", TRUE, FALSE, VMMIG_PERSISTENCE_TRANSIENT, "shut off (migrated)",
     false, false},
    {"AutostartMadeTransient", TRUE, TRUE, VMMIG_PERSISTENCE_TRANSIENT, "shut off (migrated)",
     false, false},
};

INSTANTIATE_TEST_SUITE_P (All,
                          JobPersistence,
                          testing::ValuesIn (kPersistences),
                          [] (const auto &given) { return std::string (given.param.name); });

TEST (MigrationJob, AVmWhoseDefinitionStayedCanComeBack)
{
  JobSimulation cluster;

  cluster.vm.persistent = TRUE;
  cluster.add_vm ();
  Job there (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_persistence (there.job, VMMIG_PERSISTENCE_TRANSIENT);
  ASSERT_TRUE (there.finish_run ());
  Job back (cluster, cluster.destination, cluster.source);
  ASSERT_TRUE (back.finish_run ());
  EXPECT_EQ (back.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << back.describe ();
  EXPECT_EQ (cluster.running_on (), "hv1");
  EXPECT_EQ (cluster.look (cluster.hv2), "not there");
}

/* --- the tag --- */

TEST (MigrationJob, TheTagIsThereBeforeTheStartAndGoneAfterTheEnd)
{
  JobSimulation cluster;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (cluster.run_both (
      [&] { return vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE) == 1; }));
  Reply here = cluster.get (0, VMMIG_CALL_INSPECT);
  EXPECT_NE (here.tag.find (vmmig_migration_job_get_id (job.job)), std::string::npos) << here.tag;
  EXPECT_NE (here.tag.find (cluster.hv2->uuid), std::string::npos) << here.tag;
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (cluster.get (1, VMMIG_CALL_INSPECT).tag, "");
}

TEST (MigrationJob, WithoutATagNothingStarts)
{
  JobSimulation cluster;

  cluster.add_vm ();
  cluster.hv1->refuses_tags = TRUE;
  Job job (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (job.finish_run ());
  job.check_story ();
  EXPECT_EQ (job.run.code, VMMIG_ERROR_PERMISSION_DENIED);
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE), 0u);
}

/* --- paused VMs --- */

TEST (MigrationJob, APausedVmStaysPaused)
{
  JobSimulation cluster;

  cluster.vm.paused = TRUE;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (job.finish_run ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (cluster.look (cluster.hv2), "paused (by its owner)");
  EXPECT_EQ (cluster.running_on (), "nowhere");
}

TEST (MigrationJob, AVmThatItsOwnerPausesInTheMiddleArrivesPaused)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  cluster.run_both_for (2 * kSecond);
  vmmig_simulated_vm_suspend (cluster.hv1, kVm);
  ASSERT_TRUE (job.finish ());
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
  EXPECT_EQ (cluster.look (cluster.hv2), "paused (by its owner)");
}

TEST (MigrationJob, AVmThatNobodyPausedArrivesRunning)
{
  for (guint64 seed = 0; seed < 100; seed++)
    {
      JobSimulation cluster (seed);

      cluster.vm.memory = kGiB + vmmig_driver_simulated_random (cluster.driver, 8 * kGiB);
      cluster.vm.dirty_rate = vmmig_driver_simulated_random (cluster.driver, 800 * kMiB);
      cluster.vm.working_set = kMiB + vmmig_driver_simulated_random (cluster.driver, kGiB);
      cluster.add_vm ();
      Job job (cluster, cluster.source, cluster.destination);
      ASSERT_TRUE (job.finish_run ());
      EXPECT_EQ (cluster.running_on (), "hv2") << "seed " << seed << ": " << job.describe ();
    }
}

/* The last passes are short: events that tell of them come after the poll that shows the stop. */
TEST (MigrationJob, LateEventsDoNotMakeASwitchOverLookLikeAPause)
{
  for (guint64 seed = 0; seed < 300; seed++)
    {
      JobSimulation cluster (seed);

      cluster.vm.memory = kGiB + vmmig_driver_simulated_random (cluster.driver, 4 * kGiB);
      cluster.vm.dirty_rate =
          100 * kMiB + vmmig_driver_simulated_random (cluster.driver, 800 * kMiB);
      cluster.vm.working_set = kGiB;
      cluster.add_vm ();
      cluster.hv1->event_delay = 1 + vmmig_driver_simulated_random (cluster.driver, 3 * kSecond);
      cluster.hv1->event_duplicates = 50;
      Job job (cluster, cluster.source, cluster.destination);
      ASSERT_TRUE (job.finish_run ());
      EXPECT_EQ (cluster.running_on (), "hv2") << "seed " << seed << ": " << job.describe ();
    }
}

/* --- disks --- */

TEST (MigrationJob, DisksAreCopiedAndCounted)
{
  JobSimulation cluster;

  cluster.vm.disk = 4 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_copy_storage (job.job, VMMIG_COPY_STORAGE_ALL);
  ASSERT_TRUE (job.finish_run ());
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_GE (vmmig_migration_result_get_transferred (job.result ()), 5 * kGiB);
}

TEST (MigrationJob, ADiskThatTheVmDoesNotHaveIsRefused)
{
  JobSimulation cluster;
  const char *const disks[] = {"vdz", nullptr};

  cluster.vm.disk = 4 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_copy_storage (job.job, VMMIG_COPY_STORAGE_ALL);
  vmmig_migration_job_set_disks (job.job, disks);
  ASSERT_TRUE (job.finish_run ());
  job.check_story ();
  EXPECT_EQ (job.run.code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_NE (job.run.message.find ("vdz"), std::string::npos) << job.run.message;
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE), 0u);
}

/* --- limits while it runs --- */

TEST (MigrationJob, BandwidthAndDowntimeCanBeChanged)
{
  JobSimulation cluster;

  cluster.vm.dirty_rate = 4 * kGiB;
  cluster.vm.working_set = 2 * kGiB;
  cluster.vm.memory = 4 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  auto slower = job.set_bandwidth (50 * kMiB);
  cluster.run_both_for (5 * kSecond);
  EXPECT_TRUE (slower->ok) << slower->message;
  EXPECT_EQ (
      vmmig_migration_progress_get_transfer_rate (vmmig_migration_job_get_snapshot (job.job)),
      50 * kMiB);
  auto faster = job.set_bandwidth (VMMIG_BANDWIDTH_UNLIMITED);
  auto longer = job.set_downtime (10000);
  ASSERT_TRUE (job.finish (60 * kSecond));
  EXPECT_TRUE (faster->ok);
  EXPECT_TRUE (longer->ok);
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
}

TEST (MigrationJob, LimitsThatMakeNoSenseAreRefused)
{
  JobSimulation cluster;

  cluster.vm.memory = 64 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  for (auto answer : {job.set_bandwidth (0), job.set_downtime (0), job.set_downtime (2000001),
                      job.set_bandwidth (G_MAXUINT64 - 1)})
    {
      cluster.run_both_for (kSecond);
      EXPECT_EQ (answer->called, 1);
      EXPECT_EQ (answer->code, VMMIG_ERROR_INVALID_ARGUMENT) << answer->message;
    }
  job.cancel ();
  ASSERT_TRUE (job.finish ());
}

TEST (MigrationJob, ThePolicysDowntimeIsSetWhileItRuns)
{
  JobSimulation cluster;
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

  cluster.vm.dirty_rate = 4 * kGiB;
  cluster.vm.working_set = kGiB;
  cluster.add_vm ();
  vmmig_migration_policy_set_maximum_downtime (policy, 5000);
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  ASSERT_TRUE (job.finish (60 * kSecond));
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
}

/* --- steering at the wrong time --- */

TEST (MigrationJob, IsNotSteeredBeforeItsStartOrAfterItsEnd)
{
  JobSimulation cluster;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  for (bool after : {false, true})
    {
      if (after)
        {
          ASSERT_TRUE (job.finish_run ());
        }
      auto cancel = job.cancel ();
      auto post_copy = job.post_copy ();
      auto bandwidth = job.set_bandwidth (kGiB);
      auto downtime = job.set_downtime (100);
      cluster.run_both_for (kSecond);
      for (auto answer : {cancel, bandwidth, downtime, post_copy})
        {
          EXPECT_EQ (answer->called, 1);
          EXPECT_EQ (answer->code, VMMIG_ERROR_WRONG_STATE) << answer->message;
        }
    }
}

TEST (MigrationJob, RunsOnce)
{
  JobSimulation cluster;
  Answer second;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  auto again = [&] {
    second = Answer ();
    vmmig_migration_job_run_async (
        job.job, nullptr,
        [] (GObject *source, GAsyncResult *result, gpointer data) {
          GError *error = nullptr;

          EXPECT_EQ (vmmig_migration_job_run_finish (VMMIG_MIGRATION_JOB (source), result, &error),
                     nullptr);
          static_cast<Answer *> (data)->take (FALSE, error);
        },
        &second);
    cluster.run_both_for (100 * kMillisecond);
    EXPECT_EQ (second.called, 1);
    EXPECT_EQ (second.code, VMMIG_ERROR_WRONG_STATE);
  };
  job.start ();
  again ();
  EXPECT_FALSE (job.ended ());
  ASSERT_TRUE (job.finish ());
  again ();
  job.check_story ();
}

TEST (MigrationJob, TheSameVmIsMigratedByOneJobAtATime)
{
  JobSimulation cluster;

  cluster.vm.memory = 16 * kGiB;
  cluster.add_vm ();
  Job first (cluster, cluster.source, cluster.destination);
  first.start ();
  ASSERT_TRUE (first.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  Job second (cluster, cluster.source, cluster.node_objects[2]);
  ASSERT_TRUE (second.finish_run ());
  second.check_story ();
  EXPECT_EQ (second.run.code, VMMIG_ERROR_BUSY);
  EXPECT_EQ (second.location (), VMMIG_VM_LOCATION_SOURCE);
  ASSERT_TRUE (first.finish ());
  EXPECT_EQ (first.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
}

TEST (MigrationJob, TwoAtTheSameInstantDoNotHurtEachOther)
{
  for (guint64 seed = 0; seed < 50; seed++)
    {
      JobSimulation cluster (seed);

      cluster.vm.memory = 4 * kGiB;
      cluster.add_vm ();
      Job first (cluster, cluster.source, cluster.destination);
      Job second (cluster, cluster.source, cluster.node_objects[2]);
      first.start ();
      second.start ();
      ASSERT_TRUE (first.finish ());
      ASSERT_TRUE (second.finish ());
      first.check_story ();
      second.check_story ();
      EXPECT_NE (first.run.ok, second.run.ok) << "seed " << seed << "\n"
                                              << first.describe () << "\n"
                                              << second.describe ();
      EXPECT_EQ (cluster.running_on (), first.run.ok ? "hv2" : "hv3") << "seed " << seed;
      /* The loser must not have taken the winner's mark away, nor left its own. */
      EXPECT_EQ (cluster.get (first.run.ok ? 1 : 2, VMMIG_CALL_INSPECT).tag, "");
    }
}

} // namespace
