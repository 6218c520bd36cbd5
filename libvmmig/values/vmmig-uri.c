/* vmmig-uri.c - a daemon's URI in parts, and the text that libvirt gets (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-uri-private.h"

#include <gio/gio.h>
#include <string.h>

#include "values/vmmig-address-private.h"

/* RFC 1035, and sshd's longest: longer ones are mistakes. */
#define MAX_HOST 253
#define MAX_LABEL 63
#define MAX_USER 128
#define MAX_PATH 1024

VmmigUri *
vmmig_uri_copy (const VmmigUri *self)
{
  VmmigUri *copy;

  g_return_val_if_fail (self != NULL, NULL);
  copy = g_new0 (VmmigUri, 1);
  copy->transport = self->transport;
  copy->session = self->session;
  copy->user = g_strdup (self->user);
  copy->host = g_strdup (self->host);
  copy->port = self->port;
  copy->socket = g_strdup (self->socket);
  copy->key_file = g_strdup (self->key_file);
  copy->known_hosts = g_strdup (self->known_hosts);
  copy->pki_directory = g_strdup (self->pki_directory);
  return copy;
}

void
vmmig_uri_free (VmmigUri *self)
{
  if (self == NULL)
    return;
  g_free (self->user);
  g_free (self->host);
  g_free (self->socket);
  g_free (self->key_file);
  g_free (self->known_hosts);
  g_free (self->pki_directory);
  g_free (self);
}

static gboolean
label_is_valid (const char *label, gsize length)
{
  if (length == 0 || length > MAX_LABEL || label[0] == '-' || label[length - 1] == '-')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (label[i]) && label[i] != '-' && label[i] != '_')
      return FALSE;
  return TRUE;
}

/* Resolvers take "127.1", "0x7f000001" and "2130706433" for addresses: a name never ends so. */
static gboolean
label_is_numeric (const char *label, gsize length)
{
  if (length >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
    return TRUE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isdigit (label[i]))
      return FALSE;
  return TRUE;
}

gboolean
vmmig_uri_host_is_valid (const char *host)
{
  const char *label = host;

  if (host == NULL || strlen (host) > MAX_HOST)
    return FALSE;
  if (vmmig_address_is_literal (host))
    return TRUE;
  while (TRUE)
    {
      gsize length = strcspn (label, ".");

      if (!label_is_valid (label, length))
        return FALSE;
      if (label[length] == '\0')
        return !label_is_numeric (label, length);
      label += length + 1;
    }
}

gboolean
vmmig_uri_user_is_valid (const char *user)
{
  if (user == NULL || *user == '\0' || *user == '-' || strlen (user) > MAX_USER)
    return FALSE;
  for (const char *p = user; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-+@", *p) == NULL)
      return FALSE;
  return TRUE;
}

gboolean
vmmig_uri_path_is_valid (const char *path)
{
  if (path == NULL || *path != '/' || strlen (path) > MAX_PATH || !g_utf8_validate (path, -1, NULL))
    return FALSE;
  for (const char *p = path; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

static void
append_host (GString *text, const VmmigUri *self)
{
  gboolean brackets = strchr (self->host, ':') != NULL;

  if (self->user != NULL)
    {
      g_string_append_uri_escaped (text, self->user, NULL, FALSE);
      g_string_append_c (text, '@');
    }
  g_string_append_printf (text, brackets ? "[%s]" : "%s", self->host);
  if (self->port != 0)
    g_string_append_printf (text, ":%u", self->port);
}

static void
append_parameter (GString *text, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_string_append_c (text, strchr (text->str, '?') == NULL ? '?' : '&');
  g_string_append (text, name);
  g_string_append_c (text, '=');
  g_string_append_uri_escaped (text, value, "/", FALSE);
}

static const char *
get_scheme (const VmmigUri *self)
{
  switch (self->transport)
    {
    case VMMIG_TRANSPORT_SSH:
      /* The ssh program takes no known hosts file from libvirt: only libssh does. */
      return self->known_hosts != NULL ? "qemu+libssh" : "qemu+ssh";
    case VMMIG_TRANSPORT_TLS:
      return "qemu+tls";
    case VMMIG_TRANSPORT_TCP:
      return "qemu+tcp";
    case VMMIG_TRANSPORT_UNIX:
    default:
      return self->socket != NULL ? "qemu+unix" : "qemu";
    }
}

static void
append_ssh (GString *text, const VmmigUri *self)
{
  append_parameter (text, "keyfile", self->key_file);
  if (self->known_hosts == NULL)
    {
      append_parameter (text, "no_tty", "1");
      return;
    }
  append_parameter (text, "known_hosts", self->known_hosts);
  append_parameter (text, "known_hosts_verify", "normal");
  /* Without a key file libssh takes the agent and the user's own keys; told to take keys only, it
   * would refuse to work where it finds none in the user's home. */
  if (self->key_file != NULL)
    append_parameter (text, "sshauth", "privkey");
}

char *
vmmig_uri_to_libvirt (const VmmigUri *self)
{
  g_autoptr (GString) text = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (self->transport == VMMIG_TRANSPORT_UNIX || self->host != NULL, NULL);
  text = g_string_new (get_scheme (self));
  g_string_append (text, "://");
  if (self->transport != VMMIG_TRANSPORT_UNIX)
    append_host (text, self);
  g_string_append (text, self->session ? "/session" : "/system");
  if (self->transport == VMMIG_TRANSPORT_UNIX)
    append_parameter (text, "socket", self->socket);
  else if (self->transport == VMMIG_TRANSPORT_SSH)
    append_ssh (text, self);
  else if (self->transport == VMMIG_TRANSPORT_TLS)
    append_parameter (text, "pkipath", self->pki_directory);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
vmmig_uri_host_is_local (const char *host)
{
  g_autoptr (GInetAddress) address = NULL;

  /* As libvirt judges the URI of a peer: by the beginning of the name. */
  if (g_ascii_strncasecmp (host, "localhost", strlen ("localhost")) == 0)
    return TRUE;
  if (!vmmig_address_is_literal (host))
    return FALSE;
  /* ::ffff:127.0.0.1 is the same host by another family. */
  if (g_ascii_strncasecmp (host, "::ffff:", strlen ("::ffff:")) == 0 && strchr (host, '.') != NULL)
    host += strlen ("::ffff:");
  address = g_inet_address_new_from_string (host);
  return address != NULL &&
         (g_inet_address_get_is_loopback (address) || g_inet_address_get_is_any (address));
}

VmmigUri *
vmmig_uri_derive_peer (const VmmigUri *control)
{
  VmmigUri *peer;

  g_return_val_if_fail (control != NULL, NULL);
  /* A session's daemon does not listen, and a loopback name means another host on every host. */
  if (control->host == NULL || control->session || vmmig_uri_host_is_local (control->host))
    return NULL;
  peer = g_new0 (VmmigUri, 1);
  peer->transport = VMMIG_TRANSPORT_TLS;
  peer->host = g_strdup (control->host);
  return peer;
}

gboolean
vmmig_uri_is_protected (const VmmigUri *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->transport != VMMIG_TRANSPORT_TCP;
}

char *
vmmig_uri_to_name (const VmmigUri *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  if (self->host != NULL)
    return g_strdup (self->host);
  return g_strdup (self->socket != NULL ? self->socket : "localhost");
}
