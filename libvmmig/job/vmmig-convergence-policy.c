/* What a policy says to convergence
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-convergence-private.h"

/* A guest that converges with less shall not stand still for longer: hence the first limit, and then
 * steps to QEMU's own or the policy's. */
#define FIRST_DOWNTIME 100u /* ms */
#define STEPS_TO_DEFAULT 2
#define STEPS_TO_MORE 5

static gboolean
is_set (const VmmigPolicyValues *policy, VmmigPolicyField field)
{
  return (policy->set & (1u << field)) != 0;
}

static gboolean
may_pause (const VmmigPolicyValues *policy, VmmigConvergenceMethod method)
{
  if (method == VMMIG_CONVERGENCE_METHOD_KUBEVIRT &&
      !is_set (policy, VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION))
    return policy->allow_post_copy;
  return policy->allow_workload_disruption;
}

/* Something happens if it does not come to its end. Otherwise nobody may be left to raise a limit. */
static gboolean
is_watched_over (const VmmigConvergenceSettings *settings)
{
  return (settings->completion_timeout != 0 &&
          settings->completion_timeout != VMMIG_CONVERGENCE_NO_TIMEOUT) ||
         (settings->progress_timeout != 0 &&
          settings->progress_timeout != VMMIG_CONVERGENCE_NO_TIMEOUT);
}

void
vmmig_convergence_settings_from_policy (VmmigConvergenceSettings *self,
                                        VmmigConvergenceMethod method,
                                        const VmmigPolicyValues *policy,
                                        guint64 data_bytes)
{
  *self = (VmmigConvergenceSettings){
      .method = method,
      .data_bytes = data_bytes,
      .completion_timeout = policy->completion_timeout_per_gib,
      .progress_timeout = policy->progress_timeout,
      .auto_converge = policy->auto_converge,
      .auto_converge_initial = policy->auto_converge_initial,
      .auto_converge_increment = policy->auto_converge_increment,
      .allow_post_copy = policy->allow_post_copy,
      .allow_workload_disruption = may_pause (policy, method),
      .early = policy->early_switch,
  };
  if (is_set (policy, VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME))
    self->maximum_downtime = policy->maximum_downtime;
  else if (method == VMMIG_CONVERGENCE_METHOD_VMMIG && is_watched_over (self))
    self->maximum_downtime = VMMIG_DEFAULT_MAXIMUM_DOWNTIME;
  else
    return;
  self->initial_downtime = MIN (self->maximum_downtime, FIRST_DOWNTIME);
  self->downtime_steps =
      self->maximum_downtime > VMMIG_DEFAULT_MAXIMUM_DOWNTIME ? STEPS_TO_MORE : STEPS_TO_DEFAULT;
}
