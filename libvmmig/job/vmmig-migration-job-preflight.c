/* vmmig-migration-job-preflight.c - what stands in a job's way, before it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-migration-job-private.h"

#include "job/vmmig-job-check-private.h"
#include "preflight/vmmig-node-certificates-private.h"

/* Certificates are looked at as well. Takes @task, and returns the one for the rest. */
static GTask *
join_certificates (GTask *task, const VmmigJobPlan *plan)
{
  const VmmigNodeAddress *destination = plan->destination;
  gboolean qemu = plan->policy.encryption != VMMIG_ENCRYPTION_OFF;
  gboolean daemon =
      destination->peer != NULL && destination->peer->transport == VMMIG_TRANSPORT_TLS;
  const VmmigCertificatesSubject subjects[] = {
      {plan->source, VMMIG_TLS_ROLE_CLIENT, qemu, daemon},
      {destination, VMMIG_TLS_ROLE_SERVER, qemu, daemon},
  };

  return vmmig_node_certificates_join (task, subjects, G_N_ELEMENTS (subjects));
}

/**
 * vmmig_migration_job_preflight_async:
 * @self: a job that was not started
 * @cancellable: (nullable): stops waiting
 * @callback: (scope async) (closure user_data): called when everything was looked at
 * @user_data: data for @callback
 *
 * Looks for everything that would stop or spoil the migration, and says what to do about it.
 *
 * Both nodes are asked, and nothing is changed on them: the VM goes on as it is, and the job can
 * be run afterwards. All checks run, none hides another; what could not be found out is a finding,
 * too. A job that runs makes the same checks first, but for the certificates that can be seen from
 * here: those of a node on this host, and the one that a destination's daemon shows to those who
 * connect by TLS. What cannot be seen (firewalls, certificates of another host's QEMU, rights) is
 * tried by a [class@TestMigration].
 *
 * Since: 1.0
 */
void
vmmig_migration_job_preflight_async (VmmigMigrationJob *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  VmmigJobPlan *plan;
  GError *error = NULL;
  GTask *task;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_preflight_async);
  plan = vmmig_migration_job_freeze (self, VMMIG_JOB_PURPOSE_CHECK, &error);
  if (plan != NULL)
    {
      vmmig_job_check_run (plan, join_certificates (task, plan));
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/**
 * vmmig_migration_job_preflight_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` if the job has no
 *   destination, or a URI or a name that is none
 *
 * Ends [method@MigrationJob.preflight_async].
 *
 * A node that does not answer, or a VM that is not there, is no error but a finding.
 *
 * Returns: (transfer full): what was found, or `NULL` with @error set
 * Since: 1.0
 */
VmmigPreflightReport *
vmmig_migration_job_preflight_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * vmmig_migration_job_get_skip_checks:
 * @self: a job
 *
 * Gets [property@MigrationJob:skip-checks].
 *
 * Returns: (nullable) (transfer none) (array zero-terminated=1): the ids of checks, or `NULL`
 * Since: 1.0
 */
const char *const *
vmmig_migration_job_get_skip_checks (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return (const char *const *)self->skip_checks;
}

/**
 * vmmig_migration_job_set_skip_checks:
 * @self: a job that was not started
 * @ids: (nullable) (array zero-terminated=1): the ids of checks, or `NULL`
 *
 * Sets [property@MigrationJob:skip-checks].
 *
 * Since: 1.0
 */
void
vmmig_migration_job_set_skip_checks (VmmigMigrationJob *self, const char *const *ids)
{
  char **copy;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  if (vmmig_migration_job_is_frozen (self))
    return;
  copy = g_strdupv ((char **)ids);
  g_strfreev (self->skip_checks);
  self->skip_checks = copy;
  g_object_notify (G_OBJECT (self), "skip-checks");
}
