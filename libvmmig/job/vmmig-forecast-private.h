/* vmmig-forecast-private.h - how long it will take, and whether it will end at all (pure)
 *
 * From iterations: what each had to send, how long it took, and how much was dirtied meanwhile, with
 * their scatter. Memory is taken for a working set that is written evenly: so much is dirtied in a
 * pass of T seconds: set * (1 - exp (-rate * T / set)).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "job/vmmig-observation-private.h"

G_BEGIN_DECLS

typedef enum
{
  VMMIG_FORECAST_VERDICT_UNKNOWN, /* too early, or too close to call */
  VMMIG_FORECAST_VERDICT_CONVERGES,
  VMMIG_FORECAST_VERDICT_CONVERGES_IF, /* with needed_downtime or with needed_bandwidth */
  /* It would need ten times the downtime and twice the bandwidth: out of reach of any setting. What
   * would be needed is told as well. */
  VMMIG_FORECAST_VERDICT_DOES_NOT,
} VmmigForecastVerdict;

/* A plain result. */
typedef struct
{
  VmmigForecastVerdict verdict;
  gboolean has_remaining; /* FALSE: it will not end, or nothing is known */
  gint64 remaining; /* µs from the newest observation to the end */
  gint64 remaining_low, remaining_high; /* 90 % of the ends lie between; high G_MAXINT64: open */
  gboolean has_downtime;
  guint64 downtime; /* ms: what to expect */
  /* For CONVERGES_IF and DOES_NOT: either is enough. */
  guint64 needed_downtime; /* ms */
  guint64 needed_bandwidth; /* bytes per second */
  guint64 rate; /* bytes per second; 0: not known */
  guint64 dirty_rate; /* bytes per second in a very short pass; 0: not known */
  guint64 working_set; /* bytes; 0: not known */
} VmmigForecastValues;

/* --- while it runs --- */

#define VMMIG_FORECAST_PASSES 8

typedef struct
{
  double duration; /* s of the pass */
  double dirtied; /* bytes that the next one found */
  double sent; /* bytes in it */
  double left; /* bytes that were not sent when the next one began */
} VmmigForecastPass;

/* Opaque to its owner; freed by forgetting it. */
typedef struct
{
  guint maximum_downtime; /* ms */
  VmmigObservation last, begin; /* `begin`: first of this iteration */
  gboolean has_begin;
  gboolean post_copy;
  VmmigForecastPass passes[VMMIG_FORECAST_PASSES]; /* the first, and the newest as a ring */
  guint n_passes;
  double smallest; /* bytes that a pass had to send */
  guint n_stuck; /* passes since then that were not smaller */
} VmmigForecaster;

/* @maximum_downtime: ms, to which the limit may be raised. */
void vmmig_forecaster_init (VmmigForecaster *self, guint maximum_downtime);
void vmmig_forecaster_set_maximum_downtime (VmmigForecaster *self, guint maximum_downtime);
void vmmig_forecaster_observe (VmmigForecaster *self, const VmmigObservation *observation);
void vmmig_forecaster_get (const VmmigForecaster *self, VmmigForecastValues *values);

/* --- before it starts --- */

/* 0 where not known; nothing is needed but `memory` and one of link rate and past duration. */
typedef struct
{
  guint64 memory; /* bytes that the VM has */
  guint64 memory_in_use; /* bytes that are not zero */
  guint64 disk; /* bytes that are copied as well */
  guint64 link_rate; /* bytes per second: of the link, or the policy's bandwidth if that is less */
  guint maximum_downtime; /* ms */
  gboolean has_dirty_rate;
  guint64 dirty_rate; /* bytes per second, as libvirt's page sampling sees it: a hint */
  const gint64 *durations; /* (nullable) µs of this VM's last migrations, newest first */
  guint n_durations;
} VmmigForecastEvidence;

void vmmig_forecast_before (const VmmigForecastEvidence *evidence, VmmigForecastValues *values);

const char *vmmig_forecast_verdict_get_name (VmmigForecastVerdict verdict); /* "converges-if" */
/* For people: one sentence without full stop. (transfer full) */
char *vmmig_forecast_values_describe (const VmmigForecastValues *self);

G_END_DECLS
