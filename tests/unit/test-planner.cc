/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>

#include "planner-checker.h"
#include "planner-cluster.h"

namespace
{

constexpr guint64 kRate = 100000000; /* bytes per second */
constexpr gint64 kSecond = 1000000;

using Plan = std::unique_ptr<VmmigPlannerPlan, decltype (&vmmig_planner_plan_free)>;

Plan
solve (const Cluster &cluster, const VmmigPlannerSettings *settings = nullptr)
{
  VmmigPlannerProblem problem = cluster.get ();
  g_autoptr (GError) error = nullptr;
  VmmigPlannerPlan *plan = vmmig_planner_solve (&problem, settings, &error);

  EXPECT_EQ (error, nullptr) << error->message;
  if (plan != nullptr && plan->outcome == VMMIG_PLANNER_COMPLETE)
    {
      EXPECT_EQ (check_plan (problem, *plan), "");
      EXPECT_NEAR ((double)plan->bound.time,
                   find_bound (problem, *plan, settings != nullptr ? settings->least_share : 0),
                   /* It counts each step in whole µs. */
                   2 + plan->n_steps);
      EXPECT_LE (plan->bound.time, plan->makespan);
    }
  return {plan, vmmig_planner_plan_free};
}

/* VMs of @need on as many nodes, each full with one; VM i goes to node i + 1, the last to node 0. */
Cluster
make_cycle (guint32 n, guint64 capacity, guint64 need)
{
  Cluster cluster;

  for (guint32 i = 0; i < n; i++)
    cluster.add_node (capacity, kRate);
  for (guint32 i = 0; i < n; i++)
    cluster.add_vm (i, need);
  for (guint32 i = 0; i < n; i++)
    cluster.add_move (i, (i + 1) % n, 10 * kRate);
  return cluster;
}

/* --- who waits, and for what --- */

TEST (Planner, PlansNothingIfNothingMoves)
{
  Cluster cluster;
  Plan plan = solve (cluster);

  EXPECT_EQ (plan->outcome, VMMIG_PLANNER_COMPLETE);
  EXPECT_EQ (plan->makespan, 0);
  EXPECT_EQ (plan->bound.kind, VMMIG_PLANNER_BOUND_NOTHING);

  /* Nothing but what runs already */
  cluster.add_node (10, kRate);
  cluster.add_node (10, kRate);
  cluster.add_running (cluster.add_vm (0, 1), 1, kRate, 7 * kSecond);
  plan = solve (cluster);
  EXPECT_EQ (plan->n_steps, 0u);
  EXPECT_EQ (plan->makespan, 7 * kSecond);
  EXPECT_EQ (plan->bound.time, 7 * kSecond);
}

TEST (Planner, SendsOneAtATimeOverALink)
{
  Cluster cluster;

  for (int i = 0; i < 3; i++)
    cluster.add_node (10, kRate);
  for (guint32 i = 0; i < 2; i++)
    {
      guint32 vm = cluster.add_vm (0, 1);

      cluster.add_move (vm, 1 + i, (i + 1) * 10 * kRate);
    }
  Plan plan = solve (cluster);
  EXPECT_EQ (plan->makespan, 30 * kSecond);
  EXPECT_EQ (plan->bound.time, 30 * kSecond);
  EXPECT_EQ (plan->bound.kind, VMMIG_PLANNER_BOUND_LINK);
  EXPECT_EQ (plan->bound.object, 0u);
  guint32 second = plan->steps[0].start > 0 ? 0 : 1;
  EXPECT_EQ (plan->steps[second].wait, VMMIG_PLANNER_WAITS_FOR_LINK);
  EXPECT_EQ (plan->steps[second].object, 0u);
  EXPECT_EQ (plan->steps[second].holder, 1 - second);
  EXPECT_EQ (plan->steps[1 - second].wait, VMMIG_PLANNER_WAITS_FOR_NOTHING);
  EXPECT_EQ (plan->steps[0].rate, kRate);
  EXPECT_EQ (plan->steps[0].bytes, 10 * kRate);
}

TEST (Planner, KeepsTheLimitsOfNodesAndCluster)
{
  for (int which = 0; which < 3; which++)
    {
      Cluster cluster;
      const VmmigPlannerWait waits[] = {VMMIG_PLANNER_WAITS_FOR_OUTBOUND,
                                        VMMIG_PLANNER_WAITS_FOR_INBOUND,
                                        VMMIG_PLANNER_WAITS_FOR_PARALLEL};
      const VmmigPlannerBoundKind kinds[] = {
          VMMIG_PLANNER_BOUND_OUTBOUND, VMMIG_PLANNER_BOUND_INBOUND, VMMIG_PLANNER_BOUND_PARALLEL};

      for (int i = 0; i < 2; i++)
        cluster.add_node (100, 10 * kRate);
      for (guint32 i = 0; i < 6; i++)
        cluster.add_move (cluster.add_vm (0, 1), 1, 10 * kRate).max_rate = kRate;
      EXPECT_EQ (solve (cluster)->makespan, 10 * kSecond);
      if (which == 0)
        cluster.outbound = {2, 0};
      else if (which == 1)
        cluster.inbound = {0, 2};
      else
        cluster.parallel = 2;
      Plan plan = solve (cluster);
      EXPECT_EQ (plan->makespan, 30 * kSecond);
      EXPECT_EQ (plan->bound.time, 30 * kSecond);
      EXPECT_EQ (plan->bound.kind, kinds[which]);
      int n_waiting = 0;
      for (guint32 i = 0; i < 6; i++)
        n_waiting += plan->steps[i].wait == waits[which];
      EXPECT_EQ (n_waiting, 4);
    }
}

TEST (Planner, WaitsForRoomAndSaysWhoLeavesIt)
{
  Cluster cluster;

  for (int i = 0; i < 3; i++)
    cluster.add_node (10, kRate);
  cluster.add_move (cluster.add_vm (0, 8), 1, 10 * kRate);
  cluster.add_move (cluster.add_vm (1, 8), 2, 20 * kRate);
  Plan plan = solve (cluster);
  EXPECT_EQ (plan->makespan, 30 * kSecond);
  EXPECT_EQ (plan->bound.time, 30 * kSecond);
  EXPECT_EQ (plan->steps[0].wait, VMMIG_PLANNER_WAITS_FOR_ROOM);
  EXPECT_EQ (plan->steps[0].object, 1u);
  EXPECT_EQ (plan->steps[0].resource, 0u);
  EXPECT_EQ (plan->steps[0].holder, 1u);
  EXPECT_EQ (plan->steps[0].since, 0);
}

TEST (Planner, CountsWhatRunsAlready)
{
  Cluster cluster;

  cluster.n_resources = 2;
  for (int i = 0; i < 3; i++)
    cluster.add_node (10, kRate);
  cluster.parallel = 2;
  guint32 running = cluster.add_vm (0, 8);
  guint32 other = cluster.add_vm (2, 8);
  cluster.add_running (running, 1, kRate / 2, 7 * kSecond);
  cluster.add_move (other, 0, 10 * kRate);
  Plan plan = solve (cluster);
  EXPECT_EQ (plan->makespan, 17 * kSecond);
  EXPECT_EQ (plan->steps[0].wait, VMMIG_PLANNER_WAITS_FOR_ROOM);
  EXPECT_EQ (plan->steps[0].holder, plan->n_steps);
  EXPECT_EQ (plan->bound.time, 17 * kSecond);

  /* Somebody else's migration at more than the link has */
  cluster.running[0].rate = 3 * kRate;
  cluster.moves[0].destination = 1;
  cluster.moves[0].path = cluster.add_path (2, 1);
  cluster.vm_needs = {1, 1, 1, 1};
  plan = solve (cluster);
  EXPECT_EQ (plan->steps[0].wait, VMMIG_PLANNER_WAITS_FOR_LINK);
  EXPECT_EQ (plan->makespan, 17 * kSecond);
}

TEST (Planner, SaysSinceWhenItWaitsForJustThat)
{
  Cluster cluster;

  for (int i = 0; i < 4; i++)
    cluster.add_node (10, kRate);
  cluster.add_running (cluster.add_vm (0, 1), 1, kRate, 10 * kSecond);
  cluster.add_running (cluster.add_vm (2, 1), 3, kRate, 20 * kSecond);
  cluster.add_move (cluster.add_vm (0, 1), 3, 10 * kRate);
  /* First for the link out of node 0, then for the one to node 3 */
  Plan plan = solve (cluster);
  EXPECT_EQ (plan->steps[0].wait, VMMIG_PLANNER_WAITS_FOR_LINK);
  EXPECT_EQ (plan->steps[0].object, 7u);
  EXPECT_EQ (plan->steps[0].holder, plan->n_steps + 1);
  EXPECT_EQ (plan->steps[0].since, 10 * kSecond);
  EXPECT_EQ (plan->steps[0].start, 20 * kSecond);
  EXPECT_EQ (plan->makespan, 30 * kSecond);
}

TEST (Planner, LeavesAnOverfullNodeAndPutsNothingOnIt)
{
  Cluster cluster;

  for (int i = 0; i < 3; i++)
    cluster.add_node (10, kRate);
  cluster.add_move (cluster.add_vm (0, 8), 1, 10 * kRate);
  cluster.add_vm (0, 8);
  cluster.add_move (cluster.add_vm (2, 2), 0, kRate);
  Plan plan = solve (cluster);
  EXPECT_EQ (plan->steps[1].start, 10 * kSecond);
  EXPECT_EQ (plan->makespan, 11 * kSecond);
}

TEST (Planner, SharesALinkOnlyWithEnoughForBoth)
{
  Cluster cluster;
  VmmigPlannerSettings settings = {};

  cluster.add_node (10, 3 * kRate / 2);
  cluster.add_node (10, kRate);
  cluster.add_node (10, kRate);
  for (guint32 i = 0; i < 2; i++)
    cluster.add_move (cluster.add_vm (0, 1), 1 + i, 10 * kRate);
  EXPECT_EQ (solve (cluster)->makespan, 20 * kSecond);
  settings.least_share = 50;
  Plan plan = solve (cluster, &settings);
  EXPECT_EQ (plan->makespan, 20 * kSecond);
  EXPECT_EQ (plan->steps[0].start + plan->steps[1].start, 0);
  settings.least_share = 60;
  plan = solve (cluster, &settings);
  EXPECT_GT (plan->steps[0].start + plan->steps[1].start, 0);
  /* It would not converge at half of its rate. */
  for (VmmigPlannerMove &move : cluster.moves)
    {
      move.hot_set = kRate;
      move.hot_time = 3 * kSecond / 2;
    }
  settings.least_share = 50;
  plan = solve (cluster, &settings);
  EXPECT_GT (plan->steps[0].start + plan->steps[1].start, 0);
  EXPECT_TRUE (plan->steps[0].converges);
}

TEST (Planner, SaysWhatDoesNotConverge)
{
  Cluster cluster = make_cycle (2, 10, 1);

  cluster.moves[1].hot_set = 2 * kRate;
  cluster.moves[1].hot_time = kSecond;
  Plan plan = solve (cluster);
  EXPECT_TRUE (plan->steps[0].converges);
  EXPECT_FALSE (plan->steps[1].converges);
}

/* --- cycles --- */

TEST (Planner, BreaksACycleThroughAThirdNode)
{
  for (guint32 n : {2u, 3u, 5u})
    {
      Cluster cluster = make_cycle (n, 10, 8);

      cluster.moves[n - 1].memory /= 2;
      cluster.add_node (10, kRate);
      cluster.detours = true;
      Plan plan = solve (cluster);
      ASSERT_EQ (plan->outcome, VMMIG_PLANNER_COMPLETE) << n;
      ASSERT_EQ (plan->n_steps, n + 1);
      /* The one that costs least goes round. */
      EXPECT_EQ (plan->steps[n].move, n - 1);
      EXPECT_EQ (plan->steps[n - 1].next, n);
      EXPECT_EQ (plan->steps[n - 1].destination, n);
      EXPECT_TRUE (plan->steps[n].detour);
      EXPECT_FALSE (plan->steps[0].detour);
      /* One after another, as each waits for the one before */
      EXPECT_EQ (plan->makespan, (gint64)n * 10 * kSecond);
      EXPECT_EQ (plan->bound.time, plan->makespan);
    }
}

TEST (Planner, SpareRoomAnywhereInACycleIsEnough)
{
  Cluster cluster = make_cycle (5, 10, 8);

  cluster.capacities[3] = 16;
  Plan plan = solve (cluster);
  ASSERT_EQ (plan->outcome, VMMIG_PLANNER_COMPLETE);
  EXPECT_EQ (plan->n_steps, 5u);
  EXPECT_EQ (plan->makespan, 50 * kSecond);
  EXPECT_EQ (plan->bound.kind, VMMIG_PLANNER_BOUND_CHAIN);
}

/* Without any one of @stuck, one of the others can start. */
void
expect_irreducible (const Cluster &cluster, const VmmigPlannerPlan &plan)
{
  auto starts = [&] (guint32 without) {
    std::vector<gint64> free (cluster.capacities.begin (), cluster.capacities.end ());
    std::vector<bool> stays (cluster.vm_nodes.size (), false);

    for (guint32 i = 0; i < plan.n_conflict; i++)
      stays[cluster.moves[plan.conflict[i]].vm] = plan.conflict[i] != without;
    for (const VmmigPlannerMove &move : cluster.moves)
      stays[move.vm] = stays[move.vm] || false;
    std::vector<bool> moves (cluster.vm_nodes.size (), false);
    for (const VmmigPlannerMove &move : cluster.moves)
      moves[move.vm] = true;
    for (size_t i = 0; i < cluster.vm_nodes.size (); i++)
      if (stays[i] || !moves[i])
        free[cluster.vm_nodes[i]] -= (gint64)cluster.vm_needs[i];
    for (guint32 i = 0; i < plan.n_conflict; i++)
      {
        const VmmigPlannerMove &move = cluster.moves[plan.conflict[i]];

        if (plan.conflict[i] != without &&
            free[move.destination] >= (gint64)cluster.vm_needs[move.vm])
          return true;
      }
    return false;
  };
  EXPECT_FALSE (starts (VMMIG_PLANNER_NONE));
  for (guint32 i = 0; i < plan.n_conflict && plan.n_conflict > 1; i++)
    EXPECT_TRUE (starts (plan.conflict[i]));
}

TEST (Planner, NamesTheMovesThatStandInEachOthersWay)
{
  for (guint32 n : {2u, 3u, 5u})
    for (bool detours : {false, true})
      {
        Cluster cluster = make_cycle (n, 10, 8);

        cluster.detours = detours;
        /* Two that wait for the cycle, and two that have nothing to do with it */
        guint32 more = cluster.add_node (10, kRate);
        guint32 other = cluster.add_node (10, kRate);
        cluster.add_move (cluster.add_vm (more, 5), 0, kRate);
        cluster.add_move (cluster.add_vm (more, 4), 1, kRate);
        cluster.add_move (cluster.add_vm (other, 9), more, kRate);
        Plan plan = solve (cluster);
        ASSERT_EQ (plan->outcome, VMMIG_PLANNER_CONFLICT);
        EXPECT_TRUE (plan->proven);
        ASSERT_EQ (plan->n_conflict, n) << n;
        for (guint32 i = 0; i < n; i++)
          EXPECT_EQ (plan->conflict[i], i);
        expect_irreducible (cluster, *plan);
      }
}

TEST (Planner, IsCertainThatNothingMovesWhereEverythingIsFull)
{
  Cluster cluster;

  for (guint32 i = 0; i < 10; i++)
    {
      cluster.add_node (100, kRate);
      for (int k = 0; k < 10; k++)
        cluster.add_vm (i, 10);
    }
  for (guint32 i = 0; i < 100; i++)
    cluster.add_move (i, (i / 10 + 1 + i % 10 % 3) % 10, kRate);
  cluster.detours = true;
  Plan plan = solve (cluster);
  EXPECT_EQ (plan->outcome, VMMIG_PLANNER_CONFLICT);
  EXPECT_TRUE (plan->proven);
  EXPECT_EQ (plan->n_conflict, 100u);
  /* Room for one is enough. */
  cluster.capacities[3] += 10;
  EXPECT_EQ (solve (cluster)->makespan, 100 * kSecond);
}

TEST (Planner, NamesAMoveThatNeverFits)
{
  Cluster cluster;

  for (int i = 0; i < 3; i++)
    cluster.add_node (10, kRate);
  cluster.add_vm (1, 5);
  cluster.add_move (cluster.add_vm (0, 6), 1, kRate);
  cluster.add_move (cluster.add_vm (0, 4), 2, kRate);
  Plan plan = solve (cluster);
  ASSERT_EQ (plan->outcome, VMMIG_PLANNER_CONFLICT);
  ASSERT_EQ (plan->n_conflict, 1u);
  EXPECT_EQ (plan->conflict[0], 0u);
  EXPECT_TRUE (plan->proven);
  /* What has nothing to do with it has its time. */
  EXPECT_EQ (plan->steps[0].start, -1);
  EXPECT_EQ (plan->steps[0].wait, VMMIG_PLANNER_WAITS_FOR_ROOM);
  EXPECT_EQ (plan->steps[0].object, 1u);
  EXPECT_EQ (plan->steps[0].resource, 0u);
  EXPECT_EQ (plan->steps[0].holder, VMMIG_PLANNER_NONE);
  EXPECT_EQ (plan->steps[1].start, 0);
}

TEST (Planner, TheRouteDecidesWhereAVmMayGo)
{
  Cluster cluster = make_cycle (2, 10, 8);

  cluster.add_node (10, kRate);
  cluster.add_node (20, kRate);
  VmmigPlannerProblem problem = cluster.get ();
  problem.route = [] (guint32 vm, guint32 from, guint32 to, guint32 *links, gpointer) {
    if (vm == 0 || to == 3)
      return -1;
    links[0] = 2 * from;
    links[1] = 2 * to + 1;
    return 2;
  };
  Plan plan (vmmig_planner_solve (&problem, nullptr, nullptr), vmmig_planner_plan_free);
  ASSERT_EQ (plan->outcome, VMMIG_PLANNER_COMPLETE);
  EXPECT_EQ (check_plan (problem, *plan), "");
  EXPECT_EQ (plan->steps[1].destination, 2u);
  /* Nonsense is a refusal. */
  for (int n : {-2, 1, 2, 3, VMMIG_PLANNER_MAX_PATH + 1})
    {
      problem.route_data = GINT_TO_POINTER (n);
      problem.route = [] (guint32, guint32, guint32, guint32 *links, gpointer data) {
        links[0] = links[1] = 1;
        if (GPOINTER_TO_INT (data) != 2)
          links[0] = 77;
        return GPOINTER_TO_INT (data);
      };
      plan.reset (vmmig_planner_solve (&problem, nullptr, nullptr));
      EXPECT_EQ (plan->outcome, VMMIG_PLANNER_CONFLICT) << n;
    }
}

/* --- what must not matter, and what does --- */

std::vector<gint64>
get_starts (const VmmigPlannerPlan &plan)
{
  std::vector<gint64> starts;

  for (guint32 i = 0; i < plan.n_steps; i++)
    starts.push_back (plan.steps[i].start);
  return starts;
}

TEST (Planner, GivesTheSamePlanForTheSameSeedAndSteps)
{
  Cluster cluster = make_cluster (8, 60, 0.8, 1, 4, 11);
  VmmigPlannerSettings settings = {};

  settings.seed = 7;
  settings.steps = 20000;
  Plan first = solve (cluster, &settings);
  Plan second = solve (cluster, &settings);
  EXPECT_EQ (get_starts (*first), get_starts (*second));
  EXPECT_EQ (first->n_tries, second->n_tries);
  EXPECT_GE (first->n_passes, 2u);
  EXPECT_LT (first->n_tries, 22000u);
  settings.steps = 1;
  Plan hasty = solve (cluster, &settings);
  EXPECT_EQ (hasty->n_passes, 1u);
  EXPECT_GE (hasty->makespan, first->makespan);
}

TEST (Planner, MendsAPlanInItsOrder)
{
  Cluster cluster = make_cluster (10, 100, 0.7, 1, 0, 5);
  Plan whole = solve (cluster);
  std::vector<gint64> starts = get_starts (*whole);
  VmmigPlannerSettings settings = {};

  settings.previous = starts.data ();
  cluster.moves[3].memory *= 2;
  Plan mended = solve (cluster, &settings);
  EXPECT_EQ (mended->n_passes, 1u);
  EXPECT_LT ((double)mended->makespan, 1.5 * (double)whole->makespan);
}

/* --- nonsense --- */

TEST (Planner, RefusesWhatMakesNoSense)
{
  const struct
  {
    const char *words;
    std::function<void (Cluster &, VmmigPlannerProblem &)> spoil;
  } cases[] = {
      {"no resource", [] (Cluster &, VmmigPlannerProblem &p) { p.n_resources = 0; }},
      {"65535", [] (Cluster &, VmmigPlannerProblem &p) { p.n_resources = 70000; }},
      {"too large", [] (Cluster &, VmmigPlannerProblem &p) { p.n_moves = G_MAXUINT32; }},
      {"array is missing", [] (Cluster &, VmmigPlannerProblem &p) { p.paths = nullptr; }},
      {"node 1 has too much", [] (Cluster &c, auto &) { c.capacities[1] = G_MAXUINT64; }},
      {"link 2 has a rate of 0", [] (Cluster &c, auto &) { c.link_rates[2] = 0; }},
      {"link 2 has a rate", [] (Cluster &c, auto &) { c.link_rates[2] = G_MAXUINT64; }},
      {"VM 0 is on node 9", [] (Cluster &c, auto &) { c.vm_nodes[0] = 9; }},
      {"VM 1 takes too much", [] (Cluster &c, auto &) { c.vm_needs[1] = G_MAXUINT64 / 2; }},
      {"of VM 5", [] (Cluster &c, auto &) { c.moves[0].vm = 5; }},
      {"goes to node 7", [] (Cluster &c, auto &) { c.moves[0].destination = 7; }},
      {"where it is", [] (Cluster &c, auto &) { c.moves[0].destination = 0; }},
      {"VM 0 moves twice",
       [] (Cluster &c, auto &) {
         c.moves[1].vm = c.moves[0].vm;
         c.moves[1].destination = 1;
       }},
      {"path that does not", [] (Cluster &c, auto &) { c.moves[0].path.n_path = 20; }},
      {"path that does not", [] (Cluster &c, auto &) { c.moves[0].path.path = G_MAXUINT32; }},
      {"link 99", [] (Cluster &c, auto &) { c.paths[0] = 99; }},
      {"twice", [] (Cluster &c, auto &) { c.paths[0] = c.paths[1]; }},
      {"neither a path nor", [] (Cluster &c, auto &) { c.moves[0].path.n_path = 0; }},
      {"too large", [] (Cluster &c, auto &) { c.moves[0].memory = G_MAXUINT64; }},
      {"negative", [] (Cluster &c, auto &) { c.moves[0].setup = -1; }},
      {"thirty years",
       [] (Cluster &c, auto &) {
         c.moves[0].memory = 1ull << 52;
         c.moves[0].max_rate = 1;
       }},
      {"running migration 0", [] (Cluster &c, auto &) { c.running[0].end = -1; }},
      {"running migration 0", [] (Cluster &c, auto &) { c.running[0].destination = 2; }},
      {"VM 2 moves twice", [] (Cluster &c, auto &) { c.moves[0].vm = 2; }},
  };

  for (const auto &each : cases)
    {
      Cluster cluster = make_cycle (2, 10, 1);
      g_autoptr (GError) error = nullptr;

      cluster.add_node (10, kRate);
      cluster.add_running (cluster.add_vm (2, 1), 0, kRate, kSecond);
      VmmigPlannerProblem unused = {};
      each.spoil (cluster, unused);
      VmmigPlannerProblem problem = cluster.get ();
      Cluster copy = cluster;
      each.spoil (copy, problem);
      EXPECT_EQ (vmmig_planner_solve (&problem, nullptr, &error), nullptr) << each.words;
      ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT))
          << each.words;
      EXPECT_NE (strstr (error->message, each.words), nullptr) << error->message;
    }
}

TEST (Planner, RefusesAShareThatIsMoreThanAll)
{
  Cluster cluster = make_cycle (2, 10, 1);
  VmmigPlannerProblem problem = cluster.get ();
  VmmigPlannerSettings settings = {};
  settings.least_share = 101;
  g_autoptr (GError) error = nullptr;
  EXPECT_EQ (vmmig_planner_solve (&problem, &settings, &error), nullptr);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
}

} // namespace
