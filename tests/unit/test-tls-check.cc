/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tls-fixture.h"

namespace
{
using forge::Certificate;
using forge::Files;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;
using tls::Report;
using tls::Tree;

const uid_t NOBODY = 65534;

class TlsCheck : public testing::Test
{
protected:
  TlsCheck () : expected (vmmig_tls_check_new ())
  {
    static const char *const names[] = {"h1", nullptr};
    Files good (Certificate::ca (), Certificate ());

    vmmig_tls_check_set_names (expected, names);
    vmmig_tls_check_set_instant (expected, forge::NOW);
    tree.write ("ca-cert.pem", good.ca, 0644);
    tree.write ("server-cert.pem", good.server, 0644);
    tree.write ("server-key.pem", good.server_key);
    tree.write ("client-cert.pem", good.client, 0644);
    tree.write ("client-key.pem", good.client_key);
  }
  ~TlsCheck () override { g_object_unref (expected); }

  Report check () { return tls::check (expected, tree.path ()); }
  std::string file (const char *name) { return tree.path (name); }

  Tree tree;
  VmmigTlsCheck *expected;
};

TEST_F (TlsCheck, GoodFilesWillDo)
{
  EXPECT_EQ (check ().text, "");
  EXPECT_EQ (tls::check (expected, tree.path () + "/").text, "");
}

TEST_F (TlsCheck, OfLibvirtsLayout)
{
  Tree pki;

  pki.write ("CA/cacert.pem", tree.read ("ca-cert.pem"));
  pki.write ("libvirt/servercert.pem", tree.read ("server-cert.pem"));
  pki.write ("libvirt/private/serverkey.pem", tree.read ("server-key.pem"));
  vmmig_tls_check_set_layout (expected, VMMIG_TLS_LAYOUT_LIBVIRT);
  vmmig_tls_check_set_role (expected, VMMIG_TLS_ROLE_SERVER);
  EXPECT_EQ (tls::check (expected, pki.path ()).text, "");
  vmmig_tls_check_set_role (expected, VMMIG_TLS_ROLE_BOTH);
  EXPECT_THAT (tls::check (expected, pki.path ()).blockers,
               UnorderedElementsAre ("tls.missing", "tls.missing"));
}

TEST_F (TlsCheck, NothingThatIsNoFileIsRead)
{
  g_unlink (file ("server-key.pem").c_str ());
  ASSERT_EQ (mkfifo (file ("server-key.pem").c_str (), 0600), 0);
  g_unlink (file ("client-key.pem").c_str ());
  ASSERT_EQ (g_mkdir (file ("client-key.pem").c_str (), 0700), 0);
  Report found = check ();
  EXPECT_THAT (found.blockers, UnorderedElementsAre ("tls.not-a-file", "tls.not-a-file"));
  EXPECT_THAT (found.text, HasSubstr ("FIFO"));
  EXPECT_THAT (found.text, HasSubstr ("directory"));
}

TEST_F (TlsCheck, LinksAreNotFollowed)
{
  ASSERT_EQ (g_rename (file ("ca-cert.pem").c_str (), file ("real.pem").c_str ()), 0);
  ASSERT_EQ (symlink ("real.pem", file ("ca-cert.pem").c_str ()), 0);
  Report found = check ();
  EXPECT_THAT (found.unknown, UnorderedElementsAre ("tls.link"));
  EXPECT_THAT (found.blockers, IsEmpty ());

  Tree other;
  ASSERT_EQ (symlink (tree.path ().c_str (), other.path ("pki").c_str ()), 0);
  for (const char *name : {"pki", "pki/"})
    {
      found = tls::check (expected, other.path (name));
      EXPECT_EQ (found.code, VMMIG_ERROR_INSECURE);
      EXPECT_THAT (found.message, HasSubstr ("link"));
    }
  /* In the middle of the way */
  ASSERT_EQ (symlink (tree.path ().c_str (), other.path ("CA").c_str ()), 0);
  ASSERT_EQ (g_unlink (other.path ("pki").c_str ()), 0);
  ASSERT_EQ (g_rename (file ("real.pem").c_str (), file ("cacert.pem").c_str ()), 0);
  vmmig_tls_check_set_layout (expected, VMMIG_TLS_LAYOUT_LIBVIRT);
  EXPECT_THAT (tls::check (expected, other.path ()).unknown, UnorderedElementsAre ("tls.link"));
}

TEST_F (TlsCheck, WhatEverybodyCanWriteIsNotTrusted)
{
  g_chmod (file ("ca-cert.pem").c_str (), 0666);
  Report found = check ();
  EXPECT_THAT (found.blockers, UnorderedElementsAre ("tls.writable"));
  EXPECT_THAT (found.text, HasSubstr ("ca-cert.pem"));
  g_chmod (file ("ca-cert.pem").c_str (), 0644);
  g_chmod (tree.path ().c_str (), 0777);
  found = check ();
  EXPECT_THAT (found.blockers, Contains ("tls.writable"));
  EXPECT_THAT (found.blockers, Each ("tls.writable"));
  g_chmod (tree.path ().c_str (), 0700);
  g_chmod (file ("server-key.pem").c_str (), 0644);
  found = check ();
  EXPECT_THAT (found.blockers, IsEmpty ());
  EXPECT_THAT (found.warnings, UnorderedElementsAre ("tls.key-exposed"));
}

TEST_F (TlsCheck, LargeFilesAndGarbageAreRefused)
{
  tree.write ("server-cert.pem", std::string (10 << 20, 'x'));
  tree.write ("client-cert.pem", std::string (1 << 20, '\0'));
  EXPECT_THAT (check ().blockers, UnorderedElementsAre ("tls.too-large", "tls.garbage"));
  tree.write ("server-cert.pem", "");
  tree.write ("client-cert.pem", tree.read ("ca-cert.pem").substr (0, 200));
  EXPECT_THAT (check ().blockers, UnorderedElementsAre ("tls.garbage", "tls.garbage"));
}

TEST_F (TlsCheck, UnreadableFilesAreNoSilentPass)
{
  const bool root = geteuid () == 0;

  g_chmod (file ("server-key.pem").c_str (), 0);
  /* No mode keeps root out: then everything is nobody's, and so are we. */
  if (root)
    {
      for (const auto &entry : std::filesystem::directory_iterator (tree.path ()))
        ASSERT_EQ (chown (entry.path ().c_str (), NOBODY, NOBODY), 0);
      ASSERT_EQ (chown (tree.path ().c_str (), NOBODY, NOBODY), 0);
      ASSERT_EQ (seteuid (NOBODY), 0);
    }
  EXPECT_THAT (check ().unknown, UnorderedElementsAre ("tls.unreadable"));
  if (root)
    {
      ASSERT_EQ (seteuid (0), 0);
    }
}

TEST_F (TlsCheck, AnotherUserMustBeAbleToReadThem)
{
  if (geteuid () != 0)
    GTEST_SKIP () << "takes root to have files of another user";
  EXPECT_THAT (check ().notes, UnorderedElementsAre ("tls.closed-to-user", "tls.closed-to-user"));
  vmmig_tls_check_set_user (expected, "nobody");
  Report found = check ();
  EXPECT_THAT (found.blockers, Each ("tls.closed-to-user"));
  EXPECT_EQ (found.blockers.size (), 5u) << "the directory is closed";
  g_chmod (tree.path ().c_str (), 0755);
  found = check ();
  EXPECT_EQ (found.blockers.size (), 2u) << found.text;
  for (const char *name : {"server-key.pem", "client-key.pem"})
    ASSERT_EQ (chown (file (name).c_str (), 65534, 65534), 0);
  EXPECT_EQ (check ().text, "");
  vmmig_tls_check_set_user (expected, "root");
  EXPECT_EQ (check ().text, "");
}

TEST_F (TlsCheck, FiveFaultsAreFoundAtOnce)
{
  Certificate leaf;

  leaf.to = forge::NOW - forge::DAY;
  leaf.names = "DNS:elsewhere";
  Files bad (Certificate::ca (), leaf);
  tree.write ("server-cert.pem", bad.server);
  g_unlink (file ("client-cert.pem").c_str ());
  tree.write ("client-key.pem", "no key");
  g_chmod (file ("ca-cert.pem").c_str (), 0666);
  EXPECT_THAT (check ().blockers,
               UnorderedElementsAre ("tls.expired", "tls.wrong-name", "tls.missing", "tls.garbage",
                                     "tls.writable"));
}

TEST_F (TlsCheck, BadInputIsRefused)
{
  const char *const shell[] = {"h1; rm -rf x", nullptr};
  const char *const words[] = {"h1", nullptr};

  EXPECT_EQ (tls::check (expected, tree.path ("nowhere")).code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ (tls::check (expected, file ("ca-cert.pem")).code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ (tls::check (expected, "").code, VMMIG_ERROR_INVALID_ARGUMENT);
  vmmig_tls_check_set_names (expected, shell);
  EXPECT_EQ (check ().code, VMMIG_ERROR_INVALID_ARGUMENT);
  vmmig_tls_check_set_names (expected, nullptr);
  vmmig_tls_check_set_addresses (expected, words);
  EXPECT_EQ (check ().code, VMMIG_ERROR_INVALID_ARGUMENT);
  vmmig_tls_check_set_addresses (expected, nullptr);
  vmmig_tls_check_set_user (expected, "no such user");
  EXPECT_EQ (check ().code, VMMIG_ERROR_INVALID_ARGUMENT);
  vmmig_tls_check_set_user (expected, nullptr);
  vmmig_tls_check_set_ca_file (expected, "/nonexistent/ca.pem");
  EXPECT_EQ (check ().code, VMMIG_ERROR_INVALID_ARGUMENT);
  tree.write ("fake.pem", "nothing");
  vmmig_tls_check_set_ca_file (expected, file ("fake.pem").c_str ());
  EXPECT_THAT (check ().blockers, UnorderedElementsAre ("tls.garbage"));
}

TEST_F (TlsCheck, ACancelIsAnswered)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  Report found = tls::check (expected, tree.path (), cancellable);
  /* Either was first */
  EXPECT_TRUE (found.code == VMMIG_ERROR_CANCELLED || found.code == 0) << found.message;
}

TEST_F (TlsCheck, ManyAtOnce)
{
  std::vector<tls::Answer> answers (200);

  for (tls::Answer &answer : answers)
    vmmig_tls_check_directory_async (expected, tree.path ().c_str (), nullptr, tls::Answer::take,
                                     &answer);
  for (tls::Answer &answer : answers)
    {
      g_autoptr (VmmigPreflightReport) report =
          vmmig_tls_check_directory_finish (expected, answer.wait (), nullptr);

      ASSERT_NE (report, nullptr);
      EXPECT_FALSE (vmmig_preflight_report_is_blocked (report));
    }
}

TEST_F (TlsCheck, PropertiesAreWhatWasSet)
{
  static const char *const list[] = {"a", "b", nullptr};
  g_autoptr (VmmigTlsCheck) made = VMMIG_TLS_CHECK (
      g_object_new (VMMIG_TYPE_TLS_CHECK, "layout", VMMIG_TLS_LAYOUT_LIBVIRT, "role",
                    VMMIG_TLS_ROLE_CLIENT, "node", "n", "names", list, "addresses", list, "ca-file",
                    "c", "user", "u", "client-certificate-file", "f", "client-key-file", "k",
                    "instant", gint64{5}, "clock-skew", 6u, "timeout", 7u, nullptr));
  int changes = 0;

  EXPECT_EQ (vmmig_tls_check_get_layout (made), VMMIG_TLS_LAYOUT_LIBVIRT);
  EXPECT_EQ (vmmig_tls_check_get_role (made), VMMIG_TLS_ROLE_CLIENT);
  EXPECT_STREQ (vmmig_tls_check_get_node (made), "n");
  EXPECT_EQ (tls::strings (vmmig_tls_check_get_names (made)).size (), 2u);
  EXPECT_EQ (tls::strings (vmmig_tls_check_get_addresses (made)).size (), 2u);
  EXPECT_STREQ (vmmig_tls_check_get_ca_file (made), "c");
  EXPECT_STREQ (vmmig_tls_check_get_user (made), "u");
  EXPECT_STREQ (vmmig_tls_check_get_client_certificate_file (made), "f");
  EXPECT_STREQ (vmmig_tls_check_get_client_key_file (made), "k");
  EXPECT_EQ (vmmig_tls_check_get_instant (made), 5);
  EXPECT_EQ (vmmig_tls_check_get_clock_skew (made), 6u);
  EXPECT_EQ (vmmig_tls_check_get_timeout (made), 7u);
  EXPECT_EQ (vmmig_tls_check_get_clock_skew (expected), 60u);
  EXPECT_EQ (vmmig_tls_check_get_timeout (expected), 10u);
  g_signal_connect_swapped (made, "notify", G_CALLBACK (+[] (int *n) { (*n)++; }), &changes);
  vmmig_tls_check_set_names (made, list);
  vmmig_tls_check_set_node (made, "n");
  vmmig_tls_check_set_timeout (made, 7);
  EXPECT_EQ (changes, 0);
  vmmig_tls_check_set_names (made, nullptr);
  vmmig_tls_check_set_node (made, nullptr);
  EXPECT_EQ (changes, 2);
}
}
