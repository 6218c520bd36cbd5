/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-replay.h>

#include "job/vmmig-replay-private.h"
#include "values/vmmig-variant-private.h"

struct _VmmigReplay
{
  int ref_count; /* atomic */
  VmmigReplayValues values;
};

G_DEFINE_BOXED_TYPE (VmmigReplay, vmmig_replay, vmmig_replay_ref, vmmig_replay_unref)

VmmigReplay *
vmmig_replay_new (VmmigReplayValues *values)
{
  VmmigReplay *self = g_new0 (VmmigReplay, 1);

  self->ref_count = 1;
  self->values = *values;
  *values = (VmmigReplayValues){0};
  return self;
}

/**
 * vmmig_replay_ref: (skip)
 * @self: a replay
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same replay
 *
 * Since: 1.0
 */
VmmigReplay *
vmmig_replay_ref (VmmigReplay *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_replay_unref: (skip)
 * @self: (transfer full): a replay
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_replay_unref (VmmigReplay *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_ptr_array_unref (self->values.decisions);
  g_free (self->values.text);
  g_free (self);
}

/**
 * vmmig_replay_get_strategy:
 * @self: a replay
 *
 * Gets who decided.
 *
 * Returns: the strategy
 *
 * Since: 1.0
 */
VmmigReplayStrategy
vmmig_replay_get_strategy (const VmmigReplay *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_REPLAY_STRATEGY_VMMIG);

  return self->values.strategy;
}

/**
 * vmmig_replay_get_end:
 * @self: a replay
 *
 * Gets how it ends, as far as that can be known.
 *
 * Returns: the end
 *
 * Since: 1.0
 */
VmmigReplayEnd
vmmig_replay_get_end (const VmmigReplay *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_REPLAY_END_OPEN);

  return self->values.end;
}

/**
 * vmmig_replay_get_text:
 * @self: a replay
 *
 * Gets how it ends, and what is not known of that, for people.
 *
 * Returns: (transfer none): a sentence without its full stop
 *
 * Since: 1.0
 */
const char *
vmmig_replay_get_text (const VmmigReplay *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.text;
}

/**
 * vmmig_replay_get_elapsed:
 * @self: a replay
 *
 * Gets how long memory had been copied when the replay ended.
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
guint64
vmmig_replay_get_elapsed (const VmmigReplay *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return (guint64)MAX (self->values.time, 0) / 1000;
}

/**
 * vmmig_replay_get_downtime:
 * @self: a replay
 * @milliseconds: (out) (optional): where to store it, in milliseconds
 *
 * Gets how long the VM stands still when it moves.
 *
 * Returns: `TRUE` if it is known; `FALSE` if not, and then @milliseconds is 0
 *
 * Since: 1.0
 */
gboolean
vmmig_replay_get_downtime (const VmmigReplay *self, guint64 *milliseconds)
{
  if (milliseconds != NULL)
    *milliseconds = 0;
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->values.has_downtime && milliseconds != NULL)
    *milliseconds = self->values.downtime;
  return self->values.has_downtime;
}

/**
 * vmmig_replay_get_decisions:
 * @self: a replay
 *
 * Gets what was decided, in order, to the end of the replay.
 *
 * Returns: (transfer none) (element-type VmmigMigrationDecision): the decisions
 *
 * Since: 1.0
 */
GPtrArray *
vmmig_replay_get_decisions (const VmmigReplay *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.decisions;
}

/**
 * vmmig_replay_to_variant:
 * @self: a replay
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `strategy`, `end` (s, the names of the enumerations'
 * values), `text` (s), `elapsed` (t, milliseconds), `downtime` (t, milliseconds; not there if it is
 * not known), `decisions` (aa{sv}, as [method@MigrationDecision.to_variant] gives them). Keys may be
 * added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_replay_to_variant (const VmmigReplay *self)
{
  const VmmigReplayValues *values;
  GVariantBuilder decisions;
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  values = &self->values;
  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_enum (&dict, "strategy", VMMIG_TYPE_REPLAY_STRATEGY, (int)values->strategy);
  vmmig_variant_insert_enum (&dict, "end", VMMIG_TYPE_REPLAY_END, (int)values->end);
  vmmig_variant_insert_string (&dict, "text", values->text);
  g_variant_dict_insert (&dict, "elapsed", "t", vmmig_replay_get_elapsed (self));
  if (values->has_downtime)
    g_variant_dict_insert (&dict, "downtime", "t", values->downtime);
  g_variant_builder_init (&decisions, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < values->decisions->len; i++)
    g_variant_builder_add_value (
        &decisions, vmmig_migration_decision_to_variant (g_ptr_array_index (values->decisions, i)));
  g_variant_dict_insert_value (&dict, "decisions", g_variant_builder_end (&decisions));
  return g_variant_dict_end (&dict);
}
