/* vmmig-migration-job-accessors.c - what a job is told and what it shows, one by one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-migration-job-private.h"

gboolean
vmmig_migration_job_is_frozen (VmmigMigrationJob *self)
{
  if (self->runner == NULL)
    return FALSE;
  g_critical ("What a migration job is told cannot change once it has started");
  return TRUE;
}

/**
 * vmmig_migration_job_get_id:
 * @self: a job
 *
 * Gets [property@MigrationJob:id].
 *
 * Returns: (transfer none): the identifier, valid as long as the job
 * Since: 1.0
 */
const char *
vmmig_migration_job_get_id (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return self->id;
}

/**
 * vmmig_migration_job_get_vm:
 * @self: a job
 *
 * Gets [property@MigrationJob:vm].
 *
 * Returns: (nullable) (transfer none): the name or UUID, valid as long as the job
 * Since: 1.0
 */
const char *
vmmig_migration_job_get_vm (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return self->vm;
}

/**
 * vmmig_migration_job_get_source:
 * @self: a job
 *
 * Gets [property@MigrationJob:source].
 *
 * Returns: (nullable) (transfer none): the source
 * Since: 1.0
 */
VmmigNode *
vmmig_migration_job_get_source (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return self->source;
}

/**
 * vmmig_migration_job_get_destination:
 * @self: a job
 *
 * Gets [property@MigrationJob:destination].
 *
 * Returns: (nullable) (transfer none): the destination
 * Since: 1.0
 */
VmmigNode *
vmmig_migration_job_get_destination (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return self->destination;
}

/**
 * vmmig_migration_job_get_policy:
 * @self: a job
 *
 * Gets [property@MigrationJob:policy].
 *
 * Returns: (transfer none): the policy
 * Since: 1.0
 */
VmmigMigrationPolicy *
vmmig_migration_job_get_policy (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return self->policy;
}

/**
 * vmmig_migration_job_set_policy:
 * @self: a job that has not started
 * @policy: (nullable): how to migrate, or `NULL` for the defaults
 *
 * Sets [property@MigrationJob:policy].
 *
 * Since: 1.0
 */
void
vmmig_migration_job_set_policy (VmmigMigrationJob *self, VmmigMigrationPolicy *policy)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  g_return_if_fail (policy == NULL || VMMIG_IS_MIGRATION_POLICY (policy));
  if (vmmig_migration_job_is_frozen (self) || policy == self->policy)
    return;
  g_object_unref (self->policy);
  self->policy = policy != NULL ? g_object_ref (policy) : vmmig_migration_policy_new ();
  g_object_notify (G_OBJECT (self), "policy");
}

/**
 * vmmig_migration_job_get_copy_storage:
 * @self: a job
 *
 * Gets [property@MigrationJob:copy-storage].
 *
 * Returns: what happens to the disks
 * Since: 1.0
 */
VmmigCopyStorage
vmmig_migration_job_get_copy_storage (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), VMMIG_COPY_STORAGE_NONE);
  return self->copy_storage;
}

/**
 * vmmig_migration_job_set_copy_storage:
 * @self: a job that has not started
 * @copy_storage: what happens to the disks
 *
 * Sets [property@MigrationJob:copy-storage].
 *
 * Since: 1.0
 */
void
vmmig_migration_job_set_copy_storage (VmmigMigrationJob *self, VmmigCopyStorage copy_storage)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  if (vmmig_migration_job_is_frozen (self) || copy_storage == self->copy_storage)
    return;
  self->copy_storage = copy_storage;
  g_object_notify (G_OBJECT (self), "copy-storage");
}

/**
 * vmmig_migration_job_get_disks:
 * @self: a job
 *
 * Gets [property@MigrationJob:disks].
 *
 * Returns: (nullable) (transfer none) (array zero-terminated=1): the disks, valid until they change
 * Since: 1.0
 */
const char *const *
vmmig_migration_job_get_disks (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return (const char *const *)self->disks;
}

/**
 * vmmig_migration_job_set_disks:
 * @self: a job that has not started
 * @disks: (nullable) (array zero-terminated=1): targets such as `vda`, or `NULL` for all that can
 * be copied
 *
 * Sets [property@MigrationJob:disks].
 *
 * Since: 1.0
 */
void
vmmig_migration_job_set_disks (VmmigMigrationJob *self, const char *const *disks)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  if (vmmig_migration_job_is_frozen (self))
    return;
  g_strfreev (self->disks);
  self->disks = g_strdupv ((char **)disks);
  g_object_notify (G_OBJECT (self), "disks");
}

/**
 * vmmig_migration_job_get_destination_xml:
 * @self: a job
 *
 * Gets [property@MigrationJob:destination-xml].
 *
 * Returns: (nullable) (transfer none): the XML, valid until it changes
 * Since: 1.0
 */
const char *
vmmig_migration_job_get_destination_xml (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return self->destination_xml;
}

/**
 * vmmig_migration_job_set_destination_xml:
 * @self: a job that has not started
 * @xml: (nullable): the VM's XML on the destination, or `NULL` for the same as on the source
 *
 * Sets [property@MigrationJob:destination-xml].
 *
 * Since: 1.0
 */
void
vmmig_migration_job_set_destination_xml (VmmigMigrationJob *self, const char *xml)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  if (vmmig_migration_job_is_frozen (self) || g_strcmp0 (xml, self->destination_xml) == 0)
    return;
  g_free (self->destination_xml);
  self->destination_xml = g_strdup (xml);
  g_object_notify (G_OBJECT (self), "destination-xml");
}

/**
 * vmmig_migration_job_get_persistence:
 * @self: a job
 *
 * Gets [property@MigrationJob:persistence].
 *
 * Returns: where the definition is kept
 * Since: 1.0
 */
VmmigPersistence
vmmig_migration_job_get_persistence (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), VMMIG_PERSISTENCE_PRESERVE);
  return self->persistence;
}

/**
 * vmmig_migration_job_set_persistence:
 * @self: a job that has not started
 * @persistence: where the definition is kept
 *
 * Sets [property@MigrationJob:persistence].
 *
 * Since: 1.0
 */
void
vmmig_migration_job_set_persistence (VmmigMigrationJob *self, VmmigPersistence persistence)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  if (vmmig_migration_job_is_frozen (self) || persistence == self->persistence)
    return;
  self->persistence = persistence;
  g_object_notify (G_OBJECT (self), "persistence");
}

/**
 * vmmig_migration_job_get_state:
 * @self: a job
 *
 * Gets [property@MigrationJob:state].
 *
 * Returns: the state
 * Since: 1.0
 */
VmmigJobState
vmmig_migration_job_get_state (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), VMMIG_JOB_STATE_UNKNOWN);
  return self->state;
}

/**
 * vmmig_migration_job_get_snapshot:
 * @self: a job
 *
 * Gets [property@MigrationJob:snapshot].
 *
 * Returns: (nullable) (transfer none): the newest snapshot, valid until the next one; `NULL` before
 * the first
 * Since: 1.0
 */
VmmigMigrationProgress *
vmmig_migration_job_get_snapshot (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return self->snapshot;
}

/**
 * vmmig_migration_job_get_waiting:
 * @self: a job
 *
 * Gets [property@MigrationJob:waiting].
 *
 * Returns: (nullable) (transfer none): what the job waits for, valid until that changes; `NULL` if
 * it was not submitted to a scheduler, or has started
 * Since: 1.0
 */
VmmigWaiting *
vmmig_migration_job_get_waiting (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return self->waiting;
}

/**
 * vmmig_migration_job_get_result:
 * @self: a job
 *
 * Gets [property@MigrationJob:result].
 *
 * Returns: (nullable) (transfer none): the result, or `NULL` before the end
 * Since: 1.0
 */
VmmigMigrationResult *
vmmig_migration_job_get_result (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  return self->result;
}

/**
 * vmmig_migration_job_is_finished:
 * @self: a job
 *
 * Tells whether the job ended: then [property@MigrationJob:result] is set.
 *
 * Returns: whether the job ended
 * Since: 1.0
 */
gboolean
vmmig_migration_job_is_finished (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), FALSE);
  return self->finished;
}

/**
 * vmmig_migration_job_get_hook_timeout:
 * @self: a job
 *
 * Gets [property@MigrationJob:hook-timeout].
 *
 * Returns: seconds, or `VMMIG_TIMEOUT_NONE`
 * Since: 1.0
 */
guint
vmmig_migration_job_get_hook_timeout (VmmigMigrationJob *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), 0);
  return self->hook_timeout;
}

/**
 * vmmig_migration_job_set_hook_timeout:
 * @self: a job that was not started
 * @seconds: at least 1; or `VMMIG_TIMEOUT_NONE`
 *
 * Sets [property@MigrationJob:hook-timeout].
 *
 * Since: 1.0
 */
void
vmmig_migration_job_set_hook_timeout (VmmigMigrationJob *self, guint seconds)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  g_return_if_fail (seconds > 0);
  if (vmmig_migration_job_is_frozen (self) || self->hook_timeout == seconds)
    return;
  self->hook_timeout = seconds;
  g_object_notify (G_OBJECT (self), "hook-timeout");
}
