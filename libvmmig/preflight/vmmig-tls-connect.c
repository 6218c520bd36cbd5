/* vmmig-tls-connect.c - a handshake with a server, to see its certificates
 *
 * Nothing is believed here: whatever the server shows is taken for judgement, so OpenSSL verifies
 * nothing, and its level of security is off.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-tls-probe-private.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <glib/gstdio.h>

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-tls-pem-private.h"
#include "values/vmmig-address-private.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-uri-private.h"

#define LONGEST_NAME 200 /* bytes in a message */
#define SLICE 200 /* ms: how soon a cancel is seen */
/* libvirt's daemon says at once whether it takes a client's certificate; other servers wait. */
#define PATIENCE_AFTER (G_USEC_PER_SEC)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SSL, SSL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SSL_CTX, SSL_CTX_free)

void
vmmig_tls_answer_clear (VmmigTlsAnswer *self)
{
  g_clear_pointer (&self->chain, g_ptr_array_unref);
  g_clear_pointer (&self->address, g_free);
  g_clear_pointer (&self->protocol, g_free);
  g_clear_pointer (&self->refusal, g_free);
}

gboolean
vmmig_tls_parse_endpoint (const char *endpoint, char **host, guint *port, GError **error)
{
  g_autoptr (GSocketConnectable) parsed = NULL;
  GNetworkAddress *address;
  g_autofree char *shown = NULL;

  if (strlen (endpoint) < LONGEST_NAME && g_utf8_validate (endpoint, -1, NULL))
    parsed = g_network_address_parse (endpoint, VMMIG_TLS_PORT, NULL);
  address = parsed != NULL ? G_NETWORK_ADDRESS (parsed) : NULL;
  if (address != NULL && vmmig_uri_host_is_valid (g_network_address_get_hostname (address)) &&
      g_network_address_get_port (address) != 0)
    {
      *host = g_strdup (g_network_address_get_hostname (address));
      *port = g_network_address_get_port (address);
      return TRUE;
    }
  shown = vmmig_error_clean_text (endpoint, LONGEST_NAME);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "‘%s’ is no host with a port: write it like h1, h1:%d or [fd00::1]:%d", shown,
               VMMIG_TLS_PORT, VMMIG_TLS_PORT);
  return FALSE;
}

/* --- waiting --- */

static gboolean
fail (const VmmigTlsTarget *target, GError **error, VmmigError code, const char *why)
{
  g_set_error (error, VMMIG_ERROR, (int)code, "Cannot probe %s, port %u: %s", target->host,
               target->port, why);
  return FALSE;
}

static gboolean
fail_late (const VmmigTlsTarget *target, GError **error)
{
  return fail (target, error, VMMIG_ERROR_TIMED_OUT,
               "it does not answer in time; look at its daemon and at the firewalls between");
}

/* Until @fd is ready or @deadline: FALSE then, and when it was cancelled. */
static gboolean
wait_ready (const VmmigTlsTarget *target, int fd, short events, gint64 deadline)
{
  struct pollfd poll_fd = {.fd = fd, .events = events};

  while (!g_cancellable_is_cancelled (target->cancellable))
    {
      gint64 left = (deadline - g_get_monotonic_time ()) / 1000;
      int n;

      if (left <= 0)
        return FALSE;
      n = poll (&poll_fd, 1, (int)MIN (left, SLICE));
      if (n > 0)
        return TRUE;
    }
  return FALSE;
}

/* --- TCP --- */

static int
connect_to (const VmmigTlsTarget *target, const struct addrinfo *to, gint64 deadline, int *number)
{
  int fd = socket (to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  socklen_t size = sizeof *number;

  *number = 0;
  if (fd < 0)
    {
      *number = errno;
      return -1;
    }
  if (connect (fd, to->ai_addr, to->ai_addrlen) == 0)
    return fd;
  if (errno != EINPROGRESS)
    *number = errno;
  else if (!wait_ready (target, fd, POLLOUT, deadline))
    *number = ETIMEDOUT;
  else if (getsockopt (fd, SOL_SOCKET, SO_ERROR, number, &size) != 0)
    *number = errno;
  if (*number == 0)
    return fd;
  g_close (fd, NULL);
  return -1;
}

static gboolean
refuse_tcp (const VmmigTlsTarget *target, int number, GError **error)
{
  g_autofree char *why = NULL;

  if (number == ETIMEDOUT)
    return fail_late (target, error);
  why = g_strdup_printf ("%s%s", g_strerror (number),
                         number == ECONNREFUSED
                             ? "; nothing listens there: is the daemon started, with listen_tls?"
                             : "");
  return fail (target, error, VMMIG_ERROR_UNREACHABLE, why);
}

/* Each address gets an equal share of the time that is left. */
static int
connect_to_host (const VmmigTlsTarget *target, char **address, GError **error)
{
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
  g_autofree char *service = g_strdup_printf ("%u", target->port);
  struct addrinfo *list = NULL;
  int answer = getaddrinfo (target->host, service, &hints, &list);
  int number = 0;
  int fd = -1;
  guint n = 0;

  if (answer != 0)
    {
      fail (target, error, VMMIG_ERROR_UNREACHABLE, gai_strerror (answer));
      return -1;
    }
  for (struct addrinfo *to = list; to != NULL; to = to->ai_next)
    n++;
  for (struct addrinfo *to = list; to != NULL && fd < 0; to = to->ai_next, n--)
    {
      gint64 now = g_get_monotonic_time ();
      char text[NI_MAXHOST] = "";

      fd = connect_to (target, to, now + (target->deadline - now) / n, &number);
      if (fd >= 0 && getnameinfo (to->ai_addr, to->ai_addrlen, text, sizeof text, NULL, 0,
                                  NI_NUMERICHOST) == 0)
        *address = g_strdup (text);
    }
  freeaddrinfo (list);
  if (fd < 0)
    refuse_tcp (target, number, error);
  return fd;
}

/* --- TLS --- */

static gboolean
refuse_file (const char *file, const char *why, GError **error)
{
  g_autofree char *shown = vmmig_error_clean_text (file, LONGEST_NAME);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s: %s", shown, why);
  return FALSE;
}

static gboolean
use_certificate (SSL_CTX *context, const VmmigTlsTarget *target, GError **error)
{
  g_autoptr (GBytes) certificate_text = vmmig_tls_file_read (target->certificate_file, error);
  g_autoptr (GBytes) key_text = NULL;
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (EVP_PKEY) key = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean encrypted;

  key_text = certificate_text != NULL ? vmmig_tls_file_read (target->key_file, error) : NULL;
  if (key_text == NULL)
    return FALSE;
  certificates = vmmig_tls_pem_read_certificates (certificate_text, &reason);
  if (certificates == NULL)
    return refuse_file (target->certificate_file, reason->message, error);
  key = vmmig_tls_pem_read_key (key_text, &encrypted);
  if (key == NULL)
    return refuse_file (target->key_file,
                        encrypted ? "the private key is encrypted with a password"
                                  : "this is no private key in PEM form",
                        error);
  if (X509_check_private_key (certificates->pdata[0], key) == 1 &&
      SSL_CTX_use_certificate (context, certificates->pdata[0]) == 1 &&
      SSL_CTX_use_PrivateKey (context, key) == 1)
    return TRUE;
  ERR_clear_error ();
  return refuse_file (target->key_file, "this is not the key of the certificate", error);
}

static SSL_CTX *
make_context (const VmmigTlsTarget *target, GError **error)
{
  g_autoptr (SSL_CTX) context = SSL_CTX_new (TLS_client_method ());

  if (context == NULL)
    {
      g_autofree char *why = vmmig_tls_take_openssl_error ();

      fail (target, error, VMMIG_ERROR_FAILED, why);
      return NULL;
    }
  SSL_CTX_set_security_level (context, 0);
  SSL_CTX_set_verify (context, SSL_VERIFY_NONE, NULL);
  if (target->certificate_file != NULL && !use_certificate (context, target, error))
    return NULL;
  return g_steal_pointer (&context);
}

/* Repeats what would block. SSL_ERROR_NONE, or why it ended; SSL_ERROR_WANT_READ if it is late. */
static int
repeat (const VmmigTlsTarget *target, SSL *ssl, int (*step) (SSL *ssl), gint64 deadline)
{
  while (TRUE)
    {
      int done;
      int why;

      ERR_clear_error ();
      done = step (ssl);
      why = done > 0 ? SSL_ERROR_NONE : SSL_get_error (ssl, done);
      if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
        return why;
      if (!wait_ready (target, SSL_get_fd (ssl), why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT,
                       deadline))
        return SSL_ERROR_WANT_READ;
    }
}

static int
read_byte (SSL *ssl)
{
  char byte;

  return SSL_read (ssl, &byte, 1);
}

/* (transfer full) */
static char *
describe_end (int why)
{
  g_autofree char *text = vmmig_tls_take_openssl_error ();

  return why == SSL_ERROR_SSL && !g_str_has_prefix (text, "unexpected eof")
             ? g_steal_pointer (&text)
             : g_strdup ("it closed the connection");
}

static void
take_chain (SSL *ssl, VmmigTlsAnswer *answer)
{
  STACK_OF (X509) *chain = SSL_get_peer_cert_chain (ssl);

  answer->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
  for (int i = 0; i < sk_X509_num (chain); i++)
    {
      X509_up_ref (sk_X509_value (chain, i));
      g_ptr_array_add (answer->chain, sk_X509_value (chain, i));
    }
  answer->protocol = g_strdup (SSL_get_version (ssl));
}

static gboolean
shake_hands (const VmmigTlsTarget *target, SSL *ssl, VmmigTlsAnswer *answer, GError **error)
{
  int why = repeat (target, ssl, SSL_connect, target->deadline);
  gint64 patience = MIN (g_get_monotonic_time () + PATIENCE_AFTER, target->deadline);
  g_autofree char *end = NULL;
  g_autofree char *message = NULL;

  if (why == SSL_ERROR_WANT_READ)
    return fail_late (target, error);
  if (why != SSL_ERROR_NONE)
    end = describe_end (why);
  take_chain (ssl, answer);
  if (answer->chain->len == 0)
    {
      message = g_strdup_printf ("it does not speak TLS there, or shows no certificate: %s",
                                 end != NULL ? end : "the handshake has none");
      return fail (target, error, VMMIG_ERROR_UNREACHABLE, message);
    }
  /* In TLS 1.3 a server looks at the client's certificate after the client has done its part */
  if (end == NULL)
    {
      why = repeat (target, ssl, read_byte, patience);
      if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ)
        end = describe_end (why);
    }
  answer->refusal = g_steal_pointer (&end);
  return TRUE;
}

gboolean
vmmig_tls_connect (const VmmigTlsTarget *target, VmmigTlsAnswer *answer, GError **error)
{
  g_autoptr (SSL_CTX) context = make_context (target, error);
  g_autoptr (SSL) ssl = NULL;
  gboolean done;
  int fd;

  if (context == NULL)
    return FALSE;
  fd = connect_to_host (target, &answer->address, error);
  if (fd < 0)
    return FALSE;
  ssl = SSL_new (context);
  SSL_set_fd (ssl, fd);
  if (!vmmig_address_is_literal (target->host))
    SSL_set_tlsext_host_name (ssl, target->host);
  done = shake_hands (target, ssl, answer, error);
  ERR_clear_error ();
  g_close (fd, NULL);
  return done;
}
