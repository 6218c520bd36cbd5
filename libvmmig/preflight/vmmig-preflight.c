/* vmmig-preflight.c - nodes and clusters, looked at before VMs are migrated
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <vmmig/vmmig-preflight.h>

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-cluster-checks-private.h"
#include "preflight/vmmig-node-certificates-private.h"
#include "preflight/vmmig-preflight-checks-private.h"
#include "preflight/vmmig-preflight-gather-private.h"

/* --- the checks --- */

static gpointer
list_ids (gpointer data)
{
  GPtrArray *ids = g_ptr_array_new ();
  const VmmigCheckEntry *entries;
  guint n;

  entries = vmmig_preflight_checks_get (&n);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (ids, (gpointer)entries[i].id);
  entries = vmmig_cluster_checks_get (&n);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (ids, (gpointer)entries[i].id);
  g_ptr_array_add (ids, NULL);
  return g_ptr_array_free (ids, FALSE);
}

/**
 * vmmig_preflight_list_checks:
 *
 * Lists the ids of all checks, in the order in which they run.
 *
 * An id never changes its meaning; some may be added in later versions. From any thread.
 *
 * Returns: (transfer none) (array zero-terminated=1): the ids
 * Since: 1.0
 */
const char *const *
vmmig_preflight_list_checks (void)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, list_ids, NULL);
  return once.retval;
}

/**
 * vmmig_preflight_describe_check:
 * @id: the id of a check
 *
 * Says what is in order if a check finds nothing. From any thread.
 *
 * Returns: (transfer none) (nullable): a clause, or `NULL` if there is no such check
 * Since: 1.0
 */
const char *
vmmig_preflight_describe_check (const char *id)
{
  const VmmigCheckEntry *entry;
  guint n;

  g_return_val_if_fail (id != NULL, NULL);

  entry = vmmig_preflight_checks_find (id);
  if (entry != NULL)
    return entry->title;
  entry = vmmig_cluster_checks_get (&n);
  for (guint i = 0; i < n; i++)
    if (g_str_equal (entry[i].id, id))
      return entry[i].title;
  return NULL;
}

/* --- a look --- */

typedef struct
{
  GTask *task;
  VmmigPreflightQuestion *question; /* until it is asked */
  guint parallel_drains; /* 0: a node alone */
} Look;

static VmmigPreflightReport *
judge_cluster (const GPtrArray *facts, guint parallel_drains)
{
  VmmigPreflightReport *report = vmmig_preflight_report_new (NULL, NULL, NULL);

  for (guint i = 0; i < facts->len; i++)
    {
      g_autoptr (VmmigPreflightReport) one = vmmig_preflight_checks_run (facts->pdata[i], NULL);

      vmmig_preflight_report_merge (report, one);
    }
  vmmig_cluster_checks_run (facts, parallel_drains, report);
  return report;
}

static void
gathered_cb (GPtrArray *facts, gpointer user_data)
{
  Look *self = user_data;
  VmmigPreflightReport *report = self->parallel_drains == 0
                                     ? vmmig_preflight_checks_run (facts->pdata[0], NULL)
                                     : judge_cluster (facts, self->parallel_drains);

  g_task_return_pointer (self->task, report, (GDestroyNotify)vmmig_preflight_report_unref);
  g_object_unref (self->task);
  g_free (self);
}

static gboolean
look_cb (gpointer data)
{
  Look *self = data;

  vmmig_preflight_gather (g_steal_pointer (&self->question), gathered_cb, self);
  return G_SOURCE_REMOVE;
}

/* Certificates are looked at as well. Takes @task, and returns the one for the rest. */
static GTask *
join_certificates (GTask *task, const VmmigPreflightQuestion *question)
{
  g_autofree VmmigCertificatesSubject *subjects =
      g_new0 (VmmigCertificatesSubject, question->destinations->len);

  for (guint i = 0; i < question->destinations->len; i++)
    {
      const VmmigPreflightPlace *place = question->destinations->pdata[i];
      const VmmigUri *peer = place->address->peer;

      subjects[i].address = place->address;
      subjects[i].role = VMMIG_TLS_ROLE_BOTH;
      subjects[i].qemu = TRUE;
      subjects[i].daemon = peer != NULL && peer->transport == VMMIG_TRANSPORT_TLS;
    }
  return vmmig_node_certificates_join (task, subjects, question->destinations->len);
}

/* Takes @task and @question. */
static void
look (GTask *task, VmmigPreflightQuestion *question, guint parallel_drains)
{
  const VmmigPreflightPlace *first = question->destinations->pdata[0];
  Look *self = g_new0 (Look, 1);

  self->task = join_certificates (task, question);
  self->question = question;
  self->parallel_drains = parallel_drains;
  vmmig_driver_post (first->address->link->driver, look_cb, self);
}

static gboolean
add_node (VmmigPreflightQuestion *question, VmmigNode *node, GError **error)
{
  VmmigNodeAddress *address = vmmig_node_get_address (node, error);

  if (address == NULL)
    return FALSE;
  vmmig_preflight_question_add_destination (question, address, address->link->spec->name);
  return TRUE;
}

/* --- one node --- */

/**
 * vmmig_node_preflight_async:
 * @self: a node
 * @cancellable: (nullable): stops waiting
 * @callback: (scope async) (closure user_data): called when the node was looked at
 * @user_data: data for @callback
 *
 * Looks at a node by itself: whether it answers, what it is called, its versions, its pools and
 * networks, and what can be seen from here of its certificates. A read-only connection is enough, and nothing is changed.
 *
 * Since: 1.0
 */
void
vmmig_node_preflight_async (VmmigNode *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (VmmigPreflightQuestion) question = vmmig_preflight_question_new (NULL);
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (VMMIG_IS_NODE (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_node_preflight_async);
  if (add_node (question, self, &error))
    look (g_steal_pointer (&task), g_steal_pointer (&question), 0);
  else
    g_task_return_error (task, error);
}

/**
 * vmmig_node_preflight_finish:
 * @self: a node
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` or `VMMIG_ERROR_INSECURE`
 *   for a URI that is none
 *
 * Ends [method@Node.preflight_async].
 *
 * A node that does not answer is no error but a finding.
 *
 * Returns: (transfer full): what was found, or `NULL` with @error set
 * Since: 1.0
 */
VmmigPreflightReport *
vmmig_node_preflight_finish (VmmigNode *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- a cluster --- */

static gboolean
check_cluster (const GPtrArray *nodes, guint parallel_drains, GError **error)
{
  for (guint i = 0; i < nodes->len; i++)
    if (!VMMIG_IS_NODE (nodes->pdata[i]))
      {
        g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                     "Cannot look at a cluster: element %u of its nodes is no node", i);
        return FALSE;
      }
  if (nodes->len < 2)
    g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                 "Cannot look at a cluster of %u nodes: name two or more", nodes->len);
  else if (parallel_drains < 1 || parallel_drains >= nodes->len)
    g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                 "%u of %u nodes cannot drain together: at least one must, and one must be left",
                 parallel_drains, nodes->len);
  else
    return TRUE;
  return FALSE;
}

/**
 * vmmig_preflight_cluster_async:
 * @nodes: (element-type VmmigNode) (transfer none): the nodes, two or more
 * @parallel_drains: how many of them may drain together, at least 1 and fewer than all
 * @cancellable: (nullable): stops waiting
 * @callback: (scope async) (closure user_data): called when all were looked at
 * @user_data: data for @callback
 *
 * Looks at all nodes of a cluster, and whether they can take each other's VMs.
 *
 * The spare memory is judged twice: by the approximation of OpenShift's documents (nodes that may
 * drain together, times the largest sum of the memory of one node's VMs), and exactly: whether each
 * VM of each set of nodes finds a place on the others, in one piece, with what QEMU takes itself.
 *
 * Since: 1.0
 */
void
vmmig_preflight_cluster_async (GPtrArray *nodes,
                               guint parallel_drains,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (VmmigPreflightQuestion) question = vmmig_preflight_question_new (NULL);
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (nodes != NULL);
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_preflight_cluster_async);
  if (check_cluster (nodes, parallel_drains, &error))
    for (guint i = 0; i < nodes->len && error == NULL; i++)
      add_node (question, nodes->pdata[i], &error);
  if (error == NULL)
    look (g_steal_pointer (&task), g_steal_pointer (&question), parallel_drains);
  else
    g_task_return_error (task, error);
}

/**
 * vmmig_preflight_cluster_finish:
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` for nodes or numbers that
 *   make no cluster, or a URI that is none
 *
 * Ends [func@preflight_cluster_async].
 *
 * Returns: (transfer full): what was found, or `NULL` with @error set
 * Since: 1.0
 */
VmmigPreflightReport *
vmmig_preflight_cluster_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
