/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-forecast.h>

#include "job/vmmig-forecast-private.h"
#include "job/vmmig-trace-private.h"
#include "policy/vmmig-migration-policy-private.h"
#include "values/vmmig-variant-private.h"

struct _VmmigForecast
{
  int ref_count; /* atomic */
  VmmigForecastValues values;
  char *text;
};

G_DEFINE_BOXED_TYPE (VmmigForecast, vmmig_forecast, vmmig_forecast_ref, vmmig_forecast_unref)

VmmigForecast *
vmmig_forecast_new_from_values (const VmmigForecastValues *values)
{
  VmmigForecast *self = g_new0 (VmmigForecast, 1);

  self->ref_count = 1;
  self->values = *values;
  self->text = vmmig_forecast_values_describe (values);
  return self;
}

/**
 * vmmig_forecast_new_for:
 * @memory: bytes of the VM's memory that are in use: what is never zero and so has to be copied;
 *   all of its memory if that is not known
 * @disk: bytes of disks that are copied as well, or 0
 * @bandwidth: bytes per second that the link between the nodes carries
 * @dirty_rate: bytes per second that the VM changes in its memory, or
 *   [const@DIRTY_RATE_UNKNOWN]
 * @dirty_rate_error: bytes per second by which @dirty_rate may be wrong either way, with a
 *   certainty of 90 %; 0 if that is not known: then it may be a third of it or three times as much,
 *   as page sampling may
 * @policy: (nullable) (transfer none): with its limits of bandwidth and downtime if they are set;
 *   otherwise the link is used whole, and the downtime is the hypervisor's 300 ms
 *
 * Forecasts a migration that did not start yet.
 *
 * Nothing is asked of a node: the forecast is as good as what it is told, and its interval is wide.
 * Without a dirty rate there is no verdict, and the remaining time has no upper bound. A link or a
 * memory of 0 bytes is one that is not known: then nothing is forecast.
 *
 * Returns: (transfer full): a new forecast
 *
 * Since: 1.0
 */
VmmigForecast *
vmmig_forecast_new_for (guint64 memory,
                        guint64 disk,
                        guint64 bandwidth,
                        guint64 dirty_rate,
                        guint64 dirty_rate_error,
                        VmmigMigrationPolicy *policy)
{
  g_return_val_if_fail (policy == NULL || VMMIG_IS_MIGRATION_POLICY (policy), NULL);

  return vmmig_forecast_new_with_traces (NULL, memory, disk, bandwidth, dirty_rate,
                                         dirty_rate_error, policy);
}

static void
take_policy (VmmigForecastEvidence *evidence, VmmigMigrationPolicy *policy)
{
  evidence->link_rate = MIN (evidence->link_rate, vmmig_migration_policy_get_bandwidth (policy));
  if (vmmig_migration_policy_has_field (policy, VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME))
    evidence->maximum_downtime = vmmig_migration_policy_get_maximum_downtime (policy);
}

/**
 * vmmig_forecast_new_with_traces:
 * @traces: (nullable) (element-type VmmigTrace) (transfer none): of earlier migrations of this VM, in
 *   any order
 * @memory: as for [ctor@Forecast.new_for], in bytes
 * @disk: likewise
 * @bandwidth: likewise, in bytes per second
 * @dirty_rate: likewise; it counts only if no trace tells how fast the VM changes its memory
 * @dirty_rate_error: likewise
 * @policy: (nullable) (transfer none): likewise
 *
 * Forecasts a migration that did not start yet, from what the VM's earlier ones showed.
 *
 * The passes of those tell how fast the VM changes its memory, and how much of it, better than any
 * sampling: the middle of several is taken, and it may be wrong by half, or by as much as they
 * differ. Passes after the VM was slowed down or paused do not count. Also one that failed or was
 * given up tells this.
 *
 * How long they took counts only for those that are like this one: seen from their start, ended in
 * pre-copy without slowing the VM down, compressing or copying disks, with a limit of downtime that
 * was not higher, over a link that was at least half used and no faster. It counts for nothing if
 * the VM's writing says that this migration will not end. Nor will it if one could not that had no
 * slower a link and no lower a limit of downtime, unless another ended that had no better ones.
 *
 * A trace that tells nothing is left out. That they are of this VM is for the caller to see to.
 *
 * Returns: (transfer full): a new forecast
 *
 * Since: 1.0
 */
VmmigForecast *
vmmig_forecast_new_with_traces (GPtrArray *traces,
                                guint64 memory,
                                guint64 disk,
                                guint64 bandwidth,
                                guint64 dirty_rate,
                                guint64 dirty_rate_error,
                                VmmigMigrationPolicy *policy)
{
  guint n = traces != NULL ? traces->len : 0;
  g_autofree VmmigForecastPast *pasts = g_new (VmmigForecastPast, n);
  VmmigForecastValues values;
  VmmigForecastEvidence evidence = {
      .memory = memory,
      .memory_in_use = memory,
      .disk = disk,
      .link_rate = bandwidth,
      .maximum_downtime = VMMIG_DEFAULT_MAXIMUM_DOWNTIME,
      .has_dirty_rate = dirty_rate != VMMIG_DIRTY_RATE_UNKNOWN,
      .dirty_rate = dirty_rate,
      .dirty_rate_error = dirty_rate_error,
  };

  g_return_val_if_fail (policy == NULL || VMMIG_IS_MIGRATION_POLICY (policy), NULL);
  for (guint i = 0; i < n; i++)
    g_return_val_if_fail (VMMIG_IS_TRACE (g_ptr_array_index (traces, i)), NULL);

  if (policy != NULL)
    take_policy (&evidence, policy);
  for (guint i = 0; i < n; i++)
    vmmig_forecast_past_read (vmmig_trace_get_records (g_ptr_array_index (traces, i)), &pasts[i]);
  vmmig_forecast_before_with_past (&evidence, pasts, n, &values);
  return vmmig_forecast_new_from_values (&values);
}

/**
 * vmmig_forecast_ref: (skip)
 * @self: a forecast
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same forecast
 *
 * Since: 1.0
 */
VmmigForecast *
vmmig_forecast_ref (VmmigForecast *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_forecast_unref: (skip)
 * @self: (transfer full): a forecast
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_forecast_unref (VmmigForecast *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->text);
  g_free (self);
}

/**
 * vmmig_forecast_get_verdict:
 * @self: a forecast
 *
 * Gets whether pre-copy comes to its end if the migration is left alone.
 *
 * It is known after a few passes, and then wrong in a few cases out of a hundred; close to the
 * border it stays unknown. Post-copy always comes to its end: in it the verdict is
 * `VMMIG_FORECAST_VERDICT_CONVERGES`.
 *
 * Returns: the verdict
 *
 * Since: 1.0
 */
VmmigForecastVerdict
vmmig_forecast_get_verdict (const VmmigForecast *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_FORECAST_VERDICT_UNKNOWN);

  return self->values.verdict;
}

/**
 * vmmig_forecast_get_text:
 * @self: a forecast
 *
 * Gets the verdict with its figures, for people.
 *
 * Returns: (transfer none): a sentence without its full stop
 *
 * Since: 1.0
 */
const char *
vmmig_forecast_get_text (const VmmigForecast *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

static guint64
to_milliseconds (gint64 time)
{
  return time == G_MAXINT64 ? VMMIG_FORECAST_OPEN : (guint64)MAX (time, 0) / 1000;
}

/**
 * vmmig_forecast_get_remaining:
 * @self: a forecast
 * @milliseconds: (out) (optional): where to store the most likely remaining time, in milliseconds
 * @low: (out) (optional): where to store its lower bound, in milliseconds
 * @high: (out) (optional): where to store its upper bound, in milliseconds;
 *   [const@FORECAST_OPEN] for none
 *
 * Gets how long it takes from now to the end, if it ends.
 *
 * 90 % of all ends lie between the bounds.
 *
 * Returns: `TRUE` if something is known; `FALSE` if not, or if the migration does not end, and
 *   then all of them are 0
 *
 * Since: 1.0
 */
gboolean
vmmig_forecast_get_remaining (const VmmigForecast *self,
                              guint64 *milliseconds,
                              guint64 *low,
                              guint64 *high)
{
  const VmmigForecastValues *values;
  gboolean known;

  if (milliseconds != NULL)
    *milliseconds = 0;
  if (low != NULL)
    *low = 0;
  if (high != NULL)
    *high = 0;
  g_return_val_if_fail (self != NULL, FALSE);

  values = &self->values;
  known = values->has_remaining;
  if (known && milliseconds != NULL)
    *milliseconds = to_milliseconds (values->remaining);
  if (known && low != NULL)
    *low = to_milliseconds (values->remaining_low);
  if (known && high != NULL)
    *high = to_milliseconds (values->remaining_high);
  return known;
}

/**
 * vmmig_forecast_get_downtime:
 * @self: a forecast
 * @milliseconds: (out) (optional): where to store it, in milliseconds
 *
 * Gets how long the VM is expected to stand still at the switch-over.
 *
 * Returns: `TRUE` if it is known; `FALSE` if not, and then @milliseconds is 0
 *
 * Since: 1.0
 */
gboolean
vmmig_forecast_get_downtime (const VmmigForecast *self, guint64 *milliseconds)
{
  if (milliseconds != NULL)
    *milliseconds = 0;
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->values.has_downtime && milliseconds != NULL)
    *milliseconds = self->values.downtime;
  return self->values.has_downtime;
}

/**
 * vmmig_forecast_get_needed_downtime:
 * @self: a forecast
 *
 * Gets what maximum downtime would let a migration end that does not converge. That or
 * [method@Forecast.get_needed_bandwidth] is enough.
 *
 * Returns: milliseconds; 0 unless the verdict is `VMMIG_FORECAST_VERDICT_CONVERGES_IF` or
 *   `VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE`
 *
 * Since: 1.0
 */
guint64
vmmig_forecast_get_needed_downtime (const VmmigForecast *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values.needed_downtime;
}

/**
 * vmmig_forecast_get_needed_bandwidth:
 * @self: a forecast
 *
 * Gets what bandwidth would let a migration end that does not converge. That or
 * [method@Forecast.get_needed_downtime] is enough.
 *
 * Returns: bytes per second; 0 unless the verdict is `VMMIG_FORECAST_VERDICT_CONVERGES_IF` or
 *   `VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE`
 *
 * Since: 1.0
 */
guint64
vmmig_forecast_get_needed_bandwidth (const VmmigForecast *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values.needed_bandwidth;
}

/**
 * vmmig_forecast_to_variant:
 * @self: a forecast
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `verdict` (s, the name of the enumeration's value as
 * in `converges-if`), `text` (s), `remaining`, `remaining-low`, `remaining-high`, `downtime` (t,
 * milliseconds), `needed-downtime` (t, milliseconds), `needed-bandwidth` (t, bytes per second). What
 * is not known is not there, nor is an upper bound that there is none of. Keys may be added in later
 * versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_forecast_to_variant (const VmmigForecast *self)
{
  GVariantDict dict;
  const VmmigForecastValues *values;
  guint64 remaining, low, high;

  g_return_val_if_fail (self != NULL, NULL);

  values = &self->values;
  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_enum (&dict, "verdict", VMMIG_TYPE_FORECAST_VERDICT, (int)values->verdict);
  vmmig_variant_insert_string (&dict, "text", self->text);
  if (vmmig_forecast_get_remaining (self, &remaining, &low, &high))
    {
      g_variant_dict_insert (&dict, "remaining", "t", remaining);
      g_variant_dict_insert (&dict, "remaining-low", "t", low);
      if (high != VMMIG_FORECAST_OPEN)
        g_variant_dict_insert (&dict, "remaining-high", "t", high);
    }
  if (values->has_downtime)
    g_variant_dict_insert (&dict, "downtime", "t", values->downtime);
  if (values->needed_downtime != 0)
    g_variant_dict_insert (&dict, "needed-downtime", "t", values->needed_downtime);
  if (values->needed_bandwidth != 0)
    g_variant_dict_insert (&dict, "needed-bandwidth", "t", values->needed_bandwidth);
  return g_variant_dict_end (&dict);
}
