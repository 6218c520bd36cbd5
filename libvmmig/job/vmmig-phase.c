/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job/vmmig-phase-private.h"

#define BIT(state) (1u << (state))

#define PENDING BIT (VMMIG_JOB_STATE_PENDING)
#define PREFLIGHT BIT (VMMIG_JOB_STATE_PREFLIGHT)
#define PREPARING BIT (VMMIG_JOB_STATE_PREPARING)
#define PRE_COPY BIT (VMMIG_JOB_STATE_PRE_COPY)
#define SWITCHOVER BIT (VMMIG_JOB_STATE_SWITCHOVER)
#define POST_COPY BIT (VMMIG_JOB_STATE_POST_COPY)
#define POSTCOPY_PAUSED BIT (VMMIG_JOB_STATE_POSTCOPY_PAUSED)
#define RECOVERING BIT (VMMIG_JOB_STATE_RECOVERING)
#define UNATTENDED BIT (VMMIG_JOB_STATE_UNATTENDED)
#define UNKNOWN BIT (VMMIG_JOB_STATE_UNKNOWN)
#define FINISHING BIT (VMMIG_JOB_STATE_FINISHING)
#define FAILED BIT (VMMIG_JOB_STATE_FAILED)
#define CANCELLED BIT (VMMIG_JOB_STATE_CANCELLED)
#define TERMINAL (BIT (VMMIG_JOB_STATE_SUCCEEDED) | FAILED | CANCELLED | BIT (VMMIG_JOB_STATE_LOST))

/* Out of any of these both nodes must be asked before the end is told. */
#define BROKEN_POST_COPY (POSTCOPY_PAUSED | UNATTENDED | UNKNOWN)
#define COPYING (PRE_COPY | SWITCHOVER | POST_COPY)

/* Polls are half a second apart, so a short phase may be skipped. */
static const guint followers[] = {
    [VMMIG_JOB_STATE_PENDING] = PREFLIGHT | FAILED | CANCELLED,
    /* A job that attaches finds the migration wherever it is. */
    [VMMIG_JOB_STATE_PREFLIGHT] =
        PREPARING | COPYING | BROKEN_POST_COPY | FINISHING | FAILED | CANCELLED,
    [VMMIG_JOB_STATE_PREPARING] = COPYING | BROKEN_POST_COPY | FINISHING | FAILED | CANCELLED,
    [VMMIG_JOB_STATE_PRE_COPY] = SWITCHOVER | POST_COPY | BROKEN_POST_COPY | FINISHING,
    [VMMIG_JOB_STATE_SWITCHOVER] = POST_COPY | BROKEN_POST_COPY | FINISHING,
    [VMMIG_JOB_STATE_POST_COPY] = BROKEN_POST_COPY | FINISHING,
    /* It may be resumed by somebody else. */
    [VMMIG_JOB_STATE_POSTCOPY_PAUSED] = RECOVERING | POST_COPY | UNATTENDED | UNKNOWN | FINISHING,
    [VMMIG_JOB_STATE_RECOVERING] = POST_COPY | BROKEN_POST_COPY | FINISHING,
    [VMMIG_JOB_STATE_UNATTENDED] =
        POST_COPY | POSTCOPY_PAUSED | RECOVERING | UNKNOWN | FINISHING | TERMINAL,
    [VMMIG_JOB_STATE_UNKNOWN] =
        COPYING | POSTCOPY_PAUSED | RECOVERING | UNATTENDED | FINISHING | TERMINAL,
    /* A call that failed is not a migration that failed: it may be found going on. */
    [VMMIG_JOB_STATE_FINISHING] = COPYING | BROKEN_POST_COPY | RECOVERING | TERMINAL,
    [VMMIG_JOB_STATE_LOST] = 0,
};

gboolean
vmmig_job_state_is_terminal (VmmigJobState state)
{
  return (guint)state < G_N_ELEMENTS (followers) && (BIT (state) & (TERMINAL)) != 0;
}

gboolean
vmmig_job_state_may_follow (VmmigJobState from, VmmigJobState to)
{
  if ((guint)from >= G_N_ELEMENTS (followers) || (guint)to >= G_N_ELEMENTS (followers))
    return FALSE;
  return (followers[from] & BIT (to)) != 0;
}

const char *
vmmig_job_state_describe (VmmigJobState state)
{
  switch (state)
    {
    case VMMIG_JOB_STATE_PENDING:
      return "not started";
    case VMMIG_JOB_STATE_PREFLIGHT:
      return "checking both nodes";
    case VMMIG_JOB_STATE_PREPARING:
      return "preparing";
    case VMMIG_JOB_STATE_PRE_COPY:
      return "copying memory";
    case VMMIG_JOB_STATE_SWITCHOVER:
      return "switching over";
    case VMMIG_JOB_STATE_POST_COPY:
      return "in post-copy";
    case VMMIG_JOB_STATE_POSTCOPY_PAUSED:
      return "post-copy is paused";
    case VMMIG_JOB_STATE_RECOVERING:
      return "resuming post-copy";
    case VMMIG_JOB_STATE_UNATTENDED:
      return "going on without its daemons";
    case VMMIG_JOB_STATE_UNKNOWN:
      return "of unknown outcome";
    case VMMIG_JOB_STATE_FINISHING:
      return "finishing";
    case VMMIG_JOB_STATE_SUCCEEDED:
      return "succeeded";
    case VMMIG_JOB_STATE_FAILED:
      return "failed";
    case VMMIG_JOB_STATE_CANCELLED:
      return "cancelled";
    case VMMIG_JOB_STATE_LOST:
      return "lost";
    }
  return "in a state that this version does not know";
}

/* libvirt has a job long before QEMU copies anything. */
static gboolean
is_copying (const VmmigStats *stats)
{
  if (stats == NULL || !stats->active)
    return FALSE;
  return ((stats->fields & VMMIG_STAT_ITERATION) != 0 && stats->iteration > 0) ||
         ((stats->fields & VMMIG_STAT_MEMORY) != 0 && stats->memory_total > 0) ||
         ((stats->fields & VMMIG_STAT_DISK) != 0 && stats->disk_total > 0);
}

VmmigJobState
vmmig_phase_from_source (VmmigJobState current,
                         VmmigVmState state,
                         VmmigVmReason reason,
                         const VmmigStats *stats)
{
  VmmigJobState next = current;

  /* Before the call is made and after it returned, its own path decides. */
  if (current == VMMIG_JOB_STATE_PENDING || current == VMMIG_JOB_STATE_PREFLIGHT ||
      current == VMMIG_JOB_STATE_FINISHING || vmmig_job_state_is_terminal (current))
    return current;

  if (state == VMMIG_VM_PAUSED && reason == VMMIG_VM_REASON_POST_COPY)
    next = VMMIG_JOB_STATE_POST_COPY;
  else if (state == VMMIG_VM_PAUSED && reason == VMMIG_VM_REASON_POST_COPY_FAILED)
    {
      /* It stays failed while it is being resumed, and once the destination said so as well. */
      if (current != VMMIG_JOB_STATE_POSTCOPY_PAUSED && current != VMMIG_JOB_STATE_RECOVERING)
        next = VMMIG_JOB_STATE_UNATTENDED;
    }
  else if (state == VMMIG_VM_PAUSED && reason == VMMIG_VM_REASON_MIGRATING)
    next = VMMIG_JOB_STATE_SWITCHOVER;
  else if ((state == VMMIG_VM_RUNNING || state == VMMIG_VM_PAUSED) && is_copying (stats))
    next = VMMIG_JOB_STATE_PRE_COPY;

  /* An answer that is older than what is known already shows what may not follow. */
  return vmmig_job_state_may_follow (current, next) ? next : current;
}

/* Far more than the time from QEMU's last word to the end of the call, and from the stop to the
 * event that tells of it. */
#define END_LATENCY 1000 /* ms */

gboolean
vmmig_phase_owner_paused (const VmmigPauseEvidence *evidence)
{
  double fits, stood_still, expected;

  /* In post-copy the source stands still because its VM runs elsewhere. */
  if (evidence->stopped_at == 0 || evidence->post_copy)
    return FALSE;

  /* A switch-over looks for dirty memory once more, and never again. */
  if (evidence->iterations_after_stop >= 2)
    return TRUE;

  if (evidence->remaining_when_stopped == G_MAXUINT64 || evidence->rate == 0)
    return FALSE;
  /* QEMU compares with a rate of its own, measured over a tenth of a second: hence the margin. */
  fits = 4.0 * (double)evidence->rate * (double)evidence->maximum_downtime / 1000.0;
  stood_still = ((double)evidence->ended_at - (double)evidence->stopped_at) / 1000.0;
  expected = (double)(evidence->has_downtime ? evidence->downtime : evidence->maximum_downtime);
  return (double)evidence->remaining_when_stopped > fits &&
         stood_still > 2.0 * expected + END_LATENCY;
}
