/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <glib/gstdio.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-settings-private.h"
#include "temporary-folder.h"

namespace
{

struct Text
{
  const char *name;
  const char *text;
  const char *shown;
};

std::string
text_of (VmmigSettings *settings, const char *name)
{
  g_autofree char *text = vmmig_settings_get_text (settings, name);

  return text;
}

/* A file in a folder of its own. */
class SettingsFile : public ::testing::Test
{
protected:
  TemporaryFolder temporary;
  const char *folder = temporary.path ();
  std::string path = temporary.file ("settings.conf");
  VmmigSettings *settings = vmmig_settings_new ();
  GError *error = nullptr;

  ~SettingsFile () override
  {
    g_object_unref (settings);
    g_clear_error (&error);
  }
  void write (const std::string &text)
  {
    ASSERT_TRUE (g_file_set_contents (path.c_str (), text.data (),
                                      static_cast<gssize> (text.size ()), nullptr));
  }
  std::string read ()
  {
    g_autofree char *text = nullptr;

    EXPECT_TRUE (g_file_get_contents (path.c_str (), &text, nullptr, nullptr));
    return text != nullptr ? text : "";
  }
  bool load (const std::string &text)
  {
    write (text);
    g_clear_error (&error);
    return vmmig_settings_load (settings, path.c_str (), &error);
  }
  void expect_refused (const std::string &text, const std::string &place, const char *why)
  {
    ASSERT_TRUE (vmmig_settings_set_text (settings, "progress-timeout", "7s", nullptr));
    EXPECT_FALSE (load (text)) << text;
    ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << text;
    EXPECT_EQ (std::string (error->message).rfind (path + place, 0), 0u) << text << error->message;
    EXPECT_NE (std::string (error->message).find (why), std::string::npos)
        << text << error->message;
    EXPECT_EQ (text_of (settings, "progress-timeout"), "7s");
    EXPECT_FALSE (vmmig_settings_is_set (settings, "profile"));
  }
};

} // namespace

TEST (Settings, DefaultsAreTheDocuments)
{
  const Text defaults[] = {
      {"parallel-migrations-per-cluster", "", "5"},
      {"parallel-outbound-migrations-per-node", "", "2"},
      {"parallel-inbound-migrations-per-node", "", "2"},
      {"bandwidth-per-migration", "", "unlimited"},
      {"completion-timeout-per-gib", "", "150s"},
      {"progress-timeout", "", "150s"},
      {"maximum-downtime", "", "300ms"},
      {"network", "", ""},
      {"eviction-strategy", "", "live-migrate"},
      {"allow-post-copy", "", "false"},
      {"allow-workload-disruption", "", "false"},
      {"auto-converge", "", "false"},
      {"profile", "", "openshift"},
  };
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();
  const char *const *names = vmmig_settings_list_names ();

  for (const Text &one : defaults)
    {
      EXPECT_STREQ (*names++, one.name);
      EXPECT_EQ (text_of (settings, one.name), one.shown) << one.name;
      EXPECT_FALSE (vmmig_settings_is_set (settings, one.name));
      EXPECT_STREQ (vmmig_settings_get_origin (settings, one.name), "default");
    }
  EXPECT_EQ (*names, nullptr);
  EXPECT_EQ (vmmig_settings_get_parallel_migrations_per_cluster (settings), 5u);
  EXPECT_EQ (vmmig_settings_get_parallel_outbound_migrations_per_node (settings), 2u);
  EXPECT_EQ (vmmig_settings_get_parallel_inbound_migrations_per_node (settings), 2u);
  EXPECT_EQ (vmmig_settings_get_bandwidth_per_migration (settings), VMMIG_BANDWIDTH_UNLIMITED);
  EXPECT_EQ (vmmig_settings_get_completion_timeout_per_gib (settings), 150u);
  EXPECT_EQ (vmmig_settings_get_progress_timeout (settings), 150u);
  EXPECT_EQ (vmmig_settings_get_maximum_downtime (settings), 300u);
  EXPECT_EQ (vmmig_settings_get_network (settings), nullptr);
  EXPECT_EQ (vmmig_settings_get_eviction_strategy (settings), VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE);
  EXPECT_FALSE (vmmig_settings_get_allow_post_copy (settings));
  EXPECT_FALSE (vmmig_settings_get_allow_workload_disruption (settings));
  EXPECT_FALSE (vmmig_settings_get_auto_converge (settings));
  EXPECT_STREQ (vmmig_settings_get_profile (settings), "openshift");
}

/* A property's default is the setting's. */
TEST (Settings, PropertiesHaveTheirDefaults)
{
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();
  const char *const *names = vmmig_settings_list_names ();
  guint n_props = 0;
  g_autofree GParamSpec **props =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (settings), &n_props);

  EXPECT_EQ (n_props, g_strv_length (const_cast<char **> (names)));
  for (guint i = 0; names[i] != nullptr; i++)
    {
      GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (settings), names[i]);
      g_auto (GValue) value = G_VALUE_INIT;

      ASSERT_NE (pspec, nullptr) << names[i];
      g_object_get_property (G_OBJECT (settings), names[i], &value);
      EXPECT_TRUE (g_param_value_defaults (pspec, &value)) << names[i];
    }
}

TEST (Settings, TextsAreRead)
{
  const Text texts[] = {
      {"parallel-migrations-per-cluster", "1", "1"},
      {"parallel-migrations-per-cluster", "2147483647", "2147483647"},
      {"parallel-inbound-migrations-per-node", "unlimited", "unlimited"},
      {"bandwidth-per-migration", "64MiB/s", "64MiB/s"},
      {"bandwidth-per-migration", "1GB", "1000000000B/s"},
      {"bandwidth-per-migration", "1Gbit/s", "125000000B/s"},
      {"bandwidth-per-migration", "9bit", "2B/s"},
      {"bandwidth-per-migration", "0.5GiB/s", "512MiB/s"},
      {"bandwidth-per-migration", "1048576B/s", "1MiB/s"},
      {"bandwidth-per-migration", "unlimited", "unlimited"},
      {"completion-timeout-per-gib", "20min", "1200s"},
      {"completion-timeout-per-gib", "none", "none"},
      {"progress-timeout", "1s", "1s"},
      {"maximum-downtime", "2s", "2000ms"},
      {"maximum-downtime", "2000000ms", "2000000ms"},
      {"network", "10.9.0.0/24", "10.9.0.0/24"},
      {"network", "fd00::/64", "fd00::/64"},
      {"eviction-strategy", "live-migrate-if-possible", "live-migrate-if-possible"},
      {"eviction-strategy", "none", "none"},
      {"eviction-strategy", "external", "external"},
      {"auto-converge", "true", "true"},
      {"allow-post-copy", "false", "false"},
      {"profile", "openshift-heavy", "openshift-heavy"},
  };
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();

  for (const Text &one : texts)
    {
      g_autoptr (GError) error = nullptr;

      ASSERT_TRUE (vmmig_settings_set_text (settings, one.name, one.text, &error))
          << error->message;
      EXPECT_EQ (text_of (settings, one.name), one.shown) << one.text;
      EXPECT_TRUE (vmmig_settings_is_set (settings, one.name));
      EXPECT_STREQ (vmmig_settings_get_origin (settings, one.name), "program");
      /* What is shown can be given again */
      EXPECT_TRUE (vmmig_settings_set_text (settings, one.name, one.shown, nullptr));
      EXPECT_EQ (text_of (settings, one.name), one.shown);
    }
}

TEST (Settings, ImpossibleTextsAreRefusedAndChangeNothing)
{
  const Text texts[] = {
      {"parallel-migrations-per-cluster", "0", "whole number"},
      {"parallel-migrations-per-cluster", "-1", "whole number"},
      {"parallel-migrations-per-cluster", "+1", "whole number"},
      {"parallel-migrations-per-cluster", "1.5", "whole number"},
      {"parallel-migrations-per-cluster", "", "whole number"},
      {"parallel-migrations-per-cluster", "2147483648", "whole number"},
      {"parallel-migrations-per-cluster", "unlimited", "whole number"},
      {"parallel-outbound-migrations-per-node", "many", "whole number"},
      {"bandwidth-per-migration", "64", "unit"},
      {"bandwidth-per-migration", "64Mi", "unit"},
      {"bandwidth-per-migration", "B/s", "rate"},
      {"bandwidth-per-migration", "-1MiB/s", "rate"},
      {"bandwidth-per-migration", "1 MiB/s", "rate"},
      {"bandwidth-per-migration", "0MiB/s", "unlimited"},
      {"bandwidth-per-migration", "18446744073709551615B/s", "too large"},
      {"bandwidth-per-migration", "8796093022208MiB/s", "at most"},
      {"bandwidth-per-migration", "1e99B", "rate"},
      {"completion-timeout-per-gib", "150", "time"},
      {"completion-timeout-per-gib", "0s", "time"},
      {"completion-timeout-per-gib", "150ms", "time"},
      {"completion-timeout-per-gib", "-1s", "time"},
      {"completion-timeout-per-gib", "35791395min", "time"},
      {"progress-timeout", "s", "time"},
      {"maximum-downtime", "0ms", "time"},
      {"maximum-downtime", "2000001ms", "2000000"},
      {"maximum-downtime", "300", "time"},
      {"network", "10.9.0.0/33", ""},
      {"network", "", ""},
      {"network", "migration-network", ""},
      {"eviction-strategy", "LiveMigrate", "none of"},
      {"auto-converge", "yes", "true nor false"},
      {"profile", "nimbus", "openshift-heavy"},
      {"profile", "\xff", "UTF-8"},
      {"speed", "1", "no setting ‘speed’"},
      {"", "1", "no setting"},
      {"Progress-Timeout", "1s", "no setting"},
  };

  for (const Text &one : texts)
    {
      g_autoptr (VmmigSettings) settings = vmmig_settings_new ();
      g_autoptr (GError) error = nullptr;

      EXPECT_FALSE (vmmig_settings_set_text (settings, one.name, one.text, &error)) << one.text;
      ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << one.text;
      EXPECT_NE (std::string (error->message).find (one.shown), std::string::npos)
          << one.name << " " << one.text << ": " << error->message;
      for (const char *const *name = vmmig_settings_list_names (); *name != nullptr; name++)
        EXPECT_FALSE (vmmig_settings_is_set (settings, *name));
    }
}

TEST (Settings, DisruptionFollowsPostCopyUntilItIsSet)
{
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();

  vmmig_settings_set_text (settings, "allow-post-copy", "true", nullptr);
  EXPECT_TRUE (vmmig_settings_get_allow_workload_disruption (settings));
  EXPECT_STREQ (vmmig_settings_get_origin (settings, "allow-workload-disruption"), "default");
  vmmig_settings_set_text (settings, "allow-workload-disruption", "false", nullptr);
  EXPECT_FALSE (vmmig_settings_get_allow_workload_disruption (settings));
  vmmig_settings_unset (settings, "allow-workload-disruption", nullptr);
  EXPECT_TRUE (vmmig_settings_get_allow_workload_disruption (settings));
}

TEST (Settings, ChangesAreTold)
{
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();
  std::string told;

  g_signal_connect (settings, "notify",
                    G_CALLBACK (+[] (GObject *, GParamSpec *pspec, gpointer text) {
                      *static_cast<std::string *> (text) += std::string (pspec->name) + " ";
                    }),
                    &told);
  vmmig_settings_set_text (settings, "allow-post-copy", "true", nullptr);
  EXPECT_NE (told.find ("allow-post-copy"), std::string::npos);
  EXPECT_NE (told.find ("allow-workload-disruption"), std::string::npos);
  told.clear ();
  vmmig_settings_set_text (settings, "allow-post-copy", "true", nullptr);
  vmmig_settings_unset (settings, "profile", nullptr);
  EXPECT_EQ (told, "");
  vmmig_settings_set_text (settings, "network", "10.0.0.0/8", nullptr);
  EXPECT_EQ (told, "network ");
}

TEST_F (SettingsFile, IsReadWithItsLines)
{
  ASSERT_TRUE (load ("# ours\n\n[settings]\r\n  parallel-migrations-per-cluster = 7 \n"
                     "bandwidth-per-migration=64MiB/s\n# end"))
      << error->message;
  EXPECT_EQ (text_of (settings, "parallel-migrations-per-cluster"), "7");
  EXPECT_EQ (vmmig_settings_get_origin (settings, "parallel-migrations-per-cluster"), path + ":4");
  EXPECT_EQ (vmmig_settings_get_origin (settings, "bandwidth-per-migration"), path + ":5");
  ASSERT_TRUE (load (""));
  EXPECT_FALSE (vmmig_settings_is_set (settings, "bandwidth-per-migration"));
}

TEST_F (SettingsFile, WhatIsWrongChangesNothing)
{
  expect_refused ("[settings]\nprofile=ovirt\nspeed=1\n", ":3: ", "no setting ‘speed’");
  expect_refused ("[settings]\nprofile=ovirt\nauto-converge=1\n", ":3: auto-converge: ", "true");
  expect_refused ("[settings]\nprofile=ovirt\nprofile=nova\n", ":3: ", "twice");
  expect_refused ("[settings]\nprofile=ovirt\n[settings]\nprofile=nova\n", ":4: ", "twice");
  expect_refused ("profile=ovirt\n", ":1: ", "before [settings]");
  expect_refused ("[settings]\nprofile=ovirt\n[policy]\n", ":3: ", "[policy]");
  expect_refused ("[settings]\nprofile\n", ":2: ", "neither");
  expect_refused ("[settings ]\nprofile=ovirt\n", ":1: ", "not known");
  expect_refused ("[settings\n", ":1: ", "] is missing");
  expect_refused ("[settings]\nprofile=\n", ":2: profile: ", "no profile");
  expect_refused ("[settings]\n=ovirt\n", ":2: ", "no setting");
  expect_refused ("[settings]\nprofile[de]=ovirt\n", ":2: ", "no setting");
  expect_refused ("[settings]\nprofile=\xff\n", ":2: ", "UTF-8");
  expect_refused ("[settings]\nprofile=ovirt\n\x1b[31m=1\n", ":3: ", "no setting");
  expect_refused (std::string ("[settings]\nprofile=o\0virt\n", 25), "", "NUL");
  expect_refused (std::string (1024 * 1024 + 1, '#'), "", "larger");
}

TEST_F (SettingsFile, FilesThatCannotBeTrustedOrReadAreRefused)
{
  write ("[settings]\nprofile=ovirt\n");
  g_chmod (path.c_str (), 0666);
  EXPECT_FALSE (vmmig_settings_load (settings, path.c_str (), &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INSECURE)) << error->message;
  g_clear_error (&error);
  EXPECT_FALSE (vmmig_settings_save (settings, path.c_str (), &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INSECURE));
  g_clear_error (&error);
  g_auto (GStrv) warnings = vmmig_settings_import_file (settings, path.c_str (), &error);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INSECURE));
  g_clear_error (&error);
  if (geteuid () != 0) /* root reads everything */
    {
      g_chmod (path.c_str (), 0);
      EXPECT_FALSE (vmmig_settings_load (settings, path.c_str (), &error));
      EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_PERMISSION_DENIED));
      g_clear_error (&error);
    }
  g_unlink (path.c_str ());
  EXPECT_FALSE (vmmig_settings_load (settings, path.c_str (), &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  g_clear_error (&error);
  EXPECT_FALSE (vmmig_settings_load (settings, folder, &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  g_clear_error (&error);
  ASSERT_EQ (mkfifo (path.c_str (), 0600), 0);
  EXPECT_FALSE (vmmig_settings_load (settings, path.c_str (), &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  g_clear_error (&error);
  EXPECT_FALSE (vmmig_settings_load (settings, "/dev/null", &error));
}

TEST_F (SettingsFile, SavingKeepsCommentsAndHowValuesWereWritten)
{
  ASSERT_TRUE (load ("# the machine's\n[settings]\n# slow link\nbandwidth-per-migration=1Gbit/s\n"
                     "profile=ovirt\n# last\n"));
  ASSERT_TRUE (vmmig_settings_set_text (settings, "progress-timeout", "1min", nullptr));
  ASSERT_TRUE (vmmig_settings_unset (settings, "profile", nullptr));
  mode_t mask = umask (077);
  ASSERT_TRUE (vmmig_settings_save (settings, path.c_str (), &error)) << error->message;
  umask (mask);
  std::string text = read ();
  EXPECT_EQ (text.rfind ("# the machine's\n", 0), 0u) << text;
  EXPECT_NE (text.find ("[settings]\n# slow link\nbandwidth-per-migration=1Gbit/s\n"),
             std::string::npos)
      << text;
  EXPECT_NE (text.find ("# last"), std::string::npos) << text;
  EXPECT_NE (text.find ("progress-timeout=60s"), std::string::npos) << text;
  EXPECT_EQ (text.find ("profile"), std::string::npos) << text;
  struct stat info;
  ASSERT_EQ (stat (path.c_str (), &info), 0);
  EXPECT_EQ (info.st_mode & 07777, 0644u);
  ASSERT_TRUE (vmmig_settings_load (settings, path.c_str (), &error));
  EXPECT_EQ (text_of (settings, "progress-timeout"), "60s");
  ASSERT_TRUE (vmmig_settings_save (settings, path.c_str (), &error));
  EXPECT_EQ (read (), text);
}

TEST_F (SettingsFile, SavingMakesTheFileAndItsFolderAndFollowsALink)
{
  std::string inner = std::string (folder) + "/a/b";
  std::string link = inner + "/link";
  std::string deep = inner + "/settings.conf";

  vmmig_settings_set_text (settings, "profile", "nova", nullptr);
  ASSERT_TRUE (vmmig_settings_save (settings, deep.c_str (), &error)) << error->message;
  ASSERT_EQ (symlink ("settings.conf", link.c_str ()), 0);
  vmmig_settings_set_text (settings, "profile", "ovirt", nullptr);
  ASSERT_TRUE (vmmig_settings_save (settings, link.c_str (), &error)) << error->message;
  EXPECT_TRUE (g_file_test (link.c_str (), G_FILE_TEST_IS_SYMLINK));
  ASSERT_TRUE (vmmig_settings_load (settings, deep.c_str (), &error)) << error->message;
  EXPECT_EQ (text_of (settings, "profile"), "ovirt");
  EXPECT_FALSE (vmmig_settings_save (settings, (deep + "/x").c_str (), &error));
  EXPECT_NE (error, nullptr);
  g_unlink (link.c_str ());
  g_unlink (deep.c_str ());
  g_rmdir (inner.c_str ());
  g_rmdir ((std::string (folder) + "/a").c_str ());
}

TEST_F (SettingsFile, SavingOverWhatIsNoKeyFileIsRefused)
{
  write ("no key file\n");
  vmmig_settings_set_text (settings, "profile", "nova", nullptr);
  EXPECT_FALSE (vmmig_settings_save (settings, path.c_str (), &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  EXPECT_EQ (read (), "no key file\n");
}
