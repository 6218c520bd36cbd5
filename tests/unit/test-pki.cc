/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rounds.h"
#include "tls-fixture.h"

namespace
{
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using tls::Issued;
using tls::Outcome;
using tls::Tree;

const std::vector<std::string> ALL = {
    "CA/cacert.pem",
    "libvirt/clientcert.pem",
    "libvirt/private/clientkey.pem",
    "libvirt/private/serverkey.pem",
    "libvirt/servercert.pem",
    "qemu/ca-cert.pem",
    "qemu/client-cert.pem",
    "qemu/client-key.pem",
    "qemu/server-cert.pem",
    "qemu/server-key.pem",
};

class Pki : public testing::Test
{
protected:
  Pki () : pki (vmmig_pki_new (tree.path ("ca").c_str ()))
  {
    Outcome made = tls::init (pki, "our CA");
    EXPECT_EQ (made.code, 0) << made.message;
  }
  ~Pki () override { g_object_unref (pki); }

  /* Four keys take two minutes there: one test that makes some has to do */
  /* What the judge says of both layouts. */
  std::string judge (const std::string &name, const char *node, const char *address)
  {
    g_autoptr (VmmigTlsCheck) check = vmmig_tls_check_new ();
    const char *const names[] = {node, nullptr};
    const char *const addresses[] = {address, nullptr};

    vmmig_tls_check_set_names (check, names);
    vmmig_tls_check_set_addresses (check, addresses);
    vmmig_tls_check_set_ca_file (check, tree.path ("ca/ca-cert.pem").c_str ());
    tls::Report qemu = tls::check (check, tree.path (name + "/qemu"));
    vmmig_tls_check_set_layout (check, VMMIG_TLS_LAYOUT_LIBVIRT);
    tls::Report libvirt = tls::check (check, tree.path (name));
    return qemu.message + qemu.text + libvirt.message + libvirt.text;
  }

  Tree tree;
  VmmigPki *pki;
};

TEST_F (Pki, IssuesWhatWillDo)
{
  Issued issued =
      tls::issue (pki, "h1", tree.path ("n1"), {"10.1.2.3", "fd00::3"}, 0, 0, {"h1.lab"});

  ASSERT_EQ (issued.code, 0) << issued.message;
  EXPECT_EQ (Tree::list (tree.path ("n1")), ALL);
  EXPECT_EQ (judge ("n1", "h1", "10.1.2.3"), "");
  EXPECT_EQ (judge ("n1", "h1.lab", "fd00::3"), "");
  ASSERT_EQ (issued.certificates->len, 4u);
  std::set<std::string> serials, purposes;
  for (guint i = 0; i < 4; i++)
    {
      const VmmigTlsCertificate *certificate = tls::at (issued.certificates, i);

      serials.insert (vmmig_tls_certificate_get_serial (certificate));
      purposes.insert (
          testing::PrintToString (tls::strings (vmmig_tls_certificate_get_purposes (certificate))));
      EXPECT_THAT (tls::strings (vmmig_tls_certificate_get_names (certificate)),
                   ElementsAre ("h1", "h1.lab"));
      EXPECT_THAT (tls::strings (vmmig_tls_certificate_get_addresses (certificate)),
                   ElementsAre ("10.1.2.3", "fd00::3"));
      EXPECT_STREQ (vmmig_tls_certificate_get_issuer (certificate), "CN=our CA");
      EXPECT_STREQ (vmmig_tls_certificate_get_key (certificate), "RSA 2048");
      EXPECT_FALSE (vmmig_tls_certificate_is_ca (certificate));
      EXPECT_NEAR (static_cast<double> (vmmig_tls_certificate_get_days_left (certificate)), 90, 1);
    }
  EXPECT_EQ (serials.size (), 4u);
  EXPECT_EQ (purposes.size (), 2u);
}

TEST_F (Pki, KeysAreForNobodyElse)
{
  mode_t before = umask (0);

  ASSERT_EQ (tls::issue (pki, "h1", tree.path ("n1")).code, 0);
  umask (0777);
  Outcome second = tls::issue (pki, "h2", tree.path ("n2"));
  umask (before);
  for (std::string node : {"n1/", "n2/"})
    {
      for (const char *name : {"libvirt/private", "qemu"})
        EXPECT_EQ (tree.mode (node + name), 0700) << node << name;
      for (const std::string &name : ALL)
        EXPECT_EQ (tree.mode (node + name), name.find ("key") != name.npos ? 0600 : 0644) << name;
    }
  EXPECT_EQ (second.code, 0) << second.message;
  EXPECT_EQ (tree.mode ("ca"), 0700);
  EXPECT_EQ (tree.mode ("ca/ca-key.pem"), 0600);
  EXPECT_EQ (tree.mode ("ca/ca-cert.pem"), 0644);
}

TEST_F (Pki, NothingIsEverReplaced)
{
  std::string key = tree.read ("ca/ca-key.pem");
  Outcome again = tls::init (pki);

  EXPECT_EQ (again.code, VMMIG_ERROR_CONFLICT) << again.message;
  EXPECT_EQ (tree.read ("ca/ca-key.pem"), key);
  ASSERT_EQ (tls::issue (pki, "h1", tree.path ("n1")).code, 0);
  std::string certificate = tree.read ("n1/qemu/server-cert.pem");
  Outcome second = tls::issue (pki, "h1", tree.path ("n1"));
  EXPECT_EQ (second.code, VMMIG_ERROR_CONFLICT);
  EXPECT_THAT (second.message, HasSubstr ("--renew"));
  EXPECT_EQ (tree.read ("n1/qemu/server-cert.pem"), certificate);
  EXPECT_EQ (Tree::list (tree.path ("n1")), ALL) << "no drafts are left";

  /* One that is in the way of ten */
  tree.write ("n2/qemu/client-key.pem", "mine");
  EXPECT_EQ (tls::issue (pki, "h2", tree.path ("n2")).code, VMMIG_ERROR_CONFLICT);
  EXPECT_THAT (Tree::list (tree.path ("n2")), ElementsAre ("qemu/client-key.pem"));
  EXPECT_EQ (tree.read ("n2/qemu/client-key.pem"), "mine");
}

TEST_F (Pki, ARenewalKeepsKeysAndNames)
{
  ASSERT_EQ (tls::issue (pki, "h1", tree.path ("n1"), {"10.1.2.3"}, 0, 5).code, 0);
  std::string key = tree.read ("n1/qemu/server-key.pem");
  std::string certificate = tree.read ("n1/qemu/server-cert.pem");
  Issued renewed = tls::issue (pki, "h1", tree.path ("n1"), {}, VMMIG_PKI_ISSUE_RENEW);

  ASSERT_EQ (renewed.code, 0) << renewed.message;
  EXPECT_EQ (tree.read ("n1/qemu/server-key.pem"), key);
  EXPECT_NE (tree.read ("n1/qemu/server-cert.pem"), certificate);
  EXPECT_EQ (judge ("n1", "h1", "10.1.2.3"), "");
  EXPECT_EQ (Tree::list (tree.path ("n1")), ALL);

  ASSERT_EQ (tls::issue (pki, "h1", tree.path ("n1"), {"10.1.2.4"},
                         VMMIG_PKI_ISSUE_RENEW | VMMIG_PKI_ISSUE_NEW_KEYS)
                 .code,
             0);
  EXPECT_NE (tree.read ("n1/qemu/server-key.pem"), key);
  EXPECT_EQ (judge ("n1", "h1", "10.1.2.4"), "");
  EXPECT_THAT (judge ("n1", "h1", "10.1.2.3"), HasSubstr ("tls.wrong-address"));
}

TEST_F (Pki, ARenewalReplacesKeysThatAreBad)
{
  forge::Certificate weak;

  ASSERT_EQ (tls::issue (pki, "h1", tree.path ("n1")).code, 0);
  std::string good = tree.read ("n1/qemu/client-key.pem");
  weak.kind = forge::KeyKind::RSA_1024;
  tree.write ("n1/qemu/server-key.pem", forge::private_key (weak));
  tree.write ("n1/libvirt/private/serverkey.pem", "garbage");
  g_chmod (tree.path ("n1/libvirt/private/clientkey.pem").c_str (), 0644);
  std::string exposed = tree.read ("n1/libvirt/private/clientkey.pem");
  g_unlink (tree.path ("n1/libvirt/clientcert.pem").c_str ());
  ASSERT_EQ (tls::issue (pki, "h1", tree.path ("n1"), {"10.1.2.3"}, VMMIG_PKI_ISSUE_RENEW).code, 0);
  EXPECT_EQ (judge ("n1", "h1", "10.1.2.3"), "");
  EXPECT_EQ (tree.read ("n1/qemu/client-key.pem"), good);
  EXPECT_NE (tree.read ("n1/libvirt/private/clientkey.pem"), exposed);
  EXPECT_EQ (tree.mode ("n1/libvirt/private/clientkey.pem"), 0600);
}

TEST_F (Pki, ARenewalIsNotOfAnotherCa)
{
  g_autoptr (VmmigPki) other = vmmig_pki_new (tree.path ("other").c_str ());

  ASSERT_EQ (tls::init (other).code, 0);
  ASSERT_EQ (tls::issue (pki, "h1", tree.path ("n1")).code, 0);
  std::string certificate = tree.read ("n1/qemu/server-cert.pem");
  Outcome renewed = tls::issue (other, "h1", tree.path ("n1"), {}, VMMIG_PKI_ISSUE_RENEW);
  EXPECT_EQ (renewed.code, VMMIG_ERROR_CONFLICT);
  EXPECT_THAT (renewed.message, HasSubstr ("another CA"));
  EXPECT_EQ (tree.read ("n1/qemu/server-cert.pem"), certificate);
  /* A bundle of both may stay */
  std::string both = tree.read ("other/ca-cert.pem") + tree.read ("ca/ca-cert.pem");
  tree.write ("n1/CA/cacert.pem", both);
  tree.write ("n1/qemu/ca-cert.pem", both);
  EXPECT_EQ (tls::issue (other, "h1", tree.path ("n1"), {}, VMMIG_PKI_ISSUE_RENEW).code, 0);
  EXPECT_EQ (tree.read ("n1/CA/cacert.pem"), both);
}

TEST_F (Pki, OfTwoAtOnceOneWinsWhole)
{
  for (int round = 0; round < 3; round++)
    {
      std::string directory = tree.path ("n" + std::to_string (round));
      std::vector<tls::Answer> answers (4);
      int won = 0;

      for (tls::Answer &answer : answers)
        vmmig_pki_issue_async (pki, "h1", nullptr, nullptr, directory.c_str (), 0,
                               VMMIG_PKI_ISSUE_NONE, nullptr, tls::Answer::take, &answer);
      for (tls::Answer &answer : answers)
        {
          GError *error = nullptr;
          g_autoptr (GPtrArray) list = vmmig_pki_issue_finish (pki, answer.wait (), &error);

          won += list != nullptr;
          EXPECT_TRUE (list != nullptr || error->code == VMMIG_ERROR_BUSY ||
                       error->code == VMMIG_ERROR_CONFLICT)
              << error->message;
          g_clear_error (&error);
        }
      EXPECT_EQ (won, 1);
      EXPECT_EQ (Tree::list (directory), ALL);
      g_autoptr (VmmigTlsCheck) check = vmmig_tls_check_new ();
      EXPECT_THAT (tls::check (check, directory + "/qemu").blockers, testing::IsEmpty ());
    }
}

TEST_F (Pki, OfTwoProcessesOneWinsWhole)
{
  /* Held by another process, which a lock of the process itself would not see */
  int ready[2];
  ASSERT_EQ (pipe (ready), 0);
  g_mkdir (tree.path ("n1").c_str (), 0755);
  std::string command = "flock '" + tree.path ("n1") + "' sh -c 'echo; sleep 30'";
  pid_t child = fork ();
  if (child == 0)
    {
      dup2 (ready[1], 1);
      setpgid (0, 0);
      execlp ("sh", "sh", "-c", command.c_str (), nullptr);
      _exit (1);
    }
  char byte;
  ASSERT_EQ (read (ready[0], &byte, 1), 1);
  Outcome issued = tls::issue (pki, "h1", tree.path ("n1"));
  kill (-child, SIGKILL);
  waitpid (child, nullptr, 0);
  close (ready[0]);
  close (ready[1]);
  EXPECT_EQ (issued.code, VMMIG_ERROR_BUSY) << issued.message;
  EXPECT_THAT (Tree::list (tree.path ("n1")), ElementsAre ());
  /* The lock went with it */
  for (int i = 0; i < 100 && issued.code == VMMIG_ERROR_BUSY; i++, g_usleep (100000))
    issued = tls::issue (pki, "h1", tree.path ("n1"));
  EXPECT_EQ (issued.code, 0) << issued.message;
}

TEST_F (Pki, BadInputIsRefused)
{
  const struct
  {
    const char *node;
    std::vector<const char *> addresses, names;
    guint days;
  } cases[] = {
      {"", {}, {}, 0},
      {"h 1", {}, {}, 0},
      {"../h1", {}, {}, 0},
      {"h1\n", {}, {}, 0},
      {"ein-name-mit-mehr-als-vierundsechzig-zeichen-fuer-einen-knoten.lab", {}, {}, 0},
      {"h1", {"h1"}, {}, 0},
      {"h1", {"10.1.2"}, {}, 0},
      {"h1", {"10.1.2.3/24"}, {}, 0},
      {"h1", {}, {"10.1.2.3"}, 0},
      {"h1", {}, {"a,IP:1.2.3.4"}, 0},
      {"h1", {}, {}, 3651},
      {"h1", {}, {}, 2000}, /* longer than the CA */
  };

  for (const auto &c : cases)
    {
      Outcome outcome = tls::issue (pki, c.node, tree.path ("n"), c.addresses, 0, c.days, c.names);

      EXPECT_EQ (outcome.code, VMMIG_ERROR_INVALID_ARGUMENT) << c.node << ": " << outcome.message;
      EXPECT_THAT (Tree::list (tree.path ("n")), ElementsAre ());
    }
  g_autoptr (VmmigPki) nowhere = vmmig_pki_new (tree.path ("nowhere").c_str ());
  Outcome outcome = tls::issue (nowhere, "h1", tree.path ("n"));
  EXPECT_EQ (outcome.code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_THAT (outcome.message, HasSubstr ("vmmig pki init"));
  EXPECT_EQ (tls::init (nowhere, "").code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ (tls::init (nowhere, "a\033[31m").code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ (tls::init (nowhere, "\xff").code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ (tls::init (nowhere, nullptr, 36501).code, VMMIG_ERROR_INVALID_ARGUMENT);
}

TEST_F (Pki, DirectoriesThatAreNotSafeAreRefused)
{
  g_mkdir (tree.path ("open").c_str (), 0777);
  g_chmod (tree.path ("open").c_str (), 0777);
  Outcome outcome = tls::issue (pki, "h1", tree.path ("open"));
  EXPECT_EQ (outcome.code, VMMIG_ERROR_INSECURE) << outcome.message;
  ASSERT_EQ (symlink ("open", tree.path ("link").c_str ()), 0);
  EXPECT_EQ (tls::issue (pki, "h1", tree.path ("link")).code, VMMIG_ERROR_INSECURE);
  tree.write ("file", "");
  EXPECT_EQ (tls::issue (pki, "h1", tree.path ("file")).code, VMMIG_ERROR_INVALID_ARGUMENT);
  g_mkdir (tree.path ("inside").c_str (), 0755);
  ASSERT_EQ (symlink ("../open", tree.path ("inside/qemu").c_str ()), 0);
  EXPECT_EQ (tls::issue (pki, "h1", tree.path ("inside")).code, VMMIG_ERROR_INSECURE);
  EXPECT_THAT (Tree::list (tree.path ("open")), ElementsAre ());
  g_chmod (tree.path ("ca/ca-key.pem").c_str (), 0644);
  outcome = tls::issue (pki, "h1", tree.path ("n1"));
  EXPECT_EQ (outcome.code, VMMIG_ERROR_INSECURE);
  EXPECT_THAT (outcome.message, HasSubstr ("ca-key.pem"));
}

TEST_F (Pki, ACaThatIsNoneIsRefused)
{
  tree.write ("ca/ca-key.pem", forge::private_key (forge::Certificate::ca ()));
  EXPECT_THAT (tls::issue (pki, "h1", tree.path ("n")).message, HasSubstr ("belong together"));
  tree.write ("ca/ca-key.pem", forge::private_key (forge::Certificate::ca (), "secret"));
  EXPECT_THAT (tls::issue (pki, "h1", tree.path ("n")).message, HasSubstr ("password"));
  tree.write ("ca/ca-cert.pem", "garbage");
  EXPECT_THAT (tls::issue (pki, "h1", tree.path ("n")).message, HasSubstr ("ca-cert.pem"));
  tree.write ("ca/ca-cert.pem", forge::sign (forge::Certificate ()));
  tree.write ("ca/ca-key.pem", forge::private_key (forge::Certificate ()));
  EXPECT_THAT (tls::issue (pki, "h1", tree.path ("n")).message, HasSubstr ("that of a CA"));
}

TEST_F (Pki, ACancelBeforeTheFirstFileLeavesNothing)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  Outcome outcome = tls::issue (pki, "h1", tree.path ("n1"), {}, 0, 0, {}, cancellable);
  EXPECT_EQ (outcome.code, VMMIG_ERROR_CANCELLED);
  EXPECT_THAT (Tree::list (tree.path ("n1")), ElementsAre ());
}

TEST_F (Pki, ShowsWhatIsThere)
{
  ASSERT_EQ (tls::issue (pki, "h1", tree.path ("n1")).code, 0);
  EXPECT_EQ (tls::show (tree.path ("n1")).certificates->len, 6u);
  EXPECT_EQ (tls::show (tree.path ("n1/qemu")).certificates->len, 3u);
  Issued ca = tls::show (tree.path ("ca"));
  ASSERT_EQ (ca.certificates->len, 1u);
  EXPECT_TRUE (vmmig_tls_certificate_is_ca (tls::at (ca.certificates, 0)));
  EXPECT_STREQ (vmmig_tls_certificate_get_file (tls::at (ca.certificates, 0)),
                tree.path ("ca/ca-cert.pem").c_str ());
  EXPECT_EQ (tls::show (tree.path ("n1/qemu/client-cert.pem")).certificates->len, 1u);
  for (const char *name : {"n1/qemu/client-key.pem", "nowhere", "n1/libvirt/private"})
    {
      Issued none = tls::show (tree.path (name));

      EXPECT_EQ (none.code, VMMIG_ERROR_INVALID_ARGUMENT) << name;
      EXPECT_THAT (none.message, HasSubstr (name));
      EXPECT_THAT (none.message, Not (HasSubstr ("PRIVATE")));
    }
}

TEST_F (Pki, FilesOfQemusUser)
{
  struct stat info;

  if (geteuid () != 0)
    GTEST_SKIP () << "takes root to give files away";
  vmmig_pki_set_user (pki, "nobody");
  ASSERT_EQ (tls::issue (pki, "h1", tree.path ("n1")).code, 0);
  for (const char *name : {"n1/qemu", "n1/qemu/server-key.pem", "n1/qemu/ca-cert.pem"})
    EXPECT_TRUE (stat (tree.path (name).c_str (), &info) == 0 && info.st_uid == 65534) << name;
  for (const char *name : {"n1/libvirt/private", "n1/libvirt/private/serverkey.pem"})
    EXPECT_TRUE (stat (tree.path (name).c_str (), &info) == 0 && info.st_uid == 0) << name;
  /* Who renews need not say it again */
  vmmig_pki_set_user (pki, nullptr);
  ASSERT_EQ (
      tls::issue (pki, "h1", tree.path ("n1"), {}, VMMIG_PKI_ISSUE_RENEW | VMMIG_PKI_ISSUE_NEW_KEYS)
          .code,
      0);
  EXPECT_EQ (stat (tree.path ("n1/qemu/server-key.pem").c_str (), &info), 0);
  EXPECT_EQ (info.st_uid, 65534u);
  vmmig_pki_set_user (pki, "no such user");
  EXPECT_EQ (tls::issue (pki, "h2", tree.path ("n2")).code, VMMIG_ERROR_INVALID_ARGUMENT);
}
}
