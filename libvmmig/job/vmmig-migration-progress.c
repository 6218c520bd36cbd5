/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-migration-progress.h>

#include "job/vmmig-values-private.h"
#include "values/vmmig-variant-private.h"

struct _VmmigMigrationProgress
{
  int ref_count; /* atomic */
  VmmigJobState phase;
  double fraction;
  guint iteration;
  VmmigStats stats;
  guint64 elapsed; /* ms */
  gint64 monotonic_time; /* µs */
  VmmigForecast *forecast; /* (nullable) */
  VmmigProgressNotes notes;
};

G_DEFINE_BOXED_TYPE (VmmigMigrationProgress,
                     vmmig_migration_progress,
                     vmmig_migration_progress_ref,
                     vmmig_migration_progress_unref)

/**
 * vmmig_migration_progress_ref: (skip)
 * @self: a snapshot
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same snapshot
 *
 * Since: 1.0
 */
VmmigMigrationProgress *
vmmig_migration_progress_ref (VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_migration_progress_unref: (skip)
 * @self: (transfer full): a snapshot
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_migration_progress_unref (VmmigMigrationProgress *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_clear_pointer (&self->forecast, vmmig_forecast_unref);
  g_free (self);
}

VmmigMigrationProgress *
vmmig_migration_progress_new (VmmigJobState phase,
                              double fraction,
                              guint iteration,
                              const VmmigStats *stats,
                              guint64 elapsed,
                              gint64 monotonic_time)
{
  VmmigMigrationProgress *self = g_new0 (VmmigMigrationProgress, 1);

  self->ref_count = 1;
  self->phase = phase;
  self->fraction = fraction;
  self->iteration = iteration;
  if (stats != NULL)
    self->stats = *stats;
  self->elapsed = elapsed;
  self->monotonic_time = monotonic_time;
  return self;
}

void
vmmig_migration_progress_set_forecast (VmmigMigrationProgress *self, VmmigForecast *forecast)
{
  g_return_if_fail (self->forecast == NULL);

  self->forecast = forecast != NULL ? vmmig_forecast_ref (forecast) : NULL;
}

void
vmmig_migration_progress_set_notes (VmmigMigrationProgress *self, const VmmigProgressNotes *notes)
{
  self->notes = *notes;
}

const VmmigProgressNotes *
vmmig_migration_progress_get_notes (const VmmigMigrationProgress *self)
{
  return &self->notes;
}

static gboolean
has (const VmmigMigrationProgress *self, VmmigStatFields field)
{
  return (self->stats.fields & field) != 0;
}

/**
 * vmmig_migration_progress_get_phase:
 * @self: a snapshot
 *
 * Gets where the migration was when the snapshot was taken.
 *
 * Returns: the state that the job was in
 *
 * Since: 1.0
 */
VmmigJobState
vmmig_migration_progress_get_phase (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_JOB_STATE_UNKNOWN);

  return self->phase;
}

/**
 * vmmig_migration_progress_get_fraction:
 * @self: a snapshot
 *
 * Gets how far the migration is, to be shown to people.
 *
 * It never falls from one snapshot to the next and is 1 only after success. It is no promise of
 * time: a VM that changes its memory faster than it is copied makes it stand still.
 *
 * Returns: from 0 to 1
 *
 * Since: 1.0
 */
double
vmmig_migration_progress_get_fraction (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0.0);

  return self->fraction;
}

/**
 * vmmig_migration_progress_get_iteration:
 * @self: a snapshot
 *
 * Gets the number of the pass over the VM's memory.
 *
 * The first pass copies all of it, each later one what was changed meanwhile.
 *
 * Returns: the number, from 1; 0 before the first
 *
 * Since: 1.0
 */
guint
vmmig_migration_progress_get_iteration (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->iteration;
}

/**
 * vmmig_migration_progress_get_processed:
 * @self: a snapshot
 *
 * Gets how much memory was sent.
 *
 * Counted as it crossed the network; with pages sent again it exceeds the total.
 *
 * Returns: bytes; 0 while it is not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_processed (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_MEMORY) ? self->stats.memory_processed : 0;
}

/**
 * vmmig_migration_progress_get_remaining:
 * @self: a snapshot
 *
 * Gets how much memory is still to be sent.
 *
 * Rises when a pass ends and the memory that was changed meanwhile is found.
 *
 * Returns: bytes; 0 while it is not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_remaining (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_MEMORY) ? self->stats.memory_remaining : 0;
}

/**
 * vmmig_migration_progress_get_total:
 * @self: a snapshot
 *
 * Gets how much memory the VM has.
 *
 * Returns: bytes; 0 while it is not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_total (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_MEMORY) ? self->stats.memory_total : 0;
}

/**
 * vmmig_migration_progress_get_disk_processed:
 * @self: a snapshot
 *
 * Gets how much of the disks was copied.
 *
 * Returns: bytes; 0 while it is not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_disk_processed (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_DISK) ? self->stats.disk_processed : 0;
}

/**
 * vmmig_migration_progress_get_disk_remaining:
 * @self: a snapshot
 *
 * Gets how much of the disks is still to be copied.
 *
 * Returns: bytes; 0 while it is not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_disk_remaining (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_DISK) ? self->stats.disk_remaining : 0;
}

/**
 * vmmig_migration_progress_get_disk_total:
 * @self: a snapshot
 *
 * Gets how much there is to copy of the disks.
 *
 * 0 if no disks are copied.
 *
 * Returns: bytes; 0 while it is not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_disk_total (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_DISK) ? self->stats.disk_total : 0;
}

static guint64
sum_rates (const VmmigMigrationProgress *self)
{
  guint64 memory = has (self, VMMIG_STAT_MEMORY_RATE) ? self->stats.memory_rate : 0;
  guint64 disks = has (self, VMMIG_STAT_DISK_RATE) ? self->stats.disk_rate : 0;

  return memory + MIN (disks, G_MAXUINT64 - memory);
}

/**
 * vmmig_migration_progress_get_transfer_rate:
 * @self: a snapshot
 *
 * Gets how fast data crosses the network: memory and disks together.
 *
 * Returns: bytes per second; 0 while it is not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_transfer_rate (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return sum_rates (self);
}

/**
 * vmmig_migration_progress_get_dirty_rate:
 * @self: a snapshot
 *
 * Gets how fast the VM changes its memory.
 *
 * Measured by QEMU at the end of a pass, so it is not known in the first.
 *
 * Returns: bytes per second; 0 while it is not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_dirty_rate (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_DIRTY_RATE) ? self->stats.dirty_rate : 0;
}

/**
 * vmmig_migration_progress_get_throttle:
 * @self: a snapshot
 *
 * Gets by how much auto-converge slows the VM's CPUs down.
 *
 * Returns: percent; 0 if it is not slowed down
 *
 * Since: 1.0
 */
guint
vmmig_migration_progress_get_throttle (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_THROTTLE) ? self->stats.throttle : 0;
}

/**
 * vmmig_migration_progress_get_expected_downtime:
 * @self: a snapshot
 *
 * Gets how long the VM would stand still if the switch-over came now, as QEMU expects it.
 *
 * The real downtime is known at the end: [method@MigrationResult.get_downtime].
 *
 * Returns: milliseconds; 0 while it is not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_expected_downtime (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_DOWNTIME) && !self->stats.completed ? self->stats.downtime : 0;
}

/**
 * vmmig_migration_progress_get_postcopy_requests:
 * @self: a snapshot
 *
 * Gets how often the VM, in post-copy, had to wait for a page of its memory.
 *
 * Returns: the number of requests
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_postcopy_requests (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return has (self, VMMIG_STAT_POSTCOPY_REQUESTS) ? self->stats.postcopy_requests : 0;
}

/**
 * vmmig_migration_progress_get_elapsed:
 * @self: a snapshot
 *
 * Gets how long the migration takes so far.
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
guint64
vmmig_migration_progress_get_elapsed (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->elapsed;
}

/**
 * vmmig_migration_progress_get_monotonic_time:
 * @self: a snapshot
 *
 * Gets when the snapshot was taken.
 *
 * Returns: microseconds, of the clock of `g_get_monotonic_time()`
 *
 * Since: 1.0
 */
gint64
vmmig_migration_progress_get_monotonic_time (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->monotonic_time;
}

/**
 * vmmig_migration_progress_get_forecast:
 * @self: a snapshot
 *
 * Gets how long the migration will still take, and whether it will end at all.
 *
 * It is made from what a job saw of its migration until then, its own or one that it follows. It
 * counts memory, not the disks that are copied before it.
 *
 * Returns: (transfer none) (nullable): the forecast; `NULL` before memory is copied, and in a
 *   status that was asked for once
 *
 * Since: 1.0
 */
VmmigForecast *
vmmig_migration_progress_get_forecast (const VmmigMigrationProgress *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->forecast;
}

/**
 * vmmig_migration_progress_to_variant:
 * @self: a snapshot
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `phase` (s, the name of the state as in
 * [enum@JobState]: `pre-copy`), `fraction` (d), `elapsed` (t, milliseconds), `monotonic-time` (x,
 * microseconds); `iteration` (u), `processed`, `remaining`, `total`, `disk-processed`,
 * `disk-remaining`, `disk-total` (t, bytes), `transfer-rate`, `dirty-rate` (t, bytes per second),
 * `throttle` (u, percent), `expected-downtime` (t, milliseconds), `postcopy-requests` (t),
 * `forecast` (a{sv}, as [method@Forecast.to_variant] gives it). What is not known is not there. Keys
 * may be added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_migration_progress_to_variant (const VmmigMigrationProgress *self)
{
  GVariantDict dict;
  const VmmigStats *stats;

  g_return_val_if_fail (self != NULL, NULL);

  stats = &self->stats;
  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_enum (&dict, "phase", VMMIG_TYPE_JOB_STATE, (int)self->phase);
  g_variant_dict_insert (&dict, "fraction", "d", self->fraction);
  g_variant_dict_insert (&dict, "elapsed", "t", self->elapsed);
  g_variant_dict_insert (&dict, "monotonic-time", "x", self->monotonic_time);
  if (self->iteration > 0)
    g_variant_dict_insert (&dict, "iteration", "u", self->iteration);
  if (has (self, VMMIG_STAT_MEMORY))
    {
      g_variant_dict_insert (&dict, "processed", "t", stats->memory_processed);
      g_variant_dict_insert (&dict, "remaining", "t", stats->memory_remaining);
      g_variant_dict_insert (&dict, "total", "t", stats->memory_total);
    }
  if (has (self, VMMIG_STAT_DISK))
    {
      g_variant_dict_insert (&dict, "disk-processed", "t", stats->disk_processed);
      g_variant_dict_insert (&dict, "disk-remaining", "t", stats->disk_remaining);
      g_variant_dict_insert (&dict, "disk-total", "t", stats->disk_total);
    }
  if (has (self, VMMIG_STAT_MEMORY_RATE) || has (self, VMMIG_STAT_DISK_RATE))
    g_variant_dict_insert (&dict, "transfer-rate", "t", sum_rates (self));
  if (has (self, VMMIG_STAT_DIRTY_RATE))
    g_variant_dict_insert (&dict, "dirty-rate", "t", stats->dirty_rate);
  if (has (self, VMMIG_STAT_THROTTLE))
    g_variant_dict_insert (&dict, "throttle", "u", stats->throttle);
  if (has (self, VMMIG_STAT_DOWNTIME) && !stats->completed)
    g_variant_dict_insert (&dict, "expected-downtime", "t", stats->downtime);
  if (has (self, VMMIG_STAT_POSTCOPY_REQUESTS))
    g_variant_dict_insert (&dict, "postcopy-requests", "t", stats->postcopy_requests);
  if (self->forecast != NULL)
    g_variant_dict_insert_value (&dict, "forecast", vmmig_forecast_to_variant (self->forecast));
  return g_variant_dict_end (&dict);
}
