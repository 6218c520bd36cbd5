/* vmmig-migration-policy.h - how a VM is migrated
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

/**
 * VMMIG_BANDWIDTH_UNLIMITED:
 *
 * A bandwidth without a limit.
 *
 * Since: 1.0
 */
#define VMMIG_BANDWIDTH_UNLIMITED ((guint64)18446744073709551615u)

/**
 * VMMIG_TIMEOUT_NONE:
 *
 * A time-out that never comes.
 *
 * Since: 1.0
 */
#define VMMIG_TIMEOUT_NONE ((guint)4294967295u)

/**
 * VMMIG_PRIORITY_MAINTENANCE:
 *
 * The priority of what can wait: KubeVirt's system-maintenance.
 *
 * Since: 1.0
 */
#define VMMIG_PRIORITY_MAINTENANCE 20u

/**
 * VMMIG_PRIORITY_USER:
 *
 * The priority of what a person asked for: KubeVirt's user-triggered.
 *
 * Since: 1.0
 */
#define VMMIG_PRIORITY_USER 50u

/**
 * VMMIG_PRIORITY_SYSTEM_CRITICAL:
 *
 * The highest priority: KubeVirt's system-critical, of hosts that are emptied.
 *
 * Since: 1.0
 */
#define VMMIG_PRIORITY_SYSTEM_CRITICAL 100u

#define VMMIG_TYPE_MIGRATION_POLICY (vmmig_migration_policy_get_type ())
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigMigrationPolicy,
                      vmmig_migration_policy,
                      VMMIG,
                      MIGRATION_POLICY,
                      GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigMigrationPolicy *vmmig_migration_policy_new (void) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationPolicy *vmmig_migration_policy_copy (VmmigMigrationPolicy *self)
    G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_policy_is_set (VmmigMigrationPolicy *self, const char *field);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_unset (VmmigMigrationPolicy *self, const char *field);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_policy_check (VmmigMigrationPolicy *self, GError **error);

VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_migration_policy_list_fields (void);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_policy_set_text (VmmigMigrationPolicy *self,
                                          const char *field,
                                          const char *text,
                                          GError **error);
VMMIG_AVAILABLE_IN_1_0
char *vmmig_migration_policy_get_text (VmmigMigrationPolicy *self, const char *field)
    G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
VmmigEncryption vmmig_migration_policy_get_encryption (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_encryption (VmmigMigrationPolicy *self, VmmigEncryption encryption);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_policy_get_bandwidth (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_bandwidth (VmmigMigrationPolicy *self, guint64 bytes_per_second);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_maximum_downtime (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_maximum_downtime (VmmigMigrationPolicy *self, guint milliseconds);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_policy_get_auto_converge (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_auto_converge (VmmigMigrationPolicy *self, gboolean auto_converge);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_policy_get_allow_post_copy (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_allow_post_copy (VmmigMigrationPolicy *self,
                                                 gboolean allow_post_copy);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_parallel_connections (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_parallel_connections (VmmigMigrationPolicy *self,
                                                      guint connections);
VMMIG_AVAILABLE_IN_1_0
VmmigCompression vmmig_migration_policy_get_compression (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_compression (VmmigMigrationPolicy *self,
                                             VmmigCompression compression);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_auto_converge_initial (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_auto_converge_initial (VmmigMigrationPolicy *self, guint percent);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_auto_converge_increment (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_auto_converge_increment (VmmigMigrationPolicy *self, guint percent);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_completion_timeout_per_gib (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_completion_timeout_per_gib (VmmigMigrationPolicy *self,
                                                            guint seconds);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_progress_timeout (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_progress_timeout (VmmigMigrationPolicy *self, guint seconds);
VMMIG_AVAILABLE_IN_1_0
VmmigConvergenceStrategy
vmmig_migration_policy_get_convergence_strategy (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_convergence_strategy (VmmigMigrationPolicy *self,
                                                      VmmigConvergenceStrategy strategy);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_policy_get_allow_workload_disruption (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_allow_workload_disruption (VmmigMigrationPolicy *self,
                                                           gboolean allow_workload_disruption);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_migration_policy_get_early_switch (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_early_switch (VmmigMigrationPolicy *self, gboolean early_switch);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_priority (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_priority (VmmigMigrationPolicy *self, guint priority);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_attempts (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_attempts (VmmigMigrationPolicy *self, guint attempts);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_back_off (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_back_off (VmmigMigrationPolicy *self, guint seconds);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_policy_get_retry_delay (VmmigMigrationPolicy *self,
                                              guint failed,
                                              const GError *error);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_policy_get_network (VmmigMigrationPolicy *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_policy_set_network (VmmigMigrationPolicy *self, const char *network);

G_END_DECLS
