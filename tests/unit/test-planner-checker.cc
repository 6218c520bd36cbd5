/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

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
solve (const Cluster &cluster)
{
  VmmigPlannerProblem problem = cluster.get ();

  return {vmmig_planner_solve (&problem, nullptr, nullptr), vmmig_planner_plan_free};
}

TEST (PlannerChecker, FindsWhatIsWrongWithAPlan)
{
  Cluster cluster;
  const struct
  {
    const char *words;
    std::function<void (VmmigPlannerPlan &)> spoil;
  } cases[] = {
      {"never starts", [] (VmmigPlannerPlan &p) { p.steps[1].start = -1; }},
      {"does not last", [] (VmmigPlannerPlan &p) { p.steps[2].start += kSecond; }},
      {"cannot have", [] (VmmigPlannerPlan &p) { p.steps[1].rate++; }},
      {"waits for nobody", [] (VmmigPlannerPlan &p) { p.steps[0].holder = VMMIG_PLANNER_NONE; }},
      {"does not say",
       [] (VmmigPlannerPlan &p) { p.steps[0].wait = VMMIG_PLANNER_WAITS_FOR_LINK; }},
      {"is through", [] (VmmigPlannerPlan &p) { p.steps[0].holder = 1, p.steps[1].end -= 1; }},
      {"does not wait",
       [] (VmmigPlannerPlan &p) { p.steps[1].wait = VMMIG_PLANNER_WAITS_FOR_LINK; }},
      {"makespan", [] (VmmigPlannerPlan &p) { p.makespan++; }},
      {"when it cannot", [] (VmmigPlannerPlan &p) { p.steps[0].since = p.steps[0].start + 1; }},
      {"wrong move", [] (VmmigPlannerPlan &p) { p.steps[0].move = 1; }},
      {"is not", [] (VmmigPlannerPlan &p) { p.steps[0].source = 2; }},
      {"does not arrive", [] (VmmigPlannerPlan &p) { p.steps[2].destination = 0; }},
  };

  for (int i = 0; i < 3; i++)
    cluster.add_node (10, kRate);
  cluster.add_move (cluster.add_vm (0, 8), 1, 10 * kRate);
  cluster.add_move (cluster.add_vm (1, 8), 2, 20 * kRate);
  cluster.add_move (cluster.add_vm (0, 1), 2, 2 * kRate);
  VmmigPlannerProblem problem = cluster.get ();
  for (const auto &each : cases)
    {
      Plan plan = solve (cluster);

      each.spoil (*plan);
      EXPECT_NE (check_plan (problem, *plan).find (each.words), std::string::npos)
          << each.words << ": " << check_plan (problem, *plan);
    }
}

TEST (PlannerChecker, LooksAtRoomLinksAndLimits)
{
  Cluster cluster;

  for (int i = 0; i < 2; i++)
    cluster.add_node (100, 2 * kRate);
  for (guint32 i = 0; i < 2; i++)
    cluster.add_move (cluster.add_vm (0, 1), 1, 10 * kRate).max_rate = kRate;
  Plan plan = solve (cluster);
  ASSERT_EQ (plan->makespan, 10 * kSecond);
  VmmigPlannerProblem problem = cluster.get ();
  guint32 one[] = {1, 1};
  problem.outbound = one;
  EXPECT_NE (check_plan (problem, *plan).find ("leaves"), std::string::npos);
  problem = cluster.get ();
  problem.inbound = one;
  EXPECT_NE (check_plan (problem, *plan).find ("comes to"), std::string::npos);
  problem = cluster.get ();
  problem.parallel = 1;
  EXPECT_NE (check_plan (problem, *plan).find ("too much moves"), std::string::npos);
  cluster.link_rates[3] = kRate;
  problem = cluster.get ();
  EXPECT_NE (check_plan (problem, *plan).find ("overloaded"), std::string::npos);
  cluster.capacities[1] = 1;
  problem = cluster.get ();
  EXPECT_NE (check_plan (problem, *plan).find ("overfull"), std::string::npos);
}

} // namespace
