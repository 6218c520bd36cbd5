/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "job/vmmig-phase-private.h"

namespace
{

constexpr VmmigJobState states[] = {
    VMMIG_JOB_STATE_PENDING,    VMMIG_JOB_STATE_PREFLIGHT,       VMMIG_JOB_STATE_PREPARING,
    VMMIG_JOB_STATE_PRE_COPY,   VMMIG_JOB_STATE_SWITCHOVER,      VMMIG_JOB_STATE_POST_COPY,
    VMMIG_JOB_STATE_RECOVERING, VMMIG_JOB_STATE_POSTCOPY_PAUSED, VMMIG_JOB_STATE_UNATTENDED,
    VMMIG_JOB_STATE_UNKNOWN,    VMMIG_JOB_STATE_FINISHING,       VMMIG_JOB_STATE_SUCCEEDED,
    VMMIG_JOB_STATE_FAILED,     VMMIG_JOB_STATE_CANCELLED,       VMMIG_JOB_STATE_LOST,
};
const std::set<VmmigJobState> terminal = {
    VMMIG_JOB_STATE_SUCCEEDED,
    VMMIG_JOB_STATE_FAILED,
    VMMIG_JOB_STATE_CANCELLED,
    VMMIG_JOB_STATE_LOST,
};

/* --- which state follows which --- */

bool
may (VmmigJobState from, VmmigJobState to)
{
  return vmmig_job_state_may_follow (from, to);
}

TEST (JobStates, TheWholeLifeOfAMigrationIsPossible)
{
  const VmmigJobState life[] = {
      VMMIG_JOB_STATE_PENDING,    VMMIG_JOB_STATE_PREFLIGHT,       VMMIG_JOB_STATE_PREPARING,
      VMMIG_JOB_STATE_PRE_COPY,   VMMIG_JOB_STATE_SWITCHOVER,      VMMIG_JOB_STATE_POST_COPY,
      VMMIG_JOB_STATE_UNATTENDED, VMMIG_JOB_STATE_POSTCOPY_PAUSED, VMMIG_JOB_STATE_RECOVERING,
      VMMIG_JOB_STATE_POST_COPY,  VMMIG_JOB_STATE_FINISHING,       VMMIG_JOB_STATE_SUCCEEDED,
  };

  for (size_t i = 1; i < G_N_ELEMENTS (life); i++)
    EXPECT_TRUE (may (life[i - 1], life[i])) << life[i - 1] << " to " << life[i];
}

TEST (JobStates, TerminalOnesAreTheEnd)
{
  for (VmmigJobState state : states)
    {
      EXPECT_EQ (vmmig_job_state_is_terminal (state), terminal.count (state) != 0) << state;
      for (VmmigJobState to : states)
        EXPECT_FALSE (terminal.count (state) != 0 && may (state, to)) << state << " to " << to;
    }
}

TEST (JobStates, NothingFollowsItselfOrGoesBackToTheStart)
{
  for (VmmigJobState state : states)
    {
      EXPECT_FALSE (may (state, state)) << state;
      EXPECT_FALSE (may (state, VMMIG_JOB_STATE_PENDING)) << state;
      EXPECT_EQ (may (state, VMMIG_JOB_STATE_PREFLIGHT), state == VMMIG_JOB_STATE_PENDING) << state;
    }
}

TEST (JobStates, PostCopyNeverBecomesPreCopy)
{
  for (VmmigJobState from : {VMMIG_JOB_STATE_POST_COPY, VMMIG_JOB_STATE_POSTCOPY_PAUSED,
                             VMMIG_JOB_STATE_RECOVERING, VMMIG_JOB_STATE_UNATTENDED})
    for (VmmigJobState to :
         {VMMIG_JOB_STATE_PREPARING, VMMIG_JOB_STATE_PRE_COPY, VMMIG_JOB_STATE_SWITCHOVER})
      EXPECT_FALSE (may (from, to)) << from << " to " << to;
}

TEST (JobStates, WhatWasCopiedEndsOnlyAfterBothNodesWereAsked)
{
  for (VmmigJobState from :
       {VMMIG_JOB_STATE_PRE_COPY, VMMIG_JOB_STATE_SWITCHOVER, VMMIG_JOB_STATE_POST_COPY,
        VMMIG_JOB_STATE_POSTCOPY_PAUSED, VMMIG_JOB_STATE_RECOVERING})
    {
      EXPECT_TRUE (may (from, VMMIG_JOB_STATE_FINISHING)) << from;
      EXPECT_TRUE (may (from, VMMIG_JOB_STATE_UNKNOWN)) << from;
      for (VmmigJobState to : terminal)
        EXPECT_FALSE (may (from, to)) << from << " to " << to;
    }
}

TEST (JobStates, EveryStateCanStillReachAnEndAndCanBeReached)
{
  for (VmmigJobState state : states)
    {
      std::set<VmmigJobState> reached = {state};
      bool ends = false, entered = state == VMMIG_JOB_STATE_PENDING;

      for (size_t round = 0; round < G_N_ELEMENTS (states); round++)
        for (VmmigJobState from : states)
          for (VmmigJobState to : states)
            if (reached.count (from) != 0 && may (from, to))
              reached.insert (to);
      for (VmmigJobState from : states)
        entered = entered || may (from, state);
      for (VmmigJobState end : terminal)
        ends = ends || reached.count (end) != 0;
      EXPECT_TRUE (ends) << state;
      EXPECT_TRUE (entered) << state;
    }
}

TEST (JobStates, EachHasItsOwnWords)
{
  std::set<std::string> words;

  for (VmmigJobState state : states)
    words.insert (vmmig_job_state_describe (state));
  EXPECT_EQ (words.size (), G_N_ELEMENTS (states));
}

TEST (JobStates, NumbersThatAreNoStatesAreHarmless)
{
  for (int number : {-1, 15, 31, 32, G_MAXINT, G_MININT})
    {
      auto state = static_cast<VmmigJobState> (number);

      EXPECT_FALSE (vmmig_job_state_is_terminal (state));
      EXPECT_FALSE (may (state, VMMIG_JOB_STATE_FAILED));
      EXPECT_FALSE (may (VMMIG_JOB_STATE_FINISHING, state));
      EXPECT_NE (vmmig_job_state_describe (state), nullptr);
    }
}

/* --- what the source shows --- */

VmmigStats
copying ()
{
  VmmigStats stats = {};

  stats.active = TRUE;
  stats.fields = VMMIG_STAT_MEMORY;
  stats.memory_total = 1000;
  return stats;
}

VmmigJobState
see (VmmigJobState current,
     VmmigVmState state,
     VmmigVmReason reason = VMMIG_VM_REASON_OTHER,
     const VmmigStats *stats = nullptr)
{
  return vmmig_phase_from_source (current, state, reason, stats);
}

TEST (Phase, PreCopyBeginsWithTheFirstFigures)
{
  VmmigStats stats = copying ();
  VmmigStats none = {};
  VmmigStats zero = copying ();
  VmmigStats disks = {};

  none.active = TRUE;
  zero.memory_total = 0;
  disks.active = TRUE;
  disks.fields = VMMIG_STAT_DISK;
  disks.disk_total = 1;
  for (VmmigVmState state : {VMMIG_VM_RUNNING, VMMIG_VM_PAUSED})
    {
      auto reason = state == VMMIG_VM_PAUSED ? VMMIG_VM_REASON_USER : VMMIG_VM_REASON_OTHER;

      EXPECT_EQ (see (VMMIG_JOB_STATE_PREPARING, state, reason), VMMIG_JOB_STATE_PREPARING);
      EXPECT_EQ (see (VMMIG_JOB_STATE_PREPARING, state, reason, &none), VMMIG_JOB_STATE_PREPARING);
      EXPECT_EQ (see (VMMIG_JOB_STATE_PREPARING, state, reason, &zero), VMMIG_JOB_STATE_PREPARING);
      EXPECT_EQ (see (VMMIG_JOB_STATE_PREPARING, state, reason, &stats), VMMIG_JOB_STATE_PRE_COPY);
      EXPECT_EQ (see (VMMIG_JOB_STATE_PREPARING, state, reason, &disks), VMMIG_JOB_STATE_PRE_COPY);
    }
  stats.active = FALSE;
  EXPECT_EQ (see (VMMIG_JOB_STATE_PREPARING, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER, &stats),
             VMMIG_JOB_STATE_PREPARING);
}

TEST (Phase, SwitchoverAndPostCopyAreTheStoppedSource)
{
  EXPECT_EQ (see (VMMIG_JOB_STATE_PRE_COPY, VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING),
             VMMIG_JOB_STATE_SWITCHOVER);
  EXPECT_EQ (see (VMMIG_JOB_STATE_PREPARING, VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING),
             VMMIG_JOB_STATE_SWITCHOVER);
  EXPECT_EQ (see (VMMIG_JOB_STATE_SWITCHOVER, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY),
             VMMIG_JOB_STATE_POST_COPY);
  EXPECT_EQ (see (VMMIG_JOB_STATE_RECOVERING, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY),
             VMMIG_JOB_STATE_POST_COPY);
}

TEST (Phase, AnAnswerThatComesLateDoesNotTurnTheClockBack)
{
  VmmigStats stats = copying ();

  EXPECT_EQ (see (VMMIG_JOB_STATE_SWITCHOVER, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER, &stats),
             VMMIG_JOB_STATE_SWITCHOVER);
  EXPECT_EQ (see (VMMIG_JOB_STATE_POST_COPY, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER, &stats),
             VMMIG_JOB_STATE_POST_COPY);
  EXPECT_EQ (see (VMMIG_JOB_STATE_POST_COPY, VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING),
             VMMIG_JOB_STATE_POST_COPY);
}

TEST (Phase, AFailedPostCopyIsLeftAloneUntilTheDestinationSaidSo)
{
  auto failed = VMMIG_VM_REASON_POST_COPY_FAILED;

  EXPECT_EQ (see (VMMIG_JOB_STATE_POST_COPY, VMMIG_VM_PAUSED, failed), VMMIG_JOB_STATE_UNATTENDED);
  EXPECT_EQ (see (VMMIG_JOB_STATE_POSTCOPY_PAUSED, VMMIG_VM_PAUSED, failed),
             VMMIG_JOB_STATE_POSTCOPY_PAUSED);
  EXPECT_EQ (see (VMMIG_JOB_STATE_RECOVERING, VMMIG_VM_PAUSED, failed), VMMIG_JOB_STATE_RECOVERING);
}

TEST (Phase, OutOfUnknownItIsWhateverTheSourceShows)
{
  VmmigStats stats = copying ();

  EXPECT_EQ (see (VMMIG_JOB_STATE_UNKNOWN, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER, &stats),
             VMMIG_JOB_STATE_PRE_COPY);
  EXPECT_EQ (see (VMMIG_JOB_STATE_UNKNOWN, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY),
             VMMIG_JOB_STATE_POST_COPY);
  EXPECT_EQ (see (VMMIG_JOB_STATE_UNKNOWN, VMMIG_VM_ABSENT), VMMIG_JOB_STATE_UNKNOWN);
}

TEST (Phase, WhateverTheSourceShowsOnlyWhatMayFollowFollows)
{
  VmmigStats stats = copying ();

  for (VmmigJobState current : states)
    for (int state = 0; state <= VMMIG_VM_OTHER; state++)
      for (int reason = 0; reason <= VMMIG_VM_REASON_SHUTDOWN; reason++)
        for (const VmmigStats *s :
             {static_cast<const VmmigStats *> (nullptr), static_cast<const VmmigStats *> (&stats)})
          {
            VmmigJobState next = see (current, static_cast<VmmigVmState> (state),
                                      static_cast<VmmigVmReason> (reason), s);

            ASSERT_TRUE (next == current || may (current, next)) << current << " to " << next;
            ASSERT_EQ (terminal.count (next) != 0, terminal.count (current) != 0);
          }
}

TEST (Phase, BeforeTheCallAndAfterItTheSourceDecidesNothing)
{
  VmmigStats stats = copying ();

  for (VmmigJobState current :
       {VMMIG_JOB_STATE_PENDING, VMMIG_JOB_STATE_PREFLIGHT, VMMIG_JOB_STATE_FINISHING})
    {
      EXPECT_EQ (see (current, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER, &stats), current);
      EXPECT_EQ (see (current, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY, &stats), current);
    }
}

/* --- did its owner pause it? --- */

constexpr guint64 MIB = 1048576;

/* A switch-over as it should be: 20 MiB left at 100 MiB/s with 300 ms allowed. */
VmmigPauseEvidence
switchover ()
{
  VmmigPauseEvidence evidence = {};

  evidence.stopped_at = 10 * G_USEC_PER_SEC;
  evidence.ended_at = evidence.stopped_at + G_USEC_PER_SEC / 2;
  evidence.remaining_when_stopped = 20 * MIB;
  evidence.iterations_after_stop = 1;
  evidence.rate = 100 * MIB;
  evidence.maximum_downtime = 300;
  evidence.has_downtime = TRUE;
  evidence.downtime = 200;
  return evidence;
}

/* Half a gigabyte left, and five seconds until it arrived. */
VmmigPauseEvidence
pause ()
{
  VmmigPauseEvidence evidence = switchover ();

  evidence.ended_at = evidence.stopped_at + 5 * G_USEC_PER_SEC;
  evidence.remaining_when_stopped = 500 * MIB;
  return evidence;
}

TEST (OwnersPause, AnOrdinarySwitchoverIsNone)
{
  VmmigPauseEvidence evidence = switchover ();

  EXPECT_FALSE (vmmig_phase_owner_paused (&evidence));
}

TEST (OwnersPause, NotSeenToStopIsNone)
{
  VmmigPauseEvidence evidence = pause ();

  evidence.stopped_at = 0;
  evidence.iterations_after_stop = 9;
  EXPECT_FALSE (vmmig_phase_owner_paused (&evidence));
}

TEST (OwnersPause, TooMuchLeftAndTooLongIsOne)
{
  VmmigPauseEvidence evidence = pause ();

  EXPECT_TRUE (vmmig_phase_owner_paused (&evidence));
}

TEST (OwnersPause, MorePassesThanASwitchoverMakesAreOne)
{
  VmmigPauseEvidence evidence = switchover ();

  evidence.iterations_after_stop = 2;
  EXPECT_TRUE (vmmig_phase_owner_paused (&evidence));
}

/* A daemon that is slow to finish makes any switch-over look long. */
TEST (OwnersPause, LongAloneIsNone)
{
  VmmigPauseEvidence evidence = switchover ();

  evidence.ended_at = evidence.stopped_at + 60 * G_USEC_PER_SEC;
  EXPECT_FALSE (vmmig_phase_owner_paused (&evidence));
}

/* A rate that was measured too low makes any rest look large. */
TEST (OwnersPause, MuchLeftAloneIsNone)
{
  VmmigPauseEvidence evidence = pause ();

  evidence.ended_at = evidence.stopped_at + G_USEC_PER_SEC / 2;
  EXPECT_FALSE (vmmig_phase_owner_paused (&evidence));
}

TEST (OwnersPause, InPostCopyTheSourceStandsStillForAnotherReason)
{
  VmmigPauseEvidence evidence = pause ();

  evidence.post_copy = TRUE;
  evidence.iterations_after_stop = 9;
  EXPECT_FALSE (vmmig_phase_owner_paused (&evidence));
}

TEST (OwnersPause, WithoutFiguresItIsNone)
{
  VmmigPauseEvidence evidence = pause ();

  evidence.rate = 0;
  EXPECT_FALSE (vmmig_phase_owner_paused (&evidence));
  evidence = pause ();
  evidence.remaining_when_stopped = G_MAXUINT64;
  EXPECT_FALSE (vmmig_phase_owner_paused (&evidence));
}

TEST (OwnersPause, WithoutQemusDowntimeTheLimitStandsForIt)
{
  VmmigPauseEvidence evidence = pause ();

  evidence.has_downtime = FALSE;
  EXPECT_TRUE (vmmig_phase_owner_paused (&evidence));
  evidence.maximum_downtime = 5000;
  EXPECT_FALSE (vmmig_phase_owner_paused (&evidence));
}

TEST (OwnersPause, ExtremeFiguresDoNotOverflow)
{
  VmmigPauseEvidence evidence = pause ();

  evidence.rate = G_MAXUINT64;
  evidence.maximum_downtime = G_MAXUINT64;
  evidence.downtime = G_MAXUINT64;
  evidence.stopped_at = G_MININT64;
  evidence.ended_at = G_MAXINT64;
  evidence.remaining_when_stopped = G_MAXUINT64 - 1;
  EXPECT_FALSE (vmmig_phase_owner_paused (&evidence));
}

} // namespace
