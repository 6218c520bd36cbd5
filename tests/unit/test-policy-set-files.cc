/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gmock/gmock.h>

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-set-fixture.h"
#include "temporary-folder.h"

namespace
{

using testing::HasSubstr;

/* Files in a folder of their own. */
class PolicyFiles : public PolicySet
{
protected:
  std::string path (const std::string &name) { return temporary.file (name); }
  void write (const std::string &name, const std::string &text)
  {
    ASSERT_TRUE (g_file_set_contents (path (name).c_str (), text.data (),
                                      static_cast<gssize> (text.size ()), nullptr));
  }
  bool load_file (const std::string &name)
  {
    g_clear_error (&error);
    return vmmig_policy_set_load_file (set, path (name).c_str (), &error);
  }
  bool load_directory ()
  {
    g_clear_error (&error);
    return vmmig_policy_set_load_directory (set, folder, &error);
  }
  bool failed_with (VmmigError code) { return g_error_matches (error, VMMIG_ERROR, code); }

  TemporaryFolder temporary;
  const char *folder = temporary.path ();
};

const char GOOD[] = "[policy good]\nvm-selector=a=1\nbandwidth=1MiB/s\n"; /* three lines */

/* What is wrong below that. */
const struct
{
  std::string text;
  const char *place;
  const char *why;
  VmmigError code = VMMIG_ERROR_INVALID_ARGUMENT;
} REFUSALS[] = {
    {"[policy b]\nbandwidth=-1MiB/s\n", "p.conf:5: bandwidth: ", "not a rate"},
    {"bandwidth=0MiB/s\n", "p.conf:4: ", "twice"},
    {"[policy b]\nbandwidth=0MiB/s\n", "p.conf:5: bandwidth: ", "unlimited"},
    {"[policy b]\nbandwidth=64\n", "p.conf:5: bandwidth: ", "no unit"},
    {"[policy b]\nbandwidth=64Mi\n", "p.conf:5: bandwidth: ", "no unit"},
    {"[policy b]\nbandwidth=18446744073709551616B/s\n", "p.conf:5: bandwidth: ", "not a rate"},
    {"[policy b]\nbandwidth=8796093022208MiB/s\n", "p.conf:5: bandwidth: ", "at most"},
    {"[policy b]\nbandwidth=1mB/s\n", "p.conf:5: bandwidth: ", "not a rate"},
    {"[policy b]\nmaximum-downtime=0ms\n", "p.conf:5: maximum-downtime: ", "time"},
    {"[policy b]\nmaximum-downtime=2000001ms\n", "p.conf:5: maximum-downtime: ", "2000000"},
    {"[policy b]\nmaximum-downtime=99999999999999999999s\n",
     "p.conf:5: maximum-downtime: ", "time"},
    {"[policy b]\nprogress-timeout=0s\n", "p.conf:5: progress-timeout: ", "time"},
    {"[policy b]\nprogress-timeout=-5s\n", "p.conf:5: progress-timeout: ", "time"},
    {"[policy b]\nparallel-connections=0\n", "p.conf:5: parallel-connections: ", "whole number"},
    {"[policy b]\nparallel-connections=256\n", "p.conf:5: parallel-connections: ", "255"},
    {"[policy b]\nauto-converge=yes\n", "p.conf:5: auto-converge: ", "true nor false"},
    {"[policy b]\nauto-converge-initial=0%\n", "p.conf:5: auto-converge-initial: ", "1 to 99"},
    {"[policy b]\nauto-converge-increment=100\n", "p.conf:5: auto-converge-increment: ", "1 to 99"},
    {"[policy b]\nencryption=maybe\n", "p.conf:5: encryption: ", "none of required and off"},
    {"[policy b]\ncompression=\n", "p.conf:5: compression: ", "none of none, xbzrle, zlib and"},
    {"[policy b]\nnetwork=10.9.0.0/33\n", "p.conf:5: network: ", "10.9.0.0/33"},
    {"[policy b]\nnetwork=\n", "p.conf:5: network: ", ""},
    {"[policy b]\nspeed=1\n", "p.conf:5: ‘speed’ ", "neither a selector nor a policy's field"},
    {"[policy b]\nvm-selector=a\n", "p.conf:5: vm-selector: ", "has no value"},
    {"[policy b]\nvm-selector=a=1,a=2\n", "p.conf:5: vm-selector: ", "twice"},
    {"[policy b]\nvm-selector=a=1\nvm-selector=b=1\n", "p.conf:6: ", "twice"},
    {"[policy b]\ngroup-selector=a b=1\n", "p.conf:5: group-selector: ", "‘a b’"},
    {"[policy b]\ngroup-selector=A_/b=1\n", "p.conf:5: group-selector: ", "DNS name"},
    {"[policy b]\nvm-selector==1\n", "p.conf:5: vm-selector: ", "no name"},
    {"[policy good]\n", "p.conf:4: ‘good’ ", "line 1"},
    {"[policy]\n", "p.conf:4: ", "no name"},
    {"[policy ]\n", "p.conf:4: ", "no name"},
    {"[policy a/b]\n", "p.conf:4: ‘a/b’ ", "not a policy's name"},
    {"[ policy b]\n", "p.conf:4: ‘[ policy b]’ ", "[policy NAME]"},
    {"[policies]\n", "p.conf:4: ‘[policies]’ ", "[policy NAME]"},
    {"[settings]\n", "p.conf:4: ‘[settings]’ ", "[policy NAME]"},
    {"[policy b\n", "p.conf:4: ", "] is missing"},
    {"speed\n", "p.conf:4: ", "neither a key"},
    {"=\n", "p.conf:4: ", "neither a selector"},
    {"bandwidth=\xff\n", "p.conf:4: ", "UTF-8"},
    {std::string ("a\0b", 3), "p.conf", "NUL"},
    {"[policy b]\nauto-converge-initial=30%\n", "p.conf:4: policy ‘b’: ", "auto-converge is off",
     VMMIG_ERROR_INVALID_POLICY},
    {"[policy b]\ncompression=zstd\n", "p.conf:4: policy ‘b’: ", "parallel-connections",
     VMMIG_ERROR_INVALID_POLICY},
    {"[policy b]\nvm-selector=a=1\n", "p.conf:4: policy ‘b’ ", "‘good’ (p.conf:1)",
     VMMIG_ERROR_INVALID_POLICY},
};

} // namespace

TEST_F (PolicySet, ReadsAKeyFile)
{
  ASSERT_TRUE (load ("# ours\n\n  [policy databases]  \r\n vm-selector = app=db, tier=gold\n"
                     "group-selector=priority=high\nbandwidth=1Gbit/s\nencryption=off\n"
                     "compression=zstd\nparallel-connections=4\nauto-converge=true\n"
                     "auto-converge-initial=30%\ncompletion-timeout-per-gib=none\nnetwork=none\n"
                     "[policy all]\nvm-selector=\nmaximum-downtime=2s"))
      << message ();
  g_autofree char *vm = vmmig_policy_set_get_vm_selector (set, "databases");
  g_autofree char *group = vmmig_policy_set_get_group_selector (set, "databases");
  g_autofree char *all = vmmig_policy_set_get_vm_selector (set, "all");
  g_autofree char *origin = vmmig_policy_set_get_origin (set, "all");
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_policy_set_get_policy (set, "databases");

  EXPECT_EQ (names (), "all databases");
  EXPECT_EQ (notices (), "");
  EXPECT_STREQ (vm, "app=db,tier=gold");
  EXPECT_STREQ (group, "priority=high");
  EXPECT_STREQ (all, "");
  EXPECT_STREQ (origin, "p.conf:14");
  EXPECT_EQ (vmmig_migration_policy_get_bandwidth (policy), 125000000u);
  EXPECT_EQ (vmmig_migration_policy_get_encryption (policy), VMMIG_ENCRYPTION_OFF);
  EXPECT_EQ (vmmig_migration_policy_get_compression (policy), VMMIG_COMPRESSION_ZSTD);
  EXPECT_EQ (vmmig_migration_policy_get_auto_converge_initial (policy), 30u);
  EXPECT_EQ (vmmig_migration_policy_get_completion_timeout_per_gib (policy), VMMIG_TIMEOUT_NONE);
  EXPECT_TRUE (vmmig_migration_policy_is_set (policy, "network"));
  EXPECT_FALSE (vmmig_migration_policy_is_set (policy, "maximum-downtime"));
  /* A file without policies is one */
  EXPECT_TRUE (load (""));
  EXPECT_TRUE (load ("# nothing\n"));
}

TEST_F (PolicySet, RefusesAKeyFileWithPlaceAndReasonAndTakesNothingOfIt)
{
  ASSERT_TRUE (add ("before", "x=1", nullptr));
  for (const auto &one : REFUSALS)
    {
      EXPECT_FALSE (load (GOOD + one.text)) << one.text;
      EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, one.code)) << one.text << message ();
      EXPECT_EQ (message ().rfind (one.place, 0), 0u) << one.text << message ();
      EXPECT_THAT (message (), HasSubstr (one.why)) << one.text;
      EXPECT_EQ (names (), "before") << one.text;
      EXPECT_EQ (notices (), "") << one.text;
    }
  EXPECT_FALSE (load ("bandwidth=1MiB/s\n"));
  EXPECT_EQ (message ().rfind ("p.conf:1: ‘bandwidth’ stands before the first", 0), 0u);
  /* The name comes from whoever calls */
  EXPECT_FALSE (load ("[", "\x1b[31m.conf"));
  EXPECT_EQ (message ().find ('\x1b'), std::string::npos);
  for (const char *name : {"p", "p.conf~", "p.txt", "conf", ""})
    {
      EXPECT_FALSE (load (GOOD, name));
      EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
      EXPECT_THAT (message (), HasSubstr ("ends in .conf"));
    }
}

TEST_F (PolicySet, TellsWhatIsHardlyMeant)
{
  ASSERT_TRUE (load ("[policy a]\nbandwidth=1MiB/s\n[policy b]\nvm-selector=b=1\n"
                     "[policy c]\nvm-selector=c=1\nallow-post-copy=true\n"));
  EXPECT_EQ (notices (), "p.conf:1: policy ‘a’ has no selector: it applies to no VM; for each VM "
                         "write vm-selector= without labels\n"
                         "p.conf:3: policy ‘b’ sets nothing: what it selects has the defaults\n"
                         "p.conf:5: policy ‘c’ allows post-copy: it is not for critical data, nor "
                         "for unstable networks");
}

TEST_F (PolicyFiles, AreReadInOrderAndLaterOnesWin)
{
  write ("20-b.conf", "[policy p]\nvm-selector=a=1\nbandwidth=2MiB/s\n");
  write ("10-a.conf", "[policy p]\nvm-selector=a=1\nbandwidth=1MiB/s\nauto-converge=true\n"
                      "[policy q]\nvm-selector=b=1\nbandwidth=1MiB/s\n");
  write (".#30-c.conf", "an editor's");
  write ("30-c.conf~", "an editor's");
  write ("README", "not a policy");
  ASSERT_TRUE (load_directory ()) << message ();
  EXPECT_EQ (names (), "p q");
  EXPECT_EQ (notices (), path ("20-b.conf") + ":1: policy ‘p’ takes the place of the one of " +
                             path ("10-a.conf") + ":1");
  Resolution found = resolve ("a=1");
  EXPECT_EQ (found.value ("bandwidth"), "2MiB/s");
  EXPECT_EQ (found.origin ("bandwidth"), "policy ‘p’ (" + path ("20-b.conf") + ":3)");
  /* As a whole: the older one is gone with all that it said */
  EXPECT_EQ (found.value ("auto-converge"), "false");
  /* Once more is the same again, and is told */
  ASSERT_TRUE (load_file ("20-b.conf")) << message ();
  EXPECT_EQ (names (), "p q");
  EXPECT_THAT (notices (), HasSubstr (path ("20-b.conf") +
                                      ":1: policy ‘p’ takes the place of the "
                                      "one of " +
                                      path ("20-b.conf") + ":1"));
}

TEST_F (PolicyFiles, TakeEachOthersSelectorsOnlyIfTheOtherIsGone)
{
  write ("1.conf", "[policy p]\nvm-selector=a=1\nbandwidth=1MiB/s\n");
  write ("2.conf", "[policy q]\nvm-selector=a=1\nbandwidth=2MiB/s\n");
  EXPECT_FALSE (load_directory ());
  EXPECT_TRUE (failed_with (VMMIG_ERROR_INVALID_POLICY));
  EXPECT_EQ (
      message ().rfind (path ("2.conf") + ":1: policy ‘q’ has the selectors of policy ‘p’", 0), 0u)
      << message ();
  EXPECT_EQ (names (), "");
  /* What is in order at the end is in order */
  write ("3.conf", "[policy p]\nvm-selector=b=1\nbandwidth=1MiB/s\n");
  EXPECT_TRUE (load_directory ()) << message ();
  EXPECT_EQ (names (), "p q");
}

TEST_F (PolicyFiles, OfADirectoryAreTakenTogetherOrNotAtAll)
{
  write ("1.conf", "[policy p]\nvm-selector=a=1\nbandwidth=1MiB/s\n");
  write ("2.conf", "[policy q]\nspeed=1\n");
  EXPECT_FALSE (load_directory ());
  EXPECT_EQ (message ().rfind (path ("2.conf") + ":2: ", 0), 0u) << message ();
  EXPECT_EQ (names (), "");
  EXPECT_EQ (notices (), "");
}

TEST_F (PolicyFiles, ThatCannotBeTrustedOrReadAreRefused)
{
  write ("1.conf", "[policy p]\nvm-selector=a=1\n");
  g_chmod (path ("1.conf").c_str (), 0666);
  EXPECT_FALSE (load_file ("1.conf"));
  EXPECT_TRUE (failed_with (VMMIG_ERROR_INSECURE)) << message ();
  EXPECT_FALSE (load_directory ());
  EXPECT_TRUE (failed_with (VMMIG_ERROR_INSECURE)) << message ();
  EXPECT_EQ (message ().rfind (path ("1.conf"), 0), 0u) << message ();
  g_chmod (path ("1.conf").c_str (), 0644);
  g_chmod (folder, 01777);
  EXPECT_FALSE (load_directory ());
  EXPECT_TRUE (failed_with (VMMIG_ERROR_INSECURE)) << message ();
  EXPECT_THAT (message (), HasSubstr ("everybody can put files here"));
  if (geteuid () != 0) /* root reads everything */
    {
      g_chmod (folder, 0);
      EXPECT_FALSE (load_directory ());
      EXPECT_TRUE (failed_with (VMMIG_ERROR_PERMISSION_DENIED)) << message ();
      g_chmod (folder, 0755);
      g_chmod (path ("1.conf").c_str (), 0);
      EXPECT_FALSE (load_directory ());
      EXPECT_TRUE (failed_with (VMMIG_ERROR_PERMISSION_DENIED)) << message ();
      g_chmod (path ("1.conf").c_str (), 0644);
    }
  g_chmod (folder, 0755);
  EXPECT_FALSE (load_file ("2.conf"));
  EXPECT_TRUE (failed_with (VMMIG_ERROR_INVALID_ARGUMENT)) << message ();
  EXPECT_FALSE (vmmig_policy_set_load_directory (set, path ("none").c_str (), nullptr));
  EXPECT_TRUE (g_file_test (VMMIG_POLICY_DIRECTORY, G_FILE_TEST_EXISTS) ||
               vmmig_policy_set_load_directory (set, nullptr, nullptr));
  EXPECT_FALSE (vmmig_policy_set_load_directory (set, path ("1.conf").c_str (), nullptr));
  write ("3.conf", std::string (1024 * 1024 + 1, '#'));
  EXPECT_FALSE (load_file ("3.conf"));
  EXPECT_THAT (message (), HasSubstr ("larger"));
  g_unlink (path ("3.conf").c_str ());
  ASSERT_EQ (mkfifo (path ("3.conf").c_str (), 0600), 0);
  EXPECT_FALSE (load_directory ());
  EXPECT_THAT (message (), HasSubstr ("no regular file"));
  EXPECT_EQ (names (), "");
}

TEST_F (PolicyFiles, ManyOfThemAreReadInNoTime)
{
  std::string text;

  for (int i = 0; i < 20000; i++)
    text += "[policy p" + std::to_string (i) + "]\nvm-selector=a=" + std::to_string (i) + "\n";
  write ("1.conf", text);
  ASSERT_TRUE (load_directory ()) << message ();
  ASSERT_TRUE (load_directory ()) << message ();
  EXPECT_EQ (resolve ("a=19999").name (), "p19999");
}
