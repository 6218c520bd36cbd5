/* vmmig-job-runner.c - the life of one migration: states, calls, the way to an end
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

VmmigJobRunner *
vmmig_job_runner_new (VmmigJobPlan *plan, VmmigJobMailbox *mailbox)
{
  VmmigJobRunner *self = g_new0 (VmmigJobRunner, 1);

  self->ref_count = 1;
  self->plan = plan;
  self->mailbox = vmmig_job_mailbox_ref (mailbox);
  self->driver = plan->source->link->driver;
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->decisions = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_migration_decision_unref);
  self->cancel_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  self->pause_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  self->post_copy_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  self->pause.remaining_when_stopped = G_MAXUINT64;
  if (plan->attach)
    vmmig_progress_tracker_init_following (&self->tracker);
  else
    vmmig_progress_tracker_init (&self->tracker);
  vmmig_job_forecast_init (self);
  return self;
}

VmmigJobRunner *
vmmig_job_runner_ref (VmmigJobRunner *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vmmig_job_runner_unref (VmmigJobRunner *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  vmmig_job_plan_free (self->plan);
  vmmig_job_mailbox_unref (self->mailbox);
  g_ptr_array_unref (self->warnings);
  g_ptr_array_unref (self->decisions);
  g_clear_pointer (&self->forecast, vmmig_forecast_unref);
  g_ptr_array_unref (self->cancel_tasks);
  g_ptr_array_unref (self->pause_tasks);
  g_ptr_array_unref (self->post_copy_tasks);
  g_clear_pointer (&self->source_facts, vmmig_node_facts_unref);
  g_clear_pointer (&self->destination_facts, vmmig_node_facts_unref);
  g_clear_pointer (&self->vm, vmmig_vm_facts_free);
  g_clear_pointer (&self->destination_vm, vmmig_vm_facts_free);
  g_free (self->uuid);
  g_free (self->vm_name);
  g_free (self->address);
  vmmig_tag_clear (&self->tag);
  g_clear_error (&self->early_error);
  g_clear_pointer (&self->report, vmmig_preflight_report_unref);
  g_clear_error (&self->call_error);
  g_clear_error (&self->end_error);
  g_free (self);
}

/* --- calls and timers --- */

struct _VmmigRunnerCall
{
  VmmigJobRunner *runner;
  VmmigRunnerReplyFunc func; /* (nullable) */
};

static void
call_free (VmmigRunnerCall *call)
{
  if (call->runner->migrate_closure == call)
    call->runner->migrate_closure = NULL;
  vmmig_job_runner_unref (call->runner);
  g_free (call);
}

static void
reply_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigRunnerCall *call = user_data;

  if (!call->runner->finished && call->func != NULL)
    call->func (call->runner, reply);
  call_free (call);
}

guint
vmmig_job_runner_call (VmmigJobRunner *self,
                       VmmigDriverNode *link,
                       VmmigRequest *request,
                       gint64 timeout,
                       VmmigRunnerReplyFunc func)
{
  VmmigRunnerCall *call = g_new0 (VmmigRunnerCall, 1);

  call->runner = vmmig_job_runner_ref (self);
  call->func = func;
  if (request->kind == VMMIG_CALL_MIGRATE)
    self->migrate_closure = call;
  return vmmig_driver_call (link, request, timeout, reply_cb, call);
}

void
vmmig_job_runner_abandon_migrate (VmmigJobRunner *self)
{
  vmmig_driver_abandon (self->plan->source->link, self->migrate_call);
  self->migrate_call = 0;
  call_free (self->migrate_closure);
}

static void
timer_cb (gpointer user_data)
{
  VmmigRunnerTimerSlot *slot = user_data;
  g_autoptr (VmmigJobRunner) self = g_steal_pointer (&slot->runner);

  slot->id = 0;
  if (!self->finished)
    slot->func (self);
}

void
vmmig_job_runner_clear_timer (VmmigJobRunner *self, VmmigRunnerTimer which)
{
  VmmigRunnerTimerSlot *slot = &self->timers[which];

  if (slot->id == 0)
    return;
  vmmig_driver_remove_timer (self->driver, slot->id);
  slot->id = 0;
  g_clear_pointer (&slot->runner, vmmig_job_runner_unref);
}

void
vmmig_job_runner_set_timer (VmmigJobRunner *self,
                            VmmigRunnerTimer which,
                            gint64 delay,
                            VmmigRunnerTimerFunc func)
{
  VmmigRunnerTimerSlot *slot = &self->timers[which];

  vmmig_job_runner_clear_timer (self, which);
  slot->runner = vmmig_job_runner_ref (self);
  slot->func = func;
  slot->id = vmmig_driver_add_timer (self->driver, delay, timer_cb, slot);
}

/* --- states --- */

void
vmmig_job_runner_warn (VmmigJobRunner *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (self->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

char *
vmmig_job_runner_describe (VmmigJobRunner *self)
{
  return g_strdup_printf (self->plan->attach
                              ? "Cannot follow the migration of VM ‘%s’ from %s to %s"
                              : "Cannot migrate VM ‘%s’ from %s to %s",
                          self->vm_name != NULL ? self->vm_name : self->plan->vm,
                          vmmig_job_plan_get_source_name (self->plan),
                          vmmig_job_plan_get_destination_name (self->plan));
}

GError *
vmmig_job_runner_take_error (VmmigJobRunner *self, VmmigReply *reply)
{
  g_autofree char *what = vmmig_job_runner_describe (self);

  g_prefix_error (&reply->error, "%s: ", what);
  return g_steal_pointer (&reply->error);
}

static void
log_state (VmmigJobRunner *self, VmmigJobState state, const char *text)
{
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_INFO, "VMMIG_JOB_ID", self->plan->job_id, "VMMIG_VM",
                    self->vm_name != NULL ? self->vm_name : self->plan->vm, "VMMIG_VM_UUID",
                    self->uuid != NULL ? self->uuid : "", "VMMIG_SOURCE",
                    vmmig_job_plan_get_source_name (self->plan), "VMMIG_DESTINATION",
                    vmmig_job_plan_get_destination_name (self->plan), "VMMIG_PHASE",
                    vmmig_job_state_describe (state), "MESSAGE",
                    "Migration of VM ‘%s’ from %s to %s: %s",
                    self->vm_name != NULL ? self->vm_name : self->plan->vm,
                    vmmig_job_plan_get_source_name (self->plan),
                    vmmig_job_plan_get_destination_name (self->plan), text);
}

void
vmmig_job_runner_set_state (VmmigJobRunner *self, VmmigJobState state)
{
  if (self->state == state || !vmmig_job_state_may_follow (self->state, state))
    return;
  self->state = state;
  if (state == VMMIG_JOB_STATE_POST_COPY)
    self->post_copy_entered = TRUE;
  log_state (self, state, vmmig_job_state_describe (state));
  vmmig_job_mailbox_push_state (self->mailbox, state);
  if (state == VMMIG_JOB_STATE_POST_COPY)
    vmmig_job_hooks_arrived (self);
}

/* What its owner failed to clean up is among the warnings by now. */
static void
tell_end (VmmigJobRunner *self, G_GNUC_UNUSED const GError *clean_up_error)
{
  VmmigMigrationResult *result =
      vmmig_job_finish_build_result (self, self->state, self->end_location, self->end_error);

  vmmig_job_mailbox_push_finished (self->mailbox, self->state, result,
                                   g_steal_pointer (&self->end_error));
  if (self->end_func != NULL)
    self->end_func (self, self->end_location, self->end_data);
}

void
vmmig_job_runner_end (VmmigJobRunner *self,
                      VmmigJobState outcome,
                      VmmigVmLocation location,
                      GError *error)
{
  g_autoptr (VmmigMigrationProgress) last = NULL;
  g_autoptr (VmmigMigrationResult) result = NULL;

  if (outcome == VMMIG_JOB_STATE_SUCCEEDED)
    {
      double fraction = vmmig_progress_tracker_update (&self->tracker, outcome, &self->stats);

      last = vmmig_migration_progress_new (
          outcome, fraction, vmmig_progress_tracker_get_iteration (&self->tracker),
          self->has_final_stats ? &self->final_stats : &self->stats,
          (vmmig_driver_now (self->driver) - self->started) / 1000,
          vmmig_driver_now (self->driver));
      vmmig_job_mailbox_push_progress (self->mailbox, last);
    }
  for (int i = 0; i < VMMIG_RUNNER_N_TIMERS; i++)
    vmmig_job_runner_clear_timer (self, i);
  vmmig_job_preflight_stop (self);
  vmmig_job_watch_stop (self);
  self->finished = TRUE;
  self->state = outcome;
  log_state (self, outcome, error != NULL ? error->message : vmmig_job_state_describe (outcome));
  vmmig_job_steer_answer_all (self);
  vmmig_job_finish_add_warnings (self);
  self->end_location = location;
  self->end_error = error;
  if (!self->hooked)
    {
      tell_end (self, NULL);
      return;
    }
  result = vmmig_job_finish_build_result (self, outcome, location, error);
  vmmig_job_hooks_clean_up (self, result, tell_end);
}

/* --- for the job --- */

static gboolean
start_cb (gpointer data)
{
  g_autoptr (VmmigJobRunner) self = data;

  if (self->finished)
    return G_SOURCE_REMOVE;
  if (self->plan->attach)
    vmmig_job_follow_start (self);
  else
    vmmig_job_preflight_start (self);
  return G_SOURCE_REMOVE;
}

void
vmmig_job_runner_set_end_func (VmmigJobRunner *self, VmmigRunnerEndFunc func, gpointer user_data)
{
  self->end_func = func;
  self->end_data = user_data;
}

void
vmmig_job_runner_start (VmmigJobRunner *self)
{
  vmmig_driver_post (self->driver, start_cb, vmmig_job_runner_ref (self));
}

typedef struct
{
  VmmigJobRunner *runner;
  VmmigSteerKind kind;
  guint64 number;
  GTask *task;
} Steer;

static gboolean
steer_cb (gpointer data)
{
  g_autofree Steer *steer = data;
  g_autoptr (VmmigJobRunner) runner = steer->runner;

  vmmig_job_steer_handle (runner, steer->kind, steer->number, steer->task);
  return G_SOURCE_REMOVE;
}

void
vmmig_job_runner_steer (VmmigJobRunner *self, VmmigSteerKind kind, guint64 number, GTask *task)
{
  Steer *steer = g_new0 (Steer, 1);

  steer->runner = vmmig_job_runner_ref (self);
  steer->kind = kind;
  steer->number = number;
  steer->task = task;
  vmmig_driver_post (self->driver, steer_cb, steer);
}
