/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "planner-checker-private.h"

#include <algorithm>
#include <cmath>

namespace
{

/* Of a size and what it costs: per piece. */
bool
is_cheaper (const std::pair<double, double> &a, const std::pair<double, double> &b)
{
  return a.second * b.first < b.second * a.first;
}

} // namespace

void
Checker::find_free ()
{
  guint32 n = problem.n_resources;

  free.assign (problem.capacities, problem.capacities + (size_t)problem.n_nodes * n);
  for (guint32 i = 0; i < problem.n_vms + problem.n_running; i++)
    {
      bool runs = i >= problem.n_vms;
      guint32 vm = runs ? problem.running[i - problem.n_vms].vm : i;
      guint32 node = runs ? problem.running[i - problem.n_vms].destination : problem.vm_nodes[i];

      for (guint32 r = 0; r < n; r++)
        free[(size_t)node * n + r] -= (double)problem.vm_needs[(size_t)vm * n + r];
    }
}

double
Checker::find_start (const Trip &trip, const std::vector<size_t> &leaving) const
{
  double start = trip.before < 0 ? 0 : trips[trip.before].earliest + trips[trip.before].shortest;

  for (guint32 r = 0; r < problem.n_resources; r++)
    {
      std::vector<std::pair<double, double> > ends;
      double left = free[(size_t)trip.destination * problem.n_resources + r];

      if (need (trip, r) <= 0)
        continue;
      for (size_t i : leaving)
        ends.push_back ({trips[i].earliest + trips[i].shortest, need (trips[i], r)});
      std::sort (ends.begin (), ends.end ());
      for (size_t i = 0; left < need (trip, r); i++)
        {
          if (i == ends.size ())
            return kNever;
          start = std::max (start, ends[i].first);
          left += ends[i].second;
        }
    }
  return start;
}

void
Checker::find_earliest ()
{
  std::map<guint32, std::vector<size_t> > leaving;
  bool changed = true;

  for (size_t i = 0; i < trips.size (); i++)
    {
      leaving[trips[i].source].push_back (i);
      trips[i].earliest = i < plan.n_steps ? kNever : 0;
    }
  while (changed)
    {
      changed = false;
      for (size_t i = 0; i < plan.n_steps; i++)
        {
          double start = find_start (trips[i], leaving[trips[i].destination]);

          changed = changed || start < trips[i].earliest;
          trips[i].earliest = std::min (trips[i].earliest, start);
        }
    }
}

/* Which ports it needs, and for how long it takes all of each. What runs already counts for no more
 * than the port has, however much others started. */
std::map<guint64, double>
Checker::ports_of (const Trip &trip, double least_share) const
{
  std::map<guint64, double> ports = ports_alone (trip, least_share);

  if (&trip < &trips[plan.n_steps])
    return ports;
  for (auto &[port, load] : ports)
    {
      double all = 0;

      for (size_t i = plan.n_steps; i < trips.size (); i++)
        {
          std::map<guint64, double> other = ports_alone (trips[i], least_share);

          if (other.count (port) > 0 && trips[i].shortest > 0)
            all += other[port] / trips[i].shortest;
        }
      load /= std::max (all, 1.0);
    }
  return ports;
}

std::map<guint64, double>
Checker::ports_alone (const Trip &trip, double least_share) const
{
  std::map<guint64, double> ports;
  guint64 nodes = problem.n_links;
  guint64 n = problem.n_nodes;

  for (guint32 link : trip.links)
    ports[link] = (trip.shortest - trip.setup * (1 - least_share)) * (double)trip.full_rate /
                  (double)problem.link_rates[link];
  if (limit (problem.outbound, trip.source) < G_MAXUINT32)
    ports[nodes + trip.source] = trip.shortest / limit (problem.outbound, trip.source);
  if (limit (problem.inbound, trip.destination) < G_MAXUINT32)
    ports[nodes + n + trip.destination] = trip.shortest / limit (problem.inbound, trip.destination);
  if (problem.parallel > 0)
    ports[nodes + 2 * n] = trip.shortest / problem.parallel;
  return ports;
}

double
Checker::bound_ports (double least_share) const
{
  std::map<guint64, std::vector<std::pair<double, double> > > loads;
  double best = 0;

  for (const Trip &trip : trips)
    for (const auto &[port, load] : ports_of (trip, least_share))
      loads[port].push_back ({std::isinf (trip.earliest) ? 0 : trip.earliest, load});
  for (auto &[port, all] : loads)
    {
      double sum = 0;

      std::sort (all.rbegin (), all.rend ());
      for (const auto &[earliest, load] : all)
        best = std::max (best, earliest + (sum += load));
    }
  return best;
}

double
Checker::least_load (Loads loads, double amount)
{
  double sum = 0;

  std::sort (loads.begin (), loads.end (), is_cheaper);
  for (const auto &[takes, load] : loads)
    {
      if (amount <= 0)
        break;
      sum += load * std::min (1.0, takes > 0 ? amount / takes : 0);
      amount -= takes;
    }
  return sum;
}

double
Checker::bound_room (double lacking, double first, const Loads &in, const Loads &out) const
{
  std::vector<double> corners = {0};
  double best = 0;

  for (bool coming : {false, true})
    {
      Loads sorted = coming ? in : out;
      double sum = 0;

      std::sort (sorted.begin (), sorted.end (), is_cheaper);
      for (const auto &[takes, load] : sorted)
        {
          sum += takes;
          corners.push_back (coming ? lacking - sum : sum);
        }
    }
  corners.push_back (lacking);
  for (double left : corners)
    if (left >= 0 && left <= lacking)
      best = std::max (best,
                       std::max (first, least_load (out, left)) + least_load (in, lacking - left));
  return best;
}

std::vector<guint64>
Checker::common_ports (const std::vector<size_t> &of, double least_share) const
{
  std::map<guint64, size_t> count;
  std::vector<guint64> common;

  for (size_t i : of)
    for (const auto &[port, load] : ports_of (trips[i], least_share))
      count[port]++;
  for (const auto &[port, n] : count)
    if (n == of.size ())
      common.push_back (port);
  return common;
}

double
Checker::bound_emptying (guint32 node,
                         const std::vector<size_t> &in,
                         const std::vector<size_t> &out,
                         double least_share) const
{
  double best = 0;

  for (guint32 r = 0; r < problem.n_resources; r++)
    {
      double lacking = -free[(size_t)node * problem.n_resources + r];
      double first = kNever;

      for (size_t i : in)
        lacking += need (trips[i], r);
      for (size_t i : out)
        if (need (trips[i], r) > 0)
          first = std::min (first, trips[i].earliest + trips[i].shortest);
      if (lacking <= 0 || std::isinf (first))
        continue;
      for (guint64 entry : common_ports (in, least_share))
        for (guint64 exit : common_ports (out, least_share))
          {
            Loads coming, leaving;

            for (size_t i : in)
              coming.push_back ({need (trips[i], r), ports_of (trips[i], least_share)[entry]});
            for (size_t i : out)
              leaving.push_back ({need (trips[i], r), ports_of (trips[i], least_share)[exit]});
            best = std::max (best, bound_room (lacking, first, coming, leaving));
          }
    }
  return best;
}

double
Checker::bound (guint percent)
{
  double least_share = percent == 0 ? 1 : percent / 100.0;
  std::map<guint32, std::vector<size_t> > in, out;
  double best;

  find_free ();
  find_earliest ();
  best = bound_ports (least_share);
  for (size_t i = 0; i < trips.size (); i++)
    {
      double earliest = std::isinf (trips[i].earliest) ? 0 : trips[i].earliest;

      best = std::max (best, earliest + trips[i].shortest);
      out[trips[i].source].push_back (i);
      if (i < plan.n_steps)
        in[trips[i].destination].push_back (i);
    }
  for (const auto &[node, coming] : in)
    if (out.count (node) > 0)
      best = std::max (best, bound_emptying (node, coming, out[node], least_share));
  return best;
}

double
find_bound (const VmmigPlannerProblem &problem, const VmmigPlannerPlan &plan, guint least_share)
{
  return Checker (problem, plan).bound (least_share);
}
