/* vmmig-test-leftovers.c - VMs of tests whose process is gone
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-test-migration-private.h"

#define LIST_TIMEOUT (30 * G_USEC_PER_SEC)
#define REMOVE_TIMEOUT (10 * G_USEC_PER_SEC)
#define ID "test.leftovers"

char *
vmmig_test_get_node_name (VmmigNode *node)
{
  VmmigDriverNode *link = vmmig_node_get_link (node, NULL);

  return g_strdup (link != NULL ? link->spec->name : vmmig_node_get_uri (node));
}

typedef struct
{
  VmmigNode *nodes[2];
  VmmigPreflightReport *report; /* owned reference */
  VmmigTestLeftoversFunc func;
  gpointer user_data;
  guint64 free_memory[2];
  guint n_pending;
  gboolean told; /* something was found, or could not be */
} Leftovers;

/* A call about one node, and maybe one VM there. */
typedef struct
{
  Leftovers *leftovers;
  guint which;
  char *vm; /* (nullable) name */
} Step;

static Step *
step_new (Leftovers *leftovers, guint which, const char *vm)
{
  Step *step = g_new0 (Step, 1);

  step->leftovers = leftovers;
  step->which = which;
  step->vm = g_strdup (vm);
  leftovers->n_pending++;
  return step;
}

static void
step_done (Step *step)
{
  Leftovers *self = step->leftovers;

  g_free (step->vm);
  g_free (step);
  if (--self->n_pending > 0)
    return;
  if (!self->told)
    vmmig_preflight_report_pass (self->report, ID);
  self->func (self->free_memory, self->user_data);
  vmmig_preflight_report_unref (self->report);
  g_object_unref (self->nodes[0]);
  g_object_unref (self->nodes[1]);
  g_free (self);
}

static void
tell (Step *step, VmmigPreflightSeverity severity, const char *remedy, const GError *error)
{
  Leftovers *self = step->leftovers;
  g_autofree char *subject = step->vm != NULL ? g_strdup_printf ("VM %s", step->vm) : NULL;
  g_autofree char *node = vmmig_test_get_node_name (self->nodes[step->which]);
  const VmmigFindingParts parts = {
      .id = ID,
      .severity = severity,
      .code = error != NULL ? (VmmigError)error->code : 0,
      .subject = subject,
      .node = node,
      .remedy = remedy,
  };

  self->told = TRUE;
  if (error != NULL)
    vmmig_preflight_report_add (self->report, &parts, "%s", error->message);
  else
    vmmig_preflight_report_add (self->report, &parts,
                                "an earlier test migration had left it behind; it was removed");
}

static void
removed_cb (VmmigReply *reply, gpointer user_data)
{
  Step *step = user_data;

  if (reply->error != NULL)
    tell (step, VMMIG_PREFLIGHT_SEVERITY_WARNING,
          "remove it there with ‘virsh destroy’, or test again when the node answers",
          reply->error);
  else if (reply->vm->state != VMMIG_VM_ABSENT)
    tell (step, VMMIG_PREFLIGHT_SEVERITY_NOTE, NULL, NULL);
  step_done (step);
}

/* Clocks differ: what was made in the future is of now. */
static gboolean
is_old (const VmmigVmFacts *vm)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 created;

  return vmmig_test_vm_is_ours (vm->name, vm->uuid, vm->tag, &created) &&
         now - created > VMMIG_TEST_VM_LEFTOVER_AGE;
}

static void
listed_cb (VmmigReply *reply, gpointer user_data)
{
  Step *step = user_data;
  Leftovers *self = step->leftovers;

  if (reply->error != NULL)
    tell (step, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, NULL, reply->error);
  else
    self->free_memory[step->which] = reply->free_memory;
  for (guint i = 0; reply->error == NULL && i < reply->list->len; i++)
    {
      const VmmigVmFacts *vm = reply->list->pdata[i];

      if (is_old (vm))
        vmmig_test_ask (self->nodes[step->which],
                        vmmig_request_new (VMMIG_CALL_REMOVE_TEST_VM, vm->uuid), REMOVE_TIMEOUT,
                        removed_cb, step_new (self, step->which, vm->name));
    }
  step_done (step);
}

void
vmmig_test_leftovers_remove (VmmigNode *const *nodes,
                             VmmigPreflightReport *report,
                             VmmigTestLeftoversFunc func,
                             gpointer user_data)
{
  Leftovers *self = g_new0 (Leftovers, 1);

  self->nodes[0] = g_object_ref (nodes[0]);
  self->nodes[1] = g_object_ref (nodes[1]);
  self->report = vmmig_preflight_report_ref (report);
  self->func = func;
  self->user_data = user_data;
  for (guint i = 0; i < G_N_ELEMENTS (self->nodes); i++)
    vmmig_test_ask (self->nodes[i], vmmig_request_new (VMMIG_CALL_LIST_TEST_VMS, NULL),
                    LIST_TIMEOUT, listed_cb, step_new (self, i, NULL));
}
