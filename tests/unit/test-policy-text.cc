/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include <vmmig/vmmig-error.h>
#include <vmmig/vmmig-migration-policy.h>

#include "policy/vmmig-policy-values-private.h"

namespace
{

using testing::HasSubstr;

std::string
text_of (VmmigMigrationPolicy *policy, const char *field)
{
  g_autofree char *text = vmmig_migration_policy_get_text (policy, field);

  return text;
}

} // namespace

TEST (PolicyText, HasANameForEachFieldAndADefault)
{
  const std::pair<const char *, const char *> defaults[] = {
      {"encryption", "required"},
      {"bandwidth", "unlimited"},
      {"maximum-downtime", "300ms"},
      {"auto-converge", "false"},
      {"allow-post-copy", "false"},
      {"parallel-connections", "1"},
      {"compression", "none"},
      {"auto-converge-initial", "20%"},
      {"auto-converge-increment", "10%"},
      {"completion-timeout-per-gib", "none"},
      {"progress-timeout", "none"},
      {"convergence-strategy", "vmmig"},
      {"allow-workload-disruption", "false"},
      {"early-switch", "false"},
      {"priority", "user"},
      {"attempts", "1"},
      {"back-off", "20s"},
      {"network", "none"},
  };
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
  const char *const *names = vmmig_migration_policy_list_fields ();

  EXPECT_EQ (g_strv_length (const_cast<char **> (names)), guint (VMMIG_POLICY_N_FIELDS));
  for (const auto &[name, text] : defaults)
    {
      EXPECT_TRUE (g_strv_contains (names, name)) << name;
      EXPECT_EQ (text_of (policy, name), text);
      EXPECT_FALSE (vmmig_migration_policy_is_set (policy, name));
      /* What is shown can be given, also where it changes nothing */
      EXPECT_TRUE (vmmig_migration_policy_set_text (policy, name, text, nullptr)) << name;
      EXPECT_EQ (text_of (policy, name), text);
      EXPECT_TRUE (vmmig_migration_policy_is_set (policy, name));
    }
}

TEST (PolicyText, SetsEachField)
{
  const struct
  {
    const char *name;
    const char *text;
    const char *shown;
  } texts[] = {
      {"encryption", "off", "off"},
      {"bandwidth", "64MiB/s", "64MiB/s"},
      {"bandwidth", "1Gbit/s", "125000000B/s"},
      {"maximum-downtime", "2s", "2000ms"},
      {"auto-converge", "true", "true"},
      {"parallel-connections", "255", "255"},
      {"compression", "zlib", "zlib"},
      {"auto-converge-initial", "30", "30%"},
      {"auto-converge-increment", "5%", "5%"},
      {"completion-timeout-per-gib", "20min", "1200s"},
      {"progress-timeout", "7s", "7s"},
      {"convergence-strategy", "kubevirt", "kubevirt"},
      {"allow-workload-disruption", "true", "true"},
      {"early-switch", "true", "true"},
      {"priority", "system-critical", "system-critical"},
      {"priority", "20", "maintenance"},
      {"priority", "0", "0"},
      {"priority", "77", "77"},
      {"attempts", "100", "100"},
      {"back-off", "2min", "120s"},
      {"network", "fd00:9::/64", "fd00:9::/64"},
  };

  for (const auto &one : texts)
    {
      g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
      g_autoptr (VmmigMigrationPolicy) again = vmmig_migration_policy_new ();
      std::string told;

      g_signal_connect (policy, "notify",
                        G_CALLBACK (+[] (GObject *, GParamSpec *pspec, gpointer text) {
                          *static_cast<std::string *> (text) += pspec->name;
                        }),
                        &told);
      ASSERT_TRUE (vmmig_migration_policy_set_text (policy, one.name, one.text, nullptr))
          << one.text;
      EXPECT_EQ (told, one.name);
      EXPECT_TRUE (vmmig_migration_policy_is_set (policy, one.name));
      EXPECT_EQ (text_of (policy, one.name), one.shown);
      ASSERT_TRUE (vmmig_migration_policy_set_text (again, one.name, one.shown, nullptr));
      EXPECT_EQ (text_of (again, one.name), one.shown);
    }
}

TEST (PolicyText, RefusesWhatIsImpossibleAndChangesNothing)
{
  const struct
  {
    const char *name;
    const char *text;
    const char *why;
  } texts[] = {
      {"speed", "1", "no field ‘speed’"},
      {"\x1b[31m", "1", "no field"},
      {"bandwidth", "64", "bandwidth: ‘64’ has no unit"},
      {"bandwidth", "0B/s", "unlimited"},
      {"bandwidth", "1mB/s", "not a rate"},
      {"maximum-downtime", "2001s", "2000000"},
      {"auto-converge", "1", "true nor false"},
      {"parallel-connections", "4294967297", "whole number"},
      {"parallel-connections", "256", "255"},
      {"auto-converge-initial", "99.5%", "whole number"},
      {"auto-converge-initial", "100%", "99"},
      {"compression", "gzip", "none of none, xbzrle, zlib and zstd"},
      {"encryption", "\xff", "UTF-8"},
      {"network", "localhost", "localhost"},
      {"priority", "101", "0 to 100"},
      {"priority", "+1", "0 to 100"},
      {"priority", "urgent", "system-critical"},
      {"attempts", "0", "attempts"},
      {"attempts", "101", "100"},
      {"back-off", "none", "without a pause"},
      {"back-off", "61min", "3600"},
  };
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

  for (const auto &one : texts)
    {
      g_autoptr (GError) error = nullptr;

      EXPECT_FALSE (vmmig_migration_policy_set_text (policy, one.name, one.text, &error))
          << one.text;
      ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << one.text;
      EXPECT_THAT (error->message, HasSubstr (one.why));
      EXPECT_EQ (std::string (error->message).find ('\x1b'), std::string::npos);
    }
  for (const char *const *name = vmmig_migration_policy_list_fields (); *name != nullptr; name++)
    EXPECT_FALSE (vmmig_migration_policy_is_set (policy, *name)) << *name;
  /* What does not go together is judged by the whole policy */
  EXPECT_TRUE (vmmig_migration_policy_set_text (policy, "compression", "zstd", nullptr));
  EXPECT_FALSE (vmmig_migration_policy_check (policy, nullptr));
}
