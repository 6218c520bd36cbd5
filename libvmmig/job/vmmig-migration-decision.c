/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-migration-decision.h>

#include "job/vmmig-migration-decision-private.h"
#include "values/vmmig-variant-private.h"

struct _VmmigMigrationDecision
{
  int ref_count; /* atomic */
  VmmigDecisionAction action;
  const char *reason; /* static */
  char *text;
  guint downtime; /* ms */
  guint iteration;
  guint64 elapsed; /* ms */
};

G_DEFINE_BOXED_TYPE (VmmigMigrationDecision,
                     vmmig_migration_decision,
                     vmmig_migration_decision_ref,
                     vmmig_migration_decision_unref)

/**
 * vmmig_migration_decision_ref: (skip)
 * @self: a decision
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same decision
 *
 * Since: 1.0
 */
VmmigMigrationDecision *
vmmig_migration_decision_ref (VmmigMigrationDecision *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_migration_decision_unref: (skip)
 * @self: (transfer full): a decision
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_migration_decision_unref (VmmigMigrationDecision *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->text);
  g_free (self);
}

static VmmigDecisionAction
to_public (VmmigConvergenceAction action)
{
  switch (action)
    {
    case VMMIG_CONVERGENCE_SET_DOWNTIME:
      return VMMIG_DECISION_ACTION_SET_DOWNTIME;
    case VMMIG_CONVERGENCE_THROTTLE:
      return VMMIG_DECISION_ACTION_THROTTLE;
    case VMMIG_CONVERGENCE_POST_COPY:
      return VMMIG_DECISION_ACTION_POST_COPY;
    case VMMIG_CONVERGENCE_PAUSE:
      return VMMIG_DECISION_ACTION_PAUSE;
    case VMMIG_CONVERGENCE_GIVE_UP:
      return VMMIG_DECISION_ACTION_GIVE_UP;
    case VMMIG_CONVERGENCE_GO_ON:
    default:
      return VMMIG_DECISION_ACTION_GO_ON;
    }
}

VmmigMigrationDecision *
vmmig_migration_decision_new (const VmmigConvergenceDecision *decision, const char *what)
{
  VmmigMigrationDecision *self = g_new0 (VmmigMigrationDecision, 1);

  self->ref_count = 1;
  self->action = to_public (decision->action);
  self->reason = vmmig_convergence_reason_get_name (decision->reason);
  self->text = what != NULL ? g_strdup (what) : vmmig_convergence_decision_describe (decision);
  self->downtime = decision->downtime;
  self->iteration = decision->iteration;
  self->elapsed = (guint64)(decision->time / 1000);
  return self;
}

/**
 * vmmig_migration_decision_get_action:
 * @self: a decision
 *
 * Gets what was decided.
 *
 * Returns: the action; `VMMIG_DECISION_ACTION_GO_ON` if the judgement changed and nothing is done
 *
 * Since: 1.0
 */
VmmigDecisionAction
vmmig_migration_decision_get_action (const VmmigMigrationDecision *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_DECISION_ACTION_GO_ON);

  return self->action;
}

/**
 * vmmig_migration_decision_get_reason:
 * @self: a decision
 *
 * Gets why, as a word for programs: `completion-timeout`, `progress-timeout`,
 * `downtime-too-short`, `converging`, `stuck`…
 *
 * Words may be added in later versions.
 *
 * Returns: (transfer none): the word
 *
 * Since: 1.0
 */
const char *
vmmig_migration_decision_get_reason (const VmmigMigrationDecision *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->reason;
}

/**
 * vmmig_migration_decision_get_text:
 * @self: a decision
 *
 * Gets what was decided and why, with the figures that explain it, for people.
 *
 * Returns: (transfer none): a sentence without its full stop
 *
 * Since: 1.0
 */
const char *
vmmig_migration_decision_get_text (const VmmigMigrationDecision *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

/**
 * vmmig_migration_decision_get_downtime:
 * @self: a decision
 *
 * Gets the limit of downtime that was set, or that holds.
 *
 * Returns: milliseconds; 0 if none was set
 *
 * Since: 1.0
 */
guint
vmmig_migration_decision_get_downtime (const VmmigMigrationDecision *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->downtime;
}

/**
 * vmmig_migration_decision_get_iteration:
 * @self: a decision
 *
 * Gets the iteration in which it was decided.
 *
 * Returns: 1 for the pass over all memory; 0 before it
 *
 * Since: 1.0
 */
guint
vmmig_migration_decision_get_iteration (const VmmigMigrationDecision *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->iteration;
}

/**
 * vmmig_migration_decision_get_elapsed:
 * @self: a decision
 *
 * Gets how long memory had been copied when it was decided.
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
guint64
vmmig_migration_decision_get_elapsed (const VmmigMigrationDecision *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->elapsed;
}

/**
 * vmmig_migration_decision_to_variant:
 * @self: a decision
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `action` (s, the name of the enumeration's value as
 * in `post-copy`), `reason`, `text` (s), `downtime` (u, milliseconds; not there if none was set),
 * `iteration` (u), `elapsed` (t, milliseconds). Keys may be added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_migration_decision_to_variant (const VmmigMigrationDecision *self)
{
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_enum (&dict, "action", VMMIG_TYPE_DECISION_ACTION, (int)self->action);
  vmmig_variant_insert_string (&dict, "reason", self->reason);
  vmmig_variant_insert_string (&dict, "text", self->text);
  if (self->downtime != 0)
    g_variant_dict_insert (&dict, "downtime", "u", self->downtime);
  g_variant_dict_insert (&dict, "iteration", "u", self->iteration);
  g_variant_dict_insert (&dict, "elapsed", "t", self->elapsed);
  return g_variant_dict_end (&dict);
}
