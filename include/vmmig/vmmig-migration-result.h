/* vmmig-migration-result.h - what became of a migration
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-migration-decision.h>
#include <vmmig/vmmig-preflight-report.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_MIGRATION_RESULT (vmmig_migration_result_get_type ())

/**
 * VmmigMigrationResult:
 *
 * What became of a migration: an immutable value.
 *
 * Since: 1.0
 */
typedef struct _VmmigMigrationResult VmmigMigrationResult;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_migration_result_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationResult *vmmig_migration_result_ref (VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_result_unref (VmmigMigrationResult *self);

VMMIG_AVAILABLE_IN_1_0
VmmigJobState vmmig_migration_result_get_outcome (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
VmmigVmLocation vmmig_migration_result_get_location (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_result_get_job_id (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_result_get_vm_name (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_result_get_vm_uuid (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_result_get_source (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_result_get_destination (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationMode vmmig_migration_result_get_mode (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
VmmigEncryptionStatus vmmig_migration_result_get_encryption (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_result_get_duration (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_result_get_downtime (const VmmigMigrationResult *self,
                                              guint64 *milliseconds);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_result_get_transferred (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_result_get_total (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_result_get_iterations (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_result_get_reason (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_migration_result_get_warnings (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightReport *
vmmig_migration_result_get_preflight_report (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_migration_result_get_decisions (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
VmmigJobState vmmig_migration_result_get_failed_phase (const VmmigMigrationResult *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_migration_result_to_variant (const VmmigMigrationResult *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigMigrationResult, vmmig_migration_result_unref)

G_END_DECLS
