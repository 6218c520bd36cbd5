/* vmmig-job-finish.c - a migration's end: who owns the VM, and what is left to do
 *
 * A call that failed is not a failed migration, and one that succeeded is asked about all the
 * same: the verdict comes from what both nodes say of the VM.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

/* How long a node may take to remove its part of what ended (facts: less than a second). */
#define CLEANUP_TIMEOUT (10 * G_USEC_PER_SEC)
/* How long a job of libvirt's may outlive the call that started it. */
#define SETTLING_TIME (2 * G_USEC_PER_SEC)
/* For one that did not answer when it was to prepare, and whose answer decides nothing then. */
#define SILENT_TIMEOUT (2 * G_USEC_PER_SEC)
#define FIRST_INTERVAL (G_USEC_PER_SEC / 10)
#define LONGEST_INTERVAL (5 * G_USEC_PER_SEC)
#define LONGEST_RECOVERY_INTERVAL (30 * G_USEC_PER_SEC)

static void ask_both (VmmigJobRunner *self);

/* --- ways to end --- */

static GError *build_error (VmmigJobRunner *self, VmmigError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static GError *
build_error (VmmigJobRunner *self, VmmigError code, const char *format, ...)
{
  g_autofree char *what = vmmig_job_runner_describe (self);
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  why = g_strdup_vprintf (format, args);
  va_end (args);
  return g_error_new (VMMIG_ERROR, code, "%s: %s", what, why);
}

/* A stream that broke complains of its TLS channel, as one does whose certificates are refused; but
 * that happens before anything flows. And the VM that was not found is the one that was coming in:
 * the source has its own. */
static gboolean
is_blame_wrong (VmmigJobRunner *self)
{
  if (self->call_error == NULL)
    return FALSE;
  return self->call_error->code == VMMIG_ERROR_VM_NOT_FOUND ||
         (self->call_error->code == VMMIG_ERROR_INSECURE && self->flows);
}

static void
correct_blame (VmmigJobRunner *self)
{
  GError *error = self->call_error;
  const char *wrong, *right;
  g_autofree char *words = NULL;

  if (!is_blame_wrong (self))
    return;
  wrong = vmmig_error_remedy (VMMIG_ERROR_CALL_MIGRATE, error->code, error->message);
  right = vmmig_error_remedy (VMMIG_ERROR_CALL_MIGRATE, VMMIG_ERROR_DESTINATION_FAILED, "");
  words = g_strdup (error->message);
  if (wrong != NULL && g_str_has_suffix (words, wrong))
    words[strlen (words) - strlen (wrong)] = '\0';
  g_clear_error (&self->call_error);
  self->call_error =
      g_error_new (VMMIG_ERROR, VMMIG_ERROR_DESTINATION_FAILED, "%s%s", words, right);
}

/* A source whose daemon died during the hand-over stands still. That the destination has nothing
 * does not prove that nothing ever ran there, so its owner resumes it, or does not. */
static const char *
describe_leftover (VmmigJobRunner *self)
{
  if (self->source_side.state == VMMIG_VM_PAUSED &&
      self->source_side.reason == VMMIG_VM_REASON_MIGRATING)
    return "and stands still, because its daemon died during the hand-over: resume it there, "
           "unless it ran on the destination meanwhile";
  return "as before";
}

/* Without a word of whoever started it: libvirt tells them, and shows others only that it failed. */
static const char *
describe_silence (VmmigJobRunner *self)
{
  return self->ending == VMMIG_ENDING_FAILED
             ? "only the program that started it was told why"
             : "nobody told why: whether it failed or was cancelled is not known";
}

/* libvirt's words name a file and no node. */
static char *
describe_place (VmmigJobRunner *self)
{
  VmmigErrorSide side = VMMIG_ERROR_SIDE_UNKNOWN;

  if (self->call_error->code == VMMIG_ERROR_STORAGE)
    side = vmmig_error_get_storage_side (self->call_error->message);
  if (side == VMMIG_ERROR_SIDE_UNKNOWN)
    return g_strdup ("");
  return g_strdup_printf (", by the storage of %s",
                          side == VMMIG_ERROR_SIDE_SOURCE
                              ? vmmig_job_plan_get_source_name (self->plan)
                              : vmmig_job_plan_get_destination_name (self->plan));
}

/* What the call failed with, and where that leaves the VM. */
static GError *
complete_error (VmmigJobRunner *self)
{
  const char *source = vmmig_job_plan_get_source_name (self->plan);
  g_autofree char *place = describe_place (self);

  return g_error_new (VMMIG_ERROR, self->call_error->code,
                      "%s; it failed while %s%s, and the VM is on %s %s", self->call_error->message,
                      vmmig_job_state_describe (self->failed_phase), place, source,
                      describe_leftover (self));
}

static void
end_on_source (VmmigJobRunner *self)
{
  const char *source = vmmig_job_plan_get_source_name (self->plan);
  gboolean elsewhere = self->call_error == NULL && self->ending == VMMIG_ENDING_CANCELLED;
  gboolean cancelled =
      self->cancel_requested || elsewhere ||
      (self->call_error != NULL && self->call_error->code == VMMIG_ERROR_CANCELLED);
  GError *error;

  correct_blame (self);
  if (cancelled)
    error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_CANCELLED,
                         "The migration of VM ‘%s’ from %s to %s was cancelled while %s%s; the VM "
                         "is on %s %s",
                         self->vm_name, source, vmmig_job_plan_get_destination_name (self->plan),
                         vmmig_job_state_describe (self->failed_phase),
                         elsewhere && !self->cancel_requested
                             ? ", by somebody or by the program that started it"
                             : "",
                         source, describe_leftover (self));
  else if (self->call_error != NULL)
    error = complete_error (self);
  else
    error = build_error (self, VMMIG_ERROR_FAILED,
                         "it %s while %s, and %s; the VM is on %s %s, the log of libvirt on %s may "
                         "say more",
                         self->ending == VMMIG_ENDING_FAILED ? "failed" : "ended",
                         vmmig_job_state_describe (self->failed_phase), describe_silence (self),
                         source, describe_leftover (self), source);
  vmmig_job_runner_end (self, cancelled ? VMMIG_JOB_STATE_CANCELLED : VMMIG_JOB_STATE_FAILED,
                        VMMIG_VM_LOCATION_SOURCE, error);
}

static void
untagged_source_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error != NULL)
    vmmig_job_runner_warn (self, "The mark of this job is still in the VM's metadata: %s",
                           reply->error->message);
  end_on_source (self);
}

static void
conclude_on_source (VmmigJobRunner *self)
{
  if (!self->tagged || self->prepare_given_up)
    {
      end_on_source (self);
      return;
    }
  self->tagged = FALSE;
  vmmig_job_runner_call (self, self->plan->source->link,
                         vmmig_request_new (VMMIG_CALL_TAG, self->uuid), VMMIG_RUNNER_CALL_TIMEOUT,
                         untagged_source_cb);
}

static void
conclude_lost (VmmigJobRunner *self, VmmigOwnership ownership)
{
  const char *cause = self->call_error != NULL ? self->call_error->message : NULL;
  GError *error = build_error (
      self, VMMIG_ERROR_VM_LOST, "on %s it is %s, on %s it is %s; %s%s%s",
      vmmig_job_plan_get_source_name (self->plan),
      vmmig_vm_facts_describe (self->source_side.state, self->source_side.reason),
      vmmig_job_plan_get_destination_name (self->plan),
      vmmig_vm_facts_describe (self->destination_side.state, self->destination_side.reason),
      vmmig_ownership_get_advice (ownership), cause != NULL ? "; " : "",
      cause != NULL ? cause : "");

  vmmig_job_runner_end (self, VMMIG_JOB_STATE_LOST, vmmig_ownership_to_location (ownership), error);
}

static void
conclude_stopped (VmmigJobRunner *self)
{
  const char *destination = vmmig_job_plan_get_destination_name (self->plan);
  GError *error;

  if (self->source_stop_reason == VMMIG_VM_REASON_MIGRATED)
    error = build_error (
        self, VMMIG_ERROR_VM_STOPPED,
        "%s gave it up, because %s had taken it over, and there it ended: %s; look at QEMU's log "
        "on "
        "%s, and start the VM again",
        vmmig_job_plan_get_source_name (self->plan), destination,
        vmmig_vm_facts_describe (self->destination_side.state, self->destination_side.reason),
        destination);
  else
    error = build_error (self, VMMIG_ERROR_VM_STOPPED,
                         "it ended while %s: %s; nothing was left to migrate, and %s has no copy",
                         vmmig_job_state_describe (self->failed_phase),
                         vmmig_vm_facts_describe (VMMIG_VM_SHUT_OFF, self->source_stop_reason),
                         destination);
  vmmig_job_runner_end (self, VMMIG_JOB_STATE_FAILED, VMMIG_VM_LOCATION_NOWHERE, error);
}

/* --- a post-copy that lost its link --- */

static void
recovered_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  self->migrate_call = 0;
  if (reply->error != NULL)
    {
      g_clear_error (&self->call_error);
      self->call_error = g_steal_pointer (&reply->error);
    }
  vmmig_job_runner_set_state (self, reply->error == NULL ? VMMIG_JOB_STATE_FINISHING
                                                         : VMMIG_JOB_STATE_POSTCOPY_PAUSED);
  self->n_judged = 0;
  ask_both (self);
}

static void
recover (VmmigJobRunner *self)
{
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_MIGRATE, self->uuid);

  self->n_recoveries++;
  request->text = vmmig_job_runner_describe (self);
  request->migrate =
      vmmig_job_plan_to_params (self->plan, self->address, self->destination_facts, self->vm);
  request->migrate->resume = TRUE;
  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_RECOVERING);
  self->migrate_call =
      vmmig_job_runner_call (self, self->plan->source->link, request, -1, recovered_cb);
}

static void
recover_later (VmmigJobRunner *self)
{
  gint64 delay = (2 * G_USEC_PER_SEC) << MIN (self->n_recoveries, 4);

  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_POSTCOPY_PAUSED);
  /* Whoever follows somebody else's migration does not know how it was asked for. */
  if (self->plan->attach)
    vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_JUDGE, LONGEST_INTERVAL, ask_both);
  else
    vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_JUDGE,
                                MIN (delay, LONGEST_RECOVERY_INTERVAL), recover);
}

/* --- the verdict --- */

static void
ask_again (VmmigJobRunner *self)
{
  gint64 delay = FIRST_INTERVAL << MIN (self->n_judged, 6);

  vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_JUDGE, MIN (delay, LONGEST_INTERVAL),
                              ask_both);
}

/* libvirt goes on with what we thought had ended (our connection broke): watch it again. Not at
 * once, because its job outlives the call that ended by a moment. */
static void
go_on (VmmigJobRunner *self)
{
  if (!self->prepare_given_up &&
      vmmig_driver_now (self->driver) - self->finishing_since < SETTLING_TIME)
    {
      ask_again (self);
      return;
    }
  if (self->prepare_given_up)
    {
      vmmig_job_runner_warn (
          self,
          "libvirt on %s still holds the migration it was told to abort; it ends "
          "by itself, and a new migration of this VM has to wait for that",
          vmmig_job_plan_get_source_name (self->plan));
      conclude_on_source (self);
      return;
    }
  self->finishing_since = 0;
  self->ending = VMMIG_ENDING_NOT_SEEN;
  if (self->cancel_requested && !self->post_copy_entered)
    {
      self->abort_accepted = FALSE;
      vmmig_job_steer_push_abort (self);
    }
  vmmig_job_runner_set_state (self, self->post_copy_entered ? VMMIG_JOB_STATE_POST_COPY
                                                            : VMMIG_JOB_STATE_PRE_COPY);
  vmmig_job_watch_resume (self);
}

/* Counted from the moment at which it became something to be removed: before, the migration may
 * have gone on unattended for minutes. */
static gboolean
may_still_be_removed (VmmigJobRunner *self)
{
  gint64 now = vmmig_driver_now (self->driver);

  if (self->leftover_since == 0)
    self->leftover_since = now;
  return now - self->leftover_since < CLEANUP_TIMEOUT;
}

static void
clean_up (VmmigJobRunner *self)
{
  if (may_still_be_removed (self))
    {
      ask_again (self);
      return;
    }
  vmmig_job_runner_warn (
      self,
      "%s still holds what it received of the VM (%s); it never ran there, and "
      "its daemon removes it when it gets to it",
      vmmig_job_plan_get_destination_name (self->plan),
      vmmig_vm_facts_describe (self->destination_side.state, self->destination_side.reason));
  conclude_on_source (self);
}

/* The VM runs on its destination; what its source still holds goes away, or must be told of. */
static void
leave_behind (VmmigJobRunner *self)
{
  if (may_still_be_removed (self))
    {
      ask_again (self);
      return;
    }
  vmmig_job_runner_warn (
      self, "%s still holds a copy of the VM (%s): %s", vmmig_job_plan_get_source_name (self->plan),
      vmmig_vm_facts_describe (self->source_side.state, self->source_side.reason),
      vmmig_ownership_get_advice (VMMIG_OWNERSHIP_DESTINATION_CLEANUP));
  vmmig_job_arrival_start (self);
}

static void
arrive (VmmigJobRunner *self)
{
  if (vmmig_job_arrival_left_definition (self))
    {
      if (may_still_be_removed (self))
        {
          ask_again (self);
          return;
        }
      vmmig_job_runner_warn (self,
                             "%s still has the VM's definition, which starts nothing by itself: "
                             "undefine it there",
                             vmmig_job_plan_get_source_name (self->plan));
    }
  vmmig_job_arrival_start (self);
}

/* Followed without knowing to where: what the source says last is all that can be known. */
static void
give_up_asking (VmmigJobRunner *self)
{
  vmmig_job_runner_end (
      self, VMMIG_JOB_STATE_UNKNOWN, VMMIG_VM_LOCATION_UNKNOWN,
      build_error (self, VMMIG_ERROR_OUTCOME_UNKNOWN,
                   "it left %s, and nobody said to where; ask again with its destination",
                   vmmig_job_plan_get_source_name (self->plan)));
}

static void
act (VmmigJobRunner *self, VmmigOwnership ownership)
{
  if (ownership != VMMIG_OWNERSHIP_SOURCE_CLEANUP &&
      ownership != VMMIG_OWNERSHIP_DESTINATION_CLEANUP && ownership != VMMIG_OWNERSHIP_DESTINATION)
    self->leftover_since = 0;
  /* Somebody else resumed it, or ended it: it is not told from one moment to the next. */
  if (self->state == VMMIG_JOB_STATE_POSTCOPY_PAUSED && vmmig_ownership_is_final (ownership))
    vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_FINISHING);
  switch (ownership)
    {
    case VMMIG_OWNERSHIP_SOURCE:
      conclude_on_source (self);
      break;
    case VMMIG_OWNERSHIP_SOURCE_CLEANUP:
      clean_up (self);
      break;
    case VMMIG_OWNERSHIP_SOURCE_UNCHECKED:
      if (self->plan->destination != NULL)
        vmmig_job_runner_warn (self,
                               "%s does not answer: what it received of the VM never ran, and its "
                               "daemon removes it when it is back",
                               vmmig_job_plan_get_destination_name (self->plan));
      conclude_on_source (self);
      break;
    case VMMIG_OWNERSHIP_DESTINATION:
      arrive (self);
      break;
    case VMMIG_OWNERSHIP_DESTINATION_CLEANUP:
      leave_behind (self);
      break;
    case VMMIG_OWNERSHIP_IN_PROGRESS:
      go_on (self);
      break;
    case VMMIG_OWNERSHIP_UNATTENDED:
      vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_UNATTENDED);
      ask_again (self);
      break;
    case VMMIG_OWNERSHIP_RECOVERABLE:
      recover_later (self);
      break;
    case VMMIG_OWNERSHIP_LOST:
    case VMMIG_OWNERSHIP_SPLIT_BRAIN:
      conclude_lost (self, ownership);
      break;
    case VMMIG_OWNERSHIP_STOPPED:
      conclude_stopped (self);
      break;
    case VMMIG_OWNERSHIP_UNKNOWN:
      if (self->plan->destination == NULL && self->source_side.reachable)
        {
          give_up_asking (self);
          break;
        }
      if (self->n_judged > 3)
        vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_UNKNOWN);
      ask_again (self);
      break;
    }
}

/* A VM that is gone from the source: an event may have told why. */
static void
use_events (VmmigJobRunner *self)
{
  if (self->source_side.reachable && self->source_side.state == VMMIG_VM_ABSENT &&
      self->source_stopped_for_good)
    {
      self->source_side.state = VMMIG_VM_SHUT_OFF;
      self->source_side.reason = self->source_stop_reason;
    }
  if (self->source_side.reachable && self->source_side.state == VMMIG_VM_SHUT_OFF)
    self->source_stop_reason = self->source_side.reason;
}

static void
judge (VmmigJobRunner *self)
{
  VmmigOwnershipRecord record = {
      .post_copy_entered = self->post_copy_entered,
      .was_paused = self->has_tag && self->tag.paused,
      .source_released =
          self->migrate_succeeded || self->has_final_stats ||
          (self->source_stopped_for_good && self->source_stop_reason == VMMIG_VM_REASON_MIGRATED),
  };

  use_events (self);
  if (self->source_side.reason == VMMIG_VM_REASON_POST_COPY ||
      self->source_side.reason == VMMIG_VM_REASON_POST_COPY_FAILED)
    self->post_copy_entered = record.post_copy_entered = TRUE;
  self->n_judged++;
  act (self, vmmig_ownership_judge (&self->source_side, &self->destination_side, &record));
}

static void
take_side (VmmigOwnershipSide *side, VmmigReply *reply)
{
  side->reachable = reply->error == NULL;
  side->state = VMMIG_VM_ABSENT;
  side->reason = VMMIG_VM_REASON_OTHER;
  side->job = VMMIG_VM_JOB_UNKNOWN;
  if (reply->error != NULL)
    return;
  side->state = reply->vm->state;
  side->reason = reply->vm->reason;
  side->job = reply->vm->job;
}

static void
asked_source_for_job_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  VmmigOwnershipSide *side = &self->source_side;

  if (reply->error == NULL && reply->vm != NULL && reply->vm->state == side->state &&
      reply->vm->reason == side->reason)
    side->job = reply->stats.active ? VMMIG_VM_JOB_MIGRATION_OUT : VMMIG_VM_JOB_NONE;
  if (--self->n_inspecting == 0)
    judge (self);
}

static void
inspected_source_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  VmmigOwnershipSide *side = &self->source_side;

  take_side (side, reply);
  self->source_has_definition = side->state == VMMIG_VM_SHUT_OFF;
  /* By its state alone it could as well be coming in, and such a VM is not asked for its job; but
   * this one is the source. A daemon that died during the hand-over leaves it so without a job. */
  if (side->state == VMMIG_VM_PAUSED && side->reason == VMMIG_VM_REASON_MIGRATING &&
      side->job == VMMIG_VM_JOB_UNKNOWN)
    {
      vmmig_job_runner_call (self, self->plan->source->link,
                             vmmig_request_new (VMMIG_CALL_POLL, self->uuid),
                             VMMIG_RUNNER_CALL_TIMEOUT, asked_source_for_job_cb);
      return;
    }
  if (--self->n_inspecting == 0)
    judge (self);
}

static void
inspected_destination_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  take_side (&self->destination_side, reply);
  g_clear_pointer (&self->destination_vm, vmmig_vm_facts_free);
  self->destination_vm = g_steal_pointer (&reply->vm);
  if (--self->n_inspecting == 0)
    judge (self);
}

static void
ask_both (VmmigJobRunner *self)
{
  self->n_inspecting = self->plan->destination != NULL ? 2 : 1;
  vmmig_job_runner_call (self, self->plan->source->link,
                         vmmig_request_new (VMMIG_CALL_INSPECT, self->uuid),
                         VMMIG_RUNNER_CALL_TIMEOUT, inspected_source_cb);
  if (self->plan->destination != NULL)
    vmmig_job_runner_call (
        self, self->plan->destination->link, vmmig_request_new (VMMIG_CALL_INSPECT, self->uuid),
        self->prepare_given_up && self->destination_silent ? SILENT_TIMEOUT
                                                           : VMMIG_RUNNER_CALL_TIMEOUT,
        inspected_destination_cb);
}

void
vmmig_job_finish_start (VmmigJobRunner *self, GError *call_error)
{
  g_autoptr (GError) error = call_error;

  if (self->finishing_since != 0)
    return;
  /* Our own deadline says more than the "canceled by client" that it led to. */
  if (self->call_error == NULL)
    self->call_error = g_steal_pointer (&error);
  self->failed_phase = self->state;
  self->finishing_since = vmmig_driver_now (self->driver);
  self->n_judged = 0;
  vmmig_job_runner_clear_timer (self, VMMIG_RUNNER_TIMER_POLL);
  vmmig_job_runner_clear_timer (self, VMMIG_RUNNER_TIMER_PREPARE);
  vmmig_job_runner_clear_timer (self, VMMIG_RUNNER_TIMER_GIVE_UP);
  vmmig_job_runner_clear_timer (self, VMMIG_RUNNER_TIMER_ABORT);
  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_FINISHING);
  ask_both (self);
}
