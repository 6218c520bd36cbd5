/* vmmig-policy-resolution.h - which policy a VM's labels select, and why
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-migration-policy.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_POLICY_RESOLUTION (vmmig_policy_resolution_get_type ())

/**
 * VmmigPolicyResolution:
 *
 * Which policy of a [class@PolicySet] a VM's labels select, what comes of it, and why. Immutable.
 *
 * Since: 1.0
 */
typedef struct _VmmigPolicyResolution VmmigPolicyResolution;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_policy_resolution_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigPolicyResolution *vmmig_policy_resolution_ref (VmmigPolicyResolution *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_policy_resolution_unref (VmmigPolicyResolution *self);

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_policy_resolution_get_name (const VmmigPolicyResolution *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationPolicy *vmmig_policy_resolution_get_policy (const VmmigPolicyResolution *self)
    G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_policy_resolution_get_origin (const VmmigPolicyResolution *self,
                                                const char *field);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_policy_resolution_get_warnings (const VmmigPolicyResolution *self);
VMMIG_AVAILABLE_IN_1_0
char *vmmig_policy_resolution_explain (const VmmigPolicyResolution *self) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_policy_resolution_to_variant (const VmmigPolicyResolution *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPolicyResolution, vmmig_policy_resolution_unref)

G_END_DECLS
