/* vmmig-preflight.h - nodes and clusters, looked at before VMs are migrated
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <gio/gio.h>

#include <vmmig/vmmig-node.h>
#include <vmmig/vmmig-preflight-report.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_preflight_list_checks (void);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_preflight_describe_check (const char *id);

VMMIG_AVAILABLE_IN_1_0
void vmmig_node_preflight_async (VmmigNode *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightReport *vmmig_node_preflight_finish (VmmigNode *self,
                                                   GAsyncResult *result,
                                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
void vmmig_preflight_cluster_async (GPtrArray *nodes,
                                    guint parallel_drains,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightReport *vmmig_preflight_cluster_finish (GAsyncResult *result, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
