/* vmmig-job-converge.c - carries out what is decided about a migration that may not end
 *
 * Only for a migration of our own: whoever follows another's does not know its policy.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

#include "job/vmmig-migration-decision-private.h"

static void
get_settings (VmmigJobRunner *self, VmmigConvergenceSettings *settings)
{
  const VmmigPolicyValues *policy = &self->plan->policy;
  gboolean kubevirt = policy->convergence_strategy == VMMIG_CONVERGENCE_STRATEGY_KUBEVIRT;

  vmmig_convergence_settings_from_policy (
      settings, kubevirt ? VMMIG_CONVERGENCE_METHOD_KUBEVIRT : VMMIG_CONVERGENCE_METHOD_VMMIG,
      policy, self->stats.memory_total + self->stats.disk_total);
  if (self->steered_downtime != 0)
    {
      settings->initial_downtime = self->steered_downtime;
      settings->maximum_downtime = self->steered_downtime;
      settings->downtime_steps = 0;
    }
  else if (settings->maximum_downtime == 0 && self->converges && self->convergence.downtime != 0)
    {
      /* It was in the policy before. */
      settings->initial_downtime = VMMIG_DEFAULT_MAXIMUM_DOWNTIME;
      settings->maximum_downtime = VMMIG_DEFAULT_MAXIMUM_DOWNTIME;
    }
}

/* --- what is decided is done --- */

static void
downtime_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error == NULL)
    return;
  vmmig_convergence_refused (&self->convergence, VMMIG_CONVERGENCE_SET_DOWNTIME);
  if (self->finishing_since == 0)
    vmmig_job_runner_warn (self, "The maximum downtime could not be set: %s",
                           reply->error->message);
}

static void
set_downtime (VmmigJobRunner *self, guint milliseconds)
{
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_SET_DOWNTIME, self->uuid);

  request->number = milliseconds;
  vmmig_job_runner_call (self, self->plan->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         downtime_cb);
}

/* libvirt lets it run again by itself: on the destination because it was not paused when the
 * migration began, and on the source if that fails. */
static void
paused_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  vmmig_job_steer_answer (self->pause_tasks, reply->error);
  if (reply->error == NULL)
    return;
  vmmig_convergence_refused (&self->convergence, VMMIG_CONVERGENCE_PAUSE);
  /* Whoever did not answer may have done it. */
  if (reply->error->code != VMMIG_ERROR_TIMED_OUT && reply->error->code != VMMIG_ERROR_UNREACHABLE)
    self->pause_asked_at = 0;
  if (self->finishing_since == 0)
    vmmig_job_runner_warn (self, "The VM could not be paused: %s", reply->error->message);
}

static void
pause_vm (VmmigJobRunner *self)
{
  if (self->pause_asked_at == 0)
    self->pause_asked_at = vmmig_driver_now (self->driver);
  vmmig_job_runner_call (self, self->plan->source->link,
                         vmmig_request_new (VMMIG_CALL_SUSPEND, self->uuid),
                         VMMIG_RUNNER_CALL_TIMEOUT, paused_cb);
}

static void
give_up (VmmigJobRunner *self, const VmmigConvergenceDecision *decision)
{
  g_autofree char *what = vmmig_job_runner_describe (self);
  g_autofree char *why = vmmig_convergence_decision_describe (decision);
  gboolean silent = decision->reason == VMMIG_CONVERGENCE_REASON_STALLED;

  if (self->call_error == NULL)
    self->call_error = g_error_new (
        VMMIG_ERROR, silent ? VMMIG_ERROR_TIMED_OUT : VMMIG_ERROR_NOT_CONVERGING, "%s: %s; %s",
        what, why,
        silent ? "check the network between the nodes"
               : "allow post-copy, a longer downtime or more time, or migrate it when it is idle");
  vmmig_job_steer_push_abort (self);
}

static void
carry_out (VmmigJobRunner *self, const VmmigConvergenceDecision *decision)
{
  switch (decision->action)
    {
    case VMMIG_CONVERGENCE_SET_DOWNTIME:
      set_downtime (self, decision->downtime);
      break;
    case VMMIG_CONVERGENCE_POST_COPY:
      vmmig_job_steer_decide_post_copy (self);
      break;
    case VMMIG_CONVERGENCE_PAUSE:
      pause_vm (self);
      break;
    case VMMIG_CONVERGENCE_GIVE_UP:
      give_up (self, decision);
      break;
    case VMMIG_CONVERGENCE_GO_ON:
    case VMMIG_CONVERGENCE_THROTTLE:
      break;
    }
}

static void
tell (VmmigJobRunner *self, const VmmigConvergenceDecision *decision, const char *what)
{
  VmmigMigrationDecision *told = vmmig_migration_decision_new (decision, what);

  g_ptr_array_add (self->decisions, told);
  vmmig_job_mailbox_push_decision (self->mailbox, told);
}

/* --- what is seen --- */

/* Disks are counted once they are known, which is after memory. */
static void
refresh_settings (VmmigJobRunner *self)
{
  VmmigConvergenceSettings settings;

  get_settings (self, &settings);
  if (!self->converges)
    {
      self->converges = TRUE;
      self->copying_since = vmmig_driver_now (self->driver);
      vmmig_convergence_init (&self->convergence, &settings);
    }
  else if (settings.data_bytes != self->convergence.settings.data_bytes ||
           settings.maximum_downtime != self->convergence.settings.maximum_downtime)
    {
      vmmig_convergence_steer (&self->convergence, &settings);
    }
}

void
vmmig_job_converge_observe (VmmigJobRunner *self, gboolean is_event)
{
  VmmigObservation observation;
  VmmigConvergenceDecision decision;

  if (self->plan->attach || self->migrate_call == 0 || self->cancel_requested ||
      self->finishing_since != 0 || self->state < VMMIG_JOB_STATE_PRE_COPY)
    return;
  refresh_settings (self);
  vmmig_observation_from_stats (&observation, &self->stats,
                                vmmig_driver_now (self->driver) - self->copying_since);
  /* An event tells a number, and has come before the figures that belong to it. */
  if (is_event)
    observation.known &= VMMIG_OBSERVED_ITERATION;
  observation.paused =
      self->polled_state == VMMIG_VM_PAUSED && self->polled_reason != VMMIG_VM_REASON_MIGRATING;
  observation.post_copy = self->post_copy_entered || self->state > VMMIG_JOB_STATE_SWITCHOVER;
  observation.event = is_event;
  vmmig_convergence_observe (&self->convergence, &observation, &decision);
  if (decision.news)
    tell (self, &decision, NULL);
  carry_out (self, &decision);
}

void
vmmig_job_converge_post_copy_refused (VmmigJobRunner *self)
{
  vmmig_convergence_refused (&self->convergence, VMMIG_CONVERGENCE_POST_COPY);
}

/* --- what its user asks for --- */

void
vmmig_job_converge_tell_steered (VmmigJobRunner *self, const char *what)
{
  VmmigConvergenceDecision decision = {.reason = VMMIG_CONVERGENCE_REASON_STEERED};

  if (self->converges)
    vmmig_convergence_explain (&self->convergence, &decision);
  tell (self, &decision, what);
}

void
vmmig_job_converge_steer (VmmigJobRunner *self)
{
  VmmigConvergenceSettings settings;

  if (!self->converges)
    return;
  get_settings (self, &settings);
  vmmig_convergence_steer (&self->convergence, &settings);
}

/* Pauses the VM so that its migration ends. */
void
vmmig_job_converge_force (VmmigJobRunner *self)
{
  VmmigConvergenceDecision decision;

  refresh_settings (self);
  vmmig_convergence_force (&self->convergence, &decision);
  tell (self, &decision, NULL);
  carry_out (self, &decision);
}

gint64
vmmig_job_converge_get_wakeup (const VmmigJobRunner *self)
{
  gint64 wakeup = self->converges ? vmmig_convergence_get_wakeup (&self->convergence) : G_MAXINT64;

  return wakeup == G_MAXINT64 ? wakeup : self->copying_since + wakeup;
}
