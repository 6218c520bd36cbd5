/* What was seen of a migration, judged by iterations
 *
 * `remaining` is a saw-tooth: it falls during a pass and rises when QEMU looks for what was dirtied
 * meanwhile. So a poll tells nothing, and the low points tell only when QEMU looks. What counts is
 * how much each pass had to send. `processed + remaining` does not move during a pass and rises by
 * what is found dirty at its end: that gives a pass's size wherever in it the poll falls, and the
 * mean of several that went by between two polls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-convergence-parts-private.h"

/* Without numbers from QEMU: a rise by so much is a new iteration. */
#define MINIMUM_RISE (G_GUINT64_CONSTANT (1) << 20)
#define MINIMUM_RISE_SHARE 256
/* And the pass over all memory is over if it got down to so small a share before. */
#define PASSED_SHARE 4
/* An iteration smaller than this share of those before is a fall, though no new minimum: a burst is
 * over. */
#define FALL 0.75
/* A poll may fall anywhere in a pass; the largest of some are the passes' real size. */
#define HIGH_DECAY 0.02
/* So often in a row a number is lower before it is no late answer. */
#define LOWER_NUMBERS 3

static void
copy_known (VmmigConvergence *self, const VmmigObservation *seen)
{
  VmmigObservation *last = &self->last;

  if ((seen->known & VMMIG_OBSERVED_MEMORY) != 0)
    {
      last->total = seen->total;
      last->processed = seen->processed;
      last->remaining = seen->remaining;
    }
  if ((seen->known & VMMIG_OBSERVED_DISK) != 0)
    last->disk_remaining = seen->disk_remaining;
  if ((seen->known & VMMIG_OBSERVED_MEMORY_RATE) != 0)
    last->memory_rate = seen->memory_rate;
  if ((seen->known & VMMIG_OBSERVED_DIRTY_RATE) != 0)
    last->dirty_rate = seen->dirty_rate;
  if ((seen->known & VMMIG_OBSERVED_DOWNTIME) != 0)
    last->expected_downtime = seen->expected_downtime;
  if ((seen->known & VMMIG_OBSERVED_THROTTLE) != 0 && seen->throttle != last->throttle)
    {
      last->throttle = seen->throttle;
      self->throttle_time = self->now;
      self->throttle_iteration = self->iteration;
    }
  last->paused = seen->paused;
  self->known |= seen->known;
}

/* Something that moves when data does. Rates are only believed when nothing else is known: QEMU's
 * are means. */
static void
note_flow (VmmigConvergence *self, const VmmigObservation *seen)
{
  const VmmigObservation *last = &self->last;
  guint both = self->known & seen->known;
  guint counters = VMMIG_OBSERVED_MEMORY | VMMIG_OBSERVED_DISK | VMMIG_OBSERVED_ITERATION;
  gboolean flows = (seen->known & ~self->known & counters) != 0; /* something new is known */

  if ((both & VMMIG_OBSERVED_MEMORY) != 0)
    flows = flows || seen->processed != last->processed || seen->remaining != last->remaining;
  if ((both & VMMIG_OBSERVED_DISK) != 0)
    flows = flows || seen->disk_remaining != last->disk_remaining;
  if ((seen->known & VMMIG_OBSERVED_ITERATION) != 0)
    flows = flows || seen->iteration != last->iteration;
  if (((self->known | seen->known) & counters) == 0)
    flows = (seen->known & VMMIG_OBSERVED_MEMORY_RATE) != 0 && seen->memory_rate > 0;
  if ((seen->known & (counters | VMMIG_OBSERVED_MEMORY_RATE)) != 0)
    self->seen_time = self->now;
  if (!flows)
    return;
  self->flowed = TRUE;
  self->flow_time = self->now;
}

/* The counters begin anew: what was learned of iterations is of another migration. */
static void
start_again (VmmigConvergence *self, guint iteration)
{
  self->iteration = iteration;
  self->passed = FALSE;
  self->lower_numbers = 0;
  self->fresh = 0;
  self->has_found = FALSE;
  self->size = 0;
  self->previous_size = 0;
  self->best = 0;
  self->high = 0;
  self->best_time = self->now;
  self->iteration_time = self->now;
  self->lowest = G_MAXUINT64;
  self->lowest_before = G_MAXUINT64;
  self->stuck = 0;
  self->overdue_since = 0;
}

static void
begin_iteration (VmmigConvergence *self, guint iteration)
{
  self->fresh += iteration - self->iteration;
  self->iteration = iteration;
  self->iteration_time = self->now;
  self->lowest_before = MIN (self->lowest_before, self->lowest);
  self->lowest = G_MAXUINT64;
}

static gboolean
counters_restarted (const VmmigConvergence *self, const VmmigObservation *seen)
{
  return (self->known & seen->known & VMMIG_OBSERVED_MEMORY) != 0 &&
         seen->processed < self->last.processed;
}

/* FALSE if the figures beside the number are not to be used. */
static gboolean
note_number (VmmigConvergence *self, const VmmigObservation *seen)
{
  if (seen->iteration == 0)
    return TRUE;
  if ((self->known & VMMIG_OBSERVED_ITERATION) == 0 || self->last.iteration == 0)
    {
      /* A first answer may be of an earlier migration that was cancelled. */
      if (seen->iteration > 1 && !self->doubted)
        {
          self->doubted = TRUE;
          return FALSE;
        }
      /* What was counted without numbers gives way to them. */
      if (self->iteration == 0 || seen->iteration == 1 || counters_restarted (self, seen))
        start_again (self, seen->iteration);
      self->iteration = seen->iteration;
      self->passed = seen->iteration > 1;
    }
  else if (seen->iteration < self->iteration)
    {
      self->lower_numbers++;
      if (!counters_restarted (self, seen) && self->lower_numbers < LOWER_NUMBERS)
        return FALSE;
      start_again (self, seen->iteration);
    }
  else if (seen->iteration > self->iteration)
    {
      begin_iteration (self, seen->iteration);
      self->passed = TRUE;
    }
  self->lower_numbers = 0;
  self->last.iteration = seen->iteration;
  return TRUE;
}

/* QEMU gives no numbers: a rise of what is to be sent in all is what a pass found. */
static void
count_passes (VmmigConvergence *self, const VmmigObservation *seen)
{
  guint64 found = seen->processed + seen->remaining;
  guint64 rise = MAX (MINIMUM_RISE, seen->total / MINIMUM_RISE_SHARE);

  if (self->iteration == 0)
    {
      start_again (self, 1);
      return;
    }
  if (counters_restarted (self, seen))
    {
      start_again (self, 1);
      return;
    }
  if (self->has_found && found >= self->found && found - self->found >= rise)
    {
      begin_iteration (self, self->iteration + 1);
      self->passed = self->passed || self->lowest_before <= seen->total / PASSED_SHARE ||
                     seen->processed >= seen->total;
    }
}

/* TRUE if it was not the first of them. */
static gboolean
judge (VmmigConvergence *self, guint64 size)
{
  guint64 before = self->previous_size != 0 ? MIN (self->size, self->previous_size) : self->size;
  gboolean first = self->best == 0;

  if (first || (double)size < VMMIG_CONVERGENCE_PROGRESS * (double)self->best)
    {
      self->best = MAX (size, 1);
      self->best_time = self->iteration_time;
      self->stuck = 0;
      self->overdue_since = 0;
    }
  else if ((double)size < FALL * (double)before)
    {
      self->stuck = 0;
    }
  else
    {
      self->stuck++;
    }
  self->previous_size = self->size;
  self->size = MAX (size, 1);
  self->high = MAX ((double)size, self->high + HIGH_DECAY * ((double)size - self->high));
  return !first;
}

static gboolean
note_memory (VmmigConvergence *self, const VmmigObservation *seen)
{
  guint64 found = seen->processed + seen->remaining;
  gboolean judged = FALSE;

  self->lowest = MIN (self->lowest, seen->remaining);
  if (self->fresh > 0 && self->iteration > 1)
    {
      guint64 size = seen->remaining;

      /* What a compression saves is missing there: the larger one is nearer to the truth. */
      if (self->has_found && found > self->found)
        size = MAX (size, (found - self->found) / self->fresh);
      judged = judge (self, size);
    }
  self->fresh = 0;
  self->found = found;
  self->has_found = TRUE;
  return judged;
}

gboolean
vmmig_convergence_track (VmmigConvergence *self, const VmmigObservation *seen)
{
  gboolean usable = TRUE;
  gboolean judged = FALSE;

  self->now = MAX (self->now, seen->time);
  /* Nothing leads back from there. */
  self->last.post_copy = self->last.post_copy || seen->post_copy;
  if (self->last.post_copy)
    return FALSE;

  note_flow (self, seen);
  if ((seen->known & VMMIG_OBSERVED_ITERATION) != 0)
    usable = note_number (self, seen);
  else if ((seen->known & VMMIG_OBSERVED_MEMORY) != 0 &&
           (self->known & VMMIG_OBSERVED_ITERATION) == 0)
    count_passes (self, seen);
  if (!usable)
    return FALSE;
  if ((seen->known & VMMIG_OBSERVED_MEMORY) != 0 && self->iteration > 0)
    judged = note_memory (self, seen);
  copy_known (self, seen);
  return judged;
}
