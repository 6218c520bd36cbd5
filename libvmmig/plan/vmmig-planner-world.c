/* vmmig-planner-world.c - a problem as its solver looks at it (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-world-private.h"

#include <string.h>

/* µs of all legs together, some thirty years: times of a plan do not wrap, even where links are shared
 * and each leg takes a thousand times as long */
#define LONGEST (G_GINT64_CONSTANT (1) << 50)

/* Rounds in which the chains of moves that wait for each other's room are followed. */
#define CHAIN_ROUNDS 8

static guint32
get_limit (const guint32 *limits, guint32 node)
{
  return limits != NULL ? limits[node] : 0;
}

static void
set_ports (VmmigPlannerWorld *self, VmmigPlannerLeg *leg, const guint32 *links, guint32 n_links)
{
  const VmmigPlannerProblem *problem = self->problem;
  guint32 outbound = self->n_links + leg->source;
  guint32 inbound = self->n_links + self->n_nodes + leg->destination;
  guint32 cluster = self->n_links + 2 * self->n_nodes;

  leg->ports = self->leg_ports->len;
  leg->n_links = (guint8)n_links;
  g_array_append_vals (self->leg_ports, links, n_links);
  if (get_limit (problem->outbound, leg->source) > 0)
    g_array_append_val (self->leg_ports, outbound);
  if (get_limit (problem->inbound, leg->destination) > 0)
    g_array_append_val (self->leg_ports, inbound);
  if (problem->parallel > 0)
    g_array_append_val (self->leg_ports, cluster);
  leg->n_ports = (guint8)(self->leg_ports->len - leg->ports);
}

/* As fast as its path allows. */
static void
set_rate (const VmmigPlannerProblem *problem,
          VmmigPlannerLeg *leg,
          const guint32 *links,
          guint32 n_links)
{
  const VmmigPlannerMove *move = &problem->moves[leg->move];
  guint64 rate = move->max_rate > 0 ? move->max_rate : G_MAXUINT64;
  VmmigPlannerEstimate estimate;

  for (guint32 i = 0; i < n_links; i++)
    rate = MIN (rate, problem->link_rates[links[i]]);
  vmmig_planner_estimate (move, rate, &estimate);
  leg->rate = rate;
  leg->duration = estimate.duration;
  leg->converges = estimate.converges != FALSE;
}

static void
init_ports (VmmigPlannerWorld *self)
{
  const VmmigPlannerProblem *problem = self->problem;
  gint64 *port;

  self->n_ports = self->n_links + 2 * self->n_nodes + 1;
  port = self->ports = g_new0 (gint64, self->n_ports);
  for (guint32 i = 0; i < self->n_links; i++)
    *port++ = (gint64)problem->link_rates[i];
  for (guint32 i = 0; i < self->n_nodes; i++)
    *port++ = get_limit (problem->outbound, i);
  for (guint32 i = 0; i < self->n_nodes; i++)
    *port++ = get_limit (problem->inbound, i);
  *port = problem->parallel;
}

static void
init_free (VmmigPlannerWorld *self)
{
  const VmmigPlannerProblem *problem = self->problem;
  gsize n = self->n_resources;

  self->free = g_new (gint64, self->n_nodes * n);
  for (gsize i = 0; i < self->n_nodes * n; i++)
    self->free[i] = (gint64)problem->capacities[i];
  for (gsize i = 0; i < problem->n_vms; i++)
    vmmig_planner_world_add (self, self->free + problem->vm_nodes[i] * n, problem->vm_needs + i * n,
                             -1);
  for (gsize i = 0; i < problem->n_running; i++)
    vmmig_planner_world_add (self, self->free + problem->running[i].destination * n,
                             problem->vm_needs + problem->running[i].vm * n, -1);
}

static gboolean
init_legs (VmmigPlannerWorld *self, GError **error)
{
  const VmmigPlannerProblem *problem = self->problem;

  for (guint32 i = 0; i < self->n_all; i++)
    {
      VmmigPlannerLeg *leg = &self->legs[i];
      gboolean runs = i >= problem->n_moves;
      const VmmigPlannerRunning *running = runs ? &problem->running[i - problem->n_moves] : NULL;
      const VmmigPlannerPath *path = runs ? &running->path : &problem->moves[i].path;
      const guint32 *links = path->n_path > 0 ? problem->paths + path->path : NULL;

      leg->vm = runs ? running->vm : problem->moves[i].vm;
      leg->source = problem->vm_nodes[leg->vm];
      leg->destination = runs ? running->destination : problem->moves[i].destination;
      leg->move = runs ? VMMIG_PLANNER_NONE : i;
      leg->before = leg->after = VMMIG_PLANNER_NONE;
      set_ports (self, leg, links, path->n_path);
      if (runs)
        {
          leg->rate = running->rate;
          leg->duration = running->end;
        }
      else
        set_rate (problem, leg, links, path->n_path);
      if (leg->duration > LONGEST - self->sum)
        {
          g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                       "Cannot plan: the moves would take longer than thirty years; "
                       "check their sizes and the rates of the links");
          return FALSE;
        }
      self->sum += leg->duration;
    }
  return TRUE;
}

static guint
count_ports (const VmmigPlannerProblem *problem)
{
  guint each = (problem->outbound != NULL) + (problem->inbound != NULL) + (problem->parallel > 0);
  guint n = each * (problem->n_moves + problem->n_running);

  for (guint32 i = 0; i < problem->n_moves; i++)
    n += problem->moves[i].path.n_path;
  for (guint32 i = 0; i < problem->n_running; i++)
    n += problem->running[i].path.n_path;
  return n;
}

gboolean
vmmig_planner_world_init (VmmigPlannerWorld *self,
                          const VmmigPlannerProblem *problem,
                          GError **error)
{
  *self = (VmmigPlannerWorld){
      .problem = problem,
      .n_resources = problem->n_resources,
      .n_nodes = problem->n_nodes,
      .n_links = problem->n_links,
      .n_legs = problem->n_moves,
      .n_all = problem->n_moves + problem->n_running,
  };
  self->legs = g_new0 (VmmigPlannerLeg, self->n_all);
  self->leg_ports = g_array_sized_new (FALSE, FALSE, sizeof (guint32), count_ports (problem));
  init_ports (self);
  init_free (self);
  return init_legs (self, error);
}

void
vmmig_planner_world_clear (VmmigPlannerWorld *self)
{
  g_clear_pointer (&self->legs, g_free);
  g_clear_pointer (&self->leg_ports, g_array_unref);
  g_clear_pointer (&self->ports, g_free);
  g_clear_pointer (&self->free, g_free);
}

void
vmmig_planner_world_expect (const VmmigPlannerWorld *self, gint64 *expected)
{
  for (guint32 i = 0; i < self->n_legs; i++)
    vmmig_planner_world_add (self, expected + (gsize)self->legs[i].destination * self->n_resources,
                             vmmig_planner_world_get_need (self, i), 1);
}

void
vmmig_planner_groups_init (VmmigPlannerGroups *self,
                           const VmmigPlannerWorld *world,
                           guint32 n,
                           const guint32 *sorted,
                           gboolean by_destination)
{
  self->first = g_new0 (guint32, (gsize)world->n_nodes + 2);
  self->legs = g_new (guint32, n);
  for (guint32 i = 0; i < n; i++)
    self->first[(by_destination ? world->legs[i].destination : world->legs[i].source) + 2]++;
  for (guint32 i = 0; i < world->n_nodes; i++)
    self->first[i + 2] += self->first[i + 1];
  /* One ahead, so that what counts here comes to stand where it belongs. */
  for (guint32 i = 0; i < n; i++)
    {
      guint32 leg = sorted != NULL ? sorted[i] : i;
      guint32 node = by_destination ? world->legs[leg].destination : world->legs[leg].source;

      self->legs[self->first[node + 1]++] = leg;
    }
}

void
vmmig_planner_groups_clear (VmmigPlannerGroups *self)
{
  g_clear_pointer (&self->first, g_free);
  g_clear_pointer (&self->legs, g_free);
}

/* --- chains --- */

/* How much of what comes to @node has to wait until something left. */
static double
get_overflow (const VmmigPlannerWorld *world, guint32 node, const gint64 *expected)
{
  double share = 0;

  for (guint32 r = 0; r < world->n_resources; r++)
    {
      gsize i = (gsize)node * world->n_resources + r;
      gint64 lacking = expected[i] - world->free[i];

      if (expected[i] > 0 && lacking > 0)
        share = MAX (share, MIN ((double)lacking / (double)expected[i], 1.0));
    }
  return share;
}

void
vmmig_planner_world_find_chains (const VmmigPlannerWorld *world,
                                 const gint64 *expected,
                                 double *chains)
{
  g_autofree double *overflows = g_new0 (double, world->n_nodes);
  g_autofree double *before = g_new (double, world->n_nodes);

  memset (chains, 0, world->n_nodes * sizeof (double));
  for (guint32 i = 0; i < world->n_nodes; i++)
    overflows[i] = get_overflow (world, i, expected);
  for (guint32 i = 0; i < world->n_legs; i++)
    chains[world->legs[i].destination] +=
        overflows[world->legs[i].destination] * (double)world->legs[i].duration;
  for (guint round = 0; round < CHAIN_ROUNDS; round++)
    {
      memcpy (before, chains, world->n_nodes * sizeof (double));
      for (guint32 i = 0; i < world->n_legs; i++)
        {
          const VmmigPlannerLeg *leg = &world->legs[i];

          if (overflows[leg->destination] > 0)
            chains[leg->destination] =
                MAX (chains[leg->destination], (double)leg->duration + before[leg->source]);
        }
    }
}

/* --- detours --- */

static int
find_route (const VmmigPlannerProblem *problem,
            guint32 vm,
            guint32 from,
            guint32 to,
            guint32 *links)
{
  int n = problem->route (vm, from, to, links, problem->route_data);

  if (n > VMMIG_PLANNER_MAX_PATH)
    return -1;
  for (int i = 0; i < n; i++)
    {
      if (links[i] >= problem->n_links)
        return -1;
      for (int j = 0; j < i; j++)
        if (links[i] == links[j])
          return -1;
    }
  return n;
}

gboolean
vmmig_planner_world_detour (VmmigPlannerWorld *self, guint32 index, guint32 via)
{
  const VmmigPlannerProblem *problem = self->problem;
  VmmigPlannerLeg first = self->legs[index];
  VmmigPlannerLeg second = first;
  guint32 there[VMMIG_PLANNER_MAX_PATH], on[VMMIG_PLANNER_MAX_PATH];
  int n_there, n_on;

  if (problem->route == NULL)
    return FALSE;
  n_there = find_route (problem, first.vm, first.source, via, there);
  n_on = n_there < 0 ? -1 : find_route (problem, first.vm, via, first.destination, on);
  /* Without a link nothing would say how fast it is. */
  if (n_on < 0 || ((n_there == 0 || n_on == 0) && problem->moves[first.move].max_rate == 0))
    return FALSE;
  first.destination = second.source = via;
  first.after = self->n_legs;
  second.before = index;
  set_rate (problem, &first, there, (guint32)n_there);
  set_rate (problem, &second, on, (guint32)n_on);
  if (first.duration > LONGEST - self->sum ||
      second.duration > LONGEST - self->sum - first.duration)
    return FALSE;
  self->sum += first.duration + second.duration;
  set_ports (self, &first, there, (guint32)n_there);
  set_ports (self, &second, on, (guint32)n_on);
  self->legs = g_renew (VmmigPlannerLeg, self->legs, self->n_all + 1);
  memmove (self->legs + self->n_legs + 1, self->legs + self->n_legs,
           (self->n_all - self->n_legs) * sizeof (VmmigPlannerLeg));
  self->legs[index] = first;
  self->legs[self->n_legs] = second;
  self->n_legs++;
  self->n_all++;
  return TRUE;
}
