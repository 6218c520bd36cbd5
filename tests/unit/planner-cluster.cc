/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "planner-cluster.h"

#include <algorithm>

namespace
{

int
route (guint32, guint32 from, guint32 to, guint32 *links, gpointer cluster)
{
  std::vector<guint32> found = static_cast<const Cluster *> (cluster)->find_links (from, to);

  std::copy (found.begin (), found.end (), links);
  return (int)found.size ();
}

} // namespace

guint32
Cluster::n_nodes () const
{
  return (guint32)(capacities.size () / n_resources);
}

guint32
Cluster::add_node (guint64 capacity, guint64 rate)
{
  for (guint32 i = 0; i < n_resources; i++)
    capacities.push_back (capacity);
  link_rates.push_back (rate);
  link_rates.push_back (rate);
  return n_nodes () - 1;
}

void
Cluster::add_racks (guint32 size, guint64 rate)
{
  rack = size;
  link_rates.resize (2 * n_nodes () + 2 * ((n_nodes () + size - 1) / size), rate);
}

guint32
Cluster::add_vm (guint32 node, guint64 need)
{
  vm_nodes.push_back (node);
  for (guint32 i = 0; i < n_resources; i++)
    vm_needs.push_back (need);
  return (guint32)vm_nodes.size () - 1;
}

std::vector<guint32>
Cluster::find_links (guint32 from, guint32 to) const
{
  std::vector<guint32> links = {2 * from};

  if (rack > 0 && from / rack != to / rack)
    {
      links.push_back (2 * n_nodes () + 2 * (from / rack));
      links.push_back (2 * n_nodes () + 2 * (to / rack) + 1);
    }
  links.push_back (2 * to + 1);
  return links;
}

VmmigPlannerPath
Cluster::add_path (guint32 from, guint32 to)
{
  std::vector<guint32> links = find_links (from, to);
  VmmigPlannerPath path = {(guint32)paths.size (), (guint32)links.size ()};

  paths.insert (paths.end (), links.begin (), links.end ());
  return path;
}

VmmigPlannerMove &
Cluster::add_move (guint32 vm, guint32 destination, guint64 memory)
{
  VmmigPlannerMove move = {};

  move.vm = vm;
  move.destination = destination;
  move.path = add_path (vm_nodes[vm], destination);
  move.memory = memory;
  moves.push_back (move);
  return moves.back ();
}

void
Cluster::add_running (guint32 vm, guint32 destination, guint64 rate, gint64 end)
{
  running.push_back ({vm, destination, add_path (vm_nodes[vm], destination), rate, end});
}

VmmigPlannerProblem
Cluster::get () const
{
  VmmigPlannerProblem problem = {};

  problem.n_resources = n_resources;
  problem.n_nodes = n_nodes ();
  problem.capacities = capacities.data ();
  problem.outbound = outbound.empty () ? nullptr : outbound.data ();
  problem.inbound = inbound.empty () ? nullptr : inbound.data ();
  problem.parallel = parallel;
  problem.n_links = (guint32)link_rates.size ();
  problem.link_rates = link_rates.data ();
  problem.n_vms = (guint32)vm_nodes.size ();
  problem.vm_nodes = vm_nodes.data ();
  problem.vm_needs = vm_needs.data ();
  problem.n_moves = (guint32)moves.size ();
  problem.moves = moves.data ();
  problem.n_running = (guint32)running.size ();
  problem.running = running.data ();
  problem.n_paths = (guint32)paths.size ();
  problem.paths = paths.data ();
  problem.route = detours ? route : nullptr;
  problem.route_data = const_cast<Cluster *> (this);
  return problem;
}

namespace
{

/* Any order of 0 to n - 1. */
std::vector<guint32>
shuffle (GRand *random, guint32 n)
{
  std::vector<guint32> order (n);

  for (guint32 i = 0; i < n; i++)
    order[i] = i;
  for (guint32 i = n; i > 1; i--)
    std::swap (order[i - 1], order[(guint32)g_rand_int_range (random, 0, (gint32)i)]);
  return order;
}

/* Any node but @other that has room, or @other. */
guint32
find_node (GRand *random, const std::vector<gint64> &free, guint64 need, guint32 other)
{
  for (int i = 0; i < 200; i++)
    {
      guint32 node = (guint32)g_rand_int_range (random, 0, (gint32)free.size ());

      if (node != other && free[node] >= (gint64)need)
        return node;
    }
  return other;
}

/* The large ones first, as they find a place then; their numbers tell nothing of that. */
void
place (GRand *random, Cluster &cluster, std::vector<guint64> needs, std::vector<gint64> &free)
{
  std::vector<guint32> numbers = shuffle (random, (guint32)needs.size ());

  std::sort (needs.rbegin (), needs.rend ());
  cluster.vm_nodes.resize (needs.size ());
  cluster.vm_needs.resize (needs.size ());
  for (size_t i = 0; i < needs.size (); i++)
    {
      guint32 node = find_node (random, free, needs[i], G_MAXUINT32);

      if (node == G_MAXUINT32)
        node = (guint32)(std::max_element (free.begin (), free.end ()) - free.begin ());
      free[node] -= (gint64)needs[i];
      cluster.vm_nodes[numbers[i]] = node;
      cluster.vm_needs[numbers[i]] = needs[i];
    }
}

} // namespace

Cluster
make_cluster (guint32 n_nodes, guint32 n_vms, double used, double moving, guint32 rack, guint seed)
{
  constexpr guint64 sizes[] = {2, 4, 4, 8, 8, 8, 16, 16, 32}; /* GiB */
  constexpr guint64 kNic = 1250000000; /* 10 Gb/s */
  GRand *random = g_rand_new_with_seed (seed);
  Cluster cluster;
  std::vector<guint64> needs (n_vms);
  guint64 sum = 0;

  for (guint64 &need : needs)
    sum += need = sizes[g_rand_int_range (random, 0, G_N_ELEMENTS (sizes))] << 30;
  for (guint32 i = 0; i < n_nodes; i++)
    cluster.add_node ((guint64)((double)sum / n_nodes / used), kNic);
  if (rack > 0)
    cluster.add_racks (rack, kNic * rack / 2);
  std::vector<gint64> free (cluster.capacities.begin (), cluster.capacities.end ());
  place (random, cluster, needs, free);
  std::vector<guint32> goals = cluster.vm_nodes;
  std::vector<guint32> order = shuffle (random, n_vms);
  order.resize ((size_t)(moving * n_vms));
  for (guint32 vm : order)
    {
      guint32 node = find_node (random, free, cluster.vm_needs[vm], goals[vm]);

      free[goals[vm]] += (gint64)cluster.vm_needs[vm];
      free[node] -= (gint64)cluster.vm_needs[vm];
      goals[vm] = node;
    }
  /* In no order that would help */
  for (guint32 vm = 0; vm < n_vms; vm++)
    if (goals[vm] != cluster.vm_nodes[vm])
      {
        guint64 need = cluster.vm_needs[vm];
        VmmigPlannerMove &move = cluster.add_move (vm, goals[vm], need * 9 / 10);

        move.hot_set = need / 50;
        move.hot_time = 1000000 * g_rand_int_range (random, 2, 20);
        move.cold_rate = 1000000 * (guint64)g_rand_int_range (random, 0, 20);
        move.setup = 500000;
      }
  g_rand_free (random);
  return cluster;
}
