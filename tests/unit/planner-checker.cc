/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "planner-checker-private.h"

#include <algorithm>
#include <cmath>

namespace
{

double
get_duration (const VmmigPlannerMove &move, guint64 rate)
{
  double downtime = move.downtime > 0 ? (double)move.downtime : 300000;
  double left = (double)move.memory;
  double seconds = 0;

  for (int round = 0; round <= 30; round++)
    {
      double pass = left / (double)rate;
      double hot = move.hot_time == 0 ? 0 : std::min (1.0, pass * 1e6 / (double)move.hot_time);

      seconds += pass;
      if (pass * 1e6 <= downtime)
        break;
      left = std::min ((double)move.memory,
                       hot * (double)move.hot_set + pass * (double)move.cold_rate);
    }
  return seconds * 1e6 + (double)move.setup;
}

} // namespace

Checker::Checker (const VmmigPlannerProblem &a_problem, const VmmigPlannerPlan &a_plan)
    : problem (a_problem), plan (a_plan)
{
  for (guint32 i = 0; i < plan.n_steps; i++)
    add_step (i);
  for (guint32 i = 0; i < problem.n_running; i++)
    {
      const VmmigPlannerRunning &runs = problem.running[i];
      const guint32 *path = problem.paths + runs.path.path;
      Trip trip = {"running " + std::to_string (i),
                   runs.vm,
                   problem.vm_nodes[runs.vm],
                   runs.destination,
                   {path, path + runs.path.n_path}};
      trip.rate = trip.full_rate = runs.rate;
      trip.shortest = (double)(trip.end = runs.end);
      trips.push_back (trip);
    }
}

void
Checker::add_step (guint32 index)
{
  const VmmigPlannerStep &step = plan.steps[index];
  const VmmigPlannerMove &move = problem.moves[step.move];
  guint32 n;
  const guint32 *path = vmmig_planner_get_path (&problem, &plan, index, &n);
  guint64 full = move.max_rate > 0 ? move.max_rate : G_MAXUINT64;

  for (guint32 i = 0; i < n; i++)
    full = std::min (full, problem.link_rates[path[i]]);
  trips.push_back ({"step " + std::to_string (index),
                    move.vm,
                    step.source,
                    step.destination,
                    {path, path + n},
                    step.rate,
                    step.start,
                    step.end,
                    get_duration (move, full),
                    (double)move.setup,
                    full});
  if (index >= problem.n_moves)
    trips.back ().before = (int)step.move;
}

guint32
Checker::limit (const guint32 *limits, guint32 node) const
{
  return limits != nullptr && limits[node] > 0 ? limits[node] : G_MAXUINT32;
}

double
Checker::need (const Trip &trip, guint32 r) const
{
  return (double)problem.vm_needs[(size_t)trip.vm * problem.n_resources + r];
}

/* --- what each step says --- */

void
Checker::check_steps ()
{
  std::vector<guint32> at (problem.vm_nodes, problem.vm_nodes + problem.n_vms);
  gint64 last = 0;

  for (const Trip &trip : trips)
    last = std::max (last, trip.end);
  if (plan.makespan != last)
    blame ("the makespan is not the last end");
  for (guint32 i = 0; i < plan.n_steps; i++)
    {
      const VmmigPlannerStep &step = plan.steps[i];
      const Trip &trip = trips[i];

      if (i < problem.n_moves ? step.move != i : step.move >= problem.n_moves)
        blame (trip.name + " is of the wrong move");
      if (trip.start < 0)
        blame (trip.name + " never starts");
      if (at[trip.vm] != trip.source)
        blame (trip.name + " starts where its VM is not");
      at[trip.vm] = trip.destination;
      if (trip.before >= 0 &&
          (trip.start < trips[trip.before].end || plan.steps[trip.before].next != i))
        blame (trip.name + " starts before its VM is there");
      if (std::abs ((double)(trip.end - trip.start) -
                    get_duration (problem.moves[step.move], trip.rate)) > 2)
        blame (trip.name + " does not last as long as it does at its rate");
      if (trip.rate == 0 || trip.rate > trip.full_rate)
        blame (trip.name + " has a rate that it cannot have");
      check_wait (i);
    }
  for (guint32 i = 0; i < problem.n_moves; i++)
    if (at[problem.moves[i].vm] != problem.moves[i].destination)
      blame ("move " + std::to_string (i) + " does not arrive");
}

/* Who waits says for what, and somebody's end at just that time has changed it. */
void
Checker::check_wait (guint32 index)
{
  const VmmigPlannerStep &step = plan.steps[index];
  const Trip &trip = trips[index];
  bool named = false;

  if (step.since < 0 || step.since > step.start)
    blame (trip.name + " waits when it cannot");
  if (step.start <= 0)
    {
      if (step.wait != VMMIG_PLANNER_WAITS_FOR_NOTHING)
        blame (trip.name + " waits for something and does not wait");
      return;
    }
  if (step.holder >= trips.size ())
    return blame (trip.name + " waits for nobody");
  const Trip &holder = trips[step.holder];
  switch (step.wait)
    {
    case VMMIG_PLANNER_WAITS_FOR_NOTHING:
      break;
    case VMMIG_PLANNER_WAITS_FOR_LINK:
      named = std::count (trip.links.begin (), trip.links.end (), step.object) > 0 &&
              std::count (holder.links.begin (), holder.links.end (), step.object) > 0;
      break;
    case VMMIG_PLANNER_WAITS_FOR_OUTBOUND:
      named = step.object == trip.source && step.object == holder.source;
      break;
    case VMMIG_PLANNER_WAITS_FOR_INBOUND:
      named = step.object == trip.destination && step.object == holder.destination;
      break;
    case VMMIG_PLANNER_WAITS_FOR_PARALLEL:
      named = problem.parallel > 0;
      break;
    case VMMIG_PLANNER_WAITS_FOR_ROOM:
      named = step.object == trip.destination && step.resource < problem.n_resources &&
              step.object == holder.source;
      break;
    case VMMIG_PLANNER_WAITS_FOR_TURN:
      named = step.object == trip.destination;
      break;
    case VMMIG_PLANNER_WAITS_FOR_VM:
      named = trip.before == (int)step.holder;
      break;
    }
  if (!named)
    blame (trip.name + " does not say what it waits for");
  if (holder.end != step.start &&
      (step.wait != VMMIG_PLANNER_WAITS_FOR_TURN || holder.start != step.start))
    blame (trip.name + " does not start when who held it up is through");
}

/* --- every instant --- */

void
Checker::check_instant (gint64 time, const std::vector<size_t> &started)
{
  std::vector<double> links (problem.n_links);
  std::vector<guint32> out (problem.n_nodes), in (problem.n_nodes);
  guint32 all = 0;

  for (const Trip &trip : trips)
    if (trip.start >= 0 && trip.start <= time && trip.end > time)
      {
        for (guint32 link : trip.links)
          links[link] += (double)trip.rate;
        out[trip.source]++;
        in[trip.destination]++;
        all++;
      }
  std::string when = " at " + std::to_string (time) + " µs";
  for (size_t i : started)
    {
      const Trip &trip = trips[i];

      for (guint32 link : trip.links)
        if (links[link] > (double)problem.link_rates[link])
          blame ("link " + std::to_string (link) + " is overloaded" + when);
      if (out[trip.source] > limit (problem.outbound, trip.source))
        blame ("too much leaves node " + std::to_string (trip.source) + when);
      if (in[trip.destination] > limit (problem.inbound, trip.destination))
        blame ("too much comes to node " + std::to_string (trip.destination) + when);
      if (problem.parallel > 0 && all > problem.parallel)
        blame ("too much moves" + when);
    }
}

void
Checker::check_all_instants ()
{
  struct Event
  {
    gint64 time;
    bool begins;
    size_t trip;
  };
  guint32 n = problem.n_resources;
  std::vector<Event> events;
  std::vector<double> used ((size_t)problem.n_nodes * n);

  for (guint32 i = 0; i < problem.n_vms; i++)
    for (guint32 r = 0; r < n; r++)
      used[(size_t)problem.vm_nodes[i] * n + r] += (double)problem.vm_needs[(size_t)i * n + r];
  for (size_t i = 0; i < trips.size (); i++)
    {
      events.push_back ({trips[i].start, true, i});
      events.push_back ({trips[i].end, false, i});
    }
  std::sort (events.begin (), events.end (), [] (const Event &a, const Event &b) {
    return a.time != b.time ? a.time < b.time : a.begins < b.begins;
  });
  for (size_t i = 0; i < events.size ();)
    {
      gint64 time = events[i].time;
      std::vector<size_t> started;

      for (; i < events.size () && events[i].time == time; i++)
        {
          const Trip &trip = trips[events[i].trip];

          for (guint32 r = 0; r < n; r++)
            used[(size_t)(events[i].begins ? trip.destination : trip.source) * n + r] +=
                (events[i].begins ? 1 : -1) * need (trip, r);
          /* What ran already is not the plan's fault. */
          if (events[i].begins && events[i].trip < plan.n_steps)
            started.push_back (events[i].trip);
        }
      for (size_t s : started)
        for (guint32 r = 0; r < n; r++)
          {
            size_t where = (size_t)trips[s].destination * n + r;

            if (need (trips[s], r) > 0 && used[where] > (double)problem.capacities[where])
              blame ("node " + std::to_string (trips[s].destination) + " is overfull at " +
                     std::to_string (time) + " µs");
          }
      if (!started.empty ())
        check_instant (time, started);
    }
}

std::string
Checker::check ()
{
  check_steps ();
  if (wrong.empty ())
    check_all_instants ();
  return wrong;
}

std::string
check_plan (const VmmigPlannerProblem &problem, const VmmigPlannerPlan &plan)
{
  return Checker (problem, plan).check ();
}
