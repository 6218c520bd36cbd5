/* vmmig-job-follow.c - taking up a migration that somebody else started
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

static void
fail (VmmigJobRunner *self, GError *error)
{
  vmmig_job_preflight_fail (self, VMMIG_JOB_STATE_FAILED, error);
}

static GError *new_error (VmmigJobRunner *self, int code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static GError *
new_error (VmmigJobRunner *self, int code, const char *format, ...)
{
  g_autofree char *what = vmmig_job_runner_describe (self);
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  why = g_strdup_vprintf (format, args);
  va_end (args);
  return g_error_new (VMMIG_ERROR, code, "%s: %s", what, why);
}

static void
look_for_absent_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  const char *source = vmmig_job_plan_get_source_name (self->plan);

  if (reply->error == NULL && reply->vm->state != VMMIG_VM_ABSENT)
    fail (self,
          new_error (self, VMMIG_ERROR_VM_NOT_FOUND, "%s has no such VM; it is on %s already (%s)",
                     source, vmmig_job_plan_get_destination_name (self->plan),
                     vmmig_vm_facts_describe (reply->vm->state, reply->vm->reason)));
  else
    fail (self, new_error (self, VMMIG_ERROR_VM_NOT_FOUND,
                           "%s has no such VM; check its name, and the node", source));
}

static void
follow (VmmigJobRunner *self)
{
  VmmigVmFacts *vm = self->vm;

  if (vm->job != VMMIG_VM_JOB_MIGRATION_OUT && vm->reason != VMMIG_VM_REASON_POST_COPY &&
      vm->reason != VMMIG_VM_REASON_POST_COPY_FAILED && vm->reason != VMMIG_VM_REASON_MIGRATING)
    {
      fail (self,
            new_error (self, VMMIG_ERROR_WRONG_STATE, "nobody is migrating it; it is %s on %s",
                       vmmig_vm_facts_describe (vm->state, vm->reason),
                       vmmig_job_plan_get_source_name (self->plan)));
      return;
    }
  if (vm->tag != NULL)
    self->has_tag = vmmig_tag_parse (vm->tag, &self->tag, NULL);
  self->asked = TRUE;
  self->tagged = self->has_tag;
  self->started = vmmig_driver_now (self->driver);
  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_PREPARING);
  vmmig_job_watch_start (self);
  if (self->cancel_requested)
    vmmig_job_steer_push_abort (self);
}

static void
inspect_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error != NULL)
    {
      fail (self, vmmig_job_runner_take_error (self, reply));
      return;
    }
  if (reply->vm->state == VMMIG_VM_ABSENT)
    {
      if (self->plan->destination == NULL)
        fail (self, new_error (self, VMMIG_ERROR_VM_NOT_FOUND,
                               "%s has no such VM; check its name, and the node",
                               vmmig_job_plan_get_source_name (self->plan)));
      else
        vmmig_job_runner_call (self, self->plan->destination->link,
                               vmmig_request_new (VMMIG_CALL_INSPECT, self->plan->vm),
                               VMMIG_RUNNER_CALL_TIMEOUT, look_for_absent_cb);
      return;
    }
  vmmig_job_preflight_take_vm (self, g_steal_pointer (&reply->vm));
  follow (self);
}

/* Refused before the VM was looked at: the result shall still say where it is. */
static void
look_where_it_is_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error == NULL && reply->vm->state != VMMIG_VM_ABSENT)
    vmmig_job_preflight_take_vm (self, g_steal_pointer (&reply->vm));
  fail (self, g_steal_pointer (&self->early_error));
}

static gboolean
is_same_host (const VmmigJobRunner *self)
{
  return self->destination_facts != NULL && self->source_facts->host_uuid != NULL &&
         g_strcmp0 (self->source_facts->host_uuid, self->destination_facts->host_uuid) == 0;
}

static void
all_opened (VmmigJobRunner *self)
{
  vmmig_job_plan_learn_names (self->plan, self->source_facts, self->destination_facts);
  if (self->early_error == NULL && is_same_host (self))
    self->early_error =
        new_error (self, VMMIG_ERROR_SAME_HOST,
                   "both are the host %s under two names; choose another destination",
                   self->source_facts->host_uuid);
  vmmig_job_runner_call (
      self, self->plan->source->link, vmmig_request_new (VMMIG_CALL_INSPECT, self->plan->vm),
      VMMIG_RUNNER_CALL_TIMEOUT, self->early_error != NULL ? look_where_it_is_cb : inspect_cb);
}

static void
open_source_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  vmmig_node_report (self->plan->source_node, reply->node, reply->error);
  if (reply->error != NULL)
    {
      fail (self, vmmig_job_runner_take_error (self, reply));
      return;
    }
  self->source_facts = vmmig_node_facts_ref (reply->node);
  if (--self->n_opening == 0)
    all_opened (self);
}

static void
open_destination_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  vmmig_node_report (self->plan->destination_node, reply->node, reply->error);
  if (reply->error != NULL)
    self->early_error = vmmig_job_runner_take_error (self, reply);
  else
    self->destination_facts = vmmig_node_facts_ref (reply->node);
  if (--self->n_opening == 0)
    all_opened (self);
}

void
vmmig_job_follow_start (VmmigJobRunner *self)
{
  VmmigDriverNode *source = self->plan->source->link;

  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_PREFLIGHT);
  self->n_opening = self->plan->destination != NULL ? 2 : 1;
  vmmig_job_runner_call (self, source, vmmig_request_new (VMMIG_CALL_OPEN, NULL),
                         source->spec->connect_timeout, open_source_cb);
  if (self->plan->destination == NULL)
    return;
  vmmig_job_runner_call (self, self->plan->destination->link,
                         vmmig_request_new (VMMIG_CALL_OPEN, NULL),
                         self->plan->destination->link->spec->connect_timeout, open_destination_cb);
}
