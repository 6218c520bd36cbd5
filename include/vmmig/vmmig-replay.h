/* vmmig-replay.h - what a strategy decided about a migration that was recorded or imagined
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-migration-decision.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_REPLAY (vmmig_replay_get_type ())

/**
 * VmmigReplay:
 *
 * What a strategy decided about a migration that was recorded ([method@Trace.replay]) or imagined
 * ([method@VmModel.replay]), and how that ends. Immutable.
 *
 * Since: 1.0
 */
typedef struct _VmmigReplay VmmigReplay;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_replay_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigReplay *vmmig_replay_ref (VmmigReplay *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_replay_unref (VmmigReplay *self);

VMMIG_AVAILABLE_IN_1_0
VmmigReplayStrategy vmmig_replay_get_strategy (const VmmigReplay *self);
VMMIG_AVAILABLE_IN_1_0
VmmigReplayEnd vmmig_replay_get_end (const VmmigReplay *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_replay_get_text (const VmmigReplay *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_replay_get_elapsed (const VmmigReplay *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_replay_get_downtime (const VmmigReplay *self, guint64 *milliseconds);
VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_replay_get_decisions (const VmmigReplay *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_replay_to_variant (const VmmigReplay *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigReplay, vmmig_replay_unref)

G_END_DECLS
