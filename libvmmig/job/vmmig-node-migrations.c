/* vmmig-node-migrations.c - which VMs a node is migrating now
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-status-private.h"
#include "node/vmmig-node-private.h"

/* A list asks every VM: longer than one short call, bounded all the same. */
#define LIST_TIMEOUT (30 * G_USEC_PER_SEC)

static void
answer_list (GTask *task, VmmigReply *reply)
{
  g_autoptr (GPtrArray) list = NULL;

  if (reply->error != NULL)
    {
      g_task_return_error (task, g_steal_pointer (&reply->error));
      return;
    }
  list = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_migration_status_unref);
  for (guint i = 0; reply->list != NULL && i < reply->list->len; i++)
    {
      VmmigMigrationStatus *status = vmmig_job_status_from_one_side (reply->list->pdata[i]);

      if (vmmig_migration_status_get_migrating (status))
        g_ptr_array_add (list, status);
      else
        vmmig_migration_status_unref (status);
    }
  g_task_return_pointer (task, g_steal_pointer (&list), (GDestroyNotify)g_ptr_array_unref);
}

/**
 * vmmig_node_list_migrations_async:
 * @self: a node
 * @cancellable: (nullable): stops waiting
 * @callback: (scope async) (closure user_data): called when the node answered
 * @user_data: data for @callback
 *
 * Lists the VMs of this node that are being migrated now, whoever started that.
 *
 * Since: 1.0
 */
void
vmmig_node_list_migrations_async (VmmigNode *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_NODE (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_node_list_migrations_async);
  vmmig_node_ask (self, task, vmmig_request_new (VMMIG_CALL_LIST, NULL), LIST_TIMEOUT, answer_list);
}

/**
 * vmmig_node_list_migrations_finish:
 * @self: a node
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends [method@Node.list_migrations_async].
 *
 * Each element tells the state of the VM on this node only:
 * [method@MigrationStatus.get_source_state] if it leaves, and
 * [method@MigrationStatus.get_destination_state] if it comes.
 *
 * Returns: (transfer container) (element-type VmmigMigrationStatus): the migrations, or `NULL` with
 *   @error set
 * Since: 1.0
 */
GPtrArray *
vmmig_node_list_migrations_finish (VmmigNode *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
