/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <map>

#include <gmock/gmock.h>

#include "policy-set-fixture.h"
#include "policy/vmmig-profiles-private.h"

namespace
{

using testing::HasSubstr;

/* What facts say of each; what is not named is not set. */
const struct
{
  const char *name;
  guint per_cluster;
  guint outbound;
  guint inbound;
  std::map<std::string, std::string> fields;
} PROFILES[] = {
    {"openshift",
     5,
     2,
     2,
     {{"bandwidth", "unlimited"},
      {"completion-timeout-per-gib", "150s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "false"},
      {"allow-post-copy", "false"}}},
    {"openshift-heavy",
     5,
     1,
     2,
     {{"bandwidth", "unlimited"},
      {"completion-timeout-per-gib", "150s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "false"},
      {"allow-post-copy", "true"}}},
    {"openshift-2026",
     5,
     1,
     2,
     {{"completion-timeout-per-gib", "20s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "false"},
      {"allow-post-copy", "false"}}},
    {"openshift-64mi",
     5,
     2,
     2,
     {{"bandwidth", "64MiB/s"},
      {"completion-timeout-per-gib", "800s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "false"},
      {"allow-post-copy", "false"}}},
    {"kubevirt",
     5,
     2,
     2,
     {{"bandwidth", "unlimited"},
      {"completion-timeout-per-gib", "150s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "false"},
      {"allow-post-copy", "false"},
      {"convergence-strategy", "kubevirt"}}},
    {"nova",
     5,
     1,
     2,
     {{"bandwidth", "unlimited"},
      {"maximum-downtime", "500ms"},
      {"completion-timeout-per-gib", "800s"},
      {"progress-timeout", "none"},
      {"auto-converge", "false"},
      {"allow-post-copy", "false"}}},
    {"ovirt",
     5,
     2,
     2,
     {{"maximum-downtime", "500ms"},
      {"completion-timeout-per-gib", "150s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "true"},
      {"allow-post-copy", "false"}}},
    {"ovirt-minimal-downtime",
     5,
     2,
     2,
     {{"maximum-downtime", "500ms"},
      {"completion-timeout-per-gib", "150s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "true"},
      {"allow-post-copy", "false"}}},
    {"ovirt-post-copy",
     5,
     2,
     2,
     {{"maximum-downtime", "200ms"},
      {"completion-timeout-per-gib", "150s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "true"},
      {"allow-post-copy", "true"}}},
    {"ovirt-suspend-workload",
     5,
     1,
     2,
     {{"maximum-downtime", "5000ms"},
      {"completion-timeout-per-gib", "150s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "true"},
      {"allow-post-copy", "false"},
      {"compression", "xbzrle"}}},
    {"ovirt-very-large",
     5,
     1,
     2,
     {{"maximum-downtime", "5000ms"},
      {"completion-timeout-per-gib", "150s"},
      {"progress-timeout", "150s"},
      {"auto-converge", "true"},
      {"allow-post-copy", "false"}}},
};

std::string
value_of_none (const char *field)
{
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
  g_autofree char *text = vmmig_migration_policy_get_text (policy, field);

  return text;
}

} // namespace

TEST_F (PolicySet, HasTheProfilesFigures)
{
  const char *const *names = vmmig_policy_set_list_profiles ();

  for (const auto &one : PROFILES)
    {
      ASSERT_STREQ (*names++, one.name);
      ASSERT_TRUE (vmmig_policy_set_use_profile (set, one.name, &error)) << message ();
      Resolution found = resolve ("");
      for (const char *const *field = vmmig_migration_policy_list_fields (); *field != nullptr;
           field++)
        {
          auto said = one.fields.find (*field);

          bool is_said = said != one.fields.end ();

          EXPECT_EQ (found.is_set (*field), is_said) << one.name << *field;
          EXPECT_EQ (found.value (*field), is_said ? said->second : value_of_none (*field))
              << one.name << *field;
          EXPECT_EQ (found.origin (*field),
                     is_said ? std::string ("profile ") + one.name : "default");
        }
    }
  EXPECT_EQ (*names, nullptr);
}

/* A policy of the file laid over any profile can say what it likes, and no profile contradicts
 * itself or goes without encryption. */
TEST (Profiles, AreInOrder)
{
  for (const char *const *name = vmmig_profile_names (); *name != nullptr; name++)
    {
      VmmigPolicyValues values;

      vmmig_profile_get_values (*name, &values);
      EXPECT_TRUE (vmmig_policy_values_check (&values, nullptr, nullptr)) << *name;
      EXPECT_EQ (values.encryption, VMMIG_ENCRYPTION_REQUIRED) << *name;
      EXPECT_TRUE (vmmig_profile_check (*name, nullptr));
      vmmig_policy_values_clear (&values);
    }
}

TEST (Profiles, LieUnderTheSettingsToo)
{
  for (const auto &one : PROFILES)
    {
      g_autoptr (VmmigSettings) settings = vmmig_settings_new ();
      auto bandwidth = one.fields.find ("bandwidth");

      ASSERT_TRUE (vmmig_settings_set_text (settings, "profile", one.name, nullptr));
      EXPECT_EQ (vmmig_settings_get_parallel_migrations_per_cluster (settings), one.per_cluster);
      EXPECT_EQ (vmmig_settings_get_parallel_outbound_migrations_per_node (settings), one.outbound)
          << one.name;
      EXPECT_EQ (vmmig_settings_get_parallel_inbound_migrations_per_node (settings), one.inbound);
      for (const char *name :
           {"completion-timeout-per-gib", "progress-timeout", "auto-converge", "allow-post-copy"})
        {
          g_autofree char *text = vmmig_settings_get_text (settings, name);

          EXPECT_EQ (text, one.fields.at (name)) << one.name << name;
          EXPECT_FALSE (vmmig_settings_is_set (settings, name));
          EXPECT_EQ (vmmig_settings_get_origin (settings, name),
                     std::string ("profile ") + one.name);
        }
      g_autofree char *text = vmmig_settings_get_text (settings, "bandwidth-per-migration");
      EXPECT_EQ (text, bandwidth != one.fields.end () ? bandwidth->second : "unlimited");
      EXPECT_STREQ (vmmig_settings_get_origin (settings, "network"), "default");
    }
}

TEST (Profiles, GiveWayToWhatIsSet)
{
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();
  std::string told;

  vmmig_settings_set_text (settings, "parallel-outbound-migrations-per-node", "3", nullptr);
  g_signal_connect (settings, "notify",
                    G_CALLBACK (+[] (GObject *, GParamSpec *pspec, gpointer text) {
                      *static_cast<std::string *> (text) += std::string (pspec->name) + " ";
                    }),
                    &told);
  vmmig_settings_set_text (settings, "profile", "openshift-heavy", nullptr);
  EXPECT_EQ (vmmig_settings_get_parallel_outbound_migrations_per_node (settings), 3u);
  EXPECT_STREQ (vmmig_settings_get_origin (settings, "parallel-outbound-migrations-per-node"),
                "program");
  EXPECT_TRUE (vmmig_settings_get_allow_post_copy (settings));
  EXPECT_TRUE (vmmig_settings_get_allow_workload_disruption (settings));
  /* What the profile changes is told as well */
  EXPECT_THAT (told, HasSubstr ("allow-post-copy "));
  EXPECT_THAT (told, HasSubstr ("profile "));
  EXPECT_EQ (told.find ("outbound"), std::string::npos);
  vmmig_settings_unset (settings, "profile", nullptr);
  EXPECT_FALSE (vmmig_settings_get_allow_post_copy (settings));
  EXPECT_STREQ (vmmig_settings_get_origin (settings, "allow-post-copy"), "default");
}
