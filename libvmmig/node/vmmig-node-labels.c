/* vmmig-node-labels.c - the labels of a node's VMs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "node/vmmig-node-private.h"

#include "values/vmmig-labels-private.h"
#include "values/vmmig-vm-labels-private.h"

#define LABELS_TIMEOUT (10 * G_USEC_PER_SEC)

static void
answer_labels (GTask *task, VmmigReply *reply)
{
  if (reply->error != NULL)
    g_task_return_error (task, g_steal_pointer (&reply->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&reply->labels),
                           (GDestroyNotify)g_hash_table_unref);
}

/**
 * vmmig_node_get_labels_async:
 * @self: a node
 * @vm: the name or UUID of a VM that the node has; it need not run
 * @cancellable: (nullable): stops waiting
 * @callback: (scope async) (closure user_data): called when the node answered
 * @user_data: data for @callback
 *
 * Reads a VM's labels, by which a [class@PolicySet] selects its policy.
 *
 * They stand in the VM's libvirt metadata, so they travel with it. Of a VM that runs they are those
 * of the running one. A read-only connection is enough.
 *
 * Since: 1.0
 */
void
vmmig_node_get_labels_async (VmmigNode *self,
                             const char *vm,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_NODE (self));
  g_return_if_fail (vm != NULL);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_node_get_labels_async);
  vmmig_node_ask (self, task, vmmig_request_new (VMMIG_CALL_GET_LABELS, vm), LABELS_TIMEOUT,
                  answer_labels);
}

/**
 * vmmig_node_get_labels_finish:
 * @self: a node
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_VM_NOT_FOUND`; `VMMIG_ERROR_VM_STATE` if what
 *   stands in the metadata was not written by libvmmig; those of [method@Node.open_finish]
 *
 * Ends [method@Node.get_labels_async].
 *
 * Returns: (transfer full) (element-type utf8 utf8): the labels' values by their keys, none if the
 *   VM has no label; or `NULL` with @error set
 * Since: 1.0
 */
GHashTable *
vmmig_node_get_labels_finish (VmmigNode *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * vmmig_node_change_labels_async:
 * @self: a node
 * @vm: the name or UUID of a VM that the node has; it need not run
 * @labels: (nullable) (element-type utf8 utf8): the labels to set: their values by their keys
 * @remove: (nullable) (array zero-terminated=1): the keys of labels to remove, which need not be
 *   there
 * @cancellable: (nullable): keeps it from being asked; once it was, the answer says what happened
 * @callback: (scope async) (closure user_data): called when the node answered
 * @user_data: data for @callback
 *
 * Changes some of a VM's labels and leaves the others as they are.
 *
 * It says what changes, not all that there is to be, so that programs which care for different
 * labels do not undo each other. On one node object changes happen one after the other, in the
 * order in which they were asked for; libvirt offers no lock against another process that changes
 * the labels of the same VM in the same instant, of which the later one wins.
 *
 * A key is `NAME` or `PREFIX/NAME` as in Kubernetes: the prefix is a DNS name, the name and the
 * value have at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; a
 * value may be empty. All labels of a VM together may have 64 KiB.
 *
 * The running VM and its definition, if it has one, are both changed. While a VM is being migrated
 * its labels cannot be changed, which is refused at once.
 *
 * Since: 1.0
 */
void
vmmig_node_change_labels_async (VmmigNode *self,
                                const char *vm,
                                GHashTable *labels,
                                const char *const *remove,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  VmmigRequest *request;
  GError *error = NULL;
  GTask *task;

  g_return_if_fail (VMMIG_IS_NODE (self));
  g_return_if_fail (vm != NULL);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_node_change_labels_async);
  g_task_set_check_cancellable (task, FALSE);
  if (!vmmig_vm_labels_check_change (labels, remove, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  request = vmmig_request_new (VMMIG_CALL_CHANGE_LABELS, vm);
  request->labels = vmmig_labels_copy (labels);
  request->names = g_strdupv ((char **)remove);
  vmmig_node_ask (self, task, request, LABELS_TIMEOUT, answer_labels);
}

/**
 * vmmig_node_change_labels_finish:
 * @self: a node
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` for what is no label, for a
 *   key that is both set and removed, and for too many; `VMMIG_ERROR_VM_NOT_FOUND`;
 *   `VMMIG_ERROR_VM_STATE` if what stands in the metadata was not written by libvmmig;
 *   `VMMIG_ERROR_BUSY` if the VM is being migrated; `VMMIG_ERROR_PERMISSION_DENIED` if the
 *   connection is read-only; `VMMIG_ERROR_TIMED_OUT`, after which the change may have been made;
 *   those of [method@Node.open_finish]
 *
 * Ends [method@Node.change_labels_async].
 *
 * Returns: (transfer full) (element-type utf8 utf8): all labels of the VM as they are now: their
 *   values by their keys; or `NULL` with @error set
 * Since: 1.0
 */
GHashTable *
vmmig_node_change_labels_finish (VmmigNode *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
