/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job-simulation.h"

namespace
{

void
expect_on_source (JobSimulation &cluster, const Job &job, const char *look = "running")
{
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED) << job.describe ();
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE) << job.describe ();
  EXPECT_EQ (cluster.look (cluster.hv1), look);
  EXPECT_EQ (cluster.running_on (), "hv1");
  cluster.run_both_for (5 * kSecond);
  EXPECT_EQ (cluster.look (cluster.hv2), "not there");
  EXPECT_EQ (cluster.get (0, VMMIG_CALL_INSPECT).tag, "");
  EXPECT_EQ (vmmig_driver_simulated_count_pending (cluster.driver), 0u);
}

void
expect_that_it_works_now (JobSimulation &cluster)
{
  Job again (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (again.finish_run ());
  EXPECT_EQ (again.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << again.describe ();
  EXPECT_EQ (cluster.running_on (), "hv2");
}

/* --- what is refused before anything moves --- */

struct Refusal
{
  const char *name;
  std::function<void (JobSimulation &, Job &)> arrange;
  VmmigError code;
  const char *named; /* in its message */
  bool asks_libvirt; /* only libvirt itself can tell */
  VmmigVmLocation location = VMMIG_VM_LOCATION_SOURCE;
};

class JobRefusal : public testing::TestWithParam<Refusal>
{
};

TEST_P (JobRefusal, SaysWhyAndLeavesTheVmAlone)
{
  JobSimulation cluster;
  const Refusal &given = GetParam ();

  cluster.vm.persistent = TRUE;
  Job job (cluster, cluster.source, cluster.destination);
  given.arrange (cluster, job);
  cluster.add_vm ();
  std::string before = cluster.look (cluster.hv1);
  ASSERT_TRUE (job.finish_run ()) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED);
  EXPECT_EQ (job.run.code, given.code) << job.describe ();
  EXPECT_EQ (job.location (), given.location) << job.describe ();
  EXPECT_NE (job.run.message.find ("db1"), std::string::npos) << job.run.message;
  EXPECT_NE (job.run.message.find (given.named), std::string::npos) << job.run.message;
  EXPECT_EQ (cluster.look (cluster.hv1), before);
  EXPECT_NE (cluster.running_on (), "hv2");
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE),
             given.asks_libvirt ? 1u : 0u);
  cluster.run_both_for (kSecond);
  VmmigVmFacts *facts = vmmig_simulated_host_look (cluster.hv1, kVm);
  EXPECT_EQ (facts->tag, nullptr);
  vmmig_vm_facts_free (facts);
}

const Refusal kRefusals[] = {
    {"DestinationDown",
     [] (JobSimulation &cluster, Job &) { vmmig_simulated_host_kill_daemon (cluster.hv2); },
     VMMIG_ERROR_UNREACHABLE, "hv2", false},
    {"DestinationSilent",
     [] (JobSimulation &cluster, Job &) { vmmig_simulated_host_cut_client (cluster.hv2); },
     VMMIG_ERROR_UNREACHABLE, "hv2", false},
    {"SourceSilent",
     [] (JobSimulation &cluster, Job &) { vmmig_simulated_host_cut_client (cluster.hv1); },
     VMMIG_ERROR_UNREACHABLE, "hv1", false, VMMIG_VM_LOCATION_UNKNOWN},
    {"SameHost",
     [] (JobSimulation &cluster, Job &) {
       g_free (cluster.hv2->uuid);
       cluster.hv2->uuid = g_strdup (cluster.hv1->uuid);
     },
     VMMIG_ERROR_SAME_HOST, "hv2", false},
    {"NameTaken",
     [] (JobSimulation &cluster, Job &) {
       VmmigSimulatedVmSpec other;

       vmmig_simulated_vm_spec_init (&other, "db1", kOtherVm);
       vmmig_simulated_host_add_vm (cluster.hv2, &other);
     },
     VMMIG_ERROR_CONFLICT, "hv2", false},
    {"NameTakenByAShutOffVm",
     [] (JobSimulation &cluster, Job &) {
       VmmigSimulatedVmSpec other;

       vmmig_simulated_vm_spec_init (&other, "db1", kOtherVm);
       other.shut_off = TRUE;
       vmmig_simulated_host_add_vm (cluster.hv2, &other);
     },
     VMMIG_ERROR_CONFLICT, "hv2", false},
    {"ShutOff", [] (JobSimulation &cluster, Job &) { cluster.vm.shut_off = TRUE; },
     VMMIG_ERROR_VM_STATE, "hv1", false},
    {"NoCertificates", [] (JobSimulation &cluster, Job &) { cluster.hv2->has_tls = FALSE; },
     VMMIG_ERROR_INSECURE, "hv2", true},
    {"NoMemory", [] (JobSimulation &cluster, Job &) { cluster.hv2->memory = kMiB; },
     VMMIG_ERROR_NO_RESOURCES, "hv2", false},
    {"LocalDisk", [] (JobSimulation &cluster, Job &) { cluster.vm.disk = kGiB; },
     VMMIG_ERROR_STORAGE, "hv2", true},
    {"NoImageThere",
     [] (JobSimulation &cluster, Job &) {
       cluster.hv2->storage_error = "Cannot access storage file '/vm/db1.img': No such file";
     },
     VMMIG_ERROR_STORAGE, "it failed while preparing, by the storage of hv2, and the VM is on hv1",
     true},
    {"OldLibvirt",
     [] (JobSimulation &cluster, Job &job) {
       g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

       cluster.hv2->libvirt_version = 9003000;
       vmmig_migration_policy_set_parallel_connections (policy, 4);
       vmmig_migration_policy_set_compression (policy, VMMIG_COMPRESSION_ZSTD);
       vmmig_migration_job_set_policy (job.job, policy);
     },
     VMMIG_ERROR_NOT_SUPPORTED, "libvirt", false},
    {"NoSuchNetwork",
     [] (JobSimulation &cluster, Job &job) {
       g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

       vmmig_simulated_host_add_alias (cluster.hv2, "192.168.1.2");
       vmmig_migration_policy_set_network (policy, "10.9.0.0/24");
       vmmig_migration_job_set_policy (job.job, policy);
     },
     VMMIG_ERROR_NETWORK, "10.9.0.0/24", false},
};

INSTANTIATE_TEST_SUITE_P (All, JobRefusal, testing::ValuesIn (kRefusals), [] (const auto &given) {
  return std::string (given.param.name);
});

TEST (JobFault, AVmThatIsNotThereIsLookedForOnTheDestinationToo)
{
  JobSimulation cluster;

  Job nowhere (cluster, cluster.source, cluster.destination, "ghost");
  ASSERT_TRUE (nowhere.finish_run ());
  nowhere.check_story ();
  EXPECT_EQ (nowhere.run.code, VMMIG_ERROR_VM_NOT_FOUND);
  EXPECT_NE (nowhere.run.message.find ("ghost"), std::string::npos);
  cluster.add_vm ();
  Job moved (cluster, cluster.destination, cluster.source);
  ASSERT_TRUE (moved.finish_run ());
  EXPECT_EQ (moved.run.code, VMMIG_ERROR_VM_NOT_FOUND);
  EXPECT_NE (moved.run.message.find ("hv1"), std::string::npos) << moved.run.message;
}

TEST (JobFault, TheMigrationNetworkIsUsedAndNoOther)
{
  JobSimulation cluster;
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

  cluster.add_vm ();
  vmmig_simulated_host_add_alias (cluster.hv2, "192.168.1.2");
  vmmig_simulated_host_add_alias (cluster.hv2, "10.9.0.2");
  vmmig_migration_policy_set_network (policy, "10.9.0.0/24");
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_policy (job.job, policy);
  ASSERT_TRUE (job.finish_run ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
}

/* --- every call that can fail, does --- */

class JobCallFault
    : public testing::TestWithParam<std::tuple<VmmigCallKind, VmmigSimulatedFaultKind, int> >
{
};

TEST_P (JobCallFault, EndsInTheTruth)
{
  const auto [call, kind, where] = GetParam ();

  for (guint nth = 1; nth <= 4; nth++)
    {
      JobSimulation cluster (nth);
      VmmigSimulatedFault fault = {kind, VMMIG_ERROR_FAILED, 20 * kMillisecond, 0};

      cluster.vm.memory = 2 * kGiB;
      cluster.vm.persistent = cluster.vm.autostart = TRUE;
      cluster.add_vm ();
      vmmig_simulated_host_add_fault (cluster.hosts[static_cast<size_t> (where)], call, nth,
                                      &fault);
      Job job (cluster, cluster.source, cluster.destination);
      job.start ();
      ASSERT_TRUE (job.finish (120 * kSecond)) << nth << job.describe ();
      job.check_story ();
      EXPECT_EQ (job.outcome () == VMMIG_JOB_STATE_SUCCEEDED, cluster.running_on () == "hv2")
          << nth << job.describe ();
      EXPECT_EQ (job.location () == VMMIG_VM_LOCATION_DESTINATION, cluster.running_on () == "hv2");
      cluster.run_both_for (60 * kSecond);
      /* Whoever failed did not leave a migration behind that goes on without a job. */
      EXPECT_EQ (cluster.running_on (), job.outcome () == VMMIG_JOB_STATE_SUCCEEDED ? "hv2" : "hv1")
          << nth << job.describe ();
      EXPECT_EQ (vmmig_driver_simulated_count_pending (cluster.driver), 0u);
      Reply left =
          cluster.get (job.outcome () == VMMIG_JOB_STATE_SUCCEEDED ? 1 : 0, VMMIG_CALL_INSPECT);
      EXPECT_TRUE (left.tag.empty () || job.warnings ().find ("mark") != std::string::npos)
          << nth << job.describe () << job.warnings ();
    }
}

INSTANTIATE_TEST_SUITE_P (
    EachCall,
    JobCallFault,
    testing::Combine (testing::Range (VMMIG_CALL_OPEN,
                                      static_cast<VmmigCallKind> (VMMIG_CALL_RESOLVE + 1),
                                      static_cast<VmmigCallKind> (1)),
                      testing::Values (VMMIG_SIMULATED_FAULT_ERROR,
                                       VMMIG_SIMULATED_FAULT_DELAY,
                                       VMMIG_SIMULATED_FAULT_SLOW,
                                       VMMIG_SIMULATED_FAULT_LOST_BEFORE,
                                       VMMIG_SIMULATED_FAULT_LOST_AFTER),
                      testing::Values (0, 1)));

/* Fifty migrations that start at once wait for each other on their destination. */
TEST (JobPrepare, WaitsLongerForADestinationThatBeginsToReceiveOthers)
{
  for (bool with_another : {false, true})
    {
      const VmmigSimulatedFault slow = {VMMIG_SIMULATED_FAULT_SLOW, VMMIG_ERROR_FAILED,
                                        25 * kSecond, 0};
      JobSimulation cluster;

      cluster.add_vm ();
      vmmig_simulated_vm_spec_init (&cluster.vm, "db2", kOtherVm);
      cluster.add_vm ();
      vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_MIGRATE, 1, &slow);
      Job job (cluster, cluster.source, cluster.destination);
      Job other (cluster, cluster.source, cluster.destination, "db2");
      job.start ();
      cluster.run_both_for (10 * kSecond);
      if (with_another)
        {
          ASSERT_TRUE (other.finish_run ());
          EXPECT_EQ (other.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << other.describe ();
        }
      ASSERT_TRUE (job.finish ());
      EXPECT_EQ (job.outcome (), with_another ? VMMIG_JOB_STATE_SUCCEEDED : VMMIG_JOB_STATE_FAILED)
          << job.describe ();
      EXPECT_EQ (job.run.code, with_another ? 0 : VMMIG_ERROR_TIMED_OUT) << job.run.message;
    }
}

/* What hangs is told when our deadline comes, and not when all others have passed as well. */
TEST (JobPrepare, ADestinationThatFallsSilentIsToldSoon)
{
  for (VmmigSimulatedPhase phase : {VMMIG_SIMULATED_PHASE_BEGIN, VMMIG_SIMULATED_PHASE_PREPARE})
    for (bool cancel : {false, true})
      {
        JobSimulation cluster;

        cluster.add_vm ();
        for (VmmigSimulatedHost *host : cluster.hosts)
          host->peer_keepalive = 600 * kSecond;
        Job job (cluster, cluster.source, cluster.destination);
        job.start ();
        ASSERT_TRUE (cluster.run_both ([&] { return cluster.phase () == phase; }));
        vmmig_simulated_host_stop_daemon (cluster.hv2);
        gint64 bound = vmmig_driver_now (cluster.driver) + 22 * kSecond;
        if (cancel)
          {
            job.cancel ();
            bound = vmmig_driver_now (cluster.driver) + 12 * kSecond;
          }
        ASSERT_TRUE (job.finish (120 * kSecond)) << job.describe ();
        EXPECT_LT (vmmig_driver_now (cluster.driver), bound) << phase << cancel;
        EXPECT_EQ (job.run.code, cancel ? VMMIG_ERROR_CANCELLED : VMMIG_ERROR_TIMED_OUT)
            << job.run.message;
        EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE);
        EXPECT_NE (job.warnings ().find ("hv1 still holds the migration"), std::string::npos);
      }
}

/* One that is merely slow is waited for, however long it takes. */
TEST (JobPrepare, ADestinationThatIsAtWorkIsWaitedFor)
{
  JobSimulation cluster;

  cluster.add_vm ();
  cluster.hv2->prepare_time = 300 * kSecond;
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  cluster.run_both_for (290 * kSecond);
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_PREPARING) << job.describe ();
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
}

/* --- what breaks while it runs --- */

struct Breakage
{
  const char *name;
  std::function<void (JobSimulation &)> happen;
};

class JobBreakage : public testing::TestWithParam<std::tuple<Breakage, VmmigSimulatedPhase> >
{
};

TEST_P (JobBreakage, LeavesTheVmOnItsSourceAndItWorksTheNextTime)
{
  JobSimulation cluster;

  cluster.vm.memory = 4 * kGiB;
  cluster.vm.dirty_rate = 500 * kMiB;
  cluster.vm.working_set = 280 * kMiB;
  cluster.add_vm ();
  for (VmmigSimulatedHost *host : cluster.hosts)
    host->peer_keepalive = 6 * kSecond;
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (cluster.run_both ([&] { return cluster.phase () == std::get<1> (GetParam ()); }));
  std::get<0> (GetParam ()).happen (cluster);
  cluster.at (20 * kSecond, [&] {
    for (VmmigSimulatedHost *host : cluster.hosts)
      {
        vmmig_simulated_host_start_daemon (host);
        vmmig_simulated_host_restore_client (host);
        vmmig_simulated_host_continue_daemon (host);
      }
    vmmig_simulated_link_restore (cluster.hv1, cluster.hv2);
  });
  ASSERT_TRUE (job.finish (120 * kSecond)) << job.describe ();
  cluster.run_both_for (30 * kSecond);
  expect_on_source (cluster, job, cluster.look (cluster.hv1).c_str ());
  EXPECT_NE (job.run.message.find ("hv1"), std::string::npos) << job.run.message;
  expect_that_it_works_now (cluster);
}

const Breakage kBreakages[] = {
    {"DestinationQemuKilled",
     [] (JobSimulation &cluster) {
       vmmig_simulated_vm_end (cluster.hv2, kVm, VMMIG_SIMULATED_END_KILLED);
     }},
    {"DestinationVmDestroyed",
     [] (JobSimulation &cluster) {
       vmmig_simulated_vm_end (cluster.hv2, kVm, VMMIG_SIMULATED_END_DESTROYED);
     }},
    {"LinkReset",
     [] (JobSimulation &cluster) { vmmig_simulated_link_reset (cluster.hv1, cluster.hv2); }},
    {"LinkCut",
     [] (JobSimulation &cluster) { vmmig_simulated_link_cut (cluster.hv1, cluster.hv2); }},
    {"SourceDaemonKilled",
     [] (JobSimulation &cluster) { vmmig_simulated_host_kill_daemon (cluster.hv1); }},
    {"DestinationDaemonKilled",
     [] (JobSimulation &cluster) { vmmig_simulated_host_kill_daemon (cluster.hv2); }},
    {"BothDaemonsKilled",
     [] (JobSimulation &cluster) {
       vmmig_simulated_host_kill_daemon (cluster.hv1);
       vmmig_simulated_host_kill_daemon (cluster.hv2);
     }},
    {"DestinationGoneAltogether",
     [] (JobSimulation &cluster) {
       vmmig_simulated_host_cut_client (cluster.hv2);
       vmmig_simulated_link_cut (cluster.hv1, cluster.hv2);
     }},
};

INSTANTIATE_TEST_SUITE_P (EachPhase,
                          JobBreakage,
                          testing::Combine (testing::ValuesIn (kBreakages),
                                            testing::Values (VMMIG_SIMULATED_PHASE_PREPARE,
                                                             VMMIG_SIMULATED_PHASE_COPY,
                                                             VMMIG_SIMULATED_PHASE_SWITCHOVER)),
                          [] (const auto &given) {
                            return std::string (std::get<0> (given.param).name) +
                                   std::to_string (std::get<1> (given.param));
                          });

/* libvirt cannot know whether the destination started, so it leaves its own copy stopped. */
TEST (JobFault, ASourceWhoseDaemonDiedDuringTheHandOverIsLeftToItsOwner)
{
  JobSimulation cluster;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (cluster.run_both ([&] { return cluster.phase () == VMMIG_SIMULATED_PHASE_FINISH; }));
  vmmig_simulated_host_kill_daemon (cluster.hv1);
  cluster.run_both_for (20 * kSecond);
  EXPECT_FALSE (job.ended ()) << job.describe ();
  vmmig_simulated_host_start_daemon (cluster.hv1);
  ASSERT_TRUE (job.finish (60 * kSecond)) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED);
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_NE (job.run.message.find ("stands still"), std::string::npos) << job.run.message;
  EXPECT_EQ (cluster.look (cluster.hv1), "paused (migrating)");
  EXPECT_EQ (cluster.look (cluster.hv2), "not there");
}

/* --- the client's side --- */

TEST (JobFault, ANetworkThatComesBackInTimeIsNotNoticed)
{
  JobSimulation cluster;

  cluster.vm.memory = 16 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  vmmig_simulated_link_cut (cluster.hv1, cluster.hv2);
  cluster.run_both_for (3 * kSecond);
  vmmig_simulated_link_restore (cluster.hv1, cluster.hv2);
  ASSERT_TRUE (job.finish ());
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED);
}

TEST (JobFault, AMigrationWhoseCallWasLostIsFollowedToItsEnd)
{
  JobSimulation cluster;
  VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_LOST_AFTER, VMMIG_ERROR_FAILED, 3 * kSecond,
                               0};

  cluster.vm.memory = 16 * kGiB;
  cluster.vm.persistent = TRUE;
  cluster.add_vm ();
  vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_MIGRATE, 1, &fault);
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.finish ());
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  EXPECT_EQ (cluster.running_on (), "hv2");
  EXPECT_EQ (cluster.look (cluster.hv1), "not there");
}

TEST (JobFault, AMigrationWhoseCallWasLostCanStillBeCancelled)
{
  JobSimulation cluster;
  VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_LOST_AFTER, VMMIG_ERROR_FAILED, 3 * kSecond,
                               0};

  cluster.vm.memory = 64 * kGiB;
  cluster.add_vm ();
  vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_MIGRATE, 1, &fault);
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  cluster.run_both_for (10 * kSecond);
  EXPECT_FALSE (job.ended ());
  job.cancel ();
  ASSERT_TRUE (job.finish (10 * kSecond)) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED) << job.describe ();
  EXPECT_EQ (cluster.running_on (), "hv1");
}

TEST (JobFault, TheOutcomeIsUnknownUntilTheSourceReturns)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  vmmig_simulated_host_cut_client (cluster.hv1);
  vmmig_simulated_host_cut_client (cluster.hv2);
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_UNKNOWN, 120 * kSecond)) << job.describe ();
  cluster.run_both_for (1000 * kSecond);
  EXPECT_FALSE (job.ended ());
  EXPECT_EQ (cluster.running_on (), "hv2");
  vmmig_simulated_host_restore_client (cluster.hv1);
  vmmig_simulated_host_restore_client (cluster.hv2);
  ASSERT_TRUE (job.finish (60 * kSecond)) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
}

TEST (JobFault, AFrozenDestinationDoesNotKeepAnybodyFromAsking)
{
  JobSimulation cluster;

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  vmmig_simulated_vm_freeze (cluster.hv2, kVm, TRUE);
  auto answer = job.cancel ();
  cluster.run_both_for (60 * kSecond);
  EXPECT_TRUE (answer->ok) << answer->message;
  vmmig_simulated_vm_freeze (cluster.hv2, kVm, FALSE);
  ASSERT_TRUE (job.finish (20 * kSecond));
  job.check_story ();
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED);
}

/* --- the VM ends --- */

TEST (JobFault, AVmThatEndsByItselfIsNobodysFailure)
{
  for (VmmigSimulatedEnd end :
       {VMMIG_SIMULATED_END_POWER_OFF, VMMIG_SIMULATED_END_DESTROYED, VMMIG_SIMULATED_END_KILLED})
    for (bool persistent : {false, true})
      {
        JobSimulation cluster;

        cluster.vm.memory = 8 * kGiB;
        cluster.vm.persistent = persistent;
        cluster.add_vm ();
        Job job (cluster, cluster.source, cluster.destination);
        job.start ();
        ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
        vmmig_simulated_vm_end (cluster.hv1, kVm, end);
        ASSERT_TRUE (job.finish (60 * kSecond)) << job.describe ();
        job.check_story ();
        EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED);
        EXPECT_EQ (job.run.code, VMMIG_ERROR_VM_STOPPED) << job.describe ();
        EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_NOWHERE);
        cluster.run_both_for (5 * kSecond);
        EXPECT_EQ (cluster.look (cluster.hv2), "not there");
      }
}

TEST (JobFault, ACopyThatSomebodyElseMadeIsNotTouched)
{
  JobSimulation cluster;
  VmmigSimulatedVmSpec second;

  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  /* Somebody starts another copy there, after the remnant was destroyed. */
  vmmig_simulated_vm_end (cluster.hv2, kVm, VMMIG_SIMULATED_END_DESTROYED);
  vmmig_simulated_vm_spec_init (&second, "db1", kVm);
  second.paused = TRUE;
  vmmig_simulated_host_add_vm (cluster.hv2, &second);
  ASSERT_TRUE (job.finish (60 * kSecond) || job.state () == VMMIG_JOB_STATE_UNKNOWN)
      << job.describe ();
  EXPECT_EQ (cluster.look (cluster.hv1), "running");
  EXPECT_EQ (cluster.look (cluster.hv2), "paused (by its owner)");
  vmmig_simulated_vm_end (cluster.hv2, kVm, VMMIG_SIMULATED_END_DESTROYED);
  ASSERT_TRUE (job.finish (60 * kSecond)) << job.describe ();
  job.check_story ();
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE);
}

} // namespace
