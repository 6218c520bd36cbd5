/* A strategy over a trace, or over the model of a VM
 *
 * A trace tells what the VM did under the decisions that were taken. Where a strategy decides
 * otherwise, nobody knows what it would have done next, and the replay ends there. A limit of
 * downtime is the exception: it changes nothing before the instant at which it would have let the
 * hypervisor switch over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-replay-private.h"

#include "job/vmmig-migration-decision-private.h"

#define MODEL_POLL (G_USEC_PER_SEC / 2)
/* A switch of the recorded migration so soon after the strategy's is the same one. */
#define SAME_SWITCH (VMMIG_CONVERGENCE_SWITCH_PATIENCE + 2 * G_USEC_PER_SEC)
/* A snapshot so soon after the strategy wanted to look is that look: an answer takes its time. */
#define SOON (G_USEC_PER_SEC / 10)

/* Defaults of the products: KubeVirt 1.6 (migrations), Nova 2025.2 (live_migration_*). */
#define KUBEVIRT_COMPLETION_TIMEOUT 150u /* s per GiB */
#define KUBEVIRT_PROGRESS_TIMEOUT 150u /* s */
#define NOVA_COMPLETION_TIMEOUT 800u /* s per GiB */
#define NOVA_DOWNTIME 500u /* ms */
#define NOVA_STEPS 10u

static gboolean
is_set (const VmmigPolicyValues *policy, VmmigPolicyField field)
{
  return (policy->set & (1u << field)) != 0;
}

static void
apply_defaults (const VmmigPolicyValues *policy, VmmigConvergenceSettings *settings)
{
  gboolean nova = settings->method == VMMIG_CONVERGENCE_METHOD_NOVA;

  if (settings->method == VMMIG_CONVERGENCE_METHOD_VMMIG)
    return;
  if (!is_set (policy, VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB))
    settings->completion_timeout = nova ? NOVA_COMPLETION_TIMEOUT : KUBEVIRT_COMPLETION_TIMEOUT;
  if (!is_set (policy, VMMIG_POLICY_FIELD_PROGRESS_TIMEOUT))
    settings->progress_timeout = KUBEVIRT_PROGRESS_TIMEOUT;
  if (!nova)
    return;
  settings->downtime_steps = NOVA_STEPS;
  if (!is_set (policy, VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME))
    settings->maximum_downtime = NOVA_DOWNTIME;
}

void
vmmig_replay_get_settings (VmmigReplayStrategy strategy,
                           const VmmigPolicyValues *policy,
                           guint64 data_bytes,
                           VmmigConvergenceSettings *settings)
{
  static const VmmigConvergenceMethod methods[] = {
      [VMMIG_REPLAY_STRATEGY_VMMIG] = VMMIG_CONVERGENCE_METHOD_VMMIG,
      [VMMIG_REPLAY_STRATEGY_KUBEVIRT] = VMMIG_CONVERGENCE_METHOD_KUBEVIRT,
      [VMMIG_REPLAY_STRATEGY_NOVA] = VMMIG_CONVERGENCE_METHOD_NOVA,
      [VMMIG_REPLAY_STRATEGY_OVIRT] = VMMIG_CONVERGENCE_METHOD_OVIRT,
  };

  vmmig_convergence_settings_from_policy (settings, methods[strategy], policy, data_bytes);
  apply_defaults (policy, settings);
}

/* --- over a recording --- */

typedef struct
{
  const VmmigReplayRecording *recording;
  VmmigReplayValues *values;
  VmmigConvergence convergence;
  guint step;
  guint limit; /* ms, the strategy's */
  gboolean switched; /* the strategy asked for post-copy */
  gboolean over;
} Run;

static void finish (Run *self, VmmigReplayEnd end, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
finish (Run *self, VmmigReplayEnd end, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  self->values->text = g_strdup_vprintf (format, args);
  va_end (args);
  self->values->end = end;
  self->over = TRUE;
}

/* What held in the recorded migration. */
static guint
get_recorded_limit (const Run *self, gint64 time)
{
  guint limit = VMMIG_DEFAULT_MAXIMUM_DOWNTIME;

  for (guint i = 0; i < self->recording->n_limits; i++)
    {
      if (self->recording->limits[i].time <= time)
        limit = self->recording->limits[i].downtime;
    }
  return limit;
}

/* Did the recorded migration do the same? */
static gboolean
does_the_same (const Run *self, VmmigConvergenceAction action, gint64 time)
{
  for (guint i = self->step; i < self->recording->n_steps; i++)
    {
      const VmmigObservation *seen = &self->recording->steps[i].seen;

      if (seen->time > time + SAME_SWITCH)
        return FALSE;
      if (action == VMMIG_CONVERGENCE_POST_COPY ? seen->post_copy : seen->paused)
        return TRUE;
    }
  return FALSE;
}

static void
take_decision (Run *self, const VmmigConvergenceDecision *decision)
{
  gint64 time = decision->time;

  self->values->time = time;
  if (decision->news)
    g_ptr_array_add (self->values->decisions, vmmig_migration_decision_new (decision, NULL));
  switch (decision->action)
    {
    case VMMIG_CONVERGENCE_SET_DOWNTIME:
      self->limit = decision->downtime;
      break;
    case VMMIG_CONVERGENCE_POST_COPY:
      self->switched = TRUE;
      if (!does_the_same (self, decision->action, time))
        finish (self, VMMIG_REPLAY_END_DIVERGED,
                "it switches to post-copy, which the recorded migration did not do here: it would "
                "end, but the recording cannot tell when");
      break;
    case VMMIG_CONVERGENCE_PAUSE:
      if (!does_the_same (self, decision->action, time))
        finish (self, VMMIG_REPLAY_END_DIVERGED,
                "it pauses the VM, which the recorded migration did not do here: the recording "
                "cannot tell how long that would take");
      break;
    case VMMIG_CONVERGENCE_GIVE_UP:
      finish (self, VMMIG_REPLAY_END_GIVEN_UP, "it gives up, and the VM stays where it is");
      break;
    case VMMIG_CONVERGENCE_GO_ON:
    case VMMIG_CONVERGENCE_THROTTLE:
      break;
    }
}

/* Whether its limit would have let QEMU switch over where the recorded one did not. */
static void
check_limit (Run *self, const VmmigConvergenceDecision *decision)
{
  guint recorded = get_recorded_limit (self, decision->time);
  double needed;

  if (self->over || self->limit <= recorded || decision->size == 0 || decision->rate == 0)
    return;
  needed = (double)decision->size / (double)decision->rate * 1000;
  if (needed > (double)self->limit || needed <= (double)recorded)
    return;
  self->values->has_downtime = TRUE;
  self->values->downtime = (guint64)needed;
  finish (self, VMMIG_REPLAY_END_COMPLETED,
          "its downtime limit of %u ms would have let the VM move here; the recorded one was %u ms",
          self->limit, recorded);
}

static void
observe (Run *self, const VmmigObservation *seen)
{
  VmmigConvergenceDecision decision;

  vmmig_convergence_observe (&self->convergence, seen, &decision);
  take_decision (self, &decision);
  check_limit (self, &decision);
}

/* A job would have looked again in between: nothing new is seen there, but time passes. */
static void
pass_time (Run *self, gint64 until, const VmmigObservation *last)
{
  VmmigObservation nothing = {.paused = last->paused, .post_copy = last->post_copy};
  gint64 now = last->time;

  while (!self->over)
    {
      gint64 wakeup = vmmig_convergence_get_wakeup (&self->convergence);

      if (wakeup >= until - SOON)
        return;
      now = MAX (wakeup, now + 1000);
      nothing.time = now;
      if (now >= until - SOON)
        return;
      observe (self, &nothing);
    }
}

static void
take_step (Run *self, VmmigReplayStrategy strategy, const VmmigPolicyValues *policy)
{
  const VmmigReplayStep *step = &self->recording->steps[self->step];

  if (step->data_bytes != self->convergence.settings.data_bytes)
    {
      VmmigConvergenceSettings settings;

      vmmig_replay_get_settings (strategy, policy, step->data_bytes, &settings);
      vmmig_convergence_steer (&self->convergence, &settings);
    }
  if (step->seen.post_copy && !self->switched)
    {
      self->values->time = step->seen.time;
      finish (self, VMMIG_REPLAY_END_DIVERGED,
              "the recorded migration switched to post-copy here, which the strategy does not do");
      return;
    }
  observe (self, &step->seen);
}

static void
conclude (Run *self)
{
  const VmmigReplayRecording *recording = self->recording;
  guint recorded = get_recorded_limit (self, G_MAXINT64);

  if (!recording->ended)
    finish (self, VMMIG_REPLAY_END_OPEN, "the recording ends before the migration does");
  else if (recording->outcome != VMMIG_JOB_STATE_SUCCEEDED)
    finish (
        self, VMMIG_REPLAY_END_OPEN,
        "the recorded migration was ended here without success; the strategy would have gone on");
  else if (!self->switched && self->limit < recorded &&
           (!recording->has_downtime || recording->downtime > self->limit))
    finish (self, VMMIG_REPLAY_END_DIVERGED,
            "the VM moved here with a downtime limit of %u ms; with %u ms it would have gone on",
            recorded, self->limit);
  else
    {
      self->values->has_downtime = recording->has_downtime;
      self->values->downtime = recording->downtime;
      finish (self, VMMIG_REPLAY_END_COMPLETED, "the VM moves, as it did when it was recorded");
    }
}

void
vmmig_replay_run_recording (const VmmigReplayRecording *recording,
                            VmmigReplayStrategy strategy,
                            const VmmigPolicyValues *policy,
                            VmmigReplayValues *values)
{
  VmmigConvergenceSettings settings;
  Run run = {.recording = recording, .values = values, .limit = VMMIG_DEFAULT_MAXIMUM_DOWNTIME};

  *values = (VmmigReplayValues){
      .strategy = strategy,
      .decisions = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_migration_decision_unref),
  };
  vmmig_replay_get_settings (strategy, policy, 0, &settings);
  vmmig_convergence_init (&run.convergence, &settings);
  for (run.step = 0; run.step < recording->n_steps && !run.over; run.step++)
    {
      if (run.step > 0)
        pass_time (&run, recording->steps[run.step].seen.time,
                   &recording->steps[run.step - 1].seen);
      if (!run.over)
        take_step (&run, strategy, policy);
    }
  if (!run.over)
    conclude (&run);
}

/* --- over a model --- */

static void
note_cb (const VmmigObservation *observation,
         const VmmigConvergenceDecision *decision,
         gpointer user_data)
{
  VmmigReplayValues *values = user_data;

  if (decision->news)
    g_ptr_array_add (values->decisions, vmmig_migration_decision_new (decision, NULL));
}

void
vmmig_replay_run_model (const VmmigMigrationModelSettings *model,
                        VmmigReplayStrategy strategy,
                        const VmmigPolicyValues *policy,
                        gint64 limit,
                        VmmigReplayValues *values)
{
  VmmigMigrationModelSettings own = *model;
  VmmigMigrationModelRun run;
  VmmigConvergenceSettings settings;

  *values = (VmmigReplayValues){
      .strategy = strategy,
      .decisions = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_migration_decision_unref),
  };
  own.link_rate = MIN (own.link_rate, policy->bandwidth);
  own.auto_converge = policy->auto_converge;
  own.auto_converge_initial = policy->auto_converge_initial;
  own.auto_converge_increment = policy->auto_converge_increment;
  vmmig_replay_get_settings (strategy, policy, own.memory, &settings);
  vmmig_migration_model_run (&own, &settings, MODEL_POLL, TRUE, limit, note_cb, values, &run);
  values->time = run.duration;
  if (run.end == VMMIG_MODEL_COMPLETED)
    {
      values->end = VMMIG_REPLAY_END_COMPLETED;
      values->has_downtime = TRUE;
      values->downtime = run.downtime;
      values->text = g_strdup (run.post_copy ? "the VM moves in post-copy"
                               : run.paused  ? "the VM moves, and stands still for long"
                                             : "the VM moves");
    }
  else if (run.end == VMMIG_MODEL_ABORTED)
    {
      values->end = VMMIG_REPLAY_END_GIVEN_UP;
      values->text = g_strdup ("it gives up, and the VM stays where it is");
    }
  else
    {
      values->text = g_strdup ("the time is over, and the migration is not");
    }
}
