/* vmmig-job-arrival.c - what is left to do on both nodes once the VM is on its destination
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

static void next_step (VmmigJobRunner *self);

/* A post-copy that completed unattended: libvirt does not remove the definition then. */
gboolean
vmmig_job_arrival_left_definition (VmmigJobRunner *self)
{
  return !self->plan->attach && self->plan->persistence != VMMIG_PERSISTENCE_TRANSIENT &&
         self->source_has_definition;
}

static gboolean
owner_paused (VmmigJobRunner *self)
{
  const VmmigStats *stats = self->has_final_stats ? &self->final_stats : &self->stats;

  if (self->has_tag && self->tag.paused)
    return TRUE;
  /* It runs where it arrived, and that is what was meant. */
  if (self->pause_asked_at != 0)
    return FALSE;
  self->pause.ended_at = self->finishing_since;
  self->pause.maximum_downtime = self->plan->policy.maximum_downtime;
  self->pause.post_copy = self->post_copy_entered;
  self->pause.has_downtime = self->has_final_stats && (stats->fields & VMMIG_STAT_DOWNTIME) != 0;
  self->pause.downtime = stats->downtime;
  if (!vmmig_phase_owner_paused (&self->pause))
    return FALSE;
  if (!vmmig_job_steer_may_pause (self))
    return TRUE;
  self->pause_asked_at = self->pause.stopped_at;
  vmmig_job_runner_warn (self, "The VM was paused on its way, by somebody else, and runs now: its "
                               "policy allows to pause it so that it arrives, so this is not taken "
                               "for its owner's wish");
  return FALSE;
}

static void
figures_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error == NULL && reply->stats.completed)
    {
      self->final_stats = reply->stats;
      self->has_final_stats = TRUE;
    }
  next_step (self);
}

static void
suspended_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error != NULL)
    vmmig_job_runner_warn (self, "The VM was paused by its owner and runs now: %s",
                           reply->error->message);
  next_step (self);
}

static void
autostart_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error != NULL)
    vmmig_job_runner_warn (self, "The VM's autostart flag could not be carried over: %s",
                           reply->error->message);
  next_step (self);
}

/* What the source keeps, or may keep because nobody can ask it, must not start a second copy. */
static gboolean
may_boot_on_source (VmmigJobRunner *self)
{
  if (self->plan->attach || !self->vm->autostart)
    return FALSE;
  if (self->plan->persistence == VMMIG_PERSISTENCE_TRANSIENT || self->source_has_definition)
    return TRUE;
  return !self->source_side.reachable || (self->source_side.state != VMMIG_VM_ABSENT &&
                                          self->source_side.state != VMMIG_VM_SHUT_OFF);
}

static void
source_autostart_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  const char *source = vmmig_job_plan_get_source_name (self->plan);

  /* Undefined meanwhile, or transient: nothing is left that could start. */
  if (reply->error != NULL && reply->error->code != VMMIG_ERROR_VM_NOT_FOUND &&
      reply->error->code != VMMIG_ERROR_VM_STATE)
    vmmig_job_runner_warn (self,
                           "%s may still have the VM's definition with its autostart flag, and "
                           "would start a second copy when it boots: undefine it there (%s)",
                           source, reply->error->message);
  next_step (self);
}

static void
untagged_destination_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error != NULL)
    vmmig_job_runner_warn (self, "The mark of this job is still in the VM's metadata: %s",
                           reply->error->message);
  next_step (self);
}

static void
step_call (VmmigJobRunner *self,
           VmmigNodeAddress *node,
           VmmigCallKind kind,
           guint64 number,
           VmmigRunnerReplyFunc func)
{
  VmmigRequest *request = vmmig_request_new (kind, self->uuid);

  request->number = number;
  vmmig_job_runner_call (self, node->link, request, VMMIG_RUNNER_CALL_TIMEOUT, func);
}

static gboolean
wants_autostart (VmmigJobRunner *self)
{
  return self->has_tag && self->tag.autostart && self->destination_vm != NULL &&
         self->destination_vm->persistent && !self->destination_vm->autostart;
}

static void
end_on_destination_cb (VmmigJobRunner *self, G_GNUC_UNUSED const GError *error)
{
  vmmig_job_runner_end (self, VMMIG_JOB_STATE_SUCCEEDED, VMMIG_VM_LOCATION_DESTINATION, NULL);
}

static void
end_on_destination (VmmigJobRunner *self)
{
  vmmig_job_hooks_wait (self, end_on_destination_cb);
}

/* One step after the other; none of them can turn the success into a failure any more. */
static void
next_step (VmmigJobRunner *self)
{
  VmmigNodeAddress *source = self->plan->source;
  VmmigNodeAddress *destination = self->plan->destination;

  if (destination == NULL)
    {
      end_on_destination (self);
      return;
    }
  switch (self->next_step++)
    {
    case 0:
      if (!self->has_final_stats)
        step_call (self, self->post_copy_entered ? source : destination, VMMIG_CALL_COMPLETED, 0,
                   figures_cb);
      else
        next_step (self);
      break;
    case 1:
      if (self->destination_side.state == VMMIG_VM_RUNNING && owner_paused (self))
        step_call (self, destination, VMMIG_CALL_SUSPEND, 0, suspended_cb);
      else
        next_step (self);
      break;
    case 2:
      if (wants_autostart (self))
        step_call (self, destination, VMMIG_CALL_SET_AUTOSTART, 1, autostart_cb);
      else
        next_step (self);
      break;
    case 3:
      if (may_boot_on_source (self))
        step_call (self, source, VMMIG_CALL_SET_AUTOSTART, 0, source_autostart_cb);
      else
        next_step (self);
      break;
    case 4:
      if (self->tagged)
        step_call (self, destination, VMMIG_CALL_TAG, 0, untagged_destination_cb);
      else
        next_step (self);
      break;
    default:
      end_on_destination (self);
    }
}

void
vmmig_job_arrival_start (VmmigJobRunner *self)
{
  vmmig_job_hooks_arrived (self);
  next_step (self);
}
