/* What a policy says to convergence
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-convergence-private.h"

/* From QEMU's own limit to the policy's. */
#define DOWNTIME_STEPS 5

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
  if (!is_set (policy, VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME))
    return;
  self->initial_downtime = MIN (policy->maximum_downtime, VMMIG_DEFAULT_MAXIMUM_DOWNTIME);
  self->maximum_downtime = policy->maximum_downtime;
  self->downtime_steps = DOWNTIME_STEPS;
}
