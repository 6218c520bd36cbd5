/* vmmig-job-steer.c - cancel, post-copy and limits of a job that runs
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

static void
refuse (VmmigJobRunner *self, GTask *task, VmmigError code, const char *what, const char *why)
{
  g_task_return_new_error (task, VMMIG_ERROR, code,
                           "Cannot %s the migration of VM ‘%s’ from %s to %s: %s", what,
                           vm_name (self), vmmig_job_plan_get_source_name (self->plan),
                           vmmig_job_plan_get_destination_name (self->plan), why);
  g_object_unref (task);
}

static void
answer (GPtrArray *tasks, const GError *error)
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
      answer (self->cancel_tasks, NULL);
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
        answer (self->cancel_tasks, reply->error);
      return;
    }
  self->cancel_requested = FALSE;
  answer (self->cancel_tasks, reply->error);
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
        refuse (self, task, VMMIG_ERROR_CANNOT_CANCEL, "cancel",
                "it is in post-copy: the VM's memory is on both nodes, so it can only go on; wait "
                "for its end");
      return;
    }
  if (task != NULL)
    g_ptr_array_add (self->cancel_tasks, task);
  self->cancel_requested = TRUE;
  if (self->abort_accepted)
    answer (self->cancel_tasks, NULL);
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
  answer (self->post_copy_tasks, reply->error);
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
      answer (self->post_copy_tasks, NULL);
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

static gboolean
allows_post_copy (VmmigJobRunner *self)
{
  if (!self->plan->attach)
    return self->plan->policy.allow_post_copy;
  /* Somebody else's migration: their tag tells, and without one libvirt will. */
  return !self->has_tag || self->tag.allow_post_copy;
}

static void
switch_to_post_copy (VmmigJobRunner *self, GTask *task)
{
  if (!allows_post_copy (self))
    {
      refuse (self, task, VMMIG_ERROR_INVALID_POLICY, "switch to post-copy",
              "its policy does not allow post-copy; this must be allowed before the start");
      return;
    }
  if (self->finishing_since != 0 || self->cancel_requested)
    {
      refuse (self, task, VMMIG_ERROR_WRONG_STATE, "switch to post-copy", "it is ending");
      return;
    }
  g_ptr_array_add (self->post_copy_tasks, task);
  vmmig_job_steer_push_post_copy (self);
}

/* --- limits --- */

static void
limit_cb (VmmigReply *reply, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  if (reply->error != NULL)
    g_task_return_error (task, g_steal_pointer (&reply->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
set_limit (VmmigJobRunner *self, VmmigCallKind kind, guint64 number, GTask *task)
{
  VmmigRequest *request;

  if (!self->asked || self->finishing_since != 0)
    {
      refuse (self, task, VMMIG_ERROR_WRONG_STATE, "change the limits of",
              "it does not copy memory now; limits for its start belong into its policy");
      return;
    }
  if (kind == VMMIG_CALL_SET_DOWNTIME)
    self->steered_downtime = (guint)number;
  request = vmmig_request_new (kind, self->uuid);
  request->number = number;
  vmmig_driver_call (self->plan->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT, limit_cb, task);
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
    }
  return "steer";
}

static void
refuse_after_end (VmmigJobRunner *self, VmmigSteerKind kind, GTask *task)
{
  g_autofree char *why =
      g_strdup_printf ("it has ended: %s", vmmig_job_state_describe (self->state));

  refuse (self, task, VMMIG_ERROR_WRONG_STATE, describe_kind (kind), why);
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
      switch_to_post_copy (self, task);
      break;
    case VMMIG_STEER_BANDWIDTH:
      set_limit (self, VMMIG_CALL_SET_BANDWIDTH, number, task);
      break;
    case VMMIG_STEER_DOWNTIME:
      set_limit (self, VMMIG_CALL_SET_DOWNTIME, number, task);
      break;
    }
}

void
vmmig_job_steer_answer_all (VmmigJobRunner *self)
{
  if (self->state == VMMIG_JOB_STATE_CANCELLED)
    answer (self->cancel_tasks, NULL);
  while (self->cancel_tasks->len > 0)
    refuse_after_end (self, VMMIG_STEER_CANCEL,
                      g_ptr_array_steal_index (self->cancel_tasks, self->cancel_tasks->len - 1));
  while (self->post_copy_tasks->len > 0)
    refuse_after_end (
        self, VMMIG_STEER_POST_COPY,
        g_ptr_array_steal_index (self->post_copy_tasks, self->post_copy_tasks->len - 1));
}
