/* vmmig-planner-detour.c - VMs that go by way of a third node, so that others find room (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-search-private.h"

#include <string.h>

#define NONE VMMIG_PLANNER_NONE
#define DETOUR_STARTS 16

static void
grow (VmmigPlannerSearch *self)
{
  self->n_legs = self->world->n_all;
  self->next = g_renew (guint32, self->next, self->n_legs);
  self->done = g_renew (guint8, self->done, self->n_legs);
  memmove (self->done + self->world->n_legs, self->done + self->world->n_legs - 1,
           self->world->n_all - self->world->n_legs);
  self->done[self->world->n_legs - 1] = FALSE;
}

static void
unlink_leg (VmmigPlannerSearch *self, guint32 leg)
{
  guint32 *link = &self->heads[self->world->legs[leg].destination];

  while (*link != leg)
    link = &self->next[*link];
  *link = self->next[leg];
}

/* How much of what is free on @node is left over if @leg's VM comes as well; the least of all
 * resources, as a share of its need. Negative: it does not fit. */
static double
get_slack (VmmigPlannerSearch *self, guint32 leg, guint32 node)
{
  const guint64 *need = vmmig_planner_world_get_need (self->world, leg);
  const gint64 *free = vmmig_planner_search_at (self->free, self, node);
  const gint64 *expected = vmmig_planner_search_at (self->expected, self, node);
  double slack = 1;

  for (guint32 r = 0; r < self->world->n_resources; r++)
    {
      gint64 left = free[r] - (gint64)need[r];

      if (need[r] == 0)
        continue;
      if (left < 0)
        return -1;
      slack = MIN (slack, (double)MAX (left - expected[r], 0) / (double)need[r]);
    }
  return slack;
}

/* Sends @leg's VM by way of the node with the most room to spare. */
static gboolean
send_round (VmmigPlannerSearch *self, guint32 leg)
{
  VmmigPlannerWorld *world = self->world;
  g_autofree guint8 *refused = g_new0 (guint8, world->n_nodes);
  guint32 destination = world->legs[leg].destination;

  while (TRUE)
    {
      guint32 via = NONE;
      double best = -1;

      self->steps -= MIN (self->steps, world->n_nodes);
      for (guint32 i = 0; i < world->n_nodes; i++)
        {
          double slack = i == destination || i == world->legs[leg].source || refused[i]
                             ? -1
                             : get_slack (self, leg, i);

          if (slack > best)
            {
              best = slack;
              via = i;
            }
        }
      if (via == NONE)
        return FALSE;
      unlink_leg (self, leg);
      if (vmmig_planner_world_detour (world, leg, via))
        {
          grow (self);
          vmmig_planner_search_add_leg (self, leg);
          vmmig_planner_search_add_leg (self, world->n_legs - 1);
          vmmig_planner_world_add (world, vmmig_planner_search_at (self->expected, self, via),
                                   vmmig_planner_world_get_need (world, leg), 1);
          self->detoured[leg] = TRUE;
          vmmig_planner_search_go (self, leg);
          return TRUE;
        }
      vmmig_planner_search_add_leg (self, leg);
      refused[via] = TRUE;
    }
}

/* Those that let another one in first, and among them the one that is soonest moved twice;
 * @among: of each move, whether it is asked for (nullable). */
static gboolean
make_detour (VmmigPlannerSearch *self, double noise, const guint8 *among)
{
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (VmmigPlannerCandidate));

  for (guint32 i = 0; i < self->world->problem->n_moves; i++)
    if (!self->detoured[i] && vmmig_planner_search_is_open (self, i) && (among == NULL || among[i]))
      {
        VmmigPlannerCandidate candidate = {-(double)self->world->legs[i].duration *
                                               (1 + noise * vmmig_planner_search_random (self)),
                                           i};

        if (vmmig_planner_search_makes_roomy (self, i))
          candidate.score /= 16;
        else if (vmmig_planner_search_lets_another_in (self, i))
          candidate.score /= 4;
        g_array_append_val (candidates, candidate);
      }
  g_array_sort (candidates, vmmig_planner_candidate_compare);
  for (guint i = 0; i < candidates->len && self->steps > 0; i++)
    if (send_round (self, g_array_index (candidates, VmmigPlannerCandidate, i).leg))
      return TRUE;
  return FALSE;
}

static gboolean
search_with_detours (VmmigPlannerSearch *self, double noise)
{
  while (self->steps > 0)
    {
      if (vmmig_planner_search_run (self, noise))
        return TRUE;
      if (!make_detour (self, noise, NULL))
        return FALSE;
    }
  return FALSE;
}

/* Room on a third node may be there only as long as nobody came, so each second time one that is
 * stuck goes round before all others move. */
static gboolean
search_from (VmmigPlannerSearch *self, guint start, const guint8 *among)
{
  if (start % 2 == 1)
    make_detour (self, 0.5 * (start / 2), among);
  vmmig_planner_search_go_where_it_is_roomy (self);
  return search_with_detours (self, 0.5 * (start / 2));
}

gboolean
vmmig_planner_search_detours (VmmigPlannerWorld *world,
                              const GArray *stuck,
                              guint64 seed,
                              guint64 steps,
                              VmmigPlannerSearch *self)
{
  guint32 n_legs = world->n_legs;
  guint n_ports = world->leg_ports->len;
  gint64 sum = world->sum;
  g_autofree guint8 *among = g_new0 (guint8, world->n_all);
  g_autofree VmmigPlannerLeg *legs =
      g_memdup2 (world->legs, world->n_all * sizeof (VmmigPlannerLeg));

  if (world->problem->route == NULL)
    return FALSE;
  for (guint i = 0; i < stuck->len; i++)
    among[g_array_index (stuck, guint32, i)] = TRUE;
  for (guint i = 0; i < DETOUR_STARTS && steps > 0; i++)
    {
      *self = (VmmigPlannerSearch){.random = seed + i, .steps = steps};
      vmmig_planner_search_begin (self, world);
      if (search_from (self, i, among))
        return TRUE;
      steps = self->steps;
      vmmig_planner_search_end (self);
      world->n_all -= world->n_legs - n_legs;
      world->n_legs = n_legs;
      world->sum = sum;
      memcpy (world->legs, legs, world->n_all * sizeof (VmmigPlannerLeg));
      g_array_set_size (world->leg_ports, n_ports);
    }
  return FALSE;
}
