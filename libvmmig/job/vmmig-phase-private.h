/* vmmig-phase-private.h - the life of a job: which state follows which, and what is shown (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-enums.h>

#include "driver/vmmig-driver-values-private.h"

G_BEGIN_DECLS

gboolean vmmig_job_state_is_terminal (VmmigJobState state);
/* "copying memory": for messages. Static. */
const char *vmmig_job_state_describe (VmmigJobState state);
/* The table of DESIGN: may @to follow @from? */
gboolean vmmig_job_state_may_follow (VmmigJobState from, VmmigJobState to);

/* The state that a poll or an event of the source shows for a job in @current whose migrate call is
 * still open. Never goes back (post-copy never becomes pre-copy). */
VmmigJobState vmmig_phase_from_source (VmmigJobState current,
                                       VmmigVmState state,
                                       VmmigVmReason reason,
                                       const VmmigStats *stats);

/* Turns statistics into what is shown. The fraction never falls, never reaches 1 before the end,
 * and does not rush ahead for a VM that dirties its memory; counters that restart or begin above
 * their start (an earlier, cancelled migration), missing fields and zero totals do not disturb. */
typedef struct
{
  double fraction;
  gboolean has_first_iteration;
  guint first_iteration;
  guint last_iteration;
  guint64 lowest_remaining;
  guint64 largest_total;
} VmmigProgressTracker;

void vmmig_progress_tracker_init (VmmigProgressTracker *self);
double vmmig_progress_tracker_update (VmmigProgressTracker *self,
                                      VmmigJobState state,
                                      const VmmigStats *stats);
/* Iterations counted from 1 for this migration. */
guint vmmig_progress_tracker_get_iteration (const VmmigProgressTracker *self);

/* Did the VM's owner pause it while it was copied? libvirt says "paused (migrating)" for that and
 * for the switch-over alike (facts: E17). Told apart by what a switch-over cannot do: it lasts no
 * longer than QEMU says, and it leaves no more to copy than fits the downtime. */
typedef struct
{
  gint64 stopped_at;  /* µs; 0: the CPUs were not seen to stop */
  gint64 ended_at;    /* µs */
  guint64 remaining_when_stopped; /* bytes; G_MAXUINT64: not known */
  guint iterations_after_stop;
  guint64 rate; /* bytes per second; 0: not known */
  guint64 maximum_downtime; /* ms */
  gboolean has_downtime;
  guint64 downtime; /* ms, QEMU's own, when completed */
  gboolean post_copy;
} VmmigPauseEvidence;
gboolean vmmig_phase_owner_paused (const VmmigPauseEvidence *evidence);

G_END_DECLS
