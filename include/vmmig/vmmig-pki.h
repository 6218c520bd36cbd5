/* vmmig-pki.h - certificates for nodes that have none
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <gio/gio.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-tls.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

/**
 * VMMIG_PKI_CA_DAYS:
 *
 * For how many days a CA is valid unless told otherwise: five years. It lies on all nodes, and all of
 * them are touched to change it: about as often as hosts are replaced.
 *
 * Since: 1.0
 */
#define VMMIG_PKI_CA_DAYS 1826

/**
 * VMMIG_PKI_NODE_DAYS:
 *
 * For how many days a node's certificates are valid unless told otherwise: 90. Nothing revokes them,
 * so this is how long a stolen key is worth something; and renewing needs no restart.
 *
 * Since: 1.0
 */
#define VMMIG_PKI_NODE_DAYS 90

#define VMMIG_TYPE_PKI (vmmig_pki_get_type ())

VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigPki, vmmig_pki, VMMIG, PKI, GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigPki *vmmig_pki_new (const char *directory) G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_pki_get_directory (VmmigPki *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_pki_get_user (VmmigPki *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_pki_set_user (VmmigPki *self, const char *user);

VMMIG_AVAILABLE_IN_1_0
void vmmig_pki_init_async (VmmigPki *self,
                           const char *name,
                           guint days,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigTlsCertificate *vmmig_pki_init_finish (VmmigPki *self, GAsyncResult *result, GError **error);

VMMIG_AVAILABLE_IN_1_0
void vmmig_pki_issue_async (VmmigPki *self,
                            const char *node,
                            const char *const *names,
                            const char *const *addresses,
                            const char *directory,
                            guint days,
                            VmmigPkiIssueFlags flags,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_pki_issue_finish (VmmigPki *self, GAsyncResult *result, GError **error);

VMMIG_AVAILABLE_IN_1_0
void vmmig_pki_show_async (VmmigPki *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_pki_show_finish (VmmigPki *self, GAsyncResult *result, GError **error);

G_END_DECLS
