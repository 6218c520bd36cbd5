/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/vmmig-plan-private.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "planner-cluster.h"
#include "rounds.h"

#include <vmmig/vmmig-error.h>

namespace
{

constexpr guint64 kRate = 100000000; /* bytes per second */

using Plan = std::unique_ptr<VmmigPlan, decltype (&vmmig_plan_unref)>;

struct Names
{
  std::vector<std::string> texts;
  std::vector<const char *> pointers;

  Names (const char *kind, size_t n)
  {
    for (size_t i = 0; i < n; i++)
      texts.push_back (kind + std::to_string (i));
    for (const std::string &text : texts)
      pointers.push_back (text.c_str ());
  }
};

Plan
make (const Cluster &cluster, const VmmigPlannerSettings *settings = nullptr)
{
  VmmigPlannerProblem problem = cluster.get ();
  Names vms ("vm", problem.n_vms), nodes ("h", problem.n_nodes), links ("l", problem.n_links);
  Names resources ("memory", problem.n_resources);
  VmmigPlanNames names = {vms.pointers.data (), nodes.pointers.data (), links.pointers.data (),
                          resources.pointers.data ()};
  g_autoptr (VmmigPlannerPlan) solved = vmmig_planner_solve (&problem, settings, nullptr);

  return {vmmig_plan_new (&problem, solved, &names), vmmig_plan_unref};
}

std::vector<const VmmigPlanMove *>
get_moves (const Plan &plan)
{
  g_autoptr (GPtrArray) moves = vmmig_plan_get_moves (plan.get ());

  /* The plan has them as well. */
  return {(const VmmigPlanMove **)moves->pdata, (const VmmigPlanMove **)moves->pdata + moves->len};
}

TEST (Plan, SaysEachKindOfBound)
{
  auto text = [] (const Cluster &cluster) {
    return std::string (vmmig_plan_get_lower_bound_text (make (cluster).get ()));
  };
  Cluster cluster;

  for (int i = 0; i < 4; i++)
    cluster.add_node (100, kRate);
  EXPECT_EQ (text (cluster), "nothing");
  cluster.add_running (cluster.add_vm (3, 1), 2, kRate, 1000000);
  EXPECT_EQ (text (cluster), "a migration that runs already");
  for (guint32 i = 0; i < 2; i++)
    cluster.add_move (cluster.add_vm (0, 1), 1 + i, 10 * kRate).max_rate = kRate / 2;
  EXPECT_EQ (text (cluster), "the move of ‘vm1’, which takes longest");
  cluster.outbound = {1, 0, 0, 0};
  EXPECT_EQ (text (cluster), "all that leaves ‘h0’, as many at a time as may");
  cluster.outbound.clear ();
  cluster.moves[1].destination = 1;
  cluster.moves[1].path = cluster.add_path (0, 1);
  cluster.inbound = {0, 1, 0, 0};
  EXPECT_EQ (text (cluster), "all that comes to ‘h1’, as many at a time as may");
  cluster.inbound.clear ();
  cluster.running.clear ();
  cluster.parallel = 1;
  EXPECT_EQ (text (cluster), "all that moves, as many at a time as may in the cluster");
  cluster.parallel = 0;
  cluster.moves[0].max_rate = cluster.moves[1].max_rate = 0;
  EXPECT_EQ (text (cluster), "all that goes over the link ‘l0’");
  /* Three come; there is room for one, and for the others when two have left that take long. */
  cluster = Cluster ();
  for (int i = 0; i < 4; i++)
    cluster.add_node (i == 1 ? 3 : 100, kRate);
  for (guint32 i = 0; i < 2; i++)
    cluster.add_move (cluster.add_vm (1, 1), 2 + i, 25 * kRate / 2).max_rate = kRate / 2;
  for (guint32 node : {0, 2, 3})
    cluster.add_move (cluster.add_vm (node, 1), 1, 10 * kRate);
  EXPECT_EQ (text (cluster), "‘h1’, which has to be emptied before it can be filled");
  /* And one after another */
  cluster = Cluster ();
  for (int i = 0; i < 3; i++)
    cluster.add_node (10, kRate);
  cluster.add_move (cluster.add_vm (0, 8), 1, 10 * kRate);
  cluster.add_move (cluster.add_vm (1, 8), 2, 10 * kRate);
  EXPECT_EQ (text (cluster), "others that make room for ‘vm0’, one after another");
}

TEST (Plan, KeepsTheOrderOfItsMovesAndNamesWhoLetsThemGo)
{
  std::map<VmmigPlanWait, int> seen;
  int n_without = 0;

  for (guint run = 0; run < rounds (60, 12); run++)
    {
      Cluster cluster =
          make_cluster (3 + run % 6, 10 + 2 * run, 0.5 + 0.06 * (run % 8), 1, run % 3, run);
      guint64 last = 0;

      cluster.detours = true;
      if (run % 2 == 0)
        cluster.parallel = 2 + run % 3;
      if (run % 5 == 0)
        cluster.outbound.assign (cluster.n_nodes (), 1);
      if (run % 7 == 0)
        cluster.inbound.assign (cluster.n_nodes (), 1);
      Plan plan = make (cluster);
      n_without += !vmmig_plan_is_complete (plan.get ());
      for (const VmmigPlanMove *move : get_moves (plan))
        {
          if (!vmmig_plan_move_starts (move))
            continue;
          seen[vmmig_plan_move_get_wait (move)]++;
          EXPECT_LE (last, vmmig_plan_move_get_start (move));
          last = vmmig_plan_move_get_start (move);
          EXPECT_LE (vmmig_plan_move_get_wait_since (move), last);
          EXPECT_LT (last, vmmig_plan_move_get_end (move));
          EXPECT_LE (vmmig_plan_move_get_end (move), vmmig_plan_get_duration (plan.get ()));
          EXPECT_EQ (vmmig_plan_move_get_wait_holder (move) != nullptr,
                     vmmig_plan_move_get_wait (move) != VMMIG_PLAN_WAIT_NOTHING);
          EXPECT_EQ (vmmig_plan_move_get_wait_resource (move) != nullptr,
                     vmmig_plan_move_get_wait (move) == VMMIG_PLAN_WAIT_ROOM);
        }
      EXPECT_GE (vmmig_plan_get_duration (plan.get ()), vmmig_plan_get_lower_bound (plan.get ()));
    }
  EXPECT_EQ (n_without, 0);
  for (VmmigPlanWait wait :
       {VMMIG_PLAN_WAIT_NOTHING, VMMIG_PLAN_WAIT_LINK, VMMIG_PLAN_WAIT_OUTBOUND,
        VMMIG_PLAN_WAIT_INBOUND, VMMIG_PLAN_WAIT_PARALLEL, VMMIG_PLAN_WAIT_ROOM})
    EXPECT_GT (seen[wait], 0) << wait;
}

TEST (Plan, StaysWhenItsMovesAreGone)
{
  Cluster cluster = make_cluster (4, 20, 0.5, 1, 0, 1);
  Plan plan = make (cluster);
  g_autoptr (GPtrArray) moves = vmmig_plan_get_moves (plan.get ());
  g_autoptr (VmmigPlanMove) move = vmmig_plan_move_ref ((VmmigPlanMove *)moves->pdata[0]);
  g_autoptr (VmmigPlan) again = vmmig_plan_ref (plan.get ());

  plan.reset ();
  g_ptr_array_set_size (moves, 0);
  EXPECT_EQ (vmmig_plan_get_ratio (again) >= 1, true);
  EXPECT_EQ (get_moves ({vmmig_plan_ref (again), vmmig_plan_unref}).size (), 20u);
  g_clear_pointer (&again, vmmig_plan_unref);
  EXPECT_STREQ (vmmig_plan_move_get_text (move), "starts at once");
}

/* A description with whatever comes to mind. */
GVariant *
make_anything (GRand *random, int depth)
{
  const char *keys[] = {"nodes", "vms",  "parallel", "name",       "memory",      "rate",
                        "node",  "used", "ends",     "outbound",   "destination", "dirty-rate",
                        "?",     "",     "inbound",  "working-set"};
  GVariantBuilder builder;

  switch (g_rand_int_range (random, 0, depth > 0 ? 6 : 4))
    {
    case 0:
      return g_variant_new_string (g_rand_boolean (random) ? "h1" : "h2");
    case 1:
      return g_variant_new_uint64 ((guint64)1 << g_rand_int_range (random, 0, 64));
    case 2:
      return g_variant_new_uint64 ((guint64)g_rand_int_range (random, 0, 3));
    case 3:
      return g_variant_new_double (1);
    case 4:
      g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
      for (int i = g_rand_int_range (random, 0, 8); i > 0; i--)
        g_variant_builder_add (&builder, "{sv}",
                               keys[g_rand_int_range (random, 0, G_N_ELEMENTS (keys))],
                               make_anything (random, depth - 1));
      return g_variant_builder_end (&builder);
    default:
      g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
      for (int i = g_rand_int_range (random, 0, 4); i > 0; i--)
        {
          GVariant *value = g_variant_ref_sink (make_anything (random, depth));

          if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
            g_variant_builder_add_value (&builder, value);
          g_variant_unref (value);
        }
      return g_variant_builder_end (&builder);
    }
}

/* A node or a VM, now and then with something else in it. */
GVariant *
make_almost (GRand *random, const char *type, int number, std::vector<const char *> numbers)
{
  g_autofree char *name = g_strdup_printf ("%s%d", type, number);
  GVariantDict dict;

  g_variant_dict_init (&dict, nullptr);
  g_variant_dict_insert (&dict, "name", "s", name);
  for (const char *key : numbers)
    if (g_rand_int_range (random, 0, 6) > 0)
      g_variant_dict_insert (&dict, key, "t", (guint64)1 << g_rand_int_range (random, 0, 52));
  for (const char *key : {"node", "destination"})
    if (*type == 'v' && g_rand_int_range (random, 0, 8) > 0)
      {
        g_autofree char *node = g_strdup_printf ("h%d", g_rand_int_range (random, 0, 5));

        g_variant_dict_insert (&dict, key, "s", node);
      }
  return g_variant_dict_end (&dict);
}

TEST (Plan, AnyDescriptionIsPlannedOrRefused)
{
  GRand *random = g_rand_new_with_seed (5);
  guint n_plans = 0;
  const guint n_runs = (guint)rounds (8000, 500);

  for (guint run = 0; run < n_runs; run++)
    {
      g_autoptr (GError) error = nullptr;
      GVariant *description;
      GVariantBuilder nodes, vms;

      g_variant_builder_init (&nodes, G_VARIANT_TYPE ("aa{sv}"));
      g_variant_builder_init (&vms, G_VARIANT_TYPE ("aa{sv}"));
      for (int i = 0; i < 4; i++)
        g_variant_builder_add_value (&nodes, make_almost (random, "h", i, {"memory", "rate"}));
      for (int i = g_rand_int_range (random, 0, 3); i > 0; i--)
        g_variant_builder_add_value (&vms, make_almost (random, "v", i, {"memory", "used"}));
      description =
          g_variant_new_parsed ("{'nodes': <%*>, 'vms': <%*>}", g_variant_builder_end (&nodes),
                                g_variant_builder_end (&vms));
      if (run % 2 == 0)
        {
          g_variant_unref (g_variant_ref_sink (description));
          description = make_anything (random, 3);
        }
      Plan plan (vmmig_plan_new_for (description, &error), vmmig_plan_unref);
      ASSERT_EQ (plan == nullptr, error != nullptr);
      n_plans += plan != nullptr;
      if (plan == nullptr)
        {
          EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT))
              << error->message;
          continue;
        }
      g_autofree char *json = vmmig_plan_to_json (plan.get ());
      EXPECT_NE (std::string (json).find ("\"moves\":["), std::string::npos) << json;
    }
  g_rand_free (random);
  EXPECT_GT (n_plans, n_runs / 100);
  EXPECT_LT (n_plans, n_runs);
}

} // namespace
