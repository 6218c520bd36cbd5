/* vmmig-node-accessors.c - what a node is told and what is known of it, one by one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "node/vmmig-node-private.h"

static void
set_string (VmmigNode *self,
            char **field,
            const char *value,
            const char *property,
            gboolean reconnects)
{
  if (g_strcmp0 (*field, value) == 0)
    return;
  g_free (*field);
  *field = g_strdup (value);
  if (reconnects)
    g_clear_pointer (&self->link, vmmig_driver_node_unref);
  g_object_notify (G_OBJECT (self), property);
}

/**
 * vmmig_node_get_addresses:
 * @self: a node
 *
 * Gets [property@Node:addresses].
 *
 * Returns: (nullable) (transfer none) (array zero-terminated=1): the addresses, valid until they
 * change
 * Since: 1.0
 */
const char *const *
vmmig_node_get_addresses (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return (const char *const *)self->settings.addresses;
}

/**
 * vmmig_node_set_addresses:
 * @self: a node
 * @addresses: (nullable) (array zero-terminated=1): IPv4 and IPv6 addresses of the host
 *
 * Sets [property@Node:addresses].
 *
 * Since: 1.0
 */
void
vmmig_node_set_addresses (VmmigNode *self, const char *const *addresses)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  if (self->settings.addresses != NULL && addresses != NULL &&
      g_strv_equal ((const char *const *)self->settings.addresses, addresses))
    return;
  g_strfreev (self->settings.addresses);
  self->settings.addresses = g_strdupv ((char **)addresses);
  g_object_notify (G_OBJECT (self), "addresses");
}

/**
 * vmmig_node_get_control_encryption:
 * @self: a node
 *
 * Gets [property@Node:control-encryption].
 *
 * Returns: what is asked of the control paths
 * Since: 1.0
 */
VmmigEncryption
vmmig_node_get_control_encryption (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), VMMIG_ENCRYPTION_REQUIRED);
  return self->settings.control_encryption;
}

/**
 * vmmig_node_set_control_encryption:
 * @self: a node
 * @encryption: what is asked of the control paths
 *
 * Sets [property@Node:control-encryption].
 *
 * Since: 1.0
 */
void
vmmig_node_set_control_encryption (VmmigNode *self, VmmigEncryption encryption)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  if (self->settings.control_encryption == encryption)
    return;
  self->settings.control_encryption = encryption;
  g_clear_pointer (&self->link, vmmig_driver_node_unref);
  g_object_notify (G_OBJECT (self), "control-encryption");
}

/**
 * vmmig_node_get_read_only:
 * @self: a node
 *
 * Gets [property@Node:read-only].
 *
 * Returns: whether the connection is read-only
 * Since: 1.0
 */
gboolean
vmmig_node_get_read_only (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), FALSE);
  return self->settings.read_only;
}

/**
 * vmmig_node_set_read_only:
 * @self: a node
 * @read_only: whether to connect read-only
 *
 * Sets [property@Node:read-only].
 *
 * Since: 1.0
 */
void
vmmig_node_set_read_only (VmmigNode *self, gboolean read_only)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  if (self->settings.read_only == !!read_only)
    return;
  self->settings.read_only = !!read_only;
  g_clear_pointer (&self->link, vmmig_driver_node_unref);
  g_object_notify (G_OBJECT (self), "read-only");
}

/**
 * vmmig_node_get_connect_timeout:
 * @self: a node
 *
 * Gets [property@Node:connect-timeout].
 *
 * Returns: the time-out in seconds
 * Since: 1.0
 */
guint
vmmig_node_get_connect_timeout (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), 0);
  return self->settings.connect_timeout;
}

/**
 * vmmig_node_set_connect_timeout:
 * @self: a node
 * @seconds: the time-out, from 1 to 3600 seconds
 *
 * Sets [property@Node:connect-timeout].
 *
 * Since: 1.0
 */
void
vmmig_node_set_connect_timeout (VmmigNode *self, guint seconds)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  g_return_if_fail (seconds >= 1 && seconds <= VMMIG_NODE_MAXIMUM_CONNECT_TIMEOUT);
  if (self->settings.connect_timeout == seconds)
    return;
  self->settings.connect_timeout = seconds;
  g_clear_pointer (&self->link, vmmig_driver_node_unref);
  g_object_notify (G_OBJECT (self), "connect-timeout");
}

/**
 * vmmig_node_set_credential_func:
 * @self: a node
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): supplies user names and
 *   passwords, or `NULL` for none
 * @user_data: data for @func
 * @destroy: frees @user_data, in the context in which @func is called
 *
 * Sets who answers when the daemon, or ssh, asks for credentials.
 *
 * Without it such a daemon cannot be opened: the library never prompts. @func is called in the
 * main context that is the thread's default now.
 *
 * Since: 1.0
 */
void
vmmig_node_set_credential_func (VmmigNode *self,
                                VmmigCredentialFunc func,
                                gpointer user_data,
                                GDestroyNotify destroy)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  g_clear_pointer (&self->link, vmmig_driver_node_unref);
  g_clear_pointer (&self->credentials, vmmig_node_credentials_unref);
  if (func != NULL)
    self->credentials = vmmig_node_credentials_new (self, func, user_data, destroy);
}

/**
 * vmmig_node_get_name:
 * @self: a node
 *
 * Gets [property@Node:name].
 *
 * Returns: (nullable) (transfer none): the value, valid until it changes
 * Since: 1.0
 */
const char *
vmmig_node_get_name (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->settings.name;
}

/**
 * vmmig_node_set_name:
 * @self: a node
 * @name: (nullable): the new value
 *
 * Sets [property@Node:name].
 *
 * Since: 1.0
 */
void
vmmig_node_set_name (VmmigNode *self, const char *name)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  set_string (self, &self->settings.name, name, "name", TRUE);
}

/**
 * vmmig_node_get_peer_uri:
 * @self: a node
 *
 * Gets [property@Node:peer-uri].
 *
 * Returns: (nullable) (transfer none): the value, valid until it changes
 * Since: 1.0
 */
const char *
vmmig_node_get_peer_uri (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->settings.peer_uri;
}

/**
 * vmmig_node_set_peer_uri:
 * @self: a node
 * @peer_uri: (nullable): the new value
 *
 * Sets [property@Node:peer-uri].
 *
 * Since: 1.0
 */
void
vmmig_node_set_peer_uri (VmmigNode *self, const char *peer_uri)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  set_string (self, &self->settings.peer_uri, peer_uri, "peer-uri", FALSE);
}

/**
 * vmmig_node_get_network:
 * @self: a node
 *
 * Gets [property@Node:network].
 *
 * Returns: (nullable) (transfer none): the value, valid until it changes
 * Since: 1.0
 */
const char *
vmmig_node_get_network (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->settings.network;
}

/**
 * vmmig_node_set_network:
 * @self: a node
 * @network: (nullable): the new value
 *
 * Sets [property@Node:network].
 *
 * Since: 1.0
 */
void
vmmig_node_set_network (VmmigNode *self, const char *network)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  set_string (self, &self->settings.network, network, "network", FALSE);
}

/**
 * vmmig_node_get_tls_name:
 * @self: a node
 *
 * Gets [property@Node:tls-name].
 *
 * Returns: (nullable) (transfer none): the value, valid until it changes
 * Since: 1.0
 */
const char *
vmmig_node_get_tls_name (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->settings.tls_name;
}

/**
 * vmmig_node_set_tls_name:
 * @self: a node
 * @tls_name: (nullable): the new value
 *
 * Sets [property@Node:tls-name].
 *
 * Since: 1.0
 */
void
vmmig_node_set_tls_name (VmmigNode *self, const char *tls_name)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  set_string (self, &self->settings.tls_name, tls_name, "tls-name", FALSE);
}

/**
 * vmmig_node_get_ssh_key_file:
 * @self: a node
 *
 * Gets [property@Node:ssh-key-file].
 *
 * Returns: (nullable) (transfer none): the value, valid until it changes
 * Since: 1.0
 */
const char *
vmmig_node_get_ssh_key_file (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->settings.ssh_key_file;
}

/**
 * vmmig_node_set_ssh_key_file:
 * @self: a node
 * @path: (nullable): the new value
 *
 * Sets [property@Node:ssh-key-file].
 *
 * Since: 1.0
 */
void
vmmig_node_set_ssh_key_file (VmmigNode *self, const char *path)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  set_string (self, &self->settings.ssh_key_file, path, "ssh-key-file", TRUE);
}

/**
 * vmmig_node_get_ssh_known_hosts_file:
 * @self: a node
 *
 * Gets [property@Node:ssh-known-hosts-file].
 *
 * Returns: (nullable) (transfer none): the value, valid until it changes
 * Since: 1.0
 */
const char *
vmmig_node_get_ssh_known_hosts_file (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->settings.ssh_known_hosts_file;
}

/**
 * vmmig_node_set_ssh_known_hosts_file:
 * @self: a node
 * @path: (nullable): the new value
 *
 * Sets [property@Node:ssh-known-hosts-file].
 *
 * Since: 1.0
 */
void
vmmig_node_set_ssh_known_hosts_file (VmmigNode *self, const char *path)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  set_string (self, &self->settings.ssh_known_hosts_file, path, "ssh-known-hosts-file", TRUE);
}

/**
 * vmmig_node_get_pki_directory:
 * @self: a node
 *
 * Gets [property@Node:pki-directory].
 *
 * Returns: (nullable) (transfer none): the value, valid until it changes
 * Since: 1.0
 */
const char *
vmmig_node_get_pki_directory (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->settings.pki_directory;
}

/**
 * vmmig_node_set_pki_directory:
 * @self: a node
 * @path: (nullable): the new value
 *
 * Sets [property@Node:pki-directory].
 *
 * Since: 1.0
 */
void
vmmig_node_set_pki_directory (VmmigNode *self, const char *path)
{
  g_return_if_fail (VMMIG_IS_NODE (self));
  set_string (self, &self->settings.pki_directory, path, "pki-directory", TRUE);
}

/**
 * vmmig_node_get_state:
 * @self: a node
 *
 * Gets [property@Node:state].
 *
 * Returns: the state as of the last answer
 * Since: 1.0
 */
VmmigNodeState
vmmig_node_get_state (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), VMMIG_NODE_STATE_UNKNOWN);
  return self->state;
}

/**
 * vmmig_node_get_host_uuid:
 * @self: a node
 *
 * Gets [property@Node:host-uuid].
 *
 * Returns: (nullable) (transfer none): the UUID, or `NULL` before the
 *   node was opened; valid until the node is opened again
 * Since: 1.0
 */
const char *
vmmig_node_get_host_uuid (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->facts != NULL ? self->facts->host_uuid : NULL;
}

/**
 * vmmig_node_get_hostname:
 * @self: a node
 *
 * Gets [property@Node:hostname].
 *
 * Returns: (nullable) (transfer none): the host name, or `NULL` before the
 *   node was opened; valid until the node is opened again
 * Since: 1.0
 */
const char *
vmmig_node_get_hostname (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->facts != NULL ? self->facts->hostname : NULL;
}

/**
 * vmmig_node_get_libvirt_version:
 * @self: a node
 *
 * Gets [property@Node:libvirt-version].
 *
 * Returns: (nullable) (transfer none): the version, as in `9.0.0`, or `NULL` before the
 *   node was opened; valid until the node is opened again
 * Since: 1.0
 */
const char *
vmmig_node_get_libvirt_version (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->libvirt_version;
}

/**
 * vmmig_node_get_hypervisor_version:
 * @self: a node
 *
 * Gets [property@Node:hypervisor-version].
 *
 * Returns: (nullable) (transfer none): the version, as in `7.2.22`, or `NULL` before the
 *   node was opened; valid until the node is opened again
 * Since: 1.0
 */
const char *
vmmig_node_get_hypervisor_version (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->hypervisor_version;
}

/**
 * vmmig_node_get_capabilities:
 * @self: a node
 *
 * Gets [property@Node:capabilities].
 *
 * Returns: (nullable) (transfer none): libvirt's XML, or `NULL` before the
 *   node was opened; valid until the node is opened again
 * Since: 1.0
 */
const char *
vmmig_node_get_capabilities (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->facts != NULL ? self->facts->capabilities : NULL;
}
