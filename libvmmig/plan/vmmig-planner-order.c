/* vmmig-planner-order.c - an order in which each leg finds room (pure)
 *
 * What goes to a node that has room for all that is still to come never hurts anybody, and is done
 * at once; only the rest is searched: depth first, without any state twice, where there are few, and
 * from several random starts where there are many. If no order is found, a VM whose leaving would
 * let another one in goes by way of a third node.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-search-private.h"

#include <string.h>

#define NONE VMMIG_PLANNER_NONE
/* Legs among which everything is tried; each has a bit in a state. */
#define FEW 64
#define RANDOM_STARTS 32

double
vmmig_planner_search_random (VmmigPlannerSearch *self)
{
  guint64 z = self->random += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* --- one leg after the other --- */

gint64 *
vmmig_planner_search_at (gint64 *array, const VmmigPlannerSearch *self, guint32 node)
{
  return array + (gsize)node * self->world->n_resources;
}

static gboolean
is_roomy (const VmmigPlannerSearch *self, guint32 node)
{
  const gint64 *free = vmmig_planner_search_at (self->free, self, node);
  const gint64 *expected = vmmig_planner_search_at (self->expected, self, node);

  for (guint32 r = 0; r < self->world->n_resources; r++)
    if (expected[r] > free[r])
      return FALSE;
  return TRUE;
}

gboolean
vmmig_planner_search_is_open (const VmmigPlannerSearch *self, guint32 index)
{
  guint32 before = self->world->legs[index].before;

  return !self->done[index] && (before == NONE || self->done[before]);
}

gboolean
vmmig_planner_search_fits (const VmmigPlannerSearch *self, guint32 index)
{
  return vmmig_planner_world_fits (
      self->world, vmmig_planner_search_at (self->free, self, self->world->legs[index].destination),
      vmmig_planner_world_get_need (self->world, index));
}

static void
change (VmmigPlannerSearch *self, guint32 index, gint64 times)
{
  const VmmigPlannerLeg *leg = &self->world->legs[index];
  const guint64 *need = vmmig_planner_world_get_need (self->world, index);

  vmmig_planner_world_add (
      self->world, vmmig_planner_search_at (self->free, self, leg->destination), need, -times);
  vmmig_planner_world_add (
      self->world, vmmig_planner_search_at (self->expected, self, leg->destination), need, -times);
  vmmig_planner_world_add (self->world, vmmig_planner_search_at (self->free, self, leg->source),
                           need, times);
}

static void
go (VmmigPlannerSearch *self, guint32 index)
{
  change (self, index, 1);
  self->done[index] = TRUE;
  g_array_append_val (self->order, index);
  self->steps -= self->steps > 0;
}

static void
go_back (VmmigPlannerSearch *self, guint len)
{
  while (self->order->len > len)
    {
      guint32 index = g_array_index (self->order, guint32, self->order->len - 1);

      g_array_set_size (self->order, self->order->len - 1);
      self->done[index] = FALSE;
      change (self, index, -1);
    }
}

/* All that goes to a node with room for all of it, and what that makes room for. */
static void
go_where_it_is_roomy (VmmigPlannerSearch *self, GArray *nodes)
{
  while (nodes->len > 0)
    {
      guint32 node = g_array_index (nodes, guint32, nodes->len - 1);

      g_array_set_size (nodes, nodes->len - 1);
      if (!is_roomy (self, node))
        continue;
      for (guint32 i = self->heads[node]; i != NONE; i = self->next[i])
        {
          const VmmigPlannerLeg *leg = &self->world->legs[i];

          if (!vmmig_planner_search_is_open (self, i))
            continue;
          go (self, i);
          g_array_append_val (nodes, leg->source);
          if (leg->after != NONE)
            g_array_append_val (nodes, self->world->legs[leg->after].destination);
        }
    }
}

/* @index, and all that follows by itself. */
void
vmmig_planner_search_go (VmmigPlannerSearch *self, guint32 index)
{
  const VmmigPlannerLeg *leg = &self->world->legs[index];
  g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (guint32));

  g_array_append_val (nodes, leg->source);
  if (leg->after != NONE)
    g_array_append_val (nodes, self->world->legs[leg->after].destination);
  go (self, index);
  go_where_it_is_roomy (self, nodes);
}

void
vmmig_planner_search_go_where_it_is_roomy (VmmigPlannerSearch *self)
{
  g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint32 i = 0; i < self->world->n_nodes; i++)
    g_array_append_val (nodes, i);
  go_where_it_is_roomy (self, nodes);
}

static gboolean
is_through (const VmmigPlannerSearch *self)
{
  return self->order->len == self->world->n_legs;
}

/* --- which one next --- */

/* Whether another leg could start if @index left, and had been the last that kept it. */
gboolean
vmmig_planner_search_lets_another_in (VmmigPlannerSearch *self, guint32 index)
{
  const VmmigPlannerWorld *world = self->world;
  guint32 node = world->legs[index].source;
  gint64 *free = vmmig_planner_search_at (self->free, self, node);
  const guint64 *need = vmmig_planner_world_get_need (world, index);
  gboolean found = FALSE;

  vmmig_planner_world_add (world, free, need, 1);
  for (guint32 i = self->heads[node]; i != NONE && !found; i = self->next[i])
    found =
        i != index && vmmig_planner_search_is_open (self, i) && vmmig_planner_search_fits (self, i);
  vmmig_planner_world_add (world, free, need, -1);
  return found;
}

gboolean
vmmig_planner_search_makes_roomy (VmmigPlannerSearch *self, guint32 index)
{
  const VmmigPlannerWorld *world = self->world;
  guint32 node = world->legs[index].source;
  gint64 *free = vmmig_planner_search_at (self->free, self, node);
  const guint64 *need = vmmig_planner_world_get_need (world, index);
  gboolean roomy;

  if (self->heads[node] == NONE)
    return FALSE;
  vmmig_planner_world_add (world, free, need, 1);
  roomy = is_roomy (self, node);
  vmmig_planner_world_add (world, free, need, -1);
  return roomy;
}

/* The larger, the better. */
static double
get_score (VmmigPlannerSearch *self, guint32 index, double noise)
{
  double score = noise * vmmig_planner_search_random (self);

  if (vmmig_planner_search_makes_roomy (self, index))
    score += 2;
  else if (vmmig_planner_search_lets_another_in (self, index))
    score += 1;
  return score;
}

int
vmmig_planner_candidate_compare (const void *a, const void *b)
{
  const VmmigPlannerCandidate *x = a;
  const VmmigPlannerCandidate *y = b;

  if (x->score != y->score)
    return x->score < y->score ? 1 : -1;
  return x->leg < y->leg ? -1 : 1;
}

/* Whoever could go now, the best first; (element-type VmmigPlannerCandidate). */
static GArray *
find_candidates (VmmigPlannerSearch *self, double noise)
{
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (VmmigPlannerCandidate));

  for (guint32 i = 0; i < self->world->n_legs; i++)
    if (vmmig_planner_search_is_open (self, i) && vmmig_planner_search_fits (self, i))
      {
        VmmigPlannerCandidate candidate = {get_score (self, i, noise), i};

        g_array_append_val (candidates, candidate);
      }
  g_array_sort (candidates, vmmig_planner_candidate_compare);
  return candidates;
}

/* --- everything, where there are few --- */

static gboolean
is_known (VmmigPlannerSearch *self)
{
  guint64 state = 0;

  for (guint32 i = 0; i < self->world->n_legs; i++)
    if (!self->done[i])
      state |= self->bits[i];
  return !g_hash_table_add (self->states, g_memdup2 (&state, sizeof state));
}

static gboolean
search_all (VmmigPlannerSearch *self)
{
  g_autoptr (GArray) candidates = NULL;
  guint len = self->order->len;

  if (is_through (self))
    return TRUE;
  if (self->steps == 0 || is_known (self))
    return FALSE;
  candidates = find_candidates (self, 0);
  for (guint i = 0; i < candidates->len && self->steps > 0; i++)
    {
      vmmig_planner_search_go (self, g_array_index (candidates, VmmigPlannerCandidate, i).leg);
      if (search_all (self))
        return TRUE;
      go_back (self, len);
    }
  return FALSE;
}

/* --- from several starts, where there are many --- */

gboolean
vmmig_planner_search_run (VmmigPlannerSearch *self, double noise)
{
  while (!is_through (self) && self->steps > 0)
    {
      g_autoptr (GArray) candidates = find_candidates (self, noise);

      if (candidates->len == 0)
        return FALSE;
      /* Those that open nothing are all alike: in one go, as long as they fit. */
      for (guint i = 0; i < candidates->len; i++)
        {
          const VmmigPlannerCandidate *candidate =
              &g_array_index (candidates, VmmigPlannerCandidate, i);

          if (i > 0 && candidate->score < 1)
            break;
          if (vmmig_planner_search_is_open (self, candidate->leg) &&
              vmmig_planner_search_fits (self, candidate->leg))
            vmmig_planner_search_go (self, candidate->leg);
        }
    }
  return is_through (self);
}

/* --- all of it --- */

void
vmmig_planner_search_add_leg (VmmigPlannerSearch *self, guint32 leg)
{
  guint32 node = self->world->legs[leg].destination;

  self->next[leg] = self->heads[node];
  self->heads[node] = leg;
}

void
vmmig_planner_search_begin (VmmigPlannerSearch *self, VmmigPlannerWorld *world)
{
  gsize n_room = (gsize)world->n_nodes * world->n_resources;

  self->world = world;
  self->n_legs = world->n_all;
  self->free = g_memdup2 (world->free, n_room * sizeof (gint64));
  self->expected = g_new0 (gint64, n_room);
  self->heads = g_new (guint32, world->n_nodes);
  memset (self->heads, 0xff, world->n_nodes * sizeof (guint32));
  self->next = g_new (guint32, world->n_all);
  self->done = g_new0 (guint8, world->n_all);
  self->detoured = g_new0 (guint8, world->problem->n_moves);
  self->order = g_array_sized_new (FALSE, FALSE, sizeof (guint32), world->n_legs);
  for (guint32 i = world->n_legs; i < world->n_all; i++)
    {
      /* What runs already took its room when it started, and will have left. */
      vmmig_planner_world_add (world,
                               vmmig_planner_search_at (self->free, self, world->legs[i].source),
                               vmmig_planner_world_get_need (world, i), 1);
      self->done[i] = TRUE;
    }
  for (guint32 i = world->n_legs; i-- > 0;)
    vmmig_planner_search_add_leg (self, i);
  vmmig_planner_world_expect (world, self->expected);
}

void
vmmig_planner_search_end (VmmigPlannerSearch *self)
{
  g_free (self->free);
  g_free (self->expected);
  g_free (self->heads);
  g_free (self->next);
  g_free (self->done);
  g_free (self->detoured);
  g_free (self->bits);
  g_array_unref (self->order);
  g_clear_pointer (&self->states, g_hash_table_unref);
}

/* TRUE if all of it was searched within half of the steps, whether or not an order was found. */
static gboolean
search_few (VmmigPlannerSearch *self)
{
  guint64 kept = self->steps / 2;
  guint64 bit = 1;
  gboolean all;

  self->steps -= kept;
  self->states = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->bits = g_new0 (guint64, self->world->n_legs);
  for (guint32 i = 0; i < self->world->n_legs; i++)
    if (!self->done[i])
      {
        self->bits[i] = bit;
        bit <<= 1;
      }
  all = search_all (self) || self->steps > 0;
  self->steps += kept;
  return all;
}

/* TRUE if nothing else could be tried. */
static gboolean
search_without_detours (VmmigPlannerSearch *self)
{
  g_autoptr (GArray) candidates = find_candidates (self, 0);
  guint len = self->order->len;

  if (is_through (self) || candidates->len == 0)
    return TRUE;
  if (self->world->n_legs - len <= FEW && search_few (self))
    return TRUE;
  for (guint i = 0; i < RANDOM_STARTS && self->steps > 0; i++)
    {
      if (vmmig_planner_search_run (self, 0.25 * i))
        return TRUE;
      go_back (self, len);
    }
  return FALSE;
}

static guint32 *
take_positions (const VmmigPlannerSearch *self)
{
  guint32 *positions = g_new (guint32, self->world->n_legs);

  for (guint32 i = 0; i < self->order->len; i++)
    positions[g_array_index (self->order, guint32, i)] = i;
  return positions;
}

/* @stuck from the start is certain; else it is what is left, as far as that came. */
static void
explain (VmmigPlannerSearch *self, GArray *stuck)
{
  const VmmigPlannerWorld *world = self->world;

  if (stuck->len > 0)
    return;
  self->steps = world->n_legs;
  vmmig_planner_search_run (self, 0);
  if (!vmmig_planner_world_find_conflict (world, self->free, self->done, stuck))
    for (guint32 i = 0; i < world->n_legs; i++)
      if (!self->done[i])
        g_array_append_val (stuck, i);
}

VmmigPlannerOrder
vmmig_planner_world_order (VmmigPlannerWorld *world,
                           guint64 seed,
                           guint64 steps,
                           guint32 **positions,
                           GArray *stuck)
{
  VmmigPlannerSearch self = {.random = seed, .steps = steps};
  g_autofree guint8 *nothing = g_new0 (guint8, world->n_all);
  VmmigPlannerSearch round;
  gboolean all;

  *positions = NULL;
  vmmig_planner_search_begin (&self, world);
  vmmig_planner_search_go_where_it_is_roomy (&self);
  all = search_without_detours (&self);
  if (is_through (&self))
    *positions = take_positions (&self);
  else
    {
      vmmig_planner_world_find_conflict (world, world->free, nothing, stuck);
      if (vmmig_planner_search_detours (world, stuck, seed, steps, &round))
        {
          *positions = take_positions (&round);
          vmmig_planner_search_end (&round);
        }
      else
        explain (&self, stuck);
    }
  vmmig_planner_search_end (&self);
  if (*positions != NULL)
    return VMMIG_PLANNER_ORDER_FOUND;
  return all ? VMMIG_PLANNER_ORDER_IMPOSSIBLE : VMMIG_PLANNER_ORDER_NOT_FOUND;
}
