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
/* May @to follow @from? A state does not follow itself. */
gboolean vmmig_job_state_may_follow (VmmigJobState from, VmmigJobState to);

/* The state that a poll or an event of the source shows for a job in @current whose migrate call is
 * still open. Never goes back (post-copy never becomes pre-copy). @stats is NULL for an event. A
 * post-copy that the source calls failed is UNATTENDED until the destination was asked, too. */
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
  double disk_fraction;
  guint64 memory_total; /* bytes; 0: not seen */
  guint64 disk_total; /* bytes; 0: not seen */
  gboolean doubted; /* an answer that looked like an earlier migration's was passed over */
  gboolean has_iteration;
  guint first_iteration;
  guint last_iteration;
  gboolean has_peak;
  guint64 peak; /* bytes that were left when the last iteration was first seen */
  guint64 lowest; /* bytes: the least that was left in the last iteration */
  gboolean in_post_copy;
  double fraction_at_post_copy;
  guint64 remaining_at_post_copy; /* bytes */
} VmmigProgressTracker;

void vmmig_progress_tracker_init (VmmigProgressTracker *self);
/* For a migration that somebody else started: its first iteration may be over, so iterations are
 * counted as QEMU counts them. */
void vmmig_progress_tracker_init_following (VmmigProgressTracker *self);
double vmmig_progress_tracker_update (VmmigProgressTracker *self,
                                      VmmigJobState state,
                                      const VmmigStats *stats);
/* Iterations counted from 1 for this migration; 0: none was seen yet. */
guint vmmig_progress_tracker_get_iteration (const VmmigProgressTracker *self);

/* Did the VM's owner pause it while it was copied? libvirt says "paused (migrating)" for that and
 * for the switch-over alike, and runs it on the destination. Told apart by what a switch-over
 * cannot do: it makes one more pass at most, lasts no longer than QEMU says, and leaves no more to
 * copy than fits the downtime. When in doubt it was a switch-over: a pause that gets lost is a
 * nuisance, a VM that nobody paused and that does not run is an outage. */
typedef struct
{
  gint64 stopped_at; /* µs; 0: the CPUs were not seen to stop */
  gint64 ended_at; /* µs */
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
