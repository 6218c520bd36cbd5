/* What QEMU and libvirt do with certificates, by GnuTLS itself
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <deque>
#include <string>
#include <vector>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

namespace reference
{
struct Certificate
{
  gnutls_x509_crt_t crt;

  Certificate () { gnutls_x509_crt_init (&crt); }
  ~Certificate () { gnutls_x509_crt_deinit (crt); }
  Certificate (const Certificate &) = delete;

  bool read (const std::string &text)
  {
    gnutls_datum_t data = as_datum (text);

    return gnutls_x509_crt_import (crt, &data, GNUTLS_X509_FMT_PEM) == 0;
  }

  static gnutls_datum_t as_datum (const std::string &text)
  {
    return {reinterpret_cast<unsigned char *> (const_cast<char *> (text.data ())),
            static_cast<unsigned> (text.size ())};
  }

  /* The checks of a file before it is used: only what is marked as critical counts. */
  bool may_be_used (bool ca, bool server, time_t now)
  {
    unsigned usage = 0;
    unsigned critical = 0;
    int constraints = gnutls_x509_crt_get_basic_constraints (crt, nullptr, nullptr, nullptr);

    if (gnutls_x509_crt_get_expiration_time (crt) < now ||
        gnutls_x509_crt_get_activation_time (crt) > now)
      return false;
    if (ca ? constraints <= 0 : constraints > 0)
      return false;
    if (gnutls_x509_crt_get_key_usage (crt, &usage, &critical) == 0 && critical != 0)
      {
        unsigned wanted = ca ? GNUTLS_KEY_KEY_CERT_SIGN
                             : GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT;

        if ((usage & wanted) != wanted)
          return false;
      }
    return ca || has_purpose (server);
  }

  bool has_purpose (bool server)
  {
    bool any_critical = false;
    bool allowed = false;
    unsigned i = 0;

    for (;; i++)
      {
        char oid[128];
        size_t size = sizeof oid;
        unsigned critical = 0;

        if (gnutls_x509_crt_get_key_purpose_oid (crt, i, oid, &size, &critical) < 0)
          break;
        any_critical = any_critical || critical != 0;
        allowed =
            allowed || std::string (oid) == GNUTLS_KP_ANY ||
            std::string (oid) == (server ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT);
      }
    return i == 0 || allowed || !any_critical;
  }
};

/* One side of a handshake in memory. */
struct Side
{
  gnutls_certificate_credentials_t credentials;
  gnutls_session_t session;
  std::deque<unsigned char> inbox;
  Side *peer = nullptr;
  bool loaded;

  Side (bool server, const std::string &ca, const std::string &cert, const std::string &key)
  {
    gnutls_datum_t ca_data = Certificate::as_datum (ca);
    gnutls_datum_t cert_data = Certificate::as_datum (cert);
    gnutls_datum_t key_data = Certificate::as_datum (key);

    gnutls_certificate_allocate_credentials (&credentials);
    loaded =
        gnutls_certificate_set_x509_trust_mem (credentials, &ca_data, GNUTLS_X509_FMT_PEM) > 0 &&
        gnutls_certificate_set_x509_key_mem (credentials, &cert_data, &key_data,
                                             GNUTLS_X509_FMT_PEM) >= 0;
    gnutls_init (&session, (server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK);
    gnutls_set_default_priority (session);
    gnutls_priority_set_direct (session, "NORMAL", nullptr);
    gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, credentials);
    if (server)
      gnutls_certificate_server_set_request (session, GNUTLS_CERT_REQUEST);
    gnutls_transport_set_ptr (session, this);
    gnutls_transport_set_push_function (session, push);
    gnutls_transport_set_pull_function (session, pull);
    gnutls_transport_set_pull_timeout_function (
        session, [] (gnutls_transport_ptr_t, unsigned) { return 1; });
  }

  ~Side ()
  {
    gnutls_deinit (session);
    gnutls_certificate_free_credentials (credentials);
  }

  static ssize_t push (gnutls_transport_ptr_t data, const void *bytes, size_t size)
  {
    auto *self = static_cast<Side *> (data);
    auto *begin = static_cast<const unsigned char *> (bytes);

    self->peer->inbox.insert (self->peer->inbox.end (), begin, begin + size);
    return static_cast<ssize_t> (size);
  }

  static ssize_t pull (gnutls_transport_ptr_t data, void *bytes, size_t size)
  {
    auto *self = static_cast<Side *> (data);
    size_t n = std::min (size, self->inbox.size ());

    if (n == 0)
      {
        gnutls_transport_set_errno (self->session, EAGAIN);
        return -1;
      }
    std::copy_n (self->inbox.begin (), n, static_cast<unsigned char *> (bytes));
    self->inbox.erase (self->inbox.begin (), self->inbox.begin () + static_cast<ssize_t> (n));
    return static_cast<ssize_t> (n);
  }

  /* As both do it after the handshake. */
  bool trusts_peer (const char *name)
  {
    unsigned status = 0;
    unsigned n = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers (session, &n);
    gnutls_x509_crt_t crt;

    if (gnutls_certificate_verify_peers2 (session, &status) < 0 || status != 0 || n == 0)
      return false;
    gnutls_x509_crt_init (&crt);
    bool fits = gnutls_x509_crt_import (crt, &list[0], GNUTLS_X509_FMT_DER) == 0 &&
                (name == nullptr || gnutls_x509_crt_check_hostname (crt, name) != 0);
    gnutls_x509_crt_deinit (crt);
    return fits;
  }
};

inline bool
shake_hands (Side &server, Side &client)
{
  int server_says = GNUTLS_E_AGAIN;
  int client_says = GNUTLS_E_AGAIN;

  server.peer = &client;
  client.peer = &server;
  for (int i = 0; i < 20 && (server_says != 0 || client_says != 0); i++)
    {
      if (client_says != 0)
        client_says = gnutls_handshake (client.session);
      if (server_says != 0)
        server_says = gnutls_handshake (server.session);
      if (gnutls_error_is_fatal (client_says) != 0 || gnutls_error_is_fatal (server_says) != 0)
        return false;
    }
  return server_says == 0 && client_says == 0;
}

inline bool
may_load (const std::string &ca, const std::string &cert, bool server, time_t now)
{
  Certificate authority;
  Certificate own;
  unsigned status = 0;

  return authority.read (ca) && own.read (cert) && own.may_be_used (false, server, now) &&
         authority.may_be_used (true, server, now) &&
         gnutls_x509_crt_list_verify (&own.crt, 1, &authority.crt, 1, nullptr, 0, 0, &status) ==
             0 &&
         status == 0;
}

struct Judged
{
  const std::string &ca, &cert, &key;
};

/* Whether a node with these files is taken, by itself and by a node of the same CA whose files are
 * in order. @name: what a client connects to. */
inline bool
takes (const Judged &node, const Judged &peer, bool server, const char *name, time_t now)
{
  static time_t at;

  at = now;
  gnutls_global_set_time_function ([] (time_t *t) {
    if (t != nullptr)
      *t = at;
    return at;
  });
  if (!may_load (node.ca, node.cert, server, now))
    return false;
  Side own (server, node.ca, node.cert, node.key);
  Side other (!server, peer.ca, peer.cert, peer.key);
  if (!own.loaded || !other.loaded)
    return false;
  return shake_hands (server ? own : other, server ? other : own) &&
         other.trusts_peer (server ? name : nullptr);
}
}
