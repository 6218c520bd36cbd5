/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "admission-model.h"
#include "rounds.h"
#include "scheduler/vmmig-dispatch-private.h"

namespace
{

using namespace model;

constexpr gint64 second = G_USEC_PER_SEC;
constexpr gint64 minute = 60 * second;

struct Job
{
  Move move;
  gint64 duration;
  bool anywhere; /* its destination is chosen when it is asked for */
  guint priority = 50;
  std::string requester;
};

/* A cluster in which migrations end when their time is over. */
class World
{
public:
  World ()
  {
    functions.describe = describe;
    functions.started = started;
    functions.refused = refused;
    functions.user_data = this;
  }
  ~World ()
  {
    vmmig_queue_free (queue);
    vmmig_admission_free (admission);
  }

  void node (const std::string &id,
             guint64 capacity,
             guint64 used,
             guint outbound = 0,
             guint inbound = 0,
             guint64 rate = 0)
  {
    VmmigAdmissionNode set = {};
    VmmigAdmissionSurvey survey = {capacity, used, now, now};

    set.id = id.c_str ();
    set.outbound = outbound;
    set.inbound = inbound;
    set.link_rate = rate;
    ASSERT_TRUE (vmmig_admission_set_node (admission, &set, nullptr));
    ASSERT_TRUE (vmmig_admission_survey (admission, id.c_str (), &survey, nullptr));
    ids.push_back (id);
  }

  void limits (guint parallel, guint outbound, guint inbound)
  {
    VmmigAdmissionLimits limits = {parallel, outbound, inbound, 1};

    ASSERT_TRUE (vmmig_admission_set_limits (admission, &limits, nullptr));
  }

  void submit (const Job &job)
  {
    VmmigQueueSubmission made = {};
    Job &kept = jobs[job.move.vm] = job;

    made.vm = kept.move.vm.c_str ();
    made.requester = kept.requester.c_str ();
    made.priority = kept.priority;
    made.not_after = VMMIG_QUEUE_ANY_TIME;
    made.source = kept.move.source.c_str ();
    made.memory = kept.move.taken ();
    made.data = &kept;
    ASSERT_NE (vmmig_queue_submit (queue, &made, now, nullptr, nullptr), nullptr);
  }

  guint run () { return vmmig_dispatch_run (admission, queue, &functions, now); }

  /* To the next end. FALSE: nothing runs. */
  bool step (VmmigAdmissionOutcome outcome = VMMIG_ADMISSION_SUCCEEDED)
  {
    if (ends.empty ())
      return false;
    auto first = ends.begin ();
    now = std::max (now, first->first.first);
    EXPECT_TRUE (vmmig_admission_release (admission, first->first.second, outcome, now));
    ends.erase (first);
    return true;
  }

  /* All that still waits has a reason to; nothing was forgotten. */
  void check_waits ()
  {
    GPtrArray *waiting = vmmig_queue_list (queue, now);

    for (guint i = 0; i < waiting->len; i++)
      {
        auto *entry = (VmmigQueueEntry *)waiting->pdata[i];
        const Job &job = jobs.at (entry->vm);
        VmmigAdmissionRequest request = to_request (job.move);
        GPtrArray *blockers;

        if (job.anywhere)
          request.destination = choose (job, vmmig_queue_get_place (queue, entry));
        EXPECT_GE (entry->block.resource, VMMIG_RESOURCE_ANYWHERE) << entry->vm;
        if (request.destination == nullptr)
          continue;
        request.rank = vmmig_queue_get_place (queue, entry);
        request.expected_end = now + job.duration;
        blockers = vmmig_admission_explain (admission, &request, now, nullptr);
        EXPECT_GT (blockers->len, 0u)
            << entry->vm << " waits for nothing, but at " << std::hex << entry->block.resource
            << " for " << entry->block.need << " since " << std::dec << entry->blocked_since
            << " now " << now << (job.anywhere ? " anywhere" : "");
        g_ptr_array_unref (blockers);
      }
    g_ptr_array_unref (waiting);
  }

  /* The node with most room of those that it may go to now. */
  const char *choose (const Job &job, gint64 rank)
  {
    VmmigAdmissionRequest request = to_request (job.move);
    const std::string *best = nullptr;
    guint64 most = 0;

    request.rank = rank;
    request.expected_end = now + job.duration;
    for (const std::string &id : ids)
      {
        VmmigAdmissionUsage usage = {};

        request.destination = id.c_str ();
        vmmig_admission_get_usage (admission, id.c_str (), &usage);
        guint64 room = usage.memory_capacity - std::min (usage.memory_used, usage.memory_capacity);
        if (id == job.move.source || room <= most ||
            !vmmig_admission_check (admission, &request, nullptr, nullptr))
          continue;
        best = &id;
        most = room;
      }
    return best != nullptr ? best->c_str () : nullptr;
  }

  static void describe (const VmmigQueueEntry *entry,
                        gboolean wanted,
                        VmmigAdmissionRequest *request,
                        gpointer user_data)
  {
    auto *self = (World *)user_data;
    auto *job = (Job *)entry->data;

    self->n_described++;
    *request = to_request (job->move);
    request->expected_end = self->now + job->duration;
    if (job->anywhere)
      request->destination =
          wanted ? self->choose (*job, vmmig_queue_get_place (self->queue, entry)) : nullptr;
  }

  static void
  started (guint64 ticket, const VmmigAdmissionRequest *request, gpointer data, gpointer user_data)
  {
    auto *self = (World *)user_data;
    auto *job = (Job *)data;

    EXPECT_EQ (job->move.vm, request->vm);
    EXPECT_NE (request->destination, nullptr);
    self->order.push_back (job->move.vm);
    self->when[job->move.vm] = self->now;
    self->ends[{self->now + job->duration, ticket}] = job;
  }

  static void refused (gpointer data, const GError *error, gpointer user_data)
  {
    ((World *)user_data)->order.push_back (std::string ("refused: ") + error->message);
  }

  VmmigAdmission *admission = vmmig_admission_new ();
  VmmigQueue *queue = vmmig_queue_new (nullptr);
  VmmigDispatchFunctions functions = {};
  std::vector<std::string> ids;
  std::map<std::string, Job> jobs;
  std::map<std::pair<gint64, guint64>, Job *> ends;
  std::map<std::string, gint64> when;
  std::vector<std::string> order;
  gint64 now = 10000 * minute;
  guint64 n_described = 0;
};

Job
job (const std::string &vm,
     const std::string &from,
     const std::string &to,
     gint64 duration = minute,
     guint64 memory = GiB)
{
  Job made = {};

  made.move.vm = vm;
  made.move.source = from;
  made.move.destination = to;
  made.move.memory = memory;
  made.duration = duration;
  return made;
}

using Order = std::vector<std::string>;

TEST (Dispatch, WhoCannotStartHoldsNoSlotAndBlocksNobody)
{
  World world;

  world.node ("a", 100 * GiB, 0);
  world.node ("b", 100 * GiB, 0);
  world.node ("full", GiB, GiB);
  world.submit (job ("stuck", "a", "full"));
  world.submit (job ("v1", "a", "b"));
  world.submit (job ("v2", "a", "b"));
  world.submit (job ("v3", "a", "b"));
  EXPECT_EQ (world.run (), 2u);
  EXPECT_EQ (world.order, (Order{"v1", "v2"}));
  world.check_waits ();
  EXPECT_TRUE (world.step ());
  EXPECT_EQ (world.run (), 1u);
  EXPECT_EQ (world.order.back (), "v3");
}

TEST (Dispatch, ASlotThatBecomesFreeGoesToWhoIsFirst)
{
  World world;

  world.limits (1, 1, 1);
  world.node ("a", 100 * GiB, 0);
  world.node ("b", 100 * GiB, 0);
  for (const char *vm : {"v1", "v2", "v3"})
    world.submit (job (vm, "a", "b"));
  world.run ();
  Job urgent = job ("v4", "b", "a");
  urgent.priority = 100;
  world.submit (urgent);
  EXPECT_EQ (world.run (), 0u);
  while (world.step ())
    world.run ();
  EXPECT_EQ (world.order, (Order{"v1", "v4", "v2", "v3"}));
}

TEST (Dispatch, NonsenseLeavesTheQueueAndIsTold)
{
  World world;

  world.node ("a", GiB, 0);
  world.submit (job ("v1", "a", "a"));
  EXPECT_EQ (world.run (), 0u);
  EXPECT_EQ (world.order, (Order{"refused: Cannot admit a migration of VM ‘v1’ from a to itself"}));
  EXPECT_EQ (vmmig_queue_get_length (world.queue), 0u);
}

/* One large VM waits for memory that small ones would take as it becomes free. */
TEST (Dispatch, FreedMemoryIsKeptForTheFirstThatWaitsForIt)
{
  World world;
  guint64 unit = job ("", "", "").move.taken ();

  world.limits (100, 100, 100);
  world.node ("a", 1000 * GiB, 0);
  world.node ("b", 1000 * GiB, 0);
  world.node ("d", 10 * unit, 9 * unit);
  for (guint i = 0; i < 9; i++)
    world.submit (job ("leaves" + std::to_string (i), "d", "b", (gint64)(1 + i) * minute));
  Job large = job ("large", "a", "d", minute, 6 * GiB);
  world.submit (large);
  world.run ();
  for (guint i = 0; i < 20; i++)
    {
      Job small = job ("small" + std::to_string (i), "a", "d");

      small.priority = 20;
      world.submit (small);
      world.run ();
      world.check_waits ();
    }
  while (world.step ())
    world.run ();
  EXPECT_EQ (vmmig_queue_get_length (world.queue), 20u - 4u) << "nine left, and ten have room";
  /* Five of nine must be gone: without the reservation it would never have started. */
  EXPECT_EQ (world.when.at ("large") - world.jobs.at ("large").duration,
             world.when.at ("leaves0") + 5 * minute - minute);
}

/* Both nodes are full but for one VM; large ones wait on both for small ones to leave. */
TEST (Dispatch, ReservationsDoNotWaitForEachOther)
{
  World world;
  guint64 unit = job ("", "", "").move.taken ();

  world.limits (100, 100, 100);
  world.node ("a", 10 * unit, 9 * unit);
  world.node ("b", 10 * unit, 9 * unit);
  world.node ("c", 100 * unit, 90 * unit);
  world.submit (job ("toa", "c", "a", minute, 2 * GiB));
  world.submit (job ("tob", "c", "b", minute, 2 * GiB));
  world.run ();
  for (guint i = 0; i < 4; i++)
    {
      world.submit (job ("fromb" + std::to_string (i), "b", i < 2 ? "a" : "c"));
      world.submit (job ("froma" + std::to_string (i), "a", i < 2 ? "b" : "c"));
    }
  world.run ();
  while (world.step ())
    {
      world.run ();
      world.check_waits ();
    }
  EXPECT_TRUE (world.when.count ("toa"));
  EXPECT_TRUE (world.when.count ("tob"));
}

/* The first waits for a, which e1 leaves for b, which is full until e2 leaves for c, where memory is kept
 * for another that comes before e2, but after the first; and that one waits for e3 to leave for a. */
TEST (Dispatch, WhoMustLeaveForTheFirstGoesBeforeAllOthersHoweverFarAway)
{
  World world;
  guint64 unit = job ("", "", "").move.taken ();
  auto submit = [&] (const char *vm, const char *from, const char *to, guint priority,
                     guint64 memory) {
    Job made = job (vm, from, to, minute, memory);

    made.priority = priority;
    world.submit (made);
  };

  world.limits (100, 100, 100);
  world.node ("a", 10 * unit, 9 * unit);
  world.node ("b", 10 * unit, 10 * unit);
  world.node ("c", 10 * unit, 9 * unit);
  world.node ("x", 100 * unit, 90 * unit);
  world.node ("y", 100 * unit, 90 * unit);
  /* something runs all the time: nobody may wait for it to end */
  Move other;
  other.vm = "foreign";
  other.source = "x";
  other.destination = "y";
  VmmigAdmissionRequest request = to_request (other);
  VmmigAdmissionRunning running = {TRUE, 0, world.now};
  vmmig_admission_register (world.admission, &request, &running, nullptr);
  submit ("first", "x", "a", 100, 2 * GiB);
  submit ("second", "x", "c", 50, 2 * GiB);
  submit ("e1", "a", "b", 10, GiB);
  submit ("e2", "b", "c", 10, GiB);
  submit ("e3", "c", "a", 10, GiB);
  world.run ();
  while (world.step ())
    world.run ();
  EXPECT_EQ (world.order, (Order{"e2", "e1", "first"}));
}

/* One way needs a slot at both ends, and rivals take the one or the other whenever it is free. */
TEST (Dispatch, ALongWaitIsNotEndlessWhereTwoSlotsAreNeeded)
{
  World world;
  guint n = 0;

  world.limits (100, 1, 1);
  for (const char *id : {"a", "b", "c", "d"})
    world.node (id, 10000 * GiB, 0);
  world.submit (job ("r0", "a", "c", 10 * minute));
  world.run ();
  world.now += 5 * minute;
  world.submit (job ("r1", "d", "b", 10 * minute));
  world.run ();
  Job patient = job ("patient", "a", "b");
  patient.priority = 20;
  world.submit (patient);
  while (!world.when.count ("patient") && ++n < 200)
    {
      for (auto [from, to] : {std::pair{"a", "c"}, std::pair{"d", "b"}})
        {
          Job rival = job ("r" + std::to_string (n) + from, from, to, 10 * minute);

          rival.priority = 100;
          world.submit (rival);
        }
      world.run ();
      world.step ();
      world.run ();
    }
  /* 80 minutes for the points that it lacks, and an hour of patience, then one migration at each end */
  EXPECT_LE (world.when["patient"], 10005 * minute + (140 + 3 * 10) * minute);
  EXPECT_GE (world.when["patient"], 10005 * minute + 80 * minute);
}

TEST (Dispatch, NothingIsForgottenInAnyHistory)
{
  guint64 n_started = 0;

  for (guint64 seed = 1; seed <= rounds (120, 3) && !testing::Test::HasFailure (); seed++)
    {
      std::mt19937_64 dice (seed);
      World world;
      guint n_nodes = 2 + (guint)(dice () % 6), n = 0;
      auto any = [&] { return "n" + std::to_string (dice () % n_nodes); };

      SCOPED_TRACE ("seed " + std::to_string (seed));
      world.limits (1 + (guint)(dice () % 8), 1 + (guint)(dice () % 3), 1 + (guint)(dice () % 3));
      for (guint i = 0; i < n_nodes; i++)
        world.node ("n" + std::to_string (i), (10 + dice () % 30) * GiB, dice () % 10 * GiB, 0, 0,
                    dice () % 2 * 500 * MiB);
      for (guint step = 0; step < 120 && !testing::Test::HasFailure (); step++)
        {
          for (guint i = (guint)(dice () % 5); i > 0; i--)
            {
              Job made = job ("v" + std::to_string (n++), any (), any (),
                              1 + (gint64)(dice () % (20 * minute)), (1 + dice () % 8) * GiB);

              if (made.move.source == made.move.destination)
                continue;
              made.move.floor = dice () % 2 * (1 + dice () % 600) * MiB;
              made.move.disks = dice () % 4 == 0;
              made.anywhere = dice () % 3 == 0;
              made.priority = (guint)(dice () % 101);
              made.requester = std::string (1, (char)('a' + dice () % 3));
              world.submit (made);
            }
          if (dice () % 6 == 0)
            world.limits (1 + (guint)(dice () % 8), 1 + (guint)(dice () % 3),
                          1 + (guint)(dice () % 3));
          if (dice () % 6 == 0)
            vmmig_admission_set_node_state (world.admission, any ().c_str (), 1u << dice () % 4,
                                            dice () % 2 == 0, world.now, nullptr);
          if (dice () % 6 == 0)
            {
              VmmigAdmissionSurvey survey = {(10 + dice () % 30) * GiB, dice () % 20 * GiB,
                                             world.now, world.now};

              vmmig_admission_survey (world.admission, any ().c_str (), &survey, nullptr);
            }
          if (const VmmigQueueEntry *entry = vmmig_queue_find (
                  world.queue, ("v" + std::to_string (dice () % (n + 1))).c_str ());
              entry != nullptr && dice () % 3 == 0)
            vmmig_queue_cancel (world.queue, entry->id);
          world.now += (gint64)(dice () % minute);
          n_started += world.run ();
          world.check_waits ();
          world.step (dice () % 4 == 0 ? VMMIG_ADMISSION_FAILED : VMMIG_ADMISSION_SUCCEEDED);
          n_started += world.run ();
          world.check_waits ();
        }
    }
  EXPECT_GT (n_started, rounds (4000, 100));
}

/* What an event costs does not grow with what waits. */
TEST (Dispatch, AnEventCostsWhatItReleasedNotWhatWaits)
{
  for (guint n_jobs : {1000u, 10000u})
    {
      World world;
      guint64 described, looks, n_events = 0;

      world.limits (10, 2, 2);
      for (guint i = 0; i < 20; i++)
        world.node ("n" + std::to_string (i), 100000 * GiB, 0);
      for (guint i = 0; i < n_jobs; i++)
        {
          Job made = job (
              "v" + std::to_string (i), "n" + std::to_string (i % 20),
              "n" + std::to_string ((i * 7 + 3) % 20 == i % 20 ? (i + 1) % 20 : (i * 7 + 3) % 20),
              minute + i % 97);

          made.requester = "r" + std::to_string (i % 5);
          made.anywhere = i % 3 == 0;
          world.submit (made);
        }
      world.run ();
      described = world.n_described;
      looks = vmmig_queue_get_looks (world.queue);
      while (n_events < 500 && world.step ())
        {
          world.run ();
          n_events++;
        }
      EXPECT_EQ (n_events, 500u);
      EXPECT_LE ((world.n_described - described) / n_events, 20u) << n_jobs << " jobs";
      EXPECT_LE ((vmmig_queue_get_looks (world.queue) - looks) / n_events, 200u) << n_jobs;
    }
}

/* Nor where memory is free, but kept for another, and is looked at again and again. */
TEST (Dispatch, AnEventCostsNoMoreWhereMemoryIsKept)
{
  World world;
  guint64 unit = job ("", "", "").move.taken (), described;
  guint n_jobs = (guint)rounds (10000, 1000);
  Move other;

  world.limits (100, 100, 100);
  world.node ("d", 1000 * unit, 997 * unit);
  world.node ("cordoned", 1000 * unit, 0);
  for (guint i = 0; i < 19; i++)
    world.node ("n" + std::to_string (i), 1000 * unit, 997 * unit);
  vmmig_admission_set_node_state (world.admission, "cordoned", VMMIG_ADMISSION_NODE_CORDONED, TRUE,
                                  world.now, nullptr);
  other.vm = "foreign";
  other.source = "n0";
  other.destination = "n1";
  VmmigAdmissionRequest request = to_request (other);
  VmmigAdmissionRunning running = {TRUE, 0, world.now};
  vmmig_admission_register (world.admission, &request, &running, nullptr);
  for (guint i = 0; i < 9; i++)
    world.submit (job ("leaves" + std::to_string (i), "d", "cordoned"));
  world.submit (job ("large", "n0", "d", minute, 6 * GiB));
  world.run ();
  for (guint i = 0; i < n_jobs; i++)
    {
      Job made = job ("v" + std::to_string (i), "n" + std::to_string (i % 19), "d");

      made.priority = 20;
      made.requester = "r" + std::to_string (i % 5);
      world.submit (made);
    }
  EXPECT_EQ (world.run (), 0u);
  described = world.n_described;
  for (guint i = 0; i < 20; i++)
    {
      VmmigAdmissionSurvey survey = {1000 * unit, 997 * unit, ++world.now, world.now};

      EXPECT_TRUE (vmmig_admission_survey (world.admission, "d", &survey, nullptr));
      EXPECT_EQ (world.run (), 0u);
    }
  EXPECT_LE ((world.n_described - described) / 20, 2 * 19u) << "once for each node, not each VM";
  EXPECT_GE (world.n_described - described, 20u);
}

} // namespace
