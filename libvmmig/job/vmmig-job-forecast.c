/* vmmig-job-forecast.c - feeds the forecast with what polls see
 *
 * Unlike decisions, it is made for migrations that are only followed, too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

/* Whoever follows polls more often than a forecast changes. */
#define FORECAST_INTERVAL (G_USEC_PER_SEC / 2)

void
vmmig_job_forecast_init (VmmigJobRunner *self)
{
  if (self->plan->attach)
    vmmig_forecaster_init_following (&self->forecaster, VMMIG_DEFAULT_MAXIMUM_DOWNTIME);
  else
    vmmig_forecaster_init (&self->forecaster, VMMIG_DEFAULT_MAXIMUM_DOWNTIME);
}

/* ms to which the limit may be raised. Nobody knows the policy of another's migration. */
static guint
get_maximum_downtime (VmmigJobRunner *self)
{
  const VmmigPolicyValues *policy = &self->plan->policy;

  if (self->steered_downtime != 0)
    return self->steered_downtime;
  if (self->plan->attach || (policy->set & (1u << VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME)) == 0)
    return VMMIG_DEFAULT_MAXIMUM_DOWNTIME;
  return policy->maximum_downtime;
}

/* ms that hold now. */
static guint
get_downtime (VmmigJobRunner *self)
{
  if (self->steered_downtime != 0)
    return self->steered_downtime;
  if (self->converges && self->convergence.downtime != 0)
    return self->convergence.downtime;
  return VMMIG_DEFAULT_MAXIMUM_DOWNTIME;
}

void
vmmig_job_forecast_observe (VmmigJobRunner *self)
{
  VmmigObservation observation;
  VmmigForecastValues values;
  gint64 now = vmmig_driver_now (self->driver);

  if (self->state < VMMIG_JOB_STATE_PRE_COPY)
    return;
  vmmig_observation_from_stats (&observation, &self->stats, now);
  observation.post_copy = self->post_copy_entered || (self->state > VMMIG_JOB_STATE_SWITCHOVER &&
                                                      self->state != VMMIG_JOB_STATE_UNKNOWN);
  vmmig_forecaster_set_downtime (&self->forecaster, get_downtime (self),
                                 get_maximum_downtime (self));
  vmmig_forecaster_observe (&self->forecaster, &observation);
  if (self->forecast != NULL && self->forecast_state == self->state &&
      self->forecast_pass == self->stats.iteration && now - self->forecast_at < FORECAST_INTERVAL)
    return;
  self->forecast_state = self->state;
  self->forecast_pass = self->stats.iteration;
  self->forecast_at = now;
  vmmig_forecaster_get (&self->forecaster, &values);
  g_clear_pointer (&self->forecast, vmmig_forecast_unref);
  self->forecast = vmmig_forecast_new_from_values (&values);
}
