/* Threads, contexts and references: where and in which order a job tells its story.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <algorithm>
#include <atomic>
#include <thread>

#include "job-simulation.h"
#include "rounds.h"

namespace
{

/* --- a context that nobody runs, or seldom --- */

TEST (JobContext, AJobEndsThoughNobodyRunsItsContext)
{
  JobSimulation cluster;

  cluster.vm.memory = 16 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  cluster.run_for (60 * kSecond);
  EXPECT_EQ (cluster.running_on (), "hv2");
  EXPECT_EQ (cluster.get (1, VMMIG_CALL_INSPECT).tag, "");
  EXPECT_TRUE (job.log.empty ());
  cluster.iterate ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
}

TEST (JobContext, ASlowCallerSeesFewerSnapshotsAndNoBacklog)
{
  JobSimulation cluster;

  cluster.vm.memory = 128 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  size_t before = job.fractions.size ();
  cluster.run_for (100 * kSecond); /* 200 polls */
  cluster.iterate ();
  EXPECT_EQ (job.fractions.size (), before + 1);
  /* And that one is the newest. */
  EXPECT_GT (job.fractions.back (), 0.5);
  cluster.run_for (3600 * kSecond);
  cluster.iterate ();
  job.check_story ();
}

TEST (JobContext, EveryStateIsToldHoweverSlowTheCallerIs)
{
  JobSimulation slow, prompt;

  for (JobSimulation *cluster : {&slow, &prompt})
    {
      g_main_context_push_thread_default (cluster->context);
      cluster->vm.memory = 16 * kGiB;
      cluster->add_vm ();
    }
  Job late (slow, slow.source, slow.destination);
  g_main_context_pop_thread_default (prompt.context);
  late.start ();
  slow.run_for (100 * kSecond);
  slow.iterate ();
  g_main_context_push_thread_default (prompt.context);
  Job early (prompt, prompt.source, prompt.destination);
  ASSERT_TRUE (early.finish_run ());
  EXPECT_EQ (late.states, early.states);
  g_main_context_pop_thread_default (prompt.context);
  g_main_context_pop_thread_default (slow.context);
}

/* --- references --- */

TEST (JobContext, TheLastReferenceMayBeDroppedWhileItRuns)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.vm.persistent = cluster.vm.autostart = TRUE;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  gpointer watched = job.job;
  g_object_add_weak_pointer (G_OBJECT (job.job), &watched);
  job.release ();
  EXPECT_NE (watched, nullptr);
  ASSERT_TRUE (job.finish ());
  EXPECT_TRUE (job.run.ok) << job.run.message;
  EXPECT_EQ (cluster.running_on (), "hv2");
  Reply there = cluster.get (1, VMMIG_CALL_INSPECT);
  EXPECT_TRUE (there.autostart);
  EXPECT_EQ (there.tag, "");
  cluster.run_both_for (60 * kSecond);
  EXPECT_EQ (watched, nullptr);
}

TEST (JobContext, NodesMayBeForgottenWhileItRuns)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  VmmigNode *source = cluster.make_node ("hv1");
  VmmigNode *destination = cluster.make_node ("hv2");
  Job job (cluster, source, destination);
  job.start ();
  g_object_unref (source);
  g_object_unref (destination);
  ASSERT_TRUE (job.finish ());
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
}

TEST (JobContext, AJobThatNeverRanIsFreed)
{
  JobSimulation cluster;

  Job job (cluster, cluster.source, cluster.destination);
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_PENDING);
  EXPECT_EQ (job.result (), nullptr);
  EXPECT_EQ (vmmig_migration_job_get_snapshot (job.job), nullptr);
  EXPECT_FALSE (vmmig_migration_job_is_finished (job.job));
}

TEST (JobContext, NothingIsLeftOfJobsThatEnded)
{
  JobSimulation cluster;

  cluster.add_vm ();
  for (int i = 0; i < 20; i++)
    {
      bool there = i % 2 == 0;
      Job job (cluster, there ? cluster.source : cluster.destination,
               there ? cluster.destination : cluster.source);
      gpointer watched = job.job;

      g_object_add_weak_pointer (G_OBJECT (job.job), &watched);
      ASSERT_TRUE (job.finish_run ());
      EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << i << job.describe ();
      cluster.run_both_for (60 * kSecond);
      job.release ();
      EXPECT_EQ (watched, nullptr);
      EXPECT_EQ (vmmig_driver_simulated_count_pending (cluster.driver), 0u);
    }
}

/* --- handlers that do something --- */

TEST (JobContext, AHandlerMayCancel)
{
  JobSimulation cluster;
  bool asked = false;

  cluster.vm.memory = 64 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.on_progress = [&] {
    if (!asked)
      job.cancel ();
    asked = true;
  };
  ASSERT_TRUE (job.finish_run ());
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED);
}

TEST (JobContext, AHandlerMayRunTheContextItself)
{
  JobSimulation cluster;
  int depth = 0;

  cluster.vm.memory = 32 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  auto nested = [&] {
    if (depth++ < 3)
      {
        cluster.run_for (kSecond);
        cluster.iterate ();
      }
    depth--;
  };
  job.on_progress = nested;
  job.on_state = nested;
  ASSERT_TRUE (job.finish_run ());
  EXPECT_EQ (job.run.called, 1);
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
  EXPECT_TRUE (std::is_sorted (job.fractions.begin (), job.fractions.end ()));
}

TEST (JobContext, ACallbackMayStartTheNextJob)
{
  JobSimulation cluster;

  cluster.add_vm ();
  Job back (cluster, cluster.destination, cluster.source);
  Job there (cluster, cluster.source, cluster.destination);
  there.on_end = [&] { back.start (); };
  there.start ();
  ASSERT_TRUE (back.finish ());
  there.check_story ();
  back.check_story ();
  EXPECT_EQ (cluster.running_on (), "hv1");
}

TEST (JobContext, WhatItWasToldIsFrozenWhenItStarts)
{
  JobSimulation cluster;
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_policy (job.job, policy);
  job.start ();
  vmmig_migration_policy_set_encryption (policy, VMMIG_ENCRYPTION_OFF);
  vmmig_migration_policy_set_allow_post_copy (policy, TRUE);
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  auto answer = job.post_copy ();
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_INVALID_POLICY);
  EXPECT_EQ (vmmig_migration_result_get_encryption (job.result ()),
             VMMIG_ENCRYPTION_STATUS_ENCRYPTED);
}

/* --- many jobs --- */

class ManyJobs : public ::testing::Test
{
protected:
  /* All from the first node, to @n_destinations others. */
  void run (int first, int count, size_t n_destinations, guint64 bandwidth = 0)
  {
    std::vector<std::unique_ptr<Job> > jobs;
    VmmigMigrationPolicy *policy = vmmig_migration_policy_new ();

    if (bandwidth > 0)
      vmmig_migration_policy_set_bandwidth (policy, bandwidth);
    for (int i = first; i < first + count; i++)
      {
        char *uuid = g_strdup_printf ("11111111-2222-4333-8444-5555555555%02d", i);
        char *name = g_strdup_printf ("vm%d", i);

        vmmig_simulated_vm_spec_init (&cluster.vm, name, uuid);
        cluster.vm.dirty_rate = kMiB;
        cluster.vm.memory = 256 * kMiB;
        cluster.add_vm ();
        jobs.push_back (std::make_unique<Job> (
            cluster, cluster.source,
            cluster.node_objects[1 + static_cast<size_t> (i) % n_destinations], name));
        vmmig_migration_job_set_policy (jobs.back ()->job, policy);
        g_free (name);
        g_free (uuid);
      }
    g_object_unref (policy);
    for (auto &job : jobs)
      job->start ();
    for (auto &job : jobs)
      {
        ASSERT_TRUE (job->finish ());
        job->check_story ();
        EXPECT_EQ (job->outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job->describe ();
      }
  }

  guint count_polls () const
  {
    return vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_POLL);
  }

  JobSimulation cluster;
};

TEST_F (ManyJobs, ShareOneContext) { run (0, static_cast<int> (rounds (50, 15)), 2); }

/* 16 s each: a daemon is asked no more often than for half as many. */
TEST_F (ManyJobs, DoNotPollADaemonToDeath)
{
  guint few, many;

  run (0, 5, 1, 16 * kMiB);
  few = count_polls ();
  run (5, 50, 1, 16 * kMiB);
  many = count_polls () - few;
  EXPECT_GT (few, 5u * 12);
  EXPECT_LT (many / 50.0, few / 5.0 * 0.6);
  EXPECT_GT (many / 50.0, few / 5.0 * 0.2);
}

/* --- threads --- */

/* A caller with a thread and a context of its own. Everything in it but what says so. */
class Caller
{
public:
  Caller (JobSimulation &cluster_, const char *vm_, bool cancels_)
      : cluster (cluster_), vm (vm_), cancels (cancels_), thread ([this] { run (); })
  {
  }

  ~Caller () { thread.join (); }

  std::atomic<bool> done{false}; /* any thread */
  int ended = 0; /* after done */
  bool succeeded = false;
  int code = 0;
  VmmigVmLocation location = VMMIG_VM_LOCATION_UNKNOWN;

private:
  void run ()
  {
    GMainContext *context = g_main_context_new ();

    g_main_context_push_thread_default (context);
    {
      VmmigNode *source = cluster.make_node ("hv1");
      VmmigNode *destination = cluster.make_node ("hv2");
      Job job (cluster, source, destination, vm);

      g_object_unref (source);
      g_object_unref (destination);
      if (cancels)
        job.on_progress = [&] { job.cancel (); };
      job.start ();
      while (!job.ended ())
        g_main_context_iteration (context, TRUE);
      job.check_story ();
      ended = job.run.called;
      succeeded = job.run.ok;
      code = job.run.code;
      location = job.location ();
      /* What was asked is answered, also after the end. */
      while (std::any_of (job.answers.begin (), job.answers.end (),
                          [] (const auto &answer) { return answer->called == 0; }))
        g_main_context_iteration (context, TRUE);
    }
    g_main_context_pop_thread_default (context);
    g_main_context_unref (context);
    done = true;
  }

  JobSimulation &cluster;
  const char *vm;
  bool cancels;
  std::thread thread;
};

TEST (JobThreads, EachCallerHearsOfItsOwnJobInItsOwnThread)
{
  for (guint64 seed = 0; seed < 20; seed++)
    {
      JobSimulation cluster (seed);

      cluster.vm.memory = 64 * kGiB;
      cluster.add_vm ();
      vmmig_simulated_vm_spec_init (&cluster.vm, "db2", kOtherVm);
      cluster.add_vm ();
      {
        Caller first (cluster, "db1", true);
        Caller second (cluster, "db2", false);

        while (!first.done || !second.done)
          {
            if (!vmmig_driver_simulated_step (cluster.driver))
              std::this_thread::yield ();
          }
        EXPECT_EQ (first.ended, 1);
        EXPECT_EQ (second.ended, 1);
        EXPECT_TRUE (second.succeeded);
        /* The virtual clock does not wait for the thread that cancels. */
        EXPECT_TRUE (first.succeeded || first.code == VMMIG_ERROR_CANCELLED);
        EXPECT_EQ (first.location,
                   first.succeeded ? VMMIG_VM_LOCATION_DESTINATION : VMMIG_VM_LOCATION_SOURCE);
        EXPECT_EQ (cluster.running_on (), first.succeeded ? "hv2" : "hv1");
      }
    }
}

TEST (JobThreads, ACancellableMayBeCancelledInAnyThread)
{
  JobSimulation cluster;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  cluster.vm.memory = 64 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start (cancellable);
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  std::thread other ([&] { g_cancellable_cancel (cancellable); });
  other.join ();
  ASSERT_TRUE (job.finish (10 * kSecond));
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED);
}

} // namespace
