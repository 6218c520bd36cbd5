/* vmmig-job-hooks.c - moments at which a job waits for its owner
 *
 * One hook is open at a time; what is answered later than it was waited for is not heard.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

static const char *
describe_phase (VmmigHookPhase phase)
{
  switch (phase)
    {
    case VMMIG_HOOK_PHASE_PREPARE:
      return "before the start";
    case VMMIG_HOOK_PHASE_ARRIVED:
      return "after the switch-over";
    case VMMIG_HOOK_PHASE_CLEAN_UP:
      return "at the end";
    }
  return "of this job";
}

static void
clear_timer (VmmigJobRunner *self)
{
  if (self->hook_timer == 0)
    return;
  vmmig_driver_remove_timer (self->driver, self->hook_timer);
  self->hook_timer = 0;
  vmmig_job_runner_unref (self);
}

void
vmmig_job_hooks_stop (VmmigJobRunner *self)
{
  clear_timer (self);
  self->hook_open = FALSE;
  self->hook_func = NULL;
}

/* Takes @error (nullable). The caller has a reference. */
static void
close_hook (VmmigJobRunner *self, GError *error)
{
  g_autoptr (GError) failure = error;
  VmmigRunnerHookFunc func = self->hook_func;

  vmmig_job_hooks_stop (self);
  if (failure != NULL && self->hook_phase != VMMIG_HOOK_PHASE_PREPARE)
    vmmig_job_runner_warn (self, "The hook %s failed: %s", describe_phase (self->hook_phase),
                           failure->message);
  if (func != NULL)
    func (self, failure);
}

static void
timed_out_cb (gpointer user_data)
{
  g_autoptr (VmmigJobRunner) self = user_data;

  self->hook_timer = 0;
  close_hook (self,
              g_error_new (VMMIG_ERROR, VMMIG_ERROR_TIMED_OUT,
                           "it did not end within %u s (hook-timeout)", self->plan->hook_timeout));
}

static void
open_hook (VmmigJobRunner *self,
           VmmigHookPhase phase,
           VmmigMigrationResult *result,
           VmmigRunnerHookFunc func)
{
  vmmig_job_hooks_stop (self);
  self->hook_open = TRUE;
  self->hook_phase = phase;
  self->hook_func = func;
  if (self->plan->hook_timeout != VMMIG_TIMEOUT_NONE)
    self->hook_timer =
        vmmig_driver_add_timer (self->driver, self->plan->hook_timeout * (gint64)G_USEC_PER_SEC,
                                timed_out_cb, vmmig_job_runner_ref (self));
  vmmig_job_mailbox_push_hook (self->mailbox, phase, result);
}

/* --- before libvirt is asked --- */

static void
prepared_cb (VmmigJobRunner *self, const GError *error)
{
  g_autofree char *what = NULL;

  if (error == NULL)
    {
      self->prepared_func (self);
      return;
    }
  what = vmmig_job_runner_describe (self);
  vmmig_job_preflight_fail (
      self, VMMIG_JOB_STATE_FAILED,
      g_error_new (VMMIG_ERROR, error->code,
                   "%s: the hook before the start refused it: %s; the VM was not touched", what,
                   error->message));
}

void
vmmig_job_hooks_prepare (VmmigJobRunner *self, VmmigRunnerTimerFunc then)
{
  if (!self->plan->hooks)
    {
      then (self);
      return;
    }
  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_PREPARING);
  self->prepared_func = then;
  self->hooked = TRUE;
  open_hook (self, VMMIG_HOOK_PHASE_PREPARE, NULL, prepared_cb);
}

/* --- the VM runs on its destination --- */

void
vmmig_job_hooks_arrived (VmmigJobRunner *self)
{
  if (!self->hooked || self->hook_arrived)
    return;
  self->hook_arrived = TRUE;
  open_hook (self, VMMIG_HOOK_PHASE_ARRIVED, NULL, NULL);
}

void
vmmig_job_hooks_wait (VmmigJobRunner *self, VmmigRunnerHookFunc then)
{
  if (self->hook_open)
    self->hook_func = then;
  else
    then (self, NULL);
}

/* --- the end --- */

void
vmmig_job_hooks_clean_up (VmmigJobRunner *self,
                          VmmigMigrationResult *result,
                          VmmigRunnerHookFunc then)
{
  open_hook (self, VMMIG_HOOK_PHASE_CLEAN_UP, result, then);
}

/* --- for the hook: any thread --- */

typedef struct
{
  VmmigJobRunner *runner;
  VmmigHookPhase phase;
  GError *error; /* (nullable) */
} Answer;

static gboolean
answer_cb (gpointer data)
{
  g_autofree Answer *answer = data;
  g_autoptr (VmmigJobRunner) runner = answer->runner;

  if (runner->hook_open && runner->hook_phase == answer->phase)
    close_hook (runner, answer->error);
  else
    g_clear_error (&answer->error);
  return G_SOURCE_REMOVE;
}

void
vmmig_job_runner_answer_hook (VmmigJobRunner *self, VmmigHookPhase phase, GError *error)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->runner = vmmig_job_runner_ref (self);
  answer->phase = phase;
  answer->error = error;
  vmmig_driver_post (self->driver, answer_cb, answer);
}
