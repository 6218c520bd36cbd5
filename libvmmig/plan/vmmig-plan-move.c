/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/vmmig-plan-private.h"

#include "values/vmmig-variant-private.h"

struct _VmmigPlanMove
{
  int ref_count; /* atomic */
  char *vm;
  char *source;
  char *destination;
  gboolean detour;
  gboolean starts;
  gboolean converges;
  guint64 start; /* ms */
  guint64 end; /* ms */
  guint64 rate; /* bytes per second */
  guint64 bytes;
  VmmigPlanWait wait;
  guint64 since; /* ms */
  char *object; /* (nullable) */
  char *resource; /* (nullable) */
  char *holder; /* (nullable) */
  char *text;
};

G_DEFINE_BOXED_TYPE (VmmigPlanMove, vmmig_plan_move, vmmig_plan_move_ref, vmmig_plan_move_unref)

/**
 * vmmig_plan_move_ref: (skip)
 * @self: a move
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same move
 *
 * Since: 1.0
 */
VmmigPlanMove *
vmmig_plan_move_ref (VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_plan_move_unref: (skip)
 * @self: (transfer full): a move
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_plan_move_unref (VmmigPlanMove *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->vm);
  g_free (self->source);
  g_free (self->destination);
  g_free (self->object);
  g_free (self->resource);
  g_free (self->holder);
  g_free (self->text);
  g_free (self);
}

/* --- how it is made --- */

guint64
vmmig_plan_to_ms (gint64 time)
{
  return time > 0 ? ((guint64)time + 500) / 1000 : 0;
}

static VmmigPlanWait
to_public (VmmigPlannerWait wait)
{
  switch (wait)
    {
    case VMMIG_PLANNER_WAITS_FOR_NOTHING:
      return VMMIG_PLAN_WAIT_NOTHING;
    case VMMIG_PLANNER_WAITS_FOR_LINK:
      return VMMIG_PLAN_WAIT_LINK;
    case VMMIG_PLANNER_WAITS_FOR_OUTBOUND:
      return VMMIG_PLAN_WAIT_OUTBOUND;
    case VMMIG_PLANNER_WAITS_FOR_INBOUND:
      return VMMIG_PLAN_WAIT_INBOUND;
    case VMMIG_PLANNER_WAITS_FOR_PARALLEL:
      return VMMIG_PLAN_WAIT_PARALLEL;
    case VMMIG_PLANNER_WAITS_FOR_ROOM:
      return VMMIG_PLAN_WAIT_ROOM;
    case VMMIG_PLANNER_WAITS_FOR_VM:
      return VMMIG_PLAN_WAIT_VM;
    case VMMIG_PLANNER_WAITS_FOR_TURN:
    default:
      return VMMIG_PLAN_WAIT_TURN;
    }
}

/* What is lacking, in words. */
static char *
describe_lack (const VmmigPlanMove *self)
{
  switch (self->wait)
    {
    case VMMIG_PLAN_WAIT_LINK:
      return g_strdup_printf ("the link ‘%s’", self->object);
    case VMMIG_PLAN_WAIT_OUTBOUND:
      return g_strdup_printf ("a place among those that may leave ‘%s’ at a time", self->object);
    case VMMIG_PLAN_WAIT_INBOUND:
      return g_strdup_printf ("a place among those that may come to ‘%s’ at a time", self->object);
    case VMMIG_PLAN_WAIT_PARALLEL:
      return g_strdup ("a place among those that may move in the cluster at a time");
    case VMMIG_PLAN_WAIT_ROOM:
      return g_strdup_printf ("room on ‘%s’ for its %s", self->object, self->resource);
    case VMMIG_PLAN_WAIT_VM:
      return g_strdup_printf ("the VM itself, which has to come to ‘%s’ first", self->source);
    case VMMIG_PLAN_WAIT_NOTHING:
    case VMMIG_PLAN_WAIT_TURN:
    default:
      return g_strdup_printf ("room on ‘%s’ that is kept for others", self->destination);
    }
}

static char *
describe (const VmmigPlanMove *self)
{
  g_autofree char *lack = describe_lack (self);
  g_autoptr (GString) text = g_string_new (NULL);

  if (!self->starts)
    g_string_append_printf (text, "never starts: it waits for %s in vain", lack);
  else if (self->wait == VMMIG_PLAN_WAIT_NOTHING)
    g_string_append (text, "starts at once");
  else
    {
      g_string_append_printf (text, "waits from %.1f s to %.1f s for %s",
                              (double)self->since / 1000, (double)self->start / 1000, lack);
      if (self->holder != NULL && self->wait == VMMIG_PLAN_WAIT_ROOM)
        g_string_append_printf (text, "; ‘%s’ has left it then", self->holder);
      else if (self->holder != NULL && self->wait == VMMIG_PLAN_WAIT_TURN)
        g_string_append_printf (text, "; ‘%s’ goes first", self->holder);
      else if (self->holder != NULL && self->wait != VMMIG_PLAN_WAIT_VM)
        g_string_append_printf (text, "; ‘%s’ has it until then", self->holder);
    }
  if (!self->converges)
    g_string_append (text, "; at this rate its guest writes faster than can be copied");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static const char *
find_object (const VmmigPlanNames *names, const VmmigPlannerStep *step)
{
  if (step->object == VMMIG_PLANNER_NONE)
    return NULL;
  if (step->wait == VMMIG_PLANNER_WAITS_FOR_LINK)
    return names->links[step->object];
  return names->nodes[step->object];
}

static const char *
find_holder (const VmmigPlannerProblem *problem,
             const VmmigPlannerPlan *plan,
             const VmmigPlanNames *names,
             const VmmigPlannerStep *step)
{
  if (step->holder == VMMIG_PLANNER_NONE)
    return NULL;
  if (step->holder >= plan->n_steps)
    return names->vms[problem->running[step->holder - plan->n_steps].vm];
  return names->vms[problem->moves[plan->steps[step->holder].move].vm];
}

VmmigPlanMove *
vmmig_plan_move_new (const VmmigPlannerProblem *problem,
                     const VmmigPlannerPlan *plan,
                     const VmmigPlanNames *names,
                     guint32 index)
{
  const VmmigPlannerStep *step = &plan->steps[index];
  VmmigPlanMove *self = g_new0 (VmmigPlanMove, 1);

  self->ref_count = 1;
  self->vm = g_strdup (names->vms[problem->moves[step->move].vm]);
  self->source = g_strdup (names->nodes[step->source]);
  self->destination = g_strdup (names->nodes[step->destination]);
  self->detour = step->detour;
  self->starts = step->start >= 0;
  self->converges = step->converges;
  self->start = vmmig_plan_to_ms (step->start);
  self->end = vmmig_plan_to_ms (step->end);
  self->rate = step->rate;
  self->bytes = step->bytes;
  self->wait = to_public (step->wait);
  self->since = vmmig_plan_to_ms (step->since);
  self->object = g_strdup (find_object (names, step));
  if (step->resource != VMMIG_PLANNER_NONE)
    self->resource = g_strdup (names->resources[step->resource]);
  self->holder = g_strdup (find_holder (problem, plan, names, step));
  self->text = describe (self);
  return self;
}

/* --- what it says --- */

/**
 * vmmig_plan_move_get_vm:
 * @self: a move
 *
 * Gets the VM that moves.
 *
 * Returns: (transfer none): its name
 *
 * Since: 1.0
 */
const char *
vmmig_plan_move_get_vm (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->vm;
}

/**
 * vmmig_plan_move_get_source:
 * @self: a move
 *
 * Gets the node that the VM leaves.
 *
 * Returns: (transfer none): its name
 *
 * Since: 1.0
 */
const char *
vmmig_plan_move_get_source (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->source;
}

/**
 * vmmig_plan_move_get_destination:
 * @self: a move
 *
 * Gets the node to which the VM goes.
 *
 * Returns: (transfer none): its name
 *
 * Since: 1.0
 */
const char *
vmmig_plan_move_get_destination (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->destination;
}

/**
 * vmmig_plan_move_is_detour:
 * @self: a move
 *
 * Tells whether this is one half of a way over a third node, on which the VM makes room for others.
 *
 * Returns: `TRUE` if there is another move of the same VM
 *
 * Since: 1.0
 */
gboolean
vmmig_plan_move_is_detour (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->detour;
}

/**
 * vmmig_plan_move_starts:
 * @self: a move
 *
 * Tells whether it has its time in the plan.
 *
 * Returns: `FALSE` if it waits in vain; only in a plan that is not complete
 *
 * Since: 1.0
 */
gboolean
vmmig_plan_move_starts (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->starts;
}

/**
 * vmmig_plan_move_get_start:
 * @self: a move
 *
 * Gets when it starts.
 *
 * Returns: milliseconds after the plan's beginning; 0 if it never starts
 *
 * Since: 1.0
 */
guint64
vmmig_plan_move_get_start (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->start;
}

/**
 * vmmig_plan_move_get_end:
 * @self: a move
 *
 * Gets when it will have ended.
 *
 * Returns: milliseconds after the plan's beginning; 0 if it never starts
 *
 * Since: 1.0
 */
guint64
vmmig_plan_move_get_end (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->end;
}

/**
 * vmmig_plan_move_get_rate:
 * @self: a move
 *
 * Gets how fast it is, on each link of its path.
 *
 * Returns: bytes per second
 *
 * Since: 1.0
 */
guint64
vmmig_plan_move_get_rate (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->rate;
}

/**
 * vmmig_plan_move_get_bytes:
 * @self: a move
 *
 * Gets how much will be sent, with what the guest writes meanwhile.
 *
 * Returns: bytes
 *
 * Since: 1.0
 */
guint64
vmmig_plan_move_get_bytes (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->bytes;
}

/**
 * vmmig_plan_move_converges:
 * @self: a move
 *
 * Tells whether pre-copy comes to an end by itself at [method@PlanMove.get_rate].
 *
 * Returns: `FALSE` if the guest writes faster than can be copied
 *
 * Since: 1.0
 */
gboolean
vmmig_plan_move_converges (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->converges;
}

/**
 * vmmig_plan_move_get_wait:
 * @self: a move
 *
 * Gets what it waits for last; when it has that, it starts.
 *
 * Returns: what is lacking
 *
 * Since: 1.0
 */
VmmigPlanWait
vmmig_plan_move_get_wait (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_PLAN_WAIT_NOTHING);

  return self->wait;
}

/**
 * vmmig_plan_move_get_wait_since:
 * @self: a move
 *
 * Gets when it begins to wait for just that; before, it may have lacked something else. It waits
 * until [method@PlanMove.get_start].
 *
 * Returns: milliseconds after the plan's beginning
 *
 * Since: 1.0
 */
guint64
vmmig_plan_move_get_wait_since (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->since;
}

/**
 * vmmig_plan_move_get_wait_object:
 * @self: a move
 *
 * Gets the link or the node that it waits for.
 *
 * Returns: (transfer none) (nullable): its name, or `NULL` if it is neither
 *
 * Since: 1.0
 */
const char *
vmmig_plan_move_get_wait_object (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->object;
}

/**
 * vmmig_plan_move_get_wait_resource:
 * @self: a move
 *
 * Gets what the node lacks, if it waits for room: `memory`.
 *
 * Words may be added in later versions.
 *
 * Returns: (transfer none) (nullable): the word, or `NULL` if it is not room that is lacking
 *
 * Since: 1.0
 */
const char *
vmmig_plan_move_get_wait_resource (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->resource;
}

/**
 * vmmig_plan_move_get_wait_holder:
 * @self: a move
 *
 * Gets the VM whose move has until then what this one waits for.
 *
 * Returns: (transfer none) (nullable): its name, or `NULL` if it is nobody in particular
 *
 * Since: 1.0
 */
const char *
vmmig_plan_move_get_wait_holder (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->holder;
}

/**
 * vmmig_plan_move_get_text:
 * @self: a move
 *
 * Gets for people what it waits for, since when, until when, and who has it.
 *
 * Returns: (transfer none): words that follow the VM's name, without a full stop
 *
 * Since: 1.0
 */
const char *
vmmig_plan_move_get_text (const VmmigPlanMove *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

/**
 * vmmig_plan_move_to_variant:
 * @self: a move
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `vm`, `source`, `destination` (s), `detour`, `starts`
 * (b), `start`, `end` (t, ms; not there if it never starts), `rate`, `bytes` (t), `converges` (b),
 * `wait` (s), `wait-since` (t, ms), `wait-object`, `wait-resource`, `wait-holder` (s, not there if
 * `NULL`), `text` (s). Keys may be added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_plan_move_to_variant (const VmmigPlanMove *self)
{
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_string (&dict, "vm", self->vm);
  vmmig_variant_insert_string (&dict, "source", self->source);
  vmmig_variant_insert_string (&dict, "destination", self->destination);
  g_variant_dict_insert (&dict, "detour", "b", self->detour);
  g_variant_dict_insert (&dict, "starts", "b", self->starts);
  if (self->starts)
    {
      g_variant_dict_insert (&dict, "start", "t", self->start);
      g_variant_dict_insert (&dict, "end", "t", self->end);
    }
  g_variant_dict_insert (&dict, "rate", "t", self->rate);
  g_variant_dict_insert (&dict, "bytes", "t", self->bytes);
  g_variant_dict_insert (&dict, "converges", "b", self->converges);
  vmmig_variant_insert_enum (&dict, "wait", VMMIG_TYPE_PLAN_WAIT, (int)self->wait);
  g_variant_dict_insert (&dict, "wait-since", "t", self->since);
  vmmig_variant_insert_string (&dict, "wait-object", self->object);
  vmmig_variant_insert_string (&dict, "wait-resource", self->resource);
  vmmig_variant_insert_string (&dict, "wait-holder", self->holder);
  vmmig_variant_insert_string (&dict, "text", self->text);
  return g_variant_dict_end (&dict);
}
