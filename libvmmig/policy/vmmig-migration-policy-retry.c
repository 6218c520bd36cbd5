/* vmmig-migration-policy-retry.c - which migration goes first, and when one that failed is tried again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-migration-policy-private.h"

#include <vmmig/vmmig-error.h>

/**
 * vmmig_migration_policy_get_priority: (get-property priority)
 * @self: a policy
 *
 * Gets which of several migrations that wait goes first.
 *
 * Returns: the priority
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_priority (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.priority;
}

/**
 * vmmig_migration_policy_set_priority: (set-property priority)
 * @self: a policy
 * @priority: 0 to `VMMIG_PRIORITY_SYSTEM_CRITICAL`
 *
 * Sets which of several migrations that wait goes first, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_priority (VmmigMigrationPolicy *self, guint priority)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));
  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_PRIORITY) &&
      self->values.priority == priority)
    return;

  self->values.priority = priority;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_PRIORITY);
}

/**
 * vmmig_migration_policy_get_attempts: (get-property attempts)
 * @self: a policy
 *
 * Gets how often the migration is tried.
 *
 * Returns: the number of attempts, the first included
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_attempts (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.attempts;
}

/**
 * vmmig_migration_policy_set_attempts: (set-property attempts)
 * @self: a policy
 * @attempts: 1 to 100
 *
 * Sets how often the migration is tried, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_attempts (VmmigMigrationPolicy *self, guint attempts)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));
  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_ATTEMPTS) &&
      self->values.attempts == attempts)
    return;

  self->values.attempts = attempts;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_ATTEMPTS);
}

/**
 * vmmig_migration_policy_get_back_off: (get-property back-off)
 * @self: a policy
 *
 * Gets how long the first pause between two attempts is.
 *
 * Returns: the pause in seconds
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_back_off (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.back_off;
}

/**
 * vmmig_migration_policy_set_back_off: (set-property back-off)
 * @self: a policy
 * @seconds: 1 to 3600 s
 *
 * Sets how long the first pause between two attempts is, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_back_off (VmmigMigrationPolicy *self, guint seconds)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));
  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_BACK_OFF) &&
      self->values.back_off == seconds)
    return;

  self->values.back_off = seconds;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_BACK_OFF);
}

/**
 * vmmig_migration_policy_get_retry_delay:
 * @self: a policy
 * @failed: how many attempts have failed, at least 1
 * @error: why the last of them failed
 *
 * Tells how long to wait before a migration that failed is tried again, and whether it is at all.
 *
 * Not if [property@MigrationPolicy:attempts] are used up, and not if @error is one that the next
 * attempt would meet again: see [func@Error.is_retryable]. The caller has to know besides that the VM
 * still is on its source: [method@MigrationResult.get_location].
 *
 * Returns: the pause in seconds, or 0 if it is not tried again
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_retry_delay (VmmigMigrationPolicy *self,
                                        guint failed,
                                        const GError *error)
{
  guint highest, delay;

  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);
  g_return_val_if_fail (failed >= 1, 0);
  g_return_val_if_fail (error != NULL, 0);

  if (failed >= self->values.attempts || !vmmig_error_is_retryable (error))
    return 0;
  highest = MAX (self->values.back_off, VMMIG_HIGHEST_BACK_OFF);
  delay = self->values.back_off;
  for (guint i = 1; i < failed && delay < highest; i++)
    delay = MIN (delay * 2, highest);
  return delay;
}
