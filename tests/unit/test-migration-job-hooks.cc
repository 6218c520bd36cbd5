/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job-simulation.h"

#include <gmock/gmock.h>

namespace
{

struct Told
{
  VmmigHookPhase phase;
  gint64 at;
  std::string look; /* of the VM on its destination */
};

/* An embedder: what it was asked, and what it does. */
class Owner
{
public:
  Owner (JobSimulation &cluster_, Job &job_) : cluster (cluster_), job (job_)
  {
    handler = g_signal_connect (job.job, "hook", G_CALLBACK (hook_cb), this);
  }
  ~Owner ()
  {
    if (job.job != nullptr)
      g_signal_handler_disconnect (job.job, handler);
    release_all ();
  }

  void release_all ()
  {
    for (VmmigHook *hook : held)
      {
        vmmig_hook_release (hook);
        g_object_unref (hook);
      }
    held.clear ();
  }

  void hold (VmmigHook *hook)
  {
    vmmig_hook_hold (hook);
    held.push_back (VMMIG_HOOK (g_object_ref (hook)));
  }

  /* Takes so long for it. */
  void take_time (VmmigHook *hook, gint64 duration)
  {
    hold (hook);
    cluster.at (duration, [this] { release_all (); });
  }

  std::vector<VmmigHookPhase> phases () const
  {
    std::vector<VmmigHookPhase> list;

    for (const Told &item : told)
      list.push_back (item.phase);
    return list;
  }

  JobSimulation &cluster;
  Job &job;
  std::vector<Told> told;
  std::function<void (VmmigHook *)> on_hook;
  std::vector<VmmigHook *> held;

private:
  static void hook_cb (VmmigMigrationJob *object, VmmigHook *hook, gpointer data)
  {
    Owner *self = static_cast<Owner *> (data);

    EXPECT_EQ (self->job.thread, g_thread_self ());
    EXPECT_EQ (vmmig_hook_get_job (hook), object);
    EXPECT_EQ (vmmig_hook_get_result (hook) != nullptr,
               vmmig_hook_get_phase (hook) == VMMIG_HOOK_PHASE_CLEAN_UP);
    EXPECT_FALSE (vmmig_migration_job_is_finished (object));
    self->told.push_back ({vmmig_hook_get_phase (hook), self->cluster.now (),
                           self->cluster.look (self->cluster.hv2)});
    if (self->on_hook)
      self->on_hook (hook);
  }

  gulong handler;
};

using testing::ElementsAre;
using testing::HasSubstr;

class JobHooks : public testing::Test
{
protected:
  JobHooks ()
  {
    cluster.vm.persistent = TRUE;
    cluster.add_vm ();
  }

  void finish ()
  {
    ASSERT_TRUE (job.finish_run ()) << job.describe ();
    job.check_story ();
    cluster.run_both_for (kSecond);
    EXPECT_EQ (vmmig_driver_simulated_count_pending (cluster.driver), 0u);
  }

  JobSimulation cluster;
  Job job{cluster, cluster.source, cluster.destination};
};

TEST_F (JobHooks, AskAtEachMomentOnceAndWait)
{
  Owner owner (cluster, job);

  owner.on_hook = [&] (VmmigHook *hook) { owner.take_time (hook, 10 * kSecond); };
  finish ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (job.warnings (), "");
  ASSERT_THAT (owner.phases (), ElementsAre (VMMIG_HOOK_PHASE_PREPARE, VMMIG_HOOK_PHASE_ARRIVED,
                                             VMMIG_HOOK_PHASE_CLEAN_UP));
  EXPECT_EQ (owner.told[0].look, "not there");
  EXPECT_THAT (owner.told[1].look, testing::StartsWith ("running"));
  EXPECT_GE (owner.told[1].at - owner.told[0].at, 10 * kSecond);
  EXPECT_GE (owner.told[2].at - owner.told[1].at, 10 * kSecond);
}

TEST_F (JobHooks, InPostCopyTheVmArrivesBeforeTheEnd)
{
  Owner owner (cluster, job);
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
  VmmigJobState state = VMMIG_JOB_STATE_PENDING;

  vmmig_migration_policy_set_allow_post_copy (policy, TRUE);
  vmmig_migration_job_set_policy (job.job, policy);
  owner.on_hook = [&] (VmmigHook *hook) {
    if (vmmig_hook_get_phase (hook) == VMMIG_HOOK_PHASE_PREPARE)
      cluster.at (kSecond, [&] { job.post_copy (); });
    if (vmmig_hook_get_phase (hook) == VMMIG_HOOK_PHASE_ARRIVED)
      state = job.state ();
  };
  finish ();
  EXPECT_EQ (vmmig_migration_result_get_mode (job.result ()), VMMIG_MIGRATION_MODE_POST_COPY);
  EXPECT_EQ (state, VMMIG_JOB_STATE_POST_COPY) << job.describe ();
  EXPECT_EQ (owner.told.size (), 3u);
}

TEST_F (JobHooks, ThatAreDoneAtOnceCostNothing)
{
  Owner owner (cluster, job);

  finish ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (owner.told.size (), 3u);
}

TEST_F (JobHooks, MayRefuseBeforeAnythingWasTouched)
{
  Owner owner (cluster, job);

  owner.on_hook = [&] (VmmigHook *hook) {
    if (vmmig_hook_get_phase (hook) == VMMIG_HOOK_PHASE_PREPARE)
      vmmig_hook_fail (hook, VMMIG_ERROR_INCOMPATIBLE, "it has no bridge br7");
  };
  finish ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED);
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (job.run.code, VMMIG_ERROR_INCOMPATIBLE);
  EXPECT_THAT (job.run.message, HasSubstr ("it has no bridge br7"));
  EXPECT_THAT (job.run.message, HasSubstr ("db1"));
  EXPECT_THAT (owner.phases (), ElementsAre (VMMIG_HOOK_PHASE_PREPARE, VMMIG_HOOK_PHASE_CLEAN_UP));
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE), 0u);
  EXPECT_EQ (cluster.get (0, VMMIG_CALL_INSPECT).tag, "");
}

TEST_F (JobHooks, ThatDoNotEndBeforeTheStartRefuse)
{
  Owner owner (cluster, job);

  vmmig_migration_job_set_hook_timeout (job.job, 20);
  owner.on_hook = [&] (VmmigHook *hook) {
    if (vmmig_hook_get_phase (hook) == VMMIG_HOOK_PHASE_PREPARE)
      owner.hold (hook);
  };
  finish ();
  EXPECT_EQ (job.run.code, VMMIG_ERROR_TIMED_OUT);
  EXPECT_THAT (job.run.message, HasSubstr ("20 s"));
  EXPECT_THAT (owner.phases (), ElementsAre (VMMIG_HOOK_PHASE_PREPARE, VMMIG_HOOK_PHASE_CLEAN_UP));
  EXPECT_EQ (owner.told[1].at - owner.told[0].at, 20 * kSecond);
  /* Too late to be heard */
  owner.release_all ();
  cluster.run_both_for (kSecond);
}

TEST_F (JobHooks, ThatFailLaterAreWarnings)
{
  Owner owner (cluster, job);

  owner.on_hook = [&] (VmmigHook *hook) {
    if (vmmig_hook_get_phase (hook) == VMMIG_HOOK_PHASE_ARRIVED)
      vmmig_hook_fail (hook, VMMIG_ERROR_FAILED, "the address did not move");
    if (vmmig_hook_get_phase (hook) == VMMIG_HOOK_PHASE_CLEAN_UP)
      owner.hold (hook);
  };
  finish ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_THAT (job.warnings (), HasSubstr ("after the switch-over failed: the address did not"));
  EXPECT_THAT (job.warnings (), HasSubstr ("at the end failed: it did not end within 300 s"));
}

TEST_F (JobHooks, ThatNobodyCanReleaseAnyMoreFail)
{
  Owner owner (cluster, job);

  owner.on_hook = [] (VmmigHook *hook) {
    if (vmmig_hook_get_phase (hook) == VMMIG_HOOK_PHASE_PREPARE)
      vmmig_hook_hold (hook);
  };
  finish ();
  EXPECT_EQ (job.run.code, VMMIG_ERROR_FAILED);
  EXPECT_THAT (job.run.message, HasSubstr ("forgot to release"));
  EXPECT_LT (cluster.now () - owner.told[0].at, 10 * kSecond);
}

TEST_F (JobHooks, ACancelDoesNotWaitForOneThatPrepares)
{
  Owner owner (cluster, job);
  std::shared_ptr<Answer> cancelled;

  owner.on_hook = [&] (VmmigHook *hook) {
    if (vmmig_hook_get_phase (hook) != VMMIG_HOOK_PHASE_PREPARE)
      return;
    owner.hold (hook);
    cluster.at (kSecond, [&] { cancelled = job.cancel (); });
  };
  finish ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED) << job.describe ();
  ASSERT_NE (cancelled, nullptr);
  EXPECT_TRUE (cancelled->ok) << cancelled->message;
  EXPECT_THAT (owner.phases (), ElementsAre (VMMIG_HOOK_PHASE_PREPARE, VMMIG_HOOK_PHASE_CLEAN_UP));
  EXPECT_LT (owner.told[1].at - owner.told[0].at, 2 * kSecond);
}

TEST_F (JobHooks, AfterARefusalByTheChecksNobodyIsAsked)
{
  Owner owner (cluster, job);

  vmmig_simulated_host_kill_daemon (cluster.hv2);
  finish ();
  EXPECT_EQ (job.run.code, VMMIG_ERROR_UNREACHABLE);
  EXPECT_TRUE (owner.told.empty ());
}

TEST_F (JobHooks, AFailedMigrationIsCleanedUp)
{
  Owner owner (cluster, job);
  VmmigJobState told = VMMIG_JOB_STATE_PENDING;

  owner.on_hook = [&] (VmmigHook *hook) {
    if (vmmig_hook_get_phase (hook) == VMMIG_HOOK_PHASE_CLEAN_UP)
      told = vmmig_migration_result_get_outcome (vmmig_hook_get_result (hook));
  };
  const VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_ERROR, VMMIG_ERROR_DESTINATION_FAILED, 0,
                                     0};
  vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_MIGRATE, 1, &fault);
  finish ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED) << job.describe ();
  EXPECT_EQ (told, VMMIG_JOB_STATE_FAILED);
  EXPECT_THAT (owner.phases (), ElementsAre (VMMIG_HOOK_PHASE_PREPARE, VMMIG_HOOK_PHASE_CLEAN_UP));
}

TEST_F (JobHooks, ASchedulerKeepsTheSlotUntilItIsCleanedUp)
{
  g_autoptr (VmmigScheduler) scheduler = vmmig_scheduler_new ();
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();
  Owner owner (cluster, job);
  Job next (cluster, cluster.source, cluster.destination, "db2");

  vmmig_simulated_vm_spec_init (&cluster.vm, "db2", kOtherVm);
  cluster.add_vm ();
  ASSERT_TRUE (vmmig_settings_set_text (settings, "parallel-migrations-per-cluster", "1", nullptr));
  vmmig_scheduler_set_settings (scheduler, settings);
  ASSERT_TRUE (vmmig_scheduler_add_node (scheduler, cluster.source, nullptr));
  ASSERT_TRUE (vmmig_scheduler_add_node (scheduler, cluster.destination, nullptr));
  owner.on_hook = [&] (VmmigHook *hook) { owner.take_time (hook, 10 * kSecond); };
  next.on_state = [&] {
    if (next.state () == VMMIG_JOB_STATE_PREFLIGHT)
      {
        EXPECT_EQ (job.state (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
      }
  };
  job.submit (scheduler);
  next.submit (scheduler);
  ASSERT_TRUE (cluster.run_both ([&] { return job.ended () && next.ended (); }));
  EXPECT_EQ (next.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << next.describe ();
}

} /* namespace */
