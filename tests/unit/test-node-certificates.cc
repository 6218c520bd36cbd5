/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be seen from here of nodes' certificates: files of this host, ports of others */

#include "preflight/vmmig-node-certificates-private.h"
#include "preflight/vmmig-preflight-report-private.h"
#include "tls-server.h"

namespace
{
using forge::Certificate;
using forge::Files;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/* Valid now, and not at the instant of the other tests. */
Certificate
valid (Certificate what)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  what.to += now - forge::NOW;
  what.from += now - forge::NOW;
  return what;
}

Certificate
leaf ()
{
  Certificate made = valid (Certificate ());

  made.names = "DNS:h1,IP:127.0.0.1";
  return made;
}

VmmigDriverInterface
make_interface (bool is_real)
{
  VmmigDriverInterface made = {};

  made.is_real = is_real;
  return made;
}

const VmmigDriverInterface real = make_interface (true);
const VmmigDriverInterface simulated = make_interface (false);

/* A node of which no more than its addresses is ever used. */
class Node
{
public:
  Node (const char *uri_text, const char *peer, const VmmigDriverInterface &iface = real)
      : driver{&iface}
  {
    g_autoptr (VmmigUri) uri = vmmig_uri_parse (uri_text, VMMIG_URI_CONTROL, nullptr);

    g_assert_nonnull (uri);
    link.ref_count = 1;
    link.driver = &driver;
    link.spec = vmmig_node_spec_new ("node", uri);
    address.link = &link;
    address.peer = vmmig_uri_parse (peer, VMMIG_URI_PEER, nullptr);
    g_assert_nonnull (address.peer);
  }
  ~Node ()
  {
    vmmig_uri_free (address.peer);
    vmmig_node_spec_unref (link.spec);
  }

  void keep_at (const std::string &directory)
  {
    g_free (link.spec->uri->pki_directory);
    link.spec->uri->pki_directory = g_strdup (directory.c_str ());
  }

  /* No peer URI may name the loopback. */
  void listen_at (int port)
  {
    g_free (address.peer->host);
    address.peer->host = g_strdup ("127.0.0.1");
    address.peer->port = static_cast<guint> (port);
  }

  VmmigDriver driver;
  VmmigDriverNode link = {};
  VmmigNodeAddress address = {};
};

struct Seen : tls::Report
{
  std::multiset<std::string> nodes;
  std::string notes_text;
};

Seen
see (const std::vector<VmmigCertificatesSubject> &subjects, GError *failure = nullptr)
{
  tls::Answer answer;
  Seen seen;
  GError *error = nullptr;
  GTask *task = g_task_new (nullptr, nullptr, tls::Answer::take, &answer);
  GTask *rest =
      vmmig_node_certificates_join (task, subjects.data (), static_cast<guint> (subjects.size ()));

  if (failure != nullptr)
    g_task_return_error (rest, failure);
  else
    g_task_return_pointer (rest, vmmig_preflight_report_new ("db1", "h1", "h2"),
                           reinterpret_cast<GDestroyNotify> (vmmig_preflight_report_unref));
  g_object_unref (rest);
  g_autoptr (VmmigPreflightReport) report = static_cast<VmmigPreflightReport *> (
      g_task_propagate_pointer (G_TASK (answer.wait ()), &error));
  seen.take (error);
  seen.read (report);
  if (report == nullptr)
    return seen;
  g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);
  for (guint i = 0; i < findings->len; i++)
    {
      auto *finding = static_cast<VmmigPreflightFinding *> (findings->pdata[i]);

      seen.nodes.insert (vmmig_preflight_finding_get_node (finding));
      if (vmmig_preflight_finding_get_severity (finding) == VMMIG_PREFLIGHT_SEVERITY_NOTE)
        seen.notes_text += vmmig_preflight_finding_get_text (finding);
    }
  return seen;
}

/* The port of a server that has this certificate. Where a machine is so busy that a handshake takes
 * longer than anybody waits, it is asked again. */
Seen
see_port (const Certificate &certificate)
{
  Files files (valid (Certificate::ca ()), certificate);
  Seen seen;

  for (int i = 0; i < 5; i++)
    {
      tls::Server server ([&] (int fd) { tls::serve_tls (fd, files, false); });
      Node node ("qemu+ssh://root@h2/system", "qemu+tls://h2/system");

      node.listen_at (server.port);
      seen = see ({{&node.address, VMMIG_TLS_ROLE_SERVER, TRUE, TRUE}});
      if (seen.text.find ("no answer within") == std::string::npos)
        break;
    }
  return seen;
}

void
write_qemu (const tls::Tree &tree, const Files &files)
{
  tree.write ("qemu/ca-cert.pem", files.ca, 0644);
  tree.write ("qemu/client-cert.pem", files.client, 0644);
  tree.write ("qemu/client-key.pem", files.client_key);
}

TEST (NodeCertificates, OfThisHostAreRead)
{
  Node node ("qemu:///system", "qemu+tls://h1/system");
  tls::Tree tree;

  node.keep_at (tree.path ());
  write_qemu (tree, Files (valid (Certificate::ca ()), leaf ()));
  Seen seen = see ({{&node.address, VMMIG_TLS_ROLE_CLIENT, TRUE, FALSE}});
  EXPECT_EQ (seen.text, "");
  EXPECT_EQ (seen.notes.count ("tls.seen"), 1u);
  EXPECT_THAT (seen.nodes, Each ("h1"));
}

TEST (NodeCertificates, WhatIsWrongWarnsAndDoesNotBlock)
{
  Node node ("qemu:///system", "qemu+tls://h1/system");
  tls::Tree tree;
  Certificate old = leaf ();

  node.keep_at (tree.path ());
  old.to = old.from + forge::DAY / 2;
  write_qemu (tree, Files (valid (Certificate::ca ()), old));
  Seen seen = see ({{&node.address, VMMIG_TLS_ROLE_CLIENT, TRUE, TRUE}});
  EXPECT_THAT (seen.blockers, IsEmpty ());
  EXPECT_EQ (seen.warnings.count ("tls.expired"), 1u) << seen.text;
  EXPECT_GE (seen.warnings.count ("tls.missing"), 1u) << "libvirt's";
  EXPECT_EQ (seen.notes.count ("tls.seen"), 0u);
}

TEST (NodeCertificates, NoDirectoryIsWarnedOf)
{
  Node node ("qemu:///system", "qemu+tls://h1/system");
  tls::Tree tree;

  node.keep_at (tree.path ("nothing"));
  Seen seen = see ({{&node.address, VMMIG_TLS_ROLE_SERVER, TRUE, FALSE}});
  EXPECT_THAT (seen.warnings, UnorderedElementsAre ("tls.missing"));
  EXPECT_THAT (seen.nodes, Each ("h2"));
}

TEST (NodeCertificates, APortShowsItsOwn)
{
  Seen seen = see_port (leaf ());

  EXPECT_EQ (seen.text, "");
  EXPECT_EQ (seen.notes.count ("tls.seen"), 1u);
  EXPECT_THAT (seen.notes_text, HasSubstr ("days more"));
}

TEST (NodeCertificates, APortOfAnotherName)
{
  Certificate other = leaf ();
  other.names = "DNS:elsewhere";
  Seen seen = see_port (other);

  EXPECT_THAT (seen.blockers, IsEmpty ());
  EXPECT_THAT (seen.warnings, UnorderedElementsAre ("tls.wrong-address")) << seen.text;
}

TEST (NodeCertificates, APortThatDoesNotAnswerIsUnknown)
{
  int port;
  {
    tls::Server server ([] (int) {});
    port = server.port;
  }
  Node node ("qemu+ssh://root@h2/system", "qemu+tls://h2/system");
  node.listen_at (port);
  Seen seen = see ({{&node.address, VMMIG_TLS_ROLE_SERVER, TRUE, TRUE}});

  EXPECT_THAT (seen.unknown, UnorderedElementsAre ("tls.not-seen")) << seen.text;
}

TEST (NodeCertificates, WhatIsOutOfSightIsNotSpokenOf)
{
  Node ssh ("qemu+ssh://root@h2/system", "qemu+ssh://root@h2/system");
  Node other_socket ("qemu+unix:///system?socket=/run/other", "qemu+tls://h1/system");
  Node not_real ("qemu:///system", "qemu+tls://h1/system", simulated);

  EXPECT_EQ (see ({{&ssh.address, VMMIG_TLS_ROLE_SERVER, TRUE, FALSE},
                   {&other_socket.address, VMMIG_TLS_ROLE_CLIENT, TRUE, TRUE},
                   {&not_real.address, VMMIG_TLS_ROLE_BOTH, TRUE, TRUE}})
                 .nodes.size (),
             0u);
}

TEST (NodeCertificates, AnErrorOfTheRestIsTheAnswer)
{
  Node node ("qemu:///system", "qemu+tls://h1/system");
  tls::Tree tree;

  node.keep_at (tree.path ());
  Seen seen = see ({{&node.address, VMMIG_TLS_ROLE_CLIENT, TRUE, TRUE}},
                   g_error_new (VMMIG_ERROR, VMMIG_ERROR_CANCELLED, "Cancelled"));
  EXPECT_EQ (seen.code, VMMIG_ERROR_CANCELLED);
}
}
