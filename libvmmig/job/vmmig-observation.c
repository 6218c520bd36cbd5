/* Statistics as an observation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-observation-private.h"

static const struct
{
  guint stat, observed;
} fields[] = {
    {VMMIG_STAT_ITERATION, VMMIG_OBSERVED_ITERATION},
    {VMMIG_STAT_MEMORY, VMMIG_OBSERVED_MEMORY},
    {VMMIG_STAT_DISK, VMMIG_OBSERVED_DISK},
    {VMMIG_STAT_MEMORY_RATE, VMMIG_OBSERVED_MEMORY_RATE},
    {VMMIG_STAT_DIRTY_RATE, VMMIG_OBSERVED_DIRTY_RATE},
    {VMMIG_STAT_DOWNTIME, VMMIG_OBSERVED_DOWNTIME},
    {VMMIG_STAT_THROTTLE, VMMIG_OBSERVED_THROTTLE},
};

void
vmmig_observation_from_stats (VmmigObservation *self, const VmmigStats *stats, gint64 time)
{
  *self = (VmmigObservation){
      .time = time,
      .iteration = stats->iteration,
      .total = stats->memory_total,
      .processed = stats->memory_processed,
      .remaining = stats->memory_remaining,
      .disk_remaining = stats->disk_remaining,
      .memory_rate = stats->memory_rate,
      .dirty_rate = stats->dirty_rate,
      .expected_downtime = stats->downtime,
      .throttle = stats->throttle,
  };
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      if ((stats->fields & fields[i].stat) != 0)
        self->known |= fields[i].observed;
    }
  /* Before QEMU starts, libvirt has a job with zeros in it. */
  if (self->total == 0)
    self->known &= ~(guint)VMMIG_OBSERVED_MEMORY;
}
