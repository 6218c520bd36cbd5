/* A job's own preflight, and the report without a job's start.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job-simulation.h"

namespace
{

struct Looked
{
  int called = 0;
  VmmigPreflightReport *report = nullptr;
  GError *error = nullptr;

  ~Looked ()
  {
    g_clear_pointer (&report, vmmig_preflight_report_unref);
    g_clear_error (&error);
  }
};

void
looked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Looked *self = static_cast<Looked *> (data);

  self->called++;
  self->report =
      vmmig_migration_job_preflight_finish (VMMIG_MIGRATION_JOB (source), result, &self->error);
}

void
look (JobSimulation &cluster, Job &job, Looked &looked)
{
  vmmig_migration_job_preflight_async (job.job, nullptr, looked_cb, &looked);
  ASSERT_TRUE (cluster.run_both ([&] { return looked.called > 0; }));
}

const VmmigPreflightFinding *
find (const VmmigPreflightReport *report, const char *id)
{
  g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);

  for (guint i = 0; i < findings->len; i++)
    {
      auto finding = static_cast<const VmmigPreflightFinding *> (findings->pdata[i]);

      if (strcmp (vmmig_preflight_finding_get_id (finding), id) == 0)
        return finding;
    }
  return nullptr;
}

guint
count_changes (VmmigSimulatedHost *host)
{
  guint n = 0;

  for (VmmigCallKind kind :
       {VMMIG_CALL_TAG, VMMIG_CALL_MIGRATE, VMMIG_CALL_ABORT, VMMIG_CALL_SUSPEND,
        VMMIG_CALL_CHANGE_LABELS, VMMIG_CALL_START_SAMPLING, VMMIG_CALL_SET_AUTOSTART})
    n += vmmig_simulated_host_count_calls (host, kind);
  return n;
}

/* Three things are wrong with it. */
void
spoil (JobSimulation &cluster)
{
  cluster.hv2->memory = kMiB;
  vmmig_simulated_vm_set_snapshots (cluster.hv1, kVm, 2, 0);
  VmmigSimulatedVmSpec other;

  vmmig_simulated_vm_spec_init (&other, "db1", kOtherVm);
  other.shut_off = TRUE;
  vmmig_simulated_host_add_vm (cluster.hv2, &other);
}

TEST (JobPreflight, LooksAndTouchesNothing)
{
  JobSimulation cluster;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  Looked looked;
  look (cluster, job, looked);

  ASSERT_NE (looked.report, nullptr);
  EXPECT_FALSE (vmmig_preflight_report_is_blocked (looked.report));
  EXPECT_STREQ (vmmig_preflight_report_get_vm (looked.report), "db1");
  EXPECT_EQ (count_changes (cluster.hv1) + count_changes (cluster.hv2), 0u);
  EXPECT_EQ (job.state (), VMMIG_JOB_STATE_PENDING);
  ASSERT_TRUE (job.finish_run ()) << "a job that was looked at can run";
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
}

TEST (JobPreflight, ARefusalNamesAllThatBlocksAndTouchesNothing)
{
  JobSimulation cluster;

  cluster.add_vm ();
  spoil (cluster);
  Job job (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (job.finish_run ());
  job.check_story ();

  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_FAILED);
  EXPECT_EQ (job.location (), VMMIG_VM_LOCATION_SOURCE);
  for (const char *words :
       {"3 things stand in the way", "2 snapshots", "already exists", "free memory there"})
    EXPECT_NE (job.run.message.find (words), std::string::npos) << job.run.message;
  EXPECT_EQ (count_changes (cluster.hv1) + count_changes (cluster.hv2), 0u);
  EXPECT_EQ (cluster.look (cluster.hv1), "running");
  VmmigPreflightReport *report = vmmig_migration_result_get_preflight_report (job.result ());
  ASSERT_NE (report, nullptr);
  EXPECT_EQ (vmmig_preflight_report_count (report, VMMIG_PREFLIGHT_SEVERITY_BLOCKER), 3u);
}

TEST (JobPreflight, WhatDoesNotBlockIsKept)
{
  JobSimulation cluster;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (job.finish_run ());
  VmmigPreflightReport *report = vmmig_migration_result_get_preflight_report (job.result ());

  ASSERT_NE (report, nullptr);
  EXPECT_FALSE (vmmig_preflight_report_is_blocked (report));
  EXPECT_NE (find (report, "network.path"), nullptr);
}

TEST (JobPreflight, WhatIsSkippedIsTriedAndStaysVisible)
{
  const char *const skip[] = {"vm.snapshots", nullptr};
  JobSimulation cluster;

  cluster.add_vm ();
  vmmig_simulated_vm_set_snapshots (cluster.hv1, kVm, 2, 0);
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_skip_checks (job.job, skip);
  ASSERT_TRUE (job.finish_run ());

  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_SUCCEEDED) << job.describe ();
  const VmmigPreflightFinding *finding =
      find (vmmig_migration_result_get_preflight_report (job.result ()), "vm.snapshots");
  ASSERT_NE (finding, nullptr);
  EXPECT_EQ (vmmig_preflight_finding_get_severity (finding), VMMIG_PREFLIGHT_SEVERITY_WARNING);
}

TEST (JobPreflight, WhatCannotBeSkippedRefusesTheJob)
{
  const char *const skip[] = {"vm.name", nullptr};
  JobSimulation cluster;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_skip_checks (job.job, skip);
  ASSERT_TRUE (job.finish_run ());
  EXPECT_EQ (job.run.code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_NE (job.run.message.find ("vm.name"), std::string::npos);
}

TEST (JobPreflight, ACancelStopsIt)
{
  JobSimulation cluster;

  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PREFLIGHT));
  auto answer = job.cancel ();
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (job.outcome (), VMMIG_JOB_STATE_CANCELLED);
  cluster.run_both_for (60 * kSecond);
  EXPECT_EQ (count_changes (cluster.hv1) + count_changes (cluster.hv2), 0u);
  EXPECT_EQ (vmmig_driver_simulated_count_pending (cluster.driver), 0u);
}

/* Both nodes at once: a start costs two rounds of questions, whatever is asked, once there are
 * connections, which take four. */
TEST (JobPreflight, AStartCostsFewRounds)
{
  JobSimulation cluster;

  cluster.hv1->latency = cluster.hv2->latency = 100 * kMillisecond;
  cluster.add_vm ();
  Job job (cluster, cluster.source, cluster.destination);
  gint64 begin = cluster.now ();

  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PREPARING));
  EXPECT_LE (cluster.now () - begin, 650 * kMillisecond);
  EXPECT_TRUE (job.finish ());
}

TEST (JobPreflight, AMeasuredVmGetsItsForecast)
{
  JobSimulation cluster;
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

  cluster.vm.dirty_rate = 500 * kMiB;
  cluster.vm.working_set = kGiB;
  cluster.add_vm ();
  cluster.get (0, VMMIG_CALL_START_SAMPLING, kVm, 1);
  cluster.run_for (2 * kSecond);
  vmmig_migration_policy_set_bandwidth (policy, 50 * kMiB);
  Job job (cluster, cluster.source, cluster.destination);
  vmmig_migration_job_set_policy (job.job, policy);
  Looked looked;
  look (cluster, job, looked);

  ASSERT_NE (looked.report, nullptr);
  const VmmigPreflightFinding *finding = find (looked.report, "forecast");
  ASSERT_NE (finding, nullptr);
  EXPECT_EQ (vmmig_preflight_finding_get_severity (finding), VMMIG_PREFLIGHT_SEVERITY_WARNING)
      << vmmig_preflight_finding_get_text (finding);
}

} // namespace
