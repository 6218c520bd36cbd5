/* Forecasts in words
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-forecast-private.h"

#include <math.h>

#define SECOND ((double)G_USEC_PER_SEC)
#define MIB (1024.0 * 1024.0)

static void
append_remaining (GString *text, const VmmigForecastValues *self)
{
  if (!self->has_remaining)
    return;
  g_string_append_printf (text, ", about %.0f s left", (double)self->remaining / SECOND);
  if (self->remaining_high == G_MAXINT64)
    g_string_append_printf (text, " (at least %.0f s)", (double)self->remaining_low / SECOND);
  else
    g_string_append_printf (text, " (%.0f to %.0f s)", (double)self->remaining_low / SECOND,
                            (double)self->remaining_high / SECOND);
}

char *
vmmig_forecast_values_describe (const VmmigForecastValues *self)
{
  GString *text = g_string_new (NULL);

  switch (self->verdict)
    {
    case VMMIG_FORECAST_VERDICT_UNKNOWN:
      g_string_append (text, "not known yet whether it converges");
      break;
    case VMMIG_FORECAST_VERDICT_CONVERGES:
      g_string_append (text, "converges");
      break;
    case VMMIG_FORECAST_VERDICT_CONVERGES_IF:
    case VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE:
      g_string_append_printf (text,
                              "will not converge: needs at least %" G_GUINT64_FORMAT
                              " ms of downtime or %.0f MiB/s",
                              self->needed_downtime, ceil ((double)self->needed_bandwidth / MIB));
      break;
    }
  append_remaining (text, self);
  return g_string_free (text, FALSE);
}
