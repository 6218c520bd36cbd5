/* How long it will take, and whether it will end at all
 *
 * What a pass finds dirty follows from a working set W that is written evenly at a rate d. The
 * figures seldom tell both; so every W that explains them well enough is kept, with the d that
 * belongs to it, and the migration is played to its end with each: the spread is the interval, and a
 * verdict is what they agree on.
 *
 * Near its end QEMU passes over small pieces, so that what remains moves with d * (1 - rest / W) - r.
 * It comes to rest at W * (1 - r / d), and ends if that is within what the downtime limit lets it
 * send: hence what would be needed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-forecast-private.h"

#include <math.h>

#define SECOND ((double)G_USEC_PER_SEC)
/* QEMU sends for so long before it looks again. */
#define MINIMUM_PASS 0.05 /* s */
#define MAXIMUM_PASSES 500
#define MAXIMUM_DURATION (48 * 3600.0) /* s */

#define SETS 16 /* working sets that are tried */
/* In logarithms: what a guest and a link scatter by, as long as a few passes do not show it. */
#define SCATTER 0.15
#define RATE_SCATTER 0.1
#define PRIOR 2.0 /* passes that this counts for */
/* Share of the time, and s, by which it is never known more exactly. */
#define SLACK 0.03
#define LEAST_SLACK 0.3
#define WIDTH 1.65 /* standard deviations: 90 % */
/* So many passes that are not smaller, and too large: no arithmetic is needed to see it. */
#define STUCK_PASSES 8
#define STUCK_MARGIN 1.1
#define PROGRESS 0.96
/* Out of reach of any setting if both are beyond this. */
#define FAR_DOWNTIME 10
#define FAR_BANDWIDTH 2

typedef struct
{
  double rate, dirty_rate, set; /* bytes per second, bytes */
  double limit; /* s of downtime */
} World;

typedef struct
{
  double remaining; /* bytes of this pass */
  double drain; /* bytes per second by which they become less */
  double elapsed; /* s of this pass */
} Start;

/* --- one world --- */

static double
get_resting (const World *world)
{
  return world->dirty_rate > world->rate ? world->set * (1 - world->rate / world->dirty_rate) : 0;
}

static gboolean
converges (const World *world)
{
  return get_resting (world) < world->rate * world->limit;
}

static double
get_found (const World *world, double seconds, double left)
{
  if (world->set <= left || world->dirty_rate <= 0)
    return 0;
  return (world->set - left) * (1 - exp (-world->dirty_rate * seconds / world->set));
}

/* s to the end, or a negative number: it has none. */
static double
play (const World *world, const Start *start, double *downtime)
{
  double threshold = world->rate * world->limit;
  double left = MIN (threshold, start->remaining);
  double time = (start->remaining - left) / start->drain;
  double rest = left + get_found (world, start->elapsed + time, left);

  for (guint i = 0; i < MAXIMUM_PASSES && time < MAXIMUM_DURATION; i++)
    {
      double seconds;

      if (rest <= threshold)
        {
          *downtime = rest / world->rate;
          return time + *downtime;
        }
      left = CLAMP (rest - MINIMUM_PASS * world->rate, 0, threshold);
      seconds = (rest - left) / world->rate;
      time += seconds;
      rest = left + get_found (world, seconds, left);
    }
  return -1;
}

/* --- what iterations tell --- */

void
vmmig_forecaster_init (VmmigForecaster *self, guint maximum_downtime)
{
  *self = (VmmigForecaster){.maximum_downtime = maximum_downtime};
}

void
vmmig_forecaster_init_following (VmmigForecaster *self, guint maximum_downtime)
{
  vmmig_forecaster_init (self, maximum_downtime);
  self->following = TRUE;
}

void
vmmig_forecaster_set_maximum_downtime (VmmigForecaster *self, guint maximum_downtime)
{
  self->maximum_downtime = maximum_downtime;
}

static void
start_again (VmmigForecaster *self, const VmmigObservation *seen)
{
  gboolean following = self->following;

  vmmig_forecaster_init (self, self->maximum_downtime);
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

static void
note_pass (VmmigForecaster *self, const VmmigObservation *seen, double found)
{
  guint passes = seen->iteration - self->begin.iteration;
  VmmigForecastPass *pass = &self->passes[get_slot (self->n_passes)];
  double left = (double)seen->remaining - found;

  if (self->following)
    {
      self->following = FALSE;
      return;
    }
  if (seen->time <= self->begin.time || seen->processed <= self->begin.processed)
    return;
  pass->duration = (double)(seen->time - self->begin.time) / SECOND / passes;
  pass->dirtied = found / passes;
  pass->sent = (double)(seen->processed - self->begin.processed) / passes;
  pass->left = MAX (left, 0);
  self->n_passes++;
  note_rest (self, MAX ((double)seen->remaining, pass->dirtied));
}

void
vmmig_forecaster_observe (VmmigForecaster *self, const VmmigObservation *seen)
{
  guint needed = VMMIG_OBSERVED_ITERATION | VMMIG_OBSERVED_MEMORY;
  double before, now;

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

  before = (double)self->last.processed + (double)self->last.remaining;
  now = (double)seen->processed + (double)seen->remaining;
  if (seen->iteration > self->last.iteration)
    {
      note_pass (self, seen, MAX (now - before, 0));
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

/* --- what they agree on --- */

typedef struct
{
  double low, high; /* s */
  gboolean open; /* some have no end */
  guint n_ends, n_converging, n;
} Spread;

static void
add_world (Spread *spread, const World *world, const Start *start)
{
  double downtime;
  double time = play (world, start, &downtime);

  spread->n++;
  spread->n_converging += converges (world) ? 1 : 0;
  if (time < 0)
    {
      spread->open = TRUE;
      return;
    }
  spread->low = spread->n_ends == 0 ? time : MIN (spread->low, time);
  spread->high = spread->n_ends == 0 ? time : MAX (spread->high, time);
  spread->n_ends++;
}

static guint64
to_bytes (double value)
{
  return value >= 1.8e19 ? G_MAXUINT64 : (guint64)MAX (value, 0);
}

static gint64
to_time (double seconds)
{
  return seconds * SECOND >= 9e18 ? G_MAXINT64 : (gint64)(seconds * SECOND);
}

static void
set_needs (VmmigForecastValues *values, const World *world)
{
  /* It is more than what it has, whatever the arithmetic says. */
  double downtime = MAX (get_resting (world) / world->rate, STUCK_MARGIN * world->limit);
  double bandwidth = MAX (world->set / (world->limit + world->set / world->dirty_rate),
                          STUCK_MARGIN * world->rate);

  values->needed_downtime = to_bytes (ceil (downtime * 1000));
  values->needed_bandwidth = to_bytes (ceil (bandwidth));
  values->verdict =
      downtime > FAR_DOWNTIME * MAX (world->limit, 0.1) && bandwidth > FAR_BANDWIDTH * world->rate
          ? VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE
          : VMMIG_FORECAST_VERDICT_CONVERGES_IF;
}

static void
conclude (VmmigForecastValues *values,
          const Spread *spread,
          const World *middle,
          const Start *start)
{
  double downtime = 0;
  double time = play (middle, start, &downtime);

  values->rate = to_bytes (middle->rate);
  values->dirty_rate = to_bytes (middle->dirty_rate);
  values->working_set = to_bytes (middle->set);
  if (spread->n_converging == spread->n)
    values->verdict = VMMIG_FORECAST_VERDICT_CONVERGES;
  else if (spread->n_converging == 0)
    set_needs (values, middle);
  if (time < 0 || spread->n_ends == 0 || spread->n_converging == 0)
    return;
  values->has_remaining = TRUE;
  values->remaining = to_time (time);
  values->remaining_low = to_time (MAX (MIN (spread->low, time) * (1 - SLACK) - LEAST_SLACK, 0));
  values->remaining_high =
      spread->open ? G_MAXINT64 : to_time (MAX (spread->high, time) * (1 + SLACK) + LEAST_SLACK);
  values->has_downtime = TRUE;
  values->downtime = to_bytes (downtime * 1000);
}

static void
get_first_pass (const VmmigForecaster *self, VmmigForecastValues *values)
{
  double passed = (double)(self->last.time - self->begin.time) / SECOND;
  double drained = (double)self->begin.remaining - (double)self->last.remaining;

  if (passed <= 0 || drained <= 0)
    return;
  values->rate = to_bytes ((double)(self->last.processed - self->begin.processed) / passed);
  values->has_remaining = TRUE;
  values->remaining = to_time ((double)self->last.remaining / (drained / passed));
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
  values->rate = to_bytes (rate);
  values->has_remaining = TRUE;
  values->remaining = to_time (time);
  values->remaining_low = to_time (time * 0.7);
  values->remaining_high = to_time (time * 2 + 1);
}

static gboolean
is_stuck (const VmmigForecaster *self, const World *world)
{
  return self->n_stuck >= STUCK_PASSES &&
         self->smallest > STUCK_MARGIN * world->limit * world->rate;
}

void
vmmig_forecaster_get (const VmmigForecaster *self, VmmigForecastValues *values)
{
  double limit = self->maximum_downtime / 1000.0;
  Fit fit;
  Spread spread = {0};
  World middle;
  Start start;

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
  start.elapsed = (double)(self->last.time - self->begin.time) / SECOND;
  for (guint i = 0; i < SETS; i++)
    {
      for (int r = -1; r <= 1 && fit.kept[i]; r++)
        {
          /* Not both at once at their worst: that would be far more than 90 %. */
          for (int d = -(r == 0); d <= (r == 0); d++)
            {
              World world = {
                  .rate = fit.rate * exp (r * WIDTH * fit.rate_scatter),
                  .dirty_rate = fit.dirty_rate[i] * exp (d * WIDTH * fit.scatter),
                  .set = fit.set[i],
                  .limit = limit,
              };

              start.drain = world.rate;
              add_world (&spread, &world, &start);
            }
        }
    }
  middle = (World){fit.rate, fit.dirty_rate[fit.best], fit.set[fit.best], limit};
  start.drain = middle.rate;
  if (is_stuck (self, &middle))
    spread.n_converging = 0;
  conclude (values, &spread, &middle, &start);
}

/* --- before it starts --- */

/* The link is shared and never full; page sampling sees what was changed, not how often. */
static const double before_rates[] = {0.5, 0.9, 1.0};
static const double before_dirty_rates[] = {1 / 3.0, 1.0, 3.0};
static const double before_sets[] = {0.05, 0.25, 1.0};

/* The least, the likely and the most that it may be. */
static double
get_dirty_rate_before (const VmmigForecastEvidence *evidence, guint which)
{
  double rate = (double)evidence->dirty_rate;

  if (evidence->dirty_rate_error == 0)
    return rate * before_dirty_rates[which];
  return MAX (rate + ((double)which - 1) * (double)evidence->dirty_rate_error, 0);
}

static void
play_before (const VmmigForecastEvidence *evidence, double memory, VmmigForecastValues *values)
{
  Spread spread = {0};
  World world = {.limit = evidence->maximum_downtime / 1000.0};
  Start start = {.remaining = memory};

  for (guint i = 0; i < 27; i++)
    {
      world.rate = (double)evidence->link_rate * before_rates[i % 3];
      world.dirty_rate = get_dirty_rate_before (evidence, i / 3 % 3);
      world.set = MAX (memory * before_sets[i / 9], 1);
      start.drain = world.rate;
      add_world (&spread, &world, &start);
    }
  world.rate = (double)evidence->link_rate * before_rates[1];
  world.dirty_rate = (double)evidence->dirty_rate;
  world.set = MAX (memory * before_sets[1], 1);
  start.drain = world.rate;
  conclude (values, &spread, &world, &start);
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
  values->remaining_low = to_time ((double)sorted[0] / SECOND * 0.6);
  values->remaining_high = to_time ((double)sorted[n - 1] / SECOND * 1.8 + 1);
}

void
vmmig_forecast_before (const VmmigForecastEvidence *evidence, VmmigForecastValues *values)
{
  gboolean has_use = evidence->memory_in_use > 0;
  double memory =
      (double)(has_use ? MIN (evidence->memory_in_use, evidence->memory) : evidence->memory);
  double rate = (double)evidence->link_rate;
  gint64 disk = rate > 0 ? to_time ((double)evidence->disk / (0.9 * rate)) : 0;

  *values = (VmmigForecastValues){.verdict = VMMIG_FORECAST_VERDICT_UNKNOWN};
  if (rate > 0 && memory > 0 && evidence->has_dirty_rate)
    {
      play_before (evidence, memory, values);
    }
  else if (rate > 0 && memory > 0)
    {
      values->rate = evidence->link_rate;
      values->has_remaining = TRUE;
      values->remaining = to_time (memory / (0.9 * rate));
      values->remaining_low = has_use ? to_time (memory / rate) : 0;
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
