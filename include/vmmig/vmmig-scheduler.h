/* vmmig-scheduler.h - many migrations, on many nodes, within their limits
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <gio/gio.h>

#include <vmmig/vmmig-migration-job.h>
#include <vmmig/vmmig-node.h>
#include <vmmig/vmmig-settings.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_SCHEDULER (vmmig_scheduler_get_type ())
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigScheduler, vmmig_scheduler, VMMIG, SCHEDULER, GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigScheduler *vmmig_scheduler_new (void) G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
VmmigSettings *vmmig_scheduler_get_settings (VmmigScheduler *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_scheduler_set_settings (VmmigScheduler *self, VmmigSettings *settings);

VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_scheduler_add_node (VmmigScheduler *self, VmmigNode *node, GError **error);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_scheduler_remove_node (VmmigScheduler *self, VmmigNode *node, GError **error);
VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_scheduler_list_nodes (VmmigScheduler *self) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_scheduler_cordon (VmmigScheduler *self, VmmigNode *node, GError **error);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_scheduler_uncordon (VmmigScheduler *self, VmmigNode *node, GError **error);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_scheduler_is_cordoned (VmmigScheduler *self, VmmigNode *node);

VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_scheduler_get_paused (VmmigScheduler *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_scheduler_set_paused (VmmigScheduler *self, gboolean paused);

VMMIG_AVAILABLE_IN_1_0
void vmmig_scheduler_submit_async (VmmigScheduler *self,
                                   VmmigMigrationJob *job,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationResult *vmmig_scheduler_submit_finish (VmmigScheduler *self,
                                                     GAsyncResult *result,
                                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_scheduler_list_jobs (VmmigScheduler *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
