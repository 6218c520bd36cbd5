/* bench-planner - how long the planner takes, and how good its plans are
 *
 *     bench-planner file FILE…
 *     bench-planner cluster NODES VMS USED MOVING RACK SEED
 *     bench-planner event NODES VMS USED MOVING RACK SEED
 *     bench-planner real FILE
 *
 * A file has a problem: NODES RESOURCES LINKS VMS MOVES; the capacity of each node in each resource (of
 * 1000 MB); the rates of the links (Mb/s); of each VM its node and what it takes; of each move its VM,
 * destination, memory (MB), hot set (MB), seconds to rewrite it, cold dirty rate (MB/s), the number of
 * links on its path, and these. A cluster is made up: shares of its memory that are in use and of its
 * VMs that move, and the size of its racks (0: none). Event: a little later one of
 * its migrations has failed; what that costs beside a new plan. Real migrations are a table of CSV.
 *
 * One line of JSON for each. The bound, and whether a plan holds, are the independent checker's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "bench-planner-real.h"
#include "planner-checker.h"
#include "planner-cluster.h"

/* --- memory: the largest sum of what is allocated at a time --- */

extern "C"
{
  void *__libc_malloc (size_t size);
  void *__libc_calloc (size_t n, size_t size);
  void *__libc_realloc (void *memory, size_t size);
  void __libc_free (void *memory);
}

static size_t allocated, most_allocated;

static void *
count (void *memory)
{
  allocated += memory != nullptr ? malloc_usable_size (memory) : 0;
  most_allocated = std::max (most_allocated, allocated);
  return memory;
}

extern "C" void *
malloc (size_t size)
{
  return count (__libc_malloc (size));
}

extern "C" void *
calloc (size_t n, size_t size)
{
  return count (__libc_calloc (n, size));
}

extern "C" void *
realloc (void *memory, size_t size)
{
  allocated -= memory != nullptr ? malloc_usable_size (memory) : 0;
  return count (__libc_realloc (memory, size));
}

extern "C" void
free (void *memory)
{
  allocated -= memory != nullptr ? malloc_usable_size (memory) : 0;
  __libc_free (memory);
}

namespace
{

/* --- problems --- */

constexpr double kMB = 1e6;
constexpr double kMbit = 125000; /* bytes per second */

/* FALSE: that is no such file. */
bool
read_problem (const char *path, Cluster &cluster)
{
  std::ifstream file (path);
  guint32 nodes = 0, resources = 0, links = 0, vms = 0, moves = 0;
  double value = 0;

  file >> nodes >> resources >> links >> vms >> moves;
  if (!file || resources == 0)
    return false;
  cluster.n_resources = resources;
  for (guint32 i = 0; i < nodes * resources && file >> value; i++)
    cluster.capacities.push_back ((guint64)(value * 1000 * kMB));
  for (guint32 i = 0; i < links && file >> value; i++)
    cluster.link_rates.push_back ((guint64)(value * kMbit));
  for (guint32 i = 0; i < vms && file >> value; i++)
    {
      cluster.vm_nodes.push_back ((guint32)value);
      for (guint32 r = 0; r < resources && file >> value; r++)
        cluster.vm_needs.push_back ((guint64)(value * 1000 * kMB));
    }
  for (guint32 i = 0; i < moves && file; i++)
    {
      VmmigPlannerMove move = {};
      double memory, hot, seconds, cold;
      guint32 link;

      file >> move.vm >> move.destination >> memory >> hot >> seconds >> cold >> move.path.n_path;
      move.memory = (guint64)(memory * kMB);
      move.hot_set = (guint64)(hot * kMB);
      move.hot_time = (gint64)(seconds * 1e6);
      move.cold_rate = (guint64)(cold * kMB);
      move.path.path = (guint32)cluster.paths.size ();
      for (guint32 k = 0; k < move.path.n_path && file >> link; k++)
        cluster.paths.push_back (link);
      cluster.moves.push_back (move);
    }
  return !file.fail ();
}

/* --- what is measured --- */

/* The moves first come, first served, all else as in a plan: s, negative if that comes to no end. */
double
find_in_given_order (const VmmigPlannerProblem &problem)
{
  std::vector<gint64> order (problem.n_moves);
  VmmigPlannerSettings settings = {};
  VmmigPlannerPlan *plan;
  double makespan = -1;

  for (guint32 i = 0; i < problem.n_moves; i++)
    order[i] = i;
  settings.previous = order.data ();
  settings.steps = 1;
  plan = vmmig_planner_solve (&problem, &settings, nullptr);
  if (plan->outcome == VMMIG_PLANNER_COMPLETE && plan->n_passes == 1)
    makespan = (double)plan->makespan / 1e6;
  vmmig_planner_plan_free (plan);
  return makespan;
}

guint
get_rounds ()
{
  const char *rounds = getenv ("VMMIG_BENCH_ROUNDS");

  return rounds != nullptr ? (guint)std::max (atoi (rounds), 1) : 3;
}

void
measure (const std::string &name, const Cluster &cluster)
{
  VmmigPlannerProblem problem = cluster.get ();
  VmmigPlannerPlan *plan = nullptr;
  double best = 1e9;
  size_t before = allocated;
  size_t peak = 0;

  for (guint i = 0; i < get_rounds (); i++)
    {
      GError *error = nullptr;
      gint64 begin = g_get_monotonic_time ();

      vmmig_planner_plan_free (plan);
      before = most_allocated = allocated;
      plan = vmmig_planner_solve (&problem, nullptr, &error);
      if (plan == nullptr)
        g_error ("%s: %s", name.c_str (), error->message);
      best = std::min (best, (double)(g_get_monotonic_time () - begin) / 1e6);
      peak = most_allocated - before;
    }
  bool complete = plan->outcome == VMMIG_PLANNER_COMPLETE;
  double bound = find_bound (problem, *plan) / 1e6;
  std::string wrong = complete ? check_plan (problem, *plan) : "";
  double makespan = (double)plan->makespan / 1e6;

  printf (
      "{\"instance\": \"%s\", \"nodes\": %u, \"moves\": %u, \"complete\": %s, \"wrong\": \"%s\", "
      "\"seconds\": %.6f, \"makespan\": %.3f, \"bound\": %.3f, \"own_bound\": %.3f, "
      "\"ratio\": %.5f, \"given_order\": %.3f, \"detours\": %u, \"passes\": %u, "
      "\"steps\": %" G_GUINT64_FORMAT ", \"bytes_per_move\": %.0f, \"conflict\": %u}\n",
      name.c_str (), problem.n_nodes, problem.n_moves, complete ? "true" : "false", wrong.c_str (),
      best, makespan, bound, (double)plan->bound.time / 1e6, bound > 0 ? makespan / bound : 1,
      find_in_given_order (problem), plan->n_steps - problem.n_moves, plan->n_passes, plan->n_tries,
      (double)peak / std::max (problem.n_moves, 1u), plan->n_conflict);
  fflush (stdout);
  vmmig_planner_plan_free (plan);
}

/* The fastest of several times; @makespan: s. */
double
time_solving (const VmmigPlannerProblem &problem,
              const VmmigPlannerSettings *settings,
              double *makespan,
              std::string *wrong)
{
  double best = 1e9;

  for (guint i = 0; i < get_rounds (); i++)
    {
      gint64 begin = g_get_monotonic_time ();
      VmmigPlannerPlan *plan = vmmig_planner_solve (&problem, settings, nullptr);

      best = std::min (best, (double)(g_get_monotonic_time () - begin) / 1e6);
      *makespan = (double)plan->makespan / 1e6;
      *wrong = i > 0                                     ? *wrong
               : plan->outcome != VMMIG_PLANNER_COMPLETE ? "no plan"
                                                         : check_plan (problem, *plan);
      vmmig_planner_plan_free (plan);
    }
  return best;
}

/* Half a second after the start, one of those that run has failed; all others go on. */
void
measure_event (const std::string &name, const Cluster &cluster)
{
  VmmigPlannerProblem problem = cluster.get ();
  VmmigPlannerPlan *plan = vmmig_planner_solve (&problem, nullptr, nullptr);
  Cluster later = cluster;
  std::vector<gint64> previous;
  VmmigPlannerSettings settings = {};
  double mended, whole;
  std::string wrong, wrong_too;
  bool failed = false;

  later.moves.clear ();
  for (guint32 i = 0; i < problem.n_moves; i++)
    {
      const VmmigPlannerMove &move = cluster.moves[i];
      const VmmigPlannerStep &step = plan->steps[i];

      if (step.start == 0 && failed)
        later.running.push_back (
            {move.vm, move.destination, move.path, step.rate, step.end - 500000});
      else
        {
          failed = failed || step.start == 0;
          later.moves.push_back (move);
          previous.push_back (step.start);
        }
    }
  vmmig_planner_plan_free (plan);
  problem = later.get ();
  double full = time_solving (problem, nullptr, &whole, &wrong);
  settings.previous = previous.data ();
  double seconds = time_solving (problem, &settings, &mended, &wrong_too);
  printf ("{\"instance\": \"%s\", \"complete\": true, \"wrong\": \"%s%s\", \"moves\": %u, "
          "\"running\": %u, \"seconds\": %.6f, \"full_seconds\": %.6f, \"ratio\": %.5f}\n",
          name.c_str (), wrong.c_str (), wrong_too.c_str (), problem.n_moves, problem.n_running,
          seconds, full, mended / whole);
}

} // namespace

int
main (int argc, char **argv)
{
  if (argc >= 3 && strcmp (argv[1], "file") == 0)
    {
      for (int i = 2; i < argc; i++)
        {
          Cluster cluster;
          g_autofree char *name = g_path_get_basename (argv[i]);

          if (!read_problem (argv[i], cluster))
            {
              fprintf (stderr, "%s is no problem for the planner\n", argv[i]);
              return 1;
            }
          measure (std::string (name).substr (0, std::string (name).rfind ('.')), cluster);
        }
      return 0;
    }
  if (argc == 8 && (strcmp (argv[1], "cluster") == 0 || strcmp (argv[1], "event") == 0))
    {
      Cluster cluster =
          make_cluster ((guint32)atoi (argv[2]), (guint32)atoi (argv[3]), atof (argv[4]),
                        atof (argv[5]), (guint32)atoi (argv[6]), (guint)atoi (argv[7]));
      std::string name = argv[1];

      for (int i = 2; i < argc; i++)
        name += std::string ("-") + argv[i];
      if (strcmp (argv[1], "cluster") == 0)
        measure (name, cluster);
      else
        measure_event (name, cluster);
      return 0;
    }
  if (argc == 3 && strcmp (argv[1], "real") == 0)
    {
      if (measure_real (argv[2]))
        return 0;
      fprintf (stderr, "%s has no real migrations of several instances\n", argv[2]);
      return 1;
    }
  fprintf (stderr, "usage: bench-planner file FILE…\n"
                   "       bench-planner cluster NODES VMS USED MOVING RACK SEED\n"
                   "       bench-planner event NODES VMS USED MOVING RACK SEED\n"
                   "       bench-planner real FILE\n");
  return 2;
}
