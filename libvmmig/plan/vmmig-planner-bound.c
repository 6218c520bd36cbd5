/* vmmig-planner-bound.c - what no plan can be shorter than (pure)
 *
 * Each leg's earliest start comes first: when enough has left its destination, if everything else
 * that leaves did so as early as it could and nobody else came. It makes chains of moves that wait
 * for each other's room as long as they have to be, and lifts all that follows: over each port, what
 * cannot start before some time is sent after it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-world-private.h"

#include "plan/vmmig-planner-queue-private.h"

#include <math.h>
#include <stdlib.h>

#define NONE VMMIG_PLANNER_NONE

typedef struct
{
  const VmmigPlannerWorld *world;
  guint least_share;
  gint64 *earliest; /* starts; -1: never */
  double *scales; /* of each port: the share of what runs already that counts */
  double best; /* µs */
  VmmigPlannerBoundKind kind;
  guint32 object;
} Bound;

static void
raise_to (Bound *self, double time, VmmigPlannerBoundKind kind, guint32 object)
{
  if (time <= self->best)
    return;
  self->best = time;
  self->kind = kind;
  self->object = object;
}

/* µs for which it has all of its @nth port, or as much of it for longer. */
static double
get_load (const Bound *self, guint32 index, guint nth)
{
  const VmmigPlannerWorld *world = self->world;
  const VmmigPlannerLeg *leg = &world->legs[index];
  gint64 size = MAX (world->ports[vmmig_planner_world_get_ports (world, index)[nth]], 1);
  double time = (double)leg->duration;

  /* With less than its rate it sends no less, but its set-up takes less of the link. */
  if (self->least_share > 0 && nth < leg->n_links && leg->move != NONE)
    time -= (double)world->problem->moves[leg->move].setup * (1 - self->least_share / 100.0);
  if (leg->move == NONE)
    time *= self->scales[vmmig_planner_world_get_ports (world, index)[nth]];
  return time * (double)vmmig_planner_leg_get_share (leg, nth, leg->rate) / (double)size;
}

/* What others started can be more than a port has; it takes no more from the moves than all of it. */
static double *
find_scales (const VmmigPlannerWorld *world)
{
  double *scales = g_new0 (double, world->n_ports);

  for (guint32 i = world->n_legs; i < world->n_all; i++)
    for (guint k = 0; k < world->legs[i].n_ports && world->legs[i].duration > 0; k++)
      scales[vmmig_planner_world_get_ports (world, i)[k]] +=
          (double)vmmig_planner_leg_get_share (&world->legs[i], k, world->legs[i].rate);
  for (guint32 i = 0; i < world->n_ports; i++)
    scales[i] = MIN (1.0, (double)world->ports[i] / MAX (scales[i], 1.0));
  return scales;
}

/* --- the earliest start of each --- */

typedef struct
{
  const VmmigPlannerWorld *world;
  gint64 *earliest;
  gint64 *free;
  VmmigPlannerEntry *entries;
  guint32 running;
  guint32 *waiting; /* of each node: the first leg that waits for room; NONE */
  guint32 *next; /* of each leg: the one after it */
} Relaxed;

static void
relaxed_arrive (Relaxed *self, guint32 index, gint64 now)
{
  const VmmigPlannerWorld *world = self->world;
  const VmmigPlannerLeg *leg = &world->legs[index];
  const gint64 *free = self->free + (gsize)leg->destination * world->n_resources;

  if (!vmmig_planner_world_fits (world, free, vmmig_planner_world_get_need (world, index)))
    {
      self->next[index] = self->waiting[leg->destination];
      self->waiting[leg->destination] = index;
      return;
    }
  self->earliest[index] = now;
  vmmig_planner_queue_push (self->entries, &self->running, index, -(double)(now + leg->duration));
}

static void
relaxed_end (Relaxed *self, guint32 index, gint64 now)
{
  const VmmigPlannerWorld *world = self->world;
  const VmmigPlannerLeg *leg = &world->legs[index];
  guint32 waiting = self->waiting[leg->source];

  vmmig_planner_world_add (world, self->free + (gsize)leg->source * world->n_resources,
                           vmmig_planner_world_get_need (world, index), 1);
  self->waiting[leg->source] = NONE;
  while (waiting != NONE)
    {
      guint32 next = self->next[waiting];

      relaxed_arrive (self, waiting, now);
      waiting = next;
    }
  if (leg->after != NONE)
    relaxed_arrive (self, leg->after, now);
}

static void
find_earliest (const VmmigPlannerWorld *world, gint64 *earliest)
{
  g_autofree gint64 *free =
      g_memdup2 (world->free, (gsize)world->n_nodes * world->n_resources * sizeof (gint64));
  g_autofree VmmigPlannerEntry *entries = g_new (VmmigPlannerEntry, world->n_all);
  g_autofree guint32 *waiting = g_new (guint32, world->n_nodes);
  g_autofree guint32 *next = g_new (guint32, world->n_legs);
  Relaxed self = {world, earliest, free, entries, NONE, waiting, next};

  for (guint32 i = 0; i < world->n_nodes; i++)
    waiting[i] = NONE;
  for (guint32 i = 0; i < world->n_legs; i++)
    {
      earliest[i] = -1;
      if (world->legs[i].before == NONE)
        relaxed_arrive (&self, i, 0);
    }
  for (guint32 i = world->n_legs; i < world->n_all; i++)
    vmmig_planner_queue_push (entries, &self.running, i, -(double)world->legs[i].duration);
  while (self.running != NONE)
    {
      gint64 now = (gint64)-entries[self.running].key;

      relaxed_end (&self, vmmig_planner_queue_pop (entries, &self.running), now);
    }
}

/* --- ports --- */

static int
compare_later_first (const void *a, const void *b, void *user_data)
{
  const gint64 *earliest = user_data;
  guint32 x = *(const guint32 *)a;
  guint32 y = *(const guint32 *)b;

  if (earliest[x] != earliest[y])
    return earliest[x] < earliest[y] ? 1 : -1;
  return x < y ? -1 : 1;
}

static void
add_to_ports (Bound *self, double *sums, guint32 index)
{
  const VmmigPlannerWorld *world = self->world;
  const VmmigPlannerLeg *leg = &world->legs[index];
  const guint32 *ports = vmmig_planner_world_get_ports (world, index);
  gint64 begin = index < world->n_legs ? MAX (self->earliest[index], 0) : 0;
  guint32 n_links = world->n_links;

  for (guint i = 0; i < leg->n_ports; i++)
    {
      guint32 port = ports[i];
      double time = (double)begin + (sums[port] += get_load (self, index, i));

      if (port < n_links)
        raise_to (self, time, VMMIG_PLANNER_BOUND_LINK, port);
      else if (port < n_links + world->n_nodes)
        raise_to (self, time, VMMIG_PLANNER_BOUND_OUTBOUND, port - n_links);
      else if (port < n_links + 2 * world->n_nodes)
        raise_to (self, time, VMMIG_PLANNER_BOUND_INBOUND, port - n_links - world->n_nodes);
      else
        raise_to (self, time, VMMIG_PLANNER_BOUND_PARALLEL, NONE);
    }
}

/* What starts late at the earliest comes first: it is sent after that, whatever the rest does. */
static void
bound_ports (Bound *self)
{
  const VmmigPlannerWorld *world = self->world;
  g_autofree double *sums = g_new0 (double, world->n_ports);
  g_autofree guint32 *late = g_new (guint32, world->n_legs);
  guint32 n_late = 0;

  for (guint32 i = 0; i < world->n_legs; i++)
    if (self->earliest[i] > 0)
      late[n_late++] = i;
  if (n_late > 0)
    qsort_r (late, n_late, sizeof (guint32), compare_later_first, self->earliest);
  for (guint32 i = 0; i < n_late; i++)
    add_to_ports (self, sums, late[i]);
  for (guint32 i = 0; i < world->n_all; i++)
    if (i >= world->n_legs || self->earliest[i] <= 0)
      add_to_ports (self, sums, i);
}

static void
bound_legs (Bound *self)
{
  const VmmigPlannerWorld *world = self->world;

  for (guint32 i = 0; i < world->n_all; i++)
    {
      gint64 begin = i < world->n_legs ? MAX (self->earliest[i], 0) : 0;

      raise_to (self, (double)begin + (double)world->legs[i].duration,
                begin > 0 ? VMMIG_PLANNER_BOUND_CHAIN : VMMIG_PLANNER_BOUND_MOVE,
                world->legs[i].move);
    }
}

/* --- nodes that must be emptied before they can be filled --- */

/* Parts of legs that together take some of a resource, the cheapest per piece first. */
typedef struct
{
  double need, load;
} Part;

static int
compare_parts (const void *a, const void *b)
{
  const Part *x = a;
  const Part *y = b;
  double left = x->load * y->need;
  double right = y->load * x->need;

  return left < right ? -1 : left > right ? 1 : 0;
}

/* Which of @index's ports is @port; its number of ports if none. */
static guint
find_port (const VmmigPlannerWorld *world, guint32 index, guint32 port)
{
  const guint32 *ports = vmmig_planner_world_get_ports (world, index);
  guint nth = 0;

  while (nth < world->legs[index].n_ports && ports[nth] != port)
    nth++;
  return nth;
}

/* Their loads on @port, FALSE unless all have it. */
static gboolean
fill_parts (const Bound *self,
            const guint32 *legs,
            guint32 n,
            guint32 port,
            guint32 resource,
            Part *parts)
{
  for (guint32 i = 0; i < n; i++)
    {
      guint nth = find_port (self->world, legs[i], port);

      if (nth == self->world->legs[legs[i]].n_ports)
        return FALSE;
      parts[i].need = (double)vmmig_planner_world_get_need (self->world, legs[i])[resource];
      parts[i].load = get_load (self, legs[i], nth);
    }
  qsort (parts, n, sizeof (Part), compare_parts);
  return TRUE;
}

/* No set of legs that together take @amount has less of the load. */
static double
get_least_load (const Part *parts, guint32 n, double amount)
{
  double load = 0;

  for (guint32 i = 0; i < n && amount > 0; i++)
    {
      load += parts[i].need > amount ? parts[i].load * amount / parts[i].need : parts[i].load;
      amount -= parts[i].need;
    }
  return load;
}

static double
get_first_departure (const Bound *self, const guint32 *legs, guint32 n, guint32 resource)
{
  double first = INFINITY;

  for (guint32 i = 0; i < n; i++)
    {
      gint64 begin = legs[i] < self->world->n_legs ? self->earliest[legs[i]] : 0;

      if (vmmig_planner_world_get_need (self->world, legs[i])[resource] > 0 && begin >= 0)
        first = MIN (first, (double)(begin + self->world->legs[legs[i]].duration));
    }
  return first;
}

/* Until @amount or less has left, no more than fits with that has started; the rest comes after.
 * Both sides are broken lines, so the corners of both are looked at. */
static double
get_emptying (const Part *in,
              guint32 n_in,
              const Part *out,
              guint32 n_out,
              double lacking,
              double first)
{
  double best = first + get_least_load (in, n_in, lacking);
  double amount = 0;
  double load = 0;

  for (guint32 i = 0; i < n_out && amount < lacking; i++)
    {
      amount += out[i].need;
      load += out[i].load;
      best = MAX (best, MAX (first, load) + get_least_load (in, n_in, lacking - amount));
    }
  amount = 0;
  for (guint32 i = 0; i < n_in && amount < lacking; i++)
    {
      double left = lacking - amount;

      best = MAX (best, MAX (first, get_least_load (out, n_out, left)) +
                            get_least_load (in, n_in, amount));
      amount += in[i].need;
    }
  return best;
}

static void
bound_room (Bound *self,
            guint32 node,
            guint32 resource,
            const guint32 *in,
            guint32 n_in,
            const guint32 *out,
            guint32 n_out)
{
  const VmmigPlannerWorld *world = self->world;
  g_autofree Part *parts = NULL;
  double first;
  double lacking = -(double)world->free[(gsize)node * world->n_resources + resource];

  for (guint32 i = 0; i < n_in; i++)
    lacking += (double)vmmig_planner_world_get_need (world, in[i])[resource];
  if (lacking <= 0 || n_out == 0)
    return;
  first = get_first_departure (self, out, n_out, resource);
  if (isinf (first))
    return;
  parts = g_new (Part, (gsize)n_in + n_out);
  for (guint i = 0; i < world->legs[in[0]].n_ports; i++)
    if (fill_parts (self, in, n_in, vmmig_planner_world_get_ports (world, in[0])[i], resource,
                    parts))
      for (guint j = 0; j < world->legs[out[0]].n_ports; j++)
        if (fill_parts (self, out, n_out, vmmig_planner_world_get_ports (world, out[0])[j],
                        resource, parts + n_in))
          raise_to (self, get_emptying (parts, n_in, parts + n_in, n_out, lacking, first),
                    VMMIG_PLANNER_BOUND_EMPTYING, node);
}

static void
bound_nodes (Bound *self)
{
  const VmmigPlannerWorld *world = self->world;
  g_auto (VmmigPlannerGroups) in = {NULL, NULL};
  g_auto (VmmigPlannerGroups) out = {NULL, NULL};

  vmmig_planner_groups_init (&in, world, world->n_legs, NULL, TRUE);
  vmmig_planner_groups_init (&out, world, world->n_all, NULL, FALSE);
  for (guint32 i = 0; i < world->n_nodes; i++)
    {
      guint32 n_in = in.first[i + 1] - in.first[i];
      guint32 n_out = out.first[i + 1] - out.first[i];

      for (guint32 r = 0; r < world->n_resources && n_in > 0; r++)
        bound_room (self, i, r, in.legs + in.first[i], n_in, out.legs + out.first[i], n_out);
    }
}

void
vmmig_planner_world_bound (const VmmigPlannerWorld *world,
                           guint least_share,
                           VmmigPlannerBound *bound,
                           gint64 *earliest)
{
  g_autofree gint64 *own = earliest == NULL ? g_new (gint64, world->n_legs) : NULL;
  g_autofree double *scales = find_scales (world);
  Bound self = {.world = world,
                .least_share = least_share,
                .earliest = earliest != NULL ? earliest : own,
                .scales = scales,
                .object = NONE};

  find_earliest (world, self.earliest);
  bound_legs (&self);
  bound_ports (&self);
  bound_nodes (&self);
  /* Sums of doubles are off by less, and plans end at whole µs. */
  bound->time = (gint64)floor (self.best * (1 - 1e-12) + 0.01);
  bound->kind = self.kind;
  bound->object = self.object;
}
