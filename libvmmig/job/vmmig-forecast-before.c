/* How long it will take, from what is known before it starts (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-forecast-private.h"

#include <stdlib.h>

#include "job/vmmig-forecast-world-private.h"

/* The link is shared and never full; page sampling sees what was changed, not how often. */
static const double before_rates[] = {0.5, 0.9, 1.0};
static const double before_dirty_rates[] = {1 / 3.0, 1.0, 3.0};
static const double before_sets[] = {0.05, 0.25, 1.0};
static const double before_known_sets[] = {0.5, 1.0, 2.0};

/* The least, the likely and the most that it may be. */
static double
get_dirty_rate_before (const VmmigForecastEvidence *evidence, guint which)
{
  double rate = (double)evidence->dirty_rate;

  if (evidence->dirty_rate_error == 0)
    return rate * before_dirty_rates[which];
  return MAX (rate + ((double)which - 1) * (double)evidence->dirty_rate_error, 0);
}

static double
get_set_before (const VmmigForecastEvidence *evidence, double memory, guint which)
{
  double set = memory * before_sets[which];

  if (evidence->working_set > 0)
    set = MIN ((double)evidence->working_set * before_known_sets[which], memory);
  return MAX (set, 1);
}

static void
play_before (const VmmigForecastEvidence *evidence, double memory, VmmigForecastValues *values)
{
  VmmigForecastSpread spread = {0};
  VmmigForecastWorld world = {.limit = evidence->maximum_downtime / 1000.0,
                              .maximum = evidence->maximum_downtime / 1000.0};
  VmmigForecastStart start = {.remaining = memory};

  for (guint i = 0; i < 27; i++)
    {
      world.rate = (double)evidence->link_rate * before_rates[i % 3];
      world.dirty_rate = get_dirty_rate_before (evidence, i / 3 % 3);
      world.set = get_set_before (evidence, memory, i / 9);
      start.drain = world.rate;
      vmmig_forecast_spread_add (&spread, &world, &start);
    }
  world.rate = (double)evidence->link_rate * before_rates[1];
  world.dirty_rate = (double)evidence->dirty_rate;
  world.set = get_set_before (evidence, memory, 1);
  start.drain = world.rate;
  vmmig_forecast_spread_conclude (&spread, &world, &start, values);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

  return (x > y) - (x < y);
}

/* What this VM did before is worth more than any arithmetic. */
static void
use_durations (const VmmigForecastEvidence *evidence, VmmigForecastValues *values)
{
  g_autofree gint64 *sorted = g_new (gint64, evidence->n_durations);
  guint n = evidence->n_durations;

  for (guint i = 0; i < n; i++)
    sorted[i] = MAX (evidence->durations[i], 0);
  qsort (sorted, n, sizeof (gint64), compare_times);
  values->has_remaining = TRUE;
  values->remaining = sorted[n / 2];
  values->remaining_low = vmmig_forecast_to_time ((double)sorted[0] / VMMIG_FORECAST_SECOND * 0.6);
  values->remaining_high =
      vmmig_forecast_to_time ((double)sorted[n - 1] / VMMIG_FORECAST_SECOND * 1.8 + 1);
}

void
vmmig_forecast_before (const VmmigForecastEvidence *evidence, VmmigForecastValues *values)
{
  gboolean has_use = evidence->memory_in_use > 0;
  double memory =
      (double)(has_use ? MIN (evidence->memory_in_use, evidence->memory) : evidence->memory);
  double rate = (double)evidence->link_rate;
  gint64 disk = rate > 0 ? vmmig_forecast_to_time ((double)evidence->disk / (0.9 * rate)) : 0;

  *values = (VmmigForecastValues){.verdict = VMMIG_FORECAST_VERDICT_UNKNOWN};
  if (rate > 0 && memory > 0 && evidence->has_dirty_rate)
    {
      play_before (evidence, memory, values);
    }
  else if (rate > 0 && memory > 0)
    {
      values->rate = evidence->link_rate;
      values->has_remaining = TRUE;
      values->remaining = vmmig_forecast_to_time (memory / (0.9 * rate));
      values->remaining_low = has_use ? vmmig_forecast_to_time (memory / rate) : 0;
      values->remaining_high = G_MAXINT64;
    }
  if (values->has_remaining)
    {
      values->remaining += disk;
      values->remaining_low += (gint64)((double)disk * 0.9);
      if (values->remaining_high < G_MAXINT64 - 2 * disk)
        values->remaining_high += 2 * disk;
      else
        values->remaining_high = G_MAXINT64;
    }
  if (evidence->durations != NULL && evidence->n_durations > 0)
    use_durations (evidence, values);
}
