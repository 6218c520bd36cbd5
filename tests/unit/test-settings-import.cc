/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <string>

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-settings-values-private.h"

namespace
{

const std::string HCO = "apiVersion: hco.kubevirt.io/v1beta1\n"
                        "kind: HyperConverged\n"
                        "metadata: {name: kubevirt-hyperconverged}\n"
                        "spec:\n";
const std::string KUBEVIRT = "apiVersion: kubevirt.io/v1\n"
                             "kind: KubeVirt\n"
                             "spec:\n"
                             "  configuration:\n";

class Import
{
public:
  VmmigSettingsValues values;
  GPtrArray *warnings = g_ptr_array_new_with_free_func (g_free);
  GError *error = nullptr;
  bool done;

  explicit Import (const std::string &yaml)
  {
    vmmig_settings_values_init (&values);
    vmmig_settings_values_set_text (&values, VMMIG_SETTING_NETWORK, "10.9.0.0/24", "before",
                                    nullptr);
    done = vmmig_settings_values_import (&values, yaml.data (), yaml.size (), "s.yaml", warnings,
                                         &error);
  }
  Import (const Import &) = delete;
  ~Import ()
  {
    vmmig_settings_values_clear (&values);
    g_ptr_array_unref (warnings);
    g_clear_error (&error);
  }
  std::string text (VmmigSetting setting)
  {
    g_autofree char *text = vmmig_settings_values_get_text (&values, setting);

    return text;
  }
  std::string told ()
  {
    std::string text;

    for (guint i = 0; i < warnings->len; i++)
      text += std::string (static_cast<char *> (g_ptr_array_index (warnings, i))) + "\n";
    return text;
  }
  std::string message () { return error != nullptr ? error->message : ""; }
};

void
expect_refused (const std::string &yaml, const std::string &place, const char *why)
{
  Import import (yaml);

  EXPECT_FALSE (import.done) << yaml;
  ASSERT_TRUE (g_error_matches (import.error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << yaml;
  EXPECT_EQ (import.message ().rfind (place, 0), 0u) << yaml << import.message ();
  EXPECT_NE (import.message ().find (why), std::string::npos) << yaml << import.message ();
  EXPECT_EQ (import.values.set, 1u << VMMIG_SETTING_NETWORK);
  EXPECT_EQ (import.warnings->len, 0u);
}

} // namespace

TEST (SettingsImport, TakesTheDocumentsExample)
{
  Import import (HCO + "  liveMigrationConfig:\n"
                       "    bandwidthPerMigration: 64Mi\n"
                       "    completionTimeoutPerGiB: 800\n"
                       "    parallelMigrationsPerCluster: 6\n"
                       "    parallelOutboundMigrationsPerNode: 1\n"
                       "    progressTimeout: 151\n"
                       "  workloads: {anything: [else]}\n");

  ASSERT_TRUE (import.done) << import.message ();
  EXPECT_EQ (import.told (), "");
  EXPECT_EQ (import.text (VMMIG_SETTING_BANDWIDTH_PER_MIGRATION), "64MiB/s");
  EXPECT_EQ (import.text (VMMIG_SETTING_COMPLETION_TIMEOUT_PER_GIB), "800s");
  EXPECT_EQ (import.text (VMMIG_SETTING_PARALLEL_MIGRATIONS_PER_CLUSTER), "6");
  EXPECT_EQ (import.text (VMMIG_SETTING_PARALLEL_OUTBOUND_MIGRATIONS_PER_NODE), "1");
  EXPECT_EQ (import.text (VMMIG_SETTING_PROGRESS_TIMEOUT), "151s");
  EXPECT_STREQ (import.values.origins[VMMIG_SETTING_PROGRESS_TIMEOUT],
                "s.yaml:10: spec.liveMigrationConfig.progressTimeout");
  /* What the file does not name stays */
  EXPECT_EQ (import.text (VMMIG_SETTING_NETWORK), "10.9.0.0/24");
  EXPECT_FALSE (vmmig_settings_values_is_set (&import.values, VMMIG_SETTING_PROFILE));
}

TEST (SettingsImport, TakesEachFieldOfKubeVirtOrSaysWhyNot)
{
  Import import (KUBEVIRT + "    evictionStrategy: LiveMigrateIfPossible\n"
                            "    migrations:\n"
                            "      nodeDrainTaintKey: kubevirt.io/drain\n"
                            "      parallelOutboundMigrationsPerNode: 3\n"
                            "      parallelMigrationsPerCluster: 8\n"
                            "      allowAutoConverge: true\n"
                            "      bandwidthPerMigration: 0\n"
                            "      completionTimeoutPerGiB: 0\n"
                            "      maxDowntimeMs: 900\n"
                            "      progressTimeout: 0\n"
                            "      utilityVolumesTimeout: 150\n"
                            "      unsafeMigrationOverride: true\n"
                            "      allowPostCopy: true\n"
                            "      allowWorkloadDisruption: false\n"
                            "      disableTLS: true\n"
                            "      network: migration-network\n"
                            "      matchSELinuxLevelOnMigration: true\n");

  ASSERT_TRUE (import.done) << import.message ();
  EXPECT_EQ (import.text (VMMIG_SETTING_EVICTION_STRATEGY), "live-migrate-if-possible");
  EXPECT_EQ (import.text (VMMIG_SETTING_PARALLEL_OUTBOUND_MIGRATIONS_PER_NODE), "3");
  EXPECT_EQ (import.text (VMMIG_SETTING_PARALLEL_MIGRATIONS_PER_CLUSTER), "8");
  EXPECT_EQ (import.text (VMMIG_SETTING_AUTO_CONVERGE), "true");
  EXPECT_EQ (import.text (VMMIG_SETTING_BANDWIDTH_PER_MIGRATION), "unlimited");
  EXPECT_EQ (import.text (VMMIG_SETTING_COMPLETION_TIMEOUT_PER_GIB), "none");
  EXPECT_EQ (import.text (VMMIG_SETTING_MAXIMUM_DOWNTIME), "900ms");
  EXPECT_EQ (import.text (VMMIG_SETTING_PROGRESS_TIMEOUT), "none");
  EXPECT_EQ (import.text (VMMIG_SETTING_ALLOW_POST_COPY), "true");
  EXPECT_EQ (import.text (VMMIG_SETTING_ALLOW_WORKLOAD_DISRUPTION), "false");
  EXPECT_EQ (import.text (VMMIG_SETTING_NETWORK), "10.9.0.0/24");
  EXPECT_EQ (import.warnings->len, 6u) << import.told ();
  for (const char *field : {"7: spec.configuration.migrations.nodeDrainTaintKey: ",
                            "15: spec.configuration.migrations.utilityVolumesTimeout: ",
                            "16: spec.configuration.migrations.unsafeMigrationOverride: ",
                            "19: spec.configuration.migrations.disableTLS: ",
                            "20: spec.configuration.migrations.network: ",
                            "21: spec.configuration.migrations.matchSELinuxLevelOnMigration: "})
    EXPECT_NE (import.told ().find (std::string ("s.yaml:") + field + "is not taken over"),
               std::string::npos)
        << field << "\n"
        << import.told ();
}

TEST (SettingsImport, WhatAsksForNothingIsNotTold)
{
  Import import (KUBEVIRT + "    migrations: {disableTLS: false, unsafeMigrationOverride: false,\n"
                            "      network: null, progressTimeout: 1}\n");

  ASSERT_TRUE (import.done) << import.message ();
  EXPECT_EQ (import.told (), "");
}

TEST (SettingsImport, EachEvictionStrategyIsTaken)
{
  const struct
  {
    const char *theirs;
    const char *ours;
  } strategies[] = {{"LiveMigrate", "live-migrate"},
                    {"LiveMigrateIfPossible", "live-migrate-if-possible"},
                    {"None", "none"},
                    {"External", "external"}};

  for (const auto &one : strategies)
    {
      Import import (HCO + "  evictionStrategy: " + one.theirs + "\n");
      ASSERT_TRUE (import.done) << import.message ();
      EXPECT_EQ (import.text (VMMIG_SETTING_EVICTION_STRATEGY), one.ours);
    }
  for (const char *text : {"none", "live-migrate", "''", "[]", "1"})
    expect_refused (HCO + "  evictionStrategy: " + text + "\n", "s.yaml:5: spec.evictionStrategy",
                    "none of");
}

TEST (SettingsImport, AListOfOneIsRead)
{
  Import import ("apiVersion: v1\nkind: List\nitems:\n- apiVersion: kubevirt.io/v1\n"
                 "  kind: KubeVirt\n  spec: {configuration: {migrations: {progressTimeout: 9}}}\n");

  ASSERT_TRUE (import.done) << import.message ();
  EXPECT_STREQ (import.values.origins[VMMIG_SETTING_PROGRESS_TIMEOUT],
                "s.yaml:6: items[0].spec.configuration.migrations.progressTimeout");
}

TEST (SettingsImport, WhatIsWrongChangesNothing)
{
  const std::string section = HCO + "  liveMigrationConfig:\n    progressTimeout: 9\n";

  expect_refused (section + "    bandwidth: 64Mi\n", "s.yaml:7: spec.liveMigrationConfig.bandwidth",
                  "no such field");
  expect_refused (section + "    progressTimeout: 9\n", "s.yaml:7: ", "twice");
  expect_refused (section + "    bandwidthPerMigration: 64MB\n",
                  "s.yaml:7: spec.liveMigrationConfig.bandwidthPerMigration", "quantity");
  expect_refused (section + "    parallelMigrationsPerCluster: 0\n",
                  "s.yaml:7: spec.liveMigrationConfig.parallelMigrationsPerCluster", "from 1");
  expect_refused (section + "    parallelMigrationsPerCluster: -1\n", "s.yaml:7: ", "from 1");
  expect_refused (section + "    completionTimeoutPerGiB: '1'\n", "s.yaml:7: ", "quotes");
  expect_refused (section + "    network: 10\n", "s.yaml:7: ", "quotes");
  expect_refused (section + "    disableTLS: 1\n", "s.yaml:7: ", "neither");
  expect_refused (section + "    maxDowntimeMs: 2000001\n", "s.yaml:7: ", "2000000");
  expect_refused (section + "---\n" + section, "s.yaml:8: ", "second");
}

TEST (SettingsImport, OtherObjectsAreRefused)
{
  expect_refused ("apiVersion: v1\nkind: Pod\n", "s.yaml:1: kind", "‘Pod’");
  expect_refused ("apiVersion: kubevirt.io/v1\nkind: HyperConverged\n", "s.yaml:1: kind",
                  "neither");
  expect_refused ("apiVersion: migrations.kubevirt.io/v1alpha1\nkind: MigrationPolicy\n",
                  "s.yaml:1: kind", "neither");
  expect_refused (HCO, "s.yaml:1: spec.liveMigrationConfig", "missing or empty");
  expect_refused (HCO + "  liveMigrationConfig: {}\n", "s.yaml:1: spec.liveMigrationConfig",
                  "empty");
  expect_refused (HCO + "  liveMigrationConfig: []\n", "s.yaml:5: spec.liveMigrationConfig",
                  "list");
  expect_refused (KUBEVIRT, "s.yaml:1: spec.configuration.migrations", "missing");
  expect_refused ("apiVersion: kubevirt.io/v1\nkind: KubeVirt\nspec: {configuration: 1}\n",
                  "s.yaml:3: spec.configuration", "mapping");
  expect_refused ("apiVersion: kubevirt.io/v1\nkind: KubeVirt\nspec: 1\n", "s.yaml:3: spec",
                  "mapping");
}
