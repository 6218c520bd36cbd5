/* A TLS server on the loopback
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <csignal>
#include <functional>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "tls-fixture.h"

namespace tls
{
/* Takes one connection on the loopback, and does with it what it is told. */
class Server
{
public:
  explicit Server (std::function<void (int)> serve)
  {
    sockaddr_in address = {};
    socklen_t size = sizeof address;

    listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    g_assert_cmpint (bind (listener, reinterpret_cast<sockaddr *> (&address), size), ==, 0);
    g_assert_cmpint (listen (listener, 5), ==, 0);
    getsockname (listener, reinterpret_cast<sockaddr *> (&address), &size);
    port = ntohs (address.sin_port);
    thread = std::thread ([this, serve] {
      int fd = accept (listener, nullptr, nullptr);
      sigset_t pipe;

      if (fd < 0)
        return;
      /* Whoever asked may have given up. */
      sigemptyset (&pipe);
      sigaddset (&pipe, SIGPIPE);
      pthread_sigmask (SIG_BLOCK, &pipe, nullptr);
      serve (fd);
      close (fd);
    });
  }
  ~Server ()
  {
    shutdown (listener, SHUT_RDWR);
    thread.join ();
    close (listener);
  }

  std::string endpoint () const { return "127.0.0.1:" + std::to_string (port); }

  int port;

private:
  int listener;
  std::thread thread;
};

/* As libvirt's daemon: it looks at the client's certificate after the handshake, and says so. */
inline void
serve_tls (int fd, const forge::Files &files, bool wants_certificate)
{
  SSL_CTX *context = SSL_CTX_new (TLS_server_method ());
  BIO *bio = BIO_new_mem_buf (files.server.data (), static_cast<int> (files.server.size ()));
  X509 *certificate = PEM_read_bio_X509 (bio, nullptr, nullptr, nullptr);

  BIO_free (bio);
  SSL_CTX_set_security_level (context, 0);
  SSL_CTX_use_certificate (context, certificate);
  SSL_CTX_use_PrivateKey (context, forge::key (forge::KeyKind::RSA_2048).get ());
  SSL_CTX_set_verify (context, SSL_VERIFY_PEER, [] (int, X509_STORE_CTX *) { return 1; });
  SSL *ssl = SSL_new (context);
  SSL_set_fd (ssl, fd);
  if (SSL_accept (ssl) == 1)
    {
      X509 *theirs = SSL_get0_peer_certificate (ssl);
      char byte = 1;

      if (theirs != nullptr || !wants_certificate)
        SSL_write (ssl, &byte, 1);
      SSL_shutdown (ssl);
    }
  SSL_free (ssl);
  SSL_CTX_free (context);
  X509_free (certificate);
}
}
