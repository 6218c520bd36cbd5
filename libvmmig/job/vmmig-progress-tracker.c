/* From statistics to a fraction that a person can watch
 *
 * `remaining` is a saw-tooth: it falls during an iteration and rises when QEMU looks for what was
 * dirtied meanwhile. So the first iteration is worth a fixed share, by how much of the memory it
 * passed; what the later ones are worth depends on how high they start: a VM that dirties all its
 * memory again and again stays where the first one ended.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-phase-private.h"

#define FIRST_ITERATION_SHARE 0.8
/* Disks are copied first. While nothing is known of the memory they are worth half of the whole. */
#define DISK_ONLY_SHARE 0.5
#define MAXIMUM_BEFORE_THE_END 0.999
/* As many may be over before the first answer comes. */
#define MISSED_ITERATIONS 2

void
vmmig_progress_tracker_init (VmmigProgressTracker *self)
{
  *self = (VmmigProgressTracker){.fraction = 0.0};
}

void
vmmig_progress_tracker_init_following (VmmigProgressTracker *self)
{
  vmmig_progress_tracker_init (self);
  self->has_iteration = TRUE;
  self->first_iteration = 1;
  self->last_iteration = 1;
}

guint
vmmig_progress_tracker_get_iteration (const VmmigProgressTracker *self)
{
  return self->has_iteration ? self->last_iteration - self->first_iteration + 1 : 0;
}

/* 1 for nothing left, 0 for all; never anything else. */
static double
get_done (guint64 remaining, guint64 total)
{
  return total > 0 ? 1.0 - (double)MIN (remaining, total) / (double)total : 0.0;
}

/* FALSE if the figures may be those of an earlier migration that was cancelled: QEMU starts to count
 * anew, but its first answer can be older than that. One more tells. */
static gboolean
note_iteration (VmmigProgressTracker *self, const VmmigStats *stats)
{
  if ((stats->fields & VMMIG_STAT_ITERATION) == 0 || stats->iteration == 0)
    return TRUE;

  if (!self->has_iteration && stats->iteration > MISSED_ITERATIONS + 1 && !self->doubted)
    {
      self->doubted = TRUE;
      return FALSE;
    }

  if (!self->has_iteration || stats->iteration < self->last_iteration)
    {
      self->first_iteration = stats->iteration > MISSED_ITERATIONS + 1 ? stats->iteration : 1;
      self->memory_total = 0;
      self->has_peak = FALSE;
    }
  else if (stats->iteration > self->last_iteration)
    {
      self->has_peak = FALSE;
    }
  self->last_iteration = stats->iteration;
  self->has_iteration = TRUE;
  return TRUE;
}

static void
note_memory (VmmigProgressTracker *self, const VmmigStats *stats)
{
  if ((stats->fields & VMMIG_STAT_MEMORY) == 0 || stats->memory_total == 0)
    return;

  self->memory_total = MAX (self->memory_total, stats->memory_total);
  if (!self->has_peak)
    {
      self->peak = stats->memory_remaining;
      self->lowest = stats->memory_remaining;
      self->has_peak = TRUE;
    }
  self->lowest = MIN (self->lowest, stats->memory_remaining);
}

static void
note_disks (VmmigProgressTracker *self, const VmmigStats *stats)
{
  if ((stats->fields & VMMIG_STAT_DISK) != 0 && stats->disk_total > 0)
    {
      self->disk_total = MAX (self->disk_total, stats->disk_total);
      self->disk_fraction =
          MAX (self->disk_fraction, get_done (stats->disk_remaining, stats->disk_total));
    }
  /* Memory is not begun before the disks are alike; then their figures may be gone. */
  if (self->memory_total > 0)
    self->disk_fraction = 1.0;
}

/* How much nearer a later iteration is to the end that starts with @left bytes: 0 for all of the
 * memory, 1 for nothing, and steep only when little is left: a tenth is not nine tenths of the way.
 */
static double
get_convergence (guint64 left, guint64 total)
{
  double share = 1.0 - get_done (left, total);

  return (1.0 - share) / (1.0 + 9.0 * share);
}

static double
get_memory_fraction (const VmmigProgressTracker *self)
{
  guint64 left;

  if (!self->has_peak)
    return 0.0;
  if (!self->has_iteration || self->last_iteration == self->first_iteration)
    return FIRST_ITERATION_SHARE * get_done (self->lowest, self->memory_total);

  /* The next one is hoped to start with half, not with what this one gets down to. */
  left = MAX (self->lowest, self->peak / 2);
  return FIRST_ITERATION_SHARE +
         (1.0 - FIRST_ITERATION_SHARE) * get_convergence (left, self->memory_total);
}

static double
get_copied_fraction (const VmmigProgressTracker *self)
{
  double memory = (double)self->memory_total;
  double disks = (double)self->disk_total;

  if (self->memory_total == 0)
    return DISK_ONLY_SHARE * self->disk_fraction;
  return (memory * get_memory_fraction (self) + disks * self->disk_fraction) / (memory + disks);
}

/* Post-copy sends each page once: from where it began straight to the end. */
static double
get_post_copy_fraction (VmmigProgressTracker *self, const VmmigStats *stats)
{
  if ((stats->fields & VMMIG_STAT_MEMORY) == 0 || stats->memory_total == 0)
    return self->fraction;

  if (!self->in_post_copy || stats->memory_remaining > self->remaining_at_post_copy)
    {
      self->in_post_copy = TRUE;
      self->fraction_at_post_copy = self->fraction;
      self->remaining_at_post_copy = stats->memory_remaining;
    }
  return self->fraction_at_post_copy +
         (1.0 - self->fraction_at_post_copy) *
             get_done (stats->memory_remaining, self->remaining_at_post_copy);
}

double
vmmig_progress_tracker_update (VmmigProgressTracker *self,
                               VmmigJobState state,
                               const VmmigStats *stats)
{
  double fraction = self->fraction;

  switch (state)
    {
    case VMMIG_JOB_STATE_SUCCEEDED:
      self->fraction = 1.0;
      return self->fraction;
    case VMMIG_JOB_STATE_PREPARING:
    case VMMIG_JOB_STATE_PRE_COPY:
    case VMMIG_JOB_STATE_SWITCHOVER:
      if (stats->completed || !note_iteration (self, stats))
        break;
      note_memory (self, stats);
      note_disks (self, stats);
      fraction = get_copied_fraction (self);
      break;
    case VMMIG_JOB_STATE_POST_COPY:
      (void)note_iteration (self, stats);
      fraction = get_post_copy_fraction (self, stats);
      break;
    default: /* nothing moves, or nobody sees it move */
      break;
    }

  self->fraction = MAX (self->fraction, MIN (fraction, MAXIMUM_BEFORE_THE_END));
  return self->fraction;
}
