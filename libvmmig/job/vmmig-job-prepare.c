/* vmmig-job-prepare.c - libvirt is asked to migrate, and sets the migration up on both nodes
 *
 * libvirt has no deadline for that, and does not look at an abort meanwhile.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

/* Prepare starts a QEMU on the destination, which takes a second; what takes longer is a daemon
 * or a path that hangs (facts: E19, E20), unless the destination is seen to be at it. */
#define PREPARE_TIMEOUT (15 * G_USEC_PER_SEC)
/* It is looked at meanwhile, so that its silence is known when the time is up. */
#define LOOK_INTERVAL (5 * G_USEC_PER_SEC)
/* Whoever is asked so late gets this much time all the same: a busy daemon takes seconds. */
#define SHORTEST_LOOK (5 * G_USEC_PER_SEC)
/* How long libvirt may take from an accepted abort to the end of a call that is still in Prepare:
 * there it looks at the abort only when Prepare returns. */
#define PREPARE_ABORT_GRACE (3 * G_USEC_PER_SEC)

static gboolean
is_preparing (VmmigJobRunner *self)
{
  return self->migrate_call != 0 && self->state == VMMIG_JOB_STATE_PREPARING;
}

/* A destination that holds an incoming VM is at work: one with huge pages takes minutes to start. */
static gboolean
is_at_work (const VmmigReply *reply)
{
  return reply->error == NULL && reply->vm->state == VMMIG_VM_PAUSED;
}

/* One that began to receive another VM lately works through a queue: fifty starts take their time,
 * and so may its answer to us. */
static gboolean
is_busy_with_others (VmmigJobRunner *self)
{
  gint64 received_at = self->plan->destination->link->received_at;

  return received_at != 0 && vmmig_driver_now (self->driver) - received_at <
                                 PREPARE_TIMEOUT + VMMIG_RUNNER_CALL_TIMEOUT;
}

static void
look_at_destination (VmmigJobRunner *self, gint64 timeout, VmmigRunnerReplyFunc func)
{
  if (is_preparing (self))
    vmmig_job_runner_call (self, self->plan->destination->link,
                           vmmig_request_new (VMMIG_CALL_INSPECT, self->uuid), timeout, func);
}

/* --- an accepted abort that Prepare does not look at --- */

static void
give_up (VmmigJobRunner *self)
{
  vmmig_job_runner_abandon_migrate (self);
  self->prepare_given_up = TRUE;
  vmmig_job_finish_start (self, NULL);
}

static void
look_before_giving_up_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (!is_preparing (self))
    return;
  self->destination_silent = reply->error != NULL;
  if (is_at_work (reply))
    vmmig_job_prepare_give_up_later (self);
  else
    give_up (self);
}

static void
look_or_give_up (VmmigJobRunner *self)
{
  if (self->destination_silent && is_preparing (self))
    give_up (self);
  else
    look_at_destination (self, SHORTEST_LOOK, look_before_giving_up_cb);
}

void
vmmig_job_prepare_give_up_later (VmmigJobRunner *self)
{
  vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_GIVE_UP, PREPARE_ABORT_GRACE,
                              look_or_give_up);
}

/* --- a Prepare that does not come to an end --- */

static void look (VmmigJobRunner *self);

static gint64
get_time_left (VmmigJobRunner *self)
{
  return self->preparing_since + PREPARE_TIMEOUT - vmmig_driver_now (self->driver);
}

static void
wait_for_prepare (VmmigJobRunner *self)
{
  self->preparing_since = vmmig_driver_now (self->driver);
  vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_PREPARE, LOOK_INTERVAL, look);
}

static void
time_out (VmmigJobRunner *self)
{
  const char *source = vmmig_job_plan_get_source_name (self->plan);
  const char *destination = vmmig_job_plan_get_destination_name (self->plan);

  g_clear_error (&self->call_error);
  self->call_error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_TIMED_OUT,
                                  "Cannot migrate VM ‘%s’ from %s to %s: %s did not begin to "
                                  "receive it within %d s; check that "
                                  "%s reaches the daemon of %s, and that it answers",
                                  self->vm_name, source, destination, destination,
                                  (int)(PREPARE_TIMEOUT / G_USEC_PER_SEC), source, destination);
  vmmig_job_steer_push_abort (self);
}

static void
looked_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  gint64 left = get_time_left (self);

  if (!is_preparing (self))
    return;
  self->destination_silent = reply->error != NULL;
  if (is_at_work (reply) || is_busy_with_others (self))
    wait_for_prepare (self);
  else if (left > 0)
    vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_PREPARE, MIN (left, LOOK_INTERVAL), look);
  else
    time_out (self);
}

static void
look (VmmigJobRunner *self)
{
  look_at_destination (self, MAX (get_time_left (self), SHORTEST_LOOK), looked_cb);
}

/* --- libvirt is asked --- */

static void
migrate_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  self->migrate_call = 0;
  self->migrate_succeeded = reply->error == NULL;
  vmmig_job_finish_start (self, g_steal_pointer (&reply->error));
}

void
vmmig_job_prepare_start (VmmigJobRunner *self)
{
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_MIGRATE, self->uuid);

  request->text = vmmig_job_runner_describe (self);
  request->migrate =
      vmmig_job_plan_to_params (self->plan, self->address, self->destination_facts, self->vm);
  self->asked = TRUE;
  self->started = vmmig_driver_now (self->driver);
  vmmig_job_watch_start (self);
  self->migrate_call =
      vmmig_job_runner_call (self, self->plan->source->link, request, -1, migrate_cb);
  wait_for_prepare (self);
}
