/* vmmig-simulated-memory.c - how far a simulated migration has come: memory, bandwidth, time
 *
 * Copying is a fluid: bytes flow at a rate that holds until something changes; then everything is
 * brought up to date and the next change is foreseen. The guest writes into a working set, so what
 * it dirties in a pass grows ever more slowly towards that set's size.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

/* How long a TCP connection to a host that does not answer is tried, and an open one kept. */
#define CONNECT_TIMEOUT (127 * SIM_SECOND)
#define STREAM_TIMEOUT (925 * SIM_SECOND)

typedef enum
{
  FLOW_NONE,
  FLOW_TIME,
  FLOW_BYTES,
} Flow;

static Flow
get_flow (const SimMigration *self)
{
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_BEGIN:
    case VMMIG_SIMULATED_PHASE_PREPARE:
    case VMMIG_SIMULATED_PHASE_FINISH:
    case VMMIG_SIMULATED_PHASE_CONFIRM:
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
    case VMMIG_SIMULATED_PHASE_ABORTING:
      return FLOW_TIME;
    case VMMIG_SIMULATED_PHASE_DISKS:
    case VMMIG_SIMULATED_PHASE_COPY:
    case VMMIG_SIMULATED_PHASE_SWITCHOVER:
    case VMMIG_SIMULATED_PHASE_POST_COPY:
      return FLOW_BYTES;
    default:
      return FLOW_NONE;
    }
}

static double *
get_amount (SimMigration *self)
{
  return self->phase == VMMIG_SIMULATED_PHASE_DISKS ? &self->disk_remaining : &self->remaining;
}

void
sim_migration_advance (SimMigration *self)
{
  SimVm *vm = sim_migration_get_source_vm (self);
  gint64 passed = self->sim->now - self->updated;
  double seconds = (double)passed / (double)SIM_SECOND;

  self->updated = self->sim->now;
  if (passed <= 0)
    return;
  if (self->phase == VMMIG_SIMULATED_PHASE_COPY && vm != NULL && vm->executing)
    self->dirtied += vm->dirty_rate * (100.0 - self->throttle) / 100.0 * seconds;
  if (self->still)
    return;
  if (get_flow (self) == FLOW_TIME)
    {
      self->time_left = MAX (self->time_left - passed, 0);
    }
  else if (get_flow (self) == FLOW_BYTES)
    {
      double *amount = get_amount (self);
      double moved = MIN (self->rate * seconds, *amount);

      *amount -= moved;
      if (amount == &self->remaining)
        self->transferred += moved;
    }
}

/* TRUE if the daemons do not hear each other. */
static gboolean
daemons_are_apart (const SimMigration *self)
{
  if (self->source->daemon_stopped)
    return TRUE;
  return self->destination != NULL &&
         (self->destination->daemon_stopped || self->destination->off ||
          sim_get_link (self->sim, self->source, self->destination)->cut);
}

static gboolean
is_frozen (const SimVm *vm)
{
  return vm != NULL && vm->frozen;
}

gboolean
sim_migration_needs_destination (const SimMigration *self)
{
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_PREPARE:
    case VMMIG_SIMULATED_PHASE_DISKS:
    case VMMIG_SIMULATED_PHASE_COPY:
    case VMMIG_SIMULATED_PHASE_SWITCHOVER:
    case VMMIG_SIMULATED_PHASE_FINISH:
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
    case VMMIG_SIMULATED_PHASE_POST_COPY:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
is_held_up (const SimMigration *self)
{
  gboolean stream_is_cut =
      self->destination != NULL && sim_get_link (self->sim, self->source, self->destination)->cut;
  gboolean frozen = is_frozen (sim_migration_get_destination_vm (self)) ||
                    is_frozen (sim_migration_get_source_vm (self));

  if (self->peers_gone)
    return TRUE;
  /* Its host lost power: nobody told the source yet. */
  if (sim_migration_needs_destination (self) && sim_migration_get_destination_vm (self) == NULL)
    return TRUE;
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_BEGIN:
    case VMMIG_SIMULATED_PHASE_PREPARE:
    case VMMIG_SIMULATED_PHASE_FINISH:
    case VMMIG_SIMULATED_PHASE_SWITCHOVER:
    case VMMIG_SIMULATED_PHASE_ABORTING:
      return daemons_are_apart (self) || frozen;
    case VMMIG_SIMULATED_PHASE_DISKS:
    case VMMIG_SIMULATED_PHASE_COPY:
    case VMMIG_SIMULATED_PHASE_POST_COPY:
      return stream_is_cut || frozen;
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
      return stream_is_cut || frozen || (!self->unattended && daemons_are_apart (self));
    case VMMIG_SIMULATED_PHASE_CONFIRM:
      return self->source->daemon_stopped;
    default:
      return TRUE;
    }
}

/* Streams on a link share it alike. */
static double
share_link (SimMigration *self)
{
  Sim *sim = self->sim;
  SimLink *link = sim_get_link (sim, self->source, self->destination);
  guint streams = 0;
  double share;

  for (guint i = 0; i < sim->migrations->len; i++)
    {
      SimMigration *other = g_ptr_array_index (sim->migrations, i);

      if (other->destination != NULL && get_flow (other) == FLOW_BYTES && !is_held_up (other) &&
          sim_get_link (sim, other->source, other->destination) == link)
        streams++;
    }
  share = (double)link->bandwidth / MAX (streams, 1);
  if (self->bandwidth > 0)
    share = MIN (share, self->bandwidth);
  return MAX (share, 1.0);
}

static void
step_cb (gpointer user_data)
{
  SimMigration *self = user_data;

  self->step = 0;
  sim_migration_advance (self);
  /* What rounding left over. */
  if (get_flow (self) == FLOW_BYTES)
    *get_amount (self) = 0;
  self->time_left = 0;
  sim_migration_finish_phase (self);
}

static void
watchdog_cb (gpointer user_data)
{
  SimMigration *self = user_data;

  self->watchdog = 0;
  sim_migration_advance (self);
  if (self->unattended)
    sim_migration_break_post_copy (self);
  else
    sim_migration_peers_lost (self);
}

static gint64
get_patience (const SimMigration *self)
{
  if (self->phase == VMMIG_SIMULATED_PHASE_BEGIN)
    return CONNECT_TIMEOUT;
  if (self->unattended)
    return STREAM_TIMEOUT;
  return self->source->base.peer_keepalive;
}

static void
watch_peers (SimMigration *self)
{
  gboolean apart = daemons_are_apart (self) && !self->peers_gone;

  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_CONFIRM:
    case VMMIG_SIMULATED_PHASE_POST_COPY_BROKEN:
    case VMMIG_SIMULATED_PHASE_LOST:
      apart = FALSE;
      break;
    case VMMIG_SIMULATED_PHASE_POST_COPY:
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
      /* Once the daemons gave up, only the stream itself can still time out. */
      if (self->unattended)
        apart = sim_get_link (self->sim, self->source, self->destination)->cut;
      break;
    default:
      break;
    }
  if (!apart)
    sim_unschedule (self->sim, &self->watchdog);
  else if (self->watchdog == 0)
    self->watchdog = sim_schedule (self->sim, get_patience (self), watchdog_cb, self);
}

void
sim_migration_update (SimMigration *self)
{
  Flow flow = get_flow (self);

  sim_migration_advance (self);
  self->still = is_held_up (self);
  self->rate = flow == FLOW_BYTES && !self->still ? share_link (self) : 0;
  sim_unschedule (self->sim, &self->step);
  if (!self->still && flow == FLOW_TIME)
    self->step = sim_schedule (self->sim, self->time_left, step_cb, self);
  else if (!self->still && flow == FLOW_BYTES)
    self->step = sim_schedule (self->sim, (gint64)(*get_amount (self) / self->rate * 1e6) + 1,
                               step_cb, self);
  watch_peers (self);
}

void
sim_migrations_update (Sim *sim)
{
  for (guint i = 0; i < sim->migrations->len; i++)
    sim_migration_update (g_ptr_array_index (sim->migrations, i));
}

/* QEMU 7.2's auto-converge: 20 percent first, then 10 more each time that two passes dirtied more
 * than half of what was sent. */
static void
throttle_guest (SimMigration *self, double dirty)
{
  if (dirty <= self->pass_bytes / 2)
    return;
  if (++self->high_dirty < 2)
    return;
  self->high_dirty = 0;
  self->throttle = self->throttle == 0 ? 20 : MIN (self->throttle + 10, 99);
}

void
sim_migration_synchronise (SimMigration *self)
{
  SimVm *vm = sim_migration_get_source_vm (self);
  double seconds = (double)(self->sim->now - self->synchronised) / (double)SIM_SECOND;
  double dirty = 0;

  if (vm != NULL)
    dirty = vm->working_set * self->dirtied / (vm->working_set + self->dirtied);
  dirty = MIN (dirty, self->total);
  self->dirtied = 0;
  self->synchronised = self->sim->now;
  if (seconds > 0)
    self->dirty_rate = dirty / seconds;
  if (self->params->auto_converge)
    throttle_guest (self, dirty);
  self->remaining = MIN (self->remaining + dirty, self->total);
  self->pass_bytes = self->remaining;
  if (self->rate > 0)
    self->expected_downtime = (guint64)(self->remaining / self->rate * 1000);
}

gboolean
sim_migration_converged (const SimMigration *self)
{
  return self->remaining <= self->rate * (double)self->downtime_limit / 1000.0;
}

guint
sim_migration_get_iteration (SimMigration *self)
{
  SimVm *vm = sim_migration_get_source_vm (self);

  if (self->passes == 0)
    return 0;
  return self->passes - 1 + (vm != NULL ? vm->first_iteration : 1);
}

void
sim_migration_read_stats (SimMigration *self, VmmigStats *stats)
{
  gboolean copies = self->passes > 0;

  sim_migration_advance (self);
  stats->active = self->phase != VMMIG_SIMULATED_PHASE_ABORTING;
  if (!stats->active && self->error != NULL)
    stats->ending =
        self->error->code == VMMIG_ERROR_CANCELLED ? VMMIG_ENDING_CANCELLED : VMMIG_ENDING_FAILED;
  stats->fields = VMMIG_STAT_OPERATION_OUT | VMMIG_STAT_ELAPSED | VMMIG_STAT_MEMORY |
                  VMMIG_STAT_DISK | VMMIG_STAT_ITERATION | VMMIG_STAT_DIRTY_RATE |
                  VMMIG_STAT_POSTCOPY_REQUESTS;
  stats->elapsed = (guint64)((self->sim->now - self->started) / SIM_MS);
  stats->iteration = sim_migration_get_iteration (self);
  stats->dirty_rate = (guint64)self->dirty_rate;
  stats->postcopy_requests = self->postcopy_requests;
  stats->disk_total = (guint64)self->disk_total;
  stats->disk_remaining = (guint64)self->disk_remaining;
  stats->disk_processed = stats->disk_total - stats->disk_remaining;
  if (self->phase == VMMIG_SIMULATED_PHASE_DISKS && self->rate > 0)
    {
      stats->fields |= VMMIG_STAT_DISK_RATE;
      stats->disk_rate = (guint64)self->rate;
    }
  /* Before QEMU starts, libvirt has a job with zeros in it. */
  if (!copies)
    return;
  stats->fields |= VMMIG_STAT_DOWNTIME;
  stats->downtime = self->downtime > 0 ? self->downtime : self->expected_downtime;
  stats->memory_total = (guint64)self->total;
  stats->memory_processed = (guint64)self->transferred;
  stats->memory_remaining = (guint64)self->remaining;
  if (self->rate > 0)
    {
      stats->fields |= VMMIG_STAT_MEMORY_RATE;
      stats->memory_rate = (guint64)self->rate;
    }
  if (self->throttle > 0)
    {
      stats->fields |= VMMIG_STAT_THROTTLE;
      stats->throttle = self->throttle;
    }
}
