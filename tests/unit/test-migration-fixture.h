/* test-migration-fixture.h - a test migration on a simulated cluster, and what its owner heard of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "job-simulation.h"

#include "preflight/vmmig-path-verdict-private.h"

const char *const OLD = "0123abcd-4567-4890-abcd-ef0123456789";
const char *const OLD_NAME = "vmmig-test-0123abcd45674890";

/* One test, and what its owner heard from it. */
class PathTest
{
public:
  PathTest (JobSimulation &cluster_, VmmigNode *source, VmmigNode *destination)
      : test (vmmig_test_migration_new (source, destination)), cancellable (g_cancellable_new ()),
        cluster (cluster_)
  {
  }

  explicit PathTest (JobSimulation &cluster_)
      : PathTest (cluster_, cluster_.source, cluster_.destination)
  {
  }

  ~PathTest ()
  {
    g_clear_pointer (&report, vmmig_preflight_report_unref);
    g_clear_object (&test);
    g_clear_object (&cancellable);
  }

  void start ()
  {
    vmmig_test_migration_run_async (test, cancellable, ended_cb, this);
    EXPECT_EQ (answer.called, 0) << "answered inside of the call";
  }

  bool finish (gint64 limit = 600 * kSecond)
  {
    bool ended = cluster.run_both ([this] { return answer.called > 0; }, limit);

    EXPECT_TRUE (ended) << "no end";
    return ended;
  }

  bool run ()
  {
    start ();
    return finish ();
  }

  void clean_up ()
  {
    vmmig_test_migration_clean_up_async (test, nullptr, cleaned_cb, this);
    EXPECT_TRUE (cluster.run_both ([this] { return answer.called > 0; }, 600 * kSecond));
  }

  VmmigMigrationPolicy *policy () { return vmmig_test_migration_get_policy (test); }

  bool arrived () const { return report != nullptr && !vmmig_preflight_report_is_blocked (report); }

  bool passed (const char *id) const
  {
    return g_strv_contains (vmmig_preflight_report_get_passed (report), id);
  }

  /* The text and the remedy of a finding, or "". */
  std::string find (const char *id, VmmigPreflightSeverity severity, int code = 0) const
  {
    g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);
    std::string text;

    for (guint i = 0; i < findings->len; i++)
      {
        auto *finding = static_cast<VmmigPreflightFinding *> (findings->pdata[i]);
        const char *remedy = vmmig_preflight_finding_get_remedy (finding);

        if (strcmp (vmmig_preflight_finding_get_id (finding), id) != 0 ||
            vmmig_preflight_finding_get_severity (finding) != severity)
          continue;
        EXPECT_TRUE (code == 0 || (int)vmmig_preflight_finding_get_code (finding) == code)
            << vmmig_preflight_finding_get_text (finding);
        text += std::string (vmmig_preflight_finding_get_text (finding)) + "; " +
                (remedy != nullptr ? remedy : "") + "\n";
      }
    return text;
  }

  std::string blocker (const char *id, int code = 0) const
  {
    return find (id, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, code);
  }

  std::string describe () const
  {
    g_autoptr (GVariant) variant = g_variant_ref_sink (vmmig_test_migration_to_variant (test));
    g_autofree char *text = g_variant_print (variant, FALSE);

    return std::string (text) + " " + answer.message;
  }

  VmmigTestMigration *test;
  VmmigPreflightReport *report = nullptr;
  GCancellable *cancellable;
  JobSimulation &cluster;
  Answer answer;

private:
  void take (VmmigPreflightReport *given, GError *error)
  {
    EXPECT_EQ (given == nullptr, error != nullptr);
    report = given;
    answer.take (given != nullptr, error);
  }

  static void ended_cb (GObject *source, GAsyncResult *result, gpointer data)
  {
    GError *error = nullptr;
    VmmigPreflightReport *given =
        vmmig_test_migration_run_finish (VMMIG_TEST_MIGRATION (source), result, &error);

    static_cast<PathTest *> (data)->take (given, error);
  }

  static void cleaned_cb (GObject *source, GAsyncResult *result, gpointer data)
  {
    GError *error = nullptr;
    VmmigPreflightReport *given =
        vmmig_test_migration_clean_up_finish (VMMIG_TEST_MIGRATION (source), result, &error);

    static_cast<PathTest *> (data)->take (given, error);
  }
};

class TestMigration : public ::testing::Test
{
protected:
  void fault (VmmigSimulatedHost *host,
              VmmigCallKind call,
              VmmigSimulatedFaultKind kind,
              guint nth = 1,
              VmmigError code = VMMIG_ERROR_FAILED,
              gint64 delay = 0)
  {
    const VmmigSimulatedFault planned = {kind, code, delay, 0};

    vmmig_simulated_host_add_fault (host, call, nth, &planned);
  }

  /* VMs of tests on any host, as it really is. */
  guint count_left ()
  {
    guint left = 0;

    for (VmmigSimulatedHost *host : cluster.hosts)
      vmmig_simulated_host_clear_faults (host);
    for (guint i = 0; i < 3; i++)
      left += cluster.get (i, VMMIG_CALL_LIST_TEST_VMS, nullptr).listed;
    return left;
  }

  void add_left_behind (VmmigSimulatedHost *host,
                        gint64 age,
                        const char *uuid = OLD,
                        const char *name = OLD_NAME,
                        const char *marked = nullptr)
  {
    g_autofree char *mark = g_strdup_printf (
        "<test-migration version='1' vm='%s' created='%" G_GINT64_FORMAT "'/>",
        marked != nullptr ? marked : uuid, g_get_real_time () / G_USEC_PER_SEC - age);
    VmmigSimulatedVmSpec spec;

    vmmig_simulated_vm_spec_init (&spec, name, uuid);
    spec.memory = 4 * kMiB;
    spec.mark = mark;
    vmmig_simulated_host_add_vm (host, &spec);
  }

  JobSimulation cluster;
};
