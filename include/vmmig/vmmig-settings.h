/* vmmig-settings.h - a cluster's settings: limits, time-outs, defaults
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-migration-policy.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

/**
 * VMMIG_SETTINGS_FILE:
 *
 * The file that a machine's settings are kept in.
 *
 * Since: 1.0
 */
#define VMMIG_SETTINGS_FILE "/etc/vmmig/settings.conf"

/**
 * VMMIG_MIGRATIONS_UNLIMITED:
 *
 * A number of parallel migrations without a limit.
 *
 * Since: 1.0
 */
#define VMMIG_MIGRATIONS_UNLIMITED ((guint)4294967295u)

#define VMMIG_TYPE_SETTINGS (vmmig_settings_get_type ())
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigSettings, vmmig_settings, VMMIG, SETTINGS, GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigSettings *vmmig_settings_new (void) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_settings_load (VmmigSettings *self, const char *file_name, GError **error);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_settings_save (VmmigSettings *self, const char *file_name, GError **error);
VMMIG_AVAILABLE_IN_1_0
char **vmmig_settings_import_file (VmmigSettings *self, const char *file_name, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_settings_list_names (void);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_settings_is_set (VmmigSettings *self, const char *name);
VMMIG_AVAILABLE_IN_1_0
char *vmmig_settings_get_text (VmmigSettings *self, const char *name) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_settings_get_origin (VmmigSettings *self, const char *name);
VMMIG_AVAILABLE_IN_1_0
gboolean
vmmig_settings_set_text (VmmigSettings *self, const char *name, const char *text, GError **error);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_settings_unset (VmmigSettings *self, const char *name, GError **error);

VMMIG_AVAILABLE_IN_1_0
guint vmmig_settings_get_parallel_migrations_per_cluster (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_settings_get_parallel_outbound_migrations_per_node (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_settings_get_parallel_inbound_migrations_per_node (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_settings_get_bandwidth_per_migration (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_settings_get_completion_timeout_per_gib (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_settings_get_progress_timeout (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_settings_get_maximum_downtime (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_settings_get_network (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
VmmigEvictionStrategy vmmig_settings_get_eviction_strategy (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_settings_get_allow_post_copy (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_settings_get_allow_workload_disruption (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_settings_get_auto_converge (VmmigSettings *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_settings_get_profile (VmmigSettings *self);

G_END_DECLS
