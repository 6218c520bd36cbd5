/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vmmig/vmmig-enum-types.h>
#include <vmmig/vmmig-error.h>

#include "policy/vmmig-migration-policy-private.h"

namespace
{

using testing::ElementsAre;
using testing::IsEmpty;

class MigrationPolicy : public testing::Test
{
protected:
  MigrationPolicy () { g_signal_connect (policy, "notify", G_CALLBACK (notify_cb), this); }
  ~MigrationPolicy () override { g_object_unref (policy); }

  static void notify_cb (GObject *, GParamSpec *pspec, gpointer user_data)
  {
    static_cast<MigrationPolicy *> (user_data)->notified.push_back (pspec->name);
  }

  std::vector<std::string> take_notified () { return std::exchange (notified, {}); }

  static std::vector<std::string> list_fields ()
  {
    std::vector<std::string> names;

    for (int i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
      names.push_back (vmmig_policy_field_to_name (static_cast<VmmigPolicyField> (i)));
    return names;
  }

  VmmigMigrationPolicy *policy = vmmig_migration_policy_new ();
  std::vector<std::string> notified;
};

TEST_F (MigrationPolicy, NewOnesHaveTheDocumentedDefaultsAndNothingSet)
{
  EXPECT_EQ (vmmig_migration_policy_get_encryption (policy), VMMIG_ENCRYPTION_REQUIRED);
  EXPECT_EQ (vmmig_migration_policy_get_bandwidth (policy), VMMIG_BANDWIDTH_UNLIMITED);
  EXPECT_EQ (vmmig_migration_policy_get_maximum_downtime (policy), 300u);
  EXPECT_FALSE (vmmig_migration_policy_get_auto_converge (policy));
  EXPECT_FALSE (vmmig_migration_policy_get_allow_post_copy (policy));
  EXPECT_EQ (vmmig_migration_policy_get_parallel_connections (policy), 1u);
  EXPECT_EQ (vmmig_migration_policy_get_compression (policy), VMMIG_COMPRESSION_NONE);
  EXPECT_EQ (vmmig_migration_policy_get_network (policy), nullptr);
  EXPECT_EQ (vmmig_migration_policy_get_auto_converge_initial (policy), 20u);
  EXPECT_EQ (vmmig_migration_policy_get_auto_converge_increment (policy), 10u);
  EXPECT_EQ (vmmig_migration_policy_get_completion_timeout_per_gib (policy), VMMIG_TIMEOUT_NONE);
  EXPECT_EQ (vmmig_migration_policy_get_progress_timeout (policy), VMMIG_TIMEOUT_NONE);
  EXPECT_EQ (vmmig_migration_policy_get_convergence_strategy (policy),
             VMMIG_CONVERGENCE_STRATEGY_VMMIG);
  EXPECT_FALSE (vmmig_migration_policy_get_allow_workload_disruption (policy));
  EXPECT_FALSE (vmmig_migration_policy_get_early_switch (policy));
  EXPECT_EQ (vmmig_migration_policy_get_priority (policy), VMMIG_PRIORITY_USER);
  EXPECT_EQ (vmmig_migration_policy_get_attempts (policy), 1u);
  EXPECT_EQ (vmmig_migration_policy_get_back_off (policy), 20u);
  for (const std::string &field : list_fields ())
    EXPECT_FALSE (vmmig_migration_policy_is_set (policy, field.c_str ())) << field;
  EXPECT_TRUE (vmmig_migration_policy_check (policy, nullptr));
}

TEST_F (MigrationPolicy, FieldsAreThePropertiesWithTheSameDefaults)
{
  guint n = 0;
  g_autofree GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (policy), &n);

  ASSERT_EQ (n, guint (VMMIG_POLICY_N_FIELDS));
  for (guint i = 0; i < n; i++)
    {
      VmmigPolicyField field;
      g_auto (GValue) value = G_VALUE_INIT;

      EXPECT_TRUE (vmmig_policy_field_from_name (specs[i]->name, &field)) << specs[i]->name;
      EXPECT_FALSE (specs[i]->flags & (G_PARAM_CONSTRUCT | G_PARAM_CONSTRUCT_ONLY));
      EXPECT_TRUE (specs[i]->flags & G_PARAM_EXPLICIT_NOTIFY);
      g_value_init (&value, specs[i]->value_type);
      g_object_get_property (G_OBJECT (policy), specs[i]->name, &value);
      EXPECT_TRUE (g_param_value_defaults (specs[i], &value)) << specs[i]->name;
    }
}

TEST_F (MigrationPolicy, EachSetterMarksItsFieldAndTellsOnce)
{
  vmmig_migration_policy_set_encryption (policy, VMMIG_ENCRYPTION_OFF);
  vmmig_migration_policy_set_bandwidth (policy, 1000);
  vmmig_migration_policy_set_maximum_downtime (policy, 50);
  vmmig_migration_policy_set_auto_converge (policy, 5);
  vmmig_migration_policy_set_allow_post_copy (policy, -1);
  vmmig_migration_policy_set_parallel_connections (policy, 4);
  vmmig_migration_policy_set_compression (policy, VMMIG_COMPRESSION_ZSTD);
  vmmig_migration_policy_set_auto_converge_initial (policy, 30);
  vmmig_migration_policy_set_auto_converge_increment (policy, 15);
  vmmig_migration_policy_set_completion_timeout_per_gib (policy, 150);
  vmmig_migration_policy_set_progress_timeout (policy, 120);
  vmmig_migration_policy_set_convergence_strategy (policy, VMMIG_CONVERGENCE_STRATEGY_KUBEVIRT);
  vmmig_migration_policy_set_allow_workload_disruption (policy, 2);
  vmmig_migration_policy_set_early_switch (policy, -1);
  vmmig_migration_policy_set_priority (policy, VMMIG_PRIORITY_MAINTENANCE);
  vmmig_migration_policy_set_attempts (policy, 3);
  vmmig_migration_policy_set_back_off (policy, 5);
  vmmig_migration_policy_set_network (policy, "10.9.0.0/24");
  EXPECT_EQ (take_notified (), list_fields ());

  for (const std::string &field : list_fields ())
    EXPECT_TRUE (vmmig_migration_policy_is_set (policy, field.c_str ())) << field;
  EXPECT_EQ (vmmig_migration_policy_get_encryption (policy), VMMIG_ENCRYPTION_OFF);
  EXPECT_EQ (vmmig_migration_policy_get_bandwidth (policy), 1000u);
  EXPECT_EQ (vmmig_migration_policy_get_maximum_downtime (policy), 50u);
  EXPECT_EQ (vmmig_migration_policy_get_auto_converge (policy), TRUE);
  EXPECT_EQ (vmmig_migration_policy_get_allow_post_copy (policy), TRUE);
  EXPECT_EQ (vmmig_migration_policy_get_parallel_connections (policy), 4u);
  EXPECT_EQ (vmmig_migration_policy_get_compression (policy), VMMIG_COMPRESSION_ZSTD);
  EXPECT_EQ (vmmig_migration_policy_get_auto_converge_initial (policy), 30u);
  EXPECT_EQ (vmmig_migration_policy_get_auto_converge_increment (policy), 15u);
  EXPECT_EQ (vmmig_migration_policy_get_completion_timeout_per_gib (policy), 150u);
  EXPECT_EQ (vmmig_migration_policy_get_progress_timeout (policy), 120u);
  EXPECT_EQ (vmmig_migration_policy_get_convergence_strategy (policy),
             VMMIG_CONVERGENCE_STRATEGY_KUBEVIRT);
  EXPECT_EQ (vmmig_migration_policy_get_allow_workload_disruption (policy), TRUE);
  EXPECT_EQ (vmmig_migration_policy_get_early_switch (policy), TRUE);
  EXPECT_EQ (vmmig_migration_policy_get_priority (policy), VMMIG_PRIORITY_MAINTENANCE);
  EXPECT_EQ (vmmig_migration_policy_get_attempts (policy), 3u);
  EXPECT_EQ (vmmig_migration_policy_get_back_off (policy), 5u);
  EXPECT_STREQ (vmmig_migration_policy_get_network (policy), "10.9.0.0/24");
}

TEST_F (MigrationPolicy, PausesBetweenAttemptsDoubleAndEnd)
{
  g_autoptr (GError) busy = g_error_new (VMMIG_ERROR, VMMIG_ERROR_BUSY, "busy");
  g_autoptr (GError) refused = g_error_new (VMMIG_ERROR, VMMIG_ERROR_INSECURE, "no");
  const guint usual[] = {20, 40, 80, 160, 320, 320, 320};
  auto delay = [&] (guint failed) {
    return vmmig_migration_policy_get_retry_delay (policy, failed, busy);
  };

  EXPECT_EQ (delay (1), 0u) << "one attempt unless more were asked for";
  vmmig_migration_policy_set_attempts (policy, 8);
  for (guint i = 0; i < G_N_ELEMENTS (usual); i++)
    EXPECT_EQ (delay (i + 1), usual[i]);
  EXPECT_EQ (delay (8), 0u);
  EXPECT_EQ (delay (9), 0u);
  EXPECT_EQ (vmmig_migration_policy_get_retry_delay (policy, 1, refused), 0u);
  vmmig_migration_policy_set_back_off (policy, 1000);
  EXPECT_EQ (delay (1), 1000u);
  EXPECT_EQ (delay (3), 1000u);
  vmmig_migration_policy_set_back_off (policy, 300);
  EXPECT_EQ (delay (2), 320u);
}

TEST_F (MigrationPolicy, SettingTheSameAgainIsSilent)
{
  vmmig_migration_policy_set_bandwidth (policy, 1000);
  vmmig_migration_policy_set_auto_converge (policy, TRUE);
  vmmig_migration_policy_set_network (policy, "10.9.0.0/24");
  take_notified ();

  vmmig_migration_policy_set_bandwidth (policy, 1000);
  vmmig_migration_policy_set_auto_converge (policy, 2);
  vmmig_migration_policy_set_network (policy, "10.9.0.0/24");
  EXPECT_THAT (take_notified (), IsEmpty ());
}

TEST_F (MigrationPolicy, SettingTheDefaultIsNotTheSameAsNotSetting)
{
  vmmig_migration_policy_set_allow_post_copy (policy, FALSE);
  vmmig_migration_policy_set_network (policy, nullptr);

  EXPECT_TRUE (vmmig_migration_policy_is_set (policy, "allow-post-copy"));
  EXPECT_TRUE (vmmig_migration_policy_is_set (policy, "network"));
  EXPECT_THAT (take_notified (), ElementsAre ("allow-post-copy", "network"));
}

TEST_F (MigrationPolicy, UnsettingGivesTheDefaultBackAndTellsOnce)
{
  vmmig_migration_policy_set_maximum_downtime (policy, 50);
  vmmig_migration_policy_set_network (policy, "10.9.0.0/24");
  vmmig_migration_policy_set_compression (policy, VMMIG_COMPRESSION_XBZRLE);
  take_notified ();

  vmmig_migration_policy_unset (policy, "maximum-downtime");
  vmmig_migration_policy_unset (policy, "network");
  EXPECT_THAT (take_notified (), ElementsAre ("maximum-downtime", "network"));
  EXPECT_EQ (vmmig_migration_policy_get_maximum_downtime (policy), 300u);
  EXPECT_EQ (vmmig_migration_policy_get_network (policy), nullptr);
  EXPECT_FALSE (vmmig_migration_policy_is_set (policy, "maximum-downtime"));
  EXPECT_FALSE (vmmig_migration_policy_is_set (policy, "network"));
  EXPECT_TRUE (vmmig_migration_policy_is_set (policy, "compression"));

  vmmig_migration_policy_unset (policy, "network");
  EXPECT_THAT (take_notified (), IsEmpty ());
}

TEST_F (MigrationPolicy, AFieldThatWasSetToItsDefaultCanBeUnset)
{
  vmmig_migration_policy_set_bandwidth (policy, VMMIG_BANDWIDTH_UNLIMITED);
  take_notified ();

  vmmig_migration_policy_unset (policy, "bandwidth");
  EXPECT_FALSE (vmmig_migration_policy_is_set (policy, "bandwidth"));
  EXPECT_THAT (take_notified (), ElementsAre ("bandwidth"));
}

TEST_F (MigrationPolicy, WhoIsToldOfAnUnsetFieldFindsItUnset)
{
  static bool was_set = true;

  vmmig_migration_policy_set_auto_converge (policy, TRUE);
  g_signal_connect (policy, "notify::auto-converge",
                    G_CALLBACK (+[] (VmmigMigrationPolicy *self, GParamSpec *, gpointer) {
                      was_set = vmmig_migration_policy_is_set (self, "auto-converge");
                    }),
                    nullptr);
  vmmig_migration_policy_unset (policy, "auto-converge");
  EXPECT_FALSE (was_set);
}

TEST (MigrationPolicyObject, MadeWithPropertiesHasJustThoseSet)
{
  g_autoptr (VmmigMigrationPolicy) policy = VMMIG_MIGRATION_POLICY (
      g_object_new (VMMIG_TYPE_MIGRATION_POLICY, "bandwidth", G_GUINT64_CONSTANT (1) << 40,
                    "allow-post-copy", TRUE, "encryption", VMMIG_ENCRYPTION_OFF, nullptr));

  EXPECT_EQ (vmmig_migration_policy_get_bandwidth (policy), G_GUINT64_CONSTANT (1) << 40);
  EXPECT_TRUE (vmmig_migration_policy_is_set (policy, "bandwidth"));
  EXPECT_TRUE (vmmig_migration_policy_is_set (policy, "allow-post-copy"));
  EXPECT_TRUE (vmmig_migration_policy_is_set (policy, "encryption"));
  EXPECT_FALSE (vmmig_migration_policy_is_set (policy, "maximum-downtime"));
  EXPECT_FALSE (vmmig_migration_policy_is_set (policy, "network"));
}

TEST_F (MigrationPolicy, ACopyIsEqualAndLeadsItsOwnLife)
{
  g_autoptr (VmmigMigrationPolicy) copy = nullptr;

  vmmig_migration_policy_set_network (policy, "10.9.0.0/24");
  vmmig_migration_policy_set_parallel_connections (policy, 8);
  copy = vmmig_migration_policy_copy (policy);
  vmmig_migration_policy_set_network (policy, "10.8.0.0/24");
  vmmig_migration_policy_unset (policy, "parallel-connections");

  EXPECT_STREQ (vmmig_migration_policy_get_network (copy), "10.9.0.0/24");
  EXPECT_EQ (vmmig_migration_policy_get_parallel_connections (copy), 8u);
  EXPECT_TRUE (vmmig_migration_policy_is_set (copy, "network"));
  EXPECT_TRUE (vmmig_migration_policy_is_set (copy, "parallel-connections"));
  EXPECT_FALSE (vmmig_migration_policy_is_set (copy, "encryption"));
}

TEST_F (MigrationPolicy, AJobsValuesAreFrozen)
{
  VmmigPolicyValues values;

  vmmig_migration_policy_set_network (policy, "10.9.0.0/24");
  vmmig_migration_policy_get_values (policy, &values);
  vmmig_migration_policy_set_network (policy, nullptr);

  EXPECT_STREQ (values.network, "10.9.0.0/24");
  EXPECT_EQ (values.set, 1u << VMMIG_POLICY_FIELD_NETWORK);
  vmmig_policy_values_clear (&values);
}

TEST_F (MigrationPolicy, WhatASetterTookTheCheckRefuses)
{
  g_autoptr (GError) error = nullptr;

  vmmig_migration_policy_set_bandwidth (policy, 0);
  EXPECT_FALSE (vmmig_migration_policy_check (policy, &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  g_clear_error (&error);

  vmmig_migration_policy_unset (policy, "bandwidth");
  vmmig_migration_policy_set_parallel_connections (policy, 2);
  vmmig_migration_policy_set_compression (policy, VMMIG_COMPRESSION_XBZRLE);
  EXPECT_FALSE (vmmig_migration_policy_check (policy, &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY));
}

/* Which nodes it will be is not known yet. */
TEST_F (MigrationPolicy, WhatNewerDaemonsCanDoPassesTheCheck)
{
  vmmig_migration_policy_set_allow_post_copy (policy, TRUE);
  vmmig_migration_policy_set_parallel_connections (policy, 2);
  vmmig_migration_policy_set_compression (policy, VMMIG_COMPRESSION_ZSTD);
  EXPECT_TRUE (vmmig_migration_policy_check (policy, nullptr));
}

/* GObject warns of what a program must not do, and nothing changes. */
TEST (MigrationPolicyDeathTest, ImpossibleNumbersAndUnknownFieldsAreProgrammingErrors)
{
  GTEST_FLAG_SET (death_test_style, "threadsafe");
  auto run = [] (void (*misuse) (VmmigMigrationPolicy *)) {
    g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

    g_log_set_always_fatal (GLogLevelFlags (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL));
    misuse (policy);
  };

  EXPECT_DEATH (run ([] (VmmigMigrationPolicy *p) {
                  g_object_set (p, "parallel-connections", 256u, nullptr);
                }),
                "out of range");
  EXPECT_DEATH (
      run ([] (VmmigMigrationPolicy *p) { g_object_set (p, "maximum-downtime", 0u, nullptr); }),
      "out of range");
  EXPECT_DEATH (run ([] (VmmigMigrationPolicy *p) { vmmig_migration_policy_unset (p, "speed"); }),
                "vmmig_policy_field_from_name");
  EXPECT_DEATH (
      run ([] (VmmigMigrationPolicy *) { vmmig_migration_policy_check (nullptr, nullptr); }),
      "VMMIG_IS_MIGRATION_POLICY");
}

} // namespace
