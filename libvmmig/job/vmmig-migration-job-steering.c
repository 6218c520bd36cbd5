/* vmmig-migration-job-steering.c - changing a migration while it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-migration-job-private.h"

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-migration-policy-private.h"

static void
steer (VmmigMigrationJob *self, GTask *task, VmmigSteerKind kind, guint64 number)
{
  g_task_set_check_cancellable (task, FALSE);
  if (self->runner != NULL)
    {
      vmmig_job_runner_steer (self->runner, kind, number, task);
      return;
    }
  g_task_return_new_error (task, VMMIG_ERROR, VMMIG_ERROR_WRONG_STATE,
                           "The job for VM ‘%s’ does not run; start it, or attach it, first",
                           self->vm);
  g_object_unref (task);
}

static gboolean
finish_steering (VmmigMigrationJob *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * vmmig_migration_job_cancel_async:
 * @self: a job that runs
 * @cancellable: (nullable): has no effect, the request is short
 * @callback: (scope async) (closure user_data): called when the request was answered
 * @user_data: data for @callback
 *
 * Asks for the migration to be cancelled, so that the VM stays where it is.
 *
 * The answer tells that the hypervisor accepted the request; the end of the job tells what came of
 * it, because a cancel may come too late, and then the job succeeds. Post-copy cannot be cancelled:
 * that is refused with `VMMIG_ERROR_CANNOT_CANCEL` and the migration goes on. Cancelling twice does
 * no harm.
 *
 * Since: 1.0
 */
void
vmmig_migration_job_cancel_async (VmmigMigrationJob *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_cancel_async);
  steer (self, task, VMMIG_STEER_CANCEL, 0);
}

/**
 * vmmig_migration_job_cancel_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_CANNOT_CANCEL`, `VMMIG_ERROR_WRONG_STATE` if
 *   the job ended before, `VMMIG_ERROR_TIMED_OUT` or `VMMIG_ERROR_UNREACHABLE` if the source did
 *   not answer; it is asked again as long as the job runs
 *
 * Ends [method@MigrationJob.cancel_async].
 *
 * Returns: whether the request was accepted
 * Since: 1.0
 */
gboolean
vmmig_migration_job_cancel_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error)
{
  return finish_steering (self, result, error);
}

/**
 * vmmig_migration_job_switch_to_post_copy_async:
 * @self: a job that runs, with a policy that allows post-copy
 * @cancellable: (nullable): has no effect, the request is short
 * @callback: (scope async) (closure user_data): called when the request was answered
 * @user_data: data for @callback
 *
 * Asks for the VM to run on its destination now, and to fetch the rest of its memory from there.
 *
 * A request that comes before memory flows waits for that. From the switch on the migration cannot
 * be cancelled, and the VM needs both nodes and the link between them until its end; a link that
 * breaks stops the VM until it is back. Do not use it for VMs whose loss would be critical, or on
 * networks that are not stable.
 *
 * Since: 1.0
 */
void
vmmig_migration_job_switch_to_post_copy_async (VmmigMigrationJob *self,
                                               GCancellable *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_switch_to_post_copy_async);
  steer (self, task, VMMIG_STEER_POST_COPY, 0);
}

/**
 * vmmig_migration_job_switch_to_post_copy_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_POLICY` if the policy does not allow
 *   it, `VMMIG_ERROR_WRONG_STATE`, or what the hypervisor said
 *
 * Ends [method@MigrationJob.switch_to_post_copy_async].
 *
 * Returns: whether the request was accepted
 * Since: 1.0
 */
gboolean
vmmig_migration_job_switch_to_post_copy_finish (VmmigMigrationJob *self,
                                                GAsyncResult *result,
                                                GError **error)
{
  return finish_steering (self, result, error);
}

/**
 * vmmig_migration_job_set_bandwidth_async:
 * @self: a job that runs
 * @bytes_per_second: the new limit in bytes per second, or [const@BANDWIDTH_UNLIMITED]; libvirt
 *   counts in MiB/s, so it is rounded up to the next
 * @cancellable: (nullable): has no effect, the request is short
 * @callback: (scope async) (closure user_data): called when the request was answered
 * @user_data: data for @callback
 *
 * Changes the bandwidth limit of a migration that runs.
 *
 * Since: 1.0
 */
void
vmmig_migration_job_set_bandwidth_async (VmmigMigrationJob *self,
                                         guint64 bytes_per_second,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  GError *error = NULL;
  GTask *task;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_set_bandwidth_async);
  if (vmmig_bandwidth_check (bytes_per_second, &error))
    {
      steer (self, task, VMMIG_STEER_BANDWIDTH, bytes_per_second);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/**
 * vmmig_migration_job_set_bandwidth_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT`, `VMMIG_ERROR_WRONG_STATE`,
 *   or what the hypervisor said
 *
 * Ends [method@MigrationJob.set_bandwidth_async].
 *
 * Returns: whether the limit is in force
 * Since: 1.0
 */
gboolean
vmmig_migration_job_set_bandwidth_finish (VmmigMigrationJob *self,
                                          GAsyncResult *result,
                                          GError **error)
{
  return finish_steering (self, result, error);
}

/**
 * vmmig_migration_job_set_maximum_downtime_async:
 * @self: a job that runs
 * @milliseconds: the new limit in milliseconds, from 1 to 2000000
 * @cancellable: (nullable): has no effect, the request is short
 * @callback: (scope async) (closure user_data): called when the request was answered
 * @user_data: data for @callback
 *
 * Changes how long the VM may stand still at the switch-over of a migration that runs.
 *
 * Since: 1.0
 */
void
vmmig_migration_job_set_maximum_downtime_async (VmmigMigrationJob *self,
                                                guint milliseconds,
                                                GCancellable *cancellable,
                                                GAsyncReadyCallback callback,
                                                gpointer user_data)
{
  GError *error = NULL;
  GTask *task;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_set_maximum_downtime_async);
  if (vmmig_maximum_downtime_check (milliseconds, &error))
    {
      steer (self, task, VMMIG_STEER_DOWNTIME, milliseconds);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/**
 * vmmig_migration_job_set_maximum_downtime_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT`, `VMMIG_ERROR_WRONG_STATE`,
 *   or what the hypervisor said
 *
 * Ends [method@MigrationJob.set_maximum_downtime_async].
 *
 * Returns: whether the limit is in force
 * Since: 1.0
 */
gboolean
vmmig_migration_job_set_maximum_downtime_finish (VmmigMigrationJob *self,
                                                 GAsyncResult *result,
                                                 GError **error)
{
  return finish_steering (self, result, error);
}

static void
free_values (gpointer data)
{
  VmmigPolicyValues *values = data;

  vmmig_policy_values_clear (values);
  g_free (values);
}

/**
 * vmmig_migration_job_change_policy_async:
 * @self: a job that runs
 * @policy: the policy that holds from now on; copied
 * @cancellable: (nullable): has no effect, the request is short
 * @callback: (scope async) (closure user_data): called when the request was answered
 * @user_data: data for @callback
 *
 * Changes the policy of a migration that runs: all of it, or nothing.
 *
 * What libvirt takes only at the start must be as it was: encryption, network, compression, parallel
 * connections, auto-converge and the convergence strategy. Post-copy and workload disruption can be
 * forbidden, but not allowed. The new policy takes the place of limits that were set one by one.
 *
 * Since: 1.0
 */
void
vmmig_migration_job_change_policy_async (VmmigMigrationJob *self,
                                         VmmigMigrationPolicy *policy,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  VmmigPolicyValues *values;
  GError *error = NULL;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (policy));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_change_policy_async);
  if (!vmmig_migration_policy_check (policy, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  values = g_new0 (VmmigPolicyValues, 1);
  vmmig_migration_policy_get_values (policy, values);
  g_task_set_task_data (task, values, free_values);
  steer (self, g_steal_pointer (&task), VMMIG_STEER_POLICY, 0);
}

/**
 * vmmig_migration_job_change_policy_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` or
 *   `VMMIG_ERROR_INVALID_POLICY` if the policy makes no sense or cannot hold for a migration that
 *   runs, `VMMIG_ERROR_WRONG_STATE`, or what the hypervisor said
 *
 * Ends [method@MigrationJob.change_policy_async].
 *
 * Returns: whether the policy is in force; if not, nothing was changed
 * Since: 1.0
 */
gboolean
vmmig_migration_job_change_policy_finish (VmmigMigrationJob *self,
                                          GAsyncResult *result,
                                          GError **error)
{
  return finish_steering (self, result, error);
}

/**
 * vmmig_migration_job_force_completion_async:
 * @self: a job that runs
 * @cancellable: (nullable): has no effect, the request is short
 * @callback: (scope async) (closure user_data): called when the request was answered
 * @user_data: data for @callback
 *
 * Asks for the migration to end now, by what its policy allows: post-copy, or else a pause of the VM.
 *
 * A VM that is paused so runs where it arrives, or again on its source if that fails.
 *
 * Since: 1.0
 */
void
vmmig_migration_job_force_completion_async (VmmigMigrationJob *self,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_force_completion_async);
  steer (self, task, VMMIG_STEER_FORCE, 0);
}

/**
 * vmmig_migration_job_force_completion_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_POLICY` if the policy allows neither,
 *   `VMMIG_ERROR_WRONG_STATE`, or what the hypervisor said
 *
 * Ends [method@MigrationJob.force_completion_async].
 *
 * Returns: whether the request was accepted
 * Since: 1.0
 */
gboolean
vmmig_migration_job_force_completion_finish (VmmigMigrationJob *self,
                                             GAsyncResult *result,
                                             GError **error)
{
  return finish_steering (self, result, error);
}
