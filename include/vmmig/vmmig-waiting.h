/* vmmig-waiting.h - what a job that was submitted waits for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_WAITING (vmmig_waiting_get_type ())

/**
 * VmmigWaiting:
 *
 * What a job that was submitted to a [class@Scheduler] waits for. Immutable.
 *
 * Since: 1.0
 */
typedef struct _VmmigWaiting VmmigWaiting;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_waiting_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigWaiting *vmmig_waiting_ref (VmmigWaiting *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_waiting_unref (VmmigWaiting *self);

VMMIG_AVAILABLE_IN_1_0
guint vmmig_waiting_get_position (const VmmigWaiting *self);
VMMIG_AVAILABLE_IN_1_0
gint64 vmmig_waiting_get_since (const VmmigWaiting *self);
VMMIG_AVAILABLE_IN_1_0
gint64 vmmig_waiting_get_expected (const VmmigWaiting *self);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_waiting_get_reasons (const VmmigWaiting *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_waiting_to_variant (const VmmigWaiting *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigWaiting, vmmig_waiting_unref)

G_END_DECLS
