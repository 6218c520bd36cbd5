/* vmmig-planner-world-private.h - a problem as its solver looks at it (pure)
 *
 * Links, migrations at a time from and to nodes, and those in the cluster are all ports: each has a
 * size, of which a leg takes some from its start to its end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "plan/vmmig-planner-private.h"

G_BEGIN_DECLS

/* The room of legs: moves, then second halves of detours; what runs already comes last. */
typedef struct
{
  guint32 vm, source, destination;
  guint32 move; /* NONE: it runs already */
  guint32 before; /* the leg that must have ended; NONE */
  guint32 after; /* the leg whose `before` this is; NONE */
  guint32 ports; /* the first of its ports */
  guint8 n_links, n_ports; /* the links come first */
  guint16 converges;
  gint64 duration; /* µs at its rate; of what runs already: until its end */
  guint64 rate;
} VmmigPlannerLeg;

typedef struct
{
  const VmmigPlannerProblem *problem;
  guint32 n_resources, n_nodes, n_links;
  guint32 n_legs; /* that are to be planned */
  guint32 n_all; /* and those that run already */
  VmmigPlannerLeg *legs;
  GArray *leg_ports; /* guint32 */
  /* Links, then outbound of each node, inbound of each, the cluster. */
  guint32 n_ports;
  gint64 *ports; /* size */
  gint64 sum; /* µs of all legs, one after the other */
  gint64 *free; /* n_resources of each node, now; negative where too much is on it */
} VmmigPlannerWorld;

/* How the legs of @problem start: none has a detour. FALSE: they would take longer than can be
 * counted. */
gboolean vmmig_planner_world_init (VmmigPlannerWorld *self,
                                   const VmmigPlannerProblem *problem,
                                   GError **error);
void vmmig_planner_world_clear (VmmigPlannerWorld *self);

/* What @leg takes of each resource. */
static inline const guint64 *
vmmig_planner_world_get_need (const VmmigPlannerWorld *self, guint32 leg)
{
  return self->problem->vm_needs + (gsize)self->legs[leg].vm * self->n_resources;
}

static inline const guint32 *
vmmig_planner_world_get_ports (const VmmigPlannerWorld *self, guint32 leg)
{
  return &g_array_index (self->leg_ports, guint32, self->legs[leg].ports);
}

/* What a leg takes of @port, the @nth of its ports, at @rate. */
static inline gint64
vmmig_planner_leg_get_share (const VmmigPlannerLeg *leg, guint nth, guint64 rate)
{
  return nth < leg->n_links ? (gint64)rate : 1;
}

static inline gboolean
vmmig_planner_world_fits (const VmmigPlannerWorld *self, const gint64 *free, const guint64 *need)
{
  for (guint32 r = 0; r < self->n_resources; r++)
    if ((gint64)need[r] > free[r] && need[r] > 0)
      return FALSE;
  return TRUE;
}

static inline void
vmmig_planner_world_add (const VmmigPlannerWorld *self,
                         gint64 *free,
                         const guint64 *need,
                         gint64 times)
{
  for (guint32 r = 0; r < self->n_resources; r++)
    free[r] += times * (gint64)need[r];
}

/* Legs by node. Freed with vmmig_planner_groups_clear(). */
typedef struct
{
  guint32 *first; /* of each node: its first one in `legs`, and one more at the end */
  guint32 *legs;
} VmmigPlannerGroups;

/* The first @n legs by their destinations, or their sources; in @sorted's order (nullable). */
void vmmig_planner_groups_init (VmmigPlannerGroups *self,
                                const VmmigPlannerWorld *world,
                                guint32 n,
                                const guint32 *sorted,
                                gboolean by_destination);
void vmmig_planner_groups_clear (VmmigPlannerGroups *self);

/* Adds what all legs to each node take: @expected (n_resources of each node). */
void vmmig_planner_world_expect (const VmmigPlannerWorld *self, gint64 *expected);

/* How long what waits for room on each node takes, and what waits for that: @chains (µs, n_nodes
 * long). @expected: what all legs to each node take. */
void vmmig_planner_world_find_chains (const VmmigPlannerWorld *self,
                                      const gint64 *expected,
                                      double *chains);

/* Sends move @leg by way of @via, if a route to it and on from it exists. */
gboolean vmmig_planner_world_detour (VmmigPlannerWorld *self, guint32 leg, guint32 via);

/* What no plan of these legs can be shorter than; @earliest (n_legs long, nullable) is set to when
 * each can start at the earliest, -1: never. */
void vmmig_planner_world_bound (const VmmigPlannerWorld *self,
                                guint least_share,
                                VmmigPlannerBound *bound,
                                gint64 *earliest);

/* Which legs stand in each other's way when @free is free on the nodes and those that are @done (n_all
 * long) have left: @stuck (element-type guint32), as few as they can be. FALSE: none do that for
 * sure. */
gboolean vmmig_planner_world_find_conflict (const VmmigPlannerWorld *world,
                                            const gint64 *free,
                                            const guint8 *done,
                                            GArray *stuck);

typedef enum
{
  VMMIG_PLANNER_ORDER_FOUND,
  VMMIG_PLANNER_ORDER_NOT_FOUND, /* within the steps */
  VMMIG_PLANNER_ORDER_IMPOSSIBLE, /* whatever is tried, detours apart */
} VmmigPlannerOrder;

/* An order in which each leg finds room, one after the other: @positions of all legs, which are more
 * where there is no order without detours. Else @stuck has legs that stand in each other's way. Uses
 * up @steps, one for each leg that is tried. */
VmmigPlannerOrder vmmig_planner_world_order (VmmigPlannerWorld *self,
                                             guint64 seed,
                                             guint64 steps,
                                             guint32 **positions,
                                             GArray *stuck);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmmigPlannerGroups, vmmig_planner_groups_clear)

G_END_DECLS
