/* vmmig-node-memory.c - how much memory a node's VM uses, and how fast it writes to it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "node/vmmig-node-private.h"

#include <vmmig/vmmig-error.h>
#include <vmmig/vmmig-forecast.h>

#define MEMORY_TIMEOUT (10 * G_USEC_PER_SEC)
#define POLL_INTERVAL (G_USEC_PER_SEC / 5)
/* Beyond the seconds that were asked for. */
#define PATIENCE (10 * G_USEC_PER_SEC)
#define MAXIMUM_SECONDS 60u /* libvirt's */

/* A sampling that is waited for; the driver's thread once it was asked for. */
typedef struct
{
  VmmigDriverNode *link;
  char *vm;
  gint64 end; /* µs: nobody waits any longer */
  guint seconds;
} Sampling;

static void ask_memory (GTask *task);

static void
sampling_free (gpointer data)
{
  Sampling *self = data;

  vmmig_driver_node_unref (self->link);
  g_free (self->vm);
  g_free (self);
}

static VmmigVmMemory *
copy_memory (const VmmigVmMemory *memory)
{
  VmmigVmMemory *copy = g_new (VmmigVmMemory, 1);

  *copy = *memory;
  return copy;
}

static void
answer_memory (GTask *task, VmmigReply *reply)
{
  if (reply->error != NULL)
    g_task_return_error (task, g_steal_pointer (&reply->error));
  else
    g_task_return_pointer (task, copy_memory (&reply->memory), g_free);
}

static void
look_again (gpointer user_data)
{
  ask_memory (user_data);
}

/* Takes the task's reference with it from one look to the next. */
static void
memory_cb (VmmigReply *reply, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Sampling *sampling = g_task_get_task_data (task);
  VmmigDriver *driver = sampling->link->driver;

  if (reply->error == NULL && reply->memory.sampling && vmmig_driver_now (driver) < sampling->end)
    vmmig_driver_add_timer (driver, POLL_INTERVAL, look_again, g_steal_pointer (&task));
  else
    answer_memory (task, reply);
}

static void
ask_memory (GTask *task)
{
  Sampling *sampling = g_task_get_task_data (task);

  vmmig_driver_call (sampling->link, vmmig_request_new (VMMIG_CALL_GET_MEMORY, sampling->vm),
                     MEMORY_TIMEOUT, memory_cb, task);
}

static void
started_cb (GTask *task, VmmigReply *reply)
{
  Sampling *sampling = g_task_get_task_data (task);
  VmmigDriver *driver = sampling->link->driver;
  gint64 duration = (gint64)sampling->seconds * G_USEC_PER_SEC;

  if (reply->error != NULL)
    {
      g_task_return_error (task, g_steal_pointer (&reply->error));
      return;
    }
  sampling->end = vmmig_driver_now (driver) + duration + PATIENCE;
  vmmig_driver_add_timer (driver, duration, look_again, g_object_ref (task));
}

static void
start_sampling (VmmigNode *self, GTask *task, const char *vm, guint seconds)
{
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_START_SAMPLING, vm);
  VmmigDriverNode *link = vmmig_node_get_link (self, NULL);
  Sampling *sampling;

  /* Without one the question says why. */
  if (link != NULL)
    {
      sampling = g_new0 (Sampling, 1);
      sampling->link = vmmig_driver_node_ref (link);
      sampling->vm = g_strdup (vm);
      sampling->seconds = seconds;
      g_task_set_task_data (task, sampling, sampling_free);
    }
  request->number = seconds;
  vmmig_node_ask (self, task, request, MEMORY_TIMEOUT, started_cb);
}

/**
 * vmmig_node_measure_memory_async:
 * @self: a node
 * @vm: the name or UUID of a VM that runs there
 * @seconds: how long its dirty rate is measured, from 1 to 60 s; 0: not at all
 * @cancellable: (nullable): stops waiting; what was begun is measured to its end
 * @callback: (scope async) (closure user_data): called when the node answered
 * @user_data: data for @callback
 *
 * Asks how much memory a VM uses, and measures how fast it writes to it: what
 * [ctor@Forecast.new_for] needs to forecast its migration before it begins.
 *
 * The hypervisor samples some of the VM's pages (512 for each GiB) at the begin and at the end, which
 * the VM does not feel. It sees pages that changed, not how often, so a small set that is written
 * again and again counts once; and of a small VM it sees few pages: take it as a hint that may be
 * wrong by a factor of three. A VM that is being migrated is not measured; its snapshots tell.
 *
 * Since: 1.0
 */
void
vmmig_node_measure_memory_async (VmmigNode *self,
                                 const char *vm,
                                 guint seconds,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_NODE (self));
  g_return_if_fail (vm != NULL);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_node_measure_memory_async);
  if (seconds > MAXIMUM_SECONDS)
    {
      g_task_return_new_error (task, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                               "A dirty rate is measured for 1 to %u s, not for %u s",
                               MAXIMUM_SECONDS, seconds);
      g_object_unref (task);
    }
  else if (seconds > 0)
    start_sampling (self, task, vm, seconds);
  else
    vmmig_node_ask (self, task, vmmig_request_new (VMMIG_CALL_GET_MEMORY, vm), MEMORY_TIMEOUT,
                    answer_memory);
}

/**
 * vmmig_node_measure_memory_finish:
 * @self: a node
 * @result: what the callback got
 * @memory: (out) (optional): bytes of memory that the VM uses, at most; 0 if that is not known
 * @dirty_rate: (out) (optional): bytes per second that it writes to, or
 *   [const@DIRTY_RATE_UNKNOWN] if nothing was measured, which happens with small VMs
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT`; `VMMIG_ERROR_VM_NOT_FOUND`;
 *   `VMMIG_ERROR_VM_STATE` if it does not run; `VMMIG_ERROR_BUSY` if it is being migrated;
 *   `VMMIG_ERROR_PERMISSION_DENIED` if the connection is read-only and something is to be measured;
 *   those of [method@Node.open_finish]
 *
 * Ends [method@Node.measure_memory_async].
 *
 * Returns: whether the node answered
 * Since: 1.0
 */
gboolean
vmmig_node_measure_memory_finish (VmmigNode *self,
                                  GAsyncResult *result,
                                  guint64 *memory,
                                  guint64 *dirty_rate,
                                  GError **error)
{
  g_autofree VmmigVmMemory *found = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  found = g_task_propagate_pointer (G_TASK (result), error);
  if (memory != NULL)
    *memory = found != NULL ? found->in_use : 0;
  if (dirty_rate != NULL)
    *dirty_rate =
        found != NULL && found->has_dirty_rate ? found->dirty_rate : VMMIG_DIRTY_RATE_UNKNOWN;
  return found != NULL;
}
