/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-tls-probe-private.h"
#include "tls-server.h"

namespace
{
using forge::Certificate;
using forge::Files;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using tls::serve_tls;
using tls::Server;

struct Probed : tls::Report
{
  std::string protocol, address, fingerprint, subject;
  guint n_chain = 0;
};

class TlsProbe : public testing::Test
{
protected:
  TlsProbe () : files (Certificate::ca (), local ()), expected (vmmig_tls_check_new ())
  {
    vmmig_tls_check_set_instant (expected, forge::NOW);
    tree.write ("ca.pem", files.ca);
    tree.write ("cert.pem", files.client);
    tree.write ("key.pem", files.client_key);
    vmmig_tls_check_set_ca_file (expected, tree.path ("ca.pem").c_str ());
  }
  ~TlsProbe () override { g_object_unref (expected); }

  static Certificate local ()
  {
    Certificate leaf;

    leaf.names = "DNS:localhost,IP:127.0.0.1";
    return leaf;
  }

  Probed probe (const std::string &endpoint, GCancellable *cancellable = nullptr)
  {
    tls::Answer answer;
    Probed found;
    GError *error = nullptr;

    vmmig_tls_check_probe_async (expected, endpoint.c_str (), cancellable, tls::Answer::take,
                                 &answer);
    g_autoptr (VmmigTlsProbe) made =
        vmmig_tls_check_probe_finish (expected, answer.wait (), &error);
    found.take (error);
    if (made == nullptr)
      return found;
    g_autoptr (GPtrArray) chain = vmmig_tls_probe_get_chain (made);
    found.read (vmmig_tls_probe_get_report (made));
    found.protocol = vmmig_tls_probe_get_protocol (made);
    found.address = vmmig_tls_probe_get_address (made);
    found.fingerprint = vmmig_tls_probe_get_fingerprint (made);
    found.n_chain = chain->len;
    return found;
  }

  tls::Tree tree;
  Files files;
  VmmigTlsCheck *expected;
};

TEST_F (TlsProbe, ShowsAndJudgesWhatAServerHas)
{
  Server server ([this] (int fd) { serve_tls (fd, files, false); });
  Probed found = probe (server.endpoint ());

  EXPECT_EQ (found.code, 0) << found.message;
  EXPECT_EQ (found.text, "");
  EXPECT_EQ (found.address, "127.0.0.1");
  EXPECT_EQ (found.protocol, "TLSv1.3");
  EXPECT_EQ (found.n_chain, 1u);
  tree.write ("server.pem", files.server);
  EXPECT_EQ (found.fingerprint, vmmig_tls_certificate_get_fingerprint (tls::at (
                                    tls::show (tree.path ("server.pem")).certificates, 0)));
}

TEST_F (TlsProbe, FindsWhatIsWrong)
{
  Certificate bad = local ();
  bad.to = forge::NOW - forge::DAY;
  bad.names = "DNS:elsewhere";
  Certificate other = Certificate::ca ();
  other.number = 1;
  Server server ([&] (int fd) { serve_tls (fd, Files (other, bad), false); });
  Probed found = probe (server.endpoint ());

  EXPECT_THAT (found.blockers,
               UnorderedElementsAre ("tls.expired", "tls.wrong-address", "tls.other-ca"));
}

TEST_F (TlsProbe, TellsWhetherAClientIsTaken)
{
  {
    Server server ([this] (int fd) { serve_tls (fd, files, true); });
    Probed found = probe (server.endpoint ());
    EXPECT_THAT (found.notes, UnorderedElementsAre ("tls.wants-certificate"));
    EXPECT_THAT (found.blockers, IsEmpty ());
  }
  vmmig_tls_check_set_client_certificate_file (expected, tree.path ("cert.pem").c_str ());
  EXPECT_EQ (probe ("127.0.0.1").code, VMMIG_ERROR_INVALID_ARGUMENT);
  vmmig_tls_check_set_client_key_file (expected, tree.path ("key.pem").c_str ());
  {
    Server server ([this] (int fd) { serve_tls (fd, files, true); });
    EXPECT_EQ (probe (server.endpoint ()).text, "");
  }
  {
    /* It takes nobody's */
    Server server ([this] (int fd) {
      SSL_CTX *context = SSL_CTX_new (TLS_server_method ());
      BIO *bio = BIO_new_mem_buf (files.server.data (), static_cast<int> (files.server.size ()));
      X509 *certificate = PEM_read_bio_X509 (bio, nullptr, nullptr, nullptr);
      SSL_CTX_use_certificate (context, certificate);
      SSL_CTX_use_PrivateKey (context, forge::key (forge::KeyKind::RSA_2048).get ());
      SSL_CTX_set_verify (context, SSL_VERIFY_PEER, nullptr);
      SSL *ssl = SSL_new (context);
      SSL_set_fd (ssl, fd);
      EXPECT_NE (SSL_accept (ssl), 1);
      SSL_free (ssl);
      SSL_CTX_free (context);
      X509_free (certificate);
      BIO_free (bio);
    });
    Probed found = probe (server.endpoint ());
    EXPECT_THAT (found.blockers, UnorderedElementsAre ("tls.refused")) << found.message;
  }
  tree.write ("key.pem", forge::private_key (Certificate::ca ()));
  Probed found = probe ("127.0.0.1");
  EXPECT_EQ (found.code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_THAT (found.message, HasSubstr ("key.pem"));
}

TEST_F (TlsProbe, WhatDoesNotSpeakTlsIsUnreachable)
{
  for (std::string words : {"SSH-2.0-OpenSSH_9.2\r\n", "", "HTTP/1.0 400 Bad Request\r\n\r\n"})
    {
      Server server ([&] (int fd) {
        char buffer[600];
        /* Not before it has spoken, or its words would be lost */
        g_assert_cmpint (recv (fd, buffer, sizeof buffer, 0), >, 0);
        g_assert_cmpint (send (fd, words.data (), words.size (), MSG_NOSIGNAL), >=, 0);
      });
      Probed found = probe (server.endpoint ());

      EXPECT_EQ (found.code, VMMIG_ERROR_UNREACHABLE) << found.message;
      EXPECT_THAT (found.message, HasSubstr ("TLS"));
    }
}

TEST_F (TlsProbe, ASilentServerIsNotWaitedForForever)
{
  vmmig_tls_check_set_timeout (expected, 1);
  Server server ([] (int fd) {
    char buffer[4096];
    while (recv (fd, buffer, sizeof buffer, 0) > 0)
      continue;
  });
  Probed found = probe (server.endpoint ());
  EXPECT_EQ (found.code, VMMIG_ERROR_TIMED_OUT) << found.message;
  EXPECT_THAT (found.message, HasSubstr ("127.0.0.1"));
}

TEST_F (TlsProbe, ACancelEndsIt)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Server server ([&] (int fd) {
    char buffer[4096];
    g_cancellable_cancel (cancellable);
    while (recv (fd, buffer, sizeof buffer, 0) > 0)
      continue;
  });
  vmmig_tls_check_set_timeout (expected, 1000);
  EXPECT_EQ (probe (server.endpoint (), cancellable).code, VMMIG_ERROR_CANCELLED);
}

TEST_F (TlsProbe, NobodyListens)
{
  int port;
  {
    Server server ([] (int) {});
    port = server.port;
  }
  Probed found = probe ("127.0.0.1:" + std::to_string (port));
  EXPECT_EQ (found.code, VMMIG_ERROR_UNREACHABLE);
  EXPECT_THAT (found.message, HasSubstr ("nothing listens"));
  EXPECT_EQ (probe ("no-such-host.invalid").code, VMMIG_ERROR_UNREACHABLE);
}

TEST_F (TlsProbe, EndpointsAreReadStrictly)
{
  const struct
  {
    const char *text, *host;
    guint port;
  } good[] = {
      {"h1", "h1", 16514},
      {"h1.lab:443", "h1.lab", 443},
      {"10.1.2.3:1", "10.1.2.3", 1},
      {"fd00::1", "fd00::1", 16514},
      {"[fd00::1]:65535", "fd00::1", 65535},
  };

  for (const auto &c : good)
    {
      g_autofree char *host = nullptr;
      guint port = 0;

      EXPECT_TRUE (vmmig_tls_parse_endpoint (c.text, &host, &port, nullptr)) << c.text;
      EXPECT_STREQ (host, c.host);
      EXPECT_EQ (port, c.port);
    }
  for (const char *bad : {"", ":1", "h1:", "h1:0", "h1:65536", "h1:x", "h 1", "-h", "h1/x", "a@b",
                          "[fd00::1", "h1:1:2x", "\xff", "h\n1"})
    EXPECT_EQ (probe (bad).code, VMMIG_ERROR_INVALID_ARGUMENT) << bad;
}
}
