/* vmmig-node-calls.c - what a node can be asked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "node/vmmig-node-private.h"

/* One question on its way: made in the caller's thread, put to the driver on the driver's, answered
 * through the task in the caller's context. */
typedef struct
{
  GTask *task;
  VmmigDriverNode *link;
  VmmigRequest *request; /* until it is put */
  gint64 timeout;
  VmmigNodeAnswerFunc func;
} Question;

static void
reply_cb (VmmigReply *reply, gpointer user_data)
{
  Question *question = user_data;

  question->func (question->task, reply);
  vmmig_driver_node_unref (question->link);
  g_object_unref (question->task);
  g_free (question);
}

static gboolean
put_question_cb (gpointer data)
{
  Question *question = data;

  vmmig_driver_call (question->link, g_steal_pointer (&question->request), question->timeout,
                     reply_cb, question);
  return G_SOURCE_REMOVE;
}

void
vmmig_node_ask (VmmigNode *self,
                GTask *task,
                VmmigRequest *request,
                gint64 timeout,
                VmmigNodeAnswerFunc func)
{
  g_autoptr (GTask) owned = task;
  g_autoptr (VmmigRequest) owned_request = request;
  g_autoptr (GError) error = NULL;
  VmmigDriverNode *link;
  Question *question;

  if (g_task_return_error_if_cancelled (task))
    return;
  link = vmmig_node_get_link (self, &error);
  if (link == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  question = g_new0 (Question, 1);
  question->task = g_steal_pointer (&owned);
  question->link = vmmig_driver_node_ref (link);
  question->request = g_steal_pointer (&owned_request);
  question->timeout = link->spec->connect_timeout + timeout;
  question->func = func;
  vmmig_driver_post (link->driver, put_question_cb, question);
}

static void
answer_open (GTask *task, VmmigReply *reply)
{
  if (reply->error != NULL)
    g_task_return_error (task, g_steal_pointer (&reply->error));
  else
    g_task_return_pointer (task, vmmig_node_facts_ref (reply->node),
                           (GDestroyNotify)vmmig_node_facts_unref);
}

/**
 * vmmig_node_open_async:
 * @self: a node
 * @cancellable: (nullable): stops waiting; the connection may still be made
 * @callback: (scope async) (closure user_data): called when the node answered
 * @user_data: data for @callback
 *
 * Connects to the node's daemon and asks what it is.
 *
 * Jobs open their nodes themselves; call this to check a node, or to read
 * [property@Node:host-uuid] and the versions. Opening an open node asks again. Bounded by
 * [property@Node:connect-timeout].
 *
 * Since: 1.0
 */
void
vmmig_node_open_async (VmmigNode *self,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_NODE (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_node_open_async);
  vmmig_node_set_connecting (self);
  vmmig_node_ask (self, task, vmmig_request_new (VMMIG_CALL_OPEN, NULL), 0, answer_open);
}

/**
 * vmmig_node_open_finish:
 * @self: a node
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT`, `VMMIG_ERROR_INSECURE`,
 *   `VMMIG_ERROR_UNREACHABLE`, `VMMIG_ERROR_TIMED_OUT`, `VMMIG_ERROR_AUTHENTICATION`,
 *   `VMMIG_ERROR_PERMISSION_DENIED`
 *
 * Ends [method@Node.open_async].
 *
 * Returns: whether the node is open
 * Since: 1.0
 */
gboolean
vmmig_node_open_finish (VmmigNode *self, GAsyncResult *result, GError **error)
{
  g_autoptr (VmmigNodeFacts) facts = NULL;
  g_autoptr (GError) own_error = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  facts = g_task_propagate_pointer (G_TASK (result), &own_error);
  /* Here, so that the properties are there when the caller looks, whatever runs its context. */
  vmmig_node_learn (self, facts, own_error);
  if (own_error != NULL)
    g_propagate_error (error, g_steal_pointer (&own_error));
  return facts != NULL;
}
