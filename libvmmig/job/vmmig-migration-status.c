/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-migration-status.h>

#include "job/vmmig-values-private.h"
#include "values/vmmig-variant-private.h"

struct _VmmigMigrationStatus
{
  int ref_count; /* atomic */
  VmmigStatusValues values;
};

G_DEFINE_BOXED_TYPE (VmmigMigrationStatus,
                     vmmig_migration_status,
                     vmmig_migration_status_ref,
                     vmmig_migration_status_unref)

/**
 * vmmig_migration_status_ref: (skip)
 * @self: a status
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same status
 *
 * Since: 1.0
 */
VmmigMigrationStatus *
vmmig_migration_status_ref (VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_migration_status_unref: (skip)
 * @self: (transfer full): a status
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_migration_status_unref (VmmigMigrationStatus *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->values.vm_name);
  g_free (self->values.vm_uuid);
  g_free (self->values.source_state);
  g_free (self->values.destination_state);
  g_free (self->values.job_id);
  g_free (self->values.peer_uri);
  g_free (self->values.advice);
  g_clear_pointer (&self->values.progress, vmmig_migration_progress_unref);
  g_free (self);
}

VmmigMigrationStatus *
vmmig_migration_status_new (VmmigStatusValues *values)
{
  VmmigMigrationStatus *self = g_new0 (VmmigMigrationStatus, 1);

  self->ref_count = 1;
  self->values = *values;
  *values = (VmmigStatusValues){.location = VMMIG_VM_LOCATION_UNKNOWN};
  return self;
}

/**
 * vmmig_migration_status_get_vm_name:
 * @self: a status
 *
 * Gets the VM's name.
 *
 * Returns: (nullable) (transfer none): the name; the string belongs to the status
 *
 * Since: 1.0
 */
const char *
vmmig_migration_status_get_vm_name (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.vm_name;
}

/**
 * vmmig_migration_status_get_vm_uuid:
 * @self: a status
 *
 * Gets the VM's UUID.
 *
 * `NULL` if no node that answered has the VM.
 *
 * Returns: (nullable) (transfer none): the UUID; the string belongs to the status
 *
 * Since: 1.0
 */
const char *
vmmig_migration_status_get_vm_uuid (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.vm_uuid;
}

/**
 * vmmig_migration_status_get_location:
 * @self: a status
 *
 * Gets where the VM is, by what the nodes say.
 *
 * Returns: where the VM is
 *
 * Since: 1.0
 */
VmmigVmLocation
vmmig_migration_status_get_location (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_VM_LOCATION_UNKNOWN);

  return self->values.location;
}

/**
 * vmmig_migration_status_get_migrating:
 * @self: a status
 *
 * Gets whether a migration of the VM is under way, whoever started it.
 *
 * Returns: `TRUE` if it is being migrated
 *
 * Since: 1.0
 */
gboolean
vmmig_migration_status_get_migrating (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->values.migrating;
}

/**
 * vmmig_migration_status_get_source_state:
 * @self: a status
 *
 * Gets what the source says of the VM, for people.
 *
 * Returns: (nullable) (transfer none): words like `running` or `not there`; the string belongs to
 * the status
 *
 * Since: 1.0
 */
const char *
vmmig_migration_status_get_source_state (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.source_state;
}

/**
 * vmmig_migration_status_get_destination_state:
 * @self: a status
 *
 * Gets what the destination says of the VM, for people.
 *
 * `NULL` if it was not asked.
 *
 * Returns: (nullable) (transfer none): words like `paused (migrating)`; the string belongs to the
 * status
 *
 * Since: 1.0
 */
const char *
vmmig_migration_status_get_destination_state (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.destination_state;
}

/**
 * vmmig_migration_status_get_job_id:
 * @self: a status
 *
 * Gets the identifier of the job that migrates the VM, from the VM's metadata.
 *
 * If the VM is not being migrated, it is that of a job whose program was killed before it could take its
 * mark away; the VM's next migration does that.
 *
 * `NULL` if something else than this library migrates it, or nobody.
 *
 * Returns: (nullable) (transfer none): the identifier; the string belongs to the status
 *
 * Since: 1.0
 */
const char *
vmmig_migration_status_get_job_id (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.job_id;
}

/**
 * vmmig_migration_status_get_peer_uri:
 * @self: a status
 *
 * Gets how the source's daemon reaches the destination's, from the VM's metadata.
 *
 * Returns: (nullable) (transfer none): a libvirt URI; the string belongs to the status
 *
 * Since: 1.0
 */
const char *
vmmig_migration_status_get_peer_uri (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.peer_uri;
}

/**
 * vmmig_migration_status_get_encryption:
 * @self: a status
 *
 * Gets whether the migration is encrypted.
 *
 * Returns: what is known
 *
 * Since: 1.0
 */
VmmigEncryptionStatus
vmmig_migration_status_get_encryption (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_ENCRYPTION_STATUS_UNKNOWN);

  return self->values.encryption;
}

/**
 * vmmig_migration_status_get_progress:
 * @self: a status
 *
 * Gets how far the migration is.
 *
 * `NULL` if none is under way, or if the source did not tell.
 *
 * Returns: (nullable) (transfer none): a snapshot that belongs to the status
 *
 * Since: 1.0
 */
VmmigMigrationProgress *
vmmig_migration_status_get_progress (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.progress;
}

/**
 * vmmig_migration_status_get_advice:
 * @self: a status
 *
 * Gets what an operator should do.
 *
 * `NULL` if nothing is to be done.
 *
 * Returns: (nullable) (transfer none): one sentence without a full stop; the string belongs to the
 * status
 *
 * Since: 1.0
 */
const char *
vmmig_migration_status_get_advice (const VmmigMigrationStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->values.advice;
}

/**
 * vmmig_migration_status_to_variant:
 * @self: a status
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `location`, `encryption` (s, names of the
 * enumerations' values as in `source` or `encrypted`), `migrating` (b), `vm-name`, `vm-uuid`,
 * `source-state`, `destination-state`, `job-id`, `peer-uri`, `advice` (s), `progress` (a{sv}, as of
 * [method@MigrationProgress.to_variant]). What is not known is not there; `location`, `encryption`
 * and `migrating` always are. Keys may be added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_migration_status_to_variant (const VmmigMigrationStatus *self)
{
  const VmmigStatusValues *values;
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  values = &self->values;
  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_enum (&dict, "location", VMMIG_TYPE_VM_LOCATION, (int)values->location);
  vmmig_variant_insert_enum (&dict, "encryption", VMMIG_TYPE_ENCRYPTION_STATUS,
                             (int)values->encryption);
  g_variant_dict_insert (&dict, "migrating", "b", values->migrating);
  vmmig_variant_insert_string (&dict, "vm-name", values->vm_name);
  vmmig_variant_insert_string (&dict, "vm-uuid", values->vm_uuid);
  vmmig_variant_insert_string (&dict, "source-state", values->source_state);
  vmmig_variant_insert_string (&dict, "destination-state", values->destination_state);
  vmmig_variant_insert_string (&dict, "job-id", values->job_id);
  vmmig_variant_insert_string (&dict, "peer-uri", values->peer_uri);
  vmmig_variant_insert_string (&dict, "advice", values->advice);
  if (values->progress != NULL)
    g_variant_dict_insert_value (&dict, "progress",
                                 vmmig_migration_progress_to_variant (values->progress));
  return g_variant_dict_end (&dict);
}
