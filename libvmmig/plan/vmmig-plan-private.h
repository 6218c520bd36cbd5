/* vmmig-plan-private.h - a planner's plan with names instead of numbers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-plan.h>

#include "plan/vmmig-planner-private.h"

G_BEGIN_DECLS

/* What the numbers of a problem are called. */
typedef struct
{
  const char *const *vms;
  const char *const *nodes;
  const char *const *links;
  const char *const *resources;
} VmmigPlanNames;

/* @plan of @problem; nothing of the three has to stay. (transfer full) */
VmmigPlan *vmmig_plan_new (const VmmigPlannerProblem *problem,
                           const VmmigPlannerPlan *plan,
                           const VmmigPlanNames *names);

/* Step @index of it. (transfer full) */
VmmigPlanMove *vmmig_plan_move_new (const VmmigPlannerProblem *problem,
                                    const VmmigPlannerPlan *plan,
                                    const VmmigPlanNames *names,
                                    guint32 index);

/* µs as ms, to the nearest; 0 if negative */
guint64 vmmig_plan_to_ms (gint64 time);

G_END_DECLS
