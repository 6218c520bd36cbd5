/* vmmig-node-address.c - how a job addresses a node
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "node/vmmig-node-private.h"

static char **
list_names (VmmigNode *self, const VmmigUri *control, const VmmigUri *peer)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (peer != NULL && peer->host != NULL)
    g_strv_builder_add (builder, peer->host);
  if (control->host != NULL)
    g_strv_builder_add (builder, control->host);
  if (self->facts != NULL && self->facts->hostname != NULL)
    g_strv_builder_add (builder, self->facts->hostname);
  return g_strv_builder_end (builder);
}

VmmigNodeAddress *
vmmig_node_get_address (VmmigNode *self, GError **error)
{
  g_autoptr (VmmigNodeAddress) address = g_new0 (VmmigNodeAddress, 1);
  VmmigDriverNode *link = vmmig_node_get_link (self, error);

  if (link == NULL || !vmmig_node_settings_parse_peer (&self->settings, &address->peer, error))
    return NULL;
  address->link = vmmig_driver_node_ref (link);
  address->network = g_strdup (self->settings.network);
  address->addresses = g_strdupv (self->settings.addresses);
  address->names = list_names (self, link->spec->uri, address->peer);
  address->tls_name = g_strdup (self->settings.tls_name);
  address->is_named = self->settings.name != NULL || link->spec->uri->host != NULL;
  return g_steal_pointer (&address);
}

void
vmmig_node_address_free (VmmigNodeAddress *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->link, vmmig_driver_node_unref);
  g_clear_pointer (&self->peer, vmmig_uri_free);
  g_free (self->network);
  g_strfreev (self->addresses);
  g_strfreev (self->names);
  g_free (self->tls_name);
  g_free (self);
}

VmmigNodeAddress *
vmmig_node_address_copy (const VmmigNodeAddress *self)
{
  VmmigNodeAddress *copy = g_new0 (VmmigNodeAddress, 1);

  copy->link = vmmig_driver_node_ref (self->link);
  copy->peer = self->peer != NULL ? vmmig_uri_copy (self->peer) : NULL;
  copy->network = g_strdup (self->network);
  copy->addresses = g_strdupv (self->addresses);
  copy->names = g_strdupv (self->names);
  copy->tls_name = g_strdup (self->tls_name);
  copy->is_named = self->is_named;
  return copy;
}
