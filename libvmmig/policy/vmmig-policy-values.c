/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-policy-values-private.h"

#include <vmmig/vmmig-error.h>

#define MIB G_GUINT64_CONSTANT (1048576)

static const char *const field_names[] = {
    [VMMIG_POLICY_FIELD_ENCRYPTION] = "encryption",
    [VMMIG_POLICY_FIELD_BANDWIDTH] = "bandwidth",
    [VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME] = "maximum-downtime",
    [VMMIG_POLICY_FIELD_AUTO_CONVERGE] = "auto-converge",
    [VMMIG_POLICY_FIELD_ALLOW_POST_COPY] = "allow-post-copy",
    [VMMIG_POLICY_FIELD_PARALLEL_CONNECTIONS] = "parallel-connections",
    [VMMIG_POLICY_FIELD_COMPRESSION] = "compression",
    [VMMIG_POLICY_FIELD_AUTO_CONVERGE_INITIAL] = "auto-converge-initial",
    [VMMIG_POLICY_FIELD_AUTO_CONVERGE_INCREMENT] = "auto-converge-increment",
    [VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB] = "completion-timeout-per-gib",
    [VMMIG_POLICY_FIELD_PROGRESS_TIMEOUT] = "progress-timeout",
    [VMMIG_POLICY_FIELD_CONVERGENCE_STRATEGY] = "convergence-strategy",
    [VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION] = "allow-workload-disruption",
    [VMMIG_POLICY_FIELD_EARLY_SWITCH] = "early-switch",
    [VMMIG_POLICY_FIELD_PRIORITY] = "priority",
    [VMMIG_POLICY_FIELD_ATTEMPTS] = "attempts",
    [VMMIG_POLICY_FIELD_BACK_OFF] = "back-off",
    [VMMIG_POLICY_FIELD_NETWORK] = "network",
};
G_STATIC_ASSERT (G_N_ELEMENTS (field_names) == VMMIG_POLICY_N_FIELDS);

void
vmmig_policy_values_init (VmmigPolicyValues *self)
{
  *self = (VmmigPolicyValues){
      .encryption = VMMIG_ENCRYPTION_REQUIRED,
      .bandwidth = VMMIG_BANDWIDTH_UNLIMITED,
      .maximum_downtime = VMMIG_DEFAULT_MAXIMUM_DOWNTIME,
      .parallel_connections = 1,
      .compression = VMMIG_COMPRESSION_NONE,
      .auto_converge_initial = VMMIG_DEFAULT_AUTO_CONVERGE_INITIAL,
      .auto_converge_increment = VMMIG_DEFAULT_AUTO_CONVERGE_INCREMENT,
      .completion_timeout_per_gib = VMMIG_TIMEOUT_NONE,
      .progress_timeout = VMMIG_TIMEOUT_NONE,
      .convergence_strategy = VMMIG_CONVERGENCE_STRATEGY_VMMIG,
      .priority = VMMIG_PRIORITY_USER,
      .attempts = 1,
      .back_off = VMMIG_DEFAULT_BACK_OFF,
  };
}

void
vmmig_policy_values_clear (VmmigPolicyValues *self)
{
  g_clear_pointer (&self->network, g_free);
}

void
vmmig_policy_values_copy (const VmmigPolicyValues *self, VmmigPolicyValues *copy)
{
  *copy = *self;
  copy->network = g_strdup (self->network);
}

gboolean
vmmig_policy_values_may_pause (const VmmigPolicyValues *self)
{
  gboolean set = (self->set & (1u << VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION)) != 0;

  if (self->convergence_strategy == VMMIG_CONVERGENCE_STRATEGY_KUBEVIRT && !set)
    return self->allow_post_copy;
  return self->allow_workload_disruption;
}

const char *
vmmig_policy_field_to_name (VmmigPolicyField field)
{
  return (guint)field < VMMIG_POLICY_N_FIELDS ? field_names[field] : NULL;
}

gboolean
vmmig_policy_field_from_name (const char *name, VmmigPolicyField *field)
{
  if (name == NULL)
    return FALSE;

  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    if (g_str_equal (field_names[i], name))
      {
        *field = (VmmigPolicyField)i;
        return TRUE;
      }
  return FALSE;
}

guint64
vmmig_bandwidth_to_mib (guint64 bytes_per_second)
{
  if (bytes_per_second >= VMMIG_BANDWIDTH_LIMIT)
    return VMMIG_BANDWIDTH_LIMIT / MIB;
  return bytes_per_second / MIB + (bytes_per_second % MIB != 0);
}

gboolean
vmmig_bandwidth_check (guint64 bytes_per_second, GError **error)
{
  if (bytes_per_second == VMMIG_BANDWIDTH_UNLIMITED)
    return TRUE;

  if (bytes_per_second == 0)
    {
      g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                           "bandwidth is 0 bytes per second: nothing could be copied; for no limit "
                           "say unlimited (VMMIG_BANDWIDTH_UNLIMITED)");
      return FALSE;
    }
  if (bytes_per_second > VMMIG_BANDWIDTH_LIMIT)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "bandwidth is %" G_GUINT64_FORMAT " bytes per second: libvirt takes at most "
                   "%" G_GUINT64_FORMAT "; for no limit say unlimited (VMMIG_BANDWIDTH_UNLIMITED)",
                   bytes_per_second, VMMIG_BANDWIDTH_LIMIT);
      return FALSE;
    }
  return TRUE;
}

gboolean
vmmig_maximum_downtime_check (guint milliseconds, GError **error)
{
  if (milliseconds >= 1 && milliseconds <= VMMIG_MAXIMUM_DOWNTIME_LIMIT)
    return TRUE;

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "maximum-downtime is %u ms: QEMU takes 1 to %u ms", milliseconds,
               VMMIG_MAXIMUM_DOWNTIME_LIMIT);
  return FALSE;
}
