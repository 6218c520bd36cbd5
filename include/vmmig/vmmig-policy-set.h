/* vmmig-policy-set.h - policies that VMs' labels select
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
#include <vmmig/vmmig-policy-resolution.h>
#include <vmmig/vmmig-settings.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

/**
 * VMMIG_POLICY_DIRECTORY:
 *
 * The directory that a machine's policies are kept in.
 *
 * Since: 1.0
 */
#define VMMIG_POLICY_DIRECTORY "/etc/vmmig/policy.d"

/**
 * VMMIG_LABEL_CRITICAL:
 *
 * The label of a VM that must never enter post-copy, whatever its policy says: its value is `true`.
 *
 * Since: 1.0
 */
#define VMMIG_LABEL_CRITICAL "vmmig.org/critical"

#define VMMIG_TYPE_POLICY_SET (vmmig_policy_set_get_type ())
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigPolicySet, vmmig_policy_set, VMMIG, POLICY_SET, GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigPolicySet *vmmig_policy_set_new (void) G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
VmmigPolicyPrecedence vmmig_policy_set_get_precedence (VmmigPolicySet *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_policy_set_set_precedence (VmmigPolicySet *self, VmmigPolicyPrecedence precedence);
VMMIG_AVAILABLE_IN_1_0
VmmigSettings *vmmig_policy_set_get_settings (VmmigPolicySet *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_policy_set_set_settings (VmmigPolicySet *self, VmmigSettings *settings);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_policy_set_get_profile (VmmigPolicySet *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_policy_set_use_profile (VmmigPolicySet *self, const char *profile, GError **error);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_policy_set_list_profiles (void);

VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_policy_set_add (VmmigPolicySet *self,
                               const char *name,
                               GHashTable *vm_selector,
                               GHashTable *group_selector,
                               VmmigMigrationPolicy *policy,
                               GError **error);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_policy_set_remove (VmmigPolicySet *self, const char *name);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_policy_set_load_data (VmmigPolicySet *self,
                                     GBytes *data,
                                     const char *file_name,
                                     GError **error);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_policy_set_load_file (VmmigPolicySet *self, const char *file_name, GError **error);
VMMIG_AVAILABLE_IN_1_0
gboolean
vmmig_policy_set_load_directory (VmmigPolicySet *self, const char *directory, GError **error);

VMMIG_AVAILABLE_IN_1_0
char **vmmig_policy_set_list_names (VmmigPolicySet *self) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
char **vmmig_policy_set_list_notices (VmmigPolicySet *self) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationPolicy *vmmig_policy_set_get_policy (VmmigPolicySet *self, const char *name)
    G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
char *vmmig_policy_set_get_origin (VmmigPolicySet *self, const char *name)
    G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
char *vmmig_policy_set_get_vm_selector (VmmigPolicySet *self, const char *name)
    G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
char *vmmig_policy_set_get_group_selector (VmmigPolicySet *self, const char *name)
    G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
VmmigPolicyResolution *vmmig_policy_set_resolve (VmmigPolicySet *self,
                                                 GHashTable *vm_labels,
                                                 GHashTable *group_labels,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
