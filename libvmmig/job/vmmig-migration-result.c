/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-migration-result.h>

#include "job/vmmig-values-private.h"
#include "values/vmmig-variant-private.h"

struct _VmmigMigrationResult
{
  int ref_count; /* atomic */
  VmmigResultValues values;
};

G_DEFINE_BOXED_TYPE (VmmigMigrationResult,
                     vmmig_migration_result,
                     vmmig_migration_result_ref,
                     vmmig_migration_result_unref)

/**
 * vmmig_migration_result_ref: (skip)
 * @self: a result
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same result
 *
 * Since: 1.0
 */
VmmigMigrationResult *
vmmig_migration_result_ref (VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_migration_result_unref: (skip)
 * @self: (transfer full): a result
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_migration_result_unref (VmmigMigrationResult *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->values.job_id);
  g_free (self->values.vm_name);
  g_free (self->values.vm_uuid);
  g_free (self->values.source);
  g_free (self->values.destination);
  g_free (self->values.reason);
  g_strfreev (self->values.warnings);
  g_ptr_array_unref (self->values.decisions);
  g_clear_pointer (&self->values.preflight_report, vmmig_preflight_report_unref);
  g_free (self);
}

VmmigMigrationResult *
vmmig_migration_result_new (VmmigResultValues *values)
{
  VmmigMigrationResult *self = g_new0 (VmmigMigrationResult, 1);

  self->ref_count = 1;
  self->values = *values;
  *values = (VmmigResultValues){.outcome = VMMIG_JOB_STATE_UNKNOWN};
  /* So that a caller's loop over the warnings needs no test. */
  if (self->values.warnings == NULL)
    self->values.warnings = g_new0 (char *, 1);
  if (self->values.decisions == NULL)
    self->values.decisions = g_ptr_array_new ();
  return self;
}

/**
 * vmmig_migration_result_get_outcome:
 * @self: a result
 *
 * Gets how the migration ended.
 *
 * Returns: one of the terminal states
 *
 * Since: 1.0
 */
VmmigJobState
vmmig_migration_result_get_outcome (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_JOB_STATE_UNKNOWN);

  return self->values.outcome;
}

/**
 * vmmig_migration_result_get_location:
 * @self: a result
 *
 * Gets where the VM was when the migration ended, by what both nodes said.
 *
 * Returns: where the VM is
 *
 * Since: 1.0
 */
VmmigVmLocation
vmmig_migration_result_get_location (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_VM_LOCATION_UNKNOWN);

  return self->values.location;
}

/**
 * vmmig_migration_result_get_job_id:
 * @self: a result
 *
 * Gets the identifier of the job, as in log messages and in the VM's metadata.
 *
 * `NULL` for a migration that something else than this library started.
 *
 * Returns: (nullable) (transfer none): the identifier; the string belongs to the result
 *
 * Since: 1.0
 */
const char *
vmmig_migration_result_get_job_id (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.job_id;
}

/**
 * vmmig_migration_result_get_vm_name:
 * @self: a result
 *
 * Gets the VM's name.
 *
 * Returns: (nullable) (transfer none): the name; the string belongs to the result
 *
 * Since: 1.0
 */
const char *
vmmig_migration_result_get_vm_name (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.vm_name;
}

/**
 * vmmig_migration_result_get_vm_uuid:
 * @self: a result
 *
 * Gets the VM's UUID.
 *
 * `NULL` if the migration failed before it was known.
 *
 * Returns: (nullable) (transfer none): the UUID; the string belongs to the result
 *
 * Since: 1.0
 */
const char *
vmmig_migration_result_get_vm_uuid (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.vm_uuid;
}

/**
 * vmmig_migration_result_get_source:
 * @self: a result
 *
 * Gets the node that the VM was to leave.
 *
 * Returns: (nullable) (transfer none): the name of the node; the string belongs to the result
 *
 * Since: 1.0
 */
const char *
vmmig_migration_result_get_source (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.source;
}

/**
 * vmmig_migration_result_get_destination:
 * @self: a result
 *
 * Gets the node that the VM was to go to.
 *
 * Returns: (nullable) (transfer none): the name of the node; the string belongs to the result
 *
 * Since: 1.0
 */
const char *
vmmig_migration_result_get_destination (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.destination;
}

/**
 * vmmig_migration_result_get_mode:
 * @self: a result
 *
 * Gets how memory was moved.
 *
 * Returns: the mode
 *
 * Since: 1.0
 */
VmmigMigrationMode
vmmig_migration_result_get_mode (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_MIGRATION_MODE_UNKNOWN);

  return self->values.mode;
}

/**
 * vmmig_migration_result_get_encryption:
 * @self: a result
 *
 * Gets whether memory and disks crossed the network encrypted.
 *
 * Returns: what happened
 *
 * Since: 1.0
 */
VmmigEncryptionStatus
vmmig_migration_result_get_encryption (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_ENCRYPTION_STATUS_UNKNOWN);

  return self->values.encryption;
}

/**
 * vmmig_migration_result_get_duration:
 * @self: a result
 *
 * Gets how long the job took, from its start to its end.
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
guint64
vmmig_migration_result_get_duration (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values.duration;
}

/**
 * vmmig_migration_result_get_downtime:
 * @self: a result
 * @milliseconds: (out) (optional): the downtime in milliseconds; 0 if it is not known
 *
 * Gets how long the VM stood still, as QEMU measured it.
 *
 * It is not known if the migration did not succeed, and for some that nobody watched to the end.
 *
 * Returns: `TRUE` if the downtime is known
 *
 * Since: 1.0
 */
gboolean
vmmig_migration_result_get_downtime (const VmmigMigrationResult *self, guint64 *milliseconds)
{
  if (milliseconds != NULL)
    *milliseconds = 0;
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->values.has_downtime && milliseconds != NULL)
    *milliseconds = self->values.downtime;
  return self->values.has_downtime;
}

/**
 * vmmig_migration_result_get_transferred:
 * @self: a result
 *
 * Gets how much memory and disk crossed the network.
 *
 * Returns: bytes
 *
 * Since: 1.0
 */
guint64
vmmig_migration_result_get_transferred (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values.transferred;
}

/**
 * vmmig_migration_result_get_total:
 * @self: a result
 *
 * Gets how much there was to move: the VM's memory, and the disks that were copied.
 *
 * Returns: bytes; 0 if it was not known
 *
 * Since: 1.0
 */
guint64
vmmig_migration_result_get_total (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values.total;
}

/**
 * vmmig_migration_result_get_iterations:
 * @self: a result
 *
 * Gets how many passes over the VM's memory were made.
 *
 * Returns: the number; 0 if memory was not copied
 *
 * Since: 1.0
 */
guint
vmmig_migration_result_get_iterations (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values.iterations;
}

/**
 * vmmig_migration_result_get_reason:
 * @self: a result
 *
 * Gets why the migration ended as it did, for people.
 *
 * `NULL` after a plain success.
 *
 * Returns: (nullable) (transfer none): one sentence without a full stop; the string belongs to the
 * result
 *
 * Since: 1.0
 */
const char *
vmmig_migration_result_get_reason (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.reason;
}

/**
 * vmmig_migration_result_get_warnings:
 * @self: a result
 *
 * Gets what the owner of the VM should know although it did not make the migration fail.
 *
 * Returns: (transfer none) (array zero-terminated=1): sentences; empty if there are none; they
 * belong to the result
 *
 * Since: 1.0
 */
const char *const *
vmmig_migration_result_get_warnings (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *)self->values.warnings;
}

/**
 * vmmig_migration_result_get_preflight_report:
 * @self: a result
 *
 * Gets what was found before the migration began, also what did not keep it from beginning.
 *
 * Returns: (nullable) (transfer none): the report, which belongs to the result; `NULL` if nothing
 *   was asked of the nodes, or somebody else's migration was followed
 *
 * Since: 1.0
 */
VmmigPreflightReport *
vmmig_migration_result_get_preflight_report (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.preflight_report;
}

/**
 * vmmig_migration_result_get_decisions:
 * @self: a result
 *
 * Gets what was decided while the migration ran, in its order.
 *
 * Returns: (transfer none) (element-type VmmigMigrationDecision): the decisions, maybe none; the
 * array belongs to the result
 *
 * Since: 1.0
 */
GPtrArray *
vmmig_migration_result_get_decisions (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.decisions;
}

/**
 * vmmig_migration_result_get_failed_phase:
 * @self: a result
 *
 * Gets where the migration was when it failed or was cancelled.
 *
 * Returns: a state that is not terminal; the outcome if the migration succeeded
 *
 * Since: 1.0
 */
VmmigJobState
vmmig_migration_result_get_failed_phase (const VmmigMigrationResult *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_JOB_STATE_UNKNOWN);

  return self->values.failed_phase;
}

static void
insert_decisions (GVariantDict *dict, GPtrArray *decisions)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < decisions->len; i++)
    g_variant_builder_add_value (
        &builder, vmmig_migration_decision_to_variant (g_ptr_array_index (decisions, i)));
  g_variant_dict_insert_value (dict, "decisions", g_variant_builder_end (&builder));
}

/**
 * vmmig_migration_result_to_variant:
 * @self: a result
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `outcome`, `location`, `mode`, `encryption`,
 * `failed-phase` (s, names of the enumerations' values as in `succeeded` or `post-copy`), `job-id`,
 * `vm-name`, `vm-uuid`, `source`, `destination`, `reason` (s), `warnings` (as),
 * `decisions` (aa{sv}, see [method@MigrationDecision.to_variant]), `preflight-report` (a{sv}, see
 * [method@PreflightReport.to_variant]), `duration`,
 * `downtime` (t, milliseconds), `transferred`, `total` (t, bytes), `iterations` (u). What is not
 * known is not there; `encryption`, `location` and `warnings` always are. Keys may be added in
 * later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_migration_result_to_variant (const VmmigMigrationResult *self)
{
  const VmmigResultValues *values;
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  values = &self->values;
  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_enum (&dict, "outcome", VMMIG_TYPE_JOB_STATE, (int)values->outcome);
  vmmig_variant_insert_enum (&dict, "location", VMMIG_TYPE_VM_LOCATION, (int)values->location);
  if (values->mode != VMMIG_MIGRATION_MODE_UNKNOWN)
    vmmig_variant_insert_enum (&dict, "mode", VMMIG_TYPE_MIGRATION_MODE, (int)values->mode);
  vmmig_variant_insert_enum (&dict, "encryption", VMMIG_TYPE_ENCRYPTION_STATUS,
                             (int)values->encryption);
  if (values->failed_phase != values->outcome)
    vmmig_variant_insert_enum (&dict, "failed-phase", VMMIG_TYPE_JOB_STATE,
                               (int)values->failed_phase);
  vmmig_variant_insert_string (&dict, "job-id", values->job_id);
  vmmig_variant_insert_string (&dict, "vm-name", values->vm_name);
  vmmig_variant_insert_string (&dict, "vm-uuid", values->vm_uuid);
  vmmig_variant_insert_string (&dict, "source", values->source);
  vmmig_variant_insert_string (&dict, "destination", values->destination);
  vmmig_variant_insert_string (&dict, "reason", values->reason);
  vmmig_variant_insert_strings (&dict, "warnings", values->warnings);
  insert_decisions (&dict, values->decisions);
  if (values->preflight_report != NULL)
    g_variant_dict_insert_value (&dict, "preflight-report",
                                 vmmig_preflight_report_to_variant (values->preflight_report));
  g_variant_dict_insert (&dict, "duration", "t", values->duration);
  if (values->has_downtime)
    g_variant_dict_insert (&dict, "downtime", "t", values->downtime);
  g_variant_dict_insert (&dict, "transferred", "t", values->transferred);
  if (values->total > 0)
    g_variant_dict_insert (&dict, "total", "t", values->total);
  if (values->iterations > 0)
    g_variant_dict_insert (&dict, "iterations", "u", values->iterations);
  return g_variant_dict_end (&dict);
}
