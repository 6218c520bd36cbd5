/* A VM that migrates, as arithmetic
 *
 * Between two changes all bytes flow at a steady rate, so that it jumps from one change to the next:
 * a run of an hour costs as many steps as it has iterations and polls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-migration-model-private.h"

#include <math.h>

/* QEMU 7.2 */
#define DEFAULT_DOWNTIME_LIMIT 300u /* ms */
#define DEFAULT_THROTTLE_INITIAL 20u /* percent */
#define DEFAULT_THROTTLE_INCREMENT 10u /* percent */
#define MAXIMUM_THROTTLE 99u /* percent */
#define THROTTLE_TRIGGER 0.5
#define MINIMUM_PERIOD G_USEC_PER_SEC /* over which the dirty rate is measured */
#define MINIMUM_PASS 0.05 /* s: so long it sends before it looks again */

#define ZERO_PAGE_COST (9.0 / 4096.0)
#define POST_COPY_DOWNTIME 100 /* ms: the devices' state */
#define SECOND ((double)G_USEC_PER_SEC)

static double
random_share (VmmigMigrationModel *self)
{
  guint64 z = self->random += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* About normal, around 1, never far away from it. */
static double
random_factor (VmmigMigrationModel *self, double scatter)
{
  double sum = -6;

  for (guint i = 0; i < 12; i++)
    sum += random_share (self);
  return CLAMP (1 + scatter * sum, 0.1, 3.0);
}

static void
begin_pass (VmmigMigrationModel *self)
{
  self->iteration++;
  self->pass_begin = self->now;
  self->rate = MAX (
      (double)self->settings.link_rate * random_factor (self, self->settings.link_scatter), 1.0);
  self->dirty_rate =
      (double)self->settings.dirty_rate * random_factor (self, self->settings.dirty_scatter);
  self->pass_size = self->remaining;
}

void
vmmig_migration_model_init (VmmigMigrationModel *self, const VmmigMigrationModelSettings *settings)
{
  VmmigMigrationModelSettings *own = &self->settings;

  *self = (VmmigMigrationModel){.settings = *settings, .random = settings->seed, .stop_time = -1};
  own->memory = MAX (own->memory, 4096);
  own->link_rate = MAX (own->link_rate, 1);
  own->used = settings->used > 0 ? MIN (settings->used, 1.0) : 1.0;
  own->working_set = MIN (own->working_set, own->memory);
  if (own->auto_converge_initial == 0)
    own->auto_converge_initial = DEFAULT_THROTTLE_INITIAL;
  if (own->auto_converge_increment == 0)
    own->auto_converge_increment = DEFAULT_THROTTLE_INCREMENT;
  self->downtime_limit = own->downtime_limit != 0 ? own->downtime_limit : DEFAULT_DOWNTIME_LIMIT;
  self->remaining = (double)own->memory;
  self->cost = own->used + (1 - own->used) * ZERO_PAGE_COST;
  begin_pass (self);
}

/* --- what is true between two changes --- */

static gboolean
is_stalled (const VmmigMigrationModel *self)
{
  return self->now >= self->settings.stall_from && self->now < self->settings.stall_until;
}

static gboolean
is_idle (const VmmigMigrationModel *self)
{
  const VmmigMigrationModelSettings *own = &self->settings;

  if (own->idle_from > 0 && self->now >= own->idle_from)
    return TRUE;
  return own->idle > 0 && own->busy >= 0 && self->now % (own->busy + own->idle) >= own->busy;
}

static double
get_dirty_rate (const VmmigMigrationModel *self)
{
  if (self->phase != VMMIG_MODEL_PRE_COPY || self->paused || is_idle (self))
    return 0;
  return self->dirty_rate * (100.0 - self->throttle) / 100.0;
}

static double
get_threshold (const VmmigMigrationModel *self)
{
  return self->rate * self->downtime_limit / 1000.0;
}

/* Bytes that remain when QEMU looks again. */
static double
get_pass_end (const VmmigMigrationModel *self)
{
  if (self->phase != VMMIG_MODEL_PRE_COPY)
    return 0;
  return CLAMP (self->pass_size - MINIMUM_PASS * self->rate / self->cost, 0, get_threshold (self));
}

/* The next instant at which something changes, but not after @time. */
static gint64
get_next_change (const VmmigMigrationModel *self, gint64 time)
{
  const VmmigMigrationModelSettings *own = &self->settings;
  gint64 next = time;

  if (is_stalled (self))
    next = MIN (next, own->stall_until);
  else
    {
      double left = MAX (self->remaining - get_pass_end (self), 0) * self->cost / self->rate;

      if (left * SECOND < (double)(next - self->now))
        next = self->now + (gint64)ceil (left * SECOND);
      if (own->stall_until > 0 && self->now < own->stall_from)
        next = MIN (next, own->stall_from);
    }
  if (own->idle > 0 && own->busy >= 0)
    {
      gint64 into = self->now % (own->busy + own->idle);

      next = MIN (next, self->now - into + (into < own->busy ? own->busy : own->busy + own->idle));
    }
  if (own->idle_from > self->now)
    next = MIN (next, own->idle_from);
  return next;
}

/* Who writes anywhere hits the more pages twice, the more are dirty. */
static void
write_to_memory (VmmigMigrationModel *self, double seconds)
{
  double set = (double)self->settings.working_set;
  double written = get_dirty_rate (self) * seconds;

  if (written <= 0 || set <= 0)
    return;
  if (self->settings.sequential)
    self->dirtied = MIN (self->dirtied + written, set);
  else
    self->dirtied = set - (set - self->dirtied) * exp (-written / set);
}

static void
advance (VmmigMigrationModel *self, gint64 time)
{
  double seconds = (double)(time - self->now) / SECOND;

  write_to_memory (self, seconds);
  if (!is_stalled (self))
    {
      double moved = MIN (self->rate * seconds / self->cost, self->remaining);

      self->remaining -= moved;
      self->processed += moved * self->cost;
      self->period_sent += moved * self->cost;
    }
  self->now = time;
}

/* --- what QEMU does at the end of a pass --- */

static void
throttle (VmmigMigrationModel *self)
{
  const VmmigMigrationModelSettings *own = &self->settings;

  if (!own->auto_converge || self->period_dirtied <= THROTTLE_TRIGGER * self->period_sent ||
      ++self->dirty_periods < 2)
    return;
  self->dirty_periods = 0;
  self->throttle = self->throttle == 0 ? own->auto_converge_initial
                                       : self->throttle + own->auto_converge_increment;
  self->throttle = MIN (self->throttle, MAXIMUM_THROTTLE);
}

/* Distinct bytes that a switch now would find to send. */
static double
get_all_dirty (const VmmigMigrationModel *self)
{
  double set = (double)self->settings.working_set;
  double known = set > 0 ? MIN (self->remaining / set, 1.0) : 1.0;

  return MIN (self->remaining + self->dirtied * (1 - known), (double)self->settings.memory);
}

static void
look_for_dirty_memory (VmmigMigrationModel *self)
{
  double before = self->remaining;

  self->remaining = get_all_dirty (self);
  self->period_dirtied += self->remaining - before;
  self->dirtied = 0;
  /* What was dirtied is not zero. */
  if (self->remaining > 0)
    self->cost = (before * self->cost + self->remaining - before) / self->remaining;
  if (self->now - self->period_begin >= MINIMUM_PERIOD)
    {
      self->last_dirty_rate =
          self->period_dirtied * SECOND / (double)(self->now - self->period_begin);
      throttle (self);
      self->period_begin = self->now;
      self->period_sent = 0;
      self->period_dirtied = 0;
    }
  self->expected_downtime = self->remaining / self->rate * 1000;
  begin_pass (self);
  if (self->remaining <= get_threshold (self) + 1)
    {
      self->phase = VMMIG_MODEL_SWITCHOVER;
      if (self->stop_time < 0)
        self->stop_time = self->now;
    }
}

static void
end_pass (VmmigMigrationModel *self)
{
  if (self->phase == VMMIG_MODEL_PRE_COPY)
    {
      look_for_dirty_memory (self);
      return;
    }
  self->downtime = self->phase == VMMIG_MODEL_POST_COPY
                       ? POST_COPY_DOWNTIME
                       : (guint64)((self->now - self->stop_time) / 1000);
  self->phase = VMMIG_MODEL_COMPLETED;
}

static void
observe (const VmmigMigrationModel *self, gboolean event, VmmigObservation *observation)
{
  *observation = (VmmigObservation){
      .time = self->now,
      .known = VMMIG_OBSERVED_ITERATION | VMMIG_OBSERVED_MEMORY | VMMIG_OBSERVED_MEMORY_RATE |
               VMMIG_OBSERVED_DIRTY_RATE,
      .iteration = self->iteration,
      .total = self->settings.memory,
      .processed = (guint64)self->processed,
      .remaining = (guint64)self->remaining,
      .memory_rate = is_stalled (self) ? 0 : (guint64)self->rate,
      .dirty_rate = (guint64)self->last_dirty_rate,
      .expected_downtime = (guint64)self->expected_downtime,
      .throttle = self->throttle,
      .paused = self->paused,
      .post_copy = self->phase == VMMIG_MODEL_POST_COPY,
      .event = event,
  };
  if (self->iteration > 1)
    observation->known |= VMMIG_OBSERVED_DOWNTIME;
  if (self->settings.auto_converge)
    observation->known |= VMMIG_OBSERVED_THROTTLE;
}

static gboolean
has_ended (const VmmigMigrationModel *self)
{
  return self->phase == VMMIG_MODEL_COMPLETED || self->phase == VMMIG_MODEL_ABORTED;
}

gboolean
vmmig_migration_model_step (VmmigMigrationModel *self, gint64 time, VmmigObservation *observation)
{
  guint iteration = self->iteration;

  while (!has_ended (self) && self->now < time && self->iteration == iteration)
    {
      advance (self, get_next_change (self, time));
      if (!is_stalled (self) && self->remaining <= get_pass_end (self) + 0.5)
        end_pass (self);
    }
  observe (self, self->iteration != iteration, observation);
  return !has_ended (self);
}

void
vmmig_migration_model_apply (VmmigMigrationModel *self, const VmmigConvergenceDecision *decision)
{
  if (self->phase == VMMIG_MODEL_SWITCHOVER || self->phase == VMMIG_MODEL_POST_COPY ||
      has_ended (self))
    return;
  switch (decision->action)
    {
    case VMMIG_CONVERGENCE_SET_DOWNTIME:
      self->downtime_limit = decision->downtime;
      break;
    case VMMIG_CONVERGENCE_POST_COPY:
      if (self->settings.post_copy_refused)
        break;
      self->remaining = get_all_dirty (self);
      self->dirtied = 0;
      self->phase = VMMIG_MODEL_POST_COPY;
      break;
    case VMMIG_CONVERGENCE_PAUSE:
      self->paused = TRUE;
      self->stop_time = self->now;
      break;
    case VMMIG_CONVERGENCE_GIVE_UP:
      self->phase = VMMIG_MODEL_ABORTED;
      break;
    case VMMIG_CONVERGENCE_GO_ON:
    case VMMIG_CONVERGENCE_THROTTLE:
      break;
    }
}

/* --- a strategy over a model --- */

static void
note_decision (VmmigMigrationModelRun *run, const VmmigConvergenceDecision *decision)
{
  if (decision->action == VMMIG_CONVERGENCE_GO_ON)
    return;
  run->decisions++;
  run->reason = decision->reason;
}

void
vmmig_migration_model_run (const VmmigMigrationModelSettings *model,
                           const VmmigConvergenceSettings *settings,
                           gint64 interval,
                           gboolean events,
                           gint64 limit,
                           VmmigMigrationModelFunc watch,
                           gpointer user_data,
                           VmmigMigrationModelRun *run)
{
  VmmigMigrationModel vm;
  VmmigConvergence convergence;
  gint64 poll = 0;

  *run = (VmmigMigrationModelRun){.reason = VMMIG_CONVERGENCE_REASON_NO_FIGURES};
  vmmig_migration_model_init (&vm, model);
  vmmig_convergence_init (&convergence, settings);
  while (vm.now < limit)
    {
      VmmigObservation observation;
      VmmigConvergenceDecision decision;
      gint64 wakeup = vmmig_convergence_get_wakeup (&convergence);

      if (vm.now >= poll)
        poll += MAX (interval, 1000);
      if (!vmmig_migration_model_step (&vm, MIN (MIN (poll, MAX (wakeup, vm.now + 1)), limit),
                                       &observation))
        break;
      if (observation.event && !events && vm.now < poll)
        continue;
      observation.event = observation.event && events;
      vmmig_convergence_observe (&convergence, &observation, &decision);
      note_decision (run, &decision);
      if (watch != NULL)
        watch (&observation, &decision, user_data);
      run->post_copy = run->post_copy || decision.action == VMMIG_CONVERGENCE_POST_COPY;
      run->paused = run->paused || decision.action == VMMIG_CONVERGENCE_PAUSE;
      vmmig_migration_model_apply (&vm, &decision);
    }
  run->end = has_ended (&vm) ? vm.phase : VMMIG_MODEL_PRE_COPY;
  run->duration = vm.now;
  run->transferred = (guint64)vm.processed;
  run->downtime = vm.downtime;
  run->iterations = vm.iteration;
}
