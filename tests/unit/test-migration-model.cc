/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convergence-fixture.h"

namespace
{

struct Alone
{
  explicit Alone (const VmmigMigrationModelSettings &settings)
  {
    vmmig_migration_model_init (&self, &settings);
  }

  /* To the end without any decision; its observations. */
  std::vector<VmmigObservation> go (gint64 interval = second / 2, gint64 limit = hour)
  {
    std::vector<VmmigObservation> seen;
    VmmigObservation observation;
    gint64 poll = interval;

    while (self.now < limit && vmmig_migration_model_step (&self, poll, &observation))
      {
        seen.push_back (observation);
        if (self.now >= poll)
          poll += interval;
      }
    return seen;
  }

  VmmigMigrationModel self;
};

TEST (MigrationModel, AnIdleGuestTakesOnePass)
{
  Alone vm (guest (0));

  vm.go ();
  EXPECT_EQ (vm.self.phase, VMMIG_MODEL_COMPLETED);
  EXPECT_NEAR ((double)vm.self.now / second, 8.0, 0.01);
  EXPECT_NEAR (vm.self.processed, 8.0 * GiB, 1.0 * MiB);
  EXPECT_EQ (vm.self.iteration, 2u);
  EXPECT_LE (vm.self.downtime, 300u);
}

TEST (MigrationModel, ZeroPagesCostNearlyNothing)
{
  VmmigMigrationModelSettings settings = guest (0);
  settings.used = 0.25;
  Alone vm (settings);

  vm.go ();
  EXPECT_EQ (vm.self.phase, VMMIG_MODEL_COMPLETED);
  EXPECT_NEAR ((double)vm.self.now / second, 2.0, 0.1);
}

TEST (MigrationModel, RemainingIsASawTooth)
{
  Alone vm (guest (1.5));
  guint rises = 0;
  std::vector<VmmigObservation> seen = vm.go (second / 10, 60 * second);

  for (size_t i = 1; i < seen.size (); i++)
    {
      EXPECT_GE (seen[i].time, seen[i - 1].time);
      EXPECT_GE (seen[i].processed, seen[i - 1].processed);
      EXPECT_GE (seen[i].iteration, seen[i - 1].iteration);
      EXPECT_LE (seen[i].remaining, seen[i].total);
      EXPECT_EQ (seen[i].event, seen[i].iteration != seen[i - 1].iteration);
      if (seen[i].remaining > seen[i - 1].remaining)
        {
          EXPECT_TRUE (seen[i].event) << "at " << seen[i].time;
          rises++;
        }
    }
  EXPECT_GT (rises, 10u);
  EXPECT_EQ (vm.self.phase, VMMIG_MODEL_PRE_COPY);
}

/* It rests at set * (1 - rate / dirty rate): for the double rate at half the set. */
TEST (MigrationModel, ConvergesIfTheDowntimeCoversWhereItRests)
{
  struct
  {
    double share;
    guint downtime;
    bool ends;
  } cases[] = {
      {0.5, 300, true},  {0.9, 300, true},  {2.0, 300, false},
      {2.0, 950, false}, {2.0, 1100, true}, {1.25, 350, false},
      {1.25, 500, true}, {10, 1700, false}, {10, 2100, true},
  };

  for (const auto &c : cases)
    {
      VmmigMigrationModelSettings settings = guest (c.share);
      settings.downtime_limit = c.downtime;
      Alone vm (settings);

      vm.go (second, hour / 2);
      EXPECT_EQ (vm.self.phase == VMMIG_MODEL_COMPLETED, c.ends) << c.share << " " << c.downtime;
      if (c.ends)
        {
          EXPECT_LE (vm.self.downtime, c.downtime + 1) << c.share;
        }
    }
}

TEST (MigrationModel, WhoWritesOnePageAfterTheOtherDirtiesMore)
{
  VmmigMigrationModelSettings settings = {};

  settings.memory = 1000 * 1000 * 1000;
  settings.working_set = 500 * 1000 * 1000;
  settings.dirty_rate = 40 * 1000 * 1000;
  settings.link_rate = 100 * 1000 * 1000;
  Alone anywhere (settings);
  settings.sequential = TRUE;
  Alone sequential (settings);

  anywhere.go ();
  sequential.go ();
  ASSERT_EQ (anywhere.self.phase, VMMIG_MODEL_COMPLETED);
  ASSERT_EQ (sequential.self.phase, VMMIG_MODEL_COMPLETED);
  /* 10 s, 0.4 of it, and 0.4 of that; the fourth pass is the first that 0.3 s can cut short. */
  EXPECT_GT (sequential.self.now, (10 + 4 + 1.6) * second);
  EXPECT_LT (sequential.self.now, (10 + 4 + 1.6 + 0.64) * second);
  EXPECT_GT (sequential.self.now, anywhere.self.now + second);
}

TEST (MigrationModel, ThrottlesAsQemuDoes)
{
  VmmigMigrationModelSettings settings = guest (20, 4 * GiB);
  settings.auto_converge = TRUE;
  Alone vm (settings);
  std::vector<guint> throttles;

  for (const VmmigObservation &seen : vm.go ())
    if (throttles.empty () || seen.throttle != throttles.back ())
      throttles.push_back (seen.throttle);
  const std::vector<guint> expected = {0, 20, 30, 40, 50, 60, 70, 80, 90, 99};
  EXPECT_EQ (throttles, expected);
  EXPECT_EQ (vm.self.phase, VMMIG_MODEL_COMPLETED);
}

TEST (MigrationModel, AGuestThatIsIdleInTurnsConvergesWhenItIsIdle)
{
  VmmigMigrationModelSettings settings = guest (3);
  settings.busy = 30 * second;
  settings.idle = 10 * second;
  Alone vm (settings);

  vm.go ();
  EXPECT_EQ (vm.self.phase, VMMIG_MODEL_COMPLETED);
  EXPECT_GE (vm.self.now, 30 * second);
  EXPECT_LE (vm.self.now, 40 * second);
}

TEST (MigrationModel, NothingFlowsOverAStalledLink)
{
  VmmigMigrationModelSettings settings = guest (0);
  settings.stall_from = 2 * second;
  settings.stall_until = 100 * second;
  Alone vm (settings);

  for (const VmmigObservation &seen : vm.go ())
    if (seen.time >= settings.stall_from && seen.time < settings.stall_until)
      {
        EXPECT_NEAR ((double)seen.processed, 2.0 * GiB, 2.0 * MiB);
      }
  EXPECT_NEAR ((double)vm.self.now / second, 106, 0.1);
}

TEST (MigrationModel, PostCopyAndPauseEndIt)
{
  for (VmmigConvergenceAction action : {VMMIG_CONVERGENCE_POST_COPY, VMMIG_CONVERGENCE_PAUSE})
    {
      VmmigConvergenceDecision decision = {};
      VmmigObservation observation;
      Alone vm (guest (3));

      decision.action = action;
      while (vm.self.now < 20 * second)
        ASSERT_TRUE (vmmig_migration_model_step (&vm.self, 20 * second, &observation));
      vmmig_migration_model_apply (&vm.self, &decision);
      vm.go ();
      EXPECT_EQ (vm.self.phase, VMMIG_MODEL_COMPLETED);
      EXPECT_LE (vm.self.now, 25 * second);
      EXPECT_EQ (vm.self.downtime > 1000, action == VMMIG_CONVERGENCE_PAUSE);
    }
}

TEST (MigrationModel, IsTheSameWhateverThePolls)
{
  VmmigMigrationModelSettings settings = guest (0.9);
  settings.link_scatter = 0.1;
  settings.dirty_scatter = 0.1;
  Alone often (settings), seldom (settings);

  often.go (second / 50);
  seldom.go (30 * second);
  EXPECT_EQ (often.self.iteration, seldom.self.iteration);
  EXPECT_NEAR ((double)often.self.now, (double)seldom.self.now, 1000);
}

TEST (MigrationModel, NothingIsTooOdd)
{
  std::mt19937_64 random (5);

  for (int i = 0; i < 500; i++)
    {
      auto any = [&] (guint64 limit) { return random () % 8 == 0 ? 0 : random () % limit; };
      VmmigMigrationModelSettings settings = {};
      settings.memory = any (64 * GiB);
      settings.used = (double)any (200) / 100 - 0.5;
      settings.working_set = any (64 * GiB);
      settings.dirty_rate = any (100 * GiB);
      settings.link_rate = any (10 * GiB);
      settings.link_scatter = (double)any (50) / 100;
      settings.busy = (gint64)any (100 * second);
      settings.idle = (gint64)any (100 * second);
      settings.stall_from = (gint64)any (100 * second);
      settings.stall_until = (gint64)any (100 * second);
      settings.downtime_limit = (guint)any (2000);
      settings.auto_converge = any (2) != 0;
      settings.seed = random ();
      Alone vm (settings);

      vm.go (second, 60 * second);
      EXPECT_GE (vm.self.remaining, 0);
      EXPECT_LE (vm.self.remaining, (double)vm.self.settings.memory + 1);
    }
}

} // namespace
