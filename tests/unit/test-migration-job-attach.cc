/* Following somebody else's migration, and asking where a VM is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job-simulation.h"

namespace
{

class JobAttach : public testing::Test
{
protected:
  /* Somebody else migrates db1 from hv1 to hv2. */
  void start_elsewhere (bool post_copy = false, guint64 memory = 16 * kGiB)
  {
    VmmigMigrateParams *params = cluster.params ();

    cluster.vm.memory = memory;
    cluster.add_vm ();
    params->post_copy = post_copy;
    vmmig_simulated_vm_migrate (cluster.hv1, kVm, params);
    vmmig_migrate_params_free (params);
    cluster.run_for (2 * kSecond);
  }

  JobSimulation cluster;
};

TEST_F (JobAttach, FollowsAMigrationThatSomebodyElseStarted)
{
  start_elsewhere ();
  Job job (cluster, cluster.source, cluster.destination);
  job.attach ();
  ASSERT_TRUE (job.finish ());
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_TRUE (job.saw (VMMIG_JOB_STATE_PRE_COPY));
  EXPECT_GT (job.fractions.size (), 10u);
  EXPECT_EQ (vmmig_migration_result_get_encryption (job.result ()),
             VMMIG_ENCRYPTION_STATUS_UNKNOWN);
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_TAG), 0u);
}

TEST_F (JobAttach, FindsTheMarkOfTheJobThatItFollows)
{
  cluster.vm.memory = 16 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  Job follower (cluster, cluster.source, cluster.destination);
  follower.attach ();
  ASSERT_TRUE (cluster.run_both ([&] { return job.ended () && follower.ended (); }));
  job.check_story ();
  follower.check_story ();
  EXPECT_EQ (follower.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << follower.describe ();
  EXPECT_STREQ (vmmig_migration_result_get_job_id (follower.result ()),
                vmmig_migration_job_get_id (job.job));
  EXPECT_EQ (vmmig_migration_result_get_encryption (follower.result ()),
             VMMIG_ENCRYPTION_STATUS_ENCRYPTED);
}

TEST_F (JobAttach, NeedsAMigration)
{
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.attach ();
  ASSERT_TRUE (job.finish ());
  job.check_story ();
  EXPECT_EQ (job.run.code, VMMIG_ERROR_WRONG_STATE) << job.describe ();
  EXPECT_EQ (cluster.running_on (), "hv1");
}

TEST_F (JobAttach, CanCancelIt)
{
  start_elsewhere ();
  Job job (cluster, cluster.source, cluster.destination);
  job.attach ();
  cluster.run_both_for (kSecond);
  auto answer = job.cancel ();
  ASSERT_TRUE (job.finish (10 * kSecond));
  EXPECT_TRUE (answer->ok) << answer->message;
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED) << job.describe ();
  EXPECT_EQ (cluster.running_on (), "hv1");
}

TEST_F (JobAttach, CanSteerIt)
{
  start_elsewhere (true, 64 * kGiB);
  Job job (cluster, cluster.source, cluster.destination);
  job.attach ();
  cluster.run_both_for (kSecond);
  auto bandwidth = job.set_bandwidth (2 * kGiB);
  auto downtime = job.set_downtime (500);
  auto post_copy = job.post_copy ();
  ASSERT_TRUE (job.finish (200 * kSecond));
  for (auto answer : {bandwidth, downtime, post_copy})
    EXPECT_TRUE (answer->ok) << answer->message;
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_POST_COPY);
}

TEST_F (JobAttach, MayStopLookingWithoutChangingAnything)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  start_elsewhere ();
  Job job (cluster, cluster.source, cluster.destination);
  job.attach (cancellable);
  cluster.run_both_for (kSecond);
  g_cancellable_cancel (cancellable);
  ASSERT_TRUE (job.finish (kSecond));
  EXPECT_EQ (job.run.called, 1);
  EXPECT_EQ (job.run.domain, G_IO_ERROR);
  EXPECT_EQ (job.run.code, G_IO_ERROR_CANCELLED);
  cluster.run_both_for (60 * kSecond);
  EXPECT_EQ (cluster.running_on (), "hv2");
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_ABORT), 0u);
  EXPECT_EQ (vmmig_driver_simulated_count_pending (cluster.driver), 0u);
}

TEST_F (JobAttach, WithoutADestinationTheOutcomeIsUnknown)
{
  start_elsewhere ();
  Job job (cluster, cluster.source, nullptr);
  job.attach ();
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (job.run.called, 1);
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_UNKNOWN);
  EXPECT_EQ (job.run.code, VMMIG_ERROR_OUTCOME_UNKNOWN) << job.describe ();
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_UNKNOWN);
}

TEST_F (JobAttach, WithoutADestinationAFailureIsSeenAllTheSame)
{
  start_elsewhere ();
  Job job (cluster, cluster.source, nullptr);
  job.attach ();
  cluster.run_both_for (kSecond);
  EXPECT_TRUE (vmmig_simulated_vm_cancel (cluster.hv1, kVm));
  ASSERT_TRUE (job.finish (60 * kSecond));
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE) << job.describe ();
}

TEST_F (JobAttach, TellsACancelledMigrationFromOneThatFailed)
{
  for (bool destination : {true, false})
    for (bool cancel : {true, false})
      {
        JobSimulation world;

        world.vm.memory = 64 * kGiB;
        world.add_vm ();
        VmmigMigrateParams *params = world.params ();
        vmmig_simulated_vm_migrate (world.hv1, kVm, params);
        vmmig_migrate_params_free (params);
        world.run_for (2 * kSecond);
        Job job (world, world.source, destination ? world.destination : nullptr);
        job.attach ();
        world.run_both_for (kSecond);
        if (cancel)
          EXPECT_TRUE (vmmig_simulated_vm_cancel (world.hv1, kVm));
        else
          vmmig_simulated_vm_end (world.hv2, kVm, VMMIG_SIMULATED_END_KILLED);
        ASSERT_TRUE (job.finish (60 * kSecond)) << job.describe ();
        EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE) << job.describe ();
        if (cancel)
          {
            EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED) << job.describe ();
            EXPECT_EQ (job.run.code, VMMIG_ERROR_CANCELLED);
            EXPECT_NE (job.run.message.find ("by somebody or by the program"), std::string::npos)
                << job.run.message;
          }
        else
          {
            EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED) << job.describe ();
            EXPECT_EQ (job.run.code, VMMIG_ERROR_FAILED);
            EXPECT_NE (job.run.message.find ("it failed while copying"), std::string::npos)
                << job.run.message;
          }
      }
}

/* It falls between two polls, because a daemon takes its time to answer. */
TEST_F (JobAttach, AnEndThatNobodySawIsNotGuessed)
{
  const VmmigSimulatedFault late = {VMMIG_SIMULATED_FAULT_DELAY, VMMIG_ERROR_FAILED, 2 * kSecond,
                                    0};

  start_elsewhere (false, 64 * kGiB);
  Job job (cluster, cluster.source, nullptr);
  job.attach ();
  cluster.run_both_for (kSecond);
  vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_POLL, 1, &late);
  cluster.run_both_for (kSecond);
  EXPECT_TRUE (vmmig_simulated_vm_cancel (cluster.hv1, kVm));
  ASSERT_TRUE (job.finish (60 * kSecond)) << job.describe ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED) << job.describe ();
  EXPECT_EQ (job.run.code, VMMIG_ERROR_FAILED);
  EXPECT_NE (job.run.message.find ("is not known"), std::string::npos) << job.run.message;
}

TEST_F (JobAttach, FollowsAPostCopyThatGoesOnUnattended)
{
  start_elsewhere (true, 64 * kGiB);
  cluster.ask (0, VMMIG_CALL_START_POST_COPY);
  cluster.run_for (kSecond);
  Job job (cluster, cluster.source, cluster.destination);
  job.attach ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_POST_COPY, 10 * kSecond)) << job.describe ();
  vmmig_simulated_link_cut (cluster.hv1, cluster.hv2);
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_UNATTENDED, 60 * kSecond)) << job.describe ();
  vmmig_simulated_link_restore (cluster.hv1, cluster.hv2);
  ASSERT_TRUE (job.finish (300 * kSecond)) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
}

TEST_F (JobAttach, FollowsAPostCopyThatBreaksUntilSomebodyRecoversIt)
{
  start_elsewhere (true, 64 * kGiB);
  cluster.ask (0, VMMIG_CALL_START_POST_COPY);
  cluster.run_for (kSecond);
  Job job (cluster, cluster.source, cluster.destination);
  job.attach ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_POST_COPY, 10 * kSecond)) << job.describe ();
  vmmig_simulated_link_reset (cluster.hv1, cluster.hv2);
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_POSTCOPY_PAUSED, 60 * kSecond))
      << job.describe ();
  cluster.run_both_for (60 * kSecond);
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_POSTCOPY_PAUSED);
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE), 0u);
  /* So fast that nobody sees it run. */
  vmmig_simulated_link_set_bandwidth (cluster.hv1, cluster.hv2, 1024 * kGiB);
  EXPECT_TRUE (vmmig_simulated_vm_recover (cluster.hv1, kVm));
  ASSERT_TRUE (job.finish (300 * kSecond)) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
}

TEST_F (JobAttach, ASourceThatFallsSilentMakesItUnknownUntilItReturns)
{
  start_elsewhere (false, 64 * kGiB);
  Job job (cluster, cluster.source, cluster.destination);
  job.attach ();
  cluster.run_both_for (kSecond);
  vmmig_simulated_host_cut_client (cluster.hv1);
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_UNKNOWN, 60 * kSecond)) << job.describe ();
  vmmig_simulated_host_restore_client (cluster.hv1);
  ASSERT_TRUE (job.finish (300 * kSecond)) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
}

/* --- a query --- */

struct Status
{
  std::string advice;
  int called = 0;
  int code = 0;
  VmmigVmLocation location = VMMIG_VM_LOCATION_UNKNOWN;
  bool migrating = false;
  std::string source_state;
  std::string destination_state;
  std::string job_id;
  bool has_progress = false;
};

class JobQuery : public JobAttach
{
protected:
  Status query (VmmigMigrationJob *job)
  {
    Status status;

    vmmig_migration_job_query_async (job, nullptr, take, &status);
    EXPECT_TRUE (cluster.run_both ([&] { return status.called > 0; }, 60 * kSecond));
    return status;
  }

private:
  static std::string text (const char *given) { return given != nullptr ? given : ""; }

  static void take (GObject *source, GAsyncResult *result, gpointer data)
  {
    Status *kept = static_cast<Status *> (data);
    GError *error = nullptr;
    VmmigMigrationStatus *status =
        vmmig_migration_job_query_finish (VMMIG_MIGRATION_JOB (source), result, &error);

    kept->called++;
    EXPECT_EQ (status == nullptr, error != nullptr);
    kept->code = error != nullptr ? error->code : 0;
    g_clear_error (&error);
    if (status == nullptr)
      return;
    kept->location = vmmig_migration_status_get_location (status);
    kept->migrating = vmmig_migration_status_get_migrating (status);
    kept->source_state = text (vmmig_migration_status_get_source_state (status));
    kept->destination_state = text (vmmig_migration_status_get_destination_state (status));
    kept->job_id = text (vmmig_migration_status_get_job_id (status));
    kept->advice = text (vmmig_migration_status_get_advice (status));
    kept->has_progress = vmmig_migration_status_get_progress (status) != nullptr;
    vmmig_migration_status_unref (status);
  }
};

TEST_F (JobQuery, TellsWhereAVmIsBeforeDuringAndAfter)
{
  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);

  Status before = query (job.job);
  EXPECT_EQ (before.location, VMMIG_VM_LOCATION_SOURCE);
  EXPECT_FALSE (before.migrating);
  EXPECT_EQ (before.source_state, "running");
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_PENDING);

  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  Job asker (cluster, cluster.source, cluster.destination);
  Status during = query (asker.job);
  EXPECT_EQ (during.location, VMMIG_VM_LOCATION_SOURCE);
  EXPECT_TRUE (during.migrating);
  EXPECT_EQ (during.job_id, vmmig_migration_job_get_id (job.job));
  EXPECT_TRUE (during.has_progress);

  ASSERT_TRUE (job.finish ());
  Status after = query (job.job);
  EXPECT_EQ (after.location, VMMIG_VM_LOCATION_DESTINATION);
  EXPECT_FALSE (after.migrating);
  EXPECT_EQ (after.source_state, "not there");
  EXPECT_EQ (after.destination_state, "running (migrated)");
}

TEST_F (JobQuery, ChangesNothing)
{
  start_elsewhere ();
  Job job (cluster, cluster.source, cluster.destination);
  for (int i = 0; i < 5; i++)
    query (job.job);
  for (VmmigCallKind kind : {VMMIG_CALL_TAG, VMMIG_CALL_ABORT, VMMIG_CALL_SUSPEND,
                             VMMIG_CALL_SET_AUTOSTART, VMMIG_CALL_MIGRATE})
    EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, kind), 0u);
}

TEST_F (JobQuery, IsHonestWhenANodeDoesNotAnswer)
{
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_simulated_host_cut_client (cluster.hv2);
  Status status = query (job.job);
  EXPECT_EQ (status.code, 0);
  EXPECT_EQ (status.source_state, "running");
  vmmig_simulated_host_cut_client (cluster.hv1);
  status = query (job.job);
  EXPECT_NE (status.code, 0);
}

TEST_F (JobQuery, OfAVmThatIsNowhereIsAnError)
{
  Job job (cluster, cluster.source, cluster.destination, "ghost");
  EXPECT_EQ (query (job.job).code, VMMIG_ERROR_VM_NOT_FOUND);
}

/* --- what a job leaves that was killed --- */

class JobLeftover : public JobQuery
{
protected:
  /* Its program was killed while db1 went from hv1 to hv2. */
  void leave (bool autostart = true, const char *destination_uuid = nullptr)
  {
    VmmigTag tag = {};
    VmmigMigrateParams *params = cluster.params ();
    VmmigRequest *request = vmmig_request_new (VMMIG_CALL_TAG, kVm);

    cluster.vm.persistent = TRUE;
    cluster.vm.autostart = autostart;
    cluster.add_vm ();
    tag.job_id = g_strdup ("11111111-2222-4333-8444-555555555555");
    tag.source_host_uuid = g_strdup (cluster.hv1->uuid);
    tag.destination_host_uuid =
        g_strdup (destination_uuid != nullptr ? destination_uuid : cluster.hv2->uuid);
    tag.peer_uri = g_strdup ("qemu+tls://hv2/system");
    tag.encryption = VMMIG_ENCRYPTION_REQUIRED;
    tag.autostart = autostart;
    request->text = vmmig_tag_to_xml (&tag);
    vmmig_tag_clear (&tag);
    auto tagged = cluster.call (0, request);
    cluster.run_for (kSecond);
    ASSERT_TRUE (tagged->arrived);
    params->persist = params->undefine_source = TRUE;
    vmmig_simulated_vm_migrate (cluster.hv1, kVm, params);
    vmmig_migrate_params_free (params);
    cluster.run_for (30 * kSecond);
    ASSERT_EQ (cluster.running_on (), "hv2");
    Reply there = cluster.get (1, VMMIG_CALL_INSPECT);
    ASSERT_NE (there.tag, "");
    ASSERT_FALSE (there.autostart);
  }

  guint count_listed (VmmigNode *node)
  {
    int n = -1;

    vmmig_node_list_migrations_async (
        node, nullptr,
        [] (GObject *source, GAsyncResult *result, gpointer data) {
          g_autoptr (GPtrArray) list =
              vmmig_node_list_migrations_finish (VMMIG_NODE (source), result, nullptr);
          *static_cast<int *> (data) = list != nullptr ? (int)list->len : -2;
        },
        &n);
    EXPECT_TRUE (cluster.run_both ([&] { return n != -1; }, 60 * kSecond));
    return (guint)n;
  }
};

TEST_F (JobLeftover, IsNoMigrationThatRuns)
{
  leave ();
  EXPECT_EQ (count_listed (cluster.destination), 0u);
  Job asker (cluster, cluster.source, cluster.destination);
  Status status = query (asker.job);
  EXPECT_EQ (status.location, VMMIG_VM_LOCATION_DESTINATION);
  EXPECT_FALSE (status.migrating);
  EXPECT_EQ (status.job_id, "11111111-2222-4333-8444-555555555555");
  EXPECT_NE (status.advice.find ("mark of that job"), std::string::npos) << status.advice;
  /* One that does run is listed, by its mark or without. */
  Job job (cluster, cluster.destination, cluster.source);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  EXPECT_EQ (count_listed (cluster.destination), 1u);
  EXPECT_EQ (count_listed (cluster.source), 1u);
  ASSERT_TRUE (job.finish ());
}

TEST_F (JobLeftover, IsFinishedByTheNextMigration)
{
  leave ();
  Job job (cluster, cluster.destination, cluster.source);
  ASSERT_TRUE (job.finish_run ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (job.warnings (), "");
  Reply back = cluster.get (0, VMMIG_CALL_INSPECT);
  EXPECT_EQ (back.tag, "");
  EXPECT_TRUE (back.autostart);
}

TEST_F (JobLeftover, IsFinishedByOneThatFailsAsWell)
{
  leave ();
  cluster.hv1->storage_error = "Cannot access storage file";
  Job job (cluster, cluster.destination, cluster.source);
  ASSERT_TRUE (job.finish_run ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED) << job.describe ();
  Reply there = cluster.get (1, VMMIG_CALL_INSPECT);
  EXPECT_EQ (there.tag, "");
  EXPECT_TRUE (there.autostart);
}

TEST_F (JobLeftover, IsNotObeyedWhereItIsAboutAnotherNode)
{
  leave (true, "99999999-0000-4000-8000-000000000009");
  Job job (cluster, cluster.destination, cluster.source);
  ASSERT_TRUE (job.finish_run ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  Reply back = cluster.get (0, VMMIG_CALL_INSPECT);
  EXPECT_EQ (back.tag, "");
  EXPECT_FALSE (back.autostart);
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv2, VMMIG_CALL_SET_AUTOSTART), 0u);
}

TEST_F (JobLeftover, SetsNothingThatTheVmDidNotHave)
{
  leave (false);
  Job job (cluster, cluster.destination, cluster.source);
  ASSERT_TRUE (job.finish_run ());
  Reply back = cluster.get (0, VMMIG_CALL_INSPECT);
  EXPECT_EQ (back.tag, "");
  EXPECT_FALSE (back.autostart);
}

} // namespace
