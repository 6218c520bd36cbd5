/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gmock/gmock.h>

#include "convergence-fixture.h"

using testing::HasSubstr;

namespace
{

/* --- numbers of a policy --- */

TEST (ConvergenceNumbers, TheCompletionTimeoutIsExact)
{
  struct
  {
    guint64 bytes;
    guint seconds;
    gint64 deadline;
  } cases[] = {
      {8 * GiB, 150, 1200 * second},
      {1 * GiB, 150, 150 * second},
      {GiB + GiB / 2, 150, 225 * second},
      {1, 150, 0}, /* less than a microsecond */
      {GiB / 4, 1, second / 4},
      {100 * GiB + 1, 20, 2000 * second},
      {8 * GiB, 0, G_MAXINT64},
      {8 * GiB, VMMIG_CONVERGENCE_NO_TIMEOUT, G_MAXINT64},
      {0, 150, G_MAXINT64},
      {G_MAXUINT64, 4000000000u, G_MAXINT64},
  };

  for (const auto &c : cases)
    {
      VmmigConvergenceSettings settings = documented (c.bytes);
      settings.completion_timeout = c.seconds;
      EXPECT_EQ (vmmig_convergence_get_deadline (&settings), c.deadline) << c.bytes;
    }
}

TEST (ConvergenceNumbers, DowntimeStepsRiseToTheMaximumAndNoFurther)
{
  for (guint maximum : {1u, 20u, 49u, 50u, 51u, 300u, 900u, 2000000u})
    for (guint steps : {0u, 1u, 3u, 7u, 100u})
      {
        VmmigConvergenceSettings settings = documented (GiB);
        guint last = 0;

        settings.maximum_downtime = maximum;
        settings.downtime_steps = steps;
        for (guint i = 0; i <= steps; i++)
          {
            guint step = vmmig_convergence_get_downtime_step (&settings, i);
            EXPECT_GE (step, MAX (last, 1u));
            EXPECT_LE (step, maximum);
            last = step;
          }
        EXPECT_EQ (last, maximum);
      }

  VmmigConvergenceSettings settings = documented (GiB);
  EXPECT_EQ (vmmig_convergence_get_downtime_step (&settings, 0), 50u);
  settings.initial_downtime = 150;
  settings.maximum_downtime = 900;
  EXPECT_EQ (vmmig_convergence_get_downtime_step (&settings, 0), 150u);
  EXPECT_EQ (vmmig_convergence_get_downtime_step (&settings, 1), 300u);
  settings.initial_downtime = 1000;
  EXPECT_EQ (vmmig_convergence_get_downtime_step (&settings, 0), 900u);
}

/* --- each rule, on guests --- */

TEST (Convergence, AGuestThatConvergesIsLeftAlone)
{
  Trial moved = run (guest (0.5), documented (8 * GiB));

  EXPECT_EQ (moved.end, VMMIG_MODEL_COMPLETED);
  ASSERT_EQ (moved.decisions, 1u) << "only the first downtime limit";
  EXPECT_EQ (moved.reason, VMMIG_CONVERGENCE_REASON_START);
  EXPECT_LE (moved.downtime, 60u) << "the smallest limit was enough";
}

TEST (Convergence, DowntimeIsRaisedStepByStepUntilItIsEnough)
{
  /* Rests at 1 GiB/s * 0.2 s: 250 MiB less a bit. */
  Trial moved = run (guest (1.25, GiB), documented (8 * GiB));
  std::vector<guint> limits;

  for (const Step &step : moved.with (VMMIG_CONVERGENCE_SET_DOWNTIME))
    limits.push_back (step.decision.downtime);
  EXPECT_EQ (limits, (std::vector<guint>{50, 100, 150, 200, 250}));
  EXPECT_EQ (moved.end, VMMIG_MODEL_COMPLETED);
}

TEST (Convergence, WithoutAMaximumTheDowntimeLimitIsNotTouched)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.maximum_downtime = 0;

  EXPECT_TRUE (run (guest (3), settings).with (VMMIG_CONVERGENCE_SET_DOWNTIME).empty ());
}

TEST (Convergence, GivesUpAfterTheProgressTimeoutIfNothingElseIsAllowed)
{
  Trial stuck = run (guest (3), documented (8 * GiB));

  EXPECT_EQ (stuck.end, VMMIG_MODEL_ABORTED);
  EXPECT_EQ (stuck.reason, VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT);
  EXPECT_GE (stuck.duration, 158 * second);
  EXPECT_LE (stuck.duration, 175 * second);
  EXPECT_EQ (stuck.with (VMMIG_CONVERGENCE_SET_DOWNTIME).back ().decision.downtime, 300u)
      << "it was not given up before the maximum was tried";
}

TEST (Convergence, TheCompletionTimeoutIsKeptExactly)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.progress_timeout = VMMIG_CONVERGENCE_NO_TIMEOUT;
  Trial stuck = run (guest (3), settings, 7 * second, false);

  EXPECT_EQ (stuck.end, VMMIG_MODEL_ABORTED);
  EXPECT_EQ (stuck.reason, VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT);
  EXPECT_EQ (stuck.duration, 1200 * second);
}

TEST (Convergence, PostCopyComesAfterTheCompletionTimeoutAndAtAMinimum)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.allow_post_copy = TRUE;
  settings.allow_workload_disruption = TRUE;
  Trial moved = run (guest (3), settings);

  ASSERT_EQ (moved.with (VMMIG_CONVERGENCE_POST_COPY).size (), 1u);
  const Step step = moved.with (VMMIG_CONVERGENCE_POST_COPY)[0];
  EXPECT_EQ (moved.end, VMMIG_MODEL_COMPLETED);
  EXPECT_FALSE (moved.paused) << "post-copy before a pause";
  EXPECT_EQ (step.decision.reason, VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT);
  EXPECT_GE (step.observation.time, 1200 * second);
  EXPECT_LE (step.observation.time, 1210 * second);
  EXPECT_LE (step.observation.remaining, (guint64)(1.04 * (double)step.decision.best));
}

TEST (Convergence, APauseDoublesTheTime)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.allow_workload_disruption = TRUE;
  Trial moved = run (guest (3), settings);

  EXPECT_EQ (moved.end, VMMIG_MODEL_COMPLETED);
  ASSERT_EQ (moved.with (VMMIG_CONVERGENCE_PAUSE).size (), 1u);
  EXPECT_GE (moved.with (VMMIG_CONVERGENCE_PAUSE)[0].observation.time, 1200 * second);

  /* Even then too slow: three passes over it fit in no doubled time. */
  VmmigMigrationModelSettings slow = guest (3);
  slow.stall_from = 1213 * second;
  slow.stall_until = 9999 * second;
  settings.progress_timeout = VMMIG_CONVERGENCE_NO_TIMEOUT;
  settings.downtime_steps = 0;
  slow.working_set = 8 * GiB;
  slow.dirty_rate = 100 * GiB;
  slow.stall_from = 1205 * second;
  Trial stuck = run (slow, settings);
  EXPECT_EQ (stuck.end, VMMIG_MODEL_ABORTED);
  EXPECT_EQ (stuck.reason, stuck.paused ? VMMIG_CONVERGENCE_REASON_PAUSE_TIMEOUT
                                        : VMMIG_CONVERGENCE_REASON_STALLED);
  EXPECT_GE (stuck.duration, 2400 * second);
  EXPECT_LE (stuck.duration, 2400 * second + VMMIG_CONVERGENCE_SWITCH_PATIENCE);
}

TEST (Convergence, WithTheOptInItSwitchesAsSoonAsItIsHopeless)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.allow_post_copy = TRUE;
  settings.early = TRUE;
  Trial moved = run (guest (3), settings);

  ASSERT_TRUE (moved.post_copy);
  EXPECT_EQ (moved.with (VMMIG_CONVERGENCE_POST_COPY)[0].decision.reason,
             VMMIG_CONVERGENCE_REASON_NOT_CONVERGING);
  EXPECT_GE (moved.with (VMMIG_CONVERGENCE_POST_COPY)[0].observation.iteration, 2u);
  EXPECT_LE (moved.duration, 60 * second);

  EXPECT_FALSE (run (guest (0.5), settings).post_copy);
  EXPECT_FALSE (run (guest (0.9), settings).post_copy);
}

TEST (Convergence, NeverASwitchBeforeOneFullPass)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  VmmigMigrationModelSettings slow = guest (0.5);
  settings.allow_post_copy = TRUE;
  settings.completion_timeout = 1; /* 8 s, and the pass takes 8 */
  slow.link_rate = 700 * MiB;
  slow.dirty_rate = GiB;
  Trial moved = run (slow, settings);
  ASSERT_TRUE (moved.post_copy);
  EXPECT_EQ (moved.with (VMMIG_CONVERGENCE_POST_COPY)[0].observation.iteration, 2u);

  slow.link_rate = 100 * MiB;
  Trial never = run (slow, settings);
  EXPECT_EQ (never.end, VMMIG_MODEL_ABORTED);
  EXPECT_EQ (never.reason, VMMIG_CONVERGENCE_REASON_PASS_TOO_SLOW);
  EXPECT_EQ (never.duration, 16 * second);
}

TEST (Convergence, WhatIsRefusedIsNotAskedAgain)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.allow_post_copy = TRUE;
  settings.allow_workload_disruption = TRUE;
  settings.progress_timeout = VMMIG_CONVERGENCE_NO_TIMEOUT;
  Shown engine (settings);

  engine.show (1, 1, 7 * GiB, GiB);
  for (guint i = 2; i < 1300; i++)
    engine.show (i, i, 2 * GiB, 3ull * GiB * i);
  ASSERT_TRUE (engine.self.post_copy_asked);
  vmmig_convergence_refused (&engine.self, VMMIG_CONVERGENCE_POST_COPY);
  EXPECT_EQ (engine.show (1300, 1300, 2 * GiB, 3ull * GiB * 1300).action, VMMIG_CONVERGENCE_PAUSE);
  vmmig_convergence_refused (&engine.self, VMMIG_CONVERGENCE_PAUSE);
  EXPECT_EQ (engine.show (1301, 1301, 2 * GiB, 3ull * GiB * 1301).action,
             VMMIG_CONVERGENCE_GIVE_UP);
  EXPECT_EQ (engine.decision.reason, VMMIG_CONVERGENCE_REASON_SWITCH_FAILED);
}

/* The wait for a good instant may be longer than the completion time-out itself. */
TEST (Convergence, ASwitchHasItsOwnTime)
{
  VmmigConvergenceSettings settings = documented (GiB / 8);
  settings.allow_post_copy = TRUE;
  settings.completion_timeout = 50; /* 6.25 s */
  settings.progress_timeout = VMMIG_CONVERGENCE_NO_TIMEOUT;
  settings.maximum_downtime = 0;
  Shown engine (settings);
  guint i = 1;

  /* Of one pass the end is seen, of all others the begin. */
  engine.show (0, 1, MiB, 127 * MiB);
  for (; i < 100 && !engine.self.post_copy_asked; i++)
    engine.show (i, i + 1, 64 * MiB, (128ull + 64 * i) * MiB);
  EXPECT_EQ (engine.decision.action, VMMIG_CONVERGENCE_POST_COPY);
  EXPECT_EQ (engine.decision.time, 17 * second);
  EXPECT_EQ (engine.show (i, i + 1, 64 * MiB, (128ull + 64 * i) * MiB).reason,
             VMMIG_CONVERGENCE_REASON_SWITCHING);
  EXPECT_EQ (engine.show (26, i + 2, 64 * MiB, (192ull + 64 * i) * MiB).action,
             VMMIG_CONVERGENCE_GO_ON);
  EXPECT_EQ (engine.show (27, i + 2, 64 * MiB, (192ull + 64 * i) * MiB).action,
             VMMIG_CONVERGENCE_GIVE_UP);
}

TEST (Convergence, AGoodInstantIsLookedFor)
{
  VmmigConvergenceSettings settings = documented (GiB / 32);
  settings.allow_post_copy = TRUE;
  settings.completion_timeout = 200; /* 6.25 s */
  VmmigMigrationModelSettings vm = guest (3);
  vm.memory = GiB / 32;
  vm.working_set = 16 * MiB;
  vm.link_rate = 8 * MiB;
  vm.dirty_rate = 32 * MiB;
  Trial moved = run (vm, settings);

  ASSERT_TRUE (moved.post_copy);
  /* Within the pass of 2 s that was under way. */
  EXPECT_LE (moved.with (VMMIG_CONVERGENCE_POST_COPY)[0].observation.time, 9 * second);
}

TEST (Convergence, NothingIsDecidedInPostCopy)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  VmmigObservation seen = {};
  Shown engine (settings);

  engine.show (1, 1, 7 * GiB, GiB);
  seen.post_copy = TRUE;
  for (gint64 time : {2, 1000, 5000, 100000})
    {
      seen.time = time * second;
      EXPECT_EQ (engine.show (seen).action, VMMIG_CONVERGENCE_GO_ON);
      EXPECT_EQ (engine.decision.reason, VMMIG_CONVERGENCE_REASON_POST_COPY);
      EXPECT_EQ (vmmig_convergence_get_wakeup (&engine.self), G_MAXINT64);
    }
  seen.post_copy = FALSE;
  EXPECT_EQ (engine.show (seen).reason, VMMIG_CONVERGENCE_REASON_POST_COPY) << "no way back";
}

TEST (Convergence, AStalledPeerIsNotABusyGuest)
{
  for (bool post_copy : {false, true})
    {
      VmmigConvergenceSettings settings = documented (8 * GiB);
      VmmigMigrationModelSettings vm = guest (0.9);
      settings.allow_post_copy = post_copy;
      vm.stall_from = 5 * second;
      vm.stall_until = hour;
      Trial stuck = run (vm, settings);

      EXPECT_EQ (stuck.end, VMMIG_MODEL_ABORTED);
      EXPECT_EQ (stuck.reason, VMMIG_CONVERGENCE_REASON_STALLED);
      EXPECT_NEAR ((double)stuck.duration / second, 155, 1.5);
      EXPECT_FALSE (stuck.post_copy) << "not over a dead link";
    }
}

TEST (Convergence, AStallThatEndsInTimeIsForgiven)
{
  VmmigMigrationModelSettings vm = guest (0.5);
  vm.stall_from = 5 * second;
  vm.stall_until = 100 * second;

  EXPECT_EQ (run (vm, documented (8 * GiB)).end, VMMIG_MODEL_COMPLETED);
}

TEST (Convergence, AHostThatDoesNotAnswerIsNoStalledPeer)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  VmmigObservation nothing = {};
  Shown engine (settings);

  engine.show (1, 1, 7 * GiB, GiB);
  for (int time = 2; time < 1199; time += 10)
    {
      nothing.time = time * second;
      EXPECT_NE (engine.show (nothing).action, VMMIG_CONVERGENCE_GIVE_UP) << time;
    }
}

TEST (Convergence, ThrottlingIsToldAndWaitedFor)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  VmmigMigrationModelSettings vm = guest (20, 7 * GiB);
  settings.auto_converge = TRUE;
  vm.auto_converge = TRUE;
  Trial moved = run (vm, settings);
  std::vector<guint> throttles;

  for (const Step &step : moved.with (VMMIG_CONVERGENCE_THROTTLE))
    throttles.push_back (step.decision.throttle);
  EXPECT_EQ (throttles, (std::vector<guint>{20, 30, 40, 50, 60, 70, 80, 90, 99}));
  EXPECT_EQ (moved.end, VMMIG_MODEL_COMPLETED);
}

TEST (Convergence, ItCanBeSteered)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  Shown engine (settings);

  engine.show (1, 1, 7 * GiB, GiB);
  EXPECT_EQ (engine.decision.downtime, 50u);
  settings.maximum_downtime = 20;
  vmmig_convergence_steer (&engine.self, &settings);
  EXPECT_EQ (engine.show (2, 1, 6 * GiB, 2 * GiB).action, VMMIG_CONVERGENCE_SET_DOWNTIME);
  EXPECT_EQ (engine.decision.downtime, 20u);
  EXPECT_EQ (engine.decision.reason, VMMIG_CONVERGENCE_REASON_STEERED);

  settings.completion_timeout = 1;
  vmmig_convergence_steer (&engine.self, &settings);
  EXPECT_EQ (vmmig_convergence_get_wakeup (&engine.self), 8 * second);
  EXPECT_EQ (engine.show (8, 1, 5 * GiB, 3 * GiB).action, VMMIG_CONVERGENCE_GIVE_UP);
}

TEST (Convergence, TimeoutsOfNoneNeverEndAnything)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  VmmigMigrationModelSettings vm = guest (3);
  settings.completion_timeout = VMMIG_CONVERGENCE_NO_TIMEOUT;
  settings.progress_timeout = VMMIG_CONVERGENCE_NO_TIMEOUT;
  vm.stall_from = 1000 * second;
  vm.stall_until = 5000 * second;

  EXPECT_EQ (run (vm, settings, 10 * second).end, VMMIG_MODEL_PRE_COPY);
}

/* --- what must not mislead it --- */

TEST (Convergence, ASawToothIsNoProgress)
{
  Trial stuck = run (guest (3), documented (8 * GiB), second / 10, false);

  EXPECT_EQ (stuck.reason, VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT);
  EXPECT_LE (stuck.duration, 200 * second);
}

/* All of it is dirty again at each look: remaining hardly moves between polls. */
TEST (Convergence, APlateauIsNoStall)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  Shown engine (settings);

  settings.completion_timeout = VMMIG_CONVERGENCE_NO_TIMEOUT;
  for (guint i = 1; i < 400 && engine.decision.action != VMMIG_CONVERGENCE_GIVE_UP; i++)
    engine.show (i, i, GiB, (guint64)i * GiB);
  EXPECT_EQ (engine.decision.reason, VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT);
}

TEST (Convergence, ABurstIsForgiven)
{
  VmmigMigrationModelSettings vm = guest (3);
  vm.busy = 60 * second;
  vm.idle = 20 * second;

  EXPECT_EQ (run (vm, documented (8 * GiB)).end, VMMIG_MODEL_COMPLETED);
}

TEST (Convergence, AGuestThatCalmsDownLateIsNotGivenUp)
{
  VmmigMigrationModelSettings vm = guest (3, 7 * GiB);
  vm.idle_from = 150 * second;

  EXPECT_EQ (run (vm, documented (8 * GiB)).end, VMMIG_MODEL_COMPLETED);
}

TEST (Convergence, CountersThatRestartBeginANewPass)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.allow_post_copy = TRUE;
  settings.completion_timeout = 20; /* 160 s */
  Shown engine (settings);

  for (guint i = 1; i < 100; i++)
    engine.show (i, i, 2 * GiB, 2ull * GiB * i);
  EXPECT_TRUE (engine.self.passed);
  for (guint i = 100; i < 165; i++)
    {
      engine.show (i, 1, 8 * GiB - (i - 100) * 10 * MiB, (i - 100) * 10 * MiB);
      EXPECT_NE (engine.decision.action, VMMIG_CONVERGENCE_POST_COPY) << i;
      EXPECT_FALSE (engine.self.passed);
    }
  EXPECT_EQ (engine.decision.reason, VMMIG_CONVERGENCE_REASON_WAITING_FOR_PASS);
  EXPECT_EQ (engine.show (166, 2, 50 * MiB, 8 * GiB).action, VMMIG_CONVERGENCE_POST_COPY);
}

/* QEMU's first answer can be that of a migration that was cancelled. */
TEST (Convergence, TheFirstAnswerMayBeOld)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  settings.allow_post_copy = TRUE;
  settings.completion_timeout = 1;
  Shown engine (settings);

  engine.show (0.1, 30, MiB, 90 * GiB);
  engine.show (0.2, 1, 8 * GiB, 0);
  engine.show (9, 1, GiB, 7 * GiB);
  EXPECT_EQ (engine.decision.reason, VMMIG_CONVERGENCE_REASON_WAITING_FOR_PASS);
}

TEST (Convergence, TimeDoesNotGoBack)
{
  Shown engine (documented (8 * GiB));

  engine.show (1100, 1, 7 * GiB, GiB);
  engine.show (1, 1, 7 * GiB, GiB + 1);
  EXPECT_EQ (engine.decision.time, 1100 * second);
  engine.show (-5, 1, 7 * GiB, GiB + 2);
  EXPECT_EQ (engine.decision.time, 1100 * second);
  EXPECT_EQ (engine.show (1200, 1, 6 * GiB, GiB + 3).action, VMMIG_CONVERGENCE_GIVE_UP);
}

/* A poll that was asked before an event came after it. */
TEST (Convergence, ALateAnswerIsNoRestart)
{
  Shown engine (documented (8 * GiB));

  for (guint i = 1; i < 20; i++)
    engine.show (i, i, 2 * GiB, 2ull * GiB * i);
  engine.show (20, 18, 2 * GiB, 38ull * GiB);
  EXPECT_EQ (engine.self.iteration, 19u);
  EXPECT_TRUE (engine.self.passed);
}

/* --- fields that are missing --- */

struct Without
{
  const char *name;
  guint fields;
  bool events;
};

TEST (Convergence, WorksWithWhatThereIs)
{
  const Without cases[] = {
      {"nothing is missing", 0, true},
      {"no events", 0, false},
      {"no rates", VMMIG_OBSERVED_MEMORY_RATE | VMMIG_OBSERVED_DIRTY_RATE, true},
      {"no iterations", VMMIG_OBSERVED_ITERATION, false},
  };

  for (const Without &c : cases)
    {
      VmmigMigrationModelSettings settings = guest (3);
      VmmigMigrationModel vm;
      Shown engine (documented (8 * GiB));
      VmmigObservation seen;
      gint64 poll = second;

      vmmig_migration_model_init (&vm, &settings);
      while (vmmig_migration_model_step (&vm, poll, &seen) && vm.now < hour)
        {
          bool due = vm.now >= poll;

          if (due)
            poll += second;
          if (!due && !c.events)
            continue;
          seen.known &= ~c.fields;
          engine.show (seen);
          vmmig_migration_model_apply (&vm, &engine.decision);
        }
      EXPECT_EQ (vm.phase, VMMIG_MODEL_ABORTED) << c.name;
      EXPECT_EQ (engine.decision.reason, VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT) << c.name;
      EXPECT_LE (vm.now, 200 * second) << c.name;
    }
}

TEST (Convergence, WithoutAnyFigureOnlyTheCompletionTimeoutEnds)
{
  VmmigConvergenceSettings settings = documented (8 * GiB);
  VmmigObservation nothing = {};
  Shown engine (settings);

  for (int time = 0; time < 1200; time += 5)
    {
      nothing.time = time * second;
      ASSERT_EQ (engine.show (nothing).action, VMMIG_CONVERGENCE_GO_ON);
      EXPECT_EQ (engine.decision.reason, VMMIG_CONVERGENCE_REASON_NO_FIGURES);
    }
  nothing.time = 1200 * second;
  EXPECT_EQ (engine.show (nothing).reason, VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT);
}

/* --- in words --- */

TEST (ConvergenceWords, EveryDecisionExplainsItself)
{
  Trial stuck = run (guest (3), documented (8 * GiB));

  for (const Step &step : stuck.steps)
    {
      g_autofree char *words = vmmig_convergence_decision_describe (&step.decision);
      EXPECT_THAT (words, HasSubstr (": "));
      EXPECT_NE (words[strlen (words) - 1], '.');
    }
  g_autofree char *words = vmmig_convergence_decision_describe (&stuck.steps.back ().decision);
  for (const char *word : {"gives up", "stays where it is", "MiB", "rate", "iterations"})
    EXPECT_THAT (words, HasSubstr (word));
}

TEST (ConvergenceWords, NamesAreThereForAll)
{
  for (int i = 0; i <= VMMIG_CONVERGENCE_REASON_SCHEDULE; i++)
    EXPECT_STRNE (vmmig_convergence_reason_get_name ((VmmigConvergenceReason)i), "unknown");
  EXPECT_STREQ (vmmig_convergence_reason_get_name ((VmmigConvergenceReason)999), "unknown");
  for (int i = 0; i <= VMMIG_CONVERGENCE_GIVE_UP; i++)
    EXPECT_STRNE (vmmig_convergence_action_get_name ((VmmigConvergenceAction)i), "unknown");
}

TEST (ConvergenceWords, AChangeOfMindIsNews)
{
  Trial stuck = run (guest (3), documented (8 * GiB));
  std::vector<VmmigConvergenceReason> reasons;

  for (const Step &step : stuck.steps)
    if (step.decision.news && step.decision.action == VMMIG_CONVERGENCE_GO_ON)
      reasons.push_back (step.decision.reason);
  EXPECT_LE (reasons.size (), 20u);
  EXPECT_THAT (reasons, testing::Contains (VMMIG_CONVERGENCE_REASON_FIRST_PASS));
  EXPECT_THAT (reasons, testing::Contains (VMMIG_CONVERGENCE_REASON_STUCK));
}

} // namespace
