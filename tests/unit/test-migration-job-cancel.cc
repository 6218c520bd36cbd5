/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job-simulation.h"

namespace
{

void
expect_untouched (JobSimulation &cluster, const Job &job)
{
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED) << job.describe ();
  EXPECT_EQ (job.run.code, VMMIG_ERROR_CANCELLED) << job.describe ();
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (cluster.running_on (), "hv1");
  EXPECT_EQ (cluster.look (cluster.hv2), "not there");
  Reply here = cluster.get (0, VMMIG_CALL_INSPECT);
  EXPECT_EQ (here.tag, "");
  EXPECT_EQ (here.job, VMMIG_VM_JOB_NONE);
}

void
expect_that_it_works_now (JobSimulation &cluster)
{
  Job again (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (again.finish_run ());
  EXPECT_EQ (again.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << again.describe ();
}

/* --- in each phase of libvirt --- */

class JobCancel : public testing::TestWithParam<VmmigSimulatedPhase>
{
};

TEST_P (JobCancel, LeavesTheVmRunningOnItsSource)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.vm.disk = kGiB;
  cluster.vm.persistent = TRUE;
  cluster.vm.autostart = TRUE;
  /* Long enough to hit the switch-over. */
  cluster.vm.dirty_rate = 600 * kMiB;
  cluster.vm.working_set = 290 * kMiB;
  cluster.add_vm ();
  cluster.hv1->latency = 200;
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_copy_storage (job.job, VMMIG_COPY_STORAGE_ALL);
  job.start ();
  ASSERT_TRUE (cluster.run_both ([&] { return cluster.phase () == GetParam (); }));
  gint64 asked = cluster.now ();
  auto answer = job.cancel ();
  ASSERT_TRUE (job.finish (5 * kSecond)) << job.describe ();
  EXPECT_LT (cluster.now () - asked, 2 * kSecond);
  EXPECT_EQ (answer->called, 1);
  EXPECT_TRUE (answer->ok) << answer->message;
  expect_untouched (cluster, job);
  Reply here = cluster.get (0, VMMIG_CALL_INSPECT);
  EXPECT_TRUE (here.persistent);
  EXPECT_TRUE (here.autostart);
  Job again (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_copy_storage (again.job, VMMIG_COPY_STORAGE_ALL);
  ASSERT_TRUE (again.finish_run ());
  EXPECT_EQ (again.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << again.describe ();
}

INSTANTIATE_TEST_SUITE_P (EachPhase,
                          JobCancel,
                          testing::Values (VMMIG_SIMULATED_PHASE_BEGIN,
                                           VMMIG_SIMULATED_PHASE_PREPARE,
                                           VMMIG_SIMULATED_PHASE_DISKS,
                                           VMMIG_SIMULATED_PHASE_COPY,
                                           VMMIG_SIMULATED_PHASE_SWITCHOVER));

/* --- in each state of the job, by each way to ask --- */

class JobCancelAtAnyTime : public testing::TestWithParam<bool>
{
};

TEST_P (JobCancelAtAnyTime, TellsTheTruth)
{
  int cancelled = 0, succeeded = 0;

  /* Every few milliseconds of a migration that takes a good second. */
  for (gint64 delay = 0; delay < 3 * kSecond; delay += 7 * kMillisecond)
    {
      JobSimulation cluster (static_cast<guint64> (delay));
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      std::shared_ptr<Answer> answer;

      cluster.add_vm ();
      Job job (cluster, cluster.source, cluster.destination);
      job.start (GetParam () ? cancellable : nullptr);
      cluster.at (delay, [&] {
        if (GetParam ())
          g_cancellable_cancel (cancellable);
        else
          answer = job.cancel ();
      });
      ASSERT_TRUE (job.finish (30 * kSecond)) << delay << ": " << job.describe ();
      cluster.run_both_for (3 * kSecond);
      job.check_story ();
      if (!GetParam ())
        {
          ASSERT_NE (answer, nullptr);
          EXPECT_EQ (answer->called, 1) << delay;
          EXPECT_TRUE (answer->ok || answer->code == VMMIG_ERROR_WRONG_STATE) << answer->message;
        }
      if (job.outcome () == VMMIG_JOB_STATE_SUCCEEDED)
        {
          succeeded++;
          EXPECT_EQ (cluster.running_on (), "hv2") << delay;
        }
      else
        {
          cancelled++;
          EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED) << delay << job.describe ();
          EXPECT_EQ (job.run.code, VMMIG_ERROR_CANCELLED) << delay << job.describe ();
          EXPECT_EQ (cluster.running_on (), "hv1") << delay;
          EXPECT_EQ (cluster.look (cluster.hv2), "not there") << delay;
          EXPECT_EQ (cluster.get (0, VMMIG_CALL_INSPECT).tag, "") << delay << job.describe ();
        }
    }
  EXPECT_GT (cancelled, 100);
  EXPECT_GT (succeeded, 20);
}

INSTANTIATE_TEST_SUITE_P (ByMethodAndByCancellable,
                          JobCancelAtAnyTime,
                          testing::Values (false, true));

TEST (JobCancelled, ACancellableThatIsCancelledAlreadyStopsItBeforeItBegins)
{
  JobSimulation cluster;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  cluster.add_vm ();
  g_cancellable_cancel (cancellable);
  Job job (cluster, cluster.source, cluster.destination);
  job.start (cancellable);
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED);
  EXPECT_EQ (job.run.domain, VMMIG_ERROR);
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE), 0u);
}

/* --- too late --- */

class JobLateCancel : public testing::TestWithParam<VmmigSimulatedPhase>
{
};

TEST_P (JobLateCancel, ACancelThatCameTooLateIsASuccess)
{
  JobSimulation cluster;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (cluster.run_both ([&] { return cluster.phase () == GetParam (); }));
  auto answer = job.cancel ();
  ASSERT_TRUE (job.finish (10 * kSecond));
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_DESTINATION);
  EXPECT_EQ (cluster.running_on (), "hv2");
  cluster.run_both_for (kSecond);
  EXPECT_EQ (answer->called, 1);
}

INSTANTIATE_TEST_SUITE_P (EachPhase,
                          JobLateCancel,
                          testing::Values (VMMIG_SIMULATED_PHASE_FINISH,
                                           VMMIG_SIMULATED_PHASE_CONFIRM));

/* --- many times, and by others --- */

TEST (JobCancelled, TwiceDoesNoHarm)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  auto first = job.cancel ();
  auto second = job.cancel ();
  ASSERT_TRUE (job.finish (5 * kSecond));
  auto third = job.cancel ();
  cluster.run_both_for (kSecond);
  for (auto answer : {first, second, third})
    {
      EXPECT_EQ (answer->called, 1);
      EXPECT_TRUE (answer->ok) << answer->message;
    }
  expect_untouched (cluster, job);
}

TEST (JobCancelled, BySomebodyElseIsCancelledToo)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  EXPECT_TRUE (vmmig_simulated_vm_cancel (cluster.hv1, kVm));
  ASSERT_TRUE (job.finish (5 * kSecond));
  expect_untouched (cluster, job);
  expect_that_it_works_now (cluster);
}

TEST (JobCancelled, OneOfTenLeavesTheOthersAlone)
{
  JobSimulation cluster;
  std::vector<std::unique_ptr<Job> > jobs;

  for (int i = 0; i < 10; i++)
    {
      std::string name = "vm" + std::to_string (i);
      std::string uuid = "11111111-2222-4333-8444-55555555555" + std::to_string (i);

      vmmig_simulated_vm_spec_init (&cluster.vm, name.c_str (), uuid.c_str ());
      cluster.add_vm ();
      jobs.push_back (
          std::make_unique<Job> (cluster, cluster.source, cluster.destination, name.c_str ()));
    }
  for (auto &job : jobs)
    job->start ();
  cluster.run_both_for (3 * kSecond);
  jobs[4]->cancel ();
  for (size_t i = 0; i < jobs.size (); i++)
    {
      ASSERT_TRUE (jobs[i]->finish ());
      jobs[i]->check_story ();
      EXPECT_EQ (jobs[i]->outcome (),
                 i == 4 ? VMMIG_JOB_STATE_CANCELLED : VMMIG_JOB_STATE_SUCCEEDED);
    }
}

/* --- while something hangs --- */

TEST (JobCancelled, WhileANodeDoesNotAnswerItsConnect)
{
  JobSimulation cluster;

  cluster.add_vm ();
  vmmig_simulated_host_cut_client (cluster.hv2);
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  cluster.run_both_for (kSecond);
  gint64 asked = cluster.now ();
  job.cancel ();
  ASSERT_TRUE (job.finish (5 * kSecond));
  EXPECT_LE (cluster.now () - asked, kSecond);
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED);
}

TEST (JobCancelled, WhileLibvirtsConnectToTheDestinationHangs)
{
  JobSimulation cluster;

  cluster.add_vm ();
  vmmig_simulated_link_cut (cluster.hv1, cluster.hv2);
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PREPARING));
  cluster.run_both_for (2 * kSecond);
  job.cancel ();
  /* libvirt holds on for two minutes; nobody has to wait for that. */
  ASSERT_TRUE (job.finish (30 * kSecond)) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED) << job.describe ();
  EXPECT_EQ (cluster.running_on (), "hv1");
  vmmig_simulated_link_restore (cluster.hv1, cluster.hv2);
  cluster.run_both_for (300 * kSecond);
  EXPECT_EQ (cluster.running_on (), "hv1");
  EXPECT_EQ (cluster.look (cluster.hv2), "not there");
  expect_that_it_works_now (cluster);
}

TEST (JobCancelled, WhileTheSourceDoesNotAnswer)
{
  JobSimulation cluster;

  cluster.vm.memory = 64 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  vmmig_simulated_host_stop_daemon (cluster.hv1);
  auto answer = job.cancel ();
  cluster.run_both_for (VMMIG_RUNNER_CALL_TIMEOUT + kSecond);
  EXPECT_EQ (answer->called, 1);
  EXPECT_TRUE (answer->code == VMMIG_ERROR_TIMED_OUT || answer->code == VMMIG_ERROR_UNREACHABLE)
      << answer->message;
  EXPECT_FALSE (job.ended ());
  /* It is asked again when the source is back. */
  vmmig_simulated_host_continue_daemon (cluster.hv1);
  ASSERT_TRUE (job.finish (30 * kSecond)) << job.describe ();
  expect_untouched (cluster, job);
}

TEST (JobCancelled, WithoutADestinationThatAnswers)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  cluster.hv1->peer_keepalive = cluster.hv2->peer_keepalive = 6 * kSecond;
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  vmmig_simulated_link_cut (cluster.hv1, cluster.hv2);
  vmmig_simulated_host_cut_client (cluster.hv2);
  job.cancel ();
  ASSERT_TRUE (job.finish (30 * kSecond)) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED) << job.describe ();
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (cluster.running_on (), "hv1");
  EXPECT_NE (job.warnings ().find ("hv2"), std::string::npos);
}

TEST (JobCancelled, AnAnswerThatGetsLostIsAskedForAgain)
{
  for (VmmigSimulatedFaultKind kind :
       {VMMIG_SIMULATED_FAULT_LOST_BEFORE, VMMIG_SIMULATED_FAULT_LOST_AFTER,
        VMMIG_SIMULATED_FAULT_SILENCE, VMMIG_SIMULATED_FAULT_ERROR})
    {
      JobSimulation cluster;
      VmmigSimulatedFault fault = {kind, VMMIG_ERROR_FAILED, 0, 0};

      cluster.vm.memory = 64 * kGiB;
      cluster.add_vm ();
      vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_ABORT, 1, &fault);
      Job job (cluster, cluster.source, cluster.destination);
      job.start ();
      ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
      job.cancel ();
      ASSERT_TRUE (job.finish (20 * kSecond)) << kind << job.describe ();
      expect_untouched (cluster, job);
    }
}

TEST (JobCancelled, APausedGuestStaysPausedOnItsSource)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.vm.paused = TRUE;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  job.cancel ();
  ASSERT_TRUE (job.finish (10 * kSecond)) << job.describe ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED);
  EXPECT_EQ (cluster.look (cluster.hv1), "paused (by its owner)");
  EXPECT_EQ (cluster.look (cluster.hv2), "not there");
}

} // namespace
