/* vmmig-planner-search-private.h - a search for an order in which each leg finds room (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "plan/vmmig-planner-world-private.h"

G_BEGIN_DECLS

typedef struct
{
  VmmigPlannerWorld *world;
  guint64 random;
  guint64 steps; /* that are left */
  gint64 *free, *expected; /* n_resources of each node */
  guint32 *heads; /* of each node: the first leg to it; NONE */
  guint32 *next; /* of each leg: the next one to the same node; NONE */
  guint8 *done; /* of each leg */
  GArray *order; /* guint32: legs that are done */
  guint32 n_legs; /* for which `next` and `done` have room */
  guint8 *detoured; /* of each VM's first leg: it has been sent round */
  GHashTable *states; /* of guint64: those that lead nowhere; NULL: not kept */
  guint64 *bits; /* of each leg: its bit in them */
} VmmigPlannerSearch;

typedef struct
{
  double score;
  guint32 leg;
} VmmigPlannerCandidate;

int vmmig_planner_candidate_compare (const void *a, const void *b);

/* @self has its world, its seed and its steps set. Nothing has moved. */
void vmmig_planner_search_begin (VmmigPlannerSearch *self, VmmigPlannerWorld *world);
void vmmig_planner_search_end (VmmigPlannerSearch *self);
/* 0 to 1 */
double vmmig_planner_search_random (VmmigPlannerSearch *self);
/* @node's part of @array, which has n_resources of each node. */
gint64 *vmmig_planner_search_at (gint64 *array, const VmmigPlannerSearch *self, guint32 node);
/* It has not moved, and its VM is where it starts. */
gboolean vmmig_planner_search_is_open (const VmmigPlannerSearch *self, guint32 index);
gboolean vmmig_planner_search_fits (const VmmigPlannerSearch *self, guint32 index);
/* Whether another leg could start if @index left. */
gboolean vmmig_planner_search_lets_another_in (VmmigPlannerSearch *self, guint32 index);
/* Whether all that still comes to its source would have room there then. */
gboolean vmmig_planner_search_makes_roomy (VmmigPlannerSearch *self, guint32 index);
void vmmig_planner_search_add_leg (VmmigPlannerSearch *self, guint32 leg);
/* @index, and all that follows by itself. */
void vmmig_planner_search_go (VmmigPlannerSearch *self, guint32 index);
void vmmig_planner_search_go_where_it_is_roomy (VmmigPlannerSearch *self);
/* As far as it comes without going back; TRUE: to the end. */
gboolean vmmig_planner_search_run (VmmigPlannerSearch *self, double noise);
/* From the start, with detours, above all of those that are @stuck (element-type guint32) then; if
 * TRUE, @self is at the end of an order. Else @world is as before, and @self has nothing to be ended. */
gboolean vmmig_planner_search_detours (VmmigPlannerWorld *world,
                                       const GArray *stuck,
                                       guint64 seed,
                                       guint64 steps,
                                       VmmigPlannerSearch *self);

G_END_DECLS
