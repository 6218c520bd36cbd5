/* vmmig-test-migration.h - proves a path by a VM that is made for it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <gio/gio.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-migration-policy.h>
#include <vmmig/vmmig-node.h>
#include <vmmig/vmmig-preflight-report.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_TEST_MIGRATION (vmmig_test_migration_get_type ())
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigTestMigration, vmmig_test_migration, VMMIG, TEST_MIGRATION, GObject)

/**
 * VMMIG_TEST_MIGRATION_MAXIMUM_MEASURE:
 *
 * How long a bandwidth can be measured at most, in seconds: the link is busy for as long.
 *
 * Since: 1.0
 */
#define VMMIG_TEST_MIGRATION_MAXIMUM_MEASURE 30u

VMMIG_AVAILABLE_IN_1_0
VmmigTestMigration *vmmig_test_migration_new (VmmigNode *source, VmmigNode *destination)
    G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
VmmigNode *vmmig_test_migration_get_source (VmmigTestMigration *self);
VMMIG_AVAILABLE_IN_1_0
VmmigNode *vmmig_test_migration_get_destination (VmmigTestMigration *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationPolicy *vmmig_test_migration_get_policy (VmmigTestMigration *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_test_migration_set_policy (VmmigTestMigration *self, VmmigMigrationPolicy *policy);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_test_migration_get_vm (VmmigTestMigration *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_test_migration_set_vm (VmmigTestMigration *self, const char *vm);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_test_migration_get_measure_seconds (VmmigTestMigration *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_test_migration_set_measure_seconds (VmmigTestMigration *self, guint seconds);

VMMIG_AVAILABLE_IN_1_0
void vmmig_test_migration_run_async (VmmigTestMigration *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightReport *
vmmig_test_migration_run_finish (VmmigTestMigration *self, GAsyncResult *result, GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_test_migration_clean_up_async (VmmigTestMigration *self,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightReport *vmmig_test_migration_clean_up_finish (VmmigTestMigration *self,
                                                            GAsyncResult *result,
                                                            GError **error);

VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_test_migration_get_duration (VmmigTestMigration *self, guint64 *milliseconds);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_test_migration_get_downtime (VmmigTestMigration *self, guint64 *milliseconds);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_test_migration_get_bandwidth (VmmigTestMigration *self, guint64 *bytes_per_second);
VMMIG_AVAILABLE_IN_1_0
VmmigEncryptionStatus vmmig_test_migration_get_encryption (VmmigTestMigration *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationMode vmmig_test_migration_get_mode (VmmigTestMigration *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_test_migration_to_variant (VmmigTestMigration *self);

G_END_DECLS
