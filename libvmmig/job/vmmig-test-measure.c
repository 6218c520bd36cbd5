/* vmmig-test-measure.c - how much to send so that a path can be measured (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-test-measure-private.h"

#include "values/vmmig-test-vm-private.h"

#define MIB (G_GUINT64_CONSTANT (1) << 20)
/* More than any emulator's file, until one was sent. */
#define LARGEST_FILLER (64 * MIB)
/* A filler is in the VM's memory, and QEMU keeps the file besides. */
#define COPIES 2
/* More of the time than that is not what is meant. */
#define MOST_DOWNTIME 0.2
/* What is sent first fills the buffers of both hosts, and looks faster than it is. */
#define FIRST_RATE_IS_TRUE 0.7
/* What QEMU itself takes. */
#define QEMU_MEMORY (128 * MIB)

gboolean
vmmig_test_sample_read (VmmigTestSample *self, guint n_fillers, const VmmigStats *completed)
{
  const guint needed = VMMIG_STAT_MEMORY | VMMIG_STAT_MEMORY_RATE;

  *self = (VmmigTestSample){.n_fillers = n_fillers};
  if (!completed->completed || (completed->fields & needed) != needed ||
      completed->memory_rate == 0 || completed->memory_processed == 0)
    return FALSE;
  self->bytes = completed->memory_processed;
  self->rate = completed->memory_rate;
  /* The VM's end on its source takes time in which nothing is sent. */
  if ((completed->fields & VMMIG_STAT_DOWNTIME) != 0)
    {
      double time = (double)self->bytes / (double)self->rate;
      double downtime = (double)completed->downtime / 1000.0;

      if (downtime < MOST_DOWNTIME * time)
        self->rate = (guint64)((double)self->bytes / (time - downtime));
    }
  return TRUE;
}

guint64
vmmig_test_sample_get_time (const VmmigTestSample *self)
{
  return self->rate > 0 ? (guint64)((double)self->bytes * 1000.0 / (double)self->rate) : 0;
}

static guint
bound_by_memory (guint64 filler, guint64 free)
{
  guint64 room = free / 2;

  if (free == 0)
    return 1;
  return room > QEMU_MEMORY ? (guint)MIN ((room - QEMU_MEMORY) / (filler * COPIES), G_MAXUINT) : 0;
}

guint
vmmig_test_measure_plan (const VmmigTestSample *last,
                         guint seconds,
                         guint64 source_free,
                         guint64 destination_free)
{
  guint64 filler = last->bytes > 0 && last->n_fillers > 0 ? MAX (last->bytes / last->n_fillers, 1)
                                                          : LARGEST_FILLER;
  double wanted = 1.0;
  guint most;

  most = MIN (bound_by_memory (filler, source_free), bound_by_memory (filler, destination_free));
  most = MIN (most, VMMIG_TEST_VM_MAX_FILLERS);
  if (last->bytes > 0)
    wanted = (double)last->rate * FIRST_RATE_IS_TRUE * seconds / (double)filler + 1.0;
  return wanted < (double)most ? (guint)wanted : most;
}

gboolean
vmmig_test_measure_is_enough (const VmmigTestSample *sample, guint seconds, guint planned)
{
  return vmmig_test_sample_get_time (sample) >= (guint64)seconds * 1000 ||
         planned <= sample->n_fillers;
}
