/* The getters and setters of the fields that concern a migration's end
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-migration-policy-private.h"

/**
 * vmmig_migration_policy_get_auto_converge_initial: (get-property auto-converge-initial)
 * @self: a policy
 *
 * Gets how much of its CPU time the VM loses at first when it is slowed down.
 *
 * Returns: from 1 to 99 %
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_auto_converge_initial (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.auto_converge_initial;
}

/**
 * vmmig_migration_policy_set_auto_converge_initial: (set-property auto-converge-initial)
 * @self: a policy
 * @percent: from 1 to 99 %
 *
 * Sets how much of its CPU time the VM loses at first when it is slowed down, and marks that as
 * set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_auto_converge_initial (VmmigMigrationPolicy *self, guint percent)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_AUTO_CONVERGE_INITIAL) &&
      self->values.auto_converge_initial == percent)
    return;

  self->values.auto_converge_initial = percent;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_AUTO_CONVERGE_INITIAL);
}

/**
 * vmmig_migration_policy_get_auto_converge_increment: (get-property auto-converge-increment)
 * @self: a policy
 *
 * Gets how much more of its CPU time the VM loses each time that slowing it down did not
 * suffice.
 *
 * Returns: from 1 to 99 %
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_auto_converge_increment (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.auto_converge_increment;
}

/**
 * vmmig_migration_policy_set_auto_converge_increment: (set-property auto-converge-increment)
 * @self: a policy
 * @percent: from 1 to 99 %
 *
 * Sets how much more of its CPU time the VM loses each time that slowing it down did not
 * suffice, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_auto_converge_increment (VmmigMigrationPolicy *self, guint percent)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_AUTO_CONVERGE_INCREMENT) &&
      self->values.auto_converge_increment == percent)
    return;

  self->values.auto_converge_increment = percent;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_AUTO_CONVERGE_INCREMENT);
}

/**
 * vmmig_migration_policy_get_completion_timeout_per_gib: (get-property completion-timeout-per-gib)
 * @self: a policy
 *
 * Gets how long the migration may take for each GiB that it copies.
 *
 * Returns: seconds, or `VMMIG_TIMEOUT_NONE`
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_completion_timeout_per_gib (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.completion_timeout_per_gib;
}

/**
 * vmmig_migration_policy_set_completion_timeout_per_gib: (set-property completion-timeout-per-gib)
 * @self: a policy
 * @seconds: seconds, or `VMMIG_TIMEOUT_NONE`
 *
 * Sets how long the migration may take for each GiB that it copies, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_completion_timeout_per_gib (VmmigMigrationPolicy *self, guint seconds)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB) &&
      self->values.completion_timeout_per_gib == seconds)
    return;

  self->values.completion_timeout_per_gib = seconds;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB);
}

/**
 * vmmig_migration_policy_get_progress_timeout: (get-property progress-timeout)
 * @self: a policy
 *
 * Gets how long the migration may go on without coming nearer to its end.
 *
 * Returns: seconds, or `VMMIG_TIMEOUT_NONE`
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_progress_timeout (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.progress_timeout;
}

/**
 * vmmig_migration_policy_set_progress_timeout: (set-property progress-timeout)
 * @self: a policy
 * @seconds: seconds, or `VMMIG_TIMEOUT_NONE`
 *
 * Sets how long the migration may go on without coming nearer to its end, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_progress_timeout (VmmigMigrationPolicy *self, guint seconds)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_PROGRESS_TIMEOUT) &&
      self->values.progress_timeout == seconds)
    return;

  self->values.progress_timeout = seconds;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_PROGRESS_TIMEOUT);
}

/**
 * vmmig_migration_policy_get_convergence_strategy: (get-property convergence-strategy)
 * @self: a policy
 *
 * Gets how it is judged whether the migration comes to its end.
 *
 * Returns: the strategy
 *
 * Since: 1.0
 */
VmmigConvergenceStrategy
vmmig_migration_policy_get_convergence_strategy (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), VMMIG_CONVERGENCE_STRATEGY_VMMIG);

  return self->values.convergence_strategy;
}

/**
 * vmmig_migration_policy_set_convergence_strategy: (set-property convergence-strategy)
 * @self: a policy
 * @strategy: the strategy
 *
 * Sets how it is judged whether the migration comes to its end, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_convergence_strategy (VmmigMigrationPolicy *self,
                                                 VmmigConvergenceStrategy strategy)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_CONVERGENCE_STRATEGY) &&
      self->values.convergence_strategy == strategy)
    return;

  self->values.convergence_strategy = strategy;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_CONVERGENCE_STRATEGY);
}

/**
 * vmmig_migration_policy_get_allow_workload_disruption: (get-property allow-workload-disruption)
 * @self: a policy
 *
 * Gets whether the VM may be paused so that its migration ends.
 *
 * Returns: `TRUE` if that is allowed
 *
 * Since: 1.0
 */
gboolean
vmmig_migration_policy_get_allow_workload_disruption (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), FALSE);

  return self->values.allow_workload_disruption;
}

/**
 * vmmig_migration_policy_set_allow_workload_disruption: (set-property allow-workload-disruption)
 * @self: a policy
 * @allow_workload_disruption: `TRUE` to allow it
 *
 * Sets whether the VM may be paused so that its migration ends, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_allow_workload_disruption (VmmigMigrationPolicy *self,
                                                      gboolean allow_workload_disruption)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  allow_workload_disruption = !!allow_workload_disruption;
  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION) &&
      self->values.allow_workload_disruption == allow_workload_disruption)
    return;

  self->values.allow_workload_disruption = allow_workload_disruption;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION);
}

/**
 * vmmig_migration_policy_get_early_switch: (get-property early-switch)
 * @self: a policy
 *
 * Gets whether a switch that is allowed may come before the completion time-out.
 *
 * Returns: `TRUE` if that is allowed
 *
 * Since: 1.0
 */
gboolean
vmmig_migration_policy_get_early_switch (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), FALSE);

  return self->values.early_switch;
}

/**
 * vmmig_migration_policy_set_early_switch: (set-property early-switch)
 * @self: a policy
 * @early_switch: `TRUE` to allow it
 *
 * Sets whether a switch that is allowed may come before the completion time-out, and marks that as
 * set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_early_switch (VmmigMigrationPolicy *self, gboolean early_switch)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  early_switch = !!early_switch;
  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_EARLY_SWITCH) &&
      self->values.early_switch == early_switch)
    return;

  self->values.early_switch = early_switch;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_EARLY_SWITCH);
}
