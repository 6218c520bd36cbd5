/* test-test-migration-faults.cc - test migrations with a fault in every phase
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-migration-fixture.h"

namespace
{

TEST_F (TestMigration, WhateverCallGetsLostNothingIsLeft)
{
  const VmmigCallKind kinds[] = {
      VMMIG_CALL_OPEN, VMMIG_CALL_LIST_TEST_VMS, VMMIG_CALL_CREATE_TEST_VM, VMMIG_CALL_INSPECT,
      VMMIG_CALL_TAG,  VMMIG_CALL_CHECK_FREE,    VMMIG_CALL_REMOVE_TEST_VM,
  };
  const VmmigSimulatedFaultKind faults[] = {
      VMMIG_SIMULATED_FAULT_ERROR,      VMMIG_SIMULATED_FAULT_LOST_BEFORE,
      VMMIG_SIMULATED_FAULT_LOST_AFTER, VMMIG_SIMULATED_FAULT_SILENCE,
      VMMIG_SIMULATED_FAULT_SLOW,
  };

  for (VmmigCallKind kind : kinds)
    for (VmmigSimulatedFaultKind how : faults)
      for (VmmigSimulatedHost *host : {cluster.hv1, cluster.hv2})
        {
          PathTest test (cluster);

          fault (host, kind, how, 1, VMMIG_ERROR_FAILED, 40 * kSecond);
          test.start ();
          /* What nobody could remove ends by itself. */
          ASSERT_TRUE (test.finish ());
          cluster.run_both_for (120 * kSecond);
          EXPECT_EQ (test.answer.message, "");
          EXPECT_EQ (count_left (), 0u)
              << vmmig_call_kind_describe (kind) << ", fault " << how << " " << test.describe ();
        }
}

TEST_F (TestMigration, AMigrationThatLibvirtRefusesIsAFinding)
{
  PathTest test (cluster);

  fault (cluster.hv1, VMMIG_CALL_MIGRATE, VMMIG_SIMULATED_FAULT_ERROR, 1, VMMIG_ERROR_NO_RESOURCES);
  ASSERT_TRUE (test.run ());
  EXPECT_NE (test.blocker (VMMIG_PATH_MIGRATION, VMMIG_ERROR_NO_RESOURCES), "") << test.describe ();
  EXPECT_EQ (count_left (), 0u);
}

TEST_F (TestMigration, AVmThatCannotBeRemovedIsToldWithItsName)
{
  for (VmmigSimulatedHost *host : {cluster.hv1, cluster.hv2})
    {
      PathTest test (cluster);
      std::string told;

      fault (host, VMMIG_CALL_REMOVE_TEST_VM, VMMIG_SIMULATED_FAULT_ERROR, 0, VMMIG_ERROR_FAILED);
      ASSERT_TRUE (test.run ());
      EXPECT_TRUE (test.arrived ()) << "which is no fault of the path";
      told = test.find ("test.removal", VMMIG_PREFLIGHT_SEVERITY_WARNING, VMMIG_ERROR_FAILED);
      EXPECT_NE (told.find ("virsh destroy"), std::string::npos) << test.describe ();
      EXPECT_FALSE (test.passed ("test.removal"));
      EXPECT_NE (test.describe ().find ("VM vmmig-test-"), std::string::npos);
      /* It went to hv2: there it is, if it could not be removed there. */
      EXPECT_EQ (count_left (), host == cluster.hv2 ? 1u : 0u);
    }
}

TEST_F (TestMigration, ARemovalThatFailsOnceIsTriedAgain)
{
  PathTest test (cluster);

  for (guint i = 0; i < 2; i++)
    fault (cluster.hv2, VMMIG_CALL_REMOVE_TEST_VM, VMMIG_SIMULATED_FAULT_ERROR, 1);
  ASSERT_TRUE (test.run ());
  EXPECT_TRUE (test.passed ("test.removal")) << test.describe ();
  EXPECT_EQ (count_left (), 0u);
}

TEST_F (TestMigration, ANodeThatIsNotThereIsAFindingOfItsOwn)
{
  PathTest test (cluster);

  vmmig_simulated_host_power_off (cluster.hv2);
  ASSERT_TRUE (test.run ());
  EXPECT_NE (test.blocker ("test.nodes", VMMIG_ERROR_UNREACHABLE), "") << test.describe ();
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_CREATE_TEST_VM), 0u);
}

TEST_F (TestMigration, ANodeThatIsLostInTheMiddleLeavesNothingOnceItIsBack)
{
  struct Incident
  {
    const char *name;
    void (*happen) (JobSimulation &cluster);
    void (*mend) (JobSimulation &cluster);
  };
  const Incident incidents[] = {
      {"the destination loses its power",
       [] (JobSimulation &c) { vmmig_simulated_host_power_off (c.hv2); },
       [] (JobSimulation &c) { vmmig_simulated_host_power_on (c.hv2); }},
      {"the source loses its power",
       [] (JobSimulation &c) { vmmig_simulated_host_power_off (c.hv1); },
       [] (JobSimulation &c) { vmmig_simulated_host_power_on (c.hv1); }},
      {"the source's daemon is killed",
       [] (JobSimulation &c) { vmmig_simulated_host_kill_daemon (c.hv1); },
       [] (JobSimulation &c) { vmmig_simulated_host_start_daemon (c.hv1); }},
      {"the destination's daemon is killed",
       [] (JobSimulation &c) { vmmig_simulated_host_kill_daemon (c.hv2); },
       [] (JobSimulation &c) { vmmig_simulated_host_start_daemon (c.hv2); }},
      {"the destination's daemon hangs",
       [] (JobSimulation &c) { vmmig_simulated_host_stop_daemon (c.hv2); },
       [] (JobSimulation &c) { vmmig_simulated_host_continue_daemon (c.hv2); }},
      {"we do not reach the source",
       [] (JobSimulation &c) { vmmig_simulated_host_cut_client (c.hv1); },
       [] (JobSimulation &c) { vmmig_simulated_host_restore_client (c.hv1); }},
      {"they do not reach each other",
       [] (JobSimulation &c) { vmmig_simulated_link_cut (c.hv1, c.hv2); },
       [] (JobSimulation &c) { vmmig_simulated_link_restore (c.hv1, c.hv2); }},
      {"all connections are reset",
       [] (JobSimulation &c) { vmmig_simulated_link_reset (c.hv1, c.hv2); },
       [] (JobSimulation &) {}},
  };

  for (auto &incident : incidents)
    for (bool post_copy : {false, true})
      for (gint64 length : {3 * kSecond, 120 * kSecond})
        {
          JobSimulation own;
          PathTest test (own);
          gint64 began;

          vmmig_migration_policy_set_bandwidth (test.policy (), kMiB);
          vmmig_migration_policy_set_allow_post_copy (test.policy (), post_copy);
          test.start ();
          ASSERT_TRUE (own.run_both ([&] {
            return vmmig_simulated_host_count_calls (own.hv1, VMMIG_CALL_POLL) >= 3 ||
                   test.answer.called > 0;
          }));
          ASSERT_EQ (test.answer.called, 0) << test.describe ();
          began = own.now ();
          incident.happen (own);
          own.at (length, [&] { incident.mend (own); });
          ASSERT_TRUE (test.finish (300 * kSecond)) << incident.name;
          EXPECT_LT (own.now () - began, 200 * kSecond) << incident.name;
          own.run_both_for (MAX (began + length + 90 * kSecond - own.now (), kSecond));
          for (guint i = 0; i < 2; i++)
            EXPECT_EQ (own.get (i, VMMIG_CALL_LIST_TEST_VMS, nullptr).listed, 0u)
                << incident.name << ", " << (post_copy ? "post-copy, " : "") << length << " µs, "
                << own.hosts[i]->name << ": " << test.describe ();
        }
}

TEST_F (TestMigration, ACancelInEachPhaseLeavesNothing)
{
  const VmmigCallKind kinds[] = {
      VMMIG_CALL_OPEN,
      VMMIG_CALL_LIST_TEST_VMS,
      VMMIG_CALL_CREATE_TEST_VM,
      VMMIG_CALL_INSPECT,
      VMMIG_CALL_TAG,
      VMMIG_CALL_MIGRATE,
      VMMIG_CALL_POLL,
      VMMIG_CALL_REMOVE_TEST_VM,
  };

  for (VmmigCallKind kind : kinds)
    {
      JobSimulation own;
      PathTest test (own);

      vmmig_migration_policy_set_bandwidth (test.policy (), kMiB);
      test.start ();
      ASSERT_TRUE (own.run_both ([&] {
        return vmmig_simulated_host_count_calls (own.hv1, kind) > 0;
      })) << vmmig_call_kind_describe (kind);
      g_cancellable_cancel (test.cancellable);
      ASSERT_TRUE (test.finish (60 * kSecond)) << vmmig_call_kind_describe (kind);
      if (kind != VMMIG_CALL_REMOVE_TEST_VM)
        {
          EXPECT_EQ (test.answer.code, VMMIG_ERROR_CANCELLED)
              << vmmig_call_kind_describe (kind) << test.describe ();
          EXPECT_NE (test.answer.message.find ("nothing of it is left"), std::string::npos)
              << test.answer.message;
        }
      else
        EXPECT_TRUE (test.arrived ()) << "it came too late";
      for (guint i = 0; i < 3; i++)
        EXPECT_EQ (own.get (i, VMMIG_CALL_LIST_TEST_VMS, nullptr).listed, 0u)
            << vmmig_call_kind_describe (kind);
    }
}

TEST_F (TestMigration, WhatAnEarlierTestLeftIsRemovedIfItIsOldAndOurs)
{
  const char *young = "11111111-2222-4333-8444-555555555555";
  const char *future = "21111111-2222-4333-8444-555555555555";
  const char *elsewhere = "41111111-2222-4333-8444-555555555555";
  const char *third = "51111111-2222-4333-8444-555555555555";
  const char *copied = "31111111-2222-4333-8444-555555555555";
  PathTest test (cluster);

  add_left_behind (cluster.hv1, 601);
  add_left_behind (cluster.hv2, 100000, elsewhere, "vmmig-test-4111111122224333");
  add_left_behind (cluster.hv2, 500, young, "vmmig-test-1111111122224333");
  add_left_behind (cluster.hv2, -5000, future, "vmmig-test-2111111122224333");
  add_left_behind (cluster.hv1, 100000, copied, "vmmig-test-3111111122224333", OLD);
  add_left_behind (cluster.hv3, 100000, third, "vmmig-test-5111111122224333");
  ASSERT_TRUE (test.run ());
  EXPECT_TRUE (test.arrived ()) << test.describe ();
  EXPECT_NE (test.find ("test.leftovers", VMMIG_PREFLIGHT_SEVERITY_NOTE).find ("removed"),
             std::string::npos);
  EXPECT_EQ (cluster.look (cluster.hv1, OLD), "not there");
  EXPECT_EQ (cluster.look (cluster.hv2, elsewhere), "not there");
  EXPECT_EQ (cluster.look (cluster.hv2, young), "running");
  EXPECT_EQ (cluster.look (cluster.hv2, future), "running");
  EXPECT_EQ (cluster.look (cluster.hv1, copied), "running") << "somebody's copy of one of ours";
  EXPECT_EQ (cluster.look (cluster.hv3, third), "running") << "no part of this test";
}

TEST_F (TestMigration, CleaningUpDoesNothingElse)
{
  PathTest test (cluster);

  add_left_behind (cluster.hv1, 601);
  fault (cluster.hv2, VMMIG_CALL_LIST_TEST_VMS, VMMIG_SIMULATED_FAULT_ERROR, 1,
         VMMIG_ERROR_PERMISSION_DENIED);
  test.clean_up ();
  EXPECT_NE (test.find ("test.leftovers", VMMIG_PREFLIGHT_SEVERITY_NOTE), "");
  EXPECT_NE (
      test.find ("test.leftovers", VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, VMMIG_ERROR_PERMISSION_DENIED),
      "");
  EXPECT_EQ (count_left (), 0u);
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_CREATE_TEST_VM), 0u);
}

TEST_F (TestMigration, ALeftoverThatCannotBeRemovedIsAWarning)
{
  PathTest test (cluster);

  add_left_behind (cluster.hv2, 601);
  fault (cluster.hv2, VMMIG_CALL_REMOVE_TEST_VM, VMMIG_SIMULATED_FAULT_ERROR, 1);
  ASSERT_TRUE (test.run ());
  EXPECT_TRUE (test.arrived ());
  EXPECT_NE (test.find ("test.leftovers", VMMIG_PREFLIGHT_SEVERITY_WARNING).find ("virsh destroy"),
             std::string::npos)
      << test.describe ();
}

} // namespace
