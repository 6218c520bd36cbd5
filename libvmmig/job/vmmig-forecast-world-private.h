/* vmmig-forecast-world-private.h - a migration of a VM that writes steadily, and what several agree on
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "job/vmmig-forecast-private.h"

G_BEGIN_DECLS

#define VMMIG_FORECAST_SECOND ((double)G_USEC_PER_SEC)
/* What is too large by less is too close to call. */
#define VMMIG_FORECAST_MARGIN 1.1

typedef struct
{
  double rate, dirty_rate, set; /* bytes per second, bytes */
  double limit; /* s of downtime, now */
  double maximum; /* s, to which it rises if it has to */
} VmmigForecastWorld;

typedef struct
{
  double remaining; /* bytes of this pass */
  double drain; /* bytes per second by which they become less */
  double elapsed; /* s of this pass */
} VmmigForecastStart;

typedef struct
{
  double low, high; /* s */
  gboolean open; /* some have no end */
  guint n_ends, n_converging, n;
} VmmigForecastSpread;

/* Plays @world to its end from @start. */
void vmmig_forecast_spread_add (VmmigForecastSpread *self,
                                const VmmigForecastWorld *world,
                                const VmmigForecastStart *start);
/* What all of them say; @middle is the likeliest. */
void vmmig_forecast_spread_conclude (const VmmigForecastSpread *self,
                                     const VmmigForecastWorld *middle,
                                     const VmmigForecastStart *start,
                                     VmmigForecastValues *values);

guint64 vmmig_forecast_to_bytes (double value); /* within its bounds */
gint64 vmmig_forecast_to_time (double seconds); /* µs, likewise */

G_END_DECLS
