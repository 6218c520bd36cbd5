/* vmmig-observation-private.h - what was seen of a migration at one instant: plain values (pure)
 *
 * What convergence and forecast are fed with, by a runner, by a trace or by the model of a VM.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "driver/vmmig-driver-values-private.h"

G_BEGIN_DECLS

typedef enum
{
  VMMIG_OBSERVED_ITERATION = 1u << 0,
  VMMIG_OBSERVED_MEMORY = 1u << 1, /* total, processed, remaining */
  VMMIG_OBSERVED_DISK = 1u << 2, /* disk_remaining */
  VMMIG_OBSERVED_MEMORY_RATE = 1u << 3,
  VMMIG_OBSERVED_DIRTY_RATE = 1u << 4,
  VMMIG_OBSERVED_DOWNTIME = 1u << 5,
  VMMIG_OBSERVED_THROTTLE = 1u << 6,
} VmmigObservedFields;

typedef struct
{
  gint64 time; /* µs since the migration started to copy; the same clock for all of them */
  guint known; /* which of the following are: VmmigObservedFields */
  guint iteration; /* QEMU's number: 1 is the pass over all memory */
  guint64 total; /* bytes of memory, as the next two */
  guint64 processed; /* put on the wire */
  guint64 remaining; /* to send in this iteration: a saw-tooth */
  guint64 disk_remaining; /* bytes */
  guint64 memory_rate; /* bytes per second */
  guint64 dirty_rate; /* bytes per second */
  guint64 expected_downtime; /* ms */
  guint throttle; /* percent of the time that QEMU takes from the VM */
  gboolean paused; /* the VM does not run, and not because of the switch-over */
  gboolean post_copy; /* the VM runs on the destination */
  gboolean event; /* an iteration has just begun; FALSE: a poll */
} VmmigObservation;

/* All but `paused`, `post_copy` and `event`, which statistics do not tell. */
void vmmig_observation_from_stats (VmmigObservation *self, const VmmigStats *stats, gint64 time);

G_END_DECLS
