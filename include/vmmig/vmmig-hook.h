/* vmmig-hook.h - a moment of a migration at which its owner may do something
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-error.h>
#include <vmmig/vmmig-migration-job.h>
#include <vmmig/vmmig-migration-result.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_HOOK (vmmig_hook_get_type ())
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigHook, vmmig_hook, VMMIG, HOOK, GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigHookPhase vmmig_hook_get_phase (VmmigHook *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationJob *vmmig_hook_get_job (VmmigHook *self);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationResult *vmmig_hook_get_result (VmmigHook *self);

VMMIG_AVAILABLE_IN_1_0
void vmmig_hook_hold (VmmigHook *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_hook_release (VmmigHook *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_hook_fail (VmmigHook *self, VmmigError code, const char *reason);

G_END_DECLS
