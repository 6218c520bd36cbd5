/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "job/vmmig-ownership-private.h"
#include "rounds.h"

namespace
{

constexpr VmmigVmState states[] = {
    VMMIG_VM_ABSENT,   VMMIG_VM_RUNNING, VMMIG_VM_PAUSED, VMMIG_VM_SHUTTING_DOWN,
    VMMIG_VM_SHUT_OFF, VMMIG_VM_CRASHED, VMMIG_VM_OTHER,
};
constexpr VmmigVmReason reasons[] = {
    VMMIG_VM_REASON_OTHER,
    VMMIG_VM_REASON_MIGRATED,
    VMMIG_VM_REASON_MIGRATING,
    VMMIG_VM_REASON_MIGRATION_CANCELED,
    VMMIG_VM_REASON_STARTING_UP,
    VMMIG_VM_REASON_POST_COPY,
    VMMIG_VM_REASON_POST_COPY_FAILED,
    VMMIG_VM_REASON_USER,
    VMMIG_VM_REASON_IO_ERROR,
    VMMIG_VM_REASON_DESTROYED,
    VMMIG_VM_REASON_SHUTDOWN,
};
constexpr VmmigVmJob jobs[] = {
    VMMIG_VM_JOB_NONE,  VMMIG_VM_JOB_MIGRATION_OUT, VMMIG_VM_JOB_MIGRATION_IN,
    VMMIG_VM_JOB_OTHER, VMMIG_VM_JOB_UNKNOWN,
};

constexpr VmmigOwnership verdicts[] = {
    VMMIG_OWNERSHIP_UNKNOWN,        VMMIG_OWNERSHIP_SOURCE,
    VMMIG_OWNERSHIP_SOURCE_CLEANUP, VMMIG_OWNERSHIP_SOURCE_UNCHECKED,
    VMMIG_OWNERSHIP_DESTINATION,    VMMIG_OWNERSHIP_IN_PROGRESS,
    VMMIG_OWNERSHIP_UNATTENDED,     VMMIG_OWNERSHIP_RECOVERABLE,
    VMMIG_OWNERSHIP_LOST,           VMMIG_OWNERSHIP_SPLIT_BRAIN,
    VMMIG_OWNERSHIP_STOPPED,        VMMIG_OWNERSHIP_DESTINATION_CLEANUP,
};

using Side = VmmigOwnershipSide;
using Record = VmmigOwnershipRecord;

Side
side (VmmigVmState state,
      VmmigVmReason reason = VMMIG_VM_REASON_OTHER,
      VmmigVmJob job = VMMIG_VM_JOB_NONE)
{
  return {TRUE, state, reason, job};
}

const Side unreachable = {FALSE, VMMIG_VM_ABSENT, VMMIG_VM_REASON_OTHER, VMMIG_VM_JOB_NONE};

std::string
describe (const Side &s)
{
  if (!s.reachable)
    return "unreachable";
  return std::string (vmmig_vm_facts_describe (s.state, s.reason)) + "[reason " +
         std::to_string (s.reason) + ", job " + std::to_string (s.job) + "]";
}

/* --- the whole product ------------------------------------------------------------------------ */

struct Pair
{
  Side source;
  Side destination;
  Record record;
  VmmigOwnership verdict;
};

std::string
describe (const Pair &p)
{
  return describe (p.source) + " | " + describe (p.destination) +
         (p.record.post_copy_entered ? " +post-copy" : "") +
         (p.record.was_paused ? " +paused" : "") + (p.record.source_released ? " +released" : "") +
         " -> " + std::to_string (p.verdict);
}

std::vector<Side>
list_sides ()
{
  std::vector<Side> sides = {unreachable};

  for (VmmigVmState state : states)
    for (VmmigVmReason reason : reasons)
      for (VmmigVmJob job : jobs)
        sides.push_back ({TRUE, state, reason, job});
  return sides;
}

VmmigOwnership
judge (const Side &source, const Side &destination, const Record &record = {})
{
  return vmmig_ownership_judge (&source, &destination, &record);
}

/* Calls @check for every pair; a broken invariant is shown once, not a hundred thousand times. */
void
for_all (const std::function<bool (const Pair &)> &check)
{
  static const std::vector<Side> sides = list_sides ();
  /* All of them, unless that takes minutes. */
  const std::size_t step = rounds (1, 7);

  for (std::size_t i = 0; i < sides.size (); i += step)
    for (const Side &destination : sides)
      for (int bits = 0; bits < 8; bits++)
        {
          const Side &source = sides[i];
          Record record = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
          Pair pair = {source, destination, record, judge (source, destination, record)};

          ASSERT_TRUE (check (pair)) << describe (pair);
        }
}

bool
executes (const Side &s)
{
  return s.reachable && (s.state == VMMIG_VM_RUNNING || s.state == VMMIG_VM_SHUTTING_DOWN);
}

bool
is_gone (const Side &s)
{
  return s.reachable && (s.state == VMMIG_VM_ABSENT || s.state == VMMIG_VM_SHUT_OFF);
}

bool
is_paused (const Side &s, VmmigVmReason reason)
{
  return s.reachable && s.state == VMMIG_VM_PAUSED && s.reason == reason;
}

bool
is_failed_destination (const Side &s)
{
  return s.reachable && s.reason == VMMIG_VM_REASON_POST_COPY_FAILED &&
         (executes (s) || s.state == VMMIG_VM_PAUSED);
}

bool
says_source (VmmigOwnership v)
{
  return vmmig_ownership_to_location (v) == VMMIG_VM_LOCATION_SOURCE;
}

bool
says_destination (VmmigOwnership v)
{
  return vmmig_ownership_to_location (v) == VMMIG_VM_LOCATION_DESTINATION;
}

TEST (OwnershipInvariant, TheSourceNeverOwnsWhatTheDestinationRuns)
{
  for_all ([] (const Pair &p) { return !executes (p.destination) || !says_source (p.verdict); });
}

TEST (OwnershipInvariant, WhatTheSourceRunsIsNeitherElsewhereNorLostNorStopped)
{
  for_all ([] (const Pair &p) {
    return !executes (p.source) ||
           (!says_destination (p.verdict) && p.verdict != VMMIG_OWNERSHIP_LOST &&
            p.verdict != VMMIG_OWNERSHIP_STOPPED && p.verdict != VMMIG_OWNERSHIP_UNATTENDED &&
            p.verdict != VMMIG_OWNERSHIP_RECOVERABLE);
  });
}

TEST (OwnershipInvariant, SplitBrainIsWhenBothRunAndNoMigrationExplainsIt)
{
  for_all ([] (const Pair &p) {
    bool explained =
        p.source.job == VMMIG_VM_JOB_MIGRATION_OUT || p.source.job == VMMIG_VM_JOB_MIGRATION_IN ||
        p.source.job == VMMIG_VM_JOB_UNKNOWN || p.destination.job == VMMIG_VM_JOB_MIGRATION_OUT;

    return (p.verdict == VMMIG_OWNERSHIP_SPLIT_BRAIN) ==
           (executes (p.source) && executes (p.destination) && !explained);
  });
}

TEST (OwnershipInvariant, WhoOwnsHasAnActiveCopyAndAnswered)
{
  for_all ([] (const Pair &p) {
    if (says_source (p.verdict) && (!p.source.reachable || is_gone (p.source)))
      return false;
    if (says_destination (p.verdict) && (!p.destination.reachable || is_gone (p.destination)))
      return false;
    return true;
  });
}

TEST (OwnershipInvariant, EachKindOfSourceNeedsItsOwnDestination)
{
  for_all ([] (const Pair &p) {
    switch (p.verdict)
      {
      case VMMIG_OWNERSHIP_SOURCE:
        return is_gone (p.destination);
      case VMMIG_OWNERSHIP_SOURCE_CLEANUP:
        return is_paused (p.destination, VMMIG_VM_REASON_MIGRATING) ||
               is_paused (p.destination, VMMIG_VM_REASON_STARTING_UP);
      case VMMIG_OWNERSHIP_SOURCE_UNCHECKED:
        return !p.destination.reachable && !p.record.post_copy_entered &&
               p.source.job != VMMIG_VM_JOB_UNKNOWN;
      default:
        return true;
      }
  });
}

TEST (OwnershipInvariant, TheDestinationOwnsOnlyWhatTheSourceCannotRun)
{
  for_all ([] (const Pair &p) {
    if (p.verdict == VMMIG_OWNERSHIP_DESTINATION)
      return is_gone (p.source) ||
             (!p.source.reachable && (p.record.source_released || p.record.post_copy_entered));
    if (p.verdict == VMMIG_OWNERSHIP_DESTINATION_CLEANUP)
      return is_paused (p.source, VMMIG_VM_REASON_MIGRATING) ||
             is_paused (p.source, VMMIG_VM_REASON_POST_COPY);
    return true;
  });
}

TEST (OwnershipInvariant, LostNeedsPostCopyAndBothNodesWords)
{
  for_all ([] (const Pair &p) {
    bool source_failed = is_paused (p.source, VMMIG_VM_REASON_POST_COPY_FAILED);

    if (p.verdict != VMMIG_OWNERSHIP_LOST)
      return true;
    return (source_failed && is_gone (p.destination)) ||
           (is_gone (p.source) && is_failed_destination (p.destination)) ||
           (is_gone (p.source) && is_gone (p.destination) && p.record.post_copy_entered);
  });
}

TEST (OwnershipInvariant, NothingIsLostThatWasHandedOver)
{
  for_all ([] (const Pair &p) {
    bool handed_over =
        p.record.source_released || (p.source.reachable && p.source.state == VMMIG_VM_SHUT_OFF &&
                                     p.source.reason == VMMIG_VM_REASON_MIGRATED);

    return !handed_over || !is_gone (p.source) || p.verdict != VMMIG_OWNERSHIP_LOST;
  });
}

TEST (OwnershipInvariant, RecoverableIsWhenBothSidesFailedAndOnlyThen)
{
  for_all ([] (const Pair &p) {
    return (p.verdict == VMMIG_OWNERSHIP_RECOVERABLE) ==
           (is_paused (p.source, VMMIG_VM_REASON_POST_COPY_FAILED) &&
            is_failed_destination (p.destination));
  });
}

TEST (OwnershipInvariant, StoppedIsWhenNothingIsActiveButWhatPostCopyLeft)
{
  for_all ([] (const Pair &p) {
    return p.verdict != VMMIG_OWNERSHIP_STOPPED ||
           (is_gone (p.destination) &&
            (is_gone (p.source) || is_paused (p.source, VMMIG_VM_REASON_POST_COPY_FAILED)));
  });
}

TEST (OwnershipInvariant, InProgressIsTheSourcesWord)
{
  for_all ([] (const Pair &p) {
    return p.verdict != VMMIG_OWNERSHIP_IN_PROGRESS ||
           (p.source.reachable && (p.source.job == VMMIG_VM_JOB_MIGRATION_OUT ||
                                   is_paused (p.source, VMMIG_VM_REASON_POST_COPY)));
  });
}

TEST (OwnershipInvariant, WhileTheSourceMigratesNothingIsFinal)
{
  for_all ([] (const Pair &p) {
    bool failed = is_paused (p.source, VMMIG_VM_REASON_POST_COPY_FAILED);

    return !p.source.reachable || is_gone (p.source) || failed ||
           p.source.job != VMMIG_VM_JOB_MIGRATION_OUT || !vmmig_ownership_is_final (p.verdict);
  });
}

TEST (OwnershipInvariant, NobodyAnswersNothingIsKnown)
{
  for_all ([] (const Pair &p) {
    return p.source.reachable || p.destination.reachable || p.verdict == VMMIG_OWNERSHIP_UNKNOWN;
  });
}

TEST (OwnershipInvariant, WithoutTheDestinationOnlyTheSourceCanBeSureOfItself)
{
  const std::set<VmmigOwnership> allowed = {
      VMMIG_OWNERSHIP_UNKNOWN, VMMIG_OWNERSHIP_SOURCE_UNCHECKED, VMMIG_OWNERSHIP_IN_PROGRESS};

  for_all (
      [&] (const Pair &p) { return p.destination.reachable || allowed.count (p.verdict) != 0; });
}

TEST (OwnershipInvariant, WhatAnUnreachableSideSaidMeansNothing)
{
  for_all ([] (const Pair &p) {
    Side source = p.source, destination = p.destination;

    if (!source.reachable)
      source = {FALSE, VMMIG_VM_RUNNING, VMMIG_VM_REASON_MIGRATED, VMMIG_VM_JOB_MIGRATION_OUT};
    if (!destination.reachable)
      destination = {FALSE, VMMIG_VM_RUNNING, VMMIG_VM_REASON_POST_COPY, VMMIG_VM_JOB_NONE};
    return judge (source, destination, p.record) == p.verdict;
  });
}

/* What the owner did to the VM does not change whose it is. */
TEST (OwnershipInvariant, AnOwnersPauseMovesNothing)
{
  for_all ([] (const Pair &p) {
    Record record = p.record;

    record.was_paused = !record.was_paused;
    return judge (p.source, p.destination, record) == p.verdict;
  });
}

TEST (OwnershipInvariant, AnInactiveDefinitionIsNotACopy)
{
  for_all ([] (const Pair &p) {
    Side shut_off = side (VMMIG_VM_SHUT_OFF);

    if (p.source.reachable && p.source.state == VMMIG_VM_ABSENT)
      return judge (shut_off, p.destination, p.record) == p.verdict;
    /* The one exception: next to a source whose hand-over ended unheard, a definition on the
     * destination may be all that is left of a VM that arrived, ran and ended. */
    if (p.destination.reachable && p.destination.state == VMMIG_VM_ABSENT &&
        !is_paused (p.source, VMMIG_VM_REASON_MIGRATING))
      return judge (p.source, shut_off, p.record) == p.verdict;
    return true;
  });
}

/* That post-copy was entered is a reason for care, never for confidence in the source. */
TEST (OwnershipInvariant, PostCopyNeverGivesTheVmBackToASourceThatDoesNotRunIt)
{
  for_all ([] (const Pair &p) {
    return !p.record.post_copy_entered || executes (p.source) || !says_source (p.verdict);
  });
}

/* --- the table, row by row -------------------------------------------------------------------- */

struct Row
{
  const char *name;
  Side source;
  Side destination;
  Record record;
  VmmigOwnership verdict;
};

void
PrintTo (const Row &row, std::ostream *os)
{
  *os << row.name;
}

const Side absent = side (VMMIG_VM_ABSENT);
const Side running = side (VMMIG_VM_RUNNING);
const Side canceled = side (VMMIG_VM_RUNNING, VMMIG_VM_REASON_MIGRATION_CANCELED);
const Side copying = side (VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER, VMMIG_VM_JOB_MIGRATION_OUT);
const Side arrived = side (VMMIG_VM_RUNNING, VMMIG_VM_REASON_MIGRATED);
const Side incoming = side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING, VMMIG_VM_JOB_UNKNOWN);
const Side starting = side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_STARTING_UP, VMMIG_VM_JOB_UNKNOWN);
const Side halted = side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING);
const Side switching =
    side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING, VMMIG_VM_JOB_MIGRATION_OUT);
const Side by_owner = side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_USER);
const Side io_error = side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_IO_ERROR);
const Side crashed = side (VMMIG_VM_CRASHED);
const Side moved = side (VMMIG_VM_SHUT_OFF, VMMIG_VM_REASON_MIGRATED);
const Side powered_off = side (VMMIG_VM_SHUT_OFF, VMMIG_VM_REASON_SHUTDOWN);
const Side destroyed = side (VMMIG_VM_SHUT_OFF, VMMIG_VM_REASON_DESTROYED);
const Side pc_source =
    side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY, VMMIG_VM_JOB_MIGRATION_OUT);
const Side pc_destination =
    side (VMMIG_VM_RUNNING, VMMIG_VM_REASON_POST_COPY, VMMIG_VM_JOB_UNKNOWN);
const Side failed_source =
    side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY_FAILED, VMMIG_VM_JOB_MIGRATION_OUT);
const Side failed_destination =
    side (VMMIG_VM_RUNNING, VMMIG_VM_REASON_POST_COPY_FAILED, VMMIG_VM_JOB_UNKNOWN);

const Record pre = {FALSE, FALSE, FALSE};
const Record post = {TRUE, FALSE, FALSE};
const Record was_paused = {FALSE, TRUE, FALSE};
const Record released = {FALSE, FALSE, TRUE};

const Row rows[] = {
    /* measured failures, in the order of the experiments */
    {"Succeeded", absent, arrived, pre, VMMIG_OWNERSHIP_DESTINATION},
    {"SucceededAndDefinitionKept", moved, arrived, pre, VMMIG_OWNERSHIP_DESTINATION},
    {"SucceededInPostCopy", absent, arrived, post, VMMIG_OWNERSHIP_DESTINATION},
    {"Cancelled", canceled, absent, pre, VMMIG_OWNERSHIP_SOURCE},
    {"DestinationDiedInPreCopy", running, absent, pre, VMMIG_OWNERSHIP_SOURCE},
    {"LinkCutInPreCopy", running, incoming, pre, VMMIG_OWNERSHIP_SOURCE_CLEANUP},
    {"DestinationStoppedInPrepare", running, starting, pre, VMMIG_OWNERSHIP_SOURCE_CLEANUP},
    {"PostCopy", pc_source, pc_destination, post, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"LinkCutInPostCopy", failed_source, pc_destination, post, VMMIG_OWNERSHIP_UNATTENDED},
    {"LinkCutInPostCopySeenByTheDestinationOnly", pc_source, failed_destination, post,
     VMMIG_OWNERSHIP_UNATTENDED},
    {"UnattendedIsDone", failed_source, arrived, post, VMMIG_OWNERSHIP_UNATTENDED},
    {"PostCopyPaused", failed_source, failed_destination, post, VMMIG_OWNERSHIP_RECOVERABLE},
    {"SourcesDaemonRestarted", running, absent, pre, VMMIG_OWNERSHIP_SOURCE},
    {"DestinationDiedInPostCopy", failed_source, absent, post, VMMIG_OWNERSHIP_LOST},
    {"DestinationDestroyedInPostCopy", failed_source, destroyed, post, VMMIG_OWNERSHIP_LOST},
    {"DestinationDiedInPostCopyUnnoticed", pc_source, absent, post, VMMIG_OWNERSHIP_UNKNOWN},
    {"SourceDiedInPostCopy", absent, failed_destination, post, VMMIG_OWNERSHIP_LOST},
    {"SourceDiedInPostCopyUnnoticed", absent, pc_destination, post, VMMIG_OWNERSHIP_UNKNOWN},
    {"BothDiedInPostCopy", absent, absent, post, VMMIG_OWNERSHIP_LOST},
    {"OwnerPausedInTheMiddle", switching, incoming, pre, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"SourceDiedInPreCopy", absent, incoming, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"SourceDiedInPreCopyAndCleanedUp", absent, absent, pre, VMMIG_OWNERSHIP_STOPPED},
    {"PoweredOffInPreCopy", powered_off, absent, pre, VMMIG_OWNERSHIP_STOPPED},
    {"PoweredOffInPostCopy", failed_source, powered_off, post, VMMIG_OWNERSHIP_STOPPED},
    {"PoweredOffAfterPostCopy", moved, powered_off, post, VMMIG_OWNERSHIP_STOPPED},
    {"PoweredOffAfterAnUnfoundedFearOfPostCopy", powered_off, absent, post,
     VMMIG_OWNERSHIP_STOPPED},
    {"SplitBrain", running, arrived, pre, VMMIG_OWNERSHIP_SPLIT_BRAIN},
    {"StaleSourceResumed", running, pc_destination, post, VMMIG_OWNERSHIP_SPLIT_BRAIN},
    /* while it goes on */
    {"Preparing", copying, absent, pre, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"Copying", copying, incoming, pre, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"CopyingAndDestinationSilent", copying, unreachable, pre, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"SwitchingOver", switching, arrived, pre, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"AnOlderAnswerOfTheSource", copying, arrived, pre, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"AnOlderAnswerOfTheSourceBeforePostCopy", copying, pc_destination, pre,
     VMMIG_OWNERSHIP_IN_PROGRESS},
    {"AnOlderAnswerOfTheDestination", moved, incoming, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"PostCopyBegins", pc_source, incoming, post, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"PostCopyEnds", pc_source, arrived, post, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"SourceDoneBeforeTheDestinationHeardOfIt", moved, failed_destination, post,
     VMMIG_OWNERSHIP_UNKNOWN},
    {"PostCopyAndDestinationSilent", pc_source, unreachable, post, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"StatisticsRefused", side (VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER, VMMIG_VM_JOB_UNKNOWN),
     absent, pre, VMMIG_OWNERSHIP_UNKNOWN},
    /* its owner paused it, or an error or a panic stopped it */
    {"PausedOneArrived", absent, by_owner, was_paused, VMMIG_OWNERSHIP_DESTINATION},
    {"PausedOneStayed", by_owner, absent, was_paused, VMMIG_OWNERSHIP_SOURCE},
    {"PausedOneStayedWithARemnant", by_owner, incoming, was_paused, VMMIG_OWNERSHIP_SOURCE_CLEANUP},
    {"PausedOneStayedAndDestinationSilent", by_owner, unreachable, was_paused,
     VMMIG_OWNERSHIP_SOURCE_UNCHECKED},
    {"TwoPausedCopies", by_owner, by_owner, was_paused, VMMIG_OWNERSHIP_UNKNOWN},
    {"RunsHereAndAWholeCopyStandsThere", running, by_owner, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"StandsHereAndRunsThere", by_owner, arrived, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"IoErrorAfterArrival", absent, io_error, pre, VMMIG_OWNERSHIP_DESTINATION},
    {"IoErrorInPostCopy", pc_source, io_error, post, VMMIG_OWNERSHIP_IN_PROGRESS},
    {"IoErrorInPostCopyAndSourceDied", absent,
     side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_IO_ERROR, VMMIG_VM_JOB_UNKNOWN), post,
     VMMIG_OWNERSHIP_UNKNOWN},
    {"IoErrorOnTheSource", io_error, absent, pre, VMMIG_OWNERSHIP_SOURCE},
    {"PanickedOnTheSource", crashed, absent, pre, VMMIG_OWNERSHIP_SOURCE},
    {"PanickedAfterArrival", absent, crashed, pre, VMMIG_OWNERSHIP_DESTINATION},
    {"ShuttingDownAfterArrival", absent, side (VMMIG_VM_SHUTTING_DOWN), pre,
     VMMIG_OWNERSHIP_DESTINATION},
    {"SuspendedToMemoryHere", side (VMMIG_VM_OTHER), absent, pre, VMMIG_OWNERSHIP_SOURCE},
    {"SuspendedToMemoryThere", absent, side (VMMIG_VM_OTHER), pre, VMMIG_OWNERSHIP_DESTINATION},
    {"UnclearThereAndStatisticsRefused", absent,
     side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_OTHER, VMMIG_VM_JOB_UNKNOWN), pre,
     VMMIG_OWNERSHIP_UNKNOWN},
    /* the source's daemon died before it heard how the hand-over ended */
    {"HandedOverUnheard", halted, arrived, pre, VMMIG_OWNERSHIP_DESTINATION_CLEANUP},
    {"HandedOverUnheardAndPausedThere", halted, by_owner, pre, VMMIG_OWNERSHIP_DESTINATION_CLEANUP},
    {"NotHandedOverUnheard", halted, absent, pre, VMMIG_OWNERSHIP_SOURCE},
    {"HandedOverUnheardAndEndedThere", halted, powered_off, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"HaltedBothSides", halted, incoming, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"HaltedAndDestinationSilent", halted, unreachable, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"PostCopyDoneUnheard", side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY), arrived, post,
     VMMIG_OWNERSHIP_DESTINATION_CLEANUP},
    /* a node does not answer */
    {"RunsHereAndDestinationSilent", running, unreachable, pre, VMMIG_OWNERSHIP_SOURCE_UNCHECKED},
    {"RunsHereAfterPostCopyAndDestinationSilent", running, unreachable, post,
     VMMIG_OWNERSHIP_UNKNOWN},
    {"GoneAndDestinationSilent", absent, unreachable, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"MovedAndDestinationSilent", moved, unreachable, released, VMMIG_OWNERSHIP_UNKNOWN},
    {"FailedAndDestinationSilent", failed_source, unreachable, post, VMMIG_OWNERSHIP_UNKNOWN},
    {"ArrivedAndSourceSilent", unreachable, arrived, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"ArrivedAndSourceSilentButReleasedIt", unreachable, arrived, released,
     VMMIG_OWNERSHIP_DESTINATION},
    {"ArrivedByPostCopyAndSourceSilent", unreachable, arrived, post, VMMIG_OWNERSHIP_DESTINATION},
    {"PausedOneArrivedAndSourceSilentButReleasedIt", unreachable, by_owner, released,
     VMMIG_OWNERSHIP_DESTINATION},
    {"PostCopyAndSourceSilent", unreachable, pc_destination, post, VMMIG_OWNERSHIP_UNKNOWN},
    {"AbsentAndSourceSilent", unreachable, absent, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"NobodyAnswers", unreachable, unreachable, released, VMMIG_OWNERSHIP_UNKNOWN},
    /* the nodes were given the wrong way round */
    {"SwappedPostCopy", pc_destination,
     side (VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY, VMMIG_VM_JOB_MIGRATION_OUT), pre,
     VMMIG_OWNERSHIP_UNKNOWN},
    {"SwappedAndAnOlderAnswer", arrived, copying, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"IncomingHereAndSaidToGoOut",
     side (VMMIG_VM_RUNNING, VMMIG_VM_REASON_POST_COPY, VMMIG_VM_JOB_MIGRATION_OUT), absent, pre,
     VMMIG_OWNERSHIP_UNKNOWN},
    {"UnclearHereWithARemnant", side (VMMIG_VM_OTHER), incoming, pre, VMMIG_OWNERSHIP_UNKNOWN},
    {"MovedOnAfterArrival", moved, copying, pre, VMMIG_OWNERSHIP_DESTINATION},
};

class Table : public testing::TestWithParam<Row>
{
};

TEST_P (Table, RowHolds)
{
  const Row &row = GetParam ();

  EXPECT_EQ (judge (row.source, row.destination, row.record), row.verdict)
      << describe (row.source) << " | " << describe (row.destination);
}

INSTANTIATE_TEST_SUITE_P (Ownership, Table, testing::ValuesIn (rows), [] (const auto &row) {
  return row.param.name;
});

/* --- what follows from a verdict -------------------------------------------------------------- */

TEST (OwnershipVerdict, WhatIsStillOpenIsNotFinal)
{
  for (VmmigOwnership verdict :
       {VMMIG_OWNERSHIP_UNKNOWN, VMMIG_OWNERSHIP_SOURCE_CLEANUP, VMMIG_OWNERSHIP_IN_PROGRESS,
        VMMIG_OWNERSHIP_UNATTENDED, VMMIG_OWNERSHIP_RECOVERABLE})
    EXPECT_FALSE (vmmig_ownership_is_final (verdict)) << verdict;
}

TEST (OwnershipVerdict, AFinalOneTellsWhereTheVmIs)
{
  for (VmmigOwnership verdict : verdicts)
    if (vmmig_ownership_is_final (verdict))
      {
        EXPECT_NE (vmmig_ownership_to_location (verdict), VMMIG_VM_LOCATION_UNKNOWN) << verdict;
        EXPECT_NE (vmmig_ownership_to_location (verdict), VMMIG_VM_LOCATION_BETWEEN) << verdict;
      }
}

TEST (OwnershipVerdict, AdviceIsGivenExceptWhereNothingIsToBeDone)
{
  const std::set<VmmigOwnership> nothing = {VMMIG_OWNERSHIP_SOURCE, VMMIG_OWNERSHIP_DESTINATION,
                                            VMMIG_OWNERSHIP_IN_PROGRESS};

  for (VmmigOwnership verdict : verdicts)
    {
      const char *advice = vmmig_ownership_get_advice (verdict);

      EXPECT_EQ (advice == nullptr, nothing.count (verdict) != 0) << verdict;
      if (advice != nullptr)
        {
          EXPECT_NE (std::string (advice).back (), '.');
        }
    }
}

TEST (OwnershipVerdict, AMigrationUnderWayIsOnItsSourceUntilPostCopy)
{
  auto locate = [] (const Side &source, const Side &destination, const Record &record) {
    return vmmig_ownership_locate (judge (source, destination, record), &source, &destination,
                                   &record);
  };

  EXPECT_EQ (locate (copying, incoming, pre), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (locate (copying, unreachable, pre), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (locate (switching, incoming, pre), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (locate (switching, arrived, pre), VMMIG_VM_LOCATION_DESTINATION);
  EXPECT_EQ (locate (pc_source, pc_destination, pre), VMMIG_VM_LOCATION_BETWEEN);
  EXPECT_EQ (locate (copying, pc_destination, pre), VMMIG_VM_LOCATION_BETWEEN);
  EXPECT_EQ (locate (pc_source, unreachable, pre), VMMIG_VM_LOCATION_BETWEEN);
  EXPECT_EQ (locate (canceled, absent, pre), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (locate (running, arrived, pre), VMMIG_VM_LOCATION_BOTH);
  EXPECT_EQ (locate (absent, absent, post), VMMIG_VM_LOCATION_NOWHERE);
}

TEST (OwnershipVerdict, TheLocationNeverNamesTheSourceWhileTheDestinationRuns)
{
  for_all ([] (const Pair &p) {
    return !executes (p.destination) ||
           vmmig_ownership_locate (p.verdict, &p.source, &p.destination, &p.record) !=
               VMMIG_VM_LOCATION_SOURCE;
  });
}

} // namespace
