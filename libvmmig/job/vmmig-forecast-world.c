/* A migration of a VM that writes steadily, and what several agree on (pure)
 *
 * Near its end QEMU passes over small pieces, so that what remains moves with d * (1 - rest / W) - r.
 * It comes to rest at W * (1 - r / d), and ends if that is within what the downtime limit lets it
 * send: hence what would be needed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-forecast-world-private.h"

#include <math.h>

/* QEMU sends for so long before it looks again. */
#define MINIMUM_PASS 0.05 /* s */
#define MAXIMUM_PASSES 500
#define STANDSTILL 1e-6 /* of a pass: so much less in each of all passes would change nothing */
#define MAXIMUM_DURATION (48 * 3600.0) /* s */
/* Share of the time, and s, by which it is never known more exactly. */
#define SLACK 0.03
#define LEAST_SLACK 0.3
/* Out of reach of any setting if both are beyond this. */
#define FAR_DOWNTIME 10
#define FAR_BANDWIDTH 2

/* --- one world --- */

static double
get_resting (const VmmigForecastWorld *world)
{
  return world->dirty_rate > world->rate ? world->set * (1 - world->rate / world->dirty_rate) : 0;
}

static gboolean
converges (const VmmigForecastWorld *world)
{
  return get_resting (world) < world->rate * world->maximum;
}

static double
get_dirtied (const VmmigForecastWorld *world, double seconds, double left)
{
  if (world->set <= left || world->dirty_rate <= 0)
    return 0;
  return (world->set - left) * (1 - exp (-world->dirty_rate * seconds / world->set));
}

/* s to the end, or a negative number: it has none. @limit: s of downtime. */
static double
play_within (const VmmigForecastWorld *world,
             const VmmigForecastStart *start,
             double limit,
             double *downtime)
{
  double threshold = world->rate * limit;
  double left = MIN (threshold, start->remaining);
  double time = (start->remaining - left) / start->drain;
  double rest = left + get_dirtied (world, start->elapsed + time, left);

  for (guint i = 0; i < MAXIMUM_PASSES && time < MAXIMUM_DURATION; i++)
    {
      double seconds, pass = rest;

      if (rest <= threshold)
        {
          *downtime = rest / world->rate;
          return time + *downtime;
        }
      left = CLAMP (rest - MINIMUM_PASS * world->rate, 0, threshold);
      seconds = (rest - left) / world->rate;
      time += seconds;
      rest = left + get_dirtied (world, seconds, left);
      /* Of a longer pass more is left: once they do not shrink they never will. */
      if (left >= threshold && rest >= pass * (1 - STANDSTILL))
        return -1;
    }
  return -1;
}

static double
play (const VmmigForecastWorld *world, const VmmigForecastStart *start, double *downtime)
{
  double time = play_within (world, start, world->limit, downtime);

  if (time >= 0 || world->maximum <= world->limit)
    return time;
  return play_within (world, start, world->maximum, downtime);
}

/* --- what several agree on --- */

void
vmmig_forecast_spread_add (VmmigForecastSpread *self,
                           const VmmigForecastWorld *world,
                           const VmmigForecastStart *start)
{
  double downtime;
  double time = play (world, start, &downtime);

  self->n++;
  self->n_converging += converges (world) ? 1 : 0;
  if (time < 0)
    {
      self->open = TRUE;
      return;
    }
  self->low = self->n_ends == 0 ? time : MIN (self->low, time);
  self->high = self->n_ends == 0 ? time : MAX (self->high, time);
  self->n_ends++;
}

guint64
vmmig_forecast_to_bytes (double value)
{
  return value >= 1.8e19 ? G_MAXUINT64 : (guint64)MAX (value, 0);
}

gint64
vmmig_forecast_to_time (double seconds)
{
  return seconds * VMMIG_FORECAST_SECOND >= 9e18 ? G_MAXINT64
                                                 : (gint64)(seconds * VMMIG_FORECAST_SECOND);
}

static void
set_needs (VmmigForecastValues *values, const VmmigForecastWorld *world)
{
  /* It is more than what it has, whatever the arithmetic says. */
  double downtime = MAX (get_resting (world) / world->rate, VMMIG_FORECAST_MARGIN * world->maximum);
  double bandwidth = MAX (world->set / (world->maximum + world->set / world->dirty_rate),
                          VMMIG_FORECAST_MARGIN * world->rate);

  values->needed_downtime = vmmig_forecast_to_bytes (ceil (downtime * 1000));
  values->needed_bandwidth = vmmig_forecast_to_bytes (ceil (bandwidth));
  values->verdict =
      downtime > FAR_DOWNTIME * MAX (world->maximum, 0.1) && bandwidth > FAR_BANDWIDTH * world->rate
          ? VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE
          : VMMIG_FORECAST_VERDICT_CONVERGES_IF;
}

void
vmmig_forecast_spread_conclude (const VmmigForecastSpread *self,
                                const VmmigForecastWorld *middle,
                                const VmmigForecastStart *start,
                                VmmigForecastValues *values)
{
  double downtime = 0;
  double time = play (middle, start, &downtime);

  values->rate = vmmig_forecast_to_bytes (middle->rate);
  values->dirty_rate = vmmig_forecast_to_bytes (middle->dirty_rate);
  values->working_set = vmmig_forecast_to_bytes (middle->set);
  if (self->n_converging == self->n)
    values->verdict = VMMIG_FORECAST_VERDICT_CONVERGES;
  else if (self->n_converging == 0)
    set_needs (values, middle);
  if (time < 0 || self->n_ends == 0 || self->n_converging == 0)
    return;
  values->has_remaining = TRUE;
  values->remaining = vmmig_forecast_to_time (time);
  values->remaining_low =
      vmmig_forecast_to_time (MAX (MIN (self->low, time) * (1 - SLACK) - LEAST_SLACK, 0));
  values->remaining_high =
      self->open ? G_MAXINT64
                 : vmmig_forecast_to_time (MAX (self->high, time) * (1 + SLACK) + LEAST_SLACK);
  values->has_downtime = TRUE;
  values->downtime = vmmig_forecast_to_bytes (downtime * 1000);
}
