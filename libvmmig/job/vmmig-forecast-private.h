/* vmmig-forecast-private.h - how long it will take, and whether it will end at all (pure)
 *
 * From iterations: what each had to send, how long it took, and how much was dirtied meanwhile, with
 * their scatter. Memory is taken for a working set that is written evenly: so much is dirtied in a
 * pass of T seconds: set * (1 - exp (-rate * T / set)).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-forecast.h>

#include "job/vmmig-observation-private.h"

G_BEGIN_DECLS

/* A plain result. */
typedef struct
{
  VmmigForecastVerdict verdict;
  gboolean has_remaining; /* FALSE: it will not end, or nothing is known */
  gint64 remaining; /* µs from the newest observation to the end */
  gint64 remaining_low, remaining_high; /* 90 % of the ends lie between; high G_MAXINT64: open */
  gboolean has_downtime;
  guint64 downtime; /* ms: what to expect */
  /* For CONVERGES_IF, and for DOES_NOT_CONVERGE, where both are out of reach: either is enough. */
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
  guint downtime, maximum_downtime; /* ms: the limit now, and to which it may be raised */
  VmmigObservation last, begin; /* `begin`: first of this iteration */
  gboolean has_begin;
  gboolean
      following; /* the pass that runs began before it was looked at: nothing follows from it */
  gboolean post_copy;
  VmmigForecastPass passes[VMMIG_FORECAST_PASSES]; /* the first, and the newest as a ring */
  guint n_passes;
  double smallest; /* bytes that a pass had to send */
  guint n_stuck; /* passes since then that were not smaller */
} VmmigForecaster;

/* @maximum_downtime: ms, to which the limit may be raised. */
void vmmig_forecaster_init (VmmigForecaster *self, guint maximum_downtime);
/* For a migration that runs already. */
void vmmig_forecaster_init_following (VmmigForecaster *self, guint maximum_downtime);
/* ms: the limit that holds now, and the one to which it may be raised. */
void vmmig_forecaster_set_downtime (VmmigForecaster *self, guint downtime, guint maximum_downtime);
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
  /* Bytes per second: 90 % of what it may really be lies within so much of it. 0: not known, and
   * then page sampling's own: a third of it to three times as much. */
  guint64 dirty_rate_error;
  guint64 working_set; /* bytes that it changes again and again: half to twice as much */
  const gint64 *durations; /* (nullable) µs of this VM's last migrations, in any order */
  guint n_durations;
} VmmigForecastEvidence;

void vmmig_forecast_before (const VmmigForecastEvidence *evidence, VmmigForecastValues *values);

/* --- from migrations of the past --- */

/* What one of them tells of the VM. 0 where it does not. */
typedef struct
{
  guint64 rate; /* bytes per second that its memory was copied at */
  guint64 dirty_rate, working_set; /* of the VM while nobody slowed it down */
  /* µs from the first byte to the end, if that is worth a comparison: it was seen from its start,
   * and ended in pre-copy with nothing but memory to copy, nobody slowing the VM down */
  gint64 duration;
  guint maximum_downtime; /* ms, the highest that it had */
  /* What its passes said of its end, and with what it would have come to one. */
  VmmigForecastVerdict verdict;
  guint64 needed_downtime; /* ms */
  guint64 needed_bandwidth; /* bytes per second */
} VmmigForecastPast;

/* @records: of a trace (element-type GVariant). */
void vmmig_forecast_past_read (GPtrArray *records, VmmigForecastPast *past);
/* @evidence with what @pasts tell instead of what it says of the VM's writing. Durations count over
 * a like link, and where the VM's writing does not speak against an end at all. One that could not
 * end with no less than this one has is a verdict, if none did with no more. */
void vmmig_forecast_before_with_past (const VmmigForecastEvidence *evidence,
                                      const VmmigForecastPast *pasts,
                                      guint n_pasts,
                                      VmmigForecastValues *values);

/* For people: one sentence without full stop. (transfer full) */
char *vmmig_forecast_values_describe (const VmmigForecastValues *self);

/* Takes nothing of @values; immutable from then on. (transfer full) */
VmmigForecast *vmmig_forecast_new_from_values (const VmmigForecastValues *values);

G_END_DECLS
