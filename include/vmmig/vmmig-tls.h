/* vmmig-tls.h - whether certificates will do, on a node's disk and at its port
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <gio/gio.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-preflight-report.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_TLS_CERTIFICATE (vmmig_tls_certificate_get_type ())

/**
 * VmmigTlsCertificate:
 *
 * What a certificate says of itself. Immutable. Nothing of it is vouched for.
 *
 * Since: 1.0
 */
typedef struct _VmmigTlsCertificate VmmigTlsCertificate;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_tls_certificate_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigTlsCertificate *vmmig_tls_certificate_ref (VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_certificate_unref (VmmigTlsCertificate *self);

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_certificate_get_file (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_certificate_get_subject (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_certificate_get_issuer (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_certificate_get_serial (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_certificate_get_fingerprint (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_certificate_get_key (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
gint64 vmmig_tls_certificate_get_not_before (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
gint64 vmmig_tls_certificate_get_not_after (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
gint64 vmmig_tls_certificate_get_days_left (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_tls_certificate_get_names (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_tls_certificate_get_addresses (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_tls_certificate_get_purposes (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_tls_certificate_is_ca (const VmmigTlsCertificate *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_tls_certificate_to_variant (const VmmigTlsCertificate *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigTlsCertificate, vmmig_tls_certificate_unref)

#define VMMIG_TYPE_TLS_PROBE (vmmig_tls_probe_get_type ())

/**
 * VmmigTlsProbe:
 *
 * What a server showed when it was asked for its certificates. Immutable.
 *
 * Since: 1.0
 */
typedef struct _VmmigTlsProbe VmmigTlsProbe;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_tls_probe_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigTlsProbe *vmmig_tls_probe_ref (VmmigTlsProbe *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_probe_unref (VmmigTlsProbe *self);

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_probe_get_host (const VmmigTlsProbe *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_tls_probe_get_port (const VmmigTlsProbe *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_probe_get_address (const VmmigTlsProbe *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_probe_get_protocol (const VmmigTlsProbe *self);
VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_tls_probe_get_chain (const VmmigTlsProbe *self) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
VmmigTlsCertificate *vmmig_tls_probe_get_certificate (const VmmigTlsProbe *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_probe_get_fingerprint (const VmmigTlsProbe *self);
VMMIG_AVAILABLE_IN_1_0
gint64 vmmig_tls_probe_get_days_left (const VmmigTlsProbe *self);
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightReport *vmmig_tls_probe_get_report (const VmmigTlsProbe *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_tls_probe_to_variant (const VmmigTlsProbe *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigTlsProbe, vmmig_tls_probe_unref)

/**
 * VMMIG_TLS_PORT:
 *
 * The port at which libvirt's daemons speak TLS, unless they are told otherwise.
 *
 * Since: 1.0
 */
#define VMMIG_TLS_PORT 16514

#define VMMIG_TYPE_TLS_CHECK (vmmig_tls_check_get_type ())

VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigTlsCheck, vmmig_tls_check, VMMIG, TLS_CHECK, GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigTlsCheck *vmmig_tls_check_new (void) G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
VmmigTlsLayout vmmig_tls_check_get_layout (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_layout (VmmigTlsCheck *self, VmmigTlsLayout layout);
VMMIG_AVAILABLE_IN_1_0
VmmigTlsRole vmmig_tls_check_get_role (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_role (VmmigTlsCheck *self, VmmigTlsRole role);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_check_get_node (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_node (VmmigTlsCheck *self, const char *node);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_tls_check_get_names (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_names (VmmigTlsCheck *self, const char *const *names);
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_tls_check_get_addresses (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_addresses (VmmigTlsCheck *self, const char *const *addresses);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_check_get_ca_file (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_ca_file (VmmigTlsCheck *self, const char *ca_file);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_check_get_user (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_user (VmmigTlsCheck *self, const char *user);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_check_get_client_certificate_file (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_client_certificate_file (VmmigTlsCheck *self, const char *file);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_tls_check_get_client_key_file (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_client_key_file (VmmigTlsCheck *self, const char *file);
VMMIG_AVAILABLE_IN_1_0
gint64 vmmig_tls_check_get_instant (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_instant (VmmigTlsCheck *self, gint64 instant);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_tls_check_get_clock_skew (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_clock_skew (VmmigTlsCheck *self, guint seconds);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_tls_check_get_timeout (VmmigTlsCheck *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_set_timeout (VmmigTlsCheck *self, guint seconds);

VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_directory_async (VmmigTlsCheck *self,
                                      const char *directory,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightReport *vmmig_tls_check_directory_finish (VmmigTlsCheck *self,
                                                        GAsyncResult *result,
                                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

VMMIG_AVAILABLE_IN_1_0
void vmmig_tls_check_probe_async (VmmigTlsCheck *self,
                                  const char *endpoint,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
VMMIG_AVAILABLE_IN_1_0
VmmigTlsProbe *vmmig_tls_check_probe_finish (VmmigTlsCheck *self,
                                             GAsyncResult *result,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
