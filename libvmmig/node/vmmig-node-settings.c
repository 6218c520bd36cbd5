/* vmmig-node-settings.c - how a node is reached, as its owner wrote it (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "node/vmmig-node-settings-private.h"

#include <vmmig/vmmig-error.h>

#include "values/vmmig-address-private.h"
#include "values/vmmig-uri-private.h"

void
vmmig_node_settings_clear (VmmigNodeSettings *self)
{
  g_clear_pointer (&self->uri, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->peer_uri, g_free);
  g_clear_pointer (&self->network, g_free);
  g_clear_pointer (&self->addresses, g_strfreev);
  g_clear_pointer (&self->tls_name, g_free);
  g_clear_pointer (&self->ssh_key_file, g_free);
  g_clear_pointer (&self->ssh_known_hosts_file, g_free);
  g_clear_pointer (&self->pki_directory, g_free);
}

char *
vmmig_node_settings_get_display_name (const VmmigNodeSettings *self)
{
  g_autoptr (VmmigUri) uri = NULL;

  if (self->name != NULL)
    return g_strdup (self->name);
  uri = self->uri != NULL ? vmmig_uri_parse (self->uri, VMMIG_URI_CONTROL, NULL) : NULL;
  return uri != NULL ? vmmig_uri_to_name (uri) : g_strdup ("without a valid URI");
}

static gboolean
check_protected (const VmmigNodeSettings *self,
                 const VmmigUri *uri,
                 const char *what,
                 GError **error)
{
  g_autofree char *name = NULL;

  if (vmmig_uri_is_protected (uri) || self->control_encryption == VMMIG_ENCRYPTION_OFF)
    return TRUE;
  name = vmmig_node_settings_get_display_name (self);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INSECURE,
               "The %s of node ‘%s’ uses TCP without encryption: anybody on the path could control "
               "the node; use qemu+tls or qemu+ssh, or turn control encryption off for this node",
               what, name);
  return FALSE;
}

static gboolean
merge_path (const VmmigNodeSettings *self,
            const char *property,
            const char *path,
            char **field,
            GError **error)
{
  g_autofree char *name = NULL;

  if (path == NULL)
    return TRUE;
  if (!g_path_is_absolute (path))
    {
      name = vmmig_node_settings_get_display_name (self);
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "Cannot use node ‘%s’: its %s ‘%s’ is not an absolute path", name, property,
                   path);
      return FALSE;
    }
  g_free (*field);
  *field = g_strdup (path);
  return TRUE;
}

/* The merged URI is written out and parsed again, so that a path from a property passes the same
 * gate as one in a URI. */
static VmmigUri *
merge_files (const VmmigNodeSettings *self, VmmigUri *uri, GError **error)
{
  if (uri->transport == VMMIG_TRANSPORT_SSH)
    {
      if (!merge_path (self, "ssh-key-file", self->ssh_key_file, &uri->key_file, error) ||
          !merge_path (self, "ssh-known-hosts-file", self->ssh_known_hosts_file, &uri->known_hosts,
                       error))
        return NULL;
    }
  else if (self->ssh_key_file != NULL || self->ssh_known_hosts_file != NULL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "Node ‘%s’ has ssh files but its URI does not use ssh", self->uri);
      return NULL;
    }
  if (uri->transport == VMMIG_TRANSPORT_TLS)
    {
      if (!merge_path (self, "pki-directory", self->pki_directory, &uri->pki_directory, error))
        return NULL;
    }
  else if (self->pki_directory != NULL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "Node ‘%s’ has a PKI directory but its URI does not use tls", self->uri);
      return NULL;
    }
  return uri;
}

VmmigUri *
vmmig_node_settings_parse_control (const VmmigNodeSettings *self, GError **error)
{
  g_autoptr (VmmigUri) uri = NULL;

  if (self->uri == NULL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "A node needs a URI such as qemu+ssh://root@host/system");
      return NULL;
    }
  uri = vmmig_uri_parse (self->uri, VMMIG_URI_CONTROL, error);
  if (uri == NULL || !check_protected (self, uri, "URI", error) ||
      merge_files (self, uri, error) == NULL)
    return NULL;
  return g_steal_pointer (&uri);
}

gboolean
vmmig_node_settings_parse_peer (const VmmigNodeSettings *self, VmmigUri **peer, GError **error)
{
  g_autoptr (VmmigUri) control = NULL;

  *peer = NULL;
  if (self->peer_uri != NULL)
    {
      *peer = vmmig_uri_parse (self->peer_uri, VMMIG_URI_PEER, error);
      if (*peer == NULL)
        return FALSE;
    }
  else
    {
      control = vmmig_node_settings_parse_control (self, error);
      if (control == NULL)
        return FALSE;
      *peer = vmmig_uri_derive_peer (control);
    }
  if (*peer == NULL || check_protected (self, *peer, "peer URI", error))
    return TRUE;
  g_clear_pointer (peer, vmmig_uri_free);
  return FALSE;
}

VmmigNodeSpec *
vmmig_node_settings_to_spec (const VmmigNodeSettings *self, GError **error)
{
  g_autoptr (VmmigUri) uri = NULL;
  g_autofree char *name = NULL;
  VmmigNodeSpec *spec;

  uri = vmmig_node_settings_parse_control (self, error);
  if (uri == NULL)
    return NULL;
  if (self->network != NULL && !vmmig_address_check_network (self->network, error))
    return NULL;
  name = vmmig_node_settings_get_display_name (self);
  spec = vmmig_node_spec_new (name, uri);
  spec->read_only = self->read_only;
  spec->connect_timeout = (gint64)self->connect_timeout * G_USEC_PER_SEC;
  return spec;
}
