/* vmmig-migration-status.h - what two nodes say of one VM, now
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-migration-progress.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_MIGRATION_STATUS (vmmig_migration_status_get_type ())

/**
 * VmmigMigrationStatus:
 *
 * What the nodes say of one VM at one moment: an immutable value.
 *
 * Since: 1.0
 */
typedef struct _VmmigMigrationStatus VmmigMigrationStatus;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_migration_status_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationStatus *vmmig_migration_status_ref (VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_status_unref (VmmigMigrationStatus *self);

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_status_get_vm_name (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_status_get_vm_uuid (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
VmmigVmLocation vmmig_migration_status_get_location (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_status_get_migrating (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_status_get_source_state (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_status_get_destination_state (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_status_get_job_id (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_status_get_peer_uri (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
VmmigEncryptionStatus vmmig_migration_status_get_encryption (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationProgress *vmmig_migration_status_get_progress (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_status_get_advice (const VmmigMigrationStatus *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_migration_status_to_variant (const VmmigMigrationStatus *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigMigrationStatus, vmmig_migration_status_unref)

G_END_DECLS
