/* vmmig-scheduler-inventory.c - the nodes that a scheduler has
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "scheduler/vmmig-scheduler-private.h"

#include <vmmig/vmmig-error.h>

#include "node/vmmig-node-private.h"

GPtrArray *
vmmig_scheduler_copy_objects (GPtrArray *objects)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < objects->len; i++)
    g_ptr_array_add (copy, g_object_ref (objects->pdata[i]));
  return copy;
}

/* Nodes that are here have a link, or were refused. */
static const char *
get_name (VmmigNode *node)
{
  VmmigDriverNode *link = vmmig_node_get_link (node, NULL);

  return link != NULL ? link->spec->name : vmmig_node_get_uri (node);
}

gboolean
vmmig_scheduler_check_node (VmmigScheduler *self, VmmigNode *node, GError **error)
{
  if (g_ptr_array_find (self->nodes, node, NULL))
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "The scheduler does not have the node %s (%s); add it first", get_name (node),
               vmmig_node_get_uri (node));
  return FALSE;
}

/* Two nodes that are one host would have twice its slots. */
static gboolean
is_same_host (VmmigNode *a, VmmigNode *b)
{
  const char *a_uuid = vmmig_node_get_host_uuid (a), *b_uuid = vmmig_node_get_host_uuid (b);
  const char *a_peer = vmmig_node_get_peer_uri (a), *b_peer = vmmig_node_get_peer_uri (b);

  return g_str_equal (vmmig_node_get_uri (a), vmmig_node_get_uri (b)) ||
         (a_uuid != NULL && b_uuid != NULL && g_str_equal (a_uuid, b_uuid)) ||
         (a_peer != NULL && b_peer != NULL && g_str_equal (a_peer, b_peer));
}

static gboolean
check_new (VmmigScheduler *self, VmmigNode *node, GError **error)
{
  for (guint i = 0; i < self->nodes->len; i++)
    {
      VmmigNode *other = self->nodes->pdata[i];

      if (is_same_host (node, other))
        {
          g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_CONFLICT,
                       "The node %s (%s) is one that the scheduler has already: %s (%s)",
                       get_name (node), vmmig_node_get_uri (node), get_name (other),
                       vmmig_node_get_uri (other));
          return FALSE;
        }
    }
  return TRUE;
}

/**
 * vmmig_scheduler_add_node:
 * @self: a scheduler
 * @node: a node
 * @error: return location for an error: `VMMIG_ERROR_CONFLICT` if it is there already, also under
 *   another URI; `VMMIG_ERROR_INVALID_ARGUMENT` if its URI is malformed
 *
 * Adds a node, from which and to which jobs may go. Nothing is asked of it before there is a job.
 *
 * Returns: `FALSE` with @error set if it was not added
 * Since: 1.0
 */
gboolean
vmmig_scheduler_add_node (VmmigScheduler *self, VmmigNode *node, GError **error)
{
  g_autoptr (VmmigNodeAddress) address = NULL;

  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), FALSE);
  g_return_val_if_fail (VMMIG_IS_NODE (node), FALSE);

  if (!check_new (self, node, error))
    return FALSE;
  address = vmmig_node_get_address (node, error);
  if (address == NULL)
    return FALSE;
  g_ptr_array_add (self->nodes, g_object_ref (node));
  if (self->core == NULL)
    {
      self->core = vmmig_scheduler_core_new (address->link->driver);
      vmmig_scheduler_tell_limits (self);
      vmmig_scheduler_core_set_paused (self->core, self->paused);
    }
  vmmig_scheduler_core_add_node (self->core, vmmig_node_get_uri (node), address->is_named,
                                 address->link);
  return TRUE;
}

static gboolean
is_used (VmmigScheduler *self, VmmigNode *node)
{
  for (guint i = 0; i < self->jobs->len; i++)
    {
      VmmigMigrationJob *job = self->jobs->pdata[i];

      if (vmmig_migration_job_get_source (job) == node ||
          vmmig_migration_job_get_destination (job) == node)
        return TRUE;
    }
  return FALSE;
}

/**
 * vmmig_scheduler_remove_node:
 * @self: a scheduler
 * @node: a node that it has
 * @error: return location for an error: `VMMIG_ERROR_BUSY` while a job of it waits or runs;
 *   `VMMIG_ERROR_INVALID_ARGUMENT` if the scheduler does not have it
 *
 * Removes a node.
 *
 * Returns: `FALSE` with @error set if it was not removed
 * Since: 1.0
 */
gboolean
vmmig_scheduler_remove_node (VmmigScheduler *self, VmmigNode *node, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), FALSE);
  g_return_val_if_fail (VMMIG_IS_NODE (node), FALSE);

  if (!vmmig_scheduler_check_node (self, node, error))
    return FALSE;
  if (is_used (self, node))
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_BUSY,
                   "Jobs from or to the node %s wait or run; cancel them, or wait for their end",
                   get_name (node));
      return FALSE;
    }
  vmmig_scheduler_core_remove_node (self->core, vmmig_node_get_uri (node));
  g_hash_table_remove (self->cordoned, node);
  g_ptr_array_remove (self->nodes, node);
  return TRUE;
}

/**
 * vmmig_scheduler_list_nodes:
 * @self: a scheduler
 *
 * Lists its nodes, in the order in which they were added.
 *
 * Returns: (transfer container) (element-type VmmigNode): the nodes
 * Since: 1.0
 */
GPtrArray *
vmmig_scheduler_list_nodes (VmmigScheduler *self)
{
  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), NULL);
  return vmmig_scheduler_copy_objects (self->nodes);
}

static gboolean
set_cordoned (VmmigScheduler *self, VmmigNode *node, gboolean cordoned, GError **error)
{
  if (!vmmig_scheduler_check_node (self, node, error))
    return FALSE;
  if (cordoned ? g_hash_table_add (self->cordoned, node)
               : g_hash_table_remove (self->cordoned, node))
    vmmig_scheduler_core_cordon (self->core, vmmig_node_get_uri (node), cordoned);
  return TRUE;
}

/**
 * vmmig_scheduler_cordon:
 * @self: a scheduler
 * @node: a node that it has
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` if the scheduler does not have it
 *
 * Lets no more jobs go to a node. Those from it, and those on their way to it, go on; those that wait for
 * it go on to wait.
 *
 * Returns: `FALSE` with @error set if there is no such node
 * Since: 1.0
 */
gboolean
vmmig_scheduler_cordon (VmmigScheduler *self, VmmigNode *node, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), FALSE);
  g_return_val_if_fail (VMMIG_IS_NODE (node), FALSE);
  return set_cordoned (self, node, TRUE, error);
}

/**
 * vmmig_scheduler_uncordon:
 * @self: a scheduler
 * @node: a node that it has
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` if the scheduler does not have it
 *
 * Lets jobs go to a node again.
 *
 * Returns: `FALSE` with @error set if there is no such node
 * Since: 1.0
 */
gboolean
vmmig_scheduler_uncordon (VmmigScheduler *self, VmmigNode *node, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), FALSE);
  g_return_val_if_fail (VMMIG_IS_NODE (node), FALSE);
  return set_cordoned (self, node, FALSE, error);
}

/**
 * vmmig_scheduler_is_cordoned:
 * @self: a scheduler
 * @node: a node
 *
 * Tells whether [method@Scheduler.cordon] holds.
 *
 * Returns: whether no more jobs go to the node
 * Since: 1.0
 */
gboolean
vmmig_scheduler_is_cordoned (VmmigScheduler *self, VmmigNode *node)
{
  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), FALSE);
  g_return_val_if_fail (VMMIG_IS_NODE (node), FALSE);
  return g_hash_table_contains (self->cordoned, node);
}
