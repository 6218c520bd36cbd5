/* vmmig-migration-progress.h - one immutable snapshot of a running migration
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-forecast.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_MIGRATION_PROGRESS (vmmig_migration_progress_get_type ())

/**
 * VmmigMigrationProgress:
 *
 * One immutable snapshot of a running migration.
 *
 * Since: 1.0
 */
typedef struct _VmmigMigrationProgress VmmigMigrationProgress;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_migration_progress_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationProgress *vmmig_migration_progress_ref (VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_progress_unref (VmmigMigrationProgress *self);

VMMIG_AVAILABLE_IN_1_0
VmmigJobState vmmig_migration_progress_get_phase (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
double vmmig_migration_progress_get_fraction (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_progress_get_iteration (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_processed (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_remaining (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_total (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_disk_processed (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_disk_remaining (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_disk_total (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_transfer_rate (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_dirty_rate (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_progress_get_throttle (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_expected_downtime (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_postcopy_requests (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_progress_get_elapsed (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
gint64 vmmig_migration_progress_get_monotonic_time (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
VmmigForecast *vmmig_migration_progress_get_forecast (const VmmigMigrationProgress *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_migration_progress_to_variant (const VmmigMigrationProgress *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigMigrationProgress, vmmig_migration_progress_unref)

G_END_DECLS
