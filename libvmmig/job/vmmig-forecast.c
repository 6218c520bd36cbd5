/* How long it will take, and whether it will end at all, from what its passes show (pure)
 *
 * What a pass finds dirty follows from a working set W that is written evenly at a rate d. The
 * figures seldom tell both; so every W that explains them well enough is kept, with the d that
 * belongs to it, and the migration is played to its end with each: the spread is the interval, and a
 * verdict is what they agree on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-forecast-private.h"

#include <math.h>

#include "job/vmmig-forecast-world-private.h"

#define SETS 16 /* working sets that are tried */
/* In logarithms: what a guest and a link scatter by, as long as a few passes do not show it. */
#define SCATTER 0.15
#define RATE_SCATTER 0.1
#define PRIOR 2.0 /* passes that this counts for */
#define WIDTH 1.65 /* standard deviations: 90 % */
/* So many passes that are not smaller: no arithmetic is needed to see it. */
#define STUCK_PASSES 5
#define PROGRESS 0.92

/* --- what iterations tell --- */

void
vmmig_forecaster_init (VmmigForecaster *self, guint maximum_downtime)
{
  *self = (VmmigForecaster){.downtime = maximum_downtime, .maximum_downtime = maximum_downtime};
}

void
vmmig_forecaster_init_following (VmmigForecaster *self, guint maximum_downtime)
{
  vmmig_forecaster_init (self, maximum_downtime);
  self->following = TRUE;
}

void
vmmig_forecaster_set_downtime (VmmigForecaster *self, guint downtime, guint maximum_downtime)
{
  self->downtime = downtime;
  self->maximum_downtime = maximum_downtime;
}

static double
get_limit (const VmmigForecaster *self)
{
  return MIN (self->downtime, self->maximum_downtime) / 1000.0;
}

static void
start_again (VmmigForecaster *self, const VmmigObservation *seen)
{
  gboolean following = self->following;
  guint downtime = self->downtime;

  vmmig_forecaster_init (self, self->maximum_downtime);
  self->downtime = downtime;
  self->following = following;
  self->has_begin = TRUE;
  self->begin = *seen;
  self->last = *seen;
}

/* The first pass stays: it is the longest, and tells most of the working set. */
static guint
get_slot (guint pass)
{
  return pass == 0 ? 0 : 1 + (pass - 1) % (VMMIG_FORECAST_PASSES - 1);
}

static void
note_rest (VmmigForecaster *self, double rest)
{
  if (self->smallest > 0 && rest >= PROGRESS * self->smallest)
    {
      self->n_stuck++;
      return;
    }
  self->smallest = rest;
  self->n_stuck = 0;
}

/* What remains is more by it. But the pass over all memory skips its zero pages, which would hide it;
 * then again, QEMU looks for what was changed only once the rest fits into the downtime. */
static double
get_found (const VmmigForecaster *self, const VmmigObservation *seen, double rate)
{
  double before = (double)self->last.processed + (double)self->last.remaining;
  double found = (double)seen->processed + (double)seen->remaining - before;

  if (self->begin.iteration == 1)
    found = MAX (found, (double)seen->remaining - rate * get_limit (self));
  return CLAMP (found, 0, (double)seen->remaining);
}

static void
note_pass (VmmigForecaster *self, const VmmigObservation *seen)
{
  guint passes = seen->iteration - self->begin.iteration;
  VmmigForecastPass *pass = &self->passes[get_slot (self->n_passes)];
  double found, left;

  if (self->following)
    {
      self->following = FALSE;
      return;
    }
  if (seen->time <= self->begin.time || seen->processed <= self->begin.processed)
    return;
  pass->duration = (double)(seen->time - self->begin.time) / VMMIG_FORECAST_SECOND / passes;
  pass->sent = (double)(seen->processed - self->begin.processed) / passes;
  found = get_found (self, seen, pass->sent / pass->duration);
  pass->dirtied = found / passes;
  left = (double)seen->remaining - pass->dirtied;
  pass->left = MAX (left, 0);
  self->n_passes++;
  note_rest (self, MAX ((double)seen->remaining, pass->dirtied));
}

void
vmmig_forecaster_observe (VmmigForecaster *self, const VmmigObservation *seen)
{
  guint needed = VMMIG_OBSERVED_ITERATION | VMMIG_OBSERVED_MEMORY;

  if ((seen->known & needed) != needed || seen->iteration == 0 || seen->post_copy)
    {
      self->post_copy = self->post_copy || seen->post_copy;
      if (self->post_copy && (seen->known & VMMIG_OBSERVED_MEMORY) != 0)
        self->last = *seen;
      return;
    }
  if (!self->has_begin || seen->processed < self->last.processed)
    {
      start_again (self, seen);
      return;
    }
  /* Late answers, and clocks that go back. */
  if (seen->iteration < self->last.iteration || seen->time < self->last.time)
    return;

  if (seen->iteration > self->last.iteration)
    {
      note_pass (self, seen);
      self->begin = *seen;
    }
  self->last = *seen;
}

/* --- the worlds that explain it --- */

typedef struct
{
  double rate, rate_scatter; /* scatter in logarithms, of the mean of what comes */
  double set[SETS], dirty_rate[SETS];
  gboolean kept[SETS];
  guint best;
  double scatter; /* of the dirty rate */
  guint n;
} Fit;

static guint
get_n (const VmmigForecaster *self)
{
  return MIN (self->n_passes, VMMIG_FORECAST_PASSES);
}

static const VmmigForecastPass *
get_pass (const VmmigForecaster *self, guint i)
{
  return &self->passes[i];
}

/* From a variance and from what is usual. */
static double
get_scatter (double variance, double usual, guint n)
{
  return sqrt ((n * variance + PRIOR * usual * usual) / (n + PRIOR));
}

static void
fit_rate (const VmmigForecaster *self, Fit *fit)
{
  double sum = 0, squares = 0;

  for (guint i = 0; i < fit->n; i++)
    {
      const VmmigForecastPass *pass = get_pass (self, i);
      double rate = log (MAX (pass->sent / pass->duration, 1));

      sum += rate;
      squares += rate * rate;
    }
  sum /= fit->n;
  fit->rate = exp (sum);
  fit->rate_scatter = get_scatter (MAX (squares / fit->n - sum * sum, 0), RATE_SCATTER, fit->n) *
                      sqrt (1.0 / fit->n + 0.5);
}

/* The dirty rate that @set makes of the passes, and how badly they agree. */
static double
fit_set (const VmmigForecaster *self, const Fit *fit, double set, double *dirty_rate)
{
  double sum = 0, squares = 0;

  for (guint i = 0; i < fit->n; i++)
    {
      const VmmigForecastPass *pass = get_pass (self, i);
      double share = pass->dirtied / MAX (set - MIN (pass->left, 0.5 * set), 1);
      double rate = log (MAX (-set / pass->duration * log (1 - CLAMP (share, 0, 0.999)), 1));

      sum += rate;
      squares += rate * rate;
    }
  sum /= fit->n;
  *dirty_rate = exp (sum);
  return MAX (squares / fit->n - sum * sum, 0);
}

static gboolean
fit_all (const VmmigForecaster *self, Fit *fit)
{
  double least = 0, most = (double)self->last.total;
  double errors[SETS];
  double error = 0;
  guint n_kept = 0;

  fit->n = get_n (self);
  if (fit->n == 0 || most <= 0)
    return FALSE;
  fit_rate (self, fit);
  for (guint i = 0; i < fit->n; i++)
    least = MAX (least, get_pass (self, i)->dirtied);
  least = CLAMP (least * 1.02, 1, most);
  fit->best = 0;
  for (guint i = 0; i < SETS; i++)
    {
      fit->set[i] = least * pow (most / least, (double)i / (SETS - 1));
      errors[i] = fit_set (self, fit, fit->set[i], &fit->dirty_rate[i]);
      error = i == 0 ? errors[i] : MIN (error, errors[i]);
    }
  for (guint i = 0; i < SETS; i++)
    {
      fit->kept[i] = errors[i] <= 2 * error + 0.01;
      n_kept += fit->kept[i] ? 1 : 0;
    }
  /* The middle of them. */
  for (guint i = 0, seen = 0; i < SETS; i++)
    {
      if (fit->kept[i] && seen++ == n_kept / 2)
        fit->best = i;
    }
  fit->scatter = get_scatter (error, SCATTER, fit->n) * sqrt (1.0 / fit->n + 0.5);
  return TRUE;
}

static void
get_first_pass (const VmmigForecaster *self, VmmigForecastValues *values)
{
  double passed = (double)(self->last.time - self->begin.time) / VMMIG_FORECAST_SECOND;
  double drained = (double)self->begin.remaining - (double)self->last.remaining;

  if (passed <= 0 || drained <= 0)
    return;
  values->rate =
      vmmig_forecast_to_bytes ((double)(self->last.processed - self->begin.processed) / passed);
  values->has_remaining = TRUE;
  values->remaining = vmmig_forecast_to_time ((double)self->last.remaining / (drained / passed));
  /* Zero pages may be all in one place: nothing is known of how soon it is through. */
  values->remaining_low = 0;
  values->remaining_high = G_MAXINT64;
}

/* Every page is sent once. */
static void
get_post_copy (const VmmigForecaster *self, VmmigForecastValues *values)
{
  double rate =
      (self->last.known & VMMIG_OBSERVED_MEMORY_RATE) != 0 ? (double)self->last.memory_rate : 0;
  double time = rate > 0 ? (double)self->last.remaining / rate : 0;

  values->verdict = VMMIG_FORECAST_VERDICT_CONVERGES;
  if (rate <= 0)
    return;
  values->rate = vmmig_forecast_to_bytes (rate);
  values->has_remaining = TRUE;
  values->remaining = vmmig_forecast_to_time (time);
  values->remaining_low = vmmig_forecast_to_time (time * 0.7);
  values->remaining_high = vmmig_forecast_to_time (time * 2 + 1);
}

/* Passes that do not become smaller: well above the limit they never fit into it; just above it,
 * one does by chance, some time. */
static void
heed_stuck_passes (const VmmigForecaster *self,
                   const VmmigForecastWorld *world,
                   VmmigForecastSpread *spread)
{
  if (self->n_stuck < STUCK_PASSES)
    return;
  if (self->smallest > VMMIG_FORECAST_MARGIN * world->maximum * world->rate)
    spread->n_converging = 0;
  else
    spread->n_converging = MIN (spread->n_converging, spread->n - 1);
  spread->open = TRUE;
}

void
vmmig_forecaster_get (const VmmigForecaster *self, VmmigForecastValues *values)
{
  double limit = get_limit (self), maximum = self->maximum_downtime / 1000.0;
  Fit fit;
  VmmigForecastSpread spread = {0};
  VmmigForecastWorld middle;
  VmmigForecastStart start;

  *values = (VmmigForecastValues){.verdict = VMMIG_FORECAST_VERDICT_UNKNOWN};
  if (self->post_copy)
    {
      get_post_copy (self, values);
      return;
    }
  if (!self->has_begin)
    return;
  if (!fit_all (self, &fit))
    {
      get_first_pass (self, values);
      return;
    }
  start.remaining = (double)self->last.remaining;
  start.elapsed = (double)(self->last.time - self->begin.time) / VMMIG_FORECAST_SECOND;
  for (guint i = 0; i < SETS; i++)
    {
      for (int r = -1; r <= 1 && fit.kept[i]; r++)
        {
          /* Not both at once at their worst: that would be far more than 90 %. */
          for (int d = -(r == 0); d <= (r == 0); d++)
            {
              VmmigForecastWorld world = {
                  .rate = fit.rate * exp (r * WIDTH * fit.rate_scatter),
                  .dirty_rate = fit.dirty_rate[i] * exp (d * WIDTH * fit.scatter),
                  .set = fit.set[i],
                  .limit = limit,
                  .maximum = maximum,
              };

              start.drain = world.rate;
              vmmig_forecast_spread_add (&spread, &world, &start);
            }
        }
    }
  middle =
      (VmmigForecastWorld){fit.rate, fit.dirty_rate[fit.best], fit.set[fit.best], limit, maximum};
  start.drain = middle.rate;
  heed_stuck_passes (self, &middle, &spread);
  vmmig_forecast_spread_conclude (&spread, &middle, &start, values);
}
