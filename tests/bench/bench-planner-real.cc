/* bench-planner-real - plans with durations that were fitted on other migrations
 *
 * What an instance took is predicted by the planner's own model of durations, which has three
 * unknowns here: the share of a link's rate that a migration gets, what it takes beside copying, and
 * the share of a guest's hot set that is sent each time it is rewritten. They are fitted on the runs
 * of all other instances. The plan is judged twice: as it was made, and with each VM taking as long
 * as it took in each real run, in the order of the plan.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bench-planner-real.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "planner-checker.h"
#include "planner-cluster.h"

namespace
{

constexpr double kMB = 1e6;
constexpr double kMbit = 125000; /* bytes per second */
/* What the guests did, and their nodes had */
constexpr double kHotSet = 96 * kMB;
constexpr gint64 kHotTime = 2000000; /* µs */
constexpr guint64 kColdRate = 2500000;
constexpr double kNics[] = {500, 500, 1000, 1000}; /* Mb/s */

struct Migration
{
  int instance, run, vm;
  double memory; /* MB */
  guint32 source, destination;
  double rate; /* Mb/s */
  double start, end; /* s */

  double duration () const { return end - start; }
};

struct Fit
{
  double rate = 1, hot = 1; /* shares */
  double setup = 0; /* s */
};

std::vector<Migration>
read_migrations (const char *path)
{
  std::vector<Migration> migrations;
  std::ifstream file (path);
  std::string line;

  std::getline (file, line);
  while (std::getline (file, line))
    {
      Migration m;
      double planned;

      std::replace (line.begin (), line.end (), ',', ' ');
      std::istringstream fields (line);
      if (fields >> m.instance >> m.run >> m.vm >> m.memory >> m.source >> m.destination >>
              m.rate >> planned >> planned >> m.start >> m.end &&
          m.source < 4 && m.destination < 4 && m.end > m.start)
        migrations.push_back (m);
    }
  return migrations;
}

void
set_move (VmmigPlannerMove &move, const Migration &migration, const Fit &fit)
{
  move.memory = (guint64)(migration.memory * kMB);
  move.hot_set = (guint64)(kHotSet * fit.hot);
  move.hot_time = kHotTime;
  move.cold_rate = kColdRate;
  move.setup = (gint64)(fit.setup * 1e6);
}

double
predict (const Migration &migration, const Fit &fit)
{
  VmmigPlannerMove move = {};
  VmmigPlannerEstimate estimate;

  set_move (move, migration, fit);
  vmmig_planner_estimate (&move, (guint64)(migration.rate * kMbit * fit.rate), &estimate);
  return (double)estimate.duration / 1e6;
}

/* The mean share by which predictions are off. */
double
get_error (const std::vector<Migration> &migrations, const Fit &fit)
{
  std::map<std::pair<double, double>, double> predicted; /* of a memory and a rate */
  double sum = 0;

  for (const Migration &m : migrations)
    {
      auto [found, added] = predicted.insert ({{m.memory, m.rate}, 0});

      if (added)
        found->second = predict (m, fit);
      sum += std::abs (found->second / m.duration () - 1);
    }
  return sum / (double)migrations.size ();
}

Fit
find_fit (const std::vector<Migration> &migrations)
{
  double least = G_MAXDOUBLE;
  Fit best;

  for (int rate = 170; rate <= 200; rate++)
    for (int hot = 0; hot <= 10; hot++)
      for (int setup = 0; setup <= 16; setup++)
        {
          Fit fit = {rate / 200.0, hot / 10.0, setup / 4.0};
          double error = get_error (migrations, fit);

          if (error < least)
            {
              least = error;
              best = fit;
            }
        }
  return best;
}

Cluster
make_nodes (double share)
{
  Cluster cluster;

  for (double nic : kNics)
    cluster.add_node (1000, (guint64)(nic * kMbit * share));
  return cluster;
}

/* The moves of one run; VM i is that of move i. */
Cluster
make_instance (const std::vector<Migration> &run, const Fit &fit)
{
  Cluster cluster = make_nodes (fit.rate);

  for (const Migration &m : run)
    set_move (cluster.add_move (cluster.add_vm (m.source, 1), m.destination, 0), m, fit);
  return cluster;
}

/* The plan's order when each takes as long as it did: s, and how much longer than it had to be. */
double
follow (const std::vector<Migration> &run, const VmmigPlannerPlan &plan, double *ratio)
{
  Cluster cluster = make_nodes (1);
  std::vector<gint64> starts;
  VmmigPlannerSettings settings = {};

  for (const Migration &m : run)
    cluster.add_move (cluster.add_vm (m.source, 1), m.destination,
                      (guint64)(m.duration () * m.rate * kMbit));
  for (guint32 i = 0; i < plan.n_steps; i++)
    starts.push_back (plan.steps[i].start);
  settings.previous = starts.data ();
  VmmigPlannerProblem problem = cluster.get ();
  VmmigPlannerPlan *real = vmmig_planner_solve (&problem, &settings, nullptr);
  double makespan = (double)real->makespan / 1e6;

  *ratio = makespan / (find_bound (problem, *real) / 1e6);
  vmmig_planner_plan_free (real);
  return makespan;
}

void
measure (const std::vector<Migration> &migrations, int instance)
{
  std::vector<Migration> others;
  std::map<int, std::vector<Migration> > runs;
  double theirs = 0, followed = 0, followed_ratio = 0;

  for (const Migration &m : migrations)
    if (m.instance == instance)
      runs[m.run].push_back (m);
    else
      others.push_back (m);
  for (auto &[run, of] : runs)
    std::sort (of.begin (), of.end (),
               [] (const Migration &a, const Migration &b) { return a.vm < b.vm; });
  Fit fit = find_fit (others);
  Cluster cluster = make_instance (runs.begin ()->second, fit);
  VmmigPlannerProblem problem = cluster.get ();
  VmmigPlannerPlan *plan = vmmig_planner_solve (&problem, nullptr, nullptr);
  double bound = find_bound (problem, *plan) / 1e6;
  double n = (double)runs.size ();
  double error = 0;
  std::string wrong = check_plan (problem, *plan);

  for (const auto &[run, of] : runs)
    {
      double end = 0, ratio = 0;

      for (const Migration &m : of)
        end = std::max (end, m.end);
      theirs += end / n;
      followed += follow (of, *plan, &ratio) / n;
      followed_ratio += ratio / n;
      error += get_error (of, fit) / n;
    }
  printf ("{\"instance\": %d, \"wrong\": \"%s\", \"moves\": %u, \"error\": %.5f, "
          "\"fit\": [%.3f, %.2f, %.2f], \"makespan\": %.3f, \"bound\": %.3f, \"ratio\": %.5f, "
          "\"followed\": %.3f, \"followed_ratio\": %.5f, \"theirs\": %.3f}\n",
          instance, wrong.c_str (), problem.n_moves, error, fit.rate, fit.hot, fit.setup,
          (double)plan->makespan / 1e6, bound, (double)plan->makespan / 1e6 / bound, followed,
          followed_ratio, theirs);
  vmmig_planner_plan_free (plan);
}

} // namespace

bool
measure_real (const char *path)
{
  std::vector<Migration> migrations = read_migrations (path);
  std::map<int, int> instances;

  for (const Migration &m : migrations)
    instances[m.instance]++;
  if (instances.size () < 2)
    return false;
  for (const auto &[instance, n] : instances)
    measure (migrations, instance);
  return true;
}
