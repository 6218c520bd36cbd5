/* What a VM's earlier migrations tell of its next one (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-forecast-private.h"

#include <stdlib.h>

#include "job/vmmig-replay-private.h"
#include "job/vmmig-trace-private.h"
#include "policy/vmmig-migration-policy-private.h"

/* A VM does not write at the same rate each day. */
#define UNSTEADY 2 /* a half of it */
/* Links that differ by less are the same. */
#define ALIKE 1.1

/* --- one of them --- */

static gboolean
is_hindered (const VmmigObservation *seen)
{
  return seen->paused || ((seen->known & VMMIG_OBSERVED_THROTTLE) != 0 && seen->throttle > 0);
}

/* TRUE if nobody slowed the VM down, or let it run elsewhere, to the end. */
static gboolean
read_passes (const VmmigReplayRecording *recording, gboolean followed, VmmigForecastPast *past)
{
  VmmigForecaster forecaster;
  VmmigForecastValues values;
  guint i;

  if (followed)
    vmmig_forecaster_init_following (&forecaster, past->maximum_downtime);
  else
    vmmig_forecaster_init (&forecaster, past->maximum_downtime);
  for (i = 0; i < recording->n_steps; i++)
    {
      const VmmigObservation *seen = &recording->steps[i].seen;

      if (is_hindered (seen) || seen->post_copy)
        break;
      vmmig_forecaster_observe (&forecaster, seen);
    }
  vmmig_forecaster_get (&forecaster, &values);
  past->rate = values.rate;
  past->dirty_rate = values.dirty_rate;
  past->working_set = values.working_set;
  past->verdict = values.verdict;
  past->needed_downtime = values.needed_downtime;
  past->needed_bandwidth = values.needed_bandwidth;
  return i == recording->n_steps;
}

static gboolean
copied_disks (const VmmigReplayRecording *recording)
{
  for (guint i = 0; i < recording->n_steps; i++)
    if (recording->steps[i].data_bytes > recording->steps[i].seen.total)
      return TRUE;
  return FALSE;
}

static gboolean
ended_in_pre_copy (GPtrArray *records, const VmmigReplayRecording *recording)
{
  const char *mode = NULL;

  if (!recording->ended || recording->outcome != VMMIG_JOB_STATE_SUCCEEDED)
    return FALSE;
  return g_variant_lookup (g_ptr_array_index (records, records->len - 1), "mode", "&s", &mode) &&
         g_str_equal (mode, "pre-copy");
}

void
vmmig_forecast_past_read (GPtrArray *records, VmmigForecastPast *past)
{
  g_autoptr (GArray) steps = g_array_new (FALSE, FALSE, sizeof (VmmigReplayStep));
  g_autoptr (GArray) limits = g_array_new (FALSE, FALSE, sizeof (VmmigReplayLimit));
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_trace_policy_from_records (records);
  VmmigReplayRecording recording;
  gboolean followed = FALSE;

  *past = (VmmigForecastPast){.maximum_downtime = policy->values.maximum_downtime};
  if (!vmmig_replay_read_records (records, steps, limits, &recording))
    return;
  (void)g_variant_lookup (g_ptr_array_index (records, 0), "followed", "b", &followed);
  /* Its user may have raised it. */
  for (guint i = 0; i < recording.n_limits; i++)
    past->maximum_downtime = MAX (past->maximum_downtime, recording.limits[i].downtime);
  if (!read_passes (&recording, followed, past) || followed || copied_disks (&recording) ||
      policy->values.compression != VMMIG_COMPRESSION_NONE ||
      !ended_in_pre_copy (records, &recording))
    return;
  past->duration = MAX (recording.steps[recording.n_steps - 1].seen.time, 0);
}

/* --- all of them --- */

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;

  return (x > y) - (x < y);
}

static void
take_writing (const VmmigForecastPast *pasts, guint n_pasts, VmmigForecastEvidence *evidence)
{
  g_autofree guint64 *rates = g_new (guint64, n_pasts);
  g_autofree guint64 *sets = g_new (guint64, n_pasts);
  guint n = 0;

  for (guint i = 0; i < n_pasts; i++)
    if (pasts[i].dirty_rate > 0)
      {
        rates[n] = pasts[i].dirty_rate;
        sets[n++] = pasts[i].working_set;
      }
  if (n == 0)
    return;
  qsort (rates, n, sizeof (guint64), compare_numbers);
  qsort (sets, n, sizeof (guint64), compare_numbers);
  evidence->has_dirty_rate = TRUE;
  evidence->dirty_rate = rates[n / 2];
  evidence->dirty_rate_error = MAX (rates[n - 1] - rates[n / 2], rates[n / 2] - rates[0]);
  evidence->dirty_rate_error = MAX (evidence->dirty_rate_error, rates[n / 2] / UNSTEADY);
  evidence->working_set = sets[n / 2];
}

static gboolean
is_like (const VmmigForecastPast *past, const VmmigForecastEvidence *evidence)
{
  double link = (double)evidence->link_rate, rate = (double)past->rate;

  return past->duration > 0 && link > 0 && evidence->disk == 0 &&
         past->maximum_downtime <= evidence->maximum_downtime && rate >= 0.5 * link &&
         rate <= ALIKE * link;
}

static gboolean
has_no_end (VmmigForecastVerdict verdict)
{
  return verdict == VMMIG_FORECAST_VERDICT_CONVERGES_IF ||
         verdict == VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE;
}

/* Passes that came to rest tell of a rate and a set together; each by itself is vague, and both may
 * then seem to leave a way out. There is none if it had none with no less than now. (nullable) */
static const VmmigForecastPast *
find_hopeless (const VmmigForecastPast *pasts, guint n_pasts, const VmmigForecastEvidence *evidence)
{
  double link = (double)evidence->link_rate;
  const VmmigForecastPast *found = NULL;

  for (guint i = 0; i < n_pasts && link > 0; i++)
    {
      const VmmigForecastPast *past = &pasts[i];

      if (past->duration > 0 && past->maximum_downtime <= evidence->maximum_downtime &&
          (double)past->rate <= ALIKE * link)
        return NULL;
      if (has_no_end (past->verdict) && past->maximum_downtime >= evidence->maximum_downtime &&
          ALIKE * (double)past->rate >= link)
        found = past;
    }
  return found;
}

void
vmmig_forecast_before_with_past (const VmmigForecastEvidence *evidence,
                                 const VmmigForecastPast *pasts,
                                 guint n_pasts,
                                 VmmigForecastValues *values)
{
  g_autofree gint64 *durations = g_new (gint64, n_pasts);
  VmmigForecastEvidence all = *evidence;
  const VmmigForecastPast *hopeless = find_hopeless (pasts, n_pasts, evidence);

  take_writing (pasts, n_pasts, &all);
  vmmig_forecast_before (&all, values);
  if (values->verdict == VMMIG_FORECAST_VERDICT_UNKNOWN && hopeless != NULL)
    {
      values->verdict = hopeless->verdict;
      values->needed_downtime = hopeless->needed_downtime;
      values->needed_bandwidth = hopeless->needed_bandwidth;
      values->has_remaining = FALSE;
      values->has_downtime = FALSE;
    }
  if (has_no_end (values->verdict))
    return;
  for (guint i = 0; i < n_pasts; i++)
    if (is_like (&pasts[i], evidence))
      durations[all.n_durations++] = pasts[i].duration;
  all.durations = durations;
  if (all.n_durations > 0)
    vmmig_forecast_before (&all, values);
}
