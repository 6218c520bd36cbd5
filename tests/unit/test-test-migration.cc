/* test-test-migration.cc - test migrations on a simulated cluster
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-migration-fixture.h"

namespace
{

TEST_F (TestMigration, AGoodPathIsProvenAndNothingIsLeft)
{
  PathTest test (cluster);
  guint64 number = 0;

  EXPECT_FALSE (vmmig_test_migration_get_duration (test.test, nullptr));
  ASSERT_TRUE (test.run ());
  EXPECT_TRUE (test.arrived ()) << test.describe ();
  for (const char *id :
       {"test.nodes", "test.leftovers", "test.removal", VMMIG_PATH_RIGHTS, VMMIG_PATH_PLATFORM,
        VMMIG_PATH_DAEMONS, VMMIG_PATH_NETWORK, VMMIG_PATH_CERTIFICATES})
    EXPECT_TRUE (test.passed (id)) << id;
  EXPECT_FALSE (test.passed (VMMIG_PATH_POST_COPY));
  EXPECT_EQ (count_left (), 0u);
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE), 1u);
  EXPECT_EQ (vmmig_test_migration_get_encryption (test.test), VMMIG_ENCRYPTION_STATUS_ENCRYPTED);
  EXPECT_EQ (vmmig_test_migration_get_mode (test.test), VMMIG_MIGRATION_MODE_PRE_COPY);
  EXPECT_TRUE (vmmig_test_migration_get_duration (test.test, &number));
  EXPECT_GT (number, 0u);
  EXPECT_TRUE (vmmig_test_migration_get_downtime (test.test, &number));
  EXPECT_FALSE (vmmig_test_migration_get_bandwidth (test.test, &number));
  EXPECT_EQ (number, 0u);
}

TEST_F (TestMigration, WhereItIsAllowedPostCopyIsEntered)
{
  PathTest test (cluster);

  vmmig_migration_policy_set_allow_post_copy (test.policy (), TRUE);
  /* The policy's own limits of what it does with a VM that does not end are no part of it. */
  vmmig_migration_policy_set_completion_timeout_per_gib (test.policy (), 1);
  vmmig_migration_policy_set_bandwidth (test.policy (), 500 * kMiB);
  ASSERT_TRUE (test.run ());
  EXPECT_TRUE (test.arrived ()) << test.describe ();
  EXPECT_TRUE (test.passed (VMMIG_PATH_POST_COPY)) << test.describe ();
  EXPECT_EQ (vmmig_test_migration_get_mode (test.test), VMMIG_MIGRATION_MODE_POST_COPY);
  EXPECT_EQ (count_left (), 0u);
}

TEST_F (TestMigration, ASwitchThatCameTooLateIsToldAndBlocksNothing)
{
  PathTest test (cluster);

  fault (cluster.hv1, VMMIG_CALL_START_POST_COPY, VMMIG_SIMULATED_FAULT_ERROR, 0,
         VMMIG_ERROR_WRONG_STATE);
  vmmig_migration_policy_set_allow_post_copy (test.policy (), TRUE);
  ASSERT_TRUE (test.run ());
  EXPECT_TRUE (test.arrived ());
  EXPECT_FALSE (test.passed (VMMIG_PATH_POST_COPY));
  EXPECT_NE (test.find (VMMIG_PATH_POST_COPY, VMMIG_PREFLIGHT_SEVERITY_NOTE), "");
  EXPECT_EQ (count_left (), 0u);
}

TEST_F (TestMigration, WhatTheDestinationRefusesIsTranslated)
{
  cluster.hv2->has_post_copy = FALSE;
  {
    PathTest test (cluster);

    vmmig_migration_policy_set_allow_post_copy (test.policy (), TRUE);
    ASSERT_TRUE (test.run ());
    EXPECT_NE (test.blocker (VMMIG_PATH_POST_COPY, VMMIG_ERROR_NOT_SUPPORTED)
                   .find ("vm.unprivileged_userfaultfd"),
               std::string::npos)
        << test.describe ();
    EXPECT_EQ (vmmig_test_migration_get_mode (test.test), VMMIG_MIGRATION_MODE_UNKNOWN);
  }
  cluster.hv2->has_tls = FALSE;
  {
    PathTest test (cluster);

    ASSERT_TRUE (test.run ());
    EXPECT_NE (test.blocker (VMMIG_PATH_CERTIFICATES, VMMIG_ERROR_INSECURE), "")
        << test.describe ();
  }
  {
    PathTest test (cluster);

    vmmig_migration_policy_set_encryption (test.policy (), VMMIG_ENCRYPTION_OFF);
    ASSERT_TRUE (test.run ());
    EXPECT_TRUE (test.arrived ()) << test.describe ();
    EXPECT_NE (test.find (VMMIG_PATH_CERTIFICATES, VMMIG_PREFLIGHT_SEVERITY_NOTE), "");
    EXPECT_EQ (vmmig_test_migration_get_encryption (test.test), VMMIG_ENCRYPTION_STATUS_PLAINTEXT);
  }
  EXPECT_EQ (count_left (), 0u);
}

TEST_F (TestMigration, AWrongNetworkIsRefusedByName)
{
  PathTest test (cluster);

  vmmig_migration_policy_set_network (test.policy (), "10.55.0.0/24");
  ASSERT_TRUE (test.run ());
  EXPECT_NE (test.blocker (VMMIG_PATH_NETWORK, VMMIG_ERROR_NETWORK).find ("10.55.0.0/24"),
             std::string::npos)
      << test.describe ();
  EXPECT_EQ (count_left (), 0u);
}

TEST_F (TestMigration, AVmThatIsNotMadeIsAFinding)
{
  PathTest test (cluster);

  cluster.hv1->refuses_tags = TRUE;
  ASSERT_TRUE (test.run ());
  EXPECT_NE (test.blocker (VMMIG_PATH_RIGHTS, VMMIG_ERROR_PERMISSION_DENIED), "")
      << test.describe ();
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE), 0u);
}

/* Whichever answer gets lost, and whether it was done or not. */
TEST_F (TestMigration, TwoNamesOfOneHostAreNoPath)
{
  PathTest test (cluster, cluster.source, cluster.source);

  ASSERT_TRUE (test.run ());
  EXPECT_NE (test.blocker ("test.nodes", VMMIG_ERROR_SAME_HOST), "") << test.describe ();
}

/* What happens in the middle, while memory flows at 1 MiB/s. */
TEST_F (TestMigration, TheBandwidthIsThatOfTheLink)
{
  for (guint64 rate : {20 * kMiB, 200 * kMiB})
    {
      PathTest test (cluster);
      guint64 measured = 0;

      vmmig_simulated_link_set_bandwidth (cluster.hv1, cluster.hv2, rate);
      vmmig_test_migration_set_measure_seconds (test.test, 5);
      ASSERT_TRUE (test.run ());
      EXPECT_TRUE (vmmig_test_migration_get_bandwidth (test.test, &measured)) << test.describe ();
      EXPECT_NEAR ((double)measured, (double)rate, 0.1 * (double)rate);
      EXPECT_NE (test.find ("path.bandwidth", VMMIG_PREFLIGHT_SEVERITY_NOTE).find ("MiB/s"),
                 std::string::npos);
      EXPECT_EQ (count_left (), 0u);
      /* one to prove the path, a small and a large one to measure */
      EXPECT_GE (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_MIGRATE), 3u);
    }
}

TEST_F (TestMigration, ABandwidthThatCannotBeMeasuredIsUnknownAndWhyIsTold)
{
  {
    PathTest test (cluster);

    fault (cluster.hv1, VMMIG_CALL_CREATE_TEST_VM, VMMIG_SIMULATED_FAULT_ERROR, 2,
           VMMIG_ERROR_FAILED);
    vmmig_test_migration_set_measure_seconds (test.test, 5);
    ASSERT_TRUE (test.run ());
    EXPECT_TRUE (test.arrived ()) << "the path itself is proven";
    EXPECT_FALSE (vmmig_test_migration_get_bandwidth (test.test, nullptr));
    EXPECT_NE (test.find ("path.bandwidth", VMMIG_PREFLIGHT_SEVERITY_UNKNOWN).find ("not known"),
               std::string::npos)
        << test.describe ();
  }
  cluster.hv2->memory = 200 * kMiB;
  {
    PathTest test (cluster);

    vmmig_test_migration_set_measure_seconds (test.test, 5);
    ASSERT_TRUE (test.run ());
    EXPECT_NE (test.find ("path.bandwidth", VMMIG_PREFLIGHT_SEVERITY_UNKNOWN).find ("memory"),
               std::string::npos)
        << test.describe ();
  }
  EXPECT_EQ (count_left (), 0u);
}

TEST_F (TestMigration, ItIsLikeTheVmThatIsNamed)
{
  cluster.add_vm ();
  {
    PathTest test (cluster);

    vmmig_test_migration_set_vm (test.test, "db1");
    ASSERT_TRUE (test.run ());
    EXPECT_TRUE (test.arrived ()) << test.describe ();
    EXPECT_STREQ (vmmig_preflight_report_get_vm (test.report), "db1");
  }
  {
    PathTest test (cluster);

    vmmig_test_migration_set_vm (test.test, "nobody");
    ASSERT_TRUE (test.run ());
    EXPECT_NE (test.blocker ("test.vm", VMMIG_ERROR_VM_NOT_FOUND).find ("nobody"),
               std::string::npos)
        << test.describe ();
  }
  EXPECT_EQ (cluster.running_on (), "hv1");
  EXPECT_EQ (count_left (), 0u);
}

TEST_F (TestMigration, ACallThatIsWrongIsAnError)
{
  g_autoptr (VmmigNode) socket = vmmig_node_new_for_driver (cluster.driver, "qemu:///system");
  {
    PathTest test (cluster, cluster.source, socket);

    ASSERT_TRUE (test.run ());
    EXPECT_EQ (test.answer.code, VMMIG_ERROR_INVALID_ARGUMENT);
    EXPECT_NE (test.answer.message.find ("peer URI"), std::string::npos) << test.answer.message;
  }
  {
    PathTest test (cluster);

    vmmig_migration_policy_set_compression (test.policy (), VMMIG_COMPRESSION_ZSTD);
    ASSERT_TRUE (test.run ());
    EXPECT_EQ (test.answer.code, VMMIG_ERROR_INVALID_POLICY) << test.answer.message;
  }
  {
    PathTest test (cluster);

    ASSERT_TRUE (test.run ());
    EXPECT_TRUE (test.arrived ());
    g_clear_pointer (&test.report, vmmig_preflight_report_unref);
    test.answer = {};
    ASSERT_TRUE (test.run ());
    EXPECT_EQ (test.answer.code, VMMIG_ERROR_WRONG_STATE) << test.answer.message;
  }
}

} // namespace
