/* vmmig-migration-job.h - one VM, from one node to another, now
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
#include <vmmig/vmmig-migration-progress.h>
#include <vmmig/vmmig-migration-result.h>
#include <vmmig/vmmig-migration-status.h>
#include <vmmig/vmmig-node.h>
#include <vmmig/vmmig-preflight-report.h>
#include <vmmig/vmmig-version.h>
#include <vmmig/vmmig-waiting.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_MIGRATION_JOB (vmmig_migration_job_get_type ())
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigMigrationJob, vmmig_migration_job, VMMIG, MIGRATION_JOB, GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigMigrationJob *vmmig_migration_job_new (const char *vm,
                                            VmmigNode *source,
                                            VmmigNode *destination) G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_job_get_id (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_job_get_vm (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
VmmigNode *vmmig_migration_job_get_source (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
VmmigNode *vmmig_migration_job_get_destination (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationPolicy *vmmig_migration_job_get_policy (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_set_policy (VmmigMigrationJob *self, VmmigMigrationPolicy *policy);
VMMIG_AVAILABLE_IN_1_0
VmmigCopyStorage vmmig_migration_job_get_copy_storage (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_set_copy_storage (VmmigMigrationJob *self, VmmigCopyStorage copy_storage);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_migration_job_get_disks (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_set_disks (VmmigMigrationJob *self, const char *const *disks);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_job_get_destination_xml (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_set_destination_xml (VmmigMigrationJob *self, const char *xml);
VMMIG_AVAILABLE_IN_1_0
VmmigPersistence vmmig_migration_job_get_persistence (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_set_persistence (VmmigMigrationJob *self, VmmigPersistence persistence);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_job_get_hook_timeout (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_set_hook_timeout (VmmigMigrationJob *self, guint seconds);

VMMIG_AVAILABLE_IN_1_0
VmmigJobState vmmig_migration_job_get_state (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_job_is_finished (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationProgress *vmmig_migration_job_get_snapshot (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
VmmigWaiting *vmmig_migration_job_get_waiting (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationResult *vmmig_migration_job_get_result (VmmigMigrationJob *self);

VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_run_async (VmmigMigrationJob *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationResult *
vmmig_migration_job_run_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_attach_async (VmmigMigrationJob *self,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationResult *
vmmig_migration_job_attach_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_query_async (VmmigMigrationJob *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationStatus *
vmmig_migration_job_query_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error);

VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_preflight_async (VmmigMigrationJob *self,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightReport *
vmmig_migration_job_preflight_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_migration_job_get_skip_checks (VmmigMigrationJob *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_set_skip_checks (VmmigMigrationJob *self, const char *const *ids);

VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_cancel_async (VmmigMigrationJob *self,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
gboolean
vmmig_migration_job_cancel_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_switch_to_post_copy_async (VmmigMigrationJob *self,
                                                    GCancellable *cancellable,
                                                    GAsyncReadyCallback callback,
                                                    gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_job_switch_to_post_copy_finish (VmmigMigrationJob *self,
                                                         GAsyncResult *result,
                                                         GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_set_bandwidth_async (VmmigMigrationJob *self,
                                              guint64 bytes_per_second,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_job_set_bandwidth_finish (VmmigMigrationJob *self,
                                                   GAsyncResult *result,
                                                   GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_set_maximum_downtime_async (VmmigMigrationJob *self,
                                                     guint milliseconds,
                                                     GCancellable *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_job_set_maximum_downtime_finish (VmmigMigrationJob *self,
                                                          GAsyncResult *result,
                                                          GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_change_policy_async (VmmigMigrationJob *self,
                                              VmmigMigrationPolicy *policy,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_job_change_policy_finish (VmmigMigrationJob *self,
                                                   GAsyncResult *result,
                                                   GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_job_force_completion_async (VmmigMigrationJob *self,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_job_force_completion_finish (VmmigMigrationJob *self,
                                                      GAsyncResult *result,
                                                      GError **error);

G_END_DECLS
