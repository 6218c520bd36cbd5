/* Who owns the VM: one table, by what both nodes say
 *
 * The rows come from measured failures. Where two histories lead to the same pair of states, the
 * verdict is the one that touches nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-ownership-private.h"

/* What one side has. An inactive definition is not a copy. */
typedef enum
{
  GONE, /* absent or shut off */
  RUNS, /* executes, with all its memory */
  STANDS, /* all there, not executing: its owner, an I/O error or a panic stopped it */
  UNSURE, /* active in a state that proves nothing */
  HALTED, /* stopped by a migration: out of the source, or into the destination */
  POST_COPY, /* its role in post-copy */
  POST_COPY_FAILED, /* the same, after this side lost the other */
  FOREIGN, /* the other role in some post-copy: not the migration that was asked about */
} Holding;

static gboolean
executes (const VmmigOwnershipSide *side)
{
  return side->state == VMMIG_VM_RUNNING || side->state == VMMIG_VM_SHUTTING_DOWN;
}

static gboolean
is_powered_off (const VmmigOwnershipSide *side)
{
  return side->state == VMMIG_VM_SHUT_OFF && side->reason == VMMIG_VM_REASON_SHUTDOWN;
}

static Holding
classify_paused (VmmigVmReason reason, gboolean is_source)
{
  switch (reason)
    {
    case VMMIG_VM_REASON_USER:
    case VMMIG_VM_REASON_IO_ERROR:
      return STANDS;
    case VMMIG_VM_REASON_MIGRATING:
      return HALTED;
    case VMMIG_VM_REASON_STARTING_UP:
      return is_source ? UNSURE : HALTED;
    case VMMIG_VM_REASON_POST_COPY:
      return is_source ? POST_COPY : FOREIGN;
    case VMMIG_VM_REASON_POST_COPY_FAILED:
      return POST_COPY_FAILED;
    default:
      return UNSURE;
    }
}

static Holding
classify_running (VmmigVmReason reason, gboolean is_source)
{
  switch (reason)
    {
    case VMMIG_VM_REASON_POST_COPY:
      return is_source ? FOREIGN : POST_COPY;
    case VMMIG_VM_REASON_POST_COPY_FAILED:
      return is_source ? FOREIGN : POST_COPY_FAILED;
    default:
      return RUNS;
    }
}

static Holding
classify (const VmmigOwnershipSide *side, gboolean is_source)
{
  switch (side->state)
    {
    case VMMIG_VM_ABSENT:
    case VMMIG_VM_SHUT_OFF:
      return GONE;
    case VMMIG_VM_RUNNING:
    case VMMIG_VM_SHUTTING_DOWN:
      return classify_running (side->reason, is_source);
    case VMMIG_VM_PAUSED:
      return classify_paused (side->reason, is_source);
    case VMMIG_VM_CRASHED: /* a panic whose VM was kept for inspection: active, not executing */
      return STANDS;
    case VMMIG_VM_OTHER:
      break;
    }
  return UNSURE;
}

/* The VM's own incoming migration is over there: statistics are refused while it lasts. */
static gboolean
has_arrived (const VmmigOwnershipSide *destination, Holding holding)
{
  return holding == RUNS ||
         ((holding == STANDS || holding == UNSURE) && destination->job == VMMIG_VM_JOB_NONE);
}

/* Both execute. A migration that one of them still has explains it: its answer is the older one. */
static VmmigOwnership
judge_two_running (const VmmigOwnershipSide *source, const VmmigOwnershipSide *destination)
{
  if (source->job == VMMIG_VM_JOB_MIGRATION_OUT)
    return VMMIG_OWNERSHIP_IN_PROGRESS;
  if (source->job == VMMIG_VM_JOB_MIGRATION_IN || source->job == VMMIG_VM_JOB_UNKNOWN ||
      destination->job == VMMIG_VM_JOB_MIGRATION_OUT)
    return VMMIG_OWNERSHIP_UNKNOWN;
  return VMMIG_OWNERSHIP_SPLIT_BRAIN;
}

/* That the destination runs does not prove that the source stopped: libvirt resumes the source when
 * it loses the destination during the hand-over. Only a source that gave the VM away, or that
 * post-copy left without memory of its own, cannot. */
static VmmigOwnership
judge_without_source (const VmmigOwnershipSide *destination, const VmmigOwnershipRecord *record)
{
  Holding there = classify (destination, FALSE);

  if (record->source_released && has_arrived (destination, there))
    return VMMIG_OWNERSHIP_DESTINATION;
  if (record->post_copy_entered && there == RUNS && destination->reason == VMMIG_VM_REASON_MIGRATED)
    return VMMIG_OWNERSHIP_DESTINATION;
  return VMMIG_OWNERSHIP_UNKNOWN;
}

/* In pre-copy the source alone knows: a VM that it has, and no longer migrates, is its own. */
static VmmigOwnership
judge_without_destination (const VmmigOwnershipSide *source, const VmmigOwnershipRecord *record)
{
  Holding here = classify (source, TRUE);

  if (record->post_copy_entered || record->source_released)
    return VMMIG_OWNERSHIP_UNKNOWN;
  if (here != RUNS && here != STANDS)
    return VMMIG_OWNERSHIP_UNKNOWN;
  if (source->job != VMMIG_VM_JOB_NONE && source->job != VMMIG_VM_JOB_OTHER)
    return VMMIG_OWNERSHIP_UNKNOWN;
  return VMMIG_OWNERSHIP_SOURCE_UNCHECKED;
}

/* The source has nothing. */
static VmmigOwnership
judge_gone (const VmmigOwnershipSide *source,
            const VmmigOwnershipSide *destination,
            const VmmigOwnershipRecord *record)
{
  Holding there = classify (destination, FALSE);
  gboolean handed_over = record->source_released || (source->state == VMMIG_VM_SHUT_OFF &&
                                                     source->reason == VMMIG_VM_REASON_MIGRATED);
  /* A guest ends itself where it executes, and then nothing was lost. */
  gboolean powered_off = is_powered_off (source) || is_powered_off (destination);

  switch (there)
    {
    case GONE:
      return record->post_copy_entered && !handed_over && !powered_off ? VMMIG_OWNERSHIP_LOST
                                                                       : VMMIG_OWNERSHIP_STOPPED;
    case RUNS:
      return VMMIG_OWNERSHIP_DESTINATION;
    case STANDS:
      /* Stopped by an error in the midst of post-copy, it is not all there. */
      return !record->post_copy_entered || handed_over || destination->job == VMMIG_VM_JOB_NONE
                 ? VMMIG_OWNERSHIP_DESTINATION
                 : VMMIG_OWNERSHIP_UNKNOWN;
    case UNSURE:
      return has_arrived (destination, there) ? VMMIG_OWNERSHIP_DESTINATION
                                              : VMMIG_OWNERSHIP_UNKNOWN;
    case POST_COPY_FAILED:
      /* A source that finished is gone for a good reason; then the destination is about to tell. */
      return handed_over ? VMMIG_OWNERSHIP_UNKNOWN : VMMIG_OWNERSHIP_LOST;
    case HALTED: /* about to be removed, or asked before the end that the source told of */
    case POST_COPY: /* about to finish, or about to notice that its source died */
    case FOREIGN:
      break;
    }
  return VMMIG_OWNERSHIP_UNKNOWN;
}

/* The source runs and migrates nothing; the destination does not run. libvirt never resumes a
 * source that post-copy left, so this holds whatever the record believes. */
static VmmigOwnership
judge_running (const VmmigOwnershipSide *destination)
{
  switch (classify (destination, FALSE))
    {
    case GONE:
      return VMMIG_OWNERSHIP_SOURCE;
    case HALTED:
      return VMMIG_OWNERSHIP_SOURCE_CLEANUP;
    default: /* a second copy that may be whole: not a remnant to be removed */
      return VMMIG_OWNERSHIP_UNKNOWN;
    }
}

/* The source has a VM that its owner, its guest or an error stopped, and migrates nothing. */
static VmmigOwnership
judge_standing (Holding here,
                const VmmigOwnershipSide *destination,
                const VmmigOwnershipRecord *record)
{
  if (record->post_copy_entered) /* then it may be what post-copy left */
    return VMMIG_OWNERSHIP_UNKNOWN;

  switch (classify (destination, FALSE))
    {
    case GONE:
      return VMMIG_OWNERSHIP_SOURCE;
    case HALTED:
      return here == STANDS ? VMMIG_OWNERSHIP_SOURCE_CLEANUP : VMMIG_OWNERSHIP_UNKNOWN;
    default:
      return VMMIG_OWNERSHIP_UNKNOWN;
    }
}

/* The source stopped its VM for a migration that is over: its daemon died before it heard how the
 * hand-over ended, and leaves it to a third party to look. */
static VmmigOwnership
judge_halted (const VmmigOwnershipSide *destination, const VmmigOwnershipRecord *record)
{
  Holding there = classify (destination, FALSE);

  if (there == RUNS || (there == STANDS && destination->job == VMMIG_VM_JOB_NONE))
    return VMMIG_OWNERSHIP_DESTINATION_CLEANUP;
  /* A definition there may be all that is left of a VM that arrived, ran and ended. */
  if (destination->state == VMMIG_VM_ABSENT && !record->post_copy_entered &&
      !record->source_released)
    return VMMIG_OWNERSHIP_SOURCE;
  return VMMIG_OWNERSHIP_UNKNOWN;
}

/* The source is in post-copy and did not notice that anything failed. */
static VmmigOwnership
judge_post_copy (const VmmigOwnershipSide *source, const VmmigOwnershipSide *destination)
{
  Holding there = classify (destination, FALSE);

  if (there == POST_COPY)
    return VMMIG_OWNERSHIP_IN_PROGRESS;
  if (there == POST_COPY_FAILED)
    return VMMIG_OWNERSHIP_UNATTENDED;
  if (there == RUNS && source->job != VMMIG_VM_JOB_MIGRATION_OUT &&
      source->job != VMMIG_VM_JOB_UNKNOWN && destination->reason == VMMIG_VM_REASON_MIGRATED)
    return VMMIG_OWNERSHIP_DESTINATION_CLEANUP;
  /* On its way in, about to be told complete, or stopped by an I/O error while pages arrive. */
  if (source->job == VMMIG_VM_JOB_MIGRATION_OUT &&
      (there == HALTED || there == RUNS || there == STANDS))
    return VMMIG_OWNERSHIP_IN_PROGRESS;
  /* Gone: the source will notice, and then it is lost. */
  return VMMIG_OWNERSHIP_UNKNOWN;
}

static VmmigOwnership
judge_post_copy_failed (const VmmigOwnershipSide *destination)
{
  switch (classify (destination, FALSE))
    {
    case POST_COPY:
    case RUNS: /* completed by itself; the source's daemon removes its half when it hears of it */
      return VMMIG_OWNERSHIP_UNATTENDED;
    case POST_COPY_FAILED:
      return VMMIG_OWNERSHIP_RECOVERABLE;
    case GONE:
      /* Its last life on that node was this one: the guest ended it, or it even moved on. */
      if (is_powered_off (destination))
        return VMMIG_OWNERSHIP_STOPPED;
      if (destination->state == VMMIG_VM_SHUT_OFF &&
          destination->reason == VMMIG_VM_REASON_MIGRATED)
        return VMMIG_OWNERSHIP_UNKNOWN;
      return VMMIG_OWNERSHIP_LOST;
    default:
      return VMMIG_OWNERSHIP_UNKNOWN;
    }
}

VmmigOwnership
vmmig_ownership_judge (const VmmigOwnershipSide *source,
                       const VmmigOwnershipSide *destination,
                       const VmmigOwnershipRecord *record)
{
  Holding here;

  if (!source->reachable)
    return destination->reachable ? judge_without_source (destination, record)
                                  : VMMIG_OWNERSHIP_UNKNOWN;
  if (destination->reachable && executes (source) && executes (destination))
    return judge_two_running (source, destination);

  here = classify (source, TRUE);
  if (here == POST_COPY && destination->reachable)
    return judge_post_copy (source, destination);
  /* While the source's daemon migrates, its word counts, whatever the destination says or does not
   * say. */
  if (source->job == VMMIG_VM_JOB_MIGRATION_OUT && here != GONE && here != POST_COPY_FAILED &&
      here != FOREIGN)
    return VMMIG_OWNERSHIP_IN_PROGRESS;
  if (!destination->reachable)
    return judge_without_destination (source, record);

  if (here == GONE)
    return judge_gone (source, destination, record);
  if (here == POST_COPY_FAILED)
    return judge_post_copy_failed (destination);
  /* An incoming source is not this migration's, and without its job it may migrate or not. */
  if (source->job == VMMIG_VM_JOB_MIGRATION_IN || source->job == VMMIG_VM_JOB_UNKNOWN)
    return VMMIG_OWNERSHIP_UNKNOWN;

  switch (here)
    {
    case RUNS:
      return judge_running (destination);
    case STANDS:
    case UNSURE:
      return judge_standing (here, destination, record);
    case HALTED:
      return judge_halted (destination, record);
    default:
      return VMMIG_OWNERSHIP_UNKNOWN;
    }
}

VmmigVmLocation
vmmig_ownership_to_location (VmmigOwnership ownership)
{
  switch (ownership)
    {
    case VMMIG_OWNERSHIP_SOURCE:
    case VMMIG_OWNERSHIP_SOURCE_CLEANUP:
    case VMMIG_OWNERSHIP_SOURCE_UNCHECKED:
      return VMMIG_VM_LOCATION_SOURCE;
    case VMMIG_OWNERSHIP_DESTINATION:
    case VMMIG_OWNERSHIP_DESTINATION_CLEANUP:
      return VMMIG_VM_LOCATION_DESTINATION;
    case VMMIG_OWNERSHIP_UNATTENDED:
    case VMMIG_OWNERSHIP_RECOVERABLE:
      return VMMIG_VM_LOCATION_BETWEEN;
    case VMMIG_OWNERSHIP_LOST:
    case VMMIG_OWNERSHIP_STOPPED:
      return VMMIG_VM_LOCATION_NOWHERE;
    case VMMIG_OWNERSHIP_SPLIT_BRAIN:
      return VMMIG_VM_LOCATION_BOTH;
    case VMMIG_OWNERSHIP_UNKNOWN:
    case VMMIG_OWNERSHIP_IN_PROGRESS:
      break;
    }
  return VMMIG_VM_LOCATION_UNKNOWN;
}

/* A migration under way: whether post-copy began is told by the record or by either side. */
VmmigVmLocation
vmmig_ownership_locate (VmmigOwnership ownership,
                        const VmmigOwnershipSide *source,
                        const VmmigOwnershipSide *destination,
                        const VmmigOwnershipRecord *record)
{
  if (ownership != VMMIG_OWNERSHIP_IN_PROGRESS)
    return vmmig_ownership_to_location (ownership);

  if (record->post_copy_entered || (source->reachable && classify (source, TRUE) == POST_COPY))
    return VMMIG_VM_LOCATION_BETWEEN;
  if (destination->reachable)
    {
      Holding there = classify (destination, FALSE);

      if (there == POST_COPY || there == POST_COPY_FAILED)
        return VMMIG_VM_LOCATION_BETWEEN;
      /* The source's answer is older, and the destination's says that this is all but over. */
      if (executes (destination))
        return VMMIG_VM_LOCATION_DESTINATION;
    }
  return VMMIG_VM_LOCATION_SOURCE;
}

gboolean
vmmig_ownership_is_final (VmmigOwnership ownership)
{
  switch (ownership)
    {
    case VMMIG_OWNERSHIP_SOURCE:
    case VMMIG_OWNERSHIP_SOURCE_UNCHECKED:
    case VMMIG_OWNERSHIP_DESTINATION:
    case VMMIG_OWNERSHIP_DESTINATION_CLEANUP:
    case VMMIG_OWNERSHIP_LOST:
    case VMMIG_OWNERSHIP_SPLIT_BRAIN:
    case VMMIG_OWNERSHIP_STOPPED:
      return TRUE;
    case VMMIG_OWNERSHIP_UNKNOWN:
    case VMMIG_OWNERSHIP_SOURCE_CLEANUP:
    case VMMIG_OWNERSHIP_IN_PROGRESS:
    case VMMIG_OWNERSHIP_UNATTENDED:
    case VMMIG_OWNERSHIP_RECOVERABLE:
      break;
    }
  return FALSE;
}

const char *
vmmig_ownership_get_advice (VmmigOwnership ownership)
{
  switch (ownership)
    {
    case VMMIG_OWNERSHIP_UNKNOWN:
      return "Wait until both nodes answer; do not start, resume or destroy the VM on either";
    case VMMIG_OWNERSHIP_SOURCE_CLEANUP:
      return "The destination still has an incoming copy that never ran; its daemon removes it, or "
             "destroy it there once the source runs the VM";
    case VMMIG_OWNERSHIP_SOURCE_UNCHECKED:
      return "Look at the destination when it answers again: it may have an incoming copy that "
             "never "
             "ran";
    case VMMIG_OWNERSHIP_UNATTENDED:
      return "Wait: the hypervisors finish by themselves; destroy nothing on either node";
    case VMMIG_OWNERSHIP_RECOVERABLE:
      return "Restore the network between the nodes and resume the post-copy; destroy nothing on "
             "either node";
    case VMMIG_OWNERSHIP_LOST:
      return "No complete copy is left; what remains is out of date: do not resume it, restore the "
             "VM from its disks or a backup";
    case VMMIG_OWNERSHIP_SPLIT_BRAIN:
      return "Two copies run: stop one now, before they write to the same disks, and check the "
             "disks";
    case VMMIG_OWNERSHIP_DESTINATION_CLEANUP:
      return "The VM is on the destination; destroy the paused copy on the source and never resume "
             "it";
    case VMMIG_OWNERSHIP_STOPPED:
      return "The VM runs on neither node; start it again if it should run";
    case VMMIG_OWNERSHIP_SOURCE:
    case VMMIG_OWNERSHIP_DESTINATION:
    case VMMIG_OWNERSHIP_IN_PROGRESS:
      break;
    }
  return NULL;
}
