/* vmmig-vm-model.h - a VM that does not exist, to try a policy on
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-migration-policy.h>
#include <vmmig/vmmig-replay.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_VM_MODEL (vmmig_vm_model_get_type ())

/**
 * VmmigVmModel:
 *
 * A VM that does not exist, to try a policy on.
 *
 * Its migration is arithmetic: passes as QEMU 7.2 makes them over a working set that is written
 * evenly. The same model with the same policy always does the same.
 *
 * Since: 1.0
 */
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigVmModel, vmmig_vm_model, VMMIG, VM_MODEL, GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigVmModel *vmmig_vm_model_new (guint64 memory, guint64 bandwidth) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
VmmigReplay *vmmig_vm_model_replay (VmmigVmModel *self,
                                    VmmigReplayStrategy strategy,
                                    VmmigMigrationPolicy *policy,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
