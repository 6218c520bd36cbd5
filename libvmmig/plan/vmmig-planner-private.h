/* vmmig-planner-private.h - when each of many VMs moves, so that all are soon through (pure)
 *
 * A problem is arrays of plain numbers; indices are positions in them. Times are µs from now, sizes
 * bytes, rates bytes per second. Nothing here has a clock or asks anybody: the same problem, seed and
 * budget of steps give the same plan everywhere.
 *
 * A VM takes what it needs on its destination from the start of its move, and keeps it on its source
 * until the end. A move has its rate on each link of its path for as long as it lasts.
 *
 *     plan = vmmig_planner_solve (&problem, &settings, &error);
 *     for (guint i = 0; i < plan->n_steps; i++)
 *       …plan->steps[i]…
 *     vmmig_planner_plan_free (plan);
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-error.h>

G_BEGIN_DECLS

#define VMMIG_PLANNER_NONE G_MAXUINT32
#define VMMIG_PLANNER_MAX_PATH 32

/* Which links a VM's memory takes. @path: the first of @n_path in the problem's `paths`. */
typedef struct
{
  guint32 path, n_path;
} VmmigPlannerPath;

/* One VM that shall go elsewhere; at most one move for each VM. */
typedef struct
{
  guint32 vm, destination;
  VmmigPlannerPath path;
  guint64 memory; /* bytes to transfer at first */
  guint64 hot_set; /* bytes that the guest writes over and over */
  gint64 hot_time; /* µs in which it has written all of them once; 0: it has no hot set */
  guint64 cold_rate; /* bytes per second that it dirties elsewhere */
  guint64 max_rate; /* bytes per second at most; 0: what the path carries */
  gint64 setup; /* µs that it takes beside the copying */
  gint64 downtime; /* µs that the guest may stand still; 0: QEMU's 300 ms */
} VmmigPlannerMove;

/* A migration that runs already and is left alone. Its VM is where it comes from. */
typedef struct
{
  guint32 vm, destination;
  VmmigPlannerPath path;
  guint64 rate; /* on each link of its path */
  gint64 end; /* µs from now */
} VmmigPlannerRunning;

/* The links that @vm's memory takes from @from to @to, into @links (VMMIG_PLANNER_MAX_PATH long).
 * Returns their number, or -1: that VM must not be on @to. Pure, as the rest is. */
typedef int (*VmmigPlannerRouteFunc) (guint32 vm,
                                      guint32 from,
                                      guint32 to,
                                      guint32 *links,
                                      gpointer user_data);

/* All arrays belong to the caller, who keeps them unchanged while the problem is solved. */
typedef struct
{
  guint32 n_resources; /* memory and whatever else has an end: processors, huge pages… */
  guint32 n_nodes;
  const guint64 *capacities; /* n_resources of node 0, of node 1, … */
  const guint32 *outbound; /* migrations at a time from each node, 0: any; NULL: any from all */
  const guint32 *inbound; /* the same for migrations to it */
  guint32 parallel; /* migrations at a time in the cluster; 0: any */

  guint32 n_links; /* directed */
  const guint64 *link_rates;

  guint32 n_vms; /* all that take something on a node, whether they move or not */
  const guint32 *vm_nodes; /* where each is */
  const guint64 *vm_needs; /* n_resources of VM 0, of VM 1, … */

  guint32 n_moves, n_running, n_paths;
  const VmmigPlannerMove *moves;
  const VmmigPlannerRunning *running;
  const guint32 *paths; /* links, one path after the other */

  VmmigPlannerRouteFunc route; /* NULL: no VM goes by way of a third node */
  gpointer route_data;
} VmmigPlannerProblem;

typedef struct
{
  guint64 seed;
  guint64 steps; /* attempts to start a move, over all that is tried; 0: by the problem's size */
  guint least_share; /* percent of its full rate that a move starts with at least, if that is enough
                        for it to converge; 0 or 100: a link is not shared */
  const gint64 *previous; /* when each move started in a plan that shall be mended; NULL: there is
                             none. Only the order counts; costs a fraction of a new plan. */
} VmmigPlannerSettings;

typedef enum
{
  VMMIG_PLANNER_WAITS_FOR_NOTHING,
  VMMIG_PLANNER_WAITS_FOR_LINK,
  VMMIG_PLANNER_WAITS_FOR_OUTBOUND, /* migrations at a time from the node `object` */
  VMMIG_PLANNER_WAITS_FOR_INBOUND,
  VMMIG_PLANNER_WAITS_FOR_PARALLEL, /* in the cluster */
  VMMIG_PLANNER_WAITS_FOR_ROOM, /* on the node `object`, of `resource` */
  VMMIG_PLANNER_WAITS_FOR_TURN, /* room on the node `object` is kept for others, or nobody could move */
  VMMIG_PLANNER_WAITS_FOR_VM, /* it is still on its way to the third node */
} VmmigPlannerWait;

/* A VM from one node to another. The first n_moves are the moves in their order, then come the second
 * halves of those that go by way of a third node. */
typedef struct
{
  guint32 move;
  guint32 source, destination;
  guint32 next; /* the step that brings the VM from here to its destination, or NONE */
  gint64 start, end; /* µs; -1: it never starts */
  guint64 rate;
  guint64 bytes; /* that it transfers */
  VmmigPlannerPath path; /* of the problem's `paths`, of the plan's if `detour` */
  gboolean detour;
  gboolean converges; /* FALSE: at this rate the guest writes faster than it is copied */
  /* What it waited for last, and whose end, or start for WAITS_FOR_TURN, let it go. What never starts
   * says what it waits for to the end, and no holder. */
  VmmigPlannerWait wait;
  guint32 object, resource; /* the link or node; NONE */
  gint64 since; /* µs: when it began to wait for that; it did so until `start` */
  guint32 holder; /* a step; from n_steps on one that runs already; NONE: nobody in particular */
} VmmigPlannerStep;

typedef enum
{
  VMMIG_PLANNER_COMPLETE,
  VMMIG_PLANNER_CONFLICT, /* not all can move; see `conflict` */
} VmmigPlannerOutcome;

typedef enum
{
  VMMIG_PLANNER_BOUND_NOTHING, /* nothing moves */
  VMMIG_PLANNER_BOUND_LINK, /* all that goes over the link `object` */
  VMMIG_PLANNER_BOUND_MOVE, /* the longest one, `object` */
  VMMIG_PLANNER_BOUND_CHAIN, /* a move `object` that others must make room for, one after another */
  VMMIG_PLANNER_BOUND_OUTBOUND, /* all that leaves the node, so many at a time */
  VMMIG_PLANNER_BOUND_INBOUND,
  VMMIG_PLANNER_BOUND_PARALLEL,
  VMMIG_PLANNER_BOUND_EMPTYING, /* the node must be emptied before it can be filled */
} VmmigPlannerBoundKind;

/* No plan ends sooner, unless VMs take detours that none has to take. */
typedef struct
{
  gint64 time; /* µs */
  VmmigPlannerBoundKind kind;
  guint32 object; /* link, node or move; NONE */
} VmmigPlannerBound;

typedef struct
{
  VmmigPlannerOutcome outcome;
  gint64 makespan; /* µs until the last one ends, those that run already included */
  VmmigPlannerBound bound;
  guint32 n_steps;
  VmmigPlannerStep *steps;
  guint32 *paths; /* of steps that are detours */
  /* Steps that wait for each other's room in a circle, or for room that there will never be: without
   * any one of them, one of the others could start. */
  guint32 n_conflict;
  guint32 *conflict;
  gboolean proven; /* no order of these moves exists, detours apart; else none was found */
  guint32 n_passes; /* schedules that were made to choose from */
  guint64 n_tries; /* steps of the budget that were used */
} VmmigPlannerPlan;

/* How long @move takes at @rate. */
typedef struct
{
  gint64 duration; /* µs, set-up included */
  guint64 bytes;
  gboolean converges;
} VmmigPlannerEstimate;

/* Whether all of @problem makes sense. INVALID_ARGUMENT says what does not. */
gboolean vmmig_planner_check (const VmmigPlannerProblem *problem, GError **error);
/* @settings (nullable). NULL and INVALID_ARGUMENT if the problem makes no sense; that not all VMs can
 * move is no error but an outcome. */
VmmigPlannerPlan *vmmig_planner_solve (const VmmigPlannerProblem *problem,
                                       const VmmigPlannerSettings *settings,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void vmmig_planner_plan_free (VmmigPlannerPlan *plan);
/* The links of a step of @plan, @n of them; they belong to @problem or to @plan. */
const guint32 *vmmig_planner_get_path (const VmmigPlannerProblem *problem,
                                       const VmmigPlannerPlan *plan,
                                       guint32 step,
                                       guint32 *n);

/* The larger @rate, the smaller are both duration and bytes. */
void
vmmig_planner_estimate (const VmmigPlannerMove *move, guint64 rate, VmmigPlannerEstimate *estimate);
/* The lowest rate at which @move converges, @rate at most; 0 if it does not even at that. */
guint64 vmmig_planner_get_convergence_rate (const VmmigPlannerMove *move, guint64 rate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPlannerPlan, vmmig_planner_plan_free)

G_END_DECLS
