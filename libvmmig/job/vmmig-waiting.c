/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-waiting.h>

#include "job/vmmig-waiting-private.h"

struct _VmmigWaiting
{
  int ref_count; /* atomic */
  VmmigWaitingValues values;
};

G_DEFINE_BOXED_TYPE (VmmigWaiting, vmmig_waiting, vmmig_waiting_ref, vmmig_waiting_unref)

VmmigWaiting *
vmmig_waiting_new (VmmigWaitingValues *values)
{
  VmmigWaiting *self = g_new0 (VmmigWaiting, 1);

  self->ref_count = 1;
  self->values = *values;
  g_variant_ref_sink (self->values.details);
  return self;
}

gboolean
vmmig_waiting_equal (const VmmigWaiting *a, const VmmigWaiting *b)
{
  return a->values.position == b->values.position && a->values.since == b->values.since &&
         a->values.expected == b->values.expected &&
         g_strv_equal ((const char *const *)a->values.reasons,
                       (const char *const *)b->values.reasons);
}

/**
 * vmmig_waiting_ref: (skip)
 * @self: what a job waits for
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same
 *
 * Since: 1.0
 */
VmmigWaiting *
vmmig_waiting_ref (VmmigWaiting *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_waiting_unref: (skip)
 * @self: (transfer full): what a job waits for
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_waiting_unref (VmmigWaiting *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_strfreev (self->values.reasons);
  g_variant_unref (self->values.details);
  g_free (self);
}

/**
 * vmmig_waiting_get_position:
 * @self: what a job waits for
 *
 * Gets the job's place among those that wait, from 1. Others may start before it where they need
 * nothing that it waits for.
 *
 * Returns: the place; 0 while its node is still asked about the VM
 *
 * Since: 1.0
 */
guint
vmmig_waiting_get_position (const VmmigWaiting *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values.position;
}

/**
 * vmmig_waiting_get_since:
 * @self: what a job waits for
 *
 * Gets since when it waits.
 *
 * Returns: an instant of the monotonic clock, in microseconds
 *
 * Since: 1.0
 */
gint64
vmmig_waiting_get_since (const VmmigWaiting *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values.since;
}

/**
 * vmmig_waiting_get_expected:
 * @self: what a job waits for
 *
 * Gets when all that is in its way is expected to be gone, if nobody comes before it.
 *
 * Returns: an instant of the monotonic clock, in microseconds; 0 if it is not known
 *
 * Since: 1.0
 */
gint64
vmmig_waiting_get_expected (const VmmigWaiting *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values.expected;
}

/**
 * vmmig_waiting_get_reasons:
 * @self: what a job waits for
 *
 * Gets all that is in its way, each as a sentence for people: which limit, who holds it, since when.
 *
 * Returns: (transfer none) (array zero-terminated=1): the sentences; empty if nothing is in its way but
 *   others that were there before
 *
 * Since: 1.0
 */
const char *const *
vmmig_waiting_get_reasons (const VmmigWaiting *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *)self->values.reasons;
}

/**
 * vmmig_waiting_to_variant:
 * @self: what a job waits for
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `position` (u), `waited` (t, milliseconds until now),
 * `expected-in` (t, milliseconds from now; not there if it is not known), `reasons` (aa{sv}). A reason has
 * `limit` (s: `migrations-in-cluster`, `migrations-from-node`, `migrations-to-node`,
 * `migrations-of-daemon`, `ports`, `memory`, `reserved-memory`, `link`, `vm`, `source-state`,
 * `destination-state`, `drains`), `text` (s), and where they apply `object` (s, the node's, link's or
 * VM's name), `value`, `used` and `needed` (t, in the limit's unit: migrations, ports, bytes, bytes per
 * second) and `holders` (aa{sv}: `vm`, `source`, `destination` (s), `foreign` (b: somebody else's),
 * `held` (t)). Keys and limits may be added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_waiting_to_variant (const VmmigWaiting *self)
{
  GVariantDict dict;
  gint64 now = g_get_monotonic_time ();

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "position", "u", self->values.position);
  g_variant_dict_insert (&dict, "waited", "t", (guint64)(MAX (now - self->values.since, 0) / 1000));
  if (self->values.expected != 0)
    g_variant_dict_insert (&dict, "expected-in", "t",
                           (guint64)(MAX (self->values.expected - now, 0) / 1000));
  g_variant_dict_insert_value (&dict, "reasons", self->values.details);
  return g_variant_dict_end (&dict);
}
