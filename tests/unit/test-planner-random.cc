/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include "planner-checker.h"
#include "planner-cluster.h"
#include "rounds.h"

namespace
{

constexpr guint64 kRate = 100000000; /* bytes per second */

using Plan = std::unique_ptr<VmmigPlannerPlan, decltype (&vmmig_planner_plan_free)>;

/* --- everything tried, where there is little --- */

/* Of starts in the order of all permutations, each as early as it can be: one of them is optimal,
 * as what starts earlier neither takes more nor leaves later. */
class Exhaustive
{
public:
  explicit Exhaustive (const Cluster &a_cluster) : cluster (a_cluster)
  {
    free.assign (cluster.capacities.begin (), cluster.capacities.end ());
    for (size_t i = 0; i < cluster.vm_nodes.size (); i++)
      free[cluster.vm_nodes[i]] -= (gint64)cluster.vm_needs[i];
    for (const VmmigPlannerMove &move : cluster.moves)
      {
        VmmigPlannerEstimate estimate;
        guint64 rate = G_MAXUINT64;

        for (guint32 i = 0; i < move.path.n_path; i++)
          rate = std::min (rate, cluster.link_rates[cluster.paths[move.path.path + i]]);
        vmmig_planner_estimate (&move, rate, &estimate);
        rates.push_back (rate);
        durations.push_back (estimate.duration);
      }
    starts.assign (cluster.moves.size (), -1);
    search (0, 0, 0);
  }

  gint64 best = G_MAXINT64; /* µs; G_MAXINT64: there is no plan */

private:
  const Cluster &cluster;
  std::vector<gint64> free, durations, starts;
  std::vector<guint64> rates;

  gint64 end (size_t i) const { return starts[i] + durations[i]; }

  bool runs (size_t i, gint64 time) const
  {
    return starts[i] >= 0 && starts[i] <= time && end (i) > time;
  }

  bool can_start (size_t index, gint64 time) const
  {
    const VmmigPlannerMove &move = cluster.moves[index];
    guint32 source = cluster.vm_nodes[move.vm];
    gint64 left = free[move.destination] - (gint64)cluster.vm_needs[move.vm];
    guint32 out = 1, in = 1, all = 1;

    for (size_t i = 0; i < cluster.moves.size (); i++)
      {
        const VmmigPlannerMove &other = cluster.moves[i];

        if (starts[i] >= 0 && other.destination == move.destination)
          left -= (gint64)cluster.vm_needs[other.vm];
        if (starts[i] >= 0 && end (i) <= time && cluster.vm_nodes[other.vm] == move.destination)
          left += (gint64)cluster.vm_needs[other.vm];
        if (!runs (i, time))
          continue;
        out += cluster.vm_nodes[other.vm] == source;
        in += other.destination == move.destination;
        all++;
      }
    if (left < 0 || (!cluster.outbound.empty () && out > cluster.outbound[source]) ||
        (!cluster.inbound.empty () && in > cluster.inbound[move.destination]) ||
        (cluster.parallel > 0 && all > cluster.parallel))
      return false;
    for (guint32 k = 0; k < move.path.n_path; k++)
      {
        guint32 link = cluster.paths[move.path.path + k];
        guint64 used = rates[index];

        for (size_t i = 0; i < cluster.moves.size (); i++)
          for (guint32 j = 0; runs (i, time) && j < cluster.moves[i].path.n_path; j++)
            if (cluster.paths[cluster.moves[i].path.path + j] == link)
              used += rates[i];
        if (used > cluster.link_rates[link])
          return false;
      }
    return true;
  }

  void search (size_t n_started, gint64 now, gint64 makespan)
  {
    if (n_started == cluster.moves.size ())
      best = std::min (best, makespan);
    for (size_t i = 0; i < cluster.moves.size () && n_started < cluster.moves.size (); i++)
      {
        std::vector<gint64> times = {now};

        if (starts[i] >= 0)
          continue;
        for (size_t j = 0; j < cluster.moves.size (); j++)
          if (starts[j] >= 0 && end (j) > now)
            times.push_back (end (j));
        std::sort (times.begin (), times.end ());
        auto time = std::find_if (times.begin (), times.end (),
                                  [&] (gint64 t) { return can_start (i, t); });
        if (time == times.end () || *time + durations[i] >= best)
          continue;
        starts[i] = *time;
        search (n_started + 1, *time, std::max (makespan, end (i)));
        starts[i] = -1;
      }
  }
};

Cluster
make_small (GRand *random, guint32 most_moves)
{
  Cluster cluster;
  guint32 n_nodes = (guint32)g_rand_int_range (random, 2, 5);
  guint32 n_vms = (guint32)g_rand_int_range (random, 1, (gint32)most_moves + 3);

  for (guint32 i = 0; i < n_nodes; i++)
    cluster.add_node ((guint64)g_rand_int_range (random, 4, 11),
                      kRate * (guint64)g_rand_int_range (random, 1, 3));
  if (g_rand_boolean (random))
    cluster.add_racks (2, kRate * (guint64)g_rand_int_range (random, 1, 4));
  if (g_rand_int_range (random, 0, 3) == 0)
    cluster.parallel = (guint32)g_rand_int_range (random, 1, 4);
  for (guint32 i = 0; i < n_nodes && g_rand_int_range (random, 0, 3) == 0; i++)
    {
      cluster.outbound.assign (n_nodes, (guint32)g_rand_int_range (random, 1, 3));
      cluster.inbound.assign (n_nodes, (guint32)g_rand_int_range (random, 1, 3));
    }
  std::vector<gint64> free (cluster.capacities.begin (), cluster.capacities.end ());
  for (guint32 i = 0; i < n_vms; i++)
    {
      guint32 node = (guint32)g_rand_int_range (random, 0, (gint32)n_nodes);
      guint64 need = (guint64)g_rand_int_range (random, 1, 5);

      if (free[node] >= (gint64)need)
        {
          free[node] -= (gint64)need;
          cluster.add_vm (node, need);
        }
    }
  for (guint32 i = 0; i < cluster.vm_nodes.size () && cluster.moves.size () < most_moves; i++)
    {
      guint32 node = (guint32)g_rand_int_range (random, 0, (gint32)n_nodes);

      if (node == cluster.vm_nodes[i])
        continue;
      VmmigPlannerMove &move =
          cluster.add_move (i, node, kRate * (guint64)g_rand_int_range (random, 1, 20));
      move.hot_set = kRate / 2 * (guint64)g_rand_int_range (random, 0, 3);
      move.hot_time = 2000000;
      move.setup = 100000 * g_rand_int_range (random, 0, 5);
    }
  return cluster;
}

TEST (PlannerRandom, ComesCloseToTheOptimumWhereThatIsKnown)
{
  GRand *random = g_rand_new_with_seed (20);
  double sum = 0;
  double worst = 1;
  int n_plans = 0;
  int n_optimal = 0;
  int n_without = 0;
  const int n_runs = (int)rounds (1500, 300);

  for (int run = 0; run < n_runs; run++)
    {
      /* Up to 5 or 6 moves; few with 8, as each one multiplies the time */
      Cluster cluster = make_small (random, run % 100 == 0 ? 8 : run % 10 == 0 ? 6 : 5);
      VmmigPlannerProblem problem = cluster.get ();
      Plan plan (vmmig_planner_solve (&problem, nullptr, nullptr), vmmig_planner_plan_free);
      gint64 best = Exhaustive (cluster).best;

      ASSERT_NE (plan, nullptr);
      if (best == G_MAXINT64)
        {
          EXPECT_EQ (plan->outcome, VMMIG_PLANNER_CONFLICT) << run;
          EXPECT_TRUE (plan->proven);
          EXPECT_GT (plan->n_conflict, 0u);
          n_without++;
          continue;
        }
      ASSERT_EQ (plan->outcome, VMMIG_PLANNER_COMPLETE) << run;
      EXPECT_EQ (check_plan (problem, *plan), "") << run;
      EXPECT_NEAR ((double)plan->bound.time, find_bound (problem, *plan), 10) << run;
      EXPECT_LE (plan->bound.time, best) << run;
      EXPECT_GE (plan->makespan, best) << run;
      if (best > 0)
        {
          sum += (double)plan->makespan / (double)best;
          worst = std::max (worst, (double)plan->makespan / (double)best);
          n_optimal += plan->makespan == best;
          n_plans++;
        }
    }
  g_rand_free (random);
  EXPECT_GT (n_without, n_runs / 30);
  EXPECT_GT (n_plans, n_runs / 3);
  EXPECT_GE (n_optimal, n_plans * 99 / 100);
  EXPECT_LE (sum / n_plans, 1.002);
  /* Some optima have a link wait idly for a move that comes later, which no plan does. */
  EXPECT_LE (worst, 1.4);
}

/* --- plans that hold, where there is more --- */

void
make_wild (GRand *random, Cluster &cluster)
{
  guint32 n = cluster.n_nodes ();
  auto limits = [&] {
    std::vector<guint32> found (n);

    for (guint32 &limit : found)
      limit = (guint32)g_rand_int_range (random, 0, 4);
    return found;
  };

  if (g_rand_boolean (random))
    cluster.outbound = limits ();
  if (g_rand_boolean (random))
    cluster.inbound = limits ();
  if (g_rand_boolean (random))
    cluster.parallel = (guint32)g_rand_int_range (random, 1, 12);
  cluster.detours = g_rand_boolean (random);
  for (guint64 &rate : cluster.link_rates)
    rate = rate * (guint64)g_rand_int_range (random, 1, 5) / 2;
  /* Some of the moves run already, as far as there is room for them. */
  for (int i = g_rand_int_range (random, 0, 4); i > 0 && cluster.moves.size () > 1; i--)
    {
      VmmigPlannerMove move = cluster.moves.back ();

      cluster.moves.pop_back ();
      cluster.running.push_back ({move.vm, move.destination, move.path,
                                  (guint64)g_rand_int_range (random, 1, G_MAXINT32),
                                  g_rand_int_range (random, 0, 100000000)});
    }
}

TEST (PlannerRandom, EveryPlanHolds)
{
  GRand *random = g_rand_new_with_seed (4);
  int n_complete = 0;
  const int n_runs = (int)rounds (150, 75);

  for (int run = 0; run < n_runs; run++)
    {
      Cluster cluster = make_cluster (
          (guint32)g_rand_int_range (random, 2, 12), (guint32)g_rand_int_range (random, 2, 70),
          g_rand_double_range (random, 0.4, 0.97), g_rand_double (random),
          (guint32)g_rand_int_range (random, 0, 5), (guint)run);
      VmmigPlannerSettings settings = {};

      make_wild (random, cluster);
      settings.seed = (guint64)run;
      settings.least_share = run % 3 == 0 ? (guint)g_rand_int_range (random, 1, 101) : 0;
      settings.steps = run % 5 == 0 ? 1 : 5000;
      VmmigPlannerProblem problem = cluster.get ();
      Plan plan (vmmig_planner_solve (&problem, &settings, nullptr), vmmig_planner_plan_free);
      ASSERT_NE (plan, nullptr);
      if (plan->outcome != VMMIG_PLANNER_COMPLETE)
        {
          EXPECT_GT (plan->n_conflict, 0u);
          continue;
        }
      n_complete++;
      ASSERT_EQ (check_plan (problem, *plan), "") << run;
      ASSERT_NEAR ((double)plan->bound.time, find_bound (problem, *plan, settings.least_share),
                   2 + plan->n_steps)
          << run;
      ASSERT_LE (plan->bound.time, plan->makespan);
    }
  g_rand_free (random);
  EXPECT_GT (n_complete, n_runs * 2 / 3);
}

/* Nearly full nodes whose VMs change places. */
Cluster
make_swaps (GRand *random)
{
  Cluster cluster;
  guint32 n_nodes = (guint32)g_rand_int_range (random, 3, 5);
  guint32 n_vms = (guint32)g_rand_int_range (random, 2, 7);
  std::vector<gint64> left;

  for (guint32 i = 0; i < n_nodes; i++)
    cluster.add_node ((guint64)g_rand_int_range (random, 4, 9), kRate);
  left.assign (cluster.capacities.begin (), cluster.capacities.end ());
  std::vector<gint64> final = left;
  for (guint32 i = 0; i < n_vms; i++)
    {
      guint64 need = (guint64)g_rand_int_range (random, 2, 6);
      guint32 from = (guint32)g_rand_int_range (random, 0, (gint32)n_nodes);
      guint32 to = (guint32)g_rand_int_range (random, 0, (gint32)n_nodes);

      if (left[from] < (gint64)need || final[to] < (gint64)need)
        continue;
      left[from] -= (gint64)need;
      final[to] -= (gint64)need;
      guint32 vm = cluster.add_vm (from, need);
      if (from != to)
        cluster.add_move (vm, to, kRate * (guint64)g_rand_int_range (random, 1, 20));
    }
  cluster.detours = true;
  return cluster;
}

/* Whether the VMs that move can get to where they shall by any number of moves of theirs. */
bool
can_be_reached (const Cluster &cluster)
{
  std::vector<guint32> goal = cluster.vm_nodes;
  std::set<std::vector<guint32> > seen = {cluster.vm_nodes};
  std::vector<std::vector<guint32> > open = {cluster.vm_nodes};

  for (const VmmigPlannerMove &move : cluster.moves)
    goal[move.vm] = move.destination;
  while (!open.empty ())
    {
      std::vector<guint32> state = open.back ();

      open.pop_back ();
      if (state == goal)
        return true;
      std::vector<gint64> free (cluster.capacities.begin (), cluster.capacities.end ());
      for (size_t i = 0; i < state.size (); i++)
        free[state[i]] -= (gint64)cluster.vm_needs[i];
      for (const VmmigPlannerMove &move : cluster.moves)
        for (guint32 node = 0; node < cluster.n_nodes (); node++)
          {
            std::vector<guint32> next = state;

            next[move.vm] = node;
            if (free[node] >= (gint64)cluster.vm_needs[move.vm] && seen.insert (next).second)
              open.push_back (next);
          }
    }
  return false;
}

TEST (PlannerRandom, DetoursHoldAndAreFoundWhereTheyHelp)
{
  GRand *random = g_rand_new_with_seed (8);
  int n_detours = 0;
  int n_missed = 0;
  const int n_runs = (int)rounds (3000, 600);

  for (int run = 0; run < n_runs; run++)
    {
      Cluster cluster = make_swaps (random);
      VmmigPlannerProblem problem = cluster.get ();
      Plan plan (vmmig_planner_solve (&problem, nullptr, nullptr), vmmig_planner_plan_free);
      problem.route = nullptr;
      Plan direct (vmmig_planner_solve (&problem, nullptr, nullptr), vmmig_planner_plan_free);

      if (direct->outcome == VMMIG_PLANNER_COMPLETE)
        {
          ASSERT_EQ (plan->n_steps, problem.n_moves) << run;
          ASSERT_EQ (plan->makespan, direct->makespan) << run;
          continue;
        }
      bool can_be = can_be_reached (cluster);
      if (plan->outcome != VMMIG_PLANNER_COMPLETE)
        {
          n_missed += can_be;
          continue;
        }
      ASSERT_TRUE (can_be) << run;
      ASSERT_GT (plan->n_steps, problem.n_moves) << run;
      n_detours++;
      ASSERT_EQ (check_plan (problem, *plan), "") << run;
      ASSERT_NEAR ((double)plan->bound.time, find_bound (problem, *plan), 10) << run;
      ASSERT_LE (plan->bound.time, plan->makespan) << run;
    }
  g_rand_free (random);
  EXPECT_GT (n_detours, n_runs / 30);
  EXPECT_EQ (n_missed, 0);
}

/* They were made along an order that exists. */
TEST (PlannerRandom, NoClusterThatHasAPlanIsLeftWithoutOne)
{
  for (guint run = 0; run < rounds (60, 15); run++)
    {
      Cluster cluster =
          make_cluster (4 + run % 10, 20 + 3 * run, 0.6 + 0.05 * (run % 8), 1, 0, 1000 + run);
      VmmigPlannerProblem problem = cluster.get ();
      Plan plan (vmmig_planner_solve (&problem, nullptr, nullptr), vmmig_planner_plan_free);

      ASSERT_EQ (plan->outcome, VMMIG_PLANNER_COMPLETE) << run;
      EXPECT_EQ (check_plan (problem, *plan), "") << run;
    }
}

} // namespace
