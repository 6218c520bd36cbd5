/* vmmig-node.h - a host that runs VMs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <gio/gio.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_NODE (vmmig_node_get_type ())
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigNode, vmmig_node, VMMIG, NODE, GObject)

/**
 * VmmigCredentialFunc:
 * @node: the node that asks
 * @kind: what it asks for
 * @prompt: the daemon's or the authentication method's words
 * @user_data: what was given with the function
 *
 * Supplies one credential.
 *
 * Called in the main context that was the thread's default when the credential function was set;
 * the node waits for the answer as long as its connect time-out allows. Return `NULL` to give up:
 * opening then fails with `VMMIG_ERROR_AUTHENTICATION`. The library never prompts by itself and
 * wipes its copy after use.
 *
 * Returns: (nullable) (transfer full): the credential, or `NULL`
 * Since: 1.0
 */
typedef char *(*VmmigCredentialFunc) (VmmigNode *node,
                                      VmmigCredentialKind kind,
                                      const char *prompt,
                                      gpointer user_data);

VMMIG_AVAILABLE_IN_1_0
VmmigNode *vmmig_node_new (const char *uri) G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_uri (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_name (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_name (VmmigNode *self, const char *name);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_peer_uri (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_peer_uri (VmmigNode *self, const char *peer_uri);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_network (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_network (VmmigNode *self, const char *network);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_node_get_addresses (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_addresses (VmmigNode *self, const char *const *addresses);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_tls_name (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_tls_name (VmmigNode *self, const char *tls_name);
VMMIG_AVAILABLE_IN_1_0
VmmigEncryption vmmig_node_get_control_encryption (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_control_encryption (VmmigNode *self, VmmigEncryption encryption);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_node_get_read_only (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_read_only (VmmigNode *self, gboolean read_only);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_ssh_key_file (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_ssh_key_file (VmmigNode *self, const char *path);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_ssh_known_hosts_file (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_ssh_known_hosts_file (VmmigNode *self, const char *path);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_pki_directory (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_pki_directory (VmmigNode *self, const char *path);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_node_get_connect_timeout (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_connect_timeout (VmmigNode *self, guint seconds);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_set_credential_func (VmmigNode *self,
                                     VmmigCredentialFunc func,
                                     gpointer user_data,
                                     GDestroyNotify destroy);

VMMIG_AVAILABLE_IN_1_0
void vmmig_node_open_async (VmmigNode *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_node_open_finish (VmmigNode *self, GAsyncResult *result, GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_list_migrations_async (VmmigNode *self,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
GPtrArray *
vmmig_node_list_migrations_finish (VmmigNode *self, GAsyncResult *result, GError **error);

VMMIG_AVAILABLE_IN_1_0
void vmmig_node_get_labels_async (VmmigNode *self,
                                  const char *vm,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
GHashTable *vmmig_node_get_labels_finish (VmmigNode *self, GAsyncResult *result, GError **error);
VMMIG_AVAILABLE_IN_1_0
void vmmig_node_change_labels_async (VmmigNode *self,
                                     const char *vm,
                                     GHashTable *labels,
                                     const char *const *remove,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
GHashTable *vmmig_node_change_labels_finish (VmmigNode *self, GAsyncResult *result, GError **error);

VMMIG_AVAILABLE_IN_1_0
void vmmig_node_measure_memory_async (VmmigNode *self,
                                      const char *vm,
                                      guint seconds,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_node_measure_memory_finish (VmmigNode *self,
                                           GAsyncResult *result,
                                           guint64 *memory,
                                           guint64 *dirty_rate,
                                           GError **error);

VMMIG_AVAILABLE_IN_1_0
VmmigNodeState vmmig_node_get_state (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_host_uuid (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_hostname (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_libvirt_version (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_hypervisor_version (VmmigNode *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_node_get_capabilities (VmmigNode *self);

G_END_DECLS
