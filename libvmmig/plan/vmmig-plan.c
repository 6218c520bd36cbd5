/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/vmmig-plan-private.h"

#include <json-glib/json-glib.h>

#include "values/vmmig-variant-private.h"

struct _VmmigPlan
{
  int ref_count; /* atomic */
  gboolean complete;
  gboolean impossible;
  GPtrArray *moves; /* (element-type VmmigPlanMove) */
  GPtrArray *conflict; /* (element-type VmmigPlanMove) */
  guint64 duration; /* ms */
  guint64 bound; /* ms */
  double ratio;
  char *bound_text;
};

G_DEFINE_BOXED_TYPE (VmmigPlan, vmmig_plan, vmmig_plan_ref, vmmig_plan_unref)

/**
 * vmmig_plan_ref: (skip)
 * @self: a plan
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same plan
 *
 * Since: 1.0
 */
VmmigPlan *
vmmig_plan_ref (VmmigPlan *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_plan_unref: (skip)
 * @self: (transfer full): a plan
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_plan_unref (VmmigPlan *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_ptr_array_unref (self->moves);
  g_ptr_array_unref (self->conflict);
  g_free (self->bound_text);
  g_free (self);
}

/* --- how it is made --- */

static char *
describe_bound (const VmmigPlannerProblem *problem,
                const VmmigPlannerBound *bound,
                const VmmigPlanNames *names)
{
  switch (bound->kind)
    {
    case VMMIG_PLANNER_BOUND_LINK:
      return g_strdup_printf ("all that goes over the link ‘%s’", names->links[bound->object]);
    case VMMIG_PLANNER_BOUND_MOVE:
      if (bound->object == VMMIG_PLANNER_NONE)
        return g_strdup ("a migration that runs already");
      return g_strdup_printf ("the move of ‘%s’, which takes longest",
                              names->vms[problem->moves[bound->object].vm]);
    case VMMIG_PLANNER_BOUND_CHAIN:
      return g_strdup_printf ("others that make room for ‘%s’, one after another",
                              names->vms[problem->moves[bound->object].vm]);
    case VMMIG_PLANNER_BOUND_OUTBOUND:
      return g_strdup_printf ("all that leaves ‘%s’, as many at a time as may",
                              names->nodes[bound->object]);
    case VMMIG_PLANNER_BOUND_INBOUND:
      return g_strdup_printf ("all that comes to ‘%s’, as many at a time as may",
                              names->nodes[bound->object]);
    case VMMIG_PLANNER_BOUND_PARALLEL:
      return g_strdup ("all that moves, as many at a time as may in the cluster");
    case VMMIG_PLANNER_BOUND_EMPTYING:
      return g_strdup_printf ("‘%s’, which has to be emptied before it can be filled",
                              names->nodes[bound->object]);
    case VMMIG_PLANNER_BOUND_NOTHING:
    default:
      return g_strdup ("nothing");
    }
}

static int
compare_starts (const void *a, const void *b, void *plan)
{
  const VmmigPlannerStep *steps = ((const VmmigPlannerPlan *)plan)->steps;
  guint32 x = *(const guint32 *)a;
  guint32 y = *(const guint32 *)b;

  if (steps[x].start == steps[y].start)
    return x < y ? -1 : 1;
  /* What never starts (-1) comes last. */
  return (guint64)steps[x].start < (guint64)steps[y].start ? -1 : 1;
}

VmmigPlan *
vmmig_plan_new (const VmmigPlannerProblem *problem,
                const VmmigPlannerPlan *plan,
                const VmmigPlanNames *names)
{
  VmmigPlan *self = g_new0 (VmmigPlan, 1);
  g_autoptr (GPtrArray) moves = g_ptr_array_sized_new (plan->n_steps);
  g_autofree guint32 *order = g_new (guint32, plan->n_steps);

  self->ref_count = 1;
  self->complete = plan->outcome == VMMIG_PLANNER_COMPLETE;
  self->impossible = !self->complete && plan->proven;
  self->duration = vmmig_plan_to_ms (plan->makespan);
  self->bound = vmmig_plan_to_ms (plan->bound.time);
  if (self->complete)
    self->ratio = plan->bound.time > 0 ? (double)plan->makespan / (double)plan->bound.time : 1;
  self->bound_text = describe_bound (problem, &plan->bound, names);
  self->moves = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_plan_move_unref);
  self->conflict = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_plan_move_unref);
  for (guint32 i = 0; i < plan->n_steps; i++)
    {
      g_ptr_array_add (moves, vmmig_plan_move_new (problem, plan, names, i));
      order[i] = i;
    }
  g_qsort_with_data (order, (int)plan->n_steps, sizeof (guint32), compare_starts, (void *)plan);
  for (guint32 i = 0; i < plan->n_steps; i++)
    g_ptr_array_add (self->moves, moves->pdata[order[i]]);
  for (guint32 i = 0; i < plan->n_conflict; i++)
    g_ptr_array_add (self->conflict, vmmig_plan_move_ref (moves->pdata[plan->conflict[i]]));
  return self;
}

/* --- what it says --- */

static GPtrArray *
copy_moves (GPtrArray *from)
{
  GPtrArray *moves = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_plan_move_unref);

  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (moves, vmmig_plan_move_ref (from->pdata[i]));
  return moves;
}

/**
 * vmmig_plan_get_moves:
 * @self: a plan
 *
 * Gets all moves in the order in which they start; those that never do come last.
 *
 * Returns: (transfer container) (element-type VmmigPlanMove): the moves
 *
 * Since: 1.0
 */
GPtrArray *
vmmig_plan_get_moves (const VmmigPlan *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return copy_moves (self->moves);
}

/**
 * vmmig_plan_is_complete:
 * @self: a plan
 *
 * Tells whether all VMs get to where they shall.
 *
 * Returns: `FALSE` if some stand in each other's way: [method@Plan.get_conflict]
 *
 * Since: 1.0
 */
gboolean
vmmig_plan_is_complete (const VmmigPlan *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->complete;
}

/**
 * vmmig_plan_get_conflict:
 * @self: a plan
 *
 * Gets the moves that wait for each other's room in a circle, or for room that there will never be.
 *
 * There are no more of them than it takes: without any one, another one could start. Only where no
 * such set is found, or one of thousands would have to be, there are more.
 *
 * Returns: (transfer container) (element-type VmmigPlanMove): the moves; none if the plan is
 *   complete
 *
 * Since: 1.0
 */
GPtrArray *
vmmig_plan_get_conflict (const VmmigPlan *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return copy_moves (self->conflict);
}

/**
 * vmmig_plan_is_impossible:
 * @self: a plan
 *
 * Tells whether it is certain that these moves have no order in which each finds room.
 *
 * Ways over a third node were tried as well, but nobody tries all of them.
 *
 * Returns: `FALSE` if the plan is complete, or none was found although there may be one
 *
 * Since: 1.0
 */
gboolean
vmmig_plan_is_impossible (const VmmigPlan *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->impossible;
}

/**
 * vmmig_plan_get_duration:
 * @self: a plan
 *
 * Gets when the last move will have ended, those included that run already.
 *
 * Returns: milliseconds after the plan's beginning
 *
 * Since: 1.0
 */
guint64
vmmig_plan_get_duration (const VmmigPlan *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->duration;
}

/**
 * vmmig_plan_get_lower_bound:
 * @self: a plan
 *
 * Gets what no plan of these moves can be shorter than, whatever its order is.
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
guint64
vmmig_plan_get_lower_bound (const VmmigPlan *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->bound;
}

/**
 * vmmig_plan_get_lower_bound_text:
 * @self: a plan
 *
 * Gets for people what takes as long as the lower bound: what has to become faster before any plan
 * can.
 *
 * Returns: (transfer none): words without a full stop
 *
 * Since: 1.0
 */
const char *
vmmig_plan_get_lower_bound_text (const VmmigPlan *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->bound_text;
}

/**
 * vmmig_plan_get_ratio:
 * @self: a plan
 *
 * Gets how many times as long as its lower bound the plan is.
 *
 * Returns: 1 and more; 0 if it is not complete
 *
 * Since: 1.0
 */
double
vmmig_plan_get_ratio (const VmmigPlan *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->ratio;
}

/**
 * vmmig_plan_to_variant:
 * @self: a plan
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `complete`, `impossible` (b), `duration`,
 * `lower-bound` (t, ms), `lower-bound-text` (s), `ratio` (d), `moves` (aa{sv}, as
 * [method@PlanMove.to_variant] has them), `conflict` (as, names of VMs). Keys may be added in later
 * versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_plan_to_variant (const VmmigPlan *self)
{
  g_autoptr (GPtrArray) conflict = g_ptr_array_new ();
  GVariantBuilder moves;
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "complete", "b", self->complete);
  g_variant_dict_insert (&dict, "impossible", "b", self->impossible);
  g_variant_dict_insert (&dict, "duration", "t", self->duration);
  g_variant_dict_insert (&dict, "lower-bound", "t", self->bound);
  vmmig_variant_insert_string (&dict, "lower-bound-text", self->bound_text);
  g_variant_dict_insert (&dict, "ratio", "d", self->ratio);
  g_variant_builder_init (&moves, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->moves->len; i++)
    g_variant_builder_add_value (&moves, vmmig_plan_move_to_variant (self->moves->pdata[i]));
  g_variant_dict_insert_value (&dict, "moves", g_variant_builder_end (&moves));
  for (guint i = 0; i < self->conflict->len; i++)
    g_ptr_array_add (conflict, (char *)vmmig_plan_move_get_vm (self->conflict->pdata[i]));
  g_ptr_array_add (conflict, NULL);
  vmmig_variant_insert_strings (&dict, "conflict", (char *const *)conflict->pdata);
  return g_variant_dict_end (&dict);
}

/**
 * vmmig_plan_to_json:
 * @self: a plan
 *
 * Gets [method@Plan.to_variant]'s dictionary as a JSON object.
 *
 * Returns: (transfer full): one line of JSON, without its end
 *
 * Since: 1.0
 */
char *
vmmig_plan_to_json (const VmmigPlan *self)
{
  g_autoptr (GVariant) values = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  values = g_variant_ref_sink (vmmig_plan_to_variant (self));
  return json_gvariant_serialize_data (values, NULL);
}
