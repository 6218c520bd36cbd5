/* vmmig-job-steer.c - cancel and post-copy of a job that runs, and who answers what is asked of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

#define ABORT_RETRY_INTERVAL (G_USEC_PER_SEC / 5)

static const char *
vm_name (VmmigJobRunner *self)
{
  return self->vm_name != NULL ? self->vm_name : self->plan->vm;
}

void
vmmig_job_steer_refuse (VmmigJobRunner *self,
                        GTask *task,
                        VmmigError code,
                        const char *what,
                        const char *why)
{
  g_task_return_new_error (task, VMMIG_ERROR, code,
                           "Cannot %s the migration of VM ‘%s’ from %s to %s: %s", what,
                           vm_name (self), vmmig_job_plan_get_source_name (self->plan),
                           vmmig_job_plan_get_destination_name (self->plan), why);
  g_object_unref (task);
}

void
vmmig_job_steer_answer (GPtrArray *tasks, const GError *error)
{
  while (tasks->len > 0)
    {
      g_autoptr (GTask) task = g_ptr_array_steal_index (tasks, tasks->len - 1);

      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_boolean (task, TRUE);
    }
}

/* --- cancel --- */

static gboolean
is_between (VmmigJobRunner *self)
{
  return self->post_copy_entered || self->state == VMMIG_JOB_STATE_POST_COPY ||
         self->state == VMMIG_JOB_STATE_POSTCOPY_PAUSED ||
         self->state == VMMIG_JOB_STATE_RECOVERING || self->state == VMMIG_JOB_STATE_UNATTENDED;
}

static gboolean
is_worth_another_try (const GError *error)
{
  switch (error->code)
    {
    case VMMIG_ERROR_CANNOT_CANCEL:
    case VMMIG_ERROR_PERMISSION_DENIED:
    case VMMIG_ERROR_VM_NOT_FOUND:
      return FALSE;
    default:
      return TRUE;
    }
}

static void
abort_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  self->abort_on_its_way = FALSE;
  if (reply->error == NULL)
    {
      self->abort_accepted = TRUE;
      vmmig_job_steer_answer (self->cancel_tasks, NULL);
      if (self->state == VMMIG_JOB_STATE_PREPARING)
        vmmig_job_prepare_give_up_later (self);
      return;
    }
  if (self->finishing_since != 0)
    return;
  if (is_worth_another_try (reply->error))
    {
      /* libvirt's job begins a moment after its call, and ends a moment before. */
      vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_ABORT, ABORT_RETRY_INTERVAL,
                                  vmmig_job_steer_push_abort);
      if (reply->error->code == VMMIG_ERROR_UNREACHABLE ||
          reply->error->code == VMMIG_ERROR_TIMED_OUT)
        vmmig_job_steer_answer (self->cancel_tasks, reply->error);
      return;
    }
  self->cancel_requested = FALSE;
  vmmig_job_steer_answer (self->cancel_tasks, reply->error);
}

void
vmmig_job_steer_push_abort (VmmigJobRunner *self)
{
  if (self->abort_on_its_way || self->abort_accepted || self->finishing_since != 0)
    return;
  self->abort_on_its_way = TRUE;
  vmmig_job_runner_call (self, self->plan->source->link,
                         vmmig_request_new (VMMIG_CALL_ABORT, self->uuid),
                         VMMIG_RUNNER_CALL_TIMEOUT, abort_cb);
}

void
vmmig_job_steer_cancel_before_start (VmmigJobRunner *self)
{
  vmmig_job_preflight_fail (
      self, VMMIG_JOB_STATE_CANCELLED,
      g_error_new (VMMIG_ERROR, VMMIG_ERROR_CANCELLED,
                   "The migration of VM ‘%s’ from %s to %s was cancelled before it began; the VM "
                   "was not touched",
                   vm_name (self), vmmig_job_plan_get_source_name (self->plan),
                   vmmig_job_plan_get_destination_name (self->plan)));
}

static void
cancel (VmmigJobRunner *self, GTask *task)
{
  if (is_between (self))
    {
      if (task != NULL)
        vmmig_job_steer_refuse (
            self, task, VMMIG_ERROR_CANNOT_CANCEL, "cancel",
            "it is in post-copy: the VM's memory is on both nodes, so it can only go on; wait "
            "for its end");
      return;
    }
  if (task != NULL)
    g_ptr_array_add (self->cancel_tasks, task);
  self->cancel_requested = TRUE;
  if (self->abort_accepted)
    vmmig_job_steer_answer (self->cancel_tasks, NULL);
  else if (self->asked)
    vmmig_job_steer_push_abort (self);
  /* A tag that is on its way is taken away first. */
  else if (!self->plan->attach && !self->has_tag)
    vmmig_job_steer_cancel_before_start (self);
}

/* Who follows somebody else's migration may stop looking; that changes nothing for the VM. */
static void
stop_following (VmmigJobRunner *self)
{
  self->failed_phase = self->state;
  vmmig_job_runner_end (
      self, VMMIG_JOB_STATE_UNKNOWN, VMMIG_VM_LOCATION_UNKNOWN,
      g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                   "Stopped following the migration of VM ‘%s’ from %s to %s; it goes on",
                   vm_name (self), vmmig_job_plan_get_source_name (self->plan),
                   vmmig_job_plan_get_destination_name (self->plan)));
}

/* --- post-copy --- */

static void
post_copy_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  self->post_copy_on_its_way = FALSE;
  vmmig_job_steer_answer (self->post_copy_tasks, reply->error);
  if (self->post_copy_decided && reply->error != NULL)
    vmmig_job_converge_post_copy_refused (self);
  self->post_copy_decided = FALSE;
  vmmig_job_watch_resume (self);
}

void
vmmig_job_steer_push_post_copy (VmmigJobRunner *self)
{
  if ((self->post_copy_tasks->len == 0 && !self->post_copy_decided) || self->post_copy_on_its_way)
    return;
  if (is_between (self))
    {
      vmmig_job_steer_answer (self->post_copy_tasks, NULL);
      return;
    }
  /* QEMU takes it only once memory flows; the first pass began with iteration 1. */
  if (self->state != VMMIG_JOB_STATE_PRE_COPY || self->cancel_requested ||
      (self->stats.fields & VMMIG_STAT_MEMORY) == 0 || self->stats.memory_processed == 0)
    return;
  self->post_copy_on_its_way = TRUE;
  vmmig_job_runner_call (self, self->plan->source->link,
                         vmmig_request_new (VMMIG_CALL_START_POST_COPY, self->uuid),
                         VMMIG_RUNNER_CALL_TIMEOUT, post_copy_cb);
}

void
vmmig_job_steer_decide_post_copy (VmmigJobRunner *self)
{
  self->post_copy_decided = TRUE;
  vmmig_job_steer_push_post_copy (self);
}

gboolean
vmmig_job_steer_allows_post_copy (VmmigJobRunner *self)
{
  if (!self->plan->attach)
    return self->plan->policy.allow_post_copy;
  /* Somebody else's migration: their tag tells, and without one libvirt will. */
  return !self->has_tag || self->tag.allow_post_copy;
}

void
vmmig_job_steer_switch_to_post_copy (VmmigJobRunner *self, GTask *task)
{
  if (!vmmig_job_steer_allows_post_copy (self))
    {
      vmmig_job_steer_refuse (
          self, task, VMMIG_ERROR_INVALID_POLICY, "switch to post-copy",
          "its policy does not allow post-copy; this must be allowed before the start");
      return;
    }
  if (self->finishing_since != 0 || self->cancel_requested)
    {
      vmmig_job_steer_refuse (self, task, VMMIG_ERROR_WRONG_STATE, "switch to post-copy",
                              "it is ending");
      return;
    }
  g_ptr_array_add (self->post_copy_tasks, task);
  vmmig_job_steer_push_post_copy (self);
}

/* --- all --- */

static const char *
describe_kind (VmmigSteerKind kind)
{
  switch (kind)
    {
    case VMMIG_STEER_CANCEL:
    case VMMIG_STEER_STOP_FOLLOWING:
      return "cancel";
    case VMMIG_STEER_POST_COPY:
      return "switch to post-copy";
    case VMMIG_STEER_BANDWIDTH:
    case VMMIG_STEER_DOWNTIME:
      return "change the limits of";
    case VMMIG_STEER_POLICY:
      return "change the policy of";
    case VMMIG_STEER_FORCE:
      return "force the end of";
    }
  return "steer";
}

static void
refuse_after_end (VmmigJobRunner *self, VmmigSteerKind kind, GTask *task)
{
  g_autofree char *why =
      g_strdup_printf ("it has ended: %s", vmmig_job_state_describe (self->state));

  vmmig_job_steer_refuse (self, task, VMMIG_ERROR_WRONG_STATE, describe_kind (kind), why);
}

void
vmmig_job_steer_handle (VmmigJobRunner *self, VmmigSteerKind kind, guint64 number, GTask *task)
{
  if (self->finished)
    {
      if (task != NULL && kind == VMMIG_STEER_CANCEL && self->state == VMMIG_JOB_STATE_CANCELLED)
        {
          g_task_return_boolean (task, TRUE);
          g_object_unref (task);
        }
      else if (task != NULL)
        {
          refuse_after_end (self, kind, task);
        }
      return;
    }
  switch (kind)
    {
    case VMMIG_STEER_CANCEL:
      cancel (self, task);
      break;
    case VMMIG_STEER_STOP_FOLLOWING:
      stop_following (self);
      break;
    case VMMIG_STEER_POST_COPY:
      vmmig_job_steer_switch_to_post_copy (self, task);
      break;
    case VMMIG_STEER_BANDWIDTH:
    case VMMIG_STEER_DOWNTIME:
      vmmig_job_steer_limit (self, kind, number, task);
      break;
    case VMMIG_STEER_POLICY:
      vmmig_job_steer_policy (self, task);
      break;
    case VMMIG_STEER_FORCE:
      vmmig_job_steer_force (self, task);
      break;
    }
}

void
vmmig_job_steer_answer_all (VmmigJobRunner *self)
{
  if (self->state == VMMIG_JOB_STATE_CANCELLED)
    vmmig_job_steer_answer (self->cancel_tasks, NULL);
  while (self->cancel_tasks->len > 0)
    refuse_after_end (self, VMMIG_STEER_CANCEL,
                      g_ptr_array_steal_index (self->cancel_tasks, self->cancel_tasks->len - 1));
  while (self->post_copy_tasks->len > 0)
    refuse_after_end (
        self, VMMIG_STEER_POST_COPY,
        g_ptr_array_steal_index (self->post_copy_tasks, self->post_copy_tasks->len - 1));
}
