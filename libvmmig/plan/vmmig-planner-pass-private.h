/* vmmig-planner-pass-private.h - one schedule of all legs, by one set of rules (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "plan/vmmig-planner-world-private.h"

G_BEGIN_DECLS

/* When a leg runs, and why not before. */
typedef struct
{
  gint64 start, end; /* -1: never */
  gint64 since; /* when it began to wait in `queue` */
  guint64 rate;
  guint32 queue; /* in which it waited last: a port, n_ports + a node; NONE */
  guint32 holder; /* the leg that let it go; NONE */
  guint32 resource; /* of the node, that was lacking; NONE: it was not its turn */
} VmmigPlannerSlot;

typedef struct
{
  const guint32 *positions; /* legs to a node take its room in this order where it matters; NULL */
  const gint64 *previous; /* of each move: the smaller, the sooner; NULL: by load */
  double others; /* weight of the ports of a leg that are less loaded than its most loaded one */
  double chain; /* weight of what waits for the room that a leg leaves */
  double size; /* weight of how long a leg takes: what is large finds room while there is some */
  const double *weights; /* of each port: how much its load counts */
  double noise; /* share by which a key is off at random */
  guint64 seed;
  guint backfill; /* so many at a time may pass one that does not fit */
  guint least_share; /* percent of its rate with which a leg starts; 0: all of it */
  gint64 limit; /* µs: a schedule that is as long is worth nothing */
} VmmigPlannerRules;

typedef enum
{
  VMMIG_PLANNER_PASS_COMPLETE,
  VMMIG_PLANNER_PASS_TOO_LONG, /* it was given up */
  VMMIG_PLANNER_PASS_STUCK, /* what is left waits for each other's room */
} VmmigPlannerPassEnd;

typedef struct _VmmigPlannerPass VmmigPlannerPass;

/* For any number of schedules of @world, as long as that gets no more legs. */
VmmigPlannerPass *vmmig_planner_pass_new (const VmmigPlannerWorld *world);
void vmmig_planner_pass_free (VmmigPlannerPass *self);
/* @slots (n_legs long) is only whole if it is COMPLETE; of STUCK, what could start has its slot,
 * and what could not tells where it waits. Adds
 * to @tries. @last: the port that it was too long for, or that was busy last; NONE. */
VmmigPlannerPassEnd vmmig_planner_pass_run (VmmigPlannerPass *self,
                                            const VmmigPlannerRules *rules,
                                            VmmigPlannerSlot *slots,
                                            gint64 *makespan,
                                            guint32 *last,
                                            guint64 *tries);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPlannerPass, vmmig_planner_pass_free)

G_END_DECLS
