/* vmmig-job-watch.c - polls and events while a VM's memory is copied
 *
 * Polling alone is enough; events only make it prompt. What polls and events say goes through the
 * pure phase functions, so that their order does not matter.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

#define POLL_INTERVAL (G_USEC_PER_SEC / 2)
/* With events, which ask for a poll when there is news: half the work for the daemon and for us. */
#define WATCHED_POLL_INTERVAL G_USEC_PER_SEC
/* More polls in one interval are no help to anybody: a daemon answers one after the other, and has
 * migrations to run: 15 at once by its defaults. */
#define POLLS_PER_INTERVAL 15u
#define LONGEST_WATCHED_POLL_INTERVAL (4 * G_USEC_PER_SEC)
/* While libvirt prepares and no event would tell that memory flows. */
#define PREPARE_POLL_INTERVAL (G_USEC_PER_SEC / 5)
/* So often a poll asks for the state although events tell it: one may get lost. */
#define POLLS_PER_STATE 5
/* Events ask for a poll at once, but not more often than this. */
#define MINIMUM_POLL_INTERVAL (G_USEC_PER_SEC / 20)
/* Whoever follows learns by a poll alone how it ended. A cancel is to be seen for 0.15 to 0.3 s as a
 * rule; a failure of the destination is gone at once as often as not. */
#define FOLLOWED_POLL_INTERVAL (G_USEC_PER_SEC / 10)

static void poll_now (VmmigJobRunner *self);

static void
poll_later (VmmigJobRunner *self, gint64 delay)
{
  vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_POLL, delay, poll_now);
}

static void
poll_soon (VmmigJobRunner *self)
{
  gint64 since = vmmig_driver_now (self->driver) - self->last_poll;

  self->short_polls = 0;
  if (!self->polling && self->finishing_since == 0)
    poll_later (self, MAX (MINIMUM_POLL_INTERVAL - since, 0));
}

/* --- did its owner pause it? --- */

static void
note_stop (VmmigJobRunner *self, VmmigVmState state, gint64 time)
{
  VmmigPauseEvidence *pause = &self->pause;

  if (state == VMMIG_VM_RUNNING)
    {
      pause->stopped_at = 0;
      pause->iterations_after_stop = 0;
      pause->remaining_when_stopped = G_MAXUINT64;
      self->iteration_when_stopped = 0;
    }
  else if (state == VMMIG_VM_PAUSED && pause->stopped_at == 0)
    {
      pause->stopped_at = time;
    }
}

/* By its number, counted from what a poll saw after the stop: events may be late, and the last
 * passes before a switch-over are only milliseconds apart. */
static void
note_iteration (VmmigJobRunner *self, guint iteration)
{
  VmmigPauseEvidence *pause = &self->pause;

  if (pause->stopped_at != 0 && self->iteration_when_stopped != 0 &&
      iteration > self->iteration_when_stopped)
    pause->iterations_after_stop =
        MAX (pause->iterations_after_stop, iteration - self->iteration_when_stopped);
}

static void
note_stats (VmmigJobRunner *self, const VmmigStats *stats)
{
  VmmigPauseEvidence *pause = &self->pause;

  if (pause->stopped_at != 0 && (stats->fields & VMMIG_STAT_ITERATION) != 0)
    {
      if (self->iteration_when_stopped == 0)
        self->iteration_when_stopped = stats->iteration;
      note_iteration (self, stats->iteration);
    }

  if ((stats->fields & VMMIG_STAT_MEMORY_RATE) != 0 && stats->memory_rate > 0)
    pause->rate = stats->memory_rate;
  if (pause->stopped_at != 0 && pause->remaining_when_stopped == G_MAXUINT64 &&
      (stats->fields & VMMIG_STAT_MEMORY) != 0)
    pause->remaining_when_stopped = stats->memory_remaining;
}

static void
note_flow (VmmigJobRunner *self, const VmmigStats *stats)
{
  guint64 before = self->stats.memory_processed + self->stats.disk_processed;
  guint64 now = stats->memory_processed + stats->disk_processed;

  self->flows = self->flows || (self->sent && now > before);
  self->sent = self->sent || now > 0;
}

/* --- polls --- */

static void
show (VmmigJobRunner *self, gboolean stale)
{
  const VmmigProgressNotes notes = {
      .stale = stale,
      .paused =
          self->polled_state == VMMIG_VM_PAUSED && self->polled_reason != VMMIG_VM_REASON_MIGRATING,
      .has_memory_rate = (self->stats.fields & VMMIG_STAT_MEMORY_RATE) != 0,
      .memory_rate = self->stats.memory_rate,
  };
  g_autoptr (VmmigMigrationProgress) progress = NULL;
  gint64 now = vmmig_driver_now (self->driver);
  double fraction = vmmig_progress_tracker_update (&self->tracker, self->state, &self->stats);

  progress = vmmig_migration_progress_new (self->state, fraction,
                                           vmmig_progress_tracker_get_iteration (&self->tracker),
                                           &self->stats, (now - self->started) / 1000, now);
  vmmig_migration_progress_set_forecast (progress, self->forecast);
  vmmig_migration_progress_set_notes (progress, &notes);
  vmmig_job_mailbox_push_progress (self->mailbox, progress);
}

static void
take_phase (VmmigJobRunner *self, VmmigVmState state, VmmigVmReason reason, const VmmigStats *stats)
{
  VmmigJobState next = vmmig_phase_from_source (self->state, state, reason, stats);

  if (self->state == VMMIG_JOB_STATE_PREPARING && next == VMMIG_JOB_STATE_PRE_COPY &&
      self->plan->destination != NULL)
    self->plan->destination->link->received_at = vmmig_driver_now (self->driver);
  vmmig_job_runner_set_state (self, next);
  if (self->state != VMMIG_JOB_STATE_PREPARING)
    vmmig_job_runner_clear_timer (self, VMMIG_RUNNER_TIMER_PREPARE);
}

/* Nobody tells the end of a migration that we only follow but the source itself. */
static gboolean
followed_one_ended (VmmigJobRunner *self, const VmmigReply *reply)
{
  if (self->migrate_call != 0)
    return FALSE;
  if (reply->error != NULL)
    return reply->error->code == VMMIG_ERROR_VM_NOT_FOUND;
  return !reply->stats.active ||
         (reply->vm != NULL && reply->vm->reason == VMMIG_VM_REASON_POST_COPY_FAILED);
}

/* All jobs of a process poll at the same time, so that its threads wake once for all of them. */
static gint64
until_next_round (VmmigJobRunner *self)
{
  guint n_followed = self->plan->source->link->n_followed;
  guint rounds = (MAX (n_followed, 1) + POLLS_PER_INTERVAL - 1) / POLLS_PER_INTERVAL;
  gint64 interval = MIN (rounds * WATCHED_POLL_INTERVAL, LONGEST_WATCHED_POLL_INTERVAL);
  gint64 now = vmmig_driver_now (self->driver);

  return (now + interval * 3 / 2) / interval * interval - now;
}

/* Many that follow get no more polls than they would otherwise: then the end may be missed. */
static gint64
until_next_look (VmmigJobRunner *self, gint64 otherwise)
{
  gint64 share = self->plan->source->link->n_followed * G_USEC_PER_SEC / POLLS_PER_INTERVAL;

  return MIN (MAX (share, FOLLOWED_POLL_INTERVAL), otherwise);
}

static gint64
get_poll_delay (VmmigJobRunner *self, gboolean watched)
{
  gint64 wanted = vmmig_job_converge_get_wakeup (self) - vmmig_driver_now (self->driver);
  gint64 delay = POLL_INTERVAL;

  if (self->plan->attach)
    delay = until_next_look (self, watched ? until_next_round (self) : POLL_INTERVAL);
  else if (watched)
    delay = until_next_round (self);
  else if (self->state == VMMIG_JOB_STATE_PREPARING)
    delay = PREPARE_POLL_INTERVAL;
  return MIN (delay, MAX (wanted, MINIMUM_POLL_INTERVAL));
}

static void
poll_again (VmmigJobRunner *self, const VmmigReply *reply)
{
  if (!reply->watched ||
      (self->state != VMMIG_JOB_STATE_PREPARING && self->state != VMMIG_JOB_STATE_PRE_COPY))
    self->short_polls = 0;
  else if (reply->vm != NULL)
    self->short_polls = POLLS_PER_STATE - 1;
  poll_later (self, get_poll_delay (self, reply->watched));
}

static void
poll_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  self->polling = FALSE;
  if (self->finishing_since != 0)
    return;
  if (reply->stats.ending != VMMIG_ENDING_NOT_SEEN)
    self->ending = reply->stats.ending;
  if (followed_one_ended (self, reply))
    {
      vmmig_job_finish_start (self, NULL);
      return;
    }
  if (reply->error == NULL)
    {
      if (reply->vm != NULL)
        {
          note_stop (self, reply->vm->state, vmmig_driver_now (self->driver));
          self->polled_state = reply->vm->state;
          self->polled_reason = reply->vm->reason;
        }
      take_phase (self, self->polled_state, self->polled_reason, &reply->stats);
      if (reply->stats.active && !reply->stats.completed)
        {
          note_flow (self, &reply->stats);
          self->stats = reply->stats;
          note_stats (self, &reply->stats);
          vmmig_job_forecast_observe (self);
          show (self, FALSE);
          vmmig_job_converge_observe (self, FALSE);
        }
      vmmig_job_steer_push_post_copy (self);
      vmmig_job_steer_push_pause (self);
    }
  else if (reply->error->code == VMMIG_ERROR_UNREACHABLE ||
           reply->error->code == VMMIG_ERROR_TIMED_OUT || reply->lost)
    {
      vmmig_job_watch_source_silent (self);
    }
  poll_again (self, reply);
}

/* What we follow and cannot see is of unknown outcome; a call of ours that is still open tells more
 * than a poll that is late. */
void
vmmig_job_watch_source_silent (VmmigJobRunner *self)
{
  if (self->migrate_call == 0)
    vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_UNKNOWN);
}

static void
poll_now (VmmigJobRunner *self)
{
  VmmigRequest *request;

  if (self->polling || self->finishing_since != 0)
    return;
  self->polling = TRUE;
  self->last_poll = vmmig_driver_now (self->driver);
  request = vmmig_request_new (VMMIG_CALL_POLL, self->uuid);
  request->stats_only = self->short_polls > 0;
  if (self->short_polls > 0)
    self->short_polls--;
  vmmig_job_runner_call (self, self->plan->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         poll_cb);
}

/* --- events --- */

/* Shown at once, with the figures of the last poll; those of the next one follow. */
static void
source_iteration_event (VmmigJobRunner *self, const VmmigDriverEvent *event)
{
  note_iteration (self, event->iteration);
  if (self->finishing_since != 0)
    return;
  self->stats.iteration = event->iteration;
  self->stats.fields |= VMMIG_STAT_ITERATION;
  show (self, TRUE);
  vmmig_job_converge_observe (self, TRUE);
}

static void
source_state_event (VmmigJobRunner *self, const VmmigDriverEvent *event)
{
  switch (event->state)
    {
    case VMMIG_VM_SHUT_OFF:
    case VMMIG_VM_CRASHED:
      self->source_stopped_for_good = TRUE;
      self->source_stop_reason = event->reason;
      break;
    default:
      note_stop (self, event->state, event->time);
      if (self->finishing_since == 0)
        take_phase (self, event->state, event->reason, NULL);
    }
}

static void
source_event_cb (const VmmigDriverEvent *event, gpointer user_data)
{
  VmmigJobRunner *self = user_data;

  if (self->finished)
    return;
  switch (event->kind)
    {
    case VMMIG_EVENT_ITERATION:
      source_iteration_event (self, event);
      break;
    case VMMIG_EVENT_COMPLETED:
      self->final_stats = event->stats;
      self->has_final_stats = TRUE;
      break;
    case VMMIG_EVENT_STATE:
      source_state_event (self, event);
      break;
    case VMMIG_EVENT_CONNECTION_LOST:
    case VMMIG_EVENT_CONNECTION_BACK:
      break;
    }
  poll_soon (self);
}

static void
destination_event_cb (const VmmigDriverEvent *event, gpointer user_data)
{
  VmmigJobRunner *self = user_data;

  if (self->finished || event->kind != VMMIG_EVENT_STATE)
    return;
  if (event->reason == VMMIG_VM_REASON_POST_COPY)
    {
      self->post_copy_entered = TRUE;
      if (self->finishing_since == 0)
        vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_POST_COPY);
    }
  /* What came in is being removed: the source tells why, for as long as that takes. */
  else if (event->state == VMMIG_VM_SHUT_OFF && self->plan->attach)
    {
      poll_soon (self);
    }
}

void
vmmig_job_watch_start (VmmigJobRunner *self)
{
  self->source_watch =
      vmmig_driver_watch (self->plan->source->link, self->uuid, source_event_cb, self);
  self->plan->source->link->n_followed++;
  if (self->plan->destination != NULL)
    self->destination_watch =
        vmmig_driver_watch (self->plan->destination->link, self->uuid, destination_event_cb, self);
  poll_later (self, MINIMUM_POLL_INTERVAL);
}

void
vmmig_job_watch_resume (VmmigJobRunner *self)
{
  poll_soon (self);
}

void
vmmig_job_watch_stop (VmmigJobRunner *self)
{
  if (self->source_watch != 0)
    {
      vmmig_driver_unwatch (self->plan->source->link, self->source_watch);
      self->plan->source->link->n_followed--;
    }
  if (self->destination_watch != 0)
    vmmig_driver_unwatch (self->plan->destination->link, self->destination_watch);
  self->source_watch = 0;
  self->destination_watch = 0;
}
