/* vmmig-driver.c - the calls that every driver answers, passed on to the one at hand
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-private.h"

gint64
vmmig_driver_now (VmmigDriver *self)
{
  return self->iface->now (self);
}

guint
vmmig_driver_add_timer (VmmigDriver *self, gint64 delay, VmmigTimerFunc func, gpointer user_data)
{
  return self->iface->add_timer (self, delay, func, user_data);
}

void
vmmig_driver_remove_timer (VmmigDriver *self, guint timer)
{
  self->iface->remove_timer (self, timer);
}

void
vmmig_driver_post (VmmigDriver *self, GSourceFunc func, gpointer data)
{
  self->iface->post (self, func, data);
}

VmmigDriverNode *
vmmig_driver_node_new (VmmigDriver *self, VmmigNodeSpec *spec)
{
  return self->iface->node_new (self, spec);
}

VmmigDriverNode *
vmmig_driver_node_ref (VmmigDriverNode *node)
{
  g_atomic_int_inc (&node->ref_count);
  return node;
}

void
vmmig_driver_node_unref (VmmigDriverNode *node)
{
  if (g_atomic_int_dec_and_test (&node->ref_count))
    node->driver->iface->node_free (node);
}

guint
vmmig_driver_call (VmmigDriverNode *node,
                   VmmigRequest *request,
                   gint64 timeout,
                   VmmigReplyFunc func,
                   gpointer user_data)
{
  return node->driver->iface->call (node, request, timeout, func, user_data);
}

void
vmmig_driver_abandon (VmmigDriverNode *node, guint call)
{
  node->driver->iface->abandon (node, call);
}

guint
vmmig_driver_watch (VmmigDriverNode *node,
                    const char *uuid,
                    VmmigEventFunc func,
                    gpointer user_data)
{
  return node->driver->iface->watch (node, uuid, func, user_data);
}

void
vmmig_driver_unwatch (VmmigDriverNode *node, guint watch)
{
  node->driver->iface->unwatch (node, watch);
}
