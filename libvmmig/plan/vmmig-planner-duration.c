/* vmmig-planner-duration.c - how long a move takes at a rate (pure)
 *
 * What was dirtied while one pass was sent is sent in the next: in the time t the guest dirties
 * hot * min (1, t / hot time) + cold * t, and never more than all its memory. That ends with the pass
 * that fits the downtime. Each pass of a larger rate is shorter, and so are all after it: the figures
 * are monotone in the rate, which a planner relies on. Neither the model of QEMU's own passes
 * (job/vmmig-migration-model.c: polls, throttling, a strategy that watches) nor a forecast's
 * (job/vmmig-forecast-world.c: one working set that is written at random, passes of 50 ms) has
 * that, and both are of a layer that plans nothing; it is asked ten thousand times a plan.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-private.h"

#include <math.h>

/* By then a policy has done something about a VM that does not converge. */
#define MAXIMUM_ROUNDS 30
#define DEFAULT_DOWNTIME 300000 /* µs: QEMU's */
#define SECOND ((double)G_USEC_PER_SEC)
/* Beyond this nothing is told apart any more; a double has all µs and bytes up to here. */
#define FAR 9007199254740992.0

static double
get_dirtied (const VmmigPlannerMove *move, double seconds)
{
  double dirtied = (double)move->cold_rate * seconds;

  if (move->hot_time > 0)
    dirtied += (double)move->hot_set * MIN (1.0, seconds * SECOND / (double)move->hot_time);
  return MIN (dirtied, (double)move->memory);
}

void
vmmig_planner_estimate (const VmmigPlannerMove *move, guint64 rate, VmmigPlannerEstimate *estimate)
{
  double speed = (double)MAX (rate, 1);
  double limit = speed * (double)(move->downtime > 0 ? move->downtime : DEFAULT_DOWNTIME) / SECOND;
  double pass = (double)move->memory;
  double bytes = pass;
  guint rounds = 0;

  /* The first pass ends as the others do, if all there is fits the downtime. */
  while (pass > limit && rounds++ < MAXIMUM_ROUNDS)
    {
      pass = get_dirtied (move, pass / speed);
      bytes += pass;
    }
  estimate->converges = pass <= limit;
  estimate->bytes = (guint64)MIN (ceil (bytes), FAR);
  estimate->duration =
      (gint64)MIN (ceil (bytes / speed * SECOND) + (double)MAX (move->setup, 0), FAR);
}

guint64
vmmig_planner_get_convergence_rate (const VmmigPlannerMove *move, guint64 rate)
{
  guint64 low = 0;
  guint64 high = rate;
  VmmigPlannerEstimate estimate;

  vmmig_planner_estimate (move, rate, &estimate);
  if (!estimate.converges)
    return 0;
  while (high - low > MAX (1, rate >> 10))
    {
      guint64 middle = low + (high - low) / 2;

      vmmig_planner_estimate (move, middle, &estimate);
      if (estimate.converges)
        high = middle;
      else
        low = middle;
    }
  return high;
}
